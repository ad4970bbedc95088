//! What the proofs say about single small networks: verdict, decider, witness, replay, and what is nearly right.

use std::collections::BTreeSet;
use std::sync::Arc;

use aznetlint::estate::{Access, Direction, Field, NetworkSecurityGroup, NextHop, Peer, Route, SecurityRule};
use aznetlint::finding::Layer;
use aznetlint::finding::Verdict;
use aznetlint::net::{PortSet, ProtocolSet, Tag, TagData};
use aznetlint::proof::{
    Coordinate, Doubt, Fact, Flow, Given, Judgement, Kind, Level, Matching, NatGateway, Outcome, Party, Scene,
    free_priority,
};

use crate::laws_estate::{group, known, partly, peer, place, ports, prefixes, route, rule, side, table, unknown, why};

fn tag(name: &str) -> Party {
    Party::Tag(Tag::named(name).unwrap())
}

/// A rule in one line: direction, access, protocol, source, destination, ports.
fn line(name: &str, priority: i64, text: &str) -> SecurityRule {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [direction, access, protocol, from, to, port] = words.as_slice() else { panic!("{text}") };
    let mut one = rule(name, priority);
    one.direction = known(if *direction == "in" { Direction::Inbound } else { Direction::Outbound });
    one.access = known(if *access == "allow" { Access::Allow } else { Access::Deny });
    one.protocol = known(ProtocolSet::parse(protocol).unwrap());
    one.sources = side(vec![known(peer(from))]);
    one.destinations = side(vec![known(peer(to))]);
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        PortSet::range(first.parse().unwrap(), last.parse().unwrap())
    };
    one.destination_ports = ports(vec![known(if *port == "*" { PortSet::full() } else { range(port) })]);
    one
}

fn rules(lines: &[(&str, i64, &str)]) -> NetworkSecurityGroup {
    group(lines.iter().map(|(name, priority, text)| line(name, *priority, text)).collect())
}

fn scene(group: &NetworkSecurityGroup) -> Scene<'_> {
    let scene = Scene::of_group(group, None).with_subnet(prefixes(&["10.0.1.0/24"]));
    scene.with_network(prefixes(&["10.0.0.0/16"]))
}

fn flow(direction: Direction, protocol: ProtocolSet, party: Party, port: u16) -> Flow {
    let (from, to) = match direction {
        Direction::Inbound => (party, Party::Subnet),
        Direction::Outbound => (Party::Subnet, party),
    };
    let ports = PortSet::range(port, port);
    Flow { direction, protocols: protocol, from, to, ports, matching: Matching::Effective }
}

fn inbound(group: &NetworkSecurityGroup) -> Judgement {
    scene(group).prepared().judge(&flow(Direction::Inbound, ProtocolSet::TCP, tag("AzureMachineLearning"), 44224))
}

fn outbound(name: &str, port: u16) -> Flow {
    flow(Direction::Outbound, ProtocolSet::TCP, tag(name), port)
}

#[test]
fn a_deny_ahead_shadows_the_allow_and_shows_the_packet() {
    let group = rules(&[
        ("block", 200, "in deny * * * *"),
        ("aml", 300, "in allow tcp AzureMachineLearning VirtualNetwork 44224"),
    ]);
    let judgement = inbound(&group);
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(judgement.layer, Some(Layer::SubnetNsg));
    assert_eq!((&*judgement.deciders[0].name, judgement.deciders[0].index), ("block", Some(0)));
    assert_eq!(judgement.deciders[0].kind, Kind::Rule);
    let packet = judgement.witness.unwrap();
    assert_eq!((&*packet.source, &*packet.destination), ("AzureMachineLearning", "10.0.1.4"));
    assert_eq!((packet.protocol, packet.destination_port), ("tcp", Some(44224)));
    assert_eq!(judgement.shadowed.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["aml"]);
    assert_eq!(judgement.replay.last().unwrap().missed, None);
}

#[test]
fn the_replay_says_why_each_rule_was_passed_by() {
    let group = rules(&[
        ("ssh", 100, "in allow tcp * * 22"),
        ("probe", 110, "in allow tcp AzureLoadBalancer * 44224"),
        ("udp", 120, "in allow udp AzureMachineLearning * 44224"),
    ]);
    let judgement = inbound(&group);
    let steps: Vec<_> = judgement.replay.iter().map(|step| (&*step.rule.name, step.missed)).collect();
    assert_eq!(
        steps,
        [
            ("ssh", Some(Coordinate::DestinationPort)),
            ("probe", Some(Coordinate::Source)),
            ("udp", Some(Coordinate::Protocol)),
            ("AllowVnetInBound", Some(Coordinate::Source)),
            ("AllowAzureLoadBalancerInBound", Some(Coordinate::Source)),
            ("DenyAllInBound", None),
        ]
    );
    let near: Vec<_> = judgement.near.iter().map(|one| (&*one.rule.name, one.coordinate)).collect();
    assert_eq!(
        near,
        [("udp", Coordinate::Protocol), ("ssh", Coordinate::DestinationPort), ("probe", Coordinate::Source)]
    );
    assert_eq!(judgement.deciders[0].kind, Kind::BuiltIn);
}

#[test]
fn what_passes_only_by_a_built_in_rule_is_told_apart() {
    let group = rules(&[("web", 100, "out allow tcp * AzureActiveDirectory 80")]);
    let judgement = scene(&group).prepared().judge(&outbound("AzureActiveDirectory", 443));
    assert_eq!((judgement.verdict, judgement.built_in_only), (Verdict::Satisfied, true));
    let mut both = outbound("AzureActiveDirectory", 443);
    both.ports = PortSet::from_ranges([(80, 80), (443, 443)]);
    let judgement = scene(&group).prepared().judge(&both);
    assert!(!judgement.built_in_only);
    both.matching = Matching::Explicit;
    let judgement = scene(&group).prepared().judge(&both);
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(judgement.uncovered, ["port 443"]);
}

#[test]
fn a_network_among_the_addresses_of_azure_may_be_in_its_tags() {
    let group = rules(&[("no", 100, "out deny * * AzureCloud *")]);
    let private = scene(&group).prepared().judge(&outbound("VirtualNetwork", 443));
    assert_eq!(private.verdict, Verdict::Satisfied);
    let public = scene(&group).with_network(prefixes(&["20.0.0.0/16"]));
    assert_eq!(public.prepared().judge(&outbound("VirtualNetwork", 443)).verdict, Verdict::Undecided);
    let mut data = TagData::default();
    data.insert("AzureCloud", vec!["20.0.0.0/8".parse().unwrap()]);
    let mut exact = public.clone();
    exact.tags = Some(&data);
    assert_eq!(exact.prepared().judge(&outbound("VirtualNetwork", 443)).verdict, Verdict::Violated);
}

#[test]
fn of_two_denials_the_one_that_surely_drops_is_named() {
    let group = rules(&[("cloud", 100, "out deny * * AzureCloud *"), ("all", 200, "out deny * * * *")]);
    let judgement = scene(&group).prepared().judge(&outbound("AzureMonitor", 443));
    assert_eq!((judgement.verdict, &*judgement.deciders[0].name), (Verdict::Violated, "cloud"));
    // What of this tag is outside `AzureCloud` is dropped by the second rule.
    let judgement = scene(&group).prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.verdict, Verdict::Violated);
    let group = rules(&[("few", 100, "out deny * * 20.0.0.0/24 *"), ("all", 200, "out deny * * * *")]);
    let judgement = scene(&group).prepared().judge(&outbound("Internet", 443));
    assert_eq!(judgement.verdict, Verdict::Violated);
}

#[test]
fn several_rules_are_not_a_single_one() {
    let group = rules(&[
        ("low", 100, "out allow tcp * AzureActiveDirectory 80"),
        ("high", 110, "out allow tcp * AzureActiveDirectory 443"),
    ]);
    let mut both = outbound("AzureActiveDirectory", 443);
    both.matching = Matching::SingleRule;
    assert_eq!(scene(&group).prepared().judge(&both).verdict, Verdict::Satisfied);
    both.ports = PortSet::from_ranges([(80, 80), (443, 443)]);
    assert_eq!(scene(&group).prepared().judge(&both).verdict, Verdict::Violated);
}

#[test]
fn a_rule_for_half_the_subnet_leaves_the_other_half() {
    let group = rules(&[("half", 100, "out allow tcp 10.0.1.0/25 Storage 443"), ("no", 200, "out deny * * * *")]);
    let judgement = scene(&group).prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(judgement.uncovered, ["10.0.1.128/25"]);
    assert_eq!(judgement.near[0].coordinate, Coordinate::Source);
}

#[test]
fn a_deny_of_one_region_leaves_that_region_out() {
    let group = rules(&[("no", 100, "out deny * * Storage.WestEurope *")]);
    let judgement = scene(&group).prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(judgement.uncovered, ["Storage.WestEurope"]);
    assert_eq!(judgement.witness.unwrap().destination, "Storage.WestEurope");
    assert_eq!(scene(&group).prepared().judge(&outbound("Storage.NorthEurope", 443)).verdict, Verdict::Satisfied);
    assert_eq!(scene(&group).prepared().judge(&outbound("AzureMonitor", 443)).verdict, Verdict::Satisfied);
}

#[test]
fn a_public_prefix_against_a_tag_needs_the_tags_addresses() {
    let group = rules(&[("no", 100, "out deny * * 20.0.0.0/8 *")]);
    let judgement = scene(&group).prepared().judge(&outbound("AzureMachineLearning", 443));
    assert_eq!(judgement.verdict, Verdict::Undecided);
    assert_eq!(judgement.why[0].settle().as_deref(), Some("--service-tags FILE"));
    let mut data = TagData::default();
    data.insert("AzureMachineLearning", vec!["40.1.0.0/16".parse().unwrap()]);
    let mut loaded = scene(&group);
    loaded.tags = Some(&data);
    assert_eq!(loaded.prepared().judge(&outbound("AzureMachineLearning", 443)).verdict, Verdict::Satisfied);
    data.insert("AzureMachineLearning", vec!["40.1.0.0/16".parse().unwrap(), "20.3.0.0/16".parse().unwrap()]);
    let mut loaded = scene(&group);
    loaded.tags = Some(&data);
    let judgement = loaded.prepared().judge(&outbound("AzureMachineLearning", 443));
    assert_eq!(judgement.witness.unwrap().destination, "20.3.0.4");
    assert_eq!(judgement.uncovered, ["20.3.0.0/16"]);
}

#[test]
fn a_private_prefix_never_meets_a_tag() {
    let group = rules(&[("no", 100, "out deny * * 10.0.0.0/8 *")]);
    assert_eq!(scene(&group).prepared().judge(&outbound("AzureMachineLearning", 443)).verdict, Verdict::Satisfied);
}

#[test]
fn one_unknown_region_is_the_same_everywhere() {
    let mut allow = line("storage", 100, "out allow tcp * * 443");
    allow.destinations = side(vec![partly("Storage.", "location")]);
    let group = group(vec![allow, line("no", 200, "out deny * * * *")]);
    let storage = Tag::named("Storage").unwrap();
    let mut wanted = outbound("Storage", 443);
    wanted.to = Party::Regional(storage, why("location", Vec::new()));
    assert_eq!(scene(&group).prepared().judge(&wanted).verdict, Verdict::Satisfied);
    wanted.to = Party::Regional(storage, why("other", Vec::new()));
    assert_eq!(scene(&group).prepared().judge(&wanted).verdict, Verdict::Undecided);
    assert_eq!(scene(&group).prepared().judge(&outbound("Storage", 443)).verdict, Verdict::Violated);
}

#[test]
fn an_unknown_value_that_changes_nothing_is_no_doubt() {
    let mut odd = line("odd", 100, "out allow tcp * AzureMonitor 443");
    odd.access = unknown("access");
    let same = group(vec![odd.clone(), line("no", 200, "out deny * * * *")]);
    let judgement = scene(&same).prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.verdict, Verdict::Violated);
    let judgement = scene(&same).prepared().judge(&outbound("AzureMonitor", 443));
    assert_eq!(judgement.verdict, Verdict::Undecided);
    assert_eq!(judgement.why[0].settle().as_deref(), Some("--set access=…"));
    odd.access = known(Access::Deny);
    odd.condition = Some(why("condition", Vec::new()));
    let denied = group(vec![odd, line("no", 200, "out deny * * * *")]);
    assert_eq!(scene(&denied).prepared().judge(&outbound("AzureMonitor", 443)).verdict, Verdict::Violated);
}

#[test]
fn a_part_of_the_list_that_is_unknown_may_hold_any_rule() {
    let mut group = rules(&[("ok", 110, "out allow * * * *")]);
    group.unknown_rules.push(unknown("more"));
    assert_eq!(scene(&group).prepared().judge(&outbound("Storage", 443)).verdict, Verdict::Undecided);
    let mut first = rules(&[("ok", 100, "out allow * * * *")]);
    first.unknown_rules.push(unknown("more"));
    assert_eq!(scene(&first).prepared().judge(&outbound("Storage", 443)).verdict, Verdict::Satisfied);
}

#[test]
fn both_groups_must_let_it_pass() {
    let subnet = rules(&[]);
    let interface = rules(&[("no", 100, "out deny * * Internet *")]);
    let both = scene(&subnet).with_interface(&interface);
    let judgement = both.prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.layer, Some(Layer::InterfaceNsg));
    assert_eq!(judgement.deciders[0].group, 0);
    let open = scene(&interface).with_interface(&subnet);
    let judgement = open.prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.layer, Some(Layer::SubnetNsg));
    assert_eq!(judgement.replay.iter().filter(|step| step.missed.is_none()).count(), 2);
}

#[test]
fn a_group_that_is_not_among_the_input_is_a_doubt() {
    let mut scene = Scene::default().with_subnet(prefixes(&["10.0.1.0/24"]));
    assert_eq!(scene.prepared().judge(&outbound("Storage", 443)).verdict, Verdict::Satisfied);
    scene.groups.push((Level::Subnet, Given::Missing(Doubt::new("network security group `x` is not among the input"))));
    let judgement = scene.prepared().judge(&outbound("Storage", 443));
    assert_eq!(judgement.verdict, Verdict::Undecided);
    assert_eq!(judgement.why[0].message(), "network security group `x` is not among the input");
}

#[test]
fn a_group_of_applications_proves_nothing_for_compute() {
    let mut allow = line("app", 100, "out allow tcp * Storage 443");
    allow.sources = aznetlint::estate::Side { items: vec![], groups: vec![known(Arc::from("/asg"))], span: place() };
    let mut deny = allow.clone();
    deny.access = known(Access::Deny);
    let allowed = group(vec![allow, line("no", 200, "out deny * * * *")]);
    assert_eq!(scene(&allowed).prepared().judge(&outbound("Storage", 443)).verdict, Verdict::Violated);
    assert_eq!(scene(&group(vec![deny])).prepared().judge(&outbound("Storage", 443)).verdict, Verdict::Satisfied);
}

#[test]
fn the_platforms_dns_is_open_unless_its_own_tag_is_denied() {
    let dns = flow(Direction::Outbound, ProtocolSet::UDP, tag("AzurePlatformDNS"), 53);
    let closed = rules(&[("no", 100, "out deny * * * *")]);
    let judgement = scene(&closed).prepared().judge(&dns);
    assert_eq!((judgement.verdict, judgement.deciders[0].kind), (Verdict::Satisfied, Kind::Platform));
    let named = rules(&[("no", 100, "out deny * * AzurePlatformDNS *")]);
    assert_eq!(scene(&named).prepared().judge(&dns).verdict, Verdict::Violated);
}

#[test]
fn forced_tunnelling_widens_the_network() {
    let tunnel = table(vec![route("out", known(peer("0.0.0.0/0")), NextHop::VirtualAppliance)]);
    let mut denied = rules(&[("no", 100, "out deny * * VirtualNetwork *")]);
    let verdict = |group: &NetworkSecurityGroup| {
        let mut scene = scene(group);
        scene.routes = Some(Given::Here(&tunnel));
        scene.prepared().judge(&outbound("AzureMachineLearning", 443)).verdict
    };
    assert_eq!(verdict(&denied), Verdict::Violated);
    denied.rules.clear();
    assert_eq!(verdict(&denied), Verdict::Satisfied);
    // `Internet` goes on matching beside it.
    assert_eq!(verdict(&rules(&[("no", 100, "out deny * * Internet *")])), Verdict::Violated);
    let internet = [("yes", 100, "out allow * * Internet *"), ("no", 200, "out deny * * * *")];
    assert_eq!(verdict(&rules(&internet)), Verdict::Satisfied);
    let network = [("yes", 100, "out allow * * VirtualNetwork *"), ("no", 200, "out deny * * * *")];
    assert_eq!(verdict(&rules(&network)), Verdict::Undecided);
}

#[test]
fn effective_rules_stand_by_the_name_of_their_tag() {
    let mut allow = line("securityRules/storage", 100, "out allow tcp * Storage 443");
    allow.destinations.items.push(known(peer("20.60.0.0/16")));
    let mut effective = group(vec![allow, line("defaultSecurityRules/DenyAllOutBound", 65500, "out deny * * * *")]);
    effective.effective = true;
    let judgement = scene(&effective).prepared().judge(&outbound("Storage", 443));
    assert_eq!((judgement.verdict, &*judgement.deciders[0].name), (Verdict::Satisfied, "storage"));
    let judgement = scene(&effective).prepared().judge(&outbound("AzureMonitor", 443));
    assert_eq!((judgement.verdict, judgement.deciders[0].kind), (Verdict::Violated, Kind::BuiltIn));
}

#[test]
fn ports_mean_nothing_without_them() {
    let group = rules(&[("no", 100, "out deny * * Storage 443")]);
    let mut ping = outbound("Storage", 443);
    (ping.protocols, ping.ports) = (ProtocolSet::ICMP, PortSet::full());
    let judgement = scene(&group).prepared().judge(&ping);
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(judgement.witness.unwrap().destination_port, None);
    ping.protocols = ProtocolSet::ALL;
    ping.ports = PortSet::range(80, 80);
    assert_eq!(scene(&group).prepared().judge(&ping).verdict, Verdict::Satisfied);
}

#[test]
fn a_new_rule_goes_ahead_of_the_one_that_blocks() {
    let group =
        rules(&[("a", 100, "in allow * * * 1"), ("b", 110, "in allow * * * 2"), ("no", 4000, "in deny * * * *")]);
    let free = |before, taken: &[i64]| {
        free_priority(&group, Direction::Inbound, before, &taken.iter().copied().collect::<BTreeSet<_>>())
    };
    assert_eq!(free(Some(4000), &[]), Some(120));
    assert_eq!(free(Some(4000), &[120]), Some(130));
    assert_eq!(free(Some(110), &[]), Some(109));
    assert_eq!(free(Some(100), &[]), None);
    assert_eq!(free(None, &[]), Some(4010));
    assert_eq!(free_priority(&group, Direction::Outbound, None, &BTreeSet::new()), Some(100));
}

#[test]
fn a_rule_behind_a_wider_one_is_shadowed() {
    let group = rules(&[
        ("wide", 100, "in allow tcp * * 0-1000"),
        ("narrow", 200, "in deny tcp Storage * 443"),
        ("partly", 300, "in allow tcp * * 1000-2000"),
        ("built-in", 400, "in allow * VirtualNetwork VirtualNetwork *"),
        ("twin", 400, "in deny * * * 9"),
        ("maybe", 500, "in deny tcp 20.0.0.0/8 * 1500"),
    ]);
    let facts = scene(&group).shadows(0);
    assert_eq!((&facts[1].shadowed, &*facts[1].by().unwrap()[0].name), (&Fact::Yes, "wide"));
    assert_eq!(facts[0].shadowed, Fact::No);
    assert_eq!((&facts[2].shadowed, &*facts[2].by().unwrap()[0].name), (&Fact::No, "wide"));
    assert_eq!(facts[3].conflicts, Fact::Yes);
    assert_eq!(facts[3].with, [4]);
    assert_eq!(facts[5].shadowed, Fact::Yes);
    let lone = rules(&[("same", 400, "in allow * VirtualNetwork VirtualNetwork *")]);
    assert_eq!(scene(&lone).shadows(0)[0].redundant, Fact::Yes);
    assert_eq!(scene(&lone).shadows(0)[0].shadowed, Fact::No);
    let tags = rules(&[("by address", 100, "in deny * 20.0.0.0/8 * *"), ("by tag", 200, "in allow * Storage * *")]);
    assert!(matches!(scene(&tags).shadows(0)[1].shadowed, Fact::Unknown(_)));
}

fn with_routes(routes: Vec<Route>, hop: NextHop) -> Judgement {
    let table = table(routes);
    let scene = Scene::of_routes(&table, None).with_subnet(prefixes(&["10.0.1.0/24"]));
    scene.with_network(prefixes(&["10.0.0.0/16"])).prepared().judge_route(&tag("AzureMachineLearning"), hop)
}

fn to(name: &str, hop: NextHop) -> Route {
    route(name, known(peer(name)), hop)
}

#[test]
fn a_tag_route_beats_the_default_route() {
    use NextHop::{Internet, VirtualAppliance};
    let firewall = || to("0.0.0.0/0", VirtualAppliance);
    assert_eq!(with_routes(vec![], Internet).verdict, Verdict::Satisfied);
    let judgement = with_routes(vec![firewall()], Internet);
    assert_eq!((judgement.verdict, &*judgement.deciders[0].name), (Verdict::Violated, "0.0.0.0/0"));
    assert_eq!(judgement.deciders[0].next_hop, Some(VirtualAppliance));
    let judgement = with_routes(vec![firewall(), to("AzureMachineLearning", Internet)], Internet);
    assert_eq!((judgement.verdict, &*judgement.deciders[0].name), (Verdict::Satisfied, "AzureMachineLearning"));
    let judgement = with_routes(vec![firewall(), to("AzureCloud", Internet)], Internet);
    assert_eq!(judgement.verdict, Verdict::Satisfied);
    let judgement = with_routes(vec![firewall(), to("20.0.0.0/8", Internet)], Internet);
    assert_eq!(judgement.verdict, Verdict::Undecided);
    assert_eq!(judgement.why[0].settle().as_deref(), Some("--service-tags FILE"));
    let judgement = with_routes(vec![to("0.0.0.0/0", VirtualAppliance), to("0.0.0.0/0", Internet)], Internet);
    assert_eq!(judgement.verdict, Verdict::Undecided);
}

#[test]
fn the_way_out_is_explicit_by_default_or_missing() {
    let shown = || {
        let mut scene = Scene::default().with_subnet(prefixes(&["10.0.1.0/24"]));
        scene.subnet_shown = true;
        scene.with_network(prefixes(&["10.0.0.0/16"]))
    };
    assert_eq!(shown().prepared().egress().outcome, Outcome::DefaultOnly);
    let mut scene = shown();
    scene.default_outbound = Some(Field::clone(&known(false)));
    assert_eq!(scene.prepared().egress().outcome, Outcome::Missing);
    scene.nat_gateway = Some(NatGateway { name: Arc::from("nat"), span: place(), has_address: true });
    assert_eq!(scene.prepared().egress().outcome, Outcome::Explicit);
    let firewall = table(vec![to("0.0.0.0/0", NextHop::VirtualAppliance)]);
    let mut scene = shown();
    scene.default_outbound = Some(known(false));
    scene.routes = Some(Given::Here(&firewall));
    assert_eq!(scene.prepared().egress().outcome, Outcome::Explicit);
    let closed = table(vec![to("0.0.0.0/0", NextHop::Drop)]);
    scene.routes = Some(Given::Here(&closed));
    assert_eq!(scene.prepared().egress().outcome, Outcome::Missing);
    assert_eq!(Scene::of_routes(&table(vec![]), None).prepared().egress().outcome, Outcome::Undecided);
}

#[test]
fn a_path_ends_where_the_route_drops_it() {
    let open = rules(&[]);
    let closed = table(vec![to("AzureMonitor", NextHop::Drop), to("Storage", NextHop::VirtualAppliance)]);
    let mut scene = scene(&open);
    scene.routes = Some(Given::Here(&closed));
    let judgement = scene.prepared().path(&outbound("AzureMonitor", 443), None);
    assert_eq!((judgement.verdict, judgement.layer), (Verdict::Violated, Some(Layer::Route)));
    assert_eq!(scene.prepared().path(&outbound("Storage", 443), None).verdict, Verdict::Undecided);
    assert_eq!(scene.prepared().path(&outbound("AzureMachineLearning", 443), None).verdict, Verdict::Satisfied);
    let private = Flow { to: Party::Addresses(prefixes(&["10.0.5.4/32"])), ..outbound("Storage", 443) };
    assert_eq!(scene.prepared().path(&private, None).verdict, Verdict::Satisfied);
}

#[test]
fn hostile_rules_end_in_a_doubt_and_not_in_a_wait() {
    let mut many = Vec::new();
    for index in 0..600i64 {
        let (a, b) = (index % 97, index % 89);
        let text = format!("out deny tcp 10.0.1.{a}/32 20.{b}.0.0/16 {}-{}", index * 50, index * 50 + 7000);
        let mut one = line(&format!("r{index}"), 100 + index, &text);
        one.source_ports = ports(vec![known(PortSet::range(u16::try_from(index * 30).unwrap(), 60000))]);
        many.push(one);
    }
    let group = group(many);
    let everything = Flow {
        direction: Direction::Outbound,
        protocols: ProtocolSet::ALL,
        from: Party::Subnet,
        to: Party::Any,
        ports: PortSet::full(),
        matching: Matching::Effective,
    };
    assert_ne!(scene(&group).prepared().judge(&everything).verdict, Verdict::Satisfied);
    assert_eq!(peer("*"), Peer::Any);
}
