//! The part of the texts that one finding shows: only the lines with labels, long lines cut to a window around them, and
//! nothing a terminal would obey. Lines and columns stay those of the file.
//!
//! codespan-reporting neither cuts lines nor filters characters: a label in a minified export would print megabytes.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files as Shown, Location};

use crate::finding::Label;
use crate::report::pen::Pen;
use crate::source::{FileId, Files};

/// A line with more bytes than this many times the reach is cut.
const LONG: usize = 4;
/// The longest label shown in full, in characters.
const LABEL: usize = 120;
/// The characters kept before a label whose message would else leave the page.
const NEAR: usize = 24;
/// The characters kept beside a label however many there are.
const LEAST: usize = 12;

/// The lines one finding shows, as codespan-reporting wants them. Byte offsets are those of the shown text.
pub(crate) struct View {
    files: Vec<ShownFile>,
}

struct ShownFile {
    id: FileId,
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

/// A label on one line.
struct OnLine {
    /// Which one.
    index: usize,
    /// Its bytes in the file.
    bytes: Range<usize>,
    /// The characters of its message.
    message: usize,
}

/// The columns that line numbers, frame and dots take.
const GUTTER: usize = 8;

/// The columns a line may use.
#[derive(Clone, Copy)]
struct Page {
    width: usize,
    /// The characters kept on both sides of a label once its line is cut.
    reach: usize,
}

impl View {
    /// The view of some labels, with a mark for each. A label in a text that holds nothing has no mark; one over several
    /// lines is marked up to the end of the first. `width` is the number of columns there are.
    pub(crate) fn new(files: &Files, labels: &[&Label], width: usize, pen: Pen) -> (Self, Vec<Option<Mark>>) {
        let page = Page { width, reach: (width / 2).clamp(20, 60) };
        let mut view = Self { files: Vec::new() };
        let mut marks = vec![None; labels.len()];
        for (id, lines) in labelled_lines(files, labels) {
            let mut shown = ShownFile {
                id,
                name: pen.clean(files.name(id)),
                text: String::new(),
                lines: BTreeMap::new(),
                places: Vec::new(),
            };
            for (line, on_line) in lines {
                let cut = Cut::new(files.text(id), line_bytes(files, id, line), &on_line, page, pen);
                let from = shown.text.len();
                for label in on_line {
                    let range = cut.range(&label.bytes);
                    let range = from + range.start..from + range.end;
                    let place = files.position(labels[label.index].span);
                    let place = Location { line_number: place.line, column_number: place.column };
                    shown.places.push((range.start, place));
                    marks[label.index] = Some(Mark { file: view.files.len(), range });
                }
                shown.text.push_str(&cut.text);
                shown.text.push('\n');
                shown.lines.insert(line, from..shown.text.len());
            }
            view.files.push(shown);
        }
        (view, marks)
    }

    /// The message of a label, cut where the page ends: behind the mark, or below it.
    pub(crate) fn fit(&self, mark: &Mark, message: String, width: usize, pen: Pen) -> String {
        let Some(file) = self.files.get(mark.file) else { return message };
        let start = file.text[..mark.range.start].rfind('\n').map_or(0, |at| at + 1);
        let tabs = file.text[start..mark.range.end].matches('\t').count();
        let used = self.gutter() + 4 + file.text[start..mark.range.end].chars().count() + 3 * tabs;
        let columns = width.saturating_sub(used).max(NEAR);
        if message.chars().count() <= columns {
            return message;
        }
        let ellipsis = pen.ellipsis();
        let kept: String = message.chars().take(columns.saturating_sub(ellipsis.chars().count() + 1)).collect();
        let kept = kept.rsplit_once(' ').map_or(kept.as_str(), |(kept, _)| kept);
        format!("{} {ellipsis}", kept.trim_end_matches([',', ';', ':']))
    }

    /// How many digits the greatest line number shown has.
    pub(crate) fn gutter(&self) -> usize {
        let last = |file: &ShownFile| file.lines.last_key_value().map_or(0, |(line, _)| line + 1);
        self.files.iter().map(last).max().map_or(1, |line| line.max(1).ilog10() as usize + 1)
    }

    /// The texts and, for each, its lines by index in the file with the bytes of the shown text they take; for formats
    /// that draw excerpts themselves.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (FileId, &str, &BTreeMap<usize, Range<usize>>)> {
        self.files.iter().map(|file| (file.id, file.text.as_str(), &file.lines))
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

/// The labelled lines of each text, the texts in the order of the labels. The line between two labelled lines is among
/// them, since codespan-reporting shows it instead of a break.
fn labelled_lines(files: &Files, labels: &[&Label]) -> Vec<(FileId, BTreeMap<usize, Vec<OnLine>>)> {
    let mut by_file: Vec<(FileId, BTreeMap<usize, Vec<OnLine>>)> = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        let span = label.span;
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
        by_file[at].1.entry(line).or_default().push(OnLine {
            index,
            bytes: start..end,
            message: label.message.chars().count(),
        });
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
pub(crate) fn line_bytes(files: &Files, file: FileId, line: usize) -> Range<usize> {
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
    fn new(text: &str, line: Range<usize>, labels: &[OnLine], page: Page, pen: Pen) -> Self {
        let mut cut = Self { text: String::new(), chars: Vec::new() };
        let mut at = line.start;
        for window in windows(text, &line, labels, page) {
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
fn windows(text: &str, line: &Range<usize>, labels: &[OnLine], page: Page) -> Vec<Range<usize>> {
    let reach = page.reach;
    let columns = page.width.saturating_sub(GUTTER);
    let last = labels.iter().map(|label| label.bytes.end).max().unwrap_or(line.start);
    let fits = labels.len() < 2 || text[line.start..last].chars().count() <= columns;
    if line.len() <= LONG * reach && fits {
        return vec![near(text, line, labels, page)];
    }
    // Several labels share the page; a lone one leaves space for its message.
    let labelled: usize = labels.iter().map(|label| label.bytes.len().min(LABEL)).sum();
    let beside = columns.saturating_sub(labelled) / (2 * labels.len()).max(1);
    let beside = beside.clamp(LEAST, reach);
    let before = match labels {
        [label] => beside.min(columns.saturating_sub(labelled + 1 + label.message)).max(NEAR.min(beside)),
        _ => beside,
    };
    let mut around: Vec<_> = labels
        .iter()
        .map(|label| {
            let start = back(text, line, label.bytes.start, before);
            let end = label.bytes.end.min(forward(text, line, label.bytes.start, LABEL));
            start..if end < label.bytes.end { end } else { forward(text, line, end, beside) }
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

/// A short line, without its start when its only label is so far to the right that the message would leave the page,
/// and without what leaves the page behind its labels.
fn near(text: &str, line: &Range<usize>, labels: &[OnLine], page: Page) -> Range<usize> {
    let columns = page.width.saturating_sub(GUTTER);
    let start = match labels {
        [label] => {
            let before = &text[line.start..label.bytes.start];
            let used = text[line.start..label.bytes.end].chars().count() + 1 + label.message;
            // Cutting pays when it takes away more than white space and the dots that stand for it.
            let pays = before.trim_start().chars().count() > NEAR + 8;
            if used > columns && pays { back(text, line, label.bytes.start, NEAR) } else { line.start }
        }
        _ => line.start,
    };
    let last = labels.iter().map(|label| label.bytes.end).max().unwrap_or(start);
    start..forward(text, line, start, columns).max(last)
}

/// The byte `count` characters before `from`, within the line.
fn back(text: &str, line: &Range<usize>, from: usize, count: usize) -> usize {
    text[line.start..from].char_indices().rev().take(count).last().map_or(from, |(offset, _)| line.start + offset)
}

/// The byte `count` characters after `from`, within the line.
fn forward(text: &str, line: &Range<usize>, from: usize, count: usize) -> usize {
    text[from..line.end].char_indices().nth(count).map_or(line.end, |(offset, _)| from + offset)
}

#[cfg(test)]
mod tests {
    use codespan_reporting::files::Files as _;

    use super::View;
    use crate::finding::Label;
    use crate::report::pen::Pen;
    use crate::source::{Files, Span};

    /// What is shown of a text with labels on some needles, `[` and `]` around what is underlined.
    fn shown(text: &str, needles: &[&str]) -> String {
        let mut files = Files::default();
        let file = files.add("a.json", text);
        let label = |needle: &&str| {
            let at = text.find(needle).unwrap();
            Label { span: Span::new(file, at, at + needle.len()), message: "here".to_owned() }
        };
        let labels: Vec<_> = needles.iter().map(label).collect();
        let labels: Vec<_> = labels.iter().collect();
        let (view, marks) = View::new(&files, &labels, 80, Pen::PLAIN);
        let mut shown = view.source(0).unwrap().to_owned();
        let mut marks: Vec<_> = marks.into_iter().flatten().map(|mark| mark.range).collect();
        marks.sort_by_key(|range| std::cmp::Reverse(range.start));
        for range in marks {
            shown.insert(range.end, ']');
            shown.insert(range.start, '[');
        }
        shown
    }

    #[test]
    fn only_labelled_lines_are_shown() {
        assert_eq!(shown("one\n\ttwo\r\nthree\nfour\n", &["two"]), "\t[two]\n");
    }

    #[test]
    fn the_line_between_two_labels_is_shown_too() {
        assert_eq!(shown("one\ntwo\nthree\n", &["one", "three"]), "[one]\ntwo\n[three]\n");
    }

    #[test]
    fn a_long_line_is_cut_around_each_label() {
        let text = format!("{}\"left\"{}\"right\"{}", "a".repeat(500), "b".repeat(500), "c".repeat(500));
        let (a, b, c) = ("a".repeat(14), "b".repeat(14), "c".repeat(14));
        assert_eq!(shown(&text, &["\"left\"", "\"right\""]), format!("…{a}[\"left\"]{b}…{b}[\"right\"]{c}…\n"));
    }

    #[test]
    fn a_long_label_is_cut_too() {
        let text = format!("{{{}}}", "x".repeat(5000));
        assert_eq!(shown(&text, &[&text]), format!("[{{{}]…\n", "x".repeat(119)));
    }

    #[test]
    fn a_label_over_several_lines_ends_with_the_first() {
        assert_eq!(shown("  {\r\n  }\n", &["{\r\n  }"]), "  [{]\n");
    }

    #[test]
    fn what_a_terminal_would_obey_is_replaced() {
        assert_eq!(shown("\u{1b}[31m\u{202e}网\"x\"\0", &["\"x\""]), "␛[31m\u{fffd}网[\"x\"]␀\n");
    }

    #[test]
    fn a_message_that_would_leave_the_page_moves_left() {
        let text = format!("{{ {}: true }}", "k".repeat(75));
        assert_eq!(shown(&text, &["true"]), format!("…{}: [true] }}\n", "k".repeat(22)));
    }

    #[test]
    fn an_empty_text_has_nothing_to_mark() {
        let mut files = Files::default();
        let file = files.add("a.json", "");
        let label = Label { span: Span::new(file, 0, 0), message: String::new() };
        let (_, marks) = View::new(&files, &[&label], 80, Pen::PLAIN);
        assert_eq!(marks, [None]);
    }
}
