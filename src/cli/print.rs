//! The door to standard output and standard error for all that is no report: nothing that comes from outside is obeyed
//! by a terminal or a pipeline. Reports go through the same [`Printer`] in `report`.

use std::io::{self, Write};

use miette::Result;

use crate::cli::end::OutputError;
use crate::printable::{self, Kind, Printer};

/// Prints lines to standard output.
pub(crate) fn text(text: &str) -> Result<()> {
    print(anstream::stdout().lock(), text, Kind::Plain).map_err(OutputError::report)
}

/// Prints JSON to standard output.
pub(crate) fn json(text: &str) -> Result<()> {
    print(anstream::stdout().lock(), text, Kind::Json).map_err(OutputError::report)
}

/// Prints a line to standard error. When that is gone nobody is left to tell.
pub(crate) fn tell(line: &str) {
    let _gone = print(anstream::stderr().lock(), &format!("{}\n", printable::line(line)), Kind::Plain);
}

/// Prints an error to standard error, which may hold the colours of this program.
pub(crate) fn error(text: &str) {
    let kind = if is_colored() { Kind::Colored } else { Kind::Plain };
    let _gone = print(anstream::stderr().lock(), text, kind);
}

/// Whether standard error takes colours.
pub(crate) fn is_colored() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

fn print(out: impl Write, text: &str, kind: Kind) -> io::Result<()> {
    let mut printer = Printer::new(out, kind);
    printer.write_all(text.as_bytes())?;
    printer.flush()
}
