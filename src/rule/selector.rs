//! A JSONPath as written in a rule.

use crate::rule::error::RuleError;
use crate::rule::schema::Written;
use crate::rule::yaml::At;

/// A checked JSONPath.
#[derive(Clone, Debug)]
pub struct Selector(String);

impl Selector {
    /// The path as written.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Reads a JSONPath.
pub(crate) fn read(written: Written<'_>) -> Result<Selector, RuleError> {
    let text = written.text()?;
    read_text(written, written.yaml.at, &text)
}

pub(crate) fn read_text(written: Written<'_>, at: At, text: &str) -> Result<Selector, RuleError> {
    if text.starts_with('$') {
        return Ok(Selector(text.to_owned()));
    }
    Err(RuleError::new(written.text, at, "a path starts with `$`, as in `$.properties.access`"))
}
