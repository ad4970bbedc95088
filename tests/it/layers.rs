//! Every file imports only from lower layers or from its own module, no files import each other in a circle, and a
//! module exports what others use, read from the sources.
//!
//! `cargo test --test it layers::measures -- --nocapture` prints how the program is built; `AZNETLINT_SOURCES` names the
//! `src` of another checkout to compare with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::sources::{Imports, Source, Sources, rust_files};

/// Module, and the modules it may import from.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "date",
            "cases",
            "config",
            "diff",
            "estate",
            "finding",
            "fix",
            "generate",
            "input",
            "json",
            "judge",
            "lint",
            "lsp",
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
    ("lsp", &["config", "finding", "fix", "input", "json", "lint", "net", "rule", "source"]),
    ("diff", &["estate", "finding", "lint", "net", "printable", "proof", "report", "source"]),
    ("generate", &["estate", "finding", "judge", "lint", "net", "proof", "rule", "shell"]),
    (
        "fix",
        &["bicep", "diff", "estate", "finding", "json", "lint", "net", "proof", "report", "rule", "shell", "source"],
    ),
    ("cases", &["date", "finding", "judge", "lint", "rule", "source", "suppress"]),
    (
        "lint",
        &[
            "date",
            "arm",
            "bicep",
            "config",
            "estate",
            "finding",
            "input",
            "json",
            "judge",
            "lower",
            "manifest",
            "net",
            "proof",
            "pulumi",
            "rule",
            "source",
            "spelling",
            "suppress",
            "tagfile",
            "terraform",
        ],
    ),
    ("judge", &["estate", "finding", "json", "net", "proof", "rule", "shell", "source", "spelling"]),
    (
        "rule",
        &["date", "estate", "finding", "json", "net", "printable", "proof", "source", "spelling", "suppress", "yaml"],
    ),
    ("proof", &["estate", "finding", "json", "net", "source"]),
    ("config", &["finding", "json", "printable", "source", "spelling", "suppress", "yaml"]),
    ("suppress", &["date", "finding", "json", "printable", "source", "spelling"]),
    ("report", &["finding", "printable", "source"]),
    ("estate", &["json", "manifest", "net", "pulumi", "source", "spelling", "terraform"]),
    ("manifest", &["json"]),
    ("pulumi", &["json", "source", "terraform"]),
    ("lower", &["arm", "bicep", "json", "source", "spelling", "yaml"]),
    ("arm", &["date", "json", "source", "spelling"]),
    ("terraform", &["json", "source"]),
    ("input", &["bicep", "finding", "json", "source", "tagfile"]),
    // Files of service tags need JSON and places, which the snapshots in `net` know nothing of.
    ("tagfile", &["date", "json", "net", "source"]),
    ("bicep", &["json", "source"]),
    ("json", &["source"]),
    ("finding", &["net", "source"]),
    ("net", &["spelling"]),
    ("source", &[]),
    ("shell", &[]),
    ("spelling", &[]),
    ("yaml", &[]),
    ("date", &[]),
    ("printable", &[]),
    // The build script.
    ("embed", &[]),
    ("lib", &[]),
];

#[test]
fn every_form_of_an_import_is_read() {
    let text = r#"
        use crate::cli::{baseline, check::{self, run as go}};
        pub(crate) use crate::{net::*, source};
        pub(super) fn all() -> crate::json::Node {
            println!("{}", crate::estate::link(1, aznetlint::report::render()));
            crate::proof::judge::<crate::arm::Value>();
            source::read(text::far());
        }
        #[cfg(test)]
        mod tests {
            use super::*;
            use crate::lint::run;
        }
    "#;
    let imports = Imports::of(text);
    let mut paths: Vec<String> = imports.paths.iter().map(|path| path.join("::")).collect();
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
            "source::read",
        ]
    );
    assert!(!imports.says_super);
    assert!(Imports::of("fn far() { super::near() }").says_super);
    assert!(Imports::of("use super::{near, by};").says_super);
}

#[test]
fn imports_go_down_or_stay_in_the_module() {
    let below: BTreeMap<&str, BTreeSet<&str>> =
        LAYERS.iter().map(|(module, below)| (*module, below.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for file in &Sources::own().files {
        let (module, name) = (file.module(), file.path.join("/"));
        let Some(allowed) = below.get(module) else {
            wrong.push(format!("{name}: `{module}` is in no layer"));
            continue;
        };
        for import in &file.imports.paths {
            let Some(target) = import.first().map(String::as_str) else { continue };
            if below.contains_key(target) && target != module && !allowed.contains(target) {
                wrong.push(format!("{name}: imports {}", import.join("::")));
            }
        }
        if !file.for_tests && file.imports.says_super {
            wrong.push(format!("{name}: `super` outside a test module"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// For each file, by its path, the other files of its module that it imports from.
fn edges(sources: &Sources) -> BTreeMap<&[String], BTreeSet<&[String]>> {
    let mut edges: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
    for file in sources.files.iter().filter(|file| !file.is_module_file && !file.for_tests) {
        let own = file.imports.paths.iter().filter(|import| import.first().is_some_and(|first| first == file.module()));
        let targets = own.filter_map(|import| sources.file_of(import)).map(|target| &*target.path);
        edges.insert(&file.path, targets.filter(|target| *target != &*file.path).collect());
    }
    edges
}

/// The longest way along edges from a file, as paths; `Err`: a circle.
fn longest<'s>(
    file: &'s [String],
    edges: &BTreeMap<&'s [String], BTreeSet<&'s [String]>>,
    open: &mut Vec<&'s [String]>,
    known: &mut BTreeMap<&'s [String], Vec<&'s [String]>>,
) -> Result<Vec<&'s [String]>, String> {
    if let Some(known) = known.get(file) {
        return Ok(known.clone());
    }
    if let Some(at) = open.iter().position(|other| *other == file) {
        let circle: Vec<String> = open[at..].iter().map(|part| part.join("/")).collect();
        return Err(circle.join(" -> "));
    }
    open.push(file);
    let mut best: Vec<&[String]> = Vec::new();
    for next in edges.get(file).into_iter().flatten() {
        let way = longest(next, edges, open, known)?;
        if way.len() > best.len() {
            best = way;
        }
    }
    open.pop();
    best.insert(0, file);
    known.insert(file, best.clone());
    Ok(best)
}

#[test]
fn files_of_a_module_form_no_circle() {
    let sources = Sources::own();
    let edges = edges(sources);
    assert!(edges.values().any(|targets| !targets.is_empty()), "no file imports another");
    let mut known = BTreeMap::new();
    for file in edges.keys() {
        if let Err(circle) = longest(file, &edges, &mut Vec::new(), &mut known) {
            panic!("a circle of imports: {circle}");
        }
    }
}

/// Names that a module exports, by module, with whether another module or a test outside the program uses each.
fn exported(sources: &Sources, outside: &[Imports]) -> BTreeMap<String, BTreeMap<String, bool>> {
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    let own = sources.files.iter().map(|file| (Some(file.module()), &file.imports));
    for (module, imports) in own.chain(outside.iter().map(|imports| (None, imports))) {
        for import in &imports.paths {
            if let [target, name, ..] = &**import
                && module != Some(target.as_str())
            {
                used.insert((target.as_str(), name.as_str()));
            }
        }
    }
    let modules = sources.exports.iter().filter(|(path, _)| path.len() == 1);
    let names = modules.map(|(path, exports)| {
        let names = exports.names.keys().map(|name| (name.clone(), used.contains(&(&*path[0], &**name))));
        (path[0].clone(), names.collect())
    });
    names.collect()
}

/// What tests and benches outside the program import from it.
fn outside(root: &Path) -> Vec<Imports> {
    let files = rust_files(&root.join("tests"));
    files.iter().map(|file| Imports::of(&std::fs::read_to_string(file).expect("sources are text"))).collect()
}

#[test]
fn a_module_exports_what_others_use() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let unused: Vec<String> = exported(Sources::own(), &outside(root))
        .into_iter()
        .flat_map(|(module, names)| {
            names.into_iter().filter(|(_, used)| !used).map(move |(name, _)| format!("{module}::{name}"))
        })
        .collect();
    assert!(unused.is_empty(), "exported and used by nobody outside: {}", unused.join(", "));
}

#[test]
fn functions_are_short() {
    let long = long_functions(Sources::own());
    assert!(long.is_empty(), "over 60 lines or 6 parameters:\n{}", long.join("\n"));
}

fn long_functions(sources: &Sources) -> Vec<String> {
    let all = sources.files.iter().flat_map(|file| {
        let long = file.functions.iter().filter(|one| one.lines > 60 || one.parameters > 6);
        long.map(|one| {
            format!("{} {}: {} lines, {} parameters", file.path.join("/"), one.name, one.lines, one.parameters)
        })
    });
    all.collect()
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in rust_files(&root.join("src")).into_iter().chain(rust_files(&root.join("tests"))) {
        let lines = std::fs::read_to_string(&file).expect("sources are text").lines().count();
        assert!(lines <= 800, "{} has {lines} lines", file.display());
    }
}

#[test]
fn measures() {
    let folder = std::env::var_os("AZNETLINT_SOURCES").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let sources = Sources::read(&folder);
    let product: Vec<&Source> = sources.files.iter().filter(|file| !file.for_tests).collect();
    let sum = |of: fn(&Source) -> usize| product.iter().map(|file| of(file)).sum::<usize>();
    println!("files {} (with files of tests {})", product.len(), sources.files.len());
    println!("lines without tests {}, of code {}", sum(|file| file.lines), sum(|file| file.code));
    let mut sizes: Vec<(usize, String)> = product.iter().map(|file| (file.lines, file.path.join("/"))).collect();
    sizes.sort();
    if let (Some((median, _)), Some((largest, name))) = (sizes.get(sizes.len() / 2), sizes.last()) {
        println!("median file {median} lines, largest {largest} ({name})");
    }
    let edges = edges(&sources);
    let mut known = BTreeMap::new();
    let ways = edges.keys().filter_map(|file| longest(file, &edges, &mut Vec::new(), &mut known).ok());
    let way = ways.max_by_key(Vec::len).unwrap_or_default();
    let names: Vec<&str> = way.iter().filter_map(|part| part.last().map(String::as_str)).collect();
    println!("longest chain of imports in a module {}: {}", way.len(), names.join(" > "));
    let names = exported(&sources, &outside(folder.parent().expect("`src` lies in a checkout")));
    for (module, names) in &names {
        let unused: Vec<&str> = names.iter().filter(|(_, used)| !**used).map(|(name, _)| &**name).collect();
        let files: Vec<&&Source> = product.iter().filter(|file| file.module() == module).collect();
        let code: usize = files.iter().map(|file| file.code).sum();
        println!(
            "  {module}: {} files, {code} lines of code, {} names exported, {} for nobody {}",
            files.len(),
            names.len(),
            unused.len(),
            unused.join(" "),
        );
    }
    let long = long_functions(&sources);
    println!("functions over 60 lines or 6 parameters {}", long.len());
    for one in &long {
        println!("  {one}");
    }
}
