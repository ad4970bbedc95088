//! The law of coverage: what routes by address leave out of a region's prefixes and those of its pair, as sets tell it,
//! is what looking up every corner of every prefix finds.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use aznetlint::estate::{NextHop, Peer};
use aznetlint::finding::Verdict;
use aznetlint::net::{AddressSet, Tag, TagData};
use aznetlint::proof::{Party, Scene};
use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;

use crate::laws_estate::{known, prefixes, route, table};
use crate::laws_world::{Dice, cases};

/// A region and its pair.
const TAGS: [&str; 2] = ["AzureMachineLearning.WestEurope", "AzureMachineLearning.NorthEurope"];

/// As many uncovered prefixes as a judgement names at most.
const MOST_NAMED: usize = 16;

/// A prefix of a corner of the internet that is small enough for prefixes to meet.
fn prefix(dice: &mut Dice, shortest: usize) -> Ipv4Net {
    let length = u8::try_from(shortest + dice.roll(29 - shortest)).unwrap();
    let address = (20 << 24) | (u32::try_from(dice.roll(1 << 12)).unwrap() << 4);
    Ipv4Net::new(Ipv4Addr::from(address), length).unwrap().trunc()
}

/// The tags as a list would publish them.
fn data(dice: &mut Dice) -> BTreeMap<&'static str, Vec<Ipv4Net>> {
    TAGS.into_iter().map(|tag| (tag, (0..1 + dice.roll(6)).map(|_| prefix(dice, 20)).collect())).collect()
}

/// Routes by address: prefixes of the tags, their halves, what holds them, and others. One route each.
fn routes(dice: &mut Dice, data: &BTreeMap<&'static str, Vec<Ipv4Net>>) -> BTreeMap<Ipv4Net, NextHop> {
    let mut all = BTreeMap::from([(Ipv4Net::default(), NextHop::VirtualAppliance)]);
    for published in data.values().flatten() {
        let half = || published.subnets(published.prefix_len() + 1).ok().and_then(|mut halves| halves.next());
        let to = match dice.roll(8) {
            0 => None,
            1 => half(),
            2 => published.supernet(),
            3 => Some(prefix(dice, 18)),
            _ => Some(*published),
        };
        let hop = if dice.roll(6) == 0 { NextHop::VirtualAppliance } else { NextHop::Internet };
        all.extend(to.map(|to| (to, hop)));
    }
    all
}

/// The first and the last address of every prefix, and those beside them.
fn corners<'n>(nets: impl Iterator<Item = &'n Ipv4Net>) -> Vec<Ipv4Addr> {
    let ends = nets.flat_map(|net| {
        let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
        [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)]
    });
    ends.flatten().map(Ipv4Addr::from).collect()
}

fn lookup(routes: &BTreeMap<Ipv4Net, NextHop>, address: Ipv4Addr) -> NextHop {
    let matching = routes.iter().filter(|(net, _)| net.contains(&address));
    matching.max_by_key(|(net, _)| net.prefix_len()).map_or(NextHop::Drop, |(_, hop)| *hop)
}

fn law(seed: u64, tally: &mut (usize, usize)) {
    let mut dice = Dice::new(seed);
    let published = data(&mut dice);
    let routes = routes(&mut dice, &published);
    let mut tags = TagData::default();
    for (tag, nets) in &published {
        tags.insert(tag, nets.iter().copied().map(IpNet::from).collect());
    }
    let list = routes.iter().enumerate().map(|(at, (net, hop))| {
        let peer = known(Peer::Addresses(AddressSet::prefix(IpNet::from(*net))));
        route(&format!("route{at}"), peer, *hop)
    });
    let table = table(list.collect());
    let scene = Scene::of_routes(&table, Some(&tags)).in_location("westeurope");
    let scene = scene.with_subnet(prefixes(&["10.0.1.0/24"])).with_network(prefixes(&["10.0.0.0/16"]));
    let corners = corners(published.values().flatten().chain(routes.keys()));
    for (tag, nets) in &published {
        let inside = corners.iter().copied().filter(|corner| nets.iter().any(|net| net.contains(corner)));
        let (covered, left): (Vec<Ipv4Addr>, Vec<Ipv4Addr>) =
            inside.partition(|corner| lookup(&routes, *corner) == NextHop::Internet);
        let judgement = scene.prepared().judge_route(&Party::Tag(Tag::named(tag).unwrap()), NextHop::Internet);
        let shown = format!("{seed}: {tag}: {published:?} {routes:?} {:?}", judgement.uncovered);
        if left.is_empty() {
            tally.0 += 1;
            assert_eq!(judgement.verdict, Verdict::Satisfied, "{shown}");
            continue;
        }
        tally.1 += 1;
        assert_eq!(judgement.verdict, Verdict::Violated, "{shown}");
        // Nothing is named where nothing at all is covered.
        assert_eq!(judgement.uncovered.is_empty(), covered.is_empty(), "{shown}");
        let named = AddressSet::from_prefixes(judgement.uncovered.iter().map(|net| net.parse().unwrap()));
        assert!(covered.iter().all(|corner| !named.contains(IpAddr::V4(*corner))), "{shown}");
        if !covered.is_empty() && judgement.uncovered.len() < MOST_NAMED {
            assert!(left.iter().all(|corner| named.contains(IpAddr::V4(*corner))), "{shown}");
        }
    }
}

#[test]
fn gaps_in_coverage_are_those_found_at_the_corners_of_prefixes() {
    let tally = std::cell::RefCell::new((0, 0));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(1000)) };
    let outcome = TestRunner::new(config).run(&any::<u64>(), |seed| {
        law(seed, &mut tally.borrow_mut());
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (covered, left) = tally.into_inner();
    assert!(covered > 20 && left > 20, "{covered} covered, {left} not");
}
