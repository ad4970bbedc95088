//! `aznetlint explain`, `rules` and `test`: looking at the rules themselves.

use miette::Result;

use crate::cli::arguments::{ExplainArguments, RulesArguments, TestArguments};
use crate::cli::start::End;

pub(crate) fn explain(_: &ExplainArguments) -> Result<End> {
    Ok(End::Clean)
}
pub(crate) fn rules(_: &RulesArguments) -> Result<End> {
    Ok(End::Clean)
}
pub(crate) fn test(_: &TestArguments) -> Result<End> {
    Ok(End::Clean)
}
