//! `aznetlint explain`, `rules`, `test` and `schema`: looking at the rules and formats themselves.

use std::collections::BTreeSet;
use std::io::Write;

use miette::Result;

use crate::cases;
use crate::cli::arguments::{ExplainArguments, FormatChoice, RulesArguments, TestArguments};
use crate::cli::end::{End, OutputError};
use crate::cli::settings::FlagError;
use crate::finding::RuleId;
use crate::rule::{self, CaseFile, Pack};

/// Says what a rule or service is about.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<End> {
    let pack = Pack::load(true, &arguments.rules)?;
    let cases = CaseFile::load(&pack, true, &arguments.rules)?;
    let text = rule::explain(&pack, &cases, &arguments.name).map_err(|meant| {
        let help = meant.map(|name| format!("did you mean `{name}`?"));
        let help = help.or_else(|| Some("`aznetlint rules` lists the rules".to_owned()));
        FlagError::new(format!("there is no rule or service `{}`", arguments.name), help)
    })?;
    print(text.trim_end())
}

/// Lists the rules.
pub(crate) fn rules(arguments: &RulesArguments) -> Result<End> {
    let pack = Pack::load(true, &arguments.rules)?;
    let word = arguments.filter.as_deref().unwrap_or_default().to_ascii_lowercase();
    let holds = |text: &str| text.to_ascii_lowercase().contains(&word);
    let chosen = pack.rules.iter().filter(|rule| {
        holds(rule.card.id.as_str()) || holds(&rule.card.title) || rule.card.tags.iter().any(|tag| holds(tag))
    });
    match arguments.format {
        FormatChoice::Text => print(rule::list(chosen).trim_end()),
        FormatChoice::Json => {
            let json = format!("{:#}", rule::list_json(chosen));
            print(&json)
        }
    }
}

fn print(text: &str) -> Result<End> {
    writeln!(anstream::stdout().lock(), "{text}").map_err(OutputError::report)?;
    Ok(End::Clean)
}

/// Runs the cases of a folder. The shipped rules are loaded as well, so that a folder can use their services; a folder
/// that is the shipped one itself takes their place.
pub(crate) fn test(arguments: &TestArguments) -> Result<End> {
    if !arguments.folder.is_dir() {
        let help = "name the folder that holds the rules and their cases".to_owned();
        return Err(FlagError::new(format!("there is no folder {}", arguments.folder.display()), help).into());
    }
    let folders = [arguments.folder.clone()];
    let own = Pack::load(true, &folders)?;
    let files = CaseFile::load(&own, false, &folders)?;
    let of_folder = own.sources.iter().filter(|source| source.folder.is_some()).flat_map(|source| &source.rules);
    let of_folder: BTreeSet<&RuleId> = of_folder.collect();
    let wanted = |id: &RuleId| {
        of_folder.contains(id) && arguments.only.as_ref().is_none_or(|word| id.as_str().contains(word.as_str()))
    };
    let results = cases::run(&own, &wanted, &files, &|input| cases::road(&own, input));
    let mut out = anstream::stdout().lock();
    writeln!(out, "{results}").map_err(OutputError::report)?;
    Ok(if results.is_good() { End::Clean } else { End::Findings })
}
