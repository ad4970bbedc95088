//! Trees of tests over the fields of a subject, answered in three values.

use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::pattern::item::Item;
use crate::rule::pattern::operator::{self, Test};
use crate::rule::pattern::subject::Subject;
use crate::rule::pattern::vocabulary::FieldSpec;
use crate::rule::schema::Written;

/// What must hold of a subject.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// All of them.
    All(Vec<Predicate>),
    /// One of them.
    Any(Vec<Predicate>),
    /// Not this.
    Not(Box<Predicate>),
    /// A field passes its tests.
    Field(FieldTest),
}

/// A field and the tests it must pass.
#[derive(Clone, Debug)]
pub struct FieldTest {
    pub(crate) field: &'static FieldSpec,
    pub(crate) tests: Vec<Test>,
}

impl Predicate {
    /// Reads `when:`. Several keys must all hold.
    pub(crate) fn read(written: Written<'_>, subject: Subject) -> Result<Self, RuleError> {
        let mut parts = Vec::new();
        for pair in written.pairs()? {
            let several = |written: Written<'_>| -> Result<Vec<Self>, RuleError> {
                let items = written.list()?;
                if items.is_empty() {
                    return Err(written.error("the list is empty"));
                }
                items.into_iter().map(|item| Self::read(item, subject)).collect()
            };
            parts.push(match &**pair.key {
                "all" => Self::All(several(pair.value)?),
                "any" => Self::Any(several(pair.value)?),
                "not" => Self::Not(Box::new(Self::read(pair.value, subject)?)),
                name => {
                    let Some(field) = subject.field(name) else {
                        let known = subject.fields().iter().map(|field| field.name).chain(["all", "any", "not"]);
                        return Err(pair
                            .error(format!("`{}` has no field `{name}`", subject.as_str()))
                            .label("unknown field")
                            .help(suggestion(name, "its fields are", known)));
                    };
                    Self::Field(FieldTest { field, tests: operator::read(name, field.kind, pair.value)? })
                }
            });
        }
        match parts.len() {
            0 => Err(written.error("the condition is empty")),
            1 => Ok(parts.swap_remove(0)),
            _ => Ok(Self::All(parts)),
        }
    }

    /// Whether it holds of an item.
    pub(crate) fn holds(&self, item: &Item<'_>) -> Truth {
        match self {
            Self::All(parts) => Truth::all(parts.iter().map(|part| part.holds(item))),
            Self::Any(parts) => Truth::any(parts.iter().map(|part| part.holds(item))),
            Self::Not(part) => part.holds(item).negated(),
            Self::Field(FieldTest { field, tests }) => {
                let value = (field.read)(item);
                Truth::all(tests.iter().map(|test| test.holds(&value)))
            }
        }
    }

    /// Every field it asks for with its tests, in the order written; whether it stands under a `not`.
    pub(crate) fn fields(&self) -> Vec<(&FieldTest, bool)> {
        let mut found = Vec::new();
        let mut waiting = vec![(self, false)];
        while let Some((part, negated)) = waiting.pop() {
            match part {
                Self::All(parts) | Self::Any(parts) => waiting.extend(parts.iter().rev().map(|part| (part, negated))),
                Self::Not(part) => waiting.push((part, !negated)),
                Self::Field(test) => found.push((test, negated)),
            }
        }
        found
    }
}
