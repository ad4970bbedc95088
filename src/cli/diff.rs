//! `aznetlint diff`: what a change does to traffic and requirements. Writing it is the work of `diff`.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use miette::Result;

use crate::cli::arguments::{ClosedGate, DiffArguments, DiffFormat, OpenedGate};
use crate::cli::end::{End, FlagError, OutputError, tell};
use crate::cli::git::{Git, ask};
use crate::cli::output::{Inputs, columns, is_writable, save};
use crate::cli::settings::{Gathered, gather};
use crate::cli::target::{linted, repository};
use crate::diff::{
    Diff, RequirementChange, Sides, TrafficChange, diff, write_json, write_markdown, write_sarif, write_text,
};
use crate::finding::Outcome as FileOutcome;
use crate::lint::{Kept, lint_keeping};
use crate::printable;
use crate::proof::Turn;

pub(crate) fn run(arguments: &DiffArguments) -> Result<End> {
    if arguments.lint.paths.iter().any(|path| path.as_os_str() == "-") {
        let help = "write it into a file first".to_owned();
        return Err(FlagError::new("diff does not read standard input", help).into());
    }
    let outputs = outputs(arguments)?;
    let (base, head, label) = match &arguments.against {
        Some(reference) => against(arguments, reference)?,
        None => two(arguments)?,
    };
    let failed = [(&base, "base"), (&head, "head")].map(|(run, side)| tell_unread(&run.kept, side));
    let diff = diff(Sides {
        base: &base.kept,
        base_root: &base.root,
        base_label: &label.name,
        base_folder: &label.folder,
        head: &head.kept,
        head_root: &head.root,
        read_alike: label.read_alike,
    });
    for (_, path) in &outputs {
        for run in [&base, &head] {
            Inputs::of(&run.kept.outcome).refuse("--output", path)?;
        }
    }
    write(arguments, &outputs, &diff)?;
    let end = if failed.contains(&true) { End::Failed } else { end(arguments, &diff) };
    // The process ends: the system takes all of it back at once.
    std::mem::forget((base, head));
    Ok(end)
}

/// One side, and what the names of its files start with that the other side has otherwise.
struct Run {
    kept: Kept,
    root: String,
}

/// How paths of the base are told.
#[derive(Default)]
struct Label {
    /// The name of its commit, with a colon behind.
    name: String,
    /// The folder of the repository that they are seen from.
    folder: String,
    /// Both sides are read in the same way.
    read_alike: bool,
}

/// Two files or folders.
fn two(arguments: &DiffArguments) -> Result<(Run, Run, Label)> {
    if let [plan] = &*arguments.lint.paths {
        return before_and_after(arguments, plan);
    }
    let [base, head] = &*arguments.lint.paths else {
        let help =
            "name two files or folders: aznetlint diff BASE HEAD; or a commit: aznetlint diff --against REF".to_owned();
        return Err(FlagError::new("diff needs a base and a head", help).into());
    };
    let gathered = gather_requirements(arguments, std::slice::from_ref(head))?;
    let root = |path: &Path| path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let run = |path: &PathBuf| Run { kept: kept(std::slice::from_ref(path), &gathered), root: root(path) };
    Ok((run(base), run(head), Label { read_alike: true, ..Label::default() }))
}

/// How a report calls a plan.
const PLAN: &str = "terraform-plan";

/// A plan of Terraform: the state before, and what is planned.
fn before_and_after(arguments: &DiffArguments, plan: &PathBuf) -> Result<(Run, Run, Label)> {
    let mut gathered = gather_requirements(arguments, std::slice::from_ref(plan))?;
    let run = |gathered: &Gathered| Run { kept: kept(std::slice::from_ref(plan), gathered), root: String::new() };
    let head = run(&gathered);
    let is_plan = |run: &Run| run.kept.outcome.report.files.iter().any(|file| file.shape.as_deref() == Some(PLAN));
    if !is_plan(&head) {
        let help = "name a base and a head, or what `terraform show -json` prints of a plan".to_owned();
        return Err(FlagError::new(format!("{} is no plan of Terraform", printable::path(plan)), help).into());
    }
    gathered.settings.before_plans = true;
    Ok((run(&gathered), head, Label::default()))
}

const GIT: Git = Git { flag: "--against", without: "compare two folders: aznetlint diff BASE HEAD" };

/// Paths as they are at a commit, and as they are now. The files of the commit are read from a folder of their own in
/// which the run stands meanwhile, so that paths mean the same on both sides.
fn against(arguments: &DiffArguments, reference: &str) -> Result<(Run, Run, Label)> {
    let named = &*arguments.lint.paths;
    let mut gathered = gather_requirements(arguments, named)?;
    let paths = match linted(named, &gathered.found) {
        Ok((paths, _)) => paths,
        Err(_) => vec![repository()],
    };
    let here = std::env::current_dir()
        .map_err(|error| FlagError::new(format!("there is no current folder: {error}"), None))?;
    let top = GIT.top(&crate::cli::target::here(&paths))?;
    let commit = GIT.base(&top, reference)?;
    let is_reference = ask(&top, &["rev-parse", &format!("{reference}^{{commit}}")])
        .is_ok_and(|said| said.trim_ascii_end() == commit.as_bytes());
    let label = if is_reference { reference.to_owned() } else { commit.chars().take(10).collect() };
    // What is no part of the repository's history is read where it is.
    for file in gathered.settings.service_tags.iter_mut().chain(&mut gathered.settings.dependencies) {
        *file = here.join(&*file);
    }
    let existing = |paths: &[PathBuf], folder: &Path| -> Vec<PathBuf> {
        paths.iter().filter(|path| folder.join(path).exists()).cloned().collect()
    };
    let head_paths = existing(&paths, &here);
    let folder = GIT.files_of(&top, &commit)?;
    let below = inside(&here, &top);
    let there = below.as_ref().map(|below| folder.path().join(below));
    let base = match there.filter(|_| paths.iter().all(|path| path.is_relative())) {
        Some(there) => {
            std::fs::create_dir_all(&there).and_then(|()| std::env::set_current_dir(&there)).map_err(cannot_stand)?;
            let base = Run { kept: kept(&existing(&paths, &there), &gathered), root: String::new() };
            std::env::set_current_dir(&here).map_err(cannot_stand)?;
            base
        }
        None => {
            let moved = paths.iter().filter_map(|path| Some(folder.path().join(inside(&here.join(path), &top)?)));
            let moved: Vec<PathBuf> = moved.collect();
            let root = folder.path().to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            Run { kept: kept(&existing(&moved, &here), &gathered), root }
        }
    };
    let root = if base.root.is_empty() { String::new() } else { top.to_string_lossy().into_owned() };
    let head = Run { kept: kept(&head_paths, &gathered), root };
    let slashed = |path: PathBuf| path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let seen_from = below.filter(|_| base.root.is_empty()).map(slashed).unwrap_or_default();
    Ok((base, head, Label { name: format!("{label}:"), folder: seen_from, read_alike: true }))
}

fn cannot_stand(error: io::Error) -> FlagError {
    FlagError::new(format!("the files of the commit cannot be read: {error}"), None)
}

/// A path seen from the root of a repository that it is in.
fn inside(path: &Path, top: &Path) -> Option<PathBuf> {
    let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    whole(path).strip_prefix(whole(top)).ok().map(Path::to_owned)
}

/// What both sides are read with. No finding is compared, only requirements and traffic.
fn gather_requirements(arguments: &DiffArguments, paths: &[PathBuf]) -> Result<Gathered> {
    let mut gathered = gather(&arguments.lint, paths)?;
    gathered.pack.keep_requirements();
    Ok(gathered)
}

fn kept(paths: &[PathBuf], gathered: &Gathered) -> Kept {
    let mut nothing: &mut dyn Read = &mut io::empty();
    lint_keeping(paths, &mut nothing, &gathered.pack, &gathered.settings)
}

/// Tells of what could not be read on a side. Whether there was any.
fn tell_unread(kept: &Kept, side: &str) -> bool {
    let outcome = &kept.outcome;
    for folder in &outcome.empty {
        tell(&format!("error: the {side}: {folder}"));
    }
    let broken = outcome.report.files.iter().filter(|file| file.outcome == FileOutcome::Error);
    for file in broken {
        let why = file.detail.as_deref().unwrap_or("it cannot be read");
        tell(&format!("error: the {side}: {}: {why}", file.name));
    }
    outcome.report.has_errors() || !outcome.empty.is_empty()
}

/// Files first, so that they are whole when the reader of standard output has gone.
fn write(arguments: &DiffArguments, outputs: &[(DiffFormat, PathBuf)], diff: &Diff) -> Result<()> {
    for (format, path) in outputs {
        let mut bytes = Vec::new();
        render(*format, diff, &mut bytes).map_err(OutputError::report)?;
        save(path, &bytes).map_err(|error| {
            FlagError::new(
                format!("{} cannot be written: {error}", printable::path(path)),
                "nothing was changed there".to_owned(),
            )
        })?;
    }
    render(arguments.format, diff, &mut anstream::stdout().lock()).map_err(OutputError::report)
}

fn render(format: DiffFormat, diff: &Diff, out: &mut dyn io::Write) -> io::Result<()> {
    let kind = match format {
        DiffFormat::Json | DiffFormat::Sarif => printable::Kind::Json,
        DiffFormat::Text | DiffFormat::Markdown => printable::Kind::Plain,
    };
    let out = &mut printable::Printer::new(out, kind);
    let width = columns();
    match format {
        DiffFormat::Text => write_text(diff, width, out)?,
        DiffFormat::Json => write_json(diff, out)?,
        DiffFormat::Markdown => write_markdown(diff, out)?,
        DiffFormat::Sarif => write_sarif(diff, out)?,
    }
    out.flush()
}

/// The files that are written, each in its format. Where one cannot go is said before anything is read.
fn outputs(arguments: &DiffArguments) -> Result<Vec<(DiffFormat, PathBuf)>, FlagError> {
    let read = |written: &String| {
        let (word, file) = written.split_once('=').unwrap_or((written, ""));
        let Ok(format) = <DiffFormat as ValueEnum>::from_str(word, true) else {
            let help = "the formats are: text, json, markdown, sarif".to_owned();
            return Err(FlagError::new(format!("--output {written}: there is no format `{word}`"), help));
        };
        if file.is_empty() {
            let help = format!("write --output {word}=FILE, or --format {word} for standard output");
            return Err(FlagError::new(format!("--output {written} names no file"), help));
        }
        let path = PathBuf::from(file);
        is_writable(&path, written)?;
        Ok((format, path))
    };
    arguments.outputs.iter().map(read).collect()
}

/// The exit status. What may be opened counts as opened: what is not known is no pass.
fn end(arguments: &DiffArguments, diff: &Diff) -> End {
    if arguments.exit_zero {
        return End::Clean;
    }
    let broken = diff.requirements.iter().any(RequirementChange::is_broken);
    let lost = arguments.fail_on_closed == Some(ClosedGate::Required)
        && diff.requirements.iter().any(RequirementChange::is_lost);
    let opened = match arguments.fail_on_opened {
        None => false,
        Some(OpenedGate::Internet) => !diff.open.is_empty() || diff.changes.iter().any(TrafficChange::opens_internet),
        Some(OpenedGate::Any) => !diff.open.is_empty() || diff.changes.iter().any(|one| one.turn != Turn::Closed),
    };
    if broken || lost || opened { End::Findings } else { End::Clean }
}
