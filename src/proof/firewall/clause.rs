//! Network rules (FW-3, FW-7, FW-9, FW-11, FW-16) and application rules (FW-4, FW-8, FW-12 to FW-15) as clauses:
//! addresses, ports and hosts as sets where they are known, and symbols where they are not.

use std::sync::Arc;

use crate::estate::{Access, Estate, Field, FirewallRule, Peer, Reference};
use crate::net::{AddressSet, PortSet, ProtocolSet, Tag, fqdn_tag};
use crate::proof::cell::{Clause, Cube, Match};
use crate::proof::doubt::{Aspect, Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::given::{here, shown};
use crate::proof::ground::{Ground, every_port};
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::symbol::{End, Literal, Meaning};
use crate::source::Span;

/// What a network rule matches: its addresses, and the hosts it resolves by itself. `named`: the hosts of the packets are
/// known.
pub(crate) fn network_clauses(
    ground: &mut Ground<'_, '_>,
    estate: &Estate,
    rule: &FirewallRule,
    guards: &[Literal],
    resolver: Option<&Doubt>,
    named: bool,
) -> Vec<Clause> {
    let (protocols, ports) = protocols(ground, rule);
    let mut sources = addresses(ground, estate, End::Source, &rule.sources, &rule.source_groups);
    if rule.sources.is_empty() && rule.source_groups.is_empty() {
        sources = nothing_named(ground, End::Source, rule);
    }
    let mut destinations = addresses(ground, estate, End::Destination, &rule.destinations, &rule.destination_groups);
    if rule.destination_fqdns.is_empty() {
        if rule.destinations.is_empty() && rule.destination_groups.is_empty() {
            destinations = nothing_named(ground, End::Destination, rule);
        }
        let (guards, source_ports) = (guards.to_vec(), Match::of(every_port()));
        let clause =
            Clause { guards, protocols, sources, source_ports, destinations, destination_ports: ports, hosts: None };
        return if clause.destinations.terms.is_empty() { Vec::new() } else { vec![clause] };
    }
    let clause = |guards: &[Literal], destinations: Match<AddressSet>, hosts| Clause {
        guards: guards.to_vec(),
        protocols: protocols.clone(),
        sources: sources.clone(),
        source_ports: Match::of(every_port()),
        destinations,
        destination_ports: ports.clone(),
        hosts,
    };
    let mut all = Vec::new();
    if !destinations.terms.is_empty() {
        all.push(clause(guards, destinations, None));
    }
    let (hosts, doubt) = resolved_hosts(rule);
    let anywhere = Match::of(Arc::clone(&ground.space));
    if named && !hosts.is_empty() {
        let guards: Vec<Literal> =
            guards.iter().copied().chain(resolver.map(|doubt| resolves(ground, doubt))).collect();
        all.push(clause(&guards, anywhere.clone(), Some(Match::of(hosts))));
    }
    if let Some(doubt) = doubt {
        // The firewall matches the addresses it resolves; others may live there too.
        let shared = maybe(ground, format!("shared {rule:p} {}", words(&rule.destination_fqdns)), || doubt);
        let guards: Vec<Literal> = guards.iter().copied().chain([shared]).collect();
        all.push(clause(&guards, anywhere, None));
    }
    all
}

/// What must hold for a rule with host names to match, where that is in doubt.
fn resolves(ground: &mut Ground<'_, '_>, doubt: &Doubt) -> Literal {
    let meaning = Meaning::World(Arc::from("the firewall resolves hosts as its clients do"));
    ground.symbols.of(meaning, || doubt.clone()).holds()
}

/// The hosts of `destinationFqdns`, and why other packets may match all the same. A wildcard matches nothing.
fn resolved_hosts(rule: &FirewallRule) -> (HostSet, Option<Doubt>) {
    let read = |field: &Field<Arc<str>>| match HostPattern::read(field.known()?) {
        Some(HostPattern::Exact(host)) => Some(HostPattern::Exact(host)),
        _ => None,
    };
    let known: Vec<HostPattern> = rule.destination_fqdns.iter().filter_map(read).collect();
    let unread = rule.destination_fqdns.iter().find_map(Field::unknown);
    let doubt = match (unread, known.first()) {
        (Some(unknown), _) => Some(Doubt::of(What::HostOf(ThingKind::Rule.named(shown(&rule.name))), unknown)),
        (None, Some(host)) => Some(
            Doubt::new(Reason::ResolvedAddresses { rule: shown(&rule.name), host: Arc::from(host.to_string()) })
                .at(rule.span),
        ),
        (None, None) => None,
    };
    (HostSet::of_all(&known), doubt)
}

/// Protocols and ports. `Any` with explicit ports means TCP and UDP (FW-9).
fn protocols(ground: &mut Ground<'_, '_>, rule: &FirewallRule) -> (Match<ProtocolSet>, Match<PortSet>) {
    let ports = ports(ground, rule);
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
                    Doubt::of(What::Of(Aspect::Protocol, ThingKind::Rule.named(shown(&rule.name))), unknown)
                });
                protocols.add(ProtocolSet::ALL, vec![symbol.holds()]);
            }
        }
    }
    if rule.protocols.is_empty() {
        let symbol = ground.symbols.of(Meaning::Protocols(Arc::from(format!("protocols {rule:p}"))), || {
            Doubt::new(Reason::NoProtocol(shown(&rule.name))).at(rule.span)
        });
        protocols.add(ProtocolSet::ALL, vec![symbol.holds()]);
    }
    (protocols, ports)
}

/// What an application rule matches. `named`: the hosts of the packets are known; else a rule that asks for hosts may or
/// may not match.
pub(crate) fn application_clauses(
    ground: &mut Ground<'_, '_>,
    estate: &Estate,
    rule: &FirewallRule,
    access: Access,
    guards: &[Literal],
    named: bool,
) -> Vec<Clause> {
    let at = format!("{rule:p}{}", content(rule));
    let hosts = hosts(ground, rule, access, named, &at);
    let destination_ports = application_ports(ground, rule, &at);
    // A deny of categories alone matches nothing known, and that is taken for granted aloud.
    let is_said = access == Access::Deny && !rule.web_categories.is_empty();
    if hosts.terms.is_empty() && !is_said || destination_ports.terms.is_empty() {
        return Vec::new();
    }
    let mut sources = addresses(ground, estate, End::Source, &rule.sources, &rule.source_groups);
    if rule.sources.is_empty() && rule.source_groups.is_empty() {
        sources = nothing_named(ground, End::Source, rule);
    }
    vec![Clause {
        guards: guards.to_vec(),
        protocols: Match::of(ProtocolSet::TCP),
        sources,
        source_ports: Match::of(every_port()),
        // `destinationAddresses` of an application rule have no effect: it matches by host.
        destinations: Match::of(Arc::clone(&ground.space)),
        destination_ports,
        hosts: Some(hosts),
    }]
}

/// What an application rule asks for that only symbols stand for: it tells the symbols of two runs apart.
fn content(rule: &FirewallRule) -> String {
    let mut all = String::new();
    for field in [&rule.target_urls, &rule.web_categories].into_iter().flatten() {
        push_word(field, &mut all);
    }
    rule.applications.iter().for_each(|(name, _)| push_word(name, &mut all));
    all
}

/// The words of some values.
fn words(fields: &[Field<Arc<str>>]) -> String {
    let mut all = String::new();
    fields.iter().for_each(|field| push_word(field, &mut all));
    all
}

fn push_word(field: &Field<Arc<str>>, all: &mut String) {
    all.push(' ');
    all.push_str(match &field.value {
        Ok(word) => word,
        Err(unknown) => &unknown.key,
    });
}

/// What TCP on a port speaks, where that is plain.
fn spoken(port: u16) -> Option<&'static str> {
    match port {
        80 => Some("http"),
        443 => Some("https"),
        1433 => Some("mssql"),
        _ => None,
    }
}

/// The application_ports on which the protocols of a rule are spoken. `Https:80` never matches what comes to port 80.
fn application_ports(ground: &mut Ground<'_, '_>, rule: &FirewallRule, at: &str) -> Match<PortSet> {
    let mut all = Match::nothing();
    for (index, (name, port)) in rule.applications.iter().enumerate() {
        let mut cube: Cube = Vec::new();
        let word = match &name.value {
            Ok(word) => Some(word.to_ascii_lowercase()),
            Err(unknown) => {
                let meaning = Meaning::World(Arc::from(format!("protocol {}", unknown.key)));
                let doubt = || Doubt::of(What::Of(Aspect::Protocol, ThingKind::Rule.named(shown(&rule.name))), unknown);
                cube.push(ground.symbols.of(meaning, doubt).holds());
                None
            }
        };
        let application_ports = match &port.value {
            Ok(application_ports) => application_ports.clone(),
            Err(unknown) => {
                let meaning = Meaning::Ports(End::Destination, Arc::clone(&unknown.key));
                let doubt = || Doubt::of(What::Of(Aspect::Port, ThingKind::Rule.named(shown(&rule.name))), unknown);
                cube.push(ground.symbols.of(meaning, doubt).holds());
                PortSet::full()
            }
        };
        let mut plain = PortSet::empty();
        for port in [80, 443, 1433].into_iter().filter(|port| application_ports.contains(*port)) {
            let one = PortSet::range(port, port);
            if word.as_deref().is_none_or(|word| spoken(port) == Some(word)) {
                all.add(one.clone(), cube.clone());
            }
            plain = plain.union(&one);
        }
        // What is spoken on other application_ports, and whether the rule then looks at it, is not documented (UNC-5).
        let odd = application_ports.difference(&plain);
        if !odd.is_empty() {
            let meaning = Meaning::World(Arc::from(format!("spoken {index} {at}")));
            let symbol = ground.symbols.of(meaning, || {
                let (first, _) = odd.ranges().first().copied().unwrap_or_default();
                Doubt::new(Reason::SpokenOn { port: first, protocol: word.clone() })
                    .at(port.span)
                    .settled_by(Remedy::NetworkRuleForPort)
            });
            cube.push(symbol.holds());
            all.add(odd, cube);
        }
    }
    if rule.applications.is_empty() {
        let symbol =
            ground.symbols.of(Meaning::Ports(End::Destination, Arc::from(format!("application_ports {at}"))), || {
                Doubt::new(Reason::NoProtocol(shown(&rule.name))).at(rule.span)
            });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    all
}

/// The hosts a rule names. Unsupported patterns match nothing.
fn hosts(ground: &mut Ground<'_, '_>, rule: &FirewallRule, access: Access, named: bool, at: &str) -> Match<HostSet> {
    let name = shown(&rule.name);
    let patterns = |fields: &[Field<Arc<str>>], read: fn(&str) -> Option<HostPattern>| {
        let known: Vec<HostPattern> = fields.iter().filter_map(|field| read(field.known()?)).collect();
        HostSet::of_all(&known)
    };
    let mut all = Match::nothing();
    let known = patterns(&rule.target_fqdns, HostPattern::read);
    if named {
        all.add(known, Vec::new());
    } else if !known.is_empty() {
        let hosts =
            maybe(ground, format!("hosts {at}"), || Doubt::new(Reason::HostsNotKnown(Arc::clone(&name))).at(rule.span));
        all.add(HostSet::full(), vec![hosts]);
    }
    // A path never stands for all of a host (FW-13).
    let urls = patterns(&rule.target_urls, host_of_url);
    if !urls.is_empty() {
        let path =
            maybe(ground, format!("urls {at}"), || Doubt::new(Reason::UrlPaths(Arc::clone(&name))).at(rule.span));
        all.add(if named { urls } else { HostSet::full() }, vec![path]);
    }
    for tag in rule.fqdn_tags.iter().filter_map(|tag| tag.known()) {
        let hosts = hosts_of_tag(tag);
        let some = maybe(ground, format!("fqdn tag {}", tag.to_ascii_lowercase()), || {
            Doubt::new(Reason::FqdnTag(Arc::clone(tag))).at(rule.span)
        });
        all.add(if named { hosts } else { HostSet::full() }, vec![some]);
    }
    // What a category holds is not published: an allow may hold anything, a deny is noted elsewhere (FW-15).
    if access == Access::Allow && !rule.web_categories.is_empty() {
        let some = maybe(ground, format!("categories {at}"), || {
            Doubt::new(Reason::WebCategories(Arc::clone(&name))).at(rule.span)
        });
        all.add(HostSet::full(), vec![some]);
    }
    let lists = [&rule.target_fqdns, &rule.target_urls, &rule.fqdn_tags];
    for unknown in lists.into_iter().flatten().filter_map(Field::unknown) {
        let some = maybe(ground, format!("host {}", unknown.key), || {
            Doubt::of(What::HostOf(ThingKind::ApplicationRule.named(Arc::clone(&name))), unknown)
        });
        all.add(HostSet::full(), vec![some]);
    }
    if lists.into_iter().all(Vec::is_empty) && rule.web_categories.is_empty() {
        let some =
            maybe(ground, format!("hosts {at}"), || Doubt::new(Reason::NoHostNamed(Arc::clone(&name))).at(rule.span));
        all.add(HostSet::full(), vec![some]);
    }
    all
}

/// The host of `contoso.com/path`, `*.contoso.com/*`.
fn host_of_url(url: &str) -> Option<HostPattern> {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    HostPattern::read(url.split('/').next().unwrap_or(url))
}

/// The hosts an FQDN tag may hold; any for a tag that Azure is not known to have.
fn hosts_of_tag(name: &str) -> HostSet {
    let Some(tag) = fqdn_tag(name) else { return HostSet::full() };
    let patterns: Vec<HostPattern> = tag.hosts.iter().filter_map(|text| HostPattern::read(text)).collect();
    HostSet::of_all(&patterns)
}

/// The addresses of one side of a rule: addresses, ranges, tags and IP groups are alternatives (FW-3, FW-16).
pub(crate) fn addresses(
    ground: &mut Ground<'_, '_>,
    estate: &Estate,
    end: End,
    items: &[Field<Peer>],
    groups: &[Reference],
) -> Match<AddressSet> {
    let mut all = Match::nothing();
    let mut known: Vec<&AddressSet> = Vec::new();
    for item in items {
        match &item.value {
            Ok(Peer::Any) => all.add(Arc::clone(&ground.space), Vec::new()),
            Ok(Peer::Addresses(set)) => known.push(set),
            Ok(Peer::Tag(name)) => tag(ground, end, name, item.span, &mut all),
            Ok(Peer::Invalid(_)) => {}
            Err(unknown) => ground.unknown(end, unknown, &mut all),
        }
    }
    for reference in groups {
        match here(reference, &estate.ip_groups, |one| &one.header, None, ThingKind::IpGroup) {
            Ok(group) => {
                for part in &group.addresses {
                    match &part.value {
                        Ok(set) => known.push(set),
                        Err(unknown) => ground.unknown(end, unknown, &mut all),
                    }
                }
            }
            Err(doubt) => {
                let key = match &reference.id.value {
                    Ok(id) => Arc::from(id.to_ascii_lowercase()),
                    Err(unknown) => Arc::clone(&unknown.key),
                };
                let symbol = ground.symbols.of(Meaning::Addresses(end, key), || doubt);
                all.add(Arc::clone(&ground.space), vec![symbol.holds()]);
            }
        }
    }
    all.add(ground.known(&known), Vec::new());
    all
}

/// A tag. Azure Firewall takes most tags as destinations and none as sources (TAG-8, TAG-9); what it does with another
/// one, should it let it in, is not known.
fn tag(ground: &mut Ground<'_, '_>, end: End, name: &Arc<str>, span: Span, all: &mut Match<AddressSet>) {
    let tag = Tag::read(name, ground.scene.cloud).tag();
    if end == End::Destination && tag.is_none_or(Tag::is_usable_in_firewalls) {
        return ground.tag(end, name, all);
    }
    let mut meant = Match::nothing();
    match tag.and_then(Tag::special) {
        Some(special) => meant = ground.special_in_rule(end, special, None),
        None => ground.tag(end, name, &mut meant),
    }
    let meaning = Meaning::World(Arc::from(format!("firewalls take {end:?} {}", name.to_ascii_lowercase())));
    let taken = ground.symbols.of(meaning, || {
        Doubt::new(Reason::TagInFirewall { tag: Arc::clone(name), is_source: end == End::Source }).at(span)
    });
    for term in meant.terms {
        all.add(term.set, [taken.holds()].into_iter().chain(term.cube).collect());
    }
}

/// The side of a rule that names nothing: Azure refuses it, so whatever it is meant to match stays open.
fn nothing_named(ground: &mut Ground<'_, '_>, end: End, rule: &FirewallRule) -> Match<AddressSet> {
    let symbol = ground.symbols.of(Meaning::Addresses(end, Arc::from(format!("side {rule:p}"))), || {
        Doubt::new(Reason::FirewallSideEmpty { is_source: end == End::Source }).at(rule.span)
    });
    let mut all = Match::nothing();
    all.add(Arc::clone(&ground.space), vec![symbol.holds()]);
    all
}

/// The union of destination ports.
fn ports(ground: &mut Ground<'_, '_>, rule: &FirewallRule) -> Match<PortSet> {
    let items = &rule.destination_ports;
    let mut all = Match::nothing();
    let known = items.iter().filter_map(Field::known);
    all.add(PortSet::from_ranges(known.flat_map(|set| set.ranges().iter().copied())), Vec::new());
    for (item, unknown) in items.iter().filter_map(|item| Some((item, item.unknown()?))) {
        let symbol = ground.symbols.of(Meaning::Ports(End::Destination, Arc::clone(&unknown.key)), || Doubt {
            span: Some(item.span),
            ..Doubt::of(What::PortOfFirewallRule, unknown)
        });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    if items.is_empty() {
        let symbol = ground.symbols.of(Meaning::Ports(End::Destination, Arc::from(format!("ports {rule:p}"))), || {
            Doubt::new(Reason::NoFirewallPort).at(rule.span)
        });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    all
}

/// A literal that may hold for one packet and not for another.
pub(crate) fn maybe(ground: &mut Ground<'_, '_>, key: String, doubt: impl FnOnce() -> Doubt) -> Literal {
    ground.symbols.of(Meaning::Packet(Arc::from(key)), doubt).holds()
}
