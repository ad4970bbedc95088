//! The NAT gateway of a subnet: whether there is one, and whether it has an address to send from (RT-9).

use std::sync::Arc;

use crate::estate::{Estate, Subnet};
use crate::json::{Node, Reason};
use crate::proof::given::{here, missing};
use crate::proof::name::shown;
use crate::proof::symbol::Doubt;
use crate::source::Span;

/// A NAT gateway of a subnet.
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Its id or name.
    pub name: Arc<str>,
    /// Where the subnet mentions it.
    pub span: Span,
}

/// The NAT gateway of a subnet, or why it is not known whether there is one.
pub(crate) fn nat_gateway(estate: &Estate, subnet: &Subnet) -> Result<Option<NatGateway>, Doubt> {
    let Some(reference) = &subnet.nat_gateway else { return Ok(None) };
    if let Some(unknown) = reference.id.unknown() {
        if matches!(unknown.reason, Reason::NotShown(_)) {
            return Err(missing("NAT gateway", &reference.id));
        }
        // Where the id is written there is a gateway, whatever its name; the whole may turn out to be `null`.
        let whole = subnet.header.node.at(&["properties", "natGateway"]);
        if whole.is_some_and(|node| node.unknown().is_some()) || unknown.domain.iter().any(Node::is_null) {
            return Err(Doubt::of("which NAT gateway the subnet has", unknown));
        }
    }
    if reference.target.is_some() {
        let condition = subnet.header.condition.as_ref();
        here(reference, &estate.nat_gateways, |one| &one.header, condition, "NAT gateway")?;
    }
    Ok(Some(NatGateway { name: shown(&reference.id), span: reference.id.span }))
}
