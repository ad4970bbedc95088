//! A general policy engine that looks for one thing in every JSON file: a rule that lets the internet in on any port. It
//! matches text: it evaluates no template and knows nothing of Azure.

use regorus::Engine;

const POLICY: &str = r#"
package network

import rego.v1

deny contains name if {
    walk(input, [_, rule])
    rule.properties.access == "Allow"
    rule.properties.direction == "Inbound"
    rule.properties.sourceAddressPrefix == "*"
    rule.properties.destinationPortRange == "*"
    name := rule.name
}
"#;

fn main() {
    let mut engine = Engine::new();
    engine.add_policy("network.rego".to_owned(), POLICY.to_owned()).expect("the policy is well formed");
    let (mut files, mut found) = (0, 0);
    for path in std::env::args().skip(1) {
        for entry in walkdir::WalkDir::new(path).into_iter().filter_map(Result::ok) {
            if entry.path().extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            if engine.set_input_json(text.trim_start_matches('\u{feff}')).is_err() {
                continue;
            }
            files += 1;
            let denied = engine.eval_rule("data.network.deny".to_owned());
            found += denied.ok().and_then(|value| value.as_set().ok().map(|set| set.len())).unwrap_or_default();
        }
    }
    println!("{files} files, {found} found");
}
