//! Parameters, variables and outputs: values with names, evaluated when asked for and kept.

use std::sync::Arc;

use crate::arm::budget::Failure;
use crate::arm::deployment::{Deployment, Env, Given, Section, Slot};
use crate::arm::expansion::TroubleKind;
use crate::arm::machine::Machine;
use crate::arm::parameters;
use crate::arm::partial;
use crate::arm::trail;
use crate::arm::value;
use crate::json::{How, Member, Node, Reason, Value};
use crate::source::Span;

impl Machine<'_> {
    /// `parameters('name')` written at `span`.
    pub(crate) fn parameter(&mut self, name: &str, env: &Env, text: &str, span: Span) -> Node {
        if let Some(frame) = &env.call {
            return match frame.args.get(&name.to_lowercase()) {
                Some(node) => node.clone(),
                None => {
                    let failure = Failure::Error(format!("the function has no parameter `{name}`"));
                    self.failed(failure, "parameters", text, span)
                }
            };
        }
        self.named(Section::Parameters, name, &env.deployment, text, span)
    }

    /// `variables('name')` written at `span`.
    pub(crate) fn variable(&mut self, name: &str, env: &Env, text: &str, span: Span) -> Node {
        self.named(Section::Variables, name, &env.deployment, text, span)
    }

    /// The value of an output, asked for at `span`.
    pub(crate) fn output(&mut self, name: &str, of: &std::rc::Rc<Deployment>, text: &str, span: Span) -> Node {
        self.named(Section::Outputs, name, of, text, span)
    }

    fn named(&mut self, section: Section, name: &str, of: &std::rc::Rc<Deployment>, text: &str, span: Span) -> Node {
        let (word, function) = match section {
            Section::Parameters => ("parameter", "parameters"),
            Section::Variables => ("variable", "variables"),
            Section::Outputs => ("output", ""),
        };
        let at = section as usize;
        let known = of.slots.borrow()[at].get(name).cloned();
        let lower = if known.is_none() { name.to_lowercase() } else { String::new() };
        let known = known.or_else(|| of.slots.borrow()[at].get(&lower).cloned());
        match known {
            Some(Slot::Done(node, how)) => return trail::through(node, span, how),
            Some(Slot::Running) => return self.cycle(&format!("{word} `{name}`"), text, span),
            None => {}
        }
        of.slots.borrow_mut()[at].insert(lower.clone(), Slot::Running);
        let found = match section {
            Section::Parameters => self.parameter_value(name, of),
            Section::Variables => self.variable_value(name, of),
            Section::Outputs => self.output_value(name, of),
        };
        let (node, how) = match found {
            Some((node, how)) => (self.bounded(node, text, span), how),
            None => {
                let failure = Failure::Error(format!("there is no {word} `{name}`{}", near(of, function, name)));
                let node = self.failed(failure, function, text, span);
                of.slots.borrow_mut()[at].remove(&lower);
                return node;
            }
        };
        let done = Slot::Done(node.clone(), how.clone());
        let slots = &mut of.slots.borrow_mut()[at];
        if lower != name {
            slots.insert(name.to_owned(), done.clone());
        }
        slots.insert(lower, done);
        trail::through(node, span, how)
    }

    fn variable_value(&mut self, name: &str, of: &std::rc::Rc<Deployment>) -> Option<(Node, How)> {
        let variables = of.section("variables")?;
        let env = Env::of(of);
        let copies = variables.member("copy").filter(|copy| copy.node.is_list());
        if let Some(member) = variables.member(name)
            && copies.is_none_or(|copy| copy.key_span != member.key_span)
        {
            return Some((self.evaluate(&member.node, &env), How::Variable(Arc::clone(&member.key))));
        }
        let looped = copies?.node.items().iter().find(|item| {
            item.get("name").and_then(Node::text).is_some_and(|looped| looped.eq_ignore_ascii_case(name))
        })?;
        let node = self.loop_values(looped, &env, name);
        Some((node, How::Variable(name.into())))
    }

    fn output_value(&mut self, name: &str, of: &std::rc::Rc<Deployment>) -> Option<(Node, How)> {
        let member = of.section("outputs")?.member(name)?.clone();
        let env = Env::of(of);
        let how = How::Output(Arc::clone(&member.key));
        if let Some(condition) = member.node.get("condition") {
            let condition = self.evaluate(condition, &env);
            match value::as_bool(&condition) {
                Some(true) => {}
                Some(false) => {
                    let failure = Failure::Error(format!("the condition of output `{name}` is false"));
                    return Some((self.failed(failure, "", "", condition.span), how));
                }
                None => {
                    let key = format!("output.{name}@{}", of.id);
                    let unknown = partial::unknown(Reason::Condition, name, condition.span, key);
                    return Some((Node::new(Value::Unknown(Arc::new(unknown)), condition.span), how));
                }
            }
        }
        let node = match member.node.get("copy") {
            Some(looped) if looped.is_object() => self.loop_values(looped, &env, ""),
            _ => match member.node.get("value") {
                Some(node) => self.evaluate(node, &env),
                None => Node::new(Value::Null, member.node.span),
            },
        };
        Some((node, how))
    }

    fn parameter_value(&mut self, name: &str, of: &std::rc::Rc<Deployment>) -> Option<(Node, How)> {
        let declared = of.section("parameters")?.member(name)?.clone();
        let shape = parameters::shape(of, &declared.node);
        let name = Arc::clone(&declared.key);
        if let Some((node, how)) = self.given(of, &declared, &shape) {
            return Some((self.checked(of, &declared, &shape, node), how));
        }
        let how = How::ParameterDefault(Arc::clone(&name));
        if let Some(default) = declared.node.get("defaultValue") {
            let node = self.evaluate(default, &Env::of(of));
            return Some((self.of_type(of, &declared, &shape, node), how));
        }
        if shape.nullable {
            return Some((Node::new(Value::Null, declared.key_span), how));
        }
        let reason = if shape.secure {
            Reason::SecureParameter(Arc::clone(&name))
        } else {
            Reason::ParameterWithoutValue(Arc::clone(&name))
        };
        if of.level == 0 {
            self.missing.insert(Arc::clone(&name), declared.key_span);
        }
        Some((parameters::absent(of, &declared, &shape, reason), how))
    }

    /// The value a parameter is given from outside.
    fn given(
        &mut self,
        of: &std::rc::Rc<Deployment>,
        declared: &Member,
        shape: &parameters::Shape,
    ) -> Option<(Node, How)> {
        let name = &declared.key;
        let (entry, how) = match &of.given {
            Given::Run => {
                let how = How::ParameterValue(Arc::clone(name));
                if let Some((_, node)) = self.inputs.set.iter().rev().find(|(set, _)| set.eq_ignore_ascii_case(name)) {
                    return Some((parameters::as_declared(shape, node), how));
                }
                let file = self.inputs.parameters?;
                (parameters::entries(&file.root)?.get(name)?.clone(), how)
            }
            Given::Arguments(arguments) => {
                let argument = arguments.get(&name.to_lowercase())?.clone();
                let entry = match &argument.env {
                    Some(env) => self.evaluate(&argument.node, env),
                    None => argument.node,
                };
                (entry, How::ParameterArgument(Arc::clone(name)))
            }
            Given::Unknown(unknown) => {
                let how = How::ParameterArgument(Arc::clone(name));
                return Some((parameters::absent(of, declared, shape, unknown.reason.clone()), how));
            }
        };
        if let Value::Unknown(unknown) = &entry.value {
            let reason = unknown.reason.clone();
            return Some((parameters::absent(of, declared, shape, reason), how));
        }
        if let Some(node) = entry.get("value") {
            if node.is_null() && declared.node.get("defaultValue").is_some() {
                return None;
            }
            let node = trail::within(&entry, node);
            let literal = matches!(of.given, Given::Run) || node.span.file != of.file;
            let node = if literal { parameters::with_holes(&node) } else { node };
            return Some((node, how));
        }
        // Bicep writes what a parameter file takes from outside as an expression.
        if let Some(expression) = entry.get("expression") {
            return Some((self.evaluate(expression, &Env::of(of)), how));
        }
        let reason = if entry.get("reference").is_some() {
            Reason::KeyVaultReference(Arc::clone(name))
        } else {
            let message = format!("what is given for parameter `{name}` has neither `value` nor `reference`");
            self.trouble(TroubleKind::Parameter, message.clone(), entry.span);
            Reason::Invalid(message.into())
        };
        Some((parameters::absent(of, declared, shape, reason), how))
    }

    /// A value that is given, when its declaration allows it. One that it forbids is noted.
    fn checked(
        &mut self,
        of: &std::rc::Rc<Deployment>,
        declared: &Member,
        shape: &parameters::Shape,
        node: Node,
    ) -> Node {
        if let Some(message) = parameters::forbidden(declared, &node, &mut self.budget) {
            self.trouble(TroubleKind::Parameter, message, node.span);
        }
        self.of_type(of, declared, shape, node)
    }

    /// A value of the type that is declared; Azure refuses any other, so nothing is known of what it would do with it.
    fn of_type(
        &mut self,
        of: &std::rc::Rc<Deployment>,
        declared: &Member,
        shape: &parameters::Shape,
        node: Node,
    ) -> Node {
        let Some(message) = parameters::wrong_type(declared, shape, &node) else { return node };
        self.trouble_with_help(TroubleKind::Parameter, message.clone(), node.span, parameters::TYPE_HELP);
        Node { span: node.span, ..parameters::absent(of, declared, shape, Reason::Invalid(message.into())) }
    }
}

/// A name of the section that looks like the one that is missing.
fn near(of: &Deployment, section: &str, name: &str) -> String {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = letters(name);
    let section = if section.is_empty() { "outputs" } else { section };
    let members = of.section(section).map(Node::members).unwrap_or_default();
    members
        .iter()
        .take(256)
        .find(|member| {
            let other = letters(&member.key);
            wanted.len() > 2 && (other.contains(&wanted) || (other.len() > 2 && wanted.contains(&other)))
        })
        .map_or_else(String::new, |member| format!("; there is `{}`", member.key))
}
