//! A firewall as one layer: its lines as clauses, network before application, the denial at the end (FW-5 to FW-8), and
//! the settings beside its rules that decide what passes: DNS proxy and SNAT (FW-11, FW-20).

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use crate::estate::{Access, CollectionKind, Estate, FirewallPolicy, FirewallRule, Header, RuleCollection};
use crate::finding::Layer;
use crate::json::Node;
use crate::net::AddressSet;
use crate::proof::cell::{Clause, Match};
use crate::proof::doubt::{Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::firewall::clause::{application_clauses, network_clauses};
use crate::proof::firewall::order::{Appliance, Content, Line, Placed, lines};
use crate::proof::given::shown;
use crate::proof::ground::Ground;
use crate::proof::judgement::{Decider, Kind, Written};
use crate::proof::stage::{Author, Entry};
use crate::proof::symbol::{Literal, Meaning};
use crate::source::Span;

/// The rules of a firewall in order. `named`: the hosts of the packets are known.
pub(crate) fn entries<'a>(
    ground: &mut Ground<'_, 'a>,
    estate: &'a Estate,
    appliance: Appliance<'a>,
    named: bool,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let header = match appliance {
        Appliance::Firewall(firewall) => &firewall.header,
        Appliance::Policy(policy) => &policy.header,
    };
    if let Some(condition) = &header.condition {
        let meaning = Meaning::World(Arc::from(format!("exists {}", condition.key)));
        let doubt = Doubt::of(What::Exists(ThingKind::Firewall.named(shown(&header.name))), condition);
        let gone = ground.symbols.of(meaning, || doubt.clone()).fails();
        unknown(ground, &[gone], &doubt, Access::Deny, &mut entries);
    }
    let resolver = resolver(estate, appliance);
    let unnatted = Unnatted::of(estate, appliance);
    for line in lines(estate, appliance, CollectionKind::Network) {
        let guards = guards(ground, &line);
        match &line.what {
            Content::Unknown(doubt) => unknown(ground, &guards, doubt, line.access, &mut entries),
            Content::Rule(placed) => {
                for clause in network_clauses(ground, estate, placed.rule, &guards, resolver.as_ref(), named) {
                    if let (Access::Allow, Some(unnatted)) = (line.access, &unnatted) {
                        entries.extend(unanswered(ground, &clause, unnatted));
                    }
                    entries.push(entry(clause, line.access, placed));
                }
            }
        }
    }
    for line in lines(estate, appliance, CollectionKind::Application) {
        let guards = guards(ground, &line);
        match &line.what {
            Content::Unknown(doubt) => unknown(ground, &guards, doubt, line.access, &mut entries),
            Content::Rule(placed) => {
                let clauses = application_clauses(ground, estate, placed.rule, line.access, &guards, named);
                entries.extend(clauses.into_iter().map(|clause| entry(clause, line.access, placed)));
            }
        }
    }
    let denied = Author::Told(Box::new(by_default(header)));
    entries.push(Entry { clause: Clause::full(&ground.space), access: Access::Deny, author: denied });
    entries
}

fn guards(ground: &mut Ground<'_, '_>, line: &Line<'_>) -> Vec<Literal> {
    let literals = line.guards.iter().map(|guard| {
        let symbol = ground.symbols.of(guard.meaning.clone(), || guard.doubt.clone());
        if guard.holds { symbol.holds() } else { symbol.fails() }
    });
    literals.collect()
}

fn unknown<'a>(
    ground: &Ground<'_, 'a>,
    guards: &[Literal],
    doubt: &Doubt,
    access: Access,
    entries: &mut Vec<Entry<'a>>,
) {
    let clause = Clause { guards: guards.to_vec(), ..Clause::full(&ground.space) };
    entries.push(Entry { clause, access, author: Author::Unknown(doubt.clone()) });
}

fn entry<'a>(clause: Clause, access: Access, placed: &Placed<'a>) -> Entry<'a> {
    Entry { clause, access, author: Author::FirewallRule(placed.collection, placed.rule) }
}

/// A rule as users know it: collection and rule, with the priority of the collection.
pub(crate) fn decider_of(collection: &RuleCollection, rule: &FirewallRule, access: Access) -> Decider {
    let priority = collection.priority.as_ref();
    let fault = match (access, &collection.action) {
        (Access::Deny, Some(action)) => action.span,
        _ => rule.span,
    };
    let name = rule.name.span;
    Decider {
        layer: Layer::Firewall,
        group: 0,
        index: None,
        kind: Kind::FirewallRule,
        name: Arc::from(format!("{}/{}", shown(&collection.name), shown(&rule.name))),
        priority: priority.and_then(|priority| priority.known().copied()),
        access,
        next_hop: None,
        written: Some(Written { span: rule.span, name, priority: priority.map(|priority| priority.span), fault }),
    }
}

/// What no rule matches is dropped (FW-6).
fn by_default(header: &Header) -> Decider {
    let name = header.name.span;
    Decider {
        layer: Layer::Firewall,
        group: 0,
        index: None,
        kind: Kind::BuiltIn,
        name: Arc::from("no rule matches"),
        priority: None,
        access: Access::Deny,
        next_hop: None,
        written: Some(Written { span: header.span, name, priority: None, fault: name }),
    }
}

/// The packets of a network rule that leave with their private source address, to which no answer finds its way (FW-20).
fn unanswered<'a>(ground: &mut Ground<'_, 'a>, clause: &Clause, unnatted: &Unnatted) -> Option<Entry<'a>> {
    let lost = unnatted.addresses.intersection(&ground.public);
    let mut clause = clause.clone();
    let mut destinations: Match<AddressSet> = Match::nothing();
    for term in clause.destinations.terms {
        destinations.add(term.set.intersection(&lost), term.cube);
    }
    if destinations.terms.is_empty() {
        return None;
    }
    clause.destinations = destinations;
    if unnatted.tunnelled {
        let meaning = Meaning::World(Arc::from("nothing behind the firewall translates addresses"));
        let symbol = ground.symbols.of(meaning, || Doubt::new(Reason::NoTranslation).at(unnatted.span));
        clause.guards.push(symbol.holds());
    }
    let span = unnatted.span;
    let one = Decider {
        layer: Layer::Firewall,
        group: 0,
        index: None,
        kind: Kind::FirewallRule,
        name: Arc::from("snat.privateRanges"),
        priority: None,
        access: Access::Deny,
        next_hop: None,
        written: Some(Written { span, name: span, priority: None, fault: span }),
    };
    Some(Entry { clause, access: Access::Deny, author: Author::Told(Box::new(one)) })
}

/// Why hosts in network rules may not resolve to what the clients see; `None`: they do.
fn resolver(estate: &Estate, appliance: Appliance<'_>) -> Option<Doubt> {
    let off = |span: Option<Span>| Doubt { span, ..Doubt::new(Reason::DnsProxyOff).settled_by(Remedy::DnsProxy) };
    match (appliance.policy(estate), appliance) {
        (Some(Ok(policy)), _) => match &policy.dns_proxy {
            Some(field) if field.known() == Some(&true) => None,
            Some(field) => match field.unknown() {
                Some(why) => Some(Doubt::of(What::DnsProxy, why)),
                None => Some(off(Some(field.span))),
            },
            None => Some(off(None)),
        },
        (Some(Err(doubt)), _) => Some(doubt),
        (None, Appliance::Firewall(firewall)) => {
            let proxy = firewall.header.node.at(&["properties", "additionalProperties", "Network.DNS.EnableProxy"]);
            let on = |node: &Node| {
                node.bool() == Some(true) || node.text().is_some_and(|text| text.eq_ignore_ascii_case("true"))
            };
            (!proxy.is_some_and(on)).then(|| off(proxy.map(|node| node.span)))
        }
        (None, Appliance::Policy(_)) => Some(off(None)),
    }
}

/// Public addresses to which network rules send packets with their private source address: no answer comes back.
#[derive(Clone, Debug)]
pub(crate) struct Unnatted {
    pub(crate) addresses: AddressSet,
    /// Where the setting is written.
    pub(crate) span: Span,
    /// The firewall tunnels its own traffic, and what is behind it may translate addresses.
    pub(crate) tunnelled: bool,
}

impl Unnatted {
    /// The ranges that are never translated, where that is more than private ones.
    pub(crate) fn of(estate: &Estate, appliance: Appliance<'_>) -> Option<Self> {
        let policy: Option<&FirewallPolicy> = appliance.policy(estate).and_then(Result::ok);
        let list = match (policy, appliance) {
            (Some(policy), _) => policy.header.node.at(&["properties", "snat", "privateRanges"]),
            (None, Appliance::Firewall(firewall)) => {
                firewall.header.node.at(&["properties", "additionalProperties", "Network.SNAT.PrivateRanges"])
            }
            (None, Appliance::Policy(_)) => None,
        };
        let list = list?;
        let texts = std::iter::once(list).chain(list.items()).filter_map(Node::text);
        let prefixes = texts.flat_map(|text| text.split(',')).filter_map(|text| {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address)))
        });
        // This prefix means that everything is translated.
        let always = IpNet::from(Ipv4Net::from(Ipv4Addr::BROADCAST));
        let addresses = AddressSet::from_prefixes(prefixes.filter(|prefix: &IpNet| *prefix != always));
        let tunnelled = match appliance {
            Appliance::Firewall(firewall) => {
                let managed = firewall.header.node.at(&["properties", "managementIpConfiguration"]);
                managed.is_some_and(|node| !node.is_null())
            }
            Appliance::Policy(_) => true,
        };
        Some(Self { addresses, span: list.span, tunnelled })
    }
}
