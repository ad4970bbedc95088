//! A plan as an ARM template.

use serde_json::{Map, Value, json};

use crate::generate::plan::Plan;
use crate::generate::resources::{API, ID_OF, LOCATION, NETWORK, PARAMETER, PREFIX, Resource, VNET, resources};
use crate::generate::words::{check, header};

/// The template as text.
pub(crate) fn write(plan: &Plan) -> String {
    let all = resources(plan);
    let mut about = header(plan);
    about.push(check(plan, "azuredeploy.json"));
    let mut prefix = json!({ "type": "string", "metadata": { "description": "The address prefix of the subnet" } });
    if let Some(known) = &plan.prefix {
        prefix["defaultValue"] = json!(known);
    }
    let network = "The virtual network that the subnet is in; it is there already";
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": { "about": about },
        "parameters": {
            LOCATION: { "type": "string", "defaultValue": "[resourceGroup().location]" },
            NETWORK: { "type": "string", "metadata": { "description": network } },
            PREFIX: prefix
        },
        "resources": all.iter().map(|one| written(one, &all)).collect::<Vec<_>>()
    });
    format!("{template:#}\n")
}

fn written(resource: &Resource, all: &[Resource]) -> Value {
    let mut out = Map::new();
    out.insert("type".to_owned(), json!(resource.type_name));
    out.insert("apiVersion".to_owned(), json!(API));
    out.insert("name".to_owned(), json!(name(resource, all)));
    let mut needs: Vec<&str> = resource.after.clone();
    needs.extend(resource.parent.filter(|parent| *parent != VNET));
    for (key, value) in &resource.body {
        referred(value, &mut needs);
        out.insert(key.clone(), filled(value, all));
    }
    let needs: Vec<String> = needs.iter().filter_map(|symbol| id(symbol, all)).collect();
    if !needs.is_empty() {
        out.insert("dependsOn".to_owned(), json!(needs));
    }
    Value::Object(out)
}

fn name(resource: &Resource, all: &[Resource]) -> String {
    match resource.parent {
        None => resource.name.clone(),
        Some(VNET) => format!("[format('{{0}}/{{1}}', parameters('{NETWORK}'), '{}')]", resource.name),
        Some(parent) => {
            let parent = all.iter().find(|one| one.symbol == parent).map_or("", |one| &*one.name);
            format!("{parent}/{}", resource.name)
        }
    }
}

/// The expression of the id of a resource.
fn id(symbol: &str, all: &[Resource]) -> Option<String> {
    let resource = all.iter().find(|one| one.symbol == symbol)?;
    let own = format!("'{}'", resource.name);
    let names = match resource.parent {
        None => own,
        Some(VNET) => format!("parameters('{NETWORK}'), {own}"),
        Some(parent) => {
            let parent = all.iter().find(|one| one.symbol == parent)?;
            format!("'{}', {own}", parent.name)
        }
    };
    Some(format!("[resourceId('{}', {names})]", resource.type_name))
}

fn referred<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            if let Some(symbol) = members.get(ID_OF).and_then(Value::as_str).filter(|symbol| !found.contains(symbol)) {
                found.push(symbol);
            }
            members.values().for_each(|member| referred(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, found)),
        _ => {}
    }
}

fn filled(value: &Value, all: &[Resource]) -> Value {
    match value {
        Value::Object(members) => {
            let told = |key: &str| members.get(key).and_then(Value::as_str);
            if let Some(symbol) = told(ID_OF) {
                return json!(id(symbol, all));
            }
            if let Some(parameter) = told(PARAMETER) {
                return json!(format!("[parameters('{parameter}')]"));
            }
            Value::Object(members.iter().map(|(key, member)| (key.clone(), filled(member, all))).collect())
        }
        Value::Array(items) => items.iter().map(|item| filled(item, all)).collect(),
        // A text that begins with a bracket would be an expression.
        Value::String(text) if text.starts_with('[') => json!(format!("[{text}")),
        plain => plain.clone(),
    }
}
