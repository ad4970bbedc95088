#!/usr/bin/env bash
# Expected: by RFC 9535 section 2.4.5 count() of an empty list of nodes is 0, so `count(@.rules[*]) == 0` finds what has no rule.
# Seen:     it is true for nothing: neither for an empty list nor for a member that is not there. `count() == 1` works.
# Versions: jsonpath-rust 1.0.12.
# Output:   no rule: 0
#           one rule: 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
jsonpath-rust = "=1.0.12"
serde_json = "=1.0.145"
TOML
cat >"$work/src/main.rs" <<'RUST'
use jsonpath_rust::JsonPath;
use serde_json::json;

fn main() {
    let groups = json!([{ "rules": [] }, { "rules": [1] }, {}]);
    for (what, query) in [("no rule", "$[?count(@.rules[*]) == 0]"), ("one rule", "$[?count(@.rules[*]) == 1]")] {
        println!("{what}: {}", groups.query(query).unwrap().len());
    }
}
RUST
seen=$(cargo run --quiet --manifest-path "$work/Cargo.toml")
expected='no rule: 0
one rule: 1'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
