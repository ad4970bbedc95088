//! The one door to the REST form, and the flattened spelling of the az CLI: what REST keeps under `properties` lies bare.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::kind::Shape;
use crate::estate::normal::assemble::{member, object, replace};
use crate::estate::normal::{compute, effective, legacy, powershell, row};
use crate::json::{Member, Node, Value};

/// A resource in REST form. Values and places are the original's; only the objects around them are new.
pub(crate) fn normalise(node: &Node, kind: Kind, shape: Shape) -> Node {
    let node = match shape {
        Shape::PowerShell => powershell::unfold(node, kind),
        Shape::Effective => effective::unfold(node),
        Shape::MachineLearningCli => compute::unfold(node, kind),
        _ => node.clone(),
    };
    let node = row::with_id(&node, kind).unwrap_or(node);
    let node = wrap(&node, kind);
    let node = if kind == Kind::CollectionGroup { legacy::modern(node) } else { node };
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
        Member { node: Node { value: Value::List(Arc::new(items)), ..member.node.clone() }, ..member.clone() }
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
    let text = Node::new(Value::Text(Arc::from(kind.type_name())), node.span);
    replace(&node, "type", text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::normalise;
    use crate::estate::kind::Kind;
    use crate::estate::kind::Shape;
    use crate::json::{Node, Value, parse};
    use crate::source::FileId;

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
}
