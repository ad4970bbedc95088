//! A packet that a firewall drops because no rule of it matches: where a rule is missing, what nearly is one, and the
//! rule to add.

use serde_json::{Map, Value, json};

use crate::estate::{Access, CollectionKind, Direction, Estate, FirewallRule, Header, RuleCollection};
use crate::finding::{Label, Layer, RequestKind};
use crate::judge::site::Site;
use crate::net::{AddressSet, PortSet, ProtocolSet, Special, Tag};
use crate::proof::{Decider, HostPattern, Judgement, Kind, NearMiss};
use crate::rule::FlowRequirement;
use crate::source::Span;
use crate::spelling::is_like;

/// Whether a firewall drops what no rule of it matches.
pub(crate) fn is_default(decider: &Decider) -> bool {
    decider.layer == Layer::Firewall && decider.kind == Kind::BuiltIn
}

/// Where a rule is missing: at what keeps a rule from letting it pass that was likely meant to, else at the last
/// collection that allows something, else at the firewall or policy itself. `slip`: the rule that was likely meant to;
/// `hosts`: hosts of rules that look like one that is missing.
pub(crate) fn place(
    estate: &Estate,
    site: &Site,
    decider: &Decider,
    judgement: &Judgement,
    slip: Option<&NearMiss>,
    hosts: Vec<Label>,
) -> Option<Label> {
    let whole = decider.written?;
    if let Some((near, written)) = slip.and_then(|near| Some((near, near.rule.written?))) {
        let message = format!(
            "`{}` would let it pass, but for its {}; no other rule does, and Azure Firewall drops the rest",
            near.rule.name,
            near.coordinate.as_str()
        );
        return Some(Label { span: written.fault, message });
    }
    if let Some(host) = hosts.into_iter().next() {
        let message = format!("{}; no other rule lets it pass, and Azure Firewall drops the rest", host.message);
        return Some(Label { message, ..host });
    }
    let collections = collections(estate, site);
    let last = judgement.replay.iter().rev().find_map(|step| {
        let written = step.rule.written.filter(|_| step.rule.kind == Kind::FirewallRule)?;
        collections.iter().find(|one| allows(one) && one.span.holds(written.span))
    });
    let among = match collections.len() {
        0 => String::new(),
        1 => " in its one collection".to_owned(),
        more => format!(" in {more} collections"),
    };
    Some(Label {
        span: last.map_or(whole.fault, |collection| collection.name.span),
        message: format!("no rule{among} lets it pass, and Azure Firewall drops the rest"),
    })
}

fn allows(collection: &RuleCollection) -> bool {
    collection.action.as_ref().is_some_and(|action| action.known() == Some(&Access::Allow))
}

/// A rule that would let the flow pass, as it stands in the list of rules of a collection: one for hosts, where there are
/// any, else one for ends that have addresses.
pub(crate) fn rule_text(
    estate: &Estate,
    site: &Site,
    flow: &FlowRequirement,
    (ends, hosts): (&[RuleEnd], &[String]),
    name: &str,
) -> Option<Value> {
    let subnet = subnet_prefixes(estate, site);
    let sources = if subnet.is_empty() { vec!["*".to_owned()] } else { subnet.clone() };
    let rule = FirewallRuleText { name, in_policy: site.policy.is_some(), flow, sources: &sources };
    if !hosts.is_empty() {
        return rule.to_hosts(hosts);
    }
    if flow.direction == Direction::Inbound {
        return None;
    }
    network_rule_to_ends(&rule, ends, &subnet)
}

/// The prefixes of the subnet; none where they are not known.
fn subnet_prefixes(estate: &Estate, site: &Site) -> Vec<String> {
    let subnet = estate.subnet(site.subnet);
    let prefixes = subnet.into_iter().flat_map(|subnet| &subnet.prefixes).filter_map(|prefix| prefix.known());
    prefixes.flat_map(|set| set.prefixes().map(|prefix| prefix.to_string())).collect()
}

/// A rule of the placement's firewall.
pub(crate) fn rule_of<'a>(estate: &'a Estate, site: &Site, decider: &Decider) -> Option<&'a FirewallRule> {
    let written = decider.written?;
    collections(estate, site).into_iter().flat_map(|one| &one.rules).find(|one| one.span == written.span)
}

/// Whether a rule looks at hosts alone, and names none of these: what it misses by is more than a port.
pub(crate) fn names_other_hosts(rule: &FirewallRule, wanted: &[String]) -> bool {
    let hosts = rule.target_fqdns.iter().chain(&rule.destination_fqdns);
    let named: Vec<HostPattern> = hosts.filter_map(|field| HostPattern::read(field.known()?)).collect();
    let wanted = wanted.iter().filter_map(|host| HostPattern::read(host));
    let by_address = rule.kind.known() == Some(&CollectionKind::Network)
        && !(rule.destinations.is_empty() && rule.destination_groups.is_empty());
    !by_address && !wanted.into_iter().any(|host| named.iter().any(|one| one.covers(&host)))
}

/// Hosts of application rules that look like one that is missing, and are not it.
pub(crate) fn near_hosts(estate: &Estate, site: &Site, wanted: &[String]) -> Vec<Label> {
    let collections = collections(estate, site);
    let allowing = collections.iter().filter(|one| allows(one));
    let named = allowing.flat_map(|one| &one.rules).flat_map(|rule| &rule.target_fqdns);
    let near = named.filter_map(|field| {
        let text = field.known()?.to_ascii_lowercase();
        let message = wanted.iter().find_map(|host| nearly(&text, host))?;
        Some(Label { span: field.span, message })
    });
    near.take(MOST_NEAR).collect()
}

/// At most so many hosts that are nearly right are shown.
const MOST_NEAR: usize = 3;

/// Why a host of a rule is not the one that is wanted, although it looks like it.
fn nearly(text: &str, wanted: &str) -> Option<String> {
    let wanted = wanted.to_ascii_lowercase();
    if let Some(domain) = wanted.strip_prefix("*.")
        && domain == text
    {
        return Some(format!("`{text}` is one host, and not those below it"));
    }
    if text.strip_prefix("*.") == Some(&wanted) {
        return Some(format!("`{text}` does not hold `{wanted}` itself"));
    }
    // A plain name can only be a part of a wildcard that it ends like.
    if !text.contains('*') && !wanted.strip_prefix('*').is_some_and(|end| text.ends_with(end)) {
        return None;
    }
    match (HostPattern::read(text), HostPattern::read(&wanted)) {
        (None, _) if text.contains('*') && is_like(text, &wanted.replacen('*', "x", 1)) => {
            Some("matches nothing: an asterisk works only at the front".to_owned())
        }
        (Some(some), Some(all)) if some != all && all.covers(&some) => Some(format!("only a part of `{wanted}`")),
        _ => None,
    }
}

/// The rule collections of the placement's firewall: those of its policy and the policies above it, or its own.
fn collections<'a>(estate: &'a Estate, site: &Site) -> Vec<&'a RuleCollection> {
    let mut found: Vec<&RuleCollection> = Vec::new();
    let mut policies = Vec::new();
    let mut next = site.policy;
    while let Some(at) = next.filter(|at| !policies.contains(at)) {
        policies.push(at);
        let Some(policy) = estate.policies.get(at) else { break };
        let groups = policy.groups.iter().filter_map(|group| estate.collection_groups.get(*group));
        found.extend(groups.flat_map(|group| &group.collections));
        next = policy.base.as_ref().and_then(|base| base.target);
    }
    if policies.is_empty() {
        let firewall = estate.firewall(site.firewall);
        found.extend(firewall.into_iter().flat_map(|firewall| &firewall.collections));
    }
    found
}

/// Where a rule more can stand.
pub(crate) struct Home<'a> {
    /// The collection.
    pub(crate) collection: &'a RuleCollection,
    /// The list of its rules.
    pub(crate) list: Span,
    /// The firewall or the rule collection group it is in.
    pub(crate) header: &'a Header,
    /// What a rule in it is.
    pub(crate) kind: RequestKind,
}

/// The last collection that allows something and has rules of a kind. Of a policy, not of those above it.
pub(crate) fn home<'a>(estate: &'a Estate, site: &Site, application: bool) -> Option<Home<'a>> {
    let wanted = if application { CollectionKind::Application } else { CollectionKind::Network };
    let of = |header: &'a Header, collections: &'a [RuleCollection], in_policy: bool| {
        let kind = match (in_policy, application) {
            (true, true) => RequestKind::PolicyApplicationRule,
            (true, false) => RequestKind::PolicyNetworkRule,
            (false, true) => RequestKind::FirewallApplicationRule,
            (false, false) => RequestKind::FirewallNetworkRule,
        };
        let fits = |one: &&RuleCollection| {
            let told = one.rules.first().and_then(|rule| rule.kind.known().copied()).or(one.kind);
            allows(one) && told == Some(wanted)
        };
        collections.iter().rev().filter(fits).find_map(move |collection| {
            let rules = collection.node.get("rules").or_else(|| collection.node.get("properties")?.get("rules"))?;
            Some(Home { collection, list: rules.span, header, kind })
        })
    };
    if let Some(policy) = site.policy.and_then(|at| estate.policies.get(at)) {
        let groups = policy.groups.iter().rev().filter_map(|group| estate.collection_groups.get(*group));
        return groups.into_iter().find_map(|group| of(&group.header, &group.collections, true));
    }
    let firewall = estate.firewall(site.firewall)?;
    of(&firewall.header, &firewall.collections, false)
}

/// More prefixes than this make no rule that anybody would paste.
const MOST_PREFIXES: usize = 200;

/// One end of a flow, as far as a rule can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleEnd {
    /// Every address.
    Any,
    /// The placement's own subnet.
    Subnet,
    /// A service tag, by the name Azure knows.
    Tag(String),
    /// Addresses.
    Prefixes(AddressSet),
}

impl RuleEnd {
    /// The name of the tag, when it is one.
    pub(crate) fn tag(&self) -> Option<&str> {
        match self {
            Self::Tag(name) => Some(name),
            Self::Any | Self::Subnet | Self::Prefixes(_) => None,
        }
    }
}

/// A security rule that lets a flow pass, in REST form. `None` when one rule cannot name all of the other ends: it takes
/// one service tag, or prefixes of one family.
pub(crate) fn security_rule(name: &str, priority: i64, flow: &FlowRequirement, ends: &[RuleEnd]) -> Option<Value> {
    let protocol = match flow.protocols {
        ProtocolSet::TCP => "Tcp",
        ProtocolSet::UDP => "Udp",
        ProtocolSet::ICMP => "Icmp",
        _ => "*",
    };
    let (direction, own, other) = match flow.direction {
        Direction::Inbound => ("Inbound", "destination", "source"),
        Direction::Outbound => ("Outbound", "source", "destination"),
    };
    let mut rule = Map::new();
    let mut say = |key: &str, value: Value| rule.insert(key.to_owned(), value);
    say("priority", json!(priority));
    say("direction", json!(direction));
    say("access", json!("Allow"));
    say("protocol", json!(protocol));
    let own = (format!("{own}AddressPrefix"), json!("VirtualNetwork"));
    let other = one_or_several(&format!("{other}AddressPrefix"), "es", group_peers(ends)?);
    let (source, destination) = match flow.direction {
        Direction::Inbound => (other, own),
        Direction::Outbound => (own, other),
    };
    say(&source.0, source.1);
    say("sourcePortRange", json!("*"));
    say(&destination.0, destination.1);
    let (key, value) = one_or_several("destinationPortRange", "s", port_words(&flow.ports));
    say(&key, value);
    Some(json!({ "name": name, "properties": rule }))
}

/// What a group's rule names as its other end: one tag, or prefixes of one family.
fn group_peers(ends: &[RuleEnd]) -> Option<Vec<String>> {
    match ends {
        [RuleEnd::Any] => Some(vec!["*".to_owned()]),
        [RuleEnd::Subnet] => Some(vec!["VirtualNetwork".to_owned()]),
        [RuleEnd::Tag(name)] => Some(vec![name.clone()]),
        ends => {
            let set = ends.iter().try_fold(AddressSet::empty(), |all, end| match end {
                RuleEnd::Prefixes(set) => Some(all.union(set)),
                RuleEnd::Any | RuleEnd::Subnet | RuleEnd::Tag(_) => None,
            })?;
            if set == AddressSet::full() {
                return Some(vec!["*".to_owned()]);
            }
            let mixed = !set.v4.is_empty() && !set.v6.is_empty();
            prefixes(&set).filter(|_| !mixed)
        }
    }
}

/// A network rule of a firewall to ends that it can name; `None` when it cannot name one of them. `subnet` holds the
/// prefixes of the placement's own subnet, where they are known.
pub(crate) fn network_rule_to_ends(rule: &FirewallRuleText<'_>, ends: &[RuleEnd], subnet: &[String]) -> Option<Value> {
    let mut all = Vec::new();
    for end in ends {
        match end {
            RuleEnd::Any => all.push("*".to_owned()),
            RuleEnd::Subnet if !subnet.is_empty() => all.extend_from_slice(subnet),
            RuleEnd::Subnet => return None,
            // A firewall takes the tags of services; the words for networks are those of a group.
            RuleEnd::Tag(name) => match Tag::named(name).and_then(Tag::special) {
                None => all.push(name.clone()),
                Some(Special::Internet) => all.push("*".to_owned()),
                Some(_) => return None,
            },
            RuleEnd::Prefixes(set) if *set == AddressSet::full() => all.push("*".to_owned()),
            RuleEnd::Prefixes(set) => all.extend(prefixes(set)?),
        }
    }
    (!all.is_empty()).then(|| rule.network("destinationAddresses", &all))
}

/// What a rule of a firewall has, whoever it leads to.
pub(crate) struct FirewallRuleText<'x> {
    /// Its name.
    pub(crate) name: &'x str,
    /// It stands in a policy, whose rules say their type; else in a firewall itself.
    pub(crate) in_policy: bool,
    /// The flow it lets pass.
    pub(crate) flow: &'x FlowRequirement,
    /// Where it comes from.
    pub(crate) sources: &'x [String],
}

impl FirewallRuleText<'_> {
    /// A rule that lets hosts pass: on the ports of HTTP an application rule, on others a network rule, which takes whole
    /// names only (FW-11, FW-18). `None` when neither can.
    pub(crate) fn to_hosts(&self, hosts: &[String]) -> Option<Value> {
        let spoken = |port: u16| match port {
            80 => Some(json!({ "protocolType": "Http", "port": 80 })),
            443 => Some(json!({ "protocolType": "Https", "port": 443 })),
            _ => None,
        };
        let ranges = self.flow.ports.ranges();
        let protocols: Option<Vec<Value>> =
            ranges.iter().map(|(first, last)| spoken(*first).filter(|_| first == last)).collect();
        match protocols {
            Some(protocols) if self.flow.protocols == ProtocolSet::TCP => {
                let mut rule = self.start("ApplicationRule");
                rule.insert("protocols".to_owned(), Value::Array(protocols));
                rule.insert("sourceAddresses".to_owned(), json!(self.sources));
                rule.insert("targetFqdns".to_owned(), json!(hosts));
                Some(Value::Object(rule))
            }
            _ if hosts.iter().all(|host| !host.contains('*')) => Some(self.network("destinationFqdns", hosts)),
            _ => None,
        }
    }

    fn network(&self, key: &str, destinations: &[String]) -> Value {
        let known = ProtocolSet::TCP.union(ProtocolSet::UDP).union(ProtocolSet::ICMP);
        let protocols: Vec<String> = match self.flow.protocols.difference(known).is_empty() {
            true => self.flow.protocols.each().map(|(_, name)| name.to_ascii_uppercase()).collect(),
            false => vec!["Any".to_owned()],
        };
        let mut rule = self.start("NetworkRule");
        let field = if self.in_policy { "ipProtocols" } else { "protocols" };
        rule.insert(field.to_owned(), json!(protocols));
        rule.insert("sourceAddresses".to_owned(), json!(self.sources));
        rule.insert(key.to_owned(), json!(destinations));
        rule.insert("destinationPorts".to_owned(), json!(port_words(&self.flow.ports)));
        Value::Object(rule)
    }

    fn start(&self, kind: &str) -> Map<String, Value> {
        let mut rule = Map::new();
        if self.in_policy {
            rule.insert("ruleType".to_owned(), json!(kind));
        }
        rule.insert("name".to_owned(), json!(self.name));
        rule
    }
}

/// Prefixes as Azure takes them; `None` when they are too many for one rule, or none.
fn prefixes(set: &AddressSet) -> Option<Vec<String>> {
    let all: Vec<String> = set.prefixes().take(MOST_PREFIXES + 1).map(|prefix| prefix.to_string()).collect();
    (!all.is_empty() && all.len() <= MOST_PREFIXES).then_some(all)
}

/// Ports as Azure takes them; `*` for all.
pub(crate) fn port_words(ports: &PortSet) -> Vec<String> {
    if ports.is_full() {
        return vec!["*".to_owned()];
    }
    let range = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    ports.ranges().iter().map(range).collect()
}

/// A property that takes one value, or the plural of it that takes a list.
fn one_or_several(key: &str, plural: &str, values: Vec<String>) -> (String, Value) {
    match &*values {
        [one] => (key.to_owned(), json!(one)),
        _ => (format!("{key}{plural}"), json!(values)),
    }
}

/// JSON on one line, with a space where a reader would put one.
pub(crate) fn written(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), written(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::nearly;

    #[test]
    fn a_host_that_is_nearly_right_is_told() {
        assert_eq!(
            nearly("azureml.ms", "*.azureml.ms").as_deref(),
            Some("`azureml.ms` is one host, and not those below it")
        );
        assert_eq!(
            nearly("*.pytorch.org", "pytorch.org").as_deref(),
            Some("`*.pytorch.org` does not hold `pytorch.org` itself")
        );
        assert_eq!(nearly("*.api.azureml.ms", "*.azureml.ms").as_deref(), Some("only a part of `*.azureml.ms`"));
        assert!(nearly("*.azureml.*", "*.azureml.ms").is_some());
        assert_eq!(nearly("*.azureml.ms", "*.azureml.ms"), None);
        assert_eq!(nearly("pypi.org", "*.azureml.ms"), None);
    }
}

#[cfg(test)]
mod paste_tests {
    use serde_json::Value;

    use super::{FirewallRuleText, RuleEnd, network_rule_to_ends, security_rule, written};
    use crate::estate::Direction;
    use crate::net::{AddressSet, PortSet, ProtocolSet};
    use crate::rule::Hosts;
    use crate::rule::{FlowRequirement, Matching, Mode, Target, Targets};

    fn flow(ports: PortSet) -> FlowRequirement {
        let side = || Targets { mode: Mode::AnyOf, items: vec![Target::Subnet] };
        FlowRequirement {
            direction: Direction::Outbound,
            protocols: ProtocolSet::TCP,
            ports,
            from: side(),
            to: side(),
            matching: Matching::Effective,
            layers: Vec::new(),
            hosts: Hosts::default(),
        }
    }

    fn set(prefixes: &[&str]) -> RuleEnd {
        RuleEnd::Prefixes(AddressSet::from_prefixes(prefixes.iter().map(|prefix| prefix.parse().unwrap())))
    }

    fn group_rule(ends: &[RuleEnd]) -> Option<Value> {
        Some(security_rule("allow", 100, &flow(PortSet::range(443, 443)), ends)?["properties"].clone())
    }

    #[test]
    fn lists_are_lists() {
        let rule = group_rule(&[set(&["10.4.0.0/16", "10.14.0.0/16"])]).unwrap();
        assert_eq!(rule["destinationAddressPrefixes"], serde_json::json!(["10.4.0.0/16", "10.14.0.0/16"]));
        assert!(rule.get("destinationAddressPrefix").is_none());
        let one = group_rule(&[set(&["10.4.0.0/16"])]).unwrap();
        assert_eq!(one["destinationAddressPrefix"], "10.4.0.0/16");
        let text = security_rule("allow", 100, &flow(PortSet::from_ranges([(80, 80), (443, 443)])), &[RuleEnd::Any]);
        assert!(written(&text.unwrap()).contains("\"destinationPortRanges\": [\"80\", \"443\"]"));
    }

    #[test]
    fn what_one_rule_of_a_group_cannot_name_is_not_offered() {
        let tag = |name: &str| RuleEnd::Tag(name.to_owned());
        assert_eq!(group_rule(&[tag("Storage")]).unwrap()["destinationAddressPrefix"], "Storage");
        assert_eq!(group_rule(&[tag("Storage"), tag("AzureMonitor")]), None);
        assert_eq!(group_rule(&[tag("Storage"), set(&["10.4.0.0/16"])]), None);
        assert_eq!(group_rule(&[set(&["10.4.0.0/16", "fd00::/8"])]), None);
        assert_eq!(group_rule(&[]), None);
    }

    #[test]
    fn a_firewall_takes_tags_of_services_alone() {
        let flow = flow(PortSet::range(443, 443));
        let sources = ["10.4.2.0/24".to_owned()];
        let rule = FirewallRuleText { name: "allow", in_policy: true, flow: &flow, sources: &sources };
        let to = |end: RuleEnd, subnet: &[String]| Some(written(&network_rule_to_ends(&rule, &[end], subnet)?));
        assert!(to(RuleEnd::Tag("Storage".to_owned()), &[]).unwrap().contains("[\"Storage\"]"));
        assert!(to(RuleEnd::Tag("Internet".to_owned()), &[]).unwrap().contains("\"destinationAddresses\": [\"*\"]"));
        assert_eq!(to(RuleEnd::Tag("VirtualNetwork".to_owned()), &[]), None);
        assert_eq!(to(RuleEnd::Subnet, &[]), None);
        assert!(to(RuleEnd::Subnet, &sources).unwrap().contains("\"destinationAddresses\": [\"10.4.2.0/24\"]"));
    }
}
