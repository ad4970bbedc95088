//! The law of the path: whatever it decides, a replay packet by packet, layer by layer, decides the same in every world.
//!
//! The replay sorts rules by itself and knows nothing of cells, symbols or host sets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;

use crate::estate::{
    Access, CollectionKind, Direction, Estate, FirewallRule, NetworkSecurityGroup, NextHop, Peer, RouteTable,
};
use crate::finding::Verdict;
use crate::net::{AddressSet, PortSet, ProtocolSet, Tag, TagData};
use crate::proof::given::Given;
use crate::proof::ground::Party;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::judgement::{Flow, Judgement, Matching};
use crate::proof::scene::{Level, Scene};
use crate::proof::tests::{
    Dice, application, collection, estate, group, known, network, outbound, peer, route, security_group, table,
    unknown, why,
};

const TO: [&str; 9] = [
    "*",
    "0.0.0.0/0",
    "20.0.0.0/8",
    "20.0.7.0/24",
    "20.1.0.0/16",
    "40.0.0.0/8",
    "AzureMachineLearning",
    "Storage",
    "AzureMachineLearning",
];
/// What rules of the group name: a route leads everything public to the firewall, and `Internet` matches it all the same.
const TO_OF_GROUP: [&str; 4] = ["Internet", "20.0.0.0/8", "20.0.7.0/24", "AzureMachineLearning"];
const FROM: [&str; 4] = ["*", "10.0.1.0/24", "10.0.1.0/25", "10.0.0.0/8"];
const PATTERNS: [&str; 8] =
    ["*.azureml.ms", "a.azureml.ms", "*.ms", "*", "pypi.org", "*azureml.ms", "www.*", "*.a.azureml.ms"];
const NAMED: [&str; 2] = ["a.azureml.ms", "pypi.org"];
/// At least one host of each kind that the patterns tell apart.
pub(super) const HOSTS: [&str; 8] =
    ["a.azureml.ms", "b.azureml.ms", "x.a.azureml.ms", "pypi.org", "azureml.ms", "other.org", "x.ms", "evilazureml.ms"];
const REQUIRED: [&str; 5] = ["*.azureml.ms", "a.azureml.ms", "pypi.org", "*.ms", "*"];
/// At least one address of each kind that prefixes and tags tell apart, in every world.
pub(super) const ADDRESSES: [[u8; 4]; 9] = [
    [20, 0, 7, 1],
    [20, 0, 7, 200],
    [20, 9, 9, 1],
    [20, 1, 7, 1],
    [20, 1, 9, 1],
    [40, 0, 7, 1],
    [40, 0, 9, 1],
    [8, 8, 8, 8],
    [9, 9, 9, 9],
];
const HOPS: [NextHop; 5] = [
    NextHop::VirtualAppliance,
    NextHop::VirtualAppliance,
    NextHop::Internet,
    NextHop::Drop,
    NextHop::VirtualNetworkGateway,
];

pub(super) struct Case {
    pub(super) estate: Estate,
    group: NetworkSecurityGroup,
    table: RouteTable,
    pub(super) loaded: bool,
    flow: Flow,
    names: Option<HostSet>,
    /// Something in it is not known.
    open: bool,
}

pub(super) fn case(seed: u64, doubts: bool) -> Case {
    let mut dice = Dice::new(seed);
    let mut open = false;
    let mut doubt = |dice: &mut Dice| {
        let one = doubts && dice.roll(9) == 0;
        open |= one;
        one
    };
    let mut policies = Vec::new();
    for level in 0..=dice.roll(2) {
        let mut groups = Vec::new();
        for at in 0..=dice.roll(2) {
            let mut collections = Vec::new();
            for index in 0..=dice.roll(3) {
                let access = if dice.roll(3) == 0 { Access::Deny } else { Access::Allow };
                let name = format!("{level}{at}{index}");
                let app = dice.roll(2) == 0;
                let rules = (0..=dice.roll(2)).map(|_| if app { app_rule(&mut dice) } else { net_rule(&mut dice) });
                let mut rules: Vec<FirewallRule> = rules.collect();
                if doubt(&mut dice) {
                    let rule = &mut rules[0];
                    match dice.roll(3) {
                        0 => rule.sources = vec![unknown(&format!("source {name}"))],
                        1 if app => rule.target_fqdns.push(unknown(&format!("host {name}"))),
                        1 => rule.destinations.push(unknown(&format!("destination {name}"))),
                        _ => rule.kind = unknown(&format!("kind {name}")),
                    }
                }
                // Some share one.
                let priority = [100, 100, 300, 400][index] + i64::try_from(dice.roll(4)).unwrap() * 1000;
                let mut one = collection(&name, priority, access, rules);
                if doubt(&mut dice) {
                    match dice.roll(3) {
                        0 => one.priority = Some(unknown(&format!("priority {name}"))),
                        1 => one.action = Some(unknown(&format!("action {name}"))),
                        _ => one.condition = Some(why(&format!("condition {name}"))),
                    }
                }
                collections.push(one);
            }
            let mut one = group(i64::try_from(at * 10 + dice.roll(40)).unwrap(), collections);
            if doubt(&mut dice) {
                one.priority = Some(unknown(&format!("group priority {level}{at}")));
            }
            groups.push(one);
        }
        policies.push(groups);
    }
    let mut estate = estate(policies);
    if dice.roll(3) > 0 {
        estate.policies.iter_mut().for_each(|policy| policy.dns_proxy = Some(known(true)));
    }
    let mut routes = vec![route("default", "0.0.0.0/0", NextHop::VirtualAppliance)];
    for index in 0..dice.roll(3) {
        let prefix = dice.one(&["20.0.0.0/8", "20.0.7.0/24", "40.0.0.0/8", "8.8.8.0/24", "20.0.7.128/25"]);
        if routes.iter().all(|one| one.prefixes[0].known() != peer(prefix).known()) {
            routes.push(route(&format!("route{index}"), prefix, dice.one(&HOPS)));
        }
    }
    let required = HostSet::of(&HostPattern::read(dice.one(&REQUIRED)).unwrap());
    let (to, names) = match dice.roll(4) {
        0 => (Party::Hosts(required), None),
        1 => (Party::Tag(Tag::named("AzureMachineLearning").unwrap()), Some(required)),
        2 => (Party::Addresses(AddressSet::prefix("20.0.0.0/8".parse().unwrap())), None),
        _ => (Party::Tag(Tag::named(dice.one(&["AzureMachineLearning", "Storage"])).unwrap()), None),
    };
    let flow = Flow {
        direction: Direction::Outbound,
        protocols: dice.one(&[ProtocolSet::TCP, ProtocolSet::TCP, ProtocolSet::UDP]),
        from: Party::Subnet,
        to,
        ports: dice
            .one(&[&[(443, 443)][..], &[(443, 443)], &[(80, 80), (443, 443)], &[(8787, 8787)]])
            .iter()
            .copied()
            .fold(PortSet::empty(), |all, (first, last)| all.union(&PortSet::range(first, last))),
        matching: Matching::Effective,
    };
    let mut rules = Vec::new();
    for index in 0..dice.roll(3) {
        let access = if dice.roll(2) == 0 { Access::Deny } else { Access::Allow };
        let (first, last) = dice.one(&[(443, 443), (0, 65535), (80, 80)]);
        let priority = 100 + i64::try_from(index).unwrap();
        rules.push(outbound("rule", priority, access, dice.one(&TO_OF_GROUP), PortSet::range(first, last)));
    }
    let group = security_group(rules);
    Case { estate, group, table: table(routes), loaded: dice.roll(2) == 0, flow, names, open }
}

fn net_rule(dice: &mut Dice) -> FirewallRule {
    let protocols = dice.one(&[ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ALL, ProtocolSet::TCP]);
    let ports = dice.one(&[(443, 443), (80, 443), (0, 65535), (8787, 8787), (443, 443)]);
    let mut rule = network("network", protocols, &[dice.one(&TO)], PortSet::range(ports.0, ports.1));
    rule.sources = vec![peer(dice.one(&FROM))];
    if dice.roll(4) == 0 {
        rule.destination_fqdns = vec![known(Arc::from(dice.one(&NAMED)))];
        if dice.roll(2) == 0 {
            rule.destinations.clear();
        }
    }
    rule
}

fn app_rule(dice: &mut Dice) -> FirewallRule {
    let protocols =
        dice.one(&[&[("Https", 443)][..], &[("Http", 80), ("Https", 443)], &[("https", 8787)], &[("Http", 443)]]);
    let mut rule = application("application", protocols, &[dice.one(&PATTERNS), dice.one(&PATTERNS)]);
    rule.sources = vec![peer(dice.one(&FROM))];
    if dice.roll(6) == 0 {
        rule.destinations = vec![peer(dice.one(&TO))];
    }
    rule
}

/// How everything unknown turns out.
pub(super) struct World {
    choices: BTreeMap<String, usize>,
    dice: Dice,
    machine_learning: AddressSet,
    storage: AddressSet,
}

impl World {
    pub(super) fn new(seed: u64, loaded: bool) -> Self {
        let mut dice = Dice::new(seed);
        let set = |texts: &[&str]| AddressSet::from_prefixes(texts.iter().map(|text| text.parse().unwrap()));
        let first = if loaded { 0 } else { dice.roll(3) };
        let machine_learning = set([&["20.0.7.0/25", "40.0.7.0/24"][..], &["40.0.7.0/24"], &["8.8.8.0/24"]][first]);
        let second = if loaded { 0 } else { dice.roll(2) };
        let storage = set([&["20.1.7.0/24"][..], &["9.9.9.0/24"]][second]);
        Self { choices: BTreeMap::new(), dice, machine_learning, storage }
    }

    pub(super) fn data(&self) -> TagData {
        let mut data = TagData::default();
        data.insert("AzureMachineLearning", self.machine_learning.prefixes().collect());
        data.insert("Storage", self.storage.prefixes().collect());
        data
    }

    pub(super) fn choose(&mut self, key: &str, sides: usize) -> usize {
        let dice = &mut self.dice;
        *self.choices.entry(key.to_owned()).or_insert_with(|| dice.roll(sides))
    }

    pub(super) fn in_tag(&self, name: &str, address: IpAddr) -> bool {
        match name {
            "Internet" => true,
            "Storage" => self.storage.contains(address),
            _ => self.machine_learning.contains(address),
        }
    }

    fn in_peers(&mut self, peers: &[crate::estate::Field<Peer>], address: IpAddr) -> bool {
        peers.iter().any(|field| match &field.value {
            Ok(Peer::Any) => true,
            Ok(Peer::Addresses(set)) => set.contains(address),
            Ok(Peer::Tag(name)) => self.in_tag(name, address),
            Ok(Peer::Invalid(_)) => false,
            Err(why) => self.choose(&format!("{} {address}", why.key), 2) == 0,
        })
    }

    fn address_of(&mut self, host: &str) -> IpAddr {
        let at = self.choose(&format!("address of {host}"), ADDRESSES.len());
        IpAddr::from(ADDRESSES[at])
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'h> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) udp: bool,
    pub(super) port: u16,
    pub(super) host: Option<&'h str>,
}

fn named(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => !end.contains('*') && host.ends_with(end),
        None => !pattern.contains('*') && host == pattern,
    }
}

/// What a firewall does with a packet, by looking at every rule.
pub(super) fn filter(case: &Case, world: &mut World, packet: Packet<'_>) -> bool {
    // Beside each priority, who of several with that priority goes first.
    type Rank = (usize, usize, (i64, usize), (i64, usize), usize);
    let mut rules: Vec<(Rank, Access, &FirewallRule)> = Vec::new();
    for (level, policy) in case.estate.policies.iter().enumerate() {
        let turn = world.choose(&format!("first group of {level}"), policy.groups.len());
        for (at, index) in policy.groups.iter().enumerate() {
            let at = (at + turn) % policy.groups.len();
            let group = &case.estate.collection_groups[*index];
            let turn = world.choose(&format!("first collection of {index}"), group.collections.len());
            let first = match &group.priority.as_ref().unwrap().value {
                Ok(number) => *number * 2,
                Err(why) => i64::try_from(world.choose(&why.key, 120)).unwrap(),
            };
            for (second, collection) in group.collections.iter().enumerate() {
                let second = (second + turn) % group.collections.len();
                if let Some(why) = &collection.condition
                    && world.choose(&why.key, 2) == 0
                {
                    continue;
                }
                let priority = match &collection.priority.as_ref().unwrap().value {
                    Ok(number) => *number * 2,
                    Err(why) => i64::try_from(world.choose(&why.key, 9000)).unwrap(),
                };
                let access = match &collection.action.as_ref().unwrap().value {
                    Ok(access) => *access,
                    Err(why) if world.choose(&why.key, 2) == 0 => Access::Allow,
                    Err(_) => Access::Deny,
                };
                for (third, rule) in collection.rules.iter().enumerate() {
                    let kind = match &rule.kind.value {
                        Ok(CollectionKind::Network) => 0,
                        Ok(_) => 1,
                        Err(why) => world.choose(&why.key, 2),
                    };
                    rules.push(((kind, level, (first, at), (priority, second), third), access, rule));
                }
            }
        }
    }
    rules.sort_by_key(|(rank, ..)| *rank);
    let proxy = case.estate.policies.iter().all(|policy| policy.dns_proxy.is_some());
    let found = rules.into_iter().find(|((kind, ..), _, rule)| match kind {
        0 => network_matches(world, rule, packet, proxy),
        _ => application_matches(world, rule, packet),
    });
    found.is_some_and(|(_, access, _)| access == Access::Allow)
}

fn network_matches(world: &mut World, rule: &FirewallRule, packet: Packet<'_>, proxy: bool) -> bool {
    if !world.in_peers(&rule.sources, packet.source) {
        return false;
    }
    if rule.protocols.is_empty() || rule.destination_ports.is_empty() {
        // Of another kind than it looks: what else it matches is anybody's guess.
        let there = rule.destinations.is_empty() || world.in_peers(&rule.destinations, packet.destination);
        return there && world.choose(&format!("guess {rule:p} {packet:?}"), 2) == 0;
    }
    let own = if packet.udp { ProtocolSet::UDP } else { ProtocolSet::TCP };
    let protocol = rule.protocols.iter().any(|one| own.is_subset(*one.known().unwrap()));
    let port = rule.destination_ports.iter().any(|one| one.known().unwrap().contains(packet.port));
    if !protocol || !port {
        return false;
    }
    if world.in_peers(&rule.destinations, packet.destination) {
        return true;
    }
    let resolves = proxy || world.choose("resolves", 2) == 0;
    rule.destination_fqdns.iter().any(|field| {
        let host = field.known().unwrap();
        if resolves {
            packet.host == Some(&**host) || world.address_of(host) == packet.destination
        } else {
            world.choose(&format!("elsewhere {host} {}", packet.destination), 2) == 0
        }
    })
}

fn application_matches(world: &mut World, rule: &FirewallRule, packet: Packet<'_>) -> bool {
    if packet.udp || !world.in_peers(&rule.sources, packet.source) {
        return false;
    }
    if rule.applications.is_empty() {
        return world.choose(&format!("guess {rule:p} {packet:?}"), 2) == 0;
    }
    let Some(host) = packet.host else { return false };
    let port = rule.applications.iter().any(|(name, ports)| {
        let name = name.known().unwrap().to_ascii_lowercase();
        ports.known().unwrap().contains(packet.port)
            && match packet.port {
                443 => name == "https",
                80 => name == "http",
                // What a rule is made of tells it, so that it does the same in another estate.
                _ => world.choose(&format!("odd {name} {}", words(&rule.target_fqdns)), 2) == 0,
            }
    });
    port && rule.target_fqdns.iter().any(|field| match &field.value {
        Ok(pattern) => named(pattern, host),
        Err(why) => world.choose(&format!("{} {host}", why.key), 2) == 0,
    })
}

fn words(fields: &[crate::estate::Field<Arc<str>>]) -> String {
    fields.iter().map(|field| field.known().map_or("?", |word| &**word)).collect::<Vec<_>>().join(" ")
}

/// The network security group, routes, then the firewall. Its built-in rules let everything else pass.
fn passes(case: &Case, world: &mut World, packet: Packet<'_>) -> bool {
    let first = case.group.rules.iter().find(|rule| {
        let port = rule.destination_ports.items.iter().any(|one| one.known().unwrap().contains(packet.port));
        port && world.in_peers(&rule.destinations.items, packet.destination)
    });
    if first.is_some_and(|rule| rule.access.known() == Some(&Access::Deny)) {
        return false;
    }
    let length = |route: &crate::estate::Route| match route.prefixes[0].known() {
        Some(Peer::Addresses(set)) if set.contains(packet.destination) => {
            set.prefixes().next().map(|one| one.prefix_len())
        }
        _ => None,
    };
    let best =
        case.table.routes.iter().filter(|route| length(route).is_some()).max_by_key(|route| length(route)).unwrap();
    match best.next_hop.known().unwrap() {
        NextHop::VirtualAppliance => filter(case, world, packet),
        NextHop::Drop => false,
        NextHop::VirtualNetworkGateway => world.choose(&format!("gateway {packet:?}"), 2) == 0,
        _ => true,
    }
}

/// Whether every packet that is required passes, in one world.
fn all_pass(case: &Case, world: &mut World) -> bool {
    let ports: Vec<u16> = [80, 443, 8787].into_iter().filter(|port| case.flow.ports.contains(*port)).collect();
    let sources = [IpAddr::from([10, 0, 1, 4]), IpAddr::from([10, 0, 1, 200])];
    let mut ends: Vec<(IpAddr, Option<&str>)> = Vec::new();
    let named = |set: &HostSet| HOSTS.into_iter().filter(|host| set.contains(host)).collect::<Vec<_>>();
    let addresses = ADDRESSES.map(IpAddr::from);
    match (&case.flow.to, &case.names) {
        (Party::Hosts(set), _) => {
            ends.extend(named(set).into_iter().map(|host| (world.address_of(host), Some(host))).collect::<Vec<_>>());
        }
        (to, names) => {
            for address in addresses {
                let within = match to {
                    Party::Tag(tag) => world.in_tag(&tag.to_string(), address),
                    Party::Addresses(set) => set.contains(address),
                    _ => unreachable!("no other party is asked for"),
                };
                match names {
                    _ if !within => {}
                    Some(set) => ends.extend(named(set).into_iter().map(|host| (address, Some(host)))),
                    None => {
                        let at = world.choose(&format!("host at {address}"), HOSTS.len() + 1);
                        ends.push((address, HOSTS.get(at).copied()));
                    }
                }
            }
        }
    }
    let udp = case.flow.protocols == ProtocolSet::UDP;
    let mut all = true;
    for source in sources {
        for &(destination, host) in &ends {
            for &port in &ports {
                all &= passes(case, world, Packet { source, destination, udp, port, host });
            }
        }
    }
    all
}

fn judge(case: &Case, data: &TagData) -> Judgement {
    let subnet = AddressSet::prefix("10.0.1.0/24".parse().unwrap());
    let space = AddressSet::prefix("10.0.0.0/16".parse().unwrap());
    let mut scene = Scene::default().in_location("westeurope").with_subnet(subnet).with_network(space);
    scene = scene.in_estate(&case.estate);
    scene.routes = Some(Given::Here(&case.table));
    scene.groups = vec![(Level::Subnet, Given::Here(&case.group))];
    scene.tags = case.loaded.then_some(data);
    scene.prepared().path(&case.flow, case.names.as_ref())
}

fn holds(seed: u64, doubts: bool, decided: &mut BTreeMap<Verdict, usize>) {
    let case = case(seed, doubts);
    let data = World::new(0, true).data();
    let judgement = judge(&case, &data);
    *decided.entry(judgement.verdict).or_default() += 1;
    for world in 0..12 {
        let mut world = World::new(seed.wrapping_add(world), case.loaded);
        let all = all_pass(&case, &mut world);
        match judgement.verdict {
            Verdict::Satisfied => assert!(all, "{seed}: satisfied, but a packet is dropped"),
            Verdict::Violated => assert!(!all, "{seed}: violated, but every packet passes"),
            Verdict::Undecided => {}
        }
    }
    // With everything known and addresses to ask for by tag or prefix, network rules that each have a place leave nothing
    // open.
    let plain =
        |rule: &FirewallRule| rule.kind.known() == Some(&CollectionKind::Network) && rule.destination_fqdns.is_empty();
    let rules = case.estate.collection_groups.iter().flat_map(|group| &group.collections).flat_map(|one| &one.rules);
    let gateway = case.table.routes.iter().any(|one| one.next_hop.known() == Some(&NextHop::VirtualNetworkGateway));
    let placed = case.estate.policies.iter().all(|policy| {
        let groups: Vec<_> = policy.groups.iter().map(|at| &case.estate.collection_groups[*at]).collect();
        let own = |group: &&crate::estate::RuleCollectionGroup| {
            all_differ(
                group.collections.iter().map(|one| one.priority.as_ref().and_then(|field| field.known().copied())),
            )
        };
        groups.iter().all(own)
            && all_differ(groups.iter().map(|one| one.priority.as_ref().and_then(|field| field.known().copied())))
    });
    if !case.open
        && placed
        && case.loaded
        && !gateway
        && !matches!(case.flow.to, Party::Hosts(_))
        && rules.clone().all(plain)
    {
        assert_ne!(judgement.verdict, Verdict::Undecided, "{seed}: nothing is unknown");
    }
}

fn all_differ(priorities: impl Iterator<Item = Option<i64>>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    priorities.flatten().all(|one| seen.insert(one))
}

fn many(cases: u32, doubts: bool) {
    let decided = RefCell::new(BTreeMap::new());
    let config = ProptestConfig { failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::with_cases(cases) };
    TestRunner::new(config)
        .run(&any::<u64>(), |seed| {
            holds(seed, doubts, &mut decided.borrow_mut());
            Ok(())
        })
        .unwrap();
    let decided = decided.into_inner();
    assert!(decided.len() == 3, "the cases are too much alike: {decided:?}");
}

#[test]
fn a_decided_path_agrees_with_the_replay() {
    many(600, false);
}

#[test]
fn a_decided_path_agrees_with_the_replay_whatever_is_unknown() {
    many(600, true);
}
