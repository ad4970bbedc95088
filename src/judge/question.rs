//! One flow of a requirement, its other end named: what the proof says, also where a region or a host is known in part.
//!
//! Which end is meant is told by `require`; the names of hosts are filled in by `names`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::{Direction, Estate, FirewallRule, Peer};
use crate::finding::Verdict;
use crate::finding::{FactValue, Layer};
use crate::json::Unknown;
use crate::judge::placement::Placement;
use crate::net::{Cloud, Region, Tag};
use crate::proof::{self, Appliance, Doubt, HostPattern, HostSet, Judgement, Party, Prepared};
use crate::rule::{AskedLayer, FlowRequirement, HostName, Template};

/// The fact that says a firewall on the path works by the names of hosts.
pub(crate) const BY_HOSTS: &str = "firewall-by-hosts";

/// A flow that is asked for, one end of it still open.
pub(crate) struct FlowQuestion<'x, 's, 'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) placement: &'x Placement<'a>,
    pub(crate) scene: &'x Prepared<'s, 'a>,
    pub(crate) flow: &'x FlowRequirement,
    pub(crate) near: &'x Party,
}

/// What the proof says.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) path: Judgement,
    /// A region was not known, and the verdict holds for this one.
    pub(crate) counting_on: Option<String>,
    /// The hosts among those required by name that do not get through, or may not.
    pub(crate) blocked: Vec<String>,
    /// They are not all of the hosts.
    pub(crate) partly: bool,
    /// The hosts that a firewall that works by host names does not name yet.
    pub(crate) unnamed: Vec<String>,
}

impl Answer {
    /// The answer on something that no host takes part in.
    pub(crate) fn of(judgement: Judgement) -> Self {
        Self { path: judgement, counting_on: None, blocked: Vec::new(), partly: false, unnamed: Vec::new() }
    }
}

/// The other end.
#[derive(Clone)]
enum Far {
    Party(Party),
    /// A tag of a region that is not known, and the fact that would tell.
    Region(Tag, Arc<str>, Arc<Unknown>),
    /// The hosts themselves.
    Hosts,
}

/// Of doubts about application rules one is enough where no source names the hosts of the cloud.
fn merge_host_doubts(path: &mut Judgement, cloud: Cloud) {
    let doubts = &mut path.why;
    let before = doubts.len();
    let mut first = true;
    doubts.retain(|doubt| !matches!(*doubt.reason, proof::Reason::HostsNotKnown(_)) || std::mem::take(&mut first));
    if doubts.len() < before || !first {
        let doubt = Doubt::new(format!("no source names the hosts behind this in the cloud `{cloud}`"));
        doubts.push(doubt.settled_by("a network rule for the service tag"));
    }
}

impl<'a> FlowQuestion<'_, '_, 'a> {
    /// Traffic with a party, by its addresses or by the hosts behind it.
    pub(crate) fn party(&self, party: Party) -> Answer {
        self.by_any_way(&Far::Party(party))
    }

    /// Traffic with a tag of a region that nobody knows: first of any region at all, then of each that the rules name.
    /// Where the placeholder is unbound any value counts, and the verdict says so (AML-1).
    pub(crate) fn region(&self, tag: Tag, fact: Arc<str>, unknown: Arc<Unknown>) -> Answer {
        self.by_any_way(&Far::Region(tag, fact, unknown))
    }

    fn by_any_way(&self, far: &Far) -> Answer {
        let hosts = self.flow.hosts.of(cloud_of(self.placement)).unwrap_or_default();
        let (mut path, counting_on) = self.open(far, hosts);
        if hosts.is_empty() && !self.flow.hosts.is_empty() && path.verdict == Verdict::Undecided {
            merge_host_doubts(&mut path, cloud_of(self.placement));
        }
        let unnamed = self.unnamed(far, hosts, &path);
        Answer { path, counting_on, blocked: Vec::new(), partly: false, unnamed }
    }

    /// Traffic with hosts, each of them needed.
    pub(crate) fn hosts(&self, hosts: &[HostName]) -> Answer {
        let (mut path, counting_on) = self.open(&Far::Hosts, hosts);
        let mut blocked = Vec::new();
        if path.verdict != Verdict::Satisfied {
            let alone = |host: &HostName| self.open(&Far::Hosts, std::slice::from_ref(host)).0;
            let each: Vec<(&HostName, Judgement)> = hosts.iter().map(|host| (host, alone(host))).collect();
            let any = |verdict: Verdict| each.iter().any(|(_, one)| one.verdict == verdict);
            let verdict = if any(Verdict::Violated) { Verdict::Violated } else { Verdict::Undecided };
            let lost: Vec<&(&HostName, Judgement)> = each.iter().filter(|(_, one)| one.verdict == verdict).collect();
            blocked = lost.iter().map(|(host, _)| shown(self.placement, host)).collect();
            if let Some((_, first)) = lost.first() {
                path = first.clone();
                for (_, one) in &lost {
                    for doubt in &one.why {
                        if path.why.iter().all(|known| known.reason != doubt.reason) {
                            path.why.push(doubt.clone());
                        }
                    }
                }
            }
            if hosts.len() > 1 {
                path.uncovered.clone_from(&blocked);
            }
        }
        let partly = !blocked.is_empty() && blocked.len() < hosts.len();
        Answer { path, counting_on, blocked, partly, unnamed: Vec::new() }
    }

    /// Judges one other end, whatever is not known of it.
    fn open(&self, far: &Far, hosts: &[HostName]) -> (Judgement, Option<String>) {
        let (mut widest, mut missing) = self.with(far, hosts, Given::Nothing);
        let region = match far {
            Far::Region(_, fact, _) => Some(fact),
            Far::Party(_) | Far::Hosts => None,
        };
        missing.extend(region.cloned());
        if widest.verdict == Verdict::Satisfied || missing.is_empty() {
            return (widest, None);
        }
        let (mut possible, mut stray) = (None, false);
        for fact in &missing {
            let is_region = fact.ends_with("region");
            let (mut values, more) = named_values(self.estate, self.placement, hosts, fact);
            // With several facts open, one value alone tells too little.
            stray |= more || (missing.len() > 1 && !values.is_empty());
            if is_region {
                values.extend(named_regions(self.estate, self.placement).iter().map(|one| one.location.to_owned()));
            }
            for value in values {
                let (path, _) = self.with(far, hosts, Given::Value(fact, &value));
                match (path.verdict, is_region) {
                    (Verdict::Satisfied, true) => return (path, Some(value)),
                    (Verdict::Violated, _) => {}
                    _ => possible = possible.or(Some((fact, value))),
                }
            }
        }
        // Every value that no rule names fares alike.
        let unnamed = |question: &Self| question.with(far, hosts, Given::Unnamed).0.verdict == Verdict::Violated;
        if widest.verdict == Verdict::Violated && (possible.is_some() || stray || !unnamed(self)) {
            widest.verdict = Verdict::Undecided;
            let doubts = missing.iter().map(|fact| {
                let named = possible.as_ref().filter(|(of, _)| *of == fact);
                let named = named.map(|(_, value)| format!(", and the firewall names `{value}`")).unwrap_or_default();
                Doubt::new(format!("fact `{fact}` is not known{named}")).settled_by(format!("--fact {fact}=…"))
            });
            widest.why.extend(doubts);
        }
        (widest, None)
    }

    /// Judges one other end, with something put in for what is not known; and the facts that are still missing.
    fn with(&self, far: &Far, hosts: &[HostName], given: Given<'_>) -> (Judgement, BTreeSet<Arc<str>>) {
        let names = bind(self.placement, hosts, given);
        let by_name = (!hosts.is_empty()).then_some(&names.set);
        let path = match far {
            Far::Hosts if hosts.iter().all(|host| host.in_no_tag) => {
                self.prove(Party::Untagged(names.set.clone()), None)
            }
            Far::Hosts => self.prove(Party::Hosts(names.set.clone()), None),
            Far::Party(party) => self.prove(party.clone(), by_name),
            Far::Region(tag, fact, unknown) => {
                let regional = match given {
                    Given::Value(of, value) if *of == **fact => Region::by_name(value),
                    _ => None,
                };
                let party = match regional.and_then(|region| tag.in_region(region)) {
                    Some(regional) => Party::Tag(regional),
                    None => Party::Regional(*tag, Arc::clone(unknown)),
                };
                self.prove(party, by_name)
            }
        };
        (path, names.missing)
    }

    /// The hosts that are missing where a firewall works by names: it lets some of them pass, or that is known of it.
    fn unnamed(&self, far: &Far, hosts: &[HostName], path: &Judgement) -> Vec<String> {
        let judgement = path;
        // Where the routes behind a firewall drop it, no name would help.
        let by_route = judgement.deciders.first().is_some_and(|one| one.kind == proof::Kind::Route);
        if judgement.verdict != Verdict::Violated || judgement.layer != Some(Layer::Firewall) || by_route {
            return Vec::new();
        }
        let lost: Vec<&HostName> = hosts
            .iter()
            .filter(|host| self.open(far, std::slice::from_ref(host)).0.verdict != Verdict::Satisfied)
            .collect();
        let known = self.placement.fact(BY_HOSTS) == Some(FactValue::Bool(true));
        let works_by_names = known || lost.len() < hosts.len();
        let names: Vec<String> = lost.into_iter().map(|host| shown(self.placement, host)).collect();
        let pattern = |name: &String| HostPattern::read(name);
        let within = |name: &String| {
            let mut wider = names.iter().filter(|other| *other != name).filter_map(pattern);
            pattern(name).is_some_and(|own| wider.any(|wider| wider.covers(&own)))
        };
        names.iter().filter(|name| works_by_names && !within(name)).cloned().collect()
    }

    /// Asks the proof.
    fn prove(&self, far: Party, names: Option<&HostSet>) -> Judgement {
        let flow = self.flow;
        let (from, to) = match flow.direction {
            Direction::Inbound => (far, self.near.clone()),
            Direction::Outbound => (self.near.clone(), far),
        };
        let matching = flow.matching;
        let ports = flow.ports.clone();
        let asked = proof::Flow { direction: flow.direction, protocols: flow.protocols, from, to, ports, matching };
        // The groups alone, when the requirement asks about nothing behind them.
        if flow.layers == [AskedLayer::Nsg] {
            return self.scene.judge(&asked);
        }
        match self.alone() {
            Some(appliance) => self.scene.judge_firewall(self.estate, appliance, &asked, names),
            None => self.scene.path(&asked, names),
        }
    }

    /// The firewall or policy that is all there is to judge.
    fn alone(&self) -> Option<Appliance<'a>> {
        let site = &self.placement.site;
        if site.subnet.is_some() || site.nsg.is_some() || site.interface_nsg.is_some() || site.route_table.is_some() {
            return None;
        }
        let firewall = self.estate.firewall(site.firewall).map(Appliance::Firewall);
        firewall.or_else(|| self.estate.policy(site.policy).map(Appliance::Policy))
    }
}

/// The regions that the rules of a placement's groups name.
pub(crate) fn named_regions(estate: &Estate, placement: &Placement<'_>) -> Vec<&'static Region> {
    let groups = [placement.site.interface_nsg, placement.site.nsg].into_iter().flatten();
    let rules = groups.filter_map(|at| estate.nsgs.get(at)).flat_map(|group| &group.rules);
    let items = rules.flat_map(|rule| rule.sources.items.iter().chain(&rule.destinations.items));
    let names: BTreeSet<&str> = items
        .filter_map(|item| match item.known() {
            Some(Peer::Tag(name)) => Some(&**name),
            _ => None,
        })
        .collect();
    let mut regions: Vec<&'static Region> = Vec::new();
    for region in names.into_iter().filter_map(|name| Tag::read(name, None).tag()).filter_map(Tag::region) {
        if regions.iter().all(|known| known.location != region.location) {
            regions.push(region);
        }
    }
    regions
}

/// A value nobody gives to anything, for what no rule names.
const UNNAMED_VALUE: &str = "name-that-no-rule-knows";

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
    Unnamed,
}

/// Stands for a value that is not known.
const OPEN: char = '\u{0}';

fn fill(placement: &Placement<'_>, template: &Template, given: Given<'_>) -> (String, BTreeSet<Arc<str>>) {
    let value = |name: &str| {
        placement.fact_text(name).or_else(|| match given {
            Given::Value(fact, value) if fact == name => Some(value.to_owned()),
            Given::Unnamed => Some(UNNAMED_VALUE.to_owned()),
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
