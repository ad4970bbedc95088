//! From a rule as written to a rule that can be evaluated. Every complaint has its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{RuleCard, RuleId};
use crate::rule::card;
use crate::rule::condition::Condition;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::flow::{Requirement, RequirementRule, read_clouds};
use crate::rule::pattern::{AssertionRule, PatternRule};
use crate::rule::schema::{Keys, Written};
use crate::rule::service::Service;
use crate::rule::template::Template;

/// A rule that can be evaluated.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it says about itself.
    pub card: RuleCard,
    /// What it asks.
    pub body: Body,
    /// What its findings say; the title when it has none.
    pub message: Option<Template>,
}

/// The kinds of rules.
#[derive(Clone, Debug)]
pub enum Body {
    /// Something that every placement of a service needs.
    Requirement(Box<RequirementRule>),
    /// A pattern in one subject.
    Pattern(Box<PatternRule>),
    /// An assertion on resources of some types.
    Assertion(Box<AssertionRule>),
}

/// What the message of a requirement rule may fill in beside the words among the facts.
const MESSAGE_NAMES: [&str; 6] = ["placement", "service", "subnet", "flow", "layer", "decided-by"];

const REQUIREMENT_KEYS: [&str; 6] = ["service", "applies", "clouds", "require", "assumes", "advice"];

/// Compiles one rule.
pub(crate) fn rule(
    id: &RuleId,
    written: Written<'_>,
    services: &BTreeMap<Arc<str>, Service>,
) -> Result<Rule, RuleError> {
    let pairs = written.pairs()?;
    let has = |key: &str| pairs.iter().any(|pair| &**pair.key == key);
    if has("service") {
        let keys = written.keys("a requirement rule", &[&card::KEYS[..], &REQUIREMENT_KEYS].concat())?;
        return requirement(id, &keys, services);
    }
    if has("subject") {
        let keys = written.keys("a pattern rule", &[&card::KEYS[..], &PatternRule::KEYS].concat())?;
        let (pattern, message) = PatternRule::read(&keys)?;
        return Ok(Rule {
            card: card::read(id, &keys)?,
            body: Body::Pattern(Box::new(pattern)),
            message: Some(message),
        });
    }
    if has("resource") {
        let keys = written.keys("an assertion rule", &[&card::KEYS[..], &AssertionRule::KEYS].concat())?;
        let (assertion, message) = AssertionRule::read(&keys)?;
        let body = Body::Assertion(Box::new(assertion));
        return Ok(Rule { card: card::read(id, &keys)?, body, message: Some(message) });
    }
    Err(written.error("a rule needs one of the keys `service`, `subject`, `resource`").help(
        "`service` begins a requirement, `subject` a pattern over typed resources, `resource` an assertion on any",
    ))
}

fn requirement(id: &RuleId, keys: &Keys<'_>, services: &BTreeMap<Arc<str>, Service>) -> Result<Rule, RuleError> {
    let card = card::read(id, keys)?;
    let name = keys.need("service")?;
    let wanted = name.text()?;
    let Some(service) = services.get(&wanted) else {
        return Err(name.error(format!("there is no service `{wanted}`")).label("unknown service").help(suggestion(
            &wanted,
            "services are",
            services.keys().map(|name| &**name),
        )));
    };
    let applies = match keys.get("applies") {
        Some(applies) => Condition::read(applies, &wanted, &service.facts)?,
        None => Condition::Always,
    };
    let names = MESSAGE_NAMES.iter().copied().chain(service.facts.keys().map(|name| &**name));
    let message = keys.get("message").map(|message| Template::read(message, names)).transpose()?;
    let require = Requirement::read(keys.need("require")?, service)?;
    let body = RequirementRule {
        service: Arc::clone(&service.name),
        applies,
        clouds: read_clouds(keys.get("clouds"), &require)?,
        rows: card::rows(&card.tags),
        assumes: keys.items("assumes").into_iter().map(card::line).collect::<Result<_, _>>()?,
        advice: keys.get("advice").map(Written::bool).transpose()?.unwrap_or(false),
        require,
    };
    Ok(Rule { card, body: Body::Requirement(Box::new(body)), message })
}
