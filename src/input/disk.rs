//! Where paths lead on the disk, asked once for each folder: files of a run lie together and refer to each other.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use foldhash::HashMap;

/// What is known of the folders of a run.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Folders as they are written, and as the disk has them; none where that failed.
    folders: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
    repositories: Nearest,
}

/// For folders the nearest one at or above that has something.
#[derive(Debug, Default)]
pub(crate) struct Nearest(RefCell<HashMap<PathBuf, Option<PathBuf>>>);

impl Nearest {
    /// The nearest folder at or above a folder that has what is looked for, always the same.
    pub(crate) fn above(&self, folder: &Path, has: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let mut passed: Vec<&Path> = Vec::new();
        let mut found = None;
        for folder in folder.ancestors() {
            if let Some(answer) = self.0.borrow().get(folder) {
                found.clone_from(answer);
                break;
            }
            passed.push(folder);
            if has(folder) {
                found = Some(folder.to_owned());
                break;
            }
        }
        self.0.borrow_mut().extend(passed.into_iter().map(|folder| (folder.to_owned(), found.clone())));
        found
    }
}

impl Disk {
    /// The path of a file as the disk has it.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn find(&self, path: &Path) -> io::Result<PathBuf> {
        // Elsewhere a name may be spelled in several ways.
        let (true, Some(parent), Some(name)) = (cfg!(target_os = "linux"), path.parent(), path.file_name()) else {
            return fs::canonicalize(path);
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let Ok(folder) = self.folder(parent) else { return fs::canonicalize(path) };
        let whole = folder.join(name);
        if fs::symlink_metadata(&whole)?.is_symlink() { fs::canonicalize(&whole) } else { Ok(whole) }
    }

    /// The path of a folder as the disk has it.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn folder(&self, path: &Path) -> io::Result<PathBuf> {
        if let Some(Some(known)) = self.folders.borrow().get(path) {
            return Ok(known.clone());
        }
        let found = fs::canonicalize(path);
        self.folders.borrow_mut().insert(path.to_owned(), found.as_ref().ok().cloned());
        found
    }

    /// The repository that a folder lies in.
    pub(crate) fn repository(&self, folder: &Path) -> Option<PathBuf> {
        self.repositories.above(folder, |folder| folder.join(".git").exists())
    }
}
