//! Network security groups and their rules (NSG-1 to 8, NSG-26, NSG-27), and the security admin rules of a Virtual Network
//! Manager, as written and as lists of effective rules show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::extract::address::{Place, check_list, peers, ports, protocol, sets};
use crate::estate::extract::reader::{Reader, absent, field, lookup};
use crate::estate::fault;
use crate::estate::identity::{last_segment, short_name};
use crate::estate::kind::Shape;
use crate::estate::resource::{
    Access, AdminRule, BUILT_IN, Direction, Field, Header, NetworkSecurityGroup, Peer, Ports, SecurityRule, Side,
};
use crate::json::{Node, Unknown, Value};
use crate::net::{PortSet, ProtocolSet, Tag};
use crate::source::Span;

/// The conditions of those items of a list that came from resources of their own, by index.
pub(crate) type Conditions = BTreeMap<usize, Arc<Unknown>>;

/// A network security group out of its REST form.
pub(crate) fn security_group(reader: &mut Reader<'_>, header: Header, conditions: &Conditions) -> NetworkSecurityGroup {
    let node = header.node.clone();
    let effective = header.shape == Shape::Effective;
    let mut unknown_rules = Vec::new();
    let rules = rules(reader, &node, "securityRules", conditions, &mut unknown_rules);
    let default_rules = built_in_rules(reader, &node);
    if !effective {
        check_name(reader, &header.name);
        check_priorities(reader, &rules);
        check_names(reader, &rules);
        check_limits(reader, &rules, &node);
    }
    NetworkSecurityGroup {
        rules,
        default_rules,
        unknown_rules,
        rules_span: node.at(&["properties", "securityRules"]).filter(|list| !list.is_null()).map(|list| list.span),
        subnets: reader.references(&node, &["properties", "subnets"]),
        interfaces: reader.ids(&node, &["properties", "networkInterfaces"]),
        effective,
        header,
    }
}

fn rules(
    reader: &mut Reader<'_>,
    node: &Node,
    list: &str,
    conditions: &Conditions,
    unknown: &mut Vec<Field<()>>,
) -> Vec<SecurityRule> {
    let (objects, parts) = reader.objects(node, &["properties", list]);
    unknown.extend(parts);
    let built_in = reader.shape == Shape::Effective || list != "securityRules";
    let rules = objects.iter().map(|(index, item)| rule(reader, item, built_in, conditions.get(index).cloned()));
    rules.collect()
}

/// The built-in rules, when all of them are shown. They are the same in every group (NSG-11), so a part of them says
/// nothing, and what a template writes in their place Azure ignores.
fn built_in_rules(reader: &mut Reader<'_>, node: &Node) -> Vec<SecurityRule> {
    let Some(list) = lookup(node, &["properties", "defaultSecurityRules"]).filter(|list| list.unknown().is_none())
    else {
        return Vec::new();
    };
    if reader.shape == Shape::Template {
        let detail = "`defaultSecurityRules` are Azure's own; what a template writes there is ignored".to_owned();
        let first = list.items().first().unwrap_or(list);
        reader.fault(fault::BUILT_IN_RULES_WRITTEN, first.get("name").unwrap_or(first), detail);
        return Vec::new();
    }
    let rules = rules(reader, node, "defaultSecurityRules", &Conditions::new(), &mut Vec::new());
    let is = |rule: &SecurityRule, name: &str| rule.name.known().is_some_and(|known| known.eq_ignore_ascii_case(name));
    let complete = BUILT_IN.iter().all(|built_in| rules.iter().any(|rule| is(rule, built_in.name)));
    if complete { rules } else { Vec::new() }
}

fn rule(reader: &mut Reader<'_>, node: &Node, built_in: bool, condition: Option<Arc<Unknown>>) -> SecurityRule {
    let node = &reader.sound(node);
    let name = reader.text(node, &["name"]);
    let group = reader.resource.clone();
    if let Some(Ok(name)) = name.as_ref().map(|name| &name.value) {
        reader.resource = format!("{group}/securityRules/{}", short_name(name));
    }
    let name = reader.required(name, node, "name");
    let name = last_segment(name);
    check_name(reader, &name);
    let direction = reader.word_at(node, &["properties", "direction"], direction);
    let direction = reader.required(direction, node, "direction");
    let access = reader.word_at(node, &["properties", "access"], access);
    let access = reader.required(access, node, "access");
    let priority = reader.priority(node, &["properties", "priority"]);
    let priority = reader.required(priority, node, "priority");
    let protocol = reader.word_at(node, &["properties", "protocol"], protocol);
    let protocol = reader.required(protocol, node, "protocol");
    if !built_in {
        check_priority(reader, node, &priority);
    }
    let portless =
        protocol.known().is_some_and(|set| set.intersection(ProtocolSet::TCP.union(ProtocolSet::UDP)).is_empty());
    let rule = SecurityRule {
        sources: side(reader, node, "source"),
        source_ports: port_side(reader, node, "source", portless),
        destinations: side(reader, node, "destination"),
        destination_ports: port_side(reader, node, "destination", portless),
        description: reader.text(node, &["properties", "description"]),
        span: node.span,
        node: node.clone(),
        name,
        direction,
        access,
        priority,
        protocol,
        condition,
    };
    let description = rule.description.as_ref().and_then(Field::known);
    if description.is_some_and(|text| text.chars().count() > 140)
        && let Some(found) = lookup(node, &["properties", "description"])
    {
        reader.fault(fault::DESCRIPTION_TOO_LONG, found, "the description is longer than 140 characters".to_owned());
    }
    reader.resource = group;
    rule
}

fn check_priority(reader: &mut Reader<'_>, node: &Node, priority: &Field<i64>) {
    if let Some(number) = priority.known().filter(|number| !(100..=4096).contains(*number))
        && let Some(found) = lookup(node, &["properties", "priority"])
    {
        let detail = format!("priority {number} is out of range; Azure takes 100 to 4096");
        reader.fault(fault::PRIORITY_OUT_OF_RANGE, found, detail);
    }
}

/// Reads `Inbound` and `Outbound`.
pub(crate) fn direction(text: &str) -> Result<Direction, (&'static str, String)> {
    match text.to_ascii_lowercase().as_str() {
        "inbound" => Ok(Direction::Inbound),
        "outbound" => Ok(Direction::Outbound),
        _ => Err((fault::DIRECTION_UNKNOWN, format!("direction `{text}` is neither Inbound nor Outbound"))),
    }
}

/// Reads `Allow` and `Deny`.
pub(crate) fn access(text: &str) -> Result<Access, (&'static str, String)> {
    match text.to_ascii_lowercase().as_str() {
        "allow" => Ok(Access::Allow),
        "deny" => Ok(Access::Deny),
        _ => Err((fault::ACCESS_UNKNOWN, format!("`{text}` is neither Allow nor Deny"))),
    }
}

/// One address side (NSG-2).
fn side(reader: &mut Reader<'_>, node: &Node, side: &str) -> Side {
    let one = format!("{side}AddressPrefix");
    let (mut items, mut span) = union(reader, node, [&one, &format!("{one}es")], address, check_list);
    if reader.shape == Shape::Effective {
        items = expanded(reader, node, side, items);
    }
    let group = format!("{side}ApplicationSecurityGroups");
    let groups = reader.ids(node, &["properties", &group]);
    let found = lookup(node, &["properties", &group]);
    if groups.len() > 10
        && let Some(found) = found
    {
        let detail = format!("{} application security groups on one side of a rule; Azure takes 10", groups.len());
        reader.fault(fault::TOO_MANY_GROUPS, found, detail);
    }
    span = span.or(found.map(|found| found.span));
    if items.is_empty() && groups.is_empty() {
        let detail = format!("the rule says nothing about its {side} addresses");
        items.push(reader.missing(fault::ADDRESS_SIDE_MISSING, node, &one, detail));
    }
    Side { items, groups, span: span.unwrap_or(node.span) }
}

fn address(reader: &mut Reader<'_>, node: &Node, name: &str, into: &mut Vec<Field<Peer>>) {
    peers(reader, node, name, Place::SecurityRule, into);
}

/// The values of the field for one value and of the field for several, and where the first of them is written. `check`
/// looks at the list.
fn union<T: Clone + PartialEq>(
    reader: &mut Reader<'_>,
    node: &Node,
    [one, many]: [&str; 2],
    read: fn(&mut Reader<'_>, &Node, &str, &mut Vec<Field<T>>),
    check: fn(&mut Reader<'_>, &Node, &[Field<T>]),
) -> (Vec<Field<T>>, Option<Span>) {
    let (single, list) = both(node, one, many);
    let mut items = Vec::new();
    if let Some(found) = single {
        read(reader, found, one, &mut items);
    }
    if let Some(found) = list {
        let several = reader.each(node, &["properties", many], read);
        let known = |field: &Field<T>| field.known().cloned();
        let same = items.is_empty() || several.iter().map(known).eq(items.iter().map(known));
        if reader.shape != Shape::Effective {
            check(reader, found, &several);
            if !same && certain(&items) && certain(&several) {
                both_used(reader, found, single, one, many);
            }
        }
        if !same || items.is_empty() {
            items.extend(several);
        }
    }
    (items, single.or(list).map(|found| found.span))
}

/// The two spellings of one side; one of them when both are the same unknown.
fn both<'n>(node: &'n Node, one: &str, many: &str) -> (Option<&'n Node>, Option<&'n Node>) {
    let single = lookup(node, &["properties", one]);
    let list = lookup(node, &["properties", many]);
    match (single, list) {
        (Some(first), Some(second)) if std::ptr::eq(first, second) => (single, None),
        both => both,
    }
}

/// Whether there are values, and every one is known.
fn certain<T>(fields: &[Field<T>]) -> bool {
    !fields.is_empty() && fields.iter().all(|field| field.known().is_some())
}

fn both_used(reader: &mut Reader<'_>, list: &Node, single: Option<&Node>, one: &str, many: &str) {
    let detail = format!("`{one}` and `{many}` are both used, with different values");
    let related = single.map(|single| (single.span, "the other one".to_owned()));
    let fault = reader.fault(fault::SINGULAR_AND_PLURAL, list, detail);
    fault.related = related;
    fault.help = Some(format!("keep all values in `{many}`"));
}

/// What Azure says a tag stood for. Tags whose meaning depends on the network are replaced by it; others keep their
/// name beside it, for the name goes on meaning what it means when the lists grow.
fn expanded(reader: &mut Reader<'_>, node: &Node, side: &str, items: Vec<Field<Peer>>) -> Vec<Field<Peer>> {
    let key = format!("expanded{}{}AddressPrefix", side[..1].to_ascii_uppercase(), &side[1..]);
    let sets = sets(reader, node, &["properties", &key], Place::Prefix);
    if sets.is_empty() {
        return items;
    }
    let depends = |text: &str| Tag::named(text).is_some_and(|tag| tag.special().is_some());
    let mut kept = items;
    kept.retain(|item| !matches!(item.known(), Some(Peer::Tag(text)) if depends(text)));
    kept.extend(sets.into_iter().map(|set| Field {
        value: set.value.map(Peer::Addresses),
        span: set.span,
        via: set.via,
    }));
    kept
}

fn port_side(reader: &mut Reader<'_>, node: &Node, side: &str, portless: bool) -> Ports {
    let one = format!("{side}PortRange");
    let (mut items, span) = union(reader, node, [&one, &format!("{one}s")], ports, |_, _, _| {});
    if items.is_empty() {
        if portless {
            items.push(field(node, Ok(PortSet::full())));
        } else {
            let detail = format!("the rule says nothing about its {side} ports");
            items.push(reader.missing(fault::PORT_SIDE_MISSING, node, &one, detail));
        }
    }
    Ports { items, span: span.unwrap_or(node.span) }
}

/// What Azure takes as the name of a network resource (NSG-8).
pub(crate) fn check_name(reader: &mut Reader<'_>, name: &Field<Arc<str>>) {
    let Ok(text) = &name.value else { return };
    let at = Node { value: Value::Text(Arc::clone(text)), span: name.span, via: name.via.clone() };
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let fits = text.starts_with(word)
        && text.ends_with(word)
        && text.chars().all(|character| word(character) || character == '.' || character == '-');
    if text.chars().count() > 80 {
        reader.fault(fault::NAME_TOO_LONG, &at, format!("name `{text}` is longer than 80 characters"));
    } else if !fits && reader.shape != Shape::Effective {
        let detail = format!(
            "`{text}` is no name; Azure takes letters, digits, `_`, `.` and `-`, and no `.` or `-` at its ends"
        );
        reader.fault(fault::NAME_INVALID, &at, detail);
    }
}

fn at(node: &Node, path: &[&str]) -> Span {
    lookup(node, path).map_or(node.span, |found| found.span)
}

fn check_priorities(reader: &mut Reader<'_>, rules: &[SecurityRule]) {
    let mut seen: BTreeMap<(Direction, i64), &SecurityRule> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.condition.is_none()) {
        let (Some(direction), Some(priority)) = (rule.direction.known(), rule.priority.known()) else { continue };
        match seen.get(&(*direction, *priority)) {
            None => {
                seen.insert((*direction, *priority), rule);
            }
            // Two writings of one rule are reported as that.
            Some(first) if same_name(&first.name, &rule.name) => {}
            Some(first) => {
                let name = |rule: &SecurityRule| rule.name.known().map_or_else(|| "?".to_owned(), ToString::to_string);
                let detail = format!(
                    "rules `{}` and `{}` are both {} with priority {priority}",
                    name(first),
                    name(rule),
                    format!("{direction:?}").to_ascii_lowercase(),
                );
                let related = Some((at(&first.node, &["properties", "priority"]), "the first of them".to_owned()));
                let place = lookup(&rule.node, &["properties", "priority"]).unwrap_or(&rule.node).clone();
                reader.fault(fault::DUPLICATE_PRIORITY, &place, detail).related = related;
            }
        }
    }
}

fn same_name(one: &Field<Arc<str>>, two: &Field<Arc<str>>) -> bool {
    one.known().zip(two.known()).is_some_and(|(one, two)| one.eq_ignore_ascii_case(two))
}

fn check_names(reader: &mut Reader<'_>, rules: &[SecurityRule]) {
    let mut seen: BTreeMap<String, &SecurityRule> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.condition.is_none()) {
        let Some(name) = rule.name.known() else { continue };
        match seen.get(&name.to_ascii_lowercase()) {
            None => {
                seen.insert(name.to_ascii_lowercase(), rule);
            }
            // A rule that is written inside its group and again as a resource is one rule, deployed twice.
            Some(first) if first.node.get("type").is_some() != rule.node.get("type").is_some() => {}
            Some(first) if first.span.file == rule.span.file => {
                let place = lookup(&rule.node, &["name"]).unwrap_or(&rule.node).clone();
                let related = Some((first.name.span, "the first of them".to_owned()));
                reader.fault(fault::DUPLICATE_NAME, &place, format!("two rules have the name `{name}`")).related =
                    related;
            }
            Some(_) => {}
        }
    }
}

fn check_limits(reader: &mut Reader<'_>, rules: &[SecurityRule], node: &Node) {
    let list = lookup(node, &["name"]).unwrap_or(node);
    if rules.len() > 1000 {
        let detail = format!("{} rules in one network security group; Azure takes 1,000", rules.len());
        reader.fault(fault::TOO_MANY_RULES, list, detail);
    }
    let addresses =
        |side: &Side| side.items.iter().filter(|item| matches!(item.known(), Some(Peer::Addresses(_)))).count();
    for (name, count) in [
        ("source", rules.iter().map(|rule| addresses(&rule.sources)).sum::<usize>()),
        ("destination", rules.iter().map(|rule| addresses(&rule.destinations)).sum()),
    ] {
        if count > 4000 {
            let detail = format!("{count} {name} addresses over all rules of one group; Azure takes 4,000");
            reader.fault(fault::TOO_MANY_PREFIXES, list, detail);
        }
    }
    let groups: usize = rules.iter().map(|rule| rule.sources.groups.len() + rule.destinations.groups.len()).sum();
    if groups > 100 {
        let detail = format!("{groups} application security groups over all rules of one group; Azure takes 100");
        reader.fault(fault::TOO_MANY_GROUPS, list, detail);
    }
}

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
    let read = |text: &str| if passes_groups(text) { Ok(Access::Allow) } else { access(text) };
    let access = reader.word_at(&node, &["properties", "access"], read);
    let direction = reader.word_at(&node, &["properties", "direction"], direction);
    let protocol = reader.word_at(&node, &["properties", "protocol"], protocol);
    let priority = reader.priority(&node, &["properties", "priority"]);
    let rule = SecurityRule {
        name: header.name.clone(),
        span: header.span,
        direction: direction.unwrap_or_else(|| absent(&node, "direction")),
        access: access.unwrap_or_else(|| absent(&node, "access")),
        priority: priority.unwrap_or_else(|| absent(&node, "priority")),
        protocol: protocol.unwrap_or_else(|| field(&node, Ok(ProtocolSet::ALL))),
        sources: admin_side(reader, &node, "sources"),
        source_ports: admin_port_side(reader, &node, "sourcePortRanges"),
        destinations: admin_side(reader, &node, "destinations"),
        destination_ports: admin_port_side(reader, &node, "destinationPortRanges"),
        description: reader.text(&node, &["properties", "description"]),
        condition: header.condition.clone(),
        node,
    };
    AdminRule { header, rule, always, effective }
}

fn admin_side(reader: &mut Reader<'_>, node: &Node, key: &str) -> Side {
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

fn admin_port_side(reader: &mut Reader<'_>, node: &Node, key: &str) -> Ports {
    let mut items = reader.each(node, &["properties", key], ports);
    let span = lookup(node, &["properties", key]).map_or(node.span, |found| found.span);
    if items.is_empty() {
        items.push(field(node, Ok(PortSet::full())));
    }
    Ports { items, span }
}
