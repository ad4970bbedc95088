//! The regular expressions of rules, and what they say of texts of which only the beginning is known.

use std::sync::{Arc, OnceLock};

use regex::Regex;
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;

use crate::json::{Part, Unknown};

/// A regular expression that is searched for in texts.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    regex: Regex,
    /// The same as an automaton, made when first asked for; `None` when it has none.
    automaton: OnceLock<Option<Arc<DFA>>>,
}

impl Expression {
    /// For a regular expression.
    pub(crate) fn new(regex: Regex) -> Self {
        Self { regex, automaton: OnceLock::new() }
    }

    /// It as written.
    pub(crate) fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether it is found in a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Whether it is found in every value of a text that is known in part, or in none; `None` when that differs or cannot
    /// be told from the beginning.
    pub(crate) fn decided_by_start(&self, unknown: &Unknown) -> Option<bool> {
        let Some(Part::Text(start)) = unknown.parts.first() else { return None };
        self.in_all_that_start_with(start)
    }

    fn in_all_that_start_with(&self, start: &str) -> Option<bool> {
        let automaton = self.automaton.get_or_init(|| DFA::new(self.regex.as_str()).ok().map(Arc::new)).as_ref()?;
        let mut cache = automaton.create_cache();
        let mut state = automaton.start_state_forward(&mut cache, &Input::new(start)).ok()?;
        for byte in start.bytes() {
            state = automaton.next_state(&mut cache, state, byte).ok()?;
            if state.is_match() || state.is_dead() || state.is_quit() {
                return (!state.is_quit()).then(|| state.is_match());
            }
        }
        // A match shows one step late: whatever comes next, or nothing.
        let end = automaton.next_eoi_state(&mut cache, state).ok()?;
        for byte in 0..=u8::MAX {
            let next = automaton.next_state(&mut cache, state, byte).ok()?;
            if next.is_quit() || next.is_match() != end.is_match() || !(next.is_match() || next.is_dead()) {
                return None;
            }
        }
        Some(end.is_match())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::Expression;

    fn decided(pattern: &str, start: &str) -> Option<bool> {
        Expression::new(Regex::new(pattern).unwrap()).in_all_that_start_with(start)
    }

    #[test]
    fn a_beginning_may_be_enough() {
        assert_eq!(decided(r"(?i)^MicrosoftContainerRegistry\.", "BatchNodeManagement."), Some(false));
        assert_eq!(decided(r"(?i)^MicrosoftContainerRegistry\.", "microsoftcontainerregistry.west"), Some(true));
        assert_eq!(decided(r"(?i)^MicrosoftContainerRegistry\.", "MicrosoftContainerRegistry."), Some(true));
        assert_eq!(decided(r"(?i)^(Azure)?KeyVault(\.|$)", "AzureKey"), None);
        assert_eq!(decided(r"(?i)^(Azure)?KeyVault(\.|$)", "AzureKeyVault"), None);
        assert_eq!(decided("Registry", "BatchNodeManagement."), None);
    }

    proptest! {
        #[test]
        fn what_a_beginning_decides_holds_for_every_end(
            start in "[ab.]{0,4}",
            end in "[ab.]{0,4}",
            pattern in r"\^?[ab]{0,3}(\\\.|[ab]\*|\(a\|b\.\))?[ab]{0,2}\$?",
        ) {
            if let Some(found) = decided(&pattern, &start) {
                prop_assert_eq!(Regex::new(&pattern).unwrap().is_match(&format!("{start}{end}")), found);
            }
        }
    }
}
