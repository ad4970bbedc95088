//! Where a piece of an expression stands in its file, exact through the escapes of the JSON string around it.

use std::rc::Rc;
use std::sync::Arc;

use crate::source::{FileId, Files, Span};

/// The text that holds an expression.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The decoded string, or a whole file.
    pub(crate) text: Arc<str>,
    /// The string with its quotes, or the whole file.
    pub(crate) span: Span,
    map: Map,
}

#[derive(Clone, Debug)]
enum Map {
    /// Decoded byte `i` is byte `i + shift` of the span.
    Shift(usize),
    /// After each escape: the decoded byte and the byte of the span it corresponds to.
    Escapes(Rc<Vec<(usize, usize)>>),
    /// The text is not what is written there.
    Whole,
}

impl Site {
    /// A site for `text`, which was written at `span`.
    pub(crate) fn new(files: &Files, text: &Arc<str>, span: Span) -> Self {
        let map = if span.len() == text.len() + 2 { Map::Shift(1) } else { map(files.slice(span), text) };
        Self { text: Arc::clone(text), span, map }
    }

    /// A site for the expressions whose places are bytes of their file.
    pub(crate) fn of_file(files: &Files, file: FileId) -> Self {
        let text = files.shared_text(file);
        Self { span: Span::new(file, 0, text.len()), text, map: Map::Shift(0) }
    }

    /// The place of decoded bytes `start..end`.
    pub(crate) fn place(&self, start: usize, end: usize) -> Span {
        let base = self.span.start as usize;
        match &self.map {
            Map::Shift(shift) => Span::new(self.span.file, base + start + shift, base + end + shift),
            Map::Escapes(escapes) => {
                Span::new(self.span.file, base + raw(escapes, start), base + raw(escapes, end.max(start)))
            }
            Map::Whole => self.span,
        }
    }

    /// The decoded bytes `start..end`.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or(&self.text)
    }
}

fn raw(escapes: &[(usize, usize)], decoded: usize) -> usize {
    let after = escapes.partition_point(|&(at, _)| at <= decoded);
    match after.checked_sub(1).map(|index| escapes[index]) {
        Some((at, raw)) => raw + (decoded - at),
        None => decoded + 1,
    }
}

fn map(written: &str, text: &str) -> Map {
    let Some(inner) = written.get(1..written.len().saturating_sub(1)) else { return Map::Whole };
    let mut escapes = Vec::new();
    let mut decoded = String::with_capacity(inner.len());
    let mut at = 0;
    while let Some(length) = inner[at..].find('\\') {
        decoded.push_str(&inner[at..at + length]);
        at += length;
        let Some((character, width)) = escape(&inner[at..]) else { return Map::Whole };
        decoded.push(character);
        at += width;
        escapes.push((decoded.len(), at + 1));
    }
    decoded.push_str(&inner[at..]);
    if decoded == text {
        return Map::Escapes(Rc::new(escapes));
    }
    // A doubled bracket at the start was taken off before this text was evaluated.
    if decoded.get(1..) == Some(text) {
        if escapes.is_empty() {
            return Map::Shift(2);
        }
        let shifted = escapes.into_iter().map(|(at, raw)| (at.saturating_sub(1), raw));
        return Map::Escapes(Rc::new(std::iter::once((0, 2)).chain(shifted).collect()));
    }
    Map::Whole
}

fn escape(text: &str) -> Option<(char, usize)> {
    let simple = |character| Some((character, 2));
    match text.as_bytes().get(1)? {
        b'n' => simple('\n'),
        b't' => simple('\t'),
        b'r' => simple('\r'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'u' => {
            let unit = |from: usize| u32::from_str_radix(text.get(from..from + 4)?, 16).ok();
            let high = unit(2)?;
            if (0xd800..0xdc00).contains(&high)
                && text.get(6..8) == Some("\\u")
                && let Some(low @ 0xdc00..0xe000) = unit(8)
            {
                return Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12));
            }
            Some((char::from_u32(high).unwrap_or('\u{fffd}'), 6))
        }
        _ => {
            let character = text[1..].chars().next()?;
            Some((character, 1 + character.len_utf8()))
        }
    }
}

#[cfg(test)]
mod place_tests {
    use super::Site;
    use crate::source::{Files, Span};

    fn placed(written: &str, text: &str, part: &str) -> String {
        let mut files = Files::default();
        let file = files.add("t.json", written.to_owned());
        let site = Site::new(&files, &text.into(), Span::new(file, 0, written.len()));
        let start = text.find(part).unwrap();
        files.slice(site.place(start, start + part.len())).to_owned()
    }

    #[test]
    fn plain_strings_shift_by_the_quote() {
        assert_eq!(placed("\"[concat('a')]\"", "[concat('a')]", "'a'"), "'a'");
    }

    #[test]
    fn escapes_before_inside_and_after_are_counted() {
        let written = r#""[concat('\"', '\u00e9b', 'c\n')]""#;
        let text = "[concat('\"', '\u{e9}b', 'c\n')]";
        assert_eq!(placed(written, text, "concat"), "concat");
        assert_eq!(placed(written, text, "'\u{e9}b'"), r"'\u00e9b'");
        assert_eq!(placed(written, text, "'c\n'"), r"'c\n'");
    }

    #[test]
    fn a_bracket_taken_off_is_counted() {
        assert_eq!(placed("\"[[concat('a')]\"", "[concat('a')]", "'a'"), "'a'");
        assert_eq!(placed(r#""[[concat('\"','a')]""#, "[concat('\"','a')]", "'a'"), "'a'");
    }

    #[test]
    fn computed_text_has_the_place_of_the_whole() {
        assert_eq!(placed("\"x\"", "[concat('a')]", "'a'"), "\"x\"");
    }
}
