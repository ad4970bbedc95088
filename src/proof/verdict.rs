//! From cells that pass and cells that are dropped to one of three verdicts, with a packet that shows it.
//!
//! Satisfied: no dropped cell can have a packet. Violated: in every world some packet is dropped; it is looked for among
//! packets that surely exist, such as *some address of this tag*. Everything else is undecided. Both directions only ever
//! take in more worlds than there are, never fewer, so a decided verdict is right in all of them.

use std::sync::Arc;

use crate::net::{AddressSet, Cloud, Family, Region, Tag};
use crate::proof::cell::{Cell, Term};
use crate::proof::ground::Ground;
use crate::proof::symbol::{Added, Doubt, End, Literal, Meaning, Symbol, Symbols};

/// What a proof came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every packet passes, whatever the unknown values are.
    Satisfied,
    /// Some packet is dropped, whatever the unknown values are.
    Violated,
    /// It depends on something unknown.
    Undecided,
}

/// What the address of a host goes by that is required by name.
pub(crate) const HOST: &str = "host";

/// An address of a packet, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One of these addresses; any will do.
    Among(AddressSet),
    /// Some address of the tag, or of what goes by that name.
    Named(String),
}

/// A packet, or a box of packets that all fare alike.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) cell: Cell,
    pub(crate) source: Place,
    pub(crate) destination: Place,
}

/// The verdict, with its reason.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    /// The dropped cell, by index, and a packet in it.
    pub(crate) witness: Option<(usize, Point)>,
    /// For undecided: what it depends on.
    pub(crate) doubts: Vec<Doubt>,
    /// The dropped cells, by index, that a satisfied or violated verdict does not rule out.
    pub(crate) open: Vec<usize>,
}

/// How many worlds are told apart before the answer is undecided.
const MOST_WORLDS: usize = 256;
/// How many symbols may differ between these worlds.
const MOST_SPLITS: usize = 8;
/// How many dropped cells are looked at for a packet.
const MOST_CANDIDATES: usize = 512;

/// Some address that surely exists, about which part of the symbols is known.
struct Atom {
    /// What it is an element of; `None`: an address of its own, or a public one of no tag.
    meaning: Option<Meaning>,
    /// It is none of the tags' (then `meaning` is `None`), or none of the regional forms of its tag's.
    outside: bool,
    /// It is none of what lies in there, which its own tag is known to exceed.
    beyond: Option<Beyond>,
    /// The literals that hold for everything required.
    cube: Vec<Literal>,
    /// Where it may lie.
    range: AddressSet,
    /// Every single address of the range is such an atom; else it is one of them, nobody knows which.
    exact: bool,
    name: String,
}

/// Something that does not hold all of a tag, although the two meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// `AzureCloud`.
    AzureCloud,
    /// The tags that the catalogue knows to be parts of it, such as `AzureMonitor.Core`.
    Parts,
}

/// What is required of each end.
pub(crate) struct Required<'t> {
    pub(crate) sources: &'t [Term<AddressSet>],
    pub(crate) destinations: &'t [Term<AddressSet>],
}

/// Comes to a verdict.
pub(crate) fn decide(
    ground: &Ground<'_, '_>,
    required: &Required<'_>,
    passed: &[&Cell],
    dropped: &[&Cell],
) -> Decision {
    if dropped.is_empty() {
        return Decision { verdict: Verdict::Satisfied, witness: None, doubts: Vec::new(), open: Vec::new() };
    }
    let mut sources = atoms(ground, End::Source, required.sources);
    let mut destinations = atoms(ground, End::Destination, required.destinations);
    beyond_few(&mut sources, End::Source, passed);
    beyond_few(&mut destinations, End::Destination, passed);
    let search = Search { symbols: &ground.symbols, sources: &sources, destinations: &destinations, passed, dropped };
    let mut worlds = 0;
    if let Some(witness) = search.certain(&mut Vec::new(), &mut worlds) {
        let open = (0..dropped.len()).collect();
        return Decision { verdict: Verdict::Violated, witness: Some(witness), doubts: Vec::new(), open };
    }
    let (witness, doubts) = search.possible(required);
    Decision { verdict: Verdict::Undecided, witness, doubts, open: (0..dropped.len()).collect() }
}

/// How sure it is that an atom, in a world, is in a cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sure {
    No,
    Open,
    Yes,
}

struct Search<'x> {
    symbols: &'x Symbols,
    sources: &'x [Atom],
    destinations: &'x [Atom],
    passed: &'x [&'x Cell],
    dropped: &'x [&'x Cell],
}

impl Search<'_> {
    /// A packet that is dropped in every world that agrees with `world`; if no packet is, one for the first of the
    /// worlds that have each their own.
    fn certain(&self, world: &mut Vec<Literal>, worlds: &mut usize) -> Option<(usize, Point)> {
        *worlds += 1;
        let possible: Vec<usize> = (0..self.dropped.len()).filter(|at| agrees(self.dropped[*at], world)).collect();
        for &at in possible.iter().take(MOST_CANDIDATES) {
            for (source, destination) in self.pairs() {
                if let Some(point) = self.surely_dropped(self.dropped[at], source, destination, world) {
                    return Some((at, point));
                }
            }
        }
        if possible.is_empty() || world.len() >= MOST_SPLITS || *worlds >= MOST_WORLDS {
            return None;
        }
        let split = possible.iter().flat_map(|at| &self.dropped[*at].cube).find(|literal| {
            self.symbols.is_world(literal.symbol) && world.iter().all(|known| known.symbol != literal.symbol)
        })?;
        let mut found = None;
        // The world that contradicts the cell first: if it drops nothing, there is no more to do.
        for literal in [split.negated(), *split] {
            world.push(literal);
            let witness = self.certain(world, worlds);
            world.pop();
            found = Some(witness?);
        }
        found
    }

    fn pairs(&self) -> impl Iterator<Item = (&Atom, &Atom)> {
        self.sources.iter().flat_map(|source| self.destinations.iter().map(move |destination| (source, destination)))
    }

    /// A packet of a dropped cell that no cell that passes can hold.
    fn surely_dropped(&self, cell: &Cell, source: &Atom, destination: &Atom, world: &[Literal]) -> Option<Point> {
        match self.holds(cell, source, destination, world) {
            Sure::No => return None,
            Sure::Yes => return Some(point(cell.clone(), source, destination)),
            Sure::Open => {}
        }
        let mut rest = vec![cell.clone()];
        for passed in self.passed {
            if self.holds(passed, source, destination, world) == Sure::No {
                continue;
            }
            let mut passed = Cell::clone(passed);
            if !source.exact {
                passed.sources = Arc::clone(&cell.sources);
            }
            if !destination.exact {
                passed.destinations = Arc::clone(&cell.destinations);
            }
            rest = rest.into_iter().flat_map(|cell| cell.outside(&passed)).collect();
            if rest.is_empty() || rest.len() > MOST_CANDIDATES {
                return None;
            }
        }
        rest.into_iter().next().map(|cell| point(cell, source, destination))
    }

    /// Whether the atoms are in a cell, ports and protocols and their own exact addresses aside.
    fn holds(&self, cell: &Cell, source: &Atom, destination: &Atom, world: &[Literal]) -> Sure {
        let mut sure =
            located(cell.addresses(End::Source), source).min(located(cell.addresses(End::Destination), destination));
        for &literal in &cell.cube {
            if sure == Sure::No {
                break;
            }
            let known = match end_of(self.symbols.meaning(literal.symbol)) {
                Some(End::Source) => self.truth(source, literal.symbol),
                Some(End::Destination) => self.truth(destination, literal.symbol),
                None => world.iter().find(|known| known.symbol == literal.symbol).map(|known| known.holds),
            };
            sure = sure.min(match known {
                None => Sure::Open,
                Some(holds) if holds == literal.holds => Sure::Yes,
                Some(_) => Sure::No,
            });
        }
        sure
    }

    /// Whether a symbol holds for an atom.
    fn truth(&self, atom: &Atom, symbol: Symbol) -> Option<bool> {
        match self.symbols.adds(&atom.cube, symbol.holds()) {
            Added::Implied => return Some(true),
            Added::Impossible => return Some(false),
            Added::New => {}
        }
        let meaning = self.symbols.meaning(symbol);
        match (&atom.meaning, meaning) {
            (None, Meaning::Addresses(..)) => None,
            (None, _) if atom.outside => Some(false),
            (None, _) => None,
            (Some(Meaning::Tag(_, own)), Meaning::Tag(_, tag)) if atom.outside && tag.base() == *own => {
                Some(tag.is_base())
            }
            (Some(Meaning::Tag(_, own)), Meaning::Regional(_, base, ..)) if atom.outside && base == own => Some(false),
            (Some(Meaning::Tag(_, own)), meaning) if self.is_beyond(atom.beyond, *own, meaning) => Some(false),
            (Some(own), meaning) => match self.symbols.meanings(own, meaning) {
                relation if relation.is_inside() => Some(true),
                crate::net::Relation::Disjoint => Some(false),
                _ => None,
            },
        }
    }

    /// Whether a meaning lies in what the atom is known to be outside of.
    fn is_beyond(&self, beyond: Option<Beyond>, own: Tag, meaning: &Meaning) -> bool {
        match (beyond, meaning) {
            (Some(Beyond::Parts), Meaning::Tag(_, tag)) => tag.parent() == Some(own),
            (Some(Beyond::AzureCloud), Meaning::Tag(end, _) | Meaning::Regional(end, ..)) => {
                let azure = Tag::named("AzureCloud").expect("the catalogue has `AzureCloud`");
                self.symbols.meanings(meaning, &Meaning::Tag(*end, azure)).is_inside()
            }
            _ => false,
        }
    }

    /// The packet most likely dropped, and what that depends on.
    fn possible(&self, required: &Required<'_>) -> (Option<(usize, Point)>, Vec<Doubt>) {
        let mut best: Option<(Sure, usize, usize, &Atom, &Atom)> = None;
        for (at, cell) in self.dropped.iter().enumerate().take(MOST_CANDIDATES) {
            for (source, destination) in self.pairs() {
                let sure = self.holds(cell, source, destination, &[]);
                let fewer = best.as_ref().is_none_or(|(_, literals, ..)| cell.cube.len() < *literals);
                if sure > Sure::No && fewer {
                    best = Some((sure, cell.cube.len(), at, source, destination));
                }
            }
        }
        let mut doubts: Vec<Doubt> = Vec::new();
        let mut add = |doubt: &Doubt| {
            if doubts.len() < 6 && !doubts.contains(doubt) {
                doubts.push(doubt.clone());
            }
        };
        let (at, source, destination) = match &best {
            Some((_, _, at, source, destination)) => (*at, Some(*source), Some(*destination)),
            None => (0, None, None),
        };
        let cell = self.dropped[at];
        for literal in &cell.cube {
            let atom = match end_of(self.symbols.meaning(literal.symbol)) {
                Some(End::Source) => source,
                Some(End::Destination) => destination,
                None => None,
            };
            if atom.is_none_or(|atom| self.truth(atom, literal.symbol).is_none()) {
                add(self.symbols.doubt(literal.symbol));
            }
        }
        for (end, atom, terms) in
            [(End::Source, source, required.sources), (End::Destination, destination, required.destinations)]
        {
            let partly = atom.is_none_or(|atom| located(cell.addresses(end), atom) == Sure::Open);
            for literal in terms.iter().flat_map(|term| &term.cube).filter(|literal| partly && literal.holds) {
                add(self.symbols.doubt(literal.symbol));
            }
        }
        let witness =
            source.zip(destination).map(|(source, destination)| (at, point(cell.clone(), source, destination)));
        (witness, doubts)
    }
}

fn agrees(cell: &Cell, world: &[Literal]) -> bool {
    cell.cube.iter().all(|literal| world.iter().all(|known| known.symbol != literal.symbol || known == literal))
}

/// Whether an atom lies among addresses. An exact atom lies wherever the two meet.
fn located(addresses: &AddressSet, atom: &Atom) -> Sure {
    if !addresses.overlaps(&atom.range) {
        Sure::No
    } else if atom.exact || atom.range.is_subset(addresses) {
        Sure::Yes
    } else {
        Sure::Open
    }
}

fn point(cell: Cell, source: &Atom, destination: &Atom) -> Point {
    let place = |atom: &Atom, addresses: &AddressSet| match atom.exact {
        true => Place::Among(addresses.intersection(&atom.range)),
        false => Place::Named(atom.name.clone()),
    };
    let (source, destination) = (place(source, &cell.sources), place(destination, &cell.destinations));
    Point { cell, source, destination }
}

/// The end of the packet that a symbol is about.
fn end_of(meaning: &Meaning) -> Option<End> {
    match meaning {
        Meaning::Tag(end, _)
        | Meaning::Regional(end, ..)
        | Meaning::Subnet(end)
        | Meaning::Host(end)
        | Meaning::Untagged(end)
        | Meaning::Network(end)
        | Meaning::Group(end, _)
        | Meaning::Addresses(end, _) => Some(*end),
        Meaning::Ports(..) | Meaning::Protocols(_) | Meaning::Packet(_) | Meaning::World(_) => None,
    }
}

/// The addresses that surely exist at one end of what is required.
fn atoms(ground: &Ground<'_, '_>, end: End, terms: &[Term<AddressSet>]) -> Vec<Atom> {
    let symbols = &ground.symbols;
    let (family, cloud) = (symbols.family, symbols.cloud);
    let mut all = Vec::new();
    for term in terms {
        let atom = |meaning: Option<Meaning>, outside, exact, name: &str| Atom {
            meaning,
            outside,
            beyond: None,
            cube: term.cube.clone(),
            range: AddressSet::clone(&term.set),
            exact,
            name: name.to_owned(),
        };
        let own = term.cube.iter().find(|literal| literal.holds).map(|literal| symbols.meaning(literal.symbol));
        match own {
            Some(Meaning::Tag(_, tag)) => {
                all.extend(
                    tags(symbols, end, *tag, family, cloud)
                        .into_iter()
                        .map(|one| atom(Some(Meaning::Tag(end, one)), false, false, &one.to_string())),
                );
                for one in tags(symbols, end, *tag, family, cloud) {
                    let named = |test: &dyn Fn(Tag) -> bool| symbols.tags(end).any(test);
                    let azure = one.exceeds_azure_cloud(cloud) && named(&Tag::is_azure_cloud);
                    let parts = named(&|part| part.parent() == Some(one));
                    let beyond = [(azure, Beyond::AzureCloud), (parts, Beyond::Parts)];
                    all.extend(beyond.into_iter().filter(|(known, _)| *known).map(|(_, beyond)| Atom {
                        beyond: Some(beyond),
                        ..atom(Some(Meaning::Tag(end, one)), false, false, &one.to_string())
                    }));
                }
                if tag.exceeds_its_regions(cloud) && family == Family::V4 {
                    all.push(atom(Some(Meaning::Tag(end, *tag)), true, false, &tag.to_string()));
                }
                all.extend(regional(symbols, end, Some(*tag)).map(|(meaning, base)| {
                    atom(Some(meaning.clone()), false, false, &format!("{base} of the region"))
                }));
            }
            Some(Meaning::Regional(_, base, _, false)) if base.has_addresses_everywhere(family) => {
                all.push(atom(own.cloned(), false, false, &format!("{base} of the region")));
            }
            Some(Meaning::Subnet(_)) => all.push(atom(own.cloned(), false, false, "subnet")),
            Some(Meaning::Host(_) | Meaning::Untagged(_)) => all.push(atom(own.cloned(), false, false, HOST)),
            Some(Meaning::Network(_)) => all.push(atom(own.cloned(), false, false, "VirtualNetwork")),
            Some(_) => {}
            None => {
                all.push(atom(None, false, true, ""));
                // Where everything public is required, so is every tag, and what is in none of them.
                if ground.public.is_subset(&term.set) && !ground.public.is_empty() {
                    let public = |meaning, outside, name: &str| Atom {
                        range: ground.public.clone(),
                        ..atom(meaning, outside, false, name)
                    };
                    all.push(public(None, true, "Internet"));
                    for tag in symbols.tags(end).filter(|tag| tag.has_addresses(family)) {
                        all.push(public(Some(Meaning::Tag(end, tag)), false, &tag.to_string()));
                    }
                    all.extend(
                        regional(symbols, end, None).map(|(meaning, base)| {
                            public(Some(meaning.clone()), false, &format!("{base} of the region"))
                        }),
                    );
                }
            }
        }
    }
    all
}

/// The fewest addresses a subnet can have: Azure takes a /29 and larger ones.
const FEWEST_ADDRESSES: u128 = 8;

/// A subnet of unknown place is larger than the few addresses that some rules let pass: it has one beside them.
fn beyond_few(atoms: &mut Vec<Atom>, end: End, passed: &[&Cell]) {
    let size = |set: &AddressSet| {
        let v4 = set.v4.ranges().iter().map(|(first, last)| u128::from(last - first) + 1);
        let v6 = set.v6.ranges().iter().map(|(first, last)| (last - first).saturating_add(1));
        v4.chain(v6).fold(0_u128, u128::saturating_add)
    };
    let mut few = AddressSet::empty();
    for cell in passed.iter().take(MOST_CANDIDATES) {
        let more = few.union(cell.addresses(end));
        if size(&more) < FEWEST_ADDRESSES {
            few = more;
        }
    }
    if few.is_empty() {
        return;
    }
    let whole = |atom: &&Atom| matches!(atom.meaning, Some(Meaning::Subnet(_) | Meaning::Network(_)));
    let beside: Vec<Atom> = atoms
        .iter()
        .filter(whole)
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
