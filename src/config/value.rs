//! The values that settings can have: facts, levels, gates.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::finding::{FactValue, Level};

/// A word, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// A word.
    One(String),
    /// Several words.
    Several(Vec<String>),
}

impl Words {
    /// Each word.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Several(words) => words,
        }
    }
}

/// A fact as written: a word, a yes or no, a number, or a list of words.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum FactSetting {
    /// Yes or no.
    Bool(bool),
    /// A number, read as a word.
    Number(i64),
    /// A word.
    Text(String),
    /// Several words.
    List(Vec<String>),
}

impl From<&FactSetting> for FactValue {
    fn from(setting: &FactSetting) -> Self {
        match setting {
            FactSetting::Bool(value) => Self::Bool(*value),
            FactSetting::Number(number) => Self::Text(number.to_string()),
            FactSetting::Text(text) => Self::Text(text.clone()),
            FactSetting::List(words) => Self::List(words.clone()),
        }
    }
}

/// How serious the findings of a rule are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LevelSetting {
    /// The rule does not speak.
    Off,
    /// Worth knowing.
    Note,
    /// Worth a look.
    Warning,
    /// It will not work.
    Error,
}

impl LevelSetting {
    /// The level; `None` for off.
    pub fn level(self) -> Option<Level> {
        match self {
            Self::Off => None,
            Self::Note => Some(Level::Note),
            Self::Warning => Some(Level::Warning),
            Self::Error => Some(Level::Error),
        }
    }

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        self.level().map_or("off", Level::as_str)
    }
}

/// From which level on findings fail the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateSetting {
    /// Any finding does.
    Note,
    /// Warnings and errors do.
    Warning,
    /// Errors do.
    Error,
    /// None does.
    Never,
}

/// A level that is not off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeastSetting {
    /// Everything.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors only.
    Error,
}

/// Keys of the user's own and their values, in the order written, both with their places.
#[derive(Clone, Debug)]
pub struct Entries<T>(pub Vec<(Spanned<String>, Spanned<T>)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("keys with values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
