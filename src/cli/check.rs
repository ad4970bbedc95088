//! `aznetlint check`: lint, and say with what the run ends. Writing the reports is the work of `output`.

use std::io::{self, Write};

use miette::Result;

use crate::cli::arguments::{CheckArguments, Gate, UndecidedLevel};
use crate::cli::output::Outputs;
use crate::cli::settings::{FlagError, gather};
use crate::cli::start::End;
use crate::finding::{Level, Report, Verdict};
use crate::lint::{self, Outcome};

pub(crate) fn run(arguments: &CheckArguments) -> Result<End> {
    let outputs = Outputs::of(arguments)?;
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
    outputs.write(arguments, &outcome)?;
    for folder in &outcome.empty {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(anstream::stderr(), "error: there is no JSON file in {folder}");
    }
    Ok(end(arguments, &outcome))
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
