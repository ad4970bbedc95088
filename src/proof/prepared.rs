//! A scene made ready for many questions: every layer compiled once per address family and shared by all that is asked,
//! and the packets of a flow sent through the layers (ALG-2).
//!
//! A compiled layer is whole before the first flow is looked at, and what a flow adds lies above it. So no answer depends
//! on what else was asked, or in which order.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Direction, Estate};
use crate::finding::Layer;
use crate::net::{Family, Tag};
use crate::proof::after_route::{AfterRoute, behind};
use crate::proof::firewall::{Appliance, entries};
use crate::proof::ground::Ground;
use crate::proof::hop::Way;
use crate::proof::host::HostSet;
use crate::proof::judgement::{Flow, Matching};
use crate::proof::nsg::{AdminLayer, group_stages};
use crate::proof::route::ways;
use crate::proof::scene::Scene;
use crate::proof::stage::{Entry, Passage, Stage, TracedCell};
use crate::proof::symbol::{End, Symbols};
use crate::proof::transit::{Transit, Transits};

/// A scene and its compiled layers.
pub struct Prepared<'s, 'a> {
    pub(crate) scene: &'s Scene<'a>,
    /// Few: a family, a direction, a way of matching.
    compiled: RefCell<Vec<(CompiledKey, Rc<Compiled<'s, 'a>>)>>,
    routes: RefCell<Vec<(Family, Rc<Routes<'s, 'a>>)>>,
    alone: RefCell<Vec<AloneKey<'s, 'a>>>,
}

/// What the layers on the way of a flow depend on.
#[derive(PartialEq)]
struct CompiledKey {
    family: Family,
    direction: Direction,
    explicit: bool,
    foreign: Vec<(End, Tag)>,
}

type AloneKey<'s, 'a> = (Family, Appliance<'a>, bool, Rc<FirewallLayer<'s, 'a>>);

/// The ground that compiled layers stand on, with their symbols.
struct Base<'s, 'a> {
    ground: Ground<'s, 'a>,
    symbols: Arc<Symbols>,
}

impl<'s, 'a> Base<'s, 'a> {
    /// What was compiled on a ground is whole now.
    fn of(ground: Ground<'s, 'a>) -> Self {
        let symbols = Arc::new(ground.symbols.clone());
        Self { ground, symbols }
    }

    /// A ground for one proof.
    fn ground(&self) -> Ground<'s, 'a> {
        self.ground.above(&self.symbols)
    }
}

/// The layers on the way of traffic in one direction.
pub(crate) struct Compiled<'s, 'a> {
    base: Base<'s, 'a>,
    /// The security admin rules, where there are any.
    pub(crate) admin: Option<AdminLayer<'a>>,
    /// The security groups in the order they are met.
    pub(crate) groups: Vec<Rc<Stage<'a>>>,
    /// The routes; inbound traffic has none.
    pub(crate) after_route: Option<AfterRoute<'a>>,
    /// The firewalls that the routes lead to: for packets whose hosts are not known, and for those whose hosts are.
    firewalls: [OnceCell<FirewallLayer<'s, 'a>>; 2],
}

/// The rules of all firewalls on the way, one firewall behind the other.
pub(crate) struct FirewallLayer<'s, 'a> {
    base: Base<'s, 'a>,
    pub(crate) stage: Rc<Stage<'a>>,
    /// The part of each firewall.
    pub(crate) ranges: Vec<Range<usize>>,
    /// What the routes of the firewalls' own subnets make of what they let through, with the part of each; `None` when
    /// no such subnet has a route table.
    pub(crate) behind: Option<(Rc<Stage<'a>>, Vec<Range<usize>>)>,
    /// The other appliances that routes lead to.
    transits: Transits<'a>,
}

/// The routes alone.
pub(crate) struct Routes<'s, 'a> {
    base: Base<'s, 'a>,
    pub(crate) ways: Vec<Way<'a>>,
}

/// Which layers take part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of them.
    Whole,
    /// The security admin rules and the groups.
    Groups,
    /// The security admin rules.
    Admin,
    /// The group with this index.
    Group(usize),
    /// Routes only.
    Route,
    /// The firewall only, for what the routes lead to it.
    Firewall,
    /// The same for appliances of others.
    Appliance,
}

impl<'a> Scene<'a> {
    /// Makes the scene ready for many questions.
    pub fn prepared(&self) -> Prepared<'_, 'a> {
        Prepared { scene: self, compiled: RefCell::default(), routes: RefCell::default(), alone: RefCell::default() }
    }
}

impl<'s, 'a> Prepared<'s, 'a> {
    /// The scene.
    pub fn scene(&self) -> &'s Scene<'a> {
        self.scene
    }

    /// The layers on the way of a flow.
    pub(crate) fn compiled(&self, family: Family, flow: &Flow) -> Rc<Compiled<'s, 'a>> {
        let foreign = Ground::foreign(self.scene, &flow.from, &flow.to);
        let explicit = flow.matching != Matching::Effective;
        let key = CompiledKey { family, direction: flow.direction, explicit, foreign };
        if let Some((_, compiled)) = self.compiled.borrow().iter().find(|(known, _)| *known == key) {
            return Rc::clone(compiled);
        }
        let mut ground = Ground::new(self.scene, family).about(&key.foreign);
        let admin = AdminLayer::of(&mut ground, key.direction);
        let groups = group_stages(&mut ground, key.direction, key.explicit);
        let after_route = (key.direction == Direction::Outbound).then(|| {
            let ways = ways(&mut ground);
            AfterRoute::of(&mut ground, &ways)
        });
        let compiled =
            Rc::new(Compiled { base: Base::of(ground), admin, groups, after_route, firewalls: Default::default() });
        self.compiled.borrow_mut().push((key, Rc::clone(&compiled)));
        compiled
    }

    /// Sends the packets of a flow through the layers that take part. `hosts`: those they are for, where that is known.
    pub(crate) fn passage(&self, family: Family, flow: &Flow, hosts: Option<&HostSet>, part: Part) -> Passage<'s, 'a> {
        let compiled = self.compiled(family, flow);
        // The groups alone ask nothing of the firewalls behind them.
        let groups_only = matches!(part, Part::Groups | Part::Admin);
        let firewalls = if groups_only { None } else { compiled.firewalls(hosts.is_some()) };
        let ground = firewalls.map_or_else(|| compiled.ground(), FirewallLayer::ground);
        let mut passage = Passage::of(ground, flow, hosts);
        let admin = compiled.admin.as_ref().filter(|_| matches!(part, Part::Whole | Part::Groups | Part::Admin));
        if let Some(admin) = admin {
            passage.through(&admin.stage);
        }
        for stage in &compiled.groups {
            if matches!(part, Part::Whole | Part::Groups) || part == Part::Group(stage.group) {
                passage.through_parts(stage, |traced| {
                    let bypass = admin.is_some_and(|admin| admin.passes_groups(traced));
                    Some(if bypass { stage.own..stage.entries.len() } else { 0..stage.own })
                });
            }
        }
        let routes = compiled.after_route.as_ref().filter(|_| !groups_only && !matches!(part, Part::Group(_)));
        if let Some(routes) = routes {
            through_routes(&mut passage, routes, firewalls, part);
        }
        passage
    }

    /// The routes alone.
    pub(crate) fn routes(&self, family: Family) -> Rc<Routes<'s, 'a>> {
        if let Some((_, routes)) = self.routes.borrow().iter().find(|(known, _)| *known == family) {
            return Rc::clone(routes);
        }
        let mut ground = Ground::new(self.scene, family);
        let ways = ways(&mut ground);
        let routes = Rc::new(Routes { base: Base::of(ground), ways });
        self.routes.borrow_mut().push((family, Rc::clone(&routes)));
        routes
    }

    /// A firewall or policy alone. `named`: the hosts of the packets are known.
    pub(crate) fn firewall_alone(
        &self,
        family: Family,
        estate: &'a Estate,
        appliance: Appliance<'a>,
        named: bool,
    ) -> Rc<FirewallLayer<'s, 'a>> {
        let same =
            |(known, one, hosts, _): &&AloneKey<'s, 'a>| *known == family && *hosts == named && one.is(appliance);
        if let Some((.., layer)) = self.alone.borrow().iter().find(same) {
            return Rc::clone(layer);
        }
        let ground = Ground::new(self.scene, family);
        let layer = Rc::new(FirewallLayer::of(ground, estate, (&[appliance], &[]), named));
        self.alone.borrow_mut().push((family, appliance, named, Rc::clone(&layer)));
        layer
    }
}

/// Sends packets along the routes, and through the firewalls they lead to.
fn through_routes<'a>(
    passage: &mut Passage<'_, 'a>,
    routes: &AfterRoute<'a>,
    firewalls: Option<&FirewallLayer<'_, 'a>>,
    part: Part,
) {
    let at = passage.stages.len();
    passage.through(&routes.stage);
    let alone = matches!(part, Part::Firewall | Part::Appliance);
    if alone {
        // What does not come to the firewall is none of its business.
        let dropped = std::mem::take(&mut passage.dropped);
        passage.passed.extend(dropped);
    }
    let leads_to =
        |traced: &TracedCell| traced.by.get(at).and_then(|by| routes.leads.get(by.first()).copied().flatten());
    let passes =
        |traced: &TracedCell| traced.by.get(at).and_then(|by| routes.passes.get(by.first()).copied().flatten());
    let met = passage.passed.iter().any(|traced| passes(traced).is_some());
    if let Some(layer) = firewalls.filter(|_| met && matches!(part, Part::Whole | Part::Appliance)) {
        for (stage, ranges) in &layer.transits.steps {
            let own = |traced: &TracedCell| passes(traced).and_then(|index| ranges.get(index).cloned());
            passage.through_parts(stage, |traced| {
                let none = stage.own..stage.entries.len();
                Some(own(traced).filter(|range| !range.is_empty()).unwrap_or(none))
            });
        }
    }
    let reached = passage.passed.iter().any(|traced| leads_to(traced).is_some());
    match firewalls.filter(|_| reached && matches!(part, Part::Whole | Part::Firewall)) {
        Some(firewalls) => {
            // What a firewall lets through has to find its way on as well; which of the two drops it first is all one.
            if let Some((stage, ranges)) = &firewalls.behind {
                passage.through_parts(stage, |traced| leads_to(traced).and_then(|index| ranges.get(index).cloned()));
            }
            passage.through_parts(&firewalls.stage, |traced| {
                leads_to(traced).and_then(|index| firewalls.ranges.get(index).cloned())
            });
        }
        None if alone && !met => passage.stages.clear(),
        None if part == Part::Firewall => passage.stages.clear(),
        None => {}
    }
}

/// The entries of several firewalls one behind the other, and the part of each.
fn in_a_row<'a>(
    firewalls: &[Appliance<'a>],
    mut entries: impl FnMut(Appliance<'a>) -> Vec<Entry<'a>>,
) -> (Vec<Entry<'a>>, Vec<Range<usize>>) {
    let (mut joined, mut ranges) = (Vec::new(), Vec::new());
    for firewall in firewalls {
        let start = joined.len();
        joined.extend(entries(*firewall));
        ranges.push(start..joined.len());
    }
    (joined, ranges)
}

impl<'s, 'a> Compiled<'s, 'a> {
    /// A ground for one proof.
    pub(crate) fn ground(&self) -> Ground<'s, 'a> {
        self.base.ground()
    }

    /// The firewalls that the routes lead to, if any. `named`: the hosts of the packets are known.
    pub(crate) fn firewalls(&self, named: bool) -> Option<&FirewallLayer<'s, 'a>> {
        let met = self.after_route.as_ref().map(|after| (&*after.firewalls, &*after.transits));
        let met = met.filter(|(firewalls, transits)| !firewalls.is_empty() || !transits.is_empty())?;
        let estate = self.base.ground.scene.estate?;
        let layer = || FirewallLayer::of(self.base.ground(), estate, met, named);
        Some(self.firewalls[usize::from(named)].get_or_init(layer))
    }
}

impl<'s, 'a> FirewallLayer<'s, 'a> {
    fn of(
        mut ground: Ground<'s, 'a>,
        estate: &'a Estate,
        (firewalls, transits): (&[Appliance<'a>], &[Transit<'a>]),
        named: bool,
    ) -> Self {
        let transits = Transits::of(&mut ground, estate, transits, named);
        let (joined, ranges) = in_a_row(firewalls, |one| entries(&mut ground, estate, one, named));
        let stage = Rc::new(Stage::new(Layer::Firewall, 0, joined));
        let (routes, parts) = in_a_row(firewalls, |one| behind(&mut ground, estate, one));
        // Each has at least the entry for what no route takes.
        let behind = (routes.len() > firewalls.len()).then(|| (Rc::new(Stage::new(Layer::Firewall, 0, routes)), parts));
        Self { base: Base::of(ground), stage, ranges, behind, transits }
    }

    /// A ground for one proof.
    pub(crate) fn ground(&self) -> Ground<'s, 'a> {
        self.base.ground()
    }
}

impl<'s, 'a> Routes<'s, 'a> {
    /// A ground for one proof.
    pub(crate) fn ground(&self) -> Ground<'s, 'a> {
        self.base.ground()
    }
}
