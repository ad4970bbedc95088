//! JUnit XML: a test for each requirement of each placement, the passed ones too; then a test for each other finding.
//!
//! A violated requirement is a failure; what is undecided, ignored, or violated only if an unknown fact holds is
//! skipped, with the reason. The shape is that of the xUnit schema of Jenkins.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::finding::{Finding, Ignored, Level, Outcome, PlacementReport, RequirementReport, Verdict};
use crate::report::context::{Context, decided_by};
use crate::report::markup::entity;
use crate::source::FileId;

/// Writes the report as JUnit XML, with a line end.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = context.report;
    let writer = Writer { context };
    let mut suites: Vec<Suite> = report.placements.iter().map(|placement| writer.placement(placement)).collect();
    // What is wrong with a file that cannot be read is said there.
    let broken: BTreeSet<FileId> =
        report.files.iter().filter(|file| file.outcome == Outcome::Error).filter_map(|file| file.file).collect();
    let (unreadable, others): (Vec<&Finding>, Vec<&Finding>) =
        context.all.iter().copied().partition(|finding| broken.contains(&finding.at.span.file));
    suites.extend(writer.findings(&others));
    suites.extend(writer.unreadable(&unreadable));
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"aznetlint\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        sum(|suite| suite.tests.len()),
        sum(|suite| suite.count("failure")),
        sum(|suite| suite.count("error")),
    )?;
    for suite in &suites {
        suite.write(out)?;
    }
    writeln!(out, "</testsuites>")
}

/// One suite of tests.
struct Suite {
    name: String,
    properties: Vec<(String, String)>,
    tests: Vec<Test>,
}

/// One test.
struct Test {
    name: String,
    class: String,
    end: Option<End>,
    /// What is said about a test that passes.
    said: String,
}

/// How a test that does not pass ends.
struct End {
    /// `failure`, `error` or `skipped`.
    kind: &'static str,
    reason: &'static str,
    message: String,
    text: String,
}

impl Suite {
    fn count(&self, kind: &str) -> usize {
        self.tests.iter().filter(|test| test.end.as_ref().is_some_and(|end| end.kind == kind)).count()
    }

    fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            attribute(&self.name),
            self.tests.len(),
            self.count("failure"),
            self.count("error"),
            self.count("skipped"),
        )?;
        if !self.properties.is_empty() {
            writeln!(out, "    <properties>")?;
            for (name, value) in &self.properties {
                writeln!(out, "      <property name=\"{}\" value=\"{}\"/>", attribute(name), attribute(value))?;
            }
            writeln!(out, "    </properties>")?;
        }
        self.tests.iter().try_for_each(|test| test.write(out))?;
        writeln!(out, "  </testsuite>")
    }
}

impl Test {
    fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        write!(out, "    <testcase name=\"{}\" classname=\"{}\"", attribute(&self.name), attribute(&self.class))?;
        match &self.end {
            Some(End { kind, reason, message, text }) => {
                let message = attribute(message);
                writeln!(out, ">\n      <{kind} type=\"{reason}\" message=\"{message}\">{}</{kind}>", content(text))?;
                writeln!(out, "    </testcase>")
            }
            None if self.said.is_empty() => writeln!(out, "/>"),
            None => {
                writeln!(out, ">\n      <system-out>{}</system-out>\n    </testcase>", content(&self.said))
            }
        }
    }
}

struct Writer<'a> {
    context: &'a Context<'a>,
}

impl Writer<'_> {
    fn placement(&self, placement: &PlacementReport) -> Suite {
        let mut properties = vec![("service".to_owned(), placement.id.service.clone())];
        properties.extend(placement.on.iter().map(|(kind, name)| ((*kind).to_owned(), name.clone())));
        let facts = placement.facts.iter().filter(|fact| fact.asked);
        properties.extend(facts.map(|fact| {
            (format!("fact {}", fact.name), fact.value.as_ref().map_or("not known".to_owned(), ToString::to_string))
        }));
        let tests = placement.requirements.iter().filter_map(|requirement| {
            let end = self.end(placement, requirement, requirement.verdict?);
            let decided = decided_by(requirement);
            let passes = placement.passes_as(requirement);
            let said = if decided.is_empty() { passes } else { format!("{passes}, decided by {decided}") };
            let name = format!("{}: {}", requirement.rule, requirement.flow);
            Some(Test { name, class: class(requirement.rule.as_str()), end, said })
        });
        Suite { name: placement.id.to_string(), properties, tests: tests.collect() }
    }

    fn end(&self, placement: &PlacementReport, requirement: &RequirementReport, verdict: Verdict) -> Option<End> {
        let (kind, reason) = match verdict {
            Verdict::Satisfied => return None,
            Verdict::Violated if requirement.is_conditional() => ("skipped", "violated"),
            Verdict::Violated => ("failure", "violated"),
            Verdict::Undecided if self.context.options.undecided >= self.context.options.fail_on => {
                ("failure", "undecided")
            }
            Verdict::Undecided => ("skipped", "undecided"),
        };
        let finding = self.context.finding_of(placement, requirement);
        let message = match (finding, requirement.why.first()) {
            (Some(finding), _) => finding.message.clone(),
            (None, Some(why)) => format!("{verdict}: {why}"),
            (None, None) => verdict.to_string(),
        };
        let text = finding.map_or_else(|| requirement.why.join("\n"), |finding| self.text(finding));
        Some(match finding.and_then(|finding| finding.ignored.as_ref()) {
            Some(ignored) => ignored_end(ignored, &message, reason, text),
            None => End { kind, reason, message, text },
        })
    }

    /// The findings that are about no requirement: a suite for each file.
    fn findings(&self, findings: &[&Finding]) -> Vec<Suite> {
        let mut suites: BTreeMap<String, Vec<Test>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.flow.is_none() || finding.placement.is_none()) {
            let level = finding.level_as(self.context.options.undecided);
            let kind = if level >= self.context.options.fail_on.min(Level::Error) { "failure" } else { "skipped" };
            let (reason, text) = (level.as_str(), self.text(finding));
            let end = match &finding.ignored {
                Some(ignored) => ignored_end(ignored, &finding.message, reason, text),
                None => End { kind, reason, message: finding.message.clone(), text },
            };
            let test = Test {
                name: format!("{}: {}", finding.rule, finding.message),
                class: class(finding.rule.as_str()),
                end: Some(end),
                said: String::new(),
            };
            suites.entry(self.context.location(finding).path).or_default().push(test);
        }
        suites.into_iter().map(|(name, tests)| Suite { name, properties: Vec::new(), tests }).collect()
    }

    fn unreadable(&self, findings: &[&Finding]) -> Option<Suite> {
        let broken = self.context.report.files.iter().filter(|file| file.outcome == Outcome::Error);
        let test = |file: &crate::finding::FileReport| {
            let message = file.detail.clone().unwrap_or_else(|| "it cannot be read".to_owned());
            let finding = findings.iter().find(|finding| Some(finding.at.span.file) == file.file);
            let text = finding.map_or_else(|| self.context.paths.path(&file.name), |finding| self.text(finding));
            let end = End { kind: "error", reason: "unreadable", message, text };
            Test {
                name: self.context.paths.path(&file.name),
                class: "input".to_owned(),
                end: Some(end),
                said: String::new(),
            }
        };
        let tests: Vec<Test> = broken.map(test).collect();
        (!tests.is_empty()).then(|| Suite { name: "input".to_owned(), properties: Vec::new(), tests })
    }

    fn text(&self, finding: &Finding) -> String {
        let location = self.context.location(finding);
        let place = match location.span.map(|span| self.context.paths.region(span)) {
            Some(region) => format!("{}:{}:{}", location.path, region.line, region.column),
            None => location.path,
        };
        let mut lines = vec![place];
        lines.extend((!location.message.is_empty()).then(|| location.message.clone()));
        lines.extend(finding.remarks.iter().map(|remark| format!("{}: {}", remark.kind, remark.text)));
        lines.extend(finding.help.iter().map(|help| format!("fix: {help}")));
        lines.extend(finding.snippet.iter().cloned());
        lines.join("\n")
    }
}

fn ignored_end(ignored: &Ignored, message: &str, reason: &'static str, text: String) -> End {
    let why = if ignored.reason.is_empty() { String::new() } else { format!(": {}", ignored.reason) };
    let message = format!("ignored by {}{why}; {message}", ignored.by.as_str());
    End { kind: "skipped", reason, message, text }
}

/// The rule as test reports group by it: `azureml.storage-blocked`.
fn class(rule: &str) -> String {
    rule.replace('/', ".")
}

/// Text as XML can hold it: what XML forbids is replaced.
fn content(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '<' | '>' | '&' | '"' => out.push_str(entity(ch)),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(ch),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(ch),
        }
    }
    out
}

/// Text as an attribute can hold it: line ends would become spaces.
fn attribute(text: &str) -> String {
    content(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::{attribute, content};

    #[test]
    fn what_xml_forbids_is_replaced() {
        assert_eq!(content("]]><a & \"b\"\u{0}\u{1b}\n"), "]]&gt;&lt;a &amp; &quot;b&quot;\u{fffd}\u{fffd}\n");
        assert_eq!(attribute("a\nb"), "a&#10;b");
    }
}
