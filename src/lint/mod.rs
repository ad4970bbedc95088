//! One run, from paths to outcome.

mod narrow;
mod run;
mod template;

pub use narrow::{Changed, PathRules};
pub use run::{Estates, Expanded, ExpandedTemplate, Outcome, Settings, estates, expand, lint, lint_input, lint_texts};
pub use template::{TemplateChoice, TemplateOptions};
