//! A report for people: what was looked at, each diagnostic with excerpts and notes, what was taken for granted, one
//! closing line.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use codespan_reporting::diagnostic::{Diagnostic, Label as Drawn, Severity};
use codespan_reporting::files::Error;
use codespan_reporting::term::{self, Chars, Config};

use crate::finding::{Finding, Label};
use crate::report::context::Context;
use crate::report::group::{Group, group, headline, rules_of};
use crate::report::overview::{closing, opening};
use crate::report::pen::{Painter, Pen, Role};
use crate::report::window::View;
use crate::report::words::{lay_out_json, wrap};
use crate::source::Span;

/// Writes the report as text.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let options = context.options;
    write_with(context, Pen { color: options.color, ascii: options.ascii }, out)
}

/// Writes it with other characters and colours than were chosen.
pub(crate) fn write_with(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let Context { report, options, .. } = context;
    if opening(context, pen, out)? {
        writeln!(out)?;
    }
    let cards = Cards::new(context, pen);
    for group in group(&context.open) {
        cards.write(&group, out)?;
    }
    if options.verbose {
        ignored(context, pen, out)?;
    }
    let mut lines = |word, texts| lines(word, texts, options.width, pen, out);
    if lines("note", &report.remarks)? | lines("assumed", &report.assumptions)? {
        writeln!(out)?;
    }
    writeln!(out, "{}", closing(context, pen))
}

/// One line for each finding that is ignored: what, where, and who says so.
fn ignored(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let files = context.files;
    let place = |span: Span| format!("{}:{}", files.name(span.file), files.position(span).line);
    let said = context.report.findings.iter().filter_map(|finding| {
        let ignored = finding.ignored.as_ref()?;
        let reason = if ignored.reason.is_empty() { String::new() } else { format!(": {}", ignored.reason) };
        let by = ignored.place.map_or_else(String::new, |span| format!(" at {}", place(span)));
        let what = finding.flow.as_deref().map(|flow| format!(", {flow}")).unwrap_or_default();
        let by = format!("{}{by}", ignored.by.as_str());
        Some(format!("{} {}{what} (by {by}{reason})", place(finding.at.span), finding.rule))
    });
    if lines("ignored", &said.collect::<Vec<_>>(), context.options.width, pen, out)? {
        writeln!(out)?;
    }
    Ok(())
}

/// Writes each text once, after a word; whether there was one.
fn lines(word: &str, texts: &[String], width: usize, pen: Pen, out: &mut dyn io::Write) -> io::Result<bool> {
    let mut seen = std::collections::BTreeSet::new();
    for text in texts.iter().filter(|text| seen.insert(text.as_str())) {
        let width = width.saturating_sub(word.len() + 2).max(40);
        let wrapped = text.lines().flat_map(|line| wrap(&pen.clean(line), width));
        for (index, line) in wrapped.enumerate() {
            match index {
                0 => writeln!(out, "{}: {line}", pen.paint(Role::Key, word))?,
                _ => writeln!(out, "{:indent$}{line}", "", indent = word.len() + 2)?,
            }
        }
    }
    Ok(!seen.is_empty())
}

/// The places one diagnostic shows; the JSON format has all of them.
const PLACES: usize = 12;
/// The fixes one diagnostic shows without `verbose`.
const FIXES: usize = 3;
/// The flows one diagnostic lists without `verbose`.
const FLOWS: usize = 20;

/// Draws the diagnostics of a report.
struct Cards<'a> {
    context: &'a Context<'a>,
    pen: Pen,
    config: Config,
}

impl<'a> Cards<'a> {
    /// For the findings of one report.
    fn new(context: &'a Context<'a>, pen: Pen) -> Self {
        let chars = if pen.ascii { Chars::ascii() } else { Chars::box_drawing() };
        Self { context, pen, config: Config { chars, ..Config::default() } }
    }

    /// Draws one group, with an empty line behind it.
    fn write(&self, group: &Group<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let head = group.head();
        let role = Role::of(head.level, head.undecided);
        let word = if head.undecided { "undecided" } else { head.level.as_str() };
        let word = format!("{word}[{}]", self.pen.clean(&rules_of(group)));
        let places = places(group);
        let (view, marks) = View::new(self.context.files, &places, self.context.options.width, self.pen);
        let excerpt = marks.first().is_some_and(Option::is_some);
        let labels: Vec<_> = places
            .iter()
            .zip(marks)
            .enumerate()
            .filter_map(|(index, (place, mark))| {
                let mark = mark?;
                let drawn = if index == 0 { Drawn::primary } else { Drawn::secondary };
                Some(drawn(mark.file, mark.range).with_message(self.pen.clean(&place.message)))
            })
            .collect();
        // The words of the severity are our own; see `Painter`.
        let mut drawn =
            Diagnostic::new(Severity::Error).with_message(self.pen.clean(&headline(group, &self.context.index)));
        let mut notes = Notes::new(self.pen, self.context.options.width.saturating_sub(view.gutter() + 3));
        if !excerpt {
            notes.file(self.context.files.name(head.at.span.file), &head.at.message);
        }
        self.notes(group, &mut notes);
        drawn = drawn.with_labels(labels).with_notes(notes.done);
        let mut painter = Painter::new(out, self.pen.color, &word, role);
        term::emit_to_write_style(&mut painter, &self.config, &view, &drawn).map_err(|error| match error {
            Error::Io(error) => error,
            other => io::Error::other(other.to_string()),
        })
    }

    fn notes(&self, group: &Group<'_>, notes: &mut Notes) {
        let head = group.head();
        if group.is_several() {
            let most = if self.context.options.verbose { usize::MAX } else { FLOWS };
            notes.say("flows", &flow_table(group, most));
        }
        for (kind, text) in group.remarks(self.context.options.verbose) {
            notes.say(kind, &text);
        }
        self.fixes(group, notes);
        let cards: BTreeMap<_, _> = group
            .findings()
            .iter()
            .filter_map(|finding| self.context.report.rules.get_key_value(&finding.rule))
            .collect();
        if self.context.options.verbose {
            let mut said = BTreeSet::new();
            for card in cards.values().filter(|card| !card.why.is_empty() && said.insert(card.why.as_str())) {
                notes.say("why", &card.why);
            }
        }
        let head_card = cards.get(&head.rule).copied();
        if let Some(seen) = head_card.filter(|card| !card.seen_as.is_empty()) {
            let quote = |text: &String| if text.contains('"') { format!("`{text}`") } else { format!("\"{text}\"") };
            let quoted: Vec<_> = seen.seen_as.iter().map(quote).collect();
            notes.say("seen as", &quoted.join(" or "));
        }
        let mut said = BTreeSet::new();
        let cards: Vec<_> =
            if self.context.options.verbose { cards.into_values().collect() } else { head_card.into_iter().collect() };
        // `explain` has them all; the first is the one the requirement rests on.
        let most = if self.context.options.verbose { usize::MAX } else { 1 };
        for source in cards.iter().flat_map(|card| card.sources.iter().take(most)) {
            if said.insert((&source.title, &source.section, &source.url)) {
                let section = source.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
                notes.source(&format!("\"{}\"{section}, {}", source.title, source.read), &source.url);
            }
        }
    }

    /// What to do: each advice once, with every snippet that goes with it.
    fn fixes(&self, group: &Group<'_>, notes: &mut Notes) {
        let fixes = group.advice();
        let shown = if self.context.options.verbose { usize::MAX } else { FIXES };
        let hidden: usize = fixes.iter().skip(shown).count();
        for (help, snippets) in fixes.iter().take(shown) {
            notes.fix(help, snippets, shown);
        }
        if hidden > 0 {
            notes.say("fix", &format!("{hidden} more like these; --verbose shows them"));
        }
    }
}

/// The places to show, the primary one first, each once.
pub(crate) fn places<'a>(group: &Group<'a>) -> Vec<&'a Label> {
    let head = group.head();
    let mut places: Vec<&Label> = Vec::new();
    for label in std::iter::once(&head.at).chain(&head.related).take(PLACES) {
        if !places.contains(&label) {
            places.push(label);
        }
    }
    // What the other findings say about a place that is shown already would be the same in other words.
    let mut seen: BTreeSet<_> = places.iter().map(|label| label.span).collect();
    // Nor is one more place of a file news when the same is said of it: `needed for Azure Batch`.
    let mut said: BTreeSet<_> = places.iter().map(|label| (label.span.file, label.message.as_str())).collect();
    for label in group.findings().iter().flat_map(|finding| std::iter::once(&finding.at).chain(&finding.related)) {
        if places.len() < PLACES && seen.insert(label.span) && said.insert((label.span.file, &label.message)) {
            places.push(label);
        }
    }
    places
}

/// One line for each flow of a group, at most `most`: rule, then flow, in columns.
fn flow_table(group: &Group<'_>, most: usize) -> String {
    let level = group.head().level;
    let mixed = group.findings().iter().any(|finding| finding.level != level);
    let name = |finding: &Finding| {
        let rule = finding.rule.as_str();
        if mixed { format!("{}[{rule}]", finding.level) } else { rule.to_owned() }
    };
    let flows = group.flows();
    let width = flows.iter().map(|(finding, _)| name(finding).chars().count()).max().unwrap_or(0);
    let line =
        |(finding, words): &(&Finding, String)| format!("{:width$}  {}", name(finding), words.replace('\n', " "));
    let mut lines: Vec<_> = flows.iter().take(most).map(line).collect();
    if flows.len() > most {
        lines.push(format!("and {} more; --verbose lists all", flows.len() - most));
    }
    lines.join("\n")
}

/// The lines below the excerpts.
struct Notes {
    pen: Pen,
    width: usize,
    done: Vec<String>,
}

impl Notes {
    fn new(pen: Pen, width: usize) -> Self {
        Self { pen, width: width.max(40), done: Vec::new() }
    }

    /// A word, a colon and text of any number of lines, the later ones below the first.
    fn say(&mut self, word: &str, text: &str) {
        let indent = indent_below(word);
        let first = word.chars().count() + 2;
        let mut lines = text.lines();
        let mut said = Vec::new();
        // The first line is shorter by its word, not by the indent of the others.
        let opening = self.pen.clean(lines.next().unwrap_or(""));
        let below = self.width.saturating_sub(indent).max(40);
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

    /// A fix: what to do, and what to paste, at most `most` snippets.
    fn fix(&mut self, help: &str, snippets: &[&str], most: usize) {
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
        if snippets.len() > last {
            lines.push_str(&format!("\n{:indent$}and {} more; --verbose shows them", "", snippets.len() - last));
        }
        if let Some(note) = self.done.last_mut() {
            note.push_str(&lines);
        }
    }

    /// Where a rule comes from.
    fn source(&mut self, text: &str, url: &str) {
        self.say("source", text);
        if let Some(note) = self.done.last_mut() {
            note.push_str(&format!("\n{:1$}{2}", "", indent_below("source"), self.pen.link(url)));
        }
    }

    /// The file, for a finding whose file has nothing to show.
    fn file(&mut self, name: &str, message: &str) {
        let said = if message.is_empty() { name.to_owned() } else { format!("{name}: {message}") };
        if !said.is_empty() {
            self.say("file", &said);
        }
    }

    fn push(&mut self, word: &str, text: &str) {
        let word = self.pen.paint(Role::Key, &self.pen.clean(word));
        self.done.push(format!("{word}: {text}"));
    }
}

/// Where the later lines of a note start.
fn indent_below(word: &str) -> usize {
    let column = word.chars().count() + 2;
    if column <= 12 { column } else { 4 }
}
