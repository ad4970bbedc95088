//! The one test binary.

mod floors;
mod laws;
mod laws_cases;
mod laws_estate;
mod laws_routes;
mod laws_world;
