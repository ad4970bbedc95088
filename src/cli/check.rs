//! `aznetlint check`: lint, and say with what the run ends. Writing the reports is the work of `output`.
//! With `--what-to-export` it prints the commands whose answers would settle what is undecided.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::Result;

use crate::cli::arguments::{CheckArguments, Gate, ServicesArguments, Shell, UndecidedLevel};
use crate::cli::end::{End, FlagError, print_text, tell};
use crate::cli::fix::standard_input;
use crate::cli::found::{Found, Thresholds, check_choices, read_baseline, thresholds};
use crate::cli::output::{Inputs, Outputs, print_services};
use crate::cli::progress::{Watch, is_watched};
use crate::cli::settings::{Gathered, gather};
use crate::cli::show::show;
use crate::cli::target::{linted, target};
use crate::config::ServiceSetting;
use crate::finding::{Index, Level, Outcome as FileOutcome, Report, Settling, Verdict};
use crate::fix::{Trial, offers};
use crate::input::{self, Progress};
use crate::judge::EXPORTS_FOLDER;
use crate::lint::{self, Outcome};

pub(crate) fn run(arguments: &CheckArguments) -> Result<End> {
    let outputs = Outputs::of(arguments)?;
    let changed = arguments.scope.changed;
    let named = &*arguments.lint.paths;
    // Files that changed are not what is linted: the settings are those of the folder that the hook runs in.
    let mut gathered = gather(&arguments.lint, if changed { &[] } else { named })?;
    gathered.baseline = arguments.baseline.clone().or(gathered.baseline);
    let thresholds = thresholds(arguments, &gathered.found);
    let target = target(arguments, &gathered.found);
    if arguments.scope.show_settings {
        // That nothing is named is shown as well; what git cannot tell is an error.
        let target = if arguments.scope.changed_since.is_some() { Some(target?) } else { target.ok() };
        show(arguments, &gathered, thresholds, target.as_ref())?;
        return Ok(End::Clean);
    }
    let target = target?;
    gathered.settings.accepted.baseline = gathered.baseline.as_deref().map(read_baseline).transpose()?;
    gathered.settings.changed = target.changed;
    let mut outcome = if target.idle {
        if changed && outputs.is_text_alone() {
            return Ok(End::Clean);
        }
        idle()
    } else {
        let watch = is_watched(arguments, &outputs).then(|| {
            let progress = Arc::new(Progress::default());
            gathered.settings.input.progress = Some(Arc::clone(&progress));
            Watch::start(progress)
        });
        let outcome = match arguments.fixes {
            true => with_fixes(&target.paths, &gathered)?,
            false => lint::lint(&target.paths, &mut io::stdin().lock(), &gathered.pack, &gathered.settings),
        };
        drop(watch);
        outcome
    };
    if gathered.settings.changed.is_some() {
        outcome.empty.clear();
    }
    outcome.report.remarks.extend(gone(&target.gone));
    let is_everything = named.is_empty() || changed;
    unmatched(&gathered.found, &mut outcome, is_everything)?;
    if is_everything && !target.idle {
        check_choices(&gathered.found, &gathered.settings.templates.choices, &outcome.report)?;
    }
    outputs.refuse(&Inputs::new(&gathered, &outcome).and(gathered.baseline.as_ref()))?;
    if !outputs.is_text_alone() {
        outcome.unused.iter().for_each(|unused| tell(&format!("warning: {unused}")));
    }
    outcome.report.remarks.append(&mut outcome.unused);
    match arguments.what_to_export {
        Some(shell) => print_text(&script(&outcome.report, shell))?,
        None => outputs.write(arguments, &thresholds, &outcome, gathered.baseline.is_some())?,
    }
    tell_unjudged(&outcome);
    let end = end(arguments, &thresholds, &outcome);
    // The process ends: the system takes all of it back at once.
    std::mem::forget(outcome);
    Ok(if arguments.what_to_export.is_some() && end == End::Findings { End::Clean } else { end })
}

/// The run, each finding with the edit that settles it where one is found: every edit is tried by one more run.
fn with_fixes(paths: &[PathBuf], gathered: &Gathered) -> Result<Outcome> {
    let stdin = standard_input(paths, gathered.settings.input.max_memory)?;
    let trial = Trial { paths, stdin: &stdin, pack: &gathered.pack, settings: &gathered.settings };
    let mut kept = trial.run(BTreeMap::new());
    let offers = offers(&trial, &kept, false);
    offers.tell(&mut kept.outcome.report);
    Ok(kept.outcome)
}

/// `aznetlint services`: what is judged where, and what is known about it.
pub(crate) fn services(arguments: &ServicesArguments) -> Result<End> {
    let gathered = gather(&arguments.lint, &arguments.lint.paths)?;
    let (paths, _) = linted(&arguments.lint.paths, &gathered.found)?;
    let mut outcome = lint::lint(&paths, &mut io::stdin().lock(), &gathered.pack, &gathered.settings);
    unmatched(&gathered.found, &mut outcome, arguments.lint.paths.is_empty())?;
    print_services(&outcome, arguments.verbose)?;
    tell_unjudged(&outcome);
    Ok(if outcome.report.has_errors() || !outcome.empty.is_empty() { End::Failed } else { End::Clean })
}

/// What is said where no change has to do with Azure's networks.
fn idle() -> Outcome {
    let mut outcome = Outcome::default();
    let remark = "no JSON or Bicep file of Azure's networks is among the files that changed";
    outcome.report.remarks.push(remark.to_owned());
    outcome
}

/// What the user named and was not judged.
fn tell_unjudged(outcome: &Outcome) {
    for folder in &outcome.empty {
        tell(&format!("error: {folder}"));
    }
    for file in outcome.report.files.iter().filter(|file| file.named && file.outcome == FileOutcome::Error) {
        let why = file.detail.as_deref().unwrap_or("it cannot be read");
        // Of a Bicep file only the declarations that cannot be read are left out.
        let is_part = file.file.is_some() && file.shape.is_some() && input::is_bicep(Path::new(&file.name));
        let what = if is_part { "not all of" } else { "nothing in" };
        tell(&format!("error: {what} {} was judged: {why}", file.name));
    }
}

/// That files were deleted, which no finding can point into.
fn gone(files: &[String]) -> Option<String> {
    const MOST: usize = 4;
    let named = files.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    let is_gone = match files.len() {
        0 => return None,
        1 => format!("{named} is gone"),
        count if count <= MOST => format!("{named} are gone"),
        count => format!("{named} and {} more are gone", count - MOST),
    };
    Some(format!("{is_gone}; what that causes in other files shows only in a run over everything"))
}

/// A service that was placed on nothing is a mistake. Settings are for the whole project: they may speak of what is not
/// among the paths of the command line.
fn unmatched(found: &Found, outcome: &mut Outcome, is_everything: bool) -> Result<()> {
    for (request, names) in &outcome.unmatched {
        let help = if names.is_empty() {
            "the input holds no subnet, NSG, route table, firewall or policy".to_owned()
        } else {
            format!("the input holds: {}", names.join(", "))
        };
        let on = |setting: &ServiceSetting| {
            let on = setting.on.as_ref()?;
            (format!("{}@{}", setting.service.value, on.value) == *request).then(|| (on.value.clone(), on.defined))
        };
        match found.config.services.iter().find_map(on) {
            Some((on, at)) if is_everything => {
                return Err(found.config.error(at, format!("on: `{on}` matches nothing"), Some(help)).into());
            }
            Some((on, at)) => {
                let remark = format!("`{on}` of {} is not among these networks", found.place(at));
                outcome.report.remarks.push(remark);
            }
            None => return Err(FlagError::new(format!("--service {request} matches nothing"), help).into()),
        }
    }
    Ok(())
}

/// The exit status: the same in every format.
fn end(arguments: &CheckArguments, thresholds: &Thresholds, outcome: &Outcome) -> End {
    if outcome.report.has_errors() || !outcome.empty.is_empty() {
        return End::Failed;
    }
    if arguments.exit_zero { End::Clean } else { gate(&outcome.report, thresholds.fail_on, thresholds.undecided) }
}

fn gate(report: &Report, fail_on: Gate, undecided: UndecidedLevel) -> End {
    let Some(least) = fail_on.least() else { return End::Clean };
    let open = Level::from(undecided);
    let found = report.open().any(|finding| if finding.undecided { open >= least } else { finding.level >= least });
    let index = Index::new(report);
    let undecided = open >= least
        && report.placements.iter().any(|placement| {
            placement.requirements.iter().any(|one| {
                one.verdict == Some(Verdict::Undecided)
                    && index.finding(placement, one).is_none_or(|finding| finding.ignored.is_none())
            })
        });
    if found || undecided { End::Findings } else { End::Clean }
}

/// The commands with what is to be done with their answers, as a script in which nothing is written to Azure.
pub(crate) fn script(report: &Report, shell: Shell) -> String {
    let Settling { commands, otherwise } = &report.settling;
    let counts = report.counts();
    let flows = |count: usize| if count == 1 { "1 flow is".to_owned() } else { format!("{count} flows are") };
    let open = [(counts.undecided, "undecided"), (counts.conditional, "blocked and may not be needed")];
    let told = open.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, what)| format!("{} {what}", flows(count))).collect();
    let nothing = commands.is_empty() && otherwise.is_empty();
    let mut lines = vec![match told.join(", ") {
        told if told.is_empty() && nothing => "# nothing is undecided, and all that is named is shown".to_owned(),
        told if told.is_empty() => "# not all that is named is shown".to_owned(),
        told if nothing => format!("# {told}, and nothing that could be asked for would settle it"),
        told => format!("# {told}"),
    }];
    if !commands.is_empty() {
        lines.push("# These commands read from Azure and change nothing there.".to_owned());
        lines.push(match shell {
            Shell::Az => format!("mkdir -p {EXPORTS_FOLDER}"),
            Shell::Powershell => format!("New-Item -ItemType Directory -Force {EXPORTS_FOLDER} | Out-Null"),
        });
        for command in commands {
            lines.push(format!("# {}", command.what));
            lines.push(match shell {
                Shell::Az => command.az.clone(),
                Shell::Powershell => command.powershell.clone(),
            });
        }
        lines.push(format!(
            "# Then check once more, with the folder {EXPORTS_FOLDER} among the paths: what it shows may name more.\n# An empty list is an answer too: say with --fact that there is none."
        ));
    }
    if !otherwise.is_empty() {
        lines.push("# What no answer shows can be said:".to_owned());
        lines.extend(otherwise.iter().map(|told| format!("#   {}", crate::printable::line(told))));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::gate;
    use crate::cli::arguments::{Gate, UndecidedLevel};
    use crate::cli::end::End;
    use crate::finding::{
        Applies, Finding, Ignored, IgnoredBy, Label, Level, PathReport, PlacementId, PlacementReport, Report,
        RequirementReport, RuleId, Verdict,
    };
    use crate::source::{FileId, Span};

    /// A requirement that cannot be decided, and the finding about it.
    fn undecided(ignored: Option<IgnoredBy>) -> Report {
        let requirement = RequirementReport {
            rule: RuleId::new("a/b"),
            rows: Vec::new(),
            flow: "outbound TCP 443 to Storage".to_owned(),
            applies: Applies::Yes,
            advice: false,
            verdict: Some(Verdict::Undecided),
            layer: None,
            decided_by: Vec::new(),
            built_in_only: false,
            uncovered: Vec::new(),
            witness: None,
            why: Vec::new(),
            path: PathReport::default(),
        };
        let id = PlacementId::new("service", "subnet");
        let placement = PlacementReport {
            id: id.under("dev"),
            found: String::new(),
            place: None,
            on: BTreeMap::new(),
            facts: Vec::new(),
            requirements: vec![requirement],
            not_judged: None,
        };
        let at = Label { span: Span::new(FileId(0), 0, 0), message: String::new() };
        let finding = Finding {
            undecided: true,
            placement: Some(id.clone()),
            placements: vec![id.under("dev")],
            flow: Some("outbound TCP 443 to Storage".to_owned()),
            ignored: ignored.map(|by| Ignored { by, reason: "x".to_owned(), place: None }),
            ..Finding::new(RuleId::new("a/b"), Level::Note, "", at)
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

    #[test]
    fn what_is_ignored_speaks_for_its_own_flow_only() {
        let mut report = undecided(Some(IgnoredBy::Comment));
        let mut other = report.placements[0].requirements[0].clone();
        other.flow = "outbound TCP 445 to Storage".to_owned();
        report.placements[0].requirements.push(other);
        assert_eq!(gate(&report, Gate::Error, UndecidedLevel::Error), End::Findings);
    }
}
