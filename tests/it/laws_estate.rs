//! Builds rules, groups, routes and tables out of nothing, for the laws.

use std::net::IpAddr;
use std::sync::Arc;

use aznetlint::estate::{
    Access, Direction, Field, Header, NetworkSecurityGroup, NextHop, Peer, Ports, Route, RouteOrigin, RouteTable,
    SecurityRule, Shape, Side,
};
use aznetlint::json::{Node, Part, Reason, Unknown, Value};
use aznetlint::net::{AddressSet, PortSet, ProtocolSet};
use aznetlint::source::{FileId, Span};

/// Some place; the proofs do not look at it.
pub(crate) fn place() -> Span {
    Span::new(FileId(0), 0, 1)
}

pub(crate) fn known<T>(value: T) -> Field<T> {
    Field { value: Ok(value), span: place(), via: None }
}

pub(crate) fn unknown<T>(key: &str) -> Field<T> {
    Field { value: Err(why(key, Vec::new())), span: place(), via: None }
}

/// An unknown value of which parts are known.
pub(crate) fn partly<T>(start: &str, key: &str) -> Field<T> {
    let parts = vec![Part::Text(Arc::from(start)), Part::Hole(why(key, Vec::new()))];
    Field { value: Err(why(&format!("{start}{key}"), parts)), span: place(), via: None }
}

pub(crate) fn why(key: &str, parts: Vec<Part>) -> Arc<Unknown> {
    let name: Arc<str> = Arc::from(key);
    Arc::new(Unknown {
        reason: Reason::ParameterWithoutValue(Arc::clone(&name)),
        text: Arc::clone(&name),
        span: place(),
        key: name,
        parts,
        domain: Vec::new(),
    })
}

pub(crate) fn prefixes(texts: &[&str]) -> AddressSet {
    AddressSet::from_prefixes(texts.iter().map(|text| text.parse().expect("the laws write prefixes")))
}

/// A peer as a rule would write it.
pub(crate) fn peer(text: &str) -> Peer {
    match text {
        "*" => Peer::Any,
        _ if text.contains('/') => Peer::Addresses(prefixes(&[text])),
        _ => Peer::Tag(Arc::from(text)),
    }
}

pub(crate) fn side(items: Vec<Field<Peer>>) -> Side {
    Side { items, groups: Vec::new(), span: place() }
}

pub(crate) fn ports(items: Vec<Field<PortSet>>) -> Ports {
    Ports { items, span: place() }
}

/// An outbound rule that allows everything; the laws change what they need.
pub(crate) fn rule(name: &str, priority: i64) -> SecurityRule {
    SecurityRule {
        name: known(Arc::from(name)),
        node: Node::new(Value::Null, place()),
        span: place(),
        direction: known(Direction::Outbound),
        access: known(Access::Allow),
        priority: known(priority),
        protocol: known(ProtocolSet::ALL),
        sources: side(vec![known(Peer::Any)]),
        source_ports: ports(vec![known(PortSet::full())]),
        destinations: side(vec![known(Peer::Any)]),
        destination_ports: ports(vec![known(PortSet::full())]),
        description: None,
        condition: None,
    }
}

fn header(name: &str) -> Header {
    Header {
        name: known(Arc::from(name)),
        id: None,
        key: Arc::from(name),
        type_name: Arc::from("Microsoft.Network/networkSecurityGroups"),
        location: Some(known(Arc::from("westeurope"))),
        node: Node::new(Value::Null, place()),
        span: place(),
        shape: Shape::Rest,
        mentioned: false,
        condition: None,
    }
}

pub(crate) fn group(rules: Vec<SecurityRule>) -> NetworkSecurityGroup {
    NetworkSecurityGroup {
        header: header("nsg"),
        rules,
        default_rules: Vec::new(),
        unknown_rules: Vec::new(),
        rules_span: None,
        subnets: Vec::new(),
        interfaces: Vec::new(),
        effective: false,
    }
}

pub(crate) fn route(name: &str, to: Field<Peer>, hop: NextHop) -> Route {
    let appliance = known(IpAddr::from([10, 0, 9, 4]));
    Route {
        name: known(Arc::from(name)),
        node: Node::new(Value::Null, place()),
        span: place(),
        prefixes: vec![to],
        next_hop: known(hop),
        next_hop_addresses: if hop == NextHop::VirtualAppliance { vec![appliance] } else { Vec::new() },
        origin: RouteOrigin::User,
        condition: None,
    }
}

pub(crate) fn table(routes: Vec<Route>) -> RouteTable {
    RouteTable {
        header: header("routes"),
        routes,
        unknown_routes: Vec::new(),
        routes_span: None,
        disable_bgp: None,
        disable_peering: None,
        subnets: Vec::new(),
        effective: false,
    }
}
