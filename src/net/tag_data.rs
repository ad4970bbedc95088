//! The published prefixes of service tags: a snapshot whose tags are read one by one, as a run asks for them.
//!
//! Reading the files they are published in is the work of `tagfile`; how their sets nest, of `tag_cover`.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use ipnet::IpNet;

use crate::net::tag::{Tag, nearest};
use crate::net::traffic::AddressSet;

/// What a snapshot reads its tags from.
pub trait TagSource: fmt::Debug + Send + Sync {
    /// The prefixes of the tag that was declared at `index`; `None` when they cannot be read, so nothing is known.
    fn prefixes(&self, index: usize) -> Option<Vec<IpNet>>;
}

/// A snapshot of the published prefixes. Without one every tag is a name and nothing more; so is a tag it lacks.
#[derive(Clone, Debug, Default)]
pub struct TagData {
    entries: Vec<Entry>,
    by_name: HashMap<Box<str>, usize>,
    source: Option<Arc<dyn TagSource>>,
    of_single_services: OnceLock<AddressSet>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: Box<str>,
    /// Set once the tag has been asked for; `None` inside when nothing can be known of it.
    read: OnceLock<Option<TagPrefixes>>,
}

/// The prefixes of one tag.
#[derive(Clone, Debug, Default)]
pub struct TagPrefixes {
    /// As published: routes need their lengths.
    pub prefixes: Vec<IpNet>,
    /// The addresses they make up.
    pub set: AddressSet,
}

impl TagPrefixes {
    fn new(prefixes: Vec<IpNet>) -> Self {
        let set = AddressSet::from_prefixes(prefixes.iter().copied());
        Self { prefixes, set }
    }
}

impl TagData {
    /// Takes in the prefixes of a tag, under the name the list gives it. A later entry replaces an earlier one.
    pub fn insert(&mut self, name: &str, prefixes: Vec<IpNet>) {
        let index = self.declare(name);
        self.entries[index].read = OnceLock::from(Some(TagPrefixes::new(prefixes)));
    }

    /// Takes in the name of a tag whose prefixes the source will give; returns its index, which is that of an equal
    /// name when there is one.
    pub fn declare(&mut self, name: &str) -> usize {
        let next = self.entries.len();
        let index = *self.by_name.entry(name.to_ascii_lowercase().into()).or_insert(next);
        if index == next {
            self.entries.push(Entry { name: name.into(), read: OnceLock::new() });
        }
        index
    }

    /// Says where the prefixes of declared tags come from.
    #[must_use]
    pub fn read_from(mut self, source: Arc<dyn TagSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// The prefixes of a tag by its name, in any case and any known spelling; `None` when nothing is known of them.
    pub fn get(&self, name: &str) -> Option<&TagPrefixes> {
        self.at(self.index(name)?)
    }

    /// The prefixes of a tag; `None` when nothing is known of them.
    pub fn of(&self, tag: Tag) -> Option<&TagPrefixes> {
        self.at(self.exact(&tag.to_string())?)
    }

    /// The index of a name, in any case and any known spelling.
    pub fn index(&self, name: &str) -> Option<usize> {
        let canonical = || Tag::read(name, None).tag().map(|tag| tag.to_string());
        self.exact(name).or_else(|| self.exact(&canonical()?))
    }

    /// The prefixes of the tag at an index; `None` when nothing is known of them.
    pub fn at(&self, index: usize) -> Option<&TagPrefixes> {
        let read = || Some(TagPrefixes::new(self.source.as_ref()?.prefixes(index)?));
        self.entries.get(index)?.read.get_or_init(read).as_ref()
    }

    /// The addresses of all tags that stand for one service each. Every such tag is read, once.
    pub fn of_single_services(&self) -> &AddressSet {
        self.of_single_services.get_or_init(|| {
            let whole = |name: &&str| Tag::named(name).is_some_and(|tag| tag.is_base() && tag.is_of_one_service());
            let sets = self.names().filter(whole).filter_map(|name| self.get(name)).map(|tag| &tag.set);
            sets.fold(AddressSet::empty(), |all, set| all.union(set))
        })
    }

    /// Whether the tag at an index has been asked for.
    pub fn is_read(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.read.get().is_some())
    }

    /// The name of the tag at an index, as the list writes it.
    pub fn name(&self, index: usize) -> &str {
        self.entries.get(index).map_or("", |entry| &entry.name)
    }

    /// The names of all tags, as and in the order the list has them.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.name)
    }

    /// The name nearest to one that it does not have, when it is near enough to be meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(&name.to_ascii_lowercase(), self.names())
    }

    /// How many tags it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds no tag.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn exact(&self, name: &str) -> Option<usize> {
        self.by_name.get(name.to_ascii_lowercase().as_str()).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ipnet::IpNet;

    use super::{TagData, TagSource};
    use crate::net::tag::Tag;

    /// Knows the first tag and no other.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl TagSource for Counting {
        fn prefixes(&self, index: usize) -> Option<Vec<IpNet>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            (index == 0).then(|| vec!["20.0.0.0/24".parse().unwrap()])
        }
    }

    #[test]
    fn a_snapshot_answers_to_every_spelling() {
        let mut data = TagData::default();
        data.insert("AzureKeyVault.WestEurope", vec!["20.0.0.0/24".parse().unwrap()]);
        assert!(data.get("keyvault.westeurope").unwrap().set.contains("20.0.0.7".parse().unwrap()));
        assert!(data.of(Tag::named("AzureKeyVault.WestEurope").unwrap()).is_some());
        assert!(data.get("AzureKeyVault").is_none());
    }

    #[test]
    fn a_tag_is_read_once_and_only_when_asked_for() {
        let source = Arc::new(Counting::default());
        let mut data = TagData::default();
        assert_eq!((data.declare("Storage"), data.declare("Sql"), data.declare("STORAGE")), (0, 1, 0));
        let data = data.read_from(Arc::<Counting>::clone(&source));
        assert_eq!(source.0.load(Ordering::Relaxed), 0);
        assert!(data.get("storage").is_some() && data.get("Storage").is_some());
        assert!(data.get("Sql").is_none() && data.get("sql").is_none());
        assert_eq!(source.0.load(Ordering::Relaxed), 2);
        assert!(data.is_read(0) && data.is_read(1));
    }

    #[test]
    fn a_later_entry_replaces_an_earlier_one() {
        let mut data = TagData::default();
        data.insert("Sql", vec!["20.0.0.0/24".parse().unwrap()]);
        data.insert("SQL", Vec::new());
        assert_eq!((data.len(), data.get("Sql").unwrap().prefixes.len()), (1, 0));
        assert_eq!(data.names().collect::<Vec<_>>(), ["Sql"]);
    }
}
