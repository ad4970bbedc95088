//! The law of cells: whatever splits, joins or sorts them, each packet of each world ends where looking at it alone says.

use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;

use crate::estate::{Access, SecurityRule};
use crate::finding::Layer;
use crate::net::{AddressSet, Family, PortSet, ProtocolSet};
use crate::proof::cell::{Cell, Clause, Cube, Match};
use crate::proof::doubt::Doubt;
use crate::proof::first_match::{DecidedBy, PlacedClause, Run, first_match, join};
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::stage::{Author, Entry, Stage};
use crate::proof::symbol::{End, Literal, Meaning, Symbol, Symbols};
use crate::proof::tests::{Dice, outbound};

const PORTED: [ProtocolSet; 2] = [ProtocolSet::TCP, ProtocolSet::UDP];
const PORTLESS: [ProtocolSet; 2] = [ProtocolSet::ICMP, ProtocolSet::ESP];
/// At least one of each kind that the sets below tell apart.
const FROM: [[u8; 4]; 3] = [[10, 0, 1, 4], [10, 0, 1, 200], [10, 0, 2, 4]];
const TO: [[u8; 4]; 4] = [[20, 0, 0, 1], [20, 0, 0, 200], [20, 1, 0, 1], [40, 0, 0, 1]];
const PORTS: [u16; 4] = [0, 80, 443, u16::MAX];
const HOSTS: [&str; 3] = ["a.org", "b.org", "c.net"];

/// A packet in one world: whether each of two unknown values holds.
struct Packet {
    protocol: ProtocolSet,
    from: [u8; 4],
    to: [u8; 4],
    source_port: u16,
    port: u16,
    host: &'static str,
    world: [bool; 2],
}

fn packets() -> Vec<Packet> {
    let mut all = Vec::new();
    for protocol in PORTED.into_iter().chain(PORTLESS) {
        for (from, to) in FROM.into_iter().flat_map(|from| TO.map(|to| (from, to))) {
            for (source_port, port) in [80, 443].into_iter().flat_map(|source| PORTS.map(|port| (source, port))) {
                for (at, host) in HOSTS.into_iter().enumerate() {
                    let world = [port == 443 || at == 0, from[3] == 4];
                    all.push(Packet { protocol, from, to, source_port, port, host, world });
                }
            }
        }
    }
    all
}

struct Pieces {
    symbols: Symbols,
    unknown: [Symbol; 2],
}

impl Pieces {
    fn new() -> Self {
        let mut symbols = Symbols::new(Family::V4, None);
        let unknown = ["one", "two"].map(|key| symbols.of(Meaning::World(Arc::from(key)), || Doubt::new("")));
        Self { symbols, unknown }
    }

    fn cube(&self, dice: &mut Dice, often: usize) -> Cube {
        let mut cube = Cube::new();
        for symbol in self.unknown {
            if dice.roll(often) == 0 {
                cube.push(if dice.roll(2) == 0 { symbol.holds() } else { symbol.fails() });
            }
        }
        cube
    }

    fn holds(&self, cube: &[Literal], packet: &Packet) -> bool {
        let value = |literal: &Literal| packet.world[usize::from(literal.symbol == self.unknown[1])];
        cube.iter().all(|literal| value(literal) == literal.holds)
    }

    fn terms<S: crate::proof::cell::Values>(&self, dice: &mut Dice, set: impl Fn(&mut Dice) -> S) -> Match<S> {
        let mut all = Match::nothing();
        all.add(set(dice), Cube::new());
        if dice.roll(5) == 0 {
            all.add(set(dice), self.cube(dice, 2));
        }
        all
    }

    /// A rule; `hosted`: it may look at hosts.
    fn clause(&self, dice: &mut Dice, hosted: bool) -> Clause {
        Clause {
            guards: self.cube(dice, 8),
            protocols: Match::of(dice.one(&[ProtocolSet::ALL, ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ICMP])),
            sources: self.terms(dice, sources),
            source_ports: Match::of(source_ports(dice)),
            destinations: self.terms(dice, destinations),
            destination_ports: self.terms(dice, ports),
            hosts: (hosted && dice.roll(3) == 0).then(|| self.terms(dice, hosts)),
        }
    }

    fn cell(&self, dice: &mut Dice) -> Cell {
        let ported = dice.roll(3) > 0;
        let [one, two] = if ported { PORTED } else { PORTLESS };
        let port_set =
            |dice: &mut Dice, set: fn(&mut Dice) -> PortSet| Arc::new(if ported { set(dice) } else { PortSet::full() });
        Cell {
            cube: self.cube(dice, 4),
            protocols: dice.one(&[one, two, one.union(two)]),
            sources: Arc::new(sources(dice)),
            source_ports: port_set(dice, source_ports),
            destinations: Arc::new(destinations(dice)),
            destination_ports: port_set(dice, ports),
            hosts: Arc::new(hosts(dice)),
        }
    }

    fn is_in(&self, cell: &Cell, packet: &Packet) -> bool {
        let ports = cell.destination_ports.contains(packet.port) && cell.source_ports.contains(packet.source_port);
        packet.protocol.is_subset(cell.protocols)
            && (PORTLESS.contains(&packet.protocol) || ports)
            && cell.sources.contains(packet.from.into())
            && cell.destinations.contains(packet.to.into())
            && cell.hosts.contains(packet.host)
            && self.holds(&cell.cube, packet)
    }

    fn matches(&self, clause: &Clause, packet: &Packet) -> bool {
        fn some<S>(pieces: &Pieces, wanted: &Match<S>, packet: &Packet, holds: impl Fn(&S) -> bool) -> bool {
            wanted.terms.iter().any(|term| holds(&term.set) && pieces.holds(&term.cube, packet))
        }
        let ports = || {
            some(self, &clause.destination_ports, packet, |set| set.contains(packet.port))
                && some(self, &clause.source_ports, packet, |set| set.contains(packet.source_port))
        };
        self.holds(&clause.guards, packet)
            && some(self, &clause.protocols, packet, |set| packet.protocol.is_subset(*set))
            && (PORTLESS.contains(&packet.protocol) || ports())
            && some(self, &clause.sources, packet, |set| set.contains(packet.from.into()))
            && some(self, &clause.destinations, packet, |set| set.contains(packet.to.into()))
            && clause.hosts.as_ref().is_none_or(|hosts| some(self, hosts, packet, |set| set.contains(packet.host)))
    }

    fn count(&self, cells: &[Cell], packet: &Packet) -> usize {
        cells.iter().filter(|cell| self.is_in(cell, packet)).count()
    }

    /// Each packet of the cells is decided by the first clause that matches it, once for each cell it is in.
    fn sorted(&self, cells: &[Cell], clauses: &[Clause], run: &Run, seed: u64) {
        assert!(!run.exceeded, "{seed}");
        for packet in packets() {
            let there = self.count(cells, &packet);
            let first = clauses.iter().position(|clause| self.matches(clause, &packet));
            let mut by = Vec::new();
            for piece in run.decided.iter().filter(|piece| self.is_in(&piece.cell, &packet)) {
                by.push(match &piece.by {
                    DecidedBy::One(clause) => *clause,
                    DecidedBy::Several(shares) => {
                        let address = if shares.end == End::Source { packet.from } else { packet.to };
                        let mut own = shares.parts.iter().filter(|(_, part)| part.contains(address.into()));
                        let (clause, _) = own.next().unwrap();
                        assert!(own.next().is_none(), "{seed}: two share one address");
                        *clause
                    }
                });
            }
            // Cells that overlap may be joined, and hold a packet once; a single one is never told twice.
            let times = |count: usize| if cells.len() == 1 { count } else { count.min(1) };
            assert!(by.iter().all(|clause| Some(*clause) == first), "{seed}: {by:?} {first:?}");
            let taken = if first.is_some() { there } else { 0 };
            assert_eq!(times(by.len()), times(taken), "{seed}");
            assert_eq!(times(self.count(&run.rest, &packet)), times(there - taken), "{seed}");
        }
    }
}

fn prefixes(texts: &[&str]) -> AddressSet {
    AddressSet::from_prefixes(texts.iter().map(|text| text.parse().unwrap()))
}

fn sources(dice: &mut Dice) -> AddressSet {
    prefixes(dice.one(&[&["0.0.0.0/0"][..], &["0.0.0.0/0"], &["10.0.1.0/24"], &["10.0.1.0/25", "10.0.2.0/24"]]))
}

fn destinations(dice: &mut Dice) -> AddressSet {
    let all =
        [&["0.0.0.0/0"][..], &["20.0.0.0/8"], &["20.0.0.0/25", "40.0.0.0/8"], &["20.0.0.128/25"], &["20.1.0.0/16"]];
    prefixes(dice.one(&all))
}

fn source_ports(dice: &mut Dice) -> PortSet {
    let (first, last) = dice.one(&[(0, u16::MAX), (0, u16::MAX), (0, u16::MAX), (0, 100), (101, u16::MAX)]);
    PortSet::range(first, last)
}

fn ports(dice: &mut Dice) -> PortSet {
    let (first, last) = dice.one(&[(0, u16::MAX), (80, 443), (443, 443), (0, 80), (443, u16::MAX)]);
    PortSet::range(first, last)
}

fn hosts(dice: &mut Dice) -> HostSet {
    let pattern = dice.one(&["*", "*", "*.org", "a.org", "*c.net"]);
    HostSet::of(&HostPattern::read(pattern).unwrap())
}

fn many(cases: u32, law: impl Fn(&Pieces, &mut Dice, u64)) {
    let config = ProptestConfig { failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::with_cases(cases) };
    let pieces = Pieces::new();
    TestRunner::new(config)
        .run(&any::<u64>(), |seed| {
            law(&pieces, &mut Dice::new(seed), seed);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_clause_splits_a_cell_into_what_it_matches_and_what_not() {
    many(400, |pieces, dice, seed| {
        let (cell, clause) = (pieces.cell(dice), pieces.clause(dice, true));
        let split = cell.split(&pieces.symbols, &clause);
        let may = cell.may_match(&pieces.symbols, &clause);
        let cut = cell.cut_by(&clause);
        for packet in packets() {
            let there = pieces.is_in(&cell, &packet);
            let matched = there && pieces.matches(&clause, &packet);
            assert!(may || !matched, "{seed}");
            match &split {
                None => assert!(!matched, "{seed}"),
                Some((inside, outside)) => {
                    assert_eq!(pieces.count(inside, &packet), usize::from(matched), "{seed}");
                    assert_eq!(pieces.count(outside, &packet), usize::from(there && !matched), "{seed}");
                }
            }
            if let Some((end, set)) = cut {
                let address = if end == End::Source { packet.from } else { packet.to };
                assert_eq!(matched, there && set.contains(address.into()), "{seed}");
            }
        }
    });
}

#[test]
fn boxes_are_compared_as_sets_of_packets() {
    many(600, |pieces, dice, seed| {
        let (one, two) = (pieces.cell(dice), pieces.cell(dice));
        let (one, two) = (Cell { cube: Vec::new(), ..one }, Cell { cube: Vec::new(), ..two });
        // Half of the time the two differ little.
        let two = match dice.roll(10) {
            0 => Cell { sources: Arc::clone(&two.sources), ..one.clone() },
            1 => Cell { destinations: Arc::clone(&two.destinations), ..one.clone() },
            2 if one.has_ports() && two.has_ports() => Cell { protocols: two.protocols, ..one.clone() },
            3 => Cell { hosts: Arc::clone(&two.hosts), ..one.clone() },
            4 if one.has_ports() => Cell { destination_ports: Arc::new(ports(dice)), ..one.clone() },
            _ => two,
        };
        let (part, outside) = (one.within(&two), one.clone().outside(&two));
        let mut joined = one.clone();
        let did = joined.join(&two);
        for packet in packets() {
            let (first, second) = (pieces.is_in(&one, &packet), pieces.is_in(&two, &packet));
            assert_eq!(part.as_ref().is_some_and(|part| pieces.is_in(part, &packet)), first && second, "{seed}");
            assert_eq!(pieces.count(&outside, &packet), usize::from(first && !second), "{seed}");
            assert!(!one.is_inside(&two) || !first || second, "{seed}");
            assert_eq!(pieces.is_in(&joined, &packet), first || (did && second), "{seed}");
        }
        let all = packets().iter().all(|packet| !pieces.is_in(&one, packet) || pieces.is_in(&two, packet));
        let some = packets().iter().any(|packet| pieces.is_in(&one, packet));
        assert!(one.is_inside(&two) || !all || !some, "{seed}: every packet of it is in the other");
    });
}

#[test]
fn the_first_clause_that_matches_takes_a_packet() {
    many(150, |pieces, dice, seed| {
        let cells: Vec<Cell> = (0..=dice.roll(3)).map(|_| pieces.cell(dice)).collect();
        let clauses: Vec<Clause> = (0..dice.roll(14)).map(|_| pieces.clause(dice, true)).collect();
        let kinds: Vec<_> =
            clauses.iter().map(|_| dice.one(&[None, Some(Access::Allow), Some(Access::Deny)])).collect();
        let placed = clauses.iter().zip(kinds).enumerate();
        let placed = placed.map(|(index, (clause, kind))| PlacedClause { clause, index, kind });
        let run = first_match(&pieces.symbols, cells.clone(), placed);
        pieces.sorted(&cells, &clauses, &run, seed);
    });
}

#[test]
fn a_layer_does_with_each_packet_what_its_first_rule_does() {
    let rules: Vec<SecurityRule> =
        [Access::Allow, Access::Deny].map(|access| outbound("rule", 100, access, "*", PortSet::full())).to_vec();
    many(150, |pieces, dice, seed| {
        let hosted = dice.roll(2) == 0;
        let clauses: Vec<Clause> = (0..dice.roll(16))
            .map(|_| {
                let clause = pieces.clause(dice, hosted);
                // Rules in a row of which everything is known are looked at together.
                if dice.roll(5) == 0 { clause } else { known(clause) }
            })
            .collect();
        let entry = |clause: &Clause| {
            let at = clause.destinations.terms.len() % 2;
            Entry {
                clause: clause.clone(),
                access: [Access::Allow, Access::Deny][at],
                author: Author::Rule(&rules[at], at),
            }
        };
        let layer = dice.one(&[Layer::SubnetNsg, Layer::Route]);
        let stage = Stage::new(layer, 0, clauses.iter().map(entry).collect());
        let cells: Vec<Cell> = (0..=dice.roll(3)).map(|_| pieces.cell(dice)).collect();
        let start = if dice.roll(3) == 0 { dice.roll(clauses.len() + 1) } else { 0 };
        let part: Range<usize> = start..clauses.len();
        // What is kept of the first run serves the second.
        for _ in 0..2 {
            let mut run = stage.run(&pieces.symbols, part.clone(), cells.clone());
            // Which route a packet takes is told of each by itself.
            assert!(layer != Layer::Route || run.decided.iter().all(|piece| matches!(piece.by, DecidedBy::One(_))));
            for piece in &mut run.decided {
                if let DecidedBy::One(clause) = &mut piece.by {
                    *clause -= start;
                }
            }
            if start == 0 || run.decided.iter().all(|piece| matches!(piece.by, DecidedBy::One(_))) {
                pieces.sorted(&cells, &clauses[part.clone()], &run, seed);
            }
        }
    });
}

/// The clause without what is not known of it.
fn known(mut clause: Clause) -> Clause {
    clause.guards.clear();
    clause.sources.terms.truncate(1);
    clause.destinations.terms.truncate(1);
    clause.destination_ports.terms.truncate(1);
    clause.hosts.iter_mut().for_each(|hosts| hosts.terms.truncate(1));
    clause
}

#[test]
fn cells_that_are_joined_hold_what_they_held() {
    many(150, |pieces, dice, seed| {
        let cells: Vec<Cell> = (0..dice.roll(30)).map(|_| pieces.cell(dice)).collect();
        let joined = join(cells.clone());
        for packet in packets() {
            assert_eq!(pieces.count(&cells, &packet) > 0, pieces.count(&joined, &packet) > 0, "{seed}");
        }
    });
}

fn full() -> Clause {
    Clause::full(&Arc::new(AddressSet::all_v4()))
}

fn any_cell(protocols: ProtocolSet) -> Cell {
    Cell {
        cube: Vec::new(),
        protocols,
        sources: Arc::new(prefixes(&["10.0.1.0/24"])),
        source_ports: Arc::new(PortSet::full()),
        destinations: Arc::new(prefixes(&["20.0.0.0/8"])),
        destination_ports: Arc::new(PortSet::full()),
        hosts: Arc::new(HostSet::of(&HostPattern::read("a.org").unwrap())),
    }
}

#[test]
fn a_clause_is_known_when_every_coordinate_is() {
    let pieces = Pieces::new();
    let cube = vec![pieces.unknown[0].holds()];
    fn under<S: crate::proof::cell::Values>(set: S, cube: &Cube) -> Match<S> {
        let mut all = Match::nothing();
        all.add(set, cube.clone());
        all
    }
    let all = AddressSet::all_v4;
    assert!(full().is_plain());
    assert!(Clause { hosts: Some(Match::of(HostSet::full())), ..full() }.is_plain());
    for clause in [
        Clause { guards: cube.clone(), ..full() },
        Clause { protocols: under(ProtocolSet::ALL, &cube), ..full() },
        Clause { sources: under(all(), &cube), ..full() },
        Clause { source_ports: under(PortSet::full(), &cube), ..full() },
        Clause { destinations: under(all(), &cube), ..full() },
        Clause { destination_ports: under(PortSet::full(), &cube), ..full() },
        Clause { hosts: Some(under(HostSet::full(), &cube)), ..full() },
    ] {
        assert!(!clause.is_plain(), "{clause:?}");
    }
}

#[test]
fn one_coordinate_that_cannot_match_is_enough() {
    let pieces = Pieces::new();
    let (ported, portless) = (any_cell(ProtocolSet::TCP), any_cell(ProtocolSet::ICMP));
    let cut = |cell: &Cell, clause: &Clause| cell.may_match(&pieces.symbols, clause);
    assert!(cut(&ported, &full()) && cut(&portless, &full()));
    let elsewhere = || Match::of(prefixes(&["30.0.0.0/8"]));
    let other = HostSet::of(&HostPattern::read("b.org").unwrap());
    for clause in [
        Clause { protocols: Match::of(ProtocolSet::UDP), ..full() },
        Clause { sources: elsewhere(), ..full() },
        Clause { destinations: elsewhere(), ..full() },
        Clause { hosts: Some(Match::of(other)), ..full() },
    ] {
        assert!(!cut(&ported, &clause) && !cut(&portless, &clause), "{clause:?}");
    }
    let http = Cell { destination_ports: Arc::new(PortSet::range(80, 80)), ..ported.clone() };
    let from = Cell { source_ports: Arc::new(PortSet::range(80, 80)), ..ported.clone() };
    let to_https = Clause { destination_ports: Match::of(PortSet::range(443, 443)), ..full() };
    let from_https = Clause { source_ports: Match::of(PortSet::range(443, 443)), ..full() };
    assert!(!cut(&http, &to_https) && !cut(&from, &from_https));
    assert!(cut(&from, &to_https) && cut(&http, &from_https));
    // Ports mean nothing without them (NSG-4).
    assert!(cut(&portless, &to_https) && cut(&portless, &from_https));
    // A rule that is not there, and a value that excludes itself.
    let [one, two] = pieces.unknown;
    let without = Cell { cube: vec![one.fails()], ..ported };
    assert!(!cut(&without, &Clause { guards: vec![one.holds()], ..full() }));
    assert!(!cut(&without, &Clause { guards: vec![two.holds(), one.holds()], ..full() }));
    assert!(cut(&without, &Clause { guards: vec![two.holds(), one.fails()], ..full() }));
    let mut guarded = Match::nothing();
    guarded.add(AddressSet::all_v4(), vec![one.holds()]);
    assert!(!cut(&without, &Clause { sources: guarded, ..full() }));
}

#[test]
fn what_is_cut_short_stays_so_whatever_comes_after() {
    let pieces = Pieces::new();
    let splits = |at: u16| Clause {
        sources: Match::of(prefixes(&[&format!("10.0.1.{}/32", at % 97)])),
        destinations: Match::of(prefixes(&[&format!("20.{}.0.0/16", at % 89)])),
        source_ports: Match::of(PortSet::range(at * 30, 60000)),
        destination_ports: Match::of(PortSet::range(at * 50, at * 50 + 7000)),
        ..full()
    };
    let guarded = Clause { guards: vec![pieces.unknown[0].holds()], ..full() };
    let rule = outbound("rule", 100, Access::Allow, "*", PortSet::full());
    let clauses = (0..600).map(splits).chain([guarded, full()]);
    let entry = |clause| Entry { clause, access: Access::Allow, author: Author::Rule(&rule, 0) };
    let stage = Stage::new(Layer::SubnetNsg, 0, clauses.map(entry).collect());
    let cell = any_cell(ProtocolSet::TCP.union(ProtocolSet::UDP));
    assert!(stage.run(&pieces.symbols, 0..stage.entries.len(), vec![cell]).exceeded);
}

#[test]
fn cells_are_joined_when_they_differ_in_one_coordinate() {
    let web =
        |port: u16| Cell { destination_ports: Arc::new(PortSet::range(port, port)), ..any_cell(ProtocolSet::TCP) };
    let mut one = web(80);
    assert!(one.join(&web(443)) && one.join(&web(443)));
    assert_eq!(one.destination_ports.ranges(), &[(80, 80), (443, 443)]);
    let elsewhere = |port| Cell { destinations: Arc::new(prefixes(&["30.0.0.0/8"])), ..web(port) };
    assert!(!one.join(&elsewhere(22)), "two coordinates differ");
    assert_eq!((one.destination_ports.ranges().len(), one.destinations.v4.ranges().len()), (2, 1));
    let pieces = Pieces::new();
    assert!(
        !web(80).join(&Cell { cube: vec![pieces.unknown[0].holds()], ..web(80) }),
        "one is there in some worlds alone"
    );
    assert!(!any_cell(ProtocolSet::TCP).join(&any_cell(ProtocolSet::ICMP)), "ports mean nothing to one of them");
}
