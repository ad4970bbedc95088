//! What the functions ask of values: numbers, sameness, order, how they print, and the way they came.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::arm::budget::{Budget, Failure, NESTING};
use crate::arm::partial;
use crate::json::{How, Member, Node, Number, Trail, Value};
use crate::source::Span;

/// A whole number.
pub(crate) fn int(value: i64) -> Value {
    Value::Number(Number::new(value.to_string()))
}

/// A number with a fraction.
pub(crate) fn float(value: f64) -> Value {
    Value::Number(Number::new(format!("{value:?}")))
}

/// A text.
pub(crate) fn text(value: impl Into<Arc<str>>) -> Value {
    Value::Text(value.into())
}

/// A list.
pub(crate) fn list(items: Vec<Node>) -> Value {
    Value::List(Arc::new(items))
}

/// An object.
pub(crate) fn object(members: Vec<Member>) -> Value {
    Value::Object(Arc::new(members))
}

/// The whole number a value stands for, digits in text included.
pub(crate) fn as_int(node: &Node) -> Option<i64> {
    match &node.value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64();
            #[expect(clippy::cast_possible_truncation, reason = "guarded by the range")]
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        }),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The truth a value stands for, `"true"` and `1` included.
pub(crate) fn as_bool(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(value) => Some(*value),
        Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Number(number) => number.as_i64().map(|value| value != 0),
        _ => None,
    }
}

/// The truth of a value, also of an unknown that is the same truth either way.
pub(crate) fn settled_truth(node: &Node) -> Option<bool> {
    let Value::Unknown(unknown) = &node.value else { return as_bool(node) };
    let mut truths = unknown.domain.iter().map(as_bool);
    let first = truths.next()??;
    truths.all(|truth| truth == Some(first)).then_some(first)
}

/// Whether a value of a template is an expression as a whole, perhaps of a section that is usually written out.
pub(crate) fn is_computed(node: &Node) -> bool {
    matches!(node.value, Value::Text(_) | Value::Deferred(_))
}

/// The items with those replaced that `new` has another for; `None` when it has none at all.
pub(crate) fn replaced<T: Clone>(items: &[T], mut new: impl FnMut(&T) -> Option<T>) -> Option<Vec<T>> {
    let mut out: Option<Vec<T>> = None;
    for (index, item) in items.iter().enumerate() {
        match (&mut out, new(item)) {
            (Some(out), new) => out.push(new.unwrap_or_else(|| item.clone())),
            (None, Some(new)) => {
                let mut list = Vec::with_capacity(items.len());
                list.extend_from_slice(&items[..index]);
                list.push(new);
                out = Some(list);
            }
            (None, None) => {}
        }
    }
    out
}

/// Members of an object without the ones that a later one of the same name replaces.
pub(crate) fn distinct(members: &[Member]) -> Vec<&Member> {
    let mut out: Vec<&Member> = Vec::with_capacity(members.len());
    if members.len() <= 16 {
        for member in members {
            match out.iter_mut().find(|other| other.key.eq_ignore_ascii_case(&member.key)) {
                Some(slot) => *slot = member,
                None => out.push(member),
            }
        }
        return out;
    }
    let mut places = std::collections::HashMap::with_capacity(members.len());
    for member in members {
        let place = *places.entry(member.key.to_ascii_lowercase()).or_insert(out.len());
        match out.get_mut(place) {
            Some(slot) => *slot = member,
            None => out.push(member),
        }
    }
    out
}

/// `; there is …`: the first member whose name has the same letters as one that is missing, or some of them, at least
/// `shortest`; empty when none has.
pub(crate) fn similar(members: &[Member], name: &str, shortest: usize) -> String {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = letters(name);
    let is_near = |member: &&Member| {
        let other = letters(&member.key);
        wanted.len() > 2 && (other.contains(&wanted) || (other.len() >= shortest && wanted.contains(&other)))
    };
    members.iter().take(256).find(is_near).map_or_else(String::new, |member| format!("; there is `{}`", member.key))
}

/// Whether two values are equal in every deployment, in none, or in some. Texts compare with case, keys without.
///
/// # Errors
/// When no work is left.
pub(crate) fn same(left: &Node, right: &Node, budget: &mut Budget) -> Result<Option<bool>, Failure> {
    budget.step(1)?;
    Ok(match (&left.value, &right.value) {
        (Value::Unknown(left), Value::Unknown(right)) if left.key == right.key => Some(true),
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => return Ok(same_unknown(left, right)),
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Number(left), Value::Number(right)) => Some(compare_numbers(left, right) == Ordering::Equal),
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::List(left), Value::List(right)) => {
            if Arc::ptr_eq(left, right) {
                return Ok(Some(true));
            }
            if !partial::is_closed(left) || !partial::is_closed(right) {
                return Ok((partial::key_of_list(left) == partial::key_of_list(right)).then_some(true));
            }
            if left.len() != right.len() {
                return Ok(Some(false));
            }
            let mut all = Some(true);
            for (left, right) in left.iter().zip(right.iter()) {
                all = both(all, same(left, right, budget)?);
                if all == Some(false) {
                    break;
                }
            }
            all
        }
        (Value::Object(one), Value::Object(other)) => {
            if Arc::ptr_eq(one, other) {
                return Ok(Some(true));
            }
            same_objects(one, right, budget)?
        }
        _ => Some(false),
    })
}

fn same_objects(members: &[Member], other: &Node, budget: &mut Budget) -> Result<Option<bool>, Failure> {
    let members = distinct(members);
    let others = distinct(other.members());
    let open = |members: &[&Member]| members.iter().any(|member| partial::is_open_key(&member.key));
    if open(&members) || open(&others) {
        return Ok(None);
    }
    if members.len() != others.len() {
        return Ok(Some(false));
    }
    let mut all = Some(true);
    budget.step(members.len() * others.len() / 64)?;
    for member in members {
        let Some(node) = other.get(&member.key) else { return Ok(Some(false)) };
        all = both(all, same(&member.node, node, budget)?);
        if all == Some(false) {
            break;
        }
    }
    Ok(all)
}

fn same_unknown(left: &Node, right: &Node) -> Option<bool> {
    let has_parts = |node: &Node| node.unknown().is_some_and(|unknown| !unknown.parts.is_empty());
    // Unknowns side by side may be lists that are joined.
    let is_text = |node: &Node| node.unknown().is_some_and(|unknown| partial::known_length(&unknown.parts) > 0);
    let other_kind = |node: &Node| !matches!(node.value, Value::Text(_) | Value::Unknown(_));
    if (is_text(left) && other_kind(right)) || (is_text(right) && other_kind(left)) {
        return Some(false);
    }
    if has_parts(left) || has_parts(right) {
        return partial::same_text(&partial::pieces(left)?, &partial::pieces(right)?);
    }
    None
}

/// Three-valued and.
pub(crate) fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// The order of two numbers.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.as_f64().total_cmp(&right.as_f64()),
    }
}

/// The order of two texts as Azure sorts them: letters without case first, then lower case before upper.
pub(crate) fn compare_texts(left: &str, right: &str) -> Ordering {
    let fold = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    fold(left).cmp(&fold(right)).then_with(|| {
        let upper = |text: &str| text.chars().map(char::is_uppercase).collect::<Vec<_>>();
        upper(left).cmp(&upper(right))
    })
}

/// How a value prints as compact JSON; `quote` is `"` for `string()` and `'` for `format()`.
///
/// # Errors
/// When a part of it is unknown, or it is too long.
pub(crate) fn print(node: &Node, quote: char, budget: &mut Budget) -> Result<String, Failure> {
    let mut out = String::new();
    write(node, quote, &mut out, budget)?;
    Ok(out)
}

fn write(node: &Node, quote: char, out: &mut String, budget: &mut Budget) -> Result<(), Failure> {
    budget.step(1)?;
    budget.text(out.len() / 16)?;
    if out.len() > 4 << 20 {
        return budget.text(out.len());
    }
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::Text(text) => quoted(text, quote, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, quote, out, budget)?;
            }
            out.push(']');
        }
        Value::Object(members) if members.iter().any(|member| partial::is_open_key(&member.key)) => {
            return Err(Failure::Unknown);
        }
        Value::Object(members) => {
            out.push('{');
            for (index, member) in distinct(members).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quoted(&member.key, quote, out);
                out.push(':');
                write(&member.node, quote, out, budget)?;
            }
            out.push('}');
        }
        Value::Unknown(_) | Value::Deferred(_) => return Err(Failure::Unknown),
    }
    Ok(())
}

fn quoted(text: &str, quote: char, out: &mut String) {
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            character if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            character if character < ' ' => out.push_str(&format!("\\u{:04x}", character as u32)),
            character => out.push(character),
        }
    }
    out.push(quote);
}

/// Whether a value nests within the bound that every walk over values relies on.
///
/// # Errors
/// When it nests deeper, or no work is left.
pub(crate) fn within_nesting(node: &Node, budget: &mut Budget) -> Result<(), Failure> {
    let mut seen = 0;
    walk(node, 0, &mut seen, budget)?;
    budget.step(seen / 8)
}

fn walk(node: &Node, depth: usize, seen: &mut usize, budget: &mut Budget) -> Result<(), Failure> {
    if depth > NESTING {
        return Err(Failure::Limit("256 lists and objects inside each other"));
    }
    *seen += 1;
    if *seen > 4096 {
        budget.step(std::mem::take(seen) / 8)?;
    }
    for item in node.items() {
        walk(item, depth + 1, seen, budget)?;
    }
    for member in node.members() {
        walk(&member.node, depth + 1, seen, budget)?;
    }
    Ok(())
}

/// Longer ways keep their first steps.
const LONGEST: usize = 24;

/// A node that came one more step; a way that is too long already stays as it is.
pub(crate) fn through(node: Node, span: Span, how: How) -> Node {
    if node.via.as_deref().is_some_and(|via| via.steps().take(LONGEST).count() == LONGEST) {
        return node;
    }
    let via = Some(step(span, how, node.via));
    Node { via, ..node }
}

/// A step in front of a way.
pub(crate) fn step(span: Span, how: How, next: Option<Arc<Trail>>) -> Arc<Trail> {
    Arc::new(Trail { span, how, next })
}

/// The steps of `first`, then those of `second`.
pub(crate) fn then(first: Option<&Arc<Trail>>, second: Option<&Arc<Trail>>) -> Option<Arc<Trail>> {
    let (Some(head), Some(tail)) = (first, second) else { return first.or(second).map(Arc::clone) };
    let steps: Vec<&Trail> = head.steps().take(LONGEST).collect();
    let mut way =
        if tail.steps().take(LONGEST).count() + steps.len() > LONGEST { None } else { Some(Arc::clone(tail)) };
    for step in steps.into_iter().rev() {
        way = Some(self::step(step.span, step.how.clone(), way));
    }
    way
}

/// An element that left its container: it came the way the container came.
pub(crate) fn within(container: &Node, item: &Node) -> Node {
    if container.via.is_none() {
        return item.clone();
    }
    Node { via: then(container.via.as_ref(), item.via.as_ref()), ..item.clone() }
}

/// Whether the text of a node is what is written between the quotes of its span.
pub(crate) fn is_written(node: &Node) -> bool {
    let computed = node
        .via
        .as_deref()
        .is_some_and(|via| via.steps().any(|step| matches!(step.how, How::Call(_) | How::Operation)));
    !computed && node.text().is_some_and(|text| text.len() + 2 == node.span.len())
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{as_bool, as_int, compare_texts, int, print, same, text};
    use crate::arm::budget::Budget;
    use crate::json::{Node, parse};
    use crate::source::{FileId, Span};

    fn node(json: &str) -> Node {
        parse(FileId(0), json).unwrap().root
    }

    #[test]
    fn numbers_may_be_written_as_text() {
        assert_eq!(as_int(&node("\"12\"")), Some(12));
        assert_eq!(as_int(&node("12.0")), Some(12));
        assert_eq!(as_int(&node("1.5")), None);
        assert_eq!(as_bool(&node("\"True\"")), Some(true));
    }

    #[test]
    fn sameness_is_strict_on_types_and_case() {
        let mut budget = Budget::default();
        let mut check = |left: &str, right: &str| same(&node(left), &node(right), &mut budget).unwrap();
        assert_eq!(check("1", "\"1\""), Some(false));
        assert_eq!(check("\"a\"", "\"A\""), Some(false));
        assert_eq!(check("{\"a\": [1], \"B\": 2}", "{\"b\": 2, \"A\": [1]}"), Some(true));
        assert_eq!(check("[1, 2]", "[1]"), Some(false));
    }

    #[test]
    fn texts_sort_without_case_first() {
        assert_eq!(compare_texts("A", "a"), Ordering::Greater);
        assert_eq!(compare_texts("a", "B"), Ordering::Less);
        assert_eq!(compare_texts("ab", "AA"), Ordering::Greater);
    }

    #[test]
    fn objects_print_in_both_quotes() {
        let mut budget = Budget::default();
        let value = node("{\"a\": \"b\", \"c\": [true, 1, null]}");
        assert_eq!(print(&value, '\'', &mut budget).unwrap(), "{'a':'b','c':[true,1,null]}");
        assert_eq!(print(&value, '"', &mut budget).unwrap(), "{\"a\":\"b\",\"c\":[true,1,null]}");
        let span = Span::new(FileId(0), 0, 0);
        assert_eq!(print(&Node::new(int(-3), span), '"', &mut budget).unwrap(), "-3");
        assert_eq!(print(&Node::new(text("a\"b"), span), '"', &mut budget).unwrap(), "\"a\\\"b\"");
    }
}
