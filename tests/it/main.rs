//! The one test binary.

mod arm;
