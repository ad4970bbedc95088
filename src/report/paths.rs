//! Where a finding is shown by a program that knows the repository: the path from its root, and a place in a real file.
//!
//! A value given on the command line and standard input have a text and a name here, but no such program could open them.

use std::cell::OnceCell;

use crate::finding::{FileReport, Finding, Index, Outcome, Report};
use crate::report::options::Base;
use crate::source::{FileId, Files, Origin, STDIN, Span, path_parts};

/// The path that stands for the input when it holds no file at all.
const NO_FILE: &str = "stdin";

/// The paths of one report.
pub(crate) struct Paths<'a> {
    files: &'a Files,
    base: &'a Base,
    report: &'a Report,
    /// Where each text has characters outside the first 65,536: the columns of some formats count them twice.
    wide: Vec<OnceCell<Vec<u32>>>,
}

/// Where a finding is shown.
pub(crate) struct Location {
    /// The path from the root of the repository.
    pub(crate) path: String,
    /// The characters; `None` when the file as a whole has to stand in.
    pub(crate) span: Option<Span>,
    /// What to say about the place; names what it stands for when that is another.
    pub(crate) message: String,
}

/// A stretch of text by lines and columns from 1, the columns in units of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
}

impl<'a> Paths<'a> {
    /// Of one report.
    pub(crate) fn new(report: &'a Report, files: &'a Files, base: &'a Base) -> Self {
        Self { files, base, report, wide: files.ids().map(|_| OnceCell::new()).collect() }
    }

    /// Whether a text is a file that can be opened.
    pub(crate) fn is_file(&self, file: FileId) -> bool {
        self.files.is_file(file)
    }

    /// The path of a file from the root of the repository.
    pub(crate) fn path(&self, name: &str) -> String {
        if is_file(name) { relative(name, self.base) } else { NO_FILE.to_owned() }
    }

    /// The path of a text from the root of the repository.
    pub(crate) fn path_of(&self, file: FileId) -> String {
        if self.is_file(file) { relative(self.files.name(file), self.base) } else { NO_FILE.to_owned() }
    }

    /// Where a finding is shown: at its own place if that lies in a file; else at the first related place that does, at
    /// what is known about its placement or decided about its flow; else at the first file of the run. A run that has no
    /// file is shown at its own lines of standard input.
    pub(crate) fn location(&self, finding: &Finding, index: &Index<'_>) -> Location {
        let own = finding.at.span;
        let files = || self.report.files.iter().filter(|file| is_file(&file.name));
        if self.is_file(own.file) || (files().next().is_none() && self.files.origin(own.file) == Origin::Stdin) {
            return Location { path: self.path_of(own.file), span: Some(own), message: finding.at.message.clone() };
        }
        let related = finding.related.iter().map(|label| label.span);
        let deciders = index.requirement(finding).into_iter().flat_map(|requirement| &requirement.decided_by);
        let placement = index.placements(finding).next();
        let facts = placement.into_iter().flat_map(|placement| &placement.facts);
        let places = related.chain(deciders.filter_map(|one| one.place)).chain(facts.filter_map(|fact| fact.place));
        let span = places.into_iter().find(|span| self.is_file(span.file));
        let judged = |file: &&FileReport| file.outcome == Outcome::Judged;
        let first = || files().find(judged).or_else(|| files().next()).map(|file| self.path(&file.name));
        let path = span.map(|span| self.path_of(span.file)).or_else(first).unwrap_or_else(|| NO_FILE.to_owned());
        let origin = format!("{}:{}", self.files.name(own.file), self.files.position(own));
        let message = match finding.at.message.as_str() {
            "" => format!("in {origin}"),
            said => format!("{said} (in {origin})"),
        };
        Location { path, span, message }
    }

    /// Lines and columns of a span, columns in units of UTF-16.
    pub(crate) fn region(&self, span: Span) -> Region {
        let position = self.files.position(span);
        let more = |line: usize, offset: u32| {
            let start = self.files.line_starts(span.file).get(line - 1).copied().unwrap_or(0);
            let wide = self.wide(span.file);
            wide.partition_point(|at| *at < offset) - wide.partition_point(|at| *at < start)
        };
        Region {
            line: position.line,
            column: position.column + more(position.line, span.start),
            end_line: position.end_line,
            end_column: position.end_column + more(position.end_line, span.end.max(span.start)),
        }
    }

    fn wide(&self, file: FileId) -> &[u32] {
        let Some(cell) = self.wide.get(file.0 as usize) else { return &[] };
        cell.get_or_init(|| {
            let bytes = self.files.text(file).bytes().enumerate();
            bytes.filter(|(_, byte)| *byte >= 0xf0).map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        })
    }
}

/// Whether an input of this name is a file, not standard input.
fn is_file(name: &str) -> bool {
    !name.is_empty() && name != STDIN
}

/// The path of a file from the root, with `/` between its parts. A file beside the root is reached by `..`.
fn relative(name: &str, base: &Base) -> String {
    let absolute = is_absolute(name);
    if absolute && base.folder.is_empty() {
        return name.to_owned();
    }
    let whole = if absolute || base.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", base.folder) };
    let parts = path_parts(&whole);
    if base.folder.is_empty() {
        return parts.join("/");
    }
    let root = path_parts(&base.root);
    let shared = parts.iter().zip(&root).take_while(|(one, other)| one == other).count();
    if shared == 0 && is_drive(&whole) {
        // There is no way from one drive to another.
        return name.to_owned();
    }
    let up = std::iter::repeat_n("..", root.len() - shared);
    let path: Vec<&str> = up.chain(parts[shared..].iter().copied()).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

fn is_absolute(name: &str) -> bool {
    name.starts_with('/') || is_drive(name)
}

/// Whether a path starts with the letter of a drive: `C:/`.
pub(crate) fn is_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic())
}

/// A path as a reference: everything percent-encoded that is not plain.
pub(crate) fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::{Paths, Region, relative};
    use crate::finding::{Finding, Index, Label, Level, Report};
    use crate::report::options::Base;
    use crate::report::sample::{finding, sample};
    use crate::source::{Files, Origin, Span};

    fn base(folder: &str, root: &str) -> Base {
        Base { folder: folder.to_owned(), root: root.to_owned(), url: None }
    }

    #[test]
    fn paths_start_at_the_root_of_the_repository() {
        let here = base("/work/repo/infra", "/work/repo");
        assert_eq!(relative("net/nsg.json", &here), "infra/net/nsg.json");
        assert_eq!(relative("./net/../nsg.json", &here), "infra/nsg.json");
        assert_eq!(relative("../nsg.json", &here), "nsg.json");
        assert_eq!(relative("/work/repo/a.json", &here), "a.json");
        assert_eq!(relative("../../b/a.json", &here), "../b/a.json");
        assert_eq!(relative("/tmp/a.json", &here), "../../tmp/a.json");
        assert_eq!(relative("./a//b.json", &Base::default()), "a/b.json");
        assert_eq!(relative("D:/a.json", &base("C:/repo", "C:/repo")), "D:/a.json");
        assert_eq!(relative("C:/repo/x/a.json", &base("C:/repo", "C:/repo")), "x/a.json");
    }

    #[test]
    fn columns_count_units_of_utf_16() {
        let mut files = Files::default();
        let file = files.add("a.json", "\n{\"😀é\": \"😀x\"}\n");
        let start = files.text(file).find('x').unwrap();
        let report = Report::default();
        let here = Base::default();
        let paths = Paths::new(&report, &files, &here);
        let region = paths.region(Span::new(file, start, start + 1));
        assert_eq!(region, Region { line: 2, column: 12, end_line: 2, end_column: 13 });
    }

    #[test]
    fn a_value_of_the_command_line_is_shown_at_a_file() {
        let (mut files, mut report) = sample();
        let set = files.add_from(Origin::Flag, "--set blockedRange", "10.0.0.0/8", 0);
        let at = Label { span: Span::new(set, 0, 10), message: "this range".to_owned() };
        let alone = finding("a/b", Level::Error, "it is wrong", at.clone());
        let related = Finding { related: report.findings[0].related.clone(), ..alone.clone() };
        let placed = Finding {
            placement: report.findings[3].placement.clone(),
            placements: report.findings[3].placements.clone(),
            flow: report.findings[3].flow.clone(),
            rule: report.findings[3].rule.clone(),
            ..alone.clone()
        };
        report.findings.push(alone.clone());
        let here = Base::default();
        let paths = Paths::new(&report, &files, &here);
        let index = Index::new(&report);
        let location = |finding: &Finding| {
            let location = paths.location(finding, &index);
            (location.path, location.span.map(|span| files.slice(span).to_owned()))
        };
        assert_eq!(location(&related), ("infra/network/vnet.json".to_owned(), Some("\"snet-training\"".to_owned())));
        assert_eq!(
            location(&placed),
            ("infra/network/nsg-training.json".to_owned(), Some("\"deny-blocked-out\"".to_owned()))
        );
        assert_eq!(location(&alone), ("infra/ml/compute.json".to_owned(), None));
        assert_eq!(paths.location(&alone, &index).message, "this range (in --set blockedRange:1:1)");
        let empty = Report::default();
        let paths = Paths::new(&empty, &files, &here);
        assert_eq!(paths.location(&alone, &Index::new(&empty)).path, "stdin");
    }
}
