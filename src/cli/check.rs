//! `aznetlint check`: lint and print.

use std::io::{self, IsTerminal, Write};

use miette::Result;

use crate::cli::accepted::read;
use crate::cli::arguments::{CheckArguments, FormatChoice, Gate, LevelChoice, UndecidedLevel};
use crate::cli::settings::{FlagError, gather};
use crate::cli::start::{End, OutputError};
use crate::finding::{Level, Report, Verdict};
use crate::lint::{self, Outcome};
use crate::report::{self, Format};

/// The widest page, in characters; longer lines are hard to read.
const WIDEST: usize = 120;

pub(crate) fn run(arguments: &CheckArguments) -> Result<End> {
    let mut gathered = gather(arguments)?;
    gathered.settings.accepted.baseline = gathered.baseline.as_deref().map(read).transpose()?;
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
            FormatChoice::Text => Format::Text,
            FormatChoice::Json => Format::Json,
        },
        color: color && arguments.format == FormatChoice::Text,
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
    let found = report.open().any(|finding| if finding.undecided { open >= least } else { finding.level >= least });
    let undecided = open >= least
        && report.placements.iter().any(|placement| {
            placement.requirements.iter().any(|one| {
                let finding = || report.finding_of(&one.rule, &placement.id);
                one.verdict == Some(Verdict::Undecided) && finding().is_none_or(|finding| finding.ignored.is_none())
            })
        });
    if found || undecided { End::Findings } else { End::Clean }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::gate;
    use crate::cli::arguments::{Gate, UndecidedLevel};
    use crate::cli::start::End;
    use crate::finding::{
        Applies, Finding, Ignored, IgnoredBy, Label, Level, PlacementReport, Report, RequirementReport, RuleId, Verdict,
    };
    use crate::source::{FileId, Span};

    /// A requirement that cannot be decided, and the finding about it.
    fn undecided(ignored: Option<IgnoredBy>) -> Report {
        let requirement = RequirementReport {
            rule: RuleId::new("a/b"),
            rows: Vec::new(),
            flow: String::new(),
            applies: Applies::Yes,
            verdict: Some(Verdict::Undecided),
            layer: None,
            decided_by: Vec::new(),
            built_in_only: false,
            uncovered: Vec::new(),
            witness: None,
            why: Vec::new(),
        };
        let placement = PlacementReport {
            id: "service@subnet[dev]".to_owned(),
            service: "service".to_owned(),
            found: String::new(),
            on: BTreeMap::new(),
            facts: Vec::new(),
            requirements: vec![requirement],
            not_judged: None,
        };
        let finding = Finding {
            rule: RuleId::new("a/b"),
            level: Level::Note,
            undecided: true,
            message: String::new(),
            at: Label { span: Span::new(FileId(0), 0, 0), message: String::new() },
            related: Vec::new(),
            subject: None,
            remarks: Vec::new(),
            help: None,
            snippet: None,
            resource: None,
            placement: Some("service@subnet".to_owned()),
            flow: None,
            cause: None,
            fingerprint: String::new(),
            ignored: ignored.map(|by| Ignored { by, reason: "x".to_owned(), place: None }),
        };
        Report { placements: vec![placement], findings: vec![finding], ..Report::default() }
    }

    #[test]
    fn what_is_ignored_fails_nothing() {
        let end = |ignored, level| gate(&undecided(ignored), Gate::Error, level);
        assert_eq!(end(None, UndecidedLevel::Error), End::Findings);
        assert_eq!(end(Some(IgnoredBy::Comment), UndecidedLevel::Error), End::Clean);
        assert_eq!(end(Some(IgnoredBy::Baseline), UndecidedLevel::Error), End::Clean);
        assert_eq!(end(None, UndecidedLevel::Warning), End::Clean);
    }
}
