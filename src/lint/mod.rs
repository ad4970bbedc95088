//! One run, from paths to outcome.

mod run;
mod template;

pub use run::{Outcome, Settings, lint, lint_input, lint_texts};
pub use template::TemplateOptions;
