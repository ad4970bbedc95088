//! Traffic, fates and lines in the words users read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::diff::model::{Line, TrafficChange};
use crate::estate::Direction;
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::{End, Fate, Traffic, Turn};

/// So many prefixes, ranges, ports or hosts are named; of more, how many there are.
const MOST_NAMED: usize = 6;

/// The headline of a change: `opened to the internet`.
pub(crate) fn headline(change: &TrafficChange) -> &'static str {
    let internet = change.opens_internet();
    match (change.turn, change.is_sure()) {
        (Turn::Opened, true) if internet => "opened to the internet",
        (Turn::Opened, true) => "opened",
        (Turn::Opened, false) if internet => "may be opened to the internet",
        (Turn::Opened, false) => "may be opened",
        (Turn::Closed, true) => "closed",
        (Turn::Closed, false) => "may be closed",
        (Turn::Rerouted, true) if internet => "led to the internet",
        (Turn::Rerouted, true) => "led another way",
        (Turn::Rerouted, false) if internet => "may be led to the internet",
        (Turn::Rerouted, false) => "may be led another way",
    }
}

/// Where a change is: `inbound to subnet vnet/snet, subnet vnet/other`.
pub(crate) fn place(change: &TrafficChange) -> String {
    let inbound = change.traffic.first().is_some_and(|one| one.direction == Direction::Inbound);
    let firewall = change.on.iter().all(|(kind, _)| kind.starts_with("firewall"));
    let word = match (inbound, firewall) {
        (_, true) => "through",
        (true, false) => "inbound to",
        (false, false) => "outbound from",
    };
    let named: Vec<String> = change.on.iter().take(MOST_NAMED).map(|(kind, name)| format!("{kind} {name}")).collect();
    let mut text = format!("{word} {}", with_more(named, change.on.len()));
    if !change.sets.is_empty() {
        let sets: Vec<String> = change.sets.iter().take(MOST_NAMED).map(|set| set_name(set)).collect();
        text.push_str(&format!(" [{}]", with_more(sets, change.sets.len())));
    }
    text
}

fn set_name(set: &str) -> String {
    if set.is_empty() { "the plain one".to_owned() } else { set.to_owned() }
}

fn with_more(mut named: Vec<String>, all: usize) -> String {
    let more = all.saturating_sub(named.len());
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}

/// A change in one line: `opens TCP 22 from Internet, inbound to subnet vnet/snet`.
pub fn told(change: &TrafficChange) -> String {
    let (verb, way) = match (change.turn, change.is_sure()) {
        (Turn::Opened, true) => ("opens", ""),
        (Turn::Opened, false) => ("may open", ""),
        (Turn::Closed, true) => ("closes", ""),
        (Turn::Closed, false) => ("may close", ""),
        (Turn::Rerouted, true) => ("leads", " another way"),
        (Turn::Rerouted, false) => ("may lead", " another way"),
    };
    let boxes = change.traffic.iter().take(MOST_TOLD).map(traffic).collect();
    format!("{verb} {}{way}, {}", with_more(boxes, change.traffic.len()), place(change))
}

/// So many boxes are told in one line.
const MOST_TOLD: usize = 2;

/// What becomes of traffic.
pub(crate) fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Dropped => "dropped".to_owned(),
        Fate::Passes => "passes".to_owned(),
        Fate::Internet => "to the internet".to_owned(),
        Fate::Network => "to the virtual network".to_owned(),
        Fate::ServiceEndpoint => "to a service endpoint".to_owned(),
        Fate::Gateway => "to the gateway".to_owned(),
        Fate::Firewall(name) => format!("to firewall {name}"),
        Fate::Appliance(at) => format!("to appliance {at}"),
        Fate::Platform => "to the platform".to_owned(),
        Fate::Unknown(_) => "where nobody knows".to_owned(),
    }
}

/// The word of a fate for programs.
pub(crate) fn fate_word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Dropped => "dropped",
        Fate::Passes => "passes",
        Fate::Internet => "internet",
        Fate::Network => "network",
        Fate::ServiceEndpoint => "service-endpoint",
        Fate::Gateway => "gateway",
        Fate::Firewall(_) => "firewall",
        Fate::Appliance(_) => "appliance",
        Fate::Platform => "platform",
        Fate::Unknown(_) => "unknown",
    }
}

/// A side of a change: what becomes of the traffic there, and by which line.
pub(crate) fn side(fate: &Fate, line: Option<&Line>) -> String {
    match line {
        None if *fate == Fate::Dropped => "not there".to_owned(),
        None => self::fate(fate),
        Some(line) => format!("{} by {}", self::fate(fate), self::line(line)),
    }
}

/// A rule or route with its place.
pub(crate) fn line(line: &Line) -> String {
    let priority = line.priority.map(|priority| format!("{priority} ")).unwrap_or_default();
    let kind = match line.kind {
        "built-in" => "built-in ",
        "system-route" => "system route ",
        "route" => "route ",
        "firewall-rule" | "rule" => "rule ",
        _ => "",
    };
    let place = line.place.as_ref().map(|place| format!(" ({})", place.text())).unwrap_or_default();
    let priority = if line.kind == "rule" { priority } else { String::new() };
    format!("{kind}{priority}{}{place}", line.name)
}

/// A box of packets: `TCP 22 from Internet`. `near`: the place is named elsewhere.
pub(crate) fn traffic(one: &Traffic) -> String {
    let mut words = protocols(one);
    if !one.source_ports.is_full() {
        words.push_str(&format!(" from port {}", ports(&one.source_ports)));
    }
    if !one.from.is_place {
        words.push_str(&format!(" from {}", end(&one.from)));
    }
    if !one.hosts.is_full() && one.to.is_any {
        words.push_str(&format!(" to {}", hosts(one)));
    } else if !one.hosts.is_full() {
        words.push_str(&format!(" to {} for {}", end(&one.to), hosts(one)));
    } else if !one.to.is_place {
        words.push_str(&format!(" to {}", end(&one.to)));
    }
    words
}

fn hosts(one: &Traffic) -> String {
    let parts = one.hosts.parts();
    let any = |part: &String| {
        part.strip_prefix("* except").map_or_else(|| part.clone(), |rest| format!("any host except{rest}"))
    };
    let named = parts.iter().take(MOST_NAMED).map(any).collect();
    with_more(named, parts.len())
}

fn protocols(one: &Traffic) -> String {
    if one.protocols == ProtocolSet::ALL && one.ports.is_full() {
        return "everything".to_owned();
    }
    let named: Vec<String> = one.protocols.each().map(|(_, name)| name.to_uppercase()).collect();
    let named = named.join(", ");
    match (one.protocols.has_ports(), one.ports.is_full()) {
        (false, _) => named,
        (true, true) => format!("{named} on any port"),
        (true, false) => format!("{named} {}", ports(&one.ports)),
    }
}

/// Ports: `80, 443, 8000-8080`; where fewer are left out, those.
pub(crate) fn ports(set: &PortSet) -> String {
    let text = |set: &PortSet| -> Vec<String> {
        let one = |&(first, last): &(u16, u16)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        set.ranges().iter().map(one).collect()
    };
    let (own, rest) = (text(set), text(&PortSet::full().difference(set)));
    if rest.len() < own.len() && rest.len() <= MOST_NAMED {
        return format!("any but {}", rest.join(", "));
    }
    with_more(own.iter().take(MOST_NAMED).cloned().collect(), own.len())
}

/// An end of traffic.
pub(crate) fn end(one: &End) -> String {
    let (own, rest) = (shortest(&one.addresses).len(), shortest(&one.but).len());
    let mut words = match &one.name {
        _ if !one.only.is_empty() && rest > MOST_NAMED.max(own) => {
            format!("what {} holds of {}", one.only.join(" and "), addresses(&one.addresses))
        }
        _ if !one.only.is_empty() => one.only.join(" and "),
        _ if one.is_any => any(&one.addresses).to_owned(),
        Some(name) => name.clone(),
        None => addresses(&one.addresses),
    };
    let mut except: Vec<String> = one.except.clone();
    if rest <= MOST_NAMED.max(own) {
        except.extend(shortest(&one.but));
    }
    if !except.is_empty() {
        let named = except.iter().take(MOST_NAMED).cloned().collect();
        words.push_str(&format!(" except {}", with_more(named, except.len())));
    }
    words
}

fn any(set: &AddressSet) -> &'static str {
    match (set.v4.is_empty(), set.v6.is_empty()) {
        (false, true) => "any IPv4 address",
        (true, false) => "any IPv6 address",
        _ => "anywhere",
    }
}

/// Addresses as prefixes, as ranges, or as what is left out: whatever is shortest.
pub(crate) fn addresses(set: &AddressSet) -> String {
    let own = shortest(set);
    let space = AddressSet {
        v4: if set.v4.is_empty() { AddressSet::empty().v4 } else { AddressSet::all_v4().v4 },
        v6: if set.v6.is_empty() { AddressSet::empty().v6 } else { AddressSet::all_v6().v6 },
    };
    let rest = shortest(&space.difference(set));
    if rest.len() < own.len() && rest.len() <= MOST_NAMED {
        let but = if rest.is_empty() { String::new() } else { format!(" but {}", rest.join(", ")) };
        return format!("{}{but}", any(&space));
    }
    let count = own.len();
    with_more(own.into_iter().take(MOST_NAMED).collect(), count)
}

/// As prefixes, or as ranges where these are fewer.
pub(crate) fn shortest(set: &AddressSet) -> Vec<String> {
    let ranges = set.v4.ranges().len() + set.v6.ranges().len();
    let few = ranges.max(MOST_PREFIXES);
    let prefixes: Vec<String> = set.prefixes().take(few + 1).map(prefix).collect();
    if prefixes.len() <= few {
        return prefixes;
    }
    let v4 = set.v4.ranges().iter().map(|&(first, last)| (Ipv4Addr::from(first).into(), Ipv4Addr::from(last).into()));
    let v6 = set.v6.ranges().iter().map(|&(first, last)| (Ipv6Addr::from(first).into(), Ipv6Addr::from(last).into()));
    v4.chain(v6).map(|(first, last)| range(first, last)).collect()
}

/// So many prefixes read better than fewer ranges.
const MOST_PREFIXES: usize = 4;

fn prefix(one: ipnet::IpNet) -> String {
    if one.prefix_len() == one.max_prefix_len() { one.addr().to_string() } else { one.to_string() }
}

fn range(first: IpAddr, last: IpAddr) -> String {
    let set = AddressSet::range(first, last);
    let mut prefixes = set.prefixes();
    match (prefixes.next(), prefixes.next()) {
        (Some(one), None) => prefix(one),
        _ => format!("{first}-{last}"),
    }
}
