//! Requirement rules against placements: which traffic is asked for, and what the proof says about it.
//!
//! Putting a judgement into a finding is the work of `diagnose`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::{Direction, Estate, Peer};
use crate::finding::{Applies, RequirementReport, Verdict, Witness};
use crate::json::{Reason, Unknown};
use crate::net::{AddressSet, Cloud, ProtocolSet, Region, Tag, TagData};
use crate::proof::{self, Doubt, Judgement, Party, Scene};
use crate::rule::condition::{Condition, Truth};
use crate::rule::flow::{
    FlowRequirement, Layer, Matching, Mode, Requirement, RequirementRule, Target, Targets, fact_addresses,
};
use crate::rule::placement::Placement;
use crate::rule::template::Template;
use crate::source::{FileId, Span};

/// What a proof came to for one requirement of one placement.
pub(crate) struct Judged {
    pub(crate) applies: Applies,
    /// Facts that would decide whether it applies.
    pub(crate) open_facts: Vec<Arc<str>>,
    /// The requirement in a few words.
    pub(crate) flow: String,
    /// Who the other end is, in words.
    pub(crate) peer: String,
    /// `None` when it does not apply.
    pub(crate) judgement: Option<Judgement>,
    /// Why it is undecided although no layer doubts anything: nothing to judge was shown, a fact is missing.
    pub(crate) unshown: Option<Doubt>,
    /// A region was not known, and the verdict holds for this one.
    pub(crate) counting_on: Option<String>,
}

/// What the layers know of a placement.
pub(crate) fn scene<'a>(estate: &'a Estate, placement: &Placement<'_>, tags: Option<&'a TagData>) -> Scene<'a> {
    let site = &placement.site;
    let group = site.nsg.and_then(|at| estate.nsgs.get(at));
    let table = site.route_table.and_then(|at| estate.route_tables.get(at));
    let mut scene = match site.subnet.and_then(|at| Scene::of_subnet(estate, at, tags)) {
        Some(scene) => scene,
        None => match (group, table) {
            (Some(group), table) => {
                let mut scene = Scene::of_group(group, tags);
                scene.routes = table.map(proof::Given::Here);
                scene
            }
            (None, Some(table)) => Scene::of_routes(table, tags),
            (None, None) => Scene { tags, ..Scene::default() },
        },
    };
    if let Some(group) = site.interface_nsg.and_then(|at| estate.nsgs.get(at)) {
        scene = scene.with_interface(group);
    }
    if let Some(region) = placement.fact_text("region") {
        scene = scene.in_location(&region);
    }
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
pub(crate) fn judge(
    estate: &Estate,
    placement: &Placement<'_>,
    scene: &Scene<'_>,
    rule: &RequirementRule,
) -> Judged {
    let lookup = |name: &str| placement.fact(name);
    let in_cloud = cloud_holds(placement, &rule.clouds);
    let (applies, open_facts) = match Truth::all([rule.applies.holds(&lookup), in_cloud]) {
        Truth::Yes => (Applies::Yes, Vec::new()),
        Truth::No => (Applies::No, Vec::new()),
        Truth::Unknown(facts) => (Applies::Unknown, facts),
    };
    let mut judged = Judged {
        applies,
        open_facts,
        flow: describe(placement, &rule.require),
        peer: peer_words(placement, &rule.require),
        judgement: None,
        unshown: None,
        counting_on: None,
    };
    if applies == Applies::No {
        return judged;
    }
    match &rule.require {
        Requirement::Flow(flow) => judge_flow(estate, placement, scene, flow, &mut judged),
        Requirement::Route(route) => judge_route(placement, scene, route, &mut judged),
        Requirement::Egress(kind) => judge_egress(scene, *kind, &mut judged),
    }
    judged
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
