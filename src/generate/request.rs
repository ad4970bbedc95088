//! A plan as a request to those who look after the firewall, in Markdown: each rule, whether it can be done without, why,
//! and the page that says so.

use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Level, RuleCard};
use crate::generate::lines::Line;
use crate::generate::plan::Plan;
use crate::generate::words::check;

/// The request as text.
pub(crate) fn write(plan: &Plan) -> String {
    let mut out = format!("# Network request: {}\n\n{}\n", escaped(&plan.title), escaped(&plan.describe));
    let prefix = plan.prefix.as_deref().unwrap_or("its address prefix is to be filled in");
    out.push_str(&format!("\n**Subnet**: `{}`, {prefix}\n", plan.name("snet")));
    for (what, wanted) in [("Known", false), ("Taken as the service says", true)] {
        let facts = plan.facts.iter().filter(|(.., is_default)| *is_default == wanted);
        let facts: Vec<String> = facts.map(|(name, value, _)| format!("`{name}={value}`")).collect();
        if !facts.is_empty() {
            out.push_str(&format!("\n**{what}**: {}\n", facts.join(", ")));
        }
    }
    let (inbound, outbound): (Vec<&Line>, Vec<&Line>) =
        plan.lines.rules.iter().partition(|line| line.value["properties"]["direction"] == "Inbound");
    let firewall: Vec<&Line> = plan.lines.network.iter().chain(&plan.lines.application).collect();
    let is_firewall = plan.firewall.is_some();
    section(&mut out, "The firewall lets out of the subnet", "to", &firewall);
    let title = if is_firewall { "The network security group lets out" } else { "What has to leave the subnet" };
    section(&mut out, title, "to", &outbound);
    section(&mut out, "What has to reach the subnet", "from", &inbound);
    section(
        &mut out,
        "Routes that go before the one to the firewall",
        "to",
        &plan.lines.routes.iter().collect::<Vec<_>>(),
    );
    out.push_str(
        "\nNothing else has to pass. `required`: the service does not work without it; `advised`: a part of it does not; \
         `optional`: nothing known fails without it.\n",
    );
    out.push_str(&format!("\nJudged by `{}`.\n", check(plan, "FILE")));
    out
}

fn section(out: &mut String, title: &str, end: &str, lines: &[&Line]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!(
        "\n## {title}\n\n| # | traffic | {end} | need | why | source |\n|---|---|---|---|---|---|\n"
    ));
    for (at, line) in lines.iter().enumerate() {
        let (traffic, ends) = told(line);
        let least = line.cards.iter().map(|card| card.level).max();
        let need = match least {
            Some(Level::Error) => "required",
            Some(Level::Warning) => "advised",
            Some(Level::Note) | None => "optional",
        };
        let mut why: Vec<String> = Vec::new();
        for card in &line.cards {
            let one = escaped(first_sentence(&card.why));
            if !why.contains(&one) {
                why.push(one);
            }
        }
        let mut sources: Vec<String> = Vec::new();
        for source in line.cards.iter().filter_map(source) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        let row = [traffic, ends, need.to_owned(), why.join("<br>"), sources.join("<br>")].join(" | ");
        out.push_str(&format!("| {} | {row} |\n", at + 1));
    }
}

/// The traffic of a line, and its other end.
fn told(line: &Line) -> (String, String) {
    let value = &line.value;
    let properties = value.get("properties").unwrap_or(value);
    let all =
        |keys: &[&str]| -> Vec<String> { keys.iter().filter_map(|key| properties.get(*key)).flat_map(texts).collect() };
    let code = |texts: Vec<String>| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
    if let Some(prefix) = properties.get("addressPrefix") {
        let hop = all(&["nextHopType"]).join("");
        return (format!("next hop {hop}"), code(texts(prefix)));
    }
    let protocol = match properties.get("protocols").and_then(Value::as_array) {
        Some(spoken) => spoken
            .iter()
            .map(|one| format!("{} {}", one["protocolType"].as_str().unwrap_or_default(), one["port"]))
            .collect::<Vec<_>>()
            .join(", "),
        None => {
            let ports = all(&["destinationPortRange", "destinationPortRanges", "destinationPorts"]).join(", ");
            format!("{} {ports}", all(&["protocol", "ipProtocols"]).join("/").to_uppercase())
        }
    };
    let inbound = properties.get("direction").is_some_and(|way| way == "Inbound");
    let mut ends = if inbound {
        code(all(&["sourceAddressPrefix", "sourceAddressPrefixes"]))
    } else {
        code(all(&[
            "destinationAddressPrefix",
            "destinationAddressPrefixes",
            "destinationAddresses",
            "destinationFqdns",
            "targetFqdns",
        ]))
    };
    if !line.hosts.is_empty() {
        ends.push_str(&format!(", for {}", code(line.hosts.clone())));
    }
    (protocol, ends)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn source(card: &Arc<RuleCard>) -> Option<String> {
    let source = card.sources.first()?;
    let section = source.section.as_ref().map(|section| format!(", {}", escaped(section))).unwrap_or_default();
    Some(format!("[{}]({}){section}, read {}", escaped(&source.title), source.url, source.read))
}

/// A text up to the end of its first sentence.
fn first_sentence(text: &str) -> &str {
    let end = text.match_indices(['.', '\n']).find(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        *mark == "\n" || rest.is_empty() || rest.starts_with([' ', '\n'])
    });
    end.map_or(text, |(at, mark)| text[..at + mark.len()].trim_end())
}

/// A text that stays one cell of a table.
fn escaped(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}
