//! What an editor says of itself, and what it is answered.

use std::time::Duration;

use lsp_types::{
    CodeActionKind, CodeActionOptions, HoverProviderCapability, InitializeParams, MarkupKind, OneOf,
    PositionEncodingKind, ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};
use serde_json::{Value, json};

use crate::lsp::documents::Root;
use crate::lsp::setup::Setup;
use crate::lsp::text::Encoding;
use crate::lsp::uri;

/// How long the typing has to pause before a run is made, in milliseconds; `debounce` of `initializationOptions` says
/// another time.
const PAUSE: u64 = 150;

/// The longest pause that can be asked for.
const MOST_PAUSE: u64 = 10_000;

/// The files whose changes on the disk may change findings.
pub(super) const REGISTRATION: &str = r#"{"registrations":[{"id":"files","method":"workspace/didChangeWatchedFiles",
    "registerOptions":{"watchers":[{"globPattern":"**/*.{json,jsonc,yaml,yml,bicep,bicepparam}"}]}}]}"#;

/// What has to be known of an editor.
pub(super) struct Client {
    pub(super) encoding: Encoding,
    /// It draws Markdown.
    pub(super) markdown: bool,
    /// It can tell when files change.
    pub(super) watches: bool,
}

/// Reads the request, and makes the first folder of the editor the current one, so that files are spelled as in a check
/// that is run there.
///
/// # Errors
/// When it is no such request.
pub(super) fn start(params: Value) -> Result<(Client, Setup, Value), String> {
    let pause = params.pointer("/initializationOptions/debounce").and_then(Value::as_u64);
    let params: InitializeParams = serde_json::from_value(params).map_err(|error| error.to_string())?;
    let roots: Vec<Root> = folders(&params).iter().filter_map(|uri| Root::new(uri::to_path(uri)?)).collect();
    if let Some(first) = roots.first() {
        std::env::set_current_dir(&first.path).map_err(|error| format!("the folder cannot be entered: {error}"))?;
    }
    let capabilities = params.capabilities;
    let encodings = capabilities.general.and_then(|general| general.position_encodings).unwrap_or_default();
    let encoding = if encodings.contains(&PositionEncodingKind::UTF8) { Encoding::Utf8 } else { Encoding::Utf16 };
    let hover = capabilities.text_document.and_then(|text| text.hover?.content_format);
    let workspace = capabilities.workspace.unwrap_or_default();
    let client = Client {
        encoding,
        markdown: hover.is_none_or(|formats| formats.contains(&MarkupKind::Markdown)),
        watches: workspace.did_change_watched_files.and_then(|watched| watched.dynamic_registration) == Some(true),
    };
    let setup = Setup {
        roots,
        encoding,
        pause: Duration::from_millis(pause.unwrap_or(PAUSE).min(MOST_PAUSE)),
        versioned_edits: workspace.workspace_edit.and_then(|edit| edit.document_changes) == Some(true),
    };
    Ok((client, setup, answer(encoding)))
}

/// The folders of the editor, by address.
#[expect(deprecated, reason = "older editors tell their folder in one of two older ways")]
fn folders(params: &InitializeParams) -> Vec<String> {
    if let Some(folders) = params.workspace_folders.as_ref().filter(|folders| !folders.is_empty()) {
        return folders.iter().map(|folder| folder.uri.as_str().to_owned()).collect();
    }
    if let Some(root) = &params.root_uri {
        return vec![root.as_str().to_owned()];
    }
    params.root_path.iter().map(|path| uri::of_path(path.as_ref())).collect()
}

fn answer(encoding: Encoding) -> Value {
    let encoding = match encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
    };
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let actions =
        CodeActionOptions { code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]), ..CodeActionOptions::default() };
    let capabilities = ServerCapabilities {
        position_encoding: Some(encoding),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(actions.into()),
        ..ServerCapabilities::default()
    };
    json!({
        "capabilities": capabilities,
        "serverInfo": { "name": "aznetlint", "version": env!("CARGO_PKG_VERSION") },
    })
}
