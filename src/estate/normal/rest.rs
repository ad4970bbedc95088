//! The one way to the REST form: what the flattened spelling of the az CLI leaves bare goes under `properties`, rows of a
//! query that name the parent of a rule or route in a column get the id that says so, and rule collection groups as
//! firewall policies of 2019 and 2020 wrote them (FW-2) get today's keys: their `rules` hold what are collections today,
//! `ruleConditions` what are rules. PowerShell's singular `RuleCollection` is mended here too.

use std::sync::Arc;

use crate::estate::kind::{Kind, Shape};
use crate::estate::normal::tools::{effective, machine_learning, powershell};
use crate::estate::normal::tree::{list, member, object, replace, text};
use crate::json::{Member, Node, Value};

/// A resource in REST form. Values and places are the original's; only the objects around them are new.
pub(crate) fn normalise(node: &Node, kind: Kind, shape: Shape) -> Node {
    let node = match shape {
        Shape::PowerShell => powershell(node, kind),
        Shape::Effective => effective(node),
        Shape::MachineLearningCli => machine_learning(node, kind),
        _ => node.clone(),
    };
    let node = with_id(&node, kind).unwrap_or(node);
    let node = wrap(&node, kind);
    let node = if kind == Kind::CollectionGroup { modern(node) } else { node };
    typed(node, kind)
}

/// Members that stand beside `properties` in REST form, whatever the resource.
const ENVELOPE: &[&str] = &[
    "name",
    "id",
    "type",
    "location",
    "tags",
    "etag",
    "kind",
    "identity",
    "zones",
    "plan",
    "managedBy",
    "extendedLocation",
    "systemData",
    "apiVersion",
    "resourceGroup",
    "resourceGroupName",
    "subscriptionId",
    "tenantId",
    "condition",
    "dependsOn",
    "scope",
    "comments",
    "resources",
    "copy",
    "resourceId",
    "resourceType",
    "tag",
    "additionalProperties",
];

/// Puts what lies bare under `properties`; the children in its lists likewise. Shares what needs no change.
fn wrap(node: &Node, kind: Kind) -> Node {
    if !node.is_object() {
        return node.clone();
    }
    let wrapped = match node.get("properties") {
        Some(properties) if properties.is_object() || properties.unknown().is_some() => None,
        _ => gather_properties(node, kind),
    };
    let node = wrapped.unwrap_or_else(|| node.clone());
    wrap_children(&node, kind).unwrap_or(node)
}

fn gather_properties(node: &Node, kind: Kind) -> Option<Node> {
    // Of these the flattened spelling drops the wrapper as well, and REST keeps `sku` inside.
    let sku_inside = matches!(kind, Kind::Firewall | Kind::Policy);
    let outside = |member: &Member| {
        let sku = member.key.eq_ignore_ascii_case("sku") && !sku_inside;
        // A broken `properties` stays where it is, so that its place can be reported.
        sku || member.key.eq_ignore_ascii_case("properties")
            || ENVELOPE.iter().any(|key| member.key.eq_ignore_ascii_case(key))
    };
    let (mut envelope, inside): (Vec<Member>, Vec<Member>) = node.members().iter().cloned().partition(outside);
    if inside.is_empty() {
        return None;
    }
    envelope.retain(|member| !(member.key.eq_ignore_ascii_case("properties") && member.node.is_null()));
    if envelope.iter().any(|member| member.key.eq_ignore_ascii_case("properties")) {
        return None;
    }
    envelope.push(member("properties", object(node, inside), node));
    Some(object(node, envelope))
}

fn wrap_children(node: &Node, kind: Kind) -> Option<Node> {
    let properties = node.get("properties")?;
    let lists = kind.wrapped_lists();
    if lists.is_empty() {
        return None;
    }
    let mut changed = false;
    let members = properties.members().iter().map(|member| {
        let child = lists.iter().find(|(list, _)| member.key.eq_ignore_ascii_case(list)).map(|(_, child)| *child);
        let Some(child) = child else { return member.clone() };
        let bare = |item: &Node| {
            item.is_object()
                && item.get("properties").is_none_or(|inner| !inner.is_object() && inner.unknown().is_none())
        };
        let nested = child.wrapped_lists().iter().next().is_some();
        if !member.node.items().iter().any(|item| nested || bare(item)) {
            return member.clone();
        }
        changed = true;
        let items = member.node.items().iter().map(|item| wrap(item, child)).collect();
        Member { node: list(&member.node, items), ..member.clone() }
    });
    let members: Vec<Member> = members.collect();
    changed.then(|| replace(node, "properties", object(properties, members)))
}

/// Gives a resource the type it is known by, when it shows none in REST's form.
fn typed(node: Node, kind: Kind) -> Node {
    let shown = node.get("type").and_then(Node::text).is_some_and(|text| text.contains('/'));
    if shown || kind == Kind::Other || !node.is_object() {
        return node;
    }
    let own = Node::new(Value::Text(Arc::from(kind.type_name())), node.span);
    replace(&node, "type", own)
}

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
fn with_id(node: &Node, kind: Kind) -> Option<Node> {
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
    let id = text(&found.node, &id);
    let mut members = node.members().to_vec();
    members.retain(|member| !member.key.eq_ignore_ascii_case("id"));
    members.push(member("id", id, node));
    Some(object(node, members))
}

/// A group in today's form. One that has that form already is returned as it is.
fn modern(node: Node) -> Node {
    let Some(properties) = node.get("properties").filter(|properties| properties.get("ruleCollections").is_none())
    else {
        return node;
    };
    let members = properties.members().iter().map(|member| match () {
        () if is(member, "rules") => renamed(member, "ruleCollections", each_of(&member.node, collection)),
        () if is(member, "ruleCollection") => renamed(member, "ruleCollections", member.node.clone()),
        () => member.clone(),
    });
    let properties = object(properties, members.collect());
    replace(&node, "properties", properties)
}

fn collection(node: &Node) -> Node {
    let members = node.members().iter().map(|member| match () {
        () if is(member, "ruleType") => {
            renamed(member, "ruleCollectionType", suffixed(&member.node, "Rule", "RuleCollection"))
        }
        () if is(member, "ruleConditions") => renamed(member, "rules", each_of(&member.node, rule)),
        () if is(member, "ruleCondition") => renamed(member, "rules", list(&member.node, vec![rule(&member.node)])),
        () => member.clone(),
    });
    object(node, members.collect())
}

fn rule(node: &Node) -> Node {
    let members = node.members().iter().map(|member| match () {
        () if is(member, "ruleConditionType") => renamed(member, "ruleType", suffixed(&member.node, "Condition", "")),
        () => member.clone(),
    });
    if node.is_object() { object(node, members.collect()) } else { node.clone() }
}

fn is(member: &Member, key: &str) -> bool {
    member.key.eq_ignore_ascii_case(key)
}

fn renamed(member: &Member, key: &str, node: Node) -> Member {
    Member { key: Arc::from(key), key_span: member.key_span, node }
}

fn each_of(node: &Node, each: fn(&Node) -> Node) -> Node {
    match &node.value {
        Value::List(items) => list(node, items.iter().map(each).collect()),
        _ => node.clone(),
    }
}

/// `FirewallPolicyFilterRule` → `FirewallPolicyFilterRuleCollection`, `NetworkRuleCondition` → `NetworkRule`.
fn suffixed(node: &Node, old: &str, new: &str) -> Node {
    match node.text().and_then(|text| text.strip_suffix(old)) {
        Some(front) => text(node, &format!("{front}{new}")),
        None => node.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::estate::kind::{Kind, Shape};
    use crate::json::{Node, Value, parse};
    use crate::source::FileId;

    use super::{modern, normalise, with_id};

    fn root(text: &str) -> Node {
        parse(FileId(0), text).unwrap().root
    }

    #[test]
    fn flattened_resources_and_children_get_their_properties_back() {
        let node = root(
            r#"{"name":"v","location":"x","addressSpace":{"addressPrefixes":["10.0.0.0/8"]},
                "subnets":[{"name":"s","addressPrefix":"10.0.0.0/24","delegations":[{"name":"d","serviceName":"a/b"}]}]}"#,
        );
        let rest = normalise(&node, Kind::Network, Shape::Cli);
        let subnet = &rest.at(&["properties", "subnets"]).unwrap().items()[0];
        assert_eq!(subnet.at(&["properties", "addressPrefix"]).unwrap().text(), Some("10.0.0.0/24"));
        let delegation = &subnet.at(&["properties", "delegations"]).unwrap().items()[0];
        assert_eq!(delegation.at(&["properties", "serviceName"]).unwrap().text(), Some("a/b"));
        assert_eq!(rest.get("location").unwrap().text(), Some("x"));
        assert_eq!(rest.get("type").unwrap().text(), Some("Microsoft.Network/virtualNetworks"));
    }

    #[test]
    fn rest_form_is_shared_not_copied() {
        let node = root(
            r#"{"name":"n","type":"Microsoft.Network/networkSecurityGroups","properties":{"securityRules":[{"name":"r","properties":{}}]}}"#,
        );
        let rest = normalise(&node, Kind::Nsg, Shape::Rest);
        let (Value::Object(before), Value::Object(after)) = (&node.value, &rest.value) else { panic!() };
        assert!(Arc::ptr_eq(before, after));
    }

    #[test]
    fn the_sku_of_a_policy_is_a_property() {
        let node = root(r#"{"name":"p","sku":{"tier":"Premium"},"threatIntelMode":"Alert"}"#);
        assert!(normalise(&node, Kind::Policy, Shape::Cli).at(&["properties", "sku", "tier"]).is_some());
        assert!(normalise(&node, Kind::NatGateway, Shape::Cli).at(&["sku", "tier"]).is_some());
    }

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

    #[test]
    fn old_groups_read_like_new_ones() {
        let text = r#"{"name":"g","properties":{"priority":300,"rules":[{"name":"c","ruleType":"FirewallPolicyFilterRule","priority":100,
            "action":{"type":"Allow"},"ruleConditions":[{"name":"r","ruleConditionType":"NetworkRuleCondition"}]}]}}"#;
        let node = modern(parse(FileId(0), text).unwrap().root);
        let collection = &node.at(&["properties", "ruleCollections"]).unwrap().items()[0];
        assert_eq!(collection.get("ruleCollectionType").unwrap().text(), Some("FirewallPolicyFilterRuleCollection"));
        assert_eq!(collection.get("rules").unwrap().items()[0].get("ruleType").unwrap().text(), Some("NetworkRule"));
    }
}
