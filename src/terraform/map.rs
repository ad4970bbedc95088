//! Arguments → properties, as the table says. Works on plain attributes with unknowns in them, wherever they come from; what
//! an unknown one refers to, it asks.

use std::sync::Arc;

use crate::json::{Member, Node, Value};
use crate::terraform::configuration::Step;
use crate::terraform::edit::{append, at, list, object, put, text};
use crate::terraform::join::name_step;
use crate::terraform::table::{How, Row};

/// What is known of values that only the apply tells, by the resource and the way to the value in it.
pub(crate) trait References {
    /// The id that an unknown value stands for; the value itself where nothing is known of it.
    fn id(&self, resource: usize, path: &[Step], value: &Node) -> Node;
    /// The ids that an unknown list stands for; `None` where that is not certain.
    fn ids(&self, resource: usize, path: &[Step], value: &Node) -> Option<Vec<Node>>;
    /// What an unknown value is read off.
    fn read(&self, resource: usize, path: &[Step], value: &Node) -> Node;
}

/// Reads the arguments of one resource.
pub(crate) struct Mapper<'m> {
    pub(crate) resource: usize,
    pub(crate) references: &'m dyn References,
}

/// Where the properties of an object are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Below `properties`.
    Wrapped,
    /// In the object itself.
    Bare,
}

/// The keys that a row leads to. A hyphen stands for the dots that some keys of firewalls hold.
pub(crate) fn target(row: &Row, level: Level) -> Vec<String> {
    let (bare, path) = row.to.strip_prefix('/').map_or((level == Level::Bare, row.to), |path| (true, path));
    let keys = path.split('.').map(|key| key.replace('-', "."));
    if bare { keys.collect() } else { std::iter::once("properties".to_owned()).chain(keys).collect() }
}

impl Mapper<'_> {
    /// Adds what the arguments say to an object.
    pub(crate) fn apply(&self, rows: &[Row], values: &Node, into: &mut Node, level: Level, path: &[Step]) {
        for row in rows {
            let Some(new) = self.value(row, values, path) else { continue };
            let keys = target(row, level);
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            match row.how {
                How::Each(_) | How::Children(_) => append(into, &keys, new),
                _ if at(into, &keys).is_none_or(Node::is_blank) => put(into, &keys, new),
                _ => {}
            }
        }
    }

    /// What a row makes of the arguments; `None` where there is nothing.
    pub(crate) fn value(&self, row: &Row, values: &Node, path: &[Step]) -> Option<Member> {
        let mut path = path.to_vec();
        let found = argument(values, row.from, &mut path);
        if let How::Fixed(word) = row.how {
            let node = text(values, word);
            return Some(Member { key: Arc::from(row.to), key_span: values.span, node });
        }
        if let How::Presence = row.how {
            let at = found.as_ref().map_or(values, |found| &found.node);
            let word = if found.as_ref().is_some_and(|found| !found.node.is_blank()) { "Enabled" } else { "Disabled" };
            let node = if at.unknown().is_some() { at.clone() } else { text(at, word) };
            return Some(Member { key: Arc::from(row.to), key_span: at.span, node });
        }
        let found = found.filter(|found| !found.node.is_blank())?;
        let node = self.convert(row.how, &found.node, &path)?;
        Some(Member { node, ..found })
    }

    fn convert(&self, how: How, node: &Node, path: &[Step]) -> Option<Node> {
        let is_unknown = node.unknown().is_some();
        let id = |node: &Node, path: &[Step]| match node.unknown() {
            Some(_) => self.references.id(self.resource, path, node),
            None => node.clone(),
        };
        let wrapped = |id: Node| object(&id, vec![Member { key: "id".into(), key_span: id.span, node: id.clone() }]);
        Some(match how {
            How::Same | How::Fixed(_) | How::Presence => node.clone(),
            How::Read if is_unknown => self.references.read(self.resource, path, node),
            How::Read => node.clone(),
            How::Id => wrapped(id(node, path)),
            How::PlainId => id(node, path),
            How::Ids => self.ids(node, path, wrapped),
            How::PlainIds => self.ids(node, path, |id| id),
            How::IdsUnder(key) => self.ids(node, path, |id| under("properties", &under(key, &id))),
            How::Listed => list(node, vec![node.clone()]),
            _ if is_unknown => node.clone(),
            How::Enabled => switch(node, ["Enabled", "Disabled"]),
            How::Disabled => switch(node, ["Disabled", "Enabled"]),
            How::Not => node.bool().map_or_else(|| node.clone(), |on| Node { value: Value::Bool(!on), ..node.clone() }),
            How::Text => as_text(node),
            How::Joined => joined(node),
            How::Under(key) => list(node, node.items().iter().map(|item| under(key, item)).collect()),
            How::One(rows) => {
                let (first, path) = match node.items().first() {
                    Some(first) => (first, with_index(path, 0)),
                    None => (node, path.to_vec()),
                };
                self.block(rows, first, Level::Bare, &path)?
            }
            How::Each(rows) => self.blocks(rows, node, Level::Bare, path),
            How::Children(rows) => self.blocks(rows, node, Level::Wrapped, path),
        })
    }

    /// A list of ids, each as `each` makes it.
    fn ids(&self, node: &Node, path: &[Step], each: impl Fn(Node) -> Node) -> Node {
        if node.unknown().is_some() {
            let ids = self.references.ids(self.resource, path, node);
            return ids.map_or_else(|| node.clone(), |ids| list(node, ids.into_iter().map(each).collect()));
        }
        let written = node.items().iter().enumerate().filter(|(_, item)| !item.is_blank());
        let items = written.map(|(at, item)| match item.unknown() {
            Some(_) => self.references.id(self.resource, &with_index(path, at), item),
            None => item.clone(),
        });
        list(node, items.map(each).collect())
    }

    fn blocks(&self, rows: &[Row], node: &Node, level: Level, path: &[Step]) -> Node {
        if node.is_object() {
            return list(node, self.block(rows, node, level, path).into_iter().collect());
        }
        let items = node.items().iter().enumerate();
        let items = items.filter_map(|(at, item)| self.block(rows, item, level, &with_index(path, at)));
        list(node, items.collect())
    }

    /// One block; what is none, nor unknown, is left for whoever reads it to say so.
    fn block(&self, rows: &[Row], item: &Node, level: Level, path: &[Step]) -> Option<Node> {
        if item.is_null() {
            return None;
        }
        if !item.is_object() {
            return Some(item.clone());
        }
        let mut made = object(item, Vec::new());
        self.apply(rows, item, &mut made, level, path);
        Some(made)
    }
}

/// The argument behind some names; of blocks the first. What is unknown on the way is the answer.
fn argument(values: &Node, from: &str, path: &mut Vec<Step>) -> Option<Member> {
    let mut found = Member { key: Arc::from(""), key_span: values.span, node: values.clone() };
    for name in from.split('.').filter(|name| !name.is_empty()) {
        if found.node.is_list() {
            found.node = found.node.items().first()?.clone();
            path.push(Step::Key(Arc::from("0")));
        }
        if found.node.unknown().is_some() {
            break;
        }
        found = found.node.member(name)?.clone();
        path.push(name_step(name));
    }
    Some(found)
}

fn with_index(path: &[Step], at: usize) -> Vec<Step> {
    let mut path = path.to_vec();
    path.push(Step::Key(Arc::from(at.to_string())));
    path
}

fn switch(node: &Node, [on, off]: [&str; 2]) -> Node {
    node.bool().map_or_else(|| node.clone(), |is_on| text(node, if is_on { on } else { off }))
}

fn as_text(node: &Node) -> Node {
    match &node.value {
        Value::Number(number) => text(node, number.as_str()),
        Value::Bool(on) => text(node, if *on { "true" } else { "false" }),
        _ => node.clone(),
    }
}

/// Several texts with commas between them; unknown when one of them is.
fn joined(node: &Node) -> Node {
    if let Some(unknown) = node.items().iter().find(|item| item.unknown().is_some()) {
        return unknown.clone();
    }
    match &node.value {
        Value::List(items) => text(node, items.iter().filter_map(Node::text).collect::<Vec<_>>().join(", ")),
        _ => node.clone(),
    }
}

fn under(key: &str, item: &Node) -> Node {
    object(item, vec![Member { key: Arc::from(key), key_span: item.span, node: item.clone() }])
}
