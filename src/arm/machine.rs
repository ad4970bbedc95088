//! The state of one expansion: the templates under evaluation with the values found so far, work left, expressions read,
//! troubles met. What it does is spread over its siblings.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::arm::budget::{Budget, DEPTH, Failure};
use crate::arm::expansion::{Inputs, Level, Resource, Scope, Trouble, TroubleKind};
use crate::arm::expression::{self, Expression, Fault};
use crate::arm::site::Site;
use crate::arm::{partial, value};
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
    /// Whether files of modules can deploy what is asked for, as far as that was told.
    pub(crate) worth: HashMap<FileId, bool>,
    /// The files that variables and functions are imported from.
    imports: HashMap<FileId, Option<Rc<Deployment>>>,
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
            worth: HashMap::new(),
            imports: HashMap::new(),
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
        let parsed = expression::parse(text).map(Rc::new);
        self.expressions.insert(Arc::clone(text), parsed.clone());
        parsed
    }

    /// A file that variables or functions are imported from, as if it were deployed where the run deploys.
    pub(crate) fn imported(&mut self, file: FileId) -> Option<Rc<Deployment>> {
        if let Some(known) = self.imports.get(&file) {
            return known.clone();
        }
        let document = self.inputs.links.and_then(|links| links.document(file));
        let made = document.map(|document| {
            let root = document.root.clone();
            let scope = Scope::root(Level::ResourceGroup, self.inputs.assumptions, root.span.part(0, 1));
            Rc::new(Deployment::new(root, file, scope))
        });
        self.imports.insert(file, made.clone());
        self.deployments.extend(made.clone());
        self.linked.extend(made.is_some().then_some(file));
        made
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
        partial::node(partial::unknown(reason, text, span, key))
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
            deployment.slots.borrow_mut().iter_mut().for_each(|slots| slots.clear());
            deployment.index.borrow_mut().take();
            deployment.by_name.borrow_mut().take();
            deployment.name.replace(Named::Done(None));
        }
    }
}

/// A template, its target and its arguments.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// Distinguishes the unknowns of one deployment from those of another.
    pub(crate) id: String,
    /// The template.
    pub(crate) template: Node,
    /// The file the template stands in, which its links start from.
    pub(crate) file: FileId,
    /// Where it goes.
    pub(crate) scope: Scope,
    /// Its name, when a parent gives one.
    pub(crate) name: RefCell<Named>,
    /// What its parameters are given.
    pub(crate) given: Given,
    /// How many deployments it is inside of.
    pub(crate) level: usize,
    /// The files that led to it through links.
    pub(crate) files: Vec<FileId>,
    /// The functions it declares, by `namespace.name` in lower case.
    pub(crate) functions: HashMap<String, Node>,
    /// Values found so far, by section, and by name in lower case and as it was asked for.
    pub(crate) slots: RefCell<[HashMap<String, Slot>; 3]>,
    /// The deployments inside it, by their place and the indices of their loops.
    pub(crate) children: RefCell<HashMap<ChildKey, Option<Rc<Deployment>>>>,
    /// Its resources by symbol, once a reference asks.
    pub(crate) index: RefCell<Option<Rc<Index>>>,
    /// Its resources by name and id, once a reference asks by one of them.
    pub(crate) by_name: RefCell<Option<Rc<Names>>>,
}

/// The file and byte of a resource and the rounds of the loops around it.
pub(crate) type ChildKey = (u32, u32, Vec<Option<usize>>);

/// The name of a deployment, evaluated once something asks: few do, and it is made from those of all deployments around.
#[derive(Debug)]
pub(crate) enum Named {
    /// As it is written, and where.
    Written(Node, Env),
    /// It is being evaluated: asking for it again finds none.
    Running,
    /// Its value; none when no parent gives one, or when that failed.
    Done(Option<Node>),
}

/// Where the arguments of a deployment come from.
#[derive(Debug)]
pub(crate) enum Given {
    /// From the command line and the parameter file.
    Run,
    /// From the deployment around it, by name in lower case.
    Arguments(HashMap<String, Argument>),
    /// From an expression that is not known.
    Unknown(Arc<Unknown>),
}

/// One argument.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    /// `{"value": …}` or `{"reference": …}`.
    pub(crate) node: Node,
    /// Where its expressions are evaluated; `None` when they are literal.
    pub(crate) env: Option<Env>,
}

/// The parts of a template whose values have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// `parameters`
    Parameters,
    /// `variables`
    Variables,
    /// `outputs`
    Outputs,
}

/// One named value.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// It is being evaluated: asking for it again is a cycle.
    Running,
    /// Its value, and how it came about.
    Done(Node, How),
}

/// The resources of a deployment for `reference()`.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Every resource, copies counted.
    pub(crate) entries: Vec<IndexedResource>,
    /// By symbolic name, in lower case.
    pub(crate) by_symbol: HashMap<String, usize>,
}

/// Places in an index by name or id, in lower case; `None` under a key that several resources have.
pub(crate) type Names = HashMap<String, Option<usize>>;

/// One resource of an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexedResource {
    /// Its object.
    pub(crate) node: Node,
    /// Where its expressions are evaluated.
    pub(crate) env: Env,
    /// Its full type, in lower case.
    pub(crate) kind: String,
}

/// Where an expression is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    /// The template it stands in.
    pub(crate) deployment: Rc<Deployment>,
    /// The copy loops around it, innermost first.
    pub(crate) loops: Option<Rc<Loop>>,
    /// The lambda variables around it, innermost first.
    pub(crate) locals: Option<Rc<Local>>,
    /// The arguments of the user function it stands in, by name in lower case.
    pub(crate) call: Option<Rc<HashMap<String, Node>>>,
}

/// One round of a copy loop.
#[derive(Debug)]
pub(crate) struct Loop {
    /// Its name in lower case.
    pub(crate) name: String,
    /// The round from 0; `None` when it is not known, as when the number of rounds is not.
    pub(crate) index: Option<usize>,
    /// What is known of the round all the same.
    pub(crate) given: Option<Node>,
    /// Whether `copyIndex()` without a name means it.
    pub(crate) outer: bool,
    /// The loop around it.
    pub(crate) next: Option<Rc<Loop>>,
}

/// One lambda variable.
#[derive(Debug)]
pub(crate) struct Local {
    /// Its name in lower case.
    pub(crate) name: String,
    /// Its value.
    pub(crate) node: Node,
    /// The variables around it.
    pub(crate) next: Option<Rc<Local>>,
}

impl Env {
    /// The outermost place of a template.
    pub(crate) fn of(deployment: &Rc<Deployment>) -> Self {
        Self { deployment: Rc::clone(deployment), loops: None, locals: None, call: None }
    }

    /// The same place inside one more loop.
    pub(crate) fn in_loop(&self, name: &str, index: Option<usize>, outer: bool) -> Self {
        let round = Loop { name: name.to_lowercase(), index, given: None, outer, next: self.loops.clone() };
        Self { loops: Some(Rc::new(round)), ..self.clone() }
    }

    /// The same place in the round of a loop that this value numbers.
    pub(crate) fn in_round(&self, name: &str, index: Node) -> Self {
        let known = value::as_int(&index).and_then(|index| usize::try_from(index).ok());
        let given = known.is_none().then_some(index);
        let round = Loop { name: name.to_lowercase(), index: known, given, outer: false, next: self.loops.clone() };
        Self { loops: Some(Rc::new(round)), ..self.clone() }
    }

    /// The same place with one more lambda variable.
    pub(crate) fn with_local(&self, name: &str, node: Node) -> Self {
        let local = Local { name: name.to_lowercase(), node, next: self.locals.clone() };
        Self { locals: Some(Rc::new(local)), ..self.clone() }
    }

    /// The loops around it, innermost first.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = &Loop> {
        std::iter::successors(self.loops.as_deref(), |round| round.next.as_deref())
    }

    /// The lambda variables around it, innermost first.
    pub(crate) fn local(&self, name: &str) -> Option<&Node> {
        std::iter::successors(self.locals.as_deref(), |local| local.next.as_deref())
            .find(|local| local.name.eq_ignore_ascii_case(name))
            .map(|local| &local.node)
    }
}

impl Deployment {
    /// A template that goes somewhere, with nothing evaluated and given what the run gives.
    pub(crate) fn new(template: Node, file: FileId, scope: Scope) -> Self {
        Self {
            id: file.0.to_string(),
            functions: Self::functions_of(&template),
            template,
            file,
            scope,
            name: RefCell::new(Named::Done(None)),
            given: Given::Run,
            level: 0,
            files: vec![file],
            slots: RefCell::default(),
            children: RefCell::default(),
            index: RefCell::default(),
            by_name: RefCell::default(),
        }
    }

    /// A section of the template.
    pub(crate) fn section(&self, name: &str) -> Option<&Node> {
        self.template.get(name)
    }

    /// The functions a template declares.
    fn functions_of(template: &Node) -> HashMap<String, Node> {
        let mut functions = HashMap::new();
        for group in template.get("functions").map(Node::items).unwrap_or_default() {
            let Some(namespace) = group.get("namespace").and_then(Node::text) else { continue };
            for member in group.get("members").map(Node::members).unwrap_or_default() {
                let name = format!("{namespace}.{}", member.key).to_ascii_lowercase();
                functions.insert(name, member.node.clone());
            }
        }
        functions
    }

    /// Whether its resources have symbolic names.
    pub(crate) fn is_symbolic(&self) -> bool {
        self.section("resources").is_some_and(Node::is_object)
    }
}

/// Whether a type is that of a nested or linked deployment, or of something else that holds a template.
pub(crate) fn is_deployment(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") || holds_template(kind).is_some()
}

/// The property in which a resource holds a template that is deployed by itself: a deployment stack, a template spec.
pub(crate) fn holds_template(kind: &str) -> Option<&'static str> {
    if kind.eq_ignore_ascii_case("Microsoft.Resources/deploymentStacks") {
        return Some("template");
    }
    kind.eq_ignore_ascii_case("Microsoft.Resources/templateSpecs/versions").then_some("mainTemplate")
}
