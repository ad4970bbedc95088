//! Which files something is said of: by patterns from a folder, or one by one.
//!
//! Files are compared by where they lie, however they are spelled.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Patterns of paths in the language of `.gitignore`, relative to a folder.
#[derive(Clone, Debug)]
pub struct Globs {
    root: PathBuf,
    matcher: Gitignore,
}

impl Globs {
    /// From patterns that [`crate::input::check_glob`] accepts; others match nothing.
    pub fn new<'p>(folder: &Path, patterns: impl IntoIterator<Item = &'p str>) -> Self {
        let root = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let mut builder = GitignoreBuilder::new(&root);
        for pattern in patterns {
            // A leading `./` means the folder itself, which patterns write as `/`.
            let pattern = pattern.strip_prefix("./").map_or_else(|| pattern.to_owned(), |rest| format!("/{rest}"));
            let _refused_before = builder.add_line(None, &pattern);
        }
        Self { root, matcher: builder.build().unwrap_or_else(|_| Gitignore::empty()) }
    }

    /// Whether they cover a file, by its name as shown, or a folder it lies in.
    pub fn cover(&self, name: &str) -> bool {
        fs::canonicalize(name).is_ok_and(|path| self.cover_canonical(&path, false))
    }

    /// Whether they cover a canonical path or a folder it lies in.
    pub(crate) fn cover_canonical(&self, path: &Path, is_folder: bool) -> bool {
        path.starts_with(&self.root)
            && path != self.root
            && self.matcher.matched_path_or_any_parents(path, is_folder).is_ignore()
    }
}

/// Files, one by one.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    files: BTreeSet<PathBuf>,
}

impl FileSet {
    /// From paths; those that lead nowhere are left out.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: paths.into_iter().filter_map(|path| fs::canonicalize(path).ok()).collect() }
    }

    /// Whether a file, by its name as shown, is one of them.
    pub fn holds(&self, name: &str) -> bool {
        fs::canonicalize(name).is_ok_and(|path| self.files.contains(&path))
    }

    /// As [`Self::holds`], without asking the disk when there are none.
    pub fn names(&self, name: &str) -> bool {
        !self.is_empty() && self.holds(name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Their canonical paths.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FileSet, Globs};

    #[test]
    fn patterns_are_relative_to_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        let file = folder.path().join("a/b/x.json");
        fs::write(&file, "").unwrap();
        let covers = |pattern: &str| Globs::new(folder.path(), [pattern]).cover(&file.to_string_lossy());
        assert!(covers("a/**") && covers("a") && covers("*.json") && covers("./a/b/x.json") && covers("/a/"));
        assert!(!covers("b/**") && !covers("/b") && !covers("./x.json"));
        assert!(!Globs::new(&folder.path().join("a/b"), ["a"]).cover(&file.to_string_lossy()));
    }

    #[test]
    fn a_file_is_the_same_under_two_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("x.json"), "").unwrap();
        let files = FileSet::new([folder.path().join("a/../x.json"), folder.path().join("gone.json")]);
        assert!(files.holds(&folder.path().join("x.json").to_string_lossy()));
        assert_eq!(files.paths().count(), 1);
    }
}
