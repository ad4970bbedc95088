//! Edits as comments of a review on GitHub, each with a suggestion that one click accepts.

use std::ops::Range;

use serde_json::{Value, json};

use crate::finding::{Edit, Index, patch};
use crate::fix::model::{Offer, Offers, Safety};
use crate::fix::trial::{edits_of, subject_of};
use crate::lint::Outcome;
use crate::report::{fence, prose};
use crate::source::{FileId, Files};

/// A suggestion of more lines than these is told as a patch, since GitHub takes it for a whole rewrite.
const MOST_LINES: usize = 60;

/// The body of a request that creates a review: `{"event": "COMMENT", "body": …, "comments": […]}`, with a line end.
///
/// GitHub takes suggestions for one run of lines each; an edit of several places becomes a comment at the first, the rest
/// as a patch. Edits at the same lines become one comment, so that one suggestion never undoes another.
pub fn write_review(before: &Outcome, found: &Offers, name: &dyn Fn(FileId) -> String) -> String {
    let files = &before.files;
    let index = Index::new(&before.report);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for offer in found.chosen.iter().chain(&found.unsafe_ones) {
        let Some(file) = offer.edits.first().map(|edit| edit.span.file) else { continue };
        let lines = lines_of(files, offer.edits.iter().filter(|edit| edit.span.file == file));
        let careful = offer.safety != Safety::Safe;
        let same = |group: &&mut Group<'_>| {
            group.file == file && group.lines.start < lines.end && lines.start < group.lines.end && !careful
        };
        match groups.iter_mut().rev().find(same).filter(|group| !group.careful) {
            Some(group) => {
                group.lines = group.lines.start.min(lines.start)..group.lines.end.max(lines.end);
                group.offers.push(offer);
            }
            None => groups.push(Group { file, lines, offers: vec![offer], careful }),
        }
    }
    let subject = |at: &usize| {
        let finding = before.report.findings.get(*at)?;
        Some(format!("{}: {}", finding.rule, subject_of(&index, finding)))
    };
    let comments: Vec<Value> = groups.iter().filter_map(|group| group.comment(before, name, &subject)).collect();
    let count = match comments.len() {
        0 => "no edit was found".to_owned(),
        1 => "1 edit, proved by a run on the edited text".to_owned(),
        count => format!("{count} edits, each proved by a run on the edited text"),
    };
    let review = json!({ "event": "COMMENT", "body": format!("aznetlint: {count}"), "comments": comments });
    format!("{review:#}\n")
}

/// What one comment tells.
struct Group<'x> {
    file: FileId,
    /// The lines, from 1, the end not among them.
    lines: Range<usize>,
    offers: Vec<&'x Offer>,
    careful: bool,
}

impl Group<'_> {
    fn comment(
        &self,
        before: &Outcome,
        name: &dyn Fn(FileId) -> String,
        subject: &dyn Fn(&usize) -> Option<String>,
    ) -> Option<Value> {
        let files = &before.files;
        // Together they may be written otherwise than each by itself: with commas between their items.
        let mut edits = edits_of(before, self.offers.iter().copied());
        let all = edits.len();
        edits.retain(|edit| edit.span.file == self.file);
        let lines = lines_of(files, &edits);
        let mut body = String::new();
        for offer in &self.offers {
            body.push_str(&format!("**{}**\n", prose(&offer.fix.title)));
            for line in offer.findings.iter().filter_map(subject) {
                body.push_str(&format!("- {}\n", prose(&line)));
            }
            if let Safety::Unsafe(why) = &offer.safety {
                body.push_str(&format!("\n⚠️ look at it first: {}\n", prose(why)));
            }
        }
        let text = files.text(self.file);
        let spans = line_spans(text);
        let (start, end) = (spans.get(lines.start.checked_sub(1)?)?.start, spans.get(lines.end.checked_sub(2)?)?.end);
        let new = edited_between(text, &edits, start..end);
        let (word, inside) = match lines.len() <= MOST_LINES {
            true => ("suggestion", new),
            false => ("diff", patch(&name(self.file), text.get(start..end).unwrap_or_default(), &new)),
        };
        let fence = fence(&inside);
        body.push_str(&format!("\n{fence}{word}\n{}\n{fence}\n", inside.trim_end_matches(['\n', '\r'])));
        if edits.len() < all {
            body.push_str("\nOther files change as well: `aznetlint fix` prints all of it.\n");
        }
        let mut comment = json!({
            "path": name(self.file), "line": lines.end - 1, "side": "RIGHT", "body": body,
        });
        if lines.len() > 1 {
            comment["start_line"] = json!(lines.start);
            comment["start_side"] = json!("RIGHT");
        }
        Some(comment)
    }
}

/// The lines that edits touch, from 1, the end not among them.
fn lines_of<'e>(files: &Files, edits: impl IntoIterator<Item = &'e Edit>) -> Range<usize> {
    let lines = edits.into_iter().map(|edit| {
        let at = files.position(edit.span);
        (at.line, at.end_line)
    });
    let (first, last) = lines.fold((usize::MAX, 1), |(first, last), (from, to)| (first.min(from), last.max(to)));
    first.min(last)..last + 1
}

/// Where each line lies, without its end.
fn line_spans(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut spans = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        spans.push(at..at + bare.len());
        at += line.len();
    }
    spans
}

/// A part of a text with the edits in it made.
fn edited_between(text: &str, edits: &[Edit], part: Range<usize>) -> String {
    let (mut out, mut at) = (String::new(), part.start);
    for edit in edits {
        let range = edit.span.range();
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = range.end;
    }
    out.push_str(text.get(at..part.end).unwrap_or_default());
    out
}
