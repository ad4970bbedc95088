//! Base64, data URIs and JSON in text.

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, text};
use crate::arm::functions::uris;
use crate::arm::trail;
use crate::json::{self, Member, Node, Value};
use crate::source::Span;
use std::sync::Arc;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn base64(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let plain = args.plain(0)?;
    budget.text(plain.len() / 3 * 4 + 4)?;
    text(encoded(plain.as_bytes()))
}

pub(crate) fn base64_to_string(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let encoded = args.text(0)?;
    budget.text(encoded.len())?;
    text(decoded(encoded)?)
}

pub(crate) fn base64_to_json(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let encoded = args.text(0)?;
    budget.text(encoded.len())?;
    read(args, &decoded(encoded)?, budget)
}

pub(crate) fn data_uri(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let plain = args.plain(0)?;
    budget.text(plain.len() / 3 * 4 + 64)?;
    text(format!("data:text/plain;charset=utf8;base64,{}", encoded(plain.as_bytes())))
}

pub(crate) fn data_uri_to_string(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let uri = args.text(0)?;
    budget.text(uri.len())?;
    let Some((head, data)) = uri.strip_prefix("data:").and_then(|rest| rest.split_once(',')) else {
        return error("the text is not a data URI");
    };
    if head.to_ascii_lowercase().ends_with(";base64") {
        return text(decoded(data)?);
    }
    text(uris::decoded(data))
}

pub(crate) fn json(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let node = args.node(0);
    match &node.value {
        Value::Text(written) => read(args, written, budget),
        Value::Unknown(_) => args.wrong(0, "a string"),
        _ => Ok(Answer::Same(node.clone())),
    }
}

fn read(args: Args<'_>, written: &str, budget: &mut Budget) -> Outcome {
    budget.values(written.len() / 8)?;
    let source = args.node(0);
    let fault = match json::parse(args.span.file, written) {
        Ok(document) => return Ok(Answer::Same(placed(&document.root, source, trail::is_written(source)))),
        Err(fault) => fault,
    };
    match json::parse(args.span.file, &double_quoted(written)) {
        Ok(document) => Ok(Answer::Same(placed(&document.root, source, false))),
        Err(_) if written.trim().is_empty() => error("the text is empty, not JSON"),
        Err(_) => error(format!("the text is not JSON: {}", fault.message)),
    }
}

/// A text with its single quotes made double, and names without quotes given some, as Azure's reader takes them.
fn double_quoted(written: &str) -> String {
    let mut out = String::with_capacity(written.len() + 16);
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first, &mut out),
            _ if first.is_ascii_alphabetic() || first == '_' || first == '$' => {
                let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$');
                let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
                let quote = if rest[end..].trim_start().starts_with(':') { "\"" } else { "" };
                out.extend([quote, &rest[..end], quote]);
                end
            }
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// Copies the string at the start of a text, in double quotes; how long it was.
fn quoted(text: &str, quote: char, out: &mut String) -> usize {
    out.push('"');
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => {
                out.push('"');
                return at + 1;
            }
            '\\' => match letters.next() {
                Some((_, '\'')) => out.push('\''),
                Some((_, escaped)) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            '"' => out.push_str("\\\""),
            _ => out.push(letter),
        }
    }
    text.len()
}

/// The value read from a text, with the place of that text all over; `exact` when each part stands there as it is.
fn placed(node: &Node, source: &Node, exact: bool) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(Arc::new(items.iter().map(|item| placed(item, source, exact)).collect())),
        Value::Object(members) => Value::Object(Arc::new(
            members
                .iter()
                .map(|member| Member {
                    key: Arc::clone(&member.key),
                    key_span: inside(member.key_span, source, exact),
                    node: placed(&member.node, source, exact),
                })
                .collect(),
        )),
        other => other.clone(),
    };
    Node::new(value, inside(node.span, source, exact))
}

/// A span of the inner text as a span of the file.
fn inside(span: Span, source: &Node, exact: bool) -> Span {
    if exact {
        return source.span.part(1 + span.start as usize, span.len());
    }
    source.span
}

fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let word = (u32::from(chunk[0]) << 16)
            | (u32::from(chunk.get(1).copied().unwrap_or(0)) << 8)
            | u32::from(chunk.get(2).copied().unwrap_or(0));
        for index in 0..4 {
            if index <= chunk.len() {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * index)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn decoded(text: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let Some(digit) = ALPHABET.iter().position(|letter| *letter == byte) else {
            return error("the text is not base64");
        };
        word = (word << 6) | u32::try_from(digit).unwrap_or(0);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{decoded, double_quoted, encoded};

    #[test]
    fn single_quotes_and_bare_names_become_json() {
        for (written, json) in [
            ("{'tier':'Premium','zones':3}", r#"{"tier":"Premium","zones":3}"#),
            (r#"{'a "b"': 'it\'s', "c": "d'e"}"#, r#"{"a \"b\"": "it's", "c": "d'e"}"#),
            ("{on: true, off:null}", r#"{"on": true, "off":null}"#),
            ("['open", "[\"open"),
        ] {
            assert_eq!(double_quoted(written), json);
        }
    }

    #[test]
    fn base64_goes_both_ways() {
        for (plain, code) in [("", ""), ("o", "bw=="), ("on", "b24="), ("one", "b25l"), ("one, two", "b25lLCB0d28=")] {
            assert_eq!(encoded(plain.as_bytes()), code);
            assert_eq!(decoded(code).unwrap(), plain);
        }
        assert!(decoded("a!").is_err());
    }
}
