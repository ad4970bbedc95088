#!/usr/bin/env bash
# Expected: a filter with an operator that RFC 9535 does not have, such as `in`, is a syntax error.
# Seen:     jsonpath-rust has the words `in` and `nin` in its grammar, yet a member name may end in them with a blank before:
#           `@.n in [1,4]` is read, and matches nothing, with no error. `nin` matches nothing either.
# Versions: jsonpath-rust 1.0.12.
# Output:   == or ==: 2
#           in: 0
#           nin: 0
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
    let rules = json!([{ "n": 1 }, { "n": 2 }, { "n": 4 }]);
    for (word, query) in [("== or ==", "$[?@.n == 1 || @.n == 4]"), ("in", "$[?@.n in [1,4]]"), ("nin", "$[?@.n nin [2]]")] {
        println!("{word}: {}", rules.query(query).unwrap().len());
    }
}
RUST
seen=$(cargo run --quiet --manifest-path "$work/Cargo.toml")
expected='== or ==: 2
in: 0
nin: 0'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
