//! YAML with a place on every key and value: the only file that knows the YAML reader.
//!
//! What the keys mean is the work of `schema` and `compile`.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};

use crate::rule::error::RuleError;
use crate::rule::error::{At, Text};

/// The deepest nesting a rule file may have.
const MAX_DEPTH: usize = 48;

/// The longest rule file, in bytes.
const MAX_BYTES: usize = 1 << 20;

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
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_depth: MAX_DEPTH,
                flow_nesting_limit: MAX_DEPTH,
                max_aliases: 64,
                max_documents: 1,
            },
            strict_booleans: true,
        };
        let raw: Raw =
            serde_saphyr::from_str_with_options(&text.content, options).map_err(|error| syntax(text, &error))?;
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
    let error = error.without_snippet();
    let at = error.location().map_or(At::default(), |location| place(text, &location));
    let shown = error.to_string();
    let first = shown.lines().next().unwrap_or("this is not YAML");
    let message = first.split(" at line ").next().and_then(|part| part.split(", set ").next()).unwrap_or(first);
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
    let line = usize::try_from(location.line()).unwrap_or(1).max(1);
    let column = usize::try_from(location.column()).unwrap_or(1).max(1);
    let mut start = 0;
    for (number, part) in content.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            let inside = part.char_indices().nth(column - 1).map_or(part.len(), |(offset, _)| offset);
            let start = start + inside;
            return At { start, end: start };
        }
        start += part.len();
    }
    At { start: content.len(), end: content.len() }
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
