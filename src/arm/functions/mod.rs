//! The pure functions of template expressions, by family; those that need the evaluator are forms of `expression`.

mod arguments;
mod arrays;
mod cidr;
mod compare;
mod dates;
mod encoding;
mod format;
mod logic;
mod numbers;
mod objects;
mod strings;
mod table;
mod units;
mod uris;

pub(crate) use arguments::{Answer, Args, Outcome};
pub(crate) use objects::selected;
pub(crate) use table::{Function, Nature, find};
