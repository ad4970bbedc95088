//! Rules as data: their language, and what they say about an estate.

mod case;
mod compile;
mod condition;
mod error;
mod explain;
mod fact;
mod flow;
mod guide;
mod hosts;
mod pack;
mod pattern;
mod schema;
mod select;
mod service;
mod shipped;
mod subnet;
mod tree;
mod value;

pub use case::{Case, CaseFile, CaseInput, Expect};
pub use compile::{About, Body, Rule};
pub use condition::Truth;
pub use error::RuleError;
pub(crate) use error::suggestion;
pub use explain::{catalogue, explain, is_seen_as, list, list_json};
pub use fact::{BuiltInFact, Combine, FactKind, FactSource, FactSpec};
pub use flow::{
    AdmissionRequirement, AskedLayer, DependencyRequirement, FlowRequirement, HostsAre, Matching, Mode, Names,
    Requirement, RequirementRule, ResolveRequirement, RouteRequirement, Target, Targets, fact_addresses,
};
pub use guide::{guide, rule_schema, service_schema};
pub use hosts::{HostName, Hosts};
pub use pack::Pack;
pub(crate) use pattern::{Resources, Scene, public};
pub use select::{RuleName, Selection};
pub use service::{Finder, Service, SubnetAt};
pub use subnet::SubnetRequirement;
pub use value::Template;
