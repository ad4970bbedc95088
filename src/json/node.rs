//! A JSON value that knows where it was written and, after template evaluation, the way it came.
//!
//! Reading text is the work of `parse`; selecting by JSONPath that of `select`.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::source::Span;

/// One value of a document. Cloning is cheap: lists, objects and texts are shared.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The bytes it was written at. After template evaluation: the literal a user edits to change it.
    pub span: Span,
    /// The way it came from that literal to its use; `None` when it is used where it is written.
    pub via: Option<Arc<Trail>>,
}

/// What a value can be.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with the digits it was written in.
    Number(Number),
    /// A string, decoded.
    Text(Arc<str>),
    /// An array.
    List(Arc<Vec<Node>>),
    /// An object, in the order written; of two equal keys (without case) both are kept, and the last one counts.
    Object(Arc<Vec<Member>>),
    /// Something only a deployment can tell.
    Unknown(Arc<Unknown>),
    /// An expression of a source language, not evaluated yet.
    Deferred(Deferred),
}

/// An expression that only the evaluator of its language can open. None is left in what that evaluator hands out.
#[derive(Clone)]
pub struct Deferred(Arc<dyn Any + Send + Sync>);

impl Deferred {
    /// An expression of some type.
    pub fn new(expression: impl Any + Send + Sync) -> Self {
        Self(Arc::new(expression))
    }

    /// The expression, when it is of this type.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.0).downcast().ok()
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Deferred")
    }
}

/// One key and its value.
#[derive(Clone, Debug)]
pub struct Member {
    /// The key, decoded, in the case written.
    pub key: Arc<str>,
    /// The key with its quotes.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

/// A number as written; conversion happens on demand, so `1e999` or 40 digits lose nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Arc<str>);

impl Number {
    /// From the digits written. The text must follow JSON's number grammar.
    pub fn new(digits: impl Into<Arc<str>>) -> Self {
        Self(digits.into())
    }

    /// The digits written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The integer it stands for, when it has no fraction or exponent and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The nearest float; infinite when it is too large.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Why a value is not known before deployment, and what is known of it all the same.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Why.
    pub reason: Reason,
    /// The expression or text as written.
    pub text: Arc<str>,
    /// Where that text stands.
    pub span: Span,
    /// Equal keys mean equal values in every deployment.
    pub key: Arc<str>,
    /// For strings: the known parts with holes between them; empty when nothing is known.
    pub parts: Vec<Part>,
    /// The only values possible, when they are few and known; else empty.
    pub domain: Vec<Node>,
}

impl Unknown {
    /// Whether every deployment gives both the same value.
    pub fn is_same_as(&self, other: &Self) -> bool {
        !self.key.is_empty() && self.key == other.key
    }

    /// Whether some deployment may give this text, but for case: what is known of it does not rule that out.
    pub fn may_be(&self, text: &str) -> bool {
        if !self.domain.is_empty() && self.domain.iter().all(|value| value.text().is_some()) {
            return self.domain.iter().filter_map(Node::text).any(|value| value.eq_ignore_ascii_case(text));
        }
        let text = text.to_ascii_lowercase();
        let mut rest = Some(text.as_str());
        let mut after_hole = false;
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Text(known) = part else {
                after_hole = true;
                continue;
            };
            let known = known.to_ascii_lowercase();
            let is_last = at + 1 == self.parts.len();
            rest = rest.and_then(|rest| match (after_hole, is_last) {
                (false, true) => (rest == known).then_some(""),
                (false, false) => rest.strip_prefix(known.as_str()),
                (true, true) => rest.strip_suffix(known.as_str()),
                (true, false) => rest.split_once(known.as_str()).map(|(_, rest)| rest),
            });
            after_hole = false;
        }
        rest.is_some()
    }
}

/// A piece of a string that is known in part.
#[derive(Clone, Debug)]
pub enum Part {
    /// Known characters.
    Text(Arc<str>),
    /// Characters only a deployment can tell.
    Hole(Arc<Unknown>),
}

/// Why a value is unknown. A tool error is never a reason: what is wrong with the input is a finding as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An expression in a document that is not evaluated.
    NotEvaluated,
    /// A parameter that has neither value nor default.
    ParameterWithoutValue(Arc<str>),
    /// A secure parameter; its value is never in the files.
    SecureParameter(Arc<str>),
    /// A parameter whose value comes from a key vault.
    KeyVaultReference(Arc<str>),
    /// A placeholder such as `GEN-UNIQUE` in a parameter file.
    Placeholder(Arc<str>),
    /// `reference()` of something this run does not declare.
    Reference,
    /// `listKeys()` and its kind.
    ListFunction(Arc<str>),
    /// A function that answers at deployment only: `newGuid`, `utcNow`, `pickZones`, ….
    RuntimeFunction(Arc<str>),
    /// A function this program does not know.
    UnknownFunction(Arc<str>),
    /// The deployment's own subscription, resource group, location or name.
    Context(Arc<str>),
    /// A linked template that was not found among the inputs.
    LinkUnresolved(Arc<str>),
    /// A copy loop whose count is unknown.
    CopyCount,
    /// A condition that is unknown.
    Condition,
    /// An expression that fails; the text says how.
    EvaluationError(Arc<str>),
    /// A guard against hostile input; the text says which.
    Limit(Arc<str>),
    /// A value that Azure would refuse; the text says why.
    Invalid(Arc<str>),
    /// A field that should be there and is not.
    Missing(Arc<str>),
    /// A fact the user can give on the command line or in the settings.
    Fact(Arc<str>),
    /// A property of a resource that the input mentions without showing it.
    NotShown(Arc<Mention>),
    /// What Terraform knows after it made the resources; the text says what it comes from, when that is known.
    AfterApply(Arc<str>),
}

/// A property that a mention of a resource leaves open, and what names the resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mention {
    /// The type of the resource.
    pub type_name: Arc<str>,
    /// The property; empty: all of them.
    pub property: Arc<str>,
    /// Its full id; its name, with those of its parents in front, where no id is shown.
    pub id: Arc<str>,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEvaluated => out.write_str("the expression is not evaluated"),
            Self::ParameterWithoutValue(name) => write!(out, "parameter `{name}` has no value"),
            Self::SecureParameter(name) => write!(out, "parameter `{name}` is secure"),
            Self::KeyVaultReference(name) => write!(out, "parameter `{name}` comes from a key vault"),
            Self::Placeholder(text) => write!(out, "`{text}` is a placeholder"),
            Self::Reference => out.write_str("reference() answers at deployment"),
            Self::ListFunction(name) | Self::RuntimeFunction(name) => write!(out, "{name}() answers at deployment"),
            Self::UnknownFunction(name) => write!(out, "function {name}() is not known here"),
            Self::Context(what) => write!(out, "{what} is known at deployment"),
            Self::LinkUnresolved(link) => write!(out, "linked template `{link}` was not found"),
            Self::CopyCount => out.write_str("the number of copies is unknown"),
            Self::Condition => out.write_str("its condition is unknown"),
            Self::EvaluationError(error) => write!(out, "the expression fails: {error}"),
            Self::Limit(limit) => write!(out, "a limit was reached: {limit}"),
            Self::Invalid(why) => write!(out, "the value is invalid: {why}"),
            Self::Missing(what) => write!(out, "`{what}` is missing"),
            Self::Fact(name) => write!(out, "fact `{name}` is not known"),
            Self::AfterApply(from) if from.is_empty() => out.write_str("known after apply"),
            Self::AfterApply(from) => write!(out, "known after apply, from {from}"),
            Self::NotShown(mention) => {
                let name = mention.id.rsplit('/').next().unwrap_or_default();
                match &*mention.property {
                    "" => write!(out, "the input mentions `{name}` and does not show what it holds"),
                    property => write!(out, "the input does not show `{property}` of `{name}`"),
                }
            }
        }
    }
}

/// One step on the way of a value from its literal to its use, the last step first.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Where the step is written: the use.
    pub span: Span,
    /// What kind of step it is.
    pub how: How,
    /// The step before it, nearer to the literal.
    pub next: Option<Arc<Trail>>,
}

impl Trail {
    /// Every step, from the use to the literal.
    pub fn steps(&self) -> impl Iterator<Item = &Trail> {
        std::iter::successors(Some(self), |step| step.next.as_deref())
    }
}

/// The kinds of steps a value can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Through a parameter given in a parameter file or on the command line.
    ParameterValue(Arc<str>),
    /// Through the default of a parameter.
    ParameterDefault(Arc<str>),
    /// Through a parameter passed by the parent deployment.
    ParameterArgument(Arc<str>),
    /// Through a variable.
    Variable(Arc<str>),
    /// Through a copy loop, at this index.
    Copy(Arc<str>, usize),
    /// Computed by a function.
    Call(Arc<str>),
    /// Computed by an operator, or put together out of pieces.
    Operation,
    /// Selected out of a larger value.
    Access,
    /// Through an output of a nested deployment.
    Output(Arc<str>),
    /// Through the parameter of a lambda.
    Lambda(Arc<str>),
}

impl fmt::Display for How {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParameterValue(name) | Self::ParameterArgument(name) => write!(out, "through parameter `{name}`"),
            Self::ParameterDefault(name) => write!(out, "through the default of parameter `{name}`"),
            Self::Variable(name) => write!(out, "through variable `{name}`"),
            Self::Copy(name, index) => write!(out, "in copy loop `{name}`, item {index}"),
            Self::Call(name) => write!(out, "through {name}()"),
            Self::Operation => out.write_str("computed here"),
            Self::Access => out.write_str("selected here"),
            Self::Output(name) => write!(out, "through output `{name}`"),
            Self::Lambda(name) => write!(out, "through `{name}` of a lambda"),
        }
    }
}

impl Node {
    /// The same value, all of it written at one place: for values out of a text that is itself a value.
    #[must_use]
    pub fn written_at(&self, span: Span) -> Self {
        let value = match &self.value {
            Value::List(items) => Value::List(Arc::new(items.iter().map(|item| item.written_at(span)).collect())),
            Value::Object(members) => {
                let inner = |one: &Member| Member { key_span: span, node: one.node.written_at(span), ..one.clone() };
                Value::Object(Arc::new(members.iter().map(inner).collect()))
            }
            other => other.clone(),
        };
        Self::new(value, span)
    }

    /// A value written at `span`.
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span, via: None }
    }

    /// The value of a key, compared without case; of two equal keys the last one. `None` on anything but an object.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.node)
    }

    /// Key and value of a key, as [`Node::get`].
    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().rev().find(|member| member.key.eq_ignore_ascii_case(key))
    }

    /// The value behind several keys, each inside the one before.
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The members of an object; empty for anything else.
    pub fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array; empty for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of `true` and `false`.
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// Whether it is an array.
    pub fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Why it is unknown, when it is.
    pub fn unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.value {
            Value::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    /// Whether ARM reads it as "not there": `null`, `""`, `[]`.
    pub fn is_blank(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// What kind of value it is, for messages: "a string", "an array", ….
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "an array",
            Value::Object(_) => "an object",
            Value::Unknown(_) | Value::Deferred(_) => "an expression",
        }
    }

    /// A string's own characters: its span without the quotes.
    pub fn inner_span(&self) -> Span {
        match self.value {
            Value::Text(_) if self.span.len() >= 2 => self.span.part(1, self.span.len() - 2),
            _ => self.span,
        }
    }
}
