//! How fast texts become documents, beside `serde_json::Value`: `cargo bench --bench reading [-- FOLDER]`.
//!
//! Each number is the best of several passes over all JSON files below the folder, held in memory. A pass includes
//! freeing what it built. serde_json keeps the order of members, as everywhere in this crate; without that it is about
//! 1.4 times as fast.

use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aznetlint::input::{self, Options};
use aznetlint::json::Parser;
use aznetlint::source::FileId;

const PASSES: usize = 15;

#[expect(clippy::print_stdout, reason = "printing is what a bench is for")]
fn main() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let shared = std::env::var_os("AZNETLINT_SHARED").map(|shared| PathBuf::from(shared).join("corpus"));
    let beside = ["../shared/corpus", "../../shared/corpus", "tests/corpus"].map(|folder| project.join(folder));
    let Some(folder) = given.into_iter().chain(shared).chain(beside).find(|folder| folder.is_dir()) else {
        println!("skipped: no folder of JSON files; name one");
        return;
    };
    let files: Vec<PathBuf> = walkdir::WalkDir::new(&folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    let texts: Vec<String> = files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let strict: Vec<&str> = texts
        .iter()
        .map(String::as_str)
        .filter(|text| serde_json::from_str::<serde_json::Value>(text).is_ok())
        .collect();
    println!("{} files, {} of them strict JSON", texts.len(), strict.len());

    let mut parser = Parser::default();
    let ours = megabytes_per_second(&strict, |text| drop(black_box(parser.parse(FileId(0), text))));
    let theirs = megabytes_per_second(&strict, |text| drop(black_box(serde_json::from_str::<serde_json::Value>(text))));
    let search = megabytes_per_second(&strict, |text| {
        black_box(input::may_matter(text.as_bytes()));
    });
    let unrelated: Vec<String> = strict.iter().map(|text| unrelated(text)).collect();
    let unrelated: Vec<&str> = unrelated.iter().map(String::as_str).collect();
    assert!(!unrelated.iter().any(|text| input::may_matter(text.as_bytes())), "nothing is left to find");
    let missing = megabytes_per_second(&unrelated, |text| {
        black_box(input::may_matter(text.as_bytes()));
    });
    println!("json::Parser       {ours:7.0} MB/s");
    println!("serde_json::Value  {theirs:7.0} MB/s");
    println!("ratio              {:7.2}", ours / theirs);
    println!("byte search, hit   {search:7.0} MB/s");
    println!("byte search, none  {missing:7.0} MB/s");

    let whole =
        best(|| drop(black_box(input::read(std::slice::from_ref(&folder), &Options::default(), &mut io::empty()))));
    println!("input::read        {:7.1} ms for the folder", whole.as_secs_f64() * 1e3);
}

/// The same text with nothing that the byte search looks for.
fn unrelated(text: &str) -> String {
    let mut text = text.to_ascii_lowercase();
    for word in ["microsoft", "subscriptions", "deployment", "prefix", "nexthop", "rule", "ipgroup", "endpoint"] {
        text = text.replace(word, "something");
    }
    for word in ["workspace", "network", "node", "compute", "isolation"] {
        text = text.replace(word, "other");
    }
    text
}

fn megabytes_per_second(texts: &[&str], mut work: impl FnMut(&str)) -> f64 {
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let pass = best(|| texts.iter().for_each(|text| work(text)));
    bytes as f64 / 1e6 / pass.as_secs_f64()
}

fn best(mut pass: impl FnMut()) -> Duration {
    let mut timed = || {
        let start = Instant::now();
        pass();
        start.elapsed()
    };
    (0..PASSES).map(|_| timed()).min().unwrap_or_default()
}
