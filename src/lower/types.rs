//! Types of parameters, as far as the evaluator uses them: what kind of value, whether it may be null, the only values
//! allowed.

use std::sync::Arc;

use crate::bicep::tree::{
    DeclarationKind, Decorator, Expression as Written, ExpressionKind, File, Imported, Type, TypeKind,
};
use crate::json::{Node, Value};
use crate::lower::names::{Unit, argument, has, plain};
use crate::lower::sources::Sources;
use crate::source::FileId;

/// What a type says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// `string`, `int`, `bool`, `object`, `array`; `None` for any value.
    pub(crate) kind: Option<&'static str>,
    /// Whether null is one.
    pub(crate) nullable: bool,
    /// Whether it is a secret.
    pub(crate) secure: bool,
    /// The only values; empty: any of its kind.
    pub(crate) allowed: Vec<Node>,
}

/// A file that types are looked up in.
#[derive(Clone, Copy)]
struct View<'t> {
    file: FileId,
    tree: &'t File,
    sources: &'t dyn Sources,
}

/// Types may refer to types; a circle of them ends here.
const DEEPEST: usize = 32;

impl Unit<'_> {
    /// What a type says.
    pub(crate) fn shape(&self, of: &Type) -> Shape {
        let view = View { file: self.file, tree: self.tree, sources: self.sources };
        view.shape(of, DEEPEST)
    }
}

impl<'t> View<'t> {
    fn shape(&self, of: &Type, left: usize) -> Shape {
        let Some(left) = left.checked_sub(1) else { return Shape::default() };
        match &of.kind {
            TypeKind::Name(names) => match names.as_slice() {
                [space, name] if &*space.text == "sys" => built_in(&name.text),
                [name] => self.named(&name.text, left),
                [space, name] => self.in_namespace(&space.text, &name.text, left),
                _ => Shape::default(),
            },
            TypeKind::List(_) | TypeKind::Tuple(_) => Shape { kind: Some("array"), ..Shape::default() },
            TypeKind::Object(_) => Shape { kind: Some("object"), ..Shape::default() },
            TypeKind::Nullable(inner) => Shape { nullable: true, ..self.shape(inner, left) },
            TypeKind::NotNull(inner) => Shape { nullable: false, ..self.shape(inner, left) },
            TypeKind::Parenthesis(inner) => self.shape(inner, left),
            TypeKind::Literal(value) => literal(value),
            TypeKind::Union(members) => union(members.iter().map(|member| self.shape(member, left))),
            TypeKind::Part(_) | TypeKind::Parameterised(..) | TypeKind::Any => Shape::default(),
        }
    }

    fn named(&self, name: &str, left: usize) -> Shape {
        if let Some(shape) = self.declared(name, left) {
            return shape;
        }
        for declaration in &self.tree.declarations {
            let DeclarationKind::Import { items: Imported::Names(names), path } = &declaration.kind else { continue };
            let Some((there, _)) = names.iter().find(|(_, here)| &*here.text == name) else { continue };
            return self.elsewhere(path, &there.text, left);
        }
        built_in(name)
    }

    fn in_namespace(&self, space: &str, name: &str, left: usize) -> Shape {
        for declaration in &self.tree.declarations {
            let DeclarationKind::Import { items: Imported::All(alias), path } = &declaration.kind else { continue };
            if &*alias.text == space {
                return self.elsewhere(path, name, left);
            }
        }
        Shape::default()
    }

    fn elsewhere(&self, path: &Written, name: &str, left: usize) -> Shape {
        let Some(file) = plain(path).and_then(|path| self.sources.find(self.file, &path)) else {
            return Shape::default();
        };
        if let Some(tree) = self.sources.tree(file) {
            let view = View { file, tree, sources: self.sources };
            return view.named(name, left);
        }
        let Some(document) = self.sources.document(file) else { return Shape::default() };
        document
            .root
            .at(&["definitions", name])
            .map(|written| compiled(&document.root, written, left))
            .unwrap_or_default()
    }

    fn declared(&self, name: &str, left: usize) -> Option<Shape> {
        let declaration = self.tree.declarations.iter().find_map(|declaration| match &declaration.kind {
            DeclarationKind::Type(own, of) if &*own.text == name => Some((of, &declaration.decorators)),
            _ => None,
        });
        let (of, decorators) = declaration?;
        let mut shape = self.shape(of, left);
        decorate(&mut shape, decorators);
        Some(shape)
    }
}

/// What decorators say of a type or a parameter.
pub(crate) fn decorate(shape: &mut Shape, decorators: &[Decorator]) {
    shape.secure |= has(decorators, "secure");
    if let Some(ExpressionKind::List(items)) = argument(decorators, "allowed").map(|allowed| &allowed.kind) {
        let values = items.iter().map(|item| match item {
            crate::bicep::tree::Item::Value(value) => literal(value).allowed.pop(),
            crate::bicep::tree::Item::Spread(_) => None,
        });
        shape.allowed = values.collect::<Option<_>>().unwrap_or_default();
    }
}

fn built_in(name: &str) -> Shape {
    let kind = match name {
        "string" => "string",
        "int" => "int",
        "bool" => "bool",
        "object" => "object",
        "array" => "array",
        _ => return Shape::default(),
    };
    Shape { kind: Some(kind), ..Shape::default() }
}

fn literal(value: &Written) -> Shape {
    let span = value.span;
    let (kind, node) = match &value.kind {
        ExpressionKind::Text(text) => ("string", crate::lower::build::literal(text, span)),
        ExpressionKind::Number(number) => ("int", Node::new(crate::lower::build::int(*number), span)),
        ExpressionKind::Bool(truth) => ("bool", Node::new(Value::Bool(*truth), span)),
        ExpressionKind::Null => return Shape { nullable: true, ..Shape::default() },
        ExpressionKind::Object(_) => return Shape { kind: Some("object"), ..Shape::default() },
        ExpressionKind::List(_) => return Shape { kind: Some("array"), ..Shape::default() },
        _ => return Shape::default(),
    };
    Shape { kind: Some(kind), allowed: vec![node], ..Shape::default() }
}

/// The type that any of these is.
fn union(members: impl Iterator<Item = Shape>) -> Shape {
    let mut all: Option<Shape> = None;
    let mut nullable = false;
    for member in members {
        nullable |= member.nullable;
        // `null` alone says nothing else.
        if member.kind.is_none() && member.nullable && member.allowed.is_empty() {
            continue;
        }
        all = Some(match all {
            None => member,
            Some(mut known) => {
                if known.kind != member.kind {
                    known.kind = None;
                }
                if known.allowed.is_empty() || member.allowed.is_empty() {
                    known.allowed.clear();
                } else {
                    known.allowed.extend(member.allowed);
                }
                known.secure |= member.secure;
                known
            }
        });
    }
    Shape { nullable, ..all.unwrap_or_default() }
}

/// What a definition of a compiled module says.
fn compiled(root: &Node, written: &Node, left: usize) -> Shape {
    let nullable = written.get("nullable").and_then(Node::bool).unwrap_or(false);
    if let (Some(path), Some(left)) = (written.get("$ref").and_then(Node::text), left.checked_sub(1)) {
        let name = path.trim_start_matches("#/definitions/").replace("~1", "/");
        let inner = root.at(&["definitions", &name]).map(|inner| compiled(root, inner, left)).unwrap_or_default();
        return Shape { nullable: nullable || inner.nullable, ..inner };
    }
    let kind = written.get("type").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
    let secure = kind.starts_with("secure");
    let mut shape = built_in(kind.trim_start_matches("secure"));
    shape.nullable = nullable;
    shape.secure = secure;
    shape.allowed = written.get("allowedValues").map(|allowed| allowed.items().to_vec()).unwrap_or_default();
    shape
}

/// The word of a template for a type.
pub(crate) fn word(shape: &Shape) -> Option<Arc<str>> {
    let kind = shape.kind?;
    Some(match (kind, shape.secure) {
        ("string", true) => "securestring".into(),
        ("object", true) => "secureobject".into(),
        _ => kind.into(),
    })
}
