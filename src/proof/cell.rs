//! Cells: packets of a box whose symbols hold or fail as a cube says, and how a rule's match splits them.
//!
//! A cell may turn out to have no packet once the symbols are known; it never has one its literals exclude. Putting
//! rules in order is the work of `first_match`.

use std::sync::Arc;

use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::host::HostSet;
use crate::proof::symbol::{Added, End, Literal, Symbols};

/// A set of values of one coordinate.
pub(crate) trait Values: Clone + PartialEq {
    fn is_nothing(&self) -> bool;
    fn meets(&self, other: &Self) -> bool;
    fn is_within(&self, other: &Self) -> bool;
    fn and(&self, other: &Self) -> Self;
    fn minus(&self, other: &Self) -> Self;
    fn or(&self, other: &Self) -> Self;
}

macro_rules! values {
    ($($set:ty),*) => {$(
        impl Values for $set {
            fn is_nothing(&self) -> bool {
                self.is_empty()
            }
            fn meets(&self, other: &Self) -> bool {
                self.overlaps(other)
            }
            fn is_within(&self, other: &Self) -> bool {
                self.is_subset(other)
            }
            fn and(&self, other: &Self) -> Self {
                self.intersection(other)
            }
            fn minus(&self, other: &Self) -> Self {
                self.difference(other)
            }
            fn or(&self, other: &Self) -> Self {
                self.union(other)
            }
        }
    )*};
}
values!(AddressSet, PortSet, HostSet);

impl Values for ProtocolSet {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
    fn meets(&self, other: &Self) -> bool {
        !self.intersection(*other).is_empty()
    }
    fn is_within(&self, other: &Self) -> bool {
        self.is_subset(*other)
    }
    fn and(&self, other: &Self) -> Self {
        self.intersection(*other)
    }
    fn minus(&self, other: &Self) -> Self {
        self.difference(*other)
    }
    fn or(&self, other: &Self) -> Self {
        self.union(*other)
    }
}

/// A conjunction of literals, in the order they were added.
pub(crate) type Cube = Vec<Literal>;

/// The values of a set for which all literals hold.
#[derive(Clone, Debug)]
pub(crate) struct Term<S> {
    pub(crate) set: Arc<S>,
    pub(crate) cube: Cube,
}

/// What a rule asks of one coordinate: the union of its terms.
#[derive(Clone, Debug)]
pub(crate) struct Match<S> {
    pub(crate) terms: Vec<Term<S>>,
}

impl<S: Values> Match<S> {
    pub(crate) fn nothing() -> Self {
        Self { terms: Vec::new() }
    }

    /// Values that are known.
    pub(crate) fn of(set: impl Into<Arc<S>>) -> Self {
        let mut all = Self::nothing();
        all.add(set, Vec::new());
        all
    }

    /// Adds a term; known values join those already there, which come first.
    pub(crate) fn add(&mut self, set: impl Into<Arc<S>>, cube: Cube) {
        let set = set.into();
        if set.is_nothing() {
            return;
        }
        match self.terms.first_mut().filter(|first| first.cube.is_empty() && cube.is_empty()) {
            Some(first) => first.set = Arc::new(first.set.or(&set)),
            None if cube.is_empty() => self.terms.insert(0, Term { set, cube }),
            None => self.terms.push(Term { set, cube }),
        }
    }

    /// What matches both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut all = Self::nothing();
        for one in &self.terms {
            for two in &other.terms {
                let cube = one.cube.iter().chain(&two.cube).copied().collect();
                all.add(one.set.and(&two.set), cube);
            }
        }
        all
    }

    /// Whether all its values are known.
    fn is_plain(&self) -> bool {
        self.terms.iter().all(|term| term.cube.is_empty())
    }

    /// Whether some value of a set may match under a cube.
    pub(crate) fn may_meet(&self, symbols: &Symbols, set: &S, cube: &[Literal]) -> bool {
        self.terms.iter().any(|term| {
            set.meets(&term.set) && term.cube.iter().all(|literal| symbols.adds(cube, *literal) != Added::Impossible)
        })
    }
}

/// What a rule asks of a packet.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    /// Literals that must hold for the rule to be there, in its place, at all.
    pub(crate) guards: Cube,
    pub(crate) protocols: Match<ProtocolSet>,
    pub(crate) sources: Match<AddressSet>,
    pub(crate) source_ports: Match<PortSet>,
    pub(crate) destinations: Match<AddressSet>,
    pub(crate) destination_ports: Match<PortSet>,
    /// The host it names; `None`: no matter which, if any.
    pub(crate) hosts: Option<Match<HostSet>>,
}

impl Clause {
    /// A clause that matches every packet.
    pub(crate) fn full(addresses: &Arc<AddressSet>) -> Self {
        Self {
            guards: Vec::new(),
            protocols: Match::of(ProtocolSet::ALL),
            sources: Match::of(Arc::clone(addresses)),
            source_ports: Match::of(PortSet::full()),
            destinations: Match::of(Arc::clone(addresses)),
            destination_ports: Match::of(PortSet::full()),
            hosts: None,
        }
    }

    /// Whether it asks for nothing that is not known.
    pub(crate) fn is_plain(&self) -> bool {
        self.guards.is_empty()
            && self.protocols.is_plain()
            && self.sources.is_plain()
            && self.source_ports.is_plain()
            && self.destinations.is_plain()
            && self.destination_ports.is_plain()
            && self.hosts.as_ref().is_none_or(Match::is_plain)
    }
}

/// A box of packets under a cube. Its protocols either all have ports or all have none; without ports both port sets
/// are full and no rule looks at them (NSG-4).
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) cube: Cube,
    pub(crate) protocols: ProtocolSet,
    pub(crate) sources: Arc<AddressSet>,
    pub(crate) source_ports: Arc<PortSet>,
    pub(crate) destinations: Arc<AddressSet>,
    pub(crate) destination_ports: Arc<PortSet>,
    /// The host it names; only firewalls look at it. Full where nobody asked about hosts.
    pub(crate) hosts: Arc<HostSet>,
}

impl Cell {
    /// Whether its protocols have ports.
    pub(crate) fn has_ports(&self) -> bool {
        self.protocols.has_ports()
    }

    /// The addresses at an end.
    pub(crate) fn addresses(&self, end: End) -> &AddressSet {
        match end {
            End::Source => &self.sources,
            End::Destination => &self.destinations,
        }
    }

    /// The addresses at an end, to be changed.
    pub(crate) fn addresses_mut(&mut self, end: End) -> &mut Arc<AddressSet> {
        match end {
            End::Source => &mut self.sources,
            End::Destination => &mut self.destinations,
        }
    }

    /// Whether a packet in it may match a clause.
    pub(crate) fn may_match(&self, symbols: &Symbols, clause: &Clause) -> bool {
        let possible = |literal: &Literal| symbols.adds(&self.cube, *literal) != Added::Impossible;
        clause.protocols.may_meet(symbols, &self.protocols, &self.cube)
            && clause.guards.iter().all(possible)
            && (!self.has_ports()
                || (clause.destination_ports.may_meet(symbols, &self.destination_ports, &self.cube)
                    && clause.source_ports.may_meet(symbols, &self.source_ports, &self.cube)))
            && clause.sources.may_meet(symbols, &self.sources, &self.cube)
            && clause.destinations.may_meet(symbols, &self.destinations, &self.cube)
            && clause.hosts.as_ref().is_none_or(|hosts| hosts.may_meet(symbols, &self.hosts, &self.cube))
    }

    /// The end at which alone a clause takes part of it, and the addresses it takes there: everything else about the cell
    /// matches, whatever the symbols are. `None` when there is more to split it by.
    pub(crate) fn cut_by<'c>(&self, clause: &'c Clause) -> Option<(End, &'c AddressSet)> {
        let plain = clause.guards.is_empty()
            && covers(&clause.protocols, &self.protocols)
            && (!self.has_ports()
                || (covers(&clause.destination_ports, &self.destination_ports)
                    && covers(&clause.source_ports, &self.source_ports)))
            && clause.hosts.as_ref().is_none_or(|hosts| covers(hosts, &self.hosts));
        let only = |wanted: &'c Match<AddressSet>| match wanted.terms.as_slice() {
            [one] if one.cube.is_empty() => Some(&*one.set),
            _ => None,
        };
        if !plain {
            None
        } else if covers(&clause.sources, &self.sources) {
            Some((End::Destination, only(&clause.destinations)?))
        } else if covers(&clause.destinations, &self.destinations) {
            Some((End::Source, only(&clause.sources)?))
        } else {
            None
        }
    }

    /// Splits it into what matches a clause and what does not; `None` when it stays whole because nothing does.
    pub(crate) fn split(&self, symbols: &Symbols, clause: &Clause) -> Option<(Vec<Self>, Vec<Self>)> {
        if !self.may_match(symbols, clause) {
            return None;
        }
        let mut rest = Vec::new();
        let mut cells = vec![self.clone()];
        cells = along(symbols, cells, &clause.protocols, PROTOCOLS, &mut rest);
        if self.has_ports() {
            cells = along(symbols, cells, &clause.destination_ports, DESTINATION_PORTS, &mut rest);
            cells = along(symbols, cells, &clause.source_ports, SOURCE_PORTS, &mut rest);
        }
        cells = along(symbols, cells, &clause.sources, SOURCES, &mut rest);
        cells = along(symbols, cells, &clause.destinations, DESTINATIONS, &mut rest);
        if let Some(hosts) = &clause.hosts {
            cells = along(symbols, cells, hosts, HOSTS, &mut rest);
        }
        // Last: what lies beside the clause is not told apart by whether it holds.
        cells.retain_mut(|cell| cell.assume_all(symbols, &clause.guards, &mut rest));
        if cells.is_empty() { None } else { Some((cells, rest)) }
    }

    /// Adds literals one by one; what each one leaves behind goes to `rest`. Whether any packet may remain.
    fn assume_all(&mut self, symbols: &Symbols, literals: &[Literal], rest: &mut Vec<Self>) -> bool {
        for &literal in literals {
            match symbols.adds(&self.cube, literal) {
                Added::Implied => {}
                Added::Impossible => {
                    rest.push(self.clone());
                    return false;
                }
                Added::New => {
                    let mut left = self.clone();
                    left.cube.push(literal.negated());
                    rest.push(left);
                    self.cube.push(literal);
                }
            }
        }
        true
    }

    /// The part of the cell inside another box, cubes ignored; `None` when there is none.
    pub(crate) fn within(&self, other: &Self) -> Option<Self> {
        let mut part = self.clone();
        clip(&mut part, &other.protocols, PROTOCOLS)?;
        clip(&mut part, &*other.destination_ports, DESTINATION_PORTS)?;
        clip(&mut part, &*other.source_ports, SOURCE_PORTS)?;
        clip(&mut part, &*other.sources, SOURCES)?;
        clip(&mut part, &*other.destinations, DESTINATIONS)?;
        clip(&mut part, &*other.hosts, HOSTS)?;
        Some(part)
    }

    /// Whether all of the box is in another one, cubes ignored.
    pub(crate) fn is_inside(&self, other: &Self) -> bool {
        self.protocols.is_subset(other.protocols)
            && is_inside(&self.destination_ports, &other.destination_ports)
            && is_inside(&self.source_ports, &other.source_ports)
            && is_inside(&self.sources, &other.sources)
            && is_inside(&self.destinations, &other.destinations)
            && is_inside(&self.hosts, &other.hosts)
    }

    /// Whether the box has a packet in common with another one, cubes ignored.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.protocols.meets(&other.protocols)
            && self.destinations.overlaps(&other.destinations)
            && self.sources.overlaps(&other.sources)
            && overlap(&self.destination_ports, &other.destination_ports)
            && overlap(&self.source_ports, &other.source_ports)
            && overlap(&self.hosts, &other.hosts)
    }

    /// In how many coordinates the box is not inside another one; `None` when they have no packet in common. Cubes are
    /// ignored.
    pub(crate) fn sides_outside(&self, other: &Self) -> Option<usize> {
        self.meets(other).then(|| {
            let inside = [
                self.protocols.is_subset(other.protocols),
                is_inside(&self.destination_ports, &other.destination_ports),
                is_inside(&self.source_ports, &other.source_ports),
                is_inside(&self.sources, &other.sources),
                is_inside(&self.destinations, &other.destinations),
                is_inside(&self.hosts, &other.hosts),
            ];
            inside.into_iter().filter(|inside| !inside).count()
        })
    }

    /// The packets of the box outside another box, cubes ignored.
    pub(crate) fn outside(self, other: &Self) -> Vec<Self> {
        if !self.meets(other) {
            return vec![self];
        }
        let mut rest = Vec::new();
        let mut inside = self;
        cut(&mut inside, &other.protocols, PROTOCOLS, &mut rest);
        cut(&mut inside, &*other.destination_ports, DESTINATION_PORTS, &mut rest);
        cut(&mut inside, &*other.source_ports, SOURCE_PORTS, &mut rest);
        cut(&mut inside, &*other.sources, SOURCES, &mut rest);
        cut(&mut inside, &*other.destinations, DESTINATIONS, &mut rest);
        cut(&mut inside, &*other.hosts, HOSTS, &mut rest);
        rest
    }

    /// Joins another cell that differs in one coordinate only. Whether it did.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        if self.cube != other.cube || self.has_ports() != other.has_ports() {
            return false;
        }
        let same = [
            self.protocols == other.protocols,
            self.destination_ports == other.destination_ports,
            self.source_ports == other.source_ports,
            self.sources == other.sources,
            self.destinations == other.destinations,
            self.hosts == other.hosts,
        ];
        if same.iter().filter(|same| !**same).count() > 1 {
            return false;
        }
        self.protocols = self.protocols.union(other.protocols);
        unite(&mut self.destination_ports, &other.destination_ports, same[1]);
        unite(&mut self.source_ports, &other.source_ports, same[2]);
        unite(&mut self.sources, &other.sources, same[3]);
        unite(&mut self.destinations, &other.destinations, same[4]);
        unite(&mut self.hosts, &other.hosts, same[5]);
        true
    }
}

/// Whether two sets that are often one and the same have a value in common.
fn overlap<S: Values>(one: &Arc<S>, other: &Arc<S>) -> bool {
    if Arc::ptr_eq(one, other) { !one.is_nothing() } else { one.meets(other) }
}

fn is_inside<S: Values>(one: &Arc<S>, other: &Arc<S>) -> bool {
    Arc::ptr_eq(one, other) || one.is_within(other)
}

/// Whether every value matches, whatever the symbols are. Known values come first.
fn covers<S: Values>(wanted: &Match<S>, set: &S) -> bool {
    wanted.terms.first().is_some_and(|term| term.cube.is_empty() && set.is_within(&term.set))
}

fn unite<S: Values>(set: &mut Arc<S>, other: &Arc<S>, same: bool) {
    if !same {
        *set = Arc::new(set.or(other));
    }
}

/// How to read and write one coordinate of a cell.
type Axis<S> = (for<'a> fn(&'a Cell) -> &'a S, fn(&mut Cell, S));

const PROTOCOLS: Axis<ProtocolSet> = (|cell| &cell.protocols, |cell, set| cell.protocols = set);
const SOURCES: Axis<AddressSet> = (|cell| &cell.sources, |cell, set| cell.sources = Arc::new(set));
const SOURCE_PORTS: Axis<PortSet> = (|cell| &cell.source_ports, |cell, set| cell.source_ports = Arc::new(set));
const DESTINATIONS: Axis<AddressSet> = (|cell| &cell.destinations, |cell, set| cell.destinations = Arc::new(set));
const HOSTS: Axis<HostSet> = (|cell| &cell.hosts, |cell, set| cell.hosts = Arc::new(set));
const DESTINATION_PORTS: Axis<PortSet> =
    (|cell| &cell.destination_ports, |cell, set| cell.destination_ports = Arc::new(set));

/// Keeps what lies in a set and puts what does not into `rest`. The two must meet.
fn cut<S: Values>(cell: &mut Cell, set: &S, (get, put): Axis<S>, rest: &mut Vec<Cell>) {
    if get(cell).is_within(set) {
        return;
    }
    let mut outside = cell.clone();
    put(&mut outside, get(cell).minus(set));
    rest.push(outside);
    let inside = get(cell).and(set);
    put(cell, inside);
}

fn clip<S: Values>(cell: &mut Cell, set: &S, (get, put): Axis<S>) -> Option<()> {
    if !get(cell).meets(set) {
        return None;
    }
    if !get(cell).is_within(set) {
        let inside = get(cell).and(set);
        put(cell, inside);
    }
    Some(())
}

/// Splits cells along one coordinate: what matches is returned, the rest goes to `rest`.
fn along<S: Values>(
    symbols: &Symbols,
    cells: Vec<Cell>,
    wanted: &Match<S>,
    axis: Axis<S>,
    rest: &mut Vec<Cell>,
) -> Vec<Cell> {
    let mut matched = Vec::new();
    let mut open = cells;
    for term in &wanted.terms {
        let mut next = Vec::new();
        for mut cell in open {
            if !axis.0(&cell).meets(&term.set) {
                next.push(cell);
                continue;
            }
            cut(&mut cell, &*term.set, axis, &mut next);
            if cell.assume_all(symbols, &term.cube, &mut next) {
                matched.push(cell);
            }
        }
        open = next;
    }
    rest.append(&mut open);
    matched
}
