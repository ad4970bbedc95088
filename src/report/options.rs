//! What a user can choose about the output. Reading flags and asking the terminal is the work of `cli`.

use crate::finding::Level;

/// The formats a report can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people: excerpts, packets, fixes.
    #[default]
    Text,
    /// For programs: version 1 of the JSON format.
    Json,
    /// For people, to keep and to pass on: one page that needs nothing but a browser.
    Html,
}

impl Format {
    /// Every format, in the order shown to users.
    pub const ALL: [Self; 3] = [Self::Text, Self::Json, Self::Html];

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Html => "html",
        }
    }
}

/// How a report is shown.
#[derive(Clone, Debug)]
pub struct Options {
    /// The format.
    pub format: Format,
    /// Whether text may hold colours and links.
    pub color: bool,
    /// The columns text is wrapped to.
    pub width: usize,
    /// Findings below this level are counted and not shown.
    pub min_level: Level,
    /// Whether the frame around excerpts is drawn with ASCII characters only.
    pub ascii: bool,
    /// Whether every file, fact, requirement and flow is listed.
    pub verbose: bool,
    /// The version of the program, for formats that name it.
    pub version: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Text,
            color: false,
            width: 100,
            min_level: Level::Note,
            ascii: false,
            verbose: false,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
