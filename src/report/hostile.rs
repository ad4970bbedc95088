//! Names that would be obeyed: none is, in any format.

use proptest::prelude::*;

use crate::finding::{FileReport, Ignored, IgnoredBy, Label, Level, Outcome, PlacementId, Report};
use crate::report::sample::{finding, sample};
use crate::report::{Format, Options, render};
use crate::source::{Files, Span};

/// What an attacker would call things.
const NAMES: [&str; 14] = [
    "::error file=x::pwned",
    "\n::set-env name=PATH::x",
    "##vso[task.setvariable variable=x]y",
    "#\u{200d}#vso[task.complete result=Failed]",
    "##[error]x",
    "]]><script>alert(1)</script>",
    "--><img src=x onerror=alert(1)>",
    "| a | b |\n|-|-|",
    "[click](javascript:alert(1))",
    "=cmd|' /C calc'!A0",
    "\u{0}\u{7}\u{1b}[31m\u{202e}\u{feff}",
    "`` ` ``` </code>",
    "@team #1 \r\n- [ ] x",
    "%0A%AZP25;]",
];

/// The sample with every name and text that comes from the input replaced.
fn named(name: &str) -> (Files, Report) {
    let (_, mut report) = sample();
    let mut files = Files::default();
    let file = files.add(format!("infra/{name}.json"), format!("{{ \"name\": \"{name}\" }}").repeat(9));
    let place = Span::new(file, 2, 8);
    let label = || Label { span: place, message: format!("label {name}") };
    for finding in &mut report.findings {
        finding.at = label();
        finding.related = vec![label()];
        finding.message = name.to_owned();
        finding.resource = Some(name.to_owned());
        finding.placement = Some(PlacementId::new(name, name));
        finding.placements = vec![PlacementId::new(name, name).under(name)];
        finding.help = Some(name.to_owned());
        finding.remarks.iter_mut().for_each(|remark| remark.text = name.to_owned());
        finding.fingerprint = name.to_owned();
    }
    report.findings[0].ignored = Some(Ignored { by: IgnoredBy::Comment, reason: name.to_owned(), place: Some(place) });
    report.findings.push(finding("a/b", Level::Error, name, label()));
    for placement in &mut report.placements {
        placement.id = PlacementId::new(name, name).under(name);
        placement.on = [("subnet", name.to_owned())].into();
        placement.found = name.to_owned();
        placement.facts.iter_mut().for_each(|fact| fact.place = None);
        for requirement in &mut placement.requirements {
            for decider in &mut requirement.decided_by {
                decider.name = name.to_owned();
                decider.place = Some(place);
            }
            requirement.why = vec![name.to_owned()];
        }
    }
    report.files = vec![
        FileReport {
            name: files.name(file).to_owned(),
            file: Some(file),
            shape: None,
            outcome: Outcome::Judged,
            detail: None,
            named: true,
        },
        FileReport {
            name: name.to_owned(),
            file: None,
            shape: None,
            outcome: Outcome::Error,
            detail: Some(name.to_owned()),
            named: true,
        },
    ];
    report.remarks = vec![name.to_owned()];
    (files, report)
}

fn rendered(format: Format, name: &str) -> String {
    let (files, report) = named(name);
    let mut out = Vec::new();
    render(&report, &files, &Options { format, ..Options::default() }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The lines that the runner of GitHub obeys, by its own rules.
fn obeyed_by_github(text: &str) -> Vec<&str> {
    let mut stopped: Option<&str> = None;
    let mut obeyed = Vec::new();
    for line in text.split(['\n', '\r']) {
        let trimmed = line.trim_start();
        match stopped {
            Some(token) => {
                if trimmed.strip_prefix("::").and_then(|rest| rest.strip_prefix(token)).is_some() {
                    stopped = None;
                }
            }
            None => match trimmed.strip_prefix("::stop-commands::") {
                Some(token) => stopped = Some(token),
                None if trimmed.starts_with("::") || trimmed.contains("##[") => obeyed.push(trimmed),
                None => {}
            },
        }
    }
    assert!(stopped.is_none(), "commands are on again");
    obeyed
}

/// Whether a text is one XML element after its head, well formed, with no character that XML forbids.
fn is_xml(text: &str) -> bool {
    let forbidden =
        |ch: char| matches!(ch, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    let Some(mut rest) = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") else { return false };
    let mut open: Vec<&str> = Vec::new();
    while let Some((before, after)) = rest.split_once('<') {
        let Some((tag, next)) = after.split_once('>') else { return false };
        if before.contains(['>', '"']) || (open.is_empty() && !before.trim().is_empty()) {
            return false;
        }
        let (name, _) = tag.split_once(' ').unwrap_or((tag, ""));
        match name.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            None if !tag.ends_with('/') => open.push(name),
            _ => {}
        }
        // Quotes come in pairs, and nothing in a value ends it.
        if !tag.matches('"').count().is_multiple_of(2) {
            return false;
        }
        rest = next;
    }
    let bare = |part: &str| {
        let entity = part.split_once(';').map(|(entity, _)| entity);
        entity.is_none_or(|entity| !["lt", "gt", "amp", "quot"].contains(&entity) && !entity.starts_with('#'))
    };
    open.is_empty() && rest.trim().is_empty() && !text.contains(forbidden) && !text.split('&').skip(1).any(bare)
}

/// How many cells each record has.
fn cells(text: &str) -> Vec<usize> {
    let (mut counts, mut cells, mut quoted) = (Vec::new(), 1, false);
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            '"' => quoted = !quoted,
            ',' if !quoted => cells += 1,
            '\r' if !quoted && chars.next_if_eq(&'\n').is_some() => {
                counts.push(cells);
                cells = 1;
            }
            _ => {}
        }
    }
    counts
}

fn holds(name: &str) {
    for line in obeyed_by_github(&rendered(Format::Github, name)) {
        let ours = ["::error file=", "::warning file=", "::notice file="];
        assert!(ours.iter().any(|start| line.starts_with(start)), "{line}");
        assert_eq!(line.matches("::").count().min(2), 2, "{line}");
    }
    for line in rendered(Format::Azure, name).split(['\n', '\r']) {
        // The agent obeys the first command of a line; the rest of the line is its text.
        let lower = line.to_ascii_lowercase();
        let ours = line.starts_with("##vso[task.logissue type=");
        assert!(ours || !lower.contains("##vso[") && !lower.contains("##["), "{line}");
    }
    assert!(is_xml(&rendered(Format::Junit, name)), "{}", rendered(Format::Junit, name));
    let csv = rendered(Format::Csv, name);
    assert!(cells(&csv).iter().all(|count| *count == 23) && csv.ends_with("\r\n"), "{csv}");
    let markdown = rendered(Format::Markdown, name);
    assert!(markdown.starts_with("<!-- aznetlint -->\n"), "{markdown}");
    // Without what is escaped and what is code, which has a fence longer than any inside it.
    let unescaped = markdown.replace("\\`", "").replace("\\]", "").replace("\\[", "");
    let outside: String = unescaped.split('`').step_by(2).collect();
    for word in ["<script", "<img", "](javascript", "@team"] {
        assert!(!outside.contains(word), "{word} in {markdown}");
    }
    assert!(!markdown.contains('\u{1b}'), "{markdown}");
    for format in [Format::Sarif, Format::Json] {
        let value: serde_json::Value = serde_json::from_str(&rendered(format, name)).unwrap();
        assert!(value.is_object());
    }
}

#[test]
fn hostile_names_are_not_obeyed() {
    NAMES.iter().for_each(|name| holds(name));
}

#[test]
fn references_are_relative_and_plain() {
    for name in NAMES {
        let sarif: serde_json::Value = serde_json::from_str(&rendered(Format::Sarif, name)).unwrap();
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && !uri.starts_with('/'), "{uri}");
            assert!(uri.chars().all(|ch| ch.is_ascii_alphanumeric() || "-._~/%".contains(ch)), "{uri}");
            assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64() > Some(0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_name_is_obeyed(name in prop_oneof![any::<String>(), "[:#\\[\\]<>|`=%;,\"' \n\r\t-]{0,24}"]) {
        holds(&name);
    }
}
