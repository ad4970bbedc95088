//! Shows a report: to people in a terminal, to programs as JSON, and in the formats of the places it runs in.

mod annotation;
mod azure;
mod card;
mod closing;
mod csv;
mod github;
mod group;
mod headline;
mod html;
mod json;
mod junit;
mod markdown;
mod markup;
mod opening;
mod options;
mod paths;
mod pen;
mod rank;
mod render;
mod sarif;
mod sarif_rules;
mod schema;
mod snippet;
mod standing;
mod terminal;
mod window;
mod words;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use opening::placement_title;
pub use options::{Base, Format, Options};
pub use render::render;
pub use schema::SCHEMA;
