//! The difference of two scenes, or of two firewalls, one address family after the other.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use crate::estate::{Direction, Estate, NetworkSecurityGroup, Peer, RouteTable};
use crate::net::{AddressSet, Family, METADATA, PortSet, ProtocolSet, TagData};
use crate::proof::cell::Cell;
use crate::proof::difference::align::{changed, fingerprint};
use crate::proof::difference::boxes::{Change, End, Traffic, changes};
use crate::proof::difference::compared::{Compared, Names};
use crate::proof::difference::lines::{Joined, SLOTS, Side, Told, absent, of_firewall, of_scene};
use crate::proof::difference::sent::{Exceeded, differ};
use crate::proof::firewall::{Appliance, entries};
use crate::proof::first_match::{PlacedClause, first_match};
use crate::proof::given::Given;
use crate::proof::ground::{Ground, Party, platform_addresses};
use crate::proof::scene::Scene;
use crate::proof::stage::Ends;
use crate::proof::symbol::Symbols;

/// What fares otherwise.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Traffic that turned.
    pub changes: Vec<Change>,
    /// There were too many cases to tell them all apart.
    pub exceeded: bool,
}

/// A firewall or policy of an estate.
#[derive(Clone, Copy, Debug)]
pub struct FirewallSide<'a> {
    /// The estate it is in.
    pub estate: &'a Estate,
    /// The firewall.
    pub appliance: Appliance<'a>,
    /// The prefixes of service tags, when they are loaded.
    pub tags: Option<&'a TagData>,
}

/// The difference of a place whose scene is known on at least one side. `routes`: where outbound traffic goes is asked as
/// well; else only whether the groups let it pass.
pub fn scene_difference(
    base: Option<&Scene<'_>>,
    head: Option<&Scene<'_>>,
    direction: Direction,
    routes: bool,
    names: Names<'_>,
) -> Difference {
    let mut difference = Difference::default();
    let known = |scene: Option<&Scene<'_>>| scene.and_then(|scene| scene.subnet.clone());
    let near = match (known(base), known(head)) {
        (Some(one), Some(two)) => Some(one.union(&two)),
        (one, two) => one.or(two),
    };
    for family in [Family::V4, Family::V6] {
        let lacks = |near: &AddressSet| if family == Family::V4 { near.v4.is_empty() } else { near.v6.is_empty() };
        if near.as_ref().is_some_and(lacks) {
            continue;
        }
        let routes = routes && direction == Direction::Outbound;
        let ask = Ask { direction, near: near.as_ref(), named: false, names };
        let (Some(of_base), Some(of_head)) = (base.or(head), head.or(base)) else { continue };
        let mut one = Ground::new(of_base, family).with_near_members();
        let mut two = Ground::new(of_head, family).with_near_members();
        let base_side = if base.is_some() { of_scene(&mut one, direction, routes, names.base) } else { absent(&one) };
        let head_side = if head.is_some() { of_scene(&mut two, direction, routes, names.head) } else { absent(&two) };
        ask.compare((&one, base_side), (&two, head_side), &[base, head], &mut difference);
    }
    if near.is_some_and(|near| near.v6.is_empty()) {
        // There are no other packets.
        let traffic = difference.changes.iter_mut().flat_map(|change| &mut change.traffic);
        let ends = traffic.flat_map(|one| [&mut one.from, &mut one.to]);
        ends.filter(|end| end.is_any).for_each(|end| end.addresses = end.addresses.union(&AddressSet::all_v6()));
    }
    merge_families(&mut difference.changes);
    difference
}

/// The difference of a firewall or policy by itself, for packets with hosts.
pub fn firewall_difference(
    base: Option<FirewallSide<'_>>,
    head: Option<FirewallSide<'_>>,
    names: Names<'_>,
) -> Difference {
    let mut difference = Difference::default();
    let of_base = Scene { tags: base.or(head).and_then(|side| side.tags), ..Scene::default() };
    let of_head = Scene { tags: head.or(base).and_then(|side| side.tags), ..Scene::default() };
    for family in [Family::V4, Family::V6] {
        let ask = Ask { direction: Direction::Outbound, near: Some(&AddressSet::full()), named: true, names };
        let (mut one, mut two) = (Ground::new(&of_base, family), Ground::new(&of_head, family));
        let two_side = match head {
            Some(side) => of_firewall(entries(&mut two, side.estate, side.appliance, true)),
            None => absent(&two),
        };
        let one_side = match base {
            Some(side) => of_firewall(entries(&mut one, side.estate, side.appliance, true)),
            None => absent(&one),
        };
        ask.compare((&one, one_side), (&two, two_side), &[Some(&of_base), Some(&of_head)], &mut difference);
    }
    merge_families(&mut difference.changes);
    difference
}

/// What is asked of one family.
struct Ask<'x> {
    direction: Direction,
    near: Option<&'x AddressSet>,
    /// Packets have hosts.
    named: bool,
    names: Names<'x>,
}

impl Ask<'_> {
    /// Compares two sides. The one with the lesser lines is taken for the base, and what is found turned round where it is
    /// not: so the difference of two sides is the mirror of the difference the other way, whatever cells are split by.
    fn compare<'a, 'b>(
        &self,
        (base, base_side): (&Ground<'_, 'b>, Side<'b>),
        (head, head_side): (&Ground<'_, 'a>, Side<'a>),
        scenes: &[Option<&Scene<'_>>],
        difference: &mut Difference,
    ) {
        let of_base = Told { symbols: &base.symbols, names: self.names.base };
        let of_head = Told { symbols: &head.symbols, names: self.names.head };
        if fingerprint(&base_side, of_base) <= fingerprint(&head_side, of_head) {
            self.compare_in_order((base, base_side), (head, head_side), scenes, difference);
            return;
        }
        let names = Names { base: self.names.head, head: self.names.base };
        let mut mirrored = Difference::default();
        let ask = Ask { names, ..*self };
        ask.compare_in_order((head, head_side), (base, base_side), scenes, &mut mirrored);
        difference.exceeded |= mirrored.exceeded;
        difference.changes.extend(mirrored.changes.into_iter().map(Change::mirrored));
    }

    fn compare_in_order<'a, 'b>(
        &self,
        (base, base_side): (&Ground<'_, 'b>, Side<'b>),
        (head, head_side): (&Ground<'_, 'a>, Side<'a>),
        scenes: &[Option<&Scene<'_>>],
        difference: &mut Difference,
    ) {
        let mut symbols = head.symbols.clone();
        symbols.public_network |= base.symbols.public_network;
        let of_base = Told { symbols: &base.symbols, names: self.names.base };
        let of_head = Told { symbols: &head.symbols, names: self.names.head };
        let mut joined = Joined::new(of_base, of_head);
        let mut one: Side<'b> = Default::default();
        // The lines that differ; those of the base with the joined symbols.
        let mut differing: Vec<Differing> = Vec::new();
        for slot in 0..SLOTS {
            let (left, right) = (base_side[slot].as_ref(), head_side[slot].as_ref());
            let (mine, theirs) = changed((left, of_base), (right, of_head));
            if mine.is_empty() && theirs.is_empty() {
                // The same on both sides, also where it is not known: the symbols are the head's.
                one[slot] = left.zip(right).map(|(lines, same)| lines.told_as(same));
                continue;
            }
            one[slot] = left.map(|lines| joined.lines(&mut symbols, lines));
            differing.push(Differing { slot, mine, theirs });
        }
        if differing.is_empty() {
            return;
        }
        let names = names(head, scenes);
        let (ground, cells) = self.ground((base, head), (one, head_side), symbols, &names);
        let cells = starts(&ground, cells, &differing);
        match cells.and_then(|cells| differ(&ground.symbols, (&ground.sides.0, &ground.sides.1), cells)) {
            Ok(pieces) => difference.changes.extend(changes(&ground, pieces)),
            Err(Exceeded) => difference.exceeded = true,
        }
    }

    /// The ground of both sides, and all packets there may be.
    fn ground<'x, 'a, 'b>(
        &'x self,
        (base, head): (&Ground<'_, 'b>, &Ground<'_, 'a>),
        sides: (Side<'b>, Side<'a>),
        symbols: Symbols,
        names: &'x [(String, AddressSet)],
    ) -> (Compared<'x, 'a, 'b>, Vec<Cell>) {
        let near = self.near.map_or(Party::Subnet, |near| Party::Addresses(near.clone()));
        let mut space = head.above(&Arc::new(symbols));
        let ends = match self.direction {
            Direction::Outbound => Ends::new(&mut space, &near, &Party::Any),
            Direction::Inbound => Ends::new(&mut space, &Party::Any, &near),
        };
        let mut real = real().intersection(&head.space);
        if self.direction == Direction::Inbound {
            // Nothing comes from the address for metadata.
            real = real.difference(&AddressSet::address(METADATA));
        }
        let own = |near: &AddressSet| match self.named {
            true => near.intersection(&real),
            false => near.intersection(&real).difference(platform_addresses()),
        };
        let mut cells = ends.cells(ProtocolSet::ALL, &PortSet::full());
        for cell in &mut cells {
            let (far, near) = match self.direction {
                Direction::Outbound => (&mut cell.destinations, &mut cell.sources),
                Direction::Inbound => (&mut cell.sources, &mut cell.destinations),
            };
            (*far, *near) = (Arc::new(far.intersection(&real)), Arc::new(own(near)));
        }
        cells.retain(|cell| !cell.sources.is_empty() && !cell.destinations.is_empty());
        let near = cells.first().map(|cell| match self.direction {
            Direction::Outbound => AddressSet::clone(&cell.sources),
            Direction::Inbound => AddressSet::clone(&cell.destinations),
        });
        let ground = Compared {
            direction: self.direction,
            symbols: space.symbols,
            of_head: head.symbols.count(),
            files: self.names,
            sides,
            tagged: base.tagged.union(&head.tagged),
            public: base.public.union(&head.public),
            networks: base.known_network().union(head.known_network()).intersection(&real),
            hidden: hidden(base).union(&hidden(head)).intersection(&real),
            space: real,
            near,
            names,
        };
        (ground, cells)
    }
}

/// The addresses that packets can have: neither those of no host nor loopback, link-local, multicast and reserved ones, but
/// for the platform's.
fn real() -> &'static AddressSet {
    static REAL: LazyLock<AddressSet> = LazyLock::new(|| {
        let never = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8"];
        let never = AddressSet::from_prefixes(never.iter().filter_map(|prefix| prefix.parse().ok()));
        AddressSet::full().difference(&never).union(platform_addresses())
    });
    &REAL
}

/// The lines of one layer that the other side does not have.
struct Differing {
    slot: usize,
    mine: Vec<usize>,
    theirs: Vec<usize>,
}

/// For so many lines that differ only what they take is looked at; for more, everything.
const MOST_DIFFERING: usize = 256;

/// The packets that some line takes that the other side does not have.
fn starts(ground: &Compared<'_, '_, '_>, cells: Vec<Cell>, differing: &[Differing]) -> Result<Vec<Cell>, Exceeded> {
    let count: usize = differing.iter().map(|one| one.mine.len() + one.theirs.len()).sum();
    if count > MOST_DIFFERING {
        return Ok(cells);
    }
    let mut clauses = Vec::with_capacity(count);
    for Differing { slot, mine, theirs } in differing {
        if let Some(layer) = &ground.sides.0[*slot] {
            clauses.extend(mine.iter().map(|at| &layer.stage.entries[*at].clause));
        }
        if let Some(layer) = &ground.sides.1[*slot] {
            clauses.extend(theirs.iter().map(|at| &layer.stage.entries[*at].clause));
        }
    }
    let placed = clauses.into_iter().enumerate().map(|(index, clause)| PlacedClause { clause, index, kind: None });
    let run = first_match(&ground.symbols, cells, placed);
    if run.exceeded { Err(Exceeded) } else { Ok(run.decided.into_iter().map(|one| one.cell).collect()) }
}

/// Where the part of the network may be that is not known.
fn hidden(ground: &Ground<'_, '_>) -> AddressSet {
    if ground.scene.network_complete {
        return AddressSet::empty();
    }
    ground.space.difference(&ground.public).difference(ground.known_network())
}

/// Sets that have a name: `Internet`, `VirtualNetwork`, and the loaded tags that rules name.
fn names(ground: &Ground<'_, '_>, scenes: &[Option<&Scene<'_>>]) -> Vec<(String, AddressSet)> {
    let network = ground.known_network();
    let mut all = vec![("Internet".to_owned(), AddressSet::clone(&ground.public))];
    for set in [network.clone(), network.difference(platform_addresses())] {
        if !set.is_empty() && ground.scene.network_complete {
            all.push(("VirtualNetwork".to_owned(), set));
        }
    }
    let mut named: BTreeSet<String> = BTreeSet::new();
    for scene in scenes.iter().copied().flatten() {
        let groups = scene.groups.iter().filter_map(|(_, group)| match group {
            Given::Here(group) => Some(*group),
            Given::Missing(_) => None,
        });
        groups.for_each(|group| tags_of_group(group, &mut named));
        scene.table().into_iter().for_each(|table| tags_of_table(table, &mut named));
    }
    if let Some(data) = ground.scene.tags {
        let set = |name: &String| Some((name.clone(), data.get(name)?.set.intersection(&ground.space)));
        all.extend(named.iter().filter_map(set));
    }
    all
}

fn tags_of_group(group: &NetworkSecurityGroup, named: &mut BTreeSet<String>) {
    let sides = group.rules.iter().flat_map(|rule| rule.sources.items.iter().chain(&rule.destinations.items));
    named.extend(sides.filter_map(|item| match item.known() {
        Some(Peer::Tag(name)) => Some(name.to_string()),
        _ => None,
    }));
}

fn tags_of_table(table: &RouteTable, named: &mut BTreeSet<String>) {
    let prefixes = table.routes.iter().flat_map(|route| &route.prefixes);
    named.extend(prefixes.filter_map(|item| match item.known() {
        Some(Peer::Tag(name)) => Some(name.to_string()),
        _ => None,
    }));
}

/// What holds for every address of both families is told once.
fn merge_families(changes: &mut Vec<Change>) {
    let is_v6 = |change: &Change| {
        change.traffic.iter().any(|one| !one.from.addresses.v6.is_empty() || !one.to.addresses.v6.is_empty())
    };
    let (later, mut first): (Vec<Change>, Vec<Change>) = std::mem::take(changes).into_iter().partition(is_v6);
    for mut change in later {
        let same = |one: &&mut Change| {
            one.turn == change.turn
                && (&one.from, &one.to) == (&change.from, &change.to)
                && (&one.base, &one.head) == (&change.base, &change.head)
                && one.why.is_empty() == change.why.is_empty()
        };
        let twins: Vec<&mut Change> = first.iter_mut().filter(same).collect();
        for twin in twins {
            change.traffic.retain(|six| {
                let Some(four) = twin.traffic.iter_mut().find(|four| is_twin(four, six)) else { return true };
                for (one, other) in [(&mut four.from, &six.from), (&mut four.to, &six.to)] {
                    one.addresses = one.addresses.union(&other.addresses);
                }
                false
            });
        }
        if !change.traffic.is_empty() {
            first.push(change);
        }
    }
    *changes = first;
}

/// Whether two boxes of two families say the same.
fn is_twin(four: &Traffic, six: &Traffic) -> bool {
    let alike = |one: &End, two: &End| {
        let word = (one.is_any && two.is_any)
            || (one.is_place && two.is_place)
            || (one.name.is_some() && one.name == two.name)
            || (!one.only.is_empty() && one.but.is_empty() && two.but.is_empty());
        word && one.but.is_empty() && two.but.is_empty() && one.only == two.only && one.except == two.except
    };
    four.protocols == six.protocols
        && four.ports == six.ports
        && four.source_ports == six.source_ports
        && four.hosts == six.hosts
        && alike(&four.from, &six.from)
        && alike(&four.to, &six.to)
}
