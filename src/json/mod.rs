//! JSON with places: values, the reader, and JSONPath over them.

mod complaint;
mod equal;
mod node;
mod parse;
mod scan;
mod select;
mod walk;

pub use equal::doubtful;
pub use node::{Deferred, How, Member, Mention, Node, Number, Part, Reason, Trail, Unknown, Value};
pub use parse::{Document, Duplicate, Parser, parse};
pub use scan::{Comment, SyntaxError};
pub use select::Selector;
pub use walk::Selection;

#[cfg(test)]
mod laws;
