//! JSON with places: values, the reader, and JSONPath over them.

mod complaint;
mod key;
mod node;
mod parse;
mod scan;
mod select;
mod walk;

pub use key::doubtful;
pub use node::{How, Member, Mention, Node, Number, Part, Reason, Trail, Unknown, Value};
pub use parse::{Document, Duplicate, Parser, parse};
pub use scan::{Comment, SyntaxError};
pub use select::{Selection, Selector};

#[cfg(test)]
mod laws;
