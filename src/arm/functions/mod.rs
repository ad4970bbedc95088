//! The pure functions of template expressions, by family; those that need the evaluator are forms of `expression`.

mod arguments;
mod arrays;
mod encoding;
mod format;
mod numbers;
mod objects;
mod strings;
mod table;
mod uri;

pub(crate) use arguments::{Answer, Args, Outcome};
pub(crate) use objects::selected;
pub(crate) use table::{Function, Nature, find};
