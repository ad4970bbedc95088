#!/usr/bin/env bash
# Expected: the prefix types of ipnet take the IPv4 addresses that the standard library takes.
# Seen:     ipnet has a parser of its own, and it takes leading zeros, in octets and in the length: 010.0.0.0/08 is 10.0.0.0/8.
#           The standard library refuses them, since others read 010 as octal 8; so does Python.
# Versions: ipnet 2.11.0.
# Output:   ipnet 10.0.0.0/8
#           std refuses
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
ipnet = "=2.11.0"
TOML
cat >"$work/src/main.rs" <<'RUST'
use ipnet::IpNet;
use std::net::IpAddr;

fn main() {
    println!("ipnet {}", "010.0.0.0/08".parse::<IpNet>().unwrap());
    println!("std {}", if "010.0.0.0".parse::<IpAddr>().is_err() { "refuses" } else { "takes it" });
}
RUST
seen=$(cargo run --quiet --manifest-path "$work/Cargo.toml")
expected='ipnet 10.0.0.0/8
std refuses'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
