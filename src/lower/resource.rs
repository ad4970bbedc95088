//! Resources and modules: names with those of their parents, scopes, conditions, loops, arguments.

use std::sync::Arc;

use crate::arm::{Expression, ExpressionKind, Form, Step};
use crate::bicep::tree::{DeclarationKind, Entry, Expression as Written, ExpressionKind as Kind};
use crate::json::{Member, Node, Reason, Value};
use crate::lower::build::{again, at, call, form, list, literal, member, node, object, select, text, unknown};
use crate::lower::expression::Scope;
use crate::lower::names::{Unit, argument, plain};
use crate::source::Span;

/// The members of a body that are not the resource's own.
const APART: [&str; 4] = ["name", "parent", "scope", "dependsOn"];

/// What usually stands in the body of a resource; of an object that a body takes its members from only these are asked for.
const USUAL: [&str; 7] = ["properties", "location", "tags", "sku", "kind", "identity", "zones"];

/// A member, unless an object after it has another value for its key.
fn overridden(own: Member, later: Expression, place: Span) -> Member {
    let span = own.node.span;
    let key = Arc::clone(&own.key);
    let nodes = vec![object(vec![own.clone()], span), node(later, place)];
    let merged = call("shallowMerge", vec![at(ExpressionKind::Value(list(nodes, span)), span)], span);
    Member { node: part_of(merged, &key, span), ..own }
}

/// What an object holds under a key; null when it holds nothing there.
fn part_of(object: Expression, key: &str, span: Span) -> Node {
    node(call("tryGet", vec![object, text(key, span)], span), span)
}

impl Unit<'_> {
    /// Calls `then` with the scope of the body of a resource or module.
    fn in_body<T>(&self, of: usize, then: impl FnOnce(&Scope<'_>) -> T) -> T {
        let file = Scope::file();
        // The names of nested resources come before those of the file; the resources around come first of all.
        let mut outer = Vec::new();
        let mut next = Some(of);
        while let Some(current) = next {
            outer.push(current);
            next = self.deployed[current].outer;
        }
        self.in_outer(&outer, &file, |scope| match self.deployed[of].looped() {
            None => then(scope),
            Some(head) => {
                let source = self.source(head, scope);
                then(&scope.in_loop(head, &self.deployed[of].symbol, &source))
            }
        })
    }

    fn in_outer<T>(&self, outer: &[usize], scope: &Scope<'_>, then: impl FnOnce(&Scope<'_>) -> T) -> T {
        match outer.split_last() {
            Some((last, rest)) => self.in_outer(rest, &scope.in_resource(*last), then),
            None => then(scope),
        }
    }

    /// The name of a resource or module as it is written.
    pub(crate) fn own_name(&self, of: usize) -> Arc<Expression> {
        self.kept(of, false, |unit| unit.in_body(of, |scope| unit.written_name(of, scope)))
    }

    /// The name of a resource with those of its parents in front.
    fn full_name(&self, of: usize) -> Arc<Expression> {
        self.kept(of, true, |unit| {
            let own = unit.own_name(of);
            let span = unit.deployed[of].member("name").map_or(unit.deployed[of].name.span, |(_, name)| name.span);
            let Some(parent) = unit.parent_name(of) else { return again(&own, span) };
            call("format", vec![text("{0}/{1}", span), parent, again(&own, span)], span)
        })
    }

    /// Something of a resource, lowered once. What asks for itself is unknown.
    fn kept(&self, of: usize, full: bool, make: impl FnOnce(&Self) -> Expression) -> Arc<Expression> {
        match self.lowered.borrow().get(&(of, full)) {
            Some(Some(known)) => return Arc::clone(known),
            Some(None) => {
                let name = self.deployed[of].name;
                let why = format!("the name of `{}` refers to itself", name.text);
                return Arc::new(unknown(Reason::Invalid(why.into()), &name.text, name.span));
            }
            None => {}
        }
        self.lowered.borrow_mut().insert((of, full), None);
        let made = Arc::new(make(self));
        self.lowered.borrow_mut().insert((of, full), Some(Arc::clone(&made)));
        made
    }

    fn written_name(&self, of: usize, scope: &Scope<'_>) -> Expression {
        let deployed = &self.deployed[of];
        match deployed.member("name") {
            Some((_, name)) => self.expression(name, scope),
            None if deployed.module.is_some() => {
                let span = deployed.name.span;
                let deployment = form(Form::Deployment, "deployment", Vec::new(), span);
                let name = select(deployment, vec![Step::Name("name".into())], span);
                let symbol = || text(Arc::clone(&deployed.name.text), span);
                let unique = call("uniqueString", vec![symbol(), name], span);
                call("format", vec![text("{0}-{1}", span), symbol(), unique], span)
            }
            None => unknown(Reason::Missing("name".into()), "name", deployed.name.span),
        }
    }

    /// The full name of the resource that another one is a child of.
    fn parent_name(&self, of: usize) -> Option<Expression> {
        if let Some(outer) = self.deployed[of].outer {
            return Some(again(&self.full_name(outer), self.deployed[of].name.span));
        }
        let (_, written) = self.deployed[of].member("parent")?;
        Some(self.in_body(of, |scope| match self.deployed_by(written, scope) {
            Some((parent, index)) => {
                let name = again(&self.full_name(parent), written.span);
                self.in_round(parent, index.as_ref(), name, written.span)
            }
            None => {
                let text = self.files.slice(written.span);
                unknown(Reason::Invalid("the parent is no resource of this file".into()), text, written.span)
            }
        }))
    }

    /// The condition of a resource or module, with those of the resources it stands in.
    pub(crate) fn condition(&self, of: usize) -> Option<Expression> {
        let own = self.deployed[of].body.condition.as_ref();
        let span = own.map_or(self.deployed[of].span, |own| own.span);
        let own = own.map(|own| self.in_body(of, |scope| self.expression(own, scope)));
        let outer = self.deployed[of].outer.and_then(|outer| self.condition(outer));
        match (outer, own) {
            (Some(outer), Some(own)) => Some(form(Form::And, "and", vec![outer, own], span)),
            (outer, own) => outer.or(own),
        }
    }

    /// Where a resource or module goes, if not where its file goes; children go where their parents go.
    fn target(&self, of: usize) -> Option<Expression> {
        let mut root = of;
        // A circle of parents ends here.
        for _ in 0..64 {
            let deployed = &self.deployed[root];
            let parent = deployed.outer.map(|outer| (outer, None)).or_else(|| {
                let (_, written) = deployed.member("parent")?;
                self.in_body(root, |scope| self.deployed_by(written, scope))
            });
            match parent {
                Some((parent, index)) if index.is_some() => {
                    let span = deployed.span;
                    return self.target(parent).map(|target| self.in_round(parent, index.as_ref(), target, span));
                }
                Some((parent, _)) => root = parent,
                None => break,
            }
        }
        let (_, written) = self.deployed[root].member("scope")?;
        self.in_body(root, |scope| self.scope(written, scope))
    }

    /// The id of a scope as it is written; `None` for the file's own.
    fn scope(&self, written: &Written, scope: &Scope<'_>) -> Option<Expression> {
        let span = written.span;
        if let Some((of, index)) = self.deployed_by(written, scope) {
            return Some(self.scope_of(of, index.as_ref(), span));
        }
        let (name, args) = match &written.kind {
            Kind::Call(name, args) => (name, args),
            Kind::Method(base, name, args) if matches!(&base.kind, Kind::Name(space) if matches!(&**space, "az" | "sys")) => {
                (name, args)
            }
            Kind::Parenthesis(inner) => return self.scope(inner, scope),
            Kind::Name(name) if self.variable(name, scope).is_some() => {
                let value = self.variable(name, scope)?;
                return self.scope(value, &Scope::file());
            }
            Kind::Choice(condition, yes, no) => {
                let branch = |branch| self.scope(branch, scope).unwrap_or_else(|| text("", span));
                return Some(form(
                    Form::If,
                    "if",
                    vec![self.expression(condition, scope), branch(yes), branch(no)],
                    span,
                ));
            }
            _ => return Some(unknown(Reason::Invalid("this is no scope".into()), self.files.slice(span), span)),
        };
        let args: Vec<Expression> = args.iter().map(|arg| self.expression(arg, scope)).collect();
        let path = |pattern: &str, args: Vec<Expression>| {
            let mut all = vec![text(pattern, span)];
            all.extend(args);
            Some(call("format", all, span))
        };
        match (&*name.text, args.len()) {
            ("tenant", _) => Some(text("/", span)),
            ("resourceGroup", 0) => None,
            ("subscription", 0) => path("/subscriptions/{0}", vec![self.subscription(span)]),
            ("subscription", _) => path("/subscriptions/{0}", args),
            ("resourceGroup", 1) => {
                let all = std::iter::once(self.subscription(span)).chain(args).collect();
                path("/subscriptions/{0}/resourceGroups/{1}", all)
            }
            ("resourceGroup", _) => path("/subscriptions/{0}/resourceGroups/{1}", args),
            ("managementGroup", 0) => {
                let group = form(Form::ManagementGroup, "managementGroup", Vec::new(), span);
                Some(select(group, vec![Step::Name("id".into())], span))
            }
            ("managementGroup", _) => path("/providers/Microsoft.Management/managementGroups/{0}", args),
            _ => Some(unknown(Reason::Invalid("this is no scope".into()), self.files.slice(span), span)),
        }
    }

    /// The value that a variable of the file is declared with; `None` for one whose value asks for a variable.
    fn variable(&self, wanted: &str, scope: &Scope<'_>) -> Option<&Written> {
        let is_file = scope.local(self, wanted).is_none();
        let value = self.tree.declarations.iter().find_map(|declaration| match &declaration.kind {
            DeclarationKind::Variable { name, value } if is_file && &*name.text == wanted => Some(value),
            _ => None,
        })?;
        (!matches!(value.kind, Kind::Name(_))).then_some(value)
    }

    fn subscription(&self, span: Span) -> Expression {
        let subscription = form(Form::Subscription, "subscription", Vec::new(), span);
        select(subscription, vec![Step::Name("subscriptionId".into())], span)
    }

    /// The scope that a resource is: a group that it stands for, else the resource itself.
    fn scope_of(&self, of: usize, index: Option<&Arc<Expression>>, span: Span) -> Expression {
        let kind = self.deployed[of].type_name.to_ascii_lowercase();
        let name = || again(&self.own_name(of), span);
        let group = match kind.as_str() {
            "microsoft.resources/resourcegroups" => {
                let base = match self.target(of) {
                    Some(subscription) => subscription,
                    None => call("format", vec![text("/subscriptions/{0}", span), self.subscription(span)], span),
                };
                call("format", vec![text("{0}/resourceGroups/{1}", span), base, name()], span)
            }
            "microsoft.management/managementgroups" => {
                call("format", vec![text("/providers/Microsoft.Management/managementGroups/{0}", span), name()], span)
            }
            _ => return self.identity(of, index, span),
        };
        self.in_round(of, index, group, span)
    }

    /// A resource or module as the template has it: its symbol and its object.
    pub(crate) fn resource(&self, of: usize) -> Member {
        let deployed = &self.deployed[of];
        let kind = literal(&deployed.type_name, deployed.type_span);
        let mut members = vec![member("type", deployed.type_span, kind)];
        if !deployed.version.is_empty() {
            members.push(member("apiVersion", deployed.type_span, literal(&deployed.version, deployed.type_span)));
        }
        let (name_key, name_span) = deployed
            .member("name")
            .map_or((deployed.name.span, deployed.name.span), |(key, name)| (key.span, name.span));
        if !self.is_of_extension(of) {
            members.push(member("name", name_key, node(again(&self.full_name(of), name_span), name_span)));
        } else {
            members.push(member("extension", deployed.type_span, literal("", deployed.type_span)));
        }
        if deployed.existing {
            members.push(member("existing", deployed.type_span, Node::new(Value::Bool(true), deployed.type_span)));
        }
        if let Some(condition) = self.condition(of) {
            let span = deployed.body.condition.as_ref().map_or(deployed.span, |condition| condition.span);
            members.push(member("condition", span, node(condition, span)));
        }
        if let Some(looped) = self.copies(of) {
            members.push(looped);
        }
        if let Some(target) = self.target(of) {
            let key = deployed.member("scope").map_or(deployed.name.span, |(key, _)| key.span);
            let span = Span::new(deployed.span.file, target.start, target.end);
            members.push(member("scope", key, node(target, span)));
        }
        if let Some(description) = argument(deployed.decorators, "description") {
            let text = vec![member("description", description.span, self.node(description, &Scope::file()))];
            members.push(member("metadata", description.span, object(text, description.span)));
        }
        match deployed.module {
            Some(_) => members.push(self.module(of)),
            None => self.in_body(of, |scope| members.extend(self.body(of, scope))),
        }
        member(&deployed.symbol, deployed.name.span, object(members, deployed.span))
    }

    /// Whether a resource is none of Azure's, but of an extension of the language.
    fn is_of_extension(&self, of: usize) -> bool {
        let kind = &self.deployed[of].type_name;
        let is_azure = kind.split_once('/').is_some_and(|(space, _)| space.contains('.'));
        !kind.is_empty() && (!is_azure || self.graph && kind.to_ascii_lowercase().starts_with("microsoft.graph/"))
    }

    fn copies(&self, of: usize) -> Option<Member> {
        let deployed = &self.deployed[of];
        let head = deployed.looped()?;
        let span = head.source.span;
        let source = self.source(head, &Scope::file());
        let count = node(self.count(&source, span), span);
        let name = literal(&deployed.symbol, head.item.span);
        let members = vec![member("name", head.item.span, name), member("count", span, count)];
        Some(member("copy", span, object(members, span)))
    }

    /// The members of a body that go to Azure as they are written. What is taken from another object stands in place of
    /// what is written before it.
    fn body(&self, of: usize, scope: &Scope<'_>) -> Vec<Member> {
        let entries = &self.deployed[of].body.object.entries;
        let mut members: Vec<Member> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let Entry::Member { key, value } = entry else { continue };
            let Some(name) = plain(key).filter(|name| !APART.contains(&&**name)) else { continue };
            let own = Member { key: name, key_span: key.span, node: self.node(value, scope) };
            members.push(match self.taken(&entries[at..], scope) {
                Some(later) => {
                    let place = Span::new(self.file, later.start, later.end);
                    overridden(own, later, place)
                }
                None => own,
            });
        }
        if let Some(taken) = self.taken(entries, scope) {
            let span = Span::new(self.file, taken.start, taken.end);
            let taken = Arc::new(taken);
            for key in USUAL {
                if !members.iter().any(|member| &*member.key == key) {
                    members.push(member(key, span, part_of(again(&taken, span), key, span)));
                }
            }
        }
        members
    }

    /// The objects that some entries of a body take members from, the later over the earlier.
    fn taken(&self, entries: &[Entry], scope: &Scope<'_>) -> Option<Expression> {
        let spreads = entries.iter().filter_map(|entry| match entry {
            Entry::Spread(value) => Some((self.expression(value, scope), value.span)),
            _ => None,
        });
        let mut spreads: Vec<(Expression, Span)> = spreads.collect();
        if spreads.len() < 2 {
            return spreads.pop().map(|(only, _)| only);
        }
        let span = spreads[0].1;
        let nodes = spreads.into_iter().map(|(taken, span)| node(taken, span)).collect();
        Some(call("shallowMerge", vec![at(ExpressionKind::Value(list(nodes, span)), span)], span))
    }

    /// The properties of the deployment that a module is.
    fn module(&self, of: usize) -> Member {
        let deployed = &self.deployed[of];
        let span = deployed.body.object.span;
        let path = deployed.module.clone().unwrap_or_else(|| "".into());
        let plain = |key: &str, value: &str| member(key, deployed.type_span, literal(value, deployed.type_span));
        let inner = object(vec![plain("scope", "inner")], deployed.type_span);
        let mut members = vec![
            plain("mode", "Incremental"),
            plain("module", &path),
            member("expressionEvaluationOptions", deployed.type_span, inner),
        ];
        if let Some((key, params)) = deployed.member("params") {
            let arguments = self.in_body(of, |scope| self.arguments(params, scope));
            members.push(member("parameters", key.span, arguments));
        }
        member("properties", span, object(members, span))
    }

    /// What a module is given: each value in an object of its own.
    fn arguments(&self, params: &Written, scope: &Scope<'_>) -> Node {
        let span = params.span;
        let entries = match &params.kind {
            Kind::Object(object)
                if object
                    .entries
                    .iter()
                    .all(|entry| matches!(entry, Entry::Member { key, .. } if plain(key).is_some())) =>
            {
                &object.entries
            }
            _ => {
                // Only the whole tells which parameters there are.
                let value = form(Form::LambdaVariables, "lambdaVariables", vec![text("value", span)], span);
                let wrapped = object(vec![member("value", span, node(value, span))], span);
                let body = at(ExpressionKind::Value(wrapped), span);
                let lambda = form(Form::Lambda, "lambda", vec![text("value", span), body], span);
                return node(
                    form(Form::MapValues, "mapValues", vec![self.expression(params, scope), lambda], span),
                    span,
                );
            }
        };
        let members = entries.iter().filter_map(|entry| {
            let Entry::Member { key, value } = entry else { return None };
            let (word, node) = match &value.kind {
                Kind::Method(_, name, _) if &*name.text == "getSecret" => ("reference", object(Vec::new(), value.span)),
                _ => ("value", self.node(value, scope)),
            };
            Some(Member {
                key: plain(key)?,
                key_span: key.span,
                node: object(vec![member(word, value.span, node)], value.span),
            })
        });
        object(members.collect(), span)
    }
}
