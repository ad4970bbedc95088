//! The operators of pattern rules: what a field is held against, checked by the field's kind, answered in three values.

use std::sync::Arc;

use regex::Regex;

use crate::estate::Peer;
use crate::json::{Node, Unknown, Value as Json};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::field::{Atom, Kind, Part, Value, why};
use crate::rule::schema::{Pair, Written};
use crate::rule::side::Side;
use crate::rule::value;

/// The largest program a regular expression may compile to, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// One operator and what it compares with.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// It is, or is not, there.
    Exists(bool),
    /// It is one of these texts or words, without case.
    Text(Vec<Arc<str>>),
    /// The expression is found in it.
    Matches(Regex),
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
    let operator = match &**pair.key {
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
        "matches" => return regex(written).map(Test::Matches),
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
pub(crate) fn regex(written: Written<'_>) -> Result<Regex, RuleError> {
    let text = written.text()?;
    regex::RegexBuilder::new(&text).size_limit(MAX_REGEX).build().map_err(|error| {
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
        match (&*text, value::address(&text)) {
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
            Self::Ports(how, wanted) => sets(
                value,
                *how,
                PortSet::empty(),
                |known, part| match part {
                    Atom::Ports(set) => known.union(set),
                    _ => known,
                },
                |left, right| right.is_subset(left),
                PortSet::overlaps,
                wanted,
            ),
            Self::Protocols(how, wanted) => sets(
                value,
                *how,
                ProtocolSet::NONE,
                |known, part| match part {
                    Atom::Protocols(set) => known.union(*set),
                    _ => known,
                },
                |left, right| right.is_subset(*left),
                |left, right| !left.intersection(*right).is_empty(),
                wanted,
            ),
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

    /// Decided all the same when every possible value agrees.
    fn unknown(&self, unknown: &Unknown) -> Truth {
        let mut answers = unknown.domain.iter().map(|node| self.node(node));
        match answers.next() {
            Some(Some(first)) if answers.all(|answer| answer == Some(first)) => first.into(),
            _ => Truth::Unknown(vec![why(unknown)]),
        }
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
    let letters = |text: &'_ str| {
        text.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    wanted.eq_ignore_ascii_case(text) || (!text.contains('-') && letters(wanted) == letters(text))
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
    for part in &value.parts {
        match &part.atom {
            Ok(Atom::Peer(Peer::Addresses(_)) | Atom::Addresses(_)) => {}
            Ok(Atom::Peer(peer)) => side.add(peer),
            Ok(Atom::Groups(_)) => side.add_groups(),
            Ok(_) => {}
            Err(unknown) => side.add_unknown(unknown, why(unknown)),
        }
    }
    if let Some(why) = &value.open {
        side.add_open(Arc::clone(why));
    }
    match how {
        SetTest::Is => Truth::all([side.includes(wanted), wanted.includes(&side)]),
        SetTest::Include => side.includes(wanted),
        SetTest::Within => wanted.includes(&side),
        SetTest::Overlap => side.overlaps(wanted),
    }
}

/// Sets whose known parts are exact: only unknown parts leave anything open.
fn sets<S>(
    value: &Value<'_>,
    how: SetTest,
    none: S,
    add: impl Fn(S, &Atom<'_>) -> S,
    includes: impl Fn(&S, &S) -> bool,
    overlaps: impl Fn(&S, &S) -> bool,
    wanted: &S,
) -> Truth {
    let mut known = none;
    let mut open: Vec<Arc<str>> = value.open.iter().cloned().collect();
    for part in &value.parts {
        match &part.atom {
            Ok(atom) => known = add(known, atom),
            Err(unknown) => open.push(why(unknown)),
        }
    }
    let truth = match how {
        SetTest::Is => includes(&known, wanted) && includes(wanted, &known),
        SetTest::Include => includes(&known, wanted),
        SetTest::Within => includes(wanted, &known),
        SetTest::Overlap => overlaps(&known, wanted),
    };
    // More parts can only turn a no of `includes` and `overlaps` into a yes, and a yes of `within` into a no.
    let settled = match how {
        SetTest::Is => !includes(wanted, &known),
        SetTest::Include | SetTest::Overlap => truth,
        SetTest::Within => !truth,
    };
    if open.is_empty() || settled { truth.into() } else { Truth::Unknown(open) }
}

fn texts(value: &Value<'_>, how: SetTest, wanted: &[Arc<str>]) -> Truth {
    let text = |part: &Part<'_>| match &part.atom {
        Ok(Atom::Text(text)) => Ok(text.to_string()),
        Ok(Atom::Groups(id)) => Ok((*id).to_owned()),
        Ok(_) => Ok(String::new()),
        Err(unknown) => Err(why(unknown)),
    };
    let holds = |wanted: &Arc<str>| {
        Truth::any(value.parts.iter().map(|part| match text(part) {
            Ok(text) => same(wanted, &text).into(),
            Err(why) => Truth::Unknown(vec![why]),
        }))
    };
    match how {
        SetTest::Include => Truth::all(wanted.iter().map(holds)),
        SetTest::Overlap => Truth::any(wanted.iter().map(holds)),
        SetTest::Within | SetTest::Is => Truth::all(value.parts.iter().map(|part| match text(part) {
            Ok(text) => wanted.iter().any(|wanted| same(wanted, &text)).into(),
            Err(why) => Truth::Unknown(vec![why]),
        })),
    }
}
