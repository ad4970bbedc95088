//! The effective routes and rules of a place in the estate, as Azure would list them.

use std::sync::Arc;

use crate::estate::{
    Access, AdminRule, BUILT_IN, BuiltIn, Direction, Estate, Field, NetworkInterface, NetworkSecurityGroup, Peer,
    Ports, SecurityRule, Side,
};
use crate::judge::site::{self, Site, scene_of, sites};
use crate::net::{AddressSet, Cloud, ProtocolSet, TagData};
use crate::proof::{Doubt, EffectiveRoutes, Given, Level, Scene};

/// The routes of one place.
#[derive(Clone, Debug)]
pub struct RoutesView {
    /// The subnet's name, or that of a lone route table.
    pub place: String,
    /// Its routes.
    pub effective: EffectiveRoutes,
}

/// The rules of one place.
#[derive(Clone, Debug)]
pub struct RulesView {
    /// The name of the subnet, of the network interface, or of a lone network security group.
    pub place: String,
    /// The network security groups, in the order outbound traffic meets them.
    pub groups: Vec<GroupView>,
    /// The security admin rules, which go before the groups.
    pub admin: Vec<AdminView>,
    /// What is not known of rules that are not among them.
    pub open: Vec<Doubt>,
}

/// A network security group and its rules in the order of their priorities.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// Its id; its name where none is shown.
    pub id: String,
    /// Whether it is at a network interface, else at the subnet.
    pub at_interface: bool,
    /// The id of the subnet or interface; its name where none is shown.
    pub at: String,
    /// Its rules, the built-in ones among them.
    pub rules: Vec<RuleView>,
}

/// A security admin rule.
#[derive(Clone, Debug)]
pub struct AdminView {
    /// What it matches.
    pub rule: RuleView,
    /// `Allow`, `Deny` or `AlwaysAllow`.
    pub access: &'static str,
    /// Why it may not hold here.
    pub maybe: Option<Doubt>,
}

/// A security rule in Azure's words. Values only a deployment can tell stand as they are written.
#[derive(Clone, Debug)]
pub struct RuleView {
    /// Its name.
    pub name: String,
    /// Every group has it.
    pub built_in: bool,
    /// Its priority.
    pub priority: Option<i64>,
    /// `Inbound` or `Outbound`.
    pub direction: String,
    /// `Allow` or `Deny`.
    pub access: String,
    /// `All`, `Tcp`, `Udp`, `Icmp`, `Esp` or `Ah`.
    pub protocol: String,
    /// Where packets come from.
    pub sources: EndView,
    /// Where they go to.
    pub destinations: EndView,
    /// What of it only a deployment can tell.
    pub maybe: Option<Doubt>,
}

/// One side of a rule.
#[derive(Clone, Debug)]
pub struct EndView {
    /// Prefixes, tags, and `*`.
    pub prefixes: Vec<String>,
    /// Application security groups, by id.
    pub groups: Vec<String>,
    /// What the tags among the prefixes stand for; `None` without tags, and where that is not known.
    pub expanded: Option<Vec<String>>,
    /// Ports and ranges, as `443-443`.
    pub ports: Vec<String>,
}

/// The routes of every place that a name or id means.
///
/// # Errors
/// The names there are, where it means none.
pub fn routes<'a>(
    estate: &'a Estate,
    at: &str,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Result<Vec<RoutesView>, Vec<String>> {
    let meant = meant(estate, at)?;
    let view =
        |site: &Site| RoutesView { place: site.name(estate), effective: scene(estate, site, tags).effective_routes() };
    Ok(meant.iter().map(view).collect())
}

/// The rules of every place that a name or id means; that of a network interface goes before others.
///
/// # Errors
/// The names there are, where it means none.
pub fn rules<'a>(
    estate: &'a Estate,
    at: &str,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> Result<Vec<RulesView>, Vec<String>> {
    let is_it = |field: &Field<Arc<str>>| field.known().is_some_and(|own| own.eq_ignore_ascii_case(at));
    let own = |one: &&NetworkInterface| is_it(&one.header.name) || one.header.id.as_ref().is_some_and(is_it);
    let interfaces: Vec<&'a NetworkInterface> = estate.interfaces.iter().filter(own).collect();
    if interfaces.is_empty() {
        let meant = meant(estate, at)?;
        return Ok(meant.iter().map(|site| rules_of(estate, site.name(estate), site, None, tags)).collect());
    }
    let of_interface = |one: &'a NetworkInterface| {
        let subnet = one.subnets.iter().find_map(|subnet| subnet.target)?;
        let site = site::of_subnet(estate, subnet);
        Some(rules_of(estate, site::shown(&one.header), &site, Some(one), tags))
    };
    Ok(interfaces.into_iter().filter_map(of_interface).collect())
}

fn scene<'a>(estate: &'a Estate, site: &Site, tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>) -> Scene<'a> {
    let cloud = scene_of(estate, site, None).cloud;
    scene_of(estate, site, tags(cloud))
}

fn meant(estate: &Estate, at: &str) -> Result<Vec<Site>, Vec<String>> {
    let all = sites(estate);
    let (meant, others): (Vec<Site>, Vec<Site>) = all.into_iter().partition(|site| site.matches(estate, at));
    if meant.is_empty() {
        let mut names: Vec<String> = others.iter().map(|site| site.name(estate)).collect();
        names.sort_unstable();
        names.dedup();
        return Err(names);
    }
    Ok(meant)
}

fn rules_of<'a>(
    estate: &'a Estate,
    place: String,
    site: &Site,
    interface: Option<&'a NetworkInterface>,
    tags: &dyn Fn(Option<Cloud>) -> Option<&'a TagData>,
) -> RulesView {
    let mut scene = scene(estate, site, tags);
    if let Some(group) = interface.and_then(|one| one.nsg.as_ref()) {
        scene = scene.with_interface_of(estate, group);
    }
    let mut view = RulesView { place, groups: Vec::new(), admin: Vec::new(), open: Vec::new() };
    let subnet = estate.subnet(site.subnet).map(|one| &one.header);
    for (level, group) in &scene.groups {
        let at_interface = *level == Level::Interface;
        let at = if at_interface { interface.map(|one| &one.header) } else { subnet };
        let at = at.map_or_else(String::new, id_of);
        match group {
            Given::Here(group) => {
                view.groups.push(GroupView {
                    id: id_of(&group.header),
                    at_interface,
                    at,
                    rules: of_group(&scene, group),
                });
                let part =
                    |part: &Field<()>| Some(Doubt::of("a part of the rules".to_owned(), part.unknown()?).at(part.span));
                view.open.extend(group.unknown_rules.iter().filter_map(part));
            }
            Given::Missing(doubt) => view.open.push(doubt.clone()),
        }
    }
    for (rule, maybe) in scene.admin_rules() {
        view.admin.push(AdminView { access: admin_access(rule), rule: of_rule(&scene, &rule.rule, false), maybe });
    }
    view.admin.sort_by_key(|one| one.rule.priority);
    view.open.extend(scene.hidden_admin_rules().cloned());
    view
}

fn id_of(header: &crate::estate::Header) -> String {
    header.id.as_ref().and_then(Field::known).map_or_else(|| site::shown(header), ToString::to_string)
}

fn admin_access(rule: &AdminRule) -> &'static str {
    match (rule.always, rule.rule.access.known()) {
        (true, _) => "AlwaysAllow",
        (false, Some(access)) => access_word(*access),
        (false, None) => "",
    }
}

fn of_group(scene: &Scene<'_>, group: &NetworkSecurityGroup) -> Vec<RuleView> {
    let mut rules: Vec<RuleView> = group.rules.iter().map(|rule| of_rule(scene, rule, false)).collect();
    if group.default_rules.is_empty() && !group.effective {
        rules.extend(BUILT_IN.iter().map(|rule| of_built_in(scene, rule)));
    }
    rules.extend(group.default_rules.iter().map(|rule| of_rule(scene, rule, true)));
    rules.sort_by_key(|rule| (rule.direction.clone(), rule.priority));
    rules
}

fn of_rule(scene: &Scene<'_>, rule: &SecurityRule, built_in: bool) -> RuleView {
    let open = [
        rule.direction.unknown(),
        rule.access.unknown(),
        rule.priority.unknown(),
        rule.protocol.unknown(),
        rule.condition.as_ref(),
    ];
    let sides = [&rule.sources, &rule.destinations].into_iter().flat_map(|side| &side.items).filter_map(Field::unknown);
    let ports = [&rule.source_ports, &rule.destination_ports].into_iter().flat_map(|side| &side.items);
    let mut open = open.into_iter().flatten().chain(sides).chain(ports.filter_map(Field::unknown));
    let name = rule.name.known().map_or_else(String::new, ToString::to_string);
    let maybe = open.next().map(|unknown| Doubt::of(format!("rule `{name}`"), unknown).at(unknown.span));
    RuleView {
        name,
        built_in,
        priority: rule.priority.known().copied(),
        direction: word(&rule.direction, |direction| direction_word(*direction)),
        access: word(&rule.access, |access| access_word(*access)),
        protocol: word(&rule.protocol, |protocols| protocol_word(*protocols)),
        sources: end(scene, &rule.sources, &rule.source_ports),
        destinations: end(scene, &rule.destinations, &rule.destination_ports),
        maybe,
    }
}

fn of_built_in(scene: &Scene<'_>, rule: &BuiltIn) -> RuleView {
    let end = |tag: &str| EndView {
        prefixes: vec![tag.to_owned()],
        groups: Vec::new(),
        expanded: scene.expanded(tag).map(|set| texts(&set)),
        ports: vec!["0-65535".to_owned()],
    };
    RuleView {
        name: rule.name.to_owned(),
        built_in: true,
        priority: Some(rule.priority),
        direction: direction_word(rule.direction).to_owned(),
        access: access_word(rule.access).to_owned(),
        protocol: "All".to_owned(),
        sources: end(rule.source),
        destinations: end(rule.destination),
        maybe: None,
    }
}

/// A value in Azure's word; one only a deployment can tell as it is written.
fn word<T>(field: &Field<T>, known: impl Fn(&T) -> &'static str) -> String {
    match &field.value {
        Ok(value) => known(value).to_owned(),
        Err(unknown) => unknown.text.to_string(),
    }
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
    }
}

fn access_word(access: Access) -> &'static str {
    match access {
        Access::Allow => "Allow",
        Access::Deny => "Deny",
    }
}

fn protocol_word(protocols: ProtocolSet) -> &'static str {
    let words = [("Tcp", ProtocolSet::TCP), ("Udp", ProtocolSet::UDP), ("Icmp", ProtocolSet::ICMP)];
    let more = ["Esp", "Ah"].into_iter().filter_map(|word| Some((word, ProtocolSet::parse(word)?)));
    words.into_iter().chain(more).find(|(_, one)| *one == protocols).map_or("All", |(word, _)| word)
}

fn end(scene: &Scene<'_>, side: &Side, ports: &Ports) -> EndView {
    let (mut prefixes, mut tags, mut expanded) = (Vec::new(), 0, Some(AddressSet::empty()));
    for item in &side.items {
        match &item.value {
            Ok(Peer::Any) => prefixes.push("*".to_owned()),
            Ok(Peer::Addresses(set)) => {
                prefixes.extend(texts(set));
                expanded = expanded.map(|all| all.union(set));
            }
            Ok(Peer::Tag(name)) => {
                tags += 1;
                prefixes.push(name.to_string());
                expanded = expanded.and_then(|all| Some(all.union(&scene.expanded(name)?)));
            }
            Ok(Peer::Invalid(text)) => prefixes.push(text.to_string()),
            Err(unknown) => {
                expanded = None;
                prefixes.push(unknown.text.to_string());
            }
        }
    }
    let expanded = expanded.filter(|_| tags > 0).map(|set| texts(&set));
    let range = |range: &(u16, u16)| format!("{}-{}", range.0, range.1);
    let words = |ports: &Field<crate::net::PortSet>| match &ports.value {
        Ok(set) => set.ranges().iter().map(range).collect::<Vec<_>>(),
        Err(unknown) => vec![unknown.text.to_string()],
    };
    let groups = side.groups.iter().map(|id| id.known().map_or_else(String::new, ToString::to_string)).collect();
    EndView { prefixes, groups, expanded, ports: ports.items.iter().flat_map(words).collect() }
}

fn texts(set: &AddressSet) -> Vec<String> {
    set.prefixes().map(|net| net.to_string()).collect()
}
