//! Functions of objects; members keep their places.

use std::sync::Arc;

use crate::arm::budget::{Budget, Failure, NESTING, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, value};
use crate::arm::{partial, value, value as values};
use crate::json::{Member, Node, Value};
use crate::source::Span;

/// Whether an object has a key that is not known.
pub(crate) fn is_open(members: &[Member]) -> bool {
    members.iter().any(|member| partial::is_open_key(&member.key))
}

pub(crate) fn create_object(args: Args<'_>, budget: &mut Budget) -> Outcome {
    if !args.len().is_multiple_of(2) {
        return error("a key has no value");
    }
    budget.values(args.len())?;
    let mut members = Vec::with_capacity(args.len() / 2);
    for index in (0..args.len()).step_by(2) {
        let key_node = args.node(index);
        args.sound(index)?;
        let key = match &key_node.value {
            Value::Unknown(unknown) => partial::open_key(unknown),
            _ => args.plain(index)?,
        };
        members.push(Member { key, key_span: key_node.span, node: args.node(index + 1).clone() });
    }
    value(values::object(members))
}

pub(crate) fn union(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let mut merged: Option<Node> = None;
    for index in 0..args.len() {
        let node = args.node(index);
        if node.is_null() {
            continue;
        }
        args.object(index)?;
        merged = Some(match merged {
            None => node.clone(),
            Some(before) => merge(&before, node, 0, budget)?,
        });
    }
    match merged {
        Some(node) if args.len() == 1 => Ok(Answer::Same(node)),
        Some(node) => value(node.value),
        None => value(Value::Null),
    }
}

fn merge(before: &Node, after: &Node, depth: usize, budget: &mut Budget) -> Result<Node, Failure> {
    if depth > NESTING {
        return Err(Failure::Limit("256 lists and objects inside each other"));
    }
    let mut out: Vec<Member> = Vec::with_capacity(before.members().len() + after.members().len());
    budget.values(out.capacity())?;
    let mut places = std::collections::HashMap::new();
    for (container, member) in before
        .members()
        .iter()
        .map(|member| (before, member))
        .chain(after.members().iter().map(|member| (after, member)))
    {
        let member = Member { node: value::within(container, &member.node), ..member.clone() };
        let place = *places.entry(member.key.to_ascii_lowercase()).or_insert(out.len());
        match out.get_mut(place) {
            Some(slot) if slot.node.is_object() && member.node.is_object() => {
                slot.node = merge(&slot.node, &member.node, depth + 1, budget)?;
            }
            Some(slot) => {
                slot.node = over(&slot.node, member.node, after.span);
                slot.key_span = member.key_span;
            }
            None => out.push(member),
        }
    }
    Ok(Node::new(values::object(out), after.span))
}

/// A member over an earlier one. Two that may both be objects merge, so that neither is the whole.
fn over(before: &Node, after: Node, span: Span) -> Node {
    let may_merge = |one: &Node, other: &Node| one.is_object() && other.unknown().is_some_and(|it| it.parts.is_empty());
    let both_open = before.unknown().is_some_and(|it| it.parts.is_empty()) && after.unknown().is_some();
    let Some(unknown) = before.unknown().or(after.unknown()).filter(|unknown| !partial::is_spoiled(unknown)) else {
        return after;
    };
    if !both_open && !may_merge(before, &after) && !may_merge(&after, before) {
        return after;
    }
    let key = partial::call_key("union", &[before.clone(), after.clone()]);
    let merged = partial::unknown(unknown.reason.clone(), &unknown.text, unknown.span, key);
    Node { value: Value::Unknown(Arc::new(merged)), span, via: None }
}

pub(crate) fn shallow_merge(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let items = args.closed_list(0)?;
    let mut out: Vec<Member> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for item in items.iter() {
        match &item.value {
            Value::Object(members) => {
                budget.values(members.len())?;
                for member in members.iter() {
                    let member = Member { node: value::within(item, &member.node), ..member.clone() };
                    let place = *places.entry(member.key.to_ascii_lowercase()).or_insert(out.len());
                    match out.get_mut(place) {
                        Some(slot) => *slot = Member { key: Arc::clone(&slot.key), ..member },
                        None => out.push(member),
                    }
                }
            }
            Value::Null => {}
            Value::Unknown(_) => return Err(Failure::Unknown),
            _ => return error("the array should hold objects only"),
        }
    }
    value(values::object(out))
}

pub(crate) fn intersection(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let mut kept: Vec<Member> = values::distinct(args.object(0)?).into_iter().cloned().collect();
    for index in 1..args.len() {
        let other = args.object(index)?;
        if is_open(other) || is_open(&kept) {
            return Err(Failure::Unknown);
        }
        let mut next = Vec::new();
        for member in kept {
            budget.step(other.len() / 16 + 1)?;
            let Some(found) = args.node(index).get(&member.key) else { continue };
            match values::same(&member.node, found, budget)? {
                Some(true) => next.push(member),
                Some(false) => {}
                None => return Err(Failure::Unknown),
            }
        }
        kept = next;
    }
    value(values::object(kept))
}

pub(crate) fn items(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let members = args.object(0)?;
    if is_open(members) {
        return Err(Failure::Unknown);
    }
    budget.values(members.len() * 3)?;
    let items = sorted(members).into_iter().map(|member| {
        let key = Node::new(Value::Text(Arc::clone(&member.key)), member.key_span);
        let pair = vec![
            Member { key: "key".into(), key_span: member.key_span, node: key },
            Member { key: "value".into(), key_span: member.node.span, node: member.node.clone() },
        ];
        Node::new(values::object(pair), member.node.span)
    });
    value(values::list(items.collect()))
}

pub(crate) fn object_keys(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let members = args.object(0)?;
    if is_open(members) {
        return Err(Failure::Unknown);
    }
    budget.values(members.len())?;
    let keys =
        sorted(members).into_iter().map(|member| Node::new(Value::Text(Arc::clone(&member.key)), member.key_span));
    value(values::list(keys.collect()))
}

fn sorted(members: &[Member]) -> Vec<&Member> {
    let mut members = values::distinct(members);
    members.sort_by_cached_key(|member| member.key.to_lowercase());
    members
}

pub(crate) fn try_get(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let mut node = args.node(0).clone();
    for index in 1..args.len() {
        if node.is_null() {
            return value(Value::Null);
        }
        if let Some(spoiled) = partial::spoiled(&node) {
            return Err(Failure::Spoiled(Arc::clone(spoiled)));
        }
        args.sound(index)?;
        let step = args.node(index);
        if step.unknown().is_some() {
            return Err(Failure::Unknown);
        }
        budget.step((node.items().len() + node.members().len()) / 64)?;
        match found(&node, step) {
            Ok(Some(inner)) => node = inner,
            Ok(None) | Err(Failure::Error(_)) => return value(Value::Null),
            Err(failure) => return Err(failure),
        }
    }
    Ok(Answer::Same(node))
}

/// The part of a value that a key or an index selects.
///
/// # Errors
/// When there is no such part, or it is not known whether there is.
pub(crate) fn selected(node: &Node, step: &Node) -> Result<Node, Failure> {
    if let Some(part) = found(node, step)? {
        return Ok(part);
    }
    match (&node.value, &step.value) {
        (Value::Object(members), Value::Text(key)) => {
            error(format!("there is no property `{key}`{}", values::similar(members, key, 0)))
        }
        (_, Value::Number(index)) => error(format!("index {index} lies outside an array of {}", node.items().len())),
        _ => error("there is no such part"),
    }
}

/// As [`selected`]; `None` when there is no such part.
fn found(node: &Node, step: &Node) -> Result<Option<Node>, Failure> {
    match (&node.value, &step.value) {
        (Value::Object(members), Value::Text(key)) => {
            // A key that is not known may be this one, and the last of equal keys counts.
            let open = members.iter().rposition(|member| partial::is_open_key(&member.key));
            let at = members.iter().rposition(|member| member.key.eq_ignore_ascii_case(key));
            match at {
                _ if open.is_some_and(|open| at.is_none_or(|at| open > at)) => Err(Failure::Unknown),
                Some(at) => Ok(Some(value::within(node, &members[at].node))),
                None => Ok(None),
            }
        }
        (Value::List(items), Value::Number(number)) => {
            let Some(index) = number.as_i64().and_then(|index| usize::try_from(index).ok()) else {
                return error(format!("{number} is no index of an array"));
            };
            if items.iter().take(index.saturating_add(1)).any(partial::is_rest) {
                return Err(Failure::Unknown);
            }
            Ok(items.get(index).map(|inner| value::within(node, inner)))
        }
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => Err(Failure::Unknown),
        (Value::Object(_), _) => error(format!("an object is not selected from by {}", step.kind())),
        (Value::List(_), _) => error(format!("an array is not selected from by {}", step.kind())),
        _ => error(format!("nothing can be selected from {}", node.kind())),
    }
}
