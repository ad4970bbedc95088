//! Deployments inside a deployment: their template, nested or linked, their target and their arguments.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::arm::budget::DEPLOYMENTS;
use crate::arm::deployment::{Argument, Deployment, Env, Given};
use crate::arm::expansion::{LinkPath, TroubleKind};
use crate::arm::ids;
use crate::arm::machine::Machine;
use crate::arm::parameters;
use crate::arm::partial;
use crate::arm::scope::{Level, Scope};
use crate::arm::trail;
use crate::json::{Node, Part, Value};
use crate::source::{FileId, Span};

impl Machine<'_> {
    /// The deployment a resource makes, created once; `None` when its template cannot be had.
    pub(crate) fn child(&mut self, node: &Node, env: &Env) -> Option<Rc<Deployment>> {
        let parent = &env.deployment;
        let rounds = env.rounds().map(|round| round.index).collect();
        let key = (node.span.file.0, node.span.start, rounds);
        if let Some(known) = parent.children.borrow().get(&key) {
            return known.clone();
        }
        // While it is made it counts as missing, so that a deployment whose name asks for itself ends.
        parent.children.borrow_mut().insert(key.clone(), None);
        let child = self.create(node, env);
        if let Some(child) = &child {
            self.deployments.push(Rc::clone(child));
        }
        parent.children.borrow_mut().insert(key, child.clone());
        child
    }

    fn create(&mut self, node: &Node, env: &Env) -> Option<Rc<Deployment>> {
        let parent = &env.deployment;
        if parent.level + 1 > DEPLOYMENTS {
            self.limit("16 deployments inside each other", node.span);
            return None;
        }
        let properties = node.get("properties")?;
        let computed = properties.text().is_some().then(|| self.evaluate(properties, env));
        let properties = computed.as_ref().unwrap_or(properties);
        let mode = properties.at(&["expressionEvaluationOptions", "scope"]).map(|mode| self.evaluate(mode, env));
        let inner = mode.as_ref().and_then(Node::text).is_some_and(|mode| mode.eq_ignore_ascii_case("inner"));
        let mut files = parent.files.clone();
        let mut literal: Option<Node> = None;
        let (template, file) = if let Some(written) = properties.get("template") {
            let template = if inner && written.is_object() { written.clone() } else { self.evaluate(written, env) };
            (template, parent.file)
        } else if let Some(link) = properties.get("templateLink") {
            let (file, root) = self.linked(link, "templateLink", parent, env)?;
            if files.contains(&file) {
                let message = "the linked template links to itself".to_owned();
                self.trouble(TroubleKind::Cycle, message, link.span);
                return None;
            }
            files.push(file);
            (root, file)
        } else {
            self.trouble(TroubleKind::Link, "the deployment has no template".into(), node.span);
            return None;
        };
        if !template.is_object() {
            let why = template.unknown().map(|unknown| format!(": {}", unknown.reason)).unwrap_or_default();
            self.trouble(TroubleKind::Link, format!("the nested template is not known{why}"), template.span);
            return None;
        }
        if let Some(link) = properties.get("parametersLink") {
            literal = self.linked(link, "parametersLink", parent, env).map(|(_, root)| root);
        }
        let given = self.arguments_of(properties, env, literal);
        let scope = self.target(node, &template, env);
        let name =
            node.get("name").map(|name| self.evaluate(name, env)).filter(|name| partial::spoiled(name).is_none());
        let rounds: String = env
            .rounds()
            .map(|round| format!("-{}", round.index.map_or(-1, |i| i64::try_from(i).unwrap_or(0))))
            .collect();
        Some(Rc::new(Deployment {
            id: format!("{}/{}{rounds}", parent.id, node.span.start),
            functions: Deployment::functions_of(&template),
            template,
            file,
            scope,
            name,
            given,
            level: parent.level + 1,
            files,
            slots: RefCell::default(),
            children: RefCell::default(),
            index: RefCell::default(),
        }))
    }

    fn arguments_of(&mut self, properties: &Node, env: &Env, linked: Option<Node>) -> Given {
        let mut arguments = HashMap::new();
        for member in linked.as_ref().and_then(parameters::entries).map(Node::members).unwrap_or_default() {
            arguments.insert(member.key.to_lowercase(), Argument { node: member.node.clone(), env: None });
        }
        let Some(written) = properties.get("parameters") else { return Given::Arguments(arguments) };
        if written.is_object() {
            for member in written.members() {
                let argument = Argument { node: member.node.clone(), env: Some(env.clone()) };
                arguments.insert(member.key.to_lowercase(), argument);
            }
            return Given::Arguments(arguments);
        }
        let computed = self.evaluate(written, env);
        if let Value::Unknown(unknown) = &computed.value {
            return Given::Unknown(std::sync::Arc::clone(unknown));
        }
        for member in computed.members() {
            let node = trail::within(&computed, &member.node);
            arguments.insert(member.key.to_lowercase(), Argument { node, env: None });
        }
        Given::Arguments(arguments)
    }

    /// Where a nested deployment goes.
    pub(crate) fn target(&mut self, node: &Node, template: &Node, env: &Env) -> Scope {
        let parent = &env.deployment.scope;
        let mut scope = parent.clone();
        let schema = template.get("$schema").and_then(Node::text).and_then(Level::of_schema);
        if let Some(over) = node.get("scope").map(|over| self.evaluate(over, env)) {
            let text: std::sync::Arc<str> = "scope".into();
            if let Some(target) = ids::target(parent, &over, |pieces| ids::node(pieces, &over, &text)) {
                return target;
            }
        }
        let subscription =
            node.get("subscriptionId").map(|value| self.evaluate(value, env)).filter(|value| !value.is_blank());
        let group = node.get("resourceGroup").map(|value| self.evaluate(value, env)).filter(|value| !value.is_blank());
        let moved = subscription.is_some();
        if let Some(subscription) = subscription {
            scope.subscription = subscription;
        }
        if let Some(group) = group {
            scope.resource_group = group;
            scope.level = Level::ResourceGroup;
        } else if moved && (parent.level < Level::Subscription || schema == Some(Level::Subscription)) {
            scope.level = Level::Subscription;
        } else if let Some(schema) = schema
            && schema < parent.level
        {
            scope.level = schema;
        }
        scope
    }

    /// The document a link leads to.
    fn linked(&mut self, link: &Node, what: &str, parent: &Rc<Deployment>, env: &Env) -> Option<(FileId, Node)> {
        let link = self.evaluate(link, env);
        let written = ["relativePath", "uri", "id"].iter().find_map(|key| Some((*key, link.get(key)?)));
        let Some((key, address)) = written else {
            self.trouble(TroubleKind::Link, format!("the {what} names no file"), link.span);
            return None;
        };
        let Some(path) = path(key, address) else {
            let why =
                address.unknown().map_or_else(|| "it is no path".to_owned(), |unknown| unknown.reason.to_string());
            self.link_trouble(what, "", &why, address.span);
            return None;
        };
        match self.inputs.links.find(parent.file, &path) {
            Some((file, document)) => {
                self.linked.insert(file);
                Some((file, document.root.clone()))
            }
            None => {
                self.link_trouble(what, &path.to_string(), "it is not among the files of this run", address.span);
                None
            }
        }
    }

    fn link_trouble(&mut self, what: &str, path: &str, why: &str, span: Span) {
        let path = if path.is_empty() { String::new() } else { format!(" `{path}`") };
        self.trouble(TroubleKind::Link, format!("the {what}{path} is not followed: {why}"), span);
    }
}

/// The path that an address stands for; `None` when too little of it is known.
fn path(key: &str, address: &Node) -> Option<LinkPath> {
    let pieces = partial::joined(partial::pieces(address)?);
    if let [Part::Text(text)] = pieces.as_slice() {
        let plain = without_query(text);
        return match key {
            "relativePath" => Some(LinkPath::Relative(plain.to_owned())),
            "uri" if plain.contains("://") => Some(LinkPath::Url(single_slashes(plain))),
            "uri" => Some(LinkPath::Relative(plain.to_owned())),
            _ => None,
        };
    }
    // A folder that is not known, the path, perhaps a token that is not known either.
    let tail = match pieces.as_slice() {
        [Part::Hole(_), Part::Text(tail), ..] => tail,
        [Part::Text(base), Part::Hole(_), Part::Text(tail), ..] if base.contains("://") => tail,
        [Part::Text(base), Part::Hole(_)] if base.contains("://") && base.ends_with(".json") => {
            return Some(LinkPath::Url(base.to_string()));
        }
        _ => return None,
    };
    let more = pieces.len() - pieces.iter().position(|piece| matches!(piece, Part::Text(text) if text == tail))? - 1;
    let tail = without_query(tail).trim_start_matches('/');
    (tail.len() > 1 && (more == 0 || tail.to_ascii_lowercase().ends_with(".json")))
        .then(|| LinkPath::Tail(tail.to_owned()))
}

/// A URL without the doubled slashes that joining folders leaves behind.
fn single_slashes(url: &str) -> String {
    let (scheme, path) = url.split_once("://").unwrap_or(("https", url));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("{scheme}://{}", parts.join("/"))
}

fn without_query(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or(text)
}
