//! Pieces → estate: drafts, typed resources, links.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::draft::{Draft, Drafts};
use crate::estate::extract::{self, Options, Reader, lookup};
use crate::estate::firewall_check::firewall_faults;
use crate::estate::gather::Piece;
use crate::estate::identity::last_segment;
use crate::estate::ids::Ids;
use crate::estate::kind::{Kind, Shape};
use crate::estate::link::link;
use crate::estate::resource::{Fault, Field, Header, Plain};
use crate::estate::whole::Estate;
use crate::json::{Node, Reason, Unknown};
use crate::net::Cloud;

/// Types and joins the resources of a run. Pieces of one resource become one, in the order given.
pub fn build(pieces: impl IntoIterator<Item = Piece>, options: Options<'_>) -> Estate {
    let mut estate = Estate::default();
    let mut faults = Vec::new();
    let mut drafts = Drafts::default();
    for piece in pieces {
        drafts.add(&piece, &mut faults);
    }
    drafts.settle(&mut faults);
    let mut ids = Ids::default();
    for draft in drafts.list {
        ids.push(draft.kind, draft.id.clone(), draft.node.span.file);
        take_in(&mut estate, draft, options, &mut faults);
    }
    // An outbound rule may be written in its workspace and again as a resource of its own.
    let mut seen = BTreeSet::new();
    estate.others.retain(|other| seen.insert(Arc::clone(&other.header.key)));
    link(&mut estate, &ids);
    faults.extend(firewall_faults(&estate));
    estate.faults = faults;
    estate.ids = Arc::new(ids);
    estate
}

fn take_in(estate: &mut Estate, draft: Draft, options: Options<'_>, faults: &mut Vec<Fault>) {
    let label = draft.node.get("id").or_else(|| draft.node.get("name")).and_then(Node::text);
    let label = label.map_or_else(|| draft.id.key().to_string(), str::to_owned);
    let mut reader = Reader::new(label, draft.shape, options.cloud, options, faults);
    let header = header(&mut reader, &draft);
    let conditions = |list: &str| draft.conditions.get(list).cloned().unwrap_or_default();
    let reader = &mut reader;
    match draft.kind {
        Kind::Nsg => estate.nsgs.push(extract::security_group(reader, header, &conditions("securityRules"))),
        Kind::RouteTable => estate.route_tables.push(extract::route_table(reader, header, &conditions("routes"))),
        Kind::Network => estate.networks.push(extract::network(reader, header)),
        Kind::Subnet => estate.subnets.push(extract::subnet(reader, header)),
        Kind::NatGateway => estate.nat_gateways.push(Plain { header }),
        Kind::PrivateEndpoint => estate.private_endpoints.push(extract::private_endpoint(reader, header)),
        Kind::Interface => estate.interfaces.push(extract::interface(reader, header)),
        Kind::Workspace => {
            let rules = extract::outbound_rules(&header);
            estate.workspaces.push(extract::workspace(reader, header));
            estate.others.extend(rules.into_iter().map(|header| Plain { header }));
        }
        Kind::Compute => estate.computes.push(extract::compute(reader, header)),
        Kind::Firewall => estate.firewalls.push(extract::firewall(reader, header)),
        Kind::Policy => estate.policies.push(extract::policy(reader, header)),
        Kind::CollectionGroup => estate.collection_groups.push(extract::collection_group(reader, header)),
        Kind::IpGroup => estate.ip_groups.push(extract::ip_group(reader, header)),
        Kind::AdminRule => estate.admin_rules.push(extract::admin_rule(reader, header)),
        Kind::AdminConfiguration => estate.admin_configurations.push(Plain { header }),
        Kind::Hub => estate.hubs.push(Plain { header }),
        Kind::HubConnection => estate.hub_connections.push(extract::hub_connection(reader, header)),
        Kind::HubRouteTable => estate.hub_route_tables.push(extract::hub_route_table(reader, header)),
        Kind::RoutingIntent => estate.routing_intents.push(extract::routing_intent(reader, header)),
        Kind::SecurityRule | Kind::DefaultSecurityRule | Kind::Route | Kind::Peering | Kind::Other => {
            estate.others.push(Plain { header });
        }
    }
}

fn header(reader: &mut Reader<'_>, draft: &Draft) -> Header {
    let node = reader.sound(&draft.node);
    let id = reader.text(&node, &["id"]).or_else(|| reader.text(&node, &["resourceId"]));
    let location = reader.text(&node, &["location"]).map(|location| Field {
        value: location.value.map(|text| Arc::from(text.replace(' ', "").to_ascii_lowercase())),
        ..location
    });
    if let Some(location) = location.as_ref().and_then(Field::known) {
        reader.cloud = Some(Cloud::of(location));
    }
    // `az ml` uses the word for something else: `managed` is no type of a resource.
    let shown = ["type", "resourceType"].iter().find_map(|key| node.get(key).and_then(Node::text));
    let shown = shown.filter(|text| text.contains('/'));
    let type_name = match shown {
        Some(text) => Arc::from(text),
        None => Arc::from(draft.id.type_name().unwrap_or_else(|| draft.kind.type_name().to_owned())),
    };
    Header {
        name: name(reader, &node, draft, id.as_ref()),
        id,
        key: Arc::clone(draft.id.key()),
        type_name,
        location,
        span: node.span,
        node,
        shape: draft.shape,
        condition: draft.condition.clone(),
        mentioned: draft.mentioned,
    }
}

/// The last segment of the name, else of the id.
fn name(reader: &mut Reader<'_>, node: &Node, draft: &Draft, id: Option<&Field<Arc<str>>>) -> Field<Arc<str>> {
    if let Some(found) = lookup(node, &["name"]) {
        return last_segment(reader.text_of(found, "name"));
    }
    if let Some(id) = id.filter(|id| id.known().is_some()) {
        return last_segment(id.clone());
    }
    let effective = draft.shape == Shape::Effective;
    let reason = Reason::Missing(Arc::from(if effective { "networkSecurityGroup" } else { "name" }));
    let unknown = Unknown {
        reason,
        text: Arc::from(""),
        span: node.span,
        key: Arc::from(format!("name of {}", draft.id.key())),
        parts: Vec::new(),
        domain: Vec::new(),
    };
    Field { value: Err(Arc::new(unknown)), span: node.span, via: node.via.clone() }
}
