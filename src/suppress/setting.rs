//! Exceptions of the settings file. Reading the file is the work of `config`.

use std::ops::Range;
use std::path::Path;

use ignore::gitignore::GitignoreBuilder;

use crate::finding::Finding;
use crate::suppress::date::Date;
use crate::suppress::folder::Folder;
use crate::suppress::wildcard;

/// Every exception of a settings file.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    /// The name of the file, as shown to users.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The folder it lies in; paths are seen from there.
    pub folder: Folder,
    /// Its exceptions, in the order written.
    pub entries: Vec<Exception>,
}

/// One exception. What it does not say holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exception {
    /// The rules, `*` for any characters, and the bytes of the file they stand at.
    pub rules: Vec<(String, Range<usize>)>,
    /// Why.
    pub reason: String,
    /// The files it holds for, in the notation of .gitignore, from the folder of the settings.
    pub path: Option<String>,
    /// Whether there is no file that `path` means.
    pub is_nowhere: bool,
    /// The resource it holds for, and what lies in it, by name, id or parts of the id, `*` for any characters.
    pub resource: Option<String>,
    /// The placement it holds for, by its id or the name of what it is placed on, `*` for any characters.
    pub placement: Option<String>,
    /// The last day it holds.
    pub expires: Option<Date>,
}

impl Exception {
    /// Whether a finding is one it means, as far as its resource and placement go. `around` gives the names and ids of
    /// what its place lies in: a finding about a subnet that stands at a rule of a group is of that group as well.
    pub(crate) fn covers(&self, finding: &Finding, around: &dyn Fn() -> Vec<String>) -> bool {
        // The name alone, an id, or parts of one: what lies in a resource is meant with it.
        let means = |pattern: &str, name: &str, part: char| {
            let forms = [
                pattern.to_owned(),
                format!("*{part}{pattern}"),
                format!("{pattern}{part}*"),
                format!("*{part}{pattern}{part}*"),
            ];
            forms.iter().any(|form| wildcard::matches(form, name))
        };
        let of =
            |name: &Option<String>, pattern: &str, part| name.as_ref().is_some_and(|name| means(pattern, name, part));
        self.placement.as_ref().is_none_or(|pattern| of(&finding.placement, pattern, '@'))
            && self.resource.as_ref().is_none_or(|pattern| {
                of(&finding.resource, pattern, '/') || around().iter().any(|name| means(pattern, name, '/'))
            })
    }
}

/// Those of the files that are, or lie in, what a pattern in the notation of .gitignore says; names as seen from the
/// settings.
pub(crate) fn among<T>(pattern: &str, files: impl IntoIterator<Item = (T, String)>) -> Vec<T> {
    let mut builder = GitignoreBuilder::new("");
    // Patterns are checked where the settings are read.
    let globs = builder.add_line(None, pattern).and_then(|builder| builder.build());
    let is_in = |name: &str| {
        let below = !name.starts_with("../") && !name.starts_with('/');
        below && globs.as_ref().is_ok_and(|globs| globs.matched_path_or_any_parents(Path::new(name), false).is_ignore())
    };
    files.into_iter().filter(|(_, name)| is_in(name)).map(|(file, _)| file).collect()
}

#[cfg(test)]
mod tests {
    use super::among;

    #[test]
    fn paths_are_written_as_for_git() {
        for (pattern, file) in [
            ("legacy/", "legacy/a/nsg.json"),
            ("*.json", "a/b.json"),
            ("/infra/*.json", "infra/a.json"),
            ("infra/**/x.json", "infra/a/b/x.json"),
            ("nsg.json", "a/nsg.json"),
        ] {
            assert!(!among(pattern, [((), file.to_owned())]).is_empty(), "{pattern} {file}");
        }
        for (pattern, file) in
            [("/infra/*.json", "infra/a/b.json"), ("legacy/", "new/legacy.json"), ("*.json", "../other.json")]
        {
            assert!(among(pattern, [((), file.to_owned())]).is_empty(), "{pattern} {file}");
        }
    }
}
