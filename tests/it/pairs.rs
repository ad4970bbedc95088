//! Bicep beside the template that means the same: both deploy the same resources, with the same ids and values, known or
//! not. The templates are written by hand, the way the compiler writes them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

/// A value without what only one of the two languages has: places of expressions, case of types, members that are not set.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.contains_key("$unknown") => {
            let known = members.get("known").and_then(Value::as_str).map(holes);
            Value::String(format!("unknown {}", known.unwrap_or_default()))
        }
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            let key = |key: &str| if key.starts_with('[') { holes(key) } else { key.to_owned() };
            Value::Object(kept.map(|(name, value)| (key(name), plain(value))).collect())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// `a-{x}-b` as `a-{}-b`.
fn holes(text: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '{' => {
                depth += 1;
                if depth == 1 {
                    out.push_str("{}");
                }
            }
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The resources that a file deploys, by their ids; deployments themselves aside.
fn resources(path: &Path) -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_aznetlint"))
        .args(["expand", "--subscription", "00000000-0000-0000-0000-000000000001", "--resource-group", "rg"])
        .args(["--region", "westeurope"])
        .arg(path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {said}", path.display());
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let template = &shown["templates"][0];
    assert_eq!(template["troubles"], Value::Array(Vec::new()), "{}", path.display());
    let mut found = BTreeMap::new();
    for resource in template["resources"].as_array().unwrap() {
        let is_deployment = resource["type"] == "Microsoft.Resources/deployments";
        if is_deployment || resource.get("$existing").is_some() {
            continue;
        }
        let mut members: Map<String, Value> = resource.as_object().unwrap().clone();
        members.remove("scope");
        let resource = plain(&Value::Object(members));
        found.insert(resource["id"].to_string(), resource);
    }
    found
}

#[test]
fn both_languages_deploy_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs");
    for (name, count) in [("expressions", 1), ("resources", 7), ("modules", 3)] {
        let (bicep, json) =
            (resources(&folder.join(format!("{name}.bicep"))), resources(&folder.join(format!("{name}.json"))));
        assert_eq!(bicep.len(), count, "{name}: {:?}", bicep.keys());
        assert_eq!(bicep, json, "{name}");
    }
}
