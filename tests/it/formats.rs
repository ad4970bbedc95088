//! The formats of reports: they agree on what they count, and the JSON format keeps to its schema.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aznetlint::finding::Level;
use aznetlint::lint::{Outcome, Settings, lint};
use aznetlint::report::{Format, Options, SCHEMA, render};
use aznetlint::rule::Pack;
use serde_json::Value;

use crate::schemas::Schema;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every example by itself, all of them at once, and the small estate of the transcripts.
fn estates() -> Vec<(String, Outcome)> {
    let pack = Pack::load(true, &[]).unwrap();
    let own = Pack::load(false, &[root().join("tests/cli/formats.in/rules")]).unwrap();
    let examples = root().join("examples");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&examples).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.push(examples);
    let run = |path: &Path, pack: &Pack| {
        (path.display().to_string(), lint(&[path.to_owned()], &mut io::empty(), pack, &Settings::default()))
    };
    let mut estates: Vec<_> = folders.iter().map(|folder| run(folder, &pack)).collect();
    estates.push(run(&root().join("tests/cli/formats.in/infra"), &own));
    estates.push(run(&root().join("tests/cli/broken.in"), &pack));
    estates
}

fn rendered(outcome: &Outcome, options: &Options) -> String {
    let mut out = Vec::new();
    render(&outcome.report, &outcome.files, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Passed, violated, undecided.
type Counts = [u64; 3];

/// The number before a word.
fn before(text: &str, word: &str) -> u64 {
    let at = text.rfind(word).unwrap_or_else(|| panic!("`{word}` is in {text}"));
    text[..at].trim_end().rsplit(' ').next().unwrap().parse().unwrap()
}

fn of_text(text: &str) -> Counts {
    let line = text
        .lines()
        .rfind(|line| !line.starts_with([':', '#']) && line.contains(" flow") && line.contains(" blocked"))
        .unwrap();
    let passed = if line.contains(" flow passes") { " flow passes" } else { " flows pass" };
    let line = line.replace(" (only if a fact holds)", "");
    [
        before(&line, passed),
        before(&line, " blocked"),
        before(line.split(" blocked").last().unwrap().split(" · ").next().unwrap(), " undecided"),
    ]
}

fn of_value(counts: &Value) -> Counts {
    ["satisfied", "violated", "undecided"].map(|verdict| counts[verdict].as_u64().unwrap())
}

fn of_junit(text: &str) -> Counts {
    // The suites of placements come first and are the only ones with properties.
    let suites: Vec<&str> =
        text.split("<testsuite ").filter(|suite| suite.contains("<property name=\"service\"")).collect();
    let count = |word: &str| suites.iter().map(|suite| suite.matches(word).count() as u64).sum::<u64>();
    let (violated, undecided) = (count(" type=\"violated\""), count(" type=\"undecided\""));
    [count("<testcase ") - violated - undecided, violated, undecided]
}

fn of_markdown(text: &str) -> Counts {
    let row = text.lines().skip_while(|line| !line.starts_with("| passed |")).nth(2).unwrap();
    let cells: Vec<u64> = row.split('|').filter_map(|cell| cell.trim().parse().ok()).collect();
    let marks = ["| ✅ passed", "violated", "| ❔ undecided"].map(|mark| {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        rows.map(|line| line.matches(mark).count() as u64).sum()
    });
    if marks.iter().sum::<u64>() > 0 {
        assert_eq!(marks, [cells[0], cells[1], cells[2]], "the table counts what the head counts");
    }
    [cells[0], cells[1], cells[2]]
}

fn of_csv(text: &str) -> Counts {
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("requirement,")).collect();
    [",satisfied,", ",violated,", ",undecided,"]
        .map(|verdict| rows.iter().filter(|row| row.contains(verdict)).count() as u64)
}

fn of_html(text: &str) -> Counts {
    let tally = text.split_once("<dl class=\"tally\">").and_then(|(_, rest)| rest.split_once("</dl>"));
    let number = |class: &str| {
        let start = [format!("<div class=\"{class}\">"), format!("<div class=\"{class} zero\">")];
        let entry = tally.and_then(|(tally, _)| start.iter().find_map(|start| tally.split_once(start.as_str())));
        let shown = entry.and_then(|(_, rest)| rest.split_once("<dd>")).and_then(|(_, rest)| rest.split_once('<'));
        shown.map_or(0, |(number, _)| number.replace(',', "").parse().unwrap())
    };
    [number("pass") + number("builtin"), number("blocked") + number("conditional"), number("undecided")]
}

#[test]
fn every_format_counts_the_same() {
    for (name, outcome) in estates() {
        for undecided in [Level::Note, Level::Error] {
            let counts = outcome.report.counts();
            let expected = [counts.satisfied, counts.violated, counts.undecided].map(|count| count as u64);
            for format in Format::ALL {
                let text = rendered(&outcome, &Options { format, undecided, ..Options::default() });
                let counted = match format {
                    Format::Text | Format::Concise | Format::Github | Format::Azure => of_text(&text),
                    // It has no word for what passes.
                    Format::Gitlab => expected,
                    Format::Json => of_value(&serde_json::from_str::<Value>(&text).unwrap()["counts"]),
                    Format::Sarif => {
                        let sarif: Value = serde_json::from_str(&text).unwrap();
                        of_value(&sarif["runs"][0]["properties"]["counts"])
                    }
                    Format::Junit => of_junit(&text),
                    Format::Markdown => of_markdown(&text),
                    Format::Csv => of_csv(&text),
                    Format::Html => of_html(&text),
                };
                assert_eq!(counted, expected, "{name} as {}", format.as_str());
            }
        }
    }
}

#[test]
fn every_finding_is_a_result_with_a_place() {
    for (name, outcome) in estates() {
        let text = rendered(&outcome, &Options { format: Format::Sarif, ..Options::default() });
        let sarif: Value = serde_json::from_str(&text).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), outcome.report.findings.len(), "{name}");
        for (result, finding) in results.iter().zip(&outcome.report.findings) {
            let place = &result["locations"][0]["physicalLocation"];
            assert!(!place["artifactLocation"]["uri"].as_str().unwrap().is_empty());
            let position = outcome.files.position(finding.at.span);
            assert_eq!(place["region"]["startLine"], position.line, "{name}");
            assert_eq!(result["partialFingerprints"]["aznetlint/v1"], finding.fingerprint.as_str());
        }
        assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], !outcome.report.has_errors());
    }
}

#[test]
fn json_reports_keep_to_their_schema() {
    let schema = Schema::closed(serde_json::from_str(SCHEMA).unwrap());
    let mut checked = 0;
    let mut check = |name: &str, text: &str| {
        let report: Value = serde_json::from_str(text).unwrap();
        schema.check(&report).unwrap_or_else(|wrong| panic!("{name}:\n{wrong}"));
        checked += 1;
    };
    for (name, outcome) in estates() {
        check(&name, &rendered(&outcome, &Options { format: Format::Json, ..Options::default() }));
    }
    for entry in fs::read_dir(root().join("tests/cli")).unwrap() {
        let path = entry.unwrap().path();
        let is_output = path.extension().is_some_and(|extension| extension == "stdout");
        let text = if is_output { fs::read_to_string(&path).unwrap() } else { String::new() };
        // The other commands have formats of their own.
        if text.starts_with("{\n  \"version\": 1,") && text.contains("\"counts\": ") {
            check(&path.display().to_string(), &text);
        }
    }
    assert!(checked > 10, "{checked} reports");
}

fn aznetlint(arguments: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    command.current_dir(root()).env("NO_COLOR", "1").env("GITHUB_REPOSITORY", "").args(arguments).output().unwrap()
}

#[test]
fn the_gate_is_the_same_in_every_format() {
    let runs: [(&[&str], i32); 5] = [
        (&["examples/secure-workspace"], 0),
        (&["examples/storage-445-denied"], 1),
        (&["examples/storage-445-denied", "--exit-zero"], 0),
        (&["examples/undecided", "--undecided", "error"], 1),
        (&["tests/cli/broken.in", "--exit-zero"], 2),
    ];
    for (arguments, status) in runs {
        for format in Format::ALL {
            let arguments = [arguments, &["--format", format.as_str()]].concat();
            assert_eq!(aznetlint(&arguments).status.code(), Some(status), "{arguments:?}");
        }
    }
}

#[test]
fn one_run_writes_several_reports() {
    let folder = tempfile::tempdir().unwrap();
    let into = |format: &str| format!("{format}={}", folder.path().join(format).display());
    let (sarif, junit) = (into("sarif"), into("junit"));
    let arguments = ["examples/storage-445-denied", "--output", &sarif, "--output", "csv", "--output", &junit];
    let run = aznetlint(&arguments);
    assert_eq!(run.status.code(), Some(1));
    for (format, bytes) in [
        ("csv", run.stdout),
        ("sarif", fs::read(folder.path().join("sarif")).unwrap()),
        ("junit", fs::read(folder.path().join("junit")).unwrap()),
    ] {
        let alone = aznetlint(&["examples/storage-445-denied", "--format", format]);
        assert!(bytes == alone.stdout && !bytes.is_empty(), "{format} is what --format gives");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left there");
    // A report in a file alone leaves standard output empty.
    assert!(aznetlint(&["examples/secure-workspace", "--output", &sarif]).stdout.is_empty());
}

#[test]
fn a_value_of_the_command_line_has_a_place_in_a_file() {
    let arguments = ["examples/undecided", "--format", "sarif", "--min-level", "note"];
    for set in [&[][..], &["--set", "plainHttpBlockedRange=10.0.0.0/99"], &["--set", "plainHttpBlockedRange=0.0.0.0/0"]]
    {
        let run = aznetlint(&[&arguments, set].concat());
        let sarif: Value = serde_json::from_slice(&run.stdout).unwrap();
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            for location in [&result["locations"], &result["relatedLocations"]].into_iter().filter_map(Value::as_array)
            {
                for place in location {
                    let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
                    assert!(root().join(uri).is_file(), "{uri}");
                }
            }
        }
    }
}

#[test]
fn the_schema_is_printed() {
    assert_eq!(String::from_utf8(aznetlint(&["schema", "report"]).stdout).unwrap().trim_end(), SCHEMA.trim_end());
}
