//! Security groups, route tables, virtual networks, subnets, interfaces and NAT gateways (TF-130 to TF-140), virtual hubs
//! (TF-150) and the security admin rules of network managers (TF-151).

use crate::terraform::table::row::{
    Attachment, How, Mapping, Parent, Row, added_to, below, group, of, row, same, set_on,
};

/// The properties of a security rule.
const RULE: &[Row] = &[
    same("name", "/name"),
    same("priority", "priority"),
    same("direction", "direction"),
    same("access", "access"),
    same("protocol", "protocol"),
    same("description", "description"),
    row("source_port_range", "sourcePortRange", How::Text),
    same("source_port_ranges", "sourcePortRanges"),
    row("destination_port_range", "destinationPortRange", How::Text),
    same("destination_port_ranges", "destinationPortRanges"),
    row("source_address_prefix", "sourceAddressPrefix", How::Read),
    same("source_address_prefixes", "sourceAddressPrefixes"),
    row("destination_address_prefix", "destinationAddressPrefix", How::Read),
    same("destination_address_prefixes", "destinationAddressPrefixes"),
    row("source_application_security_group_ids", "sourceApplicationSecurityGroups", How::Ids),
    row("destination_application_security_group_ids", "destinationApplicationSecurityGroups", How::Ids),
];

const ROUTE: &[Row] = &[
    same("name", "/name"),
    row("address_prefix", "addressPrefix", How::Read),
    same("next_hop_type", "nextHopType"),
    row("next_hop_in_ip_address", "nextHopIpAddress", How::Read),
];

const DELEGATION: &[Row] = &[
    same("name", "/name"),
    same("service_delegation.name", "serviceName"),
    same("service_delegation.actions", "actions"),
];

/// The properties of a subnet, alone or inside its network.
const SUBNET: &[Row] = &[
    same("name", "/name"),
    same("address_prefixes", "addressPrefixes"),
    row("ip_address_pool", "ipamPoolPrefixAllocations", How::Each(&[row("id", "pool", How::Id)])),
    row("address_prefix", "addressPrefix", How::Read),
    row("service_endpoint", "serviceEndpoints", How::Each(&[same("service", "service")])),
    row("service_endpoints", "serviceEndpoints", How::Under("service")),
    row("service_endpoint_policy_ids", "serviceEndpointPolicies", How::Ids),
    row("delegation", "delegations", How::Children(DELEGATION)),
    same("default_outbound_access_enabled", "defaultOutboundAccess"),
    same("private_endpoint_network_policies", "privateEndpointNetworkPolicies"),
    row("private_endpoint_network_policies_enabled", "privateEndpointNetworkPolicies", How::Enabled),
    row("enforce_private_link_endpoint_network_policies", "privateEndpointNetworkPolicies", How::Disabled),
    row("private_link_service_network_policies_enabled", "privateLinkServiceNetworkPolicies", How::Enabled),
    row("enforce_private_link_service_network_policies", "privateLinkServiceNetworkPolicies", How::Disabled),
    row("security_group", "networkSecurityGroup", How::Id),
    row("network_security_group_id_wo", "networkSecurityGroup", How::Id),
    row("network_security_group_id", "networkSecurityGroup", How::Id),
    row("route_table_id_wo", "routeTable", How::Id),
    row("route_table_id", "routeTable", How::Id),
];

const NETWORK: &[Row] = &[
    same("address_space", "addressSpace.addressPrefixes"),
    row("ip_address_pool", "addressSpace.ipamPoolPrefixAllocations", How::Each(&[row("id", "pool", How::Id)])),
    same("dns_servers", "dhcpOptions.dnsServers"),
    same("private_endpoint_vnet_policies", "privateEndpointVNetPolicies"),
    row("subnet", "subnets", How::Children(SUBNET)),
];

const PEERING: &[Row] = &[
    row("remote_virtual_network_id", "remoteVirtualNetwork", How::Id),
    same("allow_virtual_network_access", "allowVirtualNetworkAccess"),
    same("allow_forwarded_traffic", "allowForwardedTraffic"),
    same("allow_gateway_transit", "allowGatewayTransit"),
    same("use_remote_gateways", "useRemoteGateways"),
    same("peer_complete_virtual_networks_enabled", "peerCompleteVnets"),
    same("local_subnet_names", "localSubnetNames"),
    same("remote_subnet_names", "remoteSubnetNames"),
];

const IP_CONFIGURATION: &[Row] = &[
    same("name", "/name"),
    row("subnet_id", "subnet", How::Id),
    row("private_ip_address", "privateIPAddress", How::Read),
    same("private_ip_address_allocation", "privateIPAllocationMethod"),
    same("private_ip_address_version", "privateIPAddressVersion"),
    row("public_ip_address_id", "publicIPAddress", How::Id),
    same("primary", "primary"),
];

const INTERFACE: &[Row] = &[
    row("ip_configuration", "ipConfigurations", How::Children(IP_CONFIGURATION)),
    same("ip_forwarding_enabled", "enableIPForwarding"),
    same("enable_ip_forwarding", "enableIPForwarding"),
    same("dns_servers", "dnsSettings.dnsServers"),
    row("network_security_group_id", "networkSecurityGroup", How::Id),
];

const ADMIN_PEER: &[Row] = &[same("address_prefix", "addressPrefix"), same("address_prefix_type", "addressPrefixType")];

const ADMIN_RULE: &[Row] = &[
    row("", "/kind", How::Fixed("Custom")),
    same("action", "access"),
    same("description", "description"),
    same("direction", "direction"),
    same("priority", "priority"),
    same("protocol", "protocol"),
    same("source_port_ranges", "sourcePortRanges"),
    same("destination_port_ranges", "destinationPortRanges"),
    row("source", "sources", How::Each(ADMIN_PEER)),
    row("destination", "destinations", How::Each(ADMIN_PEER)),
];

const HUB_ROUTE: &[Row] = &[
    same("name", "name"),
    same("destinations", "destinations"),
    same("destinations_type", "destinationType"),
    row("next_hop", "nextHop", How::PlainId),
    same("next_hop_type", "nextHopType"),
];

const HUB_CONNECTION: &[Row] = &[
    row("remote_virtual_network_id", "remoteVirtualNetwork", How::Id),
    same("internet_security_enabled", "enableInternetSecurity"),
    row("routing.associated_route_table_id", "routingConfiguration.associatedRouteTable", How::Id),
];

const ROUTING_POLICY: &[Row] =
    &[same("name", "name"), same("destinations", "destinations"), row("next_hop", "nextHop", How::PlainId)];

pub(crate) const ALL: &[Mapping] = &[
    group(
        "azurerm_network_security_group",
        "Microsoft.Network/networkSecurityGroups",
        &[row("security_rule", "securityRules", How::Children(RULE))],
    ),
    below(
        "azurerm_network_security_rule",
        "Microsoft.Network/networkSecurityGroups/securityRules",
        ("azurerm_network_security_group", "network_security_group_name"),
        RULE,
    ),
    group(
        "azurerm_route_table",
        "Microsoft.Network/routeTables",
        &[
            row("route", "routes", How::Children(ROUTE)),
            row("bgp_route_propagation_enabled", "disableBgpRoutePropagation", How::Not),
            same("disable_bgp_route_propagation", "disableBgpRoutePropagation"),
        ],
    ),
    below("azurerm_route", "Microsoft.Network/routeTables/routes", ("azurerm_route_table", "route_table_name"), ROUTE),
    group("azurerm_virtual_network", "Microsoft.Network/virtualNetworks", NETWORK),
    below(
        "azurerm_subnet",
        "Microsoft.Network/virtualNetworks/subnets",
        ("azurerm_virtual_network", "virtual_network_name"),
        SUBNET,
    ),
    below(
        "azurerm_virtual_network_peering",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
        ("azurerm_virtual_network", "virtual_network_name"),
        PEERING,
    ),
    group(
        "azurerm_nat_gateway",
        "Microsoft.Network/natGateways",
        &[
            same("sku_name", "/sku.name"),
            row("public_ip_address_ids", "publicIpAddresses", How::Ids),
            row("public_ip_prefix_ids", "publicIpPrefixes", How::Ids),
        ],
    ),
    group(
        "azurerm_public_ip",
        "Microsoft.Network/publicIPAddresses",
        &[
            same("sku", "/sku.name"),
            same("allocation_method", "publicIPAllocationMethod"),
            same("ip_address", "ipAddress"),
        ],
    ),
    group("azurerm_public_ip_prefix", "Microsoft.Network/publicIPPrefixes", &[same("ip_prefix", "ipPrefix")]),
    group("azurerm_network_interface", "Microsoft.Network/networkInterfaces", INTERFACE),
    group("azurerm_application_security_group", "Microsoft.Network/applicationSecurityGroups", &[]),
    group(
        "azurerm_subnet_service_endpoint_storage_policy",
        "Microsoft.Network/serviceEndpointPolicies",
        &[row(
            "definition",
            "serviceEndpointPolicyDefinitions",
            How::Children(&[
                same("name", "/name"),
                same("service", "service"),
                same("service_resources", "serviceResources"),
                same("description", "description"),
            ]),
        )],
    ),
    group("azurerm_virtual_wan", "Microsoft.Network/virtualWans", &[]),
    group(
        "azurerm_virtual_hub",
        "Microsoft.Network/virtualHubs",
        &[same("address_prefix", "addressPrefix"), row("virtual_wan_id", "virtualWan", How::Id)],
    ),
    of(
        "azurerm_virtual_hub_connection",
        "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections",
        "virtual_hub_id",
        HUB_CONNECTION,
    ),
    of(
        "azurerm_virtual_hub_route_table",
        "Microsoft.Network/virtualHubs/hubRouteTables",
        "virtual_hub_id",
        &[same("labels", "labels"), row("route", "routes", How::Each(HUB_ROUTE))],
    ),
    of(
        "azurerm_virtual_hub_routing_intent",
        "Microsoft.Network/virtualHubs/routingIntent",
        "virtual_hub_id",
        &[row("routing_policy", "routingPolicies", How::Each(ROUTING_POLICY))],
    ),
    group("azurerm_network_manager", "Microsoft.Network/networkManagers", &[]),
    of(
        "azurerm_network_manager_connectivity_configuration",
        "Microsoft.Network/networkManagers/connectivityConfigurations",
        "network_manager_id",
        &[same("connectivity_topology", "connectivityTopology")],
    ),
    of(
        "azurerm_network_manager_security_admin_configuration",
        "Microsoft.Network/networkManagers/securityAdminConfigurations",
        "network_manager_id",
        &[],
    ),
    of(
        "azurerm_network_manager_admin_rule_collection",
        "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections",
        "security_admin_configuration_id",
        &[row("network_group_ids", "appliesToGroups", How::Under("networkGroupId"))],
    ),
    of(
        "azurerm_network_manager_admin_rule",
        "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules",
        "admin_rule_collection_id",
        ADMIN_RULE,
    ),
    Mapping {
        parent: Parent::Of("network_manager_id"),
        ..group("azurerm_network_manager_network_group", "Microsoft.Network/networkManagers/networkGroups", &[])
    },
];

const ON_SUBNET: (&str, &str) = ("subnet_id", "azurerm_subnet");
const ON_INTERFACE: (&str, &str) = ("network_interface_id", "azurerm_network_interface");
const ON_GATEWAY: (&str, &str) = ("nat_gateway_id", "azurerm_nat_gateway");

/// Associations set the other side's property (TF-136).
pub(crate) const ATTACHED: &[Attachment] = &[
    set_on(
        "azurerm_subnet_network_security_group_association",
        ON_SUBNET,
        row("network_security_group_id", "networkSecurityGroup", How::Id),
    ),
    set_on("azurerm_subnet_route_table_association", ON_SUBNET, row("route_table_id", "routeTable", How::Id)),
    set_on("azurerm_subnet_nat_gateway_association", ON_SUBNET, row("nat_gateway_id", "natGateway", How::Id)),
    set_on(
        "azurerm_network_interface_security_group_association",
        ON_INTERFACE,
        row("network_security_group_id", "networkSecurityGroup", How::Id),
    ),
    added_to(
        "azurerm_nat_gateway_public_ip_association",
        ON_GATEWAY,
        row("public_ip_address_id", "publicIpAddresses", How::Id),
    ),
    added_to(
        "azurerm_nat_gateway_public_ip_prefix_association",
        ON_GATEWAY,
        row("public_ip_prefix_id", "publicIpPrefixes", How::Id),
    ),
    set_on(
        "azurerm_virtual_network_dns_servers",
        ("virtual_network_id", "azurerm_virtual_network"),
        same("dns_servers", "dhcpOptions.dnsServers"),
    ),
];
