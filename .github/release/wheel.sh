#!/usr/bin/env bash
# wheel.sh TARGET FOLDER: builds the wheel of a target.
set -euo pipefail
target=$1 folder=$2
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
python3 -m venv "${RUNNER_TEMP:-/tmp}/maturin"
bin=${RUNNER_TEMP:-/tmp}/maturin/bin
[[ -d $bin ]] || bin=${RUNNER_TEMP:-/tmp}/maturin/Scripts
"$bin/python" -m pip --quiet install "maturin>=1.9,<2"
cd .github/wheel
"$bin/maturin" build --profile dist --strip --target "$target" --out "$folder"
