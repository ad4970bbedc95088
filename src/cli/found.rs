//! The settings file of a run: found, read, and the paths in it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use miette::Result;
use serde_saphyr::Location;

use crate::cli::arguments::LintArguments;
use crate::config::Config;

/// The settings file, if there is one.
pub(crate) struct Found {
    pub(crate) config: Config,
    /// Its path, as spelled from the current folder.
    pub(crate) path: Option<PathBuf>,
    /// The folder its paths are relative to.
    pub(crate) base: PathBuf,
    /// Why this one, or none.
    pub(crate) why: &'static str,
}

impl Found {
    /// A path of the settings, as spelled from the current folder.
    pub(crate) fn below(&self, path: &Path) -> PathBuf {
        if path.is_absolute() || self.base == Path::new(".") {
            return path.to_owned();
        }
        let path = self.base.join(path);
        if path.exists() { from_here(&path) } else { path }
    }

    /// File and line of a setting.
    pub(crate) fn place(&self, at: Location) -> String {
        format!("{}:{}", self.config.name(), at.line())
    }
}

/// Reads the settings file that holds for a run. It is looked for near the first of `paths`.
pub(crate) fn read_config(arguments: &LintArguments, paths: &[PathBuf]) -> Result<Found> {
    let here = PathBuf::from(".");
    let none = |why| Found { config: Config::default(), path: None, base: PathBuf::from("."), why };
    let (path, why) = match &arguments.config {
        Some(path) => (Some(path.clone()), "command line"),
        None if arguments.no_config => return Ok(none("command line")),
        None if paths.is_empty() => (Config::find(&here), "found from this folder"),
        None => {
            let found = Config::find(&start(paths)).map(|path| (path, "found from the first path"));
            let found = found.or_else(|| Some((Config::find(&here)?, "found from this folder")));
            found.map_or((None, ""), |(path, why)| (Some(path), why))
        }
    };
    let Some(path) = path else { return Ok(none("no aznetlint.yaml was found")) };
    let path = if arguments.config.is_some() { path } else { from_here(&path) };
    let base = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => here,
    };
    Ok(Found { config: Config::read(&path)?, path: Some(path), base, why })
}

/// The folder the search for settings starts in: that of the first path.
fn start(paths: &[PathBuf]) -> PathBuf {
    match paths.first() {
        Some(path) if path.as_os_str() == "-" => PathBuf::from("."),
        Some(path) if path.is_dir() => path.clone(),
        Some(path) => {
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(".".into(), Path::to_path_buf)
        }
        None => PathBuf::from("."),
    }
}

/// A path as it is spelled from the current folder, which is how it is shown.
pub(crate) fn from_here(path: &Path) -> PathBuf {
    let Ok(current) = env::current_dir().and_then(fs::canonicalize) else { return path.to_owned() };
    let Ok(path) = fs::canonicalize(path) else { return path.to_owned() };
    for (up, ancestor) in current.ancestors().take(8).enumerate() {
        // The root is no folder of a project.
        if ancestor.parent().is_none() && up > 0 {
            break;
        }
        if let Ok(below) = path.strip_prefix(ancestor) {
            let spelled: PathBuf = std::iter::repeat_n(Path::new(".."), up).chain([below]).collect();
            return if spelled.as_os_str().is_empty() { PathBuf::from(".") } else { spelled };
        }
    }
    path
}
