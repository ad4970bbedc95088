//! Rules as data: their language, and what they say about an estate.

mod card;
mod compile;
mod condition;
mod derive;
mod error;
mod flow;
mod pack;
mod placement;
mod schema;
mod selector;
mod service;
mod site;
mod template;
mod value;
mod yaml;

pub use compile::{Body, Rule};
pub use condition::{Condition, Truth};
pub use error::{Mistake, RuleError};
pub use flow::{
    Cloud, FlowRequirement, Layer, Matching, Mode, Requirement, RequirementRule, RouteRequirement, Target, Targets,
    fact_addresses,
};
pub use pack::{Pack, PackSource};
pub use placement::{Fact, Origin, Placement, Placements, Request, Requests, find};
pub use selector::Selector;
pub use service::{BuiltInFact, Combine, FactKind, FactSource, FactSpec, Finder, NotJudged, Service};
pub use template::Template;
