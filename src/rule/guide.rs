//! What authors of rules read: the JSON Schemas of rules and services, for editors, and the guide `rules/WRITING.md`.
//!
//! Subjects, fields, operators and built-in facts are filled in from the code that reads them.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::estate::NextHop;
use crate::rule::case::CASE_KEYS;
use crate::rule::fact::{BuiltInFact, Combine, FactKind};
use crate::rule::pattern::{FieldSpec, Kind, Subject};

/// What does not depend on the vocabulary.
const RULE: &str = include_str!("rule.schema.json");
const SERVICE: &str = include_str!("service.schema.json");
const GUIDE: &str = include_str!("guide.md");

/// The JSON Schema of a `service.yaml`, draft 7.
pub fn service_schema() -> Value {
    let mut schema: Value = serde_json::from_str(SERVICE).expect("the frame is JSON, as a test shows");
    let built_in: Vec<&str> = BuiltInFact::ALL.iter().map(|fact| fact.as_str()).collect();
    schema["definitions"]["from"]["properties"]["built-in"]["enum"] = json!(built_in);
    schema["definitions"]["fact"]["properties"]["type"]["enum"] = json!(FactKind::WORDS.map(|(word, _)| word));
    schema["definitions"]["fact"]["properties"]["combine"]["enum"] = json!(Combine::WORDS.map(|(word, _)| word));
    schema
}

/// The JSON Schema of a rule file, draft 7.
pub fn rule_schema() -> Value {
    let mut schema: Value = serde_json::from_str(RULE).expect("the frame is JSON, as a test shows");
    let words: Vec<&str> = Subject::WORDS.iter().map(|(word, _)| *word).collect();
    schema["properties"]["subject"]["enum"] = json!(words);
    schema["properties"]["require"]["properties"]["route"]["properties"]["next-hop"]["enum"] = json!(NextHop::NAMES);
    let cases = Subject::WORDS.iter().map(|(word, subject)| {
        let fields: Vec<&str> = subject.fields().iter().map(|field| field.name).collect();
        json!({
            "if": { "required": ["subject"], "properties": { "subject": { "const": word } } },
            "then": { "properties": {
                "when": { "$ref": format!("#/definitions/when-{word}") },
                "labels": { "propertyNames": { "enum": fields } },
            } },
        })
    });
    schema["allOf"] = cases.collect();
    for (word, subject) in &Subject::WORDS {
        schema["definitions"][format!("when-{word}")] = condition(word, subject.fields());
    }
    schema
}

/// A condition over the fields of one subject.
fn condition(subject: &str, fields: &[FieldSpec]) -> Value {
    let own = json!({ "$ref": format!("#/definitions/when-{subject}") });
    let several = |describe: &str| json!({ "description": describe, "type": "array", "minItems": 1, "items": own });
    let mut properties = Map::new();
    properties.insert("all".to_owned(), several("All of these hold."));
    properties.insert("any".to_owned(), several("One of these holds."));
    properties.insert("not".to_owned(), own.clone());
    properties.extend(fields.iter().map(|field| (field.name.to_owned(), tests(field))));
    object(&Value::Null, properties)
}

/// The tests of one field.
fn tests(field: &FieldSpec) -> Value {
    let mut properties = Map::new();
    for operator in field.kind.operators() {
        let value = match (*operator, field.kind) {
            ("exists", _) | ("is", Kind::Boolean) => json!({ "type": "boolean" }),
            ("is" | "is-not", Kind::Word(words)) => json!({ "enum": words }),
            ("matches", _) => json!({ "type": "string" }),
            ("at-least" | "at-most" | "above" | "below", _) => json!({ "type": "integer" }),
            _ => json!({}),
        };
        // After a plural the verb loses its `s`; both are the same operator.
        if let Some(plural) = operator.strip_suffix('s').filter(|word| ["include", "overlap"].contains(word)) {
            properties.insert(plural.to_owned(), value.clone());
        }
        properties.insert((*operator).to_owned(), value);
    }
    object(&json!(field.describe), properties)
}

/// An object of these properties only, at least one of them.
fn object(describe: &Value, properties: Map<String, Value>) -> Value {
    let mut object = json!({
        "type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties,
    });
    if !describe.is_null() {
        object["description"] = describe.clone();
    }
    object
}

/// The guide to writing rules as Markdown: what `rules/WRITING.md` holds.
pub fn guide() -> String {
    let (rule, service) = (rule_schema(), service_schema());
    let tables = [
        ("rule", keys(&rule, "")),
        ("require", keys(&rule, "/properties/require")),
        ("flow", keys(&rule, "/properties/require/properties/flow")),
        ("route", keys(&rule, "/properties/require/properties/route")),
        ("dependencies", keys(&rule, "/properties/require/properties/dependencies")),
        ("resolve", keys(&rule, "/properties/require/properties/resolve")),
        ("admission", keys(&rule, "/properties/require/properties/admission")),
        ("require-subnet", keys(&rule, "/properties/require/properties/subnet")),
        ("target", keys(&rule, "/definitions/target/anyOf/1")),
        ("beside", keys(&rule, "/definitions/beside")),
        ("assert", keys(&rule, "/properties/assert")),
        ("tests", keys(&rule, "/definitions/tests")),
        ("service", keys(&service, "")),
        ("finder", keys(&service, "/definitions/finder")),
        ("fact", keys(&service, "/definitions/fact")),
        ("from", keys(&service, "/definitions/from")),
        ("case", case_keys()),
        ("vocabulary", vocabulary()),
    ];
    tables
        .iter()
        .fold(GUIDE.to_owned(), |text, (name, table)| text.replace(&format!("{{{{{name}}}}}"), table.trim_end()))
}

/// The keys of a mapping of a schema, as a table.
fn keys(schema: &Value, at: &str) -> String {
    let mapping = schema.pointer(at).expect("the schema has this mapping");
    let needed: Vec<&str> = mapping["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = String::from("| key | value | what it says |\n|---|---|---|\n");
    for (key, value) in mapping["properties"].as_object().into_iter().flatten() {
        let referred = value["$ref"].as_str().and_then(|to| schema.pointer(to.trim_start_matches('#')));
        let describe = value["description"].as_str().or_else(|| referred?["description"].as_str()).unwrap_or_default();
        let needed = if needed.contains(&&**key) { ", needed" } else { "" };
        let kind = kind_of(schema, value).replace('|', "\\|");
        let _ = writeln!(text, "| `{key}` | {kind}{needed} | {} |", describe.replace('|', "\\|"));
    }
    text
}

/// What a value of a schema is, in a few words.
fn kind_of(schema: &Value, value: &Value) -> String {
    if let Some(words) = value["enum"].as_array() {
        // Long lists have a table of their own.
        let words: Vec<String> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return if words.len() > 12 { "a word".to_owned() } else { words.join(", ") };
    }
    if let Some(to) = value["$ref"].as_str() {
        let target = schema.pointer(to.trim_start_matches('#')).expect("a reference leads somewhere");
        return kind_of(schema, target);
    }
    if let Some(choices) = value["anyOf"].as_array() {
        let mut words: Vec<String> = Vec::new();
        for word in choices.iter().map(|choice| kind_of(schema, choice)) {
            for word in word.split(" or ").filter(|word| !words.iter().any(|known| known == word)).collect::<Vec<_>>() {
                words.push(word.to_owned());
            }
        }
        return words.join(" or ");
    }
    let word = |kind: &str| match kind {
        "string" => "text",
        "boolean" => "true or false",
        "integer" | "number" => "number",
        "array" => "list",
        "object" => "mapping",
        _ => "value",
    };
    match &value["type"] {
        Value::String(kind) => word(kind).to_owned(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join(" or "),
        _ => "value".to_owned(),
    }
}

/// The keys of a case.
fn case_keys() -> String {
    let mut text = String::from("| key | what it says |\n|---|---|\n");
    for (key, describe) in CASE_KEYS {
        let _ = writeln!(text, "| `{key}` | {describe} |");
    }
    text
}

/// The words of pattern rules and the built-in facts, as Markdown.
fn vocabulary() -> String {
    let mut text = String::from("## Subjects and fields of pattern rules\n");
    for (word, subject) in Subject::WORDS {
        let _ = write!(text, "\n### {word}\n\n| field | type | what it is | operators |\n|---|---|---|---|\n");
        for field in subject.fields() {
            let kind = match field.kind {
                Kind::Word(words) => words.join(", "),
                kind => kind.as_str().to_owned(),
            };
            let operators = field.kind.operators().join(", ");
            let _ = writeln!(text, "| `{}` | {kind} | {} | {operators} |", field.name, field.describe);
        }
    }
    text.push_str("\n## Built-in facts\n\n| fact | type | what it says |\n|---|---|---|\n");
    for fact in BuiltInFact::ALL {
        let _ = writeln!(text, "| `{fact}` | {} | {} |", fact.kind().as_str(), fact.describe());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{guide, rule_schema, service_schema};
    use crate::rule::fact::{FACT_KEYS, SOURCE_KEYS};
    use crate::rule::service::KEYS;

    #[test]
    fn the_guide_says_every_word() {
        let guide = guide();
        assert!(!guide.contains("{{"), "a table is missing");
        for word in ["next-hop", "security-rule", "default-route", "in-no-tag", "udp-ports", "otherwise", "here"] {
            assert!(guide.contains(word), "{word}");
        }
        assert!(
            guide.contains("| `destination-ports` | ports |") && guide.contains("| `private-endpoints` | boolean |")
        );
        assert!(guide.contains("| `level` | `error`, `warning`, `note`, needed |"), "{guide}");
    }

    #[test]
    fn the_schema_of_services_has_the_keys_that_are_read() {
        let schema = service_schema();
        let names = |at: &str| {
            let mut names: Vec<String> = schema.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        let sorted = |keys: &[&str]| {
            let mut keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            keys.sort();
            keys
        };
        assert_eq!(names("/properties"), sorted(&KEYS));
        assert_eq!(names("/definitions/fact/properties"), sorted(&FACT_KEYS));
        assert_eq!(names("/definitions/from/properties"), sorted(&SOURCE_KEYS));
        assert!(rule_schema()["properties"]["subject"]["enum"].as_array().unwrap().len() > 5);
    }
}
