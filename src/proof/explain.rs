//! A decision made visible: the packet, the rules it met, what is not let through, and which rules nearly did.
//!
//! Nothing here changes a verdict, except that a requirement may want a single rule to do all the work.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use foldhash::{HashSet, HashSetExt};

use crate::estate::{Access, Direction, FirewallRule, Ports, RouteOrigin, SecurityRule, Side};
use crate::finding::{Packet, Verdict};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::atom::HOST;
use crate::proof::cell::{Cell, Clause};
use crate::proof::firewall::decider_of;
use crate::proof::first_match::DecidedBy;
use crate::proof::given::shown;
use crate::proof::ground::Ground;
use crate::proof::host::HostSet;
use crate::proof::judgement::{Coordinate, Decider, Flow, Judgement, Kind, Matching, NearMiss, Step, Written};
use crate::proof::scene::union;
use crate::proof::stage::{Author, Entry, Passage, Stage, TracedCell};
use crate::proof::symbol::{Added, End, Meaning, Symbols};
use crate::proof::verdict::{Place, Point};
use crate::source::Span;

/// The most shadowed rules, near misses and uncovered parts that are named.
const MOST_NAMED: usize = 16;

/// Decides what becomes of the required packets, and says by whom.
pub(crate) fn judge(flow: &Flow, passage: &Passage<'_, '_>) -> Judgement {
    let decision = passage.decide();
    let mut judgement = Judgement {
        verdict: decision.verdict,
        why: decision.doubts,
        asks_nothing: passage.asks_nothing,
        ..Judgement::satisfied(passage.ground.symbols.family)
    };
    if decision.verdict == Verdict::Satisfied {
        let by_built_in = |traced: &TracedCell| {
            let mut stages = passage.stages.iter().zip(&traced.by);
            stages.any(|(stage, by)| matches!(stage.entries[by.first()].author, Author::BuiltIn(..)))
        };
        judgement.built_in_only = !passage.passed.is_empty() && passage.passed.iter().all(by_built_in);
        judgement.layer = passage.stages.last().map(|stage| stage.layer);
        judgement.deciders = all_that_pass(passage);
        judgement.verdict = verdict(flow, passage, &judgement.deciders);
        return judgement;
    }
    let witness = decision.witness.map(|(at, point)| match passage.dropped.get(at) {
        Some(traced) => met_by(traced, point),
        None => (Vec::new(), point),
    });
    judgement.deciders = all_that_drop(passage, witness.as_ref().map(|(met, _)| met.as_slice()));
    judgement.layer = judgement.deciders.first().map(|one| one.layer);
    judgement.uncovered = uncovered(flow, passage, &decision.open);
    if let Some((met, point)) = witness {
        judgement.witness = Some(packet(flow.direction, &point));
        judgement.replay = replay(passage, &met, &point);
        if let Some(last) = met.len().checked_sub(1) {
            alternatives(&passage.ground, &passage.stages[last], met[last], &point, &mut judgement);
        }
    }
    judgement
}

/// Where everything passes it may still be asked that one rule per layer lets it.
fn verdict(flow: &Flow, passage: &Passage<'_, '_>, deciders: &[Decider]) -> Verdict {
    let alone = |stage: &Stage<'_>| deciders.iter().filter(|one| one.layer == stage.layer).count() <= 1;
    match flow.matching == Matching::SingleRule && !passage.stages.iter().all(|stage| alone(stage)) {
        true => Verdict::Violated,
        false => Verdict::Satisfied,
    }
}

/// The entries that a packet of a traced met, one per stage, and the packet in what they took: of those that share a cell
/// the first that takes some of it.
fn met_by(traced: &TracedCell, mut point: Point) -> (Vec<usize>, Point) {
    let mut all = Vec::new();
    for met in &traced.by {
        let DecidedBy::Several(shares) = met else {
            all.push(met.first());
            continue;
        };
        let place = |point: &Point| match (shares.end, &point.source, &point.destination) {
            (End::Source, Place::Among(set), _) | (End::Destination, _, Place::Among(set)) => Some(set.clone()),
            _ => None,
        };
        let among = place(&point);
        let meets = |part: &AddressSet| {
            part.overlaps(point.cell.addresses(shares.end)) && among.as_ref().is_none_or(|set| part.overlaps(set))
        };
        let Some((entry, part)) = shares.parts.iter().find(|(_, part)| meets(part)) else {
            all.push(met.first());
            continue;
        };
        all.push(*entry);
        let addresses = point.cell.addresses_mut(shares.end);
        *addresses = Arc::new(addresses.intersection(part));
        if let Some(set) = among {
            let place = Place::Among(set.intersection(part));
            match shares.end {
                End::Source => point.source = place,
                End::Destination => point.destination = place,
            }
        }
    }
    (all, point)
}

/// Every entry that lets some of it pass, layer by layer in order.
fn all_that_pass(passage: &Passage<'_, '_>) -> Vec<Decider> {
    let met = passage.passed.iter().flat_map(|traced| {
        traced.by.iter().enumerate().flat_map(|(stage, by)| by.all().map(move |entry| (stage, entry)))
    });
    deciders(passage, sorted(met))
}

/// Every entry that drops some of it in order, behind the one that drops the witness, the last of `first`.
fn all_that_drop(passage: &Passage<'_, '_>, first: Option<&[usize]>) -> Vec<Decider> {
    let last_of = |traced: &'_ TracedCell| -> Vec<(usize, usize)> {
        let at = traced.by.len().saturating_sub(1);
        traced.by.last().into_iter().flat_map(|by| by.all().map(move |entry| (at, entry))).collect()
    };
    let mut met = sorted(passage.dropped.iter().flat_map(last_of));
    if let Some(first) = first
        && let Some(last) = first.len().checked_sub(1)
    {
        let front = (last, first[last]);
        met.retain(|one| *one != front);
        met.insert(0, front);
    }
    deciders(passage, met)
}

fn sorted(met: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut met: Vec<(usize, usize)> = met.collect();
    met.sort_unstable();
    met.dedup();
    met
}

/// Entries, each with its stage, as deciders. A rule may stand behind several entries; where it has an index, that tells
/// it from others.
fn deciders(passage: &Passage<'_, '_>, met: Vec<(usize, usize)>) -> Vec<Decider> {
    let (mut indexed, mut others) = (HashSet::new(), HashSet::new());
    let is_met = |(stage, entry): &(usize, usize)| {
        let stage: &Stage<'_> = &passage.stages[*stage];
        !matches!(stage.entries[*entry].author, Author::NotMet)
    };
    let all = met.into_iter().filter(is_met);
    let all = all.map(|(stage, entry)| (stage, &**passage.stages[stage].decider(entry, decider)));
    let new = all.filter(|(stage, one)| match one.index {
        Some(index) => indexed.insert((*stage, index, one.access, one.kind)),
        None => others.insert(*one),
    });
    new.map(|(_, one)| one.clone()).collect()
}

/// An entry as a decider; its fault is what the rule does.
pub(crate) fn decider(stage: &Stage<'_>, entry: &Entry<'_>) -> Decider {
    let blank = Decider {
        layer: stage.layer,
        group: stage.group,
        index: None,
        kind: Kind::Unknown,
        name: Arc::from(""),
        priority: None,
        access: entry.access,
        next_hop: None,
        written: None,
    };
    match &entry.author {
        Author::Rule(rule, index) => Decider { index: Some(*index), kind: Kind::Rule, ..of_rule(blank, rule) },
        Author::BuiltIn(own, Some(rule)) => {
            Decider { kind: Kind::BuiltIn, name: Arc::from(own.name), ..of_rule(blank, rule) }
        }
        Author::BuiltIn(own, None) => {
            Decider { kind: Kind::BuiltIn, name: Arc::from(own.name), priority: Some(own.priority), ..blank }
        }
        Author::FirewallRule(collection, rule) => decider_of(collection, rule, entry.access),
        Author::Told(one) => Decider::clone(one),
        Author::NotMet => Decider { kind: Kind::Platform, name: Arc::from("not met"), ..blank },
        Author::Route(route, index) => {
            let written =
                Written { span: route.span, name: route.name.span, priority: None, fault: route.next_hop.span };
            Decider {
                index: Some(*index),
                kind: if route.origin == RouteOrigin::User { Kind::Route } else { Kind::SystemRoute },
                name: shown(&route.name),
                next_hop: route.next_hop.known().copied(),
                written: Some(written),
                ..blank
            }
        }
        Author::System(name, hop) => {
            Decider { kind: Kind::SystemRoute, name: Arc::from(*name), next_hop: Some(*hop), ..blank }
        }
        Author::NoAdminRule => {
            Decider { kind: Kind::BuiltIn, name: Arc::from("no security admin rule matches"), ..blank }
        }
        Author::AlwaysAllowed => {
            Decider { kind: Kind::BuiltIn, name: Arc::from("passed by, for a security admin rule"), ..blank }
        }
        Author::Platform => Decider { kind: Kind::Platform, name: Arc::from("platform address"), ..blank },
        Author::Unknown(doubt) => {
            let written = doubt.span.map(|span| Written { span, name: span, priority: None, fault: span });
            Decider { name: Arc::from(doubt.message()), written, ..blank }
        }
    }
}

fn of_rule(blank: Decider, rule: &SecurityRule) -> Decider {
    let name = shown(&rule.name);
    let written =
        Written { span: rule.span, name: rule.name.span, priority: Some(rule.priority.span), fault: rule.access.span };
    let name = name.strip_prefix("securityRules/").map_or_else(|| Arc::clone(&name), Arc::from);
    Decider { name, priority: rule.priority.known().copied(), written: Some(written), ..blank }
}

/// A concrete packet of a point.
pub(crate) fn packet(direction: Direction, point: &Point) -> Packet {
    let (one, protocol) = point.cell.protocols.each().next().unwrap_or((ProtocolSet::TCP, "tcp"));
    let place = |place: &Place| match place {
        Place::Among(set) => usable(set).map_or_else(String::new, |address| address.to_string()),
        Place::Named(name) => name.clone(),
    };
    let port = |set: &PortSet, wanted: u16| {
        let chosen = if set.contains(wanted) { Some(wanted) } else { set.first() };
        chosen.filter(|_| one.has_ports())
    };
    // Hosts stand for a destination that is required by name; a tag or address says more than a host behind it.
    let destination = match &point.destination {
        Place::Named(name) if name == HOST => point.cell.hosts.example().unwrap_or_else(|| name.clone()),
        other => place(other),
    };
    Packet {
        inbound: direction == Direction::Inbound,
        protocol,
        source: place(&point.source),
        source_port: port(&point.cell.source_ports, 50000),
        destination,
        destination_port: port(&point.cell.destination_ports, 443),
    }
}

/// An address to show, one that somebody can have: past the four that Azure keeps at the start of a subnet, if there is
/// one, and of public ones rather one of Azure's.
fn usable(set: &AddressSet) -> Option<IpAddr> {
    let [never, azure] = special_ranges();
    let some = |set: AddressSet| (!set.is_empty()).then_some(set);
    let possible = some(set.difference(never));
    let possible = possible.as_ref().unwrap_or(set);
    let preferred = some(possible.intersection(azure));
    let set = preferred.as_ref().unwrap_or(possible);
    let first = set.first()?;
    let next = match first {
        IpAddr::V4(address) => IpAddr::V4(u32::from(address).saturating_add(4).into()),
        IpAddr::V6(address) => IpAddr::V6(u128::from(address).saturating_add(4).into()),
    };
    Some(if set.contains(next) { next } else { first })
}

/// The ranges that nobody sends to, and one that is Azure's.
fn special_ranges() -> &'static [AddressSet; 2] {
    static RANGES: OnceLock<[AddressSet; 2]> = OnceLock::new();
    RANGES.get_or_init(|| {
        let never = [
            "0.0.0.0/8",
            "127.0.0.0/8",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "::/8",
            "2001:db8::/32",
            "ff00::/8",
        ];
        let set = |texts: &[&str]| AddressSet::from_prefixes(texts.iter().filter_map(|text| text.parse().ok()));
        [set(&never), set(&["20.33.0.0/16", "2603:1000::/24"])]
    })
}

/// The rules the witness met, layer by layer, the deciding one of each layer last.
fn replay(passage: &Passage<'_, '_>, met: &[usize], point: &Point) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (stage, &last) in passage.stages.iter().zip(met) {
        if matches!(stage.entries[last].author, Author::NotMet) {
            continue;
        }
        // A rule whose place is unknown stands in several; the last one tells.
        let mut seen = HashSet::new();
        let mut met = Vec::new();
        for (index, entry) in stage.entries.iter().enumerate().take(last + 1).rev() {
            if let Author::Rule(_, rule) = &entry.author
                && !seen.insert(*rule)
            {
                continue;
            }
            let missed = || misses(&passage.ground.symbols, &point.cell, &entry.clause).next();
            let missed = (index != last).then(|| missed().unwrap_or(Coordinate::Rule));
            met.push(Step { rule: Arc::clone(stage.decider(index, decider)), missed });
        }
        steps.extend(met.into_iter().rev());
    }
    steps
}

/// The coordinates in which no packet of a cell can match a clause.
pub(crate) fn misses<'x>(
    symbols: &'x Symbols,
    cell: &'x Cell,
    clause: &'x Clause,
) -> impl Iterator<Item = Coordinate> + 'x {
    use Coordinate::{Destination, DestinationPort, Host, Protocol, Rule, Source, SourcePort};
    let ports = cell.has_ports();
    let meets = move |coordinate: &Coordinate| match coordinate {
        Protocol => clause.protocols.may_meet(symbols, &cell.protocols, &cell.cube),
        DestinationPort => !ports || clause.destination_ports.may_meet(symbols, &cell.destination_ports, &cell.cube),
        SourcePort => !ports || clause.source_ports.may_meet(symbols, &cell.source_ports, &cell.cube),
        Source => clause.sources.may_meet(symbols, &cell.sources, &cell.cube),
        Destination => clause.destinations.may_meet(symbols, &cell.destinations, &cell.cube),
        Host => clause.hosts.as_ref().is_none_or(|hosts| hosts.may_meet(symbols, &cell.hosts, &cell.cube)),
        Rule => clause.guards.iter().all(|guard| symbols.adds(&cell.cube, *guard) != Added::Impossible),
    };
    let all = [Protocol, DestinationPort, SourcePort, Source, Destination, Host, Rule];
    all.into_iter().filter(move |coordinate| !meets(coordinate))
}

/// Custom allow rules that would let the witness pass: shadowed ones, and those that miss it narrowly.
fn alternatives(ground: &Ground<'_, '_>, stage: &Stage<'_>, last: usize, point: &Point, judgement: &mut Judgement) {
    let mut near = Vec::new();
    for (index, entry) in stage.entries.iter().enumerate() {
        if entry.access != Access::Allow || !matches!(entry.author, Author::Rule(..) | Author::FirewallRule(..)) {
            continue;
        }
        let mut missed = misses(&ground.symbols, &point.cell, &entry.clause);
        match (missed.next(), missed.next()) {
            (None, _) if index > last && judgement.shadowed.len() < MOST_NAMED => {
                let one = &**stage.decider(index, decider);
                if !judgement.shadowed.contains(one) {
                    judgement.shadowed.push(one.clone());
                }
            }
            (Some(coordinate), None) if coordinate != Coordinate::Rule => near.push((coordinate, index)),
            _ => {}
        }
    }
    // A slip in protocol or port is likelier than a rule for somebody else.
    near.sort_by_key(|(coordinate, _)| *coordinate);
    let place = |one: &Decider| one.written.map(|written| written.span);
    for (coordinate, index) in near {
        if judgement.near.len() == MOST_NAMED {
            break;
        }
        let one = Decider::clone(stage.decider(index, decider));
        let rule = at_field(one, &stage.entries[index].author, coordinate);
        let told = judgement.shadowed.iter().any(|shadowed| place(shadowed) == place(&rule));
        let one = NearMiss { rule, coordinate };
        if !told && judgement.near.last() != Some(&one) {
            judgement.near.push(one);
        }
    }
}

/// A rule with the field of a coordinate at fault.
fn at_field(mut one: Decider, author: &Author<'_>, coordinate: Coordinate) -> Decider {
    let fault = match author {
        Author::Rule(rule, _) => field_of_rule(rule, coordinate),
        Author::FirewallRule(_, rule) => field_of_firewall_rule(rule, coordinate),
        _ => return one,
    };
    if let Some(written) = &mut one.written {
        written.fault = fault;
    }
    one
}

fn field_of_rule(rule: &SecurityRule, coordinate: Coordinate) -> Span {
    let side = |side: &Side| match side.items.as_slice() {
        [only] => only.span,
        _ => side.span,
    };
    let ports = |ports: &Ports| match ports.items.as_slice() {
        [only] => only.span,
        _ => ports.span,
    };
    match coordinate {
        Coordinate::Protocol => rule.protocol.span,
        Coordinate::DestinationPort => ports(&rule.destination_ports),
        Coordinate::SourcePort => ports(&rule.source_ports),
        Coordinate::Source => side(&rule.sources),
        Coordinate::Destination => side(&rule.destinations),
        Coordinate::Host | Coordinate::Rule => rule.span,
    }
}

/// Lists of a firewall rule have no place of their own here: the first item stands for them.
fn field_of_firewall_rule(rule: &FirewallRule, coordinate: Coordinate) -> Span {
    let found = match coordinate {
        Coordinate::Protocol => rule.protocols.first().map(|one| one.span),
        Coordinate::DestinationPort => {
            let application = || rule.applications.first().map(|(_, port)| port.span);
            rule.destination_ports.first().map(|one| one.span).or_else(application)
        }
        Coordinate::Source => rule.sources.first().map(|one| one.span),
        Coordinate::Destination => rule.destinations.first().map(|one| one.span),
        Coordinate::Host => rule.target_fqdns.first().or(rule.destination_fqdns.first()).map(|one| one.span),
        Coordinate::SourcePort | Coordinate::Rule => None,
    };
    found.unwrap_or(rule.span)
}

/// What is not let through, where that is less than all that is required.
fn uncovered(flow: &Flow, passage: &Passage<'_, '_>, open: &[usize]) -> Vec<String> {
    let cells: Vec<&Cell> = open.iter().filter_map(|at| passage.dropped.get(*at)).map(|traced| &traced.cell).collect();
    let mut parts: Vec<String> = Vec::new();
    let mut add = |part: String| {
        if parts.len() < MOST_NAMED && !parts.contains(&part) {
            parts.push(part);
        }
    };
    let protocols = cells.iter().fold(ProtocolSet::NONE, |all, cell| all.union(cell.protocols));
    if !flow.protocols.intersection(protocols_of(&flow.ports)).is_subset(protocols) {
        protocols.each().for_each(|(_, name)| add(name.to_ascii_uppercase()));
    }
    let ports = cells
        .iter()
        .filter(|cell| cell.has_ports())
        .fold(PortSet::empty(), |all, cell| all.union(&cell.destination_ports));
    if !ports.is_empty() && !flow.ports.is_subset(&ports) {
        for &(first, last) in ports.ranges() {
            add(if first == last { format!("port {first}") } else { format!("ports {first}-{last}") });
        }
    }
    let sides = [
        (&passage.ends.sources, cells.iter().map(|cell| &*cell.sources).collect::<Vec<_>>()),
        (&passage.ends.destinations, cells.iter().map(|cell| &*cell.destinations).collect()),
    ];
    for (required, sets) in sides {
        let required = union(required.terms.iter().map(|term| &*term.set));
        let dropped = union(sets);
        if !required.is_subset(&dropped) {
            dropped.prefixes().take(MOST_NAMED).for_each(|prefix| add(prefix.to_string()));
        }
    }
    let hosts = cells.iter().fold(HostSet::empty(), |all, cell| all.union(&cell.hosts));
    let all_hosts = passage.passed.iter().fold(hosts.clone(), |all, traced| all.union(&traced.cell.hosts));
    if !all_hosts.is_subset(&hosts) {
        hosts.parts().into_iter().take(MOST_NAMED).for_each(&mut add);
    }
    let asked: Vec<_> =
        passage.ends.sources.terms.iter().chain(&passage.ends.destinations.terms).flat_map(|term| &term.cube).collect();
    let whole = cells.iter().any(|cell| cell.cube.iter().all(|literal| !literal.holds || asked.contains(&literal)));
    for literal in cells.iter().flat_map(|cell| &cell.cube).filter(|literal| literal.holds && !whole) {
        if let (Meaning::Tag(_, tag), false) =
            (passage.ground.symbols.meaning(literal.symbol), asked.contains(&literal))
        {
            add(tag.to_string());
        }
    }
    parts
}

/// The protocols that a set of ports can be asked of.
fn protocols_of(ports: &PortSet) -> ProtocolSet {
    if ports.is_full() { ProtocolSet::ALL } else { ProtocolSet::TCP.union(ProtocolSet::UDP) }
}
