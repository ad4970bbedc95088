//! Azure Firewall: its rules in order, and what each of them matches.

mod application;
mod behind;
mod network;
mod order;
mod setting;
mod side;
mod stage;

pub use application::NAMES_UNKNOWN;
pub(crate) use behind::behind;
pub use order::{Appliance, Placed};
pub(crate) use stage::entries;
