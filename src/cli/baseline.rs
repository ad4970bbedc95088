//! `aznetlint baseline`: write down the findings there are, or drop those that are gone.

use std::io;

use miette::Result;

use crate::cli::arguments::BaselineArguments;
use crate::cli::end::{End, FlagError, print_text};
use crate::cli::found::{folder_of, near, read_baseline};
use crate::cli::output::Inputs;
use crate::cli::settings::gather;
use crate::cli::target::linted;
use crate::finding::Outcome as FileOutcome;
use crate::lint;
use crate::source::STDIN;
use crate::suppress::Baseline;

pub(crate) fn run(arguments: &BaselineArguments) -> Result<End> {
    // The baseline there may be is not read: what is written down is what nothing else ignores.
    let gathered = gather(&arguments.lint, &arguments.lint.paths)?;
    let Some(path) = arguments.write.as_ref().or(gathered.baseline.as_ref()) else {
        let help = "say where to with --write FILE, or with `baseline: FILE` in the settings".to_owned();
        return Err(FlagError::new("no baseline is named", help).into());
    };
    let name = near(path);
    let old = if arguments.prune { Some(read_baseline(path)?) } else { None };
    let (paths, _) = linted(&arguments.lint.paths, &gathered.found)?;
    let outcome = lint::lint(&paths, &mut io::stdin().lock(), &gathered.pack, &gathered.settings);
    if let Some(broken) = outcome.report.files.iter().find(|file| file.outcome == FileOutcome::Error) {
        let why = broken.detail.as_deref().unwrap_or("it cannot be read");
        let help =
            "what is in it is not known, so nothing was written; mend it or leave it out with --exclude".to_owned();
        return Err(FlagError::new(format!("{}: {why}", broken.name), help).into());
    }
    if let Some(folder) = outcome.empty.first() {
        return Err(FlagError::new(folder.to_string(), None).into());
    }
    Inputs::new(&gathered, &outcome).refuse("baseline", path)?;
    let (report, files) = (&outcome.report, &outcome.files);
    let said = |count: usize| if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
    let (baseline, done) = match old {
        Some(mut baseline) => {
            let folder = path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
            let is_there = |file: &str| file == STDIN || folder.join(file).exists();
            let dropped = baseline.prune(report, files, &outcome.rules, &is_there);
            let done = format!("dropped {}, kept {}", said(dropped), said(baseline.len()));
            (baseline, done)
        }
        None => {
            let baseline = Baseline::of(report, files, &name, folder_of(path));
            let done = format!("wrote {}", said(baseline.len()));
            (baseline, done)
        }
    };
    std::fs::write(path, baseline.text())
        .map_err(|error| FlagError::new(format!("cannot write the baseline {name}: {error}"), None))?;
    print_text(&format!("{name}: {done}\n"))?;
    Ok(End::Clean)
}
