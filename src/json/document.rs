//! What reading one JSON text yields: a document, or the first place that cannot be read.

use std::sync::Arc;

use crate::json::node::Node;
use crate::source::Span;

/// One parsed text.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its value.
    pub root: Node,
    /// Its comments, in the order written.
    pub comments: Vec<Comment>,
    /// Keys that one object holds more than once (compared without case), in the order of their objects' ends.
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
    /// Whether their values differ.
    pub differs: bool,
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
