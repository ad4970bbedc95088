//! Proofs over exact sets: what passes a network security group, where routes lead, and what cannot be told.

mod admin;
mod admin_layer;
mod atom;
mod cell;
mod delivery;
mod egress;
mod endpoint_policy;
mod entry;
mod explain;
mod families;
mod firewall;
mod first_match;
mod flow;
mod given;
mod ground;
mod holes;
mod hop;
mod hops;
mod host;
mod hub;
mod judgement;
#[cfg(test)]
mod laws;
mod lead;
mod name;
mod nat;
mod nsg;
mod onward;
mod path;
mod peering;
mod prepared;
mod priority;
mod reach;
mod route;
#[cfg(test)]
mod sample;
mod scene;
mod shadow;
mod stage;
mod symbol;
#[cfg(test)]
mod tests;
mod trace;
mod verdict;

pub use egress::{Egress, Outcome};
pub use entry::{BUILT_IN, BuiltIn};
pub use firewall::{Appliance, NAMES_UNKNOWN, Placed};
pub use flow::{Flow, Matching};
pub use ground::Party;
pub use host::{HostPattern, HostSet};
pub use judgement::{Alone, Coordinate, Decider, Judgement, Kind, Layer, NearMiss, Packet, Step, Written};
pub use lead::nearest;
pub use path::PathJudgement;
pub use prepared::Prepared;
pub use priority::free_priority;
pub use scene::{Given, Level, NatGateway, Scene, policies};
pub use shadow::{Fact, Shadow, same_prefix};
pub use symbol::{Doubt, End};
pub use trace::Trace;
pub use verdict::Verdict;
