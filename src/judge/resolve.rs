//! What a host name leads to in a network (DNS-2 to DNS-6): which private zone is linked to who asks Azure DNS, and what
//! it holds.
//!
//! Which servers are asked is the work of `servers`. Names that lead through more than one alias are not followed.

use std::net::IpAddr;

use crate::estate::{Access, Estate, Export, Header, Lead, Leads, Plain, PrivateEndpoint};
use crate::json::{Node, Value};
use crate::judge::named::{Name, WORKSPACE, addresses, has_addresses, has_endpoint, label, leads_to};
use crate::judge::servers::{Asker, Asking, step, text_at};
use crate::judge::site::{last_segment, shown};
use crate::net::AddressSet;
use crate::proof::{Decider, Doubt, Kind};
use crate::source::Span;

/// What a name leads to.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The address of a record, for a private endpoint.
    Private(AddressSet),
    /// The addresses that a private endpoint may have, whose zone group writes the record.
    Written(AddressSet),
    /// A public address.
    Public(Lost),
    /// Nothing, or what refuses; the last step says why.
    Nowhere(Lost),
    /// It cannot be told.
    Open(Doubt),
    /// It cannot be told: the private zone that the name would be in is not shown.
    Unshown(Doubt),
}

/// Why a name does not lead to a private endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lost {
    /// Its zone is not linked to this network, which asks.
    Unlinked(usize),
    /// A firewall in a Virtual WAN hub asks.
    Hub,
    /// The zone of this key has no record of it.
    NoRecord(String),
    /// The link of the zone of this key sends on what the zone does not hold.
    SentOn(String),
}

/// What a zone holds for a name, in words.
struct Record {
    answer: Answer,
    words: String,
    at: Span,
}

/// An answer, and the steps that lead to it.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) answer: Answer,
    pub(crate) steps: Vec<Decider>,
}

impl Resolved {
    /// What is taken for granted because the user declares it.
    pub(crate) fn assumptions(&self) -> impl Iterator<Item = String> {
        let declared = self.steps.iter().filter(|step| step.kind == Kind::Declared);
        declared.map(|step| format!("DNS server {}, as declared", step.name))
    }
}

const ZONE: &str = "Microsoft.Network/privateDnsZones";
const LINK: &str = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";
const RECORD: &str = "Microsoft.Network/privateDnsZones/A";
const ZONE_GROUP: &str = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups";
const RULESET_LINK: &str = "Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks";

/// The id of a zone in the id of it or of something in it.
fn zone_id(key: &str) -> &str {
    const START: &str = "/privatednszones/";
    let name = key.find(START).map_or(0, |at| at + START.len());
    key[name..].find('/').map_or(key, |end| &key[..name + end])
}

/// The subscription in an id.
fn subscription(key: &str) -> Option<&str> {
    let rest = key.strip_prefix("/subscriptions/")?;
    rest.split('/').next().filter(|one| !one.is_empty() && !one.starts_with('{'))
}

/// Everything of an estate that tells what names lead to.
pub(crate) struct Directory<'a> {
    estate: &'a Estate,
    zones: Vec<&'a Header>,
    leads: Leads,
    links: Vec<&'a Plain>,
    records: Vec<&'a Plain>,
    groups: Vec<&'a Plain>,
    rulesets: Vec<&'a Plain>,
}

impl<'a> Directory<'a> {
    pub(crate) fn of(estate: &'a Estate) -> Self {
        let of_type = |wanted: &'static str| {
            estate.others.iter().filter(move |one| one.header.type_name.eq_ignore_ascii_case(wanted))
        };
        let zones: Vec<&Header> = of_type(ZONE).map(|one| &one.header).collect();
        Self {
            estate,
            leads: Leads::of(zones.iter().copied()),
            zones,
            links: of_type(LINK).collect(),
            records: of_type(RECORD).collect(),
            groups: of_type(ZONE_GROUP).collect(),
            rulesets: of_type(RULESET_LINK).collect(),
        }
    }

    /// What a host leads to in a network; `None` where nothing in the input says that its addresses are private ones.
    pub(crate) fn resolve(&self, network: usize, host: &str) -> Option<Resolved> {
        let host = host.to_ascii_lowercase();
        let name = Name::read(&host)?;
        // What is in a zone of the public name itself is not followed.
        let shown = self.shows(&name) && self.own_zone(&name).is_none();
        shown.then(|| self.resolved(network, &name))
    }

    /// What a host leads to that has to lead to a private endpoint; `None` for a name that cannot.
    pub(crate) fn private(&self, network: usize, host: &str) -> Option<Resolved> {
        let host = host.to_ascii_lowercase();
        let name = Name::read(&host)?;
        if let Some(own) = self.own_zone(&name) {
            let doubt = format!("what zone `{}` makes of `{}` is not followed", shown(own), name.host);
            let answer = Answer::Open(Doubt::new(doubt).at(own.place()));
            return Some(Resolved { answer, steps: Vec::new() });
        }
        Some(self.resolved(network, &name))
    }

    /// Whether the input shows the zone of a name, or something in it.
    fn shows(&self, name: &Name<'_>) -> bool {
        let is_it = |header: &Header| self.zone_of(header).1 == name.zone;
        self.zones.iter().copied().chain(self.links.iter().map(|one| &one.header)).any(is_it)
    }

    /// A zone of the public name itself.
    fn own_zone(&self, name: &Name<'_>) -> Option<&'a Header> {
        self.zones.iter().copied().find(|one| label(name.host, &self.zone_of(one).1).is_some())
    }

    /// The key and the name of the zone that a zone, or something in one, is.
    fn zone_of(&self, header: &Header) -> (String, String) {
        let own = header.type_name.eq_ignore_ascii_case(ZONE);
        let key = match self.leads.parent(header) {
            Lead::To(at) if !own => self.zones[at].key.to_string(),
            _ => zone_id(&header.key).to_owned(),
        };
        let named = header.name.known().filter(|_| own).map(|name| last_segment(name).to_ascii_lowercase());
        let name = named.unwrap_or_else(|| last_segment(&key).to_owned());
        (key, name)
    }

    fn resolved(&self, network: usize, name: &Name<'_>) -> Resolved {
        let mut steps = Vec::new();
        let asking =
            Asking { estate: self.estate, host: name.host, alias: &name.zone, steps: &mut steps }.asker(network);
        let answer = match asking {
            Ok(asker) if !self.shows(name) || !self.concerns(&asker, name) => {
                if let Some(doubt) = self.written_elsewhere(name) {
                    return Resolved { answer: Answer::Open(doubt), steps };
                }
                let which =
                    if self.shows(name) { "is shown of other subscriptions alone" } else { "is not among the input" };
                let doubt = Doubt::new(format!("private DNS zone `{}` {which}", name.zone));
                let doubt = doubt.shown_by([ZONE, LINK].map(|kind| Export::Every { type_name: kind.into() }));
                Answer::Unshown(doubt.settled_by("the zone, with its links and records"))
            }
            Ok(asker) => self.asked(asker, name, &mut steps),
            Err(doubt) => Answer::Open(doubt),
        };
        Resolved { answer, steps }
    }

    /// What Azure DNS answers (DNS-2).
    fn asked(&self, asker: Asker, name: &Name<'_>, steps: &mut Vec<Decider>) -> Answer {
        let network = match asker {
            Asker::Network(at) => at,
            Asker::Hub => {
                let Some(at) = steps.last().and_then(|step| step.written).map(|written| written.span) else {
                    return Answer::Public(Lost::Hub);
                };
                let words = "no zone can be linked to a Virtual WAN hub: the answer is public".to_owned();
                step(steps, Access::Allow, words, at);
                return self.public(name, Lost::Hub, steps);
            }
        };
        let Some(network_here) = self.estate.networks.get(network) else {
            return Answer::Public(Lost::Unlinked(network));
        };
        let (called, place) = (shown(&network_here.header), network_here.header.place());
        step(steps, Access::Allow, format!("Azure DNS is asked as {called}"), place);
        let link = match self.linked(network, name) {
            Ok(link) => link,
            Err(doubt) => return Answer::Open(doubt),
        };
        let Some(link) = link else {
            if let Some(doubt) = self.ruled(network, name) {
                return Answer::Open(doubt);
            }
            let words = format!("{} is not linked to {called}, which asks: the answer is public", name.zone);
            step(steps, Access::Allow, words, place);
            return self.public(name, Lost::Unlinked(network), steps);
        };
        let words = format!("{} is linked by {}", name.zone, shown(&link.header));
        step(steps, Access::Allow, words, link.header.place());
        let (zone, _) = self.zone_of(&link.header);
        match self.record(&zone, name) {
            Some(Ok(record)) => {
                step(steps, Access::Allow, record.words, record.at);
                record.answer
            }
            Some(Err(doubt)) => Answer::Open(doubt),
            None => self.missing(link, &zone, name, steps),
        }
    }

    /// A ruleset that may send the name elsewhere.
    fn ruled(&self, network: usize, name: &Name<'_>) -> Option<Doubt> {
        let is_own = |one: &&&Plain| {
            let id = one.header.node.at(&["properties", "virtualNetwork", "id"]);
            id.is_none_or(|id| self.estate.network_of_value(id, id.span.file).is_none_or(|own| own == network))
        };
        let rules = self.rulesets.iter().find(is_own)?;
        let doubt =
            format!("what forwarding ruleset link `{}` makes of `{}` is not followed", shown(&rules.header), name.host);
        Some(Doubt::new(doubt).at(rules.header.place()))
    }

    /// The link that joins a zone of the name to who asks, if there is one.
    fn linked(&self, asker: usize, name: &Name<'_>) -> Result<Option<&'a Plain>, Doubt> {
        let zone = &name.zone;
        let of_zone = |one: &&&Plain| self.zone_of(&one.header).1 == *zone;
        let links: Vec<&Plain> = self.links.iter().filter(of_zone).copied().collect();
        let open = |one: &Plain, what: &str| {
            Doubt::new(format!("{what} link `{}` of private DNS zone `{zone}` is not known", shown(&one.header)))
                .at(one.header.place())
        };
        let mut zones = self.zones.iter().filter(|one| self.zone_of(one).1 == *zone);
        let unshown = |at: Option<Span>| {
            let doubt = Doubt::new(format!("to which networks private DNS zone `{zone}` is linked is not shown"));
            let doubt = doubt.settled_by("the virtual network links of the zone");
            at.map_or(doubt.clone(), |at| doubt.at(at))
        };
        let Some(first) = links.first() else { return Err(unshown(zones.next().map(|one| one.place()))) };
        for link in &links {
            let id = link.header.node.at(&["properties", "virtualNetwork", "id"]);
            let id = id.ok_or_else(|| open(link, "the network of"))?;
            match self.estate.network_of_value(id, id.span.file) {
                Some(other) if other != asker => continue,
                None if id.text().is_none() => return Err(open(link, "the network of")),
                None => continue,
                Some(_) => {}
            }
            let state = link.header.node.at(&["properties", "virtualNetworkLinkState"]);
            if link.header.condition.is_some() || state.is_some_and(|state| state.text() != Some("Completed")) {
                return Err(open(link, "the state of"));
            }
            return Ok(Some(*link));
        }
        let more = zones.find(|one| {
            let own = links.iter().filter(|link| self.zone_of(&link.header).0 == *one.key).count();
            number(one, "numberOfVirtualNetworkLinks").is_some_and(|all| all > own)
        });
        if let Some(one) = more {
            return Err(unshown(Some(one.place())));
        }
        // A network that the input only names has an id that nothing is compared with.
        let named = self.estate.networks.get(asker).is_some_and(|one| !one.header.mentioned);
        if named { Ok(None) } else { Err(open(first, "whether this network is that of")) }
    }

    /// Whether zones of the name that are shown are those a network would be linked to: one is linked to it, is of its own
    /// subscription, or is what the endpoint's zone group writes to. There may be one of that name in every resource group.
    fn concerns(&self, asker: &Asker, name: &Name<'_>) -> bool {
        let Asker::Network(at) = asker else { return true };
        let Some(network) = self.estate.networks.get(*at) else { return true };
        let links: Vec<&Plain> =
            self.links.iter().filter(|one| self.zone_of(&one.header).1 == name.zone).copied().collect();
        let may_be_own = |link: &&Plain| match link.header.node.at(&["properties", "virtualNetwork", "id"]) {
            None => true,
            Some(id) => match self.estate.network_of_value(id, id.span.file) {
                Some(other) => other == *at,
                None => id.text().is_none(),
            },
        };
        let zones = self.zones.iter().filter(|one| self.zone_of(one).1 == name.zone).map(|one| one.key.to_string());
        let keys: Vec<String> = zones.chain(links.iter().map(|link| self.zone_of(&link.header).0)).collect();
        let own = subscription(&network.header.key);
        let is_near = |key: &str| own.is_none() || subscription(key).is_none_or(|other| Some(other) == own);
        if links.iter().any(may_be_own) || keys.iter().any(|key| is_near(key)) {
            return true;
        }
        let groups = self.groups.iter().filter(|group| is_near(&group.header.key));
        groups.filter(|group| self.of_group(group, name).is_some()).any(|group| {
            let configured = group.header.node.at(&["properties", "privateDnsZoneConfigs"]);
            let mut configs = configured.map_or(&[][..], Node::items).iter();
            configs.any(|config| keys.iter().any(|key| self.writes_to(config, key)))
        })
    }

    /// What a zone holds for a name, in words: an A record, one that a zone group tells of, or one that a zone group will
    /// write.
    fn record(&self, zone: &str, name: &Name<'_>) -> Option<Result<Record, Doubt>> {
        let label = name.label;
        let fits = |own: &str| name.fits(own);
        let open = |at: Span| Doubt::new(format!("the addresses of `{label}` are not shown")).at(at);
        let read = |list: Option<&Node>, at: Span| {
            let first = list
                .map_or(&[][..], Node::items)
                .first()
                .and_then(|item| item.text().or_else(|| item.at(&["ipv4Address"])?.text()));
            let address = first.and_then(|text| text.parse::<IpAddr>().ok()).ok_or_else(|| open(at))?;
            let answer = Answer::Private(AddressSet::address(address));
            Ok(Record { answer, words: format!("{label} is {address}"), at })
        };
        let mut own: Vec<&Plain> = self
            .records
            .iter()
            .filter(|one| one.header.name.known().is_some_and(|name| fits(name)) && self.zone_of(&one.header).0 == zone)
            .copied()
            .collect();
        own.sort_by_key(|one| one.header.name.known().is_some_and(|name| name.starts_with('*')));
        if let Some(one) = own.first() {
            if one.header.condition.is_some() {
                return Some(Err(open(one.header.place())));
            }
            return Some(read(one.header.node.at(&["properties", "aRecords"]), one.header.place()));
        }
        let mut written = None;
        for group in &self.groups {
            let configured = group.header.node.at(&["properties", "privateDnsZoneConfigs"]);
            for config in configured.map_or(&[][..], Node::items).iter().filter(|one| self.writes_to(one, zone)) {
                let sets = config.at(&["properties", "recordSets"]).or_else(|| config.at(&["recordSets"]));
                let mut sets = sets.map_or(&[][..], Node::items).iter();
                if let Some(set) = sets.find(|set| text_at(set, "recordSetName").is_some_and(fits)) {
                    return Some(read(set.at(&["ipAddresses"]), set.span));
                }
                written = written.or_else(|| self.of_group(group, name));
            }
        }
        written
    }

    /// Whether a configuration of a zone group writes to a zone.
    fn writes_to(&self, config: &Node, zone: &str) -> bool {
        zone_of_config(config).is_some_and(|id| match self.leads.lead(id, id.span.file) {
            Lead::To(at) => *self.zones[at].key == *zone,
            _ => id.text().is_some_and(|text| text.eq_ignore_ascii_case(zone)),
        })
    }

    /// A zone group of an endpoint to what the name is of that writes to other zones than the name is looked for in.
    fn written_elsewhere(&self, name: &Name<'_>) -> Option<Doubt> {
        self.groups.iter().filter(|group| self.of_group(group, name).is_some_and(|record| record.is_ok())).find_map(
            |group| {
                let configured = group.header.node.at(&["properties", "privateDnsZoneConfigs"])?.items();
                let zones = configured.iter().map(|config| {
                    let id = zone_of_config(config)?;
                    let name = match self.leads.lead(id, id.span.file) {
                        Lead::To(at) => self.zone_of(self.zones[at]).1,
                        _ => last_segment(id.text()?).to_ascii_lowercase(),
                    };
                    Some((name, id.span))
                });
                let zones: Vec<(String, Span)> = zones.collect::<Option<_>>()?;
                let (other, at) = zones.first().filter(|_| zones.iter().all(|(zone, _)| *zone != name.zone))?;
                let group = shown(&group.header);
                let words = format!(
                    "`{}` is looked for in `{}`, and zone group `{group}` writes to `{other}`",
                    name.host, name.zone
                );
                Some(Doubt::new(words).at(*at).settled_by("the zone it is looked for in, with its links and records"))
            },
        )
    }

    /// The record that the zone group of an endpoint writes, where the endpoint leads to what the name is of.
    fn of_group(&self, group: &Plain, name: &Name<'_>) -> Option<Result<Record, Doubt>> {
        let endpoint = self
            .estate
            .private_endpoints
            .iter()
            .find(|one| group.header.key.starts_with(&format!("{}/", one.header.key)))?;
        leads_to(endpoint, name).then(|| {
            let (called, at) = (shown(&endpoint.header), group.header.place());
            if group.header.condition.is_some() || endpoint.header.condition.is_some() {
                return Err(
                    Doubt::new(format!("whether private endpoint `{called}` exists")).at(endpoint.header.place())
                );
            }
            let words = format!("the zone group of {called} writes its record there");
            Ok(Record { answer: Answer::Written(addresses(self.estate, endpoint)), words, at })
        })
    }

    /// A linked zone without the record answers that there is no such name, while the name has an alias there (DNS-1,
    /// DNS-5).
    fn missing(&self, link: &Plain, zone: &str, name: &Name<'_>, steps: &mut Vec<Decider>) -> Answer {
        let policy = link.header.node.at(&["properties", "resolutionPolicy"]);
        if let Some(policy) = policy.filter(|policy| policy.text() != Some("Default") && !policy.is_null()) {
            if policy.text() != Some("NxDomainRedirect") {
                return Answer::Open(
                    Doubt::new(format!("the resolution policy of link `{}`", shown(&link.header))).at(policy.span),
                );
            }
            step(steps, Access::Allow, "the link sends on to the public answer".to_owned(), policy.span);
            return self.public(name, Lost::SentOn(zone.to_owned()), steps);
        }
        let records = self.records.iter().filter(|one| self.zone_of(&one.header).0 == zone).count();
        let own = self.zones.iter().find(|one| *one.key == *zone);
        // One record set, of the zone itself, is always there.
        let whole =
            own.and_then(|one| number(one, "numberOfRecordSets")).map_or(records > 0, |count| count <= records + 1);
        let aliased = self.resource(name).is_some_and(|one| has_endpoint(self.estate, one));
        if !whole || !aliased || name.is_open() {
            let doubt = format!("whether private DNS zone `{}` holds `{}` is not shown", name.zone, name.label);
            let doubt = Doubt::new(doubt).at(link.header.place());
            return Answer::Open(doubt.settled_by("the record sets of the zone, and the private endpoint of the name"));
        }
        let words = format!("{} holds no {}: there is no such name", name.zone, name.label);
        step(steps, Access::Deny, words, link.header.place());
        Answer::Nowhere(Lost::NoRecord(zone.to_owned()))
    }

    /// A public answer leads to what may refuse what comes there (DNS-6).
    fn public(&self, name: &Name<'_>, lost: Lost, steps: &mut Vec<Decider>) -> Answer {
        let closed = self.resource(name).and_then(|one| one.node.at(&["properties", "publicNetworkAccess"]));
        let is_off = |access: &&Node| access.text().is_some_and(|text| text.eq_ignore_ascii_case("Disabled"));
        if let Some(access) = closed.filter(is_off) {
            step(steps, Access::Deny, format!("{} is public there, and public access is off", name.host), access.span);
            return Answer::Nowhere(lost);
        }
        Answer::Public(lost)
    }

    /// The resource that a name is of.
    fn resource(&self, name: &Name<'_>) -> Option<&'a Header> {
        let estate = self.estate;
        if name.service.type_name == WORKSPACE {
            let mut all = estate.workspaces.iter().map(|one| &one.header);
            return match all.next() {
                Some(only) if name.is_open() || name.is_online_endpoint() => {
                    Some(only).filter(|_| all.next().is_none())
                }
                _ => estate.workspaces.iter().map(|one| &one.header).find(|one| {
                    let guid = one.node.at(&["properties", "workspaceId"]).and_then(Node::text);
                    guid.is_some_and(|guid| name.label.contains(&guid.to_ascii_lowercase()))
                }),
            };
        }
        let first = name.label.split('.').next().unwrap_or_default();
        let mut all =
            estate.others.iter().filter(|one| one.header.type_name.eq_ignore_ascii_case(name.service.type_name));
        let is_it = |one: &&Plain| one.header.name.known().is_some_and(|own| own.eq_ignore_ascii_case(first));
        all.find(is_it).map(|one| &one.header)
    }

    /// Whether addresses that a name leads to are those of an endpoint to what it is of (DNS-9). An endpoint that shows no
    /// address is taken to have the one of its record, which the answer names.
    pub(crate) fn is_of_endpoint(&self, host: &str, found: &AddressSet) -> Result<Option<String>, Doubt> {
        let host = host.to_ascii_lowercase();
        let Some(name) = Name::read(&host) else { return Ok(None) };
        let own: Vec<&PrivateEndpoint> =
            self.estate.private_endpoints.iter().filter(|one| leads_to(one, &name)).collect();
        let may_be = |one: &&&PrivateEndpoint| {
            let possible = addresses(self.estate, one);
            possible.is_empty() || found.is_subset(&possible)
        };
        let known = |one: &&&PrivateEndpoint| has_addresses(self.estate, one);
        if own.iter().filter(may_be).any(|one| known(&one)) {
            return Ok(None);
        }
        if let Some(one) = own.iter().find(may_be) {
            let called = shown(&one.header);
            return Ok(Some(format!("private endpoint `{called}` has the addresses that its DNS records say")));
        }
        let words = found.prefixes().next().map(|net| net.addr().to_string()).unwrap_or_default();
        let Some(one) = own.first() else {
            let doubt = Doubt::new(format!("what has {words}, which `{host}` leads to, is not shown"));
            return Err(doubt.settled_by("the private endpoint of the name"));
        };
        let doubt = Doubt::new(format!("`{host}` leads to {words}, and `{}` is elsewhere", shown(&one.header)));
        Err(doubt.at(one.header.place()).settled_by("the endpoint that has this address"))
    }
}

/// The id of the zone that a configuration of a zone group writes to.
fn zone_of_config(config: &Node) -> Option<&Node> {
    config.at(&["properties", "privateDnsZoneId"]).or_else(|| config.at(&["privateDnsZoneId"]))
}

/// A number among the properties of a resource.
fn number(header: &Header, key: &str) -> Option<usize> {
    match &header.node.at(&["properties", key])?.value {
        Value::Number(number) => number.as_i64().and_then(|count| usize::try_from(count).ok()),
        _ => None,
    }
}
