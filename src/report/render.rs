//! A report and a format become bytes.

use std::io::{self, BufWriter, Write};

use crate::finding::Report;
use crate::printable::{Kind, Printer};
use crate::report::context::Context;
use crate::report::options::{Format, Options};
use crate::report::pen::Pen;
use crate::report::{annotations, concise, csv, gitlab, html, json, junit, markdown, overview, sarif, terminal};
use crate::source::Files;

/// Writes what each service is, where it stands, and what is known about it and from where.
///
/// # Errors
/// When `out` does not take the bytes.
pub fn services(report: &Report, files: &Files, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let context = Context::new(report, files, options);
    let kind = if options.color { Kind::Colored } else { Kind::Plain };
    let mut out = Printer::new(BufWriter::new(out), kind);
    overview::services(&context, Pen { color: options.color, ascii: options.ascii }, &mut out)?;
    out.flush()
}

/// Writes a report in the chosen format. The same report gives the same bytes.
///
/// # Errors
/// When `out` does not take the bytes.
pub fn render(report: &Report, files: &Files, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let context = Context::new(report, files, options);
    let kind = match options.format {
        Format::Json | Format::Sarif | Format::Gitlab => Kind::Json,
        Format::Text | Format::Concise if options.color => Kind::Colored,
        Format::Github | Format::Azure => Kind::Commands,
        Format::Text | Format::Concise | Format::Junit | Format::Markdown | Format::Csv | Format::Html => Kind::Plain,
    };
    let mut out = Printer::new(BufWriter::new(out), kind);
    let write = match options.format {
        Format::Text if options.statistics => concise::statistics,
        Format::Text => terminal::write,
        Format::Concise => concise::write,
        Format::Json => json::write,
        Format::Sarif => sarif::write,
        Format::Github => annotations::github,
        Format::Azure => annotations::azure,
        Format::Gitlab => gitlab::write,
        Format::Junit => junit::write,
        Format::Markdown => markdown::write,
        Format::Csv => csv::write,
        Format::Html => html::write,
    };
    write(&context, &mut out)?;
    out.flush()
}
