//! The NAT gateway of a subnet: whether there is one, and whether it has an address to send from (RT-9).

use std::sync::Arc;

use crate::estate::{Estate, Export, Header, Subnet};
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
    /// It has an address to send from: without one nothing leaves by it.
    pub has_address: bool,
}

/// Where the addresses of a gateway are written.
const ADDRESSES: [&str; 2] = ["publicIpAddresses", "publicIpPrefixes"];
/// The same for IPv6, which only newer gateways have.
const ADDRESSES_V6: [&str; 2] = ["publicIpAddressesV6", "publicIpPrefixesV6"];

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
    let mut has_address = true;
    if reference.target.is_some() {
        let condition = subnet.header.condition.as_ref();
        let gateway = here(reference, &estate.nat_gateways, |one| &one.header, condition, "NAT gateway")?;
        has_address = gateway.header.mentioned || addressed(&gateway.header)?;
    }
    Ok(Some(NatGateway { name: shown(&reference.id), span: reference.id.span, has_address }))
}

/// Whether a gateway has an address to send from, or why that is not known.
fn addressed(header: &Header) -> Result<bool, Doubt> {
    let list = |key: &&str| header.node.at(&["properties", key]);
    let what = || format!("which public addresses NAT gateway `{}` has", shown(&header.name));
    let lists = || ADDRESSES.iter().chain(&ADDRESSES_V6).filter_map(list);
    if lists().any(|list| list.items().iter().any(|item| !item.is_null())) {
        return Ok(true);
    }
    if let Some(unknown) =
        lists().find_map(|list| list.unknown().or_else(|| list.items().iter().find_map(Node::unknown)))
    {
        return Err(Doubt::of(&what(), unknown));
    }
    if ADDRESSES.iter().all(|key| list(key).is_some_and(Node::is_list)) {
        return Ok(false);
    }
    let doubt = Doubt::new(format!("{} is not shown", what())).at(header.place());
    Err(doubt.settled_by("the export of the NAT gateway").shown_by([Export::of(header)]))
}
