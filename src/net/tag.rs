//! Service tags: their names as rules write them, what each may be used for (TAG-1 to 5, TAG-8, TAG-10), and how their
//! address sets relate, known from their names alone (TAG-15).
//!
//! The published lists nest: regional forms inside their tag and inside `AzureCloud` of the region, most tags inside
//! `AzureCloud`, a few services inside another one, and all of them inside `Internet`. What does not nest is disjoint,
//! except towards `AzureCloud`. The published prefixes stand in `tag_data`.

use std::fmt;

use crate::net::catalogue::{Cloud, Entry, Region, catalogue};
use crate::spelling::nearest_within;

/// A service tag of the catalogue, with or without a region. Cheap to copy; equal tags are equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    base: u16,
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Whole,
    Region(u16),
    Stage(u16),
}

/// Tags whose addresses depend on the network they are used in, or that Azure itself gives meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Special {
    /// `Internet` (NSG-20).
    Internet,
    /// `VirtualNetwork` (NSG-17).
    VirtualNetwork,
    /// `AzureLoadBalancer`: 168.63.129.16, health probes (NSG-19).
    LoadBalancer,
    /// `AzurePlatformDNS` (NSG-21).
    PlatformDns,
    /// `AzurePlatformIMDS` (NSG-21).
    PlatformMetadata,
    /// `AzurePlatformLKM`: Windows activation (NSG-21).
    PlatformActivation,
}

/// What a text in the place of a tag turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A tag of the catalogue; case does not matter.
    Known(Tag),
    /// An old or other spelling of a tag (TAG-2).
    Alias {
        /// The tag meant.
        tag: Tag,
        /// Its canonical spelling.
        canonical: String,
    },
    /// A known tag with a region that it does not have.
    UnknownRegion {
        /// The tag without region.
        base: Tag,
        /// What was meant, when it is plain.
        suggestion: Option<String>,
    },
    /// No tag of the catalogue.
    Unknown {
        /// What was meant, when it is plain.
        suggestion: Option<String>,
    },
}

impl Reading {
    /// The tag it stands for, known or by another spelling.
    pub fn tag(&self) -> Option<Tag> {
        match self {
            Self::Known(tag) | Self::Alias { tag, .. } => Some(*tag),
            Self::UnknownRegion { .. } | Self::Unknown { .. } => None,
        }
    }
}

impl Tag {
    /// Reads a tag, without regard to case. `cloud` only guides suggestions.
    pub fn read(text: &str, cloud: Option<Cloud>) -> Reading {
        let all = catalogue();
        let lower = text.to_ascii_lowercase();
        if let Some(&base) = all.by_name.get(&lower) {
            return Reading::Known(Self { base, part: Part::Whole });
        }
        if let Some(&base) = all.aliases.get(&lower) {
            let tag = Self { base, part: Part::Whole };
            return Reading::Alias { tag, canonical: tag.to_string() };
        }
        // A name may hold a dot of its own, so the region is what follows the last one.
        let Some((name, suffix)) = lower.rsplit_once('.') else {
            return Reading::Unknown { suggestion: nearest_name(&lower) };
        };
        let exact = all.by_name.get(name).copied();
        let Some(base) = exact.or_else(|| all.aliases.get(name).copied()) else {
            // A dot that belongs to the name must not hide the nearest one: `AzureFrontDor.Frontend`.
            let suggestion = nearest_name(&lower).or_else(|| {
                let base =
                    Self { base: *all.by_name.get(&nearest_name(name)?.to_ascii_lowercase())?, part: Part::Whole };
                base.in_region_suffix(suffix).map(|tag| tag.to_string())
            });
            return Reading::Unknown { suggestion };
        };
        let whole = Self { base, part: Part::Whole };
        match whole.in_region_suffix(suffix) {
            Some(tag) if exact.is_some() => Reading::Known(tag),
            Some(tag) => Reading::Alias { tag, canonical: tag.to_string() },
            None => Reading::UnknownRegion { base: whole, suggestion: whole.nearest_region(suffix, cloud) },
        }
    }

    /// The tag of a name the program itself uses; `None` if the catalogue does not have it.
    pub fn named(text: &str) -> Option<Self> {
        match Self::read(text, None) {
            Reading::Known(tag) => Some(tag),
            _ => None,
        }
    }

    /// The tag without its region.
    #[must_use]
    pub fn base(self) -> Self {
        Self { base: self.base, part: Part::Whole }
    }

    /// The base name, such as `Storage`.
    pub fn base_name(self) -> &'static str {
        self.entry().name
    }

    /// Whether it has no region.
    pub fn is_base(self) -> bool {
        self.part == Part::Whole
    }

    /// Its region.
    pub fn region(self) -> Option<&'static Region> {
        self.region_index().and_then(|index| Region::all().get(usize::from(index)))
    }

    /// The same tag of one region; `None` when the tag has no regional forms.
    pub fn in_region(self, region: &Region) -> Option<Self> {
        let index = Region::all().iter().position(|one| one.location == region.location)?;
        let known = self.is_azure_cloud() || region.suffix.is_some();
        let part = Part::Region(u16::try_from(index).ok()?);
        (self.entry().regional && known).then_some(Self { base: self.base, part })
    }

    /// What Azure gives it as meaning, for tags that are in no list.
    pub fn special(self) -> Option<Special> {
        Some(match self.base_name() {
            "Internet" => Special::Internet,
            "VirtualNetwork" => Special::VirtualNetwork,
            "AzureLoadBalancer" => Special::LoadBalancer,
            "AzurePlatformDNS" => Special::PlatformDns,
            "AzurePlatformIMDS" => Special::PlatformMetadata,
            "AzurePlatformLKM" => Special::PlatformActivation,
            _ => return None,
        })
    }

    /// Whether the list of a cloud has it. Tags in no list are in every cloud.
    pub fn is_in(self, cloud: Cloud) -> bool {
        let listed = self.entry().clouds;
        (listed.is_empty() || listed.contains(cloud)) && self.region().is_none_or(|region| region.cloud == cloud)
    }

    /// The cloud its region is in.
    pub fn cloud(self) -> Option<Cloud> {
        self.region().map(|region| region.cloud)
    }

    /// Whether it has regional forms at all.
    pub fn has_regions(self) -> bool {
        self.entry().regional
    }

    /// Whether this very form is documented as usable in rules: false for `AzureMachineLearning.WestEurope` (TAG-10).
    pub fn is_documented(self) -> bool {
        self.is_base() || self.entry().regional_usable
    }

    /// Whether routes may name it (TAG-8).
    pub fn is_usable_in_routes(self) -> bool {
        self.entry().in_routes
    }

    /// Whether firewall network rules may name it as a destination (TAG-8, TAG-9).
    pub fn is_usable_in_firewalls(self) -> bool {
        self.entry().in_firewalls
    }

    /// Whether it is `AzureCloud`, with or without region.
    pub fn is_azure_cloud(self) -> bool {
        self.base_name() == "AzureCloud"
    }

    /// Whether it stands for the addresses of one service: neither all of Azure nor a word for a network.
    pub fn is_of_one_service(self) -> bool {
        self.special().is_none() && !self.is_azure_cloud()
    }

    pub(crate) fn entry(self) -> &'static Entry {
        &catalogue().entries[usize::from(self.base)]
    }

    pub(crate) fn region_index(self) -> Option<u16> {
        match self.part {
            Part::Region(index) => Some(index),
            Part::Whole | Part::Stage(_) => None,
        }
    }

    /// The tag that holds it as a whole, for the few services inside another one.
    pub(crate) fn parent(self) -> Option<Self> {
        self.entry().parent.map(|base| Self { base, part: Part::Whole })
    }

    /// The regional form by the lower-case text after the dot.
    fn in_region_suffix(self, suffix: &str) -> Option<Self> {
        let all = catalogue();
        let regions = if self.is_azure_cloud() { &all.by_cloud_suffix } else { &all.by_suffix };
        let region = regions.get(suffix).filter(|_| self.entry().regional).map(|&index| Part::Region(index));
        let stage = || {
            let at =
                all.stages.iter().position(|(base, name)| *base == self.base && name.eq_ignore_ascii_case(suffix))?;
            u16::try_from(at).ok().map(Part::Stage)
        };
        region.or_else(stage).map(|part| Self { base: self.base, part })
    }

    /// The regional form most likely meant by a text that is no region of it.
    fn nearest_region(self, suffix: &str, cloud: Option<Cloud>) -> Option<String> {
        if !self.entry().regional {
            return Some(self.base_name().to_owned());
        }
        let name = |region: &Region| if self.is_azure_cloud() { Some(region.cloud_suffix) } else { region.suffix };
        let choices = || Region::all().iter().filter(|region| region.is_public_choice());
        let meant = choices().find(|region| {
            let swapped = |at: usize| region.location.get(at..).zip(region.location.get(..at));
            region.location == suffix
                || region.cloud_suffix == suffix
                || (1..suffix.len()).any(|at| swapped(at).is_some_and(|(end, start)| suffix == format!("{end}{start}")))
        });
        let near = || {
            let wanted = |region: &&Region| cloud.is_none_or(|cloud| region.cloud == cloud);
            let location = nearest(suffix, choices().filter(wanted).map(|region| region.location))?;
            Region::by_name(location)
        };
        let region = meant.or_else(near)?;
        name(region).map(|suffix| format!("{}.{suffix}", self.base_name()))
    }
}

impl fmt::Display for Tag {
    /// The canonical spelling.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.base_name())?;
        match (self.part, self.region()) {
            (Part::Stage(index), _) => write!(out, ".{}", catalogue().stages[usize::from(index)].1),
            (_, Some(region)) if self.is_azure_cloud() => write!(out, ".{}", region.cloud_suffix),
            (_, Some(region)) => write!(out, ".{}", region.suffix.unwrap_or(region.location)),
            _ => Ok(()),
        }
    }
}

/// The base name nearest to a lower-case text, when it is near enough to be meant.
fn nearest_name(text: &str) -> Option<String> {
    nearest(text, catalogue().entries.iter().map(|entry| entry.name)).map(str::to_owned)
}

/// The candidate with the fewest edits, if they are few for its length; the first of equals.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    nearest_within((text.len() / 4).clamp(1, 3), text, candidates)
}

/// The address families, which are proven one by one (ALG-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What is known of two address sets. Where a set may be empty, the weaker reading holds as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same set.
    Equal,
    /// The first lies inside the second.
    Inside,
    /// The second lies inside the first.
    Holds,
    /// No address is in both.
    Disjoint,
    /// Nothing is known.
    Open,
}

impl Relation {
    /// Whether every address of the first is known to be in the second.
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Equal | Self::Inside)
    }

    fn swapped(self) -> Self {
        match self {
            Self::Inside => Self::Holds,
            Self::Holds => Self::Inside,
            same => same,
        }
    }
}

impl Tag {
    /// How its addresses of a family relate to those of another tag. Without a cloud only what holds in all of them is
    /// known. `VirtualNetwork` and the other tags that depend on the network are taken at their usual meaning.
    pub fn relation(self, other: Self, family: Family, cloud: Option<Cloud>) -> Relation {
        if self == other {
            return Relation::Equal;
        }
        if let (Some(one), Some(two)) = (self.cloud(), other.cloud())
            && one != two
        {
            return Relation::Disjoint;
        }
        match (self.special(), other.special()) {
            (Some(one), Some(two)) => return special(one, two),
            (Some(one), None) => return other.to_special(one).swapped(),
            (None, Some(two)) => return self.to_special(two),
            (None, None) => {}
        }
        match (self.is_azure_cloud(), other.is_azure_cloud()) {
            (true, false) => return other.to_azure_cloud(self, family, cloud).swapped(),
            (false, true) => return self.to_azure_cloud(other, family, cloud),
            _ => {}
        }
        if self.base() == other.base() {
            return match (self.is_base(), other.is_base()) {
                (false, true) => Relation::Inside,
                (true, false) => Relation::Holds,
                _ if self.region().is_some() && other.region().is_some() => Relation::Disjoint,
                _ => Relation::Open,
            };
        }
        if self.parent() == Some(other.base()) {
            return if other.is_base() { Relation::Inside } else { Relation::Open };
        }
        if other.parent() == Some(self.base()) {
            return if self.is_base() { Relation::Holds } else { Relation::Open };
        }
        Relation::Disjoint
    }

    /// Whether it is known to have IPv4 addresses that none of its regional forms has: a fact of the public cloud.
    pub fn exceeds_its_regions(self, cloud: Option<Cloud>) -> bool {
        self.is_base() && self.entry().beyond_regions && cloud == Some(Cloud::Public)
    }

    /// Whether it is known to have IPv4 addresses that `AzureCloud` has not. Without a cloud: in every one it is in.
    pub fn exceeds_azure_cloud(self, cloud: Option<Cloud>) -> bool {
        let entry = self.entry();
        let mut own = Cloud::ALL.into_iter().filter(|one| entry.clouds.contains(*one));
        self.is_base()
            && match cloud {
                Some(cloud) => entry.outside.contains(cloud),
                None => !entry.clouds.is_empty() && own.all(|one| entry.outside.contains(one)),
            }
    }

    /// Whether it is known to have addresses of a family at all.
    pub fn has_addresses(self, family: Family) -> bool {
        match family {
            Family::V4 => self.is_base() || self.cloud().is_some_and(|cloud| !self.entry().sparse.contains(cloud)),
            // Which services have IPv6 addresses changes from list to list.
            Family::V6 => false,
        }
    }

    /// Whether each of its regional forms is known to have addresses of a family.
    pub fn has_addresses_everywhere(self, family: Family) -> bool {
        family == Family::V4 && self.entry().regional && self.entry().sparse.is_empty()
    }

    /// How the addresses of its regional form relate to those of another tag, whatever the region is.
    pub fn relation_in_some_region(self, other: Self, family: Family, cloud: Option<Cloud>) -> Relation {
        match self.base().relation(other, family, cloud) {
            Relation::Equal | Relation::Inside => Relation::Inside,
            Relation::Disjoint => Relation::Disjoint,
            _ if other.is_azure_cloud() && other.is_base() && family == Family::V4 && self.entry().apart.is_empty() => {
                Relation::Inside
            }
            _ => Relation::Open,
        }
    }

    /// The relation of a service's tag to a special one. Service tags hold public addresses only (NSG-20).
    fn to_special(self, other: Special) -> Relation {
        match other {
            Special::Internet => Relation::Inside,
            // Windows activation runs on addresses that `AzureCloud` lists and no service does.
            Special::PlatformActivation if self.is_azure_cloud() => Relation::Open,
            _ => Relation::Disjoint,
        }
    }

    /// The relation of a service's tag to `AzureCloud` or to one of its regions.
    fn to_azure_cloud(self, azure: Self, family: Family, cloud: Option<Cloud>) -> Relation {
        if let (Some(one), Some(two)) = (self.region_index(), azure.region_index())
            && one != two
        {
            return Relation::Disjoint;
        }
        if family == Family::V6 {
            return Relation::Open;
        }
        let entry = self.entry();
        match (self.region_index(), azure.is_base()) {
            (Some(region), _) if !entry.apart.contains(&region) => Relation::Inside,
            (None, true) if self.is_base() => {
                let clouds = Cloud::ALL.into_iter().filter(|one| cloud.is_none_or(|cloud| cloud == *one));
                let outside = clouds.filter(|one| entry.outside.contains(*one)).count() > 0;
                if outside || entry.clouds.is_empty() { Relation::Open } else { Relation::Inside }
            }
            _ => Relation::Open,
        }
    }
}

fn special(one: Special, two: Special) -> Relation {
    use Special::{Internet, LoadBalancer, PlatformActivation, PlatformDns, VirtualNetwork};
    match (one, two) {
        (PlatformActivation, Internet) => Relation::Inside,
        (Internet, PlatformActivation) => Relation::Holds,
        (LoadBalancer, PlatformDns) | (PlatformDns, LoadBalancer) => Relation::Equal,
        (LoadBalancer | PlatformDns, VirtualNetwork) => Relation::Inside,
        (VirtualNetwork, LoadBalancer | PlatformDns) => Relation::Holds,
        _ => Relation::Disjoint,
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Reading, Relation, Special, Tag, nearest};
    use crate::net::catalogue::{Cloud, Region};

    fn name(text: &str) -> String {
        Tag::read(text, None).tag().unwrap().to_string()
    }

    fn suggestion(text: &str) -> Option<String> {
        match Tag::read(text, None) {
            Reading::UnknownRegion { suggestion, .. } | Reading::Unknown { suggestion } => suggestion,
            known => panic!("{known:?}"),
        }
    }

    #[test]
    fn tags_in_no_list_have_a_meaning_of_their_own() {
        for (name, special) in [
            ("Internet", Special::Internet),
            ("VirtualNetwork", Special::VirtualNetwork),
            ("AzureLoadBalancer", Special::LoadBalancer),
            ("AzurePlatformDNS", Special::PlatformDns),
            ("AzurePlatformIMDS", Special::PlatformMetadata),
            ("AzurePlatformLKM", Special::PlatformActivation),
        ] {
            assert_eq!(Tag::named(name).unwrap().special(), Some(special), "{name}");
        }
        assert_eq!(Tag::named("Storage").unwrap().special(), None);
    }

    #[test]
    fn a_regional_tag_is_in_the_cloud_of_its_region() {
        assert_eq!(Tag::named("Storage.WestEurope").unwrap().cloud(), Some(Cloud::Public));
        assert_eq!(Tag::named("Storage.USGovVirginia").unwrap().cloud(), Some(Cloud::Government));
        assert_eq!(Tag::named("Storage").unwrap().cloud(), None);
    }

    #[test]
    fn more_edits_are_forgiven_in_longer_words() {
        let near = |text: &str, one: &'static str| nearest(text, std::iter::once(one)).is_some();
        assert!(near("abc", "abx") && !near("abc", "axx"));
        assert!(near("abcdefgh", "abcdefxx") && !near("abcdefgh", "abcdexxx"));
        assert!(near("abcdefghijkl", "abcdefghixxx") && !near("abcdefghijklmnop", "abcdefghijklxxxx"));
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(name("INTERNET"), "Internet");
        assert_eq!(name("azurefrontdoor.frontEND"), "AzureFrontDoor.Frontend");
        assert_eq!(name("storage.westeurope"), "Storage.WestEurope");
        assert_eq!(Tag::read("Storage.WestEurope", None), Tag::read("STORAGE.westeurope", None));
    }

    #[test]
    fn a_dot_may_belong_to_the_name() {
        assert!(Tag::named("AzureMonitor.Core").unwrap().is_base());
        assert_eq!(Tag::named("AzureMonitor.WestEurope").unwrap().base_name(), "AzureMonitor");
    }

    #[test]
    fn azure_cloud_has_region_names_of_its_own() {
        assert_eq!(Tag::named("AzureCloud.norwaye").unwrap().region().unwrap().location, "norwayeast");
        assert_eq!(suggestion("AzureCloud.norwayeast").as_deref(), Some("AzureCloud.norwaye"));
        assert_eq!(suggestion("Storage.norwaye").as_deref(), Some("Storage.NorwayEast"));
    }

    #[test]
    fn other_spellings_lead_to_the_tag() {
        let Reading::Alias { canonical, .. } = Tag::read("Keyvault.WestEurope", None) else { panic!() };
        assert_eq!(canonical, "AzureKeyVault.WestEurope");
        assert_eq!(name("Frontdoor.FirstParty"), "AzureFrontDoor.FirstParty");
        assert_eq!(name("VIRTUAL_NETWORK"), "VirtualNetwork");
    }

    #[test]
    fn what_is_misspelt_gets_a_suggestion() {
        assert_eq!(suggestion("BatchNodeManagement.uswest").as_deref(), Some("BatchNodeManagement.WestUS"));
        assert_eq!(suggestion("AzureMachineLearing").as_deref(), Some("AzureMachineLearning"));
        assert_eq!(suggestion("Storag.WestEurope").as_deref(), Some("Storage.WestEurope"));
        assert_eq!(suggestion("AzureFrontDor.Frontend").as_deref(), Some("AzureFrontDoor.Frontend"));
        assert_eq!(suggestion("AzureActiveDirectory.WestEurope").as_deref(), Some("AzureActiveDirectory"));
        assert_eq!(suggestion("something else"), None);
        assert_eq!(suggestion(""), None);
    }

    #[test]
    fn some_tags_are_only_for_network_security_groups() {
        assert!(!Tag::named("Internet").unwrap().is_usable_in_routes());
        assert!(!Tag::named("GatewayManager").unwrap().is_usable_in_firewalls());
        assert!(Tag::named("GatewayManager").unwrap().is_usable_in_routes());
        assert!(Tag::named("AzureMachineLearning").unwrap().is_usable_in_firewalls());
    }

    #[test]
    fn the_regional_form_of_machine_learning_is_not_documented() {
        assert!(!Tag::named("AzureMachineLearning.WestEurope").unwrap().is_documented());
        assert!(Tag::named("BatchNodeManagement.WestEurope").unwrap().is_documented());
    }

    #[test]
    fn clouds_differ_in_their_tags() {
        let first_party = Tag::named("AzureFrontDoor.FirstParty").unwrap();
        assert!(first_party.is_in(Cloud::Public) && !first_party.is_in(Cloud::China));
        assert!(!Tag::named("Storage.USGovTexas").unwrap().is_in(Cloud::Public));
        assert!(Tag::named("Internet").unwrap().is_in(Cloud::China));
    }

    #[test]
    fn a_tag_moves_to_another_region() {
        let region = Region::by_name("Norway East").unwrap();
        let tag = |text: &str| Tag::named(text).unwrap().in_region(region).map(|tag| tag.to_string());
        assert_eq!(tag("Storage").as_deref(), Some("Storage.NorwayEast"));
        assert_eq!(tag("AzureCloud").as_deref(), Some("AzureCloud.norwaye"));
        assert_eq!(tag("AzureActiveDirectory"), None);
    }

    #[test]
    fn special_tags_are_told_apart() {
        assert_eq!(Tag::named("AzureLoadBalancer").unwrap().special(), Some(Special::LoadBalancer));
        assert_eq!(Tag::named("AzureMonitor").unwrap().special(), None);
    }

    #[test]
    fn a_hostile_name_is_no_trouble() {
        assert_eq!(suggestion(&"a".repeat(1 << 16)), None);
        assert_eq!(suggestion("Storage.ééééé"), None);
    }

    #[test]
    fn a_staging_form_is_a_tag_of_its_own_and_never_meant() {
        let stage = Tag::named("storage.eastus2stage").unwrap();
        assert_eq!(stage.to_string(), "Storage.EastUS2Stage");
        assert!(!stage.is_base() && stage.region().is_none() && stage.base_name() == "Storage");
        assert!(Tag::named("AzureMonitor.EastUS2Stage").is_none());
    }

    #[test]
    fn a_region_with_its_halves_swapped_is_recognized() {
        let meant = |text: &str| match Tag::read(text, None) {
            Reading::UnknownRegion { suggestion, .. } => suggestion,
            other => panic!("{other:?}"),
        };
        assert_eq!(meant("Storage.europewest").as_deref(), Some("Storage.WestEurope"));
        assert_eq!(meant("Sql.eastnorway").as_deref(), Some("Sql.NorwayEast"));
        assert_eq!(meant("AzureCloud.westnorway").as_deref(), Some("AzureCloud.norwayw"));
    }

    #[test]
    fn some_tags_have_no_regional_forms() {
        let has = |text: &str| Tag::named(text).unwrap().has_regions();
        assert!(has("Storage") && has("AzureMachineLearning") && has("Storage.WestEurope"));
        assert!(!has("AzureActiveDirectory") && !has("Internet"));
    }

    #[test]
    fn the_region_nearest_to_a_slip_is_one_of_the_cloud() {
        let meant = |cloud| match Tag::read("Storage.usgovvirgina", Some(cloud)) {
            Reading::UnknownRegion { suggestion, .. } => suggestion,
            other => panic!("{other:?}"),
        };
        assert_eq!(meant(Cloud::Government).as_deref(), Some("Storage.USGovVirginia"));
        assert_ne!(meant(Cloud::Public).as_deref(), Some("Storage.USGovVirginia"));
    }

    fn relation(one: &str, two: &str) -> Relation {
        let tag = |text: &str| Tag::named(text).unwrap();
        let there = tag(one).relation(tag(two), Family::V4, Some(Cloud::Public));
        assert_eq!(tag(two).relation(tag(one), Family::V4, Some(Cloud::Public)).swapped(), there);
        there
    }

    #[test]
    fn regional_forms_nest_and_are_apart_from_each_other() {
        assert_eq!(relation("Storage.WestEurope", "Storage"), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "AzureCloud.westeurope"), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("AzureCloud.norwaye", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "Storage.NorthEurope"), Relation::Disjoint);
        assert_eq!(relation("Storage.WestEurope", "AzureCloud.northeurope"), Relation::Disjoint);
    }

    #[test]
    fn not_every_tag_is_in_azure_cloud() {
        assert_eq!(relation("AzureMachineLearning", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("AzureActiveDirectory", "AzureCloud"), Relation::Open);
        assert_eq!(relation("Storage", "AzureCloud"), Relation::Open);
        assert_eq!(relation("ActionGroup.WestUS2", "AzureCloud.westus2"), Relation::Open);
        let storage = Tag::named("Storage").unwrap();
        let azure = Tag::named("AzureCloud").unwrap();
        assert_eq!(storage.relation(azure, Family::V4, Some(Cloud::Government)), Relation::Inside);
        assert_eq!(storage.relation(azure, Family::V4, None), Relation::Open);
    }

    #[test]
    fn some_tags_are_known_to_exceed_azure_cloud() {
        let exceeds = |text: &str, cloud| Tag::named(text).unwrap().exceeds_azure_cloud(cloud);
        assert!(exceeds("AzureActiveDirectory", None));
        assert!(exceeds("AzureFrontDoor.Frontend", Some(Cloud::Public)));
        assert!(exceeds("Storage", Some(Cloud::China)));
        assert!(!exceeds("Storage", None));
        assert!(!exceeds("Storage.WestEurope", Some(Cloud::Public)));
        assert!(!exceeds("AzureFrontDoor.Frontend", Some(Cloud::Government)));
        assert!(!exceeds("AzureMachineLearning", Some(Cloud::Public)));
        assert!(!exceeds("AzureCloud", Some(Cloud::Public)));
    }

    #[test]
    fn the_addresses_of_services_are_public() {
        assert_eq!(relation("AzureMachineLearning", "Internet"), Relation::Inside);
        assert_eq!(relation("AzureMachineLearning", "VirtualNetwork"), Relation::Disjoint);
        assert_eq!(relation("AzureMachineLearning", "AzureLoadBalancer"), Relation::Disjoint);
    }

    #[test]
    fn services_are_apart_unless_one_is_part_of_the_other() {
        assert_eq!(relation("AzureMachineLearning", "AzureMachineLearningInference"), Relation::Disjoint);
        assert_eq!(relation("AzureMonitor.Core", "AzureMonitor"), Relation::Inside);
        assert_eq!(relation("AzureMonitor.Core", "AzureMonitor.WestEurope"), Relation::Open);
        assert_eq!(relation("AzureActiveDirectoryDomainServices", "AzureActiveDirectory"), Relation::Inside);
    }

    #[test]
    fn less_is_known_of_ipv6() {
        let tag = |text: &str| Tag::named(text).unwrap();
        let relation = |one: &str, two: &str| tag(one).relation(tag(two), Family::V6, Some(Cloud::Public));
        assert_eq!(relation("AzureMachineLearning", "AzureCloud"), Relation::Open);
        assert_eq!(relation("Storage.WestEurope", "Storage"), Relation::Inside);
    }

    #[test]
    fn a_staging_form_may_meet_a_region() {
        assert_eq!(relation("Storage.EastUS2Stage", "Storage.WestEurope"), Relation::Open);
        assert_eq!(relation("Storage.EastUS2Stage", "Storage.NorthCentralUSStage"), Relation::Open);
        assert_eq!(relation("Storage.EastUS2Stage", "Storage"), Relation::Inside);
        assert_eq!(relation("Sql", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("Sql.EastUS2Stage", "AzureCloud"), Relation::Open);
    }

    #[test]
    fn the_platforms_tags_nest_as_their_addresses_do() {
        assert_eq!(relation("AzurePlatformLKM", "Internet"), Relation::Inside);
        assert_eq!(relation("Internet", "AzurePlatformLKM"), Relation::Holds);
        assert_eq!(relation("AzurePlatformDNS", "AzureLoadBalancer"), Relation::Equal);
        assert_eq!(relation("AzurePlatformDNS", "VirtualNetwork"), Relation::Inside);
        assert_eq!(relation("VirtualNetwork", "AzureLoadBalancer"), Relation::Holds);
        assert_eq!(relation("VirtualNetwork", "Internet"), Relation::Disjoint);
        assert_eq!(relation("AzurePlatformIMDS", "Internet"), Relation::Disjoint);
        // Windows activation runs on addresses of `AzureCloud` that are no service's.
        assert_eq!(relation("AzureCloud", "AzurePlatformLKM"), Relation::Open);
        assert_eq!(relation("AzureMachineLearning", "AzurePlatformLKM"), Relation::Disjoint);
        assert_eq!(relation("AzureCloud", "AzurePlatformDNS"), Relation::Disjoint);
    }

    #[test]
    fn only_what_is_equal_or_inside_is_inside() {
        let all = [Relation::Equal, Relation::Inside, Relation::Holds, Relation::Disjoint, Relation::Open];
        assert_eq!(all.map(Relation::is_inside), [true, true, false, false, false]);
    }

    #[test]
    fn some_tags_have_addresses_that_none_of_their_regions_has() {
        let exceeds = |text: &str, cloud| Tag::named(text).unwrap().exceeds_its_regions(cloud);
        assert!(exceeds("Storage", Some(Cloud::Public)) && exceeds("AzureMachineLearning", Some(Cloud::Public)));
        assert!(!exceeds("Storage", Some(Cloud::China)) && !exceeds("Storage", None));
        assert!(!exceeds("Storage.WestEurope", Some(Cloud::Public)));
        assert!(!exceeds("Sql", Some(Cloud::Public)));
    }

    #[test]
    fn a_tag_has_addresses_and_some_regional_forms_have_none() {
        let has = |text: &str, family| Tag::named(text).unwrap().has_addresses(family);
        assert!(has("AzureSignalR", Family::V4) && has("Storage.WestEurope", Family::V4));
        assert!(!has("AzureSignalR.WestEurope", Family::V4));
        assert!(
            has("AzureMachineLearning.WestEurope", Family::V4) && !has("AzureMachineLearning.ChinaEast2", Family::V4)
        );
        assert!(!has("Storage", Family::V6) && !has("Storage.EastUS2Stage", Family::V4));
        let everywhere = |text: &str, family| Tag::named(text).unwrap().has_addresses_everywhere(family);
        assert!(everywhere("Storage", Family::V4));
        assert!(!everywhere("Storage", Family::V6));
        assert!(!everywhere("AzureSignalR", Family::V4));
        assert!(!everywhere("AzureActiveDirectory", Family::V4));
    }

    #[test]
    fn of_some_region_only_what_holds_in_each_is_known() {
        let tag = |text: &str| Tag::named(text).unwrap();
        let relation =
            |one: &str, two: &str, family| tag(one).relation_in_some_region(tag(two), family, Some(Cloud::Public));
        assert_eq!(relation("Storage", "Storage", Family::V4), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "Storage", Family::V4), Relation::Inside);
        assert_eq!(relation("Storage", "Sql", Family::V4), Relation::Disjoint);
        assert_eq!(relation("Storage", "Storage.WestEurope", Family::V4), Relation::Open);
        // What of `Storage` lies outside `AzureCloud` is in no region.
        assert_eq!(relation("Storage", "AzureCloud", Family::V4), Relation::Inside);
        assert_eq!(relation("Storage", "AzureCloud", Family::V6), Relation::Open);
        assert_eq!(relation("Storage", "AzureCloud.westeurope", Family::V4), Relation::Open);
        assert_eq!(relation("ActionGroup", "AzureCloud", Family::V4), Relation::Open);
    }
}
