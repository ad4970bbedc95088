//! Everything about a run that is not the input itself: what is read, what the user says of it, what templates are
//! evaluated with, and what is reported.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use crate::arm::Assumptions;
use crate::date::Date;
use crate::finding::FactValue;
use crate::input::{self, FileSet, Globs};
use crate::judge::Requests;
use crate::rule::Selection;
use crate::source::STDIN;
use crate::suppress::{Baseline, Exceptions};

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
    pub facts_in: Vec<(Globs, BTreeMap<String, FactValue>)>,
    /// What changed, when only that is to be reported.
    pub changed: Option<Changed>,
    /// What the user decided to live with.
    pub accepted: Accepted,
    /// Plans of Terraform are read as the states they start from.
    pub before_plans: bool,
}

impl Settings {
    /// The paths that the user named for this run. Those of the settings are for every run: none has to use them.
    pub(crate) fn named(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        paths.iter().chain(&self.templates.parameters).cloned().collect()
    }

    /// The files of effective security admin rules.
    pub(crate) fn admin_lists(&self) -> impl Iterator<Item = &PathBuf> {
        self.requests.admin_lists.iter().map(|(file, _)| file)
    }

    /// The name that standard input is shown by.
    pub(crate) fn stdin_name(&self) -> &str {
        self.input.stdin_name.as_deref().unwrap_or(STDIN)
    }
}

/// What the user decided to live with, beside what the files themselves say.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// What the settings allow.
    pub exceptions: Exceptions,
    /// What was there before.
    pub baseline: Option<Baseline>,
    /// Today; without it nothing that is allowed ends.
    pub today: Option<Date>,
}

/// What the settings say of the rules for some files only.
#[derive(Clone, Debug)]
pub struct PathRules {
    /// The files.
    pub files: Globs,
    /// What holds for findings in them.
    pub rules: Selection,
}

/// The files that changed: only what concerns them is reported.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// The files.
    pub files: FileSet,
    fundamental: FileSet,
}

impl Changed {
    /// From the files, and the files and folders that everything hangs on, such as the settings.
    pub fn new(files: FileSet, fundamental: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files, fundamental: FileSet::new(fundamental) }
    }

    /// Whether something changed that everything hangs on; then everything is reported.
    pub fn is_everything(&self) -> bool {
        self.files.paths().any(|path| self.fundamental.paths().any(|known| path.starts_with(known)))
    }
}

/// What templates are evaluated with beyond their own files.
#[derive(Clone, Debug, Default)]
pub struct TemplateOptions {
    /// Parameter files for every template, in place of those beside it.
    pub parameters: Vec<PathBuf>,
    /// Parameters given one by one: name, and value as written; what is JSON is read as such.
    pub set: Vec<(String, String)>,
    /// What holds for some templates, where the other fields say nothing. Of several the last that speaks counts.
    pub choices: Vec<TemplateChoice>,
    /// What is known of the deployment.
    pub assumptions: Assumptions,
    /// The name and the text of the settings file that the choices stand in.
    pub settings: (String, String),
}

/// What some templates are evaluated with.
#[derive(Clone, Debug, Default)]
pub struct TemplateChoice {
    /// Which templates; `None` is every one.
    pub templates: Option<Globs>,
    /// Parameter files in place of those beside it.
    pub parameters: Vec<PathBuf>,
    /// Parameters given one by one.
    pub set: Vec<SetParameter>,
}

/// A parameter that the settings give a value.
#[derive(Clone, Debug)]
pub struct SetParameter {
    /// Its name.
    pub name: String,
    /// Its value as JSON.
    pub value: String,
    /// The bytes of the settings file it is written at.
    pub written: Range<usize>,
}

impl TemplateOptions {
    /// Every parameter file that is asked for.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.parameters.iter().chain(self.choices.iter().flat_map(|choice| &choice.parameters))
    }

    /// The choices that hold for one template, by their place in the list.
    pub(crate) fn choices_for(&self, template: &str) -> Vec<(usize, &TemplateChoice)> {
        let covers = |choice: &TemplateChoice| choice.templates.as_ref().is_none_or(|globs| globs.cover(template));
        self.choices.iter().enumerate().filter(|(_, choice)| covers(choice)).collect()
    }
}
