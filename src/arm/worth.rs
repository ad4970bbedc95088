//! Which modules can deploy what is asked for, told from literal types alone, before anything of them is evaluated.

use crate::arm::expansion::LinkPath;
use crate::arm::machine::{Env, Machine, is_deployment};
use crate::arm::value;
use crate::json::{Node, Value};
use crate::source::FileId;

impl Machine<'_> {
    /// Whether a deployment can hold anything wanted. Only modules are told apart: what is wrong with the arguments of other
    /// deployments is said whatever they hold.
    pub(crate) fn is_worth_opening(&mut self, node: &Node, env: &Env) -> bool {
        let path = node.at(&["properties", "module"]).and_then(Node::text);
        match path {
            Some(path) => self.is_module_worth(path, &mut env.deployment.files.clone()),
            // The telemetry of compiled modules is given nothing and deploys nothing.
            None => {
                let is_of_module = |file: &FileId| self.inputs.files.name(*file).ends_with(".bicep");
                !is_hollow(node) || !env.deployment.files.first().is_some_and(is_of_module)
            }
        }
    }

    /// `files`: those that led here, the last one with the path in it.
    fn is_module_worth(&mut self, path: &str, files: &mut Vec<FileId>) -> bool {
        let Some((from, links)) = files.last().zip(self.inputs.links) else { return true };
        // Whoever reads the files of a run tells which modules it has not.
        let Some((file, document)) = links.find(*from, &LinkPath::Module(path.to_owned())) else { return false };
        if files.contains(&file) {
            return true;
        }
        if let Some(known) = self.worth.get(&file) {
            return *known;
        }
        files.push(file);
        let is_worth = self.is_template_worth(&document.root, files);
        files.pop();
        self.worth.insert(file, is_worth);
        is_worth
    }

    fn is_template_worth(&mut self, template: &Node, files: &mut Vec<FileId>) -> bool {
        let Some(resources) = template.get("resources") else { return false };
        self.are_worth(resources, "", files)
    }

    /// `around`: the type of the resource around them, with a slash.
    fn are_worth(&mut self, resources: &Node, around: &str, files: &mut Vec<FileId>) -> bool {
        let all = resources.items().iter().chain(resources.members().iter().map(|member| &member.node));
        is_open(resources) || all.into_iter().any(|node| self.is_resource_worth(node, around, files))
    }

    fn is_resource_worth(&mut self, node: &Node, around: &str, files: &mut Vec<FileId>) -> bool {
        let Some(kind) = node.get("type").and_then(Node::text).filter(|kind| !kind.starts_with('[')) else {
            return true;
        };
        let full = format!("{around}{kind}");
        if self.inputs.wanted.holds(&full) {
            return true;
        }
        if node.get("resources").is_some_and(|children| self.are_worth(children, &format!("{full}/"), files)) {
            return true;
        }
        is_deployment(&full) && self.is_deployment_worth(node, files)
    }

    fn is_deployment_worth(&mut self, node: &Node, files: &mut Vec<FileId>) -> bool {
        let Some(properties) = node.get("properties") else { return false };
        if let Some(path) = properties.get("module").and_then(Node::text) {
            return self.is_module_worth(path, files);
        }
        match properties.get("template") {
            Some(template) if template.is_object() => self.is_template_worth(template, files),
            _ => true,
        }
    }
}

/// Whether only evaluation tells what a `resources` section holds.
fn is_open(resources: &Node) -> bool {
    value::is_computed(resources) || !matches!(resources.value, Value::List(_) | Value::Object(_))
}

/// Whether a deployment is given nothing and deploys nothing: that is how modules count their uses.
fn is_hollow(node: &Node) -> bool {
    let Some(properties) = node.get("properties").filter(|properties| properties.get("parameters").is_none()) else {
        return false;
    };
    let resources = properties.at(&["template", "resources"]);
    resources.is_some_and(|all| !is_open(all) && all.items().is_empty() && all.members().is_empty())
}
