//! Shows a report: to people in a terminal, to programs as JSON.

mod card;
mod closing;
mod group;
mod html;
mod json;
mod opening;
mod options;
mod pen;
mod render;
mod snippet;
mod terminal;
mod window;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use options::{Format, Options};
pub use render::render;
