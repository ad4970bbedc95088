//! What a check looks at: the paths that are linted, and the changes that are reported, as git tells them.

use std::env;
use std::path::{Path, PathBuf};

use miette::Result;

use crate::cli::arguments::{CheckArguments, LintArguments};
use crate::cli::end::FlagError;
use crate::cli::found::{Found, from_here};
use crate::cli::git::{Git, Said, ask, path_of};
use crate::input::{self, FileSet};
use crate::lint::Changed;
use crate::printable;

/// What a check looks at.
#[derive(Debug)]
pub(crate) struct Target {
    /// What is linted.
    pub(crate) paths: Vec<PathBuf>,
    /// Why these, in the words of `--show-settings`.
    pub(crate) why: String,
    /// What changed, when only that is reported.
    pub(crate) changed: Option<Changed>,
    /// Only changes are to be reported, and none of them has to do with Azure's networks.
    pub(crate) idle: bool,
    /// Files in a language that is read that are no longer there.
    pub(crate) gone: Vec<String>,
}

/// Finds out what to look at. The command line goes before the settings file.
pub(crate) fn target(arguments: &CheckArguments, found: &Found) -> Result<Target> {
    let LintArguments { paths: given, rules, service_tags, .. } = &arguments.lint;
    let (named, changes) = match (&arguments.scope.changed_since, arguments.scope.changed) {
        (Some(reference), _) => (&**given, Some(changed_since(&here(given), reference)?)),
        (None, true) => {
            if given.iter().any(|path| path.as_os_str() == "-") {
                let help = "name the files that changed".to_owned();
                return Err(FlagError::new("--changed cannot be told about standard input", help).into());
            }
            (&[][..], Some(Changes { present: given.clone(), gone: Vec::new() }))
        }
        (None, false) => (&**given, None),
    };
    let (paths, why) = match linted(named, found) {
        Err(_) if changes.is_some() => (vec![repository()], "the repository".to_owned()),
        linted => linted?,
    };
    let Some(changes) = changes else { return Ok(Target { paths, why, changed: None, idle: false, gone: Vec::new() }) };
    let mut fundamental: Vec<PathBuf> = found.path.iter().cloned().collect();
    fundamental
        .extend(found.config.rules.iter().chain(&found.config.service_tags).map(|path| found.below(&path.value)));
    fundamental.extend(found.config.admin_rules.iter().map(|list| found.below(&list.file.value)));
    fundamental.extend(rules.iter().chain(service_tags).cloned());
    let mut gone = changes.gone;
    gone.retain(|name| input::is_source(Path::new(name)));
    let changed = Changed::new(FileSet::new(changes.present), fundamental);
    let is_relevant = |path: &Path| input::is_source(path) && input::is_relevant(path);
    // Bicep may load any file.
    let idle = !changed.is_everything()
        && !changed.files.paths().any(is_relevant)
        && !input::is_named_by_bicep(&paths, changed.files.paths());
    Ok(Target { paths, why, changed: Some(changed), idle, gone })
}

/// The paths that are linted, and why these: those of the command line, else those of the settings.
pub(crate) fn linted(named: &[PathBuf], found: &Found) -> Result<(Vec<PathBuf>, String), FlagError> {
    match found.config.paths.first() {
        _ if !named.is_empty() => Ok((named.to_vec(), "command line".to_owned())),
        Some(first) => {
            let paths = found.config.paths.iter().map(|path| found.below(&path.value)).collect();
            Ok((paths, found.place(first.defined)))
        }
        None => Err(nothing_named(found)),
    }
}

fn nothing_named(found: &Found) -> FlagError {
    let help = match &found.path {
        Some(path) => format!("name files or folders, or write `paths: [infra]` into {}", printable::path(path)),
        None => "`aznetlint .` lints the JSON and Bicep files of this folder and below, `aznetlint -` standard input; \
                 `aznetlint init` writes a settings file, `aznetlint --help` says more"
            .to_owned(),
    };
    FlagError::new("nothing to lint is named", help)
}

/// The folder that git is asked in: that of the first path.
pub(crate) fn here(paths: &[PathBuf]) -> PathBuf {
    match paths.first() {
        Some(path) if path.is_dir() => path.clone(),
        Some(path) => match path.parent() {
            Some(parent) if parent.is_dir() => parent.to_owned(),
            _ => PathBuf::from("."),
        },
        None => PathBuf::from("."),
    }
}

/// The root of the repository that the current folder is in, or the current folder.
pub(crate) fn repository() -> PathBuf {
    let Ok(current) = env::current_dir() else { return PathBuf::from(".") };
    let root = current.ancestors().find(|folder| folder.join(".git").exists());
    root.map_or_else(|| PathBuf::from("."), from_here)
}

/// What changed in a repository.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Files that were added or changed, committed or not. A renamed file is one, under its new name.
    pub(crate) present: Vec<PathBuf>,
    /// Files that were deleted, by their path below the root of the repository.
    pub(crate) gone: Vec<String>,
}

/// The files that differ from where the branch of `folder` left the history of `reference`.
pub(crate) fn changed_since(folder: &Path, reference: &str) -> Result<Changes, FlagError> {
    let git = Git { flag: "--changed-since", without: "name the files: aznetlint check --changed FILE…" };
    let top = git.top(folder)?;
    let base = git.base(&top, reference)?;
    let failed = |said: Said| git.error(said, "git cannot say what changed");
    let diff = ["diff", "--name-status", "-z", "--find-renames", "--no-ext-diff", "--no-relative", &base, "--"];
    let mut changes = read_diff(&top, &ask(&top, &diff).map_err(failed)?);
    let new = ask(&top, &["ls-files", "-z", "--others", "--exclude-standard"]).map_err(failed)?;
    changes
        .present
        .extend(new.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(|name| top.join(path_of(name))));
    Ok(changes)
}

/// Reads `STATUS NUL PATH NUL …`; a renamed or copied file has two paths, the old one first.
fn read_diff(top: &Path, said: &[u8]) -> Changes {
    let mut changes = Changes::default();
    let mut parts = said.split(|byte| *byte == 0);
    while let (Some(status), Some(name)) = (parts.next(), parts.next()) {
        match status.first() {
            Some(b'D') => changes.gone.push(String::from_utf8_lossy(name).into_owned()),
            Some(b'R' | b'C') => changes.present.extend(parts.next().map(|new| top.join(path_of(new)))),
            _ => changes.present.push(top.join(path_of(name))),
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Changes, read_diff};

    #[test]
    fn every_path_has_its_status() {
        let changes = read_diff(Path::new("/r"), b"M\0a b.json\0D\0old.json\0R100\0was.json\0new.json\0T\0link.json\0");
        let present = ["a b.json", "new.json", "link.json"].map(|name| PathBuf::from("/r").join(name));
        assert_eq!(changes, Changes { present: present.to_vec(), gone: vec!["old.json".to_owned()] });
        assert_eq!(read_diff(Path::new("/r"), b""), Changes::default());
    }
}
