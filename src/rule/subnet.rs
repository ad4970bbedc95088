//! What a requirement asks of the subnet itself: its name, its size, whom it is delegated to, what it has.

use std::sync::Arc;

use crate::rule::error::RuleError;
use crate::rule::schema::Written;

/// What the subnet of a placement must be like; all of what is said.
#[derive(Clone, Debug, Default)]
pub struct SubnetRequirement {
    /// Its name, compared without case.
    pub name: Option<Arc<str>>,
    /// The service it must be delegated to, compared without case.
    pub delegated_to: Option<Arc<str>>,
    /// How many IPv4 addresses its prefixes must hold at least.
    pub size: Option<u64>,
    /// Whether a network security group must guard it, or must not.
    pub nsg: Option<bool>,
    /// Whether a route table must serve it, or must not.
    pub route_table: Option<bool>,
    /// Whether it must have a NAT gateway, or must not.
    pub nat_gateway: Option<bool>,
}

const KEYS: [&str; 6] = ["name", "delegated-to", "size", "nsg", "route-table", "nat-gateway"];

impl SubnetRequirement {
    /// Reads `require: subnet`.
    pub(crate) fn read(written: Written<'_>) -> Result<Self, RuleError> {
        let keys = written.keys("`subnet`", &KEYS)?;
        if KEYS.iter().all(|key| keys.get(key).is_none()) {
            return Err(keys.error("`subnet` says nothing of the subnet"));
        }
        let number = |size: Written<'_>| {
            let text = size.scalar()?;
            text.parse::<u64>().map_err(|_| size.error(format!("`{text}` is no number of addresses")))
        };
        let truth = |key: &str| keys.get(key).map(Written::bool).transpose();
        Ok(Self {
            name: keys.text("name")?,
            delegated_to: keys.text("delegated-to")?,
            size: keys.get("size").map(number).transpose()?,
            nsg: truth("nsg")?,
            route_table: truth("route-table")?,
            nat_gateway: truth("nat-gateway")?,
        })
    }

    /// What is asked for, in words that follow "has".
    pub fn words(&self) -> String {
        let thing = |what: &str, is: bool| if is { format!("a {what}") } else { format!("no {what}") };
        let all = [
            self.name.as_ref().map(|name| format!("the name {name}")),
            self.delegated_to.as_ref().map(|service| format!("a delegation to {service}")),
            self.size.map(|size| format!("{size} addresses or more")),
            self.nsg.map(|is| thing("network security group", is)),
            self.route_table.map(|is| thing("route table", is)),
            self.nat_gateway.map(|is| thing("NAT gateway", is)),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}
