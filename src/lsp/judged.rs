//! What is judged together, and what its last run came to: made once for a state of its texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fix::Trial;
use crate::lint::{Expanded, Kept, expand};
use crate::lsp::documents::{Document, Documents, Root, names};
use crate::lsp::host::{Scope, Workspace};
use crate::lsp::publish::Places;
use crate::lsp::text::Encoding;

/// One run, and what it was made of.
pub(super) struct Judged {
    pub(super) workspace: Arc<Workspace>,
    pub(super) kept: Kept,
    /// The documents that stood in for files, with their versions.
    pub(super) versions: BTreeMap<String, i32>,
    instead: BTreeMap<String, Arc<str>>,
    stdin: Arc<str>,
    /// The address of the document that standard input stands for.
    stdin_uri: Option<String>,
}

impl Judged {
    /// Runs over everything in a scope; `documents` are those open in it.
    pub(super) fn run(scope: &Scope, workspace: &Arc<Workspace>, documents: &[Arc<Document>]) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let is_text = matches!(scope, Scope::Text(_));
        let mut instead = BTreeMap::new();
        let mut stdin: Arc<str> = Arc::from("");
        for document in documents {
            match is_text {
                true => stdin = Arc::clone(&document.text),
                false => {
                    let names = names(document, &workspace.paths, &here).into_iter();
                    instead.extend(names.map(|name| (name, Arc::clone(&document.text))));
                }
            }
        }
        let stdin_uri = documents.first().filter(|_| is_text).map(|document| document.uri.clone());
        let versions = versions(documents);
        let kept = trial(workspace, &stdin).run(instead.clone());
        Self { workspace: Arc::clone(workspace), kept, versions, instead, stdin, stdin_uri }
    }

    /// Whether it still holds for these documents and this workspace.
    pub(super) fn holds_for(&self, workspace: &Arc<Workspace>, documents: &[Arc<Document>]) -> bool {
        Arc::ptr_eq(&self.workspace, workspace) && self.versions == versions(documents)
    }

    /// The same run, to be repeated with other texts, and what it came to.
    pub(super) fn again<T>(&mut self, go: impl FnOnce(&Trial<'_>, &mut Kept) -> T) -> T {
        let mut settings = self.workspace.settings.clone();
        settings.input.instead = Arc::new(self.instead.clone());
        let workspace = &self.workspace;
        let stdin = self.stdin.as_bytes();
        go(&Trial { paths: &workspace.paths, stdin, pack: &workspace.pack, settings: &settings }, &mut self.kept)
    }

    /// What its templates deploy, with the way of every value.
    pub(super) fn expanded(&self) -> Expanded {
        let mut settings = self.workspace.settings.clone();
        settings.input.instead = Arc::new(self.instead.clone());
        expand(&self.workspace.paths, &mut self.stdin.as_bytes(), &settings, &[])
    }

    /// Where its names lead.
    pub(super) fn places<'a>(&'a self, roots: &'a [Root], documents: &'a Documents, encoding: Encoding) -> Places<'a> {
        let name = self.workspace.settings.input.stdin_name.as_deref();
        let stdin = name.zip(self.stdin_uri.as_deref());
        Places { root: roots.first(), documents, stdin, encoding }
    }
}

fn versions(documents: &[Arc<Document>]) -> BTreeMap<String, i32> {
    documents.iter().map(|document| (document.uri.clone(), document.version)).collect()
}

fn trial<'a>(workspace: &'a Workspace, stdin: &'a str) -> Trial<'a> {
    Trial { paths: &workspace.paths, stdin: stdin.as_bytes(), pack: &workspace.pack, settings: &workspace.settings }
}
