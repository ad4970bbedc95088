//! Runs pattern and assertion rules over an estate. Requirement rules are the work of `require`.

use crate::estate::Estate;
use crate::finding::{Finding, Label};
use crate::rule::Resources;
use crate::rule::Scene;
use crate::rule::{Body, Rule};
use crate::source::{FileId, Span};

/// The findings of all pattern and assertion rules, by rule and then in the order of the estate.
pub fn patterns<'r>(rules: impl IntoIterator<Item = &'r Rule>, estate: &Estate) -> Vec<Finding> {
    let scene = Scene::new(estate);
    let resources = Resources::new(estate);
    let mut findings = Vec::new();
    for rule in rules {
        let Some(message) = &rule.message else { continue };
        match &rule.body {
            Body::Requirement(_) => {}
            Body::Pattern(pattern) => findings.extend(pattern.findings(&scene, message, &base(rule))),
            Body::Assertion(assertion) => findings.extend(assertion.findings(&resources, message, &base(rule))),
        }
    }
    findings
}

/// What every finding of a rule has in common.
fn base(rule: &Rule) -> Finding {
    Finding {
        rule: rule.card.id.clone(),
        level: rule.card.level,
        undecided: false,
        message: String::new(),
        at: Label { span: Span::new(FileId(0), 0, 0), message: String::new() },
        related: Vec::new(),
        subject: None,
        remarks: Vec::new(),
        conditions: Vec::new(),
        help: Some(rule.card.help.clone()),
        snippet: None,
        resource: None,
        placement: None,
        placements: Vec::new(),
        flow: None,
        cause: None,
        fingerprint: String::new(),
        ignored: None,
    }
}
