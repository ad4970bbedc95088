//! The one door of the room: a report and a format become bytes.

use std::io::{self, BufWriter, Write};

use crate::finding::{Finding, Level, Report};
use crate::report::json;
use crate::report::options::{Format, Options};
use crate::report::terminal;
use crate::source::Files;

/// Writes a report in the chosen format. The same report gives the same bytes.
///
/// # Errors
/// When `out` does not take the bytes.
pub fn render(report: &Report, files: &Files, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let findings = shown(report, files, options);
    let mut out = BufWriter::new(out);
    match options.format {
        Format::Text => terminal::write(report, &findings, files, options, &mut out)?,
        Format::Json => json::write(report, &findings, files, options, &mut out)?,
    }
    out.flush()
}

/// The findings that nobody ignores at or above the chosen level, by path, place and rule.
fn shown<'a>(report: &'a Report, files: &Files, options: &Options) -> Vec<&'a Finding> {
    let mut findings: Vec<_> = report.open().filter(|finding| weight(finding) >= options.min_level).collect();
    findings.sort_by(|a, b| {
        let place = |finding: &Finding| (finding.at.span.start, finding.at.span.end);
        files
            .name(a.at.span.file)
            .cmp(files.name(b.at.span.file))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.rule.cmp(&b.rule))
    });
    findings
}

/// A requirement that cannot be decided matters as much as a warning to a reader, whatever it is gated as.
fn weight(finding: &Finding) -> Level {
    let requirement = finding.placement.is_some();
    if finding.undecided && requirement { finding.level.max(Level::Warning) } else { finding.level }
}
