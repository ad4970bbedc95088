//! The law of differences: what they tell is what two replays, packet by packet, tell; in every world that what is not known
//! may turn out to be. The replays sort rules by themselves and know nothing of cells and symbols.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Access, Direction, NetworkSecurityGroup, NextHop, Peer, RouteTable, SecurityRule};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::difference::{
    Change, Difference, End, Fate, FirewallSide, Names, Traffic, Turn, firewall_difference, scene_difference,
};
use crate::proof::firewall::Appliance;
use crate::proof::given::Given;
use crate::proof::scene::{Level, Scene};
use crate::proof::tests::laws::{self, ADDRESSES, HOSTS, World};
use crate::proof::tests::{Dice, known, outbound, peer, route, security_group, table, unknown};

const PEERS: [&str; 14] = [
    "*",
    "Internet",
    "VirtualNetwork",
    "Storage",
    "AzureMachineLearning",
    "Storage",
    "0.0.0.0/0",
    "20.0.0.0/8",
    "20.0.7.0/24",
    "20.1.0.0/16",
    "40.0.0.0/8",
    "10.0.0.0/16",
    "10.9.0.0/16",
    "192.168.0.0/16",
];
/// At least one far address of each kind that rules, routes and tags tell apart, in every world.
const FAR: [[u8; 4]; 14] = [
    [20, 0, 7, 1],
    [20, 0, 7, 200],
    [20, 9, 9, 1],
    [20, 1, 7, 1],
    [20, 1, 9, 1],
    [40, 0, 7, 1],
    [40, 0, 9, 1],
    [8, 8, 8, 8],
    [9, 9, 9, 9],
    [10, 0, 2, 4],
    [10, 9, 0, 4],
    [10, 77, 0, 4],
    [192, 168, 3, 4],
    [172, 16, 0, 9],
];
const NEAR: [[u8; 4]; 2] = [[10, 0, 1, 4], [10, 0, 1, 200]];
const OWN: [&str; 4] = ["*", "*", "10.0.1.0/25", "VirtualNetwork"];
const PORTS: [(u16, u16); 6] = [(0, 65535), (443, 443), (80, 80), (80, 443), (100, 300), (22, 22)];
const CORNERS: [u16; 6] = [22, 79, 80, 200, 443, 50000];
const KINDS: [ProtocolSet; 4] = [ProtocolSet::ALL, ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ICMP];
const SENT: [ProtocolSet; 3] = [ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ICMP];

/// One side: a group of the subnet, one of the interface, a route table; each may be absent.
#[derive(Clone)]
struct Place {
    groups: [Option<NetworkSecurityGroup>; 2],
    table: Option<RouteTable>,
}

fn rule(dice: &mut Dice, at: usize) -> SecurityRule {
    let inbound = dice.roll(2) == 0;
    let access = if dice.roll(2) == 0 { Access::Deny } else { Access::Allow };
    let (first, last) = dice.one(&PORTS);
    let priority = 100 + i64::try_from(at * 10 + dice.roll(10)).unwrap();
    let far = dice.one(&PEERS);
    let mut one = outbound(&format!("r{at}"), priority, access, far, PortSet::range(first, last));
    one.protocol = known(dice.one(&KINDS));
    one.sources.items = vec![peer(dice.one(&OWN))];
    if inbound {
        one.direction = known(Direction::Inbound);
        std::mem::swap(&mut one.sources, &mut one.destinations);
    }
    one
}

fn place(dice: &mut Dice) -> Place {
    let group = |dice: &mut Dice, absent: usize| {
        let count = dice.roll(6);
        (dice.roll(absent) > 0).then(|| security_group((0..count).map(|at| rule(dice, at)).collect()))
    };
    let groups = [group(dice, 2), group(dice, 5)];
    let hops = [NextHop::VirtualAppliance, NextHop::Internet, NextHop::Drop, NextHop::VirtualNetworkGateway];
    let mut routes: Vec<crate::estate::Route> = Vec::new();
    for at in 0..dice.roll(4) {
        let prefix = dice.one(&["0.0.0.0/0", "20.0.0.0/8", "20.0.7.0/24", "40.0.0.0/8", "10.9.0.0/16", "10.0.2.0/24"]);
        if routes.iter().all(|one| one.prefixes[0].known() != peer(prefix).known()) {
            routes.push(route(&format!("route{at}"), prefix, dice.one(&hops)));
        }
    }
    Place { groups, table: (dice.roll(3) > 0).then(|| table(routes)) }
}

/// Another side: the same with a few edits, or one of its own.
fn edited(dice: &mut Dice, base: &Place) -> Place {
    if dice.roll(4) == 0 {
        return place(dice);
    }
    let mut head = base.clone();
    for _ in 0..=dice.roll(2) {
        let rules = head.groups.iter_mut().flatten().next().map(|group| &mut group.rules);
        match (dice.roll(8), rules) {
            (0, _) => head.groups[0] = place(dice).groups[0].clone(),
            (1, _) => head.table = place(dice).table,
            (2, Some(rules)) => rules.push(rule(dice, 9)),
            (3, Some(rules)) if !rules.is_empty() => drop(rules.remove(0)),
            (4, Some(rules)) if !rules.is_empty() => rules[0].access = known(Access::Allow),
            (5, Some(rules)) if !rules.is_empty() => rules[0].priority = known(900),
            (6, Some(rules)) if !rules.is_empty() => {
                let at = dice.roll(rules.len());
                rules[at].destination_ports.items = vec![known(PortSet::range(80, 443))];
            }
            (_, Some(rules)) if !rules.is_empty() => {
                let at = dice.roll(rules.len());
                rules[at] = rule(dice, at);
            }
            _ => {}
        }
    }
    head
}

fn prefix(text: &str) -> AddressSet {
    AddressSet::prefix(text.parse().unwrap())
}

fn scene<'a>(one: &'a Place, data: Option<&'a crate::net::TagData>) -> Scene<'a> {
    let mut scene = Scene { subnet_shown: true, tags: data, ..Scene::default() }.in_location("westeurope");
    scene = scene.with_subnet(prefix("10.0.1.0/24")).with_network(prefix("10.0.0.0/16"));
    for (level, group) in [(Level::Interface, &one.groups[1]), (Level::Subnet, &one.groups[0])] {
        scene.groups.extend(group.as_ref().map(|group| (level, Given::Here(group))));
    }
    scene.routes = one.table.as_ref().map(Given::Here);
    scene
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    far: IpAddr,
    near: IpAddr,
    port: u16,
    protocol: ProtocolSet,
}

/// What a side makes of a packet, rule by rule.
fn replay(one: &Place, world: &mut World, direction: Direction, sent: Sent) -> Fate {
    let dropped = one.groups.iter().flatten().any(|group| !passes(one, group, world, direction, sent));
    match direction {
        _ if dropped => Fate::Dropped,
        Direction::Inbound => Fate::Passes,
        Direction::Outbound => routed(one, sent.far),
    }
}

fn passes(one: &Place, group: &NetworkSecurityGroup, world: &mut World, direction: Direction, sent: Sent) -> bool {
    let mut rules: Vec<&SecurityRule> = group.rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority.known().copied());
    for rule in rules.into_iter().filter(|rule| rule.direction.known() == Some(&direction)) {
        let access = match &rule.access.value {
            Ok(access) => *access,
            Err(why) if world.choose(&why.key, 2) == 0 => Access::Allow,
            Err(_) => Access::Deny,
        };
        let (own, far) = match direction {
            Direction::Inbound => (&rule.destinations, &rule.sources),
            Direction::Outbound => (&rule.sources, &rule.destinations),
        };
        let has_ports = sent.protocol != ProtocolSet::ICMP;
        let port = rule.destination_ports.items.iter().any(|one| one.known().unwrap().contains(sent.port));
        let matches = sent.protocol.is_subset(*rule.protocol.known().unwrap())
            && (port || !has_ports)
            && is_in(one, world, own.items[0].known().unwrap(), sent.near, None)
            && is_in(one, world, far.items[0].known().unwrap(), sent.far, Some(access));
        if matches {
            return access == Access::Allow;
        }
    }
    let network = Peer::Tag(Arc::from("VirtualNetwork"));
    let joined = is_in(one, world, &network, sent.far, Some(Access::Allow));
    joined || (direction == Direction::Outbound && is_public(sent.far))
}

fn is_public(address: IpAddr) -> bool {
    AddressSet::public().contains(address)
}

/// `access`: what the rule does, where this is the side away from the subnet.
fn is_in(one: &Place, world: &mut World, peer: &Peer, address: IpAddr, access: Option<Access>) -> bool {
    match peer {
        Peer::Any => true,
        Peer::Addresses(set) => set.contains(address),
        Peer::Tag(name) if &**name == "Internet" => is_public(address),
        Peer::Tag(name) if &**name == "VirtualNetwork" => {
            let inward = [NextHop::VirtualAppliance, NextHop::VirtualNetworkGateway];
            let routes = one.table.iter().flat_map(|table| &table.routes);
            let mut led = routes.filter(|route| inward.contains(route.next_hop.known().unwrap()));
            let is_led = led
                .any(|route| matches!(route.prefixes[0].known(), Some(Peer::Addresses(set)) if set.contains(address)));
            prefix("10.0.0.0/16").contains(address)
                || match (is_led, access) {
                    (false, _) => false,
                    (true, _) if !is_public(address) => true,
                    (true, Some(Access::Deny)) => true,
                    (true, Some(Access::Allow)) => world.choose("widened", 2) == 0,
                    (true, None) => false,
                }
        }
        Peer::Tag(name) => world.in_tag(name, address),
        Peer::Invalid(_) => false,
    }
}

fn routed(one: &Place, address: IpAddr) -> Fate {
    let system = [
        ("0.0.0.0/0", Fate::Internet),
        ("10.0.0.0/16", Fate::Network),
        ("10.0.0.0/8", Fate::Dropped),
        ("172.16.0.0/12", Fate::Dropped),
        ("192.168.0.0/16", Fate::Dropped),
    ];
    let mut best: (u8, bool, Fate) = (0, false, Fate::Dropped);
    for (text, fate) in system {
        let length = text.parse::<ipnet::IpNet>().unwrap().prefix_len();
        if prefix(text).contains(address) && length >= best.0 {
            best = (length, false, fate);
        }
    }
    for route in one.table.iter().flat_map(|table| &table.routes) {
        let Some(Peer::Addresses(set)) = route.prefixes[0].known() else { continue };
        let length = set.prefixes().next().unwrap().prefix_len();
        if set.contains(address) && (length, true) >= (best.0, best.1) {
            let fate = match route.next_hop.known().unwrap() {
                NextHop::VirtualAppliance => Fate::Appliance(Arc::from("10.0.9.4")),
                NextHop::Internet => Fate::Internet,
                NextHop::VirtualNetworkGateway => Fate::Gateway,
                _ => Fate::Dropped,
            };
            best = (length, true, fate);
        }
    }
    best.2
}

fn holds(end: &End, world: &World, address: IpAddr) -> bool {
    end.addresses.contains(address)
        && end.only.iter().all(|tag| world.in_tag(tag, address))
        && !end.except.iter().any(|tag| world.in_tag(tag, address))
}

fn boxes_with<'c>(
    changes: &'c [Change],
    world: &'c World,
    of: impl Fn(&Traffic) -> bool + 'c,
    (from, to): (IpAddr, IpAddr),
) -> Vec<&'c Change> {
    let within = |one: &Traffic| of(one) && holds(&one.from, world, from) && holds(&one.to, world, to);
    changes
        .iter()
        .flat_map(|change| change.traffic.iter().map(move |one| (change, one)))
        .filter(|(_, one)| within(one))
        .map(|(change, _)| change)
        .collect()
}

/// What differences and replays say of a packet. `open`: something is not known, so that what is not sure may not be so.
fn agree(label: &str, found: &[&Change], before: &Fate, after: &Fate, open: bool) {
    let sure: Vec<&&Change> = found.iter().filter(|one| one.why.is_empty()).collect();
    for one in &sure {
        assert_eq!((&one.from, &one.to), (before, after), "{label}: told as sure");
    }
    assert!(sure.len() <= 1, "{label}: {} boxes hold it", sure.len());
    if before != after {
        assert!(!found.is_empty(), "{label}: {before:?} became {after:?}, and no box holds it");
        let told = found.iter().any(|one| (&one.from, &one.to) == (before, after));
        assert!(told, "{label}: {before:?} became {after:?}, told as {:?}", found[0]);
    } else {
        assert!(open || found.is_empty(), "{label}: nothing changed, and {:?} holds it", found[0]);
    }
}

fn same_turns(one: &Difference, two: &Difference) {
    let turns = |difference: &Difference, swapped: bool| {
        let mut all: Vec<(Turn, Fate, Fate, bool)> = difference
            .changes
            .iter()
            .map(|change| match (swapped, change.turn) {
                (false, turn) => (turn, change.from.clone(), change.to.clone(), change.why.is_empty()),
                (true, Turn::Opened) => (Turn::Closed, change.to.clone(), change.from.clone(), change.why.is_empty()),
                (true, Turn::Closed) => (Turn::Opened, change.to.clone(), change.from.clone(), change.why.is_empty()),
                (true, turn) => (turn, change.to.clone(), change.from.clone(), change.why.is_empty()),
            })
            .collect();
        all.sort();
        all.dedup();
        all
    };
    assert_eq!(turns(one, false), turns(two, true));
}

fn scenes_agree(seed: u64) {
    let mut dice = Dice::new(seed);
    let loaded = dice.roll(2) == 0;
    let base = place(&mut dice);
    let mut head = edited(&mut dice, &base);
    // An access that a deployment tells, the same one on both sides or on one alone.
    let unsure = dice.roll(4) == 0;
    if let (true, Some(rule)) = (unsure, head.groups.iter_mut().flatten().flat_map(|group| &mut group.rules).next()) {
        rule.access = unknown("access");
    }
    for number in 0..1 + seed % 2 {
        let mut world = World::new(seed * 7 + number, loaded);
        let data = world.data();
        let data = loaded.then_some(&data);
        let (one, two) = (scene(&base, data), scene(&head, data));
        for direction in [Direction::Inbound, Direction::Outbound] {
            let told = scene_difference(Some(&one), Some(&two), direction, true, Names::default());
            assert!(!told.exceeded);
            same_turns(&told, &scene_difference(Some(&two), Some(&one), direction, true, Names::default()));
            for (far, near, port, protocol) in grid() {
                let sent = Sent { far: IpAddr::from(far), near: IpAddr::from(near), port, protocol };
                let (before, after) =
                    (replay(&base, &mut world, direction, sent), replay(&head, &mut world, direction, sent));
                let ends = match direction {
                    Direction::Inbound => (sent.far, sent.near),
                    Direction::Outbound => (sent.near, sent.far),
                };
                let fits = move |one: &Traffic| {
                    protocol.is_subset(one.protocols) && (protocol == ProtocolSet::ICMP || one.ports.contains(port))
                };
                let found = boxes_with(&told.changes, &world, fits, ends);
                let widened = [&base, &head].iter().any(|one| one.table.is_some());
                agree(&format!("{seed} {direction:?} {sent:?}"), &found, &before, &after, unsure || widened);
            }
        }
    }
}

fn grid() -> impl Iterator<Item = ([u8; 4], [u8; 4], u16, ProtocolSet)> {
    FAR.into_iter().flat_map(|far| {
        NEAR.into_iter().flat_map(move |near| {
            let ports = CORNERS.into_iter().flat_map(|port| SENT.map(|protocol| (port, protocol)));
            ports.map(move |(port, protocol)| (far, near, port, protocol))
        })
    })
}

/// How many pairs are drawn: more with `AZNETLINT_PAIRS`.
fn pairs(usual: u64) -> u64 {
    std::env::var("AZNETLINT_PAIRS").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

#[test]
fn what_groups_and_routes_turn_is_what_two_replays_turn() {
    (0..pairs(120)).for_each(scenes_agree);
}

#[test]
fn what_firewalls_turn_is_what_two_replays_turn() {
    for seed in 0..pairs(80) {
        let base = laws::case(seed, false);
        let mut head = laws::case(if seed % 2 == 0 { seed } else { seed + 9000 }, false);
        if seed % 2 == 0
            && let Some(one) = head.estate.collection_groups.iter_mut().flat_map(|group| &mut group.collections).next()
        {
            one.action = Some(known(if seed % 4 == 0 { Access::Deny } else { Access::Allow }));
        }
        for number in 0..2 {
            let mut world = World::new(seed * 5 + number, base.loaded);
            let data = world.data();
            let tags = base.loaded.then_some(&data);
            let [one, two] = [&base.estate, &head.estate].map(|estate| {
                Some(FirewallSide { estate, appliance: Appliance::Firewall(&estate.firewalls[0]), tags })
            });
            let told = firewall_difference(one, two, Names::default());
            for (address, port, udp, host) in packets() {
                let source = IpAddr::from([10, 0, 1, 4]);
                let packet = laws::Packet { source, destination: IpAddr::from(address), udp, port, host: Some(host) };
                let fate = |passes: bool| if passes { Fate::Passes } else { Fate::Dropped };
                let before = fate(laws::filter(&base, &mut world, packet));
                let after = fate(laws::filter(&head, &mut world, packet));
                let protocol = if udp { ProtocolSet::UDP } else { ProtocolSet::TCP };
                let fits = move |one: &Traffic| {
                    protocol.is_subset(one.protocols) && one.ports.contains(port) && one.hosts.contains(host)
                };
                let found = boxes_with(&told.changes, &world, fits, (source, packet.destination));
                agree(&format!("{seed} {packet:?}"), &found, &before, &after, true);
            }
        }
    }
}

fn packets() -> impl Iterator<Item = ([u8; 4], u16, bool, &'static str)> {
    ADDRESSES.into_iter().flat_map(|address| {
        [80, 443, 8787].into_iter().flat_map(move |port| {
            [false, true].into_iter().flat_map(move |udp| HOSTS.into_iter().map(move |host| (address, port, udp, host)))
        })
    })
}
