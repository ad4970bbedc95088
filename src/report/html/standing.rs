//! How a requirement stands, as a sign, a word and a class of the style sheet: never by colour alone.

use crate::finding::{RequirementReport, Verdict};
use crate::report::html::markup::Markup;

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

    /// Sign and word.
    pub(crate) fn mark(self, out: &mut Markup) {
        out.raw("<span class=\"mark ").raw(self.class()).raw("\"><span class=\"sign\" aria-hidden=\"true\">");
        out.raw(self.sign()).raw("</span> ").raw(self.word()).raw("</span>");
    }

    /// Whether somebody should look at it first.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Blocked | Self::Conditional | Self::Advised | Self::Undecided)
    }
}
