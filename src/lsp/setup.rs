//! How a session is set up.

use std::time::Duration;

use crate::lsp::documents::Root;
use crate::lsp::text::Encoding;

/// How a session is set up.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) roots: Vec<Root>,
    pub(super) encoding: Encoding,
    /// How long the typing has to pause.
    pub(super) pause: Duration,
    /// The editor takes edits with the versions of documents.
    pub(super) versioned_edits: bool,
}
