//! What the formats do with findings that are ignored, and with more than a place takes.

use serde_json::Value;

use crate::finding::{Finding, Ignored, IgnoredBy, Label, Level, Report};
use crate::report::sample::{finding, sample, span};
use crate::report::{Format, Options, render};
use crate::source::{Files, Span};

fn rendered(report: &Report, files: &Files, format: Format) -> String {
    let mut out = Vec::new();
    render(report, files, &Options { format, ..Options::default() }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn results(report: &Report, files: &Files) -> Vec<Value> {
    let sarif: Value = serde_json::from_str(&rendered(report, files, Format::Sarif)).unwrap();
    sarif["runs"][0]["results"].as_array().unwrap().clone()
}

/// The sample with its first finding ignored.
fn ignoring(by: IgnoredBy) -> (Files, Report) {
    let (files, mut report) = sample();
    let place = files.ids().last().map(|file| span(&files, file, "vnet-ml", 0));
    let reason = if by == IgnoredBy::Baseline { "" } else { "jump host" };
    report.findings[0].ignored = Some(Ignored { by, reason: reason.to_owned(), place });
    (files, report)
}

#[test]
fn sarif_keeps_what_is_ignored_as_suppressed() {
    let (files, report) = ignoring(IgnoredBy::Comment);
    let results = results(&report, &files);
    assert_eq!(results.len(), report.findings.len());
    let (ignored, open): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| result["ruleId"] == report.findings[0].rule.as_str());
    let suppression = &ignored[0]["suppressions"][0];
    assert_eq!(suppression["kind"], "inSource");
    assert_eq!(suppression["justification"], "jump host");
    assert_eq!(suppression["location"]["physicalLocation"]["artifactLocation"]["uri"], "infra/network/vnet.json");
    assert!(open.iter().all(|result| result["suppressions"].as_array().is_some_and(Vec::is_empty)));
    assert!(results.iter().all(|result| result.get("baselineState").is_none()), "there was no baseline");
}

#[test]
fn sarif_says_what_the_baseline_knows() {
    let (files, report) = ignoring(IgnoredBy::Baseline);
    for result in results(&report, &files) {
        let known = result["ruleId"] == report.findings[0].rule.as_str();
        assert_eq!(result["baselineState"], if known { "unchanged" } else { "new" });
        assert_eq!(result["suppressions"].as_array().unwrap().len(), usize::from(known));
    }
    let (files, report) = sample();
    assert!(results(&report, &files).iter().all(|result| result.get("suppressions").is_none()));
}

#[test]
fn other_formats_set_the_ignored_apart() {
    let (files, report) = ignoring(IgnoredBy::Settings);
    let junit = rendered(&report, &files, Format::Junit);
    assert!(junit.contains("<skipped type=\"violated\" message=\"ignored by settings: jump host; "), "{junit}");
    assert_eq!(junit.matches("<failure").count(), 2, "{junit}");
    let markdown = rendered(&report, &files, Format::Markdown);
    assert!(markdown.contains("<details><summary>1 ignored</summary>"), "{markdown}");
    assert!(markdown.contains("(settings: jump host)"), "{markdown}");
    assert!(rendered(&report, &files, Format::Csv).contains(",settings,jump host,"));
    for format in [Format::Github, Format::Azure] {
        let text = rendered(&report, &files, format);
        assert!(!text.lines().any(|line| line.contains("error") && line.contains("cannot reach compute")), "{text}");
    }
}

/// One text, and so many findings of a level at its only character.
fn many(levels: &[(Level, usize)]) -> (Files, Report) {
    let mut files = Files::default();
    let file = files.add("a.json", "x");
    let at = || Label { span: Span::new(file, 0, 1), message: "here".to_owned() };
    let of = |(level, number): &(Level, usize)| {
        let (level, number) = (*level, *number);
        (0..number).map(move |index| (level, index)).collect::<Vec<_>>()
    };
    let findings = levels.iter().flat_map(of);
    let findings: Vec<Finding> =
        findings.map(|(level, index)| finding("a/b", level, &format!("{level} {index}"), at())).collect();
    (files, Report { findings, ..Report::default() })
}

#[test]
fn annotations_stay_within_what_is_shown() {
    let (files, report) = many(&[(Level::Note, 12), (Level::Warning, 11), (Level::Error, 12)]);
    let text = rendered(&report, &files, Format::Github);
    let at = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((at("::error "), at("::warning "), at("::notice ")), (10, 10, 10));
    assert!(text.ends_with("5 more findings in the text above, past what GitHub annotates\n"), "{text}");
    let first = text.lines().find(|line| line.starts_with("::error") || line.starts_with("::notice"));
    assert!(first.is_some_and(|line| line.starts_with("::error")), "the worst come first");
    let text = rendered(&report, &files, Format::Azure);
    let at = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((at("##vso[task.logissue type=error"), at("##vso[task.logissue type=warning")), (10, 10));
    assert!(text.ends_with("15 more findings in the text above, past what Azure Pipelines lists\n"), "{text}");
}

#[test]
fn a_summary_stays_within_its_size() {
    let (files, report) = many(&[(Level::Error, 25_000)]);
    let text = rendered(&report, &files, Format::Markdown);
    assert!(text.len() < 1024 * 1024, "{} bytes", text.len());
    assert!(text.contains(" more findings.\n"), "what is left out is counted");
}
