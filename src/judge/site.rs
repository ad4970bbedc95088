//! Where a service can be placed: the subnets of an estate with what guards them, and lone network security groups,
//! route tables and firewalls, which are judged as far as they go.
//!
//! Which service stands there is the work of `placement`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

pub(crate) use crate::estate::short_name as last_segment;
use crate::estate::{Estate, Field, Header, NextHop, Peer, Reference, Subnet};
use crate::json::Reason;
use crate::net::TagData;
use crate::proof::{self, Scene};
use crate::spelling::is_like;

/// Subnets that Azure reserves for its own appliances; no other service can be placed there.
const RESERVED: [&str; 6] = [
    "azurefirewallsubnet",
    "azurefirewallmanagementsubnet",
    "gatewaysubnet",
    "azurebastionsubnet",
    "routeserversubnet",
    "azureappgatewaysubnet",
];

/// One way out of and into a subnet, as far as the input shows it. Numbers are indexes into the estate's lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    /// The subnet, when the input holds it.
    pub subnet: Option<usize>,
    /// Ids of subnets that the input only mentions.
    pub mentioned: BTreeSet<Arc<str>>,
    /// The network interface's NSG, when one was asked for or effective rules show it.
    pub interface_nsg: Option<usize>,
    /// The subnet's NSG.
    pub nsg: Option<usize>,
    /// The subnet's route table.
    pub route_table: Option<usize>,
    /// The firewall its default route leads to, or a lone one.
    pub firewall: Option<usize>,
    /// The policy of that firewall, or a lone one.
    pub policy: Option<usize>,
    /// Which one it is of several sites with one name, from 1; 0 until that is known.
    pub ordinal: usize,
}

impl Site {
    /// Every resource it is made of: the word users read, and the resource's header.
    pub(crate) fn parts<'a>(&self, estate: &'a Estate) -> Vec<(&'static str, &'a Header)> {
        let mut parts = Vec::new();
        let mut add = |kind, header: Option<&'a Header>| parts.extend(header.map(|header| (kind, header)));
        add("subnet", estate.subnet(self.subnet).map(|subnet| &subnet.header));
        add("interface-nsg", estate.nsg(self.interface_nsg).map(|nsg| &nsg.header));
        add("nsg", estate.nsg(self.nsg).map(|nsg| &nsg.header));
        add("route-table", estate.route_table(self.route_table).map(|table| &table.header));
        add("firewall", estate.firewall(self.firewall).map(|firewall| &firewall.header));
        add("firewall-policy", estate.policy(self.policy).map(|policy| &policy.header));
        parts
    }

    /// A short name: the subnet's, else that of the first resource.
    pub(crate) fn name(&self, estate: &Estate) -> String {
        let parts = self.parts(estate);
        match (parts.first(), self.mentioned.first()) {
            (Some(("subnet", header)), _) => shown(header),
            (_, Some(id)) if self.mentioned.len() == 1 => last_segment(id).to_owned(),
            (Some((_, header)), _) => shown(header),
            (None, _) => "nothing shown".to_owned(),
        }
    }

    /// The name in sentences: `vnet/subnet` for a subnet whose network is known.
    pub(crate) fn title(&self, estate: &Estate) -> String {
        let network = self.subnet.and_then(|at| estate.subnets.get(at)?.network).and_then(|at| estate.networks.get(at));
        let name = self.name(estate);
        match network.and_then(|network| network.header.name.known()) {
            Some(network) => format!("{network}/{name}"),
            None => name,
        }
    }

    /// Whether a pattern of `--service NAME@PATTERN` means this site: it matches the name or id of one of its parts,
    /// without case; `*` stands for any characters.
    pub(crate) fn matches(&self, estate: &Estate, pattern: &str) -> bool {
        let has_stars = pattern.contains('*');
        let one = |text: &str| if has_stars { is_like(pattern, text) } else { ends_with_path(text, pattern) };
        self.any_name(estate, one)
    }

    /// Whether a name or an id that the site goes by is one of those.
    fn any_name(&self, estate: &Estate, mut one: impl FnMut(&str) -> bool) -> bool {
        let by_part = self.parts(estate).iter().any(|(_, header)| {
            header.name.known().is_some_and(|name| one(name))
                || header.id.as_ref().and_then(|id| id.known()).is_some_and(|id| one(id))
        });
        by_part || self.mentioned.iter().any(|id| one(id) || one(last_segment(id)))
    }

    /// Whether Azure reserves the subnet, or another service has been given it: no place for a service of the user's.
    pub(crate) fn is_taken(&self, estate: &Estate) -> bool {
        let is_delegated = |service: &Field<Arc<str>>| {
            !service.unknown().is_some_and(|unknown| matches!(unknown.reason, Reason::NotShown(_)))
        };
        let reserved = |name: &str| RESERVED.iter().any(|taken| name.eq_ignore_ascii_case(taken));
        match estate.subnet(self.subnet) {
            Some(subnet) => {
                subnet.delegations.iter().any(is_delegated)
                    || subnet.header.name.known().is_some_and(|name| reserved(name))
            }
            None => !self.mentioned.is_empty() && self.mentioned.iter().all(|id| reserved(last_segment(id))),
        }
    }
}

/// Sites, found by what they go by.
pub(crate) struct Sites {
    pub(crate) all: Vec<Site>,
    /// Those that go by a name or id, by its last segment in lower case.
    by_name: HashMap<String, Vec<usize>>,
}

impl Sites {
    pub(crate) fn of(estate: &Estate, all: Vec<Site>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, site) in all.iter().enumerate() {
            site.any_name(estate, |text| {
                let known = by_name.entry(last_part(text)).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
                false
            });
        }
        Self { all, by_name }
    }

    /// The sites that a pattern means, in order.
    pub(crate) fn meant(&self, estate: &Estate, pattern: &str) -> Vec<usize> {
        let means = |at: &usize| self.all[*at].matches(estate, pattern);
        if pattern.contains('*') {
            return (0..self.all.len()).filter(means).collect();
        }
        // A pattern without stars is a name or the end of an id, so that both end alike.
        self.by_name.get(&last_part(pattern)).into_iter().flatten().copied().filter(means).collect()
    }
}

fn last_part(text: &str) -> String {
    text.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
}

/// Every site of an estate: subnets first, then mentioned ones, then lone resources, each in the order read.
pub(crate) fn sites(estate: &Estate) -> Vec<Site> {
    let mut sites: Vec<Site> = (0..estate.subnets.len()).map(|at| of_subnet(estate, at)).collect();
    sites.extend(mentioned(estate));
    let mut seen = Seen::default();
    for site in &sites {
        seen.add(site);
    }
    sites.extend(effective(estate, &seen));
    for site in &sites {
        seen.add(site);
    }
    for (at, _) in estate.nsgs.iter().enumerate().filter(|(at, _)| !seen.nsgs.contains(at)) {
        sites.push(Site { nsg: Some(at), ..Site::default() });
    }
    for (at, _) in estate.route_tables.iter().enumerate().filter(|(at, _)| !seen.tables.contains(at)) {
        sites.push(with_firewall(estate, Site { route_table: Some(at), ..Site::default() }));
    }
    for site in &sites {
        seen.add(site);
    }
    for (at, firewall) in estate.firewalls.iter().enumerate().filter(|(at, _)| !seen.firewalls.contains(at)) {
        let policy = target(firewall.policy.as_ref());
        sites.push(Site { firewall: Some(at), policy, ..Site::default() });
        seen.policies.extend(policy);
    }
    let bases: BTreeSet<usize> = estate.policies.iter().filter_map(|policy| target(policy.base.as_ref())).collect();
    for (at, _) in estate.policies.iter().enumerate() {
        if !seen.policies.contains(&at) && !bases.contains(&at) {
            sites.push(Site { policy: Some(at), ..Site::default() });
        }
    }
    sites
}

/// The site of a subnet that the input holds.
pub(crate) fn of_subnet(estate: &Estate, at: usize) -> Site {
    let Some(subnet) = estate.subnets.get(at) else { return Site::default() };
    let site = Site {
        subnet: Some(at),
        nsg: target(subnet.nsg.as_ref()),
        route_table: target(subnet.route_table.as_ref()),
        ..Site::default()
    };
    with_firewall(estate, site)
}

/// The sites of subnets that the input only mentions, found by their ids in lower case or the keys of unknown ones.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    sites: Vec<Site>,
    by_id: BTreeMap<String, usize>,
}

impl Mentions {
    /// Those of an estate.
    pub(crate) fn of(estate: &Estate) -> Self {
        let sites = mentioned(estate);
        let mut by_id = BTreeMap::new();
        for (at, site) in sites.iter().enumerate() {
            for id in &site.mentioned {
                by_id.entry(id.to_ascii_lowercase()).or_insert(at);
            }
        }
        Self { sites, by_id }
    }

    /// The site of one.
    pub(crate) fn site(&self, id: &str) -> Site {
        let found = self.by_id.get(&id.to_ascii_lowercase()).and_then(|at| self.sites.get(*at)).cloned();
        found.unwrap_or_else(|| Site { mentioned: BTreeSet::from([Arc::from(id)]), ..Site::default() })
    }
}

/// What a reference is compared by: its id without case, or the key of what is unknown.
pub(crate) fn key(reference: &Reference) -> Arc<str> {
    match &reference.id.value {
        Ok(id) => Arc::from(id.to_ascii_lowercase()),
        Err(unknown) => Arc::clone(&unknown.key),
    }
}

fn target(reference: Option<&Reference>) -> Option<usize> {
    reference.and_then(|reference| reference.target)
}

/// The NSG and the route table of a subnet.
type Guards = (Option<usize>, Option<usize>);

/// Subnets that NSGs and route tables say they guard, but that the input does not hold. Subnets with the same guards
/// are one site.
fn mentioned(estate: &Estate) -> Vec<Site> {
    let mut guards: BTreeMap<Arc<str>, Guards> = BTreeMap::new();
    for (at, nsg) in estate.nsgs.iter().enumerate().filter(|(_, nsg)| !nsg.effective) {
        for reference in nsg.subnets.iter().filter(|reference| reference.target.is_none()) {
            guards.entry(key(reference)).or_default().0 = Some(at);
        }
    }
    for (at, table) in estate.route_tables.iter().enumerate().filter(|(_, table)| !table.effective) {
        for reference in table.subnets.iter().filter(|reference| reference.target.is_none()) {
            guards.entry(key(reference)).or_default().1 = Some(at);
        }
    }
    let mut by_guards: BTreeMap<Guards, BTreeSet<Arc<str>>> = BTreeMap::new();
    for (id, guard) in guards {
        by_guards.entry(guard).or_default().insert(id);
    }
    let sites = by_guards.into_iter().map(|((nsg, route_table), mentioned)| Site {
        mentioned,
        nsg,
        route_table,
        ..Site::default()
    });
    sites.map(|site| with_firewall(estate, site)).collect()
}

/// Effective rules of one network interface: its own NSG and its subnet's, and its effective routes, are one site.
fn effective(estate: &Estate, seen: &Seen) -> Vec<Site> {
    let mut open: Vec<usize> =
        (0..estate.nsgs.len()).filter(|at| estate.nsgs[*at].effective && !seen.nsgs.contains(at)).collect();
    let mut tables: Vec<usize> = (0..estate.route_tables.len())
        .filter(|at| estate.route_tables[*at].effective && !seen.tables.contains(at))
        .collect();
    let mut sites = Vec::new();
    while let Some(&first) = open.first() {
        let file = estate.nsgs[first].header.span.file;
        let same: Vec<usize> = open.iter().copied().filter(|at| estate.nsgs[*at].header.span.file == file).collect();
        let of_interface = |at: &usize| !estate.nsgs[*at].interfaces.is_empty();
        let interface_nsg = same.iter().copied().find(|at| of_interface(at));
        let nsg = same.iter().copied().find(|at| !of_interface(at));
        open.retain(|at| Some(*at) != interface_nsg && Some(*at) != nsg);
        // One interface's rules and one interface's routes belong together; more cannot be told apart.
        let route_table = if tables.len() == 1 { tables.pop() } else { None };
        let (interface_nsg, nsg) = if nsg.is_none() { (None, interface_nsg) } else { (interface_nsg, nsg) };
        sites.push(Site { interface_nsg, nsg, route_table, ..Site::default() });
    }
    sites
}

/// Adds the firewall that the route table's appliance routes lead to, by its private address.
fn with_firewall(estate: &Estate, mut site: Site) -> Site {
    let Some(table) = estate.route_table(site.route_table) else { return site };
    let is_default = |prefix: &Field<Peer>| match prefix.known() {
        Some(Peer::Any) => true,
        Some(Peer::Addresses(set)) => set.v4.is_full(),
        _ => false,
    };
    let mut hops = table.routes.iter().filter(|route| route.next_hop.known() == Some(&NextHop::VirtualAppliance));
    let default = hops.clone().find(|route| route.prefixes.iter().any(is_default));
    let Some(route) = default.or_else(|| hops.next()) else { return site };
    let mut addresses = route.next_hop_addresses.iter().filter_map(|field| field.known().copied());
    let firewall = addresses.find_map(|address| proof::nearest(estate, Some(table), address));
    site.firewall = firewall.and_then(|found| estate.firewalls.iter().position(|one| std::ptr::eq(one, found)));
    site.policy = site.firewall.and_then(|at| target(estate.firewalls[at].policy.as_ref()));
    site
}

#[derive(Default)]
struct Seen {
    nsgs: BTreeSet<usize>,
    tables: BTreeSet<usize>,
    firewalls: BTreeSet<usize>,
    policies: BTreeSet<usize>,
}

impl Seen {
    fn add(&mut self, site: &Site) {
        self.nsgs.extend(site.nsg.iter().chain(&site.interface_nsg));
        self.tables.extend(site.route_table);
        self.firewalls.extend(site.firewall);
        self.policies.extend(site.policy);
    }
}

/// A resource's name for users; the text of its expression when only a deployment can tell it.
pub(crate) fn shown(header: &Header) -> String {
    match &header.name.value {
        Ok(name) => name.to_string(),
        Err(unknown) => unknown.text.to_string(),
    }
}

/// The network a subnet lies in, by its place in the estate.
pub(crate) fn network_of<'a>(estate: &'a Estate, subnet: &Subnet) -> Option<&'a crate::estate::VirtualNetwork> {
    estate.network(subnet.network)
}

/// Whether a text is a path, or ends with it, in any case.
fn ends_with_path(text: &str, path: &str) -> bool {
    let Some(at) = text.len().checked_sub(path.len()) else { return false };
    text.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(path)) && (at == 0 || text[..at].ends_with('/'))
}

/// What the layers know of a site.
pub(crate) fn scene_of<'a>(estate: &'a Estate, site: &Site, tags: Option<&'a TagData>) -> Scene<'a> {
    let group = estate.nsg(site.nsg);
    let table = estate.route_table(site.route_table);
    let mut scene = match site.subnet.and_then(|at| Scene::of_subnet(estate, at, tags)) {
        Some(scene) => scene,
        None => match (group, table) {
            (Some(group), table) => {
                let mut scene = Scene::of_group(group, tags);
                scene.routes = table.map(proof::Given::Here);
                scene
            }
            (None, Some(table)) => Scene::of_routes(table, tags),
            (None, None) => Scene { tags, ..Scene::default() },
        },
    };
    if let Some(group) = estate.nsg(site.interface_nsg) {
        scene = scene.with_interface(group);
    }
    scene.in_estate(estate)
}

#[cfg(test)]
mod tests {
    use super::{ends_with_path, last_part};

    #[test]
    fn a_pattern_and_what_it_means_have_the_same_last_part() {
        let texts = ["", "/", "s", "S", "a/s", "a/b", "b/", "x/A/s", "é/s", "/s", "a//", "as"];
        for (text, pattern) in texts.iter().flat_map(|text| texts.iter().map(move |pattern| (text, pattern))) {
            let alike = last_part(text) == last_part(pattern);
            assert!(alike || !ends_with_path(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn a_pattern_may_be_the_end_of_an_id() {
        assert!(ends_with_path("/x/virtualnetworks/v/subnets/s", "v/subnets/s"));
        assert!(!ends_with_path("/x/subnets/snet", "net"));
    }
}
