//! What would settle a requirement: the rule to paste, and edits of what is there, the least first.
//!
//! They are proposals. Whether one settles it, and what else it would open, is told by trying it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::estate::{
    Access, Direction, Estate, Field, FirewallRule, Header, NetworkSecurityGroup, NextHop, Peer, RouteTable,
    SecurityRule,
};
use crate::finding::{Asked, AskedPeer, Change, Fix, Layer, Request, RequestKind};
use crate::judge::placement::Placement;
use crate::judge::question;
use crate::judge::remedy::{self, RuleEnd, port_words, written};
use crate::judge::require::Judged;
use crate::net::{PortSet, ProtocolSet};
use crate::proof::{self, Coordinate, Decider, Judgement, Kind, NearMiss, Scene};
use crate::rule::{FlowRequirement, Requirement, RequirementRule, RouteRequirement, Rule};
use crate::source::Span;
use crate::spelling::nearest_within;

/// One requirement of one placement and what the proof came to.
pub(crate) struct Subject<'x, 'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) placement: &'x Placement<'a>,
    pub(crate) scene: &'x Scene<'a>,
    pub(crate) rule: &'x Rule,
    pub(crate) body: &'x RequirementRule,
    pub(crate) judged: &'x Judged,
    /// Priorities that fixes of this placement have taken, so that all of them can be pasted together.
    pub(crate) given: &'x RefCell<Given>,
}

/// Priorities taken by fixes, by group of the scene and direction.
pub(crate) type Given = BTreeMap<(usize, Direction), BTreeSet<i64>>;

/// The hosts that a firewall does not let pass, of a requirement that names hosts or under a firewall that does.
pub(crate) fn lost_hosts(subject: &Subject<'_, '_>) -> Vec<String> {
    let judged = subject.judged;
    if judged.blocked().is_empty() { judged.unnamed().to_vec() } else { judged.blocked().to_vec() }
}

/// Whether a rule that nearly lets the packet pass was likely meant to: it names the other end, or the same tag with
/// another region. A rule for some other service misses by its address, and is no slip.
pub(crate) fn is_slip(subject: &Subject<'_, '_>, near: &NearMiss) -> bool {
    let Requirement::Flow(flow) = &subject.body.require else { return true };
    let peer = match flow.direction {
        Direction::Inbound => Coordinate::Source,
        Direction::Outbound => Coordinate::Destination,
    };
    let behind = remedy::rule_of(subject.estate, &subject.placement.site, &near.rule);
    if near.coordinate == Coordinate::Host
        || behind.is_some_and(|rule| remedy::names_other_hosts(rule, &lost_hosts(subject)))
    {
        return false;
    }
    if near.coordinate != peer {
        return true;
    }
    let base = |name: &str| name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let items = match (written_rule(subject, &near.rule), behind) {
        (Some(rule), _) if peer == Coordinate::Source => &rule.sources.items,
        (Some(rule), _) => &rule.destinations.items,
        (None, Some(rule)) => &rule.destinations,
        (None, None) => return false,
    };
    let wanted: Vec<String> = subject.judged.ends.iter().filter_map(RuleEnd::tag).map(base).collect();
    items.iter().any(|item| matches!(item.known(), Some(Peer::Tag(name)) if wanted.contains(&base(name))))
}

/// The rule of a group of the scene that decides.
pub(crate) fn written_rule<'a>(subject: &Subject<'_, 'a>, decider: &Decider) -> Option<&'a SecurityRule> {
    if !decider.layer.is_nsg() {
        return None;
    }
    subject.scene.group_at(decider.group)?.rules.get(decider.index?)
}

/// What to do where no rule of the placement's own would help.
pub(crate) fn help_elsewhere(subject: &Subject<'_, '_>, judgement: &Judgement) -> Option<String> {
    let decider = judgement.deciders.first()?;
    let outbound = matches!(&subject.body.require, Requirement::Flow(flow) if flow.direction == Direction::Outbound);
    let text = match (&subject.judged.receiver, decider.layer, decider.kind) {
        (Some(receiver), ..) => {
            return Some(format!("Let it in at `{receiver}`, whose network security group drops what arrives there."));
        }
        (None, Layer::Admin, _) => {
            "Security admin rules of a Virtual Network Manager go before every network security group: only a rule \
             there, ahead of this one, lets it pass."
        }
        (None, Layer::Appliance, Kind::Rule | Kind::BuiltIn) if decider.priority.is_some() => {
            "The network security groups of the appliance's own interface and subnet judge what passes through it by its \
             far addresses: let it in there, and out again."
        }
        (None, Layer::Appliance, Kind::Declared) => {
            "The settings declare what the appliance lets through, and this is no part of it: change its rules, and then \
             what `appliances` says of them."
        }
        (None, Layer::Appliance, _) => {
            "What a route leads to has to take packets that are not for itself: turn on `enableIPForwarding` of its \
             network interface, and let its own routes send on what passes."
        }
        (None, Layer::Firewall, Kind::Route) => {
            "This is the route table of the firewall's own subnet: let it send what the firewall lets through to next \
             hop Internet."
        }
        (None, Layer::Route, Kind::Route) if outbound && decider.next_hop == Some(NextHop::VirtualAppliance) => {
            "No peering joins the subnet's network with that of the firewall, and a next hop anywhere else is out of \
             reach: peer the two networks, or lead the route to a firewall in one that is."
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// What is proposed for a requirement that does not hold.
#[derive(Default)]
pub(crate) struct Proposal {
    /// The rule to paste, as it stands in the list of rules of a group or collection.
    pub(crate) snippet: Option<String>,
    /// Edits, the least first.
    pub(crate) fixes: Vec<Fix>,
}

/// What would let a violated requirement pass. Empty where the fault is out of the placement's own hands.
pub(crate) fn propose(subject: &Subject<'_, '_>, judgement: &Judgement) -> Proposal {
    let Some(decider) = judgement.deciders.first() else { return Proposal::default() };
    if help_elsewhere(subject, judgement).is_some() {
        return Proposal::default();
    }
    let mut proposal = match (&subject.body.require, decider.layer) {
        (Requirement::Flow(flow), Layer::Firewall) => at_firewall(subject, judgement, flow),
        (Requirement::Flow(flow), Layer::Route) if flow.direction == Direction::Outbound => {
            Proposal { snippet: None, fixes: at_routes(subject, decider, NextHop::Internet) }
        }
        (Requirement::Flow(flow), _) if matches!(decider.kind, Kind::Rule | Kind::BuiltIn) => {
            at_group(subject, judgement, decider, flow)
        }
        (Requirement::Route(RouteRequirement { next_hop, .. }), _) => {
            Proposal { snippet: None, fixes: at_routes(subject, decider, *next_hop) }
        }
        _ => Proposal::default(),
    };
    let asked = Arc::new(asked(subject, decider.layer));
    for fix in proposal.fixes.iter_mut().filter(|fix| fix.asks.is_none()) {
        fix.asks = Some(Arc::clone(&asked));
    }
    proposal
}

/// What the requirement asks to pass. Routes know neither ports nor protocols, and not every region of a tag: what they
/// lead another way is told by its other end alone, and by the whole tag.
fn asked(subject: &Subject<'_, '_>, layer: Layer) -> Asked {
    let base = |tag: &str| tag.split('.').next().unwrap_or_default().to_owned();
    let peer = |end: &RuleEnd| match end {
        RuleEnd::Any => AskedPeer::Any,
        RuleEnd::Subnet => AskedPeer::Network,
        RuleEnd::Tag(tag) if layer == Layer::Route => AskedPeer::Tag(base(tag)),
        RuleEnd::Tag(tag) => AskedPeer::Tag(tag.clone()),
        RuleEnd::Prefixes(set) => AskedPeer::Addresses(set.clone()),
    };
    // A group knows no host names: where those lie on the internet is not written down anywhere.
    let is_by_name = layer != Layer::Firewall && !subject.judged.blocked().is_empty();
    let internet = || vec![AskedPeer::Tag("Internet".to_owned())];
    let asked = Asked {
        is_inbound: false,
        protocols: ProtocolSet::ALL,
        ports: PortSet::full(),
        given_up: PortSet::empty(),
        peers: if is_by_name { internet() } else { subject.judged.ends.iter().map(peer).collect() },
        hosts: lost_hosts(subject),
    };
    match &subject.body.require {
        Requirement::Flow(flow) if layer != Layer::Route => Asked {
            is_inbound: flow.direction == Direction::Inbound,
            protocols: flow.protocols,
            ports: flow.ports.clone(),
            ..asked
        },
        _ => asked,
    }
}

fn at_group(subject: &Subject<'_, '_>, judgement: &Judgement, decider: &Decider, flow: &FlowRequirement) -> Proposal {
    let Some(group) = subject.scene.group_at(decider.group) else { return Proposal::default() };
    let before = decider.priority.filter(|_| decider.kind == Kind::Rule);
    let mut fixes: Vec<Fix> = Vec::new();
    for near in judgement.near.iter().filter(|near| is_slip(subject, near)) {
        if let Some(rule) = written_rule(subject, &near.rule) {
            fixes.extend(put_right(subject, (group, rule), near.coordinate, flow));
        }
    }
    // Two fixes of one placement never take one priority.
    let mut given = subject.given.borrow_mut();
    let given = given.entry((decider.group, flow.direction)).or_default();
    let free = proof::free_priority(group, flow.direction, before, given);
    let broad = |rule: &SecurityRule| (!is_narrow(subject, rule, flow, &[])).then(|| OPENS_MORE.to_owned());
    for rule in judgement.shadowed.iter().filter_map(|shadowed| written_rule(subject, shadowed)) {
        fixes.extend(free.and_then(|free| earlier((group, rule), free)).map(|fix| Fix { caution: broad(rule), ..fix }));
    }
    if let Some(rule) = written_rule(subject, decider).filter(|_| decider.kind == Kind::Rule) {
        fixes.extend(allowed((group, rule)).map(|fix| Fix { caution: broad(rule), ..fix }));
    }
    // A group knows no host names: where those lie on the internet is not written down anywhere.
    let internet = [RuleEnd::Tag("Internet".to_owned())];
    let ends = if subject.judged.blocked().is_empty() { &*subject.judged.ends } else { &internet };
    let item = free.and_then(|free| remedy::security_rule(&allow_name(subject), free, flow, ends));
    if let (Some(priority), Some(item)) = (free, &item) {
        if flow.protocols != ProtocolSet::ALL && flow.protocols.each().count() > 1 {
            fixes.extend(rules_by_protocol(group, &allow_name(subject), flow, ends, (before, given)));
        }
        given.insert(priority);
        fixes.extend(one_more_rule(group, item));
    }
    Proposal { snippet: item.as_ref().map(written), fixes }
}

/// Edits of a rule that misses by one coordinate.
fn put_right(
    subject: &Subject<'_, '_>,
    (group, rule): (&NetworkSecurityGroup, &SecurityRule),
    coordinate: Coordinate,
    flow: &FlowRequirement,
) -> Vec<Fix> {
    let name = shown(&rule.name);
    let Some(edit) = (match coordinate {
        Coordinate::DestinationPort => ports_put_right(&rule.destination_ports.items, flow),
        Coordinate::Protocol => protocol_put_right(&rule.protocol, flow).map(|one| vec![one]),
        Coordinate::Source => peer_put_right(subject, &rule.sources.items).map(|one| vec![one]),
        Coordinate::Destination => peer_put_right(subject, &rule.destinations.items).map(|one| vec![one]),
        Coordinate::SourcePort | Coordinate::Host | Coordinate::Rule => None,
    }) else {
        return Vec::new();
    };
    let property = match coordinate {
        Coordinate::DestinationPort => "destinationPortRanges",
        Coordinate::Protocol => "protocol",
        Coordinate::Source => "sourceAddressPrefixes",
        _ => "destinationAddressPrefixes",
    };
    let title = |values: &[String], more: bool| {
        let values = values.join(", ");
        match more {
            true => format!("let `{name}` take {} {values} as well", coordinate.as_str()),
            false => format!("change the {} of `{name}` to {values}", coordinate.as_str()),
        }
    };
    let broad = (!is_narrow(subject, rule, flow, &[coordinate])).then(|| OPENS_MORE.to_owned());
    let asks = |given_up: PortSet| Arc::new(Asked { given_up, ..asked(subject, Layer::SubnetNsg) });
    let fix = |edit: FieldEdit| Fix {
        title: title(&edit.said, matches!(edit.change, Change::Beside { .. })),
        caution: broad
            .clone()
            .or_else(|| edit.closes.then(|| format!("what `{name}` let pass until now may be closed"))),
        changes: vec![edit.change],
        requests: request(&group.header, RequestKind::SecurityRule, &name, true, vec![(property, edit.whole)])
            .into_iter()
            .collect(),
        asks: edit.given_up.map(asks),
    };
    edit.into_iter().map(fix).collect()
}

/// A change of one field.
struct FieldEdit {
    change: Change,
    /// What was let pass before may be meant as well, and no longer is.
    closes: bool,
    /// The ports of a slip, which nobody needs.
    given_up: Option<PortSet>,
    /// What is new in it.
    said: Vec<String>,
    /// All that the property holds afterwards.
    whole: Vec<String>,
}

fn ports_put_right(items: &[Field<PortSet>], flow: &FlowRequirement) -> Option<Vec<FieldEdit>> {
    let known: Option<Vec<&PortSet>> = items.iter().map(Field::known).collect();
    let has = known?.into_iter().fold(PortSet::empty(), |all, one| all.union(one));
    let more = port_words(&flow.ports.difference(&has));
    let last = items.last()?;
    let was = port_words(last.known()?);
    let mut edits = Vec::new();
    if let ([_], [old], [new]) = (items, &*was, &*more)
        && is_slip_of(old, new)
    {
        let change = Change::Value { at: last.span, was: was.clone(), to: json!(new) };
        let given_up = Some(has.clone());
        edits.push(FieldEdit { change, closes: false, given_up, said: more.clone(), whole: more.clone() });
    }
    let whole = port_words(&has).into_iter().chain(more.iter().cloned()).collect();
    let change = Change::Beside { at: last.span, was, more: more.clone() };
    edits.push(FieldEdit { change, closes: false, given_up: None, said: more, whole });
    Some(edits)
}

const OPENS_MORE: &str = "it lets more pass than is asked for";

/// Whether a rule lets pass no more than is asked for, whatever it says of some coordinates.
fn is_narrow(subject: &Subject<'_, '_>, rule: &SecurityRule, flow: &FlowRequirement, but: &[Coordinate]) -> bool {
    let (peers, coordinate) = match flow.direction {
        Direction::Inbound => (&rule.sources, Coordinate::Source),
        Direction::Outbound => (&rule.destinations, Coordinate::Destination),
    };
    let is_asked = |peer: &Peer| {
        subject.judged.ends.iter().any(|end| match (end, peer) {
            (RuleEnd::Any, _) => true,
            (RuleEnd::Tag(wanted), Peer::Tag(tag)) => wanted.eq_ignore_ascii_case(tag),
            (RuleEnd::Prefixes(wanted), Peer::Addresses(set)) => set.is_subset(wanted),
            (RuleEnd::Subnet, Peer::Tag(tag)) => tag.eq_ignore_ascii_case("VirtualNetwork"),
            _ => false,
        })
    };
    let by_peer = but.contains(&coordinate)
        || peers.groups.is_empty() && peers.items.iter().all(|item| item.known().is_some_and(is_asked));
    let by_port = but.contains(&Coordinate::DestinationPort)
        || rule.destination_ports.items.iter().all(|item| item.known().is_some_and(|set| set.is_subset(&flow.ports)));
    let by_protocol = but.contains(&Coordinate::Protocol)
        || rule.protocol.known().is_some_and(|set| set.difference(flow.protocols).is_empty());
    by_peer && by_port && by_protocol
}

/// Whether one number is likely meant where the other stands: a digit is wrong, missing, doubled or swapped.
fn is_slip_of(old: &str, new: &str) -> bool {
    old.len() > 2 && nearest_within(1, old, [new]).is_some()
}

fn protocol_put_right(field: &Field<ProtocolSet>, flow: &FlowRequirement) -> Option<FieldEdit> {
    let word = |set: ProtocolSet| match set {
        ProtocolSet::TCP => Some("Tcp"),
        ProtocolSet::UDP => Some("Udp"),
        ProtocolSet::ICMP => Some("Icmp"),
        _ => None,
    };
    let (was, to) = (word(*field.known()?)?.to_owned(), word(flow.protocols)?);
    let change = Change::Value { at: field.span, was: vec![was], to: json!(to) };
    Some(FieldEdit { change, closes: true, given_up: None, said: vec![to.to_owned()], whole: vec![to.to_owned()] })
}

/// The one tag of a side, another region or none of the tag that is needed.
fn peer_put_right(subject: &Subject<'_, '_>, items: &[Field<Peer>]) -> Option<FieldEdit> {
    let ([item], [RuleEnd::Tag(wanted)]) = (items, &*subject.judged.ends) else { return None };
    let Some(Peer::Tag(was)) = item.known() else { return None };
    let change = Change::Value { at: item.span, was: vec![was.to_string()], to: json!(wanted) };
    Some(FieldEdit { change, closes: true, given_up: None, said: vec![wanted.clone()], whole: vec![wanted.clone()] })
}

/// A rule goes ahead of what hides it.
fn earlier((group, rule): (&NetworkSecurityGroup, &SecurityRule), free: i64) -> Option<Fix> {
    let (was, name) = (rule.priority.known()?, shown(&rule.name));
    Some(Fix {
        title: format!("move `{name}` ahead, from priority {was} to {free}"),
        caution: None,
        changes: vec![Change::Value { at: rule.priority.span, was: vec![was.to_string()], to: json!(free) }],
        requests: request(
            &group.header,
            RequestKind::SecurityRule,
            &name,
            true,
            vec![("priority", vec![free.to_string()])],
        )
        .into_iter()
        .collect(),
        asks: None,
    })
}

/// A rule lets pass what it drops.
fn allowed((group, rule): (&NetworkSecurityGroup, &SecurityRule)) -> Option<Fix> {
    let name = shown(&rule.name);
    (rule.access.known() == Some(&Access::Deny)).then(|| Fix {
        title: format!("let `{name}` allow instead of deny"),
        caution: None,
        changes: vec![Change::Value { at: rule.access.span, was: vec!["Deny".to_owned()], to: json!("Allow") }],
        requests: request(
            &group.header,
            RequestKind::SecurityRule,
            &name,
            true,
            vec![("access", vec!["Allow".to_owned()])],
        )
        .into_iter()
        .collect(),
        asks: None,
    })
}

/// A new rule in a group.
fn one_more_rule(group: &NetworkSecurityGroup, item: &Value) -> Option<Fix> {
    let names: BTreeSet<String> = group.rules.iter().map(|rule| shown(&rule.name).to_ascii_lowercase()).collect();
    let mut item = item.clone();
    let name = free_name(item["name"].as_str()?, &names);
    item["name"] = json!(name);
    let properties = &item["properties"];
    let value = |key: &str| properties.get(key).map(values).unwrap_or_default();
    let both = |one: &str, several: &str| [value(one), value(several)].concat();
    let settings = vec![
        ("priority", value("priority")),
        ("direction", value("direction")),
        ("access", value("access")),
        ("protocol", value("protocol")),
        ("sourceAddressPrefixes", both("sourceAddressPrefix", "sourceAddressPrefixes")),
        ("sourcePortRanges", both("sourcePortRange", "sourcePortRanges")),
        ("destinationAddressPrefixes", both("destinationAddressPrefix", "destinationAddressPrefixes")),
        ("destinationPortRanges", both("destinationPortRange", "destinationPortRanges")),
    ];
    let title = format!("add a rule `{name}` at priority {}", properties["priority"]);
    let requests = request(&group.header, RequestKind::SecurityRule, &name, false, settings).into_iter().collect();
    let changes = vec![into_list(group.rules_span, &group.header, "securityRules", item)];
    Some(Fix { title, caution: None, changes, requests, asks: None })
}

/// A rule for each of several protocols, since one rule takes one of them or all: first those that may do alone, then all.
fn rules_by_protocol(
    group: &NetworkSecurityGroup,
    name: &str,
    flow: &FlowRequirement,
    ends: &[RuleEnd],
    (before, given): (Option<i64>, &mut BTreeSet<i64>),
) -> Vec<Fix> {
    let mut single: Vec<Fix> = Vec::new();
    for (protocols, word) in flow.protocols.each() {
        let Some(priority) = proof::free_priority(group, flow.direction, before, given) else { return single };
        given.insert(priority);
        let flow = FlowRequirement { protocols, ..flow.clone() };
        let item = remedy::security_rule(&format!("{name}-{}", word.to_lowercase()), priority, &flow, ends);
        single.extend(item.and_then(|item| one_more_rule(group, &item)));
    }
    let both = Fix {
        title: single.iter().map(|fix| fix.title.as_str()).collect::<Vec<_>>().join(" and "),
        caution: None,
        changes: single.iter().flat_map(|fix| fix.changes.clone()).collect(),
        requests: single.iter().flat_map(|fix| fix.requests.clone()).collect(),
        asks: None,
    };
    single.push(both);
    single
}

/// An item more for a list, which may not be there yet.
fn into_list(list: Option<Span>, header: &Header, key: &'static str, item: Value) -> Change {
    match list {
        Some(list) => Change::Item { list, item },
        None => Change::List { resource: header.span, key, item },
    }
}

/// The texts of a value or of a list of them.
fn values(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(values).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// A name that is not taken, without case.
fn free_name(wanted: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(&name.to_ascii_lowercase())).unwrap_or_default()
}

fn shown(name: &Field<Arc<str>>) -> String {
    name.known().map(ToString::to_string).unwrap_or_default()
}

/// The same asked of Azure, when the input shows whom to ask about.
fn request(
    header: &Header,
    kind: RequestKind,
    name: &str,
    exists: bool,
    settings: Vec<(&'static str, Vec<String>)>,
) -> Option<Request> {
    let on = header.id.as_ref()?.known()?.to_string();
    Some(Request { on, collection: None, name: name.to_owned(), exists, kind, settings })
}

/// Another next hop of the route that takes the traffic, or a route that goes before it.
fn at_routes(subject: &Subject<'_, '_>, decider: &Decider, hop: NextHop) -> Vec<Fix> {
    let Some(table) = subject.scene.table().filter(|_| hop.is_written()) else { return Vec::new() };
    let mut fixes = Vec::new();
    let route = decider.index.filter(|_| decider.kind == Kind::Route).and_then(|at| table.routes.get(at));
    if let Some(route) = route {
        let name = shown(&route.name);
        let was = route.next_hop.known().map(|hop| hop.as_str().to_owned());
        let mut changes =
            vec![Change::Value { at: route.next_hop.span, was: was.into_iter().collect(), to: json!(hop.as_str()) }];
        changes.extend(route.next_hop_addresses.iter().map(|address| Change::Remove { at: address.span }));
        let is_asked = |prefix: &Field<Peer>| match prefix.known() {
            Some(Peer::Tag(tag)) => {
                let base = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
                subject.judged.ends.iter().filter_map(RuleEnd::tag).any(|end| base(end) == base(tag))
            }
            _ => false,
        };
        let settings = vec![("nextHopType", vec![hop.as_str().to_owned()])];
        fixes.push(Fix {
            title: format!("lead `{name}` to next hop {}", hop.as_str()),
            caution: (!route.prefixes.iter().all(is_asked))
                .then(|| format!("all that `{name}` takes goes another way")),
            changes,
            requests: request(&table.header, RequestKind::Route, &name, true, settings)
                .filter(|_| route.next_hop_addresses.is_empty())
                .into_iter()
                .collect(),
            asks: None,
        });
    }
    let tags: Option<Vec<&str>> = subject.judged.ends.iter().map(RuleEnd::tag).collect();
    let Some(tags) = tags.filter(|tags| !tags.is_empty() && tags.len() <= MOST_ROUTES) else { return fixes };
    let base = |tag: &str| tag.split('.').next().unwrap_or_default().to_owned();
    let whole = base(tags[0]);
    // Not every region of a tag may stand in a route; all of them together may.
    let is_regional = tags.iter().all(|tag| tag.contains('.') && base(tag) == whole);
    fixes.push(more_routes(table, &tags, hop));
    if is_regional {
        fixes.push(more_routes(table, &[&whole], hop));
    }
    fixes
}

/// More routes than this are no small edit.
const MOST_ROUTES: usize = 4;

/// Routes for tags, which go before those for more.
fn more_routes(table: &RouteTable, tags: &[&str], hop: NextHop) -> Fix {
    let mut names: BTreeSet<String> =
        table.routes.iter().map(|route| shown(&route.name).to_ascii_lowercase()).collect();
    let mut changes = Vec::new();
    let mut requests = Vec::new();
    for tag in tags {
        let name = free_name(&tag.to_ascii_lowercase().replace('.', "-"), &names);
        names.insert(name.clone());
        let item = json!({ "name": name, "properties": { "addressPrefix": tag, "nextHopType": hop.as_str() } });
        changes.push(into_list(table.routes_span, &table.header, "routes", item));
        let settings = vec![("addressPrefix", vec![(*tag).to_owned()]), ("nextHopType", vec![hop.as_str().to_owned()])];
        requests.extend(request(&table.header, RequestKind::Route, &name, false, settings));
    }
    let what = if tags.len() == 1 { "a route that leads" } else { "routes that lead" };
    Fix {
        title: format!("add {what} {} to next hop {}", tags.join(" and "), hop.as_str()),
        caution: None,
        requests,
        asks: None,
        changes,
    }
}

fn at_firewall(subject: &Subject<'_, '_>, judgement: &Judgement, flow: &FlowRequirement) -> Proposal {
    let (site, name) = (&subject.placement.site, allow_name(subject));
    let hosts: Vec<String> = lost_hosts(subject).iter().map(|host| question::in_a_rule(host)).collect();
    let rule = |ends: &[_], hosts: &[_]| remedy::rule_text(subject.estate, site, flow, (ends, hosts), &name);
    let by_hosts = || rule(&[], &hosts).filter(|_| !hosts.is_empty());
    // What is asked for by name alone has no tag to fall back on.
    let by_tag = || subject.judged.blocked().is_empty().then(|| rule(&subject.judged.ends, &[])).flatten();
    let item = by_hosts().or_else(by_tag);
    let mut fixes: Vec<Fix> = Vec::new();
    for near in judgement.near.iter().filter(|near| is_slip(subject, near)) {
        if let Some(rule) = remedy::rule_of(subject.estate, site, &near.rule) {
            fixes.extend(firewall_rule_put_right(subject, rule, near, flow));
        }
    }
    fixes.extend(item.as_ref().and_then(|item| one_more_firewall_rule(subject, item)));
    Proposal { snippet: item.as_ref().map(written), fixes }
}

/// Edits of a firewall's rule that misses by its port.
fn firewall_rule_put_right(
    subject: &Subject<'_, '_>,
    rule: &FirewallRule,
    near: &NearMiss,
    flow: &FlowRequirement,
) -> Vec<Fix> {
    if near.coordinate != Coordinate::DestinationPort || rule.destination_ports.is_empty() {
        return Vec::new();
    }
    let name = shown(&rule.name);
    let asks = |given_up: PortSet| Arc::new(Asked { given_up, ..asked(subject, Layer::Firewall) });
    let fix = |edit: FieldEdit| {
        let values = edit.said.join(", ");
        let title = match edit.change {
            Change::Beside { .. } => format!("let `{name}` take destination port {values} as well"),
            _ => format!("change the destination port of `{name}` to {values}"),
        };
        let caution = edit.closes.then(|| format!("what `{name}` let pass until now may be closed"));
        Fix { title, caution, changes: vec![edit.change], requests: Vec::new(), asks: edit.given_up.map(asks) }
    };
    ports_put_right(&rule.destination_ports, flow).into_iter().flatten().map(fix).collect()
}

/// A new rule in the last collection of its kind that allows something.
fn one_more_firewall_rule(subject: &Subject<'_, '_>, item: &Value) -> Option<Fix> {
    let home = remedy::home(subject.estate, &subject.placement.site, item.get("targetFqdns").is_some())?;
    let names: BTreeSet<String> =
        home.collection.rules.iter().map(|rule| shown(&rule.name).to_ascii_lowercase()).collect();
    let mut item = item.clone();
    let name = free_name(item["name"].as_str()?, &names);
    item["name"] = json!(name);
    let settings: Vec<(&'static str, Vec<String>)> =
        FIREWALL_SETTINGS.into_iter().filter_map(|key| Some((key, item.get(key).map(protocol_or_text)?))).collect();
    let collection = shown(&home.collection.name);
    let requests = request(home.header, home.kind, &name, false, settings)
        .map(|request| Request { collection: Some(collection.clone()), ..request })
        .into_iter()
        .collect();
    let title = format!("add a rule `{name}` to the collection `{collection}`");
    Some(Fix { title, caution: None, changes: vec![Change::Item { list: home.list, item }], requests, asks: None })
}

/// The properties of a firewall's rule that a command takes.
const FIREWALL_SETTINGS: [&str; 8] = [
    "protocols",
    "ipProtocols",
    "sourceAddresses",
    "destinationAddresses",
    "destinationFqdns",
    "destinationPorts",
    "targetFqdns",
    "fqdnTags",
];

/// Texts as they are; the protocol of an application rule as `Https=443`.
fn protocol_or_text(value: &Value) -> Vec<String> {
    let one = |value: &Value| match (value.get("protocolType"), value.get("port")) {
        (Some(Value::String(word)), Some(port)) => vec![format!("{word}={port}")],
        _ => values(value),
    };
    match value {
        Value::Array(items) => items.iter().flat_map(one).collect(),
        other => one(other),
    }
}

/// What a rule that would settle it is called: `allow-storage` for `azureml/storage-blocked`.
fn allow_name(subject: &Subject<'_, '_>) -> String {
    let name = subject.rule.card.id.as_str().rsplit('/').next().unwrap_or_default();
    let part = subject.judged.part.as_ref().map(|part| format!("-{part}")).unwrap_or_default();
    format!("allow-{}{part}", name.trim_end_matches("-blocked"))
}
