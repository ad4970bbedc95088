//! What was made, before a form is chosen.

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::Ipv4Net;

use crate::generate::lines::Lines;

/// The subnet that Azure Firewall asks for by name.
const FIREWALL_SUBNET: &str = "AzureFirewallSubnet";

/// What was made.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) service: Arc<str>,
    pub(crate) title: Arc<str>,
    pub(crate) describe: Arc<str>,
    pub(crate) end: String,
    pub(crate) lines: Lines,
    /// The prefix of the firewall's subnet.
    pub(crate) firewall: Option<Ipv4Net>,
    /// The firewall resolves names for its network rules.
    pub(crate) dns_proxy: bool,
    pub(crate) nat_gateway: bool,
    /// The prefix of the subnet, where it is known.
    pub(crate) prefix: Option<String>,
    /// What was said.
    pub(crate) given: Vec<(String, String)>,
    /// The facts that decide, with their values and whether nobody said them.
    pub(crate) facts: Vec<(String, String, bool)>,
}

impl Plan {
    /// The name of a resource: what it is, and what it is for.
    pub(crate) fn name(&self, kind: &str) -> String {
        format!("{kind}-{}", self.end)
    }

    /// The lowest address of the firewall's subnet that Azure leaves free.
    pub(crate) fn firewall_address(&self) -> Option<Ipv4Addr> {
        let network = u32::from(self.firewall?.network());
        Some(network.saturating_add(4).into())
    }

    /// The name of the firewall's subnet, which Azure asks for.
    pub(crate) fn firewall_subnet(&self) -> &'static str {
        FIREWALL_SUBNET
    }
}
