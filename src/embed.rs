//! Build script: carries the files of `rules/` into the binary, and beside each rule the tree of its YAML, so that a mistake
//! in the YAML of a shipped rule ends the build and a run reads no YAML of the program's own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(dead_code, reason = "the build script reads trees and does not look into them")]
#[path = "rule/tree.rs"]
mod tree;
mod yaml;

#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on standard output")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let rules = root.join("rules");
    for path in ["rules", "src/embed.rs", "src/yaml.rs", "src/rule/tree.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let mut paths = Vec::new();
    gather(&rules, &mut paths)?;
    paths.sort();
    let mut table = String::from("/// Every file of `rules/`.\nstatic EMBEDDED: &[Embedded] = &[\n");
    for (number, path) in paths.iter().enumerate() {
        let below = path.strip_prefix(&rules).unwrap_or(path);
        let name = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let tree = if name.ends_with(".cases.yaml") { Vec::new() } else { tree(path)? };
        let file = out.join(format!("{number}.tree"));
        fs::write(&file, tree)?;
        let (content, tree) = (path.display().to_string(), file.display().to_string());
        let _ = writeln!(
            table,
            "    Embedded {{ path: {name:?}, content: include_str!({content:?}), tree: include_bytes!({tree:?}) }},"
        );
    }
    table.push_str("];\n");
    fs::write(out.join("embedded.rs"), table)
}

/// The tree of a rule file in the postcard format.
fn tree(path: &Path) -> io::Result<Vec<u8>> {
    let text = fs::read_to_string(path)?;
    let tree = tree::Yaml::read(&text).map_err(|wrong| {
        let line = text.get(..wrong.at.start).map_or(1, |before| before.matches('\n').count() + 1);
        io::Error::other(format!("{}:{line}: {}", path.display(), wrong.message))
    })?;
    postcard::to_stdvec(&tree).map_err(io::Error::other)
}

#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on standard output")]
fn gather(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            gather(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    Ok(())
}
