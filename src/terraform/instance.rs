//! One resource of a plan or state: its address, and its attributes with what is known only after apply in its place
//! (TF-7 to TF-12).

use std::sync::Arc;

use crate::json::{Member, Node, Reason, Unknown, Value};
use crate::source::Span;
use crate::terraform::edit::{by_key, list, members_of, object};

/// One resource.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// Its module with the keys of the calls, such as `module.net["a"]`; empty for the root.
    pub(crate) module: Arc<str>,
    /// Its type, such as `azurerm_subnet`.
    pub(crate) kind: Arc<str>,
    /// Its name in the configuration.
    pub(crate) name: Arc<str>,
    /// Its index or key as written between brackets: `0`, `"a"`.
    pub(crate) key: Option<Arc<str>>,
    /// Its attributes.
    pub(crate) values: Node,
    /// Whether it is there after apply.
    pub(crate) stays: bool,
    /// Whether it is made by this apply: nothing of it is in Azure yet.
    pub(crate) created: bool,
}

impl Instance {
    /// Such as `module.net["a"].azurerm_subnet.s[0]`.
    pub(crate) fn address(&self) -> String {
        let Self { module, kind, name, key, .. } = self;
        let dot = if module.is_empty() { "" } else { "." };
        let key = key.as_ref().map_or_else(String::new, |key| format!("[{key}]"));
        format!("{module}{dot}{kind}.{name}{key}")
    }
}

/// A key or index as an address writes it.
pub(crate) fn written_key(index: &Node) -> Option<Arc<str>> {
    match &index.value {
        Value::Number(number) => Some(Arc::from(number.as_str())),
        Value::Text(text) => {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            Some(Arc::from(format!("\"{escaped}\"")))
        }
        _ => None,
    }
}

/// Values nest this deep at most before the rest is taken as it is.
const MAX_DEPTH: usize = 48;

/// What is told of an attribute that only the apply can tell.
pub(crate) fn after_apply(path: &str, from: &str, span: Span) -> Unknown {
    Unknown {
        reason: Reason::AfterApply(Arc::from(from)),
        text: Arc::from(path),
        span,
        key: Arc::from(format!("{path}@{}", span.file.0)),
        parts: Vec::new(),
        domain: Vec::new(),
    }
}

/// The values with what `mask` says is unknown in its place. `path`: the address, for what is told of them.
pub(crate) fn with_unknown(after: &Node, mask: Option<&Node>, path: &str) -> Node {
    match mask {
        Some(mask) if says_true(mask, 0) => overlay(after, mask, path, 0),
        _ => after.clone(),
    }
}

fn says_true(mask: &Node, depth: usize) -> bool {
    match &mask.value {
        Value::Bool(unknown) => *unknown,
        Value::List(items) => depth < MAX_DEPTH && items.iter().any(|item| says_true(item, depth + 1)),
        Value::Object(members) => depth < MAX_DEPTH && members.iter().any(|member| says_true(&member.node, depth + 1)),
        _ => false,
    }
}

fn overlay(after: &Node, mask: &Node, path: &str, depth: usize) -> Node {
    if !says_true(mask, depth) || depth >= MAX_DEPTH {
        return after.clone();
    }
    match &mask.value {
        Value::List(masks) if after.is_list() || after.is_null() => {
            let null = Node::new(Value::Null, mask.span);
            let count = after.items().len().max(masks.len());
            let items = (0..count).map(|at| {
                let item = after.items().get(at).unwrap_or(&null);
                match masks.get(at) {
                    Some(mask) => overlay(item, mask, &format!("{path}[{at}]"), depth + 1),
                    None => item.clone(),
                }
            });
            list(if after.is_null() { mask } else { after }, items.collect())
        }
        Value::Object(masks) if after.is_object() || after.is_null() => {
            let mut node = if after.is_null() { object(mask, Vec::new()) } else { after.clone() };
            let places = by_key(after);
            let members = members_of(&mut node);
            for masked in masks.iter().filter(|masked| says_true(&masked.node, depth + 1)) {
                let inner = format!("{path}.{}", masked.key);
                match places.get(&*masked.key).and_then(|at| members.get_mut(*at)) {
                    Some(member) => member.node = overlay(&member.node, &masked.node, &inner, depth + 1),
                    None => {
                        let null = Node::new(Value::Null, masked.node.span);
                        members
                            .push(Member { node: overlay(&null, &masked.node, &inner, depth + 1), ..masked.clone() });
                    }
                }
            }
            node
        }
        _ => Node::new(Value::Unknown(Arc::new(after_apply(path, "", mask.span))), mask.span),
    }
}
