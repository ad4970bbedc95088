//! Changes made into edits: which bytes of a text become which others, in the language and the spelling of the text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::bicep;
use crate::finding::{Change, Edit, FileReport, Report};
use crate::fix::outline::{Part, PartKind};
use crate::fix::style::{Language, Style};
use crate::json;
use crate::source::{FileId, Files, Origin, Span};

/// The shapes of documents that tools write from others: an edit there is lost.
const GENERATED: [&str; 4] = ["terraform-plan", "terraform-state", "what-if", "effective"];

/// The texts of a run, opened for editing: each is read when a change asks for it.
pub(crate) struct Texts<'a> {
    files: &'a Files,
    /// Files that nobody writes by hand, and those that are not the user's.
    closed: BTreeSet<FileId>,
    open: BTreeMap<FileId, Option<Part>>,
}

impl<'a> Texts<'a> {
    /// The texts of a run that its user can edit: not what another tool writes anew, nor what lies in a cache.
    pub(crate) fn of(files: &'a Files, report: &Report) -> Self {
        let is_written = |file: &FileReport| !file.shape.as_deref().is_some_and(|shape| GENERATED.contains(&shape));
        let open: BTreeSet<FileId> =
            report.files.iter().filter(|file| is_written(file)).filter_map(|file| file.file).collect();
        let is_open =
            |file: &FileId| open.contains(file) && matches!(files.origin(*file), Origin::Path | Origin::Stdin);
        let closed = files.ids().filter(|file| !is_open(file)).collect();
        Self { files, closed, open: BTreeMap::new() }
    }

    /// The edits of all changes together, by place. `None` when one of them cannot be made: what it wants to change is no
    /// literal, says something else, or is of another language than JSON and Bicep.
    pub(crate) fn edits<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) -> Option<Vec<Edit>> {
        let mut edits: Vec<Edit> = Vec::new();
        // What goes into one list, or into one resource, goes in together.
        let mut lists: BTreeMap<Span, Vec<&Value>> = BTreeMap::new();
        let mut resources: BTreeMap<(Span, &str), Vec<&Value>> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Item { list, item } => lists.entry(*list).or_default().push(item),
                Change::List { resource, key, item } => resources.entry((*resource, key)).or_default().push(item),
                Change::Value { at, was, to } => edits.push(self.place(*at)?.value(was, to)?),
                Change::Beside { at, was, more } => edits.extend(self.place(*at)?.beside(was, more)?),
                Change::Remove { at } => edits.push(self.place(*at)?.remove()?),
            }
        }
        for (list, items) in lists {
            edits.extend(self.place(list)?.items(&items)?);
        }
        for ((resource, key), items) in resources {
            edits.extend(self.place(resource)?.list(key, &items)?);
        }
        edits.sort();
        edits.dedup();
        let apart = |pair: &[Edit]| {
            let [one, other] = pair else { return true };
            one.span.file != other.span.file || one.span.end <= other.span.start && one.span != other.span
        };
        edits.windows(2).all(apart).then_some(edits)
    }

    /// Where exactly these characters are a part of their text.
    fn place(&mut self, span: Span) -> Option<Place<'_>> {
        if self.closed.contains(&span.file) {
            return None;
        }
        let (text, name) = (self.files.text(span.file), self.files.name(span.file));
        let language = Language::of(name);
        let open = || match language {
            Language::Bicep => Some(Part::of_bicep(&bicep::parse(span.file, text))),
            Language::Json => Some(Part::of_json(&json::parse(span.file, text).ok()?.root)),
        };
        let root = self.open.entry(span.file).or_insert_with(open).as_ref()?;
        let way = root.way_to(span);
        let part = way.last().copied()?;
        Some(Place { text, language, part, way })
    }
}

/// One part of a text, and all that it lies in.
struct Place<'t> {
    text: &'t str,
    language: Language,
    part: &'t Part,
    way: Vec<&'t Part>,
}

impl Place<'_> {
    /// What it lies in directly.
    fn parent(&self) -> Option<&Part> {
        self.way.len().checked_sub(2).map(|at| self.way[at])
    }

    /// The literal says this, without case.
    fn says(&self, was: &[String]) -> bool {
        let said = match &self.part.kind {
            PartKind::Text(text) | PartKind::Number(text) => text,
            _ => return false,
        };
        was.iter().any(|one| one.eq_ignore_ascii_case(said.trim()))
    }

    fn literal(&self, to: &Value) -> Option<String> {
        let said = match to {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match &self.part.kind {
            PartKind::Text(_) => Some(self.language.quoted(&said)),
            // A number stays one.
            PartKind::Number(_) => said.parse::<i64>().ok().map(|number| number.to_string()),
            _ => None,
        }
    }

    fn value(&self, was: &[String], to: &Value) -> Option<Edit> {
        if !self.says(was) {
            return None;
        }
        Some(Edit { span: self.part.span, text: self.literal(to)? })
    }

    fn beside(&self, was: &[String], more: &[String]) -> Option<Vec<Edit>> {
        let parent = self.parent().filter(|_| self.says(was) && !more.is_empty())?;
        let more: Option<Vec<String>> = more.iter().map(|one| self.literal(&Value::from(one.as_str()))).collect();
        let more = more?;
        match parent.kind {
            PartKind::List => {
                let style = Style::of(self.text, self.language, parent);
                let text: String = more.iter().map(|one| format!("{}{one}", style.between(&style.indent))).collect();
                Some(vec![Edit { span: after(self.part.span), text }])
            }
            PartKind::Object => self.in_plural(parent, &more),
            _ => None,
        }
    }

    /// A property for one value becomes the one for several.
    fn in_plural(&self, object: &Part, more: &[String]) -> Option<Vec<Edit>> {
        let (key, key_span) = self.part.key.as_ref()?;
        let (_, plural) = PLURALS.iter().find(|(one, _)| one.eq_ignore_ascii_case(key))?;
        let own = self.text.get(self.part.span.range())?;
        let list =
            format!("[{}]", std::iter::once(own).chain(more.iter().map(String::as_str)).collect::<Vec<_>>().join(", "));
        match object.get(plural) {
            None => {
                let name = if self.text.get(key_span.range())?.starts_with(['"', '\'']) {
                    self.language.quoted(plural)
                } else {
                    (*plural).to_owned()
                };
                Some(vec![Edit { span: *key_span, text: name }, Edit { span: self.part.span, text: list }])
            }
            // Exports write both, the one that does not count empty.
            Some(empty) if empty.kind == PartKind::List && empty.parts.is_empty() => {
                Some(vec![self.remove()?, Edit { span: empty.span, text: list }])
            }
            Some(_) => None,
        }
    }

    /// The property goes, and the comma that parted it from its neighbour.
    fn remove(&self) -> Option<Edit> {
        let (object, (_, key)) = (self.parent()?, self.part.key.as_ref()?);
        let at = object.parts.iter().position(|part| std::ptr::eq(part, self.part))?;
        let span = |start: u32, end: u32| Span { file: key.file, start, end };
        let span = match (at.checked_sub(1).map(|at| &object.parts[at]), object.parts.get(at + 1)) {
            (_, Some(next)) => span(key.start, next.key.as_ref()?.1.start),
            (Some(before), None) => span(before.span.end, self.part.span.end),
            (None, None) => span(key.start, self.part.span.end),
        };
        Some(Edit { span, text: String::new() })
    }

    /// Items more, at the end of a list.
    fn items(&self, items: &[&Value]) -> Option<Vec<Edit>> {
        if self.part.kind != PartKind::List {
            return None;
        }
        let style = Style::of(self.text, self.language, self.part);
        let flat = self.parent().is_some_and(is_flat);
        let written: Vec<String> = items.iter().map(|item| style.item(&spelt(item, self.part, flat))).collect();
        Some(style.at_end(self.part, &written))
    }

    /// A list that the resource does not have yet.
    fn list(&self, key: &str, items: &[&Value]) -> Option<Vec<Edit>> {
        if self.part.kind != PartKind::Object {
            return None;
        }
        let object = self.part.get("properties").unwrap_or(self.part);
        if object.kind != PartKind::Object {
            return None;
        }
        let flat = std::ptr::eq(object, self.part);
        let items: Vec<Value> = items.iter().map(|item| spelt(item, self.part, flat)).collect();
        match object.get(key) {
            None => {
                let style = Style::of(self.text, self.language, object);
                Some(style.at_end(object, &[style.member(key, &Value::Array(items))]))
            }
            Some(empty) if empty.kind == PartKind::Null => {
                let style = Style::of(self.text, self.language, object);
                Some(vec![Edit { span: empty.span, text: style.item(&Value::Array(items)) }])
            }
            Some(_) => None,
        }
    }
}

/// Properties for one value, and those for several.
const PLURALS: [(&str, &str); 4] = [
    ("destinationPortRange", "destinationPortRanges"),
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationAddressPrefix", "destinationAddressPrefixes"),
    ("sourceAddressPrefix", "sourceAddressPrefixes"),
];

fn after(span: Span) -> Span {
    Span { start: span.end, ..span }
}

/// Whether a resource has its properties beside its name, as the tools print it.
fn is_flat(object: &Part) -> bool {
    ["name", "location", "id"].iter().any(|key| object.get(key).is_some())
}

/// An item in REST form, in the spelling of the other items of its list; of a list without one in that of the resource.
fn spelt(item: &Value, list: &Part, flat: bool) -> Value {
    let sibling = list.parts.last().filter(|_| list.kind == PartKind::List);
    let flat = sibling.map_or(flat, |sibling| sibling.get("properties").is_none());
    let Some(properties) = item.get("properties").and_then(Value::as_object).filter(|_| flat) else {
        return item.clone();
    };
    let name = item.get("name").map(|name| ("name".to_owned(), name.clone()));
    let members = name.into_iter().chain(properties.iter().map(|(key, value)| (key.clone(), value.clone())));
    let is_pascal = sibling.is_some_and(|sibling| {
        let first = sibling.parts.first().and_then(|part| part.key.as_ref());
        first.is_some_and(|(key, _)| key.starts_with(|letter: char| letter.is_ascii_uppercase()))
    });
    let all: Map<String, Value> = if is_pascal { members.map(as_powershell).collect() } else { members.collect() };
    Value::Object(all)
}

/// A property as PowerShell prints it: a capital first, and one name for one value and several.
fn as_powershell((key, value): (String, Value)) -> (String, Value) {
    let single = PLURALS.iter().find(|(one, several)| key == *one || key == *several).map(|(one, _)| *one);
    let value = match (single, value) {
        (Some(_), Value::Array(items)) => Value::Array(items),
        (Some(_), one) => Value::Array(vec![one]),
        (None, value) => value,
    };
    let mut letters = single.unwrap_or(&key).chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    (first.into_iter().chain(letters).collect(), value)
}
