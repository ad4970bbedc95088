//! Whether a next hop can be reached: it has to be in the subnet's own network or in one peered with it directly
//! (BOTH-ENDS-8).

use std::sync::Arc;

use crate::estate::{Estate, Export, Firewall, Peering, Shape, VirtualNetwork};
use crate::proof::peering::partial;
use crate::proof::scene::{is_connected, shown};
use crate::proof::symbol::Doubt;

/// Whether a firewall can be the next hop of a network's subnets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reach {
    /// It can, or nothing shows where it is.
    Yes,
    /// Both networks are shown with their peerings, and none joins them.
    No,
    /// A peering that would join them is not shown.
    Unknown(Doubt),
}

/// The network of a firewall, as far as it is shown.
struct Place {
    at: Option<usize>,
    id: Option<Arc<str>>,
}

/// Whether a firewall can be the next hop of the subnets of a network; `None`: one that is not shown.
pub(crate) fn reach(estate: &Estate, network: Option<usize>, firewall: &Firewall) -> Reach {
    let own = network.and_then(|at| Some((at, estate.networks.get(at)?)));
    let (Some((at, own)), Some(subnet)) = (own, firewall.subnets.first()) else { return Reach::Yes };
    let far = subnet.target.and_then(|subnet| estate.subnets.get(subnet)?.network);
    let id = subnet.id.known().and_then(|id| id.rfind("/subnets/").and_then(|end| id.get(..end)).map(Arc::from));
    let place = Place { at: far, id };
    if far == Some(at) || (place.at.is_none() && place.id.is_none()) {
        return Reach::Yes;
    }
    let here = Place { at: Some(at), id: own.header.id.as_ref().and_then(|id| id.known().cloned()) };
    let other = far.and_then(|far| estate.networks.get(far));
    let there = own.peerings.iter().filter(|one| place.is_end(one));
    let back = other.into_iter().flat_map(|other| &other.peerings).filter(|one| here.is_end(one));
    let joining: Vec<&Peering> = there.chain(back).collect();
    let states: Vec<Option<bool>> = joining.iter().map(|one| is_connected(one)).collect();
    // A peering carries traffic when both of its sides are connected; one that is not shown is taken to be.
    if !states.is_empty() && states.iter().all(|state| *state == Some(true)) {
        return joining.iter().find_map(|one| partial(one)).map_or(Reach::Yes, Reach::Unknown);
    }
    let cut = states.contains(&Some(false));
    if let Some(open) = joining.iter().find(|one| is_connected(one).is_none()).filter(|_| !cut) {
        let doubt = Doubt::new(format!("whether peering `{}` is connected is not known", shown(&open.name)));
        let doubt = doubt.shown_by([Export::of(&own.header)]);
        return Reach::Unknown(doubt.at(open.span).settled_by("the export of the network, with its peerings"));
    }
    let whole = |network: &VirtualNetwork| network.peerings_shown && network.header.shape != Shape::Template;
    let untold = |one: &Peering| one.remote.as_ref().is_none_or(|remote| remote.id.known().is_none());
    // A network manager joins networks by groups that no peering shows.
    let managed = estate.others.iter().any(|one| one.header.type_name.eq_ignore_ascii_case(CONNECTIVITY));
    let told = whole(own) && other.is_none_or(whole) && !own.peerings.iter().any(untold);
    if (cut || told) && !managed {
        return Reach::No;
    }
    let (name, appliance) = (shown(&own.header.name), shown(&firewall.header.name));
    let doubt = Doubt::new(format!("no peering joins `{name}` with the network of firewall `{appliance}`"));
    let doubt = doubt.shown_by([own].into_iter().chain(other).map(|network| Export::of(&network.header)));
    Reach::Unknown(doubt.at(own.header.name.span).settled_by("the exports of both networks, with their peerings"))
}

const CONNECTIVITY: &str = "Microsoft.Network/networkManagers/connectivityConfigurations";

impl Place {
    /// Whether a peering leads here.
    fn is_end(&self, peering: &Peering) -> bool {
        let Some(remote) = &peering.remote else { return false };
        if remote.target.is_some() {
            return remote.target == self.at;
        }
        let same = |id: &Arc<str>| self.id.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(id));
        remote.id.known().is_some_and(same)
    }
}
