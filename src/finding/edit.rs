//! Edits of a text: applied, and as a patch that `git apply` and `patch -p1` take.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};

use crate::source::{FileId, Files, Span};

/// Some bytes of a text become others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The bytes that go; empty: the text comes in between.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
}

/// The texts that edits change, as they are afterwards.
pub fn edited(files: &Files, edits: &[Edit]) -> BTreeMap<FileId, String> {
    let mut texts = BTreeMap::new();
    for of_file in edits.chunk_by(|one, other| one.span.file == other.span.file) {
        let Some(file) = of_file.first().map(|edit| edit.span.file) else { continue };
        texts.insert(file, applied(files.text(file), of_file));
    }
    texts
}

/// A text with edits made that are sorted and do not overlap.
fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        let range = edit.span.range();
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The lines of a text that edits take away, with a minus, and those that come, with a plus.
pub fn changed_lines(old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changed.map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches(['\n', '\r']))).collect()
}

/// What becomes of a file, as a patch.
pub fn patch(name: &str, old: &str, new: &str) -> String {
    let name = name.trim_start_matches('/');
    let (before, after) = (format!("a/{name}"), format!("b/{name}"));
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(&before, &after).to_string()
}
