//! Assertion rules: a JSONPath over resources of a type, and what must hold of what it selects.

use std::sync::Arc;

use crate::finding::{Finding, Label, Level, Remark, fingerprint};
use crate::json::{Node, Selection, Selector, Value as Json};
use crate::rule::condition::Truth;
use crate::rule::error::RuleError;
use crate::rule::pattern::assert::{self, Assert, Clauses, is_unshown};
use crate::rule::pattern::beside::{Beside, Found};
use crate::rule::pattern::beside::{Resource, Resources};
use crate::rule::pattern::field::{steps, unknown_places, why};
use crate::rule::schema::Keys;
use crate::rule::value;
use crate::rule::value::Template;

/// A rule that asserts something of every resource of some types.
#[derive(Clone, Debug)]
pub struct AssertionRule {
    /// The types, at least one.
    pub resources: Vec<Arc<str>>,
    /// Only resources of which these hold.
    pub(crate) when: Clauses,
    /// Only resources beside which there are, or are not, these.
    pub(crate) beside: Vec<Beside>,
    /// What is looked at.
    pub select: Selector,
    /// What must hold, all of it.
    pub(crate) asserts: Vec<Assert>,
}

/// What the message may fill in.
const MESSAGE_NAMES: [&str; 4] = ["name", "type", "value", "beside"];

impl AssertionRule {
    /// The keys of an assertion rule beside the header.
    pub(crate) const KEYS: [&str; 5] = ["resource", "when", "beside", "select", "assert"];

    /// Reads an assertion rule and its message.
    pub(crate) fn read(keys: &Keys<'_>) -> Result<(Self, Template), RuleError> {
        let resource = keys.need("resource")?;
        let resources = resource.items().into_iter().map(value::type_name).collect::<Result<Vec<_>, _>>()?;
        if resources.is_empty() {
            return Err(resource.error("the list is empty"));
        }
        let when = keys.get("when").map(Clauses::read).transpose()?.unwrap_or_default();
        let beside = keys.items("beside").into_iter().map(Beside::read).collect::<Result<_, _>>()?;
        let asserts = assert::read(keys.need("assert")?)?;
        let message = Template::read(keys.need("message")?, MESSAGE_NAMES)?;
        Ok((Self { resources, when, beside, select: value::selector(keys.need("select")?)?, asserts }, message))
    }

    /// The findings of the rule, in the order of the estate; `base` is the finding's common part.
    pub(crate) fn findings(&self, resources: &Resources<'_>, message: &Template, base: &Finding) -> Vec<Finding> {
        let these: Vec<&Resource<'_>> = self.resources.iter().flat_map(|wanted| resources.of(wanted)).collect();
        let mut found = vec![Found::default(); these.len()];
        for beside in &self.beside {
            beside.find(resources, &these, &mut found);
            // Most inputs hold nothing of what a rule asks to be beside, and then there is nothing more to look at.
            if found.iter().all(|found| found.truths.contains(&Truth::No)) {
                return Vec::new();
            }
        }
        let findings = these.iter().zip(found);
        findings.filter_map(|(resource, found)| self.finding(resource, found, message, base)).collect()
    }

    fn finding(&self, resource: &Resource<'_>, found: Found, message: &Template, base: &Finding) -> Option<Finding> {
        let when = std::iter::once_with(|| self.when.hold(resource.node));
        let applies = Truth::all(found.truths.into_iter().chain(when));
        if applies == Truth::No {
            return None;
        }
        let selection = self.select.evaluate(resource.node);
        let mut verdicts = vec![applies];
        verdicts.extend(resource.condition.map(|unknown| Truth::Unknown(vec![why(unknown)])));
        let asserts = Truth::all(self.asserts.iter().map(|assert| assert.holds(&selection)));
        verdicts.push(asserts.negated());
        let truth = Truth::all(verdicts);
        if truth == Truth::No {
            return None;
        }
        // What a mention does not show is said once about the run.
        if truth != Truth::Yes && (is_unshown(&selection) || self.when.look_at_unshown(resource.node)) {
            return None;
        }
        let guilty = self.guilty(&selection);
        let fill = |name: &str| {
            Some(match name {
                "name" => resource.name.clone(),
                "type" => resource.type_name.to_string(),
                "beside" => found.name.clone().unwrap_or_else(|| "another resource".to_owned()),
                _ => guilty.map_or_else(|| "nothing".to_owned(), shown),
            })
        };
        let message = message.fill(fill).unwrap_or_else(|_: Arc<str>| message.to_string());
        let mut finding = Finding { resource: Some(resource.id.clone()), message, ..base.clone() };
        let mut labels = match guilty.map(|node| (node, node.unknown())) {
            Some((node, Some(unknown))) => unknown_places(unknown, node.span, node.via.as_deref()),
            Some((node, None)) => {
                let trail = node.via.as_deref().map(steps).unwrap_or_default().into_iter();
                let way = trail.filter(|(span, _)| *span != node.span).map(|(span, message)| Label { span, message });
                std::iter::once(Label { span: node.span, message: String::new() }).chain(way).collect()
            }
            None => vec![Label { span: resource.span, message: String::new() }],
        };
        finding.related = labels.split_off(1);
        finding.at = labels.remove(0);
        finding.related.extend(found.labels);
        finding.related.retain(|label| label.span != finding.at.span);
        if let Truth::Unknown(reasons) = truth {
            finding.undecided = true;
            finding.level = Level::Note;
            finding.message = format!("cannot tell whether {}", finding.message);
            finding.remarks.push(Remark { kind: "depends on", text: reasons.join("\n") });
        }
        finding.subject = Some(resource.node.span);
        finding.fingerprint = fingerprint(&base.rule, &resource.id, self.select.text());
        Some(finding)
    }

    /// The node a finding points at: the first that fails, else the first selected.
    fn guilty<'n>(&self, selection: &Selection<'n>) -> Option<&'n Node> {
        let fails = |node: &&&Node| self.asserts.iter().any(|assert| assert.fails_at(node));
        let first = selection.hits.iter().find(fails).or_else(|| selection.hits.first());
        first.or_else(|| selection.blocked.first()).copied()
    }
}

fn shown(node: &Node) -> String {
    match &node.value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => text.to_string(),
        Json::Unknown(unknown) => unknown.text.to_string(),
        Json::List(items) => format!("a list of {}", items.len()),
        Json::Object(_) => "an object".to_owned(),
        Json::Deferred(_) => "an expression".to_owned(),
    }
}
