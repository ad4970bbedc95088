//! The laws of the text for people: nothing that does not pass is missing from it, and no line leaves the page.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aznetlint::finding::{Level, Verdict};
use aznetlint::lint::{Outcome, Settings, lint};
use aznetlint::report::{Format, Options, render};
use aznetlint::rule::Pack;

/// Every example by itself, all at once, and the input of every transcript.
fn estates() -> Vec<(String, Outcome)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pack = Pack::load(true, &[]).unwrap();
    let folders = |of: PathBuf| {
        let mut all: Vec<PathBuf> =
            fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
        all.sort();
        all
    };
    let mut all = folders(root.join("examples"));
    all.push(root.join("examples"));
    all.extend(folders(root.join("tests/cli")));
    all.extend(folders(root.join("tests/corpus")));
    all.into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            (name, lint(&[path], &mut io::empty(), &pack, &Settings::default()))
        })
        .collect()
}

fn text(outcome: &Outcome, options: &Options) -> String {
    let mut out = Vec::new();
    render(&outcome.report, &outcome.files, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every requirement that does not pass is there by the id of its rule, and the counts are.
#[test]
fn nothing_that_does_not_pass_is_missing() {
    let mut looked_at = 0;
    for (name, outcome) in estates() {
        for (width, verbose) in [(60, false), (100, false), (100, true)] {
            let options = Options { width, verbose, min_level: Level::Warning, ..Options::default() };
            let said = text(&outcome, &options);
            let words: Vec<&str> = said.split(|ch: char| ch.is_whitespace() || "[](),:`".contains(ch)).collect();
            let requirements = outcome.report.placements.iter().flat_map(|one| &one.requirements);
            for one in requirements.filter(|one| !matches!(one.verdict, None | Some(Verdict::Satisfied))) {
                looked_at += 1;
                assert!(words.contains(&one.rule.as_str()), "{name}: {} is not in\n{said}", one.rule);
            }
            let one_line = said.replace('\n', " ");
            let counts = outcome.report.counts();
            assert!(one_line.contains(&format!("{} undecided", counts.undecided)), "{name}\n{said}");
            assert!(one_line.contains(&format!("{} blocked", counts.blocked())), "{name}\n{said}");
        }
    }
    assert!(looked_at > 100, "{looked_at}");
}

/// In short form too the last lines tell what is not decided and what is not shown.
#[test]
fn quiet_is_no_pass() {
    for (name, outcome) in estates() {
        for (quiet, statistics) in [(true, false), (false, true)] {
            let options = Options { quiet, statistics, min_level: Level::Error, ..Options::default() };
            let said = text(&outcome, &options).replace('\n', " ");
            let counts = outcome.report.counts();
            assert!(said.contains(&format!("{} undecided", counts.undecided)), "{name}\n{said}");
            assert_eq!(said.contains("undecided is no pass"), counts.undecided > 0, "{name}\n{said}");
        }
    }
}

/// No line is longer than the page, unless it is one word that cannot be broken.
#[test]
fn no_line_leaves_the_page() {
    for (name, outcome) in estates() {
        for width in [60, 80, 120] {
            let options = Options { width, min_level: Level::Note, ..Options::default() };
            for line in text(&outcome, &options).lines() {
                let is_place = line.contains("┌─") || line.contains("= file:");
                let last = line.rsplit(' ').next().unwrap_or(line);
                let is_one_word = last.chars().count() + 14 > width || line.trim().split(' ').count() < 3;
                let is_excerpt = line.contains('│');
                assert!(
                    line.chars().count() <= width || is_place || is_one_word || is_excerpt,
                    "{name} at {width}: {} columns\n{line}",
                    line.chars().count()
                );
            }
        }
    }
}

/// Every finding has its line, in the form that editors read, and GitLab's fingerprints are all different.
#[test]
fn every_finding_has_a_line_and_an_issue() {
    for (name, outcome) in estates() {
        let options = |format| Options { format, min_level: Level::Note, ..Options::default() };
        let concise = text(&outcome, &options(Format::Concise));
        let open = outcome.report.open().count();
        let is_finding = |line: &&str| {
            let mut parts = line.splitn(4, ':');
            let (path, at) = (parts.next(), [parts.next(), parts.next()]);
            path.is_some() && at.iter().all(|part| part.is_some_and(|part| part.parse::<usize>().is_ok()))
        };
        assert_eq!(concise.lines().filter(is_finding).count(), open, "{name}\n{concise}");
        let issues: serde_json::Value = serde_json::from_str(&text(&outcome, &options(Format::Gitlab))).unwrap();
        let issues = issues.as_array().unwrap();
        assert_eq!(issues.len(), open, "{name}");
        let mut prints: Vec<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), open, "{name}");
    }
}
