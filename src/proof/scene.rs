//! What the layers know of the place whose traffic is judged: subnet, network, security groups, routes, egress.
//!
//! A scene is put together from an estate, or from a lone security group or route table with whatever facts there are.
//! What is not given stays unknown; turning it into address sets is the work of `ground`.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{
    AdminRule, Estate, Export, Field, NetworkSecurityGroup, NextHop, Peer, Peering, Reference, Route, RouteTable,
    Subnet,
};
use crate::finding::Layer;
use crate::net::{AddressSet, Cloud, RangeSet, Region, Tag, TagData};
use crate::proof::doubt::{Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::given::{
    AdminRules, Given, Learnt, NatGateway, endpoint_policies, given, learnt, nat_gateway, shown,
};

/// Where a network security group is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// At the network interface.
    Interface,
    /// At the subnet.
    Subnet,
}

/// The place whose traffic is judged.
#[derive(Clone, Debug, Default)]
pub struct Scene<'a> {
    /// Its cloud.
    pub cloud: Option<Cloud>,
    /// Its region.
    pub region: Option<&'static Region>,
    /// The prefixes of the subnet; `None` while unknown.
    pub subnet: Option<AddressSet>,
    /// What is known of the address spaces that make up `VirtualNetwork`: the network's own and its peers'.
    pub network: AddressSet,
    /// Whether that is all of it.
    pub network_complete: bool,
    /// The address prefixes of the network itself, for its system routes.
    pub own_space: Vec<AddressSet>,
    /// The address prefixes of its peers, for their system routes.
    pub peer_spaces: Vec<AddressSet>,
    /// The prefixes of peers whose peering may leave the subnet out, and why.
    pub(crate) partial_peers: Vec<(AddressSet, Doubt)>,
    /// The network security groups, in the order outbound traffic meets them. None: that level lets everything pass.
    pub groups: Vec<(Level, Given<'a, NetworkSecurityGroup>)>,
    /// The route table; `None`: only the system's routes.
    pub routes: Option<Given<'a, RouteTable>>,
    /// The NAT gateway.
    pub nat_gateway: Option<NatGateway>,
    /// Why it is not known whether there is one, when it is not.
    pub unknown_nat: Option<Doubt>,
    /// `defaultOutboundAccess` of the subnet, and where it is written.
    pub default_outbound: Option<Field<bool>>,
    /// The subnet is known: what it does not have is known to be absent. False for a lone group or table.
    pub subnet_shown: bool,
    /// The network has a gateway or uses that of a peer, which may teach the subnet routes.
    pub gateway: bool,
    /// Services with a service endpoint in the subnet.
    pub service_endpoints: Vec<Arc<str>>,
    /// Why it is not known which more there are, when it is not.
    pub unknown_endpoints: Option<Doubt>,
    /// Why what service endpoint policies let through to storage is not known.
    pub(crate) endpoint_policies: Option<Doubt>,
    /// The prefixes of service tags, when they are loaded.
    pub tags: Option<&'a TagData>,
    /// The estate it is part of, where routes find their firewalls.
    pub estate: Option<&'a Estate>,
    /// The network it is in, by its index in the estate.
    pub(crate) network_at: Option<usize>,
    /// The security admin rules that hold, or may hold.
    pub(crate) admin: AdminRules<'a>,
    /// What a Virtual WAN hub teaches the network.
    pub(crate) hub_routes: Vec<Learnt>,
}

/// The route of a private endpoint.
#[derive(Clone, Debug)]
pub(crate) struct EndpointRoute {
    pub(crate) address: IpAddr,
    /// From which length on a user's route goes before it; `None`: one for the address alone does.
    pub(crate) length: Option<u8>,
    /// Why it may be that no shorter one does after all.
    pub(crate) ignores_routes: Option<Doubt>,
}

impl Level {
    /// Its layer.
    pub(crate) fn layer(self) -> Layer {
        match self {
            Self::Interface => Layer::InterfaceNsg,
            Self::Subnet => Layer::SubnetNsg,
        }
    }
}

impl<'a> Scene<'a> {
    /// The scene of a subnet of an estate. `None` when there is no such subnet.
    pub fn of_subnet(estate: &'a Estate, index: usize, tags: Option<&'a TagData>) -> Option<Self> {
        let subnet = estate.subnets.get(index)?;
        let mut scene = Self { tags, subnet_shown: true, estate: Some(estate), ..Self::default() };
        scene.subnet = all_known(&subnet.prefixes);
        scene.network_at = subnet.network;
        scene.read_network(estate, subnet);
        let condition = subnet.header.condition.as_ref();
        if let Some(reference) = &subnet.nsg {
            let group = given(reference, &estate.nsgs, |one| &one.header, condition, ThingKind::SecurityGroup);
            scene.groups.push((Level::Subnet, group));
        }
        scene.routes = effective_routes(estate, subnet).or_else(|| {
            let table = subnet.route_table.as_ref()?;
            Some(given(table, &estate.route_tables, |one| &one.header, condition, ThingKind::RouteTable))
        });
        match nat_gateway(estate, subnet) {
            Ok(gateway) => scene.nat_gateway = gateway,
            Err(doubt) => scene.unknown_nat = Some(doubt),
        }
        scene.default_outbound.clone_from(&subnet.default_outbound);
        scene.service_endpoints = subnet.service_endpoints.iter().filter_map(|one| one.known().cloned()).collect();
        let open = subnet.service_endpoints.iter().find_map(Field::unknown);
        scene.unknown_endpoints = open.map(|unknown| Doubt::of(What::ServiceEndpoints, unknown));
        scene.endpoint_policies = endpoint_policies(estate, subnet);
        let location = subnet
            .header
            .location
            .as_ref()
            .or_else(|| subnet.network.and_then(|network| estate.networks.get(network)?.header.location.as_ref()));
        if let Some(location) = location.and_then(Field::known) {
            scene = scene.in_location(location);
        }
        Some(scene)
    }

    /// The scene of a lone network security group.
    pub fn of_group(group: &'a NetworkSecurityGroup, tags: Option<&'a TagData>) -> Self {
        let scene = Self { tags, groups: vec![(Level::Subnet, Given::Here(group))], ..Self::default() };
        match group.header.location.as_ref().and_then(Field::known) {
            Some(location) => scene.in_location(location),
            None => scene,
        }
    }

    /// The scene of a lone route table.
    pub fn of_routes(table: &'a RouteTable, tags: Option<&'a TagData>) -> Self {
        let scene = Self { tags, routes: Some(Given::Here(table)), ..Self::default() };
        match table.header.location.as_ref().and_then(Field::known) {
            Some(location) => scene.in_location(location),
            None => scene,
        }
    }

    /// In a location, which tells the cloud.
    #[must_use]
    pub fn in_location(mut self, location: &str) -> Self {
        self.cloud = Some(Cloud::of(location));
        self.region = Region::by_name(location);
        self
    }

    /// With the prefixes of the subnet, given as a fact.
    #[must_use]
    pub fn with_subnet(mut self, prefixes: AddressSet) -> Self {
        self.network = self.network.union(&prefixes);
        self.subnet = Some(prefixes);
        self
    }

    /// With the address spaces that make up `VirtualNetwork`, given as a fact.
    #[must_use]
    pub fn with_network(mut self, spaces: AddressSet) -> Self {
        self.network = self.network.union(&spaces);
        self.own_space.push(spaces);
        self.network_complete = true;
        self
    }

    /// With the estate it is part of, for a lone route table.
    #[must_use]
    pub fn in_estate(mut self, estate: &'a Estate) -> Self {
        self.estate = Some(estate);
        self.admin = AdminRules::of(estate, self.network_at);
        self
    }

    /// With a network security group at the network interface.
    #[must_use]
    pub fn with_interface(mut self, group: &'a NetworkSecurityGroup) -> Self {
        self.groups.insert(0, (Level::Interface, Given::Here(group)));
        self
    }

    /// With the network security group of a network interface, as it mentions it.
    #[must_use]
    pub fn with_interface_of(mut self, estate: &'a Estate, group: &Reference) -> Self {
        let group = given(group, &estate.nsgs, |one| &one.header, None, ThingKind::SecurityGroup);
        self.groups.insert(0, (Level::Interface, group));
        self
    }

    /// As private endpoints see it: no security admin rule concerns them, and groups do where the subnet says so
    /// (AVNM-9, PE-6).
    #[must_use]
    pub fn for_endpoints(mut self, groups: bool) -> Self {
        self.admin = AdminRules::default();
        if !groups {
            self.groups.clear();
        }
        self
    }

    /// The security admin rules that hold, or may hold, each with why it may not.
    pub fn admin_rules(&self) -> impl Iterator<Item = (&'a AdminRule, Option<Doubt>)> {
        self.admin.rules.iter().map(|(rule, applies)| (*rule, applies.as_ref().map(|one| one.doubt.clone())))
    }

    /// Why there may be security admin rules that the input does not show.
    pub fn hidden_admin_rules(&self) -> Option<&Doubt> {
        self.admin.hidden.as_ref()
    }

    /// The addresses that a service tag stands for here, where they are known: those of a loaded one, and `VirtualNetwork`
    /// where no route widens it (NSG-17, NSG-18).
    pub fn expanded(&self, tag: &str) -> Option<AddressSet> {
        if tag.eq_ignore_ascii_case("VirtualNetwork") {
            let (widened, tags) = self.tunnelled();
            let known = self.network_complete && widened.is_empty() && tags.is_empty() && self.hub_routes.is_empty();
            return (known && !self.gateway).then(|| self.network.clone());
        }
        Some(self.tags?.get(tag)?.set.clone())
    }

    /// The name of the network security group or groups, for messages.
    pub fn group_at(&self, index: usize) -> Option<&'a NetworkSecurityGroup> {
        match self.groups.get(index) {
            Some((_, Given::Here(group))) => Some(*group),
            _ => None,
        }
    }

    /// The route table, when it is here.
    pub fn table(&self) -> Option<&'a RouteTable> {
        match &self.routes {
            Some(Given::Here(table)) => Some(*table),
            _ => None,
        }
    }

    /// Prefixes that user routes lead to an appliance or a gateway, and the tags they name: Azure may count them as
    /// `VirtualNetwork` (NSG-17, NSG-18).
    pub(crate) fn tunnelled(&self) -> (AddressSet, Vec<Tag>) {
        let (mut addresses, mut tags) = (Vec::new(), Vec::new());
        let inward = |route: &&Route| {
            matches!(route.next_hop.known(), Some(NextHop::VirtualAppliance | NextHop::VirtualNetworkGateway))
        };
        let routes = self.table().map_or(&[][..], |table| &table.routes);
        for peer in routes.iter().filter(inward).flat_map(|route| &route.prefixes).filter_map(Field::known) {
            match peer {
                Peer::Any => addresses.push(AddressSet::full()),
                Peer::Addresses(set) => addresses.push(set.clone()),
                Peer::Tag(name) => match self.tags.and_then(|data| data.get(name)) {
                    Some(prefixes) => addresses.push(prefixes.set.clone()),
                    None => tags.extend(Tag::read(name, self.cloud).tag().filter(|tag| tag.is_usable_in_routes())),
                },
                Peer::Invalid(_) => {}
            }
        }
        (union(&addresses), tags)
    }

    /// Whether a gateway may lead the subnet's default route elsewhere: it is let in, and no route of the table goes
    /// before it (RT-3, RT-7).
    pub(crate) fn may_learn_default(&self) -> bool {
        let is_default = |route: &Route| {
            route.prefixes.iter().filter_map(Field::known).any(|prefix| match prefix {
                Peer::Any => true,
                Peer::Addresses(set) => set.v4.is_full(),
                Peer::Tag(_) | Peer::Invalid(_) => false,
            })
        };
        let shut = |table: &RouteTable| {
            table.effective
                || table.disable_bgp.as_ref().is_some_and(|field| field.known() == Some(&true))
                || table.routes.iter().any(is_default)
        };
        // What a Virtual WAN hub teaches is known by its own routes.
        self.gateway && self.hub_routes.is_empty() && self.subnet_shown && !self.table().is_some_and(shut)
    }

    fn read_network(&mut self, estate: &'a Estate, subnet: &Subnet) {
        let Some(network) = estate.network(subnet.network) else {
            self.network = self.subnet.clone().unwrap_or_default();
            return;
        };
        // A gateway stands in a subnet of this name, and nothing else does.
        let is_gateway = |subnet: &Subnet| subnet.header.name.known().is_some_and(|name| is_gateway_subnet(name));
        self.gateway = network.subnets.iter().filter_map(|at| estate.subnets.get(*at)).any(is_gateway);
        self.own_space = network.address_space.iter().filter_map(|space| space.known().cloned()).collect();
        let mut complete = !network.address_space.is_empty()
            && all_known(&network.address_space).is_some()
            && network.unknown_peerings.is_empty();
        let mut in_tag: Vec<AddressSet> = Vec::new();
        for peering in &network.peerings {
            let connected = peering.is_connected();
            // Whether a peering carries anything may be known to a deployment only: then its network may be a part.
            complete &= connected.is_some();
            let connected = connected == Some(true);
            // The other network's gateway teaches as one here does (BOTH-ENDS-6).
            let remote_gateway = peering.remote_gateways.as_ref().is_some_and(|uses| uses.known() != Some(&false));
            self.gateway |= connected && remote_gateway;
            let access = peering.allow_access.as_ref().and_then(|access| access.known()) != Some(&false);
            if !connected {
                continue;
            }
            let remote = peering.remote.as_ref().and_then(|remote| estate.networks.get(remote.target?));
            let spaces = match remote {
                Some(remote) if peering.remote_space.is_empty() => &remote.address_space,
                _ => &peering.remote_space,
            };
            complete &= all_known(spaces).is_some();
            let known = spaces.iter().filter_map(|space| space.known().cloned());
            self.peer_spaces.extend(known.clone());
            if let Some(doubt) = partial(peering) {
                self.partial_peers.extend(known.clone().map(|space| (space, doubt.clone())));
            }
            // Without access the other network is no part of `VirtualNetwork`; its route is there all the same.
            in_tag.extend(known.filter(|_| access));
        }
        self.network = union(self.own_space.iter().chain(&in_tag).chain(&self.subnet));
        self.network_complete = complete;
        self.hub_routes = subnet.network.map(|at| learnt(estate, at)).unwrap_or_default();
    }

    /// Whether the route table keeps out what gateways and hubs teach.
    pub(crate) fn takes_no_gateway_routes(&self) -> bool {
        let disabled = self.table().and_then(|table| table.disable_bgp.as_ref());
        disabled.is_some_and(|field| field.known() == Some(&true))
    }

    /// The routes of the private endpoints in the network and its peers, where a route table may compete with them.
    pub(crate) fn endpoint_routes(&self) -> Vec<EndpointRoute> {
        if self.table().is_some() { self.all_endpoint_routes() } else { Vec::new() }
    }

    /// The routes of the private endpoints in the network and its peers.
    pub(crate) fn all_endpoint_routes(&self) -> Vec<EndpointRoute> {
        let (Some(estate), Some(at)) = (self.estate, self.network_at) else { return Vec::new() };
        let peers = estate.networks.get(at).into_iter().flat_map(|network| &network.peerings);
        let joined = peers.filter(|peering| peering.is_connected() != Some(false));
        let near: Vec<usize> =
            joined.filter_map(|peering| peering.remote.as_ref()?.target).chain(std::iter::once(at)).collect();
        let mut routes = Vec::new();
        for endpoint in &estate.private_endpoints {
            let subnet = endpoint.subnet.as_ref().and_then(|subnet| estate.subnets.get(subnet.target?));
            let Some((subnet, network)) = subnet.and_then(|subnet| Some((subnet, subnet.network?))) else { continue };
            if !near.contains(&network) {
                continue;
            }
            let spaces = estate.networks.get(network).map_or(&[][..], |network| &network.address_space);
            for address in endpoint.addresses.iter().filter_map(|one| one.known().copied()) {
                let holds = |prefix: &ipnet::IpNet| prefix.contains(&address);
                let prefixes = spaces.iter().filter_map(Field::known).flat_map(|space| space.prefixes());
                let length = prefixes.filter(holds).map(|prefix| prefix.prefix_len()).max();
                let (counts, ignores_routes) = match policies(subnet, "RouteTableEnabled") {
                    Ok(counts) => (counts, None),
                    Err(doubt) => (true, Some(doubt)),
                };
                routes.push(EndpointRoute { address, length: length.filter(|_| counts), ignores_routes });
            }
        }
        routes
    }
}

/// Effective routes do not name their subnet: they are those of the only one that the input shows, as lists of security
/// admin rules are (AVNM-12); else they may be those of any.
fn effective_routes<'a>(estate: &'a Estate, subnet: &Subnet) -> Option<Given<'a, RouteTable>> {
    let mut lists = estate.route_tables.iter().filter(|table| table.effective && table.subnets.is_empty());
    let first = lists.next()?;
    let mut shown_subnets = estate.subnets.iter().filter(|one| !one.header.mentioned);
    let alone = shown_subnets.all(|one| std::ptr::eq(one, subnet));
    if alone && lists.next().is_none() {
        return Some(Given::Here(first));
    }
    let name = shown(&first.header.name);
    let doubt = Doubt::new(Reason::EffectiveRoutes(name));

    Some(Given::Missing(doubt.at(first.header.span).settled_by(Remedy::EffectiveRoutesAlone)))
}

const ENDPOINT_POLICIES: &str = "privateEndpointNetworkPolicies";

/// Whether `privateEndpointNetworkPolicies` of a subnet let a kind of guard count for its private endpoints: `kind` is the
/// value that lets that one alone (PE-7).
pub fn policies(subnet: &Subnet, kind: &str) -> Result<bool, Doubt> {
    let this = || ThingKind::Subnet.named(shown(&subnet.header.name));
    match subnet.private_endpoint_policies.as_ref().map(|field| &field.value) {
        Some(Ok(value)) => Ok(value.eq_ignore_ascii_case("Enabled") || value.eq_ignore_ascii_case(kind)),
        Some(Err(unknown)) => Err(Doubt::of(What::Setting(ENDPOINT_POLICIES, this()), unknown)),
        None => {
            let doubt = Doubt::new(Reason::NotShown(ENDPOINT_POLICIES, this()));
            let doubt = doubt.at(subnet.header.name.span).shown_by([Export::of(&subnet.header)]);
            Err(doubt.settled_by(Remedy::Setting(ENDPOINT_POLICIES, ThingKind::Subnet)))
        }
    }
}

/// The union of values, when there are any and all of them are known.
fn all_known(fields: &[Field<AddressSet>]) -> Option<AddressSet> {
    let known: Option<Vec<&AddressSet>> = fields.iter().map(Field::known).collect();
    known.filter(|known| !known.is_empty()).map(union)
}

pub(crate) fn union<'s>(sets: impl IntoIterator<Item = &'s AddressSet>) -> AddressSet {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for set in sets {
        v4.extend_from_slice(set.v4.ranges());
        v6.extend_from_slice(set.v6.ranges());
    }
    AddressSet { v4: RangeSet::from_ranges(v4), v6: RangeSet::from_ranges(v6) }
}

/// Whether a name, which may have the network's in front, is that of the subnet where gateways are.
fn is_gateway_subnet(name: &str) -> bool {
    const NAME: &str = "GatewaySubnet";
    let start = name.len().checked_sub(NAME.len());
    start.and_then(|at| Some((name.get(..at)?, name.get(at..)?))).is_some_and(|(parents, last)| {
        (parents.is_empty() || parents.ends_with('/')) && last.eq_ignore_ascii_case(NAME)
    })
}

/// Why a peering may not join all subnets of both networks. Which ones it joins is not followed.
pub(crate) fn partial(peering: &Peering) -> Option<Doubt> {
    let complete = peering.complete.as_ref()?;
    let name = shown(&peering.name);
    match &complete.value {
        Ok(true) => None,
        Ok(false) => Some(Doubt::new(Reason::PartialPeering(name)).at(complete.span)),
        Err(unknown) => Some(Doubt::of(What::JoinsAll(name), unknown)),
    }
}

/// Why the routes of peerings may not be among those of a subnet with this table.
pub(crate) fn kept_out(table: &RouteTable) -> Option<Doubt> {
    let field = table.disable_peering.as_ref()?;
    let name = shown(&table.header.name);
    match &field.value {
        Ok(word) if word.eq_ignore_ascii_case("None") => None,
        Ok(word) => {
            let reason = Reason::PeeringRoutesKeptOut { table: name, word: Arc::clone(word) };
            Some(Doubt::new(reason).at(field.span).settled_by(Remedy::EffectiveRoutes))
        }
        Err(unknown) => {
            Some(Doubt::of(What::Setting("disablePeeringRoute", ThingKind::RouteTable.named(name)), unknown))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::kept_out;
    use crate::proof::tests::{known, table, unknown};

    #[test]
    fn a_table_keeps_routes_of_peerings_out_unless_it_says_none() {
        let mut one = table(Vec::new());
        assert!(kept_out(&one).is_none());
        for (word, kept) in [("None", false), ("none", false), ("All", true), ("VNet", true)] {
            one.disable_peering = Some(known(Arc::from(word)));
            assert_eq!(kept_out(&one).is_some(), kept, "{word}");
        }
        one.disable_peering = Some(unknown("word"));
        assert!(kept_out(&one).is_some());
    }
}
