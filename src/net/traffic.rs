//! Sets of packets: addresses, ports, protocols, and their product.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::net::ranges::RangeSet;

/// A set of ports.
pub type PortSet = RangeSet<u16>;

/// A set of addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressSet {
    /// The IPv4 addresses.
    pub v4: RangeSet<u32>,
    /// The IPv6 addresses.
    pub v6: RangeSet<u128>,
}

impl AddressSet {
    /// No address.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every address of both families.
    pub fn full() -> Self {
        Self { v4: RangeSet::full(), v6: RangeSet::full() }
    }

    /// Every IPv4 address.
    pub fn all_v4() -> Self {
        Self { v4: RangeSet::full(), v6: RangeSet::empty() }
    }

    /// Every IPv6 address.
    pub fn all_v6() -> Self {
        Self { v4: RangeSet::empty(), v6: RangeSet::full() }
    }

    /// The addresses of a prefix, host bits ignored.
    pub fn prefix(net: IpNet) -> Self {
        Self::range(net.network(), net.broadcast())
    }

    /// One address.
    pub fn address(address: IpAddr) -> Self {
        Self::range(address, address)
    }

    /// The addresses from `first` to `last`; empty when they are of two families or in the wrong order.
    pub fn range(first: IpAddr, last: IpAddr) -> Self {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                Self { v4: RangeSet::range(first.into(), last.into()), v6: RangeSet::empty() }
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                Self { v4: RangeSet::empty(), v6: RangeSet::range(first.into(), last.into()) }
            }
            _ => Self::empty(),
        }
    }

    /// The union of prefixes.
    pub fn from_prefixes(prefixes: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in prefixes {
            match prefix {
                IpNet::V4(net) => v4.push((u32::from(net.network()), u32::from(net.broadcast()))),
                IpNet::V6(net) => v6.push((u128::from(net.network()), u128::from(net.broadcast()))),
            }
        }
        Self { v4: RangeSet::from_ranges(v4), v6: RangeSet::from_ranges(v6) }
    }

    /// The union of sets: many at once for the price of sorting their ranges.
    pub fn union_of<'s>(sets: impl IntoIterator<Item = &'s Self>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            v4.extend_from_slice(set.v4.ranges());
            v6.extend_from_slice(set.v6.ranges());
        }
        Self { v4: RangeSet::from_ranges(v4), v6: RangeSet::from_ranges(v6) }
    }

    /// Whether no address is in it.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(address.into()),
            IpAddr::V6(address) => self.v6.contains(address.into()),
        }
    }

    /// Its least address, IPv4 first.
    pub fn first(&self) -> Option<IpAddr> {
        let v4 = self.v4.first().map(|address| IpAddr::V4(address.into()));
        v4.or_else(|| self.v6.first().map(|address| IpAddr::V6(address.into())))
    }

    /// Addresses in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// Addresses in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    /// Addresses in this set that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// Addresses that are not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self { v4: self.v4.complement(), v6: self.v6.complement() }
    }

    /// Whether every address of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Whether some address is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.v4.overlaps(&other.v4) || self.v6.overlaps(&other.v6)
    }

    /// The fewest prefixes that make it up, IPv4 first, ascending.
    pub fn prefixes(&self) -> impl Iterator<Item = IpNet> + '_ {
        let v4 = self.v4.ranges().iter().flat_map(|&(first, last)| {
            ipnet::Ipv4Subnets::new(first.into(), last.into(), 0).map(|net: Ipv4Net| IpNet::V4(net))
        });
        let v6 = self.v6.ranges().iter().flat_map(|&(first, last)| {
            ipnet::Ipv6Subnets::new(first.into(), last.into(), 0).map(|net: Ipv6Net| IpNet::V6(net))
        });
        v4.chain(v6)
    }
}

/// A set of protocols as NSGs know them (NSG-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolSet(u8);

impl ProtocolSet {
    /// No protocol.
    pub const NONE: Self = Self(0);
    /// TCP.
    pub const TCP: Self = Self(1);
    /// UDP.
    pub const UDP: Self = Self(2);
    /// ICMP.
    pub const ICMP: Self = Self(4);
    /// Encapsulating security payload.
    pub const ESP: Self = Self(8);
    /// Authentication header.
    pub const AH: Self = Self(16);
    /// Every protocol: `*`.
    pub const ALL: Self = Self(31);

    /// Every protocol that can be named, by itself, with its name in lower case.
    pub const NAMED: [(Self, &'static str); 5] =
        [(Self::TCP, "tcp"), (Self::UDP, "udp"), (Self::ICMP, "icmp"), (Self::ESP, "esp"), (Self::AH, "ah")];

    /// Reads a protocol of a rule: `Tcp`, `UDP`, `*`, `All`, `Any`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" || text.eq_ignore_ascii_case("all") || text.eq_ignore_ascii_case("any") {
            return Some(Self::ALL);
        }
        Self::NAMED.iter().find(|(_, name)| text.eq_ignore_ascii_case(name)).map(|(set, _)| *set)
    }

    /// Protocols in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Protocols in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Protocols in this set that are not in the other.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether no protocol is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every protocol of this set is in the other.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether ports mean anything for every protocol in it: TCP and UDP only.
    pub fn has_ports(self) -> bool {
        self.is_subset(Self::TCP.union(Self::UDP))
    }

    /// Each protocol in it by itself.
    pub fn each(self) -> impl Iterator<Item = (Self, &'static str)> {
        Self::NAMED.into_iter().filter(move |(one, _)| one.is_subset(self))
    }
}

impl fmt::Display for ProtocolSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return out.write_str("any protocol");
        }
        let names: Vec<String> = self.each().map(|(_, name)| name.to_ascii_uppercase()).collect();
        out.write_str(&names.join("/"))
    }
}

/// The product of its parts: the packets whose every coordinate lies in the part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traffic {
    /// Protocols.
    pub protocols: ProtocolSet,
    /// Source addresses.
    pub sources: AddressSet,
    /// Source ports.
    pub source_ports: PortSet,
    /// Destination addresses.
    pub destinations: AddressSet,
    /// Destination ports.
    pub destination_ports: PortSet,
}

impl Traffic {
    /// Every packet.
    pub fn full() -> Self {
        Self {
            protocols: ProtocolSet::ALL,
            sources: AddressSet::full(),
            source_ports: PortSet::full(),
            destinations: AddressSet::full(),
            destination_ports: PortSet::full(),
        }
    }

    /// Whether no packet is in it.
    pub fn is_empty(&self) -> bool {
        self.protocols.is_empty()
            || self.sources.is_empty()
            || self.source_ports.is_empty()
            || self.destinations.is_empty()
            || self.destination_ports.is_empty()
    }

    /// Packets in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            protocols: self.protocols.intersection(other.protocols),
            sources: self.sources.intersection(&other.sources),
            source_ports: self.source_ports.intersection(&other.source_ports),
            destinations: self.destinations.intersection(&other.destinations),
            destination_ports: self.destination_ports.intersection(&other.destination_ports),
        }
    }
}
