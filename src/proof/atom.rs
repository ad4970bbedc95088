//! Packets that surely exist, such as *some address of this tag*: what a violation is shown by.
//!
//! Whether one is dropped is the work of `verdict`.

use crate::net::{AddressSet, Cloud, Family, Region, Tag};
use crate::proof::cell::{Cell, Term};
use crate::proof::ground::Ground;
use crate::proof::scene::union;
use crate::proof::symbol::{End, Literal, Meaning, Symbols};

/// What the address of a host goes by that is required by name.
pub(crate) const HOST: &str = "host";

/// How many cells that pass are looked at for few addresses.
const MOST_FEW: usize = 512;

/// Some address that surely exists, about which part of the symbols is known.
pub(crate) struct Atom {
    /// What it is an element of; `None`: an address of its own, or a public one of no tag.
    pub(crate) meaning: Option<Meaning>,
    /// It is none of the tags' (then `meaning` is `None`), or none of the regional forms of its tag's.
    pub(crate) outside: bool,
    /// It is in none of these, which its own tag is known to exceed.
    pub(crate) beside: Option<BesideAllowed>,
    /// The literals that hold for everything required.
    pub(crate) cube: Vec<Literal>,
    /// Where it may lie.
    pub(crate) range: AddressSet,
    /// Every single address of the range is such an atom; else it is one of them, nobody knows which.
    pub(crate) exact: bool,
    pub(crate) name: String,
}

/// Something that does not hold all of a tag, although the two meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BesideAllowed {
    /// `AzureCloud`.
    AzureCloud,
    /// The tags that the catalogue knows to be parts of it, such as `AzureMonitor.Core`.
    Parts,
}

/// The addresses that surely exist at one end of what is required.
pub(crate) fn atoms(ground: &Ground<'_, '_>, end: End, terms: &[Term<AddressSet>], passed: &[&Cell]) -> Vec<Atom> {
    let symbols = &ground.symbols;
    let mut all = Vec::new();
    for term in terms {
        let own = term.cube.iter().find(|literal| literal.holds).map(|literal| symbols.meaning(literal.symbol));
        let some = |name: &str| atom(term, own.cloned(), false, false, name);
        match own {
            Some(Meaning::Tag(_, tag)) => all.extend(atoms_of_tag(symbols, end, term, *tag)),
            Some(Meaning::Regional(_, base, _, false)) if base.has_addresses_everywhere(symbols.family) => {
                all.push(some(&format!("{base} of the region")));
            }
            Some(Meaning::Subnet(_)) => all.push(some("subnet")),
            Some(Meaning::Host(_) | Meaning::Untagged(_)) => all.push(some(HOST)),
            Some(Meaning::Network(_)) => all.push(some("VirtualNetwork")),
            // A group is made for its members; which addresses these have is not known.
            Some(Meaning::Group(..)) => all.push(some("the application security group")),
            Some(_) => {}
            None => {
                all.push(atom(term, None, false, true, ""));
                // Where everything public is required, so is every tag, and what is in none of them.
                if ground.public.is_subset(&term.set) && !ground.public.is_empty() {
                    all.extend(public_atoms(ground, end, term));
                }
            }
        }
    }
    beside_few(ground, &mut all, end, passed);
    all
}

fn atom(term: &Term<AddressSet>, meaning: Option<Meaning>, outside: bool, exact: bool, name: &str) -> Atom {
    let (cube, range) = (term.cube.clone(), AddressSet::clone(&term.set));
    Atom { meaning, outside, beside: None, cube, range, exact, name: name.to_owned() }
}

/// The addresses of a tag that is required, and of what lies inside it.
fn atoms_of_tag(symbols: &Symbols, end: End, term: &Term<AddressSet>, tag: Tag) -> Vec<Atom> {
    let (family, cloud) = (symbols.family, symbols.cloud);
    let inside = tags(symbols, end, tag, family, cloud);
    let plain = |one: &Tag| atom(term, Some(Meaning::Tag(end, *one)), false, false, &one.to_string());
    let mut all: Vec<Atom> = inside.iter().map(plain).collect();
    for one in inside {
        let named = |test: &dyn Fn(Tag) -> bool| symbols.tags(end).any(test);
        let azure = one.exceeds_azure_cloud(cloud) && named(&Tag::is_azure_cloud);
        let parts = named(&|part| part.parent() == Some(one));
        let beside = [(azure, BesideAllowed::AzureCloud), (parts, BesideAllowed::Parts)];
        let known = beside.into_iter().filter(|(known, _)| *known);
        all.extend(known.map(|(_, beside)| Atom { beside: Some(beside), ..plain(&one) }));
    }
    if tag.exceeds_its_regions(cloud) && family == Family::V4 {
        all.push(atom(term, Some(Meaning::Tag(end, tag)), true, false, &tag.to_string()));
    }
    all.extend(
        regional(symbols, end, Some(tag))
            .map(|(meaning, base)| atom(term, Some(meaning.clone()), false, false, &format!("{base} of the region"))),
    );
    all
}

/// The addresses that there are where everything public is required.
fn public_atoms(ground: &Ground<'_, '_>, end: End, term: &Term<AddressSet>) -> Vec<Atom> {
    let symbols = &ground.symbols;
    let public = |meaning, outside, name: &str| Atom {
        range: AddressSet::clone(&ground.public),
        ..atom(term, meaning, outside, false, name)
    };
    let mut all = vec![public(None, true, "Internet")];
    // Of a network with public addresses it is not known how much of a tag is in there.
    if symbols.public_network {
        return all;
    }
    for tag in symbols.tags(end).filter(|tag| tag.has_addresses(symbols.family)) {
        all.push(public(Some(Meaning::Tag(end, tag)), false, &tag.to_string()));
    }
    all.extend(
        regional(symbols, end, None)
            .map(|(meaning, base)| public(Some(meaning.clone()), false, &format!("{base} of the region"))),
    );
    all
}

/// The fewest addresses a subnet can have: Azure takes a /29 and larger ones.
const FEWEST_ADDRESSES: u128 = 8;
/// The fewest public addresses that are in no service's tag: Azure has a fiftieth of the internet.
const FEWEST_ELSEWHERE: u128 = 1 << 30;

/// What has more addresses than the few that some rules let pass has one beside them: a subnet of unknown place, and
/// what is public and in no tag.
fn beside_few(ground: &Ground<'_, '_>, atoms: &mut Vec<Atom>, end: End, passed: &[&Cell]) {
    // What the network takes of the public addresses is taken from those of no tag.
    let elsewhere = size(&ground.public) >= 3 * FEWEST_ELSEWHERE && ground.symbols.family == Family::V4;
    let fewest = |atom: &Atom| match &atom.meaning {
        Some(Meaning::Subnet(_) | Meaning::Network(_)) => Some(FEWEST_ADDRESSES),
        None if atom.outside && elsewhere => Some(FEWEST_ELSEWHERE),
        _ => None,
    };
    for limit in [FEWEST_ADDRESSES, FEWEST_ELSEWHERE] {
        if atoms.iter().all(|atom| fewest(atom) != Some(limit)) {
            continue;
        }
        let mut few: Vec<&AddressSet> = Vec::new();
        let mut left = limit - 1;
        for cell in passed.iter().take(MOST_FEW) {
            let more = size(cell.addresses(end));
            if more <= left {
                left -= more;
                few.push(cell.addresses(end));
            }
        }
        let few = union(few);
        let those = |atom: &&Atom| !few.is_empty() && fewest(atom) == Some(limit);
        let beside: Vec<Atom> = atoms
            .iter()
            .filter(those)
            .map(|atom| Atom {
                meaning: atom.meaning.clone(),
                cube: atom.cube.clone(),
                range: atom.range.difference(&few),
                name: atom.name.clone(),
                ..*atom
            })
            .collect();
        atoms.extend(beside);
    }
}

fn size(set: &AddressSet) -> u128 {
    let (v4, v6) = set.count();
    v6.saturating_add(v4.into())
}

/// A tag, those that rules name, and the forms of all of them in the regions that rules name and in one that none does:
/// whatever lies inside the tag and surely has addresses.
fn tags(symbols: &Symbols, end: End, tag: Tag, family: Family, cloud: Option<Cloud>) -> Vec<Tag> {
    let mut all: Vec<Tag> = symbols.tags(end).chain([tag]).collect();
    let regions = Region::all().iter().filter(|region| cloud.is_none_or(|cloud| region.cloud == cloud));
    let (named, unnamed): (Vec<_>, Vec<_>) =
        regions.partition(|region| all.iter().any(|one| one.region().is_some_and(|known| known == *region)));
    let unnamed = unnamed.into_iter().filter(|region| region.is_public_choice()).take(1);
    let regions: Vec<&Region> = named.into_iter().chain(unnamed).collect();
    let bases: Vec<Tag> = all.iter().copied().filter(|one| one.is_base()).collect();
    all.extend(bases.iter().flat_map(|base| regions.iter().filter_map(|region| base.in_region(region))));
    all.retain(|one| one.has_addresses(family) && one.relation(tag, family, cloud).is_inside());
    all.sort_unstable();
    all.dedup();
    // The tag itself first: it reads best as a witness.
    all.sort_by_key(|one| *one != tag);
    all
}

/// Regional forms that rules name without a known region, inside a tag, that surely have addresses.
fn regional(symbols: &Symbols, end: End, tag: Option<Tag>) -> impl Iterator<Item = (&Meaning, Tag)> {
    let (family, cloud) = (symbols.family, symbols.cloud);
    symbols.regional(end).filter(move |(_, base)| {
        let inside = |tag| base.relation_in_some_region(tag, family, cloud).is_inside();
        base.has_addresses_everywhere(family) && tag.is_none_or(inside)
    })
}
