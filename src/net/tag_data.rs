//! The published prefixes of service tags: a snapshot whose tags are read one by one, as a run asks for them, and how their
//! address sets nest: what contains a tag, what it contains, who holds an address.
//!
//! The sets are exact, by subset tests; what names alone tell is the work of `tag`. Reading the files they are published in
//! is that of `tagfile`.

use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;

use ipnet::IpNet;

use crate::net::address::AddressSet;
use crate::net::sets::{Bound, RangeSet};
use crate::net::tag::{Tag, nearest};

/// What a snapshot reads its tags from.
pub trait TagSource: fmt::Debug + Send + Sync {
    /// The prefixes of the tag that was declared at `index`; `None` when they cannot be read, so nothing is known.
    fn prefixes(&self, index: usize) -> Option<Vec<IpNet>>;
}

/// A snapshot of the published prefixes. Without one every tag is a name and nothing more; so is a tag it lacks.
#[derive(Clone, Debug, Default)]
pub struct TagData {
    entries: Vec<Entry>,
    by_name: HashMap<Box<str>, usize>,
    source: Option<Arc<dyn TagSource>>,
    of_single_services: OnceLock<AddressSet>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: Box<str>,
    /// Set once the tag has been asked for; `None` inside when nothing can be known of it.
    read: OnceLock<Option<TagPrefixes>>,
}

/// The prefixes of one tag.
#[derive(Clone, Debug, Default)]
pub struct TagPrefixes {
    /// As published: routes need their lengths.
    pub prefixes: Vec<IpNet>,
    /// The addresses they make up.
    pub set: AddressSet,
}

impl TagPrefixes {
    fn new(prefixes: Vec<IpNet>) -> Self {
        let set = AddressSet::from_prefixes(prefixes.iter().copied());
        Self { prefixes, set }
    }
}

impl TagData {
    /// Adds the prefixes of a tag, under the name the list gives it. A later entry replaces an earlier one.
    pub fn insert(&mut self, name: &str, prefixes: Vec<IpNet>) {
        let index = self.declare(name);
        self.entries[index].read = OnceLock::from(Some(TagPrefixes::new(prefixes)));
    }

    /// Adds the name of a tag whose prefixes the source will give; returns its index, which is that of an equal
    /// name when there is one.
    pub fn declare(&mut self, name: &str) -> usize {
        let next = self.entries.len();
        let index = *self.by_name.entry(name.to_ascii_lowercase().into()).or_insert(next);
        if index == next {
            self.entries.push(Entry { name: name.into(), read: OnceLock::new() });
        }
        index
    }

    /// Says where the prefixes of declared tags come from.
    #[must_use]
    pub fn read_from(mut self, source: Arc<dyn TagSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// The prefixes of a tag by its name, in any case and any known spelling; `None` when nothing is known of them.
    pub fn get(&self, name: &str) -> Option<&TagPrefixes> {
        self.at(self.index(name)?)
    }

    /// The prefixes of a tag; `None` when nothing is known of them.
    pub fn of(&self, tag: Tag) -> Option<&TagPrefixes> {
        self.at(self.exact(&tag.to_string())?)
    }

    /// The index of a name, in any case and any known spelling.
    pub fn index(&self, name: &str) -> Option<usize> {
        let canonical = || Tag::read(name, None).tag().map(|tag| tag.to_string());
        self.exact(name).or_else(|| self.exact(&canonical()?))
    }

    /// The prefixes of the tag at an index; `None` when nothing is known of them.
    pub fn at(&self, index: usize) -> Option<&TagPrefixes> {
        let read = || Some(TagPrefixes::new(self.source.as_ref()?.prefixes(index)?));
        self.entries.get(index)?.read.get_or_init(read).as_ref()
    }

    /// The addresses of all tags that stand for one service each. Every such tag is read, once.
    pub fn of_single_services(&self) -> &AddressSet {
        self.of_single_services.get_or_init(|| {
            let whole = |name: &&str| Tag::named(name).is_some_and(|tag| tag.is_base() && tag.is_of_one_service());
            let sets = self.names().filter(whole).filter_map(|name| self.get(name)).map(|tag| &tag.set);
            sets.fold(AddressSet::empty(), |all, set| all.union(set))
        })
    }

    /// Whether the tag at an index has been asked for.
    pub fn is_read(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.read.get().is_some())
    }

    /// The name of the tag at an index, as the list writes it.
    pub fn name(&self, index: usize) -> &str {
        self.entries.get(index).map_or("", |entry| &entry.name)
    }

    /// The names of all tags, as and in the order the list has them.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.name)
    }

    /// The name nearest to one that it does not have, when it is near enough to be meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(&name.to_ascii_lowercase(), self.names())
    }

    /// How many tags it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds no tag.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn exact(&self, name: &str) -> Option<usize> {
        self.by_name.get(name.to_ascii_lowercase().as_str()).copied()
    }
}

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
        let pairs =
            self.others(inner).map(|(name, outer)| (outer.set.count(), Containment::new(name, set, &outer.set)));
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
            Some((tag.set.count(), Holder { name: self.name(index), whole, prefix }))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ipnet::IpNet;

    use super::{Inclusion, TagData, TagSource};
    use crate::net::address::AddressSet;
    use crate::net::tag::Tag;

    /// Knows the first tag and no other.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl TagSource for Counting {
        fn prefixes(&self, index: usize) -> Option<Vec<IpNet>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            (index == 0).then(|| vec!["20.0.0.0/24".parse().unwrap()])
        }
    }

    #[test]
    fn a_snapshot_answers_to_every_spelling() {
        let mut data = TagData::default();
        data.insert("AzureKeyVault.WestEurope", vec!["20.0.0.0/24".parse().unwrap()]);
        assert!(data.get("keyvault.westeurope").unwrap().set.contains("20.0.0.7".parse().unwrap()));
        let regional = data.of(Tag::named("AzureKeyVault.WestEurope").unwrap()).unwrap();
        assert!(regional.set.contains("20.0.0.7".parse().unwrap()));
        assert!(data.of(Tag::named("AzureKeyVault").unwrap()).is_none());
        assert!(data.get("AzureKeyVault").is_none());
    }

    #[test]
    fn a_tag_is_read_once_and_only_when_asked_for() {
        let source = Arc::new(Counting::default());
        let mut data = TagData::default();
        assert_eq!((data.declare("Storage"), data.declare("Sql"), data.declare("STORAGE")), (0, 1, 0));
        let data = data.read_from(Arc::<Counting>::clone(&source));
        assert_eq!(source.0.load(Ordering::Relaxed), 0);
        assert!(data.get("storage").is_some() && data.get("Storage").is_some());
        assert!(data.get("Sql").is_none() && data.get("sql").is_none());
        assert_eq!(source.0.load(Ordering::Relaxed), 2);
        assert!(data.is_read(0) && data.is_read(1));
    }

    #[test]
    fn a_later_entry_replaces_an_earlier_one() {
        let mut data = TagData::default();
        data.insert("Sql", vec!["20.0.0.0/24".parse().unwrap()]);
        data.insert("SQL", Vec::new());
        assert_eq!((data.len(), data.get("Sql").unwrap().prefixes.len()), (1, 0));
        assert_eq!(data.names().collect::<Vec<_>>(), ["Sql"]);
    }

    #[test]
    fn nothing_is_read_before_somebody_asks() {
        let mut data = TagData::default();
        assert!(data.is_empty());
        data.declare("Storage");
        assert!(!data.is_empty() && !data.is_read(0) && !data.is_read(7));
    }

    #[test]
    fn a_name_that_is_nearly_one_of_the_list_is_recognized() {
        let mut data = TagData::default();
        for name in ["Storage", "Sql"] {
            data.insert(name, Vec::new());
        }
        assert_eq!(data.nearest("STORGE"), Some("Storage"));
        assert_eq!(data.nearest("SomethingElseAltogether"), None);
    }

    #[test]
    fn the_addresses_of_single_services_are_those_of_whole_tags_of_one_service() {
        let mut data = TagData::default();
        for (name, prefix) in [
            ("Storage", "20.1.0.0/16"),
            ("Sql", "20.2.0.0/16"),
            ("Sql.WestEurope", "20.3.0.0/16"),
            ("AzureCloud", "20.0.0.0/8"),
            ("AzureCloud.westeurope", "20.4.0.0/16"),
            ("NoTagOfTheCatalogue", "20.5.0.0/16"),
        ] {
            data.insert(name, vec![prefix.parse().unwrap()]);
        }
        let expected = AddressSet::from_prefixes(["20.1.0.0/16", "20.2.0.0/16"].map(|net| net.parse().unwrap()));
        assert_eq!(data.of_single_services(), &expected);
    }

    fn nested() -> TagData {
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
        let data = nested();
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
        let data = nested();
        let names: Vec<_> = data.contents("Storage").unwrap().iter().map(|one| one.name).collect();
        assert_eq!(names, ["Storage.WestEurope", "Sql"]);
    }

    #[test]
    fn the_most_specific_holder_of_an_address_comes_first() {
        let data = nested();
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
        let data = nested();
        let rest = data.uncovered("Storage", ["Storage.WestEurope", "Sql"]).unwrap();
        assert!(rest.contains("20.1.0.1".parse().unwrap()) && !rest.contains("20.1.1.1".parse().unwrap()));
        assert!(data.uncovered("Sql", ["Storage"]).unwrap().is_empty());
        assert!(data.uncovered("Sql", ["Nowhere"]).is_none());
    }

    #[test]
    fn an_inclusion_has_a_word_for_programs() {
        let all = [Inclusion::Empty, Inclusion::Equal, Inclusion::Proper, Inclusion::No];
        assert_eq!(all.map(Inclusion::as_str), ["empty", "equal", "proper", "no"]);
        assert_eq!(all.map(Inclusion::is_inside), [true, true, true, false]);
    }

    #[test]
    fn who_has_all_of_it_comes_before_who_has_some() {
        let data = nested();
        let both = ["20.1.1.0/24", "20.9.0.0/24"].map(|net| net.parse().unwrap());
        let found = data.holders(&AddressSet::from_prefixes(both));
        let names: Vec<_> = found.iter().map(|one| (one.name, one.whole)).collect();
        assert_eq!(names, [("AzureCloud", true), ("Storage", true), ("Storage.WestEurope", false), ("Sql", false)]);
    }

    #[test]
    fn two_tags_with_the_same_addresses_are_told_apart_from_a_larger_one() {
        let mut data = TagData::default();
        for (name, prefix) in [("A", "20.1.0.0/16"), ("B", "20.1.0.0/16"), ("C", "20.0.0.0/8")] {
            data.insert(name, vec![prefix.parse().unwrap()]);
        }
        let found: Vec<_> = data.containers("A").unwrap().iter().map(|one| (one.name, one.v4, one.v6)).collect();
        let expected = [("B", Inclusion::Equal, Inclusion::Empty), ("C", Inclusion::Proper, Inclusion::Empty)];
        assert_eq!(found, expected);
    }
}
