//! Workspaces of Azure Machine Learning and AI Foundry, their computes and outbound rules (TF-155 to TF-159).

use crate::terraform::table::row::{How, Mapping, Row, group, of, row, same};

const WORKSPACE: &[Row] = &[
    same("kind", "/kind"),
    same("sku_name", "/sku.name"),
    same("friendly_name", "friendlyName"),
    row("application_insights_id", "applicationInsights", How::PlainId),
    row("key_vault_id", "keyVault", How::PlainId),
    row("storage_account_id", "storageAccount", How::PlainId),
    row("container_registry_id", "containerRegistry", How::PlainId),
    row("public_network_access_enabled", "publicNetworkAccess", How::Enabled),
    row("public_access_behind_virtual_network_enabled", "allowPublicAccessWhenBehindVnet", How::Same),
    same("high_business_impact", "hbiWorkspace"),
    same("image_build_compute_name", "imageBuildCompute"),
    same("v1_legacy_mode_enabled", "v1LegacyMode"),
    same("v1_legacy_mode", "v1LegacyMode"),
    same("storage_account_access_type", "systemDatastoresAuthMode"),
    row("managed_network", "managedNetwork", How::One(&[same("isolation_mode", "isolationMode")])),
    same("managed_network.provision_on_creation_enabled", "provisionNetworkNow"),
    row(
        "serverless_compute",
        "serverlessComputeSettings",
        How::One(&[
            row("subnet_id", "serverlessComputeCustomSubnet", How::PlainId),
            row("public_ip_enabled", "serverlessComputeNoPublicIP", How::Not),
        ]),
    ),
    row("primary_user_assigned_identity", "primaryUserAssignedIdentity", How::PlainId),
];

const FOUNDRY: &[Row] = &[
    row("", "/kind", How::Fixed("Hub")),
    same("friendly_name", "friendlyName"),
    row("application_insights_id", "applicationInsights", How::PlainId),
    row("key_vault_id", "keyVault", How::PlainId),
    row("storage_account_id", "storageAccount", How::PlainId),
    row("container_registry_id", "containerRegistry", How::PlainId),
    same("public_network_access", "publicNetworkAccess"),
    same("high_business_impact_enabled", "hbiWorkspace"),
    row("managed_network", "managedNetwork", How::One(&[same("isolation_mode", "isolationMode")])),
];

/// What every compute has.
const SUBNET: [Row; 3] = [
    row("subnet_resource_id", "properties.subnet", How::Id),
    same("node_public_ip_enabled", "properties.enableNodePublicIp"),
    row("local_auth_enabled", "disableLocalAuth", How::Not),
];

const CLUSTER: &[Row] = &[
    row("", "computeType", How::Fixed("AmlCompute")),
    same("location", "computeLocation"),
    SUBNET[0],
    SUBNET[1],
    SUBNET[2],
    row("ssh_public_access_enabled", "properties.remoteLoginPortPublicAccess", How::Enabled),
    same("vm_priority", "properties.vmPriority"),
    same("vm_size", "properties.vmSize"),
    row(
        "scale_settings",
        "properties.scaleSettings",
        How::One(&[
            same("min_node_count", "minNodeCount"),
            same("max_node_count", "maxNodeCount"),
            same("scale_down_nodes_after_idle_duration", "nodeIdleTimeBeforeScaleDown"),
        ]),
    ),
];

const INSTANCE: &[Row] = &[
    row("", "computeType", How::Fixed("ComputeInstance")),
    SUBNET[0],
    SUBNET[1],
    SUBNET[2],
    same("virtual_machine_size", "properties.vmSize"),
    row("ssh", "properties.sshSettings.sshPublicAccess", How::Presence),
];

const OF_WORKSPACE: &str = "machine_learning_workspace_id";
const COMPUTE: &str = "Microsoft.MachineLearningServices/workspaces/computes";
const OUTBOUND: &str = "Microsoft.MachineLearningServices/workspaces/outboundRules";

pub(crate) const ALL: &[Mapping] = &[
    group("azurerm_machine_learning_workspace", "Microsoft.MachineLearningServices/workspaces", WORKSPACE),
    group("azurerm_ai_foundry", "Microsoft.MachineLearningServices/workspaces", FOUNDRY),
    Mapping {
        parent: crate::terraform::table::row::Parent::Group,
        ..of(
            "azurerm_ai_foundry_project",
            "Microsoft.MachineLearningServices/workspaces",
            "",
            &[row("", "/kind", How::Fixed("Project")), row("ai_services_hub_id", "hubResourceId", How::PlainId)],
        )
    },
    of("azurerm_machine_learning_compute_cluster", COMPUTE, OF_WORKSPACE, CLUSTER),
    of("azurerm_machine_learning_compute_instance", COMPUTE, OF_WORKSPACE, INSTANCE),
    of(
        "azurerm_machine_learning_inference_cluster",
        COMPUTE,
        OF_WORKSPACE,
        &[row("", "computeType", How::Fixed("AKS")), row("kubernetes_cluster_id", "resourceId", How::PlainId)],
    ),
    of(
        "azurerm_machine_learning_synapse_spark",
        COMPUTE,
        OF_WORKSPACE,
        &[row("", "computeType", How::Fixed("SynapseSpark")), row("synapse_spark_pool_id", "resourceId", How::PlainId)],
    ),
    of(
        "azurerm_machine_learning_workspace_network_outbound_rule_fqdn",
        OUTBOUND,
        "workspace_id",
        &[
            row("", "type", How::Fixed("FQDN")),
            row("", "category", How::Fixed("UserDefined")),
            same("destination_fqdn", "destination"),
        ],
    ),
    of(
        "azurerm_machine_learning_workspace_network_outbound_rule_service_tag",
        OUTBOUND,
        "workspace_id",
        &[
            row("", "type", How::Fixed("ServiceTag")),
            row("", "category", How::Fixed("UserDefined")),
            same("service_tag", "destination.serviceTag"),
            same("protocol", "destination.protocol"),
            same("port_ranges", "destination.portRanges"),
        ],
    ),
    of(
        "azurerm_machine_learning_workspace_network_outbound_rule_private_endpoint",
        OUTBOUND,
        "workspace_id",
        &[
            row("", "type", How::Fixed("PrivateEndpoint")),
            row("", "category", How::Fixed("UserDefined")),
            row("service_resource_id", "destination.serviceResourceId", How::PlainId),
            same("sub_resource_target", "destination.subresourceTarget"),
            same("spark_enabled", "destination.sparkEnabled"),
        ],
    ),
];
