//! Network rules as clauses (FW-3, FW-7, FW-9, FW-11, FW-16).

use std::sync::Arc;

use crate::estate::{Estate, Field, FirewallRule};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::cell::{Clause, Match};
use crate::proof::firewall::setting::Resolver;
use crate::proof::firewall::side::{addresses, maybe, nothing_named, ports};
use crate::proof::ground::Ground;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::scene::shown;
use crate::proof::symbol::{Doubt, End, Literal, Meaning};

/// What a network rule matches: its addresses, and the hosts it resolves by itself. `named`: the hosts of the packets are
/// known.
pub(crate) fn clauses(
    ground: &mut Ground<'_, '_>,
    estate: &Estate,
    rule: &FirewallRule,
    guards: &[Literal],
    resolver: &Resolver,
    named: bool,
) -> Vec<Clause> {
    let at = format!("{rule:p}");
    let (protocols, ports) = protocols(ground, rule, &at);
    let mut sources = addresses(ground, estate, End::Source, &rule.sources, &rule.source_groups);
    if rule.sources.is_empty() && rule.source_groups.is_empty() {
        sources = nothing_named(ground, End::Source, &at, rule.span);
    }
    let mut destinations = addresses(ground, estate, End::Destination, &rule.destinations, &rule.destination_groups);
    if rule.destinations.is_empty() && rule.destination_groups.is_empty() && rule.destination_fqdns.is_empty() {
        destinations = nothing_named(ground, End::Destination, &at, rule.span);
    }
    let clause = |guards: &[Literal], destinations: Match<AddressSet>, hosts| Clause {
        guards: guards.to_vec(),
        protocols: protocols.clone(),
        sources: sources.clone(),
        source_ports: Match::of(PortSet::full()),
        destinations,
        destination_ports: ports.clone(),
        hosts,
    };
    let mut all = Vec::new();
    if !destinations.terms.is_empty() {
        all.push(clause(guards, destinations, None));
    }
    let (hosts, doubt) = hosts(rule);
    let anywhere = Match::of(Arc::clone(&ground.space));
    if named && !hosts.is_empty() {
        let guards: Vec<Literal> = guards.iter().copied().chain(resolver.literal(ground)).collect();
        all.push(clause(&guards, anywhere.clone(), Some(Match::of(hosts))));
    }
    if let Some(doubt) = doubt {
        // The firewall matches the addresses it resolves; others may live there too.
        let shared = maybe(ground, format!("shared {at}"), || doubt);
        let guards: Vec<Literal> = guards.iter().copied().chain([shared]).collect();
        all.push(clause(&guards, anywhere, None));
    }
    all
}

/// The hosts of `destinationFqdns`, and why other packets may match all the same. A wildcard matches nothing.
fn hosts(rule: &FirewallRule) -> (HostSet, Option<Doubt>) {
    let read = |field: &Field<Arc<str>>| match HostPattern::read(field.known()?) {
        Some(HostPattern::Exact(host)) => Some(HostPattern::Exact(host)),
        _ => None,
    };
    let known: Vec<HostPattern> = rule.destination_fqdns.iter().filter_map(read).collect();
    let unread = rule.destination_fqdns.iter().find_map(Field::unknown);
    let doubt = match (unread, known.first()) {
        (Some(unknown), _) => Some(Doubt::of(&format!("a host of rule `{}`", shown(&rule.name)), unknown)),
        (None, Some(host)) => Some(
            Doubt::new(format!(
                "rule `{}` matches the addresses of `{host}`, which only name resolution can tell",
                shown(&rule.name)
            ))
            .at(rule.span),
        ),
        (None, None) => None,
    };
    (HostSet::of_all(&known), doubt)
}

/// Protocols and ports. `Any` with explicit ports means TCP and UDP (FW-9).
fn protocols(ground: &mut Ground<'_, '_>, rule: &FirewallRule, at: &str) -> (Match<ProtocolSet>, Match<PortSet>) {
    let ports = ports(ground, &rule.destination_ports, at, rule.span);
    let every_port = ports.terms.first().is_some_and(|term| term.cube.is_empty() && term.set.is_full());
    let ported = ProtocolSet::TCP.union(ProtocolSet::UDP);
    let mut protocols = Match::nothing();
    for item in &rule.protocols {
        match &item.value {
            Ok(set) if *set != ProtocolSet::ALL || every_port => protocols.add(*set, Vec::new()),
            Ok(_) => {
                protocols.add(ported, Vec::new());
                // A port that is unknown may turn out to be `*`.
                for term in ports.terms.iter().filter(|term| !term.cube.is_empty()) {
                    protocols.add(ProtocolSet::ALL.difference(ported), term.cube.clone());
                }
            }
            Err(unknown) => {
                let symbol = ground.symbols.of(Meaning::Protocols(Arc::clone(&unknown.key)), || {
                    Doubt::of(&format!("the protocol of rule `{}`", shown(&rule.name)), unknown)
                });
                protocols.add(ProtocolSet::ALL, vec![symbol.holds()]);
            }
        }
    }
    if rule.protocols.is_empty() {
        let symbol = ground.symbols.of(Meaning::Protocols(Arc::from(format!("protocols {at}"))), || {
            Doubt::new(format!("rule `{}` names no protocol", shown(&rule.name))).at(rule.span)
        });
        protocols.add(ProtocolSet::ALL, vec![symbol.holds()]);
    }
    (protocols, ports)
}
