//! Arguments → properties, as the table says. Works on plain attributes with unknowns in them, wherever they come from; what
//! an unknown one refers to, it asks.

use std::borrow::Cow;
use std::sync::Arc;

use crate::json::{Member, Node, Value};
use crate::source::Span;
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

/// The way to a value in a resource. Only what is unknown needs its steps, so they are not kept.
#[derive(Clone, Copy)]
pub(crate) enum Way<'w> {
    /// These steps.
    Steps(&'w [Step]),
    /// Further to an argument of these values.
    Argument(&'w Way<'w>, &'w Node, &'static str),
    /// Further to an item of a list.
    Item(&'w Way<'w>, usize),
}

impl Way<'_> {
    fn steps(&self) -> Vec<Step> {
        match *self {
            Self::Steps(steps) => steps.to_vec(),
            Self::Item(before, at) => {
                let mut steps = before.steps();
                steps.push(Step::Key(Arc::from(at.to_string())));
                steps
            }
            Self::Argument(before, values, from) => {
                let mut steps = before.steps();
                argument(values, from, &mut |step| {
                    steps.push(match step {
                        Some(name) => name_step(name),
                        None => Step::Key(Arc::from("0")),
                    });
                });
                steps
            }
        }
    }
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
pub(crate) fn target(row: &Row, level: Level) -> Vec<Cow<'static, str>> {
    let (bare, path) = row.to.strip_prefix('/').map_or((level == Level::Bare, row.to), |path| (true, path));
    let plain =
        |key: &'static str| if key.contains('-') { Cow::Owned(key.replace('-', ".")) } else { Cow::Borrowed(key) };
    let front = (!bare).then_some(Cow::Borrowed("properties"));
    front.into_iter().chain(path.split('.').map(plain)).collect()
}

/// Whether the keys of a row are what it says.
fn plain_target(row: &Row, level: Level) -> Option<([&'static str; 2], usize)> {
    let (bare, path) = row.to.strip_prefix('/').map_or((level == Level::Bare, row.to), |path| (true, path));
    if path.contains(['.', '-']) {
        return None;
    }
    Some(if bare { ([path, ""], 1) } else { (["properties", path], 2) })
}

impl Mapper<'_> {
    /// Adds what the arguments say to an object.
    pub(crate) fn apply(&self, rows: &[Row], values: &Node, into: &mut Node, level: Level, way: &Way<'_>) {
        for row in rows {
            let Some(new) = self.value(row, values, way) else { continue };
            match plain_target(row, level) {
                Some((keys, count)) => place(row, &keys[..count], new, into),
                None => {
                    let keys = target(row, level);
                    let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
                    place(row, &keys, new, into);
                }
            }
        }
    }

    /// What a row makes of the arguments; `None` where there is nothing.
    pub(crate) fn value(&self, row: &Row, values: &Node, way: &Way<'_>) -> Option<Member> {
        let found = argument(values, row.from, &mut |_| {});
        if let How::Fixed(word) = row.how {
            let node = text(values, word);
            return Some(Member { key: Arc::from(row.to), key_span: values.span, node });
        }
        if let How::Presence = row.how {
            let at = found.as_ref().map_or(values, |found| found.node);
            let word = if found.is_some_and(|found| !found.node.is_blank()) { "Enabled" } else { "Disabled" };
            let node = if at.unknown().is_some() { at.clone() } else { text(at, word) };
            return Some(Member { key: Arc::from(row.to), key_span: at.span, node });
        }
        let found = found.filter(|found| !found.node.is_blank())?;
        let node = self.convert(row.how, found.node, &Way::Argument(way, values, row.from))?;
        let key = found.key.cloned().unwrap_or_else(|| Arc::from(""));
        Some(Member { key, key_span: found.key_span, node })
    }

    fn convert(&self, how: How, node: &Node, way: &Way<'_>) -> Option<Node> {
        let is_unknown = node.unknown().is_some();
        let id = |node: &Node, way: &Way<'_>| match node.unknown() {
            Some(_) => self.references.id(self.resource, &way.steps(), node),
            None => node.clone(),
        };
        let wrapped = |id: Node| object(&id, vec![Member { key: "id".into(), key_span: id.span, node: id.clone() }]);
        Some(match how {
            How::Same | How::Fixed(_) | How::Presence => node.clone(),
            How::Read if is_unknown => self.references.read(self.resource, &way.steps(), node),
            How::Read => node.clone(),
            How::Id => wrapped(id(node, way)),
            How::PlainId => id(node, way),
            How::Ids => self.ids(node, way, wrapped),
            How::PlainIds => self.ids(node, way, |id| id),
            How::IdsUnder(key) => self.ids(node, way, |id| under("properties", &under(key, &id))),
            How::Listed => list(node, vec![node.clone()]),
            _ if is_unknown => node.clone(),
            How::Enabled => switch(node, ["Enabled", "Disabled"]),
            How::Disabled => switch(node, ["Disabled", "Enabled"]),
            How::Not => node.bool().map_or_else(|| node.clone(), |on| Node { value: Value::Bool(!on), ..node.clone() }),
            How::Text => as_text(node),
            How::Head => head(node),
            How::Joined => joined(node),
            How::Under(key) => list(node, node.items().iter().map(|item| under(key, item)).collect()),
            How::One(rows) => {
                let inside = Way::Item(way, 0);
                let (first, way) = match node.items().first() {
                    Some(first) => (first, &inside),
                    None => (node, way),
                };
                self.block(rows, first, Level::Bare, way)?
            }
            How::Each(rows) => self.blocks(rows, node, Level::Bare, way),
            How::Children(rows) => self.blocks(rows, node, Level::Wrapped, way),
        })
    }

    /// A list of ids, each as `each` makes it.
    fn ids(&self, node: &Node, way: &Way<'_>, each: impl Fn(Node) -> Node) -> Node {
        if node.unknown().is_some() {
            let ids = self.references.ids(self.resource, &way.steps(), node);
            return ids.map_or_else(|| node.clone(), |ids| list(node, ids.into_iter().map(each).collect()));
        }
        let written = node.items().iter().enumerate().filter(|(_, item)| !item.is_blank());
        let items = written.map(|(at, item)| match item.unknown() {
            Some(_) => self.references.id(self.resource, &Way::Item(way, at).steps(), item),
            None => item.clone(),
        });
        list(node, items.map(each).collect())
    }

    fn blocks(&self, rows: &[Row], node: &Node, level: Level, way: &Way<'_>) -> Node {
        if node.is_object() {
            return list(node, self.block(rows, node, level, way).into_iter().collect());
        }
        let items = node.items().iter().enumerate();
        let items = items.filter_map(|(at, item)| self.block(rows, item, level, &Way::Item(way, at)));
        list(node, items.collect())
    }

    /// One block; what is none, nor unknown, is left for whoever reads it to say so.
    fn block(&self, rows: &[Row], item: &Node, level: Level, way: &Way<'_>) -> Option<Node> {
        if item.is_null() {
            return None;
        }
        if !item.is_object() {
            return Some(item.clone());
        }
        let mut made = object(item, Vec::new());
        self.apply(rows, item, &mut made, level, way);
        trim(&mut made);
        Some(made)
    }
}

/// An argument as it is written.
#[derive(Clone, Copy)]
struct Found<'n> {
    key: Option<&'n Arc<str>>,
    key_span: Span,
    node: &'n Node,
}

/// The argument behind some names; of blocks the first. What is unknown on the way is the answer. `step` is told each name,
/// and `None` for the first of several.
fn argument<'n>(values: &'n Node, from: &'static str, step: &mut dyn FnMut(Option<&'static str>)) -> Option<Found<'n>> {
    let mut found = Found { key: None, key_span: values.span, node: values };
    for name in from.split('.').filter(|name| !name.is_empty()) {
        if found.node.is_list() {
            found.node = found.node.items().first()?;
            step(None);
        }
        if found.node.unknown().is_some() {
            break;
        }
        let Member { key, key_span, node } = found.node.member(name)?;
        found = Found { key: Some(key), key_span: *key_span, node };
        step(Some(name));
    }
    Some(found)
}

fn place(row: &Row, keys: &[&str], new: Member, into: &mut Node) {
    match row.how {
        How::Each(_) | How::Children(_) => append(into, keys, new),
        _ if at(into, keys).is_none_or(Node::is_blank) => put(into, keys, new),
        _ => {}
    }
}

/// Gives back the room that an object and its properties do not use: states hold many thousands of them.
pub(crate) fn trim(node: &mut Node) {
    let Value::Object(members) = &mut node.value else { return };
    let Some(members) = Arc::get_mut(members) else { return };
    members.shrink_to_fit();
    let inside = members.iter_mut().find(|member| &*member.key == "properties").map(|member| &mut member.node.value);
    if let Some(Value::Object(inside)) = inside
        && let Some(inside) = Arc::get_mut(inside)
    {
        inside.shrink_to_fit();
    }
}

fn switch(node: &Node, [on, off]: [&str; 2]) -> Node {
    node.bool().map_or_else(|| node.clone(), |is_on| text(node, if is_on { on } else { off }))
}

/// What a text holds ahead of its first underscore.
fn head(node: &Node) -> Node {
    let text = node.text().and_then(|text| text.split('_').next());
    text.map_or_else(|| node.clone(), |text| Node { value: Value::Text(text.into()), ..node.clone() })
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
