//! What is wrong in a file of service tags that can be used all the same.

use crate::source::Span;

/// One thing that is wrong, with its place. A tag it belongs to is a name without known addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// In words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The tag whose addresses are unknown because of it.
    pub tag: Option<String>,
    /// What to do.
    pub help: Option<&'static str>,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// Something in a list of prefixes is none.
    BadPrefix,
    /// A list of prefixes is not JSON.
    BadList,
    /// A tag has no list of prefixes.
    NoList,
    /// A tag has no name.
    NoName,
    /// A tag is listed again with other prefixes.
    Repeated,
    /// The file is one page of several.
    Incomplete,
}

impl FaultKind {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadPrefix => "bad-prefix",
            Self::BadList => "bad-list",
            Self::NoList => "no-prefixes",
            Self::NoName => "no-name",
            Self::Repeated => "repeated-tag",
            Self::Incomplete => "incomplete",
        }
    }
}
