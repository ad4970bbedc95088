//! Next hops: where a route leads, who takes packets there or that nobody does, and what a layer makes of that.
//!
//! Which route wins is told by `route`, what an appliance lets through by `after_route`.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{Export, NextHop, Route, RouteOrigin};
use crate::net::AddressSet;
use crate::proof::cell::{Clause, Match, Values};
use crate::proof::doubt::{Aspect, Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::given::shown;
use crate::proof::ground::{Ground, platform_addresses, public_space};
use crate::proof::scene::{Scene, kept_out, union};
use crate::proof::stage::Author;
use crate::proof::symbol::Meaning;

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// There.
    To(NextHop),
    /// To an appliance at these addresses.
    Appliance(Vec<IpAddr>),
    /// There, where nobody takes what comes.
    Lost(NextHop),
    /// There, and whether it is taken is not known.
    Doubtful(NextHop, Doubt),
    /// To the platform, which takes what is for its own addresses whatever routes there are.
    Platform,
    /// Only a deployment can tell; the key of the unknown, and why.
    Unknown(Arc<str>, Doubt),
    /// To the firewall of a Virtual WAN hub, by its index in the estate.
    HubFirewall(usize),
}

/// A route in its place.
#[derive(Clone, Debug)]
pub(crate) struct Way<'a> {
    pub(crate) clause: Clause,
    pub(crate) hop: Hop,
    pub(crate) author: Author<'a>,
}

/// What a layer makes of a next hop.
pub(crate) enum Ruling {
    /// It is as required.
    Pass,
    /// It is not.
    Drop,
    /// It depends: on something that is the same for every packet, or not.
    Depends(Meaning, Doubt),
}

/// The next hop of a route, as it is written.
pub(crate) fn hop(route: &Route) -> Hop {
    match &route.next_hop.value {
        Ok(NextHop::VirtualAppliance) => {
            Hop::Appliance(route.next_hop_addresses.iter().filter_map(|one| one.known().copied()).collect())
        }
        Ok(kind) => Hop::To(*kind),
        Err(unknown) => {
            let doubt = Doubt::of(What::Of(Aspect::NextHop, ThingKind::Route.named(shown(&route.name))), unknown);
            Hop::Unknown(Arc::clone(&unknown.key), doubt)
        }
    }
}

/// What an appliance lets through of which nothing is known.
pub(crate) fn unseen(addresses: &[IpAddr]) -> (Meaning, Doubt) {
    let name = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let doubt = Doubt::new(Reason::BehindAppliance(Arc::from(name.as_str())));
    let doubt = doubt.settled_by(Remedy::FirewallAndPolicy(None));
    let firewalls = Export::Every { type_name: "Microsoft.Network/azureFirewalls".into() };
    (Meaning::Packet(Arc::from(format!("behind {name}"))), doubt.shown_by([firewalls]))
}

impl Hop {
    /// The kind of next hop.
    pub(crate) fn kind(&self) -> Option<NextHop> {
        match self {
            Self::To(kind) => Some(*kind),
            Self::Appliance(_) => Some(NextHop::VirtualAppliance),
            Self::Lost(kind) | Self::Doubtful(kind, _) => Some(*kind),
            Self::HubFirewall(_) => Some(NextHop::VirtualNetworkGateway),
            Self::Unknown(..) | Self::Platform => None,
        }
    }

    /// Whether it is the wanted one.
    pub(crate) fn is(&self, wanted: NextHop) -> Ruling {
        match self {
            Self::Unknown(key, doubt) => {
                Ruling::Depends(Meaning::World(Arc::from(format!("hop {wanted:?} {key}"))), doubt.clone())
            }
            // What takes no route is no part of what is asked of routes.
            Self::Platform => Ruling::Pass,
            known if known.kind() == Some(wanted) => Ruling::Pass,
            _ => Ruling::Drop,
        }
    }
}

/// The ways with what becomes of packets on them. The platform's own addresses come first: no route applies to them
/// (BOTH-ENDS-14).
pub(crate) fn delivered<'a>(ground: &mut Ground<'_, 'a>, ways: Vec<Way<'a>>) -> Vec<Way<'a>> {
    let mut all = Vec::with_capacity(ways.len() + 1);
    let platform = platform_addresses().intersection(&ground.space);
    if !platform.is_empty() {
        let clause = Clause { destinations: Match::of(platform), ..Clause::full(&ground.space) };
        all.push(Way { clause, hop: Hop::Platform, author: Author::Platform });
    }
    let own = own_space(ground.scene);
    for way in ways {
        match (&way.author, &way.hop) {
            (Author::Route(route, _), Hop::To(NextHop::VnetLocal)) if route.origin != RouteOrigin::System => {
                into_network(ground, route, &own, way, &mut all);
            }
            (Author::Route(..), Hop::Appliance(addresses))
                if addresses.iter().any(|address| is_out_of_reach(ground.scene, *address)) =>
            {
                all.push(Way { hop: Hop::Lost(NextHop::VirtualAppliance), ..way });
            }
            (Author::System(..), Hop::To(NextHop::Peering)) => {
                let hop = over_peering(ground.scene, &way.clause);
                all.push(Way { hop, ..way });
            }
            _ => all.push(way),
        }
    }
    all
}

/// `VnetLocal` hands packets to the network itself: inside its address space they arrive, in a peered network that is not
/// documented, and elsewhere nobody takes them (BOTH-ENDS-10).
fn into_network<'a>(
    ground: &mut Ground<'_, 'a>,
    route: &Route,
    own: &AddressSet,
    way: Way<'a>,
    all: &mut Vec<Way<'a>>,
) {
    let mut part = |reached: &Match<AddressSet>, hop| {
        let destinations = way.clause.destinations.and(reached);
        if !destinations.terms.is_empty() {
            all.push(Way { clause: Clause { destinations, ..way.clause.clone() }, hop, author: way.author.clone() });
        }
    };
    part(&Match::of(own.intersection(&ground.space)), Hop::To(NextHop::VnetLocal));
    let mut others = Match::of(union(&ground.scene.peer_spaces).intersection(&ground.space));
    if !ground.scene.network_complete {
        ground.unknown_network(&mut others);
    }
    let doubt = Doubt::new(Reason::VnetLocalReach(shown(&route.name)));
    part(&others, Hop::Doubtful(NextHop::VnetLocal, doubt.at(route.next_hop.span)));
    all.push(Way { hop: Hop::Lost(NextHop::VnetLocal), ..way });
}

/// The hop of a route that a peering makes by itself.
fn over_peering(scene: &Scene<'_>, clause: &Clause) -> Hop {
    let meets = |space: &AddressSet| clause.destinations.terms.iter().any(|term| term.set.meets(space));
    let partial = scene.partial_peers.iter().find(|(space, _)| meets(space)).map(|(_, doubt)| doubt.clone());
    let doubt = partial.or_else(|| scene.table().and_then(kept_out));
    doubt.map_or(Hop::To(NextHop::Peering), |doubt| Hop::Doubtful(NextHop::Peering, doubt))
}

/// The addresses that are known to be the network's own: its address space, the subnet, and what effective routes show.
fn own_space(scene: &Scene<'_>) -> AddressSet {
    let routes = scene.table().map_or(&[][..], |table| &table.routes);
    let system =
        |route: &&Route| route.origin == RouteOrigin::System && route.next_hop.known() == Some(&NextHop::VnetLocal);
    let shown =
        routes.iter().filter(system).flat_map(|route| &route.prefixes).filter_map(|prefix| match prefix.known() {
            Some(crate::estate::Peer::Addresses(set)) => Some(set),
            _ => None,
        });
    union(scene.own_space.iter().chain(&scene.subnet).chain(shown))
}

/// Whether an appliance cannot be a next hop for its address: a public one that no network here has, and no firewall of
/// the input either (RT-2).
fn is_out_of_reach(scene: &Scene<'_>, address: IpAddr) -> bool {
    let firewalls = scene.estate.map_or(&[][..], |estate| &estate.firewalls);
    let known = || firewalls.iter().flat_map(|firewall| &firewall.addresses).any(|one| one.known() == Some(&address));
    let here = || scene.network.contains(address) || scene.peer_spaces.iter().any(|space| space.contains(address));
    address.is_ipv4() && public_space().contains(address) && !here() && !known()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use crate::estate::{NextHop, RouteOrigin};
    use crate::finding::Verdict;
    use crate::net::{AddressSet, Tag};
    use crate::proof::egress::Outcome;
    use crate::proof::given::Given;
    use crate::proof::ground::Party;
    use crate::proof::scene::Scene;
    use crate::proof::tests::{known, route, table};
    use crate::proof::{Flow, Matching};

    fn set(text: &str) -> AddressSet {
        AddressSet::prefix(text.parse().unwrap())
    }

    fn judge(scene: &Scene<'_>, to: &str) -> Verdict {
        let to = Tag::named(to).map_or_else(|| Party::Addresses(set(to)), Party::Tag);
        let flow = Flow {
            direction: crate::estate::Direction::Outbound,
            protocols: crate::net::ProtocolSet::TCP,
            from: Party::Subnet,
            to,
            ports: crate::net::PortSet::range(443, 443),
            matching: Matching::Effective,
        };
        scene.prepared().path(&flow, None).verdict
    }

    /// A subnet of 10.1.0.0/16, which is peered with 10.2.0.0/16.
    fn scene() -> Scene<'static> {
        let mut scene = Scene { subnet_shown: true, ..Scene::default() }.in_location("westeurope");
        scene.subnet = Some(set("10.1.1.0/24"));
        scene.own_space = vec![set("10.1.0.0/16")];
        scene.peer_spaces = vec![set("10.2.0.0/16")];
        scene.network = set("10.1.0.0/16").union(&set("10.2.0.0/16"));
        scene.network_complete = true;
        scene
    }

    #[test]
    fn vnet_local_delivers_inside_the_address_space_alone() {
        let table = table(vec![route("local", "0.0.0.0/0", NextHop::VnetLocal)]);
        let mut scene = scene();
        scene.routes = Some(Given::Here(&table));
        assert_eq!(judge(&scene, "10.1.7.0/24"), Verdict::Satisfied);
        assert_eq!(judge(&scene, "10.2.7.0/24"), Verdict::Satisfied, "the peering's own route is longer");
        assert_eq!(judge(&scene, "AzureMachineLearning"), Verdict::Violated);
        assert_eq!(judge(&scene, "20.0.0.0/8"), Verdict::Violated);
        assert_eq!(scene.prepared().egress().outcome, Outcome::Missing);
    }

    #[test]
    fn vnet_local_to_a_peer_is_not_documented() {
        let table = table(vec![route("peer", "10.2.7.0/24", NextHop::VnetLocal)]);
        let mut scene = scene();
        scene.routes = Some(Given::Here(&table));
        assert_eq!(judge(&scene, "10.2.7.0/24"), Verdict::Undecided);
        assert_eq!(
            scene.prepared().judge_route(&Party::Addresses(set("10.2.7.0/24")), NextHop::VnetLocal).verdict,
            Verdict::Satisfied
        );
        scene.network_complete = false;
        assert_eq!(judge(&scene, "10.2.7.0/24"), Verdict::Undecided);
    }

    #[test]
    fn effective_routes_show_what_the_network_has() {
        let mut own = route("own", "10.1.0.0/16", NextHop::VnetLocal);
        own.origin = RouteOrigin::System;
        let mut table = table(vec![own, route("local", "10.1.7.0/24", NextHop::VnetLocal)]);
        table.effective = true;
        let scene = Scene { routes: Some(Given::Here(&table)), subnet: Some(set("10.1.1.0/24")), ..Scene::default() };
        assert_eq!(judge(&scene, "10.1.7.0/24"), Verdict::Satisfied);
    }

    #[test]
    fn an_appliance_at_a_public_address_leads_nowhere() {
        let mut default = route("default", "0.0.0.0/0", NextHop::VirtualAppliance);
        default.next_hop_addresses = vec![known(IpAddr::from([20, 4, 4, 4]))];
        let table = table(vec![default]);
        let mut scene = scene();
        scene.routes = Some(Given::Here(&table));
        assert_eq!(judge(&scene, "AzureMachineLearning"), Verdict::Violated);
        scene.network = scene.network.union(&set("20.4.4.0/24"));
        assert_eq!(judge(&scene, "AzureMachineLearning"), Verdict::Undecided, "the network itself has such addresses");
    }

    #[test]
    fn the_platform_takes_no_route() {
        let table =
            table(vec![route("none", "0.0.0.0/0", NextHop::Drop), route("own", "168.63.129.16/32", NextHop::Drop)]);
        let mut scene = scene();
        scene.routes = Some(Given::Here(&table));
        for platform in ["168.63.129.16/32", "169.254.169.254/32"] {
            assert_eq!(judge(&scene, platform), Verdict::Satisfied);
        }
        assert_eq!(judge(&scene, "168.63.129.17/32"), Verdict::Violated);
    }
}
