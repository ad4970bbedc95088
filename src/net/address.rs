//! Addresses: exact sets of them, how they are written, and those with a meaning of their own; the names of hosts.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::net::sets::RangeSet;

/// The prefixes that hold every address of one family: those of default routes.
pub const DEFAULT_PREFIXES: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The private prefixes of IPv4 (RFC 1918).
pub const PRIVATE_PREFIXES: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// The platform's address for DNS, health probes and more.
pub const PLATFORM: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));

/// The platform's address for instance metadata.
pub const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

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

    /// An address, a prefix with or without host bits, or a range `a-b`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let range = || range_ends(text).map(|(first, last)| Self::range(first, last)).filter(|set| !set.is_empty());
        parse_prefix(text).map(Self::prefix).or_else(range)
    }

    /// Every address that may be public (NSG-20), `VirtualNetwork` not yet taken away.
    pub fn public() -> &'static Self {
        static PUBLIC: LazyLock<AddressSet> = LazyLock::new(|| {
            let special = ["0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];
            let excluded = special.iter().chain(&PRIVATE_PREFIXES).filter_map(|prefix| parse_prefix(prefix));
            let excluded = AddressSet::from_prefixes(excluded.chain([PLATFORM.into()]));
            AddressSet::all_v4().difference(&excluded).union(&AddressSet::from_prefixes("2000::/3".parse()))
        });
        &PUBLIC
    }

    /// How many addresses there are, IPv4 and IPv6; of all IPv6 addresses one is not counted.
    pub fn count(&self) -> (u64, u128) {
        let v4 = self.v4.ranges().iter().map(|&(first, last)| u64::from(last - first) + 1).sum();
        let size = |(first, last): &(u128, u128)| (last - first).saturating_add(1);
        (v4, self.v6.ranges().iter().map(size).fold(0, u128::saturating_add))
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

/// One address, or a prefix without its host bits.
pub fn parse_prefix(text: &str) -> Option<IpNet> {
    let prefix = text.parse::<IpNet>().ok().map(|net| net.trunc());
    prefix.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The two addresses of a range `a-b`, in whatever order.
pub fn range_ends(text: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = text.split_once('-')?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

/// Whether a text is the name of a host: labels of letters, digits, hyphens and underscores with dots between them. What
/// ends in a number is an address, or a part of one.
pub fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain)
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(is_label) && !text.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::{AddressSet, is_host_name};
    use crate::net::sets::PortSet;

    #[test]
    fn addresses_urls_and_ports_are_no_names() {
        for text in ["pypi.org", "x", "A_b-c.Example", "7zip.org", "xn--bcher-kva.example"] {
            assert!(is_host_name(text), "{text}");
        }
        let long = "x".repeat(64);
        for text in
            ["", ".", "a..b", "10.0.0.4", "10.0.0.4-10.0.0.9", "a.b:443", "https://a.b", "a.b/", "a b", "::1", &long]
        {
            assert!(!is_host_name(text), "{text}");
        }
    }

    #[test]
    fn a_union_of_many_is_the_union_of_two_again_and_again() {
        let sets = ["10.0.0.0/8", "2603::/32", "10.0.0.0/7", "2603:1::/32"];
        let sets = sets.map(|net| AddressSet::prefix(net.parse().unwrap()));
        let one_by_one = sets.iter().fold(AddressSet::empty(), |all, set| all.union(set));
        assert_eq!(AddressSet::union_of(&sets), one_by_one);
        assert!(AddressSet::union_of([]).is_empty() && PortSet::empty().is_empty());
    }

    #[test]
    fn the_size_of_a_set_is_how_many_addresses_it_has() {
        let size = |nets: &[&str]| AddressSet::from_prefixes(nets.iter().map(|net| net.parse().unwrap())).count();
        assert_eq!(size(&["10.0.0.0/32", "10.0.0.2/31", "10.0.0.8/29"]), (11, 0));
        assert_eq!(size(&["2603::/127", "2603::8/128"]), (0, 3));
        assert_eq!(size(&["::/0", "0.0.0.0/0"]), (1 << 32, u128::MAX));
    }
}
