//! What was read, sorted by what is done with it. Files that gave nothing to judge are an error where the user named them,
//! else a line for all of one kind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::arm;
use crate::estate::{self, Dependencies, Fault, Shape, Unread};
use crate::finding::{
    FileReport, Finding, Label, Level, Outcome, Outcome as FileOutcome, Remark, Report, RuleCard, RuleId, fingerprint,
};
use crate::input::{self, Content, Entry, FileSet, Foreign};
use crate::json::{self, Document, Node, SyntaxError};
use crate::lint::bicep::{Bicep, Part};
use crate::lint::mask::Secrets;
use crate::lint::settings::{Changed, Settings};
use crate::lint::template::TemplateFile;
use crate::pulumi;
use crate::source::{FileId, Files, STDIN, Span};
use crate::tagfile::TagFile;
use crate::terraform::{self, Form, Survey};

/// What could not be read or parsed: the name, why, and where.
pub(crate) type Broken = Vec<(String, String, Option<Span>)>;

/// What the user says that files are, by whatever path.
#[derive(Default)]
pub(crate) struct Claims {
    dependencies: FileSet,
    stdin_is_dependencies: bool,
    parameters: FileSet,
    tags: FileSet,
}

impl Claims {
    /// From what flags and settings name.
    pub(crate) fn new(settings: &Settings) -> Self {
        let set = |paths: &mut dyn Iterator<Item = &PathBuf>| FileSet::new(paths.cloned());
        Self {
            dependencies: set(&mut settings.dependencies.iter()),
            stdin_is_dependencies: settings.dependencies.iter().any(|path| path == Path::new("-")),
            parameters: set(&mut settings.templates.files()),
            tags: set(&mut settings.service_tags.iter()),
        }
    }

    fn are_dependencies(&self, name: &str) -> bool {
        if name == STDIN { self.stdin_is_dependencies } else { self.dependencies.names(name) }
    }

    /// The shape that the user says a file has.
    fn shape(&self, name: &str) -> Option<Shape> {
        let parameters = || self.parameters.names(name).then_some(Shape::Parameters);
        self.are_dependencies(name).then_some(Shape::Dependencies).or_else(parameters)
    }

    /// What is wrong when a file is not what the user says it is.
    fn objection(&self, name: &str, content: &Content) -> Option<&'static str> {
        let document = match content {
            Content::Document(document) => Some(&document.root),
            Content::Bicep(_) if self.parameters.names(name) => {
                let why = "this is no parameter file: one in Bicep ends in .bicepparam";
                return Some(why).filter(|_| !input::is_bicep_parameters(Path::new(name)));
            }
            Content::Tags(_) | Content::Bicep(_) => None,
            Content::Text
            | Content::Irrelevant
            | Content::Compiled(_)
            | Content::Foreign(_)
            | Content::Broken(_)
            | Content::Unreadable(_) => return None,
        };
        if self.parameters.names(name) && !document.is_some_and(|root| is_parameters(root, None)) {
            return Some("this is no parameter file: that has `parameters`, each an object with a `value`");
        }
        let is_tags = |root: &Node| estate::shape_of(root) == Some(Shape::ServiceTags);
        if self.tags.names(name) && document.is_some_and(|root| !is_tags(root)) {
            return Some("this is no file of service tags: that has `cloud` or `changeNumber`, and `values`");
        }
        None
    }
}

/// Sorts what was read by what is done with it. A file that is not what the user says it is counts as broken.
pub(crate) fn sort_entries(
    entries: Vec<Entry>,
    files: &Files,
    claims: &Claims,
    bicep: &Bicep,
) -> (Sorted, Broken, Report) {
    let mut sorted = Sorted::default();
    let mut report = Report::default();
    let mut broken = Vec::new();
    for entry in entries {
        // What is wrong with a file of Bicep is said wherever it lies.
        let is_broken = match &entry.content {
            Content::Bicep(tree) => !tree.errors.is_empty(),
            Content::Unreadable(_) => input::is_bicep(Path::new(&entry.name)),
            _ => false,
        };
        if entry.beside && !is_broken {
            sorted.add_beside(entry, bicep);
            continue;
        }
        if is_other_yaml(&entry) {
            continue;
        }
        broken.extend(faults(&entry));
        let said = claims.shape(&entry.name);
        let objection = claims.objection(&entry.name, &entry.content);
        let start = match &entry.content {
            Content::Document(document) => Some(document.root.span.part(0, 1)),
            _ => None,
        };
        let mut file = FileReport {
            name: entry.name,
            file: entry.file,
            shape: None,
            outcome: FileOutcome::Skipped,
            detail: None,
            named: entry.named,
        };
        match objection {
            Some(why) => {
                broken.push((file.name.clone(), why.to_owned(), start));
                file.outcome = FileOutcome::Error;
                file.detail = Some(why.to_owned());
                report.files.push(file);
            }
            None => {
                let run = (files, bicep);
                let file = sorted.add(file, entry.content, said, run, &mut report);
                report.files.push(file);
            }
        }
    }
    report.remarks.extend(twins(&sorted.twins));
    (sorted, broken, report)
}

/// Whether a file of a folder is YAML that is no export: folders are full of pipelines and manifests.
fn is_other_yaml(entry: &Entry) -> bool {
    let is_other = match &entry.content {
        Content::Irrelevant => true,
        Content::Document(document) => {
            estate::shape_of(&document.root).is_none() && estate::unread(&document.root).is_none()
        }
        _ => false,
    };
    is_other && !entry.named && input::is_yaml(Path::new(&entry.name))
}

/// What is wrong with the text of a file, in the words of those who read it.
fn faults(entry: &Entry) -> Broken {
    let told = |error: &SyntaxError| (entry.name.clone(), error.message.clone(), Some(error.span));
    match &entry.content {
        Content::Broken(error) => vec![told(error)],
        Content::Bicep(tree) => tree.errors.iter().take(MOST_ERRORS).map(told).collect(),
        Content::Unreadable(why) => vec![(entry.name.clone(), why.clone(), None)],
        _ => Vec::new(),
    }
}

/// That templates were passed over that are compiled from what is judged.
fn twins(names: &[String]) -> Option<String> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shown = examples(&names);
    match names.len() {
        0 => None,
        1 => Some(format!(
            "{shown} is compiled from the Bicep file beside it and was passed over; name it to have it judged"
        )),
        many => Some(format!(
            "{many} templates are compiled from the Bicep files beside them and were passed over: {shown}"
        )),
    }
}

/// Documents by what is done with them.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) exports: Vec<(FileId, Arc<Document>)>,
    pub(crate) templates: Vec<TemplateFile>,
    pub(crate) parameters: Vec<TemplateFile>,
    pub(crate) tags: Vec<(TagFile, bool)>,
    /// Templates that are there to be linked to only.
    pub(crate) fragments: Vec<TemplateFile>,
    /// What services say they need.
    pub(crate) dependencies: Vec<Dependencies>,
    /// Templates that are compiled from Bicep files of the run, by their names.
    twins: Vec<String>,
    /// Values that must not be shown.
    pub(crate) secrets: Secrets,
    /// What exports of templates say that they leave out.
    pub(crate) faults: Vec<Fault>,
}

impl Sorted {
    /// A template or parameter file that nobody asked for: it may complete a template that somebody did.
    fn add_beside(&mut self, entry: Entry, bicep: &Bicep) {
        let (Content::Document(document), Some(file)) = (entry.content, entry.file) else {
            if let Some(file) = entry.file {
                self.add_part(file, &entry.name, bicep.part(file));
            }
            return;
        };
        match shape_of(&document.root, &entry.name) {
            Some(Shape::Template) => self.fragments.extend(TemplateFile::of_template(file, &entry.name, &document)),
            Some(Shape::Parameters) => self.parameters.push(TemplateFile::new(file, &entry.name, Arc::new(document))),
            _ => {}
        }
    }

    /// Adds what a Bicep file stands for.
    fn add_part(&mut self, file: FileId, name: &str, part: Option<&Part>) {
        let (list, document) = match part {
            Some(Part::Root(document)) => (&mut self.templates, document),
            Some(Part::Fragment(document)) => (&mut self.fragments, document),
            Some(Part::Parameters(document) | Part::Base(document)) => (&mut self.parameters, document),
            Some(Part::Library(_)) | None => return,
        };
        list.push(TemplateFile::new(file, name, Arc::clone(document)));
    }

    /// Adds a Bicep file, and says what became of it.
    fn add_bicep(&mut self, entry: &mut FileReport, file: FileId, part: Option<&Part>) {
        self.add_part(file, &entry.name, part);
        let (shape, outcome, detail) = match part {
            Some(Part::Root(_) | Part::Fragment(_)) => (Some(Shape::Template), FileOutcome::Judged, None),
            Some(Part::Parameters(_)) => {
                (Some(Shape::Parameters), FileOutcome::Skipped, Some("parameters of no template in the input"))
            }
            Some(Part::Base(_)) => {
                (None, FileOutcome::Skipped, Some("it is there for other parameter files to extend"))
            }
            Some(Part::Library(_)) | None => {
                (None, FileOutcome::Skipped, Some("it deploys nothing; other files import from it"))
            }
        };
        entry.shape = shape.map(|shape| shape_word(shape).to_owned());
        (entry.outcome, entry.detail) = (outcome, detail.map(str::to_owned));
    }

    /// Adds what was read of a file, and says what became of it. `said`: what the user says that it is.
    fn add(
        &mut self,
        mut entry: FileReport,
        content: Content,
        said: Option<Shape>,
        (texts, bicep): (&Files, &Bicep),
        report: &mut Report,
    ) -> FileReport {
        let asked = said == Some(Shape::Dependencies);
        match (content, entry.file) {
            (Content::Document(document), Some(file)) => {
                match bicep.source_of(&entry.name, &document).filter(|_| !entry.named && said.is_none()) {
                    Some(source) => self.add_twin(&mut entry, file, &document, source),
                    None => {
                        self.add_terraform(&mut entry, &document.root, report);
                        self.add_stack(&mut entry, &document.root);
                        self.add_document(&mut entry, file, document, said, texts);
                    }
                }
            }
            (Content::Bicep(tree), Some(file)) => {
                self.add_bicep(&mut entry, file, bicep.part(file));
                if let Some(first) = tree.errors.first() {
                    entry.outcome = FileOutcome::Error;
                    entry.detail = Some(first.message.clone());
                    report.findings.extend(bicep_findings(&tree.errors));
                    report.rules.insert(RuleId::new("syntax"), Arc::new(bicep_card()));
                }
            }
            (Content::Broken(error), Some(file)) => {
                entry.outcome = FileOutcome::Error;
                entry.detail = Some(error.message.clone());
                report.findings.push(match input::is_yaml(Path::new(&entry.name)) {
                    true => Finding { message: NOT_YAML.to_owned(), ..syntax_finding(&error) },
                    false => syntax_finding(&error),
                });
                report.rules.insert(RuleId::new("syntax"), Arc::new(syntax_card()));
                entry.file = Some(file);
            }
            (Content::Unreadable(why), _) => {
                entry.outcome = FileOutcome::Error;
                entry.detail = Some(why);
            }
            (Content::Tags(_), _) if asked => {
                entry.outcome = FileOutcome::Error;
                entry.detail = Some("these are service tags, and no dependencies".to_owned());
            }
            (Content::Tags(tags), _) => {
                entry.shape = Some(shape_word(Shape::ServiceTags).to_owned());
                entry.outcome = FileOutcome::Judged;
                entry.detail = Some(format!("service tags, {}", tags.state()));
                self.tags.push((*tags, entry.named));
            }
            (Content::Foreign(what), _) => foreign(&mut entry, what),
            (Content::Compiled(source), _) => self.tell_twin(&mut entry, &source),
            (Content::Irrelevant | Content::Text, _) => {}
            (Content::Document(_) | Content::Bicep(_) | Content::Broken(_), None) => {}
        }
        entry
    }

    /// A template that is compiled from a Bicep file of the run is judged as that; others may link to it.
    fn add_twin(&mut self, entry: &mut FileReport, file: FileId, document: &Document, source: &str) {
        self.tell_twin(entry, source);
        self.fragments.extend(TemplateFile::of_template(file, &entry.name, document));
    }

    fn tell_twin(&mut self, entry: &mut FileReport, source: &str) {
        self.twins.push(entry.name.clone());
        entry.shape = Some(shape_word(Shape::Template).to_owned());
        entry.detail = Some(format!("compiled from {source}, which is judged"));
    }

    fn add_document(
        &mut self,
        entry: &mut FileReport,
        file: FileId,
        document: Document,
        said: Option<Shape>,
        texts: &Files,
    ) {
        let known = estate::unread(&document.root).filter(|_| said.is_none());
        let shape = match (said, known) {
            (Some(said), _) => Some(said),
            (None, Some(_)) => None,
            (None, None) => shape_of(&document.root, &entry.name),
        };
        entry.shape = shape.map(|shape| shape_word(shape).to_owned());
        entry.outcome = FileOutcome::Judged;
        match shape {
            None => without_shape(entry, &document.root, known),
            Some(Shape::Template) => {
                self.faults.extend(estate::left_out(&document.root));
                self.templates.extend(TemplateFile::of_template(file, &entry.name, &document));
            }
            Some(Shape::Parameters) => {
                entry.outcome = FileOutcome::Skipped;
                entry.detail = Some("parameters of no template in the input".to_owned());
                self.parameters.push(TemplateFile::new(file, &entry.name, Arc::new(document)));
            }
            Some(Shape::ServiceTags) => {
                let read = TagFile::of_document(file, &entry.name, &texts.shared_text(file), &document.root);
                entry.detail = read.as_ref().map(|tags| format!("service tags, {}", tags.state()));
                self.tags.extend(read.map(|tags| (tags, entry.named)));
            }
            Some(_) => {
                self.add_dependencies(entry, &document.root, said == Some(Shape::Dependencies));
                self.exports.push((file, Arc::new(certain(document))));
            }
        }
    }

    /// Says what a plan or state holds that is judged, and what is not.
    fn add_terraform(&mut self, entry: &mut FileReport, root: &Node, report: &mut Report) {
        if !terraform::form(root).is_some_and(Form::is_read) {
            return;
        }
        let Survey { sensitive, read, open, not_judged, passed_over, foreign } = terraform::survey(root);
        sensitive.iter().for_each(|value| self.secrets.add(value));
        entry.detail = Some(counts(read, open, passed_over + not_judged.values().sum::<usize>(), foreign));
        let kinds: Vec<String> = not_judged.iter().map(|(kind, count)| format!("{kind} ({count})")).collect();
        if !kinds.is_empty() {
            report.remarks.push(format!("{}: not judged: {}", entry.name, kinds.join(", ")));
        }
    }

    /// Says what a stack of Pulumi holds that is read, and what is not.
    fn add_stack(&mut self, entry: &mut FileReport, root: &Node) {
        if !pulumi::is_stack(root) {
            return;
        }
        let pulumi::Reading { native, classic, sensitive, passed_over, foreign, .. } = pulumi::read(root);
        sensitive.iter().for_each(|value| self.secrets.add(value));
        let read = native.len() + classic.len();
        entry.detail = Some(counts(read, 0, passed_over, foreign));
    }

    /// What a document says a service needs, beside what else it holds.
    fn add_dependencies(&mut self, entry: &mut FileReport, root: &Node, asked: bool) {
        match estate::dependencies(root) {
            Some(read) => {
                let count = read.needed.len();
                entry.detail = Some(format!("{count} endpoint{} a service needs", if count == 1 { "" } else { "s" }));
                self.dependencies.push(read);
            }
            None if asked => {
                let fault = estate::no_dependencies(root);
                entry.outcome = FileOutcome::Error;
                entry.detail = Some(fault.detail.clone());
                self.dependencies.push(Dependencies { faults: vec![fault], ..Dependencies::empty(root.span) });
            }
            None => {}
        }
    }
}

/// How many resources of a document are read, how many of those are open, and how many are not.
fn counts(read: usize, open: usize, passed_over: usize, foreign: usize) -> String {
    let mut parts = vec![format!("{read} {} read", if read == 1 { "resource" } else { "resources" })];
    parts.extend((open > 0).then(|| format!("{open} with values known only after apply")));
    parts.extend((passed_over > 0).then(|| format!("{passed_over} of Azure passed over")));
    parts.extend((foreign > 0).then(|| format!("{foreign} of other providers")));
    parts.join(", ")
}

/// A document whose contradictions are unknown values. A template is left as it is: of two values of a key Azure takes
/// the last.
fn certain(document: Document) -> Document {
    match document.duplicates.iter().any(|pair| pair.differs) {
        true => Document { root: json::doubtful(&document.root), ..document },
        false => document,
    }
}

/// What a document is. Parameters are told without their schema where the name of the file says what it is.
fn shape_of(root: &Node, name: &str) -> Option<Shape> {
    estate::shape_of(root).or_else(|| is_parameters(root, Some(name)).then_some(Shape::Parameters))
}

/// Whether a document can be read as parameters, and, where that counts, its file is called so.
fn is_parameters(root: &Node, name: Option<&str>) -> bool {
    let called = name.is_none_or(|name| input::is_called_parameters(Path::new(name)));
    called
        && (estate::shape_of(root) == Some(Shape::Parameters)
            || arm::is_parameter_file(root)
            || arm::is_bare_parameter_file(root))
}

/// The word for a shape in the report.
fn shape_word(shape: Shape) -> &'static str {
    shape.form().word
}

fn syntax_finding(error: &SyntaxError) -> Finding {
    let rule = RuleId::new("syntax");
    let at = Label { span: error.span, message: error.message.clone() };
    Finding {
        related: error.related.iter().map(|(span, message)| Label { span: *span, message: message.clone() }).collect(),
        fingerprint: fingerprint(&rule, "", ""),
        ..Finding::new(rule, Level::Error, "this file is not JSON, so nothing in it was judged", at)
    }
}

const NOT_YAML: &str = "this file is not YAML, so nothing in it was judged";

/// Of one file so many errors are told.
const MOST_ERRORS: usize = 20;

fn bicep_findings(errors: &[SyntaxError]) -> Vec<Finding> {
    let message = "this cannot be read, so what it declares was not judged; the rest of the file was";
    let told = errors.iter().take(MOST_ERRORS);
    let mut findings: Vec<Finding> =
        told.map(|error| Finding { message: message.to_owned(), ..syntax_finding(error) }).collect();
    if let (Some(last), Some(more @ 1..)) = (findings.last_mut(), errors.len().checked_sub(MOST_ERRORS)) {
        let text = format!("{more} more declarations of this file cannot be read");
        last.remarks.push(Remark { kind: "more", text });
    }
    findings
}

fn bicep_card() -> RuleCard {
    RuleCard {
        title: "A file cannot be read".to_owned(),
        help: "Mend what stands there; `bicep build FILE` names it, too.".to_owned(),
        ..syntax_card()
    }
}

fn syntax_card() -> RuleCard {
    RuleCard {
        id: RuleId::new("syntax"),
        title: "A file is not JSON".to_owned(),
        level: Level::Error,
        why: "What cannot be read cannot be judged; a run with such a file ends with status 2.".to_owned(),
        help: "Export the file again, or leave it out with --exclude.".to_owned(),
        sources: Vec::new(),
        tags: vec!["input".to_owned()],
        seen_as: Vec::new(),
        since: "0.1.0".to_owned(),
    }
}

/// What becomes of a document without a shape. `known`: what it is instead.
pub(crate) fn without_shape(entry: &mut FileReport, root: &Node, known: Option<&'static Unread>) {
    entry.outcome = Outcome::Skipped;
    match known.or_else(|| estate::unread_rest(root)) {
        Some(kind) => {
            unread(entry, kind);
            if let (Some(detail), Some(link)) = (&mut entry.detail, estate::linked(root)) {
                detail.push_str(&format!("; its template is at `{link}`"));
            }
        }
        None if holds_nothing(root, 0) => {
            entry.shape = is_empty_list(root).then(|| EMPTY.to_owned());
            entry.detail = Some(format!("it is empty; {WHERE}"));
        }
        None => entry.detail = Some(FOREIGN.to_owned()),
    }
}

/// What becomes of a file in a folder that is no JSON.
pub(crate) fn foreign(entry: &mut FileReport, what: Foreign) {
    unread(
        entry,
        match what {
            Foreign::Table => &estate::TABLE,
            Foreign::Packed => &estate::PACKED,
            Foreign::Yaml => &estate::BROKEN_YAML,
        },
    );
}

fn unread(entry: &mut FileReport, kind: &Unread) {
    entry.shape = Some(kind.word.to_owned());
    entry.detail = Some(format!("{}, which is not read; {}", kind.one, kind.help));
}

/// The word for a list without items.
const EMPTY: &str = "empty-list";

/// Where to look when a list has no items.
const WHERE: &str = "`az account show` says which subscription `az` looked in";

/// What is said of JSON that has nothing to do with this program.
const FOREIGN: &str = "nothing of Azure's network in it";

/// Files without resources, and those whose resources no rule asks about, gave nothing to judge. `types` are the beginnings of the types that some do,
/// in lower case.
pub(crate) fn skip_unasked(report: &mut Report, exports: &[(FileId, Arc<Document>)], types: &[String]) {
    let exports: BTreeMap<FileId, &Document> = exports.iter().map(|(file, document)| (*file, &**document)).collect();
    let judged = |file: &&mut FileReport| file.named && file.outcome == Outcome::Judged;
    for entry in report.files.iter_mut().filter(judged) {
        let Some(document) = entry.file.and_then(|file| exports.get(&file)) else { continue };
        let found: Option<BTreeSet<String>> = match terraform::form(&document.root) {
            Some(_) => Some(terraform::types(&document.root)),
            None => estate::gather(&document.root).pieces.iter().map(|piece| estate::type_of(&piece.node)).collect(),
        };
        let Some(found) = found else { continue };
        // A resource group among manifests says where other objects are.
        let speaks_of_others = matches!(entry.shape.as_deref(), Some("dependencies" | "manifest"));
        if found.is_empty() && !speaks_of_others {
            entry.outcome = Outcome::Skipped;
            let read = entry.detail.take().filter(|_| {
                entry
                    .shape
                    .as_deref()
                    .is_some_and(|shape| ["terraform", "pulumi"].iter().any(|word| shape.starts_with(word)))
            });
            let held = read.map(|read| format!(" that is judged: {read}")).unwrap_or_default();
            entry.detail = Some(format!("it shows no resource{held}"));
        }
        let is_asked = |name: &String| types.iter().any(|asked| name.starts_with(asked.as_str()));
        if !found.is_empty() && !found.iter().any(is_asked) {
            let names: Vec<&str> = found.iter().map(String::as_str).collect();
            entry.outcome = Outcome::Skipped;
            entry.detail = Some(format!("no rule asks about what is in it: {}", examples(&names)));
        }
    }
}

/// Whether there is nothing in a document but brackets: what `az … list` prints where there is nothing.
fn holds_nothing(node: &Node, depth: usize) -> bool {
    let list = || node.get("value").or_else(|| node.get("data"));
    node.is_null()
        || node.is_list() && node.items().is_empty()
        || node.is_object() && node.members().is_empty()
        || depth == 0 && list().is_some_and(|list| list.is_list() && holds_nothing(list, 1))
}

/// Whether a document is a list without items, or a page of one: nothing but the list, its length and its links.
fn is_empty_list(root: &Node) -> bool {
    const AROUND: [&str; 7] = ["value", "data", "nextlink", "count", "totalrecords", "skiptoken", "resulttruncated"];
    let plain = |key: &str| key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let is_page = || !root.members().is_empty() && root.members().iter().all(|one| AROUND.contains(&&*plain(&one.key)));
    holds_nothing(root, 0) && (root.is_list() || is_page())
}

/// Makes an error of each file that was named, by one of `paths` or as standard input, and gave nothing to judge. When
/// only changes are reported, of each that changed. `stdin`: the name standard input is shown by. Answers with their names, and why.
pub(crate) fn refuse(
    report: &mut Report,
    paths: &[PathBuf],
    stdin: &str,
    changed: Option<&Changed>,
) -> Vec<(String, String)> {
    let asked = FileSet::new(paths.iter().filter(|path| path.is_file()).cloned());
    let is_stdin = paths.iter().any(|path| path == Path::new("-"));
    let counts = |name: &str| {
        let is_changed = || changed.is_none_or(|changed| changed.is_everything() || changed.files.holds(name));
        if name == stdin && is_stdin { true } else { asked.holds(name) && is_changed() }
    };
    let says_of_others = |file: &FileReport| matches!(file.shape.as_deref(), Some("service-tags" | "dependencies"));
    let mut judged = report.files.iter().filter(|file| file.outcome == Outcome::Judged);
    let alone = judged.all(says_of_others);
    let mut refused = Vec::new();
    for file in report.files.iter_mut().filter(|file| file.named && counts(&file.name)) {
        match file.outcome {
            Outcome::Skipped => {}
            Outcome::Judged if alone && says_of_others(file) => {
                file.detail = Some("it says something of networks, and no network is named".to_owned());
            }
            Outcome::Judged | Outcome::Error => continue,
        }
        file.outcome = Outcome::Error;
        let remedy = match (file.shape.as_deref(), file.detail.as_deref()) {
            (Some("parameters"), _) => "; name its template as well, or say --parameters",
            (None, Some(FOREIGN)) => "; what `az` prints with `-o json` and without --query is read, and templates",
            _ => "",
        };
        file.detail = file.detail.take().map(|detail| format!("{detail}{remedy}"));
        refused.push((file.name.clone(), file.detail.clone().unwrap_or_default()));
    }
    refused
}

/// Says in a line for each kind which files were left out that a reader could take for judged. Of files that only lie in
/// a folder and have nothing to do with Azure's networks nothing is said, nor of files that did not change when only
/// changes are reported. `given`: parameters that the command line names replace those that lie beside a template.
pub(crate) fn tell(report: &mut Report, changed: Option<&Changed>, given: bool) {
    let concerns = |name: &str| changed.is_none_or(|changed| changed.files.holds(name));
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in report.files.iter().filter(|file| file.outcome == Outcome::Skipped) {
        if let Some(word) = file.shape.as_deref().filter(|_| concerns(&file.name)) {
            kinds.entry(word).or_default().push(&file.name);
        }
    }
    let lines = kinds.into_iter().filter_map(|(word, names)| {
        let (count, examples) = (names.len(), examples(&names));
        if word == "parameters" {
            let (one, many) = ("goes with no template here by its name", "go with no template here by their names");
            let how = "--parameters, or `parameters:` in aznetlint.yaml, names one to use";
            return (!given).then(|| match count {
                1 => format!("the parameter file {examples} {one} and was left out; {how}"),
                _ => format!("{count} parameter files {many} and were left out: {examples}; {how}"),
            });
        }
        if word == EMPTY {
            return Some(match count {
                1 => format!("{examples} is an empty list; {WHERE}"),
                _ => format!("{count} files are empty lists: {examples}; {WHERE}"),
            });
        }
        let kind = Unread::of_word(word)?;
        Some(match count {
            1 => format!("{examples} is {}, which is not read; {}", kind.one, kind.help),
            _ => format!("not read: {count} {}: {examples}; {}", kind.many, kind.help),
        })
    });
    let lines: Vec<String> = lines.collect();
    report.remarks.extend(lines);
}

fn examples(names: &[&str]) -> String {
    const MOST: usize = 3;
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
