//! The estate: every resource of a run, in lists.

use std::sync::Arc;

use crate::estate::dependency::Dependencies;
use crate::estate::ids::Ids;
use crate::estate::resource::{
    AdminRule, Compute, Fault, Firewall, FirewallPolicy, HubConnection, HubRouteTable, IpGroup, NetworkInterface,
    NetworkSecurityGroup, Plain, PrivateEndpoint, RouteTable, RoutingIntent, RuleCollectionGroup, Subnet,
    VirtualNetwork, Workspace,
};
use crate::source::FileId;

/// All resources of a run. References are indexes into these lists.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Network security groups.
    pub nsgs: Vec<NetworkSecurityGroup>,
    /// Route tables.
    pub route_tables: Vec<RouteTable>,
    /// Virtual networks.
    pub networks: Vec<VirtualNetwork>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// NAT gateways.
    pub nat_gateways: Vec<Plain>,
    /// Private endpoints.
    pub private_endpoints: Vec<PrivateEndpoint>,
    /// Network interfaces.
    pub interfaces: Vec<NetworkInterface>,
    /// Workspaces.
    pub workspaces: Vec<Workspace>,
    /// Computes.
    pub computes: Vec<Compute>,
    /// Firewalls.
    pub firewalls: Vec<Firewall>,
    /// Firewall policies.
    pub policies: Vec<FirewallPolicy>,
    /// Rule collection groups.
    pub collection_groups: Vec<RuleCollectionGroup>,
    /// IP groups.
    pub ip_groups: Vec<IpGroup>,
    /// Security admin rules.
    pub admin_rules: Vec<AdminRule>,
    /// Security admin configurations, which hold such rules.
    pub admin_configurations: Vec<Plain>,
    /// Virtual WAN hubs, and Route Servers, which have their type.
    pub hubs: Vec<Plain>,
    /// Connections of virtual networks to hubs.
    pub hub_connections: Vec<HubConnection>,
    /// Route tables of hubs.
    pub hub_route_tables: Vec<HubRouteTable>,
    /// Routing intents of hubs.
    pub routing_intents: Vec<RoutingIntent>,
    /// Every other resource of a known type (storage accounts, key vaults, registries, endpoints, …).
    pub others: Vec<Plain>,
    /// What services say they need, in answers that were saved.
    pub dependencies: Vec<Dependencies>,
    /// What Azure would refuse, in the order found.
    pub faults: Vec<Fault>,
    /// Files that resources of templates are written in, each with the template it was evaluated for. Templates that do
    /// not refer to each other are no more than neighbours in a folder.
    pub templates: Vec<(FileId, FileId)>,
    /// The ids of all of them, to follow a mention that no list above holds.
    pub(crate) ids: Arc<Ids>,
}
