//! Paths to documents: walk, read, decode, and leave out what cannot matter.

mod decode;
mod ignored;
mod read;
mod relevance;
mod walk;

pub use read::{Content, Entry, Input, read, texts};
pub use relevance::may_matter;
pub use walk::{Options, check_glob};
