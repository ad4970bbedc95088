//! What the mention of a resource leads to: the resource, or why nothing is known of it.

use std::sync::Arc;

use crate::estate::{Export, Field, Header, Reference};
use crate::json::{Reason, Unknown};
use crate::proof::name::shown;
use crate::proof::symbol::Doubt;

/// Something a scene refers to.
#[derive(Clone, Debug)]
pub enum Given<'a, T> {
    /// It is among the input.
    Here(&'a T),
    /// It is mentioned, but the input does not hold it, or it may not come to be.
    Missing(Doubt),
}

/// What a mention leads to. `beside`: the condition of who mentions it.
pub(crate) fn given<'a, T>(
    reference: &Reference,
    list: &'a [T],
    header: fn(&T) -> &Header,
    beside: Option<&Arc<Unknown>>,
    what: &str,
) -> Given<'a, T> {
    match here(reference, list, header, beside, what) {
        Ok(found) => Given::Here(found),
        Err(doubt) => Given::Missing(doubt),
    }
}

/// The resource that a mention leads to, or why nothing is known of it.
pub(crate) fn here<'a, T>(
    reference: &Reference,
    list: &'a [T],
    header: fn(&T) -> &Header,
    beside: Option<&Arc<Unknown>>,
    what: &str,
) -> Result<&'a T, Doubt> {
    let found = reference.target.and_then(|index| list.get(index)).ok_or_else(|| missing(what, &reference.id))?;
    uncertain(what, header(found), beside).map_or(Ok(found), Err)
}

/// Why a resource of the input may not exist, where its mention does. What stands in its place then, nothing shows.
pub(crate) fn uncertain(what: &str, header: &Header, beside: Option<&Arc<Unknown>>) -> Option<Doubt> {
    let condition = header.condition.as_ref()?;
    let together = beside.is_some_and(|beside| beside.is_same_as(condition));
    (!together).then(|| Doubt::of(&format!("whether {what} `{}` exists", shown(&header.name)), condition))
}

/// A resource that is mentioned, but not among the input.
pub(crate) fn missing(what: &str, id: &Field<Arc<str>>) -> Doubt {
    let unnamed = |unknown: &&Arc<Unknown>| matches!(unknown.reason, Reason::NotShown(_) | Reason::Missing(_));
    if let Some(unknown) = id.unknown().filter(unnamed) {
        return Doubt::of(&format!("which {what} there is"), unknown);
    }
    let shown = shown(id);
    let name = shown.rsplit('/').next().unwrap_or_default();
    let type_name = match what {
        "network security group" => "Microsoft.Network/networkSecurityGroups",
        "route table" => "Microsoft.Network/routeTables",
        "NAT gateway" => "Microsoft.Network/natGateways",
        "firewall policy" => "Microsoft.Network/firewallPolicies",
        "rule collection group" => "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
        "service endpoint policy" => "Microsoft.Network/serviceEndpointPolicies",
        "IP group" => "Microsoft.Network/ipGroups",
        _ => "",
    };
    let doubt = Doubt::new(format!("{what} `{name}` is not among the input")).at(id.span);
    doubt.settled_by(format!("the file that holds {what} `{name}`")).shown_by([Export::resource(type_name, &shown)])
}
