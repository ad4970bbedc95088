//! The one test binary.

mod arm;
mod corpus;
mod faults;
mod floors;
mod laws;
mod laws_estate;
mod laws_world;
mod rules;
