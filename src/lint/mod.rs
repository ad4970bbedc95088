//! One run, from paths to outcome.

mod bicep;
mod mask;
mod narrow;
mod reach;
mod rounds;
mod run;
mod settings;
mod shorten;
mod sorted;
mod template;
mod uses;

pub use run::{
    Estates, Expanded, ExpandedTemplate, Kept, Outcome, estates, expand, lint, lint_keeping, lint_texts,
    lint_texts_keeping,
};
pub use settings::{Accepted, Changed, PathRules, SetParameter, Settings, TemplateChoice, TemplateOptions};
