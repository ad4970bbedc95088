//! Rules to paste, as Azure takes them: JSON from typed values, never from words made for a reader.
//!
//! Where a rule goes and which priority is free is told by `diagnose` and `wall`.

use serde_json::{Map, Value, json};

use crate::estate::Direction;
use crate::net::{AddressSet, ProtocolSet, Special, Tag};
use crate::rule::FlowRequirement;

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

/// A security rule that lets a flow pass, as it stands in the list of rules of a group. `None` when one rule cannot name
/// all of the other ends: it takes one service tag, or prefixes of one family.
pub(crate) fn security_rule(name: &str, priority: i64, flow: &FlowRequirement, ends: &[RuleEnd]) -> Option<String> {
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
    let (key, value) = one_or_several("destinationPortRange", "s", ports(flow));
    say(&key, value);
    Some(written(&json!({ "name": name, "properties": rule })))
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
pub(crate) fn network_rule_to_ends(rule: &FirewallRuleText<'_>, ends: &[RuleEnd], subnet: &[String]) -> Option<String> {
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
    pub(crate) fn to_hosts(&self, hosts: &[String]) -> Option<String> {
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
                Some(written(&Value::Object(rule)))
            }
            _ if hosts.iter().all(|host| !host.contains('*')) => Some(self.network("destinationFqdns", hosts)),
            _ => None,
        }
    }

    fn network(&self, key: &str, destinations: &[String]) -> String {
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
        rule.insert("destinationPorts".to_owned(), json!(ports(self.flow)));
        written(&Value::Object(rule))
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

/// The ports of a flow; `*` for all.
fn ports(flow: &FlowRequirement) -> Vec<String> {
    if flow.ports.is_full() {
        return vec!["*".to_owned()];
    }
    let range = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    flow.ports.ranges().iter().map(range).collect()
}

/// A property that takes one value, or the plural of it that takes a list.
fn one_or_several(key: &str, plural: &str, values: Vec<String>) -> (String, Value) {
    match &*values {
        [one] => (key.to_owned(), json!(one)),
        _ => (format!("{key}{plural}"), json!(values)),
    }
}

/// JSON on one line, with a space where a reader would put one.
fn written(value: &Value) -> String {
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
    use serde_json::Value;

    use super::{FirewallRuleText, RuleEnd, network_rule_to_ends, security_rule};
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
        let text = security_rule("allow", 100, &flow(PortSet::range(443, 443)), ends)?;
        Some(serde_json::from_str::<Value>(&text).unwrap()["properties"].clone())
    }

    #[test]
    fn lists_are_lists() {
        let rule = group_rule(&[set(&["10.4.0.0/16", "10.14.0.0/16"])]).unwrap();
        assert_eq!(rule["destinationAddressPrefixes"], serde_json::json!(["10.4.0.0/16", "10.14.0.0/16"]));
        assert!(rule.get("destinationAddressPrefix").is_none());
        let one = group_rule(&[set(&["10.4.0.0/16"])]).unwrap();
        assert_eq!(one["destinationAddressPrefix"], "10.4.0.0/16");
        let text = security_rule("allow", 100, &flow(PortSet::from_ranges([(80, 80), (443, 443)])), &[RuleEnd::Any]);
        assert!(text.unwrap().contains("\"destinationPortRanges\": [\"80\", \"443\"]"));
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
        let to = |end: RuleEnd, subnet: &[String]| network_rule_to_ends(&rule, &[end], subnet);
        assert!(to(RuleEnd::Tag("Storage".to_owned()), &[]).unwrap().contains("[\"Storage\"]"));
        assert!(to(RuleEnd::Tag("Internet".to_owned()), &[]).unwrap().contains("\"destinationAddresses\": [\"*\"]"));
        assert_eq!(to(RuleEnd::Tag("VirtualNetwork".to_owned()), &[]), None);
        assert_eq!(to(RuleEnd::Subnet, &[]), None);
        assert!(to(RuleEnd::Subnet, &sources).unwrap().contains("\"destinationAddresses\": [\"10.4.2.0/24\"]"));
    }
}
