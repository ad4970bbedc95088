//! Rules that say what must not stand in a resource: patterns over what the estate knows, assertions over its JSON.

mod assert;
mod assertion;
mod beside;
mod expression;
mod field;
mod forbidden;
mod inventory;
mod item;
mod operator;
mod predicate;
mod side;
mod subject;
mod vocabulary;

pub use assertion::AssertionRule;
pub(crate) use field::Kind;
pub use forbidden::PatternRule;
pub(crate) use inventory::Resources;
pub(crate) use item::Scene;
pub(crate) use side::public;
pub use subject::Subject;
pub(crate) use vocabulary::FieldSpec;
