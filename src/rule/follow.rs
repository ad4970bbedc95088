//! One flow followed through the layers of a place in the estate: what `trace` asks.

use std::net::IpAddr;

use crate::estate::{Direction, Estate};
use crate::net::{AddressSet, Cloud, PortSet, ProtocolSet, TagData};
use crate::proof::{Flow, Matching, Party, Trace};
use crate::rule::require::scene_of;
use crate::rule::site::{self, Site};

/// A flow to follow.
#[derive(Clone, Debug)]
pub struct Question {
    /// The end in the estate: the name or id of a subnet, NSG, route table or firewall; `None` means the only one there is.
    pub near: Option<String>,
    /// One address of that end.
    pub address: Option<IpAddr>,
    /// Seen from there.
    pub direction: Direction,
    /// The other end.
    pub far: Party,
    /// The protocols.
    pub protocols: ProtocolSet,
    /// The destination ports.
    pub ports: PortSet,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Where it was followed: the subnet's name, or that of the lone resource.
    pub place: String,
    /// What stands on the way: the word users read and the name.
    pub parts: Vec<(&'static str, String)>,
    /// What was found.
    pub trace: Trace,
}

/// Follows a flow at every place that the question means.
///
/// # Errors
/// The names there are, when the question means none of them, or several without saying which.
pub fn follow<'a>(
    estate: &'a Estate,
    question: &Question,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Result<Vec<Followed>, Vec<String>> {
    let sites = site::sites(estate);
    let holds = |site: &Site, address: IpAddr| {
        let subnet = site.subnet.and_then(|at| estate.subnets.get(at));
        subnet.is_some_and(|subnet| {
            subnet.prefixes.iter().filter_map(|field| field.known()).any(|set| set.contains(address))
        })
    };
    let meant: Vec<&Site> = match (&question.near, question.address) {
        (Some(pattern), _) => sites.iter().filter(|site| site.matches(estate, pattern)).collect(),
        (None, Some(address)) => {
            let own: Vec<&Site> = sites.iter().filter(|site| holds(site, address)).collect();
            if own.is_empty() && sites.len() == 1 { sites.iter().collect() } else { own }
        }
        (None, None) if sites.len() == 1 => sites.iter().collect(),
        (None, None) => Vec::new(),
    };
    if meant.is_empty() {
        let mut names: Vec<String> = sites.iter().map(|site| site.name(estate)).collect();
        names.sort_unstable();
        names.dedup();
        return Err(names);
    }
    Ok(meant.into_iter().map(|site| at(estate, site, question, tags)).collect())
}

fn at<'a>(
    estate: &'a Estate,
    site: &Site,
    question: &Question,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Followed {
    let cloud = scene_of(estate, site, None).cloud;
    let scene = scene_of(estate, site, tags(cloud));
    let near = question.address.map_or(Party::Subnet, |address| Party::Addresses(AddressSet::address(address)));
    let (from, to) = match question.direction {
        Direction::Outbound => (near, question.far.clone()),
        Direction::Inbound => (question.far.clone(), near),
    };
    let flow = Flow {
        direction: question.direction,
        protocols: question.protocols,
        from,
        to,
        ports: question.ports.clone(),
        matching: Matching::Effective,
    };
    let parts = site.parts(estate).into_iter().map(|(kind, header)| (kind, site::shown(header)));
    Followed { place: site.name(estate), parts: parts.collect(), trace: scene.trace(&flow, None) }
}
