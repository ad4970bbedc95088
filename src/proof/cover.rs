//! Whether some rules together take every packet of a box: exactly, piece by piece, within a bound on work.
//!
//! A piece that no rule takes whole is cut along the sides of one that takes part of it, and what sticks out is looked at
//! before anything else: the first piece that no rule meets is an answer. The rule that leaves the fewest pieces goes
//! first, so that few are made where rules do cover a box. Their order does not matter here: what a rule takes first
//! is asked about the rules ahead of it alone, which is the work of `shadow`.

use std::rc::Rc;
use std::sync::Arc;

use crate::net::{PortSet, ProtocolSet};
use crate::proof::cell::{Cell, Clause, Match, Values};
use crate::proof::host::HostSet;
use crate::proof::near::Near;

/// There was more to do than the bound allows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spent;

/// How much may still be done, in comparisons of a piece with a rule.
#[derive(Debug)]
pub(crate) struct Work(pub(crate) usize);

impl Work {
    /// Takes some of it.
    pub(crate) fn take(&mut self, steps: usize) -> Result<(), Spent> {
        self.0 = self.0.checked_sub(steps).ok_or_else(|| {
            self.0 = 0;
            Spent
        })?;
        Ok(())
    }
}

/// Whether some packet of a box is in none of the others; cubes are ignored.
pub(crate) fn sticks_out(cell: Cell, others: &[&Cell], work: &mut Work) -> Result<bool, Spent> {
    let mut open: Vec<(Cell, Rc<[&Cell]>)> = vec![(cell, Rc::from(others))];
    while let Some((piece, others)) = open.pop() {
        work.take(1 + others.len())?;
        let mut near = Vec::new();
        let mut best: Option<(usize, usize)> = None;
        for other in others.iter().copied() {
            let Some(sides) = piece.sides_outside(other) else { continue };
            if best.is_none_or(|(fewest, _)| sides < fewest) {
                best = Some((sides, near.len()));
            }
            near.push(other);
            if sides == 0 {
                break;
            }
        }
        match best {
            None => return Ok(true),
            Some((0, _)) => {}
            Some((_, at)) => {
                let one = near.swap_remove(at);
                let near: Rc<[&Cell]> = Rc::from(near);
                open.extend(piece.outside(one).into_iter().map(|piece| (piece, Rc::clone(&near))));
            }
        }
    }
    Ok(false)
}

/// What a rule takes or may take of packets with ports, and of those without.
#[derive(Debug)]
pub(crate) struct Area {
    /// It takes all of it, whatever is not known.
    pub(crate) sure: bool,
    kinds: [Cell; 2],
}

impl Area {
    fn of(clause: &Clause, ports: &Arc<PortSet>, hosts: &Arc<HostSet>) -> Self {
        let ported = ProtocolSet::TCP.union(ProtocolSet::UDP);
        let protocols = clause.protocols.terms.iter().fold(ProtocolSet::NONE, |all, term| all.union(*term.set));
        let (sources, destinations) = (whole(&clause.sources), whole(&clause.destinations));
        let with_ports = Cell {
            cube: Vec::new(),
            protocols: protocols.intersection(ported),
            sources: Arc::clone(&sources),
            source_ports: whole(&clause.source_ports),
            destinations: Arc::clone(&destinations),
            destination_ports: whole(&clause.destination_ports),
            hosts: Arc::clone(hosts),
        };
        let without = Cell {
            protocols: protocols.difference(ported),
            source_ports: Arc::clone(ports),
            destination_ports: Arc::clone(ports),
            ..with_ports.clone()
        };
        Self { sure: clause.is_plain(), kinds: [with_ports, without] }
    }

    /// Its boxes: one of packets with ports and one of those without, either of which may be empty.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (usize, &Cell)> {
        self.kinds.iter().enumerate().filter(|(_, cell)| !cell.protocols.is_empty())
    }

    /// The box of one of these kinds.
    pub(crate) fn kind(&self, kind: usize) -> &Cell {
        &self.kinds[kind]
    }
}

/// All values of a match, where there are any.
fn whole<S: Values + Default>(wanted: &Match<S>) -> Arc<S> {
    match wanted.terms.as_slice() {
        [one] => Arc::clone(&one.set),
        many => Arc::new(many.iter().fold(S::default(), |all, term| all.or(&term.set))),
    }
}

/// The areas of rules, and which of them are near each other.
#[derive(Debug)]
pub(crate) struct Areas {
    pub(crate) all: Vec<Area>,
    near: Near,
}

impl Areas {
    pub(crate) fn of<'c>(clauses: impl Iterator<Item = &'c Clause> + Clone) -> Self {
        let (ports, hosts) = (Arc::new(PortSet::full()), HostSet::shared_full());
        Self { near: Near::of(clauses.clone()), all: clauses.map(|clause| Area::of(clause, &ports, &hosts)).collect() }
    }

    /// The other areas that have a packet in common with one, ascending.
    pub(crate) fn near(&self, at: usize) -> Vec<usize> {
        let without_ports = !self.all[at].kinds[1].protocols.is_empty();
        let touched = self.near.of_rule(at, !without_ports);
        let meets = |other: &usize| self.all[at].kinds().any(|(kind, cell)| cell.meets(self.all[*other].kind(kind)));
        self.near.rules(touched, 0..self.all.len()).filter(|other| *other != at && meets(other)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Areas, Spent, Work, sticks_out};

    use crate::net::{AddressSet, PortSet, ProtocolSet};
    use crate::proof::cell::{Cell, Clause, Match};
    use crate::proof::tests::Dice;

    const LAST: u16 = 3;

    fn some_ports(dice: &mut Dice) -> PortSet {
        let number = 1 + dice.roll(2);
        let mut end = || u16::try_from(dice.roll(usize::from(LAST) + 1)).unwrap();
        let ends: Vec<(u16, u16)> = (0..number).map(|_| (end(), end())).collect();
        PortSet::from_ranges(ends.into_iter().map(|(one, two)| (one.min(two), one.max(two))))
    }

    fn some_addresses(dice: &mut Dice) -> AddressSet {
        let ports = some_ports(dice);
        let net = |(first, last): &(u16, u16)| {
            AddressSet::range([10, 0, 0, first.to_be_bytes()[1]].into(), [10, 0, 0, last.to_be_bytes()[1]].into())
        };
        ports.ranges().iter().map(net).fold(AddressSet::empty(), |all, one| all.union(&one))
    }

    fn some_clause(dice: &mut Dice) -> Clause {
        let all = std::sync::Arc::new(AddressSet::all_v4());
        Clause {
            protocols: Match::of(dice.one(&[ProtocolSet::TCP, ProtocolSet::ICMP, ProtocolSet::ALL])),
            sources: Match::of(some_addresses(dice)),
            source_ports: Match::of(some_ports(dice)),
            destinations: Match::of(some_addresses(dice)),
            destination_ports: Match::of(some_ports(dice)),
            ..Clause::full(&all)
        }
    }

    fn holds(cell: &Cell, packet: [u16; 4], protocol: ProtocolSet) -> bool {
        let address = |last: u16| [10, 0, 0, last.to_be_bytes()[1]].into();
        protocol.is_subset(cell.protocols)
            && cell.sources.contains(address(packet[0]))
            && cell.destinations.contains(address(packet[1]))
            && cell.source_ports.contains(packet[2])
            && cell.destination_ports.contains(packet[3])
    }

    fn packets() -> impl Iterator<Item = [u16; 4]> {
        let all = || 0..=LAST;
        all().flat_map(move |a| all().flat_map(move |b| all().flat_map(move |c| all().map(move |d| [a, b, c, d]))))
    }

    #[test]
    fn what_sticks_out_and_who_is_near_is_what_counting_packets_tells() {
        let mut both = [0; 2];
        for seed in 0..300 {
            let dice = &mut Dice::new(seed);
            let clauses: Vec<Clause> = (0..=8).map(|_| some_clause(dice)).collect();
            let areas = Areas::of(clauses.iter());
            let near = areas.near(0);
            for (kind, cell) in areas.all[0].kinds() {
                let protocol = [ProtocolSet::TCP, ProtocolSet::ICMP][kind];
                let others: Vec<&Cell> = areas.all[1..].iter().map(|area| area.kind(kind)).collect();
                let own: Vec<[u16; 4]> = packets().filter(|packet| holds(cell, *packet, protocol)).collect();
                // Without data of other protocols, one of each kind stands for all; only `*` has more.
                let wide = |other: &Cell| cell.protocols.is_subset(other.protocols);
                let left =
                    |packet: &[u16; 4]| others.iter().all(|other| !(wide(other) && holds(other, *packet, protocol)));
                let out = own.iter().any(left);
                assert_eq!(sticks_out(cell.clone(), &others, &mut Work(usize::MAX)), Ok(out), "{seed} {kind}");
                both[usize::from(out)] += 1;
                for (at, other) in others.iter().enumerate() {
                    let meet = own.iter().any(|packet| holds(other, *packet, protocol));
                    assert!(!meet || near.contains(&(at + 1)), "{seed} {kind}: {at}");
                }
            }
        }
        assert!(both.iter().all(|count| *count > 30), "{both:?}");
    }

    #[test]
    fn work_that_is_used_up_is_no_answer() {
        let dice = &mut Dice::new(7);
        let clauses: Vec<Clause> = (0..=8).map(|_| some_clause(dice)).collect();
        let areas = Areas::of(clauses.iter());
        let others: Vec<&Cell> = areas.all[1..].iter().map(|area| area.kind(0)).collect();
        let work = &mut Work(others.len());
        assert_eq!(sticks_out(areas.all[0].kind(0).clone(), &others, work), Err(Spent));
        assert_eq!(work.0, 0);
    }
}
