//! What a service asks for at the place it stands on, as data to build a network from.
//!
//! Whether it is granted there is the work of `require`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::{Direction, Estate, NextHop};
use crate::finding::{FactReport, FactValue, RuleId};
use crate::judge::placement::{Placement, Requests, find};
use crate::judge::question::{BY_HOSTS, cloud_of, shown};
use crate::judge::remedy::RuleEnd;
use crate::judge::require::{Resolved, applies, resolve, rule_end};
use crate::net::AddressSet;
use crate::rule::{
    FlowRequirement, HostName, Mode, Pack, Requirement, RequirementRule, Rule, Target, Targets, Truth, fact_addresses,
};

/// What a service asks for at one place.
#[derive(Default)]
pub(crate) struct Needs<'p> {
    /// All that is asked for, in the order of the rules.
    pub(crate) all: Vec<Need<'p>>,
    /// Facts that would decide what is needed, each with the rules that hang on it.
    pub(crate) open: BTreeMap<Arc<str>, Vec<RuleId>>,
    /// Facts that decide what is needed, with their values.
    pub(crate) facts: Vec<FactReport>,
    /// Why nothing of it is judged, when that is so.
    pub(crate) not_judged: Option<String>,
}

/// What one rule asks for.
pub(crate) struct Need<'p> {
    pub(crate) rule: &'p Rule,
    pub(crate) wanted: Wanted,
}

/// What is asked for, its other end named.
pub(crate) enum Wanted {
    /// Packets that must pass.
    Flow {
        flow: FlowRequirement,
        /// The other end, all of it needed. Empty: hosts are asked for.
        ends: Vec<RuleEnd>,
        /// The hosts that are asked for; where `ends` are given, those a firewall may let pass instead.
        hosts: Vec<String>,
    },
    /// Packets that must take a certain way.
    Route { ends: Vec<RuleEnd>, hop: NextHop },
    /// A way out of the subnet.
    Egress,
}

/// What a service asks for at the one place it stands on in an estate; `None` where it stands nowhere. Of alternatives it
/// is the first that the rule names, and before that addresses which a fact tells: they are the narrowest there is.
pub(crate) fn needs<'p>(pack: &'p Pack, estate: &Estate, requests: &Requests, service: &str) -> Option<Needs<'p>> {
    let found = find(estate, &pack.services, requests);
    let placement = found.placements.iter().find(|one| *one.service.name == *service)?;
    let by_hosts = placement.fact(BY_HOSTS) == Some(FactValue::Bool(true));
    let home = home(placement, estate);
    let mut needs = Needs { not_judged: placement.not_judged.clone(), ..Needs::default() };
    let bodies = || pack.rules.iter().filter_map(|rule| Some((rule, rule.requirement(service)?)));
    for (rule, body) in bodies() {
        match applies(placement, body) {
            Truth::No => continue,
            Truth::Unknown(facts) if is_built(body) => needs.ask(facts, rule),
            Truth::Unknown(_) | Truth::Yes => {}
        }
        match wanted(placement, &body.require, by_hosts, home.as_ref()) {
            Ok(Some(wanted)) => needs.all.push(Need { rule, wanted }),
            Ok(None) => {}
            Err(facts) => needs.ask(facts, rule),
        }
    }
    let deciding: Vec<Arc<str>> = bodies().flat_map(|(_, body)| body.applies.facts()).collect();
    let is_asked = |name: &str| name == "region" || name == "cloud" || deciding.iter().any(|fact| **fact == *name);
    let facts = placement.report(estate).facts;
    needs.facts = facts.into_iter().filter(|fact| fact.value.is_some() && is_asked(&fact.name)).collect();
    Some(needs)
}

/// Whether anything can be built for a requirement.
fn is_built(body: &RequirementRule) -> bool {
    !matches!(
        body.require,
        Requirement::Dependencies(_) | Requirement::Resolve(_) | Requirement::Admission(_) | Requirement::Subnet(_)
    )
}

impl Needs<'_> {
    fn ask(&mut self, facts: Vec<Arc<str>>, rule: &Rule) {
        for fact in facts {
            let rules = self.open.entry(fact).or_default();
            if !rules.contains(&rule.card.id) {
                rules.push(rule.card.id.clone());
            }
        }
    }
}

/// What a requirement wants here; `None` where there is nothing of it in this cloud, or nothing to build. The error holds
/// the facts that are missing.
fn wanted(
    placement: &Placement<'_>,
    require: &Requirement,
    by_hosts: bool,
    home: Option<&AddressSet>,
) -> Result<Option<Wanted>, Vec<Arc<str>>> {
    match require {
        Requirement::Flow(flow) => {
            let far = if flow.direction == Direction::Inbound { &flow.from } else { &flow.to };
            let Some(Picked { ends, hosts }) = picked(placement, far, home)? else { return Ok(None) };
            let names = match ends.is_empty() {
                true => named(placement, &hosts)?,
                false if by_hosts => named(placement, flow.hosts.of(cloud_of(placement)).unwrap_or_default())?,
                false => Vec::new(),
            };
            Ok(Some(Wanted::Flow { flow: flow.clone(), ends, hosts: names }))
        }
        Requirement::Route(route) => {
            let Some(Picked { ends, .. }) = picked(placement, &route.destination, home)? else { return Ok(None) };
            Ok(Some(Wanted::Route { ends, hop: route.next_hop }))
        }
        Requirement::Egress => Ok(Some(Wanted::Egress)),
        Requirement::Dependencies(_) | Requirement::Resolve(_) | Requirement::Admission(_) | Requirement::Subnet(_) => {
            Ok(None)
        }
    }
}

/// Targets that are enough.
struct Picked {
    ends: Vec<RuleEnd>,
    hosts: Vec<HostName>,
}

fn picked(
    placement: &Placement<'_>,
    far: &Targets,
    home: Option<&AddressSet>,
) -> Result<Option<Picked>, Vec<Arc<str>>> {
    let all: Vec<(&Target, Found)> = far.items.iter().map(|target| (target, found(placement, target, home))).collect();
    let mut there = all.into_iter().filter(|(_, found)| !matches!(found, Found::Nothing)).collect::<Vec<_>>();
    if far.mode == Mode::AnyOf {
        let is_fact = |(target, _): &(&Target, Found)| matches!(target, Target::Fact(_));
        let is_known = |(_, found): &(&Target, Found)| !matches!(found, Found::Missing(_));
        let first = there
            .iter()
            .position(|one| is_fact(one) && is_known(one))
            .or_else(|| there.iter().position(|one| !is_fact(one)))
            .unwrap_or(0);
        there = there.into_iter().skip(first).take(1).collect();
    }
    let mut picked = Picked { ends: Vec::new(), hosts: Vec::new() };
    for (_, found) in there {
        match found {
            Found::End(end) => picked.ends.push(end),
            Found::Hosts(hosts) => picked.hosts.extend(hosts),
            Found::Missing(facts) => return Err(facts),
            Found::Nothing => {}
        }
    }
    Ok((!picked.ends.is_empty() || !picked.hosts.is_empty()).then_some(picked))
}

/// What a target comes to.
enum Found {
    End(RuleEnd),
    Hosts(Vec<HostName>),
    Missing(Vec<Arc<str>>),
    Nothing,
}

fn found(placement: &Placement<'_>, target: &Target, home: Option<&AddressSet>) -> Found {
    match resolve(placement, target) {
        Resolved::Nothing => Found::Nothing,
        Resolved::Hosts(hosts) => Found::Hosts(hosts.to_vec()),
        Resolved::Missing(_) | Resolved::Region { .. } => Found::Missing(missing(placement, target)),
        Resolved::Party(..) => match rule_end(placement, target) {
            // A rule names a subnet by its addresses.
            Some(RuleEnd::Subnet) => match home {
                Some(prefixes) => Found::End(RuleEnd::Prefixes(prefixes.clone())),
                None => Found::Missing(vec![Arc::from(PREFIXES)]),
            },
            Some(end) => Found::End(end),
            None => Found::Nothing,
        },
    }
}

/// The addresses of the subnet: what a fact says, else what it is written with.
fn home(placement: &Placement<'_>, estate: &Estate) -> Option<AddressSet> {
    let told = placement.fact(PREFIXES).as_ref().and_then(fact_addresses);
    let written = || {
        let subnet = estate.subnets.get(placement.site.subnet?)?;
        let known: Option<Vec<&AddressSet>> = subnet.prefixes.iter().map(|one| one.known()).collect();
        known.filter(|known| !known.is_empty()).map(AddressSet::union_of)
    };
    told.or_else(written)
}

/// The fact that tells the addresses of the subnet.
const PREFIXES: &str = "subnet-prefixes";

fn missing(placement: &Placement<'_>, target: &Target) -> Vec<Arc<str>> {
    match target {
        Target::Fact(name) => vec![Arc::clone(name)],
        Target::Tag(template) => {
            let open = template.names().into_iter().filter(|name| placement.fact_text(name).is_none());
            open.map(Arc::from).collect()
        }
        _ => Vec::new(),
    }
}

/// Hosts with their facts filled in.
fn named(placement: &Placement<'_>, hosts: &[HostName]) -> Result<Vec<String>, Vec<Arc<str>>> {
    let names = hosts.iter().flat_map(|host| host.name.names());
    let open: Vec<Arc<str>> = names.filter(|name| placement.fact_text(name).is_none()).map(Arc::from).collect();
    if !open.is_empty() {
        return Err(open);
    }
    Ok(hosts.iter().map(|host| shown(placement, host)).collect())
}
