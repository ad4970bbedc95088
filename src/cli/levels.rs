//! Which rules run, how serious their findings are, and which of them fail the run.

use miette::Result;
use serde_saphyr::{Location, Spanned};

use crate::cli::arguments::{CheckArguments, Gate, LevelChoice, LintArguments, UndecidedLevel};
use crate::cli::flag::FlagError;
use crate::cli::found::Found;
use crate::config::{ConfigError, Entries, GateSetting, LeastSetting, LevelSetting};
use crate::finding::Level;
use crate::input::{Globs, check_glob};
use crate::lint::PathRules;
use crate::rule::{Pack, RuleName, Selection};

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
        min_level: arguments.min_level.or(min_level).unwrap_or_default(),
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
