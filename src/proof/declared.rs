//! What users declare of an appliance as rules of a layer: what it lets through, and what becomes of the rest (NVA-2).

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Access, DeclaredAppliance, DeclaredRule, Passes};
use crate::finding::Layer;
use crate::net::AddressSet;
use crate::proof::cell::{Clause, Match};
use crate::proof::doubt::{Doubt, Reason};
use crate::proof::ground::Ground;
use crate::proof::hop::{Ruling, unseen};
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::judgement::{Decider, Kind};
use crate::proof::route::ruled;
use crate::proof::stage::{Author, Entry};
use crate::proof::symbol::{End, Meaning};

/// What an appliance lets through, in order; the last entry is for the rest. `named`: the hosts of the packets are known.
pub(crate) fn passed<'a>(
    ground: &mut Ground<'_, 'a>,
    declared: &'a DeclaredAppliance,
    at: IpAddr,
    named: bool,
) -> Vec<Entry<'a>> {
    let all = Clause::full(&ground.space);
    let told = |access, words: &str, clause| entry(declared, access, words, clause);
    let rules = match &declared.passes {
        Passes::Everything => return vec![told(Access::Allow, "everything", all)],
        Passes::Nothing => return vec![told(Access::Deny, "everything", all)],
        Passes::Only(rules) => rules,
    };
    let mut entries = Vec::new();
    for rule in rules {
        let clauses = clauses(ground, declared, rule, named);
        entries.extend(clauses.into_iter().map(|clause| told(Access::Allow, &rule.words, clause)));
    }
    if declared.drops_rest {
        entries.push(told(Access::Deny, "everything else", all));
    } else {
        let (meaning, doubt) = unseen(&[at]);
        entries.extend(ruled(ground, &all, &Author::Unknown(doubt.clone()), Ruling::Depends(meaning, doubt)));
    }
    entries
}

fn entry<'a>(declared: &DeclaredAppliance, access: Access, words: &str, clause: Clause) -> Entry<'a> {
    let author = Author::Told(Box::new(Decider {
        layer: Layer::Appliance,
        group: Decider::ELSEWHERE,
        index: None,
        kind: Kind::Declared,
        name: Arc::from(format!("{}/{words}", declared.name)),
        priority: None,
        access,
        next_hop: None,
        written: None,
    }));
    Entry { clause, access, author }
}

/// The traffic of a rule: what goes to its tags and addresses, or anywhere, and what goes to its hosts.
fn clauses(ground: &mut Ground<'_, '_>, declared: &DeclaredAppliance, rule: &DeclaredRule, named: bool) -> Vec<Clause> {
    let mut clause = Clause::full(&ground.space);
    clause.protocols = Match::of(rule.protocols);
    clause.destination_ports = Match::of(rule.ports.clone());
    if let Some(from) = &rule.from {
        clause.sources = Match::of(from.intersection(&ground.space));
    }
    if rule.tags.is_empty() && rule.addresses.is_empty() && rule.hosts.is_empty() {
        return vec![clause];
    }
    let mut destinations: Match<AddressSet> = Match::nothing();
    destinations.add(rule.addresses.intersection(&ground.space), Vec::new());
    for tag in &rule.tags {
        ground.tag(End::Destination, tag, &mut destinations);
    }
    let mut all = Vec::new();
    if !destinations.terms.is_empty() {
        all.push(Clause { destinations, ..clause.clone() });
    }
    let hosts: Vec<HostPattern> = rule.hosts.iter().filter_map(|host| HostPattern::read(host)).collect();
    if hosts.is_empty() {
        return all;
    }
    if named {
        clause.hosts = Some(Match::of(HostSet::of_all(&hosts)));
    } else {
        let doubt = Doubt::new(Reason::HostsNotKnown(Arc::clone(&declared.name)));
        let meaning = Meaning::PacketOf("declared hosts", Arc::clone(&doubt.reason));
        clause.guards.push(ground.symbols.of(meaning, || doubt).holds());
    }
    all.push(clause);
    all
}
