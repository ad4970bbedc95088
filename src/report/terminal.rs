//! A report for people: each problem with its excerpt and what matters of it, then the run in a few lines. With `verbose`
//! also what was looked at, and all that is known of each problem.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use codespan_reporting::diagnostic::{Diagnostic, Label as Drawn, Severity};
use codespan_reporting::files::Error;
use codespan_reporting::term::{self, Chars, Config};

use crate::finding::Finding;
use crate::report::context::Context;
use crate::report::ending::{ending, told_once};
use crate::report::group::{Group, blocks, places, rules_of};
use crate::report::notes::Notes;
use crate::report::overview::opening;
use crate::report::pen::{Painter, Pen, Role};
use crate::report::short;
use crate::report::window::View;
use crate::report::words::wrap;
use crate::source::Span;

/// Writes the report as text.
pub(crate) fn write(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let options = context.options;
    write_with(context, Pen { color: options.color, ascii: options.ascii }, out)
}

/// Writes it with other characters and colours than were chosen.
pub(crate) fn write_with(context: &Context<'_>, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let options = context.options;
    if options.verbose && opening(context, pen, out)? {
        writeln!(out)?;
    }
    let cards = Cards::new(context, pen);
    for group in blocks(&context.open) {
        cards.write(&group, out)?;
    }
    if options.verbose {
        ignored(context, pen, out)?;
    }
    ending(context, pen, out)
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
    if told_once("ignored", &said.collect::<Vec<_>>(), context.options.width, pen, out)? {
        writeln!(out)?;
    }
    Ok(())
}

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
        let width = self.context.options.width;
        let role = Role::of(head.level, head.undecided);
        let word = if head.undecided { "undecided" } else { head.level.as_str() };
        let word = format!("{word}[{}]", self.pen.clean(&rules_of(group)));
        let places = if self.context.options.verbose { places(group) } else { short::places(group) };
        let (view, marks) = View::new(self.context.files, &places, width, self.pen);
        let excerpt = marks.first().is_some_and(Option::is_some);
        let labels: Vec<_> = places
            .iter()
            .zip(marks)
            .enumerate()
            .filter_map(|(index, (place, mark))| {
                let mark = mark?;
                let drawn = if index == 0 { Drawn::primary } else { Drawn::secondary };
                let mut message = self.pen.clean(&place.message);
                if !self.context.options.verbose {
                    message = view.fit(&mark, message, width, self.pen);
                }
                Some(drawn(mark.file, mark.range).with_message(message))
            })
            .collect();
        // The words of the severity are our own; see `Painter`.
        let headline = self.pen.clean(&short::headline(group, &self.context.index));
        let mut drawn = Diagnostic::new(Severity::Error).with_message(headed(&word, &headline, width));
        let mut notes = Notes::new(self.pen, width.saturating_sub(view.gutter() + 3));
        if !excerpt {
            notes.file(self.context.files.name(head.at.span.file), &head.at.message);
        }
        match self.context.options.verbose {
            true => self.notes(group, &mut notes),
            false => short::notes(group, self.context, &mut notes),
        }
        drawn = drawn.with_labels(labels).with_notes(notes.done());
        let mut painter = Painter::new(out, self.pen.color, &word, role);
        term::emit_to_write_style(&mut painter, &self.config, &view, &drawn).map_err(|error| match error {
            Error::Io(error) => error,
            other => io::Error::other(other.to_string()),
        })
    }

    fn notes(&self, group: &Group<'_>, notes: &mut Notes) {
        let head = group.head();
        if group.is_several() {
            notes.say("flows", &flow_table(group));
        }
        for (kind, text) in group.remarks(true) {
            notes.say(kind, &text);
        }
        if !short::offered(group, self.context, notes) {
            for (help, snippets) in group.advice() {
                notes.fix(help, &snippets, usize::MAX);
            }
        }
        let cards: BTreeMap<_, _> = group
            .findings()
            .iter()
            .filter_map(|finding| self.context.report.rules.get_key_value(&finding.rule))
            .collect();
        let mut said = BTreeSet::new();
        for card in cards.values().filter(|card| !card.why.is_empty() && said.insert(card.why.as_str())) {
            notes.say("why", &card.why);
        }
        if let Some(seen) = cards.get(&head.rule).filter(|card| !card.seen_as.is_empty()) {
            let quote = |text: &String| if text.contains('"') { format!("`{text}`") } else { format!("\"{text}\"") };
            let quoted: Vec<_> = seen.seen_as.iter().map(quote).collect();
            notes.say("seen as", &quoted.join(" or "));
        }
        let mut said = BTreeSet::new();
        for source in cards.values().flat_map(|card| &card.sources) {
            if said.insert((&source.title, &source.section, &source.url)) {
                let section = source.section.as_ref().map(|section| format!(", {section}")).unwrap_or_default();
                notes.source(&format!("\"{}\"{section}, {}", source.title, source.read), &source.url);
            }
        }
    }
}

/// What stands behind the first word, in lines of a page: those below the first are two columns in.
fn headed(word: &str, headline: &str, width: usize) -> String {
    let whole = wrap(&format!("{word}: {headline}"), width.saturating_sub(2).max(30)).join("\n  ");
    match whole.get(word.len() + 1..) {
        Some(said) => said.strip_prefix(' ').unwrap_or(said).to_owned(),
        None => headline.to_owned(),
    }
}

/// One line for each flow of a group: rule, then flow, in columns.
fn flow_table(group: &Group<'_>) -> String {
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
    flows.iter().map(line).collect::<Vec<_>>().join("\n")
}
