//! Runs, made beside the messages: the newest state of the documents is judged once the typing pauses, and questions that
//! take a run are answered from it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use lsp_server::RequestId;
use lsp_types::{CodeActionContext, Position, Range};
use serde_json::Value;

use crate::lsp::actions::actions;
use crate::lsp::definition::definition;
use crate::lsp::documents::{Document, Documents, open_texts, scopes};
use crate::lsp::host::{Host, OpenTexts, Problem, Scope, Workspace};
use crate::lsp::judged::Judged;
use crate::lsp::publish::{Places, Told, of_problems, of_run};
use crate::lsp::setup::Setup;

/// What the server asks of the worker.
pub(super) enum Job {
    /// The documents are these now. `fresh`: files may have changed on the disk as well.
    Changed { documents: Documents, generation: u64, fresh: bool },
    /// Something to answer from a run over the newest documents.
    Ask(RequestId, Question),
}

/// What takes a run to answer.
pub(super) enum Question {
    /// What can be done about the findings in a range.
    Actions { uri: String, range: Range, context: CodeActionContext },
    /// Where the value of what stands at a place is written.
    Definition { uri: String, at: Position },
}

/// What the worker says.
pub(super) enum Word {
    /// What there is to say about a state of the documents.
    Picture(Picture),
    /// The answer to a question.
    Answer(RequestId, Value),
}

/// What there is to say about a state of the documents.
pub(super) struct Picture {
    pub(super) generation: u64,
    /// The versions of the documents it is about.
    pub(super) versions: BTreeMap<String, i32>,
    pub(super) told: Told,
    /// What is wrong with the settings and has no place.
    pub(super) placeless: Vec<String>,
    /// The rules, for explanations.
    pub(super) workspace: Option<Arc<Workspace>>,
}

type Gathered = Result<Arc<Workspace>, Vec<Problem>>;

pub(super) struct Worker {
    host: Arc<dyn Host>,
    setup: Setup,
    documents: Documents,
    generation: u64,
    /// Settings and rules, with the open texts they were made of.
    gathered: BTreeMap<Scope, (OpenTexts, Gathered)>,
    /// The last settings and rules that could be used.
    usable: BTreeMap<Scope, Arc<Workspace>>,
    judged: BTreeMap<Scope, Judged>,
}

impl Worker {
    pub(super) fn new(host: Arc<dyn Host>, setup: Setup) -> Self {
        Self {
            host,
            setup,
            documents: Documents::new(),
            generation: 0,
            gathered: BTreeMap::new(),
            usable: BTreeMap::new(),
            judged: BTreeMap::new(),
        }
    }

    /// Works until nobody asks any more.
    pub(super) fn work(&mut self, jobs: &Receiver<Job>, words: &dyn Fn(Word)) {
        let mut due: Option<Instant> = None;
        loop {
            let job = match due {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => jobs.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match job {
                Ok(Job::Changed { documents, generation, fresh }) => {
                    self.take(documents, generation, fresh);
                    due = Some(Instant::now() + self.setup.pause);
                }
                Ok(Job::Ask(id, question)) => {
                    if due.take().is_some() {
                        self.tell(words);
                    }
                    let answer = catch_unwind(AssertUnwindSafe(|| self.answer(question)));
                    words(Word::Answer(id, answer.unwrap_or(Value::Null)));
                }
                Err(RecvTimeoutError::Timeout) => {
                    due = None;
                    self.tell(words);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, documents: Documents, generation: u64, fresh: bool) {
        self.documents = documents;
        self.generation = generation;
        if fresh {
            self.gathered.clear();
            self.judged.clear();
        }
    }

    /// Judges what changed, and says what came of it. A run that fails says nothing, and the next is tried.
    fn tell(&mut self, words: &dyn Fn(Word)) {
        if let Ok(picture) = catch_unwind(AssertUnwindSafe(|| self.picture())) {
            words(Word::Picture(picture));
        }
    }

    fn picture(&mut self) -> Picture {
        let scopes = scopes(&self.setup.roots, &self.documents);
        self.gathered.retain(|scope, _| scopes.contains_key(scope));
        self.usable.retain(|scope, _| scopes.contains_key(scope));
        self.judged.retain(|scope, _| scopes.contains_key(scope));
        let open = open_texts(&self.documents);
        let (mut told, mut placeless, mut last) = (Told::new(), Vec::new(), None);
        for (scope, documents) in &scopes {
            let workspace = match self.gather(scope, &open) {
                Ok(workspace) => Some(workspace),
                Err(problems) => {
                    let places = self.bare_places();
                    let (more, others) = of_problems(&problems, &places);
                    add(&mut told, more);
                    placeless.extend(others);
                    // What was found before is still so, as far as anybody knows.
                    self.usable.get(scope).cloned()
                }
            };
            let Some(workspace) = workspace else { continue };
            if !workspace.paths.is_empty() {
                self.judge(scope, &workspace, documents);
                if let Some(judged) = self.judged.get(scope) {
                    let places = judged.places(&self.setup.roots, &self.documents, self.setup.encoding);
                    add(&mut told, of_run(&judged.kept.outcome, &workspace, &places));
                }
            }
            last.get_or_insert(workspace);
        }
        let versions = self.documents.values().map(|open| (open.uri.clone(), open.version)).collect();
        Picture { generation: self.generation, versions, told, placeless, workspace: last }
    }

    /// Settings and rules of a scope; read once for a state of the texts that they are made of.
    fn gather(&mut self, scope: &Scope, open: &OpenTexts) -> Gathered {
        if let Some((with, gathered)) = self.gathered.get(scope)
            && with == open
        {
            return gathered.clone();
        }
        let gathered = self.host.gather(scope, open).map(Arc::new);
        if let Ok(workspace) = &gathered {
            self.usable.insert(scope.clone(), Arc::clone(workspace));
        }
        self.gathered.insert(scope.clone(), (open.clone(), gathered.clone()));
        gathered
    }

    fn judge(&mut self, scope: &Scope, workspace: &Arc<Workspace>, documents: &[Arc<Document>]) {
        let holds = self.judged.get(scope).is_some_and(|judged| judged.holds_for(workspace, documents));
        if !holds {
            self.judged.insert(scope.clone(), Judged::run(scope, workspace, documents));
        }
    }

    fn bare_places(&self) -> Places<'_> {
        let Setup { roots, encoding, .. } = &self.setup;
        Places { root: roots.first(), documents: &self.documents, stdin: None, encoding: *encoding }
    }

    fn answer(&mut self, question: Question) -> Value {
        let uri = match &question {
            Question::Actions { uri, .. } | Question::Definition { uri, .. } => uri,
        };
        let Some(document) = self.documents.get(uri).cloned() else { return Value::Null };
        let mut found: Vec<Value> = Vec::new();
        for judged in self.judged.values_mut().filter(|judged| judged.versions.contains_key(&document.uri)) {
            match &question {
                Question::Actions { range, context, .. } => {
                    let asked = (&*document, *range, context);
                    found.extend(actions(judged, asked, &self.setup, &self.documents));
                }
                Question::Definition { at, .. } => {
                    found.extend(definition(judged, (&document, *at), &self.setup, &self.documents));
                }
            }
        }
        Value::Array(found)
    }
}

fn add(told: &mut Told, more: Told) {
    for (uri, diagnostics) in more {
        let all = told.entry(uri).or_default();
        for one in diagnostics {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
}
