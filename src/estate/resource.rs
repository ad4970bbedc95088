//! Azure resources as typed values, a place on every field. Whatever spelling they came in, this is what they mean.
//!
//! Reading them out of JSON is the work of `extract`; joining them by id that of `build`.

use std::sync::Arc;

use crate::estate::kind::Shape;
use crate::json::{Node, Reason, Trail, Unknown};
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::source::Span;

/// A value of a resource with its place. A property that is not there at all is an `Option` that is `None`.
#[derive(Clone, Debug)]
pub struct Field<T> {
    /// The value, or why only a deployment can tell it.
    pub value: Result<T, Arc<Unknown>>,
    /// The characters to edit.
    pub span: Span,
    /// The way from those characters to the use.
    pub via: Option<Arc<Trail>>,
}

impl<T> Field<T> {
    /// The value, when it is known.
    pub fn known(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }

    /// Why it is unknown.
    pub fn unknown(&self) -> Option<&Arc<Unknown>> {
        self.value.as_ref().err()
    }
}

/// What stands for a value that nobody can tell. Values of equal keys are the same value.
pub(crate) fn unknown_value(reason: Reason, text: &str, span: Span, key: String) -> Arc<Unknown> {
    Arc::new(Unknown { reason, text: text.into(), span, key: key.into(), parts: Vec::new(), domain: Vec::new() })
}

/// What every resource has.
#[derive(Clone, Debug)]
pub struct Header {
    /// The last segment of its name.
    pub name: Field<Arc<str>>,
    /// Its full id as written or as composed; unknown parts keep their holes. `None` when the input shows none.
    pub id: Option<Field<Arc<str>>>,
    /// What it is joined by: the id in lower case, or the key of the unknown id. Never empty.
    pub key: Arc<str>,
    /// Its type in the case written, such as `Microsoft.Network/networkSecurityGroups`.
    pub type_name: Arc<str>,
    /// Its location as an ARM location: lower case, no spaces.
    pub location: Option<Field<Arc<str>>>,
    /// The whole resource in REST form (`name`, `id`, `type`, `properties`), whatever form it was written in.
    pub node: Node,
    /// Where it is written: its object.
    pub span: Span,
    /// How it was spelt.
    pub shape: Shape,
    /// It may not exist: a template's condition that is unknown.
    pub condition: Option<Arc<Unknown>>,
    /// The input names it and shows nothing of what makes it: its properties are unknown, not absent.
    pub mentioned: bool,
}

impl Header {
    /// Where something about the resource as a whole is said: at its name where that is written in it, else at the
    /// bracket that opens it. A name may come from a variable, which knows nothing of what it names.
    pub fn place(&self) -> Span {
        if self.span.holds(self.name.span) { self.name.span } else { self.span.part(0, 1) }
    }
}

/// A mention of another resource.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The id mentioned.
    pub id: Field<Arc<str>>,
    /// Where it leads: an index into the list of that kind in the estate; `None` when the input does not hold it.
    pub target: Option<usize>,
}

impl Reference {
    /// A mention that has not been followed.
    pub(crate) fn new(id: Field<Arc<str>>) -> Self {
        Self { id, target: None }
    }
}

/// A network security group.
#[derive(Clone, Debug)]
pub struct NetworkSecurityGroup {
    /// What every resource has.
    pub header: Header,
    /// Custom rules, in the order written; those that are resources of their own are merged in by name.
    pub rules: Vec<SecurityRule>,
    /// The built-in rules as the export shows them; empty when it does not show them all (NSG-11 then holds).
    pub default_rules: Vec<SecurityRule>,
    /// Parts of the rule list only a deployment can tell: any rule may come from each of them.
    pub unknown_rules: Vec<Field<()>>,
    /// Where the rule list is written.
    pub rules_span: Option<Span>,
    /// Subnets it says it is associated with.
    pub subnets: Vec<Reference>,
    /// Network interfaces it says it is associated with, by id.
    pub interfaces: Vec<Field<Arc<str>>>,
    /// These are effective rules: tags come expanded, and the built-in rules are among them.
    pub effective: bool,
}

/// Inbound or outbound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Into the subnet.
    Inbound,
    /// Out of the subnet.
    Outbound,
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// It lets it pass.
    Allow,
    /// It drops it.
    Deny,
}

/// One rule of a network security group.
#[derive(Clone, Debug)]
pub struct SecurityRule {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// The whole rule.
    pub node: Node,
    /// Where it is written: its object.
    pub span: Span,
    /// The direction it looks at.
    pub direction: Field<Direction>,
    /// What it does.
    pub access: Field<Access>,
    /// The lower number goes first.
    pub priority: Field<i64>,
    /// The protocols it matches.
    pub protocol: Field<ProtocolSet>,
    /// Where packets come from.
    pub sources: Side,
    /// The ports they come from.
    pub source_ports: Ports,
    /// Where packets go to.
    pub destinations: Side,
    /// The ports they go to.
    pub destination_ports: Ports,
    /// Free text.
    pub description: Option<Field<Arc<str>>>,
    /// It may not exist: a condition that is unknown.
    pub condition: Option<Arc<Unknown>>,
}

/// The address side of a rule: the union of its items (NSG-2).
#[derive(Clone, Debug)]
pub struct Side {
    /// Addresses, prefixes and tags.
    pub items: Vec<Field<Peer>>,
    /// Application security groups, by id.
    pub groups: Vec<Field<Arc<str>>>,
    /// Where the side is written; the rule's own place when it is missing.
    pub span: Span,
}

/// One address value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Every address of both families: `*`.
    Any,
    /// Addresses.
    Addresses(AddressSet),
    /// A service tag, by the name written; `net::Tag` reads it.
    Tag(Arc<str>),
    /// A value Azure refuses: matches nothing known (NSG-27).
    Invalid(Arc<str>),
}

/// The port side of a rule: the union of its items.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Ports and ranges.
    pub items: Vec<Field<PortSet>>,
    /// Where the side is written; the rule's own place when it is missing.
    pub span: Span,
}

/// A rule that every network security group has (NSG-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// The direction it looks at.
    pub direction: Direction,
    /// Its priority.
    pub priority: i64,
    /// The tag it wants as source; `*` for any.
    pub source: &'static str,
    /// The tag it wants as destination; `*` for any.
    pub destination: &'static str,
    /// What it does.
    pub access: Access,
}

/// The rules that every network security group has, in every cloud.
pub const BUILT_IN: [BuiltIn; 6] = {
    use Access::{Allow, Deny};
    use Direction::{Inbound, Outbound};
    const fn rule(
        name: &'static str,
        direction: Direction,
        priority: i64,
        (source, destination): (&'static str, &'static str),
        access: Access,
    ) -> BuiltIn {
        BuiltIn { name, direction, priority, source, destination, access }
    }
    [
        rule("AllowVnetInBound", Inbound, 65000, ("VirtualNetwork", "VirtualNetwork"), Allow),
        rule("AllowAzureLoadBalancerInBound", Inbound, 65001, ("AzureLoadBalancer", "*"), Allow),
        rule("DenyAllInBound", Inbound, 65500, ("*", "*"), Deny),
        rule("AllowVnetOutBound", Outbound, 65000, ("VirtualNetwork", "VirtualNetwork"), Allow),
        rule("AllowInternetOutBound", Outbound, 65001, ("*", "Internet"), Allow),
        rule("DenyAllOutBound", Outbound, 65500, ("*", "*"), Deny),
    ]
};

/// A route table, or the effective routes of a network interface.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// What every resource has.
    pub header: Header,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Parts of the route list only a deployment can tell.
    pub unknown_routes: Vec<Field<()>>,
    /// Where the route list is written.
    pub routes_span: Option<Span>,
    /// `disableBgpRoutePropagation`.
    pub disable_bgp: Option<Field<bool>>,
    /// `disablePeeringRoute`: which routes of peerings the table keeps out; `None` is a word of Azure's for none.
    pub disable_peering: Option<Field<Arc<str>>>,
    /// Subnets it says it is associated with.
    pub subnets: Vec<Reference>,
    /// These are effective routes: the system's own are among them, and nothing is added.
    pub effective: bool,
}

/// One route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// The whole route.
    pub node: Node,
    /// Where it is written: its object.
    pub span: Span,
    /// Where it leads: a prefix or a tag. Effective routes may name several.
    pub prefixes: Vec<Field<Peer>>,
    /// The kind of next hop.
    pub next_hop: Field<NextHop>,
    /// The appliance's address, when there is one; several mean more than one path.
    pub next_hop_addresses: Vec<Field<std::net::IpAddr>>,
    /// Who made it; `User` unless effective routes say otherwise.
    pub origin: RouteOrigin,
    /// It may not exist.
    pub condition: Option<Arc<Unknown>>,
}

/// The kinds of next hop (RT-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHop {
    /// `VirtualNetworkGateway`.
    VirtualNetworkGateway,
    /// `VnetLocal`.
    VnetLocal,
    /// `Internet`.
    Internet,
    /// `VirtualAppliance`.
    VirtualAppliance,
    /// `None`: dropped.
    Drop,
    /// `VNetPeering` and `VNetGlobalPeering`.
    Peering,
    /// `VirtualNetworkServiceEndpoint`.
    ServiceEndpoint,
    /// `InterfaceEndpoint`: a private endpoint.
    PrivateEndpoint,
    /// `ConnectedGroup`: a network that a network manager joins with this one, without a peering (AVNM-13).
    ConnectedGroup,
}

impl NextHop {
    /// Each with the word that Azure writes, and the one of rules, facts, settings and reports.
    const TABLE: [(Self, &'static str, &'static str); 9] = [
        (Self::Internet, "Internet", "internet"),
        (Self::VirtualAppliance, "VirtualAppliance", "virtual-appliance"),
        (Self::VirtualNetworkGateway, "VirtualNetworkGateway", "virtual-network-gateway"),
        (Self::VnetLocal, "VnetLocal", "vnet-local"),
        (Self::Drop, "None", "none"),
        (Self::Peering, "VNetPeering", "peering"),
        (Self::ServiceEndpoint, "VirtualNetworkServiceEndpoint", "service-endpoint"),
        (Self::PrivateEndpoint, "InterfaceEndpoint", "private-endpoint"),
        (Self::ConnectedGroup, "ConnectedGroup", "connected-group"),
    ];

    /// The words of rules, with what they mean.
    pub const WORDS: [(&'static str, Self); 9] = {
        let mut words = [("", Self::Internet); 9];
        let mut at = 0;
        while at < words.len() {
            words[at] = (Self::TABLE[at].2, Self::TABLE[at].0);
            at += 1;
        }
        words
    };

    /// The words of rules.
    pub const NAMES: [&'static str; 9] = {
        let mut names = [""; 9];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::TABLE[at].2;
            at += 1;
        }
        names
    };

    /// The word that Azure writes.
    pub fn as_str(self) -> &'static str {
        Self::TABLE.iter().find(|(hop, ..)| *hop == self).map_or("", |(_, azure, _)| azure)
    }

    /// The word of rules, facts, settings and reports.
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|(hop, ..)| *hop == self).map_or("", |(.., word)| word)
    }

    /// Whether a route table may write it; the others are in effective routes only.
    pub(crate) fn is_written(self) -> bool {
        use NextHop::{Drop, Internet, VirtualAppliance, VirtualNetworkGateway, VnetLocal};
        matches!(self, VirtualNetworkGateway | VnetLocal | Internet | VirtualAppliance | Drop)
    }

    /// The hop of a word of Azure's, in any case.
    pub(crate) fn of_azure(text: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, azure, _)| azure.eq_ignore_ascii_case(text)).map(|(hop, ..)| *hop)
    }
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteOrigin {
    /// The user.
    User,
    /// A gateway, by BGP.
    Gateway,
    /// Azure itself.
    System,
}

/// A virtual network.
#[derive(Clone, Debug)]
pub struct VirtualNetwork {
    /// What every resource has.
    pub header: Header,
    /// Its address space.
    pub address_space: Vec<Field<AddressSet>>,
    /// Its own DNS servers; empty means Azure's.
    pub dns_servers: Vec<Field<Arc<str>>>,
    /// Its subnets: indexes into the estate's list, filled in by `build`.
    pub subnets: Vec<usize>,
    /// Its peerings.
    pub peerings: Vec<Peering>,
    /// The list of its peerings is shown, and all of it is known: what is not there does not exist.
    pub peerings_shown: bool,
    /// Parts of the list of peerings that are not known.
    pub unknown_peerings: Vec<Field<()>>,
}

/// A peering of a virtual network.
#[derive(Clone, Debug)]
pub struct Peering {
    /// Its name.
    pub name: Field<Arc<str>>,
    /// The other network.
    pub remote: Option<Reference>,
    /// The other network's address space, as the peering shows it.
    pub remote_space: Vec<Field<AddressSet>>,
    /// `peeringState`.
    pub state: Option<Field<Arc<str>>>,
    /// `peeringState` of the peering back, where the input shows it; filled in by `build`.
    pub back: Option<Field<Arc<str>>>,
    /// `allowVirtualNetworkAccess`.
    pub allow_access: Option<Field<bool>>,
    /// `useRemoteGateways`: the network learns what the other network's gateway teaches.
    pub remote_gateways: Option<Field<bool>>,
    /// `peerCompleteVnets`: it joins the whole of both networks, and not some subnets alone.
    pub complete: Option<Field<bool>>,
    /// Where it is written.
    pub span: Span,
}

impl Peering {
    /// Whether it carries traffic, which it does when both sides are connected (BOTH-ENDS-6); `None`: only a deployment can
    /// tell. A template does not write the state, and Azure brings up what it declares; a side that is not shown is taken
    /// to be as this one.
    pub fn is_connected(&self) -> Option<bool> {
        let is_up = |state: &Option<Field<Arc<str>>>| match state.as_ref().map(|state| &state.value) {
            None => Some(true),
            Some(Ok(state)) => Some(state.eq_ignore_ascii_case("connected")),
            Some(Err(_)) => None,
        };
        match (is_up(&self.state), is_up(&self.back)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// What every resource has.
    pub header: Header,
    /// Its network: an index into the estate's list, filled in by `build`.
    pub network: Option<usize>,
    /// Its prefixes.
    pub prefixes: Vec<Field<AddressSet>>,
    /// Its network security group.
    pub nsg: Option<Reference>,
    /// Its route table.
    pub route_table: Option<Reference>,
    /// Its NAT gateway.
    pub nat_gateway: Option<Reference>,
    /// Services with a service endpoint here, such as `Microsoft.Storage`.
    pub service_endpoints: Vec<Field<Arc<str>>>,
    /// Its service endpoint policies, by id.
    pub service_endpoint_policies: Vec<Field<Arc<str>>>,
    /// Services it is delegated to.
    pub delegations: Vec<Field<Arc<str>>>,
    /// `privateEndpointNetworkPolicies`.
    pub private_endpoint_policies: Option<Field<Arc<str>>>,
    /// `defaultOutboundAccess`.
    pub default_outbound: Option<Field<bool>>,
    /// Private endpoints it says it holds, by id.
    pub private_endpoints: Vec<Field<Arc<str>>>,
}

/// A resource of which the program asks little beyond what every resource has: NAT gateway, storage account, ….
#[derive(Clone, Debug)]
pub struct Plain {
    /// What every resource has.
    pub header: Header,
}

/// A private endpoint.
#[derive(Clone, Debug)]
pub struct PrivateEndpoint {
    /// What every resource has.
    pub header: Header,
    /// The subnet it is in.
    pub subnet: Option<Reference>,
    /// The resources it leads to, by id, and the sub-resources (`groupIds`).
    pub targets: Vec<EndpointTarget>,
    /// Its addresses, when shown (`customDnsConfigs`, `ipConfigurations`).
    pub addresses: Vec<Field<std::net::IpAddr>>,
}

/// Where a private endpoint leads.
#[derive(Clone, Debug)]
pub struct EndpointTarget {
    /// The resource's id.
    pub id: Field<Arc<str>>,
    /// Its sub-resources: `blob`, `file`, `amlworkspace`, ….
    pub groups: Vec<Field<Arc<str>>>,
    /// The state of the connection: `Approved`, `Pending`, `Rejected` or `Disconnected`.
    pub state: Option<Field<Arc<str>>>,
}

impl EndpointTarget {
    /// The state of the connection, where that is not known to be `Approved`. One that is not shown is taken to be.
    pub fn not_approved(&self) -> Option<&Field<Arc<str>>> {
        let approved =
            |state: &&Field<Arc<str>>| state.known().is_some_and(|word| word.eq_ignore_ascii_case("Approved"));
        self.state.as_ref().filter(|state| !approved(state))
    }
}

/// A network interface.
#[derive(Clone, Debug)]
pub struct NetworkInterface {
    /// What every resource has.
    pub header: Header,
    /// Its network security group.
    pub nsg: Option<Reference>,
    /// The subnets of its address configurations.
    pub subnets: Vec<Reference>,
    /// Its private addresses, where they are shown.
    pub addresses: Vec<Field<std::net::IpAddr>>,
    /// `enableIPForwarding`: it takes packets that are not for its own addresses.
    pub forwards: Option<Field<bool>>,
    /// The machine it is of, by id.
    pub machine: Option<Field<Arc<str>>>,
}

/// A security admin rule of a Virtual Network Manager, which goes before every network security group.
#[derive(Clone, Debug)]
pub struct AdminRule {
    /// What every resource has.
    pub header: Header,
    /// What it matches. `AlwaysAllow` reads as `Allow` here.
    pub rule: SecurityRule,
    /// What it lets pass meets no network security group: `AlwaysAllow`.
    pub always: bool,
    /// It comes from a list of the rules that hold on one network; else it is as written, be it deployed or not.
    pub effective: bool,
}

/// The connection of a virtual network to a Virtual WAN hub.
#[derive(Clone, Debug)]
pub struct HubConnection {
    /// What every resource has.
    pub header: Header,
    /// Its hub: an index into the estate's list, filled in by `build`.
    pub hub: Option<usize>,
    /// The virtual network.
    pub network: Option<Reference>,
    /// `enableInternetSecurity`: whether the network learns a default route from the hub.
    pub internet_security: Option<Field<bool>>,
    /// The route table of the hub that the network follows.
    pub route_table: Option<Reference>,
}

/// A route table of a Virtual WAN hub.
#[derive(Clone, Debug)]
pub struct HubRouteTable {
    /// What every resource has.
    pub header: Header,
    /// Its hub: an index into the estate's list, filled in by `build`.
    pub hub: Option<usize>,
    /// Its routes.
    pub routes: Vec<HubRoute>,
}

/// A route of a Virtual WAN hub: where it writes its own, and what a routing policy stands for.
#[derive(Clone, Debug)]
pub struct HubRoute {
    /// Prefixes; of a routing policy `Internet` or `PrivateTraffic`.
    pub destinations: Vec<Field<Arc<str>>>,
    /// The firewall it leads to, or whatever else has an id.
    pub next_hop: Option<Reference>,
    /// Where it is written.
    pub span: Span,
}

/// The routing intent of a Virtual WAN hub.
#[derive(Clone, Debug)]
pub struct RoutingIntent {
    /// What every resource has.
    pub header: Header,
    /// Its hub: an index into the estate's list, filled in by `build`.
    pub hub: Option<usize>,
    /// Its routing policies.
    pub policies: Vec<HubRoute>,
}

/// A machine learning workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// What every resource has.
    pub header: Header,
    /// `serverlessComputeSettings.serverlessComputeCustomSubnet`.
    pub serverless_subnet: Option<Reference>,
    /// `storageAccount`, `keyVault`, `containerRegistry`, `applicationInsights`, by id.
    pub associated: Vec<(&'static str, Field<Arc<str>>)>,
    /// `privateEndpointConnections`: ids of private endpoints.
    pub private_endpoints: Vec<Field<Arc<str>>>,
}

/// A compute of a workspace.
#[derive(Clone, Debug)]
pub struct Compute {
    /// What every resource has.
    pub header: Header,
    /// Its subnet.
    pub subnet: Option<Reference>,
    /// Its workspace: an index into the estate's list, filled in by `build`.
    pub workspace: Option<usize>,
}
