//! What a host name leads to in a network (DNS-2 to DNS-6): which server is asked, as which network that one asks Azure
//! DNS, which private zone is linked there, and what it holds.
//!
//! Forwarding of servers of one's own, and names that lead through more than one alias, are not followed.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Access, Estate, Field, Plain, VirtualNetwork};
use crate::finding::Layer;
use crate::json::{Node, Value};
use crate::judge::site::{last_segment, shown};
use crate::proof::{Decider, Doubt, Kind, Written};
use crate::source::Span;

/// What a name leads to.
#[derive(Debug)]
pub(crate) enum Answer {
    /// This address of a private endpoint.
    Private(IpAddr),
    /// A public address.
    Public,
    /// Nothing, or what refuses; the last step says why.
    Nowhere,
    /// It cannot be told.
    Open(Doubt),
}

/// An answer, and the steps that lead to it.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) answer: Answer,
    pub(crate) steps: Vec<Decider>,
}

/// Public zones of services that have private endpoints, with what stands for each behind `privatelink.` (DNS-12).
const ZONES: [(&str, &str); 34] = [
    ("api.azureml.ms", "api.azureml.ms"),
    ("notebooks.azure.net", "notebooks.azure.net"),
    ("blob.core.windows.net", "blob.core.windows.net"),
    ("file.core.windows.net", "file.core.windows.net"),
    ("queue.core.windows.net", "queue.core.windows.net"),
    ("table.core.windows.net", "table.core.windows.net"),
    ("dfs.core.windows.net", "dfs.core.windows.net"),
    ("web.core.windows.net", "web.core.windows.net"),
    ("vault.azure.net", "vaultcore.azure.net"),
    ("azurecr.io", "azurecr.io"),
    ("monitor.azure.com", "monitor.azure.com"),
    ("oms.opinsights.azure.com", "oms.opinsights.azure.com"),
    ("ods.opinsights.azure.com", "ods.opinsights.azure.com"),
    ("agentsvc.azure-automation.net", "agentsvc.azure-automation.net"),
    ("api.ml.azure.us", "api.ml.azure.us"),
    ("notebooks.usgovcloudapi.net", "notebooks.usgovcloudapi.net"),
    ("blob.core.usgovcloudapi.net", "blob.core.usgovcloudapi.net"),
    ("file.core.usgovcloudapi.net", "file.core.usgovcloudapi.net"),
    ("queue.core.usgovcloudapi.net", "queue.core.usgovcloudapi.net"),
    ("table.core.usgovcloudapi.net", "table.core.usgovcloudapi.net"),
    ("dfs.core.usgovcloudapi.net", "dfs.core.usgovcloudapi.net"),
    ("web.core.usgovcloudapi.net", "web.core.usgovcloudapi.net"),
    ("vault.usgovcloudapi.net", "vaultcore.usgovcloudapi.net"),
    ("azurecr.us", "azurecr.us"),
    ("api.ml.azure.cn", "api.ml.azure.cn"),
    ("notebooks.chinacloudapi.cn", "notebooks.chinacloudapi.cn"),
    ("blob.core.chinacloudapi.cn", "blob.core.chinacloudapi.cn"),
    ("file.core.chinacloudapi.cn", "file.core.chinacloudapi.cn"),
    ("queue.core.chinacloudapi.cn", "queue.core.chinacloudapi.cn"),
    ("table.core.chinacloudapi.cn", "table.core.chinacloudapi.cn"),
    ("dfs.core.chinacloudapi.cn", "dfs.core.chinacloudapi.cn"),
    ("web.core.chinacloudapi.cn", "web.core.chinacloudapi.cn"),
    ("vault.azure.cn", "vaultcore.azure.cn"),
    ("azurecr.cn", "azurecr.cn"),
];

const ZONE: &str = "Microsoft.Network/privateDnsZones";
const LINK: &str = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";
const RECORD: &str = "Microsoft.Network/privateDnsZones/A";
const ZONE_GROUP: &str = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups";
const INBOUND: &str = "Microsoft.Network/dnsResolvers/inboundEndpoints";
const RULESET_LINK: &str = "Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks";
const PLATFORM: &str = "168.63.129.16";
/// How many servers one after another are followed.
const MOST_SERVERS: usize = 4;

/// What a host leads to in a network; `None` where nothing in the input says that its addresses are private ones.
pub(crate) fn resolve(estate: &Estate, network: usize, host: &str) -> Option<Resolved> {
    let host = host.to_ascii_lowercase();
    let (public, private) = ZONES.iter().find(|(public, _)| label(&host, public).is_some())?;
    let name = Name { label: label(&host, public)?, zone: format!("privatelink.{private}"), host: &host };
    let known = of_type(estate, ZONE).any(|one| zone_name(&one.header.key) == name.zone)
        || of_type(estate, LINK).any(|one| zone_name(&one.header.key) == name.zone);
    // What is in a zone of the public name itself is not followed.
    let own = of_type(estate, ZONE).any(|one| label(&host, zone_name(&one.header.key)).is_some());
    if !known || own {
        return None;
    }
    let mut steps = Vec::new();
    let answer = match asker(estate, network, &mut steps) {
        Ok(asker) => asked(estate, asker, &name, &mut steps),
        Err(doubt) => Answer::Open(doubt),
    };
    Some(Resolved { answer, steps })
}

/// A name, and the private zone it would be in.
struct Name<'n> {
    host: &'n str,
    label: &'n str,
    zone: String,
}

/// What stands before a zone in a name.
fn label<'n>(host: &'n str, zone: &str) -> Option<&'n str> {
    host.strip_suffix(zone)?.strip_suffix('.').filter(|label| !label.is_empty())
}

fn of_type<'e>(estate: &'e Estate, wanted: &'static str) -> impl Iterator<Item = &'e Plain> {
    estate.others.iter().filter(move |one| one.header.type_name.eq_ignore_ascii_case(wanted))
}

/// The id of a zone in the id of it or of something in it.
fn zone_id(key: &str) -> &str {
    const START: &str = "/privatednszones/";
    let name = key.find(START).map_or(0, |at| at + START.len());
    key[name..].find('/').map_or(key, |end| &key[..name + end])
}

fn zone_name(key: &str) -> &str {
    last_segment(zone_id(key))
}

fn step(steps: &mut Vec<Decider>, access: Access, words: String, at: Span) {
    steps.push(Decider {
        layer: Layer::Resolve,
        group: Decider::ELSEWHERE,
        index: None,
        kind: Kind::Platform,
        name: Arc::from(words),
        priority: None,
        access,
        next_hop: None,
        written: Some(Written { span: at, name: at, priority: None, fault: at }),
    });
}

/// The network as which Azure DNS is asked in the end; all servers have to lead to one (DNS-3).
fn asker(estate: &Estate, network: usize, steps: &mut Vec<Decider>) -> Result<usize, Doubt> {
    let Some(own) = estate.networks.get(network) else { return Ok(network) };
    let servers: Vec<(Arc<str>, Span)> = known_servers(own)?;
    asked_through(estate, network, &servers, steps, 0)
}

fn known_servers(network: &VirtualNetwork) -> Result<Vec<(Arc<str>, Span)>, Doubt> {
    let read = |server: &Field<Arc<str>>| match &server.value {
        Ok(address) => Ok((Arc::clone(address), server.span)),
        Err(unknown) => Err(Doubt::of("a DNS server of the network".to_owned(), unknown)),
    };
    network.dns_servers.iter().map(read).collect()
}

fn asked_through(
    estate: &Estate,
    network: usize,
    servers: &[(Arc<str>, Span)],
    steps: &mut Vec<Decider>,
    depth: usize,
) -> Result<usize, Doubt> {
    let mut found: Option<usize> = None;
    for (server, at) in servers.iter().filter(|(server, _)| **server != *PLATFORM) {
        let asker = behind(estate, server, *at, steps, depth)?;
        if found.is_some_and(|other| other != asker) {
            return Err(Doubt::new("the DNS servers of the network ask as different networks").at(*at));
        }
        found = Some(asker);
    }
    let platform = servers.iter().any(|(server, _)| **server == *PLATFORM);
    match found {
        Some(asker) if platform && asker != network => {
            Err(Doubt::new("the DNS servers of the network ask as different networks"))
        }
        Some(asker) => Ok(asker),
        None => Ok(network),
    }
}

/// The network as which the server at an address asks.
fn behind(estate: &Estate, server: &str, at: Span, steps: &mut Vec<Decider>, depth: usize) -> Result<usize, Doubt> {
    let own = || {
        let doubt = Doubt::new(format!("what DNS server {server} forwards, and to whom, no file shows"));
        doubt.at(at).settled_by("a trace to the private endpoint's address")
    };
    let Ok(address) = server.parse::<IpAddr>() else { return Err(own()) };
    if depth >= MOST_SERVERS {
        return Err(own());
    }
    let mut firewalls =
        estate.firewalls.iter().filter(|one| one.addresses.iter().any(|own| own.known() == Some(&address)));
    if let Some(firewall) = firewalls.next().filter(|_| firewalls.next().is_none()) {
        let name = shown(&firewall.header);
        let policy = firewall.policy.as_ref().and_then(|policy| estate.policy(policy.target));
        let proxy = policy.and_then(|policy| policy.dns_proxy.as_ref()).and_then(Field::known);
        if proxy != Some(&true) {
            let doubt =
                Doubt::new(format!("firewall `{name}` is the DNS server, and its DNS proxy is not shown to be on"));
            return Err(doubt.at(at).settled_by("`dnsSettings.enableProxy: true` in the firewall policy"));
        }
        step(steps, Access::Allow, format!("the network asks firewall {name}, a DNS proxy"), at);
        let list = policy.and_then(|policy| policy.header.node.at(&["properties", "dnsSettings", "servers"]));
        let items = list.map_or(&[][..], Node::items);
        let servers: Option<Vec<(Arc<str>, Span)>> =
            items.iter().map(|item| Some((Arc::from(item.text()?), item.span))).collect();
        let servers = servers.filter(|_| list.is_none_or(|list| list.is_list() || list.is_null())).ok_or_else(own)?;
        let home = firewall.subnets.iter().find_map(|subnet| estate.subnet(subnet.target)?.network).ok_or_else(own)?;
        return asked_through(estate, home, &servers, steps, depth + 1);
    }
    let here = |one: &&Plain| {
        let configured = one.header.node.at(&["properties", "ipConfigurations"]).map_or(&[][..], Node::items);
        configured.iter().any(|item| text_at(item, "privateIpAddress").is_some_and(|text| text == server))
    };
    let endpoint = of_type(estate, INBOUND).find(here).ok_or_else(own)?;
    let configured = endpoint.header.node.at(&["properties", "ipConfigurations"]).map_or(&[][..], Node::items);
    let subnet = configured
        .iter()
        .find_map(|item| item.at(&["subnet", "id"]).or_else(|| item.at(&["properties", "subnet", "id"])));
    let id = subnet.and_then(Node::text).and_then(|id| Some(&id[..id.to_ascii_lowercase().rfind("/subnets/")?]));
    let home = id.and_then(|id| network_of(estate, id)).ok_or_else(own)?;
    step(steps, Access::Allow, format!("the network asks resolver endpoint {}", shown(&endpoint.header)), at);
    Ok(home)
}

/// A text in an item, or in its properties.
fn text_at<'n>(item: &'n Node, key: &str) -> Option<&'n str> {
    item.at(&[key]).or_else(|| item.at(&["properties", key]))?.text()
}

fn network_of(estate: &Estate, id: &str) -> Option<usize> {
    let is_it = |one: &VirtualNetwork| {
        one.header.id.as_ref().and_then(Field::known).is_some_and(|own| own.eq_ignore_ascii_case(id))
    };
    estate.networks.iter().position(is_it)
}

/// The links of zones of a name, and whether each is one of a network.
fn linked<'e>(estate: &'e Estate, asker: usize, zone: &str) -> Result<Option<&'e Plain>, Doubt> {
    let links: Vec<&Plain> = of_type(estate, LINK).filter(|one| zone_name(&one.header.key) == zone).collect();
    let open = |one: &Plain, what: &str| {
        Doubt::new(format!("{what} link `{}` of private DNS zone `{zone}` is not known", shown(&one.header)))
            .at(one.header.place())
    };
    let Some(first) = links.first() else {
        let mut zones = of_type(estate, ZONE).filter(|one| zone_name(&one.header.key) == zone);
        let doubt = Doubt::new(format!("to which networks private DNS zone `{zone}` is linked is not shown"));
        let doubt = doubt.settled_by("the virtual network links of the zone");
        return Err(zones.next().map_or(doubt.clone(), |one| doubt.at(one.header.place())));
    };
    for link in &links {
        let id = link.header.node.at(&["properties", "virtualNetwork", "id"]).and_then(Node::text);
        let id = id.ok_or_else(|| open(link, "the network of"))?;
        if network_of(estate, id) != Some(asker) {
            continue;
        }
        let state = link.header.node.at(&["properties", "virtualNetworkLinkState"]);
        if link.header.condition.is_some() || state.is_some_and(|state| state.text() != Some("Completed")) {
            return Err(open(link, "the state of"));
        }
        return Ok(Some(*link));
    }
    // A network that the input only names has an id that nothing is compared with.
    let named =
        estate.networks.get(asker).is_some_and(|one| one.header.id.as_ref().is_some_and(|id| id.known().is_some()));
    if named { Ok(None) } else { Err(open(first, "whether this network is that of")) }
}

/// What Azure DNS answers a network (DNS-2).
fn asked(estate: &Estate, asker: usize, name: &Name<'_>, steps: &mut Vec<Decider>) -> Answer {
    let Some(network) = estate.networks.get(asker) else { return Answer::Public };
    let called = shown(&network.header);
    step(steps, Access::Allow, format!("Azure DNS is asked as {called}"), network.header.place());
    let link = match linked(estate, asker, &name.zone) {
        Ok(link) => link,
        Err(doubt) => return Answer::Open(doubt),
    };
    let Some(link) = link else {
        let own = network.header.id.as_ref().and_then(Field::known);
        let is_own = |one: &Plain| {
            let id = one.header.node.at(&["properties", "virtualNetwork", "id"]).and_then(Node::text);
            id.is_none_or(|id| own.is_some_and(|own| own.eq_ignore_ascii_case(id)))
        };
        if let Some(rules) = of_type(estate, RULESET_LINK).find(|one| is_own(one)) {
            let doubt = format!(
                "what forwarding ruleset link `{}` makes of `{}` is not followed",
                shown(&rules.header),
                name.host
            );
            return Answer::Open(Doubt::new(doubt).at(rules.header.place()));
        }
        let words = format!("{} is linked to no network that asks: the answer is public", name.zone);
        step(steps, Access::Allow, words, network.header.place());
        return public(estate, name, steps);
    };
    step(steps, Access::Allow, format!("{} is linked by {}", name.zone, shown(&link.header)), link.header.place());
    let zone = zone_id(&link.header.key);
    match record(estate, zone, name.label) {
        Some(Ok((address, at))) => {
            step(steps, Access::Allow, format!("{} is {address}", name.label), at);
            Answer::Private(address)
        }
        Some(Err(doubt)) => Answer::Open(doubt),
        None => missing(estate, link, zone, name, steps),
    }
}

/// The record of a label: an A record of the zone, or one that a zone group tells of.
fn record(estate: &Estate, zone: &str, label: &str) -> Option<Result<(IpAddr, Span), Doubt>> {
    let fits = |own: &str| {
        own.eq_ignore_ascii_case(label)
            || own
                .strip_prefix('*')
                .is_some_and(|rest| label.len() > rest.len() && label.ends_with(&*rest.to_ascii_lowercase()))
    };
    let open = |at: Span| Doubt::new(format!("the addresses of `{label}` are not shown")).at(at);
    let read = |list: Option<&Node>, at: Span| {
        let first = list
            .map_or(&[][..], Node::items)
            .first()
            .and_then(|item| item.text().or_else(|| item.at(&["ipv4Address"])?.text()));
        first.and_then(|text| text.parse().ok()).map(|address| (address, at)).ok_or_else(|| open(at))
    };
    let mut own: Vec<&Plain> = of_type(estate, RECORD)
        .filter(|one| zone_id(&one.header.key) == zone && one.header.name.known().is_some_and(|name| fits(name)))
        .collect();
    own.sort_by_key(|one| one.header.name.known().is_some_and(|name| name.starts_with('*')));
    if let Some(one) = own.first() {
        if one.header.condition.is_some() {
            return Some(Err(open(one.header.place())));
        }
        return Some(read(one.header.node.at(&["properties", "aRecords"]), one.header.place()));
    }
    let configured = of_type(estate, ZONE_GROUP)
        .flat_map(|one| one.header.node.at(&["properties", "privateDnsZoneConfigs"]).map_or(&[][..], Node::items));
    for config in
        configured.filter(|one| text_at(one, "privateDnsZoneId").is_some_and(|id| id.eq_ignore_ascii_case(zone)))
    {
        let sets = config.at(&["properties", "recordSets"]).or_else(|| config.at(&["recordSets"]));
        let mut sets = sets.map_or(&[][..], Node::items).iter();
        if let Some(set) = sets.find(|set| text_at(set, "recordSetName").is_some_and(fits)) {
            return Some(read(set.at(&["ipAddresses"]), set.span));
        }
    }
    None
}

/// A linked zone without the record answers that there is no such name, while the name has an alias there (DNS-1, DNS-5).
fn missing(estate: &Estate, link: &Plain, zone: &str, name: &Name<'_>, steps: &mut Vec<Decider>) -> Answer {
    let policy = link.header.node.at(&["properties", "resolutionPolicy"]);
    if let Some(policy) = policy.filter(|policy| policy.text() != Some("Default") && !policy.is_null()) {
        if policy.text() != Some("NxDomainRedirect") {
            return Answer::Open(
                Doubt::new(format!("the resolution policy of link `{}`", shown(&link.header))).at(policy.span),
            );
        }
        step(steps, Access::Allow, "the link sends on to the public answer".to_owned(), policy.span);
        return public(estate, name, steps);
    }
    let records = of_type(estate, RECORD).filter(|one| zone_id(&one.header.key) == zone).count();
    let own = of_type(estate, ZONE).find(|one| *one.header.key == *zone);
    let count = own.and_then(|one| match &one.header.node.at(&["properties", "numberOfRecordSets"])?.value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    });
    // One record set, of the zone itself, is always there.
    let whole = count.map_or(records > 0, |count| usize::try_from(count).is_ok_and(|count| count <= records + 1));
    let aliased = resource(estate, name).is_some_and(|one| has_endpoint(estate, one));
    if !whole || !aliased {
        let doubt = format!("whether private DNS zone `{}` holds `{}` is not shown", name.zone, name.label);
        let doubt = Doubt::new(doubt).at(link.header.place());
        return Answer::Open(doubt.settled_by("the record sets of the zone, and the private endpoint of the name"));
    }
    step(
        steps,
        Access::Deny,
        format!("{} holds no {}: there is no such name", name.zone, name.label),
        link.header.place(),
    );
    Answer::Nowhere
}

/// A public answer leads to what may refuse what comes there (DNS-6).
fn public(estate: &Estate, name: &Name<'_>, steps: &mut Vec<Decider>) -> Answer {
    let closed = resource(estate, name).and_then(|one| one.node.at(&["properties", "publicNetworkAccess"]));
    if let Some(access) =
        closed.filter(|access| access.text().is_some_and(|text| text.eq_ignore_ascii_case("Disabled")))
    {
        step(steps, Access::Deny, format!("{} is public there, and public access is off", name.host), access.span);
        return Answer::Nowhere;
    }
    Answer::Public
}

/// The resource that a name is of.
fn resource<'e>(estate: &'e Estate, name: &Name<'_>) -> Option<&'e crate::estate::Header> {
    let first = name.label.split('.').next().unwrap_or_default();
    let workspaces = estate.workspaces.iter().map(|one| &one.header);
    let mut of_guid = workspaces.filter(|one| {
        let guid = one.node.at(&["properties", "workspaceId"]).and_then(Node::text);
        guid.is_some_and(|guid| name.label.contains(&guid.to_ascii_lowercase()))
    });
    let named = |kind: &str| {
        let is_it = |one: &&Plain| one.header.name.known().is_some_and(|own| own.eq_ignore_ascii_case(first));
        let mut all = estate.others.iter().filter(|one| one.header.type_name.eq_ignore_ascii_case(kind));
        all.find(is_it).map(|one| &one.header)
    };
    if name.zone.contains(".core.") {
        return named("Microsoft.Storage/storageAccounts");
    }
    if name.zone.contains(".vaultcore.") {
        return named("Microsoft.KeyVault/vaults");
    }
    if name.zone.contains(".azurecr.") {
        return named("Microsoft.ContainerRegistry/registries");
    }
    of_guid.next()
}

fn has_endpoint(estate: &Estate, resource: &crate::estate::Header) -> bool {
    let Some(id) = resource.id.as_ref().and_then(Field::known) else { return false };
    let targets = estate.private_endpoints.iter().flat_map(|endpoint| &endpoint.targets);
    targets.filter_map(|target| target.id.known()).any(|own| own.eq_ignore_ascii_case(id))
}
