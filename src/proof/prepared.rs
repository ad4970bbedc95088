//! A scene made ready for many questions: every layer compiled once per address family, and shared by all that is asked.
//!
//! A compiled layer is whole before the first flow is looked at, and what a flow adds lies above it. So no answer depends
//! on what else was asked, or in which order.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{Direction, Estate};
use crate::net::{Family, Tag};
use crate::proof::after_route::{Onward, behind, onward};
use crate::proof::firewall::{Appliance, entries};
use crate::proof::ground::Ground;
use crate::proof::hop::Way;
use crate::proof::judgement::{Flow, Layer, Matching};
use crate::proof::nsg::{AdminLayer, group_stages};
use crate::proof::route::ways;
use crate::proof::scene::Scene;
use crate::proof::stage::{Entry, Stage};
use crate::proof::symbol::{End, Symbols};

/// A scene and its compiled layers.
pub struct Prepared<'s, 'a> {
    pub(crate) scene: &'s Scene<'a>,
    /// Few: a family, a direction, a way of matching.
    passes: RefCell<Vec<(PassKey, Rc<Pass<'s, 'a>>)>>,
    routes: RefCell<Vec<(Family, Rc<Routes<'s, 'a>>)>>,
    alone: RefCell<Vec<AloneEntry<'s, 'a>>>,
}

/// What the layers on the way of a flow depend on.
#[derive(PartialEq)]
struct PassKey {
    family: Family,
    direction: Direction,
    explicit: bool,
    foreign: Vec<(End, Tag)>,
}

type AloneEntry<'s, 'a> = (Family, Appliance<'a>, bool, Rc<Wall<'s, 'a>>);

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
pub(crate) struct Pass<'s, 'a> {
    base: Base<'s, 'a>,
    /// The security admin rules, where there are any.
    pub(crate) admin: Option<AdminLayer<'a>>,
    /// The security groups in the order they are met.
    pub(crate) groups: Vec<Rc<Stage<'a>>>,
    /// The routes; inbound traffic has none.
    pub(crate) onward: Option<Onward<'a>>,
    /// The firewalls that the routes lead to: for packets whose hosts are not known, and for those whose hosts are.
    walls: [OnceCell<Wall<'s, 'a>>; 2],
}

/// The rules of all firewalls on the way, one firewall behind the other.
pub(crate) struct Wall<'s, 'a> {
    base: Base<'s, 'a>,
    pub(crate) stage: Rc<Stage<'a>>,
    /// The part of each firewall.
    pub(crate) ranges: Vec<Range<usize>>,
    /// What the routes of the firewalls' own subnets make of what they let through, with the part of each; `None` when
    /// no such subnet has a route table.
    pub(crate) behind: Option<(Rc<Stage<'a>>, Vec<Range<usize>>)>,
}

/// The routes alone.
pub(crate) struct Routes<'s, 'a> {
    base: Base<'s, 'a>,
    pub(crate) ways: Vec<Way<'a>>,
}

impl<'a> Scene<'a> {
    /// Makes the scene ready for many questions.
    pub fn prepared(&self) -> Prepared<'_, 'a> {
        Prepared { scene: self, passes: RefCell::default(), routes: RefCell::default(), alone: RefCell::default() }
    }
}

impl<'s, 'a> Prepared<'s, 'a> {
    /// The scene.
    pub fn scene(&self) -> &'s Scene<'a> {
        self.scene
    }

    /// The layers on the way of a flow.
    pub(crate) fn pass(&self, family: Family, flow: &Flow) -> Rc<Pass<'s, 'a>> {
        let foreign = Ground::foreign(self.scene, &flow.from, &flow.to);
        let explicit = flow.matching != Matching::Effective;
        let key = PassKey { family, direction: flow.direction, explicit, foreign };
        if let Some((_, pass)) = self.passes.borrow().iter().find(|(known, _)| *known == key) {
            return Rc::clone(pass);
        }
        let mut ground = Ground::new(self.scene, family).about(&key.foreign);
        let admin = AdminLayer::of(&mut ground, key.direction);
        let groups = group_stages(&mut ground, key.direction, key.explicit);
        let onward = (key.direction == Direction::Outbound).then(|| {
            let ways = ways(&mut ground);
            onward(&mut ground, &ways)
        });
        let pass = Rc::new(Pass { base: Base::of(ground), admin, groups, onward, walls: Default::default() });
        self.passes.borrow_mut().push((key, Rc::clone(&pass)));
        pass
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
    pub(crate) fn alone(
        &self,
        family: Family,
        estate: &'a Estate,
        appliance: Appliance<'a>,
        named: bool,
    ) -> Rc<Wall<'s, 'a>> {
        let same =
            |(known, one, hosts, _): &&AloneEntry<'s, 'a>| *known == family && *hosts == named && one.is(appliance);
        if let Some((.., wall)) = self.alone.borrow().iter().find(same) {
            return Rc::clone(wall);
        }
        let ground = Ground::new(self.scene, family);
        let wall = Rc::new(wall(ground, estate, &[appliance], named));
        self.alone.borrow_mut().push((family, appliance, named, Rc::clone(&wall)));
        wall
    }
}

fn wall<'s, 'a>(
    mut ground: Ground<'s, 'a>,
    estate: &'a Estate,
    firewalls: &[Appliance<'a>],
    named: bool,
) -> Wall<'s, 'a> {
    let (joined, ranges) = in_a_row(firewalls, |one| entries(&mut ground, estate, one, named));
    let stage = Rc::new(Stage::new(Layer::Firewall, 0, joined));
    let (onward, parts) = in_a_row(firewalls, |one| behind(&mut ground, estate, one));
    // Each has at least the entry for what no route takes.
    let behind = (onward.len() > firewalls.len()).then(|| (Rc::new(Stage::new(Layer::Firewall, 0, onward)), parts));
    Wall { base: Base::of(ground), stage, ranges, behind }
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

impl<'s, 'a> Pass<'s, 'a> {
    /// A ground for one proof.
    pub(crate) fn ground(&self) -> Ground<'s, 'a> {
        self.base.ground()
    }

    /// The firewalls that the routes lead to, if any. `named`: the hosts of the packets are known.
    pub(crate) fn wall(&self, named: bool) -> Option<&Wall<'s, 'a>> {
        let firewalls = self.onward.as_ref().map(|onward| &*onward.firewalls).filter(|all| !all.is_empty())?;
        let estate = self.base.ground.scene.estate?;
        Some(self.walls[usize::from(named)].get_or_init(|| wall(self.base.ground(), estate, firewalls, named)))
    }
}

impl<'s, 'a> Wall<'s, 'a> {
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
