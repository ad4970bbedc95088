//! The JSON Schema of rule files, for editors: `rule.schema.json`, with the subjects, fields and operators of pattern
//! rules filled in from the vocabulary.

use serde_json::{Map, Value, json};

use crate::rule::pattern::FieldSpec;
use crate::rule::pattern::Kind;
use crate::rule::pattern::Subject;

/// What does not depend on the vocabulary.
const FRAME: &str = include_str!("rule.schema.json");

/// The schema of a rule file, draft 7.
pub fn json_schema() -> Value {
    let mut schema: Value = serde_json::from_str(FRAME).expect("the frame is JSON, as a test shows");
    let words: Vec<&str> = Subject::WORDS.iter().map(|(word, _)| *word).collect();
    schema["properties"]["subject"]["enum"] = json!(words);
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
