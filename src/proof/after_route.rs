//! Where traffic goes behind the routes: on its way, into a firewall of the input (RT-11) that can be reached
//! (BOTH-ENDS-8), and from there by the routes of the firewall's own subnet (BOTH-ENDS-9).
//!
//! What lies behind another appliance or a gateway is not known here.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{
    Access, Estate, Export, Field, Firewall, Header, NextHop, Peering, Route, RouteTable, Subnet, VirtualNetwork,
};
use crate::finding::Layer;
use crate::json::Unknown;
use crate::proof::cell::Clause;
use crate::proof::doubt::{Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::firewall::Appliance;
use crate::proof::given::{Given, given, shown};
use crate::proof::ground::Ground;
use crate::proof::hop::{Hop, Ruling, Way, unseen};
use crate::proof::route::{ruled, table_ways};
use crate::proof::scene::{Scene, partial};
use crate::proof::stage::{Author, Entry, Stage};
use crate::proof::symbol::Meaning;
use crate::proof::transit::Transit;

/// The routes as a layer of the path, and the firewalls they lead to.
pub(crate) struct AfterRoute<'a> {
    pub(crate) stage: Rc<Stage<'a>>,
    /// For each entry the firewall it leads to, as an index.
    pub(crate) leads: Vec<Option<usize>>,
    pub(crate) firewalls: Vec<Appliance<'a>>,
    /// For each entry the other appliance it leads to, as an index.
    pub(crate) passes: Vec<Option<usize>>,
    pub(crate) transits: Vec<Transit<'a>>,
    /// What is taken for granted about where the routes lead.
    pub(crate) assumptions: Vec<String>,
}

impl<'a> AfterRoute<'a> {
    /// The routes as a stage, and the firewalls they lead to.
    pub(crate) fn of(ground: &mut Ground<'_, 'a>, ways: &[Way<'a>]) -> Self {
        let scene = ground.scene;
        let (mut entries, mut leads, mut passes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut firewalls, mut assumptions): (Vec<Appliance<'a>>, Vec<String>) = (Vec::new(), Vec::new());
        let mut transits: Vec<Transit<'a>> = Vec::new();
        for way in ways {
            let mut passed = None;
            let (ruling, led) = match lead(scene, way) {
                Lead::Firewall(firewall, assumption) => {
                    assumptions.extend(assumption.filter(|one| !assumptions.contains(one)));
                    let same =
                        |one: &Appliance<'_>| matches!(one, Appliance::Firewall(one) if std::ptr::eq(*one, firewall));
                    let index = firewalls.iter().position(same).unwrap_or_else(|| {
                        firewalls.push(Appliance::Firewall(firewall));
                        firewalls.len() - 1
                    });
                    (reached(scene, firewall), Some(index))
                }
                Lead::Transit(transit) => {
                    let granted = scene.estate.map(|estate| transit.assumptions(estate)).unwrap_or_default();
                    for one in granted {
                        assumptions.extend((!assumptions.contains(&one)).then_some(one));
                    }
                    let index = transits.iter().position(|one| one.is(&transit)).unwrap_or_else(|| {
                        transits.push(transit);
                        transits.len() - 1
                    });
                    passed = Some(index);
                    (Ruling::Pass, None)
                }
                Lead::Elsewhere => (ruling(&way.hop), None),
                Lead::Unknown(doubt) => {
                    (Ruling::Depends(Meaning::PacketOf("behind", Arc::clone(&doubt.reason)), doubt), None)
                }
            };
            let ruled = ruled(ground, &way.clause, &way.author, ruling);
            leads.extend(ruled.iter().map(|_| led));
            passes.extend(ruled.iter().map(|_| passed));
            entries.extend(ruled);
        }
        let stage = Rc::new(Stage::new(Layer::Route, 0, entries));
        Self { stage, leads, firewalls, passes, transits, assumptions }
    }
}

/// Whether traffic comes to a firewall that a route leads to.
pub(crate) fn reached(scene: &Scene<'_>, firewall: &Firewall) -> Ruling {
    match scene.estate.map(|estate| reach(estate, scene.network_at, firewall)) {
        Some(Reach::No) => Ruling::Drop,
        Some(Reach::Unknown(doubt)) => {
            let meaning = Meaning::World(Arc::from(format!("a peering leads to {}", firewall.header.key)));
            Ruling::Depends(meaning, doubt)
        }
        Some(Reach::Yes) | None => Ruling::Pass,
    }
}

fn open(key: &str) -> Meaning {
    Meaning::Packet(Arc::from(format!("behind {key}")))
}

/// Whether traffic goes on behind a hop that is no firewall of the input.
fn ruling(hop: &Hop) -> Ruling {
    match hop {
        Hop::To(NextHop::Drop) | Hop::Lost(_) => Ruling::Drop,
        Hop::Doubtful(_, doubt) => {
            Ruling::Depends(Meaning::PacketOf("behind", Arc::clone(&doubt.reason)), doubt.clone())
        }
        Hop::To(NextHop::VirtualNetworkGateway) => Ruling::Depends(open("gateway"), Doubt::new(Reason::BehindGateway)),
        Hop::Appliance(addresses) => {
            let (meaning, doubt) = unseen(addresses);
            Ruling::Depends(meaning, doubt)
        }
        Hop::To(_) | Hop::HubFirewall(_) | Hop::Platform => Ruling::Pass,
        Hop::Unknown(key, doubt) => Ruling::Depends(open(key), doubt.clone()),
    }
}

/// Where a route leads, as far as firewalls are concerned.
pub(crate) enum Lead<'a> {
    /// To a firewall of the input; what that rests on.
    Firewall(&'a Firewall, Option<String>),
    /// To an appliance of others, of which something is shown.
    Transit(Transit<'a>),
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
            _ => return other(scene, route),
        }
    }
    match found {
        Some((firewall, assumption)) => Lead::Firewall(firewall, assumption),
        None => other(scene, route),
    }
}

/// An appliance that is no firewall of the input.
fn other<'a>(scene: &Scene<'a>, route: &Route) -> Lead<'a> {
    if let Some(transit) = Transit::of(scene, route) {
        return Lead::Transit(transit);
    }
    let name = shown(&route.name);
    match route.next_hop_addresses.iter().find_map(Field::unknown) {
        Some(why) => Lead::Unknown(Doubt::of(What::ApplianceOf(name), why)),
        None if route.next_hop_addresses.is_empty() => {
            Lead::Unknown(Doubt::new(Reason::NoApplianceAddress(name)).at(route.span))
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

/// Whether a firewall can be the next hop of a network's subnets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reach {
    /// It can, or nothing shows where it is.
    Yes,
    /// Both networks are shown with their peerings, and none joins them.
    No,
    /// A peering that would join them is not shown.
    Unknown(Doubt),
}

/// The network of a firewall, as far as it is shown.
struct Place {
    at: Option<usize>,
    id: Option<Arc<str>>,
}

/// Whether a firewall can be the next hop of the subnets of a network; `None`: one that is not shown.
pub(crate) fn reach(estate: &Estate, network: Option<usize>, firewall: &Firewall) -> Reach {
    let own = network.and_then(|at| Some((at, estate.networks.get(at)?)));
    let (Some((at, own)), Some(subnet)) = (own, firewall.subnets.first()) else { return Reach::Yes };
    let far = subnet.target.and_then(|subnet| estate.subnets.get(subnet)?.network);
    let id = subnet.id.known().and_then(|id| id.rfind("/subnets/").and_then(|end| id.get(..end)).map(Arc::from));
    let place = Place { at: far, id };
    if far == Some(at) || (place.at.is_none() && place.id.is_none()) {
        return Reach::Yes;
    }
    let here = Place { at: Some(at), id: own.header.id.as_ref().and_then(|id| id.known().cloned()) };
    let other = far.and_then(|far| estate.networks.get(far));
    let there = own.peerings.iter().filter(|one| place.is_end(one));
    let back = other.into_iter().flat_map(|other| &other.peerings).filter(|one| here.is_end(one));
    let joining: Vec<&Peering> = there.chain(back).collect();
    let states: Vec<Option<bool>> = joining.iter().map(|one| one.is_connected()).collect();
    // A peering carries traffic when both of its sides are connected; one that is not shown is taken to be.
    if !states.is_empty() && states.iter().all(|state| *state == Some(true)) {
        return joining.iter().find_map(|one| partial(one)).map_or(Reach::Yes, Reach::Unknown);
    }
    let cut = states.contains(&Some(false));
    if let Some(open) = joining.iter().find(|one| one.is_connected().is_none()).filter(|_| !cut) {
        let doubt = Doubt::new(Reason::PeeringState(shown(&open.name)));
        let doubt = doubt.shown_by([Export::of(&own.header)]);
        return Reach::Unknown(doubt.at(open.span).settled_by(Remedy::NetworkWithPeerings));
    }
    let whole = |network: &VirtualNetwork| network.peerings_shown && !network.header.shape.is_declared();
    let untold = |one: &Peering| one.remote.as_ref().is_none_or(|remote| remote.id.known().is_none());
    // A network manager joins networks by groups that no peering shows.
    let managed = estate.others.iter().any(|one| one.header.type_name.eq_ignore_ascii_case(CONNECTIVITY));
    let told = whole(own) && other.is_none_or(whole) && !own.peerings.iter().any(untold);
    if (cut || told) && !managed {
        return Reach::No;
    }
    let (network, firewall) = (shown(&own.header.name), shown(&firewall.header.name));
    let doubt = Doubt::new(Reason::NoPeering { network, firewall });
    let doubt = doubt.shown_by([own].into_iter().chain(other).map(|network| Export::of(&network.header)));
    Reach::Unknown(doubt.at(own.header.name.span).settled_by(Remedy::BothNetworks))
}

const CONNECTIVITY: &str = "Microsoft.Network/networkManagers/connectivityConfigurations";

impl Place {
    /// Whether a peering leads here.
    fn is_end(&self, peering: &Peering) -> bool {
        let Some(remote) = &peering.remote else { return false };
        if remote.target.is_some() {
            return remote.target == self.at;
        }
        let same = |id: &Arc<str>| self.id.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(id));
        remote.id.known().is_some_and(same)
    }
}

/// The routes of a firewall's own subnet as entries, in order; the last one lets pass what no route takes.
pub(crate) fn behind<'a>(ground: &mut Ground<'_, 'a>, estate: &'a Estate, appliance: Appliance<'a>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    if let Appliance::Firewall(firewall) = appliance {
        let subnets = firewall.subnets.iter().filter_map(|subnet| estate.subnets.get(subnet.target?));
        let table = subnets.filter_map(|subnet| Some((subnet.route_table.as_ref()?, subnet))).next();
        let table = table.map(|(table, subnet)| {
            let condition = subnet.header.condition.as_ref();
            given(table, &estate.route_tables, |one| &one.header, condition, ThingKind::RouteTable)
        });
        match table {
            Some(Given::Here(table)) => {
                let name = shown(&firewall.header.name);
                for way in table_ways(ground, table, &format!("behind {name} ")) {
                    entries.extend(ruled(ground, &way.clause, &way.author, ruling_behind(firewall, &way.hop)));
                }
            }
            Some(Given::Missing(doubt)) => {
                let meaning = Meaning::PacketOf("behind the firewall", Arc::clone(&doubt.reason));
                let ruling_behind = Ruling::Depends(meaning, doubt.clone());
                let all = Clause::full(&ground.space);
                entries.extend(ruled(ground, &all, &Author::Unknown(doubt), ruling_behind));
            }
            None => {}
        }
    }
    let author = Author::System("the firewall's way on", NextHop::Internet);
    entries.push(Entry { clause: Clause::full(&ground.space), access: Access::Allow, author });
    entries
}

fn depends(key: &str, doubt: Doubt) -> Ruling {
    Ruling::Depends(Meaning::Packet(Arc::from(format!("behind the firewall {key}"))), doubt)
}

/// Whether traffic goes on behind a hop of the firewall's own subnet.
fn ruling_behind(firewall: &Firewall, hop: &Hop) -> Ruling {
    let name = shown(&firewall.header.name);
    match hop {
        Hop::To(NextHop::Drop) | Hop::Lost(_) => Ruling::Drop,
        Hop::Doubtful(_, doubt) => depends("its subnet", doubt.clone()),
        // What comes back to where it left goes round in circles.
        Hop::Appliance(addresses) if addresses.iter().any(|to| is_at(firewall, *to)) => Ruling::Drop,
        Hop::Appliance(addresses) => {
            let at = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let doubt = Doubt::new(Reason::BehindFirewallsAppliance { firewall: name, at: Arc::from(at.as_str()) });
            depends(&at, doubt.settled_by(Remedy::RulesOfAppliance))
        }
        Hop::To(NextHop::VirtualNetworkGateway | NextHop::VnetLocal) => {
            let doubt = Doubt::new(Reason::BehindFirewallsRoute(name));
            depends("its subnet", doubt)
        }
        Hop::To(_) | Hop::HubFirewall(_) | Hop::Platform => Ruling::Pass,
        Hop::Unknown(key, doubt) => depends(key, doubt.clone()),
    }
}

fn is_at(firewall: &Firewall, address: std::net::IpAddr) -> bool {
    firewall.addresses.iter().any(|own| own.known() == Some(&address))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::{nearest, reads};
    use crate::proof::tests::{estate, known, table, why};

    #[test]
    fn an_expression_reads_the_address_of_the_firewall_it_names() {
        let estate = estate(Vec::new());
        let reads = |text: &str, only| reads(&why(text), &estate.firewalls[0], only);
        let of_type = "reference(resourceId('Microsoft.Network/azureFirewalls', 'x')).privateIPAddress";
        assert!(reads(of_type, true) && !reads(of_type, false));
        let named = "reference(resourceId('Microsoft.Network/azureFirewalls', 'Firewall')).privateIPAddress";
        assert!(reads(named, true) && reads(named, false));
        let by_name = "reference('firewall').privateIPAddress";
        assert!(reads(by_name, true) && reads(by_name, false));
        assert!(!reads("reference('x').privateIPAddress", true) && !reads("reference('x').privateIPAddress", false));
        let other = "reference(resourceId('Microsoft.Network/azureFirewalls', 'firewall')).location";
        assert!(!reads(other, true) && !reads(other, false));
    }

    #[test]
    fn of_firewalls_with_one_address_that_of_the_tables_subscription_is_meant() {
        let mut estate = estate(Vec::new());
        let twin = estate.firewalls[0].clone();
        estate.firewalls.push(twin);
        let address = IpAddr::from([10, 0, 9, 4]);
        let id = |subscription: &str| Some(known(Arc::from(format!("/subscriptions/{subscription}/resourceGroups/g"))));
        estate.firewalls[0].header.id = id("one");
        estate.firewalls[1].header.id = id("TWO");
        let mut table = table(Vec::new());
        assert!(nearest(&estate, None, address).is_none());
        assert!(nearest(&estate, Some(&table), address).is_none());
        for (subscription, at) in [("One", 0), ("two", 1)] {
            table.header.id = id(subscription);
            let found = nearest(&estate, Some(&table), address).unwrap();
            assert!(std::ptr::eq(found, &estate.firewalls[at]), "{subscription}");
        }
        table.header.id = id("three");
        assert!(nearest(&estate, Some(&table), address).is_none());
        estate.firewalls.pop();
        assert!(nearest(&estate, None, address).is_some());
        assert!(nearest(&estate, None, IpAddr::from([10, 0, 9, 5])).is_none());
    }
}
