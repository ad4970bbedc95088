//! A flag that cannot be understood.

use miette::Diagnostic;

/// A flag that cannot be understood.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(crate) struct FlagError {
    pub(crate) message: String,
    #[help]
    pub(crate) help: Option<String>,
}

impl FlagError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<Option<String>>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}
