//! Tests of proofs as a whole: what is documented of firewalls, by example, and the law of the path.

mod firewall;
mod laws;
pub(crate) mod sample;
