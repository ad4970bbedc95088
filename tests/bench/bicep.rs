//! How fast texts of Bicep become trees: `cargo bench --bench bicep -- FOLDER...`.
//!
//! Each number is the best of several passes over all `.bicep` and `.bicepparam` files below the folders, held in memory;
//! a pass includes freeing what it built. Beside it stands how long it takes to look for one byte in the same texts, and
//! how many of them hold a declaration that could not be read.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aznetlint::bicep::parse;
use aznetlint::source::FileId;

const PASSES: usize = 15;

#[expect(clippy::print_stdout, reason = "printing is what a bench is for")]
fn main() {
    let folders: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from).collect();
    let is_bicep = |path: &Path| path.extension().is_some_and(|ending| ending == "bicep" || ending == "bicepparam");
    let entries = folders.iter().flat_map(|folder| walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok));
    let paths = entries.map(walkdir::DirEntry::into_path).filter(|path| is_bicep(path));
    let texts: Vec<String> = paths.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    if texts.is_empty() {
        println!("skipped: no Bicep files; name a folder of them");
        return;
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    let trees: Vec<_> = texts.iter().map(|text| parse(FileId(0), text)).collect();
    let broken = trees.iter().filter(|tree| !tree.errors.is_empty()).count();
    let declarations: usize = trees.iter().map(|tree| tree.declarations.len()).sum();
    println!("{} files, {bytes} bytes, {declarations} declarations; {broken} files with errors", texts.len());

    let parsing = best(&texts, |text| drop(black_box(parse(FileId(0), text))));
    let searching = best(&texts, |text| {
        black_box(memchr::memchr(0, text.as_bytes()));
    });
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!("trees   {:8.0} MB/s", rate(parsing));
    println!("memchr  {:8.0} MB/s", rate(searching));
    println!("a tree takes {:.0} times as long as a search", parsing.as_secs_f64() / searching.as_secs_f64());
}

/// The shortest time that one pass over all texts takes.
fn best(texts: &[String], work: impl Fn(&str)) -> Duration {
    let pass = || {
        let start = Instant::now();
        texts.iter().for_each(|text| work(text));
        start.elapsed()
    };
    (0..PASSES).map(|_| pass()).min().unwrap_or_default()
}
