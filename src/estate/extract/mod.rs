//! REST-shaped nodes → typed resources, with a fault for whatever Azure would refuse.

mod address;
mod firewall;
mod machine_learning;
mod network;
mod port;
mod reader;
mod route;
mod security;

pub(crate) use firewall::{collection_group, firewall, ip_group, policy};
pub(crate) use machine_learning::{compute, outbound_rules, workspace};
pub(crate) use network::{interface, network, private_endpoint, subnet};
pub use reader::Options;
pub(crate) use reader::{Reader, lookup};
pub(crate) use route::route_table;
pub(crate) use security::{Conditions, security_group};
