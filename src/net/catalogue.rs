//! What is known of Azure by itself: clouds and regions with the suffixes tags give them and their pairs (TAG-3, TAG-4,
//! TAG-12, TAG-17), service tags, and the hosts behind FQDN tags (FW-14).
//!
//! All of it stands in `catalogue.txt`, which says at its top what its lines mean, and is read once. How tags are written
//! and relate is the work of `tag`.

use std::fmt;
use std::sync::OnceLock;

use foldhash::HashMap;

const TEXT: &str = include_str!("catalogue.txt");

/// The separate clouds of Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// The public cloud.
    Public,
    /// Azure Government.
    Government,
    /// Azure operated by 21Vianet.
    China,
}

impl Cloud {
    /// The clouds, in the order their letters stand in the catalogue.
    pub const ALL: [Self; 3] = [Self::Public, Self::Government, Self::China];

    /// The word users read and write: `public`, `gov`, `china`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Government => "gov",
            Self::China => "china",
        }
    }

    /// The cloud a location, a region suffix or an endpoint belongs to (TAG-12). A location that says nothing else is
    /// taken for the public cloud.
    pub fn of(text: &str) -> Self {
        let text = plain(text);
        if let Some(region) = Region::by_name(&text) {
            return region.cloud;
        }
        if text.starts_with("usgov") || text.starts_with("usdod") || text.ends_with(".us") {
            Self::Government
        } else if text.starts_with("china") || text.ends_with(".cn") {
            Self::China
        } else {
            Self::Public
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What is documented about the pair of a region (TAG-17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Each is the pair of the other.
    Mutual(&'static str),
    /// It has this pair, which has another one itself.
    OneWay(&'static str),
    /// It is documented to have none.
    None,
    /// Nothing is documented.
    Undocumented,
}

/// A region. Compare regions by `location`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its cloud.
    pub cloud: Cloud,
    /// The ARM location: `norwayeast`.
    pub location: &'static str,
    /// The name people read: `Norway East`.
    pub display: &'static str,
    /// What follows the dot in tags: `NorwayEast`; `None` for what only `AzureCloud` knows.
    pub suffix: Option<&'static str>,
    /// What follows `AzureCloud.`: `norwaye`.
    pub cloud_suffix: &'static str,
    /// Its pair.
    pub pair: Pair,
}

impl Region {
    /// Every region, by cloud and name.
    pub fn all() -> &'static [Self] {
        static REGIONS: OnceLock<Vec<Region>> = OnceLock::new();
        REGIONS.get_or_init(|| {
            let lines = TEXT.lines().filter_map(|line| line.strip_prefix("region "));
            lines.map(|line| Self::read(line).expect("catalogue.txt follows the grammar at its top")).collect()
        })
    }

    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.splitn(6, ' ');
        let (cloud, location, suffix) = (words.next()?, words.next()?, words.next()?);
        let (cloud_suffix, pair, display) = (words.next()?, words.next()?, words.next()?);
        let pair = match pair.strip_prefix('>') {
            Some(location) => Pair::OneWay(location),
            None if pair == "none" => Pair::None,
            None if pair == "?" => Pair::Undocumented,
            None => Pair::Mutual(pair),
        };
        let cloud = Cloud::ALL.into_iter().find(|one| one.as_str().starts_with(cloud))?;
        let suffix = Some(suffix).filter(|suffix| *suffix != "-");
        Some(Self { cloud, location, display, suffix, cloud_suffix, pair })
    }

    /// A region by its ARM location or display name, in any case, blanks ignored: `westus2`, `West US 2`.
    pub fn by_name(text: &str) -> Option<&'static Self> {
        let text = plain(text);
        Self::all().iter().find(|region| region.location == text)
    }

    /// The region that holds its copies, if it is documented to have one.
    pub fn paired(&self) -> Option<&'static Self> {
        match self.pair {
            Pair::Mutual(location) | Pair::OneWay(location) => Self::by_name(location),
            Pair::None | Pair::Undocumented => None,
        }
    }

    /// Whether customers can use it: staging rings and what only `AzureCloud` knows are left out (TAG-5).
    pub fn is_public_choice(&self) -> bool {
        self.suffix.is_some() && !self.location.ends_with("stg") && !self.location.ends_with("euap")
    }
}

/// A name as ARM compares locations: lower case, no blanks.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

/// One base name and what is known about it.
pub(crate) struct Entry {
    /// The canonical spelling.
    pub(crate) name: &'static str,
    /// The clouds whose list has it.
    pub(crate) clouds: Clouds,
    /// It has regional forms.
    pub(crate) regional: bool,
    /// Its regional forms are documented as usable.
    pub(crate) regional_usable: bool,
    /// It has IPv4 addresses that none of its regional forms has.
    pub(crate) beyond_regions: bool,
    /// The clouds where some of its regional forms have no IPv4 addresses.
    pub(crate) sparse: Clouds,
    /// Usable in routes (TAG-8).
    pub(crate) in_routes: bool,
    /// Usable as a destination in firewalls (TAG-8).
    pub(crate) in_firewalls: bool,
    /// The clouds where some of its IPv4 addresses are outside `AzureCloud`.
    pub(crate) outside: Clouds,
    /// The tag that holds it.
    pub(crate) parent: Option<u16>,
    /// Regions, by index, whose regional form is not inside `AzureCloud` of that region.
    pub(crate) apart: Vec<u16>,
}

/// An FQDN tag of Azure Firewall (FW-14).
#[derive(Debug, PartialEq, Eq)]
pub struct FqdnTag {
    /// Its name.
    pub name: &'static str,
    /// Patterns of hosts; every host of the tag matches one of them.
    pub hosts: Vec<&'static str>,
}

/// Azure's FQDN tags that are known by name, by name.
pub fn fqdn_tags() -> &'static [FqdnTag] {
    &catalogue().fqdn_tags
}

/// The tag of a name, whatever its case; `Office365.Skype.Optimize` and its kind are parts of `Office365`. `None`: Azure
/// knows no such tag.
pub fn fqdn_tag(name: &str) -> Option<&'static FqdnTag> {
    let base = name.split_once('.').map_or(name, |(base, _)| base);
    let name = if base.eq_ignore_ascii_case("Office365") { base } else { name };
    fqdn_tags().iter().find(|tag| tag.name.eq_ignore_ascii_case(name))
}

/// A set of clouds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Clouds(u8);

impl Clouds {
    fn read(letters: &str) -> Self {
        Self("pgc".chars().enumerate().filter(|&(_, c)| letters.contains(c)).fold(0, |set, (bit, _)| set | 1 << bit))
    }

    pub(crate) fn contains(self, cloud: Cloud) -> bool {
        self.0 & 1 << (cloud as u8) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Everything the file says.
#[derive(Default)]
pub(crate) struct Catalogue {
    pub(crate) entries: Vec<Entry>,
    /// Staging suffixes: base index and suffix.
    pub(crate) stages: Vec<(u16, &'static str)>,
    /// Base names by their lower-case spelling.
    pub(crate) by_name: HashMap<String, u16>,
    /// Other spellings of base names, lower case.
    pub(crate) aliases: HashMap<String, u16>,
    /// Regions by lower-case tag suffix.
    pub(crate) by_suffix: HashMap<String, u16>,
    /// Regions by lower-case `AzureCloud` suffix.
    pub(crate) by_cloud_suffix: HashMap<String, u16>,
    /// Lists of hosts by name.
    hosts: HashMap<&'static str, Vec<&'static str>>,
    fqdn_tags: Vec<FqdnTag>,
}

/// The catalogue, read at first use.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| read(TEXT))
}

fn read(text: &'static str) -> Catalogue {
    let mut all = Catalogue::default();
    for (index, region) in (0..).zip(Region::all()) {
        all.by_suffix.extend(region.suffix.map(|suffix| (suffix.to_ascii_lowercase(), index)));
        all.by_cloud_suffix.insert(region.cloud_suffix.to_ascii_lowercase(), index);
    }
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        read_line(&mut all, line).expect("catalogue.txt follows the grammar at its top");
    }
    all
}

/// Adds what one line says; `None` when it breaks the grammar.
fn read_line(all: &mut Catalogue, line: &'static str) -> Option<()> {
    let (kind, rest) = line.split_once(' ')?;
    let words: Vec<&'static str> = rest.split(' ').collect();
    match (kind, words.as_slice()) {
        ("tag", [name, clouds, regions, uses, outside]) => {
            all.by_name.insert(name.to_ascii_lowercase(), u16::try_from(all.entries.len()).ok()?);
            all.entries.push(Entry {
                name,
                clouds: Clouds::read(clouds),
                regional: *regions != "none",
                regional_usable: matches!(*regions, "yes" | "more"),
                beyond_regions: regions.ends_with("more"),
                sparse: Clouds::default(),
                in_routes: uses.contains('r'),
                in_firewalls: uses.contains('f'),
                outside: Clouds::read(outside),
                parent: None,
                apart: Vec::new(),
            });
        }
        ("sparse", [name, clouds]) => {
            let at = base(all, name)?;
            all.entries.get_mut(usize::from(at))?.sparse = Clouds::read(clouds);
        }
        ("stage", [name, suffix]) => all.stages.push((base(all, name)?, suffix)),
        ("inside", [child, parent]) => {
            let (child, parent) = (base(all, child)?, base(all, parent)?);
            all.entries.get_mut(usize::from(child))?.parent = Some(parent);
        }
        ("apart", [_, name, location]) => {
            let region = Region::all().iter().position(|region| region.location == *location)?;
            let at = base(all, name)?;
            all.entries.get_mut(usize::from(at))?.apart.push(u16::try_from(region).ok()?);
        }
        ("alias", [spelling, name]) => {
            let to = base(all, name)?;
            all.aliases.insert(spelling.to_ascii_lowercase(), to);
        }
        ("hosts", [list, patterns @ ..]) => all.hosts.entry(list).or_default().extend(patterns),
        ("fqdn", [name, list]) => all.fqdn_tags.push(FqdnTag { name, hosts: all.hosts.get(list)?.clone() }),
        ("region", _) => {}
        _ => return None,
    }
    Some(())
}

fn base(all: &Catalogue, name: &str) -> Option<u16> {
    all.by_name.get(&name.to_ascii_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    use super::{Cloud, Pair, Region, catalogue, fqdn_tag, fqdn_tags};

    #[test]
    fn a_region_is_found_by_location_and_by_display_name() {
        assert_eq!(Region::by_name("West US 2").unwrap().location, "westus2");
        assert_eq!(Region::by_name("WESTUS2").unwrap().suffix, Some("WestUS2"));
        assert_eq!(Region::by_name("uswest"), None);
    }

    #[test]
    fn a_location_that_is_not_listed_tells_its_cloud_by_its_beginning_or_end() {
        for (text, cloud) in [
            ("usgovfuture", Cloud::Government),
            ("usdodnorth", Cloud::Government),
            ("blob.example.us", Cloud::Government),
            ("chinaeast99", Cloud::China),
            ("blob.example.cn", Cloud::China),
            ("atlantis", Cloud::Public),
        ] {
            assert_eq!(Cloud::of(text), cloud, "{text}");
        }
    }

    #[test]
    fn pairs_are_not_always_mutual() {
        let paired = |name: &str| Region::by_name(name).unwrap().paired().map(|region| region.location);
        assert_eq!(paired("eastus2"), Some("centralus"));
        assert_eq!(paired("westindia"), Some("southindia"));
        assert_eq!(paired("southindia"), Some("centralindia"));
        assert_eq!(paired("qatarcentral"), None);
        assert_eq!(Region::by_name("chilecentral").unwrap().pair, Pair::Undocumented);
    }

    #[test]
    fn every_pair_leads_to_a_region_of_the_same_cloud() {
        for region in Region::all() {
            if let Pair::Mutual(location) | Pair::OneWay(location) = region.pair {
                assert_eq!(Region::by_name(location).unwrap().cloud, region.cloud, "{}", region.location);
            }
            if let Pair::Mutual(_) = region.pair {
                let back = region.paired().unwrap().paired().map(|region| region.location);
                assert_eq!(back, Some(region.location));
            }
        }
    }

    #[test]
    fn the_cloud_shows_in_location_and_endpoint() {
        assert_eq!(Cloud::of("usgovvirginia"), Cloud::Government);
        assert_eq!(Cloud::of("China East 3"), Cloud::China);
        assert_eq!(Cloud::of("West Europe"), Cloud::Public);
        assert_eq!(Cloud::of("management.usgovcloudapi.azure.us"), Cloud::Government);
    }

    #[test]
    fn the_file_is_read_whole() {
        let all = catalogue();
        assert_eq!(Region::all().len(), 86);
        assert_eq!(all.entries.len(), 111);
        let storage = &all.entries[usize::from(all.by_name["storage"])];
        assert!(storage.outside.contains(Cloud::Public) && !storage.outside.contains(Cloud::Government));
        assert!(storage.beyond_regions && storage.regional_usable);
    }

    #[test]
    fn tags_are_sorted_and_read_without_case() {
        let lower = |at: usize| fqdn_tags()[at].name.to_ascii_lowercase();
        assert!((1..fqdn_tags().len()).all(|at| lower(at - 1) < lower(at)));
        assert_eq!(fqdn_tag("windowsUPDATE").map(|tag| tag.name), Some("WindowsUpdate"));
        assert_eq!(fqdn_tag("Office365.Skype.Optimize").map(|tag| tag.name), Some("Office365"));
        assert_eq!(fqdn_tag("WindowsUpdates"), None);
        assert_eq!(fqdn_tag("WindowsUpdate.Skype"), None);
    }

    #[test]
    fn customers_choose_among_regions_that_have_a_name_in_tags_and_are_no_stage() {
        let choice = |name: &str| Region::by_name(name).unwrap().is_public_choice();
        assert!(choice("westeurope") && choice("usgovvirginia"));
        assert!(!choice("eastusstg") && !choice("eastus2euap"));
        assert!(Region::all().iter().filter(|region| region.suffix.is_none()).all(|region| !region.is_public_choice()));
    }

    #[test]
    fn a_cloud_is_shown_by_its_word() {
        assert_eq!(Cloud::ALL.map(|cloud| cloud.to_string()), ["public", "gov", "china"]);
    }
}
