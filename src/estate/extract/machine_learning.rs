//! Workspaces and computes of Azure Machine Learning (AML-6, AML-11).

use std::sync::Arc;

use crate::estate::extract::reader::{Reader, lookup};
use crate::estate::normal::{member, object};
use crate::estate::resource::{Compute, Field, Header, Reference, Workspace};
use crate::json::{Member, Node, Value};

/// A workspace.
pub(crate) fn workspace(reader: &mut Reader<'_>, header: Header) -> Workspace {
    let node = header.node.clone();
    let property = |key| ["properties", key];
    let mut associated = Vec::new();
    for key in ["storageAccount", "keyVault", "containerRegistry", "applicationInsights"] {
        associated.extend(reader.text(&node, &property(key)).map(|id| (key, id)));
    }
    let mut private_endpoints = Vec::new();
    for item in reader.items(&node, &property("privateEndpointConnections")).iter().filter(|item| item.is_object()) {
        let item = reader.sound(item);
        private_endpoints.extend(reader.id(&item, &["properties", "privateEndpoint"]));
    }
    let serverless = |key| ["properties", "serverlessComputeSettings", key];
    Workspace {
        hbi: reader.bool(&node, &property("hbiWorkspace")),
        public_network_access: reader.text(&node, &property("publicNetworkAccess")),
        image_build_compute: reader.text(&node, &property("imageBuildCompute")),
        isolation_mode: reader.text(&node, &["properties", "managedNetwork", "isolationMode"]),
        serverless_subnet: id_or_text(reader, &node, &serverless("serverlessComputeCustomSubnet")),
        serverless_no_public_ip: reader.bool(&node, &serverless("serverlessComputeNoPublicIP")),
        associated,
        private_endpoints,
        header,
    }
}

/// The outbound rules a workspace holds for its managed network, each as the child that Azure makes of it (AML-16).
pub(crate) fn outbound_rules(workspace: &Header) -> Vec<Header> {
    const CHILD: &str = "outboundRules";
    let Some(rules) = lookup(&workspace.node, &["properties", "managedNetwork", CHILD]) else { return Vec::new() };
    let owner = workspace.name.known().map_or("", |name| name);
    let child = |rule: &Member| {
        let type_name = format!("{}/{CHILD}", workspace.type_name);
        let text = |text: &str, span| Node::new(Value::Text(Arc::from(text)), span);
        let members = vec![
            member("name", text(&format!("{owner}/{}", rule.key), rule.key_span), &rule.node),
            member("type", text(&type_name, rule.node.span), &rule.node),
            member("properties", rule.node.clone(), &rule.node),
        ];
        let id = workspace.id.as_ref().and_then(|id| {
            let known = id.known()?;
            Some(Field { value: Ok(Arc::from(format!("{known}/{CHILD}/{}", rule.key))), ..id.clone() })
        });
        Header {
            name: Field { value: Ok(Arc::clone(&rule.key)), span: rule.key_span, via: None },
            id,
            key: Arc::from(format!("{}/{CHILD}/{}", workspace.key, rule.key).to_ascii_lowercase()),
            type_name: Arc::from(type_name),
            location: None,
            node: object(&rule.node, members),
            span: rule.node.span,
            shape: workspace.shape,
            condition: workspace.condition.clone(),
            mentioned: false,
        }
    };
    rules.members().iter().filter(|rule| rule.node.is_object()).map(child).collect()
}

/// A compute.
pub(crate) fn compute(reader: &mut Reader<'_>, header: Header) -> Compute {
    let node = header.node.clone();
    Compute {
        compute_type: reader.text(&node, &["properties", "computeType"]),
        subnet: id_or_text(reader, &node, &["properties", "properties", "subnet"]),
        public_ip: reader.bool(&node, &["properties", "properties", "enableNodePublicIp"]),
        workspace: None,
        header,
    }
}

/// A mention written as `{ id }` or as the id itself, as this service does.
fn id_or_text(reader: &mut Reader<'_>, node: &Node, path: &[&str]) -> Option<Reference> {
    let found = lookup(node, path)?;
    let id: Option<Field<Arc<str>>> =
        if found.text().is_some() { reader.text(node, path) } else { reader.id(node, path) };
    id.map(|id| Reference { id, target: None })
}
