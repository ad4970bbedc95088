//! Rules as data: their language, and what they say about an estate.

mod case;
mod compile;
mod condition;
mod error;
mod explain;
mod fact;
mod flow;
mod hosts;
mod json_schema;
mod pack;
mod pattern;
mod schema;
mod select;
mod service;
mod template;
mod value;
mod yaml;

pub use case::{Case, CaseFile, CaseInput, Expect};
pub use compile::{Body, Rule};
pub use condition::{Condition, Truth};
pub(crate) use error::suggestion;
pub use error::{Mistake, RuleError};
pub use explain::{catalogue, explain, explain_rule, explain_service, list, list_json, vocabulary};
pub use fact::{BuiltInFact, Combine, FactKind, FactSource, FactSpec};
pub use flow::{
    DependencyRequirement, FlowRequirement, HostsAre, Layer, Matching, Mode, Requirement, RequirementRule,
    RouteRequirement, Target, Targets, fact_addresses,
};
pub use hosts::{HostName, Hosts};
pub use json_schema::json_schema;
pub use pack::{Pack, PackSource};
pub use pattern::{AssertionRule, PatternRule, Subject};
pub(crate) use pattern::{Resources, Scene, public};
pub use select::{RuleName, Selection};
pub use service::{Finder, NotJudged, Service};
pub use template::Template;
pub(crate) use value::hop_word;
