//! Every resource of an estate by its type, children that are written inside their parents among them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::estate::{Estate, Header};
use crate::json::{Node, Unknown};
use crate::source::Span;

/// Every resource of an estate by its type.
pub(crate) struct Resources<'a> {
    by_type: BTreeMap<String, Vec<Resource<'a>>>,
}

/// One of them.
pub(crate) struct Resource<'a> {
    pub(crate) type_name: Cow<'a, str>,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) node: &'a Node,
    pub(crate) span: Span,
    pub(crate) condition: Option<&'a Unknown>,
    /// What a resource of its own has; nothing for a child written inside its parent.
    pub(crate) header: Option<&'a Header>,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(estate: &'a Estate) -> Self {
        let mut all = Self { by_type: BTreeMap::new() };
        let plain = |plain: &'a crate::estate::Plain| &plain.header;
        estate.networks.iter().for_each(|one| all.add(&one.header));
        estate.subnets.iter().for_each(|one| all.add(&one.header));
        estate.nat_gateways.iter().map(plain).for_each(|header| all.add(header));
        estate.private_endpoints.iter().for_each(|one| all.add(&one.header));
        estate.interfaces.iter().for_each(|one| all.add(&one.header));
        estate.workspaces.iter().for_each(|one| all.add(&one.header));
        estate.computes.iter().for_each(|one| all.add(&one.header));
        estate.firewalls.iter().for_each(|one| all.add(&one.header));
        estate.policies.iter().for_each(|one| all.add(&one.header));
        estate.collection_groups.iter().for_each(|one| all.add(&one.header));
        estate.ip_groups.iter().for_each(|one| all.add(&one.header));
        estate.admin_rules.iter().for_each(|one| all.add(&one.header));
        estate.hub_connections.iter().for_each(|one| all.add(&one.header));
        estate.hub_route_tables.iter().for_each(|one| all.add(&one.header));
        estate.routing_intents.iter().for_each(|one| all.add(&one.header));
        estate.admin_configurations.iter().chain(&estate.hubs).map(plain).for_each(|header| all.add(header));
        estate.others.iter().map(plain).for_each(|header| all.add(header));
        for nsg in &estate.nsgs {
            all.add(&nsg.header);
            for rule in &nsg.rules {
                let name = rule.name.known().map_or("", |name| name);
                all.add_child(
                    &nsg.header,
                    "securityRules",
                    name,
                    &rule.node,
                    rule.name.span,
                    rule.condition.as_deref(),
                );
            }
        }
        for table in &estate.route_tables {
            all.add(&table.header);
            for route in &table.routes {
                let name = route.name.known().map_or("", |name| name);
                all.add_child(&table.header, "routes", name, &route.node, route.name.span, route.condition.as_deref());
            }
        }
        all
    }

    /// Those of a type, in the order of the estate.
    pub(crate) fn of(&self, type_name: &str) -> &[Resource<'a>] {
        self.by_type.get(&type_name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, header: &'a Header) {
        let name = match &header.name.value {
            Ok(name) => name.to_string(),
            Err(unknown) if unknown.text.is_empty() => "?".to_owned(),
            Err(unknown) => unknown.text.to_string(),
        };
        self.push(Resource {
            type_name: Cow::Borrowed(&header.type_name),
            id: id_of(header),
            name,
            node: &header.node,
            span: header.place(),
            condition: header.condition.as_deref(),
            header: Some(header),
        });
    }

    fn add_child(
        &mut self,
        header: &'a Header,
        kind: &str,
        name: &str,
        node: &'a Node,
        span: Span,
        condition: Option<&'a Unknown>,
    ) {
        self.push(Resource {
            type_name: Cow::Owned(format!("{}/{kind}", header.type_name)),
            id: format!("{}/{kind}/{name}", id_of(header)),
            name: name.to_owned(),
            node,
            span,
            condition: condition.or(header.condition.as_deref()),
            header: None,
        });
    }

    fn push(&mut self, resource: Resource<'a>) {
        self.by_type.entry(resource.type_name.to_ascii_lowercase()).or_default().push(resource);
    }
}

fn id_of(header: &Header) -> String {
    let id = header.id.as_ref().and_then(|id| id.known());
    let name = || header.name.known().map_or_else(|| header.key.to_string(), ToString::to_string);
    id.map_or_else(name, ToString::to_string)
}
