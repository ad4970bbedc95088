//! JSON with places: values, the reader, and JSONPath over them.

mod admit;
mod complaint;
mod document;
mod doubt;
mod equal;
mod key;
mod node;
mod noise;
mod parse;
mod scan;
mod select;
mod undecided;

pub use document::{Comment, Document, Duplicate, SyntaxError};
pub use doubt::doubtful;
pub use node::{How, Member, Mention, Node, Number, Part, Reason, Trail, Unknown, Value};
pub use parse::{Parser, parse};
pub use select::{Selection, Selector, SelectorError};
pub use undecided::Hit;

#[cfg(test)]
mod laws;
