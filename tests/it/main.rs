//! The one test binary.

mod floors;
mod laws;
mod laws_estate;
mod laws_world;
