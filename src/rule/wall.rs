//! A packet that a firewall drops because no rule of it matches: where a rule is missing, and the rule to add.

use crate::estate::{Direction, Estate, RuleCollection};
use crate::finding::Label;
use crate::proof::{Decider, Judgement, Kind, Layer};
use crate::rule::flow::FlowRequirement;
use crate::rule::require::port_words;
use crate::rule::site::Site;
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
    let subnet = site.subnet.and_then(|at| estate.subnets.get(at));
    let prefixes = subnet.into_iter().flat_map(|subnet| &subnet.prefixes).filter_map(|prefix| prefix.known());
    let mut sources: Vec<String> =
        prefixes.flat_map(|set| set.prefixes().map(|prefix| prefix.to_string())).take(8).collect();
    if sources.is_empty() {
        sources.push("*".to_owned());
    }
    let protocols: Vec<String> = flow.protocols.each().map(|(_, name)| name.to_ascii_uppercase()).collect();
    let destinations: Vec<String> = peer.split(" and ").map(str::to_owned).collect();
    let list = |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let ports = port_words(flow);
    let ports: Vec<String> = if ports.is_empty() { vec!["*".to_owned()] } else { words(&ports) };
    let (kind, field) = if site.policy.is_none() { ("", "protocols") } else { ("NetworkRule", "ipProtocols") };
    let kind = if kind.is_empty() { String::new() } else { format!("\"ruleType\": \"{kind}\", ") };
    Some(format!(
        "{{ {kind}\"name\": \"{name}\", \"{field}\": [{}], \"sourceAddresses\": [{}], \
         \"destinationAddresses\": [{}], \"destinationPorts\": [{}] }}",
        list(&protocols),
        list(&sources),
        list(&destinations),
        list(&ports),
    ))
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
