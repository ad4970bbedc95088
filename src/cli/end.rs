//! How a command ends: its exit status, and the one failure that may be somebody else's wish.

use std::io;
use std::process::ExitCode;

use miette::Diagnostic;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing to object to.
    Clean,
    /// Findings at or above the gate.
    Findings,
    /// The run itself failed, or an input could not be read.
    Failed,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::Clean => Self::SUCCESS,
            End::Findings => Self::from(1),
            End::Failed => Self::from(2),
        }
    }
}

/// The output cannot be written.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the output cannot be written: {0}")]
pub(crate) struct OutputError(pub(crate) io::Error);

impl OutputError {
    /// For `map_err`.
    pub(crate) fn report(error: io::Error) -> miette::Report {
        Self(error).into()
    }
}
