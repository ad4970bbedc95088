//! Findings that share their cause are one diagnostic.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

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
