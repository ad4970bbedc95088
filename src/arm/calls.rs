//! Calls: pure functions over values that may be unknown, and the functions a template declares.

use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::arm::budget::{Budget, CALLS, DOMAIN, Failure};
use crate::arm::expression::{Call, Callee, Expression, ExpressionKind, Form};
use crate::arm::functions::{Answer, Args, Function, Nature, Outcome};
use crate::arm::machine::{Deployment, Env, Machine};
use crate::arm::site::Site;
use crate::arm::{partial, value};
use crate::json::{How, Node, Reason, Unknown, Value};
use crate::source::Span;

/// What is called, for messages and trails.
#[derive(Clone, Copy)]
pub(crate) struct Called<'a> {
    /// The name as written, or as ARM has it for an operator.
    pub(crate) name: &'a str,
    /// Whether it is written as a call.
    pub(crate) is_written: bool,
    /// How it treats what is unknown.
    pub(crate) nature: Nature,
    /// The call as written.
    pub(crate) text: &'a str,
    /// Its place.
    pub(crate) span: Span,
}

impl<'a> Called<'a> {
    /// A call that computes, as it is written at a site.
    pub(crate) fn new(call: &'a Call, whole: &Expression, site: &'a Site) -> Self {
        let (text, span) = (site.slice(whole.start, whole.end), site.place(whole.start, whole.end));
        Self { name: &call.name, is_written: call.is_written, nature: Nature::Computes, text, span }
    }

    /// The name for messages; empty for an operator.
    pub(crate) fn shown(&self) -> &'a str {
        if self.is_written { self.name } else { "" }
    }

    /// The step that its value takes.
    pub(crate) fn how(&self) -> How {
        if self.is_written { How::Call(self.name.into()) } else { How::Operation }
    }

    /// Its value when only a deployment can tell; `domain` holds the only values possible, if they are known.
    pub(crate) fn open(self, reason: Reason, key: impl Into<String>, domain: Vec<Node>) -> Node {
        partial::node(Unknown { domain, ..partial::unknown(reason, self.text, self.span, key) })
    }
}

impl Machine<'_> {
    /// The value of a call that fails.
    pub(crate) fn fails(&mut self, called: Called<'_>, failure: Failure) -> Node {
        self.failed(failure, called.shown(), called.text, called.span)
    }

    /// The value of a call.
    pub(crate) fn call(&mut self, call: &Call, whole: &Expression, site: &Site, env: &Env) -> Node {
        let called = Called::new(call, whole, site);
        match &call.callee {
            Callee::Form(form) => self.form(*form, call, called, site, env),
            Callee::Function(function) => {
                let (least, most) = function.arity;
                if call.args.len() < least || call.args.len() > most {
                    let message = match (least, most) {
                        _ if least == most => format!("{least} arguments are needed, {} are given", call.args.len()),
                        (_, usize::MAX) => format!("at least {least} arguments are needed"),
                        _ => format!("{least} to {most} arguments are needed, {} are given", call.args.len()),
                    };
                    return self.fails(called, Failure::Error(message));
                }
                let called = Called { nature: function.nature, ..called };
                if let Some(node) = self.try_get_reference(function, call, called, site, env) {
                    return node;
                }
                let args = match function.name {
                    "format" => self.names_of_id(call, site, env),
                    _ => self.arguments(call, site, env),
                };
                self.apply(called, &args, &function.run)
            }
            Callee::User(key) => {
                let args = self.arguments(call, site, env);
                self.user_call(key, &env.deployment, args, call, called)
            }
            Callee::Imported(file, key) => {
                let args = self.arguments(call, site, env);
                match self.imported(*file) {
                    Some(of) => self.user_call(key, &of, args, call, called),
                    None => unknown_function(call, called, &args),
                }
            }
            Callee::Unknown => {
                let args = self.arguments(call, site, env);
                unknown_function(call, called, &args)
            }
        }
    }

    /// The arguments of a call, all evaluated.
    pub(crate) fn arguments(&mut self, call: &Call, site: &Site, env: &Env) -> Vec<Node> {
        call.args.iter().map(|arg| self.expression(arg, site, env)).collect()
    }

    /// The value of a function of these arguments: exact when they are known, else as much of it as can be said.
    pub(crate) fn apply(
        &mut self,
        called: Called<'_>,
        args: &[Node],
        run: &dyn Fn(Args<'_>, &mut Budget) -> Outcome,
    ) -> Node {
        let outcome = run(Args { nodes: args, span: called.span, text: called.text }, &mut self.budget);
        let is_open = |node: &Node| node.unknown().is_some();
        let partly = matches!(outcome, Err(Failure::Unknown) | Ok(Answer::Pieces(_)));
        if partly && called.nature != Nature::Builds && args.iter().any(is_open) {
            match self.tried_out(called, args, run) {
                Ok(Some(domain)) => return self.with_domain(called, args, outcome, domain),
                Ok(None) => {}
                Err(failure) => return self.fails(called, failure),
            }
        }
        match outcome {
            Err(Failure::Unknown) => self.strict(called, args),
            Err(failure) => self.failed_over(failure, called.shown(), called.text, called.span, args),
            Ok(answer) => self.placed(called, args, answer),
        }
    }

    /// An answer as a value with its place and its way.
    fn placed(&mut self, called: Called<'_>, args: &[Node], answer: Answer) -> Node {
        let value = match answer {
            Answer::Same(node) => return node,
            Answer::Pieces(pieces) => {
                if let ([crate::json::Part::Hole(hole)], Some(arg)) = (pieces.as_slice(), args.first())
                    && arg.unknown().is_some_and(|unknown| Arc::ptr_eq(unknown, hole))
                {
                    return arg.clone();
                }
                partial::assembled(pieces, called.text, called.span)
            }
            Answer::Value(value) => value,
        };
        if args.is_empty() || called.nature == Nature::Builds {
            return Node::new(value, called.span);
        }
        let how = called.how();
        if called.nature == Nature::Converts {
            let via = value::step(called.span, how, args[0].via.clone());
            return Node { value, span: args[0].span, via: Some(via) };
        }
        Node { value, span: called.span, via: Some(value::step(called.span, how, None)) }
    }

    /// Unknown, for the reason of the first argument that is.
    fn strict(&mut self, called: Called<'_>, args: &[Node]) -> Node {
        if let Some(spoiled) = args.iter().find_map(partial::spoiled) {
            return Node::new(Value::Unknown(Arc::clone(spoiled)), called.span);
        }
        let reason =
            args.iter().find_map(partial::first_unknown).map_or(Reason::NotEvaluated, |unknown| unknown.reason.clone());
        let mut key = partial::call_key(called.name, args);
        if gives_list(called.name, args) {
            key = format!("{}{}", partial::short(key), partial::LIST);
        }
        called.open(reason, key, Vec::new())
    }

    /// `tryGet(reference(…), …)`, which Bicep writes for `module.?outputs.name`; `None` for any other call.
    fn try_get_reference(
        &mut self,
        function: &Function,
        call: &Call,
        called: Called<'_>,
        site: &Site,
        env: &Env,
    ) -> Option<Node> {
        if function.name != "tryget" {
            return None;
        }
        let (mut of, steps) = call.args.split_first()?;
        let mut steps: Vec<&Expression> = steps.iter().collect();
        // Selections from a deployment that has a condition stand around `if(condition, reference(…), null())`.
        let reference = loop {
            let ExpressionKind::Call(inner) = &of.kind else { return None };
            match (&inner.callee, inner.args.as_slice()) {
                (Callee::Form(Form::Reference), _) => break inner,
                (Callee::Form(Form::If), [condition, yes, no]) => {
                    let condition = self.expression(condition, site, env);
                    of = if value::settled_truth(&condition)? { yes } else { no };
                }
                (Callee::Function(inner), [base, more @ ..]) if inner.name == "tryget" => {
                    steps.splice(0..0, more);
                    of = base;
                }
                _ => return None,
            }
        };
        let steps: Vec<Node> = steps.into_iter().map(|step| self.expression(step, site, env)).collect();
        let known = steps.iter().take_while(|step| step.unknown().is_none()).count();
        // An output that does not exist is null here: what is asked for is all of them.
        let outputs =
            steps.iter().take(2).position(|step| step.text().is_some_and(|it| it.eq_ignore_ascii_case("outputs")));
        let asked = outputs.map_or(known, |at| known.min(at + 1));
        let written = self.arguments(reference, site, env);
        let (node, taken) =
            self.reference(Called::new(reference, of, site), &written, &steps[..asked], steps.len(), env);
        let mut args = vec![node];
        args.extend(steps.into_iter().skip(taken));
        Some(if args.len() == 1 { args.remove(0) } else { self.apply(called, &args, &function.run) })
    }

    /// Every result over the values that the unknown arguments can take; `None` when they are many or not known.
    fn tried_out(
        &mut self,
        called: Called<'_>,
        args: &[Node],
        run: &dyn Fn(Args<'_>, &mut Budget) -> Outcome,
    ) -> Result<Option<Vec<Node>>, Failure> {
        // Unknowns of one key take one value.
        let mut axes: Vec<(&str, &[Node])> = Vec::new();
        let mut product = 1_usize;
        for unknown in args.iter().filter_map(Node::unknown) {
            if unknown.domain.is_empty() {
                return Ok(None);
            }
            if axes.iter().all(|(key, _)| *key != &*unknown.key) {
                axes.push((&unknown.key, &unknown.domain));
                product = product.saturating_mul(unknown.domain.len());
            }
        }
        if product > DOMAIN {
            return Ok(None);
        }
        let mut found: Vec<Node> = Vec::new();
        for round in 0..product {
            self.budget.step(args.len())?;
            let mut rest = round;
            let mut chosen: Vec<(&str, &Node)> = Vec::with_capacity(axes.len());
            for (key, domain) in &axes {
                chosen.push((key, &domain[rest % domain.len()]));
                rest /= domain.len();
            }
            let tried: Vec<Node> = args
                .iter()
                .map(|arg| {
                    match arg.unknown().and_then(|unknown| chosen.iter().find(|(key, _)| *key == &*unknown.key)) {
                        Some((_, value)) => (*value).clone(),
                        None => arg.clone(),
                    }
                })
                .collect();
            let answer = match run(Args { nodes: &tried, span: called.span, text: called.text }, &mut self.budget) {
                Ok(answer) => answer,
                Err(failure @ Failure::Limit(_)) => return Err(failure),
                Err(_) => return Ok(None),
            };
            let result = self.placed(called, &tried, answer);
            if result.unknown().is_some() {
                return Ok(None);
            }
            if !self.holds(&found, &result)? {
                found.push(result);
            }
        }
        Ok((!found.is_empty()).then_some(found))
    }

    fn with_domain(&mut self, called: Called<'_>, args: &[Node], outcome: Outcome, domain: Vec<Node>) -> Node {
        if let [only] = domain.as_slice() {
            return only.clone();
        }
        let plain = match outcome {
            Ok(answer) => self.placed(called, args, answer),
            Err(_) => self.strict(called, args),
        };
        let Value::Unknown(unknown) = &plain.value else { return plain };
        let unknown = Unknown { domain, ..Unknown::clone(unknown) };
        Node { value: Value::Unknown(Arc::new(unknown)), ..plain }
    }

    /// The value of a function that a file declares.
    fn user_call(&mut self, key: &str, of: &Rc<Deployment>, args: Vec<Node>, call: &Call, called: Called<'_>) -> Node {
        let Some(function) = of.functions.get(key).cloned() else {
            return unknown_function(call, called, &args);
        };
        if self.calls >= CALLS {
            return self.fails(called, Failure::Limit("64 functions inside each other"));
        }
        let mut frame = HashMap::new();
        for (declared, arg) in function.get("parameters").map(Node::items).unwrap_or_default().iter().zip(args) {
            if let Some(name) = declared.get("name").and_then(Node::text) {
                let name = name.to_lowercase();
                let how = How::ParameterArgument(name.as_str().into());
                frame.insert(name, value::through(arg, called.span, how));
            }
        }
        let Some(body) = function.at(&["output", "value"]) else {
            return self.fails(called, Failure::Error("the function has no output".into()));
        };
        let inner = Env { call: Some(Rc::new(frame)), ..Env::of(of) };
        self.calls += 1;
        let result = self.evaluate(body, &inner);
        self.calls -= 1;
        let result = self.bounded(result, called.text, called.span);
        value::through(result, called.span, How::Call(Arc::clone(&call.name)))
    }

    /// A value that is kept, refused when it nests too deep to be walked safely.
    pub(crate) fn bounded(&mut self, node: Node, text: &str, span: Span) -> Node {
        if !node.is_list() && !node.is_object() {
            return node;
        }
        match crate::arm::value::within_nesting(&node, &mut self.budget) {
            Ok(()) => node,
            Err(failure) => self.failed(failure, "", text, span),
        }
    }
}

/// The value of a function that nobody here knows.
fn unknown_function(call: &Call, called: Called<'_>, args: &[Node]) -> Node {
    called.open(Reason::UnknownFunction(Arc::clone(&call.name)), partial::call_key(&call.name, args), Vec::new())
}

/// Whether a function gives a list whatever its arguments turn out to be.
fn gives_list(name: &str, args: &[Node]) -> bool {
    const LISTS: [&str; 10] =
        ["array", "distinct", "filter", "flatten", "items", "map", "objectkeys", "range", "sort", "split"];
    const AS_GIVEN: [&str; 4] = ["intersection", "skip", "take", "union"];
    let is = |names: &[&str]| names.iter().any(|one| one.eq_ignore_ascii_case(name));
    is(&LISTS) || (is(&AS_GIVEN) && args.iter().any(partial::is_list_node))
}
