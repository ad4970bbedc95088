//! Azure Firewalls, their policies, rule collection groups and IP groups (FW-1 to 4, FW-16, FW-21), with the hosts and FQDN
//! tags of their rules (FW-11 to FW-14).

use std::sync::Arc;

use crate::estate::extract::address::{Place, address, peers, ports, protocol, sets};
use crate::estate::extract::network::{configured_addresses, configured_subnets};
use crate::estate::extract::reader::{Reader, absent, field, invalid, lookup};
use crate::estate::extract::security::access;
use crate::estate::fault;
use crate::estate::firewall::{
    CollectionKind, Firewall, FirewallPolicy, FirewallRule, IpGroup, RuleCollection, RuleCollectionGroup,
};
use crate::estate::resource::{Field, Header, Peer, Reference};
use crate::json::{Node, Unknown};
use crate::net::{self, PortSet, fqdn_tag, is_host_name, parse_prefix, range_ends};
use crate::spelling::nearest;

/// A firewall.
pub(crate) fn firewall(reader: &mut Reader<'_>, header: Header) -> Firewall {
    let node = header.node.clone();
    let mut addresses = configured_addresses(reader, &node);
    if let Some(found) = lookup(&node, &["properties", "hubIPAddresses", "privateIPAddress"])
        && !std::ptr::eq(found, node.get("properties").unwrap_or(&node))
    {
        addresses.push(address(reader, found, "privateIPAddress", fault::PREFIX_INVALID));
    }
    let (mut collections, mut unknown_collections) = (Vec::new(), Vec::new());
    for (list, kind) in [
        ("natRuleCollections", CollectionKind::Nat),
        ("networkRuleCollections", CollectionKind::Network),
        ("applicationRuleCollections", CollectionKind::Application),
    ] {
        let (objects, unknown) = reader.objects(&node, &["properties", list]);
        collections.extend(objects.iter().map(|(_, item)| collection(reader, item, Some(kind))));
        unknown_collections.extend(unknown.into_iter().map(|part| (kind, part)));
    }
    Firewall {
        addresses,
        subnets: configured_subnets(reader, &node),
        policy: policy_of(reader, &node),
        collections,
        unknown_collections,
        header,
    }
}

/// The policy of a firewall. An object without an id still says that there is one.
fn policy_of(reader: &mut Reader<'_>, node: &Node) -> Option<Reference> {
    let found = lookup(node, &["properties", "firewallPolicy"])?;
    let unnamed = || Reference::new(absent(found, "id"));
    Some(reader.reference(node, &["properties", "firewallPolicy"]).unwrap_or_else(unnamed))
}

/// A firewall policy; its groups are resources of their own.
pub(crate) fn policy(reader: &mut Reader<'_>, header: Header) -> FirewallPolicy {
    let node = header.node.clone();
    let group_ids = reader.ids(&node, &["properties", "ruleCollectionGroups"]);
    let legacy = reader.ids(&node, &["properties", "ruleGroups"]);
    let base = reader.reference(&node, &["properties", "basePolicy"]);
    // Of these only the type matters.
    reader.text(&node, &["properties", "sku", "tier"]);
    reader.text(&node, &["properties", "threatIntelMode"]);
    FirewallPolicy {
        base,
        groups: Vec::new(),
        group_ids: if group_ids.is_empty() { legacy } else { group_ids },
        unknown_groups: unknown_groups(&node),
        dns_proxy: reader.bool(&node, &["properties", "dnsSettings", "enableProxy"]),
        header,
    }
}

/// Why it is not known which groups a policy has: the list is unknown, or one in it has no id.
fn unknown_groups(node: &Node) -> Option<Arc<Unknown>> {
    let lists = ["ruleCollectionGroups", "ruleGroups"].into_iter();
    lists.filter_map(|key| lookup(node, &["properties", key])).find_map(|list| {
        let unnamed = list.items().iter().find(|item| item.is_null() || item.get("id").is_some_and(Node::is_null));
        let why = unnamed.and_then(|item| absent::<()>(item, "id").value.err());
        list.unknown().cloned().or(why)
    })
}

/// A rule collection group.
pub(crate) fn collection_group(reader: &mut Reader<'_>, header: Header) -> RuleCollectionGroup {
    let node = header.node.clone();
    let priority = reader.priority(&node, &["properties", "priority"]);
    check_priority(reader, &node, priority.as_ref());
    let (objects, unknown_collections) = reader.objects(&node, &["properties", "ruleCollections"]);
    let collections: Vec<RuleCollection> = objects.iter().map(|(_, item)| collection(reader, item, None)).collect();
    RuleCollectionGroup { policy: None, priority, collections, unknown_collections, header }
}

/// An IP group.
pub(crate) fn ip_group(reader: &mut Reader<'_>, header: Header) -> IpGroup {
    let addresses = sets(reader, &header.node.clone(), &["properties", "ipAddresses"], Place::IpGroup);
    IpGroup { addresses, header }
}

/// Collections of policies lie bare, those of firewalls have `properties`.
fn inside<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    lookup(node, &["properties", key]).or_else(|| lookup(node, &[key]))
}

fn collection(reader: &mut Reader<'_>, node: &Node, kind: Option<CollectionKind>) -> RuleCollection {
    let node = &reader.sound(node);
    let outer = reader.resource.clone();
    let name = reader.text(node, &["name"]).unwrap_or_else(|| absent(node, "name"));
    if let Some(name) = name.known() {
        reader.resource = format!("{outer}/ruleCollections/{name}");
    }
    let bare = node.get("properties").is_none();
    let path = |key: &'static str| if bare { vec![key] } else { vec!["properties", key] };
    let priority = reader.priority(node, &path("priority"));
    check_priority(reader, node, priority.as_ref());
    let nat = kind == Some(CollectionKind::Nat)
        || node
            .get("ruleCollectionType")
            .and_then(Node::text)
            .is_some_and(|text| text.eq_ignore_ascii_case("FirewallPolicyNatRuleCollection"));
    let action = inside(node, "action").and_then(|action| lookup(action, &["type"]));
    let action = action.filter(|_| !nat).map(|found| reader.word(found, "action", access));
    let typed = kind.is_none();
    let kind = kind.or(nat.then_some(CollectionKind::Nat));
    let (objects, mut unknown_rules) = reader.objects(node, &path("rules"));
    // An export that shows no list shows nothing of the rules; a template that writes none has none.
    if unknown_rules.is_empty() && !reader.shape.is_declared() && node.at(&path("rules")).is_none_or(Node::is_null) {
        unknown_rules.push(absent(node, "rules"));
    }
    let rules = objects.iter().map(|(_, item)| rule(reader, item, kind, typed)).collect();
    reader.resource = outer;
    RuleCollection {
        name,
        span: node.span,
        node: node.clone(),
        priority,
        action,
        rules,
        unknown_rules,
        kind,
        condition: None,
    }
}

fn check_priority(reader: &mut Reader<'_>, node: &Node, priority: Option<&Field<i64>>) {
    if let Some(number) = priority.and_then(Field::known).filter(|number| !(100..=65000).contains(*number))
        && let Some(found) = inside(node, "priority")
    {
        let detail = format!("priority {number} is out of range; Azure Firewall takes 100 to 65000");
        reader.fault(fault::PRIORITY_OUT_OF_RANGE, found, detail);
    }
}

/// `outer`: the kind that its collection tells. `typed`: the rule has to tell its own, as those of policies have.
fn rule(reader: &mut Reader<'_>, node: &Node, outer: Option<CollectionKind>, typed: bool) -> FirewallRule {
    let collection = reader.resource.clone();
    let name = reader.text(node, &["name"]).unwrap_or_else(|| absent(node, "name"));
    if let Some(name) = name.known() {
        reader.resource = format!("{collection}/rules/{name}");
    }
    let kind = kind(reader, node, outer, typed);
    let network = kind.known() != Some(&CollectionKind::Application);
    let mut protocols = Vec::new();
    let mut applications = Vec::new();
    for key in ["ipProtocols", "protocols"] {
        for item in reader.items(node, &[key]).iter().filter(|item| !item.is_blank()) {
            if item.unknown().is_some() || (network && !item.is_object()) {
                protocols.push(reader.word(item, key, protocol));
            }
            if item.is_object() {
                applications.push(application(reader, item));
            } else if item.unknown().is_some() || !network {
                applications.push(application_text(reader, item));
            }
        }
    }
    if network {
        applications.clear()
    } else {
        protocols.clear()
    }
    let destination_ports = reader.each(node, &["destinationPorts"], ports);
    let target_fqdns = hosts(reader, node, "targetFqdns");
    let rule = FirewallRule {
        protocols,
        sources: side(reader, node, "sourceAddresses", Place::FirewallSource),
        source_groups: groups(reader, node, "sourceIpGroups"),
        destinations: side(reader, node, "destinationAddresses", Place::FirewallDestination),
        destination_groups: groups(reader, node, "destinationIpGroups"),
        destination_fqdns: hosts(reader, node, "destinationFqdns"),
        destination_ports,
        applications,
        fqdn_tags: fqdn_tags(reader, node, &target_fqdns),
        target_fqdns,
        target_urls: reader.texts(node, &["targetUrls"]),
        web_categories: reader.texts(node, &["webCategories"]),
        terminate_tls: reader.bool(node, &["terminateTLS"]),
        span: node.span,
        node: node.clone(),
        name,
        kind,
    };
    reader.resource = collection;
    rule
}

/// What kind of rule it is: by its own word, else by its collection. What a rule names does not tell its kind: without
/// the word Azure refuses the rule.
fn kind(reader: &mut Reader<'_>, node: &Node, outer: Option<CollectionKind>, typed: bool) -> Field<CollectionKind> {
    if let Some(found) = lookup(node, &["ruleType"]) {
        return reader.word(found, "ruleType", |text| match text.to_ascii_lowercase().as_str() {
            "networkrule" => Ok(CollectionKind::Network),
            "applicationrule" => Ok(CollectionKind::Application),
            "natrule" => Ok(CollectionKind::Nat),
            _ => Err((fault::RULE_TYPE_UNKNOWN, format!("rule type `{text}` is unknown"))),
        });
    }
    match outer {
        Some(kind) if !typed => field(node, Ok(kind)),
        _ => {
            let missing = reader.required(None, node, "ruleType");
            outer.map_or(missing, |kind| field(node, Ok(kind)))
        }
    }
}

fn side(reader: &mut Reader<'_>, node: &Node, key: &'static str, place: Place) -> Vec<Field<Peer>> {
    reader.each(node, &[key], |reader, item, name, found| peers(reader, item, name, place, found))
}

fn groups(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<Reference> {
    reader.texts(node, &[key]).into_iter().map(Reference::new).collect()
}

/// `{ protocolType, port }`.
fn application(reader: &mut Reader<'_>, node: &Node) -> (Field<Arc<str>>, Field<PortSet>) {
    let name = reader.text(node, &["protocolType"]);
    let name = reader.required(name, node, "protocolType");
    let port = match node.get("port").filter(|port| !port.is_blank()) {
        Some(found) => {
            let mut read = Vec::new();
            ports(reader, found, "port", &mut read);
            read.pop().unwrap_or_else(|| field(found, Err(invalid(found, "no port"))))
        }
        None => field(node, usual_port(name.known().map(|name| &**name), node)),
    };
    (name, port)
}

/// `Https:443` or `Https`, as PowerShell and hand-made texts write it.
fn application_text(reader: &mut Reader<'_>, node: &Node) -> (Field<Arc<str>>, Field<PortSet>) {
    let text = reader.text_of(node, "protocols");
    let (name, port) = match &text.value {
        Ok(whole) => {
            let (name, port) = whole.split_once(':').unwrap_or((whole, ""));
            let number = port.trim().parse::<u16>().ok().map(|port| PortSet::range(port, port));
            let port = match number {
                Some(set) => Ok(set),
                None if port.is_empty() => usual_port(Some(name), node),
                None => Err(invalid(node, "no port")),
            };
            (Ok(Arc::from(name)), port)
        }
        Err(unknown) => (Err(Arc::clone(unknown)), Err(Arc::clone(unknown))),
    };
    (field(node, name), field(node, port))
}

fn usual_port(name: Option<&str>, node: &Node) -> Result<PortSet, Arc<Unknown>> {
    let port = match name.map(str::to_ascii_lowercase).as_deref() {
        Some("http") => 80,
        Some("https") => 443,
        Some("mssql") => 1433,
        _ => return Err(absent::<()>(node, "port").value.expect_err("an absent field is unknown")),
    };
    Ok(PortSet::range(port, port))
}

/// The hosts of a rule; a value that no host is called is a fault, and stays as it is written.
pub(crate) fn hosts(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<Field<Arc<str>>> {
    let mut found = Vec::new();
    for item in reader.items(node, &[key]).iter().filter(|item| !item.is_blank()) {
        let host = reader.text_of(item, key);
        if let Some((what, help)) = host.known().and_then(|text| refusal(text)) {
            let detail = format!("`{}` in `{key}` is no host name: {what}", item.text().unwrap_or_default());
            reader.fault(fault::HOST_INVALID, item, detail).help = help;
        }
        found.push(host);
    }
    found
}

/// Why no host is called this, and what may be meant. `None` for a name, and for a pattern of names wherever its asterisk
/// is.
fn refusal(text: &str) -> Option<(&'static str, Option<String>)> {
    let text = text.trim();
    let is_host = |text: &str| is_host_name(&text.strip_suffix('.').unwrap_or(text).replace('*', "x"));
    if is_host(text) {
        return None;
    }
    if parse_prefix(text).is_some() || range_ends(text).is_some() {
        return Some(("it is an address", Some("write it in `destinationAddresses` of a network rule".to_owned())));
    }
    let (has_scheme, rest) = text.split_once("://").map_or((false, text), |(_, rest)| (true, rest));
    let (authority, has_path) = rest.split_once('/').map_or((rest, false), |(host, _)| (host, true));
    let (host, has_port) = authority.split_once(':').map_or((authority, false), |(host, _)| (host, true));
    let what = match (has_scheme, has_path, has_port) {
        (true, ..) => "it is a URL",
        (_, true, _) => "it has a path",
        (_, _, true) => "it has a port",
        _ => "a name is made of letters, digits, `-` and `_` between dots",
    };
    let meant = (has_scheme || has_path || has_port) && is_host(host);
    let help = meant.then(|| format!("write `{host}`; a path belongs in `targetUrls`, which need TLS inspection"));
    Some((what, help))
}

/// The FQDN tags of a rule; one that Azure does not have is a fault, and so are hosts beside them.
pub(crate) fn fqdn_tags(reader: &mut Reader<'_>, node: &Node, hosts: &[Field<Arc<str>>]) -> Vec<Field<Arc<str>>> {
    const KEY: &str = "fqdnTags";
    let mut found = Vec::new();
    for item in reader.items(node, &[KEY]).iter().filter(|item| !item.is_blank()) {
        let tag = reader.text_of(item, KEY);
        if let Some(text) = tag.known().filter(|text| fqdn_tag(text.trim()).is_none()) {
            let meant = nearest(text.trim(), net::fqdn_tags().iter().map(|tag| tag.name));
            let detail = format!("`{text}` is no FQDN tag");
            let fault = reader.fault(fault::FQDN_TAG_UNKNOWN, item, detail);
            if let Some(name) = meant {
                fault.meant(text, name);
            }
        }
        found.push(tag);
    }
    if let Some(list) = lookup(node, &[KEY]).filter(|_| !found.is_empty() && !hosts.is_empty()) {
        let detail = "`fqdnTags` and `targetFqdns` are both in this rule".to_owned();
        reader.fault(fault::FQDN_TAGS_BESIDE_HOSTS, list, detail);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn values_that_no_host_is_called_are_told_by_what_they_are() {
        let what = |text: &str| refusal(text).map(|(what, _)| what);
        for text in ["pypi.org", "PyPI.org.", "*", "*.azureml.ms", "*azureml.ms", "www.*.org", " pypi.org "] {
            assert_eq!(what(text), None, "{text}");
        }
        for text in ["192.0.2.7", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "2001:db8::1"] {
            assert_eq!(what(text), Some("it is an address"), "{text}");
        }
        assert_eq!(what("https://pypi.org"), Some("it is a URL"));
        assert_eq!(what("pypi.org/"), Some("it has a path"));
        assert_eq!(what("pypi.org:443"), Some("it has a port"));
        assert!(what("py pi.org").is_some_and(|what| what.starts_with("a name is made of")));
        let help = refusal("https://pypi.org:8443/simple").and_then(|(_, help)| help);
        assert!(help.is_some_and(|help| help.starts_with("write `pypi.org`;")));
        assert_eq!(refusal("https://10.0.0.4/x").and_then(|(_, help)| help), None);
    }
}
