//! Security admin rules of a Virtual Network Manager, as written and as lists of effective rules show them.

use std::sync::Arc;

use crate::estate::extract::address::{Place, peers};
use crate::estate::extract::port::{ports, protocol};
use crate::estate::extract::reader::{Reader, absent, field, lookup};
use crate::estate::extract::security::{access, direction};
use crate::estate::resource::{Access, AdminRule, Field, Header, Peer, Ports, SecurityRule, Side};
use crate::json::Node;
use crate::net::{PortSet, ProtocolSet};

/// What only lists of effective rules say of a rule.
const EFFECTIVE: [&str; 4] =
    ["ruleCollectionAppliesToGroups", "ruleGroups", "configurationDescription", "ruleCollectionDescription"];

/// A security admin rule. An address or port list that is empty or absent stands for any.
pub(crate) fn admin_rule(reader: &mut Reader<'_>, header: Header) -> AdminRule {
    let node = header.node.clone();
    let says = |key: &&str| node.get(key).is_some() || node.at(&["properties", key]).is_some();
    let effective = EFFECTIVE.iter().any(says);
    let passes_groups = |text: &str| text.eq_ignore_ascii_case("AlwaysAllow");
    let written = lookup(&node, &["properties", "access"]);
    let always = written.and_then(Node::text).is_some_and(passes_groups);
    let access = match written {
        Some(found) => {
            reader.word(found, "access", |text| if passes_groups(text) { Ok(Access::Allow) } else { access(text) })
        }
        None => absent(&node, "access"),
    };
    let direction = match lookup(&node, &["properties", "direction"]) {
        Some(found) => reader.word(found, "direction", direction),
        None => absent(&node, "direction"),
    };
    let protocol = match lookup(&node, &["properties", "protocol"]) {
        Some(found) if found.text().is_some_and(|text| text.eq_ignore_ascii_case("any")) => {
            field(found, Ok(ProtocolSet::ALL))
        }
        Some(found) => protocol(reader, found, "protocol"),
        None => field(&node, Ok(ProtocolSet::ALL)),
    };
    let priority = reader.priority(&node, &["properties", "priority"]);
    let rule = SecurityRule {
        name: header.name.clone(),
        span: header.span,
        direction,
        access,
        priority: priority.unwrap_or_else(|| absent(&node, "priority")),
        protocol,
        sources: side(reader, &node, "sources"),
        source_ports: port_side(reader, &node, "sourcePortRanges"),
        destinations: side(reader, &node, "destinations"),
        destination_ports: port_side(reader, &node, "destinationPortRanges"),
        description: reader.text(&node, &["properties", "description"]),
        condition: header.condition.clone(),
        node,
    };
    AdminRule { header, rule, always, effective }
}

fn side(reader: &mut Reader<'_>, node: &Node, key: &str) -> Side {
    let mut items: Vec<Field<Peer>> = Vec::new();
    for item in reader.items(node, &["properties", key]).iter().filter(|item| !item.is_blank()) {
        if let Some(why) = item.unknown() {
            items.push(field(item, Err(Arc::clone(why))));
            continue;
        }
        // The networks of a group are those of its last deployment, which no file shows.
        let by_group = item.get("addressPrefixType").and_then(Node::text);
        match lookup(item, &["addressPrefix"]) {
            Some(found) if !by_group.is_some_and(|text| text.eq_ignore_ascii_case("NetworkGroup")) => {
                peers(reader, found, "addressPrefix", Place::SecurityRule, &mut items);
            }
            _ => items.push(absent(item, "addressPrefix")),
        }
    }
    let span = lookup(node, &["properties", key]).map_or(node.span, |found| found.span);
    if items.is_empty() {
        items.push(field(node, Ok(Peer::Any)));
    }
    Side { items, groups: Vec::new(), span }
}

fn port_side(reader: &mut Reader<'_>, node: &Node, key: &str) -> Ports {
    let mut items = Vec::new();
    for item in reader.items(node, &["properties", key]).iter().filter(|item| !item.is_blank()) {
        ports(reader, item, key, &mut items);
    }
    let span = lookup(node, &["properties", key]).map_or(node.span, |found| found.span);
    if items.is_empty() {
        items.push(field(node, Ok(PortSet::full())));
    }
    Ports { items, span }
}
