//! What language a file is in, by its name.

use std::path::Path;

/// The languages that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    /// None: only its text counts.
    Text,
    Json,
    Bicep,
}

/// The language of a file that something refers to or that was found.
pub(crate) fn language_of(path: &Path) -> Language {
    if is_bicep(path) { Language::Bicep } else { Language::Json }
}

/// Whether a file is Bicep by its name, a template or parameters.
pub fn is_bicep(path: &Path) -> bool {
    has_ending(path, &["bicep", "bicepparam"])
}

/// Whether a file holds the parameters of a template in Bicep, by its name.
pub fn is_bicep_parameters(path: &Path) -> bool {
    has_ending(path, &["bicepparam"])
}

/// Whether a file is in a language that is read, by its name.
pub fn is_source(path: &Path) -> bool {
    has_ending(path, &["json", "jsonc", "bicep", "bicepparam"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    endings.iter().any(|ending| extension.eq_ignore_ascii_case(ending))
}
