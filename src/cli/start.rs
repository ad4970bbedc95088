//! Starts a command and turns its end into an exit status.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::arguments::{Arguments, Command};
use crate::cli::end::{End, OutputError};
use crate::cli::{baseline, check, document, expand, init, study, tags, trace};

/// Runs the command that the arguments of the process ask for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.write_global();
    theme_errors();
    let ended = match arguments.command {
        None => check::run(&arguments.check),
        Some(Command::Check(check)) => check::run(&check),
        Some(Command::Baseline(written)) => baseline::run(&written),
        Some(Command::Trace(flow)) => trace::run(&flow),
        Some(Command::Expand(expand)) => expand::run(&expand),
        Some(Command::Explain(explain)) => study::explain(&explain),
        Some(Command::Rules(rules)) => study::rules(&rules),
        Some(Command::Test(test)) => study::test(&test),
        Some(Command::Tags(tags)) => tags::run(&tags),
        Some(Command::Init(init)) => init::run(&init),
        Some(Command::Schema(schema)) => document::schema(&schema),
        Some(Command::Completions(completions)) => document::completions(&completions),
        Some(Command::Man(man)) => document::man(&man),
    };
    match ended {
        Ok(end) => end.into(),
        Err(error) => match error.downcast_ref::<OutputError>() {
            // The reader of the output has gone: `aznetlint … | head`.
            Some(OutputError(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            _ => {
                // Standard error may be gone as well; there is nobody left to tell.
                let _gone = writeln!(anstream::stderr(), "{error:?}");
                End::Failed.into()
            }
        },
    }
}

/// Tool errors follow the same choice of colour as findings.
fn theme_errors() {
    let color = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let set = miette::set_hook(Box::new(move |_| {
        let options = miette::MietteHandlerOpts::new().color(color).terminal_links(color).width(100);
        // Names such as `private-endpoints` are one word.
        Box::new(options.word_splitter(textwrap::WordSplitter::NoHyphenation).break_words(false).build())
    }));
    // Only a second call fails, and this is the only one.
    debug_assert!(set.is_ok());
}
