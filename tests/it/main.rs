//! The one test binary.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop, and it says what it skips")]

mod advice;
mod arm;
mod bicep;
mod changes;
mod cli;
mod corpus;
mod coverage;
mod dependencies;
mod documents;
mod examples;
mod faults;
mod formats;
mod hostile;
mod ignoring;
mod laws;
mod laws_cases;
mod laws_coverage;
mod laws_estate;
mod laws_path;
mod laws_routes;
mod laws_world;
mod layers;
mod mentions;
mod names;
mod pairs;
mod paths;
mod release;
mod rules;
mod schemas;
mod sources;
mod spellings;
mod tags;
mod terraform;
mod verdicts;
mod views;
