//! Which private endpoints a network reaches: those in it, and those in the networks peered with it.

use std::collections::BTreeSet;

use crate::estate::{Estate, Field, Peering, PrivateEndpoint};

/// The private endpoints of an estate by the networks that reach them, worked out once for all placements.
#[derive(Debug)]
pub(crate) struct Reach<'a> {
    estate: &'a Estate,
    /// For each network those that reach into it or that it reaches into, and itself.
    near: Vec<BTreeSet<usize>>,
    /// For each network the endpoints in it.
    within: Vec<Vec<usize>>,
    /// The endpoints whose network is not known.
    anywhere: Vec<usize>,
}

impl<'a> Reach<'a> {
    pub(crate) fn of(estate: &'a Estate) -> Self {
        let mut near: Vec<BTreeSet<usize>> = (0..estate.networks.len()).map(|at| BTreeSet::from([at])).collect();
        let (mut within, mut anywhere) = (vec![Vec::new(); near.len()], Vec::new());
        for (at, endpoint) in estate.private_endpoints.iter().enumerate() {
            let subnet = endpoint.subnet.as_ref().and_then(|reference| reference.target);
            match estate.subnet(subnet).and_then(|subnet| subnet.network) {
                Some(network) => within[network].push(at),
                None => anywhere.push(at),
            }
        }
        for (at, network) in estate.networks.iter().enumerate() {
            let open = network.peerings.iter().filter(|peering| is_open(peering));
            for other in open.filter_map(|peering| peering.remote.as_ref()?.target) {
                // Often only one side of a peering is among the files.
                near[at].insert(other);
                near[other].insert(at);
            }
        }
        Self { estate, near, within, anywhere }
    }

    /// The endpoints that a network reaches, in the order of the estate, those whose network is not known among them;
    /// without a known network, all there are.
    pub(crate) fn endpoints(&self, network: Option<usize>) -> impl Iterator<Item = &'a PrivateEndpoint> {
        let mut all: Vec<usize> = match network.and_then(|at| self.near.get(at)) {
            Some(near) => near.iter().flat_map(|at| &self.within[*at]).chain(&self.anywhere).copied().collect(),
            None => (0..self.estate.private_endpoints.len()).collect(),
        };
        all.sort_unstable();
        let endpoints = &self.estate.private_endpoints;
        all.into_iter().map(|at| &endpoints[at])
    }
}

/// Whether a peering carries traffic into the other network.
fn is_open(peering: &Peering) -> bool {
    peering.is_connected() != Some(false) && peering.allow_access.as_ref().and_then(Field::known) != Some(&false)
}
