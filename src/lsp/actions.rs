//! What can be done about findings: edits that were tried by a run, and the comment that allows one.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, Diagnostic, DocumentChanges, NumberOrString, OneOf,
    OptionalVersionedTextDocumentIdentifier, Range, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use serde_json::Value;

use crate::finding::{Edit, Finding};
use crate::fix::{Offer, Safety, Trial, offers};
use crate::lint::Kept;
use crate::lsp::documents::{Document, Documents};
use crate::lsp::judged::Judged;
use crate::lsp::publish::{FileLines, Places, is_told};
use crate::lsp::setup::Setup;
use crate::source::{FileId, Span};

/// So many findings are tried at once; more lie at one place in no file that somebody wrote.
const MOST: usize = 20;

/// So many are offered a comment, which takes a run each.
const MOST_COMMENTS: usize = 3;

/// The actions for what was found in a range of a document.
pub(super) fn actions(
    judged: &mut Judged,
    (document, range, context): (&Document, Range, &CodeActionContext),
    setup: &Setup,
    documents: &Documents,
) -> Vec<Value> {
    let is_asked = |kind: &CodeActionKind| "quickfix".starts_with(kind.as_str()) || kind.as_str().is_empty();
    if context.only.as_ref().is_some_and(|only| !only.iter().any(is_asked)) {
        return Vec::new();
    }
    let Some(file) = file_of(judged, document, setup, documents) else { return Vec::new() };
    let findings = found_in(judged, file, range, setup);
    if findings.is_empty() {
        return Vec::new();
    }
    let mut tried: Vec<(Vec<usize>, String, bool, Vec<Edit>)> = judged.again(|trial, kept| {
        let mut all: Vec<_> = tried_fixes(trial, kept, &findings).into_iter().map(as_action).collect();
        let comments = findings.iter().take(MOST_COMMENTS).filter_map(|at| Some((*at, allowed(trial, kept, *at)?)));
        all.extend(comments.map(|(at, (title, edit))| (vec![at], title, false, vec![edit])));
        all
    });
    tried.dedup_by(|one, other| one.1 == other.1 && one.3 == other.3);
    let writer = Writer { judged, places: judged.places(&setup.roots, documents, setup.encoding), setup };
    let written = tried.into_iter().filter_map(|(findings, title, is_preferred, edits)| {
        let diagnostics = writer.diagnostics(&findings, context);
        serde_json::to_value(CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: (!diagnostics.is_empty()).then_some(diagnostics),
            edit: Some(writer.edit(&edits)?),
            is_preferred: is_preferred.then_some(true),
            ..CodeAction::default()
        })
        .ok()
    });
    written.collect()
}

/// The text of a document in the run.
pub(super) fn file_of(judged: &Judged, document: &Document, setup: &Setup, documents: &Documents) -> Option<FileId> {
    let places = judged.places(&setup.roots, documents, setup.encoding);
    let files = &judged.kept.outcome.files;
    files.ids().find(|file| {
        files.text(*file).len() == document.text.len()
            && places.uri(files, *file).as_deref() == Some(document.uri.as_str())
    })
}

/// The findings that start in a range, touch it or span it, by their number in the report.
fn found_in(judged: &Judged, file: FileId, range: Range, setup: &Setup) -> Vec<usize> {
    let files = &judged.kept.outcome.files;
    let mut lines = FileLines::default();
    let lines = lines.of(files, file);
    let text = files.text(file);
    let (start, end) = (lines.offset(text, range.start, setup.encoding), lines.offset(text, range.end, setup.encoding));
    let touches = |finding: &Finding| {
        let span = finding.at.span;
        span.file == file && span.range().start <= end && start <= span.range().end
    };
    let all = judged.kept.outcome.report.findings.iter().enumerate();
    let told = all.filter(|(_, finding)| is_told(finding, &judged.workspace) && touches(finding));
    told.map(|(at, _)| at).take(MOST).collect()
}

/// The edits for some findings, tried.
fn tried_fixes(trial: &Trial<'_>, kept: &mut Kept, findings: &[usize]) -> Vec<Offer> {
    // Only what is asked for is tried: the fixes of the others are put aside.
    let aside: Vec<_> = kept.outcome.report.findings.iter_mut().enumerate().collect();
    let aside: Vec<_> = aside.into_iter().filter(|(at, _)| !findings.contains(at)).collect();
    let aside: Vec<_> = aside.into_iter().map(|(at, finding)| (at, std::mem::take(&mut finding.fixes))).collect();
    let found = offers(trial, kept, false);
    for (at, fixes) in aside {
        if let Some(finding) = kept.outcome.report.findings.get_mut(at) {
            finding.fixes = fixes;
        }
    }
    found.chosen.into_iter().chain(found.unsafe_ones).collect()
}

fn as_action(offer: Offer) -> (Vec<usize>, String, bool, Vec<Edit>) {
    match offer.safety {
        Safety::Safe => (offer.findings, offer.fix.title, true, offer.edits),
        Safety::Unsafe(why) => (offer.findings, format!("{} (unsafe: {why})", offer.fix.title), false, offer.edits),
    }
}

/// A comment above a finding that allows it, where a run shows that it does.
fn allowed(trial: &Trial<'_>, kept: &Kept, at: usize) -> Option<(String, Edit)> {
    let before = &kept.outcome;
    let finding = before.report.findings.get(at)?;
    let span = finding.at.span;
    let (name, text) = (before.files.name(span.file), before.files.text(span.file));
    // Plain JSON has no comments; templates may hold some.
    let takes_comments = [".bicep", ".bicepparam", ".jsonc"].iter().any(|ending| name.ends_with(ending))
        || name.ends_with(".json") && text.contains("deploymentTemplate.json#");
    if !takes_comments || finding.rule.as_str() == "syntax" {
        return None;
    }
    let line = text.get(..span.range().start)?.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(line..)?;
    let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let comment = format!("{indent}// aznetlint: allow {} -- TODO: say why{end}", finding.rule);
    let edit = Edit { span: Span::new(span.file, line, line), text: comment };
    let mut edited = text.to_owned();
    edited.insert_str(line, &edit.text);
    let after = trial.run(BTreeMap::from([(name.to_owned(), edited.into())])).outcome;
    let open = |findings: &[Finding]| {
        let same = |one: &&Finding| one.rule == finding.rule && one.fingerprint == finding.fingerprint;
        findings.iter().filter(same).filter(|one| one.ignored.is_none()).count()
    };
    let is_less = open(&after.report.findings) < open(&before.report.findings);
    is_less.then(|| (format!("allow `{}` here with a comment", finding.rule), edit))
}

struct Writer<'a> {
    judged: &'a Judged,
    places: Places<'a>,
    setup: &'a Setup,
}

impl Writer<'_> {
    /// The diagnostics of the editor that some findings are.
    fn diagnostics(&self, findings: &[usize], context: &CodeActionContext) -> Vec<Diagnostic> {
        let outcome = &self.judged.kept.outcome;
        let mut lines = FileLines::default();
        let mut is_one = |diagnostic: &Diagnostic| {
            findings.iter().filter_map(|at| outcome.report.findings.get(*at)).any(|finding| {
                let code = NumberOrString::String(finding.rule.to_string());
                diagnostic.code.as_ref() == Some(&code)
                    && diagnostic.range == lines.range(&outcome.files, finding.at.span, self.setup.encoding)
            })
        };
        context.diagnostics.iter().filter(|diagnostic| is_one(diagnostic)).cloned().collect()
    }

    fn edit(&self, edits: &[Edit]) -> Option<WorkspaceEdit> {
        let files = &self.judged.kept.outcome.files;
        let mut lines = FileLines::default();
        let mut by_file: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
        for edit in edits {
            let range = lines.range(files, edit.span, self.setup.encoding);
            let uri = self.places.uri(files, edit.span.file)?;
            by_file.entry(uri).or_default().push(TextEdit { range, new_text: edit.text.clone() });
        }
        if by_file.is_empty() {
            return None;
        }
        if !self.setup.versioned_edits {
            let changes: Option<HashMap<Uri, Vec<TextEdit>>> =
                by_file.into_iter().map(|(uri, edits)| Some((Uri::from_str(&uri).ok()?, edits))).collect();
            return Some(WorkspaceEdit { changes, ..WorkspaceEdit::default() });
        }
        let edits = by_file.into_iter().map(|(uri, edits)| {
            let version = self.judged.versions.get(&uri).copied();
            let text_document = OptionalVersionedTextDocumentIdentifier { uri: Uri::from_str(&uri).ok()?, version };
            Some(TextDocumentEdit { text_document, edits: edits.into_iter().map(OneOf::Left).collect() })
        });
        let edits: Option<Vec<TextDocumentEdit>> = edits.collect();
        Some(WorkspaceEdit { document_changes: edits.map(DocumentChanges::Edits), ..WorkspaceEdit::default() })
    }
}
