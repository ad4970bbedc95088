//! Laws over hostile input: whatever the JSON, reading it ends without a panic and keeps its promises.

use std::sync::Arc;

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use crate::estate::extract::Options;
use crate::estate::kind::Shape;
use crate::estate::whole::Estate;
use crate::estate::{FAULT_KINDS, Piece, build, gather, shape_of};
use crate::json::{Member, Node, Number, Part, Reason, Unknown, Value};
use crate::source::{FileId, Span};

/// Keys that mean something somewhere, so that right keys meet wrong values.
const KEYS: &[&str] = &[
    "name",
    "id",
    "type",
    "location",
    "properties",
    "Properties",
    "securityRules",
    "SecurityRules",
    "SecurityRulesText",
    "defaultSecurityRules",
    "routes",
    "subnets",
    "virtualNetworkPeerings",
    "addressSpace",
    "addressPrefixes",
    "addressPrefix",
    "priority",
    "direction",
    "access",
    "protocol",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "destinationPortRange",
    "destinationPortRanges",
    "nextHopType",
    "nextHopIpAddress",
    "state",
    "value",
    "data",
    "count",
    "columns",
    "rows",
    "nextLink",
    "resources",
    "effectiveSecurityRules",
    "networkSecurityGroup",
    "association",
    "subnet",
    "ipConfigurations",
    "ruleCollections",
    "rules",
    "ruleConditions",
    "action",
    "protocols",
    "ipProtocols",
    "enable_node_public_ip",
    "network_settings",
    "managed_network",
    "outbound_rules",
    "hbi_workspace",
    "routeTable",
    "natGateway",
    "delegations",
    "serviceEndpoints",
    "privateLinkServiceConnections",
    "responses",
    "body",
    "expandedSourceAddressPrefix",
    "sourceApplicationSecurityGroups",
    "nextHop",
    "nextHopIpAddresses",
    "sku",
];

const TEXTS: &[&str] = &[
    "",
    "*",
    "Any",
    "10.0.0.0/8",
    "10.0.0.1/8",
    "::/0",
    "1-2",
    ",",
    " , ",
    "Storage",
    "Storag",
    "AzureCloud.x",
    "é,\u{1F600}",
    "Inbound",
    "Allow",
    "Tcp",
    "Internet",
    "VirtualAppliance",
    "443",
    "80-",
    "[x]",
    "[",
    "/",
    "//",
    "a/b",
    "/subscriptions/s",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/networkSecurityGroups/securityRules",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/routeTables",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/firewallPolicies/ruleGroups",
    "amlcompute",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.MachineLearningServices/workspaces/computes",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n/securityRules/r",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
    "/providers/",
    "/providers/x",
    "Microsoft.Azure.Commands.X",
    "[{\"Name\":\"r\"}]",
    "[1, {\"a\":",
    "@{x}",
    "westeurope",
    "USGov Virginia",
];

fn span() -> Span {
    Span::new(FileId(0), 3, 9)
}

fn node(value: Value) -> Node {
    Node::new(value, span())
}

fn unknown(parts: Vec<Part>) -> Arc<Unknown> {
    let text = Arc::from("[f()]");
    Arc::new(Unknown {
        reason: Reason::Reference,
        key: Arc::clone(&text),
        text,
        span: span(),
        parts,
        domain: Vec::new(),
    })
}

fn trees() -> impl Strategy<Value = Node> {
    let text = || proptest::sample::select(TEXTS).prop_map(Arc::<str>::from);
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i32>().prop_map(|number| Value::Number(Number::new(number.to_string()))),
        1 => Just(Value::Number(Number::new("1e999"))),
        4 => text().prop_map(Value::Text),
        1 => "\\PC{0,6}".prop_map(|text| Value::Text(Arc::from(text))),
        1 => Just(Value::Unknown(unknown(Vec::new()))),
        1 => text().prop_map(|text| Value::Unknown(unknown(vec![Part::Hole(unknown(Vec::new())), Part::Text(text)]))),
        1 => text().prop_map(|text| Value::Unknown(unknown(vec![Part::Text(text), Part::Hole(unknown(Vec::new()))]))),
    ];
    leaf.prop_map(node).prop_recursive(6, 96, 8, |inner| {
        let member = (proptest::sample::select(KEYS), inner.clone()).prop_map(|(key, node)| Member {
            key: Arc::from(key),
            key_span: span(),
            node,
        });
        prop_oneof![
            1 => proptest::collection::vec(inner, 0..6).prop_map(|items| node(Value::List(Arc::new(items)))),
            3 => proptest::collection::vec(member, 0..9).prop_map(|members| node(Value::Object(Arc::new(members)))),
        ]
    })
}

/// Everything a mention promises: it leads inside the list, and no key is empty.
fn assert_sound(estate: &Estate) {
    for subnet in &estate.subnets {
        assert!(subnet.nsg.as_ref().and_then(|mention| mention.target).is_none_or(|at| at < estate.nsgs.len()));
        assert!(subnet.network.is_none_or(|at| at < estate.networks.len()));
        assert!(!subnet.header.key.is_empty());
    }
    for nsg in &estate.nsgs {
        assert!(nsg.subnets.iter().filter_map(|mention| mention.target).all(|at| at < estate.subnets.len()));
        for rule in nsg.rules.iter().chain(&nsg.default_rules) {
            assert!(!rule.sources.items.is_empty() || !rule.sources.groups.is_empty());
            assert!(!rule.source_ports.items.is_empty() && !rule.destination_ports.items.is_empty());
        }
    }
    for fault in &estate.faults {
        assert!(FAULT_KINDS.iter().any(|(kind, _)| *kind == fault.kind), "{}", fault.kind);
    }
}

proptest! {
    #[test]
    fn no_input_panics(roots in proptest::collection::vec(trees(), 1..4)) {
        let mut pieces = Vec::new();
        for root in &roots {
            let _ = shape_of(root);
            pieces.extend(gather(root).pieces);
            for shape in [Shape::Template, Shape::Rest, Shape::Cli, Shape::PowerShell, Shape::Effective, Shape::MachineLearningCli] {
                pieces.push(Piece { node: root.clone(), shape, condition: None, listed: false, partial: false });
            }
        }
        assert_sound(&build(pieces, Options::default()));
    }

    #[test]
    fn the_order_of_pieces_changes_no_links(first in trees(), second in trees()) {
        let pieces = |roots: [&Node; 2]| roots.into_iter().flat_map(|root| gather(root).pieces).collect::<Vec<_>>();
        let one = build(pieces([&first, &second]), Options::default());
        let two = build(pieces([&second, &first]), Options::default());
        assert_eq!(one.nsgs.len(), two.nsgs.len());
        assert_eq!(one.subnets.len(), two.subnets.len());
    }
}
