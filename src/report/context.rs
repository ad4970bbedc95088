//! What every writer is given of one report, and how a requirement stands for a reader.

use crate::finding::{Finding, Index, PlacementReport, Report, RequirementReport, Verdict};
use crate::report::options::Options;
use crate::report::paths::{Location, Paths};
use crate::source::Files;

/// One report with all that is needed to write it.
pub(crate) struct Context<'a> {
    /// The report.
    pub(crate) report: &'a Report,
    /// The findings at or above the chosen level, the ignored ones too, by path, place and rule.
    pub(crate) all: Vec<&'a Finding>,
    /// Those of them that nobody asked to ignore.
    pub(crate) open: Vec<&'a Finding>,
    /// The texts.
    pub(crate) files: &'a Files,
    /// How it is shown.
    pub(crate) options: &'a Options,
    /// Where findings are shown.
    pub(crate) paths: Paths<'a>,
    /// Findings and requirements, joined.
    pub(crate) index: Index<'a>,
}

impl<'a> Context<'a> {
    /// Of one report.
    pub(crate) fn new(report: &'a Report, files: &'a Files, options: &'a Options) -> Self {
        // What fails a run is shown by it.
        let weight = |finding: &Finding| finding.weight().max(finding.level_as(options.undecided));
        let of_level = |finding: &&Finding| weight(finding) >= options.min_level;
        let mut all: Vec<_> = report.findings.iter().filter(of_level).collect();
        all.sort_by(|a, b| {
            let place = |finding: &Finding| (finding.at.span.start, finding.at.span.end);
            files
                .name(a.at.span.file)
                .cmp(files.name(b.at.span.file))
                .then_with(|| place(a).cmp(&place(b)))
                .then_with(|| a.rule.cmp(&b.rule))
        });
        let open = all.iter().copied().filter(|finding| finding.ignored.is_none()).collect();
        let paths = Paths::new(report, files, &options.base);
        Self { report, all, open, files, options, paths, index: Index::new(report) }
    }

    /// Where a finding is shown.
    pub(crate) fn location(&self, finding: &Finding) -> Location {
        self.paths.location(finding, &self.index)
    }

    /// The finding that says why a requirement does not pass.
    pub(crate) fn finding_of(
        &self,
        placement: &PlacementReport,
        requirement: &RequirementReport,
    ) -> Option<&'a Finding> {
        match requirement.verdict {
            None | Some(Verdict::Satisfied) => None,
            Some(_) => self.index.finding(placement, requirement),
        }
    }
}

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It is violated.
    Blocked,
    /// It is violated, and a fact that is not known says whether it applies.
    Conditional,
    /// It is violated, and its traffic flows all the same.
    Advised,
    /// It cannot be told.
    Undecided,
    /// It passes, and only by rules that Azure adds.
    BuiltIn,
    /// It passes.
    Pass,
    /// It does not apply.
    NotNeeded,
}

impl Standing {
    /// All of them, the worst first.
    pub(crate) const ALL: [Self; 7] =
        [Self::Blocked, Self::Conditional, Self::Advised, Self::Undecided, Self::BuiltIn, Self::Pass, Self::NotNeeded];

    /// How a requirement stands.
    pub(crate) fn of(requirement: &RequirementReport) -> Self {
        match requirement.verdict {
            None => Self::NotNeeded,
            Some(Verdict::Satisfied) if requirement.built_in_only => Self::BuiltIn,
            Some(Verdict::Satisfied) => Self::Pass,
            Some(Verdict::Violated) if requirement.is_against_advice() => Self::Advised,
            Some(Verdict::Violated) if requirement.is_conditional() => Self::Conditional,
            Some(Verdict::Violated) => Self::Blocked,
            Some(Verdict::Undecided) => Self::Undecided,
        }
    }

    /// The verdict of one layer.
    pub(crate) fn of_layer(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Satisfied => Self::Pass,
            Verdict::Violated => Self::Blocked,
            Verdict::Undecided => Self::Undecided,
        }
    }

    /// Its class in the style sheet, and its word for the filter.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Conditional => "conditional",
            Self::Advised => "advised",
            Self::Undecided => "undecided",
            Self::BuiltIn => "builtin",
            Self::Pass => "pass",
            Self::NotNeeded => "none",
        }
    }

    /// Its sign.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Blocked | Self::Conditional => "✕",
            Self::Advised => "!",
            Self::Undecided => "?",
            Self::BuiltIn => "○",
            Self::Pass => "✓",
            Self::NotNeeded => "–",
        }
    }

    /// Its word, short enough for a cell.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Conditional => "blocked, if",
            Self::Advised => "against advice",
            Self::Undecided => "undecided",
            Self::BuiltIn => "built-in",
            Self::Pass => "pass",
            Self::NotNeeded => "n/a",
        }
    }

    /// What the word means.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Blocked => "a packet it needs is dropped",
            Self::Advised => "it flows, and not in the way that is advised",
            Self::Conditional => "dropped, and it matters only if a fact holds that is not known",
            Self::Undecided => "it depends on something the input does not show",
            Self::BuiltIn => "passes only because no rule stops what Azure allows by itself",
            Self::Pass => "every packet it needs passes",
            Self::NotNeeded => "this placement does not need it",
        }
    }

    /// Whether somebody should look at it first.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Blocked | Self::Conditional | Self::Advised | Self::Undecided)
    }
}

/// What decided, in words: `rule deny-internet-out`.
pub(crate) fn decided_by(requirement: &RequirementReport) -> String {
    requirement.decided_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
