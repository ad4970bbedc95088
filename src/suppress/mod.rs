//! Findings that somebody decided to live with: comments, metadata, descriptions and settings that allow them with a
//! reason, and the baseline of those that were there before.
//!
//! They stay in the report, marked; what they are allowed by, and whether that is well said, is the work of this room.

mod allow;
mod apply;
mod baseline;
mod comment;
mod date;
mod folder;
mod grammar;
mod rules;
mod setting;
mod wildcard;
mod written;

pub use apply::{Complaint, Run, apply};
pub use baseline::{Baseline, BaselineError, number};
pub use date::Date;
pub use folder::Folder;
pub use rules::Rules;
pub use setting::{Exception, Exceptions};
