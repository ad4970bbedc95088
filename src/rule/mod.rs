//! Rules as data: their language, and what they say about an estate.

mod card;
mod compile;
mod condition;
mod derive;
mod error;
mod fact;
mod flow;
mod pack;
mod placement;
mod schema;
mod service;
mod site;
mod template;
mod text;
mod value;
mod yaml;

pub use compile::{Body, Rule};
pub use condition::{Condition, Truth};
pub use derive::Fact;
pub use error::{Mistake, RuleError};
pub use fact::{BuiltInFact, Combine, FactKind, FactSource, FactSpec};
pub use flow::{
    FlowRequirement, Layer, Matching, Mode, Requirement, RequirementRule, RouteRequirement, Target, Targets,
    fact_addresses,
};
pub use pack::{Pack, PackSource};
pub use placement::{Origin, Placement, Placements, Request, Requests, find};
pub use service::{Finder, NotJudged, Service};
pub use template::Template;
