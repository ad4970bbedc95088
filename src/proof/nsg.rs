//! A network security group as a list of clauses in the order Azure reads them (NSG-9, NSG-11, ALG-5), and the security
//! admin rules of a Virtual Network Manager as a layer ahead of the groups: `Deny` drops, `Allow` hands on to the groups,
//! `AlwaysAllow` passes them by (AVNM-4, AVNM-5).
//!
//! Built-in rules take part. What cannot be told (whether a rule exists, where it stands, what it does) becomes a guard on
//! its clause. Running packets through the list is the work of `stage`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{
    Access, AdminRule, BUILT_IN, BuiltIn, Direction, Field, NetworkSecurityGroup, Peer, Ports, SecurityRule, short_name,
};
use crate::finding::Layer;
use crate::net::{AddressSet, PortSet, ProtocolSet, Special, Tag};
use crate::proof::cell::{Clause, Match, Values};
use crate::proof::doubt::{Aspect, Doubt, Reason, ThingKind, What};
use crate::proof::given::{Applies, Given, shown};
use crate::proof::ground::{Ground, every_port, platform_addresses};
use crate::proof::stage::{Author, Entry, Stage, TracedCell};
use crate::proof::symbol::{End, Literal, Meaning};

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
        Given::Missing(doubt) => return unknown_group(ground, doubt),
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
        let doubt = Doubt::new(Reason::NoEffectiveRule).at(group.header.span);
        unknown_part(ground, &doubt, "effective rules", &mut all);
        let (access, author) = (Access::Deny, Author::Unknown(doubt));
        all.push(Entry { clause: Clause::full(&ground.space), access, author });
    } else {
        let rules = BUILT_IN.iter().filter(|rule| rule.direction == direction);
        all.extend(rules.map(|rule| built_in(ground, group, rule)));
    }
    all
}

/// A group of which nothing is known may drop any packet.
fn unknown_group<'a>(ground: &mut Ground<'_, 'a>, doubt: &Doubt) -> Vec<Entry<'a>> {
    let mut all = Vec::new();
    unknown_part(ground, doubt, &format!("group {:?}", doubt.reason), &mut all);
    all.truncate(1);
    let author = Author::Unknown(doubt.clone());
    all.push(Entry { access: Access::Allow, author, clause: Clause::full(&ground.space) });
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
        let meaning = Meaning::Packet(Arc::from(format!("first {rule:p} {}", key_of(&rule.priority))));
        let first = ground.symbols.of(meaning, || match rule.priority.unknown() {
            Some(unknown) => Doubt::of(What::Of(Aspect::Priority, ThingKind::Rule.named(shown(&rule.name))), unknown),
            None => Doubt::new(Reason::Unexplained(What::OfSomeRule(Aspect::Priority))),
        });
        push(ground, group.effective, direction, *numbered, &[first.holds()], all);
    }
    for part in &group.unknown_rules {
        let doubt = match part.unknown() {
            Some(unknown) => Doubt::of(What::PartOfRules, unknown),
            None => Doubt::new(Reason::Unexplained(What::PartOfRules)).at(part.span),
        };
        unknown_part(ground, &doubt, &format!("rules {part:p} {}", key_of(part)), all);
    }
}

/// What tells the value of an unknown from others, also in another run.
fn key_of<T>(field: &Field<T>) -> &str {
    field.unknown().map_or("", |unknown| &unknown.key)
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
            Doubt::new(Reason::SameRulePriority(names.0, names.1)).at(last.rule.priority.span)
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
    let this = || ThingKind::Rule.named(shown(&rule.name));
    if let Some(unknown) = &rule.condition {
        let exists = Meaning::World(Arc::from(format!("exists {}", unknown.key)));
        let doubt = || Doubt::of(What::Exists(this()), unknown);
        guards.push(ground.symbols.of(exists, doubt).holds());
    }
    if let Some(unknown) = rule.direction.unknown() {
        let outbound = Meaning::World(Arc::from(format!("outbound {}", unknown.key)));
        let doubt = || Doubt::of(What::Of(Aspect::Direction, this()), unknown);
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
            let doubt = || Doubt::of(What::Of(Aspect::Access, this()), unknown);
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
    let own = |built_in: &&BuiltIn| {
        rule.priority.known() == Some(&built_in.priority)
            && short_name(&shown(&rule.name)).eq_ignore_ascii_case(built_in.name)
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
                Doubt::of(What::Of(Aspect::Protocol, ThingKind::Rule.named(shown(&rule.name))), unknown)
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
    if let [only] = ports.items.as_slice()
        && let Ok(set) = &only.value
    {
        return if set.is_full() { Match::of(every_port()) } else { Match::of(set.clone()) };
    }
    let mut all = Match::nothing();
    let known = ports.items.iter().filter_map(|item| item.known());
    all.add(PortSet::from_ranges(known.flat_map(|set| set.ranges().iter().copied())), Vec::new());
    for (item, unknown) in ports.items.iter().filter_map(|item| Some((item, item.unknown()?))) {
        let symbol = ground.symbols.of(Meaning::Ports(end, Arc::clone(&unknown.key)), || Doubt {
            span: Some(item.span),
            ..Doubt::of(What::PortOfRule, unknown)
        });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    if ports.items.is_empty() {
        let key = Arc::from(format!("ports {ports:p}"));
        let doubt = || Doubt::new(Reason::NoPortNamed).at(ports.span);
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

/// The rules as a layer of one direction.
pub(crate) struct AdminLayer<'a> {
    pub(crate) stage: Rc<Stage<'a>>,
    /// For each entry whether what it lets pass meets no group.
    always: Vec<bool>,
}

impl<'a> AdminLayer<'a> {
    /// The layer of a direction; `None` where the input knows of no such rules.
    pub(crate) fn of(ground: &mut Ground<'_, 'a>, direction: Direction) -> Option<Self> {
        let scene = ground.scene;
        if scene.admin.is_empty() {
            return None;
        }
        let mut list = List { ground, direction, entries: Vec::new(), always: Vec::new() };
        let looks =
            |one: &&(&AdminRule, Option<Applies>)| one.0.rule.direction.known().is_none_or(|known| *known == direction);
        let mut ranked: BTreeMap<i64, Vec<Ranked<'_, 'a>>> = BTreeMap::new();
        let mut floating = Vec::new();
        for (index, (one, applies)) in scene.admin.rules.iter().enumerate().filter(|(_, one)| looks(one)) {
            let ranked_rule = Ranked { index, one, applies: applies.as_ref() };
            match one.rule.priority.known() {
                Some(priority) => ranked.entry(*priority).or_default().push(ranked_rule),
                None => floating.push(ranked_rule),
            }
        }
        list.hidden(scene.admin.hidden.as_ref());
        list.undecided_first(&floating, Reason::AdminRulePriority);
        for same in ranked.values() {
            let differ = same.windows(2).any(|pair| pair[0].effect() != pair[1].effect());
            if differ {
                list.undecided_first(&same[1..], Reason::AdminRuleOrder);
            }
            same.iter().for_each(|one| list.push(one, None));
        }
        floating.iter().for_each(|one| list.push(one, None));
        let rest =
            Entry { clause: Clause::full(&list.ground.space), access: Access::Allow, author: Author::NoAdminRule };
        list.entries.push(rest);
        list.always.push(false);
        Some(Self { stage: Rc::new(Stage::new(Layer::Admin, 0, list.entries)), always: list.always })
    }

    /// Whether what an entry lets pass meets no group.
    pub(crate) fn always(&self, entry: usize) -> bool {
        self.always.get(entry).is_some_and(|always| *always)
    }

    /// Whether what met this layer first meets no group.
    pub(crate) fn passes_groups(&self, traced: &TracedCell) -> bool {
        traced.by.first().and_then(|met| self.always.get(met.first())).is_some_and(|always| *always)
    }
}

/// A rule in its place.
struct Ranked<'x, 'a> {
    index: usize,
    one: &'a AdminRule,
    applies: Option<&'x Applies>,
}

impl Ranked<'_, '_> {
    fn effect(&self) -> (Option<&Access>, bool) {
        (self.one.rule.access.known(), self.one.always)
    }
}

struct List<'g, 's, 'a> {
    ground: &'g mut Ground<'s, 'a>,
    direction: Direction,
    entries: Vec<Entry<'a>>,
    always: Vec<bool>,
}

impl<'a> List<'_, '_, 'a> {
    fn push(&mut self, ranked: &Ranked<'_, 'a>, doubt: Option<Doubt>) {
        let mut guards = Vec::new();
        if let Some(applies) = ranked.applies {
            let meaning = Meaning::World(Arc::clone(&applies.key));
            guards.push(self.ground.symbols.of(meaning, || applies.doubt.clone()).holds());
        }
        if let Some(doubt) = doubt {
            let meaning = Meaning::Packet(Arc::from(format!("first {:p}", ranked.one)));
            guards.push(self.ground.symbols.of(meaning, || doubt).holds());
        }
        let rule = Numbered { rule: &ranked.one.rule, index: ranked.index };
        push(self.ground, false, self.direction, rule, &guards, &mut self.entries);
        self.always.resize(self.entries.len(), ranked.one.always);
    }

    /// Rules each of which may be the first to match, for all that is known.
    fn undecided_first(&mut self, rules: &[Ranked<'_, 'a>], why: fn(Arc<str>) -> Reason) {
        for ranked in rules {
            let name = shown(&ranked.one.rule.name);
            self.push(ranked, Some(Doubt::new(why(name)).at(ranked.one.rule.priority.span)));
        }
    }

    /// What is not shown may drop anything.
    fn hidden(&mut self, doubt: Option<&Doubt>) {
        let Some(doubt) = doubt else { return };
        let meaning = Meaning::Packet(Arc::from("hidden security admin rules"));
        let drops = self.ground.symbols.of(meaning, || doubt.clone());
        let clause = Clause { guards: vec![drops.holds()], ..Clause::full(&self.ground.space) };
        self.entries.push(Entry { clause, access: Access::Deny, author: Author::Unknown(doubt.clone()) });
        self.always.push(false);
    }
}

/// The groups of the scene in the order that traffic of a direction meets them. `explicit`: without what the built-in
/// rules let pass.
pub(crate) fn group_stages<'a>(
    ground: &mut Ground<'_, 'a>,
    direction: Direction,
    explicit: bool,
) -> Vec<Rc<Stage<'a>>> {
    let scene = ground.scene;
    let stages = scene.groups.iter().enumerate().map(|(index, (level, group))| {
        let mut entries = entries(ground, group, direction);
        if explicit {
            entries.retain(|entry| !(matches!(entry.author, Author::BuiltIn(..)) && entry.access == Access::Allow));
        }
        let layer = level.layer();
        let bypass = scene.admin.pass_groups().then(|| Entry {
            clause: Clause::full(&ground.space),
            access: Access::Allow,
            author: Author::AlwaysAllowed,
        });
        Rc::new(match bypass {
            Some(bypass) => Stage::with_bypass(layer, index, entries, bypass),
            None => Stage::new(layer, index, entries),
        })
    });
    let mut stages: Vec<Rc<Stage<'a>>> = stages.collect();
    if direction == Direction::Inbound {
        stages.reverse();
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::{entries, unknown_part};
    use crate::estate::{Access, AdminRule, Direction, NetworkSecurityGroup, SecurityRule};
    use crate::finding::Verdict;
    use crate::net::{AddressSet, Family, PortSet, ProtocolSet, Tag};
    use crate::proof::doubt::Doubt;
    use crate::proof::given::{AdminRules, Applies, Given};
    use crate::proof::ground::{Ground, Party};
    use crate::proof::judgement::{Flow, Judgement, Kind, Matching};
    use crate::proof::scene::{Level, Scene};
    use crate::proof::stage::Author;
    use crate::proof::tests::{Dice, header, known, outbound, security_group, unknown};

    const PORTS: u16 = 8;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Does {
        Deny,
        Allow,
        AlwaysAllow,
    }

    /// What the rule does, and the ports it does it to.
    type Spec = (Does, u16, u16);

    fn specs(dice: &mut Dice, does: &[Does]) -> Vec<Spec> {
        let number = dice.roll(4);
        let mut port = || u16::try_from(dice.roll(usize::from(PORTS))).unwrap();
        let ranges: Vec<(u16, u16)> = (0..number).map(|_| (port(), port())).collect();
        ranges.into_iter().map(|(one, two)| (dice.one(does), one.min(two), one.max(two))).collect()
    }

    fn first(specs: &[Spec], port: u16) -> Option<Does> {
        specs.iter().find(|(_, first, last)| (*first..=*last).contains(&port)).map(|(does, ..)| *does)
    }

    /// What Azure does with a packet, rule by rule.
    fn passes(admin: &[Spec], group: &[Spec], port: u16) -> bool {
        match first(admin, port) {
            Some(Does::Deny) => false,
            Some(Does::AlwaysAllow) => true,
            Some(Does::Allow) | None => first(group, port) != Some(Does::Deny),
        }
    }

    #[test]
    fn admin_rules_and_groups_do_what_a_replay_does() {
        for seed in 0..300 {
            let dice = &mut Dice::new(seed);
            let admin = specs(dice, &[Does::Deny, Does::Allow, Does::AlwaysAllow]);
            let group = specs(dice, &[Does::Deny, Does::Allow]);
            let deployed = dice.roll(2) == 0;
            let access = |does: Does| if does == Does::Deny { Access::Deny } else { Access::Allow };
            let rule = |at: usize, (does, first, last): Spec| {
                let priority = 100 + i64::try_from(at).unwrap();
                outbound(&format!("r{at}"), priority, access(does), "*", PortSet::range(first, last))
            };
            let rules = |specs: &[Spec]| specs.iter().enumerate().map(|(at, spec)| rule(at, *spec)).collect::<Vec<_>>();
            let always = admin.iter().map(|(does, ..)| *does == Does::AlwaysAllow);
            let list: Vec<AdminRule> = rules(&admin)
                .into_iter()
                .zip(always)
                .map(|(rule, always)| AdminRule { header: header("r"), rule, always, effective: deployed })
                .collect();
            let doubt = || Applies { key: "deployed".into(), doubt: Doubt::new("deployed") };
            let told = list.iter().map(|one| (one, (!deployed).then(doubt))).collect();
            let nsg = security_group(rules(&group));
            let scene = Scene {
                subnet: Some(AddressSet::prefix("10.0.1.0/24".parse().unwrap())),
                groups: vec![(Level::Subnet, Given::Here(&nsg))],
                admin: AdminRules { rules: told, hidden: None, listed: false },
                ..Scene::default()
            };
            for port in 0..PORTS {
                let flow = Flow {
                    direction: Direction::Outbound,
                    protocols: ProtocolSet::TCP,
                    from: Party::Subnet,
                    to: Party::Addresses(AddressSet::address("20.1.2.3".parse().unwrap())),
                    ports: PortSet::range(port, port),
                    matching: Matching::Effective,
                };
                let worlds = [passes(&admin, &group, port), deployed || passes(&[], &group, port)];
                let worlds = if deployed { &worlds[..1] } else { &worlds[..] };
                let expected = match (worlds.contains(&true), worlds.contains(&false)) {
                    (true, false) => Verdict::Satisfied,
                    (false, true) => Verdict::Violated,
                    _ => Verdict::Undecided,
                };
                let path = scene.prepared().path(&flow, None);
                assert_eq!(path.verdict, expected, "{seed} {port} {admin:?} {group:?} {deployed}");
                assert_eq!(path.assumptions.iter().any(|one| one.contains("admin")), list.is_empty());
            }
        }
    }

    fn rule(name: &str, priority: i64, access: Access) -> SecurityRule {
        outbound(name, priority, access, "*", PortSet::full())
    }

    fn scene(group: Given<'_, NetworkSecurityGroup>) -> Scene<'_> {
        let subnet = AddressSet::prefix("10.0.1.0/24".parse().unwrap());
        Scene { groups: vec![(Level::Subnet, group)], ..Scene::default() }.with_subnet(subnet)
    }

    fn judge(group: &NetworkSecurityGroup, direction: Direction) -> Judgement {
        let there = Party::Tag(Tag::named("AzureMachineLearning").unwrap());
        let (from, to) = match direction {
            Direction::Outbound => (Party::Subnet, there),
            Direction::Inbound => (there, Party::Subnet),
        };
        let ports = PortSet::range(443, 443);
        let protocols = ProtocolSet::TCP;
        let flow = Flow { direction, protocols, from, to, ports, matching: Matching::Effective };
        scene(Given::Here(group)).prepared().judge(&flow)
    }

    /// Whether what the first guard of each entry asks is the same for every packet.
    fn worlds(group: &NetworkSecurityGroup) -> Vec<bool> {
        let scene = scene(Given::Here(group));
        let mut ground = Ground::new(&scene, Family::V4);
        let all = entries(&mut ground, &scene.groups[0].1, Direction::Outbound);
        all.iter().filter_map(|one| Some(ground.symbols.is_world(one.clause.guards.first()?.symbol))).collect()
    }

    #[test]
    fn of_two_rules_with_one_priority_the_same_one_goes_first_for_every_packet() {
        let mut group = security_group(vec![rule("one", 200, Access::Allow), rule("two", 200, Access::Deny)]);
        assert_eq!(judge(&group, Direction::Outbound).verdict, Verdict::Undecided);
        assert_eq!(worlds(&group), [true]);
        group.rules.push(rule("three", 200, Access::Deny));
        assert_eq!(worlds(&group), [false, false], "of three any may go first, packet by packet");
    }

    #[test]
    fn only_effective_rules_are_all_there_are() {
        let mut group = security_group(vec![outbound("late", 65000, Access::Deny, "Storage", PortSet::full())]);
        assert_eq!(judge(&group, Direction::Outbound).verdict, Verdict::Satisfied, "the built-in rules come after it");
        group.effective = true;
        assert_eq!(judge(&group, Direction::Outbound).verdict, Verdict::Undecided);
    }

    #[test]
    fn a_rule_that_names_no_port_may_match_some() {
        let clear: [fn(&mut SecurityRule); 2] =
            [|rule| rule.source_ports.items.clear(), |rule| rule.destination_ports.items.clear()];
        for side in clear {
            let mut deny = rule("deny", 100, Access::Deny);
            side(&mut deny);
            let judgement = judge(&security_group(vec![deny]), Direction::Outbound);
            assert_eq!(judgement.verdict, Verdict::Undecided);
            assert_eq!(judgement.why[0].message(), "the rule names no port on this side");
        }
    }

    #[test]
    fn a_rule_of_unknown_direction_is_of_one_of_them() {
        let with = |first: Access, second: Access| {
            let mut one = rule("one", 100, first);
            one.direction = unknown("direction");
            let mut two = rule("two", 110, second);
            two.direction = unknown("direction");
            let inbound = SecurityRule { direction: known(Direction::Inbound), ..rule("in", 120, Access::Allow) };
            security_group(vec![one, two, inbound])
        };
        for direction in [Direction::Outbound, Direction::Inbound] {
            let judgement = judge(&with(Access::Deny, Access::Deny), direction);
            assert_eq!(judgement.verdict, Verdict::Undecided);
            assert!(judgement.why[0].message().contains("the direction of rule `one`"), "{:?}", judgement.why);
            assert_eq!(judge(&with(Access::Allow, Access::Deny), direction).verdict, Verdict::Satisfied);
        }
    }

    #[test]
    fn a_built_in_rule_is_known_by_its_name_and_its_priority() {
        let kind = |priority| {
            let mut group = security_group(vec![rule("securityRules/DenyAllOutBound", priority, Access::Deny)]);
            group.effective = true;
            judge(&group, Direction::Outbound).deciders[0].kind
        };
        assert_eq!(kind(65500), Kind::BuiltIn);
        assert_eq!(kind(4000), Kind::Rule);
    }

    #[test]
    fn a_missing_group_may_drop_every_packet_and_lets_the_others_pass() {
        let given = Given::Missing(Doubt::new("not among the input"));
        let scene = scene(given);
        let mut ground = Ground::new(&scene, Family::V4);
        let all = entries(&mut ground, &scene.groups[0].1, Direction::Outbound);
        let access: Vec<(Access, usize)> = all.iter().map(|one| (one.access, one.clause.guards.len())).collect();
        assert_eq!(access, [(Access::Deny, 1), (Access::Allow, 0)]);
        assert!(all.iter().all(|one| matches!(one.author, Author::Unknown(_))));
        let mut both = Vec::new();
        unknown_part(&mut ground, &Doubt::new("some"), "key", &mut both);
        assert_eq!(both.iter().map(|one| one.access).collect::<Vec<_>>(), [Access::Deny, Access::Allow]);
    }
}
