//! Exact sets of addresses, ports, protocols and packets, and the catalogue of service tags.

mod ranges;
mod traffic;

pub use ranges::{Bound, RangeSet};
pub use traffic::{AddressSet, PortSet, ProtocolSet, Traffic};
