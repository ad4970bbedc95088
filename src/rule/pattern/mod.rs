//! Rules that say what must not stand in a resource: patterns over what the estate knows, assertions over its JSON.

mod assert;
mod assertion;
mod beside;
mod field;
mod forbidden;
mod item;
mod operator;
mod side;
mod vocabulary;

pub(crate) use assertion::AssertionRule;
pub(crate) use beside::Resources;
pub(crate) use field::Kind;
pub(crate) use forbidden::PatternRule;
pub(crate) use forbidden::Subject;
pub(crate) use item::Scene;
pub(crate) use side::public;
pub(crate) use vocabulary::FieldSpec;
