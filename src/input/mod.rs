//! Paths to documents: walk, read, decode, and leave out what cannot matter.

mod decode;
mod guess;
mod ignored;
mod progress;
mod read;
mod relevance;
mod scope;
mod walk;

pub use progress::Progress;
pub use read::{Content, Entry, Foreign, Input, is_called_parameters, is_relevant, read, texts};
pub use relevance::may_matter;
pub use scope::{FileSet, Globs};
pub use walk::{NoJson, Options, check_glob, is_json, json_below};
