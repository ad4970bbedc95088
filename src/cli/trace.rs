//! `aznetlint trace`: one flow, every layer it meets, the rule that decides in each, and the verdict.

use std::io;

use miette::Result;
use serde_json::{Value as Json, json};

use crate::cli::arguments::{FormatChoice, LintArguments, ServiceArguments, TraceArguments};
use crate::cli::end::{End, FlagError, print_json, print_text, tell};
use crate::cli::settings::{Gathered, gather_for};
use crate::estate::{Access, Direction, NextHop};
use crate::finding::Layer;
use crate::finding::Verdict;
use crate::judge::{Far, Followed, Lost, Question, follow};
use crate::lint::Estates;
use crate::net::{PortSet, ProtocolSet, Reading, Tag};
use crate::proof::{Decider, Doubt, Judgement, Kind, Party};
use crate::source::Files;
use crate::spelling::nearest;
use crate::{lint, printable};

pub(crate) fn run(arguments: &TraceArguments) -> Result<End> {
    let more = LintArguments {
        services: ServiceArguments { appliances: arguments.appliances.clone(), ..ServiceArguments::default() },
        service_tags: arguments.service_tags.clone(),
        config: arguments.config.clone(),
        no_config: arguments.no_config,
        ..LintArguments::default()
    };
    let Gathered { pack, settings, .. } =
        gather_for(&arguments.paths, &arguments.templates, arguments.region.as_deref(), more)?;
    let question = question(arguments)?;
    let read = lint::estates(&arguments.paths, &mut io::stdin().lock(), &pack, &settings);
    for (name, why, span) in &read.broken {
        let place = span.map(|span| format!(":{}", read.files.position(span))).unwrap_or_default();
        tell(&format!("error: {name}{place}: {why}"));
    }
    let tags = |cloud| read.tags.of(cloud).map(|file| &file.tags);
    let mut answers: Vec<(&str, Followed)> = Vec::new();
    for (label, estate) in &read.estates {
        let followed = follow(estate, &question, &tags).map_err(|lost| meaningless(arguments, &question, lost))?;
        answers.extend(followed.into_iter().map(|one| (label.as_str(), one)));
    }
    let text = match arguments.format {
        FormatChoice::Text => {
            let shown: Vec<String> = answers.iter().map(|(label, one)| text(&read.files, label, one)).collect();
            read.covered(shown.join("\n"))
        }
        FormatChoice::Json => {
            let mut shown: Vec<Json> = answers.iter().map(|(label, one)| document(&read.files, label, one)).collect();
            shown.iter_mut().for_each(|one| cover(one, &read));
            format!("{:#}\n", json!({ "version": 1, "traces": shown }))
        }
    };
    match arguments.format {
        FormatChoice::Text => print_text(&text)?,
        FormatChoice::Json => print_json(&text)?,
    }
    if !read.broken.is_empty() {
        return Ok(End::Failed);
    }
    let passes = answers.iter().all(|(_, one)| one.verdict() == Verdict::Satisfied);
    Ok(if passes { End::Clean } else { End::Findings })
}

/// Takes what must not be shown out of the texts of a document.
fn cover(value: &mut Json, read: &Estates) {
    match value {
        Json::String(text) => *text = read.covered(std::mem::take(text)),
        Json::Array(items) => items.iter_mut().for_each(|item| cover(item, read)),
        Json::Object(members) => members.values_mut().for_each(|item| cover(item, read)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// An end that means nothing in the input, with what is near to it.
fn meaningless(arguments: &TraceArguments, question: &Question, lost: Lost) -> FlagError {
    match lost {
        Lost::Near(names) => {
            let help = if names.is_empty() {
                "the input holds no subnet, NSG, route table, firewall or policy".to_owned()
            } else {
                format!("the input holds: {}", names.join(", "))
            };
            let from = arguments.from.as_deref().filter(|_| question.direction == Direction::Outbound);
            let what = match from {
                Some(from) => format!("--from {from} means nothing in the input"),
                None => {
                    "say which end of the flow is in the input: --from SUBNET, or --to SUBNET for inbound".to_owned()
                }
            };
            FlagError::new(what, help)
        }
        Lost::Far(name, names) => {
            let meant = match Tag::read(&name, None) {
                Reading::Unknown { suggestion } | Reading::UnknownRegion { suggestion, .. } => suggestion,
                Reading::Known(_) | Reading::Alias { .. } => None,
            };
            let near = || nearest(&name, names.iter().map(String::as_str)).map(str::to_owned);
            let meant = meant.or_else(near).map(|meant| format!("did you mean `{meant}`? "));
            let help = format!(
                "{}it has to be a service tag, a host name, an address, or a subnet of the input: {}",
                meant.unwrap_or_default(),
                names.join(", ")
            );
            FlagError::new(format!("--to {}: `{name}` means nothing in the input", arguments.to), help)
        }
    }
}

/// Reads the two ends. What stands in the estate decides the direction: a tag, host or public address is the far end.
fn question(arguments: &TraceArguments) -> Result<Question> {
    let written = &arguments.to;
    let bad = |help: &str| FlagError::new(format!("--to {written}: not a destination"), help.to_owned());
    let (name, protocols, ports) = destination(written).map_err(|help| bad(&help))?;
    let from = arguments.from.as_deref();
    for (flag, text) in [("--from", from), ("--to", Some(name))] {
        if let Some((what, help)) = text.and_then(slip) {
            return Err(FlagError::new(format!("{flag} {}: {what}", text.unwrap_or_default()), help).into());
        }
    }
    let party = |text: &str| Party::read(text, None);
    let is_far = |party: &Party| !matches!(party, Party::Subnet);
    let ask = |near: Option<&str>, address, direction, far| {
        let near = near.map(str::to_owned);
        Ok(Question { near, address, direction, far, protocols, ports: ports.clone() })
    };
    // A name that is no address, tag or host is a resource of the estate.
    match (from.and_then(party).filter(is_far), party(name).filter(is_far)) {
        (Some(Party::Addresses(own)), Some(far)) => ask(None, Some(own), Direction::Outbound, Far::Party(far)),
        (None, Some(far)) => ask(from, None, Direction::Outbound, Far::Party(far)),
        (Some(Party::Addresses(own)), None) if !name.eq_ignore_ascii_case("subnet") => {
            let far = Party::Addresses(own);
            ask(Some(name), None, Direction::Inbound, Far::Party(far))
        }
        (Some(far), None) => {
            let near = (!name.eq_ignore_ascii_case("subnet")).then_some(name);
            ask(near, None, Direction::Inbound, Far::Party(far))
        }
        (Some(far), Some(Party::Addresses(own))) => ask(None, Some(own), Direction::Inbound, Far::Party(far)),
        (Some(_), Some(_)) => Err(bad("one end has to be a subnet or address of the input").into()),
        (None, None) if from.is_some() && !name.eq_ignore_ascii_case("subnet") => {
            ask(from, None, Direction::Outbound, Far::Place(name.to_owned()))
        }
        (None, None) => Err(bad("one end has to be a service tag, a host name or an address").into()),
    }
}

/// The parts of a destination: `NAME:PORTS/PROTOCOL`. The error says what to write.
fn destination(written: &str) -> Result<(&str, ProtocolSet, PortSet), String> {
    let (rest, protocol) = match written.rsplit_once('/') {
        Some((rest, protocol)) if ProtocolSet::parse(protocol).is_some() => (rest, protocol),
        _ => (written, "tcp"),
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
                _ => return Err("a port is a number up to 65535, or a range such as 8704-8710".to_owned()),
            }
        }
        None if protocols.has_ports() => return Err("say the port, as in Storage.westeurope:445/tcp".to_owned()),
        None => PortSet::full(),
    };
    Ok((name.trim_start_matches('[').trim_end_matches(']'), protocols, ports))
}

/// What is wrong with an end that was likely meant to be something else, and what may help: a broken address, or a
/// service tag with a region it does not have.
fn slip(text: &str) -> Option<(String, String)> {
    if Party::read(text, None).is_some_and(|party| !matches!(party, Party::Hosts(_))) {
        return None;
    }
    let in_address = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'/' | b'-');
    let v6 =
        text.contains(':') && text.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'/' | b'.'));
    if v6 || (text.contains('.') && text.bytes().all(in_address)) {
        let help = "write an address such as 10.0.1.4, or a prefix such as 10.0.1.0/24".to_owned();
        return Some((format!("`{text}` is neither an address nor a prefix"), help));
    }
    // Names with more dots are hosts, whatever their first part is.
    if text.matches('.').count() != 1 {
        return None;
    }
    match Tag::read(text, None) {
        Reading::UnknownRegion { base, suggestion: Some(meant) } => {
            Some((format!("service tag `{base}` has no such region"), format!("did you mean `{meant}`?")))
        }
        Reading::Unknown { suggestion: Some(meant) } if meant.contains('.') => {
            Some((format!("`{text}` is no service tag"), format!("did you mean `{meant}`?")))
        }
        _ => None,
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
    let mut lines = passage(files, label, one);
    for receiver in &one.receivers {
        lines.extend(passage(files, "", receiver));
    }
    let (verdict, end) = (one.verdict(), one.decisive());
    let judgement = &end.trace.path;
    lines.push(match verdict {
        Verdict::Satisfied => "passes: the network is not the cause".to_owned(),
        Verdict::Violated => format!("blocked: {}", blocked(judgement, end.direction)),
        Verdict::Undecided if judgement.asks_nothing => "not judged:".to_owned(),
        Verdict::Undecided => "undecided:".to_owned(),
    });
    if verdict == Verdict::Undecided {
        let mut doubts: Vec<&Doubt> = Vec::new();
        for doubt in doubts_of(one) {
            if doubts.iter().all(|known| known.reason != doubt.reason) {
                doubts.push(doubt);
            }
        }
        for doubt in doubts {
            let place = doubt.span.map(|span| format!(" ({}:{})", files.name(span.file), files.position(span)));
            let settle = doubt.settle().map(|settle| format!("; {settle} settles it")).unwrap_or_default();
            lines.push(format!("  {}{}{settle}", doubt.reason, place.unwrap_or_default()));
        }
    }
    for assumption in assumptions_of(one) {
        lines.push(format!("  assumed: {assumption}"));
    }
    lines.iter().map(|line| format!("{}\n", printable::line(line))).collect()
}

/// What both ends do not know.
fn doubts_of(one: &Followed) -> impl Iterator<Item = &Doubt> {
    let ends = std::iter::once(one).chain(&one.receivers);
    ends.flat_map(|end| &end.trace.path.why).chain(&one.unshown)
}

/// What both ends take for granted.
fn assumptions_of(one: &Followed) -> Vec<&String> {
    let mut all: Vec<&String> = Vec::new();
    for assumption in std::iter::once(one).chain(&one.receivers).flat_map(|end| &end.trace.path.assumptions) {
        if !all.contains(&assumption) {
            all.push(assumption);
        }
    }
    all
}

/// One end: the packet, and what each layer makes of it.
fn passage(files: &Files, label: &str, one: &Followed) -> Vec<String> {
    let trace = &one.trace;
    let mut lines = Vec::new();
    // What comes in may be lost on its way back: then the packet is the reply.
    let reply = trace.packet.as_ref().is_some_and(|packet| packet.inbound != (one.direction == Direction::Inbound));
    let direction = match one.direction {
        Direction::Inbound if reply => "the reply to what comes inbound to",
        Direction::Inbound => "inbound to",
        Direction::Outbound => "outbound from",
    };
    let packet = trace.packet.as_ref().map(|packet| {
        let (source, destination) = packet.ends();
        format!("{} {source} → {destination}, ", packet.protocol.to_uppercase())
    });
    let set = if label.is_empty() { String::new() } else { format!(" [{label}]") };
    lines.push(format!("{}{direction} {}{set}", packet.unwrap_or_default(), one.place));
    for decider in &trace.way {
        lines.push(format!("  {:9} {}", decider.layer.as_str(), step(files, one, decider)));
    }
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
    lines
}

fn step(files: &Files, one: &Followed, decider: &Decider) -> String {
    let kind = decider.layer.resource();
    let owner =
        one.parts.iter().find(|(part, _)| *part == kind).map(|(_, name)| format!("{name}: ")).unwrap_or_default();
    let priority = decider.priority.map(|priority| format!("{priority} ")).unwrap_or_default();
    let effect = match (decider.next_hop, decider.access) {
        // It may do either.
        _ if decider.kind == Kind::Unknown || decider.layer == Layer::Resolve => String::new(),
        (Some(hop), _) => format!(" leads to {}", hop.as_str()),
        (None, Access::Allow) => " allows".to_owned(),
        (None, Access::Deny)
            if matches!(decider.layer, Layer::Firewall | Layer::Appliance)
                && decider.kind == Kind::BuiltIn
                && decider.priority.is_none() =>
        {
            ", so it is dropped".to_owned()
        }
        (None, Access::Deny) => " denies".to_owned(),
    };
    let place = match decider.written {
        Some(written) => format!(" ({}:{})", files.name(written.name.file), files.position(written.name)),
        None if decider.kind == Kind::Declared => " (declared)".to_owned(),
        None if decider.kind == Kind::BuiltIn || decider.kind == Kind::SystemRoute => " (built in)".to_owned(),
        None => String::new(),
    };
    format!("{owner}{priority}{}{effect}{place}", decider.name)
}

fn blocked(judgement: &Judgement, direction: Direction) -> String {
    let outbound = direction == Direction::Outbound;
    match judgement.deciders.first() {
        // A route that is its own end leads where nothing can be.
        Some(decider) if outbound && decider.next_hop == Some(NextHop::VirtualAppliance) => {
            format!("the next hop of {} is out of reach: no peering joins its network", decider.name)
        }
        Some(decider) => format!("{} in the {} layer", decider.name, decider.layer.as_str()),
        None => "no rule lets it pass".to_owned(),
    }
}

fn document(files: &Files, label: &str, one: &Followed) -> Json {
    let mut whole = end_document(files, label, one);
    if one.receivers.is_empty() && one.unshown.is_none() {
        return whole;
    }
    let receivers: Vec<Json> = one.receivers.iter().map(|receiver| end_document(files, label, receiver)).collect();
    let layer = one.decisive().trace.path.layer;
    if let Some(members) = whole.as_object_mut() {
        members.insert("verdict".to_owned(), json!(word(one.verdict())));
        members.insert("layer".to_owned(), json!(layer.map(Layer::as_str)));
        let why: Vec<String> = doubts_of(one).map(Doubt::message).collect();
        members.insert("why".to_owned(), json!(why));
        members.insert("assumptions".to_owned(), json!(assumptions_of(one)));
        members.insert("receivers".to_owned(), json!(receivers));
    }
    whole
}

fn end_document(files: &Files, label: &str, one: &Followed) -> Json {
    let trace = &one.trace;
    let judgement = &trace.path;
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
            "next-hop": decider.next_hop.map(NextHop::as_str), "place": place,
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
        "why": judgement.why.iter().map(Doubt::message).collect::<Vec<_>>(),
        "assumptions": trace.path.assumptions,
    })
}
