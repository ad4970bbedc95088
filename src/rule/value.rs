//! Addresses, ports, protocols, next hops, tags, paths and types as rules write them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::json::Selector;
use crate::net::{PortSet, ProtocolSet, Reading, Tag};
use crate::rule::error::{RuleError, suggestion};
use crate::rule::schema::{Keys, Written};
use crate::rule::tree::At;

/// Ports: `22`, `8000-8100`, `any`, or a list of these.
pub(crate) fn ports(written: Written<'_>) -> Result<PortSet, RuleError> {
    let mut ranges = Vec::new();
    for item in written.items() {
        let text = item.scalar()?;
        ranges.push(port_range(&text).ok_or_else(|| {
            item.error(format!("`{text}` is neither a port nor a range of ports"))
                .help("write `22`, `8000-8100` or `any`")
        })?);
    }
    if ranges.is_empty() {
        return Err(written.error("the list of ports is empty"));
    }
    Ok(ranges.iter().fold(PortSet::empty(), |all, range| all.union(range)))
}

/// One port, a range `a-b`, or `*` and `any` for all.
pub(crate) fn port_range(text: &str) -> Option<PortSet> {
    if matches!(text, "any" | "*") {
        return Some(PortSet::full());
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?);
    (first <= last).then(|| PortSet::range(first, last))
}

/// One protocol by its name in lower case, or `*` and `any` for all.
pub(crate) fn protocol(name: &str) -> Option<ProtocolSet> {
    if matches!(name, "any" | "*") {
        return Some(ProtocolSet::ALL);
    }
    ProtocolSet::NAMED.iter().find(|(_, known)| *known == name).map(|(set, _)| *set)
}

/// Protocols: `tcp`, `any`, or a list.
pub(crate) fn protocols(written: Written<'_>) -> Result<ProtocolSet, RuleError> {
    let mut all = ProtocolSet::NONE;
    for item in written.items() {
        let text = item.text()?;
        let Some(set) = protocol(&text) else {
            let allowed = ProtocolSet::NAMED.iter().map(|(_, name)| *name).chain(["any"]);
            return Err(item
                .error(format!("`{text}` is not a protocol"))
                .label("unknown protocol")
                .help(suggestion(&text, "allowed", allowed)));
        };
        all = all.union(set);
    }
    if all.is_empty() {
        return Err(written.error("the list of protocols is empty"));
    }
    Ok(all)
}

/// Whether a tag exists, as far as it is written out.
pub(crate) fn check_tag(written: Written<'_>, template: &Template) -> Result<(), RuleError> {
    let name = template.as_str();
    match name.split_once(".{") {
        // Which region it will be is not known yet, so any region stands for it.
        Some((base, rest)) if rest.ends_with('}') && !rest.contains('{') => {
            if !tag(written, base)?.has_regions() {
                return Err(written.error(format!("service tag `{base}` has no regional forms")).label("not regional"));
            }
            Ok(())
        }
        _ => tag(written, name).map(drop),
    }
}

/// The tag of a name as a rule writes it.
pub(crate) fn tag(written: Written<'_>, name: &str) -> Result<Tag, RuleError> {
    match Tag::read(name, None) {
        Reading::Known(tag) => Ok(tag),
        Reading::Alias { canonical, .. } => Err(no_tag(written, name, Some(canonical))),
        Reading::UnknownRegion { suggestion, .. } | Reading::Unknown { suggestion } => {
            Err(no_tag(written, name, suggestion))
        }
    }
}

fn no_tag(written: Written<'_>, name: &str, suggestion: Option<String>) -> RuleError {
    written.error(format!("`{name}` is neither an address nor a service tag")).help(match suggestion {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "write an address, a prefix, a range of addresses or a service tag".to_owned(),
    })
}

/// A JSONPath.
pub(crate) fn selector(written: Written<'_>) -> Result<Selector, RuleError> {
    let text = written.text()?;
    selector_at(written, written.yaml.at, &text)
}

/// A JSONPath whose text stands at a place of the same file.
pub(crate) fn selector_at(written: Written<'_>, at: At, text: &str) -> Result<Selector, RuleError> {
    Selector::parse(text).map_err(|error| {
        let shown = written.text.content.get(at.start..at.end).unwrap_or("");
        // Quotes and escapes move the bytes; only a path written plainly is pointed into.
        let at = match shown.find(text) {
            Some(skip) => {
                At { start: at.start + skip + error.offset, end: at.start + skip + error.offset + error.length }
            }
            None => at,
        };
        RuleError::new(written.text, at, error.message)
    })
}

/// The resource type under `resource:`.
pub(crate) fn resource_type(keys: &Keys<'_>) -> Result<Arc<str>, RuleError> {
    type_name(keys.need("resource")?)
}

/// A resource type: a namespace and at least one name.
pub(crate) fn type_name(written: Written<'_>) -> Result<Arc<str>, RuleError> {
    let name = written.text()?;
    let (namespace, rest) = name.split_once('/').unwrap_or((&name, ""));
    if namespace.contains('.') && !rest.is_empty() && rest.split('/').all(|part| !part.is_empty()) {
        return Ok(name);
    }
    Err(written
        .error(format!("`{name}` is not a resource type"))
        .help("write it in full, as in `Microsoft.Network/virtualNetworks/subnets`"))
}

/// A text with places to fill in: `Storage.{region}`. `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: Arc<str>,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(Arc<str>),
}

impl Template {
    /// Reads a template; its names must be among the known ones.
    pub(crate) fn read<'k>(
        written: Written<'_>,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> Result<Self, RuleError> {
        let text = written.text()?;
        let template = Self::parse(&text).map_err(|message| written.error(message))?;
        for name in template.names() {
            if !known.clone().into_iter().any(|known| known == name) {
                let at = place_of(&written, name);
                return Err(RuleError::new(written.text, at, format!("there is nothing called `{name}` to fill in"))
                    .label("unknown name")
                    .help(suggestion(name, "names that can be used here", known)));
            }
        }
        Ok(template)
    }

    /// Reads a template of any names.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let tail = &rest[at..];
            if let Some(after) = tail.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = tail.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some(inner) = tail.strip_prefix('{') {
                let Some(close) = inner.find('}') else {
                    return Err("a `{` is not closed; write `{{` for a brace".into());
                };
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Name(inner[..close].into()));
                rest = &inner[close + 1..];
            } else {
                return Err("a `}` was never opened; write `}}` for a brace".into());
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { text: text.into(), pieces })
    }

    /// The names to fill in, each once, in order of the alphabet.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for piece in &self.pieces {
            if let Piece::Name(name) = piece {
                names.insert(&**name);
            }
        }
        names
    }

    /// The name, when the template is nothing but one.
    pub fn only_name(&self) -> Option<&Arc<str>> {
        match &*self.pieces {
            [Piece::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// The text with every name filled in, or the first name that has no value.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, Arc<str>> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Name(name) => filled.push_str(&value(name).ok_or_else(|| Arc::clone(name))?),
            }
        }
        Ok(filled)
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Where `{name}` stands inside a written text; the whole text when its spelling hides it.
fn place_of(written: &Written<'_>, name: &str) -> At {
    let At { start, end } = written.yaml.at;
    let shown = written.text.content.get(start..end).unwrap_or("");
    shown
        .find(&format!("{{{name}}}"))
        .map_or(At { start, end }, |at| At { start: start + at, end: start + at + name.len() + 2 })
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn names_are_filled_in() {
        let template = Template::parse("{{{a}}} and {b}").unwrap();
        assert_eq!(template.fill(|name| Some(name.to_uppercase())), Ok("{A} and B".into()));
        assert_eq!(template.fill(|name| (name == "a").then(String::new)), Err("b".into()));
    }

    #[test]
    fn a_brace_must_close() {
        assert!(Template::parse("{a").is_err());
        assert!(Template::parse("a}").is_err());
    }
}
