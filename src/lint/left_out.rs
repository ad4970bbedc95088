//! Files that gave nothing to judge: an error where the user named them, else a line for all of one kind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::estate::{self, Unread};
use crate::finding::{FileReport, Outcome, Report};
use crate::input::{FileSet, Foreign};
use crate::json::{Document, Node};
use crate::lint::narrow::Changed;
use crate::source::{FileId, STDIN};

/// What becomes of a document without a shape. `known`: what it is instead.
pub(crate) fn without_shape(entry: &mut FileReport, root: &Node, known: Option<&'static Unread>) {
    entry.outcome = Outcome::Skipped;
    match known.or_else(|| estate::unread_rest(root)) {
        Some(kind) => unread(entry, kind),
        None if holds_nothing(root, 0) => {
            entry.shape = is_empty_list(root).then(|| EMPTY.to_owned());
            entry.detail = Some(format!("it is empty; {WHERE}"));
        }
        None => entry.detail = Some(FOREIGN.to_owned()),
    }
}

/// What becomes of a file in a folder that is no JSON.
pub(crate) fn foreign(entry: &mut FileReport, what: Foreign) {
    unread(
        entry,
        match what {
            Foreign::Table => &estate::TABLE,
            Foreign::Packed => &estate::PACKED,
        },
    );
}

fn unread(entry: &mut FileReport, kind: &Unread) {
    entry.shape = Some(kind.word.to_owned());
    entry.detail = Some(format!("{}, which is not read; {}", kind.one, kind.help));
}

/// The word for a list without items.
const EMPTY: &str = "empty-list";

/// Where to look when a list has no items.
const WHERE: &str = "`az account show` says which subscription `az` looked in";

/// What is said of JSON that has nothing to do with this program.
const FOREIGN: &str = "nothing of Azure's network in it";

/// Files without resources, and those whose resources no rule asks about, gave nothing to judge. `types` are the beginnings of the types that some do,
/// in lower case.
pub(crate) fn skip_unasked(report: &mut Report, exports: &[(FileId, Arc<Document>)], types: &[String]) {
    let exports: BTreeMap<FileId, &Document> = exports.iter().map(|(file, document)| (*file, &**document)).collect();
    let judged = |file: &&mut FileReport| file.named && file.outcome == Outcome::Judged;
    for entry in report.files.iter_mut().filter(judged) {
        let Some(document) = entry.file.and_then(|file| exports.get(&file)) else { continue };
        let found: Option<BTreeSet<String>> =
            estate::gather(&document.root).pieces.iter().map(|piece| estate::type_of(&piece.node)).collect();
        let Some(found) = found else { continue };
        if found.is_empty() && entry.shape.as_deref() != Some("dependencies") {
            entry.outcome = Outcome::Skipped;
            entry.detail = Some("it shows no resource".to_owned());
        }
        let is_asked = |name: &String| types.iter().any(|asked| name.starts_with(asked.as_str()));
        if !found.is_empty() && !found.iter().any(is_asked) {
            let names: Vec<&str> = found.iter().map(String::as_str).collect();
            entry.outcome = Outcome::Skipped;
            entry.detail = Some(format!("no rule asks about what is in it: {}", examples(&names)));
        }
    }
}

/// Whether there is nothing in a document but brackets: what `az … list` prints where there is nothing.
fn holds_nothing(node: &Node, depth: usize) -> bool {
    let list = || node.get("value").or_else(|| node.get("data"));
    node.is_null()
        || node.is_list() && node.items().is_empty()
        || node.is_object() && node.members().is_empty()
        || depth == 0 && list().is_some_and(|list| list.is_list() && holds_nothing(list, 1))
}

/// Whether a document is a list without items, or a page of one: nothing but the list, its length and its links.
fn is_empty_list(root: &Node) -> bool {
    const AROUND: [&str; 7] = ["value", "data", "nextlink", "count", "totalrecords", "skiptoken", "resulttruncated"];
    let plain = |key: &str| key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let is_page = || !root.members().is_empty() && root.members().iter().all(|one| AROUND.contains(&&*plain(&one.key)));
    holds_nothing(root, 0) && (root.is_list() || is_page())
}

/// Makes an error of each file that was named, by one of `paths` or as standard input, and gave nothing to judge. When
/// only changes are reported, of each that changed. Answers with their names, and why.
pub(crate) fn refuse(report: &mut Report, paths: &[PathBuf], changed: Option<&Changed>) -> Vec<(String, String)> {
    let asked = FileSet::new(paths.iter().filter(|path| path.is_file()).cloned());
    let is_stdin = paths.iter().any(|path| path == Path::new("-"));
    let counts = |name: &str| {
        let is_changed = || changed.is_none_or(|changed| changed.is_everything() || changed.files.holds(name));
        if name == STDIN { is_stdin } else { asked.holds(name) && is_changed() }
    };
    let says_of_others = |file: &FileReport| matches!(file.shape.as_deref(), Some("service-tags" | "dependencies"));
    let mut judged = report.files.iter().filter(|file| file.outcome == Outcome::Judged);
    let alone = judged.all(says_of_others);
    let mut refused = Vec::new();
    for file in report.files.iter_mut().filter(|file| file.named && counts(&file.name)) {
        match file.outcome {
            Outcome::Skipped => {}
            Outcome::Judged if alone && says_of_others(file) => {
                file.detail = Some("it says something of networks, and no network is named".to_owned());
            }
            Outcome::Judged | Outcome::Error => continue,
        }
        file.outcome = Outcome::Error;
        let remedy = match (file.shape.as_deref(), file.detail.as_deref()) {
            (Some("parameters"), _) => "; name its template as well, or say --parameters",
            (None, Some(FOREIGN)) => "; what `az` prints with `-o json` and without --query is read, and templates",
            _ => "",
        };
        file.detail = file.detail.take().map(|detail| format!("{detail}{remedy}"));
        refused.push((file.name.clone(), file.detail.clone().unwrap_or_default()));
    }
    refused
}

/// Says in a line for each kind which files were left out that a reader could take for judged. Of files that only lie in
/// a folder and have nothing to do with Azure's networks nothing is said, nor of files that did not change when only
/// changes are reported. `given`: parameters that the command line names replace those that lie beside a template.
pub(crate) fn tell(report: &mut Report, changed: Option<&Changed>, given: bool) {
    let concerns = |name: &str| changed.is_none_or(|changed| changed.files.holds(name));
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in report.files.iter().filter(|file| file.outcome == Outcome::Skipped) {
        if let Some(word) = file.shape.as_deref().filter(|_| concerns(&file.name)) {
            kinds.entry(word).or_default().push(&file.name);
        }
    }
    let lines = kinds.into_iter().filter_map(|(word, names)| {
        let (count, examples) = (names.len(), examples(&names));
        if word == "parameters" {
            let (one, many) = ("goes with no template here by its name", "go with no template here by their names");
            let how = "--parameters, or `parameters:` in aznetlint.yaml, names one to use";
            return (!given).then(|| match count {
                1 => format!("the parameter file {examples} {one} and was left out; {how}"),
                _ => format!("{count} parameter files {many} and were left out: {examples}; {how}"),
            });
        }
        if word == EMPTY {
            return Some(match count {
                1 => format!("{examples} is an empty list; {WHERE}"),
                _ => format!("{count} files are empty lists: {examples}; {WHERE}"),
            });
        }
        let kind = Unread::of_word(word)?;
        Some(match count {
            1 => format!("{examples} is {}, which is not read; {}", kind.one, kind.help),
            _ => format!("not read: {count} {}: {examples}; {}", kind.many, kind.help),
        })
    });
    let lines: Vec<String> = lines.collect();
    report.remarks.extend(lines);
}

fn examples(names: &[&str]) -> String {
    const MOST: usize = 3;
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
