//! Every file imports only from lower floors or from its own room: STYLE section 3, read from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

/// Room, and the rooms it may import from.
const FLOORS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "cases",
            "config",
            "estate",
            "finding",
            "fix",
            "input",
            "json",
            "judge",
            "lint",
            "net",
            "proof",
            "report",
            "rule",
            "arm",
            "printable",
            "source",
            "spelling",
            "suppress",
            "tagfile",
        ],
    ),
    ("cases", &["finding", "judge", "lint", "rule", "source", "suppress"]),
    (
        "lint",
        &[
            "arm", "config", "estate", "finding", "input", "json", "judge", "net", "proof", "rule", "source",
            "spelling", "suppress", "tagfile",
        ],
    ),
    ("judge", &["estate", "finding", "json", "net", "proof", "rule", "source", "suppress"]),
    ("rule", &["estate", "finding", "json", "net", "printable", "proof", "source", "spelling", "suppress"]),
    ("proof", &["estate", "json", "net", "source"]),
    ("config", &["finding", "json", "printable", "source", "spelling", "suppress"]),
    ("suppress", &["finding", "json", "printable", "source"]),
    ("fix", &["finding", "json", "source"]),
    ("report", &["finding", "printable", "source"]),
    ("estate", &["json", "net", "source", "spelling"]),
    ("arm", &["json", "source", "spelling"]),
    ("input", &["finding", "json", "source", "tagfile"]),
    // Files of service tags need JSON and places, which the snapshots in `net` know nothing of.
    ("tagfile", &["json", "net", "source"]),
    ("json", &["source"]),
    ("finding", &["source"]),
    ("net", &[]),
    ("source", &[]),
    ("spelling", &[]),
    ("printable", &[]),
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

/// What the product's part of a file names: paths below `crate::` as their parts, and whether `super` stands in one.
#[derive(Default)]
struct Named {
    paths: Vec<Vec<String>>,
    says_super: bool,
}

impl Named {
    /// Opens groups, renamings and globs: `use crate::{cli::{baseline, check as c}, net::*};` names three paths.
    fn open(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.open(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.open(tree, before)),
            syn::UseTree::Name(name) => self.take(before.iter().cloned().chain([name.ident.to_string()]).collect()),
            syn::UseTree::Rename(name) => self.take(before.iter().cloned().chain([name.ident.to_string()]).collect()),
            syn::UseTree::Glob(_) => self.take(before.clone()),
        }
    }

    fn take(&mut self, path: Vec<String>) {
        match path.first().map(String::as_str) {
            Some("crate" | "aznetlint") => self.paths.push(path.into_iter().skip(1).collect()),
            Some("super") => self.says_super = true,
            Some("self") if path.get(1).is_some_and(|part| part == "super") => self.says_super = true,
            _ => {}
        }
    }

    /// The arguments of a macro are tokens, not yet paths: `format!("{}", crate::net::first())`.
    fn read_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(part) if colons == 2 && !path.is_empty() => {
                    path.push(part.to_string());
                    colons = 0;
                }
                proc_macro2::TokenTree::Punct(sign) if sign.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.take(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        proc_macro2::TokenTree::Ident(part) => path.push(part.to_string()),
                        proc_macro2::TokenTree::Group(group) => self.read_tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.take(path);
    }
}

impl<'ast> Visit<'ast> for Named {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.open(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.take(path.segments.iter().map(|part| part.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // `pub(crate)` and `pub(super)` name no item.
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.read_tokens(call.tokens.clone());
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(module) {
            visit::visit_item_mod(self, module);
        }
    }
}

fn is_for_tests(module: &syn::ItemMod) -> bool {
    module.attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

/// What the `mod.rs` of a folder says of its files.
#[derive(Default)]
struct Face {
    /// Files that are test modules.
    tests: BTreeSet<String>,
    /// The file in which a name lies that the face passes on.
    origin: BTreeMap<String, String>,
}

impl Face {
    fn read(text: &str) -> Self {
        let mut face = Self::default();
        for item in syn::parse_file(text).expect("the sources are Rust").items {
            match item {
                syn::Item::Mod(module) if is_for_tests(&module) => {
                    face.tests.insert(module.ident.to_string());
                }
                syn::Item::Use(item) => {
                    if let syn::UseTree::Path(path) = &item.tree {
                        face.pass_on(&path.tree, &path.ident.to_string());
                    }
                }
                _ => {}
            }
        }
        face
    }

    fn pass_on(&mut self, tree: &syn::UseTree, file: &str) {
        let name = match tree {
            syn::UseTree::Path(path) => return self.pass_on(&path.tree, file),
            syn::UseTree::Group(group) => return group.items.iter().for_each(|tree| self.pass_on(tree, file)),
            syn::UseTree::Name(name) => name.ident.to_string(),
            syn::UseTree::Rename(name) => name.rename.to_string(),
            syn::UseTree::Glob(_) => return,
        };
        self.origin.insert(name, file.to_owned());
    }
}

/// The faces of the folders, by folder.
fn faces(source: &Path, files: &[std::path::PathBuf]) -> BTreeMap<std::path::PathBuf, Face> {
    let faces = files.iter().filter(|file| file.ends_with("mod.rs")).map(|file| {
        let folder = file.parent().expect("a file lies in a folder").strip_prefix(source).expect("found below src");
        (folder.to_owned(), Face::read(&fs::read_to_string(file).expect("sources are text")))
    });
    faces.collect()
}

/// Whether a file is a test module, by what the face of its folder says.
fn is_test_file(relative: &Path, faces: &BTreeMap<std::path::PathBuf, Face>) -> bool {
    let stem = relative.file_stem().unwrap_or_default().to_string_lossy();
    relative.parent().and_then(|folder| faces.get(folder)).is_some_and(|face| face.tests.contains(&*stem))
}

/// Every path that a file names outside its test modules, whatever the form of the import.
fn named(text: &str) -> Named {
    let file = syn::parse_file(text).expect("the sources are Rust");
    let mut named = Named::default();
    named.visit_file(&file);
    named
}

#[test]
fn every_form_of_an_import_is_read() {
    let text = r#"
        use crate::cli::{baseline, check::{self, run as go}};
        pub(crate) use crate::{net::*, source};
        pub(super) fn all() -> crate::json::Node {
            println!("{}", crate::estate::link(1, aznetlint::report::render()));
            crate::proof::judge::<crate::arm::Value>()
        }
        #[cfg(test)]
        mod tests {
            use super::*;
            use crate::lint::run;
        }
    "#;
    let named = named(text);
    let mut paths: Vec<String> = named.paths.iter().map(|path| path.join("::")).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "arm::Value",
            "cli::baseline",
            "cli::check::run",
            "cli::check::self",
            "estate::link",
            "json::Node",
            "net",
            "proof::judge",
            "report::render",
            "source",
        ]
    );
    assert!(!named.says_super);
    assert!(self::named("fn far() { super::near() }").says_super);
    assert!(self::named("use super::{near, by};").says_super);
}

#[test]
fn imports_go_down_or_stay_in_the_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors: BTreeMap<&str, BTreeSet<&str>> =
        FLOORS.iter().map(|(room, below)| (*room, below.iter().copied().collect())).collect();
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 10, "the sources were not found");
    let faces = faces(&source, &files);
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
        let named = named(&text);
        for import in named.paths {
            let Some(target) = import.first() else { continue };
            let is_room = floors.contains_key(target.as_str());
            if is_room && *target != room && !allowed.contains(target.as_str()) {
                wrong.push(format!("{}: imports {}", relative.display(), import.join("::")));
            }
        }
        if !is_test_file(relative, &faces) && named.says_super {
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
    let faces = faces(&source, &files);
    // Edges between files of one room: `crate::room::sibling`, or what the face of the room passes on from there.
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let relative = file.strip_prefix(&source).expect("found below src");
        let parts: Vec<String> =
            relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if parts.len() < 2 || parts[1] == "mod.rs" || is_test_file(relative, &faces) {
            continue;
        }
        let (room, own) = (parts[0].clone(), parts[1].trim_end_matches(".rs").to_owned());
        for import in named(&fs::read_to_string(file).expect("sources are text")).paths {
            if import.len() >= 2 && import[0] == room {
                let origin = faces.get(Path::new(&room)).and_then(|face| face.origin.get(&import[1]));
                // A file and an item that the face passes on may share a name; only the file holds further parts.
                let target = origin.filter(|_| import.len() == 2).unwrap_or(&import[1]);
                if *target != own {
                    edges.entry((room.clone(), own.clone())).or_default().insert(target.clone());
                }
            }
        }
    }
    for ((room, start), next) in &edges {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = next.iter().collect();
        while let Some(file) = open.pop() {
            assert!(file != start, "src/{room}: {start} is in a circle of imports: {seen:?}");
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
