//! The lines of a file that a diagnostic points at, with what it says about them; long lines cut to a window.

use crate::finding::Label;
use crate::report::html::markup::{Markup, cut};
use crate::report::pen::Pen;
use crate::report::window::{Mark, View, line_bytes};
use crate::source::{FileId, Files};

/// The lines shown before and after one with a label.
const AROUND: usize = 2;
/// The columns of a line with a label, about.
const WIDTH: usize = 110;
/// The characters of a line without one.
const LINE: usize = 160;

/// Writes the excerpts that labels ask for; the first label is the one at fault.
pub(crate) fn write(files: &Files, labels: &[&Label], out: &mut Markup) {
    let (view, marks) = View::new(files, labels, WIDTH, Pen::PLAIN);
    for (index, (file, text, lines)) in view.texts().enumerate() {
        let on_file: Vec<(usize, &Mark)> = marks
            .iter()
            .enumerate()
            .filter_map(|(label, mark)| Some((label, mark.as_ref()?)))
            .filter(|(_, mark)| mark.file == index)
            .collect();
        let Some(&(first, _)) = on_file.first() else { continue };
        let position = files.position(labels[first].span);
        out.raw("<figure class=\"excerpt\"><figcaption>").text(files.name(file)).raw(":").count(position.line);
        out.raw(":").count(position.column).raw("</figcaption><div class=\"scroll\" tabindex=\"0\" role=\"group\"");
        out.attribute("aria-label", format!("excerpt of {}", files.name(file))).raw("><pre>");
        // The line end of the last line starts no line of its own.
        let ends = files.text(file).ends_with('\n');
        let all = files.line_starts(file).len() - usize::from(ends);
        let mut next = 0;
        for (&line, range) in lines {
            let from = line.saturating_sub(AROUND).max(next);
            if next > 0 && from > next {
                out.raw("<span class=\"gap\">⋮</span>\n");
            }
            for before in from..line {
                context(files, file, before, out);
            }
            let mut here: Vec<_> =
                on_file.iter().copied().filter(|(_, mark)| range.contains(&mark.range.start)).collect();
            here.sort_by_key(|(label, mark)| (mark.range.start, mark.range.end, *label));
            labelled(line, text.get(range.clone()).unwrap_or(""), range.start, &here, labels, out);
            // What follows, up to the next line with a label.
            let later = lines.range(line + 1..).next().map_or(all, |(line, _)| *line);
            let end = (line + 1 + AROUND).min(later).min(all);
            for after in line + 1..end {
                context(files, file, after, out);
            }
            next = end;
        }
        out.raw("</pre></div></figure>");
    }
}

fn number(line: usize, out: &mut Markup) {
    out.raw("<span class=\"no\">").text(&format!("{:>4}", line + 1)).raw("</span> ");
}

fn context(files: &Files, file: FileId, line: usize, out: &mut Markup) {
    let text = files.text(file).get(line_bytes(files, file, line)).unwrap_or("");
    // Cut before it is escaped: a minified line can be megabytes long.
    let head: String = text.chars().take(LINE + 1).collect();
    number(line, out);
    out.raw("<span class=\"around\">").text(&cut(&head, LINE).0).raw("</span>\n");
}

/// A line with its labels marked, and below it what they say.
fn labelled(line: usize, text: &str, start: usize, here: &[(usize, &Mark)], labels: &[&Label], out: &mut Markup) {
    let text = text.trim_end_matches('\n');
    number(line, out);
    let mut at = 0;
    for (label, mark) in here {
        let range = mark.range.start - start..(mark.range.end - start).min(text.len());
        // One label inside another: the outer one is marked, both are said.
        if range.start < at {
            continue;
        }
        let (Some(before), Some(marked)) = (text.get(at..range.start), text.get(range.clone())) else { continue };
        out.text(before);
        out.raw(if *label == 0 { "<mark class=\"fault\">" } else { "<mark>" });
        out.text(if marked.is_empty() { " " } else { marked }).raw("</mark>");
        at = range.end;
    }
    out.text(text.get(at..).unwrap_or("")).raw("\n");
    for (label, mark) in here {
        let message = labels[*label].message.trim();
        if message.is_empty() {
            continue;
        }
        let before = text.get(..mark.range.start - start).unwrap_or("");
        let indent = before.chars().count().min(WIDTH / 2);
        out.raw("<span class=\"no\">    </span> <span class=\"indent\">").text(&" ".repeat(indent)).raw("</span>");
        out.raw(if *label == 0 { "<span class=\"says fault\">" } else { "<span class=\"says\">" });
        out.raw("<span aria-hidden=\"true\">↑ </span>").prose(message).raw("</span>\n");
    }
}
