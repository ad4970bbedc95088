//! What a text report ends with: what was not judged, what is undecided and shown by no finding, what was taken for granted,
//! and the run in a few lines. Nothing that does not pass is missing from it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::finding::{FileReport, FlowId, Outcome, PlacementId, PlacementReport, RequirementReport, RuleId, Verdict};
use crate::report::context::Context;
use crate::report::overview::{closing_parts, file_line, opening_lines};
use crate::report::pen::{Pen, Role};
use crate::report::words::{count, fill, wrap};
use crate::source::FileId;

/// The lines of one kind shown without `verbose`.
const MOST: usize = 6;

/// Writes it.
pub(crate) fn ending(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, options, .. } = context;
    if options.quiet {
        return summary(context, pen, out);
    }
    if report.placements.is_empty() && !options.verbose {
        opening_lines(context, pen, out)?;
    }
    let mut said = Said { width: options.width, all: options.verbose, pen, out, some: false };
    if !options.verbose {
        said.lines("unreadable", &unread(context, pen))?;
        let idle = report.placements.iter().filter_map(|one| {
            let reason = one.not_judged.as_ref()?;
            Some(format!("{}: {reason}", one.title()))
        });
        said.lines("not judged", &idle.collect::<Vec<_>>())?;
    }
    said.lines("undecided", &undecided(context))?;
    said.lines("note", &report.remarks)?;
    said.assumed(&report.assumptions)?;
    if said.some {
        writeln!(said.out)?;
    }
    summary(context, pen, out)
}

/// The run in a few lines: what passes and what does not, what is shown of it, and how to see the rest.
pub(crate) fn summary(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, options, .. } = context;
    for line in fill(&closing_parts(context, pen), pen.dot(), options.width) {
        writeln!(out, "{line}")?;
    }
    let hidden = hidden(context);
    if !hidden.is_empty() && !options.quiet {
        told_once("not shown", &[format!("{} (--min-level note)", hidden.join(", "))], options.width, pen, out)?;
    }
    let mut ways = Vec::new();
    if report.counts().undecided > 0 {
        ways.push("undecided is no pass: --what-to-export prints what would settle it".to_owned());
    }
    if !context.open.is_empty() && !options.verbose && !options.quiet {
        ways.push("-v tells all of it".to_owned());
    }
    fill(&ways, pen.dot(), options.width).iter().try_for_each(|line| writeln!(out, "{}", pen.paint(Role::Faint, line)))
}

/// The rules whose findings are below the chosen level, with how many there are of each.
fn hidden(context: &Context<'_>) -> Vec<String> {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in context.report.open() {
        *rules.entry(finding.rule.as_str()).or_default() += 1;
    }
    for finding in &context.open {
        if let Some(number) = rules.get_mut(finding.rule.as_str()) {
            *number -= 1;
        }
    }
    let told = rules.into_iter().filter(|(_, number)| *number > 0);
    told.map(|(rule, number)| if number == 1 { rule.to_owned() } else { format!("{number} {rule}") }).collect()
}

/// The files that could not be read and of which no finding speaks.
fn unread(context: &Context<'_>, pen: Pen) -> Vec<String> {
    let spoken: BTreeSet<FileId> = context.report.findings.iter().map(|finding| finding.at.span.file).collect();
    let is_unread =
        |file: &&FileReport| file.outcome == Outcome::Error && file.file.is_none_or(|file| !spoken.contains(&file));
    context.report.files.iter().filter(is_unread).map(|file| file_line(file, "", pen)).collect()
}

/// What is undecided and has no finding of its own, because the input shows nothing that one could point at: one line for
/// each reason, with the rules.
fn undecided(context: &Context<'_>) -> Vec<String> {
    let mut reasons: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let spoken: BTreeSet<FlowId<'_>> = context.report.findings.iter().flat_map(|finding| finding.flows()).collect();
    // One finding may name several flows with one doubt.
    let doubts: BTreeSet<(&PlacementId, &RuleId, &str)> = context
        .report
        .findings
        .iter()
        .flat_map(|finding| finding.placements.iter().map(move |placement| (placement, finding)))
        .filter_map(|(placement, finding)| Some((placement, &finding.rule, finding.brief.as_ref()?.doubt.as_str())))
        .filter(|(.., doubt)| !doubt.is_empty())
        .collect();
    let is_said = |placement: &PlacementReport, one: &RequirementReport, why: &str| {
        spoken.contains(&placement.flow_id(one))
            || doubts
                .iter()
                .any(|(id, rule, doubt)| **id == placement.id && **rule == one.rule && why.starts_with(doubt))
    };
    for placement in &context.report.placements {
        for one in placement.requirements.iter().filter(|one| one.verdict == Some(Verdict::Undecided)) {
            let why = one.why.first().map_or("", String::as_str);
            if !is_said(placement, one, why) {
                let (number, rules) = reasons.entry(why).or_default();
                *number += 1;
                rules.insert(one.rule.as_str());
            }
        }
    }
    let told = reasons.into_iter().map(|(why, (number, rules))| {
        let rules = rules.into_iter().collect::<Vec<_>>().join(", ");
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!("{} ({rules}){why}", count(number, "flow"))
    });
    told.collect()
}

struct Said<'a> {
    width: usize,
    all: bool,
    pen: Pen,
    out: &'a mut dyn io::Write,
    some: bool,
}

impl Said<'_> {
    /// The first of some texts, each once, and how many more there are; of what is undecided every one.
    fn lines(&mut self, word: &str, texts: &[String]) -> io::Result<()> {
        let most = if self.all || word == "undecided" { usize::MAX } else { MOST };
        self.some |= told_once(word, &texts[..texts.len().min(most)], self.width, self.pen, self.out)?;
        match texts.len().saturating_sub(most) {
            0 => Ok(()),
            more => writeln!(self.out, "{}: {more} more; -v lists all", self.pen.paint(Role::Key, word)),
        }
    }

    /// What was taken for granted: one line, with how much more there is.
    fn assumed(&mut self, texts: &[String]) -> io::Result<()> {
        let texts: BTreeSet<&String> = texts.iter().collect();
        let texts: Vec<String> = texts.into_iter().cloned().collect();
        match &*texts {
            [first, rest @ ..] if !self.all && !rest.is_empty() => {
                self.lines("assumed", &[format!("{first}; and {} more, which -v lists", rest.len())])
            }
            all => self.lines("assumed", all),
        }
    }
}

/// Writes each text once, after a word; whether there was one.
pub(crate) fn told_once(
    word: &str,
    texts: &[String],
    width: usize,
    pen: Pen,
    out: &mut dyn io::Write,
) -> io::Result<bool> {
    let mut seen = BTreeSet::new();
    for text in texts.iter().filter(|text| seen.insert(text.as_str())) {
        let width = width.saturating_sub(word.len() + 2).max(30);
        let wrapped = text.lines().flat_map(|line| wrap(&pen.clean(line), width));
        for (index, line) in wrapped.enumerate() {
            match index {
                0 => writeln!(out, "{}: {line}", pen.paint(Role::Key, word))?,
                _ => writeln!(out, "{:indent$}{line}", "", indent = word.len() + 2)?,
            }
        }
    }
    Ok(!seen.is_empty())
}
