//! Laws of the whole path between private addresses: the verdict is that of a replay, packet by packet, over both ends,
//! security admin rules, routes, peerings and private endpoints.
//!
//! The replay is written from what Azure documents and shares no code with the proof: it walks lists of plain numbers.

use std::collections::BTreeMap;

use aznetlint::estate::{Direction, Estate, Options, build, gather};
use aznetlint::finding::Verdict;
use aznetlint::json::parse;
use aznetlint::judge::{Far, Question, follow};
use aznetlint::net::{AddressSet, PortSet, ProtocolSet};
use aznetlint::proof::Party;
use aznetlint::source::FileId;
use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/";

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// A prefix of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prefix(u32, u8);

impl Prefix {
    fn holds(self, address: u32) -> bool {
        self.1 == 0 || (address ^ self.0) >> (32 - u32::from(self.1)) == 0
    }

    fn text(self) -> String {
        format!("{}/{}", dotted(self.0), self.1)
    }
}

fn dotted(address: u32) -> String {
    std::net::Ipv4Addr::from(address).to_string()
}

fn at(network: usize, subnet: usize, host: u32) -> u32 {
    (10 << 24) | (u32::try_from(network + 1).unwrap() << 16) | (u32::try_from(subnet + 1).unwrap() << 8) | host
}

fn space(network: usize) -> Prefix {
    Prefix(at(network, 0, 0) & 0xffff_0000, 16)
}

fn subnet_of(network: usize, subnet: usize) -> Prefix {
    Prefix(at(network, subnet, 0), 24)
}

/// One end of a rule.
#[derive(Clone, Copy, Debug)]
enum End {
    Any,
    Network,
    In(Prefix),
}

impl End {
    fn text(self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Network => "VirtualNetwork".to_owned(),
            Self::In(prefix) => prefix.text(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Allow,
    Deny,
    AlwaysAllow,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    inbound: bool,
    does: Does,
    from: End,
    to: End,
    ports: (u16, u16),
}

#[derive(Clone, Debug, Default)]
struct Place {
    rules: Option<Vec<Rule>>,
    /// Prefixes that a route drops.
    dropped: Option<Vec<Prefix>>,
    groups_count: bool,
    routes_count: bool,
    endpoint: bool,
}

#[derive(Clone, Copy, Debug)]
struct Peering {
    connected: bool,
    access: bool,
}

#[derive(Clone, Debug)]
struct World {
    places: Vec<Vec<Place>>,
    peerings: BTreeMap<(usize, usize), Peering>,
    admin: Vec<Vec<Rule>>,
}

const SUBNETS: usize = 2;

fn end(dice: &mut Dice, networks: usize) -> End {
    match dice.roll(5) {
        0 | 1 => End::Any,
        2 => End::Network,
        3 => End::In(space(dice.roll(networks))),
        _ => End::In(subnet_of(dice.roll(networks), dice.roll(SUBNETS))),
    }
}

fn rules(dice: &mut Dice, networks: usize, all: &[Does]) -> Vec<Rule> {
    (0..dice.roll(4))
        .map(|_| Rule {
            inbound: dice.roll(2) == 0,
            does: dice.pick(all),
            from: end(dice, networks),
            to: end(dice, networks),
            ports: dice.pick(&[(0, 65535), (443, 443), (400, 500), (22, 22)]),
        })
        .collect()
}

fn world(dice: &mut Dice) -> World {
    let networks = 2 + dice.roll(2);
    let place = |dice: &mut Dice| Place {
        rules: (dice.roll(3) > 0).then(|| rules(dice, networks, &[Does::Allow, Does::Deny])),
        dropped: (dice.roll(3) == 0).then(|| {
            let all =
                [Prefix(0, 0), Prefix(10 << 24, 8), space(dice.roll(networks)), subnet_of(dice.roll(networks), 1)];
            let one = Prefix(at(dice.roll(networks), dice.roll(SUBNETS), 9), 32);
            let mut all: Vec<Prefix> = all.into_iter().chain([one]).filter(|_| dice.roll(3) == 0).collect();
            all.dedup();
            all
        }),
        groups_count: dice.roll(2) == 0,
        routes_count: dice.roll(2) == 0,
        endpoint: dice.roll(2) == 0,
    };
    let places = (0..networks).map(|_| (0..SUBNETS).map(|_| place(dice)).collect()).collect();
    let mut peerings = BTreeMap::new();
    for one in 0..networks {
        for other in one + 1..networks {
            if dice.roll(4) > 0 {
                let mut side = || Peering { connected: dice.roll(5) > 0, access: dice.roll(4) > 0 };
                peerings.insert((one, other), side());
                peerings.insert((other, one), side());
            }
        }
    }
    let every = [Does::Allow, Does::Deny, Does::AlwaysAllow];
    let admin =
        (0..networks).map(|_| if dice.roll(2) == 0 { rules(dice, networks, &every) } else { Vec::new() }).collect();
    World { places, peerings, admin }
}

/// The replay.
impl World {
    /// A peering carries traffic where both sides are connected.
    fn carries(&self, from: usize, to: usize) -> bool {
        let side = |key| self.peerings.get(&key).is_some_and(|side| side.connected);
        side((from, to)) && side((to, from))
    }

    /// Whether an address is in `VirtualNetwork` as a network sees it.
    fn in_tag(&self, network: usize, address: u32) -> bool {
        let peer = |other: usize| {
            let access = self.peerings.get(&(network, other)).is_some_and(|side| side.access);
            self.carries(network, other) && access && space(other).holds(address)
        };
        space(network).holds(address) || (0..self.places.len()).any(|other| other != network && peer(other))
    }

    fn matches(&self, network: usize, rule: &Rule, inbound: bool, (from, to, port): (u32, u32, u16)) -> bool {
        let holds = |end: End, address: u32| match end {
            End::Any => true,
            End::Network => self.in_tag(network, address),
            End::In(prefix) => prefix.holds(address),
        };
        rule.inbound == inbound
            && holds(rule.from, from)
            && holds(rule.to, to)
            && (rule.ports.0..=rule.ports.1).contains(&port)
    }

    fn group_passes(&self, network: usize, place: &Place, inbound: bool, packet: (u32, u32, u16)) -> bool {
        let Some(rules) = &place.rules else { return true };
        match rules.iter().find(|rule| self.matches(network, rule, inbound, packet)) {
            Some(rule) => rule.does == Does::Allow,
            None => self.in_tag(network, packet.0) && self.in_tag(network, packet.1),
        }
    }

    /// What security admin rules say at one end; `None` hands on to the groups.
    fn admin_says(&self, network: usize, inbound: bool, packet: (u32, u32, u16)) -> Option<bool> {
        let rule = self.admin[network].iter().find(|rule| self.matches(network, rule, inbound, packet))?;
        match rule.does {
            Does::Allow => None,
            Does::Deny => Some(false),
            Does::AlwaysAllow => Some(true),
        }
    }

    /// Whether a route leads to an address of a network, and no longer one drops it.
    fn routed(&self, network: usize, place: &Place, (to, target): (u32, usize), endpoint: Option<&Place>) -> bool {
        let near = target == network || self.carries(network, target);
        let user = |least: u8| {
            let all = place.dropped.iter().flatten();
            all.filter(|prefix| prefix.holds(to) && prefix.1 >= least).map(|prefix| prefix.1).max()
        };
        if !near {
            return false;
        }
        match endpoint {
            // Its route gives way to one as long as its network's space where its subnet says so, else to a /32.
            Some(home) if home.routes_count => user(space(target).1).is_none(),
            Some(_) => user(32).is_none(),
            None => user(space(target).1).is_none(),
        }
    }

    fn passes(&self, from: (usize, usize), to: (usize, usize), packet: (u32, u32, u16), is_endpoint: bool) -> bool {
        let (sender, receiver) = (&self.places[from.0][from.1], &self.places[to.0][to.1]);
        let sent = match self.admin_says(from.0, false, packet) {
            Some(said) => said,
            None => self.group_passes(from.0, sender, false, packet),
        };
        let routed = self.routed(from.0, sender, (packet.1, to.0), is_endpoint.then_some(receiver));
        let taken = match is_endpoint {
            true => !receiver.groups_count || self.group_passes(to.0, receiver, true, packet),
            false => match self.admin_says(to.0, true, packet) {
                Some(said) => said,
                None => self.group_passes(to.0, receiver, true, packet),
            },
        };
        sent && routed && taken
    }
}

/// The same world as resources.
impl World {
    fn estate(&self) -> Estate {
        let mut all = Vec::new();
        for (network, places) in self.places.iter().enumerate() {
            let subnets: Vec<Value> =
                places.iter().enumerate().map(|(at, place)| subnet(network, at, place, &mut all)).collect();
            let peerings: Vec<Value> = self
                .peerings
                .iter()
                .filter(|((from, _), _)| *from == network)
                .map(|((_, to), side)| {
                    json!({ "name": format!("to-{to}"), "properties": {
                        "peeringState": if side.connected { "Connected" } else { "Disconnected" },
                        "allowVirtualNetworkAccess": side.access,
                        "remoteVirtualNetwork": { "id": format!("{GROUP}virtualNetworks/v{to}") },
                        "remoteAddressSpace": { "addressPrefixes": [space(*to).text()] } } })
                })
                .collect();
            all.push(json!({ "type": "Microsoft.Network/virtualNetworks", "name": format!("v{network}"),
                "id": format!("{GROUP}virtualNetworks/v{network}"), "location": "westeurope", "properties": {
                    "addressSpace": { "addressPrefixes": [space(network).text()] }, "subnets": subnets,
                    "virtualNetworkPeerings": peerings } }));
        }
        let read = |file: u32, value: &Value| {
            build(gather(&parse(FileId(file), &value.to_string()).unwrap().root).pieces, Options::default())
        };
        let mut estate = read(0, &Value::Array(all));
        for (network, rules) in self.admin.iter().enumerate() {
            let file = u32::try_from(network).unwrap() + 1;
            let rules: Vec<Value> = rules.iter().enumerate().map(|(at, rule)| admin(network, at, rule)).collect();
            estate.admin_rules.extend(read(file, &json!({ "value": rules })).admin_rules);
            estate.admin_lists.push((FileId(file), format!("v{network}").into()));
        }
        estate
    }
}

fn subnet(network: usize, at_: usize, place: &Place, all: &mut Vec<Value>) -> Value {
    let name = format!("s{network}{at_}");
    let counts = match (place.groups_count, place.routes_count) {
        (true, true) => "Enabled",
        (true, false) => "NetworkSecurityGroupEnabled",
        (false, true) => "RouteTableEnabled",
        (false, false) => "Disabled",
    };
    let mut own = json!({ "addressPrefix": subnet_of(network, at_).text(), "privateEndpointNetworkPolicies": counts });
    if let Some(rules) = &place.rules {
        own["networkSecurityGroup"] = json!({ "id": format!("{GROUP}networkSecurityGroups/n{name}") });
        let rules: Vec<Value> = rules
            .iter()
            .enumerate()
            .map(|(at, rule)| {
                json!({ "name": format!("r{at}"), "properties": { "priority": 100 + at,
                    "direction": if rule.inbound { "Inbound" } else { "Outbound" },
                    "access": if rule.does == Does::Deny { "Deny" } else { "Allow" }, "protocol": "*",
                    "sourceAddressPrefix": rule.from.text(), "sourcePortRange": "*",
                    "destinationAddressPrefix": rule.to.text(),
                    "destinationPortRange": format!("{}-{}", rule.ports.0, rule.ports.1) } })
            })
            .collect();
        all.push(json!({ "type": "Microsoft.Network/networkSecurityGroups", "name": format!("n{name}"),
            "id": format!("{GROUP}networkSecurityGroups/n{name}"), "properties": { "securityRules": rules } }));
    }
    if let Some(dropped) = &place.dropped {
        own["routeTable"] = json!({ "id": format!("{GROUP}routeTables/t{name}") });
        let routes: Vec<Value> = dropped
            .iter()
            .enumerate()
            .map(|(at, prefix)| {
                json!({ "name": format!("u{at}"), "properties": { "addressPrefix": prefix.text(), "nextHopType": "None" } })
            })
            .collect();
        all.push(json!({ "type": "Microsoft.Network/routeTables", "name": format!("t{name}"),
            "id": format!("{GROUP}routeTables/t{name}"), "properties": { "routes": routes } }));
    }
    if place.endpoint {
        all.push(json!({ "type": "Microsoft.Network/privateEndpoints", "name": format!("p{name}"),
            "id": format!("{GROUP}privateEndpoints/p{name}"), "properties": {
                "subnet": { "id": format!("{GROUP}virtualNetworks/v{network}/subnets/{name}") },
                "customDnsConfigs": [{ "fqdn": "a.vault.azure.net", "ipAddresses": [dotted(at(network, at_, 9))] }] } }));
    }
    json!({ "name": name, "id": format!("{GROUP}virtualNetworks/v{network}/subnets/{name}"), "properties": own })
}

fn admin(network: usize, at: usize, rule: &Rule) -> Value {
    let side = |end: End| match end {
        End::Any => json!([]),
        End::Network => json!([{ "addressPrefixType": "ServiceTag", "addressPrefix": "VirtualNetwork" }]),
        End::In(prefix) => json!([{ "addressPrefixType": "IPPrefix", "addressPrefix": prefix.text() }]),
    };
    let does = match rule.does {
        Does::Allow => "Allow",
        Does::Deny => "Deny",
        Does::AlwaysAllow => "AlwaysAllow",
    };
    json!({ "kind": "Custom", "ruleGroups": [],
        "id": format!("{GROUP}networkManagers/m/securityAdminConfigurations/c{network}/ruleCollections/o/rules/a{at}"),
        "properties": { "priority": 10 + at, "access": does, "direction": if rule.inbound { "Inbound" } else { "Outbound" },
            "protocol": "Any", "sources": side(rule.from), "destinations": side(rule.to),
            "sourcePortRanges": ["0-65535"], "destinationPortRanges": [format!("{}-{}", rule.ports.0, rule.ports.1)] } })
}

fn asked(estate: &Estate, subnet: &str, (from, to, port): (u32, u32, u16)) -> Verdict {
    let address = |address: u32| AddressSet::address(std::net::IpAddr::V4(address.into()));
    let question = Question {
        near: Some(subnet.to_owned()),
        address: Some(address(from)),
        direction: Direction::Outbound,
        far: Far::Party(Party::Addresses(address(to))),
        protocols: ProtocolSet::TCP,
        ports: PortSet::range(port, port),
    };
    let all = follow(estate, &question, &|_| None).unwrap();
    assert_eq!(all.len(), 1);
    all[0].verdict()
}

#[test]
fn the_verdict_on_a_path_is_that_of_a_replay() {
    let mut counts = [0_usize; 2];
    for seed in 0..400_u64 {
        let dice = &mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 11);
        let world = world(dice);
        let estate = world.estate();
        for _ in 0..5 {
            let networks = world.places.len();
            let (from, to) = ((dice.roll(networks), dice.roll(SUBNETS)), (dice.roll(networks), dice.roll(SUBNETS)));
            let is_endpoint = world.places[to.0][to.1].endpoint && dice.roll(2) == 0;
            let packet =
                (at(from.0, from.1, 4), at(to.0, to.1, if is_endpoint { 9 } else { 20 }), dice.pick(&[22, 443, 8080]));
            let passes = world.passes(from, to, packet, is_endpoint);
            let expected = if passes { Verdict::Satisfied } else { Verdict::Violated };
            let said = asked(&estate, &format!("s{}{}", from.0, from.1), packet);
            let ends = format!("{} to {} on {}", dotted(packet.0), dotted(packet.1), packet.2);
            assert_eq!(said, expected, "{seed}: {ends} (endpoint {is_endpoint})\n{world:?}");
            counts[usize::from(passes)] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 150), "{counts:?}");
}
