//! The rules of a firewall in the order it reads them (FW-5, FW-10, FW-21, FW-23).
//!
//! By kind first — DNAT, network, application — then parent policy before child, then groups, collections and rules by
//! priority. What cannot be told about the order becomes a guard on a line; what a line matches is the work of `clause`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::{
    Access, CollectionKind, Estate, Export, Field, Firewall, FirewallPolicy, FirewallRule, Header, Reference,
    RuleCollection, RuleCollectionGroup,
};
use crate::json::{Node, Unknown};
use crate::proof::doubt::{Aspect, Doubt, Reason, Remedy, Thing, ThingKind, What};
use crate::proof::given::{here, missing, shown};
use crate::proof::symbol::Meaning;

/// How long a chain of parent policies is followed. Azure allows one parent.
const MOST_PARENTS: usize = 8;

/// What filters the traffic that routes lead to it: a firewall, or a policy on its own.
#[derive(Clone, Copy, Debug)]
pub enum Appliance<'a> {
    /// An Azure Firewall.
    Firewall(&'a Firewall),
    /// A policy no firewall of the input uses.
    Policy(&'a FirewallPolicy),
}

/// A rule in its place.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The pass it is read in.
    pub kind: CollectionKind,
    /// Its policy; `None` for classic rules.
    pub policy: Option<&'a FirewallPolicy>,
    /// Its group; `None` for classic rules.
    pub group: Option<&'a RuleCollectionGroup>,
    /// Its collection.
    pub collection: &'a RuleCollection,
    /// The rule.
    pub rule: &'a FirewallRule,
}

/// Something that must hold for a line to be there, in its place.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) meaning: Meaning,
    pub(crate) holds: bool,
    pub(crate) doubt: Doubt,
}

/// One line of the order.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) guards: Vec<Guard>,
    pub(crate) access: Access,
    pub(crate) what: Content<'a>,
}

/// What a line is.
#[derive(Clone, Debug)]
pub(crate) enum Content<'a> {
    Rule(Placed<'a>),
    /// Any rule may come from here.
    Unknown(Doubt),
}

/// Lines with one place among others of their kind.
struct Block<'a> {
    priority: Result<i64, Doubt>,
    key: String,
    /// What to call it in a doubt.
    name: Thing,
    lines: Vec<Line<'a>>,
}

impl<'a> Appliance<'a> {
    /// Whether it is this one.
    pub(crate) fn is(self, other: Appliance<'_>) -> bool {
        match (self, other) {
            (Self::Firewall(one), Appliance::Firewall(two)) => std::ptr::eq(one, two),
            (Self::Policy(one), Appliance::Policy(two)) => std::ptr::eq(one, two),
            _ => false,
        }
    }

    /// Every rule in the order it is read, as far as that is known: DNAT, network, application.
    pub fn rules_in_order(self, estate: &'a Estate) -> Vec<Placed<'a>> {
        let kinds = [CollectionKind::Nat, CollectionKind::Network, CollectionKind::Application];
        let lines = kinds.into_iter().flat_map(|kind| lines(estate, self, kind));
        let sure = lines.filter(|line| !line.guards.iter().any(|guard| matches!(guard.meaning, Meaning::Packet(_))));
        let mut placed: Vec<Placed<'a>> = Vec::new();
        for line in sure {
            let Content::Rule(one) = line.what else { continue };
            // A line may be there twice, once for each thing an unknown action may do.
            if placed.last().is_none_or(|last| !std::ptr::eq(last.rule, one.rule)) {
                placed.push(one);
            }
        }
        placed
    }

    /// The policy it follows; `Err` when it is mentioned only.
    pub(crate) fn policy(self, estate: &'a Estate) -> Option<Result<&'a FirewallPolicy, Doubt>> {
        match self {
            Self::Policy(policy) => Some(Ok(policy)),
            Self::Firewall(firewall) => firewall.policy.as_ref().map(|one| policy_at(estate, one, &firewall.header)),
        }
    }
}

/// The lines of one kind, in order. Those that match nothing else are not among them.
pub(crate) fn lines<'a>(estate: &'a Estate, appliance: Appliance<'a>, kind: CollectionKind) -> Vec<Line<'a>> {
    let mut all = Vec::new();
    let policy = match (appliance.policy(estate), appliance) {
        (Some(Ok(policy)), _) => policy,
        (Some(Err(doubt)), _) => {
            unknown(&doubt, "policy", &mut all);
            return all;
        }
        (None, Appliance::Firewall(firewall)) => return classic(firewall, kind),
        (None, Appliance::Policy(_)) => return all,
    };
    let (chain, doubt) = chain(estate, policy);
    if let Some(doubt) = doubt {
        unknown(&doubt, "parent policy", &mut all);
    }
    // A parent's rules come before those of its children whatever the numbers.
    for policy in chain.into_iter().rev() {
        for doubt in missing_groups(estate, policy) {
            let key = format!("groups {policy:p} {:?}", doubt.reason);
            unknown(&doubt, &key, &mut all);
        }
        let groups = policy.groups.iter().filter_map(|index| estate.collection_groups.get(*index));
        all.extend(in_order(groups.map(|group| group_block(policy, group, kind)).collect()));
    }
    all
}

/// A policy and its parents, and what is not known of them.
fn chain<'a>(estate: &'a Estate, policy: &'a FirewallPolicy) -> (Vec<&'a FirewallPolicy>, Option<Doubt>) {
    let mut chain = vec![policy];
    let mut last = policy;
    while let Some(base) = &last.base {
        match policy_at(estate, base, &last.header) {
            Err(doubt) => return (chain, Some(doubt)),
            Ok(parent) if chain.len() > MOST_PARENTS || chain.iter().any(|known| std::ptr::eq(*known, parent)) => {
                let reason = Reason::PolicyAmongParents(shown(&parent.header.name));
                return (chain, Some(Doubt::new(reason).at(base.id.span)));
            }
            Ok(parent) => {
                chain.push(parent);
                last = parent;
            }
        }
    }
    (chain, None)
}

/// `beside`: who follows it.
fn policy_at<'a>(estate: &'a Estate, reference: &Reference, beside: &Header) -> Result<&'a FirewallPolicy, Doubt> {
    here(reference, &estate.policies, |one| &one.header, beside.condition.as_ref(), ThingKind::FirewallPolicy)
}

/// Groups of a policy that the input does not hold.
fn missing_groups(estate: &Estate, policy: &FirewallPolicy) -> Vec<Doubt> {
    let held: Vec<&str> = policy
        .groups
        .iter()
        .filter_map(|index| estate.collection_groups.get(*index))
        .map(|group| &*group.header.key)
        .collect();
    let held_as = |id: &Field<Arc<str>>| match &id.value {
        Ok(text) => held.iter().any(|key| text.eq_ignore_ascii_case(key)),
        Err(unknown) => held.iter().any(|key| **key == *unknown.key),
    };
    let mentioned = policy.group_ids.iter().filter(|id| !held_as(id));
    let mut doubts: Vec<Doubt> = mentioned.map(|id| missing(ThingKind::RuleCollectionGroup, id)).collect();
    if let Some(why) = &policy.unknown_groups {
        let name = shown(&policy.header.name);
        doubts.push(Doubt::of(What::CollectionGroups(name), why));
        return doubts;
    }
    let list = policy.header.node.at(&["properties", "ruleCollectionGroups"]);
    let list = list.or_else(|| policy.header.node.at(&["properties", "ruleGroups"]));
    if held.is_empty() && policy.group_ids.is_empty() && !list.is_some_and(Node::is_list) {
        let name = shown(&policy.header.name);
        let doubt = Doubt::new(Reason::NoCollectionGroup(Arc::clone(&name))).at(policy.header.name.span);
        let id = policy.header.id.as_ref().and_then(Field::known);
        let groups = id.map(|id| Export::Children { kind: "ruleCollectionGroups".into(), of: Arc::clone(id) });
        doubts.push(doubt.settled_by(Remedy::CollectionGroups(name)).shown_by(groups));
    }
    doubts
}

fn group_block<'a>(policy: &'a FirewallPolicy, group: &'a RuleCollectionGroup, kind: CollectionKind) -> Block<'a> {
    let mut lines = Vec::new();
    for part in &group.unknown_collections {
        unknown(
            &part_doubt(What::PartOfCollections, part),
            &format!("collections {part:p} {}", key_of(part)),
            &mut lines,
        );
    }
    let blocks = group.collections.iter().map(|one| collection_block(Some(policy), Some(group), one, kind));
    lines.extend(in_order(blocks.collect()));
    if let Some(condition) = &group.header.condition {
        let guard = exists(condition, ThingKind::Group.named(shown(&group.header.name)));
        lines.iter_mut().for_each(|line| line.guards.push(guard.clone()));
    }
    let name = ThingKind::Group.named(shown(&group.header.name));
    Block {
        priority: priority(group.priority.as_ref(), &name),
        key: format!("{group:p} {}", group.priority.as_ref().map_or("", key_of)),
        name,
        lines,
    }
}

fn classic(firewall: &Firewall, kind: CollectionKind) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (_, part) in firewall.unknown_collections.iter().filter(|(of, _)| *of == kind) {
        unknown(
            &part_doubt(What::PartOfCollections, part),
            &format!("collections {part:p} {}", key_of(part)),
            &mut lines,
        );
    }
    lines.extend(in_order(firewall.collections.iter().map(|one| collection_block(None, None, one, kind)).collect()));
    lines
}

fn collection_block<'a>(
    policy: Option<&'a FirewallPolicy>,
    group: Option<&'a RuleCollectionGroup>,
    collection: &'a RuleCollection,
    kind: CollectionKind,
) -> Block<'a> {
    let name = ThingKind::RuleCollection.named(shown(&collection.name));
    let actions = actions(collection, &name);
    let other = |rule: &FirewallRule| rule.kind.known().is_some_and(|known| *known != kind);
    let mut lines = Vec::new();
    // One collection holds rules of one kind.
    let elsewhere = collection.kind.is_some_and(|known| known != kind);
    if !elsewhere && (collection.rules.is_empty() || !collection.rules.iter().all(other)) {
        for part in &collection.unknown_rules {
            let doubt = part_doubt(What::PartOf(name.clone()), part);
            for (access, guard) in &actions {
                let meaning = Meaning::Packet(Arc::from(format!("{access:?} rules {part:p} {}", key_of(part))));
                let some = Guard { meaning, holds: true, doubt: doubt.clone() };
                let guards = std::iter::once(some).chain(guard.clone()).collect();
                lines.push(Line { guards, access: *access, what: Content::Unknown(doubt.clone()) });
            }
        }
    }
    for rule in collection.rules.iter().filter(|rule| !other(rule)) {
        let unsure = rule.kind.unknown().map(|why| Guard {
            meaning: Meaning::World(Arc::from(format!("{kind:?} {}", why.key))),
            holds: true,
            doubt: Doubt::of(What::Of(Aspect::Type, ThingKind::Rule.named(shown(&rule.name))), why),
        });
        for (access, guard) in &actions {
            let guards = unsure.iter().chain(guard).cloned().collect();
            let what = Content::Rule(Placed { kind, policy, group, collection, rule });
            lines.push(Line { guards, access: *access, what });
        }
    }
    if let Some(condition) = &collection.condition {
        let guard = exists(condition, name.clone());
        lines.iter_mut().for_each(|line| line.guards.push(guard.clone()));
    }
    let priority = priority(collection.priority.as_ref(), &name);
    let key = format!("{collection:p} {}", collection.priority.as_ref().map_or("", key_of));
    Block { priority, key, name, lines }
}

/// What the rules of a collection do. Two lines each where that is not known.
fn actions(collection: &RuleCollection, name: &Thing) -> Vec<(Access, Option<Guard>)> {
    let nat = |rule: &FirewallRule| rule.kind.known() == Some(&CollectionKind::Nat);
    let (key, doubt) = match &collection.action {
        Some(Field { value: Ok(access), .. }) => return vec![(*access, None)],
        Some(Field { value: Err(why), .. }) => {
            (why.key.to_string(), Doubt::of(What::Of(Aspect::Action, name.clone()), why))
        }
        None if collection.kind == Some(CollectionKind::Nat) => return vec![(Access::Allow, None)],
        None if !collection.rules.is_empty() && collection.rules.iter().all(nat) => return vec![(Access::Allow, None)],
        None => (format!("{collection:p}"), Doubt::new(Reason::NoAction(name.clone())).at(collection.span)),
    };
    let guard =
        |holds| Guard { meaning: Meaning::World(Arc::from(format!("allow {key}"))), holds, doubt: doubt.clone() };
    vec![(Access::Allow, Some(guard(true))), (Access::Deny, Some(guard(false)))]
}

fn priority(field: Option<&Field<i64>>, name: &Thing) -> Result<i64, Doubt> {
    match field.map(|field| &field.value) {
        Some(Ok(number)) => Ok(*number),
        Some(Err(why)) => Err(Doubt::of(What::Of(Aspect::Priority, name.clone()), why)),
        None => Err(Doubt::new(Reason::NoPriority(name.clone()))),
    }
}

fn exists(condition: &Arc<Unknown>, name: Thing) -> Guard {
    Guard {
        meaning: Meaning::World(Arc::from(format!("exists {}", condition.key))),
        holds: true,
        doubt: Doubt::of(What::Exists(name), condition),
    }
}

/// What tells the value of an unknown from others, also in another run.
fn key_of<T>(field: &Field<T>) -> &str {
    field.unknown().map_or("", |unknown| &unknown.key)
}

fn part_doubt(what: What, part: &Field<()>) -> Doubt {
    match part.unknown() {
        Some(why) => Doubt::of(what, why),
        None => Doubt::new(Reason::Unexplained(what)).at(part.span),
    }
}

/// Any rule may come from here: for each packet it may be dropped, or let through.
fn unknown<'a>(doubt: &Doubt, key: &str, lines: &mut Vec<Line<'a>>) {
    for access in [Access::Deny, Access::Allow] {
        let meaning = Meaning::Packet(Arc::from(format!("{access:?} {key}")));
        let guards = vec![Guard { meaning, holds: true, doubt: doubt.clone() }];
        lines.push(Line { guards, access, what: Content::Unknown(doubt.clone()) });
    }
}

/// Blocks by priority. One whose place is not known may, for each packet, come first; else it comes last. Of those that
/// share a priority any may come first: no document says which does.
fn in_order<'a>(blocks: Vec<Block<'a>>) -> Vec<Line<'a>> {
    let mut ranked: BTreeMap<i64, Vec<Block<'a>>> = BTreeMap::new();
    let mut floating = Vec::new();
    let alone = blocks.iter().filter(|block| !block.lines.is_empty()).count() <= 1;
    for block in blocks {
        match &block.priority {
            Ok(priority) => ranked.entry(*priority).or_default().push(block),
            Err(_) => floating.push(block),
        }
    }
    let mut lines = Vec::new();
    for block in floating.iter().filter(|_| !alone) {
        let doubt =
            block.priority.as_ref().err().cloned().unwrap_or_else(|| Doubt::new(Reason::Unexplained(What::Order)));
        lines.extend(first(block, false, &doubt));
    }
    for equals in ranked.into_values() {
        if let [one, others @ ..] = equals.as_slice()
            && let Some((last, _)) = others.split_last()
            && !alike(&equals)
        {
            let doubt = Doubt::new(Reason::SamePriority(one.name.clone(), last.name.clone()));
            // Of two one goes first for every packet; of more, that is too little to say.
            equals[..equals.len() - 1].iter().for_each(|block| lines.extend(first(block, equals.len() == 2, &doubt)));
            // Where none of those in front goes first, the last one does; what it leaves is for all of them.
            lines.extend(last.lines.iter().cloned());
        }
        lines.extend(equals.into_iter().flat_map(|block| block.lines));
    }
    lines.extend(floating.into_iter().flat_map(|block| block.lines));
    lines
}

/// The lines of a block in front of others, should it be first.
fn first<'a>(block: &Block<'a>, world: bool, doubt: &Doubt) -> Vec<Line<'a>> {
    let key = Arc::from(format!("first {}", block.key));
    let meaning = if world { Meaning::World(key) } else { Meaning::Packet(key) };
    let guard = Guard { meaning, holds: true, doubt: doubt.clone() };
    let mut lines = block.lines.clone();
    lines.iter_mut().for_each(|line| line.guards.push(guard.clone()));
    lines
}

/// Whether all lines do the same, so that their order does not matter.
fn alike(blocks: &[Block<'_>]) -> bool {
    let mut lines = blocks.iter().flat_map(|block| &block.lines);
    let first = lines.next().map(|line| line.access);
    lines.all(|line| Some(line.access) == first)
}
