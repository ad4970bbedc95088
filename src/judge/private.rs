//! Names that have to lead to private endpoints (DNS-19): each of them resolved as the network of a placement does it, and
//! one finding for all that fail for one cause.

use std::collections::BTreeMap;

use crate::finding::{Applies, FactValue, Finding, Layer, Level, Remark, Verdict};
use crate::judge::dependency::Asking;
use crate::judge::diagnose::diagnose;
use crate::judge::fixes::Subject;
use crate::judge::question::{Answer, cloud_of, shown};
use crate::judge::require::{self, Judged};
use crate::judge::resolve::{self, Directory, Lost, Resolved};
use crate::net::Family;
use crate::proof::{Doubt, Judgement};
use crate::rule::{Names, ResolveRequirement};

/// Judges every name, each once. Nothing is asked where the network is not shown, or no name is known.
pub(crate) fn judge(asking: &Asking<'_, '_, '_>, what: &ResolveRequirement) -> Vec<(Judged, Option<Finding>)> {
    let (estate, placement) = (asking.estate, asking.placement);
    let names = names(asking, what);
    let network = estate.subnet(placement.site.subnet).and_then(|subnet| subnet.network);
    let Some(network) = network.filter(|_| !names.is_empty()) else { return Vec::new() };
    let blank = require::judge(estate, placement, asking.scene, asking.body);
    if blank.applies == Applies::No {
        return Vec::new();
    }
    let directory = Directory::of(estate);
    let mut all: Vec<(Judged, Option<Finding>)> = Vec::new();
    let mut groups: BTreeMap<Cause, (usize, Vec<String>)> = BTreeMap::new();
    for name in names {
        let Some(resolved) = directory.private(network, &name) else { continue };
        let mut judged = Judged { flow: flow(&name, 0), peer: name.clone(), ..blank.clone() };
        judged.assumptions.extend(resolved.assumptions());
        let cause = told(&directory, &name, resolved, &mut judged);
        // What cannot be told of several names is one question.
        let asked = matches!(cause, Cause::Open(_) | Cause::Unshown) && groups.contains_key(&cause);
        groups.entry(cause).or_insert((all.len(), Vec::new())).1.push(name);
        if !asked {
            all.push((judged, None));
        }
    }
    for (cause, (at, names)) in groups {
        let (judged, finding) = &mut all[at];
        let (rule, body, scene, given) = (asking.rule, asking.body, asking.scene.scene(), asking.given);
        let subject = Subject { estate, placement, scene, rule, body, judged, given };
        *finding = diagnose(&subject).map(|finding| of_group(finding, &cause, &names));
        if matches!(cause, Cause::Open(_) | Cause::Unshown) {
            judged.flow = flow(&names[0], names.len() - 1);
        }
    }
    all
}

/// The names that a requirement asks for, in the cloud of a placement.
fn names(asking: &Asking<'_, '_, '_>, what: &ResolveRequirement) -> Vec<String> {
    let placement = asking.placement;
    match &what.names {
        Names::Fact(fact) => match placement.fact(fact) {
            Some(FactValue::List(words)) => words,
            Some(FactValue::Text(word)) => vec![word],
            Some(FactValue::Bool(_)) | None => Vec::new(),
        },
        Names::Hosts(hosts) => {
            let hosts = hosts.of(cloud_of(placement)).unwrap_or_default();
            hosts.iter().map(|host| shown(placement, host)).collect()
        }
    }
}

/// Why names fail together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    None,
    /// Whether it is refused in the end.
    Lost(Lost, bool),
    /// What would settle it.
    Open(String),
    Unshown,
}

/// Puts what a name leads to into a judgement.
fn told(directory: &Directory<'_>, name: &str, resolved: Resolved, judged: &mut Judged) -> Cause {
    let mut judgement = Judgement { layer: Some(Layer::Resolve), ..Judgement::satisfied(Family::V4) };
    judgement.deciders = resolved.steps;
    judgement.deciders.reverse();
    let open = |doubt: Doubt, judgement: &mut Judgement| {
        let cause = doubt.settle().unwrap_or_else(|| doubt.reason.to_string());
        judgement.verdict = Verdict::Undecided;
        judgement.deciders.clear();
        judgement.why.push(doubt);
        Cause::Open(cause)
    };
    let cause = match resolved.answer {
        resolve::Answer::Written(_) => Cause::None,
        resolve::Answer::Private(addresses) => match directory.is_of_endpoint(name, &addresses) {
            Ok(assumed) => {
                judged.assumptions.extend(assumed);
                Cause::None
            }
            Err(doubt) => open(doubt, &mut judgement),
        },
        resolve::Answer::Public(lost) => {
            judgement.verdict = Verdict::Violated;
            Cause::Lost(lost, false)
        }
        resolve::Answer::Nowhere(lost) => {
            judgement.verdict = Verdict::Violated;
            // What is to be mended goes before what refuses in the end.
            if !matches!(lost, Lost::NoRecord(_)) && judgement.deciders.len() > 1 {
                judgement.deciders.swap(0, 1);
            }
            Cause::Lost(lost, true)
        }
        resolve::Answer::Open(doubt) => open(doubt, &mut judgement),
        resolve::Answer::Unshown(doubt) => {
            judged.unshown = Some(doubt);
            return Cause::Unshown;
        }
    };
    judged.answer = Some(Answer::of(judgement));
    cause
}

/// `name resolution of a.blob.core.windows.net and 2 other names to their private endpoints`.
fn flow(name: &str, more: usize) -> String {
    match more {
        0 => format!("name resolution of {name} to its private endpoint"),
        1 => format!("name resolution of {name} and 1 other name to their private endpoints"),
        more => format!("name resolution of {name} and {more} other names to their private endpoints"),
    }
}

/// A finding on the first of some names, said of all that share its cause.
fn of_group(mut finding: Finding, cause: &Cause, names: &[String]) -> Finding {
    if let [first, more @ ..] = names
        && !more.is_empty()
    {
        finding.message = finding.message.replace(&flow(first, 0), &flow(first, more.len()));
        finding.remarks.push(Remark { kind: "names", text: names.join(", ") });
    }
    // What is reached by its public address may well work.
    if let Cause::Lost(_, false) = cause {
        finding.level = finding.level.min(Level::Warning);
    }
    finding
}
