//! What the user declares that no resource shows: what appliances of others let through, and what DNS servers forward.

use std::net::IpAddr;
use std::sync::Arc;

use crate::net::{AddressSet, PortSet, ProtocolSet};

/// An appliance as it is declared (NVA-2).
#[derive(Clone, Debug)]
pub struct DeclaredAppliance {
    /// What it is called.
    pub name: Arc<str>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The ids of what has its addresses: an interface, a machine, a load balancer.
    pub ids: Vec<Arc<str>>,
    /// What it lets through.
    pub passes: Passes,
    /// Whether it drops the rest; else that is not known.
    pub drops_rest: bool,
    /// Whose source address it puts its own for.
    pub translates: Translates,
    /// The day from which that holds, as written.
    pub as_of: Option<Arc<str>>,
}

/// What an appliance lets through.
#[derive(Clone, Debug)]
pub enum Passes {
    /// Everything.
    Everything,
    /// Nothing.
    Nothing,
    /// These kinds of traffic.
    Only(Vec<DeclaredRule>),
}

/// Traffic that an appliance lets through.
#[derive(Clone, Debug)]
pub struct DeclaredRule {
    /// What it is, in words.
    pub words: Arc<str>,
    /// Service tags it goes to.
    pub tags: Vec<Arc<str>>,
    /// Addresses it goes to.
    pub addresses: AddressSet,
    /// Hosts it goes to, each a name or a pattern.
    pub hosts: Vec<Arc<str>>,
    /// Its protocols.
    pub protocols: ProtocolSet,
    /// The ports it goes to.
    pub ports: PortSet,
    /// Where it comes from; `None`: anywhere.
    pub from: Option<AddressSet>,
}

/// Whose source address an appliance replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translates {
    /// That of everything.
    Always,
    /// That of what goes to public addresses.
    Public,
    /// That of nothing.
    Never,
}

impl DeclaredAppliance {
    /// One that lets everything through.
    pub fn open(address: IpAddr) -> Self {
        Self {
            name: Arc::from(address.to_string()),
            addresses: vec![address],
            ids: Vec::new(),
            passes: Passes::Everything,
            drops_rest: true,
            translates: Translates::Public,
            as_of: None,
        }
    }
}

/// A DNS server of one's own as it is declared (DNS-18).
#[derive(Clone, Debug)]
pub struct DeclaredServer {
    /// Its address.
    pub at: IpAddr,
    /// Whom it asks for what it does not know itself.
    pub asks: Asks,
    /// The names that this holds for, each with all below it, in lower case; empty: every name.
    pub zones: Vec<Arc<str>>,
}

/// Whom a DNS server asks.
#[derive(Clone, Debug)]
pub enum Asks {
    /// Azure DNS, as the network of this name or id.
    Azure(Arc<str>),
    /// Another server.
    Server(IpAddr),
}

impl DeclaredServer {
    /// Whether the declaration speaks of a name, in lower case.
    pub fn speaks_of(&self, name: &str) -> bool {
        self.zones.is_empty() || self.zones.iter().any(|zone| Self::is_below(name, zone))
    }

    /// Whether a name is a zone, or in it.
    pub fn is_below(name: &str, zone: &str) -> bool {
        name.strip_suffix(zone).is_some_and(|front| front.is_empty() || front.ends_with('.'))
    }
}
