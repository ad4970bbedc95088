//! What the names of a file mean, and what is known of its resources and modules before anything is lowered.

use std::cell::RefCell;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::arm::Expression;
use crate::bicep::tree::{
    Body, Declaration, DeclarationKind, Decorator, Entry, Expression as Written, ExpressionKind, File, Imported, Loop,
    Name, Resource,
};
use crate::lower::sources::Sources;
use crate::source::{FileId, Files, Span};

/// What a name of a file means.
#[derive(Clone)]
pub(crate) enum Meaning {
    /// A parameter.
    Parameter,
    /// A variable.
    Variable,
    /// A function.
    Function,
    /// A resource or module, by its place among those of the file.
    Deployed(usize),
    /// A type.
    Type,
    /// What another file calls by the name here; no file when it is not read.
    Imported(Option<FileId>, Arc<str>),
    /// All that another file exports.
    Namespace(Option<FileId>),
    /// Its declaration could not be read.
    Broken,
}

/// A resource or a module.
pub(crate) struct Deployed<'t> {
    /// Its symbol, those of the resources around it in front, joined by `::`.
    pub(crate) symbol: Arc<str>,
    /// Its own name in the file.
    pub(crate) name: &'t Name,
    /// Its full type and the version of its interface; both empty for a module and for a type that is no plain text.
    pub(crate) type_name: Arc<str>,
    /// The version.
    pub(crate) version: Arc<str>,
    /// Where its type, or the path of a module, is written.
    pub(crate) type_span: Span,
    /// The path of a module.
    pub(crate) module: Option<Arc<str>>,
    /// Whether it is only referred to.
    pub(crate) existing: bool,
    /// Condition, loop and members.
    pub(crate) body: &'t Body,
    /// The resource whose body it stands in.
    pub(crate) outer: Option<usize>,
    /// The resources in its body, by name.
    pub(crate) inner: HashMap<&'t str, usize>,
    /// The decorators before it.
    pub(crate) decorators: &'t [Decorator],
    /// Its declaration.
    pub(crate) span: Span,
}

impl<'t> Deployed<'t> {
    /// A member of its body, by its exact name.
    pub(crate) fn member(&self, wanted: &str) -> Option<(&'t Written, &'t Written)> {
        self.body.object.entries.iter().find_map(|entry| match entry {
            Entry::Member { key, value } => match &key.kind {
                ExpressionKind::Text(text) if &**text == wanted => Some((key, value)),
                _ => None,
            },
            _ => None,
        })
    }

    /// Its loop.
    pub(crate) fn looped(&self) -> Option<&'t Loop> {
        self.body.looped.as_ref()
    }
}

/// Names of resources by the place of the resource, as they are written or in full; `None` while one is under way.
type Lowered = HashMap<(usize, bool), Option<Arc<Expression>>>;

/// A file being lowered.
pub(crate) struct Unit<'t> {
    /// The texts of the run.
    pub(crate) files: &'t Files,
    /// The file.
    pub(crate) file: FileId,
    /// What it says.
    pub(crate) tree: &'t File,
    /// The other files.
    pub(crate) sources: &'t dyn Sources,
    /// What its names mean.
    pub(crate) names: HashMap<&'t str, Meaning>,
    /// Its resources and modules, those inside others after them.
    pub(crate) deployed: Vec<Deployed<'t>>,
    /// Names of resources, lowered so far.
    pub(crate) lowered: RefCell<Lowered>,
    /// Whether an extension of the language claims types of its own.
    pub(crate) graph: bool,
}

impl<'t> Unit<'t> {
    /// The names of a file.
    pub(crate) fn new(files: &'t Files, file: FileId, tree: &'t File, sources: &'t dyn Sources) -> Self {
        let mut unit = Self {
            files,
            file,
            tree,
            sources,
            names: HashMap::new(),
            deployed: Vec::new(),
            lowered: RefCell::default(),
            graph: false,
        };
        for name in &tree.broken {
            unit.names.insert(&name.text, Meaning::Broken);
        }
        for declaration in &tree.declarations {
            unit.declare(declaration);
        }
        unit
    }

    /// The names of a parameter file, in which a parameter is a value like a variable, and `base` the file it extends.
    pub(crate) fn of_parameters(files: &'t Files, file: FileId, tree: &'t File, sources: &'t dyn Sources) -> Self {
        let mut unit = Self::new(files, file, tree, sources);
        for declaration in &tree.declarations {
            if let DeclarationKind::Parameter { name, .. } = &declaration.kind {
                unit.names.insert(&name.text, Meaning::Variable);
            }
        }
        if tree.declarations.iter().any(|declaration| matches!(declaration.kind, DeclarationKind::Extends(_))) {
            unit.names.insert("base", Meaning::Variable);
        }
        unit
    }

    fn declare(&mut self, declaration: &'t Declaration) {
        let (name, meaning) = match &declaration.kind {
            DeclarationKind::Parameter { name, .. } => (name, Meaning::Parameter),
            DeclarationKind::Variable { name, .. } => (name, Meaning::Variable),
            DeclarationKind::Function { name, .. } => (name, Meaning::Function),
            DeclarationKind::Type(name, _) => (name, Meaning::Type),
            DeclarationKind::Resource(resource) => {
                let at = self.declare_resource(resource, &declaration.decorators, declaration.span, None);
                (&resource.name, Meaning::Deployed(at))
            }
            DeclarationKind::Module(module) => {
                let path = plain(&module.path);
                self.deployed.push(Deployed {
                    symbol: Arc::clone(&module.name.text),
                    name: &module.name,
                    type_name: "Microsoft.Resources/deployments".into(),
                    version: "".into(),
                    type_span: module.path.span,
                    module: Some(path.unwrap_or_else(|| "".into())),
                    existing: false,
                    body: &module.body,
                    outer: None,
                    inner: HashMap::new(),
                    decorators: &declaration.decorators,
                    span: declaration.span,
                });
                (&module.name, Meaning::Deployed(self.deployed.len() - 1))
            }
            DeclarationKind::Import { items, path } => return self.import(items, path),
            DeclarationKind::Extension { spec, .. } => {
                self.graph |= spec.to_ascii_lowercase().contains("graph");
                return;
            }
            _ => return,
        };
        self.names.insert(&name.text, meaning);
    }

    fn import(&mut self, items: &'t Imported, path: &Written) {
        let file = plain(path).and_then(|path| self.sources.find(self.file, &path));
        match items {
            Imported::Names(names) => {
                for (there, here) in names {
                    self.names.insert(&here.text, Meaning::Imported(file, Arc::clone(&there.text)));
                }
            }
            Imported::All(name) => {
                self.names.insert(&name.text, Meaning::Namespace(file));
            }
        }
    }

    fn declare_resource(
        &mut self,
        resource: &'t Resource,
        decorators: &'t [Decorator],
        span: Span,
        outer: Option<usize>,
    ) -> usize {
        let written = plain(&resource.of_type).unwrap_or_else(|| "".into());
        let (own, version) = written.split_once('@').unwrap_or((&written, ""));
        let around = outer.map(|outer| &self.deployed[outer]);
        let is_full = own.split('/').next().is_some_and(|first| first.contains('.'));
        let type_name: Arc<str> = match around {
            Some(around) if !is_full => format!("{}/{own}", around.type_name).into(),
            _ => own.into(),
        };
        let version = match around {
            Some(around) if version.is_empty() => Arc::clone(&around.version),
            _ => version.into(),
        };
        let symbol = match around {
            Some(around) => format!("{}::{}", around.symbol, resource.name.text).into(),
            None => Arc::clone(&resource.name.text),
        };
        let at = self.deployed.len();
        self.deployed.push(Deployed {
            symbol,
            name: &resource.name,
            type_name,
            version,
            type_span: resource.of_type.span,
            module: None,
            existing: resource.existing,
            body: &resource.body,
            outer,
            inner: HashMap::new(),
            decorators,
            span,
        });
        for entry in &resource.body.object.entries {
            if let Entry::Resource(decorators, inner, span) = entry {
                let child = self.declare_resource(inner, decorators, *span, Some(at));
                self.deployed[at].inner.insert(&inner.name.text, child);
            }
        }
        at
    }
}

/// The text of a literal string.
pub(crate) fn plain(expression: &Written) -> Option<Arc<str>> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(Arc::clone(text)),
        ExpressionKind::Parenthesis(inner) => plain(inner),
        _ => None,
    }
}

/// Whether a decorator of this name stands before a declaration.
pub(crate) fn has(decorators: &[Decorator], name: &str) -> bool {
    decorators.iter().any(|decorator| &*decorator.name.text == name)
}

/// The first argument of a decorator.
pub(crate) fn argument<'t>(decorators: &'t [Decorator], name: &str) -> Option<&'t Written> {
    decorators.iter().find(|decorator| &*decorator.name.text == name)?.arguments.first()
}
