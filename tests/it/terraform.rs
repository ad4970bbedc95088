//! Terraform plans and states through the whole program: what is said of each, and that nothing sensitive is shown.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use aznetlint::lint::{Outcome, Settings, lint};
use aznetlint::report::{Format, Options, render};
use aznetlint::rule::Pack;
use serde_json::{Value, json};

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    let output = command.arg("check").args(arguments).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let words: Vec<String> = String::from_utf8(text).unwrap().split_whitespace().map(str::to_owned).collect();
    (output.status.code(), words.join(" "))
}

#[test]
fn what_cannot_be_judged_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nsg = r#"{"mode":"managed","type":"azurerm_network_security_group","name":"n","change":{"actions":["create"],
        "before":null,"after":{"name":"n","resource_group_name":"g","security_rule":[]},"after_unknown":{"id":true}}}"#;
    let aws = nsg.replace("azurerm_network_security_group", "aws_vpc");
    let plan = |change: &str, more: &str| format!(r#"{{"format_version":"1.2","resource_changes":[{change}]{more}}}"#);
    let binary = [b"PK\x03\x04", &[0; 26][..], b"tfplan\x00\xFF"].concat();
    for (name, text, status, said) in [
        ("sound.json", plan(nsg, "").into_bytes(), 0, "1 network security group"),
        ("errored.json", plan(nsg, r#","errored":true"#).into_bytes(), 0, "planning failed (`errored`)"),
        ("deferred.json", plan(nsg, r#","complete":false"#).into_bytes(), 0, "the plan is not complete"),
        (
            "aws.json",
            plan(&aws, "").into_bytes(),
            2,
            "it shows no resource that is judged: 0 resources read, 1 of other providers",
        ),
        (
            "empty.tfstate",
            br#"{"version":4,"serial":1,"lineage":"x","resources":[]}"#.to_vec(),
            2,
            "it shows no resource",
        ),
        (
            "old.tfstate",
            br#"{"version":3,"serial":1,"lineage":"x","modules":[]}"#.to_vec(),
            2,
            "a state of Terraform 0.11 or older",
        ),
        (
            "newer.json",
            br#"{"format_version":"2.0","planned_values":{"a":"azurerm_subnet"}}"#.to_vec(),
            2,
            "in a format that came after this program",
        ),
        ("tfplan", binary, 2, "this is a binary Terraform plan"),
        ("cut.json", plan(nsg, "").into_bytes()[..120].to_vec(), 2, "error[syntax]"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        let (code, shown) = run(folder.path(), &[name, "--fail-on", "never"]);
        assert_eq!(code, Some(status), "{name}: {shown}");
        assert!(shown.contains(said), "{name}: {shown}");
    }
    let (code, shown) = run(folder.path(), &[".", "--fail-on", "never", "--exclude", "cut.json"]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("newer.json is a Terraform plan or state in a format that came after this program"),
        "{shown}"
    );
}

#[test]
fn kinds_that_are_not_judged_are_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let one = |kind: &str, name: &str| json!({"mode": "managed", "type": kind, "name": name, "values": {"name": name, "resource_group_name": "g"}});
    let resources = [
        one("azurerm_subnet", "s"),
        one("azurerm_lb", "a"),
        one("azurerm_lb", "b"),
        one("azurerm_vpn_site", "v"),
        one("azurerm_linux_virtual_machine", "m"),
        one("random_id", "r"),
    ];
    let state = json!({"format_version": "1.0", "values": {"root_module": {"resources": resources}}});
    fs::write(folder.path().join("state.json"), state.to_string()).unwrap();
    let (_, shown) = run(folder.path(), &["state.json"]);
    assert!(shown.contains("state.json: not judged: azurerm_lb (2), azurerm_vpn_site (1)"), "{shown}");
    let (_, shown) = run(folder.path(), &["state.json", "--format", "json"]);
    assert!(shown.contains("1 resource read, 4 of Azure passed over, 1 of other providers"), "{shown}");
}

/// The state of the example estate, in which some values are sensitive.
fn sensitive_state() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform/terraform-state/state.json");
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text.replace("10.80.4.0/24", "10.77.4.0/24").replace("10.80.0.0/16", "10.77.0.0/16")).unwrap()
}

fn lint_state(state: &Value, indented: bool) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let text = if indented { format!("{state:#}") } else { state.to_string() };
    fs::write(&path, text).unwrap();
    lint(&[path], &mut io::empty(), &Pack::load(true, &[]).unwrap(), &Settings::default())
}

fn trace_state(state: &Value, indented: bool, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = if indented { format!("{state:#}") } else { state.to_string() };
    fs::write(folder.path().join("state.json"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_aznetlint"));
    let flow = ["--from", "snet-training", "--to", "Storage.eastus2:443/tcp", "--no-config", "--format", format];
    let output = command.args(["trace", "state.json"]).args(flow).current_dir(folder.path()).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

fn verdicts(outcome: &Outcome) -> Vec<String> {
    let placements = outcome.report.placements.iter();
    placements
        .flat_map(|one| &one.requirements)
        .map(|one| format!("{} {} {:?}", one.rule, one.flow, one.verdict))
        .collect()
}

#[test]
fn sensitive_values_are_judged_and_in_no_format_shown() {
    let plain = sensitive_state();
    let mut masked = plain.clone();
    // What is sensitive: the prefixes of the subnet and all of a rule.
    for module in masked["values"]["root_module"]["child_modules"].as_array_mut().unwrap() {
        for resource in module["resources"].as_array_mut().unwrap() {
            if resource["type"] == "azurerm_subnet" {
                resource["sensitive_values"] = json!({"address_prefixes": true});
            }
            if resource["type"] == "azurerm_virtual_network" {
                resource["sensitive_values"] = json!({"address_space": [true], "subnet": [{"address_prefixes": true}]});
            }
        }
    }
    for resource in masked["values"]["root_module"]["resources"].as_array_mut().unwrap() {
        if resource["type"] == "azurerm_network_security_group" {
            let rules = resource["values"]["security_rule"].as_array().unwrap();
            let masks: Vec<Value> = rules
                .iter()
                .map(|rule| if rule["name"] == "allow-storage" { json!(true) } else { json!({}) })
                .collect();
            resource["sensitive_values"] = json!({"security_rule": masks});
        }
    }
    for indented in [true, false] {
        let (open, hidden) = (lint_state(&plain, indented), lint_state(&masked, indented));
        assert_eq!(verdicts(&open), verdicts(&hidden));
        for format in Format::ALL {
            let shown = |outcome: &Outcome| {
                let mut out = Vec::new();
                let options = Options { format, ..Options::default() };
                render(&outcome.report, &outcome.files, &options, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            };
            let (open, hidden) = (shown(&open), shown(&hidden));
            for secret in ["10.77.", "allow-storage", "Storage.EastUS`"] {
                assert!(!hidden.contains(secret), "{format:?}: `{secret}` in {hidden}");
            }
            assert!(format != Format::Text || open.contains("allow-storage"), "{open}");
        }
        for format in ["text", "json"] {
            let (open, hidden) = (trace_state(&plain, indented, format), trace_state(&masked, indented, format));
            for secret in ["10.77.", "allow-storage", "Storage.EastUS`"] {
                assert!(!hidden.contains(secret), "trace, {format}: `{secret}` in {hidden}");
            }
            assert!(open.contains("10.77.") && hidden.contains("(sensitive)"), "{open} {hidden}");
        }
    }
}

#[test]
fn a_state_in_two_forms_is_one_estate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform");
    let of = |names: &[&str]| {
        let mut arguments = names.to_vec();
        arguments.extend(["--format", "json", "--no-config"]);
        let command =
            Command::new(env!("CARGO_BIN_EXE_aznetlint")).arg("check").args(arguments).current_dir(&folder).output();
        let report: Value = serde_json::from_slice(&command.unwrap().stdout).unwrap();
        report["counts"].clone()
    };
    let one = of(&["terraform-state/state.json"]);
    assert!(one["violated"].as_u64().unwrap() > 0, "{one}");
    assert_eq!(of(&["terraform-state/state.json", "terraform-stored-state/stored.json"]), one);
}
