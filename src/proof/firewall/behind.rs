//! Where a firewall sends what it lets through: the routes of its own subnet (BOTH-ENDS-9).

use std::sync::Arc;

use crate::estate::{Access, Estate, Firewall, NextHop};
use crate::proof::cell::Clause;
use crate::proof::entry::{Author, Entry};
use crate::proof::firewall::order::Appliance;
use crate::proof::given::{Given, given};
use crate::proof::ground::Ground;
use crate::proof::hop::{Hop, Ruling};
use crate::proof::name::shown;
use crate::proof::route::{ruled, table_ways};
use crate::proof::symbol::{Doubt, Meaning};

/// The routes of a firewall's own subnet as entries, in order; the last one lets pass what no route takes.
pub(crate) fn behind<'a>(ground: &mut Ground<'_, 'a>, estate: &'a Estate, appliance: Appliance<'a>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    if let Appliance::Firewall(firewall) = appliance {
        let subnets = firewall.subnets.iter().filter_map(|subnet| estate.subnets.get(subnet.target?));
        let table = subnets.filter_map(|subnet| Some((subnet.route_table.as_ref()?, subnet))).next();
        let table = table.map(|(table, subnet)| {
            let condition = subnet.header.condition.as_ref();
            given(table, &estate.route_tables, |one| &one.header, condition, "route table")
        });
        match table {
            Some(Given::Here(table)) => {
                let name = shown(&firewall.header.name);
                for way in table_ways(ground, table, &format!("behind {name} ")) {
                    entries.extend(ruled(ground, &way.clause, &way.author, ruling(firewall, &way.hop)));
                }
            }
            Some(Given::Missing(doubt)) => {
                let ruling = open(&doubt.message, doubt.clone());
                let all = Clause::full(&ground.space);
                entries.extend(ruled(ground, &all, &Author::Unknown(doubt), ruling));
            }
            None => {}
        }
    }
    let author = Author::System("the firewall's way on", NextHop::Internet);
    entries.push(Entry { clause: Clause::full(&ground.space), access: Access::Allow, author });
    entries
}

fn open(key: &str, doubt: Doubt) -> Ruling {
    Ruling::Depends(Meaning::Packet(Arc::from(format!("behind the firewall {key}"))), doubt)
}

/// Whether traffic goes on behind a hop of the firewall's own subnet.
fn ruling(firewall: &Firewall, hop: &Hop) -> Ruling {
    let name = shown(&firewall.header.name);
    match hop {
        Hop::To(NextHop::Drop) | Hop::Lost(_) => Ruling::Drop,
        Hop::Doubtful(_, doubt) => open("its subnet", doubt.clone()),
        // What comes back to where it left goes round in circles.
        Hop::Appliance(addresses) if addresses.iter().any(|to| is_at(firewall, *to)) => Ruling::Drop,
        Hop::Appliance(addresses) => {
            let at = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let doubt = Doubt::new(format!(
                "firewall `{name}` sends on to the appliance at {at}; what that one lets through is not known"
            ));
            open(&at, doubt.settled_by("the rules of that appliance"))
        }
        Hop::To(NextHop::VirtualNetworkGateway | NextHop::VnetLocal) => {
            let doubt =
                Doubt::new(format!("what lies behind the route of the subnet of firewall `{name}` is not known"));
            open("its subnet", doubt)
        }
        Hop::To(_) | Hop::HubFirewall(_) | Hop::Platform => Ruling::Pass,
        Hop::Unknown(key, doubt) => open(key, doubt.clone()),
    }
}

fn is_at(firewall: &Firewall, address: std::net::IpAddr) -> bool {
    firewall.addresses.iter().any(|own| own.known() == Some(&address))
}
