//! Which rules there are and which of them ran, so that what allows nothing is told from what was not looked for.

use std::collections::BTreeSet;

use crate::finding::RuleId;
use crate::suppress::wildcard;

/// The rules of a run.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Every rule there is, whether it ran or not.
    pub known: BTreeSet<RuleId>,
    /// The rules that ran on everything that was read. Requirements run where their service is placed and are none.
    pub ran: BTreeSet<RuleId>,
}

impl Rules {
    /// Whether a pattern names a rule there is.
    pub(crate) fn knows(&self, pattern: &str) -> bool {
        self.known.iter().any(|rule| wildcard::matches(pattern, rule.as_str()))
    }

    /// Whether a pattern names a rule that ran.
    pub(crate) fn has_run(&self, pattern: &str) -> bool {
        self.ran.iter().any(|rule| wildcard::matches(pattern, rule.as_str()))
    }
}
