//! The examples: linting all of them at once says of each what linting it alone says, although they use the same names and
//! private addresses.

use std::io;
use std::path::{Path, PathBuf};

use aznetlint::finding::Counts;
use aznetlint::lint::{Settings, lint};
use aznetlint::rule::Pack;

fn counts(folder: &Path, pack: &Pack) -> Counts {
    let outcome = lint(&[PathBuf::from(folder)], &mut io::empty(), pack, &Settings::default());
    assert!(!outcome.report.has_errors(), "{} is readable", folder.display());
    outcome.report.counts()
}

#[test]
fn estates_beside_each_other_do_not_mix() {
    let pack = Pack::load(true, &[]).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut alone = Counts::default();
    let mut folders = 0;
    for entry in std::fs::read_dir(&examples).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let one = counts(&path, &pack);
            alone.satisfied += one.satisfied;
            alone.built_in_only += one.built_in_only;
            alone.violated += one.violated;
            alone.conditional += one.conditional;
            alone.undecided += one.undecided;
            folders += 1;
        }
    }
    assert!(folders >= 9, "{folders} examples");
    assert_eq!(counts(&examples, &pack), alone);
}
