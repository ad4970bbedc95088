//! Bicep, lowered to templates that `arm` evaluates: nodes and expressions whose places are those of the Bicep text, with
//! symbolic names throughout. Nothing here goes through the text of JSON.

mod build;
mod chain;
mod expression;
mod load;
mod names;
mod parameters;
mod resource;
mod sources;
mod template;
#[cfg(test)]
mod tests;
mod types;

pub use parameters::parameters;
pub use sources::Sources;
pub use template::template;
