//! Edits in every language and spelling, down to the byte.

use serde_json::{Value, json};

use crate::finding::{Change, Edit, FileReport, Outcome, Report, edited};
use crate::fix::edit::Texts;
use crate::source::{FileId, Files, Span};

/// A file of a run, the places in it found by their text.
struct Sheet {
    files: Files,
    report: Report,
    file: FileId,
}

impl Sheet {
    fn new(name: &str, text: &str) -> Self {
        let mut files = Files::default();
        let file = files.add(name, text);
        let entry = FileReport {
            name: name.to_owned(),
            file: Some(file),
            shape: None,
            outcome: Outcome::Judged,
            detail: None,
            named: true,
        };
        Self { report: Report { files: vec![entry], ..Report::default() }, files, file }
    }

    fn at(&self, text: &str) -> Span {
        let start = self.files.text(self.file).find(text).unwrap();
        Span::new(self.file, start, start + text.len())
    }

    /// The bracket that opens behind a text, to the one that closes it.
    fn list(&self, behind: &str) -> Span {
        let text = self.files.text(self.file);
        let start = text.find(behind).unwrap() + behind.len();
        let mut depth = 0_i32;
        let end = text[start..].char_indices().find(|(_, letter)| {
            depth += i32::from(matches!(letter, '[' | '{')) - i32::from(matches!(letter, ']' | '}'));
            depth == 0
        });
        Span::new(self.file, start, start + end.unwrap().0 + 1)
    }

    fn edits(&self, changes: &[Change]) -> Option<Vec<Edit>> {
        Texts::of(&self.files, &self.report).edits(changes)
    }

    fn after(&self, changes: &[Change]) -> Option<String> {
        edited(&self.files, &self.edits(changes)?).into_values().next()
    }
}

fn rule(name: &str) -> Value {
    json!({ "name": name, "properties": { "priority": 100, "destinationPortRanges": ["80", "443"] } })
}

fn item(list: Span, item: Value) -> Change {
    Change::Item { list, item }
}

fn value(at: Span, was: &str, to: Value) -> Change {
    Change::Value { at, was: vec![was.to_owned()], to }
}

#[test]
fn an_item_is_written_as_its_neighbours_are() {
    let sheet = Sheet::new(
        "a.json",
        "{\n    \"rules\": [\n        {\n            \"name\": \"a\",\n            \"properties\": {}\n        }\n    ]\n}\n",
    );
    let after = sheet.after(&[item(sheet.list("\"rules\": "), rule("b")), item(sheet.list("\"rules\": "), rule("c"))]);
    let one = |name: &str| {
        format!(
            "        {{\n            \"name\": \"{name}\",\n            \"properties\": {{\n                \"priority\": 100,\n                \"destinationPortRanges\": [\"80\", \"443\"]\n            }}\n        }}"
        )
    };
    let expected = format!(
        "{{\n    \"rules\": [\n        {{\n            \"name\": \"a\",\n            \"properties\": {{}}\n        }},\n{},\n{}\n    ]\n}}\n",
        one("b"),
        one("c")
    );
    assert_eq!(after.unwrap(), expected);
}

#[test]
fn the_spelling_of_the_tools_has_its_properties_beside_the_name() {
    let cli = Sheet::new("a.json", "{\n  \"rules\": [\n    { \"name\": \"a\", \"priority\": 7 }\n  ]\n}");
    let after = cli.after(&[item(cli.list("\"rules\": "), rule("b"))]).unwrap();
    assert_eq!(
        after,
        "{\n  \"rules\": [\n    { \"name\": \"a\", \"priority\": 7 },\n    { \"name\": \"b\", \"priority\": 100, \"destinationPortRanges\": [\"80\", \"443\"] }\n  ]\n}"
    );
    let power = Sheet::new("a.json", "{\r\n\t\"R\": [\r\n\t\t{\r\n\t\t\t\"Name\": \"a\"\r\n\t\t}\r\n\t]\r\n}");
    let after = power.after(&[item(power.list("\"R\": "), rule("b"))]).unwrap();
    assert_eq!(
        after,
        "{\r\n\t\"R\": [\r\n\t\t{\r\n\t\t\t\"Name\": \"a\"\r\n\t\t},\r\n\t\t{\r\n\t\t\t\"Name\": \"b\",\r\n\t\t\t\"Priority\": 100,\r\n\t\t\t\"DestinationPortRange\": [\"80\", \"443\"]\r\n\t\t}\r\n\t]\r\n}"
    );
    let empty = Sheet::new("a.json", "{\n  \"name\": \"nsg\",\n  \"rules\": []\n}");
    let after = empty.after(&[item(empty.list("\"rules\": "), rule("b"))]).unwrap();
    assert!(after.contains("\n      \"priority\": 100,"), "{after}");
    assert!(!after.contains("properties"), "{after}");
}

#[test]
fn one_line_stays_one_line() {
    let dense = Sheet::new("a.json", r#"{"rules":[{"name":"a","properties":{"priority":1}}]}"#);
    assert_eq!(
        dense.after(&[item(dense.list("\"rules\":"), rule("b"))]).unwrap(),
        r#"{"rules":[{"name":"a","properties":{"priority":1}},{"name":"b","properties":{"priority":100,"destinationPortRanges":["80","443"]}}]}"#
    );
    let none = Sheet::new("a.json", r#"{"properties": {"rules": []}}"#);
    assert_eq!(
        none.after(&[item(none.list("\"rules\": "), json!({ "name": "b", "properties": { "x": 1 } }))]).unwrap(),
        r#"{"properties": {"rules": [{ "name": "b", "properties": { "x": 1 } }]}}"#
    );
}

#[test]
fn comments_stay_where_they_are() {
    let sheet = Sheet::new(
        "a.json",
        "{\n  \"rules\": [\n    { \"name\": \"a\", \"properties\": {} } // the first\n    // the end\n  ]\n}",
    );
    let after = sheet.after(&[item(sheet.list("\"rules\": "), json!({ "name": "b", "properties": {} }))]).unwrap();
    assert_eq!(
        after,
        "{\n  \"rules\": [\n    { \"name\": \"a\", \"properties\": {} }, // the first\n    // the end\n    { \"name\": \"b\", \"properties\": {} }\n  ]\n}"
    );
}

#[test]
fn bicep_needs_no_commas_between_lines() {
    let text = "resource a 'x@1' = {\n  properties: {\n    rules: [\n      {\n        name: 'a'\n        properties: {}\n      } // first\n    ]\n  }\n}\n";
    let sheet = Sheet::new("a.bicep", text);
    let after = sheet.after(&[item(sheet.list("rules: "), rule("it's"))]).unwrap();
    let expected = text.replace(
        "      } // first\n",
        "      } // first\n      {\n        name: 'it\\'s'\n        properties: {\n          priority: 100\n          destinationPortRanges: [\n            '80'\n            '443'\n          ]\n        }\n      }\n",
    );
    assert_eq!(after, expected);
    let tree = crate::bicep::parse(FileId(0), &after);
    assert!(tree.errors.is_empty(), "{:?}", tree.errors);
}

#[test]
fn lists_of_bicep_on_one_line_stay_readable() {
    for text in ["var a = [{ name: 'a' }]\n", "var a = [b, { name: 'a' }]\n", "var a = []\n", "var a = [...b]\n"] {
        let sheet = Sheet::new("a.bicep", text);
        let after = sheet.after(&[item(sheet.list("var a = "), rule("b"))]).unwrap();
        let tree = crate::bicep::parse(FileId(0), &after);
        assert!(tree.errors.is_empty() && after.contains("'b'"), "{after}");
    }
}

#[test]
fn a_value_keeps_its_kind() {
    let sheet = Sheet::new("a.json", "{\"a\": \"Deny\", \"b\": 300, \"c\": \"300\", \"d\": \"[parameters('x')]\"}");
    let after = sheet.after(&[
        value(sheet.at("\"Deny\""), "deny", json!("Allow")),
        value(sheet.at("300"), "300", json!(110)),
        value(sheet.at("\"300\""), "300", json!(120)),
    ]);
    assert_eq!(after.unwrap(), "{\"a\": \"Allow\", \"b\": 110, \"c\": \"120\", \"d\": \"[parameters('x')]\"}");
    // What says something else, is an expression or a part of a literal is left alone.
    assert_eq!(sheet.edits(&[value(sheet.at("\"Deny\""), "Allow", json!("x"))]), None);
    assert_eq!(sheet.edits(&[value(sheet.at("\"[parameters('x')]\""), "443", json!("x"))]), None);
    assert_eq!(sheet.edits(&[value(sheet.at("Deny"), "Deny", json!("x"))]), None);
    let bicep = Sheet::new("a.bicep", "var a = { b: 'Deny', c: 300, d: '${e}' }\n");
    let changes = [value(bicep.at("'Deny'"), "Deny", json!("Allow")), value(bicep.at("300"), "300", json!(110))];
    assert_eq!(bicep.after(&changes).unwrap(), "var a = { b: 'Allow', c: 110, d: '${e}' }\n");
    assert_eq!(bicep.edits(&[value(bicep.at("'${e}'"), "${e}", json!("x"))]), None);
}

#[test]
fn what_stands_alone_gets_a_list() {
    let beside = |sheet: &Sheet, at: &str| {
        let change = Change::Beside { at: sheet.at(at), was: vec!["443".to_owned()], more: vec!["80".to_owned()] };
        sheet.after(&[change])
    };
    let single = Sheet::new("a.json", "{\"destinationPortRange\": \"443\"}");
    assert_eq!(beside(&single, "\"443\"").unwrap(), "{\"destinationPortRanges\": [\"443\", \"80\"]}");
    let export = Sheet::new("a.json", "{\n  \"destinationPortRange\": \"443\",\n  \"destinationPortRanges\": []\n}");
    assert_eq!(beside(&export, "\"443\"").unwrap(), "{\n  \"destinationPortRanges\": [\"443\", \"80\"]\n}");
    let several = Sheet::new("a.json", "{\n  \"p\": [\n    \"443\"\n  ]\n}");
    assert_eq!(beside(&several, "\"443\"").unwrap(), "{\n  \"p\": [\n    \"443\",\n    \"80\"\n  ]\n}");
    let bicep = Sheet::new("a.bicep", "var a = {\n  destinationPortRange: '443'\n}\n");
    assert_eq!(beside(&bicep, "'443'").unwrap(), "var a = {\n  destinationPortRanges: ['443', '80']\n}\n");
    // The default of a parameter is no property of a rule.
    let parameter = Sheet::new("a.json", "{\"value\": \"443\"}");
    assert_eq!(beside(&parameter, "\"443\""), None);
}

#[test]
fn a_list_that_is_missing_is_made() {
    let rest = Sheet::new("a.json", "{\n  \"name\": \"nsg\",\n  \"properties\": {\n    \"x\": 1\n  }\n}");
    let whole = Span::new(rest.file, 0, rest.files.text(rest.file).len());
    let list = |sheet: &Sheet, resource| {
        sheet.after(&[Change::List { resource, key: "securityRules", item: json!({ "name": "a", "properties": {} }) }])
    };
    assert_eq!(
        list(&rest, whole).unwrap(),
        "{\n  \"name\": \"nsg\",\n  \"properties\": {\n    \"x\": 1,\n    \"securityRules\": [\n      {\n        \"name\": \"a\",\n        \"properties\": {}\n      }\n    ]\n  }\n}"
    );
    let bicep = Sheet::new("a.bicep", "resource a 'x@1' = {\n  name: 'n'\n  properties: {}\n}\n");
    let after = list(&bicep, bicep.list("resource a 'x@1' = ")).unwrap();
    let tree = crate::bicep::parse(FileId(0), &after);
    assert!(tree.errors.is_empty() && after.contains("securityRules"), "{after}");
}

#[test]
fn a_property_goes_with_its_comma() {
    let remove = |text: &str, at: &str| {
        let sheet = Sheet::new("a.json", text);
        sheet.after(&[Change::Remove { at: sheet.at(at) }]).unwrap()
    };
    assert_eq!(remove("{\"a\": 1, \"b\": 2}", "1"), "{\"b\": 2}");
    assert_eq!(remove("{\"a\": 1, \"b\": 2}", "2"), "{\"a\": 1}");
    assert_eq!(remove("{\"a\": 1}", "1"), "{}");
}

#[test]
fn edits_that_overlap_are_none() {
    let sheet = Sheet::new("a.json", "{\"a\": 1}");
    let one = |to| value(sheet.at("1"), "1", json!(to));
    assert_eq!(sheet.edits(&[one(2), one(3)]), None);
    assert_eq!(sheet.after(&[one(2), one(2)]).unwrap(), "{\"a\": 2}");
}

#[test]
fn what_another_tool_writes_is_not_edited() {
    let mut sheet = Sheet::new("a.json", "{\"a\": 1}");
    sheet.report.files[0].shape = Some("terraform-plan".to_owned());
    assert_eq!(sheet.edits(&[value(sheet.at("1"), "1", json!(2))]), None);
    // Nor what is no file of the run at all.
    sheet.report.files.clear();
    assert_eq!(sheet.edits(&[value(sheet.at("1"), "1", json!(2))]), None);
}
