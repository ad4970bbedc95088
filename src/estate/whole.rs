//! The estate: every resource of a run in lists, what its exports name and do not show, and what Azure would have to be
//! asked for to see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::estate::declared::{DeclaredAppliance, DeclaredServer};
use crate::estate::dependency::Dependencies;
use crate::estate::fault::Fault;
use crate::estate::firewall::{Firewall, FirewallPolicy, IpGroup, RuleCollectionGroup};
use crate::estate::identity::{Id, short_name};
use crate::estate::index::Ids;
use crate::estate::kind::{Kind, Shape, type_of_id};
use crate::estate::resource::{
    AdminRule, Compute, Field, Header, HubConnection, HubRouteTable, NetworkInterface, NetworkSecurityGroup, Plain,
    PrivateEndpoint, Reference, RouteTable, RoutingIntent, Subnet, VirtualNetwork, Workspace,
};
use crate::json::{Node, Value};
use crate::source::{FileId, Span};

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
    /// What the user declares of appliances.
    pub appliances: Vec<DeclaredAppliance>,
    /// What the user declares of DNS servers.
    pub servers: Vec<DeclaredServer>,
    /// Files of effective security admin rules, each with the name or id of the network that the user says they are for.
    pub admin_lists: Vec<(FileId, Arc<str>)>,
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

macro_rules! by_index {
    ($($one:ident $list:ident $kind:ty;)*) => {
        impl Estate {
            $(
                /// The one at an index; `None` without an index.
                pub fn $one(&self, at: Option<usize>) -> Option<&$kind> {
                    self.$list.get(at?)
                }
            )*
        }
    };
}

by_index! {
    nsg nsgs NetworkSecurityGroup;
    route_table route_tables RouteTable;
    network networks VirtualNetwork;
    subnet subnets Subnet;
    firewall firewalls Firewall;
    policy policies FirewallPolicy;
}

impl Estate {
    /// What every resource of the estate has, in the order of the lists.
    pub fn headers(&self) -> impl Iterator<Item = &Header> {
        macro_rules! all {
            ($estate:ident: $($list:ident)*) => {
                std::iter::empty()$(.chain($estate.$list.iter().map(|one| &one.header)))*
            };
        }
        all!(self: nsgs route_tables networks subnets nat_gateways private_endpoints interfaces workspaces computes
            firewalls policies collection_groups ip_groups admin_rules hub_connections hub_route_tables routing_intents
            admin_configurations hubs others)
    }

    /// The network that a name or id means; `None` where none has it, or several.
    pub fn network_meant(&self, meant: &str) -> Option<usize> {
        let is_it = |field: &Field<Arc<str>>| field.known().is_some_and(|own| own.eq_ignore_ascii_case(meant));
        let by_id = |one: &&(usize, &VirtualNetwork)| one.1.header.id.as_ref().is_some_and(is_it);
        let by_name = |one: &&(usize, &VirtualNetwork)| is_it(&one.1.header.name);
        let all: Vec<(usize, &VirtualNetwork)> = self.networks.iter().enumerate().collect();
        let mut named = all.iter().filter(by_name);
        let one = all.iter().find(by_id).or_else(|| named.next().filter(|_| named.next().is_none()))?;
        Some(one.0)
    }

    /// The network that a value of some resource means: its id, known or known in part. `from` is the file of the value.
    pub fn network_of_value(&self, value: &Node, from: FileId) -> Option<usize> {
        self.ids.find(Kind::Network, &Id::of_value(value)?, from)
    }

    /// The subnet that a value of some resource means: its id, known or known in part. `from` is the file of the value.
    pub fn subnet_meant(&self, value: &Node, from: FileId) -> Option<usize> {
        self.ids.find(Kind::Subnet, &Id::of_value(value)?, from)
    }

    /// The subnet that two values of some resource mean: the id of its network, and its name. `from` is their file.
    pub fn subnet_named(&self, network: &Node, name: &Node, from: FileId) -> Option<usize> {
        let network = self.ids.find(Kind::Network, &Id::of_value(network)?, from)?;
        let is = |header: &Header| match (&name.value, &header.name.value) {
            (Value::Text(name), Ok(known)) => {
                known.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name))
            }
            (Value::Unknown(name), Err(unknown)) => name.key == unknown.key,
            _ => false,
        };
        let mut all = self.subnets.iter().enumerate();
        let found = all.find(|(_, subnet)| subnet.network == Some(network) && is(&subnet.header));
        found.map(|(at, _)| at)
    }
}

/// An answer of Azure that the input lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Export {
    /// One resource: its type, and its id or, where no id is shown, its name with those of its parents in front.
    Resource {
        /// Such as `Microsoft.Network/routeTables`.
        type_name: Arc<str>,
        /// The id or the name.
        id: Arc<str>,
    },
    /// The children of a resource that are of one kind.
    Children {
        /// The last part of their type, such as `routingIntent`.
        kind: Arc<str>,
        /// The id of their parent.
        of: Arc<str>,
    },
    /// All resources of a type.
    Every {
        /// The type.
        type_name: Arc<str>,
    },
    /// The security admin rules in effect on the network of this id.
    AdminRules(Arc<str>),
    /// The addresses of the service tags.
    ServiceTags,
}

/// The types whose content their parents show as well, so that one answer is enough.
const SHOWN_BY_PARENT: [&str; 4] = [
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    "Microsoft.Network/networkSecurityGroups/securityRules",
    "Microsoft.Network/routeTables/routes",
];

impl Export {
    /// The resource of a header: by its id, else by its name.
    pub fn of(header: &Header) -> Self {
        Self::resource(&header.type_name, named(header))
    }

    /// What a mention leaves open, when it is of a kind that decides anything here.
    pub fn of_mention(header: &Header) -> Option<Self> {
        let is_asked = !matches!(Kind::of_type(&header.type_name), Kind::Other | Kind::NatGateway);
        (header.mentioned && is_asked && !named(header).is_empty()).then(|| Self::of(header))
    }

    /// The resource of an id; `type_name` is its type where the id is no more than a name. Of what its parent shows the
    /// parent is wanted.
    pub fn resource(type_name: &str, id: &str) -> Self {
        let told = type_of_id(id).filter(|told| told.contains('/'));
        let type_name = told.as_deref().unwrap_or(type_name);
        let shown_by_parent = SHOWN_BY_PARENT.iter().any(|known| type_name.eq_ignore_ascii_case(known));
        let parts = if told.is_some() { 2 } else { 1 };
        let parent = || {
            let (of, _) = type_name.rsplit_once('/')?;
            Some((of, id.rsplitn(parts + 1, '/').nth(parts).filter(|id| !id.is_empty())?))
        };
        let (type_name, id) = shown_by_parent.then(parent).flatten().unwrap_or((type_name, id));
        Self::Resource { type_name: type_name.into(), id: id.into() }
    }
}

/// What a resource is asked for by: its id, else its name; empty when neither is known.
fn named(header: &Header) -> &str {
    header.id.as_ref().and_then(Field::known).or(header.name.known()).map_or("", |id| id)
}

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
            let name = short_name(id).into();
            self.list.push(Lacking { name, span, export });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    use crate::estate::extract::Options;
    use crate::estate::kind::Shape;
    use crate::estate::whole::Estate;
    use crate::estate::{FAULT_KINDS, Piece, build, gather, shape_of};
    use crate::json::{Member, Node, Number, Part, Reason, Unknown, Value};
    use crate::source::{FileId, Span};

    use super::Export;

    fn resource(type_name: &str, id: &str) -> (String, String) {
        match Export::resource(type_name, id) {
            Export::Resource { type_name, id } => (type_name.to_string(), id.to_string()),
            other => panic!("{other:?}"),
        }
    }

    const GROUP: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web";

    #[test]
    fn an_id_tells_its_type() {
        assert_eq!(resource("x", GROUP), ("Microsoft.Network/networkSecurityGroups".to_owned(), GROUP.to_owned()));
        assert_eq!(resource("a/b", "web"), ("a/b".to_owned(), "web".to_owned()));
    }

    #[test]
    fn of_what_a_parent_shows_the_parent_is_wanted() {
        let told = resource("x", &format!("{GROUP}/securityRules/ssh"));
        assert_eq!(told, ("Microsoft.Network/networkSecurityGroups".to_owned(), GROUP.to_owned()));
        let told = resource("Microsoft.Network/virtualNetworks/subnets", "hub/apps");
        assert_eq!(told, ("Microsoft.Network/virtualNetworks".to_owned(), "hub".to_owned()));
        let told = resource("Microsoft.Network/virtualNetworks/subnets", "apps");
        assert_eq!(told.1, "apps", "whose network nobody knows");
    }

    /// Laws over hostile input: whatever the JSON, reading it ends without a panic and keeps its promises.
    ///
    /// Keys that mean something somewhere, so that right keys meet wrong values.
    const KEYS: &[&str] = &[
        "name",
        "id",
        "type",
        "location",
        "properties",
        "Properties",
        "securityRules",
        "SecurityRules",
        "SecurityRulesText",
        "defaultSecurityRules",
        "routes",
        "subnets",
        "virtualNetworkPeerings",
        "addressSpace",
        "addressPrefixes",
        "addressPrefix",
        "priority",
        "direction",
        "access",
        "protocol",
        "sourceAddressPrefix",
        "sourceAddressPrefixes",
        "destinationPortRange",
        "destinationPortRanges",
        "nextHopType",
        "nextHopIpAddress",
        "state",
        "value",
        "data",
        "count",
        "columns",
        "rows",
        "nextLink",
        "resources",
        "effectiveSecurityRules",
        "networkSecurityGroup",
        "association",
        "subnet",
        "ipConfigurations",
        "ruleCollections",
        "rules",
        "ruleConditions",
        "action",
        "protocols",
        "ipProtocols",
        "enable_node_public_ip",
        "network_settings",
        "managed_network",
        "outbound_rules",
        "hbi_workspace",
        "routeTable",
        "natGateway",
        "delegations",
        "serviceEndpoints",
        "privateLinkServiceConnections",
        "responses",
        "body",
        "expandedSourceAddressPrefix",
        "sourceApplicationSecurityGroups",
        "nextHop",
        "nextHopIpAddresses",
        "sku",
    ];

    const TEXTS: &[&str] = &[
        "",
        "*",
        "Any",
        "10.0.0.0/8",
        "10.0.0.1/8",
        "::/0",
        "1-2",
        ",",
        " , ",
        "Storage",
        "Storag",
        "AzureCloud.x",
        "é,\u{1F600}",
        "Inbound",
        "Allow",
        "Tcp",
        "Internet",
        "VirtualAppliance",
        "443",
        "80-",
        "[x]",
        "[",
        "/",
        "//",
        "a/b",
        "/subscriptions/s",
        "Microsoft.Network/networkSecurityGroups",
        "Microsoft.Network/networkSecurityGroups/securityRules",
        "Microsoft.Network/virtualNetworks",
        "Microsoft.Network/virtualNetworks/subnets",
        "Microsoft.Network/routeTables",
        "Microsoft.Network/azureFirewalls",
        "Microsoft.Network/firewallPolicies/ruleGroups",
        "amlcompute",
        "Microsoft.MachineLearningServices/workspaces",
        "Microsoft.MachineLearningServices/workspaces/computes",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n/securityRules/r",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
        "/providers/",
        "/providers/x",
        "Microsoft.Azure.Commands.X",
        "[{\"Name\":\"r\"}]",
        "[1, {\"a\":",
        "@{x}",
        "westeurope",
        "USGov Virginia",
    ];

    fn span() -> Span {
        Span::new(FileId(0), 3, 9)
    }

    fn node(value: Value) -> Node {
        Node::new(value, span())
    }

    fn unknown(parts: Vec<Part>) -> Arc<Unknown> {
        let text = Arc::from("[f()]");
        Arc::new(Unknown {
            reason: Reason::Reference,
            key: Arc::clone(&text),
            text,
            span: span(),
            parts,
            domain: Vec::new(),
        })
    }

    fn trees() -> impl Strategy<Value = Node> {
        let text = || proptest::sample::select(TEXTS).prop_map(Arc::<str>::from);
        let leaf = prop_oneof![
            1 => Just(Value::Null),
            1 => any::<bool>().prop_map(Value::Bool),
            1 => any::<i32>().prop_map(|number| Value::Number(Number::new(number.to_string()))),
            1 => Just(Value::Number(Number::new("1e999"))),
            4 => text().prop_map(Value::Text),
            1 => "\\PC{0,6}".prop_map(|text| Value::Text(Arc::from(text))),
            1 => Just(Value::Unknown(unknown(Vec::new()))),
            1 => text().prop_map(|text| Value::Unknown(unknown(vec![Part::Hole(unknown(Vec::new())), Part::Text(text)]))),
            1 => text().prop_map(|text| Value::Unknown(unknown(vec![Part::Text(text), Part::Hole(unknown(Vec::new()))]))),
        ];
        leaf.prop_map(node).prop_recursive(6, 96, 8, |inner| {
            let member = (proptest::sample::select(KEYS), inner.clone()).prop_map(|(key, node)| Member {
                key: Arc::from(key),
                key_span: span(),
                node,
            });
            prop_oneof![
                1 => proptest::collection::vec(inner, 0..6).prop_map(|items| node(Value::List(Arc::new(items)))),
                3 => proptest::collection::vec(member, 0..9).prop_map(|members| node(Value::Object(Arc::new(members)))),
            ]
        })
    }

    /// Everything a mention promises: it leads inside the list, and no key is empty.
    fn assert_sound(estate: &Estate) {
        for subnet in &estate.subnets {
            assert!(subnet.nsg.as_ref().and_then(|mention| mention.target).is_none_or(|at| at < estate.nsgs.len()));
            assert!(subnet.network.is_none_or(|at| at < estate.networks.len()));
            assert!(!subnet.header.key.is_empty());
        }
        for nsg in &estate.nsgs {
            assert!(nsg.subnets.iter().filter_map(|mention| mention.target).all(|at| at < estate.subnets.len()));
            for rule in nsg.rules.iter().chain(&nsg.default_rules) {
                assert!(!rule.sources.items.is_empty() || !rule.sources.groups.is_empty());
                assert!(!rule.source_ports.items.is_empty() && !rule.destination_ports.items.is_empty());
            }
        }
        for fault in &estate.faults {
            assert!(FAULT_KINDS.iter().any(|(kind, _)| *kind == fault.kind), "{}", fault.kind);
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(roots in proptest::collection::vec(trees(), 1..4)) {
            let mut pieces = Vec::new();
            for root in &roots {
                let _ = shape_of(root);
                pieces.extend(gather(root).pieces);
                for shape in [Shape::Template, Shape::Rest, Shape::Cli, Shape::PowerShell, Shape::Effective, Shape::MachineLearningCli] {
                    pieces.push(Piece { node: root.clone(), shape, condition: None, listed: false, partial: false });
                }
            }
            assert_sound(&build(pieces, Options::default()));
        }

        #[test]
        fn the_order_of_pieces_changes_no_links(first in trees(), second in trees()) {
            let pieces = |roots: [&Node; 2]| roots.into_iter().flat_map(|root| gather(root).pieces).collect::<Vec<_>>();
            let one = build(pieces([&first, &second]), Options::default());
            let two = build(pieces([&second, &first]), Options::default());
            assert_eq!(one.nsgs.len(), two.nsgs.len());
            assert_eq!(one.subnets.len(), two.subnets.len());
        }
    }
}
