//! One permission to ignore: who gives it, for which rule, why, and where it holds.

use crate::finding::{Finding, IgnoredBy};
use crate::source::{FileId, Span};
use crate::suppress::date::Date;
use crate::suppress::grammar::Directive;
use crate::suppress::wildcard;

/// One rule, or pattern of rules, that is allowed somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Allow {
    pub(crate) by: IgnoredBy,
    pub(crate) scope: Scope,
    /// The rule's id, `*` for any characters.
    pub(crate) rule: String,
    /// Where the rule is named.
    pub(crate) at: Span,
    /// Why; empty when nothing is said, and then it does not hold.
    pub(crate) reason: String,
    /// The last day it holds.
    pub(crate) until: Option<Date>,
}

/// Where a permission holds.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// For what starts on these bytes: a line.
    Starting(Span),
    /// For what lies in these bytes: a value.
    Inside(Span),
    /// For a file.
    File(FileId),
    /// For what the entry of this number in the settings says.
    Settings(usize),
    /// For nothing: nothing follows the comment.
    Nowhere,
}

/// What is wrong with how something is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) what: String,
    pub(crate) at: Span,
}

/// Everything the documents of a run allow.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) allows: Vec<Allow>,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Found {
    /// Adds what a directive allows. `place` gives the span of bytes of its text.
    pub(crate) fn add(
        &mut self,
        directive: Directive,
        by: IgnoredBy,
        scope: &Scope,
        place: impl Fn(std::ops::Range<usize>) -> Span,
    ) {
        for (rule, range) in directive.rules {
            self.allows.push(Allow {
                by,
                scope: scope.clone(),
                rule,
                at: place(range),
                reason: directive.reason.clone(),
                until: directive.until,
            });
        }
    }
}

impl Allow {
    /// Whether it names the rule.
    pub(crate) fn names(&self, rule: &str) -> bool {
        wildcard::matches(&self.rule, rule)
    }

    /// Whether it holds today, if it holds at all.
    pub(crate) fn has_ended(&self, today: Option<Date>) -> bool {
        self.until.is_some_and(|last| today.is_some_and(|today| today > last))
    }

    /// Whether the place of a finding is one where it holds. What the settings say of places is theirs to compare.
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        let mut places = std::iter::once(finding.at.span).chain(finding.subject);
        let starts_in = |span: Span, place: Span| {
            span.file == place.file && span.start <= place.start && place.start < span.end.max(span.start + 1)
        };
        match self.scope {
            Scope::Starting(line) => places.any(|place| starts_in(line, place)),
            Scope::Inside(value) => places.any(|place| starts_in(value, place) && place.end <= value.end),
            Scope::File(file) => places.any(|place| place.file == file),
            Scope::Settings(_) | Scope::Nowhere => false,
        }
    }
}
