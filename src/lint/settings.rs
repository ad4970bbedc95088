//! Everything about a run that is not the input itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::finding::FactValue;
use crate::input;
use crate::judge::Requests;
use crate::lint::ignore::Accepted;
use crate::lint::narrow::{Changed, PathRules};
use crate::lint::template::TemplateOptions;

/// Everything about a run that is not the input itself.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which files are read.
    pub input: input::Options,
    /// What the user says about services and facts.
    pub requests: Requests,
    /// What templates are evaluated with.
    pub templates: TemplateOptions,
    /// Files of service tags.
    pub service_tags: Vec<PathBuf>,
    /// Saved answers of what a service says it needs.
    pub dependencies: Vec<PathBuf>,
    /// What holds for some files only.
    pub per_path: Vec<PathRules>,
    /// Facts of the placements that stand in some files; of several for one name the last counts.
    pub facts_in: Vec<(input::Globs, BTreeMap<String, FactValue>)>,
    /// What changed, when only that is to be reported.
    pub changed: Option<Changed>,
    /// What the user decided to live with.
    pub accepted: Accepted,
}

impl Settings {
    /// The paths that the user named for this run. Those of the settings are for every run: none has to use them.
    pub(crate) fn named(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        paths.iter().chain(&self.templates.parameters).cloned().collect()
    }
}
