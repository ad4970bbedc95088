#!/usr/bin/env bash
# Expected: the crate `ignore` reads a .gitignore as git does.
# Seen:     `*.{json,bicep}` ignores main.json for the crate; git knows no braces and ignores only a file of that very name.
#           A linter built on the crate skips templates that are in the repository.
# Versions: ignore 0.4.25, git 2.
# Output:   ignore main.json
#           git main.{json,bicep}
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
ignore = "=0.4.25"
TOML
cat >"$work/src/main.rs" <<'RUST'
use ignore::gitignore::GitignoreBuilder;

fn main() {
    let mut builder = GitignoreBuilder::new("/r");
    builder.add_line(None, "*.{json,bicep}").unwrap();
    let ignored = builder.build().unwrap();
    for name in ["main.json", "main.{json,bicep}"] {
        if ignored.matched(format!("/r/{name}"), false).is_ignore() {
            println!("ignore {name}");
        }
    }
    let folder = std::env::temp_dir().join(format!("finding-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(".gitignore"), "*.{json,bicep}\n").unwrap();
    let git = |args: &[&str]| std::process::Command::new("git").arg("-C").arg(&folder).args(args).output().unwrap();
    git(&["init", "--quiet"]);
    let said = git(&["check-ignore", "main.json", "main.{json,bicep}"]);
    print!("git {}", String::from_utf8_lossy(&said.stdout));
    std::fs::remove_dir_all(&folder).unwrap();
}
RUST
seen=$(cargo run --quiet --manifest-path "$work/Cargo.toml")
expected='ignore main.json
git main.{json,bicep}'
diff <(echo "$expected") <(echo "$seen") && echo "as described"
