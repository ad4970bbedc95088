//! Finds rule files, of the program and in folders, and loads them. The only file of the module that reads the disk.
//!
//! What a file says is the work of `compile`; which files to look at when running cases that of `cases`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::finding::RuleId;
use crate::rule::compile::{About, Rule};
use crate::rule::error::{RuleError, Text};
use crate::rule::schema::{Written, tree};
use crate::rule::service::Service;
use crate::rule::shipped;
use crate::rule::tree::Yaml;

/// The most files and folders a rule folder may hold.
const MAX_ENTRIES: usize = 20_000;

/// The largest rule file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// How deep a rule folder may be nested.
const MAX_FOLDERS: usize = 16;

/// All rules and services of a run.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    /// By id.
    pub rules: Vec<Rule>,
    /// By name.
    pub services: Vec<Arc<Service>>,
    /// How many came with the program, and from which folders the others came.
    pub sources: Vec<PackSource>,
}

/// Where rules came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackSource {
    /// The folder as given; `None` for the rules of the program.
    pub folder: Option<PathBuf>,
    /// Its rules.
    pub rules: Vec<RuleId>,
}

/// One file of a rule folder.
#[derive(Clone, Debug)]
pub(crate) struct RuleFile {
    /// Its path below the folder without the ending, parts joined with `/`.
    pub(crate) id: Arc<str>,
    pub(crate) text: Text,
}

impl Pack {
    /// The rules of the program, of folders, or both. Of two rules or services with one name, that of the later folder
    /// counts, and a folder's counts before the program's.
    pub fn load(embedded: bool, folders: &[PathBuf]) -> Result<Self, RuleError> {
        Self::load_with(embedded, folders, &BTreeMap::new())
    }

    /// The same, with texts in place of those of some files, by the path that the disk has.
    pub fn load_with(
        embedded: bool,
        folders: &[PathBuf],
        open: &BTreeMap<PathBuf, Arc<str>>,
    ) -> Result<Self, RuleError> {
        let mut loading = Loading::default();
        // Which services there are and how they are found is no rule.
        for file in shipped::SERVICES {
            loading.add_service(Service::deferred(file));
        }
        let mut read = Vec::new();
        for folder in folders {
            let files = folder_files(folder, "", open)?;
            if files.is_empty() {
                let error = "it holds no rule; rules are files such as FAMILY/NAME.yaml".to_owned();
                return Err(RuleError::Unreadable { path: folder.clone(), error });
            }
            read.push((folder, loading.read(files)));
        }
        // A service of a folder may lack what a rule of the program asks for under its name.
        let is_replaced = loading.replaced > 0;
        let shipped = if embedded { shipped::RULES } else { &[] };
        let rules = shipped.iter().map(|file| match is_replaced {
            true => Rule::compiled(
                &RuleId::new(file.id),
                Written { text: &file.text(), yaml: &file.tree() },
                &loading.services,
            ),
            false => Ok(Rule::deferred(file, &loading.services)),
        });
        let rules = rules.collect();
        loading.add(None, rules);
        for (folder, files) in read {
            let rules = files.iter().map(|(file, yaml)| {
                let id = RuleId::new(Arc::clone(&file.id));
                Rule::compiled(&id, Written { text: &file.text, yaml }, &loading.services)
            });
            let rules = rules.collect();
            loading.add(Some(folder.clone()), rules);
        }
        match RuleError::gather(loading.mistakes) {
            Some(error) => Err(error),
            None => Ok(Self {
                rules: loading.rules.into_values().collect(),
                services: loading.services.into_values().collect(),
                sources: loading.sources,
            }),
        }
    }

    /// The resource types that its services and assertion rules look at.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        let found = self.services.iter().flat_map(|service| service.found_types.iter().chain(&service.through_types));
        let asserted = self.rules.iter().filter_map(|rule| match &rule.about {
            About::Resources { of, beside } => Some(of.iter().chain(beside)),
            About::Service(_) | About::Subject(_) => None,
        });
        found.chain(asserted.flatten()).map(|name| &**name)
    }

    /// Leaves out every rule that asks for no traffic, name or route: what two runs are compared by needs no other.
    pub fn keep_requirements(&mut self) {
        self.rules.retain(|rule| matches!(rule.about, About::Service(_)));
    }

    /// The service of a name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| &*service.name == name).map(|service| &**service)
    }

    /// Leaves a service out, with its requirements: it is not looked for.
    pub fn turn_off(&mut self, name: &str) {
        self.services.retain(|service| &*service.name != name);
        self.rules.retain(|rule| !matches!(&rule.about, About::Service(service) if *service.name == *name));
    }

    /// Every rule there is: its own, those it was loaded from, and those of the program, whether loaded or not.
    pub fn known(&self) -> BTreeSet<RuleId> {
        let loaded = self.sources.iter().flat_map(|source| source.rules.iter().cloned());
        let own = self.rules.iter().map(|rule| rule.card.id.clone());
        shipped::RULES.iter().map(|file| RuleId::new(file.id)).chain(loaded).chain(own).collect()
    }

    /// The rule of an id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.card.id.as_str() == id)
    }
}

/// A pack while it is loaded.
#[derive(Default)]
struct Loading {
    services: BTreeMap<Arc<str>, Arc<Service>>,
    /// How many services took the place of another.
    replaced: usize,
    rules: BTreeMap<RuleId, Rule>,
    sources: Vec<PackSource>,
    mistakes: Vec<RuleError>,
}

impl Loading {
    fn service(&mut self, text: &Text, yaml: &Yaml<'_>) {
        match Service::read(Written { text, yaml }) {
            Ok(service) => self.add_service(service),
            Err(mistake) => self.mistakes.push(mistake),
        }
    }

    fn add_service(&mut self, service: Service) {
        let before = self.services.insert(Arc::clone(&service.name), Arc::new(service));
        self.replaced += usize::from(before.is_some());
    }

    /// Takes the services among the files of a folder; answers with the rules.
    fn read(&mut self, files: Vec<RuleFile>) -> Vec<(RuleFile, Yaml<'static>)> {
        // Reading YAML is most of the work.
        let trees: Vec<_> = files.par_iter().map(|file| tree(&file.text)).collect();
        let mut rules = Vec::new();
        for (file, read) in files.into_iter().zip(trees) {
            match read {
                Err(mistake) => self.mistakes.push(mistake),
                Ok(yaml) if is_service(&file) => self.service(&file.text, &yaml),
                Ok(yaml) => rules.push((file, yaml)),
            }
        }
        rules
    }

    fn add(&mut self, folder: Option<PathBuf>, rules: Vec<Result<Rule, RuleError>>) {
        let mut ids = Vec::new();
        for rule in rules {
            match rule {
                Ok(rule) => {
                    ids.push(rule.card.id.clone());
                    self.rules.insert(rule.card.id.clone(), rule);
                }
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
        self.sources.push(PackSource { folder, rules: ids });
    }
}

fn is_service(file: &RuleFile) -> bool {
    file.id.rsplit('/').next() == Some("service")
}

/// The id of a file: its path without `.yaml` or `.yml` and without the ending asked for.
fn id_of(path: &str, ending: &str) -> Option<String> {
    let stem = path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml"))?;
    let id = stem.strip_suffix(ending)?;
    (!ending.is_empty() || !stem.ends_with(".cases")).then(|| id.to_owned())
}

/// The files of a folder, by id, with texts in place of those of some. Hidden entries are left out; a link to a folder is
/// not followed.
pub(crate) fn folder_files(
    folder: &Path,
    ending: &str,
    open: &BTreeMap<PathBuf, Arc<str>>,
) -> Result<Vec<RuleFile>, RuleError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| RuleError::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    if !folder.is_dir() {
        return Err(unreadable(folder, &"there is no such folder"));
    }
    let walk = walkdir::WalkDir::new(folder)
        .max_depth(MAX_FOLDERS)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'));
    let mut files = Vec::new();
    for (count, entry) in walk.enumerate() {
        if count > MAX_ENTRIES {
            return Err(unreadable(folder, &"it holds too many files for a rule folder"));
        }
        let entry = entry.map_err(|error| unreadable(error.path().unwrap_or(folder), &error))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let path = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let Some(id) = id_of(&path, ending) else { continue };
        let content = match open_text(entry.path(), open) {
            Some(text) => text.to_string(),
            None => read(entry.path()).map_err(|error| unreadable(entry.path(), &error))?,
        };
        let content = content.strip_prefix('\u{feff}').unwrap_or(&content);
        let name = entry.path().to_string_lossy().replace('\\', "/");
        files.push(RuleFile { id: id.into(), text: Text::new(name, content) });
    }
    files.sort_by(|left, right| left.id.cmp(&right.id));
    Ok(files)
}

/// The text that stands in for a file.
fn open_text<'o>(path: &Path, open: &'o BTreeMap<PathBuf, Arc<str>>) -> Option<&'o Arc<str>> {
    if open.is_empty() { None } else { open.get(&fs::canonicalize(path).ok()?) }
}

/// The text of a rule file. Pipes, devices and files without an end are not read.
fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is too large for a rule file"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Loading, Pack};
    use crate::finding::RuleId;
    use crate::rule::compile::Rule;
    use crate::rule::error::{RuleError, Text};
    use crate::rule::schema::{Written, tree};
    use crate::rule::service::{Details, Service};
    use crate::rule::shipped;
    use crate::rule::{Body, Mode, Requirement, Target};

    const SERVICE: &str = "\
service: demo
title: Demo
describe: A demo.
found-on:
  - resource: Contoso.Demo/things
    subnet: $.properties.subnet.id
facts:
  public-ip: { type: boolean, describe: It has a public address., default: false }
  region: { type: text, describe: Where it is., from: [{ built-in: region }] }
";

    const RULE: &str = "\
title: No way to storage
level: error
service: demo
applies: { public-ip: true }
require:
  flow:
    direction: outbound
    protocol: tcp
    to: { any-of: ['Storage.{region}', 10.0.0.0/8, { hosts: ['*.blob.core.windows.net'] }] }
    ports: [443, 8000-8100]
why: It stores things.
help: Allow it.
tags: [DEMO-1, storage]
";

    fn load(rule: &str) -> Result<Pack, RuleError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("demo")).unwrap();
        std::fs::write(folder.path().join("demo/service.yaml"), SERVICE).unwrap();
        std::fs::write(folder.path().join("demo/storage-blocked.yaml"), rule).unwrap();
        Pack::load(false, &[folder.path().to_owned()])
    }

    /// Line, column and message of what is wrong.
    fn mistake(rule: &str) -> (usize, usize, String) {
        let error = load(rule).unwrap_err();
        let (_, line, column) = error.place().unwrap();
        (line, column, error.to_string())
    }

    #[test]
    fn a_folder_holds_services_and_rules() {
        let pack = load(RULE).unwrap();
        let rule = pack.rule("demo/storage-blocked").unwrap();
        let Body::Requirement(body) = rule.body() else { panic!() };
        assert_eq!(body.rows, ["DEMO-1"]);
        assert_eq!(body.applies.to_string(), "`public-ip` is true");
        let Requirement::Flow(flow) = &body.require else { panic!() };
        assert_eq!(flow.to.mode, Mode::AnyOf);
        assert!(matches!(&*flow.to.items, [Target::Tag(_), Target::Prefix(_), Target::Hosts(_)]));
        assert!(matches!(&*flow.from.items, [Target::Subnet]));
        assert!(pack.service("demo").is_some());
    }

    #[test]
    fn what_is_unknown_is_an_error_at_its_place() {
        let wrong = |from: &str, to: &str| mistake(&RULE.replace(from, to));
        assert_eq!(wrong("level: error", "level: eror"), (2, 8, "`eror` is not a level".into()));
        assert_eq!(wrong("applies: { public-ip", "applies: { public-pi").0, 4);
        assert_eq!(wrong("{region}", "{regoin}"), (9, 29, "there is nothing called `regoin` to fill in".into()));
        assert_eq!(wrong("protocol: tcp", "protocol: tpc"), (8, 15, "`tpc` is not a protocol".into()));
        assert_eq!(wrong("8000-8100", "8100-8000").1, 18);
        assert_eq!(wrong("service: demo", "service: dmo"), (3, 10, "there is no service `dmo`".into()));
        assert_eq!(wrong("require:", "assumes:").2, "a requirement rule needs the key `require`");
        assert_eq!(wrong("    ports", "    prots"), (10, 5, "`flow` has no key `prots`".into()));
    }

    #[test]
    fn the_rules_of_the_program_are_right_and_as_they_are_written() {
        let mut loading = Loading::default();
        shipped::SERVICES.iter().for_each(|file| loading.service(&file.text(), &tree(&file.text()).unwrap()));
        for file in shipped::RULES.iter().chain(shipped::SERVICES) {
            assert_eq!(file.tree(), tree(&file.text()).unwrap(), "{}", file.id);
        }
        for file in shipped::SERVICES {
            let known = Service::deferred(file);
            let read = &loading.services[&known.name];
            assert_eq!((&known.found_types, &known.through_types), (&read.found_types, &read.through_types));
            assert!(known.is_shipped && read.is_shipped);
            let (known, read): (&Details, &Details) = (&known, read);
            assert_eq!(format!("{known:?}"), format!("{read:?}"), "{}", file.id);
        }
        for file in shipped::RULES {
            // Nothing in it waits for its first use.
            let text = Text { is_shipped: false, ..file.text() };
            let written = Written { text: &text, yaml: &file.tree() };
            let read = Rule::compiled(&RuleId::new(file.id), written, &loading.services).unwrap();
            let known = Rule::deferred(file, &loading.services);
            assert_eq!(known.card, read.card);
            assert_eq!(format!("{:?}", known.about), format!("{:?}", read.about));
            assert_eq!(format!("{:?}", known.body()), format!("{:?}", read.body()), "{}", file.id);
        }
        assert!(loading.mistakes.is_empty());
    }

    #[test]
    fn a_service_of_a_folder_takes_the_place_of_the_program_s_and_its_rules_are_held_against_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("azureml")).unwrap();
        let service = SERVICE.replace("service: demo", "service: azureml-compute");
        std::fs::write(folder.path().join("azureml/service.yaml"), service).unwrap();
        let error = Pack::load(true, &[folder.path().to_owned()]).unwrap_err();
        assert!(error.to_string().contains("service `azureml-compute` has no fact"), "{error}");
    }

    #[test]
    fn a_source_is_read_on_a_day_of_the_calendar() {
        let dated = |day: &str| format!("{RULE}sources: [{{ title: A, url: https://a.example, read: {day} }}]\n");
        assert!(load(&dated("2026-03-19")).is_ok());
        for day in ["2025-02-31", "2026-3-19", "2026-13-01", "2026-03"] {
            let (_, _, message) = mistake(&dated(day));
            assert_eq!(message, format!("`{day}` is not a day of the calendar"));
        }
    }

    #[test]
    fn a_folder_without_a_rule_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let error = Pack::load(true, &[folder.path().to_owned()]).unwrap_err();
        assert!(error.to_string().contains("it holds no rule"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.yaml")).unwrap();
        let error = Pack::load(true, &[folder.path().to_owned()]).unwrap_err();
        assert!(error.to_string().ends_with("zero.yaml` cannot be read: it is not a regular file"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = Pack::load(false, &[PathBuf::from("no/such/folder")]).unwrap_err();
        assert_eq!(error.to_string(), "`no/such/folder` cannot be read: there is no such folder");
    }
}
