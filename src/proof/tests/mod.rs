//! Tests of proofs as a whole: what is documented of firewalls, by example, and the law of the path; and the firewalls and
//! estates, made of nothing, that they and other tests look at.

mod appliance;
mod around;
mod cells;
mod difference;
mod firewall;
mod laws;
mod symbols;
mod told;
mod words;

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{
    Access, CollectionKind, Direction, Estate, Field, Firewall, FirewallPolicy, FirewallRule, Header,
    NetworkSecurityGroup, NextHop, Peer, Ports, Reference, Route, RouteOrigin, RouteTable, RuleCollection,
    RuleCollectionGroup, SecurityRule, Shape, Side,
};
use crate::json::{Node, Reason, Unknown, Value};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::ground::Party;
use crate::proof::judgement::{Flow, Matching};
use crate::source::{FileId, Span};

pub(crate) fn place() -> Span {
    Span::new(FileId(0), 0, 1)
}

pub(crate) fn known<T>(value: T) -> Field<T> {
    Field { value: Ok(value), span: place(), via: None }
}

pub(crate) fn why(key: &str) -> Arc<Unknown> {
    Arc::new(Unknown {
        reason: Reason::ParameterWithoutValue(Arc::from(key)),
        text: Arc::from(key),
        span: place(),
        key: Arc::from(key),
        parts: Vec::new(),
        domain: Vec::new(),
    })
}

pub(crate) fn unknown<T>(key: &str) -> Field<T> {
    Field { value: Err(why(key)), span: place(), via: None }
}

pub(crate) fn header(name: &str) -> Header {
    Header {
        name: known(Arc::from(name)),
        id: None,
        key: Arc::from(name),
        type_name: Arc::from("Microsoft.Network/azureFirewalls"),
        location: Some(known(Arc::from("westeurope"))),
        node: Node::new(Value::Null, place()),
        span: place(),
        shape: Shape::Rest,
        condition: None,
        mentioned: false,
    }
}

pub(crate) fn peer(text: &str) -> Field<Peer> {
    known(match text {
        "*" => Peer::Any,
        _ if text.contains('/') => Peer::Addresses(AddressSet::prefix(text.parse().unwrap())),
        _ => Peer::Tag(Arc::from(text)),
    })
}

/// An outbound rule of a network security group, for every source.
pub(crate) fn outbound(name: &str, priority: i64, access: Access, to: &str, ports: PortSet) -> SecurityRule {
    let side = |items| Side { items, groups: Vec::new(), span: place() };
    let ports_of = |ports| Ports { items: vec![known(ports)], span: place() };
    SecurityRule {
        name: known(Arc::from(name)),
        node: Node::new(Value::Null, place()),
        span: place(),
        direction: known(Direction::Outbound),
        access: known(access),
        priority: known(priority),
        protocol: known(ProtocolSet::ALL),
        sources: side(vec![peer("*")]),
        source_ports: ports_of(PortSet::full()),
        destinations: side(vec![peer(to)]),
        destination_ports: ports_of(ports),
        description: None,
        condition: None,
    }
}

pub(crate) fn security_group(rules: Vec<SecurityRule>) -> NetworkSecurityGroup {
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

fn blank(name: &str, kind: CollectionKind) -> FirewallRule {
    FirewallRule {
        name: known(Arc::from(name)),
        node: Node::new(Value::Null, place()),
        span: place(),
        kind: known(kind),
        protocols: Vec::new(),
        sources: vec![peer("*")],
        source_groups: Vec::new(),
        destinations: Vec::new(),
        destination_groups: Vec::new(),
        destination_fqdns: Vec::new(),
        destination_ports: Vec::new(),
        applications: Vec::new(),
        target_fqdns: Vec::new(),
        fqdn_tags: Vec::new(),
        target_urls: Vec::new(),
        web_categories: Vec::new(),
        terminate_tls: None,
    }
}

/// A network rule from everywhere.
pub(crate) fn network(name: &str, protocols: ProtocolSet, to: &[&str], ports: PortSet) -> FirewallRule {
    FirewallRule {
        protocols: vec![known(protocols)],
        destinations: to.iter().map(|text| peer(text)).collect(),
        destination_ports: vec![known(ports)],
        ..blank(name, CollectionKind::Network)
    }
}

/// An application rule from everywhere.
pub(crate) fn application(name: &str, protocols: &[(&str, u16)], hosts: &[&str]) -> FirewallRule {
    let one = |&(name, port): &(&str, u16)| (known(Arc::from(name)), known(PortSet::range(port, port)));
    FirewallRule {
        applications: protocols.iter().map(one).collect(),
        target_fqdns: hosts.iter().map(|host| known(Arc::from(*host))).collect(),
        ..blank(name, CollectionKind::Application)
    }
}

pub(crate) fn nat(name: &str) -> FirewallRule {
    blank(name, CollectionKind::Nat)
}

pub(crate) fn collection(name: &str, priority: i64, access: Access, rules: Vec<FirewallRule>) -> RuleCollection {
    RuleCollection {
        name: known(Arc::from(name)),
        node: Node::new(Value::Null, place()),
        span: place(),
        priority: Some(known(priority)),
        action: Some(known(access)),
        rules,
        unknown_rules: Vec::new(),
        kind: None,
        condition: None,
    }
}

pub(crate) fn group(priority: i64, collections: Vec<RuleCollection>) -> RuleCollectionGroup {
    let header = header("group");
    let priority = Some(known(priority));
    RuleCollectionGroup { header, policy: None, priority, collections, unknown_collections: Vec::new() }
}

fn to(index: usize) -> Reference {
    Reference { id: known(Arc::from("id")), target: Some(index) }
}

/// A firewall at 10.0.9.4 with the policies' groups; the last policy is its own, each the child of the one before.
pub(crate) fn estate(policies: Vec<Vec<RuleCollectionGroup>>) -> Estate {
    let mut estate = Estate::default();
    for (index, groups) in policies.into_iter().enumerate() {
        let first = estate.collection_groups.len();
        estate.collection_groups.extend(groups);
        estate.policies.push(FirewallPolicy {
            header: header("policy"),
            base: index.checked_sub(1).map(to),
            groups: (first..estate.collection_groups.len()).collect(),
            unknown_groups: None,
            group_ids: Vec::new(),
            dns_proxy: None,
        });
    }
    let policy = estate.policies.len().checked_sub(1).map(to);
    estate.firewalls.push(Firewall {
        unknown_collections: Vec::new(),
        header: header("firewall"),
        addresses: vec![known(IpAddr::from([10, 0, 9, 4]))],
        subnets: Vec::new(),
        policy,
        collections: Vec::new(),
    });
    estate
}

pub(crate) fn route(name: &str, prefix: &str, hop: NextHop) -> Route {
    let appliance = known(IpAddr::from([10, 0, 9, 4]));
    Route {
        name: known(Arc::from(name)),
        node: Node::new(Value::Null, place()),
        span: place(),
        prefixes: vec![peer(prefix)],
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

/// Choices that are the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed ^ 0x9E37_79B9_7F4A_7C15);
        for _ in 0..8 {
            dice.roll(2);
        }
        dice
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % u64::try_from(sides).unwrap()).unwrap()
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// HTTPS from the subnet to a tag or prefix.
pub(crate) fn flow(to: &str) -> Flow {
    Flow {
        direction: Direction::Outbound,
        protocols: ProtocolSet::TCP,
        from: Party::Subnet,
        to: Party::read(to, None).unwrap(),
        ports: PortSet::range(443, 443),
        matching: Matching::Effective,
    }
}
