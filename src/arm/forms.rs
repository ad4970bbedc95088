//! The calls that are more than pure functions: lazy ones, what a template can ask of its own deployment, and dispatch to
//! the rest.

use std::sync::Arc;

use crate::arm::budget::{DOMAIN, Failure};
use crate::arm::calls::Called;
use crate::arm::expansion::{Assumptions, Cloud, Level, context, group_id, management_group_id, subscription_id};
use crate::arm::expression::{Call, Callee, Expression, ExpressionKind, Form, Step};
use crate::arm::machine::{Deployment, Env, Machine};
use crate::arm::site::Site;
use crate::arm::{ids, partial, value};
use crate::json::{How, Member, Node, Part, Reason, Unknown, Value};
use crate::source::Span;

impl Machine<'_> {
    /// The value of a form.
    pub(crate) fn form(&mut self, form: Form, call: &Call, called: Called<'_>, site: &Site, env: &Env) -> Node {
        match form {
            Form::If => self.choice(call, site, env, called),
            Form::And => self.logic(call, site, env, called, false),
            Form::Or => self.logic(call, site, env, called, true),
            Form::Coalesce => self.coalesce(call, site, env, called),
            Form::Parameters | Form::Variables | Form::LambdaVariables => {
                self.named_value(form, call, site, env, called)
            }
            Form::CopyIndex => self.copy_index(call, site, env, called),
            Form::Lambda => self.wrong(called, "a lambda stands only inside a function that takes one"),
            Form::Map | Form::Filter | Form::Reduce | Form::Sort | Form::ToObject | Form::GroupBy | Form::MapValues => {
                self.higher(form, call, site, env, called)
            }
            Form::Deployment
            | Form::Environment
            | Form::ResourceGroup
            | Form::Subscription
            | Form::Tenant
            | Form::ManagementGroup => self.context(form, env, called),
            Form::ResourceId
            | Form::SubscriptionResourceId
            | Form::TenantResourceId
            | Form::ManagementGroupResourceId
            | Form::ExtensionResourceId => {
                let args = self.names_of_id(call, site, env);
                let scope = &env.deployment.scope;
                self.apply(called, &args, &|args, _| match form {
                    Form::ResourceId => ids::resource_id(scope, args),
                    Form::SubscriptionResourceId => ids::subscription_resource_id(scope, args),
                    Form::TenantResourceId => ids::tenant_resource_id(args),
                    Form::ExtensionResourceId => ids::extension_resource_id(args),
                    _ => ids::management_group_resource_id(scope, args),
                })
            }
            Form::Reference => {
                let args = self.arguments(call, site, env);
                self.reference(called, &args, &[], 0, env).0
            }
            Form::ResourceInfo => self.resource_info(call, site, env, called),
            Form::Identity => self.identity(call, env, called),
            Form::List | Form::Runtime => {
                let args = self.arguments(call, site, env);
                let name = Arc::clone(&call.name);
                // `newGuid` and `utcNow` answer differently wherever they stand.
                let key = if args.is_empty() {
                    let (at, id) = (called.span, &env.deployment.id);
                    format!("{}()@{id}:{}:{}", name.to_ascii_lowercase(), at.file.0, at.start)
                } else {
                    partial::call_key(&name, &args)
                };
                let reason =
                    if form == Form::List { Reason::ListFunction(name) } else { Reason::RuntimeFunction(name) };
                called.open(reason, key, Vec::new())
            }
        }
    }

    /// The arguments of a function that puts an id or a name together. A run of `split(name, '/')[0]`, `split(name, '/')[1]`, … names the
    /// parts of one name in order: the compiler of Bicep writes so, and what is known of the name is known of its parts.
    pub(crate) fn names_of_id(&mut self, call: &Call, site: &Site, env: &Env) -> Vec<Node> {
        let mut args = Vec::with_capacity(call.args.len());
        let mut at = 0;
        while let Some(arg) = call.args.get(at) {
            let parts = call.args[at..].iter().enumerate();
            let run = parts.take_while(|(index, part)| {
                split_of(part, site).is_some_and(|(_, text, cut)| {
                    cut == *index && split_of(arg, site).is_some_and(|(_, first, _)| first == text)
                })
            });
            let run = run.count();
            let names = match split_of(arg, site).filter(|_| run > 1) {
                Some((name, ..)) => {
                    let name = self.expression(name, site, env);
                    let cut = partial::pieces(&name).filter(|_| partial::spoiled(&name).is_none()).map(ids::cut);
                    cut.filter(|cut| cut.len() == run).map(|cut| (name, cut))
                }
                None => None,
            };
            match names {
                Some((name, cut)) => {
                    let text: Arc<str> = "name".into();
                    args.extend(cut.into_iter().map(|part| ids::node(part, &name, &text)));
                    at += run;
                }
                None => {
                    args.push(self.expression(arg, site, env));
                    at += 1;
                }
            }
        }
        args
    }

    /// `parameters('name')` and its kind.
    fn named_value(&mut self, form: Form, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        let [name] = call.args.as_slice() else { return self.wrong(called, "one name is needed") };
        let name = self.expression(name, site, env);
        match &name.value {
            Value::Text(name) => self.value_of_name(form, name, env, called),
            Value::Unknown(unknown) => self.value_of_unknown_name(form, unknown, &name, env, called),
            _ => self.wrong(called, "the name should be a string"),
        }
    }

    fn value_of_name(&mut self, form: Form, name: &str, env: &Env, called: Called<'_>) -> Node {
        match form {
            Form::Parameters => self.parameter(name, env, called.text, called.span),
            Form::Variables => self.variable(name, env, called.text, called.span),
            _ => self.lambda_variable(name, env, called.text, called.span),
        }
    }

    fn wrong(&mut self, called: Called<'_>, message: &str) -> Node {
        self.fails(called, Failure::Error(message.to_owned()))
    }

    fn choice(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        let [condition, yes, no] = call.args.as_slice() else {
            return self.wrong(called, "three arguments are needed");
        };
        let condition = self.expression(condition, site, env);
        match (value::settled_truth(&condition), &condition.value) {
            (Some(true), _) => return self.expression(yes, site, env),
            (Some(false), _) => return self.expression(no, site, env),
            (None, Value::Unknown(unknown)) if partial::is_spoiled(unknown) => return condition,
            (None, Value::Unknown(_)) => {}
            (None, _) => return self.wrong(called, "the condition should be a boolean"),
        }
        let branches = [self.expression(yes, site, env), self.expression(no, site, env)];
        match value::same(&branches[0], &branches[1], &mut self.budget) {
            Ok(Some(true)) => {
                let [first, _] = branches;
                return first;
            }
            Ok(_) => {}
            Err(failure) => return self.fails(called, failure),
        }
        let mut domain = Vec::new();
        for branch in &branches {
            match &branch.value {
                Value::Unknown(unknown) if unknown.domain.is_empty() => {
                    domain.clear();
                    break;
                }
                Value::Unknown(unknown) => domain.extend(unknown.domain.iter().cloned()),
                _ => domain.push(branch.clone()),
            }
        }
        if domain.len() > DOMAIN {
            domain.clear();
        }
        let reason = condition.unknown().map_or(Reason::Condition, |unknown| unknown.reason.clone());
        let [yes, no] = branches;
        let is_list = partial::is_list_node(&yes) && partial::is_list_node(&no);
        let mut key = partial::call_key("if", &[condition, yes, no]);
        if is_list {
            key = format!("{}[]", partial::short(key));
        }
        called.open(reason, key, domain)
    }

    /// `and` stops at false, `or` at true; what is unknown decides only when nothing else does.
    fn logic(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>, stop: bool) -> Node {
        let mut open: Vec<Node> = Vec::new();
        for arg in &call.args {
            let node = self.expression(arg, site, env);
            match (value::settled_truth(&node), &node.value) {
                (Some(known), _) if known == stop => return self.made(called, Value::Bool(stop)),
                (Some(_), _) => {}
                (None, Value::Unknown(unknown)) if partial::is_spoiled(unknown) && open.is_empty() => return node,
                (None, Value::Unknown(_)) => open.push(node),
                (None, _) => return self.wrong(called, "every argument should be a boolean"),
            }
        }
        match open.as_slice() {
            [] => self.made(called, Value::Bool(!stop)),
            [only] if is_truth(only) => only.clone(),
            many => {
                let reason = many[0].unknown().map_or(Reason::Condition, |unknown| unknown.reason.clone());
                let key = partial::call_key(called.name, many);
                let domain = [true, false].map(|truth| Node::new(Value::Bool(truth), called.span)).to_vec();
                called.open(reason, key, domain)
            }
        }
    }

    fn made(&mut self, called: Called<'_>, value: Value) -> Node {
        let via = Some(value::step(called.span, called.how(), None));
        Node { value, span: called.span, via }
    }

    fn coalesce(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        let mut last = None;
        for (at, arg) in call.args.iter().enumerate() {
            let node = self.expression(arg, site, env);
            match &node.value {
                Value::Null => last = Some(node),
                Value::Unknown(unknown) if may_be_null(unknown) => {
                    let rest = call.args[at + 1..].iter().map(|arg| self.expression(arg, site, env));
                    let nodes: Vec<Node> = std::iter::once(node.clone()).chain(rest).collect();
                    return self.perhaps_null(unknown, &nodes, called);
                }
                _ => return node,
            }
        }
        last.unwrap_or_else(|| Node::new(Value::Null, called.span))
    }

    /// The first of these that is not null, where the first of all, which is unknown, may be.
    fn perhaps_null(&mut self, unknown: &Unknown, nodes: &[Node], called: Called<'_>) -> Node {
        let list = partial::is_list(unknown) || unknown.domain.iter().any(Node::is_list);
        let key = partial::short(partial::call_key(called.name, nodes));
        let key = if list { format!("{key}{}", partial::LIST) } else { key.to_string() };
        // Of a few values the one that is null makes room for the next argument.
        let next = nodes.get(1).filter(|next| next.unknown().is_none() && !next.is_null());
        let mut domain = Vec::new();
        if let Some(next) = next
            && !unknown.domain.is_empty()
        {
            domain.extend(unknown.domain.iter().filter(|value| !value.is_null()).cloned());
            domain.push(next.clone());
        }
        called.open(unknown.reason.clone(), key, domain)
    }

    /// As [`Self::value_of_name`], with a name that is one of a few.
    fn value_of_unknown_name(
        &mut self,
        form: Form,
        unknown: &Unknown,
        name: &Node,
        env: &Env,
        called: Called<'_>,
    ) -> Node {
        if partial::is_spoiled(unknown) {
            return name.clone();
        }
        let mut domain: Vec<Node> = Vec::new();
        for name in unknown.domain.iter().filter_map(Node::text) {
            let node = self.value_of_name(form, name, env, called);
            if node.unknown().is_some() {
                domain.clear();
                break;
            }
            if !self.holds(&domain, &node).unwrap_or(false) {
                domain.push(node);
            }
        }
        if let [only] = domain.as_slice() {
            return only.clone();
        }
        // One name means something else in every template.
        let key = format!("{}@{}", partial::call_key(called.name, std::slice::from_ref(name)), env.deployment.id);
        called.open(unknown.reason.clone(), key, domain)
    }

    fn copy_index(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        let args = self.arguments(call, site, env);
        if let Some(spoiled) = args.iter().find(|arg| partial::spoiled(arg).is_some()) {
            return spoiled.clone();
        }
        let (name, offset) = match args.as_slice() {
            [] => (None, None),
            [only] if only.text().is_some() => (only.text(), None),
            [only] => (None, Some(only)),
            [name, offset, ..] => (name.text(), Some(offset)),
        };
        let offset = match offset.map(|offset| (value::as_int(offset), &offset.value)) {
            None => 0,
            Some((Some(offset), _)) => offset,
            Some((None, Value::Unknown(_))) => {
                return self.apply(called, &args, &|_, _| Err(Failure::Unknown));
            }
            Some(_) => return self.wrong(called, "the offset should be an integer"),
        };
        let round = match name {
            Some(name) => env.rounds().find(|round| round.name == name.to_lowercase()),
            None => env.rounds().find(|round| round.outer).or_else(|| env.rounds().next()),
        };
        let Some(round) = round else {
            let message =
                name.map_or_else(|| "no loop is around it".into(), |name| format!("no loop `{name}` is around it"));
            return self.fails(called, Failure::Error(message));
        };
        match round.index {
            Some(index) => match i64::try_from(index).ok().and_then(|index| index.checked_add(offset)) {
                Some(index) => Node::new(value::int(index), called.span),
                None => self.wrong(called, "the result does not fit 64 bits"),
            },
            None if round.given.is_some() && offset == 0 => {
                round.given.clone().unwrap_or_else(|| called.open(Reason::CopyCount, "", Vec::new()))
            }
            None => {
                let key = format!("copyindex({})+{offset}@{}{}", round.name, env.deployment.id, partial::SCALAR);
                called.open(Reason::CopyCount, key, Vec::new())
            }
        }
    }

    fn lambda_variable(&mut self, name: &str, env: &Env, text: &str, span: Span) -> Node {
        match env.local(name) {
            Some(node) => value::through(node.clone(), span, How::Lambda(name.into())),
            None => {
                let failure = Failure::Error(format!("no lambda around it has a variable `{name}`"));
                self.failed(failure, "lambdaVariables", text, span)
            }
        }
    }
}

/// The name, how it is written, and the index of `split(name, '/')[index]`.
fn split_of<'e>(part: &'e Expression, site: &'e Site) -> Option<(&'e Expression, &'e str, usize)> {
    let ExpressionKind::Select(base, steps) = &part.kind else { return None };
    let ([Step::Index(index)], ExpressionKind::Call(call)) = (steps.as_slice(), &base.kind) else { return None };
    let (ExpressionKind::Number(index), [name, by]) = (&index.kind, call.args.as_slice()) else { return None };
    let is_split = matches!(call.callee, Callee::Function(function) if function.name == "split");
    let by_slash = matches!(&by.kind, ExpressionKind::Text(text) if &**text == "/");
    let index = usize::try_from(index.as_i64()?).ok()?;
    (is_split && by_slash).then(|| (name, site.slice(name.start, name.end), index))
}

/// Whether an unknown can only be true or false.
fn is_truth(node: &Node) -> bool {
    node.unknown().is_some_and(|unknown| {
        unknown.domain.iter().all(|value| matches!(value.value, Value::Bool(_))) && unknown.parts.is_empty()
    })
}

/// Whether the value of an unknown could be null: what a call computed can, what the deployment is given cannot.
fn may_be_null(unknown: &Unknown) -> bool {
    if partial::is_spoiled(unknown) || !unknown.parts.is_empty() {
        return false;
    }
    if !unknown.domain.is_empty() {
        return unknown.domain.iter().any(Node::is_null);
    }
    let given = matches!(
        unknown.reason,
        Reason::Context(_)
            | Reason::ParameterWithoutValue(_)
            | Reason::SecureParameter(_)
            | Reason::KeyVaultReference(_)
            | Reason::Placeholder(_)
    );
    // The name of a part in brackets; the mark of a list is no part.
    let part = |key: &str| key.trim_end_matches(partial::LIST).contains(['(', '.', '[']);
    !given || part(&unknown.key)
}

impl Machine<'_> {
    /// The value of a function without arguments that asks for the surroundings.
    fn context(&mut self, form: Form, env: &Env, called: Called<'_>) -> Node {
        let around = Around { deployment: &env.deployment, assumed: self.inputs.assumptions, span: called.span };
        let level = env.deployment.scope.level;
        match form {
            Form::Subscription if matches!(level, Level::ManagementGroup | Level::Tenant) => {
                self.wrong(called, "there is no subscription at this level")
            }
            Form::Subscription => around.subscription(),
            Form::ResourceGroup if level != Level::ResourceGroup => {
                self.wrong(called, "there is no resource group at this level")
            }
            Form::ResourceGroup => around.resource_group(),
            Form::Tenant => around.tenant(),
            Form::ManagementGroup => around.management_group(),
            Form::Environment => around.environment(),
            _ => {
                let name = self.name_of(&env.deployment);
                around.deployment(name.as_ref())
            }
        }
    }
}

/// What is around a template, for a call at `span`.
struct Around<'a> {
    deployment: &'a Deployment,
    assumed: &'a Assumptions,
    span: Span,
}

impl Around<'_> {
    fn object(&self, members: Vec<(&str, Node)>) -> Node {
        let members = members.into_iter().map(|(key, node)| Member { key: key.into(), key_span: self.span, node });
        Node::new(value::object(members.collect()), self.span)
    }

    fn texts<'k>(&self, pairs: &[(&'k str, &str)]) -> Vec<(&'k str, Node)> {
        pairs.iter().map(|(key, text)| (*key, self.text(text))).collect()
    }

    fn text(&self, text: &str) -> Node {
        Node::new(value::text(text), self.span)
    }

    fn here(&self, node: &Node) -> Node {
        Node { span: self.span, via: None, ..node.clone() }
    }

    fn pieces(&self, pieces: Vec<Part>, text: &str) -> Node {
        Node::new(partial::assembled(pieces, text, self.span), self.span)
    }

    fn open(&self, what: &str, text: &str, key: &str) -> Node {
        context(what, text, key, self.span)
    }

    fn tenant_id(&self) -> Node {
        let open = || self.open("the tenant", "tenant().tenantId", "tenantId");
        self.assumed.tenant.as_ref().map_or_else(open, |tenant| self.text(tenant))
    }

    fn region(&self, text: &str, key: &str) -> Node {
        let open = || self.open("the region", text, key);
        self.assumed.region.as_ref().map_or_else(open, |region| self.text(region))
    }

    fn subscription(&self) -> Node {
        let subscription = &self.deployment.scope.subscription;
        self.object(vec![
            ("id", self.pieces(subscription_id(subscription), "subscription().id")),
            ("subscriptionId", self.here(subscription)),
            ("tenantId", self.tenant_id()),
            ("displayName", self.open("the subscription's name", "subscription().displayName", "subscriptionName")),
        ])
    }

    fn resource_group(&self) -> Node {
        let scope = &self.deployment.scope;
        let group = partial::key(&scope.resource_group);
        let of = |what: &str| if group == "resourceGroup" { what.to_owned() } else { format!("{what}({group})") };
        let tags = self.open("the tags of the resource group", "resourceGroup().tags", &of("resourceGroupTags{}"));
        self.object(vec![
            ("id", self.pieces(group_id(&scope.subscription, &scope.resource_group), "resourceGroup().id")),
            ("name", self.here(&scope.resource_group)),
            ("type", self.text("Microsoft.Resources/resourceGroups")),
            ("location", self.region("resourceGroup().location", &of("resourceGroupLocation"))),
            ("managedBy", Node::new(Value::Null, self.span)),
            ("tags", tags),
            ("properties", self.object(vec![("provisioningState", self.text("Succeeded"))])),
        ])
    }

    fn tenant(&self) -> Node {
        self.object(vec![
            ("tenantId", self.tenant_id()),
            ("countryCode", self.open("the tenant's country", "tenant().countryCode", "tenantCountry")),
            ("displayName", self.open("the tenant's name", "tenant().displayName", "tenantName")),
        ])
    }

    fn management_group(&self) -> Node {
        let group = &self.deployment.scope.management_group;
        let key = "managementGroupProperties{}";
        self.object(vec![
            ("id", self.pieces(management_group_id(group), "managementGroup().id")),
            ("name", self.here(group)),
            ("type", self.text("Microsoft.Management/managementGroups")),
            ("properties", self.open("the management group", "managementGroup().properties", key)),
        ])
    }

    fn deployment(&self, name: Option<&Node>) -> Node {
        let id = &self.deployment.id;
        let unnamed = || self.open("the deployment's name", "deployment().name", &format!("deploymentName@{id}"));
        let name = name.map_or_else(unnamed, |name| self.here(name));
        let version = self.deployment.section("contentVersion");
        let version = version.map_or_else(|| self.text("1.0.0.0"), |version| self.here(version));
        let (text, key) = ("deployment().properties.templateLink.uri", format!("templateUri@{id}"));
        let link = self.open("the template's address", text, &key);
        let properties = self.object(vec![
            ("templateLink", self.object(vec![("uri", link.clone()), ("id", link)])),
            ("template", self.object(vec![("contentVersion", version)])),
            ("mode", self.open("the deployment's mode", "deployment().properties.mode", "deploymentMode")),
        ]);
        let location = self.region("deployment().location", "deploymentLocation");
        self.object(vec![("name", name), ("location", location), ("properties", properties)])
    }

    /// <https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment#environment>
    fn environment(&self) -> Node {
        let [name, manager, portal, login, graph, sql, storage, vault, registry] = match self.assumed.cloud {
            Cloud::Public => PUBLIC,
            Cloud::Government => GOVERNMENT,
            Cloud::China => CHINA,
        };
        let suffixes = self.texts(&[
            ("acrLoginServer", registry),
            ("azureDatalakeAnalyticsCatalogAndJob", "azuredatalakeanalytics.net"),
            ("azureDatalakeStoreFileSystem", "azuredatalakestore.net"),
            ("azureFrontDoorEndpointSuffix", "azurefd.net"),
            ("keyvaultDns", vault),
            ("sqlServerHostname", sql),
            ("storage", storage),
        ]);
        let audiences = Node::new(value::list(vec![self.text(manager)]), self.span);
        let authentication = self.object(vec![
            ("loginEndpoint", self.text(login)),
            ("audiences", audiences),
            ("tenant", self.text("common")),
            ("identityProvider", self.text("AAD")),
        ]);
        let mut members = self.texts(&[
            ("name", name),
            ("gallery", "https://gallery.azure.com/"),
            ("graph", graph),
            ("portal", portal),
            ("graphAudience", graph),
            ("activeDirectoryDataLake", "https://datalake.azure.net/"),
            ("batch", "https://batch.core.windows.net/"),
            ("media", "https://rest.media.azure.net"),
            ("sqlManagement", "https://management.core.windows.net:8443/"),
            ("vmImageAliasDoc", IMAGES),
            ("resourceManager", manager),
        ]);
        members.extend([("authentication", authentication), ("suffixes", self.object(suffixes))]);
        self.object(members)
    }
}

const IMAGES: &str =
    "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json";

/// The name of a cloud, its manager, portal, login and graph, and the ends of names of SQL, storage, vaults and registries.
const PUBLIC: [&str; 9] = [
    "AzureCloud",
    "https://management.azure.com/",
    "https://portal.azure.com",
    "https://login.microsoftonline.com/",
    "https://graph.windows.net/",
    ".database.windows.net",
    "core.windows.net",
    ".vault.azure.net",
    ".azurecr.io",
];
const GOVERNMENT: [&str; 9] = [
    "AzureUSGovernment",
    "https://management.usgovcloudapi.net",
    "https://portal.azure.us",
    "https://login.microsoftonline.us/",
    "https://graph.windows.net/",
    ".database.usgovcloudapi.net",
    "core.usgovcloudapi.net",
    ".vault.usgovcloudapi.net",
    ".azurecr.us",
];
const CHINA: [&str; 9] = [
    "AzureChinaCloud",
    "https://management.chinacloudapi.cn",
    "https://portal.azure.cn",
    "https://login.chinacloudapi.cn/",
    "https://graph.chinacloudapi.cn/",
    ".database.chinacloudapi.cn",
    "core.chinacloudapi.cn",
    ".vault.azure.cn",
    ".azurecr.cn",
];
