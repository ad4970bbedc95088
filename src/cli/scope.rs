//! The flags that say which changes a check speaks of, and whether it speaks at all.

use clap::Args;

/// Which changes a check speaks of, and whether it speaks at all.
#[derive(Debug, Default, Args)]
pub(crate) struct ScopeArguments {
    /// The PATHs are what changed: report only what concerns them, and lint the paths of the settings file or the
    /// whole repository. This is how the pre-commit hook runs
    #[arg(long, conflicts_with = "changed_since")]
    pub(crate) changed: bool,

    /// Report only what concerns the files that changed since this commit or branch, uncommitted changes included
    #[arg(long, value_name = "REF")]
    pub(crate) changed_since: Option<String>,

    /// Print every setting that holds and where it comes from, and lint nothing
    #[arg(long)]
    pub(crate) show_settings: bool,

    /// Show no progress; it is only ever shown on a terminal
    #[arg(long)]
    pub(crate) no_progress: bool,
}
