//! The templates of a run: which parameter files belong to which, what links to what, and the resources they deploy.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::arm::{self, Assumptions, Expansion, Inputs, LinkPath, Links, Trouble, Wanted};
use crate::estate;
use crate::input::Globs;
use crate::json::{Document, Node};
use crate::source::{FileId, Files};

/// More parameter sets than this are not evaluated one by one.
const MAX_SETS: usize = 24;

/// A document of the run that is a template or a parameter file.
#[derive(Clone)]
pub(crate) struct Sheet {
    pub(crate) file: FileId,
    /// The name shown to users.
    pub(crate) name: String,
    pub(crate) document: Arc<Document>,
    /// What the file of a template gives its parameters, beside the template: the body of a deployment does.
    arguments: Option<Arc<Sheet>>,
}

impl Sheet {
    /// A document as it is.
    pub(crate) fn new(file: FileId, name: &str, document: Arc<Document>) -> Self {
        Self { file, name: name.to_owned(), document, arguments: None }
    }

    /// The template that a document is or holds.
    pub(crate) fn of_template(file: FileId, name: &str, document: &Document) -> Option<Self> {
        let found = estate::template_in(&document.root)?;
        let part = |root: Node| {
            let (comments, duplicates) = (document.comments.clone(), document.duplicates.clone());
            Arc::new(Document { root, comments, duplicates })
        };
        let arguments = found.arguments.map(|root| Arc::new(Self::new(file, name, part(root))));
        Some(Self { arguments, ..Self::new(file, name, part(found.template)) })
    }
}

/// The templates and parameter files of a run.
#[derive(Clone, Copy)]
pub(crate) struct Sheets<'a> {
    /// Templates to evaluate.
    pub(crate) templates: &'a [Sheet],
    /// Templates that are there to be linked to only.
    pub(crate) fragments: &'a [Sheet],
    /// Parameter files.
    pub(crate) parameters: &'a [Sheet],
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
    fn choices_for(&self, template: &str) -> Vec<(usize, &TemplateChoice)> {
        let covers = |choice: &TemplateChoice| choice.templates.as_ref().is_none_or(|globs| globs.cover(template));
        self.choices.iter().enumerate().filter(|(_, choice)| covers(choice)).collect()
    }
}

/// Parameters given one by one, as values.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// For every template.
    pub(crate) all: Vec<(String, Node)>,
    /// Of each of the choices.
    pub(crate) choices: Vec<Vec<(String, Node)>>,
}

/// The resources of all templates under one choice of parameter files.
pub(crate) struct Round {
    /// What tells this choice from the others: `dev` of `main.parameters.dev.json`; empty for the plain one.
    pub(crate) label: String,
    /// Every template that no other one links to, its parameter file, and its expansion.
    pub(crate) expansions: Vec<(FileId, Option<FileId>, Arc<Expansion>)>,
}

/// What came of the templates of a run.
pub(crate) struct Templates {
    pub(crate) rounds: Vec<Round>,
    /// Fragments that were judged through a parent: the fragment, the parent.
    pub(crate) linked: BTreeMap<FileId, FileId>,
    /// Parameter files and the templates they were used for.
    pub(crate) used: BTreeMap<FileId, FileId>,
    /// How many parameter sets were left out.
    pub(crate) left_out: usize,
}

/// Finds the links of the run among its files, by path.
struct Shelf<'a> {
    by_name: BTreeMap<String, &'a Sheet>,
    names: BTreeMap<FileId, String>,
}

impl Shelf<'_> {
    fn ending(&self, from: FileId, tail: &str) -> Option<(FileId, Arc<Document>)> {
        let tail: Vec<&str> = tail.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let own = self.names.get(&from).map(|name| folder(name)).unwrap_or_default();
        // The longest end of the path that some file of the run has; of several files the one nearest to the link.
        for start in 0..tail.len() {
            let end = tail[start..].join("/");
            let mut matching: Vec<(&String, &&Sheet)> = self
                .by_name
                .iter()
                .filter(|(name, sheet)| {
                    sheet.file != from
                        && (**name == end || name.ends_with(&format!("/{end}")))
                        && (tail.len() == 1
                            || tail[start..].iter().any(|part| is_telling(part))
                                && (start + 1 < tail.len() || is_within(own, name)))
                })
                .collect();
            matching.sort_by_key(|(name, _)| std::cmp::Reverse(shared(own, name)));
            let best = matching.first().map(|(name, _)| shared(own, name));
            if matching.get(1).is_none_or(|(name, _)| Some(shared(own, name)) != best)
                && let Some((_, sheet)) = matching.first()
            {
                return Some((sheet.file, Arc::clone(&sheet.document)));
            }
        }
        None
    }
}

impl Links for Shelf<'_> {
    fn find(&self, from: FileId, path: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        let own = self.names.get(&from).map(|name| folder(name)).unwrap_or_default();
        match path {
            LinkPath::Relative(path) => {
                let sheet = self.by_name.get(&joined(own, path)?)?;
                Some((sheet.file, Arc::clone(&sheet.document)))
            }
            LinkPath::Url(url) => {
                let tail = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                self.ending(from, tail)
            }
            LinkPath::Tail(tail) => {
                let beside = joined(own, tail).and_then(|name| self.by_name.get(&name));
                match beside {
                    Some(sheet) => Some((sheet.file, Arc::clone(&sheet.document))),
                    None => self.ending(from, tail),
                }
            }
        }
    }
}

fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as names are shown: with `/` between its parts.
fn shown_path(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Whether a part of a path tells one template from another: not a name that half of all templates have, nor a version.
fn is_telling(part: &str) -> bool {
    const COMMON: [&str; 5] = ["azuredeploy.json", "maintemplate.json", "main.json", "template.json", "deploy.json"];
    let is_version = part.trim_start_matches(['v', 'V']).chars().all(|ch| ch.is_ascii_digit() || ch == '.');
    !is_version && !COMMON.iter().any(|common| common.eq_ignore_ascii_case(part))
}

/// Whether a file stands in a folder or below it.
fn is_within(folder: &str, name: &str) -> bool {
    folder.is_empty() || name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// How many leading folders two paths share.
fn shared(folder: &str, name: &str) -> usize {
    folder.split('/').zip(name.split('/')).take_while(|(one, other)| one == other).count()
}

/// A relative path from a folder; `None` when it leaves the paths of the run.
fn joined(folder: &str, path: &str) -> Option<String> {
    let absolute = folder.starts_with('/');
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    let path = parts.join("/");
    Some(if absolute { format!("/{path}") } else { path })
}

/// A name as links are compared: without `.` parts.
fn plain(name: &str) -> String {
    joined("", name)
        .map_or_else(|| name.to_owned(), |path| if name.starts_with('/') { format!("/{path}") } else { path })
}

/// Evaluates every template of the run under every choice of parameter files.
pub(crate) fn expand_all(
    files: &Files,
    sheets: &Sheets<'_>,
    options: &TemplateOptions,
    given: &Given,
    wanted: Wanted<'_>,
) -> Templates {
    let Sheets { templates, fragments: others, parameters } = *sheets;
    let sheets = templates.iter().chain(others).chain(parameters);
    let shelf = Shelf {
        by_name: sheets.clone().map(|sheet| (plain(&sheet.name), sheet)).collect(),
        names: sheets.map(|sheet| (sheet.file, plain(&sheet.name))).collect(),
    };
    let sets: Vec<Vec<(String, Option<&Sheet>)>> =
        templates.iter().map(|template| sets_of(template, templates, parameters, options)).collect();
    // Of several values for one name the last counts.
    let given: Vec<Vec<(String, Node)>> = templates
        .iter()
        .map(|template| {
            let own = options.choices_for(&template.name).into_iter().filter_map(|(at, _)| given.choices.get(at));
            own.flatten().chain(&given.all).cloned().collect()
        })
        .collect();
    let mut labels: BTreeSet<&str> = BTreeSet::new();
    labels.extend(sets.iter().filter(|sets| sets.len() > 1).flatten().map(|(label, _)| label.as_str()));
    if labels.is_empty() {
        labels.insert("");
    }
    let left_out = labels.len().saturating_sub(MAX_SETS);
    let labels: Vec<&str> = labels.into_iter().take(MAX_SETS).collect();

    // One expansion for each template and parameter file, shared by the rounds that ask for the same.
    let mut jobs: Vec<(usize, Option<&Sheet>)> = Vec::new();
    let mut rounds: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<(usize, Option<FileId>), usize> = BTreeMap::new();
    for label in labels {
        let mut of_round = Vec::new();
        for (at, sets) in sets.iter().enumerate() {
            let chosen = sets.iter().find(|(own, _)| own == label).or_else(|| sets.first());
            let sheet = chosen.and_then(|(_, sheet)| *sheet);
            let job = *known.entry((at, sheet.map(|sheet| sheet.file))).or_insert_with(|| {
                jobs.push((at, sheet));
                jobs.len() - 1
            });
            of_round.push(job);
        }
        rounds.push((label, of_round));
    }
    let expansions: Vec<Arc<Expansion>> = jobs
        .par_iter()
        .map(|(at, sheet)| {
            let inputs = Inputs {
                files,
                parameters: sheet.map(|sheet| &*sheet.document),
                set: &given[*at],
                assumptions: &options.assumptions,
                wanted,
                links: Some(&shelf),
            };
            let template = &templates[*at];
            let mut expansion = arm::expand(template.file, &template.document, &inputs);
            expansion.troubles.extend(sheet.map(|sheet| unread(sheet, *at, &jobs, templates)).unwrap_or_default());
            Arc::new(expansion)
        })
        .collect();

    let of_template = |&(at, sheet): &(usize, Option<&Sheet>)| Some((sheet?.file, templates[at].file));
    let used = jobs.iter().filter_map(of_template).filter(|(sheet, template)| sheet != template).collect();
    let linked = fragments(templates, &jobs, &expansions);
    let rounds = rounds.into_iter().map(|(label, of_round)| Round {
        label: label.to_owned(),
        expansions: of_round
            .into_iter()
            .map(|job| {
                let (template, parameters) = jobs[job];
                (templates[template].file, parameters.map(|sheet| sheet.file), Arc::clone(&expansions[job]))
            })
            .filter(|(file, ..)| !linked.contains_key(file))
            .collect(),
    });
    Templates { rounds: rounds.collect(), linked, used, left_out }
}

/// What a parameter file says to none of the templates it is used for; said with the first of them.
fn unread(sheet: &Sheet, at: usize, jobs: &[(usize, Option<&Sheet>)], templates: &[Sheet]) -> Vec<Trouble> {
    let is_same = |other: &&Sheet| other.file == sheet.file;
    let users: Vec<usize> =
        jobs.iter().filter(|(_, other)| other.as_ref().is_some_and(is_same)).map(|(at, _)| *at).collect();
    if users.first() != Some(&at) {
        return Vec::new();
    }
    let users: Vec<&Document> = users.iter().map(|at| &*templates[*at].document).collect();
    arm::strays(&sheet.document, &users)
}

/// The templates that another one deploys: they are judged through it. Of templates that link in a circle the first is
/// kept.
fn fragments(
    templates: &[Sheet],
    jobs: &[(usize, Option<&Sheet>)],
    expansions: &[Arc<Expansion>],
) -> BTreeMap<FileId, FileId> {
    let mut children: BTreeMap<FileId, BTreeSet<FileId>> = BTreeMap::new();
    for ((at, _), expansion) in jobs.iter().zip(expansions) {
        let file = templates[*at].file;
        let links = expansion.linked.iter().copied().filter(|linked| *linked != file);
        children.entry(file).or_default().extend(links);
    }
    let mut all: BTreeSet<FileId> = BTreeSet::new();
    all.extend(children.values().flatten());
    let mut linked = BTreeMap::new();
    let mut roots: Vec<FileId> =
        templates.iter().map(|template| template.file).filter(|file| !all.contains(file)).collect();
    let mut reached: BTreeSet<FileId> = BTreeSet::new();
    let rest: Vec<FileId> = templates.iter().map(|template| template.file).filter(|file| all.contains(file)).collect();
    let mut rest = rest.into_iter();
    loop {
        while let Some(root) = roots.pop() {
            let mut open = vec![root];
            reached.insert(root);
            while let Some(parent) = open.pop() {
                for child in children.get(&parent).into_iter().flatten() {
                    if reached.insert(*child) {
                        linked.insert(*child, root);
                        open.push(*child);
                    }
                }
            }
        }
        match rest.find(|file| !reached.contains(file)) {
            Some(file) => roots.push(file),
            None => return linked,
        }
    }
}

/// The parameter files of a template, each with what tells it from the others.
fn sets_of<'a>(
    template: &'a Sheet,
    templates: &[Sheet],
    parameters: &'a [Sheet],
    options: &TemplateOptions,
) -> Vec<(String, Option<&'a Sheet>)> {
    let of_choice = options.choices_for(&template.name).into_iter().rev();
    let of_choice = of_choice.map(|(_, choice)| &choice.parameters).find(|files| !files.is_empty());
    let chosen = Some(&options.parameters).filter(|files| !files.is_empty()).or(of_choice);
    if let Some(chosen) = chosen {
        let names: Vec<String> = chosen.iter().map(|path| plain(&shown_path(path))).collect();
        let given = parameters.iter().filter(|sheet| names.contains(&plain(&sheet.name)));
        let mut sets: Vec<(String, Option<&Sheet>)> =
            given.map(|sheet| (file_name(&sheet.name).to_owned(), Some(sheet))).collect();
        if let [(label, _)] = sets.as_mut_slice() {
            label.clear();
        }
        return sets;
    }
    if let Some(arguments) = &template.arguments {
        return vec![(String::new(), Some(arguments))];
    }
    let own = folder(&template.name);
    let stem = file_name(&template.name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let beside: Vec<&Sheet> = parameters.iter().filter(|sheet| folder(&sheet.name) == own).collect();
    let mut sets: Vec<(String, Option<&Sheet>)> = beside
        .iter()
        .filter_map(|sheet| label_of(stem, file_name(&sheet.name)).map(|label| (label, Some(*sheet))))
        .collect();
    if sets.is_empty() {
        // The portal exports `template.json` and `parameters.json`.
        let alone = templates.iter().filter(|other| folder(&other.name) == own).count() == 1;
        let plain = beside.iter().find(|sheet| file_name(&sheet.name).eq_ignore_ascii_case("parameters.json"));
        if let Some(sheet) = plain.filter(|_| alone || stem.eq_ignore_ascii_case("template")) {
            sets.push((String::new(), Some(sheet)));
        }
    }
    if sets.is_empty() {
        sets.push((String::new(), None));
    }
    sets.sort_by(|(one, _), (other, _)| one.cmp(other));
    sets
}

fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `dev` for `main.parameters.dev.json` or `main.dev.parameters.json` beside `main.json`; empty for
/// `main.parameters.json`; `None` when the file belongs to another template.
fn label_of(stem: &str, name: &str) -> Option<String> {
    let name = name.strip_suffix(".json").or_else(|| name.strip_suffix(".jsonc"))?;
    let head = name.get(..stem.len())?;
    if !head.eq_ignore_ascii_case(stem) {
        return None;
    }
    let mut parts: Vec<&str> = name[stem.len()..].strip_prefix(['.', '-', '_'])?.split(['.', '-', '_']).collect();
    let word = parts.iter().position(|part| ["parameters", "parameter", "params", "param"].contains(part))?;
    parts.remove(word);
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::{joined, label_of};

    #[test]
    fn a_parameter_file_belongs_to_the_template_whose_name_it_starts_with() {
        assert_eq!(label_of("main", "main.parameters.json").as_deref(), Some(""));
        assert_eq!(label_of("main", "main.parameters.prod.json").as_deref(), Some("prod"));
        assert_eq!(label_of("main", "main.prod.parameters.json").as_deref(), Some("prod"));
        assert_eq!(label_of("azuredeploy", "azuredeploy.parameters.us.json").as_deref(), Some("us"));
        assert_eq!(label_of("main", "mainframe.parameters.json"), None);
        assert_eq!(label_of("main", "main.json"), None);
    }

    #[test]
    fn a_relative_link_stays_among_the_files_of_the_run() {
        assert_eq!(joined("infra/modules", "../nsg.json").as_deref(), Some("infra/nsg.json"));
        assert_eq!(joined("infra", "./nested/nsg.json").as_deref(), Some("infra/nested/nsg.json"));
        assert_eq!(joined("", "../../etc/passwd"), None);
        assert_eq!(joined("/a", "b.json").as_deref(), Some("/a/b.json"));
    }
}
