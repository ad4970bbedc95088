//! The Bicep files of a run: which of them are judged by themselves, what the others are for, and the templates that they
//! stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::bicep::tree::{self, DeclarationKind};
use crate::bicep::{ReferenceKind, following};
use crate::estate::{Estate, Fault};
use crate::finding::{Label, Report};
use crate::input::{Absent, Content, Entry, Input, Mapped, References, Referral, is_bicep_parameters, source_names};
use crate::json::{Document, Node};
use crate::judge;
use crate::lint::reach::judged_through;
use crate::lower::{self, Sources};
use crate::rule::Pack;
use crate::source::{FileId, Files, Span};

/// What a Bicep file is for.
pub(crate) enum Part {
    /// A template that is judged.
    Root(Arc<Document>),
    /// A module of one that is judged, or a file it imports from.
    Fragment(Arc<Document>),
    /// Only types, functions and variables.
    Library(Arc<Document>),
    /// The parameters of a template.
    Parameters(Arc<Document>),
    /// Parameters that others extend.
    Base(Arc<Document>),
}

/// The Bicep files of a run.
#[derive(Default)]
pub(crate) struct Bicep {
    references: References,
    /// What is asked after the files were lowered: those that others import from, and those with comments for the program.
    trees: BTreeMap<FileId, Arc<tree::File>>,
    parts: BTreeMap<FileId, Part>,
    /// The names of those somebody asked for.
    names: BTreeSet<String>,
    /// All of them by their names.
    by_name: BTreeMap<String, FileId>,
    /// Parameter files, and the templates that they say they are for.
    using: BTreeMap<FileId, FileId>,
    /// Modules and imported files, and a root that uses them.
    linked: BTreeMap<FileId, FileId>,
}

impl Bicep {
    /// Lowers what was read. What files refer to is known from now on.
    pub(crate) fn of(input: &mut Input) -> Self {
        let trees = take_trees(&mut input.entries);
        if trees.is_empty() {
            return Self::default();
        }
        let references = std::mem::take(&mut input.references);
        let targets: BTreeSet<FileId> =
            references.all().filter_map(|(_, referral)| referral.to.as_ref().ok().copied()).collect();
        let document = |entry: &Entry| match (&entry.content, entry.file) {
            (Content::Document(document), Some(file)) if targets.contains(&file) => {
                Some((file, Arc::new(document.clone())))
            }
            _ => None,
        };
        let documents = input.entries.iter().filter_map(document).collect();
        let is_bicep = |entry: &Entry| matches!(entry.content, Content::Bicep(_));
        let asked: Vec<&Entry> = input.entries.iter().filter(|entry| !entry.beside && is_bicep(entry)).collect();
        let names = asked.iter().map(|entry| entry.name.clone()).collect();
        let by_name = trees.keys().map(|file| (input.files.name(*file).to_owned(), *file)).collect();
        let mut bicep = Self { references, trees, names, by_name, ..Self::default() };
        bicep.using = bicep.edges(|kind| kind == ReferenceKind::Using).collect();
        let order: Vec<FileId> = asked.iter().filter_map(|entry| entry.file).collect();
        let roots = bicep.roots(&order, &input.files);
        let kept = bicep.kept(&input.files);
        let trees: Vec<(FileId, Arc<tree::File>)> = std::mem::replace(&mut bicep.trees, kept).into_iter().collect();
        let among = Among { references: &bicep.references, trees: &bicep.trees, documents: &documents };
        let (files, using) = (&input.files, &bicep.using);
        let part = |(file, tree): (FileId, Arc<tree::File>)| {
            let tree = &*tree;
            let template = || Arc::new(lower::template(files, file, tree, &among));
            let part = if is_parameters(files, file) {
                let document = Arc::new(lower::parameters(files, file, tree, &among));
                if is_base(tree) && !using.contains_key(&file) {
                    Part::Base(document)
                } else {
                    Part::Parameters(document)
                }
            } else if roots.contains(&file) {
                Part::Root(template())
            } else if is_library(tree) {
                Part::Library(template())
            } else {
                Part::Fragment(template())
            };
            (file, part)
        };
        let parts = trees.into_par_iter().map(part).collect();
        bicep.parts = parts;
        bicep
    }

    /// Whether there is any.
    pub(crate) fn is_there(&self) -> bool {
        !self.by_name.is_empty()
    }

    /// Gives back what templates are evaluated from, once they are.
    pub(crate) fn forget(&mut self) {
        self.parts.clear();
    }

    /// The trees that are still asked for when their own file is lowered.
    fn kept(&self, files: &Files) -> BTreeMap<FileId, Arc<tree::File>> {
        let others: BTreeSet<FileId> = self.edges(|kind| kind != ReferenceKind::Module).map(|(_, to)| to).collect();
        let is_kept = |file: FileId| others.contains(&file) || speaks(files, file);
        self.trees.iter().filter(|(file, _)| is_kept(**file)).map(|(file, tree)| (*file, Arc::clone(tree))).collect()
    }

    /// The references of some kinds that lead somewhere, from and to.
    fn edges(&self, kinds: impl Fn(ReferenceKind) -> bool) -> impl Iterator<Item = (FileId, FileId)> {
        let is_meant = move |referral: &Referral| kinds(referral.written.kind);
        self.references.all().filter_map(move |(from, referral)| {
            referral.to.as_ref().ok().copied().filter(|_| is_meant(referral)).map(|to| (from, to))
        })
    }

    /// The templates that are judged by themselves: those that no other file uses, and those with a parameter file. Of
    /// files that use each other in a circle the first.
    fn roots(&mut self, order: &[FileId], files: &Files) -> BTreeSet<FileId> {
        let mut children: BTreeMap<FileId, BTreeSet<FileId>> = BTreeMap::new();
        for (from, to) in self.edges(|kind| matches!(kind, ReferenceKind::Module | ReferenceKind::Import)) {
            if from != to && !is_parameters(files, from) {
                children.entry(from).or_default().insert(to);
            }
        }
        let templates: Vec<FileId> = order.iter().copied().filter(|file| !is_parameters(files, *file)).collect();
        let used: BTreeSet<FileId> = self.using.values().copied().collect();
        self.linked = judged_through(&templates, &children);
        self.linked.retain(|file, _| !used.contains(file));
        let is_root = |file: &FileId| {
            used.contains(file)
                || !self.linked.contains_key(file) && self.trees.get(file).is_some_and(|tree| !is_library(tree))
        };
        templates.into_iter().filter(is_root).collect()
    }

    /// What a file is for.
    pub(crate) fn part(&self, file: FileId) -> Option<&Part> {
        self.parts.get(&file)
    }

    /// The template that a parameter file says it is for.
    pub(crate) fn used_by(&self, parameters: FileId) -> Option<FileId> {
        self.using.get(&parameters).copied()
    }

    /// What is judged through another file, with what Bicep files say of each other. A template that a parameter file is
    /// for is judged by itself, too.
    pub(crate) fn completed(&self, mut linked: BTreeMap<FileId, FileId>) -> BTreeMap<FileId, FileId> {
        if !self.using.is_empty() {
            let used: BTreeSet<FileId> = self.using.values().copied().collect();
            linked.retain(|file, _| !used.contains(file));
        }
        for (file, root) in &self.linked {
            linked.entry(*file).or_insert(*root);
        }
        linked
    }

    /// The file that the path of a module leads to.
    pub(crate) fn find(&self, from: FileId, path: &str) -> Option<FileId> {
        self.references.find(from, path)
    }

    /// The template that a Bicep file stands for.
    pub(crate) fn document(&self, file: FileId) -> Option<Arc<Document>> {
        match self.parts.get(&file)? {
            Part::Root(document) | Part::Fragment(document) | Part::Library(document) => Some(Arc::clone(document)),
            Part::Parameters(_) | Part::Base(_) => None,
        }
    }

    /// Whether what lies at a place is told anyway: that a path leads to no file.
    pub(crate) fn is_told(&self, place: Span) -> bool {
        self.references.is_absent(place)
    }

    /// What a comment of a Bicep file speaks of, by its place; `None` when the file is none.
    pub(crate) fn following(&self, comment: Span) -> Option<Option<Span>> {
        self.trees.get(&comment.file).map(|tree| following(tree, comment.start, comment.end))
    }

    /// The source that a compiled template lies beside, when somebody asked for that.
    pub(crate) fn source_of(&self, name: &str, document: &Document) -> Option<&str> {
        let (source, _) = self.compiled_from(name, document)?;
        self.names.get(source).map(String::as_str)
    }

    /// The source that a compiled template lies beside: its name, and the file.
    pub(crate) fn compiled_from(&self, name: &str, document: &Document) -> Option<(&str, FileId)> {
        if self.by_name.is_empty() {
            return None;
        }
        let generator = document.root.get("metadata")?.get("_generator")?.get("name").and_then(Node::text)?;
        let known = |name: &String| self.by_name.get_key_value(name).map(|(name, file)| (name.as_str(), *file));
        (generator == "bicep").then(|| source_names(name).iter().find_map(known)).flatten()
    }

    /// For each template and parameter file all files that it is made of: a change in one concerns all.
    pub(crate) fn together(&self) -> Vec<BTreeSet<FileId>> {
        let mut children: BTreeMap<FileId, BTreeSet<FileId>> = BTreeMap::new();
        for (from, to) in self.edges(|_| true) {
            children.entry(from).or_default().insert(to);
        }
        let starts = self.parts.iter().filter(|(_, part)| matches!(part, Part::Root(_) | Part::Parameters(_)));
        let reached = |(start, _): (&FileId, &Part)| {
            let mut reached = BTreeSet::from([*start]);
            let mut open = vec![*start];
            while let Some(file) = open.pop() {
                open.extend(children.get(&file).into_iter().flatten().copied().filter(|to| reached.insert(*to)));
            }
            reached
        };
        starts.map(reached).collect()
    }

    /// What its files refer to.
    pub(crate) fn references(&self) -> &References {
        &self.references
    }

    /// Says which paths lead to no file, each once, and which versions of modules were read.
    pub(crate) fn tell(&self, report: &mut Report, files: &Files, pack: &Pack) {
        let mut absent: BTreeMap<(&str, String), Vec<Span>> = BTreeMap::new();
        for (from, referral) in self.references.all() {
            if let Some((kind, detail)) = complaint(referral) {
                // The same words mean another file in another folder.
                let place = if kind == NOT_RESTORED { "" } else { files.name(from) };
                let key = (kind, format!("{place}\0{detail}"));
                absent.entry(key).or_default().push(referral.written.span);
            }
        }
        let fault = |((kind, key), spans): (&(&'static str, String), &Vec<Span>)| Fault {
            kind,
            detail: key.split_once('\0').map_or(key.as_str(), |(_, detail)| detail).to_owned(),
            span: spans[0],
            via: None,
            related: None,
            resource: String::new(),
            instead: None,
            help: Some(match *kind {
                NOT_RESTORED => format!(
                    "run `bicep restore {}`, or map it under `bicep.modules` in the settings",
                    files.name(spans[0].file)
                ),
                _ => {
                    "a path starts at the folder of the file that it stands in, and stays in the repository".to_owned()
                }
            }),
        };
        let faults: Vec<Fault> = absent.iter().map(fault).collect();
        if !faults.is_empty() {
            let others: BTreeMap<Span, &[Span]> = absent.values().map(|spans| (spans[0], &spans[1..])).collect();
            let mut findings = judge::patterns(&pack.rules, &Estate { faults, ..Estate::default() });
            for finding in &mut findings {
                let others = others.get(&finding.at.span).copied().unwrap_or_default();
                let label = |span: &Span| Label { span: *span, message: "here, too".to_owned() };
                finding.related.extend(others.iter().map(label));
            }
            report.findings.extend(findings);
        }
        report.remarks.extend(self.references.mapped.iter().map(mapped));
        for (cache, modules) in &self.references.cached {
            report.data.push(("registry modules".to_owned(), format!("{} from {cache}", modules.len())));
        }
    }
}

/// The kind of fault of a module of a registry that is not there.
const NOT_RESTORED: &str = "module-not-restored";

/// What to say of a path that leads to no file.
fn complaint(referral: &Referral) -> Option<(&'static str, String)> {
    let Referral { written, to } = referral;
    let path = &written.path;
    match to {
        Ok(_) | Err(Absent::Folder) => None,
        Err(Absent::Registry) => {
            let what = if written.kind == ReferenceKind::Import { "what it exports" } else { "what it deploys" };
            Some((NOT_RESTORED, format!("`{path}` was not restored here, so {what} is not known")))
        }
        Err(Absent::Because(why)) => {
            let (what, done) = match written.kind {
                ReferenceKind::Module => ("module", "followed"),
                ReferenceKind::Import => ("import", "followed"),
                ReferenceKind::Using => ("template", "followed"),
                ReferenceKind::Extends => ("parameter file", "followed"),
                _ => ("file", "loaded"),
            };
            Some(("link-not-found", format!("the {what} `{path}` is not {done}: {why}")))
        }
    }
}

/// Which version of a module was read in place of the one asked for.
fn mapped(module: &Mapped) -> String {
    let Mapped { path, asked, name, version } = module;
    match version {
        Some(version) => format!("`{path}` asks for {asked}; {name} was read, which holds {version}"),
        None => format!("`{path}` asks for {asked}; {name} was read, which does not say its version"),
    }
}

/// Whether a file says something to the program: allows a finding, or tries to.
pub(crate) fn speaks(files: &Files, file: FileId) -> bool {
    memchr::memmem::find(files.text(file).as_bytes(), b"aznetlint").is_some()
}

/// Takes the trees out of the entries, which keep the mistakes in them.
fn take_trees(entries: &mut [Entry]) -> BTreeMap<FileId, Arc<tree::File>> {
    let take = |entry: &mut Entry| match (&mut entry.content, entry.file) {
        (Content::Bicep(tree), Some(file)) => {
            let rest = tree::File { errors: tree.errors.clone(), ..tree::File::empty(tree.span) };
            Some((file, std::mem::replace(tree, Arc::new(rest))))
        }
        _ => None,
    };
    entries.iter_mut().filter_map(take).collect()
}

fn is_parameters(files: &Files, file: FileId) -> bool {
    is_bicep_parameters(Path::new(files.name(file)))
}

/// Whether a parameter file says that it is there to be extended.
fn is_base(tree: &tree::File) -> bool {
    tree.declarations.iter().any(|declaration| matches!(declaration.kind, DeclarationKind::Using(None)))
}

/// Whether nothing in a file is deployed, and something in it can be imported.
fn is_library(tree: &tree::File) -> bool {
    let is_said_of_file =
        |kind: &DeclarationKind| matches!(kind, DeclarationKind::Metadata(..) | DeclarationKind::TargetScope(_));
    let is_plain = |kind: &DeclarationKind| {
        matches!(
            kind,
            DeclarationKind::Type(..)
                | DeclarationKind::Function { .. }
                | DeclarationKind::Variable { .. }
                | DeclarationKind::Import { .. }
                | DeclarationKind::Metadata(..)
                | DeclarationKind::TargetScope(_)
        )
    };
    tree.broken.is_empty()
        && tree.errors.is_empty()
        && tree.declarations.iter().any(|declaration| !is_said_of_file(&declaration.kind))
        && tree.declarations.iter().all(|declaration| is_plain(&declaration.kind))
}

/// The files of a run, as lowering asks for them.
struct Among<'a> {
    references: &'a References,
    trees: &'a BTreeMap<FileId, Arc<tree::File>>,
    documents: &'a BTreeMap<FileId, Arc<Document>>,
}

impl Sources for Among<'_> {
    fn find(&self, from: FileId, path: &str) -> Option<FileId> {
        self.references.find(from, path)
    }

    fn tree(&self, file: FileId) -> Option<&tree::File> {
        self.trees.get(&file).map(|tree| &**tree)
    }

    fn document(&self, file: FileId) -> Option<Arc<Document>> {
        self.documents.get(&file).cloned()
    }
}
