//! Finding resources in an estate.

use crate::estate::resource::{Estate, Header};

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
            .chain(others)
    }

    /// The subnet with this key: an id in lower case, or the key of an unknown id.
    pub fn subnet_by_key(&self, key: &str) -> Option<usize> {
        self.subnets.iter().position(|subnet| *subnet.header.key == *key)
    }
}
