//! What a user can choose about the output. Reading flags and asking the terminal is the work of `cli`.

use crate::finding::Level;

/// The formats a report can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people: excerpts, packets, fixes.
    #[default]
    Text,
    /// For editors and grep: a line for each finding.
    Concise,
    /// For programs: version 1 of the JSON format.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For GitHub Actions: the text, then annotations.
    Github,
    /// For Azure Pipelines: the text, then issues of the task.
    Azure,
    /// For merge requests of GitLab: its Code Quality report.
    Gitlab,
    /// For test reports: a test for each requirement of each placement.
    Junit,
    /// For summaries and comments.
    Markdown,
    /// For spreadsheets: a row for each requirement and each finding.
    Csv,
    /// For people, to keep and to pass on: one page that needs nothing but a browser.
    Html,
}

impl Format {
    /// Every format, in the order shown to users.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Concise,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Azure,
        Self::Gitlab,
        Self::Junit,
        Self::Markdown,
        Self::Csv,
        Self::Html,
    ];

    /// The word users write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Azure => "azure",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    /// Whom it is for.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Text => "people: excerpts, packets, fixes",
            Self::Concise => "editors and grep: path:line:col: level[rule] message",
            Self::Json => "programs: version 1 of the JSON format",
            Self::Sarif => "code scanning: SARIF 2.1.0",
            Self::Github => "pipelines: text, then annotations of GitHub Actions",
            Self::Azure => "pipelines: text, then issues of Azure Pipelines",
            Self::Gitlab => "pipelines: Code Quality of GitLab",
            Self::Junit => "pipelines: a test for each requirement",
            Self::Markdown => "people: summaries and comments",
            Self::Csv => "people: a row for each requirement and finding",
            Self::Html => "people: one page for a browser",
        }
    }

    /// By the word users write.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
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
    /// The level from which on findings fail the run: what a test report shows as failed.
    pub fail_on: Level,
    /// What something undecided counts as.
    pub undecided: Level,
    /// Whether the run was compared with a baseline.
    pub baseline: bool,
    /// Whether the frame around excerpts is drawn with ASCII characters only.
    pub ascii: bool,
    /// Whether every file, fact, requirement and flow is listed.
    pub verbose: bool,
    /// Whether the text is findings and the counts alone.
    pub quiet: bool,
    /// Whether the text is the number of findings of each rule, and the counts.
    pub statistics: bool,
    /// Where the run stands, for formats whose paths start at the root of the repository.
    pub base: Base,
    /// The version of the program, for formats that name it.
    pub version: String,
}

/// Where a run stands. Paths are absolute, with `/` between their parts.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The current folder; empty when it is not known, then paths are taken as they were given.
    pub folder: String,
    /// The root of the repository that holds it, or the current folder itself.
    pub root: String,
    /// The address at which the files of the repository can be read: the path from the root comes after it.
    pub url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Text,
            color: false,
            width: 100,
            min_level: Level::Note,
            fail_on: Level::Error,
            undecided: Level::Note,
            baseline: false,
            ascii: false,
            verbose: false,
            quiet: false,
            statistics: false,
            base: Base::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
