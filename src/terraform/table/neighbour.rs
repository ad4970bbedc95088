//! Services that stand in subnets of their own beside those of Azure Machine Learning (TF-164): pools, clusters, instances
//! and runtimes.

use crate::terraform::table::row::{How, Mapping, Row, below, group, of, row, same};

const NODE_POOL: &[Row] =
    &[row("vnet_subnet_id", "vnetSubnetID", How::PlainId), row("pod_subnet_id", "podSubnetID", How::PlainId)];

const POOL: &[Row] = &[
    row("network_configuration.subnet_id", "networkConfiguration.subnetId", How::PlainId),
    same(
        "network_configuration.public_address_provisioning_type",
        "networkConfiguration.publicIPAddressConfiguration.provision",
    ),
    same("target_node_communication_mode", "targetNodeCommunicationMode"),
];

const MANAGED_INSTANCE: &[Row] = &[same("sku_name", "/sku.name"), row("subnet_id", "subnetId", How::PlainId)];

const HDINSIGHT: &[Row] = &[
    row(
        "roles.head_node",
        "computeProfile.roles",
        How::Each(&[
            row("virtual_network_id", "virtualNetworkProfile.id", How::PlainId),
            row("subnet_id", "virtualNetworkProfile.subnet", How::PlainId),
        ]),
    ),
    same("network.connection_direction", "networkProperties.resourceProviderConnection"),
    row("rest_proxy", "kafkaRestProperties", How::One(&[same("security_group_name", "clientGroupInfo.groupName")])),
];

const SSIS: &[Row] = &[
    row("", "type", How::Fixed("Managed")),
    row("vnet_integration.subnet_id", "typeProperties.computeProperties.vNetProperties.subnetId", How::PlainId),
    row("vnet_integration.vnet_id", "typeProperties.computeProperties.vNetProperties.vNetId", How::PlainId),
    row("vnet_integration.subnet_name", "typeProperties.computeProperties.vNetProperties.subnet", How::Read),
    row("express_vnet_integration.subnet_id", "typeProperties.customerVirtualNetwork.subnetId", How::PlainId),
];

const CLUSTERS: &str = "Microsoft.HDInsight/clusters";

pub(crate) const ALL: &[Mapping] = &[
    of(
        "azurerm_kubernetes_cluster_node_pool",
        "Microsoft.ContainerService/managedClusters/agentPools",
        "kubernetes_cluster_id",
        NODE_POOL,
    ),
    below("azurerm_batch_pool", "Microsoft.Batch/batchAccounts/pools", ("azurerm_batch_account", "account_name"), POOL),
    group("azurerm_mssql_managed_instance", "Microsoft.Sql/managedInstances", MANAGED_INSTANCE),
    group("azurerm_hdinsight_hadoop_cluster", CLUSTERS, HDINSIGHT),
    group("azurerm_hdinsight_hbase_cluster", CLUSTERS, HDINSIGHT),
    group("azurerm_hdinsight_interactive_query_cluster", CLUSTERS, HDINSIGHT),
    group("azurerm_hdinsight_kafka_cluster", CLUSTERS, HDINSIGHT),
    group("azurerm_hdinsight_spark_cluster", CLUSTERS, HDINSIGHT),
    of(
        "azurerm_data_factory_integration_runtime_azure_ssis",
        "Microsoft.DataFactory/factories/integrationRuntimes",
        "data_factory_id",
        SSIS,
    ),
];
