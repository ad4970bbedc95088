//! One flow followed through the layers of a place in the estate: what `trace` asks.

use crate::estate::{Direction, Estate};
use crate::net::{AddressSet, Cloud, PortSet, ProtocolSet, TagData};
use crate::proof::{Flow, Matching, Party, Trace};
use crate::rule::require::scene_of;
use crate::rule::side::public;
use crate::rule::site::{self, Site};

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
    /// Seen from there.
    pub direction: Direction,
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
    let (mut direction, mut near, mut far) = (question.direction, question.address.as_ref(), &question.far);
    let turned = Party::Addresses(question.address.clone().unwrap_or_default());
    let mut meant: Vec<&Site> = match (&question.near, near) {
        (Some(pattern), _) => sites.iter().filter(|site| site.matches(estate, pattern)).collect(),
        (None, Some(addresses)) => sites.iter().filter(|site| holds(estate, site, addresses)).collect(),
        (None, None) if sites.len() == 1 => sites.iter().collect(),
        (None, None) => Vec::new(),
    };
    if let (true, None, Some(own), Party::Addresses(other)) = (meant.is_empty(), &question.near, near, far) {
        meant = sites.iter().filter(|site| holds(estate, site, other)).collect();
        let lone = meant.is_empty() && own.is_subset(public()) && !other.is_subset(public());
        if !meant.is_empty() || lone {
            (direction, near, far) = (opposite(direction), Some(other), &turned);
        }
    }
    if let (true, None, Some(_), [site]) = (meant.is_empty(), &question.near, near, &*sites) {
        meant.extend((!is_placed(estate, site)).then_some(site));
    }
    if meant.is_empty() {
        let mut names: Vec<String> = sites.iter().map(|site| site.name(estate)).collect();
        names.sort_unstable();
        names.dedup();
        return Err(names);
    }
    let near = near.map_or(Party::Subnet, |addresses| Party::Addresses(addresses.clone()));
    let (from, to) = match direction {
        Direction::Outbound => (near, far.clone()),
        Direction::Inbound => (far.clone(), near),
    };
    let flow = Flow {
        direction,
        protocols: question.protocols,
        from,
        to,
        ports: question.ports.clone(),
        matching: Matching::Effective,
    };
    Ok(meant.into_iter().map(|site| at(estate, site, &flow, tags)).collect())
}

/// Whether addresses lie in the subnet of a site.
fn holds(estate: &Estate, site: &Site, addresses: &AddressSet) -> bool {
    let subnet = site.subnet.and_then(|at| estate.subnets.get(at));
    let known = subnet.into_iter().flat_map(|subnet| &subnet.prefixes).filter_map(|prefixes| prefixes.known());
    let all = known.fold(AddressSet::empty(), |all, prefixes| all.union(prefixes));
    !addresses.is_empty() && addresses.is_subset(&all)
}

/// Whether all of the addresses of a site's subnet are known.
fn is_placed(estate: &Estate, site: &Site) -> bool {
    let subnet = site.subnet.and_then(|at| estate.subnets.get(at));
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
    let scene = scene_of(estate, site, tags(cloud));
    let parts = site.parts(estate).into_iter().map(|(kind, header)| (kind, site::shown(header)));
    Followed {
        place: site.name(estate),
        direction: flow.direction,
        parts: parts.collect(),
        trace: scene.trace(flow, None),
    }
}
