//! Places in a text as editors tell them: lines from 0 that end with `\n`, `\r\n` or `\r`, columns in the units that were
//! agreed upon.

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

/// What columns count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which every editor knows.
    Utf16,
}

/// Where the lines of a text start, in bytes.
#[derive(Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
        let ends = ends.filter(|at| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
        Self { starts: std::iter::once(0).chain(ends.map(|at| at + 1)).collect() }
    }

    /// The place of a byte. One inside a character is that of the character.
    pub(super) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).max(1) - 1;
        let before = text.get(self.starts[line]..offset).unwrap_or_default();
        let column = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        Position::new(number(line), number(column))
    }

    /// The byte of a place: the end of its line where the line is shorter, the end of the text where that is.
    pub(super) fn offset(&self, text: &str, at: Position, encoding: Encoding) -> usize {
        let line = at.line as usize;
        let Some(&start) = self.starts.get(line) else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text.get(start..end).unwrap_or_default().trim_end_matches(['\r', '\n']);
        let column = at.character as usize;
        let mut units = 0;
        for (offset, letter) in content.char_indices() {
            let wide = match encoding {
                Encoding::Utf8 => letter.len_utf8(),
                Encoding::Utf16 => letter.len_utf16(),
            };
            // In the middle of a character is before it.
            if units + wide > column {
                return start + offset;
            }
            units += wide;
        }
        start + content.len()
    }

    /// The places of a stretch of bytes.
    pub(super) fn range(&self, text: &str, bytes: std::ops::Range<usize>, encoding: Encoding) -> Range {
        let (start, end) = (bytes.start, bytes.end.max(bytes.start));
        Range::new(self.position(text, start, encoding), self.position(text, end, encoding))
    }
}

/// A text with changes made, one after the other. One without a place is a new text.
pub(super) fn changed(text: &str, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) -> String {
    let mut text = text.to_owned();
    for change in changes {
        let Some(range) = change.range else {
            text = change.text;
            continue;
        };
        let lines = Lines::of(&text);
        let start = lines.offset(&text, range.start, encoding);
        let end = lines.offset(&text, range.end, encoding).max(start);
        text.replace_range(start..end, &change.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range, TextDocumentContentChangeEvent};
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::{Encoding, Lines, changed};

    #[test]
    fn columns_count_what_was_agreed_upon() {
        let text = "a\r\né😀x\rb\n";
        let lines = Lines::of(text);
        let x = text.find('x').unwrap();
        assert_eq!(lines.position(text, x, Encoding::Utf16), Position::new(1, 3));
        assert_eq!(lines.position(text, x, Encoding::Utf8), Position::new(1, 6));
        assert_eq!(lines.position(text, x - 2, Encoding::Utf16), Position::new(1, 1));
        assert_eq!(lines.position(text, text.len(), Encoding::Utf16), Position::new(3, 0));
        assert_eq!(lines.offset(text, Position::new(1, 2), Encoding::Utf16), text.find('😀').unwrap());
        assert_eq!(lines.offset(text, Position::new(0, 9), Encoding::Utf16), 1);
        assert_eq!(lines.offset(text, Position::new(9, 9), Encoding::Utf8), text.len());
    }

    #[test]
    fn changes_are_made_one_after_the_other() {
        let change = |(line, from, to): (u32, u32, u32), text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(line, from), Position::new(line, to))),
            range_length: None,
            text: text.to_owned(),
        };
        let all = vec![change((1, 1, 3), "ü"), change((1, 2, 2), "!"), change((0, 1, 0), "-")];
        assert_eq!(changed("ab\r\né😀c\r\n", all, Encoding::Utf16), "a-b\r\néü!c\r\n");
        let whole = TextDocumentContentChangeEvent { range: None, range_length: None, text: "n".to_owned() };
        assert_eq!(changed("ab", vec![whole], Encoding::Utf8), "n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_place_and_its_byte_are_the_same(text in "[aé😀\r\n€]{0,40}", at in 0_usize..120) {
            let lines = Lines::of(&text);
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let mut start = at.min(text.len());
                while !text.is_char_boundary(start) {
                    start -= 1;
                }
                // Inside the end of a line there is no place.
                if text[..start].ends_with('\r') && text[start..].starts_with('\n') {
                    start -= 1;
                }
                let place = lines.position(&text, start, encoding);
                prop_assert_eq!(lines.offset(&text, place, encoding), start);
            }
        }
    }
}
