//! Spellings of single tools: PowerShell, effective rules and routes, `az ml`.
//!
//! PowerShell objects through `ConvertTo-Json` (SHAPE-12) have singular names over lists, `…Text` doubles that hold the same
//! as JSON text, and objects cut off to their type's name where `-Depth` ended. Keys stay in PowerShell's case; everything
//! here compares them without. Effective rules and routes of a network interface (SHAPE-3, 4) become a group and a table.
//! `az ml` (SHAPE-13, 14) has words of its own for REST's; its snake case is read like everyone's, by `tree`.

use std::sync::Arc;

use crate::estate::kind::Kind;
use crate::estate::normal::tree::{list, member, object, text};
use crate::json::{Member, Node, Value, parse};

/// Objects nest this deep at most before the rest is left as it is.
const MAX_DEPTH: usize = 24;

/// The flattened form az CLI would have given.
pub(crate) fn powershell(node: &Node, kind: Kind) -> Node {
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
            list(node, items)
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
fn is_cut_off(node: &Node) -> bool {
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
fn children(all: &Node, kind: Kind) -> Node {
    let items = match &all.value {
        Value::List(items) => items.iter().map(|item| with_plurals(item, kind)).collect(),
        Value::Object(_) => vec![with_plurals(all, kind)],
        _ => return all.clone(),
    };
    list(all, items)
}

fn pluralised(member: &Member, plural: &str) -> Member {
    let node = match &member.node.value {
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
            list(&member.node, items)
        }
        _ => return member.clone(),
    };
    Member { key: Arc::from(plural), key_span: member.key_span, node }
}

/// The key under which a list of effective routes is kept beside the name that it is given here.
pub(crate) const EFFECTIVE_ROUTES: &str = "effectiveRoutes";

/// Effective rules: `{ id, properties: { securityRules, subnets, networkInterfaces } }`. A list of effective routes, alone
/// or with a name: `{ name, properties: { routes } }` with those that are active.
pub(crate) fn effective(node: &Node) -> Node {
    match node.get(EFFECTIVE_ROUTES) {
        Some(list) => {
            let mut table = effective_routes(list).members().to_vec();
            table.extend(node.member("name").cloned());
            object(list, table)
        }
        None if node.is_list() => effective_routes(node),
        None => effective_rules(node),
    }
}

fn effective_rules(node: &Node) -> Node {
    let mut members = Vec::new();
    let mut properties = Vec::new();
    match node.at(&["networkSecurityGroup", "id"]) {
        Some(id) => members.push(member("id", id.clone(), node)),
        None => members.extend(node.member("name").cloned()),
    }
    if let Some(rules) = node.member("effectiveSecurityRules") {
        // `Get-AzEffectiveNetworkSecurityGroup` writes lists under the singular names, as this module does everywhere.
        let node = children(&rules.node, Kind::SecurityRule);
        properties.push(Member { key: Arc::from("securityRules"), node, ..rules.clone() });
    }
    for (from, to) in [("subnet", "subnets"), ("networkInterface", "networkInterfaces")] {
        if let Some(target) = node.at(&["association", from]).filter(|target| !target.is_blank()) {
            let one = Node::new(Value::List(Arc::new(vec![target.clone()])), target.span);
            properties.push(member(to, one, node));
        }
    }
    members.push(member("properties", object(node, properties), node));
    object(node, members)
}

fn effective_routes(all: &Node) -> Node {
    // A route that another one overrides is listed as `Invalid`.
    let active = |route: &&Node| {
        route.get("state").is_none_or(|state| state.text().is_none_or(|text| text.eq_ignore_ascii_case("active")))
    };
    let routes = list(all, all.items().iter().filter(active).cloned().collect());
    let properties = object(all, vec![member("routes", routes, all)]);
    object(all, vec![member("properties", properties, all)])
}

/// A workspace or compute with REST's names, a workspace flattened, a compute with its `properties`.
pub(crate) fn machine_learning(node: &Node, kind: Kind) -> Node {
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
        Some((_, to)) => text(node, to),
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
            text(id, &format!("virtualNetworks/{network}/subnets/{name}"))
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

    use super::powershell;

    fn nsg(text: &str) -> Node {
        powershell(&parse(FileId(0), text).unwrap().root, Kind::Nsg)
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

    fn unfold(node: &Node, kind: Kind) -> Node {
        super::machine_learning(&with_plain_keys(node), kind)
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
