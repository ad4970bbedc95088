//! The examples: linting all of them at once says of each what linting it alone says, although they use the same names and
//! private addresses.

use std::io;
use std::path::{Path, PathBuf};

use aznetlint::finding::Counts;
use aznetlint::lint::{Settings, lint};
use aznetlint::rule::Pack;

fn counts(folders: &[PathBuf], pack: &Pack) -> Counts {
    let outcome = lint(folders, &mut io::empty(), pack, &Settings::default());
    assert!(!outcome.report.has_errors(), "{folders:?} are readable");
    outcome.report.counts()
}

#[test]
fn estates_beside_each_other_do_not_mix() {
    let pack = Pack::load(true, &[]).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut alone = Counts::default();
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(&examples).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let one = counts(std::slice::from_ref(&path), &pack);
            alone.satisfied += one.satisfied;
            alone.built_in_only += one.built_in_only;
            alone.violated += one.violated;
            alone.conditional += one.conditional;
            alone.undecided += one.undecided;
            folders.push(path);
        }
    }
    assert!(folders.len() >= 9, "{folders:?}");
    assert_eq!(counts(&folders, &pack), alone);
}
