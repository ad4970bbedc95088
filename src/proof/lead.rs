//! Which firewall of the input a route leads to (RT-11).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::estate::{Estate, Field, Firewall, NextHop, Route};
use crate::json::Unknown;
use crate::proof::entry::Author;
use crate::proof::route::Way;
use crate::proof::scene::shown;
use crate::proof::symbol::Doubt;

/// Where a route leads, as far as firewalls are concerned.
pub(crate) enum Lead<'a> {
    /// To a firewall of the input; what that rests on.
    Firewall(&'a Firewall, Option<String>),
    /// Not to a firewall.
    Elsewhere,
    /// To an appliance whose address is not known.
    Unknown(Doubt),
}

/// Follows a route to its appliance.
pub(crate) fn lead<'a>(estate: Option<&'a Estate>, way: &Way<'a>) -> Lead<'a> {
    let Author::Route(route, _) = &way.author else { return Lead::Elsewhere };
    if way.hop.kind() != Some(NextHop::VirtualAppliance) {
        return Lead::Elsewhere;
    }
    let firewalls = estate.map_or(&[][..], |estate| &estate.firewalls);
    let mut found: Option<(&'a Firewall, Option<String>)> = None;
    for address in &route.next_hop_addresses {
        match firewall_at(estate, firewalls, address) {
            Some((firewall, assumption)) if found.as_ref().is_none_or(|(one, _)| std::ptr::eq(*one, firewall)) => {
                found = Some((firewall, assumption));
            }
            // Several next hops share the traffic; unless all are one firewall, its fate is open.
            _ => return unknown(route),
        }
    }
    match found {
        Some((firewall, assumption)) => Lead::Firewall(firewall, assumption),
        None => unknown(route),
    }
}

fn unknown<'a>(route: &Route) -> Lead<'a> {
    let name = shown(&route.name);
    match route.next_hop_addresses.iter().find_map(Field::unknown) {
        Some(why) => Lead::Unknown(Doubt::of(&format!("the appliance that route `{name}` leads to"), why)),
        None if route.next_hop_addresses.is_empty() => {
            Lead::Unknown(Doubt::new(format!("route `{name}` names no address of its appliance")).at(route.span))
        }
        None => Lead::Elsewhere,
    }
}

fn firewall_at<'a>(
    estate: Option<&'a Estate>,
    firewalls: &'a [Firewall],
    address: &Field<IpAddr>,
) -> Option<(&'a Firewall, Option<String>)> {
    let named = |firewall: &Firewall| shown(&firewall.header.name);
    match &address.value {
        Ok(wanted) => {
            let own = |firewall: &&Firewall| firewall.addresses.iter().any(|one| one.known() == Some(wanted));
            if let Some(firewall) = firewalls.iter().find(own) {
                return Some((firewall, None));
            }
            let usual = |firewall: &&Firewall| {
                firewall.addresses.iter().all(|one| one.known().is_none())
                    && first_usable(estate, firewall) == Some(*wanted)
            };
            let firewall = firewalls.iter().find(usual)?;
            let assumption =
                format!("firewall `{}` has the lowest usable address of its subnet, {wanted}", named(firewall));
            Some((firewall, Some(assumption)))
        }
        Err(unknown) => {
            let same = |firewall: &&Firewall| {
                firewall.addresses.iter().filter_map(Field::unknown).any(|own| own.is_same_as(unknown))
            };
            if let Some(firewall) = firewalls.iter().find(same) {
                return Some((firewall, None));
            }
            let mut read = firewalls.iter().filter(|firewall| reads(unknown, firewall, firewalls.len() == 1));
            let firewall = read.next().filter(|_| read.next().is_none())?;
            let text: Arc<str> = Arc::clone(&unknown.text);
            let assumption = format!("`{text}` is the private address of firewall `{}`", named(firewall));
            Some((firewall, Some(assumption)))
        }
    }
}

/// Whether an expression reads the address of a firewall: it names its type, and it or no other.
fn reads(unknown: &Unknown, firewall: &Firewall, only: bool) -> bool {
    let text = unknown.text.to_ascii_lowercase();
    let name = shown(&firewall.header.name).to_ascii_lowercase();
    text.contains("privateipaddress")
        && (text.contains("azurefirewalls") || text.contains(&format!("'{name}'")))
        && (only || text.contains(&format!("'{name}'")))
}

/// The lowest address of the firewall's subnet that Azure leaves free.
fn first_usable(estate: Option<&Estate>, firewall: &Firewall) -> Option<IpAddr> {
    let subnets = firewall.subnets.iter().filter_map(|reference| estate?.subnets.get(reference.target?));
    let first = subnets.flat_map(|subnet| &subnet.prefixes).find_map(|prefix| prefix.known()?.v4.first())?;
    first.checked_add(4).map(|address| IpAddr::V4(Ipv4Addr::from(address)))
}
