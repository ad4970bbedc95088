//! Functions that take lambdas.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::arm::budget::{CALLS, Failure, error};
use crate::arm::calls::Called;
use crate::arm::expression::{Call, Callee, Expression, ExpressionKind, Form};
use crate::arm::machine::{Env, Machine};
use crate::arm::site::Site;
use crate::arm::{partial, value};
use crate::json::{Member, Node, Unknown, Value};

/// A lambda under evaluation.
struct Lambda<'a> {
    names: Vec<Arc<str>>,
    body: &'a Expression,
    site: &'a Site,
    env: &'a Env,
}

impl Machine<'_> {
    /// The value of a function that takes a lambda.
    pub(crate) fn higher(&mut self, form: Form, call: &Call, site: &Site, env: &Env, called: Called<'_>) -> Node {
        if self.calls >= CALLS {
            return self.fails(called, Failure::Limit("64 functions inside each other"));
        }
        self.calls += 1;
        let result = self.higher_inner(form, call, site, env, called);
        self.calls -= 1;
        result.unwrap_or_else(|failure| self.fails(called, failure))
    }

    fn higher_inner(
        &mut self,
        form: Form,
        call: &Call,
        site: &Site,
        env: &Env,
        called: Called<'_>,
    ) -> Result<Node, Failure> {
        let Some(subject) = call.args.first() else { return Err(Failure::Error("arguments are missing".into())) };
        let subject = self.expression(subject, site, env);
        let at = usize::from(form == Form::Reduce) + 1;
        let lambda = lambda(call.args.get(at), site, env)?;
        let second = call.args.get(2).filter(|_| matches!(form, Form::ToObject | Form::GroupBy));
        let second = second.map(|arg| self::lambda(Some(arg), site, env)).transpose()?;
        if let Some(spoiled) = partial::spoiled(&subject) {
            return Err(Failure::Spoiled(Arc::clone(spoiled)));
        }
        let value = match (&subject.value, form) {
            (Value::Unknown(_), _) => None,
            (Value::Object(members), Form::MapValues) => Some(self.map_values(&subject, members, &lambda)?),
            (_, Form::MapValues) => return wrong_subject("an object", &subject),
            (Value::List(items), _) => {
                self.budget.values(items.len())?;
                let items: Vec<Node> = items.iter().map(|item| value::within(&subject, item)).collect();
                match form {
                    Form::Map => Some(self.mapped(&items, &lambda, called)?),
                    Form::Filter => Some(self.filtered(items, &lambda, called)?),
                    Form::Sort => self.sorted(items, &lambda)?,
                    _ if !partial::is_closed(&items) => None,
                    Form::Reduce => return self.reduced(items, &call.args[1], &lambda, called),
                    _ => self.keyed(items, &lambda, second.as_ref(), form == Form::GroupBy)?,
                }
            }
            _ => return wrong_subject("an array", &subject),
        };
        Ok(match value {
            Some(value) => Node::new(value, called.span),
            None => self.not_settled(call, &subject, site, called),
        })
    }

    fn mapped(&mut self, items: &[Node], lambda: &Lambda<'_>, called: Called<'_>) -> Result<Value, Failure> {
        let mut out = Vec::with_capacity(items.len());
        for (index, item) in positions(items, called).into_iter().zip(items) {
            let result = self.ask(lambda, &[partial::one_of_rest(item), index])?;
            out.push(match (partial::is_rest(item), item.unknown(), result.unknown()) {
                (true, _, Some(_)) => partial::rest(&result),
                (true, Some(many), None) => partial::perhaps(&result, many),
                _ => result,
            });
        }
        Ok(value::list(out))
    }

    fn filtered(&mut self, items: Vec<Node>, lambda: &Lambda<'_>, called: Called<'_>) -> Result<Value, Failure> {
        let mut out = Vec::new();
        for (index, item) in positions(&items, called).into_iter().zip(items) {
            let kept = self.ask(lambda, &[partial::one_of_rest(&item), index])?;
            match (value::as_bool(&kept), &kept.value) {
                (Some(true), _) => out.push(item),
                (Some(false), _) => {}
                (None, Value::Unknown(unknown)) => out.push(partial::perhaps(&item, unknown)),
                (None, _) => return error("the lambda should give a boolean"),
            }
        }
        Ok(value::list(out))
    }

    fn reduced(
        &mut self,
        items: Vec<Node>,
        start: &Expression,
        lambda: &Lambda<'_>,
        called: Called<'_>,
    ) -> Result<Node, Failure> {
        let mut sum = self.expression(start, lambda.site, lambda.env);
        for (index, item) in items.into_iter().enumerate() {
            let index = Node::new(value::int(i64::try_from(index).unwrap_or(0)), called.span);
            sum = self.ask(lambda, &[sum, item, index])?;
            sum = self.bounded(sum, called.text, called.span);
            if let Some(spoiled) = partial::spoiled(&sum) {
                return Err(Failure::Spoiled(Arc::clone(spoiled)));
            }
        }
        Ok(sum)
    }

    /// The value of a lambda; surplus arguments are left away.
    fn ask(&mut self, lambda: &Lambda<'_>, args: &[Node]) -> Result<Node, Failure> {
        self.budget.left()?;
        let mut env = lambda.env.clone();
        for (name, arg) in lambda.names.iter().zip(args) {
            env = env.with_local(name, arg.clone());
        }
        Ok(self.expression(lambda.body, lambda.site, &env))
    }

    fn map_values(&mut self, subject: &Node, members: &[Member], lambda: &Lambda<'_>) -> Result<Value, Failure> {
        let mut out = Vec::with_capacity(members.len());
        self.budget.values(members.len())?;
        for member in value::distinct(members) {
            let node = self.ask(lambda, &[value::within(subject, &member.node)])?;
            out.push(Member { node, ..member.clone() });
        }
        Ok(value::object(out))
    }

    /// Insertion by halves: the order of equal elements stays. `None` when a comparison is unknown.
    fn sorted(&mut self, items: Vec<Node>, lambda: &Lambda<'_>) -> Result<Option<Value>, Failure> {
        let mut out: Vec<Node> = Vec::with_capacity(items.len());
        for item in items {
            let (mut low, mut high) = (0, out.len());
            while low < high {
                let middle = low.midpoint(high);
                let less = self.ask(lambda, &[item.clone(), out[middle].clone()])?;
                match (value::as_bool(&less), &less.value) {
                    (Some(true), _) => high = middle,
                    (Some(false), _) => low = middle + 1,
                    (None, Value::Unknown(unknown)) if partial::is_spoiled(unknown) => {
                        return Err(Failure::Spoiled(Arc::clone(unknown)));
                    }
                    (None, Value::Unknown(_)) => return Ok(None),
                    (None, _) => return error("the lambda should give a boolean"),
                }
            }
            out.insert(low, item);
        }
        Ok(Some(value::list(out)))
    }

    fn keyed(
        &mut self,
        items: Vec<Node>,
        key: &Lambda<'_>,
        map: Option<&Lambda<'_>>,
        grouped: bool,
    ) -> Result<Option<Value>, Failure> {
        let mut out: Vec<Member> = Vec::new();
        let mut groups: Vec<Vec<Node>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for item in items {
            let key = self.ask(key, std::slice::from_ref(&item))?;
            let (name, span) = match &key.value {
                Value::Text(name) => (Arc::clone(name), key.span),
                Value::Unknown(unknown) if partial::is_spoiled(unknown) => {
                    return Err(Failure::Spoiled(Arc::clone(unknown)));
                }
                Value::Unknown(unknown) if !grouped => (partial::open_key(unknown), key.span),
                Value::Unknown(_) => return Ok(None),
                _ => return error("the key should be a string"),
            };
            let node = match map {
                Some(map) => self.ask(map, std::slice::from_ref(&item))?,
                None => item,
            };
            let place = *places.entry(name.to_lowercase()).or_insert(out.len());
            if place == out.len() {
                out.push(Member { key: name, key_span: span, node: node.clone() });
                groups.push(Vec::new());
            } else if !grouped {
                out[place].node = node.clone();
            }
            if grouped {
                groups[place].push(node);
            }
        }
        if grouped {
            for (member, group) in out.iter_mut().zip(groups) {
                let span = member.node.span;
                member.node = Node::new(value::list(group), span);
            }
        }
        Ok(Some(value::object(out)))
    }

    /// Unknown because the values gone through are.
    fn not_settled(&mut self, call: &Call, subject: &Node, site: &Site, called: Called<'_>) -> Node {
        let mut args = vec![subject.clone()];
        for arg in call.args.iter().skip(1) {
            let text = site.slice(arg.start, arg.end);
            args.push(Node::new(Value::Text(text.into()), called.span));
        }
        self.apply(called, &args, &|_, _| Err(Failure::Unknown))
    }
}

fn wrong_subject<T>(wanted: &str, subject: &Node) -> Result<T, Failure> {
    error(format!("argument 1 should be {wanted}, not {}", subject.kind()))
}

/// The index of each element; unknown behind an element that stands for any number.
fn positions(items: &[Node], called: Called<'_>) -> Vec<Node> {
    let mut behind = None;
    let mut out = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let value = match behind {
            None => value::int(i64::try_from(index).unwrap_or(0)),
            Some(many) => {
                let many: &Unknown = many;
                let key = format!("index({},{index}){}", many.key, partial::SCALAR);
                Value::Unknown(Arc::new(partial::unknown(many.reason.clone(), called.text, called.span, key)))
            }
        };
        out.push(Node::new(value, called.span));
        behind = behind.or(item.unknown().filter(|_| partial::is_rest(item)).map(|unknown| &**unknown));
    }
    out
}

fn lambda<'a>(arg: Option<&'a Expression>, site: &'a Site, env: &'a Env) -> Result<Lambda<'a>, Failure> {
    let wrong = || Failure::Error("a lambda is needed".into());
    let ExpressionKind::Call(call) = &arg.ok_or_else(wrong)?.kind else { return Err(wrong()) };
    let (true, Some((body, names))) = (matches!(call.callee, Callee::Form(Form::Lambda)), call.args.split_last())
    else {
        return Err(wrong());
    };
    let names = names.iter().map(|name| match &name.kind {
        ExpressionKind::Text(name) => Ok(Arc::clone(name)),
        _ => Err(Failure::Error("the names of a lambda should be strings".into())),
    });
    Ok(Lambda { names: names.collect::<Result<_, _>>()?, body, site, env })
}
