//! What a firewall is made of, and what is not shown of it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Access, CollectionKind, Direction, Estate, FirewallRule, NextHop, RuleCollection};
use crate::finding::Verdict;
use crate::json::{Member, Node, Value};
use crate::net::{AddressSet, PortSet, ProtocolSet, Tag};
use crate::proof::firewall::Appliance;
use crate::proof::given::Given;
use crate::proof::ground::Party;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::judgement::{Flow, Matching};
use crate::proof::scene::Scene;
use crate::proof::tests::{application, collection, estate, group, known, nat, network, place, route, table, unknown};

fn set(text: &str) -> AddressSet {
    AddressSet::prefix(text.parse().unwrap())
}

fn port(port: u16) -> PortSet {
    PortSet::range(port, port)
}

fn flow(to: Party) -> Flow {
    let (direction, protocols, from) = (Direction::Outbound, ProtocolSet::TCP, Party::Subnet);
    Flow { direction, protocols, from, to, ports: port(443), matching: Matching::Effective }
}

fn learning() -> Party {
    Party::Tag(Tag::named("AzureMachineLearning").unwrap())
}

fn host(text: &str) -> Party {
    Party::Hosts(HostSet::of(&HostPattern::read(text).unwrap()))
}

fn scene() -> Scene<'static> {
    Scene::default().in_location("westeurope").with_subnet(set("10.0.1.0/24"))
}

fn ask(estate: &Estate, to: Party) -> Verdict {
    scene().prepared().judge_firewall(estate, Appliance::Firewall(&estate.firewalls[0]), &flow(to), None).verdict
}

fn all() -> FirewallRule {
    network("all", ProtocolSet::TCP, &["*"], port(443))
}

fn holding(collections: Vec<RuleCollection>) -> Estate {
    estate(vec![vec![group(200, collections)]])
}

fn object(members: &[(&str, Node)]) -> Node {
    let member = |(key, node): &(&str, Node)| Member { key: Arc::from(*key), key_span: place(), node: node.clone() };
    Node::new(Value::Object(members.iter().map(member).collect::<Vec<_>>().into()), place())
}

fn text(text: &str) -> Node {
    Node::new(Value::Text(Arc::from(text)), place())
}

fn list(items: Vec<Node>) -> Node {
    Node::new(Value::List(Arc::from(items)), place())
}

#[test]
fn each_firewall_and_policy_is_asked_for_itself() {
    let of = |access| holding(vec![collection("one", 100, access, vec![all()])]);
    let mut both = of(Access::Allow);
    let shut = of(Access::Deny);
    both.policies.push(shut.policies[0].clone());
    both.policies[1].groups = vec![1];
    both.collection_groups.push(shut.collection_groups[0].clone());
    let mut second = both.firewalls[0].clone();
    second.policy.as_mut().unwrap().target = Some(1);
    both.firewalls.push(second);
    let scene = scene();
    let prepared = scene.prepared();
    let ask = |one: Appliance<'_>| {
        let same = both.firewalls.iter().map(Appliance::Firewall).chain(both.policies.iter().map(Appliance::Policy));
        let one = same.into_iter().find(|known| known.is(one)).unwrap();
        prepared.judge_firewall(&both, one, &flow(learning()), None).verdict
    };
    for _ in 0..2 {
        assert_eq!(ask(Appliance::Firewall(&both.firewalls[0])), Verdict::Satisfied);
        assert_eq!(ask(Appliance::Firewall(&both.firewalls[1])), Verdict::Violated);
        assert_eq!(ask(Appliance::Policy(&both.policies[0])), Verdict::Satisfied);
        assert_eq!(ask(Appliance::Policy(&both.policies[1])), Verdict::Violated);
    }
}

#[test]
fn a_part_of_a_collection_that_is_not_known_may_hold_any_rule_of_its_kind() {
    let ask = |kind: Option<CollectionKind>, rules: Vec<FirewallRule>| {
        let mut open = collection("open", 100, Access::Deny, rules);
        (open.kind, open.unknown_rules) = (kind, vec![unknown("part")]);
        ask(&holding(vec![open, collection("all", 200, Access::Allow, vec![all()])]), learning())
    };
    let elsewhere = || vec![network("elsewhere", ProtocolSet::UDP, &["30.0.0.0/8"], port(1))];
    assert_eq!(ask(None, Vec::new()), Verdict::Undecided);
    assert_eq!(ask(Some(CollectionKind::Network), Vec::new()), Verdict::Undecided);
    assert_eq!(ask(None, elsewhere()), Verdict::Undecided);
    assert_eq!(ask(Some(CollectionKind::Network), elsewhere()), Verdict::Undecided);
    // Application rules come after the network rule that lets it pass (FW-5), and DNAT is nothing to outbound traffic.
    assert_eq!(ask(Some(CollectionKind::Application), Vec::new()), Verdict::Satisfied);
    assert_eq!(ask(Some(CollectionKind::Nat), Vec::new()), Verdict::Satisfied);
    assert_eq!(ask(None, vec![nat("in")]), Verdict::Satisfied);
    assert_eq!(ask(None, vec![application("a", &[("Https", 443)], &["pypi.org"])]), Verdict::Satisfied);
}

#[test]
fn what_a_collection_without_an_action_does_is_not_known() {
    let mut open = holding(vec![collection("open", 100, Access::Allow, vec![all()])]);
    open.collection_groups[0].collections[0].action = None;
    assert_eq!(ask(&open, learning()), Verdict::Undecided);
    open.collection_groups[0].collections[0].rules.clear();
    assert_eq!(ask(&open, learning()), Verdict::Violated, "no rule does nothing");
}

#[test]
fn the_groups_of_a_policy_are_here_by_their_ids_or_missing() {
    let mut one = holding(vec![collection("all", 100, Access::Allow, vec![all()])]);
    one.collection_groups[0].header.key = Arc::from("/x/rulecollectiongroups/g");
    one.policies[0].group_ids = vec![known(Arc::from("/X/ruleCollectionGroups/G"))];
    assert_eq!(ask(&one, learning()), Verdict::Satisfied);
    one.policies[0].group_ids.push(known(Arc::from("/X/ruleCollectionGroups/other")));
    assert_eq!(ask(&one, learning()), Verdict::Undecided);
    one.policies[0].group_ids = vec![unknown("/x/rulecollectiongroups/g")];
    assert_eq!(ask(&one, learning()), Verdict::Satisfied, "an unknown id is that of the group with its key");
    // A policy that shows an empty list has none; one that shows no list may have any.
    let mut none = estate(vec![Vec::new()]);
    assert_eq!(ask(&none, learning()), Verdict::Undecided);
    none.policies[0].header.node = object(&[("properties", object(&[("ruleCollectionGroups", list(Vec::new()))]))]);
    assert_eq!(ask(&none, learning()), Verdict::Violated);
}

/// A classic firewall with settings of its own.
fn classic(rules: Vec<FirewallRule>, settings: &[(&str, Node)]) -> Estate {
    let mut classic = estate(Vec::new());
    classic.firewalls[0].collections = vec![collection("own", 100, Access::Allow, rules)];
    classic.firewalls[0].header.node = object(&[("properties", object(&[("additionalProperties", object(settings))]))]);
    classic
}

#[test]
fn a_classic_firewall_resolves_hosts_where_its_setting_says_so() {
    let ask = |setting: Option<Node>| {
        let mut rule = network("fqdn", ProtocolSet::TCP, &[], port(443));
        rule.destination_fqdns = vec![known(Arc::from("pypi.org"))];
        let settings: Vec<_> = setting.into_iter().map(|node| ("Network.DNS.EnableProxy", node)).collect();
        ask(&classic(vec![rule], &settings), host("pypi.org"))
    };
    let bool = |value| Node::new(Value::Bool(value), place());
    assert_eq!(ask(Some(bool(true))), Verdict::Satisfied);
    assert_eq!(ask(Some(text("True"))), Verdict::Satisfied);
    for off in [Some(bool(false)), Some(text("false")), None] {
        assert_eq!(ask(off), Verdict::Undecided);
    }
}

#[test]
fn what_is_not_translated_is_lost_unless_something_behind_translates_it() {
    let ranges = |text_of: &str| [("Network.SNAT.PrivateRanges", text(text_of))];
    let ask_of = |ranges: &[(&str, Node)], to: Party| ask(&classic(vec![all()], ranges), to);
    assert_eq!(ask_of(&ranges("0.0.0.0/0"), learning()), Verdict::Violated);
    assert_eq!(ask_of(&ranges("IANAPrivateRanges"), learning()), Verdict::Satisfied);
    assert_eq!(ask_of(&ranges("255.255.255.255/32"), learning()), Verdict::Satisfied, "all of it is translated");
    let part = ranges("10.0.0.0/8, 20.1.0.0/16");
    assert_eq!(ask_of(&part, Party::Addresses(set("20.1.7.0/24"))), Verdict::Violated);
    assert_eq!(ask_of(&part, Party::Addresses(set("20.2.7.0/24"))), Verdict::Satisfied);
    let tunnelled = |management: Node| {
        let mut one = classic(vec![all()], &[]);
        let settings = object(&ranges("0.0.0.0/0"));
        let properties = [("additionalProperties", settings), ("managementIpConfiguration", management)];
        one.firewalls[0].header.node = object(&[("properties", object(&properties))]);
        ask(&one, learning())
    };
    assert_eq!(tunnelled(Node::new(Value::Null, place())), Verdict::Violated);
    assert_eq!(tunnelled(object(&[])), Verdict::Undecided);
}

#[test]
fn a_firewall_at_a_public_address_can_be_the_next_hop() {
    let verdict = |last: u8| {
        let mut estate = holding(vec![collection("all", 100, Access::Allow, vec![all()])]);
        estate.firewalls[0].addresses = vec![known(IpAddr::from([20, 4, 4, 4]))];
        let mut default = route("default", "0.0.0.0/0", NextHop::VirtualAppliance);
        default.next_hop_addresses = vec![known(IpAddr::from([20, 4, 4, last]))];
        let table = table(vec![default]);
        let mut scene = scene().in_estate(&estate);
        scene.routes = Some(Given::Here(&table));
        scene.prepared().path(&flow(learning()), None).verdict
    };
    assert_eq!(verdict(4), Verdict::Satisfied);
    assert_eq!(verdict(5), Verdict::Violated);
}

#[test]
fn sets_of_hosts_meet_where_they_have_a_host_in_common() {
    let of = |texts: &[&str]| {
        let patterns: Vec<HostPattern> = texts.iter().map(|text| HostPattern::read(text).unwrap()).collect();
        HostSet::of_all(&patterns)
    };
    let some = [&["*"][..], &["*.org"], &["a.org"], &["*a.org", "c.net"], &["*.a.org"], &["b.org", "*.net"]].map(of);
    let mut all = vec![HostSet::empty(), HostSet::full()];
    for one in &some {
        for two in &some {
            all.extend([one.union(two), one.intersection(two), one.difference(two)]);
        }
    }
    for one in &all {
        for two in &all {
            let both = one.intersection(two);
            assert_eq!(one.overlaps(two), !both.is_empty(), "{one} and {two}");
            assert_eq!(one.is_subset(two), one.difference(two) == HostSet::empty(), "{one} in {two}");
            // Equal sets are equal values, whatever they were made of.
            assert_eq!(both.union(&one.difference(two)), *one, "{one} and {two}");
            assert_eq!(one.union(two).difference(two), one.difference(two), "{one} and {two}");
        }
    }
}
