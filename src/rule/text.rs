//! Texts of rule files and places in them.

use std::sync::Arc;

/// Bytes of a rule file; `end` is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A rule file: its name for messages and its content.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) name: Arc<str>,
    pub(crate) content: Arc<str>,
}

impl Text {
    pub(crate) fn new(name: impl Into<Arc<str>>, content: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), content: content.into() }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let offset = floor_boundary(&self.content, offset);
        let before = &self.content[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}

/// The start of the character a byte belongs to.
pub(crate) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
