//! What pattern rules can be about, and finding every one of them in an estate.
//!
//! Their fields are the work of `vocabulary`.

use crate::estate::{RouteOrigin, SecurityRule};
use crate::rule::pattern::item::{Item, Scene, Thing};
use crate::rule::pattern::vocabulary::{self, FieldSpec};

/// The things a pattern rule can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A rule of a network security group.
    SecurityRule,
    /// A network security group.
    Nsg,
    /// A route of a route table.
    Route,
    /// A route table.
    RouteTable,
    /// A subnet.
    Subnet,
    /// A virtual network.
    VirtualNetwork,
    /// A rule of a firewall or firewall policy.
    FirewallRule,
    /// Something Azure would refuse or that makes the input incomplete.
    Fault,
}

impl Subject {
    /// Every subject and the word users write.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("security-rule", Self::SecurityRule),
        ("nsg", Self::Nsg),
        ("route", Self::Route),
        ("route-table", Self::RouteTable),
        ("subnet", Self::Subnet),
        ("virtual-network", Self::VirtualNetwork),
        ("firewall-rule", Self::FirewallRule),
        ("fault", Self::Fault),
    ];

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, subject)| *subject == self).map_or("", |(word, _)| word)
    }

    /// The field of a name.
    pub(crate) fn field(self, name: &str) -> Option<&'static FieldSpec> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// Its fields.
    pub(crate) fn fields(self) -> &'static [FieldSpec] {
        match self {
            Self::SecurityRule => vocabulary::SECURITY_RULE,
            Self::Nsg => vocabulary::NSG,
            Self::Route => vocabulary::ROUTE,
            Self::RouteTable => vocabulary::ROUTE_TABLE,
            Self::Subnet => vocabulary::SUBNET,
            Self::VirtualNetwork => vocabulary::VIRTUAL_NETWORK,
            Self::FirewallRule => vocabulary::FIREWALL_RULE,
            Self::Fault => vocabulary::FAULT,
        }
    }

    /// Every one of the estate.
    pub(crate) fn all<'a>(self, scene: &'a Scene<'a>) -> Vec<Item<'a>> {
        let estate = scene.estate;
        let item = |owner: usize, thing: Thing<'a>| Item { scene, owner, thing };
        match self {
            Self::SecurityRule => {
                let rules = estate.nsgs.iter().enumerate().flat_map(|(owner, nsg)| {
                    nsg.rules
                        .iter()
                        .enumerate()
                        .map(move |(index, rule)| (owner, Thing::SecurityRule(nsg, rule, index)))
                });
                // Effective rules list the built-in ones among the user's (SHAPE-3).
                let built_in = |rule: &SecurityRule| rule.priority.known().is_some_and(|priority| *priority >= 65_000);
                rules
                    .filter(|(_, thing)| !matches!(thing, Thing::SecurityRule(_, rule, _) if built_in(rule)))
                    .map(|(owner, thing)| item(owner, thing))
                    .collect()
            }
            Self::Nsg => estate.nsgs.iter().enumerate().map(|(at, nsg)| item(at, Thing::Nsg(nsg))).collect(),
            Self::Route => {
                let routes = estate.route_tables.iter().enumerate().flat_map(|(owner, table)| {
                    table.routes.iter().map(move |route| (owner, Thing::Route(table, route)))
                });
                let user =
                    |thing: &Thing<'_>| matches!(thing, Thing::Route(_, route) if route.origin == RouteOrigin::User);
                routes.filter(|(_, thing)| user(thing)).map(|(owner, thing)| item(owner, thing)).collect()
            }
            Self::RouteTable => {
                estate.route_tables.iter().enumerate().map(|(at, table)| item(at, Thing::RouteTable(table))).collect()
            }
            Self::Subnet => {
                estate.subnets.iter().enumerate().map(|(at, subnet)| item(at, Thing::Subnet(subnet))).collect()
            }
            Self::VirtualNetwork => {
                estate.networks.iter().enumerate().map(|(at, network)| item(at, Thing::Network(network))).collect()
            }
            Self::FirewallRule => {
                let policies = estate.collection_groups.iter().map(|group| (&group.header, &group.collections));
                let classic = estate.firewalls.iter().map(|firewall| (&firewall.header, &firewall.collections));
                let collections =
                    policies.chain(classic).flat_map(|(header, all)| all.iter().map(move |one| (header, one)));
                collections
                    .flat_map(|(header, one)| one.rules.iter().map(move |rule| Thing::FirewallRule(header, one, rule)))
                    .map(|thing| item(0, thing))
                    .collect()
            }
            Self::Fault => estate.faults.iter().map(|fault| item(0, Thing::Fault(fault))).collect(),
        }
    }
}
