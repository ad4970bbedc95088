//! Which rules of a pack run, and how serious their findings are.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::finding::{Level, RuleCard};
use crate::rule::pack::Pack;
use crate::spelling::{is_like, nearest};

/// Names rules: by id, where `*` stands for any characters; or, without a `/`, by family or tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName(String);

impl RuleName {
    /// From what users write.
    pub fn new(written: impl Into<String>) -> Self {
        Self(written.into())
    }

    /// Whether it names a rule.
    pub fn names(&self, card: &RuleCard) -> bool {
        let id = card.id.as_str();
        let family = id.split_once('/').map(|(family, _)| family);
        let by_word = || family.into_iter().chain(card.tags.iter().map(String::as_str)).any(|word| self.is(word));
        self.is(id) || !self.0.contains('/') && by_word()
    }

    /// The more, the fewer rules it can name: first whether it is an id, then how much of one it spells out.
    fn precision(&self) -> (bool, bool, usize) {
        (self.0.contains('/'), !self.0.contains('*'), self.0.chars().filter(|letter| *letter != '*').count())
    }

    fn is(&self, text: &str) -> bool {
        is_like(&self.0, text)
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Which rules speak, and how loud.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The only ones; empty: all.
    pub select: Vec<RuleName>,
    /// Not these.
    pub skip: Vec<RuleName>,
    /// How serious; `None` is off. Of several names for a rule the most precise decides, of equal ones the last.
    pub levels: Vec<(RuleName, Option<Level>)>,
}

impl Selection {
    /// The level of a rule; `None` when it does not run.
    pub fn level(&self, card: &RuleCard) -> Option<Level> {
        if !self.select.is_empty() && !self.select.iter().any(|name| name.names(card)) {
            return None;
        }
        if self.skip.iter().any(|name| name.names(card)) {
            return None;
        }
        let spoken = self.levels.iter().filter(|(name, _)| name.names(card));
        spoken.max_by_key(|(name, _)| name.precision()).map_or(Some(card.level), |(_, level)| *level)
    }
}

impl Pack {
    /// Leaves out the rules that do not run, and gives the others their level.
    pub fn apply(&mut self, selection: &Selection) {
        self.rules.retain_mut(|rule| match selection.level(&rule.card) {
            Some(level) => {
                Arc::make_mut(&mut rule.card).level = level;
                true
            }
            None => false,
        });
    }

    /// Whether a name names any rule of the pack.
    ///
    /// # Errors
    /// What may be meant, when it names none.
    pub fn check(&self, name: &RuleName) -> Result<(), String> {
        if self.rules.iter().any(|rule| name.names(&rule.card)) {
            return Ok(());
        }
        let mut words: BTreeSet<&str> = self.rules.iter().map(|rule| rule.card.id.as_str()).collect();
        let families = self.rules.iter().filter_map(|rule| Some(rule.card.id.as_str().split_once('/')?.0));
        words.extend(families);
        words.extend(self.rules.iter().flat_map(|rule| &rule.card.tags).map(String::as_str));
        // The end of an id alone, such as `ssh-open-to-internet`.
        let of_end = words.iter().find(|word| word.rsplit_once('/').is_some_and(|(_, end)| name.is(end)));
        let ends = || words.iter().filter_map(|word| Some((word.rsplit_once('/')?.1, *word)));
        let near_end = || {
            let near = nearest(&name.0, ends().map(|(end, _)| end))?;
            ends().find(|(end, _)| *end == near).map(|(_, word)| word)
        };
        let near = of_end.copied().or_else(|| nearest(&name.0, words.iter().copied())).or_else(near_end);
        let start = || words.iter().find(|word| name.0.len() > 2 && word.starts_with(&name.0)).copied();
        Err(match near.or_else(start) {
            Some(word) => format!("did you mean `{word}`?"),
            None => "`aznetlint rules` lists the rules; `FAMILY/*` and tags name several".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{RuleName, Selection};
    use crate::finding::{Level, RuleCard, RuleId};
    use crate::rule::Pack;

    fn card(id: &str) -> RuleCard {
        RuleCard {
            id: RuleId::new(id),
            title: String::new(),
            level: Level::Warning,
            why: String::new(),
            help: String::new(),
            sources: Vec::new(),
            tags: vec!["security".to_owned(), "NSG-21".to_owned()],
            seen_as: Vec::new(),
            since: String::new(),
        }
    }

    #[test]
    fn rules_are_named_by_id_family_or_tag() {
        let names = |name: &str| RuleName::new(name).names(&card("nsg/ssh-open-to-internet"));
        assert!(names("nsg/ssh-open-to-internet") && names("nsg/*") && names("nsg") && names("security"));
        assert!(names("*") && names("*/ssh-*") && names("NSG/*-open-*") && names("nsg-2*"));
        assert!(!names("ssh") && !names("nsg/ssh") && !names("route/*") && !names("nsg/*-to-open*"));
        assert!(!names("nsg/ssh-open-to-internet*internet"));
    }

    #[test]
    fn the_most_precise_name_decides_the_level() {
        let levels =
            [("nsg/*", None), ("nsg/ssh-open-to-internet", Some(Level::Error)), ("security", Some(Level::Note))];
        let levels = levels.into_iter().map(|(name, level)| (RuleName::new(name), level)).collect();
        let selection = Selection { levels, ..Selection::default() };
        assert_eq!(selection.level(&card("nsg/ssh-open-to-internet")), Some(Level::Error));
        assert_eq!(selection.level(&card("nsg/rdp")), None);
        assert_eq!(selection.level(&card("route/x")), Some(Level::Note));
    }

    #[test]
    fn skipping_beats_selecting() {
        let name = |name: &str| vec![RuleName::new(name)];
        let selection = Selection { select: name("nsg"), skip: name("nsg/rdp"), ..Selection::default() };
        assert_eq!(selection.level(&card("nsg/ssh")), Some(Level::Warning));
        assert_eq!(selection.level(&card("nsg/rdp")), None);
        assert_eq!(selection.level(&card("route/x")), None);
    }

    #[test]
    fn a_name_that_names_nothing_is_told() {
        let pack = Pack::load(true, &[]).unwrap();
        assert!(pack.check(&RuleName::new("azureml")).is_ok());
        let help = |name: &str| pack.check(&RuleName::new(name)).unwrap_err();
        assert_eq!(help("nsg/ssh-open-to-internt"), "did you mean `nsg/ssh-open-to-internet`?");
        assert_eq!(help("ssh-open-to-internet"), "did you mean `nsg/ssh-open-to-internet`?");
        assert_eq!(help("ssh-open-to-internt"), "did you mean `nsg/ssh-open-to-internet`?");
        assert_eq!(help("nsg/ssh-open"), "did you mean `nsg/ssh-open-to-internet`?");
        assert!(help("zzzzzzzzz").contains("aznetlint rules"));
    }
}
