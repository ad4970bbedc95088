//! What edits change besides what they are for: the exact difference of the runs before and after, held against what the
//! requirements ask for.

use crate::diff::{self, Diff, Sides, TrafficChange};
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

fn is_asked<'t>(change: &TrafficChange, asked: &[&Asked], tags: &dyn Fn(&str) -> Option<&'t AddressSet>) -> bool {
    change.traffic.iter().all(|one| {
        asked.iter().any(|asked| match change.turn {
            Turn::Closed => one.ports.is_subset(&asked.given_up) && is_within(one, asked, &asked.given_up, tags),
            Turn::Opened | Turn::Rerouted => is_within(one, asked, &asked.ports, tags),
        })
    })
}

/// Whether traffic to some ports is of what is asked for, whatever its ports are.
fn is_within<'t>(one: &Traffic, asked: &Asked, ports: &PortSet, tags: &dyn Fn(&str) -> Option<&'t AddressSet>) -> bool {
    let inbound = one.direction == crate::estate::Direction::Inbound;
    if inbound != asked.is_inbound || !one.protocols.difference(asked.protocols).is_empty() {
        return false;
    }
    if one.protocols.has_ports() && !one.ports.is_subset(ports) {
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
fn holds<'t>(peer: &AskedPeer, end: &End, tags: &dyn Fn(&str) -> Option<&'t AddressSet>) -> bool {
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
