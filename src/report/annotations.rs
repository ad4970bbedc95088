//! What pipelines show beside a line: one annotation for each cause, the worst first, within what they show; and the two
//! pipelines, GitHub Actions and Azure Pipelines, each with the text for its log first.
//!
//! The agent of Azure Pipelines obeys a command anywhere in a line, so the text has been through a printer that leaves
//! none. While GitHub prints the text no line of it is obeyed, whatever the names in it look like.

use std::io;

use crate::finding::Level;
use crate::printable::{Kind, Printer, line};
use crate::report::context::Context;
use crate::report::group::{Group, group, headline, level_of, rules_of, worst_first};
use crate::report::paths::Region;
use crate::report::pen::Pen;
use crate::report::terminal;
use crate::report::words::count;

/// Pipelines show so many annotations of one level for a step, and drop the rest.
const MOST: usize = 10;

/// One annotation.
struct Annotation {
    /// How much it matters.
    level: Level,
    /// The rule, or the folder of all rules that speak.
    rules: String,
    /// The path from the root of the repository.
    path: String,
    /// The characters; `None` for the file as a whole.
    region: Option<Region>,
    /// What is the matter: several lines, without control characters.
    message: String,
}

/// The annotations of a report, and how many more causes there are.
struct Annotations {
    /// The worst first.
    shown: Vec<Annotation>,
    /// Causes and unreadable files without an annotation.
    more: usize,
}

impl Annotations {
    /// Of these findings. `of` gives the level as which the pipeline counts a level.
    fn new(context: &Context<'_>, of: impl Fn(Level) -> Level) -> Self {
        let undecided = context.options.undecided;
        let groups = worst_first(group(&context.open), undecided);
        let unreadable = unreadable(context);
        let found = groups.iter().map(|group| {
            let head = group.head();
            let location = context.location(head);
            Annotation {
                level: level_of(group, undecided),
                rules: rules_of(group),
                path: location.path,
                region: location.span.map(|span| context.paths.region(span)),
                message: message(group, &location.message, context),
            }
        });
        let mut counts = [0; 3];
        let (mut shown, mut more) = (Vec::new(), 0);
        for annotation in unreadable.into_iter().chain(found) {
            let count = &mut counts[of(annotation.level) as usize];
            if *count < MOST {
                *count += 1;
                shown.push(annotation);
            } else {
                more += 1;
            }
        }
        Self { shown, more }
    }
}

/// The report as text for the log of a pipeline, without colours.
fn log_text(context: &Context<'_>) -> io::Result<String> {
    let mut text = Vec::new();
    let mut printer = Printer::new(&mut text, Kind::Plain);
    terminal::write_with(context, Pen { color: false, ascii: context.options.ascii }, &mut printer)?;
    io::Write::flush(&mut printer)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Files that could not even be read; one that is no JSON has a finding.
fn unreadable(context: &Context<'_>) -> Vec<Annotation> {
    let broken = context.report.files.iter().filter(|file| file.outcome == crate::finding::Outcome::Error);
    let broken = broken.filter(|file| file.file.is_none());
    let annotation = |file: &crate::finding::FileReport| Annotation {
        level: Level::Error,
        rules: "unreadable".to_owned(),
        path: context.paths.path(&file.name),
        region: None,
        message: Pen::PLAIN.clean(file.detail.as_deref().unwrap_or("it cannot be read")),
    };
    broken.map(annotation).collect()
}

fn message(group: &Group<'_>, label: &str, context: &Context<'_>) -> String {
    let head = group.head();
    let mut lines = vec![headline(group, &context.index)];
    if !label.is_empty() {
        lines.push(label.to_owned());
    }
    if group.is_several() {
        let flows: Vec<String> = group.flows().into_iter().map(|(_, words)| words).collect();
        lines.extend((!flows.is_empty()).then(|| format!("flows: {}", flows.join("; "))));
    }
    let told = group.remarks(false).into_iter();
    let told = told.filter(|(kind, _)| matches!(*kind, "packet" | "settle it" | "if"));
    lines.extend(told.map(|(kind, text)| format!("{kind}: {}", text.replace('\n', " "))));
    lines.extend(head.help.iter().map(|help| format!("fix: {}", help.replace('\n', " "))));
    lines.iter().map(|line| Pen::PLAIN.clean(line)).collect::<Vec<_>>().join("\n")
}

/// Writes the text and the annotations.
pub(crate) fn github(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let text = log_text(context)?;
    let token = token(&text);
    write!(out, "::stop-commands::{token}\n{text}\n::{token}::\n")?;
    let annotations = Annotations::new(context, |level| level);
    for annotation in &annotations.shown {
        writeln!(out, "{}", github_command(annotation))?;
    }
    if annotations.more > 0 {
        writeln!(out, "{} in the text above, past what GitHub annotates", count(annotations.more, "more finding"))?;
    }
    Ok(())
}

/// A word that the text does not hold, so that no line of it can start commands again.
fn token(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let tokens = (0u64..).map(|number| format!("aznetlint-text-{number}"));
    tokens.into_iter().find(|token| !text.contains(token.as_str())).expect("a text holds finitely many words")
}

fn github_command(annotation: &Annotation) -> String {
    let word = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = format!("file={}", github_property(&annotation.path));
    match annotation.region {
        Some(region) => {
            properties.push_str(&format!(",line={},endLine={}", region.line, region.end_line));
            // Columns go with one line only.
            if region.line == region.end_line {
                properties.push_str(&format!(",col={},endColumn={}", region.column, region.end_column));
            }
        }
        None => properties.push_str(",line=1"),
    }
    let title = github_property(&annotation.rules);
    format!("::{word} {properties},title={title}::{}", github_data(&annotation.message))
}

fn github_data(text: &str) -> String {
    line(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A"))
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Writes the text and the issues.
pub(crate) fn azure(context: &Context<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let text = log_text(context)?;
    writeln!(out, "{text}")?;
    // There is no level below a warning.
    let annotations = Annotations::new(context, |level| level.max(Level::Warning));
    for annotation in &annotations.shown {
        writeln!(out, "{}", azure_command(annotation))?;
    }
    if annotations.more > 0 {
        let more = count(annotations.more, "more finding");
        writeln!(out, "{more} in the text above, past what Azure Pipelines lists")?;
    }
    Ok(())
}

fn azure_command(annotation: &Annotation) -> String {
    let word = if annotation.level == Level::Error { "error" } else { "warning" };
    let mut properties = format!("type={word};sourcepath={};", azure_property(&annotation.path));
    let (line, column) = annotation.region.map_or((1, 1), |region| (region.line, region.column));
    properties.push_str(&format!("linenumber={line};columnnumber={column};code={}", azure_property(&annotation.rules)));
    format!("##vso[task.logissue {properties}]{}", azure_property(&annotation.message))
}

/// The agent takes back what stands for a percent sign last, so it is put in first.
fn azure_property(text: &str) -> String {
    let text = text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A");
    line(&text.replace(']', "%5D").replace(';', "%3B"))
}

#[cfg(test)]
mod tests {
    use super::{azure_property, github_property, token};

    #[test]
    fn github_properties_are_escaped() {
        assert_eq!(github_property("a,b:c%\r\n"), "a%2Cb%3Ac%25%0D%0A");
        assert_eq!(github_property("e\u{1b}[31m\u{9b}x.json"), "e␛[31m\u{fffd}x.json");
    }

    #[test]
    fn the_token_is_not_in_the_text() {
        assert_eq!(token("nothing"), "aznetlint-text-0");
        assert_eq!(token("::AZNETLINT-text-0::"), "aznetlint-text-1");
    }

    #[test]
    fn azure_properties_are_escaped() {
        assert_eq!(azure_property("a;b]c%\r\n"), "a%3Bb%5Dc%AZP25%0D%0A");
    }
}
