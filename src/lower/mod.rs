//! Bicep, lowered to templates that `arm` evaluates: nodes and expressions whose places are those of the Bicep text, with
//! symbolic names throughout. Nothing here goes through the text of JSON.

mod build;
mod chain;
mod expression;
mod load;
mod names;
mod parameters;
mod resource;
mod template;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;

use crate::bicep::tree;
use crate::json::Document;
use crate::source::FileId;

pub use parameters::parameters;
pub use template::template;

/// The files that a Bicep file can refer to, read before anything is lowered.
pub trait Sources: Sync {
    /// The file that a path written in `from` leads to: of a module, an import, a loaded file, `using`, `extends`.
    fn find(&self, from: FileId, path: &str) -> Option<FileId>;
    /// What a Bicep file says.
    fn tree(&self, file: FileId) -> Option<&tree::File>;
    /// What a JSON file says.
    fn document(&self, file: FileId) -> Option<Arc<Document>>;
}
