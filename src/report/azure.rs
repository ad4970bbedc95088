//! Azure Pipelines: the text for the log, then issues of the task.
//!
//! The agent obeys a command anywhere in a line, so the text has been through a printer that leaves none.

use std::io;

use crate::finding::{Finding, Level, Report};
use crate::printable::line;
use crate::report::annotation::{Annotation, Annotations, log_text};
use crate::report::options::Options;
use crate::report::words::count;
use crate::source::Files;

/// Writes the text and the issues.
pub(crate) fn write(
    report: &Report,
    findings: &[&Finding],
    files: &Files,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = log_text(report, findings, files, options)?;
    writeln!(out, "{text}")?;
    // There is no level below a warning.
    let annotations = Annotations::new(report, findings, files, options, |level| level.max(Level::Warning));
    for annotation in &annotations.shown {
        writeln!(out, "{}", command(annotation))?;
    }
    if annotations.more > 0 {
        let more = count(annotations.more, "more finding");
        writeln!(out, "{more} in the text above, past what Azure Pipelines lists")?;
    }
    Ok(())
}

fn command(annotation: &Annotation) -> String {
    let word = if annotation.level == Level::Error { "error" } else { "warning" };
    let mut properties = format!("type={word};sourcepath={};", property(&annotation.path));
    let (line, column) = annotation.region.map_or((1, 1), |region| (region.line, region.column));
    properties.push_str(&format!("linenumber={line};columnnumber={column};code={}", property(&annotation.rules)));
    format!("##vso[task.logissue {properties}]{}", property(&annotation.message))
}

/// The agent takes back what stands for a percent sign last, so it is put in first.
fn property(text: &str) -> String {
    let text = text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A");
    line(&text.replace(']', "%5D").replace(';', "%3B"))
}

#[cfg(test)]
mod tests {
    use super::property;

    #[test]
    fn properties_are_escaped() {
        assert_eq!(property("a;b]c%\r\n"), "a%3Bb%5Dc%AZP25%0D%0A");
    }
}
