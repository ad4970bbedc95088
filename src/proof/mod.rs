//! Proofs over exact sets: what passes a network security group, where routes lead, and what cannot be told.
//!
//! The way of a question: a `scene` is the subnet with what the input shows around it; `prepared` compiles its layers
//! once, on a `ground`, which turns addresses into sets and what is not known into symbols; `stage` sends the cells of a
//! flow through them, `verdict` decides, `explain` says by whom, and `path` puts the layers together. What Azure does is
//! written in `semantics.md`.

mod after_route;
mod ahead;
mod atom;
mod cell;
mod cover;
mod declared;
mod difference;
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
mod near;
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
mod transit;
mod verdict;
mod view;
mod words;

pub use after_route::nearest;
pub use difference::{
    Change, Difference, End, Fate, FileNames, FirewallSide, Names, Traffic, Turn, firewall_difference, scene_difference,
};
pub use doubt::{Doubt, Reason};
pub use egress::Outcome;
pub use firewall::{Appliance, Placed};
pub use given::{Given, NatGateway};
pub use ground::Party;
pub use host::{HostPattern, HostSet};
pub use judgement::{Coordinate, Decider, Flow, Judgement, Kind, Matching, NearMiss, Written};
pub use path::Trace;
pub use prepared::Prepared;
pub use scene::{Level, Scene, policies};
pub use shadow::{Fact, Shadow, free_priority};
pub use view::{EffectiveRoute, EffectiveRoutes};
