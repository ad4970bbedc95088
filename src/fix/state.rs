//! What a run says, held against another run: what is settled, and what is worse.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Edit, Finding, FlowId, Level, Outcome as FileOutcome, Report, RuleId, Verdict};
use crate::lint::Outcome;

/// What a run says, to be compared with another one.
pub(crate) struct State {
    /// How many findings count, by rule, file and what they are known by, with the placements they speak for.
    findings: BTreeMap<FindingKey, (usize, BTreeSet<String>)>,
    verdicts: BTreeMap<(String, RuleId, String), Verdict>,
    broken: BTreeSet<String>,
    /// How many of the findings are errors.
    pub(crate) errors: usize,
}

/// What a fix has to do with.
pub(crate) struct Mine {
    files: BTreeSet<String>,
    placements: BTreeSet<String>,
}

impl Mine {
    pub(crate) fn of(before: &Outcome, finding: &Finding, edits: &[Edit]) -> Self {
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
    pub(crate) fn of(report: &Report, outcome: &Outcome) -> Self {
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

    pub(crate) fn count(&self) -> usize {
        self.findings.values().map(|(count, _)| count).sum()
    }

    /// Whether a finding of the run before is settled in this one: all its flows are satisfied, or it is gone.
    pub(crate) fn settles(&self, finding: &Finding, before: &Self) -> bool {
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
    pub(crate) fn breaks(&self, before: &Self, mine: &Mine) -> bool {
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
    pub(crate) fn breaks_anything(&self, before: &Self) -> bool {
        self.broken.iter().any(|file| !before.broken.contains(file))
            || self.findings.iter().any(|(key, (count, _))| self.is_more(before, key, *count))
            || before.verdicts.iter().any(|(key, verdict)| {
                *verdict == Verdict::Satisfied && self.verdicts.get(key) != Some(&Verdict::Satisfied)
            })
    }
}
