//! What users write to live with a finding, and what that permits: `aznetlint: allow RULE -- reason`.
//!
//! `allow RULE[, RULE…] [until YYYY-MM-DD] -- reason`, or `allow(RULE[, RULE…] [until YYYY-MM-DD]) reason`; `allow-file`
//! in place of `allow` speaks for the whole file. Where such a text may stand is the work of `read`.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::date::Date;
use crate::finding::{Finding, IgnoredBy, RuleId};
use crate::source::{FileId, Span};
use crate::spelling::is_like;

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
pub(crate) struct Permissions {
    pub(crate) allows: Vec<Allow>,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Permissions {
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
        is_like(&self.rule, rule)
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

/// The mark that opens a directive.
pub(crate) const MARK: &str = "aznetlint:";

/// A directive, well said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// It speaks for the whole file.
    pub(crate) whole_file: bool,
    /// The rules allowed, at least one, and the bytes of the text they stand at.
    pub(crate) rules: Vec<(String, Range<usize>)>,
    /// The last day it holds.
    pub(crate) until: Option<Date>,
    /// Why; empty when nothing is said.
    pub(crate) reason: String,
}

/// Reads the text behind the mark.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn directive(text: &str) -> Result<Directive, String> {
    let text = text.trim_end();
    let start = text.trim_start();
    let end = start.find(|letter: char| letter.is_whitespace() || letter == '(').unwrap_or(start.len());
    let (word, rest) = start.split_at(end);
    let whole_file = match word {
        "allow" => false,
        "allow-file" => true,
        "" => return Err("nothing is said after `aznetlint:`".to_owned()),
        _ => return Err(format!("`{word}` is neither `allow` nor `allow-file`")),
    };
    let (list, reason, marked) = match rest.trim_start().strip_prefix('(') {
        Some(inner) => {
            let (list, reason) = inner.split_once(')').ok_or("the bracket after `allow` is never closed")?;
            (list, without_dashes(reason), true)
        }
        None => match dashes(rest) {
            Some((list, reason)) => (list, reason, true),
            None => (rest, "", false),
        },
    };
    let mut rules = Vec::new();
    let mut until = None;
    for item in list.split(',') {
        let mut words = item.split_whitespace().peekable();
        let Some(first) = words.next_if(|word| *word != "until") else {
            if words.peek().is_none() && !list.trim().is_empty() {
                return Err("a rule is missing between the commas".to_owned());
            }
            if let Some(day) = words.nth(1) {
                until = Some(date(day)?);
            }
            continue;
        };
        if let Some(letter) = first.chars().find(|letter| !is_letter_of_a_rule(*letter)) {
            return Err(format!("`{first}` is no rule: its id has no `{letter}`"));
        }
        let at = first.as_ptr() as usize - text.as_ptr() as usize;
        rules.push((first.to_owned(), at..at + first.len()));
        match (words.next(), words.next()) {
            (None, _) => {}
            (Some("until"), Some(day)) => until = Some(date(day)?),
            (Some("until"), None) => return Err("`until` names no day; write it as 2026-12-31".to_owned()),
            // A reason without its dashes: what is missing is said in words of its own.
            (Some(_), _) if !marked => break,
            (Some(word), _) => return Err(format!("`{word}` after `{first}` is not understood; part rules by commas")),
        }
    }
    if rules.is_empty() {
        return Err("no rule is named".to_owned());
    }
    let reason = reason.trim().trim_end_matches([';', ',', '|']).trim_end().to_owned();
    Ok(Directive { whole_file, rules, until, reason })
}

/// A day as users write it.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| format!("`{text}` is no day; write it as 2026-12-31"))
}

/// Whether a letter can stand in the id of a rule, or in a pattern for such ids.
fn is_letter_of_a_rule(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '/' | '-' | '_' | '*' | '.')
}

/// What stands before and after the first dashes that stand by themselves.
fn dashes(text: &str) -> Option<(&str, &str)> {
    let double = text.match_indices("--").find(|(at, _)| text[..*at].ends_with(char::is_whitespace));
    let long = text.match_indices('—').next();
    let (at, found) = double.into_iter().chain(long).min_by_key(|(at, _)| *at)?;
    Some((&text[..at], &text[at + found.len()..]))
}

fn without_dashes(text: &str) -> &str {
    let text = text.trim_start();
    ["--", "—", ":"].iter().find_map(|dashes| text.strip_prefix(dashes)).unwrap_or(text)
}

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
        self.known.iter().any(|rule| is_like(pattern, rule.as_str()))
    }

    /// Whether a pattern names a rule that ran.
    pub(crate) fn has_run(&self, pattern: &str) -> bool {
        self.ran.iter().any(|rule| is_like(pattern, rule.as_str()))
    }
}

#[cfg(test)]
mod grammar_tests {
    use super::directive;

    fn shown(text: &str) -> String {
        match directive(text) {
            Ok(one) => {
                let rules: Vec<&str> = one.rules.iter().map(|(_, at)| &text[at.clone()]).collect();
                let until = one.until.map(|day| format!(" until {day}")).unwrap_or_default();
                format!("{}{}{until}: {}", if one.whole_file { "file " } else { "" }, rules.join("+"), one.reason)
            }
            Err(why) => why,
        }
    }

    #[test]
    fn both_forms_say_the_same() {
        assert_eq!(shown(" allow nsg/x -- jump host"), "nsg/x: jump host");
        assert_eq!(shown("allow(nsg/x) jump host"), "nsg/x: jump host");
        assert_eq!(shown(" allow (nsg/x, azureml/*) -- ticket 7;"), "nsg/x+azureml/*: ticket 7");
        assert_eq!(shown("allow nsg/a,nsg/b — because -- so"), "nsg/a+nsg/b: because -- so");
        assert_eq!(shown("allow-file * -- generated"), "file *: generated");
    }

    #[test]
    fn it_may_end_on_a_day() {
        assert_eq!(shown("allow nsg/x until 2026-12-31 -- migration"), "nsg/x until 2026-12-31: migration");
        assert_eq!(shown("allow(nsg/x, until 2026-12-31) migration"), "nsg/x until 2026-12-31: migration");
        assert_eq!(shown("allow nsg/x until soon -- migration"), "`soon` is no day; write it as 2026-12-31");
        assert_eq!(shown("allow nsg/x until -- y"), "`until` names no day; write it as 2026-12-31");
    }

    #[test]
    fn a_reason_without_dashes_is_none() {
        assert_eq!(shown("allow nsg/x jump host, web"), "nsg/x: ");
        assert_eq!(shown("allow nsg/x"), "nsg/x: ");
        assert_eq!(shown("allow(nsg/x)"), "nsg/x: ");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(shown(""), "nothing is said after `aznetlint:`");
        assert_eq!(shown("alow nsg/x -- y"), "`alow` is neither `allow` nor `allow-file`");
        assert_eq!(shown("allow -- y"), "no rule is named");
        assert_eq!(shown("allow() y"), "no rule is named");
        assert_eq!(shown("allow(nsg/x y"), "the bracket after `allow` is never closed");
        assert_eq!(shown("allow nsg/x nsg/y -- z"), "`nsg/y` after `nsg/x` is not understood; part rules by commas");
        assert_eq!(shown("allow nsg/x, -- z"), "a rule is missing between the commas");
        assert_eq!(shown("allow [nsg/x] -- z"), "`[nsg/x]` is no rule: its id has no `[`");
    }
}
