//! Addresses and ports of firewall rules, as sets where they are known and symbols where they are not.

use std::sync::Arc;

use crate::estate::{Estate, Field, Peer, Reference};
use crate::net::{AddressSet, PortSet, RangeSet, Tag};
use crate::proof::cell::Match;
use crate::proof::given::here;
use crate::proof::ground::Ground;

use crate::proof::symbol::{Doubt, End, Literal, Meaning};
use crate::source::Span;

/// The addresses of one side of a rule: addresses, ranges, tags and IP groups are alternatives (FW-3, FW-16).
pub(crate) fn addresses(
    ground: &mut Ground<'_, '_>,
    estate: &Estate,
    end: End,
    items: &[Field<Peer>],
    groups: &[Reference],
) -> Match<AddressSet> {
    let mut all = Match::nothing();
    let mut known: Vec<&AddressSet> = Vec::new();
    for item in items {
        match &item.value {
            Ok(Peer::Any) => all.add(Arc::clone(&ground.space), Vec::new()),
            Ok(Peer::Addresses(set)) => known.push(set),
            Ok(Peer::Tag(name)) => tag(ground, end, name, item.span, &mut all),
            Ok(Peer::Invalid(_)) => {}
            Err(unknown) => ground.unknown(end, unknown, &mut all),
        }
    }
    for reference in groups {
        match here(reference, &estate.ip_groups, |one| &one.header, None, "IP group") {
            Ok(group) => {
                for part in &group.addresses {
                    match &part.value {
                        Ok(set) => known.push(set),
                        Err(unknown) => ground.unknown(end, unknown, &mut all),
                    }
                }
            }
            Err(doubt) => {
                let key = match &reference.id.value {
                    Ok(id) => Arc::from(id.to_ascii_lowercase()),
                    Err(unknown) => Arc::clone(&unknown.key),
                };
                let symbol = ground.symbols.of(Meaning::Addresses(end, key), || doubt);
                all.add(Arc::clone(&ground.space), vec![symbol.holds()]);
            }
        }
    }
    let known = AddressSet {
        v4: RangeSet::from_ranges(known.iter().flat_map(|set| set.v4.ranges().iter().copied())),
        v6: RangeSet::from_ranges(known.iter().flat_map(|set| set.v6.ranges().iter().copied())),
    };
    all.add(known.intersection(&ground.space), Vec::new());
    all
}

/// A tag. Azure Firewall takes most tags as destinations and none as sources (TAG-8, TAG-9); what it does with another
/// one, should it let it in, is not known.
fn tag(ground: &mut Ground<'_, '_>, end: End, name: &Arc<str>, span: Span, all: &mut Match<AddressSet>) {
    let tag = Tag::read(name, ground.scene.cloud).tag();
    if end == End::Destination && tag.is_none_or(Tag::is_usable_in_firewalls) {
        return ground.tag(end, name, all);
    }
    let mut meant = Match::nothing();
    match tag.and_then(Tag::special) {
        Some(special) => meant = ground.special_in_rule(end, special, None),
        None => ground.tag(end, name, &mut meant),
    }
    let meaning = Meaning::World(Arc::from(format!("firewalls take {end:?} {}", name.to_ascii_lowercase())));
    let taken = ground.symbols.of(meaning, || {
        let side = if end == End::Source { "sources" } else { "destinations" };
        Doubt::new(format!("Azure Firewall is not documented to take `{name}` among its {side}")).at(span)
    });
    for term in meant.terms {
        all.add(term.set, [taken.holds()].into_iter().chain(term.cube).collect());
    }
}

/// The side of a rule that names nothing: Azure refuses it, so whatever it is meant to match stays open.
pub(crate) fn nothing_named(ground: &mut Ground<'_, '_>, end: End, at: &str, span: Span) -> Match<AddressSet> {
    let symbol = ground.symbols.of(Meaning::Addresses(end, Arc::from(format!("side {at}"))), || {
        let side = if end == End::Source { "source" } else { "destination" };
        Doubt::new(format!("the firewall rule names no {side}")).at(span)
    });
    let mut all = Match::nothing();
    all.add(Arc::clone(&ground.space), vec![symbol.holds()]);
    all
}

/// The union of destination ports.
pub(crate) fn ports(ground: &mut Ground<'_, '_>, items: &[Field<PortSet>], at: &str, span: Span) -> Match<PortSet> {
    let mut all = Match::nothing();
    let known = items.iter().filter_map(Field::known);
    all.add(PortSet::from_ranges(known.flat_map(|set| set.ranges().iter().copied())), Vec::new());
    for (item, unknown) in items.iter().filter_map(|item| Some((item, item.unknown()?))) {
        let symbol = ground.symbols.of(Meaning::Ports(End::Destination, Arc::clone(&unknown.key)), || Doubt {
            span: Some(item.span),
            ..Doubt::of("a port of a firewall rule", unknown)
        });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    if items.is_empty() {
        let symbol = ground.symbols.of(Meaning::Ports(End::Destination, Arc::from(format!("ports {at}"))), || {
            Doubt::new("the firewall rule names no destination port").at(span)
        });
        all.add(PortSet::full(), vec![symbol.holds()]);
    }
    all
}

/// A literal that may hold for one packet and not for another.
pub(crate) fn maybe(ground: &mut Ground<'_, '_>, key: String, doubt: impl FnOnce() -> Doubt) -> Literal {
    ground.symbols.of(Meaning::Packet(Arc::from(key)), doubt).holds()
}
