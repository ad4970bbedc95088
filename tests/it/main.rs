//! The one test binary.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop, and it says what it skips")]

mod arm;
