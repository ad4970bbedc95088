//! Which files a run reads: the paths given, and the JSON and Bicep files in the folders among them that no ignore file
//! leaves out (`.gitignore`, `.ignore`, `.aznetlintignore`, at every level).
//!
//! Reading them is the work of `read`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use walkdir::{DirEntry, WalkDir};

use crate::input::language::{is_bicep, is_bicep_parameters, is_source, is_yaml};
use crate::input::registry::Modules;
use crate::input::scope::Globs;

/// How files are found.
#[derive(Clone, Debug)]
pub struct Options {
    /// Patterns of paths to leave out, in the language of `.gitignore`, relative to the current folder.
    pub exclude: Vec<String>,
    /// More of them, relative to a folder of their own.
    pub exclude_below: Option<Globs>,
    /// Whether `exclude` and ignore files also hold for paths that are given by name.
    pub force_exclude: bool,
    /// Whether `.gitignore` files hold. `.ignore` and `.aznetlintignore` always do.
    pub respect_gitignore: bool,
    /// What a file may take in memory, in bytes: its text twice while it is read, then its text and its values. One that
    /// takes more is not read.
    pub max_memory: u64,
    /// Told how far it is.
    pub progress: Option<Arc<Progress>>,
    /// The name that standard input is shown by, and by its ending its language; without it, it is JSON.
    pub stdin_name: Option<String>,
    /// Where modules of registries are looked for.
    pub modules: Modules,
    /// Texts that count in place of what some files hold, by the name shown of the file.
    pub instead: Arc<BTreeMap<String, Arc<str>>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            exclude: Vec::new(),
            exclude_below: None,
            force_exclude: false,
            respect_gitignore: true,
            max_memory: 1 << 30,
            progress: None,
            stdin_name: None,
            modules: Modules::default(),
            instead: Arc::default(),
        }
    }
}

/// Whether a pattern can stand in [`Options::exclude`].
///
/// # Errors
/// What is wrong with it.
pub fn check_glob(pattern: &str) -> Result<(), String> {
    match GitignoreBuilder::new("").add_line(None, pattern) {
        Ok(_) => Ok(()),
        Err(ignore::Error::Glob { err, .. }) => Err(err),
        Err(error) => Err(error.to_string()),
    }
}

/// One file to read.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    /// The path as the disk has it.
    pub(crate) canonical: PathBuf,
    /// The name shown: the path as given, with `/` between its parts.
    pub(crate) name: String,
    pub(crate) asked: Asked,
}

impl Candidate {
    pub(crate) fn new(path: PathBuf, name: String, asked: Asked) -> Self {
        Self { path, canonical: PathBuf::new(), name, asked }
    }
}

/// How a file came to be read, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// The user named it.
    ByName,
    /// It lies in a folder that the user named.
    InFolder,
    /// Nobody asked for it; it may be what a named template links to, or its parameters.
    Not,
}

/// A folder without a file in a language that is read, and what it holds that JSON can be made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoJson {
    folder: String,
    others: BTreeMap<Source, usize>,
}

/// What a file is the source of, by its ending: its name, and the way to JSON.
type Source = (&'static str, &'static str);

/// The endings of files that JSON can be made of.
const SOURCES: &[(&str, Source)] = &[
    ("tf", ("Terraform", "export what Terraform deployed, such as `az network nsg list -o json`")),
    ("yaml", ("YAML", NO_EXPORT)),
    ("yml", ("YAML", NO_EXPORT)),
];

const NO_EXPORT: &str = "none of the YAML is an export; `az … -o json` or `-o yaml` prints one";

impl NoJson {
    /// Whether a file of this name lies in the folder.
    pub fn holds(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.folder.trim_end_matches('/'));
        self.folder == "." && !name.starts_with(['/', '.']) || rest.is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for NoJson {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "there is no JSON or Bicep file in {}", self.folder)?;
        let files = |count: usize| if count == 1 { "file" } else { "files" };
        let counts: Vec<String> =
            self.others.iter().map(|((name, _), count)| format!("{count} {name} {}", files(*count))).collect();
        let ways: Vec<&str> = self.others.keys().map(|(_, way)| *way).collect();
        if counts.is_empty() { Ok(()) } else { write!(out, ", only {}: {}", counts.join(", "), ways.join("; ")) }
    }
}

/// Everything found, each file once, sorted by name.
#[derive(Debug, Default)]
pub(crate) struct FoundFiles {
    pub(crate) candidates: Vec<Candidate>,
    /// Names that lead to nothing readable, and why.
    pub(crate) problems: Vec<(String, bool, String)>,
    /// Folders given by name that hold neither JSON nor Bicep.
    pub(crate) empty: Vec<NoJson>,
    pub(crate) stdin: bool,
}

pub(crate) fn find(paths: &[PathBuf], options: &Options) -> FoundFiles {
    let mut search =
        Search { options, exclude: Exclude::new(options), files: BTreeMap::new(), found: FoundFiles::default() };
    for path in paths {
        search.named(path);
    }
    search.beside();
    if let Some(name) = options.stdin_name.as_ref().filter(|_| search.found.stdin) {
        // Standard input is what the file of its name is about to be.
        fs::canonicalize(name).into_iter().for_each(|path| drop(search.files.remove(path.as_os_str())));
    }
    let mut found = search.found;
    for (name, message) in search.exclude.bad {
        found.problems.push((name, true, format!("the exclude pattern is not a glob: {message}")));
    }
    let canonical = |(path, candidate): (OsString, Candidate)| Candidate { canonical: path.into(), ..candidate };
    found.candidates = search.files.into_iter().map(canonical).collect();
    found.candidates.sort_by(|left, right| left.name.cmp(&right.name));
    found.problems.sort();
    found.problems.dedup();
    found
}

struct Search<'o> {
    options: &'o Options,
    exclude: Exclude,
    /// By canonical path, so that two spellings of one file count once. Compared as bytes, not part by part.
    files: BTreeMap<OsString, Candidate>,
    found: FoundFiles,
}

impl Search<'_> {
    fn named(&mut self, path: &Path) {
        if path == Path::new("-") {
            self.found.stdin = true;
            return;
        }
        let name = shown(path);
        let canonical = fs::metadata(path).and_then(|metadata| Ok((metadata, fs::canonicalize(path)?)));
        let (metadata, canonical) = match canonical {
            Ok(both) => both,
            Err(error) => return self.problem(name, true, explain(&error)),
        };
        let is_folder = metadata.is_dir();
        if self.options.force_exclude
            && (self.exclude.covers(&name, is_folder)
                || self.is_excluded_below(&canonical, is_folder)
                || is_left_out(&canonical, is_folder, self.options.respect_gitignore))
        {
            return;
        }
        if is_folder {
            self.folder(path, &canonical, name);
        } else if metadata.is_file() {
            self.add(canonical, Candidate::new(path.to_owned(), name, Asked::ByName));
        } else {
            self.problem(name, true, "this is not a regular file; `-` reads standard input".to_owned());
        }
    }

    /// What lies beside and below the templates given by name. The files are read only if they are templates or
    /// parameters, and judged only as part of the template that uses them.
    fn beside(&mut self) {
        let templates =
            self.files.values().filter(|file| file.asked == Asked::ByName && looks_like_template(&file.path));
        let folders: BTreeSet<PathBuf> = templates
            .filter_map(|file| file.path.parent())
            .map(|folder| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() })
            .collect();
        for folder in folders {
            let sources = sources_in(WalkDir::new(&folder).max_depth(DEEPEST_BESIDE));
            // Bicep says itself which templates it means.
            let beside = sources.filter(|path| is_bicep_parameters(path) || !is_bicep(path) && !is_yaml(path));
            for path in beside.take(MOST_BESIDE) {
                if let Ok(canonical) = fs::canonicalize(&path) {
                    let name = shown(&path);
                    self.add(canonical, Candidate::new(path, name, Asked::Not));
                }
            }
        }
    }

    /// Walks a folder. Links are not followed, so a loop of links ends.
    fn folder(&mut self, path: &Path, canonical: &Path, name: String) {
        let mut ignores = Ignores::above(canonical, self.options.respect_gitignore);
        let mut holds_sources = false;
        let mut others = BTreeMap::new();
        let mut entries = WalkDir::new(path).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let name = error.path().map_or_else(|| name.clone(), shown);
                    let message = error.io_error().map_or_else(|| error.to_string(), explain);
                    self.problem(name, false, message);
                    continue;
                }
            };
            let Ok(inside) = entry.path().strip_prefix(path) else { continue };
            let canonical = canonical.join(inside);
            let is_folder = entry.file_type().is_dir();
            if entry.depth() == 0 {
                ignores.enter(&canonical);
                continue;
            }
            if self.is_skipped(&entry, &shown(inside), path)
                || self.is_excluded_below(&canonical, is_folder)
                || ignores.is_ignored(&canonical, is_folder)
            {
                if is_folder {
                    entries.skip_current_dir();
                }
                continue;
            }
            if is_folder {
                ignores.enter(&canonical);
            } else if entry.file_type().is_file() && is_source(entry.path()) {
                holds_sources |= !is_yaml(entry.path());
                if let Some(source) = source_of(entry.path()) {
                    *others.entry(source).or_default() += 1;
                }
                let name = shown(entry.path());
                self.add(canonical, Candidate::new(entry.into_path(), name, Asked::InFolder));
            } else if let Some(source) = source_of(entry.path()) {
                *others.entry(source).or_default() += 1;
            }
        }
        if !holds_sources {
            self.found.empty.push(NoJson { folder: name, others });
        }
    }

    fn is_skipped(&self, entry: &DirEntry, inside: &str, root: &Path) -> bool {
        let is_folder = entry.file_type().is_dir();
        let never = is_folder && is_never_entered(entry);
        // A pattern is relative to the current folder; where that cannot be told from the path, to the folder given.
        let from_here = root.is_relative() && !root.components().any(|part| part == Component::ParentDir);
        never
            || if from_here {
                self.exclude.matches(&shown(entry.path()), is_folder)
            } else {
                self.exclude.matches(inside, is_folder)
            }
    }

    fn is_excluded_below(&self, canonical: &Path, is_folder: bool) -> bool {
        self.options.exclude_below.as_ref().is_some_and(|globs| globs.cover_canonical(canonical, is_folder))
    }

    /// The same file under two names keeps the shorter; being named by the user wins over being found.
    fn add(&mut self, canonical: PathBuf, candidate: Candidate) {
        let rank = |candidate: &Candidate| (candidate.asked, candidate.name.len(), candidate.name.clone());
        match self.files.entry(canonical.into_os_string()) {
            Entry::Occupied(known) if rank(known.get()) <= rank(&candidate) => {}
            Entry::Occupied(mut known) => *known.get_mut() = candidate,
            Entry::Vacant(free) => {
                free.insert(candidate);
            }
        }
    }

    fn problem(&mut self, name: String, named: bool, message: String) {
        self.found.problems.push((name, named, message));
    }
}

/// How far below a named template its links are looked for.
const DEEPEST_BESIDE: usize = 5;
/// How many files are looked at for that.
const MOST_BESIDE: usize = 2_000;

/// Whether a file is Bicep, or starts as templates do: the schema is among the first things they say.
fn looks_like_template(path: &Path) -> bool {
    if is_bicep(path) {
        return !is_bicep_parameters(path);
    }
    let mut start = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut start));
    read.is_ok() && memchr::memmem::find(&start, b"eploymentTemplate").is_some()
}

/// The patterns of [`Options::exclude`], compiled.
struct Exclude {
    globs: Gitignore,
    bad: Vec<(String, String)>,
}

impl Exclude {
    fn new(options: &Options) -> Self {
        let mut builder = GitignoreBuilder::new("");
        let mut bad = Vec::new();
        for pattern in &options.exclude {
            match check_glob(pattern) {
                Ok(()) => drop(builder.add_line(None, pattern)),
                Err(message) => bad.push((pattern.clone(), message)),
            }
        }
        Self { globs: builder.build().unwrap_or_else(|_| Gitignore::empty()), bad }
    }

    fn matches(&self, name: &str, is_folder: bool) -> bool {
        self.globs.matched(name, is_folder).is_ignore()
    }

    /// Whether a name or a folder it lies in matches.
    fn covers(&self, name: &str, is_folder: bool) -> bool {
        let path = Path::new(name);
        path.ancestors()
            .filter(|ancestor| !ancestor.as_os_str().is_empty())
            .any(|ancestor| self.globs.matched(ancestor, is_folder || ancestor != path).is_ignore())
    }
}

fn source_of(path: &Path) -> Option<Source> {
    let extension = path.extension()?.to_str()?;
    SOURCES.iter().find(|(ending, _)| ending.eq_ignore_ascii_case(extension)).map(|(_, source)| *source)
}

/// Every file below a folder in a language that is read, in order, whatever ignore files and options leave out.
pub fn sources_below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    sources_in(WalkDir::new(folder))
}

fn sources_in(walk: WalkDir) -> impl Iterator<Item = PathBuf> {
    let walk = walk.sort_by_file_name().into_iter().filter_entry(|entry| !is_never_entered(entry));
    let found = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file() && is_source(entry.path()));
    found.map(DirEntry::into_path)
}

fn is_never_entered(entry: &DirEntry) -> bool {
    entry.file_name() == ".git" || entry.file_name() == "node_modules"
}

/// A path for people: `/` between its parts, no `./` before it.
pub(crate) fn shown(path: &Path) -> String {
    if let Some(text) = path.to_str().filter(|text| is_plain(text)) {
        return text.to_owned();
    }
    let mut plain = PathBuf::new();
    plain.extend(path.components().filter(|part| *part != Component::CurDir));
    if plain.as_os_str().is_empty() {
        return ".".to_owned();
    }
    let name = plain.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { name.into_owned() } else { name.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// Whether a path is written as it is shown, so that its parts need not be told apart.
fn is_plain(path: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    std::path::MAIN_SEPARATOR == '/' && path.strip_prefix('/').unwrap_or(path).split('/').all(is_part)
}

pub(crate) fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}

/// Later names win over earlier ones in the same folder.
const NAMES: [&str; 3] = [".gitignore", ".ignore", ".aznetlintignore"];

/// Longer ignore files are not read.
const LONGEST: u64 = 1 << 20;

/// The ignore files that hold at one place of a walk, the outermost first. All paths are canonical.
pub(crate) struct Ignores {
    git: bool,
    stack: Vec<(PathBuf, Gitignore)>,
}

impl Ignores {
    /// The ignore files above `folder`, up to the root of its repository. None when it lies in no repository.
    pub(crate) fn above(folder: &Path, git: bool) -> Self {
        let mut ignores = Self { git, stack: Vec::new() };
        let Some(root) = folder.ancestors().find(|ancestor| ancestor.join(".git").exists()) else { return ignores };
        let mut between: Vec<&Path> =
            folder.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(root)).collect();
        between.reverse();
        for ancestor in between {
            ignores.enter(ancestor);
        }
        ignores
    }

    /// Takes in the ignore files of `folder`, and forgets those of folders it does not lie in.
    pub(crate) fn enter(&mut self, folder: &Path) {
        while self.stack.last().is_some_and(|(outer, _)| !folder.starts_with(outer)) {
            self.stack.pop();
        }
        let mut builder = GitignoreBuilder::new(folder);
        let mut lines = 0;
        if self.git {
            lines += add_lines(&mut builder, &folder.join(".git/info/exclude"));
        }
        for name in NAMES.into_iter().filter(|&name| self.git || name != ".gitignore") {
            lines += add_lines(&mut builder, &folder.join(name));
        }
        if lines > 0
            && let Ok(matcher) = builder.build()
        {
            self.stack.push((folder.to_owned(), matcher));
        }
    }

    /// Whether a file or folder is left out. Of the ignore files above it, the innermost that speaks of it decides.
    pub(crate) fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        let holds = |folder: &Path| path != folder && path.starts_with(folder);
        let above = self.stack.iter().rev().filter(|(folder, _)| holds(folder));
        let said = above.map(|(_, matcher)| matcher.matched(path, is_folder)).find(|said| !said.is_none());
        matches!(said, Some(Match::Ignore(_)))
    }
}

/// Whether a named path, or a folder it lies in, is left out by the ignore files of its repository.
pub(crate) fn is_left_out(path: &Path, is_folder: bool, git: bool) -> bool {
    let Some(parent) = path.parent() else { return false };
    let mut ignores = Ignores::above(parent, git);
    ignores.enter(parent);
    path.ancestors().any(|ancestor| ignores.is_ignored(ancestor, is_folder || ancestor != path))
}

/// Adds the lines of a file, when it is one. Says how many there were. A line that is no pattern is passed over, as git does.
fn add_lines(builder: &mut GitignoreBuilder, path: &Path) -> usize {
    // A pipe of that name must not be opened: it would wait forever.
    let Ok(metadata) = fs::metadata(path) else { return 0 };
    if !metadata.is_file() {
        return 0;
    }
    let mut bytes = Vec::new();
    let Ok(file) = File::open(path) else { return 0 };
    if file.take(LONGEST).read_to_end(&mut bytes).is_err() {
        return 0;
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = 0;
    for line in text.trim_start_matches('\u{FEFF}').lines() {
        lines += usize::from(builder.add_line(None, line).is_ok());
    }
    lines
}

/// How many files there are, and how many of them are read. Counts only grow.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicUsize,
    read: AtomicUsize,
}

impl Progress {
    /// How many files were found, 0 while they are looked for, and how many of them are read.
    pub fn counts(&self) -> (usize, usize) {
        (self.found.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed))
    }

    pub(crate) fn found(&self, files: usize) {
        self.found.fetch_add(files, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::{Options, check_glob, find, shown};

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(folder: &TempDir, inside: &[&str], options: &Options) -> Vec<String> {
        let paths: Vec<PathBuf> = inside.iter().map(|inside| folder.path().join(inside)).collect();
        let prefix = format!("{}/", shown(folder.path()));
        find(&paths, options).candidates.iter().map(|candidate| candidate.name.replace(&prefix, "")).collect()
    }

    #[test]
    fn nested_ignore_files_add_up_and_take_back() {
        let folder = folder(&[
            (".gitignore", "out/\n*.tmp.json\n"),
            (".ignore", "old.json"),
            (".aznetlintignore", "legacy/*\n!legacy/keep.json"),
            ("a.json", ""),
            ("old.json", ""),
            ("x.tmp.json", ""),
            ("out/b.json", ""),
            ("legacy/keep.json", ""),
            ("legacy/drop.json", ""),
            ("sub/.gitignore", "!x.tmp.json\nc.json"),
            ("sub/x.tmp.json", ""),
            ("sub/c.json", ""),
            ("sub/d.jsonc", ""),
            ("node_modules/p/e.json", ""),
            (".git/f.json", ""),
            (".hidden/g.json", ""),
        ]);
        let all = Options::default();
        assert_eq!(
            names(&folder, &["."], &all),
            [".hidden/g.json", "a.json", "legacy/keep.json", "sub/d.jsonc", "sub/x.tmp.json"]
        );
        let without_git = Options { respect_gitignore: false, ..all };
        assert_eq!(
            names(&folder, &["."], &without_git),
            [
                ".hidden/g.json",
                "a.json",
                "legacy/keep.json",
                "out/b.json",
                "sub/c.json",
                "sub/d.jsonc",
                "sub/x.tmp.json",
                "x.tmp.json"
            ]
        );
    }

    #[test]
    fn ignore_files_above_hold_up_to_the_root_of_the_repository() {
        let files =
            [(".gitignore", "a.json"), ("repo/.gitignore", "b.json"), ("repo/sub/a.json", ""), ("repo/sub/b.json", "")];
        let folder = folder(&files);
        assert_eq!(names(&folder, &["repo/sub"], &Options::default()), ["repo/sub/a.json", "repo/sub/b.json"]);
        fs::create_dir_all(folder.path().join("repo/.git/info")).unwrap();
        assert_eq!(names(&folder, &["repo/sub"], &Options::default()), ["repo/sub/a.json"]);
        fs::write(folder.path().join("repo/.git/info/exclude"), "/sub/a.json").unwrap();
        assert!(names(&folder, &["repo/sub"], &Options::default()).is_empty());
    }

    #[test]
    fn what_is_named_is_read_unless_exclusion_is_forced() {
        let folder = folder(&[(".gitignore", "out/"), (".git/config", ""), ("out/a.json", ""), ("gen/b.json", "")]);
        let named = ["out/a.json", "gen/b.json"];
        let mut options = Options { exclude: vec!["gen".to_owned()], ..Options::default() };
        assert_eq!(names(&folder, &named, &options), ["gen/b.json", "out/a.json"]);
        assert_eq!(names(&folder, &["out"], &options), ["out/a.json"]);
        assert!(names(&folder, &["."], &options).is_empty());
        options.force_exclude = true;
        assert!(names(&folder, &named, &options).is_empty());
        assert!(names(&folder, &["out", "gen"], &options).is_empty());
    }

    #[test]
    fn exclude_patterns_are_relative_to_the_folder_walked() {
        let folder = folder(&[("a/x.json", ""), ("b/a/x.json", ""), ("b/y.json", "")]);
        let exclude = |pattern: &str| Options { exclude: vec![pattern.to_owned()], ..Options::default() };
        assert_eq!(names(&folder, &["."], &exclude("/a")), ["b/a/x.json", "b/y.json"]);
        assert_eq!(names(&folder, &["."], &exclude("a/")), ["b/y.json"]);
        assert_eq!(names(&folder, &["."], &exclude("b/**/x.json")), ["a/x.json", "b/y.json"]);
    }

    #[test]
    fn a_bad_pattern_is_a_problem_not_a_silence() {
        assert!(check_glob("a/**/b.json").is_ok());
        assert!(check_glob("{a").is_err());
        let folder = folder(&[("a.json", "")]);
        let options = Options { exclude: vec!["{a".to_owned()], ..Options::default() };
        let found = find(&[folder.path().to_owned()], &options);
        assert_eq!((found.candidates.len(), found.problems.len()), (1, 1));
    }

    #[test]
    fn a_named_folder_without_json_is_told() {
        let folder = folder(&[("a/x.txt", ""), ("b/x.json", "")]);
        let found = find(&[folder.path().join("a"), folder.path().join("b")], &Options::default());
        let told: Vec<String> = found.empty.iter().map(ToString::to_string).collect();
        assert_eq!(told, [format!("there is no JSON or Bicep file in {}", shown(&folder.path().join("a")))]);
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(shown(Path::new("./a/./b.json")), "a/b.json");
        assert_eq!(shown(Path::new("../a")), "../a");
        assert_eq!(shown(Path::new(".")), ".");
    }
}
