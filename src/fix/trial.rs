//! Trying what was proposed: the same run once more, on texts with an edit made.

use std::collections::BTreeSet;

use crate::finding::{Edit, Finding, Fix, Index};
use crate::fix::edit::Texts;
use crate::fix::joint::choose;
use crate::fix::model::{MOST_RUNS, Offer, Offers, Open, Safety, Trial};
use crate::fix::state::{Mine, State};
use crate::lint::{Kept, Outcome};
use crate::source::FileId;

/// Tries the fixes of all findings that count. `allow_unsafe`: also what asks for a look may be chosen.
pub fn offers(trial: &Trial<'_>, kept: &Kept, allow_unsafe: bool) -> Offers {
    let before = &kept.outcome;
    let known = State::of(&before.report, before);
    let mut texts = Texts::of(&before.files, &before.report);
    let is_open = |finding: &Finding| finding.ignored.is_none() && !finding.fixes.is_empty() && !finding.undecided;
    let findings = before.report.findings.iter().enumerate().filter(|(_, finding)| is_open(finding));
    let mut all: Vec<Open> =
        findings.map(|(finding, _)| Open { finding, next: 0, safe: None, others: Vec::new() }).collect();
    for _ in 0..MOST_RUNS {
        let batch = next_batch(before, &mut texts, &mut all);
        if batch.is_empty() {
            break;
        }
        let edits = sorted(batch.iter().flat_map(|(_, _, edits)| edits.iter().cloned()));
        let after = trial.with(before, &edits).outcome;
        let then = State::of(&after.report, &after);
        for (at, fix, edits) in batch {
            let open = &mut all[at];
            let finding = &before.report.findings[open.finding];
            let mine = Mine::of(before, finding, &edits);
            if !then.settles(finding, &known) || then.breaks(&known, &mine) {
                continue;
            }
            let safety = safety_of(finding, &fix);
            let is_safe = safety == Safety::Safe;
            let offer = Offer { findings: vec![open.finding], fix, edits, safety };
            if is_safe {
                open.safe = Some(offer);
            } else {
                open.others.push(offer);
            }
        }
    }
    let untried = all.iter().filter(|open| !open.is_done(before)).count();
    choose(trial, kept, &known, all, (allow_unsafe, untried))
}

impl Open {
    /// Whether no more of its fixes need be tried.
    fn is_done(&self, before: &Outcome) -> bool {
        self.safe.is_some() || self.next >= before.report.findings[self.finding].fixes.len()
    }
}

type Candidate = (usize, Fix, Vec<Edit>);

/// The next fix of each finding that has nothing to do with the others of the batch: neither in the same file nor for the
/// same placement, so that each is tried as if alone.
fn next_batch(before: &Outcome, texts: &mut Texts<'_>, all: &mut [Open]) -> Vec<Candidate> {
    let mut batch: Vec<Candidate> = Vec::new();
    let (mut files, mut places): (BTreeSet<FileId>, BTreeSet<String>) = (BTreeSet::new(), BTreeSet::new());
    for (at, open) in all.iter_mut().enumerate() {
        let finding = &before.report.findings[open.finding];
        let mine: Vec<String> = finding.placements.iter().map(ToString::to_string).collect();
        if mine.iter().any(|place| places.contains(place)) {
            continue;
        }
        while !open.is_done(before) {
            let fix = &finding.fixes[open.next];
            if fix.changes.iter().any(|change| files.contains(&change.place().file)) {
                break;
            }
            open.next += 1;
            let Some(edits) = texts.edits(&fix.changes) else { continue };
            files.extend(edits.iter().map(|edit| edit.span.file));
            places.extend(mine);
            batch.push((at, fix.clone(), edits));
            break;
        }
    }
    batch
}

fn sorted(edits: impl Iterator<Item = Edit>) -> Vec<Edit> {
    edits.collect::<BTreeSet<Edit>>().into_iter().collect()
}

/// What is known of a fix that settles its finding.
fn safety_of(finding: &Finding, fix: &Fix) -> Safety {
    if !finding.conditions.is_empty() {
        return Safety::Unsafe(format!("it is needed only if {}", finding.conditions.join(" and ")));
    }
    fix.caution.clone().map_or(Safety::Safe, Safety::Unsafe)
}

/// The edits of several offers together.
pub fn edits_of<'o>(before: &Outcome, offers: impl IntoIterator<Item = &'o Offer>) -> Vec<Edit> {
    Texts::of(&before.files, &before.report)
        .edits(offers.into_iter().flat_map(|offer| &offer.fix.changes))
        .unwrap_or_default()
}

/// The requirement of a finding in words; its message where it is about none.
pub fn subject_of(index: &Index<'_>, finding: &Finding) -> String {
    let title = index.placements(finding).next().map(|placement| placement.title());
    match (&finding.flow, title) {
        (Some(flow), Some(title)) => format!("{flow}, {title}"),
        _ => finding.message.clone(),
    }
}
