//! A difference for programs, version 1. Its schema is `diff-v1.schema.json`.

use std::io;

use serde_json::{Value as Json, json};

use crate::diff::model::{Diff, Line, Location, RequirementChange, TrafficChange, Why};
use crate::diff::words::{fate, fate_word, shortest, traffic};
use crate::finding::Verdict;
use crate::net::PortSet;
use crate::proof::{End, Fate, Traffic, Turn};

/// The JSON Schema of the format.
pub const SCHEMA: &str = include_str!("diff-v1.schema.json");

/// So many boxes, prefixes and lines are written of one change.
const MOST: usize = 1000;

/// Writes the difference.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = diff.counts();
    let document = json!({
        "version": 1,
        "summary": {
            "places": diff.compared,
            "requirements": diff.asked,
            "requirements-broken": counts.broken,
            "requirements-mended": counts.mended,
            "requirements-turned": counts.turned,
            "opened-to-internet": counts.opened_internet,
            "opened": counts.opened,
            "closed": counts.closed,
            "rerouted": counts.rerouted,
            "undecided": counts.undecided,
            "no-change": diff.is_empty(),
        },
        "requirements": diff.requirements.iter().map(requirement).collect::<Vec<_>>(),
        "changes": diff.changes.iter().map(change).collect::<Vec<_>>(),
        "undecided": diff.open.iter().map(|one| json!({ "on": one.on, "why": one.why })).collect::<Vec<_>>(),
        "places": diff.places.iter().map(|one| json!({
            "kind": one.kind, "base": one.before, "head": one.after,
        })).collect::<Vec<_>>(),
    });
    writeln!(out, "{document:#}")
}

fn location(place: &Location) -> Json {
    let position = place.position;
    json!({
        "path": place.path, "line": position.line, "column": position.column,
        "end-line": position.end_line, "end-column": position.end_column,
    })
}

fn line(line: &Line) -> Json {
    json!({
        "layer": (!line.layer.is_empty()).then_some(line.layer),
        "kind": line.kind, "name": line.name, "priority": line.priority,
        "place": line.place.as_ref().map(location),
    })
}

fn why(why: &Why) -> Json {
    json!({ "text": why.text, "settled-by": why.settle, "place": why.place.as_ref().map(location) })
}

fn requirement(one: &RequirementChange) -> Json {
    json!({
        "placement": one.placement, "rule": one.rule, "flow": one.flow,
        "base": one.before.map(Verdict::as_str), "head": one.after.map(Verdict::as_str),
        "applies": one.applies.as_str(), "advice": one.advice, "broken": one.is_broken(),
        "decided-by": {
            "base": one.base.iter().map(line).collect::<Vec<_>>(),
            "head": one.head.iter().map(line).collect::<Vec<_>>(),
        },
        "packet": one.witness.as_ref().map(packet),
        "why": one.why,
    })
}

fn packet(packet: &crate::finding::Packet) -> Json {
    json!({
        "protocol": packet.protocol, "source": packet.source, "source-port": packet.source_port,
        "destination": packet.destination, "destination-port": packet.destination_port,
    })
}

fn change(one: &TrafficChange) -> Json {
    let side = |fate: &Fate, decider: Option<&Line>| json!({ "fate": fate_word(fate), "to": self::fate(fate), "decided-by": decider.map(line) });
    let inbound = one.witness.inbound;
    json!({
        "turn": match one.turn { Turn::Opened => "opened", Turn::Closed => "closed", Turn::Rerouted => "rerouted" },
        "sure": one.is_sure(),
        "internet": one.is_public,
        "opens-internet": one.opens_internet(),
        "direction": if inbound { "inbound" } else { "outbound" },
        "on": one.on.iter().map(|(kind, name)| json!({ "kind": kind, "name": name })).collect::<Vec<_>>(),
        "parameter-sets": one.sets,
        "base": side(&one.before, one.base.as_ref()),
        "head": side(&one.after, one.head.as_ref()),
        "packets": one.traffic.iter().take(MOST).map(box_of).collect::<Vec<_>>(),
        "more-packets": one.traffic.len().saturating_sub(MOST),
        "packet": packet(&one.witness),
        "why": one.why.iter().map(why).collect::<Vec<_>>(),
    })
}

fn box_of(one: &Traffic) -> Json {
    json!({
        "text": traffic(one),
        "protocols": one.protocols.each().map(|(_, name)| name).collect::<Vec<_>>(),
        "sources": end(&one.from),
        "source-ports": ports(&one.source_ports),
        "destinations": end(&one.to),
        "destination-ports": ports(&one.ports),
        "hosts": if one.hosts.is_full() { Json::Null } else { json!(one.hosts.parts()) },
    })
}

fn ports(set: &PortSet) -> Vec<String> {
    set.ranges()
        .iter()
        .take(MOST)
        .map(|&(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect()
}

fn end(one: &End) -> Json {
    let all = shortest(&one.addresses);
    json!({
        "place": one.is_place, "any": one.is_any, "name": one.name,
        "addresses": all.iter().take(MOST).collect::<Vec<_>>(),
        "more-addresses": all.len().saturating_sub(MOST),
        "except-addresses": shortest(&one.but).into_iter().take(MOST).collect::<Vec<_>>(),
        "only": one.only, "except": one.except,
    })
}
