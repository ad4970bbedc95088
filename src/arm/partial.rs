//! Values known in part: the pieces of strings, and keys that make unknowns comparable.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::json::{Node, Part, Reason, Unknown, Value};
use crate::source::Span;

/// Keys longer than this are replaced by their hash.
const LONGEST_KEY: usize = 512;
/// What the key of an unknown ends with that is known to be a number or a truth.
pub(crate) const SCALAR: char = '#';
/// What the key of an unknown ends with that is known to be a list.
pub(crate) const LIST: &str = "[]";
/// What the key of an unknown number of list elements starts with.
const REST: &str = "...";
/// What a key of an object starts with that only a deployment can tell; no template writes this character.
const OPEN_KEY: char = '\u{1}';

/// An unknown that nothing is known of but its key.
pub(crate) fn unknown(reason: Reason, text: &str, span: Span, key: impl Into<String>) -> Unknown {
    Unknown { reason, text: text.into(), span, key: short(key.into()), parts: Vec::new(), domain: Vec::new() }
}

/// A value that is this unknown, where the unknown stands.
pub(crate) fn node(unknown: Unknown) -> Node {
    let span = unknown.span;
    Node::new(Value::Unknown(Arc::new(unknown)), span)
}

/// A key of bounded length.
pub(crate) fn short(key: String) -> Arc<str> {
    if key.len() <= LONGEST_KEY {
        return key.into();
    }
    let mut head = 64;
    while !key.is_char_boundary(head) {
        head -= 1;
    }
    format!("{}#{}", &key[..head], hex(&sha1(key.as_bytes()))).into()
}

/// The key of a call: its name and the keys of its arguments.
pub(crate) fn call_key(name: &str, args: &[Node]) -> String {
    let mut key = name.to_ascii_lowercase();
    key.push('(');
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            key.push(',');
        }
        write_key(arg, &mut key);
        if key.len() > 1 << 16 {
            break;
        }
    }
    key.push(')');
    key
}

/// A text that is equal for values that are equal in every deployment.
pub(crate) fn key(node: &Node) -> String {
    let mut key = String::new();
    write_key(node, &mut key);
    key
}

/// The key of a list.
pub(crate) fn key_of_list(items: &[Node]) -> String {
    call_key("", items)
}

fn write_key(node: &Node, out: &mut String) {
    // The tail of a huge value cannot make two keys equal that are not: it only makes them less likely to be.
    if out.len() > 1 << 16 {
        let _ = write!(out, "~{:?}", node.span);
        return;
    }
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::Text(text) => {
            out.push('\'');
            out.push_str(text);
            out.push('\'');
        }
        Value::List(items) => {
            out.push('[');
            for item in items.iter() {
                write_key(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for member in members.iter() {
                out.push_str(&member.key);
                out.push(':');
                write_key(&member.node, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Unknown(unknown) => out.push_str(&unknown.key),
        Value::Deferred(_) => {
            let _ = write!(out, "~{:?}", node.span);
        }
    }
}

/// Whether an unknown spoils what is computed from it, because it is an error or a guard.
pub(crate) fn is_spoiled(unknown: &Unknown) -> bool {
    matches!(unknown.reason, Reason::EvaluationError(_) | Reason::Limit(_))
}

/// The failed value behind a node, when it is one.
pub(crate) fn spoiled(node: &Node) -> Option<&Arc<Unknown>> {
    node.unknown().filter(|unknown| is_spoiled(unknown))
}

/// A list element that stands for any number of elements.
pub(crate) fn rest(node: &Node) -> Node {
    let Value::Unknown(unknown) = &node.value else { return node.clone() };
    if unknown.key.starts_with(REST) {
        return node.clone();
    }
    let key = format!("{REST}{}", unknown.key).into();
    let rest = Unknown { key, parts: Vec::new(), domain: Vec::new(), ..Unknown::clone(unknown) };
    Node { value: Value::Unknown(Arc::new(rest)), ..node.clone() }
}

/// One element of those that a list element stands for; an element that stands for itself stays.
pub(crate) fn one_of_rest(node: &Node) -> Node {
    let Value::Unknown(unknown) = &node.value else { return node.clone() };
    let Some(key) = unknown.key.strip_prefix(REST) else { return node.clone() };
    let one = Unknown { key: short(format!("each({key})")), domain: Vec::new(), ..Unknown::clone(unknown) };
    Node { value: Value::Unknown(Arc::new(one)), ..node.clone() }
}

/// An element that is in its list only if something unknown is true.
pub(crate) fn perhaps(item: &Node, condition: &Arc<Unknown>) -> Node {
    let key = short(format!("{REST}{}?{}", key(item), condition.key));
    let kept = Unknown { key, parts: Vec::new(), domain: Vec::new(), ..Unknown::clone(condition) };
    Node { value: Value::Unknown(Arc::new(kept)), ..item.clone() }
}

/// Whether a list element stands for any number of elements.
pub(crate) fn is_rest(node: &Node) -> bool {
    node.unknown().is_some_and(|unknown| unknown.key.starts_with(REST))
}

/// Whether the length of a list is known.
pub(crate) fn is_closed(items: &[Node]) -> bool {
    !items.iter().any(is_rest)
}

/// The key of an object that is this unknown text.
pub(crate) fn open_key(unknown: &Unknown) -> Arc<str> {
    match unknown.parts.is_empty() {
        true => format!("{OPEN_KEY}[{{{}}}]", unknown.key).into(),
        false => format!("{OPEN_KEY}[{}]", unknown.key).into(),
    }
}

/// Whether a key of an object is itself unknown.
pub(crate) fn is_open_key(key: &str) -> bool {
    key.starts_with(OPEN_KEY)
}

/// Whether an unknown is known to be a list.
pub(crate) fn is_list(unknown: &Unknown) -> bool {
    unknown.key.ends_with(LIST)
}

/// Whether a value is a list, known or not.
pub(crate) fn is_list_node(node: &Node) -> bool {
    node.is_list() || node.unknown().is_some_and(|unknown| is_list(unknown))
}

/// The first unknown in a value or two levels inside it; deeper ones are not worth the walk.
pub(crate) fn first_unknown(node: &Node) -> Option<&Arc<Unknown>> {
    fn parts(node: &Node) -> impl Iterator<Item = &Node> {
        node.items().iter().chain(node.members().iter().map(|member| &member.node)).take(64)
    }
    node.unknown()
        .or_else(|| parts(node).find_map(Node::unknown))
        .or_else(|| parts(node).flat_map(parts).find_map(Node::unknown))
}

/// The pieces of a value used as text; `None` for null, lists and objects.
pub(crate) fn pieces(node: &Node) -> Option<Vec<Part>> {
    Some(match &node.value {
        Value::Text(text) => vec![Part::Text(Arc::clone(text))],
        Value::Number(number) => vec![Part::Text(number.as_str().into())],
        Value::Bool(value) => vec![Part::Text(if *value { "True" } else { "False" }.into())],
        Value::Unknown(unknown) if !unknown.parts.is_empty() => unknown.parts.clone(),
        // A number, a truth, a list or an object is not equal to the text it becomes.
        Value::Unknown(unknown)
            if unknown.key.ends_with(SCALAR)
                || is_list(unknown)
                || unknown.key.ends_with("{}")
                || unknown.domain.iter().any(|it| it.text().is_none()) =>
        {
            let key = short(format!("string({})", unknown.key));
            vec![Part::Hole(Arc::new(Unknown { key, domain: Vec::new(), ..Unknown::clone(unknown) }))]
        }
        Value::Unknown(unknown) => vec![Part::Hole(Arc::clone(unknown))],
        Value::Null | Value::List(_) | Value::Object(_) | Value::Deferred(_) => return None,
    })
}

/// Pieces with neighbouring texts joined and empty ones gone.
pub(crate) fn joined(pieces: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::with_capacity(pieces.len());
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Part::Text(more) => text.push_str(&more),
            Part::Hole(hole) => {
                if !text.is_empty() {
                    out.push(Part::Text(std::mem::take(&mut text).into()));
                }
                out.push(Part::Hole(hole));
            }
        }
    }
    if !text.is_empty() {
        out.push(Part::Text(text.into()));
    }
    out
}

/// The value of pieces: a text, the one hole, or a text with holes written at `span`.
pub(crate) fn assembled(parts: Vec<Part>, text: &str, span: Span) -> Value {
    let parts = joined(parts);
    match parts.as_slice() {
        [] => return Value::Text("".into()),
        [Part::Text(text)] => return Value::Text(Arc::clone(text)),
        [Part::Hole(hole)] => return Value::Unknown(Arc::clone(hole)),
        _ => {}
    }
    let holes = || parts.iter().filter_map(|part| if let Part::Hole(hole) = part { Some(hole) } else { None });
    if let Some(spoiled) = holes().find(|hole| is_spoiled(hole)) {
        return Value::Unknown(Arc::clone(spoiled));
    }
    let reason = holes().next().map_or(Reason::NotEvaluated, |hole| hole.reason.clone());
    let key = short(parts_key(&parts));
    Value::Unknown(Arc::new(Unknown { reason, text: text.into(), span, key, parts, domain: Vec::new() }))
}

/// The key of a text with holes: its texts as they are, each hole's key in braces.
fn parts_key(parts: &[Part]) -> String {
    let mut key = String::new();
    for part in parts {
        match part {
            Part::Text(text) => key.push_str(&text.replace('{', "{{")),
            Part::Hole(hole) => {
                key.push('{');
                key.push_str(&hole.key);
                key.push('}');
            }
        }
    }
    key
}

/// Whether two texts with holes are equal in every deployment, in none, or in some.
pub(crate) fn same_text(left: &[Part], right: &[Part]) -> Option<bool> {
    let (left, right) = (joined(left.to_vec()), joined(right.to_vec()));
    if parts_key(&left) == parts_key(&right) {
        return Some(true);
    }
    let clash = |left: &str, right: &str, back: bool| {
        let length = left.len().min(right.len());
        let (left, right) = (left.as_bytes(), right.as_bytes());
        if back {
            left[left.len() - length..] != right[right.len() - length..]
        } else {
            left[..length] != right[..length]
        }
    };
    if let (Some(Part::Text(left)), Some(Part::Text(right))) = (left.first(), right.first())
        && clash(left, right, false)
    {
        return Some(false);
    }
    if let (Some(Part::Text(left)), Some(Part::Text(right))) = (left.last(), right.last())
        && clash(left, right, true)
    {
        return Some(false);
    }
    let too_long = |whole: &[Part], other: &[Part]| match whole {
        [Part::Text(text)] => text.len() < known_length(other),
        [] => known_length(other) > 0,
        _ => false,
    };
    (too_long(&left, &right) || too_long(&right, &left)).then_some(false)
}

/// The bytes of the known pieces.
pub(crate) fn known_length(parts: &[Part]) -> usize {
    parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum()
}

/// Whether a hole can never hold this character: names of groups, identifiers of subscriptions, hashes. What is worked
/// out from those, such as the beginning of an id, may hold any.
pub(crate) fn never_holds(hole: &Unknown, character: char) -> bool {
    if character.is_alphanumeric() {
        return false;
    }
    match name_of(&hole.key) {
        Some(Name::Hash | Name::Region) => true,
        Some(Name::Identifier) => character != '-',
        Some(Name::Group) => !matches!(character, '-' | '_' | '.' | '(' | ')'),
        Some(Name::Free) | None => false,
    }
}

/// Whether a text only a deployment can tell has at least one character in every deployment.
pub(crate) fn is_never_empty(unknown: &Unknown) -> bool {
    known_length(&unknown.parts) > 0 || name_of(&unknown.key).is_some()
}

/// The names of a deployment's surroundings and the hashes of which every value has one form.
enum Name {
    /// Letters and digits of `uniqueString`.
    Hash,
    /// A GUID.
    Identifier,
    /// The name of a resource group.
    Group,
    /// The name of a region.
    Region,
    /// Any text that is not empty.
    Free,
}

/// What a key stands for by itself; `None` for everything that was made from it.
fn name_of(key: &str) -> Option<Name> {
    let mut key = key;
    while let Some(inner) = ["tolower(", "toupper("].iter().find_map(|name| key.strip_prefix(name)?.strip_suffix(')')) {
        key = inner;
    }
    let starts = |start: &str| key.starts_with(start);
    match key {
        "subscriptionId" | "tenantId" => Some(Name::Identifier),
        "resourceGroup" => Some(Name::Group),
        "resourceGroupLocation" | "deploymentLocation" => Some(Name::Region),
        "managementGroup" | "subscriptionName" => Some(Name::Free),
        _ if starts("uniquestring(") => Some(Name::Hash),
        _ if starts("guid(") || starts("newguid(") => Some(Name::Identifier),
        _ if starts("resourceGroupLocation(") && key.ends_with(')') => Some(Name::Region),
        _ if starts("deploymentName@") && !key.contains(['(', '[', '.']) => Some(Name::Free),
        _ => None,
    }
}

/// Bytes as lower-case digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-1 (FIPS 180-4), for names only.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - bytes.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |word, byte| (word << 8) | u32::from(*byte));
        }
        for index in 16..80 {
            words[index] = (words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (index, word) in words.iter().enumerate() {
            let (mixed, constant) = match index {
                0..20 => ((b & c) | (!b & d), 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (slot, value) in state.iter_mut().zip([a, b, c, d, e]) {
            *slot = slot.wrapping_add(value);
        }
    }
    let mut out = [0; 20];
    for (slot, word) in out.chunks_exact_mut(4).zip(state) {
        slot.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{assembled, joined, never_holds, same_text, unknown};
    use crate::json::{Part, Reason, Value};
    use crate::source::{FileId, Span};

    fn hole(key: &str) -> Part {
        let span = Span::new(FileId(0), 0, 0);
        Part::Hole(Arc::new(unknown(Reason::Context("the subscription".into()), key, span, key)))
    }

    fn text(text: &str) -> Part {
        Part::Text(text.into())
    }

    #[test]
    fn equal_pieces_have_equal_keys() {
        let span = Span::new(FileId(0), 0, 0);
        let left = assembled(vec![text("/a"), text("/"), hole("x"), text("/b")], "", span);
        let right = assembled(vec![text("/a/"), hole("x"), text("/b"), text("")], "", span);
        let (Value::Unknown(left), Value::Unknown(right)) = (left, right) else { panic!("known") };
        assert_eq!(left.key, right.key);
        assert_eq!(&*left.key, "/a/{x}/b");
    }

    #[test]
    fn texts_differ_by_prefix_suffix_or_length() {
        assert_eq!(same_text(&[text("a"), hole("x")], &[text("b")]), Some(false));
        assert_eq!(same_text(&[hole("x"), text("a")], &[text("b"), hole("y"), text("b")]), Some(false));
        assert_eq!(same_text(&[text("abc"), hole("x")], &[text("ab")]), Some(false));
        assert_eq!(same_text(&[text("a"), hole("x")], &[text("ab")]), None);
        assert_eq!(same_text(&[text("a"), hole("x")], &[text("a"), hole("x")]), Some(true));
    }

    #[test]
    fn one_piece_needs_no_wrapping() {
        assert_eq!(joined(vec![text("a"), text(""), text("b")]).len(), 1);
    }

    #[test]
    fn only_a_name_itself_has_the_characters_of_names() {
        let holds_no = |key: &str, character: char| {
            let Part::Hole(hole) = hole(key) else { panic!("no hole") };
            never_holds(&hole, character)
        };
        assert!(holds_no("subscriptionId", '/'));
        assert!(!holds_no("subscriptionId", '-'));
        assert!(holds_no("tolower(resourceGroup)", '/'));
        assert!(holds_no("uniquestring('a')", '-'));
        for derived in ["take('/subscriptions/{subscriptionId}',20)", "replace(subscriptionId,'-','/')", "if(a,b,c)"] {
            assert!(!holds_no(derived, '/'), "{derived}");
        }
    }
}
