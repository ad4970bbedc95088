//! What an answer tells: who decides, which rules nearly let a packet pass and by which field, what is not covered.

use std::sync::Arc;

use crate::estate::{Access, Direction, Field, NetworkSecurityGroup, NextHop, Peer, RouteOrigin, SecurityRule};
use crate::finding::{Layer, Verdict};
use crate::net::{AddressSet, Cloud, PortSet, ProtocolSet, Region, Tag, TagData};
use crate::proof::given::Given;
use crate::proof::ground::Party;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::judgement::{Coordinate, Flow, Judgement, Kind, Matching};
use crate::proof::scene::{Level, Scene};
use crate::proof::shadow::{Fact, Shadow};
use crate::proof::tests::{
    application, collection, estate, group, known, network, outbound, peer, route, security_group, table, unknown, why,
};
use crate::source::{FileId, Span};

/// Changes one field of a rule.
type Change = fn(&mut SecurityRule);

fn set(texts: &[&str]) -> AddressSet {
    AddressSet::from_prefixes(texts.iter().map(|text| text.parse().unwrap()))
}

fn port(port: u16) -> PortSet {
    PortSet::range(port, port)
}

fn tag(name: &str) -> Party {
    Party::Tag(Tag::named(name).unwrap())
}

fn flow(to: Party, ports: PortSet) -> Flow {
    let (direction, protocols, from) = (Direction::Outbound, ProtocolSet::TCP, Party::Subnet);
    Flow { direction, protocols, from, to, ports, matching: Matching::Effective }
}

fn scene(group: &NetworkSecurityGroup) -> Scene<'_> {
    let groups = vec![(Level::Subnet, Given::Here(group))];
    Scene { groups, subnet_shown: true, ..Scene::default() }
        .in_location("westeurope")
        .with_subnet(set(&["10.0.1.0/24"]))
}

fn judge(rules: Vec<SecurityRule>, flow: &Flow) -> Judgement {
    scene(&security_group(rules)).prepared().judge(flow)
}

fn allow(name: &str, priority: i64, to: &str) -> SecurityRule {
    outbound(name, priority, Access::Allow, to, PortSet::full())
}

fn deny(name: &str, priority: i64, to: &str) -> SecurityRule {
    outbound(name, priority, Access::Deny, to, PortSet::full())
}

#[test]
fn a_decider_is_told_by_its_kind() {
    let https = flow(tag("AzureMachineLearning"), port(443));
    let own = judge(vec![allow("own", 100, "*")], &https).deciders;
    assert_eq!((own[0].kind, own[0].index, own[0].priority), (Kind::Rule, Some(0), Some(100)));
    let azure = judge(Vec::new(), &https).deciders;
    assert_eq!((azure[0].kind, azure[0].index, azure[0].priority), (Kind::BuiltIn, None, Some(65001)));
    assert_eq!((&*azure[0].name, azure[0].written), ("AllowInternetOutBound", None));
    let mut shown = security_group(Vec::new());
    shown.default_rules =
        vec![allow("AllowVnetOutBound", 65000, "VirtualNetwork"), allow("allowinternetoutbound", 65001, "Internet")];
    let by_azure = &scene(&shown).prepared().judge(&https).deciders[0];
    assert_eq!(
        (by_azure.kind, &*by_azure.name, by_azure.written.is_some()),
        (Kind::BuiltIn, "AllowInternetOutBound", true)
    );
    let platform = judge(vec![deny("all", 100, "*")], &flow(Party::Addresses(set(&["168.63.129.16/32"])), port(53)));
    assert_eq!(platform.deciders[0].kind, Kind::Platform);
}

#[test]
fn a_route_is_told_by_who_made_it() {
    for (origin, kind) in [
        (RouteOrigin::User, Kind::Route),
        (RouteOrigin::Gateway, Kind::SystemRoute),
        (RouteOrigin::System, Kind::SystemRoute),
    ] {
        let mut one = route("one", "0.0.0.0/0", NextHop::Internet);
        one.origin = origin;
        let mut table = table(vec![one]);
        table.effective = true;
        let judgement = Scene::of_routes(&table, None).prepared().judge_route(&tag("Storage"), NextHop::Internet);
        let told = &judgement.deciders[0];
        assert_eq!((told.kind, told.index, &*told.name), (kind, Some(0), "one"), "{origin:?}");
        assert_eq!((told.layer, told.next_hop), (Layer::Route, Some(NextHop::Internet)));
    }
    let none = Scene::default().prepared().judge_route(&tag("Storage"), NextHop::Internet);
    assert_eq!((none.deciders[0].kind, none.deciders[0].next_hop), (Kind::SystemRoute, Some(NextHop::Internet)));
}

#[test]
fn a_rule_that_nearly_lets_it_pass_is_at_fault_in_the_field_that_misses() {
    let at = |first: usize| Span::new(FileId(0), first, first + 1);
    let blank = || {
        let mut rule = outbound("near", 100, Access::Allow, "20.0.0.0/8", port(443));
        rule.protocol = Field { span: at(10), ..known(ProtocolSet::TCP) };
        rule.sources.items[0].span = at(20);
        rule.source_ports.items[0].span = at(30);
        rule.destinations.items[0].span = at(40);
        rule.destination_ports.items[0].span = at(50);
        rule
    };
    let misses: [(Coordinate, usize, Change); 5] = [
        (Coordinate::Protocol, 10, |rule| rule.protocol.value = Ok(ProtocolSet::UDP)),
        (Coordinate::Source, 20, |rule| rule.sources.items[0].value = peer("10.0.2.0/24").value),
        (Coordinate::SourcePort, 30, |rule| rule.source_ports.items[0].value = Ok(port(1))),
        (Coordinate::Destination, 40, |rule| rule.destinations.items[0].value = peer("30.0.0.0/8").value),
        (Coordinate::DestinationPort, 50, |rule| rule.destination_ports.items[0].value = Ok(port(80))),
    ];
    let wanted = flow(Party::Addresses(set(&["20.0.0.0/8"])), port(443));
    for (coordinate, place, change) in misses {
        let mut rule = blank();
        change(&mut rule);
        let denied = judge(vec![rule, deny("all", 200, "*")], &wanted);
        assert_eq!((denied.verdict, denied.near.len()), (Verdict::Violated, 1), "{coordinate:?}");
        assert_eq!((denied.near[0].coordinate, &*denied.near[0].rule.name), (coordinate, "near"));
        assert_eq!(denied.near[0].rule.written.unwrap().fault, at(place), "{coordinate:?}");
        // The replay names the same field.
        assert_eq!(denied.replay.iter().map(|step| step.missed).collect::<Vec<_>>(), [Some(coordinate), None]);
    }
    let mut two = blank();
    two.protocol.value = Ok(ProtocolSet::UDP);
    two.destination_ports.items[0].value = Ok(port(80));
    assert!(judge(vec![two, deny("all", 200, "*")], &wanted).near.is_empty(), "two slips are no near miss");
}

#[test]
fn what_has_no_ports_misses_by_none() {
    let icmp = Flow { protocols: ProtocolSet::ICMP, ..flow(Party::Addresses(set(&["20.0.0.0/8"])), PortSet::full()) };
    let mut web = outbound("web", 100, Access::Allow, "30.0.0.0/8", port(443));
    web.source_ports.items[0].value = Ok(port(1));
    let denied = judge(vec![web, deny("all", 200, "*")], &icmp);
    let near: Vec<Coordinate> = denied.near.iter().map(|one| one.coordinate).collect();
    assert_eq!((denied.verdict, near), (Verdict::Violated, vec![Coordinate::Destination]));
    let packet = denied.witness.unwrap();
    assert_eq!((packet.source_port, packet.destination_port), (None, None));
}

#[test]
fn sixteen_shadowed_rules_are_named_and_no_more() {
    let later = (0..20).map(|at| allow(&format!("a{at}"), 200 + at, "*"));
    let denied = judge(std::iter::once(deny("all", 100, "*")).chain(later).collect(), &flow(tag("Storage"), port(443)));
    let names: Vec<&str> = denied.shadowed.iter().map(|one| &*one.name).collect();
    let expected: Vec<String> = (0..16).map(|at| format!("a{at}")).collect();
    assert_eq!(names, expected);
}

#[test]
fn the_protocols_that_do_not_pass_are_named_where_others_do() {
    let denied = |protocols, ports: PortSet| {
        let udp = SecurityRule { protocol: known(ProtocolSet::UDP), ..deny("udp", 100, "*") };
        judge(vec![udp], &Flow { protocols, ..flow(tag("AzureMachineLearning"), ports) })
    };
    let both = ProtocolSet::TCP.union(ProtocolSet::UDP);
    assert_eq!(denied(both, port(443)).uncovered, ["UDP"]);
    assert_eq!(denied(ProtocolSet::ALL, PortSet::full()).uncovered, ["UDP"]);
    assert_eq!(denied(ProtocolSet::ALL, port(443)).uncovered, ["UDP"]);
    // Of a port only TCP and UDP can be asked: nothing else is left out.
    let all =
        judge(vec![deny("all", 100, "*")], &Flow { protocols: ProtocolSet::ALL, ..flow(tag("Storage"), port(443)) });
    assert!(all.uncovered.is_empty(), "{:?}", all.uncovered);
}

#[test]
fn at_the_other_end_nobody_is_of_this_group() {
    let near = SecurityRule { span: Span::new(FileId(0), 1, 2), ..outbound("near", 100, Access::Allow, "*", port(80)) };
    let mut denied =
        judge(vec![near, deny("all", 200, "*"), allow("late", 300, "*")], &flow(tag("Storage"), port(443)));
    assert!(!denied.deciders.is_empty() && !denied.shadowed.is_empty() && !denied.near.is_empty());
    denied.elsewhere();
    assert!(denied.deciders.iter().chain(&denied.shadowed).all(|one| one.is_elsewhere()));
    assert!(denied.near.iter().all(|near| near.rule.is_elsewhere()));
    assert!(denied.replay.len() > 1 && denied.replay.iter().all(|step| step.rule.is_elsewhere()));
}

#[test]
fn a_way_that_is_prepared_knows_its_scene() {
    let group = security_group(Vec::new());
    let scene = scene(&group);
    assert!(std::ptr::eq(scene.prepared().scene(), &raw const scene));
}

#[test]
fn a_violation_of_one_family_goes_before_a_doubt_of_the_other() {
    let both = set(&["10.0.1.0/24", "2001:db8:1::/64"]);
    let ask = |v4: Access, v6: Option<Access>| {
        let mut second = outbound("v6", 200, v6.unwrap_or(Access::Allow), "::/0", PortSet::full());
        if v6.is_none() {
            second.access = unknown("access");
        }
        let group = security_group(vec![outbound("v4", 100, v4, "0.0.0.0/0", PortSet::full()), second]);
        let groups = vec![(Level::Subnet, Given::Here(&group))];
        let scene = Scene { groups, ..Scene::default() }.in_location("westeurope").with_subnet(both.clone());
        scene.prepared().judge(&flow(Party::Any, port(443))).verdict
    };
    assert_eq!(ask(Access::Allow, Some(Access::Allow)), Verdict::Satisfied);
    assert_eq!(ask(Access::Allow, Some(Access::Deny)), Verdict::Violated);
    assert_eq!(ask(Access::Allow, None), Verdict::Undecided);
    assert_eq!(ask(Access::Deny, None), Verdict::Violated);
    assert_eq!(ask(Access::Deny, Some(Access::Allow)), Verdict::Violated);
}

#[test]
fn a_packet_is_dropped_in_every_world_though_in_each_another_one() {
    let ports = |name: &str, priority, access, number| outbound(name, priority, access, "*", port(number));
    let maybe = |mut rule: SecurityRule| {
        rule.condition = Some(why("deployed"));
        rule
    };
    let rules = |last: Access| {
        vec![
            maybe(ports("https", 100, Access::Allow, 443)),
            maybe(ports("no-http", 110, Access::Deny, 80)),
            ports("no-https", 120, last, 443),
        ]
    };
    let web = flow(tag("AzureMachineLearning"), port(80).union(&port(443)));
    assert_eq!(judge(rules(Access::Deny), &web).verdict, Verdict::Violated);
    assert_eq!(judge(rules(Access::Allow), &web).verdict, Verdict::Undecided);
}

/// Regions that are not known, of several tags.
#[test]
fn the_form_of_an_unknown_region_may_be_any() {
    use crate::json::{Part, Unknown};
    let regional = |base: &str| {
        let mut one = Unknown::clone(&why(&format!("{base}.region")));
        one.parts = vec![Part::Text(Arc::from(format!("{base}."))), Part::Hole(why("region"))];
        Field { value: Err(Arc::new(one)), ..known(Peer::Any) }
    };
    let ask = |allowed: &str, to: &str| {
        let mut rule = allow("regional", 100, "*");
        rule.destinations.items = vec![regional(allowed)];
        judge(vec![rule, deny("all", 200, "*")], &flow(tag(to), port(443))).verdict
    };
    assert_eq!(ask("AzureCloud", "BatchNodeManagement.WestEurope"), Verdict::Undecided);
    assert_eq!(ask("Storage", "Storage.WestEurope"), Verdict::Undecided);
    // One region is not all of them, and one service not another.
    assert_eq!(ask("Storage", "Storage"), Verdict::Violated);
    assert_eq!(ask("Sql", "Storage.WestEurope"), Verdict::Violated);
}

#[test]
fn the_internet_holds_every_service() {
    for name in ["Storage", "AzureMachineLearning.WestEurope", "AzureCloud"] {
        let denied = judge(vec![deny("one", 100, name)], &flow(tag("Internet"), port(443)));
        assert_eq!((denied.verdict, &*denied.witness.unwrap().destination), (Verdict::Violated, name));
    }
}

#[test]
fn a_region_nobody_can_choose_has_addresses_of_a_service_all_the_same() {
    for region in ["eastus2euap", "westeurope"] {
        let rules = vec![deny("region", 100, &format!("AzureCloud.{region}"))];
        let judgement = judge(rules, &flow(tag("BatchNodeManagement"), port(443)));
        assert_eq!(judgement.verdict, Verdict::Violated, "{region}");
    }
}

#[test]
fn of_two_tags_with_one_prefix_either_route_may_win() {
    let mut tags = TagData::default();
    for name in ["Storage", "Sql"] {
        tags.insert(name, vec!["20.1.0.0/16".parse().unwrap()]);
    }
    let judge = |second| {
        let table = table(vec![route("one", "Storage", NextHop::Internet), route("two", "Sql", second)]);
        let to = Party::Addresses(set(&["20.1.0.0/16"]));
        Scene::of_routes(&table, Some(&tags)).prepared().judge_route(&to, NextHop::Internet).verdict
    };
    assert_eq!(judge(NextHop::Internet), Verdict::Satisfied);
    assert_eq!(judge(NextHop::Drop), Verdict::Undecided);
}

fn shadows(rules: Vec<SecurityRule>) -> Vec<Shadow> {
    let group = security_group(rules);
    Scene::of_group(&group, None).shadows(0)
}

#[test]
fn a_rule_for_ipv6_is_looked_at_in_ipv6() {
    let rules = |v6: [&str; 2], v4: [&str; 2]| {
        vec![deny("one", 100, v6[0]), allow("two", 110, v6[1]), deny("three", 120, v4[0]), allow("four", 130, v4[1])]
    };
    let facts = |rules| shadows(rules).into_iter().map(|one| one.shadowed).collect::<Vec<_>>();
    let nested = facts(rules(["fd00::/8", "fd00:1::/32"], ["10.0.0.0/8", "10.1.0.0/16"]));
    assert_eq!(nested, [Fact::No, Fact::Yes, Fact::No, Fact::Yes]);
    let apart = facts(rules(["fd00:1::/32", "fd00::/8"], ["10.1.0.0/16", "10.0.0.0/8"]));
    assert_eq!(apart, vec![Fact::No; 4]);
}

#[test]
fn where_a_subnet_has_no_ipv6_address_its_rules_match_nothing() {
    let group = security_group(vec![deny("one", 100, "fd00::/8"), allow("two", 110, "fd00:1::/32")]);
    let second = |subnet: &[&str]| Scene::of_group(&group, None).with_subnet(set(subnet)).shadows(0)[1].clone();
    assert_eq!(second(&["10.0.1.0/24", "2001:db8:1::/64"]).shadowed, Fact::Yes);
    let idle = second(&["10.0.1.0/24"]);
    assert_eq!((idle.shadowed, idle.redundant), (Fact::No, Fact::Yes));
}

#[test]
fn rules_of_one_priority_stand_on_neither_side_of_each_other() {
    let both = shadows(vec![
        allow("one", 100, "20.0.0.0/8"),
        allow("two", 100, "20.0.0.0/8"),
        allow("three", 110, "20.0.0.0/8"),
    ]);
    let told: Vec<_> = both.iter().map(|one| (one.shadowed.clone(), one.conflicts.clone())).collect();
    assert_eq!(told, [(Fact::No, Fact::Yes), (Fact::No, Fact::Yes), (Fact::Yes, Fact::No)]);
    assert_eq!((both[0].with.clone(), both[1].with.clone()), (vec![1], vec![0]));
}

#[test]
fn a_rule_is_no_reason_to_do_without_itself() {
    let one = shadows(vec![deny("one", 100, "20.0.0.0/8")]);
    assert_eq!((&one[0].shadowed, &one[0].redundant), (&Fact::No, &Fact::No));
    let two = shadows(vec![allow("one", 100, "20.0.0.0/8"), allow("two", 110, "20.0.0.0/7")]);
    assert_eq!((&two[0].shadowed, &two[0].redundant), (&Fact::No, &Fact::Yes));
}

#[test]
fn more_rules_than_azure_takes_are_not_compared() {
    let rules = |count: i64| (0..count).map(|at| deny(&format!("r{at}"), 100 + at, "20.0.0.0/8")).collect::<Vec<_>>();
    assert!(shadows(rules(2001)).iter().all(|one| matches!(one.shadowed, Fact::Unknown(_))));
    let few = shadows(rules(3));
    assert_eq!(few.iter().map(|one| one.shadowed.clone()).collect::<Vec<_>>(), [Fact::No, Fact::Yes, Fact::Yes]);
}

#[test]
fn what_is_taken_for_granted_of_a_firewall_is_said_where_one_is_met() {
    let hosts = |text: &str| HostSet::of(&HostPattern::read(text).unwrap());
    let mut by_name = network("name", ProtocolSet::TCP, &[], port(443));
    by_name.destination_fqdns = vec![known(Arc::from("pypi.org"))];
    let mut categories = application("games", &[("Https", 443)], &["games.org"]);
    categories.web_categories = vec![known(Arc::from("games"))];
    let open = network("all", ProtocolSet::TCP, &["*"], port(443));
    let said = |rules: Vec<_>, denied: Vec<_>| {
        let collections =
            vec![collection("no", 100, Access::Deny, denied), collection("yes", 200, Access::Allow, rules)];
        let mut estate = estate(vec![vec![group(100, collections)]]);
        estate.policies[0].dns_proxy = Some(known(true));
        let table = table(vec![route("default", "0.0.0.0/0", NextHop::VirtualAppliance)]);
        let mut scene =
            Scene::default().in_location("westeurope").with_subnet(set(&["10.0.1.0/24"])).in_estate(&estate);
        scene.routes = Some(Given::Here(&table));
        let path = scene.prepared().path(&flow(Party::Hosts(hosts("pypi.org")), port(443)), None);
        assert_eq!(path.verdict, Verdict::Satisfied);
        let about = |word: &str| path.assumptions.iter().any(|one| one.contains(word));
        assert!(about("threat intelligence") && about("security admin rule"));
        (about("web category"), about("DNS proxy"), path.by_host_names)
    };
    assert_eq!(said(vec![open.clone()], Vec::new()), (false, false, false));
    assert_eq!(said(vec![open], vec![categories.clone()]), (true, false, false));
    assert_eq!(said(vec![by_name], Vec::new()), (false, true, true));
    let app = application("python", &[("Https", 443)], &["pypi.org"]);
    assert_eq!(said(vec![app.clone()], vec![categories.clone()]), (true, false, true));
    categories.target_fqdns.clear();
    assert_eq!(said(vec![app], vec![categories]), (true, false, true), "a rule of categories alone");
}

#[test]
fn a_tag_of_another_cloud_is_equal_to_itself_and_to_nothing_else() {
    let ask = |allowed: &str, to: &str| {
        let group = security_group(vec![allow("one", 100, allowed), deny("all", 200, "*")]);
        scene(&group).in_location("chinaeast2").prepared().judge(&flow(tag(to), port(443))).verdict
    };
    assert_eq!(ask("AzureFrontDoor.FirstParty", "AzureFrontDoor.FirstParty"), Verdict::Satisfied);
    assert_eq!(ask("Storage.WestEurope", "Storage.WestEurope"), Verdict::Satisfied);
    assert_eq!(ask("Storage.WestEurope", "Storage"), Verdict::Violated, "it matches nothing here");
}

#[test]
fn addresses_beside_a_tag_are_its_own_in_effective_rules_alone() {
    let ask = |effective: bool, items: &[&str], to: &str| {
        let mut rule = allow("one", 100, "*");
        rule.destinations.items = items.iter().map(|text| peer(text)).collect();
        let mut group = security_group(vec![rule, deny("all", 200, "*")]);
        group.effective = effective;
        let scene = scene(&group).with_network(set(&["10.0.0.0/16", "10.2.0.0/16"]));
        scene.prepared().judge(&flow(Party::read(to, None).unwrap(), port(443))).verdict
    };
    for (effective, there) in [(false, Verdict::Satisfied), (true, Verdict::Violated)] {
        // Effective rules show what `VirtualNetwork` stood for; elsewhere it is named beside other addresses.
        assert_eq!(ask(effective, &["VirtualNetwork", "10.0.0.0/16"], "10.2.0.0/16"), there);
        assert_eq!(ask(effective, &["VirtualNetwork"], "10.2.0.0/16"), Verdict::Satisfied);
        assert_eq!(ask(effective, &["VirtualNetwork", "10.0.0.0/16"], "10.0.7.0/24"), Verdict::Satisfied);
    }
    // While no addresses are loaded, an effective rule stands by the name of its tag.
    assert_eq!(ask(false, &["Storage", "20.1.0.0/16"], "20.1.7.0/24"), Verdict::Satisfied);
    assert_eq!(ask(true, &["Storage", "20.1.0.0/16"], "Storage"), Verdict::Satisfied);
    assert_eq!(ask(true, &["Storage", "20.1.0.0/16"], "20.1.7.0/24"), Verdict::Undecided);
    assert_eq!(ask(true, &["20.1.0.0/16"], "20.1.7.0/24"), Verdict::Satisfied);
}

#[test]
fn what_is_not_known_of_the_network_may_be_its_own() {
    let group = security_group(vec![allow("own", 100, "VirtualNetwork"), deny("all", 200, "*")]);
    let ask = |complete| {
        let scene = Scene { network_complete: complete, ..scene(&group) };
        scene.prepared().judge(&flow(Party::Addresses(set(&["10.9.0.0/16"])), port(443))).verdict
    };
    assert_eq!((ask(true), ask(false)), (Verdict::Violated, Verdict::Undecided));
}

#[test]
fn the_platform_is_no_part_of_what_is_asked_of_routes() {
    let table = table(vec![route("out", "168.63.0.0/16", NextHop::Internet)]);
    let scene = Scene::of_routes(&table, None).with_subnet(set(&["10.0.1.0/24"]));
    let led = |to: &str, hop| scene.prepared().judge_route(&Party::Addresses(set(&[to])), hop).verdict;
    assert_eq!(led("168.63.128.0/17", NextHop::Internet), Verdict::Satisfied);
    assert_eq!(led("168.63.129.16/32", NextHop::Drop), Verdict::Satisfied);
    assert_eq!(led("168.63.128.0/17", NextHop::Drop), Verdict::Violated);
}

#[test]
fn of_admin_rules_with_one_priority_any_may_go_first() {
    use crate::estate::AdminRule;
    use crate::proof::given::AdminRules;
    use crate::proof::tests::header;
    let ask = |one: Access, two: Access, priority| {
        let rule = |access, priority, always| AdminRule {
            header: header("admin"),
            rule: outbound("admin", priority, access, "*", PortSet::full()),
            always,
            effective: true,
        };
        let list = [rule(one, 100, one == Access::Allow), rule(two, priority, two == Access::Allow)];
        let group = security_group(vec![deny("all", 100, "*")]);
        let admin = AdminRules { rules: list.iter().map(|one| (one, None)).collect(), hidden: None, listed: false };
        let scene = Scene { admin, ..scene(&group) };
        scene.prepared().judge(&flow(tag("Storage"), port(443))).verdict
    };
    assert_eq!(ask(Access::Allow, Access::Deny, 100), Verdict::Undecided);
    assert_eq!(ask(Access::Deny, Access::Allow, 100), Verdict::Undecided);
    assert_eq!(ask(Access::Allow, Access::Allow, 100), Verdict::Satisfied);
    assert_eq!(ask(Access::Allow, Access::Deny, 200), Verdict::Satisfied);
    assert_eq!(ask(Access::Deny, Access::Allow, 200), Verdict::Violated);
}

#[test]
fn less_is_known_of_tags_in_ipv6() {
    let ask = |allowed: &str, subnet: &str| {
        let group = security_group(vec![allow("one", 100, allowed), deny("all", 200, "*")]);
        let groups = vec![(Level::Subnet, Given::Here(&group))];
        let scene = Scene { groups, ..Scene::default() }.in_location("westeurope").with_subnet(set(&[subnet]));
        scene.prepared().judge(&flow(tag("AzureMachineLearning"), port(443))).verdict
    };
    let (v4, v6) = ("10.0.1.0/24", "2001:db8:1::/64");
    assert_eq!(
        (ask("AzureMachineLearning", v4), ask("AzureMachineLearning", v6)),
        (Verdict::Satisfied, Verdict::Satisfied)
    );
    assert_eq!((ask("AzureCloud", v4), ask("AzureCloud", v6)), (Verdict::Satisfied, Verdict::Undecided));
}

#[test]
fn that_internet_matches_behind_an_appliance_is_taken_for_granted_where_it_decides() {
    let through = table(vec![route("default", "0.0.0.0/0", NextHop::VirtualNetworkGateway)]);
    let straight = table(vec![route("other", "10.1.0.0/16", NextHop::VirtualNetworkGateway)]);
    let said = |rules: Vec<SecurityRule>, table| {
        let group = security_group(rules);
        let scene = Scene { routes: Some(Given::Here(table)), ..scene(&group) };
        let path = scene.prepared().path(&flow(tag("Storage"), port(443)), None);
        path.assumptions.iter().any(|one| one.contains("`Internet` also matches"))
    };
    assert!(said(Vec::new(), &through), "a built-in rule names it");
    assert!(said(vec![allow("out", 100, "internet"), deny("all", 200, "*")], &through));
    assert!(!said(vec![allow("out", 100, "Storage"), deny("all", 200, "*")], &through));
    assert!(!said(vec![allow("out", 100, "*")], &through));
    assert!(!said(Vec::new(), &straight));
}

#[test]
fn of_inbound_traffic_admin_rules_are_taken_for_granted_too() {
    let group = security_group(Vec::new());
    let inbound = Flow {
        direction: Direction::Inbound,
        from: tag("AzureMachineLearning"),
        to: Party::Subnet,
        ..flow(Party::Subnet, port(443))
    };
    let path = scene(&group).prepared().path(&inbound, None);
    assert_eq!(path.verdict, Verdict::Violated);
    assert_eq!(path.assumptions.len(), 1);
    assert!(path.assumptions[0].contains("security admin rule"));
}

#[test]
fn a_firewall_that_a_flow_does_not_meet_is_no_part_of_its_way() {
    let estate = estate(vec![Vec::new()]);
    let table = table(vec![
        route("default", "0.0.0.0/0", NextHop::VirtualAppliance),
        route("learning", "AzureMachineLearning", NextHop::Internet),
    ]);
    let mut scene = Scene::default().in_location("westeurope").with_subnet(set(&["10.0.1.0/24"])).in_estate(&estate);
    scene.routes = Some(Given::Here(&table));
    let met = |name: &str| {
        let path = scene.prepared().path(&flow(tag(name), port(443)), None);
        let layers: Vec<(Layer, Verdict)> = path.layers.iter().map(|(layer, one)| (*layer, one.verdict)).collect();
        (path.assumptions.iter().any(|one| one.contains("threat intelligence")), layers)
    };
    assert_eq!(met("AzureMachineLearning"), (false, Vec::new()));
    // The route leads to the firewall, which is to blame: by itself it lets everything pass.
    assert_eq!(met("Storage").1, [(Layer::Route, Verdict::Satisfied), (Layer::Firewall, Verdict::Undecided)]);
}

#[test]
fn a_firewall_is_asked_anew_when_the_hosts_are_known() {
    let rule = application("python", &[("Https", 443)], &["pypi.org"]);
    let estate = estate(vec![vec![group(100, vec![collection("hosts", 200, Access::Allow, vec![rule])])]]);
    let hosts = HostSet::of(&HostPattern::read("pypi.org").unwrap());
    let scene = Scene::default().in_location("westeurope").with_subnet(set(&["10.0.1.0/24"]));
    let prepared = scene.prepared();
    let firewall = crate::proof::firewall::Appliance::Firewall(&estate.firewalls[0]);
    let ask = |names| prepared.judge_firewall(&estate, firewall, &flow(tag("Storage"), port(443)), names).verdict;
    let both = [ask(None), ask(Some(&hosts)), ask(None)];
    assert_eq!(both, [Verdict::Undecided, Verdict::Satisfied, Verdict::Undecided]);
}

#[test]
fn what_a_route_may_have_made_part_of_the_network_may_be_let_in() {
    let group = security_group(Vec::new());
    let ask = |prefix: &str| {
        let table = table(vec![route("one", prefix, NextHop::VirtualNetworkGateway)]);
        let scene = Scene { routes: Some(Given::Here(&table)), ..scene(&group) };
        let (direction, from) = (Direction::Inbound, tag("AzureMachineLearning"));
        scene.prepared().judge(&Flow { direction, from, ..flow(Party::Subnet, port(443)) }).verdict
    };
    assert_eq!((ask("0.0.0.0/0"), ask("10.1.0.0/16")), (Verdict::Undecided, Verdict::Violated));
}

#[test]
fn the_network_is_reached_by_its_own_routes_wherever_the_rest_of_it_lies() {
    let own = set(&["10.1.0.0/16"]);
    let scene = Scene { network: own.clone(), own_space: vec![own], ..Scene::default() }.in_location("westeurope");
    let led = |hop| scene.prepared().judge_route(&tag("VirtualNetwork"), hop).verdict;
    assert_eq!((led(NextHop::VnetLocal), led(NextHop::Drop)), (Verdict::Satisfied, Verdict::Violated));
}

#[test]
fn a_route_that_a_hub_teaches_takes_its_own_prefix() {
    let doubt = || crate::proof::doubt::Doubt::new("a hub");
    let learnt = crate::proof::given::Learnt { prefix: "10.0.0.0/8", leads: Err(doubt()), maybe: None };
    let scene = Scene { hub_routes: vec![learnt], network_complete: true, ..Scene::default() };
    let led = |to: &str, hop| scene.prepared().judge_route(&Party::Addresses(set(&[to])), hop).verdict;
    assert_eq!(led("20.0.0.0/8", NextHop::Internet), Verdict::Satisfied);
    assert_eq!(led("10.3.0.0/16", NextHop::Drop), Verdict::Undecided);
}

#[test]
fn each_of_the_platforms_addresses_is_denied_by_its_own_tag_alone() {
    for (denied, resolver, metadata) in [
        ("AzurePlatformDNS", Verdict::Violated, Verdict::Satisfied),
        ("AzurePlatformIMDS", Verdict::Satisfied, Verdict::Violated),
        ("*", Verdict::Satisfied, Verdict::Satisfied),
    ] {
        let ask =
            |to: &str| judge(vec![deny("one", 100, denied)], &flow(Party::read(to, None).unwrap(), port(80))).verdict;
        assert_eq!((ask("168.63.129.16"), ask("169.254.169.254")), (resolver, metadata), "{denied}");
    }
}

#[test]
fn no_rule_of_unknown_priority_goes_ahead_of_a_hundred() {
    let ask = |priority| {
        let floating = SecurityRule { priority: unknown("priority"), ..deny("floating", 0, "*") };
        judge(vec![allow("first", priority, "*"), floating], &flow(tag("Storage"), port(443))).verdict
    };
    assert_eq!((ask(100), ask(101)), (Verdict::Satisfied, Verdict::Undecided));
}

#[test]
fn a_rule_for_every_region_is_enough_only_where_nothing_lies_outside_them() {
    let ask = |cloud: Cloud, location: &str| {
        let base = Tag::named("Storage").unwrap();
        let tags =
            Region::all().iter().filter(|region| region.cloud == cloud).filter_map(|region| base.in_region(region));
        let mut rules: Vec<SecurityRule> =
            (100..).zip(tags).map(|(at, tag)| allow("one", at, &tag.to_string())).collect();
        rules.push(deny("all", 4000, "*"));
        let group = security_group(rules);
        scene(&group).in_location(location).prepared().judge(&flow(tag("Storage"), port(443))).verdict
    };
    // In the public cloud some addresses of `Storage` are in no region (TAG-15); of the one in China nothing says so.
    assert_eq!(ask(Cloud::Public, "westeurope"), Verdict::Violated);
    assert_eq!(ask(Cloud::China, "chinaeast2"), Verdict::Undecided);
}
