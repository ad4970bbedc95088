//! A plan as Bicep, each rule under what asks for it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::generate::plan::Plan;
use crate::generate::resources::{API, ID_OF, LOCATION, NETWORK, PARAMETER, PREFIX, Resource, VNET, resources};
use crate::generate::words::{comments, reasons};

/// The file as text.
pub(crate) fn write(plan: &Plan) -> String {
    let mut out = comments(plan, "//", "main.bicep");
    out.push_str(&format!("\nparam {LOCATION} string = resourceGroup().location\n"));
    out.push_str(&format!(
        "\n@description('The virtual network that the subnet is in; it is there already')\nparam {NETWORK} string\n"
    ));
    let known = plan.prefix.as_ref().map(|prefix| format!(" = {}", quoted(prefix))).unwrap_or_default();
    out.push_str(&format!("\n@description('The address prefix of the subnet')\nparam {PREFIX} string{known}\n"));
    out.push_str(&format!(
        "\nresource {VNET} 'Microsoft.Network/virtualNetworks@{API}' existing = {{\n  name: {NETWORK}\n}}\n"
    ));
    let why = why(plan);
    for resource in resources(plan) {
        out.push('\n');
        one(&resource, &why, &mut out);
    }
    out
}

/// Why each named rule or route is there. A name is that of one line alone.
fn why(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let lines = &plan.lines;
    let all = lines.rules.iter().chain(&lines.routes).chain(&lines.network).chain(&lines.application);
    all.filter_map(|line| Some((line.value["name"].as_str()?.to_owned(), reasons(line)))).collect()
}

fn one(resource: &Resource, why: &BTreeMap<String, Vec<String>>, out: &mut String) {
    out.push_str(&format!("resource {} '{}@{API}' = {{\n", resource.symbol, resource.type_name));
    if let Some(parent) = resource.parent {
        out.push_str(&format!("  parent: {parent}\n"));
    }
    out.push_str(&format!("  name: {}\n", quoted(&resource.name)));
    for (key, value) in &resource.body {
        out.push_str(&format!("  {key}: "));
        text(value, 1, why, out);
        out.push('\n');
    }
    if !resource.after.is_empty() {
        out.push_str(&format!("  dependsOn: [{}]\n", resource.after.join(", ")));
    }
    out.push_str("}\n");
}

fn text(value: &Value, depth: usize, why: &BTreeMap<String, Vec<String>>, out: &mut String) {
    let indent = "  ".repeat(depth + 1);
    match value {
        Value::Object(members) => {
            let told = |key: &str| members.get(key).and_then(Value::as_str);
            if let Some(symbol) = told(ID_OF) {
                return out.push_str(&format!("{symbol}.id"));
            }
            if let Some(parameter) = told(PARAMETER) {
                return out.push_str(parameter);
            }
            if members.values().all(is_plain) && members.len() < 3 {
                let members = members.iter().map(|(key, member)| format!("{key}: {}", plain(member)));
                return out.push_str(&format!("{{ {} }}", members.collect::<Vec<_>>().join(", ")));
            }
            out.push_str("{\n");
            for (key, member) in members {
                out.push_str(&format!("{indent}{key}: "));
                text(member, depth + 1, why, out);
                out.push('\n');
            }
            out.push_str(&format!("{}}}", "  ".repeat(depth)));
        }
        Value::Array(items) if items.iter().all(is_plain) => {
            out.push_str(&format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")));
        }
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                for reason in
                    item.get("name").and_then(Value::as_str).and_then(|name| why.get(name)).into_iter().flatten()
                {
                    out.push_str(&format!("{indent}// {reason}\n"));
                }
                out.push_str(&indent);
                text(item, depth + 1, why, out);
                out.push('\n');
            }
            out.push_str(&format!("{}]", "  ".repeat(depth)));
        }
        single => out.push_str(&plain(single)),
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text of Bicep.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace("${", "\\${"))
}
