//! The rules of one direction compared with each other: whether those ahead of one take all it matches, which of them take
//! some of it, and whether any packet would fare otherwise without it.
//!
//! Of rules that ask for nothing unknown this is a matter of boxes, which `cover` settles. Where it is not, the answer is
//! left to whoever sends the packets through the rules one by one, which is done here as well.

use std::sync::{Arc, OnceLock};

use crate::estate::Access;
use crate::proof::cell::{Cell, Clause};
use crate::proof::cover::{Areas, Spent, Work, sticks_out};
use crate::proof::explain::decider;
use crate::proof::first_match::{PlacedClause, Run, first_match_within};
use crate::proof::judgement::Decider;
use crate::proof::stage::Stage;
use crate::proof::symbol::Symbols;

/// How much is done to find the rules that take some of what one matches, when somebody asks for them.
const MOST_WORK: usize = 1 << 18;

/// The rules of one direction in order, in one address family.
#[derive(Debug)]
pub(crate) struct Order {
    symbols: Symbols,
    pub(crate) clauses: Vec<Clause>,
    kinds: Vec<Option<Access>>,
    pub(crate) deciders: Vec<Decider>,
    areas: Areas,
}

impl Order {
    pub(crate) fn of(stage: Stage<'_>, symbols: &Symbols) -> Self {
        let deciders = stage.entries.iter().map(|entry| decider(&stage, entry)).collect();
        let kinds = stage.placed(0..stage.entries.len()).map(|placed| placed.kind).collect();
        let areas = Areas::of(stage.entries.iter().map(|entry| &entry.clause));
        let clauses = stage.entries.into_iter().map(|entry| entry.clause).collect();
        Self { symbols: symbols.clone(), clauses, kinds, deciders, areas }
    }

    /// The rules that may match something that one matches, in order.
    pub(crate) fn near(&self, at: usize) -> Vec<usize> {
        self.areas.near(at)
    }

    /// Sends packets to the first of some rules that matches them.
    pub(crate) fn run(&self, cells: Vec<Cell>, rules: &[usize], work: &mut Work) -> Run {
        let placed = |&index: &usize| PlacedClause { clause: &self.clauses[index], index, kind: self.kinds[index] };
        first_match_within(&self.symbols, cells, rules.iter().map(placed), work)
    }

    /// Whether the rules ahead take all that a rule matches. `None`: that depends on what is not known.
    pub(crate) fn is_shadowed(&self, at: usize, ahead: &[usize], work: &mut Work) -> Result<Option<bool>, Spent> {
        if !self.is_sure(&at) {
            return Ok(None);
        }
        if self.some_left(at, None, ahead, work)? {
            return Ok(Some(false));
        }
        let sure: Vec<usize> = ahead.iter().copied().filter(|one| self.is_sure(one)).collect();
        if sure.len() == ahead.len() || !self.some_left(at, None, &sure, work)? {
            return Ok(Some(true));
        }
        Ok(None)
    }

    /// Whether the rules behind do the same with all that those ahead leave of what a rule matches. `None`: that depends
    /// on what is not known.
    pub(crate) fn is_redundant(
        &self,
        at: usize,
        (ahead, behind): (&[usize], &[usize]),
        work: &mut Work,
    ) -> Result<Option<bool>, Spent> {
        let alike = |other: &usize| self.deciders[*other].access == self.deciders[at].access;
        let mut all_sure = ahead.iter().all(|one| self.is_sure(one));
        let mut others = ahead.to_vec();
        for one in behind {
            if self.is_sure(one) && !alike(one) {
                if self.some_left(at, Some(*one), &others, work)? {
                    return Ok(Some(false));
                }
            } else {
                all_sure &= self.is_sure(one);
                others.push(*one);
            }
        }
        // The last rule matches everything, so nothing is left that none decides.
        if all_sure {
            return Ok(Some(true));
        }
        others = ahead.iter().copied().filter(|one| self.is_sure(one)).collect();
        for one in behind {
            if !alike(one) {
                if self.some_left(at, Some(*one), &others, work)? {
                    return Ok(None);
                }
            } else if self.is_sure(one) {
                others.push(*one);
            }
        }
        Ok(Some(true))
    }

    /// The rules ahead that take some of what a rule matches, where nothing of it is unknown.
    fn takers(&self, at: usize, ahead: &[usize], work: &mut Work) -> Result<Option<Vec<usize>>, Spent> {
        if !self.is_sure(&at) || !ahead.iter().all(|one| self.is_sure(one)) {
            return Ok(None);
        }
        let ahead = &ahead[..self.until_covered(at, ahead)];
        let mut all = Vec::new();
        for (turn, one) in ahead.iter().enumerate() {
            if self.some_left(at, Some(*one), &ahead[..turn], work)? {
                all.push(*one);
            }
        }
        Ok(Some(all))
    }

    /// How many of the rules ahead leave nothing to those behind them, or all where that takes long to tell.
    fn until_covered(&self, at: usize, ahead: &[usize]) -> usize {
        let work = &mut Work(MOST_WORK);
        let (mut few, mut many) = (0, ahead.len());
        while few < many {
            let middle = few + (many - few) / 2;
            match self.some_left(at, None, &ahead[..middle], work) {
                Ok(true) => few = middle + 1,
                Ok(false) => many = middle,
                Err(Spent) => break,
            }
        }
        many
    }

    fn is_sure(&self, at: &usize) -> bool {
        self.areas.all[*at].sure
    }

    /// Whether some packet that a rule may match, and another one as well, is matched by none of the others.
    fn some_left(&self, at: usize, and: Option<usize>, others: &[usize], work: &mut Work) -> Result<bool, Spent> {
        let areas = &self.areas.all;
        for (kind, cell) in areas[at].kinds() {
            let part = match and {
                Some(other) => cell.within(areas[other].kind(kind)),
                None => Some(cell.clone()),
            };
            let Some(part) = part else { continue };
            let others: Vec<&Cell> = others.iter().map(|other| areas[*other].kind(kind)).collect();
            if sticks_out(part, &others, work)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The rules ahead of one that take some of what it matches, worked out when somebody asks.
#[derive(Clone, Debug)]
pub(crate) struct Ahead {
    order: Arc<Order>,
    at: usize,
    /// How many rules stand ahead of it.
    start: usize,
    /// All that the rule matches.
    pub(crate) cells: Vec<Cell>,
    takers: OnceLock<Option<Vec<usize>>>,
}

impl Ahead {
    pub(crate) fn of(order: &Arc<Order>, at: usize, start: usize, cells: Vec<Cell>) -> Self {
        Self { order: Arc::clone(order), at, start, cells, takers: OnceLock::new() }
    }

    /// These rules as deciders, in order; `None` when there are too many cases to tell.
    pub(crate) fn deciders(&self) -> Option<impl Iterator<Item = &Decider>> {
        let takers = self.takers.get_or_init(|| {
            let mut near = self.order.near(self.at);
            near.retain(|other| *other < self.start);
            let work = &mut Work(MOST_WORK);
            match self.order.takers(self.at, &near, work) {
                Err(Spent) => None,
                Ok(Some(takers)) => Some(takers),
                Ok(None) => takers_of(&self.order.run(self.cells.clone(), &near, work)),
            }
        });
        let takers = takers.as_ref()?;
        Some(takers.iter().map(|index| &self.order.deciders[*index]))
    }

    /// Tells what a run of its packets through the rules ahead has shown.
    pub(crate) fn known_by(&self, run: &Run) {
        self.takers.get_or_init(|| takers_of(run));
    }
}

fn takers_of(run: &Run) -> Option<Vec<usize>> {
    let mut all: Vec<usize> = run.decided.iter().flat_map(|piece| piece.by.all()).collect();
    all.sort_unstable();
    all.dedup();
    (!run.exceeded).then_some(all)
}
