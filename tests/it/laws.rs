//! The laws of the proof over security groups: whatever it decides, a packet-by-packet replay decides the same, in
//! every world that everything unknown may turn out to be.

use std::cell::RefCell;
use std::net::IpAddr;

use aznetlint::estate::{Access, Direction, Field, NetworkSecurityGroup, Peer};
use aznetlint::finding::Verdict;
use aznetlint::net::{AddressSet, Cloud, PortSet, ProtocolSet, Tag, TagData};
use aznetlint::proof::{Flow, Judgement, Matching, Party, Scene};
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;

use crate::laws_estate::{group, known, partly, peer, ports, prefixes, rule, side, unknown, why};
use crate::laws_world::{Dice, World, addresses, cases};

const PEERS: [&str; 24] = [
    "*",
    "AzureMachineLearning",
    "Storage",
    "Storage.WestEurope",
    "Storage.NorthEurope",
    "AzureCloud",
    "AzureCloud.westeurope",
    "AzureActiveDirectory",
    "AzureMonitor",
    "AzureMonitor.WestEurope",
    "BatchNodeManagement.WestEurope",
    "Internet",
    "VirtualNetwork",
    "AzureLoadBalancer",
    "10.0.0.0/16",
    "192.168.0.0/16",
    "0.0.0.0/0",
    "20.0.0.0/8",
    "20.1.0.0/16",
    "128.0.0.0/1",
    "::/0",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "fd00::/16",
];
const OWN: [&str; 8] = ["*", "*", "VirtualNetwork", "10.0.1.0/24", "10.0.1.0/25", "20.0.0.0/8", "fd00::/64", "::/0"];
const WANTED: [&str; 13] = [
    "AzureMachineLearning",
    "Storage",
    "Storage.WestEurope",
    "AzureActiveDirectory",
    "BatchNodeManagement.WestEurope",
    "AzureMonitor",
    "Internet",
    "VirtualNetwork",
    "20.0.0.0/8",
    "192.168.0.0/16",
    "AzureCloud",
    "2001:db8::/32",
    "fd00::/16",
];
const PROTOCOLS: [ProtocolSet; 4] = [ProtocolSet::ALL, ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ICMP];
const PORTS: [(u16, u16); 6] = [(0, 65535), (443, 443), (80, 80), (80, 443), (400, 500), (44224, 44224)];
const CORNERS: [u16; 8] = [79, 80, 300, 420, 443, 450, 44224, 50000];

/// What a law lets be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubts {
    /// Nothing; rules name addresses only.
    None,
    /// The contents of tags, which explicit public prefixes may meet.
    Tags,
    /// Tags, values of fields, conditions, places and the network.
    All,
}

/// A value of a rule as the law knows it: an index into a table, or a key whose index the world chooses.
#[derive(Clone, Debug)]
enum Choice {
    Is(usize),
    Open(String),
    /// `Storage.` and an unknown region.
    Region,
}

#[derive(Clone, Debug)]
struct Spec {
    priority: Option<i64>,
    allow: Choice,
    protocol: Choice,
    ports: Choice,
    own: Choice,
    peer: Choice,
    condition: Option<String>,
}

#[derive(Debug)]
struct Case {
    direction: Direction,
    rules: Vec<Spec>,
    wanted: &'static str,
    protocol: usize,
    ports: usize,
    network_known: bool,
    /// The network has addresses among those of tags.
    network_public: bool,
    subnet_known: bool,
    v6: bool,
}

/// Whether a name may stand in a case. Addresses alone come in both families; of tags no IPv6 address is known.
fn allowed(doubts: Doubts, name: &str) -> bool {
    if doubts == Doubts::None { name == "*" || name.contains('/') } else { !name.contains(':') }
}

fn number(rolled: usize) -> i64 {
    i64::try_from(rolled).unwrap_or_default()
}

/// Draws a case.
fn case(seed: u64, doubts: Doubts) -> Case {
    let mut dice = Dice::new(seed);
    let plain = |dice: &mut Dice, table: &[&str]| loop {
        let at = dice.roll(table.len());
        if allowed(doubts, table[at]) {
            return at;
        }
    };
    let count = 1 + dice.roll(6);
    let mut rules = Vec::new();
    for index in 0..count {
        let open = |dice: &mut Dice, value: usize| match doubts == Doubts::All && dice.roll(14) == 0 {
            true => Choice::Open(format!("key{}", dice.roll(4) + index)),
            false => Choice::Is(value),
        };
        let (own, far) = (plain(&mut dice, &OWN), plain(&mut dice, &PEERS));
        let (allow, protocol, ports) = (dice.roll(2), dice.roll(PROTOCOLS.len()), dice.roll(PORTS.len()));
        let mut spec = Spec {
            priority: Some(100 + number(dice.roll(9))),
            allow: open(&mut dice, allow),
            protocol: open(&mut dice, protocol),
            ports: open(&mut dice, ports),
            own: open(&mut dice, own),
            peer: open(&mut dice, far),
            condition: None,
        };
        if doubts == Doubts::All {
            if dice.roll(12) == 0 {
                spec.peer = Choice::Region;
            }
            if dice.roll(12) == 0 {
                spec.condition = Some(format!("condition{}", dice.roll(2)));
            }
            if dice.roll(12) == 0 {
                spec.priority = None;
            }
        }
        rules.push(spec);
    }
    let wanted = loop {
        let wanted = WANTED[dice.roll(WANTED.len())];
        if allowed(doubts, wanted) {
            break wanted;
        }
    };
    let mut case = Case {
        direction: if dice.flip() { Direction::Outbound } else { Direction::Inbound },
        rules,
        wanted,
        protocol: dice.roll(PROTOCOLS.len()),
        ports: dice.roll(PORTS.len()),
        network_known: doubts != Doubts::All || dice.roll(3) > 0,
        network_public: false,
        subnet_known: doubts != Doubts::All || dice.roll(4) > 0,
        v6: doubts == Doubts::None && dice.flip(),
    };
    case.network_public = case.network_known && doubts != Doubts::None && dice.roll(4) == 0;
    case
}

/// The address space of the network, as it is shown.
fn space(case: &Case) -> AddressSet {
    let private = prefixes(&["10.0.0.0/16", "fd00::/48"]);
    if case.network_public { private.union(&prefixes(&["20.0.0.0/16"])) } else { private }
}

/// The group of a case.
fn build(case: &Case) -> NetworkSecurityGroup {
    let field = |choice: &Choice, table: &[&str]| -> Field<Peer> {
        match choice {
            Choice::Is(at) => known(peer(table[*at])),
            Choice::Open(key) => unknown(key),
            Choice::Region => partly("Storage.", "region"),
        }
    };
    let rules = case.rules.iter().enumerate().map(|(index, spec)| {
        let mut one = rule(&format!("rule{index}"), spec.priority.unwrap_or_default());
        if spec.priority.is_none() {
            one.priority = unknown(&format!("priority{index}"));
        }
        one.direction = known(case.direction);
        one.access = match &spec.allow {
            Choice::Is(at) => known(if *at == 0 { Access::Allow } else { Access::Deny }),
            Choice::Open(key) => unknown(key),
            Choice::Region => unreachable!(),
        };
        one.protocol = match &spec.protocol {
            Choice::Is(at) => known(PROTOCOLS[*at]),
            Choice::Open(key) => unknown(key),
            Choice::Region => unreachable!(),
        };
        one.destination_ports = ports(vec![match &spec.ports {
            Choice::Is(at) => known(PortSet::range(PORTS[*at].0, PORTS[*at].1)),
            Choice::Open(key) => unknown(key),
            Choice::Region => unreachable!(),
        }]);
        let (own, far) = (side(vec![field(&spec.own, &OWN)]), side(vec![field(&spec.peer, &PEERS)]));
        (one.sources, one.destinations) = match case.direction {
            Direction::Outbound => (own, far),
            Direction::Inbound => (far, own),
        };
        one.condition = spec.condition.as_ref().map(|key| why(key, Vec::new()));
        one
    });
    group(rules.collect())
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    protocol: ProtocolSet,
    port: u16,
    own: IpAddr,
    far: IpAddr,
}

/// First match, packet by packet, as the documents tell it.
fn passes(case: &Case, order: &[usize], world: &mut World, packet: Packet) -> bool {
    let outbound = case.direction == Direction::Outbound;
    let platform = [IpAddr::from([168, 63, 129, 16]), IpAddr::from([169, 254, 169, 254])];
    if outbound && platform.contains(&packet.far) {
        return true;
    }
    for &index in order {
        let spec = &case.rules[index];
        if let Some(key) = &spec.condition
            && world.choose(key, 2) == 0
        {
            continue;
        }
        let protocol = PROTOCOLS[of(world, &spec.protocol, "protocol", PROTOCOLS.len())];
        let ports = PORTS[of(world, &spec.ports, "ports", PORTS.len())];
        let own = OWN[of(world, &spec.own, "own", OWN.len())];
        let far = match &spec.peer {
            Choice::Region => {
                ["Storage.WestEurope", "Storage.NorthEurope", "Storage.AustraliaCentral"][world.choose("region", 3)]
            }
            choice => PEERS[of(world, choice, "peer", PEERS.len())],
        };
        let has_ports = packet.protocol.has_ports();
        if packet.protocol.is_subset(protocol)
            && (!has_ports || (ports.0..=ports.1).contains(&packet.port))
            && world.is_in(own, packet.own)
            && world.is_in(far, packet.far)
        {
            return of(world, &spec.allow, "allow", 2) == 0;
        }
    }
    let network = |world: &mut World, address| world.is_in("VirtualNetwork", address);
    let between = network(world, packet.own) && network(world, packet.far);
    between || (if outbound { world.is_in("Internet", packet.far) } else { packet.far == platform[0] })
}

/// The index a choice stands for. A key means one value per kind of field, as it would in a template.
fn of(world: &mut World, choice: &Choice, kind: &str, sides: usize) -> usize {
    match choice {
        Choice::Is(at) => *at,
        Choice::Open(key) => world.choose(&format!("{kind} {key}"), sides),
        Choice::Region => unreachable!(),
    }
}

/// The order the rules are read in, in one world: ties and unknown places as it chooses.
fn order(case: &Case, world: &mut World) -> Vec<usize> {
    let mut places: Vec<(i64, usize, usize)> = Vec::new();
    for (index, spec) in case.rules.iter().enumerate() {
        let priority = match spec.priority {
            Some(priority) => priority,
            // Azure refuses two equal ones, so the unknown priority is one that nobody has.
            None => {
                let drawn = 100 + number(world.choose(&format!("place {index}"), 12));
                (drawn..).find(|free| case.rules.iter().all(|one| one.priority != Some(*free))).unwrap_or(drawn)
            }
        };
        places.push((priority, world.choose(&format!("tie {index}"), 1000), index));
    }
    places.sort_unstable();
    places.into_iter().map(|(_, _, index)| index).collect()
}

/// The packets that are required, in one world.
fn required(case: &Case, world: &mut World) -> Vec<Packet> {
    let (first, last) = PORTS[case.ports];
    let mut subnet: Vec<IpAddr> = match case.subnet_known || world.choose("subnet", 2) == 0 {
        true => vec![[10, 0, 1, 4].into(), [10, 0, 1, 200].into()],
        false => vec![[10, 0, 2, 4].into()],
    };
    if case.v6 {
        subnet.push(IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, 4]));
    }
    let all_ports = first == 0 && last == 65535;
    let platform = [IpAddr::from([168, 63, 129, 16]), IpAddr::from([169, 254, 169, 254])];
    let mut all = Vec::new();
    for (protocol, _) in PROTOCOLS[case.protocol].each() {
        if !protocol.has_ports() && !all_ports {
            continue;
        }
        for port in CORNERS.into_iter().filter(|port| (first..=last).contains(port)) {
            for &own in &subnet {
                for far in addresses().into_iter().filter(|far| far.is_ipv4() == own.is_ipv4()) {
                    let wanted = world.is_in(case.wanted, far);
                    if wanted && !(case.wanted == "VirtualNetwork" && platform.contains(&far)) {
                        all.push(Packet { protocol, port, own, far });
                    }
                }
            }
        }
    }
    all
}

/// A required packet that is dropped, in one world.
fn drops(case: &Case, world: &mut World) -> Option<Packet> {
    let order = order(case, world);
    required(case, world).into_iter().find(|packet| !passes(case, &order, world, *packet))
}

fn judge(case: &Case, group: &NetworkSecurityGroup, data: Option<&TagData>) -> Judgement {
    let mut scene = Scene::of_group(group, data);
    assert_eq!(scene.cloud, Some(Cloud::Public));
    if case.subnet_known {
        let both = prefixes(&["10.0.1.0/24", "fd00::/64"]);
        scene = scene.with_subnet(if case.v6 { both } else { prefixes(&["10.0.1.0/24"]) });
    }
    if case.network_known {
        scene = scene.with_network(space(case));
    }
    let wanted = match peer(case.wanted) {
        Peer::Addresses(set) => Party::Addresses(set),
        _ => Party::Tag(Tag::named(case.wanted).expect("the law names known tags")),
    };
    let (from, to) = match case.direction {
        Direction::Outbound => (Party::Subnet, wanted),
        Direction::Inbound => (wanted, Party::Subnet),
    };
    let ports = PortSet::range(PORTS[case.ports].0, PORTS[case.ports].1);
    let protocols = PROTOCOLS[case.protocol];
    scene.prepared().judge(&Flow {
        direction: case.direction,
        protocols,
        from,
        to,
        ports,
        matching: Matching::Effective,
    })
}

/// A world of a case.
fn world(case: &Case, seed: u64) -> World {
    let mut dice = Dice::new(seed.wrapping_mul(31));
    dice.roll(2);
    let more = ["10.9.0.0/16", "192.168.0.0/16", "172.16.0.0/12"][dice.roll(3)];
    let known = case.network_known || dice.flip();
    let space = space(case);
    World::new(seed, if known { space } else { space.union(&prefixes(&[more])) })
}

/// Whether explicit public prefixes meet tags, which no name can decide: the few worlds drawn may then agree by chance.
fn meets_tags(case: &Case) -> bool {
    let public = |name: &str| ["20.0.0.0/8", "20.1.0.0/16", "128.0.0.0/1"].contains(&name);
    case.network_public
        || public(case.wanted)
        || case.rules.iter().any(|spec| matches!(&spec.peer, Choice::Is(at) if public(PEERS[*at])))
}

#[derive(Default, Debug)]
struct Tally {
    satisfied: usize,
    violated: usize,
    undecided: usize,
    needlessly: usize,
}

/// Whether no packet is asked for; then the replay knows none either, and nothing is decided.
fn asks_nothing(case: &Case, judgement: &Judgement, world: &mut World) -> bool {
    let (first, last) = PORTS[case.ports];
    let has_ports = PROTOCOLS[case.protocol].each().any(|(one, _)| one.has_ports());
    assert!(judgement.asks_nothing || has_ports || (first, last) == (0, 65535), "a protocol without ports\n{case:#?}");
    if judgement.asks_nothing {
        assert_eq!(judgement.verdict, Verdict::Undecided);
        assert!(required(case, world).is_empty() && !judgement.why.is_empty(), "{:?}\n{case:#?}", judgement.why);
    }
    judgement.asks_nothing
}

/// Holds the proof against the replay, many times; says how often it decided.
fn hold(doubts: Doubts, usual: u32, worlds: u64) -> Tally {
    let tally = RefCell::new(Tally::default());
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(usual)) });
    let outcome = runner.run(&any::<u64>(), |seed| {
        let case = case(seed, doubts);
        let group = build(&case);
        let judgement = judge(&case, &group, None);
        if asks_nothing(&case, &judgement, &mut world(&case, seed)) {
            return Ok(());
        }
        let (mut dropping, mut passing) = (0, 0);
        for number in 0..worlds {
            let mut world = world(&case, seed.wrapping_add(number.wrapping_mul(7919)));
            let dropped = drops(&case, &mut world);
            match (judgement.verdict, dropped) {
                (Verdict::Satisfied, Some(packet)) => panic!("satisfied, but {packet:?} is dropped\n{case:#?}"),
                (Verdict::Violated, None) => panic!("violated by {:?}, but passes\n{case:#?}", judgement.witness),
                (_, Some(_)) => dropping += 1,
                (_, None) => passing += 1,
            }
        }
        let mut tally = tally.borrow_mut();
        match judgement.verdict {
            Verdict::Satisfied => tally.satisfied += 1,
            Verdict::Violated => tally.violated += 1,
            Verdict::Undecided => {
                tally.undecided += 1;
                assert!(!judgement.why.is_empty(), "undecided for no reason\n{case:#?}");
                if (dropping == 0 || passing == 0) && !meets_tags(&case) {
                    tally.needlessly += 1;
                }
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    tally.into_inner()
}

#[test]
fn addresses_alone_are_always_decided_as_a_replay_decides() {
    let tally = hold(Doubts::None, 2000, 4);
    assert!(tally.satisfied > 50 && tally.violated > 50, "{tally:?}");
    // Two rules of one priority are all that is left to doubt.
    assert!(tally.undecided * 10 < tally.satisfied + tally.violated, "{tally:?}");
}

#[test]
fn tags_without_data_are_decided_right_whatever_their_addresses_are() {
    let tally = hold(Doubts::Tags, 2000, 16);
    assert!(tally.satisfied > 50 && tally.violated > 50, "{tally:?}");
    assert!(tally.needlessly * 100 < tally.satisfied + tally.violated, "{tally:?}");
}

#[test]
fn unknown_values_are_decided_right_whatever_they_turn_out_to_be() {
    let tally = hold(Doubts::All, 2000, 16);
    assert!(tally.satisfied > 50 && tally.violated > 50, "{tally:?}");
    assert!(tally.needlessly * 50 < tally.satisfied + tally.violated, "{tally:?}");
}

#[test]
fn tags_with_data_are_sets_like_any_other() {
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(2000)) });
    let outcome = runner.run(&any::<u64>(), |seed| {
        let case = case(seed, Doubts::Tags);
        let mut world = world(&case, seed);
        let data = world.data();
        let judgement = judge(&case, &build(&case), Some(&data));
        if asks_nothing(&case, &judgement, &mut world) {
            return Ok(());
        }
        let verdict = judgement.verdict;
        let dropped = drops(&case, &mut world);
        match verdict {
            Verdict::Satisfied => assert!(dropped.is_none(), "satisfied, but {dropped:?} is dropped\n{case:#?}"),
            Verdict::Violated => assert!(dropped.is_some(), "violated, but passes\n{case:#?}"),
            Verdict::Undecided => {
                let tie = |one: &Spec, two: &Spec| one.priority == two.priority;
                let ties =
                    case.rules.iter().enumerate().any(|(at, one)| case.rules[..at].iter().any(|two| tie(one, two)));
                assert!(ties, "undecided for no reason\n{case:#?}");
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
