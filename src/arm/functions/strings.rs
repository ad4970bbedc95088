//! Functions of texts; holes in a text stay holes where the answer allows it.

use std::sync::Arc;

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{self, Answer, Args, Outcome, int, maybe, text, truth, value};
use crate::arm::{partial, value, value as values};
use crate::json::{Node, Part, Unknown, Value};
use crate::spelling::is_like;

pub(crate) fn concat(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let is_list = |node: &Node| match &node.value {
        Value::List(_) => true,
        Value::Unknown(unknown) => partial::is_list(unknown) || unknown.domain.iter().any(Node::is_list),
        _ => false,
    };
    if args.nodes.iter().any(is_list) {
        return value(values::list(elements(args, budget)?));
    }
    let mut pieces = Vec::new();
    for index in 0..args.len() {
        if !args.node(index).is_null() {
            pieces.extend(args.pieces(index)?);
        }
    }
    budget.text(partial::known_length(&pieces))?;
    Ok(Answer::Pieces(pieces))
}

/// The elements of all arguments, which are arrays; one that is unknown stands for any number.
pub(crate) fn elements(args: Args<'_>, budget: &mut Budget) -> Result<Vec<Node>, Failure> {
    let mut items = Vec::new();
    for (index, node) in args.nodes.iter().enumerate() {
        match &node.value {
            Value::List(more) => {
                budget.values(more.len())?;
                items.extend(more.iter().map(|item| value::within(node, item)));
            }
            Value::Unknown(_) => {
                args.sound(index)?;
                items.push(partial::rest(node));
            }
            Value::Null => {}
            _ => return args.wrong(index, "an array"),
        }
    }
    Ok(items)
}

/// `toLower` and `toUpper`.
pub(crate) fn mapped(args: Args<'_>, budget: &mut Budget, name: &str, map: fn(&str) -> String) -> Outcome {
    let pieces = args.pieces(0)?;
    budget.text(partial::known_length(&pieces) * 3)?;
    let pieces = pieces.into_iter().map(|piece| match piece {
        Part::Text(text) => Part::Text(map(&text).into()),
        Part::Hole(hole) if name == "tolower" && is_lower(&hole) => Part::Hole(hole),
        Part::Hole(hole) => {
            let key = format!("{name}({})", hole.key);
            let key = if hole.key.starts_with(&format!("{name}(")) { hole.key.to_string() } else { key };
            Part::Hole(Arc::new(Unknown {
                key: partial::short(key),
                parts: Vec::new(),
                domain: Vec::new(),
                ..Unknown::clone(&hole)
            }))
        }
    });
    Ok(Answer::Pieces(pieces.collect()))
}

fn is_lower(hole: &Unknown) -> bool {
    hole.key.starts_with("uniquestring(") || hole.key.starts_with("guid(")
}

pub(crate) fn trim(args: Args<'_>, _: &mut Budget) -> Outcome {
    let mut pieces = partial::joined(args.pieces(0)?);
    if let [Part::Text(only)] = pieces.as_slice() {
        return text(only.trim());
    }
    match (pieces.first(), pieces.last()) {
        (Some(Part::Text(first)), Some(Part::Text(last))) => {
            let (first, last) = (first.trim_start().to_owned(), last.trim_end().to_owned());
            if first.is_empty() || last.is_empty() {
                return Err(Failure::Unknown);
            }
            let end = pieces.len() - 1;
            pieces[0] = Part::Text(first.into());
            pieces[end] = Part::Text(last.into());
            Ok(Answer::Pieces(pieces))
        }
        _ => Err(Failure::Unknown),
    }
}

pub(crate) fn pad_left(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let padded = args.plain(0)?;
    let width = usize::try_from(args.int(1)?).or_else(|_| error("the total length is negative"))?;
    let pad = if args.len() > 2 { Arc::clone(args.text(2)?) } else { " ".into() };
    let mut characters = pad.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return error("the padding should be one character");
    };
    let missing = width.saturating_sub(arguments::text_length(&padded));
    budget.text(missing.saturating_mul(character.len_utf8()).saturating_add(padded.len()))?;
    let mut out: String = std::iter::repeat_n(character, missing).collect();
    out.push_str(&padded);
    text(out)
}

pub(crate) fn replace(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let (old, new) = (args.text(1)?, args.text(2)?);
    let pieces = args.pieces(0)?;
    // Templates pass tokens that may be empty, and Azure leaves the text as it is.
    if old.is_empty() {
        return Ok(Answer::Pieces(pieces));
    }
    // A longer text could begin in a hole and end beside it.
    let single = old.chars().count() == 1;
    if !single && pieces.iter().any(|piece| matches!(piece, Part::Hole(_))) {
        return Err(Failure::Unknown);
    }
    let mut out = Vec::with_capacity(pieces.len());
    for piece in pieces {
        out.push(match piece {
            Part::Text(piece) => {
                let found = piece.matches(&**old).count();
                budget.text(piece.len().saturating_add(found.saturating_mul(new.len())))?;
                Part::Text(piece.replace(&**old, new).into())
            }
            Part::Hole(hole) if old.chars().all(|character| partial::never_holds(&hole, character)) => Part::Hole(hole),
            Part::Hole(hole) => {
                let key = partial::short(format!("replace({},'{old}','{new}')", hole.key));
                Part::Hole(Arc::new(Unknown { key, domain: Vec::new(), ..Unknown::clone(&hole) }))
            }
        });
    }
    Ok(Answer::Pieces(out))
}

pub(crate) fn substring(args: Args<'_>, _: &mut Budget) -> Outcome {
    let from = args.int(1)?;
    let wanted = if args.len() > 2 && !args.node(2).is_null() { Some(args.int(2)?) } else { None };
    let (Ok(from), Ok(wanted)) = (usize::try_from(from), wanted.map(usize::try_from).transpose()) else {
        return error("the start or the length is negative");
    };
    if args.node(0).unknown().is_some() {
        let pieces = partial::joined(args.pieces(0)?);
        let (Some(Part::Text(first)), Some(wanted)) = (pieces.first(), wanted) else { return Err(Failure::Unknown) };
        if from + wanted <= arguments::text_length(first) {
            return text(arguments::text_slice(first, from, wanted));
        }
        return Err(Failure::Unknown);
    }
    let whole = args.plain(0)?;
    let length = arguments::text_length(&whole);
    let count = wanted.unwrap_or_else(|| length.saturating_sub(from));
    if from > length || count > length - from {
        return error(format!("the part {from}..{} lies outside a text of {length}", from.saturating_add(count)));
    }
    text(arguments::text_slice(&whole, from, count))
}

pub(crate) fn split(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let delimiters: Vec<Arc<str>> = match &args.node(1).value {
        Value::List(items) if partial::is_closed(items) => items
            .iter()
            .map(|item| item.text().map(Arc::from).ok_or(()))
            .collect::<Result<_, ()>>()
            .or(Err(Failure::Unknown))?,
        _ => vec![Arc::clone(args.text(1)?)],
    };
    let node = args.node(0);
    let pieces = args.pieces(0)?;
    let cuts = |hole: &Unknown| {
        delimiters.iter().all(|delimiter| {
            delimiter.chars().count() == 1 && delimiter.chars().all(|character| partial::never_holds(hole, character))
        })
    };
    let mut items: Vec<Vec<Part>> = vec![Vec::new()];
    let mut places = vec![None];
    for piece in partial::joined(pieces) {
        match piece {
            Part::Hole(hole) if cuts(&hole) => items.last_mut().expect("starts with one").push(Part::Hole(hole)),
            Part::Hole(_) => return Err(Failure::Unknown),
            Part::Text(whole) => {
                let mut rest: &str = &whole;
                while let Some((at, width)) = next_delimiter(rest, &delimiters) {
                    let start = whole.len() - rest.len();
                    items.last_mut().expect("starts with one").push(Part::Text(rest[..at].into()));
                    *places.last_mut().expect("starts with one") = Some((start, at));
                    budget.values(1)?;
                    items.push(Vec::new());
                    places.push(None);
                    rest = &rest[at + width..];
                }
                *places.last_mut().expect("starts with one") = Some((whole.len() - rest.len(), rest.len()));
                items.last_mut().expect("starts with one").push(Part::Text(rest.into()));
            }
        }
    }
    let exact = value::is_written(node);
    let items = items.into_iter().zip(places).map(|(pieces, place)| {
        let made = args.assembled(pieces);
        let span = match place {
            Some((start, length)) if exact => node.span.part(1 + start, length),
            _ => node.span,
        };
        Node { span, ..made }
    });
    value(values::list(items.collect()))
}

fn next_delimiter(text: &str, delimiters: &[Arc<str>]) -> Option<(usize, usize)> {
    delimiters
        .iter()
        .filter(|delimiter| !delimiter.is_empty())
        .filter_map(|delimiter| text.find(&**delimiter).map(|at| (at, delimiter.len())))
        .min_by_key(|&(at, width)| (at, std::cmp::Reverse(width)))
}

pub(crate) fn join(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let items = args.list(0)?;
    let delimiter = args.plain(1)?;
    if !partial::is_closed(items) {
        return Err(Failure::Unknown);
    }
    let mut pieces = Vec::with_capacity(items.len() * 2);
    let mut length = 0_usize;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pieces.push(Part::Text(Arc::clone(&delimiter)));
            length += delimiter.len();
        }
        let Some(more) = partial::pieces(item) else { return error("the array should hold strings") };
        length += partial::known_length(&more);
        pieces.extend(more);
        if index % 256 == 0 {
            budget.text(length)?;
            length = 0;
        }
    }
    budget.text(partial::known_length(&pieces))?;
    Ok(Answer::Pieces(pieces))
}

pub(crate) fn string(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::Text(_) => Ok(Answer::Same(node.clone())),
        Value::Unknown(_) | Value::Bool(_) | Value::Number(_) => Ok(Answer::Pieces(args.pieces(0)?)),
        Value::Null => text(""),
        Value::Deferred(_) => Err(Failure::Unknown),
        Value::List(_) | Value::Object(_) => {
            let printed = values::print(node, '"', budget)?;
            budget.text(printed.len())?;
            text(printed)
        }
    }
}

/// `like`: whether a text is what a pattern with `*` says; case does not count.
pub(crate) fn like(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let (whole, pattern) = (args.text(0)?, args.plain(1)?);
    budget.step(whole.len().saturating_mul(pattern.len()) / 64)?;
    truth(is_like(&pattern, whole))
}

/// `startsWith`, or `endsWith` when it is asked of the back.
pub(crate) fn edge(args: Args<'_>, back: bool) -> Outcome {
    let wanted = args.plain(1)?.to_lowercase();
    let pieces = partial::joined(args.pieces(0)?);
    let (Some(Part::Text(outer)), whole) = (if back { pieces.last() } else { pieces.first() }, pieces.len() <= 1)
    else {
        return if pieces.is_empty() || wanted.is_empty() { truth(wanted.is_empty()) } else { Err(Failure::Unknown) };
    };
    let outer = outer.to_lowercase();
    let fits = if back { outer.ends_with(&wanted) } else { outer.starts_with(&wanted) };
    let clashes = if back { !wanted.ends_with(&outer) } else { !wanted.starts_with(&outer) };
    maybe(if fits { Some(true) } else { (whole || clashes).then_some(false) })
}

/// `indexOf` and `lastIndexOf` of a text in a text.
pub(crate) fn position(args: Args<'_>, last: bool) -> Outcome {
    let (whole, wanted) = (args.text(0)?, args.plain(1)?);
    let (folded, wanted) = (fold(whole), fold(&wanted));
    let found = if last { folded.rfind(&wanted) } else { folded.find(&wanted) };
    int(found.map_or(-1, |at| i64::try_from(arguments::unit_of(&folded, at)).unwrap_or(-1)))
}

/// Lower case, of the same number of UTF-16 units.
fn fold(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mut lower = character.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf16() == character.len_utf16() => one,
                _ => character,
            }
        })
        .collect()
}

/// `fail(message)`
pub(crate) fn fail(args: Args<'_>, _: &mut Budget) -> Outcome {
    if args.len() == 0 {
        return error("it was called");
    }
    error(args.plain(0).map_or_else(|_| "it was called".to_owned(), |message| message.to_string()))
}

/// `contains(text, part)`
pub(crate) fn contains(args: Args<'_>) -> Outcome {
    let wanted = args.plain(1)?;
    let pieces = partial::joined(args.pieces(0)?);
    // Every text holds the empty one, the empty one too.
    let found =
        wanted.is_empty() || pieces.iter().any(|piece| matches!(piece, Part::Text(text) if text.contains(&*wanted)));
    let whole = pieces.iter().all(|piece| matches!(piece, Part::Text(_)));
    maybe(if found { Some(true) } else { whole.then_some(false) })
}

/// The first or last `count` characters of a text, or all but those.
pub(crate) fn cut(args: Args<'_>, skip: bool) -> Outcome {
    let count = usize::try_from(args.int(1)?.max(0)).unwrap_or(usize::MAX);
    if args.node(0).unknown().is_some() {
        let mut pieces = partial::joined(args.pieces(0)?);
        return match pieces.first() {
            Some(Part::Text(first)) if count <= arguments::text_length(first) => {
                if !skip {
                    return text(arguments::text_slice(first, 0, count));
                }
                let kept = arguments::text_slice(first, count, arguments::text_length(first) - count);
                pieces[0] = Part::Text(kept.into());
                Ok(Answer::Pieces(pieces))
            }
            _ => Err(Failure::Unknown),
        };
    }
    let whole = args.text(0)?;
    let length = arguments::text_length(whole);
    let count = count.min(length);
    text(if skip {
        arguments::text_slice(whole, count, length - count)
    } else {
        arguments::text_slice(whole, 0, count)
    })
}

/// The first or last character of a text.
pub(crate) fn end(args: Args<'_>, last: bool) -> Outcome {
    let pieces = partial::joined(args.pieces(0)?);
    match if last { pieces.last() } else { pieces.first() } {
        None => text(""),
        Some(Part::Hole(_)) => Err(Failure::Unknown),
        Some(Part::Text(piece)) => {
            let length = arguments::text_length(piece);
            text(arguments::text_slice(piece, if last { length.saturating_sub(1) } else { 0 }, length.min(1)))
        }
    }
}
