//! Any JSON as a template, and as its own parameter file and linked template.

#![no_main]

use std::sync::Arc;

use aznetlint::arm::{Assumptions, Inputs, LinkPath, Links, Wanted, expand};
use aznetlint::json::{Document, parse};
use aznetlint::source::{FileId, Files};
use libfuzzer_sys::fuzz_target;

struct Itself(FileId, Arc<Document>);

impl Links for Itself {
    fn find(&self, _: FileId, _: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        Some((self.0, Arc::clone(&self.1)))
    }
}

fuzz_target!(|text: &str| {
    let mut files = Files::default();
    let file = files.add("template.json", text);
    let Ok(document) = parse(file, text) else { return };
    let document = Arc::new(document);
    let assumptions = Assumptions::default();
    let links = Itself(file, Arc::clone(&document));
    let inputs = Inputs {
        files: &files,
        parameters: Some(&document),
        set: &[],
        assumptions: &assumptions,
        wanted: Wanted::All,
        links: Some(&links),
    };
    let expansion = expand(file, &document, &inputs);
    assert!(expansion.troubles.iter().all(|trouble| trouble.span.end as usize <= text.len()));
});
