//! What fares otherwise, put into few boxes by who decides on it. What is not sure is told with what it depends on.

use std::collections::BTreeMap;

use crate::estate::Direction;
use crate::finding::Packet;
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::atom::HOST;
use crate::proof::cell::Cell;
use crate::proof::difference::compared::Compared;
use crate::proof::difference::lines::{Fate, SLOTS};
use crate::proof::difference::sent::{Both, Met};
use crate::proof::doubt::Doubt;
use crate::proof::explain::packet;
use crate::proof::host::HostSet;
use crate::proof::judgement::{Decider, Kind};
use crate::proof::path::point;
use crate::proof::symbol::{self, Added, Literal, Meaning, Symbol, Symbols};
use crate::proof::verdict::Place;

/// Which way traffic turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// It was dropped and passes now.
    Opened,
    /// It passed and is dropped now.
    Closed,
    /// It passes as before, and takes another way.
    Rerouted,
}

/// An end of traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// All of the place that is asked about.
    pub is_place: bool,
    /// Every address there can be.
    pub is_any: bool,
    /// What the addresses are but for `but`: `Internet`, `VirtualNetwork`, a service tag that is loaded. Where there is
    /// none they are told by themselves, or by `only`.
    pub name: Option<String>,
    /// What the addresses lack of what they are told by.
    pub but: AddressSet,
    /// The addresses; under `only` and `except` those among which they are.
    pub addresses: AddressSet,
    /// Tags and groups that the addresses are of as well; which ones these have is not known.
    pub only: Vec<String>,
    /// The same that they are not of.
    pub except: Vec<String>,
}

/// Packets as a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Into the place or out of it.
    pub direction: Direction,
    /// The protocols.
    pub protocols: ProtocolSet,
    /// Where it comes from.
    pub from: End,
    /// The ports it comes from.
    pub source_ports: PortSet,
    /// Where it goes to.
    pub to: End,
    /// The ports it goes to.
    pub ports: PortSet,
    /// The hosts it is for, where a firewall looks at them.
    pub hosts: HostSet,
}

/// Traffic that turned, with the lines that decide on both sides.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which way.
    pub turn: Turn,
    /// What became of it on the base.
    pub from: Fate,
    /// What becomes of it on the head.
    pub to: Fate,
    /// The packets.
    pub traffic: Vec<Traffic>,
    /// The line that decides on the base; `None`: nothing stood there.
    pub base: Option<Decider>,
    /// The line that decides on the head.
    pub head: Option<Decider>,
    /// One packet of it.
    pub witness: Packet,
    /// What it depends on; empty: it is sure. `true`: told by the head.
    pub why: Vec<(Doubt, bool)>,
    /// Some of it is for the internet or comes from there.
    pub is_public: bool,
}

impl Change {
    /// The same change the other way.
    pub(crate) fn mirrored(self) -> Self {
        let turn = match self.turn {
            Turn::Opened => Turn::Closed,
            Turn::Closed => Turn::Opened,
            Turn::Rerouted => Turn::Rerouted,
        };
        let why = self.why.into_iter().map(|(doubt, head)| (doubt, !head)).collect();
        Self { turn, from: self.to, to: self.from, base: self.head, head: self.base, why, ..self }
    }
}

/// How many cells of one cause are joined.
const MOST_JOINED: usize = 1024;

/// What tells changes apart: the fates, the layer and the lines that decide, and whether it is sure.
type Key = (Turn, Fate, Fate, Met, Met, bool);

/// A cell, and what it depends on whether it has a packet.
type Unsure = (Cell, Vec<(Doubt, bool)>);

/// Puts pieces into changes. Of all that is sure first.
pub(crate) fn changes(ground: &Compared<'_, '_, '_>, pieces: Vec<Both>) -> Vec<Change> {
    let mut groups: BTreeMap<Key, Vec<Unsure>> = BTreeMap::new();
    let mut causes: BTreeMap<(Turn, Fate, Fate, Met, Met), Vec<Both>> = BTreeMap::new();
    for piece in pieces {
        if ground.is_no_change(&piece) {
            continue;
        }
        let turn = turn(&piece);
        let (before, after) = deciding(&piece);
        let key = (turn, piece.base.fate.clone(), piece.head.fate.clone(), before, after);
        causes.entry(key).or_default().push(piece);
    }
    for ((turn, from, to, before, after), pieces) in causes {
        let hops: Vec<(Doubt, bool)> = pieces.first().map(hop_doubts).unwrap_or_default();
        let cells = joined(ground, pieces.into_iter().map(|piece| piece.cell).collect());
        for cell in cells {
            let mut why = ground.doubts(&cell);
            why.extend(hops.iter().cloned());
            let key = (turn, from.clone(), to.clone(), before, after, !why.is_empty());
            groups.entry(key).or_default().push((cell, why));
        }
    }
    let changes = groups.into_iter().filter_map(|(key, cells)| change(ground, key, cells)).collect();
    unsure_once(changes)
}

/// What is not sure is told once for each fate: by whom it may be decided does not matter as much.
fn unsure_once(changes: Vec<Change>) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::with_capacity(changes.len());
    // A rule says more than that nobody knows which.
    let unknown = |line: &Option<Decider>| line.as_ref().is_some_and(|line| line.kind == Kind::Unknown);
    for change in changes {
        let same = |one: &&mut Change| {
            !one.why.is_empty() && (one.turn, &one.from, &one.to) == (change.turn, &change.from, &change.to)
        };
        let Some(one) = all.iter_mut().find(same).filter(|_| !change.why.is_empty()) else {
            all.push(change);
            continue;
        };
        for doubt in change.why {
            if one.why.iter().all(|known| known.0.reason != doubt.0.reason) {
                one.why.push(doubt);
            }
        }
        one.traffic.extend(change.traffic.into_iter().filter(|new| !one.traffic.contains(new)).collect::<Vec<_>>());
        one.is_public |= change.is_public;
        if unknown(&one.base) {
            one.base = change.base;
        }
        if unknown(&one.head) {
            one.head = change.head;
        }
    }
    all
}

/// Boxes that differ in nothing but that some protocols have no ports.
fn with_portless(traffic: Vec<Traffic>) -> Vec<Traffic> {
    let mut all: Vec<Traffic> = Vec::with_capacity(traffic.len());
    for one in traffic {
        let rest = |other: &Traffic| Traffic { protocols: ProtocolSet::NONE, ..other.clone() };
        let whole = |other: &Traffic| other.ports.is_full() && other.source_ports.is_full();
        match all.iter_mut().find(|other| whole(other) && whole(&one) && rest(other) == rest(&one)) {
            Some(other) => other.protocols = other.protocols.union(one.protocols),
            None => all.push(one),
        }
    }
    all
}

fn turn(piece: &Both) -> Turn {
    match (&piece.base.fate, &piece.head.fate) {
        (Fate::Dropped, to) if *to != Fate::Dropped => Turn::Opened,
        (_, Fate::Dropped) => Turn::Closed,
        _ => Turn::Rerouted,
    }
}

fn hop_doubts(piece: &Both) -> Vec<(Doubt, bool)> {
    let both = [(&piece.base.doubt, false), (&piece.head.doubt, true)];
    both.into_iter().filter_map(|(doubt, head)| Some((doubt.clone()?, head))).collect()
}

/// The lines that the difference is told by: those of the layer that drops, else those of the last one.
pub(crate) fn deciding(piece: &Both) -> (Met, Met) {
    let last = |met: &Met| (0..SLOTS).rev().find(|at| met[*at].is_some());
    let layer = match (&piece.base.fate, &piece.head.fate) {
        (Fate::Dropped, _) => last(&piece.base.met),
        (_, Fate::Dropped) => last(&piece.head.met),
        _ => last(&piece.head.met).max(last(&piece.base.met)),
    };
    let alone = |met: &Met| {
        let mut one = [None; SLOTS];
        // A layer that the other side does not have: what it goes by there is the last line it met.
        let at = layer.filter(|at| met[*at].is_some()).or_else(|| last(met));
        if let Some(at) = at {
            one[at] = met[at];
        }
        one
    };
    (alone(&piece.base.met), alone(&piece.head.met))
}

fn change(ground: &Compared<'_, '_, '_>, key: Key, cells: Vec<Unsure>) -> Option<Change> {
    let (turn, from, to, before, after, _) = key;
    let mut why: Vec<(Doubt, bool)> = Vec::new();
    for doubt in cells.iter().flat_map(|(_, why)| why) {
        if why.iter().all(|known| known.0.reason != doubt.0.reason) {
            why.push(doubt.clone());
        }
    }
    let shown = cells.iter().min_by_key(|(cell, _)| cell.cube.len())?;
    let mut shown = point(&ground.symbols, &shown.0);
    if !shown.cell.hosts.is_full() && ground.space.is_subset(&shown.cell.destinations) {
        shown.destination = Place::Named(HOST.to_owned());
    }
    let witness = packet(ground.direction, &shown);
    let outward = ground.direction == Direction::Outbound;
    let leaves = match (&from, &to) {
        _ if !outward => true,
        (Fate::Passes | Fate::Dropped, Fate::Passes | Fate::Dropped) => true,
        (from, to) => (*from == Fate::Internet) != (*to == Fate::Internet),
    };
    let far = if outward { symbol::End::Destination } else { symbol::End::Source };
    let is_public = leaves && cells.iter().any(|(cell, _)| cell.addresses(far).overlaps(&ground.public));
    let traffic = with_portless(cells.iter().map(|(cell, _)| ground.traffic(cell)).collect());
    let base = ground.decider(&ground.sides.0, &before);
    let head = ground.decider(&ground.sides.1, &after);
    Some(Change { turn, from, to, traffic, base, head, witness, why, is_public })
}

/// Joins cells until no two of them make up one box.
fn joined(ground: &Compared<'_, '_, '_>, mut cells: Vec<Cell>) -> Vec<Cell> {
    for cell in &mut cells {
        tidy(&ground.symbols, cell);
    }
    if cells.len() > MOST_JOINED {
        return cells;
    }
    loop {
        let before = cells.len();
        let mut all: Vec<Cell> = Vec::with_capacity(before);
        for cell in cells {
            let mut cell = cell;
            while let Some(at) = all.iter().position(|one| make_one(ground, one, &cell).is_some()) {
                let one = all.swap_remove(at);
                if let Some(both) = make_one(ground, &one, &cell) {
                    cell = both;
                }
            }
            all.push(cell);
        }
        if all.len() == before {
            return all;
        }
        cells = all;
    }
}

/// Literals in order, without those that follow from others.
fn tidy(symbols: &Symbols, cell: &mut Cell) {
    cell.cube.sort_unstable();
    cell.cube.dedup();
    let mut at = 0;
    while at < cell.cube.len() {
        let literal = cell.cube[at];
        let others: Vec<Literal> = cell.cube.iter().copied().filter(|one| *one != literal).collect();
        if symbols.adds(&others, literal) == Added::Implied {
            cell.cube.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Two cells as one; `None` when they are no one box.
fn make_one(ground: &Compared<'_, '_, '_>, one: &Cell, two: &Cell) -> Option<Cell> {
    if one.has_ports() != two.has_ports() {
        return None;
    }
    let mut both = one.clone();
    if one.cube == two.cube {
        return both.join(two).then_some(both);
    }
    // A literal that only one of them has, and its opposite: where the boxes are one, it does not matter.
    let of_one: Vec<Literal> = one.cube.iter().copied().filter(|literal| !two.cube.contains(literal)).collect();
    let of_two: Vec<Literal> = two.cube.iter().copied().filter(|literal| !one.cube.contains(literal)).collect();
    if let ([left], [right]) = (&*of_one, &*of_two)
        && left.negated() == *right
        && one.is_inside(two)
        && two.is_inside(one)
    {
        both.cube.retain(|literal| literal != left);
        return Some(both);
    }
    // Where none of the other's addresses can be of a tag, they are not of it.
    let (more, fewer, literals) = match (&*of_one, &*of_two) {
        ([], literals) => (two, one, literals),
        (literals, []) => (one, two, literals),
        _ => return None,
    };
    let outside = |literal: &Literal| {
        let domain = ground.domain(literal.symbol);
        !literal.holds && domain.is_some_and(|(end, domain)| !fewer.addresses(end).overlaps(&domain))
    };
    if !literals.iter().all(outside) {
        return None;
    }
    let mut both = more.clone();
    both.join(&Cell { cube: more.cube.clone(), ..fewer.clone() }).then_some(both)
}

impl Compared<'_, '_, '_> {
    /// A cell for readers.
    fn traffic(&self, cell: &Cell) -> Traffic {
        Traffic {
            direction: self.direction,
            protocols: cell.protocols,
            from: self.end(cell, symbol::End::Source),
            source_ports: PortSet::clone(&cell.source_ports),
            to: self.end(cell, symbol::End::Destination),
            ports: PortSet::clone(&cell.destination_ports),
            hosts: HostSet::clone(&cell.hosts),
        }
    }

    fn end(&self, cell: &Cell, end: symbol::End) -> End {
        let addresses = cell.addresses(end);
        let mut told = End { addresses: addresses.clone(), ..End::default() };
        told.is_place = end == self.near_end() && self.near.as_ref().is_some_and(|near| near.is_subset(addresses));
        told.is_any = self.space.is_subset(addresses);
        let mut domains: Vec<AddressSet> = Vec::new();
        for literal in &cell.cube {
            let Some((at, domain)) = self.domain(literal.symbol).filter(|(at, _)| *at == end) else { continue };
            debug_assert_eq!(at, end);
            let name = self.name(literal.symbol);
            if literal.holds {
                domains.push(domain);
                told.only.push(name);
            } else {
                told.except.push(name);
            }
        }
        if !told.only.is_empty() {
            let domain = domains.iter().fold(self.space.clone(), |all, one| all.intersection(one));
            told.but = domain.difference(addresses);
        } else if !told.is_any
            && let Some((name, but)) = self.named(addresses)
        {
            (told.name, told.but) = (Some(name), but);
        }
        told
    }

    /// The set with a name that addresses are all of, or most of.
    fn named(&self, addresses: &AddressSet) -> Option<(String, AddressSet)> {
        if let Some((name, _)) = self.names.iter().find(|(_, set)| set == addresses) {
            return Some((name.clone(), AddressSet::empty()));
        }
        let parts = |set: &AddressSet| set.v4.ranges().len() + set.v6.ranges().len();
        let mut best: Option<(String, AddressSet)> = None;
        for (name, set) in self.names.iter().filter(|(_, set)| addresses.is_subset(set)) {
            let but = set.difference(addresses);
            if parts(&but) < parts(addresses) && best.as_ref().is_none_or(|(_, known)| parts(&but) < parts(known)) {
                best = Some((name.clone(), but));
            }
        }
        best
    }

    fn name(&self, symbol: Symbol) -> String {
        match self.symbols.meaning(symbol) {
            Meaning::Tag(_, tag) => tag.to_string(),
            Meaning::Regional(_, tag, ..) => format!("{tag} of the region"),
            Meaning::Network(_) => "VirtualNetwork".to_owned(),
            Meaning::Group(_, key) => {
                let name = key.rsplit('/').next().unwrap_or_default();
                format!("application security group {name}")
            }
            _ => String::new(),
        }
    }
}
