//! The documents that are open in the editor, and what is judged together with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::FILE_NAME;
use crate::input::{is_bicep, is_bicep_parameters, is_source, is_yaml, may_matter};
use crate::lsp::host::{OpenTexts, Scope};
use crate::lsp::uri;

/// One open document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) uri: String,
    pub(super) version: i32,
    pub(super) text: Arc<str>,
    /// What the editor takes it for.
    language: String,
    /// The file, as the disk has it when it is there.
    path: Option<PathBuf>,
    is_file: bool,
}

/// The open documents, by address. Cheap to copy.
pub(super) type Documents = BTreeMap<String, Arc<Document>>;

impl Document {
    pub(super) fn open(uri: String, language: String, version: i32, text: String) -> Self {
        let path = uri::to_path(&uri);
        let canonical = path.as_deref().and_then(|path| fs::canonicalize(path).ok());
        let is_file = canonical.as_deref().is_some_and(Path::is_file);
        Self { uri, version, text: text.into(), language, path: canonical.or(path), is_file }
    }

    /// The same document with another text.
    pub(super) fn with(&self, version: i32, text: String) -> Self {
        // It may have been saved for the first time.
        Self::open(self.uri.clone(), self.language.clone(), version, text)
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn is_settings(&self) -> bool {
        self.path().and_then(Path::file_name).is_some_and(|name| name == FILE_NAME)
    }

    pub(super) fn is_bicep(&self) -> bool {
        self.name_is(is_bicep) || self.name_is(is_bicep_parameters) || self.language.starts_with("bicep")
    }

    pub(super) fn is_yaml(&self) -> bool {
        self.name_is(is_yaml) || self.language == "yaml"
    }

    fn name_is(&self, test: fn(&Path) -> bool) -> bool {
        self.path().is_some_and(test)
    }

    /// What it is judged as, in no folder of the editor: alone. Other JSON and YAML is not ours.
    fn alone(&self) -> Option<Scope> {
        if self.is_settings() {
            return self.path.clone().map(Scope::Settings);
        }
        let is_ours = match () {
            () if self.is_bicep() => true,
            () if self.is_yaml() => false,
            () => (self.name_is(is_source) || self.language.starts_with("json")) && may_matter(self.text.as_bytes()),
        };
        if !is_ours {
            return None;
        }
        match (&self.path, self.is_file) {
            (Some(path), true) => Some(Scope::File(path.clone())),
            (Some(path), false) => path.to_str().map(|name| Scope::Text(name.to_owned())),
            (None, _) => {
                let name = self.uri.rsplit(['/', ':']).next().unwrap_or_default();
                let ending = if self.is_bicep() { ".bicep" } else { ".json" };
                let has_ending = name.to_ascii_lowercase().ends_with(ending);
                Some(Scope::Text(if has_ending { name.to_owned() } else { format!("{name}{ending}") }))
            }
        }
    }
}

/// A folder of the editor.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// As the editor spells it.
    pub(super) path: PathBuf,
    /// As the disk has it.
    canonical: PathBuf,
}

impl Root {
    pub(super) fn new(path: PathBuf) -> Option<Self> {
        let canonical = fs::canonicalize(&path).ok().filter(|path| path.is_dir())?;
        Some(Self { path, canonical })
    }
}

/// What is judged, each with its documents: every folder of the editor, and what lies in none.
pub(super) fn scopes(roots: &[Root], documents: &Documents) -> BTreeMap<Scope, Vec<Arc<Document>>> {
    let of_root = |at: usize, root: &Root| if at == 0 { Scope::Here } else { Scope::Folder(root.canonical.clone()) };
    let mut all: BTreeMap<Scope, Vec<Arc<Document>>> =
        roots.iter().enumerate().map(|(at, root)| (of_root(at, root), Vec::new())).collect();
    for document in documents.values() {
        let lies_in = |root: &Root| document.path().is_some_and(|path| path.starts_with(&root.canonical));
        let inside = roots.iter().enumerate().filter(|(_, root)| lies_in(root));
        let inside: Vec<Scope> = inside.map(|(at, root)| of_root(at, root)).collect();
        let found = match inside.is_empty() || !document.is_file && !document.is_yaml() {
            true => document.alone().into_iter().collect(),
            false => inside,
        };
        for scope in found {
            all.entry(scope).or_default().push(Arc::clone(document));
        }
    }
    all
}

/// The texts that stand in for settings and rule files.
pub(super) fn open_texts(documents: &Documents) -> OpenTexts {
    let yaml = documents.values().filter(|document| document.is_yaml());
    yaml.filter_map(|document| Some((document.path.clone()?, Arc::clone(&document.text)))).collect()
}

/// The names under which a run may meet the file of a document: as it lies below what is linted, and as it is spelled from
/// the current folder.
pub(super) fn names(document: &Document, linted: &[PathBuf], here: &Path) -> Vec<String> {
    let Some(path) = document.path() else { return Vec::new() };
    let shown = |path: &Path| {
        let parts = path.components().filter(|part| *part != std::path::Component::CurDir);
        parts.collect::<PathBuf>().to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
    };
    let mut all = vec![shown(path)];
    for one in linted {
        let Ok(canonical) = fs::canonicalize(one) else { continue };
        match path.strip_prefix(&canonical) {
            Ok(rest) if rest.as_os_str().is_empty() => all.push(shown(one)),
            Ok(rest) => all.push(shown(&one.join(rest))),
            Err(_) => {}
        }
    }
    for (up, folder) in here.ancestors().take(8).enumerate() {
        if let Ok(rest) = path.strip_prefix(folder) {
            let spelled: PathBuf = std::iter::repeat_n(Path::new(".."), up).chain([rest]).collect();
            all.push(shown(&spelled));
            break;
        }
    }
    all.sort();
    all.dedup();
    all
}
