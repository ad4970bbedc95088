//! The published JSON Schemas agree with what the program reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aznetlint::config::{Config, ConfigError};
use aznetlint::rule;
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

const EVERY_SETTING: &str = include_str!("every-setting.yaml");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn settings_schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("src/cli/schema/settings.json")).unwrap()).unwrap()
}

/// A schema, ready to hold values against.
pub(crate) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// A schema by which a name that it does not describe is wrong, so that it tells all of what is written.
    pub(crate) fn closed(mut schema: Value) -> Self {
        fn close(schema: &mut Value) {
            match schema {
                Value::Object(members) => {
                    if members.get("properties").is_some_and(Value::is_object) {
                        members.entry("additionalProperties").or_insert(Value::Bool(false));
                    }
                    members.values_mut().for_each(close);
                }
                Value::Array(items) => items.iter_mut().for_each(close),
                _ => {}
            }
        }
        close(&mut schema);
        Self::new(schema)
    }

    fn new(schema: Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", schema).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        self.schemas.validate(value, self.index).map_err(|error| format!("{error:#}"))
    }
}

fn yaml(text: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).expect("it is YAML")
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_rule_keeps_to_the_schema() {
    let schema = Schema::new(rule::rule_schema());
    let mut files = Vec::new();
    yaml_files(&root().join("rules"), &mut files);
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name != "service.yaml" && !name.ends_with(".cases.yaml")
    });
    assert!(files.len() > 50);
    for path in files {
        let value = yaml(&fs::read_to_string(&path).unwrap());
        schema.check(&value).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn every_service_keeps_to_its_schema() {
    let schema = Schema::new(rule::service_schema());
    let mut files = Vec::new();
    yaml_files(&root().join("rules"), &mut files);
    files.retain(|path| path.ends_with("service.yaml"));
    assert!(!files.is_empty());
    let mut tried = 0;
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        schema.check(&yaml(&text)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (from, to) in
            [("service: ", "servcie: "), ("type: boolean", "type: bool"), ("built-in: region", "built-in: regoin")]
        {
            let wrong = text.replacen(from, to, 1);
            assert!(wrong == text || schema.check(&yaml(&wrong)).is_err(), "{to}");
            tried += usize::from(wrong != text);
        }
    }
    assert!(tried >= 3, "{tried}");
}

#[test]
fn mistakes_in_rules_break_the_schema() {
    let schema = Schema::new(rule::rule_schema());
    let text = fs::read_to_string(root().join("rules/nsg/ssh-open-to-internet.yaml")).unwrap();
    assert_eq!(schema.check(&yaml(&text)), Ok(()));
    for (from, to) in [
        ("level: ", "levle: "),
        ("level: warning", "level: wraning"),
        ("subject: security-rule", "subject: security-rules"),
        ("direction: ", "directoin: "),
        ("is: inbound", "is: inbuond"),
        ("is: inbound", "equals: inbound"),
        ("why: ", "wy: "),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        assert!(schema.check(&yaml(&wrong)).is_err(), "{to}");
    }
}

#[test]
fn every_setting_is_read_and_keeps_to_the_schema() {
    let schema = settings_schema();
    Config::parse("aznetlint.yaml", EVERY_SETTING).unwrap();
    let value = yaml(EVERY_SETTING);
    Schema::new(schema.clone()).check(&value).unwrap();
    let written: BTreeSet<&String> = value.as_object().unwrap().keys().collect();
    let known: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(written, known);
}

#[test]
fn the_schema_knows_the_keys_that_are_read() {
    let ConfigError::Invalid { help: Some(help), .. } = Config::parse("aznetlint.yaml", "zzzzzzzz: 1\n").unwrap_err()
    else {
        panic!("an unknown key is told");
    };
    let read: BTreeSet<&str> = help.split('`').skip(1).step_by(2).collect();
    let schema = settings_schema();
    let known: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(read, known);
}

#[test]
fn mistakes_in_settings_break_the_schema() {
    let schema = Schema::new(settings_schema());
    for wrong in ["regoin: x", "paths: infra", "fail-on: eror", "levels: { nsg: loud }", "per-path: [{ skip: [a] }]"] {
        assert!(schema.check(&yaml(wrong)).is_err(), "{wrong}");
        assert!(Config::parse("aznetlint.yaml", wrong).is_err(), "{wrong}");
    }
}
