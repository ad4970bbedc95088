//! Laws of the reader: it agrees with serde_json on every strict text, and spans hold what they say.

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::Value as Oracle;

use crate::json::{Node, Value, parse};
use crate::source::FileId;

/// Whether a node says what serde_json read. Of equal keys serde_json keeps the last.
fn agrees(node: &Node, oracle: &Oracle) -> bool {
    match (&node.value, oracle) {
        (Value::Null, Oracle::Null) => true,
        (Value::Bool(ours), Oracle::Bool(theirs)) => ours == theirs,
        (Value::Number(ours), Oracle::Number(theirs)) => match theirs.as_i64() {
            Some(whole) if ours.as_i64().is_some() => ours.as_i64() == Some(whole),
            // serde_json rounds long fractions in the last bit.
            _ => theirs.as_f64().is_some_and(|theirs| (theirs - ours.as_f64()).abs() <= theirs.abs() * 1e-15),
        },
        (Value::Text(ours), Oracle::String(theirs)) => **ours == **theirs,
        (Value::List(ours), Oracle::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| agrees(ours, theirs))
        }
        (Value::Object(ours), Oracle::Object(theirs)) => {
            let last = |key: &str| ours.iter().rev().find(|member| *member.key == *key);
            ours.iter().all(|member| theirs.contains_key(&*member.key))
                && theirs.iter().all(|(key, value)| last(key).is_some_and(|member| agrees(&member.node, value)))
        }
        _ => false,
    }
}

/// Whether every span slices to text that reads as the same value again.
fn spans_hold(node: &Node, text: &str) -> bool {
    let slice = &text[node.span.range()];
    let reads_again = match &node.value {
        // Only the ends of containers are checked, else the work is quadratic in depth; their parts follow.
        Value::Object(_) => slice.starts_with('{') && slice.ends_with('}'),
        Value::List(_) => slice.starts_with('[') && slice.ends_with(']'),
        _ => parse(FileId(0), slice).is_ok_and(|again| same(&again.root, node)),
    };
    reads_again
        && node.items().iter().all(|item| within(item, node) && spans_hold(item, text))
        && node.members().iter().all(|member| {
            let key = parse(FileId(0), &text[member.key_span.range()]);
            key.is_ok_and(|key| key.root.text() == Some(&member.key))
                && member.key_span.end < member.node.span.start
                && within(&member.node, node)
                && spans_hold(&member.node, text)
        })
}

fn within(inner: &Node, outer: &Node) -> bool {
    outer.span.start < inner.span.start && inner.span.end < outer.span.end
}

fn same(left: &Node, right: &Node) -> bool {
    match (&left.value, &right.value) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        _ => false,
    }
}

fn check(text: &str, name: &str) -> bool {
    let ours = parse(FileId(0), text);
    if let Ok(document) = &ours {
        assert!(spans_hold(&document.root, text), "a span of {name} is wrong");
    }
    let Ok(oracle) = serde_json::from_str::<Oracle>(text) else { return false };
    let document = ours.unwrap_or_else(|error| panic!("{name} is JSON, yet {error:?}"));
    assert!(agrees(&document.root, &oracle), "{name} reads differently");
    true
}

/// JSON texts with odd blanks, escapes, numbers and repeated keys.
fn strict_json() -> impl Strategy<Value = String> {
    let blank = || prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\r\n"), 1 => Just("\t \n")];
    let string = || {
        let escape =
            prop_oneof![Just(r#"\""#), Just(r"\\"), Just(r"\/"), Just(r"\n"), Just(r"\u00e9"), Just(r"\ud83d\ude00")];
        let plain = any::<char>().prop_filter_map("must be escaped", |letter| {
            (letter >= ' ' && letter != '"' && letter != '\\').then(|| letter.to_string())
        });
        vec(prop_oneof![4 => "[a-zA-Z/]", 1 => plain, 1 => escape.prop_map(str::to_owned)], 0..60)
            .prop_map(|parts| format!("\"{}\"", parts.concat()))
    };
    let number = "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?";
    let leaf =
        prop_oneof![Just("null".to_owned()), Just("true".to_owned()), Just("false".to_owned()), number, string()];
    leaf.prop_recursive(6, 64, 24, move |inner| {
        let item = (blank(), inner.clone(), blank()).prop_map(|(before, item, after)| format!("{before}{item}{after}"));
        let key = prop_oneof![string(), "\"[a-cA-C]\""];
        let member = (blank(), key, blank(), inner)
            .prop_map(|(before, key, after, value)| format!("{before}{key}{after}:{value}"));
        prop_oneof![
            vec(item, 0..24).prop_map(|items| format!("[{}]", items.join(","))),
            vec(member, 0..24).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strict_texts_read_as_serde_json_reads_them(text in strict_json()) {
        prop_assert!(check(&text, &text));
    }

    #[test]
    fn no_text_panics(text in "[\\[\\]{}\":,/*'\\\\u0-9a-f\\-+.eE \n\u{FEFF}é]{0,60}") {
        check(&text, &text);
    }

    #[test]
    fn a_broken_text_points_into_itself(text in strict_json(), cut in any::<proptest::sample::Index>(), letter in any::<char>()) {
        let letters: Vec<char> = text.chars().collect();
        let cut = cut.index(letters.len());
        let broken: String = letters[..cut].iter().chain([&letter]).chain(&letters[cut + 1..]).collect();
        check(&broken, &broken);
        if let Err(error) = parse(FileId(0), &broken) {
            prop_assert!(broken.get(error.span.range()).is_some());
            if let Some((span, _)) = &error.related {
                prop_assert!(broken.get(span.range()).is_some());
            }
        }
    }

    #[test]
    fn every_equal_key_is_noted(keys in vec("[a-cA-C]{1,2}", 0..40)) {
        let members: Vec<String> = keys.iter().map(|key| format!("\"{key}\":0")).collect();
        let document = parse(FileId(0), &format!("{{{}}}", members.join(","))).unwrap();
        let different: std::collections::BTreeSet<String> = keys.iter().map(|key| key.to_ascii_lowercase()).collect();
        prop_assert_eq!(document.duplicates.len(), keys.len() - different.len());
    }
}

/// The folder of reference material beside the project, when there is one.
fn shared() -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("AZNETLINT_SHARED").map(PathBuf::from);
    let beside = ["../shared", "../../shared"].map(|folder| project.join(folder));
    given.into_iter().chain(beside).find(|folder| folder.is_dir())
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn public_templates_read_as_serde_json_reads_them() {
    let Some(corpus) = shared().map(|shared| shared.join("corpus")).filter(|corpus| corpus.is_dir()) else {
        eprintln!("skipped: no corpus of public templates beside the project");
        return;
    };
    let (mut strict, mut other) = (0, 0);
    for entry in walkdir::WalkDir::new(corpus).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let counter = if check(&text, &path.to_string_lossy()) { &mut strict } else { &mut other };
            *counter += 1;
        }
    }
    assert!(other * 20 < strict, "{strict} strict, {other} other");
}
