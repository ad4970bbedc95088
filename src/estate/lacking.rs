//! What the exports of an estate name and do not show.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::kind::Shape;
use crate::estate::resource::{Header, Reference};
use crate::estate::{Estate, Export, Field};
use crate::source::Span;

/// A resource that is named and not shown.
#[derive(Clone, Debug)]
pub struct Lacking {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is named first.
    pub span: Span,
    /// The answer of Azure that shows it.
    pub export: Export,
}

/// What exports mention, by a row without content or by an id, each once in the order of the estate. Templates are left
/// out: what they refer to is for a deployment to find.
pub fn lacking(estate: &Estate) -> Vec<Lacking> {
    let shown = estate.headers().filter(|header| !header.mentioned);
    let known = shown.filter_map(|header| Some(header.id.as_ref()?.known()?.to_ascii_lowercase()));
    let mut all = List { list: Vec::new(), known: known.collect() };
    for header in estate.headers() {
        if let Some(export) = Export::of_mention(header) {
            all.push(header.place(), export);
        }
    }
    for subnet in &estate.subnets {
        all.refer(&subnet.header, subnet.nsg.iter().chain(&subnet.route_table));
    }
    for network in &estate.networks {
        all.refer(&network.header, network.peerings.iter().filter_map(|peering| peering.remote.as_ref()));
    }
    for group in &estate.nsgs {
        all.refer(&group.header, &group.subnets);
    }
    for table in &estate.route_tables {
        all.refer(&table.header, &table.subnets);
    }
    for interface in &estate.interfaces {
        all.refer(&interface.header, interface.nsg.iter().chain(&interface.subnets));
    }
    for endpoint in &estate.private_endpoints {
        all.refer(&endpoint.header, &endpoint.subnet);
    }
    for compute in &estate.computes {
        all.refer(&compute.header, &compute.subnet);
    }
    for workspace in &estate.workspaces {
        all.refer(&workspace.header, &workspace.serverless_subnet);
    }
    for firewall in &estate.firewalls {
        all.refer(&firewall.header, firewall.policy.iter().chain(&firewall.subnets));
    }
    for policy in &estate.policies {
        all.refer(&policy.header, &policy.base);
        policy.group_ids.iter().for_each(|id| all.name(&policy.header, id));
    }
    for group in &estate.collection_groups {
        for rule in group.collections.iter().flat_map(|collection| &collection.rules) {
            all.refer(&group.header, rule.source_groups.iter().chain(&rule.destination_groups));
        }
    }
    for connection in &estate.hub_connections {
        all.refer(&connection.header, &connection.network);
    }
    all.list
}

/// What is named, each once.
struct List {
    list: Vec<Lacking>,
    /// The ids that are shown or in the list.
    known: BTreeSet<String>,
}

impl List {
    fn refer<'r>(&mut self, owner: &Header, references: impl IntoIterator<Item = &'r Reference>) {
        for reference in references.into_iter().filter(|reference| reference.target.is_none()) {
            self.name(owner, &reference.id);
        }
    }

    /// An id of Azure's in an export; a name alone would say too little.
    fn name(&mut self, owner: &Header, id: &Field<Arc<str>>) {
        let Some(text) = id.known().filter(|_| owner.shape != Shape::Template) else { return };
        if text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/")) {
            self.push(id.span, Export::resource("", text));
        }
    }

    fn push(&mut self, span: Span, export: Export) {
        let Export::Resource { id, .. } = &export else { return };
        if self.known.insert(id.to_ascii_lowercase()) {
            let name = id.rsplit('/').next().unwrap_or_default().into();
            self.list.push(Lacking { name, span, export });
        }
    }
}
