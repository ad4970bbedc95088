//! First match over cells: each packet goes to the first clause that matches it.
//!
//! What a clause does with its packets is known to the layer that asks; what the result means to `verdict`.

use std::sync::Arc;

use crate::proof::cell::{Cell, Clause};
use crate::proof::holes::Holes;
use crate::proof::symbol::{End, Symbols};

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

/// A cell in flight. What rules have taken from the addresses at one end is kept beside it.
struct Flying {
    cell: Cell,
    taken: Option<(End, Holes)>,
}

/// What a clause makes of a cell.
enum Outcome {
    /// Nothing: no packet matches.
    Missed,
    /// It takes these packets from the addresses at one end, and nothing else.
    Took(Cell),
    /// It splits the cell.
    Split(Vec<Cell>, Vec<Cell>),
}

impl Flying {
    fn new(cell: Cell) -> Self {
        Self { cell, taken: None }
    }

    /// The cell without what was taken; `None` when nothing is left.
    fn landed(self) -> Option<Cell> {
        let mut cell = self.cell;
        if let Some((end, holes)) = self.taken {
            let left = Arc::new(holes.spare(cell.addresses(end)));
            match end {
                End::Source => cell.sources = left,
                End::Destination => cell.destinations = left,
            }
        }
        (!cell.sources.is_empty() && !cell.destinations.is_empty()).then_some(cell)
    }

    fn meet(&mut self, symbols: &Symbols, clause: &Clause) -> Outcome {
        if !self.cell.may_match(symbols, clause) {
            return Outcome::Missed;
        }
        if let Some((end, set)) = self.cell.cut_by(clause)
            && self.taken.as_ref().is_none_or(|(taken, _)| *taken == end)
        {
            let (_, holes) = self.taken.get_or_insert_with(|| (end, Holes::default()));
            let part = holes.spare(&set.intersection(self.cell.addresses(end)));
            if part.is_empty() {
                return Outcome::Missed;
            }
            holes.take(&part);
            let part = Arc::new(part);
            let cell = match end {
                End::Source => Cell { sources: part, ..self.cell.clone() },
                End::Destination => Cell { destinations: part, ..self.cell.clone() },
            };
            return Outcome::Took(cell);
        }
        let whole = Self { cell: self.cell.clone(), taken: self.taken.take() };
        match whole.landed() {
            None => Outcome::Split(Vec::new(), Vec::new()),
            Some(cell) => match cell.split(symbols, clause) {
                Some((matched, rest)) => Outcome::Split(matched, rest),
                None => {
                    self.cell = cell;
                    Outcome::Missed
                }
            },
        }
    }
}

/// Sends every packet of the cells to the first clause that matches it.
pub(crate) fn first_match<'a>(
    symbols: &Symbols,
    cells: Vec<Cell>,
    clauses: impl IntoIterator<Item = &'a Clause>,
) -> Run {
    let mut run = Run::default();
    let mut flying: Vec<Flying> = cells.into_iter().map(Flying::new).collect();
    let mut settled = 0_usize;
    let mut split = Vec::new();
    for (index, clause) in clauses.into_iter().enumerate() {
        if flying.is_empty() {
            break;
        }
        let decided = run.decided.len();
        let mut changed = false;
        flying.retain_mut(|one| match one.meet(symbols, clause) {
            Outcome::Missed => true,
            Outcome::Took(cell) => {
                run.decided.push(Piece { cell, clause: index });
                true
            }
            Outcome::Split(matched, rest) => {
                run.decided.extend(matched.into_iter().map(|cell| Piece { cell, clause: index }));
                split.extend(rest);
                changed = true;
                false
            }
        });
        if !changed && run.decided.len() == decided {
            continue;
        }
        settled += run.decided[decided..].iter().map(|piece| piece.cell.cube.len()).sum::<usize>();
        flying.extend(split.drain(..).map(Flying::new));
        if changed && flying.len() > JOIN_AT {
            flying = join(flying.into_iter().filter_map(Flying::landed).collect());
        }
        let conditions = settled + flying.iter().map(|one| one.cell.cube.len()).sum::<usize>();
        // A clause decides one piece as a rule: only more than that tells of input built to split cells.
        let pieces = run.decided.len().saturating_sub(index);
        if flying.len() > MOST_CELLS || pieces > MOST_CELLS || conditions > MOST_CONDITIONS {
            run.exceeded = true;
            break;
        }
    }
    run.rest = flying.into_iter().filter_map(Flying::landed).collect();
    run
}

/// Joins cells that differ in one coordinate only; one pass, quadratic in the cells in flight, which are bounded.
fn join(cells: Vec<Cell>) -> Vec<Flying> {
    let mut joined: Vec<Cell> = Vec::with_capacity(cells.len());
    for cell in cells {
        if !joined.iter_mut().rev().take(JOIN_AT).any(|one| one.join(&cell)) {
            joined.push(cell);
        }
    }
    joined.into_iter().map(Flying::new).collect()
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
    fn what_rules_take_one_by_one_is_gone_for_the_next() {
        let symbols = Symbols::new(Family::V4, None);
        let to = |prefix: &str| Clause {
            destinations: Match::of(AddressSet::prefix(prefix.parse().unwrap())),
            ..clause(PortSet::full())
        };
        let half = Clause { destination_ports: Match::of(PortSet::range(0, 10)), ..to("10.0.0.0/7") };
        let clauses = [to("10.0.0.0/9"), to("10.0.0.0/8"), to("10.64.0.0/10"), half, clause(PortSet::full())];
        let run = first_match(&symbols, vec![cell(PortSet::range(0, 20))], &clauses);
        let told: Vec<String> = run
            .decided
            .iter()
            .map(|one| {
                let ports = one.cell.destination_ports.ranges();
                let prefixes: Vec<String> =
                    one.cell.destinations.prefixes().take(2).map(|net| net.to_string()).collect();
                format!("{}: {prefixes:?} {ports:?}", one.clause)
            })
            .collect();
        assert_eq!(
            told,
            [
                r#"0: ["10.0.0.0/9"] [(0, 20)]"#,
                r#"1: ["10.128.0.0/9"] [(0, 20)]"#,
                r#"3: ["11.0.0.0/8"] [(0, 10)]"#,
                r#"4: ["0.0.0.0/5", "8.0.0.0/7"] [(11, 20)]"#,
                r#"4: ["0.0.0.0/5", "8.0.0.0/7"] [(0, 10)]"#,
            ]
        );
        assert!(run.rest.is_empty());
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
