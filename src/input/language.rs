//! What language a file is in, by its name.

use std::path::Path;

/// The languages that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    /// None: only its text counts.
    Text,
    Json,
    /// YAML, or JSON in a file that is called so.
    Yaml,
    Bicep,
}

/// The language of a file that something refers to or that was found.
pub(crate) fn language_of(path: &Path) -> Language {
    if is_bicep(path) {
        Language::Bicep
    } else if is_yaml(path) {
        Language::Yaml
    } else {
        Language::Json
    }
}

/// Whether a file is Bicep by its name, a template or parameters.
pub fn is_bicep(path: &Path) -> bool {
    has_ending(path, &["bicep", "bicepparam"])
}

/// Whether a file holds the parameters of a template in Bicep, by its name.
pub fn is_bicep_parameters(path: &Path) -> bool {
    has_ending(path, &["bicepparam"])
}

/// Whether a file is YAML by its name. Most are no exports, so those of a folder count only for what they hold.
pub fn is_yaml(path: &Path) -> bool {
    has_ending(path, &["yaml", "yml"])
}

/// Whether a file is in a language that is read, by its name.
pub fn is_source(path: &Path) -> bool {
    has_ending(path, &["json", "jsonc", "yaml", "yml", "bicep", "bicepparam"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    endings.iter().any(|ending| extension.eq_ignore_ascii_case(ending))
}
