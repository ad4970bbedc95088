//! JSON with places: values, the reader, and JSONPath over them.

mod node;
mod parse;

pub use node::{How, Member, Node, Number, Part, Reason, Trail, Unknown, Value};
pub use parse::{Comment, Document, Duplicate, SyntaxError, parse};
