//! One run, from paths to outcome.

mod narrow;
mod run;
mod shorten;
mod sorted;
mod template;

pub use run::{Accepted, Changed, PathRules, SetParameter, Settings, TemplateChoice, TemplateOptions};
pub use run::{Estates, ExpandedTemplate, Outcome, estates, expand, lint, lint_texts};
