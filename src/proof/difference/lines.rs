//! One side as layers of lines: what each line makes of a packet, and the symbols of both sides in one table.

use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::estate::{Access, Direction, NextHop};
use crate::finding::Layer;
use crate::proof::after_route::{Lead, lead, reached};
use crate::proof::cell::{Clause, Cube, Match};
use crate::proof::doubt::Doubt;
use crate::proof::ground::Ground;
use crate::proof::hop::{Hop, Ruling, Way};
use crate::proof::nsg::{AdminLayer, group_stages};
use crate::proof::route::ways;
use crate::proof::stage::{Author, Entry, Stage};
use crate::proof::symbol::{Literal, Meaning, Symbol, Symbols};

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// A rule drops it, or a route.
    Dropped,
    /// The rules let it pass; where it goes from there is not asked.
    Passes,
    /// It goes to the internet.
    Internet,
    /// It goes to the network itself, private endpoints included, or to one that is joined with it.
    Network,
    /// It goes to a service by a service endpoint.
    ServiceEndpoint,
    /// It goes to the gateway of the network.
    Gateway,
    /// It goes to the firewall of this name; what that lets pass is told at the firewall.
    Firewall(Arc<str>),
    /// It goes to the appliance at these addresses; what that lets pass is not known.
    Appliance(Arc<str>),
    /// The platform takes it.
    Platform,
    /// Only a deployment can tell; the key of what is not known.
    Unknown(Arc<str>),
}

/// What a line makes of the packets it takes.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// The next layer decides.
    Next,
    /// The next layer that is no group decides.
    PassGroups,
    /// This; and why that is not sure.
    Ends(Fate, Option<Doubt>),
}

/// The places of layers, in the order packets meet them: whether the place exists, security admin rules, two groups, and
/// routes or a firewall.
pub(crate) const SLOTS: usize = 5;
pub(crate) const EXISTS: usize = 0;
const ADMIN: usize = 1;
const FIRST_GROUP: usize = 2;
const LAST: usize = 4;

/// One layer of one side.
#[derive(Clone)]
pub(crate) struct Lines<'a> {
    pub(crate) stage: Rc<Stage<'a>>,
    pub(crate) effects: Rc<[Effect]>,
}

/// One side.
pub(crate) type Side<'a> = [Option<Lines<'a>>; SLOTS];

pub(crate) fn is_group(slot: usize) -> bool {
    (FIRST_GROUP..LAST).contains(&slot)
}

impl<'a> Lines<'a> {
    fn of(stage: Rc<Stage<'a>>, effects: Vec<Effect>) -> Self {
        Self { stage, effects: effects.into() }
    }

    /// The same lines with the symbols of the other side, for which all of them mean the same.
    pub(crate) fn told_as(&self, other: &Lines<'_>) -> Self {
        let entries = self.stage.entries.iter().zip(&other.stage.entries);
        let entries = entries.map(|(own, other)| Entry { clause: other.clause.clone(), ..own.clone() });
        let stage = Stage::new(self.stage.layer, self.stage.group, entries.take(self.count()).collect());
        Self { stage: Rc::new(stage), effects: Rc::clone(&self.effects) }
    }

    pub(crate) fn count(&self) -> usize {
        self.effects.len()
    }

    pub(crate) fn entry(&self, at: usize) -> &Entry<'a> {
        &self.stage.entries[at]
    }
}

fn dropped() -> Effect {
    Effect::Ends(Fate::Dropped, None)
}

fn by_access<'a>(stage: Rc<Stage<'a>>, passes: &Effect) -> Lines<'a> {
    let effect = |entry: &Entry<'a>| if entry.access == Access::Deny { dropped() } else { passes.clone() };
    let effects = stage.entries[..stage.own].iter().map(effect).collect();
    Lines::of(stage, effects)
}

/// The layers of a place for one direction.
pub(crate) fn of_scene<'a>(
    ground: &mut Ground<'_, 'a>,
    direction: Direction,
    routes: bool,
    names: FileNames<'_>,
) -> Side<'a> {
    let mut side: Side<'a> = Default::default();
    if let Some(admin) = AdminLayer::of(ground, direction) {
        let effect = |(at, entry): (usize, &Entry<'a>)| match entry.access {
            Access::Deny => dropped(),
            Access::Allow if admin.always(at) => Effect::PassGroups,
            Access::Allow => Effect::Next,
        };
        let effects = admin.stage.entries.iter().enumerate().map(effect).collect();
        side[ADMIN] = Some(Lines::of(Rc::clone(&admin.stage), effects));
    }
    for stage in group_stages(ground, direction, false) {
        let inner = (stage.layer == Layer::InterfaceNsg) == (direction == Direction::Outbound);
        side[if inner { FIRST_GROUP } else { FIRST_GROUP + 1 }] = Some(by_access(stage, &Effect::Next));
    }
    if routes {
        let (mut entries, mut effects) = (Vec::new(), Vec::new());
        for Way { clause, hop, author } in ways(ground) {
            let way = Way { clause, hop, author };
            effects.push(leads(ground, &way, names));
            entries.push(Entry { clause: way.clause, access: Access::Allow, author: way.author });
        }
        side[LAST] = Some(Lines::of(Rc::new(Stage::new(Layer::Route, 0, entries)), effects));
    }
    side
}

/// A firewall or policy by itself, from its entries.
pub(crate) fn of_firewall(entries: Vec<Entry<'_>>) -> Side<'_> {
    let mut side: Side<'_> = Default::default();
    side[LAST] = Some(by_access(Rc::new(Stage::new(Layer::Firewall, 0, entries)), &Effect::Next));
    side
}

/// A place that is not there: nothing comes or goes.
pub(crate) fn absent<'a>(ground: &Ground<'_, 'a>) -> Side<'a> {
    let mut side: Side<'a> = Default::default();
    let entry = Entry { clause: Clause::full(&ground.space), access: Access::Deny, author: Author::NotMet };
    side[EXISTS] = Some(by_access(Rc::new(Stage::new(Layer::Route, 0, vec![entry])), &Effect::Next));
    side
}

/// Where a route leads.
fn leads(ground: &Ground<'_, '_>, way: &Way<'_>, names: FileNames<'_>) -> Effect {
    match lead(ground.scene, way) {
        Lead::Firewall(firewall, _) => {
            let name = crate::proof::given::shown(&firewall.header.name);
            match reached(ground.scene, firewall) {
                Ruling::Pass => Effect::Ends(Fate::Firewall(name), None),
                Ruling::Drop => dropped(),
                Ruling::Depends(_, doubt) => Effect::Ends(Fate::Firewall(name), Some(doubt)),
            }
        }
        Lead::Transit(transit) => Effect::Ends(Fate::Appliance(Arc::from(transit.at.to_string())), None),
        Lead::Unknown(doubt) => Effect::Ends(Fate::Unknown(Arc::from(doubt.message())), Some(doubt)),
        Lead::Elsewhere => by_hop(&way.hop, names),
    }
}

fn by_hop(hop: &Hop, names: FileNames<'_>) -> Effect {
    let to = |kind: NextHop| match kind {
        NextHop::Drop => Fate::Dropped,
        NextHop::Internet => Fate::Internet,
        NextHop::VnetLocal | NextHop::Peering | NextHop::ConnectedGroup | NextHop::PrivateEndpoint => Fate::Network,
        NextHop::ServiceEndpoint => Fate::ServiceEndpoint,
        NextHop::VirtualNetworkGateway => Fate::Gateway,
        NextHop::VirtualAppliance => Fate::Appliance(Arc::from("an appliance")),
    };
    match hop {
        Hop::To(kind) => Effect::Ends(to(*kind), None),
        Hop::Doubtful(kind, doubt) => Effect::Ends(to(*kind), Some(doubt.clone())),
        Hop::Appliance(addresses) => {
            let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            Effect::Ends(Fate::Appliance(Arc::from(all.join(", "))), None)
        }
        Hop::Lost(_) => dropped(),
        Hop::Platform => Effect::Ends(Fate::Platform, None),
        Hop::Unknown(key, doubt) => Effect::Ends(Fate::Unknown(Arc::from(names.nameless(key))), Some(doubt.clone())),
        Hop::HubFirewall(_) => Effect::Ends(Fate::Appliance(Arc::from("the firewall of a hub")), None),
    }
}

/// Whether what a symbol stands for belongs to one side alone: who goes first among the rules of a list, or a value that
/// has no name. On the other side the same words may mean something else.
pub(crate) fn is_of_one_side(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Packet(_) | Meaning::PacketOf(..) => true,
        Meaning::World(key) => key.starts_with("order ") || key.contains(POINTER),
        Meaning::Group(_, key) | Meaning::Addresses(_, key) | Meaning::Ports(_, key) | Meaning::Protocols(key) => {
            key.contains(POINTER)
        }
        _ => false,
    }
}

/// How a key begins that tells apart what has no name of its own.
const POINTER: &str = "0x";

/// The names by which a run's files go on both sides, by their ids: what only a deployment can tell is known by the file
/// of its template.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileNames<'x>(pub &'x [String]);

impl FileNames<'_> {
    /// A text without what differs from run to run: addresses in memory, numbers of files and places in them.
    pub(crate) fn nameless(self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['@', '0']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(behind) = rest.strip_prefix(POINTER) {
                plain.push('*');
                rest = behind.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
            } else if let Some(behind) = rest.strip_prefix('@') {
                let file = behind.trim_start_matches(|letter: char| letter.is_ascii_digit());
                let number = behind[..behind.len() - file.len()].parse::<usize>();
                plain.push('@');
                rest = behind;
                if let Ok(number) = number {
                    plain.push_str(self.0.get(number).map_or("", |name| name));
                    rest = file.trim_start_matches(|letter: char| letter.is_ascii_digit() || "/-".contains(letter));
                }
            } else {
                plain.push('0');
                rest = &rest[1..];
            }
        }
        plain.push_str(rest);
        plain
    }

    fn meaning(self, meaning: &Meaning) -> String {
        self.nameless(&format!("{meaning:?}"))
    }
}

/// The symbols of one side, and the names of its files.
#[derive(Clone, Copy)]
pub(crate) struct Told<'x> {
    pub(crate) symbols: &'x Symbols,
    pub(crate) names: FileNames<'x>,
}

impl Told<'_> {
    pub(crate) fn text(self, symbol: Symbol) -> String {
        self.names.meaning(self.symbols.meaning(symbol))
    }
}

/// Turns the symbols of the base into those of the head: the same one for what both mean, else one of its own.
pub(crate) struct Joined<'x> {
    base: Told<'x>,
    known: HashMap<Symbol, Symbol>,
    /// The symbols of the head by what they mean.
    of_head: HashMap<String, Symbol>,
}

impl<'x> Joined<'x> {
    pub(crate) fn new(base: Told<'x>, head: Told<'_>) -> Self {
        let shared = head.symbols.all().filter(|symbol| !is_of_one_side(head.symbols.meaning(*symbol)));
        let of_head = shared.map(|symbol| (head.text(symbol), symbol)).collect();
        Self { base, known: HashMap::new(), of_head }
    }

    fn symbol(&mut self, into: &mut Symbols, symbol: Symbol) -> Symbol {
        if let Some(known) = self.known.get(&symbol) {
            return *known;
        }
        let (meaning, doubt) = (self.base.symbols.meaning(symbol), self.base.symbols.doubt(symbol));
        let joined = match self.of_head.get(&self.base.text(symbol)) {
            Some(same) if !is_of_one_side(meaning) => *same,
            _ => into.of(apart(meaning), || doubt.clone()),
        };
        self.known.insert(symbol, joined);
        joined
    }

    fn cube(&mut self, into: &mut Symbols, cube: &mut Cube) {
        for literal in cube {
            *literal = Literal { symbol: self.symbol(into, literal.symbol), holds: literal.holds };
        }
    }

    fn matched<S: Clone + PartialEq>(&mut self, into: &mut Symbols, wanted: &mut Match<S>) {
        wanted.terms.iter_mut().for_each(|term| self.cube(into, &mut term.cube));
    }

    /// The lines with the joined symbols.
    pub(crate) fn lines<'a>(&mut self, into: &mut Symbols, lines: &Lines<'a>) -> Lines<'a> {
        let mut entries: Vec<Entry<'a>> = lines.stage.entries[..lines.stage.own].to_vec();
        for entry in &mut entries {
            let clause = &mut entry.clause;
            self.cube(into, &mut clause.guards);
            self.matched(into, &mut clause.protocols);
            self.matched(into, &mut clause.sources);
            self.matched(into, &mut clause.source_ports);
            self.matched(into, &mut clause.destinations);
            self.matched(into, &mut clause.destination_ports);
            if let Some(hosts) = &mut clause.hosts {
                self.matched(into, hosts);
            }
        }
        let stage = Stage::new(lines.stage.layer, lines.stage.group, entries);
        Lines { stage: Rc::new(stage), effects: Rc::clone(&lines.effects) }
    }
}

/// What the key ends in of a meaning that the base alone has.
pub(crate) const OF_THE_BASE: &str = " of the base";

/// The meaning as the base alone has it.
fn apart(meaning: &Meaning) -> Meaning {
    let own = |key: &Arc<str>| Arc::from(format!("{key}{OF_THE_BASE}"));
    match meaning {
        Meaning::World(key) => Meaning::World(own(key)),
        Meaning::Packet(key) => Meaning::Packet(own(key)),
        Meaning::Group(end, key) => Meaning::Group(*end, own(key)),
        Meaning::Addresses(end, key) => Meaning::Addresses(*end, own(key)),
        Meaning::Ports(end, key) => Meaning::Ports(*end, own(key)),
        Meaning::Protocols(key) => Meaning::Protocols(own(key)),
        // What a tag, a subnet or a network is both sides say in the same words.
        Meaning::Tag(..) | Meaning::Regional(..) | Meaning::Subnet(_) | Meaning::Network(_) => meaning.clone(),
        other => Meaning::Packet(Arc::from(format!("{other:?}{OF_THE_BASE}"))),
    }
}
