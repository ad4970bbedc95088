//! The slow reader: any layout of service tags, from the parsed document.

use crate::json::{Node, Value};
use crate::tagfile::outline::{List, Listed, Outline};

/// Reads a parsed document; `None` when it holds no service tags.
///
/// Beside the file itself, the bare list that `--query values` or `.Values` leaves of it is known.
pub(crate) fn outline(root: &Node) -> Option<Outline> {
    let list = if root.is_list() { root } else { either(root, &["values", "value"])? };
    let mut outline = Outline { cloud: text(root, "cloud"), ..Outline::default() };
    outline.change_number = root.get("changeNumber").and_then(number);
    outline.next_link = root.get("nextLink").filter(|link| !link.is_blank()).map(|link| link.span);
    let headed = outline.cloud.is_some() || root.get("changeNumber").is_some();
    // Subnets have names and prefixes as well, and lists of them are common; `values` with a head is not.
    let is_tag = |item: &Node| {
        let told = item.get("systemService").or_else(|| item.at(&["properties", "systemService"])).is_some();
        told || (root.get("values").is_some() && item.at(&["properties", "addressPrefixes"]).is_some())
    };
    if !headed && !list.items().iter().any(is_tag) {
        return None;
    }
    for item in list.items() {
        let name = item.get("name").filter(|name| name.text().is_some_and(|name| !name.trim().is_empty()));
        let Some((node, name)) = name.and_then(|node| Some((node, node.text()?))) else {
            outline.nameless.push(item.span);
            continue;
        };
        let prefixes = item.at(&["properties", "addressPrefixes"]);
        let list = prefixes.filter(|node| node.is_list() || node.text().is_some());
        let list = list.map_or(List::Missing, |node| List::Node(node.clone()));
        outline.tags.push(Listed { name: name.to_owned(), name_span: node.span, list });
    }
    Some(outline)
}

fn either<'n>(root: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().find_map(|key| root.get(key).filter(|node| node.is_list()))
}

fn text(root: &Node, key: &str) -> Option<String> {
    root.get(key).and_then(Node::text).map(str::to_owned)
}

fn number(node: &Node) -> Option<u64> {
    match &node.value {
        Value::Number(number) => number.as_str().parse().ok(),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
