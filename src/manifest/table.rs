//! Which object of Azure Service Operator is which resource of Azure
//! (azure.github.io/azure-service-operator/reference, group by group).

/// Group, kind, and type in Azure. The version behind the group names an API version, and says nothing else.
const KINDS: &[(&str, &str, &str)] = &[
    ("resources.azure.com", "ResourceGroup", RESOURCE_GROUP),
    ("network.azure.com", "NetworkSecurityGroup", "Microsoft.Network/networkSecurityGroups"),
    ("network.azure.com", "NetworkSecurityGroupsSecurityRule", "Microsoft.Network/networkSecurityGroups/securityRules"),
    ("network.azure.com", "RouteTable", "Microsoft.Network/routeTables"),
    ("network.azure.com", "RouteTablesRoute", "Microsoft.Network/routeTables/routes"),
    ("network.azure.com", "VirtualNetwork", "Microsoft.Network/virtualNetworks"),
    ("network.azure.com", "VirtualNetworksSubnet", "Microsoft.Network/virtualNetworks/subnets"),
    (
        "network.azure.com",
        "VirtualNetworksVirtualNetworkPeering",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    ),
    ("network.azure.com", "NatGateway", "Microsoft.Network/natGateways"),
    ("network.azure.com", "NetworkInterface", "Microsoft.Network/networkInterfaces"),
    ("network.azure.com", "PrivateEndpoint", "Microsoft.Network/privateEndpoints"),
    (
        "network.azure.com",
        "PrivateEndpointsPrivateDnsZoneGroup",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    ),
    ("network.azure.com", "PrivateDnsZone", "Microsoft.Network/privateDnsZones"),
    ("network.azure.com", "PrivateDnsZonesVirtualNetworkLink", "Microsoft.Network/privateDnsZones/virtualNetworkLinks"),
    ("network.azure.com", "PrivateDnsZonesARecord", "Microsoft.Network/privateDnsZones/A"),
    ("network.azure.com", "PublicIPAddress", "Microsoft.Network/publicIPAddresses"),
    ("network.azure.com", "PublicIPPrefix", "Microsoft.Network/publicIPPrefixes"),
    ("network.azure.com", "ApplicationSecurityGroup", "Microsoft.Network/applicationSecurityGroups"),
    ("network.azure.com", "AzureFirewall", "Microsoft.Network/azureFirewalls"),
    ("network.azure.com", "FirewallPolicy", "Microsoft.Network/firewallPolicies"),
    (
        "network.azure.com",
        "FirewallPoliciesRuleCollectionGroup",
        "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
    ),
    ("machinelearningservices.azure.com", "Workspace", "Microsoft.MachineLearningServices/workspaces"),
    ("machinelearningservices.azure.com", "WorkspacesCompute", "Microsoft.MachineLearningServices/workspaces/computes"),
    ("storage.azure.com", "StorageAccount", "Microsoft.Storage/storageAccounts"),
    ("keyvault.azure.com", "Vault", "Microsoft.KeyVault/vaults"),
    ("containerregistry.azure.com", "Registry", "Microsoft.ContainerRegistry/registries"),
    ("containerservice.azure.com", "ManagedCluster", "Microsoft.ContainerService/managedClusters"),
];

/// The type of a resource group.
pub(crate) const RESOURCE_GROUP: &str = "Microsoft.Resources/resourceGroups";

/// The type of an object; `None` when it is none that is read.
pub(crate) fn azure_type(group: &str, kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, name, _)| *known == group && *name == kind).map(|(.., azure)| *azure)
}
