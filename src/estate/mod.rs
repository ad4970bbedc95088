//! The resources of a run as typed values, joined by id.

mod build;
mod catalogue;
mod declared;
mod defaults;
mod dependency;
mod draft;
mod extract;
mod fault;
mod firewall;
mod gather;
mod identity;
mod index;
mod kind;
mod mention;
mod merge;
mod normal;
mod resource;
mod row;
mod shape;
mod unread;
mod whole;

pub use build::build;
pub use declared::{Asks, DeclaredAppliance, DeclaredRule, DeclaredServer, Passes, Translates};
pub use dependency::{Dependencies, Dependency, DependencyEndpoint, dependencies, no_dependencies};
pub use extract::Options;
pub use fault::{FAULT_KINDS, Fault, Instead, keys_twice};
pub use firewall::{CollectionKind, Firewall, FirewallPolicy, FirewallRule, RuleCollection, RuleCollectionGroup};
pub use gather::{Piece, gather};
pub use identity::short_name;
pub use index::{Lead, Leads};
pub use kind::{Shape, type_of_word};
pub use resource::{
    Access, AdminRule, BUILT_IN, BuiltIn, Compute, Direction, EndpointTarget, Field, Header, HubConnection, HubRoute,
    NetworkInterface, NetworkSecurityGroup, NextHop, Peer, Peering, Plain, Ports, PrivateEndpoint, Reference, Route,
    RouteOrigin, RouteTable, SecurityRule, Side, Subnet, VirtualNetwork, Workspace,
};
pub use shape::{left_out, shape_of, template_in, type_of};
pub use unread::{BROKEN_YAML, PACKED, TABLE, Unread, linked, unread, unread_rest};
pub use whole::{Estate, Export, Lacking, lacking};
