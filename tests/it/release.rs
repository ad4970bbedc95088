//! What a release moves together: one version in every file that names it.

use std::fs;
use std::path::Path;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The words that follow each of the marks in a text, up to a quote, bracket or blank.
fn after<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(mark).skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !".-+".contains(letter));
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn every_file_names_the_same_version() {
    for (file, marks) in [
        ("pyproject.toml", &["version = \"", "aznetlint=="][..]),
        ("README.md", &["rev: v", "aznetlint/aznetlint@v", "aznetlint=="]),
    ] {
        let text = read(file);
        for mark in marks {
            let found: Vec<&str> = after(&text, mark).collect();
            assert!(!found.is_empty(), "{file} has no `{mark}`");
            assert!(found.iter().all(|version| *version == VERSION), "{file}: {mark}{found:?}, not {VERSION}");
        }
    }
}

#[test]
fn the_hooks_run_what_the_readme_says() {
    let hooks = read(".pre-commit-hooks.yaml");
    let ids: Vec<&str> = after(&hooks, "- id: ").collect();
    assert_eq!(ids, ["aznetlint", "aznetlint-src", "aznetlint-system"]);
    let readme = read("README.md");
    assert!(ids.iter().all(|id| readme.contains(&format!("`{id}`"))));
    assert!(after(&hooks, "entry: aznetlint check --").all(|flag| flag == "changed"));
    // Every hook sees every language; pre-commit knows no type of Bicep.
    let lines = |start: &str| hooks.lines().filter(|line| line.trim() == start).count();
    assert_eq!(lines("types: [text]"), ids.len());
    assert_eq!(lines(r"files: '\.(json|ya?ml|bicep|bicepparam)$'"), ids.len());
}
