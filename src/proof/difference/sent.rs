//! Packets sent through both sides: what becomes of them, and by which line of which layer.

use std::sync::Arc;

use crate::proof::cell::Cell;
use crate::proof::difference::lines::{Effect, Fate, SLOTS, Side, is_group};
use crate::proof::doubt::Doubt;
use crate::proof::first_match::{PlacedClause, first_match};
use crate::proof::symbol::Symbols;

/// The line that decided in each layer; `None`: it was not met, or there is none.
pub(crate) type Met = [Option<usize>; SLOTS];

/// Packets that fare alike on one side.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) cell: Cell,
    pub(crate) met: Met,
    pub(crate) fate: Fate,
    /// Why the fate is not sure.
    pub(crate) doubt: Option<Doubt>,
}

/// Packets that fare alike on each side.
#[derive(Clone, Debug)]
pub(crate) struct Both {
    pub(crate) cell: Cell,
    pub(crate) base: Sent,
    pub(crate) head: Sent,
}

/// There were too many cells.
#[derive(Debug)]
pub(crate) struct Exceeded;

/// For so many pieces they are told apart.
const MOST_PIECES: usize = 1 << 14;

/// Sends a cell through a side. What no line ends passes.
pub(crate) fn send(symbols: &Symbols, side: &Side<'_>, cell: Cell) -> Result<Vec<Sent>, Exceeded> {
    let mut open = vec![(cell, [None; SLOTS], false)];
    let mut done = Vec::new();
    for (slot, lines) in side.iter().enumerate() {
        let Some(lines) = lines else { continue };
        let mut next = Vec::new();
        for (cell, met, passes_groups) in open {
            if passes_groups && is_group(slot) {
                next.push((cell, met, passes_groups));
                continue;
            }
            let placed = lines.stage.placed(0..lines.effects.len());
            let single = placed.map(|placed| PlacedClause { kind: None, ..placed });
            let run = first_match(symbols, vec![cell], single);
            if run.exceeded || done.len() + next.len() > MOST_PIECES {
                return Err(Exceeded);
            }
            for one in run.decided {
                let line = one.by.first();
                let mut met = met;
                met[slot] = Some(line);
                match &lines.effects[line] {
                    Effect::Next => next.push((one.cell, met, passes_groups)),
                    Effect::PassGroups => next.push((one.cell, met, true)),
                    Effect::Ends(fate, doubt) => {
                        done.push(Sent { cell: one.cell, met, fate: fate.clone(), doubt: doubt.clone() });
                    }
                }
            }
            next.extend(run.rest.into_iter().map(|cell| (cell, met, passes_groups)));
        }
        open = next;
    }
    done.extend(open.into_iter().map(|(cell, met, _)| Sent { cell, met, fate: Fate::Passes, doubt: None }));
    Ok(done)
}

/// Sends cells through both sides, and answers with those that fare otherwise.
pub(crate) fn differ(
    symbols: &Symbols,
    (base, head): (&Side<'_>, &Side<'_>),
    cells: Vec<Cell>,
) -> Result<Vec<Both>, Exceeded> {
    let mut all = Vec::new();
    for cell in cells {
        for before in send(symbols, base, cell)? {
            for after in send(symbols, head, before.cell.clone())? {
                let reason = |one: &Sent| one.doubt.as_ref().map(|doubt| Arc::clone(&doubt.reason));
                if before.fate != after.fate || reason(&before) != reason(&after) {
                    all.push(Both { cell: after.cell.clone(), base: before.clone(), head: after });
                }
            }
        }
        if all.len() > MOST_PIECES {
            return Err(Exceeded);
        }
    }
    Ok(all)
}
