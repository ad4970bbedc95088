//! What is allowed stays in the report and counts for nothing; fingerprints and baselines outlive edits.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use aznetlint::date::Date;
use aznetlint::finding::{FactValue, Finding, Index, RuleId};
use aznetlint::judge::{Origin, Request, Requests};
use aznetlint::lint::{Accepted, Outcome, Settings, lint_texts};
use aznetlint::report;
use aznetlint::rule::Pack;
use aznetlint::suppress::{Baseline, Exception, Exceptions, Folder};
use serde_json::Value;

/// The shipped rules, loaded once for many runs.
static PACK: OnceLock<Pack> = OnceLock::new();

fn settings() -> Settings {
    let service = Request {
        service: "azureml-compute".to_owned(),
        pattern: None,
        facts: [("public-ip".to_owned(), FactValue::Bool(true))].into(),
        origin: Origin::CommandLine,
    };
    Settings { requests: Requests { services: vec![service], ..Requests::default() }, ..Settings::default() }
}

fn lint(files: &[(&str, &str)], settings: &Settings) -> Outcome {
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    lint_texts(texts, PACK.get_or_init(|| Pack::load(true, &[]).unwrap()), settings)
}

fn rules<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeSet<&'a str> {
    findings.map(|finding| finding.rule.as_str()).collect()
}

/// The rules of ignored findings, and those of the open ones of the family `ignore`, of an NSG that stops everything
/// outbound and has a prefix with host bits.
fn ignored(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let outcome = lint(&[("nsg.json", text)], &settings());
    let all = outcome.report.findings.iter();
    let ignored = all.filter(|finding| finding.ignored.is_some()).map(|finding| finding.rule.to_string()).collect();
    let said = outcome.report.open().filter(|finding| finding.rule.as_str().starts_with("ignore/"));
    (ignored, said.map(|finding| format!("{}: {}", finding.rule, finding.message)).collect())
}

const RULES: &str = r#"        { "name": "in", "properties": { DESCRIPTION
            "direction": "Inbound", "access": "Allow", "priority": 100, "protocol": "Tcp",
            "sourceAddressPrefix": "10.0.1.7/24", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "443" } },
        BEFORE-DENY
        { "name": "deny-out", "properties": {
            "direction": "Outbound", "access": "Deny", "priority": 4096, "protocol": "*",
            "sourceAddressPrefix": "*", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "*" } }"#;

fn nsg(metadata: &str, description: &str, before_deny: &str) -> String {
    let rules = RULES.replace("DESCRIPTION", description).replace("BEFORE-DENY", before_deny);
    format!(
        r#"{{ "type": "Microsoft.Network/networkSecurityGroups", "name": "nsg", "location": "westeurope", {metadata}
      "properties": {{ "securityRules": [
{rules} ] }} }}"#
    )
}

#[test]
fn every_form_allows() {
    let host_bits: BTreeSet<String> = ["address/prefix-has-host-bits".to_owned()].into();
    let none = BTreeSet::new();
    assert_eq!(ignored(&nsg("", "", "")), (none.clone(), none.clone()));
    let by_description =
        r#""description": "Ops. aznetlint: allow(address/prefix-has-host-bits) as the firewall says","#;
    assert_eq!(ignored(&nsg("", by_description, "")), (host_bits.clone(), none.clone()));
    let by_metadata = r#""metadata": { "aznetlint": { "allow": { "address/*": "as the firewall says" } } },"#;
    assert_eq!(ignored(&nsg(by_metadata, "", "")), (host_bits.clone(), none.clone()));
    let by_comment = "// aznetlint: allow-file address/prefix-has-host-bits -- as the firewall says\n";
    assert_eq!(ignored(&nsg(by_comment, "", "")), (host_bits.clone(), none.clone()));
    let on_the_line = nsg("", "", "").replace(
        r#""10.0.1.7/24", "sourcePortRange": "*","#,
        r#""10.0.1.7/24", "sourcePortRange": "*", // aznetlint: allow address/prefix-has-host-bits -- so"#,
    );
    assert_eq!(ignored(&on_the_line), (host_bits, none));
}

#[test]
fn an_allow_at_the_rule_that_denies_is_for_its_requirements() {
    let text = nsg("", "", "// aznetlint: allow azureml/* -- no compute here yet");
    let outcome = lint(&[("nsg.json", &text)], &settings());
    let open = rules(outcome.report.open());
    let all = rules(outcome.report.findings.iter().filter(|finding| finding.flow.is_some()));
    let left: Vec<&&str> = open.iter().filter(|rule| rule.starts_with("azureml/")).collect();
    assert!(all.len() > 5, "{all:?}");
    // Inbound traffic is dropped elsewhere.
    assert!(left.iter().all(|rule| rule.contains("inbound")), "{left:?}");
    assert!(!open.iter().any(|rule| rule.starts_with("ignore/")), "{open:?}");
    for placement in &outcome.report.placements {
        let rule = RuleId::new("azureml/storage-blocked");
        let asked = placement.requirements.iter().find(|one| one.rule == rule).unwrap();
        let named = Index::new(&outcome.report).finding(placement, asked);
        assert!(named.is_some_and(|finding| finding.ignored.is_some()));
    }
}

#[test]
fn programs_find_what_is_ignored_in_a_list_of_its_own() {
    let text = nsg("", "", "// aznetlint: allow nsg/*, azureml/* -- no compute here yet");
    let outcome = lint(&[("nsg.json", &text)], &settings());
    let options = report::Options { format: report::Format::Json, ..report::Options::default() };
    let mut out = Vec::new();
    report::render(&outcome.report, &outcome.files, &options, &mut out).unwrap();
    let json: Value = serde_json::from_slice(&out).unwrap();
    let ignored = json["ignored"].as_array().unwrap();
    let open = json["findings"].as_array().unwrap();
    assert_eq!(ignored.len() + open.len(), outcome.report.findings.len());
    assert_eq!(json["counts"]["findings"]["ignored"], ignored.len());
    let first = ignored.iter().find(|one| one["rule"] == "azureml/storage-blocked").unwrap();
    assert_eq!(first["ignored"]["by"], "comment");
    assert_eq!(first["ignored"]["reason"], "no compute here yet");
    assert_eq!(first["ignored"]["place"]["path"], "nsg.json");
    assert!(first["place"]["line"].as_u64() > first["ignored"]["place"]["line"].as_u64());
    assert!(json["rules"]["azureml/storage-blocked"].is_object());
}

#[test]
fn an_allow_elsewhere_is_unused() {
    let beside = r#""description": "aznetlint: allow(azureml/storage-blocked) not here","#;
    let (ignored, said) = ignored(&nsg("", beside, ""));
    assert!(ignored.is_empty(), "{ignored:?}");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said.first().unwrap().starts_with("ignore/unused"), "{said:?}");
}

#[test]
fn a_rule_that_did_not_run_leaves_no_unused_allow() {
    let text = nsg("", "", "// aznetlint: allow azureml/storage-blocked -- later");
    let outcome = lint(&[("nsg.json", &text)], &Settings::default());
    assert!(!rules(outcome.report.open()).contains("ignore/unused"));
}

#[test]
fn undecided_findings_are_allowed_where_the_rule_is_written() {
    let template = |before: &str| {
        format!(
            r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0", "parameters": {{ "blocked": {{ "type": "string" }} }},
  "resources": [ {{ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-09-01", "name": "nsg",
    "location": "westeurope", "properties": {{ "securityRules": [
{}] }} }} ] }}"#,
            RULES.replace("DESCRIPTION", "").replace("BEFORE-DENY", before).replace(
                r#""destinationAddressPrefix": "*", "destinationPortRange": "*""#,
                r#""destinationAddressPrefix": "[parameters('blocked')]", "destinationPortRange": "*""#
            )
        )
    };
    let undecided = |before: &str| {
        let outcome = lint(&[("main.json", &template(before))], &settings());
        let undecided = |finding: &&Finding| finding.undecided && finding.flow.is_some();
        let all = outcome.report.findings.iter().filter(undecided).count();
        (all, outcome.report.open().filter(undecided).count())
    };
    let (all, open) = undecided("");
    assert!(all > 3 && open == all, "{all} {open}");
    assert_eq!(undecided("// aznetlint: allow azureml/* -- the parameter is private space"), (all, 0));
}

#[test]
fn broken_files_cannot_be_allowed() {
    let outcome = lint(&[("a.json", "// aznetlint: allow-file * -- generated\n{ \"a\": ")], &settings());
    assert_eq!(rules(outcome.report.open()), ["syntax"].into());
}

fn excepted(exception: Exception, today: &str) -> (usize, BTreeSet<String>) {
    let mut settings = settings();
    settings.accepted = Accepted {
        exceptions: Exceptions {
            name: "aznetlint.yaml".to_owned(),
            text: "allow: [{ rule: address/*, reason: x }]".to_owned(),
            folder: Folder::new("/repo", "/repo"),
            entries: vec![Exception { rules: vec![("address/*".to_owned(), 16..25)], ..exception }],
        },
        today: Date::parse(today),
        ..Accepted::default()
    };
    let outcome = lint(&[("infra/nsg.json", &nsg("", "", ""))], &settings);
    let said = outcome.report.open().filter(|finding| finding.rule.as_str().starts_with("ignore/"));
    let said: BTreeSet<String> =
        said.map(|finding| format!("{} {}", finding.rule, outcome.files.slice(finding.at.span))).collect();
    (outcome.report.findings.iter().filter(|finding| finding.ignored.is_some()).count(), said)
}

#[test]
fn settings_allow_by_path_resource_and_placement_until_a_day() {
    let none = BTreeSet::new();
    let with = |change: fn(&mut Exception)| {
        let mut exception = Exception { reason: "x".to_owned(), ..Exception::default() };
        change(&mut exception);
        excepted(exception, "2026-06-01")
    };
    assert_eq!(with(|_| {}), (1, none.clone()));
    assert_eq!(with(|one| one.path = Some("infra/".to_owned())), (1, none.clone()));
    assert_eq!(with(|one| one.resource = Some("NSG".to_owned())), (1, none.clone()));
    // Nothing was looked for in the other folder, and this run was given single files.
    assert_eq!(with(|one| one.path = Some("legacy/".to_owned())), (0, none.clone()));
    assert_eq!(with(|one| one.resource = Some("other".to_owned())), (0, none.clone()));
    assert_eq!(with(|one| one.placement = Some("*".to_owned())), (0, none.clone()));
    assert_eq!(with(|one| one.expires = Date::parse("2026-06-01")), (1, none));
    let expired = ["ignore/expired address/*".to_owned()].into();
    assert_eq!(with(|one| one.expires = Date::parse("2026-05-31")), (0, expired));
}

/// The example estates: folders that are linted as one, as names and texts.
fn estates() -> Vec<Vec<(String, String)>> {
    fn read(folder: &Path, root: &Path, files: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                read(&path, root, files);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
                files.push((name, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut estates = Vec::new();
    for folder in ["examples", "tests/corpus/shapes", "tests/corpus/spellings", "tests/arm/templates"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let mut files = Vec::new();
            if path.is_dir() {
                read(&path, root, &mut files);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
            // What is compared is written by another library, which reads no comments.
            files.retain(|(_, text)| serde_json::from_str::<Value>(text).is_ok());
            if !files.is_empty() {
                estates.push(files);
            }
        }
    }
    estates
}

fn known(files: &[(String, String)]) -> BTreeSet<(String, String)> {
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let outcome = lint(&files, &settings());
    let name = |finding: &Finding| outcome.files.name(finding.at.span.file).to_owned();
    let all: Vec<_> =
        outcome.report.findings.iter().map(|finding| (name(finding), finding.fingerprint.clone())).collect();
    let known: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(known.len(), all.len(), "two findings share a fingerprint: {all:#?}");
    known
}

/// Members of objects the other way round, and the lists whose order means nothing.
fn shuffled(value: &Value, key: &str) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(key, value)| (key.clone(), shuffled(value, key))).collect())
        }
        Value::Array(items) => {
            let each = items.iter().map(|item| shuffled(item, ""));
            let free = ["securityrules", "routes", "resources", "subnets", "value"];
            let is_free = free.contains(&key.to_ascii_lowercase().as_str());
            Value::Array(if is_free { each.rev().collect() } else { each.collect() })
        }
        other => other.clone(),
    }
}

#[test]
fn fingerprints_outlive_edits() {
    let mut findings = 0;
    for files in estates() {
        let before = known(&files);
        findings += before.len();
        let after = |edit: &dyn Fn(&str) -> String| {
            let edited: Vec<_> = files.iter().map(|(name, text)| (name.clone(), edit(text))).collect();
            let after = known(&edited);
            let differ: Vec<_> = before.symmetric_difference(&after).collect();
            assert!(differ.is_empty(), "{}: {differ:#?}", files[0].0);
        };
        let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        after(&|text| format!("// one\n\n/* two */\n{text}"));
        after(&|text| text.replace('\n', "\r\n"));
        after(&|text| parsed(text).to_string());
        after(&|text| format!("{:#}", shuffled(&parsed(text), "")));
    }
    assert!(findings > 40, "{findings}");
}

#[test]
fn a_baseline_hides_what_was_there_and_nothing_else() {
    let text = nsg("", "", "");
    let before = lint(&[("infra/nsg.json", &text)], &settings());
    let folder = Folder::new("/repo", "/repo");
    let baseline = Baseline::of(&before.report, &before.files, "baseline.json", folder.clone()).text();
    let mut settings = settings();
    settings.accepted.baseline = Some(Baseline::parse("baseline.json", &baseline, folder).unwrap());
    let open = |text: &str| {
        let outcome = lint(&[("infra/nsg.json", text)], &settings);
        assert_eq!(outcome.report.remarks.iter().filter(|line| line.contains("baseline")).count(), 0);
        let open: Vec<String> = outcome.report.open().map(|finding| finding.fingerprint.clone()).collect();
        open
    };
    assert!(before.report.findings.len() > 5);
    assert_eq!(open(&format!("// moved\n\n{}", text.replace('\n', "\r\n"))), Vec::<String>::new());
    let worse = text.replacen("10.0.1.7/24", "10.0.2.9/24", 1);
    let worse =
        text.replacen("        { \"name\": \"in\"", &format!("{},\n        {{ \"name\": \"in\"", extra(&worse)), 1);
    let new = open(&worse);
    assert_eq!(new.len(), 1, "{new:#?}");
    assert!(new[0].contains("10.0.2.9/24"), "{new:#?}");
}

/// The first rule under another name and priority, out of a text.
fn extra(text: &str) -> String {
    let from = text.find("        { \"name\": \"in\"").unwrap();
    let to = text[from..].find("} },").unwrap() + from + 3;
    text[from..to].replace("\"in\"", "\"in-2\"").replace("100", "101")
}
