//! One estate in every spelling, through the whole program: the verdicts are the same to the letter, in whatever order,
//! layout and encoding the files come.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const SPELLINGS: [&str; 8] = [
    "rest",
    "cli",
    "resource-graph",
    "powershell",
    "template",
    "terraform-plan",
    "terraform-state",
    "terraform-stored-state",
];

fn folder(spelling: &str) -> PathBuf {
    let folder = if spelling.starts_with("terraform") { "tests/terraform" } else { "examples/same-estate" };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(spelling)
}

/// The files of a spelling: name and text.
fn files(spelling: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder(spelling)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

/// What a run on some paths comes to, one line for each requirement of each placement.
fn verdicts<P: AsRef<OsStr>>(paths: &[P]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    let output = command.args(["check", "--no-config", "--format", "json"]).args(paths).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let placements = report["placements"].as_array().unwrap();
    let mut lines = Vec::new();
    for placement in placements {
        for one in placement["requirements"].as_array().unwrap() {
            let deciders: Vec<&str> =
                one["decided-by"].as_array().unwrap().iter().filter_map(|rule| rule["name"].as_str()).collect();
            lines.push(format!(
                "{} {} | applies {} | {} by {deciders:?} | {}",
                one["rule"], one["flow"], one["applies"], one["verdict"], one["witness"]
            ));
        }
    }
    lines.join("\n")
}

/// What a run on some texts comes to, written to files as `encode` says.
fn verdicts_of(files: &[(String, String)], encode: impl Fn(&str) -> Vec<u8>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, encode(text)).unwrap();
            path
        })
        .collect();
    verdicts(&paths)
}

fn minified(text: &str) -> String {
    serde_json::from_str::<Value>(text).unwrap().to_string()
}

#[test]
fn the_spellings_have_the_same_verdicts() {
    let expected = verdicts(&[folder("rest")]);
    assert!(expected.contains("\"azureml/storage-blocked\"") && expected.contains("\"violated\""), "{expected}");
    assert!(expected.lines().count() > 15, "{expected}");
    for spelling in SPELLINGS {
        assert_eq!(verdicts(&[folder(spelling)]), expected, "{spelling}");
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    for spelling in SPELLINGS {
        let expected = verdicts(&[folder(spelling)]);
        let mut files = files(spelling);
        files.reverse();
        for _ in 0..files.len() {
            files.rotate_left(1);
            assert_eq!(verdicts_of(&files, |text| text.into()), expected, "{spelling}");
        }
    }
}

#[test]
fn layout_and_encoding_do_not_matter() {
    let utf16 = |text: &str| "\u{feff}".chars().chain(text.chars()).collect::<String>();
    type Encode = fn(&str) -> Vec<u8>;
    let encodings: [(&str, Encode); 7] = [
        ("minified", |text| minified(text).into()),
        ("minified on one of many lines", |text| format!("\n\n{}\n\n", minified(text)).into()),
        ("CRLF", |text| text.replace('\n', "\r\n").into()),
        ("UTF-8 with a byte order mark", |text| format!("\u{feff}{text}").into()),
        ("warnings before the JSON", |text| {
            format!(
                "WARNING: The behavior of this command has been altered by the following extension: ml\n\
                 WARNING: This command group is in preview.\n{text}"
            )
            .into()
        }),
        ("UTF-16, little end first", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16, big end first", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ];
    for spelling in SPELLINGS {
        let expected = verdicts(&[folder(spelling)]);
        let files = files(spelling);
        for (name, encode) in encodings {
            let marked = |text: &str| if name.starts_with("UTF-16") { encode(&utf16(text)) } else { encode(text) };
            assert_eq!(verdicts_of(&files, marked), expected, "{spelling}, {name}");
        }
    }
}
