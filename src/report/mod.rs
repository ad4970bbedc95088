//! Shows a report: to people in a terminal, to programs as JSON, and in the formats of the places it runs in.

mod annotations;
mod concise;
mod context;
mod csv;
mod ending;
mod gitlab;
mod group;
mod html;
mod json;
mod junit;
mod markdown;
mod markup;
mod notes;
mod options;
mod overview;
mod paths;
mod pen;
mod render;
mod sarif;
mod short;
mod terminal;
mod window;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use json::SCHEMA;
pub(crate) use markup::{code, fence, plain, prose};
pub use options::{Base, Format, Options};
pub(crate) use paths::encoded;
pub use render::{render, services};
