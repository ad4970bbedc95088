//! What a text report says around its findings: what was looked at (files, resources, services and what is known about
//! each) at the start, and one line of counts at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::finding::{
    Applies, FactReport, FileReport, Finding, IgnoredBy, Level, Outcome, PlacementReport, Report, RequirementReport,
    Verdict, short_name,
};
use crate::report::context::Context;
use crate::report::pen::{Pen, Role};
use crate::report::words::{count, fill, plural};
use crate::source::{Files, Span};

/// The columns before what is said.
const INDENT: usize = 11;
/// Writes what was looked at and what is known of each service there; whether there was anything to say.
pub(crate) fn opening(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<bool> {
    let Context { report, options, files, .. } = context;
    opening_lines(context, pen, out)?;
    let mut lines = Lines { files, width: options.width, pen, out };
    report.placements.iter().try_for_each(|placement| lines.placement(placement, options.verbose))?;
    Ok(true)
}

/// Writes the same, and what became of the requirements of each service.
pub(crate) fn services(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    opening(context, pen, out)?;
    writeln!(out)?;
    fill(&closing_parts(context, pen), pen.dot(), context.options.width)
        .iter()
        .try_for_each(|line| writeln!(out, "{line}"))
}

/// Writes which files and resources there are.
pub(crate) fn opening_lines(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, options, files, .. } = context;
    let mut lines = Lines { files, width: options.width, pen, out };
    lines.say("looked at", &looked_at(&report.files, pen))?;
    if options.verbose {
        for file in &report.files {
            let outcome = match file.outcome {
                Outcome::Judged => "judged",
                Outcome::Skipped => "skipped",
                Outcome::Error => "unreadable",
            };
            lines.more(0, &[file_line(file, &format!("{outcome:10} "), pen)])?;
        }
    }
    if !report.resources.is_empty() {
        let resources: Vec<_> = report.resources.iter().map(|(noun, number)| count(*number, noun)).collect();
        lines.say("found", &resources)?;
    }
    Ok(())
}

/// `9 files: 4 templates`, `3 REST exports`, `2 skipped`.
fn looked_at(files: &[FileReport], pen: Pen) -> Vec<String> {
    let mut shapes: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files.iter().filter(|file| file.outcome == Outcome::Judged) {
        *shapes.entry(file.shape.as_deref().unwrap_or("other")).or_default() += 1;
    }
    let mut parts: Vec<_> =
        shapes.into_iter().map(|(shape, number)| count(number, &noun_of(&pen.clean(shape)))).collect();
    let with = |outcome: Outcome| files.iter().filter(|file| file.outcome == outcome).count();
    if with(Outcome::Skipped) > 0 {
        parts.push(format!("{} skipped", with(Outcome::Skipped)));
    }
    if with(Outcome::Error) > 0 {
        parts.push(format!("{} unreadable", with(Outcome::Error)));
    }
    match parts.first_mut() {
        Some(first) => *first = format!("{}: {first}", count(files.len(), "file")),
        None => parts.push(count(0, "file")),
    }
    parts
}

fn noun_of(shape: &str) -> String {
    match shape {
        "rest" => "REST export".to_owned(),
        "cli" => "CLI export".to_owned(),
        "resource-graph" => "Resource Graph export".to_owned(),
        "powershell" => "PowerShell export".to_owned(),
        "template" => "template".to_owned(),
        "terraform-plan" => "Terraform plan".to_owned(),
        "terraform-state" => "Terraform state".to_owned(),
        "parameters" => "parameter file".to_owned(),
        other => format!("{other} file"),
    }
}

/// A file behind some words, with what is known about it.
pub(crate) fn file_line(file: &FileReport, before: &str, pen: Pen) -> String {
    // What is not judged says in its detail what it is.
    let shape = file.shape.as_deref().filter(|_| file.outcome == Outcome::Judged).map(noun_of);
    let said: Vec<_> = [shape.as_deref(), file.detail.as_deref()].into_iter().flatten().collect();
    let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(": ")) };
    format!("{before}{}{}", pen.clean(&file.name), pen.clean(&said))
}

struct Lines<'a> {
    files: &'a Files,
    width: usize,
    pen: Pen,
    out: &'a mut dyn io::Write,
}

impl Lines<'_> {
    /// Parts with a word in front. They must be clean.
    fn say(&mut self, word: &str, parts: &[String]) -> io::Result<()> {
        self.after(0, Role::Key, word, parts)
    }

    /// Parts below, `depth` columns further in. They must be clean.
    fn more(&mut self, depth: usize, parts: &[String]) -> io::Result<()> {
        self.after(INDENT + depth, Role::Faint, "", parts)
    }

    /// Parts behind a word that stands `indent` columns in; later lines below the first part.
    fn after(&mut self, indent: usize, role: Role, word: &str, parts: &[String]) -> io::Result<()> {
        let column = if word.is_empty() { indent } else { indent + INDENT };
        let lines = fill(parts, self.pen.dot(), self.width.saturating_sub(column).max(40));
        for (index, line) in lines.iter().enumerate() {
            if index == 0 && !word.is_empty() {
                writeln!(self.out, "{:indent$}{}{line}", "", self.pen.paint(role, &format!("{word:INDENT$}")))?;
            } else {
                writeln!(self.out, "{:column$}{line}", "")?;
            }
        }
        Ok(())
    }

    fn placement(&mut self, placement: &PlacementReport, verbose: bool) -> io::Result<()> {
        let mut title = vec![self.pen.clean(&placement.title())];
        let mut placed = placement.on.contains_key("subnet");
        for (kind, noun) in [("nsg", "NSG"), ("route-table", "route table"), ("firewall", "firewall")] {
            // Without a subnet the first of them is the place itself, named in the title.
            if let Some(name) = placement.on.get(kind)
                && std::mem::replace(&mut placed, true)
            {
                title.push(self.pen.clean(&format!("{noun} {}", short_name(name))));
            }
        }
        self.say("service", &title)?;
        if !placement.found.is_empty() {
            self.more(2, &[self.pen.clean(&placement.found)])?;
        }
        let (known, unknown): (Vec<_>, Vec<_>) =
            placement.facts.iter().filter(|fact| fact.asked || verbose).partition(|fact| fact.value.is_some());
        let facts: Vec<_> = known.into_iter().map(|fact| self.fact(fact)).collect();
        self.more(2, &facts)?;
        if !unknown.is_empty() {
            let names: Vec<_> = unknown.into_iter().map(|fact| self.pen.clean(&fact.name)).collect();
            self.more(2, &[format!("not known: {}", names.join(", "))])?;
        }
        if let Some(reason) = &placement.not_judged {
            self.more(2, &[self.pen.clean(reason)])?;
        }
        if verbose {
            for requirement in &placement.requirements {
                self.requirement(placement, requirement)?;
            }
        }
        Ok(())
    }

    fn fact(&self, fact: &FactReport) -> String {
        let value = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
        let from = fact.place.map(|span| self.place(span));
        let from = from.or_else(|| (fact.from != "estate").then(|| fact.from.to_owned()));
        let from = from.map(|from| format!(" ({from})")).unwrap_or_default();
        self.pen.clean(&format!("{} {value}{from}", fact.name))
    }

    fn requirement(&mut self, placement: &PlacementReport, requirement: &RequirementReport) -> io::Result<()> {
        let (word, role) = match (requirement.applies, requirement.verdict) {
            (Applies::No, _) | (_, None) => ("not needed", Role::Faint),
            (_, Some(Verdict::Satisfied)) => ("passes", Role::Pass),
            (_, Some(Verdict::Violated)) if requirement.advice => ("advised", Role::Warning),
            (_, Some(Verdict::Violated)) => ("blocked", Role::Error),
            (_, Some(Verdict::Undecided)) => ("undecided", Role::Undecided),
        };
        let what = match requirement.verdict {
            Some(Verdict::Satisfied) => placement.passes_as(requirement),
            _ => requirement.flow.clone(),
        };
        let mut said = vec![format!("{what} [{}]", requirement.rule)];
        if !requirement.decided_by.is_empty() {
            let by: Vec<_> = requirement
                .decided_by
                .iter()
                .take(3)
                .map(|decider| match decider.place {
                    Some(span) => format!("{} ({})", decider.name, self.place(span)),
                    None => format!("{} ({})", decider.name, decider.kind.as_str()),
                })
                .collect();
            said.push(format!("by {}", by.join(", ")));
        }
        said.extend(requirement.why.iter().cloned());
        let said: Vec<_> = said.iter().map(|part| self.pen.clean(part)).collect();
        self.after(INDENT + 2, role, word, &said)
    }

    fn place(&self, span: Span) -> String {
        format!("{}:{}", self.files.name(span.file), self.files.position(span).line)
    }
}

/// `9 files · 2 services on 2 subnets · 10 flows pass (3 only by built-in rules), 1 blocked, 1 undecided · 1 error · packs: …`
pub(crate) fn closing(context: &Context<'_>, pen: Pen) -> String {
    closing_parts(context, pen).join(pen.dot())
}

/// The same in its parts.
pub(crate) fn closing_parts(context: &Context<'_>, pen: Pen) -> Vec<String> {
    let Context { report, open, .. } = context;
    let mut parts = vec![files(report, pen), service_counts(&report.placements), flows(report, pen)];
    parts.extend(shown(open, pen));
    let hidden = report.open().count() - open.len();
    if hidden > 0 {
        parts.push(format!("{} below the chosen level", count(hidden, "finding")));
    }
    parts.extend(ignored(report));
    parts.extend(report.data.iter().map(|(name, value)| format!("{}: {}", pen.clean(name), pen.clean(value))));
    parts
}

fn files(report: &Report, pen: Pen) -> String {
    let all = count(report.files.len(), "file");
    match report.files.iter().filter(|file| file.outcome == Outcome::Error).count() {
        0 => all,
        broken => format!("{all}, {}", pen.paint(Role::Error, &format!("{broken} unreadable"))),
    }
}

fn service_counts(placements: &[PlacementReport]) -> String {
    if placements.is_empty() {
        return "no service found".to_owned();
    }
    let services: BTreeSet<_> = placements.iter().map(|placement| placement.id.service.as_str()).collect();
    let mut places: BTreeMap<(u8, &str), BTreeSet<String>> = BTreeMap::new();
    for placement in placements {
        let kinds = ["subnet", "nsg", "route-table", "firewall"];
        let nouns = ["subnet", "network security group", "route table", "firewall"];
        let found = (0u8..)
            .zip(kinds)
            .zip(nouns)
            .find_map(|((rank, kind), noun)| placement.on.get(kind).map(|name| ((rank, noun), name.clone())));
        let (place, name) = found.unwrap_or_else(|| ((4, "place"), placement.id.to_string()));
        places.entry(place).or_default().insert(name);
    }
    let places: Vec<_> = places.iter().map(|((_, noun), names)| count(names.len(), noun)).collect();
    format!("{} on {}", count(services.len(), "service"), places.join(", "))
}

fn flows(report: &Report, pen: Pen) -> String {
    let counts = report.counts();
    let pass = format!("{} {}", count(counts.satisfied, "flow"), if counts.satisfied == 1 { "passes" } else { "pass" });
    let built_in = match counts.built_in_only {
        0 => String::new(),
        some => format!(" ({some} only by built-in rules)"),
    };
    let painted = |number: usize, role: Role, word: &str| {
        let text = format!("{number} {word}");
        if number == 0 { text } else { pen.paint(role, &text) }
    };
    let conditional = match counts.conditional {
        0 => String::new(),
        all if all == counts.blocked() => " (only if a fact holds)".to_owned(),
        some => format!(" ({some} of them only if a fact holds)"),
    };
    let pass = if counts.satisfied == 0 { pass } else { pen.paint(Role::Pass, &pass) };
    let advice = match counts.against_advice {
        0 => String::new(),
        some => format!("{}, ", painted(some, Role::Warning, "against advice")),
    };
    format!(
        "{pass}{built_in}, {}{conditional}, {advice}{}",
        painted(counts.blocked(), Role::Error, "blocked"),
        painted(counts.undecided, Role::Undecided, "undecided")
    )
}

/// The findings by the word they are shown with.
fn shown(findings: &[&Finding], pen: Pen) -> Option<String> {
    let by_level = [Level::Error, Level::Warning, Level::Note].into_iter().map(|level| {
        let number = findings.iter().filter(|finding| finding.level == level && !finding.undecided).count();
        (number, Role::of(level, false), if number == 1 { level.as_str().to_owned() } else { plural(level.as_str()) })
    });
    let undecided = findings.iter().filter(|finding| finding.undecided).count();
    let noun = if undecided == 1 { "undecided finding" } else { "undecided findings" };
    let words: Vec<_> = by_level
        .chain([(undecided, Role::Undecided, noun.to_owned())])
        .filter(|(number, ..)| *number > 0)
        .map(|(number, role, word)| pen.paint(role, &format!("{number} {word}")))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// `2 ignored, 12 in the baseline`.
fn ignored(report: &Report) -> Option<String> {
    let by = || report.findings.iter().filter_map(|finding| finding.ignored.as_ref()).map(|ignored| ignored.by);
    let baseline = by().filter(|by| *by == IgnoredBy::Baseline).count();
    let words = [(by().count() - baseline, "ignored"), (baseline, "in the baseline")];
    let said: Vec<_> =
        words.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::closing;
    use crate::finding::{Ignored, IgnoredBy, Report};
    use crate::report::context::Context;
    use crate::report::options::Options;
    use crate::report::pen::Pen;
    use crate::report::sample::sample;

    /// What is said of a report, with its findings that nobody ignores or without any.
    fn told(report: &Report, is_shown: bool) -> String {
        let (files, options) = (sample().0, Options::default());
        let mut context = Context::new(report, &files, &options);
        if !is_shown {
            context.open.clear();
        }
        closing(&context, Pen::PLAIN)
    }

    #[test]
    fn everything_is_counted() {
        let (_, report) = sample();
        assert_eq!(
            told(&report, true),
            "4 files · 1 service on 1 subnet · 3 flows pass (3 only by built-in rules), 3 blocked, 1 undecided \
             · 3 errors, 1 undecided finding · packs: azureml 2026-03-19"
        );
    }

    #[test]
    fn advice_is_not_counted_as_blocked() {
        let (_, mut report) = sample();
        report.findings.clear();
        report.placements[0].requirements.iter_mut().for_each(|one| one.advice = true);
        let line = told(&report, false);
        assert!(line.contains(", 0 blocked, 3 against advice, 1 undecided ·"), "{line}");
    }

    #[test]
    fn nothing_is_counted_too() {
        assert_eq!(
            told(&Report::default(), false),
            "0 files · no service found · 0 flows pass, 0 blocked, 0 undecided"
        );
    }

    #[test]
    fn what_is_not_shown_is_said() {
        let (_, mut report) = sample();
        report.findings.truncate(1);
        report.placements.clear();
        report.data.clear();
        assert_eq!(
            told(&report, false),
            "4 files · no service found · 0 flows pass, 0 blocked, 0 undecided · 1 finding below the chosen level"
        );
    }

    #[test]
    fn what_is_ignored_is_counted_apart() {
        let (_, mut report) = sample();
        report.placements.clear();
        report.data.clear();
        for (finding, by) in report.findings.iter_mut().zip([IgnoredBy::Comment, IgnoredBy::Baseline]) {
            finding.ignored = Some(Ignored { by, reason: String::new(), place: None });
        }
        let line = told(&report, true);
        assert!(line.ends_with("1 error, 1 undecided finding · 1 ignored, 1 in the baseline"), "{line}");
    }
}
