//! The resources of a state, as printed and as stored (TF-21 to TF-25).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::json::Node;
use crate::source::Span;
use crate::terraform::instance::{Instance, written_key};

/// What a document holds.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) instances: Vec<Instance>,
    /// How many resources of other providers there are.
    pub(crate) foreign: usize,
    /// What makes it say less than there is.
    pub(crate) troubles: Vec<(Span, String)>,
}

/// Whether a resource type is one of Azure's own providers. A fork has another name, but the same types.
pub(crate) fn is_azure(kind: &str) -> bool {
    kind.starts_with("azurerm_") || matches!(kind, "azapi_resource" | "azapi_update_resource")
}

/// Modules nest this deep at most.
const MAX_DEPTH: usize = 32;

/// The resources below the root module of a printed state, or of the values planned.
pub(crate) fn printed(root_module: &Node) -> Collected {
    let mut collected = Collected::default();
    module(&mut collected, root_module, "", 0);
    collected
}

fn module(collected: &mut Collected, node: &Node, address: &str, depth: usize) {
    for resource in node.get("resources").map(Node::items).unwrap_or_default() {
        let text = |key: &str| resource.get(key).and_then(Node::text).map(Arc::<str>::from);
        let (Some(kind), Some(name)) = (text("type"), text("name")) else { continue };
        let Some(values) = resource.get("values").filter(|values| values.is_object()) else { continue };
        // An old copy that is on its way out.
        if resource.get("deposed_key").is_some_and(|key| !key.is_null()) {
            continue;
        }
        let key = resource.get("index").and_then(written_key);
        let is_data = text("mode").as_deref() == Some("data");
        if is_data {
            continue;
        }
        add(collected, instance(address, kind, name, key, values));
    }
    if depth < MAX_DEPTH {
        for child in node.get("child_modules").map(Node::items).unwrap_or_default() {
            let address = child.get("address").and_then(Node::text).unwrap_or_default();
            module(collected, child, address, depth + 1);
        }
    }
}

fn instance(module: &str, kind: Arc<str>, name: Arc<str>, key: Option<Arc<str>>, values: &Node) -> Instance {
    Instance { module: Arc::from(module), kind, name, key, values: values.clone(), stays: true, created: false }
}

fn add(collected: &mut Collected, instance: Instance) {
    if is_azure(&instance.kind) {
        collected.instances.push(instance);
    } else {
        collected.foreign += 1;
    }
}

/// The resources of a state as it is stored.
pub(crate) fn stored(root: &Node) -> Collected {
    let mut collected = Collected::default();
    let mut flat: BTreeMap<Arc<str>, Span> = BTreeMap::new();
    for resource in root.get("resources").map(Node::items).unwrap_or_default() {
        let text = |key: &str| resource.get(key).and_then(Node::text).map(Arc::<str>::from);
        let (Some(kind), Some(name)) = (text("type"), text("name")) else { continue };
        let module = text("module").unwrap_or_default();
        // What a data source shows is not managed here.
        if text("mode").as_deref() == Some("data") {
            continue;
        }
        for one in resource.get("instances").map(Node::items).unwrap_or_default() {
            if one.get("deposed").is_some_and(|deposed| !deposed.is_null()) {
                continue;
            }
            let Some(values) = one.get("attributes").filter(|values| values.is_object()) else {
                if is_azure(&kind) && one.get("attributes_flat").is_some() {
                    flat.entry(Arc::clone(&kind)).or_insert(one.span.part(0, 1));
                }
                continue;
            };
            let key = one.get("index_key").and_then(written_key);
            add(&mut collected, instance(&module, Arc::clone(&kind), Arc::clone(&name), key, values));
        }
    }
    for (kind, at) in flat {
        let detail =
            format!("`{kind}` is written in the form of Terraform 0.11 (`attributes_flat`), which is not read");
        collected.troubles.push((at, detail));
    }
    collected
}
