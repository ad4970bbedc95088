//! What a run came to, as diagnostics of documents.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::{fs, str::FromStr};

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Uri,
};

use crate::finding::{Finding, Level};
use crate::lint::Outcome;
use crate::lsp::documents::{Documents, Root};
use crate::lsp::host::{Problem, Workspace};
use crate::lsp::text::{Encoding, Lines};
use crate::lsp::uri;
use crate::source::{FileId, Files, Origin, Span};

/// The name that diagnostics come under.
const SOURCE: &str = "aznetlint";

/// How many places beside its own a diagnostic tells.
const MOST_RELATED: usize = 20;

/// Diagnostics, by the address of their document.
pub(super) type Told = BTreeMap<String, Vec<Diagnostic>>;

/// Where the names of a run lead.
pub(super) struct Places<'a> {
    pub(super) root: Option<&'a Root>,
    pub(super) documents: &'a Documents,
    /// The name of standard input, and the document that it stands for.
    pub(super) stdin: Option<(&'a str, &'a str)>,
    pub(super) encoding: Encoding,
}

impl Places<'_> {
    /// The address of a file of a run; that of the open document where it is open.
    pub(super) fn uri(&self, files: &Files, file: FileId) -> Option<String> {
        if let Some((_, uri)) = self.stdin.filter(|(name, _)| *name == files.name(file)) {
            return Some(uri.to_owned());
        }
        match files.origin(file) {
            Origin::Path | Origin::Setting => self.of_path(Path::new(files.name(file))),
            Origin::Stdin | Origin::Flag => None,
        }
    }

    /// The address of a path as spelled from the current folder.
    pub(super) fn of_path(&self, path: &Path) -> Option<String> {
        if path.as_os_str().is_empty() {
            return None;
        }
        let canonical = fs::canonicalize(path);
        if let Ok(canonical) = &canonical
            && let Some(open) = self.documents.values().find(|open| open.path() == Some(canonical))
        {
            return Some(open.uri.clone());
        }
        let path = match self.root {
            Some(root) if path.is_relative() => tidy(&root.path.join(path)),
            _ if path.is_absolute() => tidy(path),
            _ => canonical.ok()?,
        };
        Some(uri::of_path(&path))
    }

    /// The place of a span, with its address.
    pub(super) fn location(&self, files: &Files, lines: &mut FileLines, span: Span) -> Option<Location> {
        let uri = Uri::from_str(&self.uri(files, span.file)?).ok()?;
        Some(Location { uri, range: lines.range(files, span, self.encoding) })
    }
}

/// A path without `.` and `..`, as far as its text tells.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// The lines of the files of a run, found when they are asked for.
#[derive(Default)]
pub(super) struct FileLines(BTreeMap<FileId, Lines>);

impl FileLines {
    pub(super) fn range(&mut self, files: &Files, span: Span, encoding: Encoding) -> Range {
        let text = files.text(span.file);
        self.of(files, span.file).range(text, span.range(), encoding)
    }

    pub(super) fn of(&mut self, files: &Files, file: FileId) -> &Lines {
        self.0.entry(file).or_insert_with(|| Lines::of(files.text(file)))
    }
}

/// Whether the settings ask to tell a finding, and nobody allows it.
pub(super) fn is_told(finding: &Finding, workspace: &Workspace) -> bool {
    finding.ignored.is_none() && finding.weight().max(finding.level_as(workspace.undecided)) >= workspace.min_level
}

/// The diagnostics of a run.
pub(super) fn of_run(outcome: &Outcome, workspace: &Workspace, places: &Places<'_>) -> Told {
    let mut told = Told::new();
    let mut lines = FileLines::default();
    let mut uris: BTreeMap<FileId, Option<String>> = BTreeMap::new();
    for finding in outcome.report.findings.iter().filter(|finding| is_told(finding, workspace)) {
        let file = finding.at.span.file;
        let uri = uris.entry(file).or_insert_with(|| places.uri(&outcome.files, file));
        let Some(uri) = uri else { continue };
        let diagnostic = diagnostic(finding, (outcome, workspace), places, &mut lines);
        let all = told.entry(uri.clone()).or_default();
        if !all.contains(&diagnostic) {
            all.push(diagnostic);
        }
    }
    told
}

/// One finding. What is undecided says so first, since no severity does.
fn diagnostic(
    finding: &Finding,
    (outcome, workspace): (&Outcome, &Workspace),
    places: &Places<'_>,
    lines: &mut FileLines,
) -> Diagnostic {
    let severity = match finding.level_as(workspace.undecided) {
        Level::Error => DiagnosticSeverity::ERROR,
        Level::Warning => DiagnosticSeverity::WARNING,
        Level::Note => DiagnosticSeverity::INFORMATION,
    };
    let mut message = if finding.undecided { "undecided: ".to_owned() } else { String::new() };
    message.push_str(finding.headline());
    if finding.brief.is_none() && !finding.at.message.is_empty() {
        message.push_str(&format!("\n{}", finding.at.message));
    }
    if let Some(brief) = finding.brief.as_ref().filter(|brief| finding.undecided && !brief.doubt.is_empty()) {
        message.push_str(&format!("\n{}", brief.doubt));
    }
    if !finding.conditions.is_empty() {
        message.push_str(&format!("\nonly if {}", finding.conditions.join(" and ")));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\n{help}"));
    }
    let related = finding.related.iter().filter(|label| !label.message.is_empty()).take(MOST_RELATED);
    let related = related.filter_map(|label| {
        let location = places.location(&outcome.files, lines, label.span)?;
        Some(DiagnosticRelatedInformation { location, message: label.message.clone() })
    });
    let related: Vec<DiagnosticRelatedInformation> = related.collect();
    let card = workspace.pack.rule(finding.rule.as_str()).map(|rule| &rule.card);
    let href = card.and_then(|card| card.sources.first()).and_then(|source| Uri::from_str(&source.url).ok());
    Diagnostic {
        range: lines.range(&outcome.files, finding.at.span, places.encoding),
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.rule.to_string())),
        code_description: href.map(|href| CodeDescription { href }),
        source: Some(SOURCE.to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..Diagnostic::default()
    }
}

/// The diagnostics of settings and rules that cannot be used. What has no place is answered apart.
pub(super) fn of_problems(problems: &[Problem], places: &Places<'_>) -> (Told, Vec<String>) {
    let mut told = Told::new();
    let mut placeless = Vec::new();
    for problem in problems {
        let Some((path, uri)) = problem.file.as_ref().and_then(|path| Some((path, places.of_path(path)?))) else {
            placeless.push(problem.message.clone());
            continue;
        };
        let open = places.documents.get(&uri).map(|document| document.text.to_string());
        let text = open.or_else(|| fs::read_to_string(path).ok()).unwrap_or_default();
        told.entry(uri).or_default().push(Diagnostic {
            range: word_at(&text, problem.at, places.encoding),
            severity: Some(DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: problem.message.clone(),
            ..Diagnostic::default()
        });
    }
    (told, placeless)
}

/// The word at a line and a column, both from 1.
fn word_at(text: &str, (line, column): (usize, usize), encoding: Encoding) -> Range {
    let lines = Lines::of(text);
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let start = start + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
    let rest = text.get(start..).unwrap_or_default();
    let is_end = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ']' | '}' | '#');
    let length = rest.find(is_end).unwrap_or(rest.len());
    lines.range(text, start..start + length, encoding)
}
