//! Command line and settings file, made one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use miette::{Diagnostic, Result};
use serde_saphyr::{Location, Spanned};

use crate::arm::{self, Assumptions};
use crate::cli::accepted::accepted;
use crate::cli::arguments::{CheckArguments, ServiceArguments, TemplateArguments};
use crate::config::{Config, ConfigError, FactSetting};
use crate::finding::FactValue;
use crate::input;
use crate::lint::{Settings, TemplateOptions};
use crate::net::Region;
use crate::rule::{FactKind, Origin, Pack, Request, Requests, Service, suggestion};

/// A flag that cannot be understood.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(crate) struct FlagError {
    message: String,
    #[help]
    help: Option<String>,
}

impl FlagError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<Option<String>>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Everything a check needs to know.
pub(crate) struct Gathered {
    pub(crate) pack: Pack,
    pub(crate) settings: Settings,
    /// The file of the findings that were there before; it is not read yet.
    pub(crate) baseline: Option<PathBuf>,
}

/// Reads the settings file, loads the rules, and lays the command line over both.
pub(crate) fn gather(arguments: &CheckArguments) -> Result<Gathered> {
    let (config, base) = read_config(arguments)?;
    let mut folders: Vec<PathBuf> = config.rules.iter().map(|folder| base.join(folder)).collect();
    folders.extend(arguments.rules.iter().cloned());
    let pack = Pack::load(!arguments.no_default_rules, &folders)?;
    for glob in &config.exclude {
        let wrong = |error| config.error(glob.defined, format!("exclude: {error}"), None);
        input::check_glob(&glob.value).map_err(wrong)?;
    }
    for glob in &arguments.exclude {
        input::check_glob(glob).map_err(|error| FlagError::new(format!("--exclude {glob}: {error}"), None))?;
    }
    let mut exclude: Vec<String> = config.exclude.iter().map(|glob| glob.value.clone()).collect();
    exclude.extend(arguments.exclude.iter().cloned());
    let input = input::Options { exclude, force_exclude: arguments.force_exclude, ..input::Options::default() };
    let requests = requests(&pack, &arguments.services, &config)?;
    let region = requests.facts.iter().find(|(name, ..)| name == "region").map(|(_, value, _)| value.to_string());
    let templates = templates(&arguments.templates, region)?;
    let mut service_tags = arguments.service_tags.clone();
    if service_tags.is_empty() {
        service_tags = config.service_tags.iter().map(|file| base.join(file)).collect();
    }
    let accepted = accepted(&config, &base)?;
    let of_settings = || config.baseline.as_ref().map(|file| base.join(file));
    let baseline = arguments.baseline.clone().or_else(of_settings);
    Ok(Gathered { settings: Settings { input, requests, templates, service_tags, accepted }, pack, baseline })
}

/// What templates are evaluated with. The region is that of their resource group as well.
pub(crate) fn templates(arguments: &TemplateArguments, region: Option<String>) -> Result<TemplateOptions> {
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
    Ok(TemplateOptions { parameters: arguments.parameters.clone(), set: set.collect::<Result<_, _>>()?, assumptions })
}

fn read_config(arguments: &CheckArguments) -> Result<(Config, PathBuf)> {
    let found = match &arguments.config {
        Some(path) => Some(path.clone()),
        None if arguments.no_config => None,
        None => Config::find(&start(&arguments.paths)).or_else(|| Config::find(Path::new("."))),
    };
    match found {
        Some(path) => {
            let base = path.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
            Ok((Config::read(&path)?, base))
        }
        None => Ok((Config::default(), PathBuf::from("."))),
    }
}

/// The folder the search for settings starts in: that of the first path.
fn start(paths: &[PathBuf]) -> PathBuf {
    match paths.first() {
        Some(path) if path.as_os_str() == "-" => PathBuf::from("."),
        Some(path) if path.is_dir() => path.clone(),
        Some(path) => {
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(".".into(), Path::to_path_buf)
        }
        None => PathBuf::from("."),
    }
}

fn requests(pack: &Pack, arguments: &ServiceArguments, config: &Config) -> Result<Requests> {
    let mut requests = Requests::default();
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
        let value = fact(pack.services.iter(), name, &FactValue::Text(value.to_owned()), "--fact")?;
        requests.facts.push((name.to_owned(), value, Origin::CommandLine));
    }
    let placed = |at: Location, wrong: FlagError| config.error(at, wrong.message, wrong.help);
    let facts_of = |services: &[&Service], facts: &BTreeMap<String, Spanned<FactSetting>>| {
        let read = |(name, value): (&String, &Spanned<FactSetting>)| {
            let read = fact(services.iter().copied(), name, &FactValue::from(&value.value), "facts");
            Ok((name.clone(), read.map_err(|wrong| placed(value.defined, wrong))?))
        };
        facts.iter().map(read).collect::<Result<BTreeMap<_, _>, ConfigError>>()
    };
    for setting in &config.services {
        let name = &setting.service;
        let service = service(pack, &name.value, "service").map_err(|wrong| placed(name.defined, wrong))?;
        requests.services.push(Request {
            service: name.value.clone(),
            pattern: setting.on.clone(),
            facts: facts_of(&[service], &setting.facts)?,
            origin: Origin::Settings,
        });
    }
    if let Some(written) = &config.region {
        let region = region(&written.value, "region").map_err(|wrong| placed(written.defined, wrong))?;
        requests.facts.push(("region".to_owned(), FactValue::Text(region), Origin::Settings));
    }
    let services: Vec<&Service> = pack.services.iter().collect();
    let facts = facts_of(&services, &config.facts)?;
    requests.facts.extend(facts.into_iter().map(|(name, value)| (name, value, Origin::Settings)));
    Ok(requests)
}

fn service<'p>(pack: &'p Pack, name: &str, place: &str) -> Result<&'p Service, FlagError> {
    pack.service(name).ok_or_else(|| {
        let names = pack.services.iter().map(|service| &*service.name);
        FlagError::new(format!("{place}: there is no service `{name}`"), suggestion(name, "the services are", names))
    })
}

/// A region by its ARM location or display name.
pub(crate) fn region(text: &str, place: &str) -> Result<String, FlagError> {
    let region = Region::by_name(text).ok_or_else(|| {
        let flat: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        let close = Region::all().iter().map(|region| region.location).find(|location| {
            location.len().abs_diff(flat.len()) <= 2
                && location.bytes().zip(flat.bytes()).filter(|(a, b)| a != b).count() <= 2
        });
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
