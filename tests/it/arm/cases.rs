//! Documented results of functions and templates, collected elsewhere.

use serde_json::{Value, json};

use crate::arm::run::{Run, plain, shared};
use aznetlint::arm::Wanted;

#[test]
fn documented_cases_agree() {
    let Some(path) = shared("data/arm-function-cases.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        let expected = &case["expected"];
        let (found, troubles) = result(&case);
        let agrees = match expected {
            Value::Object(object) if object.contains_key("$error") => !troubles.is_empty(),
            Value::String(text) if text == "$unknown" => found.get("$unknown").is_some() && troubles.is_empty(),
            expected => *expected == found,
        };
        if !agrees {
            wrong.push(format!("{}: expected {expected}, found {found} {troubles:?}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} documented cases agree");
}

fn result(case: &Value) -> (Value, Vec<String>) {
    let (template, output) = match case.get("template") {
        Some(template) => (template.to_string(), case["output"].as_str().unwrap()),
        None => {
            let template = json!({
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "resources": [],
                "outputs": { "o": { "type": "string", "value": case["expression"] } }
            });
            (template.to_string(), "o")
        }
    };
    let values = case.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    let values: serde_json::Map<_, _> =
        values.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect();
    let parameters = json!({ "parameters": values }).to_string();
    let mut run = Run::of(&[("template.json", &template), ("parameters.json", &parameters)]);
    run.parameters = Some(1);
    let context = |key: &str| case["context"].get(key).and_then(Value::as_str).map(str::to_owned);
    run.assumptions.subscription = context("subscriptionId");
    run.assumptions.resource_group = context("resourceGroup");
    run.assumptions.region = context("location");
    run.assumptions.management_group = context("managementGroup");
    let expansion = run.expand(Wanted::All);
    let found = expansion.outputs.iter().find(|(name, _)| &**name == output);
    let found = found.map_or(Value::Null, |(_, node)| plain(node));
    (found, expansion.troubles.into_iter().map(|trouble| trouble.message).collect())
}
