//! Decides whether Azure Machine Learning can work in the network that a team's Azure JSON describes.
//!
//! The road: paths → [`json`] documents → template expansion → [`estate`] → proofs → [`finding`]s → report.

pub mod estate;
pub mod finding;
pub mod input;
pub mod json;
pub mod net;
pub mod proof;
pub mod report;
pub mod rule;
pub mod source;
