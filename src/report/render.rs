//! A report and a format become bytes.

use std::io::{self, BufWriter, Write};

use crate::finding::Report;
use crate::printable::{Kind, Printer};
use crate::report::context::Context;
use crate::report::options::{Format, Options};
use crate::report::{annotations, csv, html, json, junit, markdown, sarif, terminal};
use crate::source::Files;

/// Writes a report in the chosen format. The same report gives the same bytes.
///
/// # Errors
/// When `out` does not take the bytes.
pub fn render(report: &Report, files: &Files, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let context = Context::new(report, files, options);
    let kind = match options.format {
        Format::Json | Format::Sarif => Kind::Json,
        Format::Text if options.color => Kind::Colored,
        Format::Github | Format::Azure => Kind::Commands,
        Format::Text | Format::Junit | Format::Markdown | Format::Csv | Format::Html => Kind::Plain,
    };
    let mut out = Printer::new(BufWriter::new(out), kind);
    let write = match options.format {
        Format::Text => terminal::write,
        Format::Json => json::write,
        Format::Sarif => sarif::write,
        Format::Github => annotations::github,
        Format::Azure => annotations::azure,
        Format::Junit => junit::write,
        Format::Markdown => markdown::write,
        Format::Csv => csv::write,
        Format::Html => html::write,
    };
    write(&context, &mut out)?;
    out.flush()
}
