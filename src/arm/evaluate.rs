//! Values of a template with every expression in them evaluated and every copy loop unrolled; calls are the work of `calls`
//! and `forms`.

use std::sync::Arc;

use crate::arm::budget::{COPIES, DOMAIN, Failure};
use crate::arm::calls::Called;
use crate::arm::expansion::TroubleKind;
use crate::arm::expression::{self, Callee, Expression, ExpressionKind, Form, Step};
use crate::arm::machine::{Env, Machine, holds_template, is_deployment};
use crate::arm::site::Site;
use crate::arm::{functions, partial, value};
use crate::json::{How, Member, Node, Reason, Unknown, Value};
use crate::source::{FileId, Span};

impl Machine<'_> {
    /// A value with its expressions evaluated; literal parts are shared.
    pub(crate) fn evaluate(&mut self, node: &Node, env: &Env) -> Node {
        self.rewritten(node, env).unwrap_or_else(|| node.clone())
    }

    /// As [`Self::evaluate`]; `None` when the value holds no expression.
    fn rewritten(&mut self, node: &Node, env: &Env) -> Option<Node> {
        match &node.value {
            Value::Text(text) if text.starts_with('[') => self.text(node, text, env),
            Value::Deferred(deferred) => {
                let expression = deferred.get::<Expression>()?;
                let site = Site::of_file(self.inputs.files, node.span.file);
                Some(self.expression(&expression, &site, env))
            }
            Value::List(_) | Value::Object(_) => {
                if let Err(failure) = self.enter() {
                    return Some(self.failed(failure, "", "", node.span));
                }
                let out = match &node.value {
                    Value::List(items) => value::replaced(items, |item| self.rewritten(item, env)).map(value::list),
                    _ => self.object(node.members(), env).map(value::object),
                };
                self.leave();
                out.map(|value| Node { value, ..node.clone() })
            }
            _ => None,
        }
    }

    fn object(&mut self, members: &[Member], env: &Env) -> Option<Vec<Member>> {
        if let Some(copied) = self.with_copies(members, env) {
            return Some(copied);
        }
        let stays = deployment_template(members);
        value::replaced(members, |member| self.member(member, env, stays))
    }

    /// One member; `None` when it holds no expression.
    pub(crate) fn member(&mut self, member: &Member, env: &Env, stays: bool) -> Option<Member> {
        // The properties of an inner deployment inside an outer one: its template is its own business.
        let node = if stays && member.key.eq_ignore_ascii_case("properties") {
            Some(self.without_template(&member.node, env))
        } else {
            self.rewritten(&member.node, env)
        };
        let key = if member.key.starts_with('[') { self.key(member, env) } else { None };
        if node.is_none() && key.is_none() {
            return None;
        }
        Some(Member {
            key: key.unwrap_or_else(|| Arc::clone(&member.key)),
            key_span: member.key_span,
            node: node.unwrap_or_else(|| member.node.clone()),
        })
    }

    fn without_template(&mut self, properties: &Node, env: &Env) -> Node {
        let members = properties.members().iter().map(|member| {
            if member.key.eq_ignore_ascii_case("template") {
                return member.clone();
            }
            self.member(member, env, false).unwrap_or_else(|| member.clone())
        });
        Node { value: value::object(members.collect()), ..properties.clone() }
    }

    fn key(&mut self, member: &Member, env: &Env) -> Option<Arc<str>> {
        let node = Node::new(Value::Text(Arc::clone(&member.key)), member.key_span);
        let new = self.rewritten(&node, env)?;
        Some(match &new.value {
            Value::Text(text) => Arc::clone(text),
            Value::Unknown(unknown) => partial::open_key(unknown),
            _ => Arc::clone(&member.key),
        })
    }

    fn text(&mut self, node: &Node, text: &Arc<str>, env: &Env) -> Option<Node> {
        if let Some(plain) = expression::unescaped(text) {
            return Some(Node { value: Value::Text(plain.into()), ..node.clone() });
        }
        if !expression::is_expression(text) {
            return None;
        }
        let site = self.site(text, node.span);
        Some(match self.parsed(text) {
            Ok(expression) => {
                if text.len() > expression::LONGEST {
                    let message = format!("Azure refuses expressions of more than {} characters", expression::LONGEST);
                    self.trouble(TroubleKind::Limit, message, node.span);
                }
                self.expression(&expression, &site, env)
            }
            Err(fault) if fault.limit => {
                self.failed(Failure::Limit(fault.message), "", "[…]", site.place(fault.start, fault.end))
            }
            Err(fault) => {
                let span = site.place(fault.start, fault.end);
                self.failed(Failure::Error(fault.message.to_owned()), "", text, span)
            }
        })
    }

    /// The value of an expression.
    pub(crate) fn expression(&mut self, expression: &Expression, site: &Site, env: &Env) -> Node {
        let span = site.place(expression.start, expression.end);
        if let Err(failure) = self.enter() {
            return self.failed(failure, "", site.slice(expression.start, expression.end), span);
        }
        let node = match &expression.kind {
            ExpressionKind::Text(text) => Node::new(Value::Text(Arc::clone(text)), span),
            ExpressionKind::Number(number) => Node::new(Value::Number(number.clone()), span),
            ExpressionKind::Call(call) => self.call(call, expression, site, env),
            ExpressionKind::Select(base, steps) => self.chain(base, steps, expression, site, env),
            ExpressionKind::Value(node) => self.evaluate(node, env),
            ExpressionKind::Keyed(members) => self.with_keys(members, span, site, env),
            ExpressionKind::Again(body) => self.expression(body, site, env),
            ExpressionKind::Loop(looped) => self.loop_values(looped, env, ""),
            ExpressionKind::Round { name, index, body } => {
                let index = self.expression(index, site, env);
                match partial::spoiled(&index) {
                    Some(_) => index,
                    None => self.expression(body, site, &env.in_round(name, index)),
                }
            }
            ExpressionKind::Imported(file, name) => self.imported_variable(*file, name, site, span),
        };
        self.leave();
        node
    }

    /// An object some of whose keys are expressions.
    fn with_keys(&mut self, members: &[(Expression, Member)], span: Span, site: &Site, env: &Env) -> Node {
        let mut out = Vec::with_capacity(members.len());
        for (key, member) in members {
            let key = self.expression(key, site, env);
            let key = match &key.value {
                Value::Text(text) => Arc::clone(text),
                Value::Unknown(unknown) if partial::is_spoiled(unknown) => return key,
                Value::Unknown(unknown) => partial::open_key(unknown),
                _ => Arc::clone(&member.key),
            };
            out.push(Member { key, key_span: member.key_span, node: self.evaluate(&member.node, env) });
        }
        Node::new(value::object(out), span)
    }

    /// The value of a variable of another file, evaluated with what that file declares.
    fn imported_variable(&mut self, file: FileId, name: &str, site: &Site, span: Span) -> Node {
        let text = site.slice(span.start as usize, span.end as usize);
        match self.imported(file) {
            Some(of) => self.variable(name, &Env::of(&of), text, span),
            None => self.failed(
                Failure::Error(format!("`{name}` is imported from a file that is not read")),
                "",
                text,
                span,
            ),
        }
    }

    fn chain(&mut self, base: &Expression, steps: &[Step], whole: &Expression, site: &Site, env: &Env) -> Node {
        let (mut node, taken) = match &base.kind {
            ExpressionKind::Call(call) if matches!(call.callee, Callee::Form(Form::Reference)) => {
                let names = self.names(steps, site, env);
                let args = self.arguments(call, site, env);
                self.reference(Called::new(call, base, site), &args, &names, steps.len(), env)
            }
            _ => (self.expression(base, site, env), 0),
        };
        let text = site.slice(whole.start, whole.end);
        let span = site.place(whole.start, whole.end);
        for step in &steps[taken..] {
            let step = match step {
                Step::Name(name) => Node::new(Value::Text(Arc::clone(name)), span),
                Step::Index(index) => self.expression(index, site, env),
            };
            node = match self.selected(&node, &step, text, span) {
                Ok(node) => node,
                Err(failure) => return self.failed_over(failure, "", text, span, &[node, step]),
            };
        }
        value::through(node, span, How::Access)
    }

    /// The part of a value that a name or index selects, either of them perhaps unknown.
    ///
    /// # Errors
    /// When there is no such part.
    pub(crate) fn selected(&mut self, node: &Node, step: &Node, text: &str, span: Span) -> Result<Node, Failure> {
        for part in [node, step] {
            if let Some(spoiled) = partial::spoiled(part) {
                return Err(Failure::Spoiled(Arc::clone(spoiled)));
            }
        }
        // The search for a key, and for elements of unknown number before an index, goes through the whole.
        self.budget.step((node.items().len() + node.members().len()) / 64)?;
        match functions::selected(node, step) {
            Err(Failure::Unknown) => {}
            settled => return settled,
        }
        let (reason, key) = match (&node.value, &step.value) {
            (Value::Unknown(unknown), Value::Text(name)) => {
                (unknown.reason.clone(), format!("{}.{}", unknown.key, name.to_ascii_lowercase()))
            }
            (Value::Unknown(unknown), _) => {
                (unknown.reason.clone(), format!("{}[{}]", unknown.key, partial::key(step)))
            }
            (_, Value::Unknown(unknown)) => {
                (unknown.reason.clone(), format!("{}[{}]", partial::key(node), unknown.key))
            }
            _ => {
                let rest = node.items().iter().find_map(|item| item.unknown().filter(|_| partial::is_rest(item)));
                let reason = rest.map_or(crate::json::Reason::NotEvaluated, |unknown| unknown.reason.clone());
                (reason, format!("{}[{}]", partial::key(node), partial::key(step)))
            }
        };
        let domain = self.candidates(node, step)?;
        if let [only] = domain.as_slice() {
            return Ok(only.clone());
        }
        Ok(partial::node(Unknown { domain, ..partial::unknown(reason, text, span, key) }))
    }

    /// Every value a selection can give, when they are few and known; empty otherwise.
    fn candidates(&mut self, node: &Node, step: &Node) -> Result<Vec<Node>, Failure> {
        let bases = match &node.value {
            Value::Unknown(unknown) => unknown.domain.clone(),
            _ => vec![node.clone()],
        };
        let mut found: Vec<Node> = Vec::new();
        for base in &bases {
            let steps: Vec<Node> = match &step.value {
                Value::Unknown(unknown) if !unknown.domain.is_empty() => unknown.domain.clone(),
                Value::Unknown(_) => match &base.value {
                    // Whatever the key turns out to be, a deployment that works selects one of the members.
                    Value::Object(members) if members.len() <= DOMAIN => members
                        .iter()
                        .map(|member| Node::new(Value::Text(Arc::clone(&member.key)), step.span))
                        .collect(),
                    Value::List(items) if items.len() <= DOMAIN && partial::is_closed(items) => (0..items.len())
                        .map(|at| Node::new(value::int(i64::try_from(at).unwrap_or(0)), step.span))
                        .collect(),
                    _ => return Ok(Vec::new()),
                },
                _ => vec![step.clone()],
            };
            for step in &steps {
                match functions::selected(base, step) {
                    Ok(inner) if inner.unknown().is_some() => return Ok(Vec::new()),
                    Ok(inner) => {
                        if !self.holds(&found, &inner)? {
                            found.push(inner);
                        }
                    }
                    // A deployment with this value would fail.
                    Err(Failure::Error(_)) => {}
                    Err(_) => return Ok(Vec::new()),
                }
                if found.len() > DOMAIN {
                    return Ok(Vec::new());
                }
            }
        }
        Ok(found)
    }

    /// Whether a list holds a value that is surely equal.
    pub(crate) fn holds(&mut self, found: &[Node], node: &Node) -> Result<bool, Failure> {
        for other in found {
            if value::same(other, node, &mut self.budget)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether these are the members of a deployment whose template is evaluated by itself.
fn deployment_template(members: &[Member]) -> bool {
    let member =
        |key: &str| members.iter().find(|member| member.key.eq_ignore_ascii_case(key)).map(|member| &member.node);
    let Some(kind) = member("type").and_then(Node::text).filter(|kind| is_deployment(kind)) else { return false };
    let inner = || {
        let scope = member("properties")?.at(&["expressionEvaluationOptions", "scope"])?.text()?;
        Some(scope.eq_ignore_ascii_case("inner"))
    };
    holds_template(kind).is_some() || inner().unwrap_or(false)
}

/// Loops of a few possible counts are unrolled up to this many rounds.
const MOST: i64 = 16;

/// How many rounds a loop has.
pub(crate) enum Rounds {
    /// At least and at most so many; why they differ, when they do.
    Between(usize, usize, Option<Arc<Unknown>>),
    /// Only a deployment can tell.
    Unknown(Arc<Unknown>),
}

impl Machine<'_> {
    /// The rounds of a loop object.
    pub(crate) fn rounds(&mut self, looped: &Node, env: &Env) -> Rounds {
        let Some(written) = looped.get("count") else {
            let failure = Failure::Error("the loop has no count".into());
            return unknown(&self.failed(failure, "", "copy", looped.span));
        };
        let count = self.evaluate(written, env);
        match (value::as_int(&count), &count.value) {
            (Some(count @ 0..=COPIES), _) => {
                let count = usize::try_from(count).unwrap_or(0);
                Rounds::Between(count, count, None)
            }
            (Some(0..), _) => unknown(&self.failed(Failure::Limit("800 copies of one loop"), "", "copy", count.span)),
            (None, Value::Unknown(known)) if partial::is_spoiled(known) => Rounds::Unknown(Arc::clone(known)),
            (None, Value::Unknown(open)) => {
                let key = format!("copies({})", open.key);
                let why = Arc::new(partial::unknown(Reason::CopyCount, &open.text, open.span, key));
                let counts: Option<Vec<i64>> = open.domain.iter().map(value::as_int).collect();
                let counts = counts.filter(|counts| counts.iter().all(|count| (0..=MOST).contains(count)));
                match counts.as_deref().and_then(|counts| Some((counts.iter().min()?, counts.iter().max()?))) {
                    Some((least, most)) => {
                        let count = |number: &i64| usize::try_from(*number).unwrap_or(0);
                        Rounds::Between(count(least), count(most), Some(why))
                    }
                    None => Rounds::Unknown(why),
                }
            }
            _ => {
                let failure = Failure::Error("the count of a loop should be a number from 0".into());
                unknown(&self.failed(failure, "", "copy", count.span))
            }
        }
    }

    /// The list that `{"name", "count", "input"}` stands for.
    pub(crate) fn loop_values(&mut self, looped: &Node, env: &Env, fallback: &str) -> Node {
        let name: Arc<str> = looped.get("name").and_then(Node::text).unwrap_or(fallback).into();
        let Some(input) = looped.get("input") else {
            return self.failed(Failure::Error("the loop has no input".into()), "", "copy", looped.span);
        };
        let (least, most, why) = match self.rounds(looped, env) {
            Rounds::Between(least, most, why) => (least, most, why),
            Rounds::Unknown(reason) => {
                // Two loops of as many rounds are two lists.
                let Span { file, start, .. } = looped.span;
                let rounds: String = env.rounds().map(|round| format!("-{:?}", round.index)).collect();
                let place = format!("{}:{start}{rounds}@{}", file.0, env.deployment.id);
                let key = format!("{}{place}{}", reason.key, partial::LIST);
                let list = Unknown {
                    key: partial::short(key),
                    parts: Vec::new(),
                    domain: Vec::new(),
                    ..Unknown::clone(&reason)
                };
                let spoiled = partial::is_spoiled(&reason);
                let list = if spoiled { reason } else { Arc::new(list) };
                return Node::new(Value::Unknown(list), looped.span);
            }
        };
        let mut items = Vec::with_capacity(most);
        for index in 0..most {
            if let Err(failure) = self.budget.values(1) {
                return self.failed(failure, "", "copy", looped.span);
            }
            let round = env.in_loop(&name, Some(index), fallback.is_empty());
            let item = self.evaluate(input, &round);
            let item = value::through(item, input.span, How::Copy(Arc::clone(&name), index));
            items.push(match &why {
                Some(why) if index >= least => partial::perhaps(&item, why),
                _ => item,
            });
        }
        Node::new(value::list(items), looped.span)
    }

    /// The members of an object with the loops of its `copy` array unrolled; `None` when it has none.
    pub(crate) fn with_copies(&mut self, members: &[Member], env: &Env) -> Option<Vec<Member>> {
        // A loop without its name, input or count is one all the same, and fails.
        let is_loops = |member: &Member| {
            member.key.eq_ignore_ascii_case("copy")
                && !member.node.items().is_empty()
                && member.node.items().iter().all(|item| item.get("count").is_some() || item.get("input").is_some())
        };
        if !members.iter().any(is_loops) {
            return None;
        }
        let mut out = Vec::with_capacity(members.len());
        for member in members {
            if !is_loops(member) {
                out.push(self.member(member, env, false).unwrap_or_else(|| member.clone()));
                continue;
            }
            for looped in member.node.items() {
                let name = looped.member("name").map(|name| (name.node.text().unwrap_or_default(), name.node.span));
                let Some((name, key_span)) = name.filter(|(name, _)| !name.is_empty()) else {
                    let node = self.failed(Failure::Error("the loop has no name".into()), "", "copy", looped.span);
                    out.push(Member { node, ..member.clone() });
                    continue;
                };
                let node = self.loop_values(looped, env, name);
                out.push(Member { key: name.into(), key_span, node });
            }
        }
        Some(out)
    }
}

fn unknown(node: &Node) -> Rounds {
    match &node.value {
        Value::Unknown(unknown) => Rounds::Unknown(Arc::clone(unknown)),
        _ => Rounds::Between(0, 0, None),
    }
}
