//! Deployments inside a deployment: their template, nested or linked, their target and their arguments.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use crate::arm::budget::DEPLOYMENTS;
use crate::arm::expansion::{Level, LinkPath, Scope, TroubleKind};
use crate::arm::machine::{Argument, Deployment, Env, Given, Machine, Named, holds_template};
use crate::arm::{expression, ids, named, partial, value};
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
        let computed = value::is_computed(properties).then(|| self.evaluate(properties, env));
        let properties = computed.as_ref().unwrap_or(properties);
        let (template, file) = self.template_of(node, properties, env)?;
        let mut files = parent.files.clone();
        if file != parent.file {
            files.push(file);
        }
        let link = properties.get("parametersLink");
        let literal = link.and_then(|link| self.linked(link, "parametersLink", parent, env)).map(|(_, root)| root);
        // What the compiler of a module refuses is its business.
        if let Some(written) = properties.get("parameters").filter(|_| properties.get("module").is_none()) {
            for entry in named::undeclared(written, &[&template]) {
                if !expression::is_expression(&entry.key) {
                    let message = named::stray(entry, &template);
                    self.trouble_with_help(TroubleKind::Parameter, message, entry.key_span, named::STRAY_HELP);
                }
            }
        }
        let given = self.arguments_of(properties, env, literal);
        let scope = self.target(node, Some(&template), env);
        let name = node.get("name").map_or(Named::Done(None), |name| Named::Written(name.clone(), env.clone()));
        let rounds: String = env
            .rounds()
            .map(|round| format!("-{}", round.index.map_or(-1, |i| i64::try_from(i).unwrap_or(0))))
            .collect();
        Some(Rc::new(Deployment {
            id: format!("{}/{}{rounds}", parent.id, node.span.start),
            name: RefCell::new(name),
            given,
            level: parent.level + 1,
            files,
            ..Deployment::new(template, file, scope)
        }))
    }

    /// The name that a parent gives a deployment.
    pub(crate) fn name_of(&mut self, of: &Deployment) -> Option<Node> {
        match of.name.replace(Named::Running) {
            Named::Written(name, env) => {
                let name = Some(self.evaluate(&name, &env)).filter(|name| partial::spoiled(name).is_none());
                of.name.replace(Named::Done(name.clone()));
                name
            }
            Named::Running => None,
            Named::Done(name) => {
                of.name.replace(Named::Done(name.clone()));
                name
            }
        }
    }

    /// The template of a deployment, nested or linked, and the file it stands in.
    fn template_of(&mut self, node: &Node, properties: &Node, env: &Env) -> Option<(Node, FileId)> {
        let parent = &env.deployment;
        let mode = properties.at(&["expressionEvaluationOptions", "scope"]).map(|mode| self.evaluate(mode, env));
        let inner = mode.as_ref().and_then(Node::text).is_some_and(|mode| mode.eq_ignore_ascii_case("inner"));
        let held = holds_template(node.get("type").and_then(Node::text).unwrap_or_default());
        let (template, file) = if let Some(path) = properties.get("module").and_then(Node::text) {
            // Whoever reads the files of a run tells which modules it has not.
            let path = LinkPath::Module(path.to_owned());
            let (file, document) = self.inputs.links?.find(parent.file, &path)?;
            self.linked.insert(file);
            if parent.files.contains(&file) {
                let message = "the module uses itself".to_owned();
                self.trouble(TroubleKind::Cycle, message, node.span);
                return None;
            }
            (document.root.clone(), file)
        } else if let Some(written) = properties.get(held.unwrap_or("template")) {
            // What holds a template to be deployed by itself is written with or without a second bracket before each
            // expression.
            let stays = if held.is_some() { !is_escaped(written) } else { inner };
            let template = if stays && written.is_object() { written.clone() } else { self.evaluate(written, env) };
            (template, parent.file)
        } else if let Some(link) = properties.get("templateLink") {
            let (file, root) = self.linked(link, "templateLink", parent, env)?;
            if parent.files.contains(&file) {
                let message = "the linked template links to itself".to_owned();
                self.trouble(TroubleKind::Cycle, message, link.span);
                return None;
            }
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
        Some((template, file))
    }

    fn arguments_of(&mut self, properties: &Node, env: &Env, linked: Option<Node>) -> Given {
        let mut arguments = HashMap::new();
        for member in linked.as_ref().and_then(named::entries).map(Node::members).unwrap_or_default() {
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
            let node = value::within(&computed, &member.node);
            arguments.insert(member.key.to_lowercase(), Argument { node, env: None });
        }
        Given::Arguments(arguments)
    }

    /// Where a nested deployment goes.
    pub(crate) fn target(&mut self, node: &Node, template: Option<&Node>, env: &Env) -> Scope {
        let parent = &env.deployment.scope;
        let mut scope = parent.clone();
        let schema = template.and_then(|template| template.get("$schema"));
        let schema = schema.and_then(Node::text).and_then(Level::of_schema);
        let over = node.get("scope").or_else(|| node.at(&["properties", "deploymentScope"]));
        if let Some(over) = over.map(|over| self.evaluate(over, env)) {
            let text: std::sync::Arc<str> = "scope".into();
            if let Some(target) = ids::target(parent, &over, |pieces| ids::node(pieces, &over, &text)) {
                return target;
            }
            if let Some(unknown) = over.unknown() {
                let part = |what: &str| {
                    let key = format!("{what}({})", unknown.key);
                    let part = partial::unknown(unknown.reason.clone(), &unknown.text, unknown.span, key);
                    Node { value: Value::Unknown(part.into()), ..over.clone() }
                };
                scope.subscription = part("subscriptionOf");
                scope.resource_group = part("groupOf");
                return scope;
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
        if key == "id" {
            let (message, help) = stored(what, address);
            self.trouble_with_help(TroubleKind::Link, message, address.span, help);
            return None;
        }
        let Some(path) = path(key, address) else {
            let why =
                address.unknown().map_or_else(|| "it is no path".to_owned(), |unknown| unknown.reason.to_string());
            self.link_trouble(what, "", &why, address.span);
            return None;
        };
        match self.inputs.links.and_then(|links| links.find(parent.file, &path)) {
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

/// What to say of a link by id: it leads to something stored in Azure.
fn stored(what: &str, id: &Node) -> (String, &'static str) {
    let segments = partial::pieces(id).map(|pieces| ids::cut(partial::joined(pieces))).unwrap_or_default();
    let word = |at: usize| match segments.get(at).map(Vec::as_slice) {
        Some([Part::Text(text)]) => Some(text),
        _ => None,
    };
    let spec = (0..segments.len()).find(|at| word(*at).is_some_and(|text| text.eq_ignore_ascii_case("templateSpecs")));
    let Some(name) = spec else {
        let message = format!("the {what} is not followed: its id leads to something stored in Azure, not to a file");
        return (message, "save the template as a file, and link to that with `relativePath`");
    };
    let name = word(name + 1).map_or_else(String::new, |name| format!(" `{name}`"));
    (
        format!("the {what} is not followed: it leads to the template spec{name}, which lies in Azure"),
        "save it with `az ts export`, and check the file it writes by itself",
    )
}

/// Whether the expressions of a template have a second bracket, so that they pass the template around it unevaluated.
fn is_escaped(node: &Node) -> bool {
    node.text().is_some_and(|text| text.starts_with("[["))
        || node.items().iter().any(is_escaped)
        || node.members().iter().any(|member| is_escaped(&member.node))
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
