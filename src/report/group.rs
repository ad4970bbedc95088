//! Findings that share their cause are one diagnostic.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;

/// Findings drawn as one, at least one, in their order.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    findings: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// The finding that gives the group its excerpt: the first of the highest level.
    pub(crate) fn head(&self) -> &'a Finding {
        let worst = self.findings.iter().map(|finding| finding.level).max();
        let head = self.findings.iter().find(|finding| Some(finding.level) == worst);
        head.expect("a group has at least one finding")
    }

    /// All of them, in order.
    pub(crate) fn findings(&self) -> &[&'a Finding] {
        &self.findings
    }

    /// Whether it holds more than one.
    pub(crate) fn is_several(&self) -> bool {
        self.findings.len() > 1
    }

    /// What to do: each advice once, with every snippet that goes with it.
    pub(crate) fn advice(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut known = BTreeMap::new();
        let mut said = BTreeSet::new();
        for finding in &self.findings {
            let help = finding.help.as_deref().unwrap_or("").trim();
            let snippet = finding.snippet.as_deref().map(str::trim).filter(|snippet| !snippet.is_empty());
            if help.is_empty() && snippet.is_none() {
                continue;
            }
            let at = *known.entry(help).or_insert_with(|| {
                all.push((help, Vec::new()));
                all.len() - 1
            });
            if let Some(snippet) = snippet
                && said.insert((at, snippet))
            {
                all[at].1.push(snippet);
            }
        }
        all
    }
}

/// Gathers findings with the same cause at the same placement. A group stands where its first finding stood; what is
/// decided and what is not are never mixed.
pub(crate) fn group<'a>(findings: &[&'a Finding]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for &finding in findings {
        let Some(cause) = &finding.cause else {
            groups.push(Group { findings: vec![finding] });
            continue;
        };
        match known.entry((&finding.placement, cause, finding.undecided)) {
            Entry::Occupied(index) => groups[*index.get()].findings.push(finding),
            Entry::Vacant(free) => {
                free.insert(groups.len());
                groups.push(Group { findings: vec![finding] });
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::group;
    use crate::finding::{Finding, Label, Level};
    use crate::report::sample::finding;
    use crate::source::{FileId, Span};

    fn caused(level: Level, cause: Option<&str>, undecided: bool) -> Finding {
        let at = Label { span: Span::new(FileId(0), 0, 1), message: String::new() };
        Finding { cause: cause.map(str::to_owned), undecided, ..finding("a/b", level, "message", at) }
    }

    fn sizes(findings: &[Finding]) -> Vec<usize> {
        group(&findings.iter().collect::<Vec<_>>()).iter().map(|group| group.findings().len()).collect()
    }

    #[test]
    fn findings_with_one_cause_stand_where_the_first_stood() {
        let deny = || caused(Level::Error, Some("deny"), false);
        assert_eq!(sizes(&[deny(), caused(Level::Error, None, false), deny()]), [2, 1]);
    }

    #[test]
    fn findings_without_cause_stand_alone() {
        assert_eq!(sizes(&[caused(Level::Error, None, false), caused(Level::Error, None, false)]), [1, 1]);
    }

    #[test]
    fn what_is_undecided_stands_apart() {
        assert_eq!(
            sizes(&[caused(Level::Error, Some("deny"), false), caused(Level::Error, Some("deny"), true)]),
            [1, 1]
        );
    }

    #[test]
    fn the_worst_gives_the_excerpt() {
        let findings = [caused(Level::Note, Some("deny"), false), caused(Level::Error, Some("deny"), false)];
        let groups = group(&findings.iter().collect::<Vec<_>>());
        assert_eq!(groups[0].head().level, Level::Error);
    }
}
