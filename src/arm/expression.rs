//! Template expressions: their shape, and how they are read from text, bounded in length and depth.
//!
//! Places inside an expression of a JSON template are bytes of the decoded string that holds it, so that one tree serves
//! every string with the same text; those of a lowered source language are bytes of the file.

use std::sync::Arc;

use crate::arm::functions::{self, Function};
use crate::json::{Member, Node, Number};
use crate::source::FileId;

/// One expression or a part of one.
#[derive(Debug)]
pub(crate) struct Expression {
    /// What it is.
    pub(crate) kind: ExpressionKind,
    /// Its first byte in the decoded string.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
}

/// What an expression can be.
#[derive(Debug)]
pub(crate) enum ExpressionKind {
    /// `'text'`, decoded.
    Text(Arc<str>),
    /// `12` or `-1.5`.
    Number(Number),
    /// `name(…)`.
    Call(Call),
    /// `base.name[index]…`.
    Select(Box<Expression>, Vec<Step>),
    /// A value written in place, its parts evaluated where it stands.
    Value(Node),
    /// An object some of whose keys are expressions, or are no keys to ARM; each takes the place of the key beside it.
    Keyed(Vec<(Expression, Member)>),
    /// The same expression as elsewhere in the file.
    Again(Arc<Expression>),
    /// The list that an object of `name`, `count` and `input` stands for.
    Loop(Node),
    /// An expression as it is in one round of a loop that is not around this place.
    Round {
        /// The name of the loop.
        name: Arc<str>,
        /// The number of the round.
        index: Box<Expression>,
        /// What is evaluated in it.
        body: Arc<Expression>,
    },
    /// A variable of another file.
    Imported(FileId, Arc<str>),
}

/// A call with its arguments.
#[derive(Debug)]
pub(crate) struct Call {
    /// What is called.
    pub(crate) callee: Callee,
    /// Its name as written, namespace included.
    pub(crate) name: Arc<str>,
    /// Its arguments.
    pub(crate) args: Vec<Expression>,
    /// Whether it is written as a call, so that its name says something to whoever wrote it.
    pub(crate) is_written: bool,
}

/// What a call refers to.
#[derive(Debug)]
pub(crate) enum Callee {
    /// One that needs the evaluator: it is lazy, has a scope, or answers at deployment.
    Form(Form),
    /// A pure function of its arguments.
    Function(&'static Function),
    /// A function the template declares, by `namespace.name` in lower case.
    User(Arc<str>),
    /// A function that another file declares, likewise.
    Imported(FileId, Arc<str>),
    /// A name not known here.
    Unknown,
}

/// One selection out of a value.
#[derive(Debug)]
pub(crate) enum Step {
    /// `.name`
    Name(Arc<str>),
    /// `[expression]`
    Index(Expression),
}

/// The calls that are more than pure functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `if(condition, then, else)`, which evaluates one branch.
    If,
    /// `and(…)`, which stops at the first false.
    And,
    /// `or(…)`, which stops at the first true.
    Or,
    /// `coalesce(…)`, which stops at the first value that is not null.
    Coalesce,
    /// `parameters('name')`
    Parameters,
    /// `variables('name')`
    Variables,
    /// `copyIndex(…)`
    CopyIndex,
    /// `lambda(…)` outside a function that takes one.
    Lambda,
    /// `lambdaVariables('name')`
    LambdaVariables,
    /// `map(array, lambda)`
    Map,
    /// `filter(array, lambda)`
    Filter,
    /// `reduce(array, initial, lambda)`
    Reduce,
    /// `sort(array, lambda)`
    Sort,
    /// `toObject(array, key[, value])`
    ToObject,
    /// `groupBy(array, key)`
    GroupBy,
    /// `mapValues(object, lambda)`
    MapValues,
    /// `deployment()`
    Deployment,
    /// `environment()`
    Environment,
    /// `resourceGroup()`
    ResourceGroup,
    /// `subscription()`
    Subscription,
    /// `tenant()`
    Tenant,
    /// `managementGroup()`
    ManagementGroup,
    /// `resourceId(…)`
    ResourceId,
    /// `subscriptionResourceId(…)`
    SubscriptionResourceId,
    /// `tenantResourceId(…)`
    TenantResourceId,
    /// `managementGroupResourceId(…)`
    ManagementGroupResourceId,
    /// `extensionResourceId(…)`
    ExtensionResourceId,
    /// `reference(…)`
    Reference,
    /// `resourceInfo('symbol')`
    ResourceInfo,
    /// The id of the resource of a symbol, in the loops of this place.
    Identity,
    /// `listKeys(…)` and its kind.
    List,
    /// A function that answers at deployment only.
    Runtime,
}

impl Form {
    /// The form of a name in lower case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "if" => Self::If,
            "and" => Self::And,
            "or" => Self::Or,
            "coalesce" => Self::Coalesce,
            "parameters" => Self::Parameters,
            "variables" => Self::Variables,
            "copyindex" => Self::CopyIndex,
            "lambda" => Self::Lambda,
            "lambdavariables" => Self::LambdaVariables,
            "map" => Self::Map,
            "filter" => Self::Filter,
            "reduce" => Self::Reduce,
            "sort" => Self::Sort,
            "toobject" => Self::ToObject,
            "groupby" => Self::GroupBy,
            "mapvalues" => Self::MapValues,
            "deployment" => Self::Deployment,
            "environment" => Self::Environment,
            "resourcegroup" => Self::ResourceGroup,
            "subscription" => Self::Subscription,
            "tenant" => Self::Tenant,
            "managementgroup" => Self::ManagementGroup,
            "resourceid" => Self::ResourceId,
            "subscriptionresourceid" => Self::SubscriptionResourceId,
            "tenantresourceid" => Self::TenantResourceId,
            "managementgroupresourceid" => Self::ManagementGroupResourceId,
            "extensionresourceid" => Self::ExtensionResourceId,
            "reference" => Self::Reference,
            "resourceinfo" => Self::ResourceInfo,
            "references"
            | "providers"
            | "pickzones"
            | "deployer"
            | "roledefinitions"
            | "externalinput"
            | "externalinputs"
            | "readenvironmentvariable"
            | "utcnow"
            | "newguid"
            | "getsecret"
            | "tologicalzone"
            | "tologicalzones"
            | "tophysicalzone"
            | "tophysicalzones" => Self::Runtime,
            name if name.starts_with("list") && name.len() > 4 => Self::List,
            _ => return None,
        })
    }
}

/// What a name in lower case calls, functions that a template declares aside.
pub(crate) fn callee(name: &str) -> Callee {
    match functions::find(name) {
        Some(function) => Callee::Function(function),
        None => Form::of(name).map_or(Callee::Unknown, Callee::Form),
    }
}

/// Azure refuses expressions of more characters.
pub(crate) const LONGEST: usize = 24_576;
/// Longer ones are not even read.
const LONGEST_READ: usize = 1 << 20;
const DEEPEST: usize = 256;

/// Why a text is not an expression, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong.
    pub(crate) message: &'static str,
    /// The first byte of the trouble in the decoded string.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
    /// Whether a guard was hit rather than the grammar broken.
    pub(crate) limit: bool,
}

/// Whether a string of a template is an expression rather than text.
pub(crate) fn is_expression(text: &str) -> bool {
    text.len() > 2 && text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[")
}

/// The text that a string of a template stands for, when it starts with an escaped bracket.
pub(crate) fn unescaped(text: &str) -> Option<&str> {
    (text.starts_with("[[") && text.ends_with(']')).then(|| &text[1..])
}

/// Reads a string for which [`is_expression`] holds.
///
/// # Errors
/// The first place that does not follow the grammar, or the guard that was hit.
pub(crate) fn parse(text: &str) -> Result<Expression, Fault> {
    if text.len() > LONGEST_READ {
        let message = "1 MiB in one expression";
        return Err(Fault { message, start: 0, end: text.len(), limit: true });
    }
    let end = text.len().saturating_sub(1).max(1);
    let mut reader = Reader { text, at: 1, end, depth: 0 };
    let expression = reader.expression()?;
    reader.space();
    if reader.at < reader.end {
        return Err(reader.fault("the expression should end here"));
    }
    Ok(expression)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The closing bracket of the whole.
    end: usize,
    depth: usize,
}

impl Reader<'_> {
    fn expression(&mut self) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = "256 calls inside each other in one expression";
            return Err(Fault { message, start: self.at, end: self.at + 1, limit: true });
        }
        let base = self.primary()?;
        let mut steps = Vec::new();
        let mut end = base.end;
        loop {
            self.space();
            match self.peek() {
                Some(b'.') => {
                    self.at += 1;
                    self.space();
                    steps.push(Step::Name(self.name()?.into()));
                }
                Some(b'[') => {
                    self.at += 1;
                    steps.push(Step::Index(self.expression()?));
                    self.space();
                    self.take(b']', "`]` is missing")?;
                }
                _ => break,
            }
            end = self.at;
        }
        self.depth -= 1;
        if steps.is_empty() {
            return Ok(base);
        }
        let start = base.start;
        Ok(Expression { kind: ExpressionKind::Select(Box::new(base), steps), start, end })
    }

    fn primary(&mut self) -> Result<Expression, Fault> {
        self.space();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'\'') => ExpressionKind::Text(self.string()?),
            Some(b'+' | b'-' | b'0'..=b'9') => ExpressionKind::Number(self.number()?),
            Some(byte) if is_name(byte) => self.call()?,
            Some(_) => return Err(self.fault("an expression cannot start like this")),
            None => return Err(self.fault("an expression is missing")),
        };
        Ok(Expression { kind, start, end: self.at })
    }

    fn call(&mut self) -> Result<ExpressionKind, Fault> {
        let start = self.at;
        let mut name: Arc<str> = self.name()?.into();
        let mut lower = name.to_ascii_lowercase();
        self.space();
        let mut user = false;
        if self.peek() == Some(b'.') && !matches!(lower.as_str(), "true" | "false" | "null") {
            self.at += 1;
            self.space();
            let member = self.name()?;
            lower = format!("{lower}.{}", member.to_ascii_lowercase());
            name = format!("{name}.{member}").into();
            user = true;
            self.space();
        }
        if self.peek() != Some(b'(') {
            if !user
                && let Some(function) =
                    matches!(lower.as_str(), "true" | "false" | "null").then(|| functions::find(&lower)).flatten()
            {
                let callee = Callee::Function(function);
                return Ok(ExpressionKind::Call(Call { callee, name, args: Vec::new(), is_written: true }));
            }
            let message = "this is not a value; text needs quotes, a function needs brackets";
            return Err(Fault { message, start, end: start + name.len(), limit: false });
        }
        self.at += 1;
        let args = self.arguments()?;
        // Generated templates call built-in functions as `sys.name` when a parameter hides them.
        let plain = lower.strip_prefix("sys.").unwrap_or(&lower);
        let callee = if user && plain.len() == lower.len() { Callee::User(lower.into()) } else { callee(plain) };
        Ok(ExpressionKind::Call(Call { callee, name, args, is_written: true }))
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, Fault> {
        let mut args = Vec::new();
        self.space();
        if self.peek() == Some(b')') {
            self.at += 1;
            return Ok(args);
        }
        loop {
            args.push(self.expression()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => {
                    self.take(b')', "`)` or `,` is missing")?;
                    return Ok(args);
                }
            }
        }
    }

    fn string(&mut self) -> Result<Arc<str>, Fault> {
        let open = self.at;
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let rest = &self.text[self.at..self.end];
            let Some(length) = rest.find('\'') else {
                let message = "this text is never closed";
                return Err(Fault { message, start: open, end: self.end, limit: false });
            };
            decoded.push_str(&rest[..length]);
            self.at += length + 1;
            if self.peek() != Some(b'\'') {
                return Ok(decoded.into());
            }
            decoded.push('\'');
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Number, Fault> {
        let start = self.at;
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        let digits = self.digits();
        if digits == 0 {
            return Err(self.fault("digits are missing"));
        }
        if self.peek() == Some(b'.') && self.text.as_bytes().get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.digits();
        }
        let written = self.text[start..self.at].trim_start_matches('+');
        Ok(written.parse::<i64>().map_or_else(|_| Number::new(written), |value| Number::new(value.to_string())))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn name(&mut self) -> Result<&str, Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| is_name(byte) || (self.at > start && byte == b'-')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.fault("a name is missing"));
        }
        Ok(&self.text[start..self.at])
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.text.as_bytes()[self.at])
    }

    fn take(&mut self, byte: u8, message: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(message));
        }
        self.at += 1;
        Ok(())
    }

    fn fault(&self, message: &'static str) -> Fault {
        let start = self.at.min(self.text.len());
        let width = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Fault { message, start, end: start + width, limit: false }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#') || byte >= 0x80
}

#[cfg(test)]
mod grammar_tests {
    use super::{ExpressionKind, is_expression, parse, unescaped};
    use crate::arm::expression::{Callee, Step};

    #[test]
    fn a_string_is_an_expression_only_between_single_brackets() {
        assert!(is_expression("[a()]"));
        assert!(!is_expression(" [a()]"));
        assert!(!is_expression("[[a()]"));
        assert!(!is_expression("[a"));
        assert!(!is_expression("[]"));
        assert_eq!(unescaped("[[a]"), Some("[a]"));
        assert_eq!(unescaped("[[a"), None);
    }

    #[test]
    fn quotes_are_doubled_and_backslashes_plain() {
        let expression = parse(r"['it''s \n']").unwrap();
        assert!(matches!(expression.kind, ExpressionKind::Text(text) if &*text == r"it's \n"));
    }

    #[test]
    fn a_chain_keeps_its_range() {
        let text = "[ parameters('x').rules [0]\n.port ]";
        let expression = parse(text).unwrap();
        assert_eq!(&text[expression.start..expression.end], "parameters('x').rules [0]\n.port");
        let ExpressionKind::Select(_, steps) = expression.kind else { panic!("no chain") };
        assert!(matches!(&steps[..], [Step::Name(_), Step::Index(_), Step::Name(_)]));
    }

    #[test]
    fn a_namespace_makes_a_user_function() {
        let expression = parse("[__bicep.Make('a')]").unwrap();
        let ExpressionKind::Call(call) = expression.kind else { panic!("no call") };
        assert!(matches!(call.callee, Callee::User(name) if &*name == "__bicep.make"));
    }

    #[test]
    fn faults_have_a_place() {
        let fault = parse("[concat('a', foo)]").unwrap_err();
        assert_eq!((fault.start, fault.end), (13, 16));
        assert!(parse("[concat('a']").is_err());
        assert!(parse("[concat('a)]").is_err());
        assert!(parse("[a() b()]").is_err());
        assert!(parse("[a(,)]").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("[{}1{}]", "array(".repeat(300), ")".repeat(300));
        assert!(parse(&deep).unwrap_err().limit);
        let wide = format!("[a(){}]", ".b".repeat(100_000));
        assert!(parse(&wide).is_ok());
    }
}
