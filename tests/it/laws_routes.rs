//! The law of the proof over routes: whatever it decides, looking up the longest prefix packet by packet decides the same.

use std::net::IpAddr;

use aznetlint::estate::{NextHop, Peer, RouteTable};
use aznetlint::finding::Verdict;
use aznetlint::net::{Tag, TagData};
use aznetlint::proof::{Judgement, Party, Scene};
use ipnet::IpNet;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;

use crate::laws_estate::{known, partly, peer, prefixes, route, table, unknown, why};
use crate::laws_world::{Dice, World, addresses, cases};

const TO: [&str; 17] = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "128.0.0.0/1",
    "20.0.0.0/8",
    "20.1.0.0/16",
    "20.1.7.0/24",
    "20.1.7.1/32",
    "10.0.0.0/8",
    "10.0.2.0/24",
    "AzureMachineLearning",
    "Storage",
    "Storage.WestEurope",
    "Storage.NorthEurope",
    "AzureCloud",
    "AzureCloud.westeurope",
    "AzureActiveDirectory",
    "AzureMonitor",
];
const HOPS: [NextHop; 4] =
    [NextHop::Internet, NextHop::VirtualAppliance, NextHop::Drop, NextHop::VirtualNetworkGateway];
const WANTED: [&str; 9] = [
    "AzureMachineLearning",
    "Storage",
    "Storage.WestEurope",
    "AzureActiveDirectory",
    "AzureMonitor",
    "Internet",
    "20.0.0.0/8",
    "10.0.2.0/24",
    "AzureCloud",
];

/// How the system routes: the network itself, what is private, and the rest.
const SYSTEM: [(&str, NextHop); 6] = [
    ("10.0.0.0/16", NextHop::VnetLocal),
    ("0.0.0.0/0", NextHop::Internet),
    ("10.0.0.0/8", NextHop::Drop),
    ("172.16.0.0/12", NextHop::Drop),
    ("192.168.0.0/16", NextHop::Drop),
    ("100.64.0.0/10", NextHop::Drop),
];

#[derive(Debug)]
struct Spec {
    /// `None`: `Storage.` and an unknown region; `usize::MAX`: unknown.
    to: Option<usize>,
    hop: Option<usize>,
    condition: bool,
}

#[derive(Debug)]
struct Case {
    routes: Vec<Spec>,
    wanted: &'static str,
    hop: NextHop,
}

fn case(seed: u64, doubts: bool) -> Case {
    let mut dice = Dice::new(seed);
    let count = dice.roll(6);
    let mut routes = Vec::new();
    for _ in 0..count {
        let doubt = |dice: &mut Dice| doubts && dice.roll(14) == 0;
        let to = match (doubt(&mut dice), doubt(&mut dice)) {
            (true, _) => None,
            (_, true) => Some(usize::MAX),
            _ => Some(dice.roll(TO.len())),
        };
        let hop = if doubt(&mut dice) { None } else { Some(dice.roll(HOPS.len())) };
        routes.push(Spec { to, hop, condition: doubt(&mut dice) });
    }
    Case { routes, wanted: WANTED[dice.roll(WANTED.len())], hop: HOPS[dice.roll(2)] }
}

fn build(case: &Case) -> RouteTable {
    let routes = case.routes.iter().enumerate().map(|(index, spec)| {
        let to = match spec.to {
            None => partly("Storage.", "region"),
            Some(usize::MAX) => unknown(&format!("prefix{index}")),
            Some(at) => known(peer(TO[at])),
        };
        let mut one = route(&format!("route{index}"), to, spec.hop.map_or(NextHop::Internet, |at| HOPS[at]));
        if spec.hop.is_none() {
            one.next_hop = unknown(&format!("hop{index}"));
        }
        one.condition = spec.condition.then(|| why(&format!("condition{index}"), Vec::new()));
        one
    });
    table(routes.collect())
}

/// The length of the prefix by which a tag holds an address, in one world. Inner tags have at least as long ones.
fn length(world: &mut World, tag: &str, address: IpAddr, exact: bool) -> usize {
    if exact {
        return 32;
    }
    let mut draw = |name: &str, from: usize, to: usize| from + world.choose(&format!("{name} {address}"), to - from);
    let cloud = draw("AzureCloud", 9, 14);
    let region = draw("AzureCloud region", cloud, 20);
    let base = match tag.split('.').next() {
        Some(name @ ("Storage" | "AzureActiveDirectory")) => draw(name, 9, 24),
        Some(name) => draw(name, cloud, 24),
        None => cloud,
    };
    match tag {
        "AzureCloud" => cloud,
        _ if tag.starts_with("AzureCloud.") => region,
        _ if tag.contains('.') => draw(tag, base.max(region), 28),
        _ => base,
    }
}

/// Where a packet goes: the longest prefix, and of equal ones the preferred route.
fn lookup(case: &Case, world: &mut World, address: IpAddr, exact: bool) -> NextHop {
    let mut best: Option<(usize, i32, NextHop)> = None;
    let mut offer = |length: usize, preference: i32, hop: NextHop| {
        if best.is_none_or(|(long, preferred, _)| (length, preference) > (long, preferred)) {
            best = Some((length, preference, hop));
        }
    };
    for (text, hop) in SYSTEM {
        let prefix: IpNet = text.parse().unwrap_or_default();
        if prefix.contains(&address) {
            offer(prefix.prefix_len().into(), 0, hop);
        }
    }
    for (index, spec) in case.routes.iter().enumerate() {
        if spec.condition && world.choose(&format!("condition{index}"), 2) == 0 {
            continue;
        }
        let hop = HOPS[spec.hop.unwrap_or_else(|| world.choose(&format!("hop{index}"), HOPS.len()))];
        // Of two routes with one prefix either may win, so the world prefers one of them.
        let tie = i32::try_from(world.choose(&format!("tie {index}"), 1000)).unwrap_or_default();
        let name = match spec.to {
            None => {
                ["Storage.WestEurope", "Storage.NorthEurope", "Storage.AustraliaCentral"][world.choose("region", 3)]
            }
            Some(usize::MAX) => TO[world.choose(&format!("prefix{index}"), TO.len())],
            Some(at) => TO[at],
        };
        if !world.is_in(name, address) {
            continue;
        }
        match name.parse::<IpNet>() {
            Ok(prefix) => offer(prefix.prefix_len().into(), 5000 + tie, hop),
            Err(_) => {
                let rank = match (name.starts_with("AzureCloud"), name.contains('.')) {
                    (false, true) => 4,
                    (false, false) => 3,
                    (true, true) => 2,
                    (true, false) => 1,
                };
                offer(length(world, name, address, exact), rank * 1000 + tie, hop);
            }
        }
    }
    best.map_or(NextHop::Drop, |(_, _, hop)| hop)
}

fn misled(case: &Case, world: &mut World, exact: bool) -> Option<(IpAddr, NextHop)> {
    addresses().into_iter().filter(IpAddr::is_ipv4).find_map(|address| {
        let wanted = world.is_in(case.wanted, address);
        let hop = if wanted { lookup(case, world, address, exact) } else { case.hop };
        (hop != case.hop).then_some((address, hop))
    })
}

fn judge(case: &Case, table: &RouteTable, data: Option<&TagData>) -> Judgement {
    let scene = Scene::of_routes(table, data).with_subnet(prefixes(&["10.0.1.0/24"]));
    let scene = scene.with_network(prefixes(&["10.0.0.0/16"]));
    let party = match peer(case.wanted) {
        Peer::Addresses(set) => Party::Addresses(set),
        _ => Party::Tag(Tag::named(case.wanted).expect("the law names known tags")),
    };
    scene.prepared().judge_route(&party, case.hop)
}

/// A tie between tags, or of one tag with itself, is settled by the world alone.
fn has_twins(case: &Case) -> bool {
    let name = |spec: &Spec| spec.to.and_then(|at| TO.get(at));
    let twins =
        |at: usize, one: &Spec| case.routes[..at].iter().any(|two| name(one).is_some() && name(one) == name(two));
    case.routes.iter().enumerate().any(|(at, one)| twins(at, one))
}

fn world(seed: u64) -> World {
    World::new(seed, prefixes(&["10.0.0.0/16"]))
}

fn hold(doubts: bool, law: impl Fn(&Case, u64)) {
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(3000)) });
    let outcome = runner.run(&any::<u64>(), |seed| {
        let case = case(seed, doubts);
        law(&case, seed);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Draws worlds and holds a verdict against the lookup in each.
fn in_worlds(case: &Case, seed: u64, verdict: Verdict) {
    for number in 0..12 {
        let mut world = world(seed.wrapping_add(number * 7919));
        let misled = misled(case, &mut world, false);
        match verdict {
            Verdict::Satisfied => assert!(misled.is_none(), "satisfied, but {misled:?}\n{case:#?}"),
            Verdict::Violated => assert!(misled.is_some(), "violated, but every packet goes there\n{case:#?}"),
            Verdict::Undecided => {}
        }
    }
}

#[test]
fn routes_by_tag_are_decided_right_whatever_the_addresses_are() {
    hold(false, |case, seed| in_worlds(case, seed, judge(case, &build(case), None).verdict));
}

#[test]
fn unknown_routes_are_decided_right_whatever_they_turn_out_to_be() {
    hold(true, |case, seed| in_worlds(case, seed, judge(case, &build(case), None).verdict));
}

#[test]
fn routes_with_data_go_where_the_longest_prefix_leads() {
    hold(false, |case, seed| {
        let mut world = world(seed);
        let data = world.data();
        let verdict = judge(case, &build(case), Some(&data)).verdict;
        let misled = misled(case, &mut world, true);
        match verdict {
            Verdict::Satisfied => assert!(misled.is_none(), "satisfied, but {misled:?}\n{case:#?}"),
            Verdict::Violated => assert!(misled.is_some(), "violated, but every packet goes there\n{case:#?}"),
            Verdict::Undecided => assert!(has_twins(case), "undecided for no reason\n{case:#?}"),
        }
    });
}
