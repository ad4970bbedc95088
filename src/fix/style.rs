//! How a text is written: its language, its indentation, its line ends, where its commas stand.

use serde_json::Value;

use crate::bicep;
use crate::finding::Edit;
use crate::fix::outline::{Part, PartKind};
use crate::source::Span;

/// The languages that are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Json,
    Bicep,
}

impl Language {
    /// Of a file, by its name.
    pub(crate) fn of(name: &str) -> Self {
        let is_bicep = name.ends_with(".bicep") || name.ends_with(".bicepparam");
        if is_bicep { Self::Bicep } else { Self::Json }
    }

    /// A text as a literal.
    pub(crate) fn quoted(self, text: &str) -> String {
        match self {
            Self::Json => Value::from(text).to_string(),
            Self::Bicep => bicep::written(&Value::from(text)),
        }
    }
}

/// How a list or object is written.
pub(crate) struct Style<'t> {
    text: &'t str,
    language: Language,
    newline: &'static str,
    /// In front of each of its items.
    pub(crate) indent: String,
    /// One step of indentation.
    unit: String,
    /// Its items stand on lines of their own.
    own_lines: bool,
    /// An item goes over several lines.
    spread: bool,
    /// No space after commas and colons.
    dense: bool,
}

impl<'t> Style<'t> {
    /// Of a list or object of a text.
    pub(crate) fn of(text: &'t str, language: Language, part: &Part) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let place = |one: &Part| one.key.as_ref().map_or(one.span.start, |(_, key)| key.start) as usize;
        let outer = indent_at(text, part.span.start as usize);
        let last = part.parts.last();
        let starts_line = |at: usize| text[line_start(text, at)..at].trim().is_empty();
        let whole = text.get(part.span.range()).unwrap_or_default();
        let is_one_line = !text.trim_end().contains('\n');
        let own_lines = match last {
            Some(last) => starts_line(place(last)),
            None => !is_one_line,
        };
        let unit = unit_of(text);
        let indent = match last {
            Some(last) => indent_at(text, place(last)),
            None => format!("{outer}{unit}"),
        };
        let said = last.and_then(|last| text.get(last.span.range())).unwrap_or_default();
        let spread = match last {
            Some(last) if !last.parts.is_empty() => said.contains('\n'),
            _ => own_lines,
        };
        let dense = language == Language::Json && is_one_line && !whole.contains("\": ") && !text.contains("\": ");
        Self { text, language, newline, indent, unit, own_lines, spread, dense }
    }

    /// What stands between two items.
    pub(crate) fn between(&self, indent: &str) -> String {
        match (self.language, self.own_lines) {
            (Language::Json, true) => format!(",{}{indent}", self.newline),
            (Language::Bicep, true) => format!("{}{indent}", self.newline),
            (_, false) if self.dense => ",".to_owned(),
            (_, false) => ", ".to_owned(),
        }
    }

    /// A value as an item, the first line without its indentation.
    pub(crate) fn item(&self, value: &Value) -> String {
        match self.language {
            Language::Bicep if self.spread || !self.own_lines => self.shifted(&bicep::written(value)),
            Language::Bicep => on_one_line(&bicep::written(value)),
            Language::Json => {
                let mut out = String::new();
                self.json(value, &self.indent, &mut out);
                out
            }
        }
    }

    /// A property as an entry of an object.
    pub(crate) fn member(&self, key: &str, value: &Value) -> String {
        let key = if self.language == Language::Bicep { key.to_owned() } else { Value::from(key).to_string() };
        let colon = if self.dense { ":" } else { ": " };
        let spread = Self { spread: self.own_lines, indent: self.indent.clone(), unit: self.unit.clone(), ..*self };
        format!("{key}{colon}{}", spread.item(value))
    }

    /// Lines that are indented from nothing, from the place of an item on.
    fn shifted(&self, written: &str) -> String {
        let mut lines = written.lines();
        let mut out = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            let inner = line.trim_start_matches("  ");
            let depth = (line.len() - inner.len()) / 2;
            out.push_str(self.newline);
            out.push_str(&self.indent);
            out.push_str(&self.unit.repeat(depth));
            out.push_str(inner);
        }
        out
    }

    fn json(&self, value: &Value, indent: &str, out: &mut String) {
        let (colon, comma) = if self.dense { (":", ",") } else { (": ", ", ") };
        let inner = format!("{indent}{}", self.unit);
        let is_plain = |value: &Value| !value.is_object() && !value.is_array();
        match value {
            Value::Object(members) if !members.is_empty() => {
                let separate = |out: &mut String, first: bool| match (self.spread, first) {
                    (true, _) => out.push_str(&format!("{}{}{inner}", if first { "" } else { "," }, self.newline)),
                    (false, true) if self.dense => {}
                    (false, true) => out.push(' '),
                    (false, false) => out.push_str(comma),
                };
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    separate(out, at == 0);
                    out.push_str(&format!("{}{colon}", Value::from(key.as_str())));
                    self.json(value, &inner, out);
                }
                match (self.spread, self.dense) {
                    (true, _) => out.push_str(&format!("{}{indent}", self.newline)),
                    (false, true) => {}
                    (false, false) => out.push(' '),
                }
                out.push('}');
            }
            Value::Array(items) if !self.spread || items.iter().all(is_plain) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { comma });
                    self.json(item, indent, out);
                }
                out.push(']');
            }
            Value::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(&format!("{}{}{inner}", if at == 0 { "" } else { "," }, self.newline));
                    self.json(item, &inner, out);
                }
                out.push_str(&format!("{}{indent}]", self.newline));
            }
            plain => out.push_str(&plain.to_string()),
        }
    }

    /// What is written, at the end of a list or object.
    pub(crate) fn at_end(&self, part: &Part, written: &[String]) -> Vec<Edit> {
        let close = part.span.end as usize - 1;
        let at = |at: usize| Span::new(part.span.file, at, at);
        let joined = written.join(&self.between(&self.indent));
        let Some(last) = part.parts.last() else {
            let (open, close) = if part.kind == PartKind::List { ('[', ']') } else { ('{', '}') };
            let text = match self.own_lines {
                true => {
                    let outer = indent_at(self.text, part.span.start as usize);
                    format!("{open}{0}{1}{joined}{0}{outer}{close}", self.newline, self.indent)
                }
                false => format!("{open}{joined}{close}"),
            };
            return vec![Edit { span: part.span, text }];
        };
        let last = last.span.end as usize;
        let line = line_start(self.text, close);
        let between = self.text.get(last..close).unwrap_or_default();
        // The bracket has a line of its own: what is added gets lines before it, behind whatever comment stands there.
        if self.own_lines && line > last && self.text[line..close].trim().is_empty() {
            let lines = Edit { span: at(line), text: format!("{}{joined}{}", self.indent, self.newline) };
            let has_comma = self.language == Language::Bicep || is_comma_first(between);
            let comma = (!has_comma).then(|| Edit { span: at(last), text: ",".to_owned() });
            return comma.into_iter().chain([lines]).collect();
        }
        vec![Edit { span: at(last), text: format!("{}{joined}", self.between(&self.indent)) }]
    }
}

/// Whether the first character that is no space and no comment is a comma.
fn is_comma_first(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        let comment = if let Some(line) = rest.strip_prefix("//") {
            line.split_once('\n').map(|(_, rest)| rest)
        } else if let Some(block) = rest.strip_prefix("/*") {
            block.split_once("*/").map(|(_, rest)| rest)
        } else {
            return rest.starts_with(',');
        };
        match comment {
            Some(after) => rest = after.trim_start(),
            None => return false,
        }
    }
}

/// Where the line of a byte begins.
fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// The spaces and tabs that the line of a byte begins with.
fn indent_at(text: &str, at: usize) -> String {
    let line = text.get(line_start(text, at)..).unwrap_or_default();
    line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect()
}

/// One step of indentation: that of the first line that has any.
fn unit_of(text: &str) -> String {
    let indented = text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    match indented.map(|line| &line[..line.len() - line.trim_start().len()]) {
        Some(tabs) if tabs.starts_with('\t') => "\t".to_owned(),
        Some(spaces) if spaces.len() <= 8 => spaces.to_owned(),
        _ => "  ".to_owned(),
    }
}

/// A Bicep value on one line: its items and members with commas.
fn on_one_line(written: &str) -> String {
    let mut out = String::new();
    for line in written.lines().map(str::trim) {
        let opens = out.ends_with(['[', '{']);
        if !out.is_empty() {
            let closes = line.starts_with([']', '}']);
            out.push_str(if opens || closes { " " } else { ", " });
        }
        out.push_str(line);
    }
    out
}
