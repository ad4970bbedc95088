//! The literals of one text, whatever its language: where lists, objects and values stand, and what they say.

use std::sync::Arc;

use crate::bicep::tree::{self, DeclarationKind, Entry, Expression, ExpressionKind};
use crate::json::{Node, Value};
use crate::source::Span;

/// One part of a text.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its characters; of a text with its quotes.
    pub(crate) span: Span,
    /// The key in front of it, where it is the value of a property.
    pub(crate) key: Option<(Arc<str>, Span)>,
    /// What it is.
    pub(crate) kind: PartKind,
    /// Items, values of properties, or whatever else lies in it.
    pub(crate) parts: Vec<Self>,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PartKind {
    Text(Arc<str>),
    Number(Arc<str>),
    Null,
    List,
    Object,
    /// Anything that is no literal.
    Other,
}

impl Part {
    /// The parts of a JSON document.
    pub(crate) fn of_json(root: &Node) -> Self {
        let (kind, parts) = match &root.value {
            Value::Text(text) => (PartKind::Text(Arc::clone(text)), Vec::new()),
            Value::Number(number) => (PartKind::Number(number.as_str().into()), Vec::new()),
            Value::Null => (PartKind::Null, Vec::new()),
            Value::List(items) => (PartKind::List, items.iter().map(Self::of_json).collect()),
            Value::Object(members) => {
                let one = |member: &crate::json::Member| Self {
                    key: Some((Arc::clone(&member.key), member.key_span)),
                    ..Self::of_json(&member.node)
                };
                (PartKind::Object, members.iter().map(one).collect())
            }
            Value::Bool(_) | Value::Unknown(_) | Value::Deferred(_) => (PartKind::Other, Vec::new()),
        };
        Self { span: root.span, key: None, kind, parts }
    }

    /// The parts of a Bicep file.
    pub(crate) fn of_bicep(file: &tree::File) -> Self {
        let one = |declaration: &tree::Declaration| {
            let parts = match &declaration.kind {
                DeclarationKind::Parameter { value: Some(value), .. }
                | DeclarationKind::Variable { value, .. }
                | DeclarationKind::Output { value, .. } => vec![Self::of_expression(value)],
                DeclarationKind::Resource(resource) => vec![Self::of_object(&resource.body.object)],
                DeclarationKind::Module(module) => vec![Self::of_object(&module.body.object)],
                _ => Vec::new(),
            };
            Self { span: declaration.span, key: None, kind: PartKind::Other, parts }
        };
        let parts = file.declarations.iter().map(one).collect();
        Self { span: file.span, key: None, kind: PartKind::Other, parts }
    }

    fn of_object(object: &tree::Object) -> Self {
        let one = |entry: &Entry| match entry {
            Entry::Member { key, value } => {
                let part = Self::of_expression(value);
                let key = match &key.kind {
                    ExpressionKind::Text(text) => Some((Arc::clone(text), key.span)),
                    _ => None,
                };
                Self { key, ..part }
            }
            Entry::Spread(value) => {
                Self { span: value.span, key: None, kind: PartKind::Other, parts: vec![Self::of_expression(value)] }
            }
            Entry::Resource(_, resource, span) => Self {
                span: *span,
                key: None,
                kind: PartKind::Other,
                parts: vec![Self::of_object(&resource.body.object)],
            },
        };
        Self { span: object.span, key: None, kind: PartKind::Object, parts: object.entries.iter().map(one).collect() }
    }

    fn of_expression(expression: &Expression) -> Self {
        let all = |parts: &[&Expression]| parts.iter().map(|part| Self::of_expression(part)).collect::<Vec<_>>();
        let (kind, parts) = match &expression.kind {
            ExpressionKind::Object(object) => return Self::of_object(object),
            ExpressionKind::Text(text) => (PartKind::Text(Arc::clone(text)), Vec::new()),
            ExpressionKind::Number(number) => (PartKind::Number(number.to_string().into()), Vec::new()),
            ExpressionKind::Null => (PartKind::Null, Vec::new()),
            ExpressionKind::List(items) => {
                let item = |item: &tree::Item| match item {
                    tree::Item::Value(value) => Self::of_expression(value),
                    tree::Item::Spread(value) => {
                        let parts = vec![Self::of_expression(value)];
                        Self { span: value.span, key: None, kind: PartKind::Other, parts }
                    }
                };
                (PartKind::List, items.iter().map(item).collect())
            }
            ExpressionKind::Call(_, arguments) => {
                (PartKind::Other, arguments.iter().map(Self::of_expression).collect())
            }
            ExpressionKind::Method(base, _, arguments) => {
                let base = std::iter::once(Self::of_expression(base));
                (PartKind::Other, base.chain(arguments.iter().map(Self::of_expression)).collect())
            }
            ExpressionKind::For(_, body) => (PartKind::Other, all(&[body])),
            ExpressionKind::If(one, other) | ExpressionKind::Binary(_, one, other) => {
                (PartKind::Other, all(&[one, other]))
            }
            ExpressionKind::Choice(condition, one, other) => (PartKind::Other, all(&[condition, one, other])),
            ExpressionKind::Parenthesis(inner)
            | ExpressionKind::NotNull(inner)
            | ExpressionKind::Prefix(_, inner)
            | ExpressionKind::Nested(inner, _)
            | ExpressionKind::Lambda(_, inner)
            | ExpressionKind::Member { base: inner, .. } => (PartKind::Other, all(&[inner])),
            ExpressionKind::Index { base, index, .. } => (PartKind::Other, all(&[base, index])),
            ExpressionKind::Interpolated(_, holes) => {
                (PartKind::Other, holes.iter().map(Self::of_expression).collect())
            }
            ExpressionKind::Bool(_) | ExpressionKind::Name(_) | ExpressionKind::Unknown => {
                (PartKind::Other, Vec::new())
            }
        };
        Self { span: expression.span, key: None, kind, parts }
    }

    /// The way to the part with exactly these characters, from the whole text down; empty when there is none. Of several
    /// the innermost.
    pub(crate) fn way_to(&self, span: Span) -> Vec<&Self> {
        let mut way = Vec::new();
        let mut here = self;
        loop {
            way.push(here);
            match here.parts.iter().find(|part| part.span.holds(span)) {
                Some(next) => here = next,
                None => break,
            }
        }
        if here.span == span { way } else { Vec::new() }
    }

    /// The value of a property, by its key without case.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.parts.iter().find(|part| part.key.as_ref().is_some_and(|(name, _)| name.eq_ignore_ascii_case(key)))
    }
}
