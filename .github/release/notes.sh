#!/usr/bin/env bash
# notes.sh VERSION: the part of the changelog about a version.
set -euo pipefail
awk -v head="## $1" '$0 ~ "^## " { on = index($0, head) == 1; next } on' CHANGELOG.md | grep . ||
  { echo "CHANGELOG.md says nothing about $1" >&2; exit 1; }
