//! Findings that somebody decided to live with: comments, metadata, descriptions and settings that allow them with a
//! reason, and the baseline of those that were there before.
//!
//! They stay in the report, marked; what they are allowed by, and whether that is well said, is the work of this module.

mod allow;
mod apply;
mod baseline;
mod read;

pub use allow::Rules;
pub use apply::{Complaint, Exception, Exceptions, Run, apply};
pub use baseline::{Baseline, Folder, number};
