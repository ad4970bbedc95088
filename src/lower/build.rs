//! Pieces of lowered values: nodes, members, calls, and literal text that ARM would take for an expression.

use std::sync::Arc;

use crate::arm::{Call, Callee, Expression, ExpressionKind, Form, Step, callee};
use crate::json::{Deferred, Member, Node, Number, Reason, Unknown, Value};
use crate::source::Span;

/// An expression at a place.
pub(crate) fn at(kind: ExpressionKind, span: Span) -> Expression {
    Expression { kind, start: span.start as usize, end: span.end as usize }
}

/// A call of one of ARM's functions that stands for something the user wrote in another way.
pub(crate) fn call(name: &str, args: Vec<Expression>, span: Span) -> Expression {
    let callee = callee(&name.to_ascii_lowercase());
    at(ExpressionKind::Call(Call { callee, name: name.into(), args, is_written: false }), span)
}

/// A call of a form.
pub(crate) fn form(form: Form, name: &str, args: Vec<Expression>, span: Span) -> Expression {
    at(ExpressionKind::Call(Call { callee: Callee::Form(form), name: name.into(), args, is_written: false }), span)
}

/// A literal text as an expression.
pub(crate) fn text(text: impl Into<Arc<str>>, span: Span) -> Expression {
    at(ExpressionKind::Text(text.into()), span)
}

/// A number as an expression.
pub(crate) fn number(number: i64, span: Span) -> Expression {
    at(ExpressionKind::Number(Number::new(number.to_string())), span)
}

/// A number as a value.
pub(crate) fn int(number: i64) -> Value {
    Value::Number(Number::new(number.to_string()))
}

/// The same expression again, at its own place.
pub(crate) fn again(body: &Arc<Expression>, span: Span) -> Expression {
    at(ExpressionKind::Again(Arc::clone(body)), span)
}

/// A part of a value.
pub(crate) fn select(base: Expression, steps: Vec<Step>, span: Span) -> Expression {
    at(ExpressionKind::Select(Box::new(base), steps), span)
}

/// A value only a deployment can tell; two of them are never the same.
pub(crate) fn unknown(reason: Reason, text: &str, span: Span) -> Expression {
    let key = format!("bicep({text})@{}:{}", span.file.0, span.start).into();
    let unknown = Unknown { reason, text: text.into(), span, key, parts: Vec::new(), domain: Vec::new() };
    at(ExpressionKind::Value(Node::new(Value::Unknown(Arc::new(unknown)), span)), span)
}

/// The node that an expression is the value of.
pub(crate) fn node(expression: Expression, span: Span) -> Node {
    match expression.kind {
        ExpressionKind::Value(node) => node,
        ExpressionKind::Number(number) => Node::new(Value::Number(number), span),
        ExpressionKind::Text(text) => literal(&text, span),
        _ => Node::new(Value::Deferred(Deferred::new(expression)), span),
    }
}

/// A literal text, so written that it is never read as an expression.
pub(crate) fn literal(text: &str, span: Span) -> Node {
    Node::new(Value::Text(escaped(text).map_or_else(|| text.into(), Into::into)), span)
}

/// A text with one more bracket, where ARM would read an expression or take a bracket away.
pub(crate) fn escaped(text: &str) -> Option<String> {
    (text.starts_with('[') && text.ends_with(']')).then(|| format!("[{text}"))
}

/// A value out of another file all of whose texts are literal.
pub(crate) fn literals(node: &Node) -> Node {
    let value = match &node.value {
        Value::Text(text) => match escaped(text) {
            Some(text) => Value::Text(text.into()),
            None => return node.clone(),
        },
        Value::List(items) => Value::List(Arc::new(items.iter().map(literals).collect())),
        Value::Object(members) => {
            let member = |member: &Member| Member {
                key: escaped(&member.key).map_or_else(|| Arc::clone(&member.key), Into::into),
                node: literals(&member.node),
                ..member.clone()
            };
            Value::Object(Arc::new(members.iter().map(member).collect()))
        }
        _ => return node.clone(),
    };
    Node { value, ..node.clone() }
}

/// A member of an object.
pub(crate) fn member(key: &str, key_span: Span, node: Node) -> Member {
    Member { key: key.into(), key_span, node }
}

/// An object.
pub(crate) fn object(members: Vec<Member>, span: Span) -> Node {
    Node::new(Value::Object(Arc::new(members)), span)
}

/// A list.
pub(crate) fn list(items: Vec<Node>, span: Span) -> Node {
    Node::new(Value::List(Arc::new(items)), span)
}
