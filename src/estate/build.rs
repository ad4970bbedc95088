//! Pieces → estate: drafts, typed resources, and their links by id, from whichever side mentions the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::estate::defaults::default_outbound_access;
use crate::estate::draft::{Draft, Drafts};
use crate::estate::extract::{self, Options, Reader, lookup};
use crate::estate::fault::Fault;
use crate::estate::firewall::firewall_faults;
use crate::estate::gather::Piece;
use crate::estate::identity::{Id, last_segment, text_or_unknown};
use crate::estate::index::Ids;
use crate::estate::kind::{Kind, Shape};
use crate::estate::merge::contradicted;
use crate::estate::resource::{Field, Header, Peering, Plain, Reference, Subnet, VirtualNetwork, unknown_value};
use crate::estate::whole::Estate;
use crate::json::{Node, Reason};
use crate::net::Cloud;
use crate::source::FileId;

/// Types and joins the resources of a run. Pieces of one resource become one, in the order given.
pub fn build(pieces: impl IntoIterator<Item = Piece>, options: Options<'_>) -> Estate {
    let mut estate = Estate::default();
    let mut drafts = Drafts::default();
    pieces.into_iter().for_each(|piece| drafts.add(&piece));
    drafts.settle();
    let mut faults = drafts.faults;
    let mut ids = Ids::default();
    for draft in drafts.list {
        ids.push(draft.kind, draft.id.clone(), draft.node.span.file);
        add_draft(&mut estate, draft, options, &mut faults);
    }
    // An outbound rule may be written in its workspace and again as a resource of its own.
    let mut seen = BTreeSet::new();
    estate.others.retain(|other| seen.insert(Arc::clone(&other.header.key)));
    link(&mut estate, &ids);
    default_outbound_access(&mut estate);
    faults.extend(firewall_faults(&estate.firewalls, &estate.policies, &estate.collection_groups));
    estate.faults = faults;
    estate.ids = Arc::new(ids);
    estate
}

fn add_draft(estate: &mut Estate, draft: Draft, options: Options<'_>, faults: &mut Vec<Fault>) {
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
    let unknown = unknown_value(reason, "", node.span, format!("name of {}", draft.id.key()));
    Field { value: Err(unknown), span: node.span, via: node.via.clone() }
}

/// Fills in where every mention leads. A mention that leads nowhere keeps no target.
fn link(estate: &mut Estate, registry: &Ids) {
    forward(estate, registry);
    subnets_and_networks(estate, registry);
    associations(estate, registry);
    machine_learning(estate, registry);
    firewalls(estate, registry);
    hubs(estate, registry);
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
    both_sides(&mut estate.networks);
    for endpoint in &mut estate.private_endpoints {
        registry.lead_all(Kind::Subnet, &mut endpoint.subnet, file(&endpoint.header));
    }
    for interface in &mut estate.interfaces {
        let file = file(&interface.header);
        registry.lead_all(Kind::Nsg, &mut interface.nsg, file);
        registry.lead_all(Kind::Subnet, &mut interface.subnets, file);
    }
}

/// Tells each peering the state of the one back, where there is one.
fn both_sides(networks: &mut [VirtualNetwork]) {
    let target = |peering: &Peering| peering.remote.as_ref()?.target;
    let back = |from: usize, peering: &Peering| {
        let other = networks.get(target(peering)?)?;
        let mut backs = other.peerings.iter().filter(|one| target(one) == Some(from));
        backs.next().filter(|_| backs.next().is_none())?.state.clone()
    };
    let states: Vec<Vec<_>> = networks
        .iter()
        .enumerate()
        .map(|(at, network)| network.peerings.iter().map(|peering| back(at, peering)).collect())
        .collect();
    for (network, states) in networks.iter_mut().zip(states) {
        for (peering, state) in network.peerings.iter_mut().zip(states) {
            peering.back = state;
        }
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
        associate_all(subnets, |subnet| &mut subnet.nsg, &nsg.header, &nsg.subnets, at);
    }
    for (at, table) in route_tables.iter().enumerate() {
        associate_all(subnets, |subnet| &mut subnet.route_table, &table.header, &table.subnets, at);
    }
    for (at, gateway) in nat_gateways.iter().enumerate() {
        let list = lookup(&gateway.header.node, &["properties", "subnets"]).map(Node::items).unwrap_or_default();
        let mention = |id: &Node| {
            let id = Field { value: text_or_unknown(id)?, span: id.span, via: id.via.clone() };
            Some(Reference::new(id))
        };
        let mut mentions: Vec<Reference> = list.iter().filter_map(|item| mention(item.get("id")?)).collect();
        registry.lead_all(Kind::Subnet, &mut mentions, file(&gateway.header));
        associate_all(subnets, |subnet| &mut subnet.nat_gateway, &gateway.header, &mentions, at);
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

/// Gives each subnet that `owner` mentions its side of the association. `slot`: where a subnet keeps what is of this kind.
fn associate_all(
    subnets: &mut [Subnet],
    slot: fn(&mut Subnet) -> &mut Option<Reference>,
    owner: &Header,
    mentions: &[Reference],
    at: usize,
) {
    for mention in mentions {
        if let Some(subnet) = mention.target.and_then(|target| subnets.get_mut(target)) {
            associate(slot(subnet), owner, mention, at);
        }
    }
}

/// Gives a subnet what says to be used by it. When the subnet, or another one of the kind, says something else, which of
/// them it uses is not known.
fn associate(known: &mut Option<Reference>, owner: &Header, mention: &Reference, at: usize) {
    match known {
        None => *known = Some(back(owner, mention, at)),
        Some(reference) if reference.target == Some(at) => {}
        Some(reference) => {
            let span = reference.id.span;
            let value = Err(contradicted(span));
            *reference = Reference::new(Field { value, span, via: None });
        }
    }
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
        if group.policy.is_none() && group.header.shape.is_declared() {
            for policy in registry.possible_parents(Kind::CollectionGroup, at, Kind::Policy, file) {
                let name = group.header.node.get("name").and_then(Node::unknown);
                policies[policy].unknown_groups = policies[policy].unknown_groups.take().or(name.cloned());
            }
        }
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

/// Connections, route tables and routing intents belong to the hub in their own id.
fn hubs(estate: &mut Estate, registry: &Ids) {
    for (at, connection) in estate.hub_connections.iter_mut().enumerate() {
        let file = file(&connection.header);
        connection.hub = registry.parent(Kind::HubConnection, at, Kind::Hub, file);
        registry.lead_all(Kind::Network, &mut connection.network, file);
        registry.lead_all(Kind::HubRouteTable, &mut connection.route_table, file);
    }
    for (at, table) in estate.hub_route_tables.iter_mut().enumerate() {
        let file = file(&table.header);
        table.hub = registry.parent(Kind::HubRouteTable, at, Kind::Hub, file);
        registry.lead_all(Kind::Firewall, table.routes.iter_mut().filter_map(|one| one.next_hop.as_mut()), file);
    }
    for (at, intent) in estate.routing_intents.iter_mut().enumerate() {
        let file = file(&intent.header);
        intent.hub = registry.parent(Kind::RoutingIntent, at, Kind::Hub, file);
        registry.lead_all(Kind::Firewall, intent.policies.iter_mut().filter_map(|one| one.next_hop.as_mut()), file);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::estate::extract::Options;
    use crate::estate::kind::Shape;
    use crate::estate::whole::Estate;
    use crate::estate::{Piece, build};
    use crate::json::{Node, Part, Reason, Unknown, Value, parse};
    use crate::source::{FileId, Span};

    const RG: &str = "/subscriptions/<sub>/resourceGroups/<rg>/providers/Microsoft.Network";

    /// A template resource in which `<x>` stands for what only a deployment can tell.
    fn template(file: u32, text: &str) -> Piece {
        let root = parse(FileId(file), &text.replace("RG", RG)).unwrap().root;
        Piece { node: with_holes(&root), shape: Shape::Template, condition: None, listed: false, partial: false }
    }

    fn rest(file: u32, text: &str) -> Piece {
        Piece { shape: Shape::Rest, ..template(file, text) }
    }

    fn with_holes(node: &Node) -> Node {
        let value = match &node.value {
            Value::List(items) => Value::List(Arc::new(items.iter().map(with_holes).collect())),
            Value::Object(members) => {
                let mut members = members.to_vec();
                members.iter_mut().for_each(|member| member.node = with_holes(&member.node));
                Value::Object(Arc::new(members))
            }
            Value::Text(text) if text.contains('<') => Value::Unknown(Arc::new(holes(text, node.span))),
            other => other.clone(),
        };
        Node { value, ..node.clone() }
    }

    fn holes(text: &str, span: Span) -> Unknown {
        let hole = |key: &str, parts| Unknown {
            reason: Reason::Context(Arc::from(key)),
            text: Arc::from(key),
            span,
            key: Arc::from(key),
            parts,
            domain: Vec::new(),
        };
        let mut parts = Vec::new();
        for piece in text.split_inclusive('>') {
            let (known, key) =
                piece.split_once('<').map_or((piece, None), |(known, key)| (known, key.strip_suffix('>')));
            parts.extend((!known.is_empty()).then(|| Part::Text(Arc::from(known))));
            parts.extend(key.map(|key| Part::Hole(Arc::new(hole(key, Vec::new())))));
        }
        hole(text, parts)
    }

    fn nsg(name: &str) -> String {
        format!(
            r#"{{"type":"Microsoft.Network/networkSecurityGroups","name":"{name}","properties":{{"securityRules":[]}}}}"#
        )
    }

    fn export(group: &str) -> String {
        let id =
            format!("/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/nsg");
        format!(r#"{{"id":"{id}","name":"nsg","properties":{{"securityRules":[]}}}}"#)
    }

    fn subnet(nsg: &str) -> String {
        format!(
            r#"{{"type":"Microsoft.Network/virtualNetworks/subnets","name":"v/s","properties":{{"networkSecurityGroup":{{"id":"{nsg}"}}}}}}"#
        )
    }

    fn leads(pieces: impl IntoIterator<Item = Piece>) -> Option<usize> {
        let estate = build(pieces, Options::default());
        estate.subnets[0].nsg.as_ref().unwrap().target
    }

    #[test]
    fn a_template_finds_its_own_resources() {
        let mention = subnet("RG/networkSecurityGroups/NSG");
        assert_eq!(leads([template(0, &nsg("nsg")), template(0, &mention)]), Some(0));
        assert_eq!(leads([template(0, &nsg("other")), template(0, &mention)]), None);
        // Another template of the folder has one of that name too.
        assert_eq!(leads([template(1, &nsg("nsg")), template(0, &nsg("nsg")), template(0, &mention)]), Some(1));
    }

    #[test]
    fn templates_that_only_lie_in_one_folder_are_apart() {
        let nsg = |count: usize| {
            let rules = vec![r#"{"name":"r","properties":{"priority":100}}"#; count].join(",");
            format!(
                r#"{{"id":"RG/networkSecurityGroups/nsg","type":"Microsoft.Network/networkSecurityGroups","name":"nsg","properties":{{"securityRules":[{rules}]}}}}"#
            )
        };
        let mention = subnet("RG/networkSecurityGroups/nsg");
        let pieces = [template(0, &nsg(0)), template(1, &nsg(1)), template(1, &mention)];
        let estate = build(pieces, Options::default());
        assert_eq!((estate.nsgs.len(), estate.subnets[0].nsg.as_ref().unwrap().target), (2, Some(1)));
        assert!(estate.faults.iter().all(|fault| fault.kind != "declared-twice-differently"));
        assert_eq!(leads([template(0, &nsg(0)), template(1, &mention)]), Some(0));
    }

    #[test]
    fn templates_and_exports_meet_when_only_one_can_be_meant() {
        let mention = subnet("RG/networkSecurityGroups/nsg");
        assert_eq!(leads([rest(1, &export("a")), template(0, &mention)]), Some(0));
        assert_eq!(leads([rest(1, &export("a")), rest(1, &export("b")), template(0, &mention)]), None);
        let known = subnet("/subscriptions/s/resourceGroups/b/providers/Microsoft.Network/networkSecurityGroups/nsg");
        assert_eq!(leads([rest(1, &export("a")), rest(1, &export("b")), template(0, &known)]), Some(1));
        assert_eq!(leads([template(1, &nsg("nsg")), rest(0, &known)]), Some(0));
    }

    #[test]
    fn names_with_the_same_holes_are_the_same_name() {
        let mention = subnet("RG/networkSecurityGroups/<p>-nsg");
        assert_eq!(leads([template(0, &nsg("<q>-nsg")), template(0, &nsg("<p>-nsg")), template(0, &mention)]), Some(1));
        assert_eq!(leads([template(0, &nsg("<q>-nsg")), template(0, &mention)]), None);
        assert_eq!(leads([template(0, &nsg("<q>-net")), template(0, &mention)]), None);
    }

    #[test]
    fn an_id_of_which_nothing_is_known_leads_nowhere() {
        assert_eq!(leads([template(0, &nsg("nsg")), template(0, &subnet("<id>"))]), None);
        assert_eq!(leads([template(0, &nsg("nsg")), template(0, &subnet("<id>/networkSecurityGroups/nsg"))]), Some(0));
    }

    #[test]
    fn of_two_that_may_each_come_to_be_none_is_chosen() {
        let mut first = template(0, &nsg("nsg"));
        first.condition = Some(Arc::new(holes("<c>", Span::new(FileId(0), 0, 0))));
        let pieces = [first, template(0, &nsg("nsg")), template(0, &subnet("RG/networkSecurityGroups/nsg"))];
        assert_eq!(leads(pieces), None);
    }

    #[test]
    fn either_side_of_an_association_is_enough() {
        let base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";
        let user = |kind: &str, name: &str| {
            format!(
                r#"{{"id":"{base}/{kind}/{name}","name":"{name}","properties":{{"subnets":[{{"id":"{base}/virtualNetworks/v/subnets/s"}}]}}}}"#
            )
        };
        let network = format!(
            r#"{{"id":"{base}/virtualNetworks/v","name":"v","properties":{{"subnets":[{{"name":"s","properties":{{"addressPrefix":"10.0.0.0/24"}}}}]}}}}"#
        );
        let users = ["networkSecurityGroups", "routeTables", "natGateways"].map(|kind| rest(1, &user(kind, "x")));
        let estate = build(users.into_iter().chain([rest(0, &network)]), Options::default());
        let subnet = &estate.subnets[0];
        for mention in [&subnet.nsg, &subnet.route_table, &subnet.nat_gateway] {
            assert_eq!(mention.as_ref().and_then(|mention| mention.target), Some(0));
        }
        let mention = subnet_of(&estate).nsg.as_ref().unwrap();
        assert_eq!(mention.id.known().map(|id| &**id), Some(&*format!("{base}/networkSecurityGroups/x")));
        assert_eq!(mention.id.span.file, FileId(1));
    }

    fn subnet_of(estate: &Estate) -> &crate::estate::Subnet {
        &estate.subnets[estate.networks[0].subnets[0]]
    }

    #[test]
    fn rules_of_their_own_join_their_group_in_another_file() {
        let child = r#"{"type":"Microsoft.Network/networkSecurityGroups/securityRules","name":"NSG/r","properties":{"priority":100}}"#;
        let estate = build([template(1, child), template(0, &nsg("nsg"))], Options::default());
        assert_eq!((estate.nsgs.len(), estate.nsgs[0].rules.len()), (1, 1));
        assert_eq!(estate.nsgs[0].rules[0].span.file, FileId(1));
        assert_eq!(estate.nsgs[0].header.node.at(&["properties", "securityRules"]).unwrap().items().len(), 1);
        let unknown = build([template(1, &child.replace("NSG/r", "<p>/r"))], Options::default());
        assert_eq!(unknown.nsgs[0].rules[0].name.known().map(|name| &**name), Some("r"));
    }

    #[test]
    fn a_conditional_rule_keeps_its_condition() {
        let child = r#"{"type":"Microsoft.Network/networkSecurityGroups/securityRules","name":"nsg/r","properties":{"priority":100}}"#;
        let mut child = template(0, child);
        child.condition = Some(Arc::new(holes("<c>", Span::new(FileId(0), 0, 0))));
        let estate = build([template(0, &nsg("nsg")), child], Options::default());
        assert_eq!(&*estate.nsgs[0].rules[0].condition.as_ref().unwrap().key, "<c>");
        assert!(estate.nsgs[0].header.condition.is_none());
    }

    #[test]
    fn unknown_rule_lists_stay_unknown_beside_known_children() {
        let group = r#"{"type":"Microsoft.Network/networkSecurityGroups","name":"nsg","properties":"<p>"}"#;
        let child = r#"{"type":"Microsoft.Network/networkSecurityGroups/securityRules","name":"nsg/r","properties":{"priority":100}}"#;
        let estate = build([template(0, group), template(0, child)], Options::default());
        assert_eq!((estate.nsgs[0].unknown_rules.len(), estate.nsgs[0].rules.len()), (1, 1));
        let group =
            r#"{"type":"Microsoft.Network/networkSecurityGroups","name":"nsg","properties":{"securityRules":"<p>"}}"#;
        let estate = build([template(0, group)], Options::default());
        assert_eq!((estate.nsgs[0].unknown_rules.len(), estate.nsgs[0].rules.len()), (1, 0));
        assert!(estate.faults.is_empty());
    }
}
