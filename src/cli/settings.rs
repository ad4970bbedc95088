//! Command line and settings file, made one.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::Result;
use serde_saphyr::{Location, Spanned};

use crate::arm::{self, Assumptions};
use crate::cli::appliances::appliances;
use crate::cli::arguments::{LintArguments, ServiceArguments, TemplateArguments};
use crate::cli::declared::{admin_lists, servers};
use crate::cli::end::FlagError;
use crate::cli::found::{Found, accepted, choices, globs, near, per_path, read_config, selection};
use crate::config::{Config, ConfigError, FactSetting};
use crate::finding::FactValue;
use crate::input::{self, Cache, Globs, Modules};
use crate::judge::{Origin, Request, Requests};
use crate::lint::{Settings, TemplateOptions};
use crate::net::Region;
use crate::printable;
use crate::rule::{FactKind, Pack, Service, suggestion};
use crate::spelling::nearest;

/// Everything a check needs to know.
pub(crate) struct Gathered {
    pub(crate) pack: Pack,
    pub(crate) settings: Settings,
    pub(crate) found: Found,
    /// How many rules there are, those that do not run included.
    pub(crate) rules_loaded: usize,
    /// The file that the settings name for the findings that were there before; it is not read yet.
    pub(crate) baseline: Option<PathBuf>,
}

/// Reads the settings file, which is looked for near the first of `paths`, loads the rules, and lays the command line
/// over both.
pub(crate) fn gather(arguments: &LintArguments, paths: &[PathBuf]) -> Result<Gathered> {
    let found = read_config(arguments, paths)?;
    let config = &found.config;
    let folders = rule_folders(&found, &arguments.rules)?;
    let default_rules = !arguments.no_default_rules && config.default_rules.as_ref().is_none_or(|rules| rules.value);
    let mut pack = turn_off(Pack::load_with(default_rules, &folders, &arguments.open)?, config)?;
    for glob in &config.exclude {
        let wrong = |error| config.error(glob.defined, format!("exclude: {error}"), None);
        input::check_glob(&glob.value).map_err(wrong)?;
    }
    for glob in &arguments.exclude {
        input::check_glob(glob).map_err(|error| FlagError::new(format!("--exclude {glob}: {error}"), None))?;
    }
    let excluded = config.exclude.iter().map(|glob| &*glob.value);
    let stdin_name = stdin_name(&arguments.templates, paths)?;
    let input = input::Options {
        stdin_name,
        modules: modules(&found)?,
        exclude: arguments.exclude.clone(),
        exclude_below: (!config.exclude.is_empty()).then(|| Globs::new(&found.base, excluded)),
        force_exclude: arguments.force_exclude,
        ..input::Options::default()
    };
    let requests = requests(&pack, &arguments.services, &found)?;
    let region = requests.facts.iter().find(|(name, ..)| name == "region").map(|(_, value, _)| value.to_string());
    let mut templates = templates(&arguments.templates, region)?;
    let (name, text) = config.file();
    templates.settings = (near(Path::new(name)), text.to_owned());
    templates.choices = choices(&found)?;
    let given = |setting: &Option<Spanned<String>>| setting.as_ref().map(|setting| setting.value.clone());
    let assumed = &mut templates.assumptions;
    assumed.subscription = assumed.subscription.take().or_else(|| given(&config.subscription));
    assumed.resource_group = assumed.resource_group.take().or_else(|| given(&config.resource_group));
    refuse_folders(arguments, &found)?;
    let named = |given: &[PathBuf], settings: &[Spanned<PathBuf>]| match given {
        [] => settings.iter().map(|file| found.below(&file.value)).collect(),
        given => given.to_vec(),
    };
    let service_tags = named(&arguments.service_tags, &config.service_tags);
    let dependencies = named(&arguments.dependencies, &config.dependencies);
    let facts_in = facts_in(&found, &pack)?;
    let per_path = per_path(&found, &pack)?;
    let selection = selection(arguments, &found, &pack)?;
    let rules_loaded = pack.rules.len();
    pack.apply(&selection);
    let accepted = accepted(config, &found.base)?;
    let baseline = config.baseline.as_ref().map(|file| found.below(&file.value));
    let settings = Settings {
        input,
        requests,
        templates,
        service_tags,
        dependencies,
        per_path,
        facts_in,
        accepted,
        ..Settings::default()
    };
    Ok(Gathered { settings, pack, found, rules_loaded, baseline })
}

/// Leaves out the services that the settings turn off.
fn turn_off(mut pack: Pack, config: &Config) -> Result<Pack, ConfigError> {
    let known: Vec<_> = pack.services.iter().map(|service| Arc::clone(&service.name)).collect();
    for (name, is_on) in &config.packs {
        if !known.iter().any(|known| **known == **name) {
            let help = suggestion(name, "the services are", known.iter().map(|name| &**name));
            return Err(config.error(is_on.defined, format!("packs: there is no service `{name}`"), Some(help)));
        }
        if !is_on.value {
            pack.turn_off(name);
        }
    }
    Ok(pack)
}

/// The name of standard input, with `/` between its parts. Without standard input it names nothing.
fn stdin_name(arguments: &TemplateArguments, paths: &[PathBuf]) -> Result<Option<String>, FlagError> {
    let Some(name) = &arguments.stdin_name else { return Ok(None) };
    if !paths.iter().any(|path| path.as_os_str() == "-") {
        let help = "name `-` among the paths to read standard input".to_owned();
        return Err(FlagError::new(format!("--stdin-name {name}: standard input is not read"), help));
    }
    if name.is_empty() || name.ends_with('/') || Path::new(name).is_dir() {
        let help = "name the file that standard input is about to be, such as infra/main.bicep".to_owned();
        return Err(FlagError::new(format!("--stdin-name {name}: this is no name of a file"), help));
    }
    Ok(Some(near(Path::new(name))))
}

/// Where modules of registries are looked for. Those the compiler has downloaded lie in the user's own folder.
fn modules(found: &Found) -> Result<Modules, ConfigError> {
    let home = ["HOME", "USERPROFILE"].iter().find_map(env::var_os).filter(|home| !home.is_empty());
    let mut modules = Modules { home: home.map(PathBuf::from), ..Modules::default() };
    let Some(bicep) = &found.config.bicep else { return Ok(modules) };
    modules.cache = match &bicep.cache {
        None => Cache::Usual,
        Some(cache) if cache.value == Path::new("off") => Cache::Off,
        Some(cache) => Cache::At(found.below(&cache.value)),
    };
    for (start, folder) in &bicep.modules.0 {
        let path = found.below(&folder.value);
        if !["br:", "br/", "ts:", "ts/"].iter().any(|kind| start.value.starts_with(kind)) {
            let help = "write the beginning of references, such as `br/public:avm/`".to_owned();
            let message = format!("bicep.modules: `{}` is no reference to a registry", start.value);
            return Err(found.config.error(start.defined, message, Some(help)));
        }
        if !path.is_dir() {
            let message = format!("bicep.modules: there is no folder {}", printable::path(&path));
            return Err(found.config.error(folder.defined, message, None));
        }
        modules.folders.push((start.value.clone(), path));
    }
    Ok(modules)
}

/// Where a file has to be named, a folder is a mistake.
fn refuse_folders(arguments: &LintArguments, found: &Found) -> Result<()> {
    let flags = [
        ("--parameters", &arguments.templates.parameters),
        ("--service-tags", &arguments.service_tags),
        ("--dependencies", &arguments.dependencies),
    ];
    for (flag, path) in flags.iter().flat_map(|(flag, paths)| paths.iter().map(move |path| (flag, path))) {
        if path.is_dir() {
            let help = format!("name a file: {flag} FILE");
            return Err(FlagError::new(format!("{flag}: {} is a folder", printable::path(path)), help).into());
        }
    }
    let config = &found.config;
    let lists = config.admin_rules.iter().map(|list| &list.file);
    for file in config.service_tags.iter().chain(&config.dependencies).chain(lists) {
        if found.below(&file.value).is_dir() {
            let message = format!("{} is a folder", printable::path(&file.value));
            return Err(config.error(file.defined, message, Some("name a file".to_owned())).into());
        }
    }
    Ok(())
}

/// What the settings say of the placements in some files only.
fn facts_in(found: &Found, pack: &Pack) -> Result<Vec<(Globs, BTreeMap<String, FactValue>)>> {
    let services: Vec<&Service> = pack.services.iter().map(|service| &**service).collect();
    let mut facts_in = Vec::new();
    for entry in &found.config.per_path {
        let mut facts = facts_of(&found.config, &services, &entry.facts)?;
        if let Some(written) = &entry.region {
            let region = region_of_settings(&found.config, written)?;
            facts.insert("region".to_owned(), FactValue::Text(region));
        }
        if !facts.is_empty() {
            facts_in.push((globs(found, &entry.path)?, facts));
        }
    }
    Ok(facts_in)
}

/// The folders with rules of the user's own: those of the settings, then those of the command line.
pub(crate) fn rule_folders(found: &Found, given: &[PathBuf]) -> Result<Vec<PathBuf>, ConfigError> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in &found.config.rules {
        let path = found.below(&folder.value);
        if !path.is_dir() {
            let message = format!("rules: there is no folder {}", printable::path(&path));
            return Err(found.config.error(folder.defined, message, None));
        }
        folders.push(path);
    }
    folders.extend(given.iter().cloned());
    Ok(folders)
}

/// What holds for commands that judge no rules: settings apply to them as to a check. `more`: what else they are told.
pub(crate) fn gather_for(
    paths: &[PathBuf],
    templates: &TemplateArguments,
    region: Option<&str>,
    more: LintArguments,
) -> Result<Gathered> {
    let services = ServiceArguments { region: region.map(str::to_owned), ..more.services };
    gather(&LintArguments { templates: templates.clone(), services, ..more }, paths)
}

/// What templates are evaluated with. The region is that of their resource group as well.
fn templates(arguments: &TemplateArguments, region: Option<String>) -> Result<TemplateOptions> {
    let set = arguments.set.iter().map(|written| match written.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            let help = format!("write --set {written}=VALUE");
            Err(FlagError::new(format!("--set {written} says no value"), help))
        }
    });
    let cloud = match region.as_deref().map(crate::net::Cloud::of) {
        Some(crate::net::Cloud::Government) => arm::Cloud::Government,
        Some(crate::net::Cloud::China) => arm::Cloud::China,
        Some(crate::net::Cloud::Public) | None => arm::Cloud::Public,
    };
    let assumptions = Assumptions {
        region,
        subscription: arguments.subscription.clone(),
        resource_group: arguments.resource_group.clone(),
        cloud,
        ..Assumptions::default()
    };
    Ok(TemplateOptions {
        parameters: arguments.parameters.clone(),
        set: set.collect::<Result<_, _>>()?,
        choices: Vec::new(),
        settings: Default::default(),
        assumptions,
    })
}

fn requests(pack: &Pack, arguments: &ServiceArguments, found: &Found) -> Result<Requests> {
    let config = &found.config;
    let appliances = appliances(&arguments.appliances, config)?;
    let (servers, admin_lists) = (servers(config)?, admin_lists(found));
    let mut requests = Requests { appliances, servers, admin_lists, ..Requests::default() };
    for written in &arguments.services {
        let (name, pattern) = match written.split_once('@') {
            Some((name, pattern)) => (name, Some(pattern.to_owned())),
            None => (written.as_str(), None),
        };
        service(pack, name, "--service")?;
        requests.services.push(Request {
            service: name.to_owned(),
            pattern,
            facts: BTreeMap::new(),
            origin: Origin::CommandLine,
        });
    }
    if let Some(region) = &arguments.region {
        requests.facts.push((
            "region".to_owned(),
            FactValue::Text(self::region(region, "--region")?),
            Origin::CommandLine,
        ));
    }
    for written in &arguments.facts {
        let Some((name, value)) = written.split_once('=') else {
            let help = format!("write --fact {written}=true");
            return Err(FlagError::new(format!("--fact {written} says no value"), help).into());
        };
        let value =
            fact(pack.services.iter().map(|service| &**service), name, &FactValue::Text(value.to_owned()), "--fact")?;
        requests.facts.push((name.to_owned(), value, Origin::CommandLine));
    }
    let placed = |at: Location, wrong: FlagError| config.error(at, wrong.message, wrong.help);
    for setting in &config.services {
        let name = &setting.service;
        let service = service(pack, &name.value, "service").map_err(|wrong| placed(name.defined, wrong))?;
        requests.services.push(Request {
            service: name.value.clone(),
            pattern: setting.on.as_ref().map(|on| on.value.clone()),
            facts: facts_of(config, &[service], &setting.facts)?,
            origin: Origin::Settings,
        });
    }
    if let Some(written) = &config.region {
        let region = region_of_settings(config, written)?;
        requests.facts.push(("region".to_owned(), FactValue::Text(region), Origin::Settings));
    }
    let facts = facts_of(config, &pack.services.iter().map(|service| &**service).collect::<Vec<_>>(), &config.facts)?;
    requests.facts.extend(facts.into_iter().map(|(name, value)| (name, value, Origin::Settings)));
    Ok(requests)
}

/// Facts of the settings, which one of the services must know.
fn facts_of(
    config: &Config,
    services: &[&Service],
    facts: &BTreeMap<String, Spanned<FactSetting>>,
) -> Result<BTreeMap<String, FactValue>, ConfigError> {
    let read = |(name, value): (&String, &Spanned<FactSetting>)| {
        let read = fact(services.iter().copied(), name, &FactValue::from(&value.value), "facts");
        let read = read.map_err(|wrong| config.error(value.defined, wrong.message, wrong.help))?;
        Ok((name.clone(), read))
    };
    facts.iter().map(read).collect()
}

fn region_of_settings(config: &Config, written: &Spanned<String>) -> Result<String, ConfigError> {
    region(&written.value, "region").map_err(|wrong| config.error(written.defined, wrong.message, wrong.help))
}

fn service<'p>(pack: &'p Pack, name: &str, place: &str) -> Result<&'p Service, FlagError> {
    pack.service(name).ok_or_else(|| {
        let names = pack.services.iter().map(|service| &*service.name);
        FlagError::new(format!("{place}: there is no service `{name}`"), suggestion(name, "the services are", names))
    })
}

/// A region by its ARM location or display name.
fn region(text: &str, place: &str) -> Result<String, FlagError> {
    let region = Region::by_name(text).ok_or_else(|| {
        let flat: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let close = nearest(&flat, Region::all().iter().map(|region| region.location));
        let help = close.map(|close| format!("did you mean `{close}`?"));
        FlagError::new(format!("{place}: `{text}` is no Azure region"), help)
    })?;
    Ok(region.location.to_owned())
}

/// Reads a fact's value as its kind asks.
fn fact<'p>(
    services: impl Iterator<Item = &'p Service> + Clone,
    name: &str,
    value: &FactValue,
    place: &str,
) -> Result<FactValue, FlagError> {
    let Some(spec) = services.clone().find_map(|service| service.facts.get(name)) else {
        let names: BTreeSet<&str> = services.flat_map(|service| service.facts.keys()).map(|name| &**name).collect();
        let help = suggestion(name, "the facts are", names);
        return Err(FlagError::new(format!("{place}: there is no fact `{name}`"), help));
    };
    let wrong =
        |help: &str| FlagError::new(format!("{place}: `{value}` is no value of the fact `{name}`"), help.to_owned());
    let text = value.to_string();
    if name == "region" || name == "workspace-region" || name == "paired-region" {
        return Ok(FactValue::Text(region(&text, place)?));
    }
    match spec.kind {
        FactKind::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(FactValue::Bool(true)),
            "false" | "no" => Ok(FactValue::Bool(false)),
            _ => Err(wrong("write true or false")),
        },
        FactKind::Text if spec.values.is_empty() => Ok(FactValue::Text(text)),
        FactKind::Text => match spec.values.iter().find(|known| known.eq_ignore_ascii_case(&text)) {
            Some(known) => Ok(FactValue::Text(known.clone())),
            None => Err(wrong(&format!("one of: {}", spec.values.join(", ")))),
        },
        FactKind::List => {
            let words: Vec<String> =
                text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
            if name.ends_with("prefixes")
                && let Some(bad) = words.iter().find(|word| !is_prefix(word))
            {
                return Err(wrong(&format!("`{bad}` is no address or prefix such as 10.0.1.0/24")));
            }
            Ok(FactValue::List(words))
        }
    }
}

fn is_prefix(word: &str) -> bool {
    word.parse::<ipnet::IpNet>().is_ok() || word.parse::<std::net::IpAddr>().is_ok()
}
