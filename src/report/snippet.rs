//! JSON to paste, laid out to be read: an object of plain values fills lines, one with deeper parts gets a line for each.

use serde_json::Value;

/// The snippet in lines of at most `width` characters where that is possible. What is not JSON stays as it is.
pub(crate) fn layout(snippet: &str, width: usize) -> Vec<String> {
    match serde_json::from_str::<Value>(snippet) {
        Ok(value) => {
            let mut lines = Lines { width: width.max(40), done: Vec::new(), line: String::new() };
            lines.value(&value, 0, 0);
            lines.end();
            lines.done
        }
        Err(_) => snippet.lines().map(str::to_owned).collect(),
    }
}

struct Lines {
    width: usize,
    done: Vec<String>,
    line: String,
}

impl Lines {
    /// Writes a value that starts where the line is; `after` characters must fit behind it. The reader's depth limit
    /// of `serde_json` bounds the recursion.
    fn value(&mut self, value: &Value, depth: usize, after: usize) {
        let flat = flat(value);
        let room = self.width.saturating_sub(self.line.chars().count() + after);
        let parts: Vec<(String, &Value)> = match value {
            Value::Object(members) if has_parts(value) || flat.chars().count() > room => {
                members.iter().map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value)).collect()
            }
            Value::Array(items) if has_parts(value) || flat.chars().count() > room => {
                items.iter().map(|item| (String::new(), item)).collect()
            }
            _ => {
                self.line.push_str(&flat);
                return;
            }
        };
        let fill = !has_parts(value);
        self.line.push(if value.is_object() { '{' } else { '[' });
        self.start(depth + 1);
        let indent = self.line.len();
        for (index, (key, part)) in parts.iter().enumerate() {
            let comma = usize::from(index + 1 < parts.len());
            if fill && self.line.len() > indent {
                let length = 1 + key.chars().count() + self::flat(part).chars().count() + comma;
                if self.line.chars().count() + length > self.width {
                    self.start(depth + 1);
                } else {
                    self.line.push(' ');
                }
            } else if index > 0 {
                self.start(depth + 1);
            }
            self.line.push_str(key);
            self.value(part, depth + 1, comma);
            if comma == 1 {
                self.line.push(',');
            }
        }
        self.start(depth);
        self.line.push(if value.is_object() { '}' } else { ']' });
    }

    fn start(&mut self, depth: usize) {
        self.end();
        self.line = "  ".repeat(depth);
    }

    fn end(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
    }
}

/// Whether a value holds an object, at any depth of lists.
fn has_parts(value: &Value) -> bool {
    let deep = |part: &Value| part.is_object() || (part.is_array() && has_parts(part));
    match value {
        Value::Object(members) => members.values().any(deep),
        Value::Array(items) => items.iter().any(deep),
        _ => false,
    }
}

/// A value on one line, with spaces where a person would put them.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members: Vec<_> =
                members.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), flat(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::layout;

    #[test]
    fn plain_values_fill_lines_and_parts_get_their_own() {
        let snippet = r#"{"name":"allow-storage","properties":{"priority":160,"direction":"Outbound","access":"Allow",
            "protocol":"Tcp","destinationPortRange":"445"}}"#;
        assert_eq!(
            layout(snippet, 60).join("\n"),
            r#"{
  "name": "allow-storage",
  "properties": {
    "priority": 160, "direction": "Outbound",
    "access": "Allow", "protocol": "Tcp",
    "destinationPortRange": "445"
  }
}"#
        );
    }

    #[test]
    fn what_fits_stays_on_one_line() {
        assert_eq!(layout(r#"{"a":[1,2],"b":{}}"#, 60), ["{", "  \"a\": [1, 2],", "  \"b\": {}", "}"]);
        assert_eq!(layout(r#"{"a":[1,2]}"#, 60), [r#"{ "a": [1, 2] }"#]);
    }

    #[test]
    fn what_is_not_json_stays_as_it_is() {
        assert_eq!(layout("a: 1\nb: 2", 60), ["a: 1", "b: 2"]);
    }
}
