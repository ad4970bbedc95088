//! One flow followed through the layers of a place in the estate: what `trace` asks.

use std::sync::Arc;

use crate::estate::{Direction, Estate, Field, NetworkInterface, Peering, Plain, Reference, Subnet, VirtualNetwork};
use crate::finding::Verdict;
use crate::judge::receive::{Doors, Receivers, prefixes};
use crate::judge::resolve::{Answer, Directory, Resolved};
use crate::judge::site::scene_of;
use crate::judge::site::{self, Site};
use crate::net::{AddressSet, Cloud, PortSet, ProtocolSet, TagData};
use crate::proof::{Decider, Doubt, Flow, HostSet, Judgement, Matching, Party, Scene, Trace};
use crate::rule::public;

/// A flow to follow.
#[derive(Clone, Debug)]
pub struct Question {
    /// The end in the estate: the name or id of a subnet, NSG, route table or firewall; `None` means the only one there is.
    pub near: Option<String>,
    /// Addresses of that end.
    pub address: Option<AddressSet>,
    /// Seen from there. Where both ends are addresses, the estate tells which of them is its own.
    pub direction: Direction,
    /// The other end.
    pub far: Far,
    /// The protocols.
    pub protocols: ProtocolSet,
    /// The destination ports.
    pub ports: PortSet,
}

/// The other end of a flow.
#[derive(Clone, Debug)]
pub enum Far {
    /// Whoever it is.
    Party(Party),
    /// A subnet of the estate, by its name or id.
    Place(String),
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Where it was followed: the subnet's name, or that of the lone resource.
    pub place: String,
    /// Seen from there.
    pub direction: Direction,
    /// What stands on the way: the word users read and the name.
    pub parts: Vec<(&'static str, String)>,
    /// What was found.
    pub trace: Trace,
    /// What was found where it arrives, in the subnets that hold its destination.
    pub receivers: Vec<Followed>,
    /// Why nobody knows what receives it.
    pub unshown: Option<Doubt>,
}

impl Followed {
    /// The verdict on both ends.
    pub fn verdict(&self) -> Verdict {
        let own = self.trace.path.verdict;
        let far = self.receivers.iter().map(|one| one.trace.path.verdict);
        let all: Vec<Verdict> = far.chain([own]).chain(self.unshown.as_ref().map(|_| Verdict::Undecided)).collect();
        let worst = [Verdict::Violated, Verdict::Undecided].into_iter().find(|verdict| all.contains(verdict));
        worst.unwrap_or(Verdict::Satisfied)
    }

    /// The end that decides: the first whose verdict is the whole one.
    pub fn decisive(&self) -> &Self {
        let verdict = self.verdict();
        let is_decisive = |one: &&Self| one.trace.path.verdict == verdict;
        std::iter::once(self).chain(&self.receivers).find(is_decisive).unwrap_or(self)
    }
}

/// An end that means nothing in the estate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The end in the estate; the names there are.
    Near(Vec<String>),
    /// The other end, by a name; the names of the subnets there are.
    Far(String, Vec<String>),
}

/// Follows a flow at every place that the question means.
///
/// # Errors
/// Which end means nothing, or several things without saying which, with the names there are.
pub fn follow<'a>(
    estate: &'a Estate,
    question: &Question,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Result<Vec<Followed>, Lost> {
    let sites = site::sites(estate);
    let far = match &question.far {
        Far::Party(party) => party.clone(),
        Far::Place(name) => Party::Addresses(place(estate, &sites, name)?),
    };
    let (mut direction, mut near, mut far) = (question.direction, question.address.clone(), far);
    let mut meant: Vec<&Site> = match (&question.near, &near) {
        (Some(pattern), _) => sites.iter().filter(|site| site.matches(estate, pattern)).collect(),
        (None, Some(addresses)) => sites.iter().filter(|site| holds(estate, site, addresses)).collect(),
        (None, None) if sites.len() == 1 => sites.iter().collect(),
        (None, None) => Vec::new(),
    };
    if let (true, None, Some(own), Party::Addresses(other)) = (meant.is_empty(), &question.near, &near, &far) {
        meant = sites.iter().filter(|site| holds(estate, site, other)).collect();
        let lone = meant.is_empty() && own.is_subset(public()) && !other.is_subset(public());
        if !meant.is_empty() || lone {
            (far, near) = (Party::Addresses(own.clone()), Some(other.clone()));
            direction = opposite(direction);
        }
    }
    if let (true, None, Some(_), [site]) = (meant.is_empty(), &question.near, &near, &*sites) {
        meant.extend((!is_placed(estate, site)).then_some(site));
    }
    if meant.is_empty() {
        return Err(Lost::Near(names(estate, sites.iter())));
    }
    // What comes in from a subnet of the estate is followed from there.
    if let (Direction::Inbound, Party::Addresses(from)) = (direction, &far) {
        let senders: Vec<&Site> = sites.iter().filter(|site| holds(estate, site, from)).collect();
        let to = near.clone().unwrap_or_else(|| {
            let subnets = meant.iter().filter_map(|site| estate.subnets.get(site.subnet?));
            subnets.fold(AddressSet::empty(), |all, subnet| all.union(&prefixes(subnet)))
        });
        if !senders.is_empty() && !to.is_empty() {
            (near, direction, meant) = (Some(from.clone()), Direction::Outbound, senders);
            far = Party::Addresses(to);
        }
    }
    let near = near.map_or(Party::Subnet, Party::Addresses);
    let (from, to) = match direction {
        Direction::Outbound => (near, far),
        Direction::Inbound => (far, near),
    };
    let (protocols, ports) = (question.protocols, question.ports.clone());
    let flow = Flow { direction, protocols, from, to, ports, matching: Matching::Effective };
    Ok(meant.into_iter().map(|site| at(estate, site, &flow, tags)).collect())
}

/// The addresses of the subnets that a name means.
fn place(estate: &Estate, sites: &[Site], name: &str) -> Result<AddressSet, Lost> {
    let meant = sites.iter().filter(|site| site.matches(estate, name)).filter_map(|site| site.subnet);
    let subnets = meant.filter_map(|at| estate.subnets.get(at));
    let addresses = subnets.fold(AddressSet::empty(), |all, subnet| all.union(&prefixes(subnet)));
    if addresses.is_empty() {
        let subnets = sites.iter().filter(|site| is_placed(estate, site));
        return Err(Lost::Far(name.to_owned(), names(estate, subnets)));
    }
    Ok(addresses)
}

fn names<'s>(estate: &Estate, sites: impl Iterator<Item = &'s Site>) -> Vec<String> {
    let mut names: Vec<String> = sites.map(|site| site.name(estate)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether addresses lie in the subnet of a site.
fn holds(estate: &Estate, site: &Site, addresses: &AddressSet) -> bool {
    let subnet = estate.subnet(site.subnet);
    !addresses.is_empty() && subnet.is_some_and(|subnet| addresses.is_subset(&prefixes(subnet)))
}

/// Whether all of the addresses of a site's subnet are known.
fn is_placed(estate: &Estate, site: &Site) -> bool {
    let subnet = estate.subnet(site.subnet);
    subnet.is_some_and(|subnet| {
        !subnet.prefixes.is_empty() && subnet.prefixes.iter().all(|prefixes| prefixes.known().is_some())
    })
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Inbound => Direction::Outbound,
        Direction::Outbound => Direction::Inbound,
    }
}

fn at<'a>(
    estate: &'a Estate,
    site: &Site,
    flow: &Flow,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Followed {
    let cloud = scene_of(estate, site, None).cloud;
    let tags = tags(cloud);
    let mut scene = scene_of(estate, site, tags);
    let interface = match (&flow.from, flow.direction) {
        (Party::Addresses(own), Direction::Outbound) => interface_group(estate, site, own),
        _ => None,
    };
    if let Some(group) = interface {
        scene = scene.with_interface_of(estate, group);
    }
    let (resolved, flow) = &resolved(estate, site, flow);
    let mut trace = scene.prepared().trace(flow);
    if let Some(Resolved { answer: Answer::Nowhere(_), steps }) = resolved {
        trace = nowhere(trace, steps);
    } else if let Some(resolved) = resolved {
        trace.way.splice(0..0, resolved.steps.iter().cloned());
        trace.path.assumptions.extend(resolved.assumptions());
    }
    let mut followed = told(estate, site, flow.direction, trace);
    if let Some(id) = interface.and_then(|group| group.id.known()) {
        followed.parts.push(("interface-nsg", site::last_segment(id).to_owned()));
    }
    if let (Direction::Outbound, Party::Addresses(to)) = (flow.direction, &flow.to)
        && followed.verdict() != Verdict::Violated
    {
        arrive(estate, site, &scene, flow, to, &mut followed);
    }
    match (resolved, flow.direction, &flow.to) {
        (Some(Resolved { answer: Answer::Open(doubt) | Answer::Unshown(doubt), .. }), ..) => {
            followed.unshown = Some(doubt.clone())
        }
        (None, Direction::Outbound, Party::Hosts(hosts)) => followed.unshown = unresolved(estate, site, hosts),
        _ => {}
    }
    followed
}

/// What the host of a flow leads to, and the flow as it goes on from there.
fn resolved(estate: &Estate, site: &Site, flow: &Flow) -> (Option<Resolved>, Flow) {
    let network = site.subnet.and_then(|at| estate.subnets.get(at)?.network);
    let found = match (&flow.to, flow.direction, network) {
        (Party::Hosts(hosts), Direction::Outbound, Some(network)) => {
            Directory::of(estate).resolve(network, &hosts.to_string())
        }
        _ => None,
    };
    let to = match &found {
        Some(Resolved { answer: Answer::Private(addresses) | Answer::Written(addresses), .. })
            if !addresses.is_empty() =>
        {
            Party::Addresses(addresses.clone())
        }
        _ => flow.to.clone(),
    };
    (found, Flow { to, ..flow.clone() })
}

/// A trace that ends with the name: no packet is sent.
fn nowhere(trace: Trace, steps: &[Decider]) -> Trace {
    let last = steps.last().cloned();
    let path = Judgement {
        verdict: Verdict::Violated,
        layer: last.as_ref().map(|last| last.layer),
        deciders: last.into_iter().collect(),
        ..Judgement::satisfied(trace.path.family)
    };
    Trace { path, layers: Vec::new(), packet: None, way: steps.to_vec() }
}

/// The zones of the services that a workspace reaches by private endpoints, and what stands before them in the zones that
/// lead there (DNS-12).
const PRIVATE_LINK_ZONES: [&str; 17] = [
    "api.azureml.ms",
    "notebooks.azure.net",
    "instances.azureml.ms",
    "inference.ml.azure.com",
    "core.windows.net",
    "vault.azure.net",
    "azurecr.io",
    "monitor.azure.com",
    "api.ml.azure.us",
    "notebooks.usgovcloudapi.net",
    "core.usgovcloudapi.net",
    "vault.usgovcloudapi.net",
    "azurecr.us",
    "api.ml.azure.cn",
    "notebooks.chinacloudapi.cn",
    "core.chinacloudapi.cn",
    "azurecr.cn",
];

/// Why the addresses of a host may be private ones: the network asks servers of its own, or a private DNS zone for the
/// name is in the input. Which of them answers, and what, is not read.
fn unresolved(estate: &Estate, site: &Site, hosts: &HostSet) -> Option<Doubt> {
    let name = hosts.to_string().to_ascii_lowercase();
    let below = |zone: &str| name.strip_suffix(zone).is_some_and(|front| front.ends_with('.'));
    let zone = PRIVATE_LINK_ZONES.iter().find(|zone| below(zone))?;
    let settled = "a trace to the private endpoint's address";
    let network = site.subnet.and_then(|at| estate.networks.get(estate.subnets.get(at)?.network?));
    let azure = |server: &&Field<Arc<str>>| server.known().is_some_and(|address| &**address == "168.63.129.16");
    let own = network.into_iter().flat_map(|network| &network.dns_servers).find(|server| !azure(server));
    if let Some(server) = own {
        let address = server.known().map_or("its own", |address| address);
        let doubt =
            Doubt::new(format!("what `{name}` resolves to is known to the network's DNS server {address} only"));
        return Some(doubt.at(server.span).settled_by(settled));
    }
    let is_zone = |one: &&Plain| {
        let named = one.header.name.known().map(|name| name.to_ascii_lowercase());
        let leads = named.is_some_and(|name| name.starts_with("privatelink.") && name.ends_with(zone));
        leads && one.header.type_name.eq_ignore_ascii_case("Microsoft.Network/privateDnsZones")
    };
    let found = estate.others.iter().find(is_zone)?;
    let zone = site::shown(&found.header);
    let doubt =
        Doubt::new(format!("what `{name}` resolves to depends on private DNS zone `{zone}`, which is not followed"));
    Some(doubt.at(found.header.name.span).settled_by(settled))
}

/// The group of the network interface that has an address.
fn interface_group<'a>(estate: &'a Estate, site: &Site, own: &AddressSet) -> Option<&'a Reference> {
    let has = |interface: &&NetworkInterface| {
        let here = interface.subnets.iter().any(|subnet| subnet.target.is_some() && subnet.target == site.subnet);
        let addresses = interface.addresses.iter().filter_map(|one| one.known());
        here && addresses.map(|one| AddressSet::address(*one)).any(|one| own.is_subset(&one))
    };
    estate.interfaces.iter().find(has).and_then(|interface| interface.nsg.as_ref())
}

fn told(estate: &Estate, site: &Site, direction: Direction, trace: Trace) -> Followed {
    let parts = site.parts(estate).into_iter().map(|(kind, header)| (kind, site::shown(header))).collect();
    Followed { place: site.name(estate), direction, parts, trace, receivers: Vec::new(), unshown: None }
}

/// Follows traffic on to what receives it.
fn arrive(estate: &Estate, site: &Site, scene: &Scene<'_>, flow: &Flow, to: &AddressSet, followed: &mut Followed) {
    let subnet = estate.subnet(site.subnet);
    let Some(subnet) = subnet else { return };
    let from = match (&flow.from, scene.subnet.as_ref()) {
        (Party::Addresses(_), _) => flow.from.clone(),
        (_, Some(prefixes)) => Party::Addresses(prefixes.clone()),
        (_, None) => return,
    };
    let receivers = Receivers::of(estate, site.subnet, to, false, scene.tags, &Doors::default());
    for receiver in &receivers.all {
        let trace = receiver.trace(flow, &from);
        let mut end = told(estate, &receiver.site, Direction::Inbound, trace);
        end.parts.extend(receiver.interface_group.iter().map(|name| ("interface-nsg", name.clone())));
        followed.receivers.push(end);
    }
    followed.unshown = unshown(estate, subnet.network, scene, &receivers.rest);
}

/// Why nobody knows what receives traffic to addresses that are in no subnet of the input, though a network has them.
fn unshown(estate: &Estate, network: Option<usize>, scene: &Scene<'_>, rest: &AddressSet) -> Option<Doubt> {
    let network = estate.networks.get(network?)?;
    let in_own = scene.own_space.iter().any(|space| space.overlaps(rest));
    let shown = |network: &VirtualNetwork| {
        let subnets: Vec<&Subnet> = network.subnets.iter().filter_map(|at| estate.subnets.get(*at)).collect();
        let known =
            |subnet: &&Subnet| !subnet.prefixes.is_empty() && subnet.prefixes.iter().all(|one| one.known().is_some());
        !subnets.is_empty() && subnets.iter().all(known)
    };
    if in_own && !shown(network) {
        let doubt = Doubt::new("the subnet that holds the destination is not among the input");
        return Some(doubt.settled_by("the file that holds it, with its network security group"));
    }
    let holds = |peering: &&Peering| {
        let remote = peering.remote.as_ref().and_then(|remote| estate.networks.get(remote.target?));
        let own = remote.map_or(&[][..], |remote| &remote.address_space);
        let spaces = if peering.remote_space.is_empty() { own } else { &peering.remote_space };
        let there = spaces.iter().filter_map(|space| space.known()).any(|space| space.overlaps(rest));
        there && !remote.is_some_and(shown)
    };
    let peering = network.peerings.iter().find(holds)?;
    let name = peering.remote.as_ref().and_then(|remote| remote.id.known());
    let name = name.map_or("the peered network", |id| site::last_segment(id));
    let doubt = Doubt::new(format!("what lets traffic into `{name}` is not among the input")).at(peering.name.span);
    Some(doubt.settled_by(format!("the files that hold `{name}` and the network security groups of its subnets")))
}
