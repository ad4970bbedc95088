//! The templates of a run: which parameter files belong to which, what links to what, and the resources they deploy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::arm::{self, Expansion, Inputs, LinkPath, Links, Trouble, TroubleKind, Wanted};
use crate::estate;
use crate::json::{Document, Node};
use crate::lint::bicep::Bicep;
use crate::lint::reach::judged_through;
use crate::lint::settings::TemplateOptions;
use crate::source::{FileId, Files};

/// More parameter sets than this are not evaluated one by one.
const MAX_SETS: usize = 24;

/// A document of the run that is a template or a parameter file.
#[derive(Clone)]
pub(crate) struct TemplateFile {
    pub(crate) file: FileId,
    /// The name shown to users.
    pub(crate) name: String,
    pub(crate) document: Arc<Document>,
    /// What the file of a template gives its parameters, beside the template: the body of a deployment does.
    arguments: Option<Arc<TemplateFile>>,
}

impl TemplateFile {
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
pub(crate) struct TemplateFiles<'a> {
    /// Templates to evaluate.
    pub(crate) templates: &'a [TemplateFile],
    /// Templates that are there to be linked to only.
    pub(crate) fragments: &'a [TemplateFile],
    /// Parameter files.
    pub(crate) parameters: &'a [TemplateFile],
    /// What is known of those that are Bicep.
    pub(crate) bicep: &'a Bicep,
}

/// Parameters given one by one, as values.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// For every template.
    pub(crate) all: Vec<(String, Node)>,
    /// Of each of the choices.
    pub(crate) choices: Vec<Vec<(String, Node)>>,
}

impl Given {
    /// The values for one template. Of several for one name the last counts.
    fn of(&self, template: &TemplateFile, options: &TemplateOptions) -> Vec<(String, Node)> {
        let own = options.choices_for(&template.name).into_iter().filter_map(|(at, _)| self.choices.get(at));
        own.flatten().chain(&self.all).cloned().collect()
    }
}

/// The resources of all templates under one choice of parameter files.
pub(crate) struct Round {
    /// What tells this choice from the others: `dev` of `main.parameters.dev.json`; empty for the plain one.
    pub(crate) label: String,
    /// Every template that no other one links to, its parameter file, and its expansion.
    pub(crate) expansions: Vec<(FileId, Option<FileId>, Arc<Expansion>)>,
}

impl Round {
    /// The files that the resources of each template are written in, those it links to and its parameters among them: the
    /// file, the template.
    pub(crate) fn files(&self) -> impl Iterator<Item = (FileId, FileId)> {
        self.expansions.iter().flat_map(|(template, parameters, expansion)| {
            let written = expansion.resources.iter().map(|resource| resource.node.span.file);
            let files = written.chain(*parameters).chain(expansion.linked.iter().copied()).chain([*template]);
            files.map(|file| (file, *template))
        })
    }
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
    /// Files of Bicep of which a change in one concerns all.
    pub(crate) together: Vec<BTreeSet<FileId>>,
}

/// The templates and parameter files of a run by their paths, to find what links to what.
struct LinkIndex<'a> {
    by_path: BTreeMap<String, &'a TemplateFile>,
    /// The same by the name of the file alone, in the order of their paths.
    by_name: BTreeMap<String, Vec<(String, &'a TemplateFile)>>,
    paths: BTreeMap<FileId, String>,
    /// By their ids, where there is Bicep.
    by_id: BTreeMap<FileId, &'a TemplateFile>,
    bicep: &'a Bicep,
}

impl<'a> LinkIndex<'a> {
    fn new(files: impl Iterator<Item = &'a TemplateFile> + Clone, bicep: &'a Bicep) -> Self {
        let by_id = files.clone().filter(|_| bicep.is_there()).map(|file| (file.file, file)).collect();
        let paths = files.clone().map(|file| (file.file, plain(&file.name))).collect();
        let by_path: BTreeMap<String, &TemplateFile> = files.map(|file| (plain(&file.name), file)).collect();
        let mut by_name: BTreeMap<String, Vec<(String, &TemplateFile)>> = BTreeMap::new();
        for (path, file) in &by_path {
            by_name.entry(file_name(path).to_owned()).or_default().push((path.clone(), file));
        }
        Self { by_path, by_name, paths, by_id, bicep }
    }

    /// The folder of a file; empty for one that is not among them.
    fn folder_of(&self, file: FileId) -> &str {
        self.paths.get(&file).map(|path| folder(path)).unwrap_or_default()
    }

    /// The file with the longest end of a path that some file of the run has; of several the one nearest to the link.
    fn ending(&self, from: FileId, tail: &str) -> Option<&'a TemplateFile> {
        let tail: Vec<&str> = tail.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let own = self.folder_of(from);
        let named = self.by_name.get(*tail.last()?)?;
        for start in 0..tail.len() {
            let end = tail[start..].join("/");
            let mut matching: Vec<&(String, &TemplateFile)> = named
                .iter()
                .filter(|(path, file)| {
                    file.file != from
                        && path.strip_suffix(&*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                        && (tail.len() == 1
                            || tail[start..].iter().any(|part| is_telling(part))
                                && (start + 1 < tail.len() || is_within(own, path)))
                })
                .collect();
            matching.sort_by_key(|(path, _)| std::cmp::Reverse(shared(own, path)));
            let best = matching.first().map(|(path, _)| shared(own, path));
            if matching.get(1).is_none_or(|(path, _)| Some(shared(own, path)) != best)
                && let Some((_, file)) = matching.first()
            {
                return Some(file);
            }
        }
        None
    }
}

impl Links for LinkIndex<'_> {
    fn find(&self, from: FileId, path: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        let beside = |path: &str| joined(self.folder_of(from), path).and_then(|path| self.by_path.get(&path).copied());
        let found = match path {
            LinkPath::Relative(path) => beside(path),
            LinkPath::Url(url) => self.ending(from, url.split_once("://").map_or(url.as_str(), |(_, rest)| rest)),
            LinkPath::Tail(tail) => beside(tail).or_else(|| self.ending(from, tail)),
            LinkPath::Module(path) => self.bicep.find(from, path).and_then(|file| self.by_id.get(&file).copied()),
        };
        found.map(|file| (file.file, Arc::clone(&file.document)))
    }

    fn document(&self, file: FileId) -> Option<Arc<Document>> {
        let template = || self.by_id.get(&file).map(|file| Arc::clone(&file.document));
        self.bicep.document(file).or_else(template)
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

/// An expansion to come: a template, by its place in the list, and its parameter file.
type Job<'a> = (usize, Option<&'a TemplateFile>);

/// What has to be expanded: one job for each template and parameter file, shared by the rounds that ask for the same.
struct Plan<'a> {
    jobs: Vec<Job<'a>>,
    /// What tells a round from the others, and its jobs by their place.
    rounds: Vec<(String, Vec<usize>)>,
    /// How many parameter sets were left out.
    left_out: usize,
}

impl<'a> Plan<'a> {
    fn new(sets: &[Vec<(String, Option<&'a TemplateFile>)>]) -> Self {
        let mut labels: BTreeSet<&str> = BTreeSet::new();
        labels.extend(sets.iter().filter(|sets| sets.len() > 1).flatten().map(|(label, _)| label.as_str()));
        if labels.is_empty() {
            labels.insert("");
        }
        let left_out = labels.len().saturating_sub(MAX_SETS);
        let mut plan = Self { jobs: Vec::new(), rounds: Vec::new(), left_out };
        let mut known: BTreeMap<(usize, Option<FileId>), usize> = BTreeMap::new();
        for label in labels.into_iter().take(MAX_SETS) {
            let mut of_round = Vec::new();
            for (at, sets) in sets.iter().enumerate() {
                let chosen = sets.iter().find(|(own, _)| own == label).or_else(|| sets.first());
                let parameters = chosen.and_then(|(_, file)| *file);
                let job = *known.entry((at, parameters.map(|file| file.file))).or_insert_with(|| {
                    plan.jobs.push((at, parameters));
                    plan.jobs.len() - 1
                });
                of_round.push(job);
            }
            plan.rounds.push((label.to_owned(), of_round));
        }
        plan
    }
}

/// Evaluates every template of the run under every choice of parameter files.
pub(crate) fn expand_all(
    files: &Files,
    run: &TemplateFiles<'_>,
    options: &TemplateOptions,
    given: &Given,
    wanted: Wanted<'_>,
) -> Templates {
    let TemplateFiles { templates, fragments: others, parameters, bicep } = *run;
    let links = LinkIndex::new(templates.iter().chain(others).chain(parameters), bicep);
    let beside = Beside::new(run, options);
    let sets: Vec<_> = templates.iter().map(|template| beside.sets_of(template, options)).collect();
    let given: Vec<_> = templates.iter().map(|template| given.of(template, options)).collect();
    let Plan { jobs, rounds, left_out } = Plan::new(&sets);
    let users = users(&jobs);
    let asked: Vec<_> = jobs
        .iter()
        .map(|(at, parameters)| {
            let inputs = Inputs {
                files,
                parameters: parameters.map(|file| &*file.document),
                set: &given[*at],
                assumptions: &options.assumptions,
                wanted,
                links: Some(&links),
            };
            (templates[*at].file, &*templates[*at].document, inputs)
        })
        .collect();
    let mut expansions = arm::expand_each(&asked);
    for ((at, parameters), expansion) in jobs.iter().zip(&mut expansions) {
        expansion.troubles.retain(|trouble| trouble.kind != TroubleKind::Link || !bicep.is_told(trouble.span));
        expansion.troubles.extend(parameters.map(|file| unread(file, *at, &users, templates)).unwrap_or_default());
    }
    let expansions: Vec<Arc<Expansion>> = expansions.into_iter().map(Arc::new).collect();

    let of_template = |&(at, parameters): &Job<'_>| Some((parameters?.file, templates[at].file));
    let used = jobs.iter().filter_map(of_template).filter(|(parameters, template)| parameters != template).collect();
    let linked = bicep.completed(fragments(templates, &jobs, &expansions));
    let rounds = rounds.into_iter().map(|(label, of_round)| Round {
        label,
        expansions: of_round
            .into_iter()
            .map(|job| {
                let (template, parameters) = jobs[job];
                (templates[template].file, parameters.map(|file| file.file), Arc::clone(&expansions[job]))
            })
            .filter(|(file, ..)| !linked.contains_key(file))
            .collect(),
    });
    Templates { rounds: rounds.collect(), linked, used, left_out, together: bicep.together() }
}

/// The templates that each parameter file is used for, by their places in the list.
fn users(jobs: &[Job<'_>]) -> BTreeMap<FileId, Vec<usize>> {
    let mut users: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for (at, parameters) in jobs {
        if let Some(parameters) = parameters {
            users.entry(parameters.file).or_default().push(*at);
        }
    }
    users
}

/// What a parameter file says to none of the templates it is used for; said with the first of them.
fn unread(
    file: &TemplateFile,
    at: usize,
    users: &BTreeMap<FileId, Vec<usize>>,
    templates: &[TemplateFile],
) -> Vec<Trouble> {
    let users = users.get(&file.file).map_or(&[][..], Vec::as_slice);
    if users.first() != Some(&at) {
        return Vec::new();
    }
    let users: Vec<&Document> = users.iter().map(|at| &*templates[*at].document).collect();
    arm::strays(&file.document, &users)
}

/// The templates that another one deploys: they are judged through it. Of templates that link in a circle the first is
/// kept.
fn fragments(templates: &[TemplateFile], jobs: &[Job<'_>], expansions: &[Arc<Expansion>]) -> BTreeMap<FileId, FileId> {
    let mut children: BTreeMap<FileId, BTreeSet<FileId>> = BTreeMap::new();
    for ((at, _), expansion) in jobs.iter().zip(expansions) {
        let file = templates[*at].file;
        let links = expansion.linked.iter().copied().filter(|linked| *linked != file);
        children.entry(file).or_default().extend(links);
    }
    let order: Vec<FileId> = templates.iter().map(|template| template.file).collect();
    judged_through(&order, &children)
}

/// What lies in the folders of a run: the parameter files for each template are looked for beside it.
struct Beside<'a> {
    all: &'a [TemplateFile],
    /// Their names as those of choices are compared, in the order of the files; empty when no choice names any.
    names: Vec<String>,
    parameters: HashMap<&'a str, Vec<&'a TemplateFile>>,
    /// How many templates each folder holds.
    templates: HashMap<&'a str, usize>,
    bicep: &'a Bicep,
}

impl<'a> Beside<'a> {
    fn new(run: &TemplateFiles<'a>, options: &TemplateOptions) -> Self {
        let mut parameters: HashMap<&str, Vec<&TemplateFile>> = HashMap::new();
        for file in run.parameters {
            parameters.entry(folder(&file.name)).or_default().push(file);
        }
        let mut templates: HashMap<&str, usize> = HashMap::new();
        for template in run.templates {
            *templates.entry(folder(&template.name)).or_default() += 1;
        }
        let chosen = options.files().next().is_some();
        let names = run.parameters.iter().filter(|_| chosen).map(|file| plain(&file.name)).collect();
        Self { all: run.parameters, names, parameters, templates, bicep: run.bicep }
    }

    /// The parameter files of a template, each with what tells it from the others.
    fn sets_of(
        &self,
        template: &'a TemplateFile,
        options: &TemplateOptions,
    ) -> Vec<(String, Option<&'a TemplateFile>)> {
        let of_choice = options.choices_for(&template.name).into_iter().rev();
        let of_choice = of_choice.map(|(_, choice)| &choice.parameters).find(|files| !files.is_empty());
        if let Some(chosen) = Some(&options.parameters).filter(|files| !files.is_empty()).or(of_choice) {
            let sets = self.chosen(chosen, template.file);
            if !sets.is_empty() || !self.bicep.is_there() {
                return sets;
            }
        }
        if let Some(arguments) = &template.arguments {
            return vec![(String::new(), Some(arguments))];
        }
        let stem = file_name(&template.name);
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        // Parameters for a source are those of what it was compiled into.
        let source = self.bicep.compiled_from(&template.name, &template.document).map(|(_, source)| source);
        let mut sets = self.using(source.unwrap_or(template.file), stem);
        if sets.is_empty() {
            sets = self.beside(template, stem);
        }
        if sets.is_empty() {
            sets.push((String::new(), None));
        }
        sets.sort_by(|(one, _), (other, _)| one.cmp(other));
        sets
    }

    /// The parameter files in Bicep that say that they are for a template.
    fn using(&self, template: FileId, stem: &str) -> Vec<(String, Option<&'a TemplateFile>)> {
        let own = self.all.iter().filter(|file| self.bicep.used_by(file.file) == Some(template));
        let mut sets: Vec<(String, Option<&TemplateFile>)> =
            own.map(|file| (choice_of(stem, file_name(&file.name)), Some(file))).collect();
        let labels: Vec<String> = sets.iter().map(|(label, _)| label.clone()).collect();
        for (label, file) in &mut sets {
            // Files of one name in several folders are told apart by their paths.
            if let (true, Some(file)) = (labels.iter().filter(|other| *other == label).count() > 1, file) {
                *label = file.name.clone();
            }
        }
        sets
    }

    /// The parameter files that belong to a template by their names.
    fn beside(&self, template: &TemplateFile, stem: &str) -> Vec<(String, Option<&'a TemplateFile>)> {
        let own = folder(&template.name);
        let beside = self.parameters.get(own).map_or(&[][..], Vec::as_slice);
        let named = |stem: &str| -> Vec<(String, Option<&'a TemplateFile>)> {
            let labelled = beside.iter().filter_map(|file| Some((label_of(stem, file_name(&file.name))?, Some(*file))));
            labelled.collect()
        };
        let mut sets = named(stem);
        if sets.is_empty() && template.name.ends_with("main.bicep") && stem == "main" {
            sets = named("azuredeploy");
        }
        if sets.is_empty() {
            // The portal exports `template.json` and `parameters.json`.
            let alone = self.templates.get(own) == Some(&1);
            let plain = beside.iter().find(|file| file_name(&file.name).eq_ignore_ascii_case("parameters.json"));
            if let Some(file) = plain.filter(|_| alone || stem.eq_ignore_ascii_case("template")) {
                sets.push((String::new(), Some(file)));
            }
        }
        sets
    }

    /// The files that a choice names. One in Bicep is only for the template that it says.
    fn chosen(&self, chosen: &[PathBuf], template: FileId) -> Vec<(String, Option<&'a TemplateFile>)> {
        let wanted: BTreeSet<String> = chosen.iter().map(|path| plain(&shown_path(path))).collect();
        let is_for = |file: &TemplateFile| self.bicep.used_by(file.file).is_none_or(|used| used == template);
        let given = self.all.iter().zip(&self.names).filter(|(file, name)| wanted.contains(*name) && is_for(file));
        let mut sets: Vec<(String, Option<&TemplateFile>)> =
            given.map(|(file, _)| (file_name(&file.name).to_owned(), Some(file))).collect();
        if let [(label, _)] = sets.as_mut_slice() {
            label.clear();
        }
        sets
    }
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

/// `dev` for `main.dev.bicepparam` and `dev.bicepparam` of `main.bicep`; empty for `main.bicepparam`.
fn choice_of(stem: &str, name: &str) -> String {
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
    let rest = name.get(..stem.len()).filter(|head| head.eq_ignore_ascii_case(stem)).map(|_| &name[stem.len()..]);
    match rest {
        Some("") => String::new(),
        Some(rest) if rest.starts_with(['.', '-', '_']) => rest[1..].to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{choice_of, joined, label_of};

    #[test]
    fn a_choice_is_what_the_name_adds_to_that_of_the_template() {
        let names =
            ["main.bicepparam", "main.dev.bicepparam", "Main-prod.bicepparam", "test.bicepparam", "mainly.bicepparam"];
        assert_eq!(names.map(|name| choice_of("main", name)), ["", "dev", "prod", "test", "mainly"]);
    }

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
