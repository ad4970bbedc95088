//! The routes of a subnet as a list of clauses in the order Azure prefers them (RT-3 to RT-6).
//!
//! The longest prefix wins; of equal ones a user's route beats a gateway's, and that one the system's. Tags whose
//! prefixes are not loaded have no known length, so a public prefix beside them may win or lose, address by address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::estate::{Access, Export, Field, NextHop, Peer, Route, RouteOrigin, RouteTable};
use crate::finding::Layer;
use crate::json::Unknown;
use crate::net::{AddressSet, DEFAULT_PREFIXES, PRIVATE_PREFIXES, Reading, Region, Relation, Tag};
use crate::proof::cell::{Clause, Match};
use crate::proof::doubt::{Doubt, Reason, Remedy, ThingKind, What};
use crate::proof::given::{Given, shown};
use crate::proof::ground::{Ground, regional_parts};
use crate::proof::hop::{Hop, Ruling, Way, delivered, hop};
use crate::proof::stage::{Author, Entry, Stage};
use crate::proof::symbol::{End, Meaning};

/// How routes of equal length are preferred, the first before the others (RT-3, RT-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Explicit,
    RegionalTag,
    Tag,
    CloudRegion,
    Cloud,
    Gateway,
    System,
}

/// How many tag routes are compared with each other; Azure takes 25 (RT-4).
const MOST_TAG_ROUTES: usize = 400;

/// A route before it has its place.
#[derive(Clone)]
struct Candidate<'a> {
    way: Way<'a>,
    /// The length of its prefix; `None`: a tag whose prefixes are not loaded.
    length: Option<u8>,
    rank: Rank,
    tag: Option<Tag>,
    /// It may be anywhere: its prefix is unknown.
    anywhere: bool,
}

/// The routes of a scene in order; the last one matches everything.
pub(crate) fn ways<'a>(ground: &mut Ground<'_, 'a>) -> Vec<Way<'a>> {
    let mut list = List { ground: &mut *ground, candidates: Vec::new(), owner: "" };
    let mut first = list.service_endpoints();
    let effective = match list.ground.scene.routes.clone() {
        Some(Given::Here(table)) => {
            list.user_routes(table, &mut first);
            table.effective
        }
        Some(Given::Missing(doubt)) => {
            let way = list.unknown_way(&doubt, "the table");
            first.push(way);
            false
        }
        None => false,
    };
    if !effective {
        list.system_routes();
        list.endpoint_routes();
        list.hub_routes();
    }
    let mut all = list.order(first);
    let drop = Way {
        clause: Clause::full(&ground.space),
        hop: Hop::To(NextHop::Drop),
        author: Author::System("no route", NextHop::Drop),
    };
    all.push(drop);
    delivered(ground, all)
}

/// The routes of one table in order, for a subnet of which nothing else is shown; what no route takes goes to the
/// internet. `owner`: whose they are, to tell their doubts apart.
pub(crate) fn table_ways<'a>(ground: &mut Ground<'_, 'a>, table: &'a RouteTable, owner: &str) -> Vec<Way<'a>> {
    let mut list = List { ground, candidates: Vec::new(), owner };
    let mut first = Vec::new();
    list.user_routes(table, &mut first);
    for prefix in DEFAULT_PREFIXES.iter().filter_map(|prefix| prefix.parse().ok()) {
        list.system("internet", prefix, NextHop::Internet);
    }
    list.order(first)
}

/// The service tags that an endpoint for a service leads to: those of its region and the pair where it serves these alone
/// and the region is known (RT-14). None for a service that has no tag of its own.
pub(crate) fn service_tags(service: &str, region: Option<&'static Region>) -> Vec<Tag> {
    let name = match service.to_ascii_lowercase().as_str() {
        "microsoft.storage" | "microsoft.storage.global" => "Storage",
        "microsoft.keyvault" => "AzureKeyVault",
        "microsoft.sql" => "Sql",
        "microsoft.containerregistry" => "AzureContainerRegistry",
        "microsoft.azureactivedirectory" => "AzureActiveDirectory",
        "microsoft.azurecosmosdb" => "AzureCosmosDB",
        "microsoft.eventhub" => "EventHub",
        "microsoft.servicebus" => "ServiceBus",
        "microsoft.web" => "AppService",
        _ => return Vec::new(),
    };
    let Some(base) = Tag::named(name) else { return Vec::new() };
    match region {
        Some(region) if is_regional(service) => {
            let regions = [Some(region), region.paired()].into_iter().flatten();
            regions.filter_map(|region| base.in_region(region)).collect()
        }
        _ => vec![base],
    }
}

fn is_regional(service: &str) -> bool {
    matches!(service.to_ascii_lowercase().as_str(), "microsoft.storage" | "microsoft.sql")
}

struct List<'g, 's, 'a> {
    ground: &'g mut Ground<'s, 'a>,
    candidates: Vec<Candidate<'a>>,
    /// Whose routes they are, when not the scene's.
    owner: &'g str,
}

impl<'a> List<'_, '_, 'a> {
    fn user_routes(&mut self, table: &'a RouteTable, first: &mut Vec<Way<'a>>) {
        for (index, route) in table.routes.iter().enumerate() {
            for prefix in &route.prefixes {
                self.user_route(route, index, prefix);
            }
        }
        for part in &table.unknown_routes {
            let doubt = match part.unknown() {
                Some(unknown) => Doubt::of(What::PartOfRoutes, unknown),
                None => Doubt::new(Reason::Unexplained(What::PartOfRoutes)).at(part.span),
            };
            let key = part.unknown().map_or("", |unknown| &unknown.key);
            let way = self.unknown_way(&doubt, &format!("{part:p} {key}"));
            first.push(way);
        }
    }

    fn user_route(&mut self, route: &'a Route, index: usize, prefix: &Field<Peer>) {
        let mut guards = Vec::new();
        if let Some(unknown) = &route.condition {
            let exists = Meaning::World(Arc::from(format!("exists {}", unknown.key)));
            let doubt = || Doubt::of(What::Exists(ThingKind::Route.named(shown(&route.name))), unknown);
            guards.push(self.ground.symbols.of(exists, doubt).holds());
        }
        let rank = match route.origin {
            RouteOrigin::User => Rank::Explicit,
            RouteOrigin::Gateway => Rank::Gateway,
            RouteOrigin::System => Rank::System,
        };
        let space = Arc::clone(&self.ground.space);
        let way = |destinations: Match<AddressSet>| Way {
            clause: Clause { guards: guards.clone(), destinations, ..Clause::full(&space) },
            hop: hop(route),
            author: Author::Route(route, index),
        };
        match &prefix.value {
            Ok(Peer::Any) => {
                self.candidates.push(concrete(way(Match::of(Arc::clone(&space))), 0, rank));
            }
            Ok(Peer::Addresses(set)) => {
                for prefix in set.intersection(&self.ground.space).prefixes() {
                    let way = way(Match::of(AddressSet::prefix(prefix)));
                    self.candidates.push(concrete(way, prefix.prefix_len(), rank));
                }
            }
            Ok(Peer::Tag(name)) => self.tag_route(name, rank, &way),
            Ok(Peer::Invalid(_)) => {}
            Err(unknown) => self.unknown_prefix(unknown, rank, &way),
        }
    }

    fn tag_route(&mut self, name: &str, own: Rank, way: &dyn Fn(Match<AddressSet>) -> Way<'a>) {
        let read = Tag::read(name, self.ground.scene.cloud);
        let tag = match &read {
            Reading::UnknownRegion { base, .. } => Some(*base),
            other => other.tag(),
        };
        if tag.is_some_and(|tag| !tag.is_usable_in_routes()) {
            return;
        }
        let rank = if own == Rank::Explicit { tag.map_or(Rank::Tag, |tag| rank_of(tag, &read)) } else { own };
        if let Some(loaded) = self.ground.scene.tags.and_then(|data| data.get(name)) {
            let mut by_length: BTreeMap<u8, Vec<IpNet>> = BTreeMap::new();
            for prefix in &loaded.prefixes {
                by_length.entry(prefix.prefix_len()).or_default().push(*prefix);
            }
            for (length, prefixes) in by_length {
                let set = AddressSet::from_prefixes(prefixes).intersection(&self.ground.space);
                if !set.is_empty() {
                    self.candidates.push(concrete(way(Match::of(set)), length, rank));
                }
            }
            return;
        }
        let mut destinations = Match::nothing();
        self.ground.tag(End::Destination, name, &mut destinations);
        let (way, anywhere) = (way(destinations), false);
        self.candidates.push(Candidate { way, length: None, rank, tag, anywhere });
    }

    /// A route whose prefix only a deployment can tell takes what it takes: for each packet it may win.
    fn unknown_prefix(&mut self, unknown: &Arc<Unknown>, rank: Rank, way: &dyn Fn(Match<AddressSet>) -> Way<'a>) {
        if regional_parts(unknown).is_some() {
            let mut destinations = Match::nothing();
            self.ground.unknown(End::Destination, unknown, &mut destinations);
            let way = way(destinations);
            self.candidates.push(Candidate { way, length: None, rank: Rank::RegionalTag, tag: None, anywhere: false });
            return;
        }
        let mut way = way(Match::of(Arc::clone(&self.ground.space)));
        let wins = format!("{}wins {} {}", self.owner, unknown.key, self.candidates.len());
        let wins = Meaning::Packet(Arc::from(wins));
        let wins = self.ground.symbols.of(wins, || Doubt::of(What::RoutePrefix, unknown));
        way.clause.guards.push(wins.holds());
        self.candidates.push(Candidate { way, length: None, rank, tag: None, anywhere: true });
    }

    fn unknown_way(&mut self, doubt: &Doubt, key: &str) -> Way<'a> {
        let wins = Meaning::Packet(Arc::from(format!("{}wins {key}", self.owner)));
        let wins = self.ground.symbols.of(wins, || doubt.clone());
        let clause = Clause { guards: vec![wins.holds()], ..Clause::full(&self.ground.space) };
        Way {
            clause,
            hop: Hop::Unknown(Arc::from(format!("hop {key}")), doubt.clone()),
            author: Author::Unknown(doubt.clone()),
        }
    }

    /// Routes of service endpoints, which go before all others for the prefixes of their service (RT-3, RT-14).
    fn service_endpoints(&mut self) -> Vec<Way<'a>> {
        let mut all = Vec::new();
        let scene = self.ground.scene;
        for service in &scene.service_endpoints {
            // An endpoint for storage or SQL serves the region and its pair; the others serve all regions.
            let local = is_regional(service);
            let tags = service_tags(service, scene.region);
            let is_storage = tags.iter().any(|tag| tag.to_string().split('.').next() == Some("Storage"));
            for tag in tags {
                let mut destinations = Match::nothing();
                self.ground.tag(End::Destination, &tag.to_string(), &mut destinations);
                let mut clause = Clause { destinations, ..Clause::full(&self.ground.space) };
                if local && scene.region.is_none() {
                    let near = Meaning::Packet(Arc::from(format!("near {tag}")));
                    let near = self.ground.symbols.of(near, || Doubt::new(Reason::SubnetRegion));
                    clause.guards.push(near.holds());
                }
                let next = NextHop::ServiceEndpoint;
                // Azure has such policies for storage alone.
                let hop = match scene.endpoint_policies.as_ref().filter(|_| is_storage) {
                    Some(doubt) => Hop::Doubtful(next, doubt.clone()),
                    None => Hop::To(next),
                };
                all.push(Way { clause, hop, author: Author::System("service endpoint", next) });
            }
        }
        if let Some(doubt) = &scene.unknown_endpoints {
            let some = Meaning::Packet(Arc::from("some service endpoint"));
            let some = self.ground.symbols.of(some, || doubt.clone());
            let mut clause = Clause::full(&self.ground.space);
            clause.guards.push(some.holds());
            clause.destinations = Match::of(Arc::clone(&self.ground.tagged));
            let hop = NextHop::ServiceEndpoint;
            all.push(Way { clause, hop: Hop::To(hop), author: Author::System("service endpoint", hop) });
        }
        all
    }

    fn system_routes(&mut self) {
        let scene = self.ground.scene;
        for (spaces, name, hop) in [
            (&scene.own_space, "virtual network", NextHop::VnetLocal),
            (&scene.peer_spaces, "peered network", NextHop::Peering),
        ] {
            for prefix in spaces.iter().flat_map(|space| space.prefixes()) {
                self.system(name, prefix, hop);
            }
        }
        let [v4, v6] = DEFAULT_PREFIXES.map(|prefix| (prefix, NextHop::Internet));
        let dropped = PRIVATE_PREFIXES.into_iter().chain(["100.64.0.0/10"]).map(|prefix| (prefix, NextHop::Drop));
        for (name, hop) in [v4].into_iter().chain(dropped).chain([v6]) {
            if let Ok(prefix) = name.parse() {
                self.system(name, prefix, hop);
            }
        }
        if !scene.network_complete {
            let mut destinations = Match::nothing();
            self.ground.unknown_network(&mut destinations);
            let clause = Clause { destinations, ..Clause::full(&self.ground.space) };
            let hop = NextHop::VnetLocal;
            let way = Way { clause, hop: Hop::To(hop), author: Author::System("virtual network", hop) };
            self.candidates.push(Candidate { way, length: None, rank: Rank::System, tag: None, anywhere: false });
        }
    }

    /// Every private endpoint of the network and its peers has a route of its own, which a user's beats only where the
    /// endpoint's subnet says so, and the user's prefix is as long as the network's (PE-3 to PE-5).
    fn endpoint_routes(&mut self) {
        let scene = self.ground.scene;
        for endpoint in scene.endpoint_routes() {
            let set = AddressSet::address(endpoint.address).intersection(&self.ground.space);
            if set.is_empty() {
                continue;
            }
            let hop = NextHop::PrivateEndpoint;
            let clause = Clause { destinations: Match::of(set), ..Clause::full(&self.ground.space) };
            let way = Way { clause, hop: Hop::To(hop), author: Author::System("private endpoint", hop) };
            let whole = if endpoint.address.is_ipv4() { 32 } else { 128 };
            if let Some(doubt) = endpoint.ignores_routes {
                let meaning = Meaning::WorldOf("endpoint policies", Arc::clone(&doubt.reason));
                let mut alone = way.clone();
                alone.clause.guards.push(self.ground.symbols.of(meaning, || doubt).holds());
                self.candidates.push(concrete(alone, whole, Rank::System));
            }
            self.candidates.push(concrete(way, endpoint.length.unwrap_or(whole), Rank::System));
        }
    }

    /// Routes that a Virtual WAN hub teaches rank as a gateway's (VWAN-6).
    fn hub_routes(&mut self) {
        let scene = self.ground.scene;
        if scene.takes_no_gateway_routes() {
            return;
        }
        for (at, route) in scene.hub_routes.iter().enumerate() {
            let Ok(prefix) = route.prefix.parse::<IpNet>() else { continue };
            let set = AddressSet::prefix(prefix).intersection(&self.ground.space);
            if set.is_empty() {
                continue;
            }
            let mut clause = Clause { destinations: Match::of(set), ..Clause::full(&self.ground.space) };
            if let Some(doubt) = &route.maybe {
                let taught = Meaning::Packet(Arc::from(format!("hub teaches {} {at}", route.prefix)));
                clause.guards.push(self.ground.symbols.of(taught, || doubt.clone()).holds());
            }
            let hop = match &route.leads {
                Ok(firewall) => Hop::HubFirewall(*firewall),
                Err(doubt) => Hop::Unknown(Arc::from(format!("hub {:?}", doubt.reason)), doubt.clone()),
            };
            let author = Author::System("virtual hub", NextHop::VirtualNetworkGateway);
            self.candidates.push(concrete(Way { clause, hop, author }, prefix.prefix_len(), Rank::Gateway));
        }
    }

    fn system(&mut self, name: &'static str, prefix: IpNet, hop: NextHop) {
        let set = AddressSet::prefix(prefix).intersection(&self.ground.space);
        if set.is_empty() {
            return;
        }
        let clause = Clause { destinations: Match::of(set), ..Clause::full(&self.ground.space) };
        let way = Way { clause, hop: Hop::To(hop), author: Author::System(name, hop) };
        self.candidates.push(concrete(way, prefix.prefix_len(), Rank::System));
    }

    /// Puts the candidates in order. What has no known length stands before the default routes; whatever might be
    /// longer stands before it as well, guarded by that question.
    fn order(self, mut all: Vec<Way<'a>>) -> Vec<Way<'a>> {
        let owner = self.owner;
        let (anywhere, rest): (Vec<_>, Vec<_>) = self.candidates.into_iter().partition(|one| one.anywhere);
        let (mut named, mut concrete): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.length.is_none());
        all.extend(anywhere.into_iter().map(|one| one.way));
        concrete.sort_by_key(|one| (std::cmp::Reverse(one.length), one.rank));
        named.sort_by_key(|one| one.rank);
        inner_first(self.ground, &mut named);
        let longer = |ground: &mut Ground<'_, 'a>, way: &Way<'a>, key: String| {
            let meaning = Meaning::Packet(Arc::from(format!("{owner}longer {key}")));
            let doubt = || Doubt::new(Reason::LongerPrefix);
            let longer =
                ground.symbols.of(meaning, || doubt().settled_by(Remedy::ServiceTags).shown_by([Export::ServiceTags]));
            let mut way = way.clone();
            way.clause.guards.push(longer.holds());
            way
        };
        if !named.is_empty() {
            let mut asked: BTreeMap<(Option<u8>, Option<IpAddr>), usize> = BTreeMap::new();
            for one in concrete.iter().filter(|one| one.length != Some(0)) {
                let meets = |two: &Candidate<'a>| may_meet(self.ground, &one.way.clause, &two.way.clause);
                // The system's own routes for the network are always longer than those that drop what is private.
                let ranked = |two: &Candidate<'a>| one.rank != Rank::System || two.rank != Rank::System;
                if named.iter().any(|two| two.way.hop != one.way.hop && ranked(two) && meets(two)) {
                    // Prefixes of one length are equal or disjoint: a packet asks once for each length and twin.
                    let set = one.way.clause.destinations.terms.first().and_then(|term| term.set.first());
                    let twin = asked.entry((one.length, set)).or_insert(0_usize);
                    all.push(longer(self.ground, &one.way, format!("prefix {:?} {twin}", one.length)));
                    *twin += 1;
                }
            }
        }
        for (at, one) in named.iter().enumerate() {
            let open = named[..at].iter().any(|two| two.way.hop != one.way.hop && is_open(self.ground, two, one));
            if open {
                all.push(longer(self.ground, &one.way, format!("tag {at}")));
            }
        }
        for (at, one) in named.iter().enumerate().take(MOST_TAG_ROUTES) {
            if named[..at].iter().any(|two| two.tag.is_some() && two.tag == one.tag && two.way.hop != one.way.hop) {
                all.push(twin(self.ground, one));
            }
        }
        all.extend(named.into_iter().map(|one| one.way));
        let mut at = 0;
        while at < concrete.len() {
            let same = |one: &Candidate<'a>| one.length == concrete[at].length && one.rank == concrete[at].rank;
            let end = concrete[at..].iter().position(|one| !same(one)).map_or(concrete.len(), |length| at + length);
            twins(self.ground, &concrete[at..end], &mut all);
            all.extend(concrete[at..end].iter().map(|one| one.way.clone()));
            at = end;
        }
        all
    }
}

/// Routes of one prefix and rank that lead to different hops, which Azure refuses: either may win (RT-5). Prefixes of
/// one length are equal or disjoint, so the first address tells explicit ones apart; tag routes are few.
fn twins<'a>(ground: &mut Ground<'_, 'a>, same: &[Candidate<'a>], all: &mut Vec<Way<'a>>) {
    let mut seen: BTreeMap<IpAddr, Vec<&Candidate<'a>>> = BTreeMap::new();
    let mut tagged: Vec<&Candidate<'a>> = Vec::new();
    for one in same {
        let set = one.way.clause.destinations.terms.first().map(|term| &term.set);
        match one.rank {
            Rank::Explicit | Rank::Gateway | Rank::System => {
                seen.entry(set.and_then(|set| set.first()).unwrap_or(IpAddr::from([0, 0, 0, 0])))
                    .or_default()
                    .push(one);
            }
            _ if tagged.len() < MOST_TAG_ROUTES => tagged.push(one),
            _ => {}
        }
    }
    for group in seen.into_values() {
        let differ = group.windows(2).any(|pair| pair[0].way.hop != pair[1].way.hop);
        for one in group.iter().skip(1).filter(|one| differ && one.rank != Rank::System) {
            all.push(twin(ground, one));
        }
    }
    for (at, one) in tagged.iter().enumerate() {
        if tagged[..at]
            .iter()
            .any(|two| two.way.hop != one.way.hop && may_meet(ground, &two.way.clause, &one.way.clause))
        {
            all.push(twin(ground, one));
        }
    }
}

/// A route that may go before the one of the same prefix.
fn twin<'a>(ground: &mut Ground<'_, 'a>, one: &Candidate<'a>) -> Way<'a> {
    let key = match &one.way.author {
        Author::Route(route, _) => format!("twin {route:p}"),
        _ => "twin".to_owned(),
    };
    let twin = ground.symbols.of(Meaning::Packet(Arc::from(key)), || match &one.way.author {
        Author::Route(route, _) => Doubt::new(Reason::SamePrefix(Some(shown(&route.name)))).at(route.span),
        _ => Doubt::new(Reason::SamePrefix(None)),
    });
    let mut way = one.way.clone();
    way.clause.guards.push(twin.holds());
    way
}

/// Tags inside another one go before it, whatever their rank: their prefixes are at least as long.
fn inner_first(ground: &Ground<'_, '_>, named: &mut [Candidate<'_>]) {
    let (family, cloud) = (ground.symbols.family, ground.symbols.cloud);
    let tags: Vec<Tag> = named.iter().filter_map(|one| one.tag).collect();
    let depth = |one: &Candidate<'_>| {
        one.tag.map_or(0, |tag| {
            tags.iter().filter(|two| tag != **two && tag.relation(**two, family, cloud).is_inside()).count()
        })
    };
    named.sort_by_key(|one| std::cmp::Reverse(depth(one)));
}

/// Whether some packet may match both.
fn may_meet(ground: &Ground<'_, '_>, one: &Clause, two: &Clause) -> bool {
    one.destinations.terms.iter().any(|term| two.destinations.may_meet(&ground.symbols, &term.set, &term.cube))
}

/// Whether one tag's prefixes may be longer here and the other's there.
fn is_open(ground: &Ground<'_, '_>, one: &Candidate<'_>, two: &Candidate<'_>) -> bool {
    match (one.tag, two.tag) {
        (Some(one), Some(two)) => one.relation(two, ground.symbols.family, ground.symbols.cloud) == Relation::Open,
        _ => may_meet(ground, &one.way.clause, &two.way.clause),
    }
}

fn concrete(way: Way<'_>, length: u8, rank: Rank) -> Candidate<'_> {
    Candidate { way, length: Some(length), rank, tag: None, anywhere: false }
}

fn rank_of(tag: Tag, read: &Reading) -> Rank {
    let whole = tag.is_base() && !matches!(read, Reading::UnknownRegion { .. });
    match (tag.is_azure_cloud(), whole) {
        (true, true) => Rank::Cloud,
        (true, false) => Rank::CloudRegion,
        (false, true) => Rank::Tag,
        (false, false) => Rank::RegionalTag,
    }
}

/// The routes as a stage of a passage, by what a layer makes of each hop.
pub(crate) fn stage<'a>(ground: &mut Ground<'_, 'a>, ways: &[Way<'a>], ruling: &dyn Fn(&Hop) -> Ruling) -> Stage<'a> {
    let mut entries = Vec::new();
    for way in ways {
        entries.extend(ruled(ground, &way.clause, &way.author, ruling(&way.hop)));
    }
    Stage::new(Layer::Route, 0, entries)
}

/// A clause and what becomes of what it matches: one entry, or two where that depends on something.
pub(crate) fn ruled<'a>(
    ground: &mut Ground<'_, 'a>,
    clause: &Clause,
    author: &Author<'a>,
    ruling: Ruling,
) -> Vec<Entry<'a>> {
    let entry = |access, guard| {
        let mut clause = clause.clone();
        clause.guards.extend(guard);
        Entry { clause, access, author: author.clone() }
    };
    match ruling {
        Ruling::Pass => vec![entry(Access::Allow, None)],
        Ruling::Drop => vec![entry(Access::Deny, None)],
        Ruling::Depends(meaning, doubt) => {
            let symbol = ground.symbols.of(meaning, || doubt);
            vec![entry(Access::Allow, Some(symbol.holds())), entry(Access::Deny, Some(symbol.fails()))]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::estate::{NextHop, Route, RouteOrigin, RouteTable};
    use crate::finding::Verdict;
    use crate::net::{AddressSet, Tag};
    use crate::proof::doubt::Doubt;
    use crate::proof::given::{Given, Learnt};
    use crate::proof::ground::Party;
    use crate::proof::scene::Scene;
    use crate::proof::tests::{route, table};

    fn set(text: &str) -> AddressSet {
        AddressSet::prefix(text.parse().unwrap())
    }

    /// A subnet of 10.1.0.0/16, which is peered with 10.2.0.0/16.
    fn scene() -> Scene<'static> {
        Scene {
            subnet_shown: true,
            subnet: Some(set("10.1.1.0/24")),
            own_space: vec![set("10.1.0.0/16")],
            peer_spaces: vec![set("10.2.0.0/16")],
            network: set("10.1.0.0/16").union(&set("10.2.0.0/16")),
            network_complete: true,
            ..Scene::default()
        }
        .in_location("westeurope")
    }

    /// Whether all that goes there goes by that hop.
    fn leads(scene: &Scene<'_>, to: &str, hop: NextHop) -> Verdict {
        let to = Tag::named(to).map_or_else(|| Party::Addresses(set(to)), Party::Tag);
        scene.prepared().judge_route(&to, hop).verdict
    }

    fn with(table: &RouteTable) -> Scene<'_> {
        Scene { routes: Some(Given::Here(table)), ..scene() }
    }

    fn of(origin: RouteOrigin, hop: NextHop) -> Route {
        Route { origin, ..route("default", "0.0.0.0/0", hop) }
    }

    #[test]
    fn of_one_prefix_a_users_route_beats_a_gateways_and_that_one_the_systems() {
        use RouteOrigin::{Gateway, System, User};
        let ranked = [(User, NextHop::Internet), (Gateway, NextHop::VirtualNetworkGateway), (System, NextHop::Drop)];
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            for both in [[first, second], [second, first]] {
                let mut table = table(both.map(|at| of(ranked[at].0, ranked[at].1)).to_vec());
                table.effective = true;
                assert_eq!(leads(&with(&table), "20.0.0.0/8", ranked[first].1), Verdict::Satisfied, "{both:?}");
            }
        }
    }

    #[test]
    fn what_a_hub_teaches_beats_the_systems_own() {
        let learnt = Learnt { prefix: "0.0.0.0/0", leads: Err(Doubt::new("a hub")), maybe: None };
        let scene = Scene { hub_routes: vec![learnt], ..scene() };
        assert_eq!(leads(&scene, "20.0.0.0/8", NextHop::Internet), Verdict::Undecided);
        assert_eq!(leads(&scene, "10.3.0.0/16", NextHop::Drop), Verdict::Satisfied, "a longer one goes before it");
    }

    #[test]
    fn a_part_of_a_service_goes_before_the_service() {
        for both in [["AzureMonitor.Core", "AzureMonitor"], ["AzureMonitor", "AzureMonitor.Core"]] {
            let hop = |name| if name == "AzureMonitor" { NextHop::Drop } else { NextHop::Internet };
            let table = table(both.map(|name| route(name, name, hop(name))).to_vec());
            assert_eq!(leads(&with(&table), "AzureMonitor.Core", NextHop::Internet), Verdict::Satisfied, "{both:?}");
        }
    }

    #[test]
    fn tags_that_routes_cannot_name_lead_nowhere() {
        for name in ["Internet", "VirtualNetwork", "AzureLoadBalancer"] {
            let table = table(vec![route("none", name, NextHop::Drop)]);
            assert_eq!(leads(&with(&table), "AzureMachineLearning", NextHop::Internet), Verdict::Satisfied, "{name}");
            assert_eq!(leads(&with(&table), "10.2.7.0/24", NextHop::Peering), Verdict::Satisfied, "{name}");
        }
    }

    #[test]
    fn the_rest_of_an_unknown_network_may_be_anywhere() {
        let mut scene = scene();
        assert_eq!(leads(&scene, "10.5.0.0/16", NextHop::Drop), Verdict::Satisfied);
        scene.network_complete = false;
        assert_eq!(leads(&scene, "10.5.0.0/16", NextHop::Drop), Verdict::Undecided);
        assert_eq!(leads(&scene, "10.5.0.0/16", NextHop::Internet), Verdict::Violated);
    }

    #[test]
    fn an_endpoint_of_storage_serves_its_region_and_the_pair() {
        let mut scene = Scene { service_endpoints: vec![Arc::from("Microsoft.Storage")], ..scene() };
        let leads = |scene: &Scene<'_>, to| leads(scene, to, NextHop::ServiceEndpoint);
        for near in ["Storage.WestEurope", "Storage.NorthEurope"] {
            assert_eq!(leads(&scene, near), Verdict::Satisfied, "{near}");
        }
        assert_eq!(leads(&scene, "Storage.EastUS"), Verdict::Violated);
        scene.region = None;
        for maybe in ["Storage.WestEurope", "Storage.EastUS", "Storage"] {
            assert_eq!(leads(&scene, maybe), Verdict::Undecided, "{maybe}");
        }
        scene.service_endpoints = vec![Arc::from("Microsoft.Storage.Global")];
        assert_eq!(leads(&scene, "Storage"), Verdict::Satisfied);
    }

    #[test]
    fn the_system_knows_peers_and_drops_what_else_is_private() {
        let scene = scene();
        assert_eq!(leads(&scene, "10.1.7.0/24", NextHop::VnetLocal), Verdict::Satisfied);
        assert_eq!(leads(&scene, "10.2.7.0/24", NextHop::Peering), Verdict::Satisfied);
        for private in ["10.3.0.0/16", "10.255.255.255/32", "172.16.0.0/16", "172.31.255.255/32", "192.168.0.0/16"] {
            assert_eq!(leads(&scene, private, NextHop::Drop), Verdict::Satisfied, "{private}");
        }
        for shared in ["100.64.0.0/32", "100.95.255.255/32", "100.96.0.0/32", "100.127.255.255/32"] {
            assert_eq!(leads(&scene, shared, NextHop::Drop), Verdict::Satisfied, "{shared}");
        }
        for public in ["100.63.255.255/32", "100.128.0.0/32", "172.32.0.0/32", "9.255.255.255/32", "11.0.0.0/32"] {
            assert_eq!(leads(&scene, public, NextHop::Internet), Verdict::Satisfied, "{public}");
        }
    }

    #[test]
    fn a_service_endpoint_leads_to_the_tag_of_its_service() {
        for (service, tag) in [
            ("Microsoft.KeyVault", "AzureKeyVault"),
            ("microsoft.sql", "Sql.WestEurope"),
            ("Microsoft.ContainerRegistry", "AzureContainerRegistry"),
            ("Microsoft.AzureActiveDirectory", "AzureActiveDirectory"),
            ("Microsoft.AzureCosmosDB", "AzureCosmosDB"),
            ("Microsoft.EventHub", "EventHub"),
            ("Microsoft.ServiceBus", "ServiceBus"),
            ("Microsoft.Web", "AppService"),
        ] {
            let scene = Scene { service_endpoints: vec![Arc::from(service)], ..scene() };
            assert_eq!(leads(&scene, tag, NextHop::ServiceEndpoint), Verdict::Satisfied, "{service}");
            assert_eq!(leads(&scene, "AzureMonitor", NextHop::Internet), Verdict::Satisfied, "{service}");
        }
    }
}
