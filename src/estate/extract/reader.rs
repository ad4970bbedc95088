//! Reads single values out of nodes: what is blank is absent, what is unknown stays unknown, and what has the wrong
//! type is a fault.

use std::borrow::Cow;
use std::sync::Arc;

use crate::estate::fault;
use crate::estate::fault::Fault;
use crate::estate::kind::Shape;
use crate::estate::resource::{Field, Reference, unknown_value};
use crate::json::{Node, Reason, Unknown, Value};
use crate::net::{Cloud, TagData};
use crate::source::Span;

/// What reading an estate may be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The cloud of every resource whose location does not tell; guides what is said about service tags.
    pub cloud: Option<Cloud>,
    /// A list of service tags: what it names is a tag, even when the built-in catalogue does not know it.
    pub tags: Option<&'a TagData>,
}

/// Reads the values of one resource.
pub(crate) struct Reader<'a> {
    /// The resource in the words of a fault: its id, else its name.
    pub(crate) resource: String,
    /// How the resource was spelt.
    pub(crate) shape: Shape,
    /// The cloud the resource is in.
    pub(crate) cloud: Option<Cloud>,
    /// What the run was told.
    pub(crate) options: Options<'a>,
    faults: &'a mut Vec<Fault>,
}

/// The objects of a list, each with its place in it.
pub(crate) type Objects<'n> = Vec<(usize, Cow<'n, Node>)>;

/// The node behind several keys. Where the way there is unknown, so is what it leads to: that node is the answer.
pub(crate) fn lookup<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    let mut node = node;
    for key in path {
        if node.unknown().is_some() {
            return Some(node);
        }
        node = node.get(key)?;
    }
    (!node.is_blank()).then_some(node)
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        resource: String,
        shape: Shape,
        cloud: Option<Cloud>,
        options: Options<'a>,
        faults: &'a mut Vec<Fault>,
    ) -> Self {
        Self { resource, shape, cloud, options, faults }
    }

    /// Notes a fault at a node.
    pub(crate) fn fault(&mut self, kind: &'static str, at: &Node, detail: String) -> &mut Fault {
        self.fault_at(kind, at, at.span, detail)
    }

    /// Notes a fault at a part of a node.
    pub(crate) fn fault_at(&mut self, kind: &'static str, at: &Node, span: Span, detail: String) -> &mut Fault {
        self.faults.push(Fault::new(kind, span, detail, &*self.resource).via(at));
        self.faults.last_mut().expect("one was just added")
    }

    /// A node whose `properties` are an object or unknown; anything else in their place is a fault.
    pub(crate) fn sound(&mut self, node: &Node) -> Node {
        let Some(properties) = node.get("properties") else { return node.clone() };
        if properties.is_object() || properties.is_null() || properties.unknown().is_some() {
            return node.clone();
        }
        let unknown = self.wrong_type(properties, "properties", "an object");
        let mut members = node.members().to_vec();
        for member in members.iter_mut().filter(|member| member.key.eq_ignore_ascii_case("properties")) {
            member.node.value = Value::Unknown(Arc::clone(&unknown));
        }
        Node { value: Value::Object(Arc::new(members)), ..node.clone() }
    }

    /// A text. `name` is the field's, for messages.
    pub(crate) fn text_of(&mut self, node: &Node, name: &str) -> Field<Arc<str>> {
        let value = match &node.value {
            Value::Text(text) => Ok(Arc::clone(text)),
            Value::Unknown(unknown) => Err(Arc::clone(unknown)),
            _ => Err(self.wrong_type(node, name, "a string")),
        };
        field(node, value)
    }

    pub(crate) fn text(&mut self, node: &Node, path: &[&str]) -> Option<Field<Arc<str>>> {
        lookup(node, path).map(|found| self.text_of(found, last(path)))
    }

    /// A text that is read further: `read` gives its meaning, or the fault and what is wrong.
    pub(crate) fn word<T>(
        &mut self,
        node: &Node,
        name: &str,
        read: impl Fn(&str) -> Result<T, (&'static str, String)>,
    ) -> Field<T> {
        let text = self.text_of(node, name);
        let value = match text.value {
            Err(unknown) => Err(unknown),
            Ok(text) => read(text.trim()).map_err(|(kind, detail)| {
                self.fault(kind, node, detail.clone());
                invalid(node, &detail)
            }),
        };
        field(node, value)
    }

    /// Such a text behind several keys.
    pub(crate) fn word_at<T>(
        &mut self,
        node: &Node,
        path: &[&str],
        read: impl Fn(&str) -> Result<T, (&'static str, String)>,
    ) -> Option<Field<T>> {
        lookup(node, path).map(|found| self.word(found, last(path), read))
    }

    pub(crate) fn bool(&mut self, node: &Node, path: &[&str]) -> Option<Field<bool>> {
        let found = lookup(node, path)?;
        let value = match &found.value {
            Value::Bool(value) => Ok(*value),
            Value::Unknown(unknown) => Err(Arc::clone(unknown)),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(self.wrong_type(found, last(path), "true or false")),
        };
        Some(field(found, value))
    }

    /// A priority, as a number or as digits in a string.
    pub(crate) fn priority(&mut self, node: &Node, path: &[&str]) -> Option<Field<i64>> {
        let found = lookup(node, path)?;
        let not_whole = |text: &str| format!("priority `{text}` is no whole number");
        let value = match &found.value {
            Value::Unknown(unknown) => Err(Arc::clone(unknown)),
            Value::Number(number) => whole(number.as_str()).ok_or_else(|| {
                let detail = not_whole(number.as_str());
                self.fault(fault::PRIORITY_INVALID, found, detail.clone());
                invalid(found, &detail)
            }),
            Value::Text(text) => text.trim().parse().map_err(|_| {
                self.fault(fault::PRIORITY_INVALID, found, not_whole(text));
                invalid(found, &not_whole(text))
            }),
            _ => Err(self.wrong_type(found, last(path), "a number")),
        };
        Some(field(found, value))
    }

    /// The items of a list. An unknown list, or one that is none, is one unknown item; `null` among them is skipped by
    /// whoever reads them.
    pub(crate) fn items<'n>(&mut self, node: &'n Node, path: &[&str]) -> Cow<'n, [Node]> {
        let Some(found) = lookup(node, path) else { return Cow::Borrowed(&[]) };
        match &found.value {
            Value::List(items) => Cow::Borrowed(items),
            Value::Unknown(_) => Cow::Owned(vec![found.clone()]),
            // PowerShell unrolls a list of one.
            _ if self.shape == Shape::PowerShell => Cow::Owned(vec![found.clone()]),
            _ => {
                let unknown = self.wrong_type(found, last(path), "an array");
                Cow::Owned(vec![Node { value: Value::Unknown(unknown), ..found.clone() }])
            }
        }
    }

    /// What the items of a list say, `null` and empty texts left out; `read` adds the values of one item.
    pub(crate) fn each<T>(
        &mut self,
        node: &Node,
        path: &[&str],
        read: impl Fn(&mut Self, &Node, &str, &mut Vec<Field<T>>),
    ) -> Vec<Field<T>> {
        let mut found = Vec::new();
        for item in self.items(node, path).iter().filter(|item| !item.is_blank()) {
            read(self, item, last(path), &mut found);
        }
        found
    }

    /// The objects of a list with their places in it, and the parts that are unknown. Where an object is missing — `null`
    /// or a text in its place, or in the place of the whole list — that is a fault, and the part is unknown.
    pub(crate) fn objects<'n>(&mut self, node: &'n Node, path: &[&str]) -> (Objects<'n>, Vec<Field<()>>) {
        let empty = node.at(path).filter(|list| list.text() == Some("") && self.shape != Shape::PowerShell);
        if let Some(list) = empty {
            let unknown = self.wrong_type(list, last(path), "an array");
            return (Vec::new(), vec![field(list, Err(unknown))]);
        }
        let (mut objects, mut unknown) = (Vec::new(), Vec::new());
        let mut add = |reader: &mut Self, at: usize, item: Cow<'n, Node>| {
            if let Some(why) = item.unknown() {
                unknown.push(field(&item, Err(Arc::clone(why))));
            } else if reader.is_object_or_unknown(&item, last(path)) {
                objects.push((at, item));
            } else {
                unknown.push(absent(&item, last(path)));
            }
        };
        match self.items(node, path) {
            Cow::Borrowed(items) => {
                items.iter().enumerate().for_each(|(at, item)| add(self, at, Cow::Borrowed(item)));
            }
            Cow::Owned(items) => items.into_iter().enumerate().for_each(|(at, item)| add(self, at, Cow::Owned(item))),
        }
        (objects, unknown)
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, node: &Node, path: &[&str]) -> Vec<Field<Arc<str>>> {
        self.each(node, path, |reader, item, name, found| found.push(reader.text_of(item, name)))
    }

    /// A list of objects, of each the text under one key.
    pub(crate) fn texts_in(&mut self, node: &Node, path: &[&str], inner: &[&str]) -> Vec<Field<Arc<str>>> {
        let items = self.items(node, path);
        let mut texts = Vec::with_capacity(items.len());
        for item in items.iter().filter(|item| !item.is_blank()) {
            if self.is_object_or_unknown(item, last(path)) {
                texts.extend(self.text(item, inner));
            } else {
                texts.push(field(item, Err(invalid(item, "not an object"))));
            }
        }
        texts
    }

    /// The id in `{ id }`.
    pub(crate) fn id(&mut self, node: &Node, path: &[&str]) -> Option<Field<Arc<str>>> {
        let found = lookup(node, path)?;
        self.id_of(found, last(path))
    }

    fn id_of(&mut self, found: &Node, name: &str) -> Option<Field<Arc<str>>> {
        if found.is_object() || found.unknown().is_some() {
            return self.text(found, &["id"]);
        }
        let unknown = self.wrong_type(found, name, "an object with an `id`");
        Some(field(found, Err(unknown)))
    }

    /// The ids in a list of `{ id }`.
    pub(crate) fn ids(&mut self, node: &Node, path: &[&str]) -> Vec<Field<Arc<str>>> {
        let items = self.items(node, path);
        // Who uses a resource that is only mentioned is not shown, and no use of its own.
        let written = items.iter().filter(|item| !item.is_blank() && !is_not_shown(item));
        written.filter_map(|item| self.id_of(item, last(path))).collect()
    }

    pub(crate) fn reference(&mut self, node: &Node, path: &[&str]) -> Option<Reference> {
        self.id(node, path).map(Reference::new)
    }

    pub(crate) fn references(&mut self, node: &Node, path: &[&str]) -> Vec<Reference> {
        self.ids(node, path).into_iter().map(Reference::new).collect()
    }

    /// Whether a list's item can be read as an object; else a fault.
    pub(crate) fn is_object_or_unknown(&mut self, item: &Node, name: &str) -> bool {
        let sound = item.is_object() || item.unknown().is_some();
        if !sound && self.shape == Shape::PowerShell && item.text().is_some() {
            let detail = format!("an item of `{name}` was cut off to `{}`", item.text().unwrap_or(""));
            self.fault(fault::POWERSHELL_CUT_OFF, item, detail).help =
                Some("export again with `ConvertTo-Json -Depth 10`".to_owned());
        } else if !sound {
            let detail = format!("an item of `{name}` should be an object, and is {}", item.kind());
            self.fault(fault::WRONG_TYPE, item, detail);
        }
        sound
    }

    /// Notes a missing field, at the name of the object it should be in, and gives the unknown that stands for it.
    pub(crate) fn missing<T>(&mut self, kind: &'static str, object: &Node, name: &str, detail: String) -> Field<T> {
        self.fault(kind, object.get("name").unwrap_or(object), detail);
        absent(object, name)
    }

    /// A required field, or a fault and an unknown.
    pub(crate) fn required<T>(&mut self, found: Option<Field<T>>, object: &Node, name: &str) -> Field<T> {
        let detail = || format!("`{name}` is missing");
        found.unwrap_or_else(|| self.missing(fault::REQUIRED_FIELD_MISSING, object, name, detail()))
    }

    pub(crate) fn wrong_type(&mut self, node: &Node, name: &str, wanted: &str) -> Arc<Unknown> {
        let detail = format!("`{name}` should be {wanted}, and is {}", node.kind());
        self.fault(fault::WRONG_TYPE, node, detail.clone());
        invalid(node, &detail)
    }
}

/// Whether it stands for a property that a mention leaves open.
pub(crate) fn is_not_shown(node: &Node) -> bool {
    node.unknown().is_some_and(|unknown| matches!(unknown.reason, Reason::NotShown(_)))
}

fn last<'p>(path: &[&'p str]) -> &'p str {
    path.last().copied().unwrap_or("value")
}

/// A field at the place of a node.
pub(crate) fn field<T>(node: &Node, value: Result<T, Arc<Unknown>>) -> Field<T> {
    Field { value, span: node.span, via: node.via.clone() }
}

/// What stands for a value that Azure would refuse.
pub(crate) fn invalid(node: &Node, why: &str) -> Arc<Unknown> {
    unknown(node, Reason::Invalid(Arc::from(why)))
}

/// What stands for a field that is not there; its place is the object's.
pub(crate) fn absent<T>(object: &Node, name: &str) -> Field<T> {
    field(object, Err(unknown(object, Reason::Missing(Arc::from(name)))))
}

fn unknown(node: &Node, reason: Reason) -> Arc<Unknown> {
    let Span { file, start, end } = node.span;
    let key = match &reason {
        Reason::Missing(name) => format!("{}:{start}-{end}:{name}", file.0),
        _ => format!("{}:{start}-{end}", file.0),
    };
    unknown_value(reason, node.text().unwrap_or(""), node.span, key)
}

/// The whole number some digits stand for: `100`, and `100.0` too.
fn whole(digits: &str) -> Option<i64> {
    match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole.parse().ok(),
        _ => digits.parse().ok(),
    }
}
