//! Where a deployment goes: its level, subscription and group, each perhaps unknown.

use std::sync::Arc;

use crate::arm::partial;
use crate::json::{Node, Part, Reason, Value};
use crate::source::Span;

/// What a user knows of the deployment beside its files.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    /// The location of the resource group, such as `westeurope`.
    pub region: Option<String>,
    /// The identifier of the subscription.
    pub subscription: Option<String>,
    /// The name of the resource group.
    pub resource_group: Option<String>,
    /// The name of the management group.
    pub management_group: Option<String>,
    /// The identifier of the tenant.
    pub tenant: Option<String>,
    /// Which Azure it is.
    pub cloud: Cloud,
}

/// One of the Azures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    /// Global Azure.
    #[default]
    Public,
    /// Azure Government.
    Government,
    /// Azure operated by 21Vianet.
    China,
}

/// The level a deployment is made at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The whole tenant.
    Tenant,
    /// A management group.
    ManagementGroup,
    /// A subscription.
    Subscription,
    /// A resource group.
    ResourceGroup,
}

impl Level {
    /// The level that the `$schema` of a template names.
    pub(crate) fn of_schema(schema: &str) -> Option<Self> {
        let schema = schema.to_ascii_lowercase();
        let name = schema.rsplit('/').next()?.trim_end_matches('#');
        Some(match name {
            "deploymenttemplate.json" => Self::ResourceGroup,
            "subscriptiondeploymenttemplate.json" => Self::Subscription,
            "managementgroupdeploymenttemplate.json" => Self::ManagementGroup,
            "tenantdeploymenttemplate.json" => Self::Tenant,
            _ => return None,
        })
    }
}

/// The target of one deployment.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Its level.
    pub level: Level,
    /// The identifier of its subscription: a text, or unknown.
    pub subscription: Node,
    /// The name of its resource group: a text, or unknown.
    pub resource_group: Node,
    /// The name of its management group: a text, or unknown.
    pub management_group: Node,
}

impl Scope {
    /// The target of a template that is deployed by itself.
    pub(crate) fn root(level: Level, assumed: &Assumptions, span: Span) -> Self {
        let known = |value: &Option<String>, what: &str, text: &str, key: &str| match value {
            Some(value) => Node::new(Value::Text(value.as_str().into()), span),
            None => context(what, text, key, span),
        };
        Self {
            level,
            subscription: known(
                &assumed.subscription,
                "the subscription",
                "subscription().subscriptionId",
                "subscriptionId",
            ),
            resource_group: known(
                &assumed.resource_group,
                "the resource group",
                "resourceGroup().name",
                "resourceGroup",
            ),
            management_group: known(
                &assumed.management_group,
                "the management group",
                "managementGroup().name",
                "managementGroup",
            ),
        }
    }

    /// The id of the target, as pieces; empty for a tenant.
    pub(crate) fn id(&self) -> Vec<Part> {
        match self.level {
            Level::Tenant => Vec::new(),
            Level::ManagementGroup => {
                let mut pieces = vec![Part::Text("/providers/Microsoft.Management/managementGroups/".into())];
                pieces.extend(partial::pieces(&self.management_group).unwrap_or_default());
                pieces
            }
            Level::Subscription => subscription_id(&self.subscription),
            Level::ResourceGroup => group_id(&self.subscription, &self.resource_group),
        }
    }
}

/// The pieces of the id of a subscription.
pub(crate) fn subscription_id(subscription: &Node) -> Vec<Part> {
    let mut pieces = vec![Part::Text("/subscriptions/".into())];
    pieces.extend(partial::pieces(subscription).unwrap_or_default());
    pieces
}

/// The pieces of the id of a resource group.
pub(crate) fn group_id(subscription: &Node, group: &Node) -> Vec<Part> {
    let mut pieces = subscription_id(subscription);
    pieces.push(Part::Text("/resourceGroups/".into()));
    pieces.extend(partial::pieces(group).unwrap_or_default());
    pieces
}

/// Something of the deployment's own surroundings.
pub(crate) fn context(what: &str, text: &str, key: &str, span: Span) -> Node {
    let unknown = partial::unknown(Reason::Context(what.into()), text, span, key);
    Node::new(Value::Unknown(Arc::new(unknown)), span)
}
