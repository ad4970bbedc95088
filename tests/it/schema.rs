//! As much of JSON Schema as the published schemas use. It is stricter in one way: a name that the schema does not
//! describe is wrong, so that the schema tells all of what is written.

use serde_json::Value;

/// What is wrong with a value by a schema.
pub(crate) fn complaints(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "$", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} is there"));
        check(root, target, value, at, found);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut wrong = Vec::new();
            check(root, choice, value, at, &mut wrong);
            wrong.is_empty()
        };
        if !choices.iter().any(|choice| fits(&choice)) {
            found.push(format!("{at}: {value} fits none of the choices"));
        }
        return;
    }
    if let Some(wanted) = schema.get("const")
        && wanted != value
    {
        found.push(format!("{at}: {value} is not {wanted}"));
    }
    if let Some(wanted) = schema["enum"].as_array()
        && !wanted.contains(value)
    {
        found.push(format!("{at}: {value} is none of {wanted:?}"));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_kind(kind, value)) {
        found.push(format!("{at}: {value} is no {}", kinds.join(" or ")));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64())
        && number < least
    {
        found.push(format!("{at}: {number} is less than {least}"));
    }
    if let Value::Array(items) = value {
        let items = items.iter().enumerate().filter(|_| schema.get("items").is_some());
        items.for_each(|(index, item)| check(root, &schema["items"], item, &format!("{at}[{index}]"), found));
    }
    if let (Value::Object(members), true) = (value, kinds.contains(&"object")) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                found.push(format!("{at}: there is no {name}"));
            }
        }
        for (name, member) in members {
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema)) => check(root, schema, member, &format!("{at}.{name}"), found),
                (None, None) => found.push(format!("{at}: {name} is not described")),
            }
        }
    }
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("{other} is no type used here"),
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["a"],
        "properties": { "a": { "type": "integer", "minimum": 1 }, "b": { "enum": ["x", null] } },
    });
    let wrong = |value| complaints(&schema, &value).len();
    assert_eq!(wrong(serde_json::json!({ "a": 1, "b": null })), 0);
    assert_eq!(wrong(serde_json::json!({ "a": 0, "b": "y", "c": 1 })), 3);
    assert_eq!(wrong(serde_json::json!({ "a": "1" })), 1);
    assert_eq!(wrong(serde_json::json!([])), 1);
}
