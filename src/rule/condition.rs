//! Conditions on facts, and the three truth values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::finding::FactValue;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::fact::FactSpec;
use crate::rule::schema::{Pair, Written};

/// Yes, no, or it depends on what is named: facts, or values only a deployment can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds, whatever is unknown.
    Yes,
    /// It does not hold, whatever is unknown.
    No,
    /// It depends on these, each once, in the order met.
    Unknown(Vec<Arc<str>>),
}

impl Truth {
    /// Yes when all are; no when one is not.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut open = Vec::new();
        for truth in truths {
            match truth {
                Self::Yes => {}
                Self::No => return Self::No,
                Self::Unknown(more) => add(&mut open, more),
            }
        }
        if open.is_empty() { Self::Yes } else { Self::Unknown(open) }
    }

    /// Yes when one is; no when none is.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        Self::all(truths.into_iter().map(Self::negated)).negated()
    }

    /// The other way round.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }

    /// It depends on this alone.
    pub fn open(why: impl Into<Arc<str>>) -> Self {
        Self::Unknown(vec![why.into()])
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

fn add(open: &mut Vec<Arc<str>>, more: Vec<Arc<str>>) {
    for item in more {
        if !open.contains(&item) {
            open.push(item);
        }
    }
}

/// What must hold of the facts of a placement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// A fact has one of these values; a list holds one of them.
    Fact {
        /// The fact.
        name: Arc<str>,
        /// Its accepted values, at least one.
        is: Vec<FactValue>,
    },
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

impl Condition {
    /// Whether it holds, given the facts that are known. What is unknown is named by its fact.
    pub fn holds(&self, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Truth {
        match self {
            Self::Always => Truth::Yes,
            Self::Fact { name, is } => match lookup(name) {
                None => Truth::Unknown(vec![Arc::clone(name)]),
                Some(value) => is.iter().any(|wanted| agrees(&value, wanted)).into(),
            },
            Self::All(parts) => Truth::all(parts.iter().map(|part| part.holds(lookup))),
            Self::Any(parts) => Truth::any(parts.iter().map(|part| part.holds(lookup))),
            Self::Not(part) => part.holds(lookup).negated(),
        }
    }

    /// The facts it asks for, in the order written, each once.
    pub fn facts(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        self.gather(&mut names);
        names
    }

    /// The facts that make it hold, in the order written; none when it does not hold.
    pub(crate) fn grounds(&self, lookup: &dyn Fn(&str) -> Option<FactValue>) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        if self.holds(lookup) == Truth::Yes {
            match self {
                Self::Always => {}
                Self::Fact { name, .. } => add(&mut names, vec![Arc::clone(name)]),
                Self::All(parts) | Self::Any(parts) => {
                    parts.iter().for_each(|part| add(&mut names, part.grounds(lookup)));
                }
                Self::Not(part) => part.gather(&mut names),
            }
        }
        names
    }

    /// Whether it takes a yes-or-no fact to be false: where it asks for the fact, it asks for that.
    pub fn refuses(&self, fact: &str) -> bool {
        match self {
            Self::Always => false,
            Self::Fact { name, is } => **name == *fact && is == &[FactValue::Bool(false)],
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.refuses(fact)),
            Self::Not(part) => part.takes(fact),
        }
    }

    fn takes(&self, fact: &str) -> bool {
        match self {
            Self::Always => false,
            Self::Fact { name, is } => **name == *fact && is == &[FactValue::Bool(true)],
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.takes(fact)),
            Self::Not(part) => part.refuses(fact),
        }
    }

    fn gather(&self, names: &mut Vec<Arc<str>>) {
        match self {
            Self::Always => {}
            Self::Fact { name, .. } => add(names, vec![Arc::clone(name)]),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.gather(names)),
            Self::Not(part) => part.gather(names),
        }
    }

    /// Reads a condition: `{ public-ip: true }`, `{ any: [ … ] }`, `{ not: … }`; several keys must all hold.
    pub(crate) fn read(
        written: Written<'_>,
        service: &str,
        facts: &BTreeMap<Arc<str>, FactSpec>,
    ) -> Result<Self, RuleError> {
        let mut parts = Vec::new();
        for pair in written.pairs()? {
            let several = |items: Vec<Written<'_>>| -> Result<Vec<Self>, RuleError> {
                items.into_iter().map(|item| Self::read(item, service, facts)).collect()
            };
            parts.push(match pair.key {
                "all" => Self::All(several(pair.value.list()?)?),
                "any" => Self::Any(several(pair.value.list()?)?),
                "not" => Self::Not(Box::new(Self::read(pair.value, service, facts)?)),
                _ => Self::fact(&pair, service, facts)?,
            });
        }
        match parts.len() {
            0 => Err(written.error("the condition is empty; leave it out when nothing must hold")),
            1 => Ok(parts.swap_remove(0)),
            _ => Ok(Self::All(parts)),
        }
    }

    fn fact(pair: &Pair<'_>, service: &str, facts: &BTreeMap<Arc<str>, FactSpec>) -> Result<Self, RuleError> {
        let Some(spec) = facts.get(pair.key) else {
            let known = facts.keys().map(|name| &**name).chain(["all", "any", "not"]);
            return Err(pair
                .error(format!("service `{service}` has no fact `{}`", pair.key))
                .label("unknown fact")
                .help(suggestion(pair.key, "its facts are", known)));
        };
        let is = pair.value.items().into_iter().map(|item| spec.read_one(item)).collect::<Result<Vec<_>, _>>()?;
        if is.is_empty() {
            return Err(pair.value.error("the list is empty: the condition could never hold"));
        }
        Ok(Self::Fact { name: Arc::from(pair.key), is })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = |parts: &[Self], word: &str| {
            let inner = |part: &Self| match part {
                Self::All(_) | Self::Any(_) => format!("({part})"),
                _ => part.to_string(),
            };
            parts.iter().map(inner).collect::<Vec<_>>().join(word)
        };
        match self {
            Self::Always => out.write_str("always"),
            Self::Fact { name, is } => {
                let values = is.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
                write!(out, "`{name}` is {values}")
            }
            Self::All(parts) => out.write_str(&several(parts, " and ")),
            Self::Any(parts) => out.write_str(&several(parts, " or ")),
            Self::Not(part) => write!(out, "not ({part})"),
        }
    }
}

/// Whether a value is the one wanted: texts compare without case, a list must hold it.
fn agrees(value: &FactValue, wanted: &FactValue) -> bool {
    match (value, wanted) {
        (FactValue::Bool(value), FactValue::Bool(wanted)) => value == wanted,
        (FactValue::Text(value), FactValue::Text(wanted)) => value.eq_ignore_ascii_case(wanted),
        (FactValue::List(values), FactValue::Text(wanted)) => {
            values.iter().any(|value| value.eq_ignore_ascii_case(wanted))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Truth};
    use crate::finding::FactValue;

    fn fact(name: &str) -> Condition {
        Condition::Fact { name: name.into(), is: vec![FactValue::Bool(true)] }
    }

    fn holds(condition: &Condition) -> Truth {
        condition.holds(&|name| match name {
            "yes" => Some(FactValue::Bool(true)),
            "no" => Some(FactValue::Bool(false)),
            _ => None,
        })
    }

    #[test]
    fn an_unknown_fact_matters_only_when_it_can_decide() {
        assert_eq!(holds(&Condition::All(vec![fact("no"), fact("a")])), Truth::No);
        assert_eq!(holds(&Condition::Any(vec![fact("yes"), fact("a")])), Truth::Yes);
        let both = Condition::All(vec![fact("yes"), fact("a"), fact("b"), fact("a")]);
        assert_eq!(holds(&both), Truth::Unknown(vec!["a".into(), "b".into()]));
        assert_eq!(holds(&Condition::Not(Box::new(fact("yes")))), Truth::No);
    }

    #[test]
    fn a_list_agrees_when_it_holds_the_word() {
        let condition = Condition::Fact { name: "x".into(), is: vec![FactValue::Text("Blob".into())] };
        let list = |items: &[&str]| Some(FactValue::List(items.iter().map(ToString::to_string).collect()));
        assert_eq!(condition.holds(&|_| list(&["file", "blob"])), Truth::Yes);
        assert_eq!(condition.holds(&|_| list(&["file"])), Truth::No);
    }

    #[test]
    fn a_condition_may_want_a_fact_to_be_false() {
        let unless = Condition::All(vec![fact("b"), Condition::Not(Box::new(fact("a")))]);
        assert!(unless.refuses("a") && !unless.refuses("b"));
        let is_false = Condition::Fact { name: "a".into(), is: vec![FactValue::Bool(false)] };
        assert!(is_false.refuses("a"));
    }

    #[test]
    fn what_makes_a_condition_hold_is_told_apart_from_what_does_not() {
        let condition = Condition::Any(vec![fact("a"), Condition::Not(Box::new(fact("b"))), fact("c")]);
        let known = |name: &str| Some(FactValue::Bool(name == "a"));
        assert_eq!(condition.grounds(&known), ["a".into(), "b".into()]);
        assert!(Condition::All(vec![fact("a"), fact("b")]).grounds(&known).is_empty());
    }

    #[test]
    fn a_condition_reads_as_a_sentence() {
        let condition = Condition::Any(vec![Condition::All(vec![fact("a"), fact("b")]), fact("c")]);
        assert_eq!(condition.to_string(), "(`a` is true and `b` is true) or `c` is true");
    }
}
