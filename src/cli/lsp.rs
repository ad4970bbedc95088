//! `aznetlint lsp`: a language server over standard input and output, with settings and rules as a check finds them.

use std::io::{self, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use miette::{Report, Result};

use crate::cli::arguments::{CheckArguments, LintArguments, TemplateArguments};
use crate::cli::end::{End, FlagError, tell};
use crate::cli::found::thresholds;
use crate::cli::settings::{gather, rule_folders};
use crate::cli::target::linted;
use crate::cli::threads::with_threads;
use crate::config::ConfigError;
use crate::finding::Level;
use crate::lsp::{Host, OpenTexts, Problem, Scope, Workspace, serve};
use crate::rule::{Pack, RuleError};

pub(crate) fn run() -> Result<End> {
    let output = io::BufWriter::new(io::stdout());
    match serve(BufReader::new(io::stdin()), output, Arc::new(Shipped)) {
        Ok(true) => Ok(End::Clean),
        // The protocol's status for a session that ends without `shutdown`.
        Ok(false) => Ok(End::Findings),
        // The editor has gone.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(End::Findings),
        Err(error) => {
            tell(&format!("error: what comes in are no messages of an editor: {error}"));
            Ok(End::Failed)
        }
    }
}

/// The command line as the server's host.
struct Shipped;

impl Host for Shipped {
    fn gather(&self, scope: &Scope, open: &OpenTexts) -> Result<Workspace, Vec<Problem>> {
        workspace(scope, open).map_err(|error| problems(&error))
    }

    fn with_threads(&self, work: &mut (dyn FnMut() + Send)) {
        with_threads(work);
    }
}

fn workspace(scope: &Scope, open: &OpenTexts) -> Result<Workspace> {
    let mut lint = LintArguments { open: open.clone(), ..LintArguments::default() };
    let mut named: Vec<PathBuf> = Vec::new();
    match scope {
        Scope::Here => {}
        Scope::Folder(path) | Scope::File(path) => named.push(path.clone()),
        Scope::Settings(path) => lint.config = Some(path.clone()),
        Scope::Text(name) => {
            // Nothing on the disk is its own.
            named.push(PathBuf::from("-"));
            lint.no_config = true;
            lint.templates = TemplateArguments { stdin_name: Some(name.clone()), ..TemplateArguments::default() };
        }
    }
    let gathered = gather(&lint, &named)?;
    let thresholds = thresholds(&CheckArguments::default(), &gathered.found);
    let paths = match scope {
        Scope::Settings(_) => Vec::new(),
        Scope::File(_) | Scope::Text(_) => named,
        // Nobody is asked to name anything: without paths in the settings it is the whole folder.
        Scope::Here | Scope::Folder(_) => {
            let folder = named.first().cloned().unwrap_or_else(|| PathBuf::from("."));
            linted(&[], &gathered.found).map_or_else(|_| vec![folder], |(paths, _)| paths)
        }
    };
    let min_level = thresholds.min_level.into();
    let undecided = Level::from(thresholds.undecided);
    let found = &gathered.found;
    let default_rules = found.config.default_rules.as_ref().is_none_or(|rules| rules.value);
    let known = Pack::load_with(default_rules, &rule_folders(found, &[])?, open)?;
    Ok(Workspace { pack: gathered.pack, known, settings: gathered.settings, paths, min_level, undecided })
}

/// What is wrong with settings and rules, each mistake with its place.
fn problems(error: &Report) -> Vec<Problem> {
    if let Some(error) = error.downcast_ref::<RuleError>() {
        return std::iter::once(error).chain(error.others()).map(of_rule).collect();
    }
    let told = |help: &Option<String>| help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let (file, at, help) = match (error.downcast_ref::<ConfigError>(), error.downcast_ref::<FlagError>()) {
        (Some(ConfigError::Invalid { name, line, column, help, .. }), _) => {
            let number = |of: u64| usize::try_from(of).unwrap_or(1);
            (Some(PathBuf::from(name)), (number(*line), number(*column)), told(help))
        }
        (Some(ConfigError::Unreadable { path, .. }), _) => (Some(PathBuf::from(path)), (1, 1), String::new()),
        (None, Some(error)) => (None, (1, 1), told(&error.help)),
        (None, None) => (None, (1, 1), String::new()),
    };
    vec![Problem { file, at, message: format!("{error}{help}") }]
}

fn of_rule(error: &RuleError) -> Problem {
    let help = error.advice().map(|help| format!("\n{help}")).unwrap_or_default();
    let (file, at) = match error.place() {
        Some((name, line, column)) => (Some(PathBuf::from(name)), (line, column)),
        None => (None, (1, 1)),
    };
    Problem { file, at, message: format!("{error}{help}") }
}
