//! What is equal: keys of one object without case, found without comparing every pair of a large object, and nodes. And
//! what is not known because of equal keys, since readers of JSON differ on which of two values holds.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::json::node::{Member, Node, Number, Reason, Unknown, Value};

/// Objects up to this size are compared pair by pair (at most 120 pairs); larger ones through a hash table.
const SMALL: usize = 16;

/// Calls `repeated` with each member whose key an earlier member has, and with the index of the nearest such member.
pub(crate) fn each_repeated<'m>(members: &'m [Member], mut repeated: impl FnMut(usize, &'m Member)) {
    if members.len() <= SMALL {
        // One bit per length and last letter: only keys that share a bit are compared.
        let mut seen = 0_u64;
        for (index, member) in members.iter().enumerate() {
            let last = member.key.as_bytes().last().map_or(0, u8::to_ascii_lowercase);
            let bit = 1 << ((member.key.len() * 7 + usize::from(last)) % 64);
            if seen & bit != 0
                && let Some(first) =
                    members[..index].iter().rposition(|first| first.key.eq_ignore_ascii_case(&member.key))
            {
                repeated(first, member);
            }
            seen |= bit;
        }
        return;
    }
    let mut seen = HashMap::with_capacity(members.len());
    for (index, member) in members.iter().enumerate() {
        if let Some(first) = seen.insert(Folded(&member.key), index) {
            repeated(first, member);
        }
    }
}

/// The members that count: of equal keys the last one.
pub(crate) fn counting(members: &[Member]) -> Vec<&Member> {
    let mut ignored = Vec::new();
    each_repeated(members, |first, _| ignored.push(first));
    if ignored.is_empty() {
        return members.iter().collect();
    }
    ignored.sort_unstable();
    members
        .iter()
        .enumerate()
        .filter(|(index, _)| ignored.binary_search(index).is_err())
        .map(|(_, member)| member)
        .collect()
}

/// A key compared without case.
struct Folded<'k>(&'k str);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut buffer = [0; 64];
        for chunk in self.0.as_bytes().chunks(buffer.len()) {
            let folded = &mut buffer[..chunk.len()];
            folded.copy_from_slice(chunk);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
        state.write_usize(self.0.len());
    }
}

/// Equality of selection, blind to place: strings and keys without ASCII case, numbers by value, members in any order,
/// of repeated keys the last. Two unknown values are equal when every deployment gives them the same value.
///
/// A template's own `equals()` is another matter: there, case counts.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Number(left), Value::Number(right)) => left == right || same_number(left, right),
            (Value::Text(left), Value::Text(right)) => left.eq_ignore_ascii_case(right),
            (Value::List(left), Value::List(right)) => Arc::ptr_eq(left, right) || left == right,
            (Value::Object(left), Value::Object(right)) => Arc::ptr_eq(left, right) || same_members(self, other),
            (Value::Unknown(left), Value::Unknown(right)) => Arc::ptr_eq(left, right) || left.is_same_as(right),
            _ => false,
        }
    }
}

fn same_number(left: &Number, right: &Number) -> bool {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left == right,
        _ => left.as_f64() == right.as_f64(),
    }
}

fn same_members(left: &Node, right: &Node) -> bool {
    fn sorted(node: &Node) -> Vec<(String, &Node)> {
        let members = counting(node.members()).into_iter();
        let mut members: Vec<_> = members.map(|member| (member.key.to_ascii_lowercase(), &member.node)).collect();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        members
    }
    sorted(left) == sorted(right)
}

/// The tree with an unknown for the value of every key that stands in one object more than once with different values.
pub fn doubtful(root: &Node) -> Node {
    match &root.value {
        Value::List(items) => {
            Node { value: Value::List(Arc::new(items.iter().map(doubtful).collect())), ..root.clone() }
        }
        Value::Object(members) => {
            let inside = members.iter().map(|member| Member { node: doubtful(&member.node), ..member.clone() });
            Node { value: Value::Object(Arc::new(without_contradictions(inside.collect()))), ..root.clone() }
        }
        _ => root.clone(),
    }
}

fn without_contradictions(mut members: Vec<Member>) -> Vec<Member> {
    let mut open = BTreeSet::new();
    each_repeated(&members, |first, second| {
        // Members stand in the order written.
        let at = members.partition_point(|member| member.key_span.start < second.key_span.start);
        if members[first].node != second.node || open.contains(&first) {
            open.insert(at);
        }
    });
    for at in open {
        let member = &mut members[at];
        member.node.value = Value::Unknown(Arc::new(Unknown {
            reason: Reason::Invalid(Arc::from(format!("`{}` stands twice, with two values", member.key))),
            text: Arc::clone(&member.key),
            span: member.node.span,
            key: Arc::from(format!("twice {}:{}", member.node.span.file.0, member.node.span.start)),
            parts: Vec::new(),
            domain: Vec::new(),
        }));
    }
    members
}

#[cfg(test)]
mod tests {
    use super::doubtful;
    use crate::json::parse;
    use crate::source::FileId;

    #[test]
    fn a_key_with_two_values_is_unknown_and_one_written_twice_alike_is_not() {
        let text = r#"[{"a": "Deny", "b": 1, "A": "Allow"}, {"a": 1, "a": 1}, {"a": 1, "a": 2, "a": 2}]"#;
        let root = doubtful(&parse(FileId(0), text).unwrap().root);
        let unknown: Vec<bool> = root.items().iter().map(|item| item.get("a").unwrap().unknown().is_some()).collect();
        assert_eq!(unknown, [true, false, true]);
        assert!(root.items()[0].get("b").unwrap().unknown().is_none());
    }
}

#[cfg(test)]
mod equality {
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn node(text: &str) -> Node {
        parse(FileId(0), text).unwrap().root
    }

    #[test]
    fn equality_folds_case_and_member_order() {
        assert_eq!(node(r#"{"a": ["X", 1.0], "B": null}"#), node(r#"{"b": null, "A": ["x", 1]}"#));
        assert_ne!(node(r#"{"a": 1}"#), node(r#"{"a": 1, "b": 1}"#));
        assert_ne!(node("[1, 2]"), node("[2, 1]"));
        assert_ne!(node("\"1\""), node("1"));
    }

    #[test]
    fn numbers_are_equal_by_value() {
        assert_eq!(node("[100, 1e2, -0.0]"), node("[1.0E+2, 100, 0]"));
        assert_ne!(node("9007199254740993"), node("9007199254740992"));
    }

    #[test]
    fn of_repeated_keys_the_last_counts() {
        assert_eq!(node(r#"{"a": 1, "b": 2, "A": 3}"#), node(r#"{"b": 2, "a": 3}"#));
    }
}
