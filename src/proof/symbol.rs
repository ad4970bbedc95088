//! What a proof does not know, as symbols: the contents of a tag, the value of a field, whether a rule exists.
//!
//! A cell of packets carries a cube of literals over these symbols. What is known of two symbols from their meaning
//! alone is said here; splitting cells along them is the work of `cell`.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::net::{Cloud, Family, Relation, Tag};
use crate::proof::doubt::{Doubt, Reason};

/// The end of a packet that an address or a port belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    /// Where it comes from.
    Source,
    /// Where it goes to.
    Destination,
}

/// What a symbol stands for. Equal meanings are one symbol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Meaning {
    /// The address is one of the tag's.
    Tag(End, Tag),
    /// The address is one of the tag's regional form; the region goes by a key. `true`: it is no known region.
    Regional(End, Tag, Arc<str>, bool),
    /// The address is in the subnet, whose prefix is unknown.
    Subnet(End),
    /// The address is in `VirtualNetwork`, of which not all is known.
    Network(End),
    /// The address is one of the hosts'.
    Host(End),
    /// The address is one of hosts that no service tag stands for.
    Untagged(End),
    /// The address is in the application security group.
    Group(End, Arc<str>),
    /// The address is in the unknown value.
    Addresses(End, Arc<str>),
    /// The port is in the unknown value.
    Ports(End, Arc<str>),
    /// The protocol is in the unknown value.
    Protocols(Arc<str>),
    /// Something that may differ from packet to packet: which of two rules goes first.
    Packet(Arc<str>),
    /// Something that is the same for every packet: whether a rule exists.
    World(Arc<str>),
    /// What is in doubt for a reason, to whom it matters, from packet to packet.
    PacketOf(&'static str, Arc<Reason>),
    /// The same, for every packet alike.
    WorldOf(&'static str, Arc<Reason>),
}

/// A symbol of one proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Symbol(u32);

/// A symbol that holds, or one that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Literal {
    pub(crate) symbol: Symbol,
    pub(crate) holds: bool,
}

impl Literal {
    pub(crate) fn negated(self) -> Self {
        Self { holds: !self.holds, ..self }
    }
}

impl Symbol {
    /// Its place among the symbols of a proof, in the order they were asked for.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn holds(self) -> Literal {
        Literal { symbol: self, holds: true }
    }

    pub(crate) fn fails(self) -> Literal {
        Literal { symbol: self, holds: false }
    }
}

/// What a literal adds to the ones a cell already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Nothing: it follows from them.
    Implied,
    /// It contradicts them.
    Impossible,
    /// It is a restriction of its own.
    New,
}

/// The symbols of one proof, in one address family of one cloud. Those of a layer that many proofs share lie under the
/// ones a proof adds, and are never changed by it: what one flow asks for is nothing to another.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    pub(crate) family: Family,
    pub(crate) cloud: Option<Cloud>,
    /// The network has public addresses of its own, which tags may hold as well.
    pub(crate) public_network: bool,
    under: Option<Arc<Symbols>>,
    /// How many symbols lie under these.
    first: usize,
    entries: Vec<(Meaning, Doubt)>,
    index: HashMap<Meaning, Symbol>,
    /// Doubts about symbols that lie under these, as this proof words them.
    worded: HashMap<Symbol, Doubt>,
}

impl Symbols {
    pub(crate) fn new(family: Family, cloud: Option<Cloud>) -> Self {
        let (entries, index, worded) = (Vec::new(), HashMap::new(), HashMap::new());
        Self { family, cloud, public_network: false, under: None, first: 0, entries, index, worded }
    }

    /// A place for more symbols on top of others.
    pub(crate) fn above(under: &Arc<Self>) -> Self {
        let first = under.first + under.entries.len();
        let own = Self::new(under.family, under.cloud);
        Self { public_network: under.public_network, under: Some(Arc::clone(under)), first, ..own }
    }

    /// The symbol of a meaning. The doubt of the first to ask stays.
    pub(crate) fn of(&mut self, meaning: Meaning, doubt: impl FnOnce() -> Doubt) -> Symbol {
        if let Some(symbol) = self.under.as_ref().and_then(|under| under.find(&meaning)) {
            self.worded.entry(symbol).or_insert_with(doubt);
            return symbol;
        }
        if let Some(&symbol) = self.index.get(&meaning) {
            return symbol;
        }
        let symbol = Symbol(u32::try_from(self.first + self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push((meaning.clone(), doubt()));
        self.index.insert(meaning, symbol);
        symbol
    }

    /// Every symbol of this layer.
    pub(crate) fn all(&self) -> impl Iterator<Item = Symbol> + '_ {
        (self.first..self.count()).map(|at| Symbol(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    /// How many symbols there are.
    pub(crate) fn count(&self) -> usize {
        self.first + self.entries.len()
    }

    fn find(&self, meaning: &Meaning) -> Option<Symbol> {
        self.layers().find_map(|layer| layer.index.get(meaning).copied())
    }

    /// These symbols, then those under them, and so on.
    fn layers(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |layer| layer.under.as_deref())
    }

    fn entry(&self, symbol: Symbol) -> &(Meaning, Doubt) {
        let at = symbol.0 as usize;
        let layer = self.layers().find(|layer| layer.first <= at).expect("the lowest layer starts at the first symbol");
        &layer.entries[at - layer.first]
    }

    pub(crate) fn meaning(&self, symbol: Symbol) -> &Meaning {
        &self.entry(symbol).0
    }

    pub(crate) fn doubt(&self, symbol: Symbol) -> &Doubt {
        let worded = self.layers().find_map(|layer| layer.worded.get(&symbol));
        worded.unwrap_or_else(|| &self.entry(symbol).1)
    }

    /// Every meaning that is a symbol, the proof's own before those that lie under them.
    fn meanings_of_all(&self) -> impl Iterator<Item = &Meaning> {
        self.layers().flat_map(|layer| &layer.entries).map(|(meaning, _)| meaning)
    }

    /// Whether it is the same for every packet.
    pub(crate) fn is_world(&self, symbol: Symbol) -> bool {
        matches!(self.meaning(symbol), Meaning::World(_) | Meaning::WorldOf(..))
    }

    /// Every regional form whose region is unknown that is a symbol at an end.
    pub(crate) fn regional(&self, end: End) -> impl Iterator<Item = (&Meaning, Tag)> {
        self.meanings_of_all().filter_map(move |meaning| match meaning {
            Meaning::Regional(at, base, _, false) if *at == end => Some((meaning, *base)),
            _ => None,
        })
    }

    /// Every tag that is a symbol at an end.
    pub(crate) fn tags(&self, end: End) -> impl Iterator<Item = Tag> + '_ {
        self.meanings_of_all().filter_map(move |meaning| match meaning {
            Meaning::Tag(at, tag) if *at == end => Some(*tag),
            _ => None,
        })
    }

    /// How the address sets of two symbols relate.
    pub(crate) fn relation(&self, one: Symbol, two: Symbol) -> Relation {
        if one == two {
            return Relation::Equal;
        }
        self.meanings(self.meaning(one), self.meaning(two))
    }

    /// How the address sets behind two meanings relate.
    pub(crate) fn meanings(&self, one: &Meaning, two: &Meaning) -> Relation {
        match (one, two) {
            (Meaning::Tag(e1, one), Meaning::Tag(e2, two)) if e1 == e2 => one.relation(*two, self.family, self.cloud),
            (Meaning::Regional(e1, base, key, odd), Meaning::Regional(e2, other, second, odd2)) if e1 == e2 => {
                match (base == other, key == second) {
                    (true, true) => Relation::Equal,
                    (true, false) if *odd && *odd2 => Relation::Disjoint,
                    (true, false) => Relation::Open,
                    (false, _) => self.apart(*base, *other),
                }
            }
            (Meaning::Regional(e1, base, _, odd), Meaning::Tag(e2, tag)) if e1 == e2 => {
                match base.relation_in_some_region(*tag, self.family, self.cloud) {
                    Relation::Open if *odd && *base == tag.base() => Relation::Disjoint,
                    relation => relation,
                }
            }
            (Meaning::Tag(..), Meaning::Regional(..)) => swapped(self.meanings(two, one)),
            (Meaning::Subnet(e1) | Meaning::Group(e1, _), Meaning::Network(e2)) if e1 == e2 => Relation::Inside,
            (Meaning::Network(e1), Meaning::Subnet(e2) | Meaning::Group(e2, _)) if e1 == e2 => Relation::Holds,
            (Meaning::Tag(e1, _) | Meaning::Regional(e1, ..), two) if self.private_end(two) == Some(*e1) => {
                Relation::Disjoint
            }
            (one, Meaning::Tag(e2, _) | Meaning::Regional(e2, ..)) if self.private_end(one) == Some(*e2) => {
                Relation::Disjoint
            }
            (Meaning::Untagged(e1), Meaning::Tag(e2, tag) | Meaning::Regional(e2, tag, ..))
            | (Meaning::Tag(e1, tag) | Meaning::Regional(e1, tag, ..), Meaning::Untagged(e2))
                if e1 == e2 && tag.is_of_one_service() =>
            {
                Relation::Disjoint
            }
            _ => Relation::Open,
        }
    }

    /// The end at which a meaning is a private address inside the virtual network. What is not shown of the network is
    /// taken for private; the rest is as it is shown.
    fn private_end(&self, meaning: &Meaning) -> Option<End> {
        match meaning {
            Meaning::Network(end) => Some(*end),
            Meaning::Subnet(end) | Meaning::Group(end, _) if !self.public_network => Some(*end),
            _ => None,
        }
    }

    /// Some part of one tag against another: disjoint when the whole is.
    fn apart(&self, base: Tag, other: Tag) -> Relation {
        match base.relation(other, self.family, self.cloud) {
            Relation::Disjoint => Relation::Disjoint,
            _ => Relation::Open,
        }
    }

    /// What a literal adds to a cube.
    pub(crate) fn adds(&self, cube: &[Literal], literal: Literal) -> Added {
        for known in cube {
            if known.symbol == literal.symbol {
                return if known.holds == literal.holds { Added::Implied } else { Added::Impossible };
            }
            let relation = self.relation(known.symbol, literal.symbol);
            let added = match (known.holds, literal.holds, relation) {
                (true, true, Relation::Equal | Relation::Inside) => Added::Implied,
                (true, true, Relation::Disjoint) => Added::Impossible,
                (true, false, Relation::Equal | Relation::Inside) => Added::Impossible,
                (true, false, Relation::Disjoint) => Added::Implied,
                (false, true, Relation::Equal | Relation::Holds) => Added::Impossible,
                (false, false, Relation::Equal | Relation::Holds) => Added::Implied,
                _ => Added::New,
            };
            if added != Added::New {
                return added;
            }
        }
        Added::New
    }
}

fn swapped(relation: Relation) -> Relation {
    match relation {
        Relation::Inside => Relation::Holds,
        Relation::Holds => Relation::Inside,
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Added, Doubt, End, Meaning, Symbol, Symbols};

    use crate::net::{Cloud, Family, Tag};

    fn symbols() -> Symbols {
        Symbols::new(Family::V4, Some(Cloud::Public))
    }

    fn tag(symbols: &mut Symbols, text: &str) -> Symbol {
        symbols.of(Meaning::Tag(End::Destination, Tag::named(text).unwrap()), || Doubt::new(""))
    }

    #[test]
    fn what_one_proof_adds_is_nothing_to_another() {
        let mut shared = symbols();
        let storage = tag(&mut shared, "Storage");
        let shared = Arc::new(shared);
        let (mut one, mut two) = (Symbols::above(&shared), Symbols::above(&shared));
        assert_eq!(tag(&mut one, "Storage"), storage);
        let (monitor, sql) = (tag(&mut one, "AzureMonitor"), tag(&mut two, "Sql"));
        assert_eq!(one.tags(End::Destination).count(), 2);
        assert_eq!(two.tags(End::Destination).count(), 2);
        assert_eq!(
            (one.meaning(monitor), two.meaning(sql)).0,
            &Meaning::Tag(End::Destination, Tag::named("AzureMonitor").unwrap())
        );
        assert_eq!(one.meaning(storage), two.meaning(storage));
    }

    #[test]
    fn what_lies_inside_follows() {
        let mut symbols = symbols();
        let (storage, part) = (tag(&mut symbols, "Storage"), tag(&mut symbols, "Storage.WestEurope"));
        assert_eq!(symbols.adds(&[part.holds()], storage.holds()), Added::Implied);
        assert_eq!(symbols.adds(&[part.holds()], storage.fails()), Added::Impossible);
        assert_eq!(symbols.adds(&[storage.fails()], part.holds()), Added::Impossible);
        assert_eq!(symbols.adds(&[storage.holds()], part.holds()), Added::New);
    }

    #[test]
    fn what_is_disjoint_excludes() {
        let mut symbols = symbols();
        let (storage, monitor) = (tag(&mut symbols, "Storage"), tag(&mut symbols, "AzureMonitor"));
        assert_eq!(symbols.adds(&[storage.holds()], monitor.holds()), Added::Impossible);
        assert_eq!(symbols.adds(&[storage.holds()], monitor.fails()), Added::Implied);
        assert_eq!(symbols.adds(&[storage.fails()], monitor.fails()), Added::New);
    }

    #[test]
    fn a_region_by_key_is_inside_its_tag_and_equal_to_itself() {
        let mut symbols = symbols();
        let storage = tag(&mut symbols, "Storage");
        let base = Tag::named("Storage").unwrap();
        let mut region = |key: &str, odd| {
            symbols.of(Meaning::Regional(End::Destination, base, Arc::from(key), odd), || Doubt::new(""))
        };
        let (one, two, odd) = (region("a", false), region("b", false), region("mars", true));
        let west = tag(&mut symbols, "Storage.WestEurope");
        assert_eq!(symbols.adds(&[one.holds()], storage.holds()), Added::Implied);
        assert_eq!(symbols.adds(&[one.holds()], two.holds()), Added::New);
        assert_eq!(symbols.adds(&[one.holds()], west.holds()), Added::New);
        assert_eq!(symbols.adds(&[odd.holds()], west.holds()), Added::Impossible);
    }

    #[test]
    fn tags_are_apart_from_the_virtual_network() {
        let mut symbols = symbols();
        let storage = tag(&mut symbols, "Storage");
        let network = symbols.of(Meaning::Network(End::Destination), || Doubt::new(""));
        let subnet = symbols.of(Meaning::Subnet(End::Destination), || Doubt::new(""));
        assert_eq!(symbols.adds(&[storage.holds()], network.fails()), Added::Implied);
        assert_eq!(symbols.adds(&[subnet.holds()], network.holds()), Added::Implied);
    }
}
