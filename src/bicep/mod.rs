//! Bicep: from text to a tree with places.

mod expression;
mod object;
mod parse;
mod reader;
mod scan;
#[cfg(test)]
mod shape;
mod string;
pub mod tree;
mod types;
mod written;

pub use parse::parse;
pub use written::written;
