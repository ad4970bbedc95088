//! The texts a run has read, and places in them.
//!
//! Every value carries a [`Span`] from the reader to the report; nothing looks a place up again.
//! Reading and decoding files is the work of `input`.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// One text of a run. Cheap to copy; only [`Files`] that gave it out understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// The name that standard input is shown by.
pub const STDIN: &str = "<stdin>";

/// Where a text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file; its name is its path.
    Path,
    /// Standard input; its name is [`STDIN`].
    Stdin,
    /// A value on the command line; its name is the flag, such as `--set region`.
    Flag,
    /// The settings file, for the values it gives to templates; its name is its path.
    Setting,
}

/// The parts of a path that has `/` between them, without `.` and doubled slashes. `..` takes the part before it away; it
/// stays where there is none, but at the root.
pub fn path_parts(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    parts
}

/// A stretch of bytes of one decoded text; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text it lies in.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// A span over `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end) }
    }

    /// Its length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Its bytes as a range into the text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether another span lies in it.
    pub fn holds(self, inner: Self) -> bool {
        self.file == inner.file && self.start <= inner.start && inner.end <= self.end
    }

    /// The part of this span that starts `from` bytes in and is `len` bytes long, kept inside it.
    pub fn part(self, from: usize, len: usize) -> Self {
        let start = (self.start as usize + from).min(self.end as usize);
        Self::new(self.file, start, (start + len).min(self.end as usize))
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

/// Where a span lies for a reader: lines and columns from 1, columns in characters, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line the span starts on.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The line the span ends on.
    pub end_line: usize,
    /// The column after its last character.
    pub end_column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

/// Every text of a run. Ids are given out in the order of adding.
#[derive(Debug, Default)]
pub struct Files {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    origin: Origin,
    text: Arc<str>,
    /// Bytes of the file before the text: 3 for a UTF-8 byte order mark, else 0.
    skipped: u32,
    lines: OnceLock<Vec<u32>>,
    /// The characters before every [`STEP`]th byte; counted only for texts with long lines.
    characters: OnceLock<Vec<u32>>,
}

/// A line longer than this has its columns counted from the nearest of these steps, not from its start, so that many
/// places on one line cost no more than many places on many lines.
const STEP: usize = 4096;

impl Files {
    /// Adds the decoded text of a file under the name shown to users.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.add_from(Origin::Path, name, text, 0)
    }

    /// Adds a decoded text; `skipped` is how many bytes of its source stand before it (a byte order mark).
    pub fn add_from(
        &mut self,
        origin: Origin,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        skipped: u32,
    ) -> FileId {
        let id = FileId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(Entry {
            name: name.into(),
            origin,
            text: text.into(),
            skipped,
            lines: OnceLock::new(),
            characters: OnceLock::new(),
        });
        id
    }

    /// Makes the characters in some places unreadable, wherever they are shown from now on. Bytes, lines and columns stay.
    pub fn hide(&mut self, places: &[Span]) {
        let mut by_file: Vec<Span> = places.to_vec();
        by_file.sort_unstable();
        for of_file in by_file.chunk_by(|one, other| one.file == other.file) {
            let Some(entry) = of_file.first().and_then(|place| self.entries.get_mut(place.file.0 as usize)) else {
                continue;
            };
            let mut hidden = String::with_capacity(entry.text.len());
            for place in of_file {
                let start = place.range().start.max(hidden.len());
                let (Some(before), Some(text)) =
                    (entry.text.get(hidden.len()..start), entry.text.get(start..place.range().end.max(start)))
                else {
                    continue;
                };
                hidden.push_str(before);
                hidden.extend(text.chars().map(unreadable));
            }
            hidden.push_str(&entry.text[hidden.len()..]);
            entry.text = Arc::from(hidden);
        }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..self.entries.len()).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Where a text came from; [`Origin::Path`] for an unknown id.
    pub fn origin(&self, file: FileId) -> Origin {
        self.entries.get(file.0 as usize).map_or(Origin::Path, |entry| entry.origin)
    }

    /// Whether a text is that of a file that others can open by its name; `false` for an unknown id.
    pub fn is_file(&self, file: FileId) -> bool {
        !self.name(file).is_empty() && matches!(self.origin(file), Origin::Path | Origin::Setting)
    }

    /// The name shown to users: the path as given, with `/` between its parts, or as [`Origin`] says.
    pub fn name(&self, file: FileId) -> &str {
        self.entries.get(file.0 as usize).map_or("", |entry| entry.name.as_str())
    }

    /// The decoded text; empty for an unknown id.
    pub fn text(&self, file: FileId) -> &str {
        self.entries.get(file.0 as usize).map_or("", |entry| &entry.text)
    }

    /// The text, shared.
    pub fn shared_text(&self, file: FileId) -> Arc<str> {
        self.entries.get(file.0 as usize).map_or_else(|| Arc::from(""), |entry| Arc::clone(&entry.text))
    }

    /// The characters a span covers; empty when it reaches outside its text.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.range()).unwrap_or("")
    }

    /// The byte of the *file* (not of the decoded text) a span starts at, for files in UTF-8.
    pub fn file_offset(&self, span: Span) -> usize {
        let skipped = self.entries.get(span.file.0 as usize).map_or(0, |entry| entry.skipped);
        span.start as usize + skipped as usize
    }

    /// The byte offsets at which the lines of a text start.
    pub fn line_starts(&self, file: FileId) -> &[u32] {
        let Some(entry) = self.entries.get(file.0 as usize) else { return &[0] };
        entry.lines.get_or_init(|| {
            let mut starts = vec![0];
            starts.extend(
                memchr::memchr_iter(b'\n', entry.text.as_bytes()).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)),
            );
            starts
        })
    }

    /// Lines and columns of a span.
    pub fn position(&self, span: Span) -> Position {
        let (line, column) = self.line_column(span.file, span.start as usize);
        let (end_line, end_column) = self.line_column(span.file, span.end.max(span.start) as usize);
        Position { line, column, end_line, end_column }
    }

    fn line_column(&self, file: FileId, offset: usize) -> (usize, usize) {
        let text = self.text(file);
        let offset = floor_boundary(text, offset);
        let starts = self.line_starts(file);
        let line = starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = starts[line - 1] as usize;
        let before = if offset - start <= STEP {
            characters(&text.as_bytes()[start..offset])
        } else {
            self.characters_before(file, offset) - self.characters_before(file, start)
        };
        (line, before + 1)
    }

    fn characters_before(&self, file: FileId, offset: usize) -> usize {
        let Some(entry) = self.entries.get(file.0 as usize) else { return 0 };
        let bytes = entry.text.as_bytes();
        let counted = entry.characters.get_or_init(|| {
            let sums = bytes.chunks(STEP).scan(0, |sum, chunk| {
                let before = *sum;
                *sum += u32::try_from(characters(chunk)).unwrap_or(u32::MAX);
                Some(before)
            });
            sums.collect()
        });
        // The end of a text whose length is a multiple of the step belongs to its last step.
        let step = (offset / STEP).min(counted.len().saturating_sub(1));
        counted.get(step).map_or(0, |&before| before as usize + characters(&bytes[step * STEP..offset]))
    }
}

/// What stands in the place of a character that must not be shown: of as many bytes, and the ends of lines as they are.
fn unreadable(letter: char) -> char {
    match letter.len_utf8() {
        _ if letter.is_whitespace() || matches!(letter, '"' | '[' | ']' | '{' | '}' | ',' | ':') => letter,
        1 => '*',
        2 => '×',
        3 => '•',
        _ => '🔒',
    }
}

/// How many characters start in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    let starts = |bytes: &[u8]| bytes.iter().map(|&byte| u8::from(byte & 0b1100_0000 != 0b1000_0000)).sum::<u8>();
    // So few that their number fits a byte: many of them are counted at once.
    bytes.chunks(usize::from(u8::MAX)).map(|bytes| usize::from(starts(bytes))).sum()
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::{Files, Origin, Position, Span, path_parts};

    #[test]
    fn a_path_is_tidied_without_leaving_its_root() {
        assert_eq!(path_parts("./a//b/../c/."), ["a", "c"]);
        assert_eq!(path_parts("../../a"), ["..", "..", "a"]);
        assert_eq!(path_parts("/../a/../../b"), ["b"]);
    }

    #[test]
    fn columns_count_characters_from_one() {
        let mut files = Files::default();
        let file = files.add("a.json", "ab\nçd€f\n");
        let start = files.text(file).find('€').unwrap();
        let span = Span::new(file, start, start + '€'.len_utf8());
        assert_eq!(files.position(span), Position { line: 2, column: 3, end_line: 2, end_column: 4 });
        assert_eq!(files.slice(span), "€");
    }

    #[test]
    fn what_is_hidden_keeps_bytes_and_columns() {
        let mut files = Files::default();
        let file = files.add("a.json", "{\"a\": \"sé€\\n😀\",\n \"b\": \"t\"}");
        let before = files.text(file).to_owned();
        let place = |part: &str| {
            let start = before.find(part).unwrap();
            Span::new(file, start, start + part.len())
        };
        files.hide(&[place("\"t\""), place("\"sé€\\n😀\""), place("é€"), Span::new(file, 70, 90)]);
        assert_eq!(files.text(file), "{\"a\": \"*×•**🔒\",\n \"b\": \"*\"}");
        assert_eq!(files.text(file).len(), before.len());
    }

    #[test]
    fn columns_of_a_long_line_are_the_same() {
        let mut files = Files::default();
        let text = format!("é\n{}", "aé€".repeat(5000));
        let file = files.add("a.json", text.as_str());
        for (at, (offset, _)) in text[3..].char_indices().enumerate().step_by(701) {
            let position = files.position(Span::new(file, 3 + offset, 3 + offset));
            assert_eq!((position.line, position.column), (2, at + 1));
        }
        assert_eq!(files.position(Span::new(file, text.len(), text.len())).column, 15_001);
    }

    #[test]
    fn a_place_outside_the_text_is_its_end() {
        let mut files = Files::default();
        let file = files.add("a.json", "x");
        assert_eq!(files.position(Span::new(file, 7, 9)).column, 2);
        assert_eq!(files.slice(Span::new(file, 7, 9)), "");
    }

    #[test]
    fn a_byte_order_mark_counts_in_the_file_only() {
        let mut files = Files::default();
        let file = files.add_from(Origin::Path, "a.json", "{}", 3);
        assert_eq!(files.file_offset(Span::new(file, 1, 2)), 4);
        assert_eq!(files.position(Span::new(file, 1, 2)).column, 2);
    }
}
