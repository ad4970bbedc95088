//! Paths to documents: walk, read, decode, and leave out what cannot matter.

mod read;
mod scope;
mod text;
mod walk;

pub use read::{Content, Entry, Foreign, Input, is_called_parameters, is_relevant, read, texts};
pub use scope::{FileSet, Globs};
pub use text::may_matter;
pub use walk::{NoJson, Options, Progress, check_glob, is_json, json_below};
