//! What is wrong with a settings file, and where.

use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde_saphyr::{Error, Location};

use crate::printable;
use crate::spelling::suggestion;

/// What users write for a key that has another name.
const OTHER_NAMES: &[(&str, &str)] = &[
    (
        "ignore",
        "`allow` names findings to live with and why, `skip` rules that are not run, `exclude` files that are not read",
    ),
    ("disable", "`skip` names rules that are not run"),
    ("rule", "`rules` names folders with rules of your own, `levels` says how serious a rule is"),
    ("severity", "`levels` says how serious a rule is"),
    ("files", "`paths` names the files and folders that are linted"),
    ("include", "`paths` names the files and folders that are linted"),
    ("inputs", "`paths` names the files and folders that are linted"),
    ("tags", "`service-tags` names files with the addresses of service tags, `select` rules by tag"),
    ("location", "`region` says where the networks are"),
    ("placements", "`services` says which service stands on which network"),
    ("overrides", "`per-path` says what holds for some files only"),
];

/// The text of a settings file, to point into.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
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

impl Source {
    /// That the text is no settings file, in the words of this program.
    pub(crate) fn misread(&self, error: &Error) -> ConfigError {
        let at = error.location();
        let (message, help) = match error.without_snippet() {
            Error::SerdeUnknownField { field, expected, .. } => {
                let other = OTHER_NAMES.iter().find(|(name, _)| name == field).map(|(_, help)| (*help).to_owned());
                let help = other.unwrap_or_else(|| suggestion(field, "the keys here are", expected.iter().copied()));
                (format!("there is no setting `{field}` here"), Some(help))
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => (
                format!("`{variant}` cannot stand here"),
                Some(suggestion(variant, "allowed", expected.iter().copied())),
            ),
            Error::SerdeMissingField { field, .. } => (format!("the setting `{field}` is missing here"), None),
            Error::Unexpected { expected, .. } => match *expected {
                "string scalar" => ("expected a text".to_owned(), None),
                "sequence start" => ("expected a list".to_owned(), Some("a list of one is written `[a]`".to_owned())),
                "mapping start" => ("expected keys with values, as in `key: value`".to_owned(), None),
                other => (format!("expected {other}"), None),
            },
            error => {
                let shown = error.to_string();
                let message = shown.lines().next().unwrap_or("this is not YAML");
                (message.split(" at line ").next().unwrap_or(message).to_owned(), None)
            }
        };
        self.error(at, message, help)
    }

    /// The byte a line starts at, and the bytes from there to a column.
    pub(crate) fn offset(&self, line: u64, column: u64) -> (usize, usize) {
        let before = |number: u64| usize::try_from(number).unwrap_or(1) - 1;
        let start = self.text.split_inclusive('\n').take(before(line)).map(str::len).sum();
        let rest: &str = self.text.get(start..).unwrap_or("");
        (start, rest.chars().take(before(column)).map(char::len_utf8).sum())
    }

    /// That something at a place is wrong.
    pub(crate) fn error(&self, at: Option<Location>, message: String, help: Option<String>) -> ConfigError {
        let (line, column) = at.map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
        let text = &self.text;
        let (offset, skip) = self.offset(line, column);
        let rest: &str = text.get(offset..).unwrap_or("");
        let word = |rest: &str| {
            let end = rest.find(['\n', '\r', ',', '}', ']', '#']).unwrap_or(rest.len());
            rest[..end].split(": ").next().unwrap_or("").trim_end().trim_end_matches(':').len()
        };
        let len = rest.get(skip..).map_or(0, word).min(200);
        ConfigError::Invalid {
            message,
            name: self.name.clone(),
            line,
            column,
            text: Arc::new(NamedSource::new(printable::line(&self.name), text.clone())),
            at: (offset + skip, len).into(),
            help,
        }
    }
}
