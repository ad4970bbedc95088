//! Any text as an expression of a template.

#![no_main]

use aznetlint::arm::{Assumptions, Inputs, Wanted, expand};
use aznetlint::json::parse;
use aznetlint::source::Files;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|expression: &str| {
    let quoted = format!("{:?}", format!("[{expression}]")).replace("\\'", "'").replace("\\u{", "\\\\u{");
    let text = format!(
        r#"{{"contentVersion": "1.0.0.0", "parameters": {{"p": {{"type": "string"}}, "q": {{"type": "bool"}}}}, "variables": {{"v": [1, {{"k": "x"}}]}},
            "resources": [], "outputs": {{"o": {{"type": "string", "value": {quoted}}}}}}}"#
    );
    let mut files = Files::default();
    let file = files.add("template.json", text.as_str());
    let Ok(document) = parse(file, &text) else { return };
    let assumptions = Assumptions::default();
    let inputs =
        Inputs { files: &files, parameters: None, set: &[], assumptions: &assumptions, wanted: Wanted::All, links: None };
    let expansion = expand(file, &document, &inputs);
    assert!(expansion.troubles.iter().all(|trouble| trouble.span.end as usize <= text.len()));
});
