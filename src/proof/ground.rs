//! Addresses as rules and requirements name them, turned into what cells are split by: sets where they are known,
//! symbols where they are not.
//!
//! The meaning of `VirtualNetwork`, `Internet`, `AzureLoadBalancer` and the platform's own addresses stands here
//! (NSG-17 to NSG-21). Which rule goes first is the work of `nsg` and `route`.

use std::sync::{Arc, OnceLock};

use crate::estate::{Access, Export, Field, Peer, Side};
use crate::json::{Part, Unknown};
use crate::net::{
    AddressSet, Bound, Cloud, Family, METADATA, PLATFORM, PortSet, RangeSet, Reading, Special, Tag, TagData,
};
use crate::proof::cell::Match;
use crate::proof::doubt::{Doubt, Reason, Remedy, What};
use crate::proof::host::{HostPattern, HostSet};
use crate::proof::scene::Scene;
use crate::proof::symbol::{End, Literal, Meaning, Symbol, Symbols};

/// Somebody traffic comes from or goes to, as a requirement names them.
#[derive(Clone, Debug)]
pub enum Party {
    /// The subnet of the scene.
    Subnet,
    /// A service tag, `VirtualNetwork` and `Internet` among them.
    Tag(Tag),
    /// The regional form of a tag where only a deployment can tell the region.
    Regional(Tag, Arc<Unknown>),
    /// Addresses.
    Addresses(AddressSet),
    /// Hosts by name. Their addresses are public; which ones only name resolution can tell.
    Hosts(HostSet),
    /// Hosts by name, of others than Azure's services: no tag of one service holds their addresses.
    Untagged(HostSet),
    /// Everybody.
    Any,
}

impl Party {
    /// Reads an end of a flow as users write it: `subnet`, `any`, an address, a prefix, a service tag, a host or a
    /// pattern of hosts. `None` when it is none of them.
    pub fn read(text: &str, cloud: Option<Cloud>) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("subnet") {
            return Some(Self::Subnet);
        }
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Some(Self::Any);
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Addresses(AddressSet::address(address)));
        }
        if let Ok(prefix) = text.parse() {
            return Some(Self::Addresses(AddressSet::prefix(prefix)));
        }
        if let Some(tag) = Tag::read(text, cloud).tag() {
            return Some(Self::Tag(tag));
        }
        // No top-level domain is a number: that is a slip of an address.
        let last = text.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
        let host = HostPattern::read(text).filter(|_| text.contains('.') && !numeric)?;
        Some(Self::Hosts(HostSet::of(&host)))
    }
}

/// The addresses that a proof is made over: one scene in one address family, with the symbols for what is not known.
pub(crate) struct Ground<'s, 'a> {
    pub(crate) scene: &'s Scene<'a>,
    pub(crate) symbols: Symbols,
    /// Every address of the family.
    pub(crate) space: Arc<AddressSet>,
    /// The addresses that service tags can hold: what is public, be it the network's own.
    pub(crate) tagged: Arc<AddressSet>,
    /// What is public and not in the network.
    pub(crate) public: Arc<AddressSet>,
    /// What is known of `VirtualNetwork`, platform address included.
    network: Arc<AddressSet>,
    /// Public addresses that a route may have made part of `VirtualNetwork`.
    tunnelled: Arc<AddressSet>,
    tunnelled_tags: Arc<[Tag]>,
    /// The tags of another cloud that the proof is about.
    foreign: Arc<[(End, Tag)]>,
    /// The near side of a rule may name groups of which some interface is a member.
    near_members: bool,
    /// Whose scene it is, where that is not the one of the proof: what is not known of it is its own.
    owner: Option<Arc<str>>,
}

/// The platform's addresses, which are open whatever a rule says, unless it names their own tags (NSG-21).
pub(crate) fn platform_addresses() -> &'static AddressSet {
    static ADDRESSES: OnceLock<AddressSet> = OnceLock::new();
    ADDRESSES.get_or_init(|| AddressSet::address(PLATFORM).union(&AddressSet::address(METADATA)))
}

/// Every port: what most rules ask of the source.
pub(crate) fn every_port() -> Arc<PortSet> {
    static PORTS: OnceLock<Arc<PortSet>> = OnceLock::new();
    Arc::clone(PORTS.get_or_init(|| Arc::new(PortSet::full())))
}

/// Every address that may be public (NSG-20), `VirtualNetwork` not yet taken away.
pub(crate) fn public_space() -> &'static AddressSet {
    AddressSet::public()
}

impl<'s, 'a> Ground<'s, 'a> {
    pub(crate) fn new(scene: &'s Scene<'a>, family: Family) -> Self {
        let space = match family {
            Family::V4 => AddressSet::all_v4(),
            Family::V6 => AddressSet::all_v6(),
        };
        let tagged = public_space().intersection(&space);
        let public = &tagged;
        let (routed, tunnelled_tags) = scene.tunnelled();
        let routed = routed.intersection(&space);
        // What is private and leads to an appliance or a gateway is part of the network (NSG-17).
        let network = scene.network.union(&AddressSet::address(PLATFORM)).intersection(&space);
        let network = network.union(&routed.difference(public));
        let tunnelled = routed.intersection(public).difference(&network);
        let public = public.difference(&network);
        // What says nothing of its cloud is in the public one (TAG-12).
        let mut symbols = Symbols::new(family, Some(scene.cloud.unwrap_or(Cloud::Public)));
        symbols.public_network = public != tagged;
        Self {
            scene,
            symbols,
            space: space.into(),
            tagged: tagged.into(),
            public: public.into(),
            network: network.into(),
            tunnelled: tunnelled.into(),
            tunnelled_tags: tunnelled_tags.into(),
            foreign: Arc::default(),
            near_members: false,
            owner: None,
        }
    }

    /// Rules of another place on the way: what they name is read as that place sees it. `owner`: whose it is.
    pub(crate) fn elsewhere<T>(
        &mut self,
        scene: &Scene<'a>,
        owner: &str,
        make: impl FnOnce(&mut Ground<'_, 'a>) -> T,
    ) -> T {
        let mut there = Ground::new(scene, self.symbols.family).about(&self.foreign).with_near_members();
        there.owner = Some(Arc::from(owner));
        let public_network = self.symbols.public_network || there.symbols.public_network;
        std::mem::swap(&mut self.symbols, &mut there.symbols);
        let made = make(&mut there);
        std::mem::swap(&mut self.symbols, &mut there.symbols);
        self.symbols.public_network = public_network;
        made
    }

    /// The same ground for proofs about tags of another cloud: rules that name them match them (ALG-3).
    pub(crate) fn about(self, foreign: &[(End, Tag)]) -> Self {
        Self { foreign: foreign.into(), ..self }
    }

    /// The same ground for facts about rules, whatever interface they are looked at from: on both sides an application
    /// security group has members.
    pub(crate) fn with_near_members(self) -> Self {
        Self { near_members: true, ..self }
    }

    /// The same ground with symbols of its own above others.
    pub(crate) fn above(&self, symbols: &Arc<Symbols>) -> Self {
        Self {
            scene: self.scene,
            symbols: Symbols::above(symbols),
            space: Arc::clone(&self.space),
            tagged: Arc::clone(&self.tagged),
            public: Arc::clone(&self.public),
            network: Arc::clone(&self.network),
            tunnelled: Arc::clone(&self.tunnelled),
            tunnelled_tags: Arc::clone(&self.tunnelled_tags),
            foreign: Arc::clone(&self.foreign),
            near_members: self.near_members,
            owner: self.owner.clone(),
        }
    }

    /// The addresses of a requirement's party.
    pub(crate) fn party(&mut self, end: End, party: &Party) -> Match<AddressSet> {
        let mut all = Match::nothing();
        match party {
            Party::Any => all.add(Arc::clone(&self.space), Vec::new()),
            Party::Addresses(set) => all.add(set.intersection(&self.space), Vec::new()),
            Party::Subnet => match &self.scene.subnet {
                Some(prefixes) => all.add(prefixes.intersection(&self.space), Vec::new()),
                // Every subnet has IPv4 addresses; that one has others as well must be shown.
                None if self.symbols.family == Family::V6 => {}
                None => {
                    let subnet = self.symbols.of(Meaning::Subnet(end), || {
                        Doubt::new(Reason::SubnetPrefix).settled_by(Remedy::SubnetPrefixes)
                    });
                    // A subnet has private addresses where nothing else is shown (NSG-14).
                    let known = self.scene.network_complete && !self.network.is_empty();
                    let range = if known { Arc::clone(&self.network) } else { self.private().into() };
                    all.add(range, vec![subnet.holds()]);
                }
            },
            Party::Hosts(hosts) | Party::Untagged(hosts) if hosts.is_empty() => {}
            Party::Hosts(hosts) => self.hosts(Meaning::Host(end), hosts, &AddressSet::empty(), &mut all),
            Party::Untagged(hosts) => {
                let elsewhere = self.scene.tags.map(TagData::of_single_services);
                let none = AddressSet::empty();
                self.hosts(Meaning::Untagged(end), hosts, elsewhere.unwrap_or(&none), &mut all);
            }
            Party::Regional(base, unknown) => self.regional(end, *base, unknown, &mut all),
            Party::Tag(tag) => match tag.special() {
                Some(Special::VirtualNetwork) => {
                    // The platform's address is no destination anybody asks for (NSG-21).
                    self.network_terms(end, &mut all);
                    let platform = platform_addresses();
                    for term in &mut all.terms {
                        term.set = Arc::new(term.set.difference(platform));
                    }
                    all.terms.retain(|term| !term.set.is_empty());
                }
                Some(Special::Internet) => self.internet(&mut all),
                Some(other) => self.special(end, other, None, &mut all),
                None => self.tag(end, &tag.to_string(), &mut all),
            },
        }
        all
    }

    /// Hosts lie on the internet, away from some of it.
    fn hosts(&mut self, meaning: Meaning, hosts: &HostSet, away: &AddressSet, all: &mut Match<AddressSet>) {
        let symbol = self.symbols.of(meaning, || Doubt::new(Reason::HostAddresses(hosts.to_string())));
        let mut internet = Match::nothing();
        self.internet(&mut internet);
        for term in internet.terms {
            let cube = [symbol.holds()].into_iter().chain(term.cube).collect();
            all.add(term.set.difference(away), cube);
        }
    }

    /// The tags of a flow's ends that are another cloud's, and of whose addresses nothing is loaded.
    pub(crate) fn foreign(scene: &Scene<'_>, from: &Party, to: &Party) -> Vec<(End, Tag)> {
        let read = |party: &Party| match party {
            Party::Tag(tag) if tag.special().is_none() => Tag::read(&tag.to_string(), scene.cloud).tag(),
            _ => None,
        };
        let ends = [(End::Source, read(from)), (End::Destination, read(to))];
        let foreign = |tag: &Tag| scene.cloud.is_some_and(|cloud| !tag.is_in(cloud));
        ends.into_iter().filter_map(|(end, tag)| Some((end, tag.filter(foreign)?))).collect()
    }

    /// The addresses of one side of a rule. `peer`: it is the side away from the subnet. `access`: what the rule does.
    pub(crate) fn side(
        &mut self,
        end: End,
        peer: bool,
        access: Access,
        side: &Side,
        tagged: bool,
    ) -> Match<AddressSet> {
        let mut all = Match::nothing();
        let mut known: Vec<&AddressSet> = Vec::new();
        // Effective rules show a tag beside the addresses it stood for; the name says more while no data is loaded.
        let named = |item: &Field<Peer>| match item.known() {
            Some(Peer::Tag(name)) => Tag::read(name, None).tag().is_some_and(|tag| tag.special().is_none()),
            _ => false,
        };
        if let ([only], []) = (side.items.as_slice(), side.groups.as_slice())
            && let Ok(Peer::Any) = only.value
        {
            return Match::of(Arc::clone(&self.space));
        }
        let by_name = tagged && self.scene.tags.is_none() && side.items.iter().any(named);
        for item in &side.items {
            match &item.value {
                Ok(Peer::Any) => all.add(Arc::clone(&self.space), Vec::new()),
                Ok(Peer::Addresses(set)) if !by_name => known.push(set),
                Ok(Peer::Addresses(_) | Peer::Invalid(_)) => {}
                Ok(Peer::Tag(name)) => match Tag::read(name, self.scene.cloud).tag().and_then(Tag::special) {
                    // The expansion that stands beside it knows the network better than we do.
                    Some(Special::VirtualNetwork) if tagged && side.items.len() > 1 => {}
                    Some(special) => self.special(end, special, peer.then_some(access), &mut all),
                    None if self.is_elsewhere(end, name) => {}
                    None => self.tag(end, name, &mut all),
                },
                Err(unknown) => match one_of(unknown) {
                    Some(values) => self.one_of((end, peer, access), (side, tagged), unknown, values, &mut all),
                    None => self.unknown(end, unknown, &mut all),
                },
            }
        }
        all.add(self.known(&known), Vec::new());
        // The compute's own interfaces are never shown to be members of a group (NSG-23); its peers may be.
        let counts = peer || self.near_members;
        side.groups.iter().filter(|_| counts).for_each(|group| self.members(end, group, &mut all));
        if side.items.is_empty() && side.groups.is_empty() {
            let key = Arc::from(format!("side {side:p}"));
            let symbol =
                self.symbols.of(Meaning::Addresses(end, key), || Doubt::new(Reason::NoAddressNamed).at(side.span));
            all.add(Arc::clone(&self.space), vec![symbol.holds()]);
        }
        all
    }

    /// The addresses of the family in any of some sets.
    pub(crate) fn known(&self, sets: &[&AddressSet]) -> AddressSet {
        fn union<'s, T: Bound>(sets: &[&'s AddressSet], of: fn(&'s AddressSet) -> &'s RangeSet<T>) -> RangeSet<T> {
            match sets {
                [one] => of(one).clone(),
                many => RangeSet::from_ranges(many.iter().flat_map(|set| of(set).ranges().iter().copied())),
            }
        }
        match self.symbols.family {
            Family::V4 => AddressSet { v4: union(sets, |set| &set.v4), v6: RangeSet::empty() },
            Family::V6 => AddressSet { v4: RangeSet::empty(), v6: union(sets, |set| &set.v6) },
        }
    }

    /// The members of an application security group: some addresses of the network.
    fn members(&mut self, end: End, group: &Field<Arc<str>>, all: &mut Match<AddressSet>) {
        let key = match &group.value {
            Ok(id) => Arc::from(id.to_ascii_lowercase()),
            Err(unknown) => Arc::clone(&unknown.key),
        };
        let symbol = self.symbols.of(Meaning::Group(end, key), || Doubt::new(Reason::GroupMembers).at(group.span));
        let mut network = Match::nothing();
        self.network_terms(end, &mut network);
        for term in network.terms {
            all.add(term.set, term.cube.into_iter().chain([symbol.holds()]).collect());
        }
    }

    /// A value that is one of a few, the same for every packet: which one is a matter of the world.
    fn one_of(
        &mut self,
        (end, peer, access): (End, bool, Access),
        (side, tagged): (&Side, bool),
        unknown: &Arc<Unknown>,
        values: Vec<Peer>,
        all: &mut Match<AddressSet>,
    ) {
        let mut others: Vec<Literal> = Vec::new();
        let last = values.len().saturating_sub(1);
        for (at, value) in values.into_iter().enumerate() {
            let mut world = others.clone();
            if at < last {
                let meaning = Meaning::World(Arc::from(format!("{} is value {at}", unknown.key)));
                let symbol = self.symbols.of(meaning, || Doubt::of(What::Value(Arc::clone(&unknown.text)), unknown));
                world.push(symbol.holds());
                others.push(symbol.fails());
            }
            let items = vec![Field { value: Ok(value), span: side.span, via: None }];
            let alone = Side { items, groups: Vec::new(), span: side.span };
            for term in self.side(end, peer, access, &alone, tagged).terms {
                all.add(term.set, world.iter().copied().chain(term.cube).collect());
            }
        }
    }

    /// A tag by the name written. Data make it a set; without data it is a symbol; what is no tag matches nothing.
    pub(crate) fn tag(&mut self, end: End, name: &str, all: &mut Match<AddressSet>) {
        if let Some(prefixes) = self.scene.tags.and_then(|data| data.get(name)) {
            all.add(prefixes.set.intersection(&self.space), Vec::new());
            return;
        }
        let meaning = match Tag::read(name, self.scene.cloud) {
            Reading::Known(tag) | Reading::Alias { tag, .. } => Meaning::Tag(end, tag),
            Reading::UnknownRegion { base, .. } => {
                Meaning::Regional(end, base, Arc::from(name.to_ascii_lowercase()), true)
            }
            Reading::Unknown { .. } => return,
        };
        let symbol = self.symbols.of(meaning, || {
            let doubt = Doubt::new(Reason::TagNotLoaded(Arc::from(name)));
            doubt.settled_by(Remedy::ServiceTags).shown_by([Export::ServiceTags])
        });
        all.add(Arc::clone(&self.tagged), vec![symbol.holds()]);
    }

    /// Whether a rule's tag matches nothing here: another cloud's, or a region that neither the catalogue nor the data
    /// know (TAG-11, NSG-27). A tag that is required is equal to itself all the same (ALG-3).
    fn is_elsewhere(&self, end: End, name: &str) -> bool {
        if self.scene.tags.is_some_and(|data| data.get(name).is_some()) {
            return false;
        }
        match Tag::read(name, self.scene.cloud) {
            Reading::Known(tag) | Reading::Alias { tag, .. } => {
                self.scene.cloud.is_some_and(|cloud| !tag.is_in(cloud)) && !self.foreign.contains(&(end, tag))
            }
            Reading::UnknownRegion { .. } => self.scene.tags.is_some(),
            Reading::Unknown { .. } => true,
        }
    }

    /// A value only a deployment can tell; of `Storage.` and an unknown region the tag is known all the same.
    pub(crate) fn unknown(&mut self, end: End, unknown: &Arc<Unknown>, all: &mut Match<AddressSet>) {
        if let Some((base, region)) = regional_parts(unknown) {
            self.regional(end, base, region, all);
            return;
        }
        let symbol = self.symbols.of(Meaning::Addresses(end, Arc::clone(&unknown.key)), || match &*unknown.text {
            "" => Doubt::of(What::Address, unknown),
            _ => Doubt::of(What::Value(Arc::clone(&unknown.text)), unknown),
        });
        all.add(Arc::clone(&self.space), vec![symbol.holds()]);
    }

    fn regional(&mut self, end: End, base: Tag, region: &Arc<Unknown>, all: &mut Match<AddressSet>) {
        let symbol = self.symbols.of(Meaning::Regional(end, base, Arc::clone(&region.key), false), || {
            Doubt::of(What::Region(base, Arc::clone(&region.text)), region)
        });
        all.add(Arc::clone(&self.tagged), vec![symbol.holds()]);
    }

    /// A special tag as the only address of a rule's side.
    pub(crate) fn special_in_rule(&mut self, end: End, special: Special, access: Option<Access>) -> Match<AddressSet> {
        let mut all = Match::nothing();
        self.special(end, special, access, &mut all);
        all
    }

    /// A special tag in a rule. `access`: what the rule does, when this is the side away from the subnet.
    fn special(&mut self, end: End, special: Special, access: Option<Access>, all: &mut Match<AddressSet>) {
        let one = |address| AddressSet::address(address).intersection(&self.space);
        match special {
            Special::LoadBalancer | Special::PlatformDns => all.add(one(PLATFORM), Vec::new()),
            Special::PlatformMetadata => all.add(one(METADATA), Vec::new()),
            Special::PlatformActivation => {
                let tag = Tag::named("AzurePlatformLKM").expect("the catalogue has the platform's tags");
                let symbol =
                    self.symbols.of(Meaning::Tag(end, tag), || Doubt::new(Reason::TagNotPublished("AzurePlatformLKM")));
                all.add(Arc::clone(&self.tagged), vec![symbol.holds()]);
            }
            Special::VirtualNetwork => {
                self.network_terms(end, all);
                match access {
                    None => {}
                    Some(Access::Deny) => all.add(Arc::clone(&self.tunnelled), Vec::new()),
                    Some(Access::Allow) if self.tunnelled.is_empty() => {}
                    Some(Access::Allow) => all.add(Arc::clone(&self.tunnelled), vec![self.widened()]),
                }
                if access.is_some() {
                    for tag in Arc::clone(&self.tunnelled_tags).iter() {
                        let mut addresses = Match::nothing();
                        self.tag(end, &tag.to_string(), &mut addresses);
                        let widened = self.widened();
                        for term in addresses.terms {
                            let cube = [widened].into_iter().chain(term.cube).collect();
                            all.add(term.set, cube);
                        }
                    }
                }
            }
            Special::Internet => self.internet(all),
        }
    }

    /// `Internet`: what is public and not in the network, also where a route leads it to an appliance: `VirtualNetwork`
    /// may then hold the same addresses, and a rule for either matches them (NSG-18, UNC-1).
    fn internet(&self, all: &mut Match<AddressSet>) {
        all.add(Arc::clone(&self.public), Vec::new());
    }

    /// What is known of `VirtualNetwork`, the platform's address included.
    pub(crate) fn known_network(&self) -> &AddressSet {
        &self.network
    }

    /// Whether a route leads public addresses to an appliance or a gateway.
    pub(crate) fn is_tunnelled(&self) -> bool {
        !self.tunnelled.is_empty() || !self.tunnelled_tags.is_empty()
    }

    /// `VirtualNetwork` without what routes may add to it.
    fn network_terms(&mut self, end: End, all: &mut Match<AddressSet>) {
        all.add(Arc::clone(&self.network), Vec::new());
        if !self.scene.network_complete {
            let symbol = self.network_symbol(end);
            all.add(self.private().difference(&self.network), vec![symbol.holds()]);
        }
    }

    /// Where a subnet or network that is not shown may lie: public ranges are taken for the network's own only when it
    /// is shown to have them.
    fn private(&self) -> AddressSet {
        self.space.difference(&self.public)
    }

    /// The part of `VirtualNetwork` that is not known.
    pub(crate) fn unknown_network(&mut self, all: &mut Match<AddressSet>) {
        let symbol = self.network_symbol(End::Destination);
        all.add(self.private().difference(&self.network), vec![symbol.holds()]);
    }

    fn network_symbol(&mut self, end: End) -> Symbol {
        let meaning = match &self.owner {
            None => Meaning::Network(end),
            Some(owner) => Meaning::Addresses(end, Arc::from(format!("the network of {owner}"))),
        };
        self.symbols.of(meaning, || Doubt::new(Reason::NetworkIncomplete).settled_by(Remedy::FileOfNetwork))
    }

    /// That `VirtualNetwork` holds what routes lead to an appliance (NSG-18).
    fn widened(&mut self) -> Literal {
        let owner = self.owner.as_deref().unwrap_or_default();
        let meaning = Meaning::World(Arc::from(format!("the network is widened {owner}").trim_end()));
        let symbol = self.symbols.of(meaning, || Doubt::new(Reason::NetworkWidened));
        symbol.holds()
    }
}

/// At most so many values are told apart; keeps the cases of a proof few.
const MOST_VALUES: usize = 4;

/// The values of an unknown that is one of a few; `None` when they are many or cannot all be read.
fn one_of(unknown: &Unknown) -> Option<Vec<Peer>> {
    let domain = Some(&unknown.domain).filter(|domain| (1..=MOST_VALUES).contains(&domain.len()))?;
    domain.iter().map(|node| node.text().and_then(Peer::named)).collect()
}

/// The tag and the unknown region of a value such as `Storage.` and a parameter.
pub(crate) fn regional_parts(unknown: &Unknown) -> Option<(Tag, &Arc<Unknown>)> {
    match unknown.parts.as_slice() {
        [Part::Text(start), Part::Hole(region)] => {
            let base = Tag::read(start.strip_suffix('.')?, None).tag()?;
            base.has_regions().then_some((base, region))
        }
        _ => None,
    }
}
