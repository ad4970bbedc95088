//! The shipped rules: every one loads, has its cases, and does on them what they say.

use aznetlint::arm::{self, Assumptions, Inputs, NoLinks, Wanted};
use aznetlint::cases::{self, Answer};
use aznetlint::estate::{self, Options, Piece, Shape};
use aznetlint::finding::{FileReport, Outcome};
use aznetlint::rule::{self, Body, CaseFile, CaseInput, Pack};

/// The road from texts to the findings of pattern and assertion rules.
fn road(pack: &Pack, input: &CaseInput) -> Answer {
    let mut answer = Answer::default();
    let mut pieces = Vec::new();
    let mut faults = Vec::new();
    let mut documents = Vec::new();
    for (name, text) in &input.files {
        let file = answer.files.add(name.as_str(), text.as_str());
        let parsed = aznetlint::json::parse(file, text);
        answer.report.files.push(FileReport {
            name: name.clone(),
            file: Some(file),
            shape: None,
            outcome: if parsed.is_ok() { Outcome::Judged } else { Outcome::Error },
            detail: parsed.as_ref().err().map(|error| error.message.clone()),
            named: true,
        });
        documents.extend(parsed.ok().map(|document| (file, document)));
    }
    for (file, document) in &documents {
        if arm::is_template(&document.root) {
            let assumptions = Assumptions::default();
            let inputs = Inputs {
                files: &answer.files,
                parameters: None,
                set: &[],
                assumptions: &assumptions,
                wanted: Wanted::All,
                links: &NoLinks,
            };
            let expansion = arm::expand(*file, document, &inputs);
            pieces.extend(expansion.resources.into_iter().map(|resource| Piece {
                node: resource.node,
                shape: Shape::Template,
                condition: resource.condition,
            }));
        } else {
            let gathered = estate::gather(&document.root);
            pieces.extend(gathered.pieces);
            faults.extend(gathered.faults);
        }
    }
    let mut estate = estate::build(pieces, Options::default());
    estate.faults.extend(faults);
    answer.report.findings = rule::patterns(&pack.rules, &estate);
    answer
}

#[test]
fn every_rule_does_what_its_cases_say() {
    let pack = Pack::load(true, &[]).unwrap();
    let files = CaseFile::load(&pack, true, &[]).unwrap();
    let wanted =
        |id: &_| pack.rules.iter().any(|rule| rule.card.id == *id && !matches!(rule.body, Body::Requirement(_)));
    let results = cases::run(&pack, &wanted, &files, &|input| road(&pack, input));
    assert!(results.is_good(), "{results}");
    assert!(results.cases.len() >= 100, "{results}");
}

#[test]
fn every_kind_of_fault_has_one_rule() {
    let pack = Pack::load(true, &[]).unwrap();
    for (kind, _) in estate::FAULT_KINDS {
        let of_kind = pack.rules.iter().filter(|rule| rule.card.id.as_str().split('/').next_back() == Some(kind));
        assert_eq!(of_kind.count(), 1, "rules for the fault {kind}");
    }
}
