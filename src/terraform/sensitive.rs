//! The values that Terraform calls sensitive: in clear in every plan and state, and never to be shown (TF-10).

use crate::json::{Node, Value};
use crate::terraform::edit::by_key;

/// Values nest this deep at most, and modules too.
const MAX_DEPTH: usize = 48;

/// Every sensitive value of a document, wherever it is written in it.
pub(crate) fn values(root: &Node) -> Vec<Node> {
    let mut found = Found::default();
    for list in ["resource_changes", "resource_drift", "deferred_changes"] {
        for entry in items(root, list) {
            found.change(entry.get("change").or_else(|| entry.at(&["resource_change", "change"])));
        }
    }
    for output in root.get("output_changes").map(Node::members).unwrap_or_default() {
        found.change(Some(&output.node));
    }
    for state in [root.get("planned_values"), root.at(&["prior_state", "values"]), root.get("values")] {
        let Some(state) = state else { continue };
        found.outputs(state.get("outputs"));
        found.module(state.get("root_module"), 0);
    }
    found.outputs(root.get("outputs"));
    for instance in items(root, "resources").iter().flat_map(|resource| items(resource, "instances")) {
        for path in items(instance, "sensitive_attributes") {
            let values = instance.get("attributes");
            found.values.extend(values.and_then(|values| value_at(values, path)).cloned());
        }
    }
    let declared = root.at(&["configuration", "root_module", "variables"]).map(Node::members).unwrap_or_default();
    for variable in declared.iter().filter(|one| one.node.get("sensitive").and_then(Node::bool) == Some(true)) {
        found.values.extend(root.at(&["variables", &variable.key, "value"]).cloned());
    }
    found.values
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

#[derive(Default)]
struct Found {
    values: Vec<Node>,
}

impl Found {
    fn change(&mut self, change: Option<&Node>) {
        let Some(change) = change else { return };
        for (side, mask) in [("before", "before_sensitive"), ("after", "after_sensitive")] {
            if let (Some(values), Some(mask)) = (change.get(side), change.get(mask)) {
                self.masked(values, mask, 0);
            }
        }
    }

    fn module(&mut self, module: Option<&Node>, depth: usize) {
        let Some(module) = module.filter(|_| depth < MAX_DEPTH) else { return };
        for resource in items(module, "resources") {
            if let (Some(values), Some(mask)) = (resource.get("values"), resource.get("sensitive_values")) {
                self.masked(values, mask, 0);
            }
        }
        items(module, "child_modules").iter().for_each(|child| self.module(Some(child), depth + 1));
    }

    fn outputs(&mut self, outputs: Option<&Node>) {
        for output in outputs.map(Node::members).unwrap_or_default() {
            if output.node.get("sensitive").and_then(Node::bool) == Some(true) {
                self.values.extend(output.node.get("value").cloned());
            }
        }
    }

    fn masked(&mut self, values: &Node, mask: &Node, depth: usize) {
        match &mask.value {
            _ if depth >= MAX_DEPTH => {}
            Value::Bool(true) if !values.is_null() => self.values.push(values.clone()),
            Value::List(masks) => {
                values.items().iter().zip(masks.iter()).for_each(|(item, mask)| self.masked(item, mask, depth + 1));
            }
            Value::Object(masks) => {
                let places = by_key(values);
                for mask in masks.iter() {
                    if let Some(value) = places.get(&*mask.key).and_then(|at| values.members().get(*at)) {
                        self.masked(&value.node, &mask.node, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The value that the steps `{ type: get_attr | index, value }` lead to.
fn value_at<'n>(values: &'n Node, path: &Node) -> Option<&'n Node> {
    path.items().iter().try_fold(values, |node, step| {
        let value = step.get("value").unwrap_or(step);
        // An index is `{ value, type }` once more.
        let value = value.get("value").unwrap_or(value);
        match &value.value {
            Value::Text(key) => node.get(key),
            Value::Number(at) => node.items().get(usize::try_from(at.as_i64()?).ok()?),
            _ => None,
        }
    })
}
