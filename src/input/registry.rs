//! Modules of registries, without a network: the folders that settings map, and what the compiler has downloaded before.
//! Nothing is ever written there.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use foldhash::{HashMap, HashMapExt};

use crate::input::disk::Nearest;
use crate::json::{self, Node};
use crate::source::FileId;

/// Where modules of registries are looked for.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    /// The beginnings of references, such as `br/public:avm/`, and the folders that hold what follows.
    pub folders: Vec<(String, PathBuf)>,
    /// What the compiler has downloaded.
    pub cache: Cache,
    /// The user's own folder, which holds the compiler's cache and is meant by `~`.
    pub home: Option<PathBuf>,
}

/// Where what the compiler has downloaded lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// Where `bicepconfig.json` says, else in `.bicep` of the user's own folder.
    #[default]
    Usual,
    /// It is not looked at.
    Off,
    /// In this folder.
    At(PathBuf),
}

/// A module of a registry that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its file.
    pub(crate) path: PathBuf,
    /// The folder it must not lead out of.
    pub(crate) below: PathBuf,
    /// Where it comes from.
    pub(crate) from: From,
}

/// Where a module of a registry was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// In a folder that settings or a configuration map, which holds one version; it, if it is known.
    Folder(Option<String>),
    /// In the cache at this folder.
    Cache(PathBuf),
}

/// Whether a path leads to a registry.
pub(crate) fn is_registry(path: &str) -> bool {
    ["br:", "br/", "ts:", "ts/"].iter().any(|start| path.starts_with(start))
}

/// The version that a reference asks for.
pub(crate) fn version(path: &str) -> &str {
    match Reference::read(path) {
        Some(Reference::Module { tag: Tag::Version(version) | Tag::Digest(version), .. }) => version,
        Some(Reference::Spec { version, .. }) => version,
        None => "",
    }
}

/// Finds modules of registries; what is read of configurations is kept.
#[derive(Debug)]
pub(crate) struct Registry<'o> {
    modules: &'o Modules,
    /// The folders of configurations.
    nearest: Nearest,
    /// By the folder; the one of no folder says nothing.
    configurations: HashMap<Option<PathBuf>, Configuration>,
    /// What was found for a reference under a configuration.
    found: HashMap<(Option<PathBuf>, String), Option<Found>>,
}

impl<'o> Registry<'o> {
    pub(crate) fn new(modules: &'o Modules) -> Self {
        Self { modules, nearest: Nearest::default(), configurations: HashMap::new(), found: HashMap::new() }
    }

    /// The file of a module that a file in `folder` refers to.
    pub(crate) fn find(&mut self, folder: &Path, path: &str) -> Option<Found> {
        let base = self.nearest.above(folder, |folder| folder.join(CONFIGURATION).is_file());
        let asked = (base, path.to_owned());
        if let Some(known) = self.found.get(&asked) {
            return known.clone();
        }
        let base = &asked.0;
        let configuration =
            self.configurations.entry(base.clone()).or_insert_with(|| Configuration::of(base.as_deref()));
        let found = Reference::read(path).and_then(|reference| search(self.modules, configuration, &reference, path));
        self.found.insert(asked, found.clone());
        found
    }
}

/// The file of a module.
fn search(modules: &Modules, configuration: &Configuration, reference: &Reference<'_>, path: &str) -> Option<Found> {
    let whole = reference.whole(configuration);
    let spelled: Vec<&str> =
        [Some(path), whole.as_ref().map(|whole| whole.spelled.as_str())].into_iter().flatten().collect();
    if let Some(found) = mapped(modules, &spelled) {
        return Some(found);
    }
    if let Some(found) = reference.mocked(configuration) {
        return Some(found);
    }
    let root = match &modules.cache {
        Cache::Off => return None,
        Cache::At(path) => path.clone(),
        Cache::Usual => {
            let home = modules.home.as_deref();
            let told = configuration.cache.as_ref().and_then(|(written, base)| folder_of(written, base, home));
            told.or_else(|| home.map(|home| home.join(".bicep")))?
        }
    };
    // What was not downloaded to its end lacks one of these.
    let needed: &[&str] = if path.starts_with("br") { &["main.json", "manifest", "metadata"] } else { &["main.json"] };
    let is_whole = |module: &PathBuf| needed.iter().all(|name| module.join(name).is_file());
    let module = whole?.cached.iter().map(|cached| root.join(cached)).find(is_whole)?;
    Some(Found { path: module.join("main.json"), below: root.clone(), from: From::Cache(root) })
}

/// What the longest mapping that fits leads to.
fn mapped(modules: &Modules, spelled: &[&str]) -> Option<Found> {
    let fitting = modules.folders.iter().filter_map(|(start, folder)| {
        let rest = spelled.iter().find_map(|path| path.strip_prefix(start.as_str()))?;
        Some((start.len(), rest, folder))
    });
    let mut fitting: Vec<_> = fitting.collect();
    fitting.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
    fitting.into_iter().find_map(|(_, rest, folder)| in_folder(folder, untagged(rest)))
}

/// A reference without its version.
fn untagged(rest: &str) -> &str {
    let rest = rest.split_once('@').map_or(rest, |(rest, _)| rest);
    rest.rsplit_once(':').map_or(rest, |(rest, _)| rest).trim_matches('/')
}

/// The module that a folder holds under a path.
fn in_folder(folder: &Path, path: &str) -> Option<Found> {
    if path.split('/').any(|part| part == "..") {
        return None;
    }
    let module = folder.join(path);
    let file = ["main.json", "main.bicep"].iter().map(|name| module.join(name)).find(|file| file.is_file())?;
    Some(Found { path: file, below: folder.to_owned(), from: From::Folder(version_in(&module)) })
}

/// The version that a folder of a module says it holds.
fn version_in(module: &Path) -> Option<String> {
    let text = read_small(&module.join("version.json"))?;
    let document = json::parse(FileId(u32::MAX), &text).ok()?;
    document.root.get("version").and_then(Node::text).map(str::to_owned)
}

/// A path of a configuration, from the folder it stands in; `~` is the user's own folder.
fn folder_of(written: &str, base: &Path, home: Option<&Path>) -> Option<PathBuf> {
    match written.strip_prefix('~') {
        Some(rest) => home.map(|home| home.join(rest.trim_start_matches(['/', '\\']))),
        None => Some(base.join(written)),
    }
}

/// A reference to a registry, in parts.
#[derive(Debug, PartialEq, Eq)]
enum Reference<'p> {
    /// `br:…` and `br/…`
    Module { alias: Option<&'p str>, path: &'p str, tag: Tag<'p> },
    /// `ts:…` and `ts/…`
    Spec { alias: Option<&'p str>, path: &'p str, version: &'p str },
}

#[derive(Debug, PartialEq, Eq)]
enum Tag<'p> {
    Version(&'p str),
    Digest(&'p str),
}

/// A reference without aliases.
struct Whole {
    /// As it would be written.
    spelled: String,
    /// Where the compiler keeps it, below the root of its cache: one of these.
    cached: Vec<PathBuf>,
}

impl<'p> Reference<'p> {
    fn read(path: &'p str) -> Option<Self> {
        let (kind, rest) = path.split_at_checked(2)?;
        let (alias, rest) = match rest.strip_prefix('/') {
            Some(rest) => rest.split_once(':').map(|(alias, rest)| (Some(alias), rest))?,
            None => (None, rest.strip_prefix(':')?),
        };
        let (path, tag) = match rest.split_once('@') {
            Some((path, digest)) => (path, Tag::Digest(digest)),
            // A registry may have a port, so the tag is what follows the last path.
            None => match rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
                Some((path, tag)) => (path, Tag::Version(tag)),
                None => return None,
            },
        };
        let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        match (kind, tag) {
            _ if !is_plain => None,
            ("br", tag) => Some(Self::Module { alias, path, tag }),
            ("ts", Tag::Version(version)) => Some(Self::Spec { alias, path, version }),
            _ => None,
        }
    }

    fn whole(&self, configuration: &Configuration) -> Option<Whole> {
        match self {
            Self::Module { alias, path, tag } => {
                let path = match alias {
                    Some(alias) => configuration.registry(alias)? + "/" + path,
                    None => (*path).to_owned(),
                };
                let (registry, repository) = path.split_once('/')?;
                let (spelled, tags) = match tag {
                    Tag::Version(tag) => {
                        let (mask, small) = (mask(tag), mask(tag).to_ascii_lowercase());
                        (format!("br:{path}:{tag}"), vec![format!("{tag}${mask}"), format!("{tag}${small}")])
                    }
                    Tag::Digest(digest) => (format!("br:{path}@{digest}"), vec![digest.replace(':', "#")]),
                };
                let registry = registry.to_ascii_lowercase().replace(':', "$");
                let module = Path::new("br").join(registry).join(repository.replace('/', "$"));
                Some(Whole { spelled, cached: tags.iter().map(|tag| module.join(tag)).collect() })
            }
            Self::Spec { alias, path, version } => {
                let path = match alias {
                    Some(alias) => configuration.specs(alias)? + "/" + path,
                    None => (*path).to_owned(),
                };
                let cached = Path::new("ts").join(path.to_ascii_lowercase()).join(version.to_ascii_lowercase());
                Some(Whole { spelled: format!("ts:{path}:{version}"), cached: vec![cached] })
            }
        }
    }

    /// What the folder that a configuration gives an alias holds.
    fn mocked(&self, configuration: &Configuration) -> Option<Found> {
        let Self::Module { alias: Some(alias), path, .. } = self else { return None };
        let mocked = configuration.roots.iter().find_map(|(root, base)| {
            let folder = member(root, &["moduleAliasesMock", "br", alias, "mapToFilePath"])?;
            Some(beside(base, folder.text()?))
        });
        in_folder(&mocked?, path)
    }
}

/// The capital letters of a tag, as a hexadecimal number; empty when there are none.
fn mask(tag: &str) -> String {
    let capitals = tag.chars().enumerate().filter(|(_, letter)| letter.is_ascii_uppercase());
    let mask =
        capitals.fold(0_u128, |mask, (at, _)| mask | 1_u128.checked_shl(u32::try_from(at).unwrap_or(128)).unwrap_or(0));
    if mask == 0 { String::new() } else { format!("{mask:X}") }
}

/// How configurations are called.
const CONFIGURATION: &str = "bicepconfig.json";

/// A path as a configuration in a folder writes it.
fn beside(folder: &Path, path: &str) -> PathBuf {
    path.split('/').fold(folder.to_owned(), |at, part| match part {
        "." => at,
        ".." => at.parent().map_or_else(|| at.clone(), Path::to_owned),
        part => at.join(part),
    })
}

/// At most so many configurations extend each other.
const EXTENDED: usize = 64;

/// What the nearest `bicepconfig.json` says, as far as modules go.
#[derive(Debug, Default)]
struct Configuration {
    /// It and those that it extends, each with the folder it stands in. The first one that says something counts.
    roots: Vec<(Node, PathBuf)>,
    /// Where the cache is, and the folder that is said from.
    cache: Option<(String, PathBuf)>,
}

impl Configuration {
    /// The one in a folder.
    fn of(folder: Option<&Path>) -> Self {
        let mut roots: Vec<(Node, PathBuf)> = Vec::new();
        let mut next = folder.map(|folder| folder.join(CONFIGURATION));
        while let Some(path) = next.take().filter(|_| roots.len() < EXTENDED) {
            let root = read_small(&path).and_then(|text| json::parse(FileId(u32::MAX), &text).ok());
            let Some((root, base)) = root.map(|document| document.root).zip(path.parent()) else { break };
            next = root.get("extends").and_then(Node::text).map(|other| beside(base, other));
            roots.push((root, base.to_owned()));
        }
        let cache = |(root, base): &(Node, PathBuf)| {
            root.get("cacheRootDirectory").and_then(Node::text).map(|text| (text.to_owned(), base.clone()))
        };
        let cache = roots.iter().find_map(cache);
        Self { roots, cache }
    }

    fn member(&self, path: &[&str]) -> Option<&Node> {
        self.roots.iter().find_map(|(root, _)| member(root, path))
    }

    /// Registry and path of an alias.
    fn registry(&self, alias: &str) -> Option<String> {
        let text = |key: &str| self.member(&["moduleAliases", "br", alias, key]).and_then(Node::text);
        match (text("registry"), text("modulePath")) {
            (Some(registry), Some(path)) => Some(format!("{registry}/{}", path.trim_matches('/'))),
            (Some(registry), None) => Some(registry.to_owned()),
            (None, _) => (alias == "public").then(|| "mcr.microsoft.com/bicep".to_owned()),
        }
    }

    /// Subscription and resource group of an alias.
    fn specs(&self, alias: &str) -> Option<String> {
        let text = |key: &str| self.member(&["moduleAliases", "ts", alias, key]).and_then(Node::text);
        Some(format!("{}/{}", text("subscription")?, text("resourceGroup")?))
    }
}

fn member<'n>(root: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, key| node.get(key))
}

/// A configuration, when it is a regular file of a size that one has.
fn read_small(path: &Path) -> Option<String> {
    const LONGEST: u64 = 1 << 20;
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    fs::File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Cache, From, Modules, Registry, mask, version};

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The path that a reference leads to, below a folder.
    fn find(folder: &Path, modules: &Modules, path: &str) -> Option<String> {
        let found = Registry::new(modules).find(&folder.join("infra"), path)?;
        Some(found.path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/"))
    }

    fn cached(folder: &Path, module: &str) {
        for name in ["main.json", "manifest", "metadata"] {
            write(folder, &format!("{module}/{name}"), "{}");
        }
    }

    #[test]
    fn the_cache_of_the_compiler_is_read_as_it_lays_it_out() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let modules = Modules { home: Some(folder.to_owned()), ..Modules::default() };
        let avm = ".bicep/br/mcr.microsoft.com/bicep$avm$res$network$virtual-network/0.7.0$";
        cached(folder, avm);
        cached(folder, ".bicep/br/own.azurecr.io$5000/net/V1.aB$11");
        cached(folder, ".bicep/br/own.azurecr.io/net/sha256#abc");
        write(folder, ".bicep/ts/sub/rg-specs/net/v1/main.json", "{}");
        let at = |path: &str| find(folder, &modules, path);
        assert_eq!(at("br/public:avm/res/network/virtual-network:0.7.0"), Some(format!("{avm}/main.json")));
        assert_eq!(
            at("br:mcr.microsoft.com/bicep/avm/res/network/virtual-network:0.7.0"),
            Some(format!("{avm}/main.json"))
        );
        assert_eq!(at("br/public:avm/res/network/virtual-network:0.7.1"), None);
        assert!(at("br:Own.azurecr.io:5000/net:V1.aB").is_some());
        assert!(at("br:own.azurecr.io/net@sha256:abc").is_some());
        assert!(at("ts:SUB/rg-specs/Net:v1").is_some());
        assert_eq!(at("br:own.azurecr.io/../../x:1"), None);
        fs::remove_file(folder.join(avm).join("metadata")).unwrap();
        assert_eq!(at("br/public:avm/res/network/virtual-network:0.7.0"), None);
        let off = Modules { cache: Cache::Off, ..modules };
        assert_eq!(find(folder, &off, "br:own.azurecr.io/net@sha256:abc"), None);
    }

    #[test]
    fn the_nearest_configuration_names_aliases_and_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(
            folder,
            "bicepconfig.json",
            r#"{ // comments are allowed
              "cacheRootDirectory": "~/modules",
              "moduleAliases": {
                "br": { "own": { "registry": "own.azurecr.io", "modulePath": "net/v2" } },
                "ts": { "specs": { "subscription": "SUB", "resourceGroup": "rg" } } },
              "moduleAliasesMock": { "br": { "mock": { "mapToFilePath": "local" } } } }"#,
        );
        cached(folder, "home/modules/br/own.azurecr.io/net$v2$vnet/1$");
        write(folder, "home/modules/ts/sub/rg/x/2/main.json", "{}");
        write(folder, "local/a/b/main.bicep", "");
        fs::create_dir_all(folder.join("infra")).unwrap();
        let modules = Modules { home: Some(folder.join("home")), ..Modules::default() };
        assert!(find(folder, &modules, "br/own:vnet:1").is_some());
        assert!(find(folder, &modules, "ts/specs:x:2").is_some());
        assert_eq!(find(folder, &modules, "br/mock:a/b:9").as_deref(), Some("local/a/b/main.bicep"));
        assert_eq!(find(folder, &modules, "br/unknown:vnet:1"), None);
        write(folder, "infra/bicepconfig.json", "{}");
        assert_eq!(find(folder, &modules, "br/own:vnet:1"), None);
        write(folder, "infra/bicepconfig.json", r#"{ "extends": "../bicepconfig.json" }"#);
        assert!(find(folder, &modules, "br/own:vnet:1").is_some());
        assert_eq!(find(folder, &modules, "br/mock:a/b:9").as_deref(), Some("local/a/b/main.bicep"));
        write(folder, "infra/bicepconfig.json", r#"{ "extends": "bicepconfig.json" }"#);
        assert_eq!(find(folder, &modules, "br/own:vnet:1"), None);
    }

    #[test]
    fn the_longest_mapping_wins_and_says_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(folder, "avm/res/a/main.json", "{}");
        write(folder, "avm/res/a/version.json", r#"{ "version": "0.8" }"#);
        write(folder, "own/a/main.bicep", "");
        let map = |start: &str, to: &str| (start.to_owned(), folder.join(to));
        let folders = vec![map("br/public:avm/", "avm"), map("br/public:avm/res/", "own")];
        let modules = Modules { folders, ..Modules::default() };
        assert_eq!(find(folder, &modules, "br/public:avm/res/a:0.7.0").as_deref(), Some("own/a/main.bicep"));
        let modules = Modules { folders: vec![map("br:mcr.microsoft.com/bicep/avm/", "avm")], ..Modules::default() };
        let found = Registry::new(&modules).find(folder, "br/public:avm/res/a:0.7.0").unwrap();
        assert_eq!(found.from, From::Folder(Some("0.8".to_owned())));
        assert_eq!(Registry::new(&modules).find(folder, "br/public:avm/../../x:1"), None);
        assert_eq!(version("br/public:avm/res/a:0.7.0"), "0.7.0");
    }

    #[test]
    fn capital_letters_of_a_tag_are_bits() {
        assert_eq!([mask("0.5.1"), mask("V1"), mask("aBC")], ["", "1", "6"]);
    }
}
