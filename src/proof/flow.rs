//! Traffic on its way through the layers of a scene (ALG-1, ALG-2, NSG-12).
//!
//! Ordering the rules of a layer is the work of that layer's file, finding the verdict that of `verdict`, and choosing
//! the layers that of `path`.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Access, Direction};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::cell::{Cell, Clause, Match};
use crate::proof::entry::{Author, Entry};
use crate::proof::first_match::Met;
use crate::proof::ground::{Ground, Party};
use crate::proof::host::HostSet;
use crate::proof::judgement::Layer;
use crate::proof::nsg::entries;
use crate::proof::stage::Stage;
use crate::proof::symbol::{Doubt, End};
use crate::proof::verdict::{Decision, Required, Verdict, decide};

/// Which rules may let required traffic pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matching {
    /// Whatever rules do, the built-in ones among them.
    #[default]
    Effective,
    /// Custom rules only; several may share the work.
    Explicit,
    /// One custom rule per group.
    SingleRule,
}

/// Traffic that a requirement asks for.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Into the subnet or out of it.
    pub direction: Direction,
    /// The protocols. Where ports are asked for, those without ports are left out.
    pub protocols: ProtocolSet,
    /// Where it comes from.
    pub from: Party,
    /// Where it goes to. Inbound traffic goes to the private address (NSG-14).
    pub to: Party,
    /// The destination ports.
    pub ports: PortSet,
    /// Which rules may let it pass.
    pub matching: Matching,
}

/// Packets and the entries they met, stage by stage.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) cell: Cell,
    pub(crate) met: Vec<Met>,
}

/// What became of the required packets.
#[derive(Default)]
pub(crate) struct Journey<'a> {
    pub(crate) stages: Vec<Rc<Stage<'a>>>,
    pub(crate) passed: Vec<Track>,
    pub(crate) dropped: Vec<Track>,
    pub(crate) exceeded: bool,
    /// No packet was required.
    pub(crate) asks_nothing: bool,
}

impl<'a> Journey<'a> {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        let asks_nothing = cells.is_empty();
        let passed = cells.into_iter().map(|cell| Track { cell, met: Vec::new() }).collect();
        Self { passed, asks_nothing, ..Self::default() }
    }

    /// Sends what has passed so far through one more stage.
    pub(crate) fn through(&mut self, ground: &Ground<'_, 'a>, stage: &Rc<Stage<'a>>) {
        self.through_parts(ground, stage, |_| Some(0..stage.own));
    }

    /// Sends what has passed so far each through its own part of a stage. What has no part has passed.
    pub(crate) fn through_parts(
        &mut self,
        ground: &Ground<'_, 'a>,
        stage: &Rc<Stage<'a>>,
        part_of: impl Fn(&Track) -> Option<Range<usize>>,
    ) {
        let mut passed = Vec::new();
        for track in std::mem::take(&mut self.passed) {
            let Some(part) = part_of(&track) else {
                passed.push(track);
                continue;
            };
            let run = stage.run(&ground.symbols, part, vec![track.cell]);
            // The last entry of a part matches everything; what is left here belongs to a run that was cut short.
            self.exceeded |= run.exceeded || !run.rest.is_empty();
            for piece in run.decided {
                let access = stage.entries[piece.met.first()].access;
                let next = Track { cell: piece.cell, met: track.met.iter().cloned().chain([piece.met]).collect() };
                match access {
                    Access::Allow => passed.push(next),
                    Access::Deny => self.dropped.push(next),
                }
            }
        }
        self.passed = passed;
        self.stages.push(Rc::clone(stage));
    }

    /// The verdict on what was required. That no packet is dropped proves nothing where none was required.
    pub(crate) fn decide(&self, ground: &Ground<'_, 'a>, ends: &Ends) -> Decision {
        let undecided = |doubts| Decision { verdict: Verdict::Undecided, witness: None, doubts, open: Vec::new() };
        if self.asks_nothing {
            return undecided(Vec::new());
        }
        if self.exceeded {
            return undecided(vec![Doubt::new("the rules split this traffic into more cases than are followed")]);
        }
        let required = Required { sources: &ends.sources.terms, destinations: &ends.destinations.terms };
        let passed: Vec<&Cell> = self.passed.iter().map(|track| &track.cell).collect();
        let dropped: Vec<&Cell> = self.dropped.iter().map(|track| &track.cell).collect();
        decide(ground, &required, &passed, &dropped)
    }
}

/// Who takes part in required traffic.
pub(crate) struct Ends {
    pub(crate) sources: Match<AddressSet>,
    pub(crate) destinations: Match<AddressSet>,
}

impl Ends {
    pub(crate) fn new(ground: &mut Ground<'_, '_>, from: &Party, to: &Party) -> Self {
        Self { sources: ground.party(End::Source, from), destinations: ground.party(End::Destination, to) }
    }

    /// The packets between them.
    pub(crate) fn cells(&self, protocols: ProtocolSet, ports: &PortSet) -> Vec<Cell> {
        let ported = ProtocolSet::TCP.union(ProtocolSet::UDP);
        let portless = if ports.is_full() { protocols.difference(ported) } else { ProtocolSet::NONE };
        let hosts = Arc::new(HostSet::full());
        let mut cells = Vec::new();
        for (protocols, ports) in [(protocols.intersection(ported), ports.clone()), (portless, PortSet::full())] {
            if protocols.is_empty() || ports.is_empty() {
                continue;
            }
            let ports = Arc::new(ports);
            for source in &self.sources.terms {
                for destination in &self.destinations.terms {
                    cells.push(Cell {
                        cube: source.cube.iter().chain(&destination.cube).copied().collect(),
                        protocols,
                        sources: Arc::clone(&source.set),
                        source_ports: Arc::new(PortSet::full()),
                        destinations: Arc::clone(&destination.set),
                        destination_ports: Arc::clone(&ports),
                        hosts: Arc::clone(&hosts),
                    });
                }
            }
        }
        cells
    }
}

/// The groups of the scene in the order that traffic of a direction meets them. `explicit`: without what the built-in
/// rules let pass.
pub(crate) fn group_stages<'a>(
    ground: &mut Ground<'_, 'a>,
    direction: Direction,
    explicit: bool,
) -> Vec<Rc<Stage<'a>>> {
    let scene = ground.scene;
    let stages = scene.groups.iter().enumerate().map(|(index, (level, group))| {
        let mut entries = entries(ground, group, direction);
        if explicit {
            entries.retain(|entry| !(matches!(entry.author, Author::BuiltIn(..)) && entry.access == Access::Allow));
        }
        let layer = Layer::Group(*level);
        let bypass = scene.admin.pass_groups().then(|| Entry {
            clause: Clause::full(&ground.space),
            access: Access::Allow,
            author: Author::AlwaysAllowed,
        });
        Rc::new(match bypass {
            Some(bypass) => Stage::with_bypass(layer, index, entries, bypass),
            None => Stage::new(layer, index, entries),
        })
    });
    let mut stages: Vec<Rc<Stage<'a>>> = stages.collect();
    if direction == Direction::Inbound {
        stages.reverse();
    }
    stages
}
