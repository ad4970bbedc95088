//! The table of functions: `tests/arm/functions.tsv`.

use aznetlint::arm::Wanted;

use crate::arm::run::{Run, plain};

#[test]
fn functions_agree_with_their_table() {
    let table = include_str!("../../arm/functions.tsv");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (expression, expected) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line}"));
        count += 1;
        let template = serde_json::json!({
            "contentVersion": "1.0.0.0", "resources": [],
            "outputs": { "o": { "type": "string", "value": format!("[{expression}]") } }
        });
        let run = Run::of(&[("template.json", &template.to_string())]);
        let expansion = run.expand(Wanted::All);
        let node = &expansion.outputs[0].1;
        let reason = node.unknown().map_or(String::new(), |unknown| unknown.reason.to_string());
        let agrees = if let Some(error) = expected.strip_prefix('!') {
            expansion.troubles.len() == 1 && expansion.troubles[0].message.contains(error)
        } else if let Some(open) = expected.strip_prefix('?') {
            !reason.is_empty() && reason.contains(open) && expansion.troubles.is_empty()
        } else {
            plain(node) == serde_json::from_str::<serde_json::Value>(expected).unwrap()
        };
        if !agrees {
            wrong.push(format!("{expression} = {} {:?}, not {expected}", plain(node), expansion.troubles));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
