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
use crate::source::Files;

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
    if lines("note", &report.remarks, options, pen, out)? | lines("assumed", &report.assumptions, options, pen, out)? {
        writeln!(out)?;
    }
    writeln!(out, "{}", closing::line(report, findings, pen))
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
