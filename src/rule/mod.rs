//! Rules as data: their language, and what they say about an estate.

mod assert;
mod assertion;
mod beside;
mod card;
mod case;
mod compile;
mod condition;
mod derive;
mod diagnose;
mod error;
mod evaluate;
mod explain;
mod fact;
mod field;
mod flow;
mod follow;
mod inventory;
mod item;
mod judge;
mod operator;
mod pack;
mod pattern;
mod placement;
mod predicate;
mod require;
mod schema;
mod service;
mod side;
mod site;
mod subject;
mod template;
mod text;
mod value;
mod vocabulary;
mod wall;
mod yaml;

pub use assertion::AssertionRule;
pub use case::{Case, CaseFile, CaseInput, Expect};
pub use compile::{Body, Rule};
pub use condition::{Condition, Truth};
pub use derive::Fact;
pub use error::{Mistake, RuleError};
pub(crate) use error::{nearest, suggestion};
pub use evaluate::patterns;
pub use explain::{catalogue, explain, explain_rule, explain_service, list, list_json, vocabulary};
pub use fact::{BuiltInFact, Combine, FactKind, FactSource, FactSpec};
pub use flow::{
    FlowRequirement, Layer, Matching, Mode, Requirement, RequirementRule, RouteRequirement, Target, Targets,
    fact_addresses,
};
pub use follow::{Followed, Question, follow};
pub use judge::{Judged, judge};
pub use pack::{Pack, PackSource};
pub use pattern::PatternRule;
pub use placement::{Origin, Placement, Placements, Request, Requests, find};
pub use service::{Finder, NotJudged, Service};
pub use subject::Subject;
pub use template::Template;
