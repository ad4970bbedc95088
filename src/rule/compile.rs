//! One rule: what it says about itself, and its body, compiled at once or when something asks for it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::finding::{Level, RuleCard, RuleId, Source};
use crate::rule::condition::Condition;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::flow::{Requirement, RequirementRule, read_clouds};
use crate::rule::hosts::rows;
use crate::rule::pattern::{AssertionRule, PatternRule, Subject};
use crate::rule::schema::{Keys, Written};
use crate::rule::service::{Service, line, read_sources};
use crate::rule::shipped::Shipped;
use crate::rule::tree::{Head, HeadAbout, HeadSource};
use crate::rule::value::Template;

/// A rule that can be evaluated.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it says about itself.
    pub card: Arc<RuleCard>,
    /// What it is about.
    pub about: About,
    form: Form,
}

/// What a rule is about; by this its kind is known before it is compiled.
#[derive(Clone, Debug)]
pub enum About {
    /// A requirement of this service.
    Service(Arc<Service>),
    /// A pattern in this subject.
    Subject(Subject),
    /// An assertion.
    Resources {
        /// On resources of these types.
        of: Vec<Arc<str>>,
        /// And of these, beside which the others must be, or must not be.
        beside: Vec<Arc<str>>,
    },
}

impl About {
    /// The word for the kind of rule.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "requirement",
            Self::Subject(_) => "pattern",
            Self::Resources { .. } => "assertion",
        }
    }
}

#[derive(Clone, Debug)]
enum Form {
    Compiled(Box<Compiled>),
    /// Most rules are asked for nothing in most runs.
    Deferred(Arc<(&'static Shipped, OnceLock<Compiled>)>),
}

#[derive(Clone, Debug)]
struct Compiled {
    body: Body,
    message: Option<Template>,
}

impl Rule {
    /// A rule that is compiled at once, so that every mistake in it is told.
    pub(super) fn compiled(
        id: &RuleId,
        written: Written<'_>,
        services: &BTreeMap<Arc<str>, Arc<Service>>,
    ) -> Result<Self, RuleError> {
        let (card, about) = read_head(id, written, services)?;
        let compiled = compile(written, &card, &about)?;
        Ok(Self { card: Arc::new(card), about, form: Form::Compiled(Box::new(compiled)) })
    }

    /// A rule of the program: only its head is read. The rest is right, which a test holds.
    pub(super) fn deferred(file: &'static Shipped, services: &BTreeMap<Arc<str>, Arc<Service>>) -> Self {
        let Head { about, level, title, why, help, since, tags, seen_as, sources } = file.head();
        let about = match about {
            HeadAbout::Service(name) => {
                About::Service(Arc::clone(services.get(name).expect("the program carries the services of its rules")))
            }
            HeadAbout::Subject(word) => About::Subject(known(word, &Subject::WORDS)),
            HeadAbout::Resources { of, beside } => {
                let types = |names: Vec<&str>| names.into_iter().map(Arc::from).collect();
                About::Resources { of: types(of), beside: types(beside) }
            }
        };
        let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        let source = |source: HeadSource<'_>| Source {
            title: source.title.to_owned(),
            section: source.section.map(str::to_owned),
            url: source.url.to_owned(),
            read: source.read.to_owned(),
        };
        let card = RuleCard {
            id: RuleId::new(file.id),
            title: title.to_owned(),
            level: known(level, &LEVELS),
            why: why.to_owned(),
            help: help.to_owned(),
            sources: sources.into_iter().map(source).collect(),
            tags: texts(tags),
            seen_as: texts(seen_as),
            since: since.to_owned(),
        };
        Self { card: Arc::new(card), about, form: Form::Deferred(Arc::new((file, OnceLock::new()))) }
    }

    /// What it asks.
    pub fn body(&self) -> &Body {
        &self.read().body
    }

    /// Its requirement, when it is one of this service.
    pub fn requirement(&self, service: &str) -> Option<&RequirementRule> {
        let is_own = matches!(&self.about, About::Service(own) if *own.name == *service);
        match is_own.then(|| self.body())? {
            Body::Requirement(requirement) => Some(requirement),
            Body::Pattern(_) | Body::Assertion(_) => None,
        }
    }

    /// What its findings say; the title when it has none.
    pub fn message(&self) -> Option<&Template> {
        self.read().message.as_ref()
    }

    fn read(&self) -> &Compiled {
        match &self.form {
            Form::Compiled(compiled) => compiled,
            Form::Deferred(deferred) => {
                let (file, compiled) = &**deferred;
                compiled.get_or_init(|| {
                    let (text, yaml) = (file.text(), file.tree());
                    let read = compile(Written { text: &text, yaml: &yaml }, &self.card, &self.about);
                    read.expect("the rules of the program are right")
                })
            }
        }
    }
}

fn known<T: Copy>(word: &str, words: &[(&str, T)]) -> T {
    let found = words.iter().find(|(one, _)| *one == word);
    found.expect("the words in the rules of the program are right").1
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

/// The kinds of rules: the key by which each is known, its name, and its keys beside the header.
const KINDS: [(&str, &str, &[&str]); 3] = [
    ("service", "a requirement rule", &REQUIREMENT_KEYS),
    ("subject", "a pattern rule", &PatternRule::KEYS),
    ("resource", "an assertion rule", &AssertionRule::KEYS),
];

const NO_KIND: &str =
    "`service` begins a requirement, `subject` a pattern over typed resources, `resource` an assertion on any";

/// Reads what is known of a rule before it is compiled.
fn read_head(
    id: &RuleId,
    written: Written<'_>,
    services: &BTreeMap<Arc<str>, Arc<Service>>,
) -> Result<(RuleCard, About), RuleError> {
    let pairs = written.pairs()?;
    let Some(kind) = KINDS.iter().find(|(first, ..)| pairs.iter().any(|pair| pair.key == *first)) else {
        return Err(written.error("a rule needs one of the keys `service`, `subject`, `resource`").help(NO_KIND));
    };
    let (first, name, keys) = *kind;
    let keys = written.keys(name, &[&CARD_KEYS[..], keys].concat())?;
    let card = read_card(id, &keys)?;
    let about = match first {
        "service" => About::Service(find_service(keys.need(first)?, services)?),
        "subject" => About::Subject(keys.need(first)?.word("subject", &Subject::WORDS)?),
        _ => {
            let beside = keys.items("beside").into_iter().filter_map(|item| item.get("resource"));
            About::Resources {
                of: keys.items(first).into_iter().map(Written::text).collect::<Result<_, _>>()?,
                beside: beside.map(Written::text).collect::<Result<_, _>>()?,
            }
        }
    };
    Ok((card, about))
}

fn find_service(name: Written<'_>, services: &BTreeMap<Arc<str>, Arc<Service>>) -> Result<Arc<Service>, RuleError> {
    let wanted = name.text()?;
    services.get(&wanted).map(Arc::clone).ok_or_else(|| {
        let known = services.keys().map(|name| &**name);
        name.error(format!("there is no service `{wanted}`")).label("unknown service").help(suggestion(
            &wanted,
            "services are",
            known,
        ))
    })
}

fn compile(written: Written<'_>, card: &RuleCard, about: &About) -> Result<Compiled, RuleError> {
    let of_kind = match about {
        About::Service(_) => 0,
        About::Subject(_) => 1,
        About::Resources { .. } => 2,
    };
    let keys = written.mapping(KINDS[of_kind].1)?;
    Ok(match about {
        About::Service(service) => requirement(&keys, card, service)?,
        About::Subject(subject) => {
            let (pattern, message) = PatternRule::read(&keys, *subject)?;
            Compiled { body: Body::Pattern(Box::new(pattern)), message: Some(message) }
        }
        About::Resources { .. } => {
            let (assertion, message) = AssertionRule::read(&keys)?;
            Compiled { body: Body::Assertion(Box::new(assertion)), message: Some(message) }
        }
    })
}

fn requirement(keys: &Keys<'_>, card: &RuleCard, service: &Service) -> Result<Compiled, RuleError> {
    let applies = match keys.get("applies") {
        Some(applies) => Condition::read(applies, &service.name, &service.facts)?,
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
    Ok(Compiled { body: Body::Requirement(Box::new(body)), message })
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
