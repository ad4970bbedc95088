//! Decides whether Azure Machine Learning can work in the network that a team's Azure JSON describes.
//!
//! The stages: paths → [`input`] → [`json`] documents → [`arm`] expansion of templates → [`estate`] → [`proof`]s →
//! [`finding`]s → [`suppress`] → [`report`].

pub mod arm;
pub mod bicep;
pub mod cases;
pub mod cli;
pub mod config;
pub mod date;
pub mod diff;
pub mod estate;
pub mod finding;
pub mod fix;
pub mod generate;
pub mod input;
pub mod json;
pub mod judge;
pub mod lint;
pub mod lower;
pub mod lsp;
pub mod manifest;
pub mod net;
mod printable;
pub mod proof;
pub mod pulumi;
pub mod report;
pub mod rule;
mod shell;
pub mod source;
mod spelling;
pub mod suppress;
pub mod tagfile;
pub mod terraform;
mod yaml;
