//! What git tells: where a repository is, where a branch left another one, and the files of a commit. Git is only asked to
//! read, and the work tree is never touched.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::cli::end::FlagError;
use crate::input;

/// For whom git is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Git {
    /// The flag that needs it.
    pub(crate) flag: &'static str,
    /// What to do without git.
    pub(crate) without: &'static str,
}

const SHALLOW: &str = "this clone is shallow: fetch the whole history, with actions/checkout by `fetch-depth: 0`, in \
                       Azure Pipelines by `fetchDepth: 0`, elsewhere by `git fetch --unshallow`";

/// Why git gave no answer.
pub(crate) enum Said {
    Missing(io::Error),
    Failure(String),
}

impl Git {
    /// The root of the repository that a folder is in.
    pub(crate) fn top(self, folder: &Path) -> Result<PathBuf, FlagError> {
        let top = ask(folder, &["rev-parse", "--show-toplevel"]).map_err(|said| match said {
            Said::Failure(said) if said.contains("not a git repository") => FlagError::new(
                format!("{} needs a git repository, and this folder is in none", self.flag),
                format!("run it inside the repository, or {}", self.without),
            ),
            said => self.error(said, "git cannot say where the repository is"),
        })?;
        Ok(PathBuf::from(path_of(top.trim_ascii_end())))
    }

    /// The commit where the branch that is checked out left the history of another one.
    pub(crate) fn base(self, top: &Path, reference: &str) -> Result<String, FlagError> {
        let flag = self.flag;
        let shallow =
            || ask(top, &["rev-parse", "--is-shallow-repository"]).is_ok_and(|said| said.trim_ascii_end() == b"true");
        if !is_commit(top, reference) {
            let remote = format!("origin/{reference}");
            let help = if is_commit(top, &remote) {
                format!("did you mean `{remote}`?")
            } else if shallow() {
                SHALLOW.to_owned()
            } else {
                format!("fetch it first: git fetch origin {}", reference.trim_start_matches("origin/"))
            };
            return Err(FlagError::new(format!("{flag} {reference}: git knows no such commit"), help));
        }
        let base = ask(top, &["merge-base", reference, "HEAD"]).map_err(|said| match said {
            Said::Failure(said) if said.trim().is_empty() => {
                let help = if shallow() { SHALLOW } else { "the two share no history; name a commit that they share" };
                FlagError::new(format!("{flag} {reference}: no commit is in both histories"), help.to_owned())
            }
            said => self.error(said, &format!("git finds no commit that {reference} and HEAD share")),
        })?;
        Ok(String::from_utf8_lossy(base.trim_ascii_end()).into_owned())
    }

    pub(crate) fn error(self, said: Said, what: &str) -> FlagError {
        match said {
            Said::Missing(error) if error.kind() == io::ErrorKind::NotFound => FlagError::new(
                format!("{} asks git, and there is no `git` on the PATH", self.flag),
                format!("install git, or {}", self.without),
            ),
            Said::Missing(error) => FlagError::new(format!("git cannot be run: {error}"), None),
            Said::Failure(said) => {
                let said = said.trim().trim_start_matches("fatal: ").to_owned();
                FlagError::new(what.to_owned(), (!said.is_empty()).then(|| format!("git says: {said}")))
            }
        }
    }

    /// Writes the files of a commit that a run may read into a folder of their own, which is gone with what is returned.
    /// What is too much for that is an error.
    pub(crate) fn files_of(self, top: &Path, commit: &str) -> Result<TempDir, FlagError> {
        let listed = ask(top, &["ls-tree", "-r", "-z", "-l", "--full-tree", commit])
            .map_err(|said| self.error(said, "git cannot list the files of the commit"))?;
        let blobs = wanted(&listed);
        let size: u64 = blobs.iter().map(|blob| blob.size).sum();
        if size > MOST_BYTES || blobs.len() > MOST_FILES {
            let message = format!("{} {commit}: the commit has more files than are read at once", self.flag);
            return Err(FlagError::new(message, "compare two folders: aznetlint diff BASE HEAD".to_owned()));
        }
        let failed = |error: io::Error| FlagError::new(format!("the files of {commit} cannot be read: {error}"), None);
        let folder = tempfile::Builder::new().prefix("aznetlint-").tempdir().map_err(failed)?;
        // What marks the root of a repository: paths in templates lead nowhere above it.
        fs::write(folder.path().join(".git"), "").map_err(failed)?;
        write_blobs(top, &blobs, folder.path()).map_err(failed)?;
        Ok(folder)
    }
}

/// So much of a commit is read.
const MOST_BYTES: u64 = 1 << 30;
const MOST_FILES: usize = 200_000;
/// A file in no language that is read may be loaded by Bicep; larger ones are not.
const MOST_LOADED: u64 = 1 << 18;

/// A file of a commit.
struct Blob {
    id: String,
    size: u64,
    path: PathBuf,
}

/// The files that a run may read. `MODE blob ID SIZE TAB PATH NUL`; links and submodules are passed over.
fn wanted(listed: &[u8]) -> Vec<Blob> {
    let entries = listed.split(|byte| *byte == 0).filter_map(|entry| {
        let tab = entry.iter().position(|byte| *byte == b'\t')?;
        let head = std::str::from_utf8(&entry[..tab]).ok()?;
        let mut parts = head.split_ascii_whitespace();
        let (mode, kind, id, size) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let path = PathBuf::from(path_of(&entry[tab + 1..]));
        // Git keeps no other paths; nothing is ever written outside the folder.
        let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
        let plain = kind == "blob" && mode.starts_with("100") && is_below;
        plain.then(|| Blob { id: id.to_owned(), size: size.parse().unwrap_or(0), path })
    });
    let blobs: Vec<Blob> = entries.collect();
    let bicep = blobs.iter().any(|blob| input::is_bicep(&blob.path));
    let is_ignore = |path: &Path| {
        path.file_name().is_some_and(|name| name == ".gitignore" || name == ".ignore" || name == ".aznetlintignore")
    };
    let keep =
        |blob: &Blob| input::is_source(&blob.path) || is_ignore(&blob.path) || (bicep && blob.size <= MOST_LOADED);
    blobs.into_iter().filter(keep).collect()
}

fn write_blobs(top: &Path, blobs: &[Blob], folder: &Path) -> io::Result<()> {
    let mut git = git(top, &["cat-file", "--batch"]);
    let mut child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let (mut asked, told) = (child.stdin.take(), child.stdout.take());
    let ids: String = blobs.iter().map(|blob| format!("{}\n", blob.id)).collect();
    // It answers while it is asked: neither may wait for the other.
    let asking = std::thread::spawn(move || asked.as_mut().map_or(Ok(()), |asked| asked.write_all(ids.as_bytes())));
    let mut told = BufReader::new(told.ok_or_else(|| io::Error::other("git says nothing"))?);
    for blob in blobs {
        let mut line = String::new();
        told.read_line(&mut line)?;
        let size = line.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let size =
            size.filter(|_| line.contains(" blob ")).ok_or_else(|| io::Error::other(line.trim_end().to_owned()))?;
        let path = folder.join(&blob.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = fs::File::create(&path)?;
        let copied = io::copy(&mut (&mut told).take(size), &mut file)?;
        let mut end = [0];
        told.read_exact(&mut end)?;
        if copied != size {
            return Err(io::Error::other("git stopped in the middle of a file"));
        }
    }
    asking.join().map_err(|_| io::Error::other("git is not asked any more"))??;
    child.wait()?;
    Ok(())
}

fn is_commit(top: &Path, reference: &str) -> bool {
    !reference.starts_with('-')
        && ask(top, &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")]).is_ok()
}

/// Asks git in a folder.
pub(crate) fn ask(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Said> {
    let Output { status, stdout, stderr } = git(folder, arguments).output().map_err(Said::Missing)?;
    if status.success() { Ok(stdout) } else { Err(Said::Failure(String::from_utf8_lossy(&stderr).into_owned())) }
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    // Only reads, and answers in English.
    git.arg("-C").arg(folder).args(arguments).env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
    git
}

/// A path as git says it.
#[cfg(unix)]
pub(crate) fn path_of(name: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(name.to_vec())
}

/// A path as git says it.
#[cfg(not(unix))]
pub(crate) fn path_of(name: &[u8]) -> OsString {
    OsString::from(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::wanted;

    #[test]
    fn only_files_that_may_be_read_are_written_and_none_outside_the_folder() {
        let listed = b"100644 blob a1       5\ta b.json\x00120000 blob a2 5\tlink.json\x00160000 commit a3 -\tsub\0\
            100644 blob a4 5\t../out.json\x00100644 blob a5 5\tx.txt\x00100755 blob a6 5\td/.gitignore\0";
        let paths = |listed: &[u8]| {
            wanted(listed).iter().map(|blob| blob.path.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(paths(listed), ["a b.json", "d/.gitignore"]);
        let with_bicep = [&listed[..], b"100644 blob a7 5\tmain.bicep\0"].concat();
        assert_eq!(paths(&with_bicep), ["a b.json", "x.txt", "d/.gitignore", "main.bicep"]);
    }
}
