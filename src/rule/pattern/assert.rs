//! What an assertion says of selected nodes: tests, how many must pass, and conditions made of them; in three values.

use std::sync::Arc;

use crate::json::{Member, Node, Number, Part, Reason, Selection, Selector, Unknown, Value as Json};
use crate::net::{AddressSet, Reading, Tag};
use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::pattern::field::Expression;
use crate::rule::pattern::field::why;
use crate::rule::pattern::operator;
use crate::rule::schema::{Pair, Written};
use crate::rule::tree::Value;
use crate::rule::value;
use crate::source::{FileId, Span};

#[derive(Clone, Debug)]
pub(crate) enum Assert {
    /// Something is, or is not, selected; `null` counts as nothing.
    Exists(bool),
    /// Something is selected, and every selected node passes.
    Test(NodeTest),
    /// Every selected node passes all tests.
    All(Vec<NodeTest>),
    /// No selected node passes all tests.
    None(Vec<NodeTest>),
    /// Some selected node passes all tests.
    Any(Vec<NodeTest>),
    /// So many nodes are selected, both ends included.
    Count(usize, usize),
}

#[derive(Clone, Debug)]
pub(crate) enum NodeTest {
    /// It is one of these; texts compare without case.
    In(Vec<Node>),
    /// It is none of these.
    NotIn(Vec<Node>),
    /// It is a text in which the expression is found.
    Matches(Expression),
    /// It is a number from here to there, both included.
    Between(f64, f64),
    /// It is a prefix or an address that has some of these addresses.
    Overlaps(AddressSet),
    /// It is, or is not, a service tag that exists.
    IsTag(bool),
    /// Something of it is, or nothing is, known before deployment.
    Known(bool),
}

/// Something that must hold of what is selected.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    select: Selector,
    asserts: Vec<Assert>,
}

/// Clauses: of several lists one must hold, with all in it. None at all holds of everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clauses(Vec<Vec<Clause>>);

const ASSERT_KEYS: [&str; 15] = [
    "exists",
    "equals",
    "not-equals",
    "in",
    "not-in",
    "matches",
    "at-least",
    "at-most",
    "overlaps",
    "is-tag",
    "known",
    "all",
    "none",
    "any",
    "count",
];
const TEST_KEYS: [&str; 10] =
    ["equals", "not-equals", "in", "not-in", "matches", "at-least", "at-most", "overlaps", "is-tag", "known"];

impl Clauses {
    /// Reads `{ $.a: value, $.b: { matches: … } }`, or a list of such mappings of which one must hold.
    pub(crate) fn read(written: Written<'_>) -> Result<Self, RuleError> {
        let lists = written.items().into_iter().map(|item| {
            let clause = |pair: Pair<'_>| {
                let select = value::selector_at(pair.value, pair.key_at, pair.key)?;
                let asserts = if pair.value.is_mapping() {
                    read(pair.value)?
                } else {
                    let values = pair.value.items().into_iter().map(node).collect::<Result<_, _>>()?;
                    vec![Assert::Any(vec![NodeTest::In(values)])]
                };
                Ok(Clause { select, asserts })
            };
            item.pairs()?.into_iter().map(clause).collect::<Result<Vec<_>, RuleError>>()
        });
        let lists = lists.collect::<Result<Vec<_>, _>>()?;
        if lists.iter().any(Vec::is_empty) {
            return Err(written.error("the condition is empty; leave it out when nothing must hold"));
        }
        Ok(Self(lists))
    }

    /// Whether they look at what a mention of the resource does not show.
    pub(crate) fn look_at_unshown(&self, resource: &Node) -> bool {
        self.0.iter().flatten().any(|clause| is_unshown(&clause.select.evaluate(resource)))
    }

    /// Whether they hold of a resource.
    pub(crate) fn hold(&self, resource: &Node) -> Truth {
        if self.0.is_empty() {
            return Truth::Yes;
        }
        let one = |clause: &Clause| {
            let selection = clause.select.evaluate(resource);
            Truth::all(clause.asserts.iter().map(|assert| assert.holds(&selection)))
        };
        Truth::any(self.0.iter().map(|list| Truth::all(list.iter().map(one))))
    }
}

/// Reads `assert:`, all of which must hold.
pub(crate) fn read(written: Written<'_>) -> Result<Vec<Assert>, RuleError> {
    written.keys("`assert`", &ASSERT_KEYS)?;
    let mut asserts = Vec::new();
    for pair in written.pairs()? {
        match pair.key {
            "exists" => asserts.push(Assert::Exists(pair.value.bool()?)),
            "all" => asserts.push(Assert::All(node_tests(pair.value)?)),
            "none" => asserts.push(Assert::None(node_tests(pair.value)?)),
            // Of several tests each must be passed by some node, not all by the same.
            "any" => {
                for item in pair.value.items() {
                    asserts.push(Assert::Any(node_tests(item)?));
                }
            }
            "count" => asserts.push(read_count(pair.value)?),
            word => asserts.push(Assert::Test(node_test(word, pair.value)?)),
        }
    }
    if asserts.is_empty() {
        return Err(written.error("`assert` is empty").help(suggestion("", "it takes", ASSERT_KEYS)));
    }
    Ok(asserts)
}

impl Assert {
    pub(crate) fn holds(&self, selection: &Selection<'_>) -> Truth {
        let hits = &selection.hits;
        let more = || blocked(selection);
        match self {
            Self::Exists(wanted) => {
                let exists = Truth::any(hits.iter().map(|hit| there(hit)).chain(more()));
                if *wanted { exists } else { exists.negated() }
            }
            Self::Test(test) => {
                let exists = Truth::any(hits.iter().map(|_| Truth::Yes).chain(more()));
                Truth::all([exists, Truth::all(hits.iter().map(|hit| test.holds(hit)).chain(more()))])
            }
            Self::All(tests) => Truth::all(hits.iter().map(|hit| pass(tests, hit)).chain(more())),
            Self::None(tests) => Truth::any(hits.iter().map(|hit| pass(tests, hit)).chain(more())).negated(),
            Self::Any(tests) => Truth::any(hits.iter().map(|hit| pass(tests, hit)).chain(more())),
            Self::Count(least, most) => match more().next() {
                // Nodes that may come to be selected can only be more.
                Some(_) if hits.len() > *most => Truth::No,
                Some(open) => open,
                None => (*least <= hits.len() && hits.len() <= *most).into(),
            },
        }
    }

    pub(crate) fn fails_at(&self, node: &Node) -> bool {
        match self {
            Self::Exists(wanted) => !wanted,
            Self::Test(test) => test.holds(node) != Truth::Yes,
            Self::All(tests) => pass(tests, node) != Truth::Yes,
            Self::None(tests) => pass(tests, node) != Truth::No,
            Self::Any(_) | Self::Count(..) => false,
        }
    }
}

/// Whether a mention leaves open what is selected.
pub(crate) fn is_unshown(selection: &Selection<'_>) -> bool {
    let not_shown = |node: &&&Node| node.unknown().is_some_and(|why| matches!(why.reason, Reason::NotShown(_)));
    selection.hits.iter().chain(&selection.blocked).any(|node| not_shown(&node))
}

fn blocked(selection: &Selection<'_>) -> impl Iterator<Item = Truth> {
    selection.blocked.iter().map(|node| open(node))
}

fn open(node: &Node) -> Truth {
    node.unknown().map_or_else(
        || Truth::open("a value that only a deployment can tell"),
        |unknown| Truth::Unknown(vec![why(unknown)]),
    )
}

/// Whether something is there: `null` is not, and an expression may be `null`.
fn there(node: &Node) -> Truth {
    match &node.value {
        Json::Null => Truth::No,
        Json::Unknown(_) => open(node),
        _ => Truth::Yes,
    }
}

fn pass(tests: &[NodeTest], node: &Node) -> Truth {
    Truth::all(tests.iter().map(|test| test.holds(node)))
}

impl NodeTest {
    fn holds(&self, node: &Node) -> Truth {
        let Json::Unknown(unknown) = &node.value else { return self.known(node).into() };
        if let Self::Known(wanted) = self {
            return (unknown.parts.is_empty() != *wanted).into();
        }
        if let (Self::Matches(regex), false) = (self, unknown.parts.is_empty()) {
            return matches_in_part(regex, unknown).unwrap_or_else(|| open(node));
        }
        let mut answers = unknown.domain.iter().map(|node| self.known(node));
        match (answers.next(), self) {
            (Some(first), _) if answers.all(|answer| answer == first) => first.into(),
            (_, Self::In(values)) if is_none_of(unknown, values) => Truth::No,
            (_, Self::NotIn(values)) if is_none_of(unknown, values) => Truth::Yes,
            _ => open(node),
        }
    }

    fn known(&self, node: &Node) -> bool {
        match self {
            Self::In(values) => values.contains(node),
            Self::NotIn(values) => !values.contains(node),
            Self::Matches(regex) => node.text().is_some_and(|text| regex.is_match(text)),
            Self::Overlaps(set) => {
                let own = node.text().and_then(AddressSet::parse);
                own.is_some_and(|own| !own.intersection(set).is_empty())
            }
            Self::IsTag(wanted) => {
                let reading = node.text().map(|text| Tag::read(text, None));
                matches!(reading, Some(Reading::Known(_))) == *wanted
            }
            Self::Known(wanted) => *wanted,
            Self::Between(least, most) => match &node.value {
                Json::Number(number) => (*least..=*most).contains(&number.as_f64()),
                _ => false,
            },
        }
    }
}

/// Whether what is known of a text rules out every one of some values.
fn is_none_of(unknown: &Unknown, values: &[Node]) -> bool {
    !unknown.parts.is_empty() && values.iter().all(|value| value.text().is_none_or(|text| !unknown.may_be(text)))
}

/// Whether an expression is found in a text with holes. What fills a hole of the deployment's own, such as the
/// subscription, is a plain word, and no hole of an id holds a slash; any other may hold what is looked for.
fn matches_in_part(regex: &Expression, unknown: &Unknown) -> Option<Truth> {
    if let Some(found) = regex.decided_by_start(unknown) {
        return Some(found.into());
    }
    let mut text = String::new();
    let mut plain = true;
    for part in &unknown.parts {
        match part {
            Part::Text(known) => text.push_str(known),
            Part::Hole(hole) => {
                text.push(char::REPLACEMENT_CHARACTER);
                plain &= matches!(hole.reason, Reason::Context(_));
            }
        }
    }
    let is_id = ["/subscriptions/", "/providers/"].iter().any(|start| text.starts_with(start));
    match (regex.is_match(&text), plain || is_id && regex.as_str().contains('/')) {
        (true, _) => Some(Truth::Yes),
        (false, true) => Some(Truth::No),
        (false, false) => None,
    }
}

fn node_tests(written: Written<'_>) -> Result<Vec<NodeTest>, RuleError> {
    written.keys("a test", &TEST_KEYS)?;
    let tests: Vec<NodeTest> =
        written.pairs()?.into_iter().map(|pair| node_test(pair.key, pair.value)).collect::<Result<_, _>>()?;
    if tests.is_empty() {
        return Err(written.error("the test is empty").help(suggestion("", "it takes", TEST_KEYS)));
    }
    Ok(tests)
}

fn node_test(word: &str, written: Written<'_>) -> Result<NodeTest, RuleError> {
    let list = || written.list()?.into_iter().map(node).collect::<Result<Vec<_>, _>>();
    Ok(match word {
        "equals" => NodeTest::In(vec![node(written)?]),
        "not-equals" => NodeTest::NotIn(vec![node(written)?]),
        "in" => NodeTest::In(list()?),
        "not-in" => NodeTest::NotIn(list()?),
        "matches" => NodeTest::Matches(operator::expression(written)?),
        "overlaps" => NodeTest::Overlaps(addresses(written)?),
        "known" => NodeTest::Known(written.bool()?),
        "is-tag" => NodeTest::IsTag(written.bool()?),
        "at-least" => NodeTest::Between(number(written)?, f64::INFINITY),
        _ => NodeTest::Between(f64::NEG_INFINITY, number(written)?),
    })
}

fn addresses(written: Written<'_>) -> Result<AddressSet, RuleError> {
    written.items().into_iter().try_fold(AddressSet::empty(), |set, item| {
        let text = item.text()?;
        AddressSet::parse(&text)
            .map(|one| set.union(&one))
            .ok_or_else(|| item.error(format!("`{text}` is not an address")))
    })
}

fn number(written: Written<'_>) -> Result<f64, RuleError> {
    written.scalar()?.parse().map_err(|_| written.error("expected a number"))
}

fn read_count(written: Written<'_>) -> Result<Assert, RuleError> {
    let whole = |written: Written<'_>| {
        usize::try_from(written.integer()?).map_err(|_| written.error("a count is not negative"))
    };
    if !written.is_mapping() {
        let count = whole(written)?;
        return Ok(Assert::Count(count, count));
    }
    let keys = written.keys("`count`", &["at-least", "at-most"])?;
    let least = keys.get("at-least").map(whole).transpose()?;
    let most = keys.get("at-most").map(whole).transpose()?;
    match (least, most) {
        (None, None) => Err(keys.error("`count` needs `at-least`, `at-most` or a number")),
        _ => Ok(Assert::Count(least.unwrap_or(0), most.unwrap_or(usize::MAX))),
    }
}

/// A JSON value as a rule writes it.
fn node(written: Written<'_>) -> Result<Node, RuleError> {
    let value = match &written.yaml.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Integer(number) => Json::Number(Number::new(number.to_string())),
        Value::Float => Json::Number(Number::new(written.scalar()?)),
        Value::Text(text) => Json::Text(Arc::from(&**text)),
        Value::List(_) => Json::List(Arc::new(written.items().into_iter().map(node).collect::<Result<_, _>>()?)),
        Value::Map(_) => {
            let member =
                |pair: Pair<'_>| Ok(Member { key: Arc::from(pair.key), key_span: nowhere(), node: node(pair.value)? });
            Json::Object(Arc::new(written.pairs()?.into_iter().map(member).collect::<Result<_, RuleError>>()?))
        }
    };
    Ok(Node::new(value, nowhere()))
}

/// What a rule writes stands in no input.
fn nowhere() -> Span {
    Span::new(FileId(u32::MAX), 0, 0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Expression, matches_in_part};
    use crate::json::{Part, Reason, Unknown};
    use crate::rule::condition::Truth;
    use crate::source::{FileId, Span};

    fn unknown(reason: Reason, parts: Vec<Part>) -> Unknown {
        let span = Span::new(FileId(0), 0, 0);
        Unknown { reason, text: "x".into(), span, key: "x".into(), parts, domain: Vec::new() }
    }

    fn found(pattern: &str, hole: Reason, before: &str, after: &str) -> Option<Truth> {
        let hole = Arc::new(unknown(hole, Vec::new()));
        let parts = vec![Part::Text(before.into()), Part::Hole(hole), Part::Text(after.into())];
        matches_in_part(&Expression::read(pattern.into()).unwrap(), &unknown(Reason::NotEvaluated, parts))
    }

    #[test]
    fn what_is_known_of_a_text_may_be_enough() {
        let subscription = || Reason::Context("subscription".into());
        let parameter = || Reason::ParameterWithoutValue("name".into());
        assert_eq!(found("api$", subscription(), "/subscriptions/", "/zones/api"), Some(Truth::Yes));
        assert_eq!(found("notebooks$", subscription(), "/subscriptions/", "/zones/api"), Some(Truth::No));
        assert_eq!(found("notebooks", parameter(), "/subscriptions/s/zones/", ""), None);
        assert_eq!(found("/vaults/", parameter(), "/subscriptions/s/zones/", ""), Some(Truth::No));
        assert_eq!(found("/vaults/", parameter(), "https://", ""), None);
    }
}
