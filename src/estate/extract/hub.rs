//! Connections, route tables and routing intents of Virtual WAN hubs.

use crate::estate::extract::reader::{Reader, field};
use crate::estate::resource::{Header, HubConnection, HubRoute, HubRouteTable, Reference, RoutingIntent};
use crate::json::{Node, Value};

/// The connection of a virtual network to a hub.
pub(crate) fn hub_connection(reader: &mut Reader<'_>, header: Header) -> HubConnection {
    let node = header.node.clone();
    HubConnection {
        hub: None,
        network: reader.reference(&node, &["properties", "remoteVirtualNetwork"]),
        internet_security: reader.bool(&node, &["properties", "enableInternetSecurity"]),
        route_table: reader.reference(&node, &["properties", "routingConfiguration", "associatedRouteTable"]),
        header,
    }
}

/// A route table of a hub.
pub(crate) fn hub_route_table(reader: &mut Reader<'_>, header: Header) -> HubRouteTable {
    let node = header.node.clone();
    let list = node.at(&["properties", "routes"]).filter(|list| list.is_list());
    let routes_shown = list.is_some_and(|list| list.items().iter().all(Node::is_object));
    HubRouteTable { hub: None, routes: routes(reader, &node, "routes"), routes_shown, header }
}

/// The routing intent of a hub.
pub(crate) fn routing_intent(reader: &mut Reader<'_>, header: Header) -> RoutingIntent {
    let node = header.node.clone();
    RoutingIntent { hub: None, policies: routes(reader, &node, "routingPolicies"), header }
}

fn routes(reader: &mut Reader<'_>, node: &Node, list: &str) -> Vec<HubRoute> {
    let mut routes = Vec::new();
    for item in reader.items(node, &["properties", list]).iter().filter(|item| item.is_object()) {
        let next_hop = item.get("nextHop").filter(|hop| !hop.is_blank());
        let value = |hop: &Node| match &hop.value {
            Value::Unknown(unknown) => Err(unknown.clone()),
            _ => reader.text_of(hop, "nextHop").value,
        };
        let next_hop = next_hop.map(value).zip(next_hop);
        routes.push(HubRoute {
            destinations: reader.texts(item, &["destinations"]),
            next_hop: next_hop.map(|(id, at)| Reference { id: field(at, id), target: None }),
            span: item.span,
        });
    }
    routes
}
