//! Joins the resources of an estate by id, from whichever side mentions the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::estate::extract::lookup;
use crate::estate::identity::Id;
use crate::estate::ids::Ids;
use crate::estate::kind::Kind;
use crate::estate::resource::{Field, Header, Reference};
use crate::estate::whole::Estate;
use crate::json::Value;
use crate::source::FileId;

/// Fills in where every mention leads. A mention that leads nowhere keeps no target.
pub(crate) fn link(estate: &mut Estate, registry: &Ids) {
    forward(estate, registry);
    subnets_and_networks(estate, registry);
    associations(estate, registry);
    machine_learning(estate, registry);
    firewalls(estate, registry);
}

fn file(header: &Header) -> FileId {
    header.span.file
}

fn forward(estate: &mut Estate, registry: &Ids) {
    for nsg in &mut estate.nsgs {
        registry.lead_all(Kind::Subnet, &mut nsg.subnets, file(&nsg.header));
    }
    for table in &mut estate.route_tables {
        registry.lead_all(Kind::Subnet, &mut table.subnets, file(&table.header));
    }
    for subnet in &mut estate.subnets {
        let file = file(&subnet.header);
        registry.lead_all(Kind::Nsg, &mut subnet.nsg, file);
        registry.lead_all(Kind::RouteTable, &mut subnet.route_table, file);
        registry.lead_all(Kind::NatGateway, &mut subnet.nat_gateway, file);
    }
    for network in &mut estate.networks {
        let file = file(&network.header);
        registry.lead_all(Kind::Network, network.peerings.iter_mut().filter_map(|one| one.remote.as_mut()), file);
    }
    for endpoint in &mut estate.private_endpoints {
        registry.lead_all(Kind::Subnet, &mut endpoint.subnet, file(&endpoint.header));
    }
    for interface in &mut estate.interfaces {
        let file = file(&interface.header);
        registry.lead_all(Kind::Nsg, &mut interface.nsg, file);
        registry.lead_all(Kind::Subnet, &mut interface.subnets, file);
    }
}

fn subnets_and_networks(estate: &mut Estate, registry: &Ids) {
    for (at, subnet) in estate.subnets.iter_mut().enumerate() {
        subnet.network = registry.parent(Kind::Subnet, at, Kind::Network, file(&subnet.header));
        if let Some(network) = subnet.network {
            estate.networks[network].subnets.push(at);
        }
    }
}

/// An association shows on both sides, but a file often holds one of them only: each side learns from the other.
fn associations(estate: &mut Estate, registry: &Ids) {
    let Estate { nsgs, route_tables, nat_gateways, subnets, .. } = estate;
    for (at, nsg) in nsgs.iter().enumerate() {
        for mention in &nsg.subnets {
            if let Some(subnet) = mention.target.and_then(|target| subnets.get_mut(target)) {
                subnet.nsg.get_or_insert_with(|| back(&nsg.header, mention, at));
            }
        }
    }
    for (at, table) in route_tables.iter().enumerate() {
        for mention in &table.subnets {
            if let Some(subnet) = mention.target.and_then(|target| subnets.get_mut(target)) {
                subnet.route_table.get_or_insert_with(|| back(&table.header, mention, at));
            }
        }
    }
    for (at, gateway) in nat_gateways.iter().enumerate() {
        let list = lookup(&gateway.header.node, &["properties", "subnets"]);
        for mention in list.map(|list| list.items()).unwrap_or_default() {
            let Some(id) = mention.get("id") else { continue };
            let value = match &id.value {
                Value::Text(text) => Ok(Arc::clone(text)),
                Value::Unknown(unknown) => Err(Arc::clone(unknown)),
                _ => continue,
            };
            let mut mention = Reference { id: Field { value, span: id.span, via: id.via.clone() }, target: None };
            registry.lead(Kind::Subnet, &mut mention, file(&gateway.header));
            if let Some(subnet) = mention.target.and_then(|target| subnets.get_mut(target)) {
                subnet.nat_gateway.get_or_insert_with(|| back(&gateway.header, &mention, at));
            }
        }
    }
    let mut users: BTreeMap<usize, Vec<(usize, Reference)>> = BTreeMap::new();
    let mut tables: BTreeMap<usize, Vec<(usize, Reference)>> = BTreeMap::new();
    for (at, subnet) in subnets.iter().enumerate() {
        for (mention, users) in [(&subnet.nsg, &mut users), (&subnet.route_table, &mut tables)] {
            if let Some(mention) = mention
                && let Some(target) = mention.target
            {
                users.entry(target).or_default().push((at, back(&subnet.header, mention, at)));
            }
        }
    }
    let add = |known: &mut Vec<Reference>, more: Vec<(usize, Reference)>| {
        let told: std::collections::BTreeSet<usize> = known.iter().filter_map(|mention| mention.target).collect();
        known.extend(more.into_iter().filter(|(at, _)| !told.contains(at)).map(|(_, mention)| mention));
    };
    users.into_iter().for_each(|(at, more)| add(&mut nsgs[at].subnets, more));
    tables.into_iter().for_each(|(at, more)| add(&mut route_tables[at].subnets, more));
}

/// The same association seen from the other side: the owner's id, at the place of the mention that showed it.
fn back(owner: &Header, mention: &Reference, at: usize) -> Reference {
    let value = owner.id.as_ref().map_or_else(|| Ok(Arc::clone(&owner.key)), |id| id.value.clone());
    Reference { id: Field { value, span: mention.id.span, via: mention.id.via.clone() }, target: Some(at) }
}

fn machine_learning(estate: &mut Estate, registry: &Ids) {
    for workspace in &mut estate.workspaces {
        registry.lead_all(Kind::Subnet, &mut workspace.serverless_subnet, file(&workspace.header));
    }
    for (at, compute) in estate.computes.iter_mut().enumerate() {
        let file = file(&compute.header);
        registry.lead_all(Kind::Subnet, &mut compute.subnet, file);
        compute.workspace = registry.parent(Kind::Compute, at, Kind::Workspace, file);
    }
}

fn firewalls(estate: &mut Estate, registry: &Ids) {
    let Estate { firewalls, policies, collection_groups, .. } = estate;
    for firewall in firewalls.iter_mut() {
        let file = file(&firewall.header);
        registry.lead_all(Kind::Subnet, &mut firewall.subnets, file);
        registry.lead_all(Kind::Policy, &mut firewall.policy, file);
        for rule in firewall.collections.iter_mut().flat_map(|collection| &mut collection.rules) {
            registry.lead_all(Kind::IpGroup, rule.source_groups.iter_mut().chain(&mut rule.destination_groups), file);
        }
    }
    for (at, group) in collection_groups.iter_mut().enumerate() {
        let file = file(&group.header);
        group.policy = registry.parent(Kind::CollectionGroup, at, Kind::Policy, file);
        for rule in group.collections.iter_mut().flat_map(|collection| &mut collection.rules) {
            registry.lead_all(Kind::IpGroup, rule.source_groups.iter_mut().chain(&mut rule.destination_groups), file);
        }
    }
    for (at, policy) in policies.iter_mut().enumerate() {
        let file = file(&policy.header);
        registry.lead_all(Kind::Policy, &mut policy.base, file);
        for id in &policy.group_ids {
            let found = registry.find(Kind::CollectionGroup, &Id::of(id), file);
            if let Some(group) = found.and_then(|found| collection_groups.get_mut(found)) {
                group.policy.get_or_insert(at);
            }
        }
    }
    for (at, group) in collection_groups.iter().enumerate() {
        if let Some(policy) = group.policy {
            policies[policy].groups.push(at);
        }
    }
}
