//! Where a route leads, and what a layer makes of it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::estate::{NextHop, Route};
use crate::proof::scene::shown;
use crate::proof::symbol::{Doubt, Meaning};

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// There.
    To(NextHop),
    /// To an appliance at these addresses.
    Appliance(Vec<IpAddr>),
    /// Only a deployment can tell; the key of the unknown, and why.
    Unknown(Arc<str>, Doubt),
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

impl Hop {
    /// Where a route leads.
    pub(crate) fn of(route: &Route) -> Self {
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

    /// The kind of next hop.
    pub(crate) fn kind(&self) -> Option<NextHop> {
        match self {
            Self::To(kind) => Some(*kind),
            Self::Appliance(_) => Some(NextHop::VirtualAppliance),
            Self::Unknown(..) => None,
        }
    }

    /// Whether it is the wanted one.
    pub(crate) fn is(&self, wanted: NextHop) -> Ruling {
        match self {
            Self::Unknown(key, doubt) => {
                Ruling::Depends(Meaning::World(Arc::from(format!("hop {wanted:?} {key}"))), doubt.clone())
            }
            known if known.kind() == Some(wanted) => Ruling::Pass,
            _ => Ruling::Drop,
        }
    }
}
