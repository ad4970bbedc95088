//! The way of a value: steps put in front of others.

use std::sync::Arc;

use crate::json::{How, Node, Trail};
use crate::source::Span;

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
    let computed = node.via.as_deref().is_some_and(|via| via.steps().any(|step| matches!(step.how, How::Call(_))));
    !computed && node.text().is_some_and(|text| text.len() + 2 == node.span.len())
}
