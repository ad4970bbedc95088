//! The resources of a plan in REST form, before a language is chosen: what refers to another or to a parameter is an
//! object with one key of its own.

use serde_json::{Map, Value, json};

use crate::generate::lines::Line;
use crate::generate::plan::Plan;

/// The version of the API of every resource.
pub(crate) const API: &str = "2024-05-01";

/// The key of a reference to the id of a resource, by its symbol.
pub(crate) const ID_OF: &str = "$id";

/// The key of a reference to a parameter.
pub(crate) const PARAMETER: &str = "$parameter";

/// The parameters of a template, with what they are for.
pub(crate) const LOCATION: &str = "location";
pub(crate) const NETWORK: &str = "virtualNetworkName";
pub(crate) const PREFIX: &str = "subnetPrefix";

/// One resource.
pub(crate) struct Resource {
    /// What it is called within a text.
    pub(crate) symbol: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) name: String,
    /// What it is a part of: another resource, or the network there is.
    pub(crate) parent: Option<&'static str>,
    /// What it needs and does not refer to.
    pub(crate) after: Vec<&'static str>,
    /// Its other keys.
    pub(crate) body: Map<String, Value>,
}

/// The symbol of the network that the subnets are in, which is there already.
pub(crate) const VNET: &str = "network";

fn id(symbol: &str) -> Value {
    json!({ "id": { ID_OF: symbol } })
}

fn parameter(name: &str) -> Value {
    json!({ PARAMETER: name })
}

fn values(lines: &[Line]) -> Vec<Value> {
    lines.iter().map(|line| line.value.clone()).collect()
}

/// A rule that lets nothing pass.
pub(crate) fn deny(inbound: bool) -> Value {
    let (name, direction) = if inbound { ("deny-all-in", "Inbound") } else { ("deny-all-out", "Outbound") };
    json!({
        "name": name,
        "properties": {
            "priority": 4096,
            "direction": direction,
            "access": "Deny",
            "protocol": "*",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*"
        }
    })
}

/// The routes: those of the plan, and the one that all else takes to the firewall.
pub(crate) fn routes(plan: &Plan) -> Vec<Value> {
    let mut routes = values(&plan.lines.routes);
    if let Some(address) = plan.firewall_address() {
        routes.push(json!({
            "name": "default",
            "properties": {
                "addressPrefix": "0.0.0.0/0",
                "nextHopType": "VirtualAppliance",
                "nextHopIpAddress": address.to_string()
            }
        }));
    }
    routes
}

/// The collections of the firewall's policy that hold anything.
pub(crate) fn collections(plan: &Plan) -> Vec<(&'static str, i64, &[Line])> {
    let all = [("network", 100, &*plan.lines.network), ("application", 200, &*plan.lines.application)];
    all.into_iter().filter(|(.., lines)| !lines.is_empty()).collect()
}

/// The resources, each behind those it refers to.
pub(crate) fn resources(plan: &Plan) -> Vec<Resource> {
    let mut all = vec![group(plan)];
    let mut subnet = Map::new();
    let prefix = parameter(PREFIX);
    subnet.insert("addressPrefix".to_owned(), prefix);
    subnet.insert("networkSecurityGroup".to_owned(), id("securityGroup"));
    if plan.firewall.is_some() {
        all.push(table(plan));
        subnet.insert("routeTable".to_owned(), id("routeTable"));
    }
    if plan.nat_gateway {
        all.extend(nat_gateway(plan));
        subnet.insert("natGateway".to_owned(), id("natGateway"));
    }
    if plan.firewall.is_some() || plan.nat_gateway {
        subnet.insert("defaultOutboundAccess".to_owned(), json!(false));
    }
    all.push(part(
        "subnet",
        "Microsoft.Network/virtualNetworks/subnets",
        plan.name("snet"),
        VNET,
        Value::Object(subnet),
    ));
    if let Some(prefix) = plan.firewall {
        all.extend(firewall(plan, &prefix.trunc().to_string()));
    }
    all
}

fn resource(symbol: &'static str, type_name: &'static str, name: String, more: Value) -> Resource {
    let mut body = Map::new();
    body.insert("location".to_owned(), parameter(LOCATION));
    if let Value::Object(more) = more {
        body.extend(more);
    }
    Resource { symbol, type_name, name, parent: None, after: Vec::new(), body }
}

fn part(
    symbol: &'static str,
    type_name: &'static str,
    name: String,
    parent: &'static str,
    properties: Value,
) -> Resource {
    let mut body = Map::new();
    body.insert("properties".to_owned(), properties);
    Resource { symbol, type_name, name, parent: Some(parent), after: Vec::new(), body }
}

fn group(plan: &Plan) -> Resource {
    let mut rules = values(&plan.lines.rules);
    rules.extend([deny(true), deny(false)]);
    let body = json!({ "properties": { "securityRules": rules } });
    resource("securityGroup", "Microsoft.Network/networkSecurityGroups", plan.name("nsg"), body)
}

fn table(plan: &Plan) -> Resource {
    let body = json!({ "properties": { "routes": routes(plan) } });
    resource("routeTable", "Microsoft.Network/routeTables", plan.name("rt"), body)
}

fn public_address(symbol: &'static str, name: String) -> Resource {
    let body = json!({ "sku": { "name": "Standard" }, "properties": { "publicIPAllocationMethod": "Static" } });
    resource(symbol, "Microsoft.Network/publicIPAddresses", name, body)
}

fn nat_gateway(plan: &Plan) -> [Resource; 2] {
    let body = json!({ "sku": { "name": "Standard" }, "properties": { "publicIpAddresses": [id("natAddress")] } });
    [
        public_address("natAddress", plan.name("pip-ng")),
        resource("natGateway", "Microsoft.Network/natGateways", plan.name("ng"), body),
    ]
}

fn firewall(plan: &Plan, prefix: &str) -> Vec<Resource> {
    let collection = |(name, priority, lines): (&str, i64, &[Line])| {
        json!({
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
            "name": name,
            "priority": priority,
            "action": { "type": "Allow" },
            "rules": values(lines)
        })
    };
    let collections: Vec<Value> = collections(plan).into_iter().map(collection).collect();
    let mut policy = json!({ "properties": { "sku": { "tier": "Standard" } } });
    if plan.dns_proxy {
        policy["properties"]["dnsSettings"] = json!({ "enableProxy": true });
    }
    let properties = json!({
        "sku": { "name": "AZFW_VNet", "tier": "Standard" },
        "firewallPolicy": id("policy"),
        "ipConfigurations": [
            { "name": "out", "properties": { "subnet": id("firewallSubnet"), "publicIPAddress": id("firewallAddress") } }
        ]
    });
    let groups = "Microsoft.Network/firewallPolicies/ruleCollectionGroups";
    let rules = json!({ "priority": 200, "ruleCollections": collections });
    let mut subnet = part(
        "firewallSubnet",
        "Microsoft.Network/virtualNetworks/subnets",
        plan.firewall_subnet().to_owned(),
        VNET,
        json!({ "addressPrefix": prefix }),
    );
    // Azure changes one subnet of a network at a time.
    subnet.after = vec!["subnet"];
    let mut firewall =
        resource("firewall", "Microsoft.Network/azureFirewalls", plan.name("afw"), json!({ "properties": properties }));
    firewall.after = vec!["policyRules"];
    vec![
        resource("policy", "Microsoft.Network/firewallPolicies", plan.name("afwp"), policy),
        part("policyRules", groups, plan.end.clone(), "policy", rules),
        subnet,
        public_address("firewallAddress", plan.name("pip-afw")),
        firewall,
    ]
}
