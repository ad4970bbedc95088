//! What each shape is called, by which keys it is told, where it holds resources and their properties, and a public file of
//! it. The README lists the same shapes with the command that makes one.

use crate::estate::kind::Shape;

/// What is known of a shape.
#[derive(Debug)]
pub struct Form {
    /// The shape.
    pub(crate) shape: Shape,
    /// The word for it in reports.
    pub word: &'static str,
    /// The keys by which a document is told to be it.
    pub told_by: &'static str,
    /// Where it holds resources.
    pub resources: &'static str,
    /// Where the properties of a resource lie, and by what its type shows.
    pub properties: &'static str,
    /// A public repository and a path in it that holds one, or says what one is like.
    pub example: &'static str,
}

impl Shape {
    /// What is known of it.
    pub fn form(self) -> &'static Form {
        // A test finds every shape in the list.
        FORMS.iter().find(|form| form.shape == self).unwrap_or(&FORMS[0])
    }
}

/// Every shape.
const FORMS: &[Form] = &[
    Form {
        shape: Shape::Rest,
        word: "rest",
        told_by: "`properties` beside `type` or an `id` of Azure",
        resources: "the document, its list, `value`, `responses.200.body`",
        properties: "`properties`; `type`, else the id",
        example: "Azure/azure-rest-api-specs specification/network/resource-manager/Microsoft.Network/stable/2024-05-01/examples/NetworkSecurityGroupGet.json",
    },
    Form {
        shape: Shape::Cli,
        word: "cli",
        told_by: "an `id` of Azure without `properties`, or lists such as `securityRules`",
        resources: "the document, its list, one wrapped in a name (`newNSG`)",
        properties: "beside `id`, in lists of children too; `type`, else the id, else the lists",
        example: "Azure/azure-cli src/azure-cli/azure/cli/command_modules/network/aaz/latest/network/nsg/_show.py",
    },
    Form {
        shape: Shape::Effective,
        word: "effective",
        told_by: "`effectiveSecurityRules`; or a list with `state`, `nextHopType` and lists under `addressPrefix`",
        resources: "`value`, `networkSecurityGroups`, the list itself, one item alone",
        properties: "beside each other; the group by `networkSecurityGroup.id`, else the file",
        example: "Azure/azure-rest-api-specs specification/network/resource-manager/Microsoft.Network/stable/2022-01-01/examples/NetworkInterfaceEffectiveNSGList.json",
    },
    Form {
        shape: Shape::Template,
        word: "template",
        told_by: "`$schema` or `contentVersion` with `resources`; `predictedResources` of a Bicep snapshot",
        resources: "the document, `template`, `mainTemplate`, each below `properties` too, one item of a list or of `value`",
        properties: "`properties`, after evaluation; `type`",
        example: "Azure/bicep src/Bicep.Cli.IntegrationTests/Files/SnapshotCommandTests/basic/main.snapshot.json",
    },
    Form {
        shape: Shape::ResourceGraph,
        word: "resource-graph",
        told_by: "`data` with a count, or with `columns` and `rows`; `tenantId` beside `subscriptionId`",
        resources: "`data`, `rows`",
        properties: "`properties`, or columns `properties_…`; `type` in lower case",
        example: "Azure/azure-rest-api-specs specification/resourcegraph/resource-manager/Microsoft.ResourceGraph/stable/2021-03-01/examples/ResourcesBasicQuery.json",
    },
    Form {
        shape: Shape::PowerShell,
        word: "powershell",
        told_by: "`Name`, `Id`, `SecurityRules` in capitals, with doubles in `…Text`",
        resources: "the document, its list",
        properties: "beside `Id`; lists under singular names; by the id or the lists",
        example: "Azure/azure-powershell src/Network/Network/help/Get-AzNetworkSecurityGroup.md",
    },
    Form {
        shape: Shape::MachineLearningCli,
        word: "ml-cli",
        told_by: "snake case, with `hbi_workspace`, `managed_network`, `network_settings` or a `type` such as `amlcompute`",
        resources: "the document, its list",
        properties: "beside `id`, in words of its own",
        example: "Azure/azureml-examples cli/resources/compute/cluster-basic.yml",
    },
    Form {
        shape: Shape::WhatIf,
        word: "what-if",
        told_by: "`changes` whose items have `changeType` and `resourceId`, also below `properties`",
        resources: "`after` of each change; `before` where nothing is done to it; nothing of what is deleted",
        properties: "`properties`; `type`",
        example: "Azure/azure-rest-api-specs specification/resources/resource-manager/Microsoft.Resources/stable/2021-04-01/examples/PostDeploymentWhatIfOnResourceGroup.json",
    },
    Form {
        shape: Shape::Parameters,
        word: "parameters",
        told_by: "`$schema` of parameters, or `contentVersion` with `parameters` that have values",
        resources: "none",
        properties: "`parameters.NAME.value`",
        example: "Azure/azure-quickstart-templates quickstarts/microsoft.machinelearningservices/machine-learning-workspace/azuredeploy.parameters.json",
    },
    Form {
        shape: Shape::Dependencies,
        word: "dependencies",
        told_by: "`endpoints` beside `category`",
        resources: "none: what a service needs",
        properties: "`endpoints[].endpointDetails`",
        example: "Azure/azure-rest-api-specs specification/machinelearningservices/resource-manager/Microsoft.MachineLearningServices/stable/2023-10-01/examples/ExternalFQDN/get.json",
    },
    Form {
        shape: Shape::ServiceTags,
        word: "service-tags",
        told_by: "`values` beside `cloud` or `changeNumber`",
        resources: "none: addresses of names",
        properties: "`values[].properties.addressPrefixes`",
        example: "Azure/azure-rest-api-specs specification/network/resource-manager/Microsoft.Network/stable/2022-01-01/examples/ServiceTagsList.json",
    },
    Form {
        shape: Shape::Manifest,
        word: "manifest",
        told_by: "`apiVersion: GROUP.azure.com/…` with a `kind` of Azure Service Operator and `spec`",
        resources: "each document, `items` of a list",
        properties: "`spec`; the group and kind; the id from `status.id`, else from the owners",
        example: "Azure/azure-service-operator v2/samples/network/v1api20201101/v1api20201101_virtualnetworkssubnet.yaml",
    },
    Form {
        shape: Shape::PulumiStack,
        word: "pulumi-stack",
        told_by: "`deployment.resources` or `checkpoint.latest.resources` whose items have an `urn`",
        resources: "these lists, without what `delete` marks",
        properties: "`outputs`, else `inputs`; the token in `type`, the `id` beside it",
        example: "pulumi/pulumi developer-docs/architecture/deployment-schema.md",
    },
    Form {
        shape: Shape::TerraformPlan,
        word: "terraform-plan",
        told_by: "`format_version` with `planned_values` or `resource_changes`",
        resources: "`resource_changes[].change`, else `planned_values`",
        properties: "`after` with `after_unknown`; `type` of the provider",
        example: "fugue/regula rego/tests/rules/tf/azurerm/network/inputs/security_group_no_inbound_22_infra.json",
    },
    Form {
        shape: Shape::TerraformState,
        word: "terraform-state",
        told_by: "`format_version` with `values`; or `version: 4` with `lineage` or `serial` and `resources`",
        resources: "`values.root_module` and its modules; `resources[].instances`",
        properties: "`values`, `attributes`; `type` of the provider",
        example: "hashicorp/terraform internal/states/statefile/testdata/roundtrip/v4-simple.in.tfstate",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::FORMS;
    use crate::estate::kind::Shape;

    #[test]
    fn every_shape_is_in_the_list_once() {
        let all = [
            Shape::Rest,
            Shape::Cli,
            Shape::Effective,
            Shape::Template,
            Shape::ResourceGraph,
            Shape::PowerShell,
            Shape::MachineLearningCli,
            Shape::WhatIf,
            Shape::Parameters,
            Shape::Dependencies,
            Shape::ServiceTags,
            Shape::Manifest,
            Shape::PulumiStack,
            Shape::TerraformPlan,
            Shape::TerraformState,
        ];
        for shape in all {
            assert_eq!(shape.form().shape, shape);
            assert!(shape.form().example.contains(' '), "{shape:?}: repository and path");
        }
        let words: BTreeSet<&str> = FORMS.iter().map(|form| form.word).collect();
        assert_eq!((words.len(), all.len()), (FORMS.len(), FORMS.len()));
    }
}
