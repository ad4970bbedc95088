//! Any spelling of a resource → the REST form: `name`, `id`, `type`, `location`, `properties`, and children likewise.

mod rest;
mod tools;
mod tree;

pub(crate) use rest::normalise;
pub(crate) use tools::EFFECTIVE_ROUTES;
pub(crate) use tree::{list, member, object, replace, text, with_plain_keys, without_expressions};
