//! The fields that pattern rules can ask for, subject by subject.

use std::borrow::Cow;

use crate::estate::{Access, CollectionKind, Direction, NextHop, Peer, SecurityRule};
use crate::net::AddressSet;
use crate::proof::{Decider, Doubt, Fact, Shadow};
use crate::rule::pattern::field::{Atom, Kind, Part, Value};
use crate::rule::pattern::item::{Item, Thing};

/// One field of a subject.
pub(crate) struct FieldSpec {
    /// The word users write.
    pub(crate) name: &'static str,
    /// The kind of its value.
    pub(crate) kind: Kind,
    /// What it is.
    pub(crate) describe: &'static str,
    /// Reads it.
    pub(crate) read: for<'a> fn(&Item<'a>) -> Value<'a>,
}

impl std::fmt::Debug for FieldSpec {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

macro_rules! field {
    ($name:literal, $kind:expr, $describe:literal, $thing:pat => $value:expr) => {
        FieldSpec {
            name: $name,
            kind: $kind,
            describe: $describe,
            read: |item| match item.thing {
                $thing => $value,
                _ => Value::absent(item.place().0),
            },
        }
    };
}

const DIRECTIONS: Kind = Kind::Word(&["inbound", "outbound"]);
const ACCESSES: Kind = Kind::Word(&["allow", "deny"]);
const NEXT_HOP: Kind = Kind::Word(&NextHop::NAMES);

fn direction(direction: &Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

fn access(access: &Access) -> &'static str {
    match access {
        Access::Allow => "allow",
        Access::Deny => "deny",
    }
}

fn next_hop(hop: &NextHop) -> &'static str {
    hop.word()
}

fn collection_kind(kind: &CollectionKind) -> &'static str {
    match kind {
        CollectionKind::Nat => "nat",
        CollectionKind::Network => "network",
        CollectionKind::Application => "application",
    }
}

/// The tags among addresses.
fn tags(mut value: Value<'_>) -> Value<'_> {
    value.parts.retain(|part| matches!(part.atom, Ok(Atom::Peer(Peer::Tag(_))) | Err(_)));
    for part in &mut value.parts {
        if let Ok(Atom::Peer(Peer::Tag(name))) = part.atom {
            part.atom = Ok(Atom::Text(Cow::Borrowed(name)));
        }
    }
    value
}

pub(crate) const SECURITY_RULE: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::SecurityRule(_, rule, _) => Value::text(&rule.name)),
    field!("nsg", Kind::Text, "The name of its network security group.",
        Thing::SecurityRule(nsg, ..) => Value::text(&nsg.header.name)),
    field!("direction", DIRECTIONS, "The direction it looks at.",
        Thing::SecurityRule(_, rule, _) => Value::word(&rule.direction, direction)),
    field!("access", ACCESSES, "What it does.", Thing::SecurityRule(_, rule, _) => Value::word(&rule.access, access)),
    field!("priority", Kind::Number, "The lower number goes first.",
        Thing::SecurityRule(_, rule, _) => Value::number(&rule.priority)),
    field!("protocol", Kind::Protocols, "The protocols it matches.",
        Thing::SecurityRule(_, rule, _) => Value::protocols(&rule.protocol)),
    field!("sources", Kind::Addresses, "Where packets come from.",
        Thing::SecurityRule(_, rule, _) => Value::side(&rule.sources)),
    field!("source-tags", Kind::Texts, "The service tags among its sources.",
        Thing::SecurityRule(_, rule, _) => tags(Value::peers(&rule.sources.items, rule.sources.span))),
    field!("source-ports", Kind::Ports, "The ports packets come from.",
        Thing::SecurityRule(_, rule, _) => Value::ports(&rule.source_ports)),
    field!("destinations", Kind::Addresses, "Where packets go to.",
        Thing::SecurityRule(_, rule, _) => Value::side(&rule.destinations)),
    field!("destination-tags", Kind::Texts, "The service tags among its destinations.",
        Thing::SecurityRule(_, rule, _) => tags(Value::peers(&rule.destinations.items, rule.destinations.span))),
    field!("destination-ports", Kind::Ports, "The ports packets go to.",
        Thing::SecurityRule(_, rule, _) => Value::ports(&rule.destination_ports)),
    field!("source-groups", Kind::Texts, "The application security groups of its sources, by id.",
        Thing::SecurityRule(_, rule, _) => Value::texts(&rule.sources.groups, rule.sources.span)),
    field!("destination-groups", Kind::Texts, "The application security groups of its destinations, by id.",
        Thing::SecurityRule(_, rule, _) => Value::texts(&rule.destinations.groups, rule.destinations.span)),
    field!("description", Kind::Text, "Its description.", Thing::SecurityRule(_, rule, _) =>
        Value::optional(rule.description.as_ref(), rule.span, Value::text)),
    FieldSpec {
        name: "shadowed",
        kind: Kind::Boolean,
        describe: "Rules ahead of it decide everything it matches.",
        read: |item| derived(item, |shadow| &shadow.shadowed),
    },
    FieldSpec {
        name: "redundant",
        kind: Kind::Boolean,
        describe: "Without it every packet would fare the same. Also true when it is shadowed.",
        read: |item| derived(item, |shadow| &shadow.redundant),
    },
    FieldSpec {
        name: "overruled",
        kind: Kind::Boolean,
        describe: "It is shadowed, and a rule ahead does the opposite with some of what it matches.",
        read: overruled,
    },
    FieldSpec {
        name: "conflicts",
        kind: Kind::Boolean,
        describe: "Another rule of its direction has its priority.",
        read: |item| derived(item, |shadow| &shadow.conflicts),
    },
    FieldSpec {
        name: "shadowed-by",
        kind: Kind::Texts,
        describe: "The rules ahead of it that decide some of what it matches.",
        read: shadowed_by,
    },
];

/// Whether an address of a rule cannot be read.
fn is_unreadable(rule: &SecurityRule) -> bool {
    let mut items = rule.sources.items.iter().chain(&rule.destinations.items);
    items.any(|one| matches!(one.known(), Some(Peer::Invalid(_))))
}

/// A fact about a rule among the others. Of a rule with an address that cannot be read nothing is told.
fn derived<'a>(item: &Item<'a>, fact: impl Fn(&'a Shadow) -> &'a Fact) -> Value<'a> {
    let span = item.place().0;
    if let Thing::SecurityRule(_, rule, _) = item.thing
        && is_unreadable(rule)
    {
        return Value::unknown("an address that cannot be read", span);
    }
    match item.shadow().map(fact) {
        None => Value::absent(span),
        Some(Fact::Yes) => Value::truth(true, span),
        Some(Fact::No) => Value::truth(false, span),
        Some(Fact::Unknown(doubts)) => {
            let why = doubts.iter().map(Doubt::message).collect::<Vec<_>>().join("; ");
            Value::unknown(why, span)
        }
    }
}

fn overruled<'a>(item: &Item<'a>) -> Value<'a> {
    let span = item.place().0;
    let Thing::SecurityRule(_, rule, _) = item.thing else { return Value::absent(span) };
    let opposite = |by: &Decider| rule.access.known().is_none_or(|own| by.access != *own);
    // Which rules take some of it is worked out for one that may be shadowed only.
    let alike = |shadow: &Shadow| shadow.by().is_some_and(|by| !by.iter().any(opposite));
    match item.shadow() {
        Some(shadow) if (shadow.shadowed != Fact::No || is_unreadable(rule)) && alike(shadow) => {
            Value::truth(false, span)
        }
        _ => derived(item, |shadow| &shadow.shadowed),
    }
}

fn shadowed_by<'a>(item: &Item<'a>) -> Value<'a> {
    let span = item.place().0;
    let mut value = Value::absent(span);
    let Some(shadow) = item.shadow() else { return value };
    let Some(all) = shadow.by() else { return Value::unknown("too many rules ahead to compare it with", span) };
    for by in all {
        let place = by.index.and_then(|index| item.sibling(index)).map_or(span, |rule| rule.name.span);
        value.parts.push(Part { atom: Ok(Atom::Text(Cow::Borrowed(&by.name))), span: place, via: None });
        value.span = place;
    }
    value
}

pub(crate) const NSG: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::Nsg(nsg) => Value::text(&nsg.header.name)),
    field!("location", Kind::Text, "Its region.", Thing::Nsg(nsg) =>
        Value::optional(nsg.header.location.as_ref(), nsg.header.span, Value::text)),
    field!("rules", Kind::Number, "How many rules of its own it has.", Thing::Nsg(nsg) => match nsg.unknown_rules.first() {
        Some(field) => Value::unknown("the number of rules", field.span),
        None => Value::count(nsg.rules.len(), nsg.rules_span.unwrap_or(nsg.header.name.span)),
    }),
    field!("unseen-rules", Kind::Boolean, "It has rules beside those the input shows.",
        Thing::Nsg(nsg) => Value::unseen(&nsg.unknown_rules, nsg.header.name.span)),
    FieldSpec {
        name: "associated",
        kind: Kind::Boolean,
        describe: "A subnet or network interface uses it, as far as the input shows.",
        read: |item| match item.thing {
            Thing::Nsg(nsg) => {
                let named = item.scene.used_nsgs.contains(&item.owner);
                Value::truth(named || !nsg.subnets.is_empty() || !nsg.interfaces.is_empty(), nsg.header.name.span)
            }
            _ => Value::absent(item.place().0),
        },
    },
];

pub(crate) const ROUTE: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::Route(_, route) => Value::text(&route.name)),
    field!("route-table", Kind::Text, "The name of its table.",
        Thing::Route(table, _) => Value::text(&table.header.name)),
    field!("prefix", Kind::Addresses, "Where it leads: addresses or a service tag.",
        Thing::Route(_, route) => Value::peers(&route.prefixes, route.span)),
    field!("prefix-tag", Kind::Texts, "The service tag it leads to.",
        Thing::Route(_, route) => tags(Value::peers(&route.prefixes, route.span))),
    field!("next-hop", NEXT_HOP, "The kind of next hop.", Thing::Route(_, route) =>
        Value::word(&route.next_hop, next_hop)),
    field!("next-hop-address", Kind::Addresses, "The address of the appliance.",
        Thing::Route(_, route) => Value::addresses(&route.next_hop_addresses, route.span)),
];

pub(crate) const ROUTE_TABLE: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::RouteTable(table) => Value::text(&table.header.name)),
    field!("location", Kind::Text, "Its region.", Thing::RouteTable(table) =>
        Value::optional(table.header.location.as_ref(), table.header.span, Value::text)),
    field!("routes", Kind::Number, "How many routes it has.", Thing::RouteTable(table) =>
    match table.unknown_routes.first() {
        Some(field) => Value::unknown("the number of routes", field.span),
        None => Value::count(table.routes.len(), table.routes_span.unwrap_or(table.header.name.span)),
    }),
    field!("unseen-routes", Kind::Boolean, "It has routes beside those the input shows.",
        Thing::RouteTable(table) => Value::unseen(&table.unknown_routes, table.header.name.span)),
    field!("gateway-routes-disabled", Kind::Boolean, "Routes learnt by gateways are kept out.", Thing::RouteTable(table) =>
        Value::optional(table.disable_bgp.as_ref(), table.header.span, Value::bool)),
    FieldSpec {
        name: "associated",
        kind: Kind::Boolean,
        describe: "A subnet uses it, as far as the input shows.",
        read: |item| match item.thing {
            Thing::RouteTable(table) => {
                let named = item.scene.used_tables.contains(&item.owner);
                Value::truth(named || !table.subnets.is_empty(), table.header.name.span)
            }
            _ => Value::absent(item.place().0),
        },
    },
];

pub(crate) const SUBNET: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::Subnet(subnet) => Value::text(&subnet.header.name)),
    FieldSpec {
        name: "network",
        kind: Kind::Text,
        describe: "The name of its virtual network.",
        read: |item| {
            let network = match item.thing {
                Thing::Subnet(subnet) => item.scene.estate.network(subnet.network),
                _ => None,
            };
            network.map_or_else(|| Value::absent(item.place().0), |network| Value::text(&network.header.name))
        },
    },
    field!("prefixes", Kind::Addresses, "Its prefixes.",
        Thing::Subnet(subnet) => Value::prefixes(&subnet.prefixes, subnet.header.span)),
    FieldSpec { name: "size", kind: Kind::Number, describe: "How many IPv4 addresses its prefixes hold.", read: size },
    FieldSpec {
        name: "has-nsg",
        kind: Kind::Boolean,
        describe: "A network security group guards it.",
        read: |item| match item.thing {
            Thing::Subnet(subnet) => {
                Value::truth(subnet.nsg.is_some() || item.scene.guarded.contains(&item.owner), subnet.header.name.span)
            }
            _ => Value::absent(item.place().0),
        },
    },
    FieldSpec {
        name: "has-route-table",
        kind: Kind::Boolean,
        describe: "A route table serves it.",
        read: |item| match item.thing {
            Thing::Subnet(subnet) => {
                let has = subnet.route_table.is_some() || item.scene.routed.contains(&item.owner);
                Value::truth(has, subnet.header.name.span)
            }
            _ => Value::absent(item.place().0),
        },
    },
    field!("has-nat-gateway", Kind::Boolean, "It has a NAT gateway.",
        Thing::Subnet(subnet) => Value::truth(subnet.nat_gateway.is_some(), subnet.header.name.span)),
    field!("service-endpoints", Kind::Texts, "Services with a service endpoint here.",
        Thing::Subnet(subnet) => Value::texts(&subnet.service_endpoints, subnet.header.span)),
    field!("delegations", Kind::Texts, "Services it is delegated to.",
        Thing::Subnet(subnet) => Value::texts(&subnet.delegations, subnet.header.span)),
    field!("private-endpoint-policies", Kind::Text, "`privateEndpointNetworkPolicies`.", Thing::Subnet(subnet) =>
        Value::optional(subnet.private_endpoint_policies.as_ref(), subnet.header.span, Value::text)),
    field!("default-outbound", Kind::Boolean, "`defaultOutboundAccess`.", Thing::Subnet(subnet) =>
        Value::optional(subnet.default_outbound.as_ref(), subnet.header.span, Value::bool)),
];

pub(crate) const VIRTUAL_NETWORK: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::Network(network) => Value::text(&network.header.name)),
    field!("location", Kind::Text, "Its region.", Thing::Network(network) =>
        Value::optional(network.header.location.as_ref(), network.header.span, Value::text)),
    field!("address-space", Kind::Addresses, "Its address space.",
        Thing::Network(network) => Value::prefixes(&network.address_space, network.header.span)),
    field!("dns-servers", Kind::Texts, "Its own DNS servers.",
        Thing::Network(network) => Value::texts(&network.dns_servers, network.header.span)),
    field!("subnets", Kind::Number, "How many subnets the input shows.",
        Thing::Network(network) => Value::count(network.subnets.len(), network.header.name.span)),
    field!("peerings", Kind::Number, "How many peerings it has.",
        Thing::Network(network) => Value::count(network.peerings.len(), network.header.name.span)),
];

pub(crate) const FIREWALL_RULE: &[FieldSpec] = &[
    field!("name", Kind::Text, "Its name.", Thing::FirewallRule(_, _, rule) => Value::text(&rule.name)),
    field!("collection", Kind::Text, "The name of its collection.",
        Thing::FirewallRule(_, collection, _) => Value::text(&collection.name)),
    field!("kind", Kind::Word(&["nat", "network", "application"]), "Its kind.",
        Thing::FirewallRule(_, _, rule) => Value::word(&rule.kind, collection_kind)),
    field!("access", ACCESSES, "What its collection does; nothing for destination NAT.",
        Thing::FirewallRule(_, collection, rule) => Value::optional(collection.action.as_ref(), rule.span, |field|
            Value::word(field, access))),
    field!("priority", Kind::Number, "The priority of its collection.", Thing::FirewallRule(_, collection, rule) =>
        Value::optional(collection.priority.as_ref(), rule.span, Value::number)),
    field!("protocol", Kind::Protocols, "The protocols of a network rule.",
        Thing::FirewallRule(_, _, rule) => Value::protocol_sets(&rule.protocols, rule.span)),
    field!("sources", Kind::Addresses, "Source addresses; IP groups are not looked into.",
        Thing::FirewallRule(_, _, rule) => Value::peers(&rule.sources, rule.span)),
    field!("destinations", Kind::Addresses, "Destination addresses and service tags.",
        Thing::FirewallRule(_, _, rule) => Value::peers(&rule.destinations, rule.span)),
    field!("destination-tags", Kind::Texts, "The service tags among its destinations.",
        Thing::FirewallRule(_, _, rule) => tags(Value::peers(&rule.destinations, rule.span))),
    field!("destination-ports", Kind::Ports, "The destination ports of a network rule.",
        Thing::FirewallRule(_, _, rule) => Value::port_sets(&rule.destination_ports, rule.span)),
    field!("destination-fqdns", Kind::Texts, "The host names of a network rule.",
        Thing::FirewallRule(_, _, rule) => Value::texts(&rule.destination_fqdns, rule.span)),
    field!("application-ports", Kind::Ports, "The ports of the protocols of an application rule.",
        Thing::FirewallRule(_, _, rule) => Value::application_ports(&rule.applications, rule.span)),
    FieldSpec {
        name: "dns-proxy",
        kind: Kind::Boolean,
        describe: "The DNS proxy of its policy is on; nothing where the input does not hold the policy.",
        read: dns_proxy,
    },
    field!("target-fqdns", Kind::Texts, "The host names of an application rule.",
        Thing::FirewallRule(_, _, rule) => Value::texts(&rule.target_fqdns, rule.span)),
    field!("target-urls", Kind::Texts, "The URLs of an application rule.",
        Thing::FirewallRule(_, _, rule) => Value::texts(&rule.target_urls, rule.span)),
    field!("fqdn-tags", Kind::Texts, "The FQDN tags of an application rule.",
        Thing::FirewallRule(_, _, rule) => Value::texts(&rule.fqdn_tags, rule.span)),
    field!("web-categories", Kind::Texts, "The web categories of an application rule.",
        Thing::FirewallRule(_, _, rule) => Value::texts(&rule.web_categories, rule.span)),
    field!("terminate-tls", Kind::Boolean, "`terminateTLS`.", Thing::FirewallRule(_, _, rule) =>
        Value::optional(rule.terminate_tls.as_ref(), rule.span, Value::bool)),
];

pub(crate) const FAULT: &[FieldSpec] = &[
    field!("fault", Kind::Text, "Its kind.", Thing::Fault(fault) =>
        Value::derived(Atom::Text(Cow::Borrowed(fault.kind)), fault.span)),
    field!("detail", Kind::Text, "What is wrong, with the value.", Thing::Fault(fault) =>
        Value::derived(Atom::Text(Cow::Borrowed(&fault.detail)), fault.span)),
    field!("resource", Kind::Text, "The resource, by id or name.", Thing::Fault(fault) =>
        Value::derived(Atom::Text(Cow::Borrowed(&fault.resource)), fault.span)),
];

/// Whether the policy of a firewall rule has its DNS proxy on.
fn dns_proxy<'a>(item: &Item<'a>) -> Value<'a> {
    let span = item.place().0;
    let Thing::FirewallRule(header, ..) = item.thing else { return Value::absent(span) };
    let estate = item.scene.estate;
    let group = estate.collection_groups.iter().find(|group| std::ptr::eq(&group.header, header));
    match group.and_then(|group| estate.policies.get(group.policy?)).map(|policy| &policy.dns_proxy) {
        Some(Some(field)) => Value::bool(field),
        Some(None) => Value::truth(false, span),
        None => Value::absent(span),
    }
}

fn size<'a>(item: &Item<'a>) -> Value<'a> {
    let Thing::Subnet(subnet) = item.thing else { return Value::absent(item.place().0) };
    let mut set = AddressSet::empty();
    for prefix in &subnet.prefixes {
        match prefix.known() {
            Some(known) => set = set.union(known),
            None => return Value::unknown("the prefixes of the subnet", prefix.span),
        }
    }
    let count: u64 = set.v4.ranges().iter().map(|(first, last)| u64::from(last - first) + 1).sum();
    let span = subnet.prefixes.first().map_or(subnet.header.name.span, |prefix| prefix.span);
    if subnet.prefixes.is_empty() {
        return Value::absent(span);
    }
    Value::count(usize::try_from(count).unwrap_or(usize::MAX), span)
}
