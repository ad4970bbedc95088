//! How the published address sets of a snapshot nest: what contains a tag, what it contains, who holds an address.
//!
//! Exact, by subset tests; what names alone tell is the work of `tag_relation`. Each question meets every tag of the
//! snapshot once, so the first one reads them all.

use std::cmp::Reverse;

use ipnet::IpNet;

use crate::net::ranges::{Bound, RangeSet};
use crate::net::tag_data::{TagData, TagPrefixes};
use crate::net::traffic::AddressSet;

/// How the addresses of one family of a tag lie in another tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inclusion {
    /// It has none of this family.
    Empty,
    /// Both are the same set.
    Equal,
    /// All of them, and the other tag has more.
    Proper,
    /// Not all of them.
    No,
}

impl Inclusion {
    /// The word for programs: `empty`, `equal`, `proper`, `no`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Equal => "equal",
            Self::Proper => "proper",
            Self::No => "no",
        }
    }

    /// Whether every address of the family is inside; of none, every one is.
    pub fn is_inside(self) -> bool {
        self != Self::No
    }

    fn of<T: Bound>(inner: &RangeSet<T>, outer: &RangeSet<T>) -> Self {
        match () {
            () if inner.is_empty() => Self::Empty,
            () if inner == outer => Self::Equal,
            () if inner.is_subset(outer) => Self::Proper,
            () => Self::No,
        }
    }
}

/// A pair of tags of which one holds all addresses of a family that the other one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Containment<'d> {
    /// The other tag, as the list writes it.
    pub name: &'d str,
    /// The IPv4 addresses of the inner tag.
    pub v4: Inclusion,
    /// The IPv6 addresses of the inner tag.
    pub v6: Inclusion,
}

impl<'d> Containment<'d> {
    fn new(name: &'d str, inner: &AddressSet, outer: &AddressSet) -> Self {
        let (v4, v6) = (Inclusion::of(&inner.v4, &outer.v4), Inclusion::of(&inner.v6, &outer.v6));
        Self { name, v4, v6 }
    }

    /// Whether every address of the inner tag is inside.
    pub fn is_whole(self) -> bool {
        self.v4.is_inside() && self.v6.is_inside()
    }

    /// Whether there is a family all of whose addresses, and at least one, are inside.
    fn says_something(self) -> bool {
        [self.v4, self.v6].iter().any(|family| matches!(family, Inclusion::Equal | Inclusion::Proper))
    }
}

/// A tag with addresses that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder<'d> {
    /// The tag, as the list writes it.
    pub name: &'d str,
    /// Whether it has every address asked for, rather than some.
    pub whole: bool,
    /// Its longest prefix that has every address asked for; `None` when no single one has.
    pub prefix: Option<IpNet>,
}

impl TagData {
    /// The tags that hold every IPv4 or every IPv6 address of a tag, the tightest first; `None` when nothing is known
    /// of the tag.
    pub fn containers(&self, name: &str) -> Option<Vec<Containment<'_>>> {
        let inner = self.index(name)?;
        let set = &self.at(inner)?.set;
        let pairs = self.others(inner).map(|(name, outer)| (size(&outer.set), Containment::new(name, set, &outer.set)));
        let mut found: Vec<_> = pairs.filter(|(_, pair)| pair.says_something()).collect();
        found.sort_by_key(|(size, pair)| (!pair.is_whole(), *size, pair.name));
        Some(found.into_iter().map(|(_, pair)| pair).collect())
    }

    /// The tags all of whose IPv4 or IPv6 addresses a tag holds, in the order of the list; `None` when nothing is known
    /// of the tag.
    pub fn contents(&self, name: &str) -> Option<Vec<Containment<'_>>> {
        let outer = self.index(name)?;
        let set = &self.at(outer)?.set;
        let pairs = self.others(outer).map(|(name, inner)| Containment::new(name, &inner.set, set));
        Some(pairs.filter(|pair| pair.says_something()).collect())
    }

    /// The tags that have every or some of these addresses: first those with all of them, the longest matching prefix
    /// before shorter ones, and the smaller tag before the larger.
    pub fn holders(&self, addresses: &AddressSet) -> Vec<Holder<'_>> {
        if addresses.is_empty() {
            return Vec::new();
        }
        let found = (0..self.len()).filter_map(|index| {
            let tag = self.at(index)?;
            let whole = addresses.is_subset(&tag.set);
            if !whole && !addresses.overlaps(&tag.set) {
                return None;
            }
            let holding = |net: &&IpNet| addresses.is_subset(&AddressSet::prefix(**net));
            let prefix = tag.prefixes.iter().filter(holding).max_by_key(|net| net.prefix_len()).copied();
            Some((size(&tag.set), Holder { name: self.name(index), whole, prefix }))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(size, holder)| {
            (!holder.whole, Reverse(holder.prefix.map(|net| net.prefix_len())), *size, holder.name)
        });
        found.into_iter().map(|(_, holder)| holder).collect()
    }

    /// The addresses of a tag that none of the others has; `None` when nothing is known of one of them.
    pub fn uncovered<'n>(&self, name: &str, by: impl IntoIterator<Item = &'n str>) -> Option<AddressSet> {
        let mut rest = self.get(name)?.set.clone();
        for other in by {
            rest = rest.difference(&self.get(other)?.set);
        }
        Some(rest)
    }

    fn others(&self, than: usize) -> impl Iterator<Item = (&str, &TagPrefixes)> {
        (0..self.len())
            .filter(move |index| *index != than)
            .filter_map(|index| Some((self.name(index), self.at(index)?)))
    }
}

/// How many addresses there are, IPv4 and IPv6.
fn size(set: &AddressSet) -> (u64, u128) {
    let v4 = set.v4.ranges().iter().map(|&(first, last)| u64::from(last - first) + 1).sum();
    let v6 =
        set.v6.ranges().iter().fold(0u128, |sum, (first, last)| sum.saturating_add((last - first).saturating_add(1)));
    (v4, v6)
}

#[cfg(test)]
mod tests {
    use super::Inclusion;
    use crate::net::tag_data::TagData;
    use crate::net::traffic::AddressSet;

    fn data() -> TagData {
        let mut data = TagData::default();
        for (name, prefixes) in [
            ("AzureCloud", vec!["20.0.0.0/8"]),
            ("Storage", vec!["20.1.0.0/16", "20.9.0.0/16", "2603::/32"]),
            ("Storage.WestEurope", vec!["20.1.1.0/24", "2603::/48"]),
            ("Sql", vec!["20.9.0.0/17", "20.9.128.0/17"]),
            ("Empty", vec![]),
        ] {
            data.insert(name, prefixes.into_iter().map(|net| net.parse().unwrap()).collect());
        }
        data
    }

    #[test]
    fn containers_come_tightest_first_and_say_how_each_family_lies() {
        let data = data();
        let found = data.containers("storage.westeurope").unwrap();
        let shown: Vec<_> = found.iter().map(|one| (one.name, one.v4, one.v6, one.is_whole())).collect();
        assert_eq!(
            shown,
            [
                ("Storage", Inclusion::Proper, Inclusion::Proper, true),
                ("AzureCloud", Inclusion::Proper, Inclusion::No, false)
            ]
        );
        assert!(data.containers("Empty").unwrap().is_empty());
        assert!(data.containers("Nowhere").is_none());
    }

    #[test]
    fn contents_are_the_other_way_around() {
        let data = data();
        let names: Vec<_> = data.contents("Storage").unwrap().iter().map(|one| one.name).collect();
        assert_eq!(names, ["Storage.WestEurope", "Sql"]);
    }

    #[test]
    fn the_most_specific_holder_of_an_address_comes_first() {
        let data = data();
        let of = |net: &str| {
            let set = AddressSet::prefix(net.parse().unwrap());
            let found = data.holders(&set).into_iter();
            found.map(|one| (one.name, one.whole, one.prefix.map(|net| net.to_string()))).collect::<Vec<_>>()
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            of("20.1.1.7/32"),
            [
                ("Storage.WestEurope", true, some("20.1.1.0/24")),
                ("Storage", true, some("20.1.0.0/16")),
                ("AzureCloud", true, some("20.0.0.0/8"))
            ]
        );
        // Two prefixes together hold it, no single one does.
        assert_eq!(of("20.9.0.0/16")[2], ("Sql", true, None));
        assert_eq!(of("20.0.0.0/7").len(), 4);
        assert!(of("20.0.0.0/7").iter().all(|holder| !holder.1));
        assert!(of("10.0.0.1/32").is_empty());
        assert!(data.holders(&AddressSet::empty()).is_empty());
    }

    #[test]
    fn of_holders_alike_the_smaller_one_comes_first() {
        let mut data = TagData::default();
        for (name, prefixes) in [
            ("A", vec!["10.0.0.0/25", "10.0.0.128/25", "1.0.0.0/8"]),
            ("B", vec!["10.0.0.0/25", "10.0.0.128/25", "100.0.0.0/24"]),
            ("C", vec!["10.0.0.0/25", "10.0.0.128/25", "2.0.0.0/24", "2603::/32"]),
        ] {
            data.insert(name, prefixes.into_iter().map(|net| net.parse().unwrap()).collect());
        }
        let set = AddressSet::prefix("10.0.0.0/24".parse().unwrap());
        let names: Vec<&str> = data.holders(&set).iter().map(|one| one.name).collect();
        assert_eq!(names, ["B", "C", "A"]);
    }

    #[test]
    fn what_others_do_not_cover_is_left() {
        let data = data();
        let rest = data.uncovered("Storage", ["Storage.WestEurope", "Sql"]).unwrap();
        assert!(rest.contains("20.1.0.1".parse().unwrap()) && !rest.contains("20.1.1.1".parse().unwrap()));
        assert!(data.uncovered("Sql", ["Storage"]).unwrap().is_empty());
        assert!(data.uncovered("Sql", ["Nowhere"]).is_none());
    }
}
