//! REST-shaped nodes → typed resources, with a fault for whatever Azure would refuse.

mod address;
mod firewall;
mod network;
mod reader;
mod route;
mod security;

pub(crate) use firewall::{collection_group, firewall, ip_group, policy};
pub(crate) use network::{compute, interface, network, outbound_rules, private_endpoint, subnet, workspace};
pub use reader::Options;
pub(crate) use reader::{Reader, lookup};
pub(crate) use route::{hub_connection, hub_route_table, route_table, routing_intent};
pub(crate) use security::{Conditions, admin_rule, security_group};
