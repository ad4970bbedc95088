//! Which rules of a list may have a packet in common with a box, without looking at each of their addresses and ports.
//!
//! Every axis is cut into few parts. A rule is near a box when on every axis both touch the same part; whether they do
//! have a packet in common is left to whoever asks.

use std::ops::Range;

use crate::net::{AddressSet, Bound, PortSet, RangeSet};
use crate::proof::cell::{Cell, Clause, Match};

/// Into so many parts an axis is cut: one for each bit.
const PARTS: usize = 128;

/// How many ranges tell where to cut.
const SAMPLE: usize = 2048;

/// The rules of a list by the parts of each axis that they touch.
#[derive(Debug)]
pub(crate) struct Near {
    sources: Axis<AddressSet>,
    destinations: Axis<AddressSet>,
    source_ports: Axis<PortSet>,
    destination_ports: Axis<PortSet>,
}

/// The parts that a rule or a box touches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    addresses: [u128; 2],
    ports: [u128; 2],
}

impl Near {
    pub(crate) fn of<'c>(clauses: impl Iterator<Item = &'c Clause> + Clone) -> Self {
        Self {
            sources: Axis::of(clauses.clone().map(|clause| &clause.sources)),
            destinations: Axis::of(clauses.clone().map(|clause| &clause.destinations)),
            source_ports: Axis::of(clauses.clone().map(|clause| &clause.source_ports)),
            destination_ports: Axis::of(clauses.map(|clause| &clause.destination_ports)),
        }
    }

    /// What a rule of the list touches. `ports`: whether that counts at its ports.
    pub(crate) fn of_rule(&self, at: usize, ports: bool) -> Touched {
        Touched {
            addresses: [self.sources.touched[at], self.destinations.touched[at]],
            ports: if ports {
                [self.source_ports.touched[at], self.destination_ports.touched[at]]
            } else {
                [u128::MAX; 2]
            },
        }
    }

    /// What a box touches.
    pub(crate) fn of_cell(&self, cell: &Cell) -> Touched {
        Touched {
            addresses: [self.sources.parts_of(&cell.sources), self.destinations.parts_of(&cell.destinations)],
            ports: if cell.has_ports() {
                [
                    self.source_ports.parts_of(&cell.source_ports),
                    self.destination_ports.parts_of(&cell.destination_ports),
                ]
            } else {
                [u128::MAX; 2]
            },
        }
    }

    /// The rules of a part of the list that are near something, in order: all that have a packet in common with it, and
    /// maybe others.
    pub(crate) fn rules(&self, touched: Touched, part: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let Touched { addresses, ports } = touched;
        let addresses_of = self.sources.touched.iter().zip(&self.destinations.touched);
        let ports_of = self.source_ports.touched.iter().zip(&self.destination_ports.touched);
        let rules = addresses_of.zip(ports_of).enumerate().skip(part.start).take(part.len());
        rules.filter_map(move |(at, ((sources, destinations), (source_ports, destination_ports)))| {
            let near = destinations & addresses[1] != 0
                && destination_ports & ports[1] != 0
                && sources & addresses[0] != 0
                && source_ports & ports[0] != 0;
            near.then_some(at)
        })
    }
}

/// One axis, and the parts that rules touch.
#[derive(Debug)]
struct Axis<S: Line> {
    /// Where parts begin, ascending; what lies before the first is a part of its own.
    cuts: S::Cuts,
    touched: Vec<u128>,
}

impl<S: Line> Axis<S> {
    fn of<'c>(rules: impl Iterator<Item = &'c Match<S>> + Clone) -> Self
    where
        S: 'c,
    {
        let cuts = S::cuts(&mut rules.clone().flat_map(|wanted| &wanted.terms).map(|term| &*term.set));
        let parts = |wanted: &Match<S>| wanted.terms.iter().fold(0, |all, term| all | term.set.parts(&cuts));
        let touched = rules.map(parts).collect();
        Self { cuts, touched }
    }

    fn parts_of(&self, set: &S) -> u128 {
        set.parts(&self.cuts)
    }
}

/// A set on an axis that can be cut.
trait Line {
    type Cuts: std::fmt::Debug;

    /// Where to cut the axis so that about as many of the ranges of some sets start in each part.
    fn cuts(sets: &mut dyn Iterator<Item = &Self>) -> Self::Cuts;

    /// The parts that a set touches.
    fn parts(&self, cuts: &Self::Cuts) -> u128;
}

impl Line for PortSet {
    type Cuts = Vec<u16>;

    fn cuts(sets: &mut dyn Iterator<Item = &Self>) -> Vec<u16> {
        chosen(sets.flat_map(|set| set.ranges().iter().map(|range| range.0)).collect())
    }

    fn parts(&self, cuts: &Vec<u16>) -> u128 {
        parts_of(self, cuts)
    }
}

impl Line for AddressSet {
    type Cuts = (Vec<u32>, Vec<u128>);

    fn cuts(sets: &mut dyn Iterator<Item = &Self>) -> (Vec<u32>, Vec<u128>) {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            v4.extend(set.v4.ranges().iter().map(|range| range.0));
            v6.extend(set.v6.ranges().iter().map(|range| range.0));
        }
        (chosen(v4), chosen(v6))
    }

    fn parts(&self, (v4, v6): &(Vec<u32>, Vec<u128>)) -> u128 {
        // A list is looked at in one family; where it holds both, their parts lie on each other.
        parts_of(&self.v4, v4) | parts_of(&self.v6, v6)
    }
}

/// Some of the numbers where ranges start, ascending, each once.
fn chosen<T: Bound>(mut starts: Vec<T>) -> Vec<T> {
    let step = starts.len().div_ceil(SAMPLE).max(1);
    if step > 1 {
        starts = starts.into_iter().step_by(step).collect();
    }
    starts.sort_unstable();
    starts.dedup();
    let step = starts.len().div_ceil(PARTS - 1).max(1);
    starts.into_iter().step_by(step).collect()
}

/// The parts that a set touches.
fn parts_of<T: Bound>(set: &RangeSet<T>, cuts: &[T]) -> u128 {
    let ranges = set.ranges();
    // A set of more ranges than there are parts is asked about each part, which takes less.
    if ranges.len() > PARTS {
        let touches = |part: &usize| {
            let start = part.checked_sub(1).map_or(T::MIN, |before| cuts[before]);
            let first = ranges.get(ranges.partition_point(|range| range.1 < start));
            first.is_some_and(|range| cuts.get(*part).is_none_or(|end| range.0 < *end))
        };
        return (0..=cuts.len()).filter(touches).fold(0, |all, part| all | 1 << part);
    }
    let part = |value: T| cuts.partition_point(|cut| *cut <= value);
    let mask = |&(first, last): &(T, T)| {
        let (first, last) = (part(first), part(last));
        (u128::MAX >> (PARTS - 1 - (last - first))) << first
    };
    ranges.iter().map(mask).fold(0, |all, one| all | one)
}
