//! Nodes as JSONPath sees them: `Queryable`, and the equality its comparisons use.
//!
//! What a query may hold and what it answers is the work of `select`.

use std::sync::Arc;

use jsonpath_rust::query::queryable::Queryable;

use crate::json::key;
use crate::json::node::{Node, Number, Value};
use crate::source::{FileId, Span};

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
        let members = key::counting(node.members()).into_iter();
        let mut members: Vec<_> = members.map(|member| (member.key.to_ascii_lowercase(), &member.node)).collect();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        members
    }
    sorted(left) == sorted(right)
}

/// Values that stand in no text: what a query's own literals become.
fn placeless(value: Value) -> Node {
    Node::new(value, Span::new(FileId(u32::MAX), 0, 0))
}

impl Default for Node {
    fn default() -> Self {
        placeless(Value::Null)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        placeless(Value::Bool(value))
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        placeless(Value::Number(Number::new(value.to_string())))
    }
}

impl From<f64> for Node {
    fn from(value: f64) -> Self {
        placeless(Value::Number(Number::new(value.to_string())))
    }
}

impl From<&str> for Node {
    fn from(value: &str) -> Self {
        placeless(Value::Text(value.into()))
    }
}

impl From<String> for Node {
    fn from(value: String) -> Self {
        placeless(Value::Text(value.into()))
    }
}

impl From<Vec<Node>> for Node {
    fn from(value: Vec<Node>) -> Self {
        placeless(Value::List(Arc::new(value)))
    }
}

impl Queryable for Node {
    fn get(&self, key: &str) -> Option<&Self> {
        Node::get(self, key)
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        let Value::Object(members) = &self.value else { return None };
        Some(key::counting(members).into_iter().map(|member| (&*member.key, &member.node)).collect())
    }

    fn as_str(&self) -> Option<&str> {
        self.text()
    }

    fn as_i64(&self) -> Option<i64> {
        match &self.value {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    fn as_bool(&self) -> Option<bool> {
        self.bool()
    }

    fn null() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
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
