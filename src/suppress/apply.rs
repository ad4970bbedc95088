//! Marks the findings of a report that somebody allows, and says what is wrong with how they are allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ignore::gitignore::GitignoreBuilder;

use crate::date::Date;
use crate::finding::{FileReport, Finding, Ignored, IgnoredBy, Outcome, Report};
use crate::json::{Document, Node};
use crate::source::{FileId, Files, Span};
use crate::spelling::is_like;
use crate::suppress::allow::{Allow, Mistake, Permissions, Rules, Scope};
use crate::suppress::baseline::Folder;
use crate::suppress::read;

/// At most so many permissions of one file are read, so that their number times that of the findings stays small.
const MOST: usize = 2_000;

/// What has to be known of a run.
pub struct Run<'a> {
    /// The documents read.
    pub documents: &'a [(FileId, Arc<Document>)],
    /// What follows a comment, where that is not told by its document: the answer holds for a file in another language.
    pub following: &'a dyn Fn(Span) -> Option<Option<Span>>,
    /// What the settings allow.
    pub exceptions: &'a Exceptions,
    /// The text of the settings among the files of the run.
    pub settings: Option<FileId>,
    /// Today; without it no permission ends.
    pub today: Option<Date>,
    /// The rules of the run.
    pub rules: &'a Rules,
}

/// Something wrong with how findings are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What kind of thing: `ignore-` and `unused`, `reason-missing`, `rule-unknown`, `expired` or `malformed`.
    pub kind: &'static str,
    /// What is the matter, one line.
    pub detail: String,
    /// Where.
    pub span: Span,
    /// The rule as written, when it is one that does not exist.
    pub unknown: Option<String>,
    /// What to write instead, when that depends on what is written.
    pub help: Option<String>,
}

impl Complaint {
    fn new(kind: &'static str, detail: String, span: Span) -> Self {
        Self { kind, detail, span, unknown: None, help: None }
    }
}

/// Marks the findings that are allowed. A broken file is none of them: what was not read cannot be accepted.
pub fn apply(report: &mut Report, files: &Files, run: &Run<'_>) -> Vec<Complaint> {
    let mut found = collect(files, run);
    let judged: BTreeSet<FileId> =
        report.files.iter().filter(|file| file.outcome == Outcome::Judged).filter_map(|file| file.file).collect();
    let mut complaints: Vec<Complaint> = found
        .mistakes
        .drain(..)
        .filter(|mistake| judged.contains(&mistake.at.file))
        .map(|Mistake { what, at }| Complaint::new("ignore-malformed", what, at))
        .collect();
    let mut holding: Vec<(Allow, bool)> = Vec::new();
    for allow in found.allows {
        match objection(&allow, run) {
            None => holding.push((allow, false)),
            Some(complaint) if judged.contains(&allow.at.file) || run.settings == Some(allow.at.file) => {
                complaints.push(complaint);
            }
            Some(_) => {}
        }
    }
    let of_settings = Settings::new(report, files, run);
    let mut by_file: BTreeMap<Option<FileId>, Vec<usize>> = BTreeMap::new();
    for (at, (allow, _)) in holding.iter().enumerate() {
        let file = if matches!(allow.scope, Scope::Settings(_)) { None } else { Some(allow.at.file) };
        by_file.entry(file).or_default().push(at);
    }
    for finding in report.findings.iter_mut().filter(|finding| finding.rule.as_str() != "syntax") {
        let about = finding.subject.map(|span| span.file).filter(|file| *file != finding.at.span.file);
        for file in [Some(finding.at.span.file), about].into_iter().flatten().map(Some).chain([None]) {
            for &at in by_file.get(&file).into_iter().flatten() {
                let (allow, used) = &mut holding[at];
                let names = allow.names(finding.rule.as_str());
                let covers = || match allow.scope {
                    Scope::Settings(entry) => of_settings.covers(entry, finding),
                    _ => allow.covers(finding),
                };
                if names && covers() {
                    *used = true;
                    let ignored = || Ignored { by: allow.by, reason: allow.reason.clone(), place: Some(allow.at) };
                    finding.ignored.get_or_insert_with(ignored);
                }
            }
        }
    }
    let unused = holding.iter().filter(|(_, used)| !used).map(|(allow, _)| allow);
    complaints.extend(unused.filter(|allow| is_idle(allow, report, &judged, &of_settings, run)).map(|allow| {
        let detail = match vain_path(allow, run) {
            Some(path) => format!("no file is meant by the path `{path}`, so there is nothing to allow"),
            None => format!("nothing here is found by `{}`, so there is nothing to allow", allow.rule),
        };
        Complaint::new("ignore-unused", detail, allow.at)
    }));
    complaints
}

/// Everything that is allowed, in the order of the files, the settings last.
fn collect(files: &Files, run: &Run<'_>) -> Permissions {
    let mut all = Permissions::default();
    for (file, document) in run.documents {
        let text = files.text(*file);
        if memchr::memmem::find(text.as_bytes(), b"aznetlint").is_none() {
            continue;
        }
        let mut found = Permissions::default();
        read::of_comments(*file, text, document, run.following, &mut found);
        read::of_values(&document.root, &mut found);
        if let Some(first) = found.allows.get(MOST) {
            let what = format!("only the first {MOST} permissions of a file are read");
            found.mistakes.push(Mistake { what, at: first.at });
            found.allows.truncate(MOST);
        }
        all.allows.append(&mut found.allows);
        all.mistakes.append(&mut found.mistakes);
    }
    if let Some(settings) = run.settings {
        for (entry, exception) in run.exceptions.entries.iter().enumerate() {
            all.allows.extend(exception.rules.iter().map(|(rule, at)| Allow {
                by: IgnoredBy::Settings,
                scope: Scope::Settings(entry),
                rule: rule.clone(),
                at: Span::new(settings, at.start, at.end),
                reason: exception.reason.trim().to_owned(),
                until: exception.expires,
            }));
        }
    }
    all
}

/// Why a permission does not hold.
fn objection(allow: &Allow, run: &Run<'_>) -> Option<Complaint> {
    let rule = &allow.rule;
    if rule == "syntax" || rule.starts_with("ignore/") {
        let detail = format!("`{rule}` cannot be allowed");
        return Some(Complaint::new("ignore-malformed", detail, allow.at));
    }
    if !run.rules.knows(rule) {
        let detail = format!("there is no rule `{rule}`, so nothing is allowed");
        return Some(Complaint {
            unknown: Some(rule.clone()),
            ..Complaint::new("ignore-rule-unknown", detail, allow.at)
        });
    }
    if allow.reason.is_empty() {
        let example = match allow.by {
            IgnoredBy::Comment => format!("write `// aznetlint: allow {rule} -- why this is fine`"),
            IgnoredBy::Description => format!("write `aznetlint: allow({rule}) why this is fine`"),
            IgnoredBy::Metadata => format!("write `\"{rule}\": \"why this is fine\"`"),
            IgnoredBy::Settings | IgnoredBy::Baseline => "write `reason: why this is fine`".to_owned(),
        };
        let detail = format!("`{rule}` is allowed without a reason, so it is not");
        return Some(Complaint { help: Some(example), ..Complaint::new("ignore-reason-missing", detail, allow.at) });
    }
    let last = allow.until.filter(|_| allow.has_ended(run.today))?;
    let detail = format!("`{rule}` was allowed until {last} (\"{}\")", allow.reason);
    Some(Complaint::new("ignore-expired", detail, allow.at))
}

/// The path of an exception that means no file, in whatever run.
fn vain_path<'a>(allow: &Allow, run: &Run<'a>) -> Option<&'a str> {
    let Scope::Settings(entry) = allow.scope else { return None };
    let exception = &run.exceptions.entries[entry];
    exception.path.as_deref().filter(|_| exception.is_nowhere)
}

/// Whether a permission that allowed nothing could have: its file was judged, and its rule as well.
fn is_idle(allow: &Allow, report: &Report, judged: &BTreeSet<FileId>, settings: &Settings<'_>, run: &Run<'_>) -> bool {
    if vain_path(allow, run).is_some() {
        return true;
    }
    if run.rules.has_run(&allow.rule) {
        return match allow.scope {
            Scope::Settings(entry) => settings.were_looked_for(entry, report),
            _ => judged.contains(&allow.at.file),
        };
    }
    // A requirement is judged where its service is placed: by what stands in the permission's file, or at all.
    let requirements = report.placements.iter().flat_map(|placement| &placement.requirements);
    let mut named = requirements.filter(|one| one.verdict.is_some() && allow.names(one.rule.as_str()));
    match allow.scope {
        Scope::Settings(entry) => named.next().is_some() && settings.were_looked_for(entry, report),
        _ => named.any(|one| {
            one.decided_by.iter().any(|decider| decider.place.is_some_and(|place| place.file == allow.at.file))
        }),
    }
}

/// The names and ids of the objects that a place lies in. The reader bounds how deep they nest.
fn names_around(root: &Node, place: Span) -> Vec<String> {
    let holds = |node: &&Node| node.span.start <= place.start && place.end <= node.span.end;
    let mut names = Vec::new();
    let mut inside = Some(root);
    while let Some(node) = inside {
        let told = ["name", "id"].iter().filter_map(|key| node.get(key).and_then(Node::text));
        names.extend(told.map(str::to_owned));
        let members = node.members().iter().map(|member| &member.node);
        inside = members.chain(node.items()).find(holds);
    }
    names
}

/// The exceptions of the settings, with the files each of them means.
struct Settings<'a> {
    exceptions: &'a Exceptions,
    documents: &'a [(FileId, Arc<Document>)],
    files: Vec<Option<BTreeSet<FileId>>>,
}

impl<'a> Settings<'a> {
    fn new(report: &Report, files: &Files, run: &Run<'a>) -> Self {
        let exceptions = run.exceptions;
        let named = || {
            let places = report.findings.iter().flat_map(|finding| [Some(finding.at.span), finding.subject]);
            let spoken = places.flatten().map(|span| span.file);
            let all: BTreeSet<FileId> = spoken.chain(report.files.iter().filter_map(|file| file.file)).collect();
            all.into_iter().map(|file| (file, exceptions.folder.name_of(files, file))).collect::<Vec<_>>()
        };
        let all = if exceptions.entries.is_empty() { Vec::new() } else { named() };
        let meant = exceptions
            .entries
            .iter()
            .map(|entry| entry.path.as_ref().map(|path| among(path, all.iter().cloned()).into_iter().collect()));
        Self { exceptions, documents: run.documents, files: meant.collect() }
    }

    fn covers(&self, entry: usize, finding: &Finding) -> bool {
        let is_there = self.files[entry].as_ref().is_none_or(|files| {
            files.contains(&finding.at.span.file) || finding.subject.is_some_and(|span| files.contains(&span.file))
        });
        let around = || {
            let document = self.documents.iter().find(|(file, _)| *file == finding.at.span.file);
            document.map_or_else(Vec::new, |(_, document)| names_around(&document.root, finding.at.span))
        };
        is_there && self.exceptions.entries[entry].covers(finding, &around)
    }

    /// Whether the run looked at what an exception is about: at one of its files, or at a folder as a whole. A run that
    /// was given single files, as hooks do, says nothing about the others.
    fn were_looked_for(&self, entry: usize, report: &Report) -> bool {
        let mut judged = report.files.iter().filter(|file| file.outcome == Outcome::Judged);
        match &self.files[entry] {
            Some(files) => judged.any(|file: &FileReport| file.file.is_some_and(|file| files.contains(&file))),
            None => judged.any(|file| !file.named),
        }
    }
}

/// Every exception of a settings file.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    /// The name of the file, as shown to users.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The folder it lies in; paths are seen from there.
    pub folder: Folder,
    /// Its exceptions, in the order written.
    pub entries: Vec<Exception>,
}

/// One exception. What it does not say holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exception {
    /// The rules, `*` for any characters, and the bytes of the file they stand at.
    pub rules: Vec<(String, Range<usize>)>,
    /// Why.
    pub reason: String,
    /// The files it holds for, in the notation of .gitignore, from the folder of the settings.
    pub path: Option<String>,
    /// Whether there is no file that `path` means.
    pub is_nowhere: bool,
    /// The resource it holds for, and what lies in it, by name, id or parts of the id, `*` for any characters.
    pub resource: Option<String>,
    /// The placement it holds for, by its id or the name of what it is placed on, `*` for any characters.
    pub placement: Option<String>,
    /// The last day it holds.
    pub expires: Option<Date>,
}

impl Exception {
    /// Whether a finding is one it means, as far as its resource and placement go. `around` gives the names and ids of
    /// what its place lies in: a finding about a subnet that stands at a rule of a group is of that group as well.
    pub(crate) fn covers(&self, finding: &Finding, around: &dyn Fn() -> Vec<String>) -> bool {
        // The name alone, an id, or parts of one: what lies in a resource is meant with it.
        let means = |pattern: &str, name: &str, part: char| {
            let forms = [
                pattern.to_owned(),
                format!("*{part}{pattern}"),
                format!("{pattern}{part}*"),
                format!("*{part}{pattern}{part}*"),
            ];
            forms.iter().any(|form| is_like(form, name))
        };
        let of =
            |name: &Option<String>, pattern: &str, part| name.as_ref().is_some_and(|name| means(pattern, name, part));
        self.placement
            .as_ref()
            .is_none_or(|pattern| of(&finding.placement.as_ref().map(ToString::to_string), pattern, '@'))
            && self.resource.as_ref().is_none_or(|pattern| {
                of(&finding.resource, pattern, '/') || around().iter().any(|name| means(pattern, name, '/'))
            })
    }
}

/// Those of the files that are, or lie in, what a pattern in the notation of .gitignore says; names as seen from the
/// settings.
pub(crate) fn among<T>(pattern: &str, files: impl IntoIterator<Item = (T, String)>) -> Vec<T> {
    let mut builder = GitignoreBuilder::new("");
    // Patterns are checked where the settings are read.
    let globs = builder.add_line(None, pattern).and_then(|builder| builder.build());
    let is_in = |name: &str| {
        let below = !name.starts_with("../") && !name.starts_with('/');
        below && globs.as_ref().is_ok_and(|globs| globs.matched_path_or_any_parents(Path::new(name), false).is_ignore())
    };
    files.into_iter().filter(|(_, name)| is_in(name)).map(|(file, _)| file).collect()
}

#[cfg(test)]
mod tests {
    use super::names_around;
    use crate::json;
    use crate::source::{FileId, Span};

    #[test]
    fn a_place_lies_in_what_is_named_around_it() {
        let text = r#"[{"name": "web"}, {"name": "nsg", "id": "/x/nsg", "rules": [{"name": "a"}, {"name": "b", "port": 22}]}]"#;
        let root = json::parse(FileId(0), text).unwrap().root;
        let at = text.find("22").unwrap();
        assert_eq!(names_around(&root, Span::new(FileId(0), at, at + 2)), ["nsg", "/x/nsg", "b"]);
    }
}

#[cfg(test)]
mod setting_tests {
    use super::among;

    #[test]
    fn paths_are_written_as_for_git() {
        for (pattern, file) in [
            ("legacy/", "legacy/a/nsg.json"),
            ("*.json", "a/b.json"),
            ("/infra/*.json", "infra/a.json"),
            ("infra/**/x.json", "infra/a/b/x.json"),
            ("nsg.json", "a/nsg.json"),
        ] {
            assert!(!among(pattern, [((), file.to_owned())]).is_empty(), "{pattern} {file}");
        }
        for (pattern, file) in
            [("/infra/*.json", "infra/a/b.json"), ("legacy/", "new/legacy.json"), ("*.json", "../other.json")]
        {
            assert!(among(pattern, [((), file.to_owned())]).is_empty(), "{pattern} {file}");
        }
    }
}
