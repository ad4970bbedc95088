//! Base64, URIs, JSON in text, and the two hashes Azure names things by: `uniqueString` and `guid`.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, text};
use crate::arm::{partial, value};
use crate::json::{self, Member, Node, Value};
use crate::source::Span;

/// Reads texts without their padding, whatever the bits behind the last byte are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD_ALPHABET, NO_PAD.with_decode_allow_trailing_bits(true));

pub(crate) fn base64(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let plain = args.plain(0)?;
    budget.text(plain.len() / 3 * 4 + 4)?;
    text(STANDARD.encode(plain.as_bytes()))
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
    text(format!("data:text/plain;charset=utf8;base64,{}", STANDARD.encode(plain.as_bytes())))
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
    text(percent_decoded(data))
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
        Ok(document) => return Ok(Answer::Same(placed(&document.root, source, value::is_written(source)))),
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

fn decoded(text: &str) -> Result<String, Failure> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').collect();
    match LENIENT.decode(digits) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => error("the text is not base64"),
    }
}

pub(crate) fn component(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let plain = args.plain(0)?;
    budget.text(plain.len().saturating_mul(3))?;
    let mut out = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    text(out)
}

pub(crate) fn component_to_string(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let encoded = args.text(0)?;
    budget.text(encoded.len())?;
    text(percent_decoded(encoded))
}

/// A text without its percent signs.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The arguments of a hash in one text.
pub(crate) fn dashed(args: Args<'_>) -> Result<String, Failure> {
    let parts: Vec<Arc<str>> = (0..args.len()).map(|index| args.plain(index)).collect::<Result<_, _>>()?;
    Ok(parts.join("-"))
}

/// `uniqueString` of arguments joined with `-`: 13 characters of `a-z2-7`.
pub(crate) fn hashed_name(text: &str) -> String {
    let mut hash = murmur64(text.as_bytes());
    let mut out = String::with_capacity(13);
    for _ in 0..13 {
        out.push(char::from(b"abcdefghijklmnopqrstuvwxyz234567"[(hash >> 59) as usize]));
        hash <<= 5;
    }
    out
}

/// `guid` of arguments joined with `-`: an RFC 4122 version 5 identifier in Azure's own namespace.
pub(crate) fn hashed_guid(text: &str) -> String {
    const NAMESPACE: [u8; 16] =
        [0x11, 0xfb, 0x06, 0xfb, 0x71, 0x2d, 0x4d, 0xdd, 0x98, 0xc7, 0xe7, 0x1b, 0xbd, 0x58, 0x88, 0x30];
    let mut bytes = NAMESPACE.to_vec();
    bytes.extend_from_slice(text.as_bytes());
    let mut digest = partial::sha1(&bytes);
    digest[6] = (digest[6] & 0x0f) | 0x50;
    digest[8] = (digest[8] & 0x3f) | 0x80;
    let hex = partial::hex(&digest[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// MurmurHash3's variant with two 32-bit lanes and a 64-bit result, seed 0.
fn murmur64(bytes: &[u8]) -> u64 {
    const C1: u32 = 0x239b_961b;
    const C2: u32 = 0xab0e_9789;
    let mix1 = |key: u32| key.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let mix2 = |key: u32| key.wrapping_mul(C2).rotate_left(17).wrapping_mul(C1);
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    let (mut h1, mut h2) = (0_u32, 0_u32);
    let blocks = bytes.chunks_exact(8);
    let tail = blocks.remainder();
    for block in blocks {
        h1 ^= mix1(word(&block[..4]));
        h1 = h1.rotate_left(19).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x561c_cd1b);
        h2 ^= mix2(word(&block[4..]));
        h2 = h2.rotate_left(13).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x0bca_a747);
    }
    let (low, high) = tail.split_at(tail.len().min(4));
    h2 ^= if high.is_empty() { 0 } else { mix2(word(high)) };
    h1 ^= if low.is_empty() { 0 } else { mix1(word(low)) };
    #[expect(clippy::cast_possible_truncation, reason = "the hash takes the length modulo 2^32")]
    let length = bytes.len() as u32;
    h1 ^= length;
    h2 ^= length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finished(h1);
    h2 = finished(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (u64::from(h2) << 32) | u64::from(h1)
}

fn finished(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::{decoded, double_quoted};

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
            assert_eq!(STANDARD.encode(plain.as_bytes()), code);
            assert_eq!(decoded(code).unwrap(), plain);
        }
        assert!(decoded("a!").is_err());
    }
}

#[cfg(test)]
mod uris_tests {
    use super::percent_decoded;

    #[test]
    fn percent_signs_decode_to_utf8() {
        assert_eq!(percent_decoded("a%20%C3%A9%zz"), "a é%zz");
    }
}

#[cfg(test)]
mod hash_tests {
    use super::{hashed_guid, hashed_name};
    use crate::arm::partial::{hex, sha1};

    #[test]
    fn unique_strings_are_azures() {
        assert_eq!(
            hashed_name("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myRg"),
            "js26ofeqkqeve"
        );
        assert_eq!(hashed_name("hello-world"), "a7wkljktk6wne");
    }

    #[test]
    fn sha1_agrees_with_its_standard() {
        assert_eq!(hex(&sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex(&sha1(b"")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hex(&sha1(&[b'a'; 64])), "0098ba824b5c16427bd7a1122a5a442a25ec644d");
        assert_eq!(hex(&sha1(&[b'a'; 56])), "c2db330f6083854c99d4b5bfb6e8f29f201be699");
    }

    #[test]
    fn guids_carry_version_five() {
        let id = hashed_guid("a-b");
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'5'));
    }
}
