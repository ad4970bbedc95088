//! Services found in an estate, or asked for by the user, and what is known about each.
//!
//! Where they can stand is the work of `site`; facts derived by the program that of `derive`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::estate::{DeclaredAppliance, DeclaredServer, Estate, Export, Header, short_name};
use crate::finding::{FactReport, FactValue, Label, PlacementId, PlacementReport};
use crate::json::{Node, Reason, Selector, Value};
use crate::judge::derive::{Fact, FactContext, derive};
use crate::judge::owner::Owners;
use crate::judge::reach::Reach;
use crate::judge::receive::Doors;
use crate::judge::site::{self, Mentions, Site, Sites};
use crate::rule::Truth;
use crate::rule::{Combine, FactKind, FactSource, FactSpec};
use crate::rule::{Finder, Service, SubnetAt};
use crate::source::FileId;

/// A service the user asks for, on the command line or in the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The service's name.
    pub service: String,
    /// What it is placed on; `None` means every site, when the estate shows no placement of the service by itself.
    pub pattern: Option<String>,
    /// What is known about these placements only.
    pub facts: BTreeMap<String, FactValue>,
    /// Where the request was made.
    pub origin: Origin,
}

/// Where something the user said was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// On the command line.
    #[default]
    CommandLine,
    /// In the settings file.
    Settings,
}

impl Origin {
    /// The words users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CommandLine => "command line",
            Self::Settings => "settings",
        }
    }
}

/// What the user says about services and facts.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// Services asked for.
    pub services: Vec<Request>,
    /// Facts of every placement; of two for one name the earlier one counts.
    pub facts: Vec<(String, FactValue, Origin)>,
    /// Facts of the placements that stand in these files, by the settings; of two for one name the later one counts.
    pub facts_in: Vec<(BTreeSet<FileId>, BTreeMap<String, FactValue>)>,
    /// What is declared of appliances.
    pub appliances: Vec<DeclaredAppliance>,
    /// What is declared of DNS servers.
    pub servers: Vec<DeclaredServer>,
    /// Files of effective security admin rules, with the networks that they are said to be for.
    pub admin_lists: Vec<(PathBuf, Arc<str>)>,
}

/// One service on one site.
#[derive(Clone, Debug)]
pub(crate) struct Placement<'a> {
    /// The service.
    pub service: &'a Service,
    /// Where it stands.
    pub site: Site,
    /// How it was found, in words.
    pub found: String,
    /// The characters that placed it there.
    pub labels: Vec<Label>,
    /// The resources that were found on it.
    pub resources: Vec<&'a Header>,
    /// The workspaces that these belong to; of one that belongs to none, itself.
    pub belongs_to: Vec<&'a Header>,
    /// What is known about it; every fact of the service has an entry.
    pub facts: BTreeMap<Arc<str>, Fact>,
    /// Why nothing of it is judged, when that is so.
    pub not_judged: Option<String>,
    /// What its traffic arrives at inside the network, known for all placements together.
    pub doors: Arc<Doors<'a>>,
}

impl<'a> Placement<'a> {
    fn new(service: &'a Service, site: Site, found: String) -> Self {
        Self {
            service,
            site,
            found,
            labels: Vec::new(),
            resources: Vec::new(),
            belongs_to: Vec::new(),
            facts: BTreeMap::new(),
            not_judged: None,
            doors: Arc::default(),
        }
    }

    /// The value of a fact, when known.
    pub(crate) fn fact(&self, name: &str) -> Option<FactValue> {
        self.facts.get(name).and_then(|fact| fact.value.clone())
    }

    /// The text of a fact, when known.
    pub(crate) fn fact_text(&self, name: &str) -> Option<String> {
        match self.fact(name)? {
            FactValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its id: the service and where it stands.
    pub(crate) fn id(&self, estate: &Estate) -> PlacementId {
        let id = PlacementId::new(&*self.service.name, self.site.name(estate));
        PlacementId { number: self.site.ordinal, ..id }
    }

    /// What the report says of it, requirements still to come.
    pub(crate) fn report(&self, estate: &Estate) -> PlacementReport {
        let mut on: BTreeMap<&'static str, String> = BTreeMap::new();
        let mut place = None;
        for (kind, header) in self.site.parts(estate) {
            if kind == "subnet" || place.is_none() {
                place = Some(header.span);
            }
            let id = header.id.as_ref().and_then(|id| id.known()).map(ToString::to_string);
            let name = || if kind == "subnet" { self.site.title(estate) } else { site::shown(header) };
            on.insert(kind, id.unwrap_or_else(name));
        }
        if !on.contains_key("subnet") && self.site.mentioned.len() == 1 {
            on.extend(self.site.mentioned.first().map(|id| ("subnet", id.to_string())));
        }
        let facts = self.facts.iter().map(|(name, fact)| FactReport {
            name: name.to_string(),
            value: fact.value.clone(),
            from: fact.from,
            place: fact.place,
            asked: true,
        });
        PlacementReport {
            id: self.id(estate),
            found: self.found.clone(),
            place,
            on,
            facts: facts.collect(),
            requirements: Vec::new(),
            not_judged: self.not_judged.clone(),
        }
    }
}

/// What came of looking for placements.
#[derive(Debug, Default)]
pub(crate) struct Placements<'a> {
    /// The placements: found ones first, in the order of the estate, then those asked for.
    pub placements: Vec<Placement<'a>>,
    /// Requests whose pattern matched nothing, with what it could have matched.
    pub unmatched: Vec<(Request, Vec<String>)>,
    /// Resources of a service that stand on no subnet the input shows.
    pub elsewhere: Vec<Label>,
    /// Services that stand nowhere and would not be judged if they did, and why: `(service, reason)`.
    pub not_judged: Vec<(Arc<str>, String)>,
}

/// Finds every placement.
pub(crate) fn find<'a>(estate: &'a Estate, services: &'a [Arc<Service>], requests: &Requests) -> Placements<'a> {
    let mut all = Placements::default();
    let sites = Sites::of(estate, site::sites(estate));
    let mentions = Mentions::of(estate);
    let shown = Shown::of(estate);
    let doors = Arc::default();
    for service in services {
        let mut found = Found { estate, service, placements: Vec::new(), by_site: BTreeMap::new() };
        // What a service says beside its types is read only where one of them is shown.
        let is_shown = service.found_types.iter().any(|name| !shown.of_type(name).is_empty());
        let finders = if is_shown { &service.found_on[..] } else { &[] };
        for finder in finders {
            for header in shown.of_type(&finder.resource) {
                for owner in owners(&shown, finder, header) {
                    all.elsewhere.extend(found.add(&mentions, finder, header, owner));
                }
            }
        }
        let by_itself = !found.placements.is_empty();
        for request in requests.services.iter().filter(|request| *request.service == *service.name) {
            all.unmatched.extend(found.add_requested(request, &sites, by_itself));
        }
        let own = found.requested_on(requests);
        for (placement, own) in found.placements.iter_mut().zip(own) {
            let workspaces = placement.resources.iter().map(|one| shown.owners.workspace(one).unwrap_or(one));
            placement.belongs_to = workspaces.collect();
            placement.doors = Arc::clone(&doors);
            fill_facts(&shown, placement, requests, &own);
        }
        if found.placements.is_empty() {
            let reason = is_shown.then(|| reason_anywhere(&shown, service, requests)).flatten();
            all.not_judged.extend(reason.map(|reason| (Arc::clone(&service.name), reason)));
        }
        all.placements.append(&mut found.placements);
    }
    name_apart(estate, &mut all.placements);
    all
}

/// The placements of one service, one on each site.
struct Found<'a> {
    estate: &'a Estate,
    service: &'a Service,
    placements: Vec<Placement<'a>>,
    by_site: BTreeMap<Site, usize>,
}

impl<'a> Found<'a> {
    /// The placement on a site, and whether it is a new one.
    fn on(&mut self, site: &Site, words: &str) -> (&mut Placement<'a>, bool) {
        let next = self.placements.len();
        let at = *self.by_site.entry(site.clone()).or_insert(next);
        if at == next {
            self.placements.push(Placement::new(self.service, site.clone(), words.to_owned()));
        }
        (&mut self.placements[at], at == next)
    }

    /// Adds the placements of a resource: on the subnets that its owner names. Returns the places that name a subnet
    /// which the input does not show.
    fn add(&mut self, mentions: &Mentions, finder: &Finder, header: &'a Header, owner: &'a Header) -> Vec<Label> {
        let mut elsewhere = Vec::new();
        if !finder.when.iter().all(|(selector, values)| may_hold(selector, values, &header.node)) {
            return elsewhere;
        }
        for Said { hit, subnet, id } in said(self.estate, &finder.subnet, owner) {
            let label = Label { span: hit.span, message: format!("`{}` is placed here", site::shown(header)) };
            let stands = subnet.map_or_else(|| mentions.site(&id), |at| site::of_subnet(self.estate, at));
            if stands.parts(self.estate).is_empty() {
                elsewhere.push(label);
                continue;
            }
            let kind = short_name(&header.type_name);
            let name = format!("{kind}/{}", site::shown(header));
            let (placement, is_new) = self.on(&stands, &name);
            placement.labels.push(label);
            // A cluster has several pools on one subnet.
            if placement.resources.iter().all(|known| !std::ptr::eq(*known, header)) {
                if !is_new {
                    placement.found.push_str(", ");
                    placement.found.push_str(&name);
                }
                placement.resources.push(header);
            }
        }
        elsewhere
    }

    /// Adds the placements that a request asks for. Returns the request, with the names there are, when its pattern
    /// matches nothing. `shown`: the estate shows placements of the service by itself.
    fn add_requested(&mut self, request: &Request, sites: &Sites, shown: bool) -> Option<(Request, Vec<String>)> {
        let estate = self.estate;
        let words = match request.origin {
            Origin::CommandLine => "named by --service",
            Origin::Settings => "named in the settings",
        };
        let Some(pattern) = &request.pattern else {
            for site in sites.all.iter().filter(|site| !shown && !site.is_taken(estate)) {
                self.on(site, words);
            }
            return None;
        };
        let mut matched = false;
        for at in sites.meant(estate, pattern) {
            matched = true;
            self.on(&sites.all[at], words);
        }
        let names = || -> BTreeSet<String> {
            sites.all.iter().flat_map(|site| site.parts(estate)).map(|(_, header)| site::shown(header)).collect()
        };
        (!matched).then(|| (request.clone(), names().into_iter().collect()))
    }

    /// For each placement the requests that mean it.
    fn requested_on<'r>(&self, requests: &'r Requests) -> Vec<Vec<&'r Request>> {
        let sites = Sites::of(self.estate, self.placements.iter().map(|placement| placement.site.clone()).collect());
        let mut own = vec![Vec::new(); self.placements.len()];
        for request in requests.services.iter().filter(|request| *request.service == *self.service.name) {
            match &request.pattern {
                None => own.iter_mut().for_each(|one| one.push(request)),
                Some(pattern) => sites.meant(self.estate, pattern).into_iter().for_each(|at| own[at].push(request)),
            }
        }
        own
    }
}

/// A subnet that a resource says it is on.
struct Said<'a> {
    /// The characters that say it.
    hit: &'a Node,
    /// The subnet, where the input shows it.
    subnet: Option<usize>,
    /// Its id, or what stands for one that is not known.
    id: Arc<str>,
}

/// The subnets that a resource says it is on, by id or by network and name.
fn said<'a>(estate: &Estate, at: &SubnetAt, owner: &'a Header) -> Vec<Said<'a>> {
    let file = owner.span.file;
    match at {
        SubnetAt::Id(selector) => {
            let hits = selector.select(&owner.node).into_iter();
            let said = |hit| Some(Said { hit, subnet: estate.subnet_meant(hit, file), id: meant(hit)? });
            hits.filter_map(said).collect()
        }
        SubnetAt::Named { network, name } => {
            let Some(network) = network.select(&owner.node).into_iter().next() else { return Vec::new() };
            let Some(of) = meant(network) else { return Vec::new() };
            let said = |hit: &'a Node| {
                let id = Arc::from(format!("{of}/subnets/{}", meant(hit)?));
                Some(Said { hit, subnet: estate.subnet_named(network, hit, file), id })
            };
            name.select(&owner.node).into_iter().filter_map(said).collect()
        }
    }
}

/// Why a service whose resources stand on nothing the input shows is not judged, when they say so.
fn reason_anywhere<'a>(all: &Shown<'a>, service: &'a Service, requests: &Requests) -> Option<String> {
    let mut nowhere = Placement::new(service, Site::default(), String::new());
    fill_facts(all, &mut nowhere, requests, &[]);
    nowhere.not_judged
}

/// An estate as every fact of every placement asks for it, worked out once.
struct Shown<'a> {
    estate: &'a Estate,
    /// Its resources by type in lower case.
    by_type: BTreeMap<String, Vec<&'a Header>>,
    reach: Reach<'a>,
    owners: Owners<'a>,
}

impl<'a> Shown<'a> {
    fn of(estate: &'a Estate) -> Self {
        let mut by_type: BTreeMap<String, Vec<&Header>> = BTreeMap::new();
        for header in estate.headers() {
            by_type.entry(header.type_name.to_ascii_lowercase()).or_default().push(header);
        }
        Self { estate, by_type, reach: Reach::of(estate), owners: Owners::of(estate) }
    }

    /// Every resource of a type, compared without case.
    fn of_type(&self, type_name: &str) -> &[&'a Header] {
        self.by_type.get(&type_name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }
}

/// The resources whose subnet counts: the one found, or those it leads to.
fn owners<'a>(all: &Shown<'a>, finder: &Finder, header: &'a Header) -> Vec<&'a Header> {
    let Some(through) = &finder.through else { return vec![header] };
    let ids: Vec<Arc<str>> = through.id.select(&header.node).into_iter().filter_map(meant).collect();
    // Asked for every pair of resources, so ids are compared in place.
    let named = |one: &&&Header| {
        let id = one.id.as_ref().and_then(|id| id.known());
        let is = |wanted: &Arc<str>| {
            id.is_some_and(|id| id.eq_ignore_ascii_case(wanted)) || one.key.eq_ignore_ascii_case(wanted)
        };
        ids.iter().any(is)
    };
    all.of_type(&through.resource).iter().filter(named).copied().collect()
}

/// An id in lower case, or the key of one that only a deployment can tell.
fn meant(value: &Node) -> Option<Arc<str>> {
    match &value.value {
        Value::Text(id) if !id.is_empty() => Some(Arc::from(id.to_ascii_lowercase())),
        Value::Unknown(unknown) => Some(Arc::clone(&unknown.key)),
        _ => None,
    }
}

/// Whether a property has one of the values, or may have once it is deployed.
fn may_hold(selector: &Selector, values: &[FactValue], node: &Node) -> bool {
    let selection = selector.evaluate(node);
    if !selection.blocked.is_empty() {
        return true;
    }
    selection.hits.iter().any(|hit| match &hit.value {
        Value::Unknown(_) => true,
        Value::Text(text) => {
            values.iter().any(|value| matches!(value, FactValue::Text(wanted) if wanted.eq_ignore_ascii_case(text)))
        }
        Value::Bool(is) => values.contains(&FactValue::Bool(*is)),
        _ => false,
    })
}

/// Facts in the order of trust: command line, settings, estate, default.
fn fill_facts<'a>(all: &Shown<'a>, placement: &mut Placement<'a>, requests: &Requests, own: &[&Request]) {
    let service = placement.service;
    let stands_in: BTreeSet<FileId> =
        placement.site.parts(all.estate).first().map(|(_, header)| header.span.file).into_iter().collect();
    let mut facts = BTreeMap::new();
    for name in service.facts.keys() {
        let said = |origin: Origin| {
            let of_placement = own.iter().filter(|request| request.origin == origin);
            let of_placement = of_placement.filter_map(|request| request.facts.get(&**name).cloned());
            let of_files = requests
                .facts_in
                .iter()
                .rev()
                .filter(|(files, _)| origin == Origin::Settings && !files.is_disjoint(&stands_in));
            let of_files = of_files.filter_map(|(_, facts)| facts.get(&**name).cloned());
            let of_all = requests.facts.iter().filter(|(fact, _, from)| *fact == **name && *from == origin);
            let value = of_placement.chain(of_files).chain(of_all.map(|(_, value, _)| value.clone())).next()?;
            Some(Fact { value: Some(value), from: origin.as_str(), ..Fact::unknown() })
        };
        let fact = said(Origin::CommandLine).or_else(|| said(Origin::Settings));
        facts.insert(Arc::clone(name), fact.unwrap_or_else(Fact::unknown));
    }
    placement.facts = facts;
    // Facts may rest on other facts (the paired region on the region): each round that finds one may settle the next.
    for _ in 0..=service.facts.len() {
        let mut settled = false;
        for (name, spec) in &service.facts {
            if placement.facts.get(name).is_none_or(|fact| fact.value.is_none()) {
                let fact = from_estate(all, placement, spec);
                settled |= fact.value.is_some();
                placement.facts.insert(Arc::clone(name), fact);
            }
        }
        if !settled {
            break;
        }
    }
    for (name, spec) in &service.facts {
        let fact = placement.facts.entry(Arc::clone(name)).or_insert_with(Fact::unknown);
        if let (None, None, Some(default)) = (&fact.value, &fact.why, &spec.default) {
            *fact = Fact { value: Some(default.clone()), from: "default", ..Fact::unknown() };
        }
    }
    for name in service.facts.keys() {
        if placement.facts.get(name).is_some_and(|fact| fact.value.is_none()) {
            let exports = exports(all, placement, name, &mut BTreeSet::new());
            placement.facts.entry(Arc::clone(name)).and_modify(|fact| fact.exports = exports);
        }
    }
    let lookup = |name: &str| placement.fact(name);
    let reason = service.not_judged.iter().find(|not| not.when.holds(&lookup) == Truth::Yes);
    placement.not_judged = reason.map(|not| not.because.to_string());
}

fn from_estate<'a>(all: &Shown<'a>, placement: &Placement<'a>, spec: &FactSpec) -> Fact {
    let standing = FactContext {
        estate: all.estate,
        site: &placement.site,
        resources: &placement.resources,
        facts: &placement.facts,
        reach: &all.reach,
        owners: &all.owners,
    };
    let (mut open, mut known) = (None, None);
    // Several kinds of resources speak for one fact together, as several of one kind do.
    let several = spec.from.iter().all(|source| matches!(source, FactSource::Resource { .. }));
    let decisive = decisive(spec).filter(|_| several);
    for source in &spec.from {
        let fact = match source {
            FactSource::BuiltIn(fact) => derive(&standing, *fact),
            FactSource::Fact(name) => placement.facts.get(name).filter(|fact| fact.value.is_some()).cloned(),
            // A workspace speaks for its compute, but what it says of another subnet counts for less.
            FactSource::Resource { resource, .. } if known.is_some() && !stands_here(placement, resource) => None,
            FactSource::Resource { resource, select, absent, map, otherwise, name_only } => {
                let reading = Reading { spec, select, absent, map, otherwise, name_only: *name_only };
                reading.combined(&related(all, placement, resource))
            }
        };
        match fact {
            Some(fact) if decisive.is_none() && fact.value.is_some() => return fact,
            Some(fact) if fact.value.is_some() && fact.value == decisive => return fact,
            Some(fact) if fact.value.is_some() => known = known.or(Some(fact)),
            Some(fact) => open = open.or(Some(fact)),
            None => {}
        }
    }
    open.or(known).unwrap_or_else(Fact::unknown)
}

/// The answers of Azure that may show a fact which is not known. `seen`: the facts looked at, which may rest on each other.
fn exports<'a>(all: &Shown<'a>, placement: &Placement<'a>, name: &str, seen: &mut BTreeSet<Arc<str>>) -> Vec<Export> {
    let is_known = placement.facts.get(name).is_some_and(|fact| fact.value.is_some());
    let Some(spec) = placement.service.facts.get(name).filter(|_| !is_known && seen.insert(name.into())) else {
        return Vec::new();
    };
    let mut of = |source: &FactSource| match source {
        FactSource::Fact(other) => exports(all, placement, other, seen),
        FactSource::BuiltIn(fact) => {
            let told = all.estate.private_endpoints.iter().any(|endpoint| !endpoint.header.mentioned);
            let endpoints = || Export::Every { type_name: "Microsoft.Network/privateEndpoints".into() };
            (fact.rests_on_private_endpoints() && !told).then(endpoints).into_iter().collect()
        }
        FactSource::Resource { resource, select, .. } => {
            let headers = related(all, placement, resource);
            if headers.is_empty() {
                return of_all(resource, all);
            }
            let not_shown = |header: &&Header| {
                let selection = select.evaluate(&header.node);
                let mut unknown = selection.blocked.into_iter().chain(selection.hits).filter_map(Node::unknown);
                unknown.any(|unknown| matches!(unknown.reason, Reason::NotShown(_)))
            };
            headers.into_iter().filter(not_shown).map(Export::of).collect()
        }
    };
    spec.from.iter().flat_map(&mut of).collect()
}

/// All resources of a type of which none is shown: those without a parent can be listed, others by each parent.
fn of_all(type_name: &Arc<str>, all: &Shown<'_>) -> Vec<Export> {
    let Some((parent, kind)) = type_name.rsplit_once('/').filter(|(parent, _)| parent.contains('/')) else {
        return vec![Export::Every { type_name: Arc::clone(type_name) }];
    };
    let ids = all.of_type(parent).iter().filter_map(|header| header.id.as_ref()?.known());
    let within: Vec<Export> = ids.map(|of| Export::Children { kind: kind.into(), of: Arc::clone(of) }).collect();
    if within.is_empty() { of_all(&parent.into(), all) } else { within }
}

/// Whether a resource of a type was found on the placement.
fn stands_here(placement: &Placement<'_>, type_name: &str) -> bool {
    placement.resources.iter().any(|header| header.type_name.eq_ignore_ascii_case(type_name))
}

/// The value that settles a yes-or-no fact, whatever else is said: one that has it is enough, or one that has not.
fn decisive(spec: &FactSpec) -> Option<FactValue> {
    match (spec.kind, spec.combine) {
        (FactKind::Boolean, Combine::Any) => Some(FactValue::Bool(true)),
        (FactKind::Boolean, Combine::All) => Some(FactValue::Bool(false)),
        _ => None,
    }
}

/// The resources of a type that a placement rests on: those found on it, the workspaces they belong to, and when it
/// rests on none, all of that type that the input shows.
fn related<'a>(all: &Shown<'a>, placement: &Placement<'a>, type_name: &str) -> Vec<&'a Header> {
    let is_type = |header: &&Header| header.type_name.eq_ignore_ascii_case(type_name);
    let own: Vec<&Header> = placement.resources.iter().copied().filter(is_type).collect();
    if !own.is_empty() {
        return own;
    }
    let mut parents: Vec<&Header> = Vec::new();
    for header in placement.resources.iter().filter_map(|header| all.owners.workspace(header)).filter(is_type) {
        if parents.iter().all(|parent| parent.key != header.key) {
            parents.push(header);
        }
    }
    // A resource elsewhere that could have put the service here, and did not, says nothing about this place.
    let puts_here = |finder: &Finder| finder.resource.eq_ignore_ascii_case(type_name);
    let elsewhere = !placement.resources.is_empty() && placement.service.found_on.iter().any(puts_here);
    if !parents.is_empty() || elsewhere { parents } else { all.of_type(type_name).to_vec() }
}

struct Reading<'a> {
    spec: &'a FactSpec,
    select: &'a Selector,
    absent: &'a Option<FactValue>,
    map: &'a [(FactValue, FactValue)],
    otherwise: &'a Option<FactValue>,
    name_only: bool,
}

impl Reading<'_> {
    /// What several resources say, made one as the fact's `combine` asks. `None` when no resource says anything.
    fn combined(&self, headers: &[&Header]) -> Option<Fact> {
        let facts: Vec<Fact> = headers.iter().filter_map(|header| self.read(header)).collect();
        let decisive = decisive(self.spec);
        if decisive.is_some()
            && let Some(fact) = facts.iter().find(|fact| fact.value == decisive)
        {
            return Some(fact.clone());
        }
        if let Some(fact) = facts.iter().find(|fact| fact.value.is_none()) {
            return Some(fact.clone());
        }
        let first = facts.first()?.clone();
        if self.spec.kind == FactKind::List && self.spec.combine == Combine::Any {
            let words = facts.iter().flat_map(|fact| match &fact.value {
                Some(FactValue::List(words)) => words.clone(),
                _ => Vec::new(),
            });
            let words: BTreeSet<String> = words.collect();
            return Some(Fact { value: Some(FactValue::List(words.into_iter().collect())), ..first });
        }
        if facts.iter().all(|fact| fact.value == first.value) {
            return Some(first);
        }
        Some(Fact::open("the resources on this subnet do not agree", first.place))
    }

    fn read(&self, header: &Header) -> Option<Fact> {
        let selection = self.select.evaluate(&header.node);
        if let Some(blocked) = selection.blocked.first() {
            let why = blocked.unknown().map_or_else(String::new, |unknown| unknown.reason.to_string());
            return Some(Fact::open(why, Some(blocked.span)));
        }
        let present: Vec<&Node> = selection.hits.into_iter().filter(|hit| !hit.is_null()).collect();
        let Some(hit) = present.first() else {
            return self.absent.clone().map(|value| Fact::shown(value, Some(header.name.span)));
        };
        if let Some(unknown) = hit.unknown() {
            return Some(Fact::open(unknown.reason.to_string(), Some(hit.span)));
        }
        let value = if self.spec.kind == FactKind::List {
            Some(FactValue::List(present.iter().filter_map(|node| node.text().map(str::to_owned)).collect()))
        } else {
            self.translate(match scalar(hit, self.spec.kind)? {
                FactValue::Text(id) if self.name_only => FactValue::Text(site::last_segment(&id).to_owned()),
                value => value,
            })
        };
        value.map(|value| Fact::shown(value, Some(hit.span)))
    }

    fn translate(&self, value: FactValue) -> Option<FactValue> {
        if self.map.is_empty() {
            return Some(value);
        }
        let same = |written: &FactValue| match (written, &value) {
            (FactValue::Text(one), FactValue::Text(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        };
        let mapped = self.map.iter().find(|(written, _)| same(written)).map(|(_, meant)| meant.clone());
        mapped.or_else(|| self.otherwise.clone())
    }
}

/// A property's own value; words for a boolean fact are read as such.
fn scalar(node: &Node, kind: FactKind) -> Option<FactValue> {
    match &node.value {
        Value::Bool(value) => Some(FactValue::Bool(*value)),
        Value::Text(text) if kind == FactKind::Boolean && text.eq_ignore_ascii_case("true") => {
            Some(FactValue::Bool(true))
        }
        Value::Text(text) if kind == FactKind::Boolean && text.eq_ignore_ascii_case("false") => {
            Some(FactValue::Bool(false))
        }
        Value::Text(text) => Some(FactValue::Text(text.to_string())),
        Value::Number(number) => Some(FactValue::Text(number.to_string())),
        // A sub-resource reference or a settings object that is there.
        Value::Object(_) | Value::List(_) => Some(FactValue::Text("present".to_owned())),
        Value::Null | Value::Unknown(_) | Value::Deferred(_) => None,
    }
}

/// Placements with one id get the file's number of their site, so that every id is unique in a run.
fn name_apart(estate: &Estate, placements: &mut [Placement<'_>]) {
    let mut seen: BTreeMap<PlacementId, usize> = BTreeMap::new();
    for placement in placements {
        let count = seen.entry(placement.id(estate)).or_default();
        *count += 1;
        placement.site.ordinal = *count;
    }
}
