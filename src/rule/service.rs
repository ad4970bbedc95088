//! Services: how each is found in an estate, and the facts its requirements ask for.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::date::Date;
use crate::finding::{FactValue, Source};
use crate::json::Selector;
use crate::rule::condition::Condition;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::fact::{FactSource, FactSpec};
use crate::rule::schema::{Keys, Pair, Written};
use crate::rule::shipped::Shipped;
use crate::rule::tree::ServiceHead;
use crate::rule::value;

/// Something with documented network needs. Its details are read when something first asks for them.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name: `azureml-compute`.
    pub name: Arc<str>,
    /// It comes with the program.
    pub is_shipped: bool,
    /// The types of the resources that put it on a subnet.
    pub found_types: Vec<Arc<str>>,
    /// The types of what these lead to.
    pub through_types: Vec<Arc<str>>,
    file: Option<&'static Shipped>,
    details: OnceLock<Details>,
}

/// What a service says beside its name and the types it is found on.
#[derive(Clone, Debug)]
pub struct Details {
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
    /// Another resource that it leads to, which has the subnet.
    pub through: Option<Through>,
    /// Where its subnet is said, from the resource in REST form.
    pub subnet: SubnetAt,
    /// Only when each of these selects one of its values.
    pub when: Vec<(Selector, Vec<FactValue>)>,
}

/// How a resource says which subnet it is on.
#[derive(Clone, Debug)]
pub enum SubnetAt {
    /// By the subnet's id.
    Id(Selector),
    /// By the id of its network, and its name.
    Named {
        /// Where the network's id is.
        network: Selector,
        /// Where the subnet's name is.
        name: Selector,
    },
}

/// A resource that another one leads to.
#[derive(Clone, Debug)]
pub struct Through {
    /// Its type.
    pub resource: Arc<str>,
    /// Where its id is, from the resource that leads to it.
    pub id: Selector,
}

/// The keys of a `service.yaml`.
pub(crate) const KEYS: [&str; 7] = ["service", "title", "describe", "found-on", "facts", "not-judged", "sources"];
impl Service {
    /// Whether it comes with the program and is none of Azure Machine Learning: worth a word only where it stands.
    pub fn is_neighbour(&self) -> bool {
        self.is_shipped && !self.name.starts_with("azureml-")
    }

    /// A service of the program: only its head is read. The rest is right, which a test holds.
    pub(super) fn deferred(file: &'static Shipped) -> Self {
        let ServiceHead { name, found, through } = file.service_head();
        let types = |names: Vec<&str>| names.into_iter().map(Arc::from).collect();
        Self {
            name: name.into(),
            is_shipped: true,
            found_types: types(found),
            through_types: types(through),
            file: Some(file),
            details: OnceLock::new(),
        }
    }

    /// Reads a `service.yaml`.
    pub(crate) fn read(written: Written<'_>) -> Result<Self, RuleError> {
        let (name, details) = Details::read(written)?;
        let through = details.found_on.iter().filter_map(|finder| finder.through.as_ref());
        Ok(Self {
            name,
            is_shipped: written.text.is_shipped,
            found_types: details.found_on.iter().map(|finder| Arc::clone(&finder.resource)).collect(),
            through_types: through.map(|through| Arc::clone(&through.resource)).collect(),
            file: None,
            details: OnceLock::from(details),
        })
    }
}

impl Deref for Service {
    type Target = Details;

    fn deref(&self) -> &Details {
        self.details.get_or_init(|| {
            let file = self.file.expect("only a service of the program is read later");
            let (text, yaml) = (file.text(), file.tree());
            Details::read(Written { text: &text, yaml: &yaml }).expect("the services of the program are right").1
        })
    }
}

impl Details {
    /// Reads a `service.yaml`, with the name in it.
    fn read(written: Written<'_>) -> Result<(Arc<str>, Self), RuleError> {
        let keys = written.keys("a service", &KEYS)?;
        let name = keys.need("service")?.text()?;
        let facts: BTreeMap<Arc<str>, FactSpec> = match keys.get("facts") {
            Some(facts) => facts
                .pairs()?
                .into_iter()
                .map(|pair| {
                    if ["all", "any", "not"].contains(&pair.key) {
                        return Err(pair.error(format!("a fact cannot be called `{}`", pair.key)));
                    }
                    Ok((Arc::from(pair.key), FactSpec::read(pair.value)?))
                })
                .collect::<Result<_, _>>()?,
            None => BTreeMap::new(),
        };
        for pair in keys.get("facts").map(Written::pairs).transpose()?.unwrap_or_default() {
            check_followed(&pair, &facts)?;
        }
        let not_judged = keys.items("not-judged").into_iter().map(|item| {
            let keys = item.keys("`not-judged`", &["when", "because"])?;
            let when = Condition::read(keys.need("when")?, &name, &facts)?;
            Ok(NotJudged { when, because: keys.need("because")?.text()? })
        });
        let details = Self {
            not_judged: not_judged.collect::<Result<_, _>>()?,
            title: keys.need("title")?.text()?,
            describe: keys.need("describe")?.text()?,
            found_on: keys.items("found-on").into_iter().map(read_finder).collect::<Result<_, _>>()?,
            sources: read_sources(&keys)?,
            facts,
        };
        Ok((name, details))
    }
}

/// A fact that follows another: there must be such a fact, and of its kind.
fn check_followed(pair: &Pair<'_>, facts: &BTreeMap<Arc<str>, FactSpec>) -> Result<(), RuleError> {
    let Some(spec) = facts.get(pair.key) else { return Ok(()) };
    for source in &spec.from {
        let FactSource::Fact(name) = source else { continue };
        match facts.get(name) {
            Some(other) if other.kind == spec.kind && **name != *pair.key => {}
            Some(_) => return Err(pair.error(format!("`{}` cannot follow `{name}`", pair.key))),
            None => {
                let help = suggestion(name, "its facts are", facts.keys().map(|name| &**name));
                return Err(pair.error(format!("there is no fact `{name}` to follow")).help(help));
            }
        }
    }
    Ok(())
}

fn read_finder(written: Written<'_>) -> Result<Finder, RuleError> {
    let keys = written.keys("`found-on`", &["resource", "through", "subnet", "when"])?;
    let through = keys.get("through").map(|through| {
        let keys = through.keys("`through`", &["resource", "id"])?;
        Ok(Through { resource: value::resource_type(&keys)?, id: value::selector(keys.need("id")?)? })
    });
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
    Ok(Finder {
        resource: value::resource_type(&keys)?,
        through: through.transpose()?,
        subnet: SubnetAt::read(keys.need("subnet")?)?,
        when,
    })
}

impl SubnetAt {
    /// What it says, in words that follow "subnet at".
    pub fn words(&self) -> String {
        match self {
            Self::Id(selector) => selector.text().to_owned(),
            Self::Named { network, name } => format!("{} of the network at {}", name.text(), network.text()),
        }
    }

    fn read(written: Written<'_>) -> Result<Self, RuleError> {
        if !written.is_mapping() {
            return value::selector(written).map(Self::Id);
        }
        let keys = written.keys("`subnet`", &["network", "name"])?;
        let (network, name) = (keys.need("network")?, keys.need("name")?);
        Ok(Self::Named { network: value::selector(network)?, name: value::selector(name)? })
    }
}

fn read_any(written: Written<'_>) -> Result<FactValue, RuleError> {
    match written.bool() {
        Ok(value) => Ok(FactValue::Bool(value)),
        Err(_) => Ok(FactValue::Text(written.scalar()?.to_string())),
    }
}

/// A text of one line.
pub(crate) fn line(written: Written<'_>) -> Result<Arc<str>, RuleError> {
    let text = written.text()?;
    if text.contains('\n') {
        return Err(written.error("this must be one line"));
    }
    Ok(text)
}

/// The sources of a rule or service.
pub(crate) fn read_sources(keys: &Keys<'_>) -> Result<Vec<Source>, RuleError> {
    keys.items("sources").into_iter().map(read_source).collect()
}

fn read_source(written: Written<'_>) -> Result<Source, RuleError> {
    let keys = written.keys("a source", &["title", "section", "url", "read"])?;
    let url = keys.need("url")?;
    let address = url.text()?;
    if !address.starts_with("https://") {
        return Err(url.error("the address of a source starts with https://"));
    }
    let read = keys.need("read")?;
    let date = read.scalar()?;
    if Date::parse(&date).is_none() {
        return Err(read.error(format!("`{date}` is not a day of the calendar")).help("write it as YYYY-MM-DD"));
    }
    Ok(Source {
        title: line(keys.need("title")?)?.to_string(),
        section: keys.text("section")?.map(|text| text.to_string()),
        url: address.to_string(),
        read: date.to_string(),
    })
}
