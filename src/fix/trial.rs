//! Trying what was proposed: the same run once more, on texts with an edit made.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diff::told;
use crate::finding::{
    Asked, Edit, Finding, Fix, FlowId, Index, Level, Offered, Outcome as FileOutcome, Report, RuleId, Verdict, edited,
};
use crate::fix::edit::Texts;
use crate::fix::effect::{besides, difference};
use crate::lint::{Kept, Outcome, Settings, lint_keeping};
use crate::rule::Pack;
use crate::source::FileId;

/// At most so many runs are made before the rest is left untried.
const MOST_RUNS: usize = 40;

/// A run that can be repeated.
pub struct Trial<'a> {
    /// What is linted.
    pub paths: &'a [PathBuf],
    /// What standard input holds.
    pub stdin: &'a [u8],
    /// The rules.
    pub pack: &'a Pack,
    /// Everything else.
    pub settings: &'a Settings,
}

/// An edit that was tried.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The findings it settles, as numbers in the report.
    pub findings: Vec<usize>,
    /// What it is.
    pub fix: Fix,
    /// Its edits, by place.
    pub edits: Vec<Edit>,
    /// Whether it can be made without a look.
    pub safety: Safety,
}

/// Whether an edit can be made without a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It opens what is asked for and closes nothing.
    Safe,
    /// It does more, or what it does may not be needed: why.
    Unsafe(String),
}

/// What came of trying.
#[derive(Debug, Default)]
pub struct Offers {
    /// What can be made together, each known to settle its findings, without breaking anything else.
    pub chosen: Vec<Offer>,
    /// Smaller or only edits that ask for a look, for findings that are not settled by what is chosen.
    pub unsafe_ones: Vec<Offer>,
    /// Findings that nothing was found for.
    pub left: Vec<usize>,
    /// Findings whose edits were not tried, since there are too many.
    pub untried: usize,
    /// How many findings above a note count, before and after what is chosen.
    pub counts: (usize, usize),
    /// Whether an error is among those that count afterwards.
    pub errors_left: bool,
    /// What traffic all that is chosen opens, closes or leads another way, a line for each change.
    pub effect: Vec<String>,
}

impl Offers {
    /// Tells each finding the edit that settles it: what is chosen, else what asks for a look.
    pub fn tell(self, report: &mut Report) {
        for offer in self.chosen.into_iter().chain(self.unsafe_ones) {
            let caution = match offer.safety {
                Safety::Safe => None,
                Safety::Unsafe(why) => Some(why),
            };
            let offered = Offered { title: offer.fix.title, edits: offer.edits, caution };
            for at in offer.findings {
                if let Some(finding) = report.findings.get_mut(at) {
                    finding.offered.get_or_insert_with(|| offered.clone());
                }
            }
        }
    }
}

/// What is asked of a finding.
struct Open {
    finding: usize,
    /// The next of its fixes.
    next: usize,
    safe: Option<Offer>,
    other: Option<Offer>,
}

impl Trial<'_> {
    /// The run with some texts replaced.
    pub fn run(&self, instead: BTreeMap<String, Arc<str>>) -> Kept {
        let mut settings = self.settings.clone();
        settings.input.instead = Arc::new(instead);
        lint_keeping(self.paths, &mut Cursor::new(self.stdin), self.pack, &settings)
    }

    fn with(&self, before: &Outcome, edits: &[Edit]) -> Kept {
        let texts = edited(&before.files, edits);
        self.run(texts.into_iter().map(|(file, text)| (before.files.name(file).to_owned(), text.into())).collect())
    }
}

/// Tries the fixes of all findings that count. `allow_unsafe`: also what asks for a look may be chosen.
pub fn offers(trial: &Trial<'_>, kept: &Kept, allow_unsafe: bool) -> Offers {
    let before = &kept.outcome;
    let known = State::of(&before.report, before);
    let mut texts = Texts::of(&before.files, &before.report);
    let is_open = |finding: &Finding| finding.ignored.is_none() && !finding.fixes.is_empty() && !finding.undecided;
    let findings = before.report.findings.iter().enumerate().filter(|(_, finding)| is_open(finding));
    let mut all: Vec<Open> = findings.map(|(finding, _)| Open { finding, next: 0, safe: None, other: None }).collect();
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
            let place = if is_safe { &mut open.safe } else { &mut open.other };
            place.get_or_insert(offer);
        }
    }
    let untried = all.iter().filter(|open| !open.is_done(before)).count();
    choose(trial, kept, &known, all, allow_unsafe, untried)
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

/// What a run says, to be compared with another one.
struct State {
    /// How many findings count, by rule, file and what they are known by, with the placements they speak for.
    findings: BTreeMap<FindingKey, (usize, BTreeSet<String>)>,
    verdicts: BTreeMap<(String, RuleId, String), Verdict>,
    broken: BTreeSet<String>,
    /// How many of the findings are errors.
    errors: usize,
}

/// What a fix has to do with.
struct Mine {
    files: BTreeSet<String>,
    placements: BTreeSet<String>,
}

impl Mine {
    fn of(before: &Outcome, finding: &Finding, edits: &[Edit]) -> Self {
        let files = edits.iter().map(|edit| before.files.name(edit.span.file).to_owned()).collect();
        Self { files, placements: finding.placements.iter().map(ToString::to_string).collect() }
    }
}

fn flow_key(flow: FlowId<'_>) -> (String, RuleId, String) {
    (flow.placement.to_string(), flow.rule.clone(), flow.flow.to_owned())
}

/// The rule of a finding, the file it points into, and what it is known by there.
type FindingKey = (RuleId, String, String);

fn finding_key(finding: &Finding, outcome: &Outcome) -> FindingKey {
    (finding.rule.clone(), outcome.files.name(finding.at.span.file).to_owned(), finding.fingerprint.clone())
}

impl State {
    fn of(report: &Report, outcome: &Outcome) -> Self {
        let mut state =
            Self { findings: BTreeMap::new(), verdicts: BTreeMap::new(), broken: BTreeSet::new(), errors: 0 };
        for finding in report.open().filter(|finding| finding.weight() > Level::Note) {
            let (count, placements) = state.findings.entry(finding_key(finding, outcome)).or_default();
            *count += 1;
            placements.extend(finding.placements.iter().map(ToString::to_string));
            state.errors += usize::from(finding.level == Level::Error && !finding.undecided);
        }
        for placement in &report.placements {
            for one in &placement.requirements {
                if let Some(verdict) = one.verdict {
                    state.verdicts.insert(flow_key(placement.flow_id(one)), verdict);
                }
            }
        }
        state.broken = report
            .files
            .iter()
            .filter(|file| file.outcome == FileOutcome::Error)
            .map(|file| file.name.clone())
            .collect();
        state
    }

    fn count(&self) -> usize {
        self.findings.values().map(|(count, _)| count).sum()
    }

    /// Whether a finding of the run before is settled in this one: all its flows are satisfied, or it is gone.
    fn settles(&self, finding: &Finding, before: &Self) -> bool {
        let mut flows = finding.flows().peekable();
        if flows.peek().is_some() {
            return flows.all(|flow| self.verdicts.get(&flow_key(flow)) == Some(&Verdict::Satisfied));
        }
        let count = |state: &Self| {
            let same = |(rule, _, known): &&FindingKey| *rule == finding.rule && *known == finding.fingerprint;
            state.findings.iter().filter(|(key, _)| same(key)).map(|(_, (count, _))| count).sum::<usize>()
        };
        count(self) < count(before)
    }

    /// Whether there are more findings of a kind than in the run before.
    fn is_more(&self, before: &Self, key: &FindingKey, count: usize) -> bool {
        count > before.findings.get(key).map_or(0, |(count, _)| *count)
    }

    /// Whether something that a fix has to do with is worse in this run.
    fn breaks(&self, before: &Self, mine: &Mine) -> bool {
        let is_worse = |(key, (count, placements)): (&FindingKey, &(usize, BTreeSet<String>))| {
            let is_mine = mine.files.contains(&key.1) || !mine.placements.is_disjoint(placements);
            is_mine && self.is_more(before, key, *count)
        };
        let is_lost = |(key, verdict): (&(String, RuleId, String), &Verdict)| {
            *verdict == Verdict::Satisfied && self.verdicts.get(key) != Some(&Verdict::Satisfied)
        };
        self.broken.iter().any(|file| !before.broken.contains(file) && mine.files.contains(file))
            || self.findings.iter().any(is_worse)
            || before.verdicts.iter().filter(|(key, _)| mine.placements.contains(&key.0)).any(is_lost)
    }

    /// Whether anything is worse in this run.
    fn breaks_anything(&self, before: &Self) -> bool {
        self.broken.iter().any(|file| !before.broken.contains(file))
            || self.findings.iter().any(|(key, (count, _))| self.is_more(before, key, *count))
            || before.verdicts.iter().any(|(key, verdict)| {
                *verdict == Verdict::Satisfied && self.verdicts.get(key) != Some(&Verdict::Satisfied)
            })
    }
}

/// What is known of a fix that settles its finding.
fn safety_of(finding: &Finding, fix: &Fix) -> Safety {
    if !finding.conditions.is_empty() {
        return Safety::Unsafe(format!("it is needed only if {}", finding.conditions.join(" and ")));
    }
    fix.caution.clone().map_or(Safety::Safe, Safety::Unsafe)
}

/// Those that can be made together. They are put together one by one only where all at once do not do.
fn choose(trial: &Trial<'_>, kept: &Kept, known: &State, all: Vec<Open>, allow_unsafe: bool, untried: usize) -> Offers {
    let before = &kept.outcome;
    let mut offers = Offers { untried, ..Offers::default() };
    let mut wanted: Vec<Offer> = Vec::new();
    for open in all {
        let first = open.safe.or_else(|| open.other.clone().filter(|_| allow_unsafe));
        match (first, open.other) {
            (Some(offer), _) => match wanted.iter_mut().find(|other| other.edits == offer.edits) {
                Some(same) => same.findings.extend(offer.findings),
                None => wanted.push(offer),
            },
            (None, Some(offer)) => match offers.unsafe_ones.iter_mut().find(|other| other.edits == offer.edits) {
                Some(same) => same.findings.extend(offer.findings),
                None => offers.unsafe_ones.push(offer),
            },
            (None, None) => offers.left.push(open.finding),
        }
    }
    let first = known.count();
    (offers.counts, offers.errors_left) = ((first, first), known.errors > 0);
    let texts = Texts::of(&before.files, &before.report);
    let mut joint = Joint { trial, kept, known, allow_unsafe, texts, now: None, runs: 0 };
    // What is misspelt goes first: put right, it may settle requirements by itself.
    let (flows, faults): (Vec<Offer>, Vec<Offer>) = wanted
        .into_iter()
        .partition(|offer| offer.findings.iter().any(|at| before.report.findings[*at].flow.is_some()));
    joint.add(faults, &mut offers);
    joint.add(flows, &mut offers);
    if let Some((now, after)) = joint.now {
        (offers.counts.1, offers.errors_left) = (now.count(), now.errors > 0);
        let mut said = BTreeSet::new();
        let all = difference(kept, &after).changes;
        offers.effect = all.iter().map(told).filter(|line| said.insert(line.clone())).collect();
    }
    offers
}

/// Offers that are made together.
struct Joint<'x, 'a> {
    trial: &'x Trial<'a>,
    kept: &'x Kept,
    known: &'x State,
    /// What is opened besides what is asked for is the user's own wish.
    allow_unsafe: bool,
    texts: Texts<'x>,
    /// The run with all that are chosen.
    now: Option<(State, Kept)>,
    /// How many runs were made.
    runs: usize,
}

/// Why offers are not made together.
enum Refusal {
    /// They do not settle their findings, or break something.
    Fails,
    /// They change traffic that nobody asked for.
    Besides(String),
}

impl Joint<'_, '_> {
    /// Chooses as many more as go together: all at once, else each half by itself. What is settled already needs no edit.
    fn add(&mut self, more: Vec<Offer>, offers: &mut Offers) {
        let findings = &self.kept.outcome.report.findings;
        let is_settled = |offer: &Offer| {
            let settles = |now: &State| offer.findings.iter().all(|at| now.settles(&findings[*at], self.known));
            self.now.as_ref().is_some_and(|(now, _)| settles(now))
        };
        let mut more: Vec<Offer> = more.into_iter().filter(|offer| !is_settled(offer)).collect();
        if more.is_empty() {
            return;
        }
        if self.runs == MOST_RUNS {
            offers.untried += more.iter().map(|offer| offer.findings.len()).sum::<usize>();
            return;
        }
        self.runs += 1;
        match self.together(&offers.chosen, &more) {
            Ok(then) => {
                self.now = Some(then);
                offers.chosen.append(&mut more);
            }
            Err(why) => {
                if more.len() > 1 {
                    let rest = more.split_off(more.len() / 2);
                    self.add(more, offers);
                    self.add(rest, offers);
                } else if let Some(one) = more.pop() {
                    match why {
                        Refusal::Fails => offers.left.extend(&one.findings),
                        Refusal::Besides(why) => {
                            offers.unsafe_ones.push(Offer { safety: Safety::Unsafe(why), ..one });
                        }
                    }
                }
            }
        }
    }

    /// The run with some more offers made, when all settle their findings together and break nothing; without leave to do
    /// more, only when the traffic that changes by those that are new is what their requirements ask for.
    fn together(&mut self, chosen: &[Offer], more: &[Offer]) -> Result<(State, Kept), Refusal> {
        let before = &self.kept.outcome;
        let all = || chosen.iter().chain(more);
        let edits = self.texts.edits(all().flat_map(|offer| &offer.fix.changes)).ok_or(Refusal::Fails)?;
        let after = self.trial.with(before, &edits);
        let then = State::of(&after.outcome.report, &after.outcome);
        let mut findings = all().flat_map(|offer| &offer.findings);
        let settled = findings.all(|at| then.settles(&before.report.findings[*at], self.known));
        if !settled || then.breaks_anything(self.known) {
            return Err(Refusal::Fails);
        }
        let asked: Option<Vec<&Asked>> = more.iter().map(|offer| offer.fix.asks.as_deref()).collect();
        if let Some(asked) = asked.filter(|_| !self.allow_unsafe) {
            let from = self.now.as_ref().map_or(self.kept, |(_, now)| now);
            if let Some(why) = besides(&difference(from, &after), &asked, from) {
                return Err(Refusal::Besides(why));
            }
        }
        Ok((then, after))
    }
}

/// The edits of several offers together.
pub fn edits_of(before: &Outcome, offers: &[Offer]) -> Vec<Edit> {
    Texts::of(&before.files, &before.report)
        .edits(offers.iter().flat_map(|offer| &offer.fix.changes))
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
