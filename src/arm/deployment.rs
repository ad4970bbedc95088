//! One template under evaluation: its sections, what it was given, and the values found so far.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::arm::scope::Scope;
use crate::json::{How, Node, Unknown};
use crate::source::FileId;

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
    pub(crate) name: Option<Node>,
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
    pub(crate) children: RefCell<HashMap<Place, Option<Rc<Deployment>>>>,
    /// Its resources by symbol, once a reference asks.
    pub(crate) index: RefCell<Option<Rc<Index>>>,
    /// Its resources by name and id, once a reference asks by one of them.
    pub(crate) by_name: RefCell<Option<Rc<Names>>>,
}

/// The file and byte of a resource and the rounds of the loops around it.
pub(crate) type Place = (u32, u32, Vec<Option<usize>>);

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
    pub(crate) entries: Vec<Entry>,
    /// By symbolic name, in lower case.
    pub(crate) by_symbol: HashMap<String, usize>,
}

/// Places in an index by name or id, in lower case; `None` under a key that several resources have.
pub(crate) type Names = HashMap<String, Option<usize>>;

/// One resource of an index.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
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
    /// The arguments of the user function it stands in.
    pub(crate) call: Option<Rc<Frame>>,
}

/// One round of a copy loop.
#[derive(Debug)]
pub(crate) struct Loop {
    /// Its name in lower case.
    pub(crate) name: String,
    /// The round from 0; `None` when the number of rounds is unknown.
    pub(crate) index: Option<usize>,
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

/// The arguments of a user function, by name in lower case.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The values.
    pub(crate) args: HashMap<String, Node>,
}

impl Env {
    /// The outermost place of a template.
    pub(crate) fn of(deployment: &Rc<Deployment>) -> Self {
        Self { deployment: Rc::clone(deployment), loops: None, locals: None, call: None }
    }

    /// The same place inside one more loop.
    pub(crate) fn in_loop(&self, name: &str, index: Option<usize>, outer: bool) -> Self {
        let round = Loop { name: name.to_lowercase(), index, outer, next: self.loops.clone() };
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
    /// A section of the template.
    pub(crate) fn section(&self, name: &str) -> Option<&Node> {
        self.template.get(name)
    }

    /// The functions a template declares.
    pub(crate) fn functions_of(template: &Node) -> HashMap<String, Node> {
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
