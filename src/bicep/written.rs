//! Values written in Bicep, for what a user is to paste.

use serde_json::Value;

/// A value as Bicep writes it, a line for each member and item. Numbers with a fraction, which Bicep has none of, are
/// written as `json('…')`.
pub fn written(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        Value::Number(number) if number.is_i64() || number.is_u64() => out.push_str(&number.to_string()),
        Value::Number(number) => out.push_str(&format!("json('{number}')")),
        Value::String(text) => quoted(text, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                line(out, depth + 1);
                write(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (key, value) in members {
                line(out, depth + 1);
                if is_name(key) {
                    out.push_str(key)
                } else {
                    quoted(key, out)
                }
                out.push_str(": ");
                write(value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
    }
}

fn is_name(key: &str) -> bool {
    let mut letters = key.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn quoted(text: &str, out: &mut String) {
    out.push('\'');
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '$' => out.push_str("\\$"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter < ' ' => out.push_str(&format!("\\u{{{:x}}}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::written;

    #[test]
    fn a_rule_is_written_as_a_user_would() {
        let rule = json!({ "name": "allow", "properties": { "priority": 210, "ports": ["443", "it's"], "x-y": null } });
        let expected = "{\n  name: 'allow'\n  properties: {\n    priority: 210\n    ports: [\n      '443'\n      'it\\'s'\n    ]\n    'x-y': null\n  }\n}";
        assert_eq!(written(&rule), expected);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let value = json!({ "a": [{}, [], true, "${x}\\\n\u{1}"], "b c": -7 });
        let tree = crate::bicep::shape::clean(&format!("var x = {}\n", written(&value)));
        assert_eq!(tree.declarations.len(), 1);
        assert!(tree.broken.is_empty());
    }
}
