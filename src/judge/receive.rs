//! The receiving end of traffic inside the network: which subnets the addresses are in, and what lets it in there
//! (BOTH-ENDS-1, PE-6).
//!
//! The sending end is judged by the requirement or the trace that asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::estate::{Direction, EndpointTarget, Estate, Field, PrivateEndpoint, Subnet};
use crate::finding::Verdict;
use crate::judge::site::scene_of;
use crate::judge::site::{self, Site};
use crate::net::{AddressSet, TagData};
use crate::proof::{Doubt, Flow, Judgement, Party, Scene, Trace, policies};

/// Addresses of one subnet that are guarded alike.
pub(crate) struct Receiver<'a> {
    pub(crate) site: Site,
    scene: Arc<Scene<'a>>,
    addresses: AddressSet,
    /// The network security group of the interface that has the address.
    pub(crate) interface_group: Option<String>,
    /// Why its network security groups may not count after all.
    maybe: Option<Doubt>,
    /// Why nothing may be carried from here to where it leads.
    closed: Option<Doubt>,
}

/// Everything that receives traffic to some addresses.
pub(crate) struct Receivers<'a> {
    pub(crate) all: Vec<Receiver<'a>>,
    /// The addresses that lie in no subnet of the input.
    pub(crate) rest: AddressSet,
}

/// The scenes of subnets that receive traffic: many senders ask for the same few.
#[derive(Debug, Default)]
pub(crate) struct Doors<'a> {
    scenes: Mutex<BTreeMap<Door, Arc<Scene<'a>>>>,
}

/// A subnet by its place in the estate, and which tags are loaded, by where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Door {
    subnet: usize,
    tags: usize,
    /// As private endpoints see it, and whether its groups count for them.
    endpoints: Option<bool>,
}

impl<'a> Doors<'a> {
    fn scene(&self, door: Door, make: impl FnOnce() -> Scene<'a>) -> Arc<Scene<'a>> {
        let known = || self.scenes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&door).cloned();
        // Not made under the lock: others may need another one meanwhile.
        found.unwrap_or_else(|| {
            let made = Arc::new(make());
            Arc::clone(known().entry(door).or_insert(made))
        })
    }

    fn for_endpoints(&self, door: Door, scene: &Scene<'a>, groups: bool) -> Arc<Scene<'a>> {
        self.scene(Door { endpoints: Some(groups), ..door }, || scene.clone().for_endpoints(groups))
    }
}

impl<'a> Receivers<'a> {
    /// What receives traffic from a subnet to some addresses: subnets of its network go before those of its peers, and
    /// both before others, since private addresses are used again elsewhere. `endpoints_alone`: the addresses are of
    /// private endpoints.
    pub(crate) fn of(
        estate: &'a Estate,
        sender: Option<usize>,
        addresses: &AddressSet,
        endpoints_alone: bool,
        tags: Option<&'a TagData>,
        doors: &Doors<'a>,
    ) -> Self {
        let network = sender.and_then(|at| estate.subnets.get(at)?.network);
        let peers: BTreeSet<usize> = network
            .and_then(|at| estate.networks.get(at))
            .into_iter()
            .flat_map(|network| &network.peerings)
            .filter_map(|peering| peering.remote.as_ref()?.target)
            .collect();
        let distance = |at: usize, subnet: &Subnet| match subnet.network {
            _ if sender == Some(at) => 0,
            own if own.is_some() && own == network => 0,
            Some(other) if peers.contains(&other) => 1,
            _ => ELSEWHERE,
        };
        let mut near: Vec<(u8, usize, AddressSet)> = estate
            .subnets
            .iter()
            .enumerate()
            .filter(|(_, subnet)| subnet.prefixes.iter().filter_map(Field::known).any(|set| set.overlaps(addresses)))
            .map(|(at, subnet)| (distance(at, subnet), at, prefixes(subnet).intersection(addresses)))
            .collect();
        near.sort_by_key(|(distance, at, _)| (*distance, *at));
        let mut found = Self { all: Vec::new(), rest: addresses.clone() };
        for (distance, at, part) in near {
            let part = part.intersection(&found.rest);
            if part.is_empty() {
                continue;
            }
            found.rest = found.rest.difference(&part);
            found.add((estate, at), part, endpoints_alone, tags, doors);
            if distance == ELSEWHERE {
                let unsure = found.all.iter_mut().filter(|one| one.site.subnet == Some(at));
                unsure.for_each(|one| one.maybe = one.maybe.take().or_else(|| Some(elsewhere(&one.site, estate))));
            }
        }
        found
    }

    /// Adds the addresses of one subnet: private endpoints, interfaces with a group of their own, and the others.
    fn add(
        &mut self,
        (estate, at): (&'a Estate, usize),
        mut part: AddressSet,
        endpoints_alone: bool,
        tags: Option<&'a TagData>,
        doors: &Doors<'a>,
    ) {
        let Some(subnet) = estate.subnets.get(at) else { return };
        let site = site::of_subnet(estate, at);
        let door = Door { subnet: at, tags: tags.map_or(0, |tags| std::ptr::from_ref(tags).addr()), endpoints: None };
        let scene = doors.scene(door, || scene_of(estate, &site, tags));
        let for_endpoints = |groups: bool| doors.for_endpoints(door, &scene, groups);
        let endpoints = endpoints(estate, at);
        let closed: Vec<(AddressSet, Doubt)> = endpoints.iter().filter_map(|one| not_approved(one)).collect();
        let mut push = |scene: Arc<Scene<'a>>, addresses: AddressSet, group: Option<String>, maybe: Option<Doubt>| {
            if !addresses.is_empty() {
                let site = site.clone();
                let closed = closed
                    .iter()
                    .find(|(own, _)| !own.intersection(&addresses).is_empty())
                    .map(|(_, doubt)| doubt.clone());
                self.all.push(Receiver { site, scene, addresses, interface_group: group, maybe, closed });
            }
        };
        let known = known_addresses(endpoints.iter().copied());
        let known = if endpoints_alone { part.clone() } else { known };
        let counts = policies(subnet, "NetworkSecurityGroupEnabled");
        match &counts {
            Ok(true) => push(for_endpoints(true), part.intersection(&known), None, None),
            // No group counts for them.
            Ok(false) => push(for_endpoints(false), part.intersection(&known), None, None),
            Err(doubt) => push(for_endpoints(true), part.intersection(&known), None, Some(doubt.clone())),
        }
        part = part.difference(&known);
        for interface in &estate.interfaces {
            let here = interface.subnets.iter().any(|subnet| subnet.target == Some(at));
            let Some(group) = interface.nsg.as_ref().filter(|_| here) else { continue };
            for address in interface.addresses.iter().filter_map(Field::known) {
                let own = AddressSet::address(*address).intersection(&part);
                part = part.difference(&own);
                let name = group.id.known().map(|id| site::last_segment(id).to_owned());
                push(Arc::new(Scene::clone(&scene).with_interface_of(estate, group)), own, name, None);
            }
        }
        // An endpoint whose address is not shown may be at any of the others.
        let untold = endpoints.iter().any(|one| one.addresses.iter().all(|address| address.known().is_none()))
            || subnet.private_endpoints.len() > endpoints.len();
        let maybe = match counts {
            Ok(true) => None,
            Ok(false) => Some(untold_endpoints(subnet)),
            Err(doubt) => Some(doubt),
        };
        push(scene, part, None, maybe.filter(|_| untold));
    }
}

impl Receiver<'_> {
    /// Follows traffic to its door. `flow`: as it leaves the sender.
    pub(crate) fn trace(&self, flow: &Flow, from: &Party) -> Trace {
        let mut trace = self.scene.prepared().trace(&self.arriving(flow, from));
        self.doubt(&mut trace.path);
        trace
    }

    /// Judges traffic at its door. `flow`: as it leaves the sender.
    pub(crate) fn judge(&self, flow: &Flow, from: &Party) -> Judgement {
        let mut judgement = self.scene.prepared().judge(&self.arriving(flow, from));
        self.doubt(&mut judgement);
        judgement.elsewhere();
        judgement
    }

    fn arriving(&self, flow: &Flow, from: &Party) -> Flow {
        let to = Party::Addresses(self.addresses.clone());
        Flow { direction: Direction::Inbound, from: from.clone(), to, ..flow.clone() }
    }

    fn doubt(&self, judgement: &mut Judgement) {
        if let Some(doubt) = self.maybe.as_ref().filter(|_| judgement.verdict == Verdict::Violated) {
            judgement.verdict = Verdict::Undecided;
            judgement.why.push(doubt.clone());
        }
        if let Some(doubt) = self.closed.as_ref().filter(|_| judgement.verdict == Verdict::Satisfied) {
            judgement.verdict = Verdict::Undecided;
            judgement.why.push(doubt.clone());
        }
    }
}

/// How far a subnet is that no peering joins with the sender's network.
const ELSEWHERE: u8 = 2;

fn elsewhere(site: &Site, estate: &Estate) -> Doubt {
    let name = site.title(estate);
    Doubt::new(format!("whether it arrives at `{name}`, and from which address, is not known: no peering leads there"))
}

fn untold_endpoints(subnet: &Subnet) -> Doubt {
    let name = site::shown(&subnet.header);
    let doubt = Doubt::new(format!(
        "which addresses of `{name}` are private endpoints, for which its network security group does not count"
    ));
    doubt.settled_by("the private endpoints of the subnet, with their addresses")
}

/// The private endpoints in a subnet.
fn endpoints(estate: &Estate, at: usize) -> Vec<&PrivateEndpoint> {
    let here = |endpoint: &&PrivateEndpoint| endpoint.subnet.as_ref().is_some_and(|subnet| subnet.target == Some(at));
    estate.private_endpoints.iter().filter(here).collect()
}

fn known_addresses<'e>(endpoints: impl IntoIterator<Item = &'e PrivateEndpoint>) -> AddressSet {
    let known = endpoints.into_iter().flat_map(|endpoint| &endpoint.addresses).filter_map(Field::known);
    known.fold(AddressSet::empty(), |all, one| all.union(&AddressSet::address(*one)))
}

/// The addresses of an endpoint one of whose connections is not approved, and that (PE-2).
fn not_approved(endpoint: &PrivateEndpoint) -> Option<(AddressSet, Doubt)> {
    let state = endpoint.targets.iter().find_map(EndpointTarget::not_approved)?;
    let addresses = known_addresses([endpoint]);
    let name = site::shown(&endpoint.header);
    let doubt = match &state.value {
        Ok(word) => Doubt::new(format!("the connection of private endpoint `{name}` is {word}, and carries nothing")),
        Err(unknown) => Doubt::of(format!("the state of the connection of private endpoint `{name}`"), unknown),
    };
    Some((addresses, doubt.at(state.span).settled_by("the connection when it is approved")))
}

/// What is known of the addresses of a subnet.
pub(crate) fn prefixes(subnet: &Subnet) -> AddressSet {
    subnet.prefixes.iter().filter_map(Field::known).fold(AddressSet::empty(), |all, one| all.union(one))
}
