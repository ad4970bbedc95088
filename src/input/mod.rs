//! Paths to documents: walk, read, decode, leave out what cannot matter, and read what Bicep files refer to.

mod content;
mod disk;
mod language;
mod read;
mod refer;
mod registry;
mod scope;
mod text;
mod walk;

pub use content::{Content, Entry, Foreign, is_called_parameters};
pub use language::{is_bicep, is_bicep_parameters, is_source, is_yaml};
pub use read::{Input, is_named_by_bicep, is_relevant, read, source_names, texts};
pub use refer::{Absent, Mapped, References, Referral};
pub(crate) use registry::is_registry;
pub use registry::{Cache, Modules};
pub use scope::{FileSet, Globs};
pub use text::may_matter;
pub use walk::{NoJson, Options, Progress, check_glob, sources_below};
