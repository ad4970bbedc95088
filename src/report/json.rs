//! Version 1 of the JSON format. Its names are a promise: more may be added, none is renamed or changes its meaning.
//!
//! Every flow is a finding of its own here; grouping is for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;

use crate::finding::{self, FactValue, Finding, Label, Level, Outcome, PlacementId, Report};
use crate::report::context::Context;
use crate::source::{Files, Span};

/// The version of the format.
const VERSION: u32 = 1;

/// Writes the report as JSON, with a line end.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, files, options, open: findings, .. } = context;
    let placement = |placement| Placement::new(placement, files);
    let required = report.placements.iter().flat_map(|placement| &placement.requirements);
    let ignored = report.findings.iter().filter(|finding| finding.ignored.is_some());
    let named: BTreeSet<_> = findings
        .iter()
        .copied()
        .chain(ignored)
        .map(|finding| &finding.rule)
        .chain(required.map(|requirement| &requirement.rule))
        .collect();
    let spoken = report.rules.iter().filter(|(id, _)| named.contains(id));
    let document = Document {
        version: VERSION,
        tool: Tool { name: "aznetlint", version: &options.version },
        counts: Counts::new(report, findings),
        files: report.files.iter().map(File::new).collect(),
        resources: &report.resources,
        placements: report.placements.iter().map(placement).collect(),
        findings: findings.iter().map(|finding| Found::new(finding, files)).collect(),
        ignored: report.findings.iter().filter_map(|finding| IgnoredFinding::new(finding, files)).collect(),
        rules: spoken.map(|(id, card)| (id.as_str(), Rule::new(card))).collect(),
        assumptions: once(&report.assumptions),
        remarks: once(&report.remarks),
        data: report.data.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    version: u32,
    tool: Tool<'a>,
    counts: Counts,
    files: Vec<File<'a>>,
    resources: &'a BTreeMap<&'static str, usize>,
    placements: Vec<Placement<'a>>,
    findings: Vec<Found<'a>>,
    ignored: Vec<IgnoredFinding<'a>>,
    rules: BTreeMap<&'a str, Rule<'a>>,
    assumptions: Vec<&'a str>,
    remarks: Vec<&'a str>,
    data: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Counts {
    satisfied: usize,
    violated: usize,
    undecided: usize,
    built_in_only: usize,
    findings: FindingCounts,
}

/// How many findings are listed at each level, how many of all these are undecided, how many are not listed because they
/// are below the chosen level, and how many are ignored, the baseline among those who say so.
#[derive(Serialize)]
struct FindingCounts {
    error: usize,
    warning: usize,
    note: usize,
    undecided: usize,
    hidden: usize,
    ignored: usize,
}

impl Counts {
    fn new(report: &Report, findings: &[&Finding]) -> Self {
        let verdicts = report.counts();
        let at = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
        Self {
            satisfied: verdicts.satisfied,
            violated: verdicts.violated,
            undecided: verdicts.undecided,
            built_in_only: verdicts.built_in_only,
            findings: FindingCounts {
                error: at(Level::Error),
                warning: at(Level::Warning),
                note: at(Level::Note),
                undecided: findings.iter().filter(|finding| finding.undecided).count(),
                hidden: report.open().count() - findings.len(),
                ignored: report.findings.len() - report.open().count(),
            },
        }
    }
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    shape: Option<&'a str>,
    outcome: &'static str,
    detail: Option<&'a str>,
}

impl<'a> File<'a> {
    fn new(file: &'a finding::FileReport) -> Self {
        let outcome = match file.outcome {
            Outcome::Judged => "judged",
            Outcome::Skipped => "skipped",
            Outcome::Error => "error",
        };
        Self { path: &file.name, shape: file.shape.as_deref(), outcome, detail: file.detail.as_deref() }
    }
}

/// Lines and columns from 1, columns in characters; the offset is the byte in the file, a byte order mark included.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Place<'a> {
    path: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    offset: usize,
    length: usize,
}

impl<'a> Place<'a> {
    fn new(span: Span, files: &'a Files) -> Self {
        let position = files.position(span);
        Self {
            path: files.name(span.file),
            line: position.line,
            column: position.column,
            end_line: position.end_line,
            end_column: position.end_column,
            offset: files.file_offset(span),
            length: span.range().len(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Placement<'a> {
    id: &'a PlacementId,
    service: &'a str,
    found: &'a str,
    on: BTreeMap<&'static str, Option<&'a str>>,
    facts: BTreeMap<&'a str, Fact<'a>>,
    not_judged: Option<&'a str>,
    requirements: Vec<Requirement<'a>>,
}

impl<'a> Placement<'a> {
    fn new(placement: &'a finding::PlacementReport, files: &'a Files) -> Self {
        let mut on: BTreeMap<_, _> = ["subnet", "nsg", "route-table", "firewall"].map(|kind| (kind, None)).into();
        on.extend(placement.on.iter().map(|(kind, name)| (*kind, Some(name.as_str()))));
        let fact = |fact: &'a finding::FactReport| {
            let value = fact.value.as_ref().map(Fact::value);
            let place = fact.place.map(|span| Place::new(span, files));
            (fact.name.as_str(), Fact { value, from: fact.from, place })
        };
        Self {
            id: &placement.id,
            service: &placement.id.service,
            found: &placement.found,
            on,
            facts: placement.facts.iter().map(fact).collect(),
            not_judged: placement.not_judged.as_deref(),
            requirements: placement.requirements.iter().map(|one| Requirement::new(placement, one, files)).collect(),
        }
    }
}

#[derive(Serialize)]
struct Fact<'a> {
    value: Option<Value<'a>>,
    from: &'static str,
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Bool(bool),
    Text(&'a str),
    List(&'a [String]),
}

impl Fact<'_> {
    fn value(value: &FactValue) -> Value<'_> {
        match value {
            FactValue::Bool(value) => Value::Bool(*value),
            FactValue::Text(text) => Value::Text(text),
            FactValue::List(items) => Value::List(items),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Requirement<'a> {
    rule: &'a str,
    rows: &'a [String],
    flow: &'a str,
    passes_as: String,
    applies: &'static str,
    verdict: Option<&'static str>,
    layer: Option<&'static str>,
    decided_by: Vec<Decider<'a>>,
    built_in_only: bool,
    uncovered: &'a [String],
    witness: Option<Witness<'a>>,
    why: &'a [String],
}

impl<'a> Requirement<'a> {
    fn new(
        placement: &finding::PlacementReport,
        requirement: &'a finding::RequirementReport,
        files: &'a Files,
    ) -> Self {
        let decider = |decider: &'a finding::Decider| Decider {
            name: &decider.name,
            kind: decider.kind.as_str(),
            place: decider.place.map(|span| Place::new(span, files)),
        };
        Self {
            rule: requirement.rule.as_str(),
            rows: &requirement.rows,
            flow: &requirement.flow,
            passes_as: placement.passes_as(requirement),
            applies: requirement.applies.as_str(),
            verdict: requirement.verdict.map(finding::Verdict::as_str),
            layer: requirement.layer.map(finding::Layer::as_str),
            decided_by: requirement.decided_by.iter().map(decider).collect(),
            built_in_only: requirement.built_in_only,
            uncovered: &requirement.uncovered,
            witness: requirement.witness.as_ref().map(Witness::new),
            why: &requirement.why,
        }
    }
}

#[derive(Serialize)]
struct Decider<'a> {
    name: &'a str,
    kind: &'static str,
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Witness<'a> {
    direction: &'static str,
    protocol: &'a str,
    source: &'a str,
    source_port: Option<u16>,
    destination: &'a str,
    destination_port: Option<u16>,
}

impl<'a> Witness<'a> {
    fn new(witness: &'a finding::Packet) -> Self {
        Self {
            direction: witness.direction(),
            protocol: witness.protocol,
            source: &witness.source,
            source_port: witness.source_port,
            destination: &witness.destination,
            destination_port: witness.destination_port,
        }
    }
}

/// An edit that was tried.
#[derive(Serialize)]
struct Offered<'a> {
    title: &'a str,
    caution: Option<&'a str>,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    place: Place<'a>,
    text: &'a str,
}

impl<'a> Offered<'a> {
    fn new(offered: &'a finding::Offered, files: &'a Files) -> Self {
        let edit = |edit: &'a finding::Edit| Edit { place: Place::new(edit.span, files), text: &edit.text };
        Self {
            title: &offered.title,
            caution: offered.caution.as_deref(),
            edits: offered.edits.iter().map(edit).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Found<'a> {
    rule: &'a str,
    level: &'static str,
    undecided: bool,
    message: &'a str,
    headline: &'a str,
    place: Place<'a>,
    label: &'a str,
    related: Vec<Related<'a>>,
    resource: Option<&'a str>,
    placement: Option<&'a PlacementId>,
    placements: &'a [PlacementId],
    flow: Option<&'a str>,
    cause: Option<&'a str>,
    help: Option<&'a str>,
    snippet: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Offered<'a>>,
    remarks: Vec<Remark<'a>>,
    fingerprint: &'a str,
}

impl<'a> Found<'a> {
    fn new(finding: &'a Finding, files: &'a Files) -> Self {
        let related = |label: &'a Label| Related { place: Place::new(label.span, files), message: &label.message };
        Self {
            rule: finding.rule.as_str(),
            level: finding.level.as_str(),
            undecided: finding.undecided,
            message: &finding.message,
            headline: finding.headline(),
            place: Place::new(finding.at.span, files),
            label: &finding.at.message,
            related: finding.related.iter().map(related).collect(),
            resource: finding.resource.as_deref(),
            placement: finding.placements.first(),
            placements: &finding.placements,
            flow: finding.flow.as_deref(),
            cause: finding.cause.as_deref(),
            help: finding.help.as_deref(),
            snippet: finding.snippet.as_deref(),
            fix: finding.offered.as_ref().map(|offered| Offered::new(offered, files)),
            remarks: finding.remarks.iter().map(|remark| Remark { kind: remark.kind, text: &remark.text }).collect(),
            fingerprint: &finding.fingerprint,
        }
    }
}

/// A finding that is ignored, of any level: the finding as any other, and who says so, why and where.
#[derive(Serialize)]
struct IgnoredFinding<'a> {
    #[serde(flatten)]
    finding: Found<'a>,
    ignored: IgnoredReason<'a>,
}

#[derive(Serialize)]
struct IgnoredReason<'a> {
    by: &'static str,
    reason: &'a str,
    place: Option<Place<'a>>,
}

impl<'a> IgnoredFinding<'a> {
    fn new(finding: &'a Finding, files: &'a Files) -> Option<Self> {
        let ignored = finding.ignored.as_ref()?;
        let reason = IgnoredReason {
            by: ignored.by.as_str(),
            reason: &ignored.reason,
            place: ignored.place.map(|span| Place::new(span, files)),
        };
        Some(Self { finding: Found::new(finding, files), ignored: reason })
    }
}

#[derive(Serialize)]
struct Related<'a> {
    place: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Remark<'a> {
    kind: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Rule<'a> {
    title: &'a str,
    level: &'static str,
    tags: &'a [String],
    sources: Vec<Source<'a>>,
}

impl<'a> Rule<'a> {
    fn new(card: &'a finding::RuleCard) -> Self {
        let source = |source: &'a finding::Source| Source {
            title: &source.title,
            section: source.section.as_deref(),
            url: &source.url,
            read: &source.read,
        };
        Self {
            title: &card.title,
            level: card.level.as_str(),
            tags: &card.tags,
            sources: card.sources.iter().map(source).collect(),
        }
    }
}

#[derive(Serialize)]
struct Source<'a> {
    title: &'a str,
    section: Option<&'a str>,
    url: &'a str,
    read: &'a str,
}

/// Each text once, in order.
fn once(texts: &[String]) -> Vec<&str> {
    let mut seen = std::collections::BTreeSet::new();
    texts.iter().map(String::as_str).filter(|text| seen.insert(*text)).collect()
}

/// The JSON Schema of version 1 of the JSON format.
pub const SCHEMA: &str = include_str!("report-v1.schema.json");
