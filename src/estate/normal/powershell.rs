//! PowerShell objects through `ConvertTo-Json` (SHAPE-12): singular names over lists, `…Text` doubles that hold the same
//! as JSON text, and objects cut off to their type's name where `-Depth` ended.
//!
//! Keys stay in PowerShell's case; everything here compares them without.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::normal::assemble::{member, object};
use crate::json::{Member, Node, Value, parse};

/// Objects nest this deep at most before the rest is left as it is.
const MAX_DEPTH: usize = 24;

/// The flattened form az CLI would have given.
pub(crate) fn unfold(node: &Node, kind: Kind) -> Node {
    let node = without_doubles(node, 0);
    let node = with_plurals(&node, kind);
    match node.get("tag").filter(|tag| tag.is_object()).cloned() {
        Some(tags) if node.get("tags").is_none() => {
            let mut members: Vec<Member> = node.members().to_vec();
            members.push(member("tags", tags, &node));
            object(&node, members)
        }
        _ => node,
    }
}

/// Drops each `XText` whose `X` stands beside it, and takes its content where `X` was cut off.
fn without_doubles(node: &Node, depth: usize) -> Node {
    if depth > MAX_DEPTH {
        return node.clone();
    }
    match &node.value {
        Value::List(items) => {
            let items = items.iter().map(|item| without_doubles(item, depth + 1)).collect();
            Node { value: Value::List(Arc::new(items)), ..node.clone() }
        }
        Value::Object(members) => {
            let mut kept = Vec::with_capacity(members.len());
            for member in members.iter() {
                let stem = member.key.strip_suffix("Text").filter(|stem| !stem.is_empty());
                let text = stem.and_then(|_| member.node.text());
                if let (Some(stem), Some(text)) = (stem, text) {
                    if node.member(stem).is_none()
                        && let Some(content) = embedded(&member.node, text)
                    {
                        kept.push(Member { key: Arc::from(stem), node: content, ..member.clone() });
                    }
                    continue;
                }
                let double = is_cut_off(&member.node).then(|| node.get(&format!("{}Text", member.key))).flatten();
                let content = double.and_then(|double| embedded(double, double.text()?));
                kept.push(Member {
                    node: without_doubles(content.as_ref().unwrap_or(&member.node), depth + 1),
                    ..member.clone()
                });
            }
            object(node, kept)
        }
        _ => node.clone(),
    }
}

/// JSON inside a string: every part of it has the place of the string.
fn embedded(at: &Node, text: &str) -> Option<Node> {
    let root = parse(at.span.file, text).ok()?.root;
    Some(placed(&root, at, 0))
}

fn placed(node: &Node, at: &Node, depth: usize) -> Node {
    let value = match &node.value {
        _ if depth > MAX_DEPTH => Value::Null,
        Value::List(items) => Value::List(Arc::new(items.iter().map(|item| placed(item, at, depth + 1)).collect())),
        Value::Object(members) => Value::Object(Arc::new(
            members
                .iter()
                .map(|inner| Member { key_span: at.span, node: placed(&inner.node, at, depth + 1), ..inner.clone() })
                .collect(),
        )),
        other => other.clone(),
    };
    Node { value, span: at.span, via: at.via.clone() }
}

/// Whether a value is what `ConvertTo-Json` leaves of an object below its depth, or holds such a rest.
pub(crate) fn is_cut_off(node: &Node) -> bool {
    let rest = |text: &str| {
        text.starts_with("Microsoft.Azure.") || text.starts_with("System.Collections.") || text.starts_with("@{")
    };
    match &node.value {
        Value::Text(text) => rest(text),
        Value::List(items) => items.iter().any(|item| is_cut_off_inside(item, rest)),
        Value::Object(_) => is_cut_off_inside(node, rest),
        _ => false,
    }
}

fn is_cut_off_inside(item: &Node, rest: impl Fn(&str) -> bool) -> bool {
    item.text().is_some_and(&rest) || item.members().iter().any(|member| member.node.text().is_some_and(&rest))
}

/// Fields whose lists stand under their singular names, with REST's names for the lists.
fn plurals(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::SecurityRule | Kind::DefaultSecurityRule => &[
            ("SourceAddressPrefix", "sourceAddressPrefixes"),
            ("DestinationAddressPrefix", "destinationAddressPrefixes"),
            ("SourcePortRange", "sourcePortRanges"),
            ("DestinationPortRange", "destinationPortRanges"),
        ],
        Kind::Subnet => &[("AddressPrefix", "addressPrefixes")],
        _ => &[],
    }
}

/// Lists under singular names get REST's plural name; a list of one is that one. Children likewise.
fn with_plurals(node: &Node, kind: Kind) -> Node {
    let fields = plurals(kind);
    let lists = if matches!(kind, Kind::Nsg | Kind::Network) { kind.wrapped_lists() } else { &[] };
    if !node.is_object() || (fields.is_empty() && lists.is_empty()) {
        return node.clone();
    }
    let members = node.members().iter().map(|member| {
        if let Some((_, plural)) = fields.iter().find(|(singular, _)| member.key.eq_ignore_ascii_case(singular)) {
            return pluralised(member, plural);
        }
        match lists.iter().find(|(list, _)| member.key.eq_ignore_ascii_case(list)) {
            Some((_, child)) => Member { node: children(&member.node, *child), ..member.clone() },
            None => member.clone(),
        }
    });
    object(node, members.collect())
}

/// A list of children; an object alone is a list that PowerShell unrolled.
pub(crate) fn children(list: &Node, kind: Kind) -> Node {
    let items = match &list.value {
        Value::List(items) => items.iter().map(|item| with_plurals(item, kind)).collect(),
        Value::Object(_) => vec![with_plurals(list, kind)],
        _ => return list.clone(),
    };
    Node { value: Value::List(Arc::new(items)), ..list.clone() }
}

fn pluralised(member: &Member, plural: &str) -> Member {
    let list = match &member.node.value {
        Value::List(items) if items.len() == 1 => return Member { node: items[0].clone(), ..member.clone() },
        Value::List(_) => member.node.clone(),
        // Below its depth `ConvertTo-Json` joins the items of a list with blanks.
        Value::Text(text) if text.contains(' ') => {
            let mut items = Vec::new();
            for word in text.split(' ').filter(|word| !word.is_empty()) {
                let from = word.as_ptr() as usize - text.as_ptr() as usize;
                let span = member.node.inner_span().part(from, word.len());
                items.push(Node { value: Value::Text(Arc::from(word)), span, via: member.node.via.clone() });
            }
            Node { value: Value::List(Arc::new(items)), ..member.node.clone() }
        }
        _ => return member.clone(),
    };
    Member { key: Arc::from(plural), key_span: member.key_span, node: list }
}

#[cfg(test)]
mod tests {
    use super::unfold;
    use crate::estate::kind::Kind;
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn nsg(text: &str) -> Node {
        unfold(&parse(FileId(0), text).unwrap().root, Kind::Nsg)
    }

    fn rule(node: &Node) -> &Node {
        &node.get("securityRules").unwrap().items()[0]
    }

    #[test]
    fn lists_under_singular_names_become_plurals() {
        let node = nsg(
            r#"{"Name":"n","SecurityRulesText":"[]","SecurityRules":[{"Name":"r","SourceAddressPrefix":["*"],
                "DestinationAddressPrefix":["10.0.0.0/8","11.0.0.0/8"],"SourcePortRange":[],"DestinationPortRange":"80 443"}]}"#,
        );
        let rule = rule(&node);
        assert_eq!(rule.get("sourceAddressPrefix").unwrap().text(), Some("*"));
        assert_eq!(rule.get("destinationAddressPrefixes").unwrap().items().len(), 2);
        assert_eq!(rule.get("destinationPortRanges").unwrap().items()[1].text(), Some("443"));
        assert!(node.get("SecurityRulesText").is_none());
    }

    #[test]
    fn what_the_depth_cut_off_is_taken_from_the_text() {
        let node = nsg(r#"{"Name":"n","SecurityRules":["Microsoft.Azure.Commands.Network.Models.PSSecurityRule"],
                "SecurityRulesText":"[{\"Name\":\"r\",\"Priority\":100,\"SourceAddressPrefix\":[\"*\"]}]"}"#);
        assert_eq!(rule(&node).get("priority").unwrap().kind(), "a number");
        assert_eq!(rule(&node).get("sourceAddressPrefix").unwrap().text(), Some("*"));
    }
}
