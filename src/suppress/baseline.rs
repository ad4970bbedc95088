//! The baseline: a file of the findings that were there before, so that only new ones count; and names of files as they
//! are seen from a folder, so that they are the same wherever a run is started.
//!
//! An entry is known by its file, seen from the folder of the baseline, and by the finding's fingerprint. Reading and
//! writing the file is the work of `cli`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::finding::{Finding, Ignored, IgnoredBy, Outcome, Report, RuleId};
use crate::json::{self, Node};
use crate::printable;
use crate::source::{FileId, Files, Origin, STDIN, Span, path_parts};
use crate::suppress::allow::Rules;

/// The version of the file.
const VERSION: i64 = 1;

/// The keys of an entry.
const KEYS: [&str; 5] = ["file", "rule", "fingerprint", "resource", "message"];

/// Findings that were there before.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// The name of the file, as shown to users.
    pub name: String,
    /// The folder it lies in.
    pub folder: Folder,
    entries: BTreeMap<Key, BaselineEntry>,
}

/// File, rule and fingerprint.
type Key = (String, String, String);

/// What an entry says beside what it is known by, for readers: the resource, and what was the matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct BaselineEntry {
    resource: String,
    message: String,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the baseline {name} cannot be used: {message}")]
pub struct BaselineError {
    name: String,
    message: String,
    #[source_code]
    text: Arc<NamedSource<String>>,
    #[label("here")]
    at: SourceSpan,
    #[help]
    help: Option<String>,
}

impl Baseline {
    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// When it is not one that this version understands, with the place.
    pub fn parse(name: &str, text: &str, folder: Folder) -> Result<Self, BaselineError> {
        let wrong = |message: String, at: Span| BaselineError {
            name: printable::line(name),
            message,
            text: Arc::new(NamedSource::new(printable::line(name), text.to_owned())),
            at: at.range().into(),
            help: Some(format!("`aznetlint baseline PATH --write {name}` writes one")),
        };
        let document = json::parse(FileId(0), text).map_err(|error| wrong(error.message, error.span))?;
        let root = &document.root;
        let version = root.get("version").filter(|_| root.get("entries").is_some());
        let Some(version) = version else {
            return Err(wrong("it has no `version` and `entries`, so it is no baseline".to_owned(), start(root)));
        };
        let number = match &version.value {
            json::Value::Number(number) => number.as_i64(),
            _ => None,
        };
        if number != Some(VERSION) {
            return Err(wrong(format!("its version is not {VERSION}, the only one known here"), version.span));
        }
        let list = root.get("entries").filter(|list| list.is_list());
        let list = list.ok_or_else(|| wrong("`entries` is no list".to_owned(), start(root)))?;
        let mut entries = BTreeMap::new();
        for item in list.items() {
            let text = |key: &str| -> Result<&str, BaselineError> {
                let missing = || wrong(format!("the entry has no text `{key}`"), start(item));
                item.get(key).and_then(Node::text).ok_or_else(missing)
            };
            let key = (slashed(text("file")?), text("rule")?.to_owned(), text("fingerprint")?.to_owned());
            let word = |key: &str| item.get(key).and_then(Node::text).unwrap_or_default().to_owned();
            entries.insert(key, BaselineEntry { resource: word("resource"), message: word("message") });
        }
        Ok(Self { name: name.to_owned(), folder, entries })
    }

    /// The baseline of a report: every finding that nobody ignores by other means. Broken files are none.
    pub fn of(report: &Report, files: &Files, name: &str, folder: Folder) -> Self {
        let mut baseline = Self { name: name.to_owned(), folder, entries: BTreeMap::new() };
        for finding in report.open().filter(|finding| finding.rule.as_str() != "syntax") {
            let resource = finding.resource.clone().unwrap_or_default();
            let entry = BaselineEntry { resource, message: finding.message.clone() };
            baseline.entries.insert(baseline.key(finding, files), entry);
        }
        baseline
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The text of its file: JSON, sorted, one line for each entry.
    pub fn text(&self) -> String {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"entries\": [");
        for (at, ((file, rule, fingerprint), entry)) in self.entries.iter().enumerate() {
            let values = [file, rule, fingerprint, &entry.resource, &entry.message];
            let pairs: Vec<String> = KEYS
                .iter()
                .zip(values)
                .map(|(key, value)| format!("\"{key}\": {}", printable::quoted(value)))
                .collect();
            let comma = if at == 0 { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(text, "{comma}\n    {{ {} }}", pairs.join(", "));
        }
        text.push_str(if self.entries.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        text
    }

    /// Marks the findings that were there before, unless something else allows them; says how many entries the run no
    /// longer finds, though it looked.
    pub fn apply(&self, report: &mut Report, files: &Files, rules: &Rules) -> usize {
        let mut met = BTreeSet::new();
        for finding in report.findings.iter_mut().filter(|finding| finding.rule.as_str() != "syntax") {
            let key = self.key(finding, files);
            if self.entries.contains_key(&key) {
                let ignored = || Ignored { by: IgnoredBy::Baseline, reason: String::new(), place: None };
                finding.ignored.get_or_insert_with(ignored);
                met.insert(key);
            }
        }
        self.left_over(report, rules, &met, &|_| true).len()
    }

    /// Drops the entries that are no longer found; says how many those were. `is_there` says of a file that the run did
    /// not look at whether it still exists.
    pub fn prune(&mut self, report: &Report, files: &Files, rules: &Rules, is_there: &dyn Fn(&str) -> bool) -> usize {
        let met = report.findings.iter().map(|finding| self.key(finding, files)).collect();
        let stale = self.left_over(report, rules, &met, is_there);
        for key in &stale {
            self.entries.remove(key);
        }
        stale.len()
    }

    fn key(&self, finding: &Finding, files: &Files) -> Key {
        let file = self.folder.name_of(files, finding.at.span.file);
        (file, finding.rule.to_string(), finding.fingerprint.clone())
    }

    /// The entries that the run would have found: of files that were judged or are gone, by rules that ran or are gone.
    /// A requirement ran when it was judged for any placement.
    fn left_over(
        &self,
        report: &Report,
        rules: &Rules,
        met: &BTreeSet<Key>,
        is_there: &dyn Fn(&str) -> bool,
    ) -> Vec<Key> {
        let with = |outcome: Outcome| -> BTreeSet<String> {
            let files = report.files.iter().filter(|file| file.outcome == outcome);
            files.map(|file| self.folder.relative(&file.name)).collect()
        };
        let (judged, broken) = (with(Outcome::Judged), with(Outcome::Error));
        let requirements = report.placements.iter().flat_map(|placement| &placement.requirements);
        let required: BTreeSet<&RuleId> = requirements.map(|one| &one.rule).collect();
        let mut gone: BTreeMap<&str, bool> = BTreeMap::new();
        let stale = self.entries.keys().filter(|key| {
            let (file, rule, _) = key;
            let rule = RuleId::new(rule.as_str());
            let ran = rules.ran.contains(&rule) || required.contains(&rule) || !rules.known.contains(&rule);
            let mut is_gone = || *gone.entry(file).or_insert_with(|| !broken.contains(file) && !is_there(file));
            !met.contains(key) && if judged.contains(file) { ran } else { is_gone() }
        });
        stale.cloned().collect()
    }
}

/// The bracket that opens a value, or the value when it is short.
fn start(node: &Node) -> Span {
    if node.is_object() || node.is_list() { node.span.part(0, 1) } else { node.span }
}

/// Numbers the findings of one file that have the same fingerprint, from the second on, in their order.
pub fn number(findings: &mut [Finding]) {
    let mut met: BTreeMap<(FileId, String), usize> = BTreeMap::new();
    for finding in findings {
        let count = met.entry((finding.at.span.file, finding.fingerprint.clone())).or_default();
        *count += 1;
        if *count > 1 {
            finding.fingerprint = format!("{} #{count}", finding.fingerprint);
        }
    }
}

/// A folder that files are named from, as seen from where the run was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Absolute, with `/` between its parts.
    here: String,
    base: Vec<String>,
}

impl Folder {
    /// From the absolute paths of the folder the run was started in and of the folder to name files from; `/` and `\`
    /// both part them.
    pub fn new(here: &str, base: &str) -> Self {
        Self { here: slashed(here), base: path_parts(&slashed(base)).into_iter().map(str::to_owned).collect() }
    }

    /// The name of a file from this folder, with `/` between its parts. `name` is as the run shows it: from where it
    /// was started, or absolute. Standard input keeps its name.
    pub fn relative(&self, name: &str) -> String {
        if name == STDIN {
            return name.to_owned();
        }
        let absolute = name.starts_with('/') || name.as_bytes().get(1) == Some(&b':');
        let whole = if absolute { name.to_owned() } else { format!("{}/{name}", self.here) };
        let whole = path_parts(&whole);
        let shared = whole.iter().zip(&self.base).take_while(|(one, other)| one == other).count();
        let up = std::iter::repeat_n("..", self.base.len() - shared);
        up.chain(whole[shared..].iter().copied()).collect::<Vec<_>>().join("/")
    }

    /// The name of a text from this folder; what is no file keeps the name it has.
    pub(crate) fn name_of(&self, files: &Files, file: FileId) -> String {
        let name = files.name(file);
        if files.origin(file) == Origin::Flag { name.to_owned() } else { self.relative(name) }
    }
}

/// A path of Windows or any other system with `/` between its parts and without the mark of long paths.
pub(crate) fn slashed(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("//?/").map_or(path.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Baseline, number};
    use crate::finding::{FileReport, Finding, IgnoredBy, Label, Level, Outcome, Report, RuleId, fingerprint};
    use crate::source::{Files, Span};
    use crate::suppress::{Folder, Rules};

    /// A run over one file with a finding for each pair of rule and resource.
    fn run(name: &str, found: &[(&str, &str)]) -> (Files, Report) {
        let mut files = Files::default();
        let file = files.add(name, "{}");
        let finding = |&(rule, resource): &(&str, &str)| {
            let at = Label { span: Span::new(file, 0, 1), message: String::new() };
            let found = Finding::new(RuleId::new(rule), Level::Error, format!("\"{resource}\"\nis bad"), at);
            let fingerprint = fingerprint(&RuleId::new(rule), resource, "");
            Finding { resource: Some(resource.to_owned()), fingerprint, ..found }
        };
        let mut findings: Vec<Finding> = found.iter().map(finding).collect();
        number(&mut findings);
        let entry = FileReport {
            name: name.to_owned(),
            file: Some(file),
            shape: None,
            outcome: Outcome::Judged,
            detail: None,
            named: true,
        };
        (files, Report { files: vec![entry], findings, ..Report::default() })
    }

    fn rules() -> Rules {
        let ids = || ["a/b", "c/d"].map(RuleId::new).into_iter().collect();
        Rules { known: ids(), ran: ids() }
    }

    fn folder() -> Folder {
        Folder::new("/repo", "/repo/ci")
    }

    fn written(found: &[(&str, &str)]) -> String {
        let (files, report) = run("infra/nsg.json", found);
        Baseline::of(&report, &files, "ci/baseline.json", folder()).text()
    }

    fn parsed(text: &str, folder: Folder) -> Baseline {
        Baseline::parse("ci/baseline.json", text, folder).unwrap()
    }

    /// The resources of the findings that are open, and the number of entries left over.
    fn open(text: &str, name: &str, found: &[(&str, &str)]) -> (Vec<String>, usize) {
        let (files, mut report) = run(name, found);
        let left = parsed(text, folder()).apply(&mut report, &files, &rules());
        (report.open().filter_map(|finding| finding.resource.clone()).collect(), left)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = written(&[("c/d", "two"), ("a/b", "one")]);
        assert_eq!(parsed(&text, folder()).text(), text);
        assert_eq!(text.lines().count(), 7);
        assert!(text.contains(r#"{ "file": "../infra/nsg.json", "rule": "a/b", "#), "{text}");
        assert_eq!(parsed(&written(&[]), folder()).len(), 0);
    }

    #[test]
    fn what_was_there_is_ignored_and_what_is_new_is_not() {
        let text = written(&[("a/b", "one")]);
        assert_eq!(open(&text, "infra/nsg.json", &[("c/d", "one"), ("a/b", "One"), ("a/b", "two")]).0, ["one", "two"]);
        assert_eq!(open(&text, "infra/other.json", &[("a/b", "one")]).0, ["one"]);
    }

    #[test]
    fn a_second_finding_of_a_kind_is_new() {
        let text = written(&[("a/b", "one")]);
        assert_eq!(open(&text, "infra/nsg.json", &[("a/b", "one"), ("a/b", "one")]).0.len(), 1);
    }

    #[test]
    fn the_folder_a_run_starts_in_does_not_matter() {
        let text = written(&[("a/b", "one")]);
        let (files, mut report) = run("nsg.json", &[("a/b", "one")]);
        parsed(&text.replace("../infra/", "..\\\\infra\\\\"), Folder::new(r"\\?\C:\infra", r"C:\ci")).apply(
            &mut report,
            &files,
            &rules(),
        );
        assert_eq!(report.findings[0].ignored.as_ref().map(|ignored| ignored.by), Some(IgnoredBy::Baseline));
    }

    #[test]
    fn entries_are_left_over_only_where_the_run_looked() {
        let text = written(&[("a/b", "one"), ("c/d", "two"), ("e/f", "gone")]);
        assert_eq!(open(&text, "infra/nsg.json", &[("a/b", "one")]).1, 2);
        assert_eq!(open(&text, "infra/other.json", &[]).1, 0);
        let (files, mut report) = run("infra/nsg.json", &[]);
        let without = Rules { ran: [RuleId::new("a/b")].into(), ..rules() };
        assert_eq!(parsed(&text, folder()).apply(&mut report, &files, &without), 2);
    }

    #[test]
    fn pruning_drops_what_is_gone() {
        let mut baseline = parsed(&written(&[("a/b", "one"), ("c/d", "two")]), folder());
        let (files, report) = run("infra/nsg.json", &[("a/b", "one")]);
        assert_eq!(baseline.prune(&report, &files, &rules(), &|_| true), 1);
        let (files, report) = run("infra/other.json", &[]);
        assert_eq!(baseline.prune(&report, &files, &rules(), &|_| true), 0);
        assert_eq!(baseline.prune(&report, &files, &rules(), &|_| false), 1);
        assert!(baseline.is_empty());
    }

    #[test]
    fn broken_files_are_not_accepted() {
        let (files, mut report) = run("infra/nsg.json", &[("syntax", "")]);
        assert!(Baseline::of(&report, &files, "b.json", folder()).is_empty());
        let entry = r#"{"file":"../infra/nsg.json","rule":"syntax","fingerprint":"syntax||"}"#;
        parsed(&format!(r#"{{"version":1,"entries":[{entry}]}}"#), folder()).apply(&mut report, &files, &rules());
        assert_eq!(report.open().count(), 1);
    }

    #[test]
    fn other_files_are_no_baseline() {
        for (text, message) in [
            ("{", "never closed"),
            ("[]", "no baseline"),
            (r#"{"version": 1}"#, "no baseline"),
            (r#"{"version": 2, "entries": []}"#, "its version is not 1"),
            (r#"{"version": 1, "entries": {}}"#, "`entries` is no list"),
            (r#"{"version": 1, "entries": [{"file": "a"}]}"#, "no text `rule`"),
            (r#"{"version": 1, "entries": [7]}"#, "no text `file`"),
        ] {
            let error = Baseline::parse("b.json", text, folder()).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}

#[cfg(test)]
mod folder_tests {
    use super::Folder;

    #[test]
    fn a_file_has_one_name_wherever_the_run_starts() {
        let names = [("/repo", "infra/nsg.json"), ("/repo/infra", "./nsg.json"), ("/repo/app", "../infra/nsg.json")];
        for (here, name) in names {
            assert_eq!(Folder::new(here, "/repo").relative(name), "infra/nsg.json", "{here}");
        }
        assert_eq!(Folder::new("/tmp", "/repo").relative("/repo/infra/nsg.json"), "infra/nsg.json");
    }

    #[test]
    fn a_file_outside_of_the_folder_is_named_upwards() {
        assert_eq!(Folder::new("/repo", "/repo/ci").relative("infra/nsg.json"), "../infra/nsg.json");
    }

    #[test]
    fn windows_paths_are_named_alike() {
        let folder = Folder::new(r"\\?\C:\repo\infra", r"C:\repo");
        assert_eq!(folder.relative("nsg.json"), "infra/nsg.json");
        assert_eq!(folder.relative("C:/repo/infra/nsg.json"), "infra/nsg.json");
    }

    #[test]
    fn what_is_no_file_keeps_its_name() {
        assert_eq!(Folder::new("/repo", "/").relative("<stdin>"), "<stdin>");
    }
}
