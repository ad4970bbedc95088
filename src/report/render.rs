//! The one door of the room: a report and a format become bytes.

use std::io::{self, BufWriter, Write};

use crate::finding::{Finding, Report};
use crate::printable::{Kind, Printer};
use crate::report::options::{Format, Options};
use crate::report::rank::weight;
use crate::report::{azure, csv, github, html, json, junit, markdown, sarif, terminal};
use crate::source::Files;

/// Writes a report in the chosen format. The same report gives the same bytes.
///
/// # Errors
/// When `out` does not take the bytes.
pub fn render(report: &Report, files: &Files, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let all = shown(report, files, options);
    let findings: Vec<&Finding> = all.iter().copied().filter(|finding| finding.ignored.is_none()).collect();
    let kind = match options.format {
        Format::Json | Format::Sarif => Kind::Json,
        Format::Text if options.color => Kind::Colored,
        Format::Github | Format::Azure => Kind::Commands,
        Format::Text | Format::Junit | Format::Markdown | Format::Csv | Format::Html => Kind::Plain,
    };
    let mut out = Printer::new(BufWriter::new(out), kind);
    match options.format {
        Format::Text => terminal::write(report, &findings, files, options, &mut out)?,
        Format::Json => json::write(report, &findings, files, options, &mut out)?,
        Format::Sarif => sarif::write(report, &all, files, options, &mut out)?,
        Format::Github => github::write(report, &findings, files, options, &mut out)?,
        Format::Azure => azure::write(report, &findings, files, options, &mut out)?,
        Format::Junit => junit::write(report, &all, files, options, &mut out)?,
        Format::Markdown => markdown::write(report, &all, files, options, &mut out)?,
        Format::Csv => csv::write(report, &all, files, options, &mut out)?,
        Format::Html => html::write(report, &all, files, options, &mut out)?,
    }
    out.flush()
}

/// The findings at or above the chosen level, those that are ignored too, by path, place and rule.
fn shown<'a>(report: &'a Report, files: &Files, options: &Options) -> Vec<&'a Finding> {
    let mut findings: Vec<_> = report.findings.iter().filter(|finding| weight(finding) >= options.min_level).collect();
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
