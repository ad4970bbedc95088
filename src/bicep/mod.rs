//! Bicep: from text to a tree with places, the files it refers to, and what its comments speak of.

mod expression;
mod follow;
mod object;
mod parse;
mod reader;
mod references;
mod scan;
#[cfg(test)]
mod shape;
mod string;
pub mod tree;
mod types;
mod written;

pub use follow::following;
pub use parse::parse;
pub use references::{Reference, ReferenceKind, references};
pub use written::written;
