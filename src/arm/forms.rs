//! The calls that are more than pure functions: lazy ones, what a template can ask of its own deployment, and dispatch to
//! the rest.

use std::sync::Arc;

use crate::arm::budget::{DOMAIN, Failure};
use crate::arm::calls::Called;
use crate::arm::expansion::{self, Cloud, Level};
use crate::arm::expression::{Call, Expression, Form, Site};
use crate::arm::functions::Nature;
use crate::arm::machine::{Env, Machine};
use crate::arm::{ids, partial, value};
use crate::json::{How, Member, Node, Part, Reason, Unknown, Value};
use crate::source::Span;

impl Machine<'_> {
    /// The value of a form.
    pub(crate) fn form(&mut self, form: Form, call: &Call, whole: &Expression, site: &Site, env: &Env) -> Node {
        let text = site.slice(whole.start, whole.end);
        let span = site.place(whole.start, whole.end);
        let called = Called { name: &call.name, nature: Nature::Computes, text, span };
        match form {
            Form::If => self.choice(call, site, env, called),
            Form::And => self.logic(call, site, env, called, false),
            Form::Or => self.logic(call, site, env, called, true),
            Form::Coalesce => self.coalesce(call, site, env, called),
            Form::Parameters | Form::Variables | Form::LambdaVariables => {
                let [name] = call.args.as_slice() else { return self.wrong_count(called, "one name is needed") };
                let name = self.expression(name, site, env);
                match &name.value {
                    Value::Text(name) => match form {
                        Form::Parameters => self.parameter(name, env, text, span),
                        Form::Variables => self.variable(name, env, text, span),
                        _ => self.lambda_variable(name, env, text, span),
                    },
                    Value::Unknown(_) => self.named_by_unknown(form, &name, env, called),
                    _ => self.wrong_count(called, "the name should be a string"),
                }
            }
            Form::CopyIndex => self.copy_index(call, site, env, called),
            Form::Lambda => self.wrong_count(called, "a lambda stands only inside a function that takes one"),
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
                let args = self.arguments(call, site, env);
                let scope = env.deployment.scope.clone();
                self.apply(called, &args, &move |args, _| match form {
                    Form::ResourceId => ids::resource_id(&scope, args),
                    Form::SubscriptionResourceId => ids::subscription_resource_id(&scope, args),
                    Form::TenantResourceId => ids::tenant_resource_id(args),
                    Form::ExtensionResourceId => ids::extension_resource_id(args),
                    _ => ids::management_group_resource_id(&scope, args),
                })
            }
            Form::Reference => self.reference(call, &[], 0, whole, site, env).0,
            Form::ResourceInfo => self.resource_info(call, site, env, called),
            Form::List | Form::Runtime => {
                let args = self.arguments(call, site, env);
                let name = Arc::clone(&call.name);
                // `newGuid` and `utcNow` answer differently wherever they stand.
                let key = if args.is_empty() {
                    format!("{}()@{}:{}:{}", call.name.to_ascii_lowercase(), env.deployment.id, span.file.0, span.start)
                } else {
                    partial::call_key(&call.name, &args)
                };
                let reason =
                    if form == Form::List { Reason::ListFunction(name) } else { Reason::RuntimeFunction(name) };
                Node::new(Value::Unknown(Arc::new(partial::unknown(reason, text, span, key))), span)
            }
        }
    }

    fn wrong_count(&mut self, called: Called<'_>, message: &str) -> Node {
        self.failed(Failure::Error(message.to_owned()), called.name, called.text, called.span)
    }

    fn choice(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        let [condition, yes, no] = call.args.as_slice() else {
            return self.wrong_count(called, "three arguments are needed");
        };
        let condition = self.expression(condition, site, env);
        match (settled_truth(&condition), &condition.value) {
            (Some(true), _) => return self.expression(yes, site, env),
            (Some(false), _) => return self.expression(no, site, env),
            (None, Value::Unknown(unknown)) if partial::is_spoiled(unknown) => return condition,
            (None, Value::Unknown(_)) => {}
            (None, _) => return self.wrong_count(called, "the condition should be a boolean"),
        }
        let branches = [self.expression(yes, site, env), self.expression(no, site, env)];
        match value::same(&branches[0], &branches[1], &mut self.budget) {
            Ok(Some(true)) => {
                let [first, _] = branches;
                return first;
            }
            Ok(_) => {}
            Err(failure) => return self.failed(failure, called.name, called.text, called.span),
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
        let unknown = Unknown { domain, ..partial::unknown(reason, called.text, called.span, key) };
        Node::new(Value::Unknown(Arc::new(unknown)), called.span)
    }

    /// `and` stops at false, `or` at true; what is unknown decides only when nothing else does.
    fn logic(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>, stop: bool) -> Node {
        let mut open: Vec<Node> = Vec::new();
        for arg in &call.args {
            let node = self.expression(arg, site, env);
            match (settled_truth(&node), &node.value) {
                (Some(known), _) if known == stop => return self.made(called, Value::Bool(stop)),
                (Some(_), _) => {}
                (None, Value::Unknown(unknown)) if partial::is_spoiled(unknown) && open.is_empty() => return node,
                (None, Value::Unknown(_)) => open.push(node),
                (None, _) => return self.wrong_count(called, "every argument should be a boolean"),
            }
        }
        match open.as_slice() {
            [] => self.made(called, Value::Bool(!stop)),
            [only] if is_truth(only) => only.clone(),
            many => {
                let reason = many[0].unknown().map_or(Reason::Condition, |unknown| unknown.reason.clone());
                let key = partial::call_key(called.name, many);
                let domain = [true, false].map(|truth| Node::new(Value::Bool(truth), called.span)).to_vec();
                let unknown = Unknown { domain, ..partial::unknown(reason, called.text, called.span, key) };
                Node::new(Value::Unknown(Arc::new(unknown)), called.span)
            }
        }
    }

    fn made(&mut self, called: Called<'_>, value: Value) -> Node {
        let via = Some(value::step(called.span, How::Call(called.name.into()), None));
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
        let reason = unknown.reason.clone();
        let unknown = Unknown { domain, ..partial::unknown(reason, called.text, called.span, key) };
        Node::new(Value::Unknown(Arc::new(unknown)), called.span)
    }

    /// `parameters(…)` and its kind with a name that is one of a few.
    fn named_by_unknown(&mut self, form: Form, name: &Node, env: &Env, called: Called<'_>) -> Node {
        let Value::Unknown(unknown) = &name.value else { return name.clone() };
        if partial::is_spoiled(unknown) {
            return name.clone();
        }
        let mut domain: Vec<Node> = Vec::new();
        for name in unknown.domain.iter().filter_map(Node::text) {
            let node = match form {
                Form::Parameters => self.parameter(name, env, called.text, called.span),
                Form::Variables => self.variable(name, env, called.text, called.span),
                _ => self.lambda_variable(name, env, called.text, called.span),
            };
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
        let unknown = Unknown { domain, ..partial::unknown(unknown.reason.clone(), called.text, called.span, key) };
        Node::new(Value::Unknown(Arc::new(unknown)), called.span)
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
            Some(_) => return self.wrong_count(called, "the offset should be an integer"),
        };
        let round = match name {
            Some(name) => env.rounds().find(|round| round.name == name.to_lowercase()),
            None => env.rounds().find(|round| round.outer).or_else(|| env.rounds().next()),
        };
        let Some(round) = round else {
            let message =
                name.map_or_else(|| "no loop is around it".into(), |name| format!("no loop `{name}` is around it"));
            return self.failed(Failure::Error(message), called.name, called.text, called.span);
        };
        match round.index {
            Some(index) => match i64::try_from(index).ok().and_then(|index| index.checked_add(offset)) {
                Some(index) => Node::new(value::int(index), called.span),
                None => self.wrong_count(called, "the result does not fit 64 bits"),
            },
            None => {
                let key = format!("copyindex({})+{offset}@{}{}", round.name, env.deployment.id, partial::SCALAR);
                let unknown = partial::unknown(Reason::CopyCount, called.text, called.span, key);
                Node::new(Value::Unknown(Arc::new(unknown)), called.span)
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

/// The truth of a value, also of an unknown that is the same truth either way.
fn settled_truth(node: &Node) -> Option<bool> {
    let Value::Unknown(unknown) = &node.value else { return value::as_bool(node) };
    let mut truths = unknown.domain.iter().map(value::as_bool);
    let first = truths.next()??;
    truths.all(|truth| truth == Some(first)).then_some(first)
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
    pub(crate) fn context(&mut self, form: Form, env: &Env, called: Called<'_>) -> Node {
        let span = called.span;
        let object = |members| object(members, span);
        let text = |text: &str| Node::new(value::text(text), span);
        let here = |node: &Node| Node { span, via: None, ..node.clone() };
        let pieces = |pieces: Vec<Part>, text: &str| Node::new(partial::assembled(pieces, text, span), span);
        let open = |what: &str, text: &str, key: &str| expansion::context(what, text, key, span);
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
                let id = pieces(expansion::subscription_id(&scope.subscription), "subscription().id");
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
                    (
                        "id",
                        pieces(expansion::group_id(&scope.subscription, &scope.resource_group), "resourceGroup().id"),
                    ),
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
