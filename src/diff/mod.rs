//! What a change does: requirements that turn, and for each place in the network the exact traffic that the change opens,
//! closes or leads another way.
//!
//! Both sides are whole runs of `lint`. `places` pairs the subnets, interfaces, groups, tables and firewalls of both,
//! `proof` tells the difference of each pair as exact sets, `traffic` puts equal differences together, `requirements` sets
//! the verdicts beside each other. Writing it is the work of `text`, `json`, `markdown` and `sarif`.

mod compare;
mod json;
mod markdown;
mod model;
mod pairs;
mod requirements;
mod sarif;
mod text;
mod traffic;
mod words;

pub use compare::{Sides, diff};
pub use json::SCHEMA;
pub use model::{Diff, RequirementChange, TrafficChange};

use std::io;

/// Writes a difference as text. `width`: the columns of a line.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_text(diff: &Diff, width: usize, out: &mut dyn io::Write) -> io::Result<()> {
    text::write(diff, width, out)
}

/// Writes a difference as JSON, as its schema says.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_json(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    json::write(diff, out)
}

/// Writes a difference as Markdown that a comment of a pull request can hold.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_markdown(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    markdown::write(diff, out)
}

/// Writes what a difference opens to the internet as SARIF.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_sarif(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    sarif::write(diff, out)
}
