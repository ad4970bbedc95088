//! The resources of a run as typed values, joined by id.

mod lookup;
mod resource;

pub use resource::{
    Access, CollectionKind, Compute, Direction, EndpointTarget, Estate, Fault, Field, Firewall, FirewallPolicy,
    FirewallRule, Header, IpGroup, NetworkInterface, NetworkSecurityGroup, NextHop, Peer, Peering, Plain, Ports,
    PrivateEndpoint, Reference, Route, RouteOrigin, RouteTable, RuleCollection, RuleCollectionGroup, SecurityRule,
    Shape, Side, Subnet, VirtualNetwork, Workspace,
};
