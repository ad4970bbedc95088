//! Which of the edits that were tried one by one are made together.

use std::collections::BTreeSet;

use crate::diff::told;
use crate::finding::{Asked, Finding};
use crate::fix::edit::Texts;
use crate::fix::effect::{besides, difference};
use crate::fix::model::{MOST_RUNS, Offer, Offers, Open, Safety, Trial};
use crate::fix::state::State;
use crate::lint::Kept;

/// So many edits that may do more than one finding asks for are held against the exact difference.
const MOST_BROAD: usize = 12;

/// Chooses what can be made together.
///
/// What is misspelt goes first: put right, it may settle requirements by itself. Then edits that do more than one finding
/// asks for, where all that they settle ask for all of it; then those that need no look; and with `allow_unsafe` the rest.
pub(crate) fn choose(
    trial: &Trial<'_>,
    kept: &Kept,
    known: &State,
    all: Vec<Open>,
    (allow_unsafe, untried): (bool, usize),
) -> Offers {
    let before = &kept.outcome;
    let findings = &before.report.findings;
    let first = known.count();
    let offers = Offers { untried, counts: (first, first), errors_left: known.errors > 0, ..Offers::default() };
    let texts = Texts::of(&before.files, &before.report);
    let mut joint = Joint { trial, kept, known, texts, now: None, runs: 0, offers };
    let (mut safe, mut broad, mut careful): (Vec<Offer>, Vec<Offer>, Vec<Offer>) = Default::default();
    for open in &all {
        merge(&mut safe, open.safe.clone());
        merge(&mut careful, open.others.first().filter(|_| open.safe.is_none()).cloned());
        let needed = findings[open.finding].conditions.is_empty();
        open.others.iter().filter(|_| needed).for_each(|offer| merge(&mut broad, Some(offer.clone())));
    }
    let is_flow = |offer: &Offer| offer.findings.iter().any(|at| findings[*at].flow.is_some());
    let (flows, faults): (Vec<Offer>, Vec<Offer>) = safe.into_iter().partition(is_flow);
    joint.add(faults, true);
    let has_other = |at: &usize| all.iter().any(|open| open.finding == *at && open.safe.is_some());
    broad.retain(|offer| offer.findings.len() > 1 || !offer.findings.iter().all(has_other));
    broad.sort_by_key(|offer| std::cmp::Reverse(offer.findings.len()));
    for offer in broad.into_iter().take(MOST_BROAD) {
        joint.add_exact(offer);
    }
    joint.add(flows, true);
    let careful: Vec<Offer> = careful.into_iter().chain(std::mem::take(&mut joint.offers.unsafe_ones)).collect();
    if allow_unsafe {
        joint.add(careful, false);
    } else {
        joint.offers.unsafe_ones = careful.into_iter().filter(|offer| !joint.is_settled(offer)).collect();
    }
    joint.end(all.iter().map(|open| open.finding))
}

/// Adds an offer, or its findings to the one with the same edits.
fn merge(all: &mut Vec<Offer>, offer: Option<Offer>) {
    let Some(offer) = offer else { return };
    match all.iter_mut().find(|other| other.edits == offer.edits) {
        Some(same) => same.findings.extend(offer.findings),
        None => all.push(offer),
    }
}

/// Offers that are made together.
struct Joint<'x, 'a> {
    trial: &'x Trial<'a>,
    kept: &'x Kept,
    known: &'x State,
    texts: Texts<'x>,
    /// The run with all that are chosen.
    now: Option<(State, Kept)>,
    /// How many runs were made.
    runs: usize,
    offers: Offers,
}

/// Why offers are not made together.
enum Refusal {
    /// They do not settle their findings, or break something.
    Fails,
    /// They change traffic that nobody asked for.
    Besides(String),
}

impl Joint<'_, '_> {
    fn findings(&self) -> &[Finding] {
        &self.kept.outcome.report.findings
    }

    /// Whether what is chosen settles all findings of an offer.
    fn is_settled(&self, offer: &Offer) -> bool {
        let settles = |now: &State| offer.findings.iter().all(|at| now.settles(&self.findings()[*at], self.known));
        self.now.as_ref().is_some_and(|(now, _)| settles(now))
    }

    /// Chooses as many more as go together: all at once, else each half by itself. What is settled already needs no edit.
    fn add(&mut self, mut more: Vec<Offer>, strict: bool) {
        more.retain(|offer| !self.is_settled(offer));
        if more.is_empty() {
            return;
        }
        if self.runs == MOST_RUNS {
            self.offers.untried += more.iter().map(|offer| offer.findings.len()).sum::<usize>();
            return;
        }
        match self.together(&more, strict) {
            Ok(then) => {
                self.now = Some(then);
                self.offers.chosen.append(&mut more);
            }
            Err(_) if more.len() > 1 => {
                let rest = more.split_off(more.len() / 2);
                self.add(more, strict);
                self.add(rest, strict);
            }
            Err(Refusal::Besides(why)) => {
                let careful = more.pop().map(|one| Offer { safety: Safety::Unsafe(why), ..one });
                self.offers.unsafe_ones.extend(careful);
            }
            Err(Refusal::Fails) => {}
        }
    }

    /// Chooses one that may do more than is asked for, if it does not.
    fn add_exact(&mut self, offer: Offer) {
        if self.runs == MOST_RUNS || self.is_settled(&offer) {
            return;
        }
        if let Ok(then) = self.together(std::slice::from_ref(&offer), true) {
            self.now = Some(then);
            self.offers.chosen.push(Offer { safety: Safety::Safe, ..offer });
        }
    }

    /// The run with some more offers made, when all settle their findings together and break nothing. `strict`: only when
    /// the traffic that changes by those that are new is what their requirements ask for.
    fn together(&mut self, more: &[Offer], strict: bool) -> Result<(State, Kept), Refusal> {
        self.runs += 1;
        let before = &self.kept.outcome;
        let all = || self.offers.chosen.iter().chain(more);
        let edits = self.texts.edits(all().flat_map(|offer| &offer.fix.changes)).ok_or(Refusal::Fails)?;
        let after = self.trial.with(before, &edits);
        let then = State::of(&after.outcome.report, &after.outcome);
        let mut findings = all().flat_map(|offer| &offer.findings);
        let settled = findings.all(|at| then.settles(&before.report.findings[*at], self.known));
        if !settled || then.breaks_anything(self.known) {
            return Err(Refusal::Fails);
        }
        let asked: Option<Vec<&Asked>> =
            more.iter().map(|offer| self.asked(offer)).collect::<Option<Vec<_>>>().map(|all| all.concat());
        if let Some(asked) = asked.filter(|_| strict) {
            let from = self.now.as_ref().map_or(self.kept, |(_, now)| now);
            if let Some(why) = besides(&difference(from, &after), &asked, from) {
                return Err(Refusal::Besides(why));
            }
        }
        Ok((then, after))
    }

    /// What the findings of an offer ask for; `None` where one of them is about no traffic.
    fn asked(&self, offer: &Offer) -> Option<Vec<&Asked>> {
        let of = |at: &usize| {
            let fixes = &self.kept.outcome.report.findings[*at].fixes;
            fixes.iter().find(|fix| fix.changes == offer.fix.changes)?.asks.as_deref()
        };
        offer.findings.iter().map(of).collect()
    }

    /// What came of it.
    fn end(self, findings: impl Iterator<Item = usize>) -> Offers {
        let Self { kept, known, now, mut offers, .. } = self;
        let all = &kept.outcome.report.findings;
        let offered: BTreeSet<usize> =
            offers.chosen.iter().chain(&offers.unsafe_ones).flat_map(|offer| offer.findings.clone()).collect();
        let is_left =
            |at: &usize| !offered.contains(at) && now.as_ref().is_none_or(|(now, _)| !now.settles(&all[*at], known));
        offers.left = findings.filter(is_left).collect();
        if let Some((now, after)) = &now {
            (offers.counts.1, offers.errors_left) = (now.count(), now.errors > 0);
            let mut said = BTreeSet::new();
            let changes = difference(kept, after).changes;
            offers.effect = changes.iter().map(told).filter(|line| said.insert(line.clone())).collect();
        }
        offers
    }
}
