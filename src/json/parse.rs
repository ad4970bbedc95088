//! Text to [`Node`]: JSON as Azure's tools really write it, with a span for every key and value.
//!
//! Decoding bytes to text is the work of `input`.

use std::sync::Arc;

use crate::json::node::Node;
use crate::source::{FileId, Span};

/// One parsed text.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its value.
    pub root: Node,
    /// Its comments, in the order written.
    pub comments: Vec<Comment>,
    /// Keys that one object holds more than once (compared without case).
    pub duplicates: Vec<Duplicate>,
}

/// One comment with its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, `//` or `/*` included, the line end excluded.
    pub span: Span,
}

/// A key written twice in one object.
#[derive(Clone, Debug)]
pub struct Duplicate {
    /// The key as written the second time.
    pub key: Arc<str>,
    /// The earlier key, which Azure ignores.
    pub first: Span,
    /// The later key, which counts.
    pub second: Span,
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in a few words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Another place that helps: the bracket that was never closed, ….
    pub related: Option<(Span, String)>,
}

/// Parses one text.
///
/// # Errors
/// The first place that cannot be read.
pub fn parse(file: FileId, text: &str) -> Result<Document, SyntaxError> {
    let _ = text;
    Err(SyntaxError { message: "not written yet".into(), span: Span::new(file, 0, 0), related: None })
}
