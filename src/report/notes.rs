//! The lines below an excerpt: a word, a colon, and text that is broken where the page ends.

use crate::report::pen::{Pen, Role};
use crate::report::words::{lay_out_json, wrap};

/// The lines below one excerpt.
pub(crate) struct Notes {
    pen: Pen,
    width: usize,
    done: Vec<String>,
}

impl Notes {
    /// None yet, for lines of this many columns.
    pub(crate) fn new(pen: Pen, width: usize) -> Self {
        Self { pen, width: width.max(30), done: Vec::new() }
    }

    /// All of them.
    pub(crate) fn done(self) -> Vec<String> {
        self.done
    }

    /// The columns of a line behind a word.
    pub(crate) fn columns(&self, word: &str) -> usize {
        self.width.saturating_sub(indent_below(word)).max(30)
    }

    /// A word, a colon and text of any number of lines, the later ones below the first.
    pub(crate) fn say(&mut self, word: &str, text: &str) {
        let indent = indent_below(word);
        let first = word.chars().count() + 2;
        let mut lines = text.lines();
        let mut said = Vec::new();
        // The first line is shorter by its word, not by the indent of the others.
        let opening = self.pen.clean(lines.next().unwrap_or(""));
        let below = self.width.saturating_sub(indent).max(30);
        let mut wrapped = if opening.contains("  ") {
            // A table: its columns stand where they stand in the lines below.
            wrap(&opening, below)
        } else {
            wrap(&format!("{}{opening}", " ".repeat(first)), self.width)
                .into_iter()
                .map(|line| line.trim_start().to_owned())
                .collect()
        }
        .into_iter();
        said.push(wrapped.next().unwrap_or_default());
        said.extend(wrapped.map(|line| format!("{:indent$}{line}", "")));
        for line in lines {
            let wrapped = wrap(&self.pen.clean(line), below);
            said.extend(wrapped.into_iter().map(|line| format!("{:indent$}{line}", "")));
        }
        self.push(word, &said.join("\n"));
    }

    /// Text in at most `most` lines: up to the last sentence that ends there, or cut.
    pub(crate) fn say_in(&mut self, most: usize, word: &str, text: &str) {
        self.say(word, &shorten(&text.replace('\n', " "), self.columns(word), most, self.pen.ellipsis()));
    }

    /// A fix: what to do, and what to paste, at most `most` snippets.
    pub(crate) fn fix(&mut self, help: &str, snippets: &[&str], most: usize) {
        self.say("fix", if help.is_empty() { "add" } else { help });
        let indent = indent_below("fix");
        let width = self.width.saturating_sub(indent);
        let last = snippets.len().min(most);
        let mut lines = String::new();
        for (index, snippet) in snippets.iter().take(most).enumerate() {
            let laid_out = lay_out_json(snippet, width);
            let end = laid_out.len();
            for (number, line) in laid_out.iter().enumerate() {
                let comma = if number + 1 == end && index + 1 < last { "," } else { "" };
                lines.push_str(&format!("\n{:indent$}{}{comma}", "", self.pen.clean(line)));
            }
        }
        self.append(&lines);
    }

    /// Lines of a text as they are, at most `most`, each cut where the page ends.
    pub(crate) fn lines(&mut self, lines: &[String], most: usize) {
        let (width, ellipsis) = (self.width.saturating_sub(2), self.pen.ellipsis());
        let mut text = String::new();
        for line in lines.iter().take(most) {
            let line = self.pen.clean(line);
            let is_long = line.chars().count() > width;
            let kept: String = line.chars().take(if is_long { width.saturating_sub(1) } else { width }).collect();
            text.push_str(&format!("\n  {kept}{}", if is_long { ellipsis } else { "" }));
        }
        if lines.len() > most {
            text.push_str(&format!("\n  {ellipsis}"));
        }
        self.append(&text);
    }

    /// Where a rule comes from.
    pub(crate) fn source(&mut self, text: &str, url: &str) {
        self.say("source", text);
        let line = format!("\n{:1$}{2}", "", indent_below("source"), self.pen.link(url));
        self.append(&line);
    }

    /// The file, for a finding whose file has nothing to show.
    pub(crate) fn file(&mut self, name: &str, message: &str) {
        let said = if message.is_empty() { name.to_owned() } else { format!("{name}: {message}") };
        if !said.is_empty() {
            self.say("file", &said);
        }
    }

    fn push(&mut self, word: &str, text: &str) {
        let word = self.pen.paint(Role::Key, &self.pen.clean(word));
        self.done.push(format!("{word}: {text}"));
    }

    fn append(&mut self, lines: &str) {
        if let Some(note) = self.done.last_mut() {
            note.push_str(lines);
        }
    }
}

/// Where the later lines of a note start.
fn indent_below(word: &str) -> usize {
    let column = word.chars().count() + 2;
    if column <= 12 { column } else { 4 }
}

/// A text for at most `most` lines of `columns`: the sentences that fit, at least the start of the first.
fn shorten(text: &str, columns: usize, most: usize, ellipsis: &str) -> String {
    let fits = |text: &str| wrap(text, columns).len() <= most;
    if fits(text) {
        return text.to_owned();
    }
    let ends = text.match_indices(". ").map(|(at, _)| at + 1);
    if let Some(end) = ends.take_while(|end| fits(&text[..*end])).last() {
        return text[..end].to_owned();
    }
    let mut lines = wrap(text, columns.saturating_sub(ellipsis.chars().count() + 1).max(1));
    lines.truncate(most);
    let kept = lines.join(" ");
    format!("{} {ellipsis}", kept.trim_end().trim_end_matches([',', ';', ':']))
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_long_text_ends_with_a_sentence_or_is_cut() {
        assert_eq!(shorten("One two. Three four five.", 10, 1, "…"), "One two.");
        assert_eq!(shorten("One two three four", 12, 1, "…"), "One two …");
        assert_eq!(shorten("One two.", 10, 1, "…"), "One two.");
    }
}
