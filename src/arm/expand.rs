//! A template in, plain resources out: loops, conditions, children, names and ids.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::arm::budget::{Failure, RESOURCES};
use crate::arm::evaluate::Rounds;
use crate::arm::expansion::{Expansion, Inputs, Level, Resource, Scope, Trouble, TroubleKind, Wanted};
use crate::arm::machine::{Deployment, Env, Machine, holds_template, is_deployment};
use crate::arm::named::{self, is_bare_parameter_file};
use crate::arm::{ids, partial, value};
use crate::json::{Document, How, Member, Node, Reason, Trail, Unknown, Value};
use crate::source::{FileId, Span};

/// The stack that evaluation nested to the bound of `budget` needs, unoptimised, with room to spare. Only what is used of
/// it takes memory.
const STACK: usize = 64 << 20;

/// Whether a document is a template.
pub fn is_template(root: &Node) -> bool {
    let schema = root.get("$schema").and_then(Node::text).and_then(Level::of_schema);
    let holds = |key: &str| root.get(key).is_some();
    let resources = root.get("resources").is_some_and(|resources| {
        resources.is_list() || resources.is_object() || resources.text().is_some_and(|text| text.starts_with('['))
    });
    resources && (schema.is_some() || holds("contentVersion") || holds("languageVersion"))
        || schema.is_some() && holds("contentVersion")
}

/// Whether a document is a parameter file.
pub fn is_parameter_file(root: &Node) -> bool {
    if root.get("resources").is_some() {
        return false;
    }
    let schema = root.get("$schema").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
    let Some(entries) = root.get("parameters").filter(|entries| entries.is_object()) else { return false };
    if schema.contains("deploymentparameters.json") {
        return true;
    }
    is_bare_parameter_file(entries)
}

/// What a parameter file says to no template: values for parameters that none of the templates declares.
pub fn strays(file: &Document, templates: &[&Document]) -> Vec<Trouble> {
    let roots: Vec<&Node> = templates.iter().map(|template| &template.root).collect();
    let (Some(entries), Some(first)) = (named::entries(&file.root), roots.first()) else { return Vec::new() };
    let trouble = |entry: &Member| Trouble {
        message: named::stray(entry, first),
        span: entry.key_span,
        kind: TroubleKind::Parameter,
        help: Some(named::STRAY_HELP),
    };
    named::undeclared(entries, &roots).map(trouble).collect()
}

/// Evaluates a template. Whatever the template holds, it ends in bounded time and memory, and what cannot be known before
/// deployment comes out as unknown with its reason.
pub fn expand(file: FileId, document: &Document, inputs: &Inputs<'_>) -> Expansion {
    expand_each(&[(file, document, *inputs)]).pop().unwrap_or_default()
}

/// Evaluates templates, each with its own inputs, as [`expand`] does, on as many threads as the run has. The answers are
/// in the order asked.
pub fn expand_each(asked: &[(FileId, &Document, Inputs<'_>)]) -> Vec<Expansion> {
    let next = AtomicUsize::new(0);
    // A thread for each template would take longer to start than most templates take.
    let work = || {
        let mut done = Vec::new();
        while let Some((at, (file, document, inputs))) = take(asked, &next) {
            done.push((at, run(*file, document, inputs)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let threads = (0..rayon::current_num_threads().min(asked.len())).map_while(|_| {
            let builder = std::thread::Builder::new().name("expand".into()).stack_size(STACK);
            builder.spawn_scoped(scope, work).ok()
        });
        let threads: Vec<_> = threads.collect();
        // Without a thread there is the stack at hand, which holds every template but hostile ones.
        let mut done = if threads.is_empty() { work() } else { Vec::new() };
        for thread in threads {
            done.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, expansion)| expansion).collect()
}

/// The next one that nobody has taken, and its place.
fn take<'j, T>(all: &'j [T], next: &AtomicUsize) -> Option<(usize, &'j T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    all.get(at).map(|one| (at, one))
}

fn run(file: FileId, document: &Document, inputs: &Inputs<'_>) -> Expansion {
    let root = &document.root;
    let level = root.get("$schema").and_then(Node::text).and_then(Level::of_schema).unwrap_or(Level::ResourceGroup);
    let scope = Scope::root(level, inputs.assumptions, root.span.part(0, 1));
    let deployment = Rc::new(Deployment::new(root.clone(), file, scope));
    let mut machine = Machine::new(*inputs);
    machine.deployments.push(Rc::clone(&deployment));
    machine.expand(&deployment, &Doubt::default());
    let (mut outputs, mut secret) = (Vec::new(), Vec::new());
    if matches!(inputs.wanted, Wanted::All) {
        let env = Env::of(&deployment);
        for member in root.get("outputs").map(Node::members).unwrap_or_default() {
            let condition = machine.condition(&member.node, &env);
            if condition.is_none() {
                continue;
            }
            let value = machine.output(&member.key, &deployment, "", member.node.span);
            // An output of the outermost template is not used anywhere: its own step says nothing.
            let via = value.via.as_ref().and_then(|step| step.next.clone());
            let value = machine.settled(Node { via, ..value }, None, condition.flatten().is_some());
            if is_secure(&member.node) {
                secret.push(value.clone());
            }
            outputs.push((std::sync::Arc::clone(&member.key), value));
        }
    }
    let mut expansion = Expansion {
        resources: std::mem::take(&mut machine.resources),
        outputs,
        secret,
        troubles: machine.take_troubles(),
        linked: machine.linked.iter().copied().collect(),
        missing: std::mem::take(&mut machine.missing).into_iter().collect(),
    };
    if matches!(inputs.wanted, Wanted::All) {
        // Last, so that one nobody asks for is not missed.
        let env = Env::of(&deployment);
        let declared = root.get("parameters").map(Node::members).unwrap_or_default();
        for member in declared.iter().filter(|member| is_secure(&member.node)) {
            expansion.secret.push(machine.parameter(&member.key, &env, "", member.node.span));
        }
    }
    expansion
}

/// Whether a parameter or an output holds what must not be shown.
fn is_secure(declared: &Node) -> bool {
    let kind = declared.get("type").and_then(Node::text).unwrap_or_default();
    kind.eq_ignore_ascii_case("securestring") || kind.eq_ignore_ascii_case("secureobject")
}

/// Whether resources may be missing or repeated because of what is around them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubt {
    condition: Option<Arc<Unknown>>,
    repeated: Option<Arc<Unknown>>,
}

/// The resource around a child.
struct Parent<'a> {
    kind: &'a str,
    name: Node,
}

/// One resource of a template, its type evaluated.
struct Declared<'a> {
    node: &'a Node,
    /// Its type with those of its parents in front.
    full: &'a str,
    /// Its own type.
    kind: &'a Node,
    type_member: &'a Member,
    parent: Option<&'a Parent<'a>>,
    existing: bool,
    /// The round of the loop that makes it.
    via: Option<&'a Arc<Trail>>,
}

/// Members that are not part of the resource itself.
const APART: [&str; 7] = ["type", "name", "id", "copy", "condition", "dependsOn", "resources"];

impl Machine<'_> {
    /// Evaluates every wanted resource of a deployment and of those inside it.
    pub(crate) fn expand(&mut self, deployment: &std::rc::Rc<Deployment>, doubt: &Doubt) {
        let Some(resources) = deployment.section("resources").cloned() else { return };
        let env = Env::of(deployment);
        let resources = self.section(&resources, &env);
        self.listed(&resources, &env, None, doubt);
    }

    /// A `resources` section, which a rare template computes as a whole.
    fn section(&mut self, node: &Node, env: &Env) -> Node {
        if value::is_computed(node) { self.evaluate(node, env) } else { node.clone() }
    }

    fn listed(&mut self, resources: &Node, env: &Env, parent: Option<&Parent<'_>>, doubt: &Doubt) {
        if self.budget.left().is_err() {
            return;
        }
        if let Some(spoiled) = partial::spoiled(resources).cloned() {
            self.reached(&spoiled);
        }
        self.note_unknown(resources, "the resources are", resources.span);
        for node in resources.items() {
            self.looped(node, env, parent, doubt);
        }
        for member in resources.members() {
            self.looped(&member.node, env, parent, doubt);
        }
    }

    /// Notes that what is deployed here cannot be told, so that nothing of it was judged.
    fn note_unknown(&mut self, node: &Node, what: &str, span: Span) {
        if let Some(unknown) = node.unknown().filter(|unknown| !partial::is_spoiled(unknown)) {
            let message = format!("{what} not known, so what is deployed here was not judged: {}", unknown.reason);
            let help = "give the parameters it is made from with --parameters FILE or --set NAME=VALUE";
            self.trouble_with_help(TroubleKind::Link, message, span, help);
        }
    }

    fn looped(&mut self, node: &Node, env: &Env, parent: Option<&Parent<'_>>, doubt: &Doubt) {
        let node = &self.section(node, env);
        self.note_unknown(node, "a resource is", node.span);
        if !node.is_object() || !self.is_worth(node, env, parent) {
            return;
        }
        let Some(looped) = node.get("copy").filter(|copy| copy.is_object()) else {
            return self.one(node, env, parent, doubt, None);
        };
        let name: Arc<str> = looped.get("name").and_then(Node::text).unwrap_or_default().into();
        match self.rounds(looped, env) {
            Rounds::Between(least, most, why) => {
                for index in 0..most {
                    if self.budget.step(1).is_err() {
                        return;
                    }
                    if self.resources.len() >= RESOURCES {
                        return self.limit("20,000 resources", looped.span);
                    }
                    let round = env.in_loop(&name, Some(index), true);
                    let via = value::step(looped.span, How::Copy(Arc::clone(&name), index), None);
                    let condition = why.clone().filter(|_| index >= least).or_else(|| doubt.condition.clone());
                    let doubt = Doubt { condition, ..doubt.clone() };
                    self.one(node, &round, parent, &doubt, Some(&via));
                }
            }
            Rounds::Unknown(unknown) => {
                self.reached(&unknown);
                let round = env.in_loop(&name, None, true);
                let doubt = Doubt { repeated: Some(unknown), ..doubt.clone() };
                self.one(node, &round, parent, &doubt, None);
            }
        }
    }

    /// Whether a resource, one inside it, or one it deploys can be wanted; told from literal types alone.
    fn is_worth(&mut self, node: &Node, env: &Env, parent: Option<&Parent<'_>>) -> bool {
        if matches!(self.inputs.wanted, Wanted::All) || parent.is_some() || node.get("resources").is_some() {
            return true;
        }
        match node.get("type").and_then(Node::text) {
            Some(kind) if !kind.starts_with('[') => {
                self.inputs.wanted.holds(kind) || is_deployment(kind) && self.is_worth_opening(node, env)
            }
            _ => true,
        }
    }

    fn one(&mut self, node: &Node, env: &Env, parent: Option<&Parent<'_>>, doubt: &Doubt, via: Option<&Arc<Trail>>) {
        if self.enter().is_err() {
            return;
        }
        self.one_inner(node, env, parent, doubt, via);
        self.leave();
    }

    fn one_inner(
        &mut self,
        node: &Node,
        env: &Env,
        parent: Option<&Parent<'_>>,
        doubt: &Doubt,
        via: Option<&Arc<Trail>>,
    ) {
        let Some(type_member) = node.member("type") else { return };
        let kind_node = self.evaluate(&type_member.node, env);
        let Some(kind) = kind_node.text() else {
            if let Some(spoiled) = partial::spoiled(&kind_node).cloned() {
                self.reached(&spoiled);
            }
            self.note_unknown(&kind_node, "the type of a resource is", type_member.node.span);
            return;
        };
        let full = match parent {
            Some(parent) => format!("{}/{kind}", parent.kind),
            None => kind.to_owned(),
        };
        let deploys = is_deployment(&full);
        let wanted = self.inputs.wanted.holds(&full);
        let condition = self.condition(node, env);
        if let Some(children) = node
            .get("resources")
            .filter(|children| !children.items().is_empty() || children.is_object() || value::is_computed(children))
        {
            let children = self.section(children, env);
            let name = self.full_name(node, env, parent);
            // A condition does not pass to children: Azure deploys them all the same.
            self.listed(&children, env, Some(&Parent { kind: &full, name }), doubt);
        }
        let Some(condition) = condition else { return };
        let doubt = Doubt { condition: condition.or_else(|| doubt.condition.clone()), ..doubt.clone() };
        let existing = node.get("existing").and_then(Node::bool).unwrap_or(false);
        if wanted {
            let declared = Declared { node, full: &full, kind: &kind_node, type_member, parent, existing, via };
            self.push(&declared, env, &doubt);
        }
        if deploys
            && !existing
            && let Some(child) = self.child(node, env)
        {
            self.expand(&child, &doubt);
        }
    }

    /// The condition of a resource: `None` when false, else why it is not surely true.
    pub(crate) fn condition(&mut self, node: &Node, env: &Env) -> Option<Option<Arc<Unknown>>> {
        let Some(written) = node.get("condition") else { return Some(None) };
        let condition = self.evaluate(written, env);
        match (value::as_bool(&condition), &condition.value) {
            (Some(true), _) => Some(None),
            (Some(false), _) => None,
            (None, Value::Unknown(unknown)) => {
                self.reached(unknown);
                Some(Some(Arc::clone(unknown)))
            }
            (None, _) => {
                let failure = Failure::Error(format!("a condition should be a boolean, not {}", condition.kind()));
                let failed = self.failed(failure, "", "", condition.span);
                let unknown = failed.unknown().map(Arc::clone);
                if let Some(unknown) = &unknown {
                    self.reached(unknown);
                }
                Some(unknown)
            }
        }
    }

    /// The name of a resource with those of its parents before it.
    fn full_name(&mut self, node: &Node, env: &Env, parent: Option<&Parent<'_>>) -> Node {
        let name = match node.get("name") {
            Some(name) => self.evaluate(name, env),
            // A resource of an extension, such as Kubernetes, is named in its properties.
            None if is_of_extension(node) => Node::new(Value::Null, node.span),
            None => self.failed(Failure::Error("the resource has no name".into()), "", "name", node.span),
        };
        let Some(parent) = parent else { return name };
        for part in [&parent.name, &name] {
            if let Some(spoiled) = partial::spoiled(part) {
                return Node { value: Value::Unknown(Arc::clone(spoiled)), ..name.clone() };
            }
        }
        let text = node.get("name").and_then(Node::text).unwrap_or_default().into();
        match ids::child_name(&parent.name, &name) {
            Some(pieces) => ids::node(pieces, &name, &text),
            None => name,
        }
    }

    fn push(&mut self, declared: &Declared<'_>, env: &Env, doubt: &Doubt) {
        let Declared { node, full, kind, type_member, parent, existing, via } = *declared;
        if self.resources.len() >= RESOURCES {
            return self.limit("20,000 resources", node.span);
        }
        // What only exists under an unknown condition may only make sense under it: its failures are not reported.
        let quiet = existing || doubt.condition.is_some();
        let name = self.full_name(node, env, parent);
        let deploys = is_deployment(full);
        let mut scope = env.deployment.scope.clone();
        let mut over = node.get("scope").map(|over| self.evaluate(over, env));
        if deploys && holds_template(full).is_none() {
            // A deployment lies where it deploys to.
            scope = self.target(node, node.at(&["properties", "template"]), env);
            over = None;
        }
        let id = if name.is_null() { name.clone() } else { self.id(&scope, over.as_ref(), full, &name, node.span) };
        let name_span = node.member("name").map_or(node.span, |member| member.key_span);
        let kind_key = type_member.key_span;
        let kind = Node { value: value::text(full), span: kind.span, via: kind.via.clone() };
        let mut members = vec![Member { key: "type".into(), key_span: kind_key, node: kind }];
        let named = [("name", name), ("id", id)].into_iter().filter(|(_, node)| !node.is_null());
        members.extend(named.map(|(key, node)| Member { key: key.into(), key_span: name_span, node }));
        for member in value::distinct(node.members()) {
            if APART.iter().any(|apart| member.key.eq_ignore_ascii_case(apart)) {
                continue;
            }
            let member = if deploys && member.key.eq_ignore_ascii_case("properties") {
                Member { node: self.deployment_properties(&member.node, env), ..member.clone() }
            } else {
                self.member(member, env, false).unwrap_or_else(|| member.clone())
            };
            members.push(member);
        }
        let resource = Node { value: value::object(members), span: node.span, via: None };
        let node = self.settled(resource, via, quiet);
        self.resources.push(Resource {
            span: node.span,
            node,
            condition: doubt.condition.clone(),
            repeated: doubt.repeated.clone(),
            existing,
            scope: Arc::new(scope),
        });
    }

    /// The properties of a deployment without the template, which becomes resources of its own.
    fn deployment_properties(&mut self, properties: &Node, env: &Env) -> Node {
        let is_template = |key: &str| ["template", "mainTemplate"].iter().any(|name| name.eq_ignore_ascii_case(key));
        let kept = properties.members().iter().filter(|member| !is_template(&member.key));
        let kept: Vec<Member> =
            kept.map(|member| self.member(member, env, false).unwrap_or_else(|| member.clone())).collect();
        Node { value: value::object(kept), ..properties.clone() }
    }

    /// The id of a resource of a full type and name, in a scope or over another resource.
    pub(crate) fn id(&mut self, scope: &Scope, over: Option<&Node>, full: &str, name: &Node, span: Span) -> Node {
        for part in std::iter::once(name).chain(over) {
            if let Some(spoiled) = partial::spoiled(part) {
                return Node { value: Value::Unknown(Arc::clone(spoiled)), ..name.clone() };
            }
        }
        match ids::of_resource(scope, over, full, name) {
            Some(pieces) => ids::node(pieces, name, &"id".into()),
            None => {
                let key = format!("id({full},{},{})", partial::key(name), over.map(partial::key).unwrap_or_default());
                let reason = name.unknown().map_or(Reason::NotEvaluated, |unknown| unknown.reason.clone());
                Node { span: name.span, ..partial::node(partial::unknown(reason, "id", span, key)) }
            }
        }
    }

    /// A value as it is handed out: each part knows the whole way it came, and failures are noted.
    pub(crate) fn settled(&mut self, node: Node, via: Option<&Arc<Trail>>, quiet: bool) -> Node {
        if self.budget.step(1).is_err() {
            return node;
        }
        let way = value::then(via, node.via.as_ref());
        match &node.value {
            Value::List(items) => {
                let new: Vec<Node> = items.iter().map(|item| self.settled(item.clone(), way.as_ref(), quiet)).collect();
                let same = new.iter().zip(items.iter()).all(|(new, old)| is_same(new, old));
                let value = if same { node.value.clone() } else { value::list(new) };
                Node { value, span: node.span, via: way }
            }
            Value::Object(members) => {
                let new: Vec<Member> = members
                    .iter()
                    .map(|member| Member {
                        node: self.settled(member.node.clone(), way.as_ref(), quiet),
                        ..member.clone()
                    })
                    .collect();
                let same = new.iter().zip(members.iter()).all(|(new, old)| is_same(&new.node, &old.node));
                let value = if same { node.value.clone() } else { value::object(new) };
                Node { value, span: node.span, via: way }
            }
            Value::Unknown(unknown) => {
                if !quiet {
                    self.reached(unknown);
                }
                Node { via: way, ..node }
            }
            _ => Node { via: way, ..node },
        }
    }
}

/// Whether a settled node is the one it was, so that its container can be shared.
fn is_same(new: &Node, old: &Node) -> bool {
    let same_way = match (&new.via, &old.via) {
        (None, None) => true,
        (Some(new), Some(old)) => Arc::ptr_eq(new, old),
        _ => false,
    };
    same_way
        && match (&new.value, &old.value) {
            (Value::List(new), Value::List(old)) => Arc::ptr_eq(new, old),
            (Value::Object(new), Value::Object(old)) => Arc::ptr_eq(new, old),
            _ => true,
        }
}

/// Whether a resource is not Azure's own but that of an extension of the template language.
fn is_of_extension(node: &Node) -> bool {
    node.get("extension").is_some() || node.get("import").is_some()
}
