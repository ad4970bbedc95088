//! Narrows a report: what the settings say for some files only, and what concerns the files that changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::finding::{FileReport, Finding, FlowId, Level, Outcome, PlacementReport, Report, Verdict};
use crate::input::{FileSet, Globs};
use crate::lint::template::Templates;
use crate::rule::Selection;
use crate::source::{FileId, Files, Origin};

/// What the settings say of the rules for some files only.
#[derive(Clone, Debug)]
pub struct PathRules {
    /// The files.
    pub files: Globs,
    /// What holds for findings in them.
    pub rules: Selection,
}

/// The files that changed: only what concerns them is reported.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// The files.
    pub files: FileSet,
    fundamental: FileSet,
}

impl Changed {
    /// From the files, and the files and folders that everything hangs on, such as the settings.
    pub fn new(files: FileSet, fundamental: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files, fundamental: FileSet::new(fundamental) }
    }

    /// Whether something changed that everything hangs on; then everything is reported.
    pub fn is_everything(&self) -> bool {
        self.files.paths().any(|path| self.fundamental.paths().any(|known| path.starts_with(known)))
    }
}

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
    let touched = touched(report, expanded, changed);
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
/// parameter files, where a value of a finding may stand.
fn touched(report: &Report, expanded: &Templates, changed: &Changed) -> BTreeSet<FileId> {
    let mut touched: BTreeSet<FileId> = BTreeSet::new();
    touched.extend(report.files.iter().filter(|file| changed.files.holds(&file.name)).filter_map(|file| file.file));
    for (parameters, template) in &expanded.used {
        if touched.contains(parameters) || touched.contains(template) {
            touched.extend([*parameters, *template]);
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
