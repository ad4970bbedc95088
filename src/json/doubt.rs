//! Values of keys that stand twice: readers of JSON differ on which of two values holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::json::key;
use crate::json::node::{Member, Node, Reason, Unknown, Value};

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
    key::each_repeated(&members, |first, second| {
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
