//! Traffic through every layer of a scene: network security groups, the route that wins, and the firewall it leads to
//! (ALG-2).
//!
//! Parts of one flow that take different routes are judged each by what they meet. What lies behind another appliance
//! or a gateway is not known here. Which appliance is a firewall of the input is told by `lead`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::{Access, CollectionKind, Direction, Estate, NextHop, Peer};
use crate::net::{Family, Special, Tag};
use crate::proof::after_route::Onward;
use crate::proof::explain::{alone, explain};
use crate::proof::firewall::Appliance;
use crate::proof::ground::{Ground, Party};
use crate::proof::hop::{Hop, Ruling};
use crate::proof::host::HostSet;
use crate::proof::judgement::{Alone, Flow, Judgement, Layer};
use crate::proof::prepared::{Prepared, Wall};
use crate::proof::scene::Scene;
use crate::proof::stage::{Author, Ends, Entry, Journey, Track};
use crate::proof::symbol::Meaning;
use crate::proof::verdict::Verdict;

/// The answer on traffic through all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct PathJudgement {
    /// The verdict, the layer that drops first, the witness and its way.
    pub judgement: Judgement,
    /// What each layer says of all that is required, as if the others let everything pass. Empty when satisfied.
    pub layers: Vec<(Layer, Alone)>,
    /// It passes, and some of it by the name of its host only.
    pub by_host_names: bool,
    /// What is taken for granted, as sentences without their full stop.
    pub assumptions: Vec<String>,
}

impl PathJudgement {
    /// The answer where no packet is asked for: no layer was looked at, and nothing is taken for granted.
    fn unasked(judgement: Judgement) -> Self {
        Self { judgement, layers: Vec::new(), by_host_names: false, assumptions: Vec::new() }
    }
}

/// A journey through all layers, and what was learnt on the way.
pub(crate) struct Passage<'s, 'a> {
    pub(crate) ground: Ground<'s, 'a>,
    pub(crate) journey: Journey<'a>,
    pub(crate) ends: Ends,
    pub(crate) assumptions: Vec<String>,
    /// Some of what passes does so by a rule that looks at its host.
    pub(crate) by_host_names: bool,
}

/// Which layers take part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of them.
    Whole,
    /// The security admin rules and the groups.
    Groups,
    /// The security admin rules.
    Admin,
    /// The group with this index.
    Group(usize),
    /// Routes only.
    Route,
    /// The firewall only, for what the routes lead to it.
    Firewall,
}

impl<'a> Scene<'a> {
    /// Judges traffic by the network security groups alone.
    pub fn judge(&self, flow: &Flow) -> Judgement {
        self.prepared().judge(flow)
    }

    /// Judges traffic by every layer it meets.
    pub fn judge_path(&self, flow: &Flow) -> Judgement {
        self.path(flow, None).judgement
    }

    /// Judges traffic by every layer it meets. `names`: the hosts behind the destination, all of them, by which a
    /// firewall may let it pass as well (AML-13).
    pub fn path(&self, flow: &Flow, names: Option<&HostSet>) -> PathJudgement {
        self.prepared().path(flow, names)
    }

    /// Judges traffic by a firewall or policy alone, whatever routes there are.
    pub fn judge_firewall(
        &self,
        estate: &'a Estate,
        appliance: Appliance<'a>,
        flow: &Flow,
        names: Option<&HostSet>,
    ) -> PathJudgement {
        self.prepared().judge_firewall(estate, appliance, flow, names)
    }
}

impl<'s, 'a> Prepared<'s, 'a> {
    /// Judges traffic by the network security groups alone.
    pub fn judge(&self, flow: &Flow) -> Judgement {
        self.scene.in_each_family(flow, |family| judged(flow, &self.passage(family, flow, None, Part::Groups)))
    }

    /// Judges traffic by every layer it meets. `names`: the hosts behind the destination, all of them, by which a
    /// firewall may let it pass as well (AML-13).
    pub fn path(&self, flow: &Flow, names: Option<&HostSet>) -> PathJudgement {
        if flow.direction == Direction::Inbound {
            return self.inbound(flow);
        }
        let learnt = RefCell::new(BTreeMap::new());
        let judgement = self.scene.in_each_family(flow, |family| {
            let passage = self.passage(family, flow, names, Part::Whole);
            let judgement = judged(flow, &passage);
            learnt.borrow_mut().insert(family, (passage.assumptions, passage.by_host_names));
            judgement
        });
        if judgement.asks_nothing {
            return PathJudgement::unasked(judgement);
        }
        let (assumptions, by_host_names) = learnt.take().remove(&judgement.family).unwrap_or_default();
        let satisfied = judgement.verdict == Verdict::Satisfied;
        let layers = if satisfied { Vec::new() } else { self.alone_each(flow, names, judgement.family) };
        let judgement = self.by_the_layer_alone(flow, names, judgement, &layers);
        PathJudgement { judgement, layers, by_host_names: satisfied && by_host_names, assumptions }
    }

    /// Judges traffic by a firewall or policy alone, whatever routes there are.
    pub fn judge_firewall(
        &self,
        estate: &'a Estate,
        appliance: Appliance<'a>,
        flow: &Flow,
        names: Option<&HostSet>,
    ) -> PathJudgement {
        let learnt = RefCell::new(BTreeMap::new());
        let judgement = self.scene.in_each_family(flow, |family| {
            let hosts = hosts_of(flow, names);
            let alone = self.alone(family, estate, appliance, hosts.is_some());
            let mut ground = alone.ground();
            let ends = Ends::new(&mut ground, &flow.from, &flow.to);
            let mut journey = start(&ends, flow, hosts);
            journey.through(&ground, &alone.stage);
            let by_host_names = names_decide(&journey);
            let assumptions = assumptions_of(&journey);
            let passage = Passage { ground, journey, ends, assumptions, by_host_names };
            let judgement = judged(flow, &passage);
            learnt.borrow_mut().insert(family, (passage.assumptions, by_host_names));
            judgement
        });
        let (assumptions, by_host_names) = learnt.take().remove(&judgement.family).unwrap_or_default();
        let by_host_names = by_host_names && judgement.verdict == Verdict::Satisfied;
        PathJudgement { judgement, layers: Vec::new(), by_host_names, assumptions }
    }

    /// Inbound traffic meets the groups; then the reply must find its way back (RT-8).
    fn inbound(&self, flow: &Flow) -> PathJudgement {
        let mut judgement = self.judge(flow);
        if judgement.asks_nothing {
            return PathJudgement::unasked(judgement);
        }
        if let Some(reply) = self.reply(flow)
            && !reply.asks_nothing
            && severity(reply.verdict) > severity(judgement.verdict)
        {
            judgement = reply;
        }
        let satisfied = judgement.verdict == Verdict::Satisfied;
        let layers = if satisfied { Vec::new() } else { self.alone_each(flow, None, judgement.family) };
        let judgement = self.by_the_layer_alone(flow, None, judgement, &layers);
        PathJudgement { judgement, layers, by_host_names: false, assumptions: self.no_admin_rules() }
    }

    fn no_admin_rules(&self) -> Vec<String> {
        self.scene.admin.is_empty().then(|| NO_ADMIN_RULES.to_owned()).into_iter().collect()
    }

    /// A violation as the layer shows it that drops some of it whatever the others do: changing the one where the witness
    /// happens to fall, which may well let it pass, would change nothing.
    fn by_the_layer_alone(
        &self,
        flow: &Flow,
        names: Option<&HostSet>,
        judgement: Judgement,
        layers: &[(Layer, Alone)],
    ) -> Judgement {
        let mut drop = layers.iter().filter(|(_, one)| one.verdict == Verdict::Violated).map(|(layer, _)| *layer);
        let Some(first) = drop.next().filter(|_| judgement.verdict == Verdict::Violated) else { return judgement };
        if judgement.layer == Some(first) || drop.any(|layer| judgement.layer == Some(layer)) {
            return judgement;
        }
        let mut own = self.layers(flow, names, judgement.family).into_iter();
        own.find(|(layer, _)| *layer == first).map_or(judgement, |(_, own)| own)
    }

    /// The judgement on the way back of inbound traffic, where it can fail.
    fn reply(&self, flow: &Flow) -> Option<Judgement> {
        is_public(&flow.from).then(|| self.judge_hops(&flow.from, &reply_ruling))
    }

    /// What each layer says of all that is required, as if the others let everything pass, in the order they are met.
    pub(crate) fn layers(&self, flow: &Flow, names: Option<&HostSet>, family: Family) -> Vec<(Layer, Judgement)> {
        let mut all = self.each_layer(flow, names, family, judged);
        if flow.direction == Direction::Inbound {
            all.extend(self.reply(flow).map(|reply| (Layer::Route, reply)));
        }
        all
    }

    /// The same without the reasons.
    fn alone_each(&self, flow: &Flow, names: Option<&HostSet>, family: Family) -> Vec<(Layer, Alone)> {
        let judge = |flow: &Flow, passage: &Passage<'_, '_>| {
            let decision = passage.journey.decide(&passage.ground, &passage.ends);
            alone(flow, &passage.journey, decision)
        };
        let mut all = self.each_layer(flow, names, family, judge);
        if flow.direction == Direction::Inbound {
            let alone = |reply: Judgement| Alone { verdict: reply.verdict, deciders: reply.deciders };
            all.extend(self.reply(flow).map(|reply| (Layer::Route, alone(reply))));
        }
        all
    }

    fn each_layer<T>(
        &self,
        flow: &Flow,
        names: Option<&HostSet>,
        family: Family,
        judge: impl Fn(&Flow, &Passage<'_, '_>) -> T,
    ) -> Vec<(Layer, T)> {
        let groups = self.scene.groups.iter().enumerate();
        let mut parts: Vec<(Layer, Part)> =
            groups.map(|(at, (level, _))| (Layer::Group(*level), Part::Group(at))).collect();
        match flow.direction {
            Direction::Outbound => {
                parts.push((Layer::Route, Part::Route));
                let walled = self.pass(family, flow).wall(hosts_of(flow, names).is_some()).is_some();
                parts.extend(walled.then_some((Layer::Firewall, Part::Firewall)));
            }
            Direction::Inbound => parts.reverse(),
        }
        if !self.scene.admin.is_empty() {
            parts.insert(0, (Layer::Admin, Part::Admin));
        }
        let mut all = Vec::new();
        for (layer, part) in parts {
            let passage = self.passage(family, flow, names, part);
            if !passage.journey.stages.is_empty() {
                all.push((layer, judge(flow, &passage)));
            }
        }
        all
    }

    /// Sends outbound traffic through the layers.
    pub(crate) fn passage(&self, family: Family, flow: &Flow, names: Option<&HostSet>, part: Part) -> Passage<'s, 'a> {
        let hosts = hosts_of(flow, names);
        let pass = self.pass(family, flow);
        // The groups alone ask nothing of the firewalls behind them.
        let wall = if matches!(part, Part::Groups | Part::Admin) { None } else { pass.wall(hosts.is_some()) };
        let mut ground = wall.map_or_else(|| pass.ground(), Wall::ground);
        let ends = Ends::new(&mut ground, &flow.from, &flow.to);
        let mut journey = start(&ends, flow, hosts);
        let admin = pass.admin.as_ref().filter(|_| matches!(part, Part::Whole | Part::Groups | Part::Admin));
        if let Some(admin) = admin {
            journey.through(&ground, &admin.stage);
        }
        for stage in &pass.groups {
            if matches!(part, Part::Whole | Part::Groups) || part == Part::Group(stage.group) {
                journey.through_parts(&ground, stage, |track| {
                    let bypass = admin.is_some_and(|admin| admin.passes_groups(track));
                    Some(if bypass { stage.own..stage.entries.len() } else { 0..stage.own })
                });
            }
        }
        let mut assumptions = self.no_admin_rules();
        let groups_alone = matches!(part, Part::Groups | Part::Group(_) | Part::Admin);
        if let Some(onward) = pass.onward.as_ref().filter(|_| !groups_alone) {
            assumptions.extend(onward.assumptions.iter().cloned());
            assumptions.extend(self.scene.may_learn_default().then(|| NO_LEARNT_DEFAULT.to_owned()));
            onward_through(&mut journey, &ground, onward, wall, part);
        }
        assumptions.extend((ground.is_tunnelled() && by_internet(&journey)).then(|| INTERNET_MATCHES.to_owned()));
        let by_host_names = names_decide(&journey);
        assumptions.extend(assumptions_of(&journey));
        Passage { ground, journey, ends, assumptions, by_host_names }
    }
}

/// Sends a journey along the routes, and through the firewalls they lead to.
fn onward_through<'a>(
    journey: &mut Journey<'a>,
    ground: &Ground<'_, 'a>,
    onward: &Onward<'a>,
    wall: Option<&Wall<'_, 'a>>,
    part: Part,
) {
    let at = journey.stages.len();
    journey.through(ground, &onward.stage);
    if part == Part::Firewall {
        // What does not come to the firewall is none of its business.
        let dropped = std::mem::take(&mut journey.dropped);
        journey.passed.extend(dropped);
    }
    let leads_to = |track: &Track| track.met.get(at).and_then(|met| onward.leads.get(met.first()).copied().flatten());
    let reached = journey.passed.iter().any(|track| leads_to(track).is_some());
    match wall.filter(|_| reached && part != Part::Route) {
        Some(wall) => {
            // What a firewall lets through has to find its way on as well; which of the two drops it first is all one.
            if let Some((stage, ranges)) = &wall.behind {
                journey
                    .through_parts(ground, stage, |track| leads_to(track).and_then(|index| ranges.get(index).cloned()));
            }
            journey.through_parts(ground, &wall.stage, |track| {
                leads_to(track).and_then(|index| wall.ranges.get(index).cloned())
            });
        }
        None if part == Part::Firewall => journey.stages.clear(),
        None => {}
    }
}

const NO_ADMIN_RULES: &str = "no security admin rule of a Virtual Network Manager applies";
const NO_LEARNT_DEFAULT: &str =
    "the gateway of the network, or of the peer whose gateway it uses, teaches the subnet no default route by BGP";
const INTERNET_MATCHES: &str =
    "in a network security group, `Internet` also matches what a route leads to an appliance or a gateway";
const NO_THREATS: &str = "threat intelligence and intrusion detection of the firewall drop nothing of it";
const NO_CATEGORIES: &str = "no web category that the firewall denies holds its hosts";
const SAME_NAMES: &str = "clients resolve names through the firewall's DNS proxy";

/// The hosts of the packets, where they are known.
fn hosts_of<'f>(flow: &'f Flow, names: Option<&'f HostSet>) -> Option<&'f HostSet> {
    match &flow.to {
        Party::Hosts(hosts) | Party::Untagged(hosts) => Some(hosts),
        _ => names.filter(|names| !names.is_empty()),
    }
}

fn start<'a>(ends: &Ends, flow: &Flow, hosts: Option<&HostSet>) -> Journey<'a> {
    let mut cells = ends.cells(flow.protocols, &flow.ports);
    if let Some(hosts) = hosts {
        let hosts = Arc::new(hosts.clone());
        cells.iter_mut().for_each(|cell| cell.hosts = Arc::clone(&hosts));
    }
    Journey::new(cells)
}

fn judged(flow: &Flow, passage: &Passage<'_, '_>) -> Judgement {
    let decision = passage.journey.decide(&passage.ground, &passage.ends);
    explain(&passage.ground, flow, &passage.journey, decision, &passage.ends)
}

/// The entries of firewalls that let something pass; of several that share it, which look at no host, the first.
fn opening<'j, 'a>(journey: &'j Journey<'a>) -> impl Iterator<Item = &'j Entry<'a>> {
    let last = journey.stages.last().filter(|stage| stage.layer == Layer::Firewall);
    let at = journey.stages.len().saturating_sub(1);
    last.into_iter().flat_map(move |stage| {
        journey.passed.iter().filter_map(move |track| stage.entries.get(track.met.get(at)?.first()))
    })
}

/// Whether a rule of a group that names `Internet` lets something pass.
fn by_internet(journey: &Journey<'_>) -> bool {
    let is_internet = |name: &str| Tag::read(name, None).tag().and_then(Tag::special) == Some(Special::Internet);
    let names = |entry: &Entry<'_>| match &entry.author {
        Author::BuiltIn(rule, _) => is_internet(rule.destination),
        Author::Rule(rule, _) => rule
            .destinations
            .items
            .iter()
            .any(|item| matches!(item.known(), Some(Peer::Tag(name)) if is_internet(name))),
        _ => false,
    };
    let groups = journey.stages.iter().enumerate().filter(|(_, stage)| matches!(stage.layer, Layer::Group(_)));
    groups.into_iter().any(|(at, stage)| {
        let met = journey.passed.iter().filter_map(|track| track.met.get(at));
        met.flat_map(|met| met.all()).any(|entry| stage.entries.get(entry).is_some_and(names))
    })
}

fn names_decide(journey: &Journey<'_>) -> bool {
    opening(journey).any(|entry| entry.clause.hosts.is_some())
}

/// What is taken for granted about the firewalls on the way.
fn assumptions_of(journey: &Journey<'_>) -> Vec<String> {
    let Some(stage) = journey.stages.last().filter(|stage| stage.layer == Layer::Firewall) else {
        return Vec::new();
    };
    let mut all = vec![NO_THREATS];
    let categories = |entry: &&Entry<'_>| matches!(&entry.author, Author::Firewall(_, Some(rule)) if !rule.web_categories.is_empty());
    if stage.entries.iter().filter(categories).any(|entry| entry.access == Access::Deny) {
        all.push(NO_CATEGORIES);
    }
    let network = |entry: &Entry<'_>| match &entry.author {
        Author::Firewall(_, Some(rule)) => rule.kind.known() == Some(&CollectionKind::Network),
        _ => false,
    };
    if opening(journey).any(|entry| entry.clause.hosts.is_some() && network(entry)) {
        all.push(SAME_NAMES);
    }
    all.into_iter().map(str::to_owned).collect()
}

fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Satisfied => 0,
        Verdict::Undecided => 1,
        Verdict::Violated => 2,
    }
}

/// Replies to the internet must not leave through an appliance or a gateway that has not seen the request.
fn reply_ruling(hop: &Hop) -> Ruling {
    match hop {
        Hop::To(NextHop::Drop | NextHop::VirtualAppliance | NextHop::VirtualNetworkGateway)
        | Hop::Appliance(_)
        | Hop::HubFirewall(_)
        | Hop::Lost(_) => Ruling::Drop,
        Hop::Doubtful(_, doubt) => {
            Ruling::Depends(Meaning::World(Arc::from(format!("reply {}", doubt.message))), doubt.clone())
        }
        Hop::To(_) | Hop::Platform => Ruling::Pass,
        Hop::Unknown(key, doubt) => Ruling::Depends(Meaning::World(Arc::from(format!("reply {key}"))), doubt.clone()),
    }
}

/// Whether a party is out on the internet.
fn is_public(party: &Party) -> bool {
    match party {
        Party::Tag(tag) => tag.special().is_none_or(|special| special == Special::Internet),
        Party::Regional(..) | Party::Hosts(_) | Party::Untagged(_) => true,
        Party::Addresses(set) => !set.is_empty() && set.is_subset(crate::proof::ground::public_space()),
        Party::Subnet | Party::Any => false,
    }
}
