//! What a file takes from others when it is compiled: texts and JSON.

use crate::arm::{Expression, ExpressionKind};
use crate::bicep::tree::{Expression as Written, Name};
use crate::json::{Member, Node, Number, Reason, Selector, Value};
use crate::lower::build::{at, call, list, literals, object, text, unknown};
use crate::lower::names::{Unit, plain};
use crate::source::Span;
use crate::yaml;

impl Unit<'_> {
    /// The value of a function that loads a file.
    pub(crate) fn loaded(&self, name: &Name, args: &[Written], span: Span) -> Expression {
        let written = self.files.slice(span);
        let open = |why: &str| unknown(Reason::LinkUnresolved(why.into()), written, span);
        if &*name.text == "loadDirectoryFileInfo" {
            // What lies in a folder is another thing on every machine.
            return unknown(Reason::UnknownFunction(name.text.clone()), written, span);
        }
        let Some(path) = args.first().and_then(plain) else { return open("the path is no literal text") };
        let Some(file) = self.sources.find(self.file, &path) else { return open(&path) };
        match &*name.text {
            "loadTextContent" => text(self.files.shared_text(file), span),
            "loadFileAsBase64" => call("base64", vec![text(self.files.shared_text(file), span)], span),
            "loadJsonContent" => {
                let Some(document) = self.sources.document(file) else { return open(&path) };
                self.picked(&document.root, args.get(1), span)
            }
            "loadYamlContent" => match of_yaml(self.files.text(file), span) {
                Ok(root) => self.picked(&root, args.get(1), span),
                Err(why) => unknown(Reason::Invalid(why.into()), written, span),
            },
            _ => unknown(Reason::UnknownFunction(name.text.clone()), written, span),
        }
    }

    /// A value out of another file, or what a query selects of it.
    fn picked(&self, root: &Node, query: Option<&Written>, span: Span) -> Expression {
        match query.map(|query| self.selection(root, query)) {
            None => at(ExpressionKind::Value(literals(root)), span),
            Some(Some(node)) => at(ExpressionKind::Value(literals(&node)), span),
            Some(None) => {
                let why = Reason::Invalid("the query selects nothing".into());
                unknown(why, self.files.slice(span), span)
            }
        }
    }

    /// What a query selects: the one value, or the list of several.
    fn selection(&self, root: &Node, query: &Written) -> Option<Node> {
        let query = plain(query)?;
        let query = match query.strip_prefix('$') {
            Some(_) => query.to_string(),
            None if query.starts_with(['.', '[']) => format!("${query}"),
            None => format!("$.{query}"),
        };
        let selector = Selector::parse(&query).ok()?;
        match selector.select(root).as_slice() {
            [] => None,
            [only] => Some(Node::clone(only)),
            many => Some(list(many.iter().copied().cloned().collect(), root.span)),
        }
    }
}

/// What a YAML file says, at the place that asks for it.
///
/// # Errors
/// In words, when it is not YAML.
fn of_yaml(text: &str, span: Span) -> Result<Node, String> {
    if text.len() > yaml::MAX_BYTES {
        return Err("the file is longer than 1 MiB".to_owned());
    }
    let root: serde_json::Value = yaml::read(text).map_err(|error| yaml::message(&error))?;
    Ok(of_json(root, span))
}

fn of_json(value: serde_json::Value, span: Span) -> Node {
    use serde_json::Value as Json;
    match value {
        Json::Null => Node::new(Value::Null, span),
        Json::Bool(truth) => Node::new(Value::Bool(truth), span),
        Json::Number(number) => Node::new(Value::Number(Number::new(number.to_string())), span),
        Json::String(text) => Node::new(Value::Text(text.into()), span),
        Json::Array(items) => list(items.into_iter().map(|item| of_json(item, span)).collect(), span),
        Json::Object(members) => {
            let member =
                |(key, value): (String, Json)| Member { key: key.into(), key_span: span, node: of_json(value, span) };
            object(members.into_iter().map(member).collect(), span)
        }
    }
}
