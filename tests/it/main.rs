//! The one test binary.

mod corpus;
mod faults;
