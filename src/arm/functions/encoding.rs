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
    match json::parse(args.span.file, written) {
        Ok(document) => Ok(Answer::Same(placed(&document.root, args.node(0)))),
        Err(_) if written.trim().is_empty() => error("the text is empty, not JSON"),
        Err(fault) => error(format!("the text is not JSON: {}", fault.message)),
    }
}

/// The value read from a text, with the place of that text all over.
fn placed(node: &Node, source: &Node) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(Arc::new(items.iter().map(|item| placed(item, source)).collect())),
        Value::Object(members) => Value::Object(Arc::new(
            members
                .iter()
                .map(|member| Member {
                    key: Arc::clone(&member.key),
                    key_span: inside(member.key_span, source),
                    node: placed(&member.node, source),
                })
                .collect(),
        )),
        other => other.clone(),
    };
    Node::new(value, inside(node.span, source))
}

/// A span of the inner text as a span of the file: exact when the text stands there without escapes.
fn inside(span: Span, source: &Node) -> Span {
    if trail::is_written(source) {
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
    use super::{decoded, encoded};

    #[test]
    fn base64_goes_both_ways() {
        for (plain, code) in [("", ""), ("o", "bw=="), ("on", "b24="), ("one", "b25l"), ("one, two", "b25lLCB0d28=")] {
            assert_eq!(encoded(plain.as_bytes()), code);
            assert_eq!(decoded(code).unwrap(), plain);
        }
        assert!(decoded("a!").is_err());
    }
}
