//! What a workspace itself says it needs: many flows of one rule, each with a finding, a test and a fix of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use aznetlint::finding::{Index, RuleId, Verdict};
use aznetlint::judge::{Origin, Request, Requests};
use aznetlint::lint::{Outcome, Settings, lint_texts};
use aznetlint::report;
use aznetlint::rule::Pack;

fn one_deny() -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/dependencies.in/one-deny");
    let texts = ["nsg.json", "dependencies.json"];
    let texts = texts.map(|name| (name.to_owned(), fs::read_to_string(folder.join(name)).unwrap()));
    let service = Request {
        service: "azureml-compute".to_owned(),
        pattern: None,
        facts: BTreeMap::new(),
        origin: Origin::CommandLine,
    };
    let requests = Requests { services: vec![service], ..Requests::default() };
    lint_texts(texts, &Pack::load(true, &[]).unwrap(), &Settings { requests, ..Settings::default() })
}

#[test]
fn each_endpoint_has_a_finding_of_its_own() {
    let report = one_deny().report;
    let rule = RuleId::new("azureml/dependency-blocked");
    let (index, mut blocked) = (Index::new(&report), 0);
    for placement in &report.placements {
        for one in placement.requirements.iter().filter(|one| one.rule == rule) {
            let finding = index.finding(placement, one);
            let expected = one.verdict != Some(Verdict::Satisfied);
            assert_eq!(finding.map(|finding| finding.flow.as_deref()), expected.then_some(Some(one.flow.as_str())));
            blocked += usize::from(expected);
        }
    }
    assert!(blocked > 20, "{blocked}");
}

#[test]
fn each_endpoint_is_a_test_of_its_own() {
    let outcome = one_deny();
    let options = report::Options { format: report::Format::Junit, ..report::Options::default() };
    let mut out = Vec::new();
    report::render(&outcome.report, &outcome.files, &options, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let names: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("<testcase name=")).collect();
    let different: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(names.len(), different.len());
    assert!(names.iter().filter(|name| name.contains("azureml/dependency-blocked: ")).count() > 20);
}

#[test]
fn all_that_is_to_be_pasted_fits_together() {
    let report = one_deny().report;
    let fixes: BTreeSet<&str> = report.findings.iter().filter_map(|finding| finding.snippet.as_deref()).collect();
    let rules: Vec<serde_json::Value> = fixes.iter().map(|fix| serde_json::from_str(fix).unwrap()).collect();
    let names: BTreeSet<&str> = rules.iter().filter_map(|rule| rule["name"].as_str()).collect();
    let places =
        rules.iter().map(|rule| &rule["properties"]).map(|one| (one["direction"].as_str(), one["priority"].as_i64()));
    let places: BTreeSet<_> = places.collect();
    assert_eq!((names.len(), places.len()), (fixes.len(), fixes.len()), "{fixes:#?}");
}
