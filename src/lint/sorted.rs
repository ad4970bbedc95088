//! What was read, sorted by what is done with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::arm;
use crate::estate::{self, Dependencies, Shape};
use crate::finding::{
    FileReport, Finding, Label, Level, Outcome as FileOutcome, Report, RuleCard, RuleId, fingerprint,
};
use crate::input::{self, Content, Entry, FileSet};
use crate::json::{self, Document, Node, SyntaxError};
use crate::lint::left_out;
use crate::lint::settings::Settings;
use crate::lint::template::Sheet;
use crate::source::{FileId, Files, STDIN, Span};
use crate::tagfile::TagFile;

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
            Content::Tags(_) => None,
            Content::Irrelevant | Content::Foreign(_) | Content::Broken(_) | Content::Unreadable(_) => return None,
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
pub(crate) fn sort_entries(entries: Vec<Entry>, files: &Files, claims: &Claims) -> (Sorted, Broken, Report) {
    let mut sorted = Sorted::default();
    let mut report = Report::default();
    let mut broken = Vec::new();
    for entry in entries {
        if entry.beside {
            sorted.take_beside(entry);
            continue;
        }
        match &entry.content {
            Content::Broken(error) => broken.push((entry.name.clone(), error.message.clone(), Some(error.span))),
            Content::Unreadable(why) => broken.push((entry.name.clone(), why.clone(), None)),
            _ => {}
        }
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
            None => sorted.take(file, entry.content, said, files, &mut report),
        }
    }
    (sorted, broken, report)
}

/// Documents by what is done with them.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) exports: Vec<(FileId, Arc<Document>)>,
    pub(crate) templates: Vec<Sheet>,
    pub(crate) parameters: Vec<Sheet>,
    pub(crate) tags: Vec<(TagFile, bool)>,
    /// Templates that are there to be linked to only.
    pub(crate) fragments: Vec<Sheet>,
    /// What services say they need.
    pub(crate) dependencies: Vec<Dependencies>,
}

impl Sorted {
    /// A template or parameter file that nobody asked for: it may complete a template that somebody did.
    fn take_beside(&mut self, entry: Entry) {
        let (Content::Document(document), Some(file)) = (entry.content, entry.file) else { return };
        match shape_of(&document.root, &entry.name) {
            Some(Shape::Template) => self.fragments.extend(Sheet::of_template(file, &entry.name, &document)),
            Some(Shape::Parameters) => self.parameters.push(Sheet::new(file, &entry.name, Arc::new(document))),
            _ => {}
        }
    }

    /// `said`: what the user says that this is.
    fn take(
        &mut self,
        mut entry: FileReport,
        content: Content,
        said: Option<Shape>,
        texts: &Files,
        report: &mut Report,
    ) {
        let asked = said == Some(Shape::Dependencies);
        match (content, entry.file) {
            (Content::Document(document), Some(file)) => {
                let known = estate::unread(&document.root).filter(|_| said.is_none());
                let shape = match (said, known) {
                    (Some(said), _) => Some(said),
                    (None, Some(_)) => None,
                    (None, None) => shape_of(&document.root, &entry.name),
                };
                entry.shape = shape.map(|shape| shape_word(shape).to_owned());
                entry.outcome = FileOutcome::Judged;
                match shape {
                    None => left_out::without_shape(&mut entry, &document.root, known),
                    Some(Shape::Template) => self.templates.extend(Sheet::of_template(file, &entry.name, &document)),
                    Some(Shape::Parameters) => {
                        entry.outcome = FileOutcome::Skipped;
                        entry.detail = Some("parameters of no template in the input".to_owned());
                        self.parameters.push(Sheet::new(file, &entry.name, Arc::new(document)));
                    }
                    Some(Shape::ServiceTags) => {
                        let read = TagFile::of_document(file, &entry.name, &texts.shared_text(file), &document.root);
                        entry.detail = read.as_ref().map(|tags| format!("service tags, {}", tags.state()));
                        self.tags.extend(read.map(|tags| (tags, entry.named)));
                    }
                    Some(_) => {
                        self.take_dependencies(&mut entry, &document.root, asked);
                        self.exports.push((file, Arc::new(certain(document))));
                    }
                }
            }
            (Content::Broken(error), Some(file)) => {
                entry.outcome = FileOutcome::Error;
                entry.detail = Some(error.message.clone());
                report.findings.push(syntax_finding(&error));
                report.rules.insert(RuleId::new("syntax"), syntax_card());
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
            (Content::Foreign(what), _) => left_out::foreign(&mut entry, what),
            (Content::Irrelevant | Content::Document(_) | Content::Broken(_), _) => {}
        }
        report.files.push(entry);
    }

    /// What a document says a service needs, beside what else it holds.
    fn take_dependencies(&mut self, entry: &mut FileReport, root: &Node, asked: bool) {
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
    match shape {
        Shape::Rest => "rest",
        Shape::Cli => "cli",
        Shape::Effective => "effective",
        Shape::Template => "template",
        Shape::ResourceGraph => "resource-graph",
        Shape::PowerShell => "powershell",
        Shape::MachineLearningCli => "ml-cli",
        Shape::WhatIf => "what-if",
        Shape::Parameters => "parameters",
        Shape::Dependencies => "dependencies",
        Shape::ServiceTags => "service-tags",
    }
}

fn syntax_finding(error: &SyntaxError) -> Finding {
    Finding {
        rule: RuleId::new("syntax"),
        level: Level::Error,
        undecided: false,
        message: "this file is not JSON, so nothing in it was judged".to_owned(),
        at: Label { span: error.span, message: error.message.clone() },
        related: error.related.iter().map(|(span, message)| Label { span: *span, message: message.clone() }).collect(),
        subject: None,
        remarks: Vec::new(),
        conditions: Vec::new(),
        help: None,
        snippet: None,
        resource: None,
        placement: None,
        placements: Vec::new(),
        flow: None,
        cause: None,
        fingerprint: fingerprint(&RuleId::new("syntax"), "", ""),
        ignored: None,
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
