//! Names of files as they are seen from a folder, so that they are the same wherever a run is started.

use crate::source::{FileId, Files, Origin, STDIN};

/// A folder that files are named from, as seen from where the run was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    here: Vec<String>,
    base: Vec<String>,
}

impl Folder {
    /// From the absolute paths of the folder the run was started in and of the folder to name files from; `/` and `\`
    /// both part them.
    pub fn new(here: &str, base: &str) -> Self {
        let parts = |path: &str| join(Vec::new(), &slashed(path));
        Self { here: parts(here), base: parts(base) }
    }

    /// The name of a file from this folder, with `/` between its parts. `name` is as the run shows it: from where it
    /// was started, or absolute. Standard input keeps its name.
    pub fn relative(&self, name: &str) -> String {
        if name == STDIN {
            return name.to_owned();
        }
        let absolute = name.starts_with('/') || name.as_bytes().get(1) == Some(&b':');
        let whole = join(if absolute { Vec::new() } else { self.here.clone() }, name);
        let shared = whole.iter().zip(&self.base).take_while(|(one, other)| one == other).count();
        let up = std::iter::repeat_n("..", self.base.len() - shared);
        up.chain(whole[shared..].iter().map(String::as_str)).collect::<Vec<_>>().join("/")
    }

    /// The name of a text from this folder; what is no file keeps the name it has.
    pub(crate) fn name_of(&self, files: &Files, file: FileId) -> String {
        let name = files.name(file);
        if files.origin(file) == Origin::Flag { name.to_owned() } else { self.relative(name) }
    }
}

/// A path of Windows or any other system with `/` between its parts and without the mark of long paths.
pub(crate) fn slashed(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("//?/").map_or(path.clone(), str::to_owned)
}

fn join(mut parts: Vec<String>, path: &str) -> Vec<String> {
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::Folder;

    #[test]
    fn a_file_has_one_name_wherever_the_run_starts() {
        let names = [("/repo", "infra/nsg.json"), ("/repo/infra", "./nsg.json"), ("/repo/app", "../infra/nsg.json")];
        for (here, name) in names {
            assert_eq!(Folder::new(here, "/repo").relative(name), "infra/nsg.json", "{here}");
        }
        assert_eq!(Folder::new("/tmp", "/repo").relative("/repo/infra/nsg.json"), "infra/nsg.json");
    }

    #[test]
    fn a_file_outside_of_the_folder_is_named_upwards() {
        assert_eq!(Folder::new("/repo", "/repo/ci").relative("infra/nsg.json"), "../infra/nsg.json");
    }

    #[test]
    fn windows_paths_are_named_alike() {
        let folder = Folder::new(r"\\?\C:\repo\infra", r"C:\repo");
        assert_eq!(folder.relative("nsg.json"), "infra/nsg.json");
        assert_eq!(folder.relative("C:/repo/infra/nsg.json"), "infra/nsg.json");
    }

    #[test]
    fn what_is_no_file_keeps_its_name() {
        assert_eq!(Folder::new("/repo", "/").relative("<stdin>"), "<stdin>");
    }
}
