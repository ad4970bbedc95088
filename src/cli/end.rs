//! How a command ends, what may stop it, and what it prints that is no report: nothing that comes from outside is obeyed by
//! a terminal or a pipeline. Reports go through the same [`Printer`] in `report`.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use miette::{Diagnostic, Result};

use crate::printable::{self, Kind, Printer};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing to object to.
    Clean,
    /// Findings at or above the gate.
    Findings,
    /// The run itself failed, or an input could not be read.
    Failed,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::Clean => Self::SUCCESS,
            End::Findings => Self::from(1),
            End::Failed => Self::from(2),
        }
    }
}

/// The output cannot be written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the output cannot be written: {0}")]
pub(crate) struct OutputError(pub(crate) io::Error);

impl OutputError {
    /// For `map_err`.
    pub(crate) fn report(error: io::Error) -> miette::Report {
        Self(error).into()
    }
}

/// A flag that cannot be understood.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(crate) struct FlagError {
    pub(crate) message: String,
    #[help]
    pub(crate) help: Option<String>,
}

impl FlagError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<Option<String>>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Prints lines to standard output.
pub(crate) fn print_text(text: &str) -> Result<()> {
    print(anstream::stdout().lock(), text, Kind::Plain).map_err(OutputError::report)
}

/// Prints JSON to standard output.
pub(crate) fn print_json(text: &str) -> Result<()> {
    print(anstream::stdout().lock(), text, Kind::Json).map_err(OutputError::report)
}

/// Prints a line to standard error. When that is gone nobody is left to tell.
pub(crate) fn tell(line: &str) {
    let _gone = print(anstream::stderr().lock(), &format!("{}\n", printable::line(line)), Kind::Plain);
}

/// Prints an error to standard error, which may hold the colours of this program.
pub(crate) fn print_error(text: &str) {
    let kind = if is_colored() { Kind::Colored } else { Kind::Plain };
    let _gone = print(anstream::stderr().lock(), text, kind);
}

/// Whether standard error takes colours.
pub(crate) fn is_colored() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

fn print(out: impl Write, text: &str, kind: Kind) -> io::Result<()> {
    let mut printer = Printer::new(BufWriter::new(out), kind);
    printer.write_all(text.as_bytes())?;
    printer.flush()
}
