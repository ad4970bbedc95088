//! The shipped rules: every one loads, has its cases, and does on them what they say; and a user's own do as well.

use aznetlint::cases;
use aznetlint::estate;
use aznetlint::rule::{CaseFile, Pack};

#[test]
fn every_rule_does_what_its_cases_say() {
    let pack = Pack::load(true, &[]).unwrap();
    let files = CaseFile::load(&pack, true, &[]).unwrap();
    let results = cases::run(&pack, &|_| true, &files, &|input| cases::road(&pack, input));
    assert!(results.is_good(), "{results}");
    assert!(results.cases.len() >= 200, "{results}");
}

#[test]
fn every_kind_of_fault_has_one_rule() {
    let pack = Pack::load(true, &[]).unwrap();
    for (kind, _) in estate::FAULT_KINDS {
        let of_kind = pack.rules.iter().filter(|rule| rule.card.id.as_str().split('/').next_back() == Some(kind));
        assert_eq!(of_kind.count(), 1, "rules for the fault {kind}");
    }
}
