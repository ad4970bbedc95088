//! Workspaces and computes of Azure Machine Learning (AML-6, AML-11).

use std::sync::Arc;

use crate::estate::extract::reader::{Reader, lookup};
use crate::estate::resource::{Compute, Field, Header, Reference, Workspace};
use crate::json::Node;

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
