//! Facts about a placement, and those of them that the program derives from the estate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::estate::{
    Access, CollectionKind, Estate, Export, Field, Header, NextHop, Peer, PrivateEndpoint, RouteTable, Subnet,
    Workspace,
};
use crate::finding::FactValue;
use crate::json::{Reason, Unknown};
use crate::judge::names;
use crate::judge::owner::Owners;
use crate::judge::reach::Reach;
use crate::judge::site::{self, Site};
use crate::net::{AddressSet, Cloud, RangeSet, Region};
use crate::proof::{Appliance, Placed, Scene};
use crate::rule::BuiltInFact;
use crate::source::Span;

/// One fact of one placement.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// Its value, when known.
    pub value: Option<FactValue>,
    /// Where it comes from: `command line`, `settings`, `estate`, `default`.
    pub from: &'static str,
    /// The characters that say so.
    pub place: Option<Span>,
    /// Why it is not known, when the estate has an expression there.
    pub why: Option<String>,
    /// That expression, so that the same one elsewhere is known to have the same value.
    pub unknown: Option<Arc<Unknown>>,
    /// The answers of Azure that may show it, while it is not known.
    pub exports: Vec<Export>,
}

impl Fact {
    /// A fact the estate shows.
    pub(crate) fn shown(value: FactValue, place: Option<Span>) -> Self {
        Self { value: Some(value), from: "estate", place, ..Self::unknown() }
    }

    /// A fact whose value in the estate only a deployment can tell.
    pub(crate) fn open(why: impl Into<String>, place: Option<Span>) -> Self {
        Self { from: "estate", place, why: Some(why.into()), ..Self::unknown() }
    }

    pub(crate) fn unknown() -> Self {
        Self { value: None, from: "not known", place: None, why: None, unknown: None, exports: Vec::new() }
    }
}

/// What facts are derived from: where a service is placed, and what is known of it so far.
pub(crate) struct FactContext<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) site: &'a Site,
    /// The resources that were found on the site.
    pub(crate) resources: &'a [&'a Header],
    pub(crate) facts: &'a BTreeMap<Arc<str>, Fact>,
    pub(crate) reach: &'a Reach<'a>,
    pub(crate) owners: &'a Owners<'a>,
}

impl FactContext<'_> {
    fn fact_text(&self, name: &str) -> Option<String> {
        match self.facts.get(name)?.value.as_ref()? {
            FactValue::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The characters that say a fact.
    fn place_of(&self, name: &str) -> Option<Span> {
        self.facts.get(name).and_then(|fact| fact.place)
    }
}

/// What the estate says of a fact; `None` when it says nothing.
pub(crate) fn derive(placement: &FactContext<'_>, fact: BuiltInFact) -> Option<Fact> {
    let estate = placement.estate;
    let subnet = estate.subnet(placement.site.subnet);
    let network = subnet.and_then(|subnet| site::network_of(estate, subnet));
    match fact {
        BuiltInFact::Region => region(placement),
        BuiltInFact::WorkspaceRegion => {
            placement.resources.iter().find_map(|header| placement.owners.workspace(header)).and_then(location)
        }
        BuiltInFact::WorkspaceElsewhere => {
            let (region, workspace) = (placement.fact_text("region")?, placement.fact_text("workspace-region")?);
            // One region for both is what everybody has, and not worth saying.
            let elsewhere = !region.eq_ignore_ascii_case(&workspace);
            elsewhere.then(|| Fact::shown(FactValue::Bool(true), placement.place_of("workspace-region")))
        }
        BuiltInFact::PairedRegion => {
            let pair = Region::by_name(&placement.fact_text("region")?)?.paired()?;
            Some(Fact::shown(FactValue::Text(pair.location.to_owned()), placement.place_of("region")))
        }
        BuiltInFact::Cloud => {
            let cloud = Cloud::of(&placement.fact_text("region")?);
            Some(Fact::shown(FactValue::Text(cloud.as_str().to_owned()), placement.place_of("region")))
        }
        BuiltInFact::PrivateEndpoints => private_endpoints(placement),
        BuiltInFact::WorkspacePrivateEndpoint => workspace_endpoint(placement),
        BuiltInFact::StoragePrivateEndpoint => storage_endpoint(placement),
        BuiltInFact::MonitorPrivateEndpoint => endpoint_to(placement, "microsoft.insights/privatelinkscopes"),
        BuiltInFact::RegistryPrivateEndpoint => endpoint_to(placement, "microsoft.containerregistry/registries"),
        BuiltInFact::PrivateEndpointPrefixes => endpoint_prefixes(placement),
        BuiltInFact::SubnetPrefixes => prefixes(&subnet?.prefixes),
        BuiltInFact::NetworkPrefixes => prefixes(&network?.address_space),
        BuiltInFact::DefaultRoute => default_route(placement),
        BuiltInFact::Firewall => firewall(default_route(placement)?),
        BuiltInFact::NatGateway => nat_gateway(subnet?),
        BuiltInFact::DefaultOutbound => subnet?.default_outbound.as_ref().map(bool_fact),
        BuiltInFact::StorageServiceEndpoint => Some(storage_service_endpoint(subnet?)),
        BuiltInFact::Delegations => delegations(subnet?),
        BuiltInFact::FirewallByHosts => by_hosts(placement),
        BuiltInFact::PrivateNames => {
            let region = || match region(placement)?.value? {
                FactValue::Text(region) => Some(region),
                FactValue::Bool(_) | FactValue::List(_) => None,
            };
            let said =
                placement.fact_text("cloud").and_then(|word| Cloud::ALL.into_iter().find(|one| one.as_str() == word));
            let told = || placement.fact_text("region").or_else(region).map(|region| Cloud::of(&region));
            let cloud = said.or_else(told).unwrap_or(Cloud::Public);
            let (names, place) = names::private_names(estate, &workspaces(placement), in_reach(placement), cloud)?;
            Some(Fact::shown(FactValue::List(names), Some(place)))
        }
        BuiltInFact::SubnetName => {
            let name = &subnet?.header.name;
            name.known().map(|text| Fact::shown(FactValue::Text(text.to_string()), Some(name.span)))
        }
    }
}

fn region(placement: &FactContext<'_>) -> Option<Fact> {
    let estate = placement.estate;
    let mut open = None;
    let subnet = estate.subnet(placement.site.subnet);
    let network = subnet.and_then(|subnet| site::network_of(estate, subnet));
    let own = placement.resources.iter().copied().filter(|header| !placement.owners.is_workspace(header));
    let parts = placement.site.parts(estate).into_iter().map(|(_, header)| header);
    let all = own.chain(network.map(|network| &network.header)).chain(parts).chain(placement.resources.iter().copied());
    for header in all {
        match location(header) {
            Some(fact) if fact.value.is_some() => return Some(fact),
            Some(fact) => open = open.or(Some(fact)),
            None => {}
        }
    }
    open
}

fn location(header: &Header) -> Option<Fact> {
    let field = header.location.as_ref()?;
    match &field.value {
        Ok(location) if location.as_ref() == "global" => None,
        Ok(location) => Some(Fact::shown(FactValue::Text(location.to_string()), Some(field.span))),
        Err(unknown) => {
            let open = Fact::open(unknown.reason.to_string(), Some(field.span));
            Some(Fact { unknown: Some(Arc::clone(unknown)), ..open })
        }
    }
}

/// Whether a mention leaves a value open.
fn is_not_shown<T>(field: &Field<T>) -> bool {
    field.unknown().is_some_and(|unknown| matches!(unknown.reason, Reason::NotShown(_)))
}

/// The fact that a value which is not known leaves open.
fn open_by<T>(field: &Field<T>) -> Option<Fact> {
    let unknown = field.unknown()?;
    let open = Fact::open(unknown.reason.to_string(), Some(field.span));
    Some(Fact { unknown: Some(Arc::clone(unknown)), ..open })
}

fn bool_fact(field: &Field<bool>) -> Fact {
    match &field.value {
        Ok(value) => Fact::shown(FactValue::Bool(*value), Some(field.span)),
        Err(unknown) => Fact::open(unknown.reason.to_string(), Some(field.span)),
    }
}

/// Whether the default route leads to an appliance.
fn firewall(default_route: Fact) -> Option<Fact> {
    let is = |word: &str| default_route.value.as_ref().map(|value| *value == FactValue::Text(word.to_owned()));
    if is("virtual-network-gateway") == Some(true) {
        return Some(Fact::open("what is behind the gateway is not known", default_route.place));
    }
    Some(Fact { value: is("virtual-appliance").map(FactValue::Bool), ..default_route })
}

fn nat_gateway(subnet: &Subnet) -> Option<Fact> {
    let gateway = subnet.nat_gateway.as_ref();
    match gateway.filter(|gateway| is_not_shown(&gateway.id)) {
        Some(open) => open_by(&open.id),
        None => Some(Fact::shown(FactValue::Bool(gateway.is_some()), gateway.map(|gateway| gateway.id.span))),
    }
}

fn storage_service_endpoint(subnet: &Subnet) -> Fact {
    let is_storage = |field: &&Field<Arc<str>>| {
        field.known().is_some_and(|service| service.to_ascii_lowercase().starts_with("microsoft.storage"))
    };
    let open = subnet.service_endpoints.iter().find_map(|field| field.unknown());
    match (subnet.service_endpoints.iter().find(is_storage), open) {
        (Some(field), _) => Fact::shown(FactValue::Bool(true), Some(field.span)),
        (None, Some(unknown)) => Fact::open(unknown.reason.to_string(), Some(unknown.span)),
        (None, None) => Fact::shown(FactValue::Bool(false), None),
    }
}

fn delegations(subnet: &Subnet) -> Option<Fact> {
    if let Some(open) = subnet.delegations.iter().find(|field| is_not_shown(field)) {
        return open_by(open);
    }
    let words = subnet.delegations.iter().filter_map(|field| field.known().map(ToString::to_string));
    Some(Fact::shown(FactValue::List(words.collect()), Some(subnet.header.name.span)))
}

fn private_endpoints(placement: &FactContext<'_>) -> Option<Fact> {
    let all: Vec<&PrivateEndpoint> = in_reach(placement).collect();
    let shown = all.iter().find(|endpoint| endpoint.subnet.as_ref().is_none_or(|one| !is_not_shown(&one.id)));
    match (shown, all.first()) {
        (Some(endpoint), _) => Some(Fact::shown(FactValue::Bool(true), Some(endpoint.header.name.span))),
        (None, Some(mention)) => mention.subnet.as_ref().and_then(|one| open_by(&one.id)),
        (None, None) => None,
    }
}

fn prefixes(fields: &[Field<AddressSet>]) -> Option<Fact> {
    let first = fields.first()?;
    if let Some(unknown) = fields.iter().find_map(|field| field.unknown()) {
        return Some(Fact::open(unknown.reason.to_string(), Some(first.span)));
    }
    let words = fields
        .iter()
        .filter_map(|field| field.known())
        .flat_map(|set| set.prefixes().map(|net| net.to_string()).collect::<Vec<_>>());
    Some(Fact::shown(FactValue::List(words.collect()), Some(first.span)))
}

/// Private endpoints in the placement's network or in one peered with it; without a known network, all of them.
fn in_reach<'a>(placement: &FactContext<'a>) -> impl Iterator<Item = &'a PrivateEndpoint> {
    let subnet = placement.estate.subnet(placement.site.subnet);
    placement.reach.endpoints(subnet.and_then(|subnet| subnet.network))
}

/// Whether the firewall of a site lets hosts pass and no service tag: then it works by the names of hosts.
fn by_hosts(placement: &FactContext<'_>) -> Option<Fact> {
    let estate = placement.estate;
    let firewall = estate.firewall(placement.site.firewall).map(Appliance::Firewall);
    let policy = || estate.policy(placement.site.policy).map(Appliance::Policy);
    let rules = firewall.or_else(policy)?.rules_in_order(estate);
    let allows = |placed: &&Placed<'_>| {
        placed.collection.action.as_ref().is_some_and(|action| action.known() == Some(&Access::Allow))
    };
    let by_tag = |placed: &Placed<'_>| {
        let any = placed.rule.destinations.iter().any(|item| matches!(item.known(), Some(Peer::Tag(_) | Peer::Any)));
        placed.kind == CollectionKind::Network && any
    };
    let hosts = rules.iter().filter(allows).find_map(|placed| {
        let hosts = placed.rule.target_fqdns.first();
        hosts.filter(|_| placed.kind == CollectionKind::Application)
    })?;
    let tagged = rules.iter().filter(allows).any(by_tag);
    (!tagged).then(|| Fact::shown(FactValue::Bool(true), Some(hosts.span)))
}

/// The workspaces that the placement's resources belong to; all there are when it rests on no resource.
fn workspaces<'a>(placement: &FactContext<'a>) -> Vec<&'a Workspace> {
    let estate = placement.estate;
    if placement.resources.is_empty() {
        return estate.workspaces.iter().collect();
    }
    let owners = placement.resources.iter().filter_map(|header| placement.owners.workspace(header));
    let keys: BTreeSet<&str> = owners.map(|owner| &*owner.key).collect();
    estate.workspaces.iter().filter(|workspace| keys.contains(&*workspace.header.key)).collect()
}

/// A private endpoint to the storage account of the workspace; to any account where that is not told.
fn storage_endpoint(placement: &FactContext<'_>) -> Option<Fact> {
    let accounts = workspaces(placement).into_iter().flat_map(|workspace| &workspace.associated);
    let accounts = accounts.filter(|(kind, _)| *kind == "storageAccount").map(|(_, id)| id.known());
    let named: Option<Vec<&Arc<str>>> = accounts.collect();
    let named = named.unwrap_or_default();
    endpoint_to_one(placement, "microsoft.storage/storageaccounts", &|target| {
        named.is_empty() || target.known().is_none_or(|id| named.iter().any(|own| own.eq_ignore_ascii_case(id)))
    })
}

fn workspace_endpoint(placement: &FactContext<'_>) -> Option<Fact> {
    let workspaces = workspaces(placement);
    let connection = workspaces.iter().find_map(|workspace| workspace.private_endpoints.first());
    if let Some(connection) = connection {
        return Some(Fact::shown(FactValue::Bool(true), Some(connection.span)));
    }
    endpoint_to(placement, "microsoft.machinelearningservices/workspaces")
}

fn endpoint_to(placement: &FactContext<'_>, type_name: &str) -> Option<Fact> {
    endpoint_to_one(placement, type_name, &|_| true)
}

fn endpoint_to_one(
    placement: &FactContext<'_>,
    type_name: &str,
    meant: &dyn Fn(&Field<Arc<str>>) -> bool,
) -> Option<Fact> {
    let leads = |id: &str| id.to_ascii_lowercase().contains(&format!("/providers/{type_name}/"));
    in_reach(placement).flat_map(|endpoint| &endpoint.targets).find_map(|target| {
        let by_id = match &target.id.value {
            Ok(id) => leads(id),
            Err(unknown) => leads(&unknown.key) || leads(&unknown.text),
        };
        (by_id && meant(&target.id)).then(|| match target.not_approved() {
            Some(state) => Fact::open("the connection of the private endpoint is not approved", Some(state.span)),
            None => Fact::shown(FactValue::Bool(true), Some(target.id.span)),
        })
    })
}

fn endpoint_prefixes(placement: &FactContext<'_>) -> Option<Fact> {
    let estate = placement.estate;
    let endpoints: Vec<&PrivateEndpoint> = in_reach(placement).collect();
    let place = endpoints.first()?.header.name.span;
    let mut all = AddressSet::empty();
    for endpoint in endpoints {
        let subnet = endpoint.subnet.as_ref().and_then(|reference| reference.target);
        let own = endpoint.addresses.iter().filter_map(|field| field.known()).map(|ip| AddressSet::address(*ip));
        let own = own.fold(AddressSet::empty(), |all, one| all.union(&one));
        let around = estate.subnet(subnet).map(|subnet| &subnet.prefixes);
        let around = around.into_iter().flatten().filter_map(|field| field.known());
        let around = around.fold(AddressSet::empty(), |all, one| all.union(one));
        all = all.union(if own.is_empty() { &around } else { &own });
    }
    let words: Vec<String> = all.prefixes().map(|net| net.to_string()).collect();
    (!words.is_empty()).then(|| Fact::shown(FactValue::List(words), Some(place)))
}

/// The next hop of 0.0.0.0/0: a user's route for it, else the system's own to the internet. Unknown without a subnet
/// or route table.
fn default_route(placement: &FactContext<'_>) -> Option<Fact> {
    let estate = placement.estate;
    let word = |text: &str| FactValue::Text(text.to_owned());
    // A list of effective routes that is of this subnet goes before its table, as it does in the proof.
    let listed = estate.route_tables.iter().any(|table| table.effective && table.subnets.is_empty());
    let scene = placement.site.subnet.filter(|_| listed).and_then(|at| Scene::of_subnet(estate, at, None));
    let effective = scene.and_then(|scene| scene.table()).filter(|table| table.effective);
    let table = effective.or_else(|| estate.route_table(placement.site.route_table));
    let subnet = estate.subnet(placement.site.subnet);
    let Some(table) = table else {
        let subnet = subnet?;
        let unseen = subnet.route_table.as_ref();
        return Some(match unseen {
            Some(reference) => Fact::open("its route table is not in the input", Some(reference.id.span)),
            None => Fact::shown(word("internet"), None),
        });
    };
    if let Some(route) = default_of(table) {
        let hop = &route.next_hop;
        return Some(match &hop.value {
            Ok(next) => Fact::shown(word(next.word()), Some(hop.span)),
            Err(unknown) => Fact::open(unknown.reason.to_string(), Some(hop.span)),
        });
    }
    if let Some(unknown) = table.unknown_routes.first().and_then(|field| field.unknown()) {
        return Some(Fact::open(unknown.reason.to_string(), Some(unknown.span)));
    }
    if let Some(unknown) = table.routes.iter().flat_map(|route| &route.prefixes).find_map(|field| field.unknown()) {
        return Some(Fact::open(unknown.reason.to_string(), Some(unknown.span)));
    }
    Some(Fact::shown(word("internet"), Some(table.routes_span.unwrap_or(table.header.span))))
}

/// The user's route for everything: several that lead to one hop and leave nothing out are longer than 0.0.0.0/0.
fn default_of(table: &RouteTable) -> Option<&crate::estate::Route> {
    let parts = |hop: NextHop| {
        let same = table.routes.iter().filter(move |route| route.next_hop.known() == Some(&hop));
        let ranges = same.flat_map(|route| &route.prefixes).filter_map(|prefix| match prefix.known() {
            Some(Peer::Addresses(set)) if !set.v4.is_full() => Some(set.v4.ranges().iter().copied()),
            _ => None,
        });
        RangeSet::from_ranges(ranges.flatten())
    };
    let hops = [
        NextHop::VirtualAppliance,
        NextHop::VirtualNetworkGateway,
        NextHop::Internet,
        NextHop::Drop,
        NextHop::VnetLocal,
    ];
    if let Some(hop) = hops.into_iter().find(|hop| parts(*hop).is_full()) {
        return table.routes.iter().find(|route| route.next_hop.known() == Some(&hop));
    }
    table.routes.iter().find(|route| {
        route.prefixes.iter().any(|prefix| match prefix.known() {
            Some(Peer::Any) => true,
            Some(Peer::Addresses(set)) => set.v4.is_full(),
            _ => false,
        })
    })
}
