//! The one test binary.

mod floors;
