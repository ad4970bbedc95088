//! Rules as data: their language, and what they say about an estate.

mod card;
mod compile;
mod condition;
mod error;
mod fact;
mod flow;
mod pack;
mod schema;
mod service;
mod template;
mod text;
mod value;
mod yaml;

pub use compile::{Body, Rule};
pub use condition::{Condition, Truth};
pub use error::{Mistake, RuleError};
pub use fact::{BuiltInFact, Combine, FactKind, FactSource, FactSpec};
pub use flow::{
    FlowRequirement, Layer, Matching, Mode, Requirement, RequirementRule, RouteRequirement, Target, Targets,
    fact_addresses,
};
pub use pack::{Pack, PackSource};
pub use service::{Finder, NotJudged, Service};
pub use template::Template;
