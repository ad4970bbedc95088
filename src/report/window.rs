//! The part of the texts that one finding shows: only the lines with labels, long lines cut to a window around them, and
//! nothing a terminal would obey. Lines and columns stay those of the file.
//!
//! codespan-reporting neither cuts lines nor filters characters: a label in a minified export would print megabytes.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files as Shown, Location};

use crate::report::pen::Pen;
use crate::source::{FileId, Files, Span};

/// A line with more bytes than this many times the reach is cut.
const LONG: usize = 4;
/// The longest label shown in full, in characters.
const LABEL: usize = 120;

/// The lines one finding shows, as codespan-reporting wants them. Byte offsets are those of the shown text.
pub(crate) struct View {
    files: Vec<ShownFile>,
}

struct ShownFile {
    name: String,
    text: String,
    /// Line index in the file → where the line lies in `text`, with its line end.
    lines: BTreeMap<usize, Range<usize>>,
    /// Where each label starts in `text` and in the file.
    places: Vec<(usize, Location)>,
}

/// Where a label lies in a [`View`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Which text of the view.
    pub(crate) file: usize,
    /// Its bytes there.
    pub(crate) range: Range<usize>,
}

/// A label on one line: the index of its span, and its bytes in the file.
struct OnLine {
    span: usize,
    bytes: Range<usize>,
}

impl View {
    /// The view of some spans, with a mark for each. A span in a text that holds nothing has no mark; one over several
    /// lines is marked up to the end of the first. `width` is the number of columns there are.
    pub(crate) fn new(files: &Files, spans: &[Span], width: usize, pen: Pen) -> (Self, Vec<Option<Mark>>) {
        let reach = (width / 2).clamp(20, 60);
        let mut view = Self { files: Vec::new() };
        let mut marks = vec![None; spans.len()];
        for (id, lines) in labelled_lines(files, spans) {
            let mut shown = ShownFile {
                name: pen.clean(files.name(id)),
                text: String::new(),
                lines: BTreeMap::new(),
                places: Vec::new(),
            };
            for (line, labels) in lines {
                let cut = Cut::new(files.text(id), line_bytes(files, id, line), &labels, reach, pen);
                let from = shown.text.len();
                for label in labels {
                    let range = cut.range(&label.bytes);
                    let range = from + range.start..from + range.end;
                    let place = files.position(spans[label.span]);
                    let place = Location { line_number: place.line, column_number: place.column };
                    shown.places.push((range.start, place));
                    marks[label.span] = Some(Mark { file: view.files.len(), range });
                }
                shown.text.push_str(&cut.text);
                shown.text.push('\n');
                shown.lines.insert(line, from..shown.text.len());
            }
            view.files.push(shown);
        }
        (view, marks)
    }

    /// How many digits the greatest line number shown has.
    pub(crate) fn gutter(&self) -> usize {
        let last = |file: &ShownFile| file.lines.last_key_value().map_or(0, |(line, _)| line + 1);
        self.files.iter().map(last).max().map_or(1, |line| line.max(1).ilog10() as usize + 1)
    }

    fn file(&self, id: usize) -> Result<&ShownFile, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}

impl<'a> Shown<'a> for View {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte: usize) -> Result<usize, Error> {
        let lines = &self.file(id)?.lines;
        Ok(lines.iter().rev().find(|(_, range)| range.start <= byte).map_or(0, |(line, _)| *line))
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let lines = &self.file(id)?.lines;
        let max = lines.last_key_value().map_or(0, |(line, _)| *line);
        lines.get(&line).cloned().ok_or(Error::LineTooLarge { given: line, max })
    }

    fn location(&'a self, id: usize, byte: usize) -> Result<Location, Error> {
        let place = self.file(id)?.places.iter().find(|(start, _)| *start == byte).map(|(_, place)| *place);
        place.ok_or(Error::InvalidCharBoundary { given: byte })
    }
}

/// The labelled lines of each text, the texts in the order of the spans. The line between two labelled lines is among
/// them, since codespan-reporting shows it instead of a break.
fn labelled_lines(files: &Files, spans: &[Span]) -> Vec<(FileId, BTreeMap<usize, Vec<OnLine>>)> {
    let mut by_file: Vec<(FileId, BTreeMap<usize, Vec<OnLine>>)> = Vec::new();
    for (index, &span) in spans.iter().enumerate() {
        let text = files.text(span.file);
        if text.is_empty() {
            continue;
        }
        let line = files.position(span).line - 1;
        let end_of_line = line_bytes(files, span.file, line).end;
        let start = boundary(text, span.start as usize).min(end_of_line);
        let end = boundary(text, span.end as usize).clamp(start, end_of_line);
        let at = by_file.iter().position(|(id, _)| *id == span.file).unwrap_or_else(|| {
            by_file.push((span.file, BTreeMap::new()));
            by_file.len() - 1
        });
        by_file[at].1.entry(line).or_default().push(OnLine { span: index, bytes: start..end });
    }
    for (_, lines) in &mut by_file {
        let between: Vec<_> =
            lines.keys().filter(|&&line| lines.contains_key(&(line + 2))).map(|line| line + 1).collect();
        for line in between {
            lines.entry(line).or_default();
        }
    }
    by_file
}

/// The start of the character that holds a byte; the end of the text for what lies outside.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&byte| text.is_char_boundary(byte)).unwrap_or(0)
}

/// The bytes of a line without its line end.
fn line_bytes(files: &Files, file: FileId, line: usize) -> Range<usize> {
    let (text, starts) = (files.text(file), files.line_starts(file));
    let start = starts.get(line).map_or(text.len(), |&start| start as usize);
    let end = starts.get(line + 1).map_or(text.len(), |&next| next as usize);
    let length = text[start..end].trim_end_matches(['\n', '\r']).len();
    start..start + length
}

/// A line as it is shown.
struct Cut {
    text: String,
    /// For each character: its first byte in the file, and in `text`. In order.
    chars: Vec<(usize, usize)>,
}

impl Cut {
    fn new(text: &str, line: Range<usize>, labels: &[OnLine], reach: usize, pen: Pen) -> Self {
        let mut cut = Self { text: String::new(), chars: Vec::new() };
        let mut at = line.start;
        for window in windows(text, &line, labels, reach) {
            if window.start > at {
                cut.text.push_str(pen.ellipsis());
            }
            for (offset, ch) in text[window.clone()].char_indices() {
                cut.chars.push((window.start + offset, cut.text.len()));
                match ch {
                    '\t' => cut.text.push(ch),
                    _ => cut.text.push(pen.stand_in(ch).unwrap_or(ch)),
                }
            }
            at = window.end;
        }
        if at < line.end {
            // A label that goes on is not drawn below the ellipsis.
            cut.chars.push((at, cut.text.len()));
            cut.text.push_str(pen.ellipsis());
        } else {
            cut.chars.push((line.end, cut.text.len()));
        }
        cut
    }

    /// Where bytes of the file lie in the shown line.
    fn range(&self, bytes: &Range<usize>) -> Range<usize> {
        let shown = |byte: usize| {
            let index = self.chars.partition_point(|&(original, _)| original < byte);
            self.chars.get(index).or(self.chars.last()).map_or(0, |&(_, shown)| shown)
        };
        let start = shown(bytes.start);
        start..shown(bytes.end).max(start)
    }
}

/// The parts of a line that are shown, in order and apart from each other.
fn windows(text: &str, line: &Range<usize>, labels: &[OnLine], reach: usize) -> Vec<Range<usize>> {
    if line.len() <= LONG * reach {
        return vec![line.clone()];
    }
    let mut around: Vec<_> = labels
        .iter()
        .map(|label| {
            let start = back(text, line, label.bytes.start, reach);
            let end = label.bytes.end.min(forward(text, line, label.bytes.start, LABEL));
            start..if end < label.bytes.end { end } else { forward(text, line, end, reach) }
        })
        .collect();
    if around.is_empty() {
        around.push(line.start..forward(text, line, line.start, 2 * reach));
    }
    around.sort_by_key(|window| window.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(around.len());
    for window in around {
        match merged.last_mut() {
            Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
            _ => merged.push(window),
        }
    }
    merged
}

/// The byte `count` characters before `from`, within the line.
fn back(text: &str, line: &Range<usize>, from: usize, count: usize) -> usize {
    text[line.start..from].char_indices().rev().take(count).last().map_or(from, |(offset, _)| line.start + offset)
}

/// The byte `count` characters after `from`, within the line.
fn forward(text: &str, line: &Range<usize>, from: usize, count: usize) -> usize {
    text[from..line.end].char_indices().nth(count).map_or(line.end, |(offset, _)| from + offset)
}
