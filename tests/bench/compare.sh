#!/usr/bin/env bash
# Measures the program beside others on the same inputs, in one run, and prints ratios:
#
#   COUNT=1 MEMORY=1 bash tests/bench/compare.sh FILE-OR-FOLDER...
#
# Beside it stand: the program at BASE (a commit; 022e490 unless the environment says otherwise), a program that reads its
# command line and ends, one that walks and reads the JSON files, and, where it can be built, the policy engine regorus,
# which looks for one text in them. The fastest of RUNS runs counts (7). COUNT=1 counts instructions with valgrind, MEMORY=1
# the peak of memory with GNU time. WORK names a folder that keeps what was built for the next time.
set -euo pipefail

cd "$(dirname "$0")/../.."
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT

cargo build --release --quiet
base=${BASE:-022e490}
if [ ! -x "$work/$base" ]; then
  git archive --prefix="source-$base/" "$base" | tar -x -C "$work"
  CARGO_TARGET_DIR="$work/target-$base" cargo build --release --quiet --manifest-path "$work/source-$base/Cargo.toml"
  cp "$work/target-$base/release/aznetlint" "$work/$base"
fi
yardstick() {
  CARGO_TARGET_DIR="$work/yardstick" cargo build --release --quiet --manifest-path tests/bench/yardstick/Cargo.toml "$@"
}
yardstick
others=("empty=$work/yardstick/release/empty" "reading=$work/yardstick/release/reading")
if yardstick --features rego; then
  others+=("rego=$work/yardstick/release/rego")
fi
target=${CARGO_TARGET_DIR:-target}
"$work/yardstick/release/compare" "${RUNS:-7}" \
  "aznetlint=$target/release/aznetlint" "aznetlint-$base=$work/$base" "${others[@]}" -- "$@"
