//! What a service itself says it needs: each port of each endpoint of a saved answer, judged as a flow (SHAPE-15).
//!
//! Reading the answers is the work of `estate`. A host is judged by its name; where other rules say which service tag
//! holds it, a network that opens the tag opens the host (AML-13).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::estate::{Dependencies, Dependency, DependencyEndpoint, Direction, Estate};
use crate::finding::Layer;
use crate::finding::{Finding, Label, Verdict};
use crate::judge::diagnose::diagnose;
use crate::judge::fixes::{Given, Proposal, Subject, propose};
use crate::judge::placement::Placement;
use crate::judge::question::{Answer, cloud_of};
use crate::judge::require::{self, Judged};
use crate::net::{PortSet, ProtocolSet, Region};
use crate::proof::{HostPattern, Prepared};
use crate::rule::Rule;
use crate::rule::Template;
use crate::rule::{
    DependencyRequirement, FlowRequirement, Matching, Mode, Requirement, RequirementRule, Target, Targets,
};
use crate::rule::{HostName, Hosts};

/// A rule about dependencies, and the placement it is asked of.
pub(crate) struct Asking<'x, 's, 'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) placement: &'x Placement<'a>,
    pub(crate) scene: &'x Prepared<'s, 'a>,
    pub(crate) rules: &'x [Rule],
    pub(crate) rule: &'x Rule,
    pub(crate) body: &'x RequirementRule,
    pub(crate) given: &'x RefCell<Given>,
}

/// What came of one endpoint and port.
struct NeedAnswer<'x> {
    need: &'x Dependency,
    body: RequirementRule,
    judged: Judged,
    finding: Option<Finding>,
}

const BY_TAG: &str = "a host that the documentation puts into a service tag has its addresses there";

/// Judges every endpoint and port that the placement's own workspace says it needs, each once.
pub(crate) fn judge(asking: &Asking<'_, '_, '_>, what: &DependencyRequirement) -> Vec<(Judged, Option<Finding>)> {
    let known = asking.known_hosts();
    let mut seen = BTreeSet::new();
    let own = asking.estate.dependencies.iter().filter(|one| concerns(asking.placement, one));
    let mut answers: Vec<NeedAnswer<'_>> = Vec::new();
    for need in own.flat_map(|one| &one.needed) {
        let protocols = what.protocols_of(need);
        if seen.insert((need.name.to_ascii_lowercase(), need.port, protocols.to_string())) {
            answers.push(asking.answer(need, protocols, &known));
        }
    }
    asking.join_fixes(&mut answers);
    answers.into_iter().map(|answer| (answer.judged, answer.finding)).collect()
}

impl DependencyRequirement {
    /// The protocols of an endpoint: those it names, or else what its port is for.
    fn protocols_of(&self, need: &Dependency) -> ProtocolSet {
        let is_udp = self.udp_ports.contains(need.port);
        need.protocol.unwrap_or(if is_udp { ProtocolSet::UDP } else { self.protocols })
    }
}

/// Whether an answer can be of the workspace that a placement belongs to.
pub(crate) fn concerns(placement: &Placement<'_>, answer: &Dependencies) -> bool {
    let region = answer.region.as_deref().and_then(Region::by_name);
    if let (Some(region), Some(own)) = (region, placement.fact_text("workspace-region"))
        && region.location != own
    {
        return false;
    }
    let Some((id, _)) = &answer.workspace else { return true };
    placement.belongs_to.is_empty() || placement.belongs_to.iter().any(|header| is_of(&header.key, id))
}

/// Whether a resource can be a workspace or part of it. A resource that shows no id in full is told by names.
fn is_of(key: &str, workspace: &str) -> bool {
    if key.starts_with("/subscriptions/") && !key.contains('{') {
        return key.strip_prefix(workspace).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    let name = |id: &str| id.split_once("/workspaces/").and_then(|(_, rest)| rest.split('/').next().map(str::to_owned));
    match (name(key), name(workspace)) {
        (Some(one), Some(other)) => one.contains('{') || one == other,
        _ => true,
    }
}

/// Hosts that a rule names.
struct Known<'x> {
    patterns: Vec<HostPattern>,
    /// The service tags that hold them; `None`: they are in no tag of one service.
    to: Option<&'x Targets>,
}

impl Known<'_> {
    fn covers(&self, host: &HostPattern) -> bool {
        self.patterns.iter().any(|pattern| pattern.covers(host))
    }
}

impl<'x, 'sc, 'a> Asking<'x, 'sc, 'a> {
    /// The hosts of the placement's cloud whose service tags the rules of its service know.
    fn known_hosts(&self) -> Vec<Known<'x>> {
        let cloud = cloud_of(self.placement);
        // A name that begins with what is not known, as that of a storage account, stands for every such name.
        let fill = |host: &HostName| {
            let open = |name: &str| host.name.as_str().starts_with(&format!("{{{name}}}.")).then(|| "*".to_owned());
            let text = host.name.fill(|name| self.placement.fact_text(name).or_else(|| open(name))).ok()?;
            HostPattern::read(&text)
        };
        let mut known: Vec<Known<'x>> = Vec::new();
        for rule in self.rules {
            let Some(body) = rule.requirement(&self.body.service) else { continue };
            let Requirement::Flow(flow) = &body.require else { continue };
            if flow.direction != Direction::Outbound {
                continue;
            }
            let behind = flow.hosts.of(cloud).unwrap_or_default();
            if flow.to.items.iter().all(|target| matches!(target, Target::Tag(_))) {
                known.push(Known { patterns: behind.iter().filter_map(fill).collect(), to: Some(&flow.to) });
            }
            for target in &flow.to.items {
                let Target::Hosts(hosts) = target else { continue };
                let hosts = hosts.of(cloud).unwrap_or_default().iter().filter(|host| host.in_no_tag);
                known.push(Known { patterns: hosts.filter_map(fill).collect(), to: None });
            }
        }
        known
    }

    fn answer<'n>(&self, need: &'n Dependency, protocols: ProtocolSet, known: &[Known<'_>]) -> NeedAnswer<'n> {
        let (body, mut judged) = self.judged(need, protocols, known);
        judged.flow = format!("outbound {protocols} {} to {}", need.port, need.name);
        // The rules to paste are made for all flows together.
        let aside = RefCell::new(self.given.borrow().clone());
        let finding = diagnose(&self.subject(&body, &judged, &aside)).map(|mut finding| {
            let message = match &*need.category {
                "" => "needed by the service".to_owned(),
                category => format!("needed for {category}"),
            };
            finding.related.push(Label { span: need.span, message });
            if finding.undecided {
                // Each host has a doubt of its own; what stands behind all of them is the same.
                let decider = judged.judgement().and_then(|one| one.deciders.first());
                let name = decider.map(|decider| decider.name.to_string()).unwrap_or_default();
                finding.cause = Some(format!("is undecided: {} {name}", self.rule.card.id));
            }
            finding
        });
        NeedAnswer { need, body, judged, finding }
    }

    /// A host by its name, and where that cannot tell or does not suffice by the service tags that hold it.
    fn judged(&self, need: &Dependency, protocols: ProtocolSet, known: &[Known<'_>]) -> (RequirementRule, Judged) {
        let one = |target: Target| Targets { mode: Mode::AnyOf, items: vec![target] };
        let flow = |to: Targets, hosts: Hosts| FlowRequirement {
            direction: Direction::Outbound,
            protocols,
            ports: PortSet::range(need.port, need.port),
            from: one(Target::Subnet),
            to,
            matching: Matching::Effective,
            layers: Vec::new(),
            hosts,
        };
        let text = |text: &str| Template::parse(text).expect("names of endpoints hold no braces");
        let host = match &need.endpoint {
            DependencyEndpoint::Host(host) => host,
            DependencyEndpoint::Tag(tag) => {
                return self.of_flow(flow(one(Target::Tag(text(&tag.to_string()))), Hosts::default()));
            }
            DependencyEndpoint::Addresses(set) => {
                return self.of_flow(flow(one(Target::Prefix(set.clone())), Hosts::default()));
            }
        };
        let pattern = HostPattern::read(host);
        let knows = |known: &&Known<'_>| pattern.as_ref().is_some_and(|host| known.covers(host));
        let (tagged, untagged): (Vec<&Known<'_>>, Vec<&Known<'_>>) =
            known.iter().filter(knows).partition(|known| known.to.is_some());
        let named = Hosts::one(text(host));
        let (body, mut judged) = if need.addresses.is_empty() {
            let hosts = if untagged.is_empty() { named.clone() } else { named.clone().in_no_tag() };
            self.of_flow(flow(one(Target::Hosts(hosts)), Hosts::default()))
        } else {
            self.of_flow(flow(one(Target::Prefix(need.addresses.clone())), named.clone()))
        };
        judged.peer = host.to_string();
        if let Some(answer) = &mut judged.answer {
            answer.blocked = vec![host.to_string()];
            answer.unnamed.clear();
        }
        if !matches!(judged.verdict(), Some(Verdict::Undecided | Verdict::Violated)) || tagged.is_empty() {
            return (body, judged);
        }
        let tags = tagged.iter().filter_map(|known| known.to);
        let mut by_tags: Vec<(RequirementRule, Judged)> =
            tags.map(|to| self.of_flow(flow(to.clone(), named.clone()))).collect();
        by_tags.iter_mut().for_each(|(_, judged)| judged.assumptions.push(BY_TAG.to_owned()));
        let all = by_tags.iter().all(|(_, one)| one.verdict() == Some(Verdict::Satisfied));
        let blocked = by_tags.iter().position(|(_, one)| one.verdict() == Some(Verdict::Violated));
        match blocked {
            None if all => by_tags.swap_remove(0),
            Some(at) => by_tags.swap_remove(at),
            None => (body, judged),
        }
    }

    fn of_flow(&self, flow: FlowRequirement) -> (RequirementRule, Judged) {
        let body = RequirementRule { require: Requirement::Flow(flow), ..self.body.clone() };
        let judged = require::judge(self.estate, self.placement, self.scene, &body);
        (body, judged)
    }

    fn subject<'s>(
        &'s self,
        body: &'s RequirementRule,
        judged: &'s Judged,
        given: &'s RefCell<Given>,
    ) -> Subject<'s, 'a> {
        let Self { estate, placement, rule, .. } = *self;
        let scene = self.scene.scene();
        Subject { estate, placement, scene, rule, body, judged, given }
    }

    /// One rule to paste for all hosts that one cause stops, and one for each service tag, instead of one for each flow.
    fn join_fixes(&self, answers: &mut [NeedAnswer<'_>]) {
        let mut groups: BTreeMap<FixKey, Vec<usize>> = BTreeMap::new();
        for (at, answer) in answers.iter().enumerate() {
            let Some(finding) = answer.finding.as_ref().filter(|finding| finding.snippet.is_some()) else { continue };
            let Requirement::Flow(flow) = &answer.body.require else { continue };
            // An application rule holds for the web alone.
            let at_firewall = answer.judged.judgement().is_some_and(|one| one.layer == Some(Layer::Firewall));
            groups
                .entry(FixKey {
                    cause: finding.cause.clone().unwrap_or_default(),
                    is_tcp: flow.protocols == ProtocolSet::TCP,
                    is_web: at_firewall && [80, 443].contains(&answer.need.port),
                    peer: (!is_host(&answer.body)).then(|| answer.judged.peer.clone()),
                })
                .or_default()
                .push(at);
        }
        let mut names = BTreeSet::new();
        for (key, group) in groups {
            let Some(joined) = self.joined(&group, answers, &key.name(&mut names)) else { continue };
            for at in group {
                if let Some(finding) = &mut answers[at].finding {
                    finding.snippet.clone_from(&joined.snippet);
                    finding.fixes.clone_from(&joined.fixes);
                }
            }
        }
    }

    fn joined(&self, group: &[usize], answers: &[NeedAnswer<'_>], name: &str) -> Option<Proposal> {
        let first = answers.get(*group.first()?)?;
        let Requirement::Flow(flow) = &first.body.require else { return None };
        let mut flow = flow.clone();
        let all = || group.iter().filter_map(|at| answers.get(*at));
        let ports = all().map(|answer| PortSet::range(answer.need.port, answer.need.port));
        flow.ports = ports.fold(PortSet::empty(), |all, port| all.union(&port));
        let hosts = |of: fn(&Judged) -> &[String]| {
            all().flat_map(|answer| of(&answer.judged)).cloned().collect::<BTreeSet<String>>().into_iter().collect()
        };
        let (blocked, unnamed) = (hosts(Judged::blocked), hosts(Judged::unnamed));
        let answer = first.judged.answer.clone().map(|answer| Answer { blocked, unnamed, ..answer });
        let judged = Judged { answer, part: Some(name.to_owned()), ..first.judged.clone() };
        let body = RequirementRule { require: Requirement::Flow(flow), ..self.body.clone() };
        let judgement = first.judged.judgement()?;
        let undecided = first.judged.verdict() == Some(Verdict::Undecided);
        let proposal = (!undecided).then(|| propose(&self.subject(&body, &judged, self.given), judgement))?;
        proposal.snippet.is_some().then_some(proposal)
    }
}

/// Flows that one rule to paste can let pass together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct FixKey {
    cause: String,
    is_tcp: bool,
    is_web: bool,
    /// The service tag or addresses; `None`: hosts.
    peer: Option<String>,
}

impl FixKey {
    /// What the rule is called, after the rule of ours: no two of one placement alike.
    fn name(&self, taken: &mut BTreeSet<String>) -> String {
        let peer = self.peer.as_deref().unwrap_or("hosts").split(['.', ' ']).next().unwrap_or_default();
        let plain = peer.bytes().all(|byte| byte.is_ascii_alphabetic());
        let name = if plain { peer.to_ascii_lowercase() } else { "addresses".to_owned() };
        let mut free = name.clone();
        let mut number = 1_usize;
        while !taken.insert(free.clone()) {
            number += 1;
            free = format!("{name}-{number}");
        }
        free
    }
}

/// Whether a flow goes to a host rather than to a service tag or address.
fn is_host(body: &RequirementRule) -> bool {
    let Requirement::Flow(flow) = &body.require else { return false };
    let by_address = |target: &Target| matches!(target, Target::Prefix(_)) && !flow.hosts.is_empty();
    flow.to.items.iter().any(|target| matches!(target, Target::Hosts(_)) || by_address(target))
}
