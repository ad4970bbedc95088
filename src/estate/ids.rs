//! The ids of an estate's resources, and where a mention of one leads.

use std::collections::BTreeMap;

use crate::estate::identity::Id;
use crate::estate::index::Index;
use crate::estate::kind::Kind;
use crate::estate::resource::Reference;
use crate::source::FileId;

/// The ids of an estate's resources, kind by kind, in the order of the estate's lists.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    indexes: BTreeMap<Kind, Index>,
}

impl Ids {
    pub(crate) fn push(&mut self, kind: Kind, id: Id, file: FileId) {
        self.indexes.entry(kind).or_default().push(id, file);
    }

    pub(crate) fn find(&self, kind: Kind, id: &Id, file: FileId) -> Option<usize> {
        self.indexes.get(&kind)?.find(id, file)
    }

    pub(crate) fn parent(&self, kind: Kind, at: usize, of: Kind, file: FileId) -> Option<usize> {
        self.find(of, &self.indexes.get(&kind)?.id(at)?.parent()?, file)
    }

    /// The resources of a template that may be the parent of one of its own, where none is for certain.
    pub(crate) fn possible_parents(&self, kind: Kind, at: usize, of: Kind, file: FileId) -> Vec<usize> {
        let id = self.indexes.get(&kind).and_then(|index| index.id(at)?.parent());
        let index = id.and_then(|id| Some((self.indexes.get(&of)?, id)));
        index.map(|(index, id)| index.possible(&id, file)).unwrap_or_default()
    }

    pub(crate) fn lead(&self, kind: Kind, reference: &mut Reference, file: FileId) {
        reference.target = self.find(kind, &Id::of(&reference.id), file);
    }

    pub(crate) fn lead_all<'r>(
        &self,
        kind: Kind,
        references: impl IntoIterator<Item = &'r mut Reference>,
        file: FileId,
    ) {
        for reference in references {
            self.lead(kind, reference, file);
        }
    }
}
