//! JSON with places: values, the reader, and JSONPath over them.

mod complaint;
mod document;
#[cfg(test)]
mod laws;
mod node;
mod noise;
mod parse;
mod scan;

pub use document::{Comment, Document, Duplicate, SyntaxError};
pub use node::{How, Member, Node, Number, Part, Reason, Trail, Unknown, Value};
pub use parse::parse;
