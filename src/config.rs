//! The project's settings file, `aznetlint.yaml`: the words of the command line, written down.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::finding::FactValue;

/// The name of the settings file.
pub const FILE_NAME: &str = "aznetlint.yaml";

/// The largest settings file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// What the settings file says. Everything is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// Services and what they are placed on.
    pub services: Vec<ServiceSetting>,
    /// The region of every placement.
    pub region: Option<Spanned<String>>,
    /// What is known about every placement.
    pub facts: BTreeMap<String, Spanned<FactSetting>>,
    /// Folders with rules of the project's own, from the folder of this file.
    pub rules: Vec<PathBuf>,
    /// Files of service tags, from the folder of this file.
    pub service_tags: Vec<PathBuf>,
    /// Files to leave out, in the notation of .gitignore.
    pub exclude: Vec<Spanned<String>>,
    /// Findings that are allowed.
    pub allow: Vec<AllowSetting>,
    /// The file of the findings that were there before, from the folder of this file.
    pub baseline: Option<PathBuf>,
    #[serde(skip)]
    source: Source,
}

/// The text of a settings file, to point into.
#[derive(Clone, Debug, Default)]
struct Source {
    name: String,
    text: String,
}

/// One service of the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSetting {
    /// The service's name.
    pub service: Spanned<String>,
    /// What it is placed on: the name or id of a subnet, NSG, route table, firewall or policy, `*` for any characters.
    #[serde(default)]
    pub on: Option<String>,
    /// What is known about these placements.
    #[serde(default)]
    pub facts: BTreeMap<String, Spanned<FactSetting>>,
}

/// Findings that are allowed, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AllowSetting {
    /// The rule or rules, `*` for any characters.
    pub rule: Spanned<Words>,
    /// Why.
    pub reason: Spanned<String>,
    /// The files, in the notation of .gitignore, from the folder of this file.
    #[serde(default)]
    pub path: Option<Spanned<String>>,
    /// The resource, by name or id, `*` for any characters.
    #[serde(default)]
    pub resource: Option<String>,
    /// The placement, by id or the name of what it is placed on, `*` for any characters.
    #[serde(default)]
    pub placement: Option<String>,
    /// The last day it holds, `YYYY-MM-DD`.
    #[serde(default)]
    pub expires: Option<Spanned<String>>,
}

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

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings in {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The file says something it cannot say.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// The file.
        name: String,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// The file's text.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
        /// What would be right.
        #[help]
        help: Option<String>,
    },
}

impl Config {
    /// Reads a settings file.
    ///
    /// # Errors
    /// When it cannot be read or says something unknown.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let unreadable = |why: &str| ConfigError::Unreadable { path: name.clone(), why: why.to_owned() };
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => unreadable("there is no such file"),
            io::ErrorKind::InvalidData => unreadable("it is not UTF-8 text"),
            _ => unreadable(&error.to_string()),
        };
        let meta = fs::metadata(path).map_err(failed)?;
        if !meta.is_file() || meta.len() > MAX_BYTES {
            return Err(unreadable("it is not a settings file"));
        }
        Self::parse(&name, &fs::read_to_string(path).map_err(failed)?)
    }

    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// When it says something unknown.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let source = Source { name: name.to_owned(), text: text.to_owned() };
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self { source, ..Self::default() });
        }
        match serde_saphyr::from_str::<Self>(text) {
            Ok(config) => Ok(Self { source, ..config }),
            Err(error) => {
                let error = error.without_snippet();
                let shown = error.to_string();
                let message = shown.lines().next().unwrap_or("this is not YAML");
                let message = message.split(" at line ").next().unwrap_or(message).to_owned();
                Err(source.error(error.location(), message, None))
            }
        }
    }

    /// That what stands at a place of the file means nothing to the rules.
    pub fn error(&self, at: Location, message: String, help: Option<String>) -> ConfigError {
        self.source.error(Some(at), message, help)
    }

    /// The name of the file and its text; empty when there is none.
    pub fn file(&self) -> (&str, &str) {
        (&self.source.name, &self.source.text)
    }

    /// The byte of the text that a place starts at.
    pub fn offset(&self, at: Location) -> usize {
        let (start, skip) = self.source.offset(at.line().max(1), at.column().max(1));
        start + skip
    }

    /// The settings file that holds for a folder: in it or the nearest one above, up to the root of the repository.
    pub fn find(folder: &Path) -> Option<PathBuf> {
        let folder = fs::canonicalize(folder).ok()?;
        for folder in folder.ancestors() {
            let candidate = folder.join(FILE_NAME);
            if candidate.is_file() {
                return Some(candidate);
            }
            if folder.join(".git").exists() {
                return None;
            }
        }
        None
    }
}

impl Source {
    /// The byte a line starts at, and the bytes from there to a column.
    fn offset(&self, line: u64, column: u64) -> (usize, usize) {
        let before = |number: u64| usize::try_from(number).unwrap_or(1) - 1;
        let start = self.text.split_inclusive('\n').take(before(line)).map(str::len).sum();
        let rest: &str = self.text.get(start..).unwrap_or("");
        (start, rest.chars().take(before(column)).map(char::len_utf8).sum())
    }

    fn error(&self, at: Option<Location>, message: String, help: Option<String>) -> ConfigError {
        let (line, column) = at.map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
        let text = &self.text;
        let (offset, skip) = self.offset(line, column);
        let rest: &str = text.get(offset..).unwrap_or("");
        let word = |rest: &str| {
            let end = rest.find(['\n', '\r', ',', '}', ']', '#']).unwrap_or(rest.len());
            rest[..end].split(": ").next().unwrap_or("").trim_end().len()
        };
        let len = rest.get(skip..).map_or(0, word).min(200);
        ConfigError::Invalid {
            message,
            name: self.name.clone(),
            line,
            column,
            text: Arc::new(NamedSource::new(&self.name, text.clone())),
            at: (offset + skip, len).into(),
            help,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, ConfigError, FactSetting};

    #[test]
    fn settings_hold_the_words_of_the_command_line() {
        let text = "services:\n  - service: azureml-compute\n    on: snet-*\n    facts: { public-ip: true }\nregion: westeurope\n";
        let config = Config::parse("aznetlint.yaml", text).unwrap();
        assert_eq!(config.services[0].on.as_deref(), Some("snet-*"));
        assert!(matches!(config.services[0].facts["public-ip"].value, FactSetting::Bool(true)));
        assert_eq!(config.region.map(|region| region.value).as_deref(), Some("westeurope"));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = Config::parse("aznetlint.yaml", "region: x\nregoin: y\n").unwrap_err();
        let ConfigError::Invalid { line, message, .. } = error else { panic!("{error}") };
        assert_eq!(line, 2);
        assert!(message.contains("regoin"), "{message}");
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert!(Config::parse("aznetlint.yaml", "# nothing yet\n").unwrap().services.is_empty());
    }
}
