#!/usr/bin/env bash
# formats.sh PROGRAM: the reports of every example and of the shapes in the corpus, held against what others say of the
# formats: SARIF by its schema and by Microsoft's multitool, JSON by the published schema, JUnit by the schema of Jenkins.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1
tools=$PWD/target/tools
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

count=0
for input in examples examples/*/ tests/corpus/*/ tests/arm tests/cli/*.in; do
  name=$(tr / _ <<<"${input%/}")
  # Findings and unreadable files are what the inputs are there for.
  "$program" check "$input" --no-config --min-level note --output "sarif=$out/$name.sarif" --output "json=$out/$name.json" \
    --output "junit=$out/$name.xml" >"$out/said" 2>&1 || test $? -ne 101
  if [[ -f $out/$name.sarif ]]; then count=$((count + 1)); fi
done
echo "$count inputs"
test "$count" -gt 15

"$program" schema report >"$out/report.schema"
check-jsonschema --check-metaschema "$out/report.schema"
check-jsonschema --schemafile "$out/report.schema" "$out"/*.json
python3 tests/tools/junit.py "$out"/*.xml

# The multitool is a program for Linux, macOS and Windows in a package for Node; the package also carries a schema.
multitool=
if command -v npm >/dev/null; then
  package=$tools/multitool/node_modules/@microsoft/sarif-multitool-linux
  if [[ ! -d $package ]]; then
    npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$tools/multitool" \
      @microsoft/sarif-multitool@5.7.0
  fi
  if [[ -f $package/Sarif.Multitool ]]; then
    chmod u+x "$package/Sarif.Multitool"
    multitool=$package/Sarif.Multitool
  fi
fi

schema=${AZNETLINT_SHARED:-../shared}/data/schemas/sarif-schema-2.1.0.json
if [[ ! -f $schema && -n $multitool ]]; then schema=$package/sarif-2.1.0.json; fi
if [[ -f $schema ]]; then
  check-jsonschema --schemafile "$schema" "$out"/*.sarif
else
  echo "SKIPPED: SARIF by its schema; there is none here and no npm to get it"
fi

if [[ -n $multitool ]]; then
  # It ends with 0 whatever it finds, so its words count. Addresses are not visited from here.
  "$multitool" validate "$out"/*.sarif --level "Error;Warning" >"$out/said" 2>&1 || true
  grep -q "Analysis completed successfully" "$out/said" || { cat "$out/said"; exit 1; }
  if grep -E ": (error|warning) SARIF" "$out/said"; then exit 1; fi
  echo "the SARIF multitool has nothing to say"
else
  echo "SKIPPED: the SARIF multitool; there is no npm"
fi
