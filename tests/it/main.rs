//! The one test binary.

mod floors;
mod tags;
