//! Functions of URIs.

use crate::arm::budget::{Budget, Failure, error};
use crate::arm::functions::arguments::{Answer, Args, Outcome, text};
use crate::arm::partial;
use crate::json::Part;

pub(crate) fn uri(args: Args<'_>, budget: &mut Budget) -> Outcome {
    let base = args.pieces(0)?;
    let relative = args.pieces(1)?;
    if let ([Part::Text(base)], Ok(relative)) = (partial::joined(base.clone()).as_slice(), args.plain(1)) {
        budget.text(base.len() + relative.len() + 1)?;
        return text(resolved(base, &relative)?);
    }
    // The last segment of an unknown base is replaced by the relative path: what remains of it is one hole.
    let mut pieces = base;
    if let Some(Part::Text(last)) = pieces.last_mut()
        && let Some(slash) = last.rfind('/')
    {
        *last = last[..=slash].into();
    } else if let Some(Part::Hole(hole)) = pieces.last().cloned() {
        let folder = partial::unknown(hole.reason.clone(), &hole.text, hole.span, format!("folder({})", hole.key));
        let end = pieces.len() - 1;
        pieces[end] = Part::Hole(folder.into());
    }
    pieces.extend(relative);
    Ok(Answer::Pieces(pieces))
}

/// RFC 3986 resolution, for the cases that templates use; a base that ends in `/` is joined with one slash.
fn resolved(base: &str, relative: &str) -> Result<String, Failure> {
    if relative.contains("://") {
        return Ok(relative.to_owned());
    }
    let Some(authority) = base.find("://").map(|at| at + 3) else { return error("the base is not an absolute URI") };
    let path = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    let base_path = base[path..].split(['?', '#']).next().unwrap_or("");
    let joined = if relative.starts_with('/') {
        relative.to_owned()
    } else if relative.is_empty() {
        return Ok(base.to_owned());
    } else {
        let folder = base_path.rfind('/').map_or("", |slash| &base_path[..slash]);
        format!("{folder}/{relative}")
    };
    let (joined, query) = joined.find(['?', '#']).map_or((joined.as_str(), ""), |at| joined.split_at(at));
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = joined.trim_start_matches('/').split('/').peekable();
    while let Some(part) = parts.next() {
        match part {
            "." | ".." => {
                if part == ".." {
                    segments.pop();
                }
                if parts.peek().is_none() {
                    segments.push("");
                }
            }
            part => segments.push(part),
        }
    }
    Ok(format!("{}/{}{query}", &base[..path], segments.join("/")))
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
    text(decoded(encoded))
}

/// A text without its percent signs.
pub(crate) fn decoded(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::{decoded, resolved};

    #[test]
    fn the_last_segment_of_the_base_is_replaced() {
        let check = |base: &str, relative: &str| resolved(base, relative).unwrap();
        assert_eq!(check("http://contoso.org/first/a.json", "b.sh"), "http://contoso.org/first/b.sh");
        assert_eq!(check("http://contoso.org/first/", "b.sh"), "http://contoso.org/first/b.sh");
        assert_eq!(check("http://contoso.org/first", "b.sh"), "http://contoso.org/b.sh");
        assert_eq!(check("http://contoso.org/first/", "/b.sh"), "http://contoso.org/b.sh");
        assert_eq!(check("http://contoso.org", "b/../c"), "http://contoso.org/c");
        assert_eq!(check("http://contoso.org/a/b/", "../c?x=1"), "http://contoso.org/a/c?x=1");
    }

    #[test]
    fn percent_signs_decode_to_utf8() {
        assert_eq!(decoded("a%20%C3%A9%zz"), "a é%zz");
    }
}
