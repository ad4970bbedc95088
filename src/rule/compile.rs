//! From a rule as written to a rule that can be evaluated. Every complaint has its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Level, RuleCard, RuleId};
use crate::rule::condition::Condition;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::flow::{Requirement, RequirementRule, read_clouds};
use crate::rule::hosts::rows;
use crate::rule::pattern::{AssertionRule, PatternRule};
use crate::rule::schema::{Keys, Written};
use crate::rule::service::{Service, line, read_sources};
use crate::rule::value::Template;

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
        let keys = written.keys("a requirement rule", &[&CARD_KEYS[..], &REQUIREMENT_KEYS].concat())?;
        return requirement(id, &keys, services);
    }
    if has("subject") {
        let keys = written.keys("a pattern rule", &[&CARD_KEYS[..], &PatternRule::KEYS].concat())?;
        let (pattern, message) = PatternRule::read(&keys)?;
        return Ok(Rule {
            card: read_card(id, &keys)?,
            body: Body::Pattern(Box::new(pattern)),
            message: Some(message),
        });
    }
    if has("resource") {
        let keys = written.keys("an assertion rule", &[&CARD_KEYS[..], &AssertionRule::KEYS].concat())?;
        let (assertion, message) = AssertionRule::read(&keys)?;
        let body = Body::Assertion(Box::new(assertion));
        return Ok(Rule { card: read_card(id, &keys)?, body, message: Some(message) });
    }
    Err(written.error("a rule needs one of the keys `service`, `subject`, `resource`").help(
        "`service` begins a requirement, `subject` a pattern over typed resources, `resource` an assertion on any",
    ))
}

fn requirement(id: &RuleId, keys: &Keys<'_>, services: &BTreeMap<Arc<str>, Service>) -> Result<Rule, RuleError> {
    let card = read_card(id, keys)?;
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
        rows: rows(&card.tags),
        assumes: keys.items("assumes").into_iter().map(line).collect::<Result<_, _>>()?,
        advice: keys.get("advice").map(Written::bool).transpose()?.unwrap_or(false),
        require,
    };
    Ok(Rule { card, body: Body::Requirement(Box::new(body)), message })
}

/// The keys of the header.
const CARD_KEYS: [&str; 9] = ["title", "level", "message", "why", "help", "sources", "tags", "seen-as", "since"];

const LEVELS: [(&str, Level); 3] = [("error", Level::Error), ("warning", Level::Warning), ("note", Level::Note)];

/// Reads the header of the rule `id`.
fn read_card(id: &RuleId, keys: &Keys<'_>) -> Result<RuleCard, RuleError> {
    let texts = |key: &str| -> Result<Vec<String>, RuleError> {
        keys.items(key).into_iter().map(|item| item.scalar().map(|text| text.to_string())).collect()
    };
    let tags = texts("tags")?;
    for (item, tag) in keys.items("tags").into_iter().zip(&tags) {
        if tag.contains(|letter: char| letter.is_whitespace() || letter == ',') {
            return Err(item.error(format!("tag `{tag}` holds a blank or a comma")));
        }
    }
    Ok(RuleCard {
        id: id.clone(),
        title: line(keys.need("title")?)?.to_string(),
        level: keys.need("level")?.word("level", &LEVELS)?,
        why: keys.need("why")?.text()?.to_string(),
        help: keys.need("help")?.text()?.to_string(),
        sources: read_sources(keys)?,
        tags,
        seen_as: texts("seen-as")?,
        since: keys.get("since").map(Written::scalar).transpose()?.map_or_else(String::new, |text| text.to_string()),
    })
}
