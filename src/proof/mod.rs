//! Proofs over exact sets: what passes a network security group, where routes lead, and what cannot be told.

mod after_route;
mod atom;
mod cell;
mod egress;
mod explain;
mod families;
mod firewall;
mod first_match;
mod given;
mod ground;
mod hop;
mod host;
mod judgement;
mod nsg;
mod path;
mod prepared;
mod priority;
mod route;
mod scene;
mod shadow;
mod stage;
mod symbol;
#[cfg(test)]
mod tests;
mod trace;
mod verdict;

pub use after_route::nearest;
pub use egress::{Egress, Outcome};
pub use firewall::{Appliance, NAMES_UNKNOWN, Placed};
pub use given::{Given, NatGateway};
pub use ground::Party;
pub use host::{HostPattern, HostSet};
pub use judgement::{
    Alone, Coordinate, Decider, Flow, Judgement, Kind, Layer, Matching, NearMiss, Packet, Step, Written,
};
pub use path::PathJudgement;
pub use prepared::Prepared;
pub use priority::free_priority;
pub use scene::{Level, Scene, policies};
pub use shadow::{Fact, Shadow, same_prefix};
pub use stage::{BUILT_IN, BuiltIn};
pub use symbol::{Doubt, End};
pub use trace::Trace;
pub use verdict::Verdict;
