//! What a document of Terraform is: told by its keys, never by its name (TF-1 to TF-3, TF-23).

use std::sync::Arc;

use crate::json::{Node, Value};

/// What Terraform wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What `terraform show -json` prints of a plan.
    Plan,
    /// What `terraform show -json` prints of a state.
    State,
    /// A state as it is stored.
    StoredState,
    /// A stored state of Terraform 0.11 or older.
    OldState,
    /// A plan or state of a format that came after this program.
    Newer,
}

impl Form {
    /// Whether its resources can be read.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Plan | Self::State | Self::StoredState)
    }
}

/// The newest major version of what `terraform show -json` prints, and the only one of stored states, that are read.
const PRINTED: u32 = 1;
const STORED: &str = "4";

/// What a document of Terraform is; `None` when it is none.
pub fn form(root: &Node) -> Option<Form> {
    if let Some(version) = root.get("format_version").and_then(Node::text) {
        let has = |key: &str| root.get(key).is_some_and(|value| !value.is_null());
        let printed = if has("planned_values") || has("resource_changes") {
            Form::Plan
        } else if root.at(&["values", "root_module"]).is_some() || is_empty_state(root) {
            Form::State
        } else {
            return None;
        };
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        return Some(if major.is_some_and(|major| major <= PRINTED) { printed } else { Form::Newer });
    }
    stored(root)
}

/// The state that a plan starts from, as `terraform show -json` prints it; nothing where there is none yet. `None` when the
/// document is no plan.
pub fn before(root: &Node) -> Option<Node> {
    (form(root) == Some(Form::Plan)).then(|| {
        let prior = root.get("prior_state").filter(|state| state.is_object());
        prior.cloned().unwrap_or_else(|| Node::new(Value::Object(Arc::default()), root.span))
    })
}

fn stored(root: &Node) -> Option<Form> {
    let Value::Number(version) = &root.get("version")?.value else { return None };
    let known = ["lineage", "serial", "terraform_version"].iter().any(|key| root.get(key).is_some());
    if !known {
        return None;
    }
    if root.get("modules").is_some_and(Node::is_list) {
        return Some(Form::OldState);
    }
    root.get("resources").filter(|resources| resources.is_list())?;
    Some(if version.as_str() == STORED { Form::StoredState } else { Form::Newer })
}

/// `{"format_version":"1.0"}` is what is printed of a state that holds nothing.
fn is_empty_state(root: &Node) -> bool {
    let alone = ["format_version", "terraform_version", "values", "checks"];
    root.members().iter().all(|member| alone.contains(&&*member.key))
}
