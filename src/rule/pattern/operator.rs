//! The operators of pattern rules: what a field is held against, checked by the field's kind, answered in three values.

use std::sync::Arc;

use crate::estate::Peer;
use crate::json::{Node, Unknown, Value as Json};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::pattern::field::Expression;
use crate::rule::pattern::field::{Atom, Kind, Part, Value, why};
use crate::rule::pattern::side::Side;
use crate::rule::schema::{Pair, Written};
use crate::rule::value;

/// One operator and what it compares with.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// It is, or is not, there.
    Exists(bool),
    /// It is one of these texts or words, without case.
    Text(Vec<Arc<str>>),
    /// The expression is found in it.
    Matches(Expression),
    /// It is one of these numbers.
    Number(Vec<i64>),
    /// It is a number from here to there, both included.
    Between(i64, i64),
    /// It is this.
    Bool(bool),
    /// Some element, or every one, is among these texts.
    Texts(SetTest, Vec<Arc<str>>),
    /// Compared as a set of addresses.
    Addresses(SetTest, Side),
    /// Compared as a set of ports.
    Ports(SetTest, PortSet),
    /// Compared as a set of protocols.
    Protocols(SetTest, ProtocolSet),
    /// Not this.
    Not(Box<Test>),
}

/// How two sets are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetTest {
    /// They are the same.
    Is,
    /// The field holds all of it.
    Include,
    /// It holds all of the field.
    Within,
    /// They have something in common.
    Overlap,
}

impl Kind {
    /// The operators of this kind of field.
    pub(crate) fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Text => &["is", "is-not", "in", "matches", "exists"],
            Self::Word(_) => &["is", "is-not", "in", "exists"],
            Self::Number => &["is", "is-not", "in", "at-least", "at-most", "above", "below", "exists"],
            Self::Boolean => &["is", "exists"],
            Self::Texts => &["includes", "within", "overlaps", "matches", "exists"],
            Self::Addresses | Self::Ports | Self::Protocols => &["is", "includes", "within", "overlaps", "exists"],
        }
    }

    /// The word for it in the documentation.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Word(_) => "word",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Texts => "list",
            Self::Addresses => "addresses",
            Self::Ports => "ports",
            Self::Protocols => "protocols",
        }
    }
}

/// Reads `{ is: inbound }`: every operator must hold.
pub(crate) fn read(field: &str, kind: Kind, written: Written<'_>) -> Result<Vec<Test>, RuleError> {
    if !written.is_mapping() {
        return Err(written.error(format!("`{field}` needs an operator")).help(format!(
            "for example `{{ {}: … }}`; its operators are: {}",
            kind.operators()[0],
            list(kind)
        )));
    }
    let pairs = written.pairs()?;
    if pairs.is_empty() {
        return Err(written.error(format!("`{field}` needs an operator")).help(list(kind)));
    }
    pairs.iter().map(|pair| read_one(field, kind, pair)).collect()
}

fn list(kind: Kind) -> String {
    kind.operators().iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn read_one(field: &str, kind: Kind, pair: &Pair<'_>) -> Result<Test, RuleError> {
    // `sources: { include: … }` reads better than `includes` after a plural; both are the same operator.
    let operator = match pair.key {
        "include" => "includes",
        "overlap" => "overlaps",
        other => other,
    };
    if !kind.operators().contains(&operator) {
        return Err(pair.error(format!("`{field}` has no operator `{}`", pair.key)).label("unknown operator").help(
            suggestion(operator, &format!("{} has the operators", kind.as_str()), kind.operators().iter().copied()),
        ));
    }
    let written = pair.value;
    match operator {
        "exists" => return Ok(Test::Exists(written.bool()?)),
        "matches" => return expression(written).map(Test::Matches),
        "is-not" => {
            let is = Pair { key: &Arc::from("is"), key_at: pair.key_at, value: written };
            return Ok(Test::Not(Box::new(read_one(field, kind, &is)?)));
        }
        _ => {}
    }
    let several = matches!(operator, "in" | "includes" | "within" | "overlaps");
    if operator == "in" && written.list()?.is_empty() {
        return Err(written.error("the list is empty"));
    }
    let how = match operator {
        "includes" => SetTest::Include,
        "within" => SetTest::Within,
        "overlaps" => SetTest::Overlap,
        _ => SetTest::Is,
    };
    let items = if several { written.items() } else { vec![written] };
    Ok(match kind {
        Kind::Text => Test::Text(items.into_iter().map(Written::scalar).collect::<Result<_, _>>()?),
        Kind::Texts => Test::Texts(how, items.into_iter().map(Written::scalar).collect::<Result<_, _>>()?),
        Kind::Word(words) => {
            let known: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
            let word = |item: Written<'_>| item.word("value of this field", &known).map(Arc::from);
            Test::Text(items.into_iter().map(word).collect::<Result<_, _>>()?)
        }
        Kind::Number => match operator {
            "at-least" => Test::Between(written.integer()?, i64::MAX),
            "at-most" => Test::Between(i64::MIN, written.integer()?),
            "above" => Test::Between(written.integer()?.saturating_add(1), i64::MAX),
            "below" => Test::Between(i64::MIN, written.integer()?.saturating_sub(1)),
            _ => Test::Number(items.into_iter().map(Written::integer).collect::<Result<_, _>>()?),
        },
        Kind::Boolean => Test::Bool(written.bool()?),
        Kind::Addresses => Test::Addresses(how, read_side(written)?),
        Kind::Ports => Test::Ports(how, value::ports(written)?),
        Kind::Protocols => Test::Protocols(how, value::protocols(written)?),
    })
}

/// A regular expression of bounded size.
pub(crate) fn expression(written: Written<'_>) -> Result<Expression, RuleError> {
    let text = written.text()?;
    if written.text.is_shipped {
        return Ok(Expression::of_program(text));
    }
    Expression::read(text).map_err(|error| {
        let shown = error.to_string();
        let message = shown.lines().last().unwrap_or("it does not parse").trim_start_matches("error: ");
        written.error(format!("this is not a regular expression: {message}"))
    })
}

fn read_side(written: Written<'_>) -> Result<Side, RuleError> {
    let mut side = Side::default();
    let items = written.items();
    if items.is_empty() {
        return Err(written.error("the list is empty"));
    }
    for item in items {
        let text = item.text()?;
        match (&*text, AddressSet::parse(&text)) {
            ("any" | "*", _) => side.add_set(&AddressSet::all_v4()),
            (_, Some(set)) => side.add_set(&set),
            ("internet", None) => side.add_tag(value::tag(item, "Internet")?),
            ("virtual-network", None) => side.add_tag(value::tag(item, "VirtualNetwork")?),
            (name, None) => side.add_tag(value::tag(item, name)?),
        }
    }
    Ok(side)
}

impl Test {
    /// Whether it holds of a value. Of what is not there, nothing holds but that it is not.
    pub(crate) fn holds(&self, value: &Value<'_>) -> Truth {
        match self {
            Self::Not(test) => return test.holds(value).negated(),
            Self::Exists(wanted) => {
                return match &value.open {
                    Some(why) => Truth::Unknown(vec![Arc::clone(why)]),
                    None => (value.is_absent() != *wanted).into(),
                };
            }
            _ => {}
        }
        if value.is_absent() {
            return Truth::No;
        }
        match self {
            Self::Addresses(how, wanted) => addresses(value, *how, wanted),
            Self::Ports(how, wanted) => sets(value, *how, wanted),
            Self::Protocols(how, wanted) => sets(value, *how, wanted),
            Self::Texts(how, wanted) => texts(value, *how, wanted),
            _ => {
                let parts = value.parts.iter().map(|part| self.part(part));
                let open = value.open.iter().map(|why| Truth::Unknown(vec![Arc::clone(why)]));
                Truth::any(parts.chain(open))
            }
        }
    }

    fn part(&self, part: &Part<'_>) -> Truth {
        match &part.atom {
            Ok(atom) => self.atom(atom).into(),
            Err(unknown) => self.unknown(unknown),
        }
    }

    /// Decided all the same when every possible value agrees, or what is known of the text is enough.
    fn unknown(&self, unknown: &Unknown) -> Truth {
        let mut answers = unknown.domain.iter().map(|node| self.node(node));
        let agreed = match answers.next() {
            Some(Some(first)) if answers.all(|answer| answer == Some(first)) => Some(first),
            _ => None,
        };
        let known = agreed.or_else(|| match self {
            Self::Text(wanted) => wanted.iter().all(|wanted| !may_be(unknown, wanted)).then_some(false),
            Self::Matches(expression) => expression.decided_by_start(unknown),
            _ => None,
        });
        known.map_or_else(|| Truth::Unknown(vec![why(unknown)]), Truth::from)
    }

    fn node(&self, node: &Node) -> Option<bool> {
        Some(match &node.value {
            Json::Text(text) => self.atom(&Atom::Text(text.as_ref().into())),
            Json::Bool(value) => self.atom(&Atom::Bool(*value)),
            Json::Number(number) => self.atom(&Atom::Number(number.as_i64()?)),
            _ => return None,
        })
    }

    fn atom(&self, atom: &Atom<'_>) -> bool {
        match (self, atom) {
            (Self::Text(wanted), Atom::Text(text)) => wanted.iter().any(|wanted| same(wanted, text)),
            (Self::Matches(regex), Atom::Text(text)) => regex.is_match(text),
            (Self::Matches(regex), Atom::Groups(text)) => regex.is_match(text),
            (Self::Number(wanted), Atom::Number(number)) => wanted.contains(number),
            (Self::Between(first, last), Atom::Number(number)) => (first..=last).contains(&number),
            (Self::Bool(wanted), Atom::Bool(value)) => wanted == value,
            _ => false,
        }
    }
}

/// Texts compare without case; Azure's words also without the dashes that rules write in them.
fn same(wanted: &str, text: &str) -> bool {
    let letters = wanted.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase());
    wanted.eq_ignore_ascii_case(text) || letters.eq(text.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// Whether a text may turn out to be the same as what a rule writes.
fn may_be(unknown: &Unknown, wanted: &str) -> bool {
    unknown.may_be(wanted) || wanted.contains('-') && unknown.may_be(&wanted.replace('-', ""))
}

fn addresses(value: &Value<'_>, how: SetTest, wanted: &Side) -> Truth {
    let mut side = Side::default();
    // A rule may list thousands of prefixes.
    let written = value.parts.iter().filter_map(|part| match &part.atom {
        Ok(Atom::Addresses(set)) => Some(set.as_ref()),
        Ok(Atom::Peer(Peer::Addresses(set))) => Some(set),
        _ => None,
    });
    side.add_set(&AddressSet::union_of(written));
    let mut choices: Vec<Choice<'_, Peer>> = Vec::new();
    for part in &value.parts {
        match &part.atom {
            Ok(Atom::Peer(Peer::Addresses(_)) | Atom::Addresses(_)) => {}
            // Azure refuses it, and what was meant is not known.
            Ok(Atom::Peer(Peer::Invalid(text))) => side.add_open(format!("`{text}` is no address").into()),
            Ok(Atom::Peer(peer)) => side.add(peer),
            Ok(Atom::Groups(_)) => side.add_groups(),
            Ok(_) => {}
            Err(unknown) => match Choice::of(unknown, Peer::named) {
                Some(choice) => choices.push(choice),
                None => side.add_unknown(unknown, why(unknown)),
            },
        }
    }
    if let Some(why) = &value.open {
        side.add_open(Arc::clone(why));
    }
    let test = |side: &Side| match how {
        SetTest::Is => Truth::all([side.includes(wanted), wanted.includes(side)]),
        SetTest::Include => side.includes(wanted),
        SetTest::Within => wanted.includes(side),
        SetTest::Overlap => side.overlaps(wanted),
    };
    if choices.is_empty() {
        return test(&side);
    }
    for_every_choice(&choices, |chosen| {
        let mut side = side.clone();
        chosen.iter().for_each(|peer| side.add(peer));
        test(&side)
    })
}

/// A value that is one of a few.
struct Choice<'u, T> {
    values: Vec<T>,
    unknown: &'u Unknown,
}

impl<'u, T> Choice<'u, T> {
    /// `None` when it may be something that cannot be read.
    fn of(unknown: &'u Unknown, read: impl Fn(&str) -> Option<T>) -> Option<Self> {
        let value = |node: &Node| match &node.value {
            Json::Text(text) => read(text),
            Json::Number(number) => read(number.as_str()),
            _ => None,
        };
        let values: Vec<T> = unknown.domain.iter().map(value).collect::<Option<_>>()?;
        (!values.is_empty()).then_some(Self { values, unknown })
    }
}

/// At most so many ways to choose are tried; keeps a rule with many choices cheap.
const MOST_WAYS: usize = 64;

/// What holds whatever is chosen; unknown when that makes a difference.
fn for_every_choice<T>(choices: &[Choice<'_, T>], test: impl Fn(&[&T]) -> Truth) -> Truth {
    let ways = choices.iter().try_fold(1_usize, |ways, choice| ways.checked_mul(choice.values.len()));
    let open = || Truth::Unknown(choices.iter().map(|choice| why(choice.unknown)).collect());
    let Some(ways) = ways.filter(|ways| *ways <= MOST_WAYS) else { return open() };
    let truth = |way: usize| {
        let mut rest = way;
        let chosen: Vec<&T> = choices
            .iter()
            .map(|choice| {
                let value = &choice.values[rest % choice.values.len()];
                rest /= choice.values.len();
                value
            })
            .collect();
        test(&chosen)
    };
    let first = truth(0);
    if (1..ways).all(|way| truth(way) == first) { first } else { open() }
}

/// A set whose known parts are exact.
trait ExactSet: Clone {
    fn nothing() -> Self;
    fn of(atom: &Atom<'_>) -> Option<Self>;
    fn read(text: &str) -> Option<Self>;
    fn with(&self, other: &Self) -> Self;
    fn holds(&self, other: &Self) -> bool;
    fn meets(&self, other: &Self) -> bool;
}

impl ExactSet for PortSet {
    fn nothing() -> Self {
        Self::empty()
    }
    fn of(atom: &Atom<'_>) -> Option<Self> {
        if let Atom::Ports(set) = atom { Some((*set).clone()) } else { None }
    }
    fn read(text: &str) -> Option<Self> {
        value::port_range(text)
    }
    fn with(&self, other: &Self) -> Self {
        self.union(other)
    }
    fn holds(&self, other: &Self) -> bool {
        other.is_subset(self)
    }
    fn meets(&self, other: &Self) -> bool {
        self.overlaps(other)
    }
}

impl ExactSet for ProtocolSet {
    fn nothing() -> Self {
        Self::NONE
    }
    fn of(atom: &Atom<'_>) -> Option<Self> {
        if let Atom::Protocols(set) = atom { Some(*set) } else { None }
    }
    fn read(text: &str) -> Option<Self> {
        value::protocol(&text.to_ascii_lowercase())
    }
    fn with(&self, other: &Self) -> Self {
        self.union(*other)
    }
    fn holds(&self, other: &Self) -> bool {
        other.is_subset(*self)
    }
    fn meets(&self, other: &Self) -> bool {
        !self.intersection(*other).is_empty()
    }
}

/// Only what is unknown leaves anything open.
fn sets<S: ExactSet>(value: &Value<'_>, how: SetTest, wanted: &S) -> Truth {
    let mut known = S::nothing();
    let mut open: Vec<Arc<str>> = value.open.iter().cloned().collect();
    let mut choices: Vec<Choice<'_, S>> = Vec::new();
    for part in &value.parts {
        match &part.atom {
            Ok(atom) => known = S::of(atom).map_or_else(|| known.clone(), |set| known.with(&set)),
            Err(unknown) => match Choice::of(unknown, S::read) {
                Some(choice) => choices.push(choice),
                None => open.push(why(unknown)),
            },
        }
    }
    for_every_choice(&choices, |chosen| {
        let known = chosen.iter().fold(known.clone(), |known, set| known.with(set));
        let truth = match how {
            SetTest::Is => known.holds(wanted) && wanted.holds(&known),
            SetTest::Include => known.holds(wanted),
            SetTest::Within => wanted.holds(&known),
            SetTest::Overlap => known.meets(wanted),
        };
        // More parts can only turn a no of `includes` and `overlaps` into a yes, and a yes of `within` into a no.
        let settled = match how {
            SetTest::Is => !wanted.holds(&known),
            SetTest::Include | SetTest::Overlap => truth,
            SetTest::Within => !truth,
        };
        if open.is_empty() || settled { truth.into() } else { Truth::Unknown(open.clone()) }
    })
}

fn texts(value: &Value<'_>, how: SetTest, wanted: &[Arc<str>]) -> Truth {
    let is = |part: &Part<'_>, wanted: &[Arc<str>]| -> Truth {
        let any = |text: &str| wanted.iter().any(|wanted| same(wanted, text)).into();
        match &part.atom {
            Ok(Atom::Text(text)) => any(text),
            Ok(Atom::Groups(id)) => any(id),
            Ok(_) => any(""),
            Err(unknown) => Test::Text(wanted.to_vec()).unknown(unknown),
        }
    };
    let holds = |wanted: &Arc<str>| Truth::any(value.parts.iter().map(|part| is(part, std::slice::from_ref(wanted))));
    match how {
        SetTest::Include => Truth::all(wanted.iter().map(holds)),
        SetTest::Overlap => Truth::any(wanted.iter().map(holds)),
        SetTest::Within | SetTest::Is => Truth::all(value.parts.iter().map(|part| is(part, wanted))),
    }
}
