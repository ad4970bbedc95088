//! One run: documents in, a report out.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::arm::{Expansion, TroubleKind, Wanted};
use crate::bicep;
use crate::date::Date;
use crate::estate::{self, Dependencies, Estate, Fault, Piece, Shape};
use crate::finding::{Finding, Outcome as FileOutcome, PlacementId, Remark, Report, RuleId};
use crate::input::{self, FileSet, Input, NoJson};
use crate::json::{self, Document, Node, Value};
use crate::judge::{self, Judged, Requests};
use crate::lint::bicep::{Bicep, speaks};
use crate::lint::mask::Secrets;
use crate::lint::narrow::{self, by_path, to_changed};
use crate::lint::rounds::shared as shared_placements;
use crate::lint::settings::{SetParameter, Settings, TemplateChoice, TemplateOptions};
use crate::lint::shorten::{Draft, once_for_a_place, shorten};
use crate::lint::sorted::{Broken, Claims, Sorted, refuse, skip_unasked, sort_entries, tell};
use crate::lint::template::{Given, Round, TemplateFile, TemplateFiles, Templates, expand_all};
use crate::lint::uses::at_uses;
use crate::manifest;
use crate::net::{Cloud, TagData};
use crate::rule::Pack;
use crate::source::{FileId, Files, Origin, Span};
use crate::spelling::nearest;
use crate::suppress::{self, Rules};
use crate::tagfile::{FaultKind, TagFile, TagFiles};
use crate::terraform::before;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The texts it read.
    pub files: Files,
    /// What it has to say.
    pub report: Report,
    /// Patterns of `--service NAME@PATTERN` that matched nothing, with the names there are.
    pub unmatched: Vec<(String, Vec<String>)>,
    /// Folders named by the user that hold no JSON file.
    pub empty: Vec<NoJson>,
    /// The rules there are and those that ran.
    pub rules: Rules,
    /// What was named and had no effect, a line for each.
    pub unused: Vec<String>,
    /// What all of this was made from: documents, resources. A process that ends may forget it, since giving it back
    /// piece by piece takes a tenth of a run.
    pub kept: Vec<Box<dyn Any + Send + Sync>>,
}

/// Lints files and folders; `-` among the paths reads `stdin`.
pub fn lint(paths: &[PathBuf], stdin: &mut dyn Read, pack: &Pack, settings: &Settings) -> Outcome {
    let mut outcome = lint_input(input::read(&all_read(paths, settings), &settings.input, stdin), pack, settings);
    refuse_and_tell(&mut outcome, paths, settings);
    outcome
}

/// Lints files and folders, and keeps the estates of all choices of parameter files.
pub fn lint_keeping(paths: &[PathBuf], stdin: &mut dyn Read, pack: &Pack, settings: &Settings) -> Kept {
    let read = input::read(&all_read(paths, settings), &settings.input, stdin);
    let mut kept = lint_prepared(prepare(read, pack, settings), pack, settings, true);
    refuse_and_tell(&mut kept.outcome, paths, settings);
    kept
}

/// Everything a run reads: what is linted, and what flags and settings name besides.
fn all_read(paths: &[PathBuf], settings: &Settings) -> Vec<PathBuf> {
    let all = paths.iter().chain(settings.templates.files()).chain(&settings.service_tags);
    all.chain(&settings.dependencies).chain(settings.admin_lists()).cloned().collect()
}

/// A run with its estates.
#[derive(Debug)]
pub struct Kept {
    /// What the run came to.
    pub outcome: Outcome,
    /// One estate for each choice of parameter files, with what tells the choices apart; empty for the only one.
    pub estates: Vec<(String, Estate)>,
    /// The service tags that were loaded.
    pub tags: TagFiles,
}

fn refuse_and_tell(outcome: &mut Outcome, paths: &[PathBuf], settings: &Settings) {
    refuse(&mut outcome.report, &settings.named(paths), settings.stdin_name(), settings.changed.as_ref());
    tell(&mut outcome.report, settings.changed.as_ref(), !settings.templates.parameters.is_empty());
}

/// The estates of a run, with what is needed to ask about them.
#[derive(Debug)]
pub struct Estates {
    /// The texts read.
    pub files: Files,
    /// One estate for each choice of parameter files, with what tells the choices apart; empty for the only one.
    pub estates: Vec<(String, Estate)>,
    /// The service tags that were loaded.
    pub tags: TagFiles,
    /// Paths that could not be read or parsed, with the reason and the place if there is one.
    pub broken: Vec<(String, String, Option<Span>)>,
    secrets: Secrets,
}

impl Estates {
    /// A text without the values of the input that must not be shown.
    #[must_use]
    pub fn covered(&self, text: String) -> String {
        self.secrets.covered(&text).unwrap_or(text)
    }
}

/// Reads the estates of files and folders, as [`lint`] would.
pub fn estates(paths: &[PathBuf], stdin: &mut dyn Read, pack: &Pack, settings: &Settings) -> Estates {
    let all = paths.iter().chain(settings.templates.files()).chain(&settings.service_tags);
    let all: Vec<PathBuf> = all.chain(settings.admin_lists()).cloned().collect();
    let prepared = prepare(input::read(&all, &settings.input, stdin), pack, settings);
    let Prepared { files, exports, tags, expanded, mut broken, mut report, secrets, .. } = prepared;
    note_templates(&mut report, &files, &expanded);
    let refused = refuse(&mut report, &settings.named(paths), settings.stdin_name(), None);
    broken.extend(refused.into_iter().map(|(name, why)| (name, why, None)));
    let data = tags.of(None).map(|file| &file.tags);
    let made = |round| {
        let mut estate = estate_of(&files, &exports, round, data);
        declare(&mut estate, &files, &settings.requests);
        estate
    };
    let estates = expanded.rounds.iter().map(|round| (round.label.clone(), made(round))).collect();
    Estates { files, estates, tags, broken, secrets }
}

/// What was read, its templates evaluated: everything that estates are made of.
struct Prepared {
    files: Files,
    exports: Vec<(FileId, Arc<Document>)>,
    dependencies: Vec<Dependencies>,
    tags: TagFiles,
    expanded: Templates,
    broken: Broken,
    /// Every document of a network, template or parameter file.
    documents: Vec<(FileId, Arc<Document>)>,
    /// The files and what is wrong with their text.
    report: Report,
    bicep: Bicep,
    secrets: Secrets,
    /// What exports say that they leave out.
    faults: Vec<Fault>,
}

fn prepare(mut input: Input, pack: &Pack, settings: &Settings) -> Prepared {
    let mut bicep = Bicep::of(&mut input);
    let Input { mut files, entries, .. } = input;
    let (sorted, broken, mut report) = sort_entries(entries, &files, &Claims::new(settings), &bicep);
    let Sorted { mut exports, templates, parameters, tags: found, fragments, dependencies, secrets, faults, .. } =
        sorted;
    files.hide(&secrets.places);
    if settings.before_plans {
        exports.iter_mut().for_each(|(_, document)| before_plan(document));
    }
    let mut tags = TagFiles::default();
    found.into_iter().for_each(|(file, named)| tags.add(file, named));
    let types = wanted_types(pack);
    skip_unasked(&mut report, &exports, &types);
    let wanted: Vec<&str> = types.iter().map(String::as_str).collect();
    let set = given(&mut files, &settings.templates);
    let run = TemplateFiles { templates: &templates, fragments: &fragments, parameters: &parameters, bicep: &bicep };
    let expanded = expand_all(&files, &run, &settings.templates, &set, Wanted::Types(&wanted));
    bicep.forget();
    // What a Bicep file stands for is as large as all that is read, and only two questions are left for it.
    let is_asked = |one: &TemplateFile| {
        !one.name.ends_with(".bicep") || !settings.templates.set.is_empty() || speaks(&files, one.file)
    };
    let all = templates.into_iter().chain(fragments).chain(parameters).filter(is_asked);
    let documents = exports.iter().cloned().chain(all.map(|one| (one.file, one.document))).collect();
    Prepared { files, exports, dependencies, tags, expanded, broken, documents, report, secrets, faults, bicep }
}

/// A plan of Terraform as the state that it starts from; other documents stay.
fn before_plan(document: &mut Arc<Document>) {
    if let Some(root) = before(&document.root) {
        *document = Arc::new(Document { root, comments: Vec::new(), duplicates: Vec::new() });
    }
}

/// The templates of a run, evaluated.
#[derive(Debug)]
pub struct Expanded {
    /// The texts read.
    pub files: Files,
    /// The expansions: of each template once for each of its parameter files.
    pub templates: Vec<ExpandedTemplate>,
    /// Paths that could not be read or parsed, with the reason and the place if there is one.
    pub broken: Vec<(String, String, Option<Span>)>,
}

/// One template under one choice of parameters.
#[derive(Debug)]
pub struct ExpandedTemplate {
    /// The template.
    pub file: FileId,
    /// The parameter file.
    pub parameters: Option<FileId>,
    /// What it deploys.
    pub expansion: Arc<Expansion>,
}

/// Evaluates the templates among files and folders, as [`lint`] would. `types` are the beginnings of the resource types
/// asked for, in lower case; none asks for all.
pub fn expand(paths: &[PathBuf], stdin: &mut dyn Read, settings: &Settings, types: &[String]) -> Expanded {
    let paths: Vec<PathBuf> = paths.iter().chain(settings.templates.files()).cloned().collect();
    let mut input = input::read(&paths, &settings.input, stdin);
    let bicep = Bicep::of(&mut input);
    let Input { mut files, entries, .. } = input;
    let (sorted, broken, _) = sort_entries(entries, &files, &Claims::new(settings), &bicep);
    let set = given(&mut files, &settings.templates);
    let wanted: Vec<&str> = types.iter().map(String::as_str).collect();
    let wanted = if wanted.is_empty() { Wanted::All } else { Wanted::Types(&wanted) };
    let Sorted { templates, fragments, parameters, .. } = &sorted;
    let run = TemplateFiles { templates, fragments, parameters, bicep: &bicep };
    let expanded = expand_all(&files, &run, &settings.templates, &set, wanted);
    let mut templates: Vec<ExpandedTemplate> = Vec::new();
    let mut known: BTreeSet<(FileId, Option<FileId>)> = BTreeSet::new();
    for (file, parameters, expansion) in expanded.rounds.into_iter().flat_map(|round| round.expansions) {
        if known.insert((file, parameters)) {
            templates.push(ExpandedTemplate { file, parameters, expansion });
        }
    }
    Expanded { files, templates, broken }
}

/// Lints texts as if they were files given by name.
pub fn lint_texts(texts: impl IntoIterator<Item = (String, String)>, pack: &Pack, settings: &Settings) -> Outcome {
    lint_input(input::texts(texts), pack, settings)
}

/// Lints texts as [`lint_texts`] does, and keeps the estates.
pub fn lint_texts_keeping(texts: impl IntoIterator<Item = (String, String)>, pack: &Pack, settings: &Settings) -> Kept {
    lint_prepared(prepare(input::texts(texts), pack, settings), pack, settings, true)
}

/// Lints what was read.
fn lint_input(input: Input, pack: &Pack, settings: &Settings) -> Outcome {
    let mut empty = input.empty.clone();
    let kept = lint_prepared(prepare(input, pack, settings), pack, settings, false);
    let mut outcome = kept.outcome;
    outcome.kept.push(Box::new(kept.estates));
    empty.retain(|folder| !outcome.report.files.iter().any(|file| folder.holds(&file.name)));
    Outcome { empty, ..outcome }
}

/// Judges what was prepared. `keep`: the estates of all choices of parameter files, not of the last one alone.
fn lint_prepared(prepared: Prepared, pack: &Pack, settings: &Settings, keep: bool) -> Kept {
    let Prepared {
        mut files,
        exports,
        dependencies,
        tags,
        expanded,
        documents,
        mut report,
        secrets,
        bicep,
        faults,
        ..
    } = prepared;
    note_templates(&mut report, &files, &expanded);
    let unused = unused_parameters(&documents, &settings.templates.set);

    let mut requests = settings.requests.clone();
    requests.facts_in.extend(settings.facts_in.iter().map(|(globs, facts)| {
        let covered = report.files.iter().filter(|file| globs.cover(&file.name)).filter_map(|file| file.file);
        (covered.collect(), facts.clone())
    }));
    let ask = Ask { pack, requests: &requests, exports: &exports, dependencies: &dependencies, tags: &tags };
    let (unmatched, estates) = ask.judge(&expanded.rounds, &files, &mut report, keep);
    tag_faults(&mut report, pack, &tags, settings.accepted.today);
    key_faults(&mut report, pack, &documents);
    report.findings.extend(judge::patterns(&pack.rules, &Estate { faults, ..Estate::default() }));
    bicep.tell(&mut report, &files, pack);
    at_uses(&mut report, bicep.references());
    shorten(&mut report);
    by_path(&mut report, &files, &settings.per_path);
    in_their_language(&mut report, &files);
    // Before what is kept for later runs is made, so that nothing of it gets there.
    secrets.hide(&mut report);
    let rules = narrow::rules(pack);
    narrow::allow(&mut report, &mut files, (&documents, &bicep), pack, &settings.accepted, &rules);
    sort(&mut report.findings, &files);
    suppress::number(&mut report.findings);
    narrow::baseline(&mut report, &files, &settings.accepted, &rules);
    // Last, so that what is allowed in vain and what was there before are known from the whole.
    if let Some(changed) = &settings.changed {
        to_changed(&mut report, &files, &expanded, changed);
    }
    report.data.extend(tags.state().map(|state| ("tags".to_owned(), state)));
    let kept: Vec<Box<dyn Any + Send + Sync>> =
        vec![Box::new(exports), Box::new(expanded), Box::new(documents), Box::new(bicep)];
    let outcome = Outcome { files, report, unmatched, empty: Vec::new(), rules, unused, kept };
    Kept { outcome, estates, tags }
}

/// Requests that match nothing, and the names there are.
type Unmatched = Vec<(String, Vec<String>)>;

/// What the rules are asked with, whatever the parameter files are.
struct Ask<'a> {
    pack: &'a Pack,
    requests: &'a Requests,
    exports: &'a [(FileId, Arc<Document>)],
    dependencies: &'a [Dependencies],
    tags: &'a TagFiles,
}

impl Ask<'_> {
    /// Judges every round, and adds what it says to the report. Answers with the requests that match nothing, and the
    /// names there are; and with the estates of all rounds where they are to be kept, else of the last one.
    fn judge(
        &self,
        rounds: &[Round],
        files: &Files,
        report: &mut Report,
        keep: bool,
    ) -> (Unmatched, Vec<(String, Estate)>) {
        let several = rounds.len() > 1;
        let mut unmatched: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut findings: BTreeMap<FindingKey, Draft> = BTreeMap::new();
        let mut estates: Vec<(String, Estate)> = Vec::new();
        let mut answers: Vec<Judged> = Vec::with_capacity(rounds.len());
        for round in rounds {
            let (judged, estate) = self.judge_round(round, files);
            answers.push(judged);
            if !keep {
                estates.clear();
            }
            estates.push((round.label.clone(), estate));
        }
        let shared = shared_placements(rounds, &answers);
        for (at, (round, mut judged)) in rounds.iter().zip(answers).enumerate() {
            for (request, names) in judged.unmatched {
                unmatched.entry(request).or_insert(names);
            }
            let label = if several { round.label.as_str() } else { "" };
            for finding in std::mem::take(&mut judged.report.findings) {
                let is_shared = finding.placement.as_ref().is_some_and(|placement| shared.contains(placement));
                add_draft(&mut findings, finding, &round.label, if is_shared { "" } else { label });
            }
            judged.report.placements.retain(|placement| at == 0 || !shared.contains(&placement.id));
            merge_round(report, judged.report, label, &shared);
        }
        report.findings.extend(once_for_a_place(findings.into_values()).into_iter().map(|draft| {
            let Draft { mut finding, labels, .. } = draft;
            if several && labels.len() < rounds.len() {
                let name = |label: &String| if label.is_empty() { "the plain one".to_owned() } else { label.clone() };
                let text = labels.iter().map(name).collect::<Vec<_>>().join(", ");
                finding.remarks.push(Remark { kind: "parameter sets", text });
            }
            finding
        }));
        (unmatched.into_iter().collect(), estates)
    }

    fn judge_round(&self, round: &Round, files: &Files) -> (Judged, Estate) {
        let mut estate = estate_of(files, self.exports, round, self.tags.of(None).map(|file| &file.tags));
        declare(&mut estate, files, self.requests);
        estate.faults.extend(self.dependencies.iter().flat_map(|answer| answer.faults.iter().cloned()));
        estate.dependencies.extend_from_slice(self.dependencies);
        let of_cloud = |cloud: Option<Cloud>| self.tags.of(cloud).map(|file| &file.tags);
        (judge::judge(self.pack, &estate, files, self.requests, &of_cloud), estate)
    }
}

/// Adds what the user declares.
fn declare(estate: &mut Estate, files: &Files, requests: &Requests) {
    estate.appliances.clone_from(&requests.appliances);
    estate.servers.clone_from(&requests.servers);
    estate.admin_lists = requests
        .admin_lists
        .iter()
        .flat_map(|(path, network)| {
            let meant = FileSet::new([path.clone()]);
            let listed = files.ids().filter(|id| meant.names(files.name(*id))).collect::<Vec<_>>();
            listed.into_iter().map(|id| (id, Arc::clone(network)))
        })
        .collect();
}

/// What is to be pasted into Bicep, written in Bicep.
fn in_their_language(report: &mut Report, files: &Files) {
    for finding in &mut report.findings {
        let Some(snippet) = finding.snippet.as_mut().filter(|_| files.name(finding.at.span.file).ends_with(".bicep"))
        else {
            continue;
        };
        if let Ok(value) = serde_json::from_str(snippet) {
            *snippet = bicep::written(&value);
        }
    }
}

/// The parameters given by `--set` that no template declares.
fn unused_parameters(documents: &[(FileId, Arc<Document>)], set: &[(String, String)]) -> Vec<String> {
    if set.is_empty() {
        return Vec::new();
    }
    let templates = documents.iter().map(|(_, document)| &document.root).filter(|root| crate::arm::is_template(root));
    let declared = templates.filter_map(|root| root.get("parameters")).flat_map(Node::members);
    let declared: BTreeSet<&str> = declared.map(|member| &*member.key).collect();
    let unknown = set.iter().filter(|(name, _)| !declared.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let told = unknown.map(|(name, _)| {
        let meant = nearest(name, declared.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
        format!("--set {name}: no template here has this parameter{}", meant.unwrap_or_default())
    });
    told.collect()
}

/// What is wrong with the tags that were asked for.
fn tag_faults(report: &mut Report, pack: &Pack, tags: &TagFiles, today: Option<Date>) {
    let faults = tags.used().flat_map(|file| file.faults().into_iter().map(move |fault| (file, fault)));
    let faults = faults.map(|(file, fault)| Fault {
        kind: match fault.kind {
            FaultKind::Incomplete => "incomplete-list",
            _ => "service-tags-invalid",
        },
        detail: fault.message,
        span: fault.span,
        via: None,
        related: None,
        resource: file.name.clone(),
        help: fault.help.map(str::to_owned),
        instead: None,
    });
    let old = tags.used().filter_map(|file| old_tags(file, today?));
    let estate = Estate { faults: faults.chain(old).collect(), ..Estate::default() };
    report.findings.extend(judge::patterns(&pack.rules, &estate));
}

/// A file of service tags that is older than [`TAGS_ARE_OLD`] days today, when its name tells its day.
fn old_tags(file: &TagFile, today: Date) -> Option<Fault> {
    let published = Date::parse(file.date.as_deref()?)?;
    let age = today.days().checked_sub(published.days()).filter(|age| *age > TAGS_ARE_OLD)?;
    Some(Fault {
        kind: "service-tags-old",
        detail: format!("the addresses of service tags are those of {published}, {age} days ago"),
        span: Span::new(file.file, 0, 1),
        via: None,
        related: None,
        resource: file.name.clone(),
        help: None,
        instead: None,
    })
}

/// Microsoft publishes the file every week, and lets a new range rest for some weeks before it is used.
const TAGS_ARE_OLD: u64 = 90;

/// Keys that stand twice with two values. Not of what only lies beside a named template.
fn key_faults(report: &mut Report, pack: &Pack, documents: &[(FileId, Arc<Document>)]) {
    let judged = report.files.iter().filter(|file| file.outcome == FileOutcome::Judged);
    let judged: BTreeSet<FileId> = judged.filter_map(|file| file.file).collect();
    let documents = documents.iter().filter(|(file, _)| judged.contains(file));
    let faults: Vec<Fault> = documents.flat_map(|(_, document)| estate::keys_twice(document)).collect();
    if !faults.is_empty() {
        report.findings.extend(judge::patterns(&pack.rules, &Estate { faults, ..Estate::default() }));
    }
}

/// Parameters that are given one by one, as values.
fn given(files: &mut Files, options: &TemplateOptions) -> Given {
    let all = values(files, &options.set);
    let (name, text) = &options.settings;
    let is_set = options.choices.iter().any(|choice| !choice.set.is_empty());
    let settings = is_set.then(|| files.add_from(Origin::Setting, name.as_str(), text.as_str(), 0));
    let of = |choice: &TemplateChoice| settings.map(|file| written_values(file, &choice.set)).unwrap_or_default();
    Given { all, choices: options.choices.iter().map(of).collect() }
}

/// Values of the settings, each part at the place where the whole is written.
fn written_values(file: FileId, set: &[SetParameter]) -> Vec<(String, Node)> {
    let values = set.iter().map(|one| {
        let span = Span::new(file, one.written.start, one.written.end);
        let text = || Node::new(Value::Text(Arc::from(one.value.as_str())), span);
        (
            one.name.clone(),
            json::parse(file, &one.value).map_or_else(|_| text(), |document| document.root.written_at(span)),
        )
    });
    values.collect()
}

/// Each value gets a text of its own, so that a finding can point into it.
fn values(files: &mut Files, set: &[(String, String)]) -> Vec<(String, Node)> {
    let values = set.iter().map(|(name, value)| {
        let file = files.add_from(Origin::Flag, format!("--set {name}"), value.as_str(), 0);
        let node = json::parse(file, value).map_or_else(
            |_| Node::new(Value::Text(Arc::from(value.as_str())), Span::new(file, 0, value.len())),
            |document| document.root,
        );
        (name.clone(), node)
    });
    values.collect()
}

/// The resource types that matter: networks, the services of the pack, and what its assertion rules look at.
fn wanted_types(pack: &Pack) -> Vec<String> {
    let mut types: BTreeSet<String> = [
        "microsoft.network/",
        "microsoft.machinelearningservices/",
        "microsoft.storage/storageaccounts",
        "microsoft.keyvault/vaults",
        "microsoft.containerregistry/registries",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    types.extend(pack.resource_types().map(|name| name.to_ascii_lowercase()));
    types.into_iter().collect()
}

fn note_templates(report: &mut Report, files: &Files, expanded: &Templates) {
    for entry in &mut report.files {
        // What is wrong with a file of Bicep is said in place of what it is for.
        let Some(file) = entry.file.filter(|_| entry.outcome != FileOutcome::Error) else { continue };
        if let Some(parent) = expanded.linked.get(&file) {
            entry.detail = Some(format!("judged through {}", files.name(*parent)));
        }
        if let Some(template) = expanded.used.get(&file) {
            entry.outcome = FileOutcome::Judged;
            entry.detail = Some(format!("parameters of {}", files.name(*template)));
        }
    }
    if expanded.left_out > 0 {
        report.remarks.push(format!("{} more parameter sets were not evaluated", expanded.left_out));
    }
}

fn estate_of(files: &Files, exports: &[(FileId, Arc<Document>)], round: &Round, tags: Option<&TagData>) -> Estate {
    let mut pieces = Vec::new();
    let mut faults = Vec::new();
    let is_manifest = |(_, document): &&(FileId, Arc<Document>)| manifest::is_manifest(&document.root);
    let (manifests, others): (Vec<_>, Vec<_>) = exports.iter().partition(is_manifest);
    if let Some((_, first)) = manifests.first() {
        // Objects refer to those of other files.
        let all = manifests.iter().map(|(_, document)| document.root.clone()).collect();
        let gathered = estate::gather(&Node::new(Value::List(Arc::new(all)), first.root.span));
        pieces.extend(gathered.pieces);
    }
    for (file, document) in others {
        let gathered = estate::gather(&document.root).named_after(files.name(*file));
        pieces.extend(gathered.pieces);
        faults.extend(gathered.faults);
    }
    for (_, _, expansion) in &round.expansions {
        for resource in expansion.resources.iter().filter(|resource| !resource.existing) {
            let condition = resource.condition.clone().or_else(|| resource.repeated.clone());
            pieces.push(Piece {
                node: resource.node.clone(),
                shape: Shape::Template,
                condition,
                listed: false,
                partial: false,
            });
        }
        faults.extend(expansion.troubles.iter().map(|trouble| Fault {
            kind: match trouble.kind {
                TroubleKind::Evaluation => "expression-fails",
                TroubleKind::Cycle => "template-cycle",
                TroubleKind::Limit => "template-limit",
                TroubleKind::Link => "link-not-found",
                TroubleKind::Parameter => "parameter-not-allowed",
            },
            detail: trouble.message.clone(),
            span: trouble.span,
            via: None,
            related: None,
            resource: String::new(),
            help: trouble.help.map(str::to_owned),
            instead: None,
        }));
    }
    let mut estate = estate::build(pieces, estate::Options { cloud: None, tags });
    estate.templates = round.files().collect::<BTreeSet<_>>().into_iter().collect();
    faults.append(&mut estate.faults);
    estate.faults = faults;
    estate
}

type FindingKey = (RuleId, Span, String, Option<String>, Option<String>);

fn key_of(finding: &Finding) -> FindingKey {
    let Finding { rule, at, message, flow, placement, .. } = finding;
    (rule.clone(), at.span, message.clone(), flow.clone(), placement.as_ref().map(ToString::to_string))
}

/// Adds a finding of one round to those of the others. `choice`: the parameter set of its placement.
fn add_draft(drafts: &mut BTreeMap<FindingKey, Draft>, finding: Finding, label: &str, choice: &str) {
    let placement = finding.placement.as_ref().map(|id| id.under(choice));
    let (key, fingerprint) = (key_of(&finding), finding.fingerprint.clone());
    let new = || Draft { finding, labels: Vec::new(), fingerprints: BTreeSet::new() };
    let draft = drafts.entry(key).or_insert_with(new);
    draft.fingerprints.insert(fingerprint);
    if draft.labels.last().is_none_or(|last| last != label) {
        draft.labels.push(label.to_owned());
    }
    let known = &mut draft.finding.placements;
    known.extend(placement.filter(|placement| !known.contains(placement)));
}

/// Adds what one round says to the report of the run. Placements of several rounds are kept apart by their label.
fn merge_round(report: &mut Report, mut round: Report, label: &str, shared: &BTreeSet<PlacementId>) {
    for placement in &mut round.placements {
        if !shared.contains(&placement.id) {
            placement.id.choice = label.to_owned();
        }
    }
    report.placements.append(&mut round.placements);
    for (kind, count) in round.resources {
        let entry = report.resources.entry(kind).or_default();
        *entry = count.max(*entry);
    }
    report.rules.append(&mut round.rules);
    let known = &mut report.settling;
    known
        .commands
        .extend(round.settling.commands.into_iter().filter(|one| !known.commands.contains(one)).collect::<Vec<_>>());
    known.otherwise.append(&mut round.settling.otherwise);
    for (list, more) in [(&mut report.assumptions, round.assumptions), (&mut report.remarks, round.remarks)] {
        for line in more {
            if !list.contains(&line) {
                list.push(line);
            }
        }
    }
    for line in round.data {
        if !report.data.contains(&line) {
            report.data.push(line);
        }
    }
}

fn sort(findings: &mut [Finding], files: &Files) {
    findings.sort_by(|one, other| {
        let place = |finding: &Finding| (files.name(finding.at.span.file).to_owned(), finding.at.span.start);
        place(one).cmp(&place(other)).then_with(|| one.rule.cmp(&other.rule)).then_with(|| one.flow.cmp(&other.flow))
    });
}
