//! One run, from paths to outcome.

mod run;
mod template;

pub use run::{Expanded, ExpandedTemplate, Outcome, Settings, expand, lint, lint_input, lint_texts};
pub use template::TemplateOptions;
