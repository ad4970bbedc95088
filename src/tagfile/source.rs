//! Gives a snapshot the prefixes of a file, tag by tag, and says what is wrong with those it could not give.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;

use crate::net::{AddressSet, TagData, TagSource};
use crate::source::Span;
use crate::tagfile::fault::{Fault, FaultKind};
use crate::tagfile::outline::{List, Listed};
use crate::tagfile::prefix;

/// The unread lists of a file, by the index of their tag.
#[derive(Debug)]
pub(crate) struct Lists {
    text: Arc<str>,
    tags: Vec<(Span, List)>,
    /// Tags that stand in the file again.
    repeats: BTreeMap<usize, Vec<(Span, List)>>,
}

impl Lists {
    /// Declares the tags and keeps their lists.
    pub(crate) fn new(text: Arc<str>, listed: Vec<Listed>) -> (TagData, Arc<Self>) {
        let mut data = TagData::default();
        let mut lists = Self { text, tags: Vec::with_capacity(listed.len()), repeats: BTreeMap::new() };
        for Listed { name, name_span, list } in listed {
            let index = data.declare(name.trim());
            if index == lists.tags.len() {
                lists.tags.push((name_span, list));
            } else {
                lists.repeats.entry(index).or_default().push((name_span, list));
            }
        }
        let lists = Arc::new(lists);
        (data.read_from(Arc::<Self>::clone(&lists)), lists)
    }

    /// What is wrong with a tag whose prefixes could not be given.
    pub(crate) fn faults(&self, index: usize, tag: &str) -> Vec<Fault> {
        let mut found = Vec::new();
        for (name_span, list) in self.of(index) {
            if prefix::prefixes(&self.text, list).is_none() {
                found.extend(prefix::faults(&self.text, tag, *name_span, list));
            }
        }
        if let (true, Some((again, _))) = (found.is_empty(), self.repeats.get(&index).and_then(|more| more.first())) {
            found.push(Fault {
                kind: FaultKind::Repeated,
                message: format!("service tag `{tag}` is listed again with other prefixes"),
                span: *again,
                tag: Some(tag.to_owned()),
                help: Some("use the file as published, not several in one"),
            });
        }
        found
    }

    fn of(&self, index: usize) -> impl Iterator<Item = &(Span, List)> {
        self.tags.get(index).into_iter().chain(self.repeats.get(&index).into_iter().flatten())
    }
}

impl TagSource for Lists {
    fn prefixes(&self, index: usize) -> Option<Vec<IpNet>> {
        let mut all = self.of(index).map(|(_, list)| prefix::prefixes(&self.text, list));
        let first = all.next()??;
        let mut all = all.peekable();
        if all.peek().is_none() {
            return Some(first);
        }
        let set = |prefixes: &[IpNet]| AddressSet::from_prefixes(prefixes.iter().copied());
        let wanted = set(&first);
        // Of two different lists nobody can tell which one holds.
        let agree = all.all(|other| other.is_some_and(|other| set(&other) == wanted));
        agree.then_some(first)
    }
}
