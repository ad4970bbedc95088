//! Exact sets of addresses, ports, protocols and packets, and the catalogue of service tags.

mod ranges;
mod region;
mod tag;
mod tag_catalogue;
mod tag_relation;
mod traffic;

pub use ranges::{Bound, RangeSet};
pub use region::{Cloud, Pair, Region};
pub use tag::{Reading, Special, Tag, TagData, TagPrefixes};
pub use tag_relation::{Family, Relation};
pub use traffic::{AddressSet, PortSet, ProtocolSet, Traffic};
