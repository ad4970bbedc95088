//! JSON with places: values, the readers of JSON and of the YAML that stands for it, and JSONPath over them.

mod complaint;
mod equal;
mod node;
mod parse;
mod scan;
mod select;
mod walk;
mod yaml;

pub use equal::doubtful;
pub use node::{Deferred, How, Member, Mention, Node, Number, Part, Reason, Trail, Unknown, Value};
pub use parse::{Document, Duplicate, Parser, parse};
pub use scan::{Comment, SyntaxError};
pub use select::Selector;
pub use walk::Selection;
pub use yaml::parse_yaml;

#[cfg(test)]
mod laws;
