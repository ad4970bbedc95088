//! New objects out of parts that have places.

use std::sync::Arc;

use crate::json::{Member, Node, Value};

/// An object at the place of another.
pub(crate) fn object(at: &Node, members: Vec<Member>) -> Node {
    Node { value: Value::Object(Arc::new(members)), span: at.span, via: at.via.clone() }
}

/// A member that is written nowhere: its key has the place of the object it stands for.
pub(crate) fn member(key: &str, node: Node, at: &Node) -> Member {
    Member { key: Arc::from(key), key_span: at.span, node }
}

/// The object with one member set, in its old place or at the end.
pub(crate) fn replace(node: &Node, key: &str, value: Node) -> Node {
    let mut members = node.members().to_vec();
    match members.iter_mut().rev().find(|member| member.key.eq_ignore_ascii_case(key)) {
        Some(found) => found.node = value,
        None => members.push(member(key, value, node)),
    }
    object(node, members)
}
