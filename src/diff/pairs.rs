//! The places of two estates, and which of one are which of the other: by id, else by name, else as the only one of its
//! kind that is left; a subnet by its prefixes.

use std::collections::{BTreeMap, BTreeSet};

use crate::estate::{Estate, Field, Header, Reference};
use crate::finding::short_name;
use crate::source::Span;

/// The kinds of places, in the order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Subnet,
    Interface,
    Group,
    Table,
    Firewall,
    Policy,
}

impl Kind {
    /// The word users read.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Subnet => "subnet",
            Self::Interface => "interface",
            Self::Group => "nsg",
            Self::Table => "route-table",
            Self::Firewall => "firewall",
            Self::Policy => "firewall-policy",
        }
    }
}

/// A place of one estate.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// Its index in the list of its kind.
    pub(crate) at: usize,
    /// Its name for users.
    pub(crate) name: String,
    /// Its id in lower case, or what it is joined by.
    key: String,
    /// The input names it and shows nothing of it.
    pub(crate) mentioned: bool,
    /// Where it is written.
    pub(crate) span: Span,
    /// What it is taken for another name of the same by, where nothing else is left; `None`: by nothing.
    content: Option<String>,
}

/// A place on both sides, or on one of them.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) kind: Kind,
    pub(crate) base: Option<Place>,
    pub(crate) head: Option<Place>,
}

impl Pair {
    /// The name on the head, else on the base.
    pub(crate) fn name(&self) -> &str {
        self.head.as_ref().or(self.base.as_ref()).map_or("", |place| &place.name)
    }
}

/// Every place of an estate, in order.
fn places(estate: &Estate) -> Vec<Place> {
    let place = |kind, at, header: &Header| Place {
        kind,
        at,
        name: name(estate, kind, at, header),
        key: header.id.as_ref().and_then(Field::known).unwrap_or(&header.key).to_ascii_lowercase(),
        mentioned: header.mentioned,
        span: header.place(),
        content: content(estate, kind, at),
    };
    let mut all = Vec::new();
    all.extend(estate.subnets.iter().enumerate().map(|(at, one)| place(Kind::Subnet, at, &one.header)));
    all.extend(estate.interfaces.iter().enumerate().map(|(at, one)| place(Kind::Interface, at, &one.header)));
    all.extend(estate.nsgs.iter().enumerate().map(|(at, one)| place(Kind::Group, at, &one.header)));
    all.extend(estate.route_tables.iter().enumerate().map(|(at, one)| place(Kind::Table, at, &one.header)));
    all.extend(estate.firewalls.iter().enumerate().map(|(at, one)| place(Kind::Firewall, at, &one.header)));
    all.extend(estate.policies.iter().enumerate().map(|(at, one)| place(Kind::Policy, at, &one.header)));
    all
}

/// What the key of a place begins with that goes by its content or by a part of its name: only one of each is taken for
/// the other.
const CONTENT: &str = "content: ";

/// A subnet of other prefixes is another subnet; interfaces are many.
fn content(estate: &Estate, kind: Kind, at: usize) -> Option<String> {
    match kind {
        Kind::Subnet => {
            let subnet = estate.subnets.get(at)?;
            let prefixes: Option<Vec<_>> = subnet.prefixes.iter().map(Field::known).collect();
            prefixes.filter(|known| !known.is_empty()).map(|known| format!("{known:?}"))
        }
        Kind::Interface => None,
        Kind::Group | Kind::Table | Kind::Firewall | Kind::Policy => Some(String::new()),
    }
}

fn name(estate: &Estate, kind: Kind, at: usize, header: &Header) -> String {
    if let Some(id) = header.id.as_ref().and_then(Field::known) {
        return short_name(id);
    }
    let own = shown(&header.name);
    let network = (kind == Kind::Subnet)
        .then(|| estate.network(estate.subnets.get(at)?.network))
        .flatten()
        .map(|network| shown(&network.header.name));
    let last = own.rsplit('/').next().unwrap_or_default();
    network.map_or_else(|| last.to_owned(), |network| format!("{network}/{last}"))
}

fn shown(field: &Field<std::sync::Arc<str>>) -> String {
    match &field.value {
        Ok(text) => text.to_string(),
        Err(unknown) => unknown.text.to_string(),
    }
}

/// Pairs the places of two estates. Groups, tables and policies that stand at a place of either side are told there.
pub(crate) fn pairs(base: &Estate, head: &Estate) -> Vec<Pair> {
    let (left, right) = (places(base), places(head));
    let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let by_key = |place: &Place| Some(place.key.clone());
    let by_name = |place: &Place| Some(place.name.to_ascii_lowercase());
    let by_last =
        |place: &Place| place.name.rsplit('/').next().map(|last| format!("{CONTENT}{}", last.to_ascii_lowercase()));
    let by_content = |place: &Place| place.content.as_ref().map(|content| format!("{CONTENT}{content}"));
    for key in [&by_key as &dyn Fn(&Place) -> Option<String>, &by_name, &by_last, &by_content] {
        let open = |places: &[Place], used: &dyn Fn(usize) -> bool| {
            let mut found: BTreeMap<(Kind, String), Vec<usize>> = BTreeMap::new();
            for (at, place) in places.iter().enumerate().filter(|(at, _)| !used(*at)) {
                if let Some(text) = key(place) {
                    found.entry((place.kind, text)).or_default().push(at);
                }
            }
            found
        };
        let (of_left, of_right) =
            (open(&left, &|at| partner.contains_key(&at)), open(&right, &|at| taken.contains(&at)));
        for (key, one) in of_left {
            // Of several that go by one word as many are on both sides: they stand in one order.
            let alike = |two: &&Vec<usize>| two.len() == one.len() && (one.len() == 1 || !key.1.starts_with(CONTENT));
            let Some(two) = of_right.get(&key).filter(alike) else { continue };
            for (one, two) in one.iter().zip(two) {
                partner.insert(*one, *two);
                taken.insert(*two);
            }
        }
    }
    let mut all: Vec<Pair> = Vec::new();
    let pair = |base: Option<&Place>, head: Option<&Place>| {
        let kind = base.or(head)?.kind;
        Some(Pair { kind, base: base.cloned(), head: head.cloned() })
    };
    for (at, place) in left.iter().enumerate() {
        all.extend(pair(Some(place), partner.get(&at).and_then(|at| right.get(*at))));
    }
    all.extend(
        right.iter().enumerate().filter(|(at, _)| !taken.contains(at)).filter_map(|(_, place)| pair(None, Some(place))),
    );
    let (of_base, of_head) = (Attached::of(base), Attached::of(head));
    all.retain(|pair| {
        let told = |place: &Option<Place>, attached: &Attached| place.as_ref().is_some_and(|one| attached.holds(one));
        let guarded = pair.kind != Kind::Interface || has_group(pair, base, head);
        guarded && !told(&pair.base, &of_base) && !told(&pair.head, &of_head)
    });
    all.sort_by(|one, two| (one.kind, one.name()).cmp(&(two.kind, two.name())));
    all
}

/// Whether an interface has a group of its own on some side.
fn has_group(pair: &Pair, base: &Estate, head: &Estate) -> bool {
    let has = |place: &Option<Place>, estate: &Estate| {
        place.as_ref().and_then(|place| estate.interfaces.get(place.at)).is_some_and(|one| one.nsg.is_some())
    };
    has(&pair.base, base) || has(&pair.head, head)
}

/// What stands at a place that is told by itself.
struct Attached {
    groups: BTreeSet<usize>,
    tables: BTreeSet<usize>,
    policies: BTreeSet<usize>,
}

impl Attached {
    fn of(estate: &Estate) -> Self {
        let target = |reference: &Option<Reference>| reference.as_ref().and_then(|reference| reference.target);
        let of_subnets = estate.subnets.iter().filter_map(|one| target(&one.nsg));
        let of_interfaces = estate.interfaces.iter().filter_map(|one| target(&one.nsg));
        let of_firewalls = estate.firewalls.iter().filter_map(|one| target(&one.policy));
        let bases = estate.policies.iter().filter_map(|one| target(&one.base));
        Self {
            groups: of_subnets.chain(of_interfaces).collect(),
            tables: estate.subnets.iter().filter_map(|one| target(&one.route_table)).collect(),
            policies: of_firewalls.chain(bases).collect(),
        }
    }

    fn holds(&self, place: &Place) -> bool {
        match place.kind {
            Kind::Group => self.groups.contains(&place.at),
            Kind::Table => self.tables.contains(&place.at),
            Kind::Policy => self.policies.contains(&place.at),
            _ => false,
        }
    }
}
