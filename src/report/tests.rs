//! What the formats promise.

use super::sample::sample;
use super::{Options, render};
use crate::finding::Report;
use crate::source::Files;

fn text(report: &Report, files: &Files, options: &Options) -> String {
    let mut out = Vec::new();
    render(report, files, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn look() {
    let (files, report) = sample();
    println!("{}", text(&report, &files, &Options::default()));
    println!(
        "=======\n{}",
        text(&report, &files, &Options { verbose: true, ascii: true, width: 80, ..Options::default() })
    );
    println!("=======\n{}", text(&report, &files, &Options { color: true, ..Options::default() }));
    println!("=======\n{}", text(&report, &files, &Options { format: super::Format::Json, ..Options::default() }));
}
