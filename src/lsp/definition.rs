//! From the use of a value in a template to the literal somebody wrote: in a parameter file, a default, another module.

use std::collections::BTreeSet;

use lsp_types::Position;
use serde_json::Value;

use crate::json::Node;
use crate::lsp::documents::{Document, Documents};
use crate::lsp::judged::Judged;
use crate::lsp::publish::FileLines;
use crate::lsp::setup::Setup;
use crate::source::{FileId, Span};

/// More places than this help nobody.
const MOST: usize = 50;

/// Where the value is written of what stands at a place.
pub(super) fn definition(
    judged: &Judged,
    (document, at): (&Document, Position),
    setup: &Setup,
    documents: &Documents,
) -> Vec<Value> {
    let expanded = judged.expanded();
    let places = judged.places(&setup.roots, documents, setup.encoding);
    let files = &expanded.files;
    let same = |file: &FileId| {
        files.text(*file) == &*document.text && places.uri(files, *file).as_deref() == Some(&*document.uri)
    };
    let Some(file) = files.ids().find(same) else { return Vec::new() };
    let mut lines = FileLines::default();
    let offset = lines.of(files, file).offset(files.text(file), at, setup.encoding);
    let mut search = Search { file, offset, best: None, found: BTreeSet::new() };
    for template in &expanded.templates {
        template.expansion.resources.iter().for_each(|resource| search.look(&resource.node));
        template.expansion.outputs.iter().for_each(|(_, node)| search.look(node));
    }
    let found = search.found.into_iter().take(MOST);
    let found = found.filter_map(|span| serde_json::to_value(places.location(files, &mut lines, span)?).ok());
    found.collect()
}

/// The uses at a place, the narrowest counts.
struct Search {
    file: FileId,
    offset: usize,
    best: Option<usize>,
    found: BTreeSet<Span>,
}

impl Search {
    /// The depth of values is bounded by their readers.
    fn look(&mut self, node: &Node) {
        for step in node.via.iter().flat_map(|trail| trail.steps()) {
            self.see(step.span, node.span);
        }
        node.items().iter().for_each(|item| self.look(item));
        node.members().iter().for_each(|member| self.look(&member.node));
    }

    fn see(&mut self, used: Span, written: Span) {
        let range = used.range();
        let is_here = used.file == self.file && range.start <= self.offset && self.offset <= range.end;
        if !is_here || used == written {
            return;
        }
        let wide = used.len();
        match self.best {
            Some(best) if wide > best => return,
            Some(best) if wide < best => self.found.clear(),
            _ => {}
        }
        self.best = Some(wide);
        self.found.insert(written);
    }
}
