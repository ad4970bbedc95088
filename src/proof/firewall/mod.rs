//! Azure Firewall: its rules in order, and what each of them matches.

mod clause;
mod order;
mod stage;

pub use order::{Appliance, Placed};
pub(crate) use stage::{decider_of, entries};
