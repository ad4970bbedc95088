//! REST-shaped nodes → typed resources, with a fault for whatever Azure would refuse.

mod address;
mod admin;
mod firewall;
mod host;
mod hub;
mod machine_learning;
mod network;
mod port;
mod reader;
mod route;
mod security;

pub(crate) use admin::admin_rule;
pub(crate) use firewall::{collection_group, firewall, ip_group, policy};
pub(crate) use hub::{hub_connection, hub_route_table, routing_intent};
pub(crate) use machine_learning::{compute, outbound_rules, workspace};
pub(crate) use network::{interface, network, private_endpoint, subnet};
pub use reader::Options;
pub(crate) use reader::{Reader, lookup};
pub(crate) use route::route_table;
pub(crate) use security::{Conditions, security_group};
