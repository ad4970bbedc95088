//! `aznetlint fix`: edits that settle findings, tried before they are offered, as a patch, as commands, or written.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use miette::Result;

use crate::cli::arguments::{FixArguments, FixFormat, Shell};
use crate::cli::end::{End, FlagError, print_json, print_text, tell};
use crate::cli::output::save;
use crate::cli::settings::gather;
use crate::cli::target::linted;
use crate::finding::{Edit, Finding, Index, Level, Outcome as FileOutcome, edited, patch};
use crate::fix::{
    self, Offer, Offers, Safety, Trial, commands, edits_of, offers, subject_of, write_json, write_review,
};
use crate::lint::Outcome;
use crate::printable;
use crate::source::{Files, Origin, path_parts};

pub(crate) fn run(arguments: &FixArguments) -> Result<End> {
    let gathered = gather(&arguments.lint, &arguments.lint.paths)?;
    let (paths, _) = linted(&arguments.lint.paths, &gathered.found)?;
    let stdin = standard_input(&paths, gathered.settings.input.max_memory)?;
    let trial = Trial { paths: &paths, stdin: &stdin, pack: &gathered.pack, settings: &gathered.settings };
    let kept = trial.run(BTreeMap::new());
    let before = &kept.outcome;
    for file in before.report.files.iter().filter(|file| file.outcome == FileOutcome::Error) {
        let why = file.detail.as_deref().unwrap_or("it cannot be read");
        tell(&format!("error: nothing in {} is edited: {why}", file.name));
    }
    let found = offers(&trial, &kept, arguments.allow_unsafe);
    let edits = edits_of(before, &found.chosen);
    let texts = edited(&before.files, &edits);
    match (arguments.shell, arguments.format) {
        (Some(shell), _) => print_text(&script(before, &found, shell))?,
        (None, FixFormat::Json) => print_json(&write_json(before, &found))?,
        (None, FixFormat::Review) => {
            let name = |file| path_parts(before.files.name(file)).join("/");
            print_json(&write_review(before, &found, &name))?;
        }
        (None, FixFormat::Patch) if !arguments.write => {
            let patches =
                texts.iter().map(|(file, new)| patch(before.files.name(*file), before.files.text(*file), new));
            print_text(&patches.collect::<String>())?;
        }
        (None, FixFormat::Patch) => {}
    }
    if arguments.write {
        write(&before.files, &edits)?;
    }
    told(before, &found, arguments).lines().for_each(tell);
    if before.report.has_errors() || !before.empty.is_empty() {
        before.empty.iter().for_each(|folder| tell(&format!("error: {folder}")));
        return Ok(End::Failed);
    }
    let is_left = if arguments.write { found.errors_left } else { before.report.open().any(is_error) };
    Ok(if is_left { End::Findings } else { End::Clean })
}

/// Standard input, where it is among the paths: runs that are repeated read it more than once.
pub(crate) fn standard_input(paths: &[PathBuf], most: u64) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    if paths.iter().any(|path| path == Path::new("-")) {
        io::stdin().lock().take(most).read_to_end(&mut text).map_err(crate::cli::end::OutputError::report)?;
    }
    Ok(text)
}

fn is_error(finding: &Finding) -> bool {
    !finding.undecided && finding.level == Level::Error
}

/// Writes every edited file, or none when one of them is not what was read.
fn write(files: &Files, edits: &[Edit]) -> Result<(), FlagError> {
    let mut all = Vec::new();
    for (file, text) in edited(files, edits) {
        let name = files.name(file);
        let refuse = |why: &str| {
            let help = "nothing was written; run it once more".to_owned();
            FlagError::new(format!("{} {why}", printable::line(name)), help)
        };
        if files.origin(file) != Origin::Path {
            return Err(FlagError::new(format!("{name} is no file to write to"), "leave out --write".to_owned()));
        }
        let old = std::fs::read(name).map_err(|_| refuse("cannot be read again"))?;
        let Some((start, rest)) = old.split_at_checked(files.file_offset(crate::source::Span::new(file, 0, 0))) else {
            return Err(refuse("has changed since it was read"));
        };
        if rest != files.text(file).as_bytes() {
            return Err(refuse("has changed since it was read, or is not UTF-8"));
        }
        all.push((name, [start, text.as_bytes()].concat()));
    }
    for (name, bytes) in all {
        save(Path::new(name), &bytes)
            .map_err(|error| FlagError::new(format!("{name} cannot be written: {error}"), None))?;
    }
    Ok(())
}

/// So many changes of traffic are told.
const MOST_EFFECTS: usize = 12;

/// What is done and what is not, for a reader.
fn told(before: &Outcome, found: &Offers, arguments: &FixArguments) -> String {
    let (report, files) = (&before.report, &before.files);
    let index = Index::new(report);
    let mut out = String::new();
    let mut line = |text: String| out.extend([text.as_str(), "\n"]);
    for offer in &found.chosen {
        let said = if arguments.write { "fixed" } else { "fix" };
        for finding in offer.findings.iter().filter_map(|at| report.findings.get(*at)) {
            line(format!("{said}: {} {}", finding.rule, subject_of(&index, finding)));
        }
        line(format!("     {} ({})", offer.fix.title, place_of(files, offer)));
    }
    for offer in &found.unsafe_ones {
        for finding in offer.findings.iter().filter_map(|at| report.findings.get(*at)) {
            line(format!("unsafe: {} {}", finding.rule, subject_of(&index, finding)));
        }
        let Safety::Unsafe(why) = &offer.safety else { continue };
        line(format!("     {} ({}): {why}", offer.fix.title, place_of(files, offer)));
    }
    let (all, left) = found.counts;
    line(match (found.chosen.is_empty(), all, arguments.write) {
        (true, 0, _) => "there is nothing to fix".to_owned(),
        (true, all, _) => format!("no edit is known to settle {}", of_them(all)),
        (false, all, true) => format!("{} of {} fixed", all.saturating_sub(left), findings(all)),
        (false, all, false) => {
            let next = if arguments.shell.is_some() { "" } else { "; --write makes these edits" };
            format!("{} of {} would be settled{next}", all.saturating_sub(left), findings(all))
        }
    });
    for change in found.effect.iter().take(MOST_EFFECTS) {
        line(format!("     {change}"));
    }
    if found.effect.len() > MOST_EFFECTS {
        line(format!("     and {} more changes: `aznetlint diff` tells them", found.effect.len() - MOST_EFFECTS));
    }
    if !found.unsafe_ones.is_empty() {
        let count: usize = found.unsafe_ones.iter().map(|offer| offer.findings.len()).sum();
        line(format!("{count} more with --unsafe, which asks for a look"));
    }
    if found.untried > 0 {
        line(format!("{} were not tried: name fewer files, or select rules", findings(found.untried)));
    }
    out
}

fn of_them(count: usize) -> String {
    if count == 1 { "the 1 finding".to_owned() } else { format!("one of the {count} findings") }
}

fn findings(count: usize) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

fn place_of(files: &Files, offer: &Offer) -> String {
    offer
        .edits
        .first()
        .map_or_else(String::new, |edit| format!("{}:{}", files.name(edit.span.file), files.position(edit.span)))
}

/// The commands that make the same changes in Azure.
fn script(before: &Outcome, found: &Offers, shell: Shell) -> String {
    let shell = match shell {
        Shell::Az => fix::Shell::Az,
        Shell::Powershell => fix::Shell::Powershell,
    };
    let index = Index::new(&before.report);
    let mut out = "# These commands change what is deployed. Read each of them before you run it.\n".to_owned();
    let mut missing = 0_usize;
    for offer in &found.chosen {
        for finding in offer.findings.iter().filter_map(|at| before.report.findings.get(*at)) {
            let subject = printable::line(&subject_of(&index, finding));
            out.push_str(&format!("# {}: {subject}\n", finding.rule));
        }
        match commands(offer, shell) {
            Some(commands) => out.extend([commands.as_str(), "\n"]),
            None => {
                missing += 1;
                out.push_str(&format!("# no command: {}\n", printable::line(&offer.fix.title)));
            }
        }
    }
    if missing > 0 {
        out.push_str(&format!(
            "# For {missing} of them the input shows no id, or nothing that a command could name.\n"
        ));
    }
    out
}
