//! The guards against hostile templates: how much work, memory and depth one expansion may use.

use std::sync::Arc;

use crate::json::Unknown;

/// Steps of evaluation.
const STEPS: u64 = 5_000_000;
/// Bytes of all values built. Azure refuses templates that expand to more than 4 MB.
const BYTES: u64 = 64 << 20;
/// Bytes of one string built.
const TEXT: usize = 4 << 20;
/// How deep evaluation may nest; the stack of an expansion is sized for it.
pub(crate) const DEPTH: usize = 1_500;
/// How deep lists and objects may nest.
pub(crate) const NESTING: usize = 256;
/// Copies of one loop.
pub(crate) const COPIES: i64 = 800;
/// Elements of `range()`.
pub(crate) const RANGE: i64 = 10_000;
/// Resources of one expansion.
pub(crate) const RESOURCES: usize = 20_000;
/// Deployments inside deployments.
pub(crate) const DEPLOYMENTS: usize = 16;
/// Calls of user functions and lambdas inside each other.
pub(crate) const CALLS: usize = 64;
/// Values of a finite domain that are tried out.
pub(crate) const DOMAIN: usize = 16;

/// What is left of the work one expansion may do.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: u64,
    bytes: u64,
    spent: Option<&'static str>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: STEPS, bytes: BYTES, spent: None }
    }
}

impl Budget {
    /// Takes `count` steps.
    ///
    /// # Errors
    /// When no work is left.
    pub(crate) fn step(&mut self, count: usize) -> Result<(), Failure> {
        self.steps = self.steps.saturating_sub(count as u64);
        if self.steps == 0 {
            self.spent.get_or_insert("5 million steps of evaluation");
        }
        self.left()
    }

    /// Takes memory for `count` values of a list or object.
    ///
    /// # Errors
    /// When no memory is left.
    pub(crate) fn values(&mut self, count: usize) -> Result<(), Failure> {
        self.memory(count.saturating_mul(96))?;
        self.step(count / 8)
    }

    /// Takes memory for a string about to be built.
    ///
    /// # Errors
    /// When it is too long or no memory is left.
    pub(crate) fn text(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes > TEXT {
            return Err(Failure::Limit("4 MiB in one string"));
        }
        self.memory(bytes)?;
        self.step(bytes / 4096)
    }

    /// Whether any work is left.
    ///
    /// # Errors
    /// When none is.
    pub(crate) fn left(&self) -> Result<(), Failure> {
        self.spent.map_or(Ok(()), |limit| Err(Failure::Limit(limit)))
    }

    fn memory(&mut self, bytes: usize) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_sub(bytes as u64);
        if self.bytes == 0 {
            self.spent.get_or_insert("64 MiB of values");
        }
        self.left()
    }
}

/// Why a call has no value.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Azure would refuse it; the text says why.
    Error(String),
    /// A guard was hit.
    Limit(&'static str),
    /// An argument is unknown and nothing can be said without it.
    Unknown,
    /// An argument has failed already.
    Spoiled(Arc<Unknown>),
}

/// Shorthand for a failure Azure would report.
pub(crate) fn error<T>(message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Error(message.into()))
}

#[cfg(test)]
mod tests {
    use super::{Budget, Failure};

    #[test]
    fn long_strings_are_refused_one_by_one() {
        let mut budget = Budget::default();
        assert!(matches!(budget.text(5 << 20), Err(Failure::Limit(_))));
        assert!(budget.text(10).is_ok());
    }

    #[test]
    fn work_ends() {
        let mut budget = Budget::default();
        assert!(budget.step(4_999_999).is_ok());
        assert!(budget.step(1).is_err());
        assert!(budget.left().is_err());
    }
}
