//! What a pattern rule reads of a resource: one field with its value, or why it is unknown, and its places.
//!
//! Which fields there are is the work of `subject`; comparing them that of `operator`.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use regex::RegexBuilder;
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::meta;
use regex_automata::util::syntax;

use crate::estate::{Field, Peer, Ports, Side as EstateSide, short_name};
use crate::finding::Label;
use crate::json::{Reason, Trail, Unknown};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::source::Span;

/// The largest program a regular expression may compile to, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// Why a side with nothing in it cannot be told.
const MISSING: &str = "a field that is missing";

/// The kinds of fields; each has its operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Free text.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A whole number.
    Number,
    /// Yes or no.
    Boolean,
    /// Several texts.
    Texts,
    /// A set of addresses and tags.
    Addresses,
    /// A set of ports.
    Ports,
    /// A set of protocols.
    Protocols,
}

/// The value of a field.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    /// Its parts: one for single values, any number for sets and lists; none when it is not there.
    pub(crate) parts: Vec<Part<'a>>,
    /// Where all of it is written.
    pub(crate) span: Span,
    /// Why it cannot be told as a whole.
    pub(crate) open: Option<Arc<str>>,
}

/// One part of a value.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) atom: Result<Atom<'a>, &'a Arc<Unknown>>,
    pub(crate) span: Span,
    pub(crate) via: Option<&'a Arc<Trail>>,
}

/// The smallest values.
#[derive(Clone, Debug)]
pub(crate) enum Atom<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    Bool(bool),
    Peer(&'a Peer),
    Addresses(Cow<'a, AddressSet>),
    Groups(&'a str),
    Ports(&'a PortSet),
    Protocols(ProtocolSet),
}

impl<'a> Value<'a> {
    fn new(parts: Vec<Part<'a>>, span: Span) -> Self {
        Self { parts, span, open: None }
    }

    /// Nothing is there; `span` is where it would be.
    pub(crate) fn absent(span: Span) -> Self {
        Self::new(Vec::new(), span)
    }

    /// Something only a deployment can tell.
    pub(crate) fn unknown(why: impl Into<Arc<str>>, span: Span) -> Self {
        Self { parts: Vec::new(), span, open: Some(why.into()) }
    }

    /// A value that is derived and stands nowhere by itself.
    pub(crate) fn derived(atom: Atom<'a>, span: Span) -> Self {
        Self::new(vec![Part { atom: Ok(atom), span, via: None }], span)
    }

    pub(crate) fn truth(value: bool, span: Span) -> Self {
        Self::derived(Atom::Bool(value), span)
    }

    pub(crate) fn count(value: usize, span: Span) -> Self {
        Self::derived(Atom::Number(i64::try_from(value).unwrap_or(i64::MAX)), span)
    }

    pub(crate) fn text(field: &'a Field<Arc<str>>) -> Self {
        Self::one(field, |text| Atom::Text(Cow::Borrowed(text)))
    }

    pub(crate) fn optional<T>(field: Option<&'a Field<T>>, span: Span, read: impl Fn(&'a Field<T>) -> Self) -> Self {
        field.map_or_else(|| Self::absent(span), read)
    }

    pub(crate) fn number(field: &'a Field<i64>) -> Self {
        Self::one(field, |number| Atom::Number(*number))
    }

    pub(crate) fn bool(field: &'a Field<bool>) -> Self {
        Self::one(field, |value| Atom::Bool(*value))
    }

    /// Whether a list has more than what is shown of it: nobody can tell while a part of it is unknown.
    pub(crate) fn unseen(unknown_parts: &'a [Field<()>], span: Span) -> Self {
        Self::optional(unknown_parts.first(), span, |part| Self::one(part, |()| Atom::Bool(true)))
    }

    pub(crate) fn word<T>(field: &'a Field<T>, word: impl Fn(&T) -> &'static str) -> Self {
        Self::one(field, |value| Atom::Text(Cow::Borrowed(word(value))))
    }

    pub(crate) fn protocols(field: &'a Field<ProtocolSet>) -> Self {
        Self::one(field, |set| Atom::Protocols(*set))
    }

    pub(crate) fn several<T>(fields: &'a [Field<T>], span: Span, atom: impl Fn(&'a T) -> Atom<'a>) -> Self {
        let span = match fields {
            [one] => one.span,
            _ => span,
        };
        Self::new(fields.iter().map(|field| part(field, &atom)).collect(), span)
    }

    pub(crate) fn texts(fields: &'a [Field<Arc<str>>], span: Span) -> Self {
        Self::several(fields, span, |text| Atom::Text(Cow::Borrowed(text)))
    }

    pub(crate) fn peers(fields: &'a [Field<Peer>], span: Span) -> Self {
        Self::several(fields, span, Atom::Peer)
    }

    pub(crate) fn prefixes(fields: &'a [Field<AddressSet>], span: Span) -> Self {
        Self::several(fields, span, |set| Atom::Addresses(Cow::Borrowed(set)))
    }

    pub(crate) fn addresses(fields: &'a [Field<IpAddr>], span: Span) -> Self {
        Self::several(fields, span, |address| Atom::Addresses(Cow::Owned(AddressSet::address(*address))))
    }

    pub(crate) fn side(side: &'a EstateSide) -> Self {
        let mut value = Self::peers(&side.items, side.span);
        // Which group it is may be unknown; that it is one is not.
        value.parts.extend(side.groups.iter().map(|group| {
            let id = group.value.as_ref().map_or_else(|unknown| &*unknown.text, |id| &**id);
            Part { atom: Ok(Atom::Groups(id)), span: group.span, via: group.via.as_ref() }
        }));
        value.or_missing()
    }

    pub(crate) fn ports(ports: &'a Ports) -> Self {
        Self::several(&ports.items, ports.span, Atom::Ports).or_missing()
    }

    pub(crate) fn port_sets(fields: &'a [Field<PortSet>], span: Span) -> Self {
        Self::several(fields, span, Atom::Ports)
    }

    /// The ports of an application rule, each beside its protocol.
    pub(crate) fn application_ports(fields: &'a [(Field<Arc<str>>, Field<PortSet>)], span: Span) -> Self {
        Self::new(fields.iter().map(|(_, port)| part(port, Atom::Ports)).collect(), span)
    }

    pub(crate) fn protocol_sets(fields: &'a [Field<ProtocolSet>], span: Span) -> Self {
        Self::several(fields, span, |set| Atom::Protocols(*set))
    }

    /// A side with nothing in it is no valid rule, and unknown (NSG-2).
    fn or_missing(mut self) -> Self {
        if self.parts.is_empty() {
            self.open = Some(MISSING.into());
        }
        self
    }

    fn one<T>(field: &'a Field<T>, atom: impl Fn(&'a T) -> Atom<'a>) -> Self {
        Self::new(vec![part(field, atom)], field.span)
    }

    /// Whether it is not there.
    pub(crate) fn is_absent(&self) -> bool {
        self.parts.is_empty() && self.open.is_none()
    }

    /// Whether any of it is unknown.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some() || self.parts.iter().any(|part| part.atom.is_err())
    }

    /// Whether a mistake makes it unknown: a field that is missing or that Azure would refuse, of which a finding of its
    /// own speaks.
    pub(crate) fn is_faulty(&self) -> bool {
        let is_fault = |unknown: &Unknown| {
            let reason = &unknown.reason;
            matches!(reason, Reason::Missing(_) | Reason::Invalid(_) | Reason::EvaluationError(_) | Reason::NotShown(_))
        };
        self.open.as_deref() == Some(MISSING)
            || self.parts.iter().any(|part| match &part.atom {
                Ok(Atom::Peer(Peer::Invalid(_))) => true,
                Ok(_) => false,
                Err(unknown) => is_fault(unknown),
            })
    }

    /// The value as it is shown in a message; `None` when nothing is there.
    pub(crate) fn shown(&self) -> Option<String> {
        const MOST: usize = 6;
        if self.parts.is_empty() {
            return None;
        }
        let mut words: Vec<String> = self.parts.iter().take(MOST).map(Part::shown).collect();
        if self.parts.len() > MOST {
            words.push("…".to_owned());
        }
        Some(words.join(", "))
    }
}

fn part<'a, T>(field: &'a Field<T>, atom: impl Fn(&'a T) -> Atom<'a>) -> Part<'a> {
    Part { atom: field.value.as_ref().map(atom), span: field.span, via: field.via.as_ref() }
}

impl<'a> Part<'a> {
    /// A value of this part alone.
    pub(crate) fn alone(&self) -> Value<'a> {
        Value::new(vec![self.clone()], self.span)
    }

    fn shown(&self) -> String {
        match &self.atom {
            Err(unknown) if unknown.text.is_empty() => "?".to_owned(),
            Err(unknown) => unknown.text.to_string(),
            Ok(Atom::Text(text)) => text.to_string(),
            Ok(Atom::Number(number)) => number.to_string(),
            Ok(Atom::Bool(value)) => value.to_string(),
            Ok(Atom::Peer(Peer::Any)) => "*".to_owned(),
            Ok(Atom::Peer(Peer::Tag(text) | Peer::Invalid(text))) => text.to_string(),
            Ok(Atom::Peer(Peer::Addresses(set))) => shown_addresses(set),
            Ok(Atom::Addresses(set)) => shown_addresses(set),
            Ok(Atom::Groups(id)) => short_name(id).to_owned(),
            Ok(Atom::Ports(set)) => shown_ports(set),
            Ok(Atom::Protocols(set)) if *set == ProtocolSet::ALL => "any protocol".to_owned(),
            Ok(Atom::Protocols(set)) => {
                set.each().map(|(_, name)| name.to_ascii_uppercase()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The way from its literal to its use, as text and place of each step.
    pub(crate) fn trail(&self) -> Vec<(Span, String)> {
        self.via.map(|trail| steps(trail)).unwrap_or_default()
    }
}

/// The steps of a trail that say something to a reader.
pub(crate) fn steps(trail: &Trail) -> Vec<(Span, String)> {
    const MOST: usize = 4;
    trail.steps().take(MOST).map(|step| (step.span, step.how.to_string())).collect()
}

/// Where an unknown value is used, and where it would come from.
pub(crate) fn unknown_places(unknown: &Unknown, span: Span, via: Option<&Trail>) -> Vec<Label> {
    let reason = unknown.reason.to_string();
    match via.map(|trail| trail.span).filter(|used| *used != span) {
        Some(used) => vec![
            Label { span: used, message: reason },
            Label { span, message: "its value would come from here".to_owned() },
        ],
        None => vec![Label { span, message: reason }],
    }
}

/// Why a value is unknown, in words.
pub(crate) fn why(unknown: &Unknown) -> Arc<str> {
    match &*unknown.text {
        "" => unknown.reason.to_string().into(),
        text => format!("`{text}`: {}", unknown.reason).into(),
    }
}

fn shown_addresses(set: &AddressSet) -> String {
    const MOST: usize = 3;
    let mut words: Vec<String> = set.prefixes().take(MOST + 1).map(|prefix| prefix.to_string()).collect();
    if words.len() > MOST {
        words[MOST] = "…".to_owned();
    }
    words.join(", ")
}

fn shown_ports(set: &PortSet) -> String {
    if set.is_full() {
        return "*".to_owned();
    }
    let range = |(first, last): &(u16, u16)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    set.ranges().iter().map(range).collect::<Vec<_>>().join(", ")
}

/// A regular expression that is searched for in texts.
#[derive(Clone)]
pub(crate) struct Expression {
    text: Arc<str>,
    /// Made when first asked for.
    regex: OnceLock<meta::Regex>,
    /// The same as an automaton, made when first asked for; `None` when it has none.
    automaton: OnceLock<Option<Arc<DFA>>>,
}

impl Expression {
    /// Reads an expression of bounded size.
    pub(crate) fn read(text: Arc<str>) -> Result<Self, regex::Error> {
        RegexBuilder::new(&text).size_limit(MAX_REGEX).build()?;
        Ok(Self::of_program(text))
    }

    /// An expression in a rule of the program: compiled when it is first used, since most are not.
    pub(crate) fn of_program(text: Arc<str>) -> Self {
        Self { text, regex: OnceLock::new(), automaton: OnceLock::new() }
    }

    /// It as written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is found in a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.get_or_init(|| build(&self.text).expect("it was read, or came with the program")).is_match(text)
    }

    /// Whether it is found in every value of a text that is known in part, or in none; `None` when that differs or cannot
    /// be told from the beginning.
    pub(crate) fn decided_by_start(&self, unknown: &Unknown) -> Option<bool> {
        let Some(crate::json::Part::Text(start)) = unknown.parts.first() else { return None };
        self.in_all_that_start_with(start)
    }

    fn in_all_that_start_with(&self, start: &str) -> Option<bool> {
        let automaton = self.automaton.get_or_init(|| automaton(&self.text).map(Arc::new)).as_ref()?;
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

/// An engine that is ready at once: the texts of a run are few and short, and what makes a search through long ones fast
/// takes longer to build than all of them take to search.
fn build(text: &str) -> Option<meta::Regex> {
    let config = meta::Config::new().auto_prefilter(false).hybrid(false).dfa(false).onepass(false);
    let syntax = syntax::Config::new().unicode(!is_ascii(text));
    meta::Regex::builder().configure(config).syntax(syntax).build(text).ok()
}

/// Whether an expression is made of ASCII letters alone, so that it finds the same when letters are bytes: at a tenth of the
/// work, and with a long s or a Kelvin sign as little an `s` or a `k` as they are to Azure.
fn is_ascii(text: &str) -> bool {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match letter {
            '.' => return false,
            '[' if next == Some('^') => return false,
            // `\w` and its kind.
            '\\' if next.is_none_or(|next| next.is_ascii_alphanumeric()) => return false,
            '\\' => drop(letters.next()),
            _ if !letter.is_ascii() => return false,
            _ => {}
        }
    }
    !text.contains("(?u") && !text.contains("(?x")
}

fn automaton(text: &str) -> Option<DFA> {
    let syntax = syntax::Config::new().unicode(!is_ascii(text));
    DFA::builder().syntax(syntax).build(text).ok()
}

impl fmt::Debug for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::{Expression, is_ascii};

    fn decided(pattern: &str, start: &str) -> Option<bool> {
        Expression::read(pattern.into()).unwrap().in_all_that_start_with(start)
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

    #[test]
    fn only_what_needs_no_more_than_ascii_is_read_as_bytes() {
        let as_bytes = ["(?i)^user_?defined$", r"(?i)^KeyVault(\.|$)", "[a-z0-9-]{2,3}", r"\*"];
        assert!(as_bytes.iter().all(|text| is_ascii(text)));
        assert!(["é", "a.b", "[^/]", r"\w", r"\d{2}", "(?ui)a"].iter().all(|text| !is_ascii(text)));
    }

    proptest! {
        #[test]
        fn bytes_are_searched_with_the_same_answer(
            pattern in "(\\(\\?i\\))?\\^?([a-c]|\\[a-c\\]|\\(a\\|bc\\)|\\\\\\.)[+?*]?[b.é]?\\$?",
            text in "[aAbBcCé.]{0,5}",
        ) {
            let same = Regex::new(&pattern).map(|regex| regex.is_match(&text));
            prop_assert_eq!(Expression::read(pattern.as_str().into()).map(|own| own.is_match(&text)), same);
        }

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
