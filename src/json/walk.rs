//! Answers queries by RFC 9535, also where values wait for deployment: a condition is then true, false, or open, and an
//! open one blocks.
//!
//! Only sees queries that `select` lets through; on trees without unknown values jsonpath-rust selects the same nodes
//! (tested in `select`).

use std::cell::RefCell;

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use regex::{Regex, RegexBuilder};

use crate::json::equal;
use crate::json::node::{Node, Number, Reason, Unknown, Value};
use crate::source::{FileId, Span};

/// What a query answers.
#[derive(Clone, Debug, Default)]
pub struct Selection<'a> {
    /// The nodes selected, in the order the query visits them. Unknown ones are among them when the query ends at them.
    pub hits: Vec<&'a Node>,
    /// Unknown nodes that the answer depends on: before deployment, more nodes may turn out to be selected.
    pub blocked: Vec<&'a Node>,
}

/// Some value inside a tree that only a deployment can tell.
fn first_unknown(node: &Node) -> Option<&Node> {
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        match &node.value {
            Value::Unknown(_) | Value::Deferred(_) => return Some(node),
            Value::List(items) => waiting.extend(items.iter()),
            Value::Object(members) => waiting.extend(members.iter().map(|member| &member.node)),
            _ => {}
        }
    }
    None
}

/// One evaluation of a query against a tree.
pub(crate) struct Walk<'a> {
    root: &'a Node,
    /// Patterns compiled so far, and whether each must match the whole text.
    patterns: RefCell<Vec<(String, bool, Regex)>>,
}

/// One side of a comparison.
enum Operand<'a> {
    /// No such member or item.
    Nothing,
    Known(Node),
    /// Unknown. `value` is the unknown value itself, when the path came to its end.
    Open {
        at: &'a Node,
        value: Option<&'a Unknown>,
    },
}

impl<'a> Walk<'a> {
    pub(crate) fn new(root: &'a Node) -> Self {
        Self { root, patterns: RefCell::default() }
    }

    /// The nodes selected, and the unknown ones the answer depends on.
    pub(crate) fn select(&self, query: &JpQuery) -> Selection<'a> {
        let mut blocked: Vec<&Node> = Vec::new();
        let hits = self.follow(&query.segments, self.root, &mut blocked);
        let mut seen = std::collections::BTreeSet::new();
        blocked.retain(|&node| seen.insert(std::ptr::from_ref(node)));
        Selection { hits, blocked }
    }

    fn follow(&self, segments: &[Segment], from: &'a Node, blocked: &mut Vec<&'a Node>) -> Vec<&'a Node> {
        let mut current = vec![from];
        for segment in segments {
            let mut next = Vec::new();
            for node in current {
                if node.unknown().is_some() {
                    blocked.push(node);
                    continue;
                }
                match segment {
                    Segment::Selector(selector) => self.step(selector, node, &mut next, blocked),
                    Segment::Selectors(selectors) => {
                        for selector in selectors {
                            self.step(selector, node, &mut next, blocked);
                        }
                    }
                    Segment::Descendant(_) => {}
                }
            }
            current = next;
        }
        current
    }

    fn step(&self, selector: &Selector, from: &'a Node, next: &mut Vec<&'a Node>, blocked: &mut Vec<&'a Node>) {
        let items = from.items();
        match selector {
            Selector::Name(name) => next.extend(from.get(name)),
            Selector::Index(index) => next.extend(position(*index, items.len()).map(|index| &items[index])),
            Selector::Wildcard => next.extend(children(from)),
            Selector::Slice(start, end, step) => {
                let chosen = slice(items.len(), *start, *end, step.unwrap_or(1));
                next.extend(chosen.into_iter().map(|index| &items[index]));
            }
            Selector::Filter(filter) => {
                next.extend(
                    children(from).into_iter().filter(|child| self.truth(filter, child, blocked) == Some(true)),
                );
            }
        }
    }

    /// Whether a condition holds at `at`. `None`: open; then the unknown nodes it hangs on are added to `blocked`.
    fn truth(&self, filter: &Filter, at: &'a Node, blocked: &mut Vec<&'a Node>) -> Option<bool> {
        match filter {
            Filter::Or(parts) => self.first_that_is(true, parts, at, blocked),
            Filter::And(parts) => self.first_that_is(false, parts, at, blocked),
            Filter::Atom(FilterAtom::Filter { expr, not }) => self.truth(expr, at, blocked).map(|truth| truth != *not),
            Filter::Atom(FilterAtom::Test { expr, not }) => self.test(expr, at, blocked).map(|truth| truth != *not),
            Filter::Atom(FilterAtom::Comparison(comparison)) => self.compare(comparison, at, blocked),
        }
    }

    /// `decisive` when one part is; else open when one part is; else the opposite.
    fn first_that_is(
        &self,
        decisive: bool,
        parts: &[Filter],
        at: &'a Node,
        blocked: &mut Vec<&'a Node>,
    ) -> Option<bool> {
        let (mut open, mut met) = (false, Vec::new());
        for part in parts {
            match self.truth(part, at, &mut met) {
                Some(truth) if truth == decisive => return Some(decisive),
                Some(_) => {}
                None => open = true,
            }
        }
        if open {
            blocked.append(&mut met);
            return None;
        }
        Some(!decisive)
    }

    fn test(&self, test: &Test, at: &'a Node, blocked: &mut Vec<&'a Node>) -> Option<bool> {
        let (path, from) = match test {
            Test::RelQuery(path) => (path, at),
            Test::AbsQuery(query) => (&query.segments, self.root),
            Test::Function(function) => {
                return match &**function {
                    TestFunction::Match(text, pattern) => self.matched(text, pattern, true, at, blocked),
                    TestFunction::Search(text, pattern) => self.matched(text, pattern, false, at, blocked),
                    _ => Some(false),
                };
            }
        };
        let mut met = Vec::new();
        if !self.follow(path, from, &mut met).is_empty() {
            return Some(true);
        }
        let open = !met.is_empty();
        blocked.append(&mut met);
        (!open).then_some(false)
    }

    fn matched(
        &self,
        text: &FnArg,
        pattern: &FnArg,
        whole: bool,
        at: &'a Node,
        blocked: &mut Vec<&'a Node>,
    ) -> Option<bool> {
        let FnArg::Literal(Literal::String(pattern)) = pattern else { return Some(false) };
        let matches = |text: &Node| {
            text.text().is_some_and(|text| self.pattern(pattern, whole).is_some_and(|regex| regex.is_match(text)))
        };
        match self.argument(text, at) {
            Operand::Nothing => Some(false),
            Operand::Known(text) => Some(matches(&text)),
            Operand::Open { at, value } => {
                let answer = value.and_then(domain).and_then(|values| unanimous(values.iter().map(&matches)));
                if answer.is_none() {
                    blocked.push(at);
                }
                answer
            }
        }
    }

    fn pattern(&self, pattern: &str, whole: bool) -> Option<Regex> {
        let known = self.patterns.borrow().iter().find(|(text, all, _)| text == pattern && *all == whole).cloned();
        if let Some((_, _, regex)) = known {
            return Some(regex);
        }
        let anchored = if whole { format!("^(?:{pattern})$") } else { pattern.to_owned() };
        // In this mode `.` matches neither \r nor \n, as in RFC 9485.
        let regex = RegexBuilder::new(&anchored).crlf(true).build().ok()?;
        self.patterns.borrow_mut().push((pattern.to_owned(), whole, regex.clone()));
        Some(regex)
    }

    fn compare(&self, comparison: &Comparison, at: &'a Node, blocked: &mut Vec<&'a Node>) -> Option<bool> {
        let (left, right) = comparison.vals();
        let (left, right) = (self.operand(left, at), self.operand(right, at));
        let answer = match (&left, &right) {
            (Operand::Open { .. }, _) | (_, Operand::Open { .. }) => open_comparison(comparison, &left, &right),
            _ => Some(holds(comparison, left.known(), right.known())),
        };
        if answer.is_none() {
            blocked.extend([&left, &right].into_iter().filter_map(|side| match side {
                Operand::Open { at, .. } => Some(*at),
                _ => None,
            }));
        }
        answer
    }

    fn operand(&self, side: &Comparable, at: &'a Node) -> Operand<'a> {
        match side {
            Comparable::Literal(literal) => Operand::Known(literal_node(literal)),
            Comparable::SingularQuery(SingularQuery::Current(path)) => singular(path, at),
            Comparable::SingularQuery(SingularQuery::Root(path)) => singular(path, self.root),
            Comparable::Function(TestFunction::Value(argument)) => self.argument(argument, at),
            Comparable::Function(TestFunction::Length(argument)) => self.length(argument, at),
            Comparable::Function(_) => Operand::Nothing,
        }
    }

    /// The value of a function's argument: a literal, or a path to at most one node.
    fn argument(&self, argument: &FnArg, at: &'a Node) -> Operand<'a> {
        match self.argument_node(argument, at) {
            Ok(Some(node)) => operand_at(node),
            Ok(None) => match argument {
                FnArg::Literal(literal) => Operand::Known(literal_node(literal)),
                _ => Operand::Nothing,
            },
            Err(at) => Operand::Open { at, value: None },
        }
    }

    /// `Err` holds the unknown node in the way.
    fn argument_node(&self, argument: &FnArg, at: &'a Node) -> Result<Option<&'a Node>, &'a Node> {
        let FnArg::Test(test) = argument else { return Ok(None) };
        let mut met = Vec::new();
        let hits = match &**test {
            Test::RelQuery(path) => self.follow(path, at, &mut met),
            Test::AbsQuery(query) => self.follow(&query.segments, self.root, &mut met),
            Test::Function(_) => Vec::new(),
        };
        met.first().map_or_else(|| Ok(hits.first().copied()), |&node| Err(node))
    }

    fn length(&self, argument: &FnArg, at: &'a Node) -> Operand<'a> {
        let node = match self.argument_node(argument, at) {
            Ok(Some(node)) => node,
            Ok(None) => return Operand::Nothing,
            Err(at) => return Operand::Open { at, value: None },
        };
        let copies = |item: &&Node| item.unknown().is_some_and(|unknown| unknown.reason == Reason::CopyCount);
        let length = match &node.value {
            Value::Text(text) => text.chars().count(),
            Value::List(items) => match items.iter().find(copies) {
                Some(at) => return Operand::Open { at, value: None },
                None => items.len(),
            },
            Value::Object(members) => equal::counting(members).len(),
            Value::Unknown(_) | Value::Deferred(_) => return Operand::Open { at: node, value: None },
            Value::Null | Value::Bool(_) | Value::Number(_) => return Operand::Nothing,
        };
        Operand::Known(literal(number(length)))
    }
}

impl Operand<'_> {
    fn known(&self) -> Option<&Node> {
        match self {
            Operand::Known(node) => Some(node),
            Operand::Nothing | Operand::Open { .. } => None,
        }
    }
}

fn singular<'a>(path: &[SingularQuerySegment], from: &'a Node) -> Operand<'a> {
    let mut node = from;
    for segment in path {
        if node.unknown().is_some() {
            return Operand::Open { at: node, value: None };
        }
        let next = match segment {
            SingularQuerySegment::Name(name) => node.get(name),
            SingularQuerySegment::Index(index) => {
                position(*index, node.items().len()).map(|index| &node.items()[index])
            }
        };
        let Some(next) = next else { return Operand::Nothing };
        node = next;
    }
    operand_at(node)
}

fn operand_at(node: &Node) -> Operand<'_> {
    match first_unknown(node) {
        None => Operand::Known(node.clone()),
        Some(at) => Operand::Open { at, value: node.unknown().map(|unknown| &**unknown) },
    }
}

/// The answer of a comparison with an open side, when it is the same for every value that side can take.
fn open_comparison(comparison: &Comparison, left: &Operand, right: &Operand) -> Option<bool> {
    let sides = (unknown_of(left), unknown_of(right));
    let equal = match (sides, left.known(), right.known()) {
        ((Some(left), Some(right)), _, _) if left.is_same_as(right) => Some(true),
        ((Some(unknown), _), _, Some(other)) | ((_, Some(unknown)), Some(other), _) if excludes(unknown, other) => {
            Some(false)
        }
        _ => None,
    };
    match (comparison, equal) {
        (Comparison::Eq(..), Some(equal)) => return Some(equal),
        (Comparison::Ne(..), Some(equal)) => return Some(!equal),
        _ => {}
    }
    let (lefts, rights) = (values_of(left)?, values_of(right)?);
    unanimous(lefts.iter().flat_map(|left| rights.iter().map(move |right| holds(comparison, *left, *right))))
}

fn unknown_of<'a>(side: &Operand<'a>) -> Option<&'a Unknown> {
    match side {
        Operand::Open { value, .. } => *value,
        Operand::Nothing | Operand::Known(_) => None,
    }
}

/// Every value a side can take; `None` when they are not known.
fn values_of<'s>(side: &'s Operand<'_>) -> Option<Vec<Option<&'s Node>>> {
    match side {
        Operand::Nothing => Some(vec![None]),
        Operand::Known(node) => Some(vec![Some(node)]),
        Operand::Open { value, .. } => Some(value.and_then(domain)?.iter().map(Some).collect()),
    }
}

/// The few values an unknown can take, when they are known in full.
fn domain(unknown: &Unknown) -> Option<&[Node]> {
    let values = &unknown.domain;
    (!values.is_empty() && values.iter().all(|value| first_unknown(value).is_none())).then_some(values)
}

/// The answer all share; `None` when they differ.
fn unanimous(mut answers: impl Iterator<Item = bool>) -> Option<bool> {
    let first = answers.next()?;
    answers.all(|answer| answer == first).then_some(first)
}

/// Whether what is known of a string rules out that it becomes `other`.
fn excludes(unknown: &Unknown, other: &Node) -> bool {
    !unknown.parts.is_empty() && other.text().is_none_or(|other| !unknown.may_be(other))
}

fn literal_node(written: &Literal) -> Node {
    literal(match written {
        Literal::Int(value) => number(value),
        Literal::Float(value) => number(value),
        Literal::String(value) => Value::Text(value.as_str().into()),
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Null => Value::Null,
    })
}

fn number(value: impl ToString) -> Value {
    Value::Number(Number::new(value.to_string()))
}

/// A value that stands in no text.
fn literal(value: Value) -> Node {
    Node::new(value, Span::new(FileId(u32::MAX), 0, 0))
}

/// A comparison of two known values; `None` stands for no value at all.
fn holds(comparison: &Comparison, left: Option<&Node>, right: Option<&Node>) -> bool {
    let less = |left: Option<&Node>, right: Option<&Node>| match (&left?.value, &right?.value) {
        (Value::Number(left), Value::Number(right)) => Some(left.as_f64() < right.as_f64()),
        (Value::Text(left), Value::Text(right)) => Some(left < right),
        _ => None,
    };
    let less = |left, right| less(left, right) == Some(true);
    match comparison {
        Comparison::Eq(..) => left == right,
        Comparison::Ne(..) => left != right,
        Comparison::Gt(..) => less(right, left),
        Comparison::Gte(..) => less(right, left) || left == right,
        Comparison::Lt(..) => less(left, right),
        Comparison::Lte(..) => less(left, right) || left == right,
    }
}

fn position(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { i64::try_from(length).ok()?.checked_add(index)? } else { index };
    usize::try_from(index).ok().filter(|&index| index < length)
}

/// The indexes a slice selects (RFC 9535, 2.3.4.2).
fn slice(length: usize, start: Option<i64>, end: Option<i64>, step: i64) -> Vec<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from_end = |index: i64| if index < 0 { length.saturating_add(index) } else { index };
    let mut chosen = Vec::new();
    if step > 0 {
        let mut index = from_end(start.unwrap_or(0)).clamp(0, length);
        let end = from_end(end.unwrap_or(length)).clamp(0, length);
        while index < end {
            chosen.extend(usize::try_from(index));
            index = index.saturating_add(step);
        }
    } else if step < 0 {
        let mut index = from_end(start.unwrap_or(length - 1)).clamp(-1, length - 1);
        let end = end.map_or(-1, |end| from_end(end).clamp(-1, length - 1));
        while index > end {
            chosen.extend(usize::try_from(index));
            index = index.saturating_add(step);
        }
    }
    chosen
}

fn children(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::List(items) => items.iter().collect(),
        Value::Object(members) => equal::counting(members).into_iter().map(|member| &member.node).collect(),
        _ => Vec::new(),
    }
}
