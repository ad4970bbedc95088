//! Where reports go: which formats a run writes, to standard output and to files, and never over what it has read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use miette::Result;

use crate::cli::arguments::CheckArguments;
use crate::cli::end::{FlagError, OutputError};
use crate::cli::found::Thresholds;
use crate::cli::settings::Gathered;
use crate::finding::{Level, Outcome as FileOutcome};
use crate::lint::Outcome;
use crate::printable;
use crate::report::{self, Base, Format};

/// The widest page, in characters; longer lines are hard to read.
const WIDEST: usize = 120;

/// The reports a run writes.
pub(crate) struct Outputs {
    /// What goes to standard output.
    stdout: Option<Format>,
    /// What goes to files.
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// Reads the flags. Where a report cannot go is said before anything is read.
    pub(crate) fn of(arguments: &CheckArguments) -> Result<Self, FlagError> {
        let mut stdout = arguments.format.map(|format| ("--format", format.0));
        let mut files: Vec<(Format, PathBuf)> = Vec::new();
        for written in &arguments.outputs {
            let (word, file) = match written.split_once('=') {
                Some((word, file)) => (word, Some(file).filter(|file| *file != "-")),
                None => (written.as_str(), None),
            };
            let Some(format) = Format::of(word) else {
                let known = Format::ALL.map(|format| format!("  {:9} {}", format.as_str(), format.purpose()));
                let help = format!("the formats are:\n{}", known.join("\n"));
                return Err(FlagError::new(format!("--output {written}: there is no format `{word}`"), help));
            };
            match (file, stdout) {
                (Some(""), _) => {
                    let help = format!("write --output {word}=FILE, or --output {word} for standard output");
                    return Err(FlagError::new(format!("--output {written} names no file"), help));
                }
                (Some(file), _) => {
                    let path = PathBuf::from(file);
                    is_writable(&path, written)?;
                    if files.iter().any(|(_, other)| is_same(other, &path)) {
                        let help = "give each output a file of its own".to_owned();
                        return Err(FlagError::new(format!("two outputs go to {file}"), help));
                    }
                    files.push((format, path));
                }
                (None, None) => stdout = Some(("--output", format)),
                (None, Some((flag, other))) => {
                    let help = format!("write --output {word}=FILE for one of them");
                    let message =
                        format!("--output {written} and {flag} {} both go to standard output", other.as_str());
                    return Err(FlagError::new(message, help));
                }
            }
        }
        let stdout = stdout.map(|(_, format)| format);
        Ok(Self { stdout: stdout.or_else(|| files.is_empty().then_some(Format::Text)), files })
    }

    /// Whether people are the only ones to read what comes out.
    pub(crate) fn is_text_alone(&self) -> bool {
        self.stdout == Some(Format::Text) && self.files.is_empty()
    }

    /// Refuses to write over what the run has read.
    pub(crate) fn refuse(&self, inputs: &Inputs) -> Result<(), FlagError> {
        self.files.iter().try_for_each(|(format, path)| inputs.refuse(&format!("--output {}", format.as_str()), path))
    }

    /// Writes every report: the files first, so that they are whole when the reader of standard output has gone.
    pub(crate) fn write(
        &self,
        arguments: &CheckArguments,
        thresholds: &Thresholds,
        outcome: &Outcome,
        baseline: bool,
    ) -> Result<()> {
        let options = report::Options { baseline, ..options(arguments, thresholds) };
        for (format, path) in &self.files {
            let options = report::Options { format: *format, ..options.clone() };
            let mut bytes = Vec::new();
            report::render(&outcome.report, &outcome.files, &options, &mut bytes).map_err(OutputError::report)?;
            save(path, &bytes).map_err(|error| {
                let help = "nothing was changed there".to_owned();
                FlagError::new(format!("{} cannot be written: {error}", printable::path(path)), help)
            })?;
        }
        match self.stdout {
            None => Ok(()),
            Some(format @ (Format::Text | Format::Concise)) => {
                let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
                let options = report::Options { format, color, width: columns(), ..options };
                let mut out = anstream::stdout().lock();
                report::render(&outcome.report, &outcome.files, &options, &mut out).map_err(OutputError::report)
            }
            Some(format) => {
                let options = report::Options { format, ..options };
                let mut out = io::stdout().lock();
                report::render(&outcome.report, &outcome.files, &options, &mut out).map_err(OutputError::report)
            }
        }
    }
}

fn options(arguments: &CheckArguments, thresholds: &Thresholds) -> report::Options {
    report::Options {
        min_level: thresholds.min_level.into(),
        fail_on: thresholds.fail_on.least().unwrap_or(Level::Error),
        undecided: thresholds.undecided.into(),
        verbose: arguments.verbose,
        quiet: arguments.quiet,
        statistics: arguments.statistics,
        base: base(),
        ..report::Options::default()
    }
}

/// Prints what is judged where, and what is known about it.
pub(crate) fn print_services(outcome: &Outcome, verbose: bool) -> Result<()> {
    let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let options = report::Options { color, verbose, width: columns(), ..report::Options::default() };
    let mut out = anstream::stdout().lock();
    report::services(&outcome.report, &outcome.files, &options, &mut out).map_err(OutputError::report)
}

/// Where the run stands: in a repository, paths start at its root.
fn base() -> Base {
    let Ok(folder) = std::env::current_dir() else { return Base::default() };
    // A file of this name marks a worktree or a submodule.
    let root = folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&folder);
    Base { folder: shown(&folder), root: shown(root), url: url() }
}

/// A path with `/` between its parts, without the mark of a long path on Windows.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.trim_start_matches(r"\\?\").replace('\\', "/") } else { text.into_owned() }
}

/// Where GitHub shows the files of the commit that is checked, when a workflow runs this program.
fn url() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (server, repository) = (set("GITHUB_SERVER_URL")?, set("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/blob/{}/", set("GITHUB_SHA")?))
}

/// The columns that text is written for: what `COLUMNS` says, else those of the terminal, and 100 where there is none.
pub(crate) fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let shown = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    said.or_else(shown).filter(|columns| *columns >= 40).map_or(100, |columns| columns.min(WIDEST))
}

/// Whether two paths lead to one file, which may not be there yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::canonicalize(folder).ok().map(|folder| folder.join(path.file_name().unwrap_or_default()))
    };
    let there = || Some(Identity::of(one)?.is(&Identity::of(other)?));
    one == other || whole(one).is_some_and(|one| whole(other) == Some(one)) || there() == Some(true)
}

pub(crate) fn is_writable(path: &Path, written: &str) -> Result<(), FlagError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if path.is_dir() {
        let help = "name the file in it".to_owned();
        return Err(FlagError::new(format!("--output {written}: {} is a folder", printable::path(path)), help));
    }
    match parent {
        Some(parent) if !parent.is_dir() => {
            let help = "make the folder first".to_owned();
            Err(FlagError::new(format!("--output {written}: there is no folder {}", printable::path(parent)), help))
        }
        _ => Ok(()),
    }
}

/// Writes a file as a whole: it has the old bytes or the new ones. What is no plain file, such as a pipe, is written to
/// as it is.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let known = fs::metadata(path).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    // Behind a link stands the file that is meant.
    let path = if known.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let done = File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| known.map_or(Ok(()), |known| fs::set_permissions(&beside, known.permissions())))
        .and_then(|()| fs::rename(&beside, &path));
    if done.is_err() {
        // It may not be there at all; the first error is the one to tell.
        let _left = fs::remove_file(&beside);
    }
    done
}

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
        let named = named.chain(settings.requests.admin_lists.iter().map(|(file, _)| file));
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

    use super::{Inputs, save};

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.sarif");
        save(&path, b"one").unwrap();
        save(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

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
