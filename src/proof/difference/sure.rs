//! What of a difference is sure: a box under literals is when every world has a packet in it. Of a tag whose addresses are not
//! loaded some surely exist; how they lie to other addresses is not known.

use crate::estate::Direction;
use crate::net::{AddressSet, Relation, Tag};
use crate::proof::cell::{Cell, Values};
use crate::proof::difference::boxes::deciding;
use crate::proof::difference::compared::Compared;
use crate::proof::difference::lines::{EXISTS, OF_THE_BASE, SLOTS, Side};
use crate::proof::difference::sent::{Both, Met, Sent};
use crate::proof::doubt::Doubt;
use crate::proof::stage::Author;
use crate::proof::symbol::{self, Literal, Meaning, Symbol, Symbols};

/// Tags of services that have addresses in every cloud and region, and none in common.
const WITNESSES: [&str; 6] = ["Storage", "Sql", "AzureKeyVault", "EventHub", "ServiceBus", "AzureContainerRegistry"];

/// The part of a rule list that a guard stands for, by its key; `None`: it is no part of a list, or has no name of its own.
fn unknown_part(symbols: &Symbols, guards: &[Literal]) -> Option<String> {
    let [guard] = guards else { return None };
    let Meaning::Packet(key) = symbols.meaning(guard.symbol) else { return None };
    let (_, part) = key.split_once(" rules 0x")?;
    let (_, key) = part.split_once(' ')?;
    let key = key.strip_suffix(OF_THE_BASE).unwrap_or(key);
    (!key.is_empty()).then(|| key.to_owned())
}

impl Compared<'_, '_, '_> {
    /// The platform takes what is for it wherever something is. And what an unknown part of a list makes of a packet is the
    /// same on both sides where the part is.
    pub(crate) fn is_no_change(&self, piece: &Both) -> bool {
        let (before, after) = deciding(piece);
        let platform = |side: &Side<'_>, met: &Met| {
            let at = (0..SLOTS).find(|at| met[*at].is_some());
            let entry = at.and_then(|at| Some(side[at].as_ref()?.entry(met[at]?)));
            entry.is_some_and(|entry| matches!(entry.author, Author::Platform))
        };
        let absent = |one: &Sent| one.met[EXISTS].is_some();
        if (absent(&piece.base) && platform(&self.sides.1, &after))
            || (absent(&piece.head) && platform(&self.sides.0, &before))
        {
            return true;
        }
        let by = |side: &Side<'_>, met: &Met| {
            let at = (0..SLOTS).find(|at| met[*at].is_some())?;
            let lines = side[at].as_ref()?;
            let entry = &lines.stage.entries[met[at]?];
            matches!(entry.author, Author::Unknown(_))
                .then(|| unknown_part(&self.symbols, &entry.clause.guards))
                .flatten()
        };
        match (by(&self.sides.0, &before), by(&self.sides.1, &after)) {
            (Some(one), Some(two)) => self.files.base.nameless(&one) == self.files.head.nameless(&two),
            _ => false,
        }
    }

    /// Where the addresses of a symbol can be.
    pub(crate) fn domain(&self, symbol: Symbol) -> Option<(symbol::End, AddressSet)> {
        let (end, domain) = self.whole_domain(symbol)?;
        // At the place that is asked about they are among its own.
        let near = self.near.as_ref().filter(|_| end == self.near_end());
        Some((end, near.map_or_else(|| domain.clone(), |near| domain.intersection(near))))
    }

    pub(crate) fn near_end(&self) -> symbol::End {
        if self.direction == Direction::Outbound { symbol::End::Source } else { symbol::End::Destination }
    }

    fn whole_domain(&self, symbol: Symbol) -> Option<(symbol::End, AddressSet)> {
        Some(match self.symbols.meaning(symbol) {
            Meaning::Tag(end, _) | Meaning::Regional(end, ..) => (*end, self.tagged.clone()),
            Meaning::Network(end) => (*end, self.hidden.clone()),
            Meaning::Group(end, _) => (*end, self.networks.union(&self.hidden)),
            _ => return None,
        })
    }

    /// What it depends on whether a cell has a packet; none: in every world it has one.
    pub(crate) fn doubts(&self, cell: &Cell) -> Vec<(Doubt, bool)> {
        let mut open: Vec<Symbol> = Vec::new();
        for end in [symbol::End::Source, symbol::End::Destination] {
            let of_end = |literal: &&Literal| self.domain(literal.symbol).is_some_and(|(at, _)| at == end);
            let literals: Vec<Literal> = cell.cube.iter().filter(of_end).copied().collect();
            self.end_doubts(cell, end, &literals, &mut open);
        }
        for literal in &cell.cube {
            let benign = match self.symbols.meaning(literal.symbol) {
                // What is asked about is what the place has.
                Meaning::Subnet(_) => literal.holds,
                _ => self.domain(literal.symbol).is_some(),
            };
            if !benign {
                open.push(literal.symbol);
            }
        }
        open.sort_unstable();
        open.dedup();
        open.into_iter().map(|symbol| (self.symbols.doubt(symbol).clone(), self.is_of_head(symbol))).collect()
    }

    /// The literals of one end that leave open whether there is an address.
    fn end_doubts(&self, cell: &Cell, end: symbol::End, literals: &[Literal], open: &mut Vec<Symbol>) {
        let range = cell.addresses(end);
        let holding: Vec<Symbol> = literals.iter().filter(|one| one.holds).map(|one| one.symbol).collect();
        let failing: Vec<Symbol> = literals.iter().filter(|one| !one.holds).map(|one| one.symbol).collect();
        let covers = |symbol: Symbol| self.domain(symbol).is_some_and(|(_, domain)| domain.is_subset(range));
        match holding[..] {
            [] => open.extend(failing.into_iter().filter(|symbol| !self.leaves_some(*symbol, range))),
            [one] => {
                if !covers(one) || !self.has_some(one) {
                    open.push(one);
                }
                if !failing.iter().all(|other| self.exceeds(one, *other)) && !self.has_witness(one, &failing) {
                    open.extend(failing);
                }
            }
            _ => open.extend(holding.into_iter().chain(failing)),
        }
    }

    /// Whether a tag or group surely has an address.
    fn has_some(&self, symbol: Symbol) -> bool {
        match self.symbols.meaning(symbol) {
            Meaning::Tag(_, tag) => tag.has_addresses(self.symbols.family),
            Meaning::Regional(_, base, _, false) => base.has_addresses_everywhere(self.symbols.family),
            // A network has addresses, and a group is made for its members.
            Meaning::Network(_) | Meaning::Group(..) => true,
            _ => false,
        }
    }

    /// Whether a range surely has an address that is not one of a tag or group.
    fn leaves_some(&self, symbol: Symbol, range: &AddressSet) -> bool {
        match self.symbols.meaning(symbol) {
            Meaning::Tag(..) | Meaning::Regional(..) => {
                self.public.is_subset(range) || !range.minus(&self.tagged).is_empty()
            }
            Meaning::Network(_) => self.hidden.is_subset(range) || !range.minus(&self.hidden).is_empty(),
            Meaning::Group(..) => {
                let domain = self.networks.union(&self.hidden);
                domain.is_subset(range) || !range.minus(&domain).is_empty()
            }
            _ => false,
        }
    }

    /// Whether one tag surely has an address that is none of another's.
    fn exceeds(&self, one: Symbol, other: Symbol) -> bool {
        if self.symbols.relation(one, other) == Relation::Disjoint {
            return true;
        }
        let tag = |symbol: Symbol| match self.symbols.meaning(symbol) {
            Meaning::Tag(_, tag) => Some(*tag),
            _ => None,
        };
        let (Some(one), Some(other)) = (tag(one), tag(other)) else { return false };
        let cloud = self.symbols.cloud;
        let held = other.relation(one, self.symbols.family, cloud).is_inside() && other != one;
        let regional = |one: Tag, other: Tag| one.is_base() && other.base() == one && one.exceeds_its_regions(cloud);
        (held && (one.is_azure_cloud() || regional(one, other) || other.parent() == Some(one)))
            || (other.is_azure_cloud() && one.exceeds_azure_cloud(cloud))
    }

    /// Whether some tag inside one, which surely has addresses, is apart from all of the others.
    fn has_witness(&self, one: Symbol, others: &[Symbol]) -> bool {
        let Meaning::Tag(end, tag) = self.symbols.meaning(one) else { return false };
        let (family, cloud) = (self.symbols.family, self.symbols.cloud);
        let inside = WITNESSES.iter().filter_map(|name| Tag::named(name)).flat_map(|base| {
            let regional = tag.region().and_then(|region| base.in_region(region));
            [Some(base), regional].into_iter().flatten()
        });
        inside.filter(|inner| inner.has_addresses(family) && inner.relation(*tag, family, cloud).is_inside()).any(
            |inner| {
                let inner = Meaning::Tag(*end, inner);
                let apart =
                    |other: &Symbol| self.symbols.meanings(&inner, self.symbols.meaning(*other)) == Relation::Disjoint;
                others.iter().all(apart)
            },
        )
    }
}
