#!/usr/bin/env bash
# Counts the instructions of a few runs with valgrind and holds them to tests/bench/instructions.txt:
#
#   bash tests/bench/instructions.sh [--write]
#
# --write writes what was counted in place of what was allowed. Needs cargo and valgrind.
set -euo pipefail

cd "$(dirname "$0")/../.."
list=tests/bench/instructions.txt
cargo build --release --quiet
program=${CARGO_TARGET_DIR:-target}/release/aznetlint
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT

# The runs: their name in the list, and the words of the command line.
run() {
  case $1 in
    rules) echo rules ;;
    empty-folder) echo check "$empty" ;;
    one-template) echo check examples/same-estate/template ;;
    examples) echo check examples ;;
    examples-with-service) echo check examples --service azureml-compute --region westeurope ;;
  esac
}

count() {
  local said
  # The exit status tells findings; only the count is of interest.
  said=$(RAYON_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 >/dev/null || true)
  awk '/Collected/ { printf "%.2f", $4 / 1e6 }' <<<"$said"
}

failed=0
lines=$(grep '^#' "$list")
for name in rules empty-folder one-template examples examples-with-service; do
  read -ra words <<<"$(run "$name")"
  counted=$(count "${words[@]}")
  allowed=$(awk -v name="$name" '$1 == name { print $2 }' "$list")
  lines+=$'\n'"$name $counted"
  verdict=ok
  if [ "${1:-}" != --write ]; then
    if [ -z "$allowed" ] || awk "BEGIN { exit !($counted > $allowed * 1.05) }"; then
      verdict="too many" failed=1
    elif awk "BEGIN { exit !($counted < $allowed * 0.95) }"; then
      verdict="can be lowered"
    fi
  fi
  printf '%-24s %10s M, at most %10s M: %s\n' "$name" "$counted" "${allowed:--}" "$verdict"
done
if [ "${1:-}" = --write ]; then
  printf '%s\n' "$lines" >"$list"
fi
exit "$failed"
