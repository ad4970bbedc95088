//! The tree of a YAML file: every key and value with its bytes. Also compiled into the build script, which reads the rules
//! of the program and stores their trees, so that a run decodes them and reads no YAML.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::yaml::{self, MAX_BYTES, MAX_DEPTH};

/// Bytes of a rule file; `end` is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct At {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// One value and where it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Yaml<'t> {
    #[serde(borrow)]
    pub(crate) value: Value<'t>,
    pub(crate) at: At,
}

/// What a value can be. Numbers with a fraction and truth values are read again where their spelling counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Value<'t> {
    Null,
    Bool(bool),
    Integer(i64),
    Float,
    Text(#[serde(borrow)] Cow<'t, str>),
    List(#[serde(borrow)] Vec<Yaml<'t>>),
    Map(#[serde(borrow)] Vec<Entry<'t>>),
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry<'t> {
    #[serde(borrow)]
    pub(crate) key: Cow<'t, str>,
    pub(crate) key_at: At,
    #[serde(borrow)]
    pub(crate) value: Yaml<'t>,
}

/// What is known of a rule of the program before it is compiled, each text as its file gives it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head<'t> {
    #[serde(borrow)]
    pub(crate) about: HeadAbout<'t>,
    pub(crate) level: &'t str,
    pub(crate) title: &'t str,
    pub(crate) why: &'t str,
    pub(crate) help: &'t str,
    pub(crate) since: &'t str,
    #[serde(borrow)]
    pub(crate) tags: Vec<&'t str>,
    #[serde(borrow)]
    pub(crate) seen_as: Vec<&'t str>,
    #[serde(borrow)]
    pub(crate) sources: Vec<HeadSource<'t>>,
}

/// What is known of a service of the program before the rest of it is read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ServiceHead<'t> {
    pub(crate) name: &'t str,
    /// The types of the resources that it is found on, one for each.
    #[serde(borrow)]
    pub(crate) found: Vec<&'t str>,
    /// The types of what these lead to.
    #[serde(borrow)]
    pub(crate) through: Vec<&'t str>,
}

/// What a rule is about.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum HeadAbout<'t> {
    Service(&'t str),
    Subject(&'t str),
    Resources {
        #[serde(borrow)]
        of: Vec<&'t str>,
        #[serde(borrow)]
        beside: Vec<&'t str>,
    },
}

/// A source of a rule.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeadSource<'t> {
    pub(crate) title: &'t str,
    #[serde(borrow)]
    pub(crate) section: Option<&'t str>,
    pub(crate) url: &'t str,
    pub(crate) read: &'t str,
}

/// Why a text has no tree, and where.
#[derive(Debug)]
pub(crate) struct NoTree {
    pub(crate) at: At,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Yaml<'static> {
    /// Reads one document.
    pub(crate) fn read(text: &str) -> Result<Self, NoTree> {
        if text.len() > MAX_BYTES {
            return Err(NoTree {
                at: At::default(),
                message: "the file is too large for a rule".to_owned(),
                help: Some(format!("at most {MAX_BYTES} bytes are read")),
            });
        }
        let raw: Raw = yaml::read(text).map_err(|error| syntax(text, &error))?;
        convert(text, raw, 0)
    }
}

fn syntax(text: &str, error: &serde_saphyr::Error) -> NoTree {
    let at = error.without_snippet().location().map_or(At::default(), |location| place(text, &location));
    let message = yaml::message(error);
    let message = message.split(", set ").next().unwrap_or_default();
    NoTree { at, message: format!("the file cannot be read: {message}"), help: None }
}

/// The bytes of a location. Scanner errors know characters only.
fn place(text: &str, location: &serde_saphyr::Location) -> At {
    let span = location.span();
    if let (Some(start), Some(len)) = (span.byte_offset(), span.byte_len()) {
        let (start, len) = (clamp(start), clamp(len));
        return At { start: start.min(text.len()), end: (start + len).min(text.len()) };
    }
    let start = yaml::offset(text, location.line(), location.column());
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

fn convert(text: &str, raw: Raw, depth: usize) -> Result<Yaml<'static>, NoTree> {
    let at = place(text, &raw.referenced);
    if depth > MAX_DEPTH {
        return Err(NoTree { at, message: "the file is nested too deeply".to_owned(), help: None });
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
                .collect::<Result<_, NoTree>>()?,
        ),
    };
    Ok(Yaml { value, at })
}

#[cfg(test)]
mod tests {
    use super::{Value, Yaml};

    #[test]
    fn keys_and_values_have_their_bytes() {
        let content = "a: 1\nwhen:\n  - direction: { is: inbound }\n  - \"é\": [x, 'y z']\n";
        let yaml = Yaml::read(content).unwrap();
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
    fn hostile_nesting_is_an_error() {
        assert!(Yaml::read(&"[".repeat(80_000)).is_err());
        assert!(Yaml::read(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_err());
    }
}
