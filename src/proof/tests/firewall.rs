//! What is documented of Azure Firewall, by example.

use std::sync::Arc;

use crate::estate::{Access, Direction, Estate, FirewallRule, NextHop, Reference, RuleCollectionGroup};
use crate::finding::Layer;
use crate::finding::Verdict;
use crate::json::{Member, Node, Value};
use crate::net::{AddressSet, PortSet, ProtocolSet, Tag};
use crate::proof::firewall::Appliance;
use crate::proof::given::Given;
use crate::proof::ground::Party;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::judgement::{Coordinate, Decider, Flow, Judgement, Kind, Matching};
use crate::proof::scene::{Level, Scene};
use crate::proof::tests::{
    application, collection, estate, group, known, nat, network, outbound, peer, place, route, security_group, table,
    unknown,
};

const TCP: ProtocolSet = ProtocolSet::TCP;

fn port(port: u16) -> PortSet {
    PortSet::range(port, port)
}

fn hosts(texts: &[&str]) -> HostSet {
    let patterns: Vec<HostPattern> = texts.iter().map(|text| HostPattern::read(text).unwrap()).collect();
    HostSet::of_all(&patterns)
}

fn tag(name: &str) -> Party {
    Party::Tag(Tag::named(name).unwrap())
}

fn flow(to: Party, port: u16) -> Flow {
    Flow {
        direction: Direction::Outbound,
        protocols: TCP,
        from: Party::Subnet,
        to,
        ports: PortSet::range(port, port),
        matching: Matching::Effective,
    }
}

fn scene() -> Scene<'static> {
    let subnet = AddressSet::prefix("10.0.1.0/24".parse().unwrap());
    Scene::default().in_location("westeurope").with_subnet(subnet)
}

fn asked(estate: &Estate, to: Party, port: u16, names: Option<&HostSet>) -> Judgement {
    scene().prepared().judge_firewall(estate, Appliance::Firewall(&estate.firewalls[0]), &flow(to, port), names)
}

fn one(access: Access, rules: Vec<FirewallRule>) -> RuleCollectionGroup {
    group(200, vec![collection("collection", 100, access, rules)])
}

fn allowing(rules: Vec<FirewallRule>) -> Estate {
    estate(vec![vec![one(Access::Allow, rules)]])
}

/// A parent and a child, each with collections of several kinds in groups whose numbers say the opposite of the order.
#[test]
fn kinds_go_before_parents_and_parents_before_numbers() {
    let of = |kind: &str, name: &str, priority| {
        let rule = match kind {
            "nat" => nat("rule"),
            "network" => network("rule", TCP, &["*"], port(1)),
            _ => application("rule", &[("Https", 443)], &["*"]),
        };
        collection(name, priority, Access::Allow, vec![rule])
    };
    let parent = vec![
        group(
            200,
            vec![of("application", "AppRC2", 1200), of("nat", "DNATRC3", 600), of("network", "NetworkRC1", 800)],
        ),
        group(300, vec![of("network", "NetworkRC2", 1300)]),
        group(100, vec![of("nat", "DNATRC1", 610)]),
    ];
    let child = vec![
        group(200, vec![of("application", "ChAppRC1", 1100), of("network", "ChNetRC1", 700)]),
        group(100, vec![of("nat", "ChDNATRC3", 3000)]),
        group(300, vec![of("network", "ChNetRC2", 100), of("application", "ChAppRC2", 2000)]),
    ];
    let estate = estate(vec![parent, child]);
    let order = Appliance::Firewall(&estate.firewalls[0]).rules_in_order(&estate);
    let names: Vec<&str> = order.iter().map(|one| &**one.collection.name.known().unwrap()).collect();
    let expected = [
        "DNATRC1",
        "DNATRC3",
        "ChDNATRC3",
        "NetworkRC1",
        "NetworkRC2",
        "ChNetRC1",
        "ChNetRC2",
        "AppRC2",
        "ChAppRC1",
        "ChAppRC2",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_no_rule_matches_is_denied() {
    let estate = allowing(vec![network("storage", TCP, &["Storage"], port(443))]);
    let denied = asked(&estate, tag("AzureMachineLearning"), 443, None);
    assert_eq!((denied.verdict, denied.layer), (Verdict::Violated, Some(Layer::Firewall)));
    assert_eq!(denied.deciders[0].kind, Kind::BuiltIn);
    assert_eq!(denied.near[0].coordinate, Coordinate::Destination);
}

#[test]
fn a_network_rule_proves_a_tag() {
    let estate = allowing(vec![network("aml", TCP, &["AzureMachineLearning"], port(443))]);
    let allowed = asked(&estate, tag("AzureMachineLearning"), 443, None);
    assert_eq!(allowed.verdict, Verdict::Satisfied);
    assert!(!allowed.by_host_names);
}

#[test]
fn any_protocol_with_a_port_is_tcp_and_udp() {
    let estate = allowing(vec![network("any", ProtocolSet::ALL, &["*"], port(443))]);
    let ask = |protocols, ports| {
        let flow = Flow { protocols, ports, ..flow(tag("AzureMachineLearning"), 443) };
        scene().prepared().judge_firewall(&estate, Appliance::Firewall(&estate.firewalls[0]), &flow, None).verdict
    };
    assert_eq!(ask(ProtocolSet::UDP, port(443)), Verdict::Satisfied);
    assert_eq!(ask(ProtocolSet::ICMP, PortSet::full()), Verdict::Violated);
}

#[test]
fn a_network_rule_ends_it_for_https_too() {
    let network = |access| one(access, vec![network("net", TCP, &["*"], port(443))]);
    let app = |access| {
        let rule = application("app", &[("Https", 443)], &["pypi.org"]);
        group(100, vec![collection("first", 100, access, vec![rule])])
    };
    let ask = |groups| asked(&estate(vec![groups]), Party::Hosts(hosts(&["pypi.org"])), 443, None).verdict;
    assert_eq!(ask(vec![app(Access::Deny), network(Access::Allow)]), Verdict::Satisfied);
    assert_eq!(ask(vec![app(Access::Allow), network(Access::Deny)]), Verdict::Violated);
}

#[test]
fn an_application_rule_proves_its_hosts_only() {
    let estate = allowing(vec![application("app", &[("Https", 443)], &["*.azureml.ms", "pypi.org"])]);
    let ask = |host: &str, port| asked(&estate, Party::Hosts(hosts(&[host])), port, None).verdict;
    assert_eq!(ask("*.api.azureml.ms", 443), Verdict::Satisfied);
    assert_eq!(ask("azureml.ms", 443), Verdict::Violated);
    assert_eq!(ask("*.ms", 443), Verdict::Violated);
    assert_eq!(ask("pypi.org", 80), Verdict::Violated);
}

#[test]
fn hosts_of_others_are_in_no_tag_of_one_service() {
    let ask = |allowed: &str, to: Party| {
        let estate = allowing(vec![network("tag", TCP, &[allowed], port(443))]);
        asked(&estate, to, 443, None).verdict
    };
    let strangers = || Party::Untagged(hosts(&["pypi.org"]));
    assert_eq!(ask("AzureMachineLearning", Party::Hosts(hosts(&["pypi.org"]))), Verdict::Undecided);
    assert_eq!(ask("AzureMachineLearning", strangers()), Verdict::Violated);
    assert_eq!(ask("AzureCloud", strangers()), Verdict::Undecided);
    assert_eq!(ask("*", strangers()), Verdict::Satisfied);
}

#[test]
fn hosts_that_are_left_out_are_named() {
    let estate = allowing(vec![application("app", &[("Https", 443)], &["*.api.azureml.ms"])]);
    let left = asked(&estate, Party::Hosts(hosts(&["*.azureml.ms"])), 443, None);
    assert_eq!(left.uncovered, ["*.azureml.ms except *.api.azureml.ms"]);
    assert_eq!(left.witness.unwrap().destination, "host.azureml.ms");
}

#[test]
fn a_tag_is_proven_by_all_its_hosts() {
    let rule = |hosts: &[&str]| allowing(vec![application("app", &[("Https", 443)], hosts)]);
    let names = hosts(&["mcr.microsoft.com", "*.data.mcr.microsoft.com"]);
    let ask = |estate: &Estate, names| asked(estate, tag("MicrosoftContainerRegistry"), 443, names);
    let all = rule(&["mcr.microsoft.com", "*.data.mcr.microsoft.com"]);
    let proven = ask(&all, Some(&names));
    assert_eq!((proven.verdict, proven.by_host_names), (Verdict::Satisfied, true));
    assert_eq!(ask(&all, None).verdict, Verdict::Undecided);
    let some = rule(&["mcr.microsoft.com"]);
    let part = ask(&some, Some(&names));
    assert_eq!((part.verdict, part.uncovered), (Verdict::Violated, vec!["*.data.mcr.microsoft.com".to_owned()]));
}

#[test]
fn an_application_rule_on_another_port_decides_nothing() {
    let estate = allowing(vec![application("app", &[("Https", 8787)], &["*.instances.azureml.ms"])]);
    let open = asked(&estate, Party::Hosts(hosts(&["*.instances.azureml.ms"])), 8787, None);
    assert_eq!(open.verdict, Verdict::Undecided);
    let estate = allowing(vec![application("app", &[("Https", 80)], &["pypi.org"])]);
    assert_eq!(asked(&estate, Party::Hosts(hosts(&["pypi.org"])), 80, None).verdict, Verdict::Violated);
}

#[test]
fn a_host_in_a_network_rule_needs_the_dns_proxy() {
    let mut rule = network("fqdn", TCP, &[], port(445));
    rule.destination_fqdns = vec![known(Arc::from("s.file.core.windows.net")), known(Arc::from("*.contoso.com"))];
    let mut estate = allowing(vec![rule]);
    let ask = |estate: &Estate, to| asked(estate, to, 445, None).verdict;
    let host = || Party::Hosts(hosts(&["s.file.core.windows.net"]));
    assert_eq!(ask(&estate, host()), Verdict::Undecided);
    estate.policies[0].dns_proxy = Some(known(true));
    assert_eq!(ask(&estate, host()), Verdict::Satisfied);
    assert_eq!(ask(&estate, tag("Storage")), Verdict::Undecided);
    estate.collection_groups[0].collections[0].rules[0].destination_fqdns.remove(0);
    assert_eq!(ask(&estate, Party::Hosts(hosts(&["www.contoso.com"]))), Verdict::Violated);
}

#[test]
fn fqdn_tags_prove_nothing_and_open_nothing_elsewhere() {
    let ask = |tag: &str, host: &str| {
        let mut rule = application("app", &[("Https", 443)], &[]);
        rule.fqdn_tags = vec![known(Arc::from(tag))];
        asked(&allowing(vec![rule]), Party::Hosts(hosts(&[host])), 443, None).verdict
    };
    assert_eq!(ask("WindowsUpdate", "update.microsoft.com"), Verdict::Undecided);
    for host in ["*.azureml.ms", "management.azure.com", "mcr.microsoft.com", "s.blob.core.windows.net"] {
        assert_eq!(ask("WindowsUpdate", host), Verdict::Violated, "{host}");
    }
    // What a cluster needs is documented, and images of Microsoft are a part of it.
    assert_eq!(ask("AzureKubernetesService", "mcr.microsoft.com"), Verdict::Undecided);
    assert_eq!(ask("AzureKubernetesService", "*.batch.azure.com"), Verdict::Violated);
    assert_eq!(ask("NoSuchTag", "*.azureml.ms"), Verdict::Undecided);
}

#[test]
fn addresses_of_an_application_rule_have_no_effect() {
    let mut rule = application("app", &[("Https", 443)], &["pypi.org"]);
    rule.destinations = vec![peer("198.51.100.0/24")];
    let passed = asked(&allowing(vec![rule]), Party::Hosts(hosts(&["pypi.org"])), 443, None);
    assert_eq!(passed.verdict, Verdict::Satisfied);
}

#[test]
fn no_file_order_decides_between_equal_priorities() {
    let rule = |access| vec![collection("c", 100, access, vec![network("all", TCP, &["*"], port(443))])];
    let ask = |groups| asked(&estate(vec![groups]), tag("AzureMachineLearning"), 443, None).verdict;
    let (allow, deny) = (rule(Access::Allow), rule(Access::Deny));
    for both in [[allow.clone(), deny.clone()].concat(), [deny.clone(), allow.clone()].concat()] {
        assert_eq!(ask(vec![group(200, both)]), Verdict::Undecided);
    }
    for (first, second) in [(&allow, &deny), (&deny, &allow)] {
        let of = |number, collections: &[_]| group(number, collections.to_vec());
        assert_eq!(ask(vec![of(200, first), of(200, second)]), Verdict::Undecided);
        // A parent goes before its child whatever the numbers.
        let inherited = estate(vec![vec![of(200, first)], vec![of(200, second)]]);
        let verdict = asked(&inherited, tag("AzureMachineLearning"), 443, None).verdict;
        assert_ne!(verdict, Verdict::Undecided);
    }
}

/// Behind a default route to an appliance `Internet` goes on matching, and what `VirtualNetwork` holds is not known; the
/// firewall, which lets nothing pass, is to blame in either case.
#[test]
fn the_layer_that_decides_alone_is_told() {
    let estate = allowing(vec![network("storage", TCP, &["Storage"], port(443))]);
    let table = table(vec![route("default", "0.0.0.0/0", NextHop::VirtualAppliance)]);
    let judge = |name: &str, to: Party| {
        let group = security_group(vec![
            outbound("allow", 100, Access::Allow, name, PortSet::full()),
            outbound("deny", 200, Access::Deny, "*", PortSet::full()),
        ]);
        let space = AddressSet::prefix("10.0.0.0/16".parse().unwrap());
        let mut scene = scene().with_network(space).in_estate(&estate);
        scene.routes = Some(Given::Here(&table));
        scene.groups = vec![(Level::Subnet, Given::Here(&group))];
        let judgement = scene.prepared().path(&flow(to, 443), None);
        (judgement.verdict, judgement.layer)
    };
    let denied = (Verdict::Violated, Some(Layer::Firewall));
    assert_eq!(judge("Internet", tag("Storage")).0, Verdict::Satisfied);
    assert_eq!(judge("Internet", tag("AzureMachineLearning")), denied);
    assert_eq!(judge("VirtualNetwork", tag("Storage")).0, Verdict::Undecided);
    assert_eq!(judge("VirtualNetwork", tag("AzureMachineLearning")), denied);
    assert_eq!(judge("Sql", tag("AzureMachineLearning")).0, Verdict::Violated);
}

#[test]
fn a_rule_for_part_of_the_subnet_leaves_the_rest() {
    let mut rule = network("aml", TCP, &["AzureMachineLearning"], port(443));
    rule.sources = vec![peer("10.0.1.0/25")];
    let left = asked(&allowing(vec![rule]), tag("AzureMachineLearning"), 443, None);
    assert_eq!((left.verdict, left.uncovered), (Verdict::Violated, vec!["10.0.1.128/25".to_owned()]));
}

#[test]
fn what_is_not_among_the_input_leaves_it_open() {
    let missing = || Reference { id: known(Arc::from("/x/ipGroups/g")), target: None };
    let mut rule = network("aml", TCP, &["AzureMachineLearning"], port(443));
    (rule.sources, rule.source_groups) = (Vec::new(), vec![missing()]);
    let open = asked(&allowing(vec![rule]), tag("AzureMachineLearning"), 443, None);
    assert_eq!(open.verdict, Verdict::Undecided);
    assert!(open.why[0].message().contains("IP group `g`"), "{:?}", open.why);
    let full = || allowing(vec![network("aml", TCP, &["AzureMachineLearning"], port(443))]);
    for change in [
        (|estate: &mut Estate| estate.policies[0].base = Some(Reference { id: known(Arc::from("p")), target: None }))
            as fn(&mut Estate),
        |estate| estate.policies[0].base = Some(Reference { id: known(Arc::from("p")), target: Some(0) }),
        |estate| estate.policies[0].group_ids.push(known(Arc::from("other"))),
        |estate| estate.firewalls[0].policy = Some(Reference { id: known(Arc::from("p")), target: None }),
        |estate| estate.collection_groups[0].collections[0].action = Some(unknown("action")),
        |estate| estate.collection_groups[0].unknown_collections.push(unknown("part")),
    ] {
        let mut estate = full();
        change(&mut estate);
        assert_eq!(asked(&estate, tag("AzureMachineLearning"), 443, None).verdict, Verdict::Undecided);
    }
}

#[test]
fn an_unknown_priority_matters_only_where_it_decides() {
    let mut allow = one(Access::Allow, vec![network("allow", TCP, &["*"], port(443))]);
    allow.priority = Some(unknown("priority"));
    let deny =
        |number| group(300, vec![collection("deny", 100, Access::Deny, vec![network("d", TCP, &["*"], port(number))])]);
    let ask = |groups| asked(&estate(vec![groups]), tag("AzureMachineLearning"), 443, None).verdict;
    assert_eq!(ask(vec![allow.clone(), deny(443)]), Verdict::Undecided);
    assert_eq!(ask(vec![allow.clone(), deny(80)]), Verdict::Satisfied);
    assert_eq!(ask(vec![allow]), Verdict::Satisfied);
}

#[test]
fn network_rules_without_address_translation_reach_nothing() {
    let mut estate = allowing(vec![
        network("aml", TCP, &["AzureMachineLearning"], port(443)),
        application("app", &[("Http", 80)], &["pypi.org"]),
    ]);
    let object = |key: &str, value| {
        let member = Member { key: Arc::from(key), key_span: place(), node: value };
        Node::new(Value::Object(Arc::from(vec![member])), place())
    };
    let range = Node::new(Value::Text(Arc::from("0.0.0.0/0")), place());
    let list = Node::new(Value::List(Arc::from(vec![range])), place());
    estate.policies[0].header.node = object("properties", object("snat", object("privateRanges", list)));
    let lost = asked(&estate, tag("AzureMachineLearning"), 443, None);
    assert_eq!((lost.verdict, &*lost.deciders[0].name), (Verdict::Violated, "snat.privateRanges"));
    assert_eq!(asked(&estate, Party::Hosts(hosts(&["pypi.org"])), 80, None).verdict, Verdict::Satisfied);
}

#[test]
fn routes_share_a_flow_between_firewall_and_internet() {
    let estate = allowing(vec![network("storage", TCP, &["Storage"], port(443))]);
    let judge = |routes| {
        let table = table(routes);
        let mut scene = scene().in_estate(&estate);
        scene.routes = Some(Given::Here(&table));
        let path = scene.prepared().path(&flow(tag("AzureMachineLearning"), 443), None);
        (path.verdict, path.layer)
    };
    let to_firewall = || route("default", "0.0.0.0/0", NextHop::VirtualAppliance);
    assert_eq!(judge(vec![to_firewall()]), (Verdict::Violated, Some(Layer::Firewall)));
    let out = route("aml", "AzureMachineLearning", NextHop::Internet);
    assert_eq!(judge(vec![to_firewall(), out]).0, Verdict::Satisfied);
    assert_eq!(judge(vec![route("none", "0.0.0.0/0", NextHop::Drop)]), (Verdict::Violated, Some(Layer::Route)));
    let mut other = to_firewall();
    other.next_hop_addresses = vec![known(std::net::IpAddr::from([10, 0, 9, 5]))];
    assert_eq!(judge(vec![other]).0, Verdict::Undecided);
}

#[test]
fn replies_to_the_internet_must_not_leave_through_the_firewall() {
    let estate = allowing(Vec::new());
    let inbound = Flow {
        direction: Direction::Inbound,
        from: tag("AzureMachineLearning"),
        to: Party::Subnet,
        ..flow(Party::Subnet, 44224)
    };
    let judge = |routes| {
        let table = table(routes);
        let mut scene = scene().in_estate(&estate);
        scene.routes = Some(Given::Here(&table));
        scene.prepared().path(&inbound, None)
    };
    let to_firewall = || route("default", "0.0.0.0/0", NextHop::VirtualAppliance);
    let asymmetric = judge(vec![to_firewall()]);
    assert_eq!((asymmetric.verdict, asymmetric.layer), (Verdict::Violated, Some(Layer::Route)));
    let out = route("aml", "AzureMachineLearning", NextHop::Internet);
    assert_eq!(judge(vec![to_firewall(), out]).verdict, Verdict::Satisfied);
}

#[test]
fn what_a_gateway_may_teach_is_taken_for_granted_where_it_could() {
    let said = |scene: &Scene<'_>| {
        let path = scene.prepared().path(&flow(tag("AzureActiveDirectory"), 443), None);
        path.assumptions.iter().any(|one| one.contains("by BGP"))
    };
    let open = table(vec![route("other", "10.1.0.0/16", NextHop::Drop)]);
    let own = table(vec![route("default", "0.0.0.0/0", NextHop::Internet)]);
    let mut shut = table(Vec::new());
    shut.disable_bgp = Some(known(true));
    let with = |table, gateway| Scene { routes: table, subnet_shown: true, gateway, ..scene() };
    assert!(said(&with(None, true)));
    assert!(said(&with(Some(Given::Here(&open)), true)));
    assert!(!said(&with(Some(Given::Here(&open)), false)));
    assert!(!said(&with(Some(Given::Here(&own)), true)));
    assert!(!said(&with(Some(Given::Here(&shut)), true)));
}

#[test]
fn a_decider_of_the_other_end_is_told_as_one() {
    let mut denied = asked(&allowing(Vec::new()), tag("AzureMachineLearning"), 443, None);
    assert!(!denied.deciders[0].is_elsewhere());
    denied.elsewhere();
    assert!(denied.deciders.iter().all(Decider::is_elsewhere));
    assert!(denied.replay.iter().all(|step| step.rule.is_elsewhere()));
}

#[test]
fn a_target_url_proves_its_host() {
    let ask = |url: &str| {
        let mut rule = application("app", &[("Https", 443)], &[]);
        rule.target_urls = vec![known(Arc::from(url))];
        asked(&allowing(vec![rule]), Party::Hosts(hosts(&["pypi.org"])), 443, None).verdict
    };
    assert_eq!(ask("contoso.com/simple"), Verdict::Violated);
    assert_ne!(ask("https://pypi.org/simple"), Verdict::Violated);
}

#[test]
fn a_database_is_spoken_to_by_its_own_protocol() {
    let estate = allowing(vec![application("app", &[("Mssql", 1433)], &["db.contoso.com"])]);
    let ask = |port| asked(&estate, Party::Hosts(hosts(&["db.contoso.com"])), port, None).verdict;
    assert_eq!(ask(1433), Verdict::Satisfied);
    assert_eq!(ask(443), Verdict::Violated);
}
