//! Expressions of Bicep as those of ARM: operators as calls, loops and their variables, lambdas, objects and lists.

use std::sync::Arc;

use crate::arm::{Call, Callee, Expression, ExpressionKind, Form, Step, callee};
use crate::bicep::tree::{
    Entry, Expression as Written, ExpressionKind as Kind, Item, Loop, Name, Object, Operator, Prefix,
};
use crate::json::{Member, Node, Reason, Value};
use crate::lower::build::{again, at, call, form, literal, member, node, number, object, select, text, unknown};
use crate::lower::names::{Meaning, Unit};
use crate::source::Span;

/// What surrounds an expression: variables of loops and lambdas, arguments of a function, resources it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    /// What is around it.
    outer: Option<&'s Scope<'s>>,
    kind: ScopeKind<'s>,
}

#[derive(Clone, Copy)]
enum ScopeKind<'s> {
    File,
    /// The body of a resource, whose nested resources have names of their own.
    Resource(usize),
    /// One round of a loop.
    Loop {
        item: &'s Name,
        index: Option<&'s Name>,
        name: &'s Arc<str>,
        source: &'s Source,
    },
    /// The variables of a lambda.
    Lambda(&'s [Name]),
    /// The parameters of a function.
    Function(&'s [Name]),
}

/// What a loop goes through.
pub(crate) enum Source {
    /// A list.
    List(Arc<Expression>),
    /// All resources or modules of a loop.
    Deployed(usize),
}

/// What a local name means.
pub(crate) enum Local<'s> {
    /// The item of a loop of this name.
    Item(&'s Arc<str>, &'s Source),
    /// The number of its round.
    Index(&'s Arc<str>),
    /// A variable of a lambda.
    Lambda,
    /// An argument of a function.
    Argument,
    /// A resource inside the one whose body this is.
    Inner(usize),
}

impl<'s> Scope<'s> {
    /// The outermost place of a file.
    pub(crate) fn file() -> Self {
        Self { outer: None, kind: ScopeKind::File }
    }

    /// The body of a resource.
    pub(crate) fn in_resource(&'s self, at: usize) -> Scope<'s> {
        Scope { outer: Some(self), kind: ScopeKind::Resource(at) }
    }

    /// One round of a loop.
    pub(crate) fn in_loop(&'s self, head: &'s Loop, name: &'s Arc<str>, source: &'s Source) -> Scope<'s> {
        let kind = ScopeKind::Loop { item: &head.item, index: head.index.as_ref(), name, source };
        Scope { outer: Some(self), kind }
    }

    /// The body of a function.
    pub(crate) fn in_function(&'s self, parameters: &'s [Name]) -> Scope<'s> {
        Scope { outer: Some(self), kind: ScopeKind::Function(parameters) }
    }

    fn around(&'s self) -> impl Iterator<Item = &'s Scope<'s>> {
        std::iter::successors(Some(self), |scope| scope.outer)
    }

    /// What a name means here, if it is local.
    pub(crate) fn local(&'s self, unit: &Unit<'_>, wanted: &str) -> Option<Local<'s>> {
        let is = |name: &Name| &*name.text == wanted;
        self.around().find_map(|scope| match scope.kind {
            ScopeKind::File => None,
            ScopeKind::Resource(at) => unit.deployed[at].inner.get(wanted).map(|inner| Local::Inner(*inner)),
            ScopeKind::Loop { item, name, source, .. } if is(item) => Some(Local::Item(name, source)),
            ScopeKind::Loop { index, name, .. } => index.filter(|index| is(index)).map(|_| Local::Index(name)),
            ScopeKind::Lambda(names) => names.iter().any(is).then_some(Local::Lambda),
            ScopeKind::Function(names) => names.iter().any(is).then_some(Local::Argument),
        })
    }

    /// A name for a loop that no loop around it has.
    fn loop_name(&self, item: &Name) -> Arc<str> {
        let is_taken = self.around().any(|scope| match scope.kind {
            ScopeKind::Loop { name, .. } => name.eq_ignore_ascii_case(&item.text),
            _ => false,
        });
        if is_taken { format!("{}@{}", item.text, item.span.start).into() } else { Arc::clone(&item.text) }
    }
}

impl Unit<'_> {
    /// The value of an expression as a node of a template.
    pub(crate) fn node(&self, written: &Written, scope: &Scope<'_>) -> Node {
        node(self.expression(written, scope), written.span)
    }

    /// An expression.
    pub(crate) fn expression(&self, written: &Written, scope: &Scope<'_>) -> Expression {
        let span = written.span;
        match &written.kind {
            Kind::Text(value) => text(Arc::clone(value), span),
            Kind::Interpolated(texts, holes) => self.interpolated(texts, holes, span, scope),
            Kind::Number(value) => number(*value, span),
            Kind::Bool(value) => at(ExpressionKind::Value(Node::new(Value::Bool(*value), span)), span),
            Kind::Null => at(ExpressionKind::Value(Node::new(Value::Null, span)), span),
            Kind::List(items) => self.list(items, span, scope),
            Kind::Object(value) => self.object(value, scope),
            Kind::For(head, body) => self.looped(head, body, span, scope),
            Kind::If(condition, body) => {
                let nothing = at(ExpressionKind::Value(Node::new(Value::Null, span)), span);
                let args = vec![self.expression(condition, scope), self.expression(body, scope), nothing];
                form(Form::If, "if", args, span)
            }
            Kind::Prefix(Prefix::Not, inner) => call("not", vec![self.expression(inner, scope)], span),
            Kind::Prefix(Prefix::Minus, inner) => {
                call("sub", vec![number(0, span), self.expression(inner, scope)], span)
            }
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.expression(left, scope), self.expression(right, scope));
                binary(*operator, left, right, span)
            }
            Kind::Choice(condition, yes, no) => {
                let args = [condition, yes, no].map(|part| self.expression(part, scope));
                form(Form::If, "if", args.into(), span)
            }
            Kind::Lambda(names, body) => {
                let inner = Scope { outer: Some(scope), kind: ScopeKind::Lambda(names) };
                let mut args: Vec<Expression> =
                    names.iter().map(|name| text(Arc::clone(&name.text), name.span)).collect();
                args.push(self.expression(body, &inner));
                form(Form::Lambda, "lambda", args, span)
            }
            Kind::Parenthesis(inner) => self.expression(inner, scope),
            Kind::Unknown => unknown(Reason::NotEvaluated, self.files.slice(span), span),
            Kind::Name(_)
            | Kind::Call(..)
            | Kind::Method(..)
            | Kind::Member { .. }
            | Kind::Index { .. }
            | Kind::Nested(..)
            | Kind::NotNull(_) => self.chain(written, scope),
        }
    }

    /// A string with holes.
    fn interpolated(&self, texts: &[Arc<str>], holes: &[Written], span: Span, scope: &Scope<'_>) -> Expression {
        let mut pattern = String::new();
        for (index, piece) in texts.iter().enumerate() {
            if index > 0 {
                pattern.push_str(&format!("{{{}}}", index - 1));
            }
            pattern.push_str(&piece.replace('{', "{{").replace('}', "}}"));
        }
        let mut args = vec![text(pattern, span)];
        args.extend(holes.iter().map(|hole| self.expression(hole, scope)));
        call("format", args, span)
    }

    fn list(&self, items: &[Item], span: Span, scope: &Scope<'_>) -> Expression {
        let is_plain = items.iter().all(|item| matches!(item, Item::Value(_)));
        let mut lists: Vec<Node> = Vec::new();
        let mut run: Vec<Node> = Vec::new();
        for item in items {
            match item {
                Item::Value(value) => run.push(self.node(value, scope)),
                Item::Spread(value) => {
                    if !run.is_empty() {
                        lists.push(crate::lower::build::list(std::mem::take(&mut run), span));
                    }
                    lists.push(self.node(value, scope));
                }
            }
        }
        let value = |items: Vec<Node>| at(ExpressionKind::Value(crate::lower::build::list(items, span)), span);
        if is_plain {
            return value(run);
        }
        if !run.is_empty() {
            lists.push(crate::lower::build::list(run, span));
        }
        call("flatten", vec![value(lists)], span)
    }

    /// An object; the resources in it are left out.
    pub(crate) fn object(&self, written: &Object, scope: &Scope<'_>) -> Expression {
        let span = written.span;
        let mut objects: Vec<Expression> = Vec::new();
        let mut run: Vec<(Expression, Member)> = Vec::new();
        for entry in &written.entries {
            match entry {
                Entry::Member { key, value } => {
                    let node = self.node(value, scope);
                    let name = match &key.kind {
                        Kind::Text(name) => Arc::clone(name),
                        _ => "".into(),
                    };
                    run.push((self.expression(key, scope), Member { key: name, key_span: key.span, node }));
                }
                Entry::Spread(value) => {
                    if !run.is_empty() {
                        objects.push(members(std::mem::take(&mut run), span));
                    }
                    objects.push(self.expression(value, scope));
                }
                Entry::Resource(..) => {}
            }
        }
        if objects.is_empty() {
            return members(run, span);
        }
        if !run.is_empty() {
            objects.push(members(run, span));
        }
        let nodes = objects.into_iter().map(|object| {
            let place = Span::new(span.file, object.start, object.end);
            node(object, place)
        });
        let all = at(ExpressionKind::Value(crate::lower::build::list(nodes.collect(), span)), span);
        call("shallowMerge", vec![all], span)
    }

    /// What a loop goes through.
    pub(crate) fn source(&self, head: &Loop, scope: &Scope<'_>) -> Source {
        if let Kind::Name(name) = &head.source.kind
            && scope.local(self, name).is_none()
            && let Some(Meaning::Deployed(at)) = self.names.get(&**name)
            && self.deployed[*at].looped().is_some()
        {
            return Source::Deployed(*at);
        }
        Source::List(Arc::new(self.expression(&head.source, scope)))
    }

    /// How many rounds a loop over this has.
    pub(crate) fn count(&self, source: &Source, span: Span) -> Expression {
        let mut next = *match source {
            Source::List(list) => return call("length", vec![again(list, span)], span),
            Source::Deployed(at) => at,
        };
        // Loops over resources that loop over each other end here.
        for _ in 0..16 {
            match self.deployed[next].looped().map(|head| self.source(head, &Scope::file())) {
                Some(Source::List(list)) => return call("length", vec![again(&list, span)], span),
                Some(Source::Deployed(at)) => next = at,
                None => break,
            }
        }
        unknown(Reason::Invalid("the loop goes through itself".into()), self.files.slice(span), span)
    }

    fn looped(&self, head: &Loop, body: &Written, span: Span, scope: &Scope<'_>) -> Expression {
        let source = self.source(head, scope);
        let name = scope.loop_name(&head.item);
        let inner = scope.in_loop(head, &name, &source);
        let place = head.source.span;
        let members = vec![
            member("name", head.item.span, literal(&name, head.item.span)),
            member("count", place, node(self.count(&source, place), place)),
            member("input", body.span, self.node(body, &inner)),
        ];
        at(ExpressionKind::Loop(object(members, span)), span)
    }

    /// The item of a loop in this round.
    pub(crate) fn item(&self, name: &Arc<str>, list: &Arc<Expression>, span: Span) -> Expression {
        select(again(list, span), vec![Step::Index(round(name, span))], span)
    }

    /// A call as it is written, by the name ARM has for it.
    pub(crate) fn function(&self, name: &Name, args: &[Written], span: Span, scope: &Scope<'_>) -> Expression {
        let args = args.iter().map(|arg| self.expression(arg, scope)).collect();
        let callee = callee(&name.text.to_ascii_lowercase());
        at(ExpressionKind::Call(Call { callee, name: Arc::clone(&name.text), args, is_written: true }), span)
    }

    /// A call of a function that a file declares: this one, or another.
    pub(crate) fn user_function(
        &self,
        callee: Callee,
        name: &Name,
        args: &[Written],
        span: Span,
        scope: &Scope<'_>,
    ) -> Expression {
        let args = args.iter().map(|arg| self.expression(arg, scope)).collect();
        at(ExpressionKind::Call(Call { callee, name: Arc::clone(&name.text), args, is_written: true }), span)
    }
}

/// The number of the round of a loop.
pub(crate) fn round(name: &Arc<str>, span: Span) -> Expression {
    form(Form::CopyIndex, "copyIndex", vec![text(Arc::clone(name), span)], span)
}

/// The members of an object, as a plain value where every key is one to ARM as well.
fn members(members: Vec<(Expression, Member)>, span: Span) -> Expression {
    let is_plain = |(key, member): &(Expression, Member)| {
        matches!(key.kind, ExpressionKind::Text(_))
            && !member.key.starts_with('[')
            && !member.key.eq_ignore_ascii_case("copy")
    };
    if members.iter().all(is_plain) {
        let members = members.into_iter().map(|(_, member)| member).collect();
        return at(ExpressionKind::Value(object(members, span)), span);
    }
    at(ExpressionKind::Keyed(members), span)
}

fn binary(operator: Operator, left: Expression, right: Expression, span: Span) -> Expression {
    let name = match operator {
        Operator::Coalesce => return form(Form::Coalesce, "coalesce", vec![left, right], span),
        Operator::Or => return form(Form::Or, "or", vec![left, right], span),
        Operator::And => return form(Form::And, "and", vec![left, right], span),
        Operator::NotEquals => return call("not", vec![call("equals", vec![left, right], span)], span),
        Operator::EqualsInsensitive => return insensitive(left, right, span),
        Operator::NotEqualsInsensitive => return call("not", vec![insensitive(left, right, span)], span),
        Operator::Equals => "equals",
        Operator::Less => "less",
        Operator::LessOrEquals => "lessOrEquals",
        Operator::Greater => "greater",
        Operator::GreaterOrEquals => "greaterOrEquals",
        Operator::Add => "add",
        Operator::Subtract => "sub",
        Operator::Multiply => "mul",
        Operator::Divide => "div",
        Operator::Modulo => "mod",
    };
    call(name, vec![left, right], span)
}

fn insensitive(left: Expression, right: Expression, span: Span) -> Expression {
    let lower = |side: Expression| {
        let place = Span::new(span.file, side.start, side.end);
        call("toLower", vec![side], place)
    };
    call("equals", vec![lower(left), lower(right)], span)
}
