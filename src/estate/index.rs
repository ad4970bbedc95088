//! Finds the resource an id means: among those of one kind, by the same id or by the only one it can be; among all of an
//! estate; and, for rules that look at two resources at once, among those of one type, whatever kind it is.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;

use crate::estate::identity::{Id, text_or_unknown};
use crate::estate::kind::Kind;
use crate::estate::resource::{Header, Reference, unknown_value};
use crate::json::{Node, Reason};
use crate::source::FileId;

/// So many candidates of one name are looked at before a mention counts as ambiguous; keeps linking linear.
const MAX_CANDIDATES: usize = 256;

/// The resources of one kind, by id.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: Vec<(Id, FileId)>,
    exact: HashMap<Arc<str>, Places>,
    /// Made when an id is asked for that none has.
    inexact: OnceLock<Inexact>,
}

/// The resources of one kind, by what is known of their ids.
#[derive(Debug, Default)]
struct Inexact {
    /// Those of a known name, as far as they are looked at.
    names: HashMap<Box<str>, Vec<usize>>,
    /// The same of one name in one context, by [`named_in`].
    contexts: HashMap<Box<str>, Vec<usize>>,
    first: ByType,
    nameless: ByType,
}

/// The places of resources of one id: almost always one.
#[derive(Debug)]
struct Places {
    first: usize,
    more: Vec<usize>,
}

/// The first of some resources, as far as they are looked at, by the last of their types.
#[derive(Debug, Default)]
struct ByType {
    of: HashMap<Box<str>, Vec<Counted>>,
    /// Those of which it is not known.
    untold: Vec<Counted>,
    /// How many there are, those that are not looked at among them.
    count: usize,
}

/// A resource, and how many of its like stand before it.
#[derive(Clone, Copy, Debug)]
struct Counted {
    before: usize,
    at: usize,
}

impl ByType {
    fn push(&mut self, id: &Id, at: usize) {
        let before = self.count;
        self.count += 1;
        if before > MAX_CANDIDATES {
            return;
        }
        match id.last_type() {
            Some(name) => match self.of.get_mut(name) {
                Some(known) => known.push(Counted { before, at }),
                None => drop(self.of.insert(name.into(), vec![Counted { before, at }])),
            },
            None => self.untold.push(Counted { before, at }),
        }
    }

    /// Of the first so many those that may have the type of an id.
    fn like(&self, id: &Id, most: usize) -> impl Iterator<Item = usize> {
        let same = id.last_type().and_then(|name| self.of.get(name)).map_or(&[][..], Vec::as_slice);
        same.iter().chain(&self.untold).filter(move |one| one.before < most).map(|one| one.at)
    }
}

/// What the resources of one name in one context are found by.
fn named_in(context: Option<&str>, name: &str) -> String {
    // No segment holds a slash.
    context.map_or_else(|| name.to_owned(), |context| format!("{context}/{name}"))
}

impl Inexact {
    fn push(&mut self, id: &Id, at: usize) {
        self.first.push(id, at);
        match id.last_name() {
            Some(name) => {
                push_few(&mut self.names, name, at);
                push_few(&mut self.contexts, &named_in(id.context(), name), at);
            }
            None => self.nameless.push(id, at),
        }
    }
}

impl Index {
    /// Adds the next resource.
    pub(crate) fn push(&mut self, id: Id, file: FileId) {
        let at = self.entries.len();
        match self.exact.get_mut(id.key()) {
            Some(known) => known.more.push(at),
            None => drop(self.exact.insert(Arc::clone(id.key()), Places { first: at, more: Vec::new() })),
        }
        if let Some(inexact) = self.inexact.get_mut() {
            inexact.push(&id, at);
        }
        self.entries.push((id, file));
    }

    fn inexact(&self) -> &Inexact {
        self.inexact.get_or_init(|| {
            let mut inexact = Inexact::default();
            self.entries.iter().enumerate().for_each(|(at, (id, _))| inexact.push(id, at));
            inexact
        })
    }

    /// The id of a resource.
    pub(crate) fn id(&self, at: usize) -> Option<&Id> {
        self.entries.get(at).map(|(id, _)| id)
    }

    /// The one resource an id mentioned in `file` leads to. `None`: none, or more than one could be meant.
    pub(crate) fn find(&self, id: &Id, file: FileId) -> Option<usize> {
        if let Some(found) = self.exact.get(id.key()) {
            return found.more.is_empty().then_some(found.first);
        }
        if !id.says_something() {
            return None;
        }
        let Inexact { names, contexts, first, nameless } = self.inexact();
        let Some(name) = id.last_name() else {
            // Of names known in part the one made of the same parts is meant.
            let mut same = Found::default();
            let agrees = |other: &Id| other.says_something() && other.agrees(id);
            let like = first.like(id, MAX_CANDIDATES + 1);
            like.filter(|at| agrees(&self.entries[*at].0)).for_each(|at| same.add(at));
            let all = || self.only(id, file, first.count, first.like(id, MAX_CANDIDATES));
            return same.one().or_else(all);
        };
        let alike = nameless.like(id, MAX_CANDIDATES);
        let named = |found: Option<&'_ Vec<usize>>| found.map_or(0, Vec::len) + nameless.count;
        match id.context() {
            Some(context) => {
                let own = contexts.get(&*named_in(Some(context), name));
                let open = contexts.get(name);
                let count = named(own) + open.map_or(0, Vec::len);
                self.only(id, file, count, own.into_iter().chain(open).flatten().copied().chain(alike))
            }
            None => {
                let own = names.get(name);
                self.only(id, file, named(own), own.into_iter().flatten().copied().chain(alike))
            }
        }
    }

    /// Every resource an id may lead to, where [`Self::find`] says none for certain.
    pub(crate) fn meant(&self, id: &Id) -> Vec<usize> {
        if let Some(found) = self.exact.get(id.key()) {
            return std::iter::once(found.first).chain(found.more.iter().copied()).collect();
        }
        if !id.says_something() {
            return Vec::new();
        }
        let Inexact { names, first, nameless, .. } = self.inexact();
        let fits = |at: &usize| {
            let other = &self.entries[*at].0;
            // Two names that have nothing in common but being unknown are two names.
            let apart = id.is_stranger(other) && id.is_nameless() && other.is_nameless();
            !apart && id.is_compatible(other)
        };
        let mut fit: Vec<usize> = match id.last_name() {
            Some(name) => {
                let named = names.get(name).map_or(&[][..], Vec::as_slice);
                let named = &named[..named.len().min(MAX_CANDIDATES)];
                let nameless = nameless.like(id, MAX_CANDIDATES - named.len());
                named.iter().copied().chain(nameless).filter(fits).collect()
            }
            None => first.like(id, MAX_CANDIDATES).filter(fits).collect(),
        };
        fit.sort_unstable();
        fit
    }

    /// The resources of one template that an id in it may lead to, where [`Self::find`] says none for certain: all of
    /// them when it says nothing.
    pub(crate) fn possible(&self, id: &Id, file: FileId) -> Vec<usize> {
        let fits = |at: &usize| {
            let (other, place) = &self.entries[*at];
            *place == file && id.is_compatible(other)
        };
        (0..self.entries.len()).filter(fits).take(MAX_CANDIDATES).collect()
    }

    /// The only candidate that fits; of several the only one of the same file, since a template means its own first. None
    /// where there are too many to look at: `count` tells how many there are before those of other types are left out.
    fn only(&self, id: &Id, file: FileId, count: usize, candidates: impl Iterator<Item = usize>) -> Option<usize> {
        if count > MAX_CANDIDATES {
            return None;
        }
        let (mut all, mut near) = (Found::default(), Found::default());
        for at in candidates {
            let (other, place) = &self.entries[at];
            let is_own = *place == file;
            if id.is_compatible(other) && !id.is_stranger(other) && !(is_own && id.may_be_elsewhere(other)) {
                all.add(at);
                if is_own {
                    near.add(at);
                }
            }
        }
        // Another name that is known in part may be equal, or not.
        all.one().or(near.one()).filter(|at| self.entries[*at].0.is_named_as(id))
    }
}

/// Adds a resource to those of its name, unless there are more than are looked at.
fn push_few(known: &mut HashMap<Box<str>, Vec<usize>>, name: &str, at: usize) {
    match known.get_mut(name) {
        Some(known) if known.len() > MAX_CANDIDATES => {}
        Some(known) => known.push(at),
        None => drop(known.insert(name.into(), vec![at])),
    }
}

#[derive(Default)]
struct Found {
    first: Option<usize>,
    more: bool,
}

impl Found {
    fn add(&mut self, at: usize) {
        self.more |= self.first.is_some();
        self.first.get_or_insert(at);
    }

    fn one(&self) -> Option<usize> {
        self.first.filter(|_| !self.more)
    }
}

/// The ids of an estate's resources, kind by kind, in the order of the estate's lists.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    indexes: BTreeMap<Kind, Index>,
}

impl Ids {
    pub(crate) fn push(&mut self, kind: Kind, id: Id, file: FileId) {
        self.indexes.entry(kind).or_default().push(id, file);
    }

    pub(crate) fn find(&self, kind: Kind, id: &Id, file: FileId) -> Option<usize> {
        self.indexes.get(&kind)?.find(id, file)
    }

    pub(crate) fn parent(&self, kind: Kind, at: usize, of: Kind, file: FileId) -> Option<usize> {
        self.find(of, &self.indexes.get(&kind)?.id(at)?.parent()?, file)
    }

    /// The resources of a template that may be the parent of one of its own, where none is for certain.
    pub(crate) fn possible_parents(&self, kind: Kind, at: usize, of: Kind, file: FileId) -> Vec<usize> {
        let id = self.indexes.get(&kind).and_then(|index| index.id(at)?.parent());
        let index = id.and_then(|id| Some((self.indexes.get(&of)?, id)));
        index.map(|(index, id)| index.possible(&id, file)).unwrap_or_default()
    }

    pub(crate) fn lead_all<'r>(
        &self,
        kind: Kind,
        references: impl IntoIterator<Item = &'r mut Reference>,
        file: FileId,
    ) {
        for reference in references {
            reference.target = self.find(kind, &Id::of(&reference.id), file);
        }
    }
}

/// An id lies at most this many types deep; keeps the way up from a child short.
const MAX_DEPTH: usize = 8;

/// Resources to which mentions may lead.
#[derive(Debug, Default)]
pub struct Leads {
    index: Index,
}

/// Where a mention leads: places in the order the resources were given in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    /// To this one.
    To(usize),
    /// To one of these, and nothing tells which.
    Among(Vec<usize>),
    /// To none of them.
    Nowhere,
    /// It is known so little of that it may lead to any.
    Anywhere,
}

impl Leads {
    /// Indexes the resources, in this order.
    pub fn of<'a>(headers: impl IntoIterator<Item = &'a Header>) -> Self {
        let mut index = Index::default();
        headers.into_iter().for_each(|header| index.push(id_of(header), header.span.file));
        Self { index }
    }

    /// Where a value that holds an id leads: to the resource it names, or to the one it lies inside.
    pub fn lead(&self, mention: &Node, from: FileId) -> Lead {
        Id::of_value(mention).map_or(Lead::Nowhere, |id| self.climb(id, from))
    }

    /// The resource that another one lies inside.
    pub fn parent(&self, child: &Header) -> Lead {
        id_of(child).parent().map_or(Lead::Nowhere, |id| self.climb(id, child.span.file))
    }

    fn climb(&self, id: Id, from: FileId) -> Lead {
        if id.last_name().is_none() && !id.says_something() {
            return Lead::Anywhere;
        }
        let mut next = Some(id);
        for _ in 0..MAX_DEPTH {
            let Some(id) = next else { break };
            if let Some(one) = self.index.find(&id, from) {
                return Lead::To(one);
            }
            let several = self.index.meant(&id);
            if !several.is_empty() {
                return Lead::Among(several);
            }
            next = id.parent();
        }
        Lead::Nowhere
    }
}

/// The id of a resource, as shown or as its type and name compose it.
fn id_of(header: &Header) -> Id {
    if let Some(id) = &header.id {
        return Id::of(id);
    }
    let name = header.node.get("name").and_then(text_or_unknown);
    let nameless = || Err(unknown_value(Reason::Missing("name".into()), "", header.span, header.key.to_string()));
    Id::composed(&header.type_name, &name.unwrap_or_else(nameless), header.span.file)
}

#[cfg(test)]
mod tests {
    use crate::estate::identity::Id;
    use crate::estate::{Options, build, gather};
    use crate::json::parse;
    use crate::source::FileId;

    use super::{Index, Lead, Leads};

    fn nsg(group: &str) -> Id {
        Id::written(&format!(
            "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/n"
        ))
    }

    fn composed(file: u32) -> Id {
        Id::composed("Microsoft.Network/networkSecurityGroups", &Ok("N".into()), FileId(file))
    }

    #[test]
    fn the_same_id_wins_over_names() {
        let mut index = Index::default();
        index.push(nsg("a"), FileId(0));
        index.push(nsg("b"), FileId(0));
        assert_eq!(index.find(&nsg("b"), FileId(0)), Some(1));
        assert_eq!(index.find(&nsg("c"), FileId(0)), None);
    }

    #[test]
    fn a_name_alone_leads_somewhere_only_when_it_is_the_only_one() {
        let mut index = Index::default();
        index.push(nsg("a"), FileId(0));
        assert_eq!(index.find(&composed(9), FileId(9)), Some(0));
        index.push(nsg("b"), FileId(1));
        assert_eq!(index.find(&composed(9), FileId(9)), None);
        assert_eq!(index.find(&composed(9), FileId(1)), Some(1));
    }

    #[test]
    fn names_unknown_to_two_templates_are_two_names() {
        let name = |key: &str| {
            Err(std::sync::Arc::new(crate::json::Unknown {
                reason: crate::json::Reason::ParameterWithoutValue("name".into()),
                text: "".into(),
                span: crate::source::Span::new(FileId(0), 0, 0),
                key: key.into(),
                parts: Vec::new(),
                domain: Vec::new(),
            }))
        };
        let id = |key: &str, file: u32| Id::composed("A.B/c", &name(key), FileId(file));
        let mut index = Index::default();
        index.push(id("parameters:name@0", 0), FileId(0));
        assert_eq!(index.find(&id("parameters:name@1", 1), FileId(1)), None);
        assert_eq!(index.meant(&id("parameters:name@1", 1)), Vec::<usize>::new());
        assert_eq!(index.find(&id("parameters:name@0", 0), FileId(0)), Some(0));
        assert_eq!(index.find(&id("parameters:other@0", 0), FileId(0)), None);
        assert_eq!(index.meant(&id("parameters:other@0", 0)), [0]);
    }

    const REGISTRIES: &str = r#"[
        {"type":"Microsoft.ContainerRegistry/registries","name":"one","properties":{}},
        {"type":"Microsoft.ContainerRegistry/registries","name":"two",
         "id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/two","properties":{}}]"#;

    fn lead(mention: &str) -> Lead {
        let document = parse(FileId(0), REGISTRIES).unwrap();
        let estate = build(gather(&document.root).pieces, Options::default());
        let mention = parse(FileId(0), &format!("\"{mention}\"")).unwrap();
        Leads::of(estate.headers()).lead(&mention.root, FileId(0))
    }

    #[test]
    fn an_id_leads_to_its_resource_and_that_of_a_child_to_the_parent() {
        let two = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/TWO";
        assert_eq!(lead(two), Lead::To(1));
        assert_eq!(lead(&format!("{two}/webhooks/w")), Lead::To(1));
        assert_eq!(
            lead("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/one"),
            Lead::To(0)
        );
        assert_eq!(
            lead("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/three"),
            Lead::Nowhere
        );
    }
}
