//! Which lines both sides have, in one order: packets that none of the others takes fare alike.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;
use foldhash::{HashMap, HashMapExt, HashSet};

use crate::proof::cell::{Clause, Cube, Match};
use crate::proof::difference::lines::{Effect, Lines, Side, Told, is_of_one_side};
use crate::proof::stage::{Author, Entry};
use crate::proof::symbol::{Literal, Symbol, Symbols};

/// Numbers for the lines of a side, by which two sides can be put in an order.
pub(crate) fn fingerprint(side: &Side<'_>, told: Told<'_>) -> Vec<u64> {
    let of_slot = |lines: &Option<Lines<'_>>| lines.as_ref().map_or_else(|| vec![0], |lines| keys(lines, told, false));
    side.iter().flat_map(of_slot).collect()
}

/// The lines of two lists that the other does not have in the same order: packets that none of them takes fare alike. The
/// symbols are those of each side by itself.
pub(crate) fn changed(
    (base, of_base): (Option<&Lines<'_>>, Told<'_>),
    (head, of_head): (Option<&Lines<'_>>, Told<'_>),
) -> (Vec<usize>, Vec<usize>) {
    let all = |lines: Option<&Lines<'_>>| (0..lines.map_or(0, Lines::count)).collect::<Vec<_>>();
    let (Some(one), Some(two)) = (base, head) else { return (all(base), all(head)) };
    // Where it is not known which rule goes first, the numbers of the others matter as well.
    let numbered = is_open(one, of_base.symbols) || is_open(two, of_head.symbols);
    let (left, right) = (keys(one, of_base, numbered), keys(two, of_head, numbered));
    let start = left.iter().zip(&right).take_while(|(one, two)| one == two).count();
    let rest = left.len().min(right.len()) - start;
    let end = left.iter().rev().zip(right.iter().rev()).take(rest).take_while(|(one, two)| one == two).count();
    let (left_end, right_end) = (left.len() - end, right.len() - end);
    let kept = in_one_order(&left[start..left_end], &right[start..right_end]);
    let mut pairs: Vec<(usize, usize)> = (0..start).map(|at| (at, at)).collect();
    pairs.extend(kept.into_iter().map(|(one, two)| (one + start, two + start)));
    pairs.extend((0..end).map(|at| (left_end + at, right_end + at)));
    let mut same = Same { symbols: (of_base, of_head), twins: HashMap::new(), taken: HashMap::new() };
    pairs.retain(|(at, other)| same.is((one, *at), (two, *other)));
    let kept_left: HashSet<usize> = pairs.iter().map(|pair| pair.0).collect();
    let kept_right: HashSet<usize> = pairs.iter().map(|pair| pair.1).collect();
    let others = |count: usize, kept: &HashSet<usize>| (0..count).filter(|at| !kept.contains(at)).collect();
    (others(one.count(), &kept_left), others(two.count(), &kept_right))
}

fn is_open(lines: &Lines<'_>, symbols: &Symbols) -> bool {
    let open = |literal: &Literal| is_of_one_side(symbols.meaning(literal.symbol));
    lines.stage.entries.iter().any(|entry| entry.clause.guards.iter().any(open))
}

/// A number for each line: different ones for lines that differ, but for a chance that `Same` rules out.
fn keys(lines: &Lines<'_>, told: Told<'_>, numbered: bool) -> Vec<u64> {
    let state = FixedState::default();
    let key = |at: usize| {
        let mut hash = state.build_hasher();
        let entry = lines.entry(at);
        write_effect(&lines.effects[at], &mut hash);
        if numbered {
            number(entry).hash(&mut hash);
        }
        write_clause(&entry.clause, told, &mut hash);
        hash.finish()
    };
    (0..lines.count()).map(key).collect()
}

/// The number by which a rule has its place.
fn number(entry: &Entry<'_>) -> Option<i64> {
    match &entry.author {
        Author::Rule(rule, _) => rule.priority.known().copied(),
        Author::FirewallRule(collection, _) => collection.priority.as_ref()?.known().copied(),
        _ => None,
    }
}

fn write_effect(effect: &Effect, hash: &mut impl Hasher) {
    match effect {
        Effect::Next => 0.hash(hash),
        Effect::PassGroups => 1.hash(hash),
        Effect::Ends(fate, doubt) => (2, fate, doubt.is_some()).hash(hash),
    }
}

fn write_clause(clause: &Clause, told: Told<'_>, hash: &mut impl Hasher) {
    let cube = |cube: &Cube, hash: &mut dyn Hasher| {
        hash.write_usize(cube.len());
        for literal in cube {
            hash.write_u8(u8::from(literal.holds));
            hash.write(told.text(literal.symbol).as_bytes());
        }
    };
    fn matched<S: Hash + Clone + PartialEq>(
        wanted: &Match<S>,
        hash: &mut impl Hasher,
        cube: &impl Fn(&Cube, &mut dyn Hasher),
    ) {
        wanted.terms.len().hash(hash);
        for term in &wanted.terms {
            term.set.hash(hash);
            cube(&term.cube, hash);
        }
    }
    cube(&clause.guards, hash);
    matched(&clause.protocols, hash, &cube);
    matched(&clause.sources, hash, &cube);
    matched(&clause.source_ports, hash, &cube);
    matched(&clause.destinations, hash, &cube);
    matched(&clause.destination_ports, hash, &cube);
    clause.hosts.is_some().hash(hash);
    if let Some(hosts) = &clause.hosts {
        matched(hosts, hash, &cube);
    }
}

/// Pairs of equal keys that ascend on both sides, many of them: the longest such row among keys that stand once on each
/// side.
fn in_one_order(left: &[u64], right: &[u64]) -> Vec<(usize, usize)> {
    let once = |keys: &[u64]| {
        let mut places: HashMap<u64, Option<usize>> = HashMap::new();
        for (at, key) in keys.iter().enumerate() {
            places.entry(*key).and_modify(|place| *place = None).or_insert(Some(at));
        }
        places
    };
    let (of_left, of_right) = (once(left), once(right));
    let place = |places: &HashMap<u64, Option<usize>>, key: &u64| places.get(key).copied().flatten();
    let pairs: Vec<(usize, usize)> =
        left.iter().filter_map(|key| Some((place(&of_left, key)?, place(&of_right, key)?))).collect();
    // The longest ascending row, by the least last element of each length.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < pair.1);
        before[at] = length.checked_sub(1).map(|length| ends[length]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut row: Vec<(usize, usize)> =
        std::iter::successors(ends.last().copied(), |at| before[*at]).map(|at| pairs[at]).collect();
    row.reverse();
    row
}

/// Whether lines of two sides are the same, symbols that belong to one side paired one by one.
struct Same<'x> {
    symbols: (Told<'x>, Told<'x>),
    twins: HashMap<Symbol, Symbol>,
    taken: HashMap<Symbol, Symbol>,
}

impl Same<'_> {
    fn is(&mut self, (one, at): (&Lines<'_>, usize), (two, other): (&Lines<'_>, usize)) -> bool {
        let (left, right) = (&one.entry(at).clause, &two.entry(other).clause);
        same_effect(&one.effects[at], &two.effects[other])
            && self.cubes(&left.guards, &right.guards)
            && self.matched(&left.protocols, &right.protocols)
            && self.matched(&left.sources, &right.sources)
            && self.matched(&left.source_ports, &right.source_ports)
            && self.matched(&left.destinations, &right.destinations)
            && self.matched(&left.destination_ports, &right.destination_ports)
            && match (&left.hosts, &right.hosts) {
                (None, None) => true,
                (Some(one), Some(two)) => self.matched(one, two),
                _ => false,
            }
    }

    fn matched<S: Clone + PartialEq>(&mut self, one: &Match<S>, two: &Match<S>) -> bool {
        one.terms.len() == two.terms.len()
            && one.terms.iter().zip(&two.terms).all(|(one, two)| one.set == two.set && self.cubes(&one.cube, &two.cube))
    }

    fn cubes(&mut self, one: &Cube, two: &Cube) -> bool {
        one.len() == two.len()
            && one.iter().zip(two).all(|(one, two)| one.holds == two.holds && self.twin(one.symbol, two.symbol))
    }

    fn twin(&mut self, one: Symbol, two: Symbol) -> bool {
        self.symbols.0.text(one) == self.symbols.1.text(two)
            && *self.twins.entry(one).or_insert(two) == two
            && *self.taken.entry(two).or_insert(one) == one
    }
}

fn same_effect(one: &Effect, two: &Effect) -> bool {
    match (one, two) {
        (Effect::Ends(one, why), Effect::Ends(two, other)) => {
            one == two && why.as_ref().map(|why| &why.reason) == other.as_ref().map(|why| &why.reason)
        }
        (Effect::Next, Effect::Next) | (Effect::PassGroups, Effect::PassGroups) => true,
        _ => false,
    }
}
