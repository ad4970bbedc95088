//! What a comment that stands alone on its line speaks of.

use crate::bicep::tree::{
    Body, Declaration, DeclarationKind, Decorator, Entry, Expression, ExpressionKind, File, Item, Object,
};
use crate::source::Span;

/// A part of a file that can be spoken of, and the parts in it.
struct Part<'t> {
    span: Span,
    inner: Inner<'t>,
}

/// Where the parts of a part are.
enum Inner<'t> {
    None,
    Expression(&'t Expression),
    Body(&'t Body),
}

/// The declaration, member or item that follows a stretch of bytes, its decorators included; before the first member of
/// an object, the object; before the first one of a resource or module, all of it. `None` where nothing follows.
pub fn following(file: &File, start: u32, end: u32) -> Option<Span> {
    let parts = file.declarations.iter().map(of_declaration).collect();
    match place(parts, start, end) {
        Place::Before(span, _) => Some(span),
        Place::Behind => None,
        Place::In(part) => inside(part, start, end),
    }
}

enum Place<'t> {
    /// Before a part, and whether that is the first.
    Before(Span, bool),
    /// In a part.
    In(Part<'t>),
    /// Behind the last.
    Behind,
}

fn place(parts: Vec<Part<'_>>, start: u32, end: u32) -> Place<'_> {
    // Parts stand in the order written: the first that ends behind the place holds or follows it.
    let found = parts.into_iter().enumerate().find(|(_, part)| part.span.end > start);
    match found {
        None => Place::Behind,
        Some((at, part)) if part.span.start >= end => Place::Before(part.span, at == 0),
        Some((_, part)) => Place::In(part),
    }
}

/// The tree bounds how deep parts nest.
fn inside(part: Part<'_>, start: u32, end: u32) -> Option<Span> {
    let (whole, parts) = match part.inner {
        Inner::None => return Some(part.span),
        Inner::Expression(expression) => match contents(expression) {
            Some(Contents::Object(object)) => (Some(object.span), of_object(object)),
            Some(Contents::Items(items)) => (None, items),
            None => return Some(part.span),
        },
        Inner::Body(body) => (Some(part.span), of_object(&body.object)),
    };
    // Decorators and the head of a declaration stand before its members.
    let is_head = match part.inner {
        Inner::Body(body) => body.object.span.start >= end,
        Inner::Expression(expression) => expression.span.start >= end,
        Inner::None => false,
    };
    if is_head {
        return Some(part.span);
    }
    match place(parts, start, end) {
        Place::Before(span, first) => Some(whole.filter(|_| first).unwrap_or(span)),
        Place::Behind => None,
        Place::In(part) => inside(part, start, end),
    }
}

enum Contents<'t> {
    Object(&'t Object),
    Items(Vec<Part<'t>>),
}

/// What an expression holds that can be spoken of.
fn contents(expression: &Expression) -> Option<Contents<'_>> {
    match &expression.kind {
        ExpressionKind::Object(object) => Some(Contents::Object(object)),
        ExpressionKind::List(items) => Some(Contents::Items(
            items
                .iter()
                .map(|item| match item {
                    Item::Value(value) | Item::Spread(value) => of_value(value.span, value),
                })
                .collect(),
        )),
        ExpressionKind::For(_, body) | ExpressionKind::If(_, body) | ExpressionKind::Parenthesis(body) => {
            contents(body)
        }
        _ => None,
    }
}

fn of_value(span: Span, value: &Expression) -> Part<'_> {
    Part { span, inner: Inner::Expression(value) }
}

fn of_object<'t>(object: &'t Object) -> Vec<Part<'t>> {
    let part = |entry: &'t Entry| match entry {
        Entry::Member { key, value } => of_value(Span { end: value.span.end, ..key.span }, value),
        Entry::Spread(value) => of_value(value.span, value),
        Entry::Resource(decorators, resource, span) => {
            Part { span: with(decorators, *span), inner: Inner::Body(&resource.body) }
        }
    };
    object.entries.iter().map(part).collect()
}

fn of_declaration(declaration: &Declaration) -> Part<'_> {
    let inner = match &declaration.kind {
        DeclarationKind::Resource(resource) => Inner::Body(&resource.body),
        DeclarationKind::Module(module) => Inner::Body(&module.body),
        DeclarationKind::Parameter { value: Some(value), .. }
        | DeclarationKind::Variable { value, .. }
        | DeclarationKind::Output { value, .. }
        | DeclarationKind::Metadata(_, value) => Inner::Expression(value),
        _ => Inner::None,
    };
    Part { span: with(&declaration.decorators, declaration.span), inner }
}

/// A span with the decorators before it.
fn with(decorators: &[Decorator], span: Span) -> Span {
    decorators.first().map_or(span, |first| Span { start: first.span.start.min(span.start), ..span })
}

#[cfg(test)]
mod tests {
    use super::following;
    use crate::bicep::parse;
    use crate::source::Files;

    /// What the only comment of a text speaks of.
    fn about(text: &str) -> String {
        let mut files = Files::default();
        let file = files.add("main.bicep", text);
        let tree = parse(file, text);
        let comment = tree.comments[0].span;
        following(&tree, comment.start, comment.end).map_or("nothing".to_owned(), |span| files.slice(span).to_owned())
    }

    #[test]
    fn before_a_declaration_it_is_the_declaration_with_its_decorators() {
        let decorated = "@description('b')\nparam b string";
        assert_eq!(about(&format!("param a string\n// c\n{decorated}\nparam d string\n")), decorated);
        assert_eq!(about("@description('a')\n// c\nparam a string\n"), "@description('a')\n// c\nparam a string");
        assert_eq!(about("param a string\n// c\n"), "nothing");
    }

    #[test]
    fn in_a_body_it_is_the_member_or_item_that_follows() {
        let body = |inside: &str| format!("resource r 'A.B/c@1' = {{\n  name: 'r'\n{inside}\n}}\n");
        assert_eq!(about(&body("// c\n  location: 'x'\n  tags: {}")), "location: 'x'");
        assert_eq!(about(&body("  list: [\n 1\n// c\n [2]\n]")), "[2]");
        assert_eq!(about(&body("  list: [for x in y: {\n a: 1\n// c\n b: 2\n}]")), "b: 2");
        assert_eq!(about(&body("// c\n  resource s 'd' = { name: 's' }")), "resource s 'd' = { name: 's' }");
        assert_eq!(about(&body("  a: {\n  b: 1\n// c\n }")), "nothing");
    }

    #[test]
    fn before_the_first_member_it_is_the_object() {
        let resource = "resource r 'A.B/c@1' = if (x) {\n// c\nname: 'r' }";
        assert_eq!(about(&format!("param x bool\n{resource}\n")), resource);
        assert_eq!(about("var v = {\n a: {\n// c\n b: 1\n}\n}\n"), "{\n// c\n b: 1\n}");
    }
}
