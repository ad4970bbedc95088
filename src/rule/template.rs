//! Texts with `{name}` in them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::rule::error::At;
use crate::rule::error::{RuleError, suggestion};
use crate::rule::schema::Written;

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
