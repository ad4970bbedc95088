//! What is around a subnet: where firewalls can be reached, which networks are one, what gateways and peers bring.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{
    Access, AdminRule, Direction, Estate, Field, NextHop, Peering, Plain, Reference, SecurityRule, Shape, Subnet,
    VirtualNetwork,
};
use crate::finding::Verdict;
use crate::net::{AddressSet, PortSet, ProtocolSet};
use crate::proof::after_route::{Reach, reach};
use crate::proof::egress::Outcome;
use crate::proof::given::{AdminRules, Given, NatGateway};
use crate::proof::scene::{Scene, partial, policies};
use crate::proof::shadow::free_priority;
use crate::proof::tests::{
    collection, estate, flow, group, header, known, network as network_rule, outbound, place, route, security_group,
    table, unknown, why,
};

fn set(text: &str) -> AddressSet {
    AddressSet::prefix(text.parse().unwrap())
}

fn id(text: &str) -> Field<Arc<str>> {
    known(Arc::from(text))
}

fn network_id(name: &str) -> String {
    format!("/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/{name}")
}

fn network(name: &str, space: &str, peerings: Vec<Peering>) -> VirtualNetwork {
    let mut header = header(name);
    header.id = Some(id(&network_id(name)));
    VirtualNetwork {
        header,
        address_space: vec![known(set(space))],
        dns_servers: Vec::new(),
        subnets: Vec::new(),
        peerings,
        peerings_shown: true,
        unknown_peerings: Vec::new(),
    }
}

fn peering(to: usize, name: &str, state: &str) -> Peering {
    Peering {
        name: id("peering"),
        remote: Some(Reference { id: id(&network_id(name)), target: Some(to) }),
        remote_space: Vec::new(),
        state: Some(id(state)),
        back: None,
        allow_access: None,
        remote_gateways: None,
        complete: None,
        span: place(),
    }
}

fn subnet(name: &str, network: usize, prefix: &str) -> Subnet {
    Subnet {
        header: header(name),
        network: Some(network),
        prefixes: vec![known(set(prefix))],
        nsg: None,
        route_table: None,
        nat_gateway: None,
        service_endpoints: Vec::new(),
        service_endpoint_policies: Vec::new(),
        delegations: Vec::new(),
        private_endpoint_policies: None,
        default_outbound: None,
        private_endpoints: Vec::new(),
    }
}

/// A subnet in 10.1.0.0/16, and a firewall, which lets everything pass, at 10.0.9.4 in 10.0.0.0/16.
fn hub(peerings: [Vec<Peering>; 2]) -> Estate {
    let rule = network_rule("all", ProtocolSet::ALL, &["*"], PortSet::full());
    let mut estate = estate(vec![vec![group(100, vec![collection("all", 100, Access::Allow, vec![rule])])]]);
    let [spoke, hub] = peerings;
    estate.networks = vec![network("spoke", "10.1.0.0/16", spoke), network("hub", "10.0.0.0/16", hub)];
    estate.subnets = vec![subnet("train", 0, "10.1.1.0/24"), subnet("AzureFirewallSubnet", 1, "10.0.9.0/26")];
    estate.networks[0].subnets = vec![0];
    estate.networks[1].subnets = vec![1];
    let of_firewall = format!("{}/subnets/AzureFirewallSubnet", network_id("hub"));
    estate.firewalls[0].subnets = vec![Reference { id: id(&of_firewall), target: Some(1) }];
    estate
}

fn joined(state: &str) -> Estate {
    hub([vec![peering(1, "hub", state)], vec![peering(0, "spoke", state)]])
}

fn of(estate: &Estate) -> Reach {
    reach(estate, Some(0), &estate.firewalls[0])
}

#[test]
fn a_firewall_is_reached_in_its_own_network_and_one_peered_with_it() {
    assert_eq!(of(&joined("Connected")), Reach::Yes);
    assert_eq!(of(&hub([vec![peering(1, "hub", "Connected")], Vec::new()])), Reach::Yes);
    let mut own = hub([Vec::new(), Vec::new()]);
    assert_eq!(of(&own), Reach::No);
    assert_eq!(reach(&own, Some(1), &own.firewalls[0]), Reach::Yes, "its own network");
    assert_eq!(reach(&own, None, &own.firewalls[0]), Reach::Yes, "nothing shows where the subnet is");
    own.firewalls[0].subnets.clear();
    assert_eq!(of(&own), Reach::Yes, "nothing shows where the firewall is");
    assert_eq!(of(&joined("Disconnected")), Reach::No);
    assert_eq!(of(&hub([vec![peering(1, "hub", "Initiated")], vec![peering(0, "spoke", "Connected")]])), Reach::No);
}

#[test]
fn what_is_not_shown_of_peerings_leaves_the_reach_of_a_firewall_open() {
    let open = |change: fn(&mut Estate)| {
        let mut estate = hub([Vec::new(), Vec::new()]);
        change(&mut estate);
        matches!(of(&estate), Reach::Unknown(_))
    };
    assert!(!open(|_| {}));
    assert!(open(|estate| estate.networks[0].peerings_shown = false));
    assert!(open(|estate| estate.networks[1].peerings_shown = false));
    assert!(open(|estate| estate.networks[0].header.shape = Shape::Template));
    assert!(open(|estate| estate.networks[1].header.shape = Shape::Template));
    assert!(open(|estate| {
        let remote = Some(Reference { id: unknown("other"), target: None });
        estate.networks[0].peerings.push(Peering { remote, ..peering(1, "hub", "Connected") });
    }));
    assert!(open(|estate| estate.networks[0]
        .peerings
        .push(Peering { remote: None, ..peering(1, "hub", "Connected") })));
    // A network manager joins networks by groups that no peering shows.
    assert!(open(|estate| {
        let mut header = header("mesh");
        header.type_name = Arc::from("microsoft.network/networkmanagers/connectivityConfigurations");
        estate.others.push(Plain { header });
    }));
    assert!(open(|estate| {
        let state = Some(unknown("state"));
        estate.networks[0].peerings.push(Peering { state, ..peering(1, "hub", "") });
    }));
    assert!(open(|estate| {
        let complete = Some(known(false));
        estate.networks[0].peerings.push(Peering { complete, ..peering(1, "hub", "Connected") });
    }));
}

#[test]
fn a_peering_is_known_by_its_id_where_the_other_network_is_not_here() {
    let mut estate = joined("Connected");
    estate.networks.truncate(1);
    estate.subnets.truncate(1);
    estate.firewalls[0].subnets[0].target = None;
    let mut one = peering(1, "HUB", "Connected");
    one.remote = Some(Reference { id: id(&network_id("HUB")), target: None });
    estate.networks[0].peerings = vec![one];
    assert_eq!(of(&estate), Reach::Yes);
    estate.networks[0].peerings[0].remote = Some(Reference { id: id(&network_id("other")), target: None });
    assert_eq!(of(&estate), Reach::No);
}

/// The verdict on the way to Azure Machine Learning through an estate of `hub`, with a default route to an address.
fn through(estate: &mut Estate, address: Field<IpAddr>) -> Verdict {
    let mut default = route("default", "0.0.0.0/0", NextHop::VirtualAppliance);
    default.next_hop_addresses = vec![address];
    estate.route_tables.insert(0, table(vec![default]));
    estate.subnets[0].route_table = Some(Reference { id: id("routes"), target: Some(0) });
    let scene = Scene::of_subnet(estate, 0, None).unwrap();
    scene.prepared().path(&flow("AzureMachineLearning"), None).verdict
}

#[test]
fn a_firewall_whose_address_is_not_shown_has_the_lowest_usable_one() {
    let verdict = |last: u8| {
        let mut estate = joined("Connected");
        estate.firewalls[0].addresses = vec![unknown("address")];
        through(&mut estate, known(IpAddr::from([10, 0, 9, last])))
    };
    assert_eq!(verdict(4), Verdict::Satisfied);
    assert_eq!(verdict(5), Verdict::Undecided);
    let mut other = joined("Connected");
    other.firewalls[0].addresses = vec![known(IpAddr::from([10, 0, 9, 9]))];
    assert_eq!(through(&mut other, known(IpAddr::from([10, 0, 9, 4]))), Verdict::Undecided);
}

#[test]
fn an_expression_that_names_no_firewall_means_the_only_one() {
    let reads = || Field {
        value: Err(why("reference(resourceId('Microsoft.Network/azureFirewalls', variables('x'))).privateIPAddress")),
        span: place(),
        via: None,
    };
    let mut estate = joined("Connected");
    let twin = estate.firewalls[0].clone();
    assert_eq!(through(&mut estate, reads()), Verdict::Satisfied);
    let mut two = joined("Connected");
    two.firewalls.push(twin);
    assert_eq!(through(&mut two, reads()), Verdict::Undecided);
}

#[test]
fn what_a_firewall_sends_back_to_itself_goes_round_in_circles() {
    let verdict = |last: u8| {
        let mut estate = joined("Connected");
        let mut own = route("back", "0.0.0.0/0", NextHop::VirtualAppliance);
        own.next_hop_addresses = vec![known(IpAddr::from([10, 0, 9, last]))];
        estate.route_tables.push(table(vec![own]));
        estate.subnets[1].route_table = Some(Reference { id: id("own"), target: Some(1) });
        through(&mut estate, known(IpAddr::from([10, 0, 9, 4])))
    };
    assert_eq!(verdict(4), Verdict::Violated);
    assert_eq!(verdict(9), Verdict::Undecided);
}

#[test]
fn a_subnet_says_which_guards_count_for_its_private_endpoints() {
    let mut one = subnet("train", 0, "10.1.1.0/24");
    assert!(policies(&one, "RouteTableEnabled").is_err(), "what is not shown is not known");
    for (word, routes, groups) in [
        ("Enabled", true, true),
        ("enabled", true, true),
        ("RouteTableEnabled", true, false),
        ("NetworkSecurityGroupEnabled", false, true),
        ("Disabled", false, false),
    ] {
        one.private_endpoint_policies = Some(id(word));
        assert_eq!(policies(&one, "RouteTableEnabled"), Ok(routes), "{word}");
        assert_eq!(policies(&one, "NetworkSecurityGroupEnabled"), Ok(groups), "{word}");
    }
    one.private_endpoint_policies = Some(unknown("policies"));
    assert!(policies(&one, "RouteTableEnabled").is_err());
}

#[test]
fn a_peering_carries_traffic_when_it_is_connected_and_all_of_it_when_it_says_so() {
    let mut one = peering(1, "hub", "Connected");
    assert_eq!(one.is_connected(), Some(true));
    for (complete, whole) in [(None, true), (Some(known(true)), true), (Some(known(false)), false)] {
        one.complete = complete;
        assert_eq!(partial(&one).is_none(), whole);
    }
    one.complete = Some(unknown("complete"));
    assert!(partial(&one).is_some());
    for state in ["Initiated", "Disconnected"] {
        one.state = Some(id(state));
        assert_eq!(one.is_connected(), Some(false), "{state}");
    }
    one.state = Some(unknown("state"));
    assert_eq!(one.is_connected(), None);
    one.state = None;
    assert_eq!(one.is_connected(), Some(true), "a template does not write it");
    one.back = Some(id("Disconnected"));
    assert_eq!(one.is_connected(), Some(false), "the other side is cut off");
}

#[test]
fn a_gateway_stands_in_a_subnet_of_its_name() {
    for (name, gateway) in [
        ("GatewaySubnet", true),
        ("v/gatewaysubnet", true),
        ("train2", false),
        ("MyGatewaySubnet", false),
        ("v", false),
    ] {
        let mut estate = joined("Connected");
        estate.subnets.push(subnet(name, 0, "10.1.2.0/24"));
        estate.networks[0].subnets.push(2);
        assert_eq!(Scene::of_subnet(&estate, 0, None).unwrap().gateway, gateway, "{name}");
    }
    // The gateway of a peer teaches where it is used, and nowhere else.
    for (uses, state, gateway) in
        [(true, "Connected", true), (false, "Connected", false), (true, "Disconnected", false)]
    {
        let mut one = peering(1, "hub", state);
        one.remote_gateways = Some(known(uses));
        let estate = hub([vec![one], Vec::new()]);
        assert_eq!(Scene::of_subnet(&estate, 0, None).unwrap().gateway, gateway, "{uses} {state}");
    }
}

#[test]
fn the_virtual_network_is_its_space_and_that_of_connected_peers_that_have_access() {
    let seen = |estate: &Estate| {
        let scene = Scene::of_subnet(estate, 0, None).unwrap();
        let peer = IpAddr::from([10, 0, 1, 1]);
        assert!(scene.network.contains(IpAddr::from([10, 1, 200, 1])));
        let routed = scene.peer_spaces.iter().any(|space| space.contains(peer));
        (scene.network.contains(peer), routed, scene.network_complete)
    };
    assert_eq!(seen(&joined("Connected")), (true, true, true));
    assert_eq!(seen(&joined("Disconnected")), (false, false, true));
    assert_eq!(seen(&hub([Vec::new(), Vec::new()])), (false, false, true));
    let mut apart = joined("Connected");
    apart.networks[0].peerings[0].allow_access = Some(known(false));
    assert_eq!(seen(&apart), (false, true, true));
    let mut open = joined("Connected");
    open.networks[0].peerings[0].state = Some(unknown("state"));
    assert_eq!(seen(&open), (false, false, false), "it may carry traffic or not");
    // Two peerings of which the state of one is unknown.
    let mut two = joined("Connected");
    let mut first = peering(1, "hub", "");
    first.state = Some(unknown("state"));
    two.networks[0].peerings.insert(0, first);
    assert_eq!(seen(&two), (true, true, false));
    let mut parts = joined("Connected");
    parts.networks[0].unknown_peerings.push(unknown("peering"));
    assert_eq!(seen(&parts), (true, true, false));
    let mut hole = joined("Connected");
    hole.networks[0].address_space.push(unknown("space"));
    assert_eq!(seen(&hole), (true, true, false));
    let mut far = joined("Connected");
    far.networks[1].address_space.push(unknown("space"));
    assert_eq!(seen(&far), (true, true, false));
}

#[test]
fn a_space_that_is_not_shown_is_not_the_whole_network() {
    let mut estate = joined("Connected");
    estate.networks[0].address_space.clear();
    assert!(!Scene::of_subnet(&estate, 0, None).unwrap().network_complete);
}

#[test]
fn a_way_out_is_one_for_ipv4() {
    let both = set("10.0.1.0/24").union(&set("2001:db8:1::/64"));
    let out = |scene: Scene<'_>| {
        let scene = Scene { subnet_shown: true, ..scene }.in_location("westeurope").with_subnet(both.clone());
        scene.prepared().egress().outcome
    };
    let firewall = table(vec![route("default", "0.0.0.0/0", NextHop::VirtualAppliance)]);
    assert_eq!(out(Scene { routes: Some(Given::Here(&firewall)), ..Scene::default() }), Outcome::Explicit);
    let nat = |has_address| Some(NatGateway { name: Arc::from("nat"), span: place(), has_address });
    assert_eq!(out(Scene { nat_gateway: nat(true), ..Scene::default() }), Outcome::Explicit);
    assert_eq!(out(Scene { nat_gateway: nat(false), ..Scene::default() }), Outcome::Missing);
    assert_eq!(out(Scene::default()), Outcome::DefaultOnly);
    assert_eq!(out(Scene { default_outbound: Some(known(false)), ..Scene::default() }), Outcome::Missing);
    assert_eq!(out(Scene { default_outbound: Some(unknown("default")), ..Scene::default() }), Outcome::Undecided);
}

#[test]
fn a_new_rule_goes_right_ahead_of_another_at_a_free_priority() {
    let rule = |direction: Direction, priority: i64| SecurityRule {
        direction: known(direction),
        ..outbound("rule", priority, Access::Allow, "*", PortSet::full())
    };
    let of = |numbers: &[i64]| {
        let mut rules: Vec<SecurityRule> = numbers.iter().map(|at| rule(Direction::Outbound, *at)).collect();
        rules.push(rule(Direction::Inbound, 110));
        security_group(rules)
    };
    let free = |numbers: &[i64], before| free_priority(&of(numbers), Direction::Outbound, before, &BTreeSet::new());
    // Behind all of them, or behind those ahead of the one that blocks: a multiple of ten where there is room.
    assert_eq!(free(&[], None), Some(100));
    assert_eq!(free(&[100, 200], None), Some(210));
    assert_eq!(free(&[100, 200], Some(200)), Some(110), "an inbound rule is in nobody's way");
    assert_eq!(free(&[100, 123], Some(200)), Some(130));
    assert_eq!(free(&[100, 195], Some(200)), Some(190), "past 195 there is none left");
    assert_eq!(free(&[100], Some(105)), Some(104));
    assert_eq!(free(&[100, 104], Some(105)), Some(103));
    // Nothing goes ahead of 100, nor where every number is taken, nor past 4096 (NSG-5).
    assert_eq!(free(&[100], Some(100)), None);
    assert_eq!(free(&[100], Some(101)), None);
    assert_eq!(free(&[4096], None), Some(4090));
    assert_eq!(free(&[4096], Some(65000)), Some(4090));
    let given_out = BTreeSet::from([110, 120]);
    let group = of(&[100, 200]);
    assert_eq!(free_priority(&group, Direction::Outbound, Some(200), &given_out), Some(130));
    assert_eq!(free_priority(&group, Direction::Inbound, None, &BTreeSet::new()), Some(120));
}

#[test]
fn a_list_of_effective_admin_rules_is_that_of_the_only_network() {
    let rule = |effective| AdminRule {
        header: header("admin"),
        rule: outbound("admin", 100, Access::Deny, "*", PortSet::full()),
        always: false,
        effective,
    };
    let told = |networks: usize, at: Option<usize>, rules: &[bool]| {
        let mut estate = joined("Connected");
        estate.networks.truncate(networks);
        estate.admin_rules = rules.iter().map(|effective| rule(*effective)).collect();
        let rules = AdminRules::of(&estate, at).rules;
        rules.iter().map(|(one, applies)| (one.effective, applies.is_none())).collect::<Vec<_>>()
    };
    // For sure it holds for the only one; rules as written are then told by the list. Else any of them may hold.
    assert_eq!(told(1, Some(0), &[true, false]), [(true, true)]);
    assert_eq!(told(2, Some(0), &[true, false]), [(true, false), (false, false)]);
    assert_eq!(told(1, None, &[true, false]), [(true, false), (false, false)]);
    assert_eq!(told(1, Some(0), &[false]), [(false, false)]);
}

#[test]
fn a_hub_teaches_over_the_peering_that_azure_made_for_it() {
    let taught = |name: &str, remote: &str, state: &str| {
        let mut one = peering(1, "hub", state);
        one.name = id(name);
        one.remote = Some(Reference { id: id(&network_id(remote)), target: None });
        let estate = hub([vec![one], Vec::new()]);
        Scene::of_subnet(&estate, 0, None).unwrap().hub_routes.len()
    };
    // The default route and the private ranges, as far as anybody knows.
    assert_eq!(taught("RemoteVnetToHubPeering_1", "v", "Connected"), 4);
    assert_eq!(taught("peering", "HV_hub_1", "Connected"), 4);
    assert_eq!(taught("peering", "hub", "Connected"), 0, "a peering of two networks");
    assert_eq!(taught("RemoteVnetToHubPeering_1", "HV_hub_1", "Disconnected"), 0);
}
