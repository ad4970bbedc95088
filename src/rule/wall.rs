//! A packet that a firewall drops because no rule of it matches: where a rule is missing, what nearly is one, and the
//! rule to add.

use crate::estate::{Access, Direction, Estate, RuleCollection};
use crate::finding::Label;
use crate::net::ProtocolSet;
use crate::proof::{Decider, HostPattern, Judgement, Kind, Layer};
use crate::rule::flow::FlowRequirement;
use crate::rule::require::port_words;
use crate::rule::site::{self, Site};
use crate::source::Span;

/// Whether a firewall drops what no rule of it matches.
pub(crate) fn is_default(decider: &Decider) -> bool {
    decider.layer == Layer::Firewall && decider.kind == Kind::BuiltIn
}

/// The collection that nearly decided, or the firewall or policy itself.
pub(crate) fn place(estate: &Estate, site: &Site, decider: &Decider, judgement: &Judgement) -> Option<Label> {
    let whole = decider.written?;
    let collections = collections(estate, site);
    let last = judgement.replay.iter().rev().find_map(|step| {
        let written = step.rule.written.filter(|_| step.rule.kind == Kind::FirewallRule)?;
        collections.iter().find(|collection| contains(collection.span, written.span))
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

/// A network rule that would let the flow pass, as it stands in the list of rules of a collection.
pub(crate) fn rule_text(
    estate: &Estate,
    site: &Site,
    flow: &FlowRequirement,
    peer: &str,
    name: &str,
) -> Option<String> {
    if flow.direction == Direction::Inbound {
        return None;
    }
    let destinations: Vec<String> = peer.split(" and ").map(str::to_owned).collect();
    Some(network_rule(estate, site, flow, ("destinationAddresses", &destinations), name))
}

/// A rule that lets hosts pass, as it stands in the list of rules of a collection: on the ports of HTTP an application
/// rule, on others a network rule, which takes whole names only (FW-11, FW-18).
pub(crate) fn host_rule_text(
    estate: &Estate,
    site: &Site,
    flow: &FlowRequirement,
    hosts: &[String],
    name: &str,
) -> Option<String> {
    let spoken = |port: u16| match port {
        80 => Some("{ \"protocolType\": \"Http\", \"port\": 80 }"),
        443 => Some("{ \"protocolType\": \"Https\", \"port\": 443 }"),
        _ => None,
    };
    let ports: Option<Vec<&str>> =
        flow.ports.ranges().iter().map(|(first, last)| spoken(*first).filter(|_| first == last)).collect();
    match ports {
        Some(protocols) if flow.protocols == ProtocolSet::TCP => {
            let kind = if site.policy.is_none() { "" } else { "\"ruleType\": \"ApplicationRule\", " };
            Some(format!(
                "{{ {kind}\"name\": \"{name}\", \"protocols\": [{}], \"sourceAddresses\": [{}], \
                 \"targetFqdns\": [{}] }}",
                protocols.join(", "),
                quoted(&sources(estate, site)),
                quoted(hosts),
            ))
        }
        _ if hosts.iter().all(|host| !host.contains('*')) => {
            Some(network_rule(estate, site, flow, ("destinationFqdns", hosts), name))
        }
        _ => None,
    }
}

/// The prefixes of the subnet; any source where they are not known.
fn sources(estate: &Estate, site: &Site) -> Vec<String> {
    let subnet = site.subnet.and_then(|at| estate.subnets.get(at));
    let prefixes = subnet.into_iter().flat_map(|subnet| &subnet.prefixes).filter_map(|prefix| prefix.known());
    let mut sources: Vec<String> =
        prefixes.flat_map(|set| set.prefixes().map(|prefix| prefix.to_string())).take(8).collect();
    if sources.is_empty() {
        sources.push("*".to_owned());
    }
    sources
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn network_rule(
    estate: &Estate,
    site: &Site,
    flow: &FlowRequirement,
    (key, destinations): (&str, &[String]),
    name: &str,
) -> String {
    let protocols: Vec<String> = flow.protocols.each().map(|(_, name)| name.to_ascii_uppercase()).collect();
    let ports = port_words(flow);
    let ports: Vec<String> = if ports.is_empty() { vec!["*".to_owned()] } else { words(&ports) };
    let (kind, field) = if site.policy.is_none() { ("", "protocols") } else { ("NetworkRule", "ipProtocols") };
    let kind = if kind.is_empty() { String::new() } else { format!("\"ruleType\": \"{kind}\", ") };
    format!(
        "{{ {kind}\"name\": \"{name}\", \"{field}\": [{}], \"sourceAddresses\": [{}], \
         \"{key}\": [{}], \"destinationPorts\": [{}] }}",
        quoted(&protocols),
        quoted(&sources(estate, site)),
        quoted(destinations),
        quoted(&ports),
    )
}

/// Whether a rule of a firewall looks at hosts alone: what it misses by is more than a port.
pub(crate) fn names_hosts(estate: &Estate, site: &Site, rule: &Decider) -> bool {
    let Some(written) = rule.written else { return false };
    let collections = collections(estate, site);
    let found = collections.iter().flat_map(|one| &one.rules).find(|one| one.span == written.span);
    found.is_some_and(|rule| rule.destinations.is_empty() && rule.destination_groups.is_empty())
}

/// Hosts of application rules that look like one that is missing, and are not it.
pub(crate) fn near_hosts(estate: &Estate, site: &Site, wanted: &[String]) -> Vec<Label> {
    let collections = collections(estate, site);
    let allowing = collections
        .iter()
        .filter(|one| one.action.as_ref().is_some_and(|action| action.known() == Some(&Access::Allow)));
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
        (None, _) if text.contains('*') && site::glob(text, &wanted.replacen('*', "x", 1)) => {
            Some("matches nothing: an asterisk works only at the front".to_owned())
        }
        (Some(some), Some(all)) if some != all && all.covers(&some) => Some(format!("only a part of `{wanted}`")),
        _ => None,
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(|word| word.trim().to_owned()).collect()
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
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
        let firewall = site.firewall.and_then(|at| estate.firewalls.get(at));
        found.extend(firewall.into_iter().flat_map(|firewall| &firewall.collections));
    }
    found
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
