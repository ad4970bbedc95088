//! Finding resources in an estate.

use crate::estate::identity::Id;
use crate::estate::kind::Kind;
use crate::estate::resource::Header;
use crate::estate::whole::Estate;
use crate::json::Node;
use crate::source::FileId;

impl Estate {
    /// What every resource of the estate has, in the order of the lists.
    pub fn headers(&self) -> impl Iterator<Item = &Header> {
        let nsgs = self.nsgs.iter().map(|one| &one.header);
        let tables = self.route_tables.iter().map(|one| &one.header);
        let networks = self.networks.iter().map(|one| &one.header);
        let subnets = self.subnets.iter().map(|one| &one.header);
        let gateways = self.nat_gateways.iter().map(|one| &one.header);
        let endpoints = self.private_endpoints.iter().map(|one| &one.header);
        let interfaces = self.interfaces.iter().map(|one| &one.header);
        let workspaces = self.workspaces.iter().map(|one| &one.header);
        let computes = self.computes.iter().map(|one| &one.header);
        let firewalls = self.firewalls.iter().map(|one| &one.header);
        let policies = self.policies.iter().map(|one| &one.header);
        let groups = self.collection_groups.iter().map(|one| &one.header);
        let ip_groups = self.ip_groups.iter().map(|one| &one.header);
        let admin_rules = self.admin_rules.iter().map(|one| &one.header);
        let connections = self.hub_connections.iter().map(|one| &one.header);
        let hub_tables = self.hub_route_tables.iter().map(|one| &one.header);
        let intents = self.routing_intents.iter().map(|one| &one.header);
        let plain = self.admin_configurations.iter().chain(&self.hubs).map(|one| &one.header);
        let others = self.others.iter().map(|one| &one.header);
        nsgs.chain(tables)
            .chain(networks)
            .chain(subnets)
            .chain(gateways)
            .chain(endpoints)
            .chain(interfaces)
            .chain(workspaces)
            .chain(computes)
            .chain(firewalls)
            .chain(policies)
            .chain(groups)
            .chain(ip_groups)
            .chain(admin_rules)
            .chain(connections)
            .chain(hub_tables)
            .chain(intents)
            .chain(plain)
            .chain(others)
    }

    /// The subnet that a value of some resource means: its id, known or known in part. `from` is the file of the value.
    pub fn subnet_meant(&self, value: &Node, from: FileId) -> Option<usize> {
        self.ids.find(Kind::Subnet, &Id::of_value(value)?, from)
    }
}
