//! The words of doubts: each reason, value and remedy is said in a way of its own, and names what it is about.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use crate::json;
use crate::net::{ProtocolSet, Tag};
use crate::proof::doubt::{Aspect, Doubt, Reason, Remedy, Thing, ThingKind, What};
use crate::proof::tests::why;

/// Two names that no sentence has by itself.
const ONE: &str = "contoso-1";
const TWO: &str = "fabrikam-2";

fn one() -> Arc<str> {
    Arc::from(ONE)
}

fn two() -> Arc<str> {
    Arc::from(TWO)
}

fn thing(name: &str) -> Thing {
    ThingKind::Rule.named(name)
}

/// Each is a sentence without its full stop, unlike every other, and says what it must.
fn distinct<T: Display>(all: impl IntoIterator<Item = (T, Vec<&'static str>)>) {
    let mut seen = BTreeSet::new();
    for (one, names) in all {
        let words = one.to_string();
        assert!(words.len() > 1 && words.trim() == words && !words.ends_with('.') && !words.contains("``"), "{words}");
        for name in names {
            assert!(words.contains(name), "`{words}` does not name `{name}`");
        }
        assert!(seen.insert(words.clone()), "`{words}` is said of two things");
    }
}

#[test]
fn each_kind_of_thing_has_its_word() {
    use ThingKind::{
        AdminCollection, AdminConfiguration, ApplicationRule, Connection, Firewall, FirewallPolicy, Group, IpGroup,
        NatGateway, Route, RouteTable, Rule, RuleCollection, RuleCollectionGroup, SecurityGroup, ServiceEndpointPolicy,
        Subnet,
    };
    let all = [
        (SecurityGroup, "network security group"),
        (Rule, "rule"),
        (ApplicationRule, "application rule"),
        (RouteTable, "route table"),
        (Route, "route"),
        (NatGateway, "NAT gateway"),
        (Firewall, "firewall"),
        (FirewallPolicy, "firewall policy"),
        (RuleCollectionGroup, "rule collection group"),
        (Group, "group"),
        (RuleCollection, "rule collection"),
        (ServiceEndpointPolicy, "service endpoint policy"),
        (IpGroup, "IP group"),
        (Subnet, "subnet"),
        (Connection, "connection"),
        (AdminConfiguration, "security admin configuration"),
        (AdminCollection, "security admin rule collection"),
    ];
    for (kind, word) in all {
        assert_eq!(kind.named(ONE).to_string(), format!("{word} `{ONE}`"));
        assert_eq!(What::Which(kind).to_string(), format!("which {word} there is"));
    }
}

#[test]
fn each_part_of_a_rule_has_its_word() {
    let all = [
        (Aspect::Access, "access"),
        (Aspect::Action, "action"),
        (Aspect::Direction, "direction"),
        (Aspect::NextHop, "next hop"),
        (Aspect::Port, "port"),
        (Aspect::Priority, "priority"),
        (Aspect::Protocol, "protocol"),
        (Aspect::Type, "type"),
    ];
    for (aspect, word) in all {
        assert_eq!(What::Alone(aspect).to_string(), format!("the {word}"));
        assert_eq!(What::OfSomeRule(aspect).to_string(), format!("the {word} of a rule"));
        assert_eq!(What::Of(aspect, thing(ONE)).to_string(), format!("the {word} of rule `{ONE}`"));
    }
}

#[test]
fn each_unknown_value_is_called_by_a_name_of_its_own() {
    let storage = Tag::named("Storage").unwrap();
    distinct([
        (What::Exists(thing(ONE)), vec![ONE, "rule"]),
        (What::SomeRuleExists, vec![]),
        (What::Which(ThingKind::NatGateway), vec!["NAT gateway"]),
        (What::Of(Aspect::Port, thing(ONE)), vec!["port", ONE]),
        (What::Alone(Aspect::Port), vec!["port"]),
        (What::OfSomeRule(Aspect::Port), vec!["port"]),
        (What::HostOf(thing(ONE)), vec![ONE]),
        (What::Setting("dnsSettings", thing(ONE)), vec!["dnsSettings", ONE]),
        (What::DefaultOutboundAccess, vec!["defaultOutboundAccess"]),
        (What::NatGatewayOfSubnet, vec!["NAT gateway"]),
        (What::NatAddresses(one()), vec![ONE]),
        (What::ServiceEndpoints, vec!["service endpoints"]),
        (What::CollectionGroups(one()), vec![ONE]),
        (What::ApplianceOf(one()), vec![ONE]),
        (What::Value(one()), vec![ONE]),
        (What::Address, vec![]),
        (What::Region(storage, one()), vec!["Storage.contoso-1"]),
        (What::RoutePrefix, vec!["route"]),
        (What::PortOfRule, vec![]),
        (What::PortOfFirewallRule, vec!["firewall"]),
        (What::PartOfRules, vec!["rule list"]),
        (What::PartOfRoutes, vec!["route list"]),
        (What::PartOfCollections, vec!["rule collections"]),
        (What::PartOf(thing(ONE)), vec![ONE]),
        (What::JoinsAll(one()), vec![ONE]),
        (What::DnsProxy, vec!["DNS proxy"]),
        (What::Order, vec![]),
        (What::from(ONE.to_owned()), vec![ONE]),
    ]);
}

#[test]
fn each_reason_about_routes_and_networks_has_words_of_its_own() {
    distinct([
        (Reason::Unknown(What::Order, json::Reason::Fact(one())), vec!["the order", ONE]),
        (Reason::Unexplained(What::Order), vec!["the order"]),
        (Reason::NotAmongInput(thing(ONE)), vec![ONE]),
        (Reason::NotShown("dnsSettings", thing(ONE)), vec!["dnsSettings", ONE]),
        (Reason::BehindGateway, vec!["gateway"]),
        (Reason::BehindAppliance(one()), vec![ONE]),
        (Reason::BehindFirewallsAppliance { firewall: one(), at: two() }, vec![ONE, TWO]),
        (Reason::BehindFirewallsRoute(one()), vec![ONE]),
        (Reason::BehindHub(one()), vec![ONE, "Virtual WAN"]),
        (Reason::NoApplianceAddress(one()), vec![ONE]),
        (Reason::VnetLocalReach(one()), vec![ONE, "VnetLocal"]),
        (Reason::LongerPrefix, vec!["longer prefix"]),
        (Reason::SamePrefix(Some(one())), vec![ONE]),
        (Reason::SamePrefix(None), vec!["same prefix"]),
        (Reason::EffectiveRoutes(one()), vec![ONE]),
        (Reason::HubRoutes(one()), vec![ONE, "Virtual WAN"]),
        (Reason::HubConnection { connection: one(), network: two() }, vec![ONE, TWO]),
        (Reason::HubDefaultRoute(one()), vec![ONE, "default route"]),
        (Reason::HubPrivatePrefixes(one()), vec![ONE, "private prefixes"]),
        (Reason::HubRouteWithoutHop, vec!["next hop"]),
        (Reason::PeeringState(one()), vec![ONE]),
        (Reason::PartialPeering(one()), vec![ONE]),
        (Reason::NoPeering { network: one(), firewall: two() }, vec![ONE, TWO]),
        (Reason::PeeringRoutesKeptOut { table: one(), word: two() }, vec![ONE, TWO]),
        (Reason::NetworkIncomplete, vec!["VirtualNetwork"]),
        (Reason::NetworkWidened, vec!["VirtualNetwork", "appliance"]),
        (Reason::SubnetPrefix, vec!["prefix of the subnet"]),
        (Reason::SubnetRegion, vec!["region of the subnet"]),
        (Reason::NatGatewayNotShown, vec!["NAT gateway"]),
        (Reason::NatAddressesNotShown(one()), vec![ONE]),
        (
            Reason::EndpointPolicy { name: one(), alias: "/services/Azure/MachineLearning" },
            vec![ONE, "MachineLearning"],
        ),
        (Reason::HostAddresses(ONE.to_owned()), vec![ONE]),
        (Reason::TagNotLoaded(one()), vec![ONE]),
        (Reason::TagNotPublished(ONE), vec![ONE]),
        (Reason::GroupMembers, vec!["application security group"]),
        (Reason::from(ONE), vec![ONE]),
    ]);
}

#[test]
fn each_reason_about_rules_and_firewalls_has_words_of_its_own() {
    let spoken = |protocol: Option<&str>| Reason::SpokenOn { port: 8787, protocol: protocol.map(str::to_owned) };
    distinct([
        (Reason::EffectiveAdminRule(one()), vec![ONE]),
        (Reason::AdminRuleDeployed(one()), vec![ONE]),
        (Reason::AdminRulesOf(thing(ONE)), vec![ONE]),
        (Reason::AdminRulesOfManager(one()), vec![ONE, "network manager"]),
        (Reason::AdminRulePriority(one()), vec![ONE]),
        (Reason::AdminRuleOrder(one()), vec![ONE]),
        (Reason::NoAddressNamed, vec!["address"]),
        (Reason::NoPortNamed, vec!["port"]),
        (Reason::NoEffectiveRule, vec!["effective rules"]),
        (Reason::SameRulePriority(one(), two()), vec![ONE, TWO]),
        (Reason::AnotherOfPriority, vec!["priority"]),
        (Reason::TooManyRules, vec!["Azure"]),
        (Reason::TooManyCases, vec!["cases"]),
        (Reason::TooManyCasesAhead, vec!["rules ahead"]),
        (Reason::ResolvedAddresses { rule: one(), host: two() }, vec![ONE, TWO]),
        (Reason::NoProtocol(one()), vec![ONE, "protocol"]),
        (spoken(Some("HTTPS")), vec!["8787", "HTTPS"]),
        (spoken(None), vec!["8787", "an unknown protocol"]),
        (Reason::HostsNotKnown(one()), vec![ONE]),
        (Reason::UrlPaths(one()), vec![ONE, "paths"]),
        (Reason::FqdnTag(one()), vec![ONE]),
        (Reason::WebCategories(one()), vec![ONE]),
        (Reason::NoHostNamed(one()), vec![ONE]),
        (Reason::TagInFirewall { tag: one(), is_source: true }, vec![ONE, "sources"]),
        (Reason::TagInFirewall { tag: one(), is_source: false }, vec![ONE, "destinations"]),
        (Reason::FirewallSideEmpty { is_source: true }, vec!["source"]),
        (Reason::FirewallSideEmpty { is_source: false }, vec!["destination"]),
        (Reason::NoFirewallPort, vec!["destination port"]),
        (Reason::PolicyAmongParents(one()), vec![ONE]),
        (Reason::NoCollectionGroup(one()), vec![ONE]),
        (Reason::NoAction(thing(ONE)), vec![ONE, "action"]),
        (Reason::NoPriority(thing(ONE)), vec![ONE, "priority"]),
        (Reason::SamePriority(thing(ONE), thing(TWO)), vec![ONE, TWO]),
        (Reason::NoTranslation, vec!["translate"]),
        (Reason::DnsProxyOff, vec!["DNS proxy"]),
        (Reason::NoPorts(ProtocolSet::ICMP), vec!["ICMP"]),
        (Reason::NoPortAsked, vec!["port"]),
        (Reason::NoHostAsked, vec!["host"]),
        (Reason::NoAddressAsked, vec!["address"]),
        (Reason::SubnetWithoutPrefix, vec!["subnet"]),
        (Reason::EmptyTag(Tag::named("Storage").unwrap()), vec!["Storage"]),
        (Reason::FarFamily { far: ONE.to_owned(), lacks: "IPv4" }, vec![ONE, "IPv4"]),
        (no_common_family(Some(TWO)), vec![ONE, TWO, "IPv4", "IPv6"]),
        (no_common_family(None), vec![ONE, "the subnet has no IPv4 prefix", "IPv6"]),
    ]);
}

fn no_common_family(near: Option<&str>) -> Reason {
    let (near, far) = (near.map(str::to_owned), ONE.to_owned());
    Reason::NoCommonFamily { near, near_lacks: "IPv4", far, far_lacks: "IPv6" }
}

#[test]
fn each_remedy_has_words_of_its_own() {
    distinct([
        (Remedy::Parameter(one()), vec!["--set contoso-1="]),
        (Remedy::ParameterFile, vec!["--parameters FILE"]),
        (Remedy::Fact(one()), vec!["--fact contoso-1="]),
        (Remedy::SubnetPrefixes, vec!["--fact subnet-prefixes="]),
        (Remedy::ServiceTags, vec!["--service-tags FILE"]),
        (Remedy::ServiceTagsOfCloud, vec!["cloud"]),
        (Remedy::WholeExport(one()), vec![ONE]),
        (Remedy::FileOf(thing(ONE)), vec![ONE]),
        (Remedy::FileOfSubnet, vec!["subnet"]),
        (Remedy::FileOfNetwork, vec!["virtual network"]),
        (Remedy::FirewallAndPolicy(None), vec!["if it is an Azure Firewall"]),
        (Remedy::FirewallAndPolicy(Some(one())), vec![ONE, "firewall policy"]),
        (Remedy::RulesOfAppliance, vec!["appliance"]),
        (Remedy::NetworkWithPeerings, vec!["peerings"]),
        (Remedy::BothNetworks, vec!["both networks"]),
        (Remedy::NatGatewayExport, vec!["NAT gateway"]),
        (Remedy::AliasInPolicy("/services/Azure"), vec!["/services/Azure"]),
        (Remedy::Hub, vec!["routing intent", "firewall"]),
        (Remedy::HubRouting, vec!["routing intent"]),
        (Remedy::RemoteNetwork, vec!["remoteVirtualNetwork"]),
        (Remedy::Setting("dnsSettings", ThingKind::Subnet), vec!["dnsSettings", "subnet"]),
        (Remedy::EffectiveRoutes, vec!["effective routes"]),
        (Remedy::EffectiveRoutesAlone, vec!["effective routes", "without other subnets"]),
        (Remedy::EffectiveAdminRules, vec!["security admin rules"]),
        (Remedy::NetworkRuleForPort, vec!["network rule"]),
        (Remedy::CollectionGroups(one()), vec![ONE]),
        (Remedy::DnsProxy, vec!["dnsSettings.enableProxy: true"]),
        (Remedy::from(ONE), vec![ONE]),
    ]);
}

#[test]
fn what_is_not_shown_of_a_resource_is_settled_by_an_export_of_the_whole() {
    let mention = json::Mention {
        type_name: Arc::from("Microsoft.Network/networkSecurityGroups"),
        property: Arc::from("securityRules"),
        id: Arc::from("/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/networkSecurityGroups/nsg"),
    };
    let mut unknown = json::Unknown::clone(&why("key"));
    unknown.reason = json::Reason::NotShown(Arc::new(mention));
    let doubt = Doubt::of(What::PartOfRules, &unknown);
    assert_eq!((doubt.settle().as_deref(), doubt.exports.len()), (Some("an export of the whole of `nsg`"), 1));
    for reason in [json::Reason::SecureParameter(one()), json::Reason::KeyVaultReference(one())] {
        unknown.reason = reason;
        let doubt = Doubt::of(What::PartOfRules, &unknown);
        assert_eq!((doubt.settle().as_deref(), doubt.exports.len()), (Some("--set contoso-1=…"), 0));
    }
}
