//! The messages of a session: from `initialize` to `exit`. Nothing here waits for a run.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Write};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionParams, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    GotoDefinitionParams, HoverParams, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::lsp::documents::{Document, Documents};
use crate::lsp::frame::{self, Received};
use crate::lsp::host::{Host, Workspace};
use crate::lsp::hover::hover;
use crate::lsp::start::{Client, REGISTRATION, start};
use crate::lsp::text::changed;
use crate::lsp::worker::{Job, Picture, Question, Word, Worker};

/// What the loop waits for.
enum Event {
    Message(Message),
    Refused(ErrorCode, String),
    /// The stream has ended, or cannot be followed any more: why.
    End(Option<io::Error>),
    Word(Word),
}

/// Serves one editor until it says `exit` or the stream ends. Answers whether the session was shut down as it should be.
///
/// # Errors
/// When the stream is no longer one of messages.
pub fn serve(
    mut input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
    host: Arc<dyn Host>,
) -> io::Result<bool> {
    let (events, incoming) = channel();
    let from_reader = events.clone();
    thread::Builder::new().name("reader".to_owned()).spawn(move || {
        loop {
            let (event, is_last) = match frame::read(&mut input) {
                Ok(Received::Message(message)) => {
                    let is_exit = matches!(&message, Message::Notification(said) if said.method == "exit");
                    (Event::Message(message), is_exit)
                }
                Ok(Received::Refused(code, why)) => (Event::Refused(code, why), false),
                Ok(Received::End) => (Event::End(None), true),
                Err(error) => (Event::End(Some(error)), true),
            };
            if from_reader.send(event).is_err() || is_last {
                return;
            }
        }
    })?;
    let mut server = Server { out: Box::new(output), host, events, session: None, is_shut_down: false };
    server.follow(&incoming)
}

struct Server {
    out: Box<dyn Write + Send>,
    host: Arc<dyn Host>,
    events: Sender<Event>,
    session: Option<Session>,
    is_shut_down: bool,
}

/// What is known once the editor has introduced itself.
struct Session {
    client: Client,
    documents: Documents,
    generation: u64,
    jobs: Sender<Job>,
    /// Questions that the worker has not answered.
    waiting: BTreeSet<RequestId>,
    /// What the editor was told of each document, and of which version.
    published: BTreeMap<String, (Option<i32>, Vec<Diagnostic>)>,
    workspace: Option<Arc<Workspace>>,
    /// The last complaint that has no place.
    complaint: Vec<String>,
}

impl Server {
    fn follow(&mut self, incoming: &Receiver<Event>) -> io::Result<bool> {
        for event in incoming {
            match event {
                Event::Message(Message::Request(request)) => self.request(request)?,
                Event::Message(Message::Notification(said)) if said.method == "exit" => return Ok(self.is_shut_down),
                Event::Message(Message::Notification(said)) => self.notification(said)?,
                // Only a registration was asked of the editor; it works without.
                Event::Message(Message::Response(_)) => {}
                Event::Refused(code, why) => frame::refuse(code, &why, &mut self.out)?,
                Event::End(None) => return Ok(self.is_shut_down),
                Event::End(Some(error)) => return Err(error),
                Event::Word(Word::Picture(picture)) => self.publish(picture)?,
                Event::Word(Word::Answer(id, value)) => {
                    let is_waited_for = self.session.as_mut().is_some_and(|session| session.waiting.remove(&id));
                    if is_waited_for {
                        self.send(Response::new_ok(id, value).into())?;
                    }
                }
            }
        }
        Ok(self.is_shut_down)
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        message.write(&mut self.out)
    }

    fn refuse(&mut self, id: RequestId, code: ErrorCode, why: &str) -> io::Result<()> {
        self.send(Response::new_err(id, code as i32, why.to_owned()).into())
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        let Request { id, method, params } = request;
        if self.is_shut_down {
            return self.refuse(id, ErrorCode::InvalidRequest, "the session is shut down");
        }
        match (method.as_str(), &mut self.session) {
            ("initialize", None) => self.initialize(id, params),
            ("initialize", Some(_)) => self.refuse(id, ErrorCode::InvalidRequest, "this is the second `initialize`"),
            (_, None) => self.refuse(id, ErrorCode::ServerNotInitialized, "`initialize` comes first"),
            ("shutdown", Some(session)) => {
                session.documents.clear();
                let waiting: Vec<RequestId> = std::mem::take(&mut session.waiting).into_iter().collect();
                self.is_shut_down = true;
                for id in waiting {
                    self.refuse(id, ErrorCode::RequestCanceled, "the session is shut down")?;
                }
                self.send(Response::new_ok(id, Value::Null).into())
            }
            ("textDocument/hover", Some(session)) => match read::<HoverParams>(params) {
                Ok(params) => {
                    let said = session.hover(&params);
                    self.send(Response::new_ok(id, said).into())
                }
                Err(why) => self.refuse(id, ErrorCode::InvalidParams, &why),
            },
            ("textDocument/codeAction" | "textDocument/definition", Some(session)) => {
                match question(&method, params) {
                    Ok(question) => {
                        session.waiting.insert(id.clone());
                        // A worker that is gone answers nothing; the session ends with it.
                        session.jobs.send(Job::Ask(id, question)).map_err(io::Error::other)
                    }
                    Err(why) => self.refuse(id, ErrorCode::InvalidParams, &why),
                }
            }
            _ => self.refuse(id, ErrorCode::MethodNotFound, &format!("there is no method {method}")),
        }
    }

    fn initialize(&mut self, id: RequestId, params: Value) -> io::Result<()> {
        let (client, setup, answer) = match start(params) {
            Ok(started) => started,
            Err(why) => return self.refuse(id, ErrorCode::InvalidParams, &why),
        };
        let (jobs, asked) = channel();
        let (host, events) = (Arc::clone(&self.host), self.events.clone());
        thread::Builder::new().name("worker".to_owned()).spawn(move || {
            let mut worker = Worker::new(Arc::clone(&host), setup);
            let mut asked = Some(asked);
            host.with_threads(&mut || {
                if let Some(asked) = asked.take() {
                    // When nobody listens any more the process is about to end.
                    worker.work(&asked, &|word| drop(events.send(Event::Word(word))));
                }
            });
        })?;
        self.session = Some(Session {
            client,
            documents: Documents::new(),
            generation: 0,
            jobs,
            waiting: BTreeSet::new(),
            published: BTreeMap::new(),
            workspace: None,
            complaint: Vec::new(),
        });
        self.send(Response::new_ok(id, answer).into())
    }

    fn notification(&mut self, said: Notification) -> io::Result<()> {
        let Some(session) = self.session.as_mut().filter(|_| !self.is_shut_down) else { return Ok(()) };
        let Notification { method, params } = said;
        match method.as_str() {
            "initialized" => {
                session.changed(true);
                if session.client.watches {
                    let id = RequestId::from("watch".to_owned());
                    let params: Value = serde_json::from_str(REGISTRATION).unwrap_or_default();
                    self.send(Request::new(id, "client/registerCapability".to_owned(), params).into())?;
                }
            }
            "textDocument/didOpen" => session.open(params),
            "textDocument/didChange" => session.change(params),
            "textDocument/didClose" => session.close(params),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => session.changed(true),
            "$/cancelRequest" => {
                let id = params.get("id").cloned().and_then(|id| serde_json::from_value::<RequestId>(id).ok());
                if let Some(id) = id.filter(|id| session.waiting.remove(id)) {
                    self.refuse(id, ErrorCode::RequestCanceled, "it was cancelled")?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells what changed since the last picture. One of an older state says nothing: a newer one is on its way.
    fn publish(&mut self, picture: Picture) -> io::Result<()> {
        let Some(session) = self.session.as_mut().filter(|_| !self.is_shut_down) else { return Ok(()) };
        if picture.generation != session.generation {
            return Ok(());
        }
        let (messages, complaint) = session.take(picture);
        for params in messages {
            let message = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
            self.send(message.into())?;
        }
        for line in complaint {
            // 1 is an error.
            let params = json!({ "type": 1, "message": format!("aznetlint: {line}") });
            self.send(Notification::new("window/showMessage".to_owned(), params).into())?;
        }
        Ok(())
    }
}

impl Session {
    /// Sends the documents to the worker. `fresh`: files may have changed on the disk.
    fn changed(&mut self, fresh: bool) {
        self.generation += 1;
        let job = Job::Changed { documents: self.documents.clone(), generation: self.generation, fresh };
        // A worker that is gone judges nothing more; questions end the session.
        drop(self.jobs.send(job));
    }

    fn open(&mut self, params: Value) {
        let Ok(DidOpenTextDocumentParams { text_document: opened }) = read(params) else { return };
        let uri = opened.uri.as_str().to_owned();
        let document = Document::open(uri.clone(), opened.language_id, opened.version, opened.text);
        self.documents.insert(uri, Arc::new(document));
        self.changed(false);
    }

    fn change(&mut self, params: Value) {
        let Ok(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) else { return };
        let Some(document) = self.documents.get_mut(text_document.uri.as_str()) else { return };
        let text = changed(&document.text, content_changes, self.client.encoding);
        *document = Arc::new(document.with(text_document.version, text));
        self.changed(false);
    }

    fn close(&mut self, params: Value) {
        let Ok(DidCloseTextDocumentParams { text_document }) = read(params) else { return };
        self.documents.remove(text_document.uri.as_str());
        // What was not saved is gone, and the file counts again.
        self.changed(true);
    }

    fn hover(&self, params: &HoverParams) -> Value {
        let place = &params.text_document_position_params;
        let uri = place.text_document.uri.as_str();
        let said = || {
            let document = self.documents.get(uri)?;
            let told = self.published.get(uri).map_or(&[][..], |(_, told)| told);
            let pack = &self.workspace.as_ref()?.known;
            hover(document, place.position, (told, pack), (self.client.encoding, self.client.markdown))
        };
        said().and_then(|said| serde_json::to_value(said).ok()).unwrap_or_default()
    }

    /// What is new in a picture: diagnostics of documents, those that are gone among them, and complaints without a place.
    fn take(&mut self, mut picture: Picture) -> (Vec<PublishDiagnosticsParams>, Vec<String>) {
        self.workspace = picture.workspace.take().or(self.workspace.take());
        let known = self.published.keys().cloned();
        let all: BTreeSet<String> =
            known.chain(picture.told.keys().cloned()).chain(picture.versions.keys().cloned()).collect();
        let mut messages = Vec::new();
        for uri in all {
            let version = picture.versions.get(&uri).copied();
            let diagnostics = picture.told.remove(&uri).unwrap_or_default();
            let now = (version, diagnostics);
            let is_empty = now.0.is_none() && now.1.is_empty();
            if self.published.get(&uri) == Some(&now) {
                continue;
            }
            if let Ok(address) = Uri::from_str(&uri) {
                messages.push(PublishDiagnosticsParams { uri: address, diagnostics: now.1.clone(), version });
            }
            match is_empty {
                true => drop(self.published.remove(&uri)),
                false => drop(self.published.insert(uri, now)),
            }
        }
        let complaint = if picture.placeless == self.complaint { Vec::new() } else { picture.placeless.clone() };
        self.complaint = picture.placeless;
        (messages, complaint)
    }
}

fn question(method: &str, params: Value) -> Result<Question, String> {
    if method == "textDocument/definition" {
        let GotoDefinitionParams { text_document_position_params: place, .. } = read(params)?;
        return Ok(Question::Definition { uri: place.text_document.uri.as_str().to_owned(), at: place.position });
    }
    let CodeActionParams { text_document, range, context, .. } = read(params)?;
    Ok(Question::Actions { uri: text_document.uri.as_str().to_owned(), range, context })
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}
