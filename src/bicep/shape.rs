//! Trees as short texts, for tests.

use crate::bicep::parse;
use crate::bicep::tree::{
    Body, DeclarationKind, Entry, Expression, ExpressionKind, File, Item, Loop, Name, Object, Operator, Prefix,
    Resource, Type, TypeKey, TypeKind,
};
use crate::source::FileId;

/// The tree of a text.
pub(crate) fn tree(text: &str) -> File {
    parse(FileId(0), text)
}

/// The tree of a text that has no errors.
pub(crate) fn clean(text: &str) -> File {
    let tree = tree(text);
    assert_eq!(tree.errors, [], "{text}");
    tree
}

/// The shape of the value of `var x = TEXT`.
pub(crate) fn value(text: &str) -> String {
    let tree = clean(&format!("var x = {text}"));
    match &tree.declarations[0].kind {
        DeclarationKind::Variable { value, .. } => expression(value),
        other => panic!("{other:?}"),
    }
}

/// The message of the only error of a text, and what stands at its place.
pub(crate) fn error(text: &str) -> (String, &str) {
    let tree = tree(text);
    let [error] = &tree.errors[..] else { panic!("{:?} in {text}", tree.errors) };
    (error.message.clone(), &text[error.span.range()])
}

/// The shape of the type of `type x = TEXT`.
pub(crate) fn type_shape(text: &str) -> String {
    let tree = clean(&format!("type x = {text}"));
    match &tree.declarations[0].kind {
        DeclarationKind::Type(_, found) => of_type(found),
        other => panic!("{other:?}"),
    }
}

/// The shape of an expression: operators in front.
pub(crate) fn expression(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Text(text) => format!("{text:?}"),
        ExpressionKind::Interpolated(texts, holes) => {
            let parts = texts.iter().enumerate().map(|(index, text)| {
                holes.get(index).map_or(format!("{text:?}"), |hole| format!("{text:?} {}", self::expression(hole)))
            });
            format!("<{}>", parts.collect::<Vec<_>>().join(" "))
        }
        ExpressionKind::Number(number) => number.to_string(),
        ExpressionKind::Bool(value) => value.to_string(),
        ExpressionKind::Null => "null".to_owned(),
        ExpressionKind::Name(text) => text.to_string(),
        ExpressionKind::List(items) => format!("[{}]", list(items, item)),
        ExpressionKind::Object(found) => object(found),
        ExpressionKind::For(head, body) => format!("(for {} {})", loop_head(head), self::expression(body)),
        ExpressionKind::If(condition, body) => {
            format!("(if {} {})", self::expression(condition), self::expression(body))
        }
        ExpressionKind::Call(name, arguments) => format!("{}({})", name.text, list(arguments, self::expression)),
        ExpressionKind::Method(base, name, arguments) => {
            format!("{}.{}({})", self::expression(base), name.text, list(arguments, self::expression))
        }
        ExpressionKind::Lambda(names, body) => format!("(({}) => {})", list(names, name), self::expression(body)),
        ExpressionKind::Parenthesis(inner) => format!("({})", self::expression(inner)),
        ExpressionKind::Unknown => "?".to_owned(),
        other => selection(other),
    }
}

fn selection(kind: &ExpressionKind) -> String {
    match kind {
        ExpressionKind::Member { base, name, safe } => {
            format!("{}.{}{}", expression(base), if *safe { "?" } else { "" }, name.text)
        }
        ExpressionKind::Index { base, index, safe, from_end } => {
            let (safe, end) = (if *safe { "?" } else { "" }, if *from_end { "^" } else { "" });
            format!("{}[{safe}{end}{}]", expression(base), expression(index))
        }
        ExpressionKind::Nested(base, name) => format!("{}::{}", expression(base), name.text),
        ExpressionKind::NotNull(base) => format!("{}!", expression(base)),
        ExpressionKind::Prefix(prefix, inner) => {
            format!("({} {})", if *prefix == Prefix::Not { "!" } else { "-" }, expression(inner))
        }
        ExpressionKind::Binary(sign, left, right) => {
            format!("({} {} {})", operator(*sign), expression(left), expression(right))
        }
        ExpressionKind::Choice(condition, yes, no) => {
            format!("(? {} {} {})", expression(condition), expression(yes), expression(no))
        }
        other => panic!("{other:?}"),
    }
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Coalesce => "??",
        Operator::Or => "||",
        Operator::And => "&&",
        Operator::Equals => "==",
        Operator::NotEquals => "!=",
        Operator::EqualsInsensitive => "=~",
        Operator::NotEqualsInsensitive => "!~",
        Operator::Less => "<",
        Operator::LessOrEquals => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEquals => ">=",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Modulo => "%",
    }
}

/// The shape of an object.
pub(crate) fn object(object: &Object) -> String {
    format!("{{{}}}", list(&object.entries, entry))
}

fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Member { key, value } => format!("{}: {}", expression(key), expression(value)),
        Entry::Spread(value) => format!("...{}", expression(value)),
        Entry::Resource(decorators, found, _) => {
            let marks = decorators.iter().map(|decorator| format!("@{} ", decorator.name.text));
            format!("{}{}", marks.collect::<String>(), resource(found))
        }
    }
}

/// The shape of a resource.
pub(crate) fn resource(resource: &Resource) -> String {
    let existing = if resource.existing { " existing" } else { "" };
    format!("resource {} {}{existing} = {}", resource.name.text, expression(&resource.of_type), body(&resource.body))
}

/// The shape of a body.
pub(crate) fn body(body: &Body) -> String {
    let condition = body.condition.as_ref().map_or(String::new(), |value| format!("if {} ", expression(value)));
    let looped = body.looped.as_ref().map_or(String::new(), |head| format!("for {} ", loop_head(head)));
    format!("{looped}{condition}{}", object(&body.object))
}

fn loop_head(head: &Loop) -> String {
    let index = head.index.as_ref().map_or(String::new(), |index| format!(",{}", index.text));
    format!("{}{index} in {}:", head.item.text, expression(&head.source))
}

fn item(item: &Item) -> String {
    match item {
        Item::Value(value) => expression(value),
        Item::Spread(value) => format!("...{}", expression(value)),
    }
}

fn name(name: &Name) -> String {
    name.text.to_string()
}

fn list<T>(items: &[T], shape: impl Fn(&T) -> String) -> String {
    items.iter().map(shape).collect::<Vec<_>>().join(", ")
}

/// The shape of a type.
pub(crate) fn of_type(found: &Type) -> String {
    match &found.kind {
        TypeKind::Name(names) => names.iter().map(name).collect::<Vec<_>>().join("."),
        TypeKind::Part(base) => format!("(part {})", of_type(base)),
        TypeKind::Parameterised(base, arguments) => format!("{}<{}>", base.text, list(arguments, of_type)),
        TypeKind::List(base) => format!("{}[]", of_type(base)),
        TypeKind::Nullable(base) => format!("{}?", of_type(base)),
        TypeKind::NotNull(base) => format!("{}!", of_type(base)),
        TypeKind::Union(members) => format!("(| {})", list(members, of_type)),
        TypeKind::Literal(value) => expression(value),
        TypeKind::Object(members) => format!("{{{}}}", list(members, type_member)),
        TypeKind::Tuple(items) => format!("[{}]", list(items, of_type)),
        TypeKind::Parenthesis(inner) => format!("({})", of_type(inner)),
        TypeKind::Any => "any".to_owned(),
    }
}

fn type_member((key, value): &(TypeKey, Type)) -> String {
    match key {
        TypeKey::Name(key) => format!("{}: {}", key.text, of_type(value)),
        TypeKey::Rest => format!("*: {}", of_type(value)),
    }
}
