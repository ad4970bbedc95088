//! One thing of an estate as a pattern rule sees it: where it is, what it belongs to, why it may not exist.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::estate::{
    Estate, Fault, FirewallRule, Header, NetworkSecurityGroup, Reference, Route, RouteTable, RuleCollection,
    SecurityRule, Subnet, VirtualNetwork,
};
use crate::json::{Trail, Unknown};
use crate::proof::{Scene as ProofScene, Shadow};
use crate::rule::pattern::field::Value;
use crate::source::{FileId, Span};

/// An estate with what the fields of several subjects need, worked out once.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) estate: &'a Estate,
    /// Subnets that a network security group says it guards.
    pub(crate) guarded: BTreeSet<usize>,
    /// Subnets that a route table says it serves.
    pub(crate) routed: BTreeSet<usize>,
    /// Network security groups that a subnet or interface names.
    pub(crate) used_nsgs: BTreeSet<usize>,
    /// Route tables that a subnet names.
    pub(crate) used_tables: BTreeSet<usize>,
    /// For each network security group, what its rules are to each other; worked out when a rule asks.
    shadows: Vec<OnceLock<Vec<Shadow>>>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(estate: &'a Estate) -> Self {
        fn targets<'r>(references: impl Iterator<Item = &'r Reference>) -> BTreeSet<usize> {
            references.filter_map(|reference| reference.target).collect()
        }
        let interfaces = estate.interfaces.iter().filter_map(|interface| interface.nsg.as_ref());
        Self {
            guarded: targets(estate.nsgs.iter().flat_map(|nsg| &nsg.subnets)),
            routed: targets(estate.route_tables.iter().flat_map(|table| &table.subnets)),
            used_nsgs: targets(estate.subnets.iter().filter_map(|subnet| subnet.nsg.as_ref()).chain(interfaces)),
            used_tables: targets(estate.subnets.iter().filter_map(|subnet| subnet.route_table.as_ref())),
            shadows: estate.nsgs.iter().map(|_| OnceLock::new()).collect(),
            estate,
        }
    }
}

impl Scene<'_> {
    /// What a rule of a group is to the others.
    pub(crate) fn shadow(&self, group: usize, rule: usize) -> Option<&Shadow> {
        let nsg = self.estate.nsgs.get(group)?;
        self.shadows.get(group)?.get_or_init(|| ProofScene::of_group(nsg, None).shadows(0)).get(rule)
    }
}

/// One thing of an estate that a rule looks at.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) scene: &'a Scene<'a>,
    /// The index of the resource it belongs to, in the list of its kind.
    pub(crate) owner: usize,
    pub(crate) thing: Thing<'a>,
}

/// What it is, with the resource it belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Thing<'a> {
    SecurityRule(&'a NetworkSecurityGroup, &'a SecurityRule, usize),
    Nsg(&'a NetworkSecurityGroup),
    Route(&'a RouteTable, &'a Route),
    RouteTable(&'a RouteTable),
    Subnet(&'a Subnet),
    Network(&'a VirtualNetwork),
    FirewallRule(&'a Header, &'a RuleCollection, &'a FirewallRule),
    Fault(&'a Fault),
}

impl<'a> Item<'a> {
    fn header(&self) -> Option<&'a Header> {
        Some(match self.thing {
            Thing::SecurityRule(nsg, ..) | Thing::Nsg(nsg) => &nsg.header,
            Thing::Route(table, _) | Thing::RouteTable(table) => &table.header,
            Thing::Subnet(subnet) => &subnet.header,
            Thing::Network(network) => &network.header,
            Thing::FirewallRule(header, ..) => header,
            Thing::Fault(_) => return None,
        })
    }

    /// The resource it belongs to: its id, or its name when it has none.
    pub(crate) fn resource(&self) -> String {
        match (self.header(), self.thing) {
            (Some(header), _) => match header.id.as_ref().and_then(|id| id.known()) {
                Some(id) => id.to_string(),
                None => header.name.known().map_or_else(|| header.key.to_string(), ToString::to_string),
            },
            (None, Thing::Fault(fault)) => fault.resource.clone(),
            (None, _) => String::new(),
        }
    }

    /// What it is inside its resource, stable under edits elsewhere: `securityRules/web`.
    pub(crate) fn path(&self) -> String {
        let name = |value: Value<'_>| value.shown().unwrap_or_default();
        match self.thing {
            Thing::SecurityRule(_, rule, _) => format!("securityRules/{}", name(Value::text(&rule.name))),
            Thing::Route(_, route) => format!("routes/{}", name(Value::text(&route.name))),
            Thing::FirewallRule(_, collection, rule) => {
                format!("ruleCollections/{}/{}", name(Value::text(&collection.name)), name(Value::text(&rule.name)))
            }
            Thing::Fault(fault) => quoted(&fault.detail),
            Thing::Nsg(_) | Thing::RouteTable(_) | Thing::Subnet(_) | Thing::Network(_) => String::new(),
        }
    }

    /// Why it may not exist at all.
    pub(crate) fn conditions(&self) -> Vec<&'a Unknown> {
        let own = match self.thing {
            Thing::SecurityRule(_, rule, _) => rule.condition.as_deref(),
            Thing::Route(_, route) => route.condition.as_deref(),
            Thing::FirewallRule(_, collection, _) => collection.condition.as_deref(),
            Thing::Nsg(_) | Thing::RouteTable(_) | Thing::Subnet(_) | Thing::Network(_) | Thing::Fault(_) => None,
        };
        own.into_iter().chain(self.header().and_then(|header| header.condition.as_deref())).collect()
    }

    /// The whole of it, as written.
    pub(crate) fn whole(&self) -> Option<Span> {
        match self.thing {
            Thing::SecurityRule(_, rule, _) => Some(rule.node.span),
            Thing::Route(_, route) => Some(route.node.span),
            Thing::FirewallRule(_, _, rule) => Some(rule.node.span),
            // Where the value is used, when it is written elsewhere.
            Thing::Fault(fault) => fault.via.as_ref().map(|via| via.span),
            _ => self.header().map(|header| header.span),
        }
    }

    /// Where a finding points when no field says so, and the way there.
    pub(crate) fn place(&self) -> (Span, Option<&'a Arc<Trail>>) {
        let name = match self.thing {
            Thing::SecurityRule(_, rule, _) => &rule.name,
            Thing::Route(_, route) => &route.name,
            Thing::FirewallRule(_, _, rule) => &rule.name,
            Thing::Fault(fault) => return (fault.span, fault.via.as_ref()),
            Thing::Nsg(_) | Thing::RouteTable(_) | Thing::Subnet(_) | Thing::Network(_) => {
                let place = self.header().map_or(Span::new(FileId(0), 0, 0), Header::place);
                return (place, None);
            }
        };
        (name.span, name.via.as_ref())
    }

    /// What it is to the other rules of its group, when it is a security rule.
    pub(crate) fn shadow(&self) -> Option<&'a Shadow> {
        match self.thing {
            Thing::SecurityRule(_, _, index) => self.scene.shadow(self.owner, index),
            _ => None,
        }
    }

    /// Another rule of its group.
    pub(crate) fn sibling(&self, index: usize) -> Option<&'a SecurityRule> {
        match self.thing {
            Thing::SecurityRule(nsg, ..) => nsg.rules.get(index),
            _ => None,
        }
    }

    /// The fault, when it is one.
    pub(crate) fn fault(&self) -> Option<&'a Fault> {
        match self.thing {
            Thing::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

/// What a sentence quotes in backticks, which outlives its wording; all of it when it quotes nothing.
fn quoted(text: &str) -> String {
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    if quoted.is_empty() { text.to_owned() } else { quoted.join("/") }
}
