//! The shipped rules: every one loads, has its cases, and does on them what they say; and a user's own do as well.

use std::fs;
use std::path::Path;

use aznetlint::cases::{self, Results};
use aznetlint::estate;
use aznetlint::rule::{self, CaseFile, Pack};

#[test]
fn every_rule_does_what_its_cases_say() {
    let pack = Pack::load(true, &[]).unwrap();
    let files = CaseFile::load(&pack, true, &[]).unwrap();
    let results = cases::run(&pack, &|_| true, &files);
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

/// `UPDATE=1 cargo test` writes a generated document anew.
fn is_generated(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert!(written == text, "{name} is out of date: run `UPDATE=1 cargo test --test it rules`");
}

#[test]
fn the_catalogue_is_generated() {
    is_generated("rules/README.md", &rule::catalogue(&Pack::load(true, &[]).unwrap()));
}

#[test]
fn the_guide_is_generated_and_its_first_rule_works() {
    let guide = rule::guide();
    is_generated("rules/WRITING.md", &guide);
    let folder = tempfile::tempdir().unwrap();
    let blocks: Vec<&str> = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2, "a rule and its cases");
    for block in blocks {
        let name = block.lines().next().unwrap().trim_start_matches("# checks/");
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, block).unwrap();
    }
    let folders = [folder.path().to_owned()];
    let pack = Pack::load(false, &folders).unwrap();
    let files = CaseFile::load(&pack, false, &folders).unwrap();
    let results = cases::run(&pack, &|_| true, &files);
    assert!(results.is_good() && results.cases.len() == 2, "{results}");
}

const SERVICE: &str = "\
service: demo
title: Demo
describe: A demo.
facts:
  public-ip: { type: boolean, describe: It has a public address., default: false }
";

const REQUIREMENT: &str = "\
title: The demo cannot be reached
level: error
service: demo
applies: { public-ip: true }
require:
  flow: { direction: inbound, protocol: tcp, from: AzureMonitor, to: subnet, ports: [4242] }
why: It is asked from there.
help: Allow it.
";

const REQUIREMENT_CASES: &str = r#"
fail:
  - name: nothing lets it in
    facts: { public-ip: true }
    input: |
      { "type": "Microsoft.Network/networkSecurityGroups", "name": "demo", "properties": { "securityRules": [] } }
pass:
  - name: nothing is needed without a public address
    input: |
      { "type": "Microsoft.Network/networkSecurityGroups", "name": "demo", "properties": { "securityRules": [] } }
"#;

const PATTERN: &str = "\
title: Telnet is open
level: warning
subject: security-rule
when: { access: { is: allow }, destination-ports: { includes: 23 } }
message: '`{name}` lets {sources} reach port 23'
labels: { destination-ports: includes 23 }
why: It has no secrets.
help: Use SSH.
";

const PATTERN_CASES: &str = r#"
fail:
  - name: one port
    input: |
      { "type": "Microsoft.Network/networkSecurityGroups/securityRules", "name": "demo/telnet", "properties": {
        "direction": "Inbound", "access": "Allow", "priority": 100, "protocol": "Tcp",
        "sourceAddressPrefix": "10.0.0.0/8", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "23" // here
      } }
pass:
  - name: another port
    input: |
      { "type": "Microsoft.Network/networkSecurityGroups/securityRules", "name": "demo/ssh", "properties": {
        "direction": "Inbound", "access": "Allow", "priority": 100, "protocol": "Tcp",
        "sourceAddressPrefix": "10.0.0.0/8", "sourcePortRange": "*", "destinationAddressPrefix": "*",
        "destinationPortRange": "22" } }
"#;

fn own_rules(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("files can be written and rules load");
        fs::write(path, content).expect("files can be written and rules load");
    }
    folder
}

fn run_own(files: &[(&str, &str)]) -> Results {
    let folder = own_rules(files);
    let folders = [folder.path().to_owned()];
    let pack = Pack::load(true, &folders).expect("files can be written and rules load");
    let cases = CaseFile::load(&pack, false, &folders).expect("files can be written and rules load");
    cases::run(&pack, &|id| id.as_str().starts_with("demo/"), &cases)
}

#[test]
fn rules_of_a_user_need_no_rust() {
    let results = run_own(&[
        ("demo/service.yaml", SERVICE),
        ("demo/unreachable.yaml", REQUIREMENT),
        ("demo/unreachable.cases.yaml", REQUIREMENT_CASES),
        ("demo/telnet-open.yaml", PATTERN),
        ("demo/telnet-open.cases.yaml", PATTERN_CASES),
    ]);
    assert!(results.is_good(), "{results}");
    assert_eq!(results.to_string(), "4 cases of 2 rules: 4 as expected");
}

#[test]
fn a_case_that_differs_says_how() {
    let wrong = PATTERN_CASES.replace("// here", "").replace("\"Tcp\",", "\"Tcp\", // here");
    let results = run_own(&[("demo/telnet-open.yaml", PATTERN), ("demo/telnet-open.cases.yaml", &wrong)]);
    let text = results.to_string();
    assert!(!results.is_good());
    assert!(text.contains("`// here` marks input.json:2, and the findings point at input.json:4"), "{text}");

    let wrong = PATTERN_CASES.replace("\"23\"", "\"24\"");
    let text = run_own(&[("demo/telnet-open.yaml", PATTERN), ("demo/telnet-open.cases.yaml", &wrong)]).to_string();
    assert!(text.contains("the rule does not speak, and it must"), "{text}");
}

#[test]
fn a_rule_without_cases_is_told() {
    let results = run_own(&[("demo/telnet-open.yaml", PATTERN)]);
    let text = results.to_string();
    assert!(!results.is_good());
    assert!(text.starts_with("demo/telnet-open has no case: write demo/telnet-open.cases.yaml"), "{text}");
    assert!(text.ends_with("0 cases of 1 rule: 0 as expected"), "{text}");

    let pass = PATTERN_CASES.find("pass:").expect("there is a pass case");
    let cases = [("demo/telnet-open.yaml", PATTERN), ("demo/telnet-open.cases.yaml", &PATTERN_CASES[pass..])];
    let text = run_own(&cases).to_string();
    assert!(text.starts_with("demo/telnet-open has no fail case\n1 case of 1 rule"), "{text}");
}

/// File, line, column and message of every mistake.
fn mistakes(files: &[(&str, &str)]) -> Vec<(String, usize, usize, String)> {
    let folder = own_rules(files);
    let error = Pack::load(false, &[folder.path().to_owned()]).unwrap_err();
    let all = std::iter::once(&error).chain(error.others());
    all.map(|error| {
        let (name, line, column) = error.place().expect("every mistake has a place");
        (name.rsplit('/').next().unwrap_or_default().to_owned(), line, column, error.to_string())
    })
    .collect()
}

#[test]
fn every_word_of_a_pattern_is_checked() {
    let wrong = |from: &str, to: &str| {
        let found = mistakes(&[("demo/a.yaml", &PATTERN.replace(from, to))]);
        let [(_, line, column, message)] = &*found else { panic!("{found:?}") };
        (*line, *column, message.clone())
    };
    assert_eq!(wrong("security-rule", "security-rle"), (3, 10, "`security-rle` is not a subject".into()));
    assert_eq!(wrong("access:", "acces:"), (4, 9, "`security-rule` has no field `acces`".into()));
    assert_eq!(wrong("is: allow", "is: alow"), (4, 23, "`alow` is not a value of this field".into()));
    assert_eq!(wrong("includes", "inclodes"), (4, 53, "`destination-ports` has no operator `inclodes`".into()));
    assert_eq!(wrong("includes: 23", "includes: 99999").1, 63);
    assert_eq!(wrong("{sources}", "{surces}"), (5, 25, "there is nothing called `surces` to fill in".into()));
    assert_eq!(wrong("labels: { dest", "labels: { desk").0, 6);
    assert_eq!(wrong("help:", "halp:"), (8, 1, "a pattern rule has no key `halp`".into()));
    assert_eq!(wrong("message: '", "massage: '"), (5, 1, "a pattern rule has no key `massage`".into()));
}

#[test]
fn the_first_mistake_of_every_file_is_told_at_once() {
    let found = mistakes(&[
        ("demo/a.yaml", &PATTERN.replace("warning", "warn")),
        ("demo/b.yaml", "title: [\n"),
        ("demo/service.yaml", &SERVICE.replace("boolean", "bool")),
    ]);
    let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["b.yaml", "service.yaml", "a.yaml"]);
}
