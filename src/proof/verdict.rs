//! The verdict: whether every required packet passes, from the cells that pass and the cells that are dropped.
//!
//! Some values are not known (the addresses of a tag, whether a rule exists). A *world* is one way in which all of them
//! may turn out; the word is that of possible-worlds semantics. A cell is there under literals over these values, so in
//! one world it may hold packets and in the next none.
//!
//! | dropped cells | a packet that surely exists | verdict |
//! |---|---|---|
//! | none | | `Satisfied`: no world drops a packet |
//! | some | is dropped in every world | `Violated` |
//! | some | is dropped in some worlds, or none is found | `Undecided`: it depends on the values of `doubts` |
//!
//! Both checks over-approximate the possible values, so `Satisfied` and `Violated` hold in every real one. For
//! `Satisfied` the dropped cells hold every packet that any world drops, and maybe more: when there is none of them,
//! nothing is dropped. For `Violated` the packet is looked for among those that every world has, in a cell that holds it
//! in all worlds, or away from every cell that may let it pass in some world. Whatever is cut short by a limit counts as
//! not found, which makes it `Undecided`, never wrong.

use std::sync::Arc;

use crate::finding::Verdict;
use crate::net::{AddressSet, Tag};
use crate::proof::atom::{Atom, BesideAllowed, atoms};
use crate::proof::cell::{Cell, Term};
use crate::proof::doubt::Doubt;
use crate::proof::ground::Ground;
use crate::proof::symbol::{Added, End, Literal, Meaning, Symbol, Symbols};

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
    /// The dropped cells, by index; empty when satisfied.
    pub(crate) open: Vec<usize>,
}

/// How many worlds are told apart before the answer is undecided.
const MOST_WORLDS: usize = 256;
/// How many symbols may differ between these worlds.
const MOST_SPLITS: usize = 8;
/// How many dropped cells are looked at for a packet.
const MOST_CANDIDATES: usize = 512;
/// How many earlier cells one is compared with to see that it tells nothing new.
const MOST_ALIKE: usize = 16;

/// What is required of each end.
pub(crate) struct Required<'t> {
    pub(crate) sources: &'t [Term<AddressSet>],
    pub(crate) destinations: &'t [Term<AddressSet>],
}

/// Comes to a verdict: `dropped` are all cells of which a world may drop a packet, `passed` all of which a world may let
/// one pass.
pub(crate) fn decide(
    ground: &Ground<'_, '_>,
    required: &Required<'_>,
    passed: &[&Cell],
    dropped: &[&Cell],
) -> Decision {
    // Nothing is dropped, in no world.
    if dropped.is_empty() {
        return Decision { verdict: Verdict::Satisfied, witness: None, doubts: Vec::new(), open: Vec::new() };
    }
    let open = (0..dropped.len()).collect();
    let sources = atoms(ground, End::Source, required.sources, passed);
    let destinations = atoms(ground, End::Destination, required.destinations, passed);
    let pairs = sources.iter().flat_map(|source| destinations.iter().map(move |destination| (source, destination)));
    let search = Search { symbols: &ground.symbols, pairs: pairs.collect(), passed, dropped };
    // A packet that every world has is dropped, in every world.
    if let Some(witness) = search.certain(&mut Vec::new(), &mut 0) {
        return Decision { verdict: Verdict::Violated, witness: Some(witness), doubts: Vec::new(), open };
    }
    // Some world may drop a packet, and some may not.
    let (witness, doubts) = search.possible(required);
    Decision { verdict: Verdict::Undecided, witness, doubts, open }
}

/// Whether an atom is in a cell, in the worlds that are looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Membership {
    /// In none of them.
    No,
    /// In some, for all that is known.
    Open,
    /// In all of them.
    Yes,
}

struct Search<'x> {
    symbols: &'x Symbols,
    pairs: Vec<(&'x Atom, &'x Atom)>,
    passed: &'x [&'x Cell],
    dropped: &'x [&'x Cell],
}

impl Search<'_> {
    /// A packet that is dropped in every world that agrees with `world`. Where each world drops another one, that of the
    /// first world.
    fn certain(&self, world: &mut Vec<Literal>, worlds: &mut usize) -> Option<(usize, Point)> {
        *worlds += 1;
        let possible: Vec<usize> = (0..self.dropped.len()).filter(|at| agrees(self.dropped[*at], world)).collect();
        // An atom that is surely in the cell shows who drops it; one that no cell lets pass comes second.
        let mut open = Vec::new();
        for &at in possible.iter().take(MOST_CANDIDATES) {
            for (pair, (source, destination)) in self.pairs.iter().enumerate() {
                match self.holds(self.dropped[at], source, destination, world) {
                    Membership::No => {}
                    Membership::Yes => return Some((at, point(self.dropped[at].clone(), source, destination))),
                    Membership::Open => open.push((at, pair)),
                }
            }
        }
        let mut known: Vec<Option<MayPass>> = std::iter::repeat_with(|| None).take(self.pairs.len()).collect();
        for (at, pair) in open {
            let may_pass = known[pair].get_or_insert_with(|| self.may_pass(self.pairs[pair], world));
            if let Some(cell) = may_pass.none_for(self.dropped[at]) {
                let (source, destination) = self.pairs[pair];
                return Some((at, point(cell, source, destination)));
            }
        }
        if possible.is_empty() || world.len() >= MOST_SPLITS || *worlds >= MOST_WORLDS {
            return None;
        }
        let split = possible.iter().flat_map(|at| &self.dropped[*at].cube).find(|literal| {
            self.symbols.is_world(literal.symbol) && world.iter().all(|known| known.symbol != literal.symbol)
        })?;
        let mut found = None;
        // The worlds that contradict the cell first: if they drop nothing, there is no more to do.
        for literal in [split.negated(), *split] {
            world.push(literal);
            let witness = self.certain(world, worlds);
            world.pop();
            found = Some(witness?);
        }
        found
    }

    /// What may let packets of the atoms of a pair pass, in the worlds that agree with `world`.
    fn may_pass(&self, (source, destination): (&Atom, &Atom), world: &[Literal]) -> MayPass {
        let mut may_pass = MayPass {
            exact: (source.exact, destination.exact),
            all: Arc::new(AddressSet::full()),
            open: Vec::new(),
            closed: Vec::new(),
        };
        for passed in self.passed {
            if self.holds(passed, source, destination, world) != Membership::No {
                let cell = may_pass.comparable(passed);
                if !may_pass.open.iter().rev().take(MOST_ALIKE).any(|one| cell.is_inside(one)) {
                    may_pass.open.push(cell);
                }
            }
        }
        may_pass
    }

    /// Whether the atoms are in a cell, ports and protocols and their own exact addresses aside.
    fn holds(&self, cell: &Cell, source: &Atom, destination: &Atom, world: &[Literal]) -> Membership {
        let mut member =
            located(cell.addresses(End::Source), source).min(located(cell.addresses(End::Destination), destination));
        for &literal in &cell.cube {
            if member == Membership::No {
                break;
            }
            let known = match end_of(self.symbols.meaning(literal.symbol)) {
                Some(End::Source) => self.truth(source, literal.symbol),
                Some(End::Destination) => self.truth(destination, literal.symbol),
                None => world.iter().find(|known| known.symbol == literal.symbol).map(|known| known.holds),
            };
            member = member.min(match known {
                None => Membership::Open,
                Some(holds) if holds == literal.holds => Membership::Yes,
                Some(_) => Membership::No,
            });
        }
        member
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
            (Some(Meaning::Tag(_, own)), meaning) if self.is_beside(atom.beside, *own, meaning) => Some(false),
            (Some(own), meaning) => match self.symbols.meanings(own, meaning) {
                relation if relation.is_inside() => Some(true),
                crate::net::Relation::Disjoint => Some(false),
                _ => None,
            },
        }
    }

    /// Whether a meaning lies in what the atom is known to be outside of.
    fn is_beside(&self, beside: Option<BesideAllowed>, own: Tag, meaning: &Meaning) -> bool {
        match (beside, meaning) {
            (Some(BesideAllowed::Parts), Meaning::Tag(_, tag)) => tag.parent() == Some(own),
            (Some(BesideAllowed::AzureCloud), Meaning::Tag(end, _) | Meaning::Regional(end, ..)) => {
                let azure = Tag::named("AzureCloud").expect("the catalogue has `AzureCloud`");
                self.symbols.meanings(meaning, &Meaning::Tag(*end, azure)).is_inside()
            }
            _ => false,
        }
    }

    /// The packet most likely dropped, and what that depends on.
    fn possible(&self, required: &Required<'_>) -> (Option<(usize, Point)>, Vec<Doubt>) {
        let mut best: Option<(Membership, usize, usize, &Atom, &Atom)> = None;
        for (at, cell) in self.dropped.iter().enumerate().take(MOST_CANDIDATES) {
            for &(source, destination) in &self.pairs {
                let member = self.holds(cell, source, destination, &[]);
                let fewer = best.as_ref().is_none_or(|(_, literals, ..)| cell.cube.len() < *literals);
                if member > Membership::No && fewer {
                    best = Some((member, cell.cube.len(), at, source, destination));
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
            let partly = atom.is_none_or(|atom| located(cell.addresses(end), atom) == Membership::Open);
            for literal in terms.iter().flat_map(|term| &term.cube).filter(|literal| partly && literal.holds) {
                add(self.symbols.doubt(literal.symbol));
            }
        }
        let witness =
            source.zip(destination).map(|(source, destination)| (at, point(cell.clone(), source, destination)));
        (witness, doubts)
    }
}

/// What may let packets of two atoms pass. Where an atom is no exact address, any cell that may hold it may let it pass,
/// whatever addresses the cell has at that end.
struct MayPass {
    /// Whether the atoms at the source and at the destination are exact.
    exact: (bool, bool),
    all: Arc<AddressSet>,
    /// Cells that may let something pass.
    open: Vec<Cell>,
    /// Cells of which everything may pass.
    closed: Vec<Cell>,
}

impl MayPass {
    /// A cell with its addresses left out at the ends where they tell nothing.
    fn comparable(&self, cell: &Cell) -> Cell {
        let mut cell = cell.clone();
        if !self.exact.0 {
            cell.sources = Arc::clone(&self.all);
        }
        if !self.exact.1 {
            cell.destinations = Arc::clone(&self.all);
        }
        cell
    }

    /// The packets of a cell that surely none of these cells lets pass.
    fn none_for(&mut self, dropped: &Cell) -> Option<Cell> {
        let cell = self.comparable(dropped);
        if self.closed.iter().rev().take(MOST_ALIKE).any(|one| cell.is_inside(one)) {
            return None;
        }
        let mut rest = vec![cell.clone()];
        for open in &self.open {
            rest = rest.into_iter().flat_map(|cell| cell.outside(open)).collect();
            if rest.is_empty() {
                self.closed.push(cell);
                return None;
            }
            if rest.len() > MOST_CANDIDATES {
                return None;
            }
        }
        let mut cell = rest.into_iter().next()?;
        if !self.exact.0 {
            cell.sources = Arc::clone(&dropped.sources);
        }
        if !self.exact.1 {
            cell.destinations = Arc::clone(&dropped.destinations);
        }
        Some(cell)
    }
}

fn agrees(cell: &Cell, world: &[Literal]) -> bool {
    cell.cube.iter().all(|literal| world.iter().all(|known| known.symbol != literal.symbol || known == literal))
}

/// Whether an atom lies among addresses. An exact atom lies wherever the two meet.
fn located(addresses: &AddressSet, atom: &Atom) -> Membership {
    if !addresses.overlaps(&atom.range) {
        Membership::No
    } else if atom.exact || atom.range.is_subset(addresses) {
        Membership::Yes
    } else {
        Membership::Open
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
        Meaning::Ports(..)
        | Meaning::Protocols(_)
        | Meaning::Packet(_)
        | Meaning::World(_)
        | Meaning::PacketOf(..)
        | Meaning::WorldOf(..) => None,
    }
}
