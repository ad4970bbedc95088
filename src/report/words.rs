//! English for counts, and texts laid out in lines of a given width: prose, and JSON to paste.

use serde_json::Value;

/// `1 file`, `2 files`, `0 firewall policies`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {}", plural(noun)) }
}

/// The plural of a noun, regular ones only.
pub(crate) fn plural(noun: &str) -> String {
    let mut ending = noun.chars().rev();
    match (ending.next(), ending.next()) {
        (Some('y'), Some(before)) if !"aeiou".contains(before) => format!("{}ies", &noun[..noun.len() - 1]),
        (Some('s' | 'x'), _) | (Some('h'), Some('c' | 's')) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Breaks one line at spaces so that none is longer than `width` characters, except for a single longer word.
/// What is indented stays indented, and columns, set apart by several spaces, stay columns: what follows goes below the
/// last of them.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let hang = last_column(line).filter(|column| *column <= width * 2 / 3).unwrap_or(0);
    let mut lines = Vec::new();
    let mut current = String::new();
    let (mut used, mut gap, mut bare) = (0, 0, true);
    for word in line.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let length = word.chars().count();
        if !bare && used + gap + length > width {
            lines.push(std::mem::replace(&mut current, " ".repeat(hang)));
            (used, gap) = (hang, 0);
        }
        current.push_str(&" ".repeat(gap));
        current.push_str(word);
        used += gap + length;
        (gap, bare) = (1, false);
    }
    lines.push(current);
    lines
}

/// Where the text behind the last run of several spaces starts, or the text behind the indent.
fn last_column(line: &str) -> Option<usize> {
    let gap = line.trim_end().rfind("  ").map(|at| at + 2);
    gap.map(|at| line[..at].chars().count()).or_else(|| line.starts_with(' ').then_some(1))
}

/// Joins parts with `dot` into lines of at most `width` characters, breaking between parts where that helps.
pub(crate) fn fill(parts: &[String], dot: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if visible(line) + dot.chars().count() + visible(part) <= width => {
                line.push_str(dot);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines.iter().flat_map(|line| if visible(line) <= width { vec![line.clone()] } else { wrap(line, width) }).collect()
}

/// How many characters of a text are seen: its colours are not.
fn visible(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().map_or(0, |part| part.chars().count());
    first + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| rest.chars().count())).sum::<usize>()
}

/// The snippet in lines of at most `width` characters where that is possible. What is not JSON stays as it is.
pub(crate) fn lay_out_json(snippet: &str, width: usize) -> Vec<String> {
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
        let whole = flat(value);
        let columns = self.width.saturating_sub(self.line.chars().count() + after);
        let parts: Vec<(String, &Value)> = match value {
            Value::Object(members) if has_parts(value) || whole.chars().count() > columns => {
                members.iter().map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value)).collect()
            }
            Value::Array(items) if has_parts(value) || whole.chars().count() > columns => {
                items.iter().map(|item| (String::new(), item)).collect()
            }
            _ => {
                self.line.push_str(&whole);
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
                let length = 1 + key.chars().count() + flat(part).chars().count() + comma;
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
    use super::{count, fill, lay_out_json, wrap};

    #[test]
    fn lines_break_between_parts_first() {
        let parts = ["one two", "three", "four"].map(str::to_owned);
        assert_eq!(fill(&parts, " · ", 15), ["one two · three", "four"]);
        assert_eq!(fill(&parts, " · ", 12), ["one two", "three · four"]);
    }

    #[test]
    fn counts_are_good_english() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "firewall policy"), "0 firewall policies");
        assert_eq!(count(2, "NAT gateway"), "2 NAT gateways");
        assert_eq!(count(3, "public IP address"), "3 public IP addresses");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable-word x", 8), ["unbreakable-word", "x"]);
    }

    #[test]
    fn an_indented_line_stays_indented() {
        assert_eq!(wrap("  one two three", 8), ["  one", "  two", "  three"]);
    }

    #[test]
    fn columns_stay_columns() {
        assert_eq!(wrap("rule    flow to a b", 15), ["rule    flow to", "        a b"]);
        assert_eq!(wrap("a-long-name  x", 9), ["a-long-name", "x"]);
    }

    #[test]
    fn plain_values_fill_lines_and_parts_get_their_own() {
        let snippet = r#"{"name":"allow-storage","properties":{"priority":160,"direction":"Outbound","access":"Allow",
            "protocol":"Tcp","destinationPortRange":"445"}}"#;
        assert_eq!(
            lay_out_json(snippet, 60).join("\n"),
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
        assert_eq!(lay_out_json(r#"{"a":[1,2],"b":{}}"#, 60), ["{", "  \"a\": [1, 2],", "  \"b\": {}", "}"]);
        assert_eq!(lay_out_json(r#"{"a":[1,2]}"#, 60), [r#"{ "a": [1, 2] }"#]);
    }

    #[test]
    fn what_is_not_json_stays_as_it_is() {
        assert_eq!(lay_out_json("a: 1\nb: 2", 60), ["a: 1", "b: 2"]);
    }
}
