//! One layer of the way: its rules in order, who wrote each of them, and what they make of packets; and the required
//! packets on their way through one layer after the other (ALG-1, ALG-2, NSG-12).
//!
//! Most rules ask for nothing that is not known, and requirements ask for few boxes of packets: what a stretch of such
//! rules makes of a box is worked out once, and kept for every flow that brings that box. Putting the rules in order is
//! the work of `nsg`, `route` and `firewall`, sending cells past single rules that of `first_match`, and finding the verdict
//! that of `verdict`.

use std::cell::{OnceCell, RefCell};
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::HashMap;

use crate::estate::{Access, BuiltIn, FirewallRule, NextHop, Route, RuleCollection, SecurityRule};
use crate::finding::Layer;
use crate::finding::Verdict;
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::cell::{Cell, Clause, Match};
use crate::proof::doubt::{Doubt, Reason};
use crate::proof::first_match::{DecidedBy, DecidedCell, JOIN_AT, MOST_CELLS, PlacedClause, Run, first_match, join};
use crate::proof::ground::{Ground, Party};
use crate::proof::host::HostSet;
use crate::proof::judgement::{Decider, Flow};
use crate::proof::near::Near;
use crate::proof::symbol::{End, Symbols};
use crate::proof::verdict::{Decision, Required, decide};

/// Who wrote a clause.
#[derive(Clone, Debug)]
pub(crate) enum Author<'a> {
    /// A rule of the group, and its index there.
    Rule(&'a SecurityRule, usize),
    /// Azure; the rule of the export that shows it, if any.
    BuiltIn(&'static BuiltIn, Option<&'a SecurityRule>),
    /// No security admin rule matches.
    NoAdminRule,
    /// A security admin rule has let it through: it meets no group.
    AlwaysAllowed,
    /// The platform's addresses are open by themselves (NSG-21).
    Platform,
    /// A route of the table, and its index there.
    Route(&'a Route, usize),
    /// A route that Azure adds by itself, and where it leads.
    System(&'static str, NextHop),
    /// A rule of a firewall, in its collection.
    FirewallRule(&'a RuleCollection, &'a FirewallRule),
    /// What is told in full: what a firewall does by itself, what stands around an appliance.
    Told(Box<Decider>),
    /// Nothing: it does not come here.
    NotMet,
    /// A part of the list that only a deployment can tell.
    Unknown(Doubt),
}

/// A clause and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) clause: Clause,
    pub(crate) access: Access,
    pub(crate) author: Author<'a>,
}

/// So many rules in a row that ask for nothing unknown are a stretch. In tests few are, so that the laws look at them.
const STRETCH: usize = if cfg!(test) { 3 } else { 32 };

/// For so many boxes it is kept what a stretch makes of them.
const MOST_KNOWN: usize = 512;

/// One layer, its rules in order.
pub(crate) struct Stage<'a> {
    pub(crate) layer: Layer,
    /// The index of the group in the scene.
    pub(crate) group: usize,
    pub(crate) entries: Vec<Entry<'a>>,
    /// How many of the entries are the layer's own. One behind them is for what passes the layer by.
    pub(crate) own: usize,
    /// Where the stretches are.
    plain: Vec<Range<usize>>,
    /// Which rules are near a box.
    near: OnceCell<Near>,
    known: RefCell<HashMap<Asked, Rc<Run>>>,
    /// The entries as deciders, where somebody asked.
    deciders: Vec<OnceCell<Arc<Decider>>>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(layer: Layer, group: usize, entries: Vec<Entry<'a>>) -> Self {
        let plain = stretches(&entries);
        let own = entries.len();
        let deciders = vec![OnceCell::new(); own];
        Self { layer, group, entries, own, plain, near: OnceCell::new(), known: RefCell::default(), deciders }
    }

    /// With an entry behind the others for what passes the layer by.
    pub(crate) fn with_bypass(layer: Layer, group: usize, mut entries: Vec<Entry<'a>>, bypass: Entry<'a>) -> Self {
        let own = entries.len();
        entries.push(bypass);
        Self { own, ..Self::new(layer, group, entries) }
    }

    /// An entry as a decider; `make` is asked once.
    pub(crate) fn decider(&self, at: usize, make: impl Fn(&Self, &Entry<'a>) -> Decider) -> &Arc<Decider> {
        self.deciders[at].get_or_init(|| Arc::new(make(self, &self.entries[at])))
    }

    /// Sends packets to the first entry of a part that matches them.
    pub(crate) fn run(&self, symbols: &Symbols, part: Range<usize>, cells: Vec<Cell>) -> Run {
        let end = part.end;
        let mut all = Run { rest: cells, ..Run::default() };
        let mut at = part.start;
        let within = |stretch: &Range<usize>| stretch.start.max(part.start)..stretch.end.min(end);
        let stretches = self.plain.iter().map(within).filter(|stretch| stretch.len() >= STRETCH);
        for stretch in stretches.chain(std::iter::once(end..end)) {
            if at < stretch.start && !all.rest.is_empty() && !all.exceeded {
                let run = first_match(symbols, std::mem::take(&mut all.rest), self.placed(at..stretch.start));
                all.decided.extend(run.decided);
                all.rest = run.rest;
                all.exceeded = run.exceeded;
            }
            if !stretch.is_empty() && !all.exceeded {
                self.along(symbols, &stretch, &mut all);
            }
            at = stretch.end;
        }
        all
    }

    /// The clauses of a part.
    pub(crate) fn placed(&self, part: Range<usize>) -> impl Iterator<Item = PlacedClause<'_>> {
        part.map(|index| self.clause(index))
    }

    fn clause(&self, index: usize) -> PlacedClause<'_> {
        let entry = &self.entries[index];
        PlacedClause { clause: &entry.clause, index, kind: self.kind(entry) }
    }

    /// Rules that do the same are of one kind; what Azure adds, routes, security admin rules and rules
    /// that look at hosts are kept one by one.
    fn kind(&self, entry: &Entry<'_>) -> Option<Access> {
        let written = matches!(entry.author, Author::Rule(..) | Author::FirewallRule(..));
        let alone = matches!(self.layer, Layer::Route | Layer::Admin);
        (written && !alone && entry.clause.hosts.is_none()).then_some(entry.access)
    }

    /// Sends cells along a stretch.
    fn along(&self, symbols: &Symbols, stretch: &Range<usize>, all: &mut Run) {
        let before = all.decided.len();
        // Where no rule looks at hosts, packets fare alike whatever theirs are.
        let hosted = self.entries[stretch.clone()].iter().any(|entry| entry.clause.hosts.is_some());
        for cell in std::mem::take(&mut all.rest) {
            let run = self.known(symbols, stretch, &cell, hosted);
            let with = |part: &Cell| Cell {
                cube: cell.cube.clone(),
                hosts: Arc::clone(if hosted { &part.hosts } else { &cell.hosts }),
                ..part.clone()
            };
            all.decided.extend(run.decided.iter().map(|one| DecidedCell { cell: with(&one.cell), by: one.by.clone() }));
            all.rest.extend(run.rest.iter().map(with));
            all.exceeded |= run.exceeded;
            if all.decided.len() - before > stretch.len() + MOST_CELLS {
                all.exceeded = true;
                break;
            }
        }
        all.decided[before..].sort_by_key(|piece| piece.by.first());
        if all.rest.len() > JOIN_AT {
            all.rest = join(std::mem::take(&mut all.rest));
        }
        all.exceeded |= all.rest.len() > MOST_CELLS;
    }

    /// What a stretch makes of the box of a cell, whatever its cube is: no rule of a stretch looks at it.
    fn known(&self, symbols: &Symbols, stretch: &Range<usize>, cell: &Cell, hosted: bool) -> Rc<Run> {
        let asked = Asked::of(stretch, cell, hosted);
        if let Some(run) = self.known.borrow().get(&asked) {
            return Rc::clone(run);
        }
        let alone = Cell { cube: Vec::new(), ..cell.clone() };
        let near = self.near.get_or_init(|| Near::of(self.entries.iter().map(|entry| &entry.clause)));
        let near = near.rules(near.of_cell(&alone), stretch.clone()).map(|index| self.clause(index));
        let run = Rc::new(first_match(symbols, vec![alone], near));
        let mut known = self.known.borrow_mut();
        if known.len() < MOST_KNOWN {
            known.insert(asked, Rc::clone(&run));
        }
        run
    }
}

/// Where so many entries in a row ask for nothing unknown.
fn stretches(entries: &[Entry<'_>]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    for at in 0..=entries.len() {
        if entries.get(at).is_some_and(|entry| entry.clause.is_plain()) {
            continue;
        }
        if at - start >= STRETCH {
            all.push(start..at);
        }
        start = at + 1;
    }
    all
}

/// A box of packets before a stretch.
#[derive(PartialEq, Eq)]
struct Asked {
    stretch: Range<usize>,
    protocols: ProtocolSet,
    sources: Arc<AddressSet>,
    source_ports: Arc<PortSet>,
    destinations: Arc<AddressSet>,
    destination_ports: Arc<PortSet>,
    /// Where some rule looks at them.
    hosts: Option<Arc<HostSet>>,
}

impl Asked {
    fn of(stretch: &Range<usize>, cell: &Cell, hosted: bool) -> Self {
        Self {
            stretch: stretch.clone(),
            protocols: cell.protocols,
            sources: Arc::clone(&cell.sources),
            source_ports: Arc::clone(&cell.source_ports),
            destinations: Arc::clone(&cell.destinations),
            destination_ports: Arc::clone(&cell.destination_ports),
            hosts: hosted.then(|| Arc::clone(&cell.hosts)),
        }
    }
}

impl Hash for Asked {
    /// Sets may have thousands of ranges: their size and their ends tell them apart well enough.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.stretch.hash(state);
        self.protocols.hash(state);
        for set in [&self.sources, &self.destinations] {
            let (v4, v6) = (set.v4.ranges(), set.v6.ranges());
            (v4.len(), v4.first(), v4.last(), v6.len(), v6.first(), v6.last()).hash(state);
        }
        for set in [&self.source_ports, &self.destination_ports] {
            set.ranges().hash(state);
        }
    }
}

/// Packets and what decided them, stage by stage.
#[derive(Clone, Debug)]
pub(crate) struct TracedCell {
    pub(crate) cell: Cell,
    pub(crate) by: Vec<DecidedBy>,
}

/// What becomes of the required packets on their way through the layers.
pub(crate) struct Passage<'s, 'a> {
    pub(crate) ground: Ground<'s, 'a>,
    pub(crate) ends: Ends,
    /// The layers they came through so far.
    pub(crate) stages: Vec<Rc<Stage<'a>>>,
    pub(crate) passed: Vec<TracedCell>,
    pub(crate) dropped: Vec<TracedCell>,
    /// There were too many cells; `passed` and `dropped` are not all.
    pub(crate) exceeded: bool,
    /// No packet was required.
    pub(crate) asks_nothing: bool,
}

impl<'s, 'a> Passage<'s, 'a> {
    /// The packets that a flow asks for, before any layer. `hosts`: those they are for, where that is known.
    pub(crate) fn of(mut ground: Ground<'s, 'a>, flow: &Flow, hosts: Option<&HostSet>) -> Self {
        let ends = Ends::new(&mut ground, &flow.from, &flow.to);
        let mut cells = ends.cells(flow.protocols, &flow.ports);
        if let Some(hosts) = hosts {
            let hosts = Arc::new(hosts.clone());
            cells.iter_mut().for_each(|cell| cell.hosts = Arc::clone(&hosts));
        }
        let asks_nothing = cells.is_empty();
        let passed = cells.into_iter().map(|cell| TracedCell { cell, by: Vec::new() }).collect();
        Self { ground, ends, stages: Vec::new(), passed, dropped: Vec::new(), exceeded: false, asks_nothing }
    }

    /// Sends what has passed so far through one more stage.
    pub(crate) fn through(&mut self, stage: &Rc<Stage<'a>>) {
        self.through_parts(stage, |_| Some(0..stage.own));
    }

    /// Sends what has passed so far each through its own part of a stage. Cells for which `part_of` is `None` skip the
    /// stage.
    pub(crate) fn through_parts(
        &mut self,
        stage: &Rc<Stage<'a>>,
        part_of: impl Fn(&TracedCell) -> Option<Range<usize>>,
    ) {
        let mut passed = Vec::new();
        for traced in std::mem::take(&mut self.passed) {
            let Some(part) = part_of(&traced) else {
                passed.push(traced);
                continue;
            };
            let run = stage.run(&self.ground.symbols, part, vec![traced.cell]);
            // The last entry of a part matches everything; what is left here belongs to a run that was cut short.
            self.exceeded |= run.exceeded || !run.rest.is_empty();
            for one in run.decided {
                let access = stage.entries[one.by.first()].access;
                let next = TracedCell { cell: one.cell, by: traced.by.iter().cloned().chain([one.by]).collect() };
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
    pub(crate) fn decide(&self) -> Decision {
        let undecided = |doubts| Decision { verdict: Verdict::Undecided, witness: None, doubts, open: Vec::new() };
        if self.asks_nothing {
            return undecided(Vec::new());
        }
        if self.exceeded {
            return undecided(vec![Doubt::new(Reason::TooManyCases)]);
        }
        let required = Required { sources: &self.ends.sources.terms, destinations: &self.ends.destinations.terms };
        let passed: Vec<&Cell> = self.passed.iter().map(|traced| &traced.cell).collect();
        let dropped: Vec<&Cell> = self.dropped.iter().map(|traced| &traced.cell).collect();
        decide(&self.ground, &required, &passed, &dropped)
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
        let hosts = HostSet::shared_full();
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Ends, STRETCH, Stage};

    use crate::estate::{Access, Direction};
    use crate::net::{AddressSet, Cloud, Family, PortSet, ProtocolSet, Tag};
    use crate::proof::first_match::{DecidedBy, PlacedClause, Run, first_match};
    use crate::proof::given::Given;
    use crate::proof::ground::{Ground, Party};
    use crate::proof::nsg::group_stages;
    use crate::proof::scene::{Level, Scene};
    use crate::proof::tests::{outbound, security_group};

    /// The destinations each entry decides, by its literals and ports.
    fn told(run: &Run) -> BTreeMap<(usize, String), AddressSet> {
        let mut all: BTreeMap<(usize, String), AddressSet> = BTreeMap::new();
        let mut add = |entry: usize, cell: String, part: &AddressSet| {
            let known = all.entry((entry, cell)).or_default();
            *known = known.union(part);
        };
        for piece in &run.decided {
            let rest = format!("{:?} {:?}", piece.cell.cube, piece.cell.destination_ports);
            match &piece.by {
                DecidedBy::One(entry) => add(*entry, rest, &piece.cell.destinations),
                DecidedBy::Several(shares) => {
                    shares.parts.iter().for_each(|(entry, part)| add(*entry, rest.clone(), part));
                }
            }
        }
        all
    }

    #[test]
    fn a_stretch_does_what_its_rules_do_one_by_one() {
        let rules = (0..STRETCH * 4).map(|at| {
            let access = if at % 3 == 0 { Access::Deny } else { Access::Allow };
            let to = if at == STRETCH * 2 { "Storage".to_owned() } else { format!("20.{}.0.0/15", at * 7 % 200) };
            let ports = if at % 5 == 0 { PortSet::range(443, 443) } else { PortSet::full() };
            outbound(&format!("r{at}"), 100 + i64::try_from(at).unwrap(), access, &to, ports)
        });
        let group = security_group(rules.collect());
        let scene = Scene {
            cloud: Some(Cloud::Public),
            groups: vec![(Level::Subnet, Given::Here(&group))],
            ..Scene::default()
        };
        let mut ground = Ground::new(&scene, Family::V4);
        let stages = group_stages(&mut ground, Direction::Outbound, false);
        let stage: &Stage<'_> = &stages[0];
        assert_eq!(stage.plain.len(), 2);
        for name in ["Storage", "AzureMonitor", "Sql"] {
            let ends = Ends::new(&mut ground, &Party::Any, &Party::Tag(Tag::named(name).unwrap()));
            let cells = ends.cells(ProtocolSet::TCP, &PortSet::range(80, 500));
            let all = 0..stage.entries.len();
            let single = stage.placed(all.clone()).map(|placed| PlacedClause { kind: None, ..placed });
            let single = first_match(&ground.symbols, cells.clone(), single);
            let run = stage.run(&ground.symbols, all, cells);
            assert!(run.decided.len() < single.decided.len());
            assert_eq!(told(&run), told(&single), "{name}");
        }
        // Before the first stretch all tags ask about one box, before the second two of them about what the ports made of it.
        assert_eq!(stage.known.borrow().len(), 3);
    }
}
