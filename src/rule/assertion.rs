//! Assertion rules: a JSONPath over resources of a type, and what must hold of what it selects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use crate::estate::{Estate, Header};
use crate::finding::{Finding, Label, Level, Remark, fingerprint};
use crate::json::{Member, Node, Number, Selection, Selector, Unknown, Value as Json};
use crate::rule::condition::Truth;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::field::{steps, unknown_places, why};
use crate::rule::operator;
use crate::rule::schema::{Keys, Written};
use crate::rule::template::Template;
use crate::rule::value;
use crate::rule::yaml::Value;
use crate::source::{FileId, Span};

/// A rule that asserts something of every resource of some types.
#[derive(Clone, Debug)]
pub struct AssertionRule {
    /// The types, at least one.
    pub resources: Vec<Arc<str>>,
    /// Only resources of which each of these selects one of its values.
    pub when: Vec<(Selector, Vec<Node>)>,
    /// What is looked at.
    pub select: Selector,
    /// What must hold, all of it.
    pub(crate) asserts: Vec<Assert>,
}

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
    Matches(Regex),
    /// It is a number from here to there, both included.
    Between(f64, f64),
}

/// The keys of an assertion rule beside the header.
pub(crate) const KEYS: [&str; 4] = ["resource", "when", "select", "assert"];

const ASSERT_KEYS: [&str; 12] =
    ["exists", "equals", "not-equals", "in", "not-in", "matches", "at-least", "at-most", "all", "none", "any", "count"];
const TEST_KEYS: [&str; 7] = ["equals", "not-equals", "in", "not-in", "matches", "at-least", "at-most"];

/// What the message may fill in.
const MESSAGE_NAMES: [&str; 3] = ["name", "type", "value"];

impl AssertionRule {
    /// Reads an assertion rule and its message.
    pub(crate) fn read(keys: &Keys<'_>) -> Result<(Self, Template), RuleError> {
        let resource = keys.need("resource")?;
        let resources = resource.items().into_iter().map(value::type_name).collect::<Result<Vec<_>, _>>()?;
        if resources.is_empty() {
            return Err(resource.error("the list is empty"));
        }
        let when = match keys.get("when") {
            Some(when) => when
                .pairs()?
                .into_iter()
                .map(|pair| {
                    let values = pair.value.items().into_iter().map(node).collect::<Result<_, _>>()?;
                    Ok((value::selector_at(pair.value, pair.key_at, pair.key)?, values))
                })
                .collect::<Result<_, RuleError>>()?,
            None => Vec::new(),
        };
        let assert = keys.need("assert")?;
        let mut asserts = Vec::new();
        assert.keys("`assert`", &ASSERT_KEYS)?;
        for pair in assert.pairs()? {
            asserts.push(match &**pair.key {
                "exists" => Assert::Exists(pair.value.bool()?),
                "all" => Assert::All(node_tests(pair.value)?),
                "none" => Assert::None(node_tests(pair.value)?),
                "any" => Assert::Any(node_tests(pair.value)?),
                "count" => read_count(pair.value)?,
                word => Assert::Test(node_test(word, pair.value)?),
            });
        }
        if asserts.is_empty() {
            return Err(assert.error("`assert` is empty").help(suggestion("", "it takes", ASSERT_KEYS)));
        }
        let message = Template::read(keys.need("message")?, MESSAGE_NAMES)?;
        Ok((Self { resources, when, select: value::selector(keys.need("select")?)?, asserts }, message))
    }

    /// The findings of the rule, in the order of the estate; `base` is the finding's common part.
    pub(crate) fn findings(&self, resources: &Resources<'_>, message: &Template, base: &Finding) -> Vec<Finding> {
        let mut findings = Vec::new();
        for wanted in &self.resources {
            for resource in resources.of(wanted) {
                findings.extend(self.finding(resource, message, base));
            }
        }
        findings
    }

    fn finding(&self, resource: &Resource<'_>, message: &Template, base: &Finding) -> Option<Finding> {
        let applies = Truth::all(self.when.iter().map(|(selector, values)| {
            let selection = selector.evaluate(resource.node);
            Truth::any(
                selection.hits.iter().map(|hit| NodeTest::In(values.clone()).holds(hit)).chain(blocked(&selection)),
            )
        }));
        if applies == Truth::No {
            return None;
        }
        let selection = self.select.evaluate(resource.node);
        let mut verdicts = vec![applies];
        verdicts.extend(resource.condition.map(|unknown| Truth::Unknown(vec![why(unknown)])));
        let asserts = Truth::all(self.asserts.iter().map(|assert| assert.holds(&selection)));
        verdicts.push(asserts.negated());
        let truth = Truth::all(verdicts);
        if truth == Truth::No {
            return None;
        }
        let guilty = self.guilty(&selection);
        let fill = |name: &str| {
            Some(match name {
                "name" => resource.name.clone(),
                "type" => resource.type_name.to_string(),
                _ => guilty.map_or_else(|| "nothing".to_owned(), shown),
            })
        };
        let message = message.fill(fill).unwrap_or_else(|_: Arc<str>| message.to_string());
        let mut finding = Finding { resource: Some(resource.id.clone()), message, ..base.clone() };
        let mut labels = match guilty.map(|node| (node, node.unknown())) {
            Some((node, Some(unknown))) => unknown_places(unknown, node.span, node.via.as_deref()),
            Some((node, None)) => {
                let trail = node.via.as_deref().map(steps).unwrap_or_default().into_iter();
                let way = trail.filter(|(span, _)| *span != node.span).map(|(span, message)| Label { span, message });
                std::iter::once(Label { span: node.span, message: String::new() }).chain(way).collect()
            }
            None => vec![Label { span: resource.span, message: String::new() }],
        };
        finding.related = labels.split_off(1);
        finding.at = labels.remove(0);
        if let Truth::Unknown(reasons) = truth {
            finding.undecided = true;
            finding.level = Level::Note;
            finding.message = format!("cannot tell whether {}", finding.message);
            finding.remarks.push(Remark { kind: "depends on", text: reasons.join("\n") });
        }
        finding.subject = Some(resource.node.span);
        finding.fingerprint = fingerprint(&base.rule, &resource.id, self.select.text());
        Some(finding)
    }

    /// The node a finding points at: the first that fails, else the first selected.
    fn guilty<'n>(&self, selection: &Selection<'n>) -> Option<&'n Node> {
        let fails = |node: &&&Node| self.asserts.iter().any(|assert| assert.fails_at(node));
        let first = selection.hits.iter().find(fails).or_else(|| selection.hits.first());
        first.or_else(|| selection.blocked.first()).copied()
    }
}

impl Assert {
    fn holds(&self, selection: &Selection<'_>) -> Truth {
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

    fn fails_at(&self, node: &Node) -> bool {
        match self {
            Self::Exists(wanted) => !wanted,
            Self::Test(test) => test.holds(node) != Truth::Yes,
            Self::All(tests) => pass(tests, node) != Truth::Yes,
            Self::None(tests) => pass(tests, node) != Truth::No,
            Self::Any(_) | Self::Count(..) => false,
        }
    }
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
        let mut answers = unknown.domain.iter().map(|node| self.known(node));
        match answers.next() {
            Some(first) if answers.all(|answer| answer == first) => first.into(),
            _ => open(node),
        }
    }

    fn known(&self, node: &Node) -> bool {
        match self {
            Self::In(values) => values.contains(node),
            Self::NotIn(values) => !values.contains(node),
            Self::Matches(regex) => node.text().is_some_and(|text| regex.is_match(text)),
            Self::Between(least, most) => match &node.value {
                Json::Number(number) => (*least..=*most).contains(&number.as_f64()),
                _ => false,
            },
        }
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
        "matches" => NodeTest::Matches(operator::regex(written)?),
        "at-least" => NodeTest::Between(number(written)?, f64::INFINITY),
        _ => NodeTest::Between(f64::NEG_INFINITY, number(written)?),
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
        Value::Text(text) => Json::Text(Arc::clone(text)),
        Value::List(_) => Json::List(Arc::new(written.items().into_iter().map(node).collect::<Result<_, _>>()?)),
        Value::Map(_) => {
            let member = |pair: crate::rule::schema::Pair<'_>| {
                Ok(Member { key: Arc::clone(pair.key), key_span: nowhere(), node: node(pair.value)? })
            };
            Json::Object(Arc::new(written.pairs()?.into_iter().map(member).collect::<Result<_, RuleError>>()?))
        }
    };
    Ok(Node::new(value, nowhere()))
}

/// What a rule writes stands in no input.
fn nowhere() -> Span {
    Span::new(FileId(u32::MAX), 0, 0)
}

fn shown(node: &Node) -> String {
    match &node.value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => text.to_string(),
        Json::Unknown(unknown) => unknown.text.to_string(),
        Json::List(items) => format!("a list of {}", items.len()),
        Json::Object(_) => "an object".to_owned(),
    }
}

/// Every resource of an estate by its type.
pub(crate) struct Resources<'a> {
    by_type: BTreeMap<String, Vec<Resource<'a>>>,
}

struct Resource<'a> {
    type_name: Cow<'a, str>,
    id: String,
    name: String,
    node: &'a Node,
    span: Span,
    condition: Option<&'a Unknown>,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(estate: &'a Estate) -> Self {
        let mut all = Self { by_type: BTreeMap::new() };
        let plain = |plain: &'a crate::estate::Plain| &plain.header;
        estate.networks.iter().for_each(|one| all.add(&one.header));
        estate.subnets.iter().for_each(|one| all.add(&one.header));
        estate.nat_gateways.iter().map(plain).for_each(|header| all.add(header));
        estate.private_endpoints.iter().for_each(|one| all.add(&one.header));
        estate.interfaces.iter().for_each(|one| all.add(&one.header));
        estate.workspaces.iter().for_each(|one| all.add(&one.header));
        estate.computes.iter().for_each(|one| all.add(&one.header));
        estate.firewalls.iter().for_each(|one| all.add(&one.header));
        estate.policies.iter().for_each(|one| all.add(&one.header));
        estate.collection_groups.iter().for_each(|one| all.add(&one.header));
        estate.ip_groups.iter().for_each(|one| all.add(&one.header));
        estate.others.iter().map(plain).for_each(|header| all.add(header));
        for nsg in &estate.nsgs {
            all.add(&nsg.header);
            for rule in &nsg.rules {
                let name = rule.name.known().map_or("", |name| name);
                all.add_child(
                    &nsg.header,
                    "securityRules",
                    name,
                    &rule.node,
                    rule.name.span,
                    rule.condition.as_deref(),
                );
            }
        }
        for table in &estate.route_tables {
            all.add(&table.header);
            for route in &table.routes {
                let name = route.name.known().map_or("", |name| name);
                all.add_child(&table.header, "routes", name, &route.node, route.name.span, route.condition.as_deref());
            }
        }
        all
    }

    fn of(&self, type_name: &str) -> &[Resource<'a>] {
        self.by_type.get(&type_name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, header: &'a Header) {
        let name = match &header.name.value {
            Ok(name) => name.to_string(),
            Err(unknown) if unknown.text.is_empty() => "?".to_owned(),
            Err(unknown) => unknown.text.to_string(),
        };
        self.push(Resource {
            type_name: Cow::Borrowed(&header.type_name),
            id: id_of(header),
            name,
            node: &header.node,
            span: header.name.span,
            condition: header.condition.as_deref(),
        });
    }

    fn add_child(
        &mut self,
        header: &'a Header,
        kind: &str,
        name: &str,
        node: &'a Node,
        span: Span,
        condition: Option<&'a Unknown>,
    ) {
        self.push(Resource {
            type_name: Cow::Owned(format!("{}/{kind}", header.type_name)),
            id: format!("{}/{kind}/{name}", id_of(header)),
            name: name.to_owned(),
            node,
            span,
            condition: condition.or(header.condition.as_deref()),
        });
    }

    fn push(&mut self, resource: Resource<'a>) {
        self.by_type.entry(resource.type_name.to_ascii_lowercase()).or_default().push(resource);
    }
}

fn id_of(header: &Header) -> String {
    let id = header.id.as_ref().and_then(|id| id.known());
    let name = || header.name.known().map_or_else(|| header.key.to_string(), ToString::to_string);
    id.map_or_else(name, ToString::to_string)
}
