//! Which resource of Terraform is which of Azure's, and which argument becomes which property (TF-100 to TF-172). Data for
//! whoever reads plans, states or configurations; every spelling of every version of the provider is in it, the newest
//! first: of two that are there, the first counts.

mod firewall;
mod learning;
mod neighbour;
mod network;
mod private;
mod row;
mod service;

pub(crate) use row::{Attachment, How, Inner, Mapping, Mode, Owner, Parent, Row};

use self::row::group;

/// What is needed for ids alone.
const GROUP: &[Mapping] = &[
    Mapping {
        parent: Parent::Subscription,
        ..group("azurerm_resource_group", "Microsoft.Resources/resourceGroups", &[])
    },
    Mapping { parent: Parent::Azapi, ..group("azapi_resource", "", &[]) },
    Mapping { parent: Parent::Azapi, ..group("azapi_update_resource", "", &[]) },
];

/// The mapping of a resource type; `None` when it is none of those read.
pub(crate) fn mapping(kind: &str) -> Option<&'static Mapping> {
    let families = [network::ALL, firewall::ALL, learning::ALL, private::ALL, service::ALL, neighbour::ALL, GROUP];
    families.into_iter().flatten().find(|mapping| mapping.terraform == kind)
}

/// What a resource sets on another one; empty for one that sets nothing.
pub(crate) fn attachments(kind: &str) -> impl Iterator<Item = &'static Attachment> + use<'_> {
    let families = [network::ATTACHED, firewall::ATTACHED, private::ATTACHED, service::ATTACHED];
    families.into_iter().flatten().filter(move |one| one.terraform == kind)
}

/// The blocks of a resource that are resources of their own in Azure.
pub(crate) fn inner(kind: &str) -> impl Iterator<Item = &'static Inner> + use<'_> {
    private::INNER.iter().filter(move |one| one.terraform == kind)
}

/// Beginnings of the types that say something of networks: of those without a mapping it is said that they are not
/// judged.
const NETWORKS: &[&str] = &[
    "azurerm_application_gateway",
    "azurerm_bastion",
    "azurerm_express_route",
    "azurerm_firewall",
    "azurerm_frontdoor",
    "azurerm_lb",
    "azurerm_local_network_gateway",
    "azurerm_nat_gateway",
    "azurerm_network_manager",
    "azurerm_point_to_site_vpn_gateway",
    "azurerm_private_",
    "azurerm_route",
    "azurerm_subnet",
    "azurerm_virtual_hub",
    "azurerm_virtual_network",
    "azurerm_virtual_wan",
    "azurerm_vpn",
    "azurerm_web_application_firewall",
];

/// Whether a type says something of networks.
pub(crate) fn is_network(kind: &str) -> bool {
    NETWORKS.iter().any(|start| kind.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{GROUP, firewall, is_network, learning, mapping, neighbour, network, private, service};

    #[test]
    fn each_type_is_mapped_once_and_known_by_its_azure_type() {
        let mut seen = BTreeSet::new();
        let families = [network::ALL, firewall::ALL, learning::ALL, private::ALL, service::ALL, neighbour::ALL, GROUP];
        for one in families.into_iter().flatten() {
            assert!(seen.insert(one.terraform), "{}", one.terraform);
            assert!(one.azure.is_empty() || one.azure.starts_with("Microsoft."), "{}", one.azure);
        }
        assert_eq!(mapping("azurerm_subnet").unwrap().azure, "Microsoft.Network/virtualNetworks/subnets");
        assert!(mapping("azurerm_lb").is_none() && is_network("azurerm_lb"));
    }
}
