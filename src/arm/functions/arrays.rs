//! Functions of arrays; elements keep their places, and lists of unknown length keep their known elements.

use crate::arm::budget::{Budget, Failure, RANGE, error};
use crate::arm::functions::arguments::{self, Answer, Args, Outcome, count, int, maybe, truth, value};
use crate::arm::functions::{objects, strings};
use crate::arm::{partial, value, value as values};
use crate::json::{Node, Value};

pub(crate) fn array(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::List(_) => Ok(Answer::Same(node.clone())),
        Value::Unknown(unknown) if unknown.parts.is_empty() => Err(Failure::Unknown),
        _ => {
            budget.values(1)?;
            value(values::list(vec![node.clone()]))
        }
    }
}

pub(crate) fn create_array(args: Args<'_>, budget: &mut Budget) -> Outcome {
    budget.values(args.len())?;
    value(values::list(args.nodes.to_vec()))
}

pub(crate) fn length(args: Args<'_>, _: &mut Budget) -> Outcome {
    match &args.node(0).value {
        Value::Text(text) => count(arguments::text_length(text)),
        Value::List(_) => count(args.closed_list(0)?.len()),
        Value::Object(members) => match objects::is_open(members) {
            true => Err(Failure::Unknown),
            false => count(values::distinct(members).len()),
        },
        Value::Null => int(0),
        _ => args.wrong(0, "an array, a string or an object"),
    }
}

pub(crate) fn empty(args: Args<'_>, _: &mut Budget) -> Outcome {
    match &args.node(0).value {
        Value::Null => truth(true),
        Value::Text(text) => truth(text.is_empty()),
        Value::List(items) if items.iter().any(|item| !partial::is_rest(item)) => truth(false),
        Value::List(items) if !items.is_empty() => Err(Failure::Unknown),
        Value::List(_) => truth(true),
        Value::Object(members) => truth(members.is_empty()),
        Value::Unknown(unknown) if partial::is_never_empty(unknown) => truth(false),
        _ => args.wrong(0, "an array, a string or an object"),
    }
}

pub(crate) fn end(args: Args<'_>, last: bool) -> Outcome {
    let Value::List(items) = &args.node(0).value else { return strings::end(args, last) };
    match if last { items.last() } else { items.first() } {
        None => value(Value::Null),
        Some(item) if partial::is_rest(item) => Err(Failure::Unknown),
        Some(item) => Ok(Answer::Same(value::within(args.node(0), item))),
    }
}

/// `take` and `skip`: the first elements or characters, or all but those.
pub(crate) fn cut(args: Args<'_>, budget: &mut Budget, skip: bool) -> Outcome {
    let Value::List(items) = &args.node(0).value else { return strings::cut(args, skip) };
    let wanted = usize::try_from(args.int(1)?.max(0)).unwrap_or(usize::MAX);
    let known = items.iter().take_while(|item| !partial::is_rest(item)).count();
    if wanted > known && known < items.len() {
        return Err(Failure::Unknown);
    }
    let at = wanted.min(items.len());
    let kept = if skip { &items[at..] } else { &items[..at] };
    budget.values(kept.len())?;
    value(values::list(kept.iter().map(|item| values::within(args.node(0), item)).collect()))
}

pub(crate) fn range(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let (start, length) = (args.int(0)?, args.int(1)?);
    if length < 0 {
        return error("the count is negative");
    }
    if length > RANGE || start.checked_add(length).is_none_or(|end| end > i64::from(i32::MAX)) {
        return Err(Failure::Limit("10,000 numbers in range()"));
    }
    budget.values(usize::try_from(length).unwrap_or(0))?;
    value(values::list((start..start + length).map(|number| args.made(values::int(number))).collect()))
}

pub(crate) fn extreme(args: Args<'_>, wanted: std::cmp::Ordering) -> Outcome {
    let numbers = if args.len() == 1 && !matches!(args.node(0).value, Value::Number(_)) {
        args.closed_list(0)?.as_slice()
    } else {
        args.nodes
    };
    let numbers = Args { nodes: numbers, ..args };
    let mut best: Option<(i64, usize)> = None;
    for index in 0..numbers.len() {
        let number = numbers.int(index)?;
        if best.is_none_or(|(best, _)| number.cmp(&best) == wanted) {
            best = Some((number, index));
        }
    }
    match best {
        Some((_, index)) => Ok(Answer::Same(numbers.node(index).clone())),
        None => error("there is no number to choose from"),
    }
}

pub(crate) fn flatten(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let mut out = Vec::new();
    for item in args.list(0)?.iter() {
        match &item.value {
            Value::List(inner) => {
                budget.values(inner.len())?;
                out.extend(inner.iter().map(|element| value::within(item, element)));
            }
            Value::Unknown(_) => out.push(partial::rest(item)),
            Value::Null => {}
            _ => return error("the array should hold arrays only"),
        }
    }
    value(values::list(out))
}

pub(crate) fn contains(args: Args<'_>, budget: &mut Budget) -> Outcome {
    match &args.node(0).value {
        Value::List(items) => {
            args.sound(1)?;
            let mut found = Some(false);
            for item in items.iter() {
                match values::same(item, args.node(1), budget)? {
                    Some(true) => return truth(true),
                    Some(false) if !partial::is_rest(item) => {}
                    _ => found = None,
                }
            }
            maybe(found)
        }
        Value::Object(_) => {
            let key = args.plain(1)?;
            if args.node(0).get(&key).is_some() {
                return truth(true);
            }
            maybe((!objects::is_open(args.object(0)?)).then_some(false))
        }
        Value::Null => truth(false),
        _ => strings::contains(args),
    }
}

pub(crate) fn position(args: Args<'_>, budget: &mut Budget, last: bool) -> Outcome {
    let Value::List(items) = &args.node(0).value else { return strings::position(args, last) };
    if !partial::is_closed(items) {
        return Err(Failure::Unknown);
    }
    let mut at = None;
    for (index, item) in items.iter().enumerate() {
        match values::same(item, args.node(1), budget)? {
            Some(true) if !last => return count(index),
            Some(true) => at = Some(index),
            Some(false) => {}
            None => return Err(Failure::Unknown),
        }
    }
    at.map_or_else(|| int(-1), count)
}

pub(crate) fn distinct(args: Args<'_>, budget: &mut Budget) -> Outcome {
    value(values::list(unique(args.list(0)?.iter().cloned(), budget)?))
}

/// The first of each group of equal elements. Of two that may be equal both stay, one of them of unknown number: the one
/// that is less known, so that what is surely in the list is.
pub(crate) fn unique(items: impl Iterator<Item = Node>, budget: &mut Budget) -> Result<Vec<Node>, Failure> {
    let mut out: Vec<Node> = Vec::new();
    for item in items {
        budget.values(1)?;
        let mut repeated = false;
        let mut open: Vec<usize> = Vec::new();
        for (at, other) in out.iter().enumerate() {
            match values::same(other, &item, budget)? {
                Some(true) => repeated = true,
                Some(false) => {}
                None => open.push(at),
            }
            if repeated {
                break;
            }
        }
        if repeated {
            continue;
        }
        if item.unknown().is_some() && !open.is_empty() {
            out.push(partial::rest(&item));
            continue;
        }
        let mut perhaps = None;
        for at in open {
            match out[at].unknown() {
                Some(_) => out[at] = partial::rest(&out[at]),
                None => {
                    perhaps =
                        perhaps.or_else(|| partial::first_unknown(&item).or(partial::first_unknown(&out[at])).cloned())
                }
            }
        }
        out.push(perhaps.map_or_else(|| item.clone(), |why| partial::perhaps(&item, &why)));
    }
    Ok(out)
}

pub(crate) fn intersection(args: Args<'_>, budget: &mut Budget) -> Outcome {
    if args.node(0).is_object() {
        return objects::intersection(args, budget);
    }
    let mut kept: Vec<Node> = unique(args.closed_list(0)?.iter().cloned(), budget)?;
    for index in 1..args.len() {
        let others = args.closed_list(index)?;
        let mut next = Vec::new();
        for item in kept {
            let mut found = Some(false);
            for other in others.iter() {
                match values::same(&item, other, budget)? {
                    Some(true) => {
                        found = Some(true);
                        break;
                    }
                    Some(false) => {}
                    None => found = None,
                }
            }
            match found {
                Some(true) => next.push(item),
                Some(false) => {}
                None => return Err(Failure::Unknown),
            }
        }
        kept = next;
    }
    value(values::list(kept))
}

pub(crate) fn union(args: Args<'_>, budget: &mut Budget) -> Outcome {
    if !args.nodes.iter().any(partial::is_list_node) {
        return objects::union(args, budget);
    }
    let all = strings::elements(args, budget)?;
    value(values::list(unique(all.into_iter(), budget)?))
}

pub(crate) fn index_from_end(args: Args<'_>, _: &mut Budget) -> Outcome {
    from_end(args)?.map_or_else(|| error("the index lies outside the array"), |item| Ok(Answer::Same(item)))
}

pub(crate) fn try_index_from_end(args: Args<'_>, _: &mut Budget) -> Outcome {
    if args.node(0).is_null() {
        return value(Value::Null);
    }
    from_end(args)?.map_or_else(|| value(Value::Null), |item| Ok(Answer::Same(item)))
}

fn from_end(args: Args<'_>) -> Result<Option<Node>, Failure> {
    let items = args.list(0)?;
    let back = args.int(1)?;
    let Ok(back) = usize::try_from(back) else { return Ok(None) };
    if items.iter().rev().take(back).any(partial::is_rest) {
        return Err(Failure::Unknown);
    }
    if back > items.len() && !partial::is_closed(items) {
        return Err(Failure::Unknown);
    }
    let item = items.len().checked_sub(back).and_then(|index| items.get(index));
    Ok(item.map(|item| value::within(args.node(0), item)))
}
