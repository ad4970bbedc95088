//! The resources of a stack.

use std::sync::Arc;

use crate::json::{Member, Node, Value};
use crate::pulumi::value::Values;
use crate::source::Span;
use crate::terraform::{self, Attributes, Resource};

/// What a stack holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// The resources of azure-native, with their ids, as flat as their outputs are.
    pub native: Vec<Node>,
    /// The resources of the older provider, in REST form.
    pub classic: Vec<Resource>,
    /// What makes it say less than there is, each with its place.
    pub troubles: Vec<(Span, String)>,
    /// Values that must not be shown.
    pub sensitive: Vec<Node>,
    /// How many resources of Azure are not read.
    pub passed_over: usize,
    /// How many resources of other providers there are.
    pub foreign: usize,
}

/// Whether a document is a stack.
pub fn is_stack(root: &Node) -> bool {
    let resources = holder(root).and_then(|holder| holder.get("resources")).map(Node::items).unwrap_or_default();
    resources.iter().any(|resource| resource.get("urn").and_then(Node::text).is_some_and(|urn| urn.starts_with(URN)))
}

const URN: &str = "urn:pulumi:";

/// What holds the resources: an export, or a stack as a backend of one's own stores it.
fn holder(root: &Node) -> Option<&Node> {
    let stored = || root.at(&["checkpoint", "latest"]);
    root.get("deployment").or_else(stored).filter(|holder| holder.is_object())
}

/// What a stack holds.
pub fn read(root: &Node) -> Reading {
    let mut reading = Reading::default();
    let mut classic = Vec::new();
    let Some(holder) = holder(root) else { return reading };
    for resource in holder.get("resources").map(Node::items).unwrap_or_default() {
        // What a replacement left behind and the next update deletes.
        let is_gone = resource.get("delete").and_then(Node::bool) == Some(true);
        let Some(token) = resource.get("type").and_then(Node::text).filter(|_| !is_gone) else { continue };
        let outputs = ["outputs", "inputs"].iter().find_map(|key| {
            let found = resource.get(key).filter(|values| !values.members().is_empty())?;
            Some(found)
        });
        let mut values = Values::default();
        let outputs = outputs.map(|outputs| values.plain(outputs));
        reading.sensitive.append(&mut values.sensitive);
        match (provider(token), outputs) {
            (Provider::Native, Some(outputs)) => reading.native.push(with_id(&outputs, resource)),
            (Provider::Classic, Some(outputs)) => match terraform_type(token) {
                Some(kind) => {
                    classic.push(Attributes { kind, name: urn_name(resource), values: with_id(&outputs, resource) })
                }
                None => reading.passed_over += 1,
            },
            (Provider::Native | Provider::Classic, None) => reading.passed_over += 1,
            (Provider::Other, _) => reading.foreign += 1,
            (Provider::Engine, _) => {}
        }
    }
    let pending = holder.get("pending_operations").or_else(|| holder.get("pendingOperations"));
    for operation in pending.map(Node::items).unwrap_or_default() {
        let word = operation.get("type").and_then(Node::text).unwrap_or("an operation");
        let name = operation.get("resource").map(urn_name).unwrap_or_default();
        let detail = format!("the stack has a pending operation: {word} `{name}` was not finished");
        reading.troubles.push((operation.get("type").unwrap_or(operation).span, detail));
    }
    reading.classic = terraform::of_attributes(classic);
    reading
}

/// Whose a type token is.
enum Provider {
    Native,
    Classic,
    /// Pulumi's own: stacks and providers.
    Engine,
    Other,
}

fn provider(token: &str) -> Provider {
    match token.split(':').next() {
        Some("azure-native" | "azure-nextgen") => Provider::Native,
        Some("azure") => Provider::Classic,
        Some("pulumi") => Provider::Engine,
        _ => Provider::Other,
    }
}

/// The name that ends an URN.
fn urn_name(resource: &Node) -> Arc<str> {
    let urn = resource.get("urn").and_then(Node::text).unwrap_or_default();
    Arc::from(urn.rsplit("::").next().unwrap_or_default())
}

/// The outputs with the id that stands beside them, where they hold none.
fn with_id(outputs: &Node, resource: &Node) -> Node {
    let id = resource.member("id").filter(|id| id.node.text().is_some_and(|id| id.starts_with('/')));
    match (id, &outputs.value) {
        (Some(id), Value::Object(members)) if outputs.get("id").is_none_or(Node::is_blank) => {
            let mut members: Vec<Member> = members.iter().filter(|one| &*one.key != "id").cloned().collect();
            members.push(id.clone());
            Node { value: Value::Object(Arc::new(members)), ..outputs.clone() }
        }
        _ => outputs.clone(),
    }
}

/// How modules of the older provider are called in the types of Terraform.
const MODULES: &[(&str, &str)] = &[
    ("privatelink", "private"),
    ("privatedns", "private_dns"),
    ("storage", "storage"),
    ("machinelearning", "machine_learning"),
    ("containerservice", "container"),
    ("core", ""),
];

/// The type of Terraform that `azure:MODULE/NAME:NAME` stands for; `None` when it is none that is read.
fn terraform_type(token: &str) -> Option<Arc<str>> {
    let (_, rest) = token.split_once(':')?;
    let (module, name) = rest.split_once('/')?;
    let name = terraform::snake(name.split(':').next()?);
    let of_module = MODULES.iter().find(|(own, _)| *own == module).map(|(_, front)| format!("azurerm_{front}_{name}"));
    let kinds = [Some(format!("azurerm_{name}")), of_module];
    kinds.into_iter().flatten().find(|kind| terraform::is_known(kind)).map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::{is_stack, read, terraform_type};
    use crate::json::{Node, parse};
    use crate::source::FileId;

    fn root(text: &str) -> Node {
        parse(FileId(0), text).unwrap().root
    }

    const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n";

    fn stack(resources: &str) -> Node {
        root(&format!(
            r#"{{"version":3,"deployment":{{"resources":[
            {{"urn":"urn:pulumi:d::p::pulumi:pulumi:Stack::p-d","custom":false,"type":"pulumi:pulumi:Stack"}},{resources}]}}}}"#
        ))
    }

    #[test]
    fn types_of_the_older_provider_are_terraforms() {
        for (token, kind) in [
            ("azure:network/networkSecurityGroup:NetworkSecurityGroup", Some("azurerm_network_security_group")),
            ("azure:network/subnet:Subnet", Some("azurerm_subnet")),
            (
                "azure:network/subnetNatGatewayAssociation:SubnetNatGatewayAssociation",
                Some("azurerm_subnet_nat_gateway_association"),
            ),
            ("azure:privatelink/endpoint:Endpoint", Some("azurerm_private_endpoint")),
            ("azure:machinelearning/computeCluster:ComputeCluster", Some("azurerm_machine_learning_compute_cluster")),
            ("azure:storage/account:Account", Some("azurerm_storage_account")),
            ("azure:compute/virtualMachine:VirtualMachine", None),
        ] {
            assert_eq!(terraform_type(token).as_deref(), kind, "{token}");
        }
    }

    #[test]
    fn both_providers_are_read_and_secrets_are_not_shown() {
        let stack = stack(&format!(
            r#"{{"urn":"urn:pulumi:d::p::azure-native:network/v20230901:NetworkSecurityGroup::n","type":"azure-native:network/v20230901:NetworkSecurityGroup",
              "id":"{ID}","outputs":{{"name":"n","securityRules":[{{"name":"r","sourceAddressPrefix":
                {{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"\"203.0.113.0/24\""}},
                "destinationAddressPrefix":{{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"AAAA"}}}}]}}}},
              {{"urn":"urn:pulumi:d::p::azure-native:network:NetworkSecurityGroup::gone","type":"azure-native:network:NetworkSecurityGroup",
              "id":"{ID}","delete":true,"outputs":{{"name":"n"}}}},
              {{"urn":"urn:pulumi:d::p::azure:network/networkSecurityGroup:NetworkSecurityGroup::c","type":"azure:network/networkSecurityGroup:NetworkSecurityGroup",
              "id":"{ID}","outputs":{{"name":"n","resourceGroupName":"g","securityRules":[{{"name":"r","priority":100,"destinationPortRange":"443"}}]}}}},
              {{"urn":"urn:pulumi:d::p::random:index/randomPet:RandomPet::r","type":"random:index/randomPet:RandomPet","id":"x","outputs":{{"id":"x"}}}}"#
        ));
        assert!(is_stack(&stack));
        let reading = read(&stack);
        let [native] = &reading.native[..] else { panic!("{:?}", reading.native) };
        assert_eq!(native.get("id").and_then(Node::text), Some(ID));
        let rule = &native.get("securityRules").unwrap().items()[0];
        assert_eq!(rule.get("sourceAddressPrefix").and_then(Node::text), Some("203.0.113.0/24"));
        assert!(rule.get("destinationAddressPrefix").unwrap().unknown().is_some());
        assert_eq!(reading.sensitive.len(), 1);
        let [classic] = &reading.classic[..] else { panic!("{:?}", reading.classic) };
        let rule = &classic.node.at(&["properties", "securityRules"]).unwrap().items()[0];
        assert_eq!(rule.at(&["properties", "destinationPortRange"]).and_then(Node::text), Some("443"));
        assert_eq!((reading.passed_over, reading.foreign), (0, 1));
    }

    #[test]
    fn a_stack_as_it_is_stored_is_read_and_what_is_pending_is_said() {
        let stored = root(&format!(
            r#"{{"version":3,"checkpoint":{{"stack":"d","latest":{{"resources":[{{"urn":"urn:pulumi:d::p::azure-native:network:NetworkSecurityGroup::n",
              "type":"azure-native:network:NetworkSecurityGroup","id":"{ID}","outputs":{{"name":"n"}}}}],
              "pending_operations":[{{"resource":{{"urn":"urn:pulumi:d::p::azure-native:network:Subnet::s"}},"type":"creating"}}]}}}}}}"#
        ));
        assert!(is_stack(&stored));
        let reading = read(&stored);
        assert_eq!(reading.native.len(), 1);
        assert_eq!(reading.troubles.len(), 1);
        assert!(reading.troubles[0].1.contains("creating `s`"), "{}", reading.troubles[0].1);
        assert!(!is_stack(&root(r#"{"deployment":{"resources":[{"id":"x"}]}}"#)));
    }
}
