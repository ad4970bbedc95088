//! A network security group as a list of clauses in the order Azure reads them (NSG-9, NSG-11, ALG-5).
//!
//! Built-in rules take part. What cannot be told — whether a rule exists, where it stands, what it does — becomes a
//! guard on its clause. Running packets through the list is the work of `flow`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Access, Direction, NetworkSecurityGroup, Peer, Ports, SecurityRule};
use crate::net::{AddressSet, PortSet, ProtocolSet, Special, Tag};
use crate::proof::cell::{Clause, Match, Values};
use crate::proof::entry::{Author, BUILT_IN, BuiltIn, Entry};
use crate::proof::ground::{Ground, platform_addresses};
use crate::proof::scene::{Given, shown};
use crate::proof::symbol::{Doubt, End, Literal, Meaning};

/// The lowest priority number a custom rule can have (NSG-5).
const FIRST_PRIORITY: i64 = 100;
/// Rules from here on are Azure's own.
const BUILT_IN_PRIORITY: i64 = 65000;

/// The clauses of a group for one direction, in order. The last one matches what no other does.
pub(crate) fn entries<'a>(
    ground: &mut Ground<'_, 'a>,
    group: &Given<'a, NetworkSecurityGroup>,
    direction: Direction,
) -> Vec<Entry<'a>> {
    let group = match group {
        Given::Here(group) => *group,
        Given::Missing(doubt) => {
            let mut all = Vec::new();
            unknown_part(ground, doubt, &format!("group {}", doubt.message), &mut all);
            all.truncate(1);
            all.push(Entry {
                access: Access::Allow,
                author: Author::Unknown(doubt.clone()),
                clause: Clause::full(&ground.space),
            });
            return all;
        }
    };
    let mut ranked: BTreeMap<i64, Vec<Numbered<'a>>> = BTreeMap::new();
    let mut floating = Vec::new();
    let shown_defaults = if group.effective { &group.default_rules[..] } else { &[] };
    let numbered = group.rules.iter().chain(shown_defaults).enumerate();
    for (index, rule) in numbered.filter(|(_, rule)| may_look_at(rule, direction)) {
        let rule = Numbered { rule, index };
        match rule.rule.priority.known() {
            Some(&priority) => ranked.entry(priority).or_default().push(rule),
            None => floating.push(rule),
        }
    }
    let complete = group.effective && ranked.keys().any(|priority| *priority >= BUILT_IN_PRIORITY);
    let mut all = Vec::new();
    let mut unplaced = !floating.is_empty() || !group.unknown_rules.is_empty();
    for (priority, rules) in &ranked {
        if unplaced && *priority > FIRST_PRIORITY {
            unplaced = false;
            anywhere(ground, group, direction, &floating, &mut all);
        }
        if *priority >= BUILT_IN_PRIORITY {
            floating.drain(..).for_each(|rule| push(ground, group.effective, direction, rule, &[], &mut all));
        }
        same_priority(ground, group, direction, rules, &mut all);
    }
    if unplaced {
        anywhere(ground, group, direction, &floating, &mut all);
    }
    floating.into_iter().for_each(|rule| push(ground, group.effective, direction, rule, &[], &mut all));
    if direction == Direction::Outbound {
        let mut clause = Clause::full(&ground.space);
        clause.destinations = Match::of(platform_addresses().and(&ground.space));
        all.push(Entry { clause, access: Access::Allow, author: Author::Platform });
    }
    if complete {
        // Effective rules show the built-in ones with IPv4 addresses; of what none of them matches they tell nothing.
        let doubt = Doubt::new("the effective rules show no rule that matches this").at(group.header.span);
        unknown_part(ground, &doubt, "effective rules", &mut all);
        let (access, author) = (Access::Deny, Author::Unknown(doubt));
        all.push(Entry { clause: Clause::full(&ground.space), access, author });
    } else {
        let rules = BUILT_IN.iter().filter(|rule| rule.direction == direction);
        all.extend(rules.map(|rule| built_in(ground, group, rule)));
    }
    all
}

/// A rule and its index in the group.
#[derive(Clone, Copy)]
pub(crate) struct Numbered<'a> {
    pub(crate) rule: &'a SecurityRule,
    pub(crate) index: usize,
}

/// Whether a rule may be one of a direction.
fn may_look_at(rule: &SecurityRule, direction: Direction) -> bool {
    rule.direction.known().is_none_or(|known| *known == direction)
}

/// What may stand anywhere among the custom rules: for each packet it may be the first to match.
fn anywhere<'a>(
    ground: &mut Ground<'_, 'a>,
    group: &'a NetworkSecurityGroup,
    direction: Direction,
    floating: &[Numbered<'a>],
    all: &mut Vec<Entry<'a>>,
) {
    for numbered in floating {
        let Numbered { rule, .. } = numbered;
        let meaning = Meaning::Packet(Arc::from(format!("first {rule:p}")));
        let first = ground.symbols.of(meaning, || match rule.priority.unknown() {
            Some(unknown) => Doubt::of(&format!("the priority of rule `{}`", shown(&rule.name)), unknown),
            None => Doubt::new("the priority of a rule is unknown"),
        });
        push(ground, group.effective, direction, *numbered, &[first.holds()], all);
    }
    for part in &group.unknown_rules {
        let doubt = match part.unknown() {
            Some(unknown) => Doubt::of("a part of the rule list", unknown),
            None => Doubt::new("a part of the rule list is unknown").at(part.span),
        };
        unknown_part(ground, &doubt, &format!("rules {part:p}"), all);
    }
}

/// Any rule may come from here: for each packet it may be dropped, or let through.
fn unknown_part<'a>(ground: &mut Ground<'_, 'a>, doubt: &Doubt, key: &str, all: &mut Vec<Entry<'a>>) {
    for access in [Access::Deny, Access::Allow] {
        let meaning = Meaning::Packet(Arc::from(format!("{access:?} {key}")));
        let guard = ground.symbols.of(meaning, || doubt.clone());
        let mut clause = Clause::full(&ground.space);
        clause.guards.push(guard.holds());
        if !platform_addresses().and(&ground.space).is_empty() {
            clause.destinations = Match::of(ground.space.minus(platform_addresses()));
        }
        all.push(Entry { clause, access, author: Author::Unknown(doubt.clone()) });
    }
}

/// Rules that share a priority, which Azure refuses: any of those that match may decide (NSG-9).
fn same_priority<'a>(
    ground: &mut Ground<'_, 'a>,
    group: &'a NetworkSecurityGroup,
    direction: Direction,
    rules: &[Numbered<'a>],
    all: &mut Vec<Entry<'a>>,
) {
    let alike = rules
        .windows(2)
        .all(|pair| matches!((pair[0].rule.access.known(), pair[1].rule.access.known()), (Some(one), Some(two)) if one == two));
    if let ([first, .., last], false) = (rules, alike) {
        let doubt = || {
            let names = (shown(&first.rule.name), shown(&last.rule.name));
            Doubt::new(format!("rules `{}` and `{}` have the same priority", names.0, names.1))
                .at(last.rule.priority.span)
        };
        for rule in &rules[..rules.len() - 1] {
            let key = Arc::from(format!("order {:p}", rule.rule));
            // Of two rules one goes first for every packet; of more, that is too little to say.
            let meaning = if rules.len() == 2 { Meaning::World(key) } else { Meaning::Packet(key) };
            let first = ground.symbols.of(meaning, doubt);
            push(ground, group.effective, direction, *rule, &[first.holds()], all);
        }
        push(ground, group.effective, direction, *last, &[], all);
    }
    rules.iter().for_each(|rule| push(ground, group.effective, direction, *rule, &[], all));
}

/// Adds the clause of a rule; two of them when it is not known what it does. `tagged`: it is one of effective rules,
/// which show a tag beside the addresses it stood for.
pub(crate) fn push<'a>(
    ground: &mut Ground<'_, 'a>,
    tagged: bool,
    direction: Direction,
    numbered: Numbered<'a>,
    guards: &[Literal],
    all: &mut Vec<Entry<'a>>,
) {
    let mut guards = guards.to_vec();
    let Numbered { rule, index } = numbered;
    let name = || shown(&rule.name);
    if let Some(unknown) = &rule.condition {
        let exists = Meaning::World(Arc::from(format!("exists {}", unknown.key)));
        let doubt = || Doubt::of(&format!("whether rule `{}` exists", name()), unknown);
        guards.push(ground.symbols.of(exists, doubt).holds());
    }
    if let Some(unknown) = rule.direction.unknown() {
        let outbound = Meaning::World(Arc::from(format!("outbound {}", unknown.key)));
        let doubt = || Doubt::of(&format!("the direction of rule `{}`", name()), unknown);
        let outbound = ground.symbols.of(outbound, doubt);
        guards.push(if direction == Direction::Outbound { outbound.holds() } else { outbound.fails() });
    }
    match &rule.access.value {
        Ok(access) => {
            let clause = clause(ground, tagged, direction, rule, *access, guards);
            all.push(Entry { clause, access: *access, author: author(rule, index) });
        }
        Err(unknown) => {
            let allows = Meaning::World(Arc::from(format!("allow {}", unknown.key)));
            let doubt = || Doubt::of(&format!("the access of rule `{}`", name()), unknown);
            let allows = ground.symbols.of(allows, doubt);
            for (literal, access) in [(allows.holds(), Access::Allow), (allows.fails(), Access::Deny)] {
                let guards = guards.iter().copied().chain([literal]).collect();
                let clause = clause(ground, tagged, direction, rule, access, guards);
                all.push(Entry { clause, access, author: author(rule, index) });
            }
        }
    }
}

/// A rule of effective rules may be one of Azure's own.
fn author(rule: &SecurityRule, index: usize) -> Author<'_> {
    let name = shown(&rule.name);
    let own = |built_in: &&BuiltIn| {
        let last = name.rsplit('/').next().unwrap_or_default();
        last.eq_ignore_ascii_case(built_in.name) && rule.priority.known() == Some(&built_in.priority)
    };
    match BUILT_IN.iter().find(own) {
        Some(built_in) => Author::BuiltIn(built_in, Some(rule)),
        None => Author::Rule(rule, index),
    }
}

fn clause(
    ground: &mut Ground<'_, '_>,
    tagged: bool,
    direction: Direction,
    rule: &SecurityRule,
    access: Access,
    guards: Vec<Literal>,
) -> Clause {
    let outbound = direction == Direction::Outbound;
    let protocols = match &rule.protocol.value {
        Ok(set) => Match::of(*set),
        Err(unknown) => {
            let symbol = ground.symbols.of(Meaning::Protocols(Arc::clone(&unknown.key)), || {
                Doubt::of(&format!("the protocol of rule `{}`", shown(&rule.name)), unknown)
            });
            let mut all = Match::nothing();
            all.add(ProtocolSet::ALL, vec![symbol.holds()]);
            all
        }
    };
    let sources = ground.side(End::Source, !outbound, access, &rule.sources, tagged);
    let mut destinations = ground.side(End::Destination, outbound, access, &rule.destinations, tagged);
    if outbound {
        spare_platform(ground, rule, &mut destinations);
    }
    let source_ports = ports(ground, End::Source, &rule.source_ports);
    let destination_ports = ports(ground, End::Destination, &rule.destination_ports);
    Clause { guards, protocols, sources, source_ports, destinations, destination_ports, hosts: None }
}

/// Takes the platform's addresses out of what a rule matches, unless it names their own tags (NSG-21).
fn spare_platform(ground: &Ground<'_, '_>, rule: &SecurityRule, destinations: &mut Match<AddressSet>) {
    if !destinations.terms.iter().any(|term| term.set.meets(platform_addresses())) {
        return;
    }
    let mut spared = platform_addresses().and(&ground.space);
    for item in &rule.destinations.items {
        let Some(Peer::Tag(name)) = item.known() else { continue };
        let named = match Tag::read(name, None).tag().and_then(Tag::special) {
            Some(Special::PlatformDns) => spared.v4.ranges().iter().find(|range| !is_metadata(range.0)),
            Some(Special::PlatformMetadata) => spared.v4.ranges().iter().find(|range| is_metadata(range.0)),
            _ => None,
        };
        if let Some(&(first, _)) = named {
            spared = spared.minus(&AddressSet::address(IpAddr::V4(first.into())));
        }
    }
    for term in destinations.terms.iter_mut().filter(|term| term.set.meets(&spared)) {
        term.set = Arc::new(term.set.minus(&spared));
    }
    destinations.terms.retain(|term| !term.set.is_empty());
}

fn is_metadata(address: u32) -> bool {
    address.to_be_bytes()[0] == 169
}

fn ports(ground: &mut Ground<'_, '_>, end: End, ports: &Ports) -> Match<PortSet> {
    let mut all = Match::nothing();
    let known = ports.items.iter().filter_map(|item| item.known());
    all.add(PortSet::from_ranges(known.flat_map(|set| set.ranges().iter().copied())), Vec::new());
    for (item, unknown) in ports.items.iter().filter_map(|item| Some((item, item.unknown()?))) {
        let symbol = ground.symbols.of(Meaning::Ports(end, Arc::clone(&unknown.key)), || Doubt {
            span: Some(item.span),
            ..Doubt::of("a port of a rule", unknown)
        });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    if ports.items.is_empty() {
        let key = Arc::from(format!("ports {ports:p}"));
        let doubt = || Doubt::new("the rule names no port on this side").at(ports.span);
        let symbol = ground.symbols.of(Meaning::Ports(end, key), doubt);
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    all
}

fn built_in<'a>(ground: &mut Ground<'_, 'a>, group: &'a NetworkSecurityGroup, rule: &'static BuiltIn) -> Entry<'a> {
    let outbound = rule.direction == Direction::Outbound;
    let mut clause = Clause::full(&ground.space);
    let mut side = |end, name: &str, peer: bool| {
        if name == "*" {
            return Match::of(Arc::clone(&ground.space));
        }
        let tag = Tag::named(name).expect("the catalogue has the tags of built-in rules");
        let special = tag.special().expect("built-in rules name special tags only");
        ground.special_in_rule(end, special, peer.then_some(rule.access))
    };
    clause.sources = side(End::Source, rule.source, !outbound);
    clause.destinations = side(End::Destination, rule.destination, outbound);
    let shown = group
        .default_rules
        .iter()
        .find(|one| one.name.known().is_some_and(|name| name.eq_ignore_ascii_case(rule.name)));
    Entry { clause, access: rule.access, author: Author::BuiltIn(rule, shown) }
}
