//! The sources of the program, parsed: which file imports what, what a module exports, how long things are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Files of a folder and the folders below that end in `.rs`, in the order of their paths.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("sources are readable") {
            let path = entry.expect("entries are readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What the product's part of a file names: paths below `crate::` as their parts, and whether `super` stands in one.
#[derive(Default)]
pub(crate) struct Imports {
    pub(crate) paths: Vec<Vec<String>>,
    pub(crate) says_super: bool,
    /// Paths that begin with something else, which may be an imported module.
    others: Vec<Vec<String>>,
}

impl Imports {
    /// Those of a text, outside its test modules, whatever their form.
    pub(crate) fn of(text: &str) -> Self {
        let mut imports = Self::default();
        imports.visit_file(&syn::parse_file(text).expect("the sources are Rust"));
        let modules: BTreeSet<String> = imports.paths.iter().filter_map(|path| module_of(path)).collect();
        let through = imports.others.iter().filter(|path| path.first().is_some_and(|first| modules.contains(first)));
        let through: Vec<Vec<String>> = through.cloned().collect();
        imports.paths.extend(through);
        imports
    }

    /// Opens groups, renamings and globs: `use crate::{cli::{baseline, check as c}, net::*};` names three paths.
    fn open(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.open(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.open(tree, before)),
            syn::UseTree::Name(name) => self.add(before.iter().cloned().chain([name.ident.to_string()]).collect()),
            syn::UseTree::Rename(name) => self.add(before.iter().cloned().chain([name.ident.to_string()]).collect()),
            syn::UseTree::Glob(_) => self.add(before.clone()),
        }
    }

    fn add(&mut self, path: Vec<String>) {
        match path.first().map(String::as_str) {
            Some("crate" | "aznetlint") => self.paths.push(path.into_iter().skip(1).collect()),
            Some("super") => self.says_super = true,
            Some("self") if path.get(1).is_some_and(|part| part == "super") => self.says_super = true,
            Some(_) if path.len() > 1 => self.others.push(path),
            _ => {}
        }
    }

    /// The arguments of a macro are tokens, not yet paths: `format!("{}", crate::net::first())`.
    fn read_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(part) if colons == 2 && !path.is_empty() => {
                    path.push(part.to_string());
                    colons = 0;
                }
                proc_macro2::TokenTree::Punct(sign) if sign.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.add(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        proc_macro2::TokenTree::Ident(part) => path.push(part.to_string()),
                        proc_macro2::TokenTree::Group(group) => self.read_tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.add(path);
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.open(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(path.segments.iter().map(|part| part.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // `pub(crate)` and `pub(super)` name no item.
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.read_tokens(call.tokens.clone());
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }
}

/// The module that `use crate::module;` or `use crate::module::{self};` brings into a file.
fn module_of(path: &[String]) -> Option<String> {
    match path {
        [module] => Some(module.clone()),
        [module, own] if own == "self" => Some(module.clone()),
        _ => None,
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

/// What the `mod.rs` of a folder says of its files.
#[derive(Default)]
pub(crate) struct Exports {
    /// Files that are test modules.
    tests: BTreeSet<String>,
    /// The names it passes on, and the file in which each lies.
    pub(crate) names: BTreeMap<String, String>,
}

impl Exports {
    fn read(text: &str) -> Self {
        let mut exports = Self::default();
        for item in syn::parse_file(text).expect("the sources are Rust").items {
            match item {
                syn::Item::Mod(module) if is_for_tests(&module.attrs) => {
                    exports.tests.insert(module.ident.to_string());
                }
                syn::Item::Use(item) if !is_for_tests(&item.attrs) => exports.add_tree(&item.tree, ""),
                _ => {}
            }
        }
        exports
    }

    fn add_tree(&mut self, tree: &syn::UseTree, file: &str) {
        let name = match tree {
            syn::UseTree::Path(path) => {
                let part = path.ident.to_string();
                let file = if file.is_empty() { part.as_str() } else { file };
                return self.add_tree(&path.tree, file);
            }
            syn::UseTree::Group(group) => return group.items.iter().for_each(|tree| self.add_tree(tree, file)),
            syn::UseTree::Name(name) => name.ident.to_string(),
            syn::UseTree::Rename(name) => name.rename.to_string(),
            syn::UseTree::Glob(_) => return,
        };
        self.names.insert(name, file.to_owned());
    }
}

/// A function with more of something than is easy to read.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
    pub(crate) parameters: usize,
}

/// One file of the program.
pub(crate) struct Source {
    /// The path below the folder of the sources, without `.rs`; `mod.rs` is its folder.
    pub(crate) path: Vec<String>,
    pub(crate) is_module_file: bool,
    pub(crate) for_tests: bool,
    pub(crate) imports: Imports,
    /// Lines outside test modules that hold more than a comment.
    pub(crate) code: usize,
    /// Lines outside test modules.
    pub(crate) lines: usize,
    pub(crate) functions: Vec<Function>,
}

impl Source {
    /// The module it is part of: the first part of its path.
    pub(crate) fn module(&self) -> &str {
        &self.path[0]
    }
}

/// The sources of a program, by a folder like `src`.
pub(crate) struct Sources {
    pub(crate) files: Vec<Source>,
    /// What each folder with a `mod.rs` exports, by its path.
    pub(crate) exports: BTreeMap<Vec<String>, Exports>,
    by_path: BTreeMap<Vec<String>, usize>,
}

impl Sources {
    /// Those of this program, read once.
    pub(crate) fn own() -> &'static Self {
        static OWN: OnceLock<Sources> = OnceLock::new();
        OWN.get_or_init(|| Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")))
    }

    /// Those below a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let paths = rust_files(folder);
        assert!(paths.len() > 10, "the sources were not found");
        let parts = |path: &Path| -> Vec<String> {
            let relative = path.strip_prefix(folder).expect("found below the folder").with_extension("");
            relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
        };
        let mut exports: BTreeMap<Vec<String>, Exports> = BTreeMap::new();
        for path in paths.iter().filter(|path| path.ends_with("mod.rs")) {
            let text = fs::read_to_string(path).expect("sources are text");
            exports.insert(parts(path.parent().expect("a file lies in a folder")), Exports::read(&text));
        }
        let files = paths.iter().map(|path| {
            let mut place = parts(path);
            let is_module_file = path.ends_with("mod.rs");
            if is_module_file {
                place.pop();
            }
            let for_tests = (1..place.len())
                .any(|at| exports.get(&place[..at]).is_some_and(|exports| exports.tests.contains(&place[at])));
            read_file(place, is_module_file, for_tests, &fs::read_to_string(path).expect("sources are text"))
        });
        let files: Vec<Source> = files.collect();
        let single = files.iter().enumerate().filter(|(_, file)| !file.is_module_file);
        let by_path = single.map(|(at, file)| (file.path.clone(), at)).collect();
        Self { files, exports, by_path }
    }

    /// The file that a path below `crate::` leads to: through folders, files and the names that folders pass on.
    pub(crate) fn file_of(&self, import: &[String]) -> Option<&Source> {
        let mut place: Vec<String> = Vec::new();
        let mut rest: Vec<String> = import.to_vec();
        loop {
            if let Some(at) = self.by_path.get(&place) {
                return self.files.get(*at);
            }
            let next = rest.first()?.clone();
            let child: Vec<String> = place.iter().cloned().chain([next.clone()]).collect();
            let exported = self.exports.get(&place).and_then(|exports| exports.names.get(&next));
            let is_child = self.by_path.contains_key(&child) || self.exports.contains_key(&child);
            // A file and an item that its folder passes on may share a name; only the file holds further parts.
            match exported.filter(|_| rest.len() == 1 || !is_child) {
                // What a folder defines itself, or passes on from elsewhere.
                Some(file) if file.is_empty() || file == "crate" => return None,
                Some(file) => place.push(file.clone()),
                None if is_child => {
                    place = child;
                    rest.remove(0);
                }
                None => return None,
            }
        }
    }
}

fn read_file(path: Vec<String>, is_module_file: bool, for_tests: bool, text: &str) -> Source {
    let file = syn::parse_file(text).expect("the sources are Rust");
    let mut left_out = BTreeSet::new();
    for item in &file.items {
        if let syn::Item::Mod(module) = item
            && is_for_tests(&module.attrs)
        {
            left_out.extend(module.span().start().line..=module.span().end().line);
        }
    }
    let kept = text.lines().enumerate().filter(|(at, _)| !for_tests && !left_out.contains(&(at + 1)));
    let kept: Vec<&str> = kept.map(|(_, line)| line.trim()).collect();
    let mut functions = Functions::default();
    if !for_tests {
        functions.visit_file(&file);
    }
    Source {
        imports: Imports::of(text),
        code: kept.iter().filter(|line| !line.is_empty() && !line.starts_with("//")).count(),
        lines: kept.len(),
        functions: functions.0,
        path,
        is_module_file,
        for_tests,
    }
}

#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        let parameters = signature.inputs.len();
        self.0.push(Function { name: signature.ident.to_string(), lines, parameters });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }
}
