//! What the settings file can say of an appliance that is no Azure Firewall.

use serde::Deserialize;
use serde_saphyr::Spanned;

/// What an appliance lets through: no resource of Azure shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApplianceSetting {
    /// What it is called; without it, where it is.
    #[serde(default)]
    pub name: Option<Spanned<String>>,
    /// Its addresses, or the ids of an interface, a machine or a load balancer that has them.
    pub at: Vec<Spanned<String>>,
    /// What it lets through.
    pub lets_through: Spanned<PassesSetting>,
    /// What becomes of the rest.
    #[serde(default, rename = "else")]
    pub rest: RestSetting,
    /// Whose source address it replaces by its own.
    #[serde(default)]
    pub snat: SnatSetting,
    /// The day from which this holds.
    #[serde(default)]
    pub as_of: Option<Spanned<String>>,
}

/// What an appliance lets through.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum PassesSetting {
    /// `everything` or `nothing`.
    Word(String),
    /// These kinds of traffic.
    Only(Vec<PassSetting>),
}

/// Traffic that an appliance lets through. Without tags, prefixes and hosts it may go anywhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PassSetting {
    /// Service tags it goes to.
    pub tags: Vec<String>,
    /// Addresses and prefixes it goes to.
    pub prefixes: Vec<String>,
    /// Hosts it goes to; `*.example.com` stands for all below.
    pub hosts: Vec<String>,
    /// `tcp`, `udp`, `icmp` or `any`.
    pub protocol: Option<String>,
    /// Ports and ranges of ports.
    pub ports: Vec<PortSetting>,
    /// The addresses and prefixes it comes from.
    pub from: Vec<String>,
}

/// A port or a range of ports.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum PortSetting {
    /// A port.
    Number(u16),
    /// A range, such as `8080-8090`.
    Text(String),
}

/// What becomes of what an appliance is not declared to let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestSetting {
    /// It is dropped.
    #[default]
    Drops,
    /// Nobody knows.
    Unknown,
}

/// Whose source address an appliance replaces by its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnatSetting {
    /// That of all traffic.
    Always,
    /// That of what goes to public addresses.
    #[default]
    Public,
    /// That of none.
    Never,
}
