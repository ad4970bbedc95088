//! `az ml` (SHAPE-13, 14): words of its own for REST's. Its snake case is read like everyone's, by `key`.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::normal::assemble::{member, object};
use crate::json::{Member, Node, Value};

/// A workspace or compute with REST's names, a workspace flattened, a compute with its `properties`.
pub(crate) fn unfold(node: &Node, kind: Kind) -> Node {
    match kind {
        Kind::Compute => compute(node),
        Kind::Workspace => workspace(node),
        _ => node.clone(),
    }
}

/// A word of `az ml` in REST's spelling; anything else as it is.
fn translated(node: &Node, words: &[(&str, &str)]) -> Node {
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let found = node.text().and_then(|text| words.iter().find(|(from, _)| plain(text) == *from));
    match found {
        Some((_, to)) => Node { value: Value::Text(Arc::from(*to)), ..node.clone() },
        None => node.clone(),
    }
}

const ISOLATION: &[(&str, &str)] = &[
    ("disabled", "Disabled"),
    ("allowinternetoutbound", "AllowInternetOutbound"),
    ("allowonlyapprovedoutbound", "AllowOnlyApprovedOutbound"),
];

const COMPUTE_TYPES: &[(&str, &str)] = &[
    ("amlcompute", "AmlCompute"),
    ("computeinstance", "ComputeInstance"),
    ("kubernetes", "Kubernetes"),
    ("virtualmachine", "VirtualMachine"),
    ("synapsespark", "SynapseSpark"),
    ("aks", "AKS"),
];

const OUTBOUND_TYPES: &[(&str, &str)] =
    &[("fqdn", "FQDN"), ("privateendpoint", "PrivateEndpoint"), ("servicetag", "ServiceTag")];

fn workspace(node: &Node) -> Node {
    let members = node.members().iter().map(|member| {
        let is = |key: &str| member.key.eq_ignore_ascii_case(key);
        let renamed = |key: &str, node| Member { key: Arc::from(key), key_span: member.key_span, node };
        if is("managedNetwork") {
            renamed("managedNetwork", managed_network(&member.node))
        } else if is("serverlessCompute") {
            let settings = member.node.members().iter().map(|inner| match inner.key.to_ascii_lowercase().as_str() {
                "customsubnet" => Member { key: Arc::from("serverlessComputeCustomSubnet"), ..inner.clone() },
                "nopublicip" => Member { key: Arc::from("serverlessComputeNoPublicIP"), ..inner.clone() },
                _ => inner.clone(),
            });
            let settings = settings.collect();
            renamed(
                "serverlessComputeSettings",
                if member.node.is_object() { object(&member.node, settings) } else { member.node.clone() },
            )
        } else if is("displayName") {
            renamed("friendlyName", member.node.clone())
        } else {
            member.clone()
        }
    });
    object(node, members.collect())
}

fn managed_network(node: &Node) -> Node {
    let members = node.members().iter().map(|member| {
        let node = if member.key.eq_ignore_ascii_case("isolationMode") {
            translated(&member.node, ISOLATION)
        } else if member.key.eq_ignore_ascii_case("outboundRules") && member.node.is_list() {
            let named = member.node.items().iter().filter_map(|rule| {
                let rule_type = rule.get("type").map(|word| translated(word, OUTBOUND_TYPES));
                let inner = rule.members().iter().map(|inner| match &rule_type {
                    Some(word) if inner.key.eq_ignore_ascii_case("type") => {
                        Member { node: word.clone(), ..inner.clone() }
                    }
                    _ => inner.clone(),
                });
                let name = rule.get("name")?;
                let node = object(rule, inner.collect());
                Some(Member { key: Arc::from(name.text()?), key_span: name.span, node })
            });
            object(&member.node, named.collect())
        } else {
            member.node.clone()
        };
        Member { node, ..member.clone() }
    });
    if node.is_object() { object(node, members.collect()) } else { node.clone() }
}

fn compute(node: &Node) -> Node {
    let (mut outside, mut properties, mut inner) = (Vec::new(), Vec::new(), Vec::new());
    for found in node.members() {
        let rename = |key: &str| Member { key: Arc::from(key), ..found.clone() };
        match found.key.to_ascii_lowercase().as_str() {
            "type" if found.node.text().is_some_and(|text| !text.contains('/')) => {
                properties.push(Member { node: translated(&found.node, COMPUTE_TYPES), ..rename("computeType") });
            }
            "name" | "id" | "type" | "location" | "tags" | "identity" | "resourcegroup" => outside.push(found.clone()),
            "description" | "provisioningstate" | "resourceid" | "createdon" => properties.push(found.clone()),
            "size" => inner.push(rename("vmSize")),
            "networksettings" | "subnet" => {}
            _ => inner.push(found.clone()),
        }
    }
    if let Some(subnet) = subnet(node) {
        inner.push(member("subnet", subnet, node));
    }
    properties.push(member("properties", object(node, inner), node));
    outside.push(member("properties", object(node, properties), node));
    object(node, outside)
}

/// The subnet as `{ id }`: from `subnet` or from `network_settings`, by id or by the names of network and subnet.
fn subnet(node: &Node) -> Option<Node> {
    let settings = node.get("networkSettings");
    let found = [node.get("subnet"), settings.and_then(|settings| settings.get("subnet"))]
        .into_iter()
        .flatten()
        .find(|found| !found.is_blank() && (!found.is_object() || !found.members().is_empty()))?;
    let id = found.get("id").unwrap_or(found);
    let network = settings.and_then(|settings| settings.get("vnetName")).and_then(Node::text);
    let id = match (id.text(), network) {
        (Some(name), Some(network)) if !name.contains('/') => {
            let text = format!("virtualNetworks/{network}/subnets/{name}");
            Node { value: Value::Text(Arc::from(text)), ..id.clone() }
        }
        _ => id.clone(),
    };
    Some(object(found, vec![member("id", id, found)]))
}

#[cfg(test)]
mod tests {
    use crate::estate::kind::Kind;
    use crate::estate::normal::with_plain_keys;
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn unfold(node: &Node, kind: Kind) -> Node {
        super::unfold(&with_plain_keys(node), kind)
    }

    #[test]
    fn a_compute_gets_its_two_layers_of_properties() {
        let text = r#"{"name":"c","type":"amlcompute","enable_node_public_ip":false,"size":"S",
            "network_settings":{"vnet_name":"v","subnet":"s"}}"#;
        let node = unfold(&parse(FileId(0), text).unwrap().root, Kind::Compute);
        assert_eq!(node.at(&["properties", "computeType"]).unwrap().text(), Some("AmlCompute"));
        assert_eq!(node.at(&["properties", "properties", "enableNodePublicIp"]).unwrap().bool(), Some(false));
        let subnet = node.at(&["properties", "properties", "subnet", "id"]).unwrap();
        assert_eq!(subnet.text(), Some("virtualNetworks/v/subnets/s"));
    }

    #[test]
    fn an_empty_subnet_is_none() {
        let text = r#"{"name":"c","type":"computeinstance","subnet":{},"network_settings":{}}"#;
        let node = unfold(&parse(FileId(0), text).unwrap().root, Kind::Compute);
        assert!(node.at(&["properties", "properties", "subnet"]).is_none());
    }

    #[test]
    fn a_workspace_speaks_rest() {
        let text = r#"{"name":"w","hbi_workspace":true,"managed_network":{"isolation_mode":"allow_only_approved_outbound",
            "outbound_rules":[{"name":"r","type":"service_tag","destination":{"service_tag":"T"}}]},
            "serverless_compute":{"custom_subnet":"s","no_public_ip":true},"tags":{"cost_center":"1"}}"#;
        let node = unfold(&parse(FileId(0), text).unwrap().root, Kind::Workspace);
        assert_eq!(node.get("hbiWorkspace").unwrap().bool(), Some(true));
        assert_eq!(node.at(&["managedNetwork", "isolationMode"]).unwrap().text(), Some("AllowOnlyApprovedOutbound"));
        assert_eq!(
            node.at(&["managedNetwork", "outboundRules", "r", "destination", "serviceTag"]).unwrap().text(),
            Some("T")
        );
        assert_eq!(node.at(&["serverlessComputeSettings", "serverlessComputeNoPublicIP"]).unwrap().bool(), Some(true));
        assert!(node.at(&["tags", "cost_center"]).is_some());
    }
}
