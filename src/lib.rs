//! Decides whether Azure Machine Learning can work in the network that a team's Azure JSON describes.
//!
//! The road: paths → [`json`] documents → template expansion → estate → proofs → findings → report.

pub mod arm;
pub mod json;
pub mod source;
