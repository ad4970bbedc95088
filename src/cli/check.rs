//! `aznetlint check`: lint and print.

use std::io::{self, IsTerminal, Write};

use miette::Result;

use crate::cli::arguments::{CheckArguments, Gate, LevelChoice, ReportChoice, UndecidedLevel};
use crate::cli::settings::{FlagError, gather};
use crate::cli::start::{End, OutputError};
use crate::finding::{Level, Report, Verdict};
use crate::lint::{self, Outcome};
use crate::report::{self, Format};

/// The widest page, in characters; longer lines are hard to read.
const WIDEST: usize = 120;

pub(crate) fn run(arguments: &CheckArguments) -> Result<End> {
    let gathered = gather(arguments)?;
    let outcome = lint::lint(&arguments.paths, &mut io::stdin().lock(), &gathered.pack, &gathered.settings);
    if let Some((request, names)) = outcome.unmatched.first() {
        let help = if names.is_empty() {
            "the input holds no subnet, NSG, route table, firewall or policy".to_owned()
        } else {
            format!("the input holds: {}", names.join(", "))
        };
        return Err(FlagError::new(format!("--service {request} matches nothing"), help).into());
    }
    print(arguments, &outcome)?;
    for folder in &outcome.empty {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(anstream::stderr(), "error: there is no JSON file in {folder}");
    }
    Ok(end(arguments, &outcome))
}

fn print(arguments: &CheckArguments, outcome: &Outcome) -> Result<()> {
    let stdout = anstream::stdout();
    let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let terminal = io::stdout().is_terminal();
    let options = report::Options {
        format: match arguments.format {
            ReportChoice::Text => Format::Text,
            ReportChoice::Json => Format::Json,
            ReportChoice::Html => Format::Html,
        },
        color: color && arguments.format == ReportChoice::Text,
        width: if terminal { columns().min(WIDEST) } else { 100 },
        min_level: match arguments.min_level {
            LevelChoice::Note => Level::Note,
            LevelChoice::Warning => Level::Warning,
            LevelChoice::Error => Level::Error,
        },
        ascii: false,
        verbose: arguments.verbose,
        ..report::Options::default()
    };
    report::render(&outcome.report, &outcome.files, &options, &mut stdout.lock()).map_err(OutputError::report)
}

/// The width of the terminal, when it says so.
fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.filter(|columns| *columns >= 40).unwrap_or(100)
}

/// The exit status: the same in every format.
fn end(arguments: &CheckArguments, outcome: &Outcome) -> End {
    if outcome.report.has_errors() || !outcome.empty.is_empty() {
        return End::Failed;
    }
    if arguments.exit_zero { End::Clean } else { gate(&outcome.report, arguments.fail_on, arguments.undecided) }
}

fn gate(report: &Report, fail_on: Gate, undecided: UndecidedLevel) -> End {
    let least = match fail_on {
        Gate::Note => Level::Note,
        Gate::Warning => Level::Warning,
        Gate::Error => Level::Error,
        Gate::Never => return End::Clean,
    };
    let open = match undecided {
        UndecidedLevel::Note => Level::Note,
        UndecidedLevel::Warning => Level::Warning,
        UndecidedLevel::Error => Level::Error,
    };
    let found =
        report.findings.iter().any(|finding| if finding.undecided { open >= least } else { finding.level >= least });
    let requirements = report.placements.iter().flat_map(|placement| &placement.requirements);
    let undecided = open >= least && requirements.into_iter().any(|one| one.verdict == Some(Verdict::Undecided));
    if found || undecided { End::Findings } else { End::Clean }
}
