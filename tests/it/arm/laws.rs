//! No input panics, and the known parts of a value never lie.

use aznetlint::arm::{Inputs, Wanted, expand};
use aznetlint::json::{Part, Value, parse};
use aznetlint::source::Files;
use proptest::prelude::*;

use crate::arm::run::{Run, plain};

const WORDS: [&str; 44] = [
    "concat(",
    "format(",
    "parameters('p')",
    "parameters('q')",
    "variables('v')",
    "variables('w')",
    "if(",
    "and(",
    "equals(",
    "split(",
    "'a/b'",
    "''",
    "'{0}-{1}'",
    "0",
    "1",
    "-3",
    "9223372036854775807",
    ",",
    ")",
    "(",
    "]",
    "[0]",
    "['k']",
    ".k",
    "createArray(",
    "createObject(",
    "union(",
    "resourceId(",
    "'Microsoft.Network/virtualNetworks'",
    "subscription().id",
    "resourceGroup()",
    "copyIndex()",
    "map(",
    "lambda('x', ",
    "lambdaVariables('x')",
    "take(",
    "substring(",
    "padLeft(",
    "reference('r')",
    "true()",
    "null()",
    "range(",
    "items(",
    "json(",
];

/// Text that is close to an expression.
fn nearly() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..24)
        .prop_map(|words| format!("[{}]", words.concat()))
}

/// An expression that follows the grammar.
fn proper() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("parameters('p')".to_owned()),
        Just("parameters('q')".to_owned()),
        Just("parameters('b')".to_owned()),
        Just("variables('v')".to_owned()),
        Just("subscription().id".to_owned()),
        "[a-c/]{0,4}".prop_map(|text| format!("'{text}'")),
        (-3_i64..6).prop_map(|number| number.to_string()),
        Just("true()".to_owned()),
        Just("null()".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let names = proptest::sample::select(vec![
            "concat",
            "format",
            "union",
            "createArray",
            "if",
            "and",
            "or",
            "equals",
            "contains",
            "split",
            "length",
            "empty",
            "take",
            "skip",
            "first",
            "last",
            "toLower",
            "replace",
            "substring",
            "coalesce",
            "tryGet",
            "add",
            "join",
            "flatten",
            "string",
            "items",
            "createObject",
            "array",
            "intersection",
            "min",
            "startsWith",
            "endsWith",
            "not",
            "bool",
            "int",
            "uniqueString",
        ]);
        (names, proptest::collection::vec(inner, 1..4)).prop_map(|(name, args)| format!("{name}({})", args.join(", ")))
    })
}

fn template(expression: &str) -> String {
    serde_json::json!({
        "contentVersion": "1.0.0.0",
        "parameters": {
            "p": { "type": "string" },
            "q": { "type": "string", "allowedValues": ["a", "b/c"] },
            "b": { "type": "bool" }
        },
        "variables": { "v": { "k": [1, { "k": "x" }] }, "w": "[variables('w')]" },
        "resources": [{ "type": "A.B/c", "apiVersion": "1", "name": "n", "copy": { "name": "c", "count": 2 }, "properties": { "x": expression } }],
        "outputs": { "o": { "type": "string", "value": expression } }
    })
    .to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn near_expressions_do_not_panic(expression in nearly()) {
        let text = template(&expression);
        let expansion = Run::of(&[("t.json", &text)]).expand(Wanted::All);
        prop_assert!(expansion.outputs.len() == 1);
        for trouble in expansion.troubles {
            prop_assert!(trouble.span.end as usize <= text.len());
        }
    }

    #[test]
    fn any_text_in_brackets_does_not_panic(inner in "\\PC{0,60}") {
        let text = template(&format!("[{inner}]"));
        let _ = Run::of(&[("t.json", &text)]).expand(Wanted::All);
    }

    /// What is said without the parameters holds when they are given.
    #[test]
    fn partial_values_agree_with_whole_ones(expression in proper(), p in "[a-c/]{0,4}", q in prop_oneof![Just("a"), Just("b/c")], b in any::<bool>()) {
        let text = template(&format!("[{expression}]"));
        let given = serde_json::json!({ "parameters": { "p": { "value": p }, "q": { "value": q }, "b": { "value": b } } }).to_string();
        let mut run = Run::of(&[("t.json", &text), ("p.json", &given)]);
        let before = run.expand(Wanted::All);
        run.parameters = Some(1);
        run.assumptions.subscription = Some("s".into());
        let after = run.expand(Wanted::All);
        let (_, before) = &before.outputs[0];
        let (_, after) = &after.outputs[0];
        if after.unknown().is_some() {
            return Ok(());
        }
        prop_assert!(fits(before, after), "{expression}: {} before, {} after", plain(before), plain(after));
    }

    /// Templates with strings, keys and values exchanged for each other, and single bytes changed.
    #[test]
    fn any_json_does_not_panic(
        seed in any::<prop::sample::Index>(),
        swaps in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
        bytes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
    ) {
        let seeds = seeds();
        let text = mutated(&seeds[seed.index(seeds.len())], &swaps, &bytes);
        let mut files = Files::default();
        let file = files.add("t.json", text.as_str());
        if let Ok(document) = parse(file, &text) {
            let run = Run::of(&[]);
            let inputs = Inputs {
                files: &files,
                parameters: None,
                set: &[],
                assumptions: &run.assumptions,
                wanted: Wanted::All,
                links: None,
            };
            let expansion = expand(file, &document, &inputs);
            for trouble in expansion.troubles {
                prop_assert!(trouble.span.end as usize <= text.len());
            }
        }
    }
}

fn seeds() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/arm/templates");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn mutated(
    seed: &str,
    swaps: &[(prop::sample::Index, prop::sample::Index)],
    changes: &[(prop::sample::Index, u8)],
) -> String {
    let mut text = seed.to_owned();
    for (from, to) in swaps {
        let strings: Vec<&str> = text.split('"').collect();
        let odd = |index: &prop::sample::Index| index.index(strings.len() / 2) * 2 + 1;
        let (from, to) = (odd(from), odd(to));
        let mut strings = strings.clone();
        strings[to] = strings[from];
        text = strings.join("\"");
    }
    let mut bytes = text.into_bytes();
    for (index, byte) in changes {
        let at = index.index(bytes.len());
        bytes[at] = byte & 0x7f;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether a value known in part allows for the whole one.
fn fits(part: &aznetlint::json::Node, whole: &aznetlint::json::Node) -> bool {
    match (&part.value, &whole.value) {
        // An error stays unknown however much is given.
        (_, Value::Unknown(_)) => true,
        (Value::Unknown(unknown), _) => {
            let among = unknown.domain.is_empty() || unknown.domain.iter().any(|value| plain(value) == plain(whole));
            let held = match whole.text() {
                Some(text) if !unknown.parts.is_empty() => holds(text, &unknown.parts),
                _ => true,
            };
            among && held
        }
        (Value::List(part), Value::List(whole)) => {
            // An unknown element may stand for any number of elements.
            let open = part.iter().any(|item| item.unknown().is_some());
            open || (part.len() == whole.len() && part.iter().zip(whole.iter()).all(|(part, whole)| fits(part, whole)))
        }
        (Value::Object(part), Value::Object(_)) => part.iter().all(|member| {
            member.key.starts_with('\u{1}') || whole.get(&member.key).is_some_and(|whole| fits(&member.node, whole))
        }),
        _ => plain(part) == plain(whole),
    }
}

fn holds(text: &str, parts: &[Part]) -> bool {
    let mut rest = text;
    for part in parts {
        if let Part::Text(known) = part {
            let Some(at) = rest.find(&**known) else { return false };
            rest = &rest[at + known.len()..];
        }
    }
    true
}
