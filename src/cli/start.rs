//! Starts a command and turns its end into an exit status.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use miette::{GraphicalTheme, Result, ThemeCharacters, ThemeStyles};

use crate::cli::arguments::{Arguments, Command};
use crate::cli::end::{End, FlagError, OutputError, is_colored, print_error};
use crate::cli::output::columns;
use crate::cli::threads::with_threads;
use crate::cli::{baseline, check, diff, document, expand, fix, generate, init, lsp, study, tags, trace, views};
use crate::printable;
use crate::spelling::nearest;

/// Runs the command that the arguments of the process ask for.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(mut error) if error.use_stderr() => {
            name_its_command(&mut error);
            print_error(&match is_colored() {
                true => error.render().ansi().to_string(),
                false => error.render().to_string(),
            });
            return End::Failed.into();
        }
        // Help and version.
        Err(error) => error.exit(),
    };
    arguments.color.write_global();
    theme_errors();
    // The server makes its own threads: the one that answers must not be among those that judge.
    let serves = matches!(arguments.command, Some(Command::Lsp { .. }));
    let ended = if serves { lsp::run() } else { with_threads(|| run(&arguments)) };
    match ended {
        Ok(end) => end.into(),
        Err(error) => match error.downcast_ref::<OutputError>() {
            // The reader of the output has gone: `aznetlint … | head`.
            Some(OutputError(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            _ => {
                print_error(&format!("{error:?}\n"));
                End::Failed.into()
            }
        },
    }
}

/// Runs the command; without one, a check.
fn run(arguments: &Arguments) -> Result<End> {
    match &arguments.command {
        None => match meant(&arguments.check.lint.paths) {
            Some(error) => Err(error.into()),
            None => check::run(&arguments.check),
        },
        Some(Command::Check(check)) => check::run(check),
        Some(Command::Services(services)) => check::services(services),
        Some(Command::Baseline(written)) => baseline::run(written),
        Some(Command::Diff(sides)) => diff::run(sides),
        Some(Command::Fix(edits)) => fix::run(edits),
        Some(Command::Generate(order)) => generate::run(order),
        Some(Command::Trace(flow)) => trace::run(flow),
        Some(Command::Routes(place)) => views::routes(place),
        Some(Command::RulesAt(place)) => views::rules(place),
        Some(Command::Expand(expand)) => expand::run(expand),
        Some(Command::Explain(explain)) => study::explain(explain),
        Some(Command::Rules(rules)) => study::rules(rules),
        Some(Command::Test(test)) => study::test(test),
        Some(Command::Tags(tags)) => tags::run(tags),
        Some(Command::Lsp { .. }) => lsp::run(),
        Some(Command::Init(init)) => init::run(init),
        Some(Command::Schema(schema)) => document::schema(schema),
        Some(Command::Completions(completions)) => document::completions(completions),
        Some(Command::Man(man)) => document::man(man),
    }
}

/// What is said of a word that is no path and nearly a command.
fn meant(paths: &[PathBuf]) -> Option<FlagError> {
    let first = paths.first().filter(|path| !path.exists())?.to_str()?;
    let command = Arguments::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let meant = nearest(first, names)?;
    let help = format!("did you mean `aznetlint {meant}`?");
    Some(FlagError::new(format!("there is no command and no file `{}`", printable::line(first)), help))
}

/// Says of a flag that a command does not have when it is one of `check`.
fn name_its_command(error: &mut clap::Error) {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return };
    let command = Arguments::command();
    let mut of_check = command.find_subcommand("check").into_iter().flat_map(clap::Command::get_arguments);
    if of_check.any(|known| known.get_long() == flag.strip_prefix("--")) {
        let tip = format!("'{flag}' belongs to `aznetlint check`, and has no meaning here");
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

/// Tool errors look like findings: a first word, a place behind a corner, marks below the text, the same choice of colour.
fn theme_errors() {
    let color = is_colored();
    let unicode = ThemeCharacters::unicode();
    let characters = ThemeCharacters {
        error: "error:".to_owned(),
        warning: "warning:".to_owned(),
        advice: "note:".to_owned(),
        ltop: '┌',
        lbot: '└',
        underbar: '^',
        underline: '^',
        ..unicode
    };
    let styles = if color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let set = miette::set_hook(Box::new(move |_| {
        let theme = GraphicalTheme { characters: characters.clone(), styles: styles.clone() };
        let options =
            miette::MietteHandlerOpts::new().graphical_theme(theme).color(color).terminal_links(color).width(columns());
        // Names such as `private-endpoints` are one word.
        Box::new(options.word_splitter(textwrap::WordSplitter::NoHyphenation).break_words(false).build())
    }));
    // Only a second call fails, and this is the only one.
    debug_assert!(set.is_ok());
}
