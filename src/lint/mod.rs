//! One run, from paths to outcome.

mod mask;
mod narrow;
mod run;
mod settings;
mod shorten;
mod sorted;
mod template;

pub use run::{Estates, ExpandedTemplate, Outcome, estates, expand, lint, lint_texts};
pub use settings::{Accepted, Changed, PathRules, SetParameter, Settings, TemplateChoice, TemplateOptions};
