//! Azure Firewall: its rules in order, and what each of them matches.

mod application;
#[cfg(test)]
mod laws;
mod network;
mod order;
#[cfg(test)]
pub(crate) mod sample;
mod setting;
mod side;
mod stage;
#[cfg(test)]
mod tests;

pub use order::{Appliance, Placed};
pub(crate) use stage::stage;
