//! The ground of two sides that are compared: one table of symbols, and the sets that boxes are told by.

use crate::estate::Direction;
use crate::net::AddressSet;
use crate::proof::difference::lines::{FileNames, SLOTS, Side};
use crate::proof::difference::sent::Met;
use crate::proof::explain::decider;
use crate::proof::judgement::Decider;
use crate::proof::stage::Author;
use crate::proof::symbol::{Symbol, Symbols};

/// The names by which the files of both runs go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'x> {
    /// Those of the base.
    pub base: FileNames<'x>,
    /// Those of the head.
    pub head: FileNames<'x>,
}

/// The ground of both sides: what boxes are told by.
pub(crate) struct Compared<'x, 'a, 'b> {
    pub(crate) direction: Direction,
    pub(crate) symbols: Symbols,
    /// How many symbols are the head's.
    pub(crate) of_head: usize,
    pub(crate) files: Names<'x>,
    pub(crate) sides: (Side<'b>, Side<'a>),
    /// Every address of the family that packets can have.
    pub(crate) space: AddressSet,
    /// What service tags can hold on either side.
    pub(crate) tagged: AddressSet,
    /// What is public on either side.
    pub(crate) public: AddressSet,
    /// What is known of the networks.
    pub(crate) networks: AddressSet,
    /// Where what is not known of the network may be.
    pub(crate) hidden: AddressSet,
    /// The addresses of the place that is asked about.
    pub(crate) near: Option<AddressSet>,
    /// Sets that have a name.
    pub(crate) names: &'x [(String, AddressSet)],
}

impl Compared<'_, '_, '_> {
    /// Whether the head has a symbol: its doubt is told by places of the head.
    pub(crate) fn is_of_head(&self, symbol: Symbol) -> bool {
        symbol.index() < self.of_head
    }

    /// The line that decides.
    pub(crate) fn decider(&self, side: &Side<'_>, met: &Met) -> Option<Decider> {
        let at = (0..SLOTS).find(|at| met[*at].is_some())?;
        let lines = side[at].as_ref()?;
        let entry = &lines.stage.entries[met[at]?];
        (!matches!(entry.author, Author::NotMet)).then(|| decider(&lines.stage, entry))
    }
}
