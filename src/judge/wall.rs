//! A packet that a firewall drops because no rule of it matches: where a rule is missing, what nearly is one, and the
//! rule to add.

use crate::estate::{Access, CollectionKind, Direction, Estate, FirewallRule, RuleCollection};
use crate::finding::Label;
use crate::judge::paste::{FirewallRuleText, RuleEnd, network_rule_to_ends};
use crate::judge::site::{self, Site};
use crate::proof::{Decider, HostPattern, Judgement, Kind, Layer, NearMiss};
use crate::rule::FlowRequirement;

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
) -> Option<String> {
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
    let subnet = site.subnet.and_then(|at| estate.subnets.get(at));
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
        (None, _) if text.contains('*') && site::glob(text, &wanted.replacen('*', "x", 1)) => {
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
