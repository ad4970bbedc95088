//! Reading what a rule file says: a cursor over its YAML that knows keys, words and their places.
//!
//! Every complaint names the characters at fault and what is allowed there. What the words mean is the work of
//! `compile` and its siblings.

use std::sync::Arc;

use crate::rule::error::{RuleError, Text, suggestion};
use crate::rule::tree::{At, Entry, Value, Yaml};

/// Reads the text of a rule file.
pub(crate) fn tree(text: &Text) -> Result<Yaml<'static>, RuleError> {
    Yaml::read(&text.content).map_err(|wrong| {
        let error = RuleError::new(text, wrong.at, wrong.message);
        match wrong.help {
            Some(help) => error.help(help),
            None => error,
        }
    })
}

/// A value of a rule file.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) text: &'a Text,
    pub(crate) yaml: &'a Yaml<'a>,
}

/// A mapping whose keys are all known.
pub(crate) struct Keys<'a> {
    text: &'a Text,
    at: At,
    what: &'static str,
    entries: &'a [Entry<'a>],
}

/// One key of a free mapping and its value.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a str,
    pub(crate) key_at: At,
    pub(crate) value: Written<'a>,
}

impl<'a> Written<'a> {
    /// A complaint about this value.
    pub(crate) fn error(self, message: impl Into<String>) -> RuleError {
        RuleError::new(self.text, self.first_line(), message)
    }

    /// The value's own characters; of lists and mappings the first line at most.
    fn first_line(self) -> At {
        let At { start, end } = self.yaml.at;
        let shown = self.text.content.get(start..end).unwrap_or("");
        At { start, end: start + shown.find('\n').unwrap_or(shown.len()) }
    }

    fn expected(self, what: &str) -> RuleError {
        self.error(format!("expected {what}, found {}", self.kind())).label(format!("not {what}"))
    }

    /// What kind of value it is, for messages.
    pub(crate) fn kind(self) -> &'static str {
        match self.yaml.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) | Value::Float => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// A mapping with any keys.
    pub(crate) fn pairs(self) -> Result<Vec<Pair<'a>>, RuleError> {
        let Value::Map(entries) = &self.yaml.value else { return Err(self.expected("a mapping")) };
        let text = self.text;
        let pair = |entry: &'a Entry<'a>| Pair {
            key: &entry.key,
            key_at: entry.key_at,
            value: Written { text, yaml: &entry.value },
        };
        Ok(entries.iter().map(pair).collect())
    }

    /// A mapping with no other keys than these.
    pub(crate) fn keys(self, what: &'static str, known: &[&str]) -> Result<Keys<'a>, RuleError> {
        let Value::Map(entries) = &self.yaml.value else { return Err(self.expected("a mapping")) };
        if let Some(entry) = entries.iter().find(|entry| !known.contains(&&*entry.key)) {
            return Err(RuleError::new(self.text, entry.key_at, format!("{what} has no key `{}`", entry.key))
                .label("unknown key")
                .help(suggestion(&entry.key, "its keys are", known.iter().copied())));
        }
        Ok(Keys { text: self.text, at: self.first_line(), what, entries })
    }

    /// A mapping whose keys were looked at before; `what` it is, for messages.
    pub(crate) fn mapping(self, what: &'static str) -> Result<Keys<'a>, RuleError> {
        let Value::Map(entries) = &self.yaml.value else { return Err(self.expected("a mapping")) };
        Ok(Keys { text: self.text, at: self.first_line(), what, entries })
    }

    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn get(self, key: &str) -> Option<Written<'a>> {
        self.mapping("a mapping").ok()?.get(key)
    }

    /// A list; anything else stands for a list of one.
    pub(crate) fn items(self) -> Vec<Written<'a>> {
        match &self.yaml.value {
            Value::List(items) => items.iter().map(|yaml| Written { text: self.text, yaml }).collect(),
            _ => vec![self],
        }
    }

    /// A list.
    pub(crate) fn list(self) -> Result<Vec<Written<'a>>, RuleError> {
        match &self.yaml.value {
            Value::List(_) => Ok(self.items()),
            _ => Err(self.expected("a list")),
        }
    }

    /// A text that is not empty.
    pub(crate) fn text(self) -> Result<Arc<str>, RuleError> {
        match &self.yaml.value {
            Value::Text(text) if text.trim().is_empty() => Err(self.error("the text is empty")),
            Value::Text(text) if text.ends_with('\n') => Ok(text.trim_end().into()),
            Value::Text(text) => Ok(Arc::from(&**text)),
            _ => Err(self.expected("a text")),
        }
    }

    /// A text, or a number or truth value as it was written.
    pub(crate) fn scalar(self) -> Result<Arc<str>, RuleError> {
        match &self.yaml.value {
            Value::Integer(number) => Ok(number.to_string().into()),
            Value::Float | Value::Bool(_) => {
                Ok(self.text.content.get(self.yaml.at.start..self.yaml.at.end).unwrap_or("").into())
            }
            _ => self.text(),
        }
    }

    /// Yes or no.
    pub(crate) fn bool(self) -> Result<bool, RuleError> {
        match self.yaml.value {
            Value::Bool(value) => Ok(value),
            _ => Err(self.expected("true or false")),
        }
    }

    /// A whole number.
    pub(crate) fn integer(self) -> Result<i64, RuleError> {
        match self.yaml.value {
            Value::Integer(value) => Ok(value),
            _ => Err(self.expected("a whole number")),
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(self, what: &str, words: &[(&str, T)]) -> Result<T, RuleError> {
        let written = self.text()?;
        words.iter().find(|(word, _)| *word == &*written).map(|(_, value)| *value).ok_or_else(|| {
            self.error(format!("`{written}` is not a {what}")).label(format!("unknown {what}")).help(suggestion(
                &written,
                "allowed",
                words.iter().map(|(word, _)| *word),
            ))
        })
    }

    /// Several of a few words, each once.
    pub(crate) fn words<T: Copy + PartialEq>(self, what: &str, words: &[(&str, T)]) -> Result<Vec<T>, RuleError> {
        let mut found = Vec::new();
        for item in self.items() {
            let value = item.word(what, words)?;
            if found.contains(&value) {
                return Err(item.error(format!("this {what} is named twice")));
            }
            found.push(value);
        }
        Ok(found)
    }

    /// Whether it is a mapping.
    pub(crate) fn is_mapping(self) -> bool {
        matches!(self.yaml.value, Value::Map(_))
    }
}

impl<'a> Keys<'a> {
    /// The value of a key, if it is there.
    pub(crate) fn get(&self, key: &str) -> Option<Written<'a>> {
        let entry = self.entries.iter().find(|entry| &*entry.key == key)?;
        Some(Written { text: self.text, yaml: &entry.value })
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &str) -> Result<Written<'a>, RuleError> {
        self.get(key).ok_or_else(|| self.error(format!("{} needs the key `{key}`", self.what)))
    }

    /// The text of a key, if it is there.
    pub(crate) fn text(&self, key: &str) -> Result<Option<Arc<str>>, RuleError> {
        self.get(key).map(Written::text).transpose()
    }

    /// The items of a key; none when it is not there.
    pub(crate) fn items(&self, key: &str) -> Vec<Written<'a>> {
        self.get(key).map(Written::items).unwrap_or_default()
    }

    /// A complaint about the mapping.
    pub(crate) fn error(&self, message: impl Into<String>) -> RuleError {
        RuleError::new(self.text, self.at, message)
    }
}

impl Pair<'_> {
    /// A complaint about the key.
    pub(crate) fn error(&self, message: impl Into<String>) -> RuleError {
        RuleError::new(self.value.text, self.key_at, message)
    }
}

#[cfg(test)]
mod tests {
    use super::{Written, tree};
    use crate::rule::error::{RuleError, Text};

    fn with<T>(content: &str, check: impl Fn(Written<'_>) -> Result<T, RuleError>) -> Result<T, RuleError> {
        let text = Text::new("a.yaml", content);
        let yaml = tree(&text)?;
        check(Written { text: &text, yaml: &yaml })
    }

    #[test]
    fn an_unknown_key_is_named_with_its_neighbour() {
        let error = with("title: x\nlevle: y\n", |it| it.keys("a rule", &["title", "level"]).map(|_| ())).unwrap_err();
        assert_eq!(error.to_string(), "a rule has no key `levle`");
        assert_eq!(error.place(), Some(("a.yaml", 2, 1)));
        assert_eq!(error.advice(), Some("did you mean `level`? its keys are: `title`, `level`"));
    }

    #[test]
    fn a_word_must_be_known() {
        let error = with("tpc", |it| it.word("protocol", &[("tcp", 1), ("udp", 2)])).unwrap_err();
        assert_eq!(error.to_string(), "`tpc` is not a protocol");
    }

    #[test]
    fn kinds_are_checked() {
        assert_eq!(with("[1]", |it| it.text()).unwrap_err().to_string(), "expected a text, found a list");
        assert_eq!(with("no", |it| it.bool()).unwrap_err().to_string(), "expected true or false, found a text");
        assert_eq!(&*with("1.50", |it| it.scalar()).unwrap(), "1.50");
    }

    #[test]
    fn what_is_no_yaml_is_an_error_with_a_place() {
        let error = |content: &str| tree(&Text::new("a.yaml", content)).unwrap_err();
        let twice = error("a: 1\nbc: 2\na: 3\n");
        assert_eq!(twice.place(), Some(("a.yaml", 3, 1)));
        assert_eq!(twice.to_string(), "the file cannot be read: duplicate mapping key: a");
        assert_eq!(error("a: 1\nb: [1, 2\n").place(), Some(("a.yaml", 2, 4)));
    }
}
