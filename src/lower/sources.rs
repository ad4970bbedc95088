//! What a file is lowered with beside its own text.

use std::sync::Arc;

use crate::bicep::tree;
use crate::json::Document;
use crate::source::FileId;

/// The files that a Bicep file can refer to, read before anything is lowered.
pub trait Sources: Sync {
    /// The file that a path written in `from` leads to: of a module, an import, a loaded file, `using`, `extends`.
    fn find(&self, from: FileId, path: &str) -> Option<FileId>;
    /// What a Bicep file says.
    fn tree(&self, file: FileId) -> Option<&tree::File>;
    /// What a JSON file says.
    fn document(&self, file: FileId) -> Option<Arc<Document>>;
}
