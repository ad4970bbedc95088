//! One flow followed through every layer, whether it passes or not: which rule decides where.
//!
//! The verdicts are those of `path`; this adds a packet and its way where there is nothing to complain about.

use crate::net::{AddressSet, Cloud, Tag};
use crate::proof::atom::HOST;
use crate::proof::cell::Cell;
use crate::proof::explain::{decider, packet};
use crate::proof::ground::Party;
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::judgement::{Decider, Flow, Judgement, Layer, Packet};
use crate::proof::path::{Part, Passage, PathJudgement};
use crate::proof::prepared::Prepared;
use crate::proof::scene::Scene;
use crate::proof::stage::{Journey, Track};
use crate::proof::symbol::{End, Meaning, Symbols};
use crate::proof::verdict::{Place, Point, Verdict};

/// A flow followed through all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The answer on the whole way.
    pub path: PathJudgement,
    /// What each layer says of the flow by itself, in the order it is met. A level without a group is not among them.
    pub layers: Vec<(Layer, Judgement)>,
    /// A packet of the flow: one that is dropped, or may be; else one that passes.
    pub packet: Option<Packet>,
    /// What decides on that packet, layer by layer.
    pub way: Vec<Decider>,
}

impl Party {
    /// Reads an end of a flow as users write it: `subnet`, `any`, an address, a prefix, a service tag, a host or a
    /// pattern of hosts. `None` when it is none of them.
    pub fn read(text: &str, cloud: Option<Cloud>) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("subnet") {
            return Some(Self::Subnet);
        }
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Some(Self::Any);
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Addresses(AddressSet::address(address)));
        }
        if let Ok(prefix) = text.parse() {
            return Some(Self::Addresses(AddressSet::prefix(prefix)));
        }
        if let Some(tag) = Tag::read(text, cloud).tag() {
            return Some(Self::Tag(tag));
        }
        // No top-level domain is a number: that is a slip of an address.
        let last = text.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
        let host = HostPattern::read(text).filter(|_| text.contains('.') && !numeric)?;
        Some(Self::Hosts(HostSet::of(&host)))
    }
}

impl Scene<'_> {
    /// Follows a flow. `names`: the hosts behind the destination, as for `path`.
    pub fn trace(&self, flow: &Flow, names: Option<&HostSet>) -> Trace {
        self.prepared().trace(flow, names)
    }
}

impl Prepared<'_, '_> {
    /// Follows a flow. `names`: the hosts behind the destination, as for `path`.
    pub fn trace(&self, flow: &Flow, names: Option<&HostSet>) -> Trace {
        let path = self.path(flow, names);
        let family = path.judgement.family;
        if path.judgement.asks_nothing {
            return Trace { path, layers: Vec::new(), packet: None, way: Vec::new() };
        }
        let layers = self.layers(flow, names, family);
        let Passage { ground, journey, .. } = self.passage(family, flow, names, Part::Whole);
        if path.judgement.verdict != Verdict::Satisfied {
            let way = path.judgement.replay.iter().filter(|step| step.missed.is_none());
            let way = way.map(|step| Decider::clone(&step.rule)).collect();
            return Trace { packet: path.judgement.witness.clone(), way, layers, path };
        }
        let plain = journey.passed.iter().min_by_key(|track| track.cell.cube.len());
        let way = plain.map_or_else(Vec::new, |track| way_of(&journey, track));
        let packet = plain.map(|track| packet(flow.direction, &point(&ground.symbols, &track.cell)));
        Trace { path, layers, packet, way }
    }
}

fn way_of(journey: &Journey<'_>, track: &Track) -> Vec<Decider> {
    let met = journey.stages.iter().zip(&track.met);
    met.filter_map(|(stage, met)| Some(decider(stage, stage.entries.get(met.first())?))).collect()
}

/// A packet of a cell. An end that no address pins down goes by its tag.
fn point(symbols: &Symbols, cell: &Cell) -> Point {
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
    use std::sync::Arc;

    use super::{Flow, Layer, Party, Verdict};

    use crate::estate::{Access, Direction, NextHop};
    use crate::net::{AddressSet, PortSet, ProtocolSet};
    use crate::proof::given::Given;
    use crate::proof::judgement::Matching;
    use crate::proof::scene::Scene;
    use crate::proof::tests::sample::{application, collection, estate, group, route, table};

    fn flow(to: &str) -> Flow {
        Flow {
            direction: Direction::Outbound,
            protocols: ProtocolSet::TCP,
            from: Party::Subnet,
            to: Party::read(to, None).unwrap(),
            ports: PortSet::range(443, 443),
            matching: Matching::Effective,
        }
    }

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
        let passes = scene.trace(&flow("pypi.org"), None);
        assert_eq!(passes.path.judgement.verdict, Verdict::Satisfied);
        let names: Vec<(Layer, Arc<str>)> = passes.way.iter().map(|one| (one.layer, Arc::clone(&one.name))).collect();
        assert_eq!(names, [(Layer::Route, "default".into()), (Layer::Firewall, "hosts/python".into())]);
        assert_eq!(passes.packet.unwrap().destination, "pypi.org");
        let dropped = scene.trace(&flow("anaconda.com"), None);
        assert_eq!(dropped.path.judgement.verdict, Verdict::Violated);
        assert_eq!(&*dropped.way.last().unwrap().name, "no rule matches");
        assert_eq!(dropped.layers.len(), 2);
    }
}
