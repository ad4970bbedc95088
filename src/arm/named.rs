//! Parameters, variables and outputs: values with names, evaluated when asked for and kept. For parameters also what their
//! declaration says, parameter files, and placeholders in them.

use std::sync::Arc;

use crate::arm::budget::{Budget, DOMAIN, Failure};
use crate::arm::expansion::TroubleKind;
use crate::arm::machine::{Deployment, Env, Given, Machine, Section, Slot};
use crate::arm::{partial, value};
use crate::json::{How, Member, Node, Part, Reason, Value};
use crate::source::Span;
use crate::spelling::nearest;

impl Machine<'_> {
    /// `parameters('name')` written at `span`.
    pub(crate) fn parameter(&mut self, name: &str, env: &Env, text: &str, span: Span) -> Node {
        if let Some(frame) = &env.call {
            return match frame.get(&name.to_lowercase()) {
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
        let (word, function, plural) = match section {
            Section::Parameters => ("parameter", "parameters", "parameters"),
            Section::Variables => ("variable", "variables", "variables"),
            Section::Outputs => ("output", "", "outputs"),
        };
        let at = section as usize;
        let known = of.slots.borrow()[at].get(name).cloned();
        let lower = if known.is_none() { name.to_lowercase() } else { String::new() };
        let known = known.or_else(|| of.slots.borrow()[at].get(&lower).cloned());
        match known {
            Some(Slot::Done(node, how)) => return value::through(node, span, how),
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
                let members = of.section(plural).map(Node::members).unwrap_or_default();
                let near = value::similar(members, name, 3);
                let failure = Failure::Error(format!("there is no {word} `{name}`{near}"));
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
        value::through(node, span, how)
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
                    return Some((partial::node(partial::unknown(Reason::Condition, name, condition.span, key)), how));
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
        let shape = shape(of, &declared.node);
        let name = Arc::clone(&declared.key);
        if let Some((node, how)) = self.given(of, &declared, &shape) {
            return Some((self.checked(of, &declared, &shape, node), how));
        }
        let how = How::ParameterDefault(Arc::clone(&name));
        if let Some(default) = declared.node.get("defaultValue") {
            let node = self.evaluate(default, &Env::of(of));
            let node = if is_token(&node) { with_holes(&node) } else { node };
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
        Some((self.absent(of, &declared, &shape, reason), how))
    }

    /// The value a parameter is given from outside.
    fn given(&mut self, of: &std::rc::Rc<Deployment>, declared: &Member, shape: &Shape) -> Option<(Node, How)> {
        let name = &declared.key;
        let mut literal = true;
        let (entry, how) = match &of.given {
            Given::Run => {
                let how = How::ParameterValue(Arc::clone(name));
                if let Some((_, node)) = self.inputs.set.iter().rev().find(|(set, _)| set.eq_ignore_ascii_case(name)) {
                    return Some((as_declared(shape, node), how));
                }
                let file = self.inputs.parameters?;
                (entries(&file.root)?.get(name)?.clone(), how)
            }
            Given::Arguments(arguments) => {
                let argument = arguments.get(&name.to_lowercase())?.clone();
                let entry = match &argument.env {
                    Some(env) => {
                        literal = false;
                        self.evaluate(&argument.node, env)
                    }
                    None => argument.node,
                };
                (entry, How::ParameterArgument(Arc::clone(name)))
            }
            Given::Unknown(unknown) => {
                let how = How::ParameterArgument(Arc::clone(name));
                return Some((self.absent(of, declared, shape, unknown.reason.clone()), how));
            }
        };
        if let Value::Unknown(unknown) = &entry.value {
            let reason = unknown.reason.clone();
            return Some((self.absent(of, declared, shape, reason), how));
        }
        if let Some(node) = entry.get("value") {
            if node.is_null() && declared.node.get("defaultValue").is_some() {
                return None;
            }
            let node = value::within(&entry, node);
            let literal = matches!(of.given, Given::Run) || literal && node.span.file != of.file;
            let node = if literal { with_holes(&node) } else { node };
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
        Some((self.absent(of, declared, shape, reason), how))
    }

    /// A parameter that has no known value.
    fn absent(&self, of: &Deployment, declared: &Member, shape: &Shape, reason: Reason) -> Node {
        let mut key = format!("parameters:{}@{}", declared.key.to_lowercase(), of.id);
        if shape.nullable && shape.allowed.is_empty() {
            // A call computes it: it may be null.
            key = format!("nullable({key})");
        }
        match shape.kind.as_str() {
            "array" => key.push_str(partial::LIST),
            "object" => key.push_str("{}"),
            "int" | "bool" => key.push(partial::SCALAR),
            _ => {}
        }
        // A source language names its parameters as they are.
        let text = match self.inputs.files.slice(declared.key_span) {
            name if name == &*declared.key => name.to_owned(),
            _ => format!("parameters('{}')", declared.key),
        };
        let mut unknown = partial::unknown(reason, &text, declared.key_span, key);
        let plain = |node: &Node| {
            node.unknown().is_none()
                && !matches!(node.value, Value::Deferred(_))
                && !node.text().is_some_and(|text| text.starts_with('['))
        };
        if !shape.secure && shape.kind == "bool" && shape.allowed.is_empty() {
            unknown.domain = [true, false].map(|truth| Node::new(Value::Bool(truth), declared.key_span)).to_vec();
        } else if !shape.secure
            && shape.kind != "array"
            && shape.allowed.len() <= DOMAIN
            && shape.allowed.iter().all(plain)
        {
            unknown.domain.clone_from(&shape.allowed);
            if shape.nullable && !unknown.domain.is_empty() {
                unknown.domain.push(Node::new(Value::Null, declared.key_span));
            }
        }
        partial::node(unknown)
    }

    /// A value that is given, when its declaration allows it. One that it forbids is noted.
    fn checked(&mut self, of: &std::rc::Rc<Deployment>, declared: &Member, shape: &Shape, node: Node) -> Node {
        if let Some(message) = forbidden(declared, &node, &mut self.budget) {
            self.trouble(TroubleKind::Parameter, message, node.span);
        }
        self.of_type(of, declared, shape, node)
    }

    /// A value of the type that is declared; Azure refuses any other, so nothing is known of what it would do with it.
    fn of_type(&mut self, of: &std::rc::Rc<Deployment>, declared: &Member, shape: &Shape, node: Node) -> Node {
        let Some(message) = wrong_type(declared, shape, &node) else { return node };
        self.trouble_with_help(TroubleKind::Parameter, message.clone(), node.span, TYPE_HELP);
        Node { span: node.span, ..self.absent(of, declared, shape, Reason::Invalid(message.into())) }
    }
}

/// What a declaration says of a parameter's type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Its type in lower case, `secure` taken off.
    pub(crate) kind: String,
    /// Whether it is secure.
    pub(crate) secure: bool,
    /// Whether it may be null.
    pub(crate) nullable: bool,
    /// The only values allowed.
    pub(crate) allowed: Vec<Node>,
}

/// The shape of a declaration, through the types it refers to.
pub(crate) fn shape(of: &Deployment, declared: &Node) -> Shape {
    let mut shape = Shape::default();
    let mut current = Some(declared.clone());
    // Types may refer to types; a circle of them ends here.
    for _ in 0..16 {
        let Some(node) = current.take() else { break };
        shape.nullable |= node.get("nullable").and_then(Node::bool).unwrap_or(false);
        if shape.allowed.is_empty()
            && let Some(allowed) = node.get("allowedValues")
        {
            shape.allowed = allowed.items().to_vec();
        }
        if let Some(kind) = node.get("type").and_then(Node::text) {
            let kind = kind.to_ascii_lowercase();
            shape.secure = kind.starts_with("secure");
            shape.kind = kind.trim_start_matches("secure").to_owned();
            break;
        }
        current = node.get("$ref").and_then(Node::text).and_then(|path| definition(of, path)).cloned();
    }
    shape
}

fn definition<'a>(of: &'a Deployment, path: &str) -> Option<&'a Node> {
    path.strip_prefix("#/")?.split('/').try_fold(&of.template, |node, key| node.get(&key.replace("~1", "/")))
}

/// What a declaration has against the type of a value.
pub(crate) fn wrong_type(declared: &Member, shape: &Shape, node: &Node) -> Option<String> {
    let fits = match (shape.kind.as_str(), &node.value) {
        (_, Value::Unknown(_) | Value::Null) => true,
        ("string", value) => matches!(value, Value::Text(_)),
        ("int", Value::Number(number)) => number.as_i64().is_some(),
        ("bool", value) => matches!(value, Value::Bool(_)),
        ("array", value) => matches!(value, Value::List(_)),
        ("object", value) => matches!(value, Value::Object(_)),
        ("int", _) => false,
        _ => true,
    };
    let wanted = match shape.kind.as_str() {
        "int" => "an integer",
        "bool" => "a boolean",
        "array" => "an array",
        "object" => "an object",
        _ => "a string",
    };
    (!fits).then(|| format!("parameter `{}` is declared as {wanted}, and is given {}", declared.key, node.kind()))
}

/// A value from the command line or the settings as the type that is declared, where what is written can be read so:
/// `010` is a text for a string.
pub(crate) fn as_declared(shape: &Shape, node: &Node) -> Node {
    let value = match (shape.kind.as_str(), &node.value) {
        ("string", Value::Number(number)) => Value::Text(number.as_str().into()),
        ("string", Value::Bool(truth)) => Value::Text(truth.to_string().into()),
        ("int", Value::Text(text)) => match text.parse() {
            Ok(number) => value::int(number),
            Err(_) => return node.clone(),
        },
        ("bool", Value::Text(_)) => value::as_bool(node).map_or_else(|| node.value.clone(), Value::Bool),
        _ => return node.clone(),
    };
    Node { value, ..node.clone() }
}

/// The values of a parameter file, with or without the schema and the key around them.
pub(crate) fn entries(root: &Node) -> Option<&Node> {
    let inner = root.get("parameters").filter(|entries| entries.is_object());
    // A parameter may be called `parameters`.
    if inner.is_none_or(is_entry) && is_bare_parameter_file(root) { Some(root) } else { inner }
}

/// Whether a document is the inside of a parameter file: `{ "name": { "value": … } }`, as Azure's command line takes it.
pub fn is_bare_parameter_file(root: &Node) -> bool {
    !root.members().is_empty() && root.members().iter().all(|member| is_entry(&member.node))
}

/// Whether an object gives a value to a parameter.
pub(crate) fn is_entry(node: &Node) -> bool {
    ["value", "reference", "expression"].iter().any(|key| node.get(key).is_some())
}

/// The entries of a parameter file for which no template declares a parameter, which Azure refuses.
pub(crate) fn undeclared<'a>(entries: &'a Node, templates: &'a [&'a Node]) -> impl Iterator<Item = &'a Member> {
    let declares = |template: &Node, name: &str| template.at(&["parameters", name]).is_some();
    entries.members().iter().filter(move |member| !templates.iter().any(|template| declares(template, &member.key)))
}

/// What to do about a value for a parameter that no template declares.
pub(crate) const STRAY_HELP: &str = "Correct the name, or remove the value.";

/// What to do about a value of the wrong type.
pub(crate) const TYPE_HELP: &str =
    "Give a value of the declared type: in JSON, text has quotes, and numbers and booleans have none.";

/// What to say of a value for a parameter that no template declares.
pub(crate) fn stray(entry: &Member, template: &Node) -> String {
    let names = template.get("parameters").map(Node::members).unwrap_or_default().iter().map(|member| &*member.key);
    let meant = nearest(&entry.key, names).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    format!("the template declares no parameter `{}`, and Azure refuses a value for it{meant}", entry.key)
}

/// A literal value with its placeholders made unknown.
pub(crate) fn with_holes(node: &Node) -> Node {
    holed(node).unwrap_or_else(|| node.clone())
}

fn holed(node: &Node) -> Option<Node> {
    match &node.value {
        Value::Text(text) => {
            let parts = pieces(text, node)?;
            Some(Node { value: partial::assembled(parts, text, node.span), ..node.clone() })
        }
        Value::List(items) => Some(Node { value: value::list(value::replaced(items, holed)?), ..node.clone() }),
        Value::Object(members) => {
            let new = |member: &Member| Some(Member { node: holed(&member.node)?, ..member.clone() });
            Some(Node { value: value::object(value::replaced(members, new)?), ..node.clone() })
        }
        _ => None,
    }
}

/// A text cut at its placeholders; `None` when it has none.
fn pieces(text: &str, node: &Node) -> Option<Vec<Part>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((at, length)) = placeholder(rest) {
        let start = text.len() - rest.len() + at;
        out.push(Part::Text(rest[..at].into()));
        let name: Arc<str> = rest[at..at + length].into();
        // Two placeholders of one name may be filled differently: the place is part of the key.
        let key = format!("placeholder:{name}@{}:{}", node.span.file.0, node.span.start as usize + start);
        let hole = partial::unknown(Reason::Placeholder(Arc::clone(&name)), &name, node.span, key);
        out.push(Part::Hole(Arc::new(hole)));
        rest = &rest[at + length..];
    }
    if out.is_empty() {
        return None;
    }
    out.push(Part::Text(rest.into()));
    Some(out)
}

/// Where the first placeholder of a text is, and how long.
pub(crate) fn placeholder(text: &str) -> Option<(usize, usize)> {
    let word = ["GEN-", "GET-PREREQ-", "GET-AZURE-"].iter().filter_map(|prefix| {
        let at = text.find(prefix)?;
        let before = text[..at].chars().next_back();
        let length = text[at..].find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || "-_".contains(c)));
        let mut length = length.unwrap_or(text.len() - at);
        if *prefix == "GET-PREREQ-" {
            length =
                text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(text.len() - at);
        }
        (length > prefix.len() && before.is_none_or(|c| !c.is_ascii_uppercase())).then_some((at, length))
    });
    let marked =
        [("#{", "}#"), ("#_", "_#"), ("${", "}"), ("{{", "}}"), ("$(", ")")].iter().filter_map(|(open, close)| {
            let at = text.find(open)?;
            let inner = text[at + open.len()..].find(close)?;
            (inner > 0).then_some((at, open.len() + inner + close.len()))
        });
    let whole = (text.len() > 2
        && text.starts_with('<')
        && text.ends_with('>')
        && !text[1..text.len() - 1].contains(['<', '>']))
    .then_some((0, text.len()));
    word.chain(marked).chain(whole).min_by_key(|&(at, _)| at)
}

/// Whether a default holds a token that a pipeline replaces before it deploys: no value looks like one.
fn is_token(default: &Node) -> bool {
    default.text().is_some_and(|text| {
        [("#{", "}#"), ("#_", "_#")]
            .iter()
            .any(|(open, close)| text.split_once(open).is_some_and(|(_, rest)| rest.contains(close)))
    })
}

/// What a declaration has against a value.
pub(crate) fn forbidden(declared: &Member, node: &Node, budget: &mut Budget) -> Option<String> {
    let name = &declared.key;
    let bound = |key: &str| declared.node.get(key).and_then(value::as_int);
    if node.unknown().is_some() || node.is_null() {
        return None;
    }
    let allowed = declared.node.get("allowedValues").map(Node::items).unwrap_or_default();
    let among = |node: &Node, budget: &mut Budget| {
        allowed.iter().any(|other| match (other.text(), node.text()) {
            (Some(other), Some(text)) => other.to_lowercase() == text.to_lowercase(),
            _ => value::same(other, node, budget).ok().flatten() != Some(false),
        })
    };
    let is_among = match &node.value {
        // For an array, the values allowed are those of its elements, or whole arrays.
        Value::List(items) => among(node, budget) || items.iter().all(|item| among(item, budget)),
        _ => among(node, budget),
    };
    if !allowed.is_empty() && !is_among {
        return Some(format!("the value is not among the allowed values of parameter `{name}`"));
    }
    let size = match &node.value {
        Value::Text(text) => i64::try_from(text.chars().count()).ok(),
        Value::List(items) if partial::is_closed(items) => i64::try_from(items.len()).ok(),
        _ => None,
    };
    if let (Some(size), Some(least)) = (size, bound("minLength"))
        && size < least
    {
        return Some(format!("the value is shorter than parameter `{name}` allows ({least})"));
    }
    if let (Some(size), Some(most)) = (size, bound("maxLength"))
        && size > most
    {
        return Some(format!("the value is longer than parameter `{name}` allows ({most})"));
    }
    if let Value::Number(number) = &node.value {
        let number = number.as_i64()?;
        if bound("minValue").is_some_and(|least| number < least) || bound("maxValue").is_some_and(|most| number > most)
        {
            return Some(format!("the value lies outside what parameter `{name}` allows"));
        }
    }
    None
}

#[cfg(test)]
mod parameters_tests {
    use super::placeholder;

    #[test]
    fn placeholders_are_found_inside_texts() {
        let check = |text: &str| placeholder(text).map(|(at, length)| text[at..at + length].to_owned());
        assert_eq!(check("GEN-UNIQUE").as_deref(), Some("GEN-UNIQUE"));
        assert_eq!(check("contosoGEN-UNIQUE-8x").as_deref(), Some("GEN-UNIQUE-8"));
        assert_eq!(check("GET-PREREQ-vnetName").as_deref(), Some("GET-PREREQ-vnetName"));
        assert_eq!(check("#{Token}#").as_deref(), Some("#{Token}#"));
        assert_eq!(check("dep-#_namePrefix_#-x").as_deref(), Some("#_namePrefix_#"));
        assert_eq!(check("<your ip>").as_deref(), Some("<your ip>"));
        assert_eq!(check("10.0.0.0/16"), None);
        assert_eq!(check("GEN-"), None);
        assert_eq!(check("OXYGEN-A"), None);
    }
}
