//! What a file takes from others when it is compiled: texts and JSON.

use crate::arm::{Expression, ExpressionKind};
use crate::bicep::tree::{Expression as Written, Name};
use crate::json::{Node, Reason, Selector};
use crate::lower::build::{at, call, list, literals, text, unknown};
use crate::lower::names::{Unit, plain};
use crate::source::Span;

impl Unit<'_> {
    /// The value of a function that loads a file.
    pub(crate) fn loaded(&self, name: &Name, args: &[Written], span: Span) -> Expression {
        let written = self.files.slice(span);
        let open = |why: &str| unknown(Reason::LinkUnresolved(why.into()), written, span);
        let Some(path) = args.first().and_then(plain) else { return open("the path is no literal text") };
        let Some(file) = self.sources.find(self.file, &path) else { return open(&path) };
        match &*name.text {
            "loadTextContent" => text(self.files.shared_text(file), span),
            "loadFileAsBase64" => call("base64", vec![text(self.files.shared_text(file), span)], span),
            "loadJsonContent" => {
                let Some(document) = self.sources.document(file) else { return open(&path) };
                match args.get(1).map(|query| self.selection(&document.root, query)) {
                    None => at(ExpressionKind::Value(literals(&document.root)), span),
                    Some(Some(node)) => at(ExpressionKind::Value(literals(&node)), span),
                    Some(None) => unknown(Reason::Invalid("the query selects nothing".into()), written, span),
                }
            }
            // A list of files and YAML are not read.
            _ => unknown(Reason::UnknownFunction(name.text.clone()), written, span),
        }
    }

    /// What a query selects: the one value, or the list of several.
    fn selection(&self, root: &Node, query: &Written) -> Option<Node> {
        let query = plain(query)?;
        let query = if query.starts_with('$') { query.to_string() } else { format!("$.{query}") };
        let selector = Selector::parse(&query).ok()?;
        match selector.select(root).as_slice() {
            [] => None,
            [only] => Some(Node::clone(only)),
            many => Some(list(many.iter().copied().cloned().collect(), root.span)),
        }
    }
}
