//! Services: how each is found in an estate, and the facts its requirements ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{FactValue, Source};
use crate::json::Selector;
use crate::rule::card::read_sources;
use crate::rule::condition::Condition;
use crate::rule::error::RuleError;
use crate::rule::fact::FactSpec;
use crate::rule::schema::Written;
use crate::rule::value;

/// Something with documented network needs.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name: `azureml-compute`.
    pub name: Arc<str>,
    /// Its title: `Azure Machine Learning compute`.
    pub title: Arc<str>,
    /// What it is, in a sentence or two.
    pub describe: Arc<str>,
    /// Resources that put it on a subnet.
    pub found_on: Vec<Finder>,
    /// What its requirements may ask for.
    pub facts: BTreeMap<Arc<str>, FactSpec>,
    /// When nothing is judged, and why; the first that holds counts.
    pub not_judged: Vec<NotJudged>,
    /// Where all this comes from.
    pub sources: Vec<Source>,
}

/// When a placement is not judged.
#[derive(Clone, Debug)]
pub struct NotJudged {
    /// When.
    pub when: Condition,
    /// Why, for the report.
    pub because: Arc<str>,
}

/// A kind of resource that puts a service on a subnet.
#[derive(Clone, Debug)]
pub struct Finder {
    /// The resource's type.
    pub resource: Arc<str>,
    /// Where its subnet's id is, from the resource in REST form.
    pub subnet: Selector,
    /// Only when each of these selects one of its values.
    pub when: Vec<(Selector, Vec<FactValue>)>,
}

const KEYS: [&str; 7] = ["service", "title", "describe", "found-on", "facts", "not-judged", "sources"];
impl Service {
    /// Reads a `service.yaml`.
    pub(crate) fn read(written: Written<'_>) -> Result<Self, RuleError> {
        let keys = written.keys("a service", &KEYS)?;
        let name = keys.need("service")?.text()?;
        let facts = match keys.get("facts") {
            Some(facts) => facts
                .pairs()?
                .into_iter()
                .map(|pair| {
                    if ["all", "any", "not"].contains(&&**pair.key) {
                        return Err(pair.error(format!("a fact cannot be called `{}`", pair.key)));
                    }
                    Ok((Arc::clone(pair.key), FactSpec::read(pair.value)?))
                })
                .collect::<Result<_, _>>()?,
            None => BTreeMap::new(),
        };
        let not_judged = keys.items("not-judged").into_iter().map(|item| {
            let keys = item.keys("`not-judged`", &["when", "because"])?;
            let when = Condition::read(keys.need("when")?, &name, &facts)?;
            Ok(NotJudged { when, because: keys.need("because")?.text()? })
        });
        Ok(Self {
            not_judged: not_judged.collect::<Result<_, _>>()?,
            title: keys.need("title")?.text()?,
            describe: keys.need("describe")?.text()?,
            found_on: keys.items("found-on").into_iter().map(read_finder).collect::<Result<_, _>>()?,
            sources: read_sources(&keys)?,
            name,
            facts,
        })
    }
}

fn read_finder(written: Written<'_>) -> Result<Finder, RuleError> {
    let keys = written.keys("`found-on`", &["resource", "subnet", "when"])?;
    let when = match keys.get("when") {
        Some(when) => when
            .pairs()?
            .into_iter()
            .map(|pair| {
                let selector = value::selector_at(pair.value, pair.key_at, pair.key)?;
                let values = pair.value.items().into_iter().map(read_any).collect::<Result<_, _>>()?;
                Ok((selector, values))
            })
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(Finder { resource: value::resource_type(&keys)?, subnet: value::selector(keys.need("subnet")?)?, when })
}

fn read_any(written: Written<'_>) -> Result<FactValue, RuleError> {
    match written.bool() {
        Ok(value) => Ok(FactValue::Bool(value)),
        Err(_) => Ok(FactValue::Text(written.scalar()?.to_string())),
    }
}
