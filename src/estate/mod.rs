//! The resources of a run as typed values, joined by id.

mod build;
mod dependency;
mod draft;
mod export;
mod extract;
mod fault;
mod firewall_check;
mod gather;
mod identity;
mod ids;
mod index;
mod kind;
mod lacking;
#[cfg(test)]
mod laws;
mod leads;
mod link;
mod lookup;
mod mention;
mod merge;
mod normal;
mod resource;
mod shape;
mod unread;
mod what_if;
mod whole;

pub use build::build;
pub use dependency::{Dependencies, Dependency, DependencyEndpoint, dependencies, no_dependencies};
pub use export::Export;
pub use extract::Options;
pub use fault::{FAULT_KINDS, keys_twice};
pub use gather::{Gathered, Piece, gather};
pub use kind::{Shape, type_of_word};
pub use lacking::{Lacking, lacking};
pub use leads::{Lead, Leads};
pub use resource::{
    Access, AdminRule, BUILT_IN, BuiltIn, CollectionKind, Compute, Direction, EndpointTarget, Fault, Field, Firewall,
    FirewallPolicy, FirewallRule, Header, HubConnection, HubRoute, HubRouteTable, IpGroup, NetworkInterface,
    NetworkSecurityGroup, NextHop, Peer, Peering, Plain, Ports, PrivateEndpoint, Reference, Route, RouteOrigin,
    RouteTable, RoutingIntent, RuleCollection, RuleCollectionGroup, SecurityRule, Side, Subnet, VirtualNetwork,
    Workspace,
};
pub use shape::{TemplateIn, shape_of, template_in, type_of};
pub use unread::{PACKED, TABLE, Unread, unread, unread_rest};
pub use whole::Estate;
