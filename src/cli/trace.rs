//! `aznetlint trace`: one flow, every layer it meets, the rule that decides in each, and the verdict.

use std::io::{self, Write};

use miette::Result;
use serde_json::{Value as Json, json};

use crate::cli::arguments::{FormatChoice, TraceArguments};
use crate::cli::end::{End, OutputError};
use crate::cli::settings::{FlagError, Gathered, gather_for};
use crate::estate::{Access, Direction};
use crate::lint;
use crate::net::{PortSet, ProtocolSet};
use crate::proof::{Decider, Judgement, Kind, Layer, Party, Verdict};
use crate::rule::{Followed, Question, follow};
use crate::source::Files;

pub(crate) fn run(arguments: &TraceArguments) -> Result<End> {
    let Gathered { pack, settings, .. } =
        gather_for(&arguments.paths, &arguments.templates, arguments.region.as_deref(), &arguments.service_tags)?;
    let question = question(arguments)?;
    let read = lint::estates(&arguments.paths, &mut io::stdin().lock(), &pack, &settings);
    for (name, why, span) in &read.broken {
        let place = span.map(|span| format!(":{}", read.files.position(span))).unwrap_or_default();
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(anstream::stderr(), "error: {name}{place}: {why}");
    }
    let tags = |cloud| read.tags.of(cloud).map(|file| &file.tags);
    let mut answers: Vec<(&str, Followed)> = Vec::new();
    for (label, estate) in &read.estates {
        let followed = follow(estate, &question, &tags).map_err(|names| {
            let help = if names.is_empty() {
                "the input holds no subnet, NSG, route table, firewall or policy".to_owned()
            } else {
                format!("the input holds: {}", names.join(", "))
            };
            let what = match arguments.from.as_deref().filter(|_| question.direction == Direction::Outbound) {
                Some(from) => format!("--from {from} means nothing in the input"),
                None => {
                    "say which end of the flow is in the input: --from SUBNET, or --to SUBNET for inbound".to_owned()
                }
            };
            FlagError::new(what, help)
        })?;
        answers.extend(followed.into_iter().map(|one| (label.as_str(), one)));
    }
    let text = match arguments.format {
        FormatChoice::Text => {
            let shown: Vec<String> = answers.iter().map(|(label, one)| text(&read.files, label, one)).collect();
            shown.join("\n")
        }
        FormatChoice::Json => {
            let shown: Vec<Json> = answers.iter().map(|(label, one)| document(&read.files, label, one)).collect();
            format!("{:#}\n", json!({ "version": 1, "traces": shown }))
        }
    };
    anstream::stdout().lock().write_all(text.as_bytes()).map_err(OutputError::report)?;
    if !read.broken.is_empty() {
        return Ok(End::Failed);
    }
    let passes = answers.iter().all(|(_, one)| one.trace.path.judgement.verdict == Verdict::Satisfied);
    Ok(if passes { End::Clean } else { End::Findings })
}

/// Reads the two ends. What stands in the estate decides the direction: a tag, host or public address is the far end.
fn question(arguments: &TraceArguments) -> Result<Question> {
    let written = &arguments.to;
    let bad = |help: &str| FlagError::new(format!("--to {written}: not a destination"), help.to_owned());
    let (rest, protocol) = match written.rsplit_once('/') {
        Some((rest, protocol)) if ProtocolSet::parse(protocol).is_some() => (rest, protocol),
        _ => (written.as_str(), "tcp"),
    };
    let protocols = ProtocolSet::parse(protocol).unwrap_or(ProtocolSet::TCP);
    let (name, ports) = match rest.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
            (name, Some(port))
        }
        _ => (rest, None),
    };
    let ports = match ports {
        Some(text) => {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            match (first.parse::<u16>(), last.parse::<u16>()) {
                (Ok(first), Ok(last)) if first <= last => PortSet::range(first, last),
                _ => return Err(bad("a port is a number up to 65535, or a range such as 8704-8710").into()),
            }
        }
        None if protocols.has_ports() => {
            return Err(bad("say the port, as in Storage.westeurope:445/tcp").into());
        }
        None => PortSet::full(),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let party = |text: &str| Party::read(text, None);
    let is_far = |party: &Party| !matches!(party, Party::Subnet);
    let from = arguments.from.as_deref();
    // A name that is no address, tag or host is a resource of the estate.
    match (from.and_then(party).filter(is_far), party(name).filter(is_far)) {
        (Some(Party::Addresses(own)), Some(far)) => {
            Ok(Question { near: None, address: Some(own), direction: Direction::Outbound, far, protocols, ports })
        }
        (None, Some(far)) => {
            let near = from.map(str::to_owned);
            Ok(Question { near, address: None, direction: Direction::Outbound, far, protocols, ports })
        }
        (Some(far), None) => {
            let near = (!name.eq_ignore_ascii_case("subnet")).then(|| name.to_owned());
            Ok(Question { near, address: None, direction: Direction::Inbound, far, protocols, ports })
        }
        (Some(far), Some(Party::Addresses(own))) => {
            Ok(Question { near: None, address: Some(own), direction: Direction::Inbound, far, protocols, ports })
        }
        (Some(_), Some(_)) => Err(bad("one end has to be a subnet or address of the input").into()),
        (None, None) => Err(bad("one end has to be a service tag, a host name or an address").into()),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Satisfied => "satisfied",
        Verdict::Violated => "violated",
        Verdict::Undecided => "undecided",
    }
}

fn text(files: &Files, label: &str, one: &Followed) -> String {
    let trace = &one.trace;
    let mut lines = Vec::new();
    // What comes in may be lost on its way back: then the packet is the reply.
    let reply = trace.packet.as_ref().is_some_and(|packet| packet.direction != one.direction);
    let direction = match one.direction {
        Direction::Inbound if reply => "the reply to what comes inbound to",
        Direction::Inbound => "inbound to",
        Direction::Outbound => "outbound from",
    };
    let packet = trace.packet.as_ref().map(|packet| {
        let end =
            |place: &str, port: Option<u16>| port.map_or_else(|| place.to_owned(), |port| format!("{place}:{port}"));
        format!(
            "{} {} → {}, ",
            packet.protocol.to_uppercase(),
            end(&packet.source, packet.source_port),
            end(&packet.destination, packet.destination_port)
        )
    });
    let set = if label.is_empty() { String::new() } else { format!(" [{label}]") };
    lines.push(format!("{}{direction} {}{set}", packet.unwrap_or_default(), one.place));
    for decider in &trace.way {
        lines.push(format!("  {:9} {}", decider.layer.as_str(), step(files, one, decider)));
    }
    let judgement = &trace.path.judgement;
    let reached: Vec<Layer> = trace.way.iter().map(|decider| decider.layer).collect();
    for (layer, alone) in trace.layers.iter().filter(|(layer, _)| !reached.contains(layer)) {
        let would = match alone.verdict {
            Verdict::Satisfied => "would let it pass",
            Verdict::Violated => "would drop it as well",
            Verdict::Undecided => "cannot be told",
        };
        lines.push(match (reply, alone.verdict) {
            (true, Verdict::Satisfied) => format!("  {:9} lets the call in", layer.as_str()),
            _ => format!("  {:9} not reached; by itself it {would}", layer.as_str()),
        });
    }
    lines.push(match judgement.verdict {
        Verdict::Satisfied => "passes: the network is not the cause".to_owned(),
        Verdict::Violated => format!("blocked: {}", blocked(judgement)),
        Verdict::Undecided => "undecided:".to_owned(),
    });
    if judgement.verdict == Verdict::Undecided {
        for doubt in &judgement.why {
            let place = doubt.span.map(|span| format!(" ({}:{})", files.name(span.file), files.position(span)));
            let settle = doubt.settle.as_ref().map(|settle| format!("; {settle} settles it")).unwrap_or_default();
            lines.push(format!("  {}{}{settle}", doubt.message, place.unwrap_or_default()));
        }
    }
    for assumption in &trace.path.assumptions {
        lines.push(format!("  assumed: {assumption}"));
    }
    lines.iter().map(|line| format!("{}\n", clean(line))).collect()
}

/// What is written by others is shown without its control characters.
fn clean(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn step(files: &Files, one: &Followed, decider: &Decider) -> String {
    let kind = match decider.layer {
        Layer::Group(_) => "nsg",
        Layer::Route => "route-table",
        Layer::Firewall => "firewall",
    };
    let owner =
        one.parts.iter().find(|(part, _)| *part == kind).map(|(_, name)| format!("{name}: ")).unwrap_or_default();
    let priority = decider.priority.map(|priority| format!("{priority} ")).unwrap_or_default();
    let effect = match (decider.next_hop, decider.access) {
        (Some(hop), _) => format!("leads to {hop:?}"),
        (None, Access::Allow) => "allows".to_owned(),
        (None, Access::Deny) => "denies".to_owned(),
    };
    let place = match decider.written {
        Some(written) => format!(" ({}:{})", files.name(written.name.file), files.position(written.name)),
        None if decider.kind == Kind::BuiltIn || decider.kind == Kind::SystemRoute => " (built in)".to_owned(),
        None => String::new(),
    };
    format!("{owner}{priority}{} {effect}{place}", decider.name)
}

fn blocked(judgement: &Judgement) -> String {
    match judgement.deciders.first() {
        Some(decider) => format!("{} in the {} layer", decider.name, decider.layer.as_str()),
        None => "no rule lets it pass".to_owned(),
    }
}

fn document(files: &Files, label: &str, one: &Followed) -> Json {
    let trace = &one.trace;
    let judgement = &trace.path.judgement;
    let decider = |decider: &Decider| {
        let place = decider.written.map(|written| {
            let position = files.position(written.span);
            json!({
                "path": files.name(written.span.file), "line": position.line, "column": position.column,
                "end-line": position.end_line, "end-column": position.end_column,
                "offset": files.file_offset(written.span), "length": written.span.len(),
            })
        });
        json!({
            "layer": decider.layer.as_str(), "name": &*decider.name, "kind": decider.kind.as_str(),
            "priority": decider.priority,
            "access": match decider.access { Access::Allow => "allow", Access::Deny => "deny" },
            "next-hop": decider.next_hop.map(|hop| format!("{hop:?}")), "place": place,
        })
    };
    json!({
        "place": one.place,
        "parameter-set": label,
        "direction": match one.direction { Direction::Inbound => "inbound", Direction::Outbound => "outbound" },
        "verdict": word(judgement.verdict),
        "layer": judgement.layer.map(Layer::as_str),
        "packet": trace.packet.as_ref().map(|packet| json!({
            "protocol": packet.protocol, "source": packet.source, "source-port": packet.source_port,
            "destination": packet.destination, "destination-port": packet.destination_port,
        })),
        "way": trace.way.iter().map(decider).collect::<Vec<_>>(),
        "layers": trace.layers.iter().map(|(layer, alone)| json!({
            "layer": layer.as_str(), "verdict": word(alone.verdict),
            "decided-by": alone.deciders.iter().map(decider).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "why": judgement.why.iter().map(|doubt| doubt.message.clone()).collect::<Vec<_>>(),
        "assumptions": trace.path.assumptions,
    })
}
