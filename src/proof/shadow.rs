//! Facts about single rules that patterns ask for: is it ever reached, would anything change without it, does another
//! one have its priority; and where a new rule can go.
//!
//! Rules are looked at in IPv4, and in IPv6 where the subnet has it (ALG-4).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::estate::{Direction, Field, NetworkSecurityGroup, Peer, SecurityRule, Side};
use crate::finding::Verdict;
use crate::json::Unknown;
use crate::net::{Family, PortSet, ProtocolSet};
use crate::proof::ahead::{Ahead, Order};
use crate::proof::cell::{Cell, Clause, Match};
use crate::proof::cover::{Spent, Work};
use crate::proof::doubt::{Aspect, Doubt, Reason, What};
use crate::proof::first_match::DecidedCell;
use crate::proof::ground::Ground;
use crate::proof::host::HostSet;
use crate::proof::judgement::Decider;
use crate::proof::nsg::entries;
use crate::proof::scene::Scene;
use crate::proof::stage::{Author, Entry, Stage};
use crate::proof::verdict::{Required, decide};

/// A fact of three values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// It holds, whatever the unknown values are.
    Yes,
    /// It does not.
    No,
    /// It depends on these.
    Unknown(Vec<Doubt>),
}

/// What is known of one rule among the others.
#[derive(Clone, Debug)]
pub struct Shadow {
    /// Rules ahead of it decide everything it matches.
    pub shadowed: Fact,
    /// Without it every packet would fare the same, by the rules behind it. Also true when it is shadowed.
    pub redundant: Fact,
    /// Another rule of its direction has its priority.
    pub conflicts: Fact,
    /// Those rules, by index in the group.
    pub with: Vec<usize>,
    /// It in each address family it is looked at in.
    ahead: Vec<Ahead>,
    by: OnceLock<Option<Vec<Decider>>>,
}

impl Shadow {
    /// Neither is known, for the same reasons.
    fn unknown(&mut self, doubts: Vec<Doubt>) {
        (self.shadowed, self.redundant) = (Fact::Unknown(doubts.clone()), Fact::Unknown(doubts));
    }

    /// The rules ahead that decide everything it matches; for a rule that is not shadowed, those that take something from
    /// it. `None`: there are too many cases to tell. Worked out when it is first asked for.
    pub fn by(&self) -> Option<&[Decider]> {
        let found = self.by.get_or_init(|| {
            let mut all: Vec<Decider> = Vec::new();
            for ahead in &self.ahead {
                let new = ahead.deciders()?.filter(|one| !all.contains(one)).cloned();
                let new: Vec<Decider> = new.collect();
                all.extend(new);
            }
            Some(all)
        });
        found.as_deref()
    }
}

/// The most rules of a group that are compared with each other: Azure takes a thousand (NSG-26).
const MOST_RULES: usize = 2000;

/// How much is done to compare the rules of one direction, in comparisons of a piece of one with another one. Thousands of
/// rules that have little to do with each other need a fraction of it.
const MOST_WORK: usize = 1 << 20;

impl Scene<'_> {
    /// The facts of every custom rule of a group of the scene, in the order of its rules. Empty when the group is not here.
    pub fn shadows(&self, group: usize) -> Vec<Shadow> {
        let Some(rules) = self.group_at(group).map(|group| &group.rules) else { return Vec::new() };
        let too_many = || Fact::Unknown(vec![Doubt::new(Reason::TooManyRules)]);
        let blank = Shadow {
            shadowed: too_many(),
            redundant: too_many(),
            conflicts: Fact::No,
            with: Vec::new(),
            ahead: Vec::new(),
            by: OnceLock::new(),
        };
        let mut all = vec![blank; rules.len()];
        if rules.len() > MOST_RULES {
            return all;
        }
        let only =
            |rule: &SecurityRule, family: Family| is_of(&rule.sources, family) || is_of(&rule.destinations, family);
        let v6 = match &self.subnet {
            Some(subnet) => !subnet.v6.is_empty(),
            None => rules.iter().any(|rule| only(rule, Family::V6)),
        };
        for direction in [Direction::Inbound, Direction::Outbound] {
            self.conflicts(group, direction, &mut all);
            self.reach(group, direction, Family::V4, &mut all);
        }
        if v6 {
            let mut second = all.clone();
            for direction in [Direction::Inbound, Direction::Outbound] {
                self.reach(group, direction, Family::V6, &mut second);
            }
            for ((one, two), rule) in all.iter_mut().zip(second).zip(rules) {
                if only(rule, Family::V6) {
                    *one = two;
                    continue;
                }
                // What a rule is in a family it has no packet of says nothing.
                if self.subnet.is_none() || only(rule, Family::V4) {
                    continue;
                }
                one.shadowed = both(std::mem::replace(&mut one.shadowed, Fact::No), two.shadowed);
                one.redundant = both(std::mem::replace(&mut one.redundant, Fact::No), two.redundant);
                one.ahead.extend(two.ahead);
            }
        }
        all
    }

    fn conflicts(&self, group: usize, direction: Direction, all: &mut [Shadow]) {
        let Some(rules) = self.group_at(group).map(|group| &group.rules) else { return };
        let mut places: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.direction.known() == Some(&direction)) {
            match &rule.priority.value {
                Ok(priority) => places.entry(*priority).or_default().push(index),
                Err(unknown) => {
                    all[index].conflicts = Fact::Unknown(vec![Doubt::of(What::Alone(Aspect::Priority), unknown)])
                }
            }
        }
        for same in places.into_values().filter(|same| same.len() > 1) {
            for &index in &same {
                // One that may not exist may leave the other one alone.
                let sure = |at: &usize| rules[*at].condition.is_none();
                let others: Vec<usize> = same.iter().copied().filter(|other| *other != index).collect();
                let doubts = same.iter().filter_map(|at| rules[*at].condition.as_ref());
                let doubts: Vec<Doubt> = doubts.map(|unknown| Doubt::of(What::SomeRuleExists, unknown)).collect();
                let certain = sure(&index) && others.iter().any(sure);
                all[index].conflicts = if certain { Fact::Yes } else { Fact::Unknown(doubts) };
                all[index].with = others;
            }
        }
    }

    fn reach(&self, group: usize, direction: Direction, family: Family, all: &mut [Shadow]) {
        let Some((level, given)) = self.groups.get(group) else { return };
        let mut ground = Ground::new(self, family).with_near_members();
        let entries = entries(&mut ground, given, direction);
        let places = places(&entries);
        let order = Arc::new(Order::of(Stage::new(level.layer(), group, entries), &ground.symbols));
        let (mut work, mut rules) = (MOST_WORK, places.len());
        for (index, place) in places {
            let Some(shadow) = all.get_mut(index) else { continue };
            // What earlier rules did not need is there for later ones.
            let share = work / rules;
            let mut own = Work(share);
            look(&ground, &order, &place, &mut own, shadow);
            (work, rules) = (work - (share - own.0), rules - 1);
        }
    }
}

/// Where a rule stands among the others.
struct Place<'a> {
    rule: &'a SecurityRule,
    at: usize,
    /// Rules of its priority stand neither ahead of it nor behind it.
    same: Range<usize>,
}

/// The place of every custom rule, by its index in the group; of one that stands in several the last.
fn places<'a>(entries: &[Entry<'a>]) -> BTreeMap<usize, Place<'a>> {
    let mut places = BTreeMap::new();
    let mut priorities: BTreeMap<i64, Range<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let Author::Rule(rule, index) = entry.author else { continue };
        places.insert(index, Place { rule, at, same: at..at + 1 });
        if let Some(priority) = rule.priority.known() {
            priorities.entry(*priority).or_insert(at..at).end = at + 1;
        }
    }
    for place in places.values_mut() {
        if let Some(same) = place.rule.priority.known().and_then(|priority| priorities.get(priority)) {
            place.same = same.clone();
        }
    }
    places
}

/// Whether a side of a rule holds addresses of one family and nothing else.
fn is_of(side: &Side, family: Family) -> bool {
    let is_of = |item: &Field<Peer>| match item.known() {
        Some(Peer::Addresses(set)) => match family {
            Family::V4 => set.v6.is_empty(),
            Family::V6 => set.v4.is_empty(),
        },
        _ => false,
    };
    !side.items.is_empty() && side.groups.is_empty() && side.items.iter().all(is_of)
}

/// The facts of a rule.
fn look(ground: &Ground<'_, '_>, order: &Arc<Order>, place: &Place<'_>, work: &mut Work, shadow: &mut Shadow) {
    shadow.ahead.clear();
    if place.rule.priority.known().is_none() {
        let doubt = |unknown: &Arc<Unknown>| Doubt::of(What::Alone(Aspect::Priority), unknown);
        return shadow.unknown(place.rule.priority.unknown().map(doubt).into_iter().collect());
    }
    let cells = cells_of(&order.clauses[place.at]);
    if cells.is_empty() {
        // It matches nothing at all, such as a misspelt tag: nobody stands in its way.
        (shadow.shadowed, shadow.redundant) = (Fact::No, Fact::Yes);
        return;
    }
    let near = order.near(place.at);
    let (ahead, rest) = near.split_at(near.partition_point(|other| *other < place.same.start));
    let behind = &rest[rest.partition_point(|other| *other < place.same.end)..];
    let known = Ahead::of(order, place.at, place.same.start, cells);
    let compared = Compared { ground, order, place, ahead, behind };
    let told = compared.by_boxes(work, shadow);
    if told == Ok(None) {
        compared.by_packets(&known, work, shadow);
    }
    shadow.ahead.push(known);
    // Whoever is told that a rule is shadowed asks by which ones.
    if told == Err(Spent) || shadow.shadowed != Fact::No && shadow.by().is_none() {
        shadow.unknown(vec![Doubt::new(Reason::TooManyCasesAhead)]);
    }
}

/// Why it cannot be told what would be without a rule.
fn without(rule: &SecurityRule, shadow: &Shadow) -> Option<Doubt> {
    match rule.access.unknown() {
        Some(unknown) => Some(Doubt::of(What::Alone(Aspect::Access), unknown)),
        None => (!shadow.with.is_empty()).then(|| Doubt::new(Reason::AnotherOfPriority)),
    }
}

/// A rule, and those ahead of it and behind it that may match some of what it matches.
struct Compared<'x, 's, 'a> {
    ground: &'x Ground<'s, 'a>,
    order: &'x Order,
    place: &'x Place<'a>,
    ahead: &'x [usize],
    behind: &'x [usize],
}

impl Compared<'_, '_, '_> {
    /// The facts as far as boxes tell them. `None`: they depend on what is not known.
    fn by_boxes(&self, work: &mut Work, shadow: &mut Shadow) -> Result<Option<()>, Spent> {
        let fact = |holds: bool| if holds { Fact::Yes } else { Fact::No };
        let Some(shadowed) = self.order.is_shadowed(self.place.at, self.ahead, work)? else { return Ok(None) };
        let redundant = match (shadowed, without(self.place.rule, shadow)) {
            (true, _) => Fact::Yes,
            (false, Some(doubt)) => Fact::Unknown(vec![doubt]),
            (false, None) => match self.order.is_redundant(self.place.at, (self.ahead, self.behind), work) {
                Err(Spent) => Fact::Unknown(vec![Doubt::new(Reason::TooManyCases)]),
                Ok(None) => return Ok(None),
                Ok(Some(holds)) => fact(holds),
            },
        };
        (shadow.shadowed, shadow.redundant) = (fact(shadowed), redundant);
        Ok(Some(()))
    }

    /// The facts by sending all that it matches through the rules ahead of it and those behind it.
    fn by_packets(&self, known: &Ahead, work: &mut Work, shadow: &mut Shadow) {
        let Self { ground, order, place, .. } = self;
        let clause = &order.clauses[place.at];
        let required = Required { sources: &clause.sources.terms, destinations: &clause.destinations.terms };
        let ahead = order.run(known.cells.clone(), self.ahead, work);
        known.known_by(&ahead);
        if ahead.exceeded {
            return shadow.unknown(vec![Doubt::new(Reason::TooManyCasesAhead)]);
        }
        let taken: Vec<&Cell> = ahead.decided.iter().map(|piece| &piece.cell).collect();
        let rest: Vec<&Cell> = ahead.rest.iter().collect();
        shadow.shadowed = fact(ground, &required, &taken, &rest);
        if shadow.shadowed == Fact::Yes {
            shadow.redundant = Fact::Yes;
            return;
        }
        if let Some(doubt) = without(place.rule, shadow) {
            shadow.redundant = Fact::Unknown(vec![doubt]);
            return;
        }
        let run = order.run(ahead.rest.clone(), self.behind, work);
        if run.exceeded {
            shadow.redundant = Fact::Unknown(vec![Doubt::new(Reason::TooManyCases)]);
            return;
        }
        let own = order.deciders[place.at].access;
        let same = |piece: &&DecidedCell| order.deciders[piece.by.first()].access == own;
        let (alike, other): (Vec<_>, Vec<_>) = run.decided.iter().partition(same);
        let alike: Vec<&Cell> = alike.into_iter().map(|piece| &piece.cell).chain(taken).collect();
        let other: Vec<&Cell> = other.into_iter().map(|piece| &piece.cell).chain(&run.rest).collect();
        shadow.redundant = fact(ground, &required, &alike, &other);
        // Such a rule is for the members of a group, which no address tells: that it might be done without shows nothing.
        let by_group = !place.rule.sources.groups.is_empty() || !place.rule.destinations.groups.is_empty();
        if by_group && shadow.redundant != Fact::Yes {
            shadow.redundant = Fact::No;
        }
    }
}

/// Whether nothing of a rule's traffic is left over.
fn fact(ground: &Ground<'_, '_>, required: &Required<'_>, gone: &[&Cell], left: &[&Cell]) -> Fact {
    let decision = decide(ground, required, gone, left);
    match decision.verdict {
        Verdict::Satisfied => Fact::Yes,
        Verdict::Violated => Fact::No,
        // Whatever its traffic is, nothing ahead takes any of it.
        Verdict::Undecided if gone.is_empty() => Fact::No,
        Verdict::Undecided => Fact::Unknown(decision.doubts),
    }
}

/// Everything a clause matches.
fn cells_of(clause: &Clause) -> Vec<Cell> {
    let ported = ProtocolSet::TCP.union(ProtocolSet::UDP);
    let hosts = HostSet::shared_full();
    let mut cells = Vec::new();
    for protocols in &clause.protocols.terms {
        for (kind, has_ports) in [(protocols.set.intersection(ported), true), (protocols.set.difference(ported), false)]
        {
            if kind.is_empty() {
                continue;
            }
            let all = Match::of(PortSet::full());
            let (source_ports, destination_ports) = match has_ports {
                true => (&clause.source_ports, &clause.destination_ports),
                false => (&all, &all),
            };
            for source in &clause.sources.terms {
                for destination in &clause.destinations.terms {
                    for from in &source_ports.terms {
                        for to in &destination_ports.terms {
                            let parts = [
                                &clause.guards,
                                &protocols.cube,
                                &source.cube,
                                &destination.cube,
                                &from.cube,
                                &to.cube,
                            ];
                            cells.push(Cell {
                                cube: parts.into_iter().flatten().copied().collect(),
                                protocols: kind,
                                sources: source.set.clone(),
                                source_ports: from.set.clone(),
                                destinations: destination.set.clone(),
                                destination_ports: to.set.clone(),
                                hosts: Arc::clone(&hosts),
                            });
                        }
                    }
                }
            }
        }
    }
    cells
}

/// It holds in both families.
fn both(one: Fact, two: Fact) -> Fact {
    match (one, two) {
        (Fact::Yes, other) | (other, Fact::Yes) => other,
        (Fact::No, _) | (_, Fact::No) => Fact::No,
        (Fact::Unknown(one), Fact::Unknown(_)) => Fact::Unknown(one),
    }
}

/// The priorities that custom rules can have (NSG-5).
const PRIORITIES: std::ops::RangeInclusive<i64> = 100..=4096;

/// A free priority of a direction for a new rule: ahead of the rule at `before`, behind the ones ahead of that, a multiple
/// of ten if there is room. Without `before`, behind all custom rules. `taken` are priorities given out already. `None`:
/// nothing is free there — nothing goes ahead of 100.
pub fn free_priority(
    group: &NetworkSecurityGroup,
    direction: Direction,
    before: Option<i64>,
    taken: &BTreeSet<i64>,
) -> Option<i64> {
    let looks = group.rules.iter().filter(|rule| rule.direction.known().is_none_or(|known| *known == direction));
    let used: BTreeSet<i64> =
        looks.filter_map(|rule| rule.priority.known().copied()).chain(taken.iter().copied()).collect();
    let end = before.unwrap_or(PRIORITIES.end() + 1).min(PRIORITIES.end() + 1);
    let ahead = used.range(..end).next_back().copied().unwrap_or(PRIORITIES.start() - 1);
    let next = (ahead.max(PRIORITIES.start() - 1) / 10 + 1) * 10;
    if next < end {
        return Some(next);
    }
    let free = |priority: &i64| !used.contains(priority);
    let below = || (*PRIORITIES.start()..end).rev();
    below().filter(|priority| priority % 10 == 0).find(free).or_else(|| below().find(free))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::{Arc, OnceLock};

    use super::{Compared, Fact, Shadow, places};

    use crate::estate::{Access, Direction, NetworkSecurityGroup, SecurityRule};
    use crate::net::{AddressSet, Family, PortSet, ProtocolSet};
    use crate::proof::ahead::{Ahead, Order};
    use crate::proof::cover::Work;
    use crate::proof::ground::Ground;
    use crate::proof::nsg::entries;
    use crate::proof::scene::Scene;
    use crate::proof::stage::Stage;
    use crate::proof::tests::{Dice, known, outbound, peer, security_group, unknown, why};

    const PREFIXES: [&str; 8] =
        ["10.0.1.4/32", "10.0.1.4/31", "10.0.0.0/16", "10.0.0.0/8", "20.1.0.0/32", "20.1.0.0/31", "20.0.0.0/8", "*"];
    /// One of everything that these, `Internet` and `VirtualNetwork` tell apart.
    const ADDRESSES: [&str; 10] = [
        "10.0.1.4",
        "10.0.1.5",
        "10.0.9.9",
        "10.9.9.9",
        "20.1.0.0",
        "20.1.0.1",
        "20.9.9.9",
        "8.8.8.8",
        "172.16.0.1",
        "168.63.129.16",
    ];
    const PORTS: [u16; 3] = [1, 3, 9];
    const PROTOCOLS: [ProtocolSet; 4] = [ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ICMP, ProtocolSet::ALL];

    fn some_rule(dice: &mut Dice, at: usize, open: bool) -> SecurityRule {
        let access = dice.one(&[Access::Allow, Access::Deny]);
        let mut rule = outbound(&format!("r{at}"), 100 + i64::try_from(at).unwrap(), access, "*", PortSet::full());
        rule.protocol = known(dice.one(&PROTOCOLS));
        let sides = |dice: &mut Dice| (0..=dice.roll(2)).map(|_| peer(dice.one(&PREFIXES))).collect::<Vec<_>>();
        (rule.sources.items, rule.destinations.items) = (sides(dice), sides(dice));
        for ports in [&mut rule.source_ports, &mut rule.destination_ports] {
            let some = PortSet::from_ranges((0..=dice.roll(2)).map(|_| dice.one(&[(1, 1), (2, 3), (1, 3)])));
            ports.items = vec![known(if dice.roll(2) == 0 { PortSet::full() } else { some })];
        }
        if open && dice.roll(3) == 0 {
            match dice.roll(5) {
                0 => rule.condition = Some(why("condition")),
                1 => rule.access = unknown("access"),
                2 => rule.priority = unknown("priority"),
                3 => rule.destinations.items.push(peer("Storage")),
                _ => rule.priority = known(100),
            }
        }
        rule
    }

    fn some_group(seed: u64, open: bool) -> NetworkSecurityGroup {
        let dice = &mut Dice::new(seed);
        let number = 2 + dice.roll(7);
        security_group((0..number).map(|at| some_rule(dice, at, open)).collect())
    }

    fn scene(group: &NetworkSecurityGroup) -> Scene<'_> {
        let scene = Scene::of_group(group, None).with_subnet(AddressSet::prefix("10.0.1.0/24".parse().unwrap()));
        scene.with_network(AddressSet::prefix("10.0.0.0/16".parse().unwrap()))
    }

    #[test]
    fn in_a_subnet_of_both_families_a_rule_is_looked_at_in_its_own() {
        let rules = |first: &str, second: &str| {
            let all = PortSet::full();
            let first = outbound("first", 100, Access::Deny, first, all.clone());
            security_group(vec![first, outbound("second", 200, Access::Allow, second, all)])
        };
        let shadowed = |group: &NetworkSecurityGroup| {
            let both: Vec<AddressSet> =
                ["10.0.1.0/24", "fd00::/64"].iter().map(|text| AddressSet::prefix(text.parse().unwrap())).collect();
            let scene = Scene::of_group(group, None).with_subnet(both[0].union(&both[1]));
            scene.shadows(0)[1].shadowed.clone()
        };
        assert_eq!(shadowed(&rules("20.0.0.0/8", "20.1.0.0/16")), Fact::Yes);
        assert_eq!(shadowed(&rules("2001:db8::/32", "2001:db8:1::/48")), Fact::Yes);
        assert_eq!(shadowed(&rules("*", "*")), Fact::Yes);
        // What it still matches in the other family keeps it alive.
        assert_eq!(shadowed(&rules("0.0.0.0/0", "*")), Fact::No);
        assert_eq!(shadowed(&rules("20.0.0.0/8", "2001:db8::/32")), Fact::No);
    }

    struct Packet {
        protocol: ProtocolSet,
        source: IpAddr,
        destination: IpAddr,
        ports: (u16, u16),
    }

    fn packets() -> Vec<Packet> {
        let mut all = Vec::new();
        // Rules do not look at packets to the platform's address.
        for (from, to) in ADDRESSES.iter().flat_map(|from| ADDRESSES[..9].iter().map(move |to| (from, to))) {
            for protocol in [ProtocolSet::TCP, ProtocolSet::UDP, ProtocolSet::ICMP, ProtocolSet::ESP] {
                for ports in PORTS.iter().flat_map(|one| PORTS.iter().map(move |two| (*one, *two))) {
                    all.push(Packet {
                        protocol,
                        source: from.parse().unwrap(),
                        destination: to.parse().unwrap(),
                        ports,
                    });
                }
            }
        }
        all
    }

    fn matches(rule: &SecurityRule, packet: &Packet) -> bool {
        let within = |items: &[crate::estate::Field<crate::estate::Peer>], address: IpAddr| {
            items.iter().any(|item| match item.known().unwrap() {
                crate::estate::Peer::Any => true,
                crate::estate::Peer::Addresses(set) => set.contains(address),
                _ => unreachable!("no other peers are asked for"),
            })
        };
        let port = |ports: &crate::estate::Ports, port: u16| ports.items[0].known().unwrap().contains(port);
        let ported = packet.protocol.has_ports();
        packet.protocol.is_subset(*rule.protocol.known().unwrap())
            && within(&rule.sources.items, packet.source)
            && within(&rule.destinations.items, packet.destination)
            && (!ported || port(&rule.source_ports, packet.ports.0) && port(&rule.destination_ports, packet.ports.1))
    }

    /// What Azure does with a packet that no custom rule matches.
    fn by_default(packet: &Packet) -> Access {
        let network = |address: IpAddr| {
            let text = address.to_string();
            text.starts_with("10.0.") || text == "168.63.129.16"
        };
        let public = !["10.", "172."].iter().any(|start| packet.destination.to_string().starts_with(start));
        let allowed = public || network(packet.source) && network(packet.destination);
        if allowed { Access::Allow } else { Access::Deny }
    }

    #[test]
    fn facts_about_known_rules_are_those_of_a_replay() {
        let packets = packets();
        let (mut counts, mut taken) = ([0; 4], 0);
        for seed in 0..120 {
            let group = some_group(seed, false);
            let scene = scene(&group);
            for (at, (shadow, rule)) in scene.shadows(0).iter().zip(&group.rules).enumerate() {
                let own = packets.iter().filter(|packet| matches(rule, packet));
                let firsts: Vec<(usize, bool)> = own
                    .map(|packet| {
                        let access = rule.access.known().unwrap();
                        let rules = group.rules.iter().enumerate();
                        let mut others = rules.filter(|(other, rule)| *other != at && matches(rule, packet));
                        match others.next() {
                            Some((other, rule)) => (other, rule.access.known().unwrap() == access),
                            None => (usize::MAX, by_default(packet) == *access),
                        }
                    })
                    .collect();
                let fact = |holds: bool| if holds { Fact::Yes } else { Fact::No };
                let shadowed = firsts.iter().all(|(first, _)| *first < at);
                let redundant = firsts.iter().all(|(first, same)| *first < at || *same);
                assert_eq!((&shadow.shadowed, &shadow.redundant), (&fact(shadowed), &fact(redundant)), "{seed} {at}");
                let mut by: Vec<usize> = firsts.iter().map(|(first, _)| *first).filter(|first| *first < at).collect();
                by.sort_unstable();
                by.dedup();
                let told: Vec<usize> = shadow.by().unwrap().iter().map(|one| one.index.unwrap()).collect();
                assert_eq!(told, by, "{seed} {at}");
                counts[usize::from(shadowed) + 2 * usize::from(redundant)] += 1;
                taken += by.len();
            }
        }
        assert!(counts[0] > 50 && counts[2] > 20 && counts[3] > 50 && taken > 100, "{counts:?} {taken}");
    }

    /// The facts of every rule when its packets are sent through all the others.
    fn by_packets(scene: &Scene<'_>, blank: &[Shadow]) -> Vec<Shadow> {
        let mut all = blank.to_vec();
        let mut ground = Ground::new(scene, Family::V4).with_near_members();
        let entries = entries(&mut ground, &scene.groups[0].1, Direction::Outbound);
        let places = places(&entries);
        let stage = Stage::new(scene.groups[0].0.layer(), 0, entries);
        let order = Arc::new(Order::of(stage, &ground.symbols));
        for (index, place) in places {
            let cells = super::cells_of(&order.clauses[place.at]);
            if place.rule.priority.known().is_none() || cells.is_empty() {
                continue;
            }
            let ahead: Vec<usize> = (0..place.same.start).collect();
            let behind: Vec<usize> = (place.same.end..order.clauses.len()).collect();
            let known = Ahead::of(&order, place.at, place.same.start, cells);
            let compared = Compared { ground: &ground, order: &order, place: &place, ahead: &ahead, behind: &behind };
            compared.by_packets(&known, &mut Work(usize::MAX), &mut all[index]);
            all[index].ahead = vec![known];
            all[index].by = OnceLock::new();
        }
        all
    }

    #[test]
    fn boxes_tell_what_sending_packets_tells() {
        let mut unknown = 0;
        for seed in 0..150 {
            let group = some_group(seed, true);
            for scene in [scene(&group), Scene::of_group(&group, None)] {
                let told = scene.shadows(0);
                let sent = by_packets(&scene, &told);
                for (at, (one, two)) in told.iter().zip(&sent).enumerate() {
                    assert_eq!((&one.shadowed, &one.redundant), (&two.shadowed, &two.redundant), "{seed} {at}");
                    assert_eq!(one.by(), two.by(), "{seed} {at}");
                    unknown += usize::from(matches!(one.redundant, Fact::Unknown(_)));
                }
            }
        }
        assert!(unknown > 50, "{unknown}");
    }
}
