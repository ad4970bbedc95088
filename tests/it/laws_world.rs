//! One way everything unknown may turn out, for the laws: which address is in which tag, what unknown values are.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use aznetlint::net::{AddressSet, TagData};
use ipnet::IpNet;

use crate::laws_estate::prefixes;

/// How many cases a law is held against: `PROPTEST_CASES`, or the usual number.
pub(crate) fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// A stream of choices that is the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % sides
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.roll(2) == 0
    }
}

/// Every kind of public address there is, by the tags it is in. `Storage` and `AzureActiveDirectory` reach out of
/// `AzureCloud`; where the documents are silent the world chooses.
const KINDS: [&[&str]; 17] = [
    &[],
    &["AzureMachineLearning", "AzureCloud"],
    &["AzureMachineLearning", "AzureMachineLearning.WestEurope", "AzureCloud", "AzureCloud.westeurope"],
    &["Storage"],
    &["Storage", "Storage.WestEurope", "AzureCloud", "AzureCloud.westeurope"],
    &["Storage", "Storage.NorthEurope", "AzureCloud", "AzureCloud.northeurope"],
    &["Storage", "Storage.AustraliaCentral", "AzureCloud", "AzureCloud.australiacentral"],
    &["AzureActiveDirectory"],
    &["AzureMonitor", "AzureCloud"],
    &["AzureMonitor", "AzureMonitor.WestEurope", "AzureCloud", "AzureCloud.westeurope"],
    &["AzureMonitor", "AzureMonitor.AustraliaCentral", "AzureCloud", "AzureCloud.australiacentral"],
    &["BatchNodeManagement", "AzureCloud"],
    &["BatchNodeManagement", "BatchNodeManagement.WestEurope", "AzureCloud", "AzureCloud.westeurope"],
    &["BatchNodeManagement", "BatchNodeManagement.AustraliaCentral", "AzureCloud", "AzureCloud.australiacentral"],
    &["AzureCloud", "AzureCloud.westeurope"],
    &["AzureCloud"],
    &["AzureMachineLearning", "AzureMachineLearning.AustraliaCentral", "AzureCloud", "AzureCloud.australiacentral"],
];

/// How everything turns out.
pub(crate) struct World {
    /// The public addresses, each with its tags.
    public: BTreeMap<IpAddr, Vec<&'static str>>,
    /// What is in the virtual network.
    pub(crate) network: AddressSet,
    choices: BTreeMap<String, usize>,
    /// Prefixes already read.
    read: BTreeMap<String, AddressSet>,
    dice: Dice,
}

impl World {
    pub(crate) fn new(seed: u64, network: AddressSet) -> Self {
        let mut dice = Dice::new(seed);
        for _ in 0..8 {
            dice.roll(2);
        }
        let mut addresses = public_addresses();
        let mut public = BTreeMap::new();
        let mut place = |kind: usize, first: bool, dice: &mut Dice| {
            let address = addresses.swap_remove(dice.roll(addresses.len()));
            let mut tags = KINDS[kind].to_vec();
            let open = !first && (tags == ["Storage"] || tags == ["AzureActiveDirectory"]);
            if open && dice.flip() {
                tags.push("AzureCloud");
            }
            public.insert(address, tags);
            !addresses.is_empty()
        };
        for kind in 0..KINDS.len() {
            place(kind, true, &mut dice);
        }
        while {
            let kind = dice.roll(KINDS.len());
            place(kind, false, &mut dice)
        } {}
        public.extend(corners().into_iter().map(|address| (address, Vec::new())));
        Self { public, network, choices: BTreeMap::new(), read: BTreeMap::new(), dice }
    }

    /// The value of something unknown: the same for the same key.
    pub(crate) fn choose(&mut self, key: &str, sides: usize) -> usize {
        let dice = &mut self.dice;
        *self.choices.entry(key.to_owned()).or_insert_with(|| dice.roll(sides))
    }

    /// The tags as a published list would show them.
    pub(crate) fn data(&self) -> TagData {
        let mut lists: BTreeMap<&str, Vec<IpNet>> = BTreeMap::new();
        for tag in KINDS.iter().copied().flatten() {
            lists.entry(tag).or_default();
        }
        for (address, tags) in &self.public {
            tags.iter().for_each(|tag| lists.entry(tag).or_default().push(IpNet::from(*address)));
        }
        let mut data = TagData::default();
        lists.into_iter().for_each(|(tag, list)| data.insert(tag, list));
        data
    }

    fn is_public(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.public.contains_key(&address),
            IpAddr::V6(address) => address.segments()[0] >> 13 == 1,
        }
    }

    /// Whether an address is in what a rule or requirement names.
    pub(crate) fn is_in(&mut self, name: &str, address: IpAddr) -> bool {
        match name {
            "*" => true,
            "VirtualNetwork" => self.network.contains(address) || address == IpAddr::from([168, 63, 129, 16]),
            "Internet" => self.is_public(address) && !self.network.contains(address),
            "AzureLoadBalancer" => address == IpAddr::from([168, 63, 129, 16]),
            _ if name.contains('/') => {
                let set = self.read.entry(name.to_owned()).or_insert_with(|| prefixes(&[name]));
                set.contains(address)
            }
            _ => self.public.get(&address).is_some_and(|tags| tags.contains(&name)),
        }
    }
}

/// Public addresses in and around the prefixes the laws use; enough for every kind, in every part several.
fn public_addresses() -> Vec<IpAddr> {
    let mut all = Vec::new();
    for (first, second) in [(20, 0), (20, 1), (40, 0), (130, 0), (8, 8)] {
        all.extend((1..=8).map(|last| IpAddr::V4(Ipv4Addr::new(first, second, 7, last))));
    }
    all
}

/// Public addresses of no tag in the parts that only one of two nested prefixes has.
fn corners() -> Vec<IpAddr> {
    [[20, 1, 7, 200], [20, 1, 8, 1], [20, 2, 0, 1], [9, 9, 9, 9], [150, 0, 0, 1]].map(IpAddr::from).to_vec()
}

/// Every address a packet of the laws may have.
pub(crate) fn addresses() -> Vec<IpAddr> {
    let private = [[10, 0, 1, 4], [10, 0, 1, 200], [10, 0, 2, 4], [10, 9, 0, 1], [192, 168, 1, 1], [172, 16, 0, 1]];
    let platform = [[168, 63, 129, 16], [169, 254, 169, 254]];
    let own = private.into_iter().chain(platform).map(IpAddr::from);
    let v6 = ["fd00::4", "fd00:0:1::4", "fd00:9::1", "2001:db8::1", "2001:db8:1::1", "2620::1", "fe80::1"];
    let own = own.chain(v6.iter().filter_map(|text| text.parse().ok()));
    own.chain(corners()).chain(public_addresses()).collect()
}
