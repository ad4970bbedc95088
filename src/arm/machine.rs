//! The state of one expansion: work left, expressions read, troubles met. What it does is spread over its siblings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::arm::budget::{Budget, DEPTH, Failure};
use crate::arm::deployment::Deployment;
use crate::arm::expansion::{Inputs, Resource, Trouble, TroubleKind};
use crate::arm::expression::Expression;
use crate::arm::grammar::{self, Fault};
use crate::arm::partial;
use crate::arm::place::Site;
use crate::json::{How, Node, Reason, Unknown, Value};
use crate::source::{FileId, Span};

/// How a value that refers to itself is reported.
const CYCLE: &str = "refers to itself";

/// One expansion under way.
pub(crate) struct Machine<'a> {
    /// What was asked.
    pub(crate) inputs: Inputs<'a>,
    /// What is left of work and memory.
    pub(crate) budget: Budget,
    /// How deep evaluation is nested now.
    pub(crate) depth: usize,
    /// How many user functions and lambdas are inside each other now.
    pub(crate) calls: usize,
    /// The resources found so far.
    pub(crate) resources: Vec<Resource>,
    /// The files reached through links.
    pub(crate) linked: BTreeSet<FileId>,
    /// Parameters of the outermost template without a value.
    pub(crate) missing: BTreeMap<Arc<str>, Span>,
    /// Every deployment met, so that their references to each other can be undone.
    pub(crate) deployments: Vec<Rc<Deployment>>,
    expressions: HashMap<Arc<str>, Result<Rc<Expression>, Fault>>,
    troubles: Vec<Trouble>,
    limits: BTreeSet<String>,
    failures: usize,
}

impl<'a> Machine<'a> {
    /// A machine with nothing done yet.
    pub(crate) fn new(inputs: Inputs<'a>) -> Self {
        Self {
            inputs,
            budget: Budget::default(),
            depth: 0,
            calls: 0,
            resources: Vec::new(),
            linked: BTreeSet::new(),
            missing: BTreeMap::new(),
            deployments: Vec::new(),
            expressions: HashMap::new(),
            troubles: Vec::new(),
            limits: BTreeSet::new(),
            failures: 0,
        }
    }

    /// The expression a text holds, read once.
    pub(crate) fn parsed(&mut self, text: &Arc<str>) -> Result<Rc<Expression>, Fault> {
        if let Some(known) = self.expressions.get(text) {
            return known.clone();
        }
        let parsed = grammar::parse(text).map(Rc::new);
        self.expressions.insert(Arc::clone(text), parsed.clone());
        parsed
    }

    /// The place of a text with its escapes counted.
    pub(crate) fn site(&self, text: &Arc<str>, span: Span) -> Site {
        Site::new(self.inputs.files, text, span)
    }

    /// Goes one level deeper.
    ///
    /// # Errors
    /// When no work is left or the stack would not hold it. Only after success must [`Self::leave`] follow.
    pub(crate) fn enter(&mut self) -> Result<(), Failure> {
        self.budget.step(1)?;
        if self.depth >= DEPTH {
            return Err(Failure::Limit("evaluation nested 1,500 deep"));
        }
        self.depth += 1;
        Ok(())
    }

    /// Comes back one level.
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The value of something that failed.
    pub(crate) fn failed(&mut self, failure: Failure, what: &str, text: &str, span: Span) -> Node {
        let reason = match failure {
            Failure::Spoiled(unknown) => return Node::new(Value::Unknown(unknown), span),
            Failure::Limit(limit) => {
                self.limit(limit, span);
                Reason::Limit(limit.into())
            }
            Failure::Error(message) if what.is_empty() => Reason::EvaluationError(message.into()),
            Failure::Error(message) => Reason::EvaluationError(format!("{what}(): {message}").into()),
            Failure::Unknown => Reason::NotEvaluated,
        };
        // A failure is equal to nothing but itself.
        self.failures += 1;
        let key = format!("failure#{}@{}:{}", self.failures, span.file.0, span.start);
        Node::new(Value::Unknown(Arc::new(partial::unknown(reason, text, span, key))), span)
    }

    /// The value of something that failed over these values. An empty parameter among them is where the user mends it.
    pub(crate) fn failed_over(&mut self, failure: Failure, what: &str, text: &str, span: Span, over: &[Node]) -> Node {
        if let Failure::Error(_) = failure
            && let Some((name, place)) = over.iter().find_map(empty_parameter)
        {
            let message = format!("parameter `{name}` is empty, and an expression needs something in it");
            return self.failed(Failure::Error(message), "", text, place);
        }
        self.failed(failure, what, text, span)
    }

    /// The value of something that refers to itself.
    pub(crate) fn cycle(&mut self, what: &str, text: &str, span: Span) -> Node {
        self.failed(Failure::Error(format!("{what} {CYCLE}")), "", text, span)
    }

    /// Notes that a guard was hit, once for each guard.
    pub(crate) fn limit(&mut self, limit: &str, span: Span) {
        if self.limits.insert(limit.to_owned()) {
            self.trouble(TroubleKind::Limit, format!("more than {limit}"), span);
        }
    }

    /// Notes a failure that something asked for has reached.
    pub(crate) fn reached(&mut self, unknown: &Unknown) {
        if let Reason::EvaluationError(message) = &unknown.reason {
            let kind = if message.ends_with(CYCLE) { TroubleKind::Cycle } else { TroubleKind::Evaluation };
            self.trouble(kind, message.to_string(), unknown.span);
        }
    }

    /// Notes a trouble, once.
    pub(crate) fn trouble(&mut self, kind: TroubleKind, message: String, span: Span) {
        self.note(Trouble { message, span, kind, help: None });
    }

    /// Notes a trouble with advice of its own, once.
    pub(crate) fn trouble_with_help(&mut self, kind: TroubleKind, message: String, span: Span, help: &'static str) {
        self.note(Trouble { message, span, kind, help: Some(help) });
    }

    fn note(&mut self, trouble: Trouble) {
        // The bound keeps the search for repetitions cheap; a template with more troubles is not read to the end.
        if self.troubles.len() < 200 && !self.troubles.contains(&trouble) {
            self.troubles.push(trouble);
        }
    }

    /// Every trouble, in the order of places.
    pub(crate) fn take_troubles(&mut self) -> Vec<Trouble> {
        let mut troubles = std::mem::take(&mut self.troubles);
        troubles.sort_by_key(|trouble| trouble.span);
        troubles
    }
}

/// The parameter that an empty text, or the one element of a list made from it, came from.
fn empty_parameter(node: &Node) -> Option<(Arc<str>, Span)> {
    let text = match node.items() {
        [only] => only,
        _ => node,
    };
    if text.text() != Some("") {
        return None;
    }
    node.via.as_deref()?.steps().find_map(|step| match &step.how {
        How::ParameterValue(name) | How::ParameterDefault(name) => Some((Arc::clone(name), node.span)),
        _ => None,
    })
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        // Deployments know their parents and their children: the circle is cut here.
        for deployment in &self.deployments {
            deployment.children.borrow_mut().clear();
            deployment.slots.borrow_mut().iter_mut().for_each(std::collections::HashMap::clear);
            deployment.index.borrow_mut().take();
            deployment.by_name.borrow_mut().take();
        }
    }
}
