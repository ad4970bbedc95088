//! `check --show-settings`: every setting that holds, and why.

use miette::Result;
use serde_saphyr::Spanned;

use crate::cli::arguments::CheckArguments;
use crate::cli::end::print_text;
use crate::cli::found::{Found, Thresholds};
use crate::cli::settings::Gathered;
use crate::cli::target::Target;
use crate::config::PassesSetting;
use crate::input::Cache;
use crate::judge::Origin;
use crate::printable;

/// One line: the name of a setting, its value, and why it holds.
struct Line {
    name: String,
    value: String,
    why: String,
}

/// Prints the settings.
pub(crate) fn show(
    arguments: &CheckArguments,
    gathered: &Gathered,
    thresholds: Thresholds,
    target: Option<&Target>,
) -> Result<()> {
    let mut lines = Vec::new();
    of_paths(arguments, &gathered.found, target, &mut lines);
    of_services(gathered, &mut lines);
    of_appliances(arguments, &gathered.found, &mut lines);
    of_declared(&gathered.found, &mut lines);
    of_templates(arguments, &gathered.found, &mut lines);
    of_modules(gathered, &mut lines);
    of_rules(arguments, gathered, &mut lines);
    of_levels(arguments, &gathered.found, thresholds, &mut lines);
    let wide = |length: &dyn Fn(&Line) -> usize| lines.iter().map(length).max().unwrap_or(0).min(48);
    let name_width = wide(&|line| line.name.chars().count());
    let value_width = wide(&|line| line.value.chars().count());
    let line = |Line { name, value, why }: &Line| format!("{name:name_width$}  {value:value_width$}  {why}\n");
    print_text(&lines.iter().map(line).collect::<String>())
}

fn push(lines: &mut Vec<Line>, name: impl Into<String>, value: impl ToString, why: impl Into<String>) {
    let safe = |text: &str| printable::line(text);
    lines.push(Line { name: safe(&name.into()), value: safe(&value.to_string()), why: safe(&why.into()) });
}

/// What the command line says, else what the settings say, else the default.
fn first<S>(
    lines: &mut Vec<Line>,
    found: &Found,
    (name, flag): (&str, Option<&dyn ToString>),
    setting: Option<&Spanned<S>>,
    value: &dyn ToString,
) {
    let why = match (flag, setting) {
        (Some(_), _) => "command line".to_owned(),
        (None, Some(setting)) => found.place(setting.defined),
        (None, None) => "default".to_owned(),
    };
    push(lines, name, value.to_string(), why);
}

fn of_paths(arguments: &CheckArguments, found: &Found, target: Option<&Target>, lines: &mut Vec<Line>) {
    match &found.path {
        Some(path) => push(lines, "settings", printable::path(path), found.why),
        None => push(lines, "settings", "none", found.why),
    }
    match target {
        Some(target) => {
            let names: Vec<String> = target.paths.iter().map(|path| printable::path(path).to_string()).collect();
            push(lines, "paths", names.join(", "), target.why.clone());
            if let Some(changed) = &target.changed {
                let count = changed.files.paths().count();
                let files = if count == 1 { "file" } else { "files" };
                push(lines, "changed", format!("{count} {files}"), "command line");
            }
        }
        None => push(lines, "paths", "none", "nothing is named"),
    }
    for glob in &found.config.exclude {
        push(lines, "exclude", &glob.value, found.place(glob.defined));
    }
    for glob in &arguments.lint.exclude {
        push(lines, "exclude", glob, "command line");
    }
}

fn of_services(gathered: &Gathered, lines: &mut Vec<Line>) {
    let (found, requests) = (&gathered.found, &gathered.settings.requests);
    let mut settings = found.config.services.iter();
    for request in &requests.services {
        let why = match request.origin {
            Origin::CommandLine => "command line".to_owned(),
            Origin::Settings => settings.next().map(|own| found.place(own.service.defined)).unwrap_or_default(),
        };
        let on = request.pattern.as_ref().map(|pattern| format!("@{pattern}")).unwrap_or_default();
        push(lines, "service", format!("{}{on}", request.service), why.clone());
        for (name, value) in &request.facts {
            push(lines, format!("  fact {name}"), value, why.clone());
        }
    }
    for (at, (name, value, origin)) in requests.facts.iter().enumerate() {
        if requests.facts[..at].iter().any(|(earlier, ..)| earlier == name) {
            continue;
        }
        let setting = found.config.facts.get(name).map(|setting| setting.defined);
        let setting = setting.or_else(|| found.config.region.as_ref().map(|region| region.defined));
        let why = match (origin, setting) {
            (Origin::Settings, Some(at)) => found.place(at),
            (origin, _) => origin.as_str().to_owned(),
        };
        let name = if name == "region" { name.clone() } else { format!("fact {name}") };
        push(lines, name, value, why);
    }
}

fn of_appliances(arguments: &CheckArguments, found: &Found, lines: &mut Vec<Line>) {
    for written in &arguments.lint.services.appliances {
        push(lines, "appliance", written, "command line");
    }
    for setting in &found.config.appliances {
        let at: Vec<&str> = setting.at.iter().map(|at| at.value.as_str()).collect();
        let passes = match &setting.lets_through.value {
            PassesSetting::Word(word) => word.clone(),
            PassesSetting::Only(rules) if rules.len() == 1 => "1 kind of traffic".to_owned(),
            PassesSetting::Only(rules) => format!("{} kinds of traffic", rules.len()),
        };
        let why = found.place(setting.lets_through.defined);
        push(lines, "appliance", format!("{}={passes}", at.join(", ")), why);
    }
}

fn of_declared(found: &Found, lines: &mut Vec<Line>) {
    for setting in &found.config.dns {
        let to = setting.to.as_ref().map(|to| to.value.clone());
        let azure = || setting.asks_as.as_ref().map(|network| format!("azure as {}", network.value));
        let zones: Vec<&str> = setting.zones.iter().map(|zone| zone.value.as_str()).collect();
        let zones = if zones.is_empty() { String::new() } else { format!(" for {}", zones.join(", ")) };
        let asks = to.or_else(azure).unwrap_or_default();
        push(lines, "dns", format!("{} asks {asks}{zones}", setting.at.value), found.place(setting.at.defined));
    }
    for setting in &found.config.admin_rules {
        let value = format!("{} of {}", printable::path(&found.below(&setting.file.value)), setting.network.value);
        push(lines, "admin-rules", value, found.place(setting.file.defined));
    }
}

fn of_templates(arguments: &CheckArguments, found: &Found, lines: &mut Vec<Line>) {
    let (config, templates) = (&found.config, &arguments.lint.templates);
    for file in &templates.parameters {
        push(lines, "parameters", printable::path(file), "command line");
    }
    for entry in &config.parameters {
        let of = entry.template.as_ref().map(|glob| format!(" of {}", glob.value)).unwrap_or_default();
        for file in &entry.files {
            push(
                lines,
                format!("parameters{of}"),
                printable::path(&found.below(&file.value)),
                found.place(file.defined),
            );
        }
        for (name, value) in &entry.set {
            push(lines, format!("set{of}"), format!("{name}={}", value.value), found.place(value.defined));
        }
    }
    for written in &templates.set {
        push(lines, "set", written, "command line");
    }
    for (name, flag, setting) in [
        ("subscription", &templates.subscription, &config.subscription),
        ("resource-group", &templates.resource_group, &config.resource_group),
    ] {
        if let Some(value) = flag.as_ref().or(setting.as_ref().map(|setting| &setting.value)) {
            let flag = flag.as_ref().map(|flag| flag as &dyn ToString);
            first(lines, found, (name, flag), setting.as_ref(), value);
        }
    }
    for (name, flags, settings) in [
        ("service-tags", &arguments.lint.service_tags, &config.service_tags),
        ("dependencies", &arguments.lint.dependencies, &config.dependencies),
    ] {
        for file in settings.iter().filter(|_| flags.is_empty()) {
            push(lines, name, printable::path(&found.below(&file.value)), found.place(file.defined));
        }
        for file in flags {
            push(lines, name, printable::path(file), "command line");
        }
    }
}

/// Where modules of registries are looked for, when the settings say it; else nothing, since most runs need none.
fn of_modules(gathered: &Gathered, lines: &mut Vec<Line>) {
    let found = &gathered.found;
    let Some(bicep) = &found.config.bicep else { return };
    for (start, folder) in &bicep.modules.0 {
        let path = printable::path(&found.below(&folder.value)).to_string();
        push(lines, format!("modules {}", start.value), path, found.place(start.defined));
    }
    let modules = &gathered.settings.input.modules;
    match (&modules.cache, &bicep.cache) {
        (Cache::Off, Some(cache)) => push(lines, "module cache", "off", found.place(cache.defined)),
        (Cache::At(path), Some(cache)) => {
            push(lines, "module cache", printable::path(path), found.place(cache.defined))
        }
        _ => {}
    }
}

fn of_rules(arguments: &CheckArguments, gathered: &Gathered, lines: &mut Vec<Line>) {
    let found = &gathered.found;
    let config = &found.config;
    for folder in &config.rules {
        push(lines, "rules", printable::path(&found.below(&folder.value)), found.place(folder.defined));
    }
    for folder in &arguments.lint.rules {
        push(lines, "rules", printable::path(folder), "command line");
    }
    let flag = arguments.lint.no_default_rules.then_some(&"no" as &dyn ToString);
    let value = !arguments.lint.no_default_rules && config.default_rules.as_ref().is_none_or(|setting| setting.value);
    first(lines, found, ("default-rules", flag), config.default_rules.as_ref(), &value);
    for (name, is_on) in &config.packs {
        push(lines, format!("pack {name}"), if is_on.value { "on" } else { "off" }, found.place(is_on.defined));
    }
    let by_flag = !arguments.lint.select.is_empty();
    for (name, flags, settings) in
        [("select", &arguments.lint.select, &config.select), ("skip", &arguments.lint.skip, &config.skip)]
    {
        for word in flags {
            push(lines, name, word, "command line");
        }
        for word in settings.iter().filter(|_| !by_flag) {
            push(lines, name, &word.value, found.place(word.defined));
        }
    }
    for (rule, level) in &config.levels.0 {
        push(lines, format!("level {}", rule.value), level.value.as_str(), found.place(level.defined));
    }
    for entry in &config.per_path {
        let path = &entry.path.value;
        for word in &entry.skip {
            push(lines, format!("{path}: skip"), &word.value, found.place(word.defined));
        }
        for (rule, level) in &entry.levels.0 {
            push(lines, format!("{path}: level {}", rule.value), level.value.as_str(), found.place(level.defined));
        }
        if let Some(region) = &entry.region {
            push(lines, format!("{path}: region"), &region.value, found.place(region.defined));
        }
        for (name, value) in &entry.facts {
            let shown = crate::finding::FactValue::from(&value.value);
            push(lines, format!("{path}: fact {name}"), shown, found.place(value.defined));
        }
    }
    for entry in &config.allow {
        let rules = entry.rule.value.all().join(", ");
        push(lines, format!("allow {rules}"), entry.reason.value.trim(), found.place(entry.rule.defined));
    }
    match (&arguments.baseline, &config.baseline) {
        (Some(file), _) => push(lines, "baseline", printable::path(file), "command line"),
        (None, Some(file)) => {
            push(lines, "baseline", printable::path(&found.below(&file.value)), found.place(file.defined))
        }
        (None, None) => {}
    }
    push(lines, "rules that run", gathered.pack.rules.len(), format!("of {}", gathered.rules_loaded));
}

fn of_levels(arguments: &CheckArguments, found: &Found, thresholds: Thresholds, lines: &mut Vec<Line>) {
    let config = &found.config;
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_ascii_lowercase();
    let flag = |given: bool| given.then_some(&"given" as &dyn ToString);
    let (fail_on, min_level, undecided) = (
        ("fail-on", flag(arguments.fail_on.is_some())),
        ("min-level", flag(arguments.min_level.is_some())),
        ("undecided", flag(arguments.undecided.is_some())),
    );
    first(lines, found, fail_on, config.fail_on.as_ref(), &word(&thresholds.fail_on));
    first(lines, found, min_level, config.min_level.as_ref(), &word(&thresholds.min_level));
    first(lines, found, undecided, config.undecided.as_ref(), &word(&thresholds.undecided));
}
