//! SARIF 2.1.0, as code scanning reads it: a result for each finding that has something to say, never without a place.
//!
//! What the specification calls `open` keeps the kind `fail` here, since results
//! of any other kind must have the level `none`, which code scanning does not show; the property `undecided` says it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::finding::{Edit, Finding, Ignored, IgnoredBy, Label, Level, Offered, Outcome, RuleCard, RuleId};
use crate::report::context::Context;
use crate::report::markup::{block, code, plain, url};
use crate::report::paths::{Location, Paths, encoded, is_drive};
use crate::source::Span;

/// Code scanning takes no more results in one run.
const RESULTS: usize = 25_000;
/// The places that belong to one result.
const RELATED: usize = 100;
/// What paths start from.
const ROOT: &str = "%SRCROOT%";

/// Writes the report as SARIF, with a line end.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, options, .. } = context;
    let findings = fitting(&context.all, options.undecided);
    let rules: BTreeSet<&RuleId> = findings.iter().map(|finding| &finding.rule).collect();
    let rules: BTreeMap<&RuleId, usize> = rules.into_iter().enumerate().map(|(index, rule)| (rule, index)).collect();
    let results = Results {
        context,
        findings: &findings,
        rules: &rules,
        baseline: options.baseline
            || report.findings.iter().any(|one| by(one).is_some_and(|by| by == IgnoredBy::Baseline)),
        ignored: findings.iter().any(|finding| finding.ignored.is_some()),
    };
    let counts = report.counts();
    let described = |rule: &&RuleId| match report.rules.get(*rule) {
        Some(card) => described(card),
        None => json!({ "id": rule.as_str() }),
    };
    let run = Run {
        tool: json!({ "driver": {
            "name": "aznetlint",
            "version": options.version,
            "semanticVersion": options.version,
            "informationUri": "https://github.com/aznetlint/aznetlint",
            "rules": rules.keys().map(described).collect::<Vec<_>>(),
        }}),
        invocations: json!([{
            "executionSuccessful": !report.has_errors(),
            "toolExecutionNotifications": notifications(context, findings.len()),
        }]),
        original_uri_base_ids: json!({ ROOT: {
            "description": { "text": "The root of the repository, or the folder the run started in." }
        }}),
        artifacts: artifacts(context),
        column_kind: "utf16CodeUnits",
        results,
        properties: json!({ "counts": {
            "satisfied": counts.satisfied,
            "violated": counts.violated,
            "undecided": counts.undecided,
        }}),
    };
    let document = Document { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    invocations: Value,
    original_uri_base_ids: Value,
    artifacts: Value,
    column_kind: &'static str,
    results: Results<'a>,
    properties: Value,
}

/// The findings that fit into a run: the worst when there are too many, in their order.
fn fitting<'a>(findings: &[&'a Finding], undecided: Level) -> Vec<&'a Finding> {
    if findings.len() <= RESULTS {
        return findings.to_vec();
    }
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(findings[*index].level_as(undecided)));
    order.truncate(RESULTS);
    order.sort_unstable();
    order.into_iter().map(|index| findings[index]).collect()
}

/// The results, made one at a time.
struct Results<'a> {
    context: &'a Context<'a>,
    findings: &'a [&'a Finding],
    rules: &'a BTreeMap<&'a RuleId, usize>,
    /// The run was compared with a baseline, so every result has a state.
    baseline: bool,
    /// A result is suppressed, so every result says whether it is.
    ignored: bool,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.findings.iter().map(|finding| self.result(finding)))
    }
}

impl Results<'_> {
    fn result(&self, finding: &Finding) -> Value {
        let location = self.context.location(finding);
        let mut entry = json!({ "physicalLocation": place_of(&self.context.paths, &location) });
        if !location.message.is_empty() {
            entry["message"] = message(&location.message);
        }
        if let Some(resource) = finding.resource.as_deref().filter(|resource| !resource.is_empty()) {
            entry["logicalLocations"] = json!([{ "fullyQualifiedName": resource, "kind": "resource" }]);
        }
        let mut result = json!({
            "ruleId": finding.rule.as_str(),
            "ruleIndex": self.rules[&finding.rule],
            "level": finding.level_as(self.context.options.undecided).as_str(),
            "message": message(&text(finding, &location.message)),
            "locations": [entry],
        });
        let related = self.related(finding, location.span);
        if !related.is_empty() {
            result["relatedLocations"] = Value::Array(related);
        }
        if let Some(flow) = self.code_flow(finding, &location) {
            result["codeFlows"] = json!([flow]);
        }
        if let Some(fix) = finding.offered.as_ref().and_then(|offered| self.fix(offered)) {
            result["fixes"] = json!([fix]);
        }
        if self.ignored {
            let suppressions = finding.ignored.as_ref().map(|ignored| suppression(ignored, &self.context.paths));
            result["suppressions"] = json!(suppressions.into_iter().collect::<Vec<_>>());
        }
        if self.baseline {
            let known = by(finding) == Some(IgnoredBy::Baseline);
            result["baselineState"] = json!(if known { "unchanged" } else { "new" });
        }
        result["partialFingerprints"] = json!({ "aznetlint/v1": finding.fingerprint });
        result["properties"] = json!({ "undecided": finding.undecided });
        for (name, value) in [
            ("placement", finding.placements.first().map(ToString::to_string)),
            ("flow", finding.flow.clone()),
            ("cause", finding.cause.clone()),
        ] {
            if let Some(value) = value {
                result["properties"][name] = json!(value);
            }
        }
        result
    }

    /// The other places of a finding that lie in files.
    fn related(&self, finding: &Finding, location: Option<Span>) -> Vec<Value> {
        let labels = finding.related.iter().filter(|label| self.context.paths.is_file(label.span.file));
        let labels = labels.filter(|label| Some(label.span) != location).take(RELATED);
        let entry = |(id, Label { span, message: text }): (usize, &Label)| {
            let mut entry = json!({ "id": id + 1, "physicalLocation": place(&self.context.paths, *span) });
            if !text.is_empty() {
                entry["message"] = message(text);
            }
            entry
        };
        labels.enumerate().map(entry).collect()
    }

    /// An edit, file by file. `None` where one of its files is none that a path names.
    fn fix(&self, offered: &Offered) -> Option<Value> {
        let paths = &self.context.paths;
        let mut changes = Vec::new();
        for edits in offered.edits.chunk_by(|one, other| one.span.file == other.span.file) {
            let file = edits.first()?.span.file;
            if !paths.is_file(file) {
                return None;
            }
            let replacement = |edit: &Edit| json!({ "deletedRegion": place(paths, edit.span)["region"], "insertedContent": { "text": edit.text } });
            let replacements: Vec<Value> = edits.iter().map(replacement).collect();
            changes.push(json!({ "artifactLocation": artifact(&paths.path_of(file)), "replacements": replacements }));
        }
        let caution = offered.caution.iter().map(|why| format!("look at it first, {why}"));
        let said: Vec<String> = std::iter::once(offered.title.clone()).chain(caution).collect();
        Some(json!({ "description": message(&said.join("; ")), "artifactChanges": changes }))
    }

    /// The way of a flow: what decided, then what is at fault.
    fn code_flow(&self, finding: &Finding, location: &Location) -> Option<Value> {
        let requirement = self.context.index.requirement(finding)?;
        let end = location.span?;
        let mut seen = BTreeSet::from([end]);
        let deciders = requirement.decided_by.iter().filter_map(|decider| Some((decider, decider.place?)));
        let mut steps: Vec<Value> = deciders
            .filter(|(_, span)| self.context.paths.is_file(span.file) && seen.insert(*span))
            .filter(|(_, span)| !within(*span, end))
            .take(RELATED)
            .map(|(decider, span)| {
                let said = message(&decider.to_string());
                json!({ "location": { "physicalLocation": place(&self.context.paths, span), "message": said } })
            })
            .collect();
        if steps.is_empty() {
            return None;
        }
        let said = if location.message.is_empty() { self.context.files.slice(end) } else { &location.message };
        let own =
            json!({ "location": { "physicalLocation": place(&self.context.paths, end), "message": message(said) } });
        // What is not known comes before the rules that hang on it; what is at fault comes last.
        steps.insert(if finding.undecided { 0 } else { steps.len() }, own);
        Some(json!({ "message": message(&requirement.flow), "threadFlows": [{ "locations": steps }] }))
    }
}

/// Whether one place holds the other.
fn within(one: Span, other: Span) -> bool {
    one.holds(other) || other.holds(one)
}

/// What a result says: the matter, the label, the packet, and what to do.
fn text(finding: &Finding, label: &str) -> String {
    let mut lines = vec![sentence(&finding.message)];
    if !label.is_empty() {
        lines.push(sentence(label));
    }
    let told = finding.remarks.iter().filter(|remark| matches!(remark.kind, "packet" | "replay" | "settle it" | "if"));
    lines.extend(told.map(|remark| format!("{}: {}", remark.kind, remark.text.replace('\n', " "))));
    lines.extend(finding.help.iter().map(|help| format!("fix: {help}")));
    lines.join("\n")
}

fn sentence(text: &str) -> String {
    let ends = text.trim_end().ends_with(['.', '!', '?', ':', ';']);
    if ends { text.to_owned() } else { format!("{text}.") }
}

/// A plain message. What looks like a link there would become one: a name from the input must not.
fn message(text: &str) -> Value {
    json!({ "text": text.replace("](", "] (") })
}

fn by(finding: &Finding) -> Option<IgnoredBy> {
    finding.ignored.as_ref().map(|ignored| ignored.by)
}

fn suppression(ignored: &Ignored, paths: &Paths<'_>) -> Value {
    let kind = match ignored.by {
        IgnoredBy::Comment | IgnoredBy::Metadata | IgnoredBy::Description => "inSource",
        IgnoredBy::Settings | IgnoredBy::Baseline => "external",
    };
    let reason = match (ignored.reason.as_str(), ignored.by) {
        ("", IgnoredBy::Baseline) => "it is in the baseline",
        (reason, _) => reason,
    };
    let mut suppression = json!({ "kind": kind, "status": "accepted", "justification": reason });
    if let Some(span) = ignored.place.filter(|span| paths.is_file(span.file)) {
        suppression["location"] = json!({ "physicalLocation": place(paths, span) });
    }
    suppression
}

fn place_of(paths: &Paths<'_>, location: &Location) -> Value {
    match location.span {
        Some(span) => place(paths, span),
        // Code scanning refuses the whole file for one result without a line.
        None => json!({ "artifactLocation": artifact(&location.path), "region": { "startLine": 1 } }),
    }
}

fn place(paths: &Paths<'_>, span: Span) -> Value {
    let region = paths.region(span);
    json!({
        "artifactLocation": artifact(&paths.path_of(span.file)),
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        },
    })
}

fn artifact(path: &str) -> Value {
    if is_drive(path) {
        json!({ "uri": format!("file:///{}", encoded(path)) })
    } else if path.starts_with('/') {
        json!({ "uri": format!("file://{}", encoded(path)) })
    } else {
        json!({ "uri": encoded(path), "uriBaseId": ROOT })
    }
}

/// The files that were judged or could not be.
fn artifacts(context: &Context<'_>) -> Value {
    let files = context.report.files.iter().filter(|file| file.outcome != Outcome::Skipped);
    let uris: BTreeSet<String> = files.map(|file| context.paths.path(&file.name)).collect();
    uris.iter().map(|path| json!({ "location": artifact(path), "roles": ["analysisTarget"] })).collect()
}

/// What could not be read, what was left out, and what was taken for granted.
fn notifications(context: &Context<'_>, shown: usize) -> Value {
    let report = context.report;
    let broken = report.files.iter().filter(|file| file.outcome == Outcome::Error).map(|file| {
        json!({
            "level": "error",
            "message": message(&sentence(file.detail.as_deref().unwrap_or("it cannot be read"))),
            "locations": [{ "physicalLocation": { "artifactLocation": artifact(&context.paths.path(&file.name)) } }],
        })
    });
    let note = |text: &str| json!({ "level": "note", "message": message(&sentence(text)) });
    let hidden = report.findings.len() - shown;
    let left_out = (hidden > 0).then(|| note(&format!("{hidden} more findings are not listed here")));
    let said: BTreeSet<&String> = report.remarks.iter().chain(&report.assumptions).collect();
    broken.chain(left_out).chain(said.into_iter().map(|text| note(text))).collect()
}

/// Code scanning takes no more tags for a rule.
const TAGS: usize = 20;
/// Code scanning takes no longer descriptions, in characters.
const DESCRIPTION: usize = 1024;

/// The descriptor of a rule.
pub(crate) fn described(card: &RuleCard) -> Value {
    let why = if card.why.is_empty() { &card.title } else { &card.why };
    let severity = match card.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "recommendation",
    };
    let mut rule = json!({
        "id": card.id.as_str(),
        "shortDescription": { "text": cut(&one_line_sentence(&card.title)) },
        "fullDescription": { "text": cut(&one_line_sentence(why)) },
        "help": { "text": help(card), "markdown": help_markdown(card) },
        "defaultConfiguration": { "level": card.level.as_str() },
    });
    // A name that says no more than the id is none.
    let name = name(card.id.as_str());
    if !name.eq_ignore_ascii_case(card.id.as_str()) {
        rule["name"] = json!(name);
    }
    if let Some(source) = card.sources.iter().find(|source| url(&source.url).is_some()) {
        rule["helpUri"] = json!(source.url);
    }
    rule["properties"] = json!({
        "tags": card.tags.iter().take(TAGS).collect::<Vec<_>>(),
        "precision": "very-high",
        "problem.severity": severity,
    });
    rule
}

/// `azureml/storage-blocked` as `AzuremlStorageBlocked`.
fn name(id: &str) -> String {
    let words = id.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    words.map(capital).collect()
}

fn one_line_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(DESCRIPTION - 1).chain(['…']).collect()
}

fn help(card: &RuleCard) -> String {
    let mut parts = vec![one_line_sentence(&card.title)];
    parts
        .extend([&card.why, &card.help].into_iter().filter(|text| !text.is_empty()).map(|text| text.trim().to_owned()));
    let sources = card.sources.iter();
    parts.extend(sources.map(|source| format!("Source: {}, {}, {}", source.title, source.read, source.url)));
    parts.join("\n\n")
}

fn help_markdown(card: &RuleCard) -> String {
    let mut parts = vec![format!("**{}**", plain(&card.title))];
    if !card.why.is_empty() {
        parts.push(block(&card.why));
    }
    if !card.help.is_empty() {
        parts.push(format!("### What to do\n\n{}", block(&card.help)));
    }
    if !card.seen_as.is_empty() {
        let seen: Vec<_> = card.seen_as.iter().map(|text| format!("- {}", code(text))).collect();
        parts.push(format!("### Seen as\n\n{}", seen.join("\n")));
    }
    if !card.sources.is_empty() {
        let line = |source: &crate::finding::Source| {
            let section = source.section.as_ref().map(|section| format!(", {}", plain(section))).unwrap_or_default();
            let title = plain(&source.title);
            let title = url(&source.url).map_or(title.clone(), |url| format!("[{title}]({url})"));
            format!("- {title}{section}, {}", plain(&source.read))
        };
        parts.push(format!("### Sources\n\n{}", card.sources.iter().map(line).collect::<Vec<_>>().join("\n")));
    }
    parts.push(format!("`aznetlint explain {}` says more.", card.id));
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::{RESULTS, described, encoded, fitting, message, name};
    use crate::finding::RuleCard;
    use crate::finding::{Finding, Label, Level};
    use crate::report::sample::{finding, sample};
    use crate::source::{FileId, Span};

    #[test]
    fn the_worst_of_too_many_are_kept_in_their_order() {
        let at = || Label { span: Span::new(FileId(0), 0, 1), message: String::new() };
        let of = |level: Level| move |_| finding("a/b", level, "it is so", at());
        let notes = (0..1000).map(of(Level::Note));
        let findings: Vec<Finding> = notes.chain((500..RESULTS).map(of(Level::Error))).collect();
        let fitting = fitting(&findings.iter().collect::<Vec<_>>(), Level::Note);
        assert_eq!(fitting.len(), RESULTS);
        assert!(fitting.is_sorted_by_key(|finding| finding.level), "notes stood first and still do");
        assert_eq!(fitting.iter().filter(|finding| finding.level == Level::Error).count(), RESULTS - 500);
    }

    #[test]
    fn a_name_makes_no_link() {
        assert_eq!(message("[x](https://a.b)")["text"], "[x] (https://a.b)");
    }

    #[test]
    fn paths_are_encoded() {
        assert_eq!(encoded("infra/größe 1%.json"), "infra/gr%C3%B6%C3%9Fe%201%25.json");
    }

    #[test]
    fn a_rule_brings_its_help() {
        let (_, report) = sample();
        let rule = described(report.rules.values().next().unwrap());
        assert_eq!(rule["name"], "AzuremlEntraBlocked");
        assert_eq!(rule["shortDescription"]["text"], "Microsoft Entra ID is out of reach.");
        let help = rule["help"]["markdown"].as_str().unwrap();
        assert!(
            help.contains("- [Configure inbound and outbound network traffic](https://learn.microsoft.com/"),
            "{help}"
        );
        assert!(help.contains("Basic configuration, 2026-03-19"), "{help}");
    }

    #[test]
    fn tags_and_descriptions_are_within_the_limits() {
        let (_, report) = sample();
        let mut card = RuleCard::clone(report.rules.values().next().unwrap());
        card.tags = (0..30).map(|number| format!("tag-{number}")).collect();
        card.why = "é".repeat(2000);
        let rule = described(&card);
        assert_eq!(rule["properties"]["tags"].as_array().unwrap().len(), 20);
        assert_eq!(rule["fullDescription"]["text"].as_str().unwrap().chars().count(), 1024);
    }

    #[test]
    fn names_are_words() {
        assert_eq!(name("azureml/inbound-44224-blocked"), "AzuremlInbound44224Blocked");
        assert_eq!(name("syntax"), "Syntax");
    }
}
