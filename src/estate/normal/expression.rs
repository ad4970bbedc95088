//! Expressions in documents that nobody evaluated: fragments cut out of templates. What they stand for is unknown.

use std::sync::Arc;

use crate::estate::normal::assemble::object;
use crate::json::{Member, Node, Reason, Unknown, Value};

/// Objects nest this deep at most before the rest is left as it is.
const MAX_DEPTH: usize = 64;

/// The node with an unknown in place of every expression; `None` when there is none, which is the rule.
pub(crate) fn without_expressions(node: &Node) -> Option<Node> {
    within(node, 0)
}

fn within(node: &Node, depth: usize) -> Option<Node> {
    if depth > MAX_DEPTH {
        return None;
    }
    match &node.value {
        Value::Text(text) if text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[") => {
            let unknown = Unknown {
                reason: Reason::NotEvaluated,
                text: Arc::clone(text),
                span: node.span,
                key: Arc::from(format!("{}:{text}", node.span.file.0)),
                parts: Vec::new(),
                domain: Vec::new(),
            };
            Some(Node { value: Value::Unknown(Arc::new(unknown)), ..node.clone() })
        }
        Value::List(items) => {
            let changed = replaced(items, |item| within(item, depth + 1))?;
            Some(Node { value: Value::List(Arc::new(changed)), ..node.clone() })
        }
        Value::Object(members) => {
            let change =
                |member: &Member| within(&member.node, depth + 1).map(|node| Member { node, ..member.clone() });
            Some(object(node, replaced(members, change)?))
        }
        _ => None,
    }
}

/// The items with the changed ones in their places; `None` when none changes, so that nothing is copied.
fn replaced<T: Clone>(items: &[T], change: impl Fn(&T) -> Option<T>) -> Option<Vec<T>> {
    let (at, first) = items.iter().enumerate().find_map(|(at, item)| Some((at, change(item)?)))?;
    let mut all = items[..at].to_vec();
    all.push(first);
    all.extend(items[at + 1..].iter().map(|item| change(item).unwrap_or_else(|| item.clone())));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::without_expressions;
    use crate::json::parse;
    use crate::source::FileId;

    #[test]
    fn expressions_are_unknown_and_brackets_alone_are_none() {
        let root = |text| parse(FileId(0), text).unwrap().root;
        assert!(without_expressions(&root(r#"{"a":["x","[[y]","[z"]}"#)).is_none());
        let node = without_expressions(&root(r#"{"a":["x","[f()]","y"],"b":1}"#)).unwrap();
        assert!(node.get("a").unwrap().items()[1].unknown().is_some());
        assert_eq!(node.get("a").unwrap().items()[2].text(), Some("y"));
        assert_eq!(node.members().len(), 2);
    }
}
