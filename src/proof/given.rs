//! What the input shows of the resources around a subnet: the resource that a mention leads to, the NAT gateway (RT-9),
//! service endpoint policies (RT-14), the routes of a Virtual WAN hub (VWAN-2 to VWAN-6), and the security admin rules of
//! a Virtual Network Manager; or why it does not show them.
//!
//! Putting it together is the work of `scene`, what rules and routes do to packets that of `nsg` and `route`.

use std::sync::Arc;

use crate::estate::{
    AdminRule, Estate, Export, Field, Header, HubConnection, HubRoute, Peering, Plain, Reference, Subnet,
    VirtualNetwork, short_name, type_of_word,
};
use crate::json::{self, Node, Unknown};
use crate::net::{DEFAULT_PREFIXES, PRIVATE_PREFIXES};
use crate::proof::doubt::{Doubt, Reason, Remedy, ThingKind, What};
use crate::source::{FileId, Span};

/// Something a scene refers to.
#[derive(Clone, Debug)]
pub enum Given<'a, T> {
    /// It is among the input.
    Here(&'a T),
    /// It is mentioned, but the input does not hold it, or it may not come to be.
    Missing(Doubt),
}

/// What a mention leads to. `beside`: the condition of who mentions it.
pub(crate) fn given<'a, T>(
    reference: &Reference,
    list: &'a [T],
    header: fn(&T) -> &Header,
    beside: Option<&Arc<Unknown>>,
    what: ThingKind,
) -> Given<'a, T> {
    match here(reference, list, header, beside, what) {
        Ok(found) => Given::Here(found),
        Err(doubt) => Given::Missing(doubt),
    }
}

/// The resource that a mention leads to, or why nothing is known of it.
pub(crate) fn here<'a, T>(
    reference: &Reference,
    list: &'a [T],
    header: fn(&T) -> &Header,
    beside: Option<&Arc<Unknown>>,
    what: ThingKind,
) -> Result<&'a T, Doubt> {
    let found = reference.target.and_then(|index| list.get(index)).ok_or_else(|| missing(what, &reference.id))?;
    uncertain(what, header(found), beside).map_or(Ok(found), Err)
}

/// Why a resource of the input may not exist, where its mention does. What stands in its place then, nothing shows.
pub(crate) fn uncertain(what: ThingKind, header: &Header, beside: Option<&Arc<Unknown>>) -> Option<Doubt> {
    let condition = header.condition.as_ref()?;
    let together = beside.is_some_and(|beside| beside.is_same_as(condition));
    (!together).then(|| Doubt::of(What::Exists(what.named(shown(&header.name))), condition))
}

/// A resource that is mentioned, but not among the input.
pub(crate) fn missing(what: ThingKind, id: &Field<Arc<str>>) -> Doubt {
    let unnamed =
        |unknown: &&Arc<Unknown>| matches!(unknown.reason, json::Reason::NotShown(_) | json::Reason::Missing(_));
    if let Some(unknown) = id.unknown().filter(unnamed) {
        return Doubt::of(What::Which(what), unknown);
    }
    let shown = shown(id);
    let name = short_name(&shown);
    let type_name = type_of_word(what.as_str());
    let thing = what.named(name);
    let doubt = Doubt::new(Reason::NotAmongInput(thing.clone())).at(id.span);
    doubt.settled_by(Remedy::FileOf(thing)).shown_by([Export::resource(type_name, &shown)])
}

/// A text for messages, whether it is known or not.
pub(crate) fn shown(field: &Field<Arc<str>>) -> Arc<str> {
    match &field.value {
        Ok(text) => Arc::clone(text),
        Err(unknown) => Arc::clone(&unknown.text),
    }
}

/// A NAT gateway of a subnet.
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Its id or name.
    pub name: Arc<str>,
    /// Where the subnet mentions it.
    pub span: Span,
    /// It has an address to send from: without one nothing leaves by it.
    pub has_address: bool,
}

/// Where the addresses of a gateway are written.
const ADDRESSES: [&str; 2] = ["publicIpAddresses", "publicIpPrefixes"];
/// The same for IPv6, which only newer gateways have.
const ADDRESSES_V6: [&str; 2] = ["publicIpAddressesV6", "publicIpPrefixesV6"];

/// The NAT gateway of a subnet, or why it is not known whether there is one.
pub(crate) fn nat_gateway(estate: &Estate, subnet: &Subnet) -> Result<Option<NatGateway>, Doubt> {
    let Some(reference) = &subnet.nat_gateway else { return Ok(None) };
    if let Some(unknown) = reference.id.unknown() {
        if matches!(unknown.reason, json::Reason::NotShown(_)) {
            return Err(missing(ThingKind::NatGateway, &reference.id));
        }
        // Where the id is written there is a gateway, whatever its name; the whole may turn out to be `null`.
        let whole = subnet.header.node.at(&["properties", "natGateway"]);
        if whole.is_some_and(|node| node.unknown().is_some()) || unknown.domain.iter().any(Node::is_null) {
            return Err(Doubt::of(What::NatGatewayOfSubnet, unknown));
        }
    }
    let mut has_address = true;
    if reference.target.is_some() {
        let condition = subnet.header.condition.as_ref();
        let gateway = here(reference, &estate.nat_gateways, |one| &one.header, condition, ThingKind::NatGateway)?;
        has_address = gateway.header.mentioned || addressed(&gateway.header)?;
    }
    Ok(Some(NatGateway { name: shown(&reference.id), span: reference.id.span, has_address }))
}

/// Whether a gateway has an address to send from, or why that is not known.
fn addressed(header: &Header) -> Result<bool, Doubt> {
    let list = |key: &&str| header.node.at(&["properties", key]);

    let lists = || ADDRESSES.iter().chain(&ADDRESSES_V6).filter_map(list);
    if lists().any(|list| list.items().iter().any(|item| !item.is_null())) {
        return Ok(true);
    }
    if let Some(unknown) =
        lists().find_map(|list| list.unknown().or_else(|| list.items().iter().find_map(Node::unknown)))
    {
        return Err(Doubt::of(What::NatAddresses(shown(&header.name)), unknown));
    }
    if ADDRESSES.iter().all(|key| list(key).is_some_and(Node::is_list)) {
        return Ok(false);
    }
    let doubt = Doubt::new(Reason::NatAddressesNotShown(shown(&header.name))).at(header.place());
    Err(doubt.settled_by(Remedy::NatGatewayExport).shown_by([Export::of(header)]))
}

const POLICIES: &str = "Microsoft.Network/serviceEndpointPolicies";
/// What stands for the storage that Azure Machine Learning and Batch keep for themselves.
const ALIAS: &str = "/services/Azure/MachineLearning";

/// Why what the policies of a subnet let through to storage is not known; `None`: there are none, or one names the alias.
pub(crate) fn endpoint_policies(estate: &Estate, subnet: &Subnet) -> Option<Doubt> {
    let policy = |id: &Field<_>| {
        let is = |one: &&Plain| one.header.type_name.eq_ignore_ascii_case(POLICIES);
        let key =
            |one: &&Plain| id.known().is_some_and(|id: &std::sync::Arc<str>| id.eq_ignore_ascii_case(&one.header.key));
        estate.others.iter().filter(is).find(key)
    };
    let ids = &subnet.service_endpoint_policies;
    if ids.iter().filter_map(policy).any(|one| names_alias(&one.header.node)) {
        return None;
    }
    let id = ids.iter().find(|id| policy(id).is_none()).or(ids.first())?;
    Some(match policy(id) {
        None => missing(ThingKind::ServiceEndpointPolicy, id),
        Some(one) => {
            let name = shown(&one.header.name);
            let doubt = Doubt::new(Reason::EndpointPolicy { name, alias: ALIAS });
            doubt.at(one.header.place()).settled_by(Remedy::AliasInPolicy(ALIAS))
        }
    })
}

fn names_alias(policy: &Node) -> bool {
    let definitions =
        policy.at(&["properties", "serviceEndpointPolicyDefinitions"]).map(Node::items).unwrap_or_default();
    let lists = |one: &Node| {
        ["serviceAliases", "serviceResources"].map(|key| one.at(&["properties", key]).or_else(|| one.get(key)).cloned())
    };
    let is_alias = |item: &Node| item.text().is_some_and(|text| text.eq_ignore_ascii_case(ALIAS));
    definitions.iter().flat_map(lists).flatten().any(|list| list.items().iter().any(is_alias))
}

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

const DEFAULT: &str = DEFAULT_PREFIXES[0];

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
    std::iter::once(DEFAULT).chain(PRIVATE_PREFIXES).map(taught).collect()
}

/// Whether a peering is the one that Azure makes for the connection to a hub.
fn is_of_hub(peering: &Peering) -> bool {
    let starts = |text: &str, start: &str| text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    let named = peering.name.known().is_some_and(|name| starts(name, "RemoteVnetToHubPeering"));
    let remote = peering.remote.as_ref().and_then(|remote| remote.id.known());
    let of_hub = |id: &Arc<str>| starts(short_name(id), "HV_");
    peering.is_connected() != Some(false) && (named || remote.is_some_and(of_hub))
}

/// The setting that decides whether a connection learns the default route.
const INTERNET_SECURITY: &str = "enableInternetSecurity";
const HUBS: &str = "Microsoft.Network/virtualHubs";

fn unseen(network: &VirtualNetwork, peering: &Peering) -> Doubt {
    let name = shown(&network.header.name);
    Doubt::new(Reason::HubRoutes(name))
        .at(peering.name.span)
        .settled_by(Remedy::Hub)
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
        let name = short_name(name);
        let network = shown(&network.header.name);
        let doubt = Doubt::new(Reason::HubConnection { connection: Arc::from(name), network });
        doubt.at(span).settled_by(Remedy::RemoteNetwork)
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
    let connected = || ThingKind::Connection.named(Arc::clone(&name));
    let at = connection.header.name.span;
    let maybe = match connection.internet_security.as_ref().map(|field| &field.value) {
        Some(Ok(false)) => return,
        Some(Ok(true)) => None,
        Some(Err(unknown)) => Some(Doubt::of(What::Setting(INTERNET_SECURITY, connected()), unknown)),
        None => {
            let doubt = Doubt::new(Reason::NotShown(INTERNET_SECURITY, connected()));
            Some(
                doubt
                    .at(at)
                    .settled_by(Remedy::Setting(INTERNET_SECURITY, ThingKind::Connection))
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
            let doubt = Doubt::new(Reason::HubDefaultRoute(name));
            let doubt = doubt.at(at).settled_by(Remedy::HubRouting);
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
        all.extend(PRIVATE_PREFIXES.map(|prefix| Learnt { prefix, leads: leads.clone(), maybe: None }));
        return;
    }
    let name = shown(&connection.header.name);
    let doubt = Doubt::new(Reason::HubPrivatePrefixes(name));
    let doubt = doubt.at(connection.header.name.span).settled_by(Remedy::EffectiveRoutes);
    all.extend(PRIVATE_PREFIXES.map(|prefix| Learnt { prefix, leads: Err(doubt.clone()), maybe: Some(doubt.clone()) }));
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
        return Err(Doubt::new(Reason::HubRouteWithoutHop).at(route.span));
    };
    next_hop.target.ok_or_else(|| {
        let id = shown(&next_hop.id);
        let name: Arc<str> = Arc::from(short_name(&id));
        let doubt = Doubt::new(Reason::BehindHub(Arc::clone(&name)));
        let doubt = doubt.shown_by([Export::resource("Microsoft.Network/azureFirewalls", &id)]);
        doubt.at(next_hop.id.span).settled_by(Remedy::FirewallAndPolicy(Some(name)))
    })
}

/// The security admin rules that hold, or may hold, where a scene is.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminRules<'a> {
    pub(crate) rules: Vec<(&'a AdminRule, Option<Applies>)>,
    /// Why there may be rules that the input does not show.
    pub(crate) hidden: Option<Doubt>,
    /// The user says which list holds all of them.
    pub(crate) listed: bool,
}

/// Whether some rules apply is not known: a key that all of them share, and why.
#[derive(Clone, Debug)]
pub(crate) struct Applies {
    pub(crate) key: Arc<str>,
    pub(crate) doubt: Doubt,
}

impl<'a> AdminRules<'a> {
    /// Those that may concern a network of the estate; `None`: one that is not shown.
    pub(crate) fn of(estate: &'a Estate, network: Option<usize>) -> Self {
        let listed = |file: FileId| estate.admin_lists.iter().find(|(own, _)| *own == file);
        let is_own = |meant: &str| network.is_some() && estate.network_meant(meant) == network;
        if estate.admin_lists.iter().any(|(_, meant)| is_own(meant)) {
            let of_list = |one: &&AdminRule| listed(one.header.span.file).is_some_and(|(_, meant)| is_own(meant));
            let rules = estate.admin_rules.iter().filter(of_list).map(|one| (one, None)).collect();
            return Self { rules, hidden: None, listed: true };
        }
        // A list that is another network's says nothing of this one.
        let unlisted = |one: &&AdminRule| !one.effective || listed(one.header.span.file).is_none();
        let effective = estate.admin_rules.iter().filter(unlisted).any(|one| one.effective);
        // A list of effective rules does not name its network.
        let bound = effective && network.is_some() && estate.networks.len() == 1;
        let of_network = |one: &&AdminRule| !bound || one.effective;
        let id = network.and_then(|at| estate.networks.get(at)?.header.id.as_ref()?.known().cloned());
        let rules = id.map(Export::AdminRules);
        let told = |doubt: Doubt| doubt.shown_by(rules.clone());
        let applies = |one: &AdminRule| {
            let Applies { key, doubt } = doubted(one);
            (!bound).then(|| Applies { key, doubt: told(doubt) })
        };
        let rules = estate.admin_rules.iter().filter(unlisted).filter(of_network);
        let rules = rules.map(|one| (one, applies(one))).collect();
        Self { rules, hidden: if bound { None } else { hidden(estate).map(told) }, listed: false }
    }

    /// Whether none is shown, and nothing says that there are any.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.hidden.is_none()
    }

    /// Whether it is taken for granted that there is none.
    pub(crate) fn are_assumed_away(&self) -> bool {
        self.is_empty() && !self.listed
    }

    /// Whether some of them pass the groups by.
    pub(crate) fn pass_groups(&self) -> bool {
        self.rules.iter().any(|(one, _)| one.always)
    }
}

fn doubted(one: &AdminRule) -> Applies {
    let name = shown(&one.rule.name);
    if one.effective {
        let doubt = Doubt::new(Reason::EffectiveAdminRule(name));
        let key = Arc::from(format!("admin list {}", one.header.span.file.0));
        return Applies { key, doubt: doubt.at(one.rule.name.span).settled_by(Remedy::EffectiveAdminRules) };
    }
    let doubt = Doubt::new(Reason::AdminRuleDeployed(name));
    let configuration = one.header.key.split("/rulecollections/").next().unwrap_or_default();
    let key = Arc::from(format!("admin {configuration}"));
    Applies { key, doubt: doubt.at(one.rule.name.span).settled_by(Remedy::EffectiveAdminRules) }
}

const COLLECTIONS: &str = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections";

/// A configuration, a collection or a manager of security admin rules, none of whose rules is shown.
fn hidden(estate: &Estate) -> Option<Doubt> {
    let within = |key: &str, owner: &str| key.strip_prefix(owner).is_some_and(|rest| rest.starts_with('/'));
    let has_rules = |owner: &str| estate.admin_rules.iter().any(|rule| within(&rule.header.key, owner));
    let configurations = &estate.admin_configurations;
    let is_collection = |one: &&Plain| one.header.type_name.eq_ignore_ascii_case(COLLECTIONS);
    let collections = estate.others.iter().filter(is_collection).map(|one| (ThingKind::AdminCollection, one));
    let mut owners = configurations.iter().map(|one| (ThingKind::AdminConfiguration, one)).chain(collections);
    if let Some((what, one)) = owners.find(|(_, one)| !has_rules(&one.header.key)) {
        let name = shown(&one.header.name);
        let doubt = Doubt::new(Reason::AdminRulesOf(what.named(name)));
        return Some(doubt.at(one.header.name.span).settled_by(Remedy::EffectiveAdminRules));
    }
    let is_manager = |name: &str| name.eq_ignore_ascii_case("Microsoft.Network/networkManagers");
    let administers = |node: &Node| {
        let accesses = node.at(&["properties", "networkManagerScopeAccesses"]);
        accesses.is_none_or(|list| {
            let word = |item: &Node| item.text().is_none_or(|text| text.eq_ignore_ascii_case("SecurityAdmin"));
            !list.is_list() || list.items().iter().any(word)
        })
    };
    let owns = |owner: &str| {
        has_rules(owner) || configurations.iter().any(|configuration| within(&configuration.header.key, owner))
    };
    let managers = estate.others.iter().filter(|one| is_manager(&one.header.type_name));
    let one = managers.filter(|one| administers(&one.header.node)).find(|one| !owns(&one.header.key))?;
    let name = shown(&one.header.name);
    let doubt = Doubt::new(Reason::AdminRulesOfManager(name));
    Some(doubt.at(one.header.name.span).settled_by(Remedy::EffectiveAdminRules))
}
