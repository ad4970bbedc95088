//! A report for people: what was looked at, each diagnostic, what was taken for granted, one closing line.

use std::io;

use crate::finding::{Finding, Report};
use crate::report::card::Cards;
use crate::report::closing;
use crate::report::group::group;
use crate::report::opening;
use crate::report::options::Options;
use crate::report::pen::{Pen, Role};
use crate::report::words::wrap;
use crate::source::{Files, Span};

/// Writes the report as text.
pub(crate) fn write(
    report: &Report,
    findings: &[&Finding],
    files: &Files,
    options: &Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let pen = Pen { color: options.color, ascii: options.ascii };
    if opening::write(report, files, options, pen, out)? {
        writeln!(out)?;
    }
    let cards = Cards::new(report, files, options, pen);
    for group in group(findings) {
        cards.write(&group, out)?;
    }
    if options.verbose {
        ignored(report, files, options, pen, out)?;
    }
    if lines("note", &report.remarks, options, pen, out)? | lines("assumed", &report.assumptions, options, pen, out)? {
        writeln!(out)?;
    }
    writeln!(out, "{}", closing::line(report, findings, pen))
}

/// One line for each finding that is ignored: what, where, and who says so.
fn ignored(report: &Report, files: &Files, options: &Options, pen: Pen, out: &mut dyn io::Write) -> io::Result<()> {
    let place = |span: Span| format!("{}:{}", files.name(span.file), files.position(span).line);
    let said = report.findings.iter().filter_map(|finding| {
        let ignored = finding.ignored.as_ref()?;
        let reason = if ignored.reason.is_empty() { String::new() } else { format!(": {}", ignored.reason) };
        let by = ignored.place.map_or_else(String::new, |span| format!(" at {}", place(span)));
        let what = finding.flow.as_deref().map(|flow| format!(", {flow}")).unwrap_or_default();
        let by = format!("{}{by}", ignored.by.as_str());
        Some(format!("{} {}{what} (by {by}{reason})", place(finding.at.span), finding.rule))
    });
    if lines("ignored", &said.collect::<Vec<_>>(), options, pen, out)? {
        writeln!(out)?;
    }
    Ok(())
}

/// Writes each text once, after a word; whether there was one.
fn lines(word: &str, texts: &[String], options: &Options, pen: Pen, out: &mut dyn io::Write) -> io::Result<bool> {
    let mut seen = std::collections::BTreeSet::new();
    for text in texts.iter().filter(|text| seen.insert(text.as_str())) {
        let width = options.width.saturating_sub(word.len() + 2).max(40);
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
