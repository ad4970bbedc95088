//! Clouds and regions of Azure: their names, the suffixes tags give them, and their pairs (TAG-3, TAG-4, TAG-12, TAG-17).
//!
//! The facts stand in `regions.txt`, which says at its top what its lines mean.

use std::fmt;
use std::sync::OnceLock;

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
            let lines = include_str!("regions.txt").lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| Self::read(line).expect("regions.txt follows the grammar at its top")).collect()
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

#[cfg(test)]
mod tests {
    use super::{Cloud, Pair, Region};

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
}
