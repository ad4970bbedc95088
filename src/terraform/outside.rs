//! Attributes of Terraform's resources that others wrote down: Pulumi's older provider, and the operators made from it.
//! Their keys are in camel case, and lists of blocks have plural names.

use std::sync::Arc;

use crate::json::{Member, Node, Value};
use crate::terraform::configuration::Configuration;
use crate::terraform::instance::Instance;
use crate::terraform::read::{Resource, built};
use crate::terraform::table::{attachments, mapping};

/// One resource.
#[derive(Clone, Debug)]
pub struct Attributes {
    /// Its type, such as `azurerm_subnet`.
    pub kind: Arc<str>,
    /// What it is called where it is written.
    pub name: Arc<str>,
    /// Its attributes, with their keys in camel case.
    pub values: Node,
}

/// Whether resources of a type are read.
pub fn is_known(kind: &str) -> bool {
    mapping(kind).is_some() || attachments(kind).next().is_some()
}

/// The resources in REST form, with what others of them set on each.
pub fn of_attributes(all: Vec<Attributes>) -> Vec<Resource> {
    let instance = |Attributes { kind, name, values }| Instance {
        module: Arc::from(""),
        kind,
        name,
        key: None,
        values: in_words(&values, 0),
        stays: true,
        created: false,
    };
    let instances: Vec<Instance> = all.into_iter().map(instance).collect();
    built(&instances, Configuration::default())
}

/// Values nest this deep at most before the rest is left as it is.
const MAX_DEPTH: usize = 48;

/// A value with Terraform's keys. Lists stand under their names in the singular, too: which one Terraform uses, its table
/// says.
fn in_words(node: &Node, depth: usize) -> Node {
    let value = match &node.value {
        Value::List(items) if depth < MAX_DEPTH => {
            Value::List(Arc::new(items.iter().map(|item| in_words(item, depth + 1)).collect()))
        }
        Value::Object(members) if depth < MAX_DEPTH => {
            let mut all = Vec::with_capacity(members.len());
            for member in members.iter() {
                let key = snake(&member.key);
                // The user's own words stay.
                let node = if key == "tags" { member.node.clone() } else { in_words(&member.node, depth + 1) };
                let one = node.is_list().then(|| key.strip_suffix('s')).flatten().map(Arc::from);
                all.extend(one.map(|key| Member { key, node: node.clone(), ..member.clone() }));
                all.push(Member { key: Arc::from(key), node, ..member.clone() });
            }
            Value::Object(Arc::new(all))
        }
        _ => return node.clone(),
    };
    Node { value, ..node.clone() }
}

/// A word in camel case as Terraform writes it.
pub fn snake(key: &str) -> String {
    let mut text = String::with_capacity(key.len() + 4);
    for (at, letter) in key.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
