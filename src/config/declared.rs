//! What the settings file can say that no resource shows: what DNS servers of one's own forward, and whose effective
//! security admin rules a file lists.

use std::path::PathBuf;

use serde::Deserialize;
use serde_saphyr::Spanned;

/// What a DNS server does with names that it does not know itself. Of one server there may be several entries, each for
/// other zones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DnsSetting {
    /// Its address.
    pub at: Spanned<String>,
    /// That it asks Azure DNS.
    #[serde(default)]
    pub forwards_to: Option<Spanned<ForwardSetting>>,
    /// The network, by name or id, as which it asks Azure DNS.
    #[serde(default, rename = "as")]
    pub asks_as: Option<Spanned<String>>,
    /// The address of the server that it asks instead.
    #[serde(default)]
    pub to: Option<Spanned<String>>,
    /// The names that this holds for, each with all below it; empty: every name.
    #[serde(default)]
    pub zones: Vec<Spanned<String>>,
}

/// Whom a DNS server asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardSetting {
    /// Azure DNS.
    Azure,
}

/// Whose effective security admin rules a file lists: Azure's answer does not say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AdminRulesSetting {
    /// The saved answer.
    pub file: Spanned<PathBuf>,
    /// The network it is for, by name or id.
    pub network: Spanned<String>,
}
