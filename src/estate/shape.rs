//! What a document is, and what a single object in it is: told by its keys, never by its file name.
//!
//! Walking a document for its resources is the work of `gather`.

use crate::estate::fault::{EXPORT_INCOMPLETE, Fault};
use crate::estate::kind::{Kind, Shape, type_of_id};
use crate::estate::normal::{EFFECTIVE_ROUTES, object, with_plain_keys};
use crate::json::{Member, Node};
use crate::manifest;
use crate::pulumi;
use crate::terraform::{self, Form};

/// What a document is. `None`: it holds nothing of Azure's networks, nor anything else this program reads.
pub fn shape_of(root: &Node) -> Option<Shape> {
    recorded_shape(root).or_else(|| whole_document(root)).or_else(|| shape_within(&with_plain_keys(root), 0))
}

/// The shape of a document in which another program keeps resources of Azure, in words of its own.
pub(crate) fn recorded_shape(root: &Node) -> Option<Shape> {
    let stack = || pulumi::is_stack(root).then_some(Shape::PulumiStack);
    let manifest = || manifest::is_manifest(root).then_some(Shape::Manifest);
    terraform_shape(root).or_else(stack).or_else(manifest)
}

/// The shape of a document of Terraform that is read.
pub(crate) fn terraform_shape(root: &Node) -> Option<Shape> {
    match terraform::form(root)? {
        Form::Plan => Some(Shape::TerraformPlan),
        Form::State | Form::StoredState => Some(Shape::TerraformState),
        Form::OldState | Form::Newer => None,
    }
}

/// Lists in lists and wrappers in wrappers are followed this deep.
pub(crate) const MAX_DEPTH: usize = 4;

fn shape_within(node: &Node, depth: usize) -> Option<Shape> {
    if depth > MAX_DEPTH {
        return None;
    }
    if node.is_list() {
        return effective_routes(node)
            .then_some(Shape::Effective)
            .or_else(|| dependency_list(node).map(|_| Shape::Dependencies))
            .or_else(|| node.items().iter().find_map(|item| shape_within(item, depth + 1)));
    }
    if !node.is_object() {
        return None;
    }
    if let Some(shape) = whole_document(node) {
        return Some(shape);
    }
    if group_view(node).is_some() || is_effective_route(node) {
        return Some(Shape::Effective);
    }
    if let Some((_, shape)) = recognise(node) {
        return Some(shape);
    }
    if graph_answer(node).is_some_and(|data| !data.items().is_empty() || data.is_object()) {
        return graph_answer(node)
            .is_some_and(|data| data.is_object() || data.items().iter().any(|row| recognise(row).is_some()))
            .then_some(Shape::ResourceGraph);
    }
    if let Some(list) = effective_list(node) {
        return (!list.items().is_empty()).then_some(Shape::Effective);
    }
    if let Some(list) = node.get("value").filter(|list| list.is_list()) {
        return shape_within(list, depth + 1);
    }
    wrapped(node).find_map(|inner| shape_within(inner, depth + 1))
}

/// Documents that are told by their outermost keys, and hold no plain resources.
pub(crate) fn whole_document(node: &Node) -> Option<Shape> {
    let schema = node.get("$schema").and_then(Node::text).unwrap_or("").to_ascii_lowercase();
    if schema.contains("deploymentparameters.json") {
        return Some(Shape::Parameters);
    }
    if template_in(node).is_some() {
        return Some(Shape::Template);
    }
    if what_if(node).is_some() {
        return Some(Shape::WhatIf);
    }
    if node.get("contentVersion").is_some() && node.get("parameters").is_some_and(parameter_values) {
        return Some(Shape::Parameters);
    }
    let tags = node.get("values").is_some_and(Node::is_list);
    if tags && (node.get("cloud").is_some() || node.get("changeNumber").is_some()) {
        return Some(Shape::ServiceTags);
    }
    dependency_list(node).map(|_| Shape::Dependencies)
}

/// Whether an object is a template.
pub(crate) fn is_template(node: &Node) -> bool {
    let schema = node.get("$schema").and_then(Node::text).unwrap_or("").to_ascii_lowercase();
    let resources = node.get("resources").is_some_and(|resources| !resources.is_null());
    schema.contains("deploymenttemplate.json") || resources && node.get("contentVersion").is_some()
}

/// A template that a document is or holds.
#[derive(Clone, Debug)]
pub struct TemplateIn {
    /// The template.
    pub template: Node,
    /// An object whose `parameters` are what the same document gives the template.
    pub arguments: Option<Node>,
}

/// The only template of a document: itself, the one in the body of a deployment, in an export (`{ "template": … }`) or in
/// a template spec, or the resources that `bicep snapshot` predicts, whose ids and references are still expressions.
pub fn template_in(root: &Node) -> Option<TemplateIn> {
    if let [one] = versions(root) {
        return template_in(one);
    }
    if is_template(root) {
        return Some(TemplateIn { template: root.clone(), arguments: None });
    }
    if let Some(found) = root.member("predictedResources").filter(|found| found.node.is_list()) {
        let resources = Member { key: "resources".into(), ..found.clone() };
        return Some(TemplateIn { template: object(root, vec![resources]), arguments: None });
    }
    let holders = [Some(root), root.get("properties")];
    holders.into_iter().flatten().find_map(|holder| {
        let found = ["template", "mainTemplate"].iter().find_map(|key| holder.get(key))?;
        let arguments = holder.get("parameters").is_some_and(Node::is_object).then(|| holder.clone());
        is_template(found).then(|| TemplateIn { template: found.clone(), arguments })
    })
}

/// The items of a list or page, as template specs with their versions come.
fn versions(root: &Node) -> &[Node] {
    let page = || root.get("value").filter(|_| root.get("properties").is_none()).map(Node::items).unwrap_or_default();
    if root.is_list() { root.items() } else { page() }
}

/// How a document names the template of a deployment that it does not hold: an address or an id.
pub(crate) fn template_link(root: &Node) -> Option<&Node> {
    let link = either(root, "templateLink")?;
    ["uri", "id", "relativePath"].iter().find_map(|key| link.get(key).filter(|link| link.text().is_some()))
}

/// What an export of a template says that it leaves out.
pub fn left_out(root: &Node) -> Vec<Fault> {
    /// More of one export say no more.
    const MOST: usize = 20;
    let is_whole = is_template(root) || template_in(root).is_none();
    let Some(error) = either(root, "error").filter(|error| error.is_object() && !is_whole) else { return Vec::new() };
    let details = error.get("details").map(Node::items).unwrap_or_default();
    let told = if details.is_empty() { std::slice::from_ref(error) } else { details };
    let said = told.iter().filter_map(|one| one.get("message").filter(|message| message.text().is_some()));
    let fault = |message: &Node| {
        let detail = format!("the export is not complete: {}", message.text().unwrap_or_default());
        Fault::new(EXPORT_INCOMPLETE, message.span, detail, "")
    };
    said.take(MOST).map(fault).collect()
}

/// The changes that `az deployment … what-if` shows, when a document is its output.
pub(crate) fn what_if(node: &Node) -> Option<&Node> {
    let is_change = |change: &Node| change.get("changeType").is_some() && change.get("resourceId").is_some();
    let changes = either(node, "changes").filter(|changes| changes.is_list())?;
    changes.items().iter().any(is_change).then_some(changes)
}

/// Whether an object is a rule collection of a firewall policy without its group, as
/// `az network firewall policy rule-collection-group collection list` prints it.
pub(crate) fn is_bare_collection(node: &Node) -> bool {
    node.get("ruleCollectionType").and_then(Node::text).is_some() && node.get("rules").is_some()
}

/// The categories of a saved `outboundNetworkDependenciesEndpoints` answer: below `value`, alone as `az` prints them, or in
/// an example of Azure's interface descriptions.
pub(crate) fn dependency_list(node: &Node) -> Option<&Node> {
    if node.is_list() {
        let named = |item: &Node| needed(item).is_some_and(|list| list.items().iter().any(is_endpoint));
        return node.items().iter().any(named).then_some(node);
    }
    let answer = node.at(&["responses", "200", "body"]).unwrap_or(node);
    let list = answer.get("value").filter(|list| list.is_list())?;
    list.items().iter().any(|item| needed(item).is_some()).then_some(list)
}

/// The endpoints of a category.
fn needed(item: &Node) -> Option<&Node> {
    either(item, "category").and_then(|_| either(item, "endpoints"))
}

fn is_endpoint(node: &Node) -> bool {
    node.get("domainName").is_some() && node.get("endpointDetails").is_some()
}

fn parameter_values(parameters: &Node) -> bool {
    parameters.is_object()
        && parameters.members().iter().all(|member| {
            member.node.get("type").is_none()
                && ["value", "reference", "expression"].iter().any(|key| member.node.get(key).is_some())
        })
}

/// The rows of an answer of Resource Graph: a list of objects, or `{ columns, rows }`.
pub(crate) fn graph_answer(node: &Node) -> Option<&Node> {
    let data = node.get("data")?;
    if data.at(&["columns"]).is_some_and(Node::is_list) && data.at(&["rows"]).is_some_and(Node::is_list) {
        return Some(data);
    }
    let counted = ["count", "totalRecords", "total_records", "skip_token", "skipToken", "$skipToken"];
    (data.is_list() && counted.iter().any(|key| node.get(key).is_some())).then_some(data)
}

/// The list of effective rules or routes an answer of Network Watcher holds.
pub(crate) fn effective_list(node: &Node) -> Option<&Node> {
    let list = ["networkSecurityGroups", "value"].iter().find_map(|key| node.get(key).filter(|list| list.is_list()))?;
    let rules = list.items().iter().any(|item| item.get("effectiveSecurityRules").is_some());
    (rules || effective_routes(list)).then_some(list)
}

/// Whether a list holds effective routes: prefixes and next hops are lists, and each has a state.
pub(crate) fn effective_routes(list: &Node) -> bool {
    list.items().iter().any(is_effective_route)
}

/// Whether an object is an effective route: PowerShell prints a single one without a list.
pub(crate) fn is_effective_route(node: &Node) -> bool {
    node.get("addressPrefix").is_some_and(Node::is_list)
        && node.get("nextHopType").is_some()
        && node.get("state").is_some()
}

/// The network interfaces of a security group view, as `az network watcher show-security-group-view` and
/// `Get-AzNetworkWatcherSecurityGroup` print it.
pub(crate) fn group_view(node: &Node) -> Option<&Node> {
    let is_view = |interface: &Node| interface.get("securityRuleAssociations").is_some_and(Node::is_object);
    node.get("networkInterfaces").filter(|list| list.items().iter().any(is_view))
}

/// Values that may hold resources although the object around them is none: hand-made bundles, `az … create`
/// answers (`{ "newNSG": {…} }`) and the examples of Azure's interface descriptions (`responses.200.body`).
pub(crate) fn wrapped(node: &Node) -> impl Iterator<Item = &Node> {
    let named = node.get("name").is_some() || node.get("id").is_some() || node.get("$schema").is_some();
    node.members().iter().filter(move |_| !named).map(|member| &member.node).filter(|inner| {
        let resource = |node: &Node| recognise(node).is_some_and(|(kind, _)| kind != Kind::Other);
        let page = |node: &Node| node.get("value").is_some_and(|list| list.items().iter().any(resource));
        let answer = |node: &Node| {
            resource(node)
                || page(node)
                || what_if(node).is_some()
                || effective_list(node).is_some()
                || group_view(node).is_some()
        };
        let body = |node: &Node| node.get("body").is_some_and(answer);
        match inner.is_list() {
            true => inner.items().iter().any(resource) || effective_routes(inner),
            false => {
                answer(inner)
                    || inner.members().iter().any(|member| resource(&member.node) || body(&member.node))
                    || body(inner)
            }
        }
    })
}

/// What a single object is, and how it is spelt. `None`: not a resource.
pub(crate) fn recognise(node: &Node) -> Option<(Kind, Shape)> {
    if !node.is_object() || node.members().is_empty() || is_terraform(node) {
        return None;
    }
    if node.get("effectiveSecurityRules").is_some() {
        return Some((Kind::Nsg, Shape::Effective));
    }
    if node.get(EFFECTIVE_ROUTES).is_some_and(Node::is_list) {
        return Some((Kind::RouteTable, Shape::Effective));
    }
    let kind = kind_by_type(node).or_else(|| kind_by_id(node)).or_else(|| kind_by_members(node))?;
    Some((kind, spelling(node, kind)))
}

/// Whether an object has the names of Terraform's provider, which differ from Azure's own.
pub(crate) fn is_terraform(node: &Node) -> bool {
    let lists = ["security_rule", "network_rule_collection", "application_rule_collection", "nat_rule_collection"];
    lists.iter().any(|key| node.get(key).is_some_and(Node::is_list))
        || node.get("resource_group_name").is_some() && node.get("properties").is_none()
        || node.get("type").and_then(Node::text).is_some_and(|text| text.starts_with("azurerm_"))
}

/// How a resource object is spelt.
fn spelling(node: &Node, kind: Kind) -> Shape {
    if node.member("properties").is_some_and(|member| member.key.starts_with('p')) {
        let graph = node.get("tenantId").is_some() && node.get("subscriptionId").is_some();
        return if graph { Shape::ResourceGraph } else { Shape::Rest };
    }
    let pascal = |key: &str| {
        node.member(key).is_some_and(|member| member.key.starts_with(|first: char| first.is_ascii_uppercase()))
    };
    if ["name", "id", "etag", "priority", "securityRules", "routes"].into_iter().any(pascal) {
        return Shape::PowerShell;
    }
    match kind {
        Kind::Workspace | Kind::Compute => Shape::MachineLearningCli,
        _ => Shape::Cli,
    }
}

fn kind_by_type(node: &Node) -> Option<Kind> {
    let written = ["type", "resourceType"].iter().find_map(|key| node.get(key).and_then(Node::text))?;
    let kind = match written.split_once('/') {
        Some((namespace, _)) if namespace.contains('.') => Kind::of_type(written),
        // `az ml` shortens the type of a compute.
        None if is_machine_learning_compute(written) && has_any(node, COMPUTE_MARKS) => return Some(Kind::Compute),
        _ => return None,
    };
    let azure = written.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("Microsoft."));
    let named = node.get("name").is_some() || node.get("id").is_some() || node.get("properties").is_some();
    (kind != Kind::Other || (azure && named) || azure_id(node).is_some()).then_some(kind)
}

fn kind_by_id(node: &Node) -> Option<Kind> {
    let name = type_in_id(node)?;
    // A mention is not a resource: it has an id and nothing that says more.
    let more = |key: &str| {
        !["id", "resourceId", "resourceGroup", "resourceGroupName"].iter().any(|not| key.eq_ignore_ascii_case(not))
    };
    node.members().iter().any(|member| more(&member.key)).then(|| Kind::of_type(&name))
}

/// The type that its id tells, in lower case.
fn type_in_id(node: &Node) -> Option<String> {
    type_of_id(&azure_id(node)?)
}

/// The type of a resource in lower case, told by what it says or by its id; `None` when neither tells.
pub fn type_of(node: &Node) -> Option<String> {
    let written = ["type", "resourceType"].iter().find_map(|key| node.get(key).and_then(Node::text));
    written.filter(|text| text.contains('/')).map(str::to_ascii_lowercase).or_else(|| type_in_id(node))
}

/// Its id, in lower case, when it is one of Azure's.
fn azure_id(node: &Node) -> Option<String> {
    let id = ["id", "resourceId"].iter().find_map(|key| node.get(key).and_then(Node::text))?;
    let id = id.to_ascii_lowercase();
    (id.starts_with("/subscriptions/") || id.starts_with("/providers/")).then_some(id)
}

const COMPUTE_MARKS: &[&str] =
    &["enableNodePublicIp", "networkSettings", "provisioningState", "size", "location", "id"];

/// Whether `az ml` uses this word as the type of a compute.
fn is_machine_learning_compute(text: &str) -> bool {
    let known = ["amlcompute", "computeinstance", "kubernetes", "virtualmachine", "synapsespark", "attached", "aks"];
    known.iter().any(|name| text.eq_ignore_ascii_case(name))
}

/// Objects with neither type nor id, as people cut them out of exports.
fn kind_by_members(node: &Node) -> Option<Kind> {
    let has = |key: &str| either(node, key).is_some();
    // Parameters may be called like a property: `{ "nextHopType": { "value": … } }`.
    let plain = |key: &str| either(node, key).is_some_and(|found| !found.is_object());
    let list = |key: &str| either(node, key).is_some_and(Node::is_list);
    if list("securityRules") || list("defaultSecurityRules") {
        return Some(Kind::Nsg);
    }
    if is_bare_collection(node) {
        return Some(Kind::CollectionGroup);
    }
    if plain("direction") && plain("access") && (plain("priority") || plain("protocol")) {
        return Some(Kind::SecurityRule);
    }
    if plain("addressPrefix") && plain("nextHopType") && !has("state") {
        return Some(Kind::Route);
    }
    let routes = either(node, "routes").map(Node::items).unwrap_or_default();
    if routes.iter().any(|route| either(route, "nextHopType").is_some())
        || (has("disableBgpRoutePropagation") && has("routes"))
    {
        return Some(Kind::RouteTable);
    }
    if either(node, "addressSpace").is_some_and(|space| space.get("addressPrefixes").is_some()) {
        return Some(Kind::Network);
    }
    if list("ruleCollections") {
        return Some(Kind::CollectionGroup);
    }
    let subnet = [
        "networkSecurityGroup",
        "routeTable",
        "natGateway",
        "serviceEndpoints",
        "delegations",
        "privateEndpointNetworkPolicies",
        "defaultOutboundAccess",
    ];
    if (plain("addressPrefix") || plain("addressPrefixes")) && subnet.into_iter().any(has) {
        return Some(Kind::Subnet);
    }
    if has_any(node, &["hbiWorkspace", "managedNetwork", "imageBuildCompute"]) {
        return Some(Kind::Workspace);
    }
    if has_any(node, &["enableNodePublicIp"]) {
        return Some(Kind::Compute);
    }
    None
}

fn has_any(node: &Node, keys: &[&str]) -> bool {
    keys.iter().any(|key| node.get(key).is_some())
}

/// A property in REST or in flattened form.
pub(crate) fn either<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.at(&["properties", key]).or_else(|| node.get(key))
}

#[cfg(test)]
mod tests {
    use super::shape_of;
    use crate::estate::kind::Shape;
    use crate::json::parse;
    use crate::source::FileId;

    fn shape(text: &str) -> Option<Shape> {
        shape_of(&parse(FileId(0), text).unwrap().root)
    }

    #[test]
    fn what_is_not_azures_has_no_shape() {
        for text in [
            r#"{"name":"left-pad","version":"1.0.0","type":"module"}"#,
            r#"{"routes":[{"path":"/","component":"Home"}]}"#,
            r#"[{"id":"/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/v"}]"#,
            r#"{"value":[],"count":0}"#,
            r#"{"data":[1,2],"count":2}"#,
            "[]",
            "null",
            "3",
            r#"{"assign":{"parameters":{"nextHopType":{"value":"[[x]"},"addressPrefix":{"value":"[[y]"}}}}"#,
            r#"{"direction":{"value":"Inbound"},"access":{"value":"Allow"},"priority":{"value":100}}"#,
        ] {
            assert_eq!(shape(text), None, "{text}");
        }
    }

    #[test]
    fn resources_are_told_by_type_id_or_members() {
        let id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/networkSecurityGroups/n";
        for (text, expected) in [
            (r#"{"type":"MICROSOFT.network/networkSecurityGroups","properties":{}}"#.to_owned(), Shape::Rest),
            (format!(r#"{{"value":[{{"id":"{id}","name":"n","properties":{{}}}}]}}"#), Shape::Rest),
            (format!(r#"[{{"id":"{id}","name":"n","securityRules":[]}}]"#), Shape::Cli),
            (format!(r#"{{"Id":"{id}","Name":"n","SecurityRules":[]}}"#), Shape::PowerShell),
            (r#"{"name":"n","securityRules":[]}"#.to_owned(), Shape::Cli),
            (r#"{"newNSG":{"name":"n","securityRules":[]}}"#.to_owned(), Shape::Cli),
            (format!(r#"{{"data":[{{"id":"{id}","name":"n","properties":{{}}}}],"count":1}}"#), Shape::ResourceGraph),
            (r#"{"type":"amlcompute","name":"c","size":"S"}"#.to_owned(), Shape::MachineLearningCli),
            (format!(r#"{{"id":"{id}","name":"n","security_rules":[]}}"#), Shape::Cli),
            (r#"{"ruleCollectionType":"FirewallPolicyFilterRuleCollection","rules":[]}"#.to_owned(), Shape::Cli),
            (r#"{"value":[{"effectiveSecurityRules":[]}]}"#.to_owned(), Shape::Effective),
            (
                r#"{"value":[{"addressPrefix":["0.0.0.0/0"],"nextHopType":"None","state":"Active"}]}"#.to_owned(),
                Shape::Effective,
            ),
        ] {
            assert_eq!(shape(&text), Some(expected), "{text}");
        }
    }

    #[test]
    fn whole_documents_are_told_by_their_outermost_keys() {
        for (text, expected) in [
            (r#"{"contentVersion":"1.0.0.0","resources":[]}"#, Shape::Template),
            (
                r#"{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","resources":{}}"#,
                Shape::Template,
            ),
            (
                r#"{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#","parameters":{}}"#,
                Shape::Parameters,
            ),
            (r#"{"contentVersion":"1.0.0.0","parameters":{"a":{"value":1}}}"#, Shape::Parameters),
            (r#"{"template":{"contentVersion":"1.0.0.0","resources":[]},"templateLink":null}"#, Shape::Template),
            (r#"{"properties":{"template":{"contentVersion":"1","resources":[]},"parameters":{}}}"#, Shape::Template),
            (r#"[{"name":"1.0","mainTemplate":{"contentVersion":"1","resources":[]}}]"#, Shape::Template),
            (r#"{"predictedResources":[],"diagnostics":[]}"#, Shape::Template),
            (r#"{"changes":[{"resourceId":"/a","changeType":"Create"}]}"#, Shape::WhatIf),
            (r#"{"properties":{"changes":[{"resourceId":"/a","changeType":"Create"}]}}"#, Shape::WhatIf),
            (r#"{"changeNumber":1,"cloud":"Public","values":[]}"#, Shape::ServiceTags),
            (r#"{"Values":[],"ChangeNumber":"3"}"#, Shape::ServiceTags),
            (r#"{"value":[{"properties":{"category":"Azure AD","endpoints":[]}}]}"#, Shape::Dependencies),
            (r#"{"value":[{"category":"Azure AD","endpoints":[]}]}"#, Shape::Dependencies),
            (
                r#"[{"category":"Azure Batch","endpoints":[{"domainName":"a.b","endpointDetails":[]}]}]"#,
                Shape::Dependencies,
            ),
        ] {
            assert_eq!(shape(text), Some(expected), "{text}");
        }
    }
}
