//! Addresses, ports, protocols, next hops and tags as rules write them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::estate::NextHop;
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::rule::error::{RuleError, suggestion};
use crate::rule::schema::Written;
use crate::rule::template::Template;

/// The next hops, in the words of rules.
pub(crate) const NEXT_HOPS: [(&str, NextHop); 8] = [
    ("internet", NextHop::Internet),
    ("virtual-appliance", NextHop::VirtualAppliance),
    ("virtual-network-gateway", NextHop::VirtualNetworkGateway),
    ("vnet-local", NextHop::VnetLocal),
    ("none", NextHop::Drop),
    ("peering", NextHop::Peering),
    ("service-endpoint", NextHop::ServiceEndpoint),
    ("private-endpoint", NextHop::PrivateEndpoint),
];

/// An address, a prefix or a range `a-b`.
pub(crate) fn address(text: &str) -> Option<AddressSet> {
    if let Ok(prefix) = text.parse::<IpNet>() {
        return Some(AddressSet::prefix(prefix));
    }
    if let Some((first, last)) = text.split_once('-') {
        let set = AddressSet::range(first.trim().parse().ok()?, last.trim().parse().ok()?);
        return (!set.is_empty()).then_some(set);
    }
    text.parse::<IpAddr>().ok().map(AddressSet::address)
}

/// Ports: `22`, `8000-8100`, `any`, or a list of these.
pub(crate) fn ports(written: Written<'_>) -> Result<PortSet, RuleError> {
    let mut ranges = Vec::new();
    for item in written.items() {
        let text = item.scalar()?;
        let wrong = || {
            item.error(format!("`{text}` is neither a port nor a range of ports"))
                .help("write `22`, `8000-8100` or `any`")
        };
        if matches!(&*text, "any" | "*") {
            return Ok(PortSet::full());
        }
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let (Ok(first), Ok(last)) = (first.trim().parse::<u16>(), last.trim().parse::<u16>()) else {
            return Err(wrong());
        };
        if first > last {
            return Err(wrong());
        }
        ranges.push((first, last));
    }
    if ranges.is_empty() {
        return Err(written.error("the list of ports is empty"));
    }
    Ok(PortSet::from_ranges(ranges))
}

/// Protocols: `tcp`, `any`, or a list.
pub(crate) fn protocols(written: Written<'_>) -> Result<ProtocolSet, RuleError> {
    let mut all = ProtocolSet::NONE;
    for item in written.items() {
        let text = item.text()?;
        let set = if &*text == "any" {
            ProtocolSet::ALL
        } else {
            let names = ProtocolSet::NAMED;
            let Some((set, _)) = names.iter().find(|(_, name)| *name == &*text) else {
                let allowed = names.iter().map(|(_, name)| *name).chain(["any"]);
                return Err(item
                    .error(format!("`{text}` is not a protocol"))
                    .label("unknown protocol")
                    .help(suggestion(&text, "allowed", allowed)));
            };
            *set
        };
        all = all.union(set);
    }
    if all.is_empty() {
        return Err(written.error("the list of protocols is empty"));
    }
    Ok(all)
}

/// Whether a tag exists, as far as it is written out.
pub(crate) fn check_tag(written: Written<'_>, template: &Template) -> Result<(), RuleError> {
    let name = template.as_str();
    let base = name.split('.').next().unwrap_or(name);
    if !base.is_empty() && base.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    Err(written
        .error(format!("`{name}` is neither an address nor a service tag"))
        .help("write an address, a prefix, a service tag, `subnet`, `any`, or `{ fqdn: host }`"))
}
