//! What holds for every page.

use crate::finding::Report;
use crate::report::sample::sample;
use crate::report::{Format, Options, render};
use crate::source::Files;

fn page(report: &Report, files: &Files) -> String {
    let options = Options { format: Format::Html, version: "0.0.0".to_owned(), ..Options::default() };
    let mut out = Vec::new();
    render(report, files, &options, &mut out).expect("memory takes every byte");
    String::from_utf8(out).expect("a page is UTF-8")
}
