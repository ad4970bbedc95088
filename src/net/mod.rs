//! Exact sets of addresses, ports and protocols, and what is known of Azure's regions and tags.

mod address;
mod catalogue;
mod sets;
mod tag;
mod tag_data;

pub use address::{
    AddressSet, DEFAULT_PREFIXES, METADATA, PLATFORM, PRIVATE_PREFIXES, is_host_name, parse_prefix, range_ends,
};
pub use catalogue::{Cloud, Pair, Region, fqdn_tag, fqdn_tags};
pub use sets::{Bound, Matching, PortSet, ProtocolSet, RangeSet};
pub use tag::{Family, Reading, Relation, Special, Tag};
pub use tag_data::{Containment, Holder, Inclusion, TagData, TagPrefixes, TagSource};
