//! Templates of our own, one per feature of the language; `tests/arm/README.md` says how they state what they expect.

use std::path::{Path, PathBuf};

use aznetlint::arm::{Expansion, Wanted};
use aznetlint::json::{Node, Value};
use aznetlint::source::Span;

use crate::arm::run::{Run, plain};

#[test]
fn templates_evaluate_as_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arm/templates");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.to_str().unwrap().ends_with(".parameters.json"))
        .collect();
    paths.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in &paths {
        count += check(path, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} templates, {count} expectations", paths.len());
    assert!(paths.len() >= 20);
}

fn check(path: &Path, wrong: &mut Vec<String>) -> usize {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut texts = vec![(format!("{name}.json"), std::fs::read_to_string(path).unwrap())];
    let parameters = path.with_file_name(format!("{name}.parameters.json"));
    let given = parameters.exists();
    if given {
        texts.push((format!("{name}.parameters.json"), std::fs::read_to_string(parameters).unwrap()));
    }
    if path.with_extension("").is_dir() {
        for entry in walkdir::WalkDir::new(path.with_extension("")).sort_by_file_name() {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let inner = entry.path().strip_prefix(path.parent().unwrap()).unwrap();
                let inner = inner.to_str().unwrap().replace('\\', "/");
                texts.push((inner, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    let borrowed: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut run = Run::of(&borrowed);
    run.parameters = given.then_some(1);
    let lines: Vec<&str> = texts[0].1.lines().filter_map(|line| line.trim().strip_prefix("//= ")).collect();
    let mut wanted = None;
    for line in &lines {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["assume", "region", region] => run.assumptions.region = Some((*region).to_owned()),
            ["assume", "subscription", id] => run.assumptions.subscription = Some((*id).to_owned()),
            ["assume", "group", group] => run.assumptions.resource_group = Some((*group).to_owned()),
            ["wanted", prefix] => wanted = Some(*prefix),
            _ => {}
        }
    }
    let prefixes: Vec<&str> = wanted.into_iter().collect();
    let expansion = run.expand(if prefixes.is_empty() { Wanted::All } else { Wanted::Types(&prefixes) });
    for line in &lines {
        if let Err(message) = holds(line, &expansion, &run) {
            wrong.push(format!("{name}: {line}\n    {message}"));
        }
    }
    if !lines.iter().any(|line| line.starts_with("trouble")) && !expansion.troubles.is_empty() {
        wrong.push(format!("{name}: {:?}", expansion.troubles));
    }
    lines.len()
}

fn holds(line: &str, expansion: &Expansion, run: &Run) -> Result<(), String> {
    let ensure = |truth: bool, message: String| if truth { Ok(()) } else { Err(message) };
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "assume" | "wanted" => return Ok(()),
        "resources" => {
            let names: Vec<String> =
                expansion.resources.iter().map(|resource| shown(resource.node.get("name"))).collect();
            return ensure(names.len().to_string() == rest, format!("{names:?}"));
        }
        "troubles" => {
            return ensure(expansion.troubles.len().to_string() == rest, format!("{:?}", expansion.troubles));
        }
        "trouble" => {
            let (text, place) = rest.rsplit_once(" @").unwrap();
            let found = expansion
                .troubles
                .iter()
                .any(|trouble| trouble.message.contains(text) && is_at(trouble.span, place, run).is_ok());
            return ensure(
                found,
                format!(
                    "{:?} {}",
                    expansion.troubles,
                    places(&expansion.troubles.iter().map(|t| t.span).collect::<Vec<_>>(), run)
                ),
            );
        }
        "missing" => {
            let found = expansion.missing.iter().any(|(name, _)| &**name == rest);
            return ensure(found, format!("{:?}", expansion.missing));
        }
        "linked" => {
            let names: Vec<&str> = expansion.linked.iter().map(|file| run.files.name(*file)).collect();
            return ensure(names.contains(&rest), format!("{names:?}"));
        }
        _ => {}
    }
    if let Some((name, doubt)) = line.split_once(" is ").filter(|_| !line.contains(" = ")) {
        let resource = expansion
            .resources
            .iter()
            .find(|resource| shown(resource.node.get("name")) == name)
            .ok_or("there is no such resource")?;
        let doubts = (resource.condition.is_some(), resource.repeated.is_some(), resource.existing);
        let truth = match doubt {
            "maybe" => doubts.0,
            "repeated" => doubts.1,
            "existing" => doubts.2,
            _ => doubts == (false, false, false),
        };
        return ensure(truth, format!("{doubts:?}"));
    }
    let (subject, expected) = line.split_once(" = ").ok_or("not understood")?;
    let (name, path) = subject.split_once(": ").ok_or("not understood")?;
    let (expected, via) =
        expected.split_once(" via ").map_or((expected, None), |(expected, via)| (expected, Some(via)));
    let (expected, place) = match expected.rsplit_once(" @") {
        Some((expected, place)) => (expected.trim(), Some(place)),
        None => (expected, None),
    };
    let root = match name {
        "outputs" => expansion
            .outputs
            .iter()
            .find(|(output, _)| path.split(['.', '[']).next() == Some(output))
            .map(|(_, node)| node),
        _ => match name.strip_prefix('#') {
            Some(index) => expansion.resources.get(index.parse::<usize>().unwrap()).map(|resource| &resource.node),
            None => expansion
                .resources
                .iter()
                .find(|resource| shown(resource.node.get("name")) == name)
                .map(|resource| &resource.node),
        },
    };
    let path = if name == "outputs" { path.split_once(['.']).map_or("", |(_, rest)| rest) } else { path };
    let found = root.and_then(|root| select(root, path));
    let Some(node) = found else {
        let names: Vec<String> = expansion.resources.iter().map(|resource| shown(resource.node.get("name"))).collect();
        return ensure(expected == "absent", format!("absent; resources {names:?}"));
    };
    if expected != "absent" || place.is_some() {
        if let Some(reason) = expected.strip_prefix("? ") {
            let unknown = node.unknown().ok_or_else(|| plain(node).to_string())?;
            ensure(unknown.reason.to_string().contains(reason), unknown.reason.to_string())?;
        } else if let Some(key) = expected.strip_prefix("~ ") {
            let unknown = node.unknown().ok_or_else(|| plain(node).to_string())?;
            ensure(&*unknown.key == key, unknown.key.to_string())?;
        } else {
            let value: serde_json::Value = serde_json::from_str(expected).map_err(|error| error.to_string())?;
            ensure(plain(node) == value, plain(node).to_string())?;
        }
    } else {
        return Err(plain(node).to_string());
    }
    if let Some(place) = place {
        is_at(node.span, place, run)?;
    }
    if let Some(via) = via {
        let steps: Vec<String> = node.via.iter().flat_map(|via| via.steps()).map(|step| step.how.to_string()).collect();
        ensure(steps.iter().any(|step| step.contains(via)), format!("{steps:?}"))?;
    }
    Ok(())
}

fn shown(node: Option<&Node>) -> String {
    match node.map(|node| &node.value) {
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Unknown(unknown)) => unknown.key.to_string(),
        _ => String::new(),
    }
}

/// A value by `a.b[0].c`; a key with dots is quoted.
fn select<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    let mut node = root;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        let key = pieces.next()?;
        if !key.is_empty() {
            node = node.get(key)?;
        }
        for index in pieces {
            node = node.items().get(index.trim_end_matches(']').parse::<usize>().ok()?)?;
        }
    }
    Some(node)
}

/// Whether a span is the one that `mark` or `mark'text'` means.
fn is_at(span: Span, place: &str, run: &Run) -> Result<(), String> {
    let place = place.trim_start_matches('@');
    let (mark, text) = match place.split_once('\'') {
        Some((mark, text)) => (mark, Some(text.strip_suffix('\'').unwrap_or(text))),
        None => (place, None),
    };
    let comment = format!("/*@{mark}*/");
    for file in run.files.ids() {
        let whole = run.files.text(file);
        let Some(at) = whole.find(&comment) else { continue };
        let after = at + comment.len();
        let start = match text {
            Some(text) => after + whole[after..].find(text).ok_or("the text does not follow the mark")?,
            None => after + whole[after..].find(|c: char| !c.is_whitespace()).unwrap(),
        };
        let fits = span.file == file
            && span.start as usize == start
            && text.is_none_or(|text| span.end as usize == start + text.len());
        return if fits { Ok(()) } else { Err(places(&[span], run)) };
    }
    Err(format!("no mark {comment}"))
}

fn places(spans: &[Span], run: &Run) -> String {
    let show = |span: &Span| {
        let text: String = run.files.slice(*span).chars().take(60).collect();
        format!("{}:{} `{text}`", run.files.name(span.file), run.files.position(*span))
    };
    spans.iter().map(show).collect::<Vec<_>>().join(", ")
}
