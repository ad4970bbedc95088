//! One run, from paths to outcome.

mod ignore;
mod left_out;
mod long;
mod narrow;
mod repeated;
mod run;
mod settings;
mod sorted;
mod template;

pub use ignore::Accepted;
pub use narrow::{Changed, PathRules};
pub use run::{Estates, Expanded, ExpandedTemplate, Outcome, estates, expand, lint, lint_input, lint_texts};
pub use settings::Settings;
pub use template::{SetParameter, TemplateChoice, TemplateOptions};
