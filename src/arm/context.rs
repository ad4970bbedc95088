//! What a template can ask of its own deployment: `subscription()`, `resourceGroup()`, `environment()` and their like.

use crate::arm::budget::Failure;
use crate::arm::calls::Called;
use crate::arm::deployment::Env;
use crate::arm::expression::Form;
use crate::arm::machine::Machine;
use crate::arm::partial;
use crate::arm::scope::{self, Cloud, Level};
use crate::arm::value;
use crate::json::{Member, Node, Part, Value};
use crate::source::Span;

impl Machine<'_> {
    /// The value of a function without arguments that asks for the surroundings.
    pub(crate) fn context(&mut self, form: Form, env: &Env, called: Called<'_>) -> Node {
        let span = called.span;
        let object = |members| object(members, span);
        let text = |text: &str| Node::new(value::text(text), span);
        let here = |node: &Node| Node { span, via: None, ..node.clone() };
        let pieces = |pieces: Vec<Part>, text: &str| Node::new(partial::assembled(pieces, text, span), span);
        let open = |what: &str, text: &str, key: &str| scope::context(what, text, key, span);
        let scope = &env.deployment.scope;
        let assumed = self.inputs.assumptions;
        let tenant = match &assumed.tenant {
            Some(tenant) => text(tenant),
            None => open("the tenant", "tenant().tenantId", "tenantId"),
        };
        match form {
            Form::Subscription => {
                if scope.level == Level::ManagementGroup || scope.level == Level::Tenant {
                    let failure = Failure::Error("there is no subscription at this level".into());
                    return self.failed(failure, called.name, called.text, span);
                }
                let id = pieces(scope::subscription_id(&scope.subscription), "subscription().id");
                object(vec![
                    ("id", id),
                    ("subscriptionId", here(&scope.subscription)),
                    ("tenantId", tenant),
                    ("displayName", open("the subscription's name", "subscription().displayName", "subscriptionName")),
                ])
            }
            Form::ResourceGroup => {
                if scope.level != Level::ResourceGroup {
                    let failure = Failure::Error("there is no resource group at this level".into());
                    return self.failed(failure, called.name, called.text, span);
                }
                let group = partial::key(&scope.resource_group);
                let of =
                    |what: &str| if group == "resourceGroup" { what.to_owned() } else { format!("{what}({group})") };
                let region = match &assumed.region {
                    Some(region) => text(region),
                    None => open("the region", "resourceGroup().location", &of("resourceGroupLocation")),
                };
                object(vec![
                    ("id", pieces(scope::group_id(&scope.subscription, &scope.resource_group), "resourceGroup().id")),
                    ("name", here(&scope.resource_group)),
                    ("type", text("Microsoft.Resources/resourceGroups")),
                    ("location", region),
                    ("managedBy", Node::new(Value::Null, span)),
                    (
                        "tags",
                        open("the tags of the resource group", "resourceGroup().tags", &of("resourceGroupTags{}")),
                    ),
                    ("properties", object(vec![("provisioningState", text("Succeeded"))])),
                ])
            }
            Form::Tenant => object(vec![
                ("tenantId", tenant),
                ("countryCode", open("the tenant's country", "tenant().countryCode", "tenantCountry")),
                ("displayName", open("the tenant's name", "tenant().displayName", "tenantName")),
            ]),
            Form::ManagementGroup => {
                let mut id = vec![Part::Text("/providers/Microsoft.Management/managementGroups/".into())];
                id.extend(partial::pieces(&scope.management_group).unwrap_or_default());
                object(vec![
                    ("id", pieces(id, "managementGroup().id")),
                    ("name", here(&scope.management_group)),
                    ("type", text("Microsoft.Management/managementGroups")),
                    (
                        "properties",
                        open("the management group", "managementGroup().properties", "managementGroupProperties{}"),
                    ),
                ])
            }
            Form::Environment => environment(assumed.cloud, span),
            _ => {
                let id = &env.deployment.id;
                let name = match &env.deployment.name {
                    Some(name) => here(name),
                    None => open("the deployment's name", "deployment().name", &format!("deploymentName@{id}")),
                };
                let version = env.deployment.section("contentVersion").map_or_else(|| text("1.0.0.0"), here);
                let link = open(
                    "the template's address",
                    "deployment().properties.templateLink.uri",
                    &format!("templateUri@{id}"),
                );
                let region = match &assumed.region {
                    Some(region) => text(region),
                    None => open("the region", "deployment().location", "deploymentLocation"),
                };
                let properties = object(vec![
                    ("templateLink", object(vec![("uri", link.clone()), ("id", link)])),
                    ("template", object(vec![("contentVersion", version)])),
                    ("mode", open("the deployment's mode", "deployment().properties.mode", "deploymentMode")),
                ]);
                object(vec![("name", name), ("location", region), ("properties", properties)])
            }
        }
    }
}

fn object(members: Vec<(&str, Node)>, span: Span) -> Node {
    let members = members.into_iter().map(|(key, node)| Member { key: key.into(), key_span: span, node });
    Node::new(value::object(members.collect()), span)
}

/// <https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment#environment>
fn environment(cloud: Cloud, span: Span) -> Node {
    let object = |members| object(members, span);
    let text = |text: &str| Node::new(value::text(text), span);
    let [name, manager, portal, login, graph, sql, storage, vault, registry] = match cloud {
        Cloud::Public => [
            "AzureCloud",
            "https://management.azure.com/",
            "https://portal.azure.com",
            "https://login.microsoftonline.com/",
            "https://graph.windows.net/",
            ".database.windows.net",
            "core.windows.net",
            ".vault.azure.net",
            ".azurecr.io",
        ],
        Cloud::Government => [
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://portal.azure.us",
            "https://login.microsoftonline.us/",
            "https://graph.windows.net/",
            ".database.usgovcloudapi.net",
            "core.usgovcloudapi.net",
            ".vault.usgovcloudapi.net",
            ".azurecr.us",
        ],
        Cloud::China => [
            "AzureChinaCloud",
            "https://management.chinacloudapi.cn",
            "https://portal.azure.cn",
            "https://login.chinacloudapi.cn/",
            "https://graph.chinacloudapi.cn/",
            ".database.chinacloudapi.cn",
            "core.chinacloudapi.cn",
            ".vault.azure.cn",
            ".azurecr.cn",
        ],
    };
    let suffixes = object(vec![
        ("acrLoginServer", text(registry)),
        ("azureDatalakeAnalyticsCatalogAndJob", text("azuredatalakeanalytics.net")),
        ("azureDatalakeStoreFileSystem", text("azuredatalakestore.net")),
        ("azureFrontDoorEndpointSuffix", text("azurefd.net")),
        ("keyvaultDns", text(vault)),
        ("sqlServerHostname", text(sql)),
        ("storage", text(storage)),
    ]);
    let audience = Node::new(value::list(vec![text(manager)]), span);
    let authentication = object(vec![
        ("loginEndpoint", text(login)),
        ("audiences", audience),
        ("tenant", text("common")),
        ("identityProvider", text("AAD")),
    ]);
    object(vec![
        ("name", text(name)),
        ("gallery", text("https://gallery.azure.com/")),
        ("graph", text(graph)),
        ("portal", text(portal)),
        ("graphAudience", text(graph)),
        ("activeDirectoryDataLake", text("https://datalake.azure.net/")),
        ("batch", text("https://batch.core.windows.net/")),
        ("media", text("https://rest.media.azure.net")),
        ("sqlManagement", text("https://management.core.windows.net:8443/")),
        (
            "vmImageAliasDoc",
            text(
                "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
            ),
        ),
        ("resourceManager", text(manager)),
        ("authentication", authentication),
        ("suffixes", suffixes),
    ])
}
