//! `reference()`: outputs of deployments, and values that the same template declares.

use std::rc::Rc;
use std::sync::Arc;

use crate::arm::budget::{COPIES, Failure};
use crate::arm::calls::Called;
use crate::arm::evaluate::Rounds;
use crate::arm::expression::{Call, Expression, ExpressionKind, Step};
use crate::arm::machine::{Deployment, Env, Index, IndexedResource, Machine, Names, holds_template, is_deployment};
use crate::arm::site::Site;
use crate::arm::{ids, partial, value};
use crate::json::{Member, Node, Part, Reason, Value};

impl Machine<'_> {
    /// The value of `reference(…)` of these arguments, and of as many of the selections after it as could be answered with
    /// it. `names` are the selections known, `count` is how many there are.
    pub(crate) fn reference(
        &mut self,
        called: Called<'_>,
        args: &[Node],
        names: &[Node],
        count: usize,
        env: &Env,
    ) -> (Node, usize) {
        let (text, span) = (called.text, called.span);
        let Some(of) = args.first() else { return (self.fails(called, Failure::Error("a name is missing".into())), 0) };
        if let Some(spoiled) = partial::spoiled(of) {
            return (Node::new(Value::Unknown(Arc::clone(spoiled)), span), 0);
        }
        let full = args.get(2).and_then(Node::text).is_some_and(|kind| kind.eq_ignore_ascii_case("full"));
        let mut reason = Reason::Reference;
        if let Some(entry) = self.entry(of, env) {
            if let Some(path) = entry.node.at(&["properties", "module"]).and_then(Node::text)
                && self.child(&entry.node, &entry.env).is_none()
            {
                reason = Reason::LinkUnresolved(path.into());
            }
            let skip = usize::from(full);
            let inside = !full || names.first().is_some_and(|name| is(name, "properties"));
            if is_deployment(&entry.kind) {
                if inside && let Some(found) = self.outputs(&entry, names.get(skip..).unwrap_or_default(), text, span) {
                    return (found.0, found.1 + skip);
                }
            } else if names.len() == count
                && let Some(node) = self.declared(&entry, names, full)
            {
                return (node, count);
            }
        }
        // The version of the interface does not change what is meant.
        let mut key = partial::call_key(called.name, &args[..1]);
        if full {
            key.push_str("full");
        }
        let is_id = |part: &Part| matches!(part, Part::Text(text) if text.starts_with('/'));
        if !partial::pieces(of).and_then(|pieces| pieces.first().map(is_id)).unwrap_or(false) {
            // A name or a symbol means something else in every template.
            key = format!("{key}@{}", env.deployment.id);
        }
        (called.open(reason, key, Vec::new()), 0)
    }

    /// The selections that are names, up to the first that is not.
    pub(crate) fn names(&mut self, steps: &[Step], site: &Site, env: &Env) -> Vec<Node> {
        let mut names = Vec::new();
        for step in steps {
            let node = match step {
                Step::Name(name) => Node::new(Value::Text(Arc::clone(name)), site.span),
                Step::Index(Expression { kind: ExpressionKind::Text(text), start, end }) => {
                    Node::new(Value::Text(Arc::clone(text)), site.place(*start, *end))
                }
                Step::Index(index) => self.expression(index, site, env),
            };
            if node.unknown().is_some() {
                break;
            }
            names.push(node);
        }
        names
    }

    fn outputs(
        &mut self,
        entry: &IndexedResource,
        names: &[Node],
        text: &str,
        span: crate::source::Span,
    ) -> Option<(Node, usize)> {
        if !is(names.first()?, "outputs") {
            return None;
        }
        // A deployment that is surely skipped has no outputs.
        self.condition(&entry.node, &entry.env)?;
        let child = self.child(&entry.node, &entry.env)?;
        let typed =
            |node: Node| Node::new(value::object(vec![Member { key: "value".into(), key_span: span, node }]), span);
        if let Some(name) = names.get(1) {
            let output = self.output(name.text()?, &child, text, span);
            return match names.get(2) {
                Some(last) if is(last, "value") => Some((output, 3)),
                _ => Some((typed(output), 2)),
            };
        }
        let declared: Vec<Member> = child.section("outputs").map(Node::members).unwrap_or_default().to_vec();
        let mut members = Vec::new();
        for member in declared {
            let node = self.output(&member.key, &child, text, span);
            members.push(Member { node: typed(node), ..member });
        }
        Some((Node::new(value::object(members), span), 1))
    }

    /// What a resource of the same template declares under these names: scalars and lists of scalars only, since Azure
    /// adds to everything else, and nothing that Azure fills in itself.
    fn declared(&mut self, entry: &IndexedResource, names: &[Node], full: bool) -> Option<Node> {
        let existing = entry.node.get("existing").and_then(Node::bool).unwrap_or(false);
        if existing || names.is_empty() {
            return None;
        }
        self.condition(&entry.node, &entry.env)?;
        self.enter().ok()?;
        let mut node = if full { Some(entry.node.clone()) } else { entry.node.get("properties").cloned() };
        for name in names {
            node = node.and_then(|node| {
                let open = value::is_computed(&node) || node.get("copy").is_some();
                let node = if open { self.evaluate(&node, &entry.env) } else { node };
                if self.is_filled_in(&node, name, &entry.env) {
                    return None;
                }
                crate::arm::functions::selected(&node, name).ok()
            });
        }
        let node = node.map(|node| self.evaluate(&node, &entry.env));
        self.leave();
        let scalar = |node: &Node| !node.is_list() && !node.is_object() && !node.is_null();
        node.filter(|node| scalar(node) || (node.is_list() && node.items().iter().all(scalar)))
            .filter(|node| partial::spoiled(node).is_none() && !node.is_blank())
    }

    /// Whether Azure chooses this property: an address beside an allocation method that is not `Static`.
    fn is_filled_in(&mut self, node: &Node, name: &Node, env: &Env) -> bool {
        let is_address = |name: &str| name.to_ascii_lowercase().ends_with("ipaddress");
        if !name.text().is_some_and(is_address) {
            return false;
        }
        let method = node.members().iter().find(|member| member.key.to_ascii_lowercase().ends_with("allocationmethod"));
        method.is_some_and(|method| !is(&self.evaluate(&method.node, env), "Static"))
    }

    /// The resource of the same deployment that a name, an id or a symbol means.
    fn entry(&mut self, of: &Node, env: &Env) -> Option<IndexedResource> {
        let index = self.index(&env.deployment)?;
        let wanted = ids::join_key(of)?;
        if let Some(at) = index.by_symbol.get(&wanted) {
            return index.entries.get(*at).cloned();
        }
        let names = self.by_name(&env.deployment, &index);
        if let Some(at) = names.get(&wanted) {
            return index.entries.get((*at)?).cloned();
        }
        // Ids may spell the same target of a deployment in several ways: its name is enough when no other has it.
        let name = ids::join_key(&ids::deployment_name(of)?)?;
        let at = *names.get(&format!("deployment:{name}"))?;
        index.entries.get(at?).cloned()
    }

    /// The resources of a deployment and their symbols.
    fn index(&mut self, of: &Rc<Deployment>) -> Option<Rc<Index>> {
        if let Some(known) = of.index.borrow().as_ref() {
            return Some(Rc::clone(known));
        }
        // While it is made, names that ask for it find nothing.
        *of.index.borrow_mut() = Some(Rc::new(Index::default()));
        let mut index = Index::default();
        let env = Env::of(of);
        let resources = of.section("resources")?.clone();
        for node in resources.items() {
            self.indexed(node, None, &env, &mut index);
        }
        for member in resources.members() {
            self.indexed(&member.node, Some(&member.key), &env, &mut index);
        }
        let index = Rc::new(index);
        *of.index.borrow_mut() = Some(Rc::clone(&index));
        Some(index)
    }

    fn indexed(&mut self, node: &Node, symbol: Option<&Arc<str>>, env: &Env, index: &mut Index) {
        let Some(kind) = node.get("type").and_then(Node::text).map(str::to_ascii_lowercase) else { return };
        let mut push = |env: Env, suffix: &str| {
            if let Some(symbol) = symbol {
                index.by_symbol.insert(format!("{}{suffix}", symbol.to_lowercase()), index.entries.len());
            }
            index.entries.push(IndexedResource { node: node.clone(), env, kind: kind.clone() });
        };
        let Some(looped) = node.get("copy").filter(|copy| copy.is_object()) else { return push(env.clone(), "") };
        let name = looped.get("name").and_then(Node::text).unwrap_or_default().to_owned();
        if let Rounds::Between(_, count, _) = self.rounds(looped, env) {
            for at in 0..count.min(usize::try_from(COPIES).unwrap_or(0)) {
                push(env.in_loop(&name, Some(at), true), &format!("[{at}]"));
            }
        }
    }

    /// The resources of a deployment by name and id; `None` under a key that several have.
    fn by_name(&mut self, of: &Rc<Deployment>, index: &Index) -> Rc<Names> {
        if let Some(known) = of.by_name.borrow().as_ref() {
            return Rc::clone(known);
        }
        *of.by_name.borrow_mut() = Some(Rc::default());
        let mut names = Names::default();
        // Deployments first: of several resources with one name, a bare name means the deployment.
        let (deployments, others): (Vec<usize>, Vec<usize>) =
            (0..index.entries.len()).partition(|at| is_deployment(&index.entries[*at].kind));
        for at in deployments.into_iter().chain(others) {
            let entry = &index.entries[at];
            let Some(name) = entry.node.get("name") else { continue };
            let name = self.evaluate(name, &entry.env);
            if self.budget.left().is_err() || partial::spoiled(&name).is_some() {
                continue;
            }
            let Some(key) = ids::join_key(&name) else { continue };
            let kind = entry.node.get("type").and_then(Node::text).unwrap_or_default();
            let mut scope = of.scope.clone();
            if is_deployment(&entry.kind) && holds_template(kind).is_none() {
                scope = self.target(&entry.node, entry.node.at(&["properties", "template"]), &entry.env);
            }
            if is_deployment(&entry.kind) {
                names.entry(format!("deployment:{key}")).and_modify(|other| *other = None).or_insert(Some(at));
            }
            if let Some(pieces) = ids::of_resource(&scope, None, kind, &name)
                && let Some(id) = ids::join_key(&ids::node(pieces, &name, &"id".into()))
            {
                names.entry(id).or_insert(Some(at));
            }
            // Beside symbols a bare name means nothing.
            if !of.is_symbolic() {
                names.entry(key).or_insert(Some(at));
            }
        }
        let names = Rc::new(names);
        *of.by_name.borrow_mut() = Some(Rc::clone(&names));
        names
    }

    /// The id of the resource that a symbol means, in the loops around the place that asks.
    pub(crate) fn identity(&mut self, call: &Call, env: &Env, called: Called<'_>) -> Node {
        let symbol = match call.args.first().map(|symbol| &symbol.kind) {
            Some(ExpressionKind::Text(symbol)) => Arc::clone(symbol),
            _ => return self.fails(called, Failure::Error("a symbol is needed".into())),
        };
        let resource = env.deployment.section("resources").and_then(|resources| resources.get(&symbol)).cloned();
        let parts = resource.as_ref().and_then(|node| Some((node, node.get("type")?.text()?, node.get("name")?)));
        let Some((node, kind, name)) = parts else {
            return self.fails(called, Failure::Error(format!("there is no resource `{symbol}`")));
        };
        let name = self.evaluate(name, env);
        let mut scope = env.deployment.scope.clone();
        let mut over = None;
        if is_deployment(kind) && holds_template(kind).is_none() {
            scope = self.target(node, None, env);
        } else {
            over = node.get("scope").map(|over| self.evaluate(over, env));
        }
        let id = self.id(&scope, over.as_ref(), kind, &name, called.span);
        Node { span: called.span, via: None, ..id }
    }

    /// `resourceInfo('symbol')`: the name, type and id of a resource of the same template.
    pub(crate) fn resource_info(&mut self, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        let args = self.arguments(call, site, env);
        let entry = args.first().and_then(|symbol| self.entry(symbol, env));
        let Some(entry) = entry else { return self.apply(called, &args, &|_, _| Err(Failure::Unknown)) };
        let part = |machine: &mut Self, key: &str| {
            let node = entry.node.get(key).map(|node| machine.evaluate(node, &entry.env));
            node.unwrap_or_else(|| Node::new(Value::Null, called.span))
        };
        let (kind, name, version) = (part(self, "type"), part(self, "name"), part(self, "apiVersion"));
        let scope = entry.env.deployment.scope.clone();
        let over = entry.node.get("scope").map(|over| self.evaluate(over, &entry.env));
        let id = ids::of_resource(&scope, over.as_ref(), kind.text().unwrap_or_default(), &name).map_or_else(
            || self.apply(called, &args, &|_, _| Err(Failure::Unknown)),
            |pieces| ids::node(pieces, &name, &"id".into()),
        );
        let members = [("id", id), ("name", name), ("type", kind), ("apiVersion", version)];
        let members = members.map(|(key, node)| Member { key: key.into(), key_span: called.span, node });
        Node::new(value::object(members.to_vec()), called.span)
    }
}

fn is(node: &Node, name: &str) -> bool {
    node.text().is_some_and(|text| text.eq_ignore_ascii_case(name))
}
