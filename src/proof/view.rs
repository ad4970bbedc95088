//! The routes of a subnet as a list, in the way Azure shows those in effect: each with its source, and whether another one
//! of the same prefix overrides it.
//!
//! What they do to packets is the work of `route`; a law holds the two against each other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::estate::{Export, Field, NextHop, Peer, Route, RouteOrigin, RouteTable};
use crate::net::{AddressSet, DEFAULT_PREFIXES, PRIVATE_PREFIXES};
use crate::proof::doubt::{Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::given::{Given, shown};
use crate::proof::hop::{Hop, hop};
use crate::proof::route::service_tags;
use crate::proof::scene::Scene;

/// A route as Azure lists it.
#[derive(Clone, Debug)]
pub struct EffectiveRoute {
    /// Its name, if it is a user's.
    pub name: Option<Arc<str>>,
    /// Who made it.
    pub source: RouteOrigin,
    /// No other one of its prefixes goes before it.
    pub active: bool,
    /// Its prefixes; a service tag whose prefixes are not loaded, by its name.
    pub prefixes: Vec<String>,
    /// Where it leads; `None` while that is not known.
    pub next_hop: Option<NextHop>,
    /// The addresses of the appliance or firewall that it leads to.
    pub addresses: Vec<IpAddr>,
    /// Why it may not be there, or not like this.
    pub maybe: Option<Doubt>,
}

/// The routes of a subnet.
#[derive(Clone, Debug, Default)]
pub struct EffectiveRoutes {
    /// Azure's own first, then what gateways and hubs teach, then the user's.
    pub routes: Vec<EffectiveRoute>,
    /// What is not known of routes that are not among them.
    pub open: Vec<Doubt>,
}

impl Scene<'_> {
    /// The routes of the subnet, as far as they are known.
    pub fn effective_routes(&self) -> EffectiveRoutes {
        let mut view = EffectiveRoutes::default();
        match &self.routes {
            Some(Given::Here(table)) if table.effective => {
                view.user_routes(self, table);
                view.settle();
                return view;
            }
            Some(Given::Missing(doubt)) => view.open.push(doubt.clone()),
            _ => {}
        }
        view.system_routes(self);
        view.hub_routes(self);
        if let Some(table) = self.table() {
            view.user_routes(self, table);
        }
        view.settle();
        view.endpoint_routes(self);
        view.routes.sort_by_key(|route| match route.source {
            RouteOrigin::System => 0,
            RouteOrigin::Gateway => 1,
            RouteOrigin::User => 2,
        });
        view
    }
}

impl EffectiveRoutes {
    fn system(&mut self, prefixes: Vec<String>, hop: NextHop) {
        if !prefixes.is_empty() {
            self.push(RouteOrigin::System, prefixes, Some(hop));
        }
    }

    fn push(&mut self, source: RouteOrigin, prefixes: Vec<String>, next_hop: Option<NextHop>) -> &mut EffectiveRoute {
        let (name, addresses) = (None, Vec::new());
        self.routes.push(EffectiveRoute { name, source, active: true, prefixes, next_hop, addresses, maybe: None });
        let last = self.routes.len() - 1;
        &mut self.routes[last]
    }

    fn system_routes(&mut self, scene: &Scene<'_>) {
        let words =
            |spaces: &[AddressSet]| spaces.iter().flat_map(AddressSet::prefixes).map(|net| net.to_string()).collect();
        self.system(words(&scene.own_space), NextHop::VnetLocal);
        self.system(words(&scene.peer_spaces), NextHop::Peering);
        let [v4, v6] = DEFAULT_PREFIXES.map(str::to_owned);
        self.system(vec![v4], NextHop::Internet);
        if scene.own_space.iter().any(|space| !space.v6.is_empty()) {
            self.system(vec![v6], NextHop::Internet);
        }
        for prefix in PRIVATE_PREFIXES.into_iter().chain(["100.64.0.0/10"]) {
            self.system(vec![prefix.to_owned()], NextHop::Drop);
        }
        for service in &scene.service_endpoints {
            for tag in service_tags(service, scene.region) {
                let name = tag.to_string();
                let loaded = scene.tags.and_then(|data| data.get(&name));
                let prefixes = loaded.map(|tag| tag.prefixes.iter().map(IpNet::to_string).collect());
                self.system(prefixes.unwrap_or_else(|| vec![name]), NextHop::ServiceEndpoint);
            }
        }
        self.open.extend(scene.unknown_endpoints.clone());
        if !scene.network_complete {
            self.open.push(Doubt::new(Reason::NetworkIncomplete));
        }
        if scene.gateway && !scene.takes_no_gateway_routes() && scene.hub_routes.is_empty() {
            let doubt = Doubt::new(Reason::from("the routes that the gateway teaches by BGP are not shown".to_owned()));
            self.open.push(doubt.settled_by(Remedy::EffectiveRoutesAlone));
        }
    }

    fn hub_routes(&mut self, scene: &Scene<'_>) {
        if scene.takes_no_gateway_routes() {
            return;
        }
        for learnt in &scene.hub_routes {
            let hop = NextHop::VirtualNetworkGateway;
            let route = self.push(RouteOrigin::Gateway, vec![learnt.prefix.to_owned()], Some(hop));
            let firewall = learnt.leads.as_ref().ok().and_then(|at| scene.estate?.firewalls.get(*at));
            route.addresses =
                firewall.into_iter().flat_map(|one| &one.addresses).filter_map(Field::known).copied().collect();
            route.maybe = learnt.maybe.clone().or_else(|| learnt.leads.as_ref().err().cloned());
        }
    }

    fn user_routes(&mut self, scene: &Scene<'_>, table: &RouteTable) {
        for route in &table.routes {
            self.user_route(scene, route);
        }
        for part in &table.unknown_routes {
            let doubt = match part.unknown() {
                Some(unknown) => Doubt::of(What::PartOfRoutes, unknown),
                None => Doubt::new(Reason::Unexplained(What::PartOfRoutes)).at(part.span),
            };
            self.open.push(doubt);
        }
    }

    fn user_route(&mut self, scene: &Scene<'_>, route: &Route) {
        let mut maybe = route
            .condition
            .as_ref()
            .map(|unknown| Doubt::of(What::Exists(ThingKind::Route.named(shown(&route.name))), unknown));
        let mut prefixes = Vec::new();
        for prefix in &route.prefixes {
            match &prefix.value {
                Ok(Peer::Any) => prefixes.extend(DEFAULT_PREFIXES.map(str::to_owned)),
                Ok(Peer::Addresses(set)) => prefixes.extend(set.prefixes().map(|net| net.to_string())),
                Ok(Peer::Tag(name)) => match scene.tags.and_then(|data| data.get(name)) {
                    Some(loaded) => prefixes.extend(loaded.prefixes.iter().map(IpNet::to_string)),
                    None => {
                        prefixes.push(name.to_string());
                        let doubt =
                            Doubt::new(Reason::from(format!("the prefixes of service tag `{name}` are not loaded")));
                        let doubt = doubt.settled_by(Remedy::ServiceTags).shown_by([Export::ServiceTags]);
                        maybe = maybe.or_else(|| Some(doubt.at(prefix.span)));
                    }
                },
                Ok(Peer::Invalid(_)) => {}
                Err(unknown) => {
                    prefixes.push(unknown.text.to_string());
                    maybe = maybe.or_else(|| Some(Doubt::of(What::RoutePrefix, unknown)));
                }
            }
        }
        if prefixes.is_empty() {
            return;
        }
        let next_hop = route.next_hop.known().copied();
        let addresses = route.next_hop_addresses.iter().filter_map(Field::known).copied().collect();
        let open = match hop(route) {
            Hop::Unknown(_, doubt) => Some(doubt),
            _ => None,
        };
        let own = self.push(route.origin, prefixes, next_hop);
        own.addresses = addresses;
        own.maybe = maybe.or(open);
        own.name = (route.origin == RouteOrigin::User).then(|| route.name.known().cloned()).flatten();
    }

    /// Of routes of one prefix a user's goes before a gateway's, and that one before the system's (RT-3). One of several
    /// prefixes is taken apart where only some of them are overridden.
    fn settle(&mut self) {
        let rank = |source: RouteOrigin| match source {
            RouteOrigin::User => 0,
            RouteOrigin::Gateway => 1,
            RouteOrigin::System => 2,
        };
        let mut best: BTreeMap<String, u8> = BTreeMap::new();
        for route in self.routes.iter().filter(|route| route.maybe.is_none()) {
            for prefix in &route.prefixes {
                let own = best.entry(prefix.clone()).or_insert(u8::MAX);
                *own = (*own).min(rank(route.source));
            }
        }
        let split = |route: EffectiveRoute| {
            let wins = |prefix: &String| best.get(prefix).is_none_or(|best| rank(route.source) <= *best);
            let (won, lost): (Vec<String>, Vec<String>) = route.prefixes.iter().cloned().partition(wins);
            let part = |prefixes: Vec<String>, active| {
                (!prefixes.is_empty()).then(|| EffectiveRoute { prefixes, active, ..route.clone() })
            };
            [part(won, true), part(lost, false)]
        };
        let all = std::mem::take(&mut self.routes);
        self.routes = all.into_iter().flat_map(split).flatten().collect();
    }

    /// The route of each private endpoint, which a user's beats only where the endpoint's subnet says so (PE-3 to PE-5).
    fn endpoint_routes(&mut self, scene: &Scene<'_>) {
        for endpoint in scene.all_endpoint_routes() {
            let whole = if endpoint.address.is_ipv4() { 32 } else { 128 };
            let from = endpoint.length.unwrap_or(whole);
            let beats = |text: &String| {
                let prefix = text.parse::<IpNet>().ok();
                prefix.is_some_and(|prefix| prefix.contains(&endpoint.address) && prefix.prefix_len() >= from)
            };
            let users = self.routes.iter().filter(|route| route.source == RouteOrigin::User);
            let beaten = users.flat_map(|route| &route.prefixes).any(beats);
            let prefixes = vec![format!("{}/{whole}", endpoint.address)];
            let route = self.push(RouteOrigin::System, prefixes, Some(NextHop::PrivateEndpoint));
            route.active = !beaten;
            route.maybe = endpoint.ignores_routes.filter(|_| beaten);
        }
    }
}
