//! Route tables and their routes (RT-1, RT-2, RT-5, RT-13), and the connections, route tables and routing intents of Virtual
//! WAN hubs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::extract::address::{Place, address, peers};
use crate::estate::extract::reader::{Reader, absent, field, lookup};
use crate::estate::extract::security::{Conditions, check_name};
use crate::estate::fault;
use crate::estate::identity::{last_segment, short_name};
use crate::estate::kind::Shape;
use crate::estate::resource::{
    Field, Header, HubConnection, HubRoute, HubRouteTable, NextHop, Peer, Reference, Route, RouteOrigin, RouteTable,
    RoutingIntent,
};
use crate::json::{Node, Unknown, Value};

/// A route table out of its REST form.
pub(crate) fn route_table(reader: &mut Reader<'_>, header: Header, conditions: &Conditions) -> RouteTable {
    let node = header.node.clone();
    let effective = header.shape == Shape::Effective;
    if !effective {
        check_name(reader, &header.name);
    }
    let (objects, unknown_routes) = reader.objects(&node, &["properties", "routes"]);
    let routes: Vec<Route> =
        objects.iter().map(|(index, item)| route(reader, item, conditions.get(index).cloned())).collect();
    if !effective {
        check_prefixes(reader, &routes);
        check_limits(reader, &routes, &node);
    }
    RouteTable {
        routes,
        unknown_routes,
        routes_span: lookup(&node, &["properties", "routes"]).map(|list| list.span),
        disable_bgp: reader.bool(&node, &["properties", "disableBgpRoutePropagation"]),
        disable_peering: reader.text(&node, &["properties", "disablePeeringRoute"]),
        subnets: reader.references(&node, &["properties", "subnets"]),
        effective,
        header,
    }
}

fn route(reader: &mut Reader<'_>, node: &Node, condition: Option<Arc<Unknown>>) -> Route {
    let node = &reader.sound(node);
    let effective = reader.shape == Shape::Effective;
    // Effective routes lie bare, system routes have no name.
    let path = |key| if node.get("properties").is_some() { vec!["properties", key] } else { vec![key] };
    let table = reader.resource.clone();
    let name = reader.text(node, &["name"]);
    if let Some(Ok(name)) = name.as_ref().map(|name| &name.value) {
        reader.resource = format!("{table}/routes/{}", short_name(name));
    }
    let name = match name {
        None if effective => unnamed(node, &path("addressPrefix")),
        name => last_segment(reader.required(name, node, "name")),
    };
    if !effective {
        check_name(reader, &name);
    }
    let mut prefixes = Vec::new();
    if let Some(found) = lookup(node, &path("addressPrefix")) {
        if effective && found.is_list() {
            for item in found.items().iter().filter(|item| !item.is_blank()) {
                peers(reader, item, "addressPrefix", Place::Route, &mut prefixes);
            }
        } else {
            peers(reader, found, "addressPrefix", Place::Route, &mut prefixes);
        }
    }
    if prefixes.is_empty() {
        let detail = "the route has no `addressPrefix`".to_owned();
        prefixes.push(reader.missing(fault::ROUTE_PREFIX_MISSING, node, "addressPrefix", detail));
    }
    let next_hop = reader.word_at(node, &path("nextHopType"), |text| next_hop(text, effective));
    let next_hop = reader.required(next_hop, node, "nextHopType");
    let next_hop_addresses = next_hop_addresses(reader, node, &path("nextHopIpAddress"));
    if !effective {
        check_next_hop(reader, node, &next_hop, &next_hop_addresses);
    }
    let origin = match node.get("source").and_then(Node::text).map(str::to_ascii_lowercase).as_deref() {
        Some("default") if effective => RouteOrigin::System,
        Some("virtualnetworkgateway") if effective => RouteOrigin::Gateway,
        _ => RouteOrigin::User,
    };
    reader.resource = table;
    Route { name, span: node.span, node: node.clone(), prefixes, next_hop, next_hop_addresses, origin, condition }
}

/// Azure's own routes have no name: they go by their prefix.
fn unnamed(node: &Node, path: &[&str]) -> Field<Arc<str>> {
    let prefix = lookup(node, path);
    let first = prefix.and_then(|prefix| prefix.text().or_else(|| prefix.items().first()?.text()));
    first.map_or_else(|| absent(node, "name"), |text| field(node, Ok(Arc::from(text))))
}

fn next_hop(text: &str, effective: bool) -> Result<NextHop, (&'static str, String)> {
    let known = NextHop::of_azure(text).or_else(|| match text.to_ascii_lowercase().as_str() {
        // Several appliances share what takes the route (BOTH-ENDS-13).
        "virtualapplianceecmp" => Some(NextHop::VirtualAppliance),
        // What PowerShell and effective routes call the network itself.
        "virtualnetwork" if effective => Some(NextHop::VnetLocal),
        "vnetglobalpeering" | "globalvnetpeering" => Some(NextHop::Peering),
        _ => None,
    });
    known.filter(|hop| effective || hop.is_written()).ok_or_else(|| {
        let takes = "VirtualNetworkGateway, VnetLocal, Internet, VirtualAppliance, VirtualApplianceEcmp and None";
        (fault::NEXT_HOP_UNKNOWN, format!("next hop `{text}` is unknown; Azure takes {takes}"))
    })
}

fn next_hop_addresses(reader: &mut Reader<'_>, node: &Node, path: &[&str]) -> Vec<Field<std::net::IpAddr>> {
    let kind = fault::NEXT_HOP_ADDRESS_INVALID;
    let mut addresses = Vec::new();
    if let Some(found) = lookup(node, path) {
        if reader.shape == Shape::Effective && found.is_list() {
            for item in found.items().iter().filter(|item| !item.is_blank()) {
                addresses.push(address(reader, item, "nextHopIpAddress", kind));
            }
        } else {
            addresses.push(address(reader, found, "nextHopIpAddress", kind));
        }
    }
    // Newer interfaces spread traffic over several appliances.
    let shared = [&path[..path.len() - 1], &["nextHop", "nextHopIpAddresses"]].concat();
    match lookup(node, &shared) {
        Some(list) if list.unknown().is_some() => {
            addresses.push(address(reader, list, "nextHopIpAddresses", kind));
        }
        _ => {
            for item in reader.items(node, &shared).iter().filter(|item| !item.is_blank()) {
                addresses.push(address(reader, item, "nextHopIpAddresses", kind));
            }
        }
    }
    addresses
}

fn check_next_hop(
    reader: &mut Reader<'_>,
    node: &Node,
    next_hop: &Field<NextHop>,
    addresses: &[Field<std::net::IpAddr>],
) {
    let Some(hop) = next_hop.known() else { return };
    let place = lookup(node, &["properties", "nextHopType"]).unwrap_or(node);
    if *hop == NextHop::VirtualAppliance && addresses.is_empty() {
        let detail = "next hop VirtualAppliance needs a `nextHopIpAddress`".to_owned();
        reader.fault(fault::NEXT_HOP_ADDRESS_MISSING, place, detail);
    } else if *hop != NextHop::VirtualAppliance
        && let Some(found) = lookup(node, &["properties", "nextHopIpAddress"])
        && !addresses.is_empty()
    {
        let detail = "`nextHopIpAddress` is only for next hop VirtualAppliance".to_owned();
        reader.fault(fault::NEXT_HOP_ADDRESS_UNUSED, found, detail);
    }
}

fn check_prefixes(reader: &mut Reader<'_>, routes: &[Route]) {
    let mut seen: BTreeMap<String, &Route> = BTreeMap::new();
    for route in routes.iter().filter(|route| route.condition.is_none()) {
        let Some(prefix) = route.prefixes.first().and_then(Field::known) else { continue };
        let key = match prefix {
            Peer::Addresses(set) => set.prefixes().map(|net| net.to_string()).collect::<Vec<_>>().join(","),
            Peer::Tag(text) => text.to_ascii_lowercase(),
            Peer::Any | Peer::Invalid(_) => continue,
        };
        let Some(first) = seen.get(&key).copied() else {
            seen.insert(key, route);
            continue;
        };
        let same = first.name.known().zip(route.name.known()).is_some_and(|(one, two)| one.eq_ignore_ascii_case(two));
        // A route that is written inside its table and again as a resource is one route, deployed twice.
        let again = first.node.get("type").is_some() != route.node.get("type").is_some();
        if same && (again || first.span.file != route.span.file) {
            continue;
        }
        let place = lookup(&route.node, &["properties", "addressPrefix"]).unwrap_or(&route.node).clone();
        let related = first.prefixes.first().map(|prefix| (prefix.span, "the first of them".to_owned()));
        let detail = format!("two routes of one table lead to {key}; Azure refuses that");
        reader.fault(fault::DUPLICATE_ROUTE, &place, detail).related = related;
    }
}

fn check_limits(reader: &mut Reader<'_>, routes: &[Route], node: &Node) {
    let list = lookup(node, &["name"]).unwrap_or(node);
    if routes.len() > 400 {
        let detail = format!("{} routes in one table; Azure takes 400", routes.len());
        reader.fault(fault::TOO_MANY_ROUTES, list, detail);
    }
    let tags =
        routes.iter().flat_map(|route| &route.prefixes).filter(|prefix| matches!(prefix.known(), Some(Peer::Tag(_))));
    let tags = tags.count();
    if tags > 25 {
        let detail = format!("{tags} routes with service tags in one table; Azure takes 25");
        reader.fault(fault::TOO_MANY_TAG_ROUTES, list, detail);
    }
}

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
    HubRouteTable { hub: None, routes: hub_routes(reader, &node, "routes"), header }
}

/// The routing intent of a hub.
pub(crate) fn routing_intent(reader: &mut Reader<'_>, header: Header) -> RoutingIntent {
    let node = header.node.clone();
    RoutingIntent { hub: None, policies: hub_routes(reader, &node, "routingPolicies"), header }
}

fn hub_routes(reader: &mut Reader<'_>, node: &Node, list: &str) -> Vec<HubRoute> {
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
            next_hop: next_hop.map(|(id, at)| Reference::new(field(at, id))),
            span: item.span,
        });
    }
    routes
}
