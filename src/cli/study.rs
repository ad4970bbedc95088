//! `aznetlint explain`, `rules` and `test`: looking at the rules themselves.

use std::collections::BTreeSet;
use std::io::Write;

use miette::{IntoDiagnostic, Result};

use crate::cases;
use crate::cli::arguments::{ExplainArguments, RulesArguments, TestArguments};
use crate::cli::settings::FlagError;
use crate::cli::start::End;
use crate::finding::RuleId;
use crate::rule::{CaseFile, Pack};

pub(crate) fn explain(_: &ExplainArguments) -> Result<End> {
    Ok(End::Clean)
}

pub(crate) fn rules(_: &RulesArguments) -> Result<End> {
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
    writeln!(out, "{results}").into_diagnostic()?;
    Ok(if results.is_good() { End::Clean } else { End::Findings })
}
