//! The flags that say which rules and which changes a check speaks of.

use clap::Args;

/// Which rules and which changes a check speaks of.
#[derive(Debug, Default, Args)]
pub(crate) struct ScopeArguments {
    /// Run only these rules, by id, family or tag, such as azureml, 'nsg/*' or security
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) select: Vec<String>,

    /// Do not run these rules, by id, family or tag
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,

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
