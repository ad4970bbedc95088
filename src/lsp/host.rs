//! What the server is told by the command line: settings and rules, found for it as for a check.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::finding::Level;
use crate::lint::Settings;
use crate::rule::Pack;

/// The texts that are open in the editor, by the path of the file as the disk has it.
pub type OpenTexts = BTreeMap<PathBuf, Arc<str>>;

/// What is judged together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// What the settings of the current folder name, else that folder.
    Here,
    /// What the settings of another folder name, else that folder.
    Folder(PathBuf),
    /// A file of no folder of the editor.
    File(PathBuf),
    /// A text that is no file, under a name; it is what standard input holds.
    Text(String),
    /// A settings file alone: nothing is judged.
    Settings(PathBuf),
}

/// Everything a run needs but texts.
#[derive(Debug)]
pub struct Workspace {
    /// The rules that run.
    pub pack: Pack,
    /// Every rule and service, those that are turned off included: what can be explained.
    pub known: Pack,
    /// The settings of a run.
    pub settings: Settings,
    /// What is linted; nothing for settings alone.
    pub paths: Vec<PathBuf>,
    /// Findings below this level are not told.
    pub min_level: Level,
    /// What something undecided counts as.
    pub undecided: Level,
}

/// Why there is no run: something in a settings or rule file, with its place where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as spelled from the current folder.
    pub file: Option<PathBuf>,
    /// The line and the column of the first character at fault, both from 1, in characters.
    pub at: (usize, usize),
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Finds settings and rules, and gives threads.
pub trait Host: Send + Sync {
    /// Settings and rules for what is judged together; texts that are open stand in for their files.
    ///
    /// # Errors
    /// What is wrong in these files.
    fn gather(&self, scope: &Scope, open: &OpenTexts) -> Result<Workspace, Vec<Problem>>;

    /// Runs some work where a run may be made: with threads whose stacks are large enough.
    fn with_threads(&self, work: &mut (dyn FnMut() + Send));
}
