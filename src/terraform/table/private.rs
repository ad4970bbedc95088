//! Private endpoints and private DNS zones (TF-141, TF-142).

use crate::terraform::table::row::{Attachment, How, Inner, Mapping, Row, added_to, below, group, row, same};

const CONNECTION: &[Row] = &[
    same("name", "/name"),
    row("private_connection_resource_id", "privateLinkServiceId", How::PlainId),
    same("subresource_names", "groupIds"),
];

const ENDPOINT: &[Row] = &[
    row("subnet_id", "subnet", How::Id),
    row("private_service_connection", "privateLinkServiceConnections", How::Children(CONNECTION)),
    row(
        "ip_configuration",
        "ipConfigurations",
        How::Children(&[
            same("name", "/name"),
            row("private_ip_address", "privateIPAddress", How::Read),
            same("subresource_name", "groupId"),
            same("member_name", "memberName"),
        ]),
    ),
];

/// The zones that an endpoint is registered in.
pub(crate) const INNER: &[Inner] = &[Inner {
    terraform: "azurerm_private_endpoint",
    block: "private_dns_zone_group",
    azure: "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    rows: &[row("private_dns_zone_ids", "privateDnsZoneConfigs", How::IdsUnder("privateDnsZoneId"))],
}];

const ZONE: (&str, &str) = ("azurerm_private_dns_zone", "private_dns_zone_name");

pub(crate) const ALL: &[Mapping] = &[
    group("azurerm_private_endpoint", "Microsoft.Network/privateEndpoints", ENDPOINT),
    group("azurerm_private_dns_zone", "Microsoft.Network/privateDnsZones", &[]),
    below(
        "azurerm_private_dns_zone_virtual_network_link",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        ZONE,
        &[row("virtual_network_id", "virtualNetwork", How::Id), same("registration_enabled", "registrationEnabled")],
    ),
    below(
        "azurerm_private_dns_a_record",
        "Microsoft.Network/privateDnsZones/A",
        ("azurerm_private_dns_zone", "zone_name"),
        &[row("records", "aRecords", How::Under("ipv4Address"))],
    ),
];

pub(crate) const ATTACHED: &[Attachment] = &[added_to(
    "azurerm_private_endpoint_application_security_group_association",
    ("private_endpoint_id", "azurerm_private_endpoint"),
    row("application_security_group_id", "applicationSecurityGroups", How::Id),
)];
