//! Reading what a rule file says: a cursor over its YAML that knows keys, words and their places.
//!
//! Every complaint names the characters at fault and what is allowed there. What the words mean is the work of
//! `compile` and its siblings.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};

use crate::rule::error::{At, RuleError, Text, suggestion};
use crate::yaml::{self, MAX_BYTES, MAX_DEPTH};

/// A value of a rule file.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) text: &'a Text,
    pub(crate) yaml: &'a Yaml,
}

/// A mapping whose keys are all known.
pub(crate) struct Keys<'a> {
    text: &'a Text,
    at: At,
    what: &'static str,
    entries: &'a [Entry],
}

/// One key of a free mapping and its value.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a Arc<str>,
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
        self.error(format!("expected {what}, found {}", self.yaml.kind())).label(format!("not {what}"))
    }

    /// A mapping with any keys.
    pub(crate) fn pairs(self) -> Result<Vec<Pair<'a>>, RuleError> {
        let Value::Map(entries) = &self.yaml.value else { return Err(self.expected("a mapping")) };
        let text = self.text;
        let pair = |entry: &'a Entry| Pair {
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
            Value::Text(text) => Ok(Arc::clone(text)),
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

/// One value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Yaml {
    pub(crate) value: Value,
    pub(crate) at: At,
}

/// What a value can be.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float,
    Text(Arc<str>),
    List(Vec<Yaml>),
    Map(Vec<Entry>),
}

/// One key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) key_at: At,
    pub(crate) value: Yaml,
}

impl Yaml {
    /// Reads one document.
    pub(crate) fn read(text: &Text) -> Result<Self, RuleError> {
        if text.content.len() > MAX_BYTES {
            return Err(RuleError::new(text, At::default(), "the file is too large for a rule")
                .help(format!("at most {MAX_BYTES} bytes are read")));
        }
        let raw: Raw = yaml::read(&text.content).map_err(|error| syntax(text, &error))?;
        convert(text, raw, 0)
    }

    /// What kind of value it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) | Value::Float => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

fn syntax(text: &Text, error: &serde_saphyr::Error) -> RuleError {
    let at = error.without_snippet().location().map_or(At::default(), |location| place(text, &location));
    let message = yaml::message(error);
    let message = message.split(", set ").next().unwrap_or_default();
    RuleError::new(text, at, format!("the file cannot be read: {message}"))
}

/// The bytes of a location. Scanner errors know characters only.
fn place(text: &Text, location: &serde_saphyr::Location) -> At {
    let content = &text.content;
    let span = location.span();
    if let (Some(start), Some(len)) = (span.byte_offset(), span.byte_len()) {
        let (start, len) = (clamp(start), clamp(len));
        return At { start: start.min(content.len()), end: (start + len).min(content.len()) };
    }
    let start = yaml::offset(content, location.line(), location.column());
    At { start, end: start }
}

fn clamp(value: impl TryInto<usize>) -> usize {
    value.try_into().unwrap_or(usize::MAX / 4)
}

type Raw = serde_saphyr::Spanned<RawValue>;

enum RawValue {
    Null,
    Bool(bool),
    Integer(i64),
    Float,
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(serde_saphyr::Spanned<String>, Raw)>),
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawValue;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<RawValue, E> {
        Ok(RawValue::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<RawValue, E> {
        Ok(RawValue::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<RawValue, E> {
        i64::try_from(value).map(RawValue::Integer).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<RawValue, E> {
        Ok(RawValue::Float)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<RawValue, E> {
        Ok(RawValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawValue, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(RawValue::Map(map))
    }
}

fn convert(text: &Text, raw: Raw, depth: usize) -> Result<Yaml, RuleError> {
    let at = place(text, &raw.referenced);
    if depth > MAX_DEPTH {
        return Err(RuleError::new(text, at, "the file is nested too deeply"));
    }
    let value = match raw.value {
        RawValue::Null => Value::Null,
        RawValue::Bool(value) => Value::Bool(value),
        RawValue::Integer(value) => Value::Integer(value),
        RawValue::Float => Value::Float,
        RawValue::Text(value) => Value::Text(value.into()),
        RawValue::List(items) => {
            Value::List(items.into_iter().map(|item| convert(text, item, depth + 1)).collect::<Result<_, _>>()?)
        }
        RawValue::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key_at = place(text, &key.referenced);
                    Ok(Entry { key: key.value.into(), key_at, value: convert(text, value, depth + 1)? })
                })
                .collect::<Result<_, RuleError>>()?,
        ),
    };
    Ok(Yaml { value, at })
}

#[cfg(test)]
mod tests {
    use super::Written;
    use crate::rule::error::RuleError;
    use crate::rule::error::Text;
    use crate::rule::schema::Yaml;

    fn with<T>(content: &str, check: impl Fn(Written<'_>) -> Result<T, RuleError>) -> Result<T, RuleError> {
        let text = Text::new("a.yaml", content);
        let yaml = Yaml::read(&text)?;
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
}

#[cfg(test)]
mod yaml_tests {
    use super::{Value, Yaml};
    use crate::rule::error::Text;

    fn read(content: &str) -> Result<Yaml, String> {
        Yaml::read(&Text::new("a.yaml", content)).map_err(|error| format!("{} {:?}", error, error.place()))
    }

    #[test]
    fn keys_and_values_have_their_bytes() {
        let content = "a: 1\nwhen:\n  - direction: { is: inbound }\n  - \"é\": [x, 'y z']\n";
        let yaml = read(content).unwrap();
        let Value::Map(entries) = &yaml.value else { panic!() };
        assert_eq!(&content[entries[1].key_at.start..entries[1].key_at.end], "when");
        let Value::List(items) = &entries[1].value.value else { panic!() };
        let Value::Map(first) = &items[0].value else { panic!() };
        assert_eq!(&content[first[0].key_at.start..first[0].key_at.end], "direction");
        let Value::Map(is) = &first[0].value.value else { panic!() };
        assert_eq!(&content[is[0].value.at.start..is[0].value.at.end], "inbound");
        let Value::Map(second) = &items[1].value else { panic!() };
        let Value::List(texts) = &second[0].value.value else { panic!() };
        assert_eq!(&content[texts[1].at.start..texts[1].at.end], "'y z'");
    }

    #[test]
    fn a_key_given_twice_is_an_error_at_the_second() {
        let error = Yaml::read(&Text::new("a.yaml", "a: 1\nbc: 2\na: 3\n")).unwrap_err();
        assert_eq!(error.place(), Some(("a.yaml", 3, 1)));
        assert_eq!(error.to_string(), "the file cannot be read: duplicate mapping key: a");
    }

    #[test]
    fn hostile_nesting_is_an_error() {
        assert!(read(&"[".repeat(80_000)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_err());
    }

    #[test]
    fn an_open_bracket_is_an_error_with_a_place() {
        let error = Yaml::read(&Text::new("a.yaml", "a: 1\nb: [1, 2\n")).unwrap_err();
        assert_eq!(error.place(), Some(("a.yaml", 2, 4)));
    }
}
