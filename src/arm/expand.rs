//! The door of the room: a template in, plain resources out.

use std::cell::RefCell;
use std::rc::Rc;

use crate::arm::deployment::{Deployment, Env, Given};
use crate::arm::expansion::{Expansion, Inputs, Trouble, TroubleKind, Wanted};
use crate::arm::machine::Machine;
use crate::arm::parameters::{self, is_bare_parameter_file};
use crate::arm::resources::Doubt;
use crate::arm::scope::{Level, Scope};
use crate::json::{Document, Member, Node};
use crate::source::FileId;

/// The stack that evaluation nested to the bound of `budget` needs, unoptimised, with room to spare. Only what is used of
/// it takes memory.
const STACK: usize = 64 << 20;

/// Whether a document is a template.
pub fn is_template(root: &Node) -> bool {
    let schema = root.get("$schema").and_then(Node::text).and_then(Level::of_schema);
    let holds = |key: &str| root.get(key).is_some();
    let resources = root.get("resources").is_some_and(|resources| {
        resources.is_list() || resources.is_object() || resources.text().is_some_and(|text| text.starts_with('['))
    });
    resources && (schema.is_some() || holds("contentVersion") || holds("languageVersion"))
        || schema.is_some() && holds("contentVersion")
}

/// Whether a document is a parameter file.
pub fn is_parameter_file(root: &Node) -> bool {
    if root.get("resources").is_some() {
        return false;
    }
    let schema = root.get("$schema").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
    let Some(entries) = root.get("parameters").filter(|entries| entries.is_object()) else { return false };
    if schema.contains("deploymentparameters.json") {
        return true;
    }
    is_bare_parameter_file(entries)
}

/// What a parameter file says to no template: values for parameters that none of the templates declares.
pub fn strays(file: &Document, templates: &[&Document]) -> Vec<Trouble> {
    let roots: Vec<&Node> = templates.iter().map(|template| &template.root).collect();
    let (Some(entries), Some(first)) = (parameters::entries(&file.root), roots.first()) else { return Vec::new() };
    let trouble = |entry: &Member| Trouble {
        message: parameters::stray(entry, first),
        span: entry.key_span,
        kind: TroubleKind::Parameter,
        help: Some(parameters::STRAY_HELP),
    };
    parameters::undeclared(entries, &roots).map(trouble).collect()
}

/// Evaluates a template. Whatever the template holds, it ends in bounded time and memory, and what cannot be known before
/// deployment comes out as unknown with its reason.
pub fn expand(file: FileId, document: &Document, inputs: &Inputs<'_>) -> Expansion {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("expand".into()).stack_size(STACK);
        match builder.spawn_scoped(scope, || run(file, document, inputs)) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // Without a thread there is the stack at hand, which holds every template but hostile ones.
            Err(_) => run(file, document, inputs),
        }
    })
}

fn run(file: FileId, document: &Document, inputs: &Inputs<'_>) -> Expansion {
    let root = &document.root;
    let level = root.get("$schema").and_then(Node::text).and_then(Level::of_schema).unwrap_or(Level::ResourceGroup);
    let deployment = Rc::new(Deployment {
        id: file.0.to_string(),
        template: root.clone(),
        file,
        scope: Scope::root(level, inputs.assumptions, root.span.part(0, 1)),
        name: None,
        given: Given::Run,
        level: 0,
        files: vec![file],
        functions: Deployment::functions_of(root),
        slots: RefCell::default(),
        children: RefCell::default(),
        index: RefCell::default(),
        by_name: RefCell::default(),
    });
    let mut machine = Machine::new(*inputs);
    machine.deployments.push(Rc::clone(&deployment));
    machine.expand(&deployment, &Doubt::default());
    let mut outputs = Vec::new();
    if matches!(inputs.wanted, Wanted::All) {
        let env = Env::of(&deployment);
        for member in root.get("outputs").map(Node::members).unwrap_or_default() {
            let condition = machine.condition(&member.node, &env);
            if condition.is_none() {
                continue;
            }
            let value = machine.output(&member.key, &deployment, "", member.node.span);
            // An output of the outermost template is not used anywhere: its own step says nothing.
            let via = value.via.as_ref().and_then(|step| step.next.clone());
            let value = machine.settled(Node { via, ..value }, None, condition.flatten().is_some());
            outputs.push((std::sync::Arc::clone(&member.key), value));
        }
    }
    Expansion {
        resources: std::mem::take(&mut machine.resources),
        outputs,
        troubles: machine.take_troubles(),
        linked: machine.linked.iter().copied().collect(),
        missing: std::mem::take(&mut machine.missing).into_iter().collect(),
    }
}
