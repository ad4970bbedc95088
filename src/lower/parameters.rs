//! A `.bicepparam` as a parameter file: its expressions are evaluated here, so that what a template is given is plain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::arm::{self, Assumptions, Form, Inputs, LinkPath, Links, Wanted};
use crate::bicep::tree::{DeclarationKind, Expression as Written, ExpressionKind as Kind, File};
use crate::json::{Document, Member, Node};
use crate::lower::build::{literal, member, node, object};
use crate::lower::chain::named;
use crate::lower::expression::Scope;
use crate::lower::names::{Unit, plain};
use crate::lower::sources::Sources;
use crate::lower::template::{schema, template};
use crate::source::{FileId, Files};

/// The parameter file that a `.bicepparam` stands for, the values of those it extends among its own.
pub fn parameters(files: &Files, file: FileId, tree: &File, sources: &dyn Sources) -> Document {
    let reader = Reader { files, sources };
    let members = reader.values(file, tree, &mut vec![file]);
    let whole = tree.span;
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
    let root = vec![
        member("$schema", whole.part(0, 0), literal(schema, whole.part(0, 0))),
        member("parameters", whole.part(0, 0), object(members, whole)),
    ];
    Document { root: object(root, whole), comments: tree.comments.clone(), duplicates: Vec::new() }
}

struct Reader<'a> {
    files: &'a Files,
    sources: &'a dyn Sources,
}

impl Reader<'_> {
    /// The values of a file, by the names of their parameters, each in an object of its own.
    fn values(&self, file: FileId, tree: &File, open: &mut Vec<FileId>) -> Vec<Member> {
        let base = self.extended(file, tree, open);
        let unit = Unit::of_parameters(self.files, file, tree, self.sources);
        let scope = Scope::file();
        let mut variables = Vec::new();
        let mut outputs = Vec::new();
        let mut secrets = Vec::new();
        for declaration in &tree.declarations {
            match &declaration.kind {
                DeclarationKind::Variable { name, value } => {
                    variables.push(member(&name.text, name.span, unit.node(value, &scope)));
                }
                DeclarationKind::Parameter { name, value: Some(value), .. } => {
                    if is_secret(value) {
                        let inner = member("reference", value.span, object(Vec::new(), value.span));
                        secrets.push(member(&name.text, name.span, object(vec![inner], value.span)));
                        continue;
                    }
                    let value_node = unit.node(value, &scope);
                    // Others refer to it by its name, as to a variable.
                    let again = node(named(Form::Variables, "variables", &name.text, value.span), value.span);
                    variables.push(member(&name.text, name.span, value_node));
                    let inner = object(vec![member("value", value.span, again)], value.span);
                    outputs.push(member(&name.text, name.span, inner));
                }
                _ => {}
            }
        }
        if let Some((name, members)) = base.as_ref().map(|members| ("base", members)) {
            let plain =
                members.iter().filter_map(|one| Some(Member { node: one.node.get("value")?.clone(), ..one.clone() }));
            variables.push(member(name, tree.span.part(0, 0), object(plain.collect(), tree.span)));
        }
        let mut values = self.evaluated(file, tree, variables, &outputs);
        values.extend(secrets);
        for inherited in base.into_iter().flatten() {
            if values.iter().all(|own| !own.key.eq_ignore_ascii_case(&inherited.key)) {
                values.push(inherited);
            }
        }
        values
    }

    /// The values of the file that this one extends; `None` when it extends none.
    fn extended(&self, file: FileId, tree: &File, open: &mut Vec<FileId>) -> Option<Vec<Member>> {
        let path = tree.declarations.iter().find_map(|declaration| match &declaration.kind {
            DeclarationKind::Extends(path) => plain(path),
            _ => None,
        })?;
        let base = self.sources.find(file, &path).filter(|base| !open.contains(base))?;
        open.push(base);
        Some(self.values(base, self.sources.tree(base)?, open))
    }

    fn evaluated(&self, file: FileId, tree: &File, variables: Vec<Member>, outputs: &[Member]) -> Vec<Member> {
        let whole = tree.span;
        let part = |key: &str, members: Vec<Member>| member(key, whole.part(0, 0), object(members, whole));
        let root = vec![
            member("$schema", whole.part(0, 0), literal(schema("resourceGroup"), whole.part(0, 0))),
            part("resources", Vec::new()),
            part("variables", variables),
            part("outputs", outputs.to_vec()),
        ];
        let document = Document { root: object(root, whole), comments: Vec::new(), duplicates: Vec::new() };
        let links = Imports { reader: self, known: Mutex::default() };
        let assumptions = Assumptions::default();
        let inputs = Inputs {
            files: self.files,
            parameters: None,
            set: &[],
            assumptions: &assumptions,
            wanted: Wanted::All,
            links: Some(&links),
        };
        let expansion = arm::expand(file, &document, &inputs);
        let value = |(name, value): (Arc<str>, Node)| {
            let written = outputs.iter().find(|output| output.key == name)?;
            // The name of the parameter as a variable of its own file says nothing.
            let via = value.via.as_ref().and_then(|step| step.next.clone());
            let value = Node { via, ..value };
            let inner = object(vec![member("value", written.node.span, value)], written.node.span);
            Some(Member { node: inner, ..written.clone() })
        };
        expansion.outputs.into_iter().filter_map(value).collect()
    }
}

/// Whether a value is taken from a key vault.
fn is_secret(value: &Written) -> bool {
    match &value.kind {
        Kind::Call(name, _) | Kind::Method(_, name, _) => &*name.text == "getSecret",
        _ => false,
    }
}

/// The files that a parameter file imports from, lowered when they are asked for.
struct Imports<'a> {
    reader: &'a Reader<'a>,
    known: Mutex<HashMap<FileId, Arc<Document>>>,
}

impl Links for Imports<'_> {
    fn find(&self, _from: FileId, _path: &LinkPath) -> Option<(FileId, Arc<Document>)> {
        None
    }

    fn document(&self, file: FileId) -> Option<Arc<Document>> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&file) {
            return Some(Arc::clone(known));
        }
        let Reader { files, sources } = *self.reader;
        let made = match sources.tree(file) {
            Some(tree) => Arc::new(template(files, file, tree, sources)),
            None => sources.document(file)?,
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(file, Arc::clone(&made));
        Some(made)
    }
}
