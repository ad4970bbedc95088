//! The rules and routes that grant what is asked for, each with the requirements that ask for it.
//!
//! Least means: no rule lets pass what no requirement asks for, as far as its layer can say it, and no rule is there whose
//! traffic another one lets pass. A group knows no host names, so that a host takes Internet on its port there.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::estate::{Direction, NextHop};
use crate::finding::RuleCard;
use crate::judge::{FirewallRuleText, Need, Needs, RuleEnd, Wanted, network_rule_to_ends, security_rule};
use crate::net::{PortSet, ProtocolSet, Tag};
use crate::proof::HostPattern;
use crate::rule::{AskedLayer, FlowRequirement};

/// A rule or route, in REST form, and what asks for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) value: Value,
    pub(crate) cards: Vec<Arc<RuleCard>>,
    /// The hosts it is for, where it can name only where they are.
    pub(crate) hosts: Vec<String>,
}

/// All that is to be written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lines {
    /// Rules of the group, those of each direction by priority.
    pub(crate) rules: Vec<Line>,
    pub(crate) routes: Vec<Line>,
    pub(crate) network: Vec<Line>,
    pub(crate) application: Vec<Line>,
    /// What no rule can say: the rule that asks for it, and why.
    pub(crate) unsaid: Vec<String>,
}

/// Traffic of one requirement to one other end.
struct Part<'n> {
    flow: FlowRequirement,
    end: RuleEnd,
    cards: Vec<Arc<RuleCard>>,
    hosts: &'n [String],
}

/// The rules that grant what is needed. `sources`: the prefixes of the subnet; with them a firewall is on the way out.
pub(crate) fn lines(needs: &Needs<'_>, sources: Option<&[String]>) -> Lines {
    let mut lines = Lines { rules: security_rules(needs), ..Lines::default() };
    if let Some(sources) = sources {
        lines.routes = routes(needs);
        firewall_rules(needs, sources, &mut lines);
    }
    lines
}

/// Each protocol by itself: one rule takes one, or all there are.
fn protocols(set: ProtocolSet) -> Vec<ProtocolSet> {
    let known = ProtocolSet::TCP.union(ProtocolSet::UDP).union(ProtocolSet::ICMP);
    if set.is_subset(known) { set.each().map(|(one, _)| one).collect() } else { vec![set] }
}

fn internet() -> RuleEnd {
    RuleEnd::Tag("Internet".to_owned())
}

/// An end as rules may name it: of a region that no page says is usable in rules, the tag without one.
fn documented(end: &RuleEnd) -> RuleEnd {
    match end.tag().and_then(|name| Tag::read(name, None).tag()) {
        Some(tag) if !tag.is_documented() => RuleEnd::Tag(tag.base_name().to_owned()),
        _ => end.clone(),
    }
}

/// The flows that a layer is asked about, each with one protocol and one end.
fn parts<'n>(needs: &'n Needs<'_>, layer: AskedLayer) -> Vec<Part<'n>> {
    let mut parts = Vec::new();
    for Need { rule, wanted } in &needs.all {
        let Wanted::Flow { flow, ends, hosts } = wanted else { continue };
        if !flow.layers.is_empty() && !flow.layers.contains(&layer) {
            continue;
        }
        let by_host = ends.is_empty();
        let ends = if by_host { vec![internet()] } else { ends.clone() };
        for protocols in protocols(flow.protocols) {
            let of = |end: &RuleEnd| Part {
                flow: FlowRequirement { protocols, ..flow.clone() },
                end: documented(end),
                cards: vec![Arc::clone(&rule.card)],
                hosts: if by_host { hosts } else { &[] },
            };
            parts.extend(ends.iter().map(of));
        }
    }
    parts
}

/// Adds to the part with the same end, or as a new one.
fn join<'n>(all: &mut Vec<Part<'n>>, hosts: &mut Vec<Vec<String>>, part: Part<'n>) {
    let alike = |one: &Part<'_>| {
        one.end == part.end && one.flow.protocols == part.flow.protocols && one.flow.direction == part.flow.direction
    };
    let at = all.iter().position(alike).unwrap_or_else(|| {
        all.push(Part {
            flow: FlowRequirement { ports: PortSet::empty(), ..part.flow.clone() },
            end: part.end.clone(),
            cards: Vec::new(),
            hosts: &[],
        });
        hosts.push(Vec::new());
        all.len() - 1
    });
    let own = &mut all[at];
    own.flow.ports = own.flow.ports.union(&part.flow.ports);
    add(&mut own.cards, &part.cards);
    for host in part.hosts.iter().filter(|host| !hosts[at].contains(host)).cloned().collect::<Vec<_>>() {
        hosts[at].push(host);
    }
}

fn add(cards: &mut Vec<Arc<RuleCard>>, more: &[Arc<RuleCard>]) {
    for card in more {
        if cards.iter().all(|known| known.id != card.id) {
            cards.push(Arc::clone(card));
        }
    }
}

/// Whether an end is among the addresses of the internet: a service tag that is no word for a network.
fn is_public(end: &RuleEnd) -> bool {
    end.tag().and_then(Tag::named).is_some_and(|tag| tag.special().is_none())
}

fn security_rules(needs: &Needs<'_>) -> Vec<Line> {
    let parts = parts(needs, AskedLayer::Nsg);
    let wide = |part: &Part<'_>| {
        let same = parts.iter().filter(|one| {
            one.flow.protocols == part.flow.protocols
                && one.flow.direction == part.flow.direction
                && (one.end == internet() || one.end == RuleEnd::Any)
        });
        same.fold(PortSet::empty(), |all, one| all.union(&one.flow.ports))
    };
    let (mut all, mut hosts) = (Vec::new(), Vec::new());
    for part in &parts {
        let of = |ports: PortSet, end: RuleEnd| Part {
            flow: FlowRequirement { ports, ..part.flow.clone() },
            end,
            cards: part.cards.clone(),
            hosts: part.hosts,
        };
        // What Internet lets pass on a port needs no rule for a tag on it.
        let covered = if is_public(&part.end) { part.flow.ports.intersection(&wide(part)) } else { PortSet::empty() };
        let rest = part.flow.ports.difference(&covered);
        if !covered.is_empty() {
            join(&mut all, &mut hosts, of(covered, internet()));
        }
        if !rest.is_empty() {
            join(&mut all, &mut hosts, of(rest, part.end.clone()));
        }
    }
    let mut names = BTreeSet::new();
    let mut priorities = [100, 100];
    let mut lines = Vec::new();
    for (part, hosts) in all.into_iter().zip(hosts) {
        let priority = &mut priorities[usize::from(part.flow.direction == Direction::Outbound)];
        let name = free(&name_of(&part), &mut names);
        let Some(mut value) = security_rule(&name, *priority, &part.flow, std::slice::from_ref(&part.end)) else {
            continue;
        };
        *priority += 10;
        value["properties"]["description"] = json!(described(&part.cards));
        lines.push(Line { value, cards: part.cards, hosts });
    }
    lines
}

/// Azure takes descriptions of up to 140 characters.
fn described(cards: &[Arc<RuleCard>]) -> String {
    const MOST: usize = 140;
    let mut text = String::new();
    for (at, card) in cards.iter().enumerate() {
        let more = format!("{}{}", if at == 0 { "" } else { ", " }, card.id);
        let room = if at + 1 == cards.len() { MOST } else { MOST - ", …".chars().count() };
        if text.chars().count() + more.chars().count() > room {
            text.push_str(if at == 0 { "…" } else { ", …" });
            break;
        }
        text.push_str(&more);
    }
    text
}

/// `allow-storage-westeurope-tcp-out`.
fn name_of(part: &Part<'_>) -> String {
    let end = match &part.end {
        RuleEnd::Any => "any".to_owned(),
        RuleEnd::Subnet => "subnet".to_owned(),
        RuleEnd::Tag(tag) => plain(tag),
        RuleEnd::Prefixes(set) => set.prefixes().next().map_or_else(String::new, |net| plain(&net.addr().to_string())),
    };
    let protocol = match part.flow.protocols {
        ProtocolSet::TCP => "tcp",
        ProtocolSet::UDP => "udp",
        ProtocolSet::ICMP => "icmp",
        _ => "any",
    };
    let way = if part.flow.direction == Direction::Inbound { "in" } else { "out" };
    format!("allow-{end}-{protocol}-{way}")
}

/// A text as it may stand in a name.
pub(crate) fn plain(text: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    text.chars().map(letter).collect()
}

fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let name = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let name = name.unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// Routes that go before the one to the firewall.
fn routes(needs: &Needs<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for Need { rule, wanted } in &needs.all {
        let Wanted::Route { ends, hop } = wanted else { continue };
        // The default route leads there already.
        if *hop == NextHop::VirtualAppliance || !hop.is_written() {
            continue;
        }
        for end in ends.iter().map(documented) {
            let prefixes = match end {
                RuleEnd::Tag(tag) => vec![tag],
                RuleEnd::Prefixes(set) => set.prefixes().map(|net| net.to_string()).collect(),
                RuleEnd::Any | RuleEnd::Subnet => continue,
            };
            for prefix in prefixes {
                match lines.iter_mut().find(|line| line.value["properties"]["addressPrefix"] == prefix.as_str()) {
                    Some(line) => add(&mut line.cards, &[Arc::clone(&rule.card)]),
                    None => lines.push(Line {
                        value: json!({
                            "name": plain(&prefix),
                            "properties": { "addressPrefix": prefix, "nextHopType": hop.as_str() }
                        }),
                        cards: vec![Arc::clone(&rule.card)],
                        hosts: Vec::new(),
                    }),
                }
            }
        }
    }
    lines
}

/// Whether an application rule can say it: HTTP or HTTPS on its own port.
fn is_http(flow: &FlowRequirement) -> bool {
    flow.protocols == ProtocolSet::TCP && flow.ports.is_subset(&PortSet::from_ranges([(80, 80), (443, 443)]))
}

fn firewall_rules(needs: &Needs<'_>, sources: &[String], lines: &mut Lines) {
    let mut names = BTreeSet::new();
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut hosts_of = Vec::new();
    let mut known: Vec<(PortSet, HostPattern)> = Vec::new();
    for Need { rule, wanted } in &needs.all {
        let Wanted::Flow { flow, ends, hosts } = wanted else { continue };
        let asked = flow.layers.is_empty() || flow.layers.contains(&AskedLayer::Firewall);
        let goes_around = !ends.is_empty() && ends.iter().all(|end| is_routed(end, &lines.routes));
        if !asked || goes_around || flow.direction == Direction::Inbound {
            continue;
        }
        let by_host = !hosts.is_empty() && (ends.is_empty() || is_http(flow));
        if !by_host {
            for protocols in protocols(flow.protocols) {
                for end in ends {
                    let flow = FlowRequirement { protocols, ..flow.clone() };
                    let part = Part { flow, end: documented(end), cards: vec![Arc::clone(&rule.card)], hosts: &[] };
                    join(&mut parts, &mut hosts_of, part);
                }
            }
            continue;
        }
        let short = rule.card.id.as_str().rsplit('/').next().unwrap_or_default().trim_end_matches("-blocked");
        let name = free(&format!("allow-{short}"), &mut names);
        let text = FirewallRuleText { name: &name, in_policy: true, flow, sources };
        let more: Vec<String> = hosts.iter().filter(|host| !is_covered(host, hosts, flow, &known)).cloned().collect();
        if more.is_empty() {
            continue;
        }
        known.extend(more.iter().filter_map(|host| Some((flow.ports.clone(), HostPattern::read(host)?))));
        let cards = vec![Arc::clone(&rule.card)];
        match text.to_hosts(&more) {
            Some(value) if value.get("targetFqdns").is_some() => {
                lines.application.push(Line { value, cards, hosts: Vec::new() });
            }
            Some(value) => lines.network.push(Line { value, cards, hosts: Vec::new() }),
            None => lines
                .unsaid
                .push(format!("{}: a firewall takes hosts with an asterisk for HTTP and HTTPS alone", rule.card.id)),
        }
    }
    for part in parts {
        let name = free(&name_of(&part), &mut names);
        let text = FirewallRuleText { name: &name, in_policy: true, flow: &part.flow, sources };
        // What stays inside the network does not come to the firewall.
        if let Some(value) = network_rule_to_ends(&text, std::slice::from_ref(&part.end), sources) {
            lines.network.push(Line { value, cards: part.cards, hosts: Vec::new() });
        }
    }
}

/// Whether a route of its own takes all of an end past the firewall.
fn is_routed(end: &RuleEnd, routes: &[Line]) -> bool {
    let Some(tag) = end.tag().and_then(|name| Tag::read(name, None).tag()) else { return false };
    let prefixes = routes.iter().filter_map(|line| line.value["properties"]["addressPrefix"].as_str());
    let mut routed = prefixes.filter_map(|prefix| Tag::read(prefix, None).tag());
    routed.any(|whole| whole == tag || whole == tag.base())
}

/// Whether another host of the list, or one that is let pass already, holds all that a host stands for.
fn is_covered(host: &str, list: &[String], flow: &FlowRequirement, known: &[(PortSet, HostPattern)]) -> bool {
    let Some(own) = HostPattern::read(host) else { return false };
    let mut others = list.iter().filter(|other| *other != host).filter_map(|other| HostPattern::read(other));
    others.any(|other| other.covers(&own) && other != own)
        || known.iter().any(|(ports, other)| flow.ports.is_subset(ports) && other.covers(&own))
}
