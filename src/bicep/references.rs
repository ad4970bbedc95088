//! The files that a Bicep file refers to, as it writes them. Which files these are is the work of `input`.

use std::sync::Arc;

use crate::bicep::tree::{
    Body, Declaration, DeclarationKind, Decorator, Entry, Expression, ExpressionKind, File, Item, Name, Object,
};
use crate::source::Span;

/// A path that a file writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What the file does with it.
    pub kind: ReferenceKind,
    /// The path, `br:…` and `ts:…` among them.
    pub path: Arc<str>,
    /// The string.
    pub span: Span,
}

/// What a file does with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceKind {
    /// `module`
    Module,
    /// `import … from`
    Import,
    /// `using` of a parameter file
    Using,
    /// `extends` of a parameter file
    Extends,
    /// `loadJsonContent`
    Json,
    /// `loadYamlContent`
    Yaml,
    /// `loadTextContent`
    Text,
    /// `loadFileAsBase64`
    Bytes,
    /// `loadDirectoryFileInfo`
    Folder,
}

impl ReferenceKind {
    /// The function that loads a file, by its name.
    fn of_function(name: &str) -> Option<Self> {
        Some(match name {
            "loadJsonContent" => Self::Json,
            "loadYamlContent" => Self::Yaml,
            "loadTextContent" => Self::Text,
            "loadFileAsBase64" => Self::Bytes,
            "loadDirectoryFileInfo" => Self::Folder,
            _ => return None,
        })
    }

    /// Whether a function loads it, so that its text counts and not what it declares.
    pub fn is_load(self) -> bool {
        matches!(self, Self::Json | Self::Yaml | Self::Text | Self::Bytes | Self::Folder)
    }
}

/// Every literal path of a file, in the order written.
pub fn references(file: &File) -> Vec<Reference> {
    let mut found = Vec::new();
    file.declarations.iter().for_each(|declaration| of_declaration(declaration, &mut found));
    found
}

fn of_declaration(declaration: &Declaration, found: &mut Vec<Reference>) {
    of_decorators(&declaration.decorators, found);
    match &declaration.kind {
        DeclarationKind::Module(module) => {
            path(ReferenceKind::Module, Some(&module.path), found);
            of_body(&module.body, found);
        }
        DeclarationKind::Import { path: written, .. } => path(ReferenceKind::Import, Some(written), found),
        DeclarationKind::Using(written) => path(ReferenceKind::Using, written.as_ref(), found),
        DeclarationKind::Extends(written) => path(ReferenceKind::Extends, Some(written), found),
        DeclarationKind::Resource(resource) => of_body(&resource.body, found),
        DeclarationKind::Parameter { value, .. } => value.iter().for_each(|value| of_expression(value, found)),
        DeclarationKind::TargetScope(value)
        | DeclarationKind::Metadata(_, value)
        | DeclarationKind::Variable { value, .. }
        | DeclarationKind::Function { body: value, .. }
        | DeclarationKind::Output { value, .. }
        | DeclarationKind::Assert(_, value) => of_expression(value, found),
        DeclarationKind::Type(..)
        | DeclarationKind::Extension { .. }
        | DeclarationKind::Test(_)
        | DeclarationKind::ExtensionConfig(_) => {}
    }
}

fn of_decorators(decorators: &[Decorator], found: &mut Vec<Reference>) {
    decorators.iter().flat_map(|one| &one.arguments).for_each(|argument| of_expression(argument, found));
}

fn path(kind: ReferenceKind, written: Option<&Expression>, found: &mut Vec<Reference>) {
    if let Some(Expression { kind: ExpressionKind::Text(text), span }) = written {
        found.push(Reference { kind, path: Arc::clone(text), span: *span });
    }
}

fn of_body(body: &Body, found: &mut Vec<Reference>) {
    body.looped.iter().for_each(|looped| of_expression(&looped.source, found));
    body.condition.iter().for_each(|condition| of_expression(condition, found));
    of_object(&body.object, found);
}

fn of_object(object: &Object, found: &mut Vec<Reference>) {
    for entry in &object.entries {
        match entry {
            Entry::Member { key, value } => {
                of_expression(key, found);
                of_expression(value, found);
            }
            Entry::Spread(value) => of_expression(value, found),
            Entry::Resource(decorators, resource, _) => {
                of_decorators(decorators, found);
                of_body(&resource.body, found);
            }
        }
    }
}

/// The parser bounds how deep expressions nest.
fn of_expression(expression: &Expression, found: &mut Vec<Reference>) {
    let mut each = |inner: &Expression| of_expression(inner, found);
    match &expression.kind {
        ExpressionKind::Call(name, arguments) => {
            load(name, arguments, found);
            arguments.iter().for_each(|argument| of_expression(argument, found));
        }
        ExpressionKind::Method(base, name, arguments) => {
            if matches!(&base.kind, ExpressionKind::Name(base) if &**base == "sys") {
                load(name, arguments, found);
            }
            of_expression(base, found);
            arguments.iter().for_each(|argument| of_expression(argument, found));
        }
        ExpressionKind::Interpolated(_, holes) => holes.iter().for_each(each),
        ExpressionKind::List(items) => items.iter().for_each(|item| match item {
            Item::Value(value) | Item::Spread(value) => each(value),
        }),
        ExpressionKind::Object(object) => of_object(object, found),
        ExpressionKind::For(looped, body) => {
            each(&looped.source);
            each(body);
        }
        ExpressionKind::Index { base, index, .. } => {
            each(base);
            each(index);
        }
        ExpressionKind::If(one, other) | ExpressionKind::Binary(_, one, other) => {
            each(one);
            each(other);
        }
        ExpressionKind::Choice(condition, one, other) => [condition, one, other].into_iter().for_each(|one| each(one)),
        ExpressionKind::Member { base: inner, .. }
        | ExpressionKind::Nested(inner, _)
        | ExpressionKind::NotNull(inner)
        | ExpressionKind::Parenthesis(inner)
        | ExpressionKind::Prefix(_, inner)
        | ExpressionKind::Lambda(_, inner) => each(inner),
        ExpressionKind::Text(_)
        | ExpressionKind::Number(_)
        | ExpressionKind::Bool(_)
        | ExpressionKind::Null
        | ExpressionKind::Name(_)
        | ExpressionKind::Unknown => {}
    }
}

fn load(name: &Name, arguments: &[Expression], found: &mut Vec<Reference>) {
    if let Some(kind) = ReferenceKind::of_function(&name.text) {
        path(kind, arguments.first(), found);
    }
}

#[cfg(test)]
mod tests {
    use super::{ReferenceKind, references};
    use crate::bicep::parse;
    use crate::source::Files;

    #[test]
    fn every_literal_path_is_told_with_its_place() {
        let text = "using 'main.bicep'
extends '../base.bicepparam'
import { a } from 'types.bicep'
module m 'modules/net.bicep' = { name: 'm', params: { text: loadTextContent('a.txt') } }
@allowed(loadJsonContent('b.json'))
param p string
var v = [for x in sys.loadYamlContent('c.yaml'): { ...x, y: p == '' ? loadFileAsBase64('d.bin') : 'none' }]
var w = map(loadDirectoryFileInfo('e'), f => f.name)
var not = loadTextContent(p)
resource r 'A.B/c@1' = if (p == 'x') { name: 'r', resource s 'd' = { name: loadTextContent('f.txt') } }
";
        let mut files = Files::default();
        let file = files.add("main.bicep", text);
        let found = references(&parse(file, text));
        let shown: Vec<(ReferenceKind, &str)> = found.iter().map(|one| (one.kind, files.slice(one.span))).collect();
        assert_eq!(
            shown,
            [
                (ReferenceKind::Using, "'main.bicep'"),
                (ReferenceKind::Extends, "'../base.bicepparam'"),
                (ReferenceKind::Import, "'types.bicep'"),
                (ReferenceKind::Module, "'modules/net.bicep'"),
                (ReferenceKind::Text, "'a.txt'"),
                (ReferenceKind::Json, "'b.json'"),
                (ReferenceKind::Yaml, "'c.yaml'"),
                (ReferenceKind::Bytes, "'d.bin'"),
                (ReferenceKind::Folder, "'e'"),
                (ReferenceKind::Text, "'f.txt'"),
            ]
        );
        assert_eq!(&*found[0].path, "main.bicep");
    }
}
