//! First match over cells: each packet goes to the first clause that matches it.
//!
//! What a clause does with its packets is known to the layer that asks; what the result means to `verdict`.

use crate::proof::cell::{Cell, Clause};
use crate::proof::symbol::Symbols;

/// The most cells in flight, and the most pieces kept: beyond it the answer is undecided. A thousand ordinary rules
/// need a few dozen; only input built to split cells over and over comes here.
const MOST_CELLS: usize = 4096;

/// The most conditions on all cells together: hundreds of rules of which nothing is known make few cells, each with a
/// condition for every rule it went past.
const MOST_CONDITIONS: usize = 1 << 16;

/// How many cells may be in flight before those that differ in one coordinate only are joined again.
const JOIN_AT: usize = 24;

/// Packets that one clause decides.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) cell: Cell,
    /// The index of the clause.
    pub(crate) clause: usize,
}

/// What became of the packets.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Those a clause decides, by clause.
    pub(crate) decided: Vec<Piece>,
    /// Those no clause matches.
    pub(crate) rest: Vec<Cell>,
    /// There were too many cells; what is said above is not all.
    pub(crate) exceeded: bool,
}

/// Sends every packet of the cells to the first clause that matches it.
pub(crate) fn first_match<'a>(
    symbols: &Symbols,
    cells: Vec<Cell>,
    clauses: impl IntoIterator<Item = &'a Clause>,
) -> Run {
    let mut run = Run { rest: cells, ..Run::default() };
    let mut settled = 0_usize;
    for (index, clause) in clauses.into_iter().enumerate() {
        if run.rest.is_empty() {
            break;
        }
        let mut left = Vec::with_capacity(run.rest.len());
        for cell in run.rest {
            match cell.split(symbols, clause) {
                None => left.push(cell),
                Some((matched, mut rest)) => {
                    settled += matched.iter().map(|cell| cell.cube.len()).sum::<usize>();
                    run.decided.extend(matched.into_iter().map(|cell| Piece { cell, clause: index }));
                    left.append(&mut rest);
                }
            }
        }
        if left.len() > JOIN_AT {
            left = join(left);
        }
        run.rest = left;
        let conditions = settled + run.rest.iter().map(|cell| cell.cube.len()).sum::<usize>();
        if run.rest.len() > MOST_CELLS || run.decided.len() > MOST_CELLS || conditions > MOST_CONDITIONS {
            run.exceeded = true;
            break;
        }
    }
    run
}

/// Joins cells that differ in one coordinate only; one pass, quadratic in the cells in flight, which are bounded.
fn join(cells: Vec<Cell>) -> Vec<Cell> {
    let mut joined: Vec<Cell> = Vec::with_capacity(cells.len());
    for cell in cells {
        if !joined.iter_mut().rev().take(JOIN_AT).any(|one| one.join(&cell)) {
            joined.push(cell);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::first_match;
    use crate::net::{AddressSet, Cloud, Family, PortSet, ProtocolSet, Tag};
    use crate::proof::cell::{Cell, Clause, Match};
    use crate::proof::host::HostSet;
    use crate::proof::symbol::{Doubt, End, Meaning, Symbols};

    fn cell(ports: PortSet) -> Cell {
        Cell {
            cube: Vec::new(),
            protocols: ProtocolSet::TCP,
            sources: Arc::new(AddressSet::all_v4()),
            source_ports: Arc::new(PortSet::full()),
            destinations: Arc::new(AddressSet::all_v4()),
            destination_ports: Arc::new(ports),
            hosts: Arc::new(HostSet::full()),
        }
    }

    fn clause(ports: PortSet) -> Clause {
        Clause { destination_ports: Match::of(ports), ..Clause::full(&Arc::new(AddressSet::all_v4())) }
    }

    #[test]
    fn the_first_clause_takes_its_packets_from_the_second() {
        let symbols = Symbols::new(Family::V4, None);
        let clauses = [clause(PortSet::range(80, 90)), clause(PortSet::range(85, 100))];
        let run = first_match(&symbols, vec![cell(PortSet::range(0, 95))], &clauses);
        let ports: Vec<_> = run.decided.iter().map(|one| (one.clause, one.cell.destination_ports.ranges())).collect();
        assert_eq!(ports, [(0, [(80, 90)].as_slice()), (1, [(91, 95)].as_slice())]);
        assert_eq!(run.rest[0].destination_ports.ranges(), &[(0, 79)]);
    }

    #[test]
    fn a_tag_without_data_splits_in_two() {
        let mut symbols = Symbols::new(Family::V4, Some(Cloud::Public));
        let tag = Tag::named("Storage").unwrap();
        let symbol = symbols.of(Meaning::Tag(End::Destination, tag), || Doubt::new(""));
        let mut one = clause(PortSet::full());
        one.destinations = Match::nothing();
        one.destinations.add(AddressSet::all_v4(), vec![symbol.holds()]);
        let run = first_match(&symbols, vec![cell(PortSet::full())], [&one, &one]);
        assert_eq!((run.decided.len(), run.rest.len()), (1, 1));
        assert_eq!(run.rest[0].cube, [symbol.fails()]);
    }
}
