//! Requirement rules against placements: which traffic is asked for, and what the proof says about it.
//!
//! Putting a judgement into a finding is the work of `diagnose`.

use std::sync::Arc;

use crate::estate::{Direction, Estate};
use crate::finding::{Applies, DeciderKind, Layer, LayerReport, PathReport, RequirementReport, Verdict};
use crate::json::{Reason, Unknown};
use crate::judge::placement::Placement;
use crate::judge::question::{Answer, FlowQuestion, cloud_of, named_regions, shown};
use crate::judge::receive::Receivers;
use crate::judge::remedy::RuleEnd;
use crate::judge::site::scene_of;
use crate::judge::subnet;
use crate::net::{AddressSet, Cloud, Pair, Region, Tag, TagData};
use crate::proof::{self, Doubt, Judgement, Party, Prepared, Scene};
use crate::rule::{
    AskedLayer, FlowRequirement, HostName, Mode, Requirement, RequirementRule, RouteRequirement, Target, Targets,
    Template, Truth, fact_addresses,
};
use crate::source::{FileId, Span};

/// What a proof came to for one requirement of one placement.
#[derive(Clone)]
pub(crate) struct Judged {
    pub(crate) applies: Applies,
    /// Facts that would decide whether it applies.
    pub(crate) open_facts: Vec<Arc<str>>,
    /// The requirement in a few words.
    pub(crate) flow: String,
    /// Whether the other end begins.
    pub(crate) inbound: bool,
    /// Who the other end is, in words.
    pub(crate) peer: String,
    /// The other end as a rule can name it; of alternatives the first that is known.
    pub(crate) ends: Vec<RuleEnd>,
    /// The traffic flows whatever the verdict is.
    pub(crate) advice: bool,
    /// What the proof says; `None` when it does not apply, or when there was nothing to ask the proof about.
    pub(crate) answer: Option<Answer>,
    /// What the proof took for granted.
    pub(crate) assumptions: Vec<String>,
    /// Why it is undecided although no layer doubts anything: nothing to judge was shown, a fact is missing.
    pub(crate) unshown: Option<Doubt>,
    /// The subnet at the far end whose guards decide, where those of the placement let it pass.
    pub(crate) receiver: Option<String>,
    /// Which flow it is, of several that one rule asks for: tells the rules to paste apart.
    pub(crate) part: Option<String>,
}

/// What the layers know of a placement: its site, and the facts that say more.
pub(crate) fn scene<'a>(estate: &'a Estate, placement: &Placement<'_>, tags: Option<&'a TagData>) -> Scene<'a> {
    let mut scene = scene_of(estate, &placement.site, tags);
    if let Some(region) = placement.fact_text("region") {
        scene = scene.in_location(&region);
    }
    // What does not say its cloud is in the one its rules name a region of, else in the public one.
    scene.cloud = scene.cloud.or_else(|| {
        let said = placement.fact_text("cloud");
        let named = || named_regions(estate, placement).first().map(|region| region.cloud);
        let said = said.and_then(|cloud| Cloud::ALL.into_iter().find(|one| one.as_str() == cloud));
        said.or_else(named).or(Some(Cloud::Public))
    });
    let given = |name: &str| {
        let fact = placement.facts.get(name)?;
        let shown = fact.from == "estate";
        (!shown).then(|| fact.value.as_ref().and_then(fact_addresses)).flatten()
    };
    if let Some(prefixes) = given("subnet-prefixes") {
        scene = scene.with_subnet(prefixes);
    }
    if let Some(prefixes) = given("network-prefixes") {
        scene = scene.with_network(prefixes);
    }
    scene
}

/// Judges one requirement of one placement.
pub(crate) fn judge<'a>(
    estate: &'a Estate,
    placement: &Placement<'a>,
    scene: &Prepared<'_, 'a>,
    rule: &RequirementRule,
) -> Judged {
    let (applies, open_facts) = match applies(placement, rule) {
        Truth::Yes => (Applies::Yes, Vec::new()),
        Truth::No => (Applies::No, Vec::new()),
        Truth::Unknown(facts) => (Applies::Unknown, facts),
    };
    let mut judged = Judged {
        applies,
        open_facts,
        flow: describe(placement, &rule.require),
        inbound: matches!(&rule.require, Requirement::Flow(flow) if flow.direction == Direction::Inbound),
        peer: peer_words(placement, &rule.require),
        ends: rule_ends(placement, &rule.require),
        advice: rule.advice,
        answer: None,
        assumptions: Vec::new(),
        unshown: None,
        receiver: None,
        part: None,
    };
    if applies == Applies::No {
        return judged;
    }
    match &rule.require {
        Requirement::Flow(flow) => judge_flow(estate, placement, scene, flow, &mut judged),
        Requirement::Route(route) => judge_route(placement, scene, route, &mut judged),
        Requirement::Egress => judge_egress(placement, scene, &mut judged),
        Requirement::Subnet(what) => match subnet::judge(estate, placement, what) {
            Ok(answer) => judged.answer = Some(answer),
            Err(doubt) => judged.unshown = Some(doubt),
        },
        // Each of them is asked for by itself.
        Requirement::Dependencies(_) | Requirement::Resolve(_) | Requirement::Admission(_) => {}
    }
    judged.assumptions.extend(rule.assumes.iter().map(ToString::to_string));
    judged
}

/// Whether a rule asks for anything of a placement.
pub(crate) fn applies(placement: &Placement<'_>, rule: &RequirementRule) -> Truth {
    let lookup = |name: &str| placement.fact(name);
    Truth::all([rule.applies.holds(&lookup), cloud_holds(placement, &rule.clouds)])
}

fn cloud_holds(placement: &Placement<'_>, clouds: &[Cloud]) -> Truth {
    if clouds.is_empty() {
        return Truth::Yes;
    }
    match placement.fact_text("cloud") {
        Some(cloud) => clouds.iter().any(|one| one.as_str() == cloud).into(),
        // An input that does not say so is taken for the public cloud, as its catalogue is.
        None => clouds.contains(&Cloud::Public).into(),
    }
}

/// One target as a proof understands it.
pub(crate) enum Resolved<'r> {
    /// A party of a flow, and its name for users.
    Party(Party, String),
    /// A tag of a region that is not known, and the fact that would tell.
    Region { tag: Tag, fact: Arc<str>, unknown: Arc<Unknown> },
    /// Hosts, all of them.
    Hosts(&'r [HostName]),
    /// Facts are missing.
    Missing(Doubt),
    /// There is no such place: a region without a pair asks for nothing more (TAG-17).
    Nothing,
}

fn judge_flow<'a>(
    estate: &'a Estate,
    placement: &Placement<'a>,
    scene: &Prepared<'_, 'a>,
    flow: &FlowRequirement,
    judged: &mut Judged,
) {
    if let Some(doubt) = nothing_shown(placement, &flow.layers) {
        judged.unshown = Some(doubt);
        return;
    }
    let (near, far) = match flow.direction {
        Direction::Inbound => (&flow.to, &flow.from),
        Direction::Outbound => (&flow.from, &flow.to),
    };
    let near = match near.items.first().map(|target| resolve(placement, target)) {
        Some(Resolved::Party(party, _)) => party,
        _ => Party::Subnet,
    };
    let question = FlowQuestion { estate, placement, scene, flow, near: &near };
    let Some(told) = decisive(answers(&question, far), far.mode, |told| told.as_ref().ok().map(|answer| &answer.path))
    else {
        // The cloud has nothing of it.
        judged.applies = Applies::No;
        return;
    };
    match told {
        Ok(mut answer) => {
            judged.assumptions = std::mem::take(&mut answer.path.assumptions);
            judged.answer = Some(answer);
        }
        Err(doubt) => judged.unshown = Some(doubt),
    }
    if flow.direction == Direction::Outbound {
        judge_receivers(estate, placement, scene, flow, judged);
    }
}

/// What the proof says of one target; the doubt where it cannot be asked.
type TargetAnswer = Result<Answer, Doubt>;

/// The answers on the targets of a flow, up to the first that decides for all of them. Empty: the cloud has none of them.
fn answers(question: &FlowQuestion<'_, '_, '_>, far: &Targets) -> Vec<TargetAnswer> {
    let placement = question.placement;
    let resolved: Vec<Resolved<'_>> = far.items.iter().map(|target| resolve(placement, target)).collect();
    // A fact that is not known takes no part beside targets that are: these are what the sources name.
    let known = resolved.iter().any(|one| !matches!(one, Resolved::Missing(_) | Resolved::Nothing));
    let mut told: Vec<TargetAnswer> = Vec::new();
    for target in resolved {
        told.push(match target {
            Resolved::Party(party, _) => Ok(question.party(party)),
            Resolved::Region { tag, fact, unknown } => Ok(question.region(tag, fact, unknown)),
            Resolved::Hosts(hosts) => Ok(question.hosts(hosts)),
            Resolved::Nothing => continue,
            Resolved::Missing(_) if known && far.mode == Mode::AnyOf => continue,
            Resolved::Missing(doubt) => Err(doubt),
        });
        if told.last().is_some_and(|one| rank(one.as_ref().ok().map(verdict_of), far.mode) == 0) {
            break;
        }
    }
    told
}

fn verdict_of(answer: &Answer) -> Verdict {
    answer.path.verdict
}

/// The answer that decides for all targets: of alternatives the best, of several that are needed the worst. `of` is what
/// the proof says in an answer, `None` where it could not be asked.
fn decisive<T>(mut told: Vec<T>, mode: Mode, of: fn(&T) -> Option<&Judgement>) -> Option<T> {
    // A target that no packet can go to says nothing of the others.
    let is_empty = |one: &T| of(one).is_some_and(|judgement| judgement.asks_nothing);
    if !told.iter().all(is_empty) {
        told.retain(|one| !is_empty(one));
    }
    // Stable: of equal answers the first target's, which is the one the sources name.
    told.sort_by_key(|one| rank(of(one).map(|judgement| judgement.verdict), mode));
    told.into_iter().next()
}

/// How much a verdict on one target decides for all of them: 0 decides, 1 leaves it open, 2 asks for the others.
fn rank(verdict: Option<Verdict>, mode: Mode) -> u8 {
    match (verdict, mode) {
        (None | Some(Verdict::Undecided), _) => 1,
        (Some(Verdict::Satisfied), Mode::AnyOf) | (Some(Verdict::Violated), Mode::AllOf) => 0,
        (Some(Verdict::Satisfied), Mode::AllOf) | (Some(Verdict::Violated), Mode::AnyOf) => 2,
    }
}

/// Addresses that a fact tells are in subnets of the network or its peers, which let traffic in or do not: the worst of
/// what they say counts, where the placement's own guards say nothing worse.
fn judge_receivers<'a>(
    estate: &'a Estate,
    placement: &Placement<'a>,
    scene: &Prepared<'_, 'a>,
    flow: &FlowRequirement,
    judged: &mut Judged,
) {
    let told = flow.to.items.iter().filter_map(|target| match target {
        Target::Fact(name) => placement.fact(name).as_ref().and_then(fact_addresses),
        _ => None,
    });
    let addresses = told.fold(AddressSet::empty(), |all, one| all.union(&one));
    let worse = |than: Verdict, one: Verdict| match than {
        Verdict::Satisfied => one != Verdict::Satisfied,
        Verdict::Undecided => one == Verdict::Violated,
        Verdict::Violated => false,
    };
    let Some(answer) = judged.answer.as_mut().filter(|own| verdict_of(own) != Verdict::Violated) else { return };
    if addresses.is_empty() {
        return;
    }
    let Some(from) = scene.scene().subnet.clone().map(Party::Addresses) else { return };
    let leaving = proof::Flow {
        direction: flow.direction,
        protocols: flow.protocols,
        from: from.clone(),
        to: Party::Addresses(addresses.clone()),
        ports: flow.ports.clone(),
        matching: proof::Matching::Effective,
    };
    let (sender, tags) = (placement.site.subnet, scene.scene().tags);
    for receiver in &Receivers::of(estate, sender, &addresses, true, tags, &placement.doors).all {
        let judgement = receiver.judge(&leaving, &from);
        if worse(verdict_of(answer), judgement.verdict) {
            judged.receiver = Some(receiver.site.title(estate));
            // What the layers of the placement itself say stays.
            let layers = std::mem::take(&mut answer.path.layers);
            answer.path = Judgement { layers, by_host_names: answer.path.by_host_names, ..judgement };
        }
    }
}

/// A requirement on routes: of several destinations all must take the hop, or one, as the rule says.
fn judge_route(placement: &Placement<'_>, scene: &Prepared<'_, '_>, route: &RouteRequirement, judged: &mut Judged) {
    if let Some(doubt) = nothing_shown(placement, &[AskedLayer::Route]) {
        judged.unshown = Some(doubt);
        return;
    }
    let mut answers: Vec<Judgement> = Vec::new();
    let mut missing = None;
    for target in &route.destination.items {
        match resolve(placement, target) {
            Resolved::Party(party, _) => answers.push(scene.judge_route(&party, route.next_hop)),
            Resolved::Region { tag, unknown, .. } => {
                // A route for the whole tag holds in every region.
                let whole = scene.judge_route(&Party::Tag(tag), route.next_hop);
                let regional = Party::Regional(tag, unknown);
                let settled = whole.verdict == Verdict::Satisfied;
                answers.push(if settled { whole } else { scene.judge_route(&regional, route.next_hop) });
            }
            Resolved::Hosts(_) => missing = Some(Doubt::new("where a host is cannot be told")),
            Resolved::Missing(doubt) => missing = Some(doubt),
            Resolved::Nothing => {}
        }
    }
    // What is not known of one target leaves open whether all of them take the hop.
    let decided = |one: &Judgement| route.destination.mode == Mode::AnyOf || one.verdict != Verdict::Satisfied;
    match decisive(answers, route.destination.mode, |one| Some(one)).filter(|one| missing.is_none() || decided(one)) {
        Some(judgement) => judged.answer = Some(Answer::of(judgement)),
        None => judged.unshown = missing,
    }
}

/// A requirement on a way out: default outbound access does not count.
fn judge_egress(placement: &Placement<'_>, scene: &Prepared<'_, '_>, judged: &mut Judged) {
    if let Some(doubt) = nothing_shown(placement, &[AskedLayer::Route]) {
        judged.unshown = Some(doubt);
        return;
    }
    judged.answer = Some(Answer::of(scene.egress().judgement));
}

/// What is missing when no layer that the requirement asks about is among the input.
fn nothing_shown(placement: &Placement<'_>, layers: &[AskedLayer]) -> Option<Doubt> {
    let site = &placement.site;
    let asked = |layer: AskedLayer| layers.is_empty() || layers.contains(&layer);
    let shown = (asked(AskedLayer::Nsg)
        && (site.subnet.is_some() || site.nsg.is_some() || site.interface_nsg.is_some()))
        || (asked(AskedLayer::Route) && (site.subnet.is_some() || site.route_table.is_some()))
        || (asked(AskedLayer::Firewall) && (site.firewall.is_some() || site.policy.is_some()));
    if shown {
        return None;
    }
    let what = match layers {
        [AskedLayer::Nsg] => "network security group",
        [AskedLayer::Route] => "route table",
        [AskedLayer::Firewall] => "firewall",
        _ => "subnet, network security group or route table",
    };
    Some(Doubt::new(format!("the input shows no {what} for this")))
}

/// What a target means at a placement.
pub(crate) fn resolve<'r>(placement: &Placement<'_>, target: &'r Target) -> Resolved<'r> {
    match target {
        Target::Subnet => Resolved::Party(Party::Subnet, "the subnet".to_owned()),
        Target::Any => Resolved::Party(Party::Any, "any address".to_owned()),
        Target::Prefix(set) => Resolved::Party(Party::Addresses(set.clone()), prefixes(set)),
        Target::Fact(name) => match placement.fact(name).as_ref().and_then(fact_addresses) {
            Some(set) => {
                let shown = prefixes(&set);
                Resolved::Party(Party::Addresses(set), shown)
            }
            None => Resolved::Missing(missing(name)),
        },
        Target::Hosts(hosts) => hosts.of(cloud_of(placement)).map_or(Resolved::Nothing, Resolved::Hosts),
        Target::Tag(template) => resolve_tag(placement, template),
    }
}

fn resolve_tag<'r>(placement: &Placement<'_>, template: &Template) -> Resolved<'r> {
    match fill(placement, template) {
        Ok(name) => match Tag::read(&name, None).tag() {
            Some(tag) => Resolved::Party(Party::Tag(tag), name),
            // A region the catalogue does not know, or one the tag does not have: the whole tag is what is left.
            None => match name.split_once('.').and_then(|(base, _)| Tag::named(base)) {
                Some(tag) => Resolved::Party(Party::Tag(tag), tag.to_string()),
                None => Resolved::Missing(Doubt::new(format!("`{name}` is no service tag"))),
            },
        },
        Err(fact) if &*fact == "paired-region" && is_without_pair(placement) => Resolved::Nothing,
        Err(fact) => {
            let written = template.as_str();
            match written.split_once(".{").and_then(|(base, _)| Tag::named(base)) {
                Some(tag) => {
                    let unknown = region_unknown(placement, &fact);
                    Resolved::Region { tag, fact, unknown }
                }
                None => Resolved::Missing(missing(&fact)),
            }
        }
    }
}

/// Whether Azure documents the region to have no pair.
fn is_without_pair(placement: &Placement<'_>) -> bool {
    let region = placement.fact_text("region").and_then(|name| Region::by_name(&name));
    region.is_some_and(|region| region.pair == Pair::None)
}

/// The value of a region that is not known: the expression it is written as, or the fact nobody gave.
fn region_unknown(placement: &Placement<'_>, fact: &Arc<str>) -> Arc<Unknown> {
    let known = placement.facts.get(fact).and_then(|fact| fact.unknown.clone());
    known.unwrap_or_else(|| {
        Arc::new(Unknown {
            reason: Reason::Fact(Arc::clone(fact)),
            text: Arc::clone(fact),
            span: Span::new(FileId(u32::MAX), 0, 0),
            key: Arc::from(format!("fact:{fact}")),
            parts: Vec::new(),
            domain: Vec::new(),
        })
    })
}

fn missing(fact: &str) -> Doubt {
    Doubt::new(format!("fact `{fact}` is not known")).settled_by(format!("--fact {fact}=…"))
}

/// Fills in facts; the error is the first one that is not known.
fn fill(placement: &Placement<'_>, template: &Template) -> Result<String, Arc<str>> {
    template.fill(|name| placement.fact_text(name))
}

fn prefixes(set: &AddressSet) -> String {
    let mut all = set.prefixes();
    let shown: Vec<String> = all.by_ref().take(3).map(|net| net.to_string()).collect();
    let more = all.count();
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// A target for users, known or not.
fn words(placement: &Placement<'_>, target: &Target) -> String {
    match resolve(placement, target) {
        Resolved::Party(_, name) => name,
        Resolved::Region { tag, fact, .. } => format!("{tag} in the {}", fact.replace('-', " ")),
        Resolved::Hosts(hosts) => host_words(placement, hosts),
        Resolved::Missing(_) | Resolved::Nothing => match target {
            Target::Fact(name) => name.replace('-', " "),
            Target::Tag(template) => {
                let open = |name: &str| Some(placement.fact_text(name).unwrap_or_else(|| format!("<{name}>")));
                template.fill(open).unwrap_or_default()
            }
            _ => String::new(),
        },
    }
}

/// `pypi.org`, `pypi.org and pytorch.org`, `anaconda.com and 7 other hosts`.
fn host_words(placement: &Placement<'_>, hosts: &[HostName]) -> String {
    match hosts {
        [] => String::new(),
        [one] => shown(placement, one),
        [one, two] => format!("{} and {}", shown(placement, one), shown(placement, two)),
        [one, more @ ..] => format!("{} and {} other hosts", shown(placement, one), more.len()),
    }
}

fn all_words(placement: &Placement<'_>, targets: &Targets) -> String {
    match targets.mode {
        // Of alternatives the first is the one the sources name.
        Mode::AnyOf => targets.items.first().map(|target| words(placement, target)).unwrap_or_default(),
        Mode::AllOf => {
            let there = |target: &&Target| !matches!(resolve(placement, target), Resolved::Nothing);
            let all: Vec<String> = targets.items.iter().filter(there).map(|target| words(placement, target)).collect();
            all.join(" and ")
        }
    }
}

/// The other end of a flow as a rule can name it: of alternatives the first that is known.
fn rule_ends(placement: &Placement<'_>, requirement: &Requirement) -> Vec<RuleEnd> {
    let far = match requirement {
        Requirement::Flow(flow) if flow.direction == Direction::Inbound => &flow.from,
        Requirement::Flow(flow) => &flow.to,
        Requirement::Route(route) => &route.destination,
        Requirement::Egress
        | Requirement::Dependencies(_)
        | Requirement::Resolve(_)
        | Requirement::Admission(_)
        | Requirement::Subnet(_) => {
            return Vec::new();
        }
    };
    let end = |target: &Target| rule_end(placement, target);
    let there = far.items.iter().filter(|target| !matches!(resolve(placement, target), Resolved::Nothing));
    match far.mode {
        Mode::AnyOf => far.items.iter().find_map(end).into_iter().collect(),
        // A rule that lets only some of them pass would settle nothing.
        Mode::AllOf => there.map(end).collect::<Option<_>>().unwrap_or_default(),
    }
}

/// A target as a rule can name it; of a region that is not known the whole tag.
pub(crate) fn rule_end(placement: &Placement<'_>, target: &Target) -> Option<RuleEnd> {
    match (resolve(placement, target), target) {
        (Resolved::Party(_, name), Target::Tag(_)) => Some(RuleEnd::Tag(name)),
        (Resolved::Party(Party::Addresses(set), _), _) => Some(RuleEnd::Prefixes(set)),
        (Resolved::Party(Party::Any, _), _) => Some(RuleEnd::Any),
        (Resolved::Party(..), Target::Subnet) => Some(RuleEnd::Subnet),
        (Resolved::Region { tag, .. }, _) => Some(RuleEnd::Tag(tag.to_string())),
        _ => None,
    }
}

fn peer_words(placement: &Placement<'_>, requirement: &Requirement) -> String {
    let words = match requirement {
        Requirement::Flow(flow) => match flow.direction {
            Direction::Inbound => all_words(placement, &flow.from),
            Direction::Outbound => all_words(placement, &flow.to),
        },
        Requirement::Route(route) => all_words(placement, &route.destination),
        Requirement::Egress => "the internet".to_owned(),
        Requirement::Dependencies(_) => "what it says it needs".to_owned(),
        Requirement::Resolve(_) => "private endpoints".to_owned(),
        Requirement::Admission(what) => what.called.to_string(),
        Requirement::Subnet(_) => "the subnet".to_owned(),
    };
    // The hosts of a rule may all be in one cloud.
    if words.is_empty() { "hosts of other clouds".to_owned() } else { words }
}

/// `outbound TCP 443 to AzureActiveDirectory`.
fn describe(placement: &Placement<'_>, requirement: &Requirement) -> String {
    let peer = peer_words(placement, requirement);
    match requirement {
        Requirement::Flow(flow) => {
            let what = format!("{} {}", flow.protocols, flow.port_words()).trim_end().to_owned();
            match flow.direction {
                Direction::Inbound => format!("inbound {what} from {peer}"),
                Direction::Outbound => format!("outbound {what} to {peer}"),
            }
        }
        Requirement::Route(route) => format!("route {peer} to next hop {}", route.next_hop.as_str()),
        Requirement::Egress => "a way out to the internet".to_owned(),
        Requirement::Dependencies(_) => format!("outbound to {peer}"),
        Requirement::Resolve(_) => format!("name resolution to {peer}"),
        Requirement::Admission(_) => format!("access to its {peer}"),
        Requirement::Subnet(subnet) => subnet.words(),
    }
}

impl Judged {
    /// The judgement of the proof, when there is one.
    pub(crate) fn judgement(&self) -> Option<&Judgement> {
        self.answer.as_ref().map(|answer| &answer.path)
    }

    /// The hosts among those required by name that do not get through, or may not.
    pub(crate) fn blocked(&self) -> &[String] {
        self.answer.as_ref().map_or(&[], |answer| &answer.blocked)
    }

    /// The hosts that a firewall that works by host names does not name yet.
    pub(crate) fn unnamed(&self) -> &[String] {
        self.answer.as_ref().map_or(&[], |answer| &answer.unnamed)
    }

    /// The verdict for users; `None` when the requirement does not apply.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        if self.applies == Applies::No {
            return None;
        }
        Some(self.judgement().map_or(Verdict::Undecided, |judgement| judgement.verdict))
    }

    /// Why it cannot be told.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = &Doubt> {
        self.judgement().into_iter().flat_map(|one| &one.why).chain(&self.unshown)
    }

    /// What the report says of it.
    pub(crate) fn report(&self, rule: &crate::finding::RuleId, rows: &[String]) -> RequirementReport {
        let judgement = self.judgement();
        let counting_on = self.answer.as_ref().and_then(|answer| answer.counting_on.as_ref());
        let by_host_names = self.answer.as_ref().is_some_and(|answer| answer.path.by_host_names);
        let mut why: Vec<String> = self.doubts().map(doubt_words).collect();
        why.extend(counting_on.map(|region| {
            format!("the region is not known; this holds for {region}, which the rules name (--region settles it)")
        }));
        why.extend(by_host_names.then(|| "a firewall lets it pass by the names of its hosts".to_owned()));
        why.extend(self.open_facts.iter().map(|fact| format!("whether it applies depends on fact `{fact}`")));
        RequirementReport {
            rule: rule.clone(),
            rows: rows.to_vec(),
            flow: self.flow.clone(),
            applies: self.applies,
            advice: self.advice,
            verdict: self.verdict(),
            layer: judgement.and_then(deciding_layer),
            decided_by: judgement
                .into_iter()
                .flat_map(|one| one.deciders.iter().filter_map(|by| decider(by, one)))
                .collect(),
            built_in_only: judgement.is_some_and(|one| one.built_in_only),
            uncovered: judgement.map(|one| one.uncovered.clone()).unwrap_or_default(),
            witness: judgement.and_then(|one| one.witness.as_ref()).cloned(),
            why,
            path: PathReport { inbound: self.inbound, peer: self.peer.clone(), layers: self.path() },
        }
    }

    /// What each layer says. Where the proof kept no account of each, the rules that decided tell which there are.
    fn path(&self) -> Vec<LayerReport> {
        let Some(answer) = &self.answer else { return Vec::new() };
        let whole = &answer.path;
        let met = |layer: Layer, said: Verdict, deciders: &[proof::Decider]| LayerReport {
            layer,
            verdict: said,
            decides: whole.verdict != Verdict::Satisfied && whole.layer == Some(layer),
            decided_by: deciders.iter().filter(|by| by.layer == layer).filter_map(named).collect(),
        };
        if !answer.path.layers.is_empty() {
            return answer
                .path
                .layers
                .iter()
                .map(|(layer, alone)| met(*layer, alone.verdict, &alone.deciders))
                .collect();
        }
        let mut layers: Vec<Layer> = Vec::new();
        for layer in whole.deciders.iter().map(|by| by.layer).chain(whole.layer) {
            if !layers.contains(&layer) {
                layers.push(layer);
            }
        }
        layers.into_iter().map(|layer| met(layer, whole.verdict, &whole.deciders)).collect()
    }
}

fn doubt_words(doubt: &Doubt) -> String {
    match doubt.settle() {
        Some(settle) => format!("{} ({settle} settles it)", doubt.reason),
        None => doubt.message(),
    }
}

/// The layer that decided. What Azure routes by itself decides nothing where everything passes.
fn deciding_layer(judgement: &Judgement) -> Option<Layer> {
    if judgement.verdict != Verdict::Satisfied {
        return judgement.layer;
    }
    let told = judgement.deciders.iter().rev().find(|one| one.kind != proof::Kind::SystemRoute);
    told.map(|one| one.layer).or(judgement.layer)
}

/// A decider in the words of the report; `None` for what only stands for something the input does not show, and for the
/// system's own routes where everything passes.
fn decider(one: &proof::Decider, judgement: &Judgement) -> Option<crate::finding::Decider> {
    match one.kind {
        proof::Kind::SystemRoute if judgement.verdict == Verdict::Satisfied => None,
        _ => named(one),
    }
}

/// A decider in the words of the report; `None` for what only stands for something the input does not show.
fn named(one: &proof::Decider) -> Option<crate::finding::Decider> {
    let kind = match one.kind {
        proof::Kind::Unknown => return None,
        proof::Kind::SystemRoute | proof::Kind::Platform | proof::Kind::BuiltIn => DeciderKind::BuiltIn,
        proof::Kind::Rule => DeciderKind::Rule,
        proof::Kind::Route => DeciderKind::Route,
        proof::Kind::FirewallRule => DeciderKind::FirewallRule,
        proof::Kind::Declared => DeciderKind::Declared,
    };
    let place = one.written.map(|written| written.span);
    Some(crate::finding::Decider { name: one.name.to_string(), kind, place })
}
