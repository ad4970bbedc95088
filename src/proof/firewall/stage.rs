//! A firewall as one layer: its lines as clauses, network before application, and the denial at the end (FW-5 to FW-8).

use std::sync::Arc;

use crate::estate::{Access, CollectionKind, Estate, Header};
use crate::net::AddressSet;
use crate::proof::cell::{Clause, Match};
use crate::proof::entry::{Author, Entry};
use crate::proof::firewall::order::{Appliance, Line, Placed, What, lines};
use crate::proof::firewall::setting::{Resolver, Unnatted};
use crate::proof::firewall::{application, network};
use crate::proof::ground::Ground;
use crate::proof::judgement::{Decider, Kind, Layer, Written};
use crate::proof::scene::shown;
use crate::proof::symbol::{Doubt, Literal, Meaning};

/// The rules of a firewall in order. `named`: the hosts of the packets are known.
pub(crate) fn entries<'a>(
    ground: &mut Ground<'_, 'a>,
    estate: &'a Estate,
    appliance: Appliance<'a>,
    named: bool,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let header = match appliance {
        Appliance::Firewall(firewall) => &firewall.header,
        Appliance::Policy(policy) => &policy.header,
    };
    if let Some(condition) = &header.condition {
        let meaning = Meaning::World(Arc::from(format!("exists {}", condition.key)));
        let doubt = Doubt::of(&format!("whether firewall `{}` exists", shown(&header.name)), condition);
        let gone = ground.symbols.of(meaning, || doubt.clone()).fails();
        unknown(ground, &[gone], &doubt, Access::Deny, &mut entries);
    }
    let resolver = Resolver::of(estate, appliance);
    let unnatted = Unnatted::of(estate, appliance);
    for line in lines(estate, appliance, CollectionKind::Network) {
        let guards = guards(ground, &line);
        match &line.what {
            What::Unknown(doubt) => unknown(ground, &guards, doubt, line.access, &mut entries),
            What::Rule(placed) => {
                for clause in network::clauses(ground, estate, placed.rule, &guards, &resolver, named) {
                    if let (Access::Allow, Some(unnatted)) = (line.access, &unnatted) {
                        entries.extend(unanswered(ground, &clause, unnatted));
                    }
                    entries.push(entry(clause, line.access, placed));
                }
            }
        }
    }
    for line in lines(estate, appliance, CollectionKind::Application) {
        let guards = guards(ground, &line);
        match &line.what {
            What::Unknown(doubt) => unknown(ground, &guards, doubt, line.access, &mut entries),
            What::Rule(placed) => {
                let clauses = application::clauses(ground, estate, placed.rule, line.access, &guards, named);
                entries.extend(clauses.into_iter().map(|clause| entry(clause, line.access, placed)));
            }
        }
    }
    let denied = Author::Firewall(Box::new(by_default(header)), None);
    entries.push(Entry { clause: Clause::full(&ground.space), access: Access::Deny, author: denied });
    entries
}

fn guards(ground: &mut Ground<'_, '_>, line: &Line<'_>) -> Vec<Literal> {
    let literals = line.guards.iter().map(|guard| {
        let symbol = ground.symbols.of(guard.meaning.clone(), || guard.doubt.clone());
        if guard.holds { symbol.holds() } else { symbol.fails() }
    });
    literals.collect()
}

fn unknown<'a>(
    ground: &Ground<'_, 'a>,
    guards: &[Literal],
    doubt: &Doubt,
    access: Access,
    entries: &mut Vec<Entry<'a>>,
) {
    let clause = Clause { guards: guards.to_vec(), ..Clause::full(&ground.space) };
    entries.push(Entry { clause, access, author: Author::Unknown(doubt.clone()) });
}

fn entry<'a>(clause: Clause, access: Access, placed: &Placed<'a>) -> Entry<'a> {
    Entry { clause, access, author: Author::Firewall(Box::new(decider(placed, access)), Some(placed.rule)) }
}

/// A rule as users know it: collection and rule, with the priority of the collection.
pub(crate) fn decider(placed: &Placed<'_>, access: Access) -> Decider {
    let Placed { collection, rule, .. } = placed;
    let priority = collection.priority.as_ref();
    let fault = match (access, &collection.action) {
        (Access::Deny, Some(action)) => action.span,
        _ => rule.span,
    };
    let name = rule.name.span;
    Decider {
        layer: Layer::Firewall,
        group: 0,
        index: None,
        kind: Kind::FirewallRule,
        name: Arc::from(format!("{}/{}", shown(&collection.name), shown(&rule.name))),
        priority: priority.and_then(|priority| priority.known().copied()),
        access,
        next_hop: None,
        written: Some(Written { span: rule.span, name, priority: priority.map(|priority| priority.span), fault }),
    }
}

/// What no rule matches is dropped (FW-6).
fn by_default(header: &Header) -> Decider {
    let name = header.name.span;
    Decider {
        layer: Layer::Firewall,
        group: 0,
        index: None,
        kind: Kind::BuiltIn,
        name: Arc::from("no rule matches"),
        priority: None,
        access: Access::Deny,
        next_hop: None,
        written: Some(Written { span: header.span, name, priority: None, fault: name }),
    }
}

/// The packets of a network rule that leave with their private source address, to which no answer finds its way (FW-20).
fn unanswered<'a>(ground: &mut Ground<'_, 'a>, clause: &Clause, unnatted: &Unnatted) -> Option<Entry<'a>> {
    let lost = unnatted.addresses.intersection(&ground.public);
    let mut clause = clause.clone();
    let mut destinations: Match<AddressSet> = Match::nothing();
    for term in clause.destinations.terms {
        destinations.add(term.set.intersection(&lost), term.cube);
    }
    if destinations.terms.is_empty() {
        return None;
    }
    clause.destinations = destinations;
    if unnatted.tunnelled {
        let meaning = Meaning::World(Arc::from("nothing behind the firewall translates addresses"));
        let symbol = ground.symbols.of(meaning, || {
            Doubt::new("the firewall does not translate source addresses, and what is behind it is not known")
                .at(unnatted.span)
        });
        clause.guards.push(symbol.holds());
    }
    let span = unnatted.span;
    let one = Decider {
        layer: Layer::Firewall,
        group: 0,
        index: None,
        kind: Kind::FirewallRule,
        name: Arc::from("snat.privateRanges"),
        priority: None,
        access: Access::Deny,
        next_hop: None,
        written: Some(Written { span, name: span, priority: None, fault: span }),
    };
    Some(Entry { clause, access: Access::Deny, author: Author::Firewall(Box::new(one), None) })
}
