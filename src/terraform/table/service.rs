//! Services beside the network: storage accounts, key vaults, registries (TF-160 to TF-162) and neighbours of subnets
//! (TF-163 to TF-166).

use crate::terraform::table::row::{Attachment, How, Mapping, Row, group, row, same, set_on};

const IP_RULES: Row = row("ip_rules", "ipRules", How::Under("value"));

const STORAGE_RULES: &[Row] = &[
    same("default_action", "defaultAction"),
    row("bypass", "bypass", How::Joined),
    IP_RULES,
    row("virtual_network_subnet_ids", "virtualNetworkRules", How::Ids),
    row(
        "private_link_access",
        "resourceAccessRules",
        How::Each(&[row("endpoint_resource_id", "resourceId", How::PlainId), same("endpoint_tenant_id", "tenantId")]),
    ),
];

const STORAGE: &[Row] = &[
    same("account_kind", "/kind"),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    row("network_rules", "networkAcls", How::One(STORAGE_RULES)),
    same("is_hns_enabled", "isHnsEnabled"),
    same("https_traffic_only_enabled", "supportsHttpsTrafficOnly"),
    same("enable_https_traffic_only", "supportsHttpsTrafficOnly"),
    same("allow_nested_items_to_be_public", "allowBlobPublicAccess"),
    same("allow_blob_public_access", "allowBlobPublicAccess"),
];

const VAULT: &[Row] = &[
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    row(
        "network_acls",
        "networkAcls",
        How::One(&[
            same("bypass", "bypass"),
            same("default_action", "defaultAction"),
            IP_RULES,
            row("virtual_network_subnet_ids", "virtualNetworkRules", How::Ids),
        ]),
    ),
    same("rbac_authorization_enabled", "enableRbacAuthorization"),
    same("enable_rbac_authorization", "enableRbacAuthorization"),
];

const REGISTRY: &[Row] = &[
    same("sku", "/sku.name"),
    same("admin_enabled", "adminUserEnabled"),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    same("network_rule_bypass_option", "networkRuleBypassOptions"),
    row(
        "network_rule_set",
        "networkRuleSet",
        How::One(&[
            same("default_action", "defaultAction"),
            row("ip_rule", "ipRules", How::Each(&[same("action", "action"), same("ip_range", "value")])),
            row(
                "virtual_network",
                "virtualNetworkRules",
                How::Each(&[same("action", "action"), row("subnet_id", "id", How::PlainId)]),
            ),
        ]),
    ),
    same("data_endpoint_enabled", "dataEndpointEnabled"),
];

const KUBERNETES: &[Row] = &[
    row(
        "default_node_pool",
        "agentPoolProfiles",
        How::Each(&[
            same("name", "name"),
            row("vnet_subnet_id", "vnetSubnetID", How::PlainId),
            row("pod_subnet_id", "podSubnetID", How::PlainId),
            same("node_public_ip_enabled", "enableNodePublicIP"),
            same("enable_node_public_ip", "enableNodePublicIP"),
        ]),
    ),
    row(
        "network_profile",
        "networkProfile",
        How::One(&[
            same("outbound_type", "outboundType"),
            same("network_plugin", "networkPlugin"),
            same("network_plugin_mode", "networkPluginMode"),
            same("pod_cidr", "podCidr"),
            same("service_cidr", "serviceCidr"),
            same("dns_service_ip", "dnsServiceIP"),
        ]),
    ),
    same("private_cluster_enabled", "apiServerAccessProfile.enablePrivateCluster"),
    same("private_link_enabled", "apiServerAccessProfile.enablePrivateCluster"),
    same(
        "api_server_access_profile.virtual_network_integration_enabled",
        "apiServerAccessProfile.enableVnetIntegration",
    ),
    same("api_server_access_profile.authorized_ip_ranges", "apiServerAccessProfile.authorizedIPRanges"),
    same("api_server_authorized_ip_ranges", "apiServerAccessProfile.authorizedIPRanges"),
];

const SUBNET_CONFIGURATION: &[Row] = &[
    same("name", "/name"),
    row("subnet_id", "subnet", How::Id),
    row("public_ip_address_id", "publicIPAddress", How::Id),
];

const ACCESS: &[Row] = &[
    same("default_action", "defaultAction"),
    row("ip_rule", "ipRules", How::Each(&[same("action", "action"), same("ip_range", "value")])),
];

const BATCH: &[Row] = &[
    same("pool_allocation_mode", "poolAllocationMode"),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    row("network_profile.account_access", "networkProfile.accountAccess", How::One(ACCESS)),
    row("network_profile.node_management_access", "networkProfile.nodeManagementAccess", How::One(ACCESS)),
];

const DATABRICKS: &[Row] = &[
    row("custom_parameters.virtual_network_id", "parameters.customVirtualNetworkId.value", How::PlainId),
    same("custom_parameters.public_subnet_name", "parameters.customPublicSubnetName.value"),
    same("custom_parameters.private_subnet_name", "parameters.customPrivateSubnetName.value"),
    same("custom_parameters.no_public_ip", "parameters.enableNoPublicIp.value"),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    same("network_security_group_rules_required", "requiredNsgRules"),
];

const GATEWAY: &[Row] = &[
    row("sku", "sku", How::One(&[same("name", "name"), same("tier", "tier")])),
    row("gateway_ip_configuration", "gatewayIPConfigurations", How::Children(SUBNET_CONFIGURATION)),
    row("frontend_ip_configuration", "frontendIPConfigurations", How::Children(SUBNET_CONFIGURATION)),
];

const BASTION: &[Row] =
    &[same("sku", "/sku.name"), row("ip_configuration", "ipConfigurations", How::Children(SUBNET_CONFIGURATION))];

const API_MANAGEMENT: &[Row] = &[
    row("sku_name", "/sku.name", How::Head),
    same("virtual_network_type", "virtualNetworkType"),
    row("virtual_network_configuration.subnet_id", "virtualNetworkConfiguration.subnetResourceId", How::PlainId),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
];

const COGNITIVE: &[Row] = &[
    same("kind", "/kind"),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    row(
        "network_acls",
        "networkAcls",
        How::One(&[
            same("default_action", "defaultAction"),
            IP_RULES,
            row("virtual_network_rules", "virtualNetworkRules", How::Each(&[row("subnet_id", "id", How::PlainId)])),
        ]),
    ),
];

pub(crate) const ALL: &[Mapping] = &[
    group("azurerm_storage_account", "Microsoft.Storage/storageAccounts", STORAGE),
    group("azurerm_key_vault", "Microsoft.KeyVault/vaults", VAULT),
    group("azurerm_container_registry", "Microsoft.ContainerRegistry/registries", REGISTRY),
    group("azurerm_kubernetes_cluster", "Microsoft.ContainerService/managedClusters", KUBERNETES),
    group("azurerm_batch_account", "Microsoft.Batch/batchAccounts", BATCH),
    group("azurerm_databricks_workspace", "Microsoft.Databricks/workspaces", DATABRICKS),
    group("azurerm_application_gateway", "Microsoft.Network/applicationGateways", GATEWAY),
    group("azurerm_bastion_host", "Microsoft.Network/bastionHosts", BASTION),
    group("azurerm_api_management", "Microsoft.ApiManagement/service", API_MANAGEMENT),
    group(
        "azurerm_container_app_environment",
        "Microsoft.App/managedEnvironments",
        &[
            row("infrastructure_subnet_id", "vnetConfiguration.infrastructureSubnetId", How::PlainId),
            row(
                "workload_profile",
                "workloadProfiles",
                How::Each(&[same("name", "name"), same("workload_profile_type", "workloadProfileType")]),
            ),
        ],
    ),
    group("azurerm_cognitive_account", "Microsoft.CognitiveServices/accounts", COGNITIVE),
];

/// The rules of a storage account as a resource of their own.
pub(crate) const ATTACHED: &[Attachment] = &[set_on(
    "azurerm_storage_account_network_rules",
    ("storage_account_id", "azurerm_storage_account"),
    row("", "networkAcls", How::One(STORAGE_RULES)),
)];
