//! Effective rules and routes of a network interface (SHAPE-3, 4) as a group and a table.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::normal::assemble::{member, object};
use crate::estate::normal::powershell;
use crate::json::{Member, Node, Value};

/// The key under which a list of effective routes is kept beside the name that it is given here.
pub(crate) const EFFECTIVE_ROUTES: &str = "effectiveRoutes";

/// Effective rules: `{ id, properties: { securityRules, subnets, networkInterfaces } }`. A list of effective routes, alone
/// or with a name: `{ name, properties: { routes } }` with those that are active.
pub(crate) fn unfold(node: &Node) -> Node {
    match node.get(EFFECTIVE_ROUTES) {
        Some(list) => {
            let mut table = routes(list).members().to_vec();
            table.extend(node.member("name").cloned());
            object(list, table)
        }
        None if node.is_list() => routes(node),
        None => rules(node),
    }
}

fn rules(node: &Node) -> Node {
    let mut members = Vec::new();
    let mut properties = Vec::new();
    match node.at(&["networkSecurityGroup", "id"]) {
        Some(id) => members.push(member("id", id.clone(), node)),
        None => members.extend(node.member("name").cloned()),
    }
    if let Some(rules) = node.member("effectiveSecurityRules") {
        // `Get-AzEffectiveNetworkSecurityGroup` writes lists under the singular names, as this module does everywhere.
        let list = powershell::children(&rules.node, Kind::SecurityRule);
        properties.push(Member { key: Arc::from("securityRules"), node: list, ..rules.clone() });
    }
    for (from, to) in [("subnet", "subnets"), ("networkInterface", "networkInterfaces")] {
        if let Some(target) = node.at(&["association", from]).filter(|target| !target.is_blank()) {
            let list = Node::new(Value::List(Arc::new(vec![target.clone()])), target.span);
            properties.push(member(to, list, node));
        }
    }
    members.push(member("properties", object(node, properties), node));
    object(node, members)
}

fn routes(list: &Node) -> Node {
    // A route that another one overrides is listed as `Invalid`.
    let active = |route: &&Node| {
        route.get("state").is_none_or(|state| state.text().is_none_or(|text| text.eq_ignore_ascii_case("active")))
    };
    let routes: Vec<Node> = list.items().iter().filter(active).cloned().collect();
    let routes = Node { value: Value::List(Arc::new(routes)), ..list.clone() };
    let properties = object(list, vec![member("routes", routes, list)]);
    object(list, vec![member("properties", properties, list)])
}
