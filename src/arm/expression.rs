//! The shape of a template expression; reading it from text is the work of `grammar`.
//!
//! Places inside an expression are bytes of the decoded string that holds it, so that one tree serves every string with
//! the same text.

use std::sync::Arc;

use crate::arm::functions::Function;
use crate::json::Number;

/// One expression or a part of one.
#[derive(Debug)]
pub(crate) struct Expression {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its first byte in the decoded string.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
}

/// What an expression can be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// `'text'`, decoded.
    Text(Arc<str>),
    /// `12` or `-1.5`.
    Number(Number),
    /// `name(…)`.
    Call(Call),
    /// `base.name[index]…`.
    Select(Box<Expression>, Vec<Step>),
}

/// A call with its arguments.
#[derive(Debug)]
pub(crate) struct Call {
    /// What is called.
    pub(crate) callee: Callee,
    /// Its name as written, namespace included.
    pub(crate) name: Arc<str>,
    /// Its arguments.
    pub(crate) args: Vec<Expression>,
}

/// What a call refers to.
#[derive(Debug)]
pub(crate) enum Callee {
    /// One that needs the evaluator: it is lazy, has a scope, or answers at deployment.
    Form(Form),
    /// A pure function of its arguments.
    Function(&'static Function),
    /// A function the template declares, by `namespace.name` in lower case.
    User(Arc<str>),
    /// A name not known here.
    Unknown,
}

/// One selection out of a value.
#[derive(Debug)]
pub(crate) enum Step {
    /// `.name`
    Name(Arc<str>),
    /// `[expression]`
    Index(Expression),
}

/// The calls that are more than pure functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `if(condition, then, else)`, which evaluates one branch.
    If,
    /// `and(…)`, which stops at the first false.
    And,
    /// `or(…)`, which stops at the first true.
    Or,
    /// `coalesce(…)`, which stops at the first value that is not null.
    Coalesce,
    /// `parameters('name')`
    Parameters,
    /// `variables('name')`
    Variables,
    /// `copyIndex(…)`
    CopyIndex,
    /// `lambda(…)` outside a function that takes one.
    Lambda,
    /// `lambdaVariables('name')`
    LambdaVariables,
    /// `map(array, lambda)`
    Map,
    /// `filter(array, lambda)`
    Filter,
    /// `reduce(array, initial, lambda)`
    Reduce,
    /// `sort(array, lambda)`
    Sort,
    /// `toObject(array, key[, value])`
    ToObject,
    /// `groupBy(array, key)`
    GroupBy,
    /// `mapValues(object, lambda)`
    MapValues,
    /// `deployment()`
    Deployment,
    /// `environment()`
    Environment,
    /// `resourceGroup()`
    ResourceGroup,
    /// `subscription()`
    Subscription,
    /// `tenant()`
    Tenant,
    /// `managementGroup()`
    ManagementGroup,
    /// `resourceId(…)`
    ResourceId,
    /// `subscriptionResourceId(…)`
    SubscriptionResourceId,
    /// `tenantResourceId(…)`
    TenantResourceId,
    /// `managementGroupResourceId(…)`
    ManagementGroupResourceId,
    /// `extensionResourceId(…)`
    ExtensionResourceId,
    /// `reference(…)`
    Reference,
    /// `resourceInfo('symbol')`
    ResourceInfo,
    /// `listKeys(…)` and its kind.
    List,
    /// A function that answers at deployment only.
    Runtime,
}

impl Form {
    /// The form of a name in lower case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "if" => Self::If,
            "and" => Self::And,
            "or" => Self::Or,
            "coalesce" => Self::Coalesce,
            "parameters" => Self::Parameters,
            "variables" => Self::Variables,
            "copyindex" => Self::CopyIndex,
            "lambda" => Self::Lambda,
            "lambdavariables" => Self::LambdaVariables,
            "map" => Self::Map,
            "filter" => Self::Filter,
            "reduce" => Self::Reduce,
            "sort" => Self::Sort,
            "toobject" => Self::ToObject,
            "groupby" => Self::GroupBy,
            "mapvalues" => Self::MapValues,
            "deployment" => Self::Deployment,
            "environment" => Self::Environment,
            "resourcegroup" => Self::ResourceGroup,
            "subscription" => Self::Subscription,
            "tenant" => Self::Tenant,
            "managementgroup" => Self::ManagementGroup,
            "resourceid" => Self::ResourceId,
            "subscriptionresourceid" => Self::SubscriptionResourceId,
            "tenantresourceid" => Self::TenantResourceId,
            "managementgroupresourceid" => Self::ManagementGroupResourceId,
            "extensionresourceid" => Self::ExtensionResourceId,
            "reference" => Self::Reference,
            "resourceinfo" => Self::ResourceInfo,
            "references" | "providers" | "pickzones" | "deployer" | "roledefinitions" | "externalinput"
            | "externalinputs" | "utcnow" | "newguid" | "getsecret" | "tologicalzone" | "tologicalzones"
            | "tophysicalzone" | "tophysicalzones" => Self::Runtime,
            name if name.starts_with("list") && name.len() > 4 => Self::List,
            _ => return None,
        })
    }
}
