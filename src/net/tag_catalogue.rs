//! The catalogue behind service tags, read once from `tags.txt`.
//!
//! What its lines mean is said at the top of that file; how tags relate is the work of `tag_relation`.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::net::region::{Cloud, Region};

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
}

/// The catalogue, read at first use.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| read(include_str!("tags.txt")))
}

fn read(text: &'static str) -> Catalogue {
    let mut all = Catalogue {
        entries: Vec::new(),
        stages: Vec::new(),
        by_name: HashMap::new(),
        aliases: HashMap::new(),
        by_suffix: HashMap::new(),
        by_cloud_suffix: HashMap::new(),
    };
    for (index, region) in (0..).zip(Region::all()) {
        all.by_suffix.extend(region.suffix.map(|suffix| (suffix.to_ascii_lowercase(), index)));
        all.by_cloud_suffix.insert(region.cloud_suffix.to_ascii_lowercase(), index);
    }
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        read_line(&mut all, line).expect("tags.txt follows the grammar at its top");
    }
    all
}

/// Takes in one line; `None` when it breaks the grammar.
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
        _ => return None,
    }
    Some(())
}

fn base(all: &Catalogue, name: &str) -> Option<u16> {
    all.by_name.get(&name.to_ascii_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    use super::catalogue;
    use crate::net::region::{Cloud, Region};

    #[test]
    fn the_file_is_read_whole() {
        let all = catalogue();
        assert_eq!(Region::all().len(), 86);
        assert_eq!(all.entries.len(), 111);
        let storage = &all.entries[usize::from(all.by_name["storage"])];
        assert!(storage.outside.contains(Cloud::Public) && !storage.outside.contains(Cloud::Government));
        assert!(storage.beyond_regions && storage.regional_usable);
    }
}
