//! Terraform plans and states: told by their content, their resources in the REST form that exports have, with the places
//! of the JSON they are written in.
//!
//! Which argument becomes which property stands in `table`, for whoever evaluates a configuration as well.

mod configuration;
mod document;
mod edit;
mod identity;
mod instance;
mod join;
mod map;
mod outside;
mod plan;
mod read;
mod resource;
mod sensitive;
mod state;
mod table;

#[cfg(test)]
mod tests;

pub use document::{Form, before, form};
pub use outside::{Attributes, is_known, of_attributes, snake};
pub use read::{Resource, Survey, read, survey, types};
