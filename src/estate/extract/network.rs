//! Virtual networks, subnets, private endpoints and network interfaces; workspaces and computes of Azure Machine Learning
//! (AML-6, AML-11).

use std::sync::Arc;

use crate::estate::extract::address::{Place, address, set, sets};
use crate::estate::extract::reader::{Reader, absent, field, lookup};
use crate::estate::fault;
use crate::estate::normal::{member, object};
use crate::estate::resource::{
    Compute, EndpointTarget, Field, Header, NetworkInterface, Peering, PrivateEndpoint, Reference, Subnet,
    VirtualNetwork, Workspace,
};
use crate::json::{Member, Node, Value};
use crate::net::AddressSet;

/// A virtual network; its subnets are resources of their own.
pub(crate) fn network(reader: &mut Reader<'_>, header: Header) -> VirtualNetwork {
    let node = header.node.clone();
    let (objects, unknown_peerings) = reader.objects(&node, &["properties", "virtualNetworkPeerings"]);
    let peerings = objects.iter().map(|(_, item)| peering(reader, item)).collect();
    let list = node.at(&["properties", "virtualNetworkPeerings"]).filter(|list| list.is_list());
    let peerings_shown = list.is_some_and(|list| list.items().iter().all(Node::is_object));
    VirtualNetwork {
        address_space: sets(reader, &node, &["properties", "addressSpace", "addressPrefixes"], Place::Prefix),
        dns_servers: reader.texts(&node, &["properties", "dhcpOptions", "dnsServers"]),
        subnets: Vec::new(),
        peerings,
        peerings_shown,
        unknown_peerings,
        header,
    }
}

fn peering(reader: &mut Reader<'_>, node: &Node) -> Peering {
    let node = &reader.sound(node);
    let mut remote_space = Vec::new();
    for key in ["remoteAddressSpace", "remoteVirtualNetworkAddressSpace"] {
        if remote_space.is_empty() {
            remote_space = sets(reader, node, &["properties", key, "addressPrefixes"], Place::Prefix);
        }
    }
    let name = reader.text(node, &["name"]);
    Peering {
        name: name.unwrap_or_else(|| absent(node, "name")),
        remote: reader.reference(node, &["properties", "remoteVirtualNetwork"]),
        remote_space,
        state: reader.text(node, &["properties", "peeringState"]),
        back: None,
        allow_access: reader.bool(node, &["properties", "allowVirtualNetworkAccess"]),
        remote_gateways: reader.bool(node, &["properties", "useRemoteGateways"]),
        complete: reader.bool(node, &["properties", "peerCompleteVnets"]),
        span: node.span,
    }
}

/// A subnet.
pub(crate) fn subnet(reader: &mut Reader<'_>, header: Header) -> Subnet {
    let node = header.node.clone();
    Subnet {
        network: None,
        prefixes: prefixes(reader, &node),
        nsg: reader.reference(&node, &["properties", "networkSecurityGroup"]),
        route_table: reader.reference(&node, &["properties", "routeTable"]),
        nat_gateway: reader.reference(&node, &["properties", "natGateway"]),
        service_endpoints: reader.texts_in(&node, &["properties", "serviceEndpoints"], &["service"]),
        service_endpoint_policies: reader.ids(&node, &["properties", "serviceEndpointPolicies"]),
        delegations: reader.texts_in(&node, &["properties", "delegations"], &["properties", "serviceName"]),
        private_endpoint_policies: reader.text(&node, &["properties", "privateEndpointNetworkPolicies"]),
        default_outbound: reader.bool(&node, &["properties", "defaultOutboundAccess"]),
        private_endpoints: reader.ids(&node, &["properties", "privateEndpoints"]),
        header,
    }
}

fn prefixes(reader: &mut Reader<'_>, node: &Node) -> Vec<Field<AddressSet>> {
    let mut one = Vec::new();
    let single = lookup(node, &["properties", "addressPrefix"]);
    if let Some(found) = single {
        set(reader, found, "addressPrefix", Place::Prefix, &mut one);
    }
    // Unknown properties make both the same unknown.
    if single.is_some_and(|found| found.unknown().is_some()) && one.len() == 1 {
        let list = node.at(&["properties", "addressPrefixes"]);
        if list.is_none_or(Node::is_blank) {
            return one;
        }
    }
    let several = sets(reader, node, &["properties", "addressPrefixes"], Place::Prefix);
    let new = several
        .into_iter()
        .filter(|field| field.known().is_none_or(|set| one.iter().all(|other| other.known() != Some(set))));
    let new: Vec<_> = new.collect();
    one.extend(new);
    one
}

/// A private endpoint.
pub(crate) fn private_endpoint(reader: &mut Reader<'_>, header: Header) -> PrivateEndpoint {
    let node = header.node.clone();
    let mut targets = Vec::new();
    for list in ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"] {
        for item in reader.items(&node, &["properties", list]).iter().filter(|item| item.is_object()) {
            let item = reader.sound(item);
            if let Some(id) = reader.text(&item, &["properties", "privateLinkServiceId"]) {
                let state = ["properties", "privateLinkServiceConnectionState", "status"];
                let groups = reader.texts(&item, &["properties", "groupIds"]);
                targets.push(EndpointTarget { id, groups, state: reader.text(&item, &state) });
            }
        }
    }
    let mut addresses = configured_addresses(reader, &node);
    for item in reader.items(&node, &["properties", "customDnsConfigs"]).iter().filter(|item| item.is_object()) {
        for found in reader.items(item, &["ipAddresses"]).iter().filter(|found| !found.is_blank()) {
            let found = address(reader, found, "ipAddresses", fault::PREFIX_INVALID);
            let known = |other: &Field<_>| other.known().is_some() && other.known() == found.known();
            if !addresses.iter().any(known) {
                addresses.push(found);
            }
        }
    }
    PrivateEndpoint { subnet: reader.reference(&node, &["properties", "subnet"]), targets, addresses, header }
}

/// A network interface.
pub(crate) fn interface(reader: &mut Reader<'_>, header: Header) -> NetworkInterface {
    let node = header.node.clone();
    let nsg = reader.reference(&node, &["properties", "networkSecurityGroup"]);
    let addresses = configured_addresses(reader, &node);
    let subnets = configured_subnets(reader, &node);
    let forwards = reader.bool(&node, &["properties", "enableIPForwarding"]);
    let machine = reader.id(&node, &["properties", "virtualMachine"]);
    NetworkInterface { nsg, subnets, addresses, forwards, machine, header }
}

/// The private addresses of a list of address configurations.
pub(crate) fn configured_addresses(reader: &mut Reader<'_>, node: &Node) -> Vec<Field<std::net::IpAddr>> {
    let mut addresses = Vec::new();
    for item in reader.items(node, &["properties", "ipConfigurations"]).iter().filter(|item| item.is_object()) {
        if let Some(found) = lookup(item, &["properties", "privateIPAddress"]) {
            addresses.push(address(reader, found, "privateIPAddress", fault::PREFIX_INVALID));
        }
    }
    addresses
}

/// The subnets of a list of address configurations.
pub(crate) fn configured_subnets(reader: &mut Reader<'_>, node: &Node) -> Vec<Reference> {
    let mut subnets = Vec::new();
    for item in reader.items(node, &["properties", "ipConfigurations"]).iter() {
        if let Some(why) = item.unknown() {
            subnets.push(Reference::new(field(item, Err(why.clone()))));
        } else if item.is_object() {
            let item = reader.sound(item);
            subnets.extend(reader.reference(&item, &["properties", "subnet"]));
        }
    }
    subnets
}

/// A workspace.
pub(crate) fn workspace(reader: &mut Reader<'_>, header: Header) -> Workspace {
    let node = header.node.clone();
    let property = |key| ["properties", key];
    let mut associated = Vec::new();
    for key in ["storageAccount", "keyVault", "containerRegistry", "applicationInsights"] {
        associated.extend(reader.text(&node, &property(key)).map(|id| (key, id)));
    }
    let mut private_endpoints = Vec::new();
    for item in reader.items(&node, &property("privateEndpointConnections")).iter().filter(|item| item.is_object()) {
        let item = reader.sound(item);
        private_endpoints.extend(reader.id(&item, &["properties", "privateEndpoint"]));
    }
    let serverless = |key| ["properties", "serverlessComputeSettings", key];
    // Of most of these only the type matters: rules read them in the node.
    reader.bool(&node, &property("hbiWorkspace"));
    reader.text(&node, &property("publicNetworkAccess"));
    reader.text(&node, &property("imageBuildCompute"));
    reader.text(&node, &["properties", "managedNetwork", "isolationMode"]);
    let serverless_subnet = id_or_text(reader, &node, &serverless("serverlessComputeCustomSubnet"));
    reader.bool(&node, &serverless("serverlessComputeNoPublicIP"));
    Workspace { serverless_subnet, associated, private_endpoints, header }
}

/// The outbound rules a workspace holds for its managed network, each as the child that Azure makes of it (AML-16).
pub(crate) fn outbound_rules(workspace: &Header) -> Vec<Header> {
    const CHILD: &str = "outboundRules";
    let Some(rules) = lookup(&workspace.node, &["properties", "managedNetwork", CHILD]) else { return Vec::new() };
    let owner = workspace.name.known().map_or("", |name| name);
    let child = |rule: &Member| {
        let type_name = format!("{}/{CHILD}", workspace.type_name);
        let text = |text: &str, span| Node::new(Value::Text(Arc::from(text)), span);
        let members = vec![
            member("name", text(&format!("{owner}/{}", rule.key), rule.key_span), &rule.node),
            member("type", text(&type_name, rule.node.span), &rule.node),
            member("properties", rule.node.clone(), &rule.node),
        ];
        let id = workspace.id.as_ref().and_then(|id| {
            let known = id.known()?;
            Some(Field { value: Ok(Arc::from(format!("{known}/{CHILD}/{}", rule.key))), ..id.clone() })
        });
        Header {
            name: Field { value: Ok(Arc::clone(&rule.key)), span: rule.key_span, via: None },
            id,
            key: Arc::from(format!("{}/{CHILD}/{}", workspace.key, rule.key).to_ascii_lowercase()),
            type_name: Arc::from(type_name),
            location: None,
            node: object(&rule.node, members),
            span: rule.node.span,
            shape: workspace.shape,
            condition: workspace.condition.clone(),
            mentioned: false,
        }
    };
    rules.members().iter().filter(|rule| rule.node.is_object()).map(child).collect()
}

/// A compute.
pub(crate) fn compute(reader: &mut Reader<'_>, header: Header) -> Compute {
    let node = header.node.clone();
    reader.text(&node, &["properties", "computeType"]);
    let subnet = id_or_text(reader, &node, &["properties", "properties", "subnet"]);
    reader.bool(&node, &["properties", "properties", "enableNodePublicIp"]);
    Compute { subnet, workspace: None, header }
}

/// A mention written as `{ id }` or as the id itself, as this service does.
fn id_or_text(reader: &mut Reader<'_>, node: &Node, path: &[&str]) -> Option<Reference> {
    let found = lookup(node, path)?;
    let id: Option<Field<Arc<str>>> =
        if found.text().is_some() { reader.text(node, path) } else { reader.id(node, path) };
    id.map(Reference::new)
}
