//! Rules as data: their language, and what they say about an estate.

mod asked;
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
mod hosts;
mod inventory;
mod item;
mod json_schema;
mod judge;
mod names;
mod operator;
mod pack;
mod pattern;
mod placement;
mod predicate;
mod require;
mod schema;
mod select;
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
pub(crate) use error::suggestion;
pub use error::{Mistake, RuleError};
pub use evaluate::patterns;
pub use explain::{catalogue, explain, explain_rule, explain_service, list, list_json, vocabulary};
pub use fact::{BuiltInFact, Combine, FactKind, FactSource, FactSpec};
pub use flow::{
    FlowRequirement, HostsAre, Layer, Matching, Mode, Requirement, RequirementRule, RouteRequirement, Target, Targets,
    fact_addresses,
};
pub use follow::{Followed, Question, follow};
pub use hosts::{HostName, Hosts};
pub use json_schema::json_schema;
pub use judge::{Judged, judge};
pub use pack::{Pack, PackSource};
pub use pattern::PatternRule;
pub use placement::{Origin, Placement, Placements, Request, Requests, find};
pub use select::{RuleName, Selection};
pub use service::{Finder, NotJudged, Service};
pub use subject::Subject;
pub use template::Template;
