//! What edits change besides what they are for: the exact difference of the runs before and after, held against what the
//! requirements ask for.

use crate::diff::{self, Diff, Sides, TrafficChange};
use crate::estate::Direction;
use crate::finding::{Asked, AskedPeer};
use crate::lint::Kept;
use crate::net::{AddressSet, PortSet};
use crate::proof::{End, HostPattern, HostSet, Traffic, Turn};

/// The difference between a run and the same with edits made.
pub(crate) fn difference(before: &Kept, after: &Kept) -> Diff {
    let root = "";
    diff::diff(Sides {
        base: before,
        base_root: root,
        base_label: "",
        base_folder: "",
        head: after,
        head_root: root,
        read_alike: true,
    })
}

/// What a difference holds that none of the requirements asks for; `None`: nothing.
///
/// What may change, for all that is known, counts like what does. Parts that could not be compared count unless the run
/// before could not read them either.
pub(crate) fn besides(difference: &Diff, asked: &[&Asked], before: &Kept) -> Option<String> {
    let tags = |name: &str| before.tags.all().find_map(|file| file.tags.get(name)).map(|tag| &tag.set);
    let change = difference.changes.iter().find(|change| !is_asked(change, asked, &tags));
    if let Some(change) = change {
        return Some(format!("it also {}", diff::told(change)));
    }
    let broken = |on: &str| before.outcome.report.files.iter().any(|file| file.name == on);
    difference.open.iter().find(|part| !broken(&part.on)).map(|part| format!("{}: {}", part.on, part.why))
}

/// The addresses of a service tag, where they are loaded.
type Tags<'x, 't> = dyn Fn(&str) -> Option<&'t AddressSet> + 'x;

fn is_asked(change: &TrafficChange, asked: &[&Asked], tags: &Tags<'_, '_>) -> bool {
    change.traffic.iter().all(|one| is_within(one, change.turn == Turn::Closed, asked, tags))
}

/// Whether every packet of a box is of what some requirement asks for; of what closes, whether it is given up.
fn is_within(one: &Traffic, is_closed: bool, asked: &[&Asked], tags: &Tags<'_, '_>) -> bool {
    let ports = |asked: &Asked| if is_closed { asked.given_up.clone() } else { asked.ports.clone() };
    one.protocols.each().all(|(protocol, _)| {
        let near = asked.iter().filter(|asked| protocol.is_subset(asked.protocols) && is_to(one, asked, tags));
        let mut near = near.peekable();
        let any = near.peek().is_some();
        let all = near.fold(PortSet::empty(), |all, asked| all.union(&ports(asked)));
        any && if protocol.has_ports() { one.ports.is_subset(&all) } else { !is_closed }
    })
}

/// Whether a box goes the way of a requirement, to its other end or its hosts.
fn is_to(one: &Traffic, asked: &Asked, tags: &Tags<'_, '_>) -> bool {
    let inbound = one.direction == Direction::Inbound;
    if inbound != asked.is_inbound {
        return false;
    }
    let patterns: Vec<HostPattern> = asked.hosts.iter().filter_map(|host| HostPattern::read(host)).collect();
    if !one.hosts.is_full() && !patterns.is_empty() && one.hosts.is_subset(&HostSet::of_all(&patterns)) {
        return true;
    }
    let far = if inbound { &one.from } else { &one.to };
    asked.peers.iter().any(|peer| holds(peer, far, tags))
}

/// Whether all addresses of an end are of what is asked for.
fn holds(peer: &AskedPeer, end: &End, tags: &Tags<'_, '_>) -> bool {
    let named = |wanted: &str| {
        end.only.iter().chain(&end.name).any(|name| name.eq_ignore_ascii_case(wanted))
            || tags(wanted).is_some_and(|set| end.addresses.is_subset(set))
    };
    match peer {
        AskedPeer::Any => true,
        AskedPeer::Tag(wanted) => named(wanted),
        AskedPeer::Addresses(set) => end.addresses.is_subset(set),
        AskedPeer::Network => end.is_place || named("VirtualNetwork"),
    }
}
