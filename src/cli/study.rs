//! `aznetlint explain`, `rules`, `test` and `schema`: looking at the rules and formats themselves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use miette::Result;

use crate::cli::arguments::{ExplainArguments, FormatChoice, LintArguments, RulesArguments, TestArguments};
use crate::cli::end::{End, FlagError, print_json, print_text, tell};
use crate::cli::found::read_config;
use crate::cli::settings::rule_folders;
use crate::finding::{RuleCard, RuleId};
use crate::rule::{self, CaseFile, Pack, Rule, RuleName};
use crate::{cases, printable};

/// Says what a rule or service is about.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<End> {
    let (pack, folders) = load(&arguments.rules)?;
    let cases = CaseFile::load(&pack, true, &folders)?;
    let text = rule::explain(&pack, &cases, &arguments.name).map_err(|meant| {
        let help = meant.map(|name| format!("did you mean `{name}`?"));
        let help = help.or_else(|| Some("`aznetlint rules` lists the rules".to_owned()));
        FlagError::new(
            format!("there is no rule or service `{}`, and no rule is seen as such an error", arguments.name),
            help,
        )
    })?;
    say(text.trim_end())
}

/// Lists the rules.
pub(crate) fn rules(arguments: &RulesArguments) -> Result<End> {
    let (pack, _) = load(&arguments.rules)?;
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let word = filter.to_ascii_lowercase();
    let name = RuleName::new(filter);
    let holds = |text: &str| text.to_ascii_lowercase().contains(&word);
    let is_chosen = |card: &RuleCard| {
        holds(card.id.as_str())
            || holds(&card.title)
            || card.tags.iter().any(|tag| holds(tag))
            || name.names(card)
            || rule::is_seen_as(card, filter)
    };
    let chosen: Vec<&Rule> = pack.rules.iter().filter(|rule| is_chosen(&rule.card)).collect();
    if chosen.is_empty() {
        tell(&format!("no rule has `{filter}` in its id, title or tags, or is seen as it"));
        pack.check(&name).err().iter().for_each(|help| tell(&format!("  help: {help}")));
    }
    match arguments.format {
        FormatChoice::Text => print_text(&rule::list(chosen))?,
        FormatChoice::Json => print_json(&format!("{:#}\n", rule::list_json(chosen)))?,
    }
    Ok(End::Clean)
}

/// The rules of the program, of the settings that hold here, and of folders; and where the last two lie.
fn load(given: &[PathBuf]) -> Result<(Pack, Vec<PathBuf>)> {
    let found = read_config(&LintArguments::default(), &[])?;
    let folders = rule_folders(&found, given)?;
    Ok((Pack::load(true, &folders)?, folders))
}

fn say(text: &str) -> Result<End> {
    print_text(&format!("{text}\n"))?;
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
    let results = cases::run(&own, &wanted, &files);
    print_text(&format!("{results}\n"))?;
    Ok(if results.is_good() { End::Clean } else { End::Findings })
}
