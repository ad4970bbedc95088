//! Azure Firewall: its rules in order, and what each of them matches.

mod application;
mod network;
mod order;
mod setting;
mod side;
mod stage;

pub use order::{Appliance, Placed};
pub(crate) use stage::entries;
