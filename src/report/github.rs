//! GitHub Actions: the text for the log, then annotations beside the lines of a pull request.
//!
//! While the text is printed no line of it is obeyed, whatever the names in it look like.

use std::io;

use crate::finding::{Finding, Level, Report};
use crate::printable::line;
use crate::report::annotation::{Annotation, Annotations, log_text};
use crate::report::options::Options;
use crate::report::words::count;
use crate::source::Files;

/// Writes the text and the annotations.
pub(crate) fn write(
    report: &Report,
    findings: &[&Finding],
    files: &Files,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = log_text(report, findings, files, options)?;
    let token = token(&text);
    write!(out, "::stop-commands::{token}\n{text}\n::{token}::\n")?;
    let annotations = Annotations::new(report, findings, files, options, |level| level);
    for annotation in &annotations.shown {
        writeln!(out, "{}", command(annotation))?;
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

fn command(annotation: &Annotation) -> String {
    let word = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = format!("file={}", property(&annotation.path));
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
    let title = property(&annotation.rules);
    format!("::{word} {properties},title={title}::{}", data(&annotation.message))
}

fn data(text: &str) -> String {
    line(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A"))
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{property, token};

    #[test]
    fn properties_are_escaped() {
        assert_eq!(property("a,b:c%\r\n"), "a%2Cb%3Ac%25%0D%0A");
        assert_eq!(property("e\u{1b}[31m\u{9b}x.json"), "e␛[31m\u{fffd}x.json");
    }

    #[test]
    fn the_token_is_not_in_the_text() {
        assert_eq!(token("nothing"), "aznetlint-text-0");
        assert_eq!(token("::AZNETLINT-text-0::"), "aznetlint-text-1");
    }
}
