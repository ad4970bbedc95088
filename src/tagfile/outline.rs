//! What a file of service tags says, its lists of prefixes still unread: the common ground of both readers.

use crate::json::Node;
use crate::source::Span;

/// A file whose lists are not read yet.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) change_number: Option<u64>,
    /// The cloud as written.
    pub(crate) cloud: Option<String>,
    /// The link to the next page, when there is one.
    pub(crate) next_link: Option<Span>,
    pub(crate) tags: Vec<Listed>,
    /// Entries without a name.
    pub(crate) nameless: Vec<Span>,
}

/// One tag of the file.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Where the name stands, quotes included.
    pub(crate) name_span: Span,
    pub(crate) list: List,
}

/// The prefixes of a tag, unread.
#[derive(Clone, Debug)]
pub(crate) enum List {
    /// Bytes of the text, brackets included. No string in them has escapes, and no bracket stands between them.
    Text(Span),
    /// A parsed value that is a list or a text.
    Node(Node),
    /// There is none.
    Missing,
}
