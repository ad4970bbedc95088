//! Application rules as clauses (FW-4, FW-8, FW-12 to FW-15).

use std::sync::Arc;

use crate::estate::{Access, Estate, Field, FirewallRule};
use crate::net::{PortSet, ProtocolSet, fqdn_tag};
use crate::proof::cell::{Clause, Cube, Match};
use crate::proof::firewall::side::{addresses, maybe, nothing_named};
use crate::proof::ground::Ground;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::scene::shown;
use crate::proof::symbol::{Doubt, End, Literal, Meaning};

/// How the doubt ends about an application rule and packets whose hosts nobody knows.
pub const NAMES_UNKNOWN: &str = "looks at host names, and those of the packets are not known";

/// What an application rule matches. `named`: the hosts of the packets are known; else a rule that asks for hosts may or
/// may not match.
pub(crate) fn clauses(
    ground: &mut Ground<'_, '_>,
    estate: &Estate,
    rule: &FirewallRule,
    access: Access,
    guards: &[Literal],
    named: bool,
) -> Vec<Clause> {
    let at = format!("{rule:p}");
    let hosts = hosts(ground, rule, access, named, &at);
    let destination_ports = ports(ground, rule, &at);
    if hosts.terms.is_empty() || destination_ports.terms.is_empty() {
        return Vec::new();
    }
    let mut sources = addresses(ground, estate, End::Source, &rule.sources, &rule.source_groups);
    if rule.sources.is_empty() && rule.source_groups.is_empty() {
        sources = nothing_named(ground, End::Source, &at, rule.span);
    }
    vec![Clause {
        guards: guards.to_vec(),
        protocols: Match::of(ProtocolSet::TCP),
        sources,
        source_ports: Match::of(PortSet::full()),
        // `destinationAddresses` of an application rule have no effect: it matches by host.
        destinations: Match::of(Arc::clone(&ground.space)),
        destination_ports,
        hosts: Some(hosts),
    }]
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

/// The ports on which the protocols of a rule are spoken. `Https:80` never matches what comes to port 80.
fn ports(ground: &mut Ground<'_, '_>, rule: &FirewallRule, at: &str) -> Match<PortSet> {
    let mut all = Match::nothing();
    for (index, (name, port)) in rule.applications.iter().enumerate() {
        let mut cube: Cube = Vec::new();
        let word = match &name.value {
            Ok(word) => Some(word.to_ascii_lowercase()),
            Err(unknown) => {
                let meaning = Meaning::World(Arc::from(format!("protocol {}", unknown.key)));
                let doubt = || Doubt::of(&format!("the protocol of rule `{}`", shown(&rule.name)), unknown);
                cube.push(ground.symbols.of(meaning, doubt).holds());
                None
            }
        };
        let ports = match &port.value {
            Ok(ports) => ports.clone(),
            Err(unknown) => {
                let meaning = Meaning::Ports(End::Destination, Arc::clone(&unknown.key));
                let doubt = || Doubt::of(&format!("the port of rule `{}`", shown(&rule.name)), unknown);
                cube.push(ground.symbols.of(meaning, doubt).holds());
                PortSet::full()
            }
        };
        let mut plain = PortSet::empty();
        for port in [80, 443, 1433].into_iter().filter(|port| ports.contains(*port)) {
            let one = PortSet::range(port, port);
            if word.as_deref().is_none_or(|word| spoken(port) == Some(word)) {
                all.add(one.clone(), cube.clone());
            }
            plain = plain.union(&one);
        }
        // What is spoken on other ports, and whether the rule then looks at it, is not documented (UNC-5).
        let odd = ports.difference(&plain);
        if !odd.is_empty() {
            let meaning = Meaning::World(Arc::from(format!("spoken {index} {at}")));
            let symbol = ground.symbols.of(meaning, || {
                let (first, _) = odd.ranges().first().copied().unwrap_or_default();
                let word = word.as_deref().unwrap_or("an unknown protocol");
                let message =
                    format!("whether what comes to port {first} is {word} for an application rule is not known");
                Doubt::new(message).at(port.span).settled_by("a network rule for the port")
            });
            cube.push(symbol.holds());
            all.add(odd, cube);
        }
    }
    if rule.applications.is_empty() {
        let symbol = ground.symbols.of(Meaning::Ports(End::Destination, Arc::from(format!("ports {at}"))), || {
            Doubt::new(format!("rule `{}` names no protocol", shown(&rule.name))).at(rule.span)
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
        let hosts = maybe(ground, format!("hosts {at}"), || {
            let message = format!("application rule `{name}` {NAMES_UNKNOWN}");
            Doubt::new(message).at(rule.span)
        });
        all.add(HostSet::full(), vec![hosts]);
    }
    // A path never stands for all of a host (FW-13).
    let urls = patterns(&rule.target_urls, host_of_url);
    if !urls.is_empty() {
        let path = maybe(ground, format!("urls {at}"), || {
            Doubt::new(format!("application rule `{name}` looks at paths of a host")).at(rule.span)
        });
        all.add(if named { urls } else { HostSet::full() }, vec![path]);
    }
    for tag in rule.fqdn_tags.iter().filter_map(|tag| tag.known()) {
        let hosts = hosts_of_tag(tag);
        let some = maybe(ground, format!("fqdn tag {}", tag.to_ascii_lowercase()), || {
            Doubt::new(format!("the hosts of the FQDN tag `{tag}` are not published in full")).at(rule.span)
        });
        all.add(if named { hosts } else { HostSet::full() }, vec![some]);
    }
    // What a category holds is not published: an allow may hold anything, a deny is noted elsewhere (FW-15).
    if access == Access::Allow && !rule.web_categories.is_empty() {
        let some = maybe(ground, format!("categories {at}"), || {
            Doubt::new(format!("the hosts of the web categories of rule `{name}` are not published")).at(rule.span)
        });
        all.add(HostSet::full(), vec![some]);
    }
    let lists = [&rule.target_fqdns, &rule.target_urls, &rule.fqdn_tags];
    for unknown in lists.into_iter().flatten().filter_map(Field::unknown) {
        let some = maybe(ground, format!("host {}", unknown.key), || {
            Doubt::of(&format!("a host of application rule `{name}`"), unknown)
        });
        all.add(HostSet::full(), vec![some]);
    }
    if lists.into_iter().all(Vec::is_empty) && rule.web_categories.is_empty() {
        let some = maybe(ground, format!("hosts {at}"), || {
            Doubt::new(format!("application rule `{name}` names no host")).at(rule.span)
        });
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
