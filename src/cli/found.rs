//! The settings file of a run: found, read, and what it says of rules, levels, templates and exceptions made into what a
//! run needs; the command line goes before it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use miette::{Diagnostic, Result};
use serde_saphyr::{Location, Spanned};

use crate::cli::arguments::{CheckArguments, Gate, LevelChoice, LintArguments, UndecidedLevel};
use crate::cli::end::FlagError;
use crate::config::{
    AllowSetting, Config, ConfigError, Entries, GateSetting, LeastSetting, LevelSetting, ParameterSetting,
};
use crate::date::Date;
use crate::finding::{Level, Outcome, Report};
use crate::input::{Globs, check_glob, sources_below};
use crate::lint::{Accepted, PathRules, SetParameter, TemplateChoice};
use crate::rule::{Pack, RuleName, Selection};
use crate::spelling::nearest;
use crate::suppress::{Baseline, Exception, Exceptions, Folder};
use crate::{input, printable};

/// The settings file, if there is one.
pub(crate) struct Found {
    pub(crate) config: Config,
    /// Its path, as spelled from the current folder.
    pub(crate) path: Option<PathBuf>,
    /// The folder its paths are relative to.
    pub(crate) base: PathBuf,
    /// Why this one, or none.
    pub(crate) why: &'static str,
}

impl Found {
    /// A path of the settings, as spelled from the current folder.
    pub(crate) fn below(&self, path: &Path) -> PathBuf {
        if path.is_absolute() || self.base == Path::new(".") {
            return path.to_owned();
        }
        let path = self.base.join(path);
        if path.exists() { from_here(&path) } else { path }
    }

    /// File and line of a setting.
    pub(crate) fn place(&self, at: Location) -> String {
        format!("{}:{}", self.config.name(), at.line())
    }
}

/// Reads the settings file that holds for a run. It is looked for near the first of `paths`.
pub(crate) fn read_config(arguments: &LintArguments, paths: &[PathBuf]) -> Result<Found> {
    let here = PathBuf::from(".");
    let none = |why| Found { config: Config::default(), path: None, base: PathBuf::from("."), why };
    let (path, why) = match &arguments.config {
        Some(path) => (Some(path.clone()), "command line"),
        None if arguments.no_config => return Ok(none("command line")),
        None if paths.is_empty() => (Config::find(&here), "found from this folder"),
        None => {
            let found = Config::find(&start(paths)).map(|path| (path, "found from the first path"));
            let found = found.or_else(|| Some((Config::find(&here)?, "found from this folder")));
            found.map_or((None, ""), |(path, why)| (Some(path), why))
        }
    };
    let Some(path) = path else { return Ok(none("no aznetlint.yaml was found")) };
    let path = if arguments.config.is_some() { path } else { from_here(&path) };
    let base = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => here,
    };
    let open = arguments.open.iter().find(|(open, _)| fs::canonicalize(&path).is_ok_and(|path| path == **open));
    let config = match open {
        Some((_, text)) => Config::parse(&path.to_string_lossy(), text)?,
        None => Config::read(&path)?,
    };
    Ok(Found { config, path: Some(path), base, why })
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

/// A path as it is spelled from the current folder, which is how it is shown.
pub(crate) fn from_here(path: &Path) -> PathBuf {
    let Ok(current) = env::current_dir().and_then(fs::canonicalize) else { return path.to_owned() };
    let Ok(path) = fs::canonicalize(path) else { return path.to_owned() };
    for (up, ancestor) in current.ancestors().take(8).enumerate() {
        // The root is no folder of a project.
        if ancestor.parent().is_none() && up > 0 {
            break;
        }
        if let Ok(below) = path.strip_prefix(ancestor) {
            let spelled: PathBuf = std::iter::repeat_n(Path::new(".."), up).chain([below]).collect();
            return if spelled.as_os_str().is_empty() { PathBuf::from(".") } else { spelled };
        }
    }
    path
}

/// Which findings are shown, and which fail the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thresholds {
    pub(crate) fail_on: Gate,
    pub(crate) min_level: LevelChoice,
    pub(crate) undecided: UndecidedLevel,
}

/// The command line goes before the settings.
pub(crate) fn thresholds(arguments: &CheckArguments, found: &Found) -> Thresholds {
    let config = &found.config;
    let fail_on = config.fail_on.as_ref().map(|gate| match gate.value {
        GateSetting::Note => Gate::Note,
        GateSetting::Warning => Gate::Warning,
        GateSetting::Error => Gate::Error,
        GateSetting::Never => Gate::Never,
    });
    let min_level = config.min_level.as_ref().map(|level| match level.value {
        LeastSetting::Note => LevelChoice::Note,
        LeastSetting::Warning => LevelChoice::Warning,
        LeastSetting::Error => LevelChoice::Error,
    });
    let undecided = config.undecided.as_ref().map(|level| match level.value {
        LeastSetting::Note => UndecidedLevel::Note,
        LeastSetting::Warning => UndecidedLevel::Warning,
        LeastSetting::Error => UndecidedLevel::Error,
    });
    Thresholds {
        fail_on: arguments.fail_on.or(fail_on).unwrap_or_default(),
        min_level: match arguments.quiet {
            true => LevelChoice::Error,
            false => arguments.min_level.or(min_level).unwrap_or_default(),
        },
        undecided: arguments.undecided.or(undecided).unwrap_or_default(),
    }
}

/// Which rules run. Rules selected on the command line run whatever the settings leave out.
pub(crate) fn selection(arguments: &LintArguments, found: &Found, pack: &Pack) -> Result<Selection> {
    let config = &found.config;
    let of_flags = |flag: &str, written: &[String]| {
        let read = |word: &String| {
            let name = RuleName::new(word.trim());
            match pack.check(&name) {
                Ok(()) => Ok(name),
                Err(help) => Err(FlagError::new(format!("{flag} {word}: there is no such rule"), help)),
            }
        };
        written.iter().map(read).collect::<Result<Vec<_>, _>>()
    };
    let mut selection = Selection {
        select: of_flags("--select", &arguments.select)?,
        skip: of_flags("--skip", &arguments.skip)?,
        levels: levels(found, pack, &config.levels)?,
    };
    let (select, skip) = (names(found, pack, &config.select)?, names(found, pack, &config.skip)?);
    if selection.select.is_empty() {
        selection.select = select;
        selection.skip.extend(skip);
    } else {
        selection.levels.retain(|(_, level)| level.is_some());
    }
    Ok(selection)
}

/// What the settings say for some files only.
pub(crate) fn per_path(found: &Found, pack: &Pack) -> Result<Vec<PathRules>> {
    let read = |entry: &crate::config::PathSetting| -> Result<PathRules> {
        let rules = Selection {
            select: Vec::new(),
            skip: names(found, pack, &entry.skip)?,
            levels: levels(found, pack, &entry.levels)?,
        };
        Ok(PathRules { files: globs(found, &entry.path)?, rules })
    };
    found.config.per_path.iter().map(read).collect()
}

/// A pattern of the settings, relative to their folder.
pub(crate) fn globs(found: &Found, pattern: &Spanned<String>) -> Result<Globs, ConfigError> {
    let wrong = |error| found.config.error(pattern.defined, format!("`{}`: {error}", pattern.value), None);
    check_glob(&pattern.value).map_err(wrong)?;
    Ok(Globs::new(&found.base, [&*pattern.value]))
}

fn names(found: &Found, pack: &Pack, written: &[Spanned<String>]) -> Result<Vec<RuleName>, ConfigError> {
    written.iter().map(|word| name(found, pack, &word.value, word.defined)).collect()
}

fn levels(
    found: &Found,
    pack: &Pack,
    written: &Entries<LevelSetting>,
) -> Result<Vec<(RuleName, Option<Level>)>, ConfigError> {
    let read = |(word, level): &(Spanned<String>, Spanned<LevelSetting>)| {
        Ok((name(found, pack, &word.value, word.defined)?, level.value.level()))
    };
    written.0.iter().map(read).collect()
}

fn name(found: &Found, pack: &Pack, word: &str, at: Location) -> Result<RuleName, ConfigError> {
    let name = RuleName::new(word);
    match pack.check(&name) {
        Ok(()) => Ok(name),
        Err(help) => Err(found.config.error(at, format!("there is no rule `{word}`"), Some(help))),
    }
}

/// Reads the entries of `parameters`. One that is for a template has to mean a file.
pub(crate) fn choices(found: &Found) -> Result<Vec<TemplateChoice>, ConfigError> {
    found.config.parameters.iter().map(|entry| choice(found, entry)).collect()
}

/// That every entry means a template of a run over everything. A file that could not be read may be one.
pub(crate) fn check_choices(found: &Found, choices: &[TemplateChoice], report: &Report) -> Result<(), ConfigError> {
    let is_template = |shape: &Option<String>| shape.as_deref() == Some("template");
    for (entry, choice) in found.config.parameters.iter().zip(choices) {
        let (Some(pattern), Some(globs)) = (&entry.template, &choice.templates) else { continue };
        let mut means = report.files.iter().filter(|file| is_template(&file.shape) || file.outcome == Outcome::Error);
        if !means.any(|file| globs.cover(&file.name)) {
            let message = format!("template: `{}` is no template that is linted", pattern.value);
            let names: Vec<&str> =
                report.files.iter().filter(|file| is_template(&file.shape)).map(|file| &*file.name).collect();
            let help = if names.is_empty() {
                "no template is linted".to_owned()
            } else {
                format!("the templates are: {}", names.join(", "))
            };
            return Err(found.config.error(pattern.defined, message, Some(help)));
        }
    }
    Ok(())
}

/// What the settings say of some templates.
fn choice(found: &Found, entry: &ParameterSetting) -> Result<TemplateChoice, ConfigError> {
    let mut parameters = Vec::new();
    for file in &entry.files {
        let path = found.below(&file.value);
        if !path.is_file() {
            let message = format!("parameters: there is no file {}", printable::path(&path));
            return Err(found.config.error(file.defined, message, None));
        }
        parameters.push(path);
    }
    let (_, text) = found.config.file();
    let set = entry.set.iter().map(|(name, value)| {
        let written = found.config.scalar(value.defined);
        let raw = text.get(written.clone()).unwrap_or_default();
        // Digits that are no number of JSON, such as `010`, are taken as written; the parameter's type decides.
        let json = value.value.to_string();
        let plain = value.value.is_number() && raw != json;
        let value = if plain { serde_json::Value::from(raw).to_string() } else { json };
        SetParameter { name: name.clone(), value, written }
    });
    let templates = entry.template.as_ref().map(|pattern| templates(found, pattern)).transpose()?;
    Ok(TemplateChoice { templates, parameters, set: set.collect() })
}

/// The templates that a pattern means. Whether they are linted depends on the run; that there is a file does not.
fn templates(found: &Found, pattern: &Spanned<String>) -> Result<Globs, ConfigError> {
    let globs = globs(found, pattern)?;
    let Some(names) = in_vain(&found.base, &pattern.value, &globs) else { return Ok(globs) };
    let help = nearest(&pattern.value, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    let language = if input::is_bicep(Path::new(&pattern.value)) { "Bicep" } else { "JSON" };
    let message = format!("template: there is no {language} file `{}`", pattern.value);
    Err(found.config.error(pattern.defined, message, help))
}

/// When a pattern of the settings means nothing that is there: the files there are below their folder, as it could
/// name them.
pub(crate) fn in_vain(base: &Path, pattern: &str, globs: &Globs) -> Option<Vec<String>> {
    if base.join(pattern.trim_start_matches('/')).exists() {
        return None;
    }
    let mut names = Vec::new();
    for path in sources_below(base) {
        if globs.cover(&path.to_string_lossy()) {
            return None;
        }
        let below = path.strip_prefix(base).unwrap_or(&path);
        // A pattern without a folder means files of that name in any.
        let below = if pattern.contains('/') { Some(below) } else { below.file_name().map(Path::new) };
        names.extend(below.map(|below| below.to_string_lossy().replace('\\', "/")));
    }
    Some(names)
}

/// The largest baseline that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// A baseline that cannot be read.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot read the baseline {name}: {why}")]
#[diagnostic(help("`aznetlint baseline PATH --write {name}` writes one"))]
struct Unreadable {
    name: String,
    why: String,
}

/// Gathers what the settings in the folder `base` say; the baseline is still to be read.
pub(crate) fn accepted(config: &Config, base: &Path) -> Result<Accepted> {
    let (name, text) = config.file();
    let entries =
        config.allow.iter().map(|setting| exception(config, base, setting)).collect::<Result<_, ConfigError>>()?;
    let exceptions = Exceptions { name: near(Path::new(name)), text: text.to_owned(), folder: folder(base), entries };
    Ok(Accepted { exceptions, baseline: None, today: today() })
}

fn exception(config: &Config, base: &Path, setting: &AllowSetting) -> Result<Exception, ConfigError> {
    let wrong = |at, message: &str, help: &str| config.error(at, message.to_owned(), Some(help.to_owned()));
    let (_, text) = config.file();
    let start = config.offset(setting.rule.defined);
    let mut from = start;
    let mut rules = Vec::new();
    for rule in setting.rule.value.all() {
        // The list is written out from here on; its words stand in their order.
        let at = text.get(from..).and_then(|rest| rest.find(rule.as_str())).map_or(start, |at| from + at);
        let end = (at + rule.len()).min(text.len());
        rules.push((rule.clone(), at..end));
        from = end;
    }
    if rules.is_empty() || rules.iter().any(|(rule, _)| rule.is_empty()) {
        return Err(wrong(setting.rule.defined, "allow: no rule is named", "name one, such as nsg/not-associated"));
    }
    if setting.reason.value.trim().is_empty() {
        return Err(wrong(setting.reason.defined, "allow: the reason is empty", "say why this is fine"));
    }
    if let Some(path) = &setting.path {
        input::check_glob(&path.value).map_err(|error| config.error(path.defined, format!("path: {error}"), None))?;
    }
    let expires = setting.expires.as_ref().map(|written| {
        let help = "write the last day as 2026-12-31";
        Date::parse(&written.value).ok_or_else(|| wrong(written.defined, "expires: this is no day", help))
    });
    Ok(Exception {
        rules,
        reason: setting.reason.value.trim().to_owned(),
        path: setting.path.as_ref().map(|path| path.value.clone()),
        is_nowhere: setting
            .path
            .as_ref()
            .is_some_and(|path| in_vain(base, &path.value, &input::Globs::new(base, [&*path.value])).is_some()),
        resource: setting.resource.clone(),
        placement: setting.placement.clone(),
        expires: expires.transpose()?,
    })
}

/// Reads a baseline.
pub(crate) fn read_baseline(path: &Path) -> Result<Baseline> {
    let name = near(path);
    let failed = |why: &str| Unreadable { name: name.clone(), why: why.to_owned() };
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed("there is no such file"),
        _ => failed(&error.to_string()),
    })?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return Err(failed("it is no file, or a very large one").into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error.to_string()))?;
    Ok(Baseline::parse(&name, &text, folder_of(path))?)
}

/// The folder a file lies in, to name others from.
pub(crate) fn folder_of(file: &Path) -> Folder {
    folder(file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn folder(base: &Path) -> Folder {
    let whole = |path: &Path| -> PathBuf { path.canonicalize().unwrap_or_else(|_| path.to_path_buf()) };
    let here = std::env::current_dir().unwrap_or_default();
    Folder::new(&whole(&here).to_string_lossy(), &whole(base).to_string_lossy())
}

/// The path of a file as a user here would write it.
pub(crate) fn near(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let near = here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    near.to_string_lossy().replace('\\', "/")
}

/// Today, by the clock of this machine, in UTC.
fn today() -> Option<Date> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(Date::from_days(since.as_secs() / 86_400))
}
