//! The resources of a plan as they are after apply (TF-6 to TF-12).

use std::sync::Arc;

use crate::json::{Node, Value};
use crate::source::Span;
use crate::terraform::instance::{Instance, with_unknown, written_key};
use crate::terraform::state::{Collected, is_azure, printed};

/// Reads the resources of a plan: from its changes, or from the values planned where it has none.
pub(crate) fn instances(root: &Node) -> Collected {
    let mut collected = match root.get("resource_changes").filter(|changes| changes.is_list()) {
        Some(changes) => {
            let mut collected = Collected::default();
            changes.items().iter().for_each(|change| add(&mut collected, change));
            collected
        }
        None => {
            let mut collected = root.at(&["planned_values", "root_module"]).map(printed).unwrap_or_default();
            collected.troubles.push((
                root.span.part(0, 1),
                "the plan has no `resource_changes`; values that are known only after apply look as if they were not \
                 there"
                    .to_owned(),
            ));
            collected
        }
    };
    collected.troubles.extend(shortcomings(root));
    collected
}

/// What makes a plan say less than what comes to be.
fn shortcomings(root: &Node) -> Vec<(Span, String)> {
    let is = |key: &str, wanted: bool| root.get(key).filter(|value| value.bool() == Some(wanted));
    let mut told = Vec::new();
    if let Some(value) = is("errored", true) {
        told.push((
            value.span,
            "planning failed (`errored`): the plan holds only a part of what is configured".to_owned(),
        ));
    } else if let Some(value) = is("complete", false) {
        told.push((value.span, "the plan is not complete: some changes are left for a later one".to_owned()));
    }
    let deferred = root.get("deferred_changes").map(Node::items).unwrap_or_default();
    if let Some(first) = deferred.first() {
        told.push((first.span, format!("{} changes are deferred and not judged", deferred.len())));
    }
    told
}

fn add(collected: &mut Collected, entry: &Node) {
    let text = |key: &str| entry.get(key).and_then(Node::text).map(Arc::<str>::from);
    let (Some(kind), Some(name), Some(change)) = (text("type"), text("name"), entry.get("change")) else { return };
    let mode = text("mode");
    if mode.as_deref() == Some("data") || entry.get("deposed").is_some_and(|deposed| !deposed.is_null()) {
        return;
    }
    if !is_azure(&kind) {
        collected.foreign += 1;
        return;
    }
    let actions: Vec<&str> =
        change.get("actions").map(Node::items).unwrap_or_default().iter().filter_map(Node::text).collect();
    let forgotten = actions == ["forget"];
    let stays = actions != ["delete"];
    let shown = |key: &str| change.get(key).filter(|state| state.is_object());
    // What Terraform forgets is still there.
    let state = if forgotten || !stays { shown("before") } else { shown("after") };
    let Some(state) = state else { return };
    let instance = Instance {
        module: text("module_address").unwrap_or_default(),
        kind,
        name,
        key: entry.get("index").and_then(written_key),
        values: Node::new(Value::Null, state.span),
        stays,
        created: shown("before").is_none() || actions.contains(&"create") && actions.len() > 1,
    };
    let mask = change.get("after_unknown").filter(|_| !forgotten && stays);
    let values = with_unknown(state, mask, &instance.address());
    collected.instances.push(Instance { values, ..instance });
}
