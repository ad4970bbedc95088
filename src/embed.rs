//! Build script: lists the files of `rules/` so that the binary carries them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::print_stdout, reason = "a build script speaks to cargo on standard output")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let rules = root.join("rules");
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/embed.rs");
    let mut paths = Vec::new();
    gather(&rules, &mut paths)?;
    paths.sort();
    let mut table = String::from("/// Every file of `rules/`: its path below it and its content.\n");
    table.push_str("static EMBEDDED: &[(&str, &str)] = &[\n");
    for path in &paths {
        let below = path.strip_prefix(&rules).unwrap_or(path);
        let name = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let _ = writeln!(table, "    ({name:?}, include_str!({:?})),", path.display().to_string());
    }
    table.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs"), table)
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
