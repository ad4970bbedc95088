//! Which paths a project leaves out by its ignore files: `.gitignore`, `.ignore`, `.aznetlintignore`, at every level.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Later names win over earlier ones in the same folder.
const NAMES: [&str; 3] = [".gitignore", ".ignore", ".aznetlintignore"];

/// Longer ignore files are not read.
const LONGEST: u64 = 1 << 20;

/// The ignore files that hold at one place of a walk, the outermost first. All paths are canonical.
pub(crate) struct Ignores {
    git: bool,
    stack: Vec<(PathBuf, Gitignore)>,
}

impl Ignores {
    /// The ignore files above `folder`, up to the root of its repository. None when it lies in no repository.
    pub(crate) fn above(folder: &Path, git: bool) -> Self {
        let mut ignores = Self { git, stack: Vec::new() };
        let Some(root) = folder.ancestors().find(|ancestor| ancestor.join(".git").exists()) else { return ignores };
        let mut between: Vec<&Path> =
            folder.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(root)).collect();
        between.reverse();
        for ancestor in between {
            ignores.enter(ancestor);
        }
        ignores
    }

    /// Takes in the ignore files of `folder`, and forgets those of folders it does not lie in.
    pub(crate) fn enter(&mut self, folder: &Path) {
        while self.stack.last().is_some_and(|(outer, _)| !folder.starts_with(outer)) {
            self.stack.pop();
        }
        let mut builder = GitignoreBuilder::new(folder);
        let mut lines = 0;
        if self.git {
            lines += add_lines(&mut builder, &folder.join(".git/info/exclude"));
        }
        for name in NAMES.into_iter().filter(|&name| self.git || name != ".gitignore") {
            lines += add_lines(&mut builder, &folder.join(name));
        }
        if lines > 0
            && let Ok(matcher) = builder.build()
        {
            self.stack.push((folder.to_owned(), matcher));
        }
    }

    /// Whether a file or folder is left out. Of the ignore files above it, the innermost that speaks of it decides.
    pub(crate) fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        let above = self.stack.iter().rev().filter(|(folder, _)| path != folder && path.starts_with(folder));
        let said = above.map(|(_, matcher)| matcher.matched(path, is_folder)).find(|said| !said.is_none());
        matches!(said, Some(Match::Ignore(_)))
    }
}

/// Whether a named path, or a folder it lies in, is left out by the ignore files of its repository.
pub(crate) fn is_left_out(path: &Path, is_folder: bool, git: bool) -> bool {
    let Some(parent) = path.parent() else { return false };
    let mut ignores = Ignores::above(parent, git);
    ignores.enter(parent);
    path.ancestors().any(|ancestor| ignores.is_ignored(ancestor, is_folder || ancestor != path))
}

/// Adds the lines of a file, when it is one. Says how many there were. A line that is no pattern is passed over, as git does.
fn add_lines(builder: &mut GitignoreBuilder, path: &Path) -> usize {
    // A pipe of that name must not be opened: it would wait forever.
    let Ok(metadata) = fs::metadata(path) else { return 0 };
    if !metadata.is_file() {
        return 0;
    }
    let mut bytes = Vec::new();
    let Ok(file) = File::open(path) else { return 0 };
    if file.take(LONGEST).read_to_end(&mut bytes).is_err() {
        return 0;
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = 0;
    for line in text.trim_start_matches('\u{FEFF}').lines() {
        lines += usize::from(builder.add_line(None, line).is_ok());
    }
    lines
}
