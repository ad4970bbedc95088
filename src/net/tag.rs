//! Service tags: their names as rules write them, and what each may be used for (TAG-1 to 5, TAG-8, TAG-10).
//!
//! How the address sets of two tags relate is the work of `tag_relation`; their published prefixes stand in `tag_data`.

use std::fmt;

use crate::net::region::{Cloud, Region};
use crate::net::tag_catalogue::{Entry, catalogue};

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
    let most = (text.len() / 4).clamp(1, 3);
    let near = candidates
        .filter(|one| one.len().abs_diff(text.len()) <= most)
        .map(|one| (edits(text, &one.to_ascii_lowercase()), one));
    near.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, one)| one)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. Quadratic in the
/// length of the candidates, which are short; `nearest` lets no long text come here.
fn edits(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::{Reading, Special, Tag, edits, nearest};
    use crate::net::region::{Cloud, Region};

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

    /// The fewest edits, by trying each at the end of both.
    fn by_trying(left: &[u8], right: &[u8]) -> usize {
        match (left, right) {
            ([], rest) | (rest, []) => rest.len(),
            ([l @ .., a], [r @ .., b]) => {
                let mut least = by_trying(l, r) + usize::from(a != b);
                least = least.min(by_trying(l, right) + 1).min(by_trying(left, r) + 1);
                if let ([l @ .., c], [r @ .., d]) = (l, r)
                    && (a, b) == (d, c)
                {
                    least = least.min(by_trying(l, r) + 1);
                }
                least
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn edits_are_the_fewest(left in "[abc]{0,6}", right in "[abc]{0,6}") {
            proptest::prop_assert_eq!(edits(&left, &right), by_trying(left.as_bytes(), right.as_bytes()));
        }
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
}
