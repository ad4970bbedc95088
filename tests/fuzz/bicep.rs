//! Any text as a Bicep file and as the module it uses: read, lowered, evaluated.

#![no_main]

use std::sync::Arc;

use aznetlint::arm::{Assumptions, Inputs, Wanted, expand};
use aznetlint::bicep::{parse, tree};
use aznetlint::json::Document;
use aznetlint::lower::{Sources, parameters, template};
use aznetlint::source::{FileId, Files};
use libfuzzer_sys::fuzz_target;

/// Every path leads to the one file.
struct One(FileId, tree::File);

impl Sources for One {
    fn find(&self, _from: FileId, _path: &str) -> Option<FileId> {
        Some(self.0)
    }

    fn tree(&self, _file: FileId) -> Option<&tree::File> {
        Some(&self.1)
    }

    fn document(&self, _file: FileId) -> Option<Arc<Document>> {
        None
    }
}

fuzz_target!(|text: &str| {
    let mut files = Files::default();
    let file = files.add("main.bicep", text);
    let one = One(file, parse(file, text));
    assert!(one.1.errors.iter().all(|error| error.span.end as usize <= text.len()));
    let document = template(&files, file, &one.1, &one);
    let _ = parameters(&files, file, &one.1, &one);
    let assumptions = Assumptions::default();
    let inputs =
        Inputs { files: &files, parameters: None, set: &[], assumptions: &assumptions, wanted: Wanted::All, links: None };
    let expansion = expand(file, &document, &inputs);
    assert!(expansion.troubles.iter().all(|trouble| trouble.span.end as usize <= text.len()));
});
