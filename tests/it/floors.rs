//! Every file imports only from lower floors or from its own room: STYLE section 3, read from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Room, and the rooms it may import from.
const FLOORS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "cases", "config", "estate", "finding", "fix", "input", "json", "lint", "net", "proof", "report", "rule",
            "arm", "source", "spelling", "suppress", "tagfile",
        ],
    ),
    ("cases", &["finding", "lint", "rule", "source", "suppress"]),
    (
        "lint",
        &[
            "arm", "config", "estate", "finding", "input", "json", "net", "proof", "rule", "source", "spelling",
            "suppress", "tagfile",
        ],
    ),
    ("rule", &["estate", "finding", "json", "net", "proof", "source", "spelling"]),
    ("proof", &["estate", "json", "net", "source"]),
    ("config", &["finding", "json", "source", "spelling", "suppress"]),
    ("suppress", &["finding", "json", "source"]),
    ("fix", &["finding", "json", "source"]),
    ("report", &["finding", "source"]),
    ("estate", &["json", "net", "source"]),
    ("arm", &["json", "source"]),
    ("input", &["finding", "json", "source", "tagfile"]),
    // Files of service tags need JSON and places, which the snapshots in `net` know nothing of.
    ("tagfile", &["json", "net", "source"]),
    ("json", &["source"]),
    ("finding", &["source"]),
    ("net", &[]),
    ("source", &[]),
    ("spelling", &[]),
    // The build script stands outside the building.
    ("embed", &[]),
    ("lib", &[]),
];

fn rust_files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("entries are readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without its test module and comments.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or("");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every path below `crate::` that the code names, as its parts; groups are opened.
fn imports(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("aznetlint::")) {
        let rest = &code[at..];
        let rest = &rest[rest.find("::").expect("matched") + 2..];
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let path: String = rest.chars().take_while(|&c| is_part(c) || c == ':').collect();
        found.push(path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect());
    }
    found
}

#[test]
fn imports_go_down_or_stay_in_the_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors: BTreeMap<&str, BTreeSet<&str>> =
        FLOORS.iter().map(|(room, below)| (*room, below.iter().copied().collect())).collect();
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 10, "the sources were not found");
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&source).expect("found below src");
        let first = relative.components().next().expect("not empty").as_os_str().to_string_lossy();
        let room = first.trim_end_matches(".rs").to_owned();
        let Some(allowed) = floors.get(room.as_str()) else {
            wrong.push(format!("{}: `{room}` is no room of the building", relative.display()));
            continue;
        };
        let text = fs::read_to_string(&file).expect("sources are text");
        for import in imports(&code(&text)) {
            let Some(target) = import.first() else { continue };
            let is_room = floors.contains_key(target.as_str());
            if is_room && *target != room && !allowed.contains(target.as_str()) {
                wrong.push(format!("{}: imports {}", relative.display(), import.join("::")));
            }
        }
        // A file called `tests.rs` is a test module that was too long for its room's file.
        let is_tests = file.file_name().is_some_and(|name| name == "tests.rs");
        if !is_tests && code(&text).contains("super::") {
            wrong.push(format!("{}: `super` outside a test module", relative.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn siblings_form_no_circle() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    // Edges between files of one room, by the second part of `crate::room::sibling`.
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let relative = file.strip_prefix(&source).expect("found below src");
        let parts: Vec<String> =
            relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if parts.len() < 2 || parts[1] == "mod.rs" {
            continue;
        }
        let (room, own) = (parts[0].clone(), parts[1].trim_end_matches(".rs").to_owned());
        for import in imports(&code(&fs::read_to_string(file).expect("sources are text"))) {
            if import.len() >= 2 && import[0] == room && import[1] != own {
                edges.entry((room.clone(), own.clone())).or_default().insert(import[1].clone());
            }
        }
    }
    for ((room, start), next) in &edges {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = next.iter().collect();
        while let Some(file) = open.pop() {
            assert!(file != start, "src/{room}: {start} is in a circle of imports");
            if seen.insert(file.clone())
                && let Some(more) = edges.get(&(room.clone(), file.clone()))
            {
                open.extend(more);
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut files);
    for file in files {
        let lines = fs::read_to_string(&file).expect("sources are text").lines().count();
        assert!(lines <= 800, "{} has {lines} lines", file.display());
    }
}
