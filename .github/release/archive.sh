#!/usr/bin/env bash
# archive.sh TARGET FOLDER: builds the binary for a target and packs it, with its checksum beside it.
set -euo pipefail
target=$1 folder=$2 profile=${PROFILE:-dist}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)

cargo build --locked --profile "$profile" --target "$target" --bin aznetlint
built=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
program=aznetlint
case $target in *windows*) program=aznetlint.exe ;; esac
[[ $profile != dev ]] || profile=debug

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp "$built/$target/$profile/$program" README.md LICENSE CHANGELOG.md "$stage"
mkdir -p "$stage/completions" "$stage/man"
for shell in bash elvish fish powershell zsh; do
  "$stage/$program" completions "$shell" >"$stage/completions/aznetlint.$shell"
done
"$stage/$program" man --dir "$stage/man"

mkdir -p "$folder"
archive=aznetlint-$version-$target.tar.gz
tar -czf "$folder/$archive" -C "$stage" "$program" README.md LICENSE CHANGELOG.md completions man
cd "$folder"
if command -v sha256sum >/dev/null; then sha256sum "$archive"; else shasum -a 256 "$archive"; fi >"$archive.sha256"
