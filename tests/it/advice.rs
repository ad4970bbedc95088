//! What the report tells a reader to do can be done: flags and facts exist, rules to paste are rules, ids are in the report.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::Command;

use aznetlint::finding::{Index, PlacementId, Report};
use aznetlint::judge::{Request, Requests};
use aznetlint::lint::{Settings, lint, lint_texts};
use aznetlint::rule::Pack;
use regex::Regex;
use serde_json::{Value, json};

const SCHEMA: &str = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

fn examples() -> Report {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    lint(&[examples], &mut io::empty(), &Pack::load(true, &[]).unwrap(), &Settings::default()).report
}

fn texts(files: &[(&str, Value)], requests: Requests) -> Report {
    let texts = files.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
    let settings = Settings { requests, ..Settings::default() };
    lint_texts(texts, &Pack::load(true, &[]).unwrap(), &settings).report
}

fn template(resources: &Value) -> Value {
    json!({ "$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": { "to": { "type": "string", "defaultValue": "*" } },
        "resources": resources })
}

fn group(name: &str, access: &str, to: &str) -> Value {
    json!({ "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-09-01", "name": name,
        "location": "westeurope", "properties": { "securityRules": [{ "name": "out", "properties": {
            "priority": 4000, "direction": "Outbound", "access": access, "protocol": "*", "sourcePortRange": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": to, "destinationPortRange": "*" } }] } })
}

fn asked() -> Requests {
    let request = Request { service: "azureml-compute".to_owned(), ..Request::default() };
    Requests { services: vec![request], ..Requests::default() }
}

/// Everything a report tells a reader to do.
fn advice(report: &Report) -> String {
    let of_findings = report.findings.iter().flat_map(|finding| {
        let remarks = finding.remarks.iter().map(|remark| remark.text.clone());
        remarks.chain(finding.help.clone()).chain([finding.message.clone()])
    });
    let requirements = report.placements.iter().flat_map(|placement| &placement.requirements);
    let of_rules = report.rules.values().flat_map(|card| [card.help.clone(), card.why.clone()]);
    let all = of_findings.chain(requirements.flat_map(|one| one.why.clone())).chain(of_rules);
    all.chain(report.remarks.clone()).chain(report.assumptions.clone()).collect::<Vec<_>>().join("\n")
}

fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_flag_and_fact_in_advice_exists() {
    let open = template(&json!([group("nsg", "Deny", "[parameters('to')]")]));
    let reports = [examples(), texts(&[("main.json", open)], asked())];
    let text = reports.iter().map(advice).collect::<Vec<_>>().join("\n");
    let help = |command: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_aznetlint")).args([command, "--help"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mut flags = found(r"(--[a-z][a-z-]+)", &["check", "trace", "expand", "tags"].map(help).concat());
    // Of `az deployment group what-if`, whose output is read.
    flags.insert("--result-format".to_owned());
    let facts: BTreeSet<String> = reports
        .iter()
        .flat_map(|report| &report.placements)
        .flat_map(|placement| placement.facts.iter().map(|fact| fact.name.clone()))
        .collect();
    let (named_flags, named_facts) = (found(r"(--[a-z][a-z-]+)", &text), found(r"--fact ([a-z-]+)", &text));
    assert!(named_flags.len() >= 3 && named_facts.len() >= 2, "{named_flags:?} {named_facts:?}");
    assert!(named_flags.is_subset(&flags), "{:?}", named_flags.difference(&flags).collect::<Vec<_>>());
    assert!(named_facts.is_subset(&facts), "{:?}", named_facts.difference(&facts).collect::<Vec<_>>());
}

#[test]
fn every_rule_to_paste_is_one_and_names_no_placeholder() {
    let closed = json!({ "type": "Microsoft.Network/networkSecurityGroups", "name": "nsg",
        "properties": group("nsg", "Deny", "*")["properties"] });
    let mut pasted = 0;
    for report in [examples(), texts(&[("nsg.json", closed)], asked())] {
        for snippet in report.findings.iter().filter_map(|finding| finding.snippet.as_deref()) {
            // What goes into Bicep is written in Bicep, and read back by its own tests.
            if snippet.starts_with("{\n") {
                assert!(snippet.contains("name: 'allow-"), "{snippet}");
                continue;
            }
            let rule: Value = serde_json::from_str(snippet).unwrap();
            assert!(rule["name"].is_string(), "{snippet}");
            assert!(!snippet.contains(['<', '>']) && !snippet.contains("{region}"), "{snippet}");
            let one = &rule["properties"];
            for key in ["sourceAddressPrefix", "destinationAddressPrefix"].iter().filter(|key| one.get(**key).is_some())
            {
                let name = one[*key].as_str().unwrap();
                assert!(!name.contains([' ', ',']), "{snippet}");
            }
            pasted += 1;
        }
        for one in report.placements.iter().flat_map(|placement| &placement.requirements) {
            assert!(!one.flow.contains('{'), "{}", one.flow);
        }
    }
    assert!(pasted >= 10, "{pasted} rules to paste");
}

#[test]
fn a_finding_names_every_placement_it_speaks_for() {
    let parameters = |to: &str| {
        json!({ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0", "parameters": { "to": { "value": to } } })
    };
    let files = [
        ("main.json", template(&json!([group("nsg", "Deny", "[parameters('to')]")]))),
        ("main.a.parameters.json", parameters("*")),
        ("main.b[1].parameters.json", parameters("*")),
    ];
    let report = texts(&files, asked());
    assert_eq!(report.placements.len(), 2);
    let index = Index::new(&report);
    let ids: BTreeSet<&PlacementId> = report.placements.iter().map(|placement| &placement.id).collect();
    let mut of_both = 0;
    for finding in report.findings.iter().filter(|finding| finding.placement.is_some()) {
        assert!(!finding.placements.is_empty(), "{}", finding.message);
        assert!(finding.placements.iter().all(|id| ids.contains(id)), "{:?}", finding.placements);
        of_both += usize::from(finding.placements.len() == 2);
    }
    assert!(of_both >= 5, "{of_both} findings hold for both");
    for placement in &report.placements {
        for one in
            placement.requirements.iter().filter(|one| one.verdict == Some(aznetlint::finding::Verdict::Violated))
        {
            assert!(index.finding(placement, one).is_some(), "{} {}", placement.id, one.rule);
        }
    }
}

#[test]
fn templates_that_do_not_refer_to_each_other_are_judged_apart() {
    let policy = json!({ "type": "Microsoft.Network/serviceEndpointPolicies", "apiVersion": "2023-09-01",
        "name": "sep", "location": "westeurope", "properties": {} });
    let network = |group: &str| {
        json!({ "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2023-09-01",
        "name": "v", "location": "westeurope", "properties": {
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": [{ "name": "s", "properties": {
                "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {
                    "id": format!("[resourceId('Microsoft.Network/networkSecurityGroups', '{group}')]") } } }] } })
    };
    let speaks = |files: &[(&str, Value)]| {
        let report = texts(files, Requests::default());
        report.findings.iter().any(|finding| finding.rule.as_str() == "nsg/internet-past-endpoint-policy")
    };
    let open = group("nsg", "Allow", "Internet");
    assert!(speaks(&[("all.json", template(&json!([open, policy])))]));
    assert!(!speaks(&[("a.json", template(&json!([open]))), ("b.json", template(&json!([policy])))]));
    let joined = template(&json!([policy, network("nsg")]));
    assert!(speaks(&[("a.json", template(&json!([open]))), ("b.json", joined)]), "a reference joins them");
    assert!(speaks(&[("a.json", json!([open])), ("b.json", json!([policy]))]), "exports are one estate");
}
