//! The values of a stack: what stands for secrets, references and what is not known yet; and keys of the older provider in
//! Terraform's words.

use std::sync::Arc;

use crate::json::{Member, Node, Reason, Unknown, Value, parse};
use crate::source::Span;

/// The key that marks an object as something else, and what it is then
/// (`developer-docs/architecture/deployment-schema.md` of pulumi/pulumi).
const MARK: &str = "4dabf18193072939515e22adb298388d";
const SECRET: &str = "1b47061264138c4ac30d75fd1eb44270";
const REFERENCE: &str = "5cf8f73096256a8f31e491e813e4eb8e";

/// What stands for a value that only an update tells.
const COMPUTED: &str = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/// Values nest this deep at most before the rest is taken as it is.
const MAX_DEPTH: usize = 64;

/// Opens the values of a stack.
#[derive(Default)]
pub(crate) struct Values {
    /// Values that were secret and are written in clear.
    pub(crate) sensitive: Vec<Node>,
}

impl Values {
    /// The value without Pulumi's marks.
    pub(crate) fn plain(&mut self, node: &Node) -> Node {
        self.opened(node, "", 0)
    }

    fn opened(&mut self, node: &Node, key: &str, depth: usize) -> Node {
        let value = match &node.value {
            _ if depth > MAX_DEPTH => return node.clone(),
            Value::Text(text) if &**text == COMPUTED => {
                unknown(Reason::AfterApply(Arc::from("the next update")), key, node.span)
            }
            Value::List(items) => {
                Value::List(Arc::new(items.iter().map(|item| self.opened(item, key, depth + 1)).collect()))
            }
            Value::Object(members) => match node.get(MARK).and_then(Node::text) {
                Some(SECRET) => return self.secret(node, key, depth),
                Some(REFERENCE) => return node.get("id").cloned().unwrap_or_else(|| node.clone()),
                _ => {
                    let inner =
                        |one: &Member| Member { node: self.opened(&one.node, &one.key, depth + 1), ..one.clone() };
                    Value::Object(Arc::new(members.iter().map(inner).collect()))
                }
            },
            _ => return node.clone(),
        };
        Node { value, ..node.clone() }
    }

    /// A secret: its text in JSON where the export shows it, else nothing is known of it.
    fn secret(&mut self, node: &Node, key: &str, depth: usize) -> Node {
        let shown = node.get("plaintext").or_else(|| node.get("value"));
        let Some(shown) = shown else {
            let value = unknown(Reason::SecureParameter(Arc::from(key)), key, node.span);
            return Node::new(value, node.span);
        };
        let value = match (node.get("plaintext").and_then(Node::text), shown.text()) {
            (Some(_), Some(text)) => {
                parse(shown.span.file, text).ok().map(|document| document.root.written_at(shown.span))
            }
            _ => Some(shown.clone()),
        };
        let value = self.opened(&value.unwrap_or_else(|| shown.clone()), key, depth + 1);
        self.sensitive.push(value.clone());
        value
    }
}

fn unknown(reason: Reason, key: &str, span: Span) -> Value {
    let unknown = Unknown {
        reason,
        text: Arc::from(key),
        span,
        key: Arc::from(format!("{key}@{}:{}", span.file.0, span.start)),
        parts: Vec::new(),
        domain: Vec::new(),
    };
    Value::Unknown(Arc::new(unknown))
}
