//! The requirements of both sides, set beside each other.

use std::collections::BTreeMap;

use crate::diff::model::{Line, RequirementChange, Texts};
use crate::finding::{Decider, PlacementReport, Report, RequirementReport, Verdict};

/// What a requirement is known by on both sides: its placement, its rule, its words.
type Key<'a> = (String, &'a str, &'a str);

/// Requirements by what they are known by. `renamed`: names of places on the base and on the head.
fn by_key<'a>(
    report: &'a Report,
    renamed: &BTreeMap<String, String>,
) -> BTreeMap<Key<'a>, (&'a PlacementReport, &'a RequirementReport)> {
    let mut all = BTreeMap::new();
    for placement in &report.placements {
        let mut id = placement.id.clone();
        if let Some(name) = renamed.get(&id.on) {
            id.on.clone_from(name);
        }
        for requirement in &placement.requirements {
            let key = (id.to_string().to_ascii_lowercase(), requirement.rule.as_str(), &*requirement.flow);
            all.entry(key).or_insert((placement, requirement));
        }
    }
    all
}

/// The requirements whose verdict differs, and how many there are.
pub(crate) fn turned(
    (base, of_base): (&Report, Texts<'_>),
    (head, of_head): (&Report, Texts<'_>),
    renamed: &BTreeMap<String, String>,
) -> (Vec<RequirementChange>, usize) {
    let (before, after) = (by_key(base, renamed), by_key(head, &BTreeMap::new()));
    let mut all = Vec::new();
    let mut asked = 0;
    let keys: std::collections::BTreeSet<&Key<'_>> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (one, two) = (before.get(key), after.get(key));
        let verdict = |one: Option<&(&PlacementReport, &RequirementReport)>| one.and_then(|(_, one)| one.verdict);
        asked += usize::from(verdict(one).is_some() || verdict(two).is_some());
        let (was, is) = (verdict(one), verdict(two));
        // What is asked for on one side only says nothing of the change unless it does not hold.
        let silent = matches!((was, is), (None, Some(Verdict::Satisfied)) | (Some(Verdict::Satisfied), None));
        if was == is || silent {
            continue;
        }
        let Some((placement, shown)) = two.or(one) else { continue };
        let lines = |one: Option<&(&PlacementReport, &RequirementReport)>, files: Texts<'_>| {
            let deciders = one.map(|(_, one)| &*one.decided_by).unwrap_or_default();
            deciders.iter().take(MOST_LINES).map(|one| line(files, one)).collect::<Vec<_>>()
        };
        all.push(RequirementChange {
            placement: placement.id.to_string(),
            rule: shown.rule.to_string(),
            flow: shown.flow.clone(),
            before: was,
            after: is,
            applies: shown.applies,
            advice: shown.advice,
            base: lines(one, of_base),
            head: lines(two, of_head),
            witness: two.and_then(|(_, one)| one.witness.clone()),
            why: two.map(|(_, one)| one.why.clone()).unwrap_or_default(),
        });
    }
    let rank = |one: &RequirementChange| (!one.is_broken(), !one.is_lost(), one.is_mended());
    all.sort_by(|one, two| {
        rank(one)
            .cmp(&rank(two))
            .then_with(|| (&one.placement, &one.rule, &one.flow).cmp(&(&two.placement, &two.rule, &two.flow)))
    });
    (all, asked)
}

/// So many of the rules that decide are told.
const MOST_LINES: usize = 4;

fn line(files: Texts<'_>, decider: &Decider) -> Line {
    Line {
        layer: "",
        kind: decider.kind.as_str(),
        name: decider.name.clone(),
        priority: None,
        place: decider.place.map(|span| files.place(span)),
    }
}
