//! Build script: carries the files of `rules/` into the binary, and with each rule or service the tree of its YAML and what is known of
//! it before it is compiled. A mistake in the YAML of a shipped rule ends the build.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use tree::{Head, HeadAbout, HeadSource, ServiceHead, Value, Yaml};

#[expect(dead_code, reason = "places in the file are for the messages of the program")]
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
    let mut tables = [("RULES", String::new()), ("SERVICES", String::new()), ("CASES", String::new())];
    for (number, path) in paths.iter().enumerate() {
        let below = path.strip_prefix(&rules).unwrap_or(path);
        let name = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let id = name.trim_end_matches(".yaml");
        let text = fs::read_to_string(path)?;
        let wrong = |line: usize, message: &str| io::Error::other(format!("{}:{line}: {message}", path.display()));
        let (table, id, head, tree) = if let Some(id) = id.strip_suffix(".cases") {
            (2, id, Vec::new(), Vec::new())
        } else {
            let tree = Yaml::read(&text).map_err(|error| {
                let line = text.get(..error.at.start).map_or(1, |before| before.matches('\n').count() + 1);
                wrong(line, &error.message)
            })?;
            let bytes = postcard::to_stdvec(&tree).map_err(io::Error::other)?;
            if id.ends_with("/service") {
                let head =
                    service_head(&text, &tree).ok_or_else(|| wrong(1, "it lacks a key that every service has"))?;
                (1, id, postcard::to_stdvec(&head).map_err(io::Error::other)?, bytes)
            } else {
                let head = head(&text, &tree).ok_or_else(|| wrong(1, "it lacks a key that every rule has"))?;
                (0, id, postcard::to_stdvec(&head).map_err(io::Error::other)?, bytes)
            }
        };
        let (head_file, tree_file) = (out.join(format!("{number}.head")), out.join(format!("{number}.tree")));
        fs::write(&head_file, head)?;
        fs::write(&tree_file, tree)?;
        let _ = writeln!(
            tables[table].1,
            "    Shipped {{ id: {id:?}, path: {name:?}, content: include_str!({path:?}), head: include_bytes!({head_file:?}), tree: include_bytes!({tree_file:?}) }},"
        );
    }
    let tables = tables.map(|(name, lines)| format!("pub(crate) static {name}: &[Shipped] = &[\n{lines}];\n"));
    fs::write(out.join("shipped.rs"), tables.concat())
}

/// What the program knows of a rule before it compiles it.
fn head<'t>(content: &'t str, rule: &'t Yaml<'t>) -> Option<Head<'t>> {
    let text = |key: &str| get(rule, key).and_then(|value| scalar(content, value));
    let texts = |key: &str| items(rule, key).map(|value| scalar(content, value)).collect::<Option<Vec<_>>>();
    let about = if let Some(service) = text("service") {
        HeadAbout::Service(service)
    } else if let Some(subject) = text("subject") {
        HeadAbout::Subject(subject)
    } else {
        let beside = items(rule, "beside").map(|item| scalar(content, get(item, "resource")?));
        HeadAbout::Resources { of: texts("resource")?, beside: beside.collect::<Option<_>>()? }
    };
    let source = |source: &'t Yaml<'t>| {
        let text = |key: &str| get(source, key).and_then(|value| scalar(content, value));
        Some(HeadSource { title: text("title")?, section: text("section"), url: text("url")?, read: text("read")? })
    };
    Some(Head {
        about,
        level: text("level")?,
        title: text("title")?,
        why: text("why")?,
        help: text("help")?,
        since: text("since").unwrap_or_default(),
        tags: texts("tags")?,
        seen_as: texts("seen-as")?,
        sources: items(rule, "sources").map(source).collect::<Option<_>>()?,
    })
}

/// What the program knows of a service before it reads the rest.
fn service_head<'t>(content: &'t str, service: &'t Yaml<'t>) -> Option<ServiceHead<'t>> {
    let text = |map: &'t Yaml<'t>, key: &str| get(map, key).and_then(|value| scalar(content, value));
    let through = items(service, "found-on").filter_map(|finder| get(finder, "through"));
    Some(ServiceHead {
        name: text(service, "service")?,
        found: items(service, "found-on").map(|finder| text(finder, "resource")).collect::<Option<_>>()?,
        through: through.map(|through| text(through, "resource")).collect::<Option<_>>()?,
    })
}

fn get<'t>(map: &'t Yaml<'t>, key: &str) -> Option<&'t Yaml<'t>> {
    let Value::Map(entries) = &map.value else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

/// The items of a key, of which one may stand alone.
fn items<'t>(map: &'t Yaml<'t>, key: &str) -> impl Iterator<Item = &'t Yaml<'t>> {
    get(map, key).into_iter().flat_map(|value| match &value.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    })
}

/// A text without its last line break, or a number or truth value as it is written.
fn scalar<'t>(content: &'t str, value: &'t Yaml<'t>) -> Option<&'t str> {
    match &value.value {
        Value::Text(text) if text.ends_with('\n') => Some(text.trim_end()),
        Value::Text(text) => Some(text),
        Value::Integer(_) | Value::Float | Value::Bool(_) => content.get(value.at.start..value.at.end),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
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
