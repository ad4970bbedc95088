#!/usr/bin/env bash
# The HTML report in a real browser. Chromium is installed from Debian's packages when it is not there; without a browser
# this fails, it does not skip.
# Usage: tests/browser/run.sh [FOLDER for screenshots]
set -euo pipefail
cd "$(dirname "$0")/../.."

chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
  chromium=$(command -v chromium)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tests/browser/package.json tests/browser/report.mjs "$work"
(cd "$work" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-package-lock --no-audit --no-fund --silent)

cargo build --locked --quiet
aznetlint=${CARGO_TARGET_DIR:-target}/debug/aznetlint

# Each page, and the same run for programs.
pages=(examples hostile)
inputs=(examples "$work/hostile")
cp -r tests/browser/hostile "$work/hostile"
mv "$work/hostile/minified.json" "$work/hostile/\"><img src=x onerror=window.pwned=7>.json"
for index in "${!pages[@]}"; do
  for format in html json; do
    "$aznetlint" check "${inputs[$index]}" --exit-zero --format "$format" >"$work/${pages[$index]}.$format"
  done
done

CHROMIUM=$chromium node "$work/report.mjs" "$work" "${1:-$work}" "${pages[@]}"
