//! Everything the rules of a pack say about one estate.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::estate::{self, Estate, Export, Lacking, Shape, short_name};
use crate::finding::{FactValue, Finding, Label, PlacementReport, Report, Verdict};
use crate::judge::admission;
use crate::judge::dependency::{self, Asking};
use crate::judge::diagnose::diagnose;
use crate::judge::exports::commands;
use crate::judge::fixes::Subject;
use crate::judge::placement::{Placement, Placements, Requests, find};
use crate::judge::private;
use crate::judge::question::{BY_HOSTS, cloud_of};
use crate::judge::require::{Judged as JudgedRequirement, judge as judge_requirement, scene};
use crate::net::{Cloud, TagData};
use crate::rule::{About, Body, HostsAre, Pack, Requirement, RequirementRule, Resources, Rule, Scene};
use crate::source::{FileId, Files, Span};

/// What came of judging an estate.
#[derive(Debug, Default)]
pub struct Judged {
    /// Placements, findings, assumptions, remarks and the cards of the rules; not the files.
    pub report: Report,
    /// Requests whose pattern matched nothing, as written, with the names there are.
    pub unmatched: Vec<(String, Vec<String>)>,
}

/// Judges an estate by a pack. `tags` gives the service tags of a cloud, where they are loaded.
pub fn judge<'a>(
    pack: &Pack,
    estate: &'a Estate,
    files: &Files,
    requests: &Requests,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Judged {
    let Placements { placements, unmatched, elsewhere, not_judged } = find(estate, &pack.services, requests);
    let mut report = Report { resources: count(estate), ..Report::default() };
    let clouds = placements.iter().map(|placement| placement.fact_text("region").map(|region| Cloud::of(&region)));
    let loaded: Vec<Option<&TagData>> = clouds.map(tags).collect();
    // Each placement by itself: nothing said of one depends on another, and their order is kept.
    let outcomes: Vec<PlacementOutcome> = placements
        .par_iter()
        .zip(loaded)
        .map(|(placement, tags)| judge_placement(pack, estate, placement, tags))
        .collect();
    let lacking = estate::lacking(estate);
    let mut exports: BTreeSet<Export> = lacking.iter().map(|one| one.export.clone()).collect();
    exports.extend(computes(estate));
    for one in outcomes {
        for assumption in one.assumptions {
            if !report.assumptions.contains(&assumption) {
                report.assumptions.push(assumption);
            }
        }
        exports.extend(one.exports);
        report.settling.otherwise.extend(one.otherwise);
        report.findings.extend(one.findings);
        report.placements.push(one.placement);
    }
    let region = placements.iter().find_map(|placement| placement.fact_text("region"));
    let (commands, otherwise) = commands(&exports, estate, region.as_deref());
    report.settling.commands = commands;
    report.settling.otherwise.extend(otherwise);
    report.remarks.extend(named(&lacking, files));
    unclaimed(&mut report, estate, files, &placements);
    report.findings.extend(patterns(&pack.rules, estate));
    report.rules = pack.rules.iter().map(|rule| (rule.card.id.clone(), Arc::clone(&rule.card))).collect();
    remark(&mut report, pack, files, &elsewhere, &not_judged);
    report.data = data(pack, &report.placements);
    let unmatched = unmatched.into_iter().map(|(request, names)| {
        let pattern = request.pattern.unwrap_or_default();
        (format!("{}@{pattern}", request.service), names)
    });
    Judged { report, unmatched: unmatched.collect() }
}

/// The rows of the requirement table that a requirement answers where it stands: its own, and those of the hosts it
/// asks for in that cloud.
fn rows(body: &RequirementRule, placement: &Placement<'_>) -> Vec<String> {
    let needed = body.require.hosts().filter(|(are, _)| *are == HostsAre::Needed);
    let hosts = needed.filter_map(|(_, hosts)| hosts.of(cloud_of(placement))).flatten();
    body.rows.iter().chain(hosts.flat_map(|host| &host.rows)).cloned().collect()
}

/// What is said of one placement.
struct PlacementOutcome {
    exports: BTreeSet<Export>,
    otherwise: BTreeSet<String>,
    placement: PlacementReport,
    findings: Vec<Finding>,
    assumptions: Vec<String>,
}

fn judge_placement<'a>(
    pack: &Pack,
    estate: &'a Estate,
    placement: &Placement<'a>,
    tags: Option<&'a TagData>,
) -> PlacementOutcome {
    let mut outcome = PlacementOutcome {
        exports: BTreeSet::new(),
        otherwise: BTreeSet::new(),
        placement: placement.report(estate),
        findings: Vec::new(),
        assumptions: Vec::new(),
    };
    let asked = asked(pack, placement);
    for fact in &mut outcome.placement.facts {
        fact.asked = asked.contains(&*fact.name);
    }
    if placement.not_judged.is_some() {
        return outcome;
    }
    let scene = scene(estate, placement, tags);
    let prepared = scene.prepared();
    let given = RefCell::default();
    for rule in &pack.rules {
        let Some(body) = rule.requirement(&placement.service.name) else { continue };
        let answers = match &body.require {
            Requirement::Dependencies(what) => {
                let asking =
                    Asking { estate, placement, scene: &prepared, rules: &pack.rules, rule, body, given: &given };
                dependency::judge(&asking, what)
            }
            Requirement::Resolve(what) => {
                let asking =
                    Asking { estate, placement, scene: &prepared, rules: &pack.rules, rule, body, given: &given };
                private::judge(&asking, what)
            }
            Requirement::Admission(what) => {
                let asking =
                    Asking { estate, placement, scene: &prepared, rules: &pack.rules, rule, body, given: &given };
                admission::judge(&asking, what)
            }
            _ => {
                let judged = judge_requirement(estate, placement, &prepared, body);
                let subject = Subject { estate, placement, scene: &scene, rule, body, judged: &judged, given: &given };
                let finding = diagnose(&subject);
                vec![(judged, finding)]
            }
        };
        for (judged, finding) in answers {
            ask(&judged, placement, &mut outcome);
            outcome.placement.requirements.push(judged.report(&rule.card.id, &rows(body, placement)));
            outcome.assumptions.extend(judged.assumptions);
            outcome.findings.extend(finding);
        }
    }
    outcome
}

/// Adds what would settle a requirement.
fn ask(judged: &JudgedRequirement, placement: &Placement<'_>, outcome: &mut PlacementOutcome) {
    let verdict = judged.verdict();
    if verdict == Some(Verdict::Undecided) {
        for doubt in judged.doubts() {
            outcome.exports.extend(doubt.exports.iter().cloned());
            outcome.otherwise.extend(doubt.settle().filter(|_| doubt.exports.is_empty()));
        }
    }
    if matches!(verdict, Some(Verdict::Undecided | Verdict::Violated)) {
        for fact in &judged.open_facts {
            outcome.exports.extend(placement.facts.get(fact).into_iter().flat_map(|fact| fact.exports.iter().cloned()));
            outcome.otherwise.insert(format!("--fact {fact}=…"));
        }
    }
}

/// The facts that requirements of a service hang on.
fn asked(pack: &Pack, placement: &Placement<'_>) -> BTreeSet<Arc<str>> {
    let bodies = pack.rules.iter().filter_map(|rule| rule.requirement(&placement.service.name));
    let mut asked: BTreeSet<Arc<str>> = BTreeSet::from([Arc::from("region")]);
    // What hosts are filled in with matters where a firewall works by hosts.
    let hosts = placement.fact(BY_HOSTS) == Some(FactValue::Bool(true));
    for body in bodies {
        asked.extend(body.applies.facts());
        let lists = body.require.hosts().filter(|_| hosts).filter_map(|(_, hosts)| hosts.of(cloud_of(placement)));
        asked.extend(lists.flatten().flat_map(|host| host.name.names()).map(Arc::from));
    }
    asked
}

/// The computes of workspaces of which none is shown: they tell where the service stands.
fn computes(estate: &Estate) -> impl Iterator<Item = Export> {
    let shown = estate.workspaces.iter().filter(|one| one.header.shape != Shape::Template && !one.header.mentioned);
    let none = estate.computes.is_empty();
    shown.filter(move |_| none).filter_map(|workspace| {
        let of = Arc::clone(workspace.header.id.as_ref()?.known()?);
        Some(Export::Children { kind: "computes".into(), of })
    })
}

/// That resources are named and not shown.
fn named(lacking: &[Lacking], files: &Files) -> Option<String> {
    let Lacking { name, span, .. } = lacking.first()?;
    let place = format!("{}:{}", files.name(span.file), files.position(*span));
    let by = "--what-to-export prints the commands that export";
    Some(match lacking.len() {
        1 => format!("{place}: `{name}` is named and not shown; {by} it"),
        2 => format!("{place}: `{name}` and 1 more resource are named and not shown; {by} them"),
        count => format!("{place}: `{name}` and {} more resources are named and not shown; {by} them", count - 1),
    })
}

/// Answers of the dependencies API that belong to no placement.
fn unclaimed(report: &mut Report, estate: &Estate, files: &Files, placements: &[Placement<'_>]) {
    for answer in &estate.dependencies {
        let is_empty = answer.needed.is_empty();
        if is_empty || placements.iter().any(|placement| dependency::concerns(placement, answer)) {
            continue;
        }
        let place = format!("{}:{}", files.name(answer.span.file), files.position(answer.span));
        let of = answer.workspace.as_ref().map(|(id, _)| short_name(id));
        let of = of.map(|name| format!("workspace `{name}`")).unwrap_or_else(|| "a service".to_owned());
        report.remarks.push(format!("{place}: what {of} says it needs is not judged: nothing of it was found"));
    }
}

/// What is said once about the run.
fn remark(report: &mut Report, pack: &Pack, files: &Files, elsewhere: &[Label], not_judged: &[(Arc<str>, String)]) {
    for label in elsewhere {
        let position = files.position(label.span);
        let place = format!("{}:{position}", files.name(label.span.file));
        report.remarks.push(format!("{place}: {}, on a subnet that the input does not show", label.message));
    }
    for (service, reason) in not_judged {
        report.remarks.push(format!("{service} is not judged: {reason}"));
    }
    let anything =
        report.resources.keys().any(|kind| kind.contains("security group") || ["route table", "subnet"].contains(kind));
    if report.placements.is_empty() && anything && elsewhere.is_empty() && not_judged.is_empty() {
        let own = pack.services.iter().find(|service| !service.is_neighbour());
        if let Some(first) = own.or(pack.services.first()).map(|service| &service.name) {
            report.remarks.push(format!("no service was found on these networks; name one with --service {first}"));
        }
    }
}

/// The newest source of each family of rules: `azureml 2026-03-19`. Of the neighbours only those that stand somewhere.
fn data(pack: &Pack, placements: &[PlacementReport]) -> Vec<(String, String)> {
    let placed: BTreeSet<&str> = placements.iter().map(|one| one.id.service.as_str()).collect();
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    for rule in &pack.rules {
        let About::Service(service) = &rule.about else { continue };
        let Some((family, _)) = rule.card.id.as_str().split_once('/') else { continue };
        if service.is_neighbour() && !placed.contains(&*service.name) {
            continue;
        }
        for source in &rule.card.sources {
            let entry = newest.entry(family).or_insert("");
            *entry = (*entry).max(&source.read);
        }
    }
    let packs: Vec<String> = newest.into_iter().map(|(family, date)| format!("{family} {date}")).collect();
    if packs.is_empty() { Vec::new() } else { vec![("packs".to_owned(), packs.join(", "))] }
}

fn count(estate: &Estate) -> BTreeMap<&'static str, usize> {
    let counts = [
        ("network security group", estate.nsgs.len()),
        ("route table", estate.route_tables.len()),
        ("virtual network", estate.networks.len()),
        ("subnet", estate.subnets.len()),
        ("NAT gateway", estate.nat_gateways.len()),
        ("private endpoint", estate.private_endpoints.len()),
        ("network interface", estate.interfaces.len()),
        ("workspace", estate.workspaces.len()),
        ("compute", estate.computes.len()),
        ("firewall", estate.firewalls.len()),
        ("firewall policy", estate.policies.len()),
        ("rule collection group", estate.collection_groups.len()),
        ("IP group", estate.ip_groups.len()),
        ("security admin rule", estate.admin_rules.len()),
        ("virtual hub", estate.hubs.len()),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// The findings of all pattern and assertion rules, by rule and then in the order of the estate.
pub fn patterns<'r>(rules: impl IntoIterator<Item = &'r Rule>, estate: &Estate) -> Vec<Finding> {
    let scene = Scene::new(estate);
    let resources = Resources::new(estate);
    let rules: Vec<&Rule> = rules.into_iter().collect();
    let mut items = BTreeMap::new();
    for rule in &rules {
        if let About::Subject(subject) = &rule.about {
            items.entry(*subject).or_insert_with(|| subject.all(&scene));
        }
    }
    let items_of = |rule: &Rule| match &rule.about {
        About::Subject(subject) => items.get(subject).map_or(&[][..], Vec::as_slice),
        About::Service(_) | About::Resources { .. } => &[],
    };
    // A rule about nothing in the estate need not be compiled.
    let is_asked = |rule: &&&Rule| match &rule.about {
        About::Service(_) => false,
        About::Subject(_) => !items_of(rule).is_empty(),
        About::Resources { of, .. } => of.iter().any(|name| !resources.of(name).is_empty()),
    };
    let of_rule = |rule: &&Rule| {
        let Some(message) = rule.message() else { return Vec::new() };
        match rule.body() {
            Body::Requirement(_) => Vec::new(),
            Body::Pattern(pattern) => pattern.findings(items_of(rule), message, &base(rule)).collect(),
            Body::Assertion(assertion) => assertion.findings(&resources, message, &base(rule)),
        }
    };
    rules.par_iter().filter(is_asked).map(of_rule).collect::<Vec<_>>().into_iter().flatten().collect()
}

/// What every finding of a rule has in common.
fn base(rule: &Rule) -> Finding {
    let at = Label { span: Span::new(FileId(0), 0, 0), message: String::new() };
    let help = Some(rule.card.help.clone());
    Finding { help, ..Finding::new(rule.card.id.clone(), rule.card.level, "", at) }
}
