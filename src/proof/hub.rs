//! The routes that a Virtual WAN hub teaches a virtual network (VWAN-2 to VWAN-6), as far as the input shows them.

use std::sync::Arc;

use crate::estate::{Estate, Export, Field, HubConnection, HubRoute, Peering, Plain, VirtualNetwork};
use crate::json::Node;
use crate::proof::name::shown;
use crate::proof::symbol::Doubt;

/// A route that a hub teaches, or may teach.
#[derive(Clone, Debug)]
pub(crate) struct Learnt {
    /// Its prefix.
    pub(crate) prefix: &'static str,
    /// The firewall of the hub that it leads to, by its index; else why nobody knows what becomes of its traffic.
    pub(crate) leads: Result<usize, Doubt>,
    /// Why the hub may not teach it after all.
    pub(crate) maybe: Option<Doubt>,
}

const DEFAULT: &str = "0.0.0.0/0";
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// What the hub or hubs of a network teach it.
pub(crate) fn learnt(estate: &Estate, at: usize) -> Vec<Learnt> {
    let Some(network) = estate.networks.get(at) else { return Vec::new() };
    let mut all = Vec::new();
    let leads = |one: &&HubConnection| one.network.as_ref().and_then(|network| network.target) == Some(at);
    for connection in estate.hub_connections.iter().filter(leads) {
        default_route(estate, connection, &mut all);
        private_routes(estate, connection, &mut all);
    }
    if !all.is_empty() || estate.hub_connections.iter().any(|one| leads(&one)) {
        return all;
    }
    let peering = network.peerings.iter().find(|one| is_of_hub(one));
    let Some(doubt) = peering.map(|peering| unseen(network, peering)).or_else(|| nameless(estate, network)) else {
        return all;
    };
    let taught = |prefix| Learnt { prefix, leads: Err(doubt.clone()), maybe: Some(doubt.clone()) };
    std::iter::once(DEFAULT).chain(PRIVATE).map(taught).collect()
}

/// Whether a peering is the one that Azure makes for the connection to a hub.
fn is_of_hub(peering: &Peering) -> bool {
    let connected = peering.state.as_ref().and_then(Field::known);
    let open = connected.is_none_or(|state| state.eq_ignore_ascii_case("connected"));
    let starts = |text: &str, start: &str| text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    let named = peering.name.known().is_some_and(|name| starts(name, "RemoteVnetToHubPeering"));
    let remote = peering.remote.as_ref().and_then(|remote| remote.id.known());
    let of_hub = |id: &Arc<str>| id.rsplit('/').next().is_some_and(|name| starts(name, "HV_"));
    open && (named || remote.is_some_and(of_hub))
}

const HUBS: &str = "Microsoft.Network/virtualHubs";

fn unseen(network: &VirtualNetwork, peering: &Peering) -> Doubt {
    let name = shown(&network.header.name);
    Doubt::new(format!("which routes the Virtual WAN hub teaches `{name}` is not shown"))
        .at(peering.name.span)
        .settled_by("the hub's connections, routing intent and route tables, and its firewall with its policy")
        .shown_by([Export::Every { type_name: HUBS.into() }])
}

/// A connection that does not show its network may be the one of this network: a connection without the name, or one
/// that its hub alone names.
fn nameless(estate: &Estate, network: &VirtualNetwork) -> Option<Doubt> {
    let connections = &estate.hub_connections;
    let open = |one: &&HubConnection| {
        one.network.as_ref().is_none_or(|network| network.target.is_none() && network.id.known().is_none())
    };
    let doubt = |name: &str, span| {
        let name = name.rsplit('/').next().unwrap_or_default();
        let doubt = Doubt::new(format!(
            "whether connection `{name}` of a Virtual WAN hub is the one of `{}` is not shown",
            shown(&network.header.name)
        ));
        doubt.at(span).settled_by("`remoteVirtualNetwork` of the connection")
    };
    if let Some(one) = connections.iter().find(open) {
        let doubt = doubt(&shown(&one.header.name), one.header.place());
        return Some(doubt.shown_by([Export::of(&one.header)]));
    }
    let listed = |hub: &Plain| {
        let list = hub.header.node.at(&["properties", "virtualNetworkConnections"]);
        let items = list.map(Node::items).unwrap_or_default().iter();
        let ids = items.filter_map(|item| item.get("id").and_then(|id| Some((id.text()?.to_owned(), id.span))));
        ids.collect::<Vec<_>>()
    };
    let known = |id: &str| connections.iter().any(|one| one.header.key.eq_ignore_ascii_case(id));
    let (id, span) = estate.hubs.iter().flat_map(listed).find(|(id, _)| !known(id))?;
    Some(
        doubt(&id, span)
            .shown_by([Export::resource("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections", &id)]),
    )
}

/// `enableInternetSecurity` decides alone whether a default route is learnt (VWAN-5).
fn default_route(estate: &Estate, connection: &HubConnection, all: &mut Vec<Learnt>) {
    let name = shown(&connection.header.name);
    let at = connection.header.name.span;
    let maybe = match connection.internet_security.as_ref().map(|field| &field.value) {
        Some(Ok(false)) => return,
        Some(Ok(true)) => None,
        Some(Err(unknown)) => Some(Doubt::of(&format!("`enableInternetSecurity` of connection `{name}`"), unknown)),
        None => {
            let doubt = Doubt::new(format!("connection `{name}` does not show `enableInternetSecurity`"));
            Some(
                doubt
                    .at(at)
                    .settled_by("`enableInternetSecurity` of the connection")
                    .shown_by([Export::of(&connection.header)]),
            )
        }
    };
    let by_policy = policy(estate, connection, "Internet");
    let table = connection.route_table.as_ref().and_then(|table| estate.hub_route_tables.get(table.target?));
    let is_default =
        |route: &&HubRoute| route.destinations.iter().any(|to| to.known().is_some_and(|to| &**to == DEFAULT));
    let written = table.and_then(|table| table.routes.iter().find(is_default));
    let learnt = match by_policy.or(written) {
        Some(route) => Learnt { prefix: DEFAULT, leads: firewall(route), maybe },
        None => {
            let doubt = Doubt::new(format!("where the hub's default route for connection `{name}` leads is not shown"));
            let doubt = doubt.at(at).settled_by("the hub's routing intent and route tables");
            let hub = connection.hub.and_then(|hub| estate.hubs.get(hub)?.header.id.as_ref()?.known().cloned());
            let of_hub = ["routingIntent", "hubRouteTables"].into_iter();
            let exports =
                hub.map(|hub| of_hub.map(move |kind| Export::Children { kind: kind.into(), of: Arc::clone(&hub) }));
            let doubt = doubt.shown_by(exports.into_iter().flatten());
            Learnt { prefix: DEFAULT, leads: Err(doubt.clone()), maybe: Some(doubt) }
        }
    };
    all.push(learnt);
}

/// With a policy for private traffic the aggregates lead to its next hop; without one the hub teaches what others
/// propagate, which no file shows as a whole.
fn private_routes(estate: &Estate, connection: &HubConnection, all: &mut Vec<Learnt>) {
    if let Some(route) = policy(estate, connection, "PrivateTraffic") {
        let leads = firewall(route);
        all.extend(PRIVATE.map(|prefix| Learnt { prefix, leads: leads.clone(), maybe: None }));
        return;
    }
    let name = shown(&connection.header.name);
    let doubt = Doubt::new(format!("which private prefixes the hub teaches over connection `{name}` is not shown"));
    let doubt = doubt.at(connection.header.name.span).settled_by("the effective routes of the subnet");
    all.extend(PRIVATE.map(|prefix| Learnt { prefix, leads: Err(doubt.clone()), maybe: Some(doubt.clone()) }));
}

fn policy<'e>(estate: &'e Estate, connection: &HubConnection, traffic: &str) -> Option<&'e HubRoute> {
    let hub = connection.hub?;
    let intents = estate.routing_intents.iter().filter(|intent| intent.hub == Some(hub));
    let of = |to: &Field<Arc<str>>| to.known().is_some_and(|to| to.eq_ignore_ascii_case(traffic));
    intents.flat_map(|intent| &intent.policies).find(|policy| policy.destinations.iter().any(of))
}

/// The firewall that a route of the hub leads to.
fn firewall(route: &HubRoute) -> Result<usize, Doubt> {
    let Some(next_hop) = &route.next_hop else {
        return Err(Doubt::new("a route of the Virtual WAN hub names no next hop").at(route.span));
    };
    next_hop.target.ok_or_else(|| {
        let id = shown(&next_hop.id);
        let name = id.rsplit('/').next().unwrap_or_default();
        let doubt = Doubt::new(format!("what `{name}`, to which the Virtual WAN hub leads, lets through is not known"));
        let doubt = doubt.shown_by([Export::resource("Microsoft.Network/azureFirewalls", &id)]);
        doubt.at(next_hop.id.span).settled_by(format!("the file that holds `{name}`, and its firewall policy"))
    })
}
