//! What a Bicep file says: declarations, expressions and types, each with its place.

use std::sync::Arc;

use crate::json::{Comment, SyntaxError};
use crate::source::Span;

/// One file, `.bicep` or `.bicepparam`.
#[derive(Debug)]
pub struct File {
    /// Every declaration that could be read, in the order written.
    pub declarations: Vec<Declaration>,
    /// Its comments, in the order written; directives such as `#disable-next-line` are none.
    pub comments: Vec<Comment>,
    /// The first error of each declaration that could not be read, in the order written.
    pub errors: Vec<SyntaxError>,
    /// The names of declarations that could not be read, as far as they could be told: what they mean is unknown.
    pub broken: Vec<Name>,
    /// The whole text.
    pub span: Span,
}

impl File {
    /// A file that says nothing.
    pub fn empty(span: Span) -> Self {
        Self { declarations: Vec::new(), comments: Vec::new(), errors: Vec::new(), broken: Vec::new(), span }
    }
}

/// A name and where it stands.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: Arc<str>,
    /// Its characters.
    pub span: Span,
}

/// One declaration.
#[derive(Debug)]
pub struct Declaration {
    /// The decorators before it.
    pub decorators: Vec<Decorator>,
    /// What it declares.
    pub kind: DeclarationKind,
    /// From its keyword to its end, decorators left out.
    pub span: Span,
}

/// `@name(arguments)`
#[derive(Debug)]
pub struct Decorator {
    /// Its name; `sys.` is taken off.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Expression>,
    /// From `@` to its end.
    pub span: Span,
}

/// What a declaration declares.
#[derive(Debug)]
pub enum DeclarationKind {
    /// `targetScope = value`
    TargetScope(Expression),
    /// `metadata name = value`
    Metadata(Name, Expression),
    /// `param name type = default`. In a `.bicepparam` there is no type, and the default is the value given.
    Parameter {
        /// Its name.
        name: Name,
        /// Its type, where one is written.
        of_type: Option<Type>,
        /// The default, or the value of a parameter file.
        value: Option<Expression>,
    },
    /// `type name = type`
    Type(Name, Type),
    /// `var name = value`
    Variable {
        /// Its name.
        name: Name,
        /// Its value.
        value: Expression,
    },
    /// `func name(parameters) type => body`
    Function {
        /// Its name.
        name: Name,
        /// The names and types of its parameters.
        parameters: Vec<(Name, Type)>,
        /// The type of its value.
        output: Type,
        /// Its body.
        body: Expression,
    },
    /// `resource name 'type@version' = body`
    Resource(Resource),
    /// `module name 'path' = body`
    Module(Module),
    /// `output name type = value`
    Output {
        /// Its name.
        name: Name,
        /// Its type.
        of_type: Type,
        /// Its value.
        value: Expression,
    },
    /// `import {a, b as c} from 'path'`, `import * as n from 'path'`
    Import {
        /// What is imported.
        items: Imported,
        /// From where.
        path: Expression,
    },
    /// `extension 'spec' with {…} as name`; also the older `provider 'spec'` and `import 'spec' as name`. The
    /// specification may be a bare name.
    Extension {
        /// What is meant: `microsoftGraph`, `br:…`.
        spec: Arc<str>,
        /// The name given by `as`.
        alias: Option<Name>,
    },
    /// `assert name = condition`
    Assert(Name, Expression),
    /// `test name 'path' = {…}`
    Test(Name),
    /// `using 'path'` of a parameter file; `None` for `using none`.
    Using(Option<Expression>),
    /// `extends 'path'` of a parameter file.
    Extends(Expression),
    /// `extensionConfig name with {…}` of a parameter file.
    ExtensionConfig(Name),
}

/// What an `import` brings.
#[derive(Debug)]
pub enum Imported {
    /// `{a, b as c}`: the name there, the name here.
    Names(Vec<(Name, Name)>),
    /// `* as n`
    All(Name),
}

/// A resource, at the top of a file or inside another one.
#[derive(Debug)]
pub struct Resource {
    /// Its symbol.
    pub name: Name,
    /// `type@version`
    pub of_type: Expression,
    /// Whether it is only referred to.
    pub existing: bool,
    /// Condition, loop and members.
    pub body: Body,
}

/// A module.
#[derive(Debug)]
pub struct Module {
    /// Its symbol.
    pub name: Name,
    /// Where its file is: a path, or `br:…`, `ts:…`.
    pub path: Expression,
    /// Condition, loop and members.
    pub body: Body,
}

/// The body of a resource or a module: `{…}`, `if (c) {…}`, `[for x in e: …]`.
#[derive(Debug)]
pub struct Body {
    /// The loop around it.
    pub looped: Option<Loop>,
    /// Its condition, inside the loop.
    pub condition: Option<Expression>,
    /// Its members.
    pub object: Object,
    /// All of it.
    pub span: Span,
}

/// The head of a loop: `for item in source`, `for (item, index) in source`.
#[derive(Debug)]
pub struct Loop {
    /// The variable of the item.
    pub item: Name,
    /// The variable of the index.
    pub index: Option<Name>,
    /// What it goes through.
    pub source: Box<Expression>,
}

/// An object as written.
#[derive(Debug)]
pub struct Object {
    /// Its entries, in the order written.
    pub entries: Vec<Entry>,
    /// Its braces and all between.
    pub span: Span,
}

/// One entry of an object.
#[derive(Debug)]
pub enum Entry {
    /// `key: value`
    Member {
        /// The key: a name or string as [`ExpressionKind::Text`], else an interpolated string.
        key: Expression,
        /// The value.
        value: Expression,
    },
    /// `...value`
    Spread(Expression),
    /// A resource inside the body of a resource.
    Resource(Vec<Decorator>, Box<Resource>, Span),
}

/// An expression.
#[derive(Debug)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Its characters; a bracket in parentheses does not count.
    pub span: Span,
}

/// What an expression can be.
#[derive(Debug)]
pub enum ExpressionKind {
    /// A string without holes, decoded. Its span holds the quotes; for a bare key it does not.
    Text(Arc<str>),
    /// A string with holes: the decoded pieces of text and the holes in turn, starting and ending with a text, so one
    /// more text than holes.
    Interpolated(Vec<Arc<str>>, Vec<Expression>),
    /// A whole number; a minus in front of a literal belongs to it.
    Number(i64),
    /// `true`, `false`
    Bool(bool),
    /// `null`
    Null,
    /// A name.
    Name(Arc<str>),
    /// `[…]`
    List(Vec<Item>),
    /// `{…}`
    Object(Object),
    /// `[for … : body]`
    For(Box<Loop>, Box<Expression>),
    /// `if (condition) body` inside a loop that is an expression; only of bodies, kept for a clear error.
    If(Box<Expression>, Box<Expression>),
    /// `name(arguments)`
    Call(Box<Name>, Vec<Expression>),
    /// `base.name(arguments)`, `base::name` aside.
    Method(Box<Expression>, Box<Name>, Vec<Expression>),
    /// `base.name`, or `base.?name` when safe.
    Member {
        /// What is selected from.
        base: Box<Expression>,
        /// The name.
        name: Name,
        /// Whether a missing member gives null.
        safe: bool,
    },
    /// `base[index]`; `[?i]` when safe, `[^i]` when counted from the end.
    Index {
        /// What is selected from.
        base: Box<Expression>,
        /// The index or key.
        index: Box<Expression>,
        /// Whether a missing element gives null.
        safe: bool,
        /// Whether 1 is the last.
        from_end: bool,
    },
    /// `base::name`
    Nested(Box<Expression>, Name),
    /// `value!`
    NotNull(Box<Expression>),
    /// `(value)`: it ends a chain of safe selections.
    Parenthesis(Box<Expression>),
    /// `!x`, `-x`
    Prefix(Prefix, Box<Expression>),
    /// `a + b`
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `c ? a : b`
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
    /// `x => e`, `(x, y) => e`
    Lambda(Vec<Name>, Box<Expression>),
    /// What could not be read, inside a declaration that could; and the `?` that the decompiler writes.
    Unknown,
}

/// An element of a list as written.
#[derive(Debug)]
pub enum Item {
    /// A value.
    Value(Expression),
    /// `...value`
    Spread(Expression),
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `!`
    Not,
    /// `-`
    Minus,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `??`
    Coalesce,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equals,
    /// `!=`
    NotEquals,
    /// `=~`
    EqualsInsensitive,
    /// `!~`
    NotEqualsInsensitive,
    /// `<`
    Less,
    /// `<=`
    LessOrEquals,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEquals,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// A type.
#[derive(Debug)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// Its characters.
    pub span: Span,
}

/// What a type can be.
#[derive(Debug)]
pub enum TypeKind {
    /// `string`, `myType`, with the names after it: `a.b` has two.
    Name(Vec<Name>),
    /// A type selected out of another in a way not followed here: `a.*`, `a[*]`, `a[1]`.
    Part(Box<Type>),
    /// `name<arguments>`, such as `resourceInput<'T@v'>`, with the names after it.
    Parameterised(Name, Vec<Type>),
    /// `T[]`
    List(Box<Type>),
    /// `T?`
    Nullable(Box<Type>),
    /// `T!`
    NotNull(Box<Type>),
    /// `T | U`
    Union(Vec<Type>),
    /// A literal: a text, number, boolean or null.
    Literal(Expression),
    /// `{ k: T, *: T }`
    Object(Vec<(TypeKey, Type)>),
    /// `[ T, U ]`
    Tuple(Vec<Type>),
    /// `( T )`
    Parenthesis(Box<Type>),
    /// `resource 'type@version'`, `?` of a decompiled file, and what could not be read.
    Any,
}

/// The key of a member of an object type.
#[derive(Debug)]
pub enum TypeKey {
    /// `k`
    Name(Name),
    /// `*`
    Rest,
}
