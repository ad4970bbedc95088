//! The hosts of a requirement on one placement: facts filled in, and what can be said where a fact is not known.
//!
//! A host with a fact open in it stands for every host of its shape. The rules of the firewalls tell which values make
//! a difference; any other value fares like all the rest, so a verdict on one of these is a verdict on all.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::{Estate, FirewallRule};
use crate::judge::placement::Placement;
use crate::net::{Cloud, Region};
use crate::proof::{HostPattern, HostSet};
use crate::rule::HostName;
use crate::rule::Template;

/// A value nobody gives to anything, for what no rule names.
const NOBODY: &str = "name-that-no-rule-knows";

/// At most so many values that rules name are tried.
const MOST_VALUES: usize = 64;

/// Hosts of a requirement, filled in.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// All of them; one with something open in it is the narrowest pattern that holds every host of its shape.
    pub(crate) set: HostSet,
    /// The facts that are not known.
    pub(crate) missing: BTreeSet<Arc<str>>,
}

/// The cloud a placement is in: the public one where nothing tells.
pub(crate) fn cloud_of(placement: &Placement<'_>) -> Cloud {
    let said = placement.fact_text("cloud");
    let said = said.and_then(|word| Cloud::ALL.into_iter().find(|cloud| cloud.as_str() == word));
    said.unwrap_or(Cloud::Public)
}

/// Fills in hosts.
pub(crate) fn bind(placement: &Placement<'_>, hosts: &[HostName], given: Given<'_>) -> Names {
    let mut missing = BTreeSet::new();
    let patterns: Vec<HostPattern> = hosts
        .iter()
        .map(|host| {
            let (text, open) = fill(placement, &host.name, given);
            missing.extend(open);
            // A fact whose value cannot stand in a host name leaves every host.
            let pattern = HostPattern::read(&text).or_else(|| HostPattern::read(&widest(&text)));
            pattern.unwrap_or_else(|| HostPattern::Ending(Arc::from("")))
        })
        .collect();
    Names { set: HostSet::of_all(&patterns), missing }
}

/// What is put in for facts that are not known.
#[derive(Clone, Copy)]
pub(crate) enum Given<'v> {
    /// Nothing.
    Nothing,
    /// A value for one fact.
    Value(&'v str, &'v str),
    /// A value that no rule names, for all of them.
    Nobody,
}

/// Stands for a value that is not known.
const OPEN: char = '\u{0}';

fn fill(placement: &Placement<'_>, template: &Template, given: Given<'_>) -> (String, BTreeSet<Arc<str>>) {
    let value = |name: &str| {
        placement.fact_text(name).or_else(|| match given {
            Given::Value(fact, value) if fact == name => Some(value.to_owned()),
            Given::Nobody => Some(NOBODY.to_owned()),
            Given::Nothing | Given::Value(..) => None,
        })
    };
    let missing = template.names().into_iter().filter(|name| value(name).is_none()).map(Arc::from).collect();
    let text = template.fill(|name| Some(value(name).unwrap_or_else(|| OPEN.to_string())));
    (text.unwrap_or_default().to_ascii_lowercase(), missing)
}

/// Every host that ends as this one does behind the last thing that is open.
fn widest(text: &str) -> String {
    format!("*{}", text.rsplit(OPEN).next().unwrap_or_default())
}

/// A host as a rule can name it: every host of its shape where a fact is not known, since a rule takes an asterisk at the
/// front alone.
pub(crate) fn in_a_rule(shown: &str) -> String {
    shown.rsplit_once('>').map_or_else(|| shown.to_owned(), |(_, known)| format!("*{known}"))
}

/// A host for users: `<region>.tundra.azureml.ms` where the region is not known.
pub(crate) fn shown(placement: &Placement<'_>, host: &HostName) -> String {
    let value = |name: &str| placement.fact_text(name).unwrap_or_else(|| format!("<{name}>"));
    host.name.fill(|name| Some(value(name))).unwrap_or_else(|_| host.name.to_string())
}

/// Values of one missing fact that rules of the estate's firewalls name, and whether rules may allow others that are
/// not among these.
pub(crate) fn named_values(
    estate: &Estate,
    placement: &Placement<'_>,
    hosts: &[HostName],
    fact: &str,
) -> (BTreeSet<String>, bool) {
    let mut values = BTreeSet::new();
    let mut stray = false;
    let texts: Vec<(String, HostPattern)> = hosts
        .iter()
        .map(|host| fill(placement, &host.name, Given::Nothing))
        .filter(|(_, missing)| !missing.is_empty())
        .filter_map(|(text, _)| HostPattern::read(&widest(&text)).map(|wide| (text, wide)))
        .collect();
    for written in rules(estate).flat_map(|rule| rule.target_fqdns.iter().chain(&rule.destination_fqdns)) {
        let Some(pattern) = written.known().and_then(|name| HostPattern::read(name)) else { continue };
        // Of two patterns that share a host one covers the other; a rule that covers all of the hosts names none.
        for (text, wide) in &texts {
            if pattern.covers(wide) || !wide.covers(&pattern) {
                continue;
            }
            match value_in(text, &pattern.to_string()) {
                Some(value) if fact != "region" || Region::by_name(&value).is_some() => {
                    values.insert(value);
                }
                _ => stray = true,
            }
        }
    }
    stray |= values.len() > MOST_VALUES;
    (values.into_iter().take(MOST_VALUES).collect(), stray)
}

/// What stands in a name where the text is open: one label, or a part of it.
fn value_in(text: &str, name: &str) -> Option<String> {
    let (front, back) = text.split_once(OPEN)?;
    if back.contains(OPEN) {
        return None;
    }
    let value = name.strip_prefix(front)?.strip_suffix(back)?;
    (!value.is_empty() && !value.contains(['.', '*'])).then(|| value.to_owned())
}

/// Every rule of every firewall and policy of an estate.
fn rules(estate: &Estate) -> impl Iterator<Item = &FirewallRule> {
    let of_policies = estate.collection_groups.iter().flat_map(|group| &group.collections);
    let classic = estate.firewalls.iter().flat_map(|firewall| &firewall.collections);
    of_policies.chain(classic).flat_map(|collection| &collection.rules)
}

#[cfg(test)]
mod tests {
    use super::{OPEN, in_a_rule, value_in, widest};

    #[test]
    fn what_is_open_is_as_wide_as_its_shape() {
        assert_eq!(widest(&format!("{OPEN}.tundra.azureml.ms")), "*.tundra.azureml.ms");
        assert_eq!(widest(&format!("*.tundra.{OPEN}.api.azureml.ms")), "*.api.azureml.ms");
        assert_eq!(widest(&format!("{OPEN}.{OPEN}.data.azurecr.io")), "*.data.azurecr.io");
    }

    #[test]
    fn a_rule_names_no_placeholder() {
        assert_eq!(in_a_rule("*.tundra.<region>.api.azureml.ms"), "*.api.azureml.ms");
        assert_eq!(in_a_rule("pypi.org"), "pypi.org");
    }

    #[test]
    fn a_name_gives_its_value_away() {
        let text = format!("*.tundra.{OPEN}.api.azureml.ms");
        assert_eq!(value_in(&text, "*.tundra.westeurope.api.azureml.ms").as_deref(), Some("westeurope"));
        assert_eq!(value_in(&text, "*.westeurope.api.azureml.ms"), None);
        assert_eq!(value_in(&format!("{OPEN}.file.x"), "a.b.file.x"), None);
    }
}
