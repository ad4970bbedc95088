//! Which files are judged through others.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::FileId;

/// The files that others use, and one of those that are judged by themselves and use them, directly or not. Of files that
/// use each other in a circle the first is kept.
pub(crate) fn judged_through(
    order: &[FileId],
    children: &BTreeMap<FileId, BTreeSet<FileId>>,
) -> BTreeMap<FileId, FileId> {
    let mut all: BTreeSet<FileId> = BTreeSet::new();
    all.extend(children.values().flatten());
    let mut linked = BTreeMap::new();
    let mut roots: Vec<FileId> = order.iter().copied().filter(|file| !all.contains(file)).collect();
    let mut reached: BTreeSet<FileId> = BTreeSet::new();
    let rest: Vec<FileId> = order.iter().copied().filter(|file| all.contains(file)).collect();
    let mut rest = rest.into_iter();
    loop {
        while let Some(root) = roots.pop() {
            let mut open = vec![root];
            reached.insert(root);
            while let Some(parent) = open.pop() {
                for child in children.get(&parent).into_iter().flatten() {
                    if reached.insert(*child) {
                        linked.insert(*child, root);
                        open.push(*child);
                    }
                }
            }
        }
        match rest.find(|file| !reached.contains(file)) {
            Some(file) => roots.push(file),
            None => return linked,
        }
    }
}
