//! Names and what is selected from them: parameters, resources and their properties, outputs of modules, safe selections.

use std::sync::Arc;

use crate::arm::{Callee, Expression, ExpressionKind, Form, Step};
use crate::bicep::tree::{Expression as Written, ExpressionKind as Kind, Name};
use crate::json::Reason;
use crate::lower::build::{again, at, call, form, select, text, unknown};
use crate::lower::expression::{Local, Scope, Source, round};
use crate::lower::names::{Meaning, Unit, plain};
use crate::source::{FileId, Span};

/// What the first links of a chain come to.
enum Link {
    /// A value.
    Value(Expression),
    /// A value that is selected from safely, the selections so far, and what must be true for there to be any value.
    Safe(Expression, Vec<Expression>, Option<Expression>),
    /// A resource or module; of a looped one, which.
    Deployed(usize, Option<Arc<Expression>>),
    /// The outputs of a module; whether a missing one is null.
    Outputs(usize, Option<Arc<Expression>>, bool),
    /// What another file exports.
    Namespace(Option<FileId>),
    /// `az`, `sys`.
    BuiltIn,
}

impl Unit<'_> {
    /// The value of a name, a call, or of selections from one.
    pub(crate) fn chain(&self, written: &Written, scope: &Scope<'_>) -> Expression {
        let link = self.link(written, scope);
        self.value(link, written.span)
    }

    /// The resource or module that an expression means, and which of a looped one.
    pub(crate) fn deployed_by(&self, written: &Written, scope: &Scope<'_>) -> Option<(usize, Option<Arc<Expression>>)> {
        let written = match &written.kind {
            Kind::Parenthesis(inner) | Kind::NotNull(inner) => inner,
            _ => written,
        };
        if !matches!(written.kind, Kind::Name(_) | Kind::Index { .. } | Kind::Nested(..)) {
            return None;
        }
        match self.link(written, scope) {
            Link::Deployed(at, index) => Some((at, index)),
            _ => None,
        }
    }

    fn value(&self, link: Link, span: Span) -> Expression {
        match link {
            Link::Value(value) => value,
            Link::Safe(base, steps, condition) => {
                let value = match steps.is_empty() {
                    true => base,
                    false => call("tryGet", std::iter::once(base).chain(steps).collect(), span),
                };
                match condition {
                    Some(condition) => {
                        form(Form::If, "if", vec![condition, value, call("null", Vec::new(), span)], span)
                    }
                    None => value,
                }
            }
            Link::Deployed(at, index) if index.is_none() && self.deployed[at].looped().is_some() => {
                let symbol = text(Arc::clone(&self.deployed[at].symbol), span);
                call("references", vec![symbol], span)
            }
            Link::Deployed(at, index) => self.reference(at, index.as_ref(), true, span),
            Link::Outputs(at, index, _) => {
                select(self.reference(at, index.as_ref(), false, span), vec![Step::Name("outputs".into())], span)
            }
            Link::Namespace(_) | Link::BuiltIn => {
                unknown(invalid("a namespace is no value"), self.files.slice(span), span)
            }
        }
    }

    fn link(&self, written: &Written, scope: &Scope<'_>) -> Link {
        let span = written.span;
        match &written.kind {
            Kind::Name(name) => self.name(name, span, scope),
            Kind::Call(name, args) => Link::Value(self.called(name, args, span, scope)),
            Kind::Method(base, name, args) => Link::Value(self.method(base, name, args, span, scope)),
            Kind::NotNull(inner) => self.link(inner, scope),
            Kind::Nested(base, name) => self.nested(base, name, span, scope),
            Kind::Member { base, name, safe } => {
                let base_link = self.link(base, scope);
                self.selected(base_link, text(Arc::clone(&name.text), name.span), Some(&name.text), *safe, span)
            }
            Kind::Index { base, index, safe, from_end: true } => {
                let value = self.chain(base, scope);
                let name = if *safe { "tryIndexFromEnd" } else { "indexFromEnd" };
                Link::Value(call(name, vec![value, self.expression(index, scope)], span))
            }
            Kind::Index { base, index, safe, from_end: false } => {
                let base_link = self.link(base, scope);
                let key = plain(index);
                let index = self.expression(index, scope);
                self.selected(base_link, index, key.as_deref(), *safe, span)
            }
            _ => Link::Value(self.expression(written, scope)),
        }
    }

    fn name(&self, name: &Arc<str>, span: Span, scope: &Scope<'_>) -> Link {
        if let Some(local) = scope.local(self, name) {
            return match local {
                Local::Item(of, Source::List(list)) => Link::Value(self.item(of, list, span)),
                Local::Item(of, Source::Deployed(at)) => Link::Deployed(*at, Some(Arc::new(round(of, span)))),
                Local::Index(of) => Link::Value(round(of, span)),
                Local::Lambda => {
                    let args = vec![text(Arc::clone(name), span)];
                    Link::Value(form(Form::LambdaVariables, "lambdaVariables", args, span))
                }
                Local::Argument => Link::Value(named(Form::Parameters, "parameters", name, span)),
                Local::Inner(at) => Link::Deployed(at, None),
            };
        }
        match self.names.get(&**name) {
            Some(Meaning::Parameter) => Link::Value(named(Form::Parameters, "parameters", name, span)),
            Some(Meaning::Variable) => Link::Value(named(Form::Variables, "variables", name, span)),
            Some(Meaning::Deployed(at)) => Link::Deployed(*at, None),
            Some(Meaning::Imported(file, there)) => Link::Value(self.imported(*file, there, span)),
            Some(Meaning::Namespace(file)) => Link::Namespace(*file),
            Some(Meaning::Broken) => {
                Link::Value(unknown(invalid(&format!("the declaration of `{name}` could not be read")), name, span))
            }
            Some(Meaning::Function | Meaning::Type) => {
                Link::Value(unknown(invalid(&format!("`{name}` is no value")), name, span))
            }
            None if matches!(&**name, "az" | "sys") => Link::BuiltIn,
            None => Link::Value(unknown(invalid(&format!("nothing here is called `{name}`")), name, span)),
        }
    }

    fn imported(&self, file: Option<FileId>, name: &Arc<str>, span: Span) -> Expression {
        match file {
            Some(file) => at(ExpressionKind::Imported(file, Arc::clone(name)), span),
            None => unknown(Reason::LinkUnresolved(Arc::clone(name)), name, span),
        }
    }

    fn called(&self, name: &Name, args: &[Written], span: Span, scope: &Scope<'_>) -> Expression {
        match self.names.get(&*name.text) {
            Some(Meaning::Function) => {
                return self.user_function(Callee::User(user_key(&name.text)), name, args, span, scope);
            }
            Some(Meaning::Imported(Some(file), there)) => {
                return self.user_function(Callee::Imported(*file, user_key(there)), name, args, span, scope);
            }
            Some(Meaning::Imported(None, there)) => {
                return unknown(Reason::LinkUnresolved(Arc::clone(there)), self.files.slice(span), span);
            }
            _ => {}
        }
        self.built_in(name, args, span, scope)
    }

    fn built_in(&self, name: &Name, args: &[Written], span: Span, scope: &Scope<'_>) -> Expression {
        match (&*name.text, args) {
            ("any", [only]) => self.expression(only, scope),
            // The default stands for the machines that have no such variable; findings must not depend on the machine.
            ("readEnvironmentVariable", [_, default]) => self.expression(default, scope),
            ("nameof", [only]) => text(last_name(only).unwrap_or_else(|| "".into()), span),
            (
                "loadTextContent"
                | "loadFileAsBase64"
                | "loadJsonContent"
                | "loadYamlContent"
                | "loadDirectoryFileInfo",
                _,
            ) => self.loaded(name, args, span),
            ("resourceGroup" | "subscription" | "managementGroup", [_, ..]) => {
                unknown(invalid("a scope is no value"), self.files.slice(span), span)
            }
            _ => self.function(name, args, span, scope),
        }
    }

    fn method(&self, base: &Written, name: &Name, args: &[Written], span: Span, scope: &Scope<'_>) -> Expression {
        match self.link(base, scope) {
            Link::BuiltIn => self.built_in(name, args, span, scope),
            Link::Namespace(Some(file)) => {
                self.user_function(Callee::Imported(file, user_key(&name.text)), name, args, span, scope)
            }
            Link::Namespace(None) => {
                unknown(Reason::LinkUnresolved(Arc::clone(&name.text)), self.files.slice(span), span)
            }
            Link::Deployed(at, index) if name.text.to_ascii_lowercase().starts_with("list") => {
                let id = self.identity(at, index.as_ref(), span);
                form(Form::List, &name.text, vec![id], span)
            }
            Link::Deployed(at, index) if &*name.text == "getSecret" => {
                let mut values = vec![self.identity(at, index.as_ref(), span)];
                values.extend(args.iter().map(|arg| self.expression(arg, scope)));
                form(Form::Runtime, "getSecret", values, span)
            }
            Link::Value(value) if name.text.to_ascii_lowercase().starts_with("list") => {
                form(Form::List, &name.text, vec![value], span)
            }
            _ => unknown(Reason::RuntimeFunction(Arc::clone(&name.text)), self.files.slice(span), span),
        }
    }

    fn nested(&self, base: &Written, name: &Name, span: Span, scope: &Scope<'_>) -> Link {
        if let Link::Deployed(at, None) = self.link(base, scope)
            && let Some(inner) = self.deployed[at].inner.get(&*name.text)
        {
            return Link::Deployed(*inner, None);
        }
        let message = format!("there is no resource `{}` inside it", name.text);
        Link::Value(unknown(invalid(&message), self.files.slice(span), span))
    }

    /// What a name or index selects; `key` is its text, where it is known.
    fn selected(&self, base: Link, step: Expression, key: Option<&str>, safe: bool, span: Span) -> Link {
        match base {
            Link::Deployed(at, None) if self.deployed[at].looped().is_some() && key.is_none() => {
                Link::Deployed(at, Some(Arc::new(step)))
            }
            Link::Deployed(at, index) => self.of_deployed((at, index), (step, key), safe, span),
            Link::Outputs(at, index, is_safe) => {
                let reference = self.reference(at, index.as_ref(), false, span);
                let value = || text("value", span);
                if safe || is_safe {
                    let condition = self.condition(at).filter(|_| is_safe);
                    let condition = condition.map(|condition| self.in_round(at, index.as_ref(), condition, span));
                    return Link::Safe(reference, vec![text("outputs", span), step, value()], condition);
                }
                let steps = vec![Step::Name("outputs".into()), step_of(step), Step::Name("value".into())];
                Link::Value(select(reference, steps, span))
            }
            Link::Namespace(file) => match key {
                Some(key) => Link::Value(self.imported(file, &key.into(), span)),
                None => Link::Value(unknown(invalid("a namespace is no value"), self.files.slice(span), span)),
            },
            Link::Safe(base, mut steps, condition) => {
                steps.push(step);
                Link::Safe(base, steps, condition)
            }
            Link::Value(value) if safe => Link::Safe(value, vec![step], None),
            Link::Value(value) => Link::Value(extended(value, step, span)),
            Link::BuiltIn => Link::Value(unknown(invalid("a namespace is no value"), self.files.slice(span), span)),
        }
    }

    /// A property of a resource or module.
    fn of_deployed(
        &self,
        (at, index): (usize, Option<Arc<Expression>>),
        (step, key): (Expression, Option<&str>),
        safe: bool,
        span: Span,
    ) -> Link {
        let of = &self.deployed[at];
        let known = match key {
            Some("outputs") if of.module.is_some() => return Link::Outputs(at, index, safe),
            Some("id") => Some(self.identity(at, index.as_ref(), span)),
            Some("name") => Some(self.in_round(at, index.as_ref(), again(&self.own_name(at), span), span)),
            Some("type") if of.module.is_none() => Some(text(Arc::clone(&of.type_name), span)),
            Some("apiVersion") if of.module.is_none() => Some(text(Arc::clone(&of.version), span)),
            _ => None,
        };
        let full = self.reference(at, index.as_ref(), key != Some("properties"), span);
        if safe {
            // Of a resource that is not deployed everything is null.
            let condition = self.condition(at);
            let condition = condition.map(|condition| self.in_round(at, index.as_ref(), condition, span));
            return match (known, key) {
                (Some(known), _) => Link::Safe(known, Vec::new(), condition),
                (None, Some("properties")) => Link::Safe(full, Vec::new(), condition),
                (None, _) => Link::Safe(full, vec![step], condition),
            };
        }
        Link::Value(match (known, key) {
            (Some(known), _) => known,
            (None, Some("properties")) => full,
            (None, _) => select(full, vec![step_of(step)], span),
        })
    }

    /// The id of a resource or module.
    pub(crate) fn identity(&self, at: usize, index: Option<&Arc<Expression>>, span: Span) -> Expression {
        let symbol = text(Arc::clone(&self.deployed[at].symbol), span);
        self.in_round(at, index, form(Form::Identity, "id", vec![symbol], span), span)
    }

    /// Something of a resource, in the round of its loop that is asked for.
    pub(crate) fn in_round(
        &self,
        at: usize,
        index: Option<&Arc<Expression>>,
        body: Expression,
        span: Span,
    ) -> Expression {
        match (self.deployed[at].looped(), index) {
            (Some(_), Some(index)) => {
                let name = Arc::clone(&self.deployed[at].symbol);
                let index = Box::new(again(index, span));
                crate::lower::build::at(ExpressionKind::Round { name, index, body: Arc::new(body) }, span)
            }
            _ => body,
        }
    }

    /// What a resource is when it is deployed: its properties, or all of it.
    fn reference(&self, at: usize, index: Option<&Arc<Expression>>, full: bool, span: Span) -> Expression {
        let of = &self.deployed[at];
        let symbol = match (of.looped(), index) {
            (Some(_), Some(index)) => {
                let pattern = text(format!("{}[{{0}}]", of.symbol), span);
                call("format", vec![pattern, again(index, span)], span)
            }
            _ => text(Arc::clone(&of.symbol), span),
        };
        let mut args = vec![symbol];
        if full {
            args.extend([text(Arc::clone(&of.version), span), text("full", span)]);
        }
        form(Form::Reference, "reference", args, span)
    }
}

fn invalid(why: &str) -> Reason {
    Reason::Invalid(why.into())
}

/// A parameter or a variable.
pub(crate) fn named(kind: Form, function: &str, name: &Arc<str>, span: Span) -> Expression {
    form(kind, function, vec![text(Arc::clone(name), span)], span)
}

/// The name by which a template knows the function of a file.
pub(crate) fn user_key(name: &str) -> Arc<str> {
    format!("{}.{name}", crate::lower::template::NAMESPACE).to_ascii_lowercase().into()
}

fn step_of(step: Expression) -> Step {
    match step.kind {
        ExpressionKind::Text(name) => Step::Name(name),
        _ => Step::Index(step),
    }
}

/// One more selection from a value: those of one chain stand side by side.
fn extended(value: Expression, step: Expression, span: Span) -> Expression {
    match value.kind {
        ExpressionKind::Select(base, mut steps) => {
            steps.push(step_of(step));
            at(ExpressionKind::Select(base, steps), span)
        }
        _ => select(value, vec![step_of(step)], span),
    }
}

/// The last name of a chain, for `nameof`.
fn last_name(written: &Written) -> Option<Arc<str>> {
    match &written.kind {
        Kind::Name(name) => Some(Arc::clone(name)),
        Kind::Member { name, .. } | Kind::Nested(_, name) => Some(Arc::clone(&name.text)),
        Kind::Index { base, index, .. } => plain(index).or_else(|| last_name(base)),
        Kind::Parenthesis(inner) | Kind::NotNull(inner) => last_name(inner),
        _ => None,
    }
}
