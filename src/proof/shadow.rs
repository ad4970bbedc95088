//! Facts about single rules that patterns ask for: is it ever reached, would anything change without it, does another
//! one have its priority; and where a new rule can go.
//!
//! Rules are looked at in IPv4, and in IPv6 where the subnet has it (ALG-4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::estate::{Direction, Field, NetworkSecurityGroup, Peer, SecurityRule, Side};
use crate::finding::Verdict;
use crate::json::Unknown;
use crate::net::{Family, PortSet, ProtocolSet};
use crate::proof::cell::{Cell, Clause, Match};
use crate::proof::doubt::{Aspect, Doubt, Reason, What};
use crate::proof::explain::decider;
use crate::proof::first_match::{DecidedCell, first_match};
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
#[derive(Clone, Debug, PartialEq)]
pub struct Shadow {
    /// Rules ahead of it decide everything it matches.
    pub shadowed: Fact,
    /// Those rules; for a rule that is shadowed in part, the ones that take something from it.
    pub by: Vec<Decider>,
    /// Without it every packet would fare the same, by the rules behind it. Also true when it is shadowed.
    pub redundant: Fact,
    /// Another rule of its direction has its priority.
    pub conflicts: Fact,
    /// Those rules, by index in the group.
    pub with: Vec<usize>,
}

impl Shadow {
    /// Neither is known, for the same reasons.
    fn unknown(&mut self, doubts: Vec<Doubt>) {
        (self.shadowed, self.redundant) = (Fact::Unknown(doubts.clone()), Fact::Unknown(doubts));
    }
}

/// The most rules of a group that are compared with each other: every rule is run through those ahead of it, and Azure
/// takes a thousand (NSG-26).
const MOST_RULES: usize = 2000;

impl Scene<'_> {
    /// The facts of every custom rule of a group of the scene, in the order of its rules. Empty when the group is not here.
    pub fn shadows(&self, group: usize) -> Vec<Shadow> {
        let Some(rules) = self.group_at(group).map(|group| &group.rules) else { return Vec::new() };
        let too_many = || Fact::Unknown(vec![Doubt::new(Reason::TooManyRules)]);
        let blank = Shadow {
            shadowed: too_many(),
            by: Vec::new(),
            redundant: too_many(),
            conflicts: Fact::No,
            with: Vec::new(),
        };
        let mut all = vec![blank; rules.len()];
        if rules.len() > MOST_RULES {
            return all;
        }
        let only_v6 = |rule: &SecurityRule| is_v6(&rule.sources) || is_v6(&rule.destinations);
        let v6 = match &self.subnet {
            Some(subnet) => !subnet.v6.is_empty(),
            None => rules.iter().any(only_v6),
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
                if only_v6(rule) {
                    *one = two;
                    continue;
                }
                if self.subnet.is_none() {
                    continue;
                }
                one.shadowed = both(std::mem::replace(&mut one.shadowed, Fact::No), two.shadowed);
                one.redundant = both(std::mem::replace(&mut one.redundant, Fact::No), two.redundant);
                one.by.extend(two.by.into_iter().filter(|by| !one.by.contains(by)).collect::<Vec<_>>());
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
        let stage = Stage::new(level.layer(), group, entries);
        let mut last = BTreeMap::new();
        for (at, entry) in stage.entries.iter().enumerate() {
            if let Author::Rule(_, index) = &entry.author {
                last.insert(*index, at);
            }
        }
        for (index, at) in last {
            if let Some(shadow) = all.get_mut(index) {
                look(&ground, &stage, at, shadow);
            }
        }
    }
}

/// Whether a side of a rule holds IPv6 addresses and nothing else.
fn is_v6(side: &Side) -> bool {
    let only = |item: &Field<Peer>| matches!(item.known(), Some(Peer::Addresses(set)) if set.v4.is_empty());
    !side.items.is_empty() && side.groups.is_empty() && side.items.iter().all(only)
}

/// The facts of the rule behind an entry.
fn look(ground: &Ground<'_, '_>, stage: &Stage<'_>, at: usize, shadow: &mut Shadow) {
    let entry = &stage.entries[at];
    let Author::Rule(rule, _) = &entry.author else { return };
    let Some(own) = rule.priority.known() else {
        let doubt = |unknown: &Arc<Unknown>| Doubt::of(What::Alone(Aspect::Priority), unknown);
        return shadow.unknown(rule.priority.unknown().map(doubt).into_iter().collect());
    };
    let place = |entry: &Entry<'_>| match &entry.author {
        Author::Rule(rule, _) => rule.priority.known().copied(),
        _ => None,
    };
    let cells = cells_of(&entry.clause);
    if cells.is_empty() {
        // It matches nothing at all, such as a misspelt tag: nobody stands in its way.
        (shadow.shadowed, shadow.redundant) = (Fact::No, Fact::Yes);
        return;
    }
    // Rules of the same priority stand on neither side.
    let start = stage.entries.iter().position(|entry| place(entry) == Some(*own)).unwrap_or(at);
    let end = stage.entries.iter().rposition(|entry| place(entry) == Some(*own)).map_or(at + 1, |last| last + 1);
    let required = Required { sources: &entry.clause.sources.terms, destinations: &entry.clause.destinations.terms };
    let ahead = first_match(&ground.symbols, cells, stage.placed(0..start));
    let mut by: Vec<usize> = ahead.decided.iter().flat_map(|piece| piece.by.all()).collect();
    by.sort_unstable();
    by.dedup();
    shadow.by = by.into_iter().map(|index| decider(stage, &stage.entries[index])).collect();
    let taken: Vec<&Cell> = ahead.decided.iter().map(|piece| &piece.cell).collect();
    let rest: Vec<&Cell> = ahead.rest.iter().collect();
    if ahead.exceeded {
        return shadow.unknown(vec![Doubt::new(Reason::TooManyCasesAhead)]);
    }
    shadow.shadowed = fact(ground, &required, &taken, &rest);
    if shadow.shadowed == Fact::Yes {
        shadow.redundant = Fact::Yes;
        return;
    }
    if rule.access.known().is_none() || !shadow.with.is_empty() {
        let doubt = match rule.access.unknown() {
            Some(unknown) => Doubt::of(What::Alone(Aspect::Access), unknown),
            None => Doubt::new(Reason::AnotherOfPriority),
        };
        shadow.redundant = Fact::Unknown(vec![doubt]);
        return;
    }
    let run = first_match(&ground.symbols, ahead.rest.clone(), stage.placed(end..stage.entries.len()));
    let same = |piece: &&DecidedCell| stage.entries[piece.by.first()].access == entry.access;
    let (alike, other): (Vec<_>, Vec<_>) = run.decided.iter().partition(same);
    let alike: Vec<&Cell> = alike.into_iter().map(|piece| &piece.cell).chain(taken).collect();
    let other: Vec<&Cell> = other.into_iter().map(|piece| &piece.cell).chain(&run.rest).collect();
    shadow.redundant = fact(ground, &required, &alike, &other);
    // Such a rule is for the members of a group, which no address tells: that it might be done without shows nothing.
    let by_group = !rule.sources.groups.is_empty() || !rule.destinations.groups.is_empty();
    if by_group && shadow.redundant != Fact::Yes {
        shadow.redundant = Fact::No;
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
    let hosts = Arc::new(HostSet::full());
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
