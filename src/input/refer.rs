//! The files that Bicep files refer to: which ones they are, and the text of those that the run has not read yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::bicep::{self, Reference, ReferenceKind};
use crate::input::content::{Content, Entry, Loaded, content, load_referred};
use crate::input::disk::Disk;
use crate::input::language::{Language, language_of};
use crate::input::registry::{self, From, Registry};
use crate::input::walk::{Options, explain, shown};
use crate::json::Parser;
use crate::source::{FileId, Files, Span, path_parts};

/// What the Bicep files of a run refer to.
#[derive(Debug, Default)]
pub struct References {
    of_file: BTreeMap<FileId, Vec<Referral>>,
    /// Modules that a folder of the settings holds in one version: the reference, its folder, the version in it.
    pub mapped: Vec<Mapped>,
    /// The caches that modules were read from, and which files.
    pub cached: BTreeMap<String, BTreeSet<PathBuf>>,
}

/// A module of a registry that was read from a folder that settings or a configuration name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mapped {
    /// The reference as written.
    pub path: String,
    /// The version it asks for.
    pub asked: String,
    /// The file that was read.
    pub name: String,
    /// The version that the folder says it holds.
    pub version: Option<String>,
}

/// One path that a Bicep file writes, and where it leads.
#[derive(Clone, Debug)]
pub struct Referral {
    /// What is written.
    pub written: Reference,
    /// The file, or why there is none.
    pub to: Result<FileId, Absent>,
}

/// Why a path leads to no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is in a registry, and no copy was found.
    Registry,
    /// The reason in words.
    Because(String),
    /// Folders are not read.
    Folder,
}

impl References {
    /// The paths that a file writes.
    pub fn of(&self, file: FileId) -> &[Referral] {
        self.of_file.get(&file).map_or(&[], Vec::as_slice)
    }

    /// Every file that refers to something, and to what.
    pub fn all(&self) -> impl Iterator<Item = (FileId, &Referral)> {
        self.of_file.iter().flat_map(|(file, referrals)| referrals.iter().map(|referral| (*file, referral)))
    }

    /// The file that a path written in another file leads to.
    pub fn find(&self, from: FileId, path: &str) -> Option<FileId> {
        let mut fitting = self.of(from).iter().filter(|referral| &*referral.written.path == path);
        fitting.find_map(|referral| referral.to.as_ref().ok().copied())
    }

    /// Whether a place is a path, or lies in one, that leads to no file.
    pub fn is_absent(&self, place: Span) -> bool {
        let is_there = |referral: &&Referral| referral.written.span.holds(place) && referral.to.is_err();
        self.of(place.file).iter().any(|referral| is_there(&referral))
    }
}

/// At most so many files are read because others refer to them.
const MOST: usize = 4_000;
/// How far from the files that were asked for.
const ROUNDS: usize = 32;

/// Where a path leads.
enum Target {
    File { canonical: PathBuf, name: String, below: Option<PathBuf> },
    Absent(Absent),
}

/// A file that is to be read.
struct Wanted {
    name: String,
    language: Language,
    below: Option<PathBuf>,
    used: bool,
}

/// Reads what the Bicep files among `entries` refer to, one round after another. `paths` are those of the entries, as
/// the disk has them; a file that is read is added to both.
pub(crate) fn follow(
    files: &mut Files,
    entries: &mut Vec<Entry>,
    paths: Vec<PathBuf>,
    options: &Options,
) -> References {
    let at = paths.iter().enumerate().filter(|(_, path)| !path.as_os_str().is_empty());
    let at = at.map(|(at, path)| (path.clone(), at)).collect();
    let registry = Registry::new(&options.modules);
    let mut following = Following {
        files,
        entries,
        options,
        bounds: vec![None; paths.len()],
        paths,
        at,
        roots: HashMap::new(),
        known: HashMap::new(),
        disk: Disk::default(),
        registry,
        references: References::default(),
        read: 0,
    };
    let mut open: Vec<usize> = following.asked();
    for _ in 0..ROUNDS {
        if open.is_empty() {
            break;
        }
        open = following.round(&open);
    }
    let mut references = following.references;
    references.mapped.sort();
    references.mapped.dedup();
    references
}

struct Following<'a> {
    files: &'a mut Files,
    entries: &'a mut Vec<Entry>,
    options: &'a Options,
    /// The path of each entry as the disk has it; empty for standard input without a name.
    paths: Vec<PathBuf>,
    /// The folder that the references of an entry must not lead out of, where it is not its repository.
    bounds: Vec<Option<PathBuf>>,
    at: HashMap<PathBuf, usize>,
    /// The root of each folder, and what it is in words.
    roots: HashMap<PathBuf, (PathBuf, String)>,
    /// What was found for a path seen from a folder.
    known: HashMap<PathBuf, Result<PathBuf, String>>,
    disk: Disk,
    registry: Registry<'a>,
    references: References,
    read: usize,
}

impl Following<'_> {
    /// The Bicep files that somebody asked for, and the parameter files beside them that use one of them. Others that lie
    /// there are left alone.
    fn asked(&mut self) -> Vec<usize> {
        let mut open = Vec::new();
        for at in 0..self.entries.len() {
            let Content::Bicep(tree) = &self.entries[at].content else { continue };
            if !self.entries[at].beside {
                open.push(at);
                continue;
            }
            let using = bicep::references(tree).into_iter().find(|one| one.kind == ReferenceKind::Using);
            // What a template was compiled into has its parameters.
            let used = using.is_some_and(|using| match self.target(at, &using) {
                Target::File { canonical, .. } => {
                    let compiled = [canonical.with_extension("json"), canonical.with_file_name("azuredeploy.json")];
                    let asked = |path: &PathBuf| self.at.get(path).is_some_and(|at| !self.entries[*at].beside);
                    asked(&canonical) || compiled.iter().any(asked)
                }
                Target::Absent(_) => false,
            });
            if used {
                open.push(at);
            } else {
                self.entries[at].content = Content::Irrelevant;
            }
        }
        open
    }

    /// Follows the references of some entries. Answers with the Bicep files that are new.
    fn round(&mut self, open: &[usize]) -> Vec<usize> {
        let mut found: Vec<(FileId, Reference, Target)> = Vec::new();
        let mut wanted: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
        for &at in open {
            let (Content::Bicep(tree), Some(file)) = (&self.entries[at].content, self.entries[at].file) else {
                continue;
            };
            let asked = !self.entries[at].beside;
            for reference in bicep::references(&Arc::clone(tree)) {
                let target = self.target(at, &reference);
                if let Target::File { canonical, name, below } = &target {
                    let language = match reference.kind {
                        ReferenceKind::Json => Language::Json,
                        kind if kind.is_load() => Language::Text,
                        _ => language_of(canonical),
                    };
                    let want = wanted.entry(canonical.clone()).or_insert_with(|| Wanted {
                        name: name.clone(),
                        language,
                        below: below.clone(),
                        used: false,
                    });
                    want.language = want.language.max(language);
                    want.used |= asked && reference.kind == ReferenceKind::Using;
                }
                found.push((file, reference, target));
            }
        }
        let new = self.take(wanted);
        for (file, written, target) in found {
            let to = match target {
                Target::Absent(why) => Err(why),
                Target::File { canonical, .. } => self.answer(&canonical, written.kind),
            };
            self.references.of_file.entry(file).or_default().push(Referral { written, to });
        }
        new
    }

    /// What a reference to a file that was read comes to.
    fn answer(&self, canonical: &Path, kind: ReferenceKind) -> Result<FileId, Absent> {
        let because = |why: &str| Err(Absent::Because(why.to_owned()));
        let Some(entry) = self.at.get(canonical).map(|at| &self.entries[*at]) else {
            return because(&format!("more than {MOST} files are referred to"));
        };
        match (&entry.content, entry.file) {
            (Content::Unreadable(why), _) => because(why),
            (Content::Broken(error), Some(_)) if !kind.is_load() || kind == ReferenceKind::Json => {
                because(&format!("it is not JSON: {}", error.message))
            }
            (_, Some(file)) => Ok(file),
            (_, None) => because("it is not read"),
        }
    }

    /// Reads what is not read yet, in parallel. Answers with the Bicep files among it.
    fn take(&mut self, wanted: BTreeMap<PathBuf, Wanted>) -> Vec<usize> {
        let mut new: Vec<(PathBuf, Wanted)> = Vec::new();
        for (canonical, want) in wanted {
            let Some(&at) = self.at.get(&canonical) else {
                new.push((canonical, want));
                continue;
            };
            let entry = &mut self.entries[at];
            entry.beside &= !want.used;
            let (is_passed_over, is_plain) = match entry.content {
                Content::Irrelevant | Content::Compiled(_) | Content::Foreign(_) => (true, false),
                Content::Text => (false, want.language == Language::Json),
                _ => (false, false),
            };
            if is_passed_over {
                new.push((canonical, want));
            } else if let (true, Some(file)) = (is_plain, entry.file) {
                let text = Loaded::Text(self.files.shared_text(file), 0);
                entry.content = content(want.language, &entry.name, &mut Parser::default(), text, Some(file));
            }
        }
        new.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
        new.truncate(MOST.saturating_sub(self.read));
        self.read += new.len();
        let most = self.options.max_memory;
        let load = |(canonical, want): (PathBuf, Wanted)| {
            let loaded = match self.options.instead.get(&want.name) {
                Some(text) => Loaded::Text(Arc::clone(text), 0),
                None => load_referred(&canonical, most),
            };
            (canonical, want, loaded)
        };
        let loaded: Vec<(PathBuf, Wanted, Loaded)> = new.into_par_iter().map(load).collect();
        let mut waiting = Vec::new();
        for (canonical, want, loaded) in loaded {
            let file = match &loaded {
                Loaded::Text(text, skipped) => Some(self.files.add_from(
                    crate::source::Origin::Path,
                    want.name.clone(),
                    Arc::clone(text),
                    *skipped,
                )),
                _ => None,
            };
            waiting.push((canonical, want, loaded, file));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let read = waiting.into_par_iter().map_init(
            || Parser::within(most),
            |parser, (canonical, want, loaded, file)| {
                let content = content(want.language, &want.name, parser, loaded, file);
                (canonical, want, file, content)
            },
        );
        let read: Vec<_> = read.collect();
        read.into_iter()
            .filter_map(|(canonical, want, file, content)| self.place(canonical, want, file, content))
            .collect()
    }

    /// Adds what was read, and says where when it is Bicep.
    fn place(&mut self, canonical: PathBuf, want: Wanted, file: Option<FileId>, content: Content) -> Option<usize> {
        let is_bicep = matches!(content, Content::Bicep(_));
        let is_source = want.language == Language::Bicep;
        // What was passed over in a folder and is only loaded stays passed over there.
        let at = match self.at.get(&canonical) {
            Some(&at) if is_source => {
                let entry = &mut self.entries[at];
                (entry.file, entry.content) = (file, content);
                at
            }
            _ => {
                let at = self.entries.len();
                self.entries.push(Entry { name: want.name, file, named: false, beside: !want.used, content });
                self.paths.push(canonical.clone());
                self.bounds.push(want.below);
                self.at.insert(canonical, at);
                at
            }
        };
        is_bicep.then_some(at)
    }

    fn target(&mut self, at: usize, reference: &Reference) -> Target {
        if reference.kind == ReferenceKind::Folder {
            return Target::Absent(Absent::Folder);
        }
        let because = |why: String| Target::Absent(Absent::Because(why));
        let Some(folder) = self.paths[at].parent().map(Path::to_owned) else {
            return because("standard input lies in no folder; say its name with --stdin-name".to_owned());
        };
        let path = &*reference.path;
        if registry::is_registry(path) {
            return match self.registry.find(&folder, path) {
                Some(found) => self.of_registry(path, found),
                None => Target::Absent(Absent::Registry),
            };
        }
        match self.local(at, &folder, path) {
            Ok(canonical) => {
                let name = self.name_of(&self.entries[at].name, path, &canonical);
                Target::File { canonical, name, below: self.bounds[at].clone() }
            }
            Err(why) => because(why),
        }
    }

    fn of_registry(&mut self, path: &str, found: registry::Found) -> Target {
        let places = self.disk.find(&found.path).and_then(|file| Ok((file, self.disk.folder(&found.below)?)));
        let (canonical, below) = match places {
            Ok((file, below)) if file.starts_with(&below) => (file, below),
            Ok(_) => return Target::Absent(Absent::Because("a link leads out of its folder".to_owned())),
            Err(error) => return Target::Absent(Absent::Because(explain(&error))),
        };
        let name = shown(&found.path);
        match found.from {
            From::Folder(version) => {
                // A checkout holds more than the folder that is mapped, and its modules refer to that.
                let below = self.disk.repository(&below).unwrap_or(below);
                let asked = registry::version(path).to_owned();
                self.references.mapped.push(Mapped { path: path.to_owned(), asked, name: name.clone(), version });
                return Target::File { canonical, name, below: Some(below) };
            }
            From::Cache(root) => {
                self.references.cached.entry(shown(&root)).or_default().insert(canonical.clone());
            }
        }
        Target::File { canonical, name, below: Some(below) }
    }

    /// The file that a relative path leads to. It never leaves the root, through links neither.
    fn local(&mut self, at: usize, folder: &Path, path: &str) -> Result<PathBuf, String> {
        let is_relative = !path.starts_with('/') && !path.contains(['\\', ':', '\0']) && !path.is_empty();
        if !is_relative {
            return Err("it is no relative path with `/` between its parts".to_owned());
        }
        let whole = folder.join(path);
        if let Some(known) = self.known.get(&whole) {
            return known.clone();
        }
        let (root, what) = match &self.bounds[at] {
            Some(below) => (below.clone(), shown(below)),
            None => {
                let disk = &self.disk;
                self.roots.entry(folder.to_owned()).or_insert_with(|| root_of(folder, disk)).clone()
            }
        };
        let leads_out = || format!("it leads out of {what}");
        let found = self.disk.find(&whole).and_then(|canonical| Ok((fs::metadata(&canonical)?, canonical)));
        let answer = match found {
            Ok((_, canonical)) if !canonical.starts_with(&root) => Err(leads_out()),
            Ok((metadata, canonical)) if metadata.is_file() => Ok(canonical),
            Ok(_) => Err("it is not a regular file".to_owned()),
            // Standard input may be a file that is not saved yet.
            Err(_) if self.at.contains_key(&plain(&whole)) => Ok(plain(&whole)),
            Err(_) if !plain(&whole).starts_with(&root) => Err(leads_out()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("there is no such file".to_owned()),
            Err(error) => Err(explain(&error)),
        };
        self.known.insert(whole, answer.clone());
        answer
    }

    /// How the file at a path written in another file is shown: as seen from where that is shown.
    fn name_of(&self, from: &str, path: &str, canonical: &Path) -> String {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let joined = joined(folder, path);
        // With links among the folders the parts before `..` are not those above.
        match self.disk.find(Path::new(&joined)) {
            Ok(found) if found != canonical => shown(canonical),
            _ => joined,
        }
    }
}

/// The folder that the references of files in a folder must not lead out of: the repository; without one, the current
/// folder, or the first two folders of the path. Canonical, and what it is in words.
fn root_of(folder: &Path, disk: &Disk) -> (PathBuf, String) {
    if let Some(repository) = disk.repository(folder) {
        return (repository, "the repository".to_owned());
    }
    let here = fs::canonicalize(".").ok();
    if let Some(here) = here.filter(|here| here.parent().is_some() && folder.starts_with(here)) {
        return (here, "this folder".to_owned());
    }
    let is_start = |part: &Component| matches!(part, Component::Prefix(_) | Component::RootDir);
    let starts = folder.components().take_while(is_start).count();
    let root: PathBuf = folder.components().take(starts + 2).collect();
    let name = shown(&root);
    (root, name)
}

/// A path without its `..`, where the disk does not have it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// A path from a folder, without `.` and, as far as it goes, `..`.
fn joined(folder: &str, path: &str) -> String {
    let whole = if folder.is_empty() && !path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let parts = path_parts(&whole).join("/");
    if whole.starts_with('/') { format!("/{parts}") } else { parts }
}

/// What texts refer to among each other, by their names.
pub(crate) fn among(entries: &[Entry]) -> References {
    let by_name: BTreeMap<&str, &Entry> = entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
    let mut references = References::default();
    for entry in entries {
        let (Content::Bicep(tree), Some(file)) = (&entry.content, entry.file) else { continue };
        let folder = entry.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let referral = |written: Reference| {
            let to = if registry::is_registry(&written.path) {
                Err(Absent::Registry)
            } else {
                let found = by_name.get(joined(folder, &written.path).as_str());
                let found = found.and_then(|entry| entry.file);
                found.ok_or_else(|| Absent::Because("there is no such file".to_owned()))
            };
            Referral { written, to }
        };
        references.of_file.insert(file, bicep::references(tree).into_iter().map(referral).collect());
    }
    references
}
