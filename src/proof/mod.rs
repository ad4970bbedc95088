//! Proofs over exact sets: what passes a network security group, where routes lead, and what cannot be told.

mod after_route;
mod atom;
mod cell;
mod doubt;
mod egress;
mod explain;
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
mod route;
mod scene;
mod shadow;
mod stage;
mod symbol;
#[cfg(test)]
mod tests;
mod verdict;
mod words;

pub use after_route::nearest;
pub use doubt::{Doubt, Reason};
pub use egress::{Egress, Outcome};
pub use firewall::{Appliance, Placed};
pub use given::{Given, NatGateway};
pub use ground::Party;
pub use host::{HostPattern, HostSet};
pub use judgement::{Coordinate, Decider, Flow, Judgement, Kind, Layer, Matching, NearMiss, Packet, Step, Written};
pub use path::Trace;
pub use prepared::Prepared;
pub use scene::{Level, Scene, policies};
pub use shadow::{Fact, Shadow, free_priority};
pub use symbol::End;
pub use verdict::Verdict;
