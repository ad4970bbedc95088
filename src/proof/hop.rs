//! Next hops: where a route leads, and what a layer makes of that.
//!
//! Which route wins is told by `route`.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{NextHop, Route};
use crate::proof::cell::Clause;
use crate::proof::entry::Author;
use crate::proof::scene::shown;
use crate::proof::symbol::{Doubt, Meaning};

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
            let doubt = Doubt::of(&format!("the next hop of route `{}`", shown(&route.name)), unknown);
            Hop::Unknown(Arc::clone(&unknown.key), doubt)
        }
    }
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
