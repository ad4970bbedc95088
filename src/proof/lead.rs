//! Which firewall of the input a route leads to (RT-11).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::estate::{Estate, Field, Firewall, Header, NextHop, Route, RouteTable, Subnet};
use crate::json::Unknown;
use crate::proof::entry::Author;
use crate::proof::hop::{Hop, Way};
use crate::proof::scene::{Scene, shown};
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
pub(crate) fn lead<'a>(scene: &Scene<'a>, way: &Way<'a>) -> Lead<'a> {
    let (estate, table) = (scene.estate, scene.table());
    if let Hop::HubFirewall(at) = way.hop {
        return estate
            .and_then(|estate| estate.firewalls.get(at))
            .map_or(Lead::Elsewhere, |one| Lead::Firewall(one, None));
    }
    let Author::Route(route, _) = &way.author else { return Lead::Elsewhere };
    if way.hop.kind() != Some(NextHop::VirtualAppliance) || matches!(way.hop, Hop::Lost(_)) {
        return Lead::Elsewhere;
    }
    let firewalls = estate.map_or(&[][..], |estate| &estate.firewalls);
    let mut found: Option<(&'a Firewall, Option<String>)> = None;
    for address in &route.next_hop_addresses {
        match firewall_at(estate, table, firewalls, address) {
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
    table: Option<&RouteTable>,
    firewalls: &'a [Firewall],
    address: &Field<IpAddr>,
) -> Option<(&'a Firewall, Option<String>)> {
    let named = |firewall: &Firewall| shown(&firewall.header.name);
    match &address.value {
        Ok(wanted) => {
            let mut own = with_address(firewalls, *wanted).peekable();
            if own.peek().is_some() {
                return nearest(estate?, table, *wanted).map(|firewall| (firewall, None));
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

fn with_address(firewalls: &[Firewall], wanted: IpAddr) -> impl Iterator<Item = &Firewall> {
    firewalls.iter().filter(move |firewall| firewall.addresses.iter().any(|one| one.known() == Some(&wanted)))
}

/// The firewall that an address means to the subnets of a route table. Private addresses are used again in other
/// networks: of several firewalls it is the one in the subnets' own network or one peered with it, else the one in the
/// table's subscription. `None` when there is none, or when it cannot be told which.
pub fn nearest<'a>(estate: &'a Estate, table: Option<&RouteTable>, address: IpAddr) -> Option<&'a Firewall> {
    let all: Vec<&Firewall> = with_address(&estate.firewalls, address).collect();
    let only = |some: Vec<&'a Firewall>| if let [one] = some[..] { Some(one) } else { None };
    if all.len() < 2 {
        return only(all);
    }
    let table = table?;
    let guarded = |subnet: &&Subnet| {
        let own = subnet.route_table.as_ref().and_then(|reference| estate.route_tables.get(reference.target?));
        own.is_some_and(|own| std::ptr::eq(own, table))
    };
    let networks: Vec<usize> = estate.subnets.iter().filter(guarded).filter_map(|subnet| subnet.network).collect();
    let peered = networks.iter().filter_map(|at| estate.networks.get(*at)).flat_map(|network| &network.peerings);
    let peered = peered.filter_map(|peering| peering.remote.as_ref()?.target);
    let reach: Vec<usize> = peered.chain(networks.iter().copied()).collect();
    let is_near = |firewall: &&&Firewall| {
        let subnets = firewall.subnets.iter().filter_map(|reference| estate.subnets.get(reference.target?));
        subnets.filter_map(|subnet| subnet.network).any(|network| reach.contains(&network))
    };
    let near: Vec<&Firewall> = all.iter().filter(is_near).copied().collect();
    if !near.is_empty() {
        return only(near);
    }
    let home = subscription(&table.header)?;
    only(all.into_iter().filter(|firewall| subscription(&firewall.header).as_ref() == Some(&home)).collect())
}

fn subscription(header: &Header) -> Option<String> {
    let id = header.id.as_ref()?.known()?.to_ascii_lowercase();
    id.strip_prefix("/subscriptions/")?.split('/').next().map(str::to_owned)
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
