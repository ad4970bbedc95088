//! The files a run rests on. Nothing is written over them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::flag::FlagError;
use crate::cli::settings::Gathered;
use crate::finding::Outcome as FileOutcome;
use crate::lint::Outcome;
use crate::printable;

/// The files a run rests on.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    files: Vec<PathBuf>,
    /// Folders whose YAML files are rules.
    rules: Vec<PathBuf>,
}

impl Inputs {
    /// Settings, rules, and every file that was read for its content. A file of a folder that was passed over, such as
    /// the report of an earlier run, is none.
    pub(crate) fn new(gathered: &Gathered, outcome: &Outcome) -> Self {
        let settings = &gathered.settings;
        let named = settings.templates.files().chain(&settings.service_tags).chain(&settings.dependencies);
        let mut files: Vec<PathBuf> = named.chain(&gathered.found.path).cloned().collect();
        let rules = gathered.pack.sources.iter().filter_map(|source| source.folder.clone()).collect();
        files.extend(Self::of(outcome).files);
        Self { files, rules }
    }

    /// What a run over paths alone has read.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let is_passed_over = |name: &str| {
            let file = outcome.report.files.iter().find(|file| file.name == name);
            file.is_some_and(|file| file.outcome == FileOutcome::Skipped && !file.named)
        };
        let names = outcome.files.ids().map(|id| outcome.files.name(id)).filter(|name| !is_passed_over(name));
        let unread = outcome.report.files.iter().filter(|file| file.file.is_none() && file.named);
        let files = names.chain(unread.map(|file| file.name.as_str())).map(PathBuf::from).collect();
        Self { files, rules: Vec::new() }
    }

    /// Adds a file.
    pub(crate) fn and(mut self, file: Option<&PathBuf>) -> Self {
        self.files.extend(file.cloned());
        self
    }

    /// Refuses to write to a path that is one of the files, under whatever name.
    pub(crate) fn refuse(&self, written: &str, path: &Path) -> Result<(), FlagError> {
        let Some(target) = Identity::of(path) else { return Ok(()) };
        let is_rule = |extension: &std::ffi::OsStr| extension == "yaml" || extension == "yml";
        let in_rules = |folder: &PathBuf| fs::canonicalize(folder).is_ok_and(|folder| target.path.starts_with(folder));
        let is_input = self.files.iter().any(|file| Identity::of(file).is_some_and(|file| file.is(&target)))
            || (path.extension().is_some_and(is_rule) && self.rules.iter().any(in_rules));
        if !is_input {
            return Ok(());
        }
        let help = "nothing was changed there; name another file".to_owned();
        Err(FlagError::new(format!("{written}: {} is an input of this run", printable::path(path)), help))
    }
}

/// Which file a path leads to, through links and whatever the spelling.
#[derive(Debug)]
pub(crate) struct Identity {
    path: PathBuf,
    number: Option<(u64, u64)>,
}

impl Identity {
    /// Of a file that is there.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        Some(Self { path: fs::canonicalize(path).ok()?, number: number(path) })
    }

    /// Whether both are one file.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.path == other.path || (self.number.is_some() && self.number == other.number)
    }
}

/// Device and number of a file, which hard links and spellings in other cases share.
#[cfg(unix)]
fn number(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere the canonical path tells: it has the case of the file system.
#[cfg(not(unix))]
fn number(_: &Path) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Inputs;

    #[cfg(unix)]
    #[test]
    fn an_input_is_known_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["nsg.json", "other.json"] {
            fs::write(path(name), "{}").unwrap();
        }
        std::os::unix::fs::symlink(path("nsg.json"), path("soft.json")).unwrap();
        fs::hard_link(path("nsg.json"), path("hard.json")).unwrap();
        let inputs = Inputs { files: vec![path("nsg.json")], rules: vec![folder.path().to_owned()] };
        for name in ["nsg.json", "./nsg.json", "soft.json", "hard.json"] {
            assert!(inputs.refuse("--output", &path(name)).is_err(), "{name}");
        }
        assert!(inputs.refuse("--output", &path("other.json")).is_ok());
        assert!(inputs.refuse("--output", &path("new.json")).is_ok());
        fs::write(path("rule.yaml"), "").unwrap();
        assert!(inputs.refuse("--output", &path("rule.yaml")).is_err());
    }
}
