//! What the user decided to live with: the exceptions of the settings, the baseline, and today's date.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use miette::{Diagnostic, Result};

use crate::cli::choices::in_vain;
use crate::config::{AllowSetting, Config, ConfigError};
use crate::date::Date;
use crate::input;
use crate::lint::Accepted;
use crate::suppress::{Baseline, Exception, Exceptions, Folder};

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
pub(crate) fn read(path: &Path) -> Result<Baseline> {
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
