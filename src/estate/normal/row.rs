//! Rows of a query that name the parent of a rule or route in a column of their own: they get the id that says so.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::normal::assemble::{member, object};
use crate::json::{Node, Value};

/// Columns that name the parent, as people and examples of queries call them; compared by letters alone.
const NSG: &[&str] = &[
    "nsg",
    "nsgid",
    "nsgname",
    "networksecuritygroup",
    "networksecuritygroupid",
    "networksecuritygroupname",
    "securitygroup",
    "securitygroupname",
];
const ROUTE_TABLE: &[&str] = &["routetable", "routetableid", "routetablename", "rtname", "udrname"];

/// A rule or route with the id that its columns make; `None` when it has one, or no column names a parent.
pub(crate) fn with_id(node: &Node, kind: Kind) -> Option<Node> {
    let (columns, parent, child) = match kind {
        Kind::SecurityRule | Kind::DefaultSecurityRule => {
            (NSG, "Microsoft.Network/networkSecurityGroups", "securityRules")
        }
        Kind::Route => (ROUTE_TABLE, "Microsoft.Network/routeTables", "routes"),
        _ => return None,
    };
    let name = node.get("name").and_then(Node::text).filter(|name| !name.contains('/'))?;
    if ["id", "resourceId"].iter().any(|key| node.get(key).is_some_and(|id| !id.is_blank())) {
        return None;
    }
    let found = node.members().iter().find(|member| {
        let letters: String = member.key.chars().filter(char::is_ascii_alphanumeric).collect();
        columns.contains(&letters.to_ascii_lowercase().as_str()) && !member.node.is_blank()
    })?;
    let written = found.node.text()?;
    let group = ["resourceGroup", "resourceGroupName"].iter().find_map(|key| node.get(key)?.text());
    let id = match (written.contains('/'), group) {
        (true, _) => format!("{written}/{child}/{name}"),
        // Without a slash in front its beginning counts as unknown.
        (false, Some(group)) => format!("resourceGroups/{group}/providers/{parent}/{written}/{child}/{name}"),
        (false, None) => format!("providers/{parent}/{written}/{child}/{name}"),
    };
    let id = Node { value: Value::Text(Arc::from(id)), ..found.node.clone() };
    let mut members = node.members().to_vec();
    members.retain(|member| !member.key.eq_ignore_ascii_case("id"));
    members.push(member("id", id, node));
    Some(object(node, members))
}

#[cfg(test)]
mod tests {
    use super::with_id;
    use crate::estate::kind::Kind;
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn id(text: &str, kind: Kind) -> Option<String> {
        let node = with_id(&parse(FileId(0), text).unwrap().root, kind)?;
        node.get("id").and_then(Node::text).map(str::to_owned)
    }

    #[test]
    fn a_column_names_the_parent_of_a_row() {
        let nsg = "providers/Microsoft.Network/networkSecurityGroups/web/securityRules/r";
        for (text, expected) in [
            (r#"{"name":"r","nsgName":"web"}"#, Some(nsg.to_owned())),
            (r#"{"name":"r","NSG name":"web","id":null}"#, Some(nsg.to_owned())),
            (r#"{"name":"r","nsg_name":"web","resourceGroup":"g"}"#, Some(format!("resourceGroups/g/{nsg}"))),
            (r#"{"name":"r","nsgId":"/subscriptions/s/web"}"#, Some("/subscriptions/s/web/securityRules/r".to_owned())),
            (r#"{"name":"r","nsgName":"web","id":"/a/b"}"#, None),
            (r#"{"name":"web/r","nsgName":"web"}"#, None),
            (r#"{"name":"r","resourceGroup":"g"}"#, None),
        ] {
            assert_eq!(id(text, Kind::SecurityRule), expected, "{text}");
        }
        let route = id(r#"{"name":"r","routeTable":"rt"}"#, Kind::Route);
        assert_eq!(route.as_deref(), Some("providers/Microsoft.Network/routeTables/rt/routes/r"));
    }
}
