//! Traffic through every layer of a scene: network security groups, the route that wins, and the firewall it leads to
//! (ALG-2); one judgement of both address families, and why a flow may have no packet in either.
//!
//! Parts of one flow that take different routes are judged each by what they meet. What lies behind another appliance
//! or a gateway is not known here; that is said by `after_route`.

use std::sync::Arc;

use crate::estate::{Access, CollectionKind, Direction, Estate, Export, NextHop, Peer};
use crate::finding::Layer;
use crate::finding::{Packet, Verdict};
use crate::net::{Family, ProtocolSet, Special, Tag};
use crate::proof::atom::HOST;
use crate::proof::cell::Cell;
use crate::proof::doubt::{Doubt, Reason, Remedy};
use crate::proof::explain::{decider, judge, packet};
use crate::proof::firewall::Appliance;
use crate::proof::first_match::DecidedBy;
use crate::proof::ground::{Ground, Party};
use crate::proof::hop::{Hop, Ruling};
use crate::proof::host::HostSet;
use crate::proof::judgement::{Decider, Flow, Judgement};
use crate::proof::prepared::{Part, Prepared};
use crate::proof::scene::Scene;
use crate::proof::stage::{Author, Ends, Entry, Passage, TracedCell};
use crate::proof::symbol::{End, Meaning, Symbols};
use crate::proof::verdict::{Place, Point};

/// A flow followed through all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The answer on the whole way.
    pub path: Judgement,
    /// What each layer says of the flow by itself, in the order it is met. A level without a group is not among them.
    pub layers: Vec<(Layer, Judgement)>,
    /// A packet of the flow: one that is dropped, or may be; else one that passes.
    pub packet: Option<Packet>,
    /// What decides on that packet, layer by layer.
    pub way: Vec<Decider>,
}

impl Scene<'_> {
    /// The judgement of the first family that is not satisfied; a violation goes before a doubt. A family in which the
    /// flow has no packet is left out; where that is so in both, the reason is the answer.
    pub(crate) fn in_each_family(&self, flow: &Flow, judge: impl Fn(Family) -> Judgement) -> Judgement {
        let first = judge(Family::V4);
        let v6 = first.asks_nothing || self.subnet.as_ref().is_some_and(|subnet| !subnet.v6.is_empty());
        if !v6 || first.verdict == Verdict::Violated {
            return first;
        }
        let second = judge(Family::V6);
        match (first.asks_nothing, second.asks_nothing) {
            (true, true) => return Judgement { why: vec![no_packet(self, flow)], ..first },
            (true, false) => return second,
            (false, true) => return first,
            (false, false) => {}
        }
        match (first.verdict, second.verdict) {
            (Verdict::Undecided, Verdict::Satisfied | Verdict::Undecided) => first,
            (Verdict::Satisfied, Verdict::Satisfied) => {
                Judgement { built_in_only: first.built_in_only && second.built_in_only, ..first }
            }
            _ => second,
        }
    }
}

/// In which families an end of a flow has addresses.
#[derive(Clone, Copy)]
struct Families {
    v4: bool,
    v6: bool,
}

/// The reason why no packet of a flow exists in either family.
fn no_packet(scene: &Scene<'_>, flow: &Flow) -> Doubt {
    if !flow.ports.is_full() && flow.protocols.intersection(ProtocolSet::TCP.union(ProtocolSet::UDP)).is_empty() {
        return Doubt::new(Reason::NoPorts(flow.protocols));
    }
    if flow.ports.is_empty() {
        return Doubt::new(Reason::NoPortAsked);
    }
    let ends = |family| {
        let mut ground = Ground::new(scene, family);
        Ends::new(&mut ground, &flow.from, &flow.to)
    };
    let (v4, v6) = (ends(Family::V4), ends(Family::V6));
    let from = Families { v4: !v4.sources.terms.is_empty(), v6: !v6.sources.terms.is_empty() };
    let to = Families { v4: !v4.destinations.terms.is_empty(), v6: !v6.destinations.terms.is_empty() };
    let (near, far) = match flow.direction {
        Direction::Outbound => ((&flow.from, from), (&flow.to, to)),
        Direction::Inbound => ((&flow.to, to), (&flow.from, from)),
    };
    for (party, families) in [far, near] {
        if !families.v4 && !families.v6 {
            return no_address(party);
        }
    }
    let missing = |families: Families| if families.v4 { "IPv6" } else { "IPv4" };
    let (far, far_lacks) = (party_words(far.0), missing(far.1));
    match (near.0, &scene.subnet) {
        (Party::Subnet, None) => Doubt::new(Reason::FarFamily { far, lacks: far_lacks })
            .settled_by(Remedy::Fact(Arc::from("subnet-prefixes"))),
        (party, _) => {
            let near_lacks = missing(near.1);
            let near = (!matches!(party, Party::Subnet)).then(|| party_words(party));
            Doubt::new(Reason::NoCommonFamily { near, near_lacks, far, far_lacks })
        }
    }
}

fn no_address(party: &Party) -> Doubt {
    match party {
        Party::Subnet => Doubt::new(Reason::SubnetWithoutPrefix),
        Party::Tag(tag) => {
            Doubt::new(Reason::EmptyTag(*tag)).settled_by(Remedy::ServiceTagsOfCloud).shown_by([Export::ServiceTags])
        }
        Party::Hosts(_) | Party::Untagged(_) => Doubt::new(Reason::NoHostAsked),
        Party::Regional(..) | Party::Addresses(_) | Party::Any => Doubt::new(Reason::NoAddressAsked),
    }
}

fn party_words(party: &Party) -> String {
    match party {
        Party::Subnet => "the subnet".to_owned(),
        Party::Tag(tag) => format!("`{tag}`"),
        Party::Regional(tag, _) => format!("`{tag}` of the region"),
        Party::Hosts(hosts) | Party::Untagged(hosts) => format!("`{hosts}`"),
        Party::Addresses(set) => {
            let mut prefixes = set.prefixes();
            let first = prefixes.next().map(|prefix| prefix.to_string()).unwrap_or_default();
            if prefixes.next().is_some() {
                format!("`{first}` and what is asked for beside it")
            } else {
                format!("`{first}`")
            }
        }
        Party::Any => "the other end".to_owned(),
    }
}

impl<'a> Prepared<'_, 'a> {
    /// Judges traffic by the network security groups alone.
    pub fn judge(&self, flow: &Flow) -> Judgement {
        self.scene.in_each_family(flow, |family| judge(flow, &self.passage(family, flow, None, Part::Groups)))
    }

    /// Judges traffic by every layer it meets. `names`: the hosts behind the destination, all of them, by which a
    /// firewall may let it pass as well (AML-13).
    pub fn path(&self, flow: &Flow, names: Option<&HostSet>) -> Judgement {
        let hosts = match flow.direction {
            Direction::Outbound => hosts_of(flow, names),
            Direction::Inbound => hosts_of(flow, None),
        };
        let whole = match flow.direction {
            Direction::Outbound => self.scene.in_each_family(flow, |family| {
                let passage = self.passage(family, flow, hosts, Part::Whole);
                let assumptions = self.assumptions(family, flow, &passage);
                Judgement { by_host_names: names_decide(&passage), assumptions, ..judge(flow, &passage) }
            }),
            Direction::Inbound => Judgement { assumptions: self.no_admin_rules(), ..self.arriving(flow) },
        };
        if whole.asks_nothing {
            return Judgement { by_host_names: false, assumptions: Vec::new(), ..whole };
        }
        if whole.verdict == Verdict::Satisfied {
            return whole;
        }
        let layers = self.each_layer(flow, hosts, whole.family);
        let assumptions = whole.assumptions.clone();
        let judgement = by_one_layer(whole, &layers);
        Judgement { by_host_names: false, assumptions, layers, ..judgement }
    }

    /// Judges traffic by a firewall or policy alone, whatever routes there are.
    pub fn judge_firewall(
        &self,
        estate: &'a Estate,
        appliance: Appliance<'a>,
        flow: &Flow,
        names: Option<&HostSet>,
    ) -> Judgement {
        let hosts = hosts_of(flow, names);
        let judgement = self.scene.in_each_family(flow, |family| {
            let alone = self.firewall_alone(family, estate, appliance, hosts.is_some());
            let mut passage = Passage::of(alone.ground(), flow, hosts);
            passage.through(&alone.stage);
            let (by_host_names, assumptions) = (names_decide(&passage), assumptions_of(&passage));
            Judgement { by_host_names, assumptions, ..judge(flow, &passage) }
        });
        Judgement { by_host_names: judgement.by_host_names && judgement.verdict == Verdict::Satisfied, ..judgement }
    }

    /// Follows a flow.
    pub fn trace(&self, flow: &Flow) -> Trace {
        let path = self.path(flow, None);
        if path.asks_nothing {
            return Trace { path, layers: Vec::new(), packet: None, way: Vec::new() };
        }
        if path.verdict != Verdict::Satisfied {
            let way = path.replay.iter().filter(|step| step.missed.is_none());
            let way = way.map(|step| Decider::clone(&step.rule)).collect();
            return Trace { packet: path.witness.clone(), way, layers: path.layers.clone(), path };
        }
        let hosts = hosts_of(flow, None);
        let layers = self.each_layer(flow, hosts, path.family);
        let passage = self.passage(path.family, flow, hosts, Part::Whole);
        let plain = passage.passed.iter().min_by_key(|traced| traced.cell.cube.len());
        let way = plain.map_or_else(Vec::new, |traced| way_of(&passage, traced));
        let packet = plain.map(|traced| packet(flow.direction, &point(&passage.ground.symbols, &traced.cell)));
        Trace { path, layers, packet, way }
    }

    /// Inbound traffic meets the groups; then the reply must find its way back (RT-8).
    fn arriving(&self, flow: &Flow) -> Judgement {
        let judgement = self.judge(flow);
        match self.reply(flow).filter(|reply| !judgement.asks_nothing && !reply.asks_nothing) {
            Some(reply) if severity(reply.verdict) > severity(judgement.verdict) => reply,
            _ => judgement,
        }
    }

    /// The judgement on the way back of inbound traffic, where it can fail.
    fn reply(&self, flow: &Flow) -> Option<Judgement> {
        is_public(&flow.from).then(|| self.judge_hops(&flow.from, &reply_ruling))
    }

    /// What each layer says of all that is required, as if the others let everything pass, in the order they are met.
    fn each_layer(&self, flow: &Flow, hosts: Option<&HostSet>, family: Family) -> Vec<(Layer, Judgement)> {
        let groups = self.scene.groups.iter().enumerate();
        let mut parts: Vec<(Layer, Part)> = groups.map(|(at, (level, _))| (level.layer(), Part::Group(at))).collect();
        match flow.direction {
            Direction::Outbound => {
                parts.push((Layer::Route, Part::Route));
                let compiled = self.compiled(family, flow);
                let (guarded, passed) = compiled
                    .after_route
                    .as_ref()
                    .map_or((false, false), |after| (!after.firewalls.is_empty(), !after.transits.is_empty()));
                parts.extend(passed.then_some((Layer::Appliance, Part::Appliance)));
                parts.extend(guarded.then_some((Layer::Firewall, Part::Firewall)));
            }
            Direction::Inbound => parts.reverse(),
        }
        if !self.scene.admin.is_empty() {
            parts.insert(0, (Layer::Admin, Part::Admin));
        }
        let sent = parts.into_iter().map(|(layer, part)| (layer, self.passage(family, flow, hosts, part)));
        let met = sent.filter(|(_, passage)| !passage.stages.is_empty());
        let mut all: Vec<(Layer, Judgement)> = met.map(|(layer, passage)| (layer, judge(flow, &passage))).collect();
        if flow.direction == Direction::Inbound {
            all.extend(self.reply(flow).map(|reply| (Layer::Route, reply)));
        }
        all
    }

    fn no_admin_rules(&self) -> Vec<String> {
        self.scene.admin.are_assumed_away().then(|| NO_ADMIN_RULES.to_owned()).into_iter().collect()
    }

    /// What is taken for granted about the whole way of outbound traffic.
    fn assumptions(&self, family: Family, flow: &Flow, passage: &Passage<'_, '_>) -> Vec<String> {
        let mut all = self.no_admin_rules();
        all.extend(self.scene.admin.listed.then(|| LISTED_ADMIN_RULES.to_owned()));
        if let Some(routes) = &self.compiled(family, flow).after_route {
            all.extend(routes.assumptions.iter().cloned());
            all.extend(self.scene.may_learn_default().then(|| NO_LEARNT_DEFAULT.to_owned()));
        }
        all.extend((passage.ground.is_tunnelled() && by_internet(passage)).then(|| INTERNET_MATCHES.to_owned()));
        all.extend(assumptions_of(passage));
        all
    }
}

/// A violation as the layer shows it that drops some of it whatever the others do: changing the one where the witness
/// happens to fall, which may well let it pass, would change nothing.
fn by_one_layer(whole: Judgement, layers: &[(Layer, Judgement)]) -> Judgement {
    let drops = || layers.iter().filter(|(_, one)| one.verdict == Verdict::Violated);
    if whole.verdict != Verdict::Violated || drops().any(|(layer, _)| whole.layer == Some(*layer)) {
        return whole;
    }
    drops().next().map_or(whole, |(_, own)| own.clone())
}

const NO_ADMIN_RULES: &str = "no security admin rule of a Virtual Network Manager applies";
const LISTED_ADMIN_RULES: &str =
    "the security admin rules that apply are those of the list that the settings name for this network";
const NO_LEARNT_DEFAULT: &str =
    "the gateway of the network, or of the peer whose gateway it uses, teaches the subnet no default route by BGP";
const INTERNET_MATCHES: &str =
    "in a network security group, `Internet` also matches what a route leads to an appliance or a gateway";
const NO_THREATS: &str = "threat intelligence and intrusion detection of the firewall drop nothing of it";
const NO_CATEGORIES: &str = "no web category that the firewall denies holds its hosts";
const SAME_NAMES: &str = "clients resolve names through the firewall's DNS proxy";

/// The hosts of the packets, where they are known.
fn hosts_of<'f>(flow: &'f Flow, names: Option<&'f HostSet>) -> Option<&'f HostSet> {
    match &flow.to {
        Party::Hosts(hosts) | Party::Untagged(hosts) => Some(hosts),
        _ => names.filter(|names| !names.is_empty()),
    }
}

/// The entries of firewalls that let something pass; of several that share it, which look at no host, the first.
fn opening<'p, 'a>(passage: &'p Passage<'_, 'a>) -> impl Iterator<Item = &'p Entry<'a>> {
    let last = passage.stages.last().filter(|stage| stage.layer == Layer::Firewall);
    let at = passage.stages.len().saturating_sub(1);
    last.into_iter().flat_map(move |stage| {
        passage.passed.iter().filter_map(move |traced| stage.entries.get(traced.by.get(at)?.first()))
    })
}

/// Whether a rule of a group that names `Internet` lets something pass.
fn by_internet(passage: &Passage<'_, '_>) -> bool {
    let is_internet = |name: &str| Tag::read(name, None).tag().and_then(Tag::special) == Some(Special::Internet);
    let names = |entry: &Entry<'_>| match &entry.author {
        Author::BuiltIn(rule, _) => is_internet(rule.destination),
        Author::Rule(rule, _) => rule
            .destinations
            .items
            .iter()
            .any(|item| matches!(item.known(), Some(Peer::Tag(name)) if is_internet(name))),
        _ => false,
    };
    let groups = passage.stages.iter().enumerate().filter(|(_, stage)| stage.layer.is_nsg());
    groups.into_iter().any(|(at, stage)| {
        let by = passage.passed.iter().filter_map(|traced| traced.by.get(at));
        by.flat_map(DecidedBy::all).any(|entry| stage.entries.get(entry).is_some_and(names))
    })
}

fn names_decide(passage: &Passage<'_, '_>) -> bool {
    opening(passage).any(|entry| entry.clause.hosts.is_some())
}

/// What is taken for granted about the firewalls on the way.
fn assumptions_of(passage: &Passage<'_, '_>) -> Vec<String> {
    let Some(stage) = passage.stages.last().filter(|stage| stage.layer == Layer::Firewall) else {
        return Vec::new();
    };
    let mut all = vec![NO_THREATS];
    let categories =
        |entry: &&Entry<'_>| matches!(&entry.author, Author::FirewallRule(_, rule) if !rule.web_categories.is_empty());
    if stage.entries.iter().filter(categories).any(|entry| entry.access == Access::Deny) {
        all.push(NO_CATEGORIES);
    }
    let network = |entry: &Entry<'_>| match &entry.author {
        Author::FirewallRule(_, rule) => rule.kind.known() == Some(&CollectionKind::Network),
        _ => false,
    };
    if opening(passage).any(|entry| entry.clause.hosts.is_some() && network(entry)) {
        all.push(SAME_NAMES);
    }
    all.into_iter().map(str::to_owned).collect()
}

fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Satisfied => 0,
        Verdict::Undecided => 1,
        Verdict::Violated => 2,
    }
}

/// Replies to the internet must not leave through an appliance or a gateway that has not seen the request.
fn reply_ruling(hop: &Hop) -> Ruling {
    match hop {
        Hop::To(NextHop::Drop | NextHop::VirtualAppliance | NextHop::VirtualNetworkGateway)
        | Hop::Appliance(_)
        | Hop::HubFirewall(_)
        | Hop::Lost(_) => Ruling::Drop,
        Hop::Doubtful(_, doubt) => Ruling::Depends(Meaning::WorldOf("reply", Arc::clone(&doubt.reason)), doubt.clone()),
        Hop::To(_) | Hop::Platform => Ruling::Pass,
        Hop::Unknown(key, doubt) => Ruling::Depends(Meaning::World(Arc::from(format!("reply {key}"))), doubt.clone()),
    }
}

/// Whether a party is out on the internet.
fn is_public(party: &Party) -> bool {
    match party {
        Party::Tag(tag) => tag.special().is_none_or(|special| special == Special::Internet),
        Party::Regional(..) | Party::Hosts(_) | Party::Untagged(_) => true,
        Party::Addresses(set) => !set.is_empty() && set.is_subset(crate::proof::ground::public_space()),
        Party::Subnet | Party::Any => false,
    }
}

fn way_of(passage: &Passage<'_, '_>, traced: &TracedCell) -> Vec<Decider> {
    let met = passage.stages.iter().zip(&traced.by);
    let entries = met.filter_map(|(stage, by)| Some((stage, stage.entries.get(by.first())?)));
    entries
        .filter(|(_, entry)| !matches!(entry.author, Author::NotMet))
        .map(|(stage, entry)| decider(stage, entry))
        .collect()
}

/// A packet of a cell. An end that no address pins down goes by its tag.
pub(crate) fn point(symbols: &Symbols, cell: &Cell) -> Point {
    let place = |end: End| {
        let name = cell.cube.iter().filter(|literal| literal.holds).find_map(|literal| {
            match symbols.meaning(literal.symbol) {
                Meaning::Tag(at, tag) if *at == end => Some(tag.to_string()),
                Meaning::Regional(at, tag, region, _) if *at == end => Some(format!("{tag} of {region}")),
                Meaning::Subnet(at) if *at == end => Some("subnet".to_owned()),
                Meaning::Host(at) | Meaning::Untagged(at) if *at == end => Some(HOST.to_owned()),
                Meaning::Network(at) if *at == end => Some("VirtualNetwork".to_owned()),
                _ => None,
            }
        });
        name.map_or_else(|| Place::Among(cell.addresses(end).clone()), Place::Named)
    };
    Point { cell: cell.clone(), source: place(End::Source), destination: place(End::Destination) }
}

#[cfg(test)]
mod tests {
    use super::{Flow, Party, Scene, is_public};

    use crate::estate::{Access, Direction};
    use crate::finding::Verdict;
    use crate::net::{AddressSet, PortSet, ProtocolSet, Tag, TagData};
    use crate::proof::given::Given;
    use crate::proof::host::HostSet;
    use crate::proof::judgement::Matching;
    use crate::proof::scene::Level;
    use crate::proof::tests::{outbound, security_group};

    fn set(texts: &[&str]) -> AddressSet {
        AddressSet::from_prefixes(texts.iter().map(|text| text.parse().unwrap()))
    }

    fn flow(to: Party) -> Flow {
        let ports = PortSet::range(443, 443);
        let (from, matching) = (Party::Subnet, Matching::Effective);
        Flow { direction: Direction::Outbound, protocols: ProtocolSet::TCP, from, to, ports, matching }
    }

    #[test]
    fn a_flow_without_a_packet_is_neither_satisfied_nor_violated() {
        let (v4, v6) = (&["10.0.1.0/24"][..], &["2001:db8:1::/64"][..]);
        let both = &["10.0.1.0/24", "2001:db8:1::/64"][..];
        let far = [&[][..], &["20.0.0.0/8"], &["2603:1000::/24"], &["20.0.0.0/8", "2603:1000::/24"]];
        for access in [Access::Allow, Access::Deny] {
            let group = security_group(vec![outbound("all", 100, access, "*", PortSet::full())]);
            for subnet in [None, Some(v4), Some(v6), Some(both)] {
                for to in far {
                    let mut scene = Scene { groups: vec![(Level::Subnet, Given::Here(&group))], ..Scene::default() };
                    scene.subnet = subnet.map(set);
                    let (near, to) = (set(subnet.unwrap_or(v4)), set(to));
                    let meet = (!near.v4.is_empty() && !to.v4.is_empty()) || (!near.v6.is_empty() && !to.v6.is_empty());
                    for judgement in [
                        scene.prepared().judge(&flow(Party::Addresses(to.clone()))),
                        scene.prepared().path(&flow(Party::Addresses(to.clone())), None),
                        scene.prepared().judge_route(&Party::Addresses(to.clone()), crate::estate::NextHop::Internet),
                    ] {
                        assert_eq!(judgement.asks_nothing, !meet, "{subnet:?} to {to:?}");
                        assert!(meet || judgement.verdict == Verdict::Undecided);
                        assert_eq!(judgement.why.is_empty(), meet, "{subnet:?} to {to:?}");
                    }
                    if meet {
                        let wanted = if access == Access::Allow { Verdict::Satisfied } else { Verdict::Violated };
                        assert_eq!(scene.prepared().judge(&flow(Party::Addresses(to))).verdict, wanted);
                    }
                }
            }
        }
    }

    #[test]
    fn the_reason_names_the_end_that_has_no_address() {
        let mut tags = TagData::default();
        tags.insert("AzureMachineLearning", vec!["2603:1000::/24".parse().unwrap()]);
        tags.insert("Sql", Vec::new());
        let why = |scene: &Scene<'_>, flow: &Flow| scene.prepared().path(flow, None).why[0].message();
        let tag = |name| flow(Party::Tag(Tag::named(name).unwrap()));
        let scene = Scene { tags: Some(&tags), subnet: Some(set(&["10.0.1.0/24"])), ..Scene::default() };
        assert_eq!(
            why(&scene, &tag("AzureMachineLearning")),
            "the subnet has no IPv6 prefix, and `AzureMachineLearning` has no IPv4 address: no packet goes from one to \
             the other"
        );
        assert_eq!(why(&scene, &tag("Sql")), "the service tags that are loaded hold no address of `Sql`");
        assert_eq!(why(&scene, &flow(Party::Hosts(HostSet::empty()))), "no host is asked for");
        let icmp = Flow { protocols: ProtocolSet::ICMP, ..tag("Storage") };
        assert_eq!(why(&scene, &icmp), "ICMP has no ports: no packet of it goes to one");
        let lone = Scene { tags: Some(&tags), ..Scene::default() };
        let doubt = lone.prepared().path(&tag("AzureMachineLearning"), None).why[0].clone();
        assert_eq!(doubt.settle().as_deref(), Some("--fact subnet-prefixes=…"));
    }

    #[test]
    fn what_is_out_on_the_internet_is_public_in_all_its_parts() {
        let tag = |name: &str| is_public(&Party::Tag(Tag::named(name).unwrap()));
        assert!(tag("Internet") && tag("Storage") && tag("AzureCloud.westeurope"));
        assert!(!tag("VirtualNetwork") && !tag("AzureLoadBalancer"));
        let set = |prefixes: &[&str]| AddressSet::from_prefixes(prefixes.iter().map(|prefix| prefix.parse().unwrap()));
        let addresses = |prefixes: &[&str]| is_public(&Party::Addresses(set(prefixes)));
        assert!(addresses(&["20.0.0.0/8"]));
        assert!(!addresses(&["10.0.0.0/8"]) && !addresses(&["20.0.0.0/8", "10.0.0.0/8"]) && !addresses(&[]));
        assert!(!is_public(&Party::Subnet) && !is_public(&Party::Any));
    }
}

#[cfg(test)]
mod trace_tests {
    use std::sync::Arc;

    use super::{Flow, Layer, Party, Verdict};

    use crate::estate::{Access, Direction, NextHop};
    use crate::net::AddressSet;
    use crate::proof::given::Given;
    use crate::proof::scene::{Level, Scene};
    use crate::proof::tests::{application, collection, estate, flow, group, route, security_group, table};

    #[test]
    fn ends_are_read_as_users_write_them() {
        assert!(matches!(Party::read("azurefrontdoor.frontend", None), Some(Party::Tag(_))));
        assert!(matches!(Party::read("*.azureml.ms", None), Some(Party::Hosts(_))));
        assert!(matches!(Party::read("10.0.0.0/8", None), Some(Party::Addresses(_))));
        assert!(matches!(Party::read("::1", None), Some(Party::Addresses(_))));
        assert!(Party::read("nonsense", None).is_none());
        assert!(Party::read("10.4.2.999", None).is_none());
    }

    #[test]
    fn a_trace_names_the_rule_of_every_layer_and_acquits_too() {
        let rule = application("python", &[("Https", 443)], &["pypi.org"]);
        let estate = estate(vec![vec![group(100, vec![collection("hosts", 200, Access::Allow, vec![rule])])]]);
        let table = table(vec![route("default", "0.0.0.0/0", NextHop::VirtualAppliance)]);
        let subnet = AddressSet::prefix("10.0.1.0/24".parse().unwrap());
        let mut scene = Scene::default().in_location("westeurope").with_subnet(subnet).in_estate(&estate);
        scene.routes = Some(Given::Here(&table));
        let passes = scene.prepared().trace(&flow("pypi.org"));
        assert_eq!(passes.path.verdict, Verdict::Satisfied);
        let names: Vec<(Layer, Arc<str>)> = passes.way.iter().map(|one| (one.layer, Arc::clone(&one.name))).collect();
        assert_eq!(names, [(Layer::Route, "default".into()), (Layer::Firewall, "hosts/python".into())]);
        assert_eq!(passes.packet.unwrap().destination, "pypi.org");
        let dropped = scene.prepared().trace(&flow("anaconda.com"));
        assert_eq!(dropped.path.verdict, Verdict::Violated);
        assert_eq!(&*dropped.way.last().unwrap().name, "no rule matches");
        assert_eq!(dropped.layers.len(), 2);
    }

    #[test]
    fn a_packet_that_passes_goes_by_its_tag_on_the_side_of_the_tag_alone() {
        let subnet = AddressSet::prefix("10.0.1.0/24".parse().unwrap());
        let scene = Scene::default().in_location("westeurope").with_subnet(subnet);
        let out = scene.prepared().trace(&flow("AzureMachineLearning"));
        assert_eq!(out.path.verdict, Verdict::Satisfied);
        let packet = out.packet.unwrap();
        assert_eq!((&*packet.source, &*packet.destination), ("10.0.1.4", "AzureMachineLearning"));
        let (from, to) = (Party::read("BatchNodeManagement.WestEurope", None).unwrap(), Party::Subnet);
        let back = Flow { direction: Direction::Inbound, from, to, ..flow("any") };
        let closed = security_group(Vec::new());
        let mut inbound = scene.clone();
        let within = inbound.prepared().trace(&back).packet.unwrap();
        assert_eq!((&*within.source, &*within.destination), ("BatchNodeManagement.WestEurope", "10.0.1.4"));
        inbound.groups = vec![(Level::Subnet, Given::Here(&closed))];
        assert_eq!(inbound.prepared().trace(&back).path.verdict, Verdict::Violated);
    }
}
