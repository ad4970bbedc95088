//! Settings of a firewall beside its rules that decide what passes: DNS proxy and SNAT (FW-11, FW-20).

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use crate::estate::{Estate, FirewallPolicy};
use crate::json::Node;
use crate::net::AddressSet;
use crate::proof::firewall::order::Appliance;
use crate::proof::ground::Ground;
use crate::proof::symbol::{Doubt, Literal, Meaning};
use crate::source::Span;

/// Whether hosts in network rules resolve to what the clients see.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    doubt: Option<Doubt>,
}

impl Resolver {
    pub(crate) fn of(estate: &Estate, appliance: Appliance<'_>) -> Self {
        let off = |span: Option<Span>| {
            let doubt = Doubt::new(
                "network rules with host names are reliable only when clients resolve names through the firewall's DNS proxy, which is not shown to be on",
            );
            Doubt { span, ..doubt.settled_by("`dnsSettings.enableProxy: true` in the firewall policy") }
        };
        let doubt = match (appliance.policy(estate), appliance) {
            (Some(Ok(policy)), _) => match &policy.dns_proxy {
                Some(field) if field.known() == Some(&true) => None,
                Some(field) => match field.unknown() {
                    Some(why) => Some(Doubt::of("whether the DNS proxy is on", why)),
                    None => Some(off(Some(field.span))),
                },
                None => Some(off(None)),
            },
            (Some(Err(doubt)), _) => Some(doubt),
            (None, Appliance::Firewall(firewall)) => {
                let proxy = firewall.header.node.at(&["properties", "additionalProperties", "Network.DNS.EnableProxy"]);
                let on = |node: &Node| {
                    node.bool() == Some(true) || node.text().is_some_and(|text| text.eq_ignore_ascii_case("true"))
                };
                (!proxy.is_some_and(on)).then(|| off(proxy.map(|node| node.span)))
            }
            (None, Appliance::Policy(_)) => Some(off(None)),
        };
        Self { doubt }
    }

    /// What must hold for a rule with host names to match; `None`: nothing more.
    pub(crate) fn literal(&self, ground: &mut Ground<'_, '_>) -> Option<Literal> {
        let doubt = self.doubt.as_ref()?;
        let meaning = Meaning::World(Arc::from("the firewall resolves hosts as its clients do"));
        Some(ground.symbols.of(meaning, || doubt.clone()).holds())
    }
}

/// Public addresses to which network rules send packets with their private source address: no answer comes back.
#[derive(Clone, Debug)]
pub(crate) struct Unnatted {
    pub(crate) addresses: AddressSet,
    /// Where the setting is written.
    pub(crate) span: Span,
    /// The firewall tunnels its own traffic, and what is behind it may translate addresses.
    pub(crate) tunnelled: bool,
}

impl Unnatted {
    /// The ranges that are never translated, where that is more than private ones.
    pub(crate) fn of(estate: &Estate, appliance: Appliance<'_>) -> Option<Self> {
        let policy: Option<&FirewallPolicy> = appliance.policy(estate).and_then(Result::ok);
        let list = match (policy, appliance) {
            (Some(policy), _) => policy.header.node.at(&["properties", "snat", "privateRanges"]),
            (None, Appliance::Firewall(firewall)) => {
                firewall.header.node.at(&["properties", "additionalProperties", "Network.SNAT.PrivateRanges"])
            }
            (None, Appliance::Policy(_)) => None,
        };
        let list = list?;
        let texts = std::iter::once(list).chain(list.items()).filter_map(Node::text);
        let prefixes = texts.flat_map(|text| text.split(',')).filter_map(|text| {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address)))
        });
        // This prefix means that everything is translated.
        let always = IpNet::from(Ipv4Net::from(Ipv4Addr::BROADCAST));
        let addresses = AddressSet::from_prefixes(prefixes.filter(|prefix: &IpNet| *prefix != always));
        let tunnelled = match appliance {
            Appliance::Firewall(firewall) => {
                let managed = firewall.header.node.at(&["properties", "managementIpConfiguration"]);
                managed.is_some_and(|node| !node.is_null())
            }
            Appliance::Policy(_) => true,
        };
        Some(Self { addresses, span: list.span, tunnelled })
    }
}
