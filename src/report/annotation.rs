//! What a pipeline shows beside a line: one annotation for each cause, the worst first, within what pipelines show.

use std::io;

use crate::finding::Index;
use crate::finding::{Finding, Level, Report};
use crate::printable::{Kind, Printer};
use crate::report::group::{Group, group};
use crate::report::headline::{headline, rules_of};
use crate::report::options::Options;
use crate::report::paths::{Paths, Region};
use crate::report::pen::Pen;
use crate::report::rank::{level_of, worst_first};
use crate::report::terminal;
use crate::source::Files;

/// Pipelines show so many annotations of one level for a step, and drop the rest.
const MOST: usize = 10;

/// One annotation.
pub(crate) struct Annotation {
    /// How much it matters.
    pub(crate) level: Level,
    /// The rule, or the folder of all rules that speak.
    pub(crate) rules: String,
    /// The path from the root of the repository.
    pub(crate) path: String,
    /// The characters; `None` for the file as a whole.
    pub(crate) region: Option<Region>,
    /// What is the matter: several lines, without control characters.
    pub(crate) message: String,
}

/// The annotations of a report, and how many more causes there are.
pub(crate) struct Annotations {
    /// The worst first.
    pub(crate) shown: Vec<Annotation>,
    /// Causes and unreadable files without an annotation.
    pub(crate) more: usize,
}

impl Annotations {
    /// Of these findings. `of` gives the level as which the pipeline counts a level.
    pub(crate) fn new(
        report: &Report,
        findings: &[&Finding],
        files: &Files,
        options: &Options,
        of: impl Fn(Level) -> Level,
    ) -> Self {
        let paths = Paths::new(report, files, &options.base);
        let index = Index::new(report);
        let groups = worst_first(group(findings), options.undecided);
        let unreadable = unreadable(report, &paths);
        let found = groups.iter().map(|group| {
            let head = group.head();
            let home = paths.home(head, &index);
            Annotation {
                level: level_of(group, options.undecided),
                rules: rules_of(group),
                path: home.path,
                region: home.span.map(|span| paths.region(span)),
                message: message(group, &home.message, &index),
            }
        });
        let mut counts = [0; 3];
        let (mut shown, mut more) = (Vec::new(), 0);
        for annotation in unreadable.into_iter().chain(found) {
            let count = &mut counts[of(annotation.level) as usize];
            if *count < MOST {
                *count += 1;
                shown.push(annotation);
            } else {
                more += 1;
            }
        }
        Self { shown, more }
    }
}

/// The report as text for the log of a pipeline, without colours.
pub(crate) fn log_text(report: &Report, findings: &[&Finding], files: &Files, options: &Options) -> io::Result<String> {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, Kind::Plain);
    terminal::write(report, findings, files, &Options { color: false, ..options.clone() }, &mut printer)?;
    io::Write::flush(&mut printer)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Files that could not even be read; one that is no JSON has a finding.
fn unreadable(report: &Report, paths: &Paths<'_>) -> Vec<Annotation> {
    let broken = report.files.iter().filter(|file| file.outcome == crate::finding::Outcome::Error);
    let broken = broken.filter(|file| file.file.is_none());
    let annotation = |file: &crate::finding::FileReport| Annotation {
        level: Level::Error,
        rules: "unreadable".to_owned(),
        path: paths.path(&file.name),
        region: None,
        message: Pen::PLAIN.clean(file.detail.as_deref().unwrap_or("it cannot be read")),
    };
    broken.map(annotation).collect()
}

fn message(group: &Group<'_>, label: &str, index: &Index<'_>) -> String {
    let head = group.head();
    let mut lines = vec![headline(group, index)];
    if !label.is_empty() {
        lines.push(label.to_owned());
    }
    if group.is_several() {
        let flows: Vec<String> = group.flows().into_iter().map(|(_, words)| words).collect();
        lines.extend((!flows.is_empty()).then(|| format!("flows: {}", flows.join("; "))));
    }
    let told = group.remarks(false).into_iter();
    let told = told.filter(|(kind, _)| matches!(*kind, "packet" | "settle it" | "if"));
    lines.extend(told.map(|(kind, text)| format!("{kind}: {}", text.replace('\n', " "))));
    lines.extend(head.help.iter().map(|help| format!("fix: {}", help.replace('\n', " "))));
    lines.iter().map(|line| Pen::PLAIN.clean(line)).collect::<Vec<_>>().join("\n")
}
