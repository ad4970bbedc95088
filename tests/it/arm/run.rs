//! Runs one template from text, and shows values as plain JSON.

use std::path::PathBuf;
use std::sync::Arc;

use aznetlint::arm::{Assumptions, Expansion, Inputs, LinkPath, Links, Wanted, expand};
use aznetlint::json::{Document, Node, Value, parse};
use aznetlint::source::{FileId, Files};

/// A template with all that it is expanded with.
pub(crate) struct Run {
    pub(crate) files: Files,
    pub(crate) documents: Vec<(FileId, String, Arc<Document>)>,
    pub(crate) assumptions: Assumptions,
    pub(crate) parameters: Option<usize>,
}

impl Run {
    /// The first text is the template.
    pub(crate) fn of(texts: &[(&str, &str)]) -> Self {
        let mut files = Files::default();
        let mut documents = Vec::new();
        for (name, text) in texts {
            let file = files.add(*name, *text);
            let document = parse(file, text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            documents.push((file, (*name).to_owned(), Arc::new(document)));
        }
        Self { files, documents, assumptions: Assumptions::default(), parameters: None }
    }

    pub(crate) fn expand(&self, wanted: Wanted<'_>) -> Expansion {
        let (file, _, document) = &self.documents[0];
        let parameters = self.parameters.map(|index| &*self.documents[index].2);
        let inputs = Inputs {
            files: &self.files,
            parameters,
            set: &[],
            assumptions: &self.assumptions,
            wanted,
            links: Some(self),
        };
        expand(*file, document, &inputs)
    }
}

impl Links for Run {
    fn find(&self, _: FileId, path: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        let (LinkPath::Relative(path) | LinkPath::Url(path) | LinkPath::Tail(path) | LinkPath::Module(path)) = path;
        self.documents
            .iter()
            .find(|(_, name, _)| path.ends_with(name.as_str()))
            .map(|(file, _, document)| (*file, Arc::clone(document)))
    }
}

/// A value as plain JSON; unknowns are `{"$unknown": reason}`.
pub(crate) fn plain(node: &Node) -> serde_json::Value {
    use serde_json::json;
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Number(number) => number.as_i64().map_or_else(|| json!(number.as_f64()), |value| json!(value)),
        Value::Text(text) => json!(&**text),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .map(|member| (member.key.to_string(), plain(&member.node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Unknown(unknown) => json!({ "$unknown": unknown.reason.to_string() }),
        // What is evaluated holds none.
        Value::Deferred(_) => serde_json::Value::Null,
    }
}

/// The material that is not part of the project; a test that needs it says when it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AZNETLINT_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is absent", path.display());
    None
}
