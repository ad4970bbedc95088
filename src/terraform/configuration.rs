//! The configuration in a plan: which references an argument is made from (TF-13 to TF-15).

use std::sync::Arc;

use foldhash::HashMap;

use crate::json::Node;

/// The modules of a configuration, by their path without keys: `net/inner`.
#[derive(Debug, Default)]
pub(crate) struct Configuration<'a> {
    modules: HashMap<String, Module<'a>>,
}

/// One module.
#[derive(Debug)]
struct Module<'a> {
    node: &'a Node,
    resources: HashMap<&'a str, &'a Node>,
}

/// A step to a value inside a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Name(Arc<str>),
    /// An index, or a key as written between brackets.
    Key(Arc<str>),
}

/// Modules nest this deep at most, and there are so many.
const MAX_DEPTH: usize = 16;
const MAX_MODULES: usize = 10_000;

impl<'a> Configuration<'a> {
    /// The configuration of a plan; empty where it holds none.
    pub(crate) fn of(root: &'a Node) -> Self {
        let mut all = Self::default();
        if let Some(module) = root.at(&["configuration", "root_module"]) {
            all.add(module, String::new(), 0);
        }
        all
    }

    fn add(&mut self, node: &'a Node, path: String, depth: usize) {
        if depth > MAX_DEPTH || self.modules.len() >= MAX_MODULES {
            return;
        }
        let resources = node.get("resources").map(Node::items).unwrap_or_default();
        let resources = resources.iter().filter_map(|one| Some((one.get("address")?.text()?, one))).collect();
        for call in node.get("module_calls").map(Node::members).unwrap_or_default() {
            if let Some(module) = call.node.get("module") {
                let slash = if path.is_empty() { "" } else { "/" };
                self.add(module, format!("{path}{slash}{}", call.key), depth + 1);
            }
        }
        self.modules.insert(path, Module { node, resources });
    }

    /// The block of a resource, by its module and its address in there.
    pub(crate) fn resource(&self, module: &str, address: &str) -> Option<&'a Node> {
        self.modules.get(&plain(module))?.resources.get(address).copied()
    }

    /// The call of a module in the module around it.
    pub(crate) fn call(&self, module: &str, name: &str) -> Option<&'a Node> {
        self.modules.get(&plain(module))?.node.get("module_calls")?.get(name)
    }

    /// What an output of a module is made from.
    pub(crate) fn output(&self, module: &str, name: &str) -> Option<&'a Node> {
        self.modules.get(&plain(module))?.node.get("outputs")?.get(name)?.get("expression")
    }
}

/// The path of a module address: `module.net["a"].module.inner` is `net/inner`.
fn plain(module: &str) -> String {
    let steps = steps(module);
    let names = steps.iter().filter_map(|step| match step {
        Step::Name(name) => Some(&**name),
        Step::Key(_) => None,
    });
    // Every other name is the word `module`.
    names.skip(1).step_by(2).collect::<Vec<_>>().join("/")
}

/// A module address without its last call, that call's name, and its key.
pub(crate) fn last_call(module: &str) -> Option<(String, Arc<str>, Option<Arc<str>>)> {
    let mut steps = steps(module);
    let key = match steps.last() {
        Some(Step::Key(key)) => Some(Arc::clone(key)),
        _ => None,
    };
    if key.is_some() {
        steps.pop();
    }
    let Some(Step::Name(name)) = steps.pop() else { return None };
    steps.pop();
    Some((written(&steps), name, key))
}

/// Steps as an address writes them.
pub(crate) fn written(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Key(key) => text.push_str(&format!("[{key}]")),
        }
    }
    text
}

/// The steps of an address or reference, such as `azurerm_subnet.s["a.b"].id`.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = key_end(inner);
            steps.push(Step::Key(Arc::from(&inner[..end])));
            rest = inner[end..].strip_prefix(']').unwrap_or("");
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end > 0 {
                steps.push(Step::Name(Arc::from(&rest[..end])));
            }
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    steps
}

/// Where the key between brackets ends; a bracket in a string is part of it.
fn key_end(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// Blocks nest this deep at most.
const MAX_BLOCKS: usize = 16;

/// The expressions of the value that some steps lead to, in the expressions of a resource. `None`: nothing is configured
/// there. A `dynamic` block shows nothing.
pub(crate) fn expressions<'a>(all: &'a Node, path: &[Step]) -> Vec<&'a Node> {
    let mut found = vec![all];
    for step in path.iter().take(MAX_BLOCKS) {
        found = found.into_iter().flat_map(|node| inner(node, step)).collect();
    }
    found
}

fn inner<'a>(node: &'a Node, step: &Step) -> Vec<&'a Node> {
    if is_expression(node) {
        return vec![node];
    }
    match step {
        Step::Name(name) if node.is_list() => node.items().iter().flat_map(|item| item.get(name)).collect(),
        Step::Name(name) => node.get(name).into_iter().collect(),
        // Blocks of a set come in another order than they are written in.
        Step::Key(_) => node.items().iter().collect(),
    }
}

fn is_expression(node: &Node) -> bool {
    node.get("references").is_some_and(Node::is_list) || node.get("constant_value").is_some()
}

/// So many references of one expression are looked at.
const MAX_REFERENCES: usize = 512;

/// What expressions refer to: each reference as long as it is listed.
pub(crate) fn references<'a>(expressions: &[&'a Node]) -> Vec<&'a str> {
    let all: Vec<&str> = expressions
        .iter()
        .flat_map(|node| node.get("references").map(Node::items).unwrap_or_default())
        .filter_map(Node::text)
        .take(MAX_REFERENCES)
        .collect();
    let is_longer = |one: &str, other: &str| other.strip_prefix(one).is_some_and(|rest| rest.starts_with(['.', '[']));
    let mut longest: Vec<&str> = Vec::new();
    for one in &all {
        if !longest.contains(one) && !all.iter().any(|other| is_longer(one, other)) {
            longest.push(one);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::{last_call, plain, references, steps, written};
    use crate::json::parse;
    use crate::source::FileId;

    #[test]
    fn addresses_are_taken_apart_with_keys_that_hold_anything() {
        for text in
            ["azurerm_subnet.s", "azurerm_subnet.s[0].id", r#"module.a["x.y]\"z"].module.b.azurerm_subnet.s["k"]"#]
        {
            assert_eq!(written(&steps(text)), text);
        }
        assert_eq!(plain(r#"module.a["x.y"].module.b[0]"#), "a/b");
        let (parent, name, key) = last_call(r#"module.a["x"].module.b[0]"#).unwrap();
        assert_eq!((&*parent, &*name, key.as_deref()), (r#"module.a["x"]"#, "b", Some("0")));
        assert!(last_call("").is_none());
        assert!(steps("[").len() < 2 && steps("a[\"").len() == 2);
    }

    #[test]
    fn of_references_the_longest_count() {
        let text =
            r#"{"references":["azurerm_subnet.s[\"a\"].id","azurerm_subnet.s[\"a\"]","azurerm_subnet.s","each.key"]}"#;
        let node = parse(FileId(0), text).unwrap().root;
        assert_eq!(references(&[&node]), ["azurerm_subnet.s[\"a\"].id", "each.key"]);
    }
}
