//! New nodes out of parts that have places.

use std::sync::Arc;

use foldhash::HashMap;

use crate::json::{Member, Node, Part, Unknown, Value};

/// An object at the place of another node.
pub(crate) fn object(at: &Node, members: Vec<Member>) -> Node {
    Node { value: Value::Object(Arc::new(members)), span: at.span, via: at.via.clone() }
}

/// A list at the place of another node.
pub(crate) fn list(at: &Node, items: Vec<Node>) -> Node {
    Node { value: Value::List(Arc::new(items)), span: at.span, via: at.via.clone() }
}

/// A text at the place of another node.
pub(crate) fn text(at: &Node, text: impl Into<Arc<str>>) -> Node {
    Node { value: Value::Text(text.into()), span: at.span, via: at.via.clone() }
}

/// A member that is written nowhere: its key has the place of its value.
pub(crate) fn member(key: &str, node: Node) -> Member {
    Member { key: Arc::from(key), key_span: node.span, node }
}

/// The members of an object, to be changed; it becomes one when it is none.
pub(crate) fn members_of(node: &mut Node) -> &mut Vec<Member> {
    if !node.is_object() {
        node.value = Value::Object(Arc::default());
    }
    match &mut node.value {
        Value::Object(members) => Arc::make_mut(members),
        _ => unreachable!("it was made an object"),
    }
}

/// Puts a member into an object behind several keys, in place of what is there.
pub(crate) fn put(node: &mut Node, path: &[&str], new: Member) {
    if let Some(slot) = slot(node, path, &new) {
        *slot = new.node;
    }
}

/// Adds to the list behind several keys; what is no list stays beside what is added.
pub(crate) fn append(node: &mut Node, path: &[&str], new: Member) {
    let Some(slot) = slot(node, path, &new) else { return };
    let Member { node: new, .. } = new;
    let is_empty = slot.is_blank() || slot.is_object() && slot.members().is_empty();
    if is_empty && (new.is_list() || new.unknown().is_some()) {
        *slot = new;
        return;
    }
    if is_empty || !slot.is_list() {
        let items = if is_empty { Vec::new() } else { vec![slot.clone()] };
        *slot = list(if is_empty { &new } else { slot }, items);
    }
    if let Value::List(items) = &mut slot.value {
        let items = Arc::make_mut(items);
        match &new.value {
            Value::List(more) => items.extend(more.iter().cloned()),
            _ => items.push(new),
        }
    }
}

/// Takes the member behind several keys away.
pub(crate) fn remove(node: &mut Node, path: &[&str]) {
    let Some((last, before)) = path.split_last() else { return };
    let mut inner = node;
    for key in before {
        if inner.get(key).is_none() {
            return;
        }
        let members = members_of(inner);
        let Some(found) = members.iter_mut().find(|member| member.key.eq_ignore_ascii_case(key)) else { return };
        inner = &mut found.node;
    }
    if inner.is_object() {
        members_of(inner).retain(|member| !member.key.eq_ignore_ascii_case(last));
    }
}

/// The value behind several keys.
pub(crate) fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, key| node.get(key))
}

/// Where a value behind several keys stands, with objects made on the way; `None` where something else is in the way.
fn slot<'n>(node: &'n mut Node, path: &[&str], new: &Member) -> Option<&'n mut Node> {
    let (key, rest) = path.split_first()?;
    if node.unknown().is_some() {
        return None;
    }
    let members = members_of(node);
    let found = members.iter().position(|member| member.key.eq_ignore_ascii_case(key));
    let place = found.unwrap_or_else(|| {
        members.push(Member { key: Arc::from(*key), key_span: new.key_span, node: object(&new.node, Vec::new()) });
        members.len() - 1
    });
    let found = members.get_mut(place)?;
    if rest.is_empty() {
        found.key_span = new.key_span;
        return Some(&mut found.node);
    }
    slot(&mut found.node, rest, new)
}

/// The members of an object by their keys; of two equal ones the last. Objects of hostile documents have many.
pub(crate) fn by_key(node: &Node) -> HashMap<&str, usize> {
    node.members().iter().enumerate().map(|(at, member)| (&*member.key, at)).collect()
}

/// The pieces of a text that may be known in part.
pub(crate) fn pieces(node: &Node) -> Vec<Part> {
    match &node.value {
        Value::Text(text) => vec![Part::Text(Arc::clone(text))],
        Value::Unknown(unknown) if unknown.parts.is_empty() => vec![Part::Hole(Arc::clone(unknown))],
        Value::Unknown(unknown) => unknown.parts.clone(),
        Value::Number(number) => vec![Part::Text(Arc::from(number.as_str()))],
        _ => Vec::new(),
    }
}

/// A text made of pieces at the place of a node: known when all of them are.
pub(crate) fn of_pieces(at: &Node, pieces: Vec<Part>, why: &Arc<Unknown>) -> Node {
    let mut whole = String::new();
    let mut key = String::new();
    let mut is_known = true;
    for piece in &pieces {
        match piece {
            Part::Text(text) => {
                whole.push_str(text);
                key.push_str(text);
            }
            Part::Hole(hole) => {
                is_known = false;
                key.push_str(&format!("{{{}}}", hole.key));
            }
        }
    }
    if is_known {
        return text(at, whole);
    }
    let unknown = Unknown { parts: pieces, key: key.into(), span: at.span, domain: Vec::new(), ..Unknown::clone(why) };
    Node { value: Value::Unknown(Arc::new(unknown)), span: at.span, via: at.via.clone() }
}

/// What two ids are compared by: the text in lower case, holes by their keys.
pub(crate) fn id_key(node: &Node) -> String {
    let mut key = String::new();
    for piece in pieces(node) {
        match piece {
            Part::Text(text) => key.push_str(&text.to_ascii_lowercase()),
            Part::Hole(hole) => key.push_str(&format!("{{{}}}", hole.key)),
        }
    }
    key
}
