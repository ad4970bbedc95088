//! Narrows a report: what the settings say for some files only, what the user decided to live with, and what concerns the
//! files that changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::estate::{Estate, Fault};
use crate::finding::{FileReport, Finding, FlowId, Level, Outcome, PlacementReport, Report, RuleId, Verdict};
use crate::json::Document;
use crate::judge;
use crate::lint::bicep::Bicep;
use crate::lint::settings::{Accepted, Changed, PathRules};
use crate::lint::template::Templates;
use crate::rule::{About, Pack};
use crate::source::{FileId, Files, Origin, Span};
use crate::spelling::nearest;
use crate::suppress::{self, Complaint, Rules, Run};

/// Applies what the settings say for some files. Of several entries for a file the last that speaks of a rule decides.
pub(crate) fn by_path(report: &mut Report, files: &Files, entries: &[PathRules]) {
    if entries.is_empty() {
        return;
    }
    // Asking the disk where a file lies is done once for each file.
    let mut covering: BTreeMap<FileId, Vec<&PathRules>> = BTreeMap::new();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for mut finding in std::mem::take(&mut report.findings) {
        let card = report.rules.get(&finding.rule).cloned();
        let mut level = Some(finding.level);
        let file = finding.at.span.file;
        let covering = covering
            .entry(file)
            .or_insert_with(|| entries.iter().filter(|entry| entry.files.cover(files.name(file))).collect());
        for entry in covering.iter() {
            let Some(card) = &card else { continue };
            match entry.rules.level(card) {
                Some(chosen) if entry.rules.levels.iter().any(|(name, _)| name.names(card)) => {
                    // What is softer than its rule stays so: undecided is a note, conditional at most a warning.
                    let softened = finding.level < card.level;
                    let most = if softened { finding.level } else { Level::Error };
                    level = Some(chosen.min(most));
                }
                Some(_) => {}
                None => level = None,
            }
        }
        match level {
            Some(level) => {
                finding.level = level;
                kept.push(finding);
            }
            None => dropped.push(finding),
        }
    }
    report.findings = kept;
    drop_requirements(report, &dropped);
}

/// Keeps what concerns the files that changed: findings with a label in one of them, or in a template whose parameter
/// file or parent changed. What cannot be read counts only when it changed.
pub(crate) fn to_changed(report: &mut Report, files: &Files, expanded: &Templates, changed: &Changed) {
    if changed.is_everything() {
        report.remarks.push("the settings, rules or service tags changed, so everything is reported".to_owned());
        return;
    }
    let count = changed.files.paths().count();
    let files_changed = if count == 1 { "the file that changed" } else { "the files that changed" };
    let touched = touched(report, files, expanded, changed);
    let is_template = |file: &FileReport| file.shape.as_deref() == Some("template");
    let templates = report.files.iter().filter(|file| is_template(file)).filter_map(|file| file.file);
    let some_template = templates.into_iter().any(|file| touched.contains(&file));
    // A value of the command line or the settings stands in no input; it belongs to the templates.
    let is_given = |file: FileId| matches!(files.origin(file), Origin::Flag | Origin::Setting);
    let concerns_file = |file: FileId| touched.contains(&file) || some_template && is_given(file);

    let concerns = |finding: &Finding| {
        std::iter::once(&finding.at).chain(&finding.related).any(|label| concerns_file(label.span.file))
    };
    let (kept, dropped): (Vec<_>, Vec<_>) = std::mem::take(&mut report.findings).into_iter().partition(concerns);
    report.findings = kept;
    let others = match drop_requirements(report, &dropped) {
        0 => String::new(),
        1 => "; 1 more flow is blocked or undecided and has nothing to do with it".to_owned(),
        count => format!("; {count} more flows are blocked or undecided and have nothing to do with it"),
    };
    report.remarks.push(format!("only what concerns {files_changed} is reported{others}"));
    for file in &mut report.files {
        // A path of the settings that leads nowhere is a mistake whatever changed.
        let is_mistake = file.named && file.file.is_none();
        if file.outcome == Outcome::Error && !is_mistake && !changed.files.holds(&file.name) {
            file.outcome = Outcome::Skipped;
            file.detail = file.detail.take().map(|why| format!("{why}; it did not change"));
        }
    }
}

/// The inputs that changed; with a parameter file its template, with a template what it links to, and with each of them its
/// parameter files, where a value of a finding may stand. Bicep files are touched with what they are made of.
fn touched(report: &Report, files: &Files, expanded: &Templates, changed: &Changed) -> BTreeSet<FileId> {
    let mut touched: BTreeSet<FileId> = BTreeSet::new();
    touched.extend(report.files.iter().filter(|file| changed.files.holds(&file.name)).filter_map(|file| file.file));
    for (parameters, template) in &expanded.used {
        if touched.contains(parameters) || touched.contains(template) {
            touched.extend([*parameters, *template]);
        }
    }
    for group in &expanded.together {
        if group.iter().any(|file| touched.contains(file) || changed.files.holds(files.name(*file))) {
            touched.extend(group);
        }
    }
    let children = expanded.linked.iter().filter(|(_, parent)| touched.contains(parent));
    let children: Vec<FileId> = children.map(|(child, _)| *child).collect();
    touched.extend(children);
    touched
}

/// Leaves out the requirements whose findings were dropped, so that the counts speak of what is shown. Answers with how
/// many there were.
fn drop_requirements(report: &mut Report, dropped: &[Finding]) -> usize {
    let kept: BTreeSet<FlowId<'_>> = report.findings.iter().flat_map(Finding::flows).collect();
    let gone: BTreeSet<FlowId<'_>> = dropped.iter().flat_map(Finding::flows).filter(|id| !kept.contains(id)).collect();
    let mut count = 0;
    for PlacementReport { id, requirements, .. } in &mut report.placements {
        let before = requirements.len();
        requirements.retain(|one| {
            let flow = FlowId { placement: id, rule: &one.rule, flow: &one.flow };
            matches!(one.verdict, None | Some(Verdict::Satisfied)) || !gone.contains(&flow)
        });
        count += before - requirements.len();
    }
    count
}

/// The rules of a run.
pub(crate) fn rules(pack: &Pack) -> Rules {
    let everywhere = pack.rules.iter().filter(|rule| !matches!(rule.about, About::Service(_)));
    let ran: BTreeSet<RuleId> = everywhere.map(|rule| rule.card.id.clone()).collect();
    Rules { known: pack.known(), ran }
}

/// Marks what the files and the settings allow. How that is wrongly said is added to the findings.
pub(crate) fn allow(
    report: &mut Report,
    files: &mut Files,
    (documents, bicep): (&[(FileId, Arc<Document>)], &Bicep),
    pack: &Pack,
    accepted: &Accepted,
    rules: &Rules,
) {
    let exceptions = &accepted.exceptions;
    let of_settings =
        (!exceptions.entries.is_empty()).then(|| files.add(exceptions.name.as_str(), exceptions.text.as_str()));
    let following = |comment: Span| bicep.following(comment);
    let run = Run { documents, following: &following, exceptions, settings: of_settings, today: accepted.today, rules };
    let complaints = suppress::apply(report, files, &run);
    let faults = complaints.into_iter().map(|complaint| complaint_fault(complaint, rules)).collect();
    let estate = Estate { faults, ..Estate::default() };
    report.findings.extend(judge::patterns(&pack.rules, &estate));
}

fn complaint_fault(complaint: Complaint, rules: &Rules) -> Fault {
    let meant = complaint.unknown.and_then(|written| {
        let near = nearest(&written, rules.known.iter().map(RuleId::as_str))?;
        Some(format!("did you mean `{near}`?"))
    });
    Fault {
        kind: complaint.kind,
        detail: complaint.detail,
        span: complaint.span,
        via: None,
        related: None,
        resource: String::new(),
        help: meant.or(complaint.help),
        instead: None,
    }
}

/// Marks what was there before, and says what no longer is.
pub(crate) fn baseline(report: &mut Report, files: &Files, accepted: &Accepted, rules: &Rules) {
    let Some(baseline) = &accepted.baseline else { return };
    let (entries, occur) = match baseline.apply(report, files, rules) {
        0 => return,
        1 => ("1 baseline entry".to_owned(), "occurs"),
        more => (format!("{more} baseline entries"), "occur"),
    };
    let name = &baseline.name;
    report
        .remarks
        .push(format!("{entries} no longer {occur}; prune with `aznetlint baseline PATH --write {name} --prune`"));
}
