//! Appliances that are no Azure Firewall, as routes lead to them: whether the interface there forwards at all (NVA-5), and
//! the groups around it, which judge what passes through by its far addresses, inbound before the appliance and outbound
//! behind it (NVA-6); then the routes of its own subnet (BOTH-ENDS-9).
//!
//! What such an appliance lets through itself no input shows; `declared` reads what users say of it.

use std::net::IpAddr;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::estate::{
    Access, DeclaredAppliance, Direction, Estate, Field, NetworkInterface, NetworkSecurityGroup, NextHop, Plain, Route,
    Subnet, Translates,
};
use crate::finding::Layer;
use crate::json::Node;
use crate::net::AddressSet;
use crate::proof::cell::{Clause, Match};
use crate::proof::declared::passed;
use crate::proof::doubt::{Doubt, Reason, ThingKind, What};
use crate::proof::explain::decider;
use crate::proof::given::{Given, shown};
use crate::proof::ground::Ground;
use crate::proof::hop::{Hop, Ruling, unseen};
use crate::proof::judgement::{Decider, Kind, Written};
use crate::proof::nsg::entries;
use crate::proof::route::{ruled, table_ways};
use crate::proof::scene::Scene;
use crate::proof::stage::{Author, Entry, Stage};
use crate::proof::symbol::{Literal, Meaning};

/// An appliance that routes lead to, and of which something is shown.
#[derive(Clone, Debug)]
pub(crate) struct Transit<'a> {
    /// The address of the next hop.
    pub(crate) at: IpAddr,
    /// The interface that has it, and the subnet that is in, by its index in the estate.
    interface: Option<(&'a NetworkInterface, usize)>,
    /// What is declared of it.
    declared: Option<&'a DeclaredAppliance>,
}

/// What appliances make of traffic, in the order it is met: for each step the part of each appliance. The entry behind
/// the others is for traffic that meets none of them there.
pub(crate) struct Transits<'a> {
    pub(crate) steps: Vec<(Rc<Stage<'a>>, Vec<Range<usize>>)>,
}

/// How many steps there are: forwarding; two groups in; what is declared; two groups out; the routes of the subnet; what
/// nobody knows of the appliance.
const STEPS: usize = 8;

impl<'a> Transit<'a> {
    /// The appliance that a route leads to, where it is declared, or its interface is shown with something that may drop
    /// what comes.
    pub(crate) fn of(scene: &Scene<'a>, route: &Route) -> Option<Self> {
        let estate = scene.estate?;
        let addresses: Vec<IpAddr> =
            route.next_hop_addresses.iter().map(|one| one.known().copied()).collect::<Option<_>>()?;
        let at = *addresses.first()?;
        // Of several next hops nothing is shown but that one declaration means all of them.
        let interface = interface_at(estate, scene.network_at, at).filter(|_| addresses.len() == 1);
        let declared = declared(estate, &addresses, interface.map(|(one, _)| one));
        let counts = |(one, subnet): (&NetworkInterface, usize)| {
            let guarded = one.nsg.is_some() || estate.subnets.get(subnet).is_some_and(|subnet| subnet.nsg.is_some());
            guarded || one.forwards.as_ref().is_some_and(|forwards| forwards.known() != Some(&true))
        };
        (declared.is_some() || interface.is_some_and(counts)).then_some(Self { at, interface, declared })
    }

    /// Whether it is the same one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let name = |one: &Self| one.declared.map(std::ptr::from_ref);
        self.at == other.at && name(self) == name(other)
    }

    /// What is taken for granted about it.
    pub(crate) fn assumptions(&self, estate: &Estate) -> Vec<String> {
        let Some(declared) = self.declared else { return Vec::new() };
        let (name, at) = (&declared.name, self.at);
        let since = declared.as_of.as_ref().map(|day| format!(", as of {day}")).unwrap_or_default();
        let mut all = vec![format!("appliance `{name}` at {at} lets through what is declared of it{since}")];
        if self.interface.is_some_and(|(one, _)| !is_sole(estate, one)) {
            all.push(format!("what `{name}` sends on leaves by an interface whose groups and routes let it pass"));
        }
        all
    }

    fn name(&self) -> Arc<str> {
        self.interface.map_or_else(|| Arc::from(self.at.to_string()), |(one, _)| shown(&one.header.name))
    }

    /// The scene of its interface.
    fn scene(&self, scene: &Scene<'a>, estate: &'a Estate) -> Option<Scene<'a>> {
        let (interface, subnet) = self.interface?;
        let mut own = Scene::of_subnet(estate, subnet, scene.tags)?.in_estate(estate);
        if let Some(group) = &interface.nsg {
            own = own.with_interface_of(estate, group);
        }
        own.cloud = own.cloud.or(scene.cloud);
        Some(own)
    }

    /// Its entries, step by step. `named`: the hosts of the packets are known.
    fn steps(&self, ground: &mut Ground<'_, 'a>, estate: &'a Estate, named: bool) -> [Vec<Entry<'a>>; STEPS] {
        let mut steps: [Vec<Entry<'a>>; STEPS] = Default::default();
        if let (Some((interface, _)), Some(own)) = (self.interface, self.scene(ground.scene, estate)) {
            steps[0] = self.forwarding(ground, interface);
            let [inner, outer] = self.groups(ground, &own, Direction::Inbound);
            (steps[1], steps[2]) = (outer, inner);
            // Where the machine has other interfaces, or may have, traffic leaves by one of them for all that is known.
            if is_sole(estate, interface) {
                let out = self.groups(ground, &own, Direction::Outbound);
                [steps[4], steps[5]] = out.map(|group| self.translated(ground, group));
                steps[6] = self.routes(ground, &own);
            }
        }
        match self.declared {
            Some(declared) => steps[3] = passed(ground, declared, self.at, named),
            None => {
                // Which of several drops it is all one; what is known goes first.
                let (meaning, doubt) = unseen(&[self.at]);
                steps[7] = whole(ground, doubt, meaning);
            }
        }
        steps
    }

    /// Azure hands an interface what is for other addresses only when it forwards (NVA-5).
    fn forwarding(&self, ground: &mut Ground<'_, 'a>, interface: &NetworkInterface) -> Vec<Entry<'a>> {
        let Some(forwards) = &interface.forwards else { return Vec::new() };
        match &forwards.value {
            Ok(true) => Vec::new(),
            Ok(false) => {
                let author = Author::Told(Box::new(Decider {
                    layer: Layer::Appliance,
                    group: Decider::ELSEWHERE,
                    index: None,
                    kind: Kind::BuiltIn,
                    name: Arc::from(format!("{FORWARDING} of {} is off", self.name())),
                    priority: None,
                    access: Access::Deny,
                    next_hop: None,
                    written: Some(Written {
                        span: interface.header.span,
                        name: forwards.span,
                        priority: None,
                        fault: forwards.span,
                    }),
                }));
                vec![Entry { clause: Clause::full(&ground.space), access: Access::Deny, author }]
            }
            Err(unknown) => {
                let doubt = Doubt::of(What::Setting(FORWARDING, ThingKind::Interface.named(self.name())), unknown);
                let meaning = Meaning::World(Arc::from(format!("forwards {}", unknown.key)));
                whole(ground, doubt, meaning)
            }
        }
    }

    /// The groups of its interface and of its subnet for one direction.
    fn groups(&self, ground: &mut Ground<'_, 'a>, own: &Scene<'a>, direction: Direction) -> [Vec<Entry<'a>>; 2] {
        let mut levels: [Vec<Entry<'a>>; 2] = Default::default();
        if !own.admin.is_empty() && !own.groups.is_empty() {
            // A rule that always allows passes groups by, and one that denies goes before them.
            let doubt = Doubt::new(Reason::AdminRulesAtAppliance(self.name()));
            let meaning = Meaning::PacketOf("at the appliance", Arc::clone(&doubt.reason));
            levels[0] = whole(ground, doubt, meaning);
            return levels;
        }
        for (level, group) in &own.groups {
            let listed = ground.elsewhere(own, &self.name(), |ground| entries(ground, group, direction));
            let owner = if let Given::Here(group) = group { Some(*group) } else { None };
            let at = usize::from(*level == crate::proof::scene::Level::Subnet);
            levels[at] = listed.into_iter().map(|entry| told(entry, owner)).collect();
        }
        levels
    }

    /// Rules as they meet what may come with the appliance's own address by now.
    fn translated(&self, ground: &mut Ground<'_, 'a>, listed: Vec<Entry<'a>>) -> Vec<Entry<'a>> {
        if listed.is_empty() {
            return listed;
        }
        let translates = self.declared.map(|declared| declared.translates);
        let doubt = || Doubt::new(Reason::AppliancesSource(self.name()));
        let symbol = translates.is_none().then(|| {
            let doubt = doubt();
            ground.symbols.of(Meaning::PacketOf("source", Arc::clone(&doubt.reason)), || doubt)
        });
        let public = Arc::clone(&ground.public);
        let private = ground.space.difference(&public);
        let mut all = Vec::with_capacity(listed.len() * 2);
        for (index, entry) in listed.into_iter().enumerate() {
            let sources = self.seen(ground, &entry.clause.sources, index);
            let with = |guard: Option<Literal>, sources: &Match<AddressSet>, to: Option<&AddressSet>| {
                let mut one = entry.clone();
                one.clause.guards.extend(guard);
                one.clause.sources = sources.clone();
                if let Some(to) = to {
                    one.clause.destinations = one.clause.destinations.and(&Match::of(to.clone()));
                }
                one
            };
            let own = &entry.clause.sources;
            match (translates, symbol) {
                (Some(Translates::Always), _) => all.push(with(None, &sources, None)),
                (Some(Translates::Public), _) => {
                    all.extend([with(None, &sources, Some(&public)), with(None, own, Some(&private))]);
                }
                (_, Some(one)) => {
                    all.extend([with(Some(one.holds()), &sources, None), with(Some(one.fails()), own, None)]);
                }
                (_, None) => all.push(with(None, own, None)),
            }
        }
        all
    }

    /// Sources of a rule, for traffic that comes from the appliance: all of it, or none.
    fn seen(&self, ground: &mut Ground<'_, 'a>, sources: &Match<AddressSet>, index: usize) -> Match<AddressSet> {
        let mut all = Match::nothing();
        for (part, term) in sources.terms.iter().enumerate().filter(|(_, term)| term.set.contains(self.at)) {
            let mut cube = Vec::new();
            if !term.cube.is_empty() {
                let key = format!("{} among the sources of {index} {part}", self.at);
                let doubt = Doubt::new(Reason::AppliancesSource(self.name()));
                cube.push(ground.symbols.of(Meaning::Packet(Arc::from(key)), || doubt).holds());
            }
            all.add(Arc::clone(&ground.space), cube);
        }
        all
    }

    /// The routes of its subnet, which take what it lets through; none when the subnet has no table.
    fn routes(&self, ground: &mut Ground<'_, 'a>, own: &Scene<'a>) -> Vec<Entry<'a>> {
        let Some(Given::Here(table)) = own.routes else { return Vec::new() };
        let mut all = Vec::new();
        for way in table_ways(ground, table, &format!("behind {} ", self.name())) {
            all.extend(ruled(ground, &way.clause, &way.author, self.behind(&way.hop)));
        }
        all
    }

    fn behind(&self, hop: &Hop) -> Ruling {
        match hop {
            Hop::To(NextHop::Drop) | Hop::Lost(_) => Ruling::Drop,
            // What comes back to where it left goes round in circles.
            Hop::Appliance(addresses) if addresses.contains(&self.at) => Ruling::Drop,
            Hop::To(NextHop::Internet) | Hop::Platform => Ruling::Pass,
            _ => {
                let doubt = Doubt::new(Reason::BehindAppliancesRoute(self.name()));
                Ruling::Depends(Meaning::PacketOf("behind the appliance", Arc::clone(&doubt.reason)), doubt)
            }
        }
    }
}

const FORWARDING: &str = "enableIPForwarding";

impl<'a> Transits<'a> {
    /// Several appliances, each with its part of every step.
    pub(crate) fn of(ground: &mut Ground<'_, 'a>, estate: &'a Estate, all: &[Transit<'a>], named: bool) -> Self {
        let mut listed: Vec<[Vec<Entry<'a>>; STEPS]> = all.iter().map(|one| one.steps(ground, estate, named)).collect();
        let mut steps = Vec::new();
        for step in 0..STEPS {
            let (mut joined, mut ranges) = (Vec::new(), Vec::new());
            for appliance in &mut listed {
                let start = joined.len();
                joined.append(&mut appliance[step]);
                ranges.push(start..joined.len());
            }
            if joined.is_empty() {
                continue;
            }
            let passed_by =
                Entry { clause: Clause::full(&ground.space), access: Access::Allow, author: Author::NotMet };
            let stage = Stage::with_bypass(Layer::Appliance, Decider::ELSEWHERE, joined, passed_by);
            steps.push((Rc::new(stage), ranges));
        }
        Self { steps }
    }
}

/// A step that lets all of it pass or none, for all that is known.
fn whole<'a>(ground: &mut Ground<'_, 'a>, doubt: Doubt, meaning: Meaning) -> Vec<Entry<'a>> {
    let (all, author) = (Clause::full(&ground.space), Author::Unknown(doubt.clone()));
    ruled(ground, &all, &author, Ruling::Depends(meaning, doubt))
}

/// A rule with the group it is in: groups around an appliance are none of the scene's.
fn told<'a>(entry: Entry<'a>, owner: Option<&NetworkSecurityGroup>) -> Entry<'a> {
    if matches!(entry.author, Author::Unknown(_) | Author::Platform) {
        return entry;
    }
    let nowhere = Stage::new(Layer::Appliance, Decider::ELSEWHERE, Vec::new());
    let mut one = decider(&nowhere, &entry);
    one.index = None;
    if let Some(owner) = owner {
        one.name = Arc::from(format!("{}/{}", shown(&owner.header.name), one.name));
        // A built-in rule stands nowhere: its group does.
        one.written = one.written.or_else(|| {
            let (span, name) = (owner.header.span, owner.header.place());
            let fault = owner.rules_span.map_or(name, |list| list.part(0, 1));
            Some(Written { span, name, priority: None, fault })
        });
    }
    Entry { author: Author::Told(Box::new(one)), ..entry }
}

/// The interface with an address that routes of a network can lead to, and its subnet: private addresses are used again
/// in other networks, and a next hop lies in the own one or in one that is peered with it (BOTH-ENDS-8).
fn interface_at(estate: &Estate, network: Option<usize>, at: IpAddr) -> Option<(&NetworkInterface, usize)> {
    let home = |interface: &NetworkInterface| interface.subnets.iter().find_map(|subnet| subnet.target);
    let has = |interface: &&NetworkInterface| interface.addresses.iter().any(|one| one.known() == Some(&at));
    let peers = network.and_then(|at| estate.networks.get(at)).map_or(&[][..], |network| &network.peerings);
    let joined = peers.iter().filter(|peering| peering.is_connected() == Some(true));
    let near: Vec<usize> = joined.filter_map(|peering| peering.remote.as_ref()?.target).chain(network).collect();
    let is_near = |subnet: usize| {
        let own = estate.subnets.get(subnet).and_then(|subnet: &Subnet| subnet.network);
        network.is_none() || own.is_some_and(|own| near.contains(&own))
    };
    let mut found =
        estate.interfaces.iter().filter(has).filter_map(|one| Some((one, home(one)?))).filter(|(_, at)| is_near(*at));
    let first = found.next()?;
    let sure = |interface: &NetworkInterface| interface.header.condition.is_none();
    (found.next().is_none() && sure(first.0)).then_some(first)
}

/// The declaration that means appliances at some addresses, all of them.
fn declared<'a>(
    estate: &'a Estate,
    addresses: &[IpAddr],
    interface: Option<&NetworkInterface>,
) -> Option<&'a DeclaredAppliance> {
    let known = |id: Option<&Field<Arc<str>>>| id.and_then(|id| id.known().cloned());
    let mut ids: Vec<Arc<str>> = interface
        .into_iter()
        .flat_map(|one| [known(one.header.id.as_ref()), known(one.machine.as_ref())])
        .flatten()
        .collect();
    let balances = |one: &&Plain| {
        let frontends = one.header.node.at(&["properties", "frontendIPConfigurations"]).map_or(&[][..], Node::items);
        let address = |item: &Node| item.at(&["properties", "privateIPAddress"])?.text()?.parse().ok();
        !frontends.is_empty()
            && addresses.iter().all(|wanted| frontends.iter().any(|item| address(item) == Some(*wanted)))
    };
    ids.extend(estate.others.iter().filter(balances).filter_map(|one| known(one.header.id.as_ref())));
    let means = |one: &&DeclaredAppliance| {
        addresses.iter().all(|address| one.addresses.contains(address))
            || ids.iter().any(|id| one.ids.iter().any(|own| own.eq_ignore_ascii_case(id)))
    };
    estate.appliances.iter().find(means)
}

/// Whether the machine of an interface is shown, and has no other.
fn is_sole(estate: &Estate, interface: &NetworkInterface) -> bool {
    const MACHINE: &str = "Microsoft.Compute/virtualMachines";
    let Some(id) = interface.machine.as_ref().and_then(Field::known) else { return false };
    let is_it = |text: &str| text.eq_ignore_ascii_case(id);
    let mut machines = estate.others.iter().filter(|one| one.header.type_name.eq_ignore_ascii_case(MACHINE));
    let own = machines.find(|one| one.header.id.as_ref().and_then(Field::known).is_some_and(|text| is_it(text)));
    let list = own.and_then(|one| one.header.node.at(&["properties", "networkProfile", "networkInterfaces"]));
    list.is_some_and(|list: &Node| list.is_list() && list.items().len() == 1)
}
