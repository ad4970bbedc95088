//! The resource types that are read, where their children are written, what an id says of its type, and the spellings in
//! which documents write resources.

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

/// Every type that is known, with the word for one of it where proofs need it; of several types of one kind the first is
/// today's.
const TYPES: &[(&str, Kind, &str)] = &[
    ("Microsoft.Network/networkSecurityGroups", Kind::Nsg, "network security group"),
    ("Microsoft.Network/networkSecurityGroups/securityRules", Kind::SecurityRule, ""),
    ("Microsoft.Network/networkSecurityGroups/defaultSecurityRules", Kind::DefaultSecurityRule, ""),
    ("Microsoft.Network/routeTables", Kind::RouteTable, "route table"),
    ("Microsoft.Network/routeTables/routes", Kind::Route, ""),
    ("Microsoft.Network/virtualNetworks", Kind::Network, ""),
    ("Microsoft.Network/virtualNetworks/subnets", Kind::Subnet, ""),
    ("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", Kind::Peering, ""),
    ("Microsoft.Network/natGateways", Kind::NatGateway, "NAT gateway"),
    ("Microsoft.Network/privateEndpoints", Kind::PrivateEndpoint, ""),
    ("Microsoft.Network/networkInterfaces", Kind::Interface, ""),
    ("Microsoft.MachineLearningServices/workspaces", Kind::Workspace, ""),
    ("Microsoft.MachineLearningServices/workspaces/computes", Kind::Compute, ""),
    ("Microsoft.Network/azureFirewalls", Kind::Firewall, ""),
    ("Microsoft.Network/firewallPolicies", Kind::Policy, "firewall policy"),
    ("Microsoft.Network/firewallPolicies/ruleCollectionGroups", Kind::CollectionGroup, "rule collection group"),
    ("Microsoft.Network/firewallPolicies/ruleGroups", Kind::CollectionGroup, ""),
    ("Microsoft.Network/ipGroups", Kind::IpGroup, "IP group"),
    ("Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules", Kind::AdminRule, ""),
    ("Microsoft.Network/networkManagers/securityAdminConfigurations", Kind::AdminConfiguration, ""),
    ("Microsoft.Network/virtualHubs", Kind::Hub, ""),
    ("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections", Kind::HubConnection, ""),
    ("Microsoft.Network/virtualHubs/hubRouteTables", Kind::HubRouteTable, ""),
    ("Microsoft.Network/virtualHubs/routingIntent", Kind::RoutingIntent, ""),
    ("Microsoft.Network/serviceEndpointPolicies", Kind::Other, "service endpoint policy"),
];

/// How a document spells its resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// `{ name, id, type, properties }`, alone or in lists (SHAPE-1).
    Rest,
    /// az CLI, flattened (SHAPE-2, 5 to 8).
    Cli,
    /// `az network nic list-effective-nsg` and `show-effective-route-table` (SHAPE-3, 4).
    Effective,
    /// A template, exported or written (SHAPE-9, 10).
    Template,
    /// Azure Resource Graph (SHAPE-11).
    ResourceGraph,
    /// PowerShell objects through `ConvertTo-Json` (SHAPE-12).
    PowerShell,
    /// Snake case, of `az ml` (SHAPE-13, 14) and the Python SDK.
    MachineLearningCli,
    /// What `az deployment … what-if` prints.
    WhatIf,
    /// Parameters of a template.
    Parameters,
    /// A saved `outboundNetworkDependenciesEndpoints` answer (SHAPE-15).
    Dependencies,
    /// A service-tag file (TAG-13).
    ServiceTags,
    /// A stack of Pulumi, exported or stored.
    PulumiStack,
    /// Manifests of an operator of Kubernetes that holds resources of Azure.
    Manifest,
    /// A Terraform plan, as `terraform show -json` prints it.
    TerraformPlan,
    /// A Terraform state, printed or stored.
    TerraformState,
}

impl Shape {
    /// Whether what it writes is what is made: what is absent has its default.
    pub fn is_declared(self) -> bool {
        matches!(self, Self::Template | Self::Manifest | Self::TerraformPlan | Self::TerraformState)
    }
}

impl Kind {
    /// The kind of a resource type, in any case.
    pub(crate) fn of_type(name: &str) -> Self {
        TYPES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).map_or(Self::Other, |(_, kind, _)| *kind)
    }

    /// Its type in Azure's spelling; empty for [`Kind::Other`].
    pub(crate) fn type_name(self) -> &'static str {
        let mut known = TYPES.iter().filter(|(_, kind, _)| *kind != Self::Other);
        known.find(|(_, kind, _)| *kind == self).map_or("", |(name, ..)| name)
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

/// The type that a word such as `route table` means; empty when it means none.
pub fn type_of_word(word: &str) -> &'static str {
    TYPES.iter().find(|(.., known)| *known == word).map_or("", |(name, ..)| name)
}

/// The type that an id tells, in the case written: `Microsoft.Network/virtualNetworks/subnets`.
pub(crate) fn type_of_id(id: &str) -> Option<String> {
    const PROVIDERS: &str = "/providers/";
    let at = id.to_ascii_lowercase().rfind(PROVIDERS)?;
    let mut segments = id[at + PROVIDERS.len()..].trim_end_matches('/').split('/');
    let mut name = segments.next()?.to_owned();
    for kind in segments.step_by(2) {
        name.push('/');
        name.push_str(kind);
    }
    Some(name)
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
