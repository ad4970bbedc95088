//! How the address sets of service tags relate, known from their names alone (TAG-15).
//!
//! The published lists nest: regional forms inside their tag and inside `AzureCloud` of the region, most tags inside
//! `AzureCloud`, a few services inside another one, and all of them inside `Internet`. What does not nest is disjoint,
//! except towards `AzureCloud`. With a snapshot of the lists at hand nobody asks here.

use crate::net::region::Cloud;
use crate::net::tag::{Special, Tag};

/// The address families, which are proven one by one (ALG-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// What is known of two address sets. Where a set may be empty, the weaker reading holds as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same set.
    Equal,
    /// The first lies inside the second.
    Inside,
    /// The second lies inside the first.
    Holds,
    /// No address is in both.
    Disjoint,
    /// Nothing is known.
    Open,
}

impl Relation {
    /// Whether every address of the first is known to be in the second.
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Equal | Self::Inside)
    }

    fn swapped(self) -> Self {
        match self {
            Self::Inside => Self::Holds,
            Self::Holds => Self::Inside,
            same => same,
        }
    }
}

impl Tag {
    /// How its addresses of a family relate to those of another tag. Without a cloud only what holds in all of them is
    /// known. `VirtualNetwork` and the other tags that depend on the network are taken at their usual meaning.
    pub fn relation(self, other: Self, family: Family, cloud: Option<Cloud>) -> Relation {
        if self == other {
            return Relation::Equal;
        }
        if let (Some(one), Some(two)) = (self.cloud(), other.cloud())
            && one != two
        {
            return Relation::Disjoint;
        }
        match (self.special(), other.special()) {
            (Some(one), Some(two)) => return special(one, two),
            (Some(one), None) => return other.to_special(one).swapped(),
            (None, Some(two)) => return self.to_special(two),
            (None, None) => {}
        }
        match (self.is_azure_cloud(), other.is_azure_cloud()) {
            (true, false) => return other.to_azure_cloud(self, family, cloud).swapped(),
            (false, true) => return self.to_azure_cloud(other, family, cloud),
            _ => {}
        }
        if self.base() == other.base() {
            return match (self.is_base(), other.is_base()) {
                (false, true) => Relation::Inside,
                (true, false) => Relation::Holds,
                _ if self.region().is_some() && other.region().is_some() => Relation::Disjoint,
                _ => Relation::Open,
            };
        }
        if self.parent() == Some(other.base()) {
            return if other.is_base() { Relation::Inside } else { Relation::Open };
        }
        if other.parent() == Some(self.base()) {
            return if self.is_base() { Relation::Holds } else { Relation::Open };
        }
        Relation::Disjoint
    }

    /// Whether it is known to have IPv4 addresses that none of its regional forms has: a fact of the public cloud.
    pub fn exceeds_its_regions(self, cloud: Option<Cloud>) -> bool {
        self.is_base() && self.entry().beyond_regions && cloud == Some(Cloud::Public)
    }

    /// Whether it is known to have IPv4 addresses that `AzureCloud` has not. Without a cloud: in every one it is in.
    pub fn exceeds_azure_cloud(self, cloud: Option<Cloud>) -> bool {
        let entry = self.entry();
        let mut own = Cloud::ALL.into_iter().filter(|one| entry.clouds.contains(*one));
        self.is_base()
            && match cloud {
                Some(cloud) => entry.outside.contains(cloud),
                None => !entry.clouds.is_empty() && own.all(|one| entry.outside.contains(one)),
            }
    }

    /// Whether it is known to have addresses of a family at all.
    pub fn has_addresses(self, family: Family) -> bool {
        match family {
            Family::V4 => self.is_base() || self.cloud().is_some_and(|cloud| !self.entry().sparse.contains(cloud)),
            // Which services have IPv6 addresses changes from list to list.
            Family::V6 => false,
        }
    }

    /// Whether each of its regional forms is known to have addresses of a family.
    pub fn has_addresses_everywhere(self, family: Family) -> bool {
        family == Family::V4 && self.entry().regional && self.entry().sparse.is_empty()
    }

    /// How the addresses of its regional form relate to those of another tag, whatever the region is.
    pub fn relation_in_some_region(self, other: Self, family: Family, cloud: Option<Cloud>) -> Relation {
        match self.base().relation(other, family, cloud) {
            Relation::Equal | Relation::Inside => Relation::Inside,
            Relation::Disjoint => Relation::Disjoint,
            _ if other.is_azure_cloud() && other.is_base() && family == Family::V4 && self.entry().apart.is_empty() => {
                Relation::Inside
            }
            _ => Relation::Open,
        }
    }

    /// The relation of a service's tag to a special one. Service tags hold public addresses only (NSG-20).
    fn to_special(self, other: Special) -> Relation {
        match other {
            Special::Internet => Relation::Inside,
            // Windows activation runs on addresses that `AzureCloud` lists and no service does.
            Special::PlatformActivation if self.is_azure_cloud() => Relation::Open,
            _ => Relation::Disjoint,
        }
    }

    /// The relation of a service's tag to `AzureCloud` or to one of its regions.
    fn to_azure_cloud(self, azure: Self, family: Family, cloud: Option<Cloud>) -> Relation {
        if let (Some(one), Some(two)) = (self.region_index(), azure.region_index())
            && one != two
        {
            return Relation::Disjoint;
        }
        if family == Family::V6 {
            return Relation::Open;
        }
        let entry = self.entry();
        match (self.region_index(), azure.is_base()) {
            (Some(region), _) if !entry.apart.contains(&region) => Relation::Inside,
            (None, true) if self.is_base() => {
                let clouds = Cloud::ALL.into_iter().filter(|one| cloud.is_none_or(|cloud| cloud == *one));
                let outside = clouds.filter(|one| entry.outside.contains(*one)).count() > 0;
                if outside || entry.clouds.is_empty() { Relation::Open } else { Relation::Inside }
            }
            _ => Relation::Open,
        }
    }
}

fn special(one: Special, two: Special) -> Relation {
    use Special::{Internet, LoadBalancer, PlatformActivation, PlatformDns, VirtualNetwork};
    match (one, two) {
        (PlatformActivation, Internet) => Relation::Inside,
        (Internet, PlatformActivation) => Relation::Holds,
        (LoadBalancer, PlatformDns) | (PlatformDns, LoadBalancer) => Relation::Equal,
        (LoadBalancer | PlatformDns, VirtualNetwork) => Relation::Inside,
        (VirtualNetwork, LoadBalancer | PlatformDns) => Relation::Holds,
        _ => Relation::Disjoint,
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Relation};
    use crate::net::region::Cloud;
    use crate::net::tag::Tag;

    fn relation(one: &str, two: &str) -> Relation {
        let tag = |text: &str| Tag::named(text).unwrap();
        let there = tag(one).relation(tag(two), Family::V4, Some(Cloud::Public));
        assert_eq!(tag(two).relation(tag(one), Family::V4, Some(Cloud::Public)).swapped(), there);
        there
    }

    #[test]
    fn regional_forms_nest_and_are_apart_from_each_other() {
        assert_eq!(relation("Storage.WestEurope", "Storage"), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "AzureCloud.westeurope"), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("AzureCloud.norwaye", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("Storage.WestEurope", "Storage.NorthEurope"), Relation::Disjoint);
        assert_eq!(relation("Storage.WestEurope", "AzureCloud.northeurope"), Relation::Disjoint);
    }

    #[test]
    fn not_every_tag_is_in_azure_cloud() {
        assert_eq!(relation("AzureMachineLearning", "AzureCloud"), Relation::Inside);
        assert_eq!(relation("AzureActiveDirectory", "AzureCloud"), Relation::Open);
        assert_eq!(relation("Storage", "AzureCloud"), Relation::Open);
        assert_eq!(relation("ActionGroup.WestUS2", "AzureCloud.westus2"), Relation::Open);
        let storage = Tag::named("Storage").unwrap();
        let azure = Tag::named("AzureCloud").unwrap();
        assert_eq!(storage.relation(azure, Family::V4, Some(Cloud::Government)), Relation::Inside);
        assert_eq!(storage.relation(azure, Family::V4, None), Relation::Open);
    }

    #[test]
    fn some_tags_are_known_to_exceed_azure_cloud() {
        let exceeds = |text: &str, cloud| Tag::named(text).unwrap().exceeds_azure_cloud(cloud);
        assert!(exceeds("AzureActiveDirectory", None));
        assert!(exceeds("AzureFrontDoor.Frontend", Some(Cloud::Public)));
        assert!(exceeds("Storage", Some(Cloud::China)));
        assert!(!exceeds("Storage", None));
        assert!(!exceeds("Storage.WestEurope", Some(Cloud::Public)));
        assert!(!exceeds("AzureFrontDoor.Frontend", Some(Cloud::Government)));
        assert!(!exceeds("AzureMachineLearning", Some(Cloud::Public)));
        assert!(!exceeds("AzureCloud", Some(Cloud::Public)));
    }

    #[test]
    fn the_addresses_of_services_are_public() {
        assert_eq!(relation("AzureMachineLearning", "Internet"), Relation::Inside);
        assert_eq!(relation("AzureMachineLearning", "VirtualNetwork"), Relation::Disjoint);
        assert_eq!(relation("AzureMachineLearning", "AzureLoadBalancer"), Relation::Disjoint);
    }

    #[test]
    fn services_are_apart_unless_one_is_part_of_the_other() {
        assert_eq!(relation("AzureMachineLearning", "AzureMachineLearningInference"), Relation::Disjoint);
        assert_eq!(relation("AzureMonitor.Core", "AzureMonitor"), Relation::Inside);
        assert_eq!(relation("AzureMonitor.Core", "AzureMonitor.WestEurope"), Relation::Open);
        assert_eq!(relation("AzureActiveDirectoryDomainServices", "AzureActiveDirectory"), Relation::Inside);
    }

    #[test]
    fn less_is_known_of_ipv6() {
        let tag = |text: &str| Tag::named(text).unwrap();
        let relation = |one: &str, two: &str| tag(one).relation(tag(two), Family::V6, Some(Cloud::Public));
        assert_eq!(relation("AzureMachineLearning", "AzureCloud"), Relation::Open);
        assert_eq!(relation("Storage.WestEurope", "Storage"), Relation::Inside);
    }
}
