//! `aznetlint explain`, `rules`, `test` and `schema`: looking at the rules and formats themselves.

use std::collections::BTreeSet;

use miette::Result;

use crate::cases;
use crate::cli::arguments::{ExplainArguments, FormatChoice, RulesArguments, TestArguments};
use crate::cli::end::End;
use crate::cli::print;
use crate::cli::settings::FlagError;
use crate::finding::RuleId;
use crate::printable;
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
    say(text.trim_end())
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
        FormatChoice::Text => say(rule::list(chosen).trim_end()),
        FormatChoice::Json => {
            print::json(&format!("{:#}\n", rule::list_json(chosen)))?;
            Ok(End::Clean)
        }
    }
}

fn say(text: &str) -> Result<End> {
    print::text(&format!("{text}\n"))?;
    Ok(End::Clean)
}

/// Runs the cases of a folder. The shipped rules are loaded as well, so that a folder can use their services; a folder
/// that is the shipped one itself takes their place.
pub(crate) fn test(arguments: &TestArguments) -> Result<End> {
    if !arguments.folder.is_dir() {
        let help = "name the folder that holds the rules and their cases".to_owned();
        return Err(FlagError::new(format!("there is no folder {}", printable::path(&arguments.folder)), help).into());
    }
    let folders = [arguments.folder.clone()];
    let own = Pack::load(true, &folders)?;
    let files = CaseFile::load(&own, false, &folders)?;
    let of_folder = own.sources.iter().filter(|source| source.folder.is_some()).flat_map(|source| &source.rules);
    let of_folder: BTreeSet<&RuleId> = of_folder.collect();
    let wanted = |id: &RuleId| {
        of_folder.contains(id) && arguments.only.as_ref().is_none_or(|word| id.as_str().contains(word.as_str()))
    };
    if !of_folder.iter().any(|id| wanted(id)) {
        let what = arguments.only.as_ref().map_or_else(String::new, |word| format!(" whose id holds `{word}`"));
        let folder = printable::path(&arguments.folder);
        return Err(FlagError::new(format!("{folder} holds no rule{what}, so nothing was tested"), None).into());
    }
    let results = cases::run(&own, &wanted, &files, &|input| cases::road(&own, input));
    print::text(&format!("{results}\n"))?;
    Ok(if results.is_good() { End::Clean } else { End::Findings })
}
