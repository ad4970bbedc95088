//! Addresses as pattern rules compare them: prefixes exactly, service tags by what is known of them, in three values.
//!
//! Which packets really pass is the work of `proof`; this only answers what a field says.

use std::sync::{Arc, LazyLock};

use crate::estate::Peer;
use crate::json::{Part, Unknown};
use crate::net::{AddressSet, Family, METADATA, PLATFORM, Reading, Relation, Special, Tag};
use crate::rule::condition::Truth;

/// A union of prefixes, tags, and what is not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    /// Addresses that are in it for certain.
    set: AddressSet,
    tags: Vec<Tag>,
    /// Tags of a region only a deployment can tell.
    regional: Vec<(Tag, Arc<str>)>,
    /// Why more may be in it.
    open: Vec<Arc<str>>,
    /// Application security groups: some addresses of the network, which ones is not known (NSG-23).
    groups: bool,
}

impl Side {
    pub(crate) fn add(&mut self, peer: &Peer) {
        match peer {
            Peer::Any => self.set = AddressSet::full(),
            Peer::Addresses(set) => self.set = self.set.union(set),
            Peer::Tag(name) => match Tag::read(name, None) {
                Reading::Known(tag) | Reading::Alias { tag, .. } => self.tags.push(tag),
                Reading::UnknownRegion { base, .. } => {
                    self.regional.push((base, format!("the region of `{name}`").into()))
                }
                Reading::Unknown { .. } => self.open.push(format!("service tag `{name}`").into()),
            },
            // Azure refuses it, so it matches nothing (NSG-27); a fault says so.
            Peer::Invalid(_) => {}
        }
    }

    pub(crate) fn add_set(&mut self, set: &AddressSet) {
        self.set = self.set.union(set);
    }

    pub(crate) fn add_tag(&mut self, tag: Tag) {
        self.tags.push(tag);
    }

    pub(crate) fn add_open(&mut self, why: Arc<str>) {
        self.open.push(why);
    }

    pub(crate) fn add_groups(&mut self) {
        self.groups = true;
    }

    /// Adds a value only a deployment can tell. Often it is a tag whose region alone is unknown.
    pub(crate) fn add_unknown(&mut self, unknown: &Unknown, why: Arc<str>) {
        if let [Part::Text(start), ..] = &*unknown.parts
            && let Some((name, "")) = start.rsplit_once('.')
            && let Some(tag) = Tag::read(name, None).tag()
        {
            self.regional.push((tag, why));
            return;
        }
        self.open.push(why);
    }

    /// Whether every address of `other` is in it.
    pub(crate) fn includes(&self, other: &Self) -> Truth {
        let mut parts = vec![self.includes_set(&other.set)];
        parts.extend(other.tags.iter().map(|tag| self.includes_tag(*tag)));
        parts.extend(other.regional.iter().map(|(tag, why)| match self.includes_tag(*tag) {
            Truth::Yes => Truth::Yes,
            _ => Truth::Unknown(vec![Arc::clone(why)]),
        }));
        parts.extend(other.open.iter().map(|why| self.everything_or(why)));
        if other.groups {
            parts.push(self.includes_tag(tag_of(Special::VirtualNetwork)));
        }
        Truth::all(parts)
    }

    /// Whether some address is in both.
    pub(crate) fn overlaps(&self, other: &Self) -> Truth {
        let mut parts = vec![self.set.overlaps(&other.set).into()];
        for (one, two) in [(self, other), (other, self)] {
            parts.extend(one.tags.iter().map(|tag| overlap(*tag, &two.set)));
            parts.extend(one.regional.iter().map(|(tag, why)| match overlap(*tag, &two.set) {
                Truth::No => Truth::No,
                _ => Truth::Unknown(vec![Arc::clone(why)]),
            }));
            if !two.is_empty() {
                parts.extend(one.open.iter().map(|why| Truth::Unknown(vec![Arc::clone(why)])));
            }
            if one.groups {
                parts.push(match overlap(tag_of(Special::VirtualNetwork), &two.set) {
                    Truth::No => Truth::No,
                    _ => Truth::open("the members of the application security groups"),
                });
            }
        }
        for one in &self.tags {
            parts.extend(other.tags.iter().map(|two| match one.relation(*two, Family::V4, None) {
                Relation::Disjoint => Truth::No,
                Relation::Open => Truth::open(format!("what `{one}` and `{two}` have in common")),
                Relation::Equal | Relation::Inside | Relation::Holds => Truth::Yes,
            }));
        }
        let pairs = self.tags.iter().flat_map(|one| other.regional.iter().map(move |two| (one, two)));
        let back = other.tags.iter().flat_map(|one| self.regional.iter().map(move |two| (one, two)));
        for (one, (two, why)) in pairs.chain(back) {
            parts.push(match one.relation(*two, Family::V4, None) {
                Relation::Disjoint => Truth::No,
                _ => Truth::Unknown(vec![Arc::clone(why)]),
            });
        }
        Truth::any(parts)
    }

    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.tags.is_empty() && self.regional.is_empty() && self.open.is_empty() && !self.groups
    }

    fn everything_or(&self, why: &Arc<str>) -> Truth {
        if AddressSet::all_v4().is_subset(&self.set) { Truth::Yes } else { Truth::Unknown(vec![Arc::clone(why)]) }
    }

    fn includes_set(&self, wanted: &AddressSet) -> Truth {
        let mut certain = self.set.clone();
        let mut possible = AddressSet::empty();
        let mut why = self.open.clone();
        for tag in &self.tags {
            match tag.special() {
                Some(Special::Internet) => certain = certain.union(public()).union(public_v6()),
                Some(Special::LoadBalancer) => certain = certain.union(&platform()),
                Some(Special::VirtualNetwork) => possible = AddressSet::full(),
                _ => possible = possible.union(public()),
            }
        }
        if !self.regional.is_empty() {
            possible = possible.union(public());
        }
        if wanted.is_subset(&certain) {
            return Truth::Yes;
        }
        // A handful of tags is never the whole public internet.
        let left = wanted.difference(&certain);
        if why.is_empty() && (!left.is_subset(&possible) || public().is_subset(wanted)) {
            return Truth::No;
        }
        why.extend(self.tags.iter().map(|tag| Arc::from(format!("the addresses of `{tag}`"))));
        why.extend(self.regional.iter().map(|(_, why)| Arc::clone(why)));
        Truth::Unknown(why)
    }

    fn includes_tag(&self, wanted: Tag) -> Truth {
        let reach = match wanted.special() {
            Some(Special::LoadBalancer | Special::PlatformDns) => platform(),
            Some(Special::PlatformMetadata) => metadata(),
            Some(Special::VirtualNetwork) => AddressSet::all_v4(),
            _ => public().clone(),
        };
        // `::/0` lets in everybody who comes over IPv6.
        let whole_v6 = || wanted.special() == Some(Special::Internet) && public_v6().is_subset(&self.set);
        if reach.is_subset(&self.set) || whole_v6() {
            return Truth::Yes;
        }
        let mut open: Vec<Arc<str>> = self.open.clone();
        for tag in &self.tags {
            match wanted.relation(*tag, Family::V4, None) {
                Relation::Equal | Relation::Inside => return Truth::Yes,
                // It holds what other customers rent; the addresses of one service never are all of that.
                Relation::Open if wanted.is_azure_cloud() && !tag.is_azure_cloud() => {}
                Relation::Open => open.push(format!("whether `{tag}` holds all of `{wanted}`").into()),
                Relation::Disjoint | Relation::Holds => {}
            }
        }
        for (tag, why) in &self.regional {
            if tag.base() == wanted.base() && !wanted.is_base() {
                open.push(Arc::clone(why));
            }
        }
        // Prefixes may happen to be all of one service's, but never all of the internet, the network or Azure.
        let listed = wanted.special().is_none() && !(wanted.is_azure_cloud() && wanted.is_base());
        if listed && self.set.overlaps(public()) {
            open.push(format!("the addresses of `{wanted}`").into());
        }
        if open.is_empty() { Truth::No } else { Truth::Unknown(open) }
    }
}

/// Whether a tag and a set have addresses in common.
fn overlap(tag: Tag, set: &AddressSet) -> Truth {
    if set.is_empty() {
        return Truth::No;
    }
    let open = || Truth::open(format!("the addresses of `{tag}`"));
    match tag.special() {
        Some(Special::Internet) => (set.overlaps(public()) || set.overlaps(public_v6())).into(),
        Some(Special::LoadBalancer | Special::PlatformDns) => set.overlaps(&platform()).into(),
        Some(Special::PlatformMetadata) => set.overlaps(&metadata()).into(),
        Some(Special::VirtualNetwork) if AddressSet::all_v4().is_subset(set) => Truth::Yes,
        Some(Special::VirtualNetwork) => open(),
        _ if public().is_subset(set) => Truth::Yes,
        _ if set.overlaps(public()) || !set.v6.is_empty() => open(),
        _ => Truth::No,
    }
}

fn tag_of(special: Special) -> Tag {
    let name = match special {
        Special::Internet => "Internet",
        Special::VirtualNetwork => "VirtualNetwork",
        Special::LoadBalancer => "AzureLoadBalancer",
        Special::PlatformDns => "AzurePlatformDNS",
        Special::PlatformMetadata => "AzurePlatformIMDS",
        Special::PlatformActivation => "AzurePlatformLKM",
    };
    Tag::named(name).expect("the catalogue has the special tags")
}

/// The public IPv4 internet (NSG-20).
pub(crate) fn public() -> &'static AddressSet {
    static PUBLIC: LazyLock<AddressSet> =
        LazyLock::new(|| AddressSet { v4: AddressSet::public().v4.clone(), ..AddressSet::empty() });
    &PUBLIC
}

/// The public IPv6 internet.
fn public_v6() -> &'static AddressSet {
    static PUBLIC: LazyLock<AddressSet> =
        LazyLock::new(|| AddressSet { v6: AddressSet::public().v6.clone(), ..AddressSet::empty() });
    &PUBLIC
}

fn platform() -> AddressSet {
    AddressSet::address(PLATFORM)
}

fn metadata() -> AddressSet {
    AddressSet::address(METADATA)
}

#[cfg(test)]
mod tests {
    use super::Side;
    use crate::estate::Peer;
    use crate::net::AddressSet;
    use crate::rule::condition::Truth;

    fn side(items: &[&str]) -> Side {
        let mut side = Side::default();
        for item in items {
            side.add(&match (*item, AddressSet::parse(item)) {
                ("*", _) => Peer::Any,
                (_, Some(set)) => Peer::Addresses(set),
                (tag, None) => Peer::Tag(tag.into()),
            });
        }
        side
    }

    fn includes(left: &[&str], right: &[&str]) -> Truth {
        side(left).includes(&side(right))
    }

    #[test]
    fn every_spelling_of_the_internet_includes_it() {
        for any in [&["*"][..], &["0.0.0.0/0"], &["::/0"], &["Internet"], &["INTERNET"], &["0.0.0.0/1", "128.0.0.0/1"]]
        {
            assert_eq!(includes(any, &["Internet"]), Truth::Yes, "{any:?}");
        }
    }

    #[test]
    fn less_than_the_internet_does_not_include_it() {
        for some in [&["AzureCloud", "Storage"][..], &["VirtualNetwork"], &["0.0.0.0/1"], &["10.0.0.0/8"], &[]] {
            assert_eq!(includes(some, &["Internet"]), Truth::No, "{some:?}");
        }
    }

    #[test]
    fn tags_relate_by_the_catalogue() {
        assert_eq!(includes(&["Storage"], &["Storage.WestEurope"]), Truth::Yes);
        assert_eq!(includes(&["Internet"], &["Storage.WestEurope"]), Truth::Yes);
        assert_eq!(includes(&["Storage"], &["AzureKeyVault"]), Truth::No);
        for all in ["AzureCloud", "AzureCloud.WestEurope"] {
            assert_eq!(includes(&["AzureFrontDoor.Backend", "Storage"], &[all]), Truth::No, "{all}");
        }
        assert!(matches!(includes(&["13.0.0.0/8"], &["Storage"]), Truth::Unknown(_)));
        assert_eq!(side(&["Storage"]).overlaps(&side(&["Internet"])), Truth::Yes);
        assert_eq!(side(&["Storage"]).overlaps(&side(&["10.0.0.0/8"])), Truth::No);
    }

    #[test]
    fn addresses_compare_exactly() {
        assert_eq!(includes(&["10.0.0.0/9", "10.128.0.0/9"], &["10.0.0.0/8"]), Truth::Yes);
        assert_eq!(includes(&["10.0.0.0/9"], &["10.0.0.0/8"]), Truth::No);
        assert_eq!(side(&["10.0.0.0/9"]).overlaps(&side(&["10.127.0.0/16"])), Truth::Yes);
    }
}
