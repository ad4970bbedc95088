//! First match over cells: each packet goes to the first clause that matches it.
//!
//! What a clause does with its packets is known to the layer that asks; what the result means to `verdict`.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::Access;
use crate::net::{AddressSet, Bound, RangeSet};
use crate::proof::cell::{Cell, Clause};
use crate::proof::cover::Work;
use crate::proof::scene::union;
use crate::proof::symbol::{End, Symbols};

/// The most open cells, and the most pieces kept: beyond it the answer is undecided. A thousand ordinary rules
/// need a few dozen; only input built to split cells over and over comes here.
pub(crate) const MOST_CELLS: usize = 4096;

/// The most conditions on all cells together: hundreds of rules of which nothing is known make few cells, each with a
/// condition for every rule it went past.
const MOST_CONDITIONS: usize = 1 << 16;

/// How many cells may be open before those that differ in one coordinate only are joined again.
pub(crate) const JOIN_AT: usize = 24;

/// How many clauses may take their part of one cell before what those of one kind took is kept together. In tests few, so
/// that the laws look at it.
const SHARE_AT: usize = if cfg!(test) { 1 } else { 24 };

/// Packets and what decides them.
#[derive(Clone, Debug)]
pub(crate) struct DecidedCell {
    pub(crate) cell: Cell,
    pub(crate) by: DecidedBy,
}

/// The clause that decides packets, by index, or several that take their parts of a cell and do the same with them.
#[derive(Clone, Debug)]
pub(crate) enum DecidedBy {
    One(usize),
    Several(Rc<SharedParts>),
}

/// The parts that clauses took of the addresses at one end of a cell, in the order of the clauses. There is at least one.
#[derive(Debug)]
pub(crate) struct SharedParts {
    pub(crate) end: End,
    pub(crate) parts: Vec<(usize, AddressSet)>,
}

impl DecidedBy {
    /// The first of the clauses.
    pub(crate) fn first(&self) -> usize {
        self.all().next().expect("there is at least one part")
    }

    /// The clauses, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        let (one, parts) = match self {
            Self::One(clause) => (Some(*clause), &[][..]),
            Self::Several(shares) => (None, &shares.parts[..]),
        };
        one.into_iter().chain(parts.iter().map(|(clause, _)| *clause))
    }
}

/// What became of the packets.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Those a clause decides, by clause.
    pub(crate) decided: Vec<DecidedCell>,
    /// Those no clause matches.
    pub(crate) rest: Vec<Cell>,
    /// There were too many cells; what is said above is not all.
    pub(crate) exceeded: bool,
}

/// A clause in its place. Clauses of one kind do the same with their packets, and may be kept together.
#[derive(Clone, Copy)]
pub(crate) struct PlacedClause<'a> {
    pub(crate) clause: &'a Clause,
    pub(crate) index: usize,
    pub(crate) kind: Option<Access>,
}

/// A cell that no rule has decided yet. What rules have taken from the addresses at one end is kept beside it.
struct OpenCell {
    cell: Cell,
    taken: Option<Taken>,
}

/// What was taken of the addresses at one end.
struct Taken {
    end: End,
    gone: TakenAddresses,
    parts: Vec<Part>,
}

/// What one clause took.
struct Part {
    turn: usize,
    clause: usize,
    kind: Option<Access>,
    addresses: AddressSet,
}

/// What a clause makes of a cell.
enum Outcome {
    /// Nothing: no packet matches.
    Missed,
    /// It takes packets from the addresses at one end, and nothing else.
    Took,
    /// It splits the cell.
    Split(Vec<Cell>, Vec<Cell>),
}

impl OpenCell {
    fn new(cell: Cell) -> Self {
        Self { cell, taken: None }
    }

    /// The cell without what was taken; `None` when nothing is left. What was taken goes to `decided`.
    fn finish(self, decided: &mut Vec<(usize, DecidedCell)>) -> Option<Cell> {
        let mut cell = self.cell;
        if let Some(taken) = self.taken {
            let left = taken.gone.remaining(cell.addresses(taken.end).clone());
            record(&cell, taken.end, taken.parts, decided);
            *cell.addresses_mut(taken.end) = Arc::new(left);
        }
        (!cell.sources.is_empty() && !cell.destinations.is_empty()).then_some(cell)
    }

    /// Applies one clause to what is left of the cell.
    fn apply(
        &mut self,
        symbols: &Symbols,
        placed: PlacedClause<'_>,
        turn: &mut usize,
        decided: &mut Vec<(usize, DecidedCell)>,
    ) -> Outcome {
        let PlacedClause { clause, index, kind } = placed;
        if !self.cell.may_match(symbols, clause) {
            return Outcome::Missed;
        }
        if let Some((end, set)) = self.cell.cut_by(clause)
            && self.taken.as_ref().is_none_or(|taken| taken.end == end)
        {
            let taken =
                self.taken.get_or_insert_with(|| Taken { end, gone: TakenAddresses::default(), parts: Vec::new() });
            let own = self.cell.addresses(end);
            let addresses = taken.gone.remaining(set.intersection(own));
            if addresses.is_empty() {
                return Outcome::Missed;
            }
            let all = own.is_subset(set);
            if !all {
                taken.gone.take(&addresses);
            }
            *turn += 1;
            taken.parts.push(Part { turn: *turn, clause: index, kind, addresses });
            if all && let Some(taken) = self.taken.take() {
                record(&self.cell, end, taken.parts, decided);
                return Outcome::Split(Vec::new(), Vec::new());
            }
            return Outcome::Took;
        }
        let whole = Self { cell: self.cell.clone(), taken: self.taken.take() };
        match whole.finish(decided) {
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

/// Records what clauses took of a cell: each part by itself, or all that clauses of one kind took together where they are
/// many. Together they are one cell to whoever looks at them next.
fn record(cell: &Cell, end: End, parts: Vec<Part>, decided: &mut Vec<(usize, DecidedCell)>) {
    let mut shared: Vec<(Access, Vec<Part>)> = Vec::new();
    let piece = |addresses: AddressSet, by: DecidedBy| {
        let mut cell = cell.clone();
        *cell.addresses_mut(end) = Arc::new(addresses);
        DecidedCell { cell, by }
    };
    for part in parts {
        let Some(kind) = part.kind else {
            decided.push((part.turn, piece(part.addresses, DecidedBy::One(part.clause))));
            continue;
        };
        match shared.iter_mut().find(|(one, _)| *one == kind) {
            Some((_, parts)) => parts.push(part),
            None => shared.push((kind, vec![part])),
        }
    }
    for (_, parts) in shared {
        match parts.first() {
            Some(first) if parts.len() > SHARE_AT => {
                let turn = first.turn;
                let all = union(parts.iter().map(|part| &part.addresses));
                let parts = parts.into_iter().map(|part| (part.clause, part.addresses)).collect();
                decided.push((turn, piece(all, DecidedBy::Several(Rc::new(SharedParts { end, parts })))));
            }
            _ => decided
                .extend(parts.into_iter().map(|part| (part.turn, piece(part.addresses, DecidedBy::One(part.clause))))),
        }
    }
}

/// Sends every packet of the cells to the first clause that matches it.
pub(crate) fn first_match<'a>(
    symbols: &Symbols,
    cells: Vec<Cell>,
    clauses: impl IntoIterator<Item = PlacedClause<'a>>,
) -> Run {
    first_match_within(symbols, cells, clauses, &mut Work(usize::MAX))
}

/// The same within a bound on work: what goes past it is cut short.
pub(crate) fn first_match_within<'a>(
    symbols: &Symbols,
    cells: Vec<Cell>,
    clauses: impl IntoIterator<Item = PlacedClause<'a>>,
    work: &mut Work,
) -> Run {
    let mut open: Vec<OpenCell> = cells.into_iter().map(OpenCell::new).collect();
    let mut decided: Vec<(usize, DecidedCell)> = Vec::new();
    // Pieces are recorded when their cell is finished; this is their order by clause.
    let mut turn = 0_usize;
    let mut settled = 0_usize;
    let mut split = Vec::new();
    let mut exceeded = false;
    for placed in clauses {
        if open.is_empty() {
            break;
        }
        if work.take(open.len()).is_err() {
            exceeded = true;
            break;
        }
        let (mut changed, before) = (false, turn);
        open.retain_mut(|one| match one.apply(symbols, placed, &mut turn, &mut decided) {
            Outcome::Missed | Outcome::Took => true,
            Outcome::Split(matched, rest) => {
                for cell in matched {
                    turn += 1;
                    settled += cell.cube.len();
                    decided.push((turn, DecidedCell { cell, by: DecidedBy::One(placed.index) }));
                }
                split.extend(rest);
                changed = true;
                false
            }
        });
        if !changed && turn == before {
            continue;
        }
        open.extend(split.drain(..).map(OpenCell::new));
        if changed && open.len() > JOIN_AT {
            let finished = open.into_iter().filter_map(|one| one.finish(&mut decided)).collect();
            open = join(finished).into_iter().map(OpenCell::new).collect();
        }
        let conditions = settled + open.iter().map(|one| one.cell.cube.len()).sum::<usize>();
        // A clause decides one piece as a rule: only more than that tells of input built to split cells.
        let pieces = turn.saturating_sub(placed.index);
        if open.len() > MOST_CELLS || pieces > MOST_CELLS || conditions > MOST_CONDITIONS {
            exceeded = true;
            break;
        }
    }
    let rest = open.into_iter().filter_map(|one| one.finish(&mut decided)).collect();
    decided.sort_by_key(|(turn, _)| *turn);
    Run { decided: decided.into_iter().map(|(_, piece)| piece).collect(), rest, exceeded }
}

/// Joins cells that differ in one coordinate only; one pass, quadratic in the open cells, which are bounded.
pub(crate) fn join(cells: Vec<Cell>) -> Vec<Cell> {
    let mut joined: Vec<Cell> = Vec::with_capacity(cells.len());
    for cell in cells {
        if !joined.iter_mut().rev().take(JOIN_AT).any(|one| one.join(&cell)) {
            joined.push(cell);
        }
    }
    joined
}

/// Addresses that are gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct TakenAddresses {
    v4: TakenRanges<u32>,
    v6: TakenRanges<u128>,
}

/// Of sets that have fewer ranges than one in so many that are gone, each range is looked up by itself.
const LOOK_UP: usize = 16;

/// Disjoint closed ranges, last number by first.
#[derive(Clone, Debug)]
struct TakenRanges<T>(BTreeMap<T, T>);

impl<T> Default for TakenRanges<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl TakenAddresses {
    /// What is still there of a set.
    pub(crate) fn remaining(&self, set: AddressSet) -> AddressSet {
        AddressSet { v4: self.v4.remaining(set.v4), v6: self.v6.remaining(set.v6) }
    }

    /// Takes out what is still there.
    pub(crate) fn take(&mut self, set: &AddressSet) {
        self.v4.take(&set.v4);
        self.v6.take(&set.v6);
    }
}

impl<T: Bound> TakenRanges<T> {
    fn remaining(&self, set: RangeSet<T>) -> RangeSet<T> {
        let (Some(&(first, _)), Some(&(_, last))) = (set.ranges().first(), set.ranges().last()) else { return set };
        let many = set.ranges().len() > self.0.len() / LOOK_UP;
        if !many && set.ranges().iter().all(|range| self.within(*range).next().is_none()) {
            return set;
        }
        if !many {
            let gone = set.ranges().iter().flat_map(|range| self.within(*range));
            return set.difference(&RangeSet::from_ranges(gone));
        }
        let gone: Vec<(T, T)> = self.within((first, last)).collect();
        if gone.is_empty() { set } else { set.difference(&RangeSet::from_ranges(gone)) }
    }

    /// What is gone of a range, descending, with what hangs over its ends.
    fn within(&self, (first, last): (T, T)) -> impl Iterator<Item = (T, T)> + '_ {
        let gone = self.0.range(..=last).rev();
        gone.map(|(low, high)| (*low, *high)).take_while(move |(_, high)| *high >= first)
    }

    /// The ranges must be spared so far.
    fn take(&mut self, set: &RangeSet<T>) {
        if set.ranges().len() > self.0.len() / LOOK_UP {
            self.0.append(&mut set.ranges().iter().copied().collect());
        } else {
            self.0.extend(set.ranges().iter().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DecidedBy, PlacedClause, Run, SHARE_AT};

    use crate::estate::Access;
    use crate::net::{AddressSet, Cloud, Family, PortSet, ProtocolSet, Tag};
    use crate::proof::cell::{Cell, Clause, Match};
    use crate::proof::doubt::Doubt;
    use crate::proof::host::HostSet;
    use crate::proof::symbol::{End, Meaning, Symbols};

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

    fn first_match<'a>(symbols: &Symbols, cells: Vec<Cell>, clauses: impl IntoIterator<Item = &'a Clause>) -> Run {
        of_kind(None, symbols, cells, clauses)
    }

    fn of_kind<'a>(
        kind: Option<Access>,
        symbols: &Symbols,
        cells: Vec<Cell>,
        clauses: impl IntoIterator<Item = &'a Clause>,
    ) -> Run {
        let placed = clauses.into_iter().enumerate().map(|(index, clause)| PlacedClause { clause, index, kind });
        super::first_match(symbols, cells, placed)
    }

    fn clause(ports: PortSet) -> Clause {
        Clause { destination_ports: Match::of(ports), ..Clause::full(&Arc::new(AddressSet::all_v4())) }
    }

    #[test]
    fn the_first_clause_takes_its_packets_from_the_second() {
        let symbols = Symbols::new(Family::V4, None);
        let clauses = [clause(PortSet::range(80, 90)), clause(PortSet::range(85, 100))];
        let run = first_match(&symbols, vec![cell(PortSet::range(0, 95))], &clauses);
        let ports: Vec<_> =
            run.decided.iter().map(|one| (one.by.first(), one.cell.destination_ports.ranges())).collect();
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
                format!("{}: {prefixes:?} {ports:?}", one.by.first())
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
    fn what_many_clauses_of_one_kind_take_is_told_of_together() {
        let symbols = Symbols::new(Family::V4, None);
        let to = |at: usize| Clause {
            destinations: Match::of(AddressSet::prefix(format!("10.0.{at}.0/25").parse().unwrap())),
            ..clause(PortSet::full())
        };
        let clauses: Vec<Clause> = (0..=SHARE_AT).map(to).collect();
        let few = of_kind(Some(Access::Allow), &symbols, vec![cell(PortSet::full())], &clauses[1..]);
        assert_eq!(few.decided.len(), SHARE_AT);
        let many = of_kind(Some(Access::Allow), &symbols, vec![cell(PortSet::full())], &clauses);
        let [one] = many.decided.as_slice() else { panic!("{:?}", many.decided) };
        assert_eq!(one.by.all().collect::<Vec<_>>(), (0..=SHARE_AT).collect::<Vec<_>>());
        assert_eq!(one.cell.destinations.v4.ranges().len(), clauses.len());
        let DecidedBy::Several(shares) = &one.by else { panic!() };
        assert_eq!((shares.end, shares.parts.len()), (End::Destination, clauses.len()));
        assert!(!many.rest[0].destinations.overlaps(&one.cell.destinations));
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

#[cfg(test)]
mod holes_tests {
    use super::TakenRanges;
    use proptest::prelude::{any, proptest};

    use crate::net::RangeSet;

    proptest! {
        #[test]
        fn what_is_spared_is_what_subtraction_leaves(sets in any::<Vec<Vec<(u16, u8)>>>(), asked in any::<Vec<(u16, u16)>>()) {
            let mut left = RangeSet::<u32>::full();
            let mut gone = TakenRanges::default();
            let wide = |(first, length): &(u16, u8)| (u32::from(*first), u32::from(*first) + u32::from(*length));
            for set in &sets {
                let set = RangeSet::from_ranges(set.iter().map(wide));
                let part = gone.remaining(set.clone());
                assert_eq!(part, left.intersection(&set));
                gone.take(&part);
                left = left.difference(&set);
            }
            let asked = RangeSet::from_ranges(asked.iter().map(|(one, two)| (u32::from(*one), u32::from(*two))));
            assert_eq!(gone.remaining(asked.clone()), left.intersection(&asked));
        }
    }
}
