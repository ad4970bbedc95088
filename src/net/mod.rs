//! Exact sets of addresses, ports, protocols and packets, and the catalogue of service tags.

mod fqdn_tag;
mod host_name;
mod ranges;
mod region;
mod tag;
mod tag_catalogue;
mod tag_cover;
mod tag_data;
mod tag_relation;
mod traffic;

pub use fqdn_tag::{FQDN_TAGS, FqdnTag, fqdn_tag};
pub use host_name::is_host_name;
pub use ranges::{Bound, RangeSet};
pub use region::{Cloud, Pair, Region};
pub use tag::{Reading, Special, Tag};
pub use tag_cover::{Containment, Holder, Inclusion};
pub use tag_data::{TagData, TagPrefixes, TagSource};
pub use tag_relation::{Family, Relation};
pub use traffic::{AddressSet, PortSet, ProtocolSet, Traffic};
