//! What the settings say of some templates: with what they are evaluated. What it says of none is a mistake.

use std::path::Path;

use serde_saphyr::Spanned;

use crate::cli::found::Found;
use crate::cli::levels::globs;
use crate::config::{ConfigError, ParameterSetting};
use crate::finding::{Outcome, Report};
use crate::input::{Globs, json_below};
use crate::lint::{SetParameter, TemplateChoice};
use crate::printable;
use crate::spelling::nearest;

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
    let message = format!("template: there is no JSON file `{}`", pattern.value);
    Err(found.config.error(pattern.defined, message, help))
}

/// When a pattern of the settings means nothing that is there: the JSON files there are below their folder, as it could
/// name them.
pub(crate) fn in_vain(base: &Path, pattern: &str, globs: &Globs) -> Option<Vec<String>> {
    if base.join(pattern.trim_start_matches('/')).exists() {
        return None;
    }
    let mut names = Vec::new();
    for path in json_below(base) {
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
