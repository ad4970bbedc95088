//! What a peering may not carry after all: subnets it leaves out, and tables that keep its routes out (BOTH-ENDS-7,
//! BOTH-ENDS-13).

use crate::estate::{Peering, RouteTable};
use crate::proof::name::shown;
use crate::proof::symbol::Doubt;

/// Why a peering may not join all subnets of both networks. Which ones it joins is not followed.
pub(crate) fn partial(peering: &Peering) -> Option<Doubt> {
    let complete = peering.complete.as_ref()?;
    let name = shown(&peering.name);
    match &complete.value {
        Ok(true) => None,
        Ok(false) => {
            let message = format!("peering `{name}` joins some subnets alone, and which ones is not followed");
            Some(Doubt::new(message).at(complete.span))
        }
        Err(unknown) => Some(Doubt::of(&format!("whether peering `{name}` joins all subnets"), unknown)),
    }
}

/// Why the routes of peerings may not be among those of a subnet with this table.
pub(crate) fn kept_out(table: &RouteTable) -> Option<Doubt> {
    let field = table.disable_peering.as_ref()?;
    let name = shown(&table.header.name);
    match &field.value {
        Ok(word) if word.eq_ignore_ascii_case("None") => None,
        Ok(word) => {
            let message = format!(
                "route table `{name}` keeps out routes of peerings (`{word}`), and what that leaves is not followed"
            );
            Some(Doubt::new(message).at(field.span).settled_by("the effective routes of the subnet"))
        }
        Err(unknown) => Some(Doubt::of(&format!("`disablePeeringRoute` of route table `{name}`"), unknown)),
    }
}
