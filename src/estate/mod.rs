//! The resources of a run as typed values, joined by id.

mod build;
mod dependency;
mod draft;
mod extract;
mod fault;
mod gather;
mod identity;
mod ids;
mod index;
mod kind;
#[cfg(test)]
mod laws;
mod leads;
mod link;
mod lookup;
mod merge;
mod normal;
mod resource;
mod shape;
mod whole;

pub use build::build;
pub use dependency::{Dependencies, Dependency, DependencyEndpoint, dependencies, no_dependencies};
pub use extract::Options;
pub use fault::FAULT_KINDS;
pub use gather::{Gathered, Piece, gather};
pub use leads::{Lead, Leads};
pub use resource::{
    Access, CollectionKind, Compute, Direction, EndpointTarget, Fault, Field, Firewall, FirewallPolicy, FirewallRule,
    Header, IpGroup, NetworkInterface, NetworkSecurityGroup, NextHop, Peer, Peering, Plain, Ports, PrivateEndpoint,
    Reference, Route, RouteOrigin, RouteTable, RuleCollection, RuleCollectionGroup, SecurityRule, Shape, Side, Subnet,
    VirtualNetwork, Workspace,
};
pub use shape::shape_of;
pub use whole::Estate;
