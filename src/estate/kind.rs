//! The resource types that are read, and where their children are written.

/// What a resource is to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Nsg,
    SecurityRule,
    DefaultSecurityRule,
    RouteTable,
    Route,
    Network,
    Subnet,
    Peering,
    NatGateway,
    PrivateEndpoint,
    Interface,
    Workspace,
    Compute,
    Firewall,
    Policy,
    CollectionGroup,
    IpGroup,
    AdminRule,
    AdminConfiguration,
    Hub,
    HubConnection,
    HubRouteTable,
    RoutingIntent,
    Other,
}

/// Every type with a name of its own; of several names of one kind the first is today's.
const TYPES: &[(&str, Kind)] = &[
    ("Microsoft.Network/networkSecurityGroups", Kind::Nsg),
    ("Microsoft.Network/networkSecurityGroups/securityRules", Kind::SecurityRule),
    ("Microsoft.Network/networkSecurityGroups/defaultSecurityRules", Kind::DefaultSecurityRule),
    ("Microsoft.Network/routeTables", Kind::RouteTable),
    ("Microsoft.Network/routeTables/routes", Kind::Route),
    ("Microsoft.Network/virtualNetworks", Kind::Network),
    ("Microsoft.Network/virtualNetworks/subnets", Kind::Subnet),
    ("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", Kind::Peering),
    ("Microsoft.Network/natGateways", Kind::NatGateway),
    ("Microsoft.Network/privateEndpoints", Kind::PrivateEndpoint),
    ("Microsoft.Network/networkInterfaces", Kind::Interface),
    ("Microsoft.MachineLearningServices/workspaces", Kind::Workspace),
    ("Microsoft.MachineLearningServices/workspaces/computes", Kind::Compute),
    ("Microsoft.Network/azureFirewalls", Kind::Firewall),
    ("Microsoft.Network/firewallPolicies", Kind::Policy),
    ("Microsoft.Network/firewallPolicies/ruleCollectionGroups", Kind::CollectionGroup),
    ("Microsoft.Network/firewallPolicies/ruleGroups", Kind::CollectionGroup),
    ("Microsoft.Network/ipGroups", Kind::IpGroup),
    ("Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules", Kind::AdminRule),
    ("Microsoft.Network/networkManagers/securityAdminConfigurations", Kind::AdminConfiguration),
    ("Microsoft.Network/virtualHubs", Kind::Hub),
    ("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections", Kind::HubConnection),
    ("Microsoft.Network/virtualHubs/hubRouteTables", Kind::HubRouteTable),
    ("Microsoft.Network/virtualHubs/routingIntent", Kind::RoutingIntent),
];

impl Kind {
    /// The kind of a resource type, in any case.
    pub(crate) fn of_type(name: &str) -> Self {
        TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(Self::Other, |(_, kind)| *kind)
    }

    /// Its type in Azure's spelling; empty for [`Kind::Other`].
    pub(crate) fn type_name(self) -> &'static str {
        TYPES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Lists among its properties whose items are objects with `properties` of their own in REST form.
    pub(crate) fn wrapped_lists(self) -> &'static [(&'static str, Kind)] {
        match self {
            Self::Nsg => &[("securityRules", Self::SecurityRule), ("defaultSecurityRules", Self::DefaultSecurityRule)],
            Self::RouteTable => &[("routes", Self::Route)],
            Self::Network => &[("subnets", Self::Subnet), ("virtualNetworkPeerings", Self::Peering)],
            Self::Subnet => &[("delegations", Self::Other)],
            Self::PrivateEndpoint => &[
                ("privateLinkServiceConnections", Self::Other),
                ("manualPrivateLinkServiceConnections", Self::Other),
                ("ipConfigurations", Self::Other),
            ],
            Self::Interface => &[("ipConfigurations", Self::Other)],
            Self::Workspace => &[("privateEndpointConnections", Self::Other)],
            Self::Firewall => &[
                ("ipConfigurations", Self::Other),
                ("networkRuleCollections", Self::Other),
                ("applicationRuleCollections", Self::Other),
                ("natRuleCollections", Self::Other),
            ],
            _ => &[],
        }
    }

    /// The list of its parent that its resources belong to, and the parent.
    pub(crate) fn list_of_parent(self) -> Option<(&'static str, Self)> {
        match self {
            Self::SecurityRule => Some(("securityRules", Self::Nsg)),
            Self::DefaultSecurityRule => Some(("defaultSecurityRules", Self::Nsg)),
            Self::Route => Some(("routes", Self::RouteTable)),
            Self::Peering => Some(("virtualNetworkPeerings", Self::Network)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn types_compare_without_case() {
        assert_eq!(Kind::of_type("microsoft.network/NETWORKSECURITYGROUPS"), Kind::Nsg);
        assert_eq!(Kind::of_type("Microsoft.Network/publicIPAddresses"), Kind::Other);
        assert_eq!(Kind::CollectionGroup.type_name(), "Microsoft.Network/firewallPolicies/ruleCollectionGroups");
    }
}
