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
pub use json::write as write_json;
pub use markdown::write as write_markdown;
pub use model::{Diff, RequirementChange, TrafficChange};
pub use sarif::write as write_sarif;
pub use text::write as write_text;
pub use words::told;
