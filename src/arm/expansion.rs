//! What an expansion is asked and what it answers, and where a deployment goes.

use std::sync::Arc;

use crate::arm::partial;
use crate::json::{Document, Node, Part, Reason, Unknown, Value};
use crate::source::{FileId, Files, Span};

/// What a template is expanded with.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The texts of the run, for exact places inside escaped strings.
    pub files: &'a Files,
    /// A parameter file.
    pub parameters: Option<&'a Document>,
    /// Parameters given one by one; they win over the file.
    pub set: &'a [(String, Node)],
    /// What is known of the deployment.
    pub assumptions: &'a Assumptions,
    /// Which resources are asked for.
    pub wanted: Wanted<'a>,
    /// The other templates of the run, if links are followed.
    pub links: Option<&'a dyn Links>,
}

/// Which resources an expansion is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// Every resource, and the outputs.
    All,
    /// Those whose full type starts with one of these, in lower case, such as `microsoft.network/`.
    Types(&'a [&'a str]),
}

impl Wanted<'_> {
    /// Whether a type is asked for.
    pub(crate) fn holds(&self, type_name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Types(prefixes) => prefixes.iter().any(|prefix| {
                type_name
                    .as_bytes()
                    .get(..prefix.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
            }),
        }
    }
}

/// Finds linked templates among the files of the run. Nothing here reads a disk or a network.
pub trait Links: Sync {
    /// The document that a link in `from` leads to.
    fn find(&self, from: FileId, path: &LinkPath) -> Option<(FileId, Arc<Document>)>;

    /// The document of a file that another one imports from.
    fn document(&self, _file: FileId) -> Option<Arc<Document>> {
        None
    }
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPath {
    /// A path relative to the file with the link, with `/` between its parts; it may start with `../`.
    Relative(String),
    /// A whole URL without its query; the end of its path may equal that of a file.
    Url(String),
    /// The path of a module as a Bicep file writes it; the run knows the file it leads to.
    Module(String),
    /// The end of a URL whose beginning is not known: relative to the folder of the file with the link, or to the root of
    /// its repository.
    Tail(String),
}

impl std::fmt::Display for LinkPath {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Relative(path) | Self::Url(path) | Self::Module(path) | Self::Tail(path) => out.write_str(path),
        }
    }
}

/// What a template deploys.
#[derive(Clone, Debug, Default)]
pub struct Expansion {
    /// Its resources, in the order of the template, those of nested deployments in their place.
    pub resources: Vec<Resource>,
    /// Its outputs; only when all resources are asked for.
    pub outputs: Vec<(Arc<str>, Node)>,
    /// The values of its secure parameters and outputs, which must not be shown; only when all resources are asked for.
    pub secret: Vec<Node>,
    /// What went wrong, each once.
    pub troubles: Vec<Trouble>,
    /// The files it reached through links, parameter files included.
    pub linked: Vec<FileId>,
    /// Parameters that were asked for and have no value, with the place of their declaration.
    pub missing: Vec<(Arc<str>, Span)>,
}

/// One resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// A plain object: `type` and `name` in full, `id`, then what the template says, evaluated, without `copy`,
    /// `condition`, `dependsOn` and `resources`.
    pub node: Node,
    /// Why it may not exist.
    pub condition: Option<Arc<Unknown>>,
    /// Why it stands for any number of resources.
    pub repeated: Option<Arc<Unknown>>,
    /// Whether the template only refers to it.
    pub existing: bool,
    /// Its object in the template.
    pub span: Span,
    /// Where it goes.
    pub scope: Arc<Scope>,
}

/// Something wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Of what kind.
    pub kind: TroubleKind,
    /// What to do about it, where that is not what to do about every trouble of its kind.
    pub help: Option<&'static str>,
}

/// The kinds of troubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TroubleKind {
    /// An expression that Azure would refuse, reached by something asked for.
    Evaluation,
    /// A value that refers to itself.
    Cycle,
    /// A guard against hostile input.
    Limit,
    /// A nested or linked template that was not found, or resources that are not known.
    Link,
    /// A parameter value that its declaration forbids.
    Parameter,
}

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
            Level::ManagementGroup => management_group_id(&self.management_group),
            Level::Subscription => subscription_id(&self.subscription),
            Level::ResourceGroup => group_id(&self.subscription, &self.resource_group),
        }
    }
}

/// The pieces of the id of a management group.
pub(crate) fn management_group_id(group: &Node) -> Vec<Part> {
    let mut pieces = vec![Part::Text("/providers/Microsoft.Management/managementGroups/".into())];
    pieces.extend(partial::pieces(group).unwrap_or_default());
    pieces
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
    partial::node(partial::unknown(Reason::Context(what.into()), text, span, key))
}
