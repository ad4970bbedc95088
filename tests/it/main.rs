//! The one test binary.

mod arm;
mod floors;
mod rules;
